//! What has become of the client's messages: acks, states, and asking for them.

use super::{Session, backoff};
use crate::Now;
use crate::service::types::MsgsStateInfo;
use crate::session::ack;
use crate::session::core::Core;
use crate::session::core::Purpose;
use crate::session::msg_id::Cause;
use crate::session::outbox::{Entry, Key, Kind, State};
use crate::session::state::{NOT_RECEIVED, NOT_YET, RECEIVED, UNKNOWN, WHICH};
use crate::session::wire::{self, Ids, MSGS_STATE_REQ};

impl Session {
    pub(super) fn on_ack(&mut self, ids: Ids<'_>) {
        for id in ids.iter() {
            if let Some(key) = self.core.outbox.find(id) {
                self.received(key);
            }
        }
    }

    /// Asks about messages of which nothing was heard for too long.
    pub(super) fn ask(&mut self, now: Now) {
        let silent = |entry: &Entry| entry.state == State::Sent && entry.due <= now.monotonic;
        let keys = self.core.outbox.select(silent);
        let mut asked = core::mem::take(&mut self.asked);
        asked.clear();
        let mut ids = Vec::new();
        for key in keys {
            let Some(entry) = self.core.outbox.get_mut(key) else {
                continue;
            };
            if entry.msg_id == 0 {
                self.again(key);
                continue;
            }
            entry.tries = entry.tries.saturating_add(1);
            entry.due = now
                .monotonic
                .saturating_add(backoff(self.config.ask_after, entry.tries));
            if can_be_asked_about(entry) {
                if ids.len() < ack::MAX_IDS {
                    ids.push(entry.msg_id);
                    asked.push(key);
                }
            } else {
                // Queries may be asked twice, and one that comes again under its id gets no answer.
                self.rename(key);
            }
        }
        self.asked = asked;
        if !ids.is_empty() {
            self.core.control(Cause::Own, Purpose::StateReq, |out| {
                wire::write_ids(MSGS_STATE_REQ, &ids, out);
            });
        }
    }

    pub(super) fn on_state_info(&mut self, now: Now, info: &MsgsStateInfo<'_>) {
        if info.req_msg_id != self.core.last_state_req || info.info.len() != self.asked.len() {
            return;
        }
        let asked = core::mem::take(&mut self.asked);
        for (key, state) in asked.iter().zip(info.info) {
            self.on_state(now, *key, *state);
        }
    }

    /// Nobody has asked, so that it may be old. What was received stays so; about everything else
    /// the server is asked.
    pub(super) fn on_all_info(&mut self, now: Now, ids: Ids<'_>, info: &[u8]) {
        for (id, state) in ids.iter().zip(info) {
            let Some(key) = self.core.outbox.find(id) else {
                continue;
            };
            if state & WHICH >= RECEIVED {
                self.received(key);
            } else if let Some(entry) = self.core.outbox.get_mut(key)
                && entry.state == State::Sent
            {
                entry.due = entry.due.min(now.monotonic);
                self.scan_by(now.monotonic);
            }
        }
    }

    fn on_state(&mut self, now: Now, key: Key, state: u8) {
        let Some(entry) = self.core.outbox.get(key) else {
            return;
        };
        if entry.msg_id == 0 {
            return;
        }
        match state & WHICH {
            UNKNOWN => self.forgotten(now, key),
            // Too old to be taken under this id, by now or ever.
            NOT_RECEIVED | NOT_YET if self.is_too_old(now, entry.msg_id) => {
                self.rename(key);
            }
            // The same id, so that a copy that comes late does no harm.
            NOT_RECEIVED | NOT_YET => self.again(key),
            RECEIVED.. => self.received(key),
            _ => {}
        }
    }

    /// The server wants messages again.
    pub(super) fn on_resend_req(&mut self, req_msg_id: i64, ids: Ids<'_>) {
        let mut all = true;
        for id in ids.iter().take(ack::MAX_IDS) {
            match self.core.outbox.find(id) {
                Some(key) => self.again(key),
                None => all = false,
            }
        }
        if !all {
            self.core.answer_state(req_msg_id, ids, Core::state_of);
        }
    }
}

/// Whether the server knows what became of it by its id. Everything else is simply sent again.
pub(super) fn can_be_asked_about(entry: &Entry) -> bool {
    matches!(entry.kind, Kind::Call(_))
}
