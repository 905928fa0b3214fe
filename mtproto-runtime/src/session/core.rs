//! What both sides of a session have in common: names for what is sent, memory of what was
//! received, and the writing of packets.

use std::collections::VecDeque;

use super::ack::{Acks, MAX_IDS};
use super::msg_id::{Cause, MsgIds};
use super::outbox::{Entry, Key, Kind, Outbox, State};
use super::replay::{self, Mark, ReplayWindow};
use super::seq_no::SeqNo;
use super::wire;
use crate::crypto::packet::{HEADER_LEN, PREFIX_LEN};
use crate::service::container::{self, CONTAINER_ID};
use crate::{Now, Side};

/// Most messages that are written into one packet.
const MAX_MESSAGES: usize = 1020;
/// Most bytes of messages in one packet, unless one message alone is longer.
const MAX_BYTES: usize = 1 << 15;
/// Most service messages that wait to be sent.
const MAX_CONTROLS: usize = 2048;
/// How many packets are remembered as sent.
const MAX_PACKETS: usize = 256;

/// A service message that is sent once and then forgotten.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Control {
    pub(crate) body: Vec<u8>,
    pub(crate) cause: Cause,
    pub(crate) purpose: Purpose,
}

/// Whose id has to be known later.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Purpose {
    None,
    Ping,
    FutureSalts,
    StateReq,
}

/// A packet that is to be sealed: header and body stand where they belong, before them is room for
/// auth key id and msg_key, after them padding is missing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[must_use]
pub struct Unsealed {
    /// Whether a quick ack is wanted.
    pub quick_ack: bool,
    /// The id of the packet's message.
    pub msg_id: i64,
}

#[derive(Clone, Debug)]
pub(crate) struct Core {
    pub(crate) side: Side,
    pub(crate) session_id: i64,
    pub(crate) ids: MsgIds,
    pub(crate) seq_no: SeqNo,
    pub(crate) replay: ReplayWindow,
    pub(crate) acks: Acks,
    pub(crate) outbox: Outbox,
    pub(crate) controls: VecDeque<Control>,
    /// Counts connections.
    pub(crate) connection: u32,
    /// Ids of the latest packets of a client, ascending: what notices may speak of.
    pub(crate) packets: VecDeque<i64>,
    /// Who travels in the packet that is being written.
    pub(crate) travelling: Vec<Key>,
    /// Ids of service messages sent last, of each purpose.
    pub(crate) last_ping: i64,
    pub(crate) last_future_salts: i64,
    pub(crate) last_state_req: i64,
}

impl Core {
    pub(crate) fn new(side: Side, session_id: i64) -> Self {
        Self {
            side,
            session_id,
            ids: MsgIds::new(side),
            seq_no: SeqNo::default(),
            replay: ReplayWindow::new(replay::CAPACITY),
            acks: Acks::default(),
            outbox: Outbox::default(),
            controls: VecDeque::new(),
            connection: 0,
            packets: VecDeque::new(),
            travelling: Vec::new(),
            last_ping: 0,
            last_future_salts: 0,
            last_state_req: 0,
        }
    }

    /// Queues a service message. What a peer asks for faster than it takes the answers is dropped.
    pub(crate) fn control(
        &mut self,
        cause: Cause,
        purpose: Purpose,
        write: impl FnOnce(&mut Vec<u8>),
    ) {
        if self.controls.len() < MAX_CONTROLS {
            let mut body = self.outbox.buffer();
            write(&mut body);
            self.controls.push_back(Control {
                body,
                cause,
                purpose,
            });
        }
    }

    /// Keeps no room for more.
    pub(crate) fn give_back(&mut self) {
        self.outbox.give_back();
        self.replay.give_back();
        self.controls.shrink_to_fit();
        self.travelling = Vec::new();
        self.acks.give_back();
    }

    /// Whether an id is of a packet that was sent lately.
    pub(crate) fn is_recent(&self, msg_id: i64) -> bool {
        self.packets.binary_search(&msg_id).is_ok() || self.outbox.find(msg_id).is_some()
    }

