//! The client on tokio: calls end once, whatever happens to the network and the server.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod peer;

use std::collections::BTreeMap;
use std::error::Error as _;
use std::io;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use mtproto_runtime::connection;
use mtproto_runtime::crypto::AuthKey;
use mtproto_runtime::crypto::rsa::PublicKey;
use mtproto_runtime::handshake::Dc;
use mtproto_runtime::net::client::{
    Client, Config, Ended, Error, Init, LinkError, State, Update, Updates, Wire,
};
use mtproto_runtime::session::{CallError, RpcError};
use mtproto_runtime::store::{self, MemoryStore, Store, StoredKey};
use mtproto_runtime::tl::{ReadError, TlWrite};
use mtproto_runtime::transport::{Framing, Status};
use peer::{Confuse, Fail, Hold, Peer, Push, Square};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::time::Instant;

async fn connect(peer: &Peer, config: Config) -> (Client, Updates) {
    Client::connect(config, peer.connector()).await.unwrap()
}

async fn start() -> (Peer, Client, Updates) {
    let peer = Peer::new();
    let (client, updates) = connect(&peer, Peer::config()).await;
    (peer, client, updates)
}

/// Lets everybody do what can be done without time passing.
async fn settle() {
    tokio::time::sleep(Duration::from_millis(1)).await;
}

#[tokio::test(start_paused = true)]
async fn calls_are_answered_with_their_own_type() {
    let (peer, client, _updates) = start().await;
    assert_eq!(client.call(&Square(12)).await.unwrap(), 144);
    let raw = client.call_bytes(Square(5).to_bytes().unwrap()).await;
    assert_eq!(raw.unwrap(), 25_i32.to_le_bytes());
    let error = client.call(&Fail(31)).await.unwrap_err();
    assert_eq!(error.rpc().and_then(RpcError::value), Some(31));
    let error = client.call(&Confuse(0)).await.unwrap_err();
    assert!(
        matches!(error, Error::Answer(ReadError { .. })),
        "{error:?}"
    );
    assert!(client.ping().await.unwrap() < Duration::from_secs(1));
    assert!(client.future_salts().await.unwrap() > 2);
    assert_eq!(peer.lock().connections, 1);
}

#[tokio::test(start_paused = true)]
async fn every_wire_works() {
    use Framing::{Abridged, Full, Intermediate, PaddedIntermediate};
    let wires = [
        Wire::plain(Abridged),
        Wire::plain(Intermediate),
        Wire::plain(PaddedIntermediate),
        Wire::plain(Full),
        Wire::obfuscated(Abridged),
        Wire::obfuscated(Intermediate),
        Wire::obfuscated(PaddedIntermediate),
    ];
    let peer = Peer::new();
    for wire in wires {
        let (client, _updates) = connect(&peer, Peer::config().wire(wire).pfs()).await;
        assert_eq!(client.call(&Square(3)).await.unwrap(), 9);
    }
    // With the secret of a proxy, and through no other.
    let secret = "dd0123456789abcdef0123456789abcdef".parse().unwrap();
    let secret: mtproto_runtime::transport::ProxySecret = secret;
    let guarded = Peer::with(|config| config.detector.secrets = vec![secret.clone()]);
    let (client, _updates) = connect(&guarded, Peer::config().wire(Wire::proxy(secret))).await;
    assert_eq!(client.call(&Square(3)).await.unwrap(), 9);
    let wrong = Wire::obfuscated(Intermediate);
    let mut config = Peer::config().wire(wrong);
    config.handshake_timeout = Duration::from_secs(5);
    assert!(Client::connect(config, guarded.connector()).await.is_err());
    // A wire that can't be: an error, and no panic.
    let config = Peer::config().wire(Wire::obfuscated(Full));
    let ended = Client::connect(config, peer.connector()).await.unwrap_err();
    assert!(matches!(
        ended,
        Ended::Unreachable(LinkError::Protocol(connection::Error::Transport(_)))
    ));
}

