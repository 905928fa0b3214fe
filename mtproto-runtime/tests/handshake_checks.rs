//! The rules of the handshake, each with another side that breaks it.
//!
//! The names are those of the rules in `src/handshake/checks.rs`.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
#![allow(clippy::cast_possible_truncation, clippy::cast_possible_wrap)] // of small numbers

mod support;

use std::time::Duration;

use mtproto_runtime::Now;
use mtproto_runtime::crypto::dh::{
    Group, KnownPrimes, ParameterError, SecretExponent, TELEGRAM_PRIME,
};
use mtproto_runtime::crypto::kdf::{self, Verdict};
use mtproto_runtime::crypto::pq::PqError;
use mtproto_runtime::crypto::random::SystemRandom;
use mtproto_runtime::crypto::rsa::{PrivateKey, PublicKey};
use mtproto_runtime::crypto::{AuthKey, exchange, ige};
use mtproto_runtime::handshake::client::{self, Progress};
use mtproto_runtime::handshake::{Dc, Error, Lifetime, MAX_RETRIES, NewKey, server};
use mtproto_runtime::service::{functions, types};
use mtproto_runtime::tl::{Arena, TlRead, TlWrite};
use proptest::prelude::*;
use support::{Fixed, Seeded, array, each, hex, number, signed, vectors};

const NOW: Now = Now {
    monotonic: Duration::from_secs(1),
    unix: Duration::from_secs(1_700_000_000),
};
/// 1513098571 · 1780931429
const PQ: [u8; 8] = [0x25, 0x65, 0x95, 0xed, 0xb7, 0x76, 0x67, 0x97];

fn test_key() -> PrivateKey {
    let generated = vectors("generated");
    PrivateKey::from_pem(generated["rsa_private_key_pem"].as_str().unwrap()).unwrap()
}

fn flipped<const N: usize>(mut bytes: [u8; N]) -> [u8; N] {
    bytes[N / 2] ^= 4;
    bytes
}

/// A client of ours before a server that may do as it likes.
struct Client {
    config: client::Config,
    handshake: client::Handshake,
    known: KnownPrimes,
    rng: Seeded,
}

impl Client {
    fn start() -> (Self, Vec<u8>) {
        let mut rng = Seeded::new(11);
        let (handshake, request) = client::Handshake::start(&mut rng);
        let client = Self {
            config: client::Config::new([test_key().public().clone()], Lifetime::Permanent),
            handshake,
            known: KnownPrimes::default(),
            rng,
        };
        (client, request)
    }

    fn handle(&mut self, body: &[u8]) -> Result<Progress, Error> {
        self.handshake
            .handle(&self.config, &mut self.known, body, &mut self.rng)
    }

    fn request(&mut self, body: &[u8]) -> Vec<u8> {
        match self.handle(body).unwrap() {
            Progress::Request(request) => request,
            other => panic!("{other:?}"),
        }
    }

    /// The client stops: with this error, and without another packet.
    #[track_caller]
    fn stops(mut self, body: &[u8], error: &Error) {
        assert_eq!(self.handle(body).as_ref(), Err(error));
        assert!(self.handshake.is_over() && self.handshake.request().is_empty());
        // Not even the right answer helps now.
        assert!(self.handle(&[0; 64]).is_err());
    }
}

/// A server that knows the protocol and does not keep to it.
struct Evil {
    key: PrivateKey,
    nonce: [u8; 16],
    server_nonce: [u8; 16],
    new_nonce: [u8; 32],
    group: Group,
    prime: [u8; 256],
    a: SecretExponent,
    g_a: [u8; 256],
}

impl Evil {
    fn meet(request: &[u8]) -> Self {
        let request = functions::ReqPqMulti::from_bytes(request).unwrap();
        let group = Group::telegram();
        let (a, g_a) = SecretExponent::generate(&group, &mut Seeded::new(22));
        Self {
            key: test_key(),
            nonce: request.nonce,
            server_nonce: [0x5e; 16],
            new_nonce: [0; 32],
            prime: group.prime(),
            group,
            a,
            g_a: *g_a.as_bytes(),
        }
    }

    fn res_pq(&self, pq: &[u8]) -> Vec<u8> {
        self.res_pq_of(self.nonce, pq, &[self.key.public().fingerprint()])
    }

    fn res_pq_of(&self, nonce: [u8; 16], pq: &[u8], fingerprints: &[i64]) -> Vec<u8> {
        let answer = types::ResPq {
            nonce,
            server_nonce: self.server_nonce,
            pq,
            server_public_key_fingerprints: fingerprints,
        };
        answer.to_bytes().unwrap()
    }

    /// Takes new_nonce out of the request.
    fn learn(&mut self, request: &[u8]) {
        let request = functions::ReqDhParams::from_bytes(request).unwrap();
        let inner = self
            .key
            .open(request.encrypted_data, &mut SystemRandom::new())
            .unwrap();
        let (inner, _) = types::PQInnerData::from_prefix(&inner[..]).unwrap();
        self.new_nonce = inner.new_nonce;
    }

    fn exchange_key(&self) -> ige::Key {
        kdf::exchange_key(&self.new_nonce, &self.server_nonce)
    }

    /// The object that an honest server encrypts, changed.
    fn inner<'a>(&'a self, change: impl FnOnce(&mut types::ServerDhInnerData<'a>)) -> Vec<u8> {
        let mut inner = types::ServerDhInnerData {
            nonce: self.nonce,
            server_nonce: self.server_nonce,
            g: 3,
            dh_prime: &self.prime,
            g_a: &self.g_a,
            server_time: 1_700_000_000,
        };
        change(&mut inner);
        inner.to_bytes().unwrap()
    }

