//! From one life of a server to the next: what it has to know of its keys so that nothing runs
//! twice.
//!
//! Message ids are times, so that a server that knows nothing of its last life can refuse what may
//! have been received in it by refusing everything that is not clearly younger than its start. A
//! server that is shut down in order leaves a *mark*, the highest id that it has taken; then the next
//! one goes on at once. One mark serves all keys. Only what is further ahead of the clock, taken from
//! a client whose clock is wrong, has a mark of its key's own, or it would bar all others for so long.
//!
//! No mark means a crash. How long clients are barred then is how far ahead of the clock a message
//! may have been that was not marked: half a minute, which is as far as any is taken, unless the
//! driver marks those that are further ahead before they are handled ([`Marks::record`]).
//!
//! What was refused as too new is far above everything that was taken, somebody may have kept it, and
//! in the next life it may come in time, when its client has long since sent it under another id. Its
//! salt gives it away: a key of which something was refused so, and every key after a crash, gets
//! salts of another *era*.

use core::time::Duration;
use std::collections::BTreeMap;

use super::Server;
use super::keys::KeyEntry;
use super::sessions::all_of;
use crate::crypto::AuthKey;
use crate::session::msg_id::{FUTURE, SECOND, from_unix};
use crate::session::{ReplayWindow, latest_msg_id_at};
use crate::store::{Error, Store, StoredSession};
use crate::{Now, Provider};

/// What a server knows of its last life, and what has to be kept of this one.
///
/// [`Server::load`] makes it for a driver that keeps nothing until the end, [`Marks::load`] for one
/// that can write while it runs:
///
/// ```
/// use std::time::{Duration, Instant};
/// use mtproto_runtime::Now;
/// use mtproto_runtime::connection::server::Marks;
/// use mtproto_runtime::store::{MemoryStore, Store};
///
/// # fn main() -> Result<(), mtproto_runtime::store::Error> {
/// let now = Now::system(Instant::now());
/// let mut store = MemoryStore::default();
/// let mut marks = Marks::load(&mut store, now, Duration::from_secs(1))?;
/// // Before a message is handled:
/// let (auth_key_id, msg_id) = (7, i64::try_from(now.unix.as_secs() + 10).unwrap_or(0) << 32);
/// if marks.needs(now, auth_key_id, msg_id)
///     && let Some(record) = marks.record(auth_key_id, msg_id)
/// {
///     store.save_session(&record)?;
///     marks.note(&record);
/// }
/// assert!(!marks.needs(now, auth_key_id, msg_id));
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Marks {
    /// No message up to here is taken, under any key.
    floor: i64,
    /// The era of keys that have none of their own.
    era: i64,
    /// Whether the last life did not end in order: then no key's own era goes on.
    crashed: bool,
    /// How far ahead of the clock messages are taken without a mark.
    ahead: i64,
    /// What the store has of keys.
    kept: BTreeMap<i64, Kept>,
}

/// What a key has of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Kept {
    mark: i64,
    era: i64,
}

/// The record of the server itself has this in the place of a key id, which no key has.
const NOBODY: i64 = 0;
/// The session id in all records.
const MARK: i64 = 0;
/// What is further ahead of the clock than this at the end has a mark of its own.
const NEAR: i64 = SECOND;

/// How much later a message may be handled than it was judged.
const PATIENCE: i64 = FUTURE;

impl Marks {
    /// Takes from a store what the last life has left. From now on until [`Server::save`], the server
    /// counts as crashed.
    ///
    /// `ahead` says how far ahead of the clock a message may be that is handled without a mark, in
    /// this life and in the one before: no more than that is lost by a crash.
    ///
    /// # Errors
    /// [`Error`]
    pub fn load(
        store: &mut (impl Store + ?Sized),
        now: Now,
        ahead: Duration,
    ) -> Result<Self, Error> {
        let ahead = from_unix(ahead).min(FUTURE);
        let own = store.sessions(NOBODY)?;
        // If this life ends badly, the next must not believe what was true at its beginning.
        for record in &own {
            store.remove_session(NOBODY, record.session_id)?;
        }
        let own = own.iter().find(|record| record.session_id == MARK);
        let (floor, era) = match own {
            Some(record) => (record.highest_msg_id, record.unique_id),
            None => (
                from_unix(now.unix).saturating_add(ahead),
                // No life before had it.
                latest_msg_id_at(now.unix),
            ),
        };
        let mut marks = Self {
            floor,
            era,
            crashed: own.is_none(),
            ahead,
            kept: BTreeMap::new(),
        };
        for auth_key_id in store.key_ids()? {
            let records = store.sessions(auth_key_id)?;
            if let Some(record) = records.iter().find(|record| record.session_id == MARK) {
                marks.note(record);
            }
        }
        Ok(marks)
    }

