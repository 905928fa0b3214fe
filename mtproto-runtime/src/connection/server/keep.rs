//! From one life of a server to the next: what it has to know of its keys so that nothing runs
//! twice.
//!
//! Message ids are times, so that a server that knows nothing of its last life can refuse what may
//! have been received in it by refusing everything that is not clearly younger than its start. That
//! costs clients half a minute. A server that is shut down in order leaves for each key the highest
//! id that it has taken; then the next one goes on at once.
//!
//! What was refused as too new is neither: it is far above everything that was taken, somebody may
//! have kept it, and in the next life it may come in time, when its client has long since sent it
//! under another id. Its salt gives it away: a key of which something was refused so, or of which
//! nothing is known, gets salts of another *era*.

use super::{KeyEntry, Server, SessionRef};
use crate::session::latest_msg_id_at;
use crate::store::{self, Store, StoredSession};
use crate::{Now, Provider};

impl<P: Provider> Server<P> {
    /// Adds the keys of a store, and takes from it what [`Self::save`] has left there. Call it when
    /// the server is started.
    ///
    /// Keys of which nothing was left, since the last life did not end in order, are added as by
    /// [`Self::add_key`].
    ///
    /// ```
    /// use std::time::Instant;
    /// use mtproto_runtime::Now;
    /// use mtproto_runtime::connection::server::{Config, Server};
    /// use mtproto_runtime::crypto::random::SystemRandom;
    /// use mtproto_runtime::session::SaltSecret;
    /// use mtproto_runtime::store::MemoryStore;
    ///
    /// # fn main() -> Result<(), mtproto_runtime::store::Error> {
    /// let now = Now::system(Instant::now());
    /// let mut store = MemoryStore::default();
    /// # let secret = [7; 32];
    /// let mut server = Server::with_salts(now, Config::new([]), SaltSecret::new(secret));
    /// server.load(&mut store)?;
    /// // A life, in which the permanent keys of `Event::NewKey` are saved in the store.
    /// server.save(now, &mut store)?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// [`store::Error`]; some keys may have been added.
    pub fn load(&mut self, store: &mut (impl Store + ?Sized)) -> Result<(), store::Error> {
        for auth_key_id in store.key_ids()? {
            let Some(key) = store.key(auth_key_id)? else {
                continue;
            };
            let kept = store.sessions(auth_key_id)?;
            // First of all: if this life ends badly, the next must not believe what was true at its
            // beginning.
            for session in &kept {
                store.remove_session(auth_key_id, session.session_id)?;
            }
            match kept.iter().find(|kept| kept.session_id == OF_KEY) {
                Some(kept) => self.add_old_key(key.auth_key, kept.highest_msg_id, kept.unique_id),
                None => self.add_key(key.auth_key),
            }
        }
        Ok(())
    }

    /// Leaves in a store what the next life has to know of permanent keys. Call it as the last
    /// thing, when no message will be taken any more; the keys themselves must be in the store.
    ///
    /// # Errors
    /// [`store::Error`]; keys of which nothing was saved are treated after the restart as if the
    /// server had crashed.
    pub fn save(&self, now: Now, store: &mut (impl Store + ?Sized)) -> Result<(), store::Error> {
        for (&auth_key_id, key) in &self.keys {
            if key.expires_at.is_none() && !key.destroyed {
                store.save_session(&self.record_of(now, auth_key_id, key))?;
            }
        }
        Ok(())
    }

    fn record_of(&self, now: Now, auth_key_id: i64, key: &KeyEntry) -> StoredSession {
        let first = SessionRef {
            auth_key_id,
            session_id: i64::MIN,
        };
        let last = SessionRef {
            auth_key_id,
            session_id: i64::MAX,
        };
        let mut received = key.received.clone();
        for (_, entry) in self.sessions.range(first..=last) {
            received.take_over(entry.session.received());
        }
        // What is left in it was refused.
        let era = match received.is_empty() {
            true => key.era,
            false => latest_msg_id_at(now.unix),
        };
        StoredSession {
            auth_key_id,
            session_id: OF_KEY,
            unique_id: era,
            highest_msg_id: received.floor(),
        }
    }
}

/// The session id in the record that a server keeps of a key.
const OF_KEY: i64 = 0;
