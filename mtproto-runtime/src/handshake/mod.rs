//! The key exchange, both sides: from nothing to an [`AuthKey`] that nobody else knows.
//!
//! ```text
//! client                                         server
//! req_pq_multi: nonce                       ──▶
//!                                           ◀──  resPQ: server_nonce, pq, fingerprints of its keys
//! req_DH_params: p, q, RSA_PAD(new_nonce …) ──▶
//!                                           ◀──  server_DH_params_ok: g, dh_prime, g_a, its time
//! set_client_DH_params: g_b                 ──▶
//!                                           ◀──  dh_gen_ok | dh_gen_retry | dh_gen_fail
//! ```
//!
//! | module | what |
//! |---|---|
//! | [`client`] | asks, and checks everything that comes back |
//! | [`server`] | answers, and forgets what does not get on |
//! | `checks` | the rules that both sides hold the other to |
//! | [`plain`] | the packets that all of this travels in |
//!
//! Bodies go in, bodies come out; no socket, no clock, no random source of its own. Each state of
//! a side is a type named for what it waits for, and taking an answer turns it into the next;
//! [`client::Handshake`] and [`server::Handshakes`] keep the states for whoever wants one value
//! that takes whatever comes.
//!
//! A handshake is needed once: who keeps the [`NewKey`] starts with a session right away the next
//! time.
//!
//! ```
//! use mtproto_runtime::crypto::{dh::KnownPrimes, random::SystemRandom, rsa::PrivateKey};
//! use mtproto_runtime::handshake::{Lifetime, client, server};
//! use mtproto_runtime::Now;
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let pem = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/vectors/test_key.pkcs8.pem"));
//! let now = Now::default();
//! let mut rng = SystemRandom::new();
//! let key = PrivateKey::from_pem(pem)?;
//!
//! let config = client::Config::new([key.public().clone()], Lifetime::Permanent);
//! let (mut client, mut request) = client::Handshake::start(&mut rng);
//! let mut known = KnownPrimes::default();
//!
//! let config_of_server = server::Config::new([key]);
//! let mut server = server::Handshakes::default();
//!
//! let (ours, theirs) = loop {
//!     let is_taken = |_auth_key_id| false;
//!     let reply = server.handle(&config_of_server, now, &request, is_taken, &mut rng)?;
//!     match client.handle(&config, &mut known, &reply.body, &mut rng)? {
//!         client::Progress::Request(next) => request = next,
//!         client::Progress::Done(ours) => break (ours, reply.key),
//!         client::Progress::Repeated => {}
//!     }
//! };
//! assert_eq!(Some(ours.auth_key), theirs.map(|key| key.auth_key));
//! # Ok(())
//! # }
//! ```
//!
//! See <https://core.telegram.org/mtproto/auth_key>.

mod checks;
pub mod client;
pub mod plain;
pub mod server;

use core::fmt;
use core::hash::{Hash, Hasher};

use rand_core::CryptoRng;
use zeroize::Zeroizing;

use crate::crypto::dh::ParameterError;
use crate::crypto::pq::PqError;
use crate::crypto::{AuthKey, equal};
use crate::tl::{Int128, ReadError};

/// How often an exchange is repeated after `dh_gen_retry` before both sides give up.
pub const MAX_RETRIES: u8 = 5;

/// How long an auth key lives.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Lifetime {
    /// Until somebody destroys it.
    Permanent,
    /// For so many seconds; it must be bound to a permanent key before it is of use, and is never
    /// stored. See <https://core.telegram.org/api/pfs>.
    Temporary {
        /// Seconds, a day as a rule.
        expires_in: i32,
    },
}

/// Where a client believes it is.
///
/// ```
/// use mtproto_runtime::handshake::Dc;
///
/// let media = Dc { id: 2, test: true, media: true };
/// assert_eq!(media.to_wire(), -10_002);
/// assert_eq!(Dc::from_wire(-10_002), Some(media));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Dc {
    /// Its number, from 1 on.
    pub id: u16,
    /// It is one of the test environment.
    pub test: bool,
    /// It serves only files.
    pub media: bool,
}

impl Dc {
    /// A production DC.
    #[must_use]
    pub const fn new(id: u16) -> Self {
        Self {
            id,
            test: false,
            media: false,
        }
    }

    /// As `p_q_inner_data_dc` and the header of obfuscated transports say it: plus 10000 for test
    /// DCs, negative for those of files.
    #[must_use]
    pub const fn to_wire(self) -> i32 {
        let number = self.id as i32 + if self.test { Self::TEST } else { 0 };
        if self.media { -number } else { number }
    }

    /// `None` for what is no DC.
    #[must_use]
    pub fn from_wire(number: i32) -> Option<Self> {
        let size = number.checked_abs()?;
        let test = size > Self::TEST;
        let id = if test { size - Self::TEST } else { size };
        match u16::try_from(id) {
            Ok(id) if 0 < id && i32::from(id) < Self::TEST => Some(Self {
                id,
                test,
                media: number < 0,
            }),
            _ => None,
        }
    }

    const TEST: i32 = 10_000;
}

/// What a handshake yields, on both sides the same.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct NewKey {
    /// The key.
    pub auth_key: AuthKey,
    /// The first server salt of the key.
    pub first_salt: i64,
    /// When a temporary key expires, in Unix seconds of the server. `None`: it is permanent.
    pub expires_at: Option<i32>,
    /// The server's Unix time in seconds, when it answered `req_DH_params`. A client may set its
    /// clock by it: the answer was made by the holder of the server's key, for this exchange.
    pub server_time: i32,
    /// The DC that the client named.
    pub dc: Option<Dc>,
}

