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
/// Most that all together may wait for. Whenever one of these has ended, they are looked through.
const MAX_AWAITED: usize = 4096;
/// How many failed requests are remembered for those that have to come after them.
const REMEMBERED: usize = 128;

/// What has to be known of requests that come after others.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(super) struct After {
    /// Those that wait, the lowest id first: each comes behind all that it may wait for.
    held: Vec<Held>,
    /// Bytes of their bodies.
    bytes: usize,
    /// How many they wait for.
    awaited: usize,
    /// When they have to be looked through.
    at: Option<Duration>,
    /// Ids of the latest requests that have failed, ascending.
    failed: Vec<i64>,
}

/// A request that waits.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Held {
    msg_id: i64,
    before: Vec<i64>,
    body: Vec<u8>,
    /// Until when the ones before must have come.
    deadline: Option<Duration>,
}

impl After {
    /// When [`Session::release`] is to be called.
    pub(super) fn at(&self) -> Option<Duration> {
        self.at
    }

    fn look_by(&mut self, due: Duration) {
        self.at = Some(self.at.map_or(due, |at| at.min(due)));
    }

    fn has_failed(&self, msg_id: i64) -> bool {
        self.failed.binary_search(&msg_id).is_ok()
    }

    fn fail(&mut self, msg_id: i64) {
        if let Err(at) = self.failed.binary_search(&msg_id) {
            self.failed.insert(at, msg_id);
            if self.failed.len() > REMEMBERED {
                self.failed.remove(0);
            }
        }
    }

