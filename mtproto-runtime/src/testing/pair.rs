//! A client and a server with a network between them.

use core::ops::Range;
use core::time::Duration;
use std::collections::{BTreeMap, VecDeque};

use super::{Seeded, TestCrypto};
use crate::connection::{Error, client, server};
use crate::crypto::AuthKey;
use crate::handshake::{self, Lifetime};
use crate::session::client::Event as SessionEvent;
use crate::session::server::RequestId;
use crate::session::{CallError, CallId, RpcError, SaltSecret};
use crate::store::{MemoryStore, Store, StoredKey};
use crate::transport::{Framing, Transport};
use crate::{Now, Provider, Side};

/// What the network does to packets; chances are in thousandths.
#[derive(Clone, Debug)]
pub struct Network {
    /// How long a packet is on its way. A wide range reorders.
    pub latency: Range<Duration>,
    /// Lost.
    pub loss: u32,
    /// Delivered twice.
    pub duplication: u32,
    /// One bit of it changed.
    pub corruption: u32,
    /// Whether a packet that was sent before is delivered again, up to minutes later and over a
    /// connection of its own time or a later one.
    pub replay: u32,
    /// How long after a cut the server still believes in the connection.
    pub half_open: Duration,
}

impl Default for Network {
    fn default() -> Self {
        Self {
            latency: Duration::from_millis(10)..Duration::from_millis(11),
            loss: 0,
            duplication: 0,
            corruption: 0,
            replay: 0,
            half_open: Duration::ZERO,
        }
    }
}

/// An event of the client's, with what it borrows copied.
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum ClientEvent {
    Answer {
        call: CallId,
        body: Vec<u8>,
    },
    Failed {
        call: CallId,
        error: CallError,
    },
    QuickAck {
        call: CallId,
    },
    Update {
        body: Vec<u8>,
    },
    NewKey(handshake::NewKey),
    Bound {
        expires_at: i32,
    },
    KeyLost,
    /// Any other event, in words.
    Other(String),
}

impl From<client::Event<'_>> for ClientEvent {
    fn from(event: client::Event<'_>) -> Self {
        match event {
            client::Event::Session(SessionEvent::Answer { call, body }) => Self::Answer {
                call,
                body: body.to_vec(),
            },
            client::Event::Session(SessionEvent::Failed { call, error }) => {
                Self::Failed { call, error }
            }
            client::Event::Session(SessionEvent::QuickAck { call }) => Self::QuickAck { call },
            client::Event::Session(SessionEvent::Update { body }) => Self::Update {
                body: body.to_vec(),
            },
            client::Event::NewKey(key) => Self::NewKey(key),
            client::Event::Bound { expires_at } => Self::Bound { expires_at },
            client::Event::KeyLost => Self::KeyLost,
            other => Self::Other(format!("{other:?}")),
        }
    }
}

/// An event of the server's, with what it borrows copied.
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum ServerEvent {
    Request {
        from: server::SessionRef,
        permanent: Option<i64>,
        request: RequestId,
        body: Vec<u8>,
    },
    Dropped {
        from: server::SessionRef,
        request: RequestId,
    },
    NewKey(handshake::NewKey),
    /// Any other event, in words.
    Other(String),
}

/// Something that has happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Happening {
    /// On the client.
    Client(ClientEvent),
    /// On the server.
    Server(ServerEvent),
    /// A side has given up the connection, and why. The pair has closed it; [`Pair::connect`]
    /// makes another one.
    Closed(Side, Error),
}

/// On its way.
#[derive(Clone, Debug)]
struct Flight {
    to: Side,
    connection: u64,
    bytes: Vec<u8>,
    /// Whether whatever connection there is takes it.
    replayed: bool,
}

/// How many packets are kept to be replayed.
const RECORDED: usize = 256;

