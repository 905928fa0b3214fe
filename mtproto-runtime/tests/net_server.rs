//! The server on sockets, against the core's client.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

#[path = "support/wire.rs"]
mod wire;

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use mtproto_runtime::connection::client;
use mtproto_runtime::crypto::random::SystemRandom;
use mtproto_runtime::net;
use mtproto_runtime::net::server::Router;
use mtproto_runtime::service::gzip;
use mtproto_runtime::session::{CallError, RpcError};
use mtproto_runtime::testing::TestServer;
use mtproto_runtime::tl::{Function, Identified, ReadResult, Reader, TlRead, TlWrite, Writer};
use mtproto_runtime::transport::{Framing, Transport};
use tokio::sync::Notify;

use wire::Client;

/// `double#11111111 x:int = Int;`
struct Double {
    x: i32,
}

impl Identified for Double {
    const ID: u32 = 0x1111_1111;
    const NAME: &'static str = "double";
}

impl Function for Double {
    type Output = i32;
}

impl<'a> TlRead<'a> for Double {
    fn read(r: &mut Reader<'a>) -> ReadResult<Self> {
        r.expect_id(Self::ID, "double")?;
        Ok(Self { x: r.int() })
    }
}

impl TlWrite for Double {
    fn write(&self, w: &mut Writer<'_>) {
        w.id(Self::ID);
        w.int(self.x);
    }
}

const ECHO: u32 = 0x2222_2222;
const WHO: u32 = 0x3333_3333;
const PANIC: u32 = 0x4444_4444;

fn router() -> Router {
    Router::new()
        .on(|_, request: Double| async move {
            request
                .x
                .checked_mul(2)
                .ok_or(RpcError::new(400, "TOO_LARGE"))
        })
        .on_id(ECHO, |_, body| async move { Ok(body) })
        .on_id(WHO, |context, _| async move {
            let device = context.client.map(|client| client.device_model.clone());
            let words = format!(
                "{:?} {:?} {} {}",
                context.layer,
                device,
                context.without_updates,
                context.permanent_key == Some(context.session.auth_key_id)
            );
            Ok(words.as_str().to_bytes().unwrap())
        })
        .on_id(PANIC, |_, _| async { panic!("a handler's own fault") })
}

fn with_layer(layer: i32, request: &[u8]) -> Vec<u8> {
    let head = [0xda9b_0d0d_u32.to_le_bytes(), layer.to_le_bytes()];
    [head.as_flattened(), request].concat()
}

fn without_updates(request: &[u8]) -> Vec<u8> {
    [&0xbf94_59b7_u32.to_le_bytes(), request].concat()
}

fn init(device: &str, request: &[u8]) -> Vec<u8> {
    let mut out = [0xc1cd_5ea9_u32, 0, 6].map(u32::to_le_bytes).concat();
    for text in [device, "1", "2", "en", "", "en"] {
        out.extend(text.to_bytes().unwrap());
    }
    out.extend_from_slice(request);
    out
}

fn packed(request: &[u8]) -> Vec<u8> {
    let mut request = request.to_vec();
    request.resize(request.len().next_multiple_of(4) + 1024, 0);
    let mut out = Vec::new();
    assert!(gzip::pack(&request, &mut out));
    out
}

fn text(answer: &[u8]) -> &str {
    <&str>::from_bytes(answer).unwrap()
}

#[tokio::test]
async fn a_typed_call_over_every_transport() {
    let server = TestServer::spawn(router()).await.unwrap();
    let framings = [
        Framing::Abridged,
        Framing::Intermediate,
        Framing::PaddedIntermediate,
        Framing::Full,
    ];
    let plain = framings.map(Transport::client);
    let obfuscated = framings[..3].iter().map(|framing| {
        Transport::obfuscated_client(*framing, Some(2), None, &mut SystemRandom::new()).unwrap()
    });
    for transport in plain.into_iter().chain(obfuscated) {
        let config = client::Config::new([server.rsa_key().clone()]);
        let connection = client::Connection::new(config, &mut SystemRandom::new());
        let mut client = Client::with(server.address(), connection, transport).await;
        let answer = client.call(&Double { x: 21 }.to_bytes().unwrap()).await;
        assert_eq!(i32::from_bytes(&answer.unwrap()), Ok(42));
    }
}

