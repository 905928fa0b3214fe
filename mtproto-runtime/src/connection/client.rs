//! A client's connection: its keys, its session, and the bytes of one network connection at a
//! time.
//!
//! See [the module above](super) for how to drive it.
//!
//! # Keys
//! Without a key, the first thing on the wire is a key exchange; [`Event::NewKey`] brings the key
//! to be kept. With [`Config::pfs`] the permanent key encrypts nothing but the proof that a
//! temporary one belongs to it; temporary keys are made, bound and replaced before they expire, and
//! never leave the connection.
//!
//! # Losing the network
//! Tell the connection by [`Connection::disconnect`], and by [`Connection::connect`] when there is
//! another network connection, with a new transport. Calls go on: the server is asked what became
//! of them.

use core::time::Duration;
use std::collections::VecDeque;

use rand_core::CryptoRng;

use super::{Error, random_i64, seal};
use crate::crypto::binding::Binding;
use crate::crypto::dh::KnownPrimes;
use crate::crypto::packet::{Padding, QuickAck};
use crate::crypto::rsa::PublicKey;
use crate::crypto::{AuthKey, Direction};
use crate::handshake::client::{Handshake, Progress};
use crate::handshake::{self, Lifetime, NewKey, plain};
use crate::service::types::BindAuthKeyInner;
use crate::session::client::{self as session, Session};
use crate::session::{CallError, CallId, CallOptions};
use crate::store::StoredKey;
use crate::tl::{TlWrite, Writer};
use crate::transport::{Frame, Status, Transport};
use crate::{Crypto, Now, Provider, Side};

/// How long an answer of the key exchange may take before the request is sent again.
const HANDSHAKE_PATIENCE: Duration = Duration::from_secs(10);
/// How often, before the connection counts as dead.
const HANDSHAKE_TRIES: u8 = 3;
/// For how long `ENCRYPTED_MESSAGE_INVALID` may mean that the key is too young to be known.
const YOUNG_KEY: i64 = 60;
/// How long to wait before a key is bound again that could not be bound.
const BIND_AGAIN: Duration = Duration::from_secs(5);
/// Packets whose quick acks are awaited.
const MAX_QUICK_ACKS: usize = 64;

/// Temporary keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Pfs {
    /// How long a temporary key shall live.
    pub expires_in: Duration,
    /// How long before its end the next one is made.
    pub renew_before: Duration,
    /// How long before its end it is not used any more.
    pub margin: Duration,
}

impl Default for Pfs {
    fn default() -> Self {
        Self {
            expires_in: Duration::from_secs(86_400),
            renew_before: Duration::from_secs(3600),
            margin: Duration::from_secs(60),
        }
    }
}

/// How a client's connection behaves.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Config<P = Crypto> {
    /// Whom to trust, which DC is meant, and how cryptography is reached. The lifetime in it is
    /// not used.
    pub handshake: handshake::client::Config<P>,
    /// The session.
    pub session: session::Config,
    /// How packets are padded.
    pub padding: Padding,
    /// Whether temporary keys are used, and how.
    pub pfs: Option<Pfs>,
}

impl Config<Crypto> {
    /// Trusts these keys; everything else as usual.
    #[must_use]
    pub fn new(keys: impl IntoIterator<Item = PublicKey>) -> Self {
        Self::with_handshake(handshake::client::Config::new(keys, Lifetime::Permanent))
    }
}

impl<P> Config<P> {
    /// Everything as usual but the handshake.
    #[must_use]
    pub fn with_handshake(handshake: handshake::client::Config<P>) -> Self {
        Self {
            handshake,
            session: session::Config::default(),
            padding: Padding::default(),
            pfs: None,
        }
    }
}

/// What has happened.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Event<'a> {
    /// In the session: answers, updates.
    Session(session::Event<'a>),
    /// There is a permanent key: keep it.
    NewKey(NewKey),
    /// A temporary key was bound to the permanent one. The server wants `initConnection` again.
    Bound {
        /// When it expires, in Unix seconds of the server.
        expires_at: i32,
    },
    /// The server does not know the permanent key any more: forget it, and log in anew with
    /// another connection.
    KeyLost,
}

#[derive(Clone, Debug)]
enum Record {
    NewKey(NewKey),
    Bound(i32),
    KeyLost,
}