/// A client, a server, and the network between them.
#[derive(Debug)]
pub struct Pair<P: Provider = TestCrypto> {
    /// The client.
    pub client: client::Connection<P>,
    /// The server.
    pub server: server::Server<P>,
    /// What happens to packets from now on.
    pub network: Network,
    /// The random source of client, server and network.
    pub rng: Seeded,
    /// How far the client's Unix clock is ahead of the true one, in milliseconds.
    pub client_clock: i64,
    /// How far the server's is.
    pub server_clock: i64,
    /// When the permanent key was made, as the client will know it after its next restart; Unix
    /// seconds.
    pub key_created_at: i64,
    /// How many packets were sent, lost, repeated, spoilt and replayed.
    pub packets: [u64; 5],
    /// A digest of everything that was sent, in order.
    pub trace: u64,
    config: client::Config<P>,
    server_config: server::Config<P>,
    salts: SaltSecret,
    key: AuthKey,
    /// Whether the client has kept a key.
    client_has_key: bool,
    server_store: MemoryStore,
    /// What the server's last life has left.
    server_marks: Option<server::Marks>,
    time: Duration,
    links: BTreeMap<u64, server::Connection>,
    /// Connections that only the server believes in, and until when.
    half_open: VecDeque<(Duration, u64)>,
    connection: u64,
    is_connected: bool,
    flights: BTreeMap<(Duration, u64), Flight>,
    flight: u64,
    recorded: VecDeque<(Side, Vec<u8>)>,
    happenings: VecDeque<Happening>,
}

/// When every pair's life begins: Unix time.
const START: Duration = Duration::from_secs(1_800_000_000);

impl Pair<TestCrypto> {
    /// A pair that shares a permanent key; not yet connected.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        Self::with_provider(seed, TestCrypto, |_, _| {})
    }
}

impl<P: Provider> Pair<P> {
    /// The same with another provider and other settings.
    #[must_use]
    pub fn with_provider(
        seed: u64,
        provider: P,
        configure: impl FnOnce(&mut client::Config<P>, &mut server::Config<P>),
    ) -> Self {
        let mut rng = Seeded::new(seed);
        let mut config = client::Config::with_handshake(handshake::client::Config {
            provider: provider.clone(),
            keys: Vec::new(),
            lifetime: Lifetime::Permanent,
            dc: None,
        });
        let empty = handshake::server::Config::new([]);
        let mut server_config = server::Config::with_handshake(handshake::server::Config {
            provider,
            keys: empty.keys,
            dcs: empty.dcs,
            group: empty.group,
            legacy_rsa: empty.legacy_rsa,
            remember: empty.remember,
            max_started: empty.max_started,
            max_advanced: empty.max_advanced,
            max_wrong: empty.max_wrong,
            max_expires_in: empty.max_expires_in,
        });
        configure(&mut config, &mut server_config);
        let mut bytes = [0; AuthKey::LEN];
        for (at, byte) in bytes.iter_mut().enumerate() {
            *byte = (at as u8).wrapping_mul(89) ^ 0x5a;
        }
        let key = AuthKey::new(bytes);
        let salts = SaltSecret::new([7; 32]);
        let mut pair = Self {
            client: client::Connection::new(config.clone(), &mut rng),
            server: server::Server::with_salts(
                Now::default(),
                server_config.clone(),
                salts.clone(),
            ),
            network: Network::default(),
            rng,
            client_clock: 0,
            server_clock: 0,
            key_created_at: 0,
            packets: [0; 5],
            trace: 0,
            config,
            server_config,
            salts,
            key,
            client_has_key: true,
            server_store: MemoryStore::default(),
            server_marks: None,
            time: Duration::ZERO,
            links: BTreeMap::new(),
            half_open: VecDeque::new(),
            connection: 0,
            is_connected: false,
            flights: BTreeMap::new(),
            flight: 0,
            recorded: VecDeque::new(),
            happenings: VecDeque::new(),
        };
        pair.keep(pair.key.clone());
        // No crash that the server would have to wait after: the key was made long ago.
        pair.load(Now::default());
        pair.restart_client();
        pair
    }

