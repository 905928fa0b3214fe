//! The task behind a client: one network connection at a time, and the session that outlives it.

use core::future::Future;
use core::pin::{Pin, pin};
use core::task::{Context, Poll};
use core::time::Duration;
use std::sync::Arc;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::sync::oneshot;
use tokio::time::{Instant, Sleep};

use super::calls::Calls;
use super::shared::{Command, Shared};
use super::updates::Update;
use super::{Config, Connector, Ended, Error, LinkError, State, lock};
use crate::Now;
use crate::connection::client::{Connection, Event};
use crate::crypto::random::SystemRandom;
use crate::net::later;
use crate::session::client::Event as SessionEvent;
use crate::store::{self, StoredKey};

/// Bytes that are read at a time.
const READ: usize = 16 << 10;
/// No more packets are made while so many bytes wait for the socket.
const HIGH: usize = 128 << 10;
/// A larger buffer is given back when it is empty.
const KEPT: usize = 16 << 10;
/// Rounds in which everything may be done before others get their turn.
const ROUNDS: usize = 16;

pub(super) struct Driver<C> {
    connector: C,
    core: Core,
}

/// Everything but the network connection.
struct Core {
    config: Config,
    shared: Arc<Shared>,
    connection: Connection,
    rng: SystemRandom,
    start: Instant,
    calls: Calls,
    /// Keeps its room between turns.
    commands: Vec<Command>,
    pings: Vec<oneshot::Sender<Duration>>,
    salts: Vec<oneshot::Sender<usize>>,
    /// Wakes the driver when something is due.
    sleep: Pin<Box<Sleep>>,
    sleep_at: Instant,
    /// A key that has to be kept before anything else happens.
    unsaved: Option<StoredKey>,
    /// Another network connection is wanted.
    reconnect: bool,
    /// No calls are taken any more; when those under way are given up.
    closing: Option<Instant>,
    ended: Option<Ended>,
    failures: u32,
    refusals: u32,
    last: Option<LinkError>,
    is_ready: bool,
}

/// Why the work on a network connection pauses or ends.
enum Pause {
    /// There is a key to be kept.
    Save,
    Lost(LinkError),
    /// By the program's wish.
    Reconnect,
    Ended(Ended),
}

/// What has become of something that was waited for.
enum Wait<T> {
    Done(T),
    Reconnect,
    Ended(Ended),
}

/// Bytes for the socket.
#[derive(Default)]
struct Out {
    bytes: Vec<u8>,
    written: usize,
    unflushed: bool,
}

impl<C: Connector> Driver<C> {
    pub(super) fn new(mut config: Config, connector: C, shared: Arc<Shared>) -> Self {
        let mut rng = SystemRandom::new();
        let start = Instant::now();
        // Its own limits are behind those of the handles.
        let session = &mut config.connection.session;
        session.max_calls = session
            .max_calls
            .max(config.max_calls.saturating_mul(2).saturating_add(64));
        session.max_bytes = session.max_bytes.max(
            config
                .max_bytes
                .saturating_mul(2)
                .saturating_add(session.max_request),
        );
        let prefix = config.init.as_ref().and_then(|init| init.prefix().ok());
        let connection = Connection::new(config.connection.clone(), &mut rng);
        let core = Core {
            config,
            shared,
            connection,
            rng,
            start,
            calls: Calls::new(prefix),
            commands: Vec::new(),
            pings: Vec::new(),
            salts: Vec::new(),
            sleep: Box::pin(tokio::time::sleep_until(start)),
            sleep_at: start,
            unsaved: None,
            reconnect: false,
            closing: None,
            ended: None,
            failures: 0,
            refusals: 0,
            last: None,
            is_ready: false,
        };
        Self { connector, core }
    }

    /// Until the client ends. In a box, since a future would have room for it twice.
    pub(super) fn run(self) -> impl Future<Output = ()> + Send {
        Box::new(self).work()
    }

    async fn work(mut self: Box<Self>) {
        let ended = match self.core.load().await {
            Ok(()) => self.link_after_link().await,
            Err(ended) => ended,
        };
        tracing::info!(reason = %ended, "ended");
        self.core.keep_state(&ended).await;
        self.core.ended = Some(ended);
        // What is left to do is what dropping does.
    }

