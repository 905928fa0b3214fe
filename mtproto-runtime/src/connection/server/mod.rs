//! A server's side: [`Server`] has the keys and sessions of all clients, a [`Connection`] has the
//! bytes of one network connection.
//!
//! See [the module above](super) for how to drive them. A session is not bound to a connection: it
//! speaks over the one on which its client was heard last.
//!
//! # Several threads
//! [`Connection::handle_bytes`] and [`Connection::poll_transmit`] take the server for as long as
//! they work. Who keeps it behind a lock holds the lock only for what needs it by taking their
//! steps one by one: [`Connection::receive`] and [`Locked::open`] find and decrypt a packet
//! without the server, [`Server::handle_message`] takes what is in it, [`Server::poll_packet`]
//! writes the next packet and [`Connection::send`] encrypts it. Key exchanges
//! ([`Connection::handle_plain`]) need a [`Handshakes`] of their own, which may be shared or not,
//! and the server only for the key that comes out.

mod bind;
mod budget;
mod keep;
mod link;
mod refusals;
mod unlinked;

use core::ops::RangeInclusive;
use core::time::Duration;
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;

use rand_core::CryptoRng;

use super::{Error, random_i64};
use crate::crypto::AuthKey;
use crate::crypto::packet::{Message, Padding};
use crate::crypto::rsa::PrivateKey;
use crate::handshake::server::Handshakes;
use crate::handshake::{self, NewKey};
use crate::session::msg_id::{SetBack, from_unix};
use crate::session::server::{self as session, Congested, KeySalts, RequestId, Session};
use crate::session::{ReplayWindow, RpcError, SaltSecret, Unsealed};
use crate::transport::{ReplayCache, Status};
use crate::{Crypto, Now, Provider};

pub use keep::Marks;
pub use link::{Connection, Locked, Received};

/// How long the salt of a key exchange is valid.
const FIRST_SALT: i64 = 3600;

/// How a server behaves.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Config<P = Crypto> {
    /// Key exchanges, and how cryptography is reached.
    pub handshake: handshake::server::Config<P>,
    /// Sessions.
    pub session: session::Config,
    /// How packets are padded.
    pub padding: Padding,
    /// Which transports are taken.
    pub detector: crate::transport::DetectorConfig,
    /// How long a session without a connection is kept.
    pub session_lifetime: Duration,
    /// Most sessions of one key. For a new one, one without a connection is given up: the one that was
    /// used longest ago, but those for which requests run come last.
    pub max_sessions_per_key: usize,
    /// Most sessions in all. For a new one, one of the key is given up that has the most without a
    /// connection.
    pub max_sessions: usize,
    /// Most keys in memory; with more, key exchanges are refused. See also
    /// [`Server::forget_unused`].
    pub max_keys: usize,
    /// Most bytes that may wait for acks, over all sessions. With more, the session ends that holds
    /// the most of them ([`Ended::Unacknowledged`]).
    pub max_unacknowledged: usize,
}

impl Config<Crypto> {
    /// With these RSA keys; everything else as usual.
    #[must_use]
    pub fn new(keys: impl IntoIterator<Item = PrivateKey>) -> Self {
        Self::with_handshake(handshake::server::Config::new(keys))
    }
}

impl<P> Config<P> {
    /// Everything as usual but the handshake.
    #[must_use]
    pub fn with_handshake(handshake: handshake::server::Config<P>) -> Self {
        Self {
            handshake,
            session: session::Config::default(),
            padding: Padding::default(),
            detector: crate::transport::DetectorConfig::default(),
            session_lifetime: Duration::from_secs(3600),
            max_sessions_per_key: 100,
            max_sessions: 1 << 20,
            max_keys: 1 << 20,
            max_unacknowledged: 256 << 20,
        }
    }
}

/// A network connection of a server.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct LinkId(u64);

/// A session of a server: session ids are chosen by clients, and mean something for one key only.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SessionRef {
    /// The key, permanent or temporary.
    pub auth_key_id: i64,
    /// The session id.
    pub session_id: i64,
}

