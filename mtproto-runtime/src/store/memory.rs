//! A store that ends with the program.

use std::collections::BTreeMap;

use super::{Error, Store, StoredKey, StoredSession};

/// Keys and sessions in memory; never fails.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct MemoryStore {
    keys: BTreeMap<i64, StoredKey>,
    sessions: BTreeMap<(i64, i64), StoredSession>,
}

impl Store for MemoryStore {
    fn key_ids(&self) -> Result<Vec<i64>, Error> {
        Ok(self.keys.keys().copied().collect())
    }

    fn key(&self, auth_key_id: i64) -> Result<Option<StoredKey>, Error> {
        Ok(self.keys.get(&auth_key_id).cloned())
    }

    fn save_key(&mut self, key: &StoredKey) -> Result<(), Error> {
        self.keys.insert(key.auth_key.id(), key.clone());
        Ok(())
    }

    fn remove_key(&mut self, auth_key_id: i64) -> Result<bool, Error> {
        self.sessions.retain(|(key, _), _| *key != auth_key_id);
        Ok(self.keys.remove(&auth_key_id).is_some())
    }

    fn sessions(&self, auth_key_id: i64) -> Result<Vec<StoredSession>, Error> {
        let all = (auth_key_id, i64::MIN)..=(auth_key_id, i64::MAX);
        Ok(self
            .sessions
            .range(all)
            .map(|(_, session)| *session)
            .collect())
    }

    fn save_session(&mut self, session: &StoredSession) -> Result<(), Error> {
        let id = (session.auth_key_id, session.session_id);
        self.sessions.insert(id, *session);
        Ok(())
    }

    fn remove_session(&mut self, auth_key_id: i64, session_id: i64) -> Result<bool, Error> {
        let id = (auth_key_id, session_id);
        Ok(self.sessions.remove(&id).is_some())
    }
}