    async fn link_after_link(&mut self) -> Ended {
        let mut address = 0;
        loop {
            let addresses = self.connector.addresses().max(1);
            address %= addresses;
            let stream = match self.connect(address).await {
                Wait::Done(Ok(stream)) => stream,
                Wait::Done(Err(error)) => {
                    if let Some(ended) = self.core.lost(error) {
                        return ended;
                    }
                    address += 1;
                    if let Some(ended) = self.back_off(addresses).await {
                        return ended;
                    }
                    continue;
                }
                // There is no other yet.
                Wait::Reconnect => continue,
                Wait::Ended(ended) => return ended,
            };
            match self.core.drive(stream).await {
                Pause::Lost(error) => {
                    if !self.core.is_ready {
                        address += 1;
                    }
                    if let Some(ended) = self.core.lost(error) {
                        return ended;
                    }
                    if let Some(ended) = self.back_off(addresses).await {
                        return ended;
                    }
                }
                Pause::Ended(ended) => return ended,
                Pause::Reconnect | Pause::Save => self.core.unlink(),
            }
        }
    }

    async fn connect(&mut self, address: usize) -> Wait<Result<C::Stream, LinkError>> {
        tracing::debug!(address, "connecting");
        let after = self.core.config.connect_timeout;
        let attempt = tokio::time::timeout(after, self.connector.connect(address));
        let attempt = async {
            match attempt.await {
                Ok(stream) => stream.map_err(LinkError::from),
                Err(_) => Err(LinkError::Connect { after }),
            }
        };
        self.core.wait(attempt).await
    }

    /// `None`: it is time to connect again.
    async fn back_off(&mut self, addresses: usize) -> Option<Ended> {
        let core = &mut self.core;
        let flooded = core.last.as_ref().is_some_and(LinkError::is_flood);
        let wait = core
            .config
            .backoff
            .wait(core.failures, addresses, flooded, &mut core.rng);
        if wait.is_zero() {
            return None;
        }
        tracing::debug!(?wait, failures = core.failures, "backing off");
        match core.wait(tokio::time::sleep(wait)).await {
            Wait::Done(()) | Wait::Reconnect => None,
            Wait::Ended(ended) => Some(ended),
        }
    }
}

impl Core {
    fn now(&self) -> Now {
        Now {
            monotonic: self.start.elapsed(),
            unix: (self.config.unix)(),
        }
    }

    /// Begins with the key that was kept, if there is one.
    async fn load(&mut self) -> Result<(), Ended> {
        let mut key = self.config.key.take();
        let dc = self.config.connection.handshake.dc;
        if let (None, Some(store)) = (&key, self.config.store.clone()) {
            let find = move || -> Result<Option<StoredKey>, store::Error> {
                let store = lock(&store);
                if let Some(dc) = dc {
                    return store.key_for(dc);
                }
                let mut newest: Option<StoredKey> = None;
                for id in store.key_ids()? {
                    let key = store.key(id)?;
                    let at = |key: &Option<StoredKey>| key.as_ref().map(|key| key.created_at);
                    if at(&key) > at(&newest) {
                        newest = key;
                    }
                }
                Ok(newest)
            };
            match tokio::task::spawn_blocking(find).await {
                Ok(found) => key = found.map_err(broken)?,
                Err(_) => return Err(Ended::Gone),
            }
        }
        if let Some(key) = key {
            tracing::debug!("there is a key");
            *lock(&self.shared.key) = Some(key.clone());
            // Nothing was told to the other one yet.
            let settings = self.config.connection.clone();
            self.connection = Connection::with_key(settings, key, &mut self.rng);
        }
        Ok(())
    }

    /// Keeps a new key before anything is said that hangs on it.
    async fn save(&mut self, key: StoredKey) -> Result<(), Ended> {
        *lock(&self.shared.key) = Some(key.clone());
        let Some(store) = self.config.store.clone() else {
            return Ok(());
        };
        let save = move || lock(&store).save_key(&key);
        match tokio::task::spawn_blocking(save).await {
            Ok(saved) => saved.map_err(broken),
            Err(_) => Err(Ended::Gone),
        }
    }

    /// At the end: the salt and the clock, or that the key is of no use any more.
    async fn keep_state(&mut self, ended: &Ended) {
        let Some(mut key) = lock(&self.shared.key).clone() else {
            return;
        };
        let lost = matches!(ended, Ended::KeyLost);
        key.salt = self.connection.salt();
        key.clock_offset = self.connection.clock_offset().unwrap_or(key.clock_offset);
        let before = core::mem::replace(&mut *lock(&self.shared.key), (!lost).then(|| key.clone()));
        let Some(store) = self.config.store.clone() else {
            return;
        };
        if !lost && (matches!(ended, Ended::Store(_)) || before.as_ref() == Some(&key)) {
            return;
        }
        let keep = move || {
            let mut store = lock(&store);
            match lost {
                true => store.remove_key(key.auth_key.id()).map(|_| ()),
                false => store.save_key(&key),
            }
        };
        if let Ok(Err(error)) = tokio::task::spawn_blocking(keep).await {
            tracing::warn!(%error, "the key's state could not be kept");
        }
    }

