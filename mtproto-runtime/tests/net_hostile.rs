//! The server on sockets, against clients that mean harm, or are just slow.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

#[path = "support/wire.rs"]
mod wire;

use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::task::Poll;
use std::time::Duration;

use mtproto_runtime::Now;
use mtproto_runtime::connection::{Error, client};
use mtproto_runtime::crypto::random::SystemRandom;
use mtproto_runtime::net::server::{Closed, Config, Metrics, Refused, Router, Server};
use mtproto_runtime::service::gzip;
use mtproto_runtime::session::CallError;
use mtproto_runtime::testing::TestServer;
use mtproto_runtime::tl::TlWrite;
use mtproto_runtime::transport::{Framing, Status, Transport};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpSocket, TcpStream};
use tokio::sync::mpsc;
use tokio::time::Instant;

use wire::{Client, Lost};

const ECHO: u32 = 0x2222_2222;
const LONG: u32 = 0x3333_3333;
/// Does not get shorter by packing, and so has to be taken off the socket.
const LONG_LEN: usize = 1 << 20;

fn router() -> Router {
    Router::new()
        .on_id(ECHO, |_, body| async move { Ok(body) })
        .on_id(LONG, |_, _| async move {
            let mut state = 1_u64;
            let noise = (0..LONG_LEN).map(|_| {
                state = state
                    .wrapping_mul(6_364_136_223_846_793_005)
                    .wrapping_add(1);
                state.to_be_bytes()[0]
            });
            Ok(noise.collect())
        })
}

/// Tells a test why connections were closed, and what was refused.
#[derive(Clone)]
struct Log {
    closed: mpsc::UnboundedSender<Closed>,
    refused: Arc<Mutex<Vec<Refused>>>,
}

impl Metrics for Log {
    fn closed(&self, _: SocketAddr, why: &Closed) {
        let _ = self.closed.send(why.clone());
    }

    fn refused(&self, what: Refused) {
        self.refused.lock().unwrap().push(what);
    }
}

struct Fixture {
    server: TestServer,
    closed: mpsc::UnboundedReceiver<Closed>,
    refused: Arc<Mutex<Vec<Refused>>>,
}

async fn fixture(change: impl FnOnce(&mut Config)) -> Fixture {
    fixture_with(router(), change).await
}

async fn fixture_with(router: Router, change: impl FnOnce(&mut Config)) -> Fixture {
    let mut config = TestServer::config().unwrap();
    change(&mut config);
    let (sender, closed) = mpsc::unbounded_channel();
    let log = Log {
        closed: sender,
        refused: Arc::default(),
    };
    let builder = Server::builder(config, router).metrics(log.clone());
    Fixture {
        server: TestServer::start(builder).await.unwrap(),
        closed,
        refused: log.refused,
    }
}

impl Fixture {
    async fn raw(&self, bytes: &[u8]) -> TcpStream {
        let mut stream = TcpStream::connect(self.server.address()).await.unwrap();
        stream.write_all(bytes).await.unwrap();
        stream
    }

    async fn client(&self) -> Client {
        Client::connect(self.server.address(), self.server.rsa_key()).await
    }

    async fn why(&mut self) -> Closed {
        self.closed.recv().await.unwrap()
    }
}

/// What the server says until it closes the connection.
async fn rest(stream: &mut TcpStream) -> Vec<u8> {
    let mut bytes = Vec::new();
    let _ = stream.read_to_end(&mut bytes).await;
    bytes
}

fn intermediate(packet: &[u8]) -> Vec<u8> {
    let length = u32::try_from(packet.len()).unwrap();
    [&length.to_le_bytes()[..], packet].concat()
}

fn status(code: i32) -> Vec<u8> {
    intermediate(&code.to_le_bytes())
}

/// `req_pq_multi` in a plain message.
fn req_pq(nonce: u8) -> Vec<u8> {
    let head = [0_u8; 8];
    let msg_id = 4_i64.to_le_bytes();
    let body = [&0xbe7e_8ef1_u32.to_le_bytes()[..], &[nonce; 16]].concat();
    intermediate(&[&head[..], &msg_id, &20_u32.to_le_bytes(), &body].concat())
}

const INTERMEDIATE: [u8; 4] = [0xee; 4];

