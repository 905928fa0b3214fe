//! Sessions: which there are, which give way to others, and what is known of each.

use core::ops::RangeInclusive;
use core::time::Duration;

use super::{Ended, Error, LinkId, Record, Server, budget};
use crate::session::RpcError;
use crate::session::server::{Congested, RequestId, Session};
use crate::transport::Status;
use crate::{Now, Provider};

/// A session of a server: session ids are chosen by clients, and mean something for one key only.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SessionRef {
    /// The key, permanent or temporary.
    pub auth_key_id: i64,
    /// The session id.
    pub session_id: i64,
}

/// How many sessions are looked at to find one for which nothing runs.
const MAX_LOOKED_AT: usize = 32;

#[derive(Clone, Debug)]
pub(super) struct Entry {
    pub(super) session: Session,
    pub(super) link: Option<LinkId>,
    /// The latest connection of all that the client was heard on.
    pub(super) newest_link: LinkId,
    pub(super) last_used: Duration,
    pub(super) timer: Option<Duration>,
    pub(super) is_ready: bool,
    /// What it holds, as far as it is counted.
    pub(super) held: budget::Held,
}

/// All sessions of a key.
pub(super) fn all_of(auth_key_id: i64) -> RangeInclusive<SessionRef> {
    let session = |session_id| SessionRef {
        auth_key_id,
        session_id,
    };
    session(i64::MIN)..=session(i64::MAX)
}

impl<P: Provider> Server<P> {
    /// The sessions of all clients.
    pub fn sessions(&self) -> impl Iterator<Item = (SessionRef, &Session)> {
        self.sessions
            .iter()
            .map(|(session, entry)| (*session, &entry.session))
    }

    /// Whether there is room for a new session of a key: which one has to go for it, one without a
    /// connection.
    pub(super) fn room(&self, auth_key_id: i64) -> Result<Option<SessionRef>, Error> {
        let full = Error::Status(Status::Flood);
        let count = self.sessions.range(all_of(auth_key_id)).count();
        if count >= self.config.max_sessions_per_key.max(1) {
            return self.dispensable(auth_key_id).map(Some).ok_or(full);
        }
        if self.sessions.len() < self.config.max_sessions.max(1) {
            return Ok(None);
        }
        let replaced = match self.unlinked.most() {
            None => None,
            // All have one.
            Some((1, _)) => {
                let oldest = self.unlinked.oldest().take(MAX_LOOKED_AT);
                let mut idle = oldest.filter(|session| !self.is_working(*session));
                idle.next().or_else(|| self.unlinked.oldest().next())
            }
            Some((_, auth_key_id)) => self.dispensable(auth_key_id),
        };
        replaced.map(Some).ok_or(full)
    }

    /// Which session of a key is missed least, of those without a connection: one for which nothing
    /// runs, and of these the one that was used longest ago.
    pub(super) fn dispensable(&self, auth_key_id: i64) -> Option<SessionRef> {
        self.sessions
            .range(all_of(auth_key_id))
            .filter(|(_, entry)| entry.link.is_none())
            .min_by_key(|(_, entry)| (entry.session.running() > 0, entry.last_used))
            .map(|(session, _)| *session)
    }

    pub(super) fn is_working(&self, session: SessionRef) -> bool {
        let entry = self.sessions.get(&session);
        entry.is_some_and(|entry| entry.session.running() > 0)
    }

    /// Ends a session.
    pub(super) fn forget(&mut self, session: SessionRef, why: Ended) {
        let Some(entry) = self.sessions.remove(&session) else {
            return;
        };
        self.budget.remove(session, entry.held);
        if let Some(timer) = entry.timer {
            self.timers.remove(&(timer, session));
        }
        if entry.link.is_none() {
            self.unlinked.remove(entry.last_used, session);
        }
        if let Some(link) = entry.link.and_then(|link| self.links.get_mut(&link)) {
            link.sessions.retain(|other| *other != session);
        }
        if let Some(key) = self.keys.get_mut(&session.auth_key_id) {
            key.received.take_over(entry.session.received());
        }
        self.records.push_back(Record::Closed(session, why));
    }

    /// After anything has happened to a session: its timer, its events, its connection.
    pub(super) fn update(&mut self, now: Now, session: SessionRef) {
        let Some(entry) = self.sessions.get_mut(&session) else {
            return;
        };
        let expiry = match entry.link {
            Some(_) => None,
            None => Some(entry.last_used.saturating_add(self.config.session_lifetime)),
        };
        let timer = entry.session.poll_timeout().into_iter().chain(expiry).min();
        if timer != entry.timer {
            if let Some(timer) = entry.timer {
                self.timers.remove(&(timer, session));
            }
            if let Some(timer) = timer {
                self.timers.insert((timer, session));
            }
            entry.timer = timer;
        }
        if !entry.is_ready && entry.session.has_events() {
            entry.is_ready = true;
            self.ready.push_back(session);
        }
        let has_packets = entry.session.has_packets(now);
        let held = entry.session.unacknowledged();
        self.budget.change(session, &mut entry.held, held);
        if has_packets && let Some(link) = entry.link {
            self.wake(link);
        }
        if self.budget.bytes() > self.config.max_unacknowledged {
            self.economize(session);
        }
    }

    /// Ends sessions until the others hold no more than allowed. `latest` is the one that has come to
    /// hold more.
    pub(super) fn economize(&mut self, latest: SessionRef) {
        while self.budget.bytes() > self.config.max_unacknowledged {
            let sessions = &mut self.sessions;
            let most = self
                .budget
                .most(|session| Some(sessions.get_mut(&session)?.held.relist()));
            let ending = most.unwrap_or(latest);
            if !self.sessions.contains_key(&ending) {
                return;
            }
            self.forget(ending, Ended::Unacknowledged);
        }
    }

    /// Whether a session is still there and wants the answer of a request; see
    /// [`Session::is_running`].
    #[must_use]
    pub fn is_running(&self, from: SessionRef, request: RequestId) -> bool {
        let entry = self.sessions.get(&from);
        entry.is_some_and(|entry| entry.session.is_running(request))
    }

    /// Answers a request; see [`Session::reply`].
    pub fn reply(
        &mut self,
        now: Now,
        to: SessionRef,
        request: RequestId,
        result: Result<&[u8], &RpcError>,
    ) -> bool {
        let Some(entry) = self.sessions.get_mut(&to) else {
            return false;
        };
        let sent = entry.session.reply(now, request, result);
        self.update(now, to);
        sent
    }

    /// Sends a message of the server's own; see [`Session::push`]. False if there is no such
    /// session.
    ///
    /// # Errors
    /// [`Congested`]
    pub fn push(&mut self, now: Now, to: SessionRef, body: &[u8]) -> Result<bool, Congested> {
        let Some(entry) = self.sessions.get_mut(&to) else {
            return Ok(false);
        };
        entry.session.push(body)?;
        self.update(now, to);
        Ok(true)
    }

    /// Ends a session, as if its client had been away for too long.
    pub fn close_session(&mut self, session: SessionRef) {
        self.forget(session, Ended::Closed);
    }

    /// The sessions of a permanent key: its own and those of temporary keys that are bound to it.
    #[must_use]
    pub fn sessions_of(&self, permanent: i64) -> Vec<SessionRef> {
        let sessions = core::iter::once(permanent)
            .chain(self.bound_to(permanent))
            .flat_map(|key| self.sessions.range(all_of(key)));
        sessions.map(|(session, _)| *session).collect()
    }
}
