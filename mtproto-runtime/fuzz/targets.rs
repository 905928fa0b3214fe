//! What each fuzz target does with its input; it panics if a promise is broken.
//!
//! cargo-fuzz and the ordinary test `fuzz_inputs` share this file.

use std::sync::OnceLock;

use mtproto_runtime::Now;
use mtproto_runtime::crypto::binding;
use mtproto_runtime::crypto::dh::{Group, KnownPrimes, TELEGRAM_PRIME};
use mtproto_runtime::crypto::packet::{self, HEADER_LEN, MAX_PADDING, MIN_PADDING, PREFIX_LEN};
use mtproto_runtime::crypto::rsa::{PrivateKey, PublicKey};
use mtproto_runtime::crypto::{AuthKey, Direction, exchange, kdf, pq};
use mtproto_runtime::handshake::client::{self, Progress};
use mtproto_runtime::handshake::{Lifetime, plain, server};
use mtproto_runtime::service::{Container, ContainerWriter, RpcResult, functions, gzip, types};
use mtproto_runtime::tl::{TlRead, TlWrite};
use mtproto_runtime::transport::{
    Decoder, Detected, Detector, DetectorConfig, Error, Frame, Framing, ProxySecret, Transport,
};

/// Strangers' bytes are refused; what the holder of the key made is opened, and its lengths are
/// within bounds or refused.
pub(crate) fn packet(bytes: &[u8]) {
    let key = AuthKey::new([7; AuthKey::LEN]);
    let direction = Direction::FromServer;
    let mut strange = bytes.to_vec();
    if let Some(id) = strange.first_chunk_mut() {
        *id = key.id().to_le_bytes();
    }
    assert!(packet::open(&key, direction, &mut strange).is_err());
    assert!(binding::open(&key, bytes).is_err());
    let exchange_key = kdf::exchange_key(&[1; 32], &[2; 16]);
    assert!(exchange::open(&exchange_key, &mut bytes.to_vec()).is_err());

    let mut sealed = vec![0; PREFIX_LEN];
    sealed.extend_from_slice(bytes);
    let whole = PREFIX_LEN + bytes.len() / 16 * 16;
    sealed.truncate(whole);
    if packet::seal(&key, direction, &mut sealed).is_err() {
        assert!(bytes.len() < 16);
        return;
    }
    let plaintext = packet::open(&key, direction, &mut sealed).expect("it is sealed");
    assert_eq!(plaintext.bytes(), &bytes[..whole - PREFIX_LEN]);
    if let Ok(message) = plaintext.message() {
        let padding = plaintext.bytes().len() - HEADER_LEN - message.body.len();
        assert!((MIN_PADDING..=MAX_PADDING).contains(&padding));
        assert!(message.body.len().is_multiple_of(4));
    }

    let object = &bytes[..bytes.len() / 4 * 4];
    if !object.is_empty() {
        let mut sealed = exchange::seal(&exchange_key, object, &mut Zeros);
        assert_eq!(exchange::open(&exchange_key, &mut sealed), Ok(object));
    }
}

