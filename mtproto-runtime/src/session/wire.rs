//! Bytes of service messages that hold vectors, read and written without a vector.

use super::error::Rule;
use crate::service::{self, container};
use crate::tl::{Identified, Reader, TlRead, TlWrite};

pub(crate) use crate::service::types::{MsgResendReq, MsgsAck, MsgsStateInfo, MsgsStateReq};

pub(crate) const MSGS_ACK: u32 = MsgsAck::ID;
pub(crate) const MSGS_STATE_REQ: u32 = MsgsStateReq::ID;
pub(crate) const MSG_RESEND_REQ: u32 = MsgResendReq::ID;
/// `invokeAfterMsg#cb9f372d {X:Type} msg_id:long query:!X = X`
pub(crate) const INVOKE_AFTER_MSG: u32 = 0xcb9f_372d;
/// `invokeAfterMsgs#3dc4b4f0 {X:Type} msg_ids:Vector<long> query:!X = X`
pub(crate) const INVOKE_AFTER_MSGS: u32 = 0x3dc4_b4f0;
/// `vector#1cb5c415`
const VECTOR: u32 = 0x1cb5_c415;

/// A vector of message ids, as it stands in a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Ids<'a>(&'a [[u8; 8]]);

impl<'a> Ids<'a> {
    pub(crate) fn iter(self) -> impl Iterator<Item = i64> + 'a {
        self.0.iter().map(|id| i64::from_le_bytes(*id))
    }

    /// `Vector<long>` at the front of the bytes, and the bytes after it.
    pub(crate) fn split(bytes: &'a [u8]) -> Option<(Self, &'a [u8])> {
        let (vector, bytes) = split_u32(bytes)?;
        let (count, bytes) = split_u32(bytes)?;
        let size = usize::try_from(count).ok()?.checked_mul(8)?;
        let (ids, rest) = bytes.split_at_checked(size)?;
        (vector == VECTOR).then_some((Self(ids.as_chunks().0), rest))
    }
}

/// A service message.
pub(crate) fn read<'a, T: TlRead<'a>>(body: &'a [u8]) -> Result<T, Rule> {
    Reader::new(body).read().map_err(|_| Rule::Form)
}

/// The only field of a message after its constructor id.
pub(crate) fn ids(body: &[u8]) -> Result<Ids<'_>, Rule> {
    let ids = body.get(4..).and_then(Ids::split);
    ids.map(|(ids, _)| ids).ok_or(Rule::Form)
}

/// How many messages one speaks of, by what it says at its beginning.
pub(crate) fn count_of_ids(body: &[u8]) -> usize {
    let speaks = matches!(
        service::id(body),
        Some(
            MSGS_ACK
                | MSGS_STATE_REQ
                | MSG_RESEND_REQ
                | service::types::MsgResendAnsReq::ID
                | service::types::MsgsAllInfo::ID
        )
    );
    let count = body.get(8..).and_then(split_u32).filter(|_| speaks);
    count.map_or(0, |(count, _)| count as usize)
}

pub(crate) fn split_u32(bytes: &[u8]) -> Option<(u32, &[u8])> {
    let (number, rest) = bytes.split_first_chunk()?;
    Some((u32::from_le_bytes(*number), rest))
}

/// `msgs_all_info`: ids and their states.
pub(crate) fn read_all_info(body: &[u8]) -> Result<(Ids<'_>, &[u8]), Rule> {
    let (ids, rest) = body.get(4..).and_then(Ids::split).ok_or(Rule::Form)?;
    let info = Reader::new(rest).read_with(|r| Ok(r.bytes()));
    Ok((ids, info.map_err(|_| Rule::Form)?))
}

/// Whether a body is made of messages itself.
pub(crate) fn holds_messages(body: &[u8]) -> bool {
    matches!(
        service::id(body),
        Some(container::CONTAINER_ID | container::COPY_ID)
    )
}

/// How many bytes a message of so many ids has.
pub(crate) const fn ids_len(count: usize) -> usize {
    12 + 8 * count
}

/// Appends a message that holds nothing but ids.
pub(crate) fn write_ids(constructor: u32, ids: &[i64], out: &mut Vec<u8>) {
    out.reserve(ids_len(ids.len()));
    out.extend_from_slice(&constructor.to_le_bytes());
    out.extend_from_slice(&VECTOR.to_le_bytes());
    out.extend_from_slice(&u32::try_from(ids.len()).unwrap_or(0).to_le_bytes());
    for id in ids {
        out.extend_from_slice(&id.to_le_bytes());
    }
}

/// Appends a message that can always be written.
pub(crate) fn write(message: &impl TlWrite, out: &mut Vec<u8>) {
    // Only text and vectors that are too long fail; service messages of ours hold none.
    let _ = message.write_to(out);
}
