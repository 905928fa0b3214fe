//! The store of a server: keys are saved as they are made, and what has to be known of messages in
//! the next life is kept as [`Marks`] say.
//!
//! After a crash, only a second has to pass, and the server waits for it before it listens. For that,
//! a mark of its own is saved for a client whose clock is further ahead, before its message is handled.

use core::time::Duration;
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::Now;
use crate::connection::server::{Marks, Server};
use crate::crypto::AuthKey;
use crate::handshake::NewKey;
use crate::store::{Error, Store, StoredKey};

/// The store of a server, and what has been read from it.
pub(super) struct Keys {
    /// Locked before the marks, which are locked for no longer than to look something up.
    store: Mutex<Box<dyn Store + Send>>,
    marks: Mutex<Marks>,
}

/// What was read.
pub(super) struct Loaded {
    pub(super) keys: Keys,
    pub(super) auth_keys: Vec<AuthKey>,
    /// How long it takes until new messages are taken.
    pub(super) wait: Duration,
}

/// Clocks that are ahead by no more need no mark of their own.
const AHEAD: Duration = Duration::from_secs(1);

impl Keys {
    /// Reads all keys. From now on until [`Self::close`], the server counts as crashed.
    pub(super) fn load(mut store: Box<dyn Store + Send>, now: Now) -> Result<Loaded, Error> {
        let marks = Marks::load(&mut *store, now, AHEAD)?;
        let mut auth_keys = Vec::new();
        for id in store.key_ids()? {
            if let Some(key) = store.key(id)? {
                auth_keys.push(key.auth_key);
            }
        }
        let wait = match auth_keys.is_empty() {
            true => Duration::ZERO,
            false => marks.wait(now),
        };
        let keys = Self {
            store: Mutex::new(store),
            marks: Mutex::new(marks),
        };
        Ok(Loaded {
            keys,
            auth_keys,
            wait,
        })
    }

    /// Gives keys that were read to the server.
    pub(super) fn add_to(&self, server: &mut Server, auth_keys: Vec<AuthKey>) {
        let marks = self.marks();
        for auth_key in auth_keys {
            server.add_key_after(auth_key, &marks);
        }
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
        self.marks().forget(auth_key_id);
        store.remove_key(auth_key_id).map(|_| ())
    }

    /// Whether a message has to wait for [`Self::mark`].
    pub(super) fn needs_mark(&self, now: Now, auth_key_id: i64, msg_id: i64) -> bool {
        self.marks().needs(now, auth_key_id, msg_id)
    }

    /// Keeps that messages up to this one may have been received.
    pub(super) fn mark(&self, auth_key_id: i64, msg_id: i64) -> Result<(), Error> {
        let mut store = self.store();
        let record = self.marks().record(auth_key_id, msg_id);
        if let Some(record) = record {
            store.save_session(&record)?;
            self.marks().note(&record);
        }
        Ok(())
    }

    /// The server takes no message any more: a restart need not wait.
    pub(super) fn close(&self, now: Now, server: &Server) -> Result<(), Error> {
        let mut store = self.store();
        server.save(now, &self.marks(), &mut **store)
    }

    fn store(&self) -> MutexGuard<'_, Box<dyn Store + Send>> {
        self.store.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn marks(&self) -> MutexGuard<'_, Marks> {
        self.marks.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