    fn is_awaited(&self, msg_id: i64) -> bool {
        self.held.iter().any(|held| held.before.contains(&msg_id))
    }
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
        let Wrapped { before, body } = wrapped;
        // Waiting for something that comes later, or for itself, might never end.
        if before.iter().any(|before| *before >= msg_id) {
            self.answer_error(now, msg_id, 400, "MSG_WAIT_FAILED");
            return;
        }
        let (held, bytes, awaited) = match &self.after {
            Some(after) => (after.held.len(), after.bytes, after.awaited),
            None => (0, 0, 0),
        };
        if held >= self.config.max_held
            || bytes.saturating_add(body.len()) > self.config.max_held_bytes
            || awaited + before.len() > MAX_AWAITED
        {
            self.answer_error(now, msg_id, 420, "FLOOD_WAIT_1");
            return;
        }
        let deadline = match self.standing_of(before) {
            Standing::Done => {
                self.unanswered += 1;
                self.run(msg_id, body);
                return;
            }
            Standing::Failed => {
                self.answer_error(now, msg_id, 400, "MSG_WAIT_FAILED");
                return;
            }
            Standing::Running => None,
            Standing::Missing => Some(now.monotonic.saturating_add(self.config.wait_for_missing)),
        };
        self.unanswered += 1;
        self.requests.insert(msg_id, Phase::Held);
        let after = self.after.get_or_insert_default();
        after.bytes += body.len();
        after.awaited += before.len();
        if let Some(deadline) = deadline {
            after.look_by(deadline);
        }
        let at = after.held.partition_point(|held| held.msg_id < msg_id);
        let held = Held {
            msg_id,
            before: before.clone(),
            body: body.to_vec(),
            deadline,
        };
        after.held.insert(at, held);
    }

    /// A request has ended. Those that wait for it are looked at later, all at once: what is released
    /// may end at once, too.
    pub(super) fn ended(&mut self, now: Now, msg_id: i64, good: bool) {
        if !good {
            self.after.get_or_insert_default().fail(msg_id);
        }
        if let Some(after) = &mut self.after
            && after.is_awaited(msg_id)
        {
            after.look_by(now.monotonic);
        }
    }

    /// Nobody wants the answer of a request that may be waiting.
    pub(super) fn unwanted(&mut self, now: Now) {
        if let Some(after) = &mut self.after
            && !after.held.is_empty()
        {
            after.look_by(now.monotonic);
        }
    }

    /// Lets go those that wait no longer. One look at each is enough, since whatever fails can fail
    /// only those behind it.
    pub(super) fn release(&mut self, now: Now) {
        let Some(after) = &mut self.after else {
            return;
        };
        let mut waiting = core::mem::take(&mut after.held);
        waiting.retain_mut(|held| self.still_waits(now, held));
        if let Some(after) = &mut self.after {
            after.bytes = waiting.iter().map(|held| held.body.len()).sum();
            after.awaited = waiting.iter().map(|held| held.before.len()).sum();
            after.at = waiting.iter().filter_map(|held| held.deadline).min();
            after.held = waiting;
            if after.held.is_empty() {
                after.held = Vec::new();
            }
        }
    }

    fn still_waits(&mut self, now: Now, held: &mut Held) -> bool {
        if self.requests.get(held.msg_id) == Some(Phase::Dropped) {
            // Nobody wants the answer, and it has not begun.
            self.requests.remove(held.msg_id);
            self.unanswered = self.unanswered.saturating_sub(1);
            return false;
        }
        let error = match self.standing_of(&held.before) {
            Standing::Done => {
                self.run(held.msg_id, &held.body);
                return false;
            }
            Standing::Running => {
                held.deadline = None;
                return true;
            }
            Standing::Missing if held.deadline.is_none_or(|at| at > now.monotonic) => return true,
            Standing::Missing => (500, "MSG_WAIT_TIMEOUT"),
            Standing::Failed => (400, "MSG_WAIT_FAILED"),
        };
        self.unanswered = self.unanswered.saturating_sub(1);
        self.answer_error(now, held.msg_id, error.0, error.1);
        false
    }

    /// How those before one stand, the worst of them.
    fn standing_of(&self, before: &[i64]) -> Standing {
        let mut worst = Standing::Done;
        for before in before {
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
        #[cfg(test)]
        tests::LOOKS.set(tests::LOOKS.get() + 1);
        if self
            .after
            .as_ref()
            .is_some_and(|after| after.has_failed(msg_id))
        {
            return Standing::Failed;
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

#[cfg(test)]
#[allow(clippy::cast_possible_truncation)]
mod tests {
    use core::cell::Cell;

    use super::*;
    use crate::crypto::packet::{Header, Message};
    use crate::service::ContainerWriter;
    use crate::session::SaltSecret;
    use crate::session::msg_id::{SECOND, from_unix};
    use crate::session::server::{Config, Event, KeySalts, RequestId};

    thread_local! {
        /// How often it was looked up how a request stands.
        pub(super) static LOOKS: Cell<usize> = const { Cell::new(0) };
    }

    const NOW: Now = Now {
        monotonic: Duration::from_secs(10),
        unix: Duration::from_secs(1_800_000_000),
    };

    /// `invokeAfterMsgs` around a request.
    fn after(before: &[i64]) -> Vec<u8> {
        let mut body = 0x3dc4_b4f0_u32.to_le_bytes().to_vec();
        body.extend_from_slice(&0x1cb5_c415_u32.to_le_bytes());
        body.extend_from_slice(&(before.len() as u32).to_le_bytes());
        for id in before {
            body.extend_from_slice(&id.to_le_bytes());
        }
        body.extend_from_slice(b"question");
        body
    }

    fn get(session: &mut Session, packet: i64, messages: &[(i64, Vec<u8>)]) {
        let mut body = Vec::new();
        let mut writer = ContainerWriter::new(&mut body);
        for (msg_id, message) in messages {
            assert!(writer.push(*msg_id, 1, message).is_ok());
        }
        writer.finish();
        let secret = SaltSecret::new([1; 32]);
        let salts = KeySalts {
            secret: &secret,
            auth_key_id: 1,
            first: Some(5),
        };
        let header = Header {
            salt: 5,
            session_id: 1,
            msg_id: packet,
            seq_no: 0,
        };
        let message = Message {
            header,
            body: &body,
        };
        assert_eq!(session.handle_message(NOW, &message, salts), Ok(()));
    }

    fn requests(session: &mut Session) -> Vec<i64> {
        let mut requests = Vec::new();
        while let Some(event) = session.poll_event() {
            if let Event::Request { request, .. } = event {
                requests.push(request.0);
            }
        }
        requests
    }

    /// A packet of requests that wait for as many others as they may: each is looked at once.
    #[test]
    fn what_waits_is_not_looked_through_for_each_that_comes() {
        let start = from_unix(NOW.unix) - 10 * SECOND;
        let mut session = Session::new(1, 2, i64::MIN, Config::default());
        let messages: Vec<(i64, Vec<u8>)> = (0..1000)
            .map(|at| {
                let before: Vec<i64> = (1..=64).map(|id| start - 4 * id).collect();
                (start + 4 * at, after(&before))
            })
            .collect();
        LOOKS.set(0);
        get(&mut session, start + 4000, &messages);
        assert!(LOOKS.get() <= MAX_AWAITED, "{} looks", LOOKS.get());
        let held = session.after.as_ref().map_or(0, |after| after.held.len());
        assert_eq!(held, MAX_AWAITED / 64);

        // An answer to something else is no reason to look at all.
        get(
            &mut session,
            start + 8004,
            &[(start + 8000, b"question".to_vec())],
        );
        LOOKS.set(0);
        assert!(session.reply(NOW, RequestId(start + 8000), Ok(b"done")));
        session.handle_timeout(NOW);
        assert_eq!(LOOKS.get(), 0);
    }

    /// They come in an order in which each waits for the next, and the last one fails.
    #[test]
    fn a_chain_that_comes_backwards_ends_in_one_pass() {
        let start = from_unix(NOW.unix) - 10 * SECOND;
        let mut session = Session::new(1, 2, i64::MIN, Config::default());
        let chain: Vec<(i64, Vec<u8>)> = (1..=200)
            .rev()
            .map(|at| (start + 4 * at, after(&[start + 4 * (at - 1)])))
            .collect();
        get(&mut session, start + 4000, &chain);
        get(&mut session, start + 4004, &[(start, b"question".to_vec())]);
        assert_eq!(requests(&mut session), [start]);
        let error = crate::session::RpcError::new(400, "NO");
        assert!(session.reply(NOW, RequestId(start), Err(&error)));
        assert_eq!(session.poll_timeout(), Some(NOW.monotonic));
        LOOKS.set(0);
        session.handle_timeout(NOW);
        assert_eq!(LOOKS.get(), 200);
        assert_eq!(session.running(), 0);
        assert!(requests(&mut session).is_empty());
    }
}
