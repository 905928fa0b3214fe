//! What all tasks of a server share.
//!
//! The core has the sessions of all clients in one value, which stands behind one lock. The lock is
//! held for the bookkeeping of one message at a time: finding its session, its id in the window, its
//! place in queues. Whatever costs more is done without it: encryption, packing and unpacking, key
//! exchanges, handlers, the store, waking tasks. One task that owns the core would do the same
//! bookkeeping one after the other too, and two hops between threads besides.

use core::panic::AssertUnwindSafe;
use core::time::Duration;
use std::collections::{HashMap, VecDeque};
use std::net::SocketAddr;
use std::panic::catch_unwind;
use std::sync::atomic::{AtomicBool, AtomicU8, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};

use tokio::sync::{Notify, Semaphore};
use tokio::time::Instant;

use super::exchange::Exchanges;
use super::keys::Keys;
use super::limits::{Budget, Origins};
use super::metrics::{Guarded, Metrics};
use super::requests::{Clients, Request, Running};
use super::router::Handler;
use super::turns::Turns;
use super::{Config, Gauges};
use crate::Now;
use crate::connection::server::{Event, LinkId, Server, SessionRef};
use crate::session::server::RequestId;

pub(super) struct Shared {
    core: Mutex<Core>,
    pub(super) config: Config,
    pub(super) handler: Box<dyn Handler>,
    pub(super) metrics: Guarded,
    pub(super) exchanges: Exchanges,
    /// So many requests may be unpacked at a time.
    pub(super) unpacking: Arc<Turns>,
    pub(super) keys: Option<Keys>,
    pub(super) origins: Mutex<Origins>,
    pub(super) budget: Arc<Budget>,
    pub(super) running: Mutex<Running>,
    pub(super) clients: Mutex<Clients>,
    /// The earliest time-out of the core has changed.
    timer: Notify,
    /// A request has ended, or a connection.
    pub(super) ended: Notify,
    /// Keys that are to be removed from the store.
    removals: Mutex<Removals>,
    /// Whoever marks messages in the store waits here, and not on a thread.
    pub(super) marking: Arc<Semaphore>,
    phase: AtomicU8,
    start: Instant,
}

/// Keys that are to be removed from the store, and whether a thread is at it.
#[derive(Default)]
struct Removals {
    keys: VecDeque<i64>,
    has_thread: bool,
}

/// What stands behind the lock.
pub(super) struct Core {
    pub(super) server: Server,
    links: HashMap<LinkId, Link>,
    /// On how many connections each key is used.
    uses: HashMap<i64, usize>,
    armed: Option<Duration>,
    /// The store was told up to where messages were received: none may be taken any more.
    is_closed: bool,
}

#[derive(Clone)]
struct Link {
    peer: SocketAddr,
    wakeup: Arc<Wakeup>,
}

/// How far the server has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
pub(super) enum Phase {
    Serving,
    /// Nothing more is read.
    Draining,
    /// Connections close when they have nothing more to say.
    Closing,
    /// Connections close at once.
    Over,
}

/// What is to be done without the lock.
#[derive(Default)]
struct Effects {
    happened: Vec<Happened>,
    wake: Vec<Arc<Wakeup>>,
    rearm: bool,
}

enum Happened {
    Request(Request),
    Dropped(SessionRef, RequestId),
    Closed(SessionRef),
    Bound(i64, i64),
    KeyDestroyed(i64),
}

impl Shared {
    pub(super) fn new(
        server: Server,
        config: Config,
        handler: Box<dyn Handler>,
        metrics: Box<dyn Metrics>,
        keys: Option<Keys>,
        start: Instant,
    ) -> Self {
        Self {
            core: Mutex::new(Core {
                server,
                links: HashMap::new(),
                uses: HashMap::new(),
                armed: None,
                is_closed: false,
            }),
            handler,
            metrics: Guarded(metrics),
            exchanges: Exchanges::new(
                config.core.handshake.clone(),
                config.limits.handshakes_at_a_time,
                config.limits.waiting_handshakes,
            ),
            unpacking: Turns::new(std::thread::available_parallelism().map_or(1, usize::from)),
            keys,
            origins: Mutex::default(),
            budget: Arc::new(Budget::new(config.limits.request_bytes)),
            running: Mutex::default(),
            clients: Mutex::default(),
            timer: Notify::new(),
            ended: Notify::new(),
            removals: Mutex::default(),
            marking: Arc::new(Semaphore::new(1)),
            phase: AtomicU8::new(Phase::Serving as u8),
            start,
            config,
        }
    }

