//! A model of the network: the shipped handshake and the shipped replay window, under an attacker
//! who owns every wire.
//!
//! The attacker hears everything, and at every moment may deliver anything that was ever said, to
//! either side, as often as it likes, or never (so packets are lost, repeated, reordered and
//! reflected); and it forges what can be made of what it knows: its own nonces, its own exponent,
//! every field that was said in the clear, and every sealed part as a whole. It is a client of the
//! server's as well. What it can't do is what [`symbolic`] says: open or make something sealed
//! without its key.
//!
//! The checker walks through all states that can be reached within the bounds, and looks in each
//! for:
//!
//! - a client that holds a key which the server does not hold for the same handshake,
//! - a client that shares its key with the attacker,
//! - a message that took effect twice, or that its supposed sender never sent.
//!
//! `cargo test --test model -- --nocapture` prints how many states there are;
//! `cargo test --release --test model -- --ignored --nocapture` goes further.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod support;
#[path = "support/symbolic.rs"]
mod symbolic;

use std::collections::{BTreeSet, HashMap};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use mtproto_runtime::crypto::dh::KnownPrimes;
use mtproto_runtime::crypto::packet::{Header, PREFIX_LEN};
use mtproto_runtime::crypto::rsa::PrivateKey;
use mtproto_runtime::crypto::{AuthKey, Direction, kdf};
use mtproto_runtime::handshake::client::{self, Progress};
use mtproto_runtime::handshake::{Error, Lifetime, NewKey, server};
use mtproto_runtime::service::{functions, types};
use mtproto_runtime::session::{Mark, ReplayWindow};
use mtproto_runtime::tl::{Arena, TlRead, TlWrite};
use mtproto_runtime::{Now, Provider, Side};
use stateright::{Checker, HasDiscoveries, Model, Property};
use support::{Seeded, vectors};
use symbolic::{FACTORS, Symbolic};

const NOW: Now = Now {
    monotonic: Duration::from_secs(1),
    unix: Duration::from_secs(1_700_000_000),
};
const SESSION: i64 = 7;

/// What the attacker has of its own.
const ITS_NONCE: [u8; 16] = [0xe1; 16];
const ITS_NEW_NONCE: [u8; 32] = [0xe2; 32];
const ITS_SERVER_NONCE: [u8; 16] = [0xe3; 16];
const ITS_EXPONENT: u64 = 0xe4;

/// The bounds of a run.
struct Wire {
    client: client::Config<Symbolic>,
    server: server::Config<Symbolic>,
    /// Messages that each side sends in the session.
    messages: u8,
    /// How many ids a replay window keeps.
    window: usize,
    /// How often the server begins a handshake.
    starts: u64,
    /// How often the server says that a key is taken.
    retries: u8,
    /// What could be made of what was heard, by its hash.
    made: Mutex<HashMap<u64, Forgeries>>,
}

/// What an attacker can make, and for whom.
type Forgeries = Arc<[(Side, Said)]>;

/// Something that was said: the body of a plain message, or an encrypted packet.
#[derive(Clone, Debug)]
struct Said {
    bytes: Arc<[u8]>,
    is_packet: bool,
    /// Hash of the above: states have many of these.
    print: u64,
}

impl Said {
    fn new(bytes: &[u8], is_packet: bool) -> Self {
        let mut hasher = DefaultHasher::new();
        (bytes, is_packet).hash(&mut hasher);
        Self {
            bytes: bytes.into(),
            is_packet,
            print: hasher.finish(),
        }
    }
}

impl PartialEq for Said {
    fn eq(&self, other: &Self) -> bool {
        self.print == other.print
    }
}

impl Eq for Said {}

impl PartialOrd for Said {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Said {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.print.cmp(&other.print)
    }
}

impl Hash for Said {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.print.hash(state);
    }
}

