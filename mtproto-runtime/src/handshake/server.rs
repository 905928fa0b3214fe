//! The server's side.

use core::time::Duration;
use std::collections::{BTreeMap, VecDeque};

use rand_core::CryptoRng;
use zeroize::{Zeroize, Zeroizing};

use super::checks::{self, Number};
use super::{Dc, Error, MAX_RETRIES, NewKey, NewNonce, Nonces, to_bytes};
use crate::Now;
use crate::crypto::AuthKey;
use crate::crypto::dh::{Group, SecretExponent};
use crate::crypto::hash::sha256;
use crate::crypto::kdf::{self, Verdict};
use crate::crypto::pq::Factors;
use crate::crypto::rsa::{Opened, PrivateKey};
use crate::provider::{Crypto, Provider};
use crate::service::{enums, functions, types};
use crate::tl::{Identified, Int128, Reader, TlRead};

/// What a server answers with, and what it takes.
#[derive(Clone, Debug)]
pub struct Config<P = Crypto> {
    /// How cryptography is reached.
    pub provider: P,
    /// The server's keys; their fingerprints are offered in this order.
    pub keys: Vec<PrivateKey>,
    /// The DCs that this server is: a client that names another one is refused. Empty: any. A
    /// client that names none is not refused.
    pub dcs: Vec<Dc>,
    /// The group of the exchange.
    pub group: Group,
    /// Also takes the encryption from before 2021 (SHA-1 of the data, the data, random bytes),
    /// which several clients still send. Off unless set.
    ///
    /// **A risk**: the form has no proof of security, and an attacker who can measure how far a
    /// server comes with a forged one gets at the new_nonce of a recorded handshake, and so into
    /// its place. Nothing is looked at here before the hash is right, but only RSA_PAD leaves
    /// nothing to attack. See [`PrivateKey::open_with_legacy`].
    pub legacy_rsa: bool,
    /// How long a handshake is remembered, and repeated requests get repeated answers.
    pub remember: Duration,
    /// How many handshakes are remembered in which the client has shown nothing yet; about 400
    /// bytes each. The oldest is forgotten for a new one.
    pub max_started: usize,
    /// How many are remembered in which the client has sent its new_nonce; about 2 KiB each. The
    /// oldest is forgotten for a new one.
    pub max_advanced: usize,
    /// How many wrong requests one handshake gets before it is forgotten. Each may cost the server
    /// the work of a private key.
    pub max_wrong: u8,
    /// The longest lifetime of a temporary key, in seconds.
    pub max_expires_in: i32,
}

impl Config {
    /// Ten minutes, 65,536 and 8,192 handshakes, temporary keys of up to a week, Telegram's group,
    /// no legacy forms, any DC.
    #[must_use]
    pub fn new(keys: impl IntoIterator<Item = PrivateKey>) -> Self {
        Self {
            provider: Crypto,
            keys: keys.into_iter().collect(),
            dcs: Vec::new(),
            group: Group::telegram(),
            legacy_rsa: false,
            remember: Duration::from_secs(600),
            max_started: 1 << 16,
            max_advanced: 1 << 13,
            max_wrong: 8,
            max_expires_in: 7 * 86_400,
        }
    }
}

/// An answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reply {
    /// The body to send, in a plain message.
    pub body: Vec<u8>,
    /// The key, if this answer is the `dh_gen_ok` that ends the handshake: keep it before the
    /// answer is sent. A repeated request gets the answer alone.
    pub key: Option<NewKey>,
}

impl Reply {
    fn without_key(body: Vec<u8>) -> Self {
        Self { body, key: None }
    }
}