    pub(super) fn now(&self) -> Now {
        now(self.start)
    }

    pub(super) fn lock(&self) -> MutexGuard<'_, Core> {
        lock(&self.core)
    }

    pub(super) fn phase(&self) -> Phase {
        match self.phase.load(Ordering::Acquire) {
            0 => Phase::Serving,
            1 => Phase::Draining,
            2 => Phase::Closing,
            _ => Phase::Over,
        }
    }

    /// Tells all connections.
    pub(super) fn set_phase(&self, phase: Phase) {
        self.phase.fetch_max(phase as u8, Ordering::AcqRel);
        let links: Vec<Link> = self.lock().links.values().cloned().collect();
        for link in links {
            link.wakeup.wake();
        }
    }

    /// Does something to the core, and then whatever follows from it.
    pub(super) fn act<T>(self: &Arc<Self>, act: impl FnOnce(&mut Core, Now) -> T) -> T {
        let (result, effects) = self.act_only(act);
        self.follow(effects, false);
        result
    }

    /// The same for what has been read. A request that came alone is begun here: it may be answered at
    /// once, and two hops from task to task cost more than most answers.
    pub(super) fn act_here<T>(self: &Arc<Self>, act: impl FnOnce(&mut Core, Now) -> T) -> T {
        let (result, effects) = self.act_only(act);
        let is_request = |happened: &&Happened| matches!(happened, Happened::Request(_));
        let is_alone = effects.happened.iter().filter(is_request).count() == 1;
        self.follow(effects, is_alone);
        result
    }

    fn act_only<T>(&self, act: impl FnOnce(&mut Core, Now) -> T) -> (T, Effects) {
        let now = self.now();
        let mut core = self.lock();
        let result = act(&mut core, now);
        (result, core.effects(now))
    }

    fn follow(self: &Arc<Self>, effects: Effects, here: bool) {
        for wakeup in effects.wake {
            wakeup.wake();
        }
        if effects.rearm {
            self.timer.notify_one();
        }
        let mut packed = None;
        for happened in effects.happened {
            match happened {
                Happened::Request(request) => self.begin(request, &mut packed, here),
                Happened::Dropped(from, request) => self.cancel(from, request),
                Happened::Closed(from) => {
                    self.cancel_all(from);
                    self.ended.notify_waiters();
                }
                Happened::Bound(temporary, permanent) => {
                    lock(&self.clients).bind(temporary, permanent);
                }
                Happened::KeyDestroyed(auth_key_id) => self.key_destroyed(auth_key_id),
            }
        }
    }

    /// The last thing that is done before the process ends; whether it could be.
    pub(super) fn close_keys(&self) -> bool {
        let mut core = self.lock();
        core.is_closed = true;
        let Some(keys) = &self.keys else {
            return true;
        };
        keys.close(self.now(), &core.server)
            .inspect_err(|error| tracing::error!(%error, "the store can't be closed"))
            .is_ok()
    }

    pub(super) fn remove_key(self: &Arc<Self>, auth_key_id: i64) {
        self.act(|core, _| core.server.remove_key(auth_key_id));
        self.key_destroyed(auth_key_id);
    }

    fn key_destroyed(self: &Arc<Self>, auth_key_id: i64) {
        lock(&self.clients).forget(auth_key_id);
        if self.keys.is_none() {
            return;
        }
        let mut removals = lock(&self.removals);
        removals.keys.push_back(auth_key_id);
        if !core::mem::replace(&mut removals.has_thread, true) {
            let shared = self.clone();
            tokio::task::spawn_blocking(move || shared.remove_keys());
        }
    }

    /// Removes from the store what there is to remove, on one thread, however many keys these are.
    fn remove_keys(&self) {
        loop {
            let auth_key_id = {
                let mut removals = lock(&self.removals);
                let next = removals.keys.pop_front();
                removals.has_thread = next.is_some();
                next
            };
            let (Some(auth_key_id), Some(keys)) = (auth_key_id, &self.keys) else {
                break;
            };
            // A store that panics does not keep the others from being removed.
            match catch_unwind(AssertUnwindSafe(|| keys.remove(auth_key_id))) {
                Ok(Ok(())) => {}
                Ok(Err(error)) => tracing::error!(%error, "a key can't be removed"),
                Err(_) => tracing::error!("a key can't be removed"),
            }
        }
        self.ended.notify_waiters();
    }

    /// Whether the store is still being told something.
    pub(super) fn is_writing(&self) -> bool {
        lock(&self.removals).has_thread
    }

    /// Tells the core when its time has come, for ever.
    pub(super) async fn keep_time(self: Arc<Self>) {
        const SWEEP: Duration = Duration::from_secs(60);

        let mut sweep_at = Instant::now() + SWEEP;
        loop {
            let due = {
                let mut core = self.lock();
                core.armed = core.server.poll_timeout();
                core.armed
            };
            let until = due.and_then(|due| self.start.checked_add(due));
            let until = until.map_or(sweep_at, |until| until.min(sweep_at));
            if tokio::time::timeout_at(until, self.timer.notified())
                .await
                .is_ok()
            {
                continue;
            }
            self.act(|core, now| core.server.handle_timeout(now));
            // What was held may have ended without an answer of a handler.
            self.ended.notify_waiters();
            if Instant::now() >= sweep_at {
                sweep_at = Instant::now() + SWEEP;
                self.forget_keys().await;
            }
        }
    }

    /// Forgets temporary keys that have expired, and permanent ones that nobody uses.
    async fn forget_keys(self: &Arc<Self>) {
        /// The lock is held for so many at a time.
        const AT_A_TIME: usize = 1000;

        loop {
            let expired = self.act(|core, now| core.server.forget_expired(now, AT_A_TIME));
            for auth_key_id in &expired {
                lock(&self.clients).forget(*auth_key_id);
            }
            let after = self.config.timeouts.unused_key;
            let forget = |core: &mut Core, now| core.server.forget_unused(now, after, AT_A_TIME);
            let unused = self.act(forget);
            for auth_key_id in &unused {
                self.key_destroyed(*auth_key_id);
            }
            if expired.len().max(unused.len()) < AT_A_TIME {
                return;
            }
            tokio::task::yield_now().await;
        }
    }

    /// Whether there is room for another key. One that was made a while ago, and not used since, gives
    /// way; before that, a temporary one that was not bound.
    pub(super) fn has_room_for_key(self: &Arc<Self>, now: Now) -> bool {
        const WHILE: Duration = Duration::from_secs(60);

        let mut core = self.lock();
        let server = &mut core.server;
        if server.len().0 < server.config().max_keys {
            return true;
        }
        let unbound = server.forget_unbound(now, WHILE, 1);
        let unused = match unbound.is_empty() {
            true => server.forget_unused(now, WHILE, 1),
            false => Vec::new(),
        };
        drop(core);
        for auth_key_id in &unbound {
            // The store does not have it.
            lock(&self.clients).forget(*auth_key_id);
        }
        for auth_key_id in &unused {
            self.key_destroyed(*auth_key_id);
        }
        !unbound.is_empty() || !unused.is_empty()
    }

    pub(super) fn gauges(&self) -> Gauges {
        let (keys, sessions) = self.lock().server.len();
        let (connections, partial_bytes) = {
            let origins = lock(&self.origins);
            (origins.connections(), origins.partial_bytes())
        };
        Gauges {
            connections,
            keys,
            sessions,
            running: lock(&self.running).len(),
            request_bytes: self.budget.used(),
            partial_bytes,
        }
    }
}