    /// Messages that travelled last in a packet with this id, or have it themselves.
    pub(crate) fn in_packet(&self, msg_id: i64) -> Vec<Key> {
        self.outbox.select(|entry| {
            entry.state != State::Queued && (entry.packet == msg_id || entry.msg_id == msg_id)
        })
    }

    /// A received message is remembered, and acknowledged if it wants that.
    pub(crate) fn remember(&mut self, now: Now, msg_id: i64, mark: Mark) -> bool {
        let new = self.replay.insert(msg_id, mark);
        if mark == Mark::Content {
            self.acks.push(now.monotonic, msg_id);
        }
        new
    }

    /// Whether there is something to send besides acks.
    pub(crate) fn has_messages(&mut self) -> bool {
        !self.controls.is_empty() || self.front().is_some()
    }

    /// The next message to be written. One that has to come after another that waits, waits too.
    fn front(&mut self) -> Option<Key> {
        loop {
            let key = self.outbox.front()?;
            let Some(due) = self.before(key).and_then(Entry::pause) else {
                return Some(key);
            };
            self.outbox.pop_front();
            if let Some(entry) = self.outbox.get_mut(key) {
                entry.state = State::Sent;
                entry.due = due;
            }
        }
    }

    /// The message that has to come before one that does not say so yet.
    fn before(&self, key: Key) -> Option<&Entry> {
        let Kind::Call(call) = &self.outbox.get(key)?.kind else {
            return None;
        };
        let after = call.after.filter(|_| !call.prefixed)?;
        self.outbox.get(after)
    }

    /// Appends what is to be sent next, as the beginning of a packet; `None` if that is nothing.
    ///
    /// `with_acks` says that acks are due even if nothing else is to be sent.
    pub(crate) fn write_packet(
        &mut self,
        now: Now,
        salt: i64,
        with_acks: bool,
        on_sent: impl Fn(&mut Entry, Now),
        out: &mut Vec<u8>,
    ) -> Option<Unsealed> {
        let first = self.front();
        let acks = !self.acks.ids().is_empty();
        if first.is_none() && self.controls.is_empty() && !(acks && with_acks) {
            return None;
        }
        let start = out.len();
        out.resize(start + PREFIX_LEN + HEADER_LEN, 0);
        let body_start = out.len();
        self.travelling.clear();

        let mut quick_ack = false;
        let alone = usize::from(acks) + self.controls.len() + self.outbox.queue_len() == 1;
        let again = first.is_some_and(|key| self.outbox.get(key).is_some_and(|e| e.msg_id != 0));
        let (msg_id, seq_no) = if alone && !again {
            self.write_alone(now, &mut quick_ack, out)
        } else {
            self.write_container(now, &mut quick_ack, body_start, out)
        };
        if self.side == Side::Client {
            if self.packets.len() >= MAX_PACKETS {
                self.packets.pop_front();
            }
            self.packets.push_back(msg_id);
        }
        for key in &self.travelling {
            if let Some(entry) = self.outbox.get_mut(*key) {
                entry.packet = msg_id;
                if entry.packets == 0 {
                    entry.connection = self.connection;
                }
                entry.packets = entry.packets.saturating_add(1);
                entry.state = State::Sent;
                on_sent(entry, now);
            }
        }

        self.write_start(salt, (msg_id, seq_no), start, out);
        Some(Unsealed { quick_ack, msg_id })
    }

    /// Fills in what stands before the body of a packet that begins at `start`.
    fn write_start(&self, salt: i64, name: (i64, i32), start: usize, out: &mut [u8]) {
        let length = out.len() - start - PREFIX_LEN - HEADER_LEN;
        let length = i32::try_from(length).unwrap_or(i32::MAX);
        let header = &mut out[start + PREFIX_LEN..][..HEADER_LEN];
        header[..8].copy_from_slice(&salt.to_le_bytes());
        header[8..16].copy_from_slice(&self.session_id.to_le_bytes());
        header[16..24].copy_from_slice(&name.0.to_le_bytes());
        header[24..28].copy_from_slice(&name.1.to_le_bytes());
        header[28..].copy_from_slice(&length.to_le_bytes());
    }