/// All handshakes of a server that are going on, of all its connections: a client may go on with
/// one on another connection.
///
/// An identical request gets the identical answer for ten minutes. A wrong one is refused and
/// changes nothing, so that a stranger can't end somebody's handshake; after
/// [`Config::max_wrong`] of them the handshake is forgotten, as they cost work.
///
/// Plain data, and a bounded amount of it. A server of many threads keeps one value for each, or
/// for each of several parts of the clients' nonces.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Handshakes {
    /// By the client's nonce.
    by_nonce: BTreeMap<Int128, Entry>,
    /// In the order of their age: without the client's new_nonce, and with.
    started: VecDeque<(Duration, Nonces)>,
    advanced: VecDeque<(Duration, Nonces)>,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Entry {
    nonces: Nonces,
    res_pq: Vec<u8>,
    wrong: u8,
    state: State,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum State {
    DhRequest(ExpectDhRequest),
    ClientDh(Box<Advanced<ExpectClientDh>>),
    Over(Box<Advanced<()>>),
}

/// A state with the requests that led to it and what they were answered.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Advanced<S> {
    state: S,
    dh_params: Answered,
    verdicts: Vec<Answered>,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Answered {
    /// Digest of the request.
    request: [u8; 32],
    answer: Vec<u8>,
}

impl Handshakes {
    /// Takes the body of a plain message from a client.
    ///
    /// `is_taken` says whether an auth key with this id exists already; the client is then asked
    /// for another g_b.
    ///
    /// # Errors
    /// [`Error`], for the log. The client gets transport error −404, or nothing.
    pub fn handle<P: Provider>(
        &mut self,
        config: &Config<P>,
        now: Now,
        body: &[u8],
        is_taken: impl FnOnce(i64) -> bool,
        rng: &mut (impl CryptoRng + ?Sized),
    ) -> Result<Reply, Error> {
        self.forget_old(now.monotonic, config.remember);
        match Request::read(body)? {
            Request::Start(nonce) => Ok(Reply::without_key(self.start(config, now, nonce, rng))),
            Request::DhParams(nonces, request, digest) => {
                let entry = self.entry(&nonces)?;
                let (answer, is_new) = entry
                    .dh_params(config, now, &request, digest, rng)
                    .inspect_err(|_| self.count_wrong(&nonces, config.max_wrong))?;
                if is_new {
                    self.advance(config, now, nonces);
                }
                Ok(Reply::without_key(answer))
            }
            Request::ClientDh(nonces, request, digest) => {
                let entry = self.entry(&nonces)?;
                entry
                    .client_dh(config, &request, digest, is_taken)
                    .inspect_err(|_| self.count_wrong(&nonces, config.max_wrong))
            }
        }
    }

    /// Forgets the handshake in which this message has made a key, if the key can't be kept: who sends
    /// it again is not to hear of a key that nobody has.
    pub fn forget(&mut self, body: &[u8]) {
        if let Ok(Request::ClientDh(nonces, ..)) = Request::read(body)
            && self.entry(&nonces).is_ok()
        {
            self.by_nonce.remove(&nonces.nonce);
        }
    }

    /// How many handshakes are remembered.
    #[must_use]
    pub fn len(&self) -> usize {
        self.by_nonce.len()
    }

    /// Whether none is.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.by_nonce.is_empty()
    }

    fn start<P: Provider>(
        &mut self,
        config: &Config<P>,
        now: Now,
        nonce: Int128,
        rng: &mut (impl CryptoRng + ?Sized),
    ) -> Vec<u8> {
        if let Some(entry) = self.by_nonce.get(&nonce) {
            return entry.res_pq.clone();
        }
        while self.started.len() >= config.max_started.max(1) {
            self.forget_oldest(Stage::Started);
        }
        let (state, res_pq) = ExpectDhRequest::start(config, nonce, rng);
        let nonces = state.nonces;
        let entry = Entry {
            nonces,
            res_pq: res_pq.clone(),
            wrong: 0,
            state: State::DhRequest(state),
        };
        self.by_nonce.insert(nonce, entry);
        self.started.push_back((now.monotonic, nonces));
        res_pq
    }

    fn entry(&mut self, nonces: &Nonces) -> Result<&mut Entry, Error> {
        let entry = self.by_nonce.get_mut(&nonces.nonce).ok_or(Error::Unknown)?;
        checks::nonces(&entry.nonces, nonces)?;
        Ok(entry)
    }

    /// Puts a handshake into the other queue. What stays of it in the first one is skipped there
    /// when its time comes.
    fn advance<P>(&mut self, config: &Config<P>, now: Now, nonces: Nonces) {
        while self.advanced.len() >= config.max_advanced.max(1) {
            self.forget_oldest(Stage::Advanced);
        }
        self.advanced.push_back((now.monotonic, nonces));
    }

    fn count_wrong(&mut self, nonces: &Nonces, max: u8) {
        if let Some(entry) = self.by_nonce.get_mut(&nonces.nonce) {
            entry.wrong = entry.wrong.saturating_add(1);
            if entry.wrong >= max.max(1) {
                self.by_nonce.remove(&nonces.nonce);
            }
        }
    }

    fn forget_old(&mut self, now: Duration, remember: Duration) {
        for stage in [Stage::Started, Stage::Advanced] {
            while self
                .queue(stage)
                .front()
                .is_some_and(|(since, _)| now.saturating_sub(*since) >= remember)
            {
                self.forget_oldest(stage);
            }
        }
    }

    fn forget_oldest(&mut self, stage: Stage) {
        if let Some((_, nonces)) = self.queue(stage).pop_front()
            && let Some(entry) = self.by_nonce.get(&nonces.nonce)
            && (entry.nonces, entry.state.stage()) == (nonces, stage)
        {
            self.by_nonce.remove(&nonces.nonce);
        }
    }

    fn queue(&mut self, stage: Stage) -> &mut VecDeque<(Duration, Nonces)> {
        match stage {
            Stage::Started => &mut self.started,
            Stage::Advanced => &mut self.advanced,
        }
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Stage {
    Started,
    Advanced,
}

impl State {
    fn stage(&self) -> Stage {
        match self {
            Self::DhRequest(_) => Stage::Started,
            Self::ClientDh(_) | Self::Over(_) => Stage::Advanced,
        }
    }
}

impl Entry {
    /// The answer, and whether the handshake has gone on by it.
    fn dh_params<P: Provider>(
        &mut self,
        config: &Config<P>,
        now: Now,
        request: &functions::ReqDhParams<'_>,
        digest: [u8; 32],
        rng: &mut (impl CryptoRng + ?Sized),
    ) -> Result<(Vec<u8>, bool), Error> {
        let answered = match &self.state {
            State::DhRequest(state) => {
                let (state, answer) = state.handle(config, now, request, rng)?;
                self.state = State::ClientDh(Box::new(Advanced {
                    state,
                    dh_params: Answered {
                        request: digest,
                        answer: answer.clone(),
                    },
                    verdicts: Vec::new(),
                }));
                return Ok((answer, true));
            }
            State::ClientDh(advanced) => &advanced.dh_params,
            State::Over(advanced) => &advanced.dh_params,
        };
        match answered.request == digest {
            true => Ok((answered.answer.clone(), false)),
            false => Err(Error::OutOfOrder),
        }
    }

    fn client_dh<P: Provider>(
        &mut self,
        config: &Config<P>,
        request: &functions::SetClientDhParams<'_>,
        digest: [u8; 32],
        is_taken: impl FnOnce(i64) -> bool,
    ) -> Result<Reply, Error> {
        let verdicts = match &self.state {
            State::DhRequest(_) => return Err(Error::OutOfOrder),
            State::ClientDh(advanced) => &advanced.verdicts,
            State::Over(advanced) => &advanced.verdicts,
        };
        if let Some(answered) = verdicts.iter().find(|verdict| verdict.request == digest) {
            return Ok(Reply::without_key(answered.answer.clone()));
        }
        let State::ClientDh(advanced) = &mut self.state else {
            return Err(Error::OutOfOrder);
        };
        let outcome = advanced.state.handle(config, request, is_taken)?;
        let (answer, key) = match outcome {
            Outcome::Retry(next, answer) => {
                advanced.state = *next;
                (answer, None)
            }
            Outcome::Done(key, answer) => (answer, Some(Some(key))),
            Outcome::Failed(answer) => (answer, Some(None)),
        };
        advanced.verdicts.push(Answered {
            request: digest,
            answer: answer.clone(),
        });
        let Some(key) = key else {
            return Ok(Reply::without_key(answer));
        };
        // Secrets go; what repeated requests are answered stays.
        self.state = State::Over(Box::new(Advanced {
            state: (),
            dh_params: advanced.dh_params.clone(),
            verdicts: core::mem::take(&mut advanced.verdicts),
        }));
        Ok(Reply { body: answer, key })
    }
}

/// `resPQ` is sent.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ExpectDhRequest {
    nonces: Nonces,
    factors: Factors,
}

impl ExpectDhRequest {
    /// Answers `req_pq_multi` (or `req_pq`); returns the state and the body to send.
    pub fn start<P: Provider>(
        config: &Config<P>,
        nonce: Int128,
        rng: &mut (impl CryptoRng + ?Sized),
    ) -> (Self, Vec<u8>) {
        let mut server_nonce = [0; 16];
        rng.fill_bytes(&mut server_nonce);
        let factors = config.provider.generate_pq(rng);
        let fingerprints: Vec<i64> = config
            .keys
            .iter()
            .map(|key| key.public().fingerprint())
            .collect();
        let answer = to_bytes(&types::ResPq {
            nonce,
            server_nonce,
            pq: &Number(factors.product()).bytes(),
            server_public_key_fingerprints: &fingerprints,
        });
        let nonces = Nonces {
            nonce,
            server_nonce,
        };
        (Self { nonces, factors }, answer)
    }

    /// Takes `req_DH_params`; returns the next state and the body to send. The state stays as it
    /// is, as a wrong request must not end a handshake.
    ///
    /// # Errors
    /// [`Error`]
    pub fn handle<P: Provider>(
        &self,
        config: &Config<P>,
        now: Now,
        request: &functions::ReqDhParams<'_>,
        rng: &mut (impl CryptoRng + ?Sized),
    ) -> Result<(ExpectClientDh, Vec<u8>), Error> {
        checks::nonces(
            &self.nonces,
            &Nonces {
                nonce: request.nonce,
                server_nonce: request.server_nonce,
            },
        )?;
        self.check_factors(self.factors.product(), request.p, request.q)?;
        let key = config
            .keys
            .iter()
            .find(|key| key.public().fingerprint() == request.public_key_fingerprint)
            .ok_or(Error::NoKnownKey)?;
        let legacy = config.legacy_rsa.then_some(&LEGACY_LENGTHS[..]);
        let opened = config
            .provider
            .rsa_open(key, request.encrypted_data, legacy, rng)
            .map_err(|_| Error::Decrypt)?;
        let inner = match &opened {
            Opened::Pad(padded) => Inner::read(&padded[..], true)?,
            Opened::Legacy(data) => Inner::read(data, false)?,
        };
        checks::nonces(&self.nonces, &inner.nonces)?;
        self.check_factors(inner.pq, &inner.p, &inner.q)?;
        let dc = match inner.dc {
            None => None,
            Some(number) => {
                let dc = Dc::from_wire(number).ok_or(Error::Dc)?;
                if !config.dcs.is_empty() && !config.dcs.contains(&dc) {
                    return Err(Error::Dc);
                }
                Some(dc)
            }
        };
        if let Some(expires_in) = inner.expires_in
            && !(1..=config.max_expires_in).contains(&expires_in)
        {
            return Err(Error::ExpiresIn);
        }

        let provider = &config.provider;
        let group = &config.group;
        let server_time = i32::try_from(now.unix.as_secs()).unwrap_or(i32::MAX);
        let (a, g_a) = provider.generate_exponent(group, rng);
        let Nonces {
            nonce,
            server_nonce,
        } = self.nonces;
        let answer = to_bytes(&types::ServerDhInnerData {
            nonce,
            server_nonce,
            g: group.generator(),
            dh_prime: &group.prime(),
            g_a: g_a.as_bytes(),
            server_time,
        });
        let encrypted_answer =
            provider.seal_exchange(inner.new_nonce.expose_bytes(), &server_nonce, &answer, rng);
        let answer = to_bytes(&types::ServerDhParamsOk {
            nonce,
            server_nonce,
            encrypted_answer: &encrypted_answer,
        });
        let next = ExpectClientDh {
            nonces: self.nonces,
            new_nonce: inner.new_nonce,
            group: group.clone(),
            a,
            server_time,
            expires_at: inner
                .expires_in
                .map(|expires_in| server_time.saturating_add(expires_in)),
            dc,
            retries: 0,
            retry_id: 0,
        };
        Ok((next, answer))
    }

    fn check_factors(&self, pq: u64, p: &[u8], q: &[u8]) -> Result<(), Error> {
        let found = (Number::read(p), Number::read(q));
        let wanted = (Some(Number(self.factors.p)), Some(Number(self.factors.q)));
        match found == wanted && pq == self.factors.product() {
            true => Ok(()),
            false => Err(Error::WrongFactors),
        }
    }
}

/// Lengths of `p_q_inner_data`, `_dc` and `_temp`, and `_temp_dc`, with primes of four bytes, as
/// this server's are.
const LEGACY_LENGTHS: [usize; 3] = [96, 100, 104];

/// What a client encrypts for the server's key.
struct Inner {
    nonces: Nonces,
    pq: u64,
    p: Vec<u8>,
    q: Vec<u8>,
    new_nonce: NewNonce,
    dc: Option<i32>,
    expires_in: Option<i32>,
}

impl Inner {
    /// Random padding may follow; in the legacy form nothing does.
    fn read(data: &[u8], is_padded: bool) -> Result<Self, Error> {
        use enums::PQInnerData;

        let mut reader = Reader::new(data);
        let inner: PQInnerData<'_> = reader.read()?;
        if !is_padded && !reader.rest().is_empty() {
            return Err(Error::Decrypt);
        }
        let (pq, p, q, nonce, server_nonce, mut new_nonce, dc, expires_in) = match inner {
            PQInnerData::PQInnerData(it) => (
                it.pq,
                it.p,
                it.q,
                it.nonce,
                it.server_nonce,
                it.new_nonce,
                None,
                None,
            ),
            PQInnerData::Dc(it) => (
                it.pq,
                it.p,
                it.q,
                it.nonce,
                it.server_nonce,
                it.new_nonce,
                Some(it.dc),
                None,
            ),
            PQInnerData::Temp(it) => (
                it.pq,
                it.p,
                it.q,
                it.nonce,
                it.server_nonce,
                it.new_nonce,
                None,
                Some(it.expires_in),
            ),
            PQInnerData::TempDc(it) => (
                it.pq,
                it.p,
                it.q,
                it.nonce,
                it.server_nonce,
                it.new_nonce,
                Some(it.dc),
                Some(it.expires_in),
            ),
        };
        let secret = NewNonce::new(&new_nonce);
        new_nonce.zeroize();
        Ok(Self {
            nonces: Nonces {
                nonce,
                server_nonce,
            },
            pq: Number::read(pq).ok_or(Error::Pq(None))?.0,
            p: p.to_vec(),
            q: q.to_vec(),
            new_nonce: secret,
            dc,
            expires_in,
        })
    }
}

/// `server_DH_params_ok` is sent, or `dh_gen_retry`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ExpectClientDh {
    nonces: Nonces,
    new_nonce: NewNonce,
    group: Group,
    a: SecretExponent,
    server_time: i32,
    expires_at: Option<i32>,
    dc: Option<Dc>,
    /// `dh_gen_retry` that were sent.
    retries: u8,
    /// What the next attempt must say.
    retry_id: i64,
}