    fn dh_params(&self, encrypted_answer: &[u8]) -> Vec<u8> {
        let answer = types::ServerDhParamsOk {
            nonce: self.nonce,
            server_nonce: self.server_nonce,
            encrypted_answer,
        };
        answer.to_bytes().unwrap()
    }

    fn sealed(&self, object: &[u8]) -> Vec<u8> {
        exchange::seal(&self.exchange_key(), object, &mut Seeded::new(33))
    }

    /// The key that the client came to, by its g_b.
    fn auth_key(&self, request: &[u8]) -> AuthKey {
        let request = functions::SetClientDhParams::from_bytes(request).unwrap();
        let mut data = request.encrypted_data.to_vec();
        let inner = exchange::open(&self.exchange_key(), &mut data).unwrap();
        let inner = types::ClientDhInnerData::from_bytes(inner).unwrap();
        let g_b = self.group.public_value(inner.g_b).unwrap();
        self.a.shared_key(&self.group, &g_b)
    }

    fn verdict(&self, kind: Verdict, hash: [u8; 16]) -> Vec<u8> {
        let (nonce, server_nonce) = (self.nonce, self.server_nonce);
        let bytes = match kind {
            Verdict::Ok => types::DhGenOk {
                nonce,
                server_nonce,
                new_nonce_hash1: hash,
            }
            .to_bytes(),
            Verdict::Retry => types::DhGenRetry {
                nonce,
                server_nonce,
                new_nonce_hash2: hash,
            }
            .to_bytes(),
            Verdict::Fail => types::DhGenFail {
                nonce,
                server_nonce,
                new_nonce_hash3: hash,
            }
            .to_bytes(),
        };
        bytes.unwrap()
    }
}

/// A client that waits for `resPQ`.
fn first_step() -> (Client, Evil) {
    let (client, request) = Client::start();
    (client, Evil::meet(&request))
}

/// A client that waits for `server_DH_params_ok`.
fn second_step() -> (Client, Evil) {
    let (mut client, mut evil) = first_step();
    let request = client.request(&evil.res_pq(&PQ));
    evil.learn(&request);
    (client, evil)
}

/// A client that waits for the verdict, and the key it has come to.
fn third_step() -> (Client, Evil, AuthKey) {
    let (mut client, evil) = second_step();
    let request = client.request(&evil.dh_params(&evil.sealed(&evil.inner(|_| {}))));
    let auth_key = evil.auth_key(&request);
    (client, evil, auth_key)
}

fn kinds() -> [Verdict; 3] {
    [Verdict::Ok, Verdict::Retry, Verdict::Fail]
}

#[test]
fn the_evil_server_can_be_honest() {
    let (mut client, evil, auth_key) = third_step();
    let hash = kdf::new_nonce_hash(&evil.new_nonce, &auth_key, Verdict::Ok);
    let answer = evil.verdict(Verdict::Ok, hash);
    assert!(
        matches!(client.handle(&answer), Ok(Progress::Done(NewKey { auth_key: key, .. })) if key == auth_key)
    );
}

#[test]
fn k1_every_packet_repeats_the_nonces() {
    let (client, evil) = first_step();
    let keys = [evil.key.public().fingerprint()];
    let body = evil.res_pq_of(flipped(evil.nonce), &PQ, &keys);
    client.stops(&body, &Error::Nonce);

    // Outside of what is encrypted, and inside.
    for place in 0..4 {
        let (client, evil) = second_step();
        let inner = evil.inner(|inner| match place {
            0 => inner.nonce = flipped(inner.nonce),
            1 => inner.server_nonce = flipped(inner.server_nonce),
            _ => {}
        });
        let sealed = evil.sealed(&inner);
        let mut answer = types::ServerDhParamsOk {
            nonce: evil.nonce,
            server_nonce: evil.server_nonce,
            encrypted_answer: &sealed,
        };
        match place {
            2 => answer.nonce = flipped(answer.nonce),
            3 => answer.server_nonce = flipped(answer.server_nonce),
            _ => {}
        }
        client.stops(&answer.to_bytes().unwrap(), &Error::Nonce);
    }

    for kind in kinds() {
        for place in [4, 20] {
            let (client, evil, auth_key) = third_step();
            let hash = kdf::new_nonce_hash(&evil.new_nonce, &auth_key, kind);
            let mut body = evil.verdict(kind, hash);
            body[place + 5] ^= 0x10;
            client.stops(&body, &Error::Nonce);
        }
    }
}

#[test]
fn k1_the_server_holds_the_client_to_the_nonces() {
    let (mut server, mut client, request) = Server::with_client();
    let dh_request = server.ask(&request).unwrap();
    let request = client.request(&dh_request.body);
    for place in [4, 20] {
        let mut wrong = request.clone();
        wrong[place + 5] ^= 0x10;
        let error = server.ask(&wrong).unwrap_err();
        // By the client's nonce the handshake is found.
        let expected = if place == 4 {
            Error::Unknown
        } else {
            Error::Nonce
        };
        assert_eq!(error, expected);
    }
    for place in 0..2 {
        let wrong = reseal_inner(&request, |inner| match place {
            0 => inner.nonce = flipped(inner.nonce),
            _ => inner.server_nonce = flipped(inner.server_nonce),
        });
        assert_eq!(server.ask(&wrong), Err(Error::Nonce));
    }
    // All of that has ended nothing.
    let reply = server.ask(&request).unwrap();
    let request = client.request(&reply.body);
    let new_nonce = new_nonce_of(&server, &client);
    for place in 0..2 {
        let wrong = reseal_client_dh(&request, &new_nonce, |inner| match place {
            0 => inner.nonce = flipped(inner.nonce),
            _ => inner.server_nonce = flipped(inner.server_nonce),
        });
        assert_eq!(server.ask(&wrong), Err(Error::Nonce));
    }
    assert!(server.ask(&request).unwrap().key.is_some());
}

