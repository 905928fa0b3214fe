//! What a server allows.

use core::time::Duration;

use crate::connection::server as connection;
use crate::crypto::rsa::PrivateKey;

/// How a server behaves. The limits are meant for a server that strangers reach.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Config {
    /// The protocol: RSA keys, sessions, transports. Packing and unpacking is done by the driver,
    /// as [`session.gzip`](crate::session::server::Config::gzip) and
    /// [`session.max_unpacked`](crate::session::server::Config::max_unpacked) say.
    pub core: connection::Config,
    /// Who may do how much.
    pub limits: Limits,
    /// How long what may take.
    pub timeouts: Timeouts,
    /// The layer of clients that have never told theirs.
    pub default_layer: Option<i32>,
}

impl Config {
    /// With these RSA keys; everything else as usual.
    #[must_use]
    pub fn new(keys: impl IntoIterator<Item = PrivateKey>) -> Self {
        Self {
            core: connection::Config::new(keys),
            limits: Limits::default(),
            timeouts: Timeouts::default(),
            default_layer: None,
        }
    }
}

/// Who may do how much. A client that wants more hears transport error −429 (connections, key
/// exchanges) or 420 `FLOOD_WAIT_1` (requests).
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Limits {
    /// Most connections in all.
    pub connections: usize,
    /// Most connections from one address; of IPv6, from one /64.
    pub connections_per_address: usize,
    /// Most connections on which one key is used.
    pub connections_per_key: usize,
    /// Connections beyond these limits are not closed at once but told why, so many at a time.
    pub refusals: usize,
    /// How many steps of key exchanges one address may take in a row. One exchange has three.
    pub handshake_burst: u32,
    /// How many more each second.
    pub handshake_rate: u32,
    /// How many permanent keys one address may make in a row.
    pub key_burst: u32,
    /// How many more each hour.
    pub keys_per_hour: u32,
    /// How many temporary keys one address may make in a row.
    pub temporary_key_burst: u32,
    /// How many more each hour.
    pub temporary_keys_per_hour: u32,
    /// How many steps of key exchanges are computed at a time; others wait.
    pub handshakes_at_a_time: usize,
    /// How many wait. More are refused.
    pub waiting_handshakes: usize,
    /// Most bytes of all requests that are running, unpacked. Those of one packet that are packed
    /// may have
    /// [`session.max_unpacked`](crate::session::server::Config::max_unpacked) in all.
    pub request_bytes: usize,
    /// Most bytes of packets that have not come as a whole, over all connections on which no key was
    /// used yet: whoever sends them may be anybody. One address has an eighth of it, but one packet in
    /// any case. The first 8 KiB of a packet do not count, so that new clients are served
    /// whatever others do. A connection that would exceed it ends.
    pub stranger_bytes: usize,
    /// The same over all connections on which a key was used.
    pub partial_bytes: usize,
    /// Most bytes that wait for one connection's socket before no more are made.
    pub write_buffer: usize,
}

impl Default for Limits {
    fn default() -> Self {
        let processors = std::thread::available_parallelism().map_or(1, usize::from);
        Self {
            connections: 1 << 16,
            connections_per_address: 256,
            connections_per_key: 64,
            refusals: 256,
            handshake_burst: 96,
            handshake_rate: 12,
            key_burst: 256,
            keys_per_hour: 256,
            temporary_key_burst: 512,
            temporary_keys_per_hour: 512,
            handshakes_at_a_time: processors,
            waiting_handshakes: 1024,
            request_bytes: 256 << 20,
            stranger_bytes: 64 << 20,
            partial_bytes: 256 << 20,
            write_buffer: 256 << 10,
        }
    }
}

/// How long what may take.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Timeouts {
    /// For the first packet of a connection to be complete.
    pub first_packet: Duration,
    /// For any other packet to be complete, once it has begun, and for the client to take what is
    /// sent; again and again, as long as it moves on by [`Self::slowest`].
    pub stuck: Duration,
    /// Bytes in a second by which a slow client must move on.
    pub slowest: u32,
    /// For silence of a client that has not used a key yet.
    pub silent: Duration,
    /// For silence of others.
    pub idle: Duration,
    /// For a permanent key to be used for the first time. One that is not is forgotten, by the store
    /// too.
    pub unused_key: Duration,
}

impl Default for Timeouts {
    fn default() -> Self {
        Self {
            first_packet: Duration::from_secs(15),
            stuck: Duration::from_secs(30),
            slowest: 1024,
            silent: Duration::from_secs(120),
            idle: Duration::from_secs(900),
            unused_key: Duration::from_secs(3600),
        }
    }
}
