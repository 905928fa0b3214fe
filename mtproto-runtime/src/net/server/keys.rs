//! What a server keeps from one life to the next.
//!
//! Keys are saved as they are made. Of messages it must be known, after a restart, which may have
//! been received: clients send again what was not answered, and nothing may run twice. To save every
//! id before its message is handled would cost a write for each. So one mark is kept for all keys:
//! no message up to it is taken. It is the moment at which the server went down; after a crash, which
//! is seen by its absence, the moment at which it came up again, and a second. Ids are made of time,
//! so that new messages are above it. Only for a client whose clock is ahead by more than that second
//! there is a mark of its own, the id of its last message, saved before that is handled. It must not be
//! higher, to save the next write: a client that finds out about its clock goes on with ids that are
//! just above the last.

use core::time::Duration;
use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use crate::Now;
use crate::connection::server::Server;
use crate::crypto::AuthKey;
use crate::handshake::NewKey;
use crate::session::msg_id::{FUTURE, SECOND, from_unix};
use crate::store::{Error, Store, StoredKey, StoredSession};

/// The store of a server, and what has been read from it.
pub(super) struct Keys {
    store: Mutex<Box<dyn Store + Send>>,
    /// No message up to here is taken, under any key.
    floor: i64,
    /// Nor up to here under these keys.
    marks: Mutex<HashMap<i64, i64>>,
}

/// What was read.
pub(super) struct Loaded {
    pub(super) keys: Keys,
    /// Each with the highest id that may have been received under it.
    pub(super) auth_keys: Vec<(AuthKey, i64)>,
    /// How long it takes until new messages are above the floor.
    pub(super) wait: Duration,
}

/// Clocks that are ahead by no more need no mark of their own.
const AHEAD: i64 = SECOND;

/// The record of the server itself has this in the place of a key id, which no key has.
const NOBODY: i64 = 0;
/// The session id in the record of a mark.
const MARK: i64 = 1;

impl Keys {
    /// Reads all keys. From now on until [`Self::close`], the server counts as crashed.
    pub(super) fn load(mut store: Box<dyn Store + Send>, now: Now) -> Result<Loaded, Error> {
        let own = store.sessions(NOBODY)?;
        let clean = own.iter().map(|record| record.highest_msg_id).max();
        for record in &own {
            store.remove_session(NOBODY, record.session_id)?;
        }
        let time = from_unix(now.unix);
        let floor = clean.unwrap_or(time.saturating_add(AHEAD));
        let mut marks = HashMap::new();
        let mut auth_keys = Vec::new();
        for id in store.key_ids()? {
            let Some(key) = store.key(id)? else {
                continue;
            };
            let sessions = store.sessions(id)?;
            let mark = sessions.iter().map(|session| session.highest_msg_id).max();
            if let Some(mark) = mark {
                marks.insert(id, mark);
            }
            auth_keys.push((key.auth_key, mark.map_or(floor, |mark| mark.max(floor))));
        }
        let wait = match auth_keys.is_empty() {
            true => Duration::ZERO,
            false => to_duration(floor.saturating_sub(time).min(AHEAD)),
        };
        Ok(Loaded {
            keys: Self {
                store: Mutex::new(store),
                floor,
                marks: Mutex::new(marks),
            },
            auth_keys,
            wait,
        })
    }

    /// Keeps a key, unless it is a temporary one.
    pub(super) fn save(&self, key: &NewKey, now: Now) -> Result<(), Error> {
        match StoredKey::new(key, now) {
            Some(key) => self.store().save_key(&key),
            None => Ok(()),
        }
    }

    pub(super) fn remove(&self, auth_key_id: i64) -> Result<(), Error> {
        let mut store = self.store();
        self.marks().remove(&auth_key_id);
        store.remove_key(auth_key_id).map(|_| ())
    }

    /// Whether a message has to wait for [`Self::mark`]. What is further ahead than allowed will be
    /// refused.
    pub(super) fn needs_mark(&self, now: Now, auth_key_id: i64, msg_id: i64) -> bool {
        let ahead = msg_id.saturating_sub(from_unix(now.unix));
        (AHEAD + 1..=FUTURE).contains(&ahead)
            && msg_id > self.floor
            && self
                .marks()
                .get(&auth_key_id)
                .is_none_or(|mark| msg_id > *mark)
    }

    /// Keeps that messages up to this one may have been received.
    pub(super) fn mark(&self, auth_key_id: i64, msg_id: i64) -> Result<(), Error> {
        let mut store = self.store();
        // Another connection's mark, made meanwhile, must not be taken back.
        if self
            .marks()
            .get(&auth_key_id)
            .is_some_and(|mark| *mark >= msg_id)
        {
            return Ok(());
        }
        store.save_session(&StoredSession {
            auth_key_id,
            session_id: MARK,
            unique_id: 0,
            highest_msg_id: msg_id,
        })?;
        self.marks().insert(auth_key_id, msg_id);
        Ok(())
    }

    /// The server takes no message any more: a restart need not wait.
    pub(super) fn close(&self, now: Now, server: &Server) -> Result<(), Error> {
        let time = from_unix(now.unix);
        let of_keys = server.key_ids().filter_map(|id| server.received_up_to(id));
        let highest = of_keys.filter(|id| *id <= time.saturating_add(AHEAD)).max();
        self.store().save_session(&StoredSession {
            auth_key_id: NOBODY,
            session_id: 0,
            unique_id: 0,
            highest_msg_id: highest.map_or(time, |id| id.max(time)).max(self.floor),
        })
    }

    fn store(&self) -> std::sync::MutexGuard<'_, Box<dyn Store + Send>> {
        self.store.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn marks(&self) -> std::sync::MutexGuard<'_, HashMap<i64, i64>> {
        self.marks.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn to_duration(time: i64) -> Duration {
    let time = u64::try_from(time).unwrap_or(0);
    Duration::from_nanos(time.saturating_mul(125_000_000) >> 29) + Duration::from_millis(1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::MemoryStore;

    /// Two connections of one key, each with a message that is ahead of time.
    #[test]
    fn a_mark_is_never_taken_back() {
        let store = Box::new(MemoryStore::default());
        let keys = Keys::load(store, Now::default()).map(|loaded| loaded.keys);
        let Ok(keys) = keys else {
            panic!("a store in memory can't fail")
        };
        for (id, kept) in [(100, 100), (90, 100), (110, 110)] {
            assert!(keys.mark(7, id).is_ok());
            let sessions = keys.store().sessions(7);
            let marks = sessions.map(|all| all.iter().map(|s| s.highest_msg_id).collect());
            assert_eq!(marks.unwrap_or_else(|_| Vec::new()), [kept]);
        }
    }
}