/// A key exchange that is going on.
#[derive(Clone, Debug)]
struct Exchange {
    handshake: Handshake,
    lifetime: Lifetime,
    /// When the request is sent (again).
    due: Duration,
    /// How often it was sent over this connection.
    tries: u8,
}

/// A temporary key that is being bound, in a session of its own.
#[derive(Clone, Debug)]
struct Candidate {
    key: NewKey,
    session: Session,
    bind: Option<CallId>,
    /// When to try again.
    again_at: Option<Duration>,
}

/// A client's connection.
#[derive(Clone, Debug)]
pub struct Connection<P = Crypto> {
    config: Config<P>,
    known_primes: KnownPrimes,
    transport: Option<Transport>,
    /// Whether there is a network connection, also while `transport` is in use.
    is_linked: bool,
    /// Whether the server has proved over this network connection that it knows the key.
    proven: bool,
    permanent: Option<Permanent>,
    /// The key that the session uses, and when it expires.
    current: Option<(AuthKey, Option<i32>)>,
    /// The permanent key is gone for good.
    lost: bool,
    session: Session,
    exchange: Option<Exchange>,
    candidate: Option<Candidate>,
    records: VecDeque<Record>,
    quick_acks: VecDeque<(QuickAck, i64)>,
    last_plain: Option<i64>,
    packet: Vec<u8>,
}

#[derive(Clone, Debug)]
struct Permanent {
    auth_key: AuthKey,
    created_at: i64,
    salt: i64,
}

impl<P: Provider> Connection<P> {
    /// Without a key: one will be made.
    pub fn new(config: Config<P>, rng: &mut (impl CryptoRng + ?Sized)) -> Self {
        let session = Session::new(random_i64(rng), 0, config.session.clone());
        Self {
            config,
            known_primes: KnownPrimes::default(),
            transport: None,
            is_linked: false,
            proven: false,
            permanent: None,
            current: None,
            lost: false,
            session,
            exchange: None,
            candidate: None,
            records: VecDeque::new(),
            quick_acks: VecDeque::new(),
            last_plain: None,
            packet: Vec::new(),
        }
    }

    /// With a permanent key that was kept.
    pub fn with_key(
        config: Config<P>,
        key: StoredKey,
        rng: &mut (impl CryptoRng + ?Sized),
    ) -> Self {
        let mut connection = Self::new(config, rng);
        let id = connection.session.id();
        connection.session = Session::new(id, key.salt, connection.config.session.clone());
        connection.session.guess_clock_offset(key.clock_offset);
        if connection.config.pfs.is_none() {
            connection.current = Some((key.auth_key.clone(), None));
        }
        connection.permanent = Some(Permanent {
            auth_key: key.auth_key,
            created_at: key.created_at,
            salt: key.salt,
        });
        connection
    }

    /// Asks the server for something; see [`Session::call`]. It is sent as soon as there is a key
    /// and a network connection.
    ///
    /// # Errors
    /// [`CallError::Busy`] and [`CallError::Length`]; there is no call then.
    pub fn call(
        &mut self,
        now: Now,
        request: &[u8],
        options: CallOptions,
    ) -> Result<CallId, CallError> {
        self.session.call(now, request, options)
    }

    /// The answer is not wanted any more; see [`Session::cancel`].
    pub fn cancel(&mut self, call: CallId) -> bool {
        self.session.cancel(call)
    }

    /// Pings the server.
    pub fn ping(&mut self, now: Now) -> i64 {
        self.session.ping(now)
    }

    /// Asks the server for future salts; see [`Session::ask_for_salts`].
    pub fn ask_for_salts(&mut self, now: Now) {
        self.session.ask_for_salts(now);
    }

    /// Tells the server to forget another session of the same key.
    pub fn destroy_session(&mut self, session_id: i64) {
        self.session.destroy_session(session_id);
    }

    /// Tells the server to forget the key in use.
    pub fn destroy_auth_key(&mut self) {
        self.session.destroy_auth_key();
    }

    /// Ends the session: every call fails.
    pub fn close(&mut self) {
        self.session.close();
    }

    /// Whether calls are sent: there is a key, bound if it has to be, and a network connection.
    #[must_use]
    pub fn is_ready(&self) -> bool {
        self.transport.is_some() && self.current.is_some()
    }