#[test]
fn k2_only_a_trusted_key_will_do() {
    let (client, evil) = first_step();
    let body = evil.res_pq_of(evil.nonce, &PQ, &[1, 2, 3]);
    client.stops(&body, &Error::NoKnownKey);
    let (client, evil) = first_step();
    client.stops(&evil.res_pq_of(evil.nonce, &PQ, &[]), &Error::NoKnownKey);

    // Keys that Telegram had once are not trusted any more.
    let current = [
        PublicKey::telegram_production().fingerprint(),
        PublicKey::telegram_test().fingerprint(),
    ];
    let mut historic = Vec::new();
    for case in each(&vectors("rsa_keys")["vectors"]) {
        let fingerprint = signed(&case["fingerprint_i64"]);
        if !current.contains(&fingerprint) {
            historic.push(fingerprint);
        }
    }
    assert_eq!(historic.len(), 10);
    for test in [false, true] {
        let dc = Dc { test, ..Dc::new(2) };
        let (mut client, evil) = first_step();
        client.config = client::Config::telegram(dc, Lifetime::Permanent);
        let body = evil.res_pq_of(evil.nonce, &PQ, &historic);
        client.stops(&body, &Error::NoKnownKey);
        // Nor is the key of the other environment.
        let (mut client, evil) = first_step();
        client.config = client::Config::telegram(dc, Lifetime::Permanent);
        let body = evil.res_pq_of(evil.nonce, &PQ, &[current[usize::from(!test)]]);
        client.stops(&body, &Error::NoKnownKey);
    }
}

#[test]
fn k2_the_first_trusted_key_is_taken_and_no_guess_is_made() {
    let (mut client, evil) = first_step();
    let fingerprint = evil.key.public().fingerprint();
    let body = evil.res_pq_of(evil.nonce, &PQ, &[1, fingerprint, 3]);
    let request = client.request(&body);
    let request = functions::ReqDhParams::from_bytes(&request).unwrap();
    assert_eq!(request.public_key_fingerprint, fingerprint);

    let (mut client, evil) = first_step();
    let key = client.config.keys[0].clone();
    client.config.keys.push(key);
    client.stops(&evil.res_pq(&PQ), &Error::AmbiguousKey);
}

#[test]
fn k2_the_server_takes_only_its_own_key() {
    let (mut server, mut client, request) = Server::with_client();
    let reply = server.ask(&request).unwrap();
    let request = client.request(&reply.body);
    let mut wrong = functions::ReqDhParams::from_bytes(&request).unwrap();
    wrong.public_key_fingerprint ^= 1;
    let wrong = wrong.to_bytes().unwrap();
    assert_eq!(server.ask(&wrong), Err(Error::NoKnownKey));
}

#[test]
fn k3_pq_is_a_product_of_two_primes() {
    let prime = u64::MAX - 58;
    for (pq, error) in [
        (0, PqError::TooSmall),
        (1, PqError::TooSmall),
        (2, PqError::Even),
        (u64::from(u32::MAX) - 4, PqError::Prime),
        (prime, PqError::Prime),
        (4_294_967_291 * 4_294_967_291, PqError::Square),
        (3 * 5 * 7, PqError::MoreThanTwoPrimes),
        (u64::MAX, PqError::MoreThanTwoPrimes),
    ] {
        let (client, evil) = first_step();
        let body = evil.res_pq(&u64::to_be_bytes(pq));
        client.stops(&body, &Error::Pq(Some(error)));
    }
    for bytes in [&[][..], &[0, 0, 0, 0, 0, 0, 0, 0, 15], &[1; 9], &[7; 256]] {
        let (client, evil) = first_step();
        client.stops(&evil.res_pq(bytes), &Error::Pq(None));
    }
    let mut tried = 0;
    for case in each(&vectors("factorization")["vectors"]) {
        let (p, q) = (number(&case["p"]), number(&case["q"]));
        if p < 3 || p == q {
            continue;
        }
        let (mut client, evil) = first_step();
        let pq = number(&case["pq"]).to_be_bytes();
        let request = client.request(&evil.res_pq(&pq));
        let request = functions::ReqDhParams::from_bytes(&request).unwrap();
        let read = |bytes: &[u8]| bytes.iter().fold(0, |n, byte| n << 8 | u64::from(*byte));
        assert_eq!((read(request.p), read(request.q)), (p, q));
        assert!(request.p[0] != 0 && request.q[0] != 0);
        tried += 1;
    }
    assert!(tried > 8);
}