/// One end of the session.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct End {
    window: ReplayWindow,
    /// How many messages were sent.
    sent: u8,
    /// How often each message of the peer took effect.
    taken: [u8; 4],
    /// A message took effect that is none of the peer's.
    was_fooled: bool,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct State {
    client: Arc<client::Handshake>,
    client_key: Option<Arc<NewKey>>,
    client_end: End,
    server: Arc<server::Handshakes>,
    server_keys: Arc<Vec<NewKey>>,
    /// The end of the session under the client's key; others may do under theirs as they like.
    server_end: End,
    /// All that the attacker has heard.
    heard: Arc<BTreeSet<Said>>,
    client_draws: u64,
    server_draws: u64,
    starts: u64,
    retries: u8,
    /// Something that the attacker made was taken.
    was_forged: bool,
}

#[derive(Clone, Debug, PartialEq)]
enum Action {
    /// Something that was said reaches somebody; `bool`: the server finds that the key is taken.
    Deliver(Side, Said, bool),
    /// Something that the attacker has made reaches somebody.
    Forge(Side, Said),
    /// A side sends its next message of the session.
    Send(Side),
}

impl End {
    fn new(window: usize) -> Self {
        Self {
            window: ReplayWindow::new(window),
            sent: 0,
            taken: [0; 4],
            was_fooled: false,
        }
    }

    /// Opens a packet with a key, and takes the message in it as a session does: session id, parity
    /// of the id, replay window.
    fn take(&mut self, side: Side, key: &AuthKey, packet: &[u8], peer_sent: u8) -> bool {
        let mut packet = packet.to_vec();
        let direction = Direction::from(side.peer());
        let Ok(plaintext) = Symbolic.open(key, direction, &mut packet) else {
            return false;
        };
        let Ok(message) = plaintext.message() else {
            return false;
        };
        let id = message.header.msg_id;
        let is_peers = id % 4 == id_of(side.peer(), 0) % 4;
        if message.header.session_id != SESSION
            || !is_peers
            || !self.window.insert(id, Mark::Content)
        {
            return false;
        }
        let index = (0..peer_sent).find(|index| id_of(side.peer(), *index) == id);
        match index {
            // Twice is as bad as thrice, and keeps the states finite.
            Some(index) => {
                let taken = &mut self.taken[usize::from(index)];
                *taken = (*taken + 1).min(2);
            }
            None => self.was_fooled = true,
        }
        true
    }
}

/// The id of the nth message of a side.
fn id_of(side: Side, index: u8) -> i64 {
    let id = (1_700_000_000 << 32) + 4 * i64::from(index);
    match side {
        Side::Client => id,
        Side::Server => id + 1,
    }
}

/// The nth message of a side, sealed.
fn packet(side: Side, key: &AuthKey, index: u8) -> Said {
    let header = Header {
        salt: 0,
        session_id: SESSION,
        msg_id: id_of(side, index),
        seq_no: 1,
    };
    let body = [index; 4];
    let mut packet = vec![0; PREFIX_LEN];
    packet.extend_from_slice(&header.salt.to_le_bytes());
    packet.extend_from_slice(&header.session_id.to_le_bytes());
    packet.extend_from_slice(&header.msg_id.to_le_bytes());
    packet.extend_from_slice(&header.seq_no.to_le_bytes());
    packet.extend_from_slice(&4_i32.to_le_bytes());
    packet.extend_from_slice(&body);
    packet.extend_from_slice(&[0; 12]);
    Symbolic
        .seal(key, Direction::from(side), &mut packet)
        .unwrap();
    Said::new(&packet, true)
}

impl Wire {
    fn new() -> Self {
        let generated = vectors("generated");
        let key = PrivateKey::from_pem(generated["rsa_private_key_pem"].as_str().unwrap()).unwrap();
        let client = client::Config::new([key.public().clone()], Lifetime::Permanent);
        let server = server::Config::new([key]);
        Self {
            client: client::Config {
                provider: Symbolic,
                keys: client.keys,
                lifetime: client.lifetime,
                dc: client.dc,
            },
            server: server::Config {
                provider: Symbolic,
                keys: server.keys,
                dcs: server.dcs,
                group: server.group,
                legacy_rsa: false,
                remember: server.remember,
                max_started: 4,
                max_advanced: 4,
                max_wrong: 2,
                max_expires_in: server.max_expires_in,
            },
            messages: 1,
            window: 1,
            starts: 2,
            retries: 1,
            made: Mutex::default(),
        }
    }

