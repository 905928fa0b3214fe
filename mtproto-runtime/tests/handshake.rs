//! The key exchange: known answers on both sides, and what a server remembers.
//!
//! What each side refuses is in `handshake_checks`.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
#![allow(clippy::cast_possible_truncation, clippy::cast_possible_wrap)] // of small numbers

mod support;

use std::time::Duration;

use mtproto_runtime::crypto::binding::{self, Binding};
use mtproto_runtime::crypto::dh::{
    Group, KnownPrimes, ParameterError, PublicValue, SecretExponent,
};
use mtproto_runtime::crypto::packet::{Plaintext, QuickAck, SealError};
use mtproto_runtime::crypto::pq::{Factors, PqError};
use mtproto_runtime::crypto::rsa::{self, Opened, PrivateKey, PublicKey, TooLong};
use mtproto_runtime::crypto::{AuthKey, DecryptError, Direction};
use mtproto_runtime::handshake::client::{self, Progress};
use mtproto_runtime::handshake::{Dc, Error, Lifetime, NewKey, plain, server};
use mtproto_runtime::service::{functions, types};
use mtproto_runtime::tl::{TlRead, TlWrite};
use mtproto_runtime::{Crypto, Now, Provider, Side};
use rand_core::CryptoRng;
use serde_json::Value;
use support::{Fixed, Seeded, array, each, hex, signed, vectors};

fn test_key() -> PrivateKey {
    let generated = vectors("generated");
    PrivateKey::from_pem(generated["rsa_private_key_pem"].as_str().unwrap()).unwrap()
}

fn at(unix: i64) -> Now {
    Now {
        monotonic: Duration::from_secs(1000),
        unix: Duration::from_secs(unix.try_into().unwrap()),
    }
}

/// What the recorded handshake asks for.
fn wish(case: &Value) -> (Lifetime, Option<Dc>) {
    let lifetime = match case["expires_in"].as_i64() {
        None => Lifetime::Permanent,
        Some(expires_in) => Lifetime::Temporary {
            expires_in: expires_in.try_into().unwrap(),
        },
    };
    let dc = Dc::from_wire(signed(&case["dc"]).try_into().unwrap()).unwrap();
    (lifetime, Some(dc))
}

fn assert_key(key: &NewKey, case: &Value) {
    assert_eq!(key.auth_key, AuthKey::new(array(&case["auth_key"])));
    assert_eq!(key.auth_key.id().to_le_bytes(), array(&case["auth_key_id"]));
    let salt: [u8; 8] = array(&case["first_server_salt"]);
    assert_eq!(key.first_salt.to_le_bytes(), salt);
    assert_eq!(i64::from(key.server_time), signed(&case["server_time"]));
}

/// The answers of a client, step by step, to recorded ones.
struct Client<P> {
    config: client::Config<P>,
    handshake: client::Handshake,
    known: KnownPrimes,
    rng: Fixed,
}

impl<P: Provider> Client<P> {
    /// Starts, and compares the first request.
    fn start(config: client::Config<P>, mut rng: Fixed, case: &Value) -> Self {
        let (handshake, request) = client::Handshake::start(&mut rng);
        assert_eq!(request, hex(&case["req_pq_multi_body"]));
        Self {
            config,
            handshake,
            known: KnownPrimes::default(),
            rng,
        }
    }

    fn handle(&mut self, body: &[u8]) -> Result<Progress, Error> {
        self.handshake
            .handle(&self.config, &mut self.known, body, &mut self.rng)
    }

    fn request(&mut self, answer: &[u8]) -> Vec<u8> {
        match self.handle(answer).unwrap() {
            Progress::Request(request) => {
                assert_eq!(self.handshake.request(), request);
                request
            }
            other => panic!("{other:?}"),
        }
    }

    fn done(&mut self, answer: &[u8]) -> NewKey {
        match self.handle(answer).unwrap() {
            Progress::Done(key) => {
                assert!(self.handshake.is_over() && self.handshake.request().is_empty());
                key
            }
            other => panic!("{other:?}"),
        }
    }
}

/// The client's random bytes of a generated handshake.
fn randomness(case: &Value) -> Fixed {
    let sealed = hex(&case["client_data_with_hash"]);
    let inner = hex(&case["client_dh_inner_data"]);
    Fixed::new(&[
        &hex(&case["nonce"]),
        &hex(&case["new_nonce"]),
        &hex(&case["rsa_random_padding"]),
        &hex(&case["rsa_temp_key"]),
        &hex(&case["b"]),
        &sealed[20 + inner.len()..],
    ])
}