#[tokio::test]
async fn other_protocols_are_answered_in_their_own_language() {
    let mut fixture = fixture(|_| {}).await;
    for request in [
        &b"GET /apiws HTTP/1.1\r\nUpgrade: websocket\r\n\r\n"[..],
        b"POST /api HTTP/1.1\r\nContent-Length: 4\r\n\r\n1234",
        b"HEAD / HTTP/1.0\r\n\r\n",
    ] {
        let mut stream = fixture.raw(request).await;
        assert!(rest(&mut stream).await.starts_with(b"HTTP/1.1 501 "));
        assert!(matches!(
            fixture.why().await,
            Closed::Protocol(Error::OtherProtocol)
        ));
    }
    let hello = [
        0x16, 0x03, 0x01, 0x02, 0x00, 0x01, 0x00, 0x01, 0xfc, 0x03, 0x03,
    ];
    let mut stream = fixture.raw(&hello).await;
    assert_eq!(rest(&mut stream).await, [0x15, 3, 1, 0, 2, 2, 0x28]);
}

#[tokio::test]
async fn an_unknown_key_is_answered_with_404_but_not_for_ever() {
    let fixture = fixture(|_| {}).await;
    let mut packet = vec![7; 8 + 16 + 64];
    packet[..8].copy_from_slice(&0x1234_i64.to_le_bytes());
    let frame = intermediate(&packet);
    let mut stream = fixture.raw(&[&INTERMEDIATE[..], &frame].concat()).await;
    let mut answer = [0; 8];
    for _ in 1..8 {
        stream.read_exact(&mut answer).await.unwrap();
        assert_eq!(answer[..], status(-404));
        stream.write_all(&frame).await.unwrap();
    }
    assert_eq!(rest(&mut stream).await, status(-404));
}

#[tokio::test]
async fn too_many_connections_of_an_address_are_told_so() {
    let mut fixture = fixture(|config| {
        config.limits.connections_per_address = 2;
        config.limits.refusals = 1;
    })
    .await;
    let mut good = fixture.client().await;
    good.call(&ECHO.to_le_bytes()).await.unwrap();
    let _second = fixture.raw(&INTERMEDIATE).await;
    let mut third = fixture.raw(&INTERMEDIATE).await;
    assert_eq!(rest(&mut third).await, status(-429));
    assert!(matches!(
        fixture.why().await,
        Closed::Protocol(Error::Status(Status::Flood))
    ));
    assert_eq!(*fixture.refused.lock().unwrap(), [Refused::Connection]);
    good.call(&ECHO.to_le_bytes()).await.unwrap();
    // One that says nothing holds the place of those that are told why; others are just closed.
    let _silent = fixture.raw(&[]).await;
    let mut fifth = fixture.raw(&INTERMEDIATE).await;
    assert!(rest(&mut fifth).await.is_empty());
    good.call(&ECHO.to_le_bytes()).await.unwrap();
}

#[tokio::test]
async fn too_many_key_exchanges_of_an_address_are_told_so() {
    let fixture = fixture(|config| {
        config.limits.handshake_burst = 2;
        config.limits.handshake_rate = 0;
    })
    .await;
    let mut stream = fixture.raw(&INTERMEDIATE).await;
    for nonce in 0..2 {
        stream.write_all(&req_pq(nonce)).await.unwrap();
        let mut length = [0; 4];
        stream.read_exact(&mut length).await.unwrap();
        let mut answer = vec![0; u32::from_le_bytes(length) as usize];
        stream.read_exact(&mut answer).await.unwrap();
        // resPQ
        assert_eq!(answer[20..24], 0x0516_2463_u32.to_le_bytes());
    }
    stream.write_all(&req_pq(2)).await.unwrap();
    assert_eq!(rest(&mut stream).await, status(-429));
}