    /// Whether anything has changed by it.
    fn give(&self, state: &mut State, to: Side, said: &Said, is_taken: bool) -> bool {
        match (to, said.is_packet) {
            (Side::Client, false) => self.give_client(state, &said.bytes),
            (Side::Server, false) => self.give_server(state, &said.bytes, is_taken),
            (Side::Client, true) => state.client_key.as_ref().is_some_and(|key| {
                let sent = state.server_end.sent;
                state.client_end.take(to, &key.auth_key, &said.bytes, sent)
            }),
            (Side::Server, true) => {
                // The server finds the key by its id, as a server does.
                let id = said.bytes.first_chunk().map(|id| i64::from_le_bytes(*id));
                let mut keys = state.server_keys.iter();
                let key = keys.find(|key| Some(key.auth_key.id()) == id);
                match (key, &state.client_key) {
                    (Some(key), Some(clients)) if key.auth_key == clients.auth_key => {
                        let sent = state.client_end.sent;
                        state.server_end.take(to, &key.auth_key, &said.bytes, sent)
                    }
                    _ => false,
                }
            }
        }
    }

    fn give_client(&self, state: &mut State, body: &[u8]) -> bool {
        let before = Seeded::new(1 << 32 | state.client_draws);
        let mut rng = before.clone();
        let known = &mut KnownPrimes::default();
        let client = Arc::make_mut(&mut state.client);
        let progress = client.handle(&self.client, known, body, &mut rng);
        state.client_draws += u64::from(rng != before);
        match progress {
            Ok(Progress::Request(request)) => {
                Arc::make_mut(&mut state.heard).insert(Said::new(&request, false));
                true
            }
            Ok(Progress::Done(key)) => {
                state.client_key = Some(Arc::new(key));
                true
            }
            Ok(Progress::Repeated) => false,
            Err(_) => true,
        }
    }

    fn give_server(&self, state: &mut State, body: &[u8], is_taken: bool) -> bool {
        let before = Seeded::new(2 << 32 | state.server_draws);
        let mut rng = before.clone();
        let known = state.server.len();
        let mut was_asked = false;
        let is_taken = |id| {
            was_asked = true;
            is_taken || state.server_keys.iter().any(|key| key.auth_key.id() == id)
        };
        let server = Arc::make_mut(&mut state.server);
        let reply = server.handle(&self.server, NOW, body, is_taken, &mut rng);
        let has_drawn = rng != before;
        state.server_draws += u64::from(has_drawn);
        state.starts += u64::from(state.server.len() > known);
        match reply {
            Ok(reply) => {
                let is_new = !state.heard.contains(&Said::new(&reply.body, false));
                if is_new {
                    Arc::make_mut(&mut state.heard).insert(Said::new(&reply.body, false));
                }
                state.retries += u8::from(was_asked && reply.key.is_none());
                if let Some(key) = reply.key {
                    Arc::make_mut(&mut state.server_keys).push(key);
                }
                is_new || has_drawn || was_asked
            }
            // These are refused before anything is counted.
            Err(Error::Body(_) | Error::Unknown) => false,
            Err(_) => true,
        }
    }

    /// What can be made of what was heard.
    fn forgeries(&self, state: &State) -> Forgeries {
        // Many states differ in other things.
        let mut hasher = DefaultHasher::new();
        (&state.heard, &state.client_key, &state.server_keys).hash(&mut hasher);
        let mut made = self.made.lock().unwrap();
        let entry = made.entry(hasher.finish());
        let forgeries = entry.or_insert_with(|| {
            let known = Known::of(&self.client.keys[0], state);
            known.forgeries().into()
        });
        forgeries.clone()
    }
}

/// What the attacker knows.
struct Known<'a> {
    key: &'a mtproto_runtime::crypto::rsa::PublicKey,
    /// The client's nonce.
    nonce: [u8; 16],
    /// Both nonces of each handshake that was begun.
    nonces: BTreeSet<([u8; 16], [u8; 16])>,
    /// Sealed parts.
    rsa: BTreeSet<Vec<u8>>,
    sealed: BTreeSet<Vec<u8>>,
    hashes: BTreeSet<[u8; 16]>,
}