    /// Appends the service message that was queued last as a packet of its own.
    pub(crate) fn write_last_control(
        &mut self,
        now: Now,
        salt: i64,
        out: &mut Vec<u8>,
    ) -> Option<Unsealed> {
        let control = self.controls.pop_back()?;
        let start = out.len();
        out.resize(start + PREFIX_LEN + HEADER_LEN, 0);
        out.extend_from_slice(&control.body);
        let name = self.name_control(now, &control);
        self.outbox.recycle(control.body);
        self.write_start(salt, name, start, out);
        Some(Unsealed {
            quick_ack: false,
            msg_id: name.0,
        })
    }

    /// The only message there is, as the packet's own.
    fn write_alone(&mut self, now: Now, quick_ack: &mut bool, out: &mut Vec<u8>) -> (i64, i32) {
        if !self.acks.ids().is_empty() {
            wire::write_ids(wire::MSGS_ACK, self.acks.ids(), out);
            self.acks.clear();
            (self.ids.next(now, Cause::Own), self.seq_no.next(false))
        } else if let Some(control) = self.controls.pop_front() {
            let named = self.name_control(now, &control);
            out.extend_from_slice(&control.body);
            self.outbox.recycle(control.body);
            named
        } else {
            let key = self.front();
            self.outbox.pop_front();
            key.map_or((0, 0), |key| self.write_entry(now, key, quick_ack, out))
        }
    }

    fn write_container(
        &mut self,
        now: Now,
        quick_ack: &mut bool,
        body_start: usize,
        out: &mut Vec<u8>,
    ) -> (i64, i32) {
        out.extend_from_slice(&CONTAINER_ID.to_le_bytes());
        out.extend_from_slice(&[0; 4]);
        let mut count = 0_u32;
        let mut cause = Cause::Own;

        if !self.acks.ids().is_empty() {
            let msg_id = self.ids.next(now, Cause::Own);
            let seq_no = self.seq_no.next(false);
            let length = wire::ids_len(self.acks.ids().len().min(MAX_IDS));
            write_header(msg_id, seq_no, length, out);
            wire::write_ids(wire::MSGS_ACK, self.acks.ids(), out);
            self.acks.clear();
            count += 1;
        }
        let mut left = self.controls.len();
        while left > 0
            && (count as usize) < MAX_MESSAGES
            && let Some(control) = self.controls.front()
        {
            if count > 0 && out.len() - body_start + control.body.len() > MAX_BYTES {
                break;
            }
            let Some(control) = self.controls.pop_front() else {
                break;
            };
            left -= 1;
            let (msg_id, seq_no) = self.name_control(now, &control);
            if control.cause == Cause::Answer {
                cause = Cause::Answer;
            }
            write_header(msg_id, seq_no, control.body.len(), out);
            out.extend_from_slice(&control.body);
            self.outbox.recycle(control.body);
            count += 1;
        }
        let mut left = self.outbox.queue_len();
        while left > 0
            && (count as usize) < MAX_MESSAGES
            && let Some(key) = self.front()
        {
            left -= 1;
            let Some(entry) = self.outbox.get(key) else {
                break;
            };
            if count > 0 && out.len() - body_start + entry.body.len() > MAX_BYTES {
                break;
            }
            if matches!(entry.kind, Kind::Answer { .. }) {
                cause = Cause::Answer;
            }
            if self.before(key).is_some_and(|before| before.msg_id == 0) {
                self.outbox.postpone();
                continue;
            }
            self.outbox.pop_front();
            let header = out.len();
            write_header(0, 0, 0, out);
            let body = out.len();
            let (msg_id, seq_no) = self.write_entry(now, key, quick_ack, out);
            let length = i32::try_from(out.len() - body).unwrap_or(i32::MAX);
            out[header..header + 8].copy_from_slice(&msg_id.to_le_bytes());
            out[header + 8..header + 12].copy_from_slice(&seq_no.to_le_bytes());
            out[header + 12..header + 16].copy_from_slice(&length.to_le_bytes());
            count += 1;
        }
        out[body_start + 4..body_start + 8].copy_from_slice(&count.to_le_bytes());
        (self.ids.next(now, cause), self.seq_no.next(false))
    }