/// What has happened.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Event<'a> {
    /// A key exchange has made a key. Keep permanent ones.
    NewKey(NewKey),
    /// A temporary key was bound to a permanent one.
    Bound {
        /// The temporary key.
        auth_key_id: i64,
        /// The permanent key.
        permanent: i64,
    },
    /// A client has destroyed its key. Forget it.
    KeyDestroyed {
        /// The key.
        auth_key_id: i64,
    },
    /// A session has ended. If its client comes back, it learns that the server has begun anew.
    Closed {
        /// Which one.
        from: SessionRef,
        /// Why.
        why: Ended,
    },
    /// A client asks for something: answer with [`Server::reply`].
    Request {
        /// Who asks.
        from: SessionRef,
        /// The permanent key of the client; its key, unless that is a temporary one. `None` for a
        /// temporary key that is not bound yet, which may ask for little.
        permanent: Option<i64>,
        /// Names the request until it is answered.
        request: RequestId,
        /// The serialised function, in the wrappers in which it came.
        body: &'a [u8],
    },
    /// A client does not want the answer any more.
    Dropped {
        /// Who.
        from: SessionRef,
        /// Which request.
        request: RequestId,
    },
}

/// Why a session has ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Ended {
    /// Its client has destroyed it, or its key.
    Destroyed,
    /// It had no connection for [`Config::session_lifetime`], or its temporary key has expired.
    Expired,
    /// It had no connection and had to make room for another, as [`Config::max_sessions_per_key`] and
    /// [`Config::max_sessions`] say.
    Replaced,
    /// All sessions together hold more than [`Config::max_unacknowledged`] bytes of which no ack has
    /// come, and it held the most, to within a factor of two.
    ///
    /// The most and not the oldest: who floods the server with many sessions is the youngest, and
    /// would push out all who are just slow; and few have to go.
    Unacknowledged,
    /// The program has closed it, or removed its key.
    Closed,
}

#[derive(Clone, Debug)]
enum Record {
    NewKey(NewKey),
    Bound(i64, i64),
    KeyDestroyed(i64),
    Closed(SessionRef, Ended),
}

/// Most sessions that speak over one connection at a time; the one that began first to speak over it
/// leaves it for another. Clients have one or a few; whoever makes more holds on to none.
const MAX_PER_LINK: usize = 16;

/// How many refused messages of forgotten sessions are remembered for each key. Beyond, the key has
/// to wait until the lowest of them would be in time.
const MAX_REFUSED: usize = 256;

/// How many sessions are looked at to find one for which nothing runs.
const MAX_LOOKED_AT: usize = 32;

#[derive(Clone, Debug)]
struct KeyEntry {
    auth_key: AuthKey,
    first_salt: i64,
    /// Until when `first_salt` is valid, in Unix seconds.
    first_salt_until: i64,
    expires_at: Option<i32>,
    /// The permanent key of a temporary one.
    bound: Option<i64>,
    /// What was received in sessions that are forgotten, as far as it is known.
    received: ReplayWindow,
    /// What its salts are made of besides the secret. Another number makes all salts of before
    /// invalid, and with them every packet that somebody may have kept.
    era: i64,
    /// No message is taken any more.
    destroyed: bool,
    /// Nobody has shown yet to have it, nor bound another to it.
    is_unused: bool,
}

#[derive(Clone, Debug)]
struct Entry {
    session: Session,
    link: Option<LinkId>,
    /// The latest connection of all that the client was heard on.
    newest_link: LinkId,
    last_used: Duration,
    timer: Option<Duration>,
    is_ready: bool,
    /// What it holds, as far as it is counted.
    held: budget::Held,
}

#[derive(Clone, Debug, Default)]
struct Link {
    sessions: Vec<SessionRef>,
    refusals: refusals::Refusals,
    is_woken: bool,
    is_closing: bool,
}

