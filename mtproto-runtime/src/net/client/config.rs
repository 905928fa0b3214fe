//! How a client behaves: every knob once.

use core::fmt;
use core::time::Duration;
use std::sync::{Arc, Mutex};

use rand_core::CryptoRng;

use super::{Backoff, Init};
use crate::connection::client as connection;
use crate::crypto::rsa::PublicKey;
use crate::handshake::Dc;
use crate::store::{Store, StoredKey};
use crate::transport::{self, Framing, ProxySecret, Transport};

/// A store that several clients may share, each with a DC of its own.
pub type SharedStore = Arc<Mutex<dyn Store + Send>>;

/// How a client behaves.
///
/// ```
/// use std::time::Duration;
/// use mtproto_runtime::crypto::rsa::PublicKey;
/// use mtproto_runtime::handshake::Dc;
/// use mtproto_runtime::net::client::{Config, Init, Wire};
/// use mtproto_runtime::store::MemoryStore;
/// use mtproto_runtime::transport::Framing;
///
/// let mut config = Config::new([PublicKey::telegram_test()])
///     .dc(Dc { id: 2, test: true, media: false })
///     .store(MemoryStore::default())
///     .wire(Wire::obfuscated(Framing::Intermediate))
///     .init(Init::new(230, 12345))
///     .pfs();
/// config.call_timeout = Some(Duration::from_secs(10));
/// ```
#[derive(Clone)]
#[non_exhaustive]
pub struct Config {
    /// Keys, the session, padding, temporary keys.
    pub connection: connection::Config,
    /// How packets are told apart on the wire, and whether it looks random.
    pub wire: Wire,
    /// Who the client is, if the server is to be told.
    pub init: Option<Init>,
    /// A permanent key that was kept.
    pub key: Option<StoredKey>,
    /// Where to look for a key if there is none in `key`: the newest of the DC, or the newest of
    /// all if no DC is named. New keys are kept there before they are used for anything, and lost
    /// ones removed. It is used where blocking is allowed.
    pub store: Option<SharedStore>,
    /// How long it may take to connect to one address.
    pub connect_timeout: Duration,
    /// How long the server may take from there to prove that it knows the key, which is made in
    /// that time if there is none.
    pub handshake_timeout: Duration,
    /// How long calls may take that don't say so themselves, waiting for the network included.
    /// `None`: for ever.
    pub call_timeout: Option<Duration>,
    /// How many calls may be under way at a time. Further ones wait for their turn.
    pub max_calls: usize,
    /// How many bytes of requests may be under way at a time, in steps of 1 KiB for each call. One
    /// request alone may be longer.
    pub max_bytes: usize,
    /// How long to wait before connecting again.
    pub backoff: Backoff,
    /// After so many refusals one after the other ([`Ended::Refused`](super::Ended::Refused)) the
    /// client gives up. One alone may have been made by anybody on the way.
    pub max_refusals: u32,
    /// How many updates wait for whoever reads them; with more, the oldest are thrown away.
    pub max_updates: usize,
    /// How many bytes of them.
    pub max_update_bytes: usize,
    /// How long [`Client::close`](super::Client::close) waits for calls that are under way.
    pub close_timeout: Duration,
    /// What the wall clock says, since 1970.
    pub unix: fn() -> Duration,
}

impl Config {
    /// Trusts these keys of the server; everything else as usual: intermediate framing, no
    /// obfuscation, no temporary keys, calls of at most a minute.
    #[must_use]
    pub fn new(keys: impl IntoIterator<Item = PublicKey>) -> Self {
        Self {
            connection: connection::Config::new(keys),
            wire: Wire::plain(Framing::Intermediate),
            init: None,
            key: None,
            store: None,
            connect_timeout: Duration::from_secs(10),
            handshake_timeout: Duration::from_secs(30),
            call_timeout: Some(Duration::from_secs(60)),
            max_calls: 4096,
            max_bytes: 16 << 20,
            backoff: Backoff::default(),
            max_refusals: 3,
            max_updates: 4096,
            max_update_bytes: 16 << 20,
            close_timeout: Duration::from_secs(5),
            unix: || {
                std::time::SystemTime::UNIX_EPOCH
                    .elapsed()
                    .unwrap_or_default()
            },
        }
    }

    /// Names the DC: to the server in the key exchange, to proxies in the obfuscated header, and to
    /// the store.
    #[must_use]
    pub fn dc(mut self, dc: Dc) -> Self {
        self.connection.handshake.dc = Some(dc);
        self
    }

    /// Uses this framing.
    #[must_use]
    pub fn wire(mut self, wire: Wire) -> Self {
        self.wire = wire;
        self
    }

    /// Starts with this key.
    #[must_use]
    pub fn key(mut self, key: StoredKey) -> Self {
        self.key = Some(key);
        self
    }

    /// Looks for a key in this store, and keeps new ones there.
    #[must_use]
    pub fn store(mut self, store: impl Store + Send + 'static) -> Self {
        self.store = Some(Arc::new(Mutex::new(store)));
        self
    }

    /// Tells the server who the client is.
    #[must_use]
    pub fn init(mut self, init: Init) -> Self {
        self.init = Some(init);
        self
    }

    /// Uses temporary keys, a day each: who gets hold of the permanent key later can't read what
    /// was said before.
    #[must_use]
    pub fn pfs(mut self) -> Self {
        self.connection.pfs.get_or_insert_default();
        self
    }
}

impl fmt::Debug for Config {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Config")
            .field("connection", &self.connection)
            .field("wire", &self.wire)
            .field("init", &self.init)
            .field("has_key", &self.key.is_some())
            .field("has_store", &self.store.is_some())
            .field("backoff", &self.backoff)
            .finish_non_exhaustive()
    }
}

/// What the bytes on the wire look like.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Wire {
    /// How packets are told apart.
    pub framing: Framing,
    /// Whether the bytes look random.
    pub obfuscated: bool,
    /// The secret of the proxy that they go through.
    pub secret: Option<ProxySecret>,
}

impl Wire {
    /// As the framing has it.
    #[must_use]
    pub const fn plain(framing: Framing) -> Self {
        Self {
            framing,
            obfuscated: false,
            secret: None,
        }
    }

    /// The same with bytes that look random. Full framing can't be obfuscated.
    #[must_use]
    pub const fn obfuscated(framing: Framing) -> Self {
        Self {
            framing,
            obfuscated: true,
            secret: None,
        }
    }

    /// Through a proxy that has this secret, padded, which every proxy takes.
    #[must_use]
    pub const fn proxy(secret: ProxySecret) -> Self {
        Self {
            framing: Framing::PaddedIntermediate,
            obfuscated: true,
            secret: Some(secret),
        }
    }

    pub(super) fn transport(
        &self,
        dc: Option<Dc>,
        rng: &mut impl CryptoRng,
    ) -> Result<Transport, transport::Error> {
        if !self.obfuscated && self.secret.is_none() {
            return Ok(Transport::client(self.framing));
        }
        let dc = dc.and_then(|dc| i16::try_from(dc.to_wire()).ok());
        Transport::obfuscated_client(self.framing, dc, self.secret.as_ref(), rng)
    }
}