#[tokio::test(start_paused = true)]
async fn calls_that_are_made_together_travel_together() {
    let (peer, client, _updates) = start().await;
    settle().await;
    let reads = peer.lock().reads;
    let calls: Vec<_> = (0..1000)
        .map(|x| {
            let client = client.clone();
            tokio::spawn(async move { (client.call(&Square(x)).await.unwrap(), x) })
        })
        .collect();
    for call in calls {
        let (square, x) = call.await.unwrap();
        assert_eq!(square, x * x);
    }
    let state = peer.lock();
    assert!(state.reads - reads < 20, "{} reads", state.reads - reads);
    assert_eq!((state.most_runs(), state.runs.len()), (1, 1000));
}

#[tokio::test(start_paused = true)]
async fn calls_end_once_though_connections_are_cut_in_the_middle() {
    let (peer, client, _updates) = start().await;
    let mut outcomes = BTreeMap::new();
    for round in 0..40_i32 {
        let calls: Vec<_> = (0..25)
            .map(|i| {
                let client = client.clone();
                let x = round * 25 + i;
                tokio::spawn(async move { (x, client.call(&Square(x)).await) })
            })
            .collect();
        // Now at once, now after a few hundred bytes of answers.
        match round % 4 {
            0 => peer.cut(),
            1 => {
                peer.lock().cut_after.push_back(round as usize * 41);
                client.reconnect();
            }
            2 => {
                settle().await;
                peer.cut();
            }
            _ => {}
        }
        for call in calls {
            let (x, outcome) = call.await.unwrap();
            assert!(outcomes.insert(x, outcome.unwrap()).is_none());
        }
    }
    assert!(outcomes.iter().all(|(x, square)| x * x == *square));
    let state = peer.lock();
    assert_eq!((outcomes.len(), state.runs.len()), (1000, 1000));
    assert_eq!(state.most_runs(), 1);
    assert!(state.connections > 20);
    assert_eq!(state.sessions.len(), 1, "one session all the time");
}

#[tokio::test(start_paused = true)]
async fn a_server_that_has_forgotten_the_session_makes_calls_fail_by_name() {
    let (peer, client, mut updates) = start().await;
    assert_eq!(client.call(&Square(1)).await.unwrap(), 1);
    let lost = tokio::spawn({
        let client = client.clone();
        async move { client.call(&Hold(1)).await }
    });
    let repeated = tokio::spawn({
        let client = client.clone();
        async move { client.call(&Hold(2)).repeatable().await }
    });
    settle().await;
    assert_eq!(peer.lock().held.len(), 2);
    peer.restart();
    let error = lost.await.unwrap().unwrap_err();
    assert!(matches!(error, Error::Call(CallError::Lost)), "{error:?}");
    while peer.lock().held.is_empty() {
        settle().await;
    }
    peer.release();
    assert_eq!(repeated.await.unwrap().unwrap(), 2);
    let state = peer.lock();
    assert_eq!(
        state.runs[&(<Hold as mtproto_runtime::tl::Identified>::ID, 1)],
        1
    );
    assert_eq!(
        state.runs[&(<Hold as mtproto_runtime::tl::Identified>::ID, 2)],
        2
    );
    drop(state);
    let news = std::iter::from_fn(|| updates.try_next());
    assert_eq!(
        news.filter(|update| *update == Update::NewSession).count(),
        2
    );
}

#[tokio::test(start_paused = true)]
async fn a_dropped_call_drops_its_answer() {
    let (peer, client, _updates) = start().await;
    // Known to the server.
    let call = tokio::time::timeout(Duration::from_secs(1), client.call(&Hold(1)));
    assert!(call.await.is_err());
    settle().await;
    let held = peer.lock().held.len();
    assert_eq!((held, peer.lock().dropped), (1, 1));
    // Not yet sent.
    peer.lock().refuse = true;
    peer.cut();
    settle().await;
    let call = tokio::time::timeout(Duration::from_secs(1), client.call(&Hold(2)));
    assert!(call.await.is_err());
    // Never awaited.
    drop(client.call(&Hold(3)));
    peer.lock().refuse = false;
    assert_eq!(client.call(&Square(2)).await.unwrap(), 4);
    assert_eq!(peer.lock().runs.len(), 2);
}

