//! Messages that want an answer or an ack: from when they are asked for until they are done with.
//!
//! A message is *queued* until it is written into a packet, then *sent*, then perhaps *received*
//! by the peer. It may be queued again: then it travels in a container under the id that it has,
//! so that whoever got it before does not take it twice.

use std::collections::VecDeque;

use core::time::Duration;

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
    Queued,
    Sent,
    /// The peer has it.
    Received,
}

/// What a message is, and what becomes of it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
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

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
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

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
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

#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
struct Slot {
    generation: u32,
    entry: Option<Entry>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct Outbox {
    slots: Vec<Slot>,
    free: Vec<u32>,
    queue: VecDeque<Key>,
    /// Ascending ids and the slots of their messages; some are of messages that are gone.
    index: VecDeque<(i64, u32)>,
    gone: usize,
    /// Buffers for bodies to come.
    spare: Vec<Vec<u8>>,
    bytes: usize,
    live: usize,
    next_generation: u32,
}

/// Buffers kept for reuse, and how large each may be.
const SPARE: usize = 256;
const SPARE_BYTES: usize = 1024;

impl Outbox {
    /// An empty buffer for a body.
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

    /// Queues a message.
    pub(crate) fn insert(&mut self, kind: Kind, body: Vec<u8>) -> Key {
        self.bytes += body.len();
        self.live += 1;
        let entry = Entry {
            msg_id: 0,
            seq_no: 0,
            packet: 0,
            due: Duration::ZERO,
            tries: 0,
            packets: 0,
            losses: 0,
            connection: 0,
            state: State::Queued,
            kind,
            body,
        };
        let index = match self.free.pop() {
            Some(index) => index,
            None => {
                self.slots.push(Slot::default());
                // Limits on messages keep it far below.
                u32::try_from(self.slots.len() - 1).unwrap_or(u32::MAX)
            }
        };
        let key = Key {
            index,
            generation: self.next_generation,
        };
        self.next_generation = self.next_generation.wrapping_add(1);
        if let Some(slot) = self.slots.get_mut(index as usize) {
            slot.generation = key.generation;
            slot.entry = Some(entry);
        }
        self.queue.push_back(key);
        key
    }

    pub(crate) fn get(&self, key: Key) -> Option<&Entry> {
        let slot = self.slots.get(key.index as usize)?;
        slot.entry
            .as_ref()
            .filter(|_| slot.generation == key.generation)
    }

    pub(crate) fn get_mut(&mut self, key: Key) -> Option<&mut Entry> {
        let slot = self.slots.get_mut(key.index as usize)?;
        slot.entry
            .as_mut()
            .filter(|_| slot.generation == key.generation)
    }

    /// The message that has this id now.
    pub(crate) fn find(&self, msg_id: i64) -> Option<Key> {
        // Answers come in the order of the calls, as a rule.
        let index = match self.index.front() {
            Some((first, index)) if *first == msg_id => *index,
            _ => {
                let at = self.index.binary_search_by_key(&msg_id, |e| e.0).ok()?;
                self.index.get(at)?.1
            }
        };
        let slot = self.slots.get(index as usize)?;
        let entry = slot.entry.as_ref()?;
        (entry.msg_id == msg_id).then_some(Key {
            index,
            generation: slot.generation,
        })
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
            entry.msg_id = 0;
            self.one_gone();
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

    /// A message is done with.
    pub(crate) fn remove(&mut self, key: Key) -> Option<Entry> {
        let slot = self.slots.get_mut(key.index as usize)?;
        if slot.generation != key.generation {
            return None;
        }
        let entry = slot.entry.take()?;
        self.free.push(key.index);
        self.bytes -= entry.body.len();
        self.live -= 1;
        if entry.msg_id != 0 {
            self.one_gone();
        }
        if self.live == 0 {
            self.shrink();
        }
        Some(entry)
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
            Some((key, slot.entry.as_ref()?))
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

    fn is_named(&self, &(msg_id, index): &(i64, u32)) -> bool {
        let slot = self.slots.get(index as usize);
        slot.and_then(|slot| slot.entry.as_ref())
            .is_some_and(|entry| entry.msg_id == msg_id)
    }

    fn one_gone(&mut self) {
        self.gone += 1;
        while let Some(first) = self.index.front()
            && !self.is_named(first)
        {
            self.index.pop_front();
            self.gone = self.gone.saturating_sub(1);
        }
        // One that stays long must not keep all the others' places.
        if self.gone > 64 && self.gone > self.index.len() / 2 {
            let mut index = core::mem::take(&mut self.index);
            index.retain(|named| self.is_named(named));
            self.index = index;
            self.gone = 0;
        }
    }

    /// A quiet session should not hold what a busy hour has needed.
    fn shrink(&mut self) {
        self.index.clear();
        self.gone = 0;
        if self.slots.len() > 1024 {
            self.slots = Vec::new();
            self.free = Vec::new();
            self.index.shrink_to(64);
            self.queue.shrink_to(64);
        }
    }

    /// Gives spare buffers back; for a session that has been quiet for a while.
    pub(crate) fn drop_spares(&mut self) {
        self.spare = Vec::new();
    }
}