#[tokio::test]
async fn too_many_connections_of_a_key_are_told_so() {
    let fixture = fixture(|config| config.limits.connections_per_key = 1).await;
    let mut first = fixture.client().await;
    first.call(&ECHO.to_le_bytes()).await.unwrap();
    let key = first.key.clone().unwrap();
    let stored = mtproto_runtime::store::StoredKey::new(&key, first.now()).unwrap();
    let mut second =
        Client::with_key(fixture.server.address(), fixture.server.rsa_key(), stored).await;
    second.begin(&ECHO.to_le_bytes());
    let lost = second.until_lost().await;
    assert!(
        matches!(lost, Lost::Core(Error::Status(Status::Flood))),
        "{lost:?}"
    );
    first.call(&ECHO.to_le_bytes()).await.unwrap();
    drop(first);
    drop(second);
}

#[tokio::test]
async fn too_many_keys_of_an_address_are_refused() {
    let fixture = fixture(|config| {
        config.limits.key_burst = 1;
        config.limits.keys_per_hour = 0;
    })
    .await;
    let mut first = fixture.client().await;
    first.call(&ECHO.to_le_bytes()).await.unwrap();
    let mut second = fixture.client().await;
    let lost = second.until_lost().await;
    assert!(
        matches!(lost, Lost::Core(Error::Status(Status::Flood))),
        "{lost:?}"
    );
    assert_eq!(fixture.server.handle().gauges().keys, 1);
    // The key that there is may be used as before.
    first.call(&ECHO.to_le_bytes()).await.unwrap();
}

#[tokio::test]
async fn too_many_temporary_keys_of_an_address_are_refused() {
    let fixture = fixture(|config| {
        config.limits.temporary_key_burst = 1;
        config.limits.temporary_keys_per_hour = 0;
    })
    .await;
    let client = || {
        let mut config = client::Config::new([fixture.server.rsa_key().clone()]);
        config.pfs = Some(client::Pfs::default());
        let connection = client::Connection::new(config, &mut SystemRandom::new());
        let transport = Transport::client(Framing::Intermediate);
        Client::with(fixture.server.address(), connection, transport)
    };
    let mut first = client().await;
    first.call(&ECHO.to_le_bytes()).await.unwrap();
    let mut second = client().await;
    let lost = second.until_lost().await;
    assert!(
        matches!(lost, Lost::Core(Error::Status(Status::Flood))),
        "{lost:?}"
    );
    // Its permanent key was none too many.
    assert_eq!(fixture.server.handle().gauges().keys, 3);
}

/// Who sends the last message of a key exchange again does not hear that there is a key, if there is
/// none.
#[tokio::test]
async fn a_key_that_was_refused_is_not_promised_later() {
    let fixture = fixture(|config| {
        config.limits.key_burst = 0;
        config.limits.keys_per_hour = 0;
    })
    .await;
    let config = client::Config::new([fixture.server.rsa_key().clone()]);
    let mut rng = SystemRandom::new();
    let mut connection = client::Connection::new(config, &mut rng);
    let start = Instant::now();
    let now = || Now {
        monotonic: start.elapsed(),
        unix: std::time::SystemTime::UNIX_EPOCH.elapsed().unwrap(),
    };
    connection.connect(now(), Transport::client(Framing::Intermediate), &mut rng);
    let mut stream = fixture.raw(&[]).await;
    let mut sent = Vec::new();
    let mut buffer = [0; 4096];
    loop {
        let mut out = Vec::new();
        while connection.poll_transmit(now(), &mut rng, &mut out).unwrap() {}
        if !out.is_empty() {
            sent = out;
            stream.write_all(&sent).await.unwrap();
        }
        let count = stream.read(&mut buffer).await.unwrap();
        let heard = connection.handle_bytes(now(), &buffer[..count], &mut rng);
        match heard {
            Ok(()) => {}
            Err(Error::Status(Status::Flood)) => break,
            Err(other) => panic!("{other:?}"),
        }
    }
    let mut another = fixture.raw(&INTERMEDIATE).await;
    another.write_all(&sent).await.unwrap();
    let count = another.read(&mut buffer).await.unwrap();
    assert_eq!(buffer[..count], status(-404));
}

