//! What can go wrong in a session, by who has to act.

use core::fmt;

use crate::Side;

/// An error of the server's application: `rpc_error`.
///
/// ```
/// use mtproto_runtime::session::RpcError;
///
/// let error = RpcError::new(420, "FLOOD_WAIT_31");
/// assert_eq!((error.name(), error.value()), ("FLOOD_WAIT", Some(31)));
/// ```
///
/// See <https://core.telegram.org/api/errors>.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct RpcError {
    /// Like the status codes of HTTP.
    pub code: i32,
    /// Words in capitals, with a number or without.
    pub message: String,
}

impl RpcError {
    /// An error with this code and message.
    #[must_use]
    pub fn new(code: i32, message: impl Into<String>) -> Self {
        Self {
            code,
            message: message.into(),
        }
    }

    /// The message without its number.
    #[must_use]
    pub fn name(&self) -> &str {
        match self.number() {
            Some((name, _)) => name,
            None => &self.message,
        }
    }

    /// The number at the end of the message: seconds to wait, a DC.
    #[must_use]
    pub fn value(&self) -> Option<u32> {
        self.number().map(|(_, number)| number)
    }

    fn number(&self) -> Option<(&str, u32)> {
        let (name, number) = self.message.rsplit_once('_')?;
        Some((name, number.parse().ok()?))
    }
}

impl fmt::Display for RpcError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({})", self.message, self.code)
    }
}

impl core::error::Error for RpcError {}

/// Why a call has no result. Each call gets one result or one of these, and not both.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum CallError {
    /// The server's application answers with an error.
    Rpc(RpcError),
    /// No answer came within the time of the call. The server may have run it.
    TimedOut,
    /// The server has forgotten the session. It may have run the call before, so that it was not
    /// sent again; calls that may run twice are, see [`CallOptions`](super::CallOptions).
    Lost,
    /// The server refuses the message again and again, with this error code of
    /// `bad_msg_notification`. It has not run the call.
    Refused {
        /// The code.
        code: i32,
    },
    /// The answer is packed and can't be unpacked, or is longer than allowed.
    Unreadable,
    /// The session was closed. The server may have run the call.
    Closed,
    /// Too many calls wait, or too many bytes. It was not sent.
    Busy,
    /// It is not a multiple of four bytes long, or longer than a packet may be. It was not sent.
    Length {
        /// How many bytes it has.
        len: usize,
    },
}

impl fmt::Display for CallError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Rpc(_) => f.write_str("the server answers with an error"),
            Self::TimedOut => f.write_str("no answer came in time"),
            Self::Lost => {
                f.write_str("the server has forgotten the session; it may have run the call or not")
            }
            Self::Refused { code } => write!(f, "the server refuses the message (code {code})"),
            Self::Unreadable => f.write_str("the answer can't be unpacked"),
            Self::Closed => f.write_str("the session was closed"),
            Self::Busy => f.write_str("too many calls are waiting"),
            Self::Length { len } => write!(f, "a request can't be {len} bytes long"),
        }
    }
}

impl core::error::Error for CallError {
    fn source(&self) -> Option<&(dyn core::error::Error + 'static)> {
        match self {
            Self::Rpc(error) => Some(error),
            _ => None,
        }
    }
}

/// The peer, who has the key, broke a rule of the protocol. Close the connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Violation {
    /// Who.
    pub by: Side,
    /// Which.
    pub rule: Rule,
}

/// A rule of the protocol.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Rule {
    /// The message is for another session.
    SessionId,
    /// The lowest bits of a message id say who speaks.
    MsgIdParity,
    /// A container holds messages with lower ids and no containers, and its lengths are right.
    Container,
    /// A service message has the form that the schema says.
    Form,
    /// Answers are acknowledged before very many more are asked for.
    Acks,
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let by = match self.by {
            Side::Client => "client",
            Side::Server => "server",
        };
        let what = match self.rule {
            Rule::SessionId => "a message for another session",
            Rule::MsgIdParity => "a message id that is not its own",
            Rule::Container => "a malformed container",
            Rule::Form => "a malformed service message",
            Rule::Acks => "requests and no acks",
        };
        write!(f, "the {by} has sent {what}")
    }
}

impl core::error::Error for Violation {}