    /// How long it takes until new messages are taken under the keys of the last life, of clients
    /// whose clocks are right. Waiting for so long before anybody is served spares them being
    /// refused.
    #[must_use]
    pub fn wait(&self, now: Now) -> Duration {
        let wait = self.floor.saturating_sub(from_unix(now.unix));
        let wait = u64::try_from(wait.min(self.ahead)).unwrap_or(0);
        match wait {
            0 => Duration::ZERO,
            // A millisecond, since ids are cut off.
            wait => {
                Duration::from_nanos(wait.saturating_mul(125_000_000) >> 29)
                    + Duration::from_millis(1)
            }
        }
    }

    /// Whether a message must not be handled before it is kept that it may have been received. What
    /// is further ahead than allowed will be refused, by a clock that may have gone on by half a minute
    /// until then: who asks may have to wait for the server. Temporary keys need no marks, since they
    /// do not outlive the server.
    #[must_use]
    pub fn needs(&self, now: Now, auth_key_id: i64, msg_id: i64) -> bool {
        let ahead = msg_id.saturating_sub(from_unix(now.unix));
        // With a lead of half a minute a crash loses nothing that could be taken.
        let is_ahead = self.ahead < FUTURE && ahead > self.ahead && ahead <= FUTURE + PATIENCE;
        is_ahead && msg_id > self.floor_of(auth_key_id)
    }

    /// What has to be saved so that it is kept that messages of a key up to this one may have been
    /// received; `None` if it is. When it is saved, [`Self::note`] it.
    ///
    /// It is no higher than the message, though that would save the next write: a client that finds
    /// out about its clock goes on with ids that are just above the last.
    #[must_use]
    pub fn record(&self, auth_key_id: i64, msg_id: i64) -> Option<StoredSession> {
        (msg_id > self.floor_of(auth_key_id)).then(|| {
            let era = self.era_of(auth_key_id);
            record(auth_key_id, Kept { mark: msg_id, era })
        })
    }

    /// Such a record has been saved.
    pub fn note(&mut self, saved: &StoredSession) {
        let kept = Kept {
            mark: saved.highest_msg_id,
            era: saved.unique_id,
        };
        self.kept.insert(saved.auth_key_id, kept);
    }

    /// A key is gone, and so is what the store had of it.
    pub fn forget(&mut self, auth_key_id: i64) {
        self.kept.remove(&auth_key_id);
    }

    fn floor_of(&self, auth_key_id: i64) -> i64 {
        let kept = self.kept.get(&auth_key_id);
        kept.map_or(self.floor, |kept| kept.mark.max(self.floor))
    }

    fn era_of(&self, auth_key_id: i64) -> i64 {
        let kept = self.kept.get(&auth_key_id).filter(|_| !self.crashed);
        kept.map_or(self.era, |kept| kept.era)
    }
}

fn record(auth_key_id: i64, kept: Kept) -> StoredSession {
    StoredSession {
        auth_key_id,
        session_id: MARK,
        unique_id: kept.era,
        highest_msg_id: kept.mark,
    }
}

impl<P: Provider> Server<P> {
    /// Adds the keys of a store, and takes from it what [`Self::save`] has left there. Call it when
    /// the server is started.
    ///
    /// If nothing was left, since the last life did not end in order, the keys are added as by
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
    /// let marks = server.load(now, &mut store)?;
    /// // A life, in which the permanent keys of `Event::NewKey` are saved in the store.
    /// server.save(now, &marks, &mut store)?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// [`store::Error`](Error); some keys may have been added.
    pub fn load(&mut self, now: Now, store: &mut (impl Store + ?Sized)) -> Result<Marks, Error> {
        let ahead = Duration::from_secs(FUTURE.unsigned_abs() >> 32);
        let marks = Marks::load(store, now, ahead)?;
        for auth_key_id in store.key_ids()? {
            if let Some(key) = store.key(auth_key_id)? {
                self.add_key_after(key.auth_key, &marks);
            }
        }
        Ok(marks)
    }

    /// Adds a permanent key of which the last life has left what these marks say.
    pub fn add_key_after(&mut self, auth_key: AuthKey, marks: &Marks) {
        let id = auth_key.id();
        self.era = marks.era;
        self.add_old_key(auth_key, marks.floor_of(id), marks.era_of(id));
    }

