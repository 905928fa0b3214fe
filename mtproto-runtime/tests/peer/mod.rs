//! A server in memory for tests of the client: the real [`server::Server`] behind pipes, on
//! tokio's clock, which tests may stop.
#![allow(
    dead_code,
    unreachable_pub,
    reason = "each test file uses a part of it"
)]

use std::cell::RefCell;
use std::collections::{BTreeMap, VecDeque};
use std::io;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use mtproto_runtime::Now;
use mtproto_runtime::connection::server::{self, SessionRef};
use mtproto_runtime::crypto::random::SystemRandom;
use mtproto_runtime::crypto::rsa::{PrivateKey, PublicKey};
use mtproto_runtime::net::client::{Config, Connector};
use mtproto_runtime::service::wrappers;
use mtproto_runtime::session::RpcError;
use mtproto_runtime::session::server::RequestId;
use mtproto_runtime::tl::{Function, Identified, TlWrite, Writer};
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream};
use tokio::sync::{Notify, watch};
use tokio::time::Instant;

pub const KEY: &str = include_str!("../vectors/test_key.pkcs8.pem");

/// A function of four bytes for its id and an `int`, that results in an `int`.
macro_rules! function {
    ($name:ident, $text:literal, $id:literal) => {
        #[derive(Clone, Copy, Debug)]
        pub struct $name(pub i32);

        impl Identified for $name {
            const ID: u32 = $id;
            const NAME: &'static str = $text;
        }

        impl Function for $name {
            type Output = i32;
        }

        impl TlWrite for $name {
            fn write(&self, w: &mut Writer<'_>) {
                w.id(Self::ID);
                w.int(self.0);
            }
        }
    };
}

function!(Square, "square", 0x3a1e_0b51);
// Answered only when the test says so.
function!(Hold, "hold", 0x3a1e_0b52);
// Answered by an error with the number in it.
function!(Fail, "fail", 0x3a1e_0b53);
// Answered after so many updates were pushed to the session.
function!(Push, "push", 0x3a1e_0b54);
// Answered by something that is no int.
function!(Confuse, "confuse", 0x3a1e_0b55);

thread_local! {
    static START: RefCell<Option<Instant>> = const { RefCell::new(None) };
}

/// Both clocks go by tokio's, which a test may have stopped; not with several threads.
pub fn unix() -> Duration {
    use tokio::runtime::{Handle, RuntimeFlavor};
    let flavor = Handle::try_current().map(|handle| handle.runtime_flavor());
    if matches!(flavor, Ok(RuntimeFlavor::MultiThread)) {
        return std::time::SystemTime::UNIX_EPOCH.elapsed().unwrap();
    }
    let start = START.with_borrow_mut(|start| *start.get_or_insert_with(Instant::now));
    Duration::from_secs(1_800_000_000) + start.elapsed()
}

fn now() -> Now {
    let unix = unix();
    Now {
        monotonic: unix,
        unix,
    }
}

pub struct State {
    pub server: server::Server,
    rng: SystemRandom,
    /// How often each request was run, by function and argument.
    pub runs: BTreeMap<(u32, i32), u32>,
    /// Requests in their wrappers, as they came.
    pub bodies: Vec<Vec<u8>>,
    pub held: VecDeque<(SessionRef, RequestId, i32)>,
    pub dropped: usize,
    pub sessions: Vec<SessionRef>,
    /// The next connections that are made are cut after so many bytes of the server's.
    pub cut_after: VecDeque<usize>,
    /// How many connections have been made.
    pub connections: usize,
    /// How many reads from clients brought something.
    pub reads: usize,
    /// Requests without `initConnection` are refused until there was one.
    pub wants_init: bool,
    inited: Vec<SessionRef>,
    pub refuse: bool,
    /// Bytes that a pipe holds.
    pub pipe: usize,
}

#[derive(Clone)]
pub struct Peer {
    pub state: Arc<Mutex<State>>,
    notify: Arc<Notify>,
    cut: watch::Sender<u64>,
}

impl Peer {
    pub fn new() -> Self {
        Self::with(|_| {})
    }

    pub fn with(change: impl FnOnce(&mut server::Config)) -> Self {
        let mut rng = SystemRandom::new();
        let mut config = server::Config::new([PrivateKey::from_pem(KEY).unwrap()]);
        change(&mut config);
        let server = server::Server::new(now(), config, &mut rng);
        let state = State {
            server,
            rng,
            runs: BTreeMap::new(),
            bodies: Vec::new(),
            held: VecDeque::new(),
            dropped: 0,
            sessions: Vec::new(),
            cut_after: VecDeque::new(),
            connections: 0,
            reads: 0,
            wants_init: false,
            inited: Vec::new(),
            refuse: false,
            pipe: 64 << 10,
        };
        Self {
            state: Arc::new(Mutex::new(state)),
            notify: Arc::new(Notify::new()),
            cut: watch::Sender::new(0),
        }
    }

    pub fn public_key() -> PublicKey {
        PrivateKey::from_pem(KEY).unwrap().public().clone()
    }

    /// A client's configuration that goes with this server.
    pub fn config() -> Config {
        let mut config = Config::new([Self::public_key()]);
        config.unix = unix;
        config
    }

    pub fn lock(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap()
    }

    pub fn connector(&self) -> impl Connector + use<> {
        let peer = self.clone();
        move |_address| {
            let stream = peer.connect();
            async move { stream }
        }
    }

    pub fn connect(&self) -> io::Result<DuplexStream> {
        let mut state = self.lock();
        state.connections += 1;
        if state.refuse {
            return Err(io::ErrorKind::ConnectionRefused.into());
        }
        let (near, far) = tokio::io::duplex(state.pipe);
        let cut_after = state.cut_after.pop_front();
        drop(state);
        tokio::spawn(self.clone().serve(far, cut_after));
        Ok(near)
    }