    /// Whether the server has proved, over the network connection that there is, that it knows the
    /// key in use. Until then anybody may be at the other end, who reads nothing.
    #[must_use]
    pub fn is_proven(&self) -> bool {
        self.proven
    }

    /// Whether there is a network connection.
    #[must_use]
    pub fn is_connected(&self) -> bool {
        self.transport.is_some()
    }

    /// The session id.
    #[must_use]
    pub fn session_id(&self) -> i64 {
        self.session.id()
    }

    /// How many calls and service queries are not yet answered.
    #[must_use]
    pub fn pending(&self) -> usize {
        self.session.pending()
    }

    #[cfg(feature = "test-util")]
    pub(crate) fn debug_pending(&self) -> String {
        self.session.debug_pending()
    }

    /// The salt in use. With temporary keys, that of the permanent key.
    #[must_use]
    pub fn salt(&self) -> i64 {
        match &self.permanent {
            Some(permanent) if self.config.pfs.is_some() => permanent.salt,
            _ => self.session.salt(),
        }
    }

    /// The server's clock less the client's, in units of 2^-32 seconds, once it is known.
    #[must_use]
    pub fn clock_offset(&self) -> Option<i64> {
        self.session.clock_offset()
    }

    /// The server's Unix time in seconds.
    #[must_use]
    pub fn server_time(&self, now: Now) -> i64 {
        self.session.server_time(now)
    }

    /// The permanent key, if there is one.
    #[must_use]
    pub fn permanent_key(&self) -> Option<&AuthKey> {
        self.permanent.as_ref().map(|key| &key.auth_key)
    }

    /// There is a network connection; nothing was sent over it yet.
    pub fn connect(&mut self, now: Now, transport: Transport, rng: &mut (impl CryptoRng + ?Sized)) {
        self.disconnect();
        self.transport = Some(transport);
        self.is_linked = true;
        if let Some(exchange) = &mut self.exchange {
            exchange.due = now.monotonic;
            exchange.tries = 0;
        }
        if let Some(candidate) = &mut self.candidate {
            candidate.session.handle_connected(now);
        }
        if self.current.is_some() {
            self.session.handle_connected(now);
        }
        self.pass_time(now, rng);
    }

    /// The network connection is gone.
    pub fn disconnect(&mut self) {
        self.transport = None;
        self.is_linked = false;
        self.proven = false;
        self.session.handle_disconnected();
        if let Some(candidate) = &mut self.candidate {
            candidate.session.handle_disconnected();
        }
        self.quick_acks.clear();
    }

    /// Bytes have come, of which none is left over.
    ///
    /// # Errors
    /// [`Error`]: close the network connection; the client has already taken it for gone. What
    /// came before the fault has been used, and nothing of what was faulty.
    pub fn handle_bytes(
        &mut self,
        now: Now,
        mut bytes: &[u8],
        rng: &mut (impl CryptoRng + ?Sized),
    ) -> Result<(), Error> {
        let Some(mut transport) = self.transport.take() else {
            return Ok(());
        };
        let result = self.handle_frames(now, &mut transport, &mut bytes, rng);
        match result {
            Ok(()) => {
                self.transport = Some(transport);
                self.go_on(now, rng);
                Ok(())
            }
            Err(error) => {
                self.disconnect();
                self.go_on(now, rng);
                Err(error)
            }
        }
    }

    fn handle_frames(
        &mut self,
        now: Now,
        transport: &mut Transport,
        bytes: &mut &[u8],
        rng: &mut (impl CryptoRng + ?Sized),
    ) -> Result<(), Error> {
        while let Some(frame) = transport.decoder.decode(bytes)? {
            match frame {
                Frame::Packet { packet, .. } if plain::is_plain(packet) => {
                    self.handle_plain(now, packet, rng)?;
                }
                Frame::Packet { packet, .. } => self.handle_packet(now, packet)?,
                Frame::QuickAck(token) => self.handle_quick_ack(token),
                Frame::Status(status) => return Err(self.handle_status(status)),
            }
            self.after_packet(now, rng);
        }
        Ok(())
    }