/// The keys and sessions of all clients.
#[derive(Clone, Debug)]
pub struct Server<P = Crypto> {
    config: Config<P>,
    /// The same for all sessions.
    session_config: Arc<session::Config>,
    salts: SaltSecret,
    handshakes: Handshakes,
    /// Headers of obfuscated transports that have been here, if there are secrets to be guessed.
    replays: ReplayCache,
    keys: BTreeMap<i64, KeyEntry>,
    /// Permanent keys and the temporary ones that are bound to them.
    bound: BTreeSet<(i64, i64)>,
    /// When temporary keys expire, in Unix seconds.
    expiries: BTreeSet<(i32, i64)>,
    /// When permanent keys were made that nobody has used yet, in Unix seconds.
    unused: BTreeSet<(i64, i64)>,
    /// When temporary keys were made that are not bound yet, in Unix seconds.
    unbound: BTreeSet<(i64, i64)>,
    /// Boxed, since the nodes of such a map are half empty.
    sessions: BTreeMap<SessionRef, Box<Entry>>,
    /// Sessions without a connection, and when they were last used.
    unlinked: unlinked::Unlinked,
    /// What they hold until it is acknowledged.
    budget: budget::Budget,
    links: BTreeMap<LinkId, Link>,
    next_link: u64,
    timers: BTreeSet<(Duration, SessionRef)>,
    /// Sessions with events.
    ready: VecDeque<SessionRef>,
    /// Connections with something to send.
    woken: VecDeque<LinkId>,
    records: VecDeque<Record>,
    /// Messages up to here may have been received before the server was started, under keys that
    /// it had then.
    forgotten: i64,
    /// The era of new keys.
    era: i64,
    set_back: SetBack,
    /// Nothing up to here may be taken in a session that begins, since the clock was set back.
    barred: i64,
}

/// All sessions of a key.
fn all_of(auth_key_id: i64) -> RangeInclusive<SessionRef> {
    let session = |session_id| SessionRef {
        auth_key_id,
        session_id,
    };
    session(i64::MIN)..=session(i64::MAX)
}

/// The first few of keys that were made so long ago.
fn made_before(keys: &BTreeSet<(i64, i64)>, now: Now, after: Duration, most: usize) -> Vec<i64> {
    let before = i128::from(now.unix.saturating_sub(after).as_secs());
    let keys = keys.iter().take(most);
    keys.take_while(|(made_at, _)| i128::from(*made_at) <= before)
        .map(|(_, id)| *id)
        .collect()
}

/// Nothing up to this id may be taken.
fn nothing_up_to(id: i64) -> ReplayWindow {
    let mut received = ReplayWindow::new(MAX_REFUSED);
    received.forget(id);
    received
}

impl<P: Provider> Server<P> {
    /// A server that has just been started. Keys of its last life: [`Self::load`].
    pub fn new(now: Now, config: Config<P>, rng: &mut (impl CryptoRng + ?Sized)) -> Self {
        let mut secret = [0; 32];
        rng.fill_bytes(&mut secret);
        Self::with_salts(now, config, SaltSecret::new(secret))
    }

    /// The same with a secret for salts that was kept, so that clients need not learn new ones
    /// after an orderly restart.
    #[must_use]
    pub fn with_salts(now: Now, config: Config<P>, salts: SaltSecret) -> Self {
        Self {
            session_config: Arc::new(config.session.clone()),
            config,
            salts,
            handshakes: Handshakes::default(),
            replays: ReplayCache::default(),
            keys: BTreeMap::new(),
            bound: BTreeSet::new(),
            expiries: BTreeSet::new(),
            unused: BTreeSet::new(),
            unbound: BTreeSet::new(),
            sessions: BTreeMap::new(),
            unlinked: unlinked::Unlinked::default(),
            budget: budget::Budget::default(),
            links: BTreeMap::new(),
            next_link: 0,
            timers: BTreeSet::new(),
            ready: VecDeque::new(),
            woken: VecDeque::new(),
            records: VecDeque::new(),
            // Clients whose clocks are ahead may have sent, to an earlier life, what only now would
            // be in time.
            forgotten: crate::session::latest_msg_id_at(now.unix),
            era: 0,
            set_back: SetBack::new(),
            barred: i64::MIN,
        }
    }

    /// How it behaves.
    #[must_use]
    pub fn config(&self) -> &Config<P> {
        &self.config
    }

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
    /// [`Session::highest_received`] of any of its sessions. Its salts are those of before.
    pub fn add_key_of(&mut self, auth_key: AuthKey, highest_received: i64) {
        self.add_old_key(auth_key, highest_received, 0);
    }