    /// A network connection was lost, or did not come about.
    fn lost(&mut self, error: LinkError) -> Option<Ended> {
        if self.is_ready {
            tracing::info!(%error, "connection lost");
        } else {
            tracing::debug!(%error, "no connection");
            self.failures = self.failures.saturating_add(1);
        }
        self.unlink();
        if error.is_refusal() {
            self.refusals += 1;
            if self.refusals >= self.config.max_refusals.max(1) {
                return Some(Ended::Refused(error));
            }
        }
        self.last = Some(error);
        self.tell_state();
        None
    }

    fn unlink(&mut self) {
        self.connection.disconnect();
        self.is_ready = false;
        self.tell_state();
    }

    fn tell_state(&self) {
        self.shared.state.send_replace(State::Connecting {
            failures: self.failures,
            last: self.last.clone(),
        });
    }

    /// Whether the server has proved by now that it knows the key.
    fn notice_readiness(&mut self) {
        let is_ready = self.connection.is_ready() && self.connection.is_proven();
        // A key that is not yet kept is of no use.
        if !self.is_ready && is_ready && self.unsaved.is_none() {
            tracing::info!("ready");
            self.is_ready = true;
            self.failures = 0;
            self.refusals = 0;
            self.last = None;
            self.shared.state.send_replace(State::Ready);
            self.ask_again();
        }
    }

    /// Questions that are no calls went with the connection or the session that they were asked in.
    fn ask_again(&mut self) {
        let now = self.now();
        if !self.pings.is_empty() {
            self.connection.ping(now);
        }
        if !self.salts.is_empty() {
            self.connection.ask_for_salts(now);
        }
    }

    /// Waits for something that has nothing to do with the session, while that goes on.
    async fn wait<F: Future>(&mut self, future: F) -> Wait<F::Output> {
        let mut future = pin!(future);
        core::future::poll_fn(|cx| {
            if let Poll::Ready(output) = future.as_mut().poll(cx) {
                return Poll::Ready(Wait::Done(output));
            }
            // Without a network connection, time-outs have nothing to close.
            let _ = self.turn(cx, None);
            if let Some(ended) = self.ending(true) {
                return Poll::Ready(Wait::Ended(ended));
            }
            match core::mem::take(&mut self.reconnect) {
                true => Poll::Ready(Wait::Reconnect),
                false => Poll::Pending,
            }
        })
        .await
    }

    /// Works on a network connection until it is lost, or the client ends.
    async fn drive<S: AsyncRead + AsyncWrite + Unpin>(&mut self, mut stream: S) -> Pause {
        let dc = self.config.connection.handshake.dc;
        let transport = match self.config.wire.transport(dc, &mut self.rng) {
            Ok(transport) => transport,
            Err(error) => return Pause::Lost(LinkError::Protocol(error.into())),
        };
        self.reconnect = false;
        let now = self.now();
        self.connection.connect(now, transport, &mut self.rng);
        let after = self.config.handshake_timeout;
        let patience = Instant::now().checked_add(after);
        let mut out = Out::default();
        loop {
            let mut yielded = false;
            let pause = core::future::poll_fn(|cx| {
                // Whoever has just got an answer will ask for more: with them in one packet.
                if !yielded && self.calls.len() > 0 && self.shared.has_commands() {
                    yielded = true;
                    cx.waker().wake_by_ref();
                    return Poll::Pending;
                }
                yielded = false;
                self.poll_link(cx, &mut stream, &mut out, patience)
            });
            match pause.await {
                Pause::Save => {
                    if let Some(key) = self.unsaved.take()
                        && let Err(ended) = self.save(key).await
                    {
                        return Pause::Ended(ended);
                    }
                }
                Pause::Ended(ended) => {
                    let shutdown =
                        core::future::poll_fn(|cx| Pin::new(&mut stream).poll_shutdown(cx));
                    // A peer that is gone has no part in it.
                    let _ = tokio::time::timeout(self.config.close_timeout, shutdown).await;
                    return Pause::Ended(ended);
                }
                pause => return pause,
            }
        }
    }

