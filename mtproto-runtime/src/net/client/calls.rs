//! The calls that are under way in the session: which future waits for which, and what has to be
//! wrapped in `initConnection`.

use std::sync::Arc;

use super::Error;
use super::shared::{Shared, Slot};
use crate::Now;
use crate::connection::client::Connection;
use crate::session::{CallError, CallId, CallOptions};

/// What a server says that has not heard who the client is. It has not run the call.
const NOT_INITED: [&str; 2] = ["CONNECTION_NOT_INITED", "CONNECTION_LAYER_INVALID"];

#[derive(Debug)]
struct Entry {
    call: CallId,
    slot: Arc<Slot>,
    /// The epoch in which it was wrapped.
    wrapped: Option<u32>,
}

#[derive(Debug)]
pub(super) struct Calls {
    /// By the lower half of their ids, which counts places.
    entries: Vec<Option<Entry>>,
    live: usize,
    /// `invokeWithLayer(initConnection(`
    prefix: Option<Vec<u8>>,
    /// Counts sessions and keys, each of which wants to be told.
    epoch: u32,
    /// The latest in which the server has answered a wrapped call.
    inited: Option<u32>,
    /// Calls to be made again, wrapped this time.
    again: Vec<Arc<Slot>>,
    scratch: Vec<u8>,
    /// What has become free.
    freed_calls: usize,
    freed_kib: usize,
}

impl Calls {
    pub(super) fn new(prefix: Option<Vec<u8>>) -> Self {
        Self {
            entries: Vec::new(),
            live: 0,
            prefix,
            epoch: 0,
            inited: None,
            again: Vec::new(),
            scratch: Vec::new(),
            freed_calls: 0,
            freed_kib: 0,
        }
    }

    /// How many are under way.
    pub(super) fn len(&self) -> usize {
        self.live
    }

    /// Another session or key: the server has to be told again.
    pub(super) fn begin_epoch(&mut self) {
        self.epoch = self.epoch.wrapping_add(1);
    }

    fn prefix(&self) -> Option<&[u8]> {
        let is_told = self.inited == Some(self.epoch);
        self.prefix.as_deref().filter(|_| !is_told)
    }

    /// Hands a call to the session.
    pub(super) fn make(&mut self, now: Now, slot: Arc<Slot>, connection: &mut Connection) {
        let mut options = CallOptions::default();
        if slot.repeatable {
            options = options.repeatable();
        }
        if let Some(deadline) = slot.deadline {
            options =
                options.timeout(deadline.saturating_duration_since(tokio::time::Instant::now()));
        }
        if let Some(call) = slot.after.as_ref().and_then(|turn| turn.get()) {
            options = options.after(call);
        }
        let mut flight = slot.flight();
        if flight.abandoned {
            drop(flight);
            self.free(&slot);
            return;
        }
        let mut scratch = core::mem::take(&mut self.scratch);
        let (result, wrapped) = match self.prefix() {
            Some(prefix) => {
                scratch.clear();
                scratch.extend_from_slice(prefix);
                scratch.extend_from_slice(&flight.request);
                (connection.call(now, &scratch, options), Some(self.epoch))
            }
            None => (connection.call(now, &flight.request, options), None),
        };
        scratch.shrink_to(1 << 16);
        self.scratch = scratch;
        match result {
            Ok(call) => {
                flight.call = Some(call);
                if let Some(turn) = &slot.turn {
                    turn.set(call);
                }
                // One that is not wrapped may have to be made again.
                if wrapped.is_some() || self.prefix.is_none() {
                    flight.request = Vec::new();
                }
                drop(flight);
                self.insert(Entry {
                    call,
                    slot,
                    wrapped,
                });
            }
            Err(error) => {
                drop(flight);
                self.free(&slot);
                slot.finish(Err(error.into()));
            }
        }
    }

    /// Nobody waits for a call any more.
    pub(super) fn cancel(&mut self, slot: &Arc<Slot>, connection: &mut Connection) {
        let Some(call) = slot.flight().call else {
            return;
        };
        if self.remove(call).is_some() {
            connection.cancel(call);
            self.free(slot);
        }
    }

    /// A call has an answer, or will get none.
    pub(super) fn finish(&mut self, call: CallId, outcome: Result<&[u8], CallError>) {
        let Some(entry) = self.remove(call) else {
            return;
        };
        let not_inited = match &outcome {
            Err(CallError::Rpc(error)) => NOT_INITED.contains(&error.message.as_str()),
            _ => false,
        };
        match entry.wrapped {
            Some(epoch) if !not_inited => {
                if matches!(outcome, Ok(_) | Err(CallError::Rpc(_))) {
                    self.inited = Some(epoch);
                }
            }
            None if not_inited && self.prefix.is_some() => {
                if self.inited == Some(self.epoch) {
                    self.begin_epoch();
                }
                self.again.push(entry.slot);
                return;
            }
            _ => {}
        }
        self.free(&entry.slot);
        entry
            .slot
            .finish(outcome.map(<[u8]>::to_vec).map_err(Error::Call));
    }

    /// Makes those again that the server has not run because it did not know who asked.
    pub(super) fn make_again(&mut self, now: Now, connection: &mut Connection) {
        for slot in core::mem::take(&mut self.again) {
            self.make(now, slot, connection);
        }
    }

    /// All of them, for the end.
    pub(super) fn fail_all(&mut self, error: &Error) {
        let again = core::mem::take(&mut self.again);
        let entries = core::mem::take(&mut self.entries);
        let entries = entries.into_iter().flatten().map(|entry| entry.slot);
        for slot in entries.chain(again) {
            slot.finish(Err(error.clone()));
        }
        self.live = 0;
    }

    /// Tells those who wait for room.
    pub(super) fn give_back(&mut self, shared: &Shared) {
        if self.freed_calls > 0 {
            shared
                .calls
                .add_permits(core::mem::take(&mut self.freed_calls));
            shared
                .room
                .add_permits(core::mem::take(&mut self.freed_kib));
        }
    }

    fn free(&mut self, slot: &Slot) {
        self.freed_calls += 1;
        self.freed_kib += slot.kib as usize;
    }

    fn insert(&mut self, entry: Entry) {
        let place = place(entry.call);
        if place >= self.entries.len() {
            self.entries.resize_with(place + 1, || None);
        }
        self.live += 1;
        if let Some(displaced) = self.entries[place].replace(entry) {
            // Only if what has become of it was not asked for before.
            debug_assert!(false, "a call was displaced");
            self.live -= 1;
            self.free(&displaced.slot);
            displaced.slot.finish(Err(CallError::Lost.into()));
        }
    }

    fn remove(&mut self, call: CallId) -> Option<Entry> {
        let entry = self.entries.get_mut(place(call))?;
        if entry.as_ref()?.call != call {
            return None;
        }
        let entry = entry.take();
        self.live -= 1;
        // A quiet session should not hold what a busy hour has needed.
        if self.live == 0 && self.entries.len() > 1024 {
            self.entries = Vec::new();
        }
        entry
    }
}

/// Ids count the places of the session's table in their lower half.
#[allow(clippy::cast_possible_truncation, reason = "the lower half is wanted")]
const fn place(call: CallId) -> usize {
    call.to_u64() as u32 as usize
}