/// Clients that come and go leave sessions behind. They give way to those of others.
#[tokio::test]
async fn a_full_table_of_sessions_is_open_to_others() {
    let mut fixture = fixture(|config| config.core.max_sessions = 3).await;
    let mut good = fixture.client().await;
    good.call(&ECHO.to_le_bytes()).await.unwrap();
    let stored = good.key.clone().unwrap();
    let stored = mtproto_runtime::store::StoredKey::new(&stored, good.now()).unwrap();
    for _ in 0..5 {
        let (address, rsa_key) = (fixture.server.address(), fixture.server.rsa_key());
        let mut other = Client::with_key(address, rsa_key, stored.clone()).await;
        other.call(&ECHO.to_le_bytes()).await.unwrap();
        drop(other);
        assert!(matches!(fixture.why().await, Closed::Peer | Closed::Io(_)));
    }
    let mut another = fixture.client().await;
    another.call(&ECHO.to_le_bytes()).await.unwrap();
    good.call(&ECHO.to_le_bytes()).await.unwrap();
    assert_eq!(fixture.server.handle().gauges().sessions, 3);
}

/// An idle session has no timer. What is pushed to it is sent again if the client does not ack it,
/// and not only when the server looks after everything.
#[tokio::test(start_paused = true)]
async fn what_is_pushed_to_an_idle_session_is_sent_again() {
    const AFTER: Duration = Duration::from_secs(7);

    let fixture = fixture(|config| config.core.session.resend_after = AFTER).await;
    let mut client = fixture.client().await;
    client.call(&ECHO.to_le_bytes()).await.unwrap();
    // Long enough for the acks, and for what they put an end to.
    let _ = tokio::time::timeout(Duration::from_secs(50), async {
        loop {
            client.turn().await.unwrap();
        }
    })
    .await;
    let to = sessions(&fixture, &client);
    let start = Instant::now();
    fixture.server.handle().push(to, &7_i32).unwrap();
    // Nobody acks from here on.
    let mut times = Vec::new();
    let mut buffer = [0; 1024];
    while times.len() < 2 {
        assert!(client.stream().read(&mut buffer).await.unwrap() > 0);
        times.push(start.elapsed());
    }
    assert!(times[0] < Duration::from_secs(1), "{times:?}");
    assert!(is_about(times[1], AFTER.as_secs()), "{times:?}");
}

/// How long it took, by the clock of the runtime, which is not the system's here.
async fn closed_after(fixture: &mut Fixture, start: Instant) -> (Duration, Closed) {
    let why = fixture.why().await;
    (start.elapsed(), why)
}

fn is_about(found: Duration, seconds: u64) -> bool {
    (seconds..=seconds + 2).contains(&found.as_secs())
}

#[tokio::test(start_paused = true)]
async fn who_sends_no_whole_packet_is_disconnected() {
    let mut fixture = fixture(|_| {}).await;
    for beginning in [&b""[..], &[0xef], &INTERMEDIATE, &[0x37; 63], b"GET / HT"] {
        let start = Instant::now();
        let mut stream = fixture.raw(beginning).await;
        let (after, why) = closed_after(&mut fixture, start).await;
        assert!(matches!(why, Closed::SlowSender), "{why:?}");
        assert!(is_about(after, 15), "{after:?}");
        assert!(rest(&mut stream).await.is_empty());
    }
}

#[tokio::test(start_paused = true)]
async fn who_drips_a_packet_is_disconnected() {
    let mut fixture = fixture(|_| {}).await;
    let start = Instant::now();
    let mut stream = fixture.raw(&INTERMEDIATE).await;
    stream.write_all(&[64, 0, 0, 0]).await.unwrap();
    let drip = tokio::spawn(async move {
        let mut tick = tokio::time::interval(Duration::from_secs(1));
        loop {
            tick.tick().await;
            if stream.write_all(&[1]).await.is_err() {
                break;
            }
        }
    });
    let (after, why) = closed_after(&mut fixture, start).await;
    assert!(matches!(why, Closed::SlowSender), "{why:?}");
    assert!(is_about(after, 15), "{after:?}");
    drip.abort();

    // Also after it has shown that it can do better.
    let mut client = fixture.client().await;
    client.call(&ECHO.to_le_bytes()).await.unwrap();
    let start = Instant::now();
    client.stream().write_all(&[0, 0, 1, 0, 1]).await.unwrap();
    let (after, why) = closed_after(&mut fixture, start).await;
    assert!(matches!(why, Closed::SlowSender), "{why:?}");
    assert!(is_about(after, 30), "{after:?}");
}