    fn poll_link<S: AsyncRead + AsyncWrite + Unpin>(
        &mut self,
        cx: &mut Context<'_>,
        stream: &mut S,
        out: &mut Out,
        patience: Option<Instant>,
    ) -> Poll<Pause> {
        for _ in 0..ROUNDS {
            let patience = patience.filter(|_| !self.is_ready);
            if let Err(error) = self.turn(cx, patience) {
                return Poll::Ready(Pause::Lost(error));
            }
            if self.unsaved.is_some() {
                return Poll::Ready(Pause::Save);
            }
            if core::mem::take(&mut self.reconnect) {
                return Poll::Ready(Pause::Reconnect);
            }
            let mut again = match self.write(cx, stream, out) {
                Ok(again) => again,
                Err(error) => return Poll::Ready(Pause::Lost(error)),
            };
            if let Some(ended) = self.ending(out.bytes.is_empty()) {
                return Poll::Ready(Pause::Ended(ended));
            }
            match self.read(cx, stream) {
                Ok(more) => again |= more,
                Err(error) => return Poll::Ready(Pause::Lost(error)),
            }
            if !again {
                return Poll::Pending;
            }
        }
        cx.waker().wake_by_ref();
        Poll::Pending
    }

    /// Takes what was told, and sees to what is due.
    fn turn(&mut self, cx: &mut Context<'_>, patience: Option<Instant>) -> Result<(), LinkError> {
        // In this order: the session gives the place of a call that is over to the next one.
        self.take_events();
        self.take_commands(cx);
        let mut result = Ok(());
        // What is done may make something else due at once, but not for ever.
        for _ in 0..4 {
            let now = self.now();
            let due = self.connection.poll_timeout(now);
            let due = due.and_then(|due| self.start.checked_add(due));
            let due = due.into_iter().chain(self.closing).chain(patience).min();
            let Some(due) = due else {
                return result;
            };
            if due != self.sleep_at {
                self.sleep_at = due;
                self.sleep.as_mut().reset(due);
            }
            if self.sleep.as_mut().poll(cx).is_pending() {
                return result;
            }
            // A timer that has gone off must not be asked again.
            self.sleep_at = self.start;
            let now = self.now();
            // First: it says more than that the server is silent, which the connection may find out at
            // the same moment.
            if patience.is_some_and(|at| at <= Instant::now()) {
                let after = self.config.handshake_timeout;
                return Err(LinkError::Handshake { after });
            }
            if let Err(error) = self.connection.handle_timeout(now, &mut self.rng) {
                result = Err(LinkError::Protocol(error));
            }
            self.take_events();
            if result.is_err() || self.closing.is_some_and(|at| at <= Instant::now()) {
                return result;
            }
        }
        cx.waker().wake_by_ref();
        result
    }

    fn take_commands(&mut self, cx: &Context<'_>) {
        let mut commands = core::mem::take(&mut self.commands);
        self.shared.take_commands(&mut commands, cx);
        if !commands.is_empty() {
            let now = self.now();
            for command in commands.drain(..) {
                self.obey(now, command);
            }
            commands.shrink_to(1024);
            self.calls.give_back(&self.shared);
        }
        self.commands = commands;
    }

    fn obey(&mut self, now: Now, command: Command) {
        match command {
            Command::Call(slot) => self.calls.make(now, slot, &mut self.connection),
            Command::Cancel(slot) => self.calls.cancel(&slot, &mut self.connection),
            Command::Ping(sender) => {
                self.pings.retain(|sender| !sender.is_closed());
                // Only the last ping is listened for: another one would put off whoever waits.
                if self.pings.is_empty() {
                    self.connection.ping(now);
                }
                self.pings.push(sender);
            }
            Command::Salts(sender) => {
                self.salts.retain(|sender| !sender.is_closed());
                self.connection.ask_for_salts(now);
                self.salts.push(sender);
            }
            Command::Reconnect => self.reconnect = true,
            Command::Close => {
                let at = later(Instant::now(), self.config.close_timeout);
                self.closing.get_or_insert(at);
            }
            Command::End(ended) => self.ended = Some(ended),
        }
    }