/// However the bytes are cut, the same frames come out, none longer than allowed.
pub(crate) fn transport(bytes: &[u8]) {
    const MAX_PACKET: usize = 4096;

    let Some((&[choice, cut], bytes)) = bytes.split_first_chunk() else {
        return;
    };
    let cut = usize::from(cut) + 1;
    if choice & 0x80 == 0 {
        let framings = [
            Framing::Abridged,
            Framing::Intermediate,
            Framing::PaddedIntermediate,
            Framing::Full,
        ];
        let framing = framings[usize::from(choice) % framings.len()];
        let decoder = Transport::client(framing)
            .with_max_packet(MAX_PACKET)
            .decoder;
        let whole = frames(decoder.clone(), bytes, bytes.len().max(1));
        assert_eq!(frames(decoder, bytes, cut), whole);
    } else {
        let secrets = match choice & 1 {
            0 => Vec::new(),
            _ => vec![ProxySecret::new([3; 16])],
        };
        let config = DetectorConfig {
            secrets,
            max_packet: MAX_PACKET,
        };
        let detector = Detector::new(config);
        let whole = detect(detector.clone(), bytes, bytes.len().max(1));
        assert_eq!(detect(detector, bytes, cut), whole);
    }

    #[derive(Debug, PartialEq)]
    enum Got {
        Packet(Vec<u8>, bool),
        Other(String),
    }

    fn frames(mut decoder: Decoder, bytes: &[u8], cut: usize) -> (Vec<Got>, Option<Error>) {
        let mut got = Vec::new();
        for mut piece in bytes.chunks(cut) {
            loop {
                match decoder.decode(&mut piece) {
                    Ok(None) => break assert!(piece.is_empty()),
                    Ok(Some(Frame::Packet { packet, quick_ack })) => {
                        assert!(packet.len() <= MAX_PACKET + 15);
                        got.push(Got::Packet(packet.to_vec(), quick_ack));
                    }
                    Ok(Some(frame)) => got.push(Got::Other(format!("{frame:?}"))),
                    Err(error) => return (got, Some(error)),
                }
            }
        }
        (got, None)
    }

    type Found = Result<(String, Vec<Got>, Option<Error>), Error>;

    fn detect(mut detector: Detector, bytes: &[u8], cut: usize) -> Found {
        let mut rest = bytes;
        while !rest.is_empty() {
            let (mut piece, after) = rest.split_at(cut.min(rest.len()));
            let before = piece.len();
            match detector.detect(&mut piece)? {
                None => rest = after,
                Some(Detected::Transport(found)) => {
                    rest = &rest[before - piece.len()..];
                    let kind = format!("{found:?}");
                    let (got, error) = frames(found.transport.decoder, rest, cut);
                    return Ok((kind, got, error));
                }
                Some(other) => {
                    assert!(detector.seen().len() <= 8 << 10);
                    return Ok((format!("{other:?} {:?}", detector.seen()), Vec::new(), None));
                }
            }
        }
        Ok((String::from("more"), Vec::new(), None))
    }
}

/// Keys, secrets and numbers of strangers are read or refused, within bounds of time.
pub(crate) fn keys(bytes: &[u8]) {
    if let Ok(text) = std::str::from_utf8(bytes) {
        let _ = PublicKey::from_pem(text);
        let _ = PrivateKey::from_pem(text);
        let _ = text.parse::<ProxySecret>();
    }
    let _ = ProxySecret::from_bytes(bytes);
    if let Some((number, exponent)) = bytes.split_at_checked(256) {
        let _ = PublicKey::new(number, exponent);
    }
    if let Some(number) = bytes.first_chunk()
        && let Ok(factors) = pq::split(u64::from_be_bytes(*number))
    {
        let product = factors.p.checked_mul(factors.q);
        assert_eq!(product, Some(u64::from_be_bytes(*number)));
        assert!(1 < factors.p && factors.p < factors.q);
    }
    let group = Group::check(&TELEGRAM_PRIME, 3, &mut KnownPrimes::default(), &mut Zeros);
    let group = group.expect("its parameters are good");
    if let Ok(value) = group.public_value(bytes) {
        assert!(value.as_bytes().ends_with(bytes) || bytes.ends_with(value.as_bytes()));
    }
}

