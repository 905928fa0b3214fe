//! The client's side.

use rand_core::CryptoRng;
use zeroize::Zeroize;

use super::{
    Dc, Error, Lifetime, MAX_RETRIES, NewKey, NewNonce, Nonces, checks, secret_bytes, to_bytes,
};
use crate::crypto::dh::{Group, KnownPrimes, PublicValue};
use crate::crypto::hash::sha256;
use crate::crypto::kdf::{self, Verdict};
use crate::crypto::rsa::PublicKey;
use crate::crypto::{AuthKey, equal};
use crate::provider::{Crypto, Provider};
use crate::service::{enums, functions, types};
use crate::tl::{Arena, Int128, Reader, TlRead};

/// What a client wants, and whom it trusts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Config<P = Crypto> {
    /// How cryptography is reached.
    pub provider: P,
    /// The server's keys that are trusted; nothing else proves who the server is.
    pub keys: Vec<PublicKey>,
    /// How long the key shall live.
    pub lifetime: Lifetime,
    /// The DC that is meant, which the server compares with itself. `None` sends the older forms
    /// that do not say it.
    pub dc: Option<Dc>,
}

impl Config {
    /// Trusts these keys; names no DC.
    #[must_use]
    pub fn new(keys: impl IntoIterator<Item = PublicKey>, lifetime: Lifetime) -> Self {
        Self {
            provider: Crypto,
            keys: keys.into_iter().collect(),
            lifetime,
            dc: None,
        }
    }

    /// For a DC of Telegram, production or test.
    ///
    /// ```
    /// use mtproto_runtime::handshake::{Dc, Lifetime, client::Config};
    ///
    /// let config = Config::telegram(Dc::new(2), Lifetime::Permanent);
    /// assert_eq!(config.keys.len(), 1);
    /// ```
    #[must_use]
    pub fn telegram(dc: Dc, lifetime: Lifetime) -> Self {
        let key = match dc.test {
            false => PublicKey::telegram_production(),
            true => PublicKey::telegram_test(),
        };
        Self {
            dc: Some(dc),
            ..Self::new([key], lifetime)
        }
    }
}

/// A handshake, whatever state it is in.
///
/// Plain data: a clone goes on from the same point.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Handshake {
    state: State,
    request: Vec<u8>,
    /// Digests of the answers that led here.
    taken: Vec<[u8; 32]>,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum State {
    ResPq(ExpectResPq),
    DhParams(ExpectDhParams),
    Verdict(Box<ExpectVerdict>),
    Over,
}

/// What an answer led to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Progress {
    /// Send this body, in a plain message.
    Request(Vec<u8>),
    /// The key is there; the handshake is over.
    Done(NewKey),
    /// The answer was taken before, as networks and resent requests have it; nothing has changed.
    Repeated,
}

impl Handshake {
    /// Begins; returns the body to send, in a plain message.
    pub fn start(rng: &mut (impl CryptoRng + ?Sized)) -> (Self, Vec<u8>) {
        let (state, request) = ExpectResPq::start(rng);
        let handshake = Self {
            state: State::ResPq(state),
            request: request.clone(),
            taken: Vec::new(),
        };
        (handshake, request)
    }

    /// The body that an answer is awaited for. After some time without one, or on a new
    /// connection, it may be sent again, in a message with another msg_id: the server gives the
    /// same answer for ten minutes. Empty when the handshake is over.
    #[must_use]
    pub fn request(&self) -> &[u8] {
        &self.request
    }

    /// Whether there is a key, or there was an error.
    #[must_use]
    pub fn is_over(&self) -> bool {
        matches!(self.state, State::Over)
    }

    /// Takes the body of a plain message from the server.
    ///
    /// A prime that is not in `known` takes some tenths of a second to check, and is added.
    ///
    /// # Errors
    /// [`Error`]. The handshake is over then: nothing more may be sent for it, and the connection
    /// ought to be closed.
    pub fn handle<P: Provider>(
        &mut self,
        config: &Config<P>,
        known: &mut KnownPrimes,
        body: &[u8],
        rng: &mut (impl CryptoRng + ?Sized),
    ) -> Result<Progress, Error> {
        let digest = sha256(&[body]);
        if self.taken.contains(&digest) {
            return Ok(Progress::Repeated);
        }
        self.request.clear();
        let (state, request) = match core::mem::replace(&mut self.state, State::Over) {
            State::ResPq(state) => {
                let (next, request) = state.handle(config, body, rng)?;
                (State::DhParams(next), request)
            }
            State::DhParams(state) => {
                let (next, request) = state.handle(config, known, body, rng)?;
                (State::Verdict(Box::new(next)), request)
            }
            State::Verdict(state) => match state.handle(config, body, rng)? {
                Outcome::Done(key) => {
                    self.taken.push(digest);
                    return Ok(Progress::Done(key));
                }
                Outcome::Retry(next, request) => (State::Verdict(next), request),
            },
            State::Over => return Err(Error::OutOfOrder),
        };
        self.state = state;
        self.request.clone_from(&request);
        self.taken.push(digest);
        Ok(Progress::Request(request))
    }
}

