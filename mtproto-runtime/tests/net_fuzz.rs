//! Whatever bytes come over a socket: the drivers of both sides, end to end, against peers that say
//! anything. Nobody panics, and whoever behaves is served.
//!
//! A case comes from its seed, but for what tokio and the system make of it. More of them:
//!
//! ```text
//! NET_FUZZ_FIRST=1000 NET_FUZZ_CASES=100000 cargo test --release -p mtproto-runtime --test net_fuzz
//! ```
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
#![allow(
    clippy::cast_possible_truncation,
    reason = "of random numbers any part will do"
)]

#[path = "support/wire.rs"]
mod wire;

use std::sync::Arc;
use std::sync::Once;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use mtproto_runtime::crypto::Direction;
use mtproto_runtime::crypto::packet::{self, Header, Padding};
use mtproto_runtime::crypto::random::SystemRandom;
use mtproto_runtime::handshake::NewKey;
use mtproto_runtime::net::client::{self, Tcp};
use mtproto_runtime::net::server::{Router, Server};
use mtproto_runtime::service::gzip;
use mtproto_runtime::testing::TestServer;
use mtproto_runtime::transport::{Framing, Transport};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::timeout;

use wire::Client;

const ECHO: u32 = 0x2222_2222;
/// Longer than anything takes on a busy machine.
const PATIENCE: Duration = Duration::from_secs(60);

/// Seeds that once did harm.
const KEPT: [u64; 0] = [];

static PANICS: AtomicUsize = AtomicUsize::new(0);

/// Counts panics of all threads; tokio would catch those of tasks.
fn count_panics() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let before = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |info| {
            PANICS.fetch_add(1, Ordering::Relaxed);
            before(info);
        }));
    });
}

fn number(name: &str, usual: u64) -> u64 {
    let text = std::env::var(name);
    text.map_or(usual, |text| text.parse().expect("a number"))
}

/// The seeds of this run.
fn seeds(usual: u64) -> impl Iterator<Item = u64> {
    let first = number("NET_FUZZ_FIRST", 1);
    let cases = number("NET_FUZZ_CASES", usual);
    KEPT.into_iter().chain(first..first + cases)
}

/// xorshift64*
struct Random(u64);

impl Random {
    fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }

    fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d)
    }

    fn below(&mut self, limit: usize) -> usize {
        (self.next() >> 33) as usize % limit
    }

    fn chance(&mut self, one_in: usize) -> bool {
        self.below(one_in) == 0
    }

    fn bytes(&mut self, most: usize) -> Vec<u8> {
        let count = self.below(most + 1);
        (0..count).map(|_| self.next().to_be_bytes()[0]).collect()
    }

    fn pick<T: Copy>(&mut self, all: &[T]) -> T {
        all[self.below(all.len())]
    }

    /// Damages what is there, or leaves it as it is.
    fn damage(&mut self, bytes: &mut Vec<u8>) {
        for _ in 0..self.below(4) {
            let at = self.below(bytes.len() + 1);
            match self.below(5) {
                0 => bytes.truncate(at),
                1 => bytes.extend(self.bytes(40)),
                2 => drop(bytes.splice(at..at, self.bytes(8))),
                3 => drop(bytes.drain(at..bytes.len().min(at + 8))),
                _ => {
                    if let Some(byte) = bytes.get_mut(at) {
                        *byte ^= 1 << self.below(8);
                    }
                }
            }
        }
    }
}

fn id(id: u32) -> Vec<u8> {
    id.to_le_bytes().to_vec()
}

fn string(bytes: &[u8]) -> Vec<u8> {
    let mut out = vec![0xfe];
    out.extend_from_slice(&u32::try_from(bytes.len()).unwrap().to_le_bytes()[..3]);
    out.extend_from_slice(bytes);
    out.resize(out.len().next_multiple_of(4), 0);
    out
}