    fn add_old_key(&mut self, auth_key: AuthKey, highest_received: i64, era: i64) {
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

    /// The headers of obfuscated transports that have been here: for [`Connection::detect`] on a
    /// server that is a proxy.
    pub fn replays(&mut self) -> &mut ReplayCache {
        &mut self.replays
    }

    /// Whether a key with this id is known.
    #[must_use]
    pub fn has_key(&self, auth_key_id: i64) -> bool {
        self.keys.contains_key(&auth_key_id)
    }

    /// How many keys and sessions there are.
    #[must_use]
    pub fn len(&self) -> (usize, usize) {
        (self.keys.len(), self.sessions.len())
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.keys.is_empty()
    }

    /// The sessions of all clients.
    pub fn sessions(&self) -> impl Iterator<Item = (SessionRef, &Session)> {
        self.sessions
            .iter()
            .map(|(session, entry)| (*session, &entry.session))
    }

    /// Whether a session has a connection.
    #[must_use]
    pub fn is_connected(&self, session: SessionRef) -> bool {
        self.sessions
            .get(&session)
            .is_some_and(|entry| entry.link.is_some())
    }

    /// A new network connection.
    fn open_link(&mut self) -> LinkId {
        let id = LinkId(self.next_link);
        self.next_link += 1;
        self.links.insert(id, Link::default());
        id
    }

    /// A network connection is gone.
    pub fn close_link(&mut self, now: Now, link: LinkId) {
        let Some(Link { sessions, .. }) = self.links.remove(&link) else {
            return;
        };
        for session in sessions {
            let entry = self.sessions.get(&session);
            if entry.is_some_and(|entry| entry.link == Some(link)) {
                self.unlink(now, session);
            }
            if self
                .keys
                .get(&session.auth_key_id)
                .is_some_and(|key| key.destroyed)
            {
                self.remove_entry(session.auth_key_id);
                self.forget(session, Ended::Destroyed);
            }
        }
    }

    /// A message has come over a connection, made by the holder of the key. Whether it was taken: one
    /// that has been here before, is out of time or has a wrong salt may be sent by anybody who has
    /// recorded it, and says nothing of who is at the other end.
    ///
    /// # Errors
    /// [`Error::Status`] if the key is not good any more or there are too many sessions, and
    /// [`Error::Violation`].
    pub fn handle_message(
        &mut self,
        now: Now,
        link: LinkId,
        auth_key_id: i64,
        message: &Message<'_>,
        rng: &mut (impl CryptoRng + ?Sized),
    ) -> Result<bool, Error> {
        if self.auth_key(now, auth_key_id).is_none() {
            return Err(Error::Status(Status::NotFound));
        }
        self.note_use(auth_key_id);
        let Some(key) = self.keys.get(&auth_key_id) else {
            return Err(Error::Status(Status::NotFound));
        };
        let salts = key.salts(now);
        let session = SessionRef {
            auth_key_id,
            session_id: message.header.session_id,
        };
        let remembered = key.received.len();
        if let Some(refused) = self.set_back.notice(from_unix(now.unix)) {
            self.barred = self.barred.max(refused);
        }
        let mut begun = None;
        let mut replaced = None;
        if !self.sessions.contains_key(&session) {
            replaced = self.room(auth_key_id)?;
            let mut new = Session::after(
                session.session_id,
                random_i64(rng),
                self.barred,
                &key.received,
                self.session_config.clone(),
            );
            if let Some(link) = self.links.get(&link) {
                new.go_on_after(link.refusals.last_id());
            }
            begun = Some(new);
        }
        let entry = self.sessions.get_mut(&session);
        let speaks_here = entry.as_ref().is_some_and(|e| e.link == Some(link));
        let heard = match (&mut begun, entry) {
            (Some(begun), _) => begun,
            (None, Some(entry)) => &mut entry.session,
            (None, None) => return Ok(false),
        };
        let waiting = heard.controls();
        let is_taken = heard.admit(now, message, salts.of(&self.salts))?;
        if !is_taken
            && !speaks_here
            && heard.controls() > waiting
            && let Some(entry) = self.links.get_mut(&link)
        {
            let salts = salts.of(&self.salts);
            entry.refusals.push(session, |packet| {
                heard.write_last_control(now, salts, packet)
            });
            self.wake(link);
        }
        if let Some(begun) = begun {
            // One that has nothing to remember either has not begun.
            if !is_taken && begun.received().len() <= remembered {
                return Ok(false);
            }
            if let Some(replaced) = replaced {
                self.forget(replaced, Ended::Replaced);
            }
            let entry = Entry {
                session: begun,
                link: None,
                newest_link: link,
                last_used: now.monotonic,
                timer: None,
                is_ready: false,
                held: budget::Held::default(),
            };
            self.sessions.insert(session, Box::new(entry));
            if !is_taken {
                self.unlinked.insert(now.monotonic, session);
            }
        }
        let mut result = Ok(is_taken);
        if is_taken {
            self.attach(now, session, link);
            if let Some(entry) = self.sessions.get_mut(&session) {
                entry.last_used = now.monotonic;
                let taken = entry.session.take(now, message, salts.of(&self.salts));
                result = taken.map(|()| true).map_err(Error::from);
            }
        }
        self.update(now, session);
        result
    }

    /// The session speaks over this connection from now on.
    fn attach(&mut self, now: Now, session: SessionRef, link: LinkId) {
        let Some(entry) = self.sessions.get_mut(&session) else {
            return;
        };
        if entry.link == Some(link) {
            return;
        }
        let before = entry.link.replace(link);
        self.unlinked.remove(entry.last_used, session);
        // A client may use several connections in turn. Only one that was never used before says
        // that what was sent over others may be lost.
        if before.is_none() || link > entry.newest_link {
            entry.session.handle_connected(now);
        }
        entry.newest_link = entry.newest_link.max(link);
        if let Some(before) = before.and_then(|before| self.links.get_mut(&before)) {
            before.sessions.retain(|other| *other != session);
        }
        let Some(link) = self.links.get_mut(&link) else {
            return;
        };
        link.sessions.push(session);
        if link.sessions.len() > MAX_PER_LINK {
            let first = link.sessions.remove(0);
            self.unlink(now, first);
        }
    }

    /// A session has no connection any more.
    fn unlink(&mut self, now: Now, session: SessionRef) {
        if let Some(entry) = self.sessions.get_mut(&session) {
            entry.link = None;
            self.unlinked.insert(entry.last_used, session);
            entry.session.handle_disconnected();
            self.update(now, session);
        }
    }

    /// Whether there is room for a new session of a key: which one has to go for it, one without a
    /// connection.
    fn room(&self, auth_key_id: i64) -> Result<Option<SessionRef>, Error> {
        let full = Error::Status(Status::Flood);
        let count = self.sessions.range(all_of(auth_key_id)).count();
        if count >= self.config.max_sessions_per_key.max(1) {
            return self.dispensable(auth_key_id).map(Some).ok_or(full);
        }
        if self.sessions.len() < self.config.max_sessions.max(1) {
            return Ok(None);
        }
        let replaced = match self.unlinked.most() {
            None => None,
            // All have one.
            Some((1, _)) => {
                let oldest = self.unlinked.oldest().take(MAX_LOOKED_AT);
                let mut idle = oldest.filter(|session| !self.is_working(*session));
                idle.next().or_else(|| self.unlinked.oldest().next())
            }
            Some((_, auth_key_id)) => self.dispensable(auth_key_id),
        };
        replaced.map(Some).ok_or(full)
    }

    /// Which session of a key is missed least, of those without a connection: one for which nothing
    /// runs, and of these the one that was used longest ago.
    fn dispensable(&self, auth_key_id: i64) -> Option<SessionRef> {
        self.sessions
            .range(all_of(auth_key_id))
            .filter(|(_, entry)| entry.link.is_none())
            .min_by_key(|(_, entry)| (entry.session.running() > 0, entry.last_used))
            .map(|(session, _)| *session)
    }

    fn is_working(&self, session: SessionRef) -> bool {
        let entry = self.sessions.get(&session);
        entry.is_some_and(|entry| entry.session.running() > 0)
    }

    /// Ends a session.
    fn forget(&mut self, session: SessionRef, why: Ended) {
        let Some(entry) = self.sessions.remove(&session) else {
            return;
        };
        self.budget.remove(session, entry.held);
        if let Some(timer) = entry.timer {
            self.timers.remove(&(timer, session));
        }
        if entry.link.is_none() {
            self.unlinked.remove(entry.last_used, session);
        }
        if let Some(link) = entry.link.and_then(|link| self.links.get_mut(&link)) {
            link.sessions.retain(|other| *other != session);
        }
        if let Some(key) = self.keys.get_mut(&session.auth_key_id) {
            key.received.take_over(entry.session.received());
        }
        self.records.push_back(Record::Closed(session, why));
    }

    /// After anything has happened to a session: its timer, its events, its connection.
    fn update(&mut self, now: Now, session: SessionRef) {
        let Some(entry) = self.sessions.get_mut(&session) else {
            return;
        };
        let expiry = match entry.link {
            Some(_) => None,
            None => Some(entry.last_used.saturating_add(self.config.session_lifetime)),
        };
        let timer = entry.session.poll_timeout().into_iter().chain(expiry).min();
        if timer != entry.timer {
            if let Some(timer) = entry.timer {
                self.timers.remove(&(timer, session));
            }
            if let Some(timer) = timer {
                self.timers.insert((timer, session));
            }
            entry.timer = timer;
        }
        if !entry.is_ready && entry.session.has_events() {
            entry.is_ready = true;
            self.ready.push_back(session);
        }
        let has_packets = entry.session.has_packets(now);
        let held = entry.session.unacknowledged();
        self.budget.change(session, &mut entry.held, held);
        if has_packets && let Some(link) = entry.link {
            self.wake(link);
        }
        if self.budget.bytes() > self.config.max_unacknowledged {
            self.economize(session);
        }
    }

    /// Ends sessions until the others hold no more than allowed. `latest` is the one that has come to
    /// hold more.
    fn economize(&mut self, latest: SessionRef) {
        while self.budget.bytes() > self.config.max_unacknowledged {
            let sessions = &mut self.sessions;
            let most = self
                .budget
                .most(|session| Some(sessions.get_mut(&session)?.held.relist()));
            let ending = most.unwrap_or(latest);
            if !self.sessions.contains_key(&ending) {
                return;
            }
            self.forget(ending, Ended::Unacknowledged);
        }
    }

    fn wake(&mut self, link: LinkId) {
        if let Some(entry) = self.links.get_mut(&link)
            && !core::mem::replace(&mut entry.is_woken, true)
        {
            self.woken.push_back(link);
        }
    }

    /// A connection that has something to send, or is to be closed: call its
    /// [`Connection::poll_transmit`]. Only needed where connections and server are driven apart.
    pub fn poll_wakeup(&mut self) -> Option<LinkId> {
        while let Some(link) = self.woken.pop_front() {
            if let Some(entry) = self.links.get_mut(&link) {
                entry.is_woken = false;
                return Some(link);
            }
        }
        None
    }

    /// Whether a session is still there and wants the answer of a request; see
    /// [`Session::is_running`].
    #[must_use]
    pub fn is_running(&self, from: SessionRef, request: RequestId) -> bool {
        let entry = self.sessions.get(&from);
        entry.is_some_and(|entry| entry.session.is_running(request))
    }

    /// Answers a request; see [`Session::reply`].
    pub fn reply(
        &mut self,
        now: Now,
        to: SessionRef,
        request: RequestId,
        result: Result<&[u8], &RpcError>,
    ) -> bool {
        let Some(entry) = self.sessions.get_mut(&to) else {
            return false;
        };
        let sent = entry.session.reply(now, request, result);
        self.update(now, to);
        sent
    }

    /// Sends a message of the server's own; see [`Session::push`]. False if there is no such
    /// session.
    ///
    /// # Errors
    /// [`Congested`]
    pub fn push(&mut self, now: Now, to: SessionRef, body: &[u8]) -> Result<bool, Congested> {
        let Some(entry) = self.sessions.get_mut(&to) else {
            return Ok(false);
        };
        entry.session.push(body)?;
        self.update(now, to);
        Ok(true)
    }

    /// Ends a session, as if its client had been away for too long.
    pub fn close_session(&mut self, session: SessionRef) {
        self.forget(session, Ended::Closed);
    }

    /// Forgets a key and its sessions; with a permanent key, temporary ones that are bound to it.
    pub fn remove_key(&mut self, auth_key_id: i64) {
        self.end_key(auth_key_id, Ended::Closed);
    }

    fn end_key(&mut self, auth_key_id: i64, why: Ended) {
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
    fn bound_to(&self, permanent: i64) -> Vec<i64> {
        let keys = self
            .bound
            .range((permanent, i64::MIN)..=(permanent, i64::MAX));
        keys.map(|(_, temporary)| *temporary).collect()
    }

    fn remove_entry(&mut self, auth_key_id: i64) {
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
    fn note_use(&mut self, auth_key_id: i64) {
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

    /// The sessions of a permanent key: its own and those of temporary keys that are bound to it.
    #[must_use]
    pub fn sessions_of(&self, permanent: i64) -> Vec<SessionRef> {
        let sessions = core::iter::once(permanent)
            .chain(self.bound_to(permanent))
            .flat_map(|key| self.sessions.range(all_of(key)));
        sessions.map(|(session, _)| *session).collect()
    }

    /// The connection over which a session speaks.
    #[must_use]
    pub fn link_of(&self, session: SessionRef) -> Option<LinkId> {
        self.sessions.get(&session)?.link
    }

    /// Whether a connection is to be closed, by the wish of its client.
    #[must_use]
    pub fn wants_close(&self, link: LinkId) -> bool {
        self.is_closing(link)
    }

    /// What has happened next.
    pub fn poll_event(&mut self, now: Now) -> Option<Event<'_>> {
        if let Some(record) = self.records.pop_front() {
            return Some(record.into());
        }
        let from = loop {
            let from = *self.ready.front()?;
            if self.handle_own(now, from) {
                if let Some(record) = self.records.pop_front() {
                    return Some(record.into());
                }
                continue;
            }
            let entry = self.sessions.get_mut(&from);
            if entry
                .as_ref()
                .is_some_and(|entry| entry.session.has_events())
            {
                break from;
            }
            if let Some(entry) = entry {
                entry.is_ready = false;
                // Frees what the events held.
                let _ = entry.session.poll_event();
            }
            self.ready.pop_front();
        };
        let permanent = self.permanent_of(from.auth_key_id);
        match self.sessions.get_mut(&from)?.session.poll_event()? {
            session::Event::Request { request, body } => Some(Event::Request {
                from,
                permanent,
                request,
                body,
            }),
            session::Event::Dropped { request } => Some(Event::Dropped { from, request }),
            // Both have been seen to.
            session::Event::DestroySession { .. } | session::Event::DestroyAuthKey => None,
        }
    }

    /// Sees to an event that is the server's own business, if that is the next one.
    fn handle_own(&mut self, now: Now, from: SessionRef) -> bool {
        let Some(entry) = self.sessions.get_mut(&from) else {
            return false;
        };
        match entry.session.peek_event() {
            Some(session::Event::DestroySession { session_id }) => {
                let other = SessionRef { session_id, ..from };
                let found = other != from && self.sessions.contains_key(&other);
                if found {
                    self.forget(other, Ended::Destroyed);
                }
                if let Some(entry) = self.sessions.get_mut(&from) {
                    let _ = entry.session.poll_event();
                    entry.session.session_destroyed(session_id, found);
                }
            }
            Some(session::Event::DestroyAuthKey) => {
                let _ = entry.session.poll_event();
                entry.session.key_destroyed(true);
                self.destroy_key(from);
            }
            Some(session::Event::Request { request, body }) => {
                let Some(answer) = bind::judge(
                    now,
                    &self.config.handshake.provider,
                    &mut self.keys,
                    from,
                    request,
                    body,
                    self.config.session.max_unpacked,
                ) else {
                    return false;
                };
                let _ = entry.session.poll_event();
                match answer {
                    Ok(permanent) => {
                        entry.session.reply(now, request, Ok(&bind::BOOL_TRUE));
                        self.bound.insert((permanent, from.auth_key_id));
                        if let Some(key) = self.keys.get(&from.auth_key_id) {
                            self.unbound.remove(&(key.made_at(), from.auth_key_id));
                        }
                        self.note_use(permanent);
                        let bound = Record::Bound(from.auth_key_id, permanent);
                        self.records.push_back(bound);
                    }
                    Err(error) => {
                        entry.session.reply(now, request, Err(&error));
                    }
                }
            }
            _ => return false,
        }
        self.update(now, from);
        true
    }

    /// The key takes no message any more, and is gone when the answer to that has been sent.
    fn destroy_key(&mut self, from: SessionRef) {
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
    }

    fn permanent_of(&self, auth_key_id: i64) -> Option<i64> {
        let key = self.keys.get(&auth_key_id)?;
        match key.expires_at {
            None => Some(auth_key_id),
            Some(_) => key.bound,
        }
    }

    /// Appends the beginning of the next packet for a connection to `out`, and says whose it is.
    pub fn poll_packet(
        &mut self,
        now: Now,
        link: LinkId,
        out: &mut Vec<u8>,
    ) -> Option<(SessionRef, Unsealed)> {
        let entry = self.links.get_mut(&link)?;
        if let Some(refusal) = entry.refusals.pop(out) {
            return Some(refusal);
        }
        for at in 0..entry.sessions.len() {
            let session = *self.links.get(&link)?.sessions.get(at)?;
            let (Some(entry), Some(key)) = (
                self.sessions.get_mut(&session),
                self.keys.get(&session.auth_key_id),
            ) else {
                continue;
            };
            let salts = key.salts(now).of(&self.salts);
            if let Some(unsealed) = entry.session.poll_packet(now, salts, out) {
                self.update(now, session);
                return Some((session, unsealed));
            }
        }
        None
    }

    /// When the response to the HTTP request that has come over a connection is to be made, by the
    /// monotonic clock: of all that [`Self::poll_packet`] gives by then, perhaps nothing. It changes
    /// with every event and command. `None`: at once.
    ///
    /// Over HTTP a server speaks only in answer to a request. What its client wants then is told by
    /// `http_wait`, for which see
    /// <https://core.telegram.org/mtproto/service_messages#http-waitlong-poll>; connections over
    /// other transports take no notice of it. The client's side of HTTP is not here.
    #[must_use]
    pub fn respond_at(&self, link: LinkId) -> Option<Duration> {
        let link = self.links.get(&link)?;
        if !link.refusals.is_empty() {
            return None;
        }
        let due = |session| self.sessions.get(session)?.session.respond_at();
        link.sessions.iter().map(due).min()?
    }

    /// When [`Self::handle_timeout`] wants to be called, by the monotonic clock.
    #[must_use]
    pub fn poll_timeout(&self) -> Option<Duration> {
        self.timers.first().map(|(at, _)| *at)
    }

    /// Time has passed.
    pub fn handle_timeout(&mut self, now: Now) {
        while let Some((at, session)) = self.timers.first().copied()
            && at <= now.monotonic
        {
            self.timers.pop_first();
            let Some(entry) = self.sessions.get_mut(&session) else {
                continue;
            };
            entry.timer = None;
            entry.session.handle_timeout(now);
            let expired = entry.link.is_none()
                && entry.last_used.saturating_add(self.config.session_lifetime) <= now.monotonic;
            if expired {
                self.forget(session, Ended::Expired);
                continue;
            }
            let leaves = entry
                .session
                .disconnect_at()
                .is_some_and(|at| at <= now.monotonic);
            if leaves && let Some(link) = entry.link.take() {
                self.unlinked.insert(entry.last_used, session);
                entry.session.handle_disconnected();
                self.leave(session, link);
            }
            self.update(now, session);
        }
    }

    /// A session has left a connection. It was the client's wish to close that, but for other
    /// sessions that may speak over it: those of a newer temporary key, say.
    fn leave(&mut self, session: SessionRef, link: LinkId) {
        let Some(entry) = self.links.get_mut(&link) else {
            return;
        };
        entry.sessions.retain(|other| *other != session);
        if entry.sessions.is_empty() {
            entry.is_closing = true;
            self.wake(link);
        }
    }

    fn is_closing(&self, link: LinkId) -> bool {
        self.links.get(&link).is_none_or(|link| link.is_closing)
    }
}

impl KeyEntry {
    /// When a new key was made, in Unix seconds.
    fn made_at(&self) -> i64 {
        self.first_salt_until - FIRST_SALT
    }

    fn is_expired(&self, now: Now) -> bool {
        self.expires_at
            .is_some_and(|at| i128::from(at) <= i128::from(now.unix.as_secs()))
    }

    fn salts(&self, now: Now) -> SaltsOf {
        let seconds = i64::try_from(now.unix.as_secs()).unwrap_or(i64::MAX);
        SaltsOf {
            name: self.auth_key.id() ^ self.era,
            first: (seconds < self.first_salt_until).then_some(self.first_salt),
        }
    }
}

/// Which salts are a key's, of all that can be made of the secret.
#[derive(Clone, Copy)]
struct SaltsOf {
    name: i64,
    first: Option<i64>,
}

impl SaltsOf {
    fn of(self, secret: &SaltSecret) -> KeySalts<'_> {
        KeySalts {
            secret,
            auth_key_id: self.name,
            first: self.first,
        }
    }
}

impl From<Record> for Event<'_> {
    fn from(record: Record) -> Self {
        match record {
            Record::NewKey(key) => Event::NewKey(key),
            Record::Bound(auth_key_id, permanent) => Event::Bound {
                auth_key_id,
                permanent,
            },
            Record::KeyDestroyed(auth_key_id) => Event::KeyDestroyed { auth_key_id },
            Record::Closed(from, why) => Event::Closed { from, why },
        }
    }
}