pub(super) fn now(start: Instant) -> Now {
    Now {
        monotonic: start.elapsed(),
        unix: std::time::SystemTime::UNIX_EPOCH
            .elapsed()
            .unwrap_or_default(),
    }
}

/// A lock that is never held while something may panic that leaves things half done.
pub(super) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Core {
    pub(super) fn add_link(&mut self, link: LinkId, peer: SocketAddr, wakeup: Arc<Wakeup>) {
        self.links.insert(link, Link { peer, wakeup });
    }

    pub(super) fn remove_link(&mut self, now: Now, link: LinkId, used: &[i64]) {
        self.server.close_link(now, link);
        self.links.remove(&link);
        for auth_key_id in used {
            if let Some(uses) = self.uses.get_mut(auth_key_id) {
                *uses -= 1;
                if *uses == 0 {
                    self.uses.remove(auth_key_id);
                }
            }
        }
    }

    /// Whether another connection may use a key.
    pub(super) fn may_use_key(&self, auth_key_id: i64, most: usize) -> bool {
        let uses = self.uses.get(&auth_key_id);
        uses.is_none_or(|uses| *uses < most.max(1))
    }

    /// Another connection uses a key.
    pub(super) fn use_key(&mut self, auth_key_id: i64) {
        *self.uses.entry(auth_key_id).or_default() += 1;
    }

    /// Whether it is too late for messages: one that was read before may come here after the end.
    pub(super) fn is_closed(&self) -> bool {
        self.is_closed
    }

    pub(super) fn links(&self) -> usize {
        self.links.len()
    }

    fn effects(&mut self, now: Now) -> Effects {
        let mut effects = Effects::default();
        loop {
            let happened = match self.server.poll_event(now) {
                None => break,
                Some(Event::Request {
                    from,
                    permanent,
                    request,
                    body,
                }) => Happened::Request(Request {
                    from,
                    permanent,
                    id: request,
                    body: body.to_vec(),
                    peer: None,
                    wakeup: None,
                }),
                Some(Event::Dropped { from, request }) => Happened::Dropped(from, request),
                Some(Event::Closed { from, .. }) => Happened::Closed(from),
                Some(Event::Bound {
                    auth_key_id,
                    permanent,
                }) => Happened::Bound(auth_key_id, permanent),
                Some(Event::KeyDestroyed { auth_key_id }) => Happened::KeyDestroyed(auth_key_id),
                // Kept before it came here.
                Some(Event::NewKey(_)) => continue,
            };
            effects.happened.push(happened);
        }
        for happened in &mut effects.happened {
            if let Happened::Request(request) = happened {
                let link = self.server.link_of(request.from);
                let link = link.and_then(|link| self.links.get(&link));
                request.peer = link.map(|link| link.peer);
                request.wakeup = link.map(|link| link.wakeup.clone());
            }
        }
        while let Some(link) = self.server.poll_wakeup() {
            if let Some(link) = self.links.get(&link) {
                effects.wake.push(link.wakeup.clone());
            }
        }
        let due = self.server.poll_timeout();
        if let Some(due) = due
            && self.armed.is_none_or(|armed| due < armed)
        {
            self.armed = Some(due);
            effects.rearm = true;
        }
        effects
    }
}