    fn name_control(&mut self, now: Now, control: &Control) -> (i64, i32) {
        let msg_id = self.ids.next(now, control.cause);
        match control.purpose {
            Purpose::None => {}
            Purpose::Ping => self.last_ping = msg_id,
            Purpose::FutureSalts => self.last_future_salts = msg_id,
            Purpose::StateReq => self.last_state_req = msg_id,
        }
        (msg_id, self.seq_no.next(false))
    }

    /// Appends a body, with an id if the message has none yet.
    fn write_entry(
        &mut self,
        now: Now,
        key: Key,
        quick_ack: &mut bool,
        out: &mut Vec<u8>,
    ) -> (i64, i32) {
        self.prefix(key);
        let Some(entry) = self.outbox.get(key) else {
            return (0, 0);
        };
        out.extend_from_slice(&entry.body);
        let (mut msg_id, mut seq_no) = (entry.msg_id, entry.seq_no);
        let cause = match &entry.kind {
            Kind::Answer { .. } => Cause::Answer,
            Kind::Call(call) => {
                *quick_ack |= call.quick_ack;
                Cause::Own
            }
            _ => Cause::Own,
        };
        if msg_id == 0 {
            msg_id = self.ids.next(now, cause);
            seq_no = self.seq_no.next(true);
            self.outbox.name(key, msg_id, seq_no);
        }
        self.travelling.push(key);
        (msg_id, seq_no)
    }

    /// Writes `invokeAfterMsg` before the body of a call that has to wait for another.
    fn prefix(&mut self, key: Key) {
        let Some(entry) = self.outbox.get(key) else {
            return;
        };
        let Kind::Call(call) = &entry.kind else {
            return;
        };
        if call.prefixed || entry.msg_id != 0 {
            return;
        }
        let before = call.after.and_then(|after| self.outbox.get(after));
        let Some(before) = before.map(|before| before.msg_id) else {
            return;
        };
        self.outbox.edit_body(key, |body| {
            let mut prefix = [0; 12];
            prefix[..4].copy_from_slice(&wire::INVOKE_AFTER_MSG.to_le_bytes());
            prefix[4..].copy_from_slice(&before.to_le_bytes());
            body.splice(..0, prefix);
        });
        if let Some(entry) = self.outbox.get_mut(key)
            && let Kind::Call(call) = &mut entry.kind
        {
            call.prefixed = true;
        }
    }

    /// Takes the id of a message away, and what its body says because of it.
    pub(crate) fn rename(&mut self, key: Key) {
        self.outbox.unname(key);
        let Some(entry) = self.outbox.get_mut(key) else {
            return;
        };
        // Under the new id it will be sent for the first time.
        entry.packets = 0;
        if let Kind::Call(call) = &mut entry.kind
            && core::mem::take(&mut call.prefixed)
        {
            self.outbox.edit_body(key, |body| {
                body.drain(..12);
            });
        }
        self.outbox.requeue(key);
    }
}

fn write_header(msg_id: i64, seq_no: i32, length: usize, out: &mut Vec<u8>) {
    let length = i32::try_from(length).unwrap_or(i32::MAX);
    let mut header = [0; container::MESSAGE_HEADER_LEN];
    header[..8].copy_from_slice(&msg_id.to_le_bytes());
    header[8..12].copy_from_slice(&seq_no.to_le_bytes());
    header[12..].copy_from_slice(&length.to_le_bytes());
    out.extend_from_slice(&header);
}
