//! The server on sockets, and its next life.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

#[path = "support/wire.rs"]
mod wire;

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use mtproto_runtime::connection::client;
use mtproto_runtime::crypto::random::SystemRandom;
use mtproto_runtime::net::server::{Router, Server};
use mtproto_runtime::session::CallError;
use mtproto_runtime::store::{self, MemoryStore, Store, StoredKey, StoredSession};
use mtproto_runtime::testing::TestServer;
use mtproto_runtime::transport::{Framing, Transport};
use tokio::sync::Notify;

use wire::Client;

/// A store that outlives the server.
#[derive(Clone, Default)]
struct Kept(Arc<Mutex<MemoryStore>>);

impl Store for Kept {
    fn key_ids(&self) -> Result<Vec<i64>, store::Error> {
        self.0.lock().unwrap().key_ids()
    }

    fn key(&self, id: i64) -> Result<Option<StoredKey>, store::Error> {
        self.0.lock().unwrap().key(id)
    }

    fn save_key(&mut self, key: &StoredKey) -> Result<(), store::Error> {
        self.0.lock().unwrap().save_key(key)
    }

    fn remove_key(&mut self, id: i64) -> Result<bool, store::Error> {
        self.0.lock().unwrap().remove_key(id)
    }

    fn sessions(&self, id: i64) -> Result<Vec<StoredSession>, store::Error> {
        self.0.lock().unwrap().sessions(id)
    }

    fn save_session(&mut self, session: &StoredSession) -> Result<(), store::Error> {
        self.0.lock().unwrap().save_session(session)
    }

    fn remove_session(&mut self, id: i64, session: i64) -> Result<bool, store::Error> {
        self.0.lock().unwrap().remove_session(id, session)
    }
}

const COUNT: u32 = 0x2222_2222;
const STUCK: u32 = 0x3333_3333;

/// Counts the requests it runs.
#[derive(Clone, Default)]
struct Runs {
    count: Arc<AtomicUsize>,
    begun: Arc<Notify>,
}

async fn life(store: &Kept, runs: &Runs) -> TestServer {
    let (counted, stuck) = (runs.clone(), runs.clone());
    let router = Router::new()
        .on_id(COUNT, move |_, body| {
            counted.count.fetch_add(1, Ordering::SeqCst);
            async move { Ok(body) }
        })
        .on_id(STUCK, move |_, _| {
            stuck.count.fetch_add(1, Ordering::SeqCst);
            stuck.begun.notify_one();
            core::future::pending()
        });
    let builder = Server::builder(TestServer::config().unwrap(), router).store(store.clone());
    TestServer::start(builder).await.unwrap()
}

#[tokio::test]
async fn after_an_orderly_end_clients_go_on_at_once() {
    let (store, runs) = (Kept::default(), Runs::default());
    let first = life(&store, &runs).await;
    let mut client = Client::connect(first.address(), first.rsa_key()).await;
    client.call(&COUNT.to_le_bytes()).await.unwrap();
    let session = client.connection.session_id();
    let key = client.key.take().unwrap();
    assert!(first.drain(Duration::from_secs(10)).await);

    let second = life(&store, &runs).await;
    assert_eq!(second.handle().gauges().keys, 1);
    client.reconnect(second.address()).await;
    client.call(&COUNT.to_le_bytes()).await.unwrap();
    assert_eq!(runs.count.load(Ordering::SeqCst), 2);
    assert_eq!(client.connection.session_id(), session);
    assert!(client.key.is_none(), "no other key is made");
    assert_eq!(second.handle().sessions_of(key.auth_key.id()).len(), 1);
}

#[tokio::test]
async fn after_a_crash_nothing_runs_twice_and_nothing_is_lost_silently() {
    let (store, runs) = (Kept::default(), Runs::default());
    let first = life(&store, &runs).await;
    let mut client = Client::connect(first.address(), first.rsa_key()).await;
    client.call(&COUNT.to_le_bytes()).await.unwrap();
    let stuck = client.begin(&STUCK.to_le_bytes());
    client.flush().await.unwrap();
    runs.begun.notified().await;
    // Not drained: nothing is written any more.
    drop(first);

    let second = life(&store, &runs).await;
    client.reconnect(second.address()).await;
    // Sent while the client does not know yet what has become of the other.
    client.call(&COUNT.to_le_bytes()).await.unwrap();
    assert_eq!(client.result(stuck).await, Err(CallError::Lost));
    assert_eq!(runs.count.load(Ordering::SeqCst), 3);
}

