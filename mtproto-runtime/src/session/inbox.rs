//! What has happened and was not yet told: records, and the bytes they speak of.

use core::ops::Range;
use std::collections::VecDeque;

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Inbox<R> {
    records: VecDeque<R>,
    bytes: Vec<u8>,
    /// How many bytes have come out of packed values since there was nothing to tell.
    unpacked: usize,
}

/// A buffer larger than this is given back.
const KEPT: usize = 64 << 10;

impl<R> Inbox<R> {
    pub(crate) const fn new() -> Self {
        Self {
            records: VecDeque::new(),
            bytes: Vec::new(),
            unpacked: 0,
        }
    }

    pub(crate) fn push(&mut self, record: R) {
        self.records.push_back(record);
    }

    /// Keeps bytes for a record.
    pub(crate) fn keep(&mut self, bytes: &[u8]) -> Range<usize> {
        let start = self.bytes.len();
        self.bytes.extend_from_slice(bytes);
        start..self.bytes.len()
    }

    /// How many bytes have come out of packed values and are not told yet, as their reader counts them.
    pub(crate) const fn unpacked(&self) -> usize {
        self.unpacked
    }

    pub(crate) fn set_unpacked(&mut self, count: usize) {
        self.unpacked = count;
    }

    /// How many bytes are kept.
    pub(crate) fn kept(&self) -> usize {
        self.bytes.len()
    }

    /// The oldest record. The bytes of those before are gone once there is none.
    pub(crate) fn pop(&mut self) -> Option<R> {
        let record = self.records.pop_front();
        if record.is_none() {
            self.forget_told();
        }
        record
    }

    fn forget_told(&mut self) {
        self.unpacked = 0;
        self.bytes.clear();
        self.bytes.shrink_to(KEPT);
        if self.records.capacity() > 4096 {
            self.records = VecDeque::new();
        }
    }

    /// Keeps no room for more, unless there is something to be told.
    pub(crate) fn give_back(&mut self) {
        if self.records.is_empty() {
            *self = Self::new();
        }
    }

    pub(crate) fn peek(&self) -> Option<&R> {
        self.records.front()
    }

    pub(crate) fn bytes(&self, range: Range<usize>) -> &[u8] {
        self.bytes.get(range).unwrap_or_default()
    }
}