    /// Leaves in a store what the next life has to know of permanent keys. Call it as the last
    /// thing, when no message will be taken any more; the keys themselves must be in the store.
    ///
    /// # Errors
    /// [`store::Error`](Error); the next life will believe that the server has crashed.
    pub fn save(
        &self,
        now: Now,
        marks: &Marks,
        store: &mut (impl Store + ?Sized),
    ) -> Result<(), Error> {
        let near = from_unix(now.unix).saturating_add(NEAR);
        let permanent = |(id, key): (&i64, &KeyEntry)| {
            (key.expires_at.is_none() && !key.destroyed).then_some((*id, key.era))
        };
        let mut floor = marks.floor;
        for (id, _) in self.keys.iter().filter_map(permanent) {
            let taken = self.taken_up_to(id);
            if taken <= near {
                floor = floor.max(taken);
            }
        }
        for (id, era) in self.keys.iter().filter_map(permanent) {
            let mark = self.taken_up_to(id).max(floor);
            // What it will be, unless something is left that the mark does not cover.
            let era = match self.has_refused_above(id, mark) {
                true => latest_msg_id_at(now.unix),
                false => era,
            };
            let wanted = Kept { mark, era };
            let kept = marks.kept.get(&id);
            if Some(&wanted) == kept {
                continue;
            }
            if mark > floor || era != self.era {
                store.save_session(&record(id, wanted))?;
            } else if kept.is_some() {
                store.remove_session(id, MARK)?;
            }
        }
        // At last, since it is what says that all of it is true.
        let era = self.era;
        store.save_session(&record(NOBODY, Kept { mark: floor, era }))
    }

    /// Nothing was taken under a key above this id.
    fn taken_up_to(&self, auth_key_id: i64) -> i64 {
        self.windows(auth_key_id)
            .map(ReplayWindow::last_taken)
            .fold(i64::MIN, i64::max)
    }

    fn has_refused_above(&self, auth_key_id: i64, id: i64) -> bool {
        self.windows(auth_key_id)
            .any(|window| window.has_refused_above(id))
    }

