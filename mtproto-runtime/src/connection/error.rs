//! Why a network connection is to be closed.

use core::fmt;

use crate::crypto::DecryptError;
use crate::crypto::packet::SealError;
use crate::handshake;
use crate::session::{Rule, Violation};
use crate::transport::{self, Status};

/// Why a network connection is to be closed. Nothing of what came last has been used.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Error {
    /// The bytes are no stream of packets.
    Transport(transport::Error),
    /// The key exchange has failed.
    Handshake(handshake::Error),
    /// A packet was not made by the holder of the key, or not for this session. Whoever did it,
    /// the connection is of no use; make a new one, after a while if it happens again.
    Decrypt,
    /// The peer breaks the protocol.
    Violation(Violation),
    /// The server refuses.
    Status(Status),
    /// The server does not answer pings.
    Silent,
    /// The packet is plain and belongs to no key exchange.
    Plain,
    /// A client speaks HTTP, WebSocket or TLS; its bytes so far are in
    /// [`server::Connection::seen`](super::server::Connection::seen).
    OtherProtocol,
    /// The client has asked for the connection to be closed by now, by not pinging again.
    Disconnect,
    /// A packet could not be made.
    Seal(SealError),
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Transport(_) => f.write_str("the transport has failed"),
            Self::Handshake(_) => f.write_str("the key exchange has failed"),
            Self::Decrypt => f.write_str("a packet could not be decrypted"),
            Self::Violation(_) => f.write_str("the protocol was violated"),
            Self::Status(status) => write!(f, "the server says {status}"),
            Self::Silent => f.write_str("the server does not answer pings"),
            Self::Plain => f.write_str("a plain packet outside of a key exchange"),
            Self::OtherProtocol => f.write_str("the client speaks another protocol"),
            Self::Disconnect => f.write_str("the client has stopped pinging"),
            Self::Seal(_) => f.write_str("a packet could not be made"),
        }
    }
}

impl core::error::Error for Error {
    fn source(&self) -> Option<&(dyn core::error::Error + 'static)> {
        match self {
            Self::Transport(error) => Some(error),
            Self::Handshake(error) => Some(error),
            Self::Violation(error) => Some(error),
            Self::Seal(error) => Some(error),
            _ => None,
        }
    }
}

impl From<transport::Error> for Error {
    fn from(error: transport::Error) -> Self {
        Self::Transport(error)
    }
}

impl From<handshake::Error> for Error {
    fn from(error: handshake::Error) -> Self {
        Self::Handshake(error)
    }
}

impl From<DecryptError> for Error {
    fn from(_: DecryptError) -> Self {
        Self::Decrypt
    }
}

impl From<Violation> for Error {
    fn from(violation: Violation) -> Self {
        match violation.rule {
            // Whoever sent it has it from somewhere else, and shall not learn how far it got.
            Rule::SessionId => Self::Decrypt,
            _ => Self::Violation(violation),
        }
    }
}

impl From<SealError> for Error {
    fn from(error: SealError) -> Self {
        Self::Seal(error)
    }
}