#[test]
fn known_answers_of_the_client() {
    for case in each(&vectors("generated")["handshakes"]) {
        let (lifetime, dc) = wish(case);
        let config = client::Config {
            dc,
            ..client::Config::new([test_key().public().clone()], lifetime)
        };
        let mut client = Client::start(config, randomness(case), case);
        let request = client.request(&hex(&case["res_pq_body"]));
        assert_eq!(request, hex(&case["req_dh_params_body"]));
        let request = client.request(&hex(&case["server_dh_params_ok_body"]));
        assert_eq!(request, hex(&case["set_client_dh_params_body"]));
        assert!(client.rng.is_used_up());

        let mut refused = client.handshake.clone();
        let fail = refused.handle(
            &client.config,
            &mut client.known,
            &hex(&case["dh_gen_fail_body"]),
            &mut Seeded::new(1),
        );
        assert_eq!(fail, Err(Error::Refused));

        let key = client.done(&hex(&case["dh_gen_ok_body"]));
        assert_key(&key, case);
        assert_eq!(
            (key.dc, key.expires_at.is_some()),
            (dc, case["temp"] == true)
        );
    }
}

#[test]
fn known_answers_of_the_server() {
    for case in each(&vectors("generated")["handshakes"]) {
        let sealed = hex(&case["answer_with_hash"]);
        let inner = hex(&case["server_dh_inner_data"]);
        let prime = |name: &str| -> Vec<u8> {
            let mut bytes = hex(&case[name]);
            bytes.reverse();
            bytes
        };
        let mut rng = Fixed::new(&[
            &hex(&case["server_nonce"]),
            &prime("p"),
            &prime("q"),
            &[7; 256], // blinding
            &hex(&case["a"]),
            &sealed[20 + inner.len()..],
        ]);
        let now = at(signed(&case["server_time"]));
        let (_, dc) = wish(case);
        let mut config = server::Config::new([test_key()]);
        config.dcs = dc.into_iter().collect();
        let mut server = server::Handshakes::default();
        let mut ask = |name: &str, is_taken: bool| {
            let body = hex(&case[name]);
            server
                .handle(&config, now, &body, |_| is_taken, &mut rng)
                .unwrap()
        };
        let res_pq = ask("req_pq_multi_body", false);
        assert_eq!(res_pq.body, hex(&case["res_pq_body"]));
        let dh_params = ask("req_dh_params_body", false);
        assert_eq!(dh_params.body, hex(&case["server_dh_params_ok_body"]));
        let ok = ask("set_client_dh_params_body", false);
        assert_eq!(ok.body, hex(&case["dh_gen_ok_body"]));
        let key = ok.key.unwrap();
        assert_key(&key, case);
        let expires_at = case["expires_in"]
            .as_i64()
            .map(|seconds| i32::try_from(signed(&case["server_time"]) + seconds).unwrap());
        assert_eq!((key.dc, key.expires_at), (dc, expires_at));

        // Everything once more, as networks have it: the same answers, and no second key.
        assert_eq!(ask("req_pq_multi_body", false).body, res_pq.body);
        assert_eq!(ask("req_dh_params_body", false).body, dh_params.body);
        let again = ask("set_client_dh_params_body", true);
        assert_eq!((again.body, again.key), (ok.body, None));
        assert!(rng.is_used_up());
    }
}

#[test]
fn known_answers_of_a_retry() {
    for case in each(&vectors("generated")["handshakes"]) {
        // The client's next attempt names the key of the last one.
        let (lifetime, dc) = wish(case);
        let config = client::Config {
            dc,
            ..client::Config::new([test_key().public().clone()], lifetime)
        };
        let mut client = Client::start(config, randomness(case), case);
        client.request(&hex(&case["res_pq_body"]));
        client.request(&hex(&case["server_dh_params_ok_body"]));
        client.rng = Fixed::new(&[&[3; 256], &[0; 12]]);
        let request = client.request(&hex(&case["dh_gen_retry_body"]));
        let request = functions::SetClientDhParams::from_bytes(&request).unwrap();
        let key = mtproto_runtime::crypto::kdf::exchange_key(
            &array(&case["new_nonce"]),
            &array(&case["server_nonce"]),
        );
        let mut data = request.encrypted_data.to_vec();
        let inner = mtproto_runtime::crypto::exchange::open(&key, &mut data).unwrap();
        let inner = types::ClientDhInnerData::from_bytes(inner).unwrap();
        assert_eq!(inner.retry_id, signed(&case["next_retry_id_if_retry_i64"]));
        let again = client.handle(&hex(&case["dh_gen_retry_body"]));
        assert_eq!(again, Ok(Progress::Repeated));
    }
}

