//! Keys: which there are, whose they are, what they may do, and how they go.

use core::time::Duration;
use std::collections::BTreeSet;

use super::sessions::all_of;
use super::{Ended, Record, Server, SessionRef};
use crate::crypto::AuthKey;
use crate::handshake::NewKey;
use crate::session::server::KeySalts;
use crate::session::{ReplayWindow, SaltSecret};
use crate::{Now, Provider};

/// How long the salt of a key exchange is valid.
const FIRST_SALT: i64 = 3600;

/// How many refused messages of forgotten sessions are remembered for each key. Beyond, the key has
/// to wait until the lowest of them would be in time.
const MAX_REFUSED: usize = 256;

#[derive(Clone, Debug)]
pub(super) struct KeyEntry {
    pub(super) auth_key: AuthKey,
    pub(super) first_salt: i64,
    /// Until when `first_salt` is valid, in Unix seconds.
    pub(super) first_salt_until: i64,
    pub(super) expires_at: Option<i32>,
    /// The permanent key of a temporary one.
    pub(super) bound: Option<i64>,
    /// What was received in sessions that are forgotten, as far as it is known.
    pub(super) received: ReplayWindow,
    /// What its salts are made of besides the secret. Another number makes all salts of before
    /// invalid, and with them every packet that somebody may have kept.
    pub(super) era: i64,
    /// No message is taken any more.
    pub(super) destroyed: bool,
    /// Nobody has shown yet to have it, nor bound another to it.
    pub(super) is_unused: bool,
}

impl KeyEntry {
    /// When a new key was made, in Unix seconds.
    pub(super) fn made_at(&self) -> i64 {
        self.first_salt_until - FIRST_SALT
    }

    pub(super) fn is_expired(&self, now: Now) -> bool {
        self.expires_at
            .is_some_and(|at| i128::from(at) <= i128::from(now.unix.as_secs()))
    }

    pub(super) fn salts(&self, now: Now) -> SaltsOf {
        let seconds = i64::try_from(now.unix.as_secs()).unwrap_or(i64::MAX);
        SaltsOf {
            name: self.auth_key.id() ^ self.era,
            first: (seconds < self.first_salt_until).then_some(self.first_salt),
        }
    }
}

/// Which salts are a key's, of all that can be made of the secret.
#[derive(Clone, Copy)]
pub(super) struct SaltsOf {
    name: i64,
    first: Option<i64>,
}

impl SaltsOf {
    pub(super) fn of(self, secret: &SaltSecret) -> KeySalts<'_> {
        KeySalts {
            secret,
            auth_key_id: self.name,
            first: self.first,
        }
    }
}

/// Nothing up to this id may be taken.
pub(super) fn nothing_up_to(id: i64) -> ReplayWindow {
    let mut received = ReplayWindow::new(MAX_REFUSED);
    received.forget(id);
    received
}

impl<P: Provider> Server<P> {
    /// Adds a permanent key that was kept, of whose use nothing is known. [`Self::load`] does it
    /// for all keys of a store, and knows more if the server was shut down in order.
    ///
    /// A message of it that was made before the server was started, or within 30 seconds after by
    /// the client's clock, is refused: it may have been received before. Clients wait and try
    /// again. Salts that its clients know are refused, too, even if their secret was kept: a message
    /// of a client whose clock was ahead may have been refused then and come in time now.
    pub fn add_key(&mut self, auth_key: AuthKey) {
        let forgotten = self.forgotten;
        self.add_old_key(auth_key, forgotten, forgotten);
    }

    /// The same if it is known how far its messages were received: no message with an id above
    /// [`Session::highest_received`](crate::session::server::Session::highest_received) of any of its sessions. Its salts are those of before.
    pub fn add_key_of(&mut self, auth_key: AuthKey, highest_received: i64) {
        self.add_old_key(auth_key, highest_received, self.era);
    }

    pub(super) fn add_old_key(&mut self, auth_key: AuthKey, highest_received: i64, era: i64) {
        let entry = KeyEntry {
            first_salt: 0,
            first_salt_until: 0,
            expires_at: None,
            bound: None,
            received: nothing_up_to(highest_received),
            era,
            destroyed: false,
            is_unused: false,
            auth_key,
        };
        self.keys.entry(entry.auth_key.id()).or_insert(entry);
    }

