//! One connection: its task.

use core::future::{Future, poll_fn};
use core::pin::Pin;
use core::task::{Context, Poll};
use core::time::Duration;
use std::io::ErrorKind;
use std::net::SocketAddr;
use std::sync::Arc;

use tokio::io::AsyncWrite;
use tokio::net::TcpStream;
use tokio::time::{Instant, Sleep};

use super::exchange::Step;
use super::limits::{Admission, Origin, Partial};
use super::metrics::{Closed, Refused};
use super::random::ThreadRandom;
use super::scratch;
use super::shared::{Phase, Shared, Wakeup, lock};
use crate::connection::Error;
use crate::connection::server::{Connection, LinkId, Received};
use crate::crypto::AuthKey;
use crate::crypto::packet::{Header, Message, QuickAck};
use crate::net::later;
use crate::transport::Status;

/// How much is read at a time: at first, and from who sends much.
const SHORT_READ: usize = 8 << 10;
const LONG_READ: usize = 64 << 10;
/// How long a connection that is over has to take the last words.
const LAST_WORDS: Duration = Duration::from_secs(2);
/// On how many keys one connection may speak.
const MAX_KEYS: usize = 16;

/// Polite words for who speaks HTTP: `POST /api` and WebSocket are not served.
const NOT_HTTP: &[u8] =
    b"HTTP/1.1 501 Not Implemented\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
/// A fatal alert, handshake_failure.
const NOT_TLS: &[u8] = &[0x15, 0x03, 0x01, 0x00, 0x02, 0x02, 0x28];

pub(super) struct Link {
    shared: Arc<Shared>,
    stream: TcpStream,
    peer: SocketAddr,
    origin: Origin,
    admission: Admission,
    connection: Connection,
    wakeup: Arc<Wakeup>,
    /// The key of the last packet.
    key: Option<AuthKey>,
    /// All keys that were used here.
    used: Vec<i64>,
    /// Has room of its own only while the socket does not take it.
    out: Vec<u8>,
    /// How much of `out` the socket has taken.
    taken: usize,
    /// How much it has taken in all.
    written: usize,
    reads_long: bool,
    /// What is counted of a packet that is arriving.
    partial: Partial,
    clock: Clock,
}

/// What waits for what.
struct Clock {
    /// Rings at the earliest time-out, or before it.
    sleep: Pin<Box<Sleep>>,
    /// When something was last received.
    heard_at: Instant,
    /// A packet is incomplete.
    partial: Option<Window>,
    /// No packet has been complete yet.
    is_first: bool,
    /// The socket is full.
    stuck: Option<Window>,
}

/// A time in which something has to move on.
#[derive(Clone, Copy)]
struct Window {
    since: Instant,
    /// How many bytes had moved when it began.
    from: usize,
}

enum Ready {
    Woken,
    Readable,
    Writable,
    Tick,
}

/// What has been taken.
enum Taken {
    Nothing,
    /// A packet of a key that is not known; its client has been told.
    Unknown,
    Plain(Vec<u8>),
    Message,
    Ahead(Box<Ahead>),
}

/// A message of a client whose clock is ahead.
struct Ahead {
    auth_key_id: i64,
    /// Whether the key was not used on this connection yet.
    is_unused: bool,
    header: Header,
    body: Vec<u8>,
    token: Option<QuickAck>,
}

impl Link {
    pub(super) fn new(
        shared: Arc<Shared>,
        stream: TcpStream,
        peer: SocketAddr,
        origin: Origin,
        admission: Admission,
    ) -> Self {
        let wakeup = Arc::new(Wakeup::default());
        let connection = {
            let mut core = shared.lock();
            let connection = Connection::new(&mut core.server);
            core.add_link(connection.id(), peer, wakeup.clone());
            connection
        };
        if shared.phase() != Phase::Serving {
            // It came while the server went down, and may have been too late to be told.
            wakeup.wake();
        }
        let now = Instant::now();
        let clock = Clock {
            sleep: Box::pin(tokio::time::sleep(shared.config.timeouts.first_packet)),
            heard_at: now,
            partial: Some(Window {
                since: now,
                from: 0,
            }),
            is_first: true,
            stuck: None,
        };
        Self {
            shared,
            stream,
            peer,
            origin,
            admission,
            connection,
            wakeup,
            key: None,
            used: Vec::new(),
            out: Vec::new(),
            taken: 0,
            written: 0,
            reads_long: false,
            partial: Partial::default(),
            clock,
        }
    }