    /// Tells what has happened in the session.
    fn take_events(&mut self) {
        let now = self.now();
        let mut readers = None;
        let mut asks_again = false;
        while let Some(event) = self.connection.poll_event() {
            match event {
                Event::Session(event) => match event {
                    SessionEvent::Answer { call, body } => self.calls.finish(call, Ok(body)),
                    SessionEvent::Failed { call, error } => self.calls.finish(call, Err(error)),
                    SessionEvent::Update { body } => {
                        let readers = readers.get_or_insert_with(|| lock(&self.shared.readers));
                        readers.message(body);
                    }
                    SessionEvent::NewSession { .. } => {
                        self.calls.begin_epoch();
                        let readers = readers.get_or_insert_with(|| lock(&self.shared.readers));
                        readers.push(&Update::NewSession);
                    }
                    SessionEvent::Renewed { .. } => {
                        self.calls.begin_epoch();
                        asks_again = true;
                    }
                    SessionEvent::Pong { rtt, .. } => {
                        for sender in self.pings.drain(..) {
                            // Whoever has asked may have gone.
                            let _ = sender.send(rtt);
                        }
                    }
                    SessionEvent::Salts { count } => {
                        for sender in self.salts.drain(..) {
                            let _ = sender.send(count);
                        }
                    }
                    // What the client does not ask for.
                    SessionEvent::QuickAck { .. }
                    | SessionEvent::SessionDestroyed { .. }
                    | SessionEvent::KeyDestroyed { .. } => {}
                },
                Event::NewKey(key) => {
                    tracing::info!("there is a new key");
                    self.calls.begin_epoch();
                    self.unsaved = StoredKey::new(&key, now);
                }
                Event::Bound { .. } => {
                    tracing::debug!("there is a new temporary key");
                    self.calls.begin_epoch();
                }
                Event::KeyLost => self.ended = Some(Ended::KeyLost),
            }
        }
        drop(readers);
        self.calls.make_again(now, &mut self.connection);
        self.calls.give_back(&self.shared);
        if asks_again {
            self.ask_again();
        }
        self.notice_readiness();
    }

    /// Whether nothing is left to do.
    fn ending(&mut self, is_written: bool) -> Option<Ended> {
        if let Some(ended) = self.ended.take() {
            return Some(ended);
        }
        let closed = self
            .closing
            .is_some_and(|at| (is_written && self.calls.len() == 0) || at <= Instant::now());
        (closed || self.shared.is_orphaned()).then_some(Ended::Closed)
    }

    /// Makes packets and writes them. Whether there may be more.
    fn write<S: AsyncWrite + Unpin>(
        &mut self,
        cx: &mut Context<'_>,
        stream: &mut S,
        out: &mut Out,
    ) -> Result<bool, LinkError> {
        loop {
            let now = self.now();
            while out.bytes.len() - out.written < HIGH
                && self
                    .connection
                    .poll_transmit(now, &mut self.rng, &mut out.bytes)
                    .map_err(LinkError::Protocol)?
            {}
            if out.written == out.bytes.len() {
                break;
            }
            let Poll::Ready(written) =
                Pin::new(&mut *stream).poll_write(cx, &out.bytes[out.written..])
            else {
                return Ok(false);
            };
            out.written += match written? {
                0 => return Err(LinkError::Closed),
                written => written,
            };
            out.unflushed = true;
            if out.written == out.bytes.len() {
                out.bytes.clear();
                out.bytes.shrink_to(KEPT);
                out.written = 0;
            } else if out.written > HIGH {
                out.bytes.drain(..out.written);
                out.written = 0;
            }
        }
        if out.unflushed && Pin::new(stream).poll_flush(cx)?.is_ready() {
            out.unflushed = false;
        }
        Ok(false)
    }

    /// Reads once. Whether there may be more.
    fn read<S: AsyncRead + Unpin>(
        &mut self,
        cx: &mut Context<'_>,
        stream: &mut S,
    ) -> Result<bool, LinkError> {
        let mut bytes = [core::mem::MaybeUninit::uninit(); READ];
        let mut buffer = ReadBuf::uninit(&mut bytes);
        let Poll::Ready(read) = Pin::new(stream).poll_read(cx, &mut buffer) else {
            return Ok(false);
        };
        read?;
        if buffer.filled().is_empty() {
            return Err(LinkError::Closed);
        }
        let now = self.now();
        self.connection
            .handle_bytes(now, buffer.filled(), &mut self.rng)
            .map_err(LinkError::Protocol)?;
        Ok(true)
    }
}

/// However the driver goes, by its end, by a panic or with its runtime: nobody waits for ever.
impl Drop for Core {
    fn drop(&mut self) {
        let ended = self.ended.take().unwrap_or(Ended::Gone);
        let error = Error::Ended(ended.clone());
        for command in self.shared.end(&ended) {
            if let Command::Call(slot) = command {
                slot.finish(Err(error.clone()));
            }
        }
        self.calls.fail_all(&error);
        lock(&self.shared.readers).end();
        self.shared.state.send_replace(State::Ended(ended));
    }
}

fn broken(error: store::Error) -> Ended {
    Ended::Store(Arc::new(error))
}