#[test]
fn k3_the_server_wants_its_own_factors() {
    let (mut server, mut client, request) = Server::with_client();
    let reply = server.ask(&request).unwrap();
    let request = client.request(&reply.body);
    let right = functions::ReqDhParams::from_bytes(&request).unwrap();
    let swapped = functions::ReqDhParams {
        p: right.q,
        q: right.p,
        ..right
    };
    let others = functions::ReqDhParams {
        p: &[3],
        q: &[5],
        ..right
    };
    let whole = functions::ReqDhParams {
        p: &[1],
        q: &PQ,
        ..right
    };
    let long = functions::ReqDhParams {
        p: &[0; 9],
        ..right
    };
    for wrong in [swapped, others, whole, long] {
        let wrong = wrong.to_bytes().unwrap();
        assert_eq!(server.ask(&wrong), Err(Error::WrongFactors));
    }
    for place in 0..3 {
        let wrong = reseal_inner(&request, |inner| match place {
            0 => inner.pq = &PQ,
            1 => inner.p = &[3],
            _ => inner.q = &[5],
        });
        assert_eq!(server.ask(&wrong), Err(Error::WrongFactors));
    }
    assert!(server.ask(&request).is_ok());
}

#[test]
fn k4_the_server_takes_no_older_form_unless_told() {
    for legacy_rsa in [false, true] {
        let (mut server, mut client, request) = Server::with_client();
        server.config.legacy_rsa = legacy_rsa;
        let reply = server.ask(&request).unwrap();
        let request = client.request(&reply.body);
        let right = functions::ReqDhParams::from_bytes(&request).unwrap();
        let (padded, _) = open_inner(right.encrypted_data);
        let (inner, _) = types::PQInnerData::from_prefix(&padded).unwrap();
        let legacy = server.config.keys[0]
            .public()
            .seal_legacy(&inner.to_bytes().unwrap(), &mut Seeded::new(9))
            .unwrap();
        let request_of = |encrypted_data: &[u8]| {
            let request = functions::ReqDhParams {
                encrypted_data,
                ..right
            };
            request.to_bytes().unwrap()
        };
        // Forgeries are refused whatever is allowed.
        let mut forged = legacy;
        forged[200] ^= 1;
        for wrong in [&[0; 256][..], &[0xff; 256], &legacy[1..], &[], &forged] {
            assert_eq!(server.ask(&request_of(wrong)), Err(Error::Decrypt));
        }
        let reply = server.ask(&request_of(&legacy));
        match legacy_rsa {
            false => assert_eq!(reply, Err(Error::Decrypt)),
            true => {
                let request = client.request(&reply.unwrap().body);
                assert!(server.ask(&request).unwrap().key.is_some());
            }
        }
    }
}

#[test]
fn k5_the_hash_covers_the_object_and_nothing_else() {
    let (_, evil) = second_step();
    let object = evil.inner(|_| {});
    let sealed = evil.sealed(&object);
    let opened = |sealed: &[u8]| {
        let mut data = sealed.to_vec();
        ige::decrypt(&evil.exchange_key(), data.as_chunks_mut().0);
        data
    };
    let plain = opened(&sealed);
    let padding = plain.len() - 20 - object.len();
    assert!(padding > 0);
    let close = |mut plain: Vec<u8>| {
        ige::encrypt(&evil.exchange_key(), plain.as_chunks_mut().0);
        evil.dh_params(&plain)
    };
    // The hash, the object from its first byte to its last.
    for place in [0, 19, 20, 24, 60, 20 + object.len() - 1] {
        let mut wrong = plain.clone();
        wrong[place] ^= 1;
        second_step().0.stops(&close(wrong), &Error::Decrypt);
    }
    for place in 0..padding {
        let mut other = plain.clone();
        other[20 + object.len() + place] ^= 1;
        assert!(second_step().0.handle(&close(other)).is_ok());
    }
    // Ciphertext that was cut, or changed in any block.
    for place in (0..sealed.len()).step_by(97) {
        let mut wrong = sealed.clone();
        wrong[place] ^= 1;
        second_step()
            .0
            .stops(&evil.dh_params(&wrong), &Error::Decrypt);
        second_step()
            .0
            .stops(&evil.dh_params(&sealed[..place]), &Error::Decrypt);
    }
    // An object with something behind it that is hashed too, and something else than an object.
    let long = [&object[..], &[0; 4]].concat();
    let (client, _) = second_step();
    assert_eq!(
        stop_kind(client, &evil.dh_params(&evil.sealed(&long))),
        "body"
    );
    let (client, _) = second_step();
    assert_eq!(
        stop_kind(client, &evil.dh_params(&evil.sealed(&[1; 64]))),
        "body"
    );
}

/// How a client stops, for errors that hold more than a test wants to repeat.
fn stop_kind(mut client: Client, body: &[u8]) -> &'static str {
    let result = client.handle(body);
    assert!(client.handshake.is_over() && client.handshake.request().is_empty());
    match result {
        Err(Error::Body(_)) => "body",
        other => panic!("{other:?}"),
    }
}

