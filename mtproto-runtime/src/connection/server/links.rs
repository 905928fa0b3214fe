//! Network connections, and which sessions speak over which.

use core::time::Duration;

use super::{Server, SessionRef, refusals};
use crate::{Now, Provider};

/// A network connection of a server.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct LinkId(u64);

/// Most sessions that speak over one connection at a time; the one that began first to speak over it
/// leaves it for another. Clients have one or a few; whoever makes more holds on to none.
const MAX_PER_LINK: usize = 16;

#[derive(Clone, Debug, Default)]
pub(super) struct Link {
    pub(super) sessions: Vec<SessionRef>,
    pub(super) refusals: refusals::Refusals,
    pub(super) is_woken: bool,
    pub(super) is_closing: bool,
}

impl<P: Provider> Server<P> {
    /// Whether a session has a connection.
    #[must_use]
    pub fn is_connected(&self, session: SessionRef) -> bool {
        self.sessions
            .get(&session)
            .is_some_and(|entry| entry.link.is_some())
    }

    /// A new network connection.
    pub(super) fn open_link(&mut self) -> LinkId {
        let id = LinkId(self.next_link);
        self.next_link += 1;
        self.links.insert(id, Link::default());
        id
    }

    /// A network connection is gone.
    pub fn close_link(&mut self, now: Now, link: LinkId) {
        let Some(Link { sessions, .. }) = self.links.remove(&link) else {
            return;
        };
        for session in sessions {
            let entry = self.sessions.get(&session);
            if entry.is_some_and(|entry| entry.link == Some(link)) {
                self.unlink(now, session);
            }
        }
    }

    /// The session speaks over this connection from now on.
    pub(super) fn attach(&mut self, now: Now, session: SessionRef, link: LinkId) {
        let Some(entry) = self.sessions.get_mut(&session) else {
            return;
        };
        if entry.link == Some(link) {
            return;
        }
        let before = entry.link.replace(link);
        self.unlinked.remove(entry.client, entry.last_used, session);
        // A client may use several connections in turn. Only one that was never used before says
        // that what was sent over others may be lost.
        if before.is_none() || link > entry.newest_link {
            entry.session.handle_connected(now);
        }
        entry.newest_link = entry.newest_link.max(link);
        if let Some(before) = before.and_then(|before| self.links.get_mut(&before)) {
            before.sessions.retain(|other| *other != session);
        }
        let Some(link) = self.links.get_mut(&link) else {
            return;
        };
        link.sessions.push(session);
        if link.sessions.len() > MAX_PER_LINK {
            let first = link.sessions.remove(0);
            self.unlink(now, first);
        }
    }

    /// A session has no connection any more.
    pub(super) fn unlink(&mut self, now: Now, session: SessionRef) {
        if let Some(entry) = self.sessions.get_mut(&session) {
            entry.link = None;
            self.unlinked.insert(entry.client, entry.last_used, session);
            entry.session.handle_disconnected();
            self.update(now, session);
            self.remove_destroyed(session.auth_key_id);
        }
    }

    pub(super) fn wake(&mut self, link: LinkId) {
        if let Some(entry) = self.links.get_mut(&link)
            && !core::mem::replace(&mut entry.is_woken, true)
        {
            self.woken.push_back(link);
        }
    }

    /// A connection that has something to send, or is to be closed: call its
    /// [`Connection::poll_transmit`](super::Connection::poll_transmit). Only needed where connections and
    /// server are driven apart.
    pub fn poll_wakeup(&mut self) -> Option<LinkId> {
        while let Some(link) = self.woken.pop_front() {
            if let Some(entry) = self.links.get_mut(&link) {
                entry.is_woken = false;
                return Some(link);
            }
        }
        None
    }

    /// The connection over which a session speaks.
    #[must_use]
    pub fn link_of(&self, session: SessionRef) -> Option<LinkId> {
        self.sessions.get(&session)?.link
    }

    /// Whether a connection is to be closed: by the wish of its client, or because a session of it was given
    /// up in the middle of something.
    #[must_use]
    pub fn wants_close(&self, link: LinkId) -> bool {
        self.is_closing(link)
    }

    /// When the response to the HTTP request that has come over a connection is to be made, by the
    /// monotonic clock: of all that [`Self::poll_packet`] gives by then, perhaps nothing. It changes
    /// with every event and command. `None`: at once.
    ///
    /// Over HTTP a server speaks only in answer to a request. What its client wants then is told by
    /// `http_wait`, for which see
    /// <https://core.telegram.org/mtproto/service_messages#http-waitlong-poll>; connections over
    /// other transports take no notice of it. The client's side of HTTP is not here.
    #[must_use]
    pub fn respond_at(&self, link: LinkId) -> Option<Duration> {
        let link = self.links.get(&link)?;
        // Nothing is said over one that is to be closed, so that there is nothing to wait for.
        if link.is_closing || !link.refusals.is_empty() {
            return None;
        }
        let due = |session| self.sessions.get(session)?.session.respond_at();
        link.sessions.iter().map(due).min()?
    }

    /// A session has left a connection. It was the client's wish to close that, but for other
    /// sessions that may speak over it: those of a newer temporary key, say.
    pub(super) fn leave(&mut self, session: SessionRef, link: LinkId) {
        let Some(entry) = self.links.get_mut(&link) else {
            return;
        };
        entry.sessions.retain(|other| *other != session);
        if entry.sessions.is_empty() {
            self.end_link(link);
        }
    }

    /// A connection is to be closed.
    pub(super) fn end_link(&mut self, link: LinkId) {
        if let Some(entry) = self.links.get_mut(&link) {
            entry.is_closing = true;
            self.wake(link);
        }
    }

    pub(super) fn is_closing(&self, link: LinkId) -> bool {
        self.links.get(&link).is_none_or(|link| link.is_closing)
    }
}