#[tokio::test(start_paused = true)]
async fn who_says_nothing_is_disconnected_in_the_end() {
    let mut fixture = fixture(|_| {}).await;
    // A key exchange that goes no further.
    let start = Instant::now();
    let _stream = fixture.raw(&[&INTERMEDIATE[..], &req_pq(1)].concat()).await;
    let (after, why) = closed_after(&mut fixture, start).await;
    assert!(matches!(why, Closed::Idle), "{why:?}");
    assert!(is_about(after, 120), "{after:?}");
}

/// Unpacks to ten million bytes, a hundredth of that on the wire.
fn bomb() -> Vec<u8> {
    let mut bomb = Vec::new();
    let mut body = ECHO.to_le_bytes().to_vec();
    body.resize(10_000_000, 0);
    assert!(gzip::pack(&body, &mut bomb));
    bomb
}

/// How long requests are, in the order in which they run, and how many run then.
type Notes = Arc<Mutex<Vec<(usize, usize)>>>;

fn noting() -> (Router, Notes) {
    let notes = Notes::default();
    let handed = notes.clone();
    let router = Router::new().on_id(ECHO, move |context, body| {
        let running = context.server.gauges().running;
        handed.lock().unwrap().push((body.len(), running));
        async { Ok(vec![0; 4]) }
    });
    (router, notes)
}

#[tokio::test]
async fn packed_requests_of_a_packet_share_a_limit_and_hold_nobody_up() {
    let (router, notes) = noting();
    let fixture = fixture_with(router, |_| {}).await;
    let mut client = fixture.client().await;
    client.call(&ECHO.to_le_bytes()).await.unwrap();
    let bomb = bomb();
    let calls = [&bomb[..], &ECHO.to_le_bytes(), &bomb].map(|body| client.begin(body));
    let [first, small, second] = calls;
    client.result(first).await.unwrap();
    client.result(small).await.unwrap();
    match client.result(second).await {
        Err(CallError::Rpc(error)) => assert_eq!(error.code, 420),
        other => panic!("{other:?}"),
    }
    let lengths: Vec<usize> = notes.lock().unwrap().iter().map(|note| note.0).collect();
    assert_eq!(lengths, [4, 4, 10_000_000]);
    assert_eq!(*fixture.refused.lock().unwrap(), [Refused::Request]);
    // On its own it may.
    client.call(&bomb).await.unwrap();
}

/// What is packed is unpacked before more of the same connection is read.
#[tokio::test]
async fn packed_requests_in_many_packets_wait_in_the_socket() {
    let (router, notes) = noting();
    let fixture = fixture_with(router, |_| {}).await;
    let mut client = fixture.client().await;
    client.call(&ECHO.to_le_bytes()).await.unwrap();
    let bomb = bomb();
    let mut calls = Vec::new();
    for _ in 0..40 {
        calls.push(client.begin(&bomb));
        client.flush().await.unwrap();
    }
    for call in calls {
        client.result(call).await.unwrap();
    }
    // As many as a read may hold.
    let most = 1 + (64 << 10) / bomb.len();
    let running = notes.lock().unwrap().iter().map(|note| note.1).max();
    assert!(running <= Some(most), "{running:?}");
}