#[tokio::test(start_paused = true)]
async fn calls_give_up_when_their_time_is_up() {
    let (peer, client, _updates) = start().await;
    let begin = Instant::now();
    let is_late = |error: Error| matches!(error, Error::Call(CallError::TimedOut));
    let call = client.call(&Hold(1)).timeout(Duration::from_secs(7));
    assert!(is_late(call.await.unwrap_err()));
    assert_eq!(begin.elapsed().as_secs(), 7);
    // By default after a minute.
    assert!(is_late(client.call(&Hold(2)).await.unwrap_err()));
    assert_eq!(begin.elapsed().as_secs(), 67);
    // Without a network too.
    peer.lock().refuse = true;
    peer.cut();
    let call = client.call(&Square(2)).timeout(Duration::from_secs(3));
    assert!(is_late(call.await.unwrap_err()));
    assert_eq!(begin.elapsed().as_secs(), 70);
    peer.lock().refuse = false;
    // For ever, if that is wanted.
    let call = tokio::spawn({
        let client = client.clone();
        async move { client.call(&Hold(3)).no_timeout().await }
    });
    tokio::time::sleep(Duration::from_secs(100_000)).await;
    peer.release();
    assert_eq!(call.await.unwrap().unwrap(), 3);
}

#[tokio::test(start_paused = true)]
async fn further_calls_wait_for_their_turn() {
    let peer = Peer::new();
    let mut config = Peer::config();
    config.max_calls = 3;
    let (client, _updates) = connect(&peer, config).await;
    let calls: Vec<_> = (0..10)
        .map(|x| {
            let client = client.clone();
            tokio::spawn(async move { client.call(&Hold(x)).await })
        })
        .collect();
    settle().await;
    assert_eq!(peer.lock().held.len(), 3);
    // Waiting counts.
    let call = client.call(&Square(1)).timeout(Duration::from_secs(1));
    let error = call.await.unwrap_err();
    assert!(matches!(error, Error::Call(CallError::TimedOut)));
    // One that gives up makes room.
    calls[0].abort();
    settle().await;
    assert_eq!(peer.lock().held.len(), 4);
    let mut ended = 0;
    while ended < 9 {
        peer.release();
        settle().await;
        ended = calls[1..].iter().filter(|call| call.is_finished()).count();
    }
    assert_eq!(peer.lock().most_runs(), 1);

    // By bytes; one may be longer than all that there is room for.
    let mut config = Peer::config();
    config.max_bytes = 4096;
    let (client, _updates) = connect(&peer, config).await;
    let long = |x| {
        let mut request = Hold(x).to_bytes().unwrap();
        request.resize(100_000, 0);
        request
    };
    let calls: Vec<_> = (100..103)
        .map(|x| {
            let (client, request) = (client.clone(), long(x));
            tokio::spawn(async move { client.call_bytes(request).await })
        })
        .collect();
    for call in calls {
        settle().await;
        assert_eq!(peer.lock().held.len(), 1);
        peer.release();
        call.await.unwrap().unwrap();
    }
}