    /// What was received under a key.
    fn windows(&self, auth_key_id: i64) -> impl Iterator<Item = &ReplayWindow> {
        let forgotten = self.keys.get(&auth_key_id).map(|key| &key.received);
        let sessions = self.sessions.range(all_of(auth_key_id));
        forgotten
            .into_iter()
            .chain(sessions.map(|(_, entry)| entry.session.received()))
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::connection::server::Config;
    use crate::session::{SaltSecret, msg_id};
    use crate::store::{MemoryStore, StoredKey};

    fn at(seconds: u64) -> Now {
        Now {
            monotonic: Duration::from_secs(seconds),
            unix: Duration::from_secs(1_800_000_000 + seconds),
        }
    }

    fn id_at(seconds: u64) -> i64 {
        from_unix(at(seconds).unix)
    }

    fn key(number: u8) -> StoredKey {
        StoredKey {
            auth_key: AuthKey::new([number; AuthKey::LEN]),
            dc: None,
            created_at: 0,
            salt: 0,
            clock_offset: 0,
        }
    }

    fn life(now: Now, store: &mut MemoryStore) -> (Server, Marks) {
        let mut server = Server::with_salts(now, Config::new([]), SaltSecret::new([7; 32]));
        let marks = server.load(now, store).unwrap();
        (server, marks)
    }

    /// Two connections of one key, each with a message that is ahead of time.
    #[test]
    fn a_mark_is_never_taken_back() {
        let mut store = MemoryStore::default();
        store.save_key(&key(1)).unwrap();
        let id = key(1).auth_key.id();
        let mut marks = Marks::load(&mut store, at(0), Duration::from_secs(1)).unwrap();
        let ten = id_at(10);
        for (msg_id, kept) in [(ten, ten), (ten - 4, ten), (ten + 4, ten + 4)] {
            if let Some(record) = marks.record(id, msg_id) {
                store.save_session(&record).unwrap();
                marks.note(&record);
            }
            assert!(!marks.needs(at(0), id, msg_id));
            let records = store.sessions(id).unwrap();
            let ids: Vec<i64> = records.iter().map(|r| r.highest_msg_id).collect();
            assert_eq!(ids, [kept]);
        }
        // They outlive crashes.
        let marks = Marks::load(&mut store, at(1), Duration::from_secs(1)).unwrap();
        assert_eq!(marks.floor_of(id), ten + 4);
        assert_eq!(marks.floor_of(5), id_at(2));
    }

    #[test]
    fn only_what_is_ahead_of_time_needs_a_mark() {
        let mut store = MemoryStore::default();
        let marks = Marks::load(&mut store, at(0), Duration::from_secs(1)).unwrap();
        let needs = |seconds| marks.needs(at(5), 7, id_at(seconds));
        assert_eq!(
            [0, 5, 6, 7, 35, 65, 66].map(needs),
            [false, false, false, true, true, true, false]
        );
        // It is handled by a later clock, which may say that it is in time.
        assert!(marks.needs(at(5), 7, id_at(36)));
        let age = msg_id::age(id_at(36), from_unix(at(6).unix));
        assert_eq!(age, msg_id::Age::Good);
        // Who marks nothing counts on nothing.
        let marks = Marks::load(&mut store, at(0), Duration::from_secs(100)).unwrap();
        assert!((0..100).all(|seconds| !marks.needs(at(5), 7, id_at(seconds))));
        assert_eq!(marks.floor_of(7), id_at(30));
    }

    #[test]
    fn one_record_serves_all_keys_that_are_not_ahead() {
        let mut store = MemoryStore::default();
        for number in 1..=3 {
            store.save_key(&key(number)).unwrap();
        }
        let [first, second, third] = [1, 2, 3].map(|number| key(number).auth_key.id());
        let taken = |server: &mut Server, id, msg_id| {
            server.keys.get_mut(&id).unwrap().received.forget(msg_id);
        };
        let (server, marks) = life(at(0), &mut store);
        server.save(at(100), &marks, &mut store).unwrap();
        let (mut server, marks) = life(at(200), &mut store);
        taken(&mut server, first, id_at(250));
        taken(&mut server, second, id_at(320));
        server.save(at(300), &marks, &mut store).unwrap();
        for (id, records) in [(NOBODY, 1), (first, 0), (second, 1), (third, 0)] {
            assert_eq!(store.sessions(id).unwrap().len(), records);
        }
        let (server, marks) = life(at(301), &mut store);
        let floors = [first, second, third].map(|id| marks.floor_of(id));
        assert_eq!(floors, [id_at(250), id_at(320), id_at(250)]);
        assert_eq!(marks.wait(at(301)), Duration::ZERO);
        assert_eq!(store.sessions(NOBODY).unwrap(), [], "not for two lives");

        // What has been caught up with is removed.
        server.save(at(400), &marks, &mut store).unwrap();
        let (mut server, marks) = life(at(401), &mut store);
        taken(&mut server, first, id_at(402));
        server.save(at(403), &marks, &mut store).unwrap();
        assert_eq!(store.sessions(second).unwrap(), []);
    }

    /// What was refused as too new would be in time in the next life.
    #[test]
    fn an_era_ends_with_a_crash_and_with_what_was_refused() {
        let mut store = MemoryStore::default();
        store.save_key(&key(1)).unwrap();
        store.save_key(&key(2)).unwrap();
        let [first, second] = [1, 2].map(|number| key(number).auth_key.id());
        let eras = |server: &Server| [first, second].map(|id| server.keys[&id].era);
        let (server, _) = life(at(0), &mut store);
        let [crashed, same] = eras(&server);
        assert_eq!(crashed, same);
        let (server, marks) = life(at(1), &mut store);
        let [era, _] = eras(&server);
        assert_ne!(era, crashed);
        server.save(at(2), &marks, &mut store).unwrap();
        let (mut server, marks) = life(at(3), &mut store);
        assert_eq!(eras(&server), [era, era]);
        let refused = crate::session::Mark::Refused;
        let window = &mut server.keys.get_mut(&second).unwrap().received;
        assert!(window.insert(id_at(60), refused));
        server.save(at(4), &marks, &mut store).unwrap();
        let (server, marks) = life(at(5), &mut store);
        let [kept, other] = eras(&server);
        assert_eq!(kept, era);
        assert_ne!(other, era);
        // It stays, though nothing is refused any more.
        server.save(at(100), &marks, &mut store).unwrap();
        let (server, _) = life(at(101), &mut store);
        assert_eq!(eras(&server), [era, other]);
        // And ends with the others'.
        let (server, _) = life(at(102), &mut store);
        let [one, two] = eras(&server);
        assert!(one == two && one != era);
    }

    /// Its salts are those of all other keys, so that nothing has to be kept of it alone.
    #[test]
    fn a_key_of_which_enough_is_known_has_no_record_of_its_own() {
        let mut store = MemoryStore::default();
        store.save_key(&key(1)).unwrap();
        let (mut server, marks) = life(at(0), &mut store);
        server.add_key_of(key(2).auth_key, id_at(0));
        store.save_key(&key(2)).unwrap();
        server.save(at(100), &marks, &mut store).unwrap();
        for number in 1..=2 {
            let records = store.sessions(key(number).auth_key.id()).unwrap();
            assert_eq!(records, []);
        }
    }

    #[test]
    fn waiting_ends_when_new_messages_are_taken() {
        let mut store = MemoryStore::default();
        let marks = Marks::load(&mut store, at(0), Duration::from_secs(1)).unwrap();
        let wait = marks.wait(at(0));
        let later = Now {
            monotonic: wait,
            unix: at(0).unix + wait,
        };
        assert!(from_unix(later.unix) > marks.floor_of(7));
        assert!(wait <= Duration::from_millis(1002));
        assert_eq!(marks.wait(at(2)), Duration::ZERO);
    }
}
