//! A call: the future of its answer.

use core::future::Future;
use core::pin::Pin;
use core::task::{Context, Poll};
use core::time::Duration;
use std::sync::{Arc, OnceLock};

use tokio::time::Instant;
use tracing::Span;

use super::shared::{Command, Shared, Slot, Turn};
use super::{Client, Error};
use crate::session::CallError;
use crate::tl::{Arena, BorrowedFunction, ReadError, TlRead};

/// A call: await it for its answer. Nothing is sent before that.
///
/// Dropped before the answer has come, it takes its request back, or tells the server to drop the
/// answer.
///
/// ```
/// # use std::time::Duration;
/// # use mtproto_runtime::net::client::{Client, Error};
/// # use mtproto_runtime::tl::{Function, TlWrite};
/// async fn patient<F: Function + TlWrite>(client: &Client, request: &F) -> Result<F::Output, Error> {
///     client.call(request).timeout(Duration::from_secs(300)).repeatable().await
/// }
/// ```
#[must_use = "nothing is sent before it is awaited"]
#[derive(Debug)]
pub struct Call<T> {
    client: Client,
    stage: Stage,
    read: fn(Vec<u8>) -> Result<T, ReadError>,
    timeout: Option<Duration>,
    repeatable: bool,
    turn: OnceLock<Arc<Turn>>,
    after: Option<Arc<Turn>>,
    span: Span,
}

type Acquire = Pin<Box<dyn Future<Output = Result<(), Error>> + Send + Sync>>;

enum Stage {
    New(Result<Vec<u8>, Error>),
    /// For room.
    Waiting {
        acquire: Acquire,
        slot: Arc<Slot>,
    },
    UnderWay(Arc<Slot>),
    Done,
}

impl core::fmt::Debug for Stage {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str(match self {
            Self::New(_) => "New",
            Self::Waiting { .. } => "Waiting",
            Self::UnderWay(_) => "UnderWay",
            Self::Done => "Done",
        })
    }
}

impl<T> Call<T> {
    pub(super) fn new(
        client: Client,
        request: Result<Vec<u8>, Error>,
        read: fn(Vec<u8>) -> Result<T, ReadError>,
        function: &'static str,
    ) -> Self {
        Self {
            timeout: client.shared.call_timeout,
            client,
            stage: Stage::New(request),
            read,
            repeatable: false,
            turn: OnceLock::new(),
            after: None,
            span: tracing::debug_span!("call", function),
        }
    }

