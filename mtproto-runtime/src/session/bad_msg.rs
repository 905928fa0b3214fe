//! `bad_msg_notification` and `bad_server_salt`: why the peer does not take a message.
//!
//! See <https://core.telegram.org/mtproto/service_messages_about_messages#notice-of-ignored-error-message>.

/// The error codes of `bad_msg_notification`.
pub(crate) mod code {
    /// The id is too low: the clock is behind.
    pub(crate) const ID_TOO_LOW: i32 = 16;
    /// The id is too high: the clock is ahead.
    pub(crate) const ID_TOO_HIGH: i32 = 17;
    /// The lowest two bits are not a client's.
    pub(crate) const ID_PARITY: i32 = 18;
    /// The container has the id of a message that was received before.
    pub(crate) const CONTAINER_ID: i32 = 19;
    /// Nobody can tell any more whether the message was received.
    pub(crate) const FORGOTTEN: i32 = 20;
    /// A message with a lower id has a higher sequence number.
    pub(crate) const SEQ_TOO_LOW: i32 = 32;
    /// A message with a higher id has a lower sequence number.
    pub(crate) const SEQ_TOO_HIGH: i32 = 33;
    /// An even sequence number was due.
    pub(crate) const SEQ_EVEN: i32 = 34;
    /// An odd one was.
    pub(crate) const SEQ_ODD: i32 = 35;
    /// The salt is not valid; comes as `bad_server_salt`.
    pub(crate) const SALT: i32 = 48;
    /// The container is malformed.
    pub(crate) const CONTAINER: i32 = 64;
}
