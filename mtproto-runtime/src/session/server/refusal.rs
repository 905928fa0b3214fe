//! Judging message ids, and telling the client what is not taken.

use super::{Cause, Heard, Mark, Purpose, Session, code, wire};
use crate::service::types;
use crate::session::msg_id::{self, Age};
use crate::session::replay::Known;
use crate::{Now, Side};

impl Session {
    /// Whether a message is to be taken: its id is a client's, new, and in time. If not, the
    /// client is told, or gets what it has missed.
    pub(super) fn judge(&mut self, now: Now, heard: Heard, is_container: bool) -> bool {
        if !msg_id::is_of(heard.msg_id, Side::Client) {
            self.refuse(heard, code::ID_PARITY);
            return false;
        }
        match self.core.replay.look_up(heard.msg_id) {
            Known::No => {}
            Known::Yes(Mark::Refused) => {
                self.refuse(heard, code::ID_TOO_HIGH);
                return false;
            }
            Known::Yes(Mark::Container) if is_container => return false,
            Known::Yes(_) if is_container => {
                self.refuse(heard, code::CONTAINER_ID);
                return false;
            }
            Known::Yes(mark) => {
                self.on_repeated(now, heard.msg_id, mark);
                return false;
            }
            // Requests are known for longer than ids.
            Known::Forgotten if self.requests.get(heard.msg_id).is_some() => {
                self.on_repeated(now, heard.msg_id, Mark::Content);
                return false;
            }
            Known::Forgotten => {
                self.refuse(heard, code::FORGOTTEN);
                return false;
            }
        }
        match msg_id::age(heard.msg_id, self.core.ids.time(now)) {
            Age::Good => true,
            Age::TooOld => {
                self.refuse(heard, code::ID_TOO_LOW);
                false
            }
            Age::TooNew => {
                // It will be in time one day. Somebody may keep it until then.
                self.core.replay.insert(heard.msg_id, Mark::Refused);
                self.refuse(heard, code::ID_TOO_HIGH);
                false
            }
        }
    }

    pub(super) fn refuse(&mut self, heard: Heard, error_code: i32) {
        let notice = types::BadMsgNotification {
            bad_msg_id: heard.msg_id,
            bad_msg_seqno: heard.seq_no,
            error_code,
        };
        self.core.control(Cause::Answer, Purpose::None, |out| {
            wire::write(&notice, out);
        });
    }

    pub(super) fn refuse_salt(&mut self, heard: Heard, new_server_salt: i64) {
        let notice = types::BadServerSalt {
            bad_msg_id: heard.msg_id,
            bad_msg_seqno: heard.seq_no,
            error_code: code::SALT,
            new_server_salt,
        };
        self.core.control(Cause::Answer, Purpose::None, |out| {
            wire::write(&notice, out);
        });
    }
}