    fn handle_packet(&mut self, now: Now, packet: &mut [u8]) -> Result<(), Error> {
        let id = packet.first_chunk().map(|id| i64::from_le_bytes(*id));
        let is_for_candidate = |candidate: &&mut Candidate| Some(candidate.key.auth_key.id()) == id;
        let provider = &self.config.handshake.provider;
        if let Some(candidate) = self.candidate.as_mut().filter(is_for_candidate) {
            let plaintext =
                provider.open(&candidate.key.auth_key, Direction::FromServer, packet)?;
            candidate
                .session
                .handle_message(now, &plaintext.message()?)?;
            return Ok(());
        }
        let Some((key, _)) = &self.current else {
            return Err(Error::Decrypt);
        };
        let plaintext = provider.open(key, Direction::FromServer, packet)?;
        self.session.handle_message(now, &plaintext.message()?)?;
        self.proven = true;
        Ok(())
    }

    fn handle_plain(
        &mut self,
        now: Now,
        packet: &[u8],
        rng: &mut (impl CryptoRng + ?Sized),
    ) -> Result<(), Error> {
        let message = plain::read(packet).ok_or(Error::Plain)?;
        let Some(exchange) = &mut self.exchange else {
            // Repeated answers of an exchange that is over.
            return Ok(());
        };
        let config = handshake::client::Config {
            lifetime: exchange.lifetime,
            ..self.config.handshake.clone()
        };
        let known = &mut self.known_primes;
        match exchange.handshake.handle(&config, known, message.body, rng) {
            Ok(Progress::Request(_)) => {
                exchange.due = now.monotonic;
                exchange.tries = 0;
            }
            Ok(Progress::Repeated) => {}
            Ok(Progress::Done(key)) => {
                self.exchange = None;
                self.take_key(now, key, rng);
            }
            Err(error) => {
                self.exchange = None;
                return Err(Error::Handshake(error));
            }
        }
        Ok(())
    }

    /// A key exchange is over.
    fn take_key(&mut self, now: Now, key: NewKey, rng: &mut (impl CryptoRng + ?Sized)) {
        let offset = crate::session::clock_offset(now, key.server_time);
        if key.expires_at.is_some() {
            let mut session =
                Session::new(random_i64(rng), key.first_salt, self.config.session.clone());
            session.set_clock_offset(offset);
            session.handle_connected(now);
            self.candidate = Some(Candidate {
                key,
                session,
                bind: None,
                again_at: Some(now.monotonic),
            });
            return;
        }
        self.session.set_clock_offset(offset);
        self.permanent = Some(Permanent {
            auth_key: key.auth_key.clone(),
            created_at: i64::from(key.server_time),
            salt: key.first_salt,
        });
        if self.config.pfs.is_none() {
            self.current = Some((key.auth_key.clone(), None));
            self.proven = true;
            self.session.set_salt(key.first_salt);
            self.session.handle_connected(now);
        }
        self.records.push_back(Record::NewKey(key));
    }

    fn handle_quick_ack(&mut self, token: QuickAck) {
        if let Some(at) = self.quick_acks.iter().position(|(t, _)| *t == token)
            && let Some((_, msg_id)) = self.quick_acks.remove(at)
        {
            self.session.handle_quick_ack(msg_id);
        }
    }

    /// The server refuses; what that means for the keys.
    fn handle_status(&mut self, status: Status) -> Error {
        if status == Status::NotFound {
            if self.candidate.is_some() {
                self.candidate = None;
            } else if self.exchange.is_some() {
                self.exchange = None;
            } else if self.config.pfs.is_some() {
                // The server has forgotten a temporary key. Another one will do.
                self.current = None;
            }
        }
        Error::Status(status)
    }

