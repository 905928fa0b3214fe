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
const MAX_LOOKED_AT: usize = 128;

#[derive(Clone, Debug)]
pub(super) struct Entry {
    pub(super) session: Session,
    /// Whose it is: see [`Server::client_of`].
    pub(super) client: i64,
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

    /// The permanent key of a client, or its temporary one while that is not bound: whose sessions count
    /// together.
    pub(super) fn client_of(&self, auth_key_id: i64) -> i64 {
        self.permanent_of(auth_key_id).unwrap_or(auth_key_id)
    }

    fn count_of(&self, client: i64) -> usize {
        self.counts.get(&client).copied().unwrap_or(0)
    }

    fn is_full(&self, client: i64) -> bool {
        self.count_of(client) >= self.config.max_sessions_per_key.max(1)
    }

    /// Whether there is room for a new session of a key: which one has to go for it, one without a
    /// connection.
    pub(super) fn room(&self, auth_key_id: i64) -> Result<Option<SessionRef>, Error> {
        let full = Error::Status(Status::Flood);
        let client = self.client_of(auth_key_id);
        if self.is_full(client) {
            return self.dispensable(client).map(Some).ok_or(full);
        }
        if self.sessions.len() < self.config.max_sessions.max(1) {
            return Ok(None);
        }
        let replaced = match self.unlinked.most() {
            None => None,
            // All have one.
            Some((1, _)) => self.idlest(|| self.unlinked.oldest()),
            Some((_, client)) => self.dispensable(client),
        };
        replaced.map(Some).ok_or(full)
    }

    /// Which session of a client is missed least, of those without a connection.
    fn dispensable(&self, client: i64) -> Option<SessionRef> {
        self.idlest(|| self.unlinked.oldest_of(client))
    }

    /// One for which nothing runs, and of these the one that was used longest ago.
    fn idlest<I: Iterator<Item = SessionRef>>(&self, oldest: impl Fn() -> I) -> Option<SessionRef> {
        let mut idle = oldest()
            .take(MAX_LOOKED_AT)
            .filter(|session| !self.is_working(*session));
        idle.next().or_else(|| oldest().next())
    }

    /// A session begins.
    pub(super) fn insert(&mut self, session: SessionRef, entry: Entry) {
        self.change_count(entry.client, |count| count + 1);
        if entry.link.is_none() {
            self.unlinked.insert(entry.client, entry.last_used, session);
        }
        self.sessions.insert(session, Box::new(entry));
    }

    fn change_count(&mut self, client: i64, change: impl FnOnce(usize) -> usize) {
        let count = change(self.count_of(client));
        match count {
            0 => self.counts.remove(&client),
            _ => self.counts.insert(client, count),
        };
    }

    /// A temporary key was bound: its sessions count as those of the permanent one, which may be more
    /// than one client has then.
    pub(super) fn count_anew(&mut self, auth_key_id: i64) {
        let client = self.client_of(auth_key_id);
        let mut moved = Vec::new();
        for (session, entry) in self.sessions.range_mut(all_of(auth_key_id)) {
            let before = core::mem::replace(&mut entry.client, client);
            if before != client {
                moved.push(before);
                if entry.link.is_none() {
                    self.unlinked.remove(before, entry.last_used, *session);
                    self.unlinked.insert(client, entry.last_used, *session);
                }
            }
        }
        for before in moved {
            self.change_count(before, |count| count.saturating_sub(1));
            self.change_count(client, |count| count + 1);
        }
        while self.count_of(client) > self.config.max_sessions_per_key.max(1)
            && let Some(dispensable) = self.dispensable(client)
        {
            self.give_up(dispensable, Ended::Replaced);
        }
    }

    pub(super) fn is_working(&self, session: SessionRef) -> bool {
        let entry = self.sessions.get(&session);
        entry.is_some_and(|entry| entry.session.running() > 0)
    }

    /// Ends a session though its client did not ask for it. If something of it is not done, the client must
    /// not hear over the same connection that nothing is known of it: it would take that for the word of
    /// one to whom it never came, and say it again under another id. So the connection ends, too.
    pub(super) fn give_up(&mut self, session: SessionRef, why: Ended) {
        self.give_up_but(None, session, why);
    }

    /// The same, but a connection that somebody is to be told over does not end yet.
    pub(super) fn give_up_but(&mut self, spared: Option<LinkId>, session: SessionRef, why: Ended) {
        let entry = self.sessions.get(&session);
        if let Some(entry) = entry.filter(|entry| !entry.session.is_idle()) {
            let (link, newest) = (entry.link, entry.newest_link);
            for link in link.into_iter().chain([newest]) {
                if Some(link) != spared {
                    self.end_link(link);
                }
            }
        }
        self.forget(session, why);
    }

    /// Ends a session.
    pub(super) fn forget(&mut self, session: SessionRef, why: Ended) {
        let Some(entry) = self.sessions.remove(&session) else {
            return;
        };
        self.budget.remove(session, entry.held);
        self.change_count(entry.client, |count| count.saturating_sub(1));
        if let Some(timer) = entry.timer {
            self.timers.remove(&(timer, session));
        }
        if entry.link.is_none() {
            self.unlinked.remove(entry.client, entry.last_used, session);
        }
        if let Some(link) = entry.link.and_then(|link| self.links.get_mut(&link)) {
            link.sessions.retain(|other| *other != session);
        }
        if let Some(key) = self.keys.get_mut(&session.auth_key_id) {
            key.received.take_over(entry.session.received());
        }
        self.records.push_back(Record::Closed(session, why));
        self.remove_destroyed(session.auth_key_id);
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
            self.give_up(ending, Ended::Unacknowledged);
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
        self.give_up(session, Ended::Closed);
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
