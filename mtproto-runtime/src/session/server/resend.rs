//! Acks, states, and sending again.

use super::requests::Phase;
use super::{Cause, Core, Ids, Kind, Mark, Purpose, Session, State, wire};
use crate::Now;
use crate::service::types;
use crate::session::ack;
use crate::session::msg_id::SECOND;
use crate::session::outbox::Key;
use crate::session::state::{ACKNOWLEDGED, ANSWERED, RECEIVED, RUNNING, WHICH};

/// Answers longer than this are announced instead of sent when a request comes again.
const LONG: usize = 1024;
/// A message that is older than this gets a new id, or is given up: the client would refuse it.
const STALE: i64 = 200 * SECOND;

impl Session {
    pub(super) fn on_ack(&mut self, ids: Ids<'_>) {
        for id in ids.iter().take(ack::MAX_IDS) {
            if let Some(key) = self.core.outbox.find(id) {
                self.acknowledged(key);
            }
        }
    }

    pub(super) fn on_all_info(&mut self, ids: Ids<'_>, info: &[u8]) {
        for (id, state) in ids.iter().zip(info).take(ack::MAX_IDS) {
            if state & WHICH >= RECEIVED
                && let Some(key) = self.core.outbox.find(id)
            {
                self.acknowledged(key);
            }
        }
    }

    fn acknowledged(&mut self, key: Key) {
        if let Some(Kind::Answer { request }) = self.core.outbox.remove(key)
            && self.requests.get(request) == Some(Phase::Answered(key))
        {
            self.requests.remove(request);
        }
    }

    pub(super) fn on_state_req(&mut self, msg_id: i64, ids: Ids<'_>) {
        let requests = &self.requests;
        let state_of = |core: &Core, id: i64| {
            // Requests are known for longer than ids.
            match requests.get(id) {
                Some(Phase::Held | Phase::Running | Phase::Dropped) => {
                    RECEIVED | ACKNOWLEDGED | RUNNING
                }
                Some(Phase::Answered(_)) => RECEIVED | ACKNOWLEDGED | RUNNING | ANSWERED,
                None => core.state_of(id),
            }
        };
        self.core.answer_state(msg_id, ids, state_of);
    }

    /// A message has come again: the client may have missed the ack, or the answer.
    pub(super) fn on_repeated(&mut self, now: Now, msg_id: i64, mark: Mark) {
        if mark == Mark::Content {
            self.core.acks.push(now.monotonic, msg_id);
        }
        let Some(Phase::Answered(key)) = self.requests.get(msg_id) else {
            return;
        };
        let Some(entry) = self.core.outbox.get(key) else {
            return;
        };
        if entry.state == State::Queued {
            return;
        }
        if entry.body.len() <= LONG {
            self.again(now, key);
            return;
        }
        let info = types::MsgDetailedInfo {
            msg_id,
            answer_msg_id: entry.msg_id,
            bytes: i32::try_from(entry.body.len()).unwrap_or(i32::MAX),
            status: 0,
        };
        self.core
            .control(Cause::Answer, Purpose::None, |out| wire::write(&info, out));
    }

    pub(super) fn on_resend_req(&mut self, req_msg_id: i64, ids: Ids<'_>) {
        let mut all = true;
        for id in ids.iter().take(ack::MAX_IDS) {
            match self.core.outbox.find(id) {
                // Under the id that was asked for.
                Some(key) => self.core.outbox.requeue(key),
                None => all = false,
            }
        }
        if !all {
            self.on_state_req(req_msg_id, ids);
        }
    }

    /// `msg_resend_ans_req`: the answers to these requests.
    pub(super) fn on_resend_answers(&mut self, ids: Ids<'_>) {
        for id in ids.iter().take(ack::MAX_IDS) {
            if let Some(Phase::Answered(key)) = self.requests.get(id) {
                self.core.outbox.requeue(key);
            }
        }
    }

    /// Everything that was sent over a connection that is gone.
    pub(super) fn resend_all(&mut self, now: Now) {
        let sent = self.core.outbox.select(|entry| entry.state == State::Sent);
        for key in sent {
            self.again(now, key);
        }
        self.core.outbox.named_first();
    }

    /// What has not been acknowledged for too long.
    pub(super) fn resend_due(&mut self, now: Now) {
        let due = self
            .core
            .outbox
            .select(|entry| entry.state == State::Sent && entry.due <= now.monotonic);
        let any = !due.is_empty();
        for key in due {
            let Some(entry) = self.core.outbox.get_mut(key) else {
                continue;
            };
            entry.tries = entry.tries.saturating_add(1);
            if entry.tries > self.config.max_resends {
                self.acknowledged(key);
            } else {
                self.again(now, key);
            }
        }
        if any {
            self.core.outbox.named_first();
        }
    }

    /// Sends a message again, under the same id as long as the client would take it.
    fn again(&mut self, now: Now, key: Key) {
        let Some(entry) = self.core.outbox.get(key) else {
            return;
        };
        let age = self.core.ids.time(now).saturating_sub(entry.msg_id);
        if age <= STALE {
            self.core.outbox.requeue(key);
            return;
        }
        match entry.kind {
            // The client would take an update twice. It finds out what it has missed.
            Kind::Push => self.acknowledged(key),
            // It takes one answer to a request, whatever its id.
            _ => self.core.rename(key),
        }
    }
}