    /// What has to be seen to after each packet.
    fn after_packet(&mut self, now: Now, rng: &mut (impl CryptoRng + ?Sized)) {
        if self.session.needs_renewal() {
            self.session.renew(now, random_i64(rng));
        }
        let Some(candidate) = &mut self.candidate else {
            return;
        };
        if candidate.session.needs_renewal() {
            candidate.session.renew(now, random_i64(rng));
            // The binding names the session.
            candidate.bind = None;
            candidate.again_at = Some(now.monotonic);
        }
        let mut outcome = None;
        while let Some(event) = candidate.session.poll_event() {
            match event {
                session::Event::Answer { call, body } if Some(call) == candidate.bind => {
                    outcome = Some(if body == BOOL_TRUE {
                        Bind::Done
                    } else {
                        Bind::Again
                    });
                }
                session::Event::Failed { call, error } if Some(call) == candidate.bind => {
                    outcome = Some(judge_bind(&error));
                }
                _ => {}
            }
        }
        match outcome {
            None => {}
            Some(Bind::Done) => self.switch_if_quiet(now),
            Some(Bind::Again) => {
                candidate.bind = None;
                candidate.again_at = Some(now.monotonic.saturating_add(BIND_AGAIN));
            }
            Some(Bind::Invalid) => {
                let time = candidate.session.server_time(now);
                let created = self.permanent.as_ref().map_or(0, |key| key.created_at);
                if time.saturating_sub(created) > YOUNG_KEY {
                    // The server has forgotten the permanent key.
                    self.candidate = None;
                    self.current = None;
                    self.permanent = None;
                    self.lost = true;
                    self.session.handle_disconnected();
                    self.records.push_back(Record::KeyLost);
                } else {
                    candidate.bind = None;
                    candidate.again_at = Some(now.monotonic.saturating_add(BIND_AGAIN));
                }
            }
            Some(Bind::Useless) => self.candidate = None,
        }
        if self.candidate.as_ref().is_some_and(Candidate::is_bound) {
            self.switch_if_quiet(now);
        }
    }

    /// Goes over to the new temporary key: at once if there is no other, when no call is in
    /// flight, or when the old one is about to expire.
    fn switch_if_quiet(&mut self, now: Now) {
        let Some(candidate) = &mut self.candidate else {
            return;
        };
        candidate.again_at = None;
        let must = match &self.current {
            Some((_, Some(expires_at))) => {
                let left = i64::from(*expires_at) - self.session.server_time(now);
                left <= 2 * self.margin()
            }
            _ => true,
        };
        if !must && self.session.in_flight() > 0 {
            return;
        }
        let Some(candidate) = self.candidate.take() else {
            return;
        };
        let expires_at = candidate.key.expires_at.unwrap_or(0);
        self.current = Some((candidate.key.auth_key, candidate.key.expires_at));
        self.proven = self.is_linked;
        self.session.adopt(now, candidate.session);
        if !self.is_linked {
            self.session.handle_disconnected();
        }
        self.records.push_back(Record::Bound(expires_at));
    }

    fn margin(&self) -> i64 {
        let margin = self.config.pfs.unwrap_or_default().margin;
        i64::try_from(margin.as_secs()).unwrap_or(i64::MAX / 4)
    }

    /// Begins what is due: key exchanges and bindings.
    fn go_on(&mut self, now: Now, rng: &mut (impl CryptoRng + ?Sized)) {
        self.drop_expired(now);
        if self.transport.is_none() {
            return;
        }
        if self.exchange.is_none() && self.candidate.is_none() {
            let lifetime = match (&self.permanent, self.config.pfs) {
                (None, _) if !self.lost => Some(Lifetime::Permanent),
                (Some(_), Some(pfs)) if self.wants_temporary(now, pfs) => {
                    let seconds = pfs.expires_in.as_secs();
                    Some(Lifetime::Temporary {
                        expires_in: i32::try_from(seconds).unwrap_or(i32::MAX),
                    })
                }
                _ => None,
            };
            if let Some(lifetime) = lifetime {
                let (handshake, _) = Handshake::start(rng);
                self.exchange = Some(Exchange {
                    handshake,
                    lifetime,
                    due: now.monotonic,
                    tries: 0,
                });
            }
        }
        self.bind_if_due(now, rng);
    }

    fn wants_temporary(&self, now: Now, pfs: Pfs) -> bool {
        match &self.current {
            Some((_, Some(expires_at))) => {
                let left = i64::from(*expires_at).saturating_sub(self.session.server_time(now));
                left <= i64::try_from(pfs.renew_before.as_secs()).unwrap_or(i64::MAX)
            }
            _ => true,
        }
    }

    /// A temporary key is not used until its last second.
    fn drop_expired(&mut self, now: Now) {
        let margin = self.margin();
        if let Some((_, Some(expires_at))) = &self.current {
            let left = i64::from(*expires_at).saturating_sub(self.session.server_time(now));
            if left <= margin {
                self.current = None;
                self.session.handle_disconnected();
            }
        }
        if let Some(candidate) = &self.candidate
            && let Some(expires_at) = candidate.key.expires_at
            && i64::from(expires_at) - candidate.session.server_time(now) <= margin
        {
            self.candidate = None;
        }
    }