#[tokio::test(start_paused = true)]
async fn requests_that_can_not_be_sent_fail_at_once() {
    let (_peer, client, _updates) = start().await;
    for len in [0, 5, 3 << 20] {
        let error = client.call_bytes(vec![0; len]).await.unwrap_err();
        assert!(
            matches!(error, Error::Call(CallError::Length { len: told }) if told == len),
            "{error:?}"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn updates_that_nobody_reads_give_way_and_are_counted() {
    let peer = Peer::new();
    let mut config = Peer::config();
    config.max_updates = 10;
    let (client, mut updates) = connect(&peer, config).await;
    let mut second = client.updates();
    assert_eq!(client.call(&Push(25)).await.unwrap(), 25);
    // 25 and the beginning of the session.
    assert_eq!(updates.next().await, Some(Update::Lagged { count: 16 }));
    for expected in 15..25_i32 {
        let Some(Update::Message(body)) = updates.next().await else {
            panic!("no update");
        };
        assert_eq!(body.read::<i32>().unwrap(), expected);
    }
    // Not that one: it came before.
    assert_eq!(second.next().await, Some(Update::Lagged { count: 15 }));
    drop(second);
    // As a stream.
    peer.push(b"news");
    let next = std::future::poll_fn(|cx| {
        futures_core::Stream::poll_next(std::pin::Pin::new(&mut updates), cx)
    });
    assert!(matches!(next.await, Some(Update::Message(body)) if body.as_bytes() == b"news"));
    client.close().await;
    assert_eq!(updates.next().await, None);
}

#[tokio::test(start_paused = true)]
async fn closing_waits_for_calls_but_not_for_ever() {
    let (peer, client, _updates) = start().await;
    let call = tokio::spawn({
        let client = client.clone();
        async move { client.call(&Hold(1)).await }
    });
    settle().await;
    let closing = tokio::spawn({
        let client = client.clone();
        async move { client.close().await }
    });
    settle().await;
    let error = client.call(&Square(1)).await.unwrap_err();
    assert!(matches!(error, Error::Ended(Ended::Closed)));
    assert!(!closing.is_finished());
    peer.release();
    assert_eq!(call.await.unwrap().unwrap(), 1);
    closing.await.unwrap();
    assert!(matches!(
        *client.states().borrow(),
        State::Ended(Ended::Closed)
    ));
    client.close().await;

    let (client, _updates) = connect(&peer, Peer::config()).await;
    let call = tokio::spawn({
        let client = client.clone();
        async move { client.call(&Hold(2)).await }
    });
    settle().await;
    let begin = Instant::now();
    client.close().await;
    assert_eq!(begin.elapsed().as_secs(), 5);
    let error = call.await.unwrap().unwrap_err();
    assert!(matches!(error, Error::Ended(Ended::Closed)), "{error:?}");
}

#[tokio::test(start_paused = true)]
async fn a_client_that_nobody_holds_ends() {
    let (peer, client, mut updates) = start().await;
    assert_eq!(
        Arc::strong_count(&peer.state),
        3,
        "a connector and a connection"
    );
    // A call holds it.
    let call = client.call(&Square(2));
    drop(client);
    assert_eq!(call.await.unwrap(), 4);
    while updates.next().await.is_some() {}
    settle().await;
    assert_eq!(Arc::strong_count(&peer.state), 1);

    // Also one that does not even connect.
    peer.lock().refuse = true;
    let (client, mut updates) = Client::start(Peer::config(), peer.connector());
    settle().await;
    drop(client);
    assert_eq!(updates.next().await, None);
    settle().await;
    assert_eq!(Arc::strong_count(&peer.state), 1);
}

#[test]
fn a_runtime_that_is_shut_down_leaves_no_call_waiting() {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .start_paused(true)
        .build()
        .unwrap();
    let (client, call) = runtime.block_on(async {
        let (_peer, client, _updates) = start().await;
        let mut call = Box::pin(client.call(&Hold(1)));
        let pending = std::future::poll_fn(|cx| {
            std::task::Poll::Ready(std::future::Future::poll(call.as_mut(), cx).is_pending())
        });
        assert!(pending.await);
        settle().await;
        (client, call)
    });
    drop(runtime);
    let other = tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap();
    let error = other.block_on(call).unwrap_err();
    assert!(matches!(error, Error::Ended(Ended::Gone)), "{error:?}");
    assert!(other.block_on(client.ready()).is_err());
}

#[tokio::test(start_paused = true)]
async fn addresses_are_tried_in_turn_and_the_wait_grows() {
    let peer = Peer::new();
    let tried = Arc::new(Mutex::new(Vec::new()));
    let good = Arc::new(AtomicUsize::new(2));
    struct Three<F>(F);
    impl<F, C, S> mtproto_runtime::net::client::Connector for Three<F>
    where
        F: Fn(usize) -> C + Send + Sync + 'static,
        C: Future<Output = io::Result<S>> + Send,
        S: tokio::io::AsyncRead + tokio::io::AsyncWrite + Unpin + Send + 'static,
    {
        type Stream = S;

        fn addresses(&self) -> usize {
            3
        }

        fn connect(&self, address: usize) -> impl Future<Output = io::Result<S>> + Send {
            (self.0)(address)
        }
    }
    let connector = Three({
        let (peer, tried, good) = (peer.clone(), Arc::clone(&tried), Arc::clone(&good));
        move |address| {
            tried.lock().unwrap().push((address, Instant::now()));
            let stream = match good.load(Ordering::Relaxed) == address {
                true => peer.connect(),
                false => Err(io::ErrorKind::ConnectionRefused.into()),
            };
            async move { stream }
        }
    });
    let (client, _updates) = Client::connect(Peer::config(), connector).await.unwrap();
    let addresses = |tried: &Mutex<Vec<(usize, Instant)>>| -> Vec<usize> {
        let tried = tried.lock().unwrap();
        tried.iter().map(|(address, _)| *address).collect()
    };
    assert_eq!(addresses(&tried), [0, 1, 2]);
    // The one that works is kept.
    peer.cut();
    assert_eq!(client.call(&Square(2)).await.unwrap(), 4);
    assert_eq!(addresses(&tried), [0, 1, 2, 2]);

    // None works: rounds without a wait, and longer and longer ones between them.
    tried.lock().unwrap().clear();
    good.store(9, Ordering::Relaxed);
    peer.cut();
    tokio::time::sleep(Duration::from_secs(600)).await;
    let tries = tried.lock().unwrap().clone();
    for round in tries.chunks_exact(3) {
        assert_eq!(round[0].1, round[2].1);
    }
    let waits: Vec<Duration> = tries
        .chunks_exact(3)
        .zip(tries[3..].chunks_exact(3))
        .map(|(one, next)| next[0].1 - one[0].1)
        .collect();
    let seconds = |wait: &Duration| wait.as_secs_f64();
    assert!(
        seconds(&waits[0]) <= 0.51 && seconds(&waits[0]) >= 0.24,
        "{waits:?}"
    );
    assert!(
        waits[6..]
            .iter()
            .all(|wait| (14.9..=30.1).contains(&seconds(wait))),
        "{waits:?}"
    );
    let state = client.states().borrow().clone();
    assert!(
        matches!(state, State::Connecting { failures, last: Some(LinkError::Io(_)) } if failures > 50)
    );

    // No wait when somebody knows better.
    good.store(1, Ordering::Relaxed);
    client.reconnect();
    let begin = Instant::now();
    client.ready().await.unwrap();
    assert!(begin.elapsed() < Duration::from_millis(100));
}

/// A server that says this to everybody, and then nothing more.
fn saying(bytes: &'static [u8], close: bool) -> impl mtproto_runtime::net::client::Connector {
    move |_address| {
        let (near, mut far) = tokio::io::duplex(1 << 16);
        tokio::spawn(async move {
            let mut seen = [0; 64];
            let _ = far.read(&mut seen).await;
            let _ = far.write_all(bytes).await;
            if !close {
                while far.read(&mut seen).await.is_ok_and(|read| read > 0) {}
            }
        });
        async move { io::Result::Ok(near) }
    }
}

#[tokio::test(start_paused = true)]
async fn whatever_a_server_says_the_client_goes_on_or_says_why() {
    let silent = saying(b"", false);
    let begin = Instant::now();
    let ended = Client::connect(Peer::config(), silent).await.unwrap_err();
    assert!(
        matches!(ended, Ended::Unreachable(LinkError::Handshake { .. })),
        "{ended:?}"
    );
    assert_eq!(begin.elapsed().as_secs(), 30);

    let gone = saying(b"", true);
    let ended = Client::connect(Peer::config(), gone).await.unwrap_err();
    assert!(
        matches!(ended, Ended::Unreachable(LinkError::Closed)),
        "{ended:?}"
    );

    // A length of half a gigabyte; a packet of nothing; a page of some hotel.
    let garbage: [&[u8]; 3] = [
        b"\0\0\0\x20what",
        b"\x10\0\0\0................",
        b"HTTP/1.1 302 Found\r\nLocation: http://hotel/\r\n\r\n",
    ];
    for bytes in garbage {
        let ended = Client::connect(Peer::config(), saying(bytes, false)).await;
        let Err(Ended::Unreachable(LinkError::Protocol(_))) = ended else {
            panic!("{ended:?}");
        };
    }

    // Never connected at all.
    let never = |_address| std::future::pending::<io::Result<tokio::io::DuplexStream>>();
    let begin = Instant::now();
    let ended = Client::connect(Peer::config(), never).await.unwrap_err();
    assert!(matches!(
        ended,
        Ended::Unreachable(LinkError::Connect { .. })
    ));
    assert_eq!(begin.elapsed().as_secs(), 10);
}

#[tokio::test(start_paused = true)]
async fn a_server_that_is_not_trusted_or_does_not_know_the_key_is_given_up() {
    let peer = Peer::new();
    let mut config = Config::new([PublicKey::telegram_production()]);
    config.unix = peer::unix;
    let ended = Client::connect(config.clone(), peer.connector()).await;
    assert!(
        matches!(
            ended,
            Err(Ended::Refused(LinkError::Protocol(
                connection::Error::Handshake(_)
            )))
        ),
        "{ended:?}"
    );
    let other = Peer::with(|config| config.handshake.dcs = vec![Dc::new(3)]);
    let ended = Client::connect(Peer::config().dc(Dc::new(2)), other.connector()).await;
    let Err(ended) = ended else {
        panic!("it is another DC");
    };
    assert_eq!(
        format!("{ended}: {}", ended.source().unwrap()),
        "the server refuses the client: the server says wrong DC (-444)"
    );
    let (client, _updates) = Client::start(config, peer.connector());
    let error = client.call(&Square(1)).await.unwrap_err();
    let Error::Ended(Ended::Refused(LinkError::Protocol(connection::Error::Handshake(_)))) = error
    else {
        panic!("{error:?}");
    };
    // One was for the client that wanted a single attempt.
    assert_eq!(peer.lock().connections, 1 + 3);

    // A key that the server has never seen: the client gives up, and the key is still there.
    let key = StoredKey {
        auth_key: AuthKey::new([7; AuthKey::LEN]),
        dc: None,
        created_at: 1_700_000_000,
        salt: 0,
        clock_offset: 0,
    };
    let mut store = MemoryStore::default();
    store.save_key(&key).unwrap();
    let store: Arc<Mutex<dyn Store + Send>> = Arc::new(Mutex::new(store));
    let mut config = Peer::config();
    config.store = Some(Arc::clone(&store));
    let (client, _updates) = Client::start(config, peer.connector());
    let error = client.call(&Square(1)).await.unwrap_err();
    let Error::Ended(Ended::Refused(LinkError::Protocol(connection::Error::Status(
        Status::NotFound,
    )))) = error
    else {
        panic!("{error:?}");
    };
    assert_eq!(store.lock().unwrap().key_ids().unwrap().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_server_that_falls_silent_is_left() {
    let (peer, client, _updates) = start().await;
    assert_eq!(client.call(&Square(1)).await.unwrap(), 1);
    // Half open: bytes go nowhere, and nobody says so.
    let (near, far) = tokio::io::duplex(1 << 16);
    let streams = Mutex::new(vec![near]);
    let silent = Peer::config();
    let real = peer.clone();
    let connector = move |_address| {
        let stream = match streams.lock().unwrap().pop() {
            Some(stream) => Ok(stream),
            None => real.connect(),
        };
        async move { stream }
    };
    let begin = Instant::now();
    let (other, _updates) = Client::start(silent.key(client.key().unwrap()), connector);
    // Nobody can tell whether a server was behind it that has run the call.
    let both = tokio::join!(other.call(&Square(2)), other.call(&Square(3)).repeatable());
    assert!(matches!(both.0, Err(Error::Call(CallError::Lost))));
    assert_eq!(both.1.unwrap(), 9);
    assert!(
        (20..22).contains(&begin.elapsed().as_secs()),
        "{:?}",
        begin.elapsed()
    );
    drop(far);
}

#[tokio::test(start_paused = true)]
async fn a_key_is_kept_before_anything_hangs_on_it() {
    /// A store that says when it was used.
    #[derive(Clone, Default)]
    struct Watched {
        inner: Arc<Mutex<MemoryStore>>,
        fails: bool,
    }
    impl Store for Watched {
        fn key_ids(&self) -> Result<Vec<i64>, store::Error> {
            self.inner.lock().unwrap().key_ids()
        }
        fn key(&self, id: i64) -> Result<Option<StoredKey>, store::Error> {
            self.inner.lock().unwrap().key(id)
        }
        fn save_key(&mut self, key: &StoredKey) -> Result<(), store::Error> {
            if self.fails {
                return Err(store::Error::Other("full".into()));
            }
            self.inner.lock().unwrap().save_key(key)
        }
        fn remove_key(&mut self, id: i64) -> Result<bool, store::Error> {
            self.inner.lock().unwrap().remove_key(id)
        }
        fn sessions(&self, id: i64) -> Result<Vec<store::StoredSession>, store::Error> {
            self.inner.lock().unwrap().sessions(id)
        }
        fn save_session(&mut self, session: &store::StoredSession) -> Result<(), store::Error> {
            self.inner.lock().unwrap().save_session(session)
        }
        fn remove_session(&mut self, id: i64, session: i64) -> Result<bool, store::Error> {
            self.inner.lock().unwrap().remove_session(id, session)
        }
    }
    let dc = Dc::new(2);
    let peer = Peer::new();
    let store = Watched::default();
    let config = || Peer::config().dc(dc).store(store.clone());
    let (client, _updates) = connect(&peer, config()).await;
    let kept = store
        .key_for(dc)
        .unwrap()
        .expect("it is there before anything else");
    assert_eq!(client.call(&Square(2)).await.unwrap(), 4);
    assert_eq!(client.key().unwrap().auth_key, kept.auth_key);
    client.close().await;

    // The next client goes on with it; the server sees one key and two sessions.
    let (client, _updates) = connect(&peer, config()).await;
    assert_eq!(client.call(&Square(3)).await.unwrap(), 9);
    let (keys, sessions) = peer.lock().server.len();
    assert_eq!((keys, sessions), (1, 2));
    client.close().await;

    // A key that can't be kept is not used.
    let full = Watched {
        fails: true,
        ..Watched::default()
    };
    let ended = Client::connect(Peer::config().dc(dc).store(full), peer.connector()).await;
    assert!(matches!(ended, Err(Ended::Store(_))), "{ended:?}");
    assert_eq!(peer.lock().server.len().1, 2);
}

#[tokio::test(start_paused = true)]
async fn the_server_is_told_who_asks_until_it_has_answered() {
    let peer = Peer::new();
    peer.lock().wants_init = true;
    let init = Init::new(230, 6);
    let is_wrapped = |body: &Vec<u8>| body.starts_with(&0xda9b_0d0d_u32.to_le_bytes());
    let count = |peer: &Peer| {
        peer.lock()
            .bodies
            .iter()
            .filter(|body| is_wrapped(body))
            .count()
    };
    let (client, _updates) = connect(&peer, Peer::config().init(init.clone())).await;
    for x in 0..5 {
        assert_eq!(client.call(&Square(x)).await.unwrap(), x * x);
    }
    let wrapped = count(&peer);
    assert!((1..=2).contains(&wrapped), "{wrapped}");
    // A new session of the server's: from the beginning, and no call fails because of that.
    peer.restart();
    for x in 5..10 {
        assert_eq!(client.call(&Square(x)).repeatable().await.unwrap(), x * x);
    }
    assert!(count(&peer) > wrapped);

    // A server that has forgotten it without a new session: what it refused is asked again.
    let wrapped = count(&peer);
    peer.lock().forget_inits();
    let both = tokio::join!(client.call(&Square(11)), client.call(&Square(12)));
    assert_eq!((both.0.unwrap(), both.1.unwrap()), (121, 144));
    assert!(count(&peer) > wrapped);

    // With temporary keys, again for each.
    let mut config = Peer::config().init(init).pfs();
    let pfs = config.connection.pfs.as_mut().unwrap();
    pfs.expires_in = Duration::from_secs(3600);
    pfs.renew_before = Duration::from_secs(1800);
    let (client, _updates) = connect(&peer, config).await;
    assert_eq!(client.call(&Square(20)).await.unwrap(), 400);
    let wrapped = count(&peer);
    tokio::time::sleep(Duration::from_secs(2000)).await;
    assert_eq!(client.call(&Square(21)).await.unwrap(), 441);
    assert!(count(&peer) > wrapped);
    assert_eq!(peer.lock().most_runs(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_socket_that_takes_little_at_a_time_gets_everything() {
    let peer = Peer::new();
    peer.lock().pipe = 100;
    let (client, _updates) = connect(&peer, Peer::config()).await;
    let mut request = Square(7).to_bytes().unwrap();
    // Not to be packed.
    let mut x = 1_u32;
    request.extend((0..200_000).map(|_| {
        x = x.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (x >> 24) as u8
    }));
    let long = client.call_bytes(request);
    let (long, short) = tokio::join!(long, client.call(&Square(8)));
    assert_eq!(
        (long.unwrap(), short.unwrap()),
        (49_i32.to_le_bytes().to_vec(), 64)
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn several_threads_share_a_client() {
    let peer = Peer::new();
    let (client, _updates) = connect(&peer, Peer::config()).await;
    let tasks: Vec<_> = (0..50)
        .map(|task| {
            let client = client.clone();
            tokio::spawn(async move {
                for i in 0..50 {
                    let x = task * 50 + i;
                    assert_eq!(client.call(&Square(x)).await.unwrap(), x.wrapping_mul(x));
                }
            })
        })
        .collect();
    for task in tasks {
        task.await.unwrap();
    }
    let state = peer.lock();
    assert_eq!((state.most_runs(), state.runs.len()), (1, 2500));
}

#[tokio::test(start_paused = true)]
async fn questions_outlive_the_connection_in_which_they_were_asked() {
    let peer = Peer::new();
    let (client, _updates) = connect(&peer, Peer::config()).await;
    assert!(client.future_salts().await.unwrap() > 2);
    peer.lock().refuse = true;
    peer.cut();
    // Nobody else asks for salts: the client has enough.
    let patience = Duration::from_secs(300);
    let (salts, rtt, ()) = tokio::join!(
        tokio::time::timeout(patience, client.future_salts()),
        tokio::time::timeout(patience, client.ping()),
        async {
            tokio::time::sleep(Duration::from_secs(10)).await;
            peer.lock().refuse = false;
        }
    );
    assert!(salts.unwrap().unwrap() > 2);
    rtt.unwrap().unwrap();
}

#[tokio::test(start_paused = true)]
async fn who_has_for_ever_to_close_closes() {
    let peer = Peer::new();
    let mut config = Peer::config();
    config.close_timeout = Duration::MAX;
    let (client, _updates) = connect(&peer, config).await;
    assert_eq!(client.call(&Square(3)).await.unwrap(), 9);
    tokio::time::timeout(Duration::from_secs(60), client.close())
        .await
        .unwrap();
}