/// The cryptography of the protocol, but for the one encryption whose random bytes nobody
/// published.
#[derive(Clone)]
struct Recorded {
    inner: Vec<u8>,
    sealed: [u8; 256],
}

impl Provider for Recorded {
    fn rsa_seal(
        &self,
        _: &PublicKey,
        data: &[u8],
        _: &mut (impl CryptoRng + ?Sized),
    ) -> Result<[u8; rsa::LEN], TooLong> {
        assert_eq!(data, self.inner);
        Ok(self.sealed)
    }

    fn seal(&self, k: &AuthKey, d: Direction, p: &mut [u8]) -> Result<QuickAck, SealError> {
        Crypto.seal(k, d, p)
    }

    fn open<'a>(
        &self,
        k: &AuthKey,
        d: Direction,
        p: &'a mut [u8],
    ) -> Result<Plaintext<'a>, DecryptError> {
        Crypto.open(k, d, p)
    }

    fn seal_binding(
        &self,
        k: &AuthKey,
        b: &Binding,
        rng: &mut (impl CryptoRng + ?Sized),
    ) -> [u8; binding::SEALED_LEN] {
        Crypto.seal_binding(k, b, rng)
    }

    fn open_binding(&self, k: &AuthKey, sealed: &[u8]) -> Result<Binding, DecryptError> {
        Crypto.open_binding(k, sealed)
    }

    fn rsa_open(
        &self,
        k: &PrivateKey,
        encrypted: &[u8],
        legacy: Option<&[usize]>,
        rng: &mut (impl CryptoRng + ?Sized),
    ) -> Result<Opened, DecryptError> {
        Crypto.rsa_open(k, encrypted, legacy, rng)
    }

    fn generate_pq(&self, rng: &mut (impl CryptoRng + ?Sized)) -> Factors {
        Crypto.generate_pq(rng)
    }

    fn split_pq(&self, pq: u64) -> Result<Factors, PqError> {
        Crypto.split_pq(pq)
    }

    fn seal_exchange(
        &self,
        new_nonce: &[u8; 32],
        server_nonce: &[u8; 16],
        object: &[u8],
        rng: &mut (impl CryptoRng + ?Sized),
    ) -> Vec<u8> {
        Crypto.seal_exchange(new_nonce, server_nonce, object, rng)
    }

    fn open_exchange<'a>(
        &self,
        new_nonce: &[u8; 32],
        server_nonce: &[u8; 16],
        data: &'a mut [u8],
    ) -> Result<&'a [u8], DecryptError> {
        Crypto.open_exchange(new_nonce, server_nonce, data)
    }

    fn check_group(
        &self,
        prime: &[u8],
        g: i32,
        known: &mut KnownPrimes,
        rng: &mut (impl CryptoRng + ?Sized),
    ) -> Result<Group, ParameterError> {
        Crypto.check_group(prime, g, known, rng)
    }

    fn generate_exponent(
        &self,
        group: &Group,
        rng: &mut (impl CryptoRng + ?Sized),
    ) -> (SecretExponent, PublicValue) {
        Crypto.generate_exponent(group, rng)
    }

    fn shared_key(&self, group: &Group, secret: &SecretExponent, theirs: &PublicValue) -> AuthKey {
        Crypto.shared_key(group, secret, theirs)
    }
}