    /// Cuts all connections that there are.
    pub fn cut(&self) {
        self.cut.send_modify(|cuts| *cuts += 1);
    }

    /// Forgets everything but keys, as a server that was just started.
    pub fn restart(&self) {
        self.cut();
        let mut state = self.lock();
        let keys: Vec<i64> = state.sessions.iter().map(|s| s.auth_key_id).collect();
        let keys: Vec<_> = keys
            .iter()
            .filter_map(|id| state.server.auth_key(now(), *id).cloned())
            .collect();
        let config = state.server.config().clone();
        let State { server, rng, .. } = &mut *state;
        *server = server::Server::new(now(), config, rng);
        for key in keys {
            server.add_key(key);
        }
        state.held.clear();
    }

    /// Answers what was held back.
    pub fn release(&self) {
        let mut state = self.lock();
        for (from, request, x) in std::mem::take(&mut state.held) {
            state
                .server
                .reply(now(), from, request, Ok(&x.to_le_bytes()));
        }
        drop(state);
        self.notify.notify_waiters();
    }

    /// Pushes to every session.
    pub fn push(&self, body: &[u8]) {
        let mut state = self.lock();
        for session in state.sessions.clone() {
            let _ = state.server.push(now(), session, body);
        }
        drop(state);
        self.notify.notify_waiters();
    }

    async fn serve(self, mut stream: DuplexStream, mut cut_after: Option<usize>) {
        let mut link = server::Connection::new(&mut self.lock().server);
        let mut cut = self.cut.subscribe();
        let mut bytes = vec![0; 8192];
        let mut out = Vec::new();
        loop {
            let woken = self.notify.notified();
            let due = {
                let mut state = self.lock();
                let State { server, rng, .. } = &mut *state;
                while link.poll_transmit(now(), server, rng, &mut out).unwrap() {}
                server.poll_timeout()
            };
            if let Some(left) = &mut cut_after {
                out.truncate(*left);
                *left -= out.len();
            }
            tokio::select! {
                written = stream.write_all(&out) => if written.is_err() { break },
                _ = cut.changed() => break,
            }
            out.clear();
            if cut_after == Some(0) {
                break;
            }
            let due = due.map_or(Duration::from_secs(3600), |due| {
                due.saturating_sub(now().monotonic)
            });
            let read = tokio::select! {
                read = stream.read(&mut bytes) => read.unwrap_or(0),
                () = woken => continue,
                () = tokio::time::sleep(due) => {
                    self.lock().server.handle_timeout(now());
                    self.notify.notify_waiters();
                    continue;
                }
                _ = cut.changed() => break,
            };
            if read == 0 || !self.take(&mut link, &bytes[..read]) {
                let _ = link.poll_transmit(
                    now(),
                    &mut self.lock().server,
                    &mut SystemRandom::new(),
                    &mut out,
                );
                let _ = stream.write_all(&out).await;
                break;
            }
            self.notify.notify_waiters();
        }
        self.lock().server.close_link(now(), link.id());
    }

    fn take(&self, link: &mut server::Connection, bytes: &[u8]) -> bool {
        let mut state = self.lock();
        state.reads += 1;
        let State { server, rng, .. } = &mut *state;
        let taken = link.handle_bytes(now(), server, bytes, rng);
        let mut requests = Vec::new();
        let mut dropped = 0;
        while let Some(event) = server.poll_event(now()) {
            match event {
                server::Event::Request {
                    from,
                    request,
                    body,
                    ..
                } => requests.push((from, request, body.to_vec())),
                server::Event::Dropped { .. } => dropped += 1,
                _ => {}
            }
        }
        state.dropped += dropped;
        for (from, request, body) in requests {
            state.answer(from, request, body);
        }
        taken.is_ok()
    }
}

impl State {
    fn answer(&mut self, from: SessionRef, request: RequestId, body: Vec<u8>) {
        if !self.sessions.contains(&from) {
            self.sessions.push(from);
        }
        let innermost = wrappers::innermost(&body, 1 << 20).unwrap().into_owned();
        let is_wrapped =
            innermost.len() < body.len() && !body.starts_with(&[0xa1, 0xcf, 0x72, 0x30]);
        self.bodies.push(body);
        if is_wrapped {
            self.inited.push(from);
        } else if self.wants_init && !self.inited.contains(&from) {
            let error = RpcError::new(400, "CONNECTION_NOT_INITED");
            self.server.reply(now(), from, request, Err(&error));
            return;
        }
        let word = |at: usize| innermost[at..at + 4].try_into().unwrap();
        let (id, x) = (u32::from_le_bytes(word(0)), i32::from_le_bytes(word(4)));
        *self.runs.entry((id, x)).or_default() += 1;
        let result = match id {
            Square::ID => Ok(x.wrapping_mul(x).to_le_bytes().to_vec()),
            Hold::ID => {
                self.held.push_back((from, request, x));
                return;
            }
            Fail::ID => Err(RpcError::new(420, format!("FLOOD_WAIT_{x}"))),
            Push::ID => {
                for i in 0..x {
                    let _ = self.server.push(now(), from, &i.to_le_bytes());
                }
                Ok(x.to_le_bytes().to_vec())
            }
            Confuse::ID => Ok(b"too long".to_vec()),
            _ => Err(RpcError::new(400, "METHOD_INVALID")),
        };
        let result = result.as_ref().map(|bytes| &bytes[..]);
        self.server.reply(now(), from, request, result);
    }

    pub fn forget_inits(&mut self) {
        self.inited.clear();
    }

    /// How often requests were run, the most of any.
    pub fn most_runs(&self) -> u32 {
        self.runs.values().copied().max().unwrap_or(0)
    }
}