#[test]
fn k6_the_prime_is_safe_and_the_generator_good() {
    let prime = |change: fn(&mut Vec<u8>)| {
        let mut prime = TELEGRAM_PRIME.to_vec();
        change(&mut prime);
        prime
    };
    let minus_two = prime(|p| p[255] -= 2);
    let plus_two = prime(|p| p[255] += 2);
    let one_bit = prime(|p| p[100] ^= 8);
    let even = prime(|p| p[255] ^= 1);
    let short = prime(|p| p[0] = 0x47); // 2047 bits
    let half = prime(|p| {
        p.remove(0);
    });
    let long = prime(|p| p.insert(0, 1));
    for (dh_prime, g, error) in [
        (&minus_two, 4, ParameterError::NotSafePrime),
        (&plus_two, 4, ParameterError::NotSafePrime),
        (&one_bit, 4, ParameterError::NotSafePrime),
        (&even, 4, ParameterError::NotSafePrime),
        (&short, 4, ParameterError::PrimeSize),
        (&half, 4, ParameterError::PrimeSize),
        (&long, 4, ParameterError::PrimeSize),
        (&Vec::new(), 4, ParameterError::PrimeSize),
    ] {
        let (client, evil) = second_step();
        let inner = evil.inner(|inner| {
            inner.dh_prime = dh_prime;
            inner.g = g;
        });
        let body = evil.dh_params(&evil.sealed(&inner));
        client.stops(&body, &Error::Parameter(error));
    }
    // For Telegram's prime, 3, 4 and 7 are good.
    for g in [2, 5, 6, 0, 1, 8, -1, i32::MIN, i32::MAX] {
        let (client, evil) = second_step();
        let body = evil.dh_params(&evil.sealed(&evil.inner(|inner| inner.g = g)));
        client.stops(&body, &Error::Parameter(ParameterError::Generator));
    }
    for g in [3, 4, 7] {
        let (mut client, evil) = second_step();
        let body = evil.dh_params(&evil.sealed(&evil.inner(|inner| inner.g = g)));
        assert!(client.handle(&body).is_ok());
    }
}

#[test]
fn k7_g_a_is_within_the_bounds() {
    let mut tried = [0, 0];
    for case in each(&vectors("dh")["ga_bounds"]) {
        let g_a = hex(&case["value"]);
        let (mut client, evil) = second_step();
        let body = evil.dh_params(&evil.sealed(&evil.inner(|inner| inner.g_a = &g_a)));
        let accept = case["accept"].as_bool().unwrap();
        match accept {
            true => assert!(client.handle(&body).is_ok(), "{case}"),
            false => client.stops(&body, &Error::Parameter(ParameterError::PublicValue)),
        }
        tried[usize::from(accept)] += 1;
    }
    assert_eq!(tried, [7, 3]);
}

#[test]
fn k7_g_b_is_within_the_bounds() {
    for case in each(&vectors("dh")["ga_bounds"]) {
        let g_b = hex(&case["value"]);
        let (mut server, mut client, request) = Server::with_client();
        let reply = server.ask(&request).unwrap();
        let request = client.request(&reply.body);
        let reply = server.ask(&request).unwrap();
        let request = client.request(&reply.body);
        let new_nonce = new_nonce_of(&server, &client);
        let other = reseal_client_dh(&request, &new_nonce, |inner| inner.g_b = g_b);
        match case["accept"].as_bool().unwrap() {
            true => assert!(server.ask(&other).unwrap().key.is_some(), "{case}"),
            false => {
                let error = Error::Parameter(ParameterError::PublicValue);
                assert_eq!(server.ask(&other), Err(error), "{case}");
                assert!(server.ask(&request).unwrap().key.is_some());
            }
        }
    }
}

#[test]
fn k7_own_values_out_of_bounds_are_drawn_again() {
    // 3^1 and 3^0 are far too small; the third exponent is a good one.
    let (mut client, evil) = second_step();
    let body = evil.dh_params(&evil.sealed(&evil.inner(|_| {})));
    let mut one = [0; 256];
    one[255] = 1;
    let mut rng = Fixed::new(&[&one, &[0; 256], &[0x77; 256], &[0; 12]]);
    let progress = client
        .handshake
        .handle(&client.config, &mut client.known, &body, &mut rng)
        .unwrap();
    assert!(matches!(progress, Progress::Request(_)) && rng.is_used_up());
}

#[test]
fn k8_the_verdict_has_its_own_hash() {
    for kind in kinds() {
        for other in kinds() {
            let (mut client, evil, auth_key) = third_step();
            let hash = kdf::new_nonce_hash(&evil.new_nonce, &auth_key, other);
            let body = evil.verdict(kind, hash);
            if kind != other {
                client.stops(&body, &Error::NewNonceHash);
                continue;
            }
            let result = client.handle(&body);
            assert!(
                matches!(
                    (kind, &result),
                    (Verdict::Ok, Ok(Progress::Done(_)))
                        | (Verdict::Retry, Ok(Progress::Request(_)))
                        | (Verdict::Fail, Err(Error::Refused))
                ),
                "{result:?}"
            );
        }
        for bit in [0, 63, 127] {
            let (client, evil, auth_key) = third_step();
            let mut hash = kdf::new_nonce_hash(&evil.new_nonce, &auth_key, kind);
            hash[bit / 8] ^= 1 << (bit % 8);
            client.stops(&evil.verdict(kind, hash), &Error::NewNonceHash);
        }
        // The hash of another key, and of another new_nonce.
        let (client, evil, _) = third_step();
        let hash = kdf::new_nonce_hash(&evil.new_nonce, &AuthKey::new([1; 256]), kind);
        client.stops(&evil.verdict(kind, hash), &Error::NewNonceHash);
        let (client, evil, auth_key) = third_step();
        let hash = kdf::new_nonce_hash(&[1; 32], &auth_key, kind);
        client.stops(&evil.verdict(kind, hash), &Error::NewNonceHash);
    }
}