impl<'a> Known<'a> {
    fn of(key: &'a mtproto_runtime::crypto::rsa::PublicKey, state: &State) -> Self {
        let mut known = Self {
            key,
            nonce: [0; 16],
            nonces: BTreeSet::new(),
            rsa: BTreeSet::new(),
            sealed: BTreeSet::new(),
            hashes: BTreeSet::new(),
        };
        let arena = Arena::new();
        for said in state.heard.iter().filter(|said| !said.is_packet) {
            let bytes = &said.bytes[..];
            if let Ok(it) = functions::ReqPqMulti::from_bytes(bytes) {
                known.nonce = it.nonce;
            } else if let Ok(it) = types::ResPq::from_bytes_in(bytes, &arena) {
                known.nonces.insert((it.nonce, it.server_nonce));
            } else if let Ok(it) = functions::ReqDhParams::from_bytes(bytes) {
                known.rsa.insert(it.encrypted_data.to_vec());
            } else if let Ok(it) = types::ServerDhParamsOk::from_bytes(bytes) {
                known.sealed.insert(it.encrypted_answer.to_vec());
            } else if let Ok(it) = functions::SetClientDhParams::from_bytes(bytes) {
                known.sealed.insert(it.encrypted_data.to_vec());
            } else if let Ok(it) = types::DhGenOk::from_bytes(bytes) {
                known.hashes.insert(it.new_nonce_hash1);
            } else if let Ok(it) = types::DhGenRetry::from_bytes(bytes) {
                known.hashes.insert(it.new_nonce_hash2);
            }
        }
        known.nonces.insert((known.nonce, ITS_SERVER_NONCE));
        known.learn_own(state);
        known
    }

    /// Hashes and sealed parts of the attacker's own making.
    fn learn_own(&mut self, state: &State) {
        let g_e = symbolic::public(ITS_EXPONENT);
        for (nonce, server_nonce) in &self.nonces {
            let (nonce, server_nonce) = (*nonce, *server_nonce);
            for inner_nonce in [nonce, ITS_NONCE] {
                let inner = types::PQInnerData {
                    pq: &FACTORS.product().to_be_bytes(),
                    p: &FACTORS.p.to_be_bytes()[4..],
                    q: &FACTORS.q.to_be_bytes()[4..],
                    nonce: inner_nonce,
                    server_nonce,
                    new_nonce: ITS_NEW_NONCE,
                };
                let sealed = Symbolic
                    .rsa_seal(self.key, &inner.to_bytes().unwrap(), &mut Seeded::new(0))
                    .unwrap();
                self.rsa.insert(sealed.to_vec());
            }
            let answer = types::ServerDhInnerData {
                nonce,
                server_nonce,
                g: 3,
                dh_prime: &mtproto_runtime::crypto::dh::TELEGRAM_PRIME,
                g_a: &g_e,
                server_time: 0,
            };
            let request = types::ClientDhInnerData {
                nonce,
                server_nonce,
                retry_id: 0,
                g_b: &g_e,
            };
            for object in [answer.to_bytes().unwrap(), request.to_bytes().unwrap()] {
                let rng = &mut Seeded::new(0);
                let sealed = Symbolic.seal_exchange(&ITS_NEW_NONCE, &server_nonce, &object, rng);
                self.sealed.insert(sealed);
            }
        }
        // It shares keys with whoever answered to its exponent.
        let clients = state.client_key.as_deref();
        for key in state.server_keys.iter().chain(clients) {
            if symbolic::exponents(&key.auth_key).contains(&ITS_EXPONENT) {
                for verdict in [kdf::Verdict::Ok, kdf::Verdict::Retry] {
                    let hash = kdf::new_nonce_hash(&ITS_NEW_NONCE, &key.auth_key, verdict);
                    self.hashes.insert(hash);
                }
            }
        }
    }

