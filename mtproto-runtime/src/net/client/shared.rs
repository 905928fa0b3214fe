//! What handles and the driver have in common: a queue of commands, and a slot for each call.

use core::sync::atomic::{AtomicUsize, Ordering};
use core::task::{Context, Poll, Waker};
use core::time::Duration;
use std::sync::{Arc, Mutex};

use tokio::sync::{Semaphore, oneshot, watch};
use tokio::time::Instant;

use super::updates::{Limits, Readers};
use super::{Config, Ended, Error, State, lock};
use crate::session::CallId;
use crate::store::StoredKey;

/// The place of a call among others, for those that come after it.
#[derive(Debug, Default)]
pub(super) struct Turn(Mutex<Option<CallId>>);

impl Turn {
    pub(super) fn set(&self, call: CallId) {
        *lock(&self.0) = Some(call);
    }

    pub(super) fn get(&self) -> Option<CallId> {
        *lock(&self.0)
    }
}

/// A call, from when it is handed to the driver until its future is gone.
#[derive(Debug)]
pub(super) struct Slot {
    state: Mutex<Flight>,
    pub(super) repeatable: bool,
    pub(super) deadline: Option<Instant>,
    /// How much of the budget of bytes it takes.
    pub(super) kib: u32,
    /// Its own, if another comes after it.
    pub(super) turn: Option<Arc<Turn>>,
    /// That of the call before it.
    pub(super) after: Option<Arc<Turn>>,
}

#[derive(Debug)]
pub(super) struct Flight {
    pub(super) request: Vec<u8>,
    /// Its name in the session. The driver alone sets and reads it.
    pub(super) call: Option<CallId>,
    outcome: Option<Result<Vec<u8>, Error>>,
    waker: Option<Waker>,
    /// Nobody waits for it any more.
    pub(super) abandoned: bool,
}

impl Slot {
    pub(super) fn new(
        request: Vec<u8>,
        repeatable: bool,
        deadline: Option<Instant>,
        kib: u32,
    ) -> Self {
        Self {
            state: Mutex::new(Flight {
                request,
                call: None,
                outcome: None,
                waker: None,
                abandoned: false,
            }),
            repeatable,
            deadline,
            kib,
            turn: None,
            after: None,
        }
    }

    pub(super) fn flight(&self) -> impl core::ops::DerefMut<Target = Flight> + '_ {
        lock(&self.state)
    }

    /// The end of the call. There is but one: the driver forgets the slot then.
    pub(super) fn finish(&self, outcome: Result<Vec<u8>, Error>) {
        let mut flight = lock(&self.state);
        flight.request = Vec::new();
        flight.outcome = Some(outcome);
        let waker = flight.waker.take();
        drop(flight);
        waker.into_iter().for_each(Waker::wake);
    }

    pub(super) fn poll(&self, cx: &Context<'_>) -> Poll<Result<Vec<u8>, Error>> {
        let mut flight = lock(&self.state);
        match flight.outcome.take() {
            Some(outcome) => Poll::Ready(outcome),
            None => {
                match &mut flight.waker {
                    Some(waker) => waker.clone_from(cx.waker()),
                    none => *none = Some(cx.waker().clone()),
                }
                Poll::Pending
            }
        }
    }

    /// Nobody waits for it any more; whether it is still under way.
    pub(super) fn abandon(&self) -> bool {
        let mut flight = lock(&self.state);
        flight.abandoned = true;
        flight.outcome.is_none()
    }
}

/// What a handle tells the driver.
#[derive(Debug)]
pub(super) enum Command {
    Call(Arc<Slot>),
    Cancel(Arc<Slot>),
    Ping(oneshot::Sender<Duration>),
    Salts(oneshot::Sender<usize>),
    /// Away from this network connection, and to the next without waiting.
    Reconnect,
    /// Finish what is under way, and end.
    Close,
    /// End now.
    End(Ended),
}

#[derive(Debug, Default)]
struct Queue {
    commands: Vec<Command>,
    /// The driver, if it waits.
    waker: Option<Waker>,
    closing: bool,
    ended: Option<Ended>,
}

#[derive(Debug)]
pub(super) struct Shared {
    queue: Mutex<Queue>,
    /// Room for further calls.
    pub(super) calls: Semaphore,
    /// The same in KiB of requests.
    pub(super) room: Semaphore,
    pub(super) max_kib: u32,
    pub(super) call_timeout: Option<Duration>,
    pub(super) limits: Limits,
    /// Handles and calls: whoever keeps the client alive.
    handles: AtomicUsize,
    pub(super) state: watch::Sender<State>,
    pub(super) readers: Mutex<Readers>,
    /// The permanent key, as it was last known.
    pub(super) key: Mutex<Option<StoredKey>>,
}

impl Shared {
    pub(super) fn new(config: &Config) -> Self {
        let most = u32::MAX >> 3;
        let max_kib = u32::try_from(config.max_bytes.div_ceil(1024)).unwrap_or(most);
        let max_kib = max_kib.clamp(1, most);
        let max_calls = config.max_calls.clamp(1, most as usize);
        Self {
            queue: Mutex::default(),
            calls: Semaphore::new(max_calls),
            room: Semaphore::new(max_kib as usize),
            max_kib,
            call_timeout: config.call_timeout,
            limits: Limits {
                count: config.max_updates,
                bytes: config.max_update_bytes,
            },
            handles: AtomicUsize::new(1),
            state: watch::Sender::new(State::Connecting {
                failures: 0,
                last: None,
            }),
            readers: Mutex::default(),
            key: Mutex::default(),
        }
    }

    pub(super) fn send(&self, command: Command) -> Result<(), Ended> {
        let mut queue = lock(&self.queue);
        if let Some(ended) = &queue.ended {
            return Err(ended.clone());
        }
        if queue.closing && matches!(command, Command::Call(_)) {
            return Err(Ended::Closed);
        }
        queue.closing |= matches!(command, Command::Close);
        queue.commands.push(command);
        let waker = queue.waker.take();
        drop(queue);
        waker.into_iter().for_each(Waker::wake);
        Ok(())
    }

    /// For the driver: exchanges an empty list for that of what was told, and waits for more.
    pub(super) fn take_commands(&self, commands: &mut Vec<Command>, cx: &Context<'_>) {
        let mut queue = lock(&self.queue);
        core::mem::swap(&mut queue.commands, commands);
        match &mut queue.waker {
            Some(waker) => waker.clone_from(cx.waker()),
            none => *none = Some(cx.waker().clone()),
        }
    }

    /// Whether something was told.
    pub(super) fn has_commands(&self) -> bool {
        !lock(&self.queue).commands.is_empty()
    }

    /// Nothing is taken any more; what was told is returned.
    pub(super) fn end(&self, ended: &Ended) -> Vec<Command> {
        let mut queue = lock(&self.queue);
        queue.ended.get_or_insert_with(|| ended.clone());
        queue.waker = None;
        let commands = core::mem::take(&mut queue.commands);
        drop(queue);
        self.calls.close();
        self.room.close();
        commands
    }

    /// Why nothing is taken any more.
    pub(super) fn ended(&self) -> Ended {
        let queue = lock(&self.queue);
        queue.ended.clone().unwrap_or(Ended::Closed)
    }

    pub(super) fn add_handle(&self) {
        self.handles.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn drop_handle(&self) {
        if self.handles.fetch_sub(1, Ordering::AcqRel) == 1 {
            let waker = lock(&self.queue).waker.take();
            waker.into_iter().for_each(Waker::wake);
        }
    }

    pub(super) fn is_orphaned(&self) -> bool {
        self.handles.load(Ordering::Acquire) == 0
    }
}