#[test]
fn the_sample_of_the_documentation() {
    let samples = vectors("auth_key_samples");
    let case = &samples["vectors"][0];
    let plain = client::Config::telegram(Dc::new(2), Lifetime::Permanent);
    let config = client::Config {
        provider: Recorded {
            inner: hex(&case["p_q_inner_data_dc"]),
            sealed: array(&case["rsa_encrypted_data"]),
        },
        keys: plain.keys,
        lifetime: plain.lifetime,
        dc: plain.dc,
    };
    let sealed = hex(&case["client_data_with_hash"]);
    let inner = hex(&case["client_dh_inner_data"]);
    let rng = Fixed::new(&[
        &hex(&case["nonce"]),
        &hex(&case["new_nonce"]),
        &hex(&case["b"]),
        &sealed[20 + inner.len()..],
    ]);
    // The answers of the page are longer than their objects.
    let long = |name: &str, in_page: &str| {
        let mut body = hex(&case[name]);
        let len = signed(&case["message_lengths_in_page"][in_page]);
        body.resize(len.try_into().unwrap(), 0xaa);
        body
    };
    let mut client = Client::start(config, rng, case);
    let request = client.request(&long("res_pq_body", "resPQ"));
    assert_eq!(request, hex(&case["req_dh_params_body"]));
    let request = client.request(&long("server_dh_params_ok_body", "server_DH_params_ok"));
    assert_eq!(request, hex(&case["set_client_dh_params_body"]));
    let key = client.done(&long("dh_gen_ok_body", "dh_gen_ok"));
    assert_key(&key, case);
    assert!(client.rng.is_used_up());
}

#[test]
fn the_sample_of_grammers() {
    let samples = vectors("auth_key_samples");
    let case = &samples["vectors"][1];
    let config = client::Config::new([PublicKey::telegram_test()], Lifetime::Permanent);
    let rng = Fixed::new(&[
        &hex(&case["nonce"]),
        &hex(&case["new_nonce"]),
        &hex(&case["rsa_random_padding"]),
        &hex(&case["rsa_temp_key"]),
        &hex(&case["b"]),
        &hex(&case["step3_random"])[256..268],
    ]);
    let mut client = Client::start(config, rng, case);
    let request = client.request(&hex(&case["res_pq_body"]));
    assert_eq!(request, hex(&case["req_dh_params_body"]));
    let request = client.request(&hex(&case["server_dh_params_ok_body"]));
    assert_eq!(request, hex(&case["set_client_dh_params_body"]));
    assert_key(&client.done(&hex(&case["dh_gen_ok_body"])), case);
    assert!(client.rng.is_used_up());
}

/// A handshake of two of our own; returns both keys and what was said.
fn run(
    config: &client::Config,
    server_config: &server::Config,
    server: &mut server::Handshakes,
    mut is_taken: impl FnMut(i64) -> bool,
    seed: u64,
) -> Result<(NewKey, NewKey, Vec<Vec<u8>>), Error> {
    let rng = &mut Seeded::new(seed);
    let known = &mut KnownPrimes::default();
    let (mut client, mut request) = client::Handshake::start(rng);
    let mut said = vec![request.clone()];
    loop {
        let reply = server.handle(
            server_config,
            at(1_700_000_000),
            &request,
            &mut is_taken,
            rng,
        )?;
        said.push(reply.body.clone());
        match client.handle(config, known, &reply.body, rng)? {
            Progress::Request(next) => request = next,
            Progress::Done(key) => return Ok((key, reply.key.unwrap(), said)),
            Progress::Repeated => panic!("nothing is repeated"),
        }
        said.push(request.clone());
    }
}

fn client_config(lifetime: Lifetime, dc: Option<Dc>) -> client::Config {
    client::Config {
        dc,
        ..client::Config::new([test_key().public().clone()], lifetime)
    }
}

#[test]
fn every_form_of_a_wish_comes_to_a_key() {
    let mut server = server::Handshakes::default();
    let mut server_config = server::Config::new([test_key()]);
    let media = Dc {
        id: 3,
        test: true,
        media: true,
    };
    server_config.dcs = vec![Dc::new(3), media];
    let day = Lifetime::Temporary { expires_in: 86_400 };
    let mut ids = std::collections::BTreeSet::new();
    for (seed, lifetime) in [Lifetime::Permanent, day].into_iter().enumerate() {
        for (i, dc) in [None, Some(Dc::new(3)), Some(media)]
            .into_iter()
            .enumerate()
        {
            let config = client_config(lifetime, dc);
            let (ours, theirs, _) = run(
                &config,
                &server_config,
                &mut server,
                |_| false,
                (10 * seed + i) as u64,
            )
            .unwrap();
            assert_eq!(ours, theirs);
            let expires_at = (lifetime == day).then_some(1_700_086_400);
            assert_eq!((ours.dc, ours.expires_at), (dc, expires_at));
            assert!(ids.insert(ours.auth_key.id()), "no two keys are the same");
        }
    }
}

