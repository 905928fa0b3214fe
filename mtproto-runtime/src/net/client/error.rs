//! What can go wrong, by who has to act.

use core::fmt;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use crate::session::{CallError, RpcError};
use crate::tl::{ReadError, WriteError};
use crate::{connection, store};

/// Why a call has no result. Each call gets one result or one of these, and not both.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Error {
    /// The session says why: an error of the server's application, no answer in time, and so on.
    Call(CallError),
    /// The answer is not what the function is to result in: the peer, or this side, has a stale
    /// schema. The server has run the call.
    Answer(ReadError),
    /// The request can't be written. It was not sent.
    Request(WriteError),
    /// The client has ended. The server may have run a call that was under way.
    Ended(Ended),
}

impl Error {
    /// The error of the server's application, if it is one.
    ///
    /// ```
    /// use mtproto_runtime::net::client::Error;
    /// use mtproto_runtime::session::{CallError, RpcError};
    ///
    /// let error = Error::from(CallError::Rpc(RpcError::new(420, "FLOOD_WAIT_31")));
    /// assert_eq!(error.rpc().and_then(RpcError::value), Some(31));
    /// ```
    #[must_use]
    pub const fn rpc(&self) -> Option<&RpcError> {
        match self {
            Self::Call(CallError::Rpc(error)) => Some(error),
            _ => None,
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            // What the server says is worth reading at once.
            Self::Call(CallError::Rpc(error)) => error.fmt(f),
            Self::Call(error) => error.fmt(f),
            Self::Answer(_) => f.write_str("the answer is not what the function results in"),
            Self::Request(_) => f.write_str("the request can't be written"),
            Self::Ended(_) => f.write_str("the client has ended"),
        }
    }
}

impl core::error::Error for Error {
    fn source(&self) -> Option<&(dyn core::error::Error + 'static)> {
        match self {
            Self::Call(error) => core::error::Error::source(error),
            Self::Answer(error) => Some(error),
            Self::Request(error) => Some(error),
            Self::Ended(error) => Some(error),
        }
    }
}

impl From<CallError> for Error {
    fn from(error: CallError) -> Self {
        Self::Call(error)
    }
}

impl From<WriteError> for Error {
    fn from(error: WriteError) -> Self {
        Self::Request(error)
    }
}

impl From<Ended> for Error {
    fn from(ended: Ended) -> Self {
        Self::Ended(ended)
    }
}

/// Why a client has ended. Losing the network is no reason: the client connects again.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Ended {
    /// It was closed, or nobody holds it any more.
    Closed,
    /// The server does not know the permanent key any more, and proves that it is the server. The
    /// key is removed from the store: log in anew with another client.
    KeyLost,
    /// The server has refused again and again, or in the only attempt that was wanted
    /// ([`Client::connect`](super::Client::connect)), for a reason that waiting does not change: it does
    /// not know the key, is not trusted, or serves another DC. This is the last refusal. Nobody
    /// proves that it was the server who refused, so that the key stays in the store.
    Refused(LinkError),
    /// The address is not there, in the only attempt that was wanted
    /// ([`Client::connect`](super::Client::connect)).
    Unreachable(LinkError),
    /// The store could not keep a new key, or gave none.
    Store(Arc<store::Error>),
    /// The task of the client is gone: its runtime was shut down.
    Gone,
}

impl fmt::Display for Ended {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Closed => "the client was closed",
            Self::KeyLost => "the server does not know the key any more",
            Self::Refused(_) => "the server refuses the client",
            Self::Unreachable(_) => "the server can't be reached",
            Self::Store(_) => "the store of keys has failed",
            Self::Gone => "the client's task is gone",
        })
    }
}

impl core::error::Error for Ended {
    fn source(&self) -> Option<&(dyn core::error::Error + 'static)> {
        match self {
            Self::Refused(error) | Self::Unreachable(error) => Some(error),
            Self::Store(error) => Some(&**error),
            _ => None,
        }
    }
}

/// Why a network connection was lost, or did not come about.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum LinkError {
    /// The system, or whatever makes connections, says so.
    Io(Arc<io::Error>),
    /// The peer has closed the connection.
    Closed,
    /// It took too long to connect.
    Connect {
        /// How long.
        after: Duration,
    },
    /// The server did not prove that it is there and knows the key.
    Handshake {
        /// How long.
        after: Duration,
    },
    /// What came is not what a server says, or the server refuses.
    Protocol(connection::Error),
}

impl LinkError {
    /// Whether another attempt will go the same way.
    pub(super) fn is_refusal(&self) -> bool {
        use crate::transport::Status;
        matches!(
            self,
            Self::Protocol(
                connection::Error::Handshake(_)
                    | connection::Error::Status(Status::NotFound | Status::WrongDc)
            )
        )
    }

    /// Whether the server wants the client to be slower.
    pub(super) fn is_flood(&self) -> bool {
        use crate::transport::Status;
        matches!(
            self,
            Self::Protocol(connection::Error::Status(Status::Flood))
        )
    }
}

impl fmt::Display for LinkError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Io(error) => error.fmt(f),
            Self::Closed => f.write_str("the server has closed the connection"),
            Self::Connect { after } => write!(f, "no connection within {after:?}"),
            Self::Handshake { after } => {
                write!(f, "no word from the holder of the key within {after:?}")
            }
            Self::Protocol(error) => error.fmt(f),
        }
    }
}

impl core::error::Error for LinkError {
    fn source(&self) -> Option<&(dyn core::error::Error + 'static)> {
        match self {
            Self::Io(error) => core::error::Error::source(&**error),
            Self::Protocol(error) => core::error::Error::source(error),
            _ => None,
        }
    }
}

impl From<io::Error> for LinkError {
    fn from(error: io::Error) -> Self {
        Self::Io(Arc::new(error))
    }
}
