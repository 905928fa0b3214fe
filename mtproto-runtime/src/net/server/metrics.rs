//! What happens, for counters and graphs. Nothing in it is content.

use core::panic::AssertUnwindSafe;
use core::time::Duration;
use std::net::SocketAddr;
use std::panic::catch_unwind;

use crate::connection;

/// Is told what happens. All methods do nothing unless they are written; they are called from the
/// tasks that do the work, and should be quick. One that panics is reported to [`tracing`], and harms
/// nobody else.
///
/// ```
/// use std::sync::atomic::{AtomicU64, Ordering};
/// use mtproto_runtime::net::server::Metrics;
///
/// #[derive(Default)]
/// struct Requests(AtomicU64);
///
/// impl Metrics for Requests {
///     fn request(&self, _function: u32) {
///         self.0.fetch_add(1, Ordering::Relaxed);
///     }
/// }
/// ```
pub trait Metrics: Send + Sync + 'static {
    /// A connection was accepted.
    fn opened(&self, _peer: SocketAddr) {}

    /// A connection is gone.
    fn closed(&self, _peer: SocketAddr, _why: &Closed) {}

    /// A connection, a key exchange or a request was refused.
    fn refused(&self, _what: Refused) {}

    /// A key exchange has made a key.
    fn new_key(&self, _is_temporary: bool) {}

    /// A request is given to the handler. `function` is its constructor id.
    fn request(&self, _function: u32) {}

    /// It has been answered: after which time, and with which error code if with an error.
    fn answered(&self, _function: u32, _after: Duration, _error: Option<i32>) {}
}

/// No metrics.
impl Metrics for () {}

/// Metrics that do not panic, whatever the program's do.
pub(super) struct Guarded(pub(super) Box<dyn Metrics>);

impl Guarded {
    fn tell(&self, what: &'static str, tell: impl FnOnce(&dyn Metrics)) {
        if catch_unwind(AssertUnwindSafe(|| tell(&*self.0))).is_err() {
            tracing::error!(what, "metrics have panicked");
        }
    }

    pub(super) fn opened(&self, peer: SocketAddr) {
        self.tell("opened", |metrics| metrics.opened(peer));
    }

    pub(super) fn closed(&self, peer: SocketAddr, why: &Closed) {
        self.tell("closed", |metrics| metrics.closed(peer, why));
    }

    pub(super) fn refused(&self, what: Refused) {
        self.tell("refused", |metrics| metrics.refused(what));
    }

    pub(super) fn new_key(&self, is_temporary: bool) {
        self.tell("new_key", |metrics| metrics.new_key(is_temporary));
    }

    pub(super) fn request(&self, function: u32) {
        self.tell("request", |metrics| metrics.request(function));
    }

    pub(super) fn answered(&self, function: u32, after: Duration, error: Option<i32>) {
        self.tell("answered", |metrics| {
            metrics.answered(function, after, error);
        });
    }
}

/// Why a connection was closed.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Closed {
    /// By the client.
    Peer,
    /// The socket has failed.
    Io(std::io::ErrorKind),
    /// The client broke the protocol, speaks another one, or was refused.
    Protocol(connection::Error),
    /// The client did not send a whole packet in time.
    SlowSender,
    /// The client did not take what was sent in time.
    SlowReceiver,
    /// The client said nothing for too long.
    Idle,
    /// The server is going down.
    Drained,
}

/// What was refused because of a limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Refused {
    /// A connection: too many, or too many from its address.
    Connection,
    /// A connection that used a key which many others use.
    KeyConnection,
    /// A step of a key exchange.
    Handshake,
    /// A request: too many bytes are being worked on.
    Request,
    /// A packet that had not come as a whole yet: too many bytes of such were there.
    Packet,
}

/// How much there is at the moment.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct Gauges {
    /// Connections.
    pub connections: usize,
    /// Keys.
    pub keys: usize,
    /// Sessions, with a connection or without.
    pub sessions: usize,
    /// Requests that handlers are working on.
    pub running: usize,
    /// Bytes of them.
    pub request_bytes: usize,
    /// Bytes of packets that have not come as a whole, as [`Limits`](super::Limits) counts them.
    pub partial_bytes: usize,
}