    fn bind_if_due(&mut self, now: Now, rng: &mut (impl CryptoRng + ?Sized)) {
        let (Some(candidate), Some(permanent)) = (&mut self.candidate, &self.permanent) else {
            return;
        };
        if candidate.bind.is_some() || candidate.again_at.is_none_or(|at| at > now.monotonic) {
            return;
        }
        candidate.again_at = None;
        let expires_at = candidate.key.expires_at.unwrap_or(0);
        let nonce = random_i64(rng);
        let inner = BindAuthKeyInner {
            nonce,
            temp_auth_key_id: candidate.key.auth_key.id(),
            perm_auth_key_id: permanent.auth_key.id(),
            temp_session_id: candidate.session.id(),
            expires_at,
        };
        let mut bytes = Vec::new();
        let Ok(()) = inner.write_to(&mut bytes) else {
            return;
        };
        let Ok(inner) = <[u8; 40]>::try_from(&bytes[..]) else {
            return;
        };
        let provider = &self.config.handshake.provider;
        candidate.bind = candidate.session.call_named(now, |msg_id| {
            let encrypted_message =
                provider.seal_binding(&permanent.auth_key, &Binding { msg_id, inner }, rng);
            let request = BindTempAuthKey {
                perm_auth_key_id: permanent.auth_key.id(),
                nonce,
                expires_at,
                encrypted_message: &encrypted_message,
            };
            request.to_bytes().unwrap_or_default()
        });
    }

    /// What has happened next.
    pub fn poll_event(&mut self) -> Option<Event<'_>> {
        if let Some(record) = self.records.pop_front() {
            return Some(match record {
                Record::NewKey(key) => Event::NewKey(key),
                Record::Bound(expires_at) => Event::Bound { expires_at },
                Record::KeyLost => Event::KeyLost,
            });
        }
        self.session.poll_event().map(Event::Session)
    }

    /// Appends the bytes of one packet to `out`; false if there is nothing to be sent.
    ///
    /// # Errors
    /// [`Error`]: the packet can't be sent; close the network connection.
    pub fn poll_transmit(
        &mut self,
        now: Now,
        rng: &mut (impl CryptoRng + ?Sized),
        out: &mut Vec<u8>,
    ) -> Result<bool, Error> {
        let Some(transport) = &mut self.transport else {
            return Ok(false);
        };
        if let Some(exchange) = &mut self.exchange
            && exchange.due <= now.monotonic
            && !exchange.handshake.request().is_empty()
        {
            exchange.due = now.monotonic.saturating_add(HANDSHAKE_PATIENCE);
            exchange.tries = exchange.tries.saturating_add(1);
            let msg_id = plain::next_msg_id(Side::Client, now.unix, self.last_plain);
            self.last_plain = Some(msg_id);
            self.packet.clear();
            plain::write(msg_id, exchange.handshake.request(), &mut self.packet);
            transport.encoder.encode(&self.packet, false, rng, out)?;
            return Ok(true);
        }
        let provider = &self.config.handshake.provider;
        let padding = self.config.padding;
        if let Some(candidate) = &mut self.candidate {
            self.packet.clear();
            if candidate
                .session
                .poll_packet(now, &mut self.packet)
                .is_some()
            {
                let key = &candidate.key.auth_key;
                seal(provider, key, Side::Client, padding, rng, &mut self.packet)?;
                transport.encoder.encode(&self.packet, false, rng, out)?;
                return Ok(true);
            }
        }
        let Some((key, _)) = &self.current else {
            return Ok(false);
        };
        self.packet.clear();
        let Some(unsealed) = self.session.poll_packet(now, &mut self.packet) else {
            return Ok(false);
        };
        let token = seal(provider, key, Side::Client, padding, rng, &mut self.packet)?;
        // Full framing has none: then there is none.
        let quick_ack =
            unsealed.quick_ack && transport.encoder.framing() != crate::transport::Framing::Full;
        transport
            .encoder
            .encode(&self.packet, quick_ack, rng, out)?;
        if quick_ack {
            if self.quick_acks.len() >= MAX_QUICK_ACKS {
                self.quick_acks.pop_front();
            }
            self.quick_acks.push_back((token, unsealed.msg_id));
        }
        Ok(true)
    }

    /// When [`Self::handle_timeout`] wants to be called, by the monotonic clock.
    #[must_use]
    pub fn poll_timeout(&self, now: Now) -> Option<Duration> {
        let mut due = self.session.poll_timeout();
        let mut by = |at: Duration| due = Some(due.map_or(at, |due| due.min(at)));
        if self.transport.is_some() {
            if let Some(exchange) = &self.exchange {
                by(exchange.due);
            }
            if let Some(candidate) = &self.candidate {
                candidate.again_at.into_iter().for_each(&mut by);
                candidate
                    .session
                    .poll_timeout()
                    .into_iter()
                    .for_each(&mut by);
            }
        }
        if let (Some(pfs), Some((_, Some(expires_at)))) = (self.config.pfs, &self.current) {
            let left = i64::from(*expires_at).saturating_sub(self.session.server_time(now));
            let before = |seconds: i64| {
                let wait = u64::try_from(left.saturating_sub(seconds)).unwrap_or(0);
                now.monotonic
                    .saturating_add(Duration::from_secs(wait.max(1)))
            };
            let renew = i64::try_from(pfs.renew_before.as_secs()).unwrap_or(i64::MAX);
            if left > renew {
                by(before(renew));
            } else {
                by(before(2 * self.margin()));
                by(before(self.margin()));
            }
        }
        due
    }

    /// Time has passed.
    ///
    /// # Errors
    /// [`Error::Silent`]: close the network connection; the client has already taken it for gone.
    pub fn handle_timeout(
        &mut self,
        now: Now,
        rng: &mut (impl CryptoRng + ?Sized),
    ) -> Result<(), Error> {
        self.pass_time(now, rng);
        if self.transport.is_some() && self.is_dead(now) {
            self.disconnect();
            return Err(Error::Silent);
        }
        Ok(())
    }

    /// Whether the server has not answered for too long, whatever it was asked.
    fn is_dead(&self, now: Now) -> bool {
        let exchange = self.exchange.as_ref();
        let candidate = self.candidate.as_ref();
        self.session.is_dead(now)
            || candidate.is_some_and(|candidate| candidate.session.is_dead(now))
            || exchange.is_some_and(|e| e.tries >= HANDSHAKE_TRIES && e.due <= now.monotonic)
    }

    fn pass_time(&mut self, now: Now, rng: &mut (impl CryptoRng + ?Sized)) {
        self.session.handle_timeout(now);
        if let Some(candidate) = &mut self.candidate {
            candidate.session.handle_timeout(now);
        }
        self.after_packet(now, rng);
        self.go_on(now, rng);
    }
}

