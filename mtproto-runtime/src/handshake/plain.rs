//! Plain packets, which the handshake travels in.
//!
//! ```text
//! auth_key_id = 0 8 | msg_id 8 | length 4 | body
//! ```
//!
//! See <https://core.telegram.org/mtproto/description#unencrypted-message>.

use crate::Side;

/// Bytes before the body.
pub const HEADER_LEN: usize = 20;
/// The longest body that a handshake has, with room for the random bytes that some clients add.
pub const MAX_BODY: usize = 4096;

/// A plain message.
///
/// ```
/// use mtproto_runtime::handshake::plain;
///
/// let mut packet = Vec::new();
/// plain::write(4 << 32, b"body", &mut packet);
/// let message = plain::read(&packet).ok_or("not a plain packet")?;
/// assert_eq!((message.msg_id, message.body), (4 << 32, &b"body"[..]));
/// # Ok::<(), &str>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Message<'a> {
    /// Said by the peer and worth nothing: clients send 0 or 1 as well as a time.
    pub msg_id: i64,
    /// What the length says; random bytes may follow the object in it.
    pub body: &'a [u8],
}

/// Whether a packet is plain: its auth key id is 0.
#[must_use]
pub fn is_plain(packet: &[u8]) -> bool {
    packet.starts_with(&[0; 8])
}

/// Reads a plain packet; `None` if it is none, or has a length that is negative, above
/// [`MAX_BODY`], or more than there is. What a padded transport added behind is left out.
#[must_use]
pub fn read(packet: &[u8]) -> Option<Message<'_>> {
    let (auth_key_id, rest) = packet.split_first_chunk::<8>()?;
    let (msg_id, rest) = rest.split_first_chunk()?;
    let (length, rest) = rest.split_first_chunk()?;
    let length = usize::try_from(i32::from_le_bytes(*length)).ok()?;
    if *auth_key_id != [0; 8] || length > MAX_BODY {
        return None;
    }
    Some(Message {
        msg_id: i64::from_le_bytes(*msg_id),
        body: rest.get(..length)?,
    })
}

/// Appends a plain packet. A body above [`MAX_BODY`] is none of a handshake, and no reader of ours
/// would take it.
pub fn write(msg_id: i64, body: &[u8], packet: &mut Vec<u8>) {
    let length = u32::try_from(body.len()).unwrap_or(u32::MAX);
    packet.reserve(HEADER_LEN + body.len());
    packet.extend_from_slice(&[0; 8]);
    packet.extend_from_slice(&msg_id.to_le_bytes());
    packet.extend_from_slice(&length.to_le_bytes());
    packet.extend_from_slice(body);
}

/// A msg_id for the next plain message: the Unix time, larger than the last one, with the low bits
/// that tell a question of the client from an answer of the server.
///
/// ```
/// use std::time::Duration;
/// use mtproto_runtime::{Side, handshake::plain};
///
/// let unix = Duration::new(1_700_000_000, 500_000_000);
/// let first = plain::next_msg_id(Side::Client, unix, None);
/// assert_eq!(first, (1_700_000_000 << 32) + (1 << 31));
/// assert_eq!(plain::next_msg_id(Side::Client, unix, Some(first)), first + 4);
/// assert_eq!(plain::next_msg_id(Side::Server, unix, None) % 4, 1);
/// ```
#[must_use]
pub fn next_msg_id(side: Side, unix: core::time::Duration, last: Option<i64>) -> i64 {
    let fraction = (u64::from(unix.subsec_nanos()) << 32) / 1_000_000_000;
    let time = (unix.as_secs() << 32 | fraction) & !3;
    let time = i64::try_from(time).unwrap_or(i64::MAX & !3);
    let next = match last {
        Some(last) => time.max((last & !3).saturating_add(4) & !3),
        None => time,
    };
    match side {
        Side::Client => next,
        Side::Server => next | 1,
    }
}