    /// In a box, since a future would have room for it twice.
    pub(super) fn run(self) -> impl Future<Output = ()> + Send {
        Box::new(self).work()
    }

    async fn work(mut self: Box<Self>) {
        self.shared.metrics.opened(self.peer);
        let why = loop {
            if let Err(why) = self.turn().await {
                break why;
            }
        };
        self.connection.take_pending(&mut self.out);
        if let Closed::Protocol(Error::OtherProtocol) = &why {
            let is_tls = self.connection.seen().first() == Some(&0x16);
            self.out
                .extend_from_slice(if is_tls { NOT_TLS } else { NOT_HTTP });
        }
        // What is rare has no room in the future of every connection.
        Box::pin(self.say_last_words(&why)).await;
        tracing::debug!(peer = %self.peer, ?why, "a connection is closed");
        self.shared.metrics.closed(self.peer, &why);
    }

    async fn turn(&mut self) -> Result<(), Closed> {
        match poll_fn(|cx| self.poll_ready(cx)).await {
            Ready::Woken => {
                if self.shared.phase() == Phase::Over {
                    return Err(Closed::Drained);
                }
                self.fill()?;
                self.write()?;
                let is_done = self.out.is_empty() && self.shared.phase() == Phase::Closing;
                if is_done {
                    return Err(Closed::Drained);
                }
            }
            Ready::Writable => {
                self.write()?;
                if self.out.is_empty() {
                    // What was held back, and whether it is time to close.
                    self.wakeup.wake();
                }
            }
            Ready::Readable => self.read().await?,
            Ready::Tick => self.check_time()?,
        }
        Ok(())
    }

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Ready> {
        if self.wakeup.poll(cx).is_ready() {
            return Poll::Ready(Ready::Woken);
        }
        if !self.out.is_empty() && self.stream.poll_write_ready(cx).is_ready() {
            return Poll::Ready(Ready::Writable);
        }
        // Who does not take answers can't ask for more.
        let has_room = self.out.len() - self.taken < self.shared.config.limits.write_buffer;
        if has_room
            && !self.wakeup.is_held()
            && self.shared.phase() == Phase::Serving
            && self.stream.poll_read_ready(cx).is_ready()
        {
            return Poll::Ready(Ready::Readable);
        }
        self.clock.sleep.as_mut().poll(cx).map(|()| Ready::Tick)
    }

    async fn read(&mut self) -> Result<(), Closed> {
        let mut buffer = scratch::take();
        buffer.resize(
            match self.reads_long {
                true => LONG_READ,
                false => SHORT_READ,
            },
            0,
        );
        let count = match self.stream.try_read(&mut buffer) {
            Ok(0) => return Err(Closed::Peer),
            Ok(count) => count,
            Err(error) if is_transient(error.kind()) => return Ok(()),
            Err(error) => return Err(Closed::Io(error.kind())),
        };
        self.reads_long = count == buffer.len();
        let now = Instant::now();
        self.clock.heard_at = now;
        let is_whole = self
            .take(&buffer[..count])
            .await
            .map_err(Closed::Protocol)?;
        scratch::give(buffer);
        let partial = self.connection.partial();
        self.clock.is_first &= !is_whole;
        if is_whole {
            self.clock.partial = None;
        }
        if partial > 0 && self.clock.partial.is_none() {
            self.clock.partial = Some(Window {
                since: now,
                from: 0,
            });
        }
        self.connection.shrink_to(0);
        self.count(partial).map_err(Closed::Protocol)?;
        self.fill()?;
        self.write()?;
        self.arm();
        Ok(())
    }