/// A body that makes some sense.
fn body(random: &mut Random, msg_id: i64, depth: usize) -> Vec<u8> {
    let long = |random: &mut Random| match random.below(4) {
        0 => msg_id.to_le_bytes().to_vec(),
        1 => (msg_id - 4).to_le_bytes().to_vec(),
        2 => random
            .pick(&[0_i64, 1, -1, i64::MIN, i64::MAX])
            .to_le_bytes()
            .to_vec(),
        _ => random.next().to_le_bytes().to_vec(),
    };
    let longs = |random: &mut Random| {
        let count = random.below(6);
        let mut out = [id(0x1cb5_c415), id(u32::try_from(count).unwrap())].concat();
        if random.chance(8) {
            out[4..8].copy_from_slice(&[0xff; 4]);
        }
        for _ in 0..count {
            out.extend(long(random));
        }
        out
    };
    let kind = match depth {
        0 => random.below(14),
        _ => random.below(20),
    };
    match kind {
        0 => [id(0x7abe_77ec), long(random)].concat(),
        1 => [id(0xf342_7b8c), long(random), random.bytes(4)].concat(),
        2 => [id(0xb921_bd04), id(random.next() as u32)].concat(),
        3 => [id(0x62d6_b459), longs(random)].concat(),
        4 => [id(0xda69_fb52), longs(random)].concat(),
        5 => [id(0x7d86_1a08), longs(random)].concat(),
        6 => [id(0x58e4_a740), long(random)].concat(),
        7 => [id(0xe751_2126), long(random)].concat(),
        8 => [id(0x9299_359f), random.bytes(12)].concat(),
        9 => [id(0xcdd4_2a05), random.bytes(80)].concat(),
        10 => [id(ECHO), random.bytes(2000)].concat(),
        11 => random.bytes(64),
        12 => [id(0xbe7e_8ef1), random.bytes(16)].concat(),
        13 => [id(random.next() as u32), random.bytes(16)].concat(),
        // invokeAfterMsg, invokeWithLayer, invokeWithoutUpdates
        14 => [
            id(0xcb9f_372d),
            long(random),
            body(random, msg_id, depth - 1),
        ]
        .concat(),
        15 => [id(0xda9b_0d0d), id(230), body(random, msg_id, depth - 1)].concat(),
        16 => [id(0xbf94_59b7), body(random, msg_id, depth - 1)].concat(),
        17 => {
            let mut out = id(0xc1cd_5ea9);
            out.extend(id(random.pick(&[0, 1, 2, 3, u32::MAX])));
            out.extend(id(6));
            for _ in 0..6 {
                out.extend(string(&random.bytes(300)));
            }
            [out, body(random, msg_id, depth - 1)].concat()
        }
        18 => {
            let mut inner = body(random, msg_id, depth - 1);
            if random.chance(4) {
                inner.resize(400_000, 0);
            }
            let mut out = Vec::new();
            if gzip::pack(&inner, &mut out) {
                if random.chance(3) {
                    random.damage(&mut out);
                }
                out
            } else {
                [id(0x3072_cfa1), string(&inner)].concat()
            }
        }
        _ => {
            let count = random.below(5);
            let mut out = [id(0x73f1_f8dc), id(u32::try_from(count).unwrap())].concat();
            for at in 0..count {
                let inner = body(random, msg_id, depth - 1);
                let of = msg_id - 4 * i64::try_from(random.below(count + 2) + at).unwrap();
                out.extend(of.to_le_bytes());
                out.extend(id(random.below(64) as u32));
                out.extend(id(u32::try_from(inner.len()).unwrap()));
                out.extend(inner);
            }
            if random.chance(6) {
                let at = random.below(out.len());
                out[at] ^= 0x80;
            }
            out
        }
    }
}

/// A packet that could be from the holder of the key.
fn packet(random: &mut Random, key: &NewKey, session_id: i64) -> Vec<u8> {
    let unix = std::time::SystemTime::UNIX_EPOCH.elapsed().unwrap();
    let time = i64::try_from(unix.as_nanos() * (1 << 29) / 125_000_000).unwrap() & !3;
    let shift = random.pick(&[0, 0, 0, 0, -400_i64, 20, 100, 1]) << 32;
    let msg_id = time + shift + i64::from(random.chance(16));
    let header = Header {
        salt: random.pick(&[key.first_salt, key.first_salt, 7]),
        session_id: random.pick(&[session_id, session_id, session_id, 0, session_id + 1]),
        msg_id,
        seq_no: random.below(200) as i32,
    };
    let mut body = body(random, msg_id, 3);
    body.resize(body.len().next_multiple_of(4), 0);
    let mut packet = Vec::new();
    packet::seal_message(
        &key.auth_key,
        Direction::FromClient,
        &header,
        &body,
        Padding::Shortest,
        &mut SystemRandom::new(),
        &mut packet,
    )
    .unwrap();
    packet
}

