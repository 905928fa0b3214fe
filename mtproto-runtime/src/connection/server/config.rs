//! How a server behaves.

use core::time::Duration;

use crate::crypto::packet::Padding;
use crate::crypto::rsa::PrivateKey;
use crate::session::server as session;
use crate::{Crypto, handshake};

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
    /// Most sessions of one permanent key, with those of temporary keys that are bound to it. For a new
    /// one, one without a connection is given up: the one that was used longest ago, but those for which
    /// requests run come last.
    pub max_sessions_per_key: usize,
    /// Most sessions in all. For a new one, one of the client is given up that has the most without
    /// a connection; a client is its permanent key.
    pub max_sessions: usize,
    /// Most keys in memory; with more, key exchanges are refused. See also
    /// [`Server::forget_unused`](super::Server::forget_unused).
    pub max_keys: usize,
    /// Most bytes that may wait for acks, over all sessions. With more, the session ends that holds
    /// the most of them ([`Ended::Unacknowledged`](super::Ended::Unacknowledged)).
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