    /// The server keeps a key.
    fn keep(&mut self, auth_key: AuthKey) {
        let key = StoredKey {
            auth_key,
            dc: None,
            created_at: 0,
            salt: 0,
            clock_offset: 0,
        };
        // A store in memory can't fail.
        let _ = self.server_store.save_key(&key);
    }

    /// Neither side has a key: the client's life begins with a key exchange, for which both need to
    /// be configured. What both sides make is kept by both.
    pub fn forget_keys(&mut self) {
        self.server_store = MemoryStore::default();
        self.client_has_key = false;
        self.restart_server(false);
        self.restart_client();
    }

    /// Both clocks of the client.
    #[must_use]
    pub fn now(&self) -> Now {
        self.clocks(self.client_clock)
    }

    /// Both clocks of the server.
    #[must_use]
    pub fn server_now(&self) -> Now {
        self.clocks(self.server_clock)
    }

    fn clocks(&self, ahead: i64) -> Now {
        let unix = START + self.time;
        let by = Duration::from_millis(ahead.unsigned_abs());
        Now {
            monotonic: self.time,
            unix: match ahead {
                0.. => unix + by,
                _ => unix.saturating_sub(by),
            },
        }
    }

    /// The permanent key; the client's, if it has made another.
    #[must_use]
    pub fn key(&self) -> &AuthKey {
        &self.key
    }

    /// Whether the client has a network connection.
    #[must_use]
    pub fn is_connected(&self) -> bool {
        self.is_connected
    }

    /// Makes a network connection.
    pub fn connect(&mut self) {
        self.cut();
        self.connection += 1;
        let mut link = server::Connection::new(&mut self.server);
        // The first bytes, by which the transport is recognised, always arrive.
        let now = self.server_now();
        let _ = link.handle_bytes(now, &mut self.server, &[0xee; 4], &mut self.rng);
        self.links.insert(self.connection, link);
        self.is_connected = true;
        let transport = Transport::client(Framing::Intermediate);
        let now = self.now();
        self.client.connect(now, transport, &mut self.rng);
    }

    /// Cuts the network connection. The client notices at once, the server after
    /// [`Network::half_open`].
    pub fn cut(&mut self) {
        if core::mem::take(&mut self.is_connected) {
            self.client.disconnect();
            let until = self.time + self.network.half_open;
            self.half_open.push_back((until, self.connection));
            self.close_old();
        }
    }

    fn close_old(&mut self) {
        while let Some((until, connection)) = self.half_open.front().copied()
            && until <= self.time
        {
            self.half_open.pop_front();
            self.close_link(connection);
        }
    }

    fn close_link(&mut self, connection: u64) {
        if let Some(link) = self.links.remove(&connection) {
            let now = self.server_now();
            self.server.close_link(now, link.id());
        }
    }

    /// The server crashes: it loses everything but permanent keys; if `salts_too`, its secret for
    /// salts.
    pub fn restart_server(&mut self, salts_too: bool) {
        if salts_too {
            let mut secret = [0; 32];
            rand_core::TryRng::try_fill_bytes(&mut self.rng, &mut secret).unwrap_or_default();
            self.salts = SaltSecret::new(secret);
        }
        self.start_server();
    }

    /// The server is shut down in order and started again: it loses sessions and temporary keys,
    /// and knows how far its permanent keys were used.
    pub fn restart_server_in_order(&mut self) {
        let now = self.server_now();
        if let Some(marks) = &self.server_marks {
            let _ = self.server.save(now, marks, &mut self.server_store);
        }
        self.start_server();
    }

    fn start_server(&mut self) {
        self.cut();
        self.links.clear();
        self.half_open.clear();
        let now = self.server_now();
        self.server =
            server::Server::with_salts(now, self.server_config.clone(), self.salts.clone());
        self.load(now);
    }

    /// The server's life begins with what its store has.
    fn load(&mut self, now: Now) {
        self.server_marks = self.server.load(now, &mut self.server_store).ok();
    }

