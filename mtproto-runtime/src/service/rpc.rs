//! `rpc_result`: the answer to a request.

use super::id;
use super::types::RpcError;
use crate::tl::{Identified, TlRead};

/// `rpc_result`
pub const RESULT_ID: u32 = 0xf35c_6d01;

/// `rpc_result#f35c6d01 req_msg_id:long result:Object`
///
/// By hand because `result` is of the type that the request asked for, which only who sent it
/// knows. See <https://core.telegram.org/mtproto/service_messages#response-to-an-rpc-query>.
///
/// ```
/// use mtproto_runtime::service::{RpcResult, types};
/// use mtproto_runtime::tl::TlWrite;
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let error = types::RpcError { error_code: 420, error_message: "FLOOD_WAIT_31" };
/// let mut body = Vec::new();
/// RpcResult { req_msg_id: 4, result: &error.to_bytes()? }.write_to(&mut body);
///
/// let result = RpcResult::read(&body).ok_or("not an rpc_result")?;
/// assert_eq!(result.req_msg_id, 4);
/// assert_eq!(result.error(), Some(error));
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct RpcResult<'a> {
    /// The msg_id of the request.
    pub req_msg_id: i64,
    /// A serialised TL value: what the request asked for, `rpc_error`, or `gzip_packed` of one of
    /// both.
    pub result: &'a [u8],
}

impl<'a> RpcResult<'a> {
    /// Bytes before the result.
    pub const HEADER_LEN: usize = 12;

    /// Whether the body says that it is one.
    #[must_use]
    pub fn is_one(body: &[u8]) -> bool {
        id(body) == Some(RESULT_ID)
    }

    /// Reads one; `None` if it is none. What the result is, only who sent the request can say.
    #[must_use]
    pub fn read(body: &'a [u8]) -> Option<Self> {
        let (id, rest) = body.split_first_chunk()?;
        let (req_msg_id, result) = rest.split_first_chunk()?;
        (*id == RESULT_ID.to_le_bytes()).then_some(Self {
            req_msg_id: i64::from_le_bytes(*req_msg_id),
            result,
        })
    }

    /// Appends it.
    pub fn write_to(&self, out: &mut Vec<u8>) {
        Self::write_header(self.req_msg_id, out);
        out.extend_from_slice(self.result);
    }

    /// Appends all but the result.
    pub fn write_header(req_msg_id: i64, out: &mut Vec<u8>) {
        out.extend_from_slice(&RESULT_ID.to_le_bytes());
        out.extend_from_slice(&req_msg_id.to_le_bytes());
    }

    /// The error, if the request failed.
    #[must_use]
    pub fn error(&self) -> Option<RpcError<'a>> {
        match id(self.result) {
            Some(RpcError::ID) => RpcError::from_bytes(self.result).ok(),
            _ => None,
        }
    }
}