/// Hundreds of connections of all bad kinds, while somebody does honest work.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn bad_neighbours_do_not_disturb_a_good_client() {
    let fixture = fixture(|config| config.limits.connections_per_address = 1000).await;
    let mut good = fixture.client().await;
    good.call(&ECHO.to_le_bytes()).await.unwrap();
    let address = fixture.server.address();

    let mut bad = Vec::new();
    for number in 0..400_u32 {
        let rsa_key = fixture.server.rsa_key().clone();
        bad.push(tokio::spawn(async move {
            let noise = number.to_le_bytes().repeat(64);
            let bytes = match number % 8 {
                // Half-open.
                0 => Vec::new(),
                // Garbage, in an obfuscated transport or in none.
                1 => noise,
                // Garbage, as packets.
                2 => [&INTERMEDIATE[..], &intermediate(&noise)].concat(),
                // Too long.
                3 => [&INTERMEDIATE[..], &[0xff; 8]].concat(),
                // A key exchange that goes no further.
                4 => [&INTERMEDIATE[..], &req_pq(1)].concat(),
                // The beginning of something.
                5 => [&INTERMEDIATE[..], &[0, 0, 0x10, 0], &noise[..]].concat(),
                6 => b"GET /".to_vec(),
                // Keys of their own, and packed requests that get long.
                _ if number < 40 => {
                    let mut client = Client::connect(address, &rsa_key).await;
                    let bomb = bomb();
                    for _ in 0..20 {
                        client.begin(&bomb);
                    }
                    let _ = client.flush().await;
                    let _ = client.call(&ECHO.to_le_bytes()).await;
                    return;
                }
                _ => 0xef_u8.to_le_bytes().repeat(100),
            };
            let mut stream = TcpStream::connect(address).await.unwrap();
            let _ = stream.write_all(&bytes).await;
            let _ = rest(&mut stream).await;
        }));
    }
    for number in 0..500_i32 {
        let request = [ECHO.to_le_bytes(), number.to_le_bytes()].concat();
        assert_eq!(good.call(&request).await.unwrap(), request);
    }
    for task in bad {
        task.abort();
    }
    let long = good.call(&LONG.to_le_bytes()).await.unwrap();
    assert_eq!(long.len(), LONG_LEN);
    fixture
        .server
        .handle()
        .push(sessions(&fixture, &good), &7_i32)
        .unwrap();
    assert_eq!(good.update().await, 7_i32.to_bytes().unwrap());
}

fn sessions(fixture: &Fixture, client: &Client) -> mtproto_runtime::connection::server::SessionRef {
    let key = client.key.as_ref().unwrap().auth_key.id();
    fixture.server.handle().sessions_of(key)[0]
}

/// A client that asks for much and takes nothing: what waits for its socket is bounded, and its
/// connection ends.
#[tokio::test]
async fn who_does_not_take_answers_is_disconnected() {
    let mut config = TestServer::config().unwrap();
    config.timeouts.stuck = Duration::from_millis(300);
    config.timeouts.slowest = u32::MAX;
    let rsa_key = config.core.handshake.keys[0].public().clone();
    let (sender, mut closed) = mpsc::unbounded_channel();
    let log = Log {
        closed: sender,
        refused: Arc::default(),
    };
    // Accepted sockets have the listener's sizes: little is in the system's hands.
    let socket = TcpSocket::new_v4().unwrap();
    socket.set_send_buffer_size(16 << 10).unwrap();
    socket.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let listener = socket.listen(16).unwrap();
    let server = Server::builder(config, router())
        .metrics(log)
        .start([listener])
        .await
        .unwrap();
    let mut client = Client::connect(server.local_addrs()[0], &rsa_key).await;
    client.call(&ECHO.to_le_bytes()).await.unwrap();
    client.begin(&LONG.to_le_bytes());
    client.flush().await.unwrap();
    let why = tokio::time::timeout(Duration::from_secs(60), closed.recv()).await;
    assert!(matches!(why, Ok(Some(Closed::SlowReceiver))), "{why:?}");
}

/// Whoever sends most of a long packet, and no key is known: all of them together hold so much.
#[tokio::test]
async fn packets_of_strangers_that_do_not_end_are_bounded() {
    const PART: usize = 3 << 20;

    let mut fixture = fixture(|config| config.limits.stranger_bytes = 2 * PART - 1).await;
    let handle = fixture.server.handle();
    let length = u32::try_from(PART + 4).unwrap().to_le_bytes();
    let bytes = [&INTERMEDIATE[..], &length, &vec![1; PART]].concat();
    let first = fixture.raw(&bytes).await;
    while handle.gauges().partial_bytes < PART {
        tokio::task::yield_now().await;
    }
    let mut second = TcpStream::connect(fixture.server.address()).await.unwrap();
    let _ = second.write_all(&bytes).await;
    let why = fixture.why().await;
    assert!(
        matches!(why, Closed::Protocol(Error::Status(Status::Flood))),
        "{why:?}"
    );
    assert_eq!(*fixture.refused.lock().unwrap(), [Refused::Packet]);
    // New clients are served meanwhile, and have long packets on an account of their own.
    let mut good = fixture.client().await;
    let long = [&ECHO.to_le_bytes()[..], &[7; 1 << 20]].concat();
    good.call(&ECHO.to_le_bytes()).await.unwrap();
    assert_eq!(good.call(&long).await.unwrap(), long);
    drop(first);
    fixture.why().await;
    assert_eq!(handle.gauges().partial_bytes, 0);
}

