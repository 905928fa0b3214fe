//! A server on sockets.
//!
//! A [`Router`] says what answers which function; [`Server::builder`] takes it, the RSA keys and a
//! place to listen. The server does the rest: it finds out the transport of each connection, makes
//! keys, keeps sessions, takes requests out of `invokeWithLayer` and other wrappers, runs them at the
//! same time, pushes updates, and keeps strangers from harming others.
//!
//! ```
//! use mtproto_runtime::crypto::rsa::PrivateKey;
//! use mtproto_runtime::net::server::{Config, Router, Server};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let pem = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/vectors/test_key.pkcs8.pem"));
//! let rsa_key = PrivateKey::from_pem(pem)?;
//! let router = Router::new().on_id(0x1fb3_3026, |context, _request| async move {
//!     println!("{:?} wants to know the nearest DC", context.peer);
//!     Ok(b"an answer...".to_vec())
//! });
//! let server = Server::builder(Config::new([rsa_key]), router)
//!     .listen("127.0.0.1:0")
//!     .await?;
//! println!("listening on {:?}", server.local_addrs());
//! server.drain(std::time::Duration::from_secs(10)).await;
//! # Ok(())
//! # }
//! ```
//!
//! # Limits
//! [`Limits`] and [`Timeouts`] say what a client may do before it is refused or disconnected; what
//! does not fit in memory is never waited for. Every connection has bounded buffers in both
//! directions: from who does not take answers no requests are read.
//!
//! HTTP, WebSocket and TLS are recognised and refused with an answer in their own language.
//!
//! # After a restart
//! With a [`Store`] permanent keys live on, and their sessions with them:
//! clients connect, are told that the session is new to the server, and go on. No request runs
//! twice, though they send again what was not answered: after [`Server::drain`] the store says up to
//! when messages were received; after a crash the server waits for a second before it serves anybody,
//! and refuses all older messages. Its socket listens meanwhile, so that a port that is taken is told
//! before the store is touched; who connects waits in the system's queue. It relies on its own clock not to go back meanwhile.
//!
//! What clients told about themselves ([`Context::layer`], [`Context::client`]) is not kept: it changes
//! with every release of a program, and a client that hears of a new session tells it again. Until
//! then [`Config::default_layer`] stands for it.

mod config;
mod context;
mod exchange;
mod keys;
mod limits;
mod link;
mod metrics;
mod random;
mod requests;
mod router;
mod scratch;
mod shared;
mod turns;

use core::fmt;
use core::time::Duration;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

use tokio::net::{TcpListener, TcpStream, ToSocketAddrs};
use tokio::task::JoinHandle;
use tokio::time::Instant;

use self::keys::{Keys, Loaded};
use self::limits::{Admission, Origin};
use self::link::Link;
use self::random::ThreadRandom;
use self::shared::{Phase, Shared, lock};
use super::later;
use crate::connection::server as core_server;
use crate::connection::server::SessionRef;
use crate::session::server::Congested;
use crate::store::{self, Store};
use crate::tl::{TlWrite, WriteError};

pub use config::{Config, Limits, Timeouts};
pub use context::{ClientInfo, Context};
pub use metrics::{Closed, Gauges, Metrics, Refused};
pub use router::{Answer, Handler, Router};

/// A server that runs until it is dropped.
///
/// Dropping it closes everything at once; [`Server::drain`] lets what runs come to an end.
#[derive(Debug)]
pub struct Server {
    handle: Handle,
    addresses: Vec<SocketAddr>,
    listeners: Vec<JoinHandle<()>>,
    timer: JoinHandle<()>,
}

/// A server that is being made: [`Server::builder`].
pub struct Builder {
    config: Config,
    handler: Box<dyn Handler>,
    metrics: Box<dyn Metrics>,
    store: Option<Box<dyn Store + Send>>,
}

/// Reaches into a running server. Cheap to clone; does not keep it running.
#[derive(Clone)]
pub struct Handle {
    shared: Arc<Shared>,
}

impl Server {
    /// A server that answers like this handler.
    pub fn builder(config: Config, handler: impl Handler) -> Builder {
        Builder {
            config,
            handler: Box::new(handler),
            metrics: Box::new(()),
            store: None,
        }
    }

