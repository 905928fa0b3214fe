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
mod config;
mod connection;
mod event;
mod keep;
mod keys;
mod links;
mod refusals;
mod sessions;
mod unlinked;

use core::time::Duration;
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;

use rand_core::CryptoRng;

use self::event::Record;
use self::keys::KeyEntry;
use self::links::Link;
use self::sessions::Entry;
use super::{Error, random_i64};
use crate::crypto::packet::Message;
use crate::handshake::server::Handshakes;
use crate::session::msg_id::{SetBack, from_unix};
use crate::session::server::{self as session, Session};
use crate::session::{SaltSecret, Unsealed};
use crate::transport::{ReplayCache, Status};
use crate::{Crypto, Now, Provider};

pub use self::config::Config;
pub use self::connection::{Connection, Locked, Received};
pub use self::event::{Ended, Event};
pub use self::keep::Marks;
pub use self::links::LinkId;
pub use self::sessions::SessionRef;

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
    /// How many of them each client has.
    counts: BTreeMap<i64, usize>,
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
            counts: BTreeMap::new(),
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

    /// The headers of obfuscated transports that have been here: for [`Connection::detect`] on a
    /// server that is a proxy.
    pub fn replays(&mut self) -> &mut ReplayCache {
        &mut self.replays
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
                self.give_up(replaced, Ended::Replaced);
            }
            let entry = Entry {
                session: begun,
                client: self.client_of(auth_key_id),
                link: None,
                newest_link: link,
                last_used: now.monotonic,
                timer: None,
                is_ready: false,
                held: budget::Held::default(),
            };
            self.insert(session, entry);
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
                let own = entry.link;
                let other = SessionRef { session_id, ..from };
                let found = other != from && self.sessions.contains_key(&other);
                if found {
                    self.give_up_but(own, other, Ended::Destroyed);
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
                        self.count_anew(from.auth_key_id);
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

    /// Appends the beginning of the next packet for a connection to `out`, and says whose it is.
    pub fn poll_packet(
        &mut self,
        now: Now,
        link: LinkId,
        out: &mut Vec<u8>,
    ) -> Option<(SessionRef, Unsealed)> {
        let entry = self.links.get_mut(&link).filter(|link| !link.is_closing)?;
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
                self.give_up(session, Ended::Expired);
                continue;
            }
            let leaves = entry
                .session
                .disconnect_at()
                .is_some_and(|at| at <= now.monotonic);
            let link = entry.link.filter(|_| leaves);
            self.update(now, session);
            if let Some(link) = link {
                self.unlink(now, session);
                self.leave(session, link);
            }
        }
    }
}
