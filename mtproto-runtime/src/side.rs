//! Who speaks.

/// One of the two ends of an MTProto connection.
///
/// Client and server share their code; where the protocol treats them differently, it asks the
/// side.
///
/// ```
/// use mtproto_runtime::Side;
///
/// assert_eq!(Side::Client.peer(), Side::Server);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Side {
    /// Opens the connection, asks.
    Client,
    /// Accepts the connection, answers.
    Server,
}

impl Side {
    /// The other end.
    #[must_use]
    pub const fn peer(self) -> Self {
        match self {
            Self::Client => Self::Server,
            Self::Server => Self::Client,
        }
    }
}