/// What became of g_b, and the body to send.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// `dh_gen_ok`
    Done(NewKey, Vec<u8>),
    /// `dh_gen_retry`: another state of the same kind.
    Retry(Box<ExpectClientDh>, Vec<u8>),
    /// `dh_gen_fail`, after [`MAX_RETRIES`].
    Failed(Vec<u8>),
}

impl ExpectClientDh {
    /// Takes `set_client_DH_params`. The state stays as it is, as a wrong request must not end a
    /// handshake.
    ///
    /// `is_taken` says whether an auth key with this id exists already.
    ///
    /// # Errors
    /// [`Error`]
    pub fn handle<P: Provider>(
        &self,
        config: &Config<P>,
        request: &functions::SetClientDhParams<'_>,
        is_taken: impl FnOnce(i64) -> bool,
    ) -> Result<Outcome, Error> {
        let Nonces {
            nonce,
            server_nonce,
        } = self.nonces;
        checks::nonces(
            &self.nonces,
            &Nonces {
                nonce: request.nonce,
                server_nonce: request.server_nonce,
            },
        )?;
        let mut encrypted = Zeroizing::new(request.encrypted_data.to_vec());
        let inner = config
            .provider
            .open_exchange(self.new_nonce.expose_bytes(), &server_nonce, &mut encrypted)
            .map_err(|_| Error::Decrypt)?;
        let inner = types::ClientDhInnerData::from_bytes(inner)?;
        checks::nonces(
            &self.nonces,
            &Nonces {
                nonce: inner.nonce,
                server_nonce: inner.server_nonce,
            },
        )?;
        if inner.retry_id != self.retry_id {
            return Err(Error::RetryId);
        }
        let g_b = self.group.public_value(inner.g_b)?;
        let auth_key = config.provider.shared_key(&self.group, &self.a, &g_b);

        let hash = |verdict| kdf::new_nonce_hash(self.new_nonce.expose_bytes(), &auth_key, verdict);
        if !is_taken(auth_key.id()) {
            let answer = to_bytes(&types::DhGenOk {
                nonce,
                server_nonce,
                new_nonce_hash1: hash(Verdict::Ok),
            });
            return Ok(Outcome::Done(self.new_key(auth_key), answer));
        }
        if self.retries == MAX_RETRIES {
            return Ok(Outcome::Failed(to_bytes(&types::DhGenFail {
                nonce,
                server_nonce,
                new_nonce_hash3: hash(Verdict::Fail),
            })));
        }
        let answer = to_bytes(&types::DhGenRetry {
            nonce,
            server_nonce,
            new_nonce_hash2: hash(Verdict::Retry),
        });
        let next = Self {
            retries: self.retries + 1,
            retry_id: auth_key.aux_hash(),
            ..self.clone()
        };
        Ok(Outcome::Retry(Box::new(next), answer))
    }