/// One connection that says anything; what is left of it.
async fn attack(
    random: &mut Random,
    address: std::net::SocketAddr,
    key: &NewKey,
) -> Option<TcpStream> {
    let framing = random.pick(&[
        Framing::Abridged,
        Framing::Intermediate,
        Framing::PaddedIntermediate,
        Framing::Full,
    ]);
    let mut rng = SystemRandom::new();
    let mut transport = match random.chance(3) && framing != Framing::Full {
        true => Transport::obfuscated_client(framing, None, None, &mut rng).unwrap(),
        false => Transport::client(framing),
    };
    let session_id = random.next() as i64;
    let mut stream = TcpStream::connect(address).await.ok()?;
    for _ in 0..=random.below(12) {
        let mut bytes = Vec::new();
        let inner = match random.below(8) {
            0 => {
                bytes = random.bytes(600);
                None
            }
            1 => Some(random.bytes(200)),
            2 => {
                // A plain message.
                let body = body(random, 4, 1);
                let len = u32::try_from(body.len()).unwrap();
                Some([&[0; 8][..], &4_i64.to_le_bytes(), &len.to_le_bytes(), &body].concat())
            }
            3 => {
                let mut packet = packet(random, key, session_id);
                random.damage(&mut packet);
                Some(packet)
            }
            _ => Some(packet(random, key, session_id)),
        };
        if let Some(mut inner) = inner {
            inner.resize(inner.len().next_multiple_of(4), 0);
            let quick_ack = framing != Framing::Full && random.chance(8);
            let encoder = &mut transport.encoder;
            if encoder
                .encode(&inner, quick_ack, &mut rng, &mut bytes)
                .is_err()
            {
                continue;
            }
            if random.chance(10) {
                random.damage(&mut bytes);
            }
        }
        if stream.write_all(&bytes).await.is_err() {
            return None;
        }
        if random.chance(4) {
            let _ = stream.try_read(&mut [0; 4096]);
            tokio::task::yield_now().await;
        }
    }
    match random.below(4) {
        0 => None,
        1 => {
            let _ = stream.shutdown().await;
            Some(stream)
        }
        _ => Some(stream),
    }
}

#[tokio::test]
async fn a_server_serves_whatever_others_say() {
    survives(400).await;
}

/// The same while tasks run at the same time.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_on_two_threads_survives_whatever_strangers_and_clients_say() {
    survives(200).await;
}

async fn survives(cases: u64) {
    /// Most that are left open.
    const OPEN: usize = 40;

    count_panics();
    let mut config = TestServer::config().unwrap();
    config.limits.connections_per_address = 1 << 16;
    config.limits.handshake_burst = 1 << 20;
    config.limits.key_burst = 1 << 20;
    config.limits.temporary_key_burst = 1 << 20;
    let most_sessions = config.core.max_sessions_per_key + 8;
    let router = Router::new().on_id(ECHO, |_, body| async move {
        // Some wait, others do not.
        if body.len() % 8 == 4 {
            tokio::task::yield_now().await;
        }
        Ok(body)
    });
    let server = TestServer::start(Server::builder(config, router))
        .await
        .unwrap();
    let mut good = Client::connect(server.address(), server.rsa_key()).await;
    good.call(&ECHO.to_le_bytes()).await.unwrap();
    // Whoever attacks has a key of its own.
    let mut other = Client::connect(server.address(), server.rsa_key()).await;
    other.call(&ECHO.to_le_bytes()).await.unwrap();
    let key = other.key.clone().unwrap();

    let mut open = std::collections::VecDeque::new();
    for seed in seeds(cases) {
        let mut random = Random::new(seed);
        let attack = attack(&mut random, server.address(), &key);
        let left = timeout(PATIENCE, attack).await;
        open.extend(left.unwrap_or_else(|_| panic!("seed {seed}: the server takes nothing")));
        if open.len() > OPEN {
            open.pop_front();
        }
        let request = [&ECHO.to_le_bytes()[..], &seed.to_le_bytes()].concat();
        let answer = timeout(PATIENCE, good.call(&request)).await;
        assert_eq!(answer.ok(), Some(Ok(request)), "seed {seed}");
        assert_eq!(PANICS.load(Ordering::Relaxed), 0, "seed {seed}");
        let gauges = server.handle().gauges();
        assert!(gauges.sessions <= most_sessions, "seed {seed}: {gauges:?}");
        assert_eq!(gauges.keys, 2, "seed {seed}");
    }
    drop(open);
    // What is running comes to an end, and nothing stays reserved.
    let handle = server.handle();
    assert!(timeout(PATIENCE, server.drain(PATIENCE)).await.unwrap());
    let gauges = handle.gauges();
    assert_eq!((gauges.running, gauges.request_bytes), (0, 0));
    assert_eq!(PANICS.load(Ordering::Relaxed), 0);
}