/// `req_pq_multi` is sent.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ExpectResPq {
    nonce: Int128,
}

impl ExpectResPq {
    /// Begins; returns the body to send.
    pub fn start(rng: &mut (impl CryptoRng + ?Sized)) -> (Self, Vec<u8>) {
        let mut nonce = [0; 16];
        rng.fill_bytes(&mut nonce);
        let request = to_bytes(&functions::ReqPqMulti { nonce });
        (Self { nonce }, request)
    }

    /// Takes `resPQ`; returns the next state and the body to send.
    ///
    /// # Errors
    /// [`Error`]
    pub fn handle<P: Provider>(
        self,
        config: &Config<P>,
        body: &[u8],
        rng: &mut (impl CryptoRng + ?Sized),
    ) -> Result<(ExpectDhParams, Vec<u8>), Error> {
        let arena = Arena::new();
        let answer: types::ResPq<'_> = read_prefix(body, &arena)?;
        checks::nonce(&self.nonce, &answer.nonce)?;
        let key = checks::trusted_key(&config.keys, answer.server_public_key_fingerprints)?;
        let (p, q) = checks::pq(&config.provider, answer.pq)?;

        let nonces = Nonces {
            nonce: self.nonce,
            server_nonce: answer.server_nonce,
        };
        let (p, q) = (p.bytes(), q.bytes());
        let new_nonce = NewNonce::generate(rng);
        let inner = inner_data(config, &nonces, answer.pq, [&p, &q], &new_nonce);
        // It has 112 bytes at most, and 144 would fit.
        let encrypted_data = config
            .provider
            .rsa_seal(key, &inner, rng)
            .map_err(|_| Error::Decrypt)?;
        let request = to_bytes(&functions::ReqDhParams {
            nonce: nonces.nonce,
            server_nonce: nonces.server_nonce,
            p: &p,
            q: &q,
            public_key_fingerprint: key.fingerprint(),
            encrypted_data: &encrypted_data,
        });
        Ok((ExpectDhParams { nonces, new_nonce }, request))
    }
}

/// `p_q_inner_data` in the form that says what the client wants.
fn inner_data<P>(
    config: &Config<P>,
    &Nonces {
        nonce,
        server_nonce,
    }: &Nonces,
    pq: &[u8],
    [p, q]: [&[u8]; 2],
    secret: &NewNonce,
) -> zeroize::Zeroizing<Vec<u8>> {
    let mut new_nonce = *secret.expose_bytes();
    let dc = config.dc.map(Dc::to_wire);
    let bytes = match (config.lifetime, dc) {
        (Lifetime::Permanent, Some(dc)) => secret_bytes(&types::PQInnerDataDc {
            pq,
            p,
            q,
            nonce,
            server_nonce,
            new_nonce,
            dc,
        }),
        (Lifetime::Permanent, None) => secret_bytes(&types::PQInnerData {
            pq,
            p,
            q,
            nonce,
            server_nonce,
            new_nonce,
        }),
        (Lifetime::Temporary { expires_in }, Some(dc)) => secret_bytes(&types::PQInnerDataTempDc {
            pq,
            p,
            q,
            nonce,
            server_nonce,
            new_nonce,
            dc,
            expires_in,
        }),
        (Lifetime::Temporary { expires_in }, None) => secret_bytes(&types::PQInnerDataTemp {
            pq,
            p,
            q,
            nonce,
            server_nonce,
            new_nonce,
            expires_in,
        }),
    };
    new_nonce.zeroize();
    bytes
}

/// `req_DH_params` is sent.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ExpectDhParams {
    nonces: Nonces,
    new_nonce: NewNonce,
}

impl ExpectDhParams {
    /// Takes `server_DH_params_ok`; returns the next state and the body to send.
    ///
    /// A prime that is not in `known` takes some tenths of a second to check, and is added.
    ///
    /// # Errors
    /// [`Error`]
    pub fn handle<P: Provider>(
        self,
        config: &Config<P>,
        known: &mut KnownPrimes,
        body: &[u8],
        rng: &mut (impl CryptoRng + ?Sized),
    ) -> Result<(ExpectVerdict, Vec<u8>), Error> {
        let Self { nonces, new_nonce } = self;
        let provider = &config.provider;
        let arena = Arena::new();
        let answer = match read_prefix(body, &arena)? {
            enums::ServerDhParams::Ok(answer) => answer,
            enums::ServerDhParams::Fail(answer) => {
                checks::nonces(&nonces, &nonces_of(answer.nonce, answer.server_nonce))?;
                let right = kdf::new_nonce_hash_of_failure(new_nonce.expose_bytes());
                return Err(match equal(&right, &answer.new_nonce_hash) {
                    true => Error::Refused,
                    false => Error::NewNonceHash,
                });
            }
        };
        checks::nonces(&nonces, &nonces_of(answer.nonce, answer.server_nonce))?;

        let mut encrypted = answer.encrypted_answer.to_vec();
        let inner = provider
            .open_exchange(
                new_nonce.expose_bytes(),
                &nonces.server_nonce,
                &mut encrypted,
            )
            .map_err(|_| Error::Decrypt)?;
        let inner = types::ServerDhInnerData::from_bytes(inner)?;
        checks::nonces(&nonces, &nonces_of(inner.nonce, inner.server_nonce))?;
        let group = provider.check_group(inner.dh_prime, inner.g, known, rng)?;
        let g_a = group.public_value(inner.g_a)?;

        let exchange = Exchange {
            nonces,
            new_nonce,
            group,
            g_a,
            server_time: inner.server_time,
        };
        Ok(exchange.attempt(config, 0, 0, rng))
    }
}