/// Both sides of a handshake, at every step, given bytes of a stranger: in the clear, and sealed by
/// a peer who knows the keys. Only the peer's real answer leads to a key.
pub(crate) fn handshake(bytes: &[u8]) {
    let now = Now::default();
    let Some((&choice, bytes)) = bytes.split_first() else {
        return;
    };
    let _ = plain::read(bytes);
    let Recorded {
        client_config,
        server_config,
        clients,
        servers,
        requests,
        answers,
        new_nonce,
    } = recorded();
    let rng = &mut Steps(7);
    let at = usize::from(choice & 3) % 3;
    let mut client = clients[at].clone();
    let mut server = servers[at].clone();
    let exchange_key = |server_nonce: &[u8; 16]| kdf::exchange_key(new_nonce, server_nonce);
    let first = functions::ReqDhParams::from_bytes(&requests[1]).expect("it was recorded");
    let (nonce, server_nonce) = (first.nonce, first.server_nonce);
    // The nonces of this handshake in the place of others, or nothing would get far.
    let with_nonces = |bytes: &[u8], at: usize| {
        let mut bytes = bytes.to_vec();
        if choice & 16 != 0
            && let Some(place) = bytes.get_mut(at..at + 32)
        {
            place[..16].copy_from_slice(&nonce);
            place[16..].copy_from_slice(&server_nonce);
        }
        bytes
    };
    let data = with_nonces(&bytes[..bytes.len().min(144)], 32);
    let bytes = &with_nonces(bytes, 4);
    let (to_client, to_server) = match choice >> 2 & 3 {
        // In the clear.
        0 => (bytes.to_vec(), bytes.to_vec()),
        // In the place of what is encrypted.
        1 => (
            dh_params(nonce, server_nonce, bytes),
            dh_request(&first, bytes),
        ),
        // Sealed for the other side.
        2 => {
            let sealed = exchange::seal(&exchange_key(&server_nonce), bytes, rng);
            let for_server = server_config.keys[0].public().seal(&data, rng);
            (
                dh_params(nonce, server_nonce, &sealed),
                dh_request(&first, &for_server.expect("it is short enough")),
            )
        }
        _ => {
            let sealed = exchange::seal(&exchange_key(&server_nonce), bytes, rng);
            let request = functions::SetClientDhParams {
                nonce,
                server_nonce,
                encrypted_data: &sealed,
            };
            (bytes.to_vec(), request.to_bytes().expect("it is short"))
        }
    };
    let mut known = KnownPrimes::default();
    match client.handle(client_config, &mut known, &to_client, rng) {
        Ok(Progress::Done(_)) => assert!(at == 2 && to_client.starts_with(&answers[2])),
        Ok(Progress::Request(request)) => assert_eq!(client.request(), request),
        Ok(Progress::Repeated) => assert!(answers.contains(&to_client)),
        Err(_) => assert!(client.is_over() && client.request().is_empty()),
    }
    let before = server.clone();
    let reply = server.handle(server_config, now, &to_server, |_| false, rng);
    assert!(server.len() <= 2);
    match reply {
        Ok(reply) => assert!(!reply.body.is_empty() && reply.body.len() <= plain::MAX_BODY),
        // Nothing has changed. To go on from there costs more than all else.
        Err(_) if server == before => {}
        Err(_) => {
            // The client goes on as if nothing had been.
            let request = &requests[at];
            let [with, without] = [server, before].map(|mut server| {
                server.handle(server_config, now, request, |_| false, &mut Steps(9))
            });
            assert_eq!(with, without);
        }
    }
}

/// A handshake, step by step.
struct Recorded {
    client_config: client::Config,
    server_config: server::Config,
    /// Waiting for the answers.
    clients: [client::Handshake; 3],
    /// Before the requests.
    servers: [server::Handshakes; 3],
    requests: [Vec<u8>; 3],
    answers: [Vec<u8>; 3],
    new_nonce: [u8; 32],
}

fn recorded() -> &'static Recorded {
    static RECORDED: OnceLock<Recorded> = OnceLock::new();
    RECORDED.get_or_init(|| {
        let pem = include_str!("../tests/vectors/test_key.pkcs8.pem");
        let key = PrivateKey::from_pem(pem).expect("a key");
        let client_config = client::Config::new([key.public().clone()], Lifetime::Permanent);
        let server_config = server::Config::new([key]);
        let rng = &mut Steps(1);
        let known = &mut KnownPrimes::default();
        let mut server = server::Handshakes::default();
        let (mut client, first) = client::Handshake::start(rng);
        let mut clients = Vec::new();
        let mut servers = Vec::new();
        let mut requests = vec![first];
        let mut answers = Vec::new();
        for step in 0..3 {
            clients.push(client.clone());
            servers.push(server.clone());
            let reply = server
                .handle(
                    &server_config,
                    Now::default(),
                    &requests[step],
                    |_| false,
                    rng,
                )
                .expect("an honest client");
            let progress = client
                .handle(&client_config, known, &reply.body, rng)
                .expect("an honest server");
            answers.push(reply.body);
            if let Progress::Request(request) = progress {
                requests.push(request);
            }
        }
        let request = functions::ReqDhParams::from_bytes(&requests[1]).expect("our own");
        let inner = server_config.keys[0]
            .open(request.encrypted_data, rng)
            .expect("our own");
        let (inner, _) = types::PQInnerData::from_prefix(&inner[..]).expect("our own");
        Recorded {
            new_nonce: inner.new_nonce,
            clients: clients.try_into().expect("three"),
            servers: servers.try_into().expect("three"),
            requests: requests.try_into().expect("three"),
            answers: answers.try_into().expect("three"),
            client_config,
            server_config,
        }
    })
}