    fn new_key(&self, auth_key: AuthKey) -> NewKey {
        NewKey {
            first_salt: kdf::first_server_salt(
                self.new_nonce.expose_bytes(),
                &self.nonces.server_nonce,
            ),
            expires_at: self.expires_at,
            server_time: self.server_time,
            dc: self.dc,
            auth_key,
        }
    }
}

/// A request and the digest of its bytes, without the random ones that some clients put behind it.
enum Request<'a> {
    Start(Int128),
    DhParams(Nonces, functions::ReqDhParams<'a>, [u8; 32]),
    ClientDh(Nonces, functions::SetClientDhParams<'a>, [u8; 32]),
}

impl<'a> Request<'a> {
    fn read(body: &'a [u8]) -> Result<Self, Error> {
        match crate::service::id(body) {
            Some(functions::ReqPq::ID) => {
                let (request, _) = prefix::<functions::ReqPq>(body)?;
                Ok(Self::Start(request.nonce))
            }
            Some(functions::ReqDhParams::ID) => {
                let (request, digest) = prefix::<functions::ReqDhParams<'_>>(body)?;
                let nonces = Nonces {
                    nonce: request.nonce,
                    server_nonce: request.server_nonce,
                };
                Ok(Self::DhParams(nonces, request, digest))
            }
            Some(functions::SetClientDhParams::ID) => {
                let (request, digest) = prefix::<functions::SetClientDhParams<'_>>(body)?;
                let nonces = Nonces {
                    nonce: request.nonce,
                    server_nonce: request.server_nonce,
                };
                Ok(Self::ClientDh(nonces, request, digest))
            }
            _ => {
                let (request, _) = prefix::<functions::ReqPqMulti>(body)?;
                Ok(Self::Start(request.nonce))
            }
        }
    }
}

fn prefix<'a, T: TlRead<'a>>(body: &'a [u8]) -> Result<(T, [u8; 32]), Error> {
    let (request, rest) = T::from_prefix(body)?;
    let object = &body[..body.len() - rest.len()];
    Ok((request, sha256(&[object])))
}