/// Why a handshake is over (on the client) or a request is refused (on the server).
///
/// A client sends nothing more and closes the connection. A server answers
/// [`TransportError`](crate::transport) −404 or nothing, whatever the reason: the reason is for
/// its log alone.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Error {
    /// The body is not what this state waits for.
    Body(ReadError),
    /// The nonces are not those of this handshake (K1).
    Nonce,
    /// The server has none of the keys that the client trusts (K2).
    NoKnownKey,
    /// Two trusted keys have the fingerprint that the server named.
    AmbiguousKey,
    /// `pq` is longer than eight bytes, or no product of two primes (K3).
    Pq(Option<PqError>),
    /// `p` and `q` are not those that the server asked for.
    WrongFactors,
    /// What is encrypted was not made by the peer, or for this handshake (K4, K5).
    Decrypt,
    /// The group or the peer's public value is weak (K6, K7).
    Parameter(ParameterError),
    /// The hash of new_nonce and the auth key is wrong, or that of another verdict (K8).
    NewNonceHash,
    /// The server gave up: `dh_gen_fail` or `server_DH_params_fail`, with the right hash.
    Refused,
    /// The server asked for more than [`MAX_RETRIES`] new attempts.
    TooManyRetries,
    /// `retry_id` is not the one of the attempt before.
    RetryId,
    /// The client wants another DC.
    Dc,
    /// The client wants a temporary key that expires at once, or too late.
    ExpiresIn,
    /// The server knows no handshake with these nonces; it may have forgotten it.
    Unknown,
    /// The handshake has gone on from where this request belongs, or is over.
    OutOfOrder,
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Body(_) => "not what the handshake waits for",
            Self::Nonce => "the nonces are not those of this handshake",
            Self::NoKnownKey => "none of the server's keys is trusted",
            Self::AmbiguousKey => "two trusted keys have the same fingerprint",
            Self::Pq(_) => "pq is not a product of two primes",
            Self::WrongFactors => "p and q are not the factors of pq",
            Self::Decrypt => "what is encrypted is not from the peer of this handshake",
            Self::Parameter(_) => "the exchange's parameters are weak",
            Self::NewNonceHash => "the hash of new_nonce and the auth key is wrong",
            Self::Refused => "the server refused the key",
            Self::TooManyRetries => "the server asked for too many new attempts",
            Self::RetryId => "retry_id is not that of the attempt before",
            Self::Dc => "the client wants another dc",
            Self::ExpiresIn => "the temporary key would expire at once or too late",
            Self::Unknown => "no handshake with these nonces is going on",
            Self::OutOfOrder => "the handshake is not where this request belongs",
        })
    }
}

impl core::error::Error for Error {
    fn source(&self) -> Option<&(dyn core::error::Error + 'static)> {
        match self {
            Self::Body(error) => Some(error),
            Self::Pq(Some(error)) => Some(error),
            Self::Parameter(error) => Some(error),
            _ => None,
        }
    }
}

impl From<ReadError> for Error {
    fn from(error: ReadError) -> Self {
        Self::Body(error)
    }
}

impl From<ParameterError> for Error {
    fn from(error: ParameterError) -> Self {
        Self::Parameter(error)
    }
}

/// The two nonces that every packet of a handshake repeats. Everybody can see them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
struct Nonces {
    nonce: Int128,
    server_nonce: Int128,
}

/// new_nonce: the secret of the client that the exchange hangs on. Wiped when dropped, compared in
/// constant time, never printed.
#[derive(Clone)]
struct NewNonce(Box<Zeroizing<[u8; 32]>>);

impl NewNonce {
    fn generate(rng: &mut (impl CryptoRng + ?Sized)) -> Self {
        let mut bytes = Box::new(Zeroizing::new([0; 32]));
        rng.fill_bytes(&mut bytes[..]);
        Self(bytes)
    }

    fn new(bytes: &[u8; 32]) -> Self {
        Self(Box::new(Zeroizing::new(*bytes)))
    }

    fn expose_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl PartialEq for NewNonce {
    fn eq(&self, other: &Self) -> bool {
        equal(&self.0[..], &other.0[..])
    }
}

impl Eq for NewNonce {}

impl Hash for NewNonce {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.0[..].hash(state);
    }
}

impl fmt::Debug for NewNonce {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("NewNonce(..)")
    }
}

/// A TL object in a buffer that is wiped, and that does not grow while it is written.
fn secret_bytes(object: &impl crate::tl::TlWrite) -> Zeroizing<Vec<u8>> {
    // Not its size: that is found out by writing it to memory that is not wiped.
    const LONGEST: usize = 1024;
    let mut bytes = Zeroizing::new(Vec::with_capacity(LONGEST));
    // Only lengths beyond 2^24 could fail, and none here comes near.
    object.write_to(&mut bytes).unwrap_or_default();
    debug_assert!(bytes.len() <= LONGEST, "an object of a key exchange");
    bytes
}

/// The same for what is not secret.
fn to_bytes(object: &impl crate::tl::TlWrite) -> Vec<u8> {
    object.to_bytes().unwrap_or_default()
}