/// Handlers begin in the task of the connection, one packet after the other.
#[tokio::test]
async fn answers_that_are_there_at_once_keep_nobody_waiting() {
    const REQUESTS: usize = 2000;

    let count = Arc::new(AtomicUsize::new(0));
    let counted = count.clone();
    let router = Router::new().on_id(ECHO, move |_, body| {
        counted.fetch_add(1, Ordering::Relaxed);
        async { Ok(body) }
    });
    let fixture = fixture_with(router, |_| {}).await;
    let mut client = fixture.client().await;
    client.call(&ECHO.to_le_bytes()).await.unwrap();
    // In packets of their own, which come together.
    let (mut out, mut rng) = (Vec::new(), SystemRandom::new());
    for _ in 0..REQUESTS {
        client.begin(&ECHO.to_le_bytes());
        let now = client.now();
        while client
            .connection
            .poll_transmit(now, &mut rng, &mut out)
            .unwrap()
        {}
    }
    let watch = tokio::spawn(async move {
        let (mut before, mut most) = (1, 0);
        while before < 1 + REQUESTS {
            let now = count.load(Ordering::Relaxed);
            most = most.max(now - before);
            before = now;
            // To the end of the queue. What tokio's own does comes after all that is ready.
            let mut is_first = true;
            core::future::poll_fn(|cx| match core::mem::take(&mut is_first) {
                true => {
                    cx.waker().wake_by_ref();
                    Poll::Pending
                }
                false => Poll::Ready(()),
            })
            .await;
        }
        most
    });
    client.stream().write_all(&out).await.unwrap();
    let most = watch.await.unwrap();
    // As tokio wants it of all tasks.
    assert!(most <= 128, "{most} requests in a row");
}

/// Panics whatever it is told.
struct Broken;

impl Metrics for Broken {
    fn opened(&self, _: SocketAddr) {
        panic!("opened");
    }

    fn closed(&self, _: SocketAddr, _: &Closed) {
        panic!("closed");
    }

    fn refused(&self, _: Refused) {
        panic!("refused");
    }

    fn new_key(&self, _: bool) {
        panic!("new_key");
    }

    fn request(&self, _: u32) {
        panic!("request");
    }

    fn answered(&self, _: u32, _: Duration, _: Option<i32>) {
        panic!("answered");
    }
}

#[tokio::test]
async fn metrics_that_panic_harm_nobody() {
    let mut config = TestServer::config().unwrap();
    config.limits.connections_per_address = 1;
    let builder = Server::builder(config, router()).metrics(Broken);
    let server = TestServer::start(builder).await.unwrap();
    let mut client = Client::connect(server.address(), server.rsa_key()).await;
    client.call(&ECHO.to_le_bytes()).await.unwrap();
    for _ in 0..2 {
        let mut another = TcpStream::connect(server.address()).await.unwrap();
        another.write_all(&INTERMEDIATE).await.unwrap();
        assert_eq!(rest(&mut another).await, status(-429));
    }
    client.call(&ECHO.to_le_bytes()).await.unwrap();
    // Several, which have tasks of their own.
    let calls = [(); 3].map(|()| client.begin(&ECHO.to_le_bytes()));
    for call in calls {
        client.result(call).await.unwrap();
    }
    let handle = server.handle();
    assert!(server.drain(Duration::MAX).await);
    assert_eq!(handle.gauges().running, 0);
}

#[tokio::test]
async fn times_that_never_come_are_none() {
    let fixture = fixture(|config| {
        config.timeouts.first_packet = Duration::MAX;
        config.timeouts.stuck = Duration::MAX;
        config.timeouts.silent = Duration::MAX;
        config.timeouts.idle = Duration::MAX;
    })
    .await;
    let mut client = fixture.client().await;
    let request = ECHO.to_le_bytes();
    assert_eq!(client.call(&request).await.unwrap(), request);
    assert!(fixture.server.drain(Duration::MAX).await);
}
