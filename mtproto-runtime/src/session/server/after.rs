//! `invokeAfterMsg` and `invokeAfterMsgs`: requests that have to run one after the other.
//!
//! See <https://core.telegram.org/api/invoking#sequential-calls>.

use core::time::Duration;

use super::Session;
use super::requests::Phase;
use crate::Now;
use crate::service::wrappers::{self, MAX_WRAPPERS, Wrapper};
use crate::session::replay::Known;

/// Most requests that one may wait for.
const MAX_BEFORE: usize = 64;

/// A request that waits.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Held {
    msg_id: i64,
    before: Vec<i64>,
    body: Vec<u8>,
    /// Until when the ones before must have come.
    pub(super) deadline: Option<Duration>,
}

/// A request in `invokeAfterMsg` or `invokeAfterMsgs`.
pub(super) struct Wrapped<'a> {
    before: Vec<i64>,
    body: &'a [u8],
}

enum Standing {
    Done,
    Failed,
    Running,
    Missing,
}

impl<'a> Wrapped<'a> {
    pub(super) fn body(&self) -> &'a [u8] {
        self.body
    }

    pub(super) fn with_body<'b>(&self, body: &'b [u8]) -> Wrapped<'b> {
        Wrapped {
            before: self.before.clone(),
            body,
        }
    }

    /// `None` if it is not wrapped, or so badly that only the application can say so. Other wrappers
    /// may stand around these.
    pub(super) fn read(msg_id: i64, mut body: &'a [u8]) -> Option<Self> {
        let mut before = Vec::new();
        let mut wrapped = false;
        let mut rest = body;
        let mut only_these = true;
        for _ in 0..MAX_WRAPPERS {
            let Some(Some((wrapper, inner))) = wrappers::split(rest) else {
                break;
            };
            rest = inner;
            let Wrapper::AfterMsgs(ids) = wrapper else {
                only_these = false;
                continue;
            };
            wrapped = true;
            if only_these {
                body = inner;
            }
            let (ids, _) = ids.as_chunks();
            before.extend(
                ids.iter()
                    .take(MAX_BEFORE + 1)
                    .map(|id| i64::from_le_bytes(*id)),
            );
            if before.len() > MAX_BEFORE {
                // Too many to wait for, which fails like waiting for oneself.
                before = vec![msg_id];
            }
        }
        if wrapped && matches!(wrappers::split(rest), Some(Some(_))) {
            // What it waits for can't be told. It must not run too early.
            before = vec![msg_id];
        }
        wrapped.then_some(Self { before, body })
    }
}

impl Session {
    pub(super) fn hold(&mut self, now: Now, msg_id: i64, wrapped: &Wrapped<'_>) {
        // Waiting for something that comes later, or for itself, might never end.
        if wrapped.before.iter().any(|before| *before >= msg_id) {
            self.answer_error(now, msg_id, 400, "MSG_WAIT_FAILED");
            return;
        }
        let held_bytes: usize = self.held.iter().map(|held| held.body.len()).sum();
        if self.held.len() >= self.config.max_held
            || held_bytes.saturating_add(wrapped.body.len()) > self.config.max_held_bytes
        {
            self.answer_error(now, msg_id, 420, "FLOOD_WAIT_1");
            return;
        }
        let deadline = now.monotonic.saturating_add(self.config.wait_for_missing);
        let mut held = Held {
            msg_id,
            before: wrapped.before.clone(),
            body: Vec::new(),
            deadline: Some(deadline),
        };
        self.unanswered += 1;
        if matches!(self.standing_of(&held), Standing::Done) {
            self.run(msg_id, wrapped.body);
            return;
        }
        held.body.extend_from_slice(wrapped.body);
        self.requests.insert(msg_id, Phase::Held);
        self.held.push(held);
        self.scan_by(deadline);
        self.release(now);
    }

    /// Lets go those that wait no longer.
    pub(super) fn release(&mut self, now: Now) {
        // Whatever fails may fail others.
        while self.release_some(now) {}
    }

    /// In the order in which they came; whether some have failed.
    fn release_some(&mut self, now: Now) -> bool {
        let mut some_failed = false;
        let mut waiting = core::mem::take(&mut self.held);
        waiting.retain_mut(|held| {
            let standing = self.standing_of(held);
            let is_late = held.deadline.is_some_and(|at| at <= now.monotonic);
            let dropped = self.requests.get(held.msg_id) == Some(Phase::Dropped);
            match standing {
                _ if dropped => {
                    // Nobody wants the answer, and it has not begun.
                    self.requests.remove(held.msg_id);
                    self.unanswered = self.unanswered.saturating_sub(1);
                    false
                }
                Standing::Done => {
                    self.run(held.msg_id, &held.body);
                    false
                }
                Standing::Failed => {
                    self.unanswered = self.unanswered.saturating_sub(1);
                    self.answer_error(now, held.msg_id, 400, "MSG_WAIT_FAILED");
                    some_failed = true;
                    false
                }
                Standing::Missing if is_late => {
                    self.unanswered = self.unanswered.saturating_sub(1);
                    self.answer_error(now, held.msg_id, 500, "MSG_WAIT_TIMEOUT");
                    some_failed = true;
                    false
                }
                Standing::Missing => true,
                Standing::Running => {
                    held.deadline = None;
                    true
                }
            }
        });
        self.held = waiting;
        some_failed
    }

    /// How those before it stand, the worst of them.
    fn standing_of(&self, held: &Held) -> Standing {
        let mut worst = Standing::Done;
        for before in &held.before {
            match (self.standing(*before), &worst) {
                (Standing::Failed, _) => return Standing::Failed,
                (Standing::Missing, _) => worst = Standing::Missing,
                (Standing::Running, Standing::Done) => worst = Standing::Running,
                _ => {}
            }
        }
        worst
    }

    fn standing(&self, msg_id: i64) -> Standing {
        if let Some((_, good)) = self.done.iter().rev().find(|(done, _)| *done == msg_id) {
            return match good {
                true => Standing::Done,
                false => Standing::Failed,
            };
        }
        match self.requests.get(msg_id) {
            Some(Phase::Held | Phase::Running | Phase::Dropped) => Standing::Running,
            Some(Phase::Answered(_)) => Standing::Done,
            None => match self.core.replay.look_up(msg_id) {
                Known::No => Standing::Missing,
                // Long since answered, or no request.
                Known::Yes(_) | Known::Forgotten => Standing::Done,
            },
        }
    }
}