    fn forgeries(&self) -> Vec<(Side, Said)> {
        let mut forged = Vec::new();
        let mut add = |to: Side, object: &dyn TlWriteDyn| {
            forged.push((to, Said::new(&object.bytes(), false)));
        };
        let fingerprint = self.key.fingerprint();
        add(Side::Server, &functions::ReqPqMulti { nonce: ITS_NONCE });
        for &(nonce, server_nonce) in &self.nonces {
            if nonce == self.nonce {
                add(
                    Side::Client,
                    &types::ResPq {
                        nonce,
                        server_nonce,
                        pq: &FACTORS.product().to_be_bytes(),
                        server_public_key_fingerprints: &[fingerprint],
                    },
                );
            }
            // To the client: a server_nonce of the client's handshake, or of another.
            for encrypted_answer in &self.sealed {
                add(
                    Side::Client,
                    &types::ServerDhParamsOk {
                        nonce: self.nonce,
                        server_nonce,
                        encrypted_answer,
                    },
                );
                add(
                    Side::Server,
                    &functions::SetClientDhParams {
                        nonce,
                        server_nonce,
                        encrypted_data: encrypted_answer,
                    },
                );
            }
            for encrypted_data in &self.rsa {
                add(
                    Side::Server,
                    &functions::ReqDhParams {
                        nonce,
                        server_nonce,
                        p: &FACTORS.p.to_be_bytes()[4..],
                        q: &FACTORS.q.to_be_bytes()[4..],
                        public_key_fingerprint: fingerprint,
                        encrypted_data,
                    },
                );
            }
            for &hash in &self.hashes {
                add(
                    Side::Client,
                    &types::DhGenOk {
                        nonce: self.nonce,
                        server_nonce,
                        new_nonce_hash1: hash,
                    },
                );
                add(
                    Side::Client,
                    &types::DhGenRetry {
                        nonce: self.nonce,
                        server_nonce,
                        new_nonce_hash2: hash,
                    },
                );
            }
        }
        forged
    }
}

trait TlWriteDyn {
    fn bytes(&self) -> Vec<u8>;
}

impl<T: TlWrite> TlWriteDyn for T {
    fn bytes(&self) -> Vec<u8> {
        self.to_bytes().unwrap()
    }
}

impl Model for Wire {
    type State = State;
    type Action = Action;

    fn init_states(&self) -> Vec<State> {
        let (client, request) = client::Handshake::start(&mut Seeded::new(0));
        vec![State {
            client: Arc::new(client),
            client_key: None,
            client_end: End::new(self.window),
            server: Arc::default(),
            server_keys: Arc::default(),
            server_end: End::new(self.window),
            heard: Arc::new([Said::new(&request, false)].into()),
            client_draws: 1,
            server_draws: 1,
            starts: 0,
            retries: 0,
            was_forged: false,
        }]
    }

    fn actions(&self, state: &State, actions: &mut Vec<Action>) {
        // A client whose handshake is over takes no plain message, whatever it says.
        let takes =
            |side, said: &Said| side == Side::Server || said.is_packet || !state.client.is_over();
        for said in state.heard.iter() {
            for side in [Side::Client, Side::Server] {
                if takes(side, said) {
                    actions.push(Action::Deliver(side, said.clone(), false));
                }
            }
            if state.retries < self.retries && !said.is_packet {
                actions.push(Action::Deliver(Side::Server, said.clone(), true));
            }
        }
        for (side, said) in self.forgeries(state).iter() {
            if takes(*side, said) && !state.heard.contains(said) {
                actions.push(Action::Forge(*side, said.clone()));
            }
        }
        if state.client_key.is_some() && state.client_end.sent < self.messages {
            actions.push(Action::Send(Side::Client));
        }
        if state.server_end.sent < self.messages && self.server_has_clients_key(state) {
            actions.push(Action::Send(Side::Server));
        }
    }

