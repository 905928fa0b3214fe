//! `msg_container` and `msg_copy`: messages in a message.
//!
//! ```text
//! msg_container#73f1f8dc | count 4 | count times: msg_id 8 | seq_no 4 | length 4 | body
//! msg_copy#e06046b2 | msg_id 8 | seq_no 4 | length 4 | body
//! ```
//!
//! A container is accepted or refused as a whole: [`Container::read`] looks at all of it before it
//! gives out the first message. See
//! <https://core.telegram.org/mtproto/service_messages#containers>.

use core::fmt;

use super::id;

/// `msg_container`
pub const CONTAINER_ID: u32 = 0x73f1_f8dc;
/// `msg_copy`
pub const COPY_ID: u32 = 0xe060_46b2;
/// Most messages of a container.
pub const MAX_MESSAGES: usize = 1024;
/// Constructor id and count, before the messages.
pub const HEADER_LEN: usize = 8;
/// msg_id, seq_no and length, before each body.
pub const MESSAGE_HEADER_LEN: usize = 16;

/// A message in a container.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Message<'a> {
    /// Identifier of the message, close to its time.
    pub msg_id: i64,
    /// Twice the number of content-related messages before, plus one if it is one itself.
    pub seq_no: i32,
    /// A serialised TL value, no container.
    pub body: &'a [u8],
}

impl<'a> Message<'a> {
    /// The message that the bytes start with, and the bytes after it.
    fn split(bytes: &'a [u8]) -> Result<(Self, &'a [u8]), ContainerError> {
        let (msg_id, bytes) = bytes.split_first_chunk().ok_or(ContainerError::Length)?;
        let (seq_no, bytes) = bytes.split_first_chunk().ok_or(ContainerError::Length)?;
        let (length, bytes) = bytes.split_first_chunk().ok_or(ContainerError::Length)?;
        let length =
            usize::try_from(i32::from_le_bytes(*length)).map_err(|_| ContainerError::Length)?;
        if !length.is_multiple_of(4) {
            return Err(ContainerError::Length);
        }
        let (body, rest) = bytes
            .split_at_checked(length)
            .ok_or(ContainerError::Length)?;
        let message = Self {
            msg_id: i64::from_le_bytes(*msg_id),
            seq_no: i32::from_le_bytes(*seq_no),
            body,
        };
        Ok((message, rest))
    }

    /// `msg_copy`: a message that was sent again in another. Nobody sends it today; who gets one
    /// treats the message in it as if it had come by itself.
    ///
    /// # Errors
    /// [`ContainerError`]
    pub fn read_copy(body: &'a [u8]) -> Result<Self, ContainerError> {
        let body = after_id(body, COPY_ID)?;
        match Self::split(body)? {
            (message, []) if !is_nesting(message.body) => Ok(message),
            (_, []) => Err(ContainerError::Nested),
            (_, rest) => Err(ContainerError::TrailingBytes { count: rest.len() }),
        }
    }
}

impl fmt::Debug for Message<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Message")
            .field("msg_id", &self.msg_id)
            .field("seq_no", &self.seq_no)
            .field("body_len", &self.body.len())
            .finish()
    }
}

/// Why something is no container.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ContainerError {
    /// It begins with another constructor id.
    Id,
    /// More than [`MAX_MESSAGES`] messages.
    TooMany {
        /// How many it says it has.
        count: u32,
    },
    /// A length is negative, not a multiple of 4, or more than there is.
    Length,
    /// A container in a container.
    Nested,
    /// Something stands after the last message.
    TrailingBytes {
        /// How many bytes.
        count: usize,
    },
}

impl fmt::Display for ContainerError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Id => f.write_str("not a container"),
            Self::TooMany { count } => {
                write!(f, "{count} messages in a container, at most {MAX_MESSAGES}")
            }
            Self::Length => f.write_str("a message of the container has an impossible length"),
            Self::Nested => f.write_str("a container in a container"),
            Self::TrailingBytes { count } => {
                write!(f, "{count} bytes after the last message of the container")
            }
        }
    }
}

impl core::error::Error for ContainerError {}

/// A container whose lengths are right and which holds no other container.
///
/// ```
/// use mtproto_runtime::service::{Container, ContainerWriter};
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let mut body = Vec::new();
/// let mut writer = ContainerWriter::new(&mut body);
/// writer.push(4, 1, b"one.")?;
/// writer.push(8, 3, b"two.")?;
/// writer.finish();
///
/// let bodies: Vec<&[u8]> = Container::read(&body)?.map(|message| message.body).collect();
/// assert_eq!(bodies, [b"one.", b"two."]);
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct Container<'a> {
    rest: &'a [u8],
    left: usize,
}

impl<'a> Container<'a> {
    /// Whether the body says that it is a container.
    #[must_use]
    pub fn is_one(body: &[u8]) -> bool {
        id(body) == Some(CONTAINER_ID)
    }

    /// Looks at all of a container; the messages are then those of the iterator. Their msg_ids and
    /// seq_nos are for the session to judge.
    ///
    /// # Errors
    /// [`ContainerError`]
    pub fn read(body: &'a [u8]) -> Result<Self, ContainerError> {
        let container = Self::read_unchecked(body)?;
        container.check(|_| true)?;
        Ok(container)
    }

