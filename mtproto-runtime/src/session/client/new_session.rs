//! `new_session_created`: the server knows nothing of what was before.
//!
//! See <https://core.telegram.org/mtproto/service_messages#new-session-creation-notification>.

use super::{Record, Session};
use crate::service::types::NewSessionCreated;

impl Session {
    pub(super) fn on_new_session(&mut self, created: &NewSessionCreated) {
        self.salts.set(created.server_salt);
        if self.unique_id.replace(created.unique_id) == Some(created.unique_id) {
            return;
        }
        let lost = self.core.outbox.select(|entry| {
            entry.msg_id != 0 && entry.packets > 0 && entry.packet < created.first_msg_id
        });
        for key in lost {
            self.lose(key);
        }
        self.inbox.push(Record::NewSession(created.unique_id));
    }
}