#[tokio::test]
async fn errors_are_typed() {
    let server = TestServer::spawn(router()).await.unwrap();
    let mut client = Client::connect(server.address(), server.rsa_key()).await;
    let mut error_of = async |body: &[u8]| match client.call(body).await {
        Err(CallError::Rpc(error)) => error,
        other => panic!("{other:?}"),
    };
    let too_large = Double { x: i32::MAX }.to_bytes().unwrap();
    assert_eq!(error_of(&too_large).await, RpcError::new(400, "TOO_LARGE"));
    let unknown = 0xdead_beef_u32.to_le_bytes();
    assert_eq!(
        error_of(&unknown).await,
        RpcError::new(400, "INPUT_METHOD_INVALID")
    );
    let short = Double::ID.to_le_bytes();
    assert_eq!(
        error_of(&short).await,
        RpcError::new(400, "INPUT_FETCH_ERROR")
    );
    let bad_wrapper = with_layer(1, &[]);
    assert_eq!(
        error_of(&bad_wrapper).await,
        RpcError::new(400, "INPUT_FETCH_ERROR")
    );
    assert_eq!(
        error_of(&PANIC.to_le_bytes()).await,
        RpcError::new(500, "INTERNAL")
    );
    // The session is as before.
    let answer = client.call(&Double { x: 1 }.to_bytes().unwrap()).await;
    assert_eq!(i32::from_bytes(&answer.unwrap()), Ok(2));
}