    fn next_state(&self, last: &State, action: Action) -> Option<State> {
        let mut state = last.clone();
        match action {
            Action::Deliver(side, said, is_taken) => self
                .give(&mut state, side, &said, is_taken)
                .then_some(state),
            Action::Forge(side, said) => {
                state.was_forged = true;
                self.give(&mut state, side, &said, false).then_some(state)
            }
            Action::Send(side) => {
                let end = match side {
                    Side::Client => &mut state.client_end,
                    Side::Server => &mut state.server_end,
                };
                let index = end.sent;
                end.sent += 1;
                let key = &state.client_key.as_ref()?.auth_key;
                let said = packet(side, key, index);
                Arc::make_mut(&mut state.heard).insert(said);
                Some(state)
            }
        }
    }

    fn within_boundary(&self, state: &State) -> bool {
        // A client that has stopped sends nothing and takes nothing.
        let is_stopped = state.client.is_over() && state.client_key.is_none();
        !is_stopped && state.starts <= self.starts
    }

    fn properties(&self) -> Vec<Property<Self>> {
        vec![
            Property::always(
                "the server has the client's key too",
                |wire: &Self, state: &State| {
                    state.client_key.is_none() || wire.server_has_clients_key(state)
                },
            ),
            Property::always(
                "the attacker has not the client's key",
                |_, state: &State| {
                    state.client_key.as_ref().is_none_or(|key| {
                        !symbolic::exponents(&key.auth_key).contains(&ITS_EXPONENT)
                    })
                },
            ),
            Property::always("no message takes effect twice", |_, state: &State| {
                let ends = [&state.client_end, &state.server_end];
                ends.iter().all(|end| end.taken.iter().all(|n| *n <= 1))
            }),
            Property::always("no message is from the wrong side", |_, state: &State| {
                !state.client_end.was_fooled && !state.server_end.was_fooled
            }),
            Property::sometimes("client and server come to a key", |_, state: &State| {
                state.client_key.is_some()
            }),
            Property::sometimes(
                "they do so although something was forged",
                |_, state: &State| state.client_key.is_some() && state.was_forged,
            ),
            Property::sometimes("the attacker has a key of its own", |_, state: &State| {
                state
                    .server_keys
                    .iter()
                    .any(|key| symbolic::exponents(&key.auth_key).contains(&ITS_EXPONENT))
            }),
            Property::sometimes(
                "every message arrives, each way",
                |wire: &Self, state: &State| {
                    let all = usize::from(wire.messages);
                    let ends = [&state.client_end, &state.server_end];
                    ends.iter()
                        .all(|end| end.taken[..all].iter().all(|n| *n == 1))
                },
            ),
        ]
    }
}

impl Wire {
    /// Key, salt and times, all that the client has.
    fn server_has_clients_key(&self, state: &State) -> bool {
        state
            .client_key
            .as_ref()
            .is_some_and(|key| state.server_keys.contains(key))
    }
}

fn check(name: &str, wire: Wire) {
    // An attack that is found need not be found in all its forms.
    let checker = wire.checker().finish_when(HasDiscoveries::AnyFailures);
    let checker = checker.threads(2).spawn_bfs().join();
    println!(
        "{name}: {} states, {} transitions, {} steps deep",
        checker.unique_state_count(),
        checker.state_count(),
        checker.max_depth(),
    );
    checker.assert_properties();
}

/// One message each way, two handshakes, one key that is taken; every forgery in each state.
#[test]
fn no_attack_on_the_key() {
    check("key", Wire::new());
}

/// Three messages each way through windows that keep one id or two: what is forgotten must be
/// refused, not taken again.
#[test]
fn no_replay_in_a_session() {
    for window in [1, 2] {
        let wire = Wire {
            messages: 3,
            window,
            starts: 1,
            retries: 1,
            ..Wire::new()
        };
        check(&format!("session, window of {window}"), wire);
    }
}

/// Further bounds: 69,289 and 33,991 states, two minutes of one core without optimisation.
#[test]
#[ignore = "takes minutes"]
fn no_attack_within_larger_bounds() {
    let wire = Wire {
        starts: 3,
        retries: 0,
        ..Wire::new()
    };
    check("three handshakes", wire);
    let wire = Wire {
        messages: 2,
        retries: 2,
        ..Wire::new()
    };
    check("two retries, two messages", wire);
}