/// Between a client and a good server: passes on what the server says, damaged, until it is told to
/// be good.
async fn spoil(
    listener: TcpListener,
    server: std::net::SocketAddr,
    mut random: Random,
    is_good: Arc<AtomicBool>,
) {
    loop {
        let Ok((mut client, _)) = listener.accept().await else {
            return;
        };
        let mut random = Random::new(random.next());
        let is_good = is_good.clone();
        tokio::spawn(async move {
            let good = is_good.load(Ordering::Relaxed);
            if !good && random.chance(6) {
                let noise = random.bytes(600);
                let _ = client.write_all(&noise).await;
                let _ = client.read(&mut [0; 64]).await;
                return;
            }
            let mut server = TcpStream::connect(server).await.unwrap();
            // How much goes well.
            let mut well = random.below(4000);
            let (mut from_client, mut to_client) = client.split();
            let (mut from_server, mut to_server) = server.split();
            let up = async {
                let _ = tokio::io::copy(&mut from_client, &mut to_server).await;
            };
            let down = async {
                let mut buffer = vec![0; 4096];
                loop {
                    let count = from_server.read(&mut buffer).await.unwrap_or(0);
                    let mut bytes = buffer[..count].to_vec();
                    match good {
                        false if well < count => {
                            if random.chance(4) {
                                return;
                            }
                            random.damage(&mut bytes);
                            well = random.below(4000);
                        }
                        _ => well -= count.min(well),
                    }
                    if count == 0 || to_client.write_all(&bytes).await.is_err() {
                        return;
                    }
                }
            };
            tokio::select! {
                () = up => {}
                () = down => {}
            }
        });
    }
}

#[tokio::test]
async fn a_client_ends_its_calls_whatever_a_server_says() {
    count_panics();
    let mut config = TestServer::config().unwrap();
    config.limits.connections_per_address = 1 << 16;
    config.limits.handshake_burst = 1 << 20;
    config.limits.key_burst = 1 << 20;
    config.limits.temporary_key_burst = 1 << 20;
    let router = Router::new().on_id(ECHO, |_, body| async move { Ok(body) });
    let server = TestServer::start(Server::builder(config, router))
        .await
        .unwrap();
    for seed in seeds(12) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let is_good = Arc::new(AtomicBool::new(false));
        let proxy = spoil(
            listener,
            server.address(),
            Random::new(seed),
            is_good.clone(),
        );
        let proxy = tokio::spawn(proxy);
        let start = || {
            let mut config = client::Config::new([server.rsa_key().clone()]);
            config.handshake_timeout = Duration::from_secs(1);
            config.call_timeout = Some(Duration::from_millis(300));
            config.backoff.first = Duration::from_millis(1);
            config.backoff.most = Duration::from_millis(5);
            client::Client::start(config, Tcp::new([address.to_string()])).0
        };
        let mut client = start();
        for number in 0..20_u64 {
            let request = [&ECHO.to_le_bytes()[..], &number.to_le_bytes()].concat();
            let calls = [
                client.call_bytes(request.clone()),
                client.call_bytes(request.clone()),
            ];
            for call in calls {
                let outcome = timeout(PATIENCE, call).await;
                let outcome = outcome.unwrap_or_else(|_| panic!("seed {seed}: no end"));
                // Nobody but the holder of the key can make an answer.
                match outcome {
                    Ok(answer) => assert_eq!(answer, request, "seed {seed}"),
                    Err(client::Error::Ended(_)) => client = start(),
                    Err(_) => {}
                }
            }
        }
        is_good.store(true, Ordering::Relaxed);
        let last = async {
            let request = [ECHO.to_le_bytes(); 2].concat();
            loop {
                match client.call_bytes(request.clone()).await {
                    Ok(answer) => break assert_eq!(answer, request),
                    Err(client::Error::Ended(_)) => client = start(),
                    // A connection that was spoilt may still be there.
                    Err(_) => client.reconnect(),
                }
            }
        };
        timeout(PATIENCE, last)
            .await
            .unwrap_or_else(|_| panic!("seed {seed}: a good server is not enough"));
        proxy.abort();
        assert_eq!(PANICS.load(Ordering::Relaxed), 0, "seed {seed}");
    }
}