    /// Counts what there is of a packet: all connections have so much together.
    fn count(&mut self, partial: usize) -> Result<(), Error> {
        let before = self.partial;
        let now = Partial::new(partial, !self.used.is_empty());
        if now == before {
            return Ok(());
        }
        self.partial = Partial::default();
        let limits = &self.shared.config.limits;
        if !lock(&self.shared.origins).partial(self.origin, before, now, limits) {
            self.shared.metrics.refused(Refused::Packet);
            return Err(self.refuse(Status::Flood));
        }
        self.partial = now;
        Ok(())
    }

    /// Takes what has come; whether a packet has become complete. What is waited for is boxed: it is
    /// rare, and would have room in the future of every connection.
    async fn take(&mut self, mut bytes: &[u8]) -> Result<bool, Error> {
        self.detect(&mut bytes)?;
        let mut is_whole = false;
        while self.shared.phase() == Phase::Serving {
            // Answers that are there at once are given here, one packet after the other: others of
            // this thread have their turn in between.
            tokio::task::consume_budget().await;
            match self.take_one(&mut bytes)? {
                Taken::Nothing => break,
                Taken::Unknown => continue,
                Taken::Plain(body) => Box::pin(self.take_plain(body)).await?,
                Taken::Ahead(ahead) => Box::pin(self.take_ahead(*ahead)).await?,
                Taken::Message => {}
            }
            is_whole = true;
        }
        Ok(is_whole)
    }

    fn take_one(&mut self, bytes: &mut &[u8]) -> Result<Taken, Error> {
        let link = self.connection.id();
        let locked = match self.connection.receive(bytes)? {
            None => return Ok(Taken::Nothing),
            Some(Received::Plain(body)) => return Ok(Taken::Plain(body)),
            Some(Received::Locked(_)) if self.admission != Admission::Welcome => {
                return Err(self.refuse(Status::Flood));
            }
            Some(Received::Locked(locked)) => locked,
        };
        let auth_key_id = locked.auth_key_id;
        if self.key.as_ref().is_none_or(|key| key.id() != auth_key_id) {
            let now = self.shared.now();
            let core = self.shared.lock();
            self.key = core.server.auth_key(now, auth_key_id).cloned();
        }
        let Some(key) = &self.key else {
            self.connection.refuse(&mut ThreadRandom)?;
            return Ok(Taken::Unknown);
        };
        let wants_quick_ack = locked.quick_ack;
        let provider = &self.shared.config.core.handshake.provider;
        let plaintext = locked.open(provider, key)?;
        let token = wants_quick_ack.then(|| plaintext.quick_ack());
        let message = plaintext.message()?;
        let is_unused = !self.used.contains(&auth_key_id);
        if is_unused {
            let most = self.shared.config.limits.connections_per_key;
            if self.used.len() >= MAX_KEYS || !self.shared.lock().may_use_key(auth_key_id, most) {
                self.shared.metrics.refused(Refused::KeyConnection);
                return Err(self.refuse(Status::Flood));
            }
        }
        if needs_mark(&self.shared, auth_key_id, message.header.msg_id) {
            return Ok(Taken::Ahead(Box::new(Ahead {
                auth_key_id,
                is_unused,
                header: message.header,
                body: message.body.to_vec(),
                token,
            })));
        }
        let result = handle(&self.shared, link, auth_key_id, is_unused, &message);
        self.handled(result, auth_key_id, is_unused, token)?;
        Ok(Taken::Message)
    }