#[tokio::test]
async fn a_client_whose_clock_is_ahead_is_not_run_twice_either() {
    let (store, runs) = (Kept::default(), Runs::default());
    let first = life(&store, &runs).await;
    let mut client = Client::connect(first.address(), first.rsa_key()).await;
    client.call(&COUNT.to_le_bytes()).await.unwrap();
    let key = client.key.clone().unwrap();
    drop(client);

    // Twenty seconds ahead: a message of now will be in time for as long.
    let mut stored = StoredKey::new(&key, mtproto_runtime::Now::default()).unwrap();
    stored.clock_offset = 20 << 32;
    let mut ahead = Client::with_key(first.address(), first.rsa_key(), stored).await;
    let stuck = ahead.begin(&STUCK.to_le_bytes());
    while runs.count.load(Ordering::SeqCst) < 2 {
        tokio::select! {
            turn = ahead.turn() => turn.unwrap(),
            () = runs.begun.notified() => {}
        }
    }
    let marks = store.sessions(key.auth_key.id()).unwrap();
    assert_eq!(marks.len(), 1, "it was kept before it ran");
    drop(first);

    let second = life(&store, &runs).await;
    ahead.reconnect(second.address()).await;
    assert_eq!(ahead.result(stuck).await, Err(CallError::Lost));
    assert_eq!(runs.count.load(Ordering::SeqCst), 2);
}

#[tokio::test]
async fn a_destroyed_key_is_destroyed_in_the_store_too() {
    let (store, runs) = (Kept::default(), Runs::default());
    let first = life(&store, &runs).await;
    let mut client = Client::connect(first.address(), first.rsa_key()).await;
    client.call(&COUNT.to_le_bytes()).await.unwrap();
    assert_eq!(store.key_ids().unwrap().len(), 1);
    first
        .handle()
        .remove_key(client.key.as_ref().unwrap().auth_key.id());
    assert!(first.drain(Duration::from_secs(10)).await);
    assert_eq!(store.key_ids().unwrap(), []);
}

#[tokio::test]
async fn temporary_keys_belong_to_the_permanent_one_and_die_with_the_process() {
    let (store, runs) = (Kept::default(), Runs::default());
    let first = life(&store, &runs).await;
    let mut config = client::Config::new([first.rsa_key().clone()]);
    config.pfs = Some(client::Pfs::default());
    let connection = client::Connection::new(config, &mut SystemRandom::new());
    let transport = Transport::client(Framing::Intermediate);
    let mut client = Client::with(first.address(), connection, transport).await;
    client.call(&COUNT.to_le_bytes()).await.unwrap();
    let permanent = client.key.as_ref().unwrap().auth_key.id();
    let sessions = first.handle().sessions_of(permanent);
    assert!(
        client.bound
            && sessions
                .iter()
                .all(|session| session.auth_key_id != permanent)
    );
    assert_eq!(sessions.len(), 1);
    assert_eq!(store.key_ids().unwrap(), [permanent]);
    assert!(first.drain(Duration::from_secs(10)).await);

    // The next life knows the permanent key, and has to be given another temporary one.
    let second = life(&store, &runs).await;
    client.bound = false;
    client.reconnect(second.address()).await;
    let call = client.begin(&COUNT.to_le_bytes());
    while !client.bound {
        // The old temporary key is not known any more, which ends the connection.
        if client.turn().await.is_err() {
            client.reconnect(second.address()).await;
        }
    }
    // It was sent under the old key, and may have arrived for all that the client knows.
    assert_eq!(client.result(call).await, Err(CallError::Lost));
    client.call(&COUNT.to_le_bytes()).await.unwrap();
    assert_eq!(second.handle().sessions_of(permanent).len(), 1);
}

/// A key that was made and not used is forgotten by the memory and by the store.
#[tokio::test]
async fn keys_that_nobody_uses_are_forgotten() {
    let mut config = TestServer::config().unwrap();
    config.timeouts.unused_key = Duration::ZERO;
    let rsa_key = config.core.handshake.keys[0].public().clone();
    let store = Kept::default();
    let server = Server::builder(
        config,
        Router::new().on_id(COUNT, |_, body| async { Ok(body) }),
    )
    .store(store.clone())
    .listen("127.0.0.1:0")
    .await
    .unwrap();
    let mut good = Client::connect(server.local_addrs()[0], &rsa_key).await;
    good.call(&COUNT.to_le_bytes()).await.unwrap();
    let mut other = Client::connect(server.local_addrs()[0], &rsa_key).await;
    while other.key.is_none() {
        other.turn().await.unwrap();
    }
    assert_eq!(server.handle().gauges().keys, 2);
    // Not before: the clock would run ahead of a key exchange.
    tokio::time::pause();
    tokio::time::sleep(Duration::from_secs(61)).await;
    assert_eq!(server.handle().gauges().keys, 1);
    good.call(&COUNT.to_le_bytes()).await.unwrap();
    assert!(server.drain(Duration::from_secs(60)).await);
    let kept = good.key.unwrap().auth_key.id();
    assert_eq!(store.key_ids().unwrap(), [kept]);
}