    /// Adds a key that a key exchange has made; false if there is one with this id already.
    pub fn add_new_key(&mut self, key: NewKey) -> bool {
        let id = key.auth_key.id();
        if id == 0 || self.keys.contains_key(&id) {
            return false;
        }
        let entry = KeyEntry {
            auth_key: key.auth_key.clone(),
            first_salt: key.first_salt,
            first_salt_until: i64::from(key.server_time) + FIRST_SALT,
            expires_at: key.expires_at,
            bound: None,
            received: nothing_up_to(i64::MIN),
            era: self.era,
            destroyed: false,
            is_unused: key.expires_at.is_none(),
        };
        match entry.expires_at {
            Some(expires_at) => {
                self.unbound.insert((entry.made_at(), id));
                self.expiries.insert((expires_at, id))
            }
            None => self.unused.insert((entry.made_at(), id)),
        };
        self.keys.insert(id, entry);
        self.records.push_back(Record::NewKey(key));
        true
    }

    /// The key with this id, unless it is not known or has expired.
    #[must_use]
    pub fn auth_key(&self, now: Now, auth_key_id: i64) -> Option<&AuthKey> {
        let entry = self.keys.get(&auth_key_id)?;
        (!entry.destroyed && !entry.is_expired(now)).then_some(&entry.auth_key)
    }

    /// The key with this id for a packet that [`Self::poll_packet`] gave: one that is destroyed may
    /// still say so.
    #[must_use]
    pub fn sending_key(&self, auth_key_id: i64) -> Option<&AuthKey> {
        self.keys.get(&auth_key_id).map(|entry| &entry.auth_key)
    }

    /// Whether there is a permanent key with this id.
    #[must_use]
    pub fn is_permanent(&self, auth_key_id: i64) -> bool {
        let key = self.keys.get(&auth_key_id);
        key.is_some_and(|key| key.expires_at.is_none())
    }

    /// Whether a key with this id is known.
    #[must_use]
    pub fn has_key(&self, auth_key_id: i64) -> bool {
        self.keys.contains_key(&auth_key_id)
    }

    /// Forgets a key and its sessions; with a permanent key, temporary ones that are bound to it.
    pub fn remove_key(&mut self, auth_key_id: i64) {
        self.end_key(auth_key_id, Ended::Closed);
    }

    pub(super) fn end_key(&mut self, auth_key_id: i64, why: Ended) {
        for temporary in self.bound_to(auth_key_id) {
            self.end_key(temporary, why);
        }
        let of_key = self.sessions.range(all_of(auth_key_id));
        let sessions: Vec<SessionRef> = of_key.map(|(session, _)| *session).collect();
        for session in sessions {
            self.forget(session, why);
        }
        self.remove_entry(auth_key_id);
    }

    /// The temporary keys that are bound to a permanent one.
    pub(super) fn bound_to(&self, permanent: i64) -> Vec<i64> {
        let keys = self
            .bound
            .range((permanent, i64::MIN)..=(permanent, i64::MAX));
        keys.map(|(_, temporary)| *temporary).collect()
    }

    pub(super) fn remove_entry(&mut self, auth_key_id: i64) {
        let Some(key) = self.keys.remove(&auth_key_id) else {
            return;
        };
        if let Some(expires_at) = key.expires_at {
            self.expiries.remove(&(expires_at, auth_key_id));
            self.unbound.remove(&(key.made_at(), auth_key_id));
        }
        if key.is_unused {
            self.unused.remove(&(key.made_at(), auth_key_id));
        }
        if let Some(permanent) = key.bound {
            self.bound.remove(&(permanent, auth_key_id));
        }
    }

    /// Forgets temporary keys that have expired, `most` of them at a time, and says which: call it
    /// now and then. They are refused without it, but stay in memory.
    pub fn forget_expired(&mut self, now: Now, most: usize) -> Vec<i64> {
        let seconds = i128::from(now.unix.as_secs());
        let expired = self.expiries.iter().take(most);
        let expired: Vec<i64> = expired
            .take_while(|(at, _)| i128::from(*at) <= seconds)
            .map(|(_, id)| *id)
            .collect();
        for id in &expired {
            self.end_key(*id, Ended::Expired);
        }
        expired
    }