fn dh_params(nonce: [u8; 16], server_nonce: [u8; 16], encrypted_answer: &[u8]) -> Vec<u8> {
    let answer = types::ServerDhParamsOk {
        nonce,
        server_nonce,
        encrypted_answer,
    };
    answer.to_bytes().unwrap_or_default()
}

fn dh_request(first: &functions::ReqDhParams<'_>, encrypted_data: &[u8]) -> Vec<u8> {
    let request = functions::ReqDhParams {
        encrypted_data,
        ..*first
    };
    request.to_bytes().unwrap_or_default()
}

/// Containers, results and packed values of strangers are read within bounds, and written as they
/// were.
pub(crate) fn service(bytes: &[u8]) {
    const LIMIT: usize = 1 << 16;

    if let Ok(container) = Container::read(bytes) {
        let mut written = Vec::new();
        let mut writer = ContainerWriter::new(&mut written);
        for message in container {
            writer
                .push(message.msg_id, message.seq_no, message.body)
                .expect("what was read can be written");
        }
        writer.finish();
        assert_eq!(written, bytes);
    }
    if let Some(result) = RpcResult::read(bytes) {
        let mut written = Vec::new();
        result.write_to(&mut written);
        assert_eq!(written, bytes);
        let _ = result.error();
    }
    for stream in [bytes, &[&[0x1f, 0x8b, 8, 0][..], bytes].concat()] {
        let mut packed = gzip::GZIP_PACKED_ID.to_le_bytes().to_vec();
        if stream.write_to(&mut packed).is_ok()
            && let Ok(unpacked) = gzip::unpack(&packed, LIMIT)
        {
            assert!(unpacked.len() <= LIMIT && !gzip::is_packed(&unpacked));
        }
    }
    let mut packed = Vec::new();
    if gzip::pack(bytes, &mut packed) {
        assert_eq!(gzip::unpack(&packed, bytes.len()).expect("our own"), bytes);
    }
}

/// A random source that yields the same each time (SplitMix64).
struct Steps(u64);

impl rand_core::TryRng for Steps {
    type Error = std::convert::Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Self::Error> {
        let [_, _, _, _, a, b, c, d] = self.try_next_u64()?.to_le_bytes();
        Ok(u32::from_le_bytes([a, b, c, d]))
    }

    fn try_next_u64(&mut self) -> Result<u64, Self::Error> {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let z = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        Ok(z ^ (z >> 31))
    }

    fn try_fill_bytes(&mut self, out: &mut [u8]) -> Result<(), Self::Error> {
        for chunk in out.chunks_mut(8) {
            chunk.copy_from_slice(&self.try_next_u64()?.to_le_bytes()[..chunk.len()]);
        }
        Ok(())
    }
}

impl rand_core::TryCryptoRng for Steps {}

/// A random source without randomness.
struct Zeros;

impl rand_core::TryRng for Zeros {
    type Error = std::convert::Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Self::Error> {
        Ok(0)
    }

    fn try_next_u64(&mut self) -> Result<u64, Self::Error> {
        Ok(0)
    }

    fn try_fill_bytes(&mut self, out: &mut [u8]) -> Result<(), Self::Error> {
        out.fill(0);
        Ok(())
    }
}

impl rand_core::TryCryptoRng for Zeros {}
