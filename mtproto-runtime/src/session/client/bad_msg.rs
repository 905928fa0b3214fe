//! `bad_msg_notification` and `bad_server_salt`: the server has not taken a message.
//!
//! They are believed only about messages that were sent lately: whoever repeats an old one must
//! not be able to set salt or clock.

use core::time::Duration;

use super::{CallError, Session, code};
use crate::Now;
use crate::session::msg_id::{self, FUTURE};
use crate::session::outbox::{Key, State};

/// How often a message is sent anew that the server finds fault with.
const MAX_TRIES: u8 = 4;
/// When a ping goes again that may have been refused. A server that was just started refuses
/// everything for a while.
const PING_AGAIN: Duration = Duration::from_secs(1);

impl Session {
    pub(super) fn on_bad_msg(&mut self, now: Now, msg_id: i64, bad_msg_id: i64, code: i32) {
        if !self.core.is_recent(bad_msg_id) {
            return;
        }
        let refused = self.core.in_packet(bad_msg_id);
        self.ping.refused(now.monotonic.saturating_add(PING_AGAIN));
        if msg_id < self.salted {
            self.doubt(now, &refused);
            return;
        }
        match code {
            code::ID_TOO_LOW | code::ID_TOO_HIGH => {
                self.sync(now, msg_id);
                for key in refused {
                    self.rename_refused(key, bad_msg_id, code);
                }
                // Ids only grow, so that no good one is left in this session. What else was sent
                // under such an id may be taken yet, or have been: the notice may come late.
                let time = self.core.ids.time(now);
                self.renewal |= self.core.ids.last().saturating_sub(time) > FUTURE;
            }
            code::FORGOTTEN => {
                // Perhaps the clock is behind, and the server was started meanwhile.
                self.sync_if_wrong(now, msg_id);
                for key in refused {
                    self.forgotten(now, key);
                }
            }
            code::SEQ_TOO_LOW | code::SEQ_TOO_HIGH => {
                for key in refused {
                    self.rename_refused(key, bad_msg_id, code);
                }
                self.renewal = true;
            }
            code::SALT => {
                for key in refused {
                    self.again(key);
                }
            }
            // The others say that the client itself has broken a rule.
            _ => {
                for key in refused {
                    self.rename_refused(key, bad_msg_id, code);
                }
            }
        }
    }

    pub(super) fn on_bad_salt(&mut self, now: Now, msg_id: i64, bad_msg_id: i64, salt: i64) {
        if !self.core.is_recent(bad_msg_id) {
            return;
        }
        self.sync_if_wrong(now, msg_id);
        self.salts.set(salt);
        self.salted = self.salted.max(msg_id);
        self.salts_asked = None;
        self.ping.refused(now.monotonic);
        for key in self.core.in_packet(bad_msg_id) {
            self.again(key);
        }
    }

    /// A notice is older than the salt in use. Perhaps the server has crashed meanwhile, and the
    /// one that is there now, which wants another salt, has taken what the other did not: somebody may
    /// have held the notice back. The server is asked.
    fn doubt(&mut self, now: Now, refused: &[Key]) {
        for key in refused {
            if let Some(entry) = self.core.outbox.get_mut(*key)
                && entry.state == State::Sent
            {
                entry.due = entry.due.min(now.monotonic);
                self.scan_by(now.monotonic);
            }
        }
    }

    /// The server's time, from a notice about a message that was sent lately.
    pub(super) fn sync_if_wrong(&mut self, now: Now, msg_id: i64) {
        let age = msg_id::age(msg_id, self.core.ids.time(now));
        if !self.core.ids.is_synced() || age != msg_id::Age::Good {
            self.sync(now, msg_id);
        }
    }

    /// A message was not taken, and will not be: it may go under a new id.
    fn rename_refused(&mut self, key: Key, bad_msg_id: i64, code: i32) {
        let Some(entry) = self.core.outbox.get_mut(key) else {
            return;
        };
        entry.tries = entry.tries.saturating_add(1);
        let (own, tries) = (entry.msg_id == bad_msg_id, entry.tries);
        if tries > MAX_TRIES {
            self.fail(key, CallError::Refused { code });
        } else if own || entry.packets == 1 {
            self.rename(key);
        } else {
            // Only its container was refused; it may have arrived in another one before.
            self.again(key);
        }
    }

    /// To be sent again under the same id.
    pub(super) fn again(&mut self, key: Key) {
        self.core.outbox.requeue(key);
    }

    /// Sent over a connection that is gone: has it arrived?
    pub(super) fn recheck(&mut self, now: Now, key: Key) {
        let is_call = self
            .core
            .outbox
            .get(key)
            .map(super::states::can_be_asked_about);
        match is_call {
            Some(true) => {
                if let Some(entry) = self.core.outbox.get_mut(key)
                    && entry.state != State::Queued
                {
                    entry.state = State::Sent;
                    entry.due = now.monotonic;
                }
            }
            _ => self.again(key),
        }
    }

    /// Whether the server would refuse an id as too old.
    pub(super) fn is_too_old(&self, now: Now, id: i64) -> bool {
        self.core.ids.is_synced() && msg_id::age(id, self.core.ids.time(now)) == msg_id::Age::TooOld
    }
}
