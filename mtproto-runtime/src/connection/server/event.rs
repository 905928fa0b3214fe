//! What a server tells its driver.

use super::SessionRef;
use crate::handshake::NewKey;
use crate::session::server::RequestId;

/// What has happened.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Event<'a> {
    /// A key exchange has made a key. Keep permanent ones.
    NewKey(NewKey),
    /// A temporary key was bound to a permanent one.
    Bound {
        /// The temporary key.
        auth_key_id: i64,
        /// The permanent key.
        permanent: i64,
    },
    /// A client has destroyed its key. Forget it.
    KeyDestroyed {
        /// The key.
        auth_key_id: i64,
    },
    /// A session has ended. If its client comes back, it learns that the server has begun anew.
    Closed {
        /// Which one.
        from: SessionRef,
        /// Why.
        why: Ended,
    },
    /// A client asks for something: answer with [`Server::reply`](super::Server::reply).
    Request {
        /// Who asks.
        from: SessionRef,
        /// The permanent key of the client; its key, unless that is a temporary one. `None` for a
        /// temporary key that is not bound yet, which may ask for little.
        permanent: Option<i64>,
        /// Names the request until it is answered.
        request: RequestId,
        /// The serialised function, in the wrappers in which it came.
        body: &'a [u8],
    },
    /// A client does not want the answer any more.
    Dropped {
        /// Who.
        from: SessionRef,
        /// Which request.
        request: RequestId,
    },
}

/// Why a session has ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Ended {
    /// Its client has destroyed it, or its key.
    Destroyed,
    /// It had no connection for [`Config::session_lifetime`](super::Config::session_lifetime), or its
    /// temporary key has expired.
    Expired,
    /// It had no connection and had to make room for another, as
    /// [`Config::max_sessions_per_key`](super::Config::max_sessions_per_key) and
    /// [`Config::max_sessions`](super::Config::max_sessions) say.
    Replaced,
    /// All sessions together hold more than
    /// [`Config::max_unacknowledged`](super::Config::max_unacknowledged) bytes of which no ack has come, and it
    /// held the most, to within a factor of two.
    ///
    /// The most and not the oldest: who floods the server with many sessions is the youngest, and
    /// would push out all who are just slow; and few have to go.
    Unacknowledged,
    /// The program has closed it, or removed its key.
    Closed,
}

#[derive(Clone, Debug)]
pub(super) enum Record {
    NewKey(NewKey),
    Bound(i64, i64),
    KeyDestroyed(i64),
    Closed(SessionRef, Ended),
}

impl From<Record> for Event<'_> {
    fn from(record: Record) -> Self {
        match record {
            Record::NewKey(key) => Event::NewKey(key),
            Record::Bound(auth_key_id, permanent) => Event::Bound {
                auth_key_id,
                permanent,
            },
            Record::KeyDestroyed(auth_key_id) => Event::KeyDestroyed { auth_key_id },
            Record::Closed(from, why) => Event::Closed { from, why },
        }
    }
}