/// Wakes the task of a connection.
#[derive(Debug, Default)]
pub(super) struct Wakeup {
    is_woken: AtomicBool,
    waker: Mutex<Option<Waker>>,
    holds: AtomicUsize,
}

/// For as long as this lives, a connection reads nothing.
#[derive(Debug)]
pub(super) struct Hold(Arc<Wakeup>);

impl Hold {
    pub(super) fn new(wakeup: Arc<Wakeup>) -> Self {
        wakeup.holds.fetch_add(1, Ordering::AcqRel);
        Self(wakeup)
    }
}

impl Drop for Hold {
    fn drop(&mut self) {
        if self.0.holds.fetch_sub(1, Ordering::AcqRel) == 1 {
            self.0.wake();
        }
    }
}

impl Wakeup {
    pub(super) fn wake(&self) {
        if !self.is_woken.swap(true, Ordering::AcqRel)
            && let Some(waker) = lock(&self.waker).take()
        {
            waker.wake();
        }
    }

    /// Whether there is work that reading has to wait for.
    pub(super) fn is_held(&self) -> bool {
        self.holds.load(Ordering::Acquire) > 0
    }

    /// Ready once for whatever has woken it since it was last.
    pub(super) fn poll(&self, cx: &Context<'_>) -> Poll<()> {
        if self.is_woken.swap(false, Ordering::AcqRel) {
            return Poll::Ready(());
        }
        let mut waker = lock(&self.waker);
        match &mut *waker {
            Some(waker) if waker.will_wake(cx.waker()) => {}
            waker => *waker = Some(cx.waker().clone()),
        }
        drop(waker);
        match self.is_woken.swap(false, Ordering::AcqRel) {
            true => Poll::Ready(()),
            false => Poll::Pending,
        }
    }
}
