//! Key exchanges: a few milliseconds of work each, away from the tasks that serve sessions.

use std::hash::{BuildHasher, RandomState};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::Semaphore;

use super::limits::Origin;
use super::random::ThreadRandom;
use super::shared::{Shared, lock};
use crate::Now;
use crate::handshake::server::{Config, Handshakes, Reply};
use crate::handshake::{self, NewKey};

/// In how many parts they are kept, so that one does not wait for all others.
const PARTS: usize = 16;

/// The key exchanges of a server. Which part one belongs to can't be chosen by its client.
pub(super) struct Exchanges {
    config: Config,
    parts: Vec<Mutex<Handshakes>>,
    hasher: RandomState,
    at_a_time: Semaphore,
    waiting: AtomicUsize,
    most_waiting: usize,
}

/// What becomes of a step.
pub(super) enum Step {
    Done(Result<Reply, handshake::Error>),
    /// Too many wait, there is no room for a key, or who asks has made too many.
    Busy,
}

impl Exchanges {
    pub(super) fn new(mut config: Config, at_a_time: usize, waiting: usize) -> Self {
        config.max_started = config.max_started.div_ceil(PARTS);
        config.max_advanced = config.max_advanced.div_ceil(PARTS);
        Self {
            config,
            parts: (0..PARTS).map(|_| Mutex::default()).collect(),
            hasher: RandomState::new(),
            at_a_time: Semaphore::new(at_a_time.max(1)),
            waiting: AtomicUsize::new(0),
            most_waiting: waiting,
        }
    }

    fn part(&self, body: &[u8]) -> Option<&Mutex<Handshakes>> {
        // Every request has the nonce after its id.
        let nonce = body.get(4..20)?;
        let hash = self.hasher.hash_one(nonce);
        self.parts.get(usize::try_from(hash).unwrap_or(0) % PARTS)
    }

    /// Takes a plain message of a client. A key that comes out is kept and known when this returns.
    pub(super) async fn step(&self, shared: &Arc<Shared>, origin: Origin, body: Vec<u8>) -> Step {
        let _waiting = Waiting::new(&self.waiting);
        if self.waiting.load(Ordering::Relaxed) > self.most_waiting {
            return Step::Busy;
        }
        let Ok(_permit) = self.at_a_time.acquire().await else {
            return Step::Busy;
        };
        let shared = shared.clone();
        let step =
            tokio::task::spawn_blocking(move || shared.exchanges.compute(&shared, origin, &body));
        step.await.unwrap_or(Step::Busy)
    }

    fn compute(&self, shared: &Arc<Shared>, origin: Origin, body: &[u8]) -> Step {
        let Some(part) = self.part(body) else {
            return Step::Done(Err(handshake::Error::Unknown));
        };
        let now = shared.now();
        let mut rng = ThreadRandom;
        let is_taken = |id| shared.lock().server.has_key(id);
        // Locked until it is known what becomes of the key: who sends the same again is answered then.
        let mut handshakes = part.lock().unwrap_or_else(PoisonError::into_inner);
        let result = handshakes.handle(&self.config, now, body, is_taken, &mut rng);
        let Ok(Reply { key: Some(key), .. }) = &result else {
            return Step::Done(result);
        };
        if !keep(shared, origin, now, key) {
            handshakes.forget(body);
            return Step::Busy;
        }
        Step::Done(result)
    }
}

/// Whether a new key may be made and could be kept. Who has made too many makes no other key give way.
fn keep(shared: &Arc<Shared>, origin: Origin, now: Now, key: &NewKey) -> bool {
    let limits = &shared.config.limits;
    let is_temporary = key.expires_at.is_some();
    if !lock(&shared.origins).new_key(origin, is_temporary, now.monotonic, limits)
        || !shared.has_room_for_key(now)
    {
        return false;
    }
    if let Some(keys) = &shared.keys
        && let Err(error) = keys.save(key, now)
    {
        tracing::error!(%error, "a key can't be kept");
        return false;
    }
    shared.metrics.new_key(is_temporary);
    shared.lock().server.add_new_key(key.clone());
    true
}

/// Counts one that waits or works.
struct Waiting<'a>(&'a AtomicUsize);

impl<'a> Waiting<'a> {
    fn new(count: &'a AtomicUsize) -> Self {
        count.fetch_add(1, Ordering::Relaxed);
        Self(count)
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}
