//! Obfuscation headers that were seen before.

use std::collections::{HashSet, VecDeque};

use super::obfuscation::{Header, key_part};
use crate::crypto::hash::{sha256, slice};

/// Remembers the latest obfuscation headers, so that a recorded connection can't be played again
/// to find out whether a proxy stands here.
///
/// Two headers are the same if they choose the same keys, whatever their other bytes are.
#[derive(Clone, Debug)]
pub struct ReplayCache {
    seen: HashSet<[u8; 16]>,
    order: VecDeque<[u8; 16]>,
    capacity: usize,
}

impl ReplayCache {
    /// A cache that forgets the oldest of more than `capacity` headers; 16 bytes and some overhead
    /// each.
    #[must_use]
    pub fn new(capacity: usize) -> Self {
        Self {
            seen: HashSet::new(),
            order: VecDeque::new(),
            capacity,
        }
    }

    /// Remembers a header; whether it is new.
    pub(super) fn insert(&mut self, header: &Header) -> bool {
        let digest: [u8; 16] = slice(&sha256(&[&key_part(header)]), 0);
        if !self.seen.insert(digest) {
            return false;
        }
        self.order.push_back(digest);
        if self.order.len() > self.capacity
            && let Some(oldest) = self.order.pop_front()
        {
            self.seen.remove(&oldest);
        }
        true
    }
}

/// 65,536 headers.
impl Default for ReplayCache {
    fn default() -> Self {
        Self::new(1 << 16)
    }
}
