//! Messages that want an answer or an ack: from when they are asked for until they are done with.
//!
//! A message is *queued* until it is written into a packet, then *sent*, then perhaps *received*
//! by the peer. It may be queued again: then it travels in a container under the id that it has,
//! so that whoever got it before does not take it twice.

use core::time::Duration;
use std::collections::VecDeque;

use super::sliding::Sliding;

/// Names an entry for as long as it exists; never used again for another one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct Key {
    index: u32,
    generation: u32,
}

impl Key {
    pub(crate) const fn to_u64(self) -> u64 {
        (self.generation as u64) << 32 | self.index as u64
    }
}

/// How far a message has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum State {
    /// There is none: its place is free.
    Free,
    Queued,
    Sent,
    /// The peer has it.
    Received,
}

/// What a message is, and what becomes of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Kind {
    /// A client's call: done when it is answered.
    Call(Call),
    /// A client's service query: done when it is answered.
    Query(Query),
    /// A server's answer to the request with this id: done when it is acknowledged.
    Answer { request: i64 },
    /// A server's message of its own: done when it is acknowledged.
    Push,
    /// `new_session_created`: done when it is acknowledged.
    NewSession,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Call {
    /// The call that has to be done before.
    pub(crate) after: Option<Key>,
    /// Whether the body begins with `invokeAfterMsg`.
    pub(crate) prefixed: bool,
    pub(crate) deadline: Option<Duration>,
    pub(crate) repeatable: bool,
    /// The body says the message's id.
    pub(crate) fixed: bool,
    pub(crate) quick_ack: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Query {
    DestroySession(i64),
    DestroyAuthKey,
    DropAnswer,
}

#[derive(Clone, Debug)]
pub(crate) struct Entry {
    /// 0 before it is written for the first time.
    pub(crate) msg_id: i64,
    pub(crate) seq_no: i32,
    /// The id of the packet in which it travelled last.
    pub(crate) packet: i64,
    /// When something is to be done if nothing has been heard.
    pub(crate) due: Duration,
    /// How often that has been done.
    pub(crate) tries: u8,
    /// Over which connection it was sent first.
    pub(crate) connection: u32,
    /// How often nobody could tell whether it was received.
    pub(crate) losses: u8,
    /// In how many packets it has been.
    pub(crate) packets: u8,
    pub(crate) state: State,
    pub(crate) kind: Kind,
    pub(crate) body: Vec<u8>,
}

impl Entry {
    /// Until when it must not be sent.
    pub(crate) fn pause(&self) -> Option<Duration> {
        (self.msg_id == 0 && self.state == State::Sent).then_some(self.due)
    }
}

/// A place for a message, which stays where it is while it exists. A free one keeps its buffer.
#[derive(Clone, Debug)]
struct Slot {
    generation: u32,
    entry: Entry,
}

#[derive(Clone, Debug, Default)]
pub(crate) struct Outbox {
    slots: Vec<Slot>,
    free: Vec<u32>,
    queue: VecDeque<Key>,
    /// Ascending ids and the slots of their messages; [`GONE`] where there is none any more.
    index: Sliding<(i64, u32)>,
    gone: usize,
    /// Buffers for messages that are not in a slot.
    spare: Vec<Vec<u8>>,
    bytes: usize,
    live: usize,
    next_generation: u32,
}

/// No slot.
const GONE: u32 = u32::MAX;
/// Buffers kept for reuse, and how large each may be.
const SPARE: usize = 256;
const SPARE_BYTES: usize = 1024;

impl Outbox {
    /// An empty buffer for a message that is not in a slot.
    pub(crate) fn buffer(&mut self) -> Vec<u8> {
        self.spare.pop().unwrap_or_default()
    }

    /// Takes a buffer back.
    pub(crate) fn recycle(&mut self, mut buffer: Vec<u8>) {
        if self.spare.len() < SPARE && buffer.capacity() <= SPARE_BYTES {
            buffer.clear();
            self.spare.push(buffer);
        }
    }

    /// Queues a message, whose body is written to an empty buffer.
    pub(crate) fn insert(&mut self, kind: Kind, write: impl FnOnce(&mut Vec<u8>)) -> Key {
        let generation = self.next_generation;
        self.next_generation = generation.wrapping_add(1);
        let index = match self.free.pop() {
            Some(index) => index,
            None => self.grow(),
        };
        let key = Key { index, generation };
        if let Some(Slot {
            generation: of_slot,
            entry,
        }) = self.slots.get_mut(index as usize)
        {
            *of_slot = generation;
            entry.msg_id = 0;
            entry.packet = 0;
            entry.due = Duration::ZERO;
            entry.tries = 0;
            entry.packets = 0;
            entry.losses = 0;
            entry.connection = 0;
            entry.state = State::Queued;
            entry.kind = kind;
            entry.body.clear();
            write(&mut entry.body);
            self.bytes += entry.body.len();
            self.live += 1;
            self.queue.push_back(key);
        }
        key
    }

    #[cold]
    fn grow(&mut self) -> u32 {
        if self.slots.is_empty() {
            // Many sessions never have more than one at a time.
            self.slots.reserve_exact(1);
        }
        self.slots.push(Slot {
            generation: 0,
            entry: Entry {
                msg_id: 0,
                seq_no: 0,
                packet: 0,
                due: Duration::ZERO,
                tries: 0,
                packets: 0,
                losses: 0,
                connection: 0,
                state: State::Free,
                kind: Kind::Push,
                body: Vec::new(),
            },
        });
        // Limits on messages keep it far below.
        u32::try_from(self.slots.len() - 1).unwrap_or(GONE)
    }

    pub(crate) fn get(&self, key: Key) -> Option<&Entry> {
        let slot = self.slots.get(key.index as usize)?;
        let is_it = slot.generation == key.generation && slot.entry.state != State::Free;
        is_it.then_some(&slot.entry)
    }

    pub(crate) fn get_mut(&mut self, key: Key) -> Option<&mut Entry> {
        let slot = self.slots.get_mut(key.index as usize)?;
        let is_it = slot.generation == key.generation && slot.entry.state != State::Free;
        is_it.then_some(&mut slot.entry)
    }

    /// The message that has this id now.
    #[inline]
    pub(crate) fn find(&self, msg_id: i64) -> Option<Key> {
        // Answers come in the order of the calls, as a rule.
        let (first, mut index) = *self.index.front()?;
        if first != msg_id {
            let named = self.index.as_slice();
            let at = named.binary_search_by_key(&msg_id, |e| e.0).ok()?;
            index = named.get(at)?.1;
        }
        let slot = self.slots.get(index as usize)?;
        let generation = slot.generation;
        Some(Key { index, generation })
    }

    /// Gives a message an id greater than all before.
    pub(crate) fn name(&mut self, key: Key, msg_id: i64, seq_no: i32) {
        if let Some(entry) = self.get_mut(key) {
            entry.msg_id = msg_id;
            entry.seq_no = seq_no;
            self.index.push_back((msg_id, key.index));
        }
    }

    /// Takes its id away: it will get a new one.
    pub(crate) fn unname(&mut self, key: Key) {
        if let Some(entry) = self.get_mut(key)
            && entry.msg_id != 0
        {
            let msg_id = core::mem::take(&mut entry.msg_id);
            self.is_gone(msg_id);
        }
    }

    /// Queues a message again.
    pub(crate) fn requeue(&mut self, key: Key) {
        if let Some(entry) = self.get_mut(key)
            && entry.state != State::Queued
        {
            entry.state = State::Queued;
            self.queue.push_back(key);
        }
    }

    /// Puts what has an id in front of what has none, the lowest id first: behind those that are to get a
    /// higher one, its receiver may have forgotten by then whether it was there.
    pub(crate) fn named_first(&mut self) {
        let mut queue = core::mem::take(&mut self.queue);
        let named = |key: &Key| self.get(*key).map_or(0, |entry| entry.msg_id);
        queue.make_contiguous().sort_by_key(|key| match named(key) {
            0 => i64::MAX,
            msg_id => msg_id,
        });
        self.queue = queue;
    }

    /// Changes a body whose bytes have been counted.
    pub(crate) fn edit_body(&mut self, key: Key, edit: impl FnOnce(&mut Vec<u8>)) {
        let Some(entry) = self.get_mut(key) else {
            return;
        };
        let before = entry.body.len();
        edit(&mut entry.body);
        let after = entry.body.len();
        self.bytes = self.bytes + after - before;
    }

    /// The next one to be written.
    pub(crate) fn front(&mut self) -> Option<Key> {
        while let Some(&key) = self.queue.front() {
            if self.get(key).is_some_and(|e| e.state == State::Queued) {
                return Some(key);
            }
            self.queue.pop_front();
        }
        None
    }

    pub(crate) fn pop_front(&mut self) {
        self.queue.pop_front();
    }

    /// Puts the first of the queue behind all others.
    pub(crate) fn postpone(&mut self) {
        self.queue.rotate_left(1.min(self.queue.len()));
    }

    /// How many are in the queue, or a few more.
    pub(crate) fn queue_len(&self) -> usize {
        self.queue.len()
    }

    /// A message is done with; what it was.
    #[inline]
    pub(crate) fn remove(&mut self, key: Key) -> Option<Kind> {
        let slot = self.slots.get_mut(key.index as usize)?;
        let entry = &mut slot.entry;
        if slot.generation != key.generation || entry.state == State::Free {
            return None;
        }
        let (kind, msg_id) = (entry.kind, entry.msg_id);
        self.vacate(key.index);
        if msg_id != 0 {
            self.is_gone(msg_id);
        }
        if self.live == 0 {
            self.shrink();
        }
        Some(kind)
    }

    /// The message with the lowest id is done with, if it has this one and is a call.
    #[inline]
    pub(crate) fn take_first_call(&mut self, msg_id: i64) -> Option<Key> {
        let (first, index) = *self.index.front()?;
        let slot = self.slots.get(index as usize)?;
        if first != msg_id || !matches!(slot.entry.kind, Kind::Call(_)) {
            return None;
        }
        let generation = slot.generation;
        self.vacate(index);
        self.first_is_gone();
        if self.live == 0 {
            self.shrink();
        }
        Some(Key { index, generation })
    }

    /// A place is free.
    #[inline]
    fn vacate(&mut self, index: u32) {
        if let Some(Slot { entry, .. }) = self.slots.get_mut(index as usize) {
            entry.state = State::Free;
            self.bytes -= entry.body.len();
            self.live -= 1;
            if entry.body.capacity() > SPARE_BYTES || self.free.len() >= SPARE {
                entry.body = Vec::new();
            }
            self.free.push(index);
        }
    }

    /// How many messages are in it.
    pub(crate) fn len(&self) -> usize {
        self.live
    }

    /// How many bytes their bodies have.
    pub(crate) fn bytes(&self) -> usize {
        self.bytes
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (Key, &Entry)> {
        self.slots.iter().enumerate().filter_map(|(index, slot)| {
            let key = Key {
                index: u32::try_from(index).ok()?,
                generation: slot.generation,
            };
            (slot.entry.state != State::Free).then_some((key, &slot.entry))
        })
    }

    /// Keys of the messages for which this holds, the lowest id first.
    pub(crate) fn select(&self, wanted: impl Fn(&Entry) -> bool) -> Vec<Key> {
        let mut found: Vec<(i64, Key)> = self
            .iter()
            .filter(|(_, entry)| wanted(entry))
            .map(|(key, entry)| (entry.msg_id, key))
            .collect();
        found.sort_unstable();
        found.into_iter().map(|(_, key)| key).collect()
    }

    /// No message has this id any more.
    #[inline]
    fn is_gone(&mut self, msg_id: i64) {
        if self.index.front().is_some_and(|first| first.0 == msg_id) {
            self.first_is_gone();
        } else {
            self.is_gone_behind(msg_id);
        }
    }

    #[inline]
    fn first_is_gone(&mut self) {
        self.index.pop_front();
        while self.gone > 0 && self.index.front().is_some_and(|first| first.1 == GONE) {
            self.index.pop_front();
            self.gone -= 1;
        }
    }

    fn is_gone_behind(&mut self, msg_id: i64) {
        let named = self.index.as_slice();
        let Ok(at) = named.binary_search_by_key(&msg_id, |e| e.0) else {
            return;
        };
        if let Some(named) = self.index.get_mut(at) {
            named.1 = GONE;
            self.gone += 1;
        }
        // One that stays long must not keep all the others' places.
        if self.gone > 64 && self.gone > self.index.len() / 2 {
            self.index.retain(|named| named.1 != GONE);
            self.gone = 0;
        }
    }

    /// A quiet session should not hold what a busy hour has needed.
    fn shrink(&mut self) {
        self.index.clear();
        self.gone = 0;
        if self.slots.len() > SPARE {
            self.slots = Vec::new();
            self.free = Vec::new();
            self.index.shrink_to(64);
            self.queue.shrink_to(64);
        }
    }

    /// Gives back what is not needed; for a session that has been quiet for a while.
    pub(crate) fn give_back(&mut self) {
        self.spare = Vec::new();
        if self.live == 0 {
            self.slots = Vec::new();
            self.free = Vec::new();
            self.index = Sliding::new();
            self.queue = VecDeque::new();
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;

    const CALL: Call = Call {
        after: None,
        prefixed: false,
        deadline: None,
        repeatable: false,
        fixed: false,
        quick_ack: false,
    };

    proptest! {
        /// Against a map of ids: what is found, and what is not any more.
        #[test]
        fn agrees_with_a_map(steps in prop::collection::vec((0_u8..5, any::<prop::sample::Index>()), 1..600)) {
            let mut outbox = Outbox::default();
            let mut all: Vec<(Key, i64)> = Vec::new();
            let mut last = 0;
            for (what, which) in steps {
                if what == 0 || all.is_empty() {
                    let body = [7; 4];
                    let key = outbox.insert(Kind::Push, |out| out.extend_from_slice(&body));
                    prop_assert!(all.iter().all(|(other, _)| *other != key));
                    all.push((key, 0));
                    continue;
                }
                let at = which.index(all.len());
                let (key, msg_id) = all[at];
                match what {
                    1 if msg_id == 0 => {
                        last += 4;
                        outbox.name(key, last, 1);
                        all[at].1 = last;
                    }
                    2 => {
                        outbox.unname(key);
                        all[at].1 = 0;
                    }
                    3 => {
                        let first = all.iter().filter(|(_, id)| *id != 0).map(|(_, id)| *id).min();
                        if which.index(2) == 0 {
                            let kind = Kind::Call(CALL);
                            outbox.get_mut(key).unwrap().kind = kind;
                            let taken = outbox.take_first_call(msg_id);
                            prop_assert_eq!(taken, (first == Some(msg_id)).then_some(key));
                            if taken.is_none() {
                                prop_assert_eq!(outbox.remove(key), Some(kind));
                            }
                        } else {
                            prop_assert_eq!(outbox.take_first_call(msg_id), None);
                            prop_assert_eq!(outbox.remove(key), Some(Kind::Push));
                        }
                        prop_assert_eq!(outbox.remove(key), None);
                        prop_assert!(outbox.get(key).is_none());
                        all.swap_remove(at);
                    }
                    _ => {}
                }
                let named: BTreeMap<i64, Key> = all.iter().map(|(key, id)| (*id, *key)).collect();
                for id in (4..=last).step_by(4) {
                    prop_assert_eq!(outbox.find(id), named.get(&id).copied());
                }
                prop_assert_eq!(outbox.len(), all.len());
                prop_assert_eq!(outbox.bytes(), 4 * all.len());
                prop_assert!(outbox.index.len() <= 130.max(2 * all.len() + 2));
            }
        }
    }

    #[test]
    fn buffers_that_are_kept_are_few_and_small() {
        let mut outbox = Outbox::default();
        let insert = |outbox: &mut Outbox, len| outbox.insert(Kind::Push, |out| out.resize(len, 0));
        let stays = insert(&mut outbox, 4);
        let many: Vec<Key> = (0..10_000).map(|_| insert(&mut outbox, 1000)).collect();
        let long = insert(&mut outbox, 1 << 20);
        for key in many.into_iter().chain([long]) {
            outbox.remove(key);
        }
        let kept: usize = outbox
            .slots
            .iter()
            .map(|slot| slot.entry.body.capacity())
            .sum();
        assert!(kept <= (SPARE + 1) * SPARE_BYTES, "{kept}");
        outbox.remove(stays);
        assert_eq!(outbox.slots.capacity(), 0);
    }
}