    /// Where it listens.
    #[must_use]
    pub fn local_addrs(&self) -> &[SocketAddr] {
        &self.addresses
    }

    /// For pushing updates from elsewhere.
    #[must_use]
    pub fn handle(&self) -> Handle {
        self.handle.clone()
    }

    /// Goes down without breaking anything off: accepts no connection and reads no request any more,
    /// lets handlers end for as long as `within`, sends their answers, and closes the connections.
    /// Whether all was done in time.
    pub async fn drain(self, within: Duration) -> bool {
        let shared = &self.handle.shared;
        let deadline = later(Instant::now(), within);
        self.stop_listening();
        shared.set_phase(Phase::Draining);
        let is_at_rest = |shared: &Shared| {
            let core = shared.lock();
            core.server
                .sessions()
                .all(|(_, session)| session.running() == 0)
        };
        let mut in_time = wait_until(shared, deadline, is_at_rest).await;
        shared.abort_all();
        shared.set_phase(Phase::Closing);
        let is_alone = |shared: &Shared| shared.lock().links() == 0 && !shared.is_writing();
        in_time &= wait_until(shared, deadline, is_alone).await;
        if shared.keys.is_some() {
            let shared = shared.clone();
            let closed = tokio::task::spawn_blocking(move || shared.close_keys()).await;
            in_time &= closed.unwrap_or(false);
        }
        in_time
    }

    fn stop_listening(&self) {
        for listener in &self.listeners {
            listener.abort();
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.stop_listening();
        self.timer.abort();
        // In this order: whoever begins a request now sees one or the other.
        self.handle.shared.set_phase(Phase::Over);
        self.handle.shared.abort_all();
    }
}

async fn wait_until(shared: &Shared, deadline: Instant, is_so: impl Fn(&Shared) -> bool) -> bool {
    loop {
        let ended = shared.ended.notified();
        if is_so(shared) {
            return true;
        }
        if tokio::time::timeout_at(deadline, ended).await.is_err() {
            return is_so(shared);
        }
    }
}

impl Builder {
    /// Keeps keys in a store, and begins with those that are there. Whatever the store does is done
    /// where blocking is allowed.
    #[must_use]
    pub fn store(mut self, store: impl Store + Send + 'static) -> Self {
        self.store = Some(Box::new(store));
        self
    }

    /// Tells what happens.
    #[must_use]
    pub fn metrics(mut self, metrics: impl Metrics) -> Self {
        self.metrics = Box::new(metrics);
        self
    }

    /// Starts the server on an address.
    ///
    /// # Errors
    /// [`StartError`]
    pub async fn listen(self, address: impl ToSocketAddrs) -> Result<Server, StartError> {
        let listener = TcpListener::bind(address).await?;
        self.start([listener]).await
    }

    /// Starts the server on sockets that listen already.
    ///
    /// # Errors
    /// [`StartError`]
    pub async fn start(
        self,
        listeners: impl IntoIterator<Item = TcpListener>,
    ) -> Result<Server, StartError> {
        let start = Instant::now();
        let mut listeners: Vec<TcpListener> = listeners.into_iter().collect();
        let addresses: Vec<SocketAddr> = listeners
            .iter_mut()
            .map(|listener| listener.local_addr())
            .collect::<io::Result<_>>()?;
        let loaded = load(self.store, start).await?;
        let mut core_config = self.config.core.clone();
        // Done without the lock.
        core_config.session.unpack_requests = false;
        core_config.session.gzip = false;
        let now = shared::now(start);
        let mut server = core_server::Server::new(now, core_config, &mut ThreadRandom);
        let keys = match loaded {
            None => None,
            Some(loaded) => {
                loaded.keys.add_to(&mut server, loaded.auth_keys);
                tokio::time::sleep(loaded.wait).await;
                Some(loaded.keys)
            }
        };
        let Self {
            config,
            handler,
            metrics,
            ..
        } = Self {
            store: None,
            ..self
        };
        let shared = Arc::new(Shared::new(server, config, handler, metrics, keys, start));
        let timer = tokio::spawn(shared.clone().keep_time());
        let listeners = listeners
            .into_iter()
            .map(|listener| tokio::spawn(accept(shared.clone(), listener)))
            .collect();
        Ok(Server {
            handle: Handle::new(shared),
            addresses,
            listeners,
            timer,
        })
    }
}

async fn load(
    store: Option<Box<dyn Store + Send>>,
    start: Instant,
) -> Result<Option<Loaded>, StartError> {
    let Some(store) = store else {
        return Ok(None);
    };
    let load = move || Keys::load(store, shared::now(start));
    match tokio::task::spawn_blocking(load).await {
        Ok(loaded) => Ok(Some(loaded?)),
        Err(error) => Err(io::Error::other(error).into()),
    }
}

impl fmt::Debug for Builder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Builder")
            .field("config", &self.config)
            .finish_non_exhaustive()
    }
}