#[tokio::test]
async fn wrappers_are_taken_off_in_any_order_and_what_they_say_stays_with_the_key() {
    let server = TestServer::spawn(router()).await.unwrap();
    let mut client = Client::connect(server.address(), server.rsa_key()).await;
    let who = WHO.to_le_bytes();
    let answer = client.call(&who).await.unwrap();
    assert_eq!(text(&answer), "None None false true");
    let answer = client
        .call(&with_layer(200, &init("A", &who)))
        .await
        .unwrap();
    assert_eq!(text(&answer), r#"Some(200) Some("A") false true"#);
    let wrapped = without_updates(&init("B", &with_layer(201, &who)));
    let answer = client.call(&wrapped).await.unwrap();
    assert_eq!(text(&answer), r#"Some(201) Some("B") true true"#);
    let answer = client
        .call(&with_layer(202, &init("C", &packed(&who))))
        .await
        .unwrap();
    assert_eq!(text(&answer), r#"Some(202) Some("C") false true"#);
    let answer = client.call(&packed(&with_layer(203, &who))).await.unwrap();
    assert_eq!(text(&answer), r#"Some(203) Some("C") false true"#);

    // Another session of the same key says nothing.
    let key = client.key.clone().unwrap();
    let stored = mtproto_runtime::store::StoredKey::new(&key, client.now()).unwrap();
    let config = client::Config::new([server.rsa_key().clone()]);
    let connection = client::Connection::with_key(config, stored, &mut SystemRandom::new());
    let transport = Transport::client(Framing::Abridged);
    let mut second = Client::with(server.address(), connection, transport).await;
    let answer = second.call(&who).await.unwrap();
    assert_eq!(text(&answer), r#"Some(203) Some("C") false true"#);
}

#[tokio::test]
async fn requests_run_at_the_same_time_and_end_in_any_order() {
    let gate = Arc::new(Notify::new());
    let opened = gate.clone();
    let router = router().on_id(0x5555_5555, move |_, body| {
        let gate = gate.clone();
        async move {
            gate.notified().await;
            Ok(body)
        }
    });
    let server = TestServer::spawn(router).await.unwrap();
    let mut client = Client::connect(server.address(), server.rsa_key()).await;
    let slow = client.begin(&0x5555_5555_u32.to_le_bytes());
    let answer = client.call(&Double { x: 4 }.to_bytes().unwrap()).await;
    assert_eq!(i32::from_bytes(&answer.unwrap()), Ok(8));
    assert_eq!(server.handle().gauges().running, 1);
    opened.notify_one();
    assert!(client.result(slow).await.is_ok());
    assert_eq!(server.handle().gauges().running, 0);
}

/// Counts down when it is dropped.
struct Guard(Arc<AtomicUsize>, Arc<Notify>);

impl Drop for Guard {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
        self.1.notify_one();
    }
}

#[tokio::test]
async fn a_request_that_nobody_wants_any_more_is_dropped() {
    let running = Arc::new(AtomicUsize::new(0));
    let (begun, dropped) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
    let router = router().on_id(0x5555_5555, {
        let (running, begun, dropped) = (running.clone(), begun.clone(), dropped.clone());
        move |_, _| {
            running.fetch_add(1, Ordering::SeqCst);
            let guard = Guard(running.clone(), dropped.clone());
            begun.notify_one();
            async move {
                let _guard = guard;
                core::future::pending().await
            }
        }
    });
    let server = TestServer::spawn(router).await.unwrap();
    let mut client = Client::connect(server.address(), server.rsa_key()).await;
    let call = client.begin(&0x5555_5555_u32.to_le_bytes());
    client
        .call(&Double { x: 1 }.to_bytes().unwrap())
        .await
        .unwrap();
    begun.notified().await;
    assert_eq!(running.load(Ordering::SeqCst), 1);
    client.connection.cancel(call);
    client
        .call(&Double { x: 1 }.to_bytes().unwrap())
        .await
        .unwrap();
    dropped.notified().await;
    assert_eq!(running.load(Ordering::SeqCst), 0);
    assert_eq!(server.handle().gauges().running, 0);
}

#[tokio::test]
async fn updates_are_pushed_to_a_session() {
    let router = router().on_id(0x5555_5555, |context, body| async move {
        for number in 0..3_i32 {
            context.server.push(context.session, &number).unwrap();
        }
        Ok(body)
    });
    let server = TestServer::spawn(router).await.unwrap();
    let mut client = Client::connect(server.address(), server.rsa_key()).await;
    client.call(&0x5555_5555_u32.to_le_bytes()).await.unwrap();
    for number in 0..3 {
        assert_eq!(i32::from_bytes(&client.update().await), Ok(number));
    }
    let key = client.key.as_ref().unwrap().auth_key.id();
    let sessions = server.handle().sessions_of(key);
    assert_eq!(sessions.len(), 1);
    server.handle().push(sessions[0], &7_i32).unwrap();
    assert_eq!(i32::from_bytes(&client.update().await), Ok(7));
    server.handle().close_session(sessions[0]);
    assert!(server.handle().push(sessions[0], &7_i32).is_err());
}

#[tokio::test]
async fn draining_lets_what_runs_come_to_an_end() {
    let gate = Arc::new(Notify::new());
    let (opened, begun) = (gate.clone(), Arc::new(Notify::new()));
    let has_begun = begun.clone();
    let router = router().on_id(0x5555_5555, move |_, body| {
        let gate = gate.clone();
        begun.notify_one();
        async move {
            gate.notified().await;
            Ok(body)
        }
    });
    let server = TestServer::spawn(router).await.unwrap();
    let address = server.address();
    let mut client = Client::connect(address, server.rsa_key()).await;
    let call = client.begin(&0x5555_5555_u32.to_le_bytes());
    let client = tokio::spawn(async move {
        let result = client.result(call).await;
        (result, client.until_lost().await)
    });
    has_begun.notified().await;
    let drained = tokio::spawn(server.drain(Duration::from_secs(60)));
    while tokio::net::TcpStream::connect(address).await.is_ok() {
        tokio::task::yield_now().await;
    }
    assert!(!drained.is_finished());
    opened.notify_one();
    assert!(drained.await.unwrap());
    let (result, lost) = client.await.unwrap();
    assert!(result.is_ok());
    assert!(matches!(lost, wire::Lost::End), "{lost:?}");
}

/// Both travel at once; the second runs when the first is done.
#[tokio::test]
async fn calls_in_order_run_in_order() {
    let log = Arc::new(std::sync::Mutex::new(Vec::new()));
    let release = Arc::new(Notify::new());
    let (of_first, of_second, of_third) = (log.clone(), log.clone(), log.clone());
    let (released, releases) = (release.clone(), release);
    let router = Router::new()
        .on_id(1, move |_, body| {
            let (log, release) = (of_first.clone(), released.clone());
            async move {
                release.notified().await;
                log.lock().unwrap().push(1);
                Ok(body)
            }
        })
        .on_id(2, move |_, body| {
            of_second.lock().unwrap().push(2);
            async { Ok(body) }
        })
        .on_id(3, move |_, body| {
            of_third.lock().unwrap().push(3);
            releases.notify_one();
            async { Ok(body) }
        });
    let server = TestServer::spawn(router).await.unwrap();
    let config = net::client::Config::new([server.rsa_key().clone()]);
    let tcp = net::client::Tcp::new([server.address().to_string()]);
    let (client, _updates) = net::client::Client::connect(config, tcp).await.unwrap();
    let call = |id: u32| client.call_bytes(id.to_le_bytes().to_vec());
    let first = call(1);
    let second = call(2).after(&first);
    let (first, second, third) = tokio::join!(first, second, call(3));
    assert_eq!(first.unwrap(), 1_u32.to_le_bytes());
    assert_eq!(second.unwrap(), 2_u32.to_le_bytes());
    third.unwrap();
    assert_eq!(*log.lock().unwrap(), [3, 1, 2]);
}

/// A handler that is begun where its packet is read is in no list yet when its session ends.
#[tokio::test]
async fn a_request_whose_session_ends_while_it_begins_is_dropped() {
    let running = Arc::new(AtomicUsize::new(0));
    let dropped = Arc::new(Notify::new());
    let router = router().on_id(0x5555_5555, {
        let (running, dropped) = (running.clone(), dropped.clone());
        move |context, _| {
            running.fetch_add(1, Ordering::SeqCst);
            let guard = Guard(running.clone(), dropped.clone());
            async move {
                let _guard = guard;
                context.server.close_session(context.session);
                core::future::pending().await
            }
        }
    });
    let server = TestServer::spawn(router).await.unwrap();
    let mut client = Client::connect(server.address(), server.rsa_key()).await;
    client
        .call(&Double { x: 1 }.to_bytes().unwrap())
        .await
        .unwrap();
    client.begin(&0x5555_5555_u32.to_le_bytes());
    // And its client disconnected: over this connection it must not hear that nothing is known of it.
    let ends = async { tokio::join!(dropped.notified(), client.until_lost()) };
    let patience = Duration::from_secs(10);
    assert!(tokio::time::timeout(patience, ends).await.is_ok());
    assert_eq!(running.load(Ordering::SeqCst), 0);
    let gauges = server.handle().gauges();
    assert_eq!((gauges.running, gauges.request_bytes), (0, 0));
}

/// `invokeAfterMsg` of something that never comes.
fn after_nothing(request: &[u8]) -> Vec<u8> {
    let head = [0xcb9f_372d_u32.to_le_bytes(), [4, 0, 0, 0], [0; 4]];
    [head.as_flattened(), request].concat()
}

#[tokio::test]
async fn draining_ends_when_what_was_held_has_ended() {
    let mut config = TestServer::config().unwrap();
    config.core.session.wait_for_missing = Duration::from_secs(2);
    let builder = net::server::Server::builder(config, router());
    let server = TestServer::start(builder).await.unwrap();
    let mut client = Client::connect(server.address(), server.rsa_key()).await;
    let first = client.begin(&Double { x: 1 }.to_bytes().unwrap());
    client.result(first).await.unwrap();
    // As an id of a message of a moment ago, which has not come.
    let missing = i64::try_from(client.now().unix.as_secs()).unwrap() - 1;
    let mut request = after_nothing(&ECHO.to_le_bytes());
    request[4..12].copy_from_slice(&(missing << 32).to_le_bytes());
    client.begin(&request);
    let small = client.begin(&Double { x: 1 }.to_bytes().unwrap());
    client.result(small).await.unwrap();
    tokio::spawn(async move { client.until_lost().await });
    let drained = server.drain(Duration::from_secs(3600));
    let drained = tokio::time::timeout(Duration::from_secs(15), drained).await;
    assert_eq!(drained, Ok(true));
}

/// What has to wait for another request is not found in time when it is packed within other wrappers.
#[tokio::test]
async fn an_order_that_is_packed_deep_inside_is_refused() {
    let server = TestServer::spawn(router()).await.unwrap();
    let mut client = Client::connect(server.address(), server.rsa_key()).await;
    client
        .call(&Double { x: 1 }.to_bytes().unwrap())
        .await
        .unwrap();
    let inner = after_nothing(&ECHO.to_le_bytes());
    for request in [
        packed(&with_layer(203, &inner)),
        with_layer(203, &packed(&inner)),
    ] {
        match client.call(&request).await {
            Err(CallError::Rpc(error)) => assert_eq!(error.message, "MSG_WAIT_FAILED"),
            other => panic!("{other:?}"),
        }
    }
}