#[test]
fn k8_a_failure_before_the_exchange_has_a_hash_too() {
    let fail = |evil: &Evil, new_nonce: &[u8; 32]| {
        let answer = types::ServerDhParamsFail {
            nonce: evil.nonce,
            server_nonce: evil.server_nonce,
            new_nonce_hash: kdf::new_nonce_hash_of_failure(new_nonce),
        };
        answer.to_bytes().unwrap()
    };
    let (client, evil) = second_step();
    let body = fail(&evil, &evil.new_nonce);
    client.stops(&body, &Error::Refused);
    let (client, evil) = second_step();
    client.stops(&fail(&evil, &[0; 32]), &Error::NewNonceHash);
    let (client, evil) = second_step();
    let mut body = fail(&evil, &evil.new_nonce);
    body[20] ^= 1;
    client.stops(&body, &Error::Nonce);
}

#[test]
fn k8_a_server_that_always_retries_is_left() {
    let (mut client, evil, mut auth_key) = third_step();
    let mut seen = vec![auth_key.id()];
    let retry = |auth_key: &AuthKey| {
        let hash = kdf::new_nonce_hash(&evil.new_nonce, auth_key, Verdict::Retry);
        evil.verdict(Verdict::Retry, hash)
    };
    for _ in 0..MAX_RETRIES {
        let request = client.request(&retry(&auth_key));
        let next = evil.auth_key(&request);
        assert!(!seen.contains(&next.id()), "each attempt draws another b");
        seen.push(next.id());
        let id = retry_id(&evil, &request);
        assert_eq!(id, auth_key.aux_hash());
        auth_key = next;
    }
    client.stops(&retry(&auth_key), &Error::TooManyRetries);
}

fn retry_id(evil: &Evil, request: &[u8]) -> i64 {
    let request = functions::SetClientDhParams::from_bytes(request).unwrap();
    let mut data = request.encrypted_data.to_vec();
    let inner = exchange::open(&evil.exchange_key(), &mut data).unwrap();
    types::ClientDhInnerData::from_bytes(inner)
        .unwrap()
        .retry_id
}

#[test]
fn k8_the_server_wants_the_id_of_the_attempt_before() {
    let (mut server, mut client, request) = Server::with_client();
    let reply = server.ask(&request).unwrap();
    let request = client.request(&reply.body);
    let reply = server.ask(&request).unwrap();
    let request = client.request(&reply.body);
    let new_nonce = new_nonce_of(&server, &client);
    let wrong = reseal_client_dh(&request, &new_nonce, |inner| inner.retry_id = 1);
    assert_eq!(server.ask(&wrong), Err(Error::RetryId));

    server.taken = true;
    let retry = server.ask(&request).unwrap();
    assert_eq!(retry.key, None);
    let request = client.request(&retry.body);
    server.taken = false;
    for id in [0, 1] {
        let wrong = reseal_client_dh(&request, &new_nonce, |inner| inner.retry_id = id);
        assert_eq!(server.ask(&wrong), Err(Error::RetryId));
    }
    assert!(server.ask(&request).unwrap().key.is_some());
}

#[test]
fn k9_keys_and_nonces_keep_their_zeros() {
    // A key that begins with a zero byte, on both sides: the known answers run through it.
    let generated = vectors("generated");
    let keys: Vec<[u8; 256]> = each(&generated["handshakes"])
        .map(|case| array(&case["auth_key"]))
        .collect();
    assert!(keys.iter().any(|key| key[0] == 0));

    // Nonces that begin with zeros are strings, not numbers.
    let (server_nonce, new_nonce) = ([[0; 3], [7; 3]].concat(), [[0; 4], [9; 4]].concat());
    let mut server_bytes = Fixed::new(&[&server_nonce, &[1; 10]]).then(Seeded::new(1));
    let mut client_bytes = Fixed::new(&[&[0; 16], &new_nonce, &[2; 24]]).then(Seeded::new(2));
    let mut server = Server::new();
    let (mut client, mut request) = client::Handshake::start(&mut client_bytes);
    let config = client::Config::new([test_key().public().clone()], Lifetime::Permanent);
    let keys = loop {
        let reply = server
            .handshakes
            .handle(&server.config, NOW, &request, |_| false, &mut server_bytes)
            .unwrap();
        let known = &mut KnownPrimes::default();
        match client.handle(&config, known, &reply.body, &mut client_bytes) {
            Ok(Progress::Request(next)) => request = next,
            Ok(Progress::Done(key)) => break (key, reply.key.unwrap()),
            other => panic!("{other:?}"),
        }
    };
    assert_eq!(keys.0, keys.1);
}

#[test]
fn k10_random_bytes_are_drawn_and_never_made_up() {
    /// A system without randomness.
    struct Broken;

    impl rand_core::TryRng for Broken {
        type Error = std::convert::Infallible;

        fn try_next_u32(&mut self) -> Result<u32, Self::Error> {
            panic!("no random bytes")
        }

        fn try_next_u64(&mut self) -> Result<u64, Self::Error> {
            panic!("no random bytes")
        }

        fn try_fill_bytes(&mut self, _: &mut [u8]) -> Result<(), Self::Error> {
            panic!("no random bytes")
        }
    }

    impl rand_core::TryCryptoRng for Broken {}

    // Every step of both sides that sends something secret or fresh draws.
    let draws = |step: &mut dyn FnMut()| {
        let step = std::panic::AssertUnwindSafe(step);
        assert!(std::panic::catch_unwind(step).is_err());
    };
    draws(&mut || drop(client::Handshake::start(&mut Broken)));
    let (mut client, evil) = first_step();
    let body = evil.res_pq(&PQ);
    let known = &mut KnownPrimes::default();
    draws(&mut || {
        let _ = client
            .handshake
            .handle(&client.config, known, &body, &mut Broken);
    });
    let (mut client, evil) = second_step();
    let body = evil.dh_params(&evil.sealed(&evil.inner(|_| {})));
    draws(&mut || {
        let _ = client
            .handshake
            .handle(&client.config, known, &body, &mut Broken);
    });
    let (mut server, mut client, request) = Server::with_client();
    let config = server.config.clone();
    let mut fresh = server::Handshakes::default();
    draws(&mut || drop(fresh.handle(&config, NOW, &request, |_| false, &mut Broken)));
    let reply = server.ask(&request).unwrap();
    let request = client.request(&reply.body);
    draws(&mut || {
        let handshakes = &mut server.handshakes;
        drop(handshakes.handle(&config, NOW, &request, |_| false, &mut Broken));
    });

    // Two handshakes have nothing in common.
    let [(_, first), (_, second)] =
        [(); 2].map(|()| client::Handshake::start(&mut SystemRandom::new()));
    assert_ne!(first, second);
}