async fn accept(shared: Arc<Shared>, listener: TcpListener) {
    /// When the system has no room for another connection, one has to end first.
    const PAUSE: Duration = Duration::from_millis(50);

    loop {
        match listener.accept().await {
            Ok((stream, peer)) => welcome(&shared, stream, peer),
            Err(error) => {
                tracing::warn!(%error, "a connection can't be accepted");
                if !matches!(
                    error.kind(),
                    io::ErrorKind::ConnectionAborted | io::ErrorKind::ConnectionReset
                ) {
                    tokio::time::sleep(PAUSE).await;
                }
            }
        }
    }
}

fn welcome(shared: &Arc<Shared>, stream: TcpStream, peer: SocketAddr) {
    let origin = Origin::from(peer.ip());
    let now = shared.now().monotonic;
    let admission = lock(&shared.origins).admit(origin, now, &shared.config.limits);
    if admission != Admission::Welcome {
        shared.metrics.refused(Refused::Connection);
    }
    if admission == Admission::Dropped {
        return;
    }
    // Answers are small, and somebody waits for them.
    let _ = stream.set_nodelay(true);
    let link = Link::new(shared.clone(), stream, peer, origin, admission);
    tokio::spawn(link.run());
}

impl Handle {
    fn new(shared: Arc<Shared>) -> Self {
        Self { shared }
    }

    /// Sends an update to a session. It is sent again until the client has it, but not after a few
    /// minutes, nor to a session that has ended: then the client asks for what it has missed.
    ///
    /// # Errors
    /// [`PushError`]
    pub fn push(&self, session: SessionRef, update: &impl TlWrite) -> Result<(), PushError> {
        self.push_bytes(session, update.to_bytes()?)
    }

    /// [`Self::push`] of a value that is serialised already.
    ///
    /// # Errors
    /// [`PushError`]
    pub fn push_bytes(&self, session: SessionRef, update: Vec<u8>) -> Result<(), PushError> {
        let update = self.shared.pack(update);
        match self
            .shared
            .act(|core, now| core.server.push(now, session, &update))
        {
            Ok(true) => Ok(()),
            Ok(false) => Err(PushError::Gone),
            Err(Congested) => Err(PushError::Congested),
        }
    }

    /// The sessions of a permanent key: its own and those of temporary keys that are bound to it.
    #[must_use]
    pub fn sessions_of(&self, permanent_key: i64) -> Vec<SessionRef> {
        self.shared.lock().server.sessions_of(permanent_key)
    }

    /// Ends a session and what runs for it. Its client can begin another one.
    pub fn close_session(&self, session: SessionRef) {
        self.shared
            .act(|core, _| core.server.close_session(session));
    }

    /// Forgets a key, its sessions and what runs for them: its clients have to make another one. The
    /// store forgets it shortly after.
    pub fn remove_key(&self, auth_key_id: i64) {
        self.shared.remove_key(auth_key_id);
    }

    /// How much there is at the moment.
    #[must_use]
    pub fn gauges(&self) -> Gauges {
        self.shared.gauges()
    }
}

impl fmt::Debug for Handle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Handle").field(&self.gauges()).finish()
    }
}

/// Why a server can't start.
#[derive(Debug)]
#[non_exhaustive]
pub enum StartError {
    /// The system does not let it listen.
    Io(io::Error),
    /// The store can't be read.
    Store(store::Error),
}

impl fmt::Display for StartError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Io(_) => "the server can't listen",
            Self::Store(_) => "the server's keys can't be read",
        })
    }
}

impl core::error::Error for StartError {
    fn source(&self) -> Option<&(dyn core::error::Error + 'static)> {
        match self {
            Self::Io(error) => Some(error),
            Self::Store(error) => Some(error),
        }
    }
}