    async fn take_ahead(&mut self, ahead: Ahead) -> Result<(), Error> {
        let msg_id = ahead.header.msg_id;
        if !mark(&self.shared, ahead.auth_key_id, msg_id).await {
            return Err(self.refuse(Status::Flood));
        }
        let message = Message {
            header: ahead.header,
            body: &ahead.body,
        };
        let link = self.connection.id();
        let (auth_key_id, is_unused) = (ahead.auth_key_id, ahead.is_unused);
        let result = handle(&self.shared, link, auth_key_id, is_unused, &message);
        self.handled(result, auth_key_id, is_unused, ahead.token)
    }

    fn handled(
        &mut self,
        result: Result<bool, Error>,
        auth_key_id: i64,
        is_unused: bool,
        token: Option<QuickAck>,
    ) -> Result<(), Error> {
        match result {
            Ok(is_taken) => {
                if is_unused && is_taken {
                    self.used.push(auth_key_id);
                }
                self.quick_ack(token)
            }
            Err(Error::Status(status)) => Err(self.refuse(status)),
            Err(error) => Err(error),
        }
    }

    fn quick_ack(&mut self, token: Option<QuickAck>) -> Result<(), Error> {
        match token {
            Some(token) => self.connection.send_quick_ack(token, &mut ThreadRandom),
            None => Ok(()),
        }
    }

    fn detect(&mut self, bytes: &mut &[u8]) -> Result<(), Error> {
        if self.connection.transport().is_some() {
            return Ok(());
        }
        if self.shared.config.core.detector.secrets.is_empty() {
            self.connection.detect(bytes, None)?;
        } else {
            let mut core = self.shared.lock();
            let replays = core.server.replays();
            self.connection.detect(bytes, Some(replays))?;
        }
        match self.connection.transport() {
            Some(_) if self.admission != Admission::Welcome => Err(self.refuse(Status::Flood)),
            _ => Ok(()),
        }
    }

    async fn take_plain(&mut self, body: Vec<u8>) -> Result<(), Error> {
        let shared = &self.shared;
        let now = shared.now();
        let limits = &shared.config.limits;
        if !lock(&shared.origins).handshake(self.origin, now.monotonic, limits) {
            shared.metrics.refused(Refused::Handshake);
            return Err(self.refuse(Status::Flood));
        }
        let step = shared.exchanges.step(shared, self.origin, body).await;
        match step {
            Step::Busy => {
                shared.metrics.refused(Refused::Handshake);
                Err(self.refuse(Status::Flood))
            }
            Step::Done(result) => {
                let now = shared.now();
                let mut rng = ThreadRandom;
                self.connection
                    .answer_plain(now, result, &mut rng)
                    .map(|_| ())
            }
        }
    }

    /// Makes packets as long as there is room for their bytes.
    fn fill(&mut self) -> Result<(), Closed> {
        let config = &self.shared.config;
        let link = self.connection.id();
        let mut rng = ThreadRandom;
        if self.connection.transport().is_none() {
            return Ok(());
        }
        if self.out.capacity() == 0 {
            self.out = scratch::take();
        }
        self.connection.take_pending(&mut self.out);
        let mut packet = scratch::take();
        let mut has_sent = false;
        while self.out.len() - self.taken < config.limits.write_buffer {
            packet.clear();
            let now = self.shared.now();
            let polled = {
                let mut core = self.shared.lock();
                if core.server.wants_close(link) {
                    return Err(Closed::Protocol(Error::Disconnect));
                }
                let polled = core.server.poll_packet(now, link, &mut packet);
                if let Some((session, _)) = &polled {
                    let id = session.auth_key_id;
                    if self.key.as_ref().is_none_or(|key| key.id() != id) {
                        self.key = core.server.sending_key(id).cloned();
                    }
                }
                polled
            };
            let (Some(_), Some(key)) = (polled, &self.key) else {
                break;
            };
            let provider = &config.core.handshake.provider;
            let padding = config.core.padding;
            self.connection
                .send(provider, key, padding, &mut packet, &mut rng, &mut self.out)
                .map_err(Closed::Protocol)?;
            has_sent = true;
        }
        if has_sent {
            // What was sent may have to be sent again: the clock has to know.
            self.shared.act(|_, _| ());
        }
        scratch::give(packet);
        Ok(())
    }