    /// Forgets permanent keys of key exchanges that were made so long ago and never used, `most` of
    /// them at a time, and says which. Whoever wants many keys of a server has not much use for
    /// them; a client uses its key at once, or makes another when it is refused.
    pub fn forget_unused(&mut self, now: Now, after: Duration, most: usize) -> Vec<i64> {
        let unused = made_before(&self.unused, now, after, most);
        for id in &unused {
            self.end_key(*id, Ended::Expired);
        }
        unused
    }

    /// The same with temporary keys that are not bound, though they may be in use: they may ask for
    /// little, and their clients can make another.
    pub fn forget_unbound(&mut self, now: Now, after: Duration, most: usize) -> Vec<i64> {
        let unbound = made_before(&self.unbound, now, after, most);
        for id in &unbound {
            self.end_key(*id, Ended::Expired);
        }
        unbound
    }

    /// Somebody has a key.
    pub(super) fn note_use(&mut self, auth_key_id: i64) {
        if let Some(key) = self.keys.get_mut(&auth_key_id)
            && core::mem::take(&mut key.is_unused)
        {
            self.unused.remove(&(key.made_at(), auth_key_id));
        }
    }

    /// The highest id of a message that was received under a key, though it may have been refused
    /// as too new: for [`Self::add_key_of`] in the next life. `None` for a key that is not known.
    #[must_use]
    pub fn received_up_to(&self, auth_key_id: i64) -> Option<i64> {
        let key = self.keys.get(&auth_key_id)?;
        let sessions = self.sessions.range(all_of(auth_key_id));
        let highest = sessions.map(|(_, entry)| entry.session.highest_received());
        Some(highest.fold(key.received.highest(), i64::max))
    }

    /// Ids of all keys.
    pub fn key_ids(&self) -> impl Iterator<Item = i64> {
        self.keys.keys().copied()
    }

    /// The permanent key of a client: of a temporary key, the one to which it is bound.
    #[must_use]
    pub fn permanent_key(&self, auth_key_id: i64) -> Option<i64> {
        self.permanent_of(auth_key_id)
    }

    /// The key takes no message any more, and is gone when the answer to that has been sent.
    pub(super) fn destroy_key(&mut self, from: SessionRef) {
        let others: Vec<SessionRef> = self
            .sessions
            .range(all_of(from.auth_key_id))
            .map(|(other, _)| *other)
            .filter(|other| *other != from)
            .collect();
        for other in others {
            self.forget(other, Ended::Destroyed);
        }
        for temporary in self.bound_to(from.auth_key_id) {
            self.end_key(temporary, Ended::Destroyed);
        }
        if let Some(key) = self.keys.get_mut(&from.auth_key_id) {
            key.destroyed = true;
        }
        self.records
            .push_back(Record::KeyDestroyed(from.auth_key_id));
        self.remove_destroyed(from.auth_key_id);
    }

    /// A destroyed key stays until nobody is left to be told.
    pub(super) fn remove_destroyed(&mut self, auth_key_id: i64) {
        if !self.keys.get(&auth_key_id).is_some_and(|key| key.destroyed) {
            return;
        }
        let of_key = self.sessions.range(all_of(auth_key_id));
        if of_key.clone().any(|(_, entry)| entry.link.is_some()) {
            return;
        }
        let sessions: Vec<SessionRef> = of_key.map(|(session, _)| *session).collect();
        self.remove_entry(auth_key_id);
        for session in sessions {
            self.forget(session, Ended::Destroyed);
        }
    }

    pub(super) fn permanent_of(&self, auth_key_id: i64) -> Option<i64> {
        let key = self.keys.get(&auth_key_id)?;
        match key.expires_at {
            None => Some(auth_key_id),
            Some(_) => key.bound,
        }
    }
}

/// The first few of keys that were made so long ago.
fn made_before(keys: &BTreeSet<(i64, i64)>, now: Now, after: Duration, most: usize) -> Vec<i64> {
    let before = i128::from(now.unix.saturating_sub(after).as_secs());
    let keys = keys.iter().take(most);
    keys.take_while(|(made_at, _)| i128::from(*made_at) <= before)
        .map(|(_, id)| *id)
        .collect()
}