    /// The same, looking meanwhile whether this holds for all messages; `None` if it does not.
    pub(crate) fn read_if(
        body: &'a [u8],
        holds: impl FnMut(&Message<'a>) -> bool,
    ) -> Result<Option<Self>, ContainerError> {
        let container = Self::read_unchecked(body)?;
        Ok(container.check(holds)?.then_some(container))
    }

    /// One that has been looked at before.
    pub(crate) fn read_unchecked(body: &'a [u8]) -> Result<Self, ContainerError> {
        let (count, rest) = after_id(body, CONTAINER_ID)?
            .split_first_chunk()
            .ok_or(ContainerError::Length)?;
        let count = u32::from_le_bytes(*count);
        match usize::try_from(count) {
            Ok(left) if left <= MAX_MESSAGES => Ok(Self { rest, left }),
            _ => Err(ContainerError::TooMany { count }),
        }
    }

    /// How many bytes stand after the last message that was given out.
    pub(crate) fn bytes_left(&self) -> usize {
        self.rest.len()
    }

    fn check(&self, mut holds: impl FnMut(&Message<'a>) -> bool) -> Result<bool, ContainerError> {
        let (mut rest, mut all) = (self.rest, true);
        for _ in 0..self.left {
            let message;
            (message, rest) = Message::split(rest)?;
            if is_nesting(message.body) {
                return Err(ContainerError::Nested);
            }
            all &= holds(&message);
        }
        match rest.len() {
            0 => Ok(all),
            count => Err(ContainerError::TrailingBytes { count }),
        }
    }
}

impl<'a> Iterator for Container<'a> {
    type Item = Message<'a>;

    fn next(&mut self) -> Option<Message<'a>> {
        let (message, rest) = Message::split(self.rest).ok()?;
        self.rest = rest;
        self.left = self.left.saturating_sub(1);
        Some(message)
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (self.left, Some(self.left))
    }
}

impl ExactSizeIterator for Container<'_> {}

/// Writes a container behind whatever is in `out`; nothing is allocated but by `out` itself.
///
/// Without [`finish`](ContainerWriter::finish) what was written is taken back.
#[derive(Debug)]
pub struct ContainerWriter<'a> {
    out: &'a mut Vec<u8>,
    start: usize,
    count: u32,
    finished: bool,
}

/// The message does not go into the container.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum PushError {
    /// [`MAX_MESSAGES`] are in it.
    Full,
    /// The body's length is not a multiple of 4, or does not fit in TL `int`.
    Length {
        /// The length.
        len: usize,
    },
    /// The body is a container.
    Nested,
}

impl fmt::Display for PushError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Full => write!(f, "the container holds {MAX_MESSAGES} messages already"),
            Self::Length { len } => write!(
                f,
                "body of {len} bytes is not a message's (multiple of 4, below 2^31)"
            ),
            Self::Nested => f.write_str("a container in a container"),
        }
    }
}

impl core::error::Error for PushError {}

impl<'a> ContainerWriter<'a> {
    /// An empty container.
    #[must_use]
    pub fn new(out: &'a mut Vec<u8>) -> Self {
        let start = out.len();
        out.extend_from_slice(&CONTAINER_ID.to_le_bytes());
        out.extend_from_slice(&[0; 4]);
        Self {
            out,
            start,
            count: 0,
            finished: false,
        }
    }

    /// Adds a message.
    ///
    /// # Errors
    /// [`PushError`]; the container is as it was.
    pub fn push(&mut self, msg_id: i64, seq_no: i32, body: &[u8]) -> Result<(), PushError> {
        self.push_with(msg_id, seq_no, |out| out.extend_from_slice(body))
    }

    /// Adds a message whose body the function appends to what it is given.
    ///
    /// # Errors
    /// [`PushError`]; the container is as it was.
    pub fn push_with(
        &mut self,
        msg_id: i64,
        seq_no: i32,
        write: impl FnOnce(&mut Vec<u8>),
    ) -> Result<(), PushError> {
        if usize::try_from(self.count).is_ok_and(|count| count >= MAX_MESSAGES) {
            return Err(PushError::Full);
        }
        let start = self.out.len();
        self.out.extend_from_slice(&msg_id.to_le_bytes());
        self.out.extend_from_slice(&seq_no.to_le_bytes());
        self.out.extend_from_slice(&[0; 4]);
        let body_start = self.out.len();
        write(self.out);
        let body = self.out.get(body_start..).unwrap_or_default();
        let len = body.len();
        let refused = match i32::try_from(len) {
            Ok(_) if is_nesting(body) => PushError::Nested,
            Ok(length) if len.is_multiple_of(4) => {
                self.out[body_start - 4..body_start].copy_from_slice(&length.to_le_bytes());
                self.count += 1;
                return Ok(());
            }
            _ => PushError::Length { len },
        };
        self.out.truncate(start);
        Err(refused)
    }

    /// How many messages are in it.
    #[must_use]
    pub fn count(&self) -> usize {
        usize::try_from(self.count).unwrap_or(MAX_MESSAGES)
    }

    /// Bytes written so far, the header included.
    #[must_use]
    pub fn len(&self) -> usize {
        self.out.len() - self.start
    }

    /// Whether no message is in it.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// Ends the container.
    pub fn finish(mut self) {
        self.out[self.start + 4..self.start + HEADER_LEN]
            .copy_from_slice(&self.count.to_le_bytes());
        self.finished = true;
    }
}

impl Drop for ContainerWriter<'_> {
    fn drop(&mut self) {
        if !self.finished {
            self.out.truncate(self.start);
        }
    }
}

/// Whether a body holds messages itself.
fn is_nesting(body: &[u8]) -> bool {
    matches!(id(body), Some(CONTAINER_ID | COPY_ID))
}

fn after_id(body: &[u8], wanted: u32) -> Result<&[u8], ContainerError> {
    match body.split_first_chunk() {
        Some((id, rest)) if *id == wanted.to_le_bytes() => Ok(rest),
        _ => Err(ContainerError::Id),
    }
}