    /// Gives the socket what it takes.
    fn write(&mut self) -> Result<(), Closed> {
        while self.taken < self.out.len() {
            match self.stream.try_write(&self.out[self.taken..]) {
                Ok(count) => {
                    self.taken += count;
                    self.written = self.written.wrapping_add(count);
                }
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) if error.kind() == ErrorKind::WouldBlock => {
                    if self.clock.stuck.is_none() {
                        self.clock.stuck = Some(Window {
                            since: Instant::now(),
                            from: self.written,
                        });
                        self.arm();
                    }
                    if self.taken > LONG_READ {
                        self.out.drain(..self.taken);
                        self.taken = 0;
                    }
                    return Ok(());
                }
                Err(error) => return Err(Closed::Io(error.kind())),
            }
        }
        self.clock.stuck = None;
        scratch::give(core::mem::take(&mut self.out));
        self.taken = 0;
        Ok(())
    }

    /// The time-outs that are running, with what they mean.
    fn due(&self) -> [Option<(Instant, Closed)>; 3] {
        let timeouts = &self.shared.config.timeouts;
        let clock = &self.clock;
        let patience = match clock.is_first {
            true => timeouts.first_packet,
            false => timeouts.stuck,
        };
        let silence = match self.used.is_empty() {
            true => timeouts.silent,
            false => timeouts.idle,
        };
        let (partial, stuck) = (clock.partial, clock.stuck);
        [
            partial.map(|window| (later(window.since, patience), Closed::SlowSender)),
            stuck.map(|window| (later(window.since, timeouts.stuck), Closed::SlowReceiver)),
            Some((later(clock.heard_at, silence), Closed::Idle)),
        ]
    }

    /// Gives more time to what is slow but moves on.
    fn extend(&mut self, now: Instant) {
        let timeouts = &self.shared.config.timeouts;
        let enough = timeouts.stuck.as_millis() * u128::from(timeouts.slowest) / 1000;
        let enough = usize::try_from(enough).unwrap_or(usize::MAX).max(1);
        let moved = [self.connection.partial(), self.written];
        let windows = [&mut self.clock.partial, &mut self.clock.stuck];
        for (window, moved) in windows.into_iter().zip(moved) {
            if let Some(window) = window
                && later(window.since, timeouts.stuck) <= now
                && moved.wrapping_sub(window.from) >= enough
            {
                *window = Window {
                    since: now,
                    from: moved,
                };
            }
        }
    }

    /// Sees to it that the clock rings in time. It may ring before.
    fn arm(&mut self) {
        let due = self.due().into_iter().flatten().map(|(at, _)| at).min();
        if let Some(due) = due
            && due < self.clock.sleep.deadline()
        {
            self.clock.sleep.as_mut().reset(due);
        }
    }

    fn check_time(&mut self) -> Result<(), Closed> {
        let now = Instant::now();
        self.extend(now);
        let mut next = None;
        for (at, why) in self.due().into_iter().flatten() {
            if at <= now {
                return Err(why);
            }
            next = Some(next.map_or(at, |next: Instant| next.min(at)));
        }
        if let Some(next) = next {
            self.clock.sleep.as_mut().reset(next);
        }
        Ok(())
    }

    /// The last thing that the client hears.
    fn refuse(&mut self, status: Status) -> Error {
        // If that fails, the client does not take it.
        let _ = self.connection.send_status(status, &mut ThreadRandom);
        Error::Status(status)
    }

    async fn say_last_words(&mut self, why: &Closed) {
        let speaks = matches!(why, Closed::Protocol(_) | Closed::Drained);
        if !speaks
            || self.shared.phase() == Phase::Over
            || (self.out.is_empty() && !matches!(why, Closed::Drained))
        {
            return;
        }
        let deadline = Instant::now() + LAST_WORDS;
        self.clock.sleep.as_mut().reset(deadline);
        // If what the client has sent meanwhile is not read, the system tells it that the connection
        // is broken, and it may never see the last words.
        let mut discarded = [0; 1024];
        let mut left: usize = 1 << 20;
        let mut is_shut = false;
        poll_fn(|cx| {
            while !self.out.is_empty() {
                if self.stream.poll_write_ready(cx).is_pending() {
                    break;
                }
                if self.write().is_err() {
                    return Poll::Ready(());
                }
            }
            if self.out.is_empty() && !is_shut {
                is_shut = Pin::new(&mut self.stream).poll_shutdown(cx).is_ready();
            }
            while self.stream.poll_read_ready(cx).is_ready() {
                match self.stream.try_read(&mut discarded) {
                    Ok(0) => return Poll::Ready(()),
                    Ok(count) if count < left => left -= count,
                    Err(error) if is_transient(error.kind()) => {}
                    _ => return Poll::Ready(()),
                }
            }
            self.clock.sleep.as_mut().poll(cx)
        })
        .await;
    }
}