/// What all attempts of one exchange have in common.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Exchange {
    nonces: Nonces,
    new_nonce: NewNonce,
    group: Group,
    g_a: PublicValue,
    server_time: i32,
}

impl Exchange {
    /// Draws b, and asks what the server makes of g_b.
    fn attempt<P: Provider>(
        self,
        config: &Config<P>,
        retries: u8,
        retry_id: i64,
        rng: &mut (impl CryptoRng + ?Sized),
    ) -> (ExpectVerdict, Vec<u8>) {
        let provider = &config.provider;
        let Nonces {
            nonce,
            server_nonce,
        } = self.nonces;
        let (b, g_b) = provider.generate_exponent(&self.group, rng);
        let auth_key = provider.shared_key(&self.group, &b, &self.g_a);
        let inner = to_bytes(&types::ClientDhInnerData {
            nonce,
            server_nonce,
            retry_id,
            g_b: g_b.as_bytes(),
        });
        let encrypted_data =
            provider.seal_exchange(self.new_nonce.expose_bytes(), &server_nonce, &inner, rng);
        let request = to_bytes(&functions::SetClientDhParams {
            nonce,
            server_nonce,
            encrypted_data: &encrypted_data,
        });
        let next = ExpectVerdict {
            exchange: self,
            auth_key,
            retries,
        };
        (next, request)
    }
}

/// `set_client_DH_params` is sent.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ExpectVerdict {
    exchange: Exchange,
    auth_key: AuthKey,
    /// `dh_gen_retry` that came so far.
    retries: u8,
}

/// What the server made of g_b.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// `dh_gen_ok`
    Done(NewKey),
    /// `dh_gen_retry`: another state of the same kind, and the body to send.
    Retry(Box<ExpectVerdict>, Vec<u8>),
}

impl ExpectVerdict {
    /// Takes `dh_gen_ok`, `dh_gen_retry` or `dh_gen_fail`.
    ///
    /// # Errors
    /// [`Error`]
    pub fn handle<P: Provider>(
        self,
        config: &Config<P>,
        body: &[u8],
        rng: &mut (impl CryptoRng + ?Sized),
    ) -> Result<Outcome, Error> {
        use enums::SetClientDhParamsAnswer::{DhGenFail, DhGenOk, DhGenRetry};

        let arena = Arena::new();
        let (nonces, verdict, hash) = match read_prefix(body, &arena)? {
            DhGenOk(answer) => (
                nonces_of(answer.nonce, answer.server_nonce),
                Verdict::Ok,
                answer.new_nonce_hash1,
            ),
            DhGenRetry(answer) => (
                nonces_of(answer.nonce, answer.server_nonce),
                Verdict::Retry,
                answer.new_nonce_hash2,
            ),
            DhGenFail(answer) => (
                nonces_of(answer.nonce, answer.server_nonce),
                Verdict::Fail,
                answer.new_nonce_hash3,
            ),
        };
        let Self {
            exchange,
            auth_key,
            retries,
        } = self;
        checks::nonces(&exchange.nonces, &nonces)?;
        checks::new_nonce_hash(&exchange.new_nonce, &auth_key, verdict, &hash)?;
        match verdict {
            Verdict::Ok => Ok(Outcome::Done(NewKey {
                first_salt: kdf::first_server_salt(
                    exchange.new_nonce.expose_bytes(),
                    &nonces.server_nonce,
                ),
                expires_at: match config.lifetime {
                    Lifetime::Permanent => None,
                    Lifetime::Temporary { expires_in } => {
                        Some(exchange.server_time.saturating_add(expires_in))
                    }
                },
                server_time: exchange.server_time,
                dc: config.dc,
                auth_key,
            })),
            Verdict::Retry if retries < MAX_RETRIES => {
                let (next, request) =
                    exchange.attempt(config, retries + 1, auth_key.aux_hash(), rng);
                Ok(Outcome::Retry(Box::new(next), request))
            }
            Verdict::Retry => Err(Error::TooManyRetries),
            Verdict::Fail => Err(Error::Refused),
        }
    }
}

fn nonces_of(nonce: Int128, server_nonce: Int128) -> Nonces {
    Nonces {
        nonce,
        server_nonce,
    }
}

/// The object that the body begins with. What a server puts behind it is ignored, as its own
/// documentation shows it doing that.
fn read_prefix<'a, T: TlRead<'a>>(body: &'a [u8], arena: &'a Arena) -> Result<T, Error> {
    Ok(Reader::new(body).with_arena(arena).read()?)
}
