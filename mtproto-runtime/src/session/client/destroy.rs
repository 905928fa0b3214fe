//! `destroy_session` and `destroy_auth_key`.
//!
//! See <https://core.telegram.org/mtproto/service_messages#request-to-destroy-session>.

use super::{Record, Session};
use crate::service::functions;
use crate::session::outbox::{Kind, Query};
use crate::session::wire;

impl Session {
    /// Tells the server to forget another session of the same key; answered by
    /// [`Event::SessionDestroyed`](super::Event::SessionDestroyed).
    pub fn destroy_session(&mut self, session_id: i64) {
        let query = Kind::Query(Query::DestroySession(session_id));
        self.core.outbox.insert(query, |body| {
            wire::write(&functions::DestroySession { session_id }, body);
        });
    }

    /// Tells the server to forget the key; answered by
    /// [`Event::KeyDestroyed`](super::Event::KeyDestroyed).
    pub fn destroy_auth_key(&mut self) {
        let query = Kind::Query(Query::DestroyAuthKey);
        self.core.outbox.insert(query, |body| {
            wire::write(&functions::DestroyAuthKey {}, body);
        });
    }

    pub(super) fn on_session_destroyed(&mut self, session_id: i64, found: bool) {
        if self.take_query(Query::DestroySession(session_id)) {
            self.inbox.push(Record::SessionDestroyed(session_id, found));
        }
    }

    pub(super) fn on_key_destroyed(&mut self, destroyed: bool) {
        if self.take_query(Query::DestroyAuthKey) {
            self.inbox.push(Record::KeyDestroyed(destroyed));
        }
    }

    /// Whether this was asked; it is answered now.
    fn take_query(&mut self, query: Query) -> bool {
        let found = self
            .core
            .outbox
            .select(|entry| entry.kind == Kind::Query(query) && entry.msg_id != 0);
        let asked = !found.is_empty();
        for key in found {
            self.core.outbox.remove(key);
        }
        asked
    }
}