    /// Gives up after this time, waiting for the network included; counted from when it is first
    /// awaited.
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = Some(timeout);
        self
    }

    /// Never gives up.
    pub fn no_timeout(mut self) -> Self {
        self.timeout = None;
        self
    }

    /// The server may run it twice: it is sent again when the server has forgotten whether it did,
    /// instead of failing with [`CallError::Lost`].
    pub fn repeatable(mut self) -> Self {
        self.repeatable = true;
        self
    }

    /// The server runs it when it is done with the other one (`invokeAfterMsg`), though both travel at
    /// once. The other has to be awaited first, but not before this is said: one that has not begun is
    /// not waited for.
    ///
    /// ```
    /// # use mtproto_runtime::net::client::{Client, Error};
    /// # use mtproto_runtime::tl::{Function, TlWrite};
    /// async fn in_order<F: Function + TlWrite>(client: &Client, a: &F, b: &F) -> Result<F::Output, Error> {
    ///     let first = client.call(a);
    ///     let second = client.call(b).after(&first);
    ///     let (first, second) = tokio::join!(first, second);
    ///     first.and(second)
    /// }
    /// ```
    pub fn after<U>(mut self, other: &Call<U>) -> Self {
        self.after = Some(Arc::clone(other.turn.get_or_init(Arc::default)));
        self
    }

    fn start(&mut self, request: Vec<u8>) -> Result<Stage, Error> {
        let shared = &self.client.shared;
        let deadline = self
            .timeout
            .and_then(|time| Instant::now().checked_add(time));
        let kib = u32::try_from(request.len().div_ceil(1024)).unwrap_or(u32::MAX);
        let kib = kib.clamp(1, shared.max_kib);
        let mut slot = Slot::new(request, self.repeatable, deadline, kib);
        slot.turn = self.turn.get().cloned();
        slot.after = self.after.take();
        let slot = Arc::new(slot);
        if let Ok(call) = shared.calls.try_acquire()
            && let Ok(room) = shared.room.try_acquire_many(kib)
        {
            // The driver gives them back when the call is over.
            call.forget();
            room.forget();
            shared.send(Command::Call(Arc::clone(&slot)))?;
            return Ok(Stage::UnderWay(slot));
        }
        let acquire = Box::pin(acquire(Arc::clone(shared), kib, deadline));
        Ok(Stage::Waiting { acquire, slot })
    }

    fn poll_answer(&mut self, cx: &mut Context<'_>) -> Poll<Result<Vec<u8>, Error>> {
        loop {
            match &mut self.stage {
                Stage::New(request) => {
                    let request = core::mem::replace(request, Ok(Vec::new()))?;
                    self.stage = self.start(request)?;
                }
                Stage::Waiting { acquire, slot } => {
                    core::task::ready!(acquire.as_mut().poll(cx))?;
                    let slot = Arc::clone(slot);
                    let shared = &self.client.shared;
                    shared.send(Command::Call(Arc::clone(&slot)))?;
                    self.stage = Stage::UnderWay(slot);
                }
                Stage::UnderWay(slot) => return slot.poll(cx),
                Stage::Done => return Poll::Pending,
            }
        }
    }
}

/// Waits for room. It is taken when this has succeeded, and not before.
async fn acquire(shared: Arc<Shared>, kib: u32, deadline: Option<Instant>) -> Result<(), Error> {
    let both = async {
        let call = shared.calls.acquire().await.ok()?;
        let room = shared.room.acquire_many(kib).await.ok()?;
        call.forget();
        room.forget();
        Some(())
    };
    let both = match deadline {
        Some(deadline) => tokio::time::timeout_at(deadline, both)
            .await
            .map_err(|_| CallError::TimedOut)?,
        None => both.await,
    };
    both.ok_or_else(|| Error::Ended(shared.ended()))
}

impl<T> Future for Call<T> {
    type Output = Result<T, Error>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let span = self.span.clone();
        let _entered = span.enter();
        let outcome = core::task::ready!(self.poll_answer(cx));
        self.stage = Stage::Done;
        let read = self.read;
        let outcome = outcome.and_then(|answer| read(answer).map_err(Error::Answer));
        match &outcome {
            Ok(_) => tracing::debug!("answered"),
            Err(error) => tracing::debug!(%error, "failed"),
        }
        Poll::Ready(outcome)
    }
}

impl<T> Drop for Call<T> {
    fn drop(&mut self) {
        if let Stage::UnderWay(slot) = &self.stage
            && slot.abandon()
        {
            // A client that has ended has no use for it.
            let _ = self.client.shared.send(Command::Cancel(Arc::clone(slot)));
        }
    }
}

/// The answer of a function whose types borrow.
#[derive(Debug)]
pub struct Answer<F> {
    bytes: Vec<u8>,
    function: core::marker::PhantomData<fn() -> F>,
}

impl<F: BorrowedFunction> Answer<F> {
    pub(super) fn new(bytes: Vec<u8>) -> Self {
        Self {
            bytes,
            function: core::marker::PhantomData,
        }
    }

    /// The serialised value.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Reads it.
    ///
    /// # Errors
    /// [`Error::Answer`]
    pub fn read<'a>(&'a self, arena: &'a Arena) -> Result<F::Output<'a>, Error> {
        F::Output::from_bytes_in(&self.bytes, arena).map_err(Error::Answer)
    }
}