#[test]
fn the_server_picks_no_key_twice() {
    let config = client_config(Lifetime::Permanent, None);
    let server_config = server::Config::new([test_key()]);
    for refused in 0..=6 {
        let mut server = server::Handshakes::default();
        let mut left = refused;
        let is_taken = |_| {
            left -= i32::from(left >= 0);
            left >= 0
        };
        let result = run(&config, &server_config, &mut server, is_taken, 5);
        match refused {
            // Five attempts after the first.
            0..=5 => {
                let (ours, theirs, said) = result.unwrap();
                assert_eq!(ours, theirs);
                assert_eq!(said.len() as i32, 6 + 2 * refused);
            }
            _ => assert_eq!(result.unwrap_err(), Error::Refused),
        }
    }
}

#[test]
fn a_handshake_goes_on_after_lost_and_doubled_packets() {
    let config = client_config(Lifetime::Permanent, None);
    let server_config = server::Config::new([test_key()]);
    let mut server = server::Handshakes::default();
    let rng = &mut Seeded::new(8);
    let known = &mut KnownPrimes::default();
    let (mut client, _) = client::Handshake::start(rng);
    let mut answers = Vec::new();
    let key = loop {
        // Each request arrives twice, each answer twice, and older ones once more.
        let request = client.request().to_vec();
        let first = server
            .handle(&server_config, at(1), &request, |_| false, rng)
            .unwrap();
        let second = server
            .handle(&server_config, at(9), &request, |_| true, rng)
            .unwrap();
        assert_eq!((&second.body, second.key), (&first.body, None));
        answers.push(first.body.clone());
        let progress = client.handle(&config, known, &first.body, rng).unwrap();
        for answer in &answers {
            let again = client.handle(&config, known, answer, rng);
            assert_eq!(again, Ok(Progress::Repeated));
        }
        if let Progress::Done(key) = progress {
            assert_eq!(first.key.unwrap(), key);
            break key;
        }
    };
    assert_eq!(key.server_time, 1);
}

#[test]
fn the_server_forgets_after_ten_minutes() {
    let config = server::Config::new([test_key()]);
    let mut server = server::Handshakes::default();
    let rng = &mut Seeded::new(3);
    let start = functions::ReqPqMulti { nonce: [1; 16] }.to_bytes().unwrap();
    let mut ask = |seconds: u64| {
        let now = Now {
            monotonic: Duration::from_secs(seconds),
            // The other clock may go back and forth.
            unix: Duration::from_secs(1_000_000 - 777 * seconds),
        };
        server
            .handle(&config, now, &start, |_| false, rng)
            .unwrap()
            .body
    };
    let first = ask(0);
    assert_eq!(ask(599), first);
    let second = ask(600);
    assert_ne!(second, first);
    assert_eq!(ask(1199), second);
    assert_ne!(ask(1200), second);
    assert_eq!(server.len(), 1);
}

#[test]
fn an_advanced_handshake_is_forgotten_ten_minutes_after_it_advanced() {
    let config = client_config(Lifetime::Permanent, None);
    let server_config = server::Config::new([test_key()]);
    let mut server = server::Handshakes::default();
    let rng = &mut Seeded::new(4);
    let (mut client, request) = client::Handshake::start(rng);
    let mut ask = |seconds: u64, request: &[u8]| {
        let now = Now {
            monotonic: Duration::from_secs(seconds),
            unix: Duration::from_secs(1),
        };
        let reply = server.handle(
            &server_config,
            now,
            request,
            |_| false,
            &mut Seeded::new(seconds),
        );
        (reply.map(|reply| reply.body), server.len())
    };
    let res_pq = ask(0, &request).0.unwrap();
    let known = &mut KnownPrimes::default();
    let Ok(Progress::Request(request)) = client.handle(&config, known, &res_pq, rng) else {
        panic!();
    };
    let answer = ask(500, &request).0;
    assert!(answer.is_ok());
    assert_eq!(ask(1099, &request), (answer, 1));
    assert_eq!(ask(1100, &request), (Err(Error::Unknown), 0));
}