impl From<io::Error> for StartError {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

impl From<store::Error> for StartError {
    fn from(error: store::Error) -> Self {
        Self::Store(error)
    }
}

/// Why an update was not sent.
#[derive(Debug)]
#[non_exhaustive]
pub enum PushError {
    /// There is no such session any more.
    Gone,
    /// The client does not take what was sent before. It will ask for what it has missed when it
    /// finds out.
    Congested,
    /// The update can't be serialised.
    Write(WriteError),
}

impl fmt::Display for PushError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Gone => "the session has ended",
            Self::Congested => "the client acknowledges too slowly",
            Self::Write(_) => "the update can't be written",
        })
    }
}

impl core::error::Error for PushError {
    fn source(&self) -> Option<&(dyn core::error::Error + 'static)> {
        match self {
            Self::Write(error) => Some(error),
            _ => None,
        }
    }
}

impl From<WriteError> for PushError {
    fn from(error: WriteError) -> Self {
        Self::Write(error)
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::AsyncReadExt;
    use tokio::sync::mpsc;

    use super::*;

    /// Tells why connections were closed.
    struct Log(mpsc::UnboundedSender<Closed>);

    impl Metrics for Log {
        fn closed(&self, _: SocketAddr, why: &Closed) {
            let _ = self.0.send(why.clone());
        }
    }

    /// A connection may have read a message before the end that it wants to hand over after it.
    #[cfg(feature = "test-util")]
    #[tokio::test]
    async fn no_message_is_taken_after_the_store_was_closed() {
        use crate::testing::TestServer;

        let ran = Arc::new(std::sync::atomic::AtomicUsize::new(0));
        let counted = ran.clone();
        let router = Router::new().on_id(1, move |_, body| {
            counted.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
            async { Ok(body) }
        });
        let (sender, mut closed) = mpsc::unbounded_channel();
        let config = TestServer::config();
        let Ok(config) = config else {
            panic!("the key is well-formed");
        };
        let builder = Server::builder(config, router)
            .store(store::MemoryStore::default())
            .metrics(Log(sender));
        let Ok(server) = TestServer::start(builder).await else {
            panic!("loopback listens");
        };
        let config = crate::net::client::Config::new([server.rsa_key().clone()]);
        let tcp = crate::net::client::Tcp::new([server.address().to_string()]);
        let Ok((client, _updates)) = crate::net::client::Client::connect(config, tcp).await else {
            panic!("the server listens");
        };
        let request = 1_u32.to_le_bytes();
        assert!(client.call_bytes(request.to_vec()).await.is_ok());
        assert!(server.handle().shared.close_keys());
        let call = client.call_bytes(request.to_vec());
        tokio::select! {
            answer = call => panic!("{answer:?}"),
            why = closed.recv() => {
                assert!(matches!(why, Some(Closed::Protocol(_))), "{why:?}");
            }
        }
        assert_eq!(ran.load(std::sync::atomic::Ordering::SeqCst), 1);
    }

    fn unix() -> i32 {
        let now = shared::now(Instant::now()).unix;
        i32::try_from(now.as_secs()).unwrap_or(i32::MAX)
    }

    #[tokio::test]
    async fn keys_that_nobody_uses_give_way_when_there_is_no_room() {
        use crate::crypto::AuthKey;
        use crate::handshake::NewKey;

        let mut config = Config::new([]);
        config.core.max_keys = 3;
        let server = Server::builder(config, Router::new())
            .listen("127.0.0.1:0")
            .await;
        let Ok(server) = server else {
            panic!("loopback listens");
        };
        let shared = &server.handle.shared;
        let key = |number| AuthKey::new([number; AuthKey::LEN]);
        let new_key = |number, age, is_temporary: bool| NewKey {
            auth_key: key(number),
            first_salt: 1,
            expires_at: is_temporary.then_some(unix() + 1000),
            server_time: unix() - age,
            dc: None,
        };
        let has = |number| shared.lock().server.has_key(key(number).id());
        let add = |new_key| assert!(shared.lock().server.add_new_key(new_key));
        add(new_key(1, 0, true));
        add(new_key(2, 120, false));
        assert!(shared.has_room_for_key(shared.now()));
        add(new_key(3, 100, true));
        // First what was not bound, and is not too young to be.
        assert!(shared.has_room_for_key(shared.now()));
        assert!(has(1) && has(2) && !has(3));
        shared.lock().server.add_key(key(4));
        // Then what was not used.
        assert!(shared.has_room_for_key(shared.now()));
        assert!(has(1) && !has(2) && has(4));
        shared.lock().server.add_key(key(5));
        assert!(!shared.has_room_for_key(shared.now()));
        assert!(has(1) && has(4) && has(5));
    }

    /// Unpacking can't be broken off. What it has is not given away before it is done, and no more is
    /// given to the threads for blocking work than is unpacked at a time.
    #[cfg(feature = "test-util")]
    #[test]
    fn what_is_unpacked_for_nobody_has_its_place_until_it_is_done() {
        use crate::net::client;
        use crate::testing::TestServer;

        async fn until(is_so: impl Fn() -> bool) {
            let wait = async {
                while !is_so() {
                    tokio::task::yield_now().await;
                }
            };
            let in_time = tokio::time::timeout(Duration::from_secs(60), wait).await;
            assert!(in_time.is_ok());
        }

        let at_a_time = std::thread::available_parallelism().map_or(1, usize::from);
        let all = at_a_time + 2;
        let mut request = Vec::new();
        assert!(crate::service::gzip::pack(&[1; 10_000], &mut request));
        let test = async move {
            let Ok(server) = TestServer::spawn(Router::new()).await else {
                panic!("loopback listens");
            };
            let handle = server.handle();
            let shared = &handle.shared;
            let mut config = client::Config::new([server.rsa_key().clone()]);
            let mut clients = Vec::new();
            for _ in 0..all {
                let tcp = client::Tcp::new([server.address().to_string()]);
                let connected = client::Client::connect(config.clone(), tcp).await;
                let Ok((client, _)) = connected else {
                    panic!("the server listens");
                };
                config.key = client.key();
                clients.push(client);
            }
            let Some(key) = &config.key else {
                panic!("there is a key");
            };
            // The only thread has something else to do.
            let (release, wait) = std::sync::mpsc::channel::<()>();
            let busy = tokio::task::spawn_blocking(move || wait.recv().is_ok());
            let calls: Vec<_> = clients
                .iter()
                .map(|client| client.call_bytes(request.clone()))
                .map(tokio::spawn)
                .collect();
            until(|| shared.gauges().running == all).await;
            let each = shared.gauges().request_bytes / all;
            assert_eq!(shared.unpacking.free(), 0);
            for session in handle.sessions_of(key.auth_key.id()) {
                handle.close_session(session);
            }
            until(|| shared.gauges().request_bytes <= at_a_time * each).await;
            for _ in 0..100 {
                tokio::task::yield_now().await;
            }
            let gauges = shared.gauges();
            assert_eq!(gauges.running, 0);
            assert_eq!(gauges.request_bytes, at_a_time * each);
            assert_eq!(shared.unpacking.free(), 0);
            assert!(release.send(()).is_ok());
            assert!(busy.await.is_ok_and(|done| done));
            // One after the other on that thread.
            assert!(tokio::task::spawn_blocking(|| ()).await.is_ok());
            assert_eq!(shared.gauges().request_bytes, 0);
            assert_eq!(shared.unpacking.free(), at_a_time);
            for call in calls {
                call.abort();
            }
        };
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .max_blocking_threads(1)
            .build();
        let Ok(runtime) = runtime else {
            panic!("there are threads");
        };
        runtime.block_on(test);
    }

    /// The system may hand over one more connection when all others have been told already.
    #[tokio::test]
    async fn a_connection_that_is_accepted_while_the_server_goes_down_is_closed() {
        let (sender, mut closed) = mpsc::unbounded_channel();
        let server = Server::builder(Config::new([]), Router::new())
            .metrics(Log(sender))
            .listen("127.0.0.1:0")
            .await;
        let Ok(server) = server else {
            panic!("loopback listens");
        };
        server.handle.shared.set_phase(Phase::Closing);
        let stream = TcpStream::connect(server.local_addrs()).await;
        let mut bytes = Vec::new();
        if let Ok(mut stream) = stream {
            let _ = stream.read_to_end(&mut bytes).await;
        }
        assert!(matches!(closed.recv().await, Some(Closed::Drained)));
    }
}