/// What an answer to `auth.bindTempAuthKey` means.
enum Bind {
    Done,
    /// Try again with the same key.
    Again,
    /// Try with another key.
    Useless,
    /// `ENCRYPTED_MESSAGE_INVALID`
    Invalid,
}

fn judge_bind(error: &CallError) -> Bind {
    match error {
        CallError::Rpc(error) => match error.message.as_str() {
            "ENCRYPTED_MESSAGE_INVALID" => Bind::Invalid,
            _ => Bind::Useless,
        },
        // Binding twice does no harm.
        _ => Bind::Again,
    }
}

impl Candidate {
    fn is_bound(&self) -> bool {
        self.bind.is_some() && self.session.pending() == 0
    }
}

/// `boolTrue#997275b5`
const BOOL_TRUE: [u8; 4] = 0x9972_75b5_u32.to_le_bytes();

/// `auth.bindTempAuthKey#cdd42a05 perm_auth_key_id:long nonce:long expires_at:int encrypted_message:bytes = Bool`
///
/// Of the API and not of the protocol's own schema, though it is about keys.
/// See <https://core.telegram.org/method/auth.bindTempAuthKey>.
pub(super) struct BindTempAuthKey<'a> {
    pub(super) perm_auth_key_id: i64,
    pub(super) nonce: i64,
    pub(super) expires_at: i32,
    pub(super) encrypted_message: &'a [u8],
}

impl BindTempAuthKey<'_> {
    pub(super) const ID: u32 = 0xcdd4_2a05;
}

impl TlWrite for BindTempAuthKey<'_> {
    fn write(&self, w: &mut Writer<'_>) {
        w.id(Self::ID);
        w.long(self.perm_auth_key_id);
        w.long(self.nonce);
        w.int(self.expires_at);
        w.bytes(self.encrypted_message);
    }
}