    /// The client loses everything but its permanent key, if it has one.
    pub fn restart_client(&mut self) {
        self.cut();
        if !self.client_has_key {
            self.client = client::Connection::new(self.config.clone(), &mut self.rng);
            return;
        }
        let key = StoredKey {
            auth_key: self.key.clone(),
            dc: None,
            created_at: self.key_created_at,
            salt: 0,
            clock_offset: 0,
        };
        self.client = client::Connection::with_key(self.config.clone(), key, &mut self.rng);
    }

    /// Answers a request.
    pub fn reply(
        &mut self,
        to: server::SessionRef,
        request: RequestId,
        result: Result<&[u8], &RpcError>,
    ) -> bool {
        let now = self.server_now();
        self.server.reply(now, to, request, result)
    }

    /// The next thing that happens within a time from now. `None`: the time has passed.
    pub fn next(&mut self, within: Duration) -> Option<Happening> {
        let end = self.time + within;
        loop {
            self.send_all();
            self.take_events();
            if let Some(happening) = self.happenings.pop_front() {
                return Some(happening);
            }
            let at = self.next_time().max(self.time);
            if at > end {
                self.time = end;
                return None;
            }
            self.time = at;
            self.close_old();
            self.deliver();
            self.pass_time();
        }
    }

    /// When something happens by itself.
    fn next_time(&self) -> Duration {
        let flight = self.flights.keys().next().map(|(at, _)| *at);
        let client = self.client.poll_timeout(self.now());
        let server = self.server.poll_timeout();
        let closing = self.half_open.front().map(|(at, _)| *at);
        [flight, client, server, closing]
            .into_iter()
            .flatten()
            .min()
            .unwrap_or(Duration::MAX)
    }

    fn pass_time(&mut self) {
        let now = self.now();
        if self
            .client
            .poll_timeout(now)
            .is_some_and(|at| at <= self.time)
            && let Err(error) = self.client.handle_timeout(now, &mut self.rng)
        {
            self.closed(Side::Client, error);
        }
        let now = self.server_now();
        if self.server.poll_timeout().is_some_and(|at| at <= self.time) {
            self.server.handle_timeout(now);
            self.server.forget_expired(now, 100);
        }
    }

    fn closed(&mut self, side: Side, error: Error) {
        if core::mem::take(&mut self.is_connected) {
            self.client.disconnect();
            self.close_link(self.connection);
        }
        self.happenings.push_back(Happening::Closed(side, error));
    }

    fn send_all(&mut self) {
        let mut bytes = Vec::new();
        let now = self.now();
        while self.is_connected {
            bytes.clear();
            match self.client.poll_transmit(now, &mut self.rng, &mut bytes) {
                Ok(false) => break,
                Ok(true) => {
                    let tag = usize::from(bytes.starts_with(&[0xee; 4])) * 4;
                    self.launch(Side::Server, self.connection, &bytes[tag..]);
                }
                Err(error) => self.closed(Side::Client, error),
            }
        }
        let now = self.server_now();
        while self.server.poll_wakeup().is_some() {}
        let connections: Vec<u64> = self.links.keys().copied().collect();
        for connection in connections {
            while let Some(link) = self.links.get_mut(&connection) {
                bytes.clear();
                match link.poll_transmit(now, &mut self.server, &mut self.rng, &mut bytes) {
                    Ok(false) => break,
                    Ok(true) => self.launch(Side::Client, connection, &bytes),
                    Err(error) if connection == self.connection => {
                        self.closed(Side::Server, error);
                    }
                    Err(_) => self.close_link(connection),
                }
            }
        }
    }

