//! `msg_detailed_info` and `msg_new_detailed_info`: the server has a message for the client, and
//! says so instead of sending it.
//!
//! See <https://core.telegram.org/mtproto/service_messages_about_messages#extended-voluntary-communication-of-status-of-one-message>.

use super::Session;
use crate::Now;
use crate::Side;
use crate::session::core::Purpose;
use crate::session::msg_id::{self, Cause};
use crate::session::replay::Known;
use crate::session::wire::{self, MSG_RESEND_REQ};

impl Session {
    pub(super) fn on_detailed_info(&mut self, now: Now, msg_id: Option<i64>, answer_msg_id: i64) {
        if let Some(key) = msg_id.and_then(|id| self.core.outbox.find(id)) {
            self.received(key);
        }
        if !msg_id::is_of(answer_msg_id, Side::Server) {
            return;
        }
        match self.core.replay.look_up(answer_msg_id) {
            Known::No => self.core.control(Cause::Own, Purpose::None, |out| {
                wire::write_ids(MSG_RESEND_REQ, &[answer_msg_id], out);
            }),
            Known::Yes(_) | Known::Forgotten => self.core.acks.push(now.monotonic, answer_msg_id),
        }
    }
}