#[test]
fn the_servers_memory_is_bounded() {
    let mut config = server::Config::new([test_key()]);
    config.max_started = 10;
    let mut server = server::Handshakes::default();
    let rng = &mut Seeded::new(4);
    for i in 0..100 {
        let nonce = [i; 16];
        let start = functions::ReqPqMulti { nonce }.to_bytes().unwrap();
        server
            .handle(&config, at(1), &start, |_| false, rng)
            .unwrap();
        assert_eq!(server.len(), usize::from(i + 1).min(10));
    }
    // Those who have shown new_nonce have a room of their own.
    config.max_advanced = 2;
    let mut clients = Vec::new();
    for seed in 0..3 {
        let rng = &mut Seeded::new(100 + seed);
        let (mut client, request) = client::Handshake::start(rng);
        let reply = server
            .handle(&config, at(1), &request, |_| false, rng)
            .unwrap();
        let known = &mut KnownPrimes::default();
        let ours = client_config(Lifetime::Permanent, None);
        let Ok(Progress::Request(request)) = client.handle(&ours, known, &reply.body, rng) else {
            panic!();
        };
        server
            .handle(&config, at(1), &request, |_| false, rng)
            .unwrap();
        clients.push(request);
    }
    for i in 0..100 {
        let nonce = [i; 16];
        let start = functions::ReqPqMulti { nonce }.to_bytes().unwrap();
        server
            .handle(&config, at(1), &start, |_| false, rng)
            .unwrap();
        assert!(server.len() <= 12);
    }
    let mut ask = |request: &[u8]| server.handle(&config, at(1), request, |_| false, rng);
    assert_eq!(ask(&clients[0]), Err(Error::Unknown), "the oldest went");
    assert!(ask(&clients[1]).is_ok() && ask(&clients[2]).is_ok());
}

#[test]
fn a_server_bears_with_what_clients_send() {
    let server_config = server::Config::new([test_key()]);
    let mut server = server::Handshakes::default();
    let rng = &mut Seeded::new(5);
    // The retired first request.
    let nonce = [6; 16];
    let retired = functions::ReqPq { nonce }.to_bytes().unwrap();
    let reply = server
        .handle(&server_config, at(1), &retired, |_| false, rng)
        .unwrap();
    let start = functions::ReqPqMulti { nonce }.to_bytes().unwrap();
    let again = server
        .handle(&server_config, at(1), &start, |_| false, rng)
        .unwrap();
    assert_eq!(again.body, reply.body);

    // Random bytes behind each request, other ones each time; any msg_id.
    let config = client_config(Lifetime::Permanent, None);
    let (mut client, _) = client::Handshake::start(rng);
    let known = &mut KnownPrimes::default();
    let mut done = false;
    while !done {
        let mut replies = Vec::new();
        for (msg_id, tail) in [(0, 252), (1, 3), (-5, 0)] {
            let mut body = client.request().to_vec();
            body.resize(body.len() + tail, 0x5a);
            let mut packet = Vec::new();
            plain::write(msg_id, &body, &mut packet);
            // What a padded transport adds.
            packet.extend_from_slice(&[9; 7]);
            let message = plain::read(&packet).unwrap();
            assert_eq!(message.msg_id, msg_id);
            let reply = server.handle(&server_config, at(1), message.body, |_| false, rng);
            replies.push(reply.unwrap().body);
        }
        assert!(replies.iter().all(|reply| *reply == replies[0]));
        done = matches!(
            client.handle(&config, known, &replies[0], rng).unwrap(),
            Progress::Done(_)
        );
    }
}

#[test]
fn plain_packets_are_read_within_bounds() {
    let mut packet = Vec::new();
    plain::write(77, &[5; 40], &mut packet);
    assert!(plain::is_plain(&packet));
    assert_eq!(plain::read(&packet).unwrap().body, [5; 40]);
    for end in 0..packet.len() {
        assert_eq!(plain::read(&packet[..end]), None, "{end}");
    }
    for length in [-1, i32::MIN, i32::MAX, 41, 4097] {
        let mut lying = packet.clone();
        lying[16..20].copy_from_slice(&length.to_le_bytes());
        assert_eq!(plain::read(&lying), None);
    }
    let mut encrypted = packet.clone();
    encrypted[7] = 1;
    assert!(!plain::is_plain(&encrypted));
    assert_eq!(plain::read(&encrypted), None);
}

#[test]
fn plain_msg_ids_grow_and_tell_the_side() {
    let mut last = None;
    for (i, unix) in [5, 5, 4, 9, 1, u64::MAX].into_iter().enumerate() {
        let side = [Side::Client, Side::Server][i % 2];
        let id = plain::next_msg_id(side, Duration::from_secs(unix), last);
        assert!(last < Some(id) || unix == u64::MAX);
        assert_eq!(id % 4, i64::from(side == Side::Server));
        last = Some(id);
    }
}