    /// Gives a packet to the network.
    fn launch(&mut self, to: Side, connection: u64, bytes: &[u8]) {
        self.packets[0] += 1;
        for piece in bytes.chunks(8) {
            let mut word = [0; 8];
            word[..piece.len()].copy_from_slice(piece);
            self.trace = (self.trace ^ u64::from_le_bytes(word))
                .wrapping_mul(0x100_0000_01b3)
                .rotate_left(17);
        }
        if self.recorded.len() >= RECORDED {
            self.recorded.pop_front();
        }
        if self.network.replay > 0 {
            self.recorded.push_back((to, bytes.to_vec()));
        }
        if self.rng.chance(self.network.replay) && !self.recorded.is_empty() {
            let at = self.rng.below(self.recorded.len() as u64) as usize;
            if let Some((to, bytes)) = self.recorded.get(at).cloned() {
                self.packets[4] += 1;
                let wait = self.rng.time(&(Duration::ZERO..Duration::from_secs(400)));
                self.fly(wait, to, connection, bytes, true);
            }
        }
        if self.rng.chance(self.network.loss) {
            self.packets[1] += 1;
            return;
        }
        let mut bytes = bytes.to_vec();
        if self.rng.chance(self.network.duplication) {
            self.packets[2] += 1;
            let latency = self.rng.time(&self.network.latency.clone());
            self.fly(latency, to, connection, bytes.clone(), false);
        }
        if self.rng.chance(self.network.corruption) && !bytes.is_empty() {
            self.packets[3] += 1;
            let at = self.rng.below(bytes.len() as u64) as usize;
            bytes[at] ^= 1 << self.rng.below(8);
        }
        let latency = self.rng.time(&self.network.latency.clone());
        self.fly(latency, to, connection, bytes, false);
    }

    fn fly(&mut self, wait: Duration, to: Side, connection: u64, bytes: Vec<u8>, replayed: bool) {
        self.flight += 1;
        let flight = Flight {
            to,
            connection,
            bytes,
            replayed,
        };
        self.flights.insert((self.time + wait, self.flight), flight);
    }

    fn deliver(&mut self) {
        while let Some(entry) = self.flights.first_entry()
            && entry.key().0 <= self.time
        {
            let flight = entry.remove();
            let connection = match flight.replayed {
                true => self.connection,
                false => flight.connection,
            };
            match flight.to {
                Side::Client => {
                    if !self.is_connected || connection != self.connection {
                        continue;
                    }
                    let now = self.now();
                    let result = self.client.handle_bytes(now, &flight.bytes, &mut self.rng);
                    if let Err(error) = result {
                        self.closed(Side::Client, error);
                    }
                }
                Side::Server => {
                    let now = self.server_now();
                    let Some(link) = self.links.get_mut(&connection) else {
                        continue;
                    };
                    let result =
                        link.handle_bytes(now, &mut self.server, &flight.bytes, &mut self.rng);
                    match result {
                        Ok(()) => {}
                        Err(error) if connection == self.connection && self.is_connected => {
                            self.closed(Side::Server, error);
                        }
                        Err(_) => self.close_link(connection),
                    }
                }
            }
        }
    }

    fn take_events(&mut self) {
        while let Some(event) = self.client.poll_event() {
            if let client::Event::NewKey(key) = &event {
                self.key = key.auth_key.clone();
                self.key_created_at = key.server_time.into();
                self.client_has_key = true;
            }
            let event = event.into();
            self.happenings.push_back(Happening::Client(event));
        }
        let now = self.server_now();
        while let Some(event) = self.server.poll_event(now) {
            let event = match event {
                server::Event::Request {
                    from,
                    permanent,
                    request,
                    body,
                } => ServerEvent::Request {
                    from,
                    permanent,
                    request,
                    body: body.to_vec(),
                },
                server::Event::Dropped { from, request } => ServerEvent::Dropped { from, request },
                server::Event::NewKey(key) => {
                    if let Some(key) = StoredKey::new(&key, now) {
                        let _ = self.server_store.save_key(&key);
                    }
                    ServerEvent::NewKey(key)
                }
                other => ServerEvent::Other(format!("{other:?}")),
            };
            self.happenings.push_back(Happening::Server(event));
        }
    }
}
