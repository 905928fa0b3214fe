//! `msgs_state_req`, `msgs_state_info` and `msgs_all_info`: what has become of messages.
//!
//! See <https://core.telegram.org/mtproto/service_messages_about_messages#request-for-message-status-information>.

use super::core::{Core, Purpose};
use super::msg_id::Cause;
use super::replay::{Known, Mark};
use super::wire::{self, Ids, MsgsStateInfo};
use super::{ack, msg_id};

/// The lowest three bits of a state.
pub(crate) const WHICH: u8 = 7;
/// Nothing is known: the id is too low.
pub(crate) const UNKNOWN: u8 = 1;
/// Not received, though messages before and after were.
pub(crate) const NOT_RECEIVED: u8 = 2;
/// Not received, and none after it.
pub(crate) const NOT_YET: u8 = 3;
/// Received.
pub(crate) const RECEIVED: u8 = 4;
/// Received, and acknowledged.
pub(crate) const ACKNOWLEDGED: u8 = 8;
/// Received, and wants no ack.
pub(crate) const NO_ACK: u8 = 16;
/// Its request is running or done.
pub(crate) const RUNNING: u8 = 32;
/// The answer is there.
pub(crate) const ANSWERED: u8 = 64;

impl Core {
    /// What is known of a message of the peer's.
    pub(crate) fn state_of(&self, id: i64) -> u8 {
        if !msg_id::is_of(id, self.side.peer()) {
            return UNKNOWN;
        }
        match self.replay.look_up(id) {
            // Whoever reads this takes it for an ack.
            Known::Yes(Mark::Content) => RECEIVED | ACKNOWLEDGED,
            Known::Yes(Mark::NoAck | Mark::Container) => RECEIVED | NO_ACK,
            // A refused message has no effect, and must be sent under another id.
            Known::Yes(Mark::Refused) => NOT_RECEIVED,
            Known::Forgotten => UNKNOWN,
            Known::No if id > self.replay.highest() => NOT_YET,
            Known::No => NOT_RECEIVED,
        }
    }

    /// Answers `msgs_state_req`, or a `msg_resend_req` that can't be followed.
    pub(crate) fn answer_state(
        &mut self,
        req_msg_id: i64,
        ids: Ids<'_>,
        state_of: impl Fn(&Self, i64) -> u8,
    ) {
        let info: Vec<u8> = ids
            .iter()
            .take(ack::MAX_IDS)
            .map(|id| state_of(self, id))
            .collect();
        self.control(Cause::Answer, Purpose::None, |out| {
            let info = MsgsStateInfo {
                req_msg_id,
                info: &info,
            };
            wire::write(&info, out);
        });
    }
}