#[test]
fn k10_secrets_are_not_printed() {
    let (client, evil, auth_key) = third_step();
    let (mut server, mut other, request) = Server::with_client();
    let reply = server.ask(&request).unwrap();
    let request = other.request(&reply.body);
    server.ask(&request).unwrap();
    let new_nonce = new_nonce_of(&server, &other);
    let shown = format!(
        "{:?} {:?} {:?} {:?} {:?}",
        client.handshake, server.handshakes, server.config, client.config, auth_key
    );
    for secret in [
        &evil.new_nonce[..8],
        &new_nonce[..8],
        &auth_key.expose_bytes()[..8],
        &evil.a.expose_bytes()[..8],
    ] {
        let list = format!("{secret:?}");
        let digits: String = secret.iter().map(|byte| format!("{byte:02x}")).collect();
        let inside = list.trim_matches(['[', ']']);
        assert!(!shown.contains(inside) && !shown.contains(&digits));
    }
}

/// A server of ours before a client that may do as it likes.
struct Server {
    config: server::Config,
    handshakes: server::Handshakes,
    taken: bool,
}

impl Server {
    fn new() -> Self {
        let mut config = server::Config::new([test_key()]);
        config.max_wrong = 20;
        Self {
            config,
            handshakes: server::Handshakes::default(),
            taken: false,
        }
    }

    fn with_client() -> (Self, Client, Vec<u8>) {
        let (client, request) = Client::start();
        (Self::new(), client, request)
    }

    fn ask(&mut self, body: &[u8]) -> Result<server::Reply, Error> {
        let taken = self.taken;
        let mut rng = Seeded::new(body.len() as u64);
        self.handshakes
            .handle(&self.config, NOW, body, |_| taken, &mut rng)
    }
}

/// What a client of ours has encrypted for the server, and new_nonce in it.
fn open_inner(encrypted: &[u8]) -> (Vec<u8>, [u8; 32]) {
    let opened = test_key()
        .open(encrypted, &mut SystemRandom::new())
        .unwrap();
    let (inner, _) = types::PQInnerData::from_prefix(&opened[..]).unwrap();
    (opened.to_vec(), inner.new_nonce)
}