impl Drop for Link {
    fn drop(&mut self) {
        let link = self.connection.id();
        let used = core::mem::take(&mut self.used);
        self.shared
            .act(|core, now| core.remove_link(now, link, &used));
        let mut origins = lock(&self.shared.origins);
        let (has, limits) = (self.partial, &self.shared.config.limits);
        origins.partial(self.origin, has, Partial::default(), limits);
        origins.leave(self.origin, self.admission);
        drop(origins);
        self.shared.ended.notify_waiters();
    }
}

fn handle(
    shared: &Arc<Shared>,
    link: LinkId,
    auth_key_id: i64,
    is_unused: bool,
    message: &Message<'_>,
) -> Result<bool, Error> {
    let mut rng = ThreadRandom;
    shared.act_here(|core, now| {
        if core.is_closed() {
            return Err(Error::Disconnect);
        }
        let server = &mut core.server;
        let taken = server.handle_message(now, link, auth_key_id, message, &mut rng);
        // Anybody can send again what somebody else has said.
        if is_unused && taken == Ok(true) {
            core.use_key(auth_key_id);
        }
        taken
    })
}

/// Whether it has to be kept that such a message may have been received.
fn needs_mark(shared: &Shared, auth_key_id: i64, msg_id: i64) -> bool {
    let keys = shared.keys.as_ref();
    // A temporary key does not outlive the server.
    keys.is_some_and(|keys| keys.needs_mark(shared.now(), auth_key_id, msg_id))
        && shared.lock().server.is_permanent(auth_key_id)
}

/// Waits until it is kept; false if it can't be.
async fn mark(shared: &Arc<Shared>, auth_key_id: i64, msg_id: i64) -> bool {
    let shared = shared.clone();
    // They would only wait for each other on as many threads.
    let Ok(permit) = shared.marking.clone().acquire_owned().await else {
        return false;
    };
    let marked = tokio::task::spawn_blocking(move || {
        let _permit = permit;
        match &shared.keys {
            Some(keys) => keys.mark(auth_key_id, msg_id),
            None => Ok(()),
        }
    });
    match marked.await {
        Ok(Ok(())) => true,
        Ok(Err(error)) => {
            tracing::error!(%error, "a mark can't be kept");
            false
        }
        Err(_) => false,
    }
}

fn is_transient(kind: ErrorKind) -> bool {
    matches!(kind, ErrorKind::WouldBlock | ErrorKind::Interrupted)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn size_of_output<A, F>(_: impl Fn(A) -> F) -> usize {
        size_of::<F>()
    }

    /// What every connection has, idle or not.
    #[test]
    fn a_connection_is_small() {
        let (task, state) = (size_of_output(Link::run), size_of::<Link>());
        assert!(task <= 256 && state <= 512, "{task} and {state} bytes");
    }
}