/// `req_DH_params` with a changed `p_q_inner_data`.
fn reseal_inner(request: &[u8], change: impl FnOnce(&mut types::PQInnerData<'_>)) -> Vec<u8> {
    let request = functions::ReqDhParams::from_bytes(request).unwrap();
    let (padded, _) = open_inner(request.encrypted_data);
    let (mut inner, _) = types::PQInnerData::from_prefix(&padded).unwrap();
    change(&mut inner);
    reseal(&request, &inner)
}

fn reseal(request: &functions::ReqDhParams<'_>, inner: &impl TlWrite) -> Vec<u8> {
    let sealed = test_key()
        .public()
        .seal(&inner.to_bytes().unwrap(), &mut Seeded::new(7))
        .unwrap();
    let request = functions::ReqDhParams {
        encrypted_data: &sealed,
        ..*request
    };
    request.to_bytes().unwrap()
}

/// new_nonce of [`Client::start`] before a server: the second draw of its random source.
fn new_nonce_of(_: &Server, _: &Client) -> [u8; 32] {
    let mut rng = Seeded::new(11);
    let mut nonces = [0; 48];
    rand_core::Rng::fill_bytes(&mut rng, &mut nonces);
    nonces[16..].try_into().unwrap()
}

/// `client_DH_inner_data`, to be changed.
struct ClientDh {
    nonce: [u8; 16],
    server_nonce: [u8; 16],
    retry_id: i64,
    g_b: Vec<u8>,
}

/// `set_client_DH_params` with a changed `client_DH_inner_data`.
fn reseal_client_dh(
    request: &[u8],
    new_nonce: &[u8; 32],
    change: impl FnOnce(&mut ClientDh),
) -> Vec<u8> {
    let request = functions::SetClientDhParams::from_bytes(request).unwrap();
    let key = kdf::exchange_key(new_nonce, &request.server_nonce);
    let mut data = request.encrypted_data.to_vec();
    let inner = exchange::open(&key, &mut data).unwrap();
    let inner = types::ClientDhInnerData::from_bytes(inner).unwrap();
    let mut changed = ClientDh {
        nonce: inner.nonce,
        server_nonce: inner.server_nonce,
        retry_id: inner.retry_id,
        g_b: inner.g_b.to_vec(),
    };
    change(&mut changed);
    let inner = types::ClientDhInnerData {
        nonce: changed.nonce,
        server_nonce: changed.server_nonce,
        retry_id: changed.retry_id,
        g_b: &changed.g_b,
    };
    let sealed = exchange::seal(&key, &inner.to_bytes().unwrap(), &mut Seeded::new(8));
    let request = functions::SetClientDhParams {
        encrypted_data: &sealed,
        ..request
    };
    request.to_bytes().unwrap()
}

#[test]
fn a_client_that_wants_something_else_is_refused() {
    let (mut server, mut client, request) = Server::with_client();
    server.config.dcs = vec![Dc::new(2)];
    server.config.max_expires_in = 100;
    let reply = server.ask(&request).unwrap();
    let request = client.request(&reply.body);
    let request = functions::ReqDhParams::from_bytes(&request).unwrap();
    let (padded, new_nonce) = open_inner(request.encrypted_data);
    let (inner, _) = types::PQInnerData::from_prefix(&padded).unwrap();
    let wish = |dc, expires_in| {
        let wish = types::PQInnerDataTempDc {
            pq: inner.pq,
            p: inner.p,
            q: inner.q,
            nonce: inner.nonce,
            server_nonce: inner.server_nonce,
            new_nonce,
            dc,
            expires_in,
        };
        reseal(&request, &wish)
    };
    for dc in [0, -2, 3, 10_002, -10_002, 10_000, i32::MIN, i32::MAX] {
        assert_eq!(server.ask(&wish(dc, 10)), Err(Error::Dc), "{dc}");
    }
    for expires_in in [0, -1, 101, i32::MIN, i32::MAX] {
        assert_eq!(server.ask(&wish(2, expires_in)), Err(Error::ExpiresIn));
    }
    assert!(server.ask(&wish(2, 100)).is_ok());
}

#[test]
fn requests_out_of_order_are_refused() {
    let (mut server, mut client, start) = Server::with_client();
    let reply = server.ask(&start).unwrap();
    let dh_request = client.request(&reply.body);
    let early = functions::SetClientDhParams {
        nonce: functions::ReqDhParams::from_bytes(&dh_request)
            .unwrap()
            .nonce,
        server_nonce: functions::ReqDhParams::from_bytes(&dh_request)
            .unwrap()
            .server_nonce,
        encrypted_data: &[0; 336],
    };
    assert_eq!(
        server.ask(&early.to_bytes().unwrap()),
        Err(Error::OutOfOrder)
    );
    let reply = server.ask(&dh_request).unwrap();
    // Another request of the kind that was answered.
    let other = reseal_inner(&dh_request, |_| {});
    assert_ne!(other, dh_request);
    assert_eq!(server.ask(&other), Err(Error::OutOfOrder));
    assert_eq!(server.ask(&dh_request).unwrap().body, reply.body);

    let verdict_request = client.request(&reply.body);
    let done = server.ask(&verdict_request).unwrap();
    assert!(done.key.is_some());
    let other = reseal_client_dh(&verdict_request, &new_nonce_of(&server, &client), |_| {});
    assert_ne!(other, verdict_request);
    assert_eq!(server.ask(&other), Err(Error::OutOfOrder));
    assert_eq!(server.ask(&verdict_request).unwrap().body, done.body);
}

#[test]
fn wrong_requests_end_a_handshake_at_last() {
    let (mut server, mut client, start) = Server::with_client();
    server.config.max_wrong = 3;
    let reply = server.ask(&start).unwrap();
    let right = client.request(&reply.body);
    let mut wrong = right.clone();
    *wrong.last_mut().unwrap() ^= 1;
    for _ in 0..3 {
        assert_eq!(server.ask(&wrong), Err(Error::Decrypt));
    }
    assert_eq!(server.ask(&right), Err(Error::Unknown));
    assert!(server.handshakes.is_empty());
}

#[test]
fn strange_bodies_are_refused() {
    let mut server = Server::new();
    let bodies = [
        &b""[..],
        &[0; 3],
        &[0xff; 64],
        &functions::Ping { ping_id: 1 }.to_bytes().unwrap(),
        &functions::ReqPqMulti { nonce: [0; 16] }.to_bytes().unwrap()[..19],
    ];
    for body in bodies {
        assert!(matches!(server.ask(body), Err(Error::Body(_))));
        let (client, _) = first_step();
        assert_eq!(stop_kind(client, body), "body");
    }
    // A vector that claims more than there is.
    let (client, evil) = first_step();
    let mut body = evil.res_pq(&PQ);
    let count = body.len() - 12;
    body[count..count + 4].copy_from_slice(&i32::MAX.to_le_bytes());
    assert_eq!(stop_kind(client, &body), "body");
    assert!(types::ResPq::from_bytes_in(&body, &Arena::new()).is_err());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// One flipped bit anywhere in an answer never leads a client to a key that the server has not.
    #[test]
    fn a_flipped_bit_never_leads_to_another_key(step in 0..3_usize, at in any::<prop::sample::Index>(), bit in 0..8) {
        let (mut server, mut client, mut request) = Server::with_client();
        let mut theirs = None;
        for now in 0..3 {
            let Ok(mut reply) = server.ask(&request) else { break };
            theirs = theirs.or(reply.key);
            if now == step {
                let at = at.index(reply.body.len());
                reply.body[at] ^= 1_u8 << bit;
            }
            match client.handle(&reply.body) {
                Ok(Progress::Request(next)) => request = next,
                Ok(Progress::Done(ours)) => {
                    prop_assert_eq!(Some(ours), theirs);
                    break;
                }
                Ok(Progress::Repeated) | Err(_) => break,
            }
        }
    }
}
