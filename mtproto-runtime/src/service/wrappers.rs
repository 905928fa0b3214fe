//! What the API wraps requests in: `invokeWithLayer`, `initConnection` and their like.
//!
//! They are the API's and not the protocol's own, but a server has to look through them to see what
//! a key that is not yet bound may ask for.
//!
//! See <https://core.telegram.org/api/invoking>.

use std::borrow::Cow;

use super::{gzip, id};
use crate::tl::{ReadResult, Reader};

const INVOKE_AFTER_MSG: u32 = 0xcb9f_372d;
const INVOKE_AFTER_MSGS: u32 = 0x3dc4_b4f0;
const INVOKE_WITH_LAYER: u32 = 0xda9b_0d0d;
const INVOKE_WITHOUT_UPDATES: u32 = 0xbf94_59b7;
const INVOKE_WITH_MESSAGES_RANGE: u32 = 0x3652_75f2;
const INVOKE_WITH_TAKEOUT: u32 = 0xaca9_fd2e;
const INIT_CONNECTION: u32 = 0xc1cd_5ea9;

/// Most wrappers around a request.
const MAX_WRAPPERS: usize = 16;
/// Most values in one another in `initConnection`'s `params`.
const MAX_DEPTH: usize = 16;

/// The request in its wrappers, packed ones among them, of which no more than `limit` bytes are
/// unpacked. `None` if a wrapper is malformed.
///
/// ```
/// use mtproto_runtime::service::wrappers;
///
/// let mut request = 0xda9b_0d0d_u32.to_le_bytes().to_vec(); // invokeWithLayer
/// request.extend_from_slice(&230_i32.to_le_bytes());
/// request.extend_from_slice(&0xc4f9_186b_u32.to_le_bytes()); // help.getConfig
/// let innermost = wrappers::innermost(&request, 1000).ok_or("malformed")?;
/// assert_eq!(*innermost, 0xc4f9_186b_u32.to_le_bytes());
/// # Ok::<(), &str>(())
/// ```
#[must_use]
pub fn innermost(request: &[u8], limit: usize) -> Option<Cow<'_, [u8]>> {
    let mut request = Cow::Borrowed(request);
    let mut packed = false;
    for _ in 0..MAX_WRAPPERS {
        if gzip::is_packed(&request) {
            if core::mem::replace(&mut packed, true) {
                return None;
            }
            request = Cow::Owned(gzip::unpack(&request, limit).ok()?);
            continue;
        }
        let Some(length) = wrapper_len(&request)? else {
            return Some(request);
        };
        request = match request {
            Cow::Borrowed(bytes) => Cow::Borrowed(bytes.get(length..)?),
            Cow::Owned(mut bytes) => {
                bytes.drain(..length);
                Cow::Owned(bytes)
            }
        };
    }
    None
}

/// How many bytes stand before the wrapped request; `Some(None)` if it is not wrapped.
fn wrapper_len(request: &[u8]) -> Option<Option<usize>> {
    let mut reader = Reader::new(request);
    let skip: fn(&mut Reader<'_>) -> ReadResult<()> = match id(request)? {
        INVOKE_AFTER_MSG | INVOKE_WITH_TAKEOUT => |r| {
            r.id();
            r.long();
            Ok(())
        },
        INVOKE_AFTER_MSGS => |r| {
            r.id();
            r.id();
            let count = r.nat();
            let size = usize::try_from(count).unwrap_or(usize::MAX);
            r.take(size.saturating_mul(8), "Vector<long>").map(|_| ())
        },
        INVOKE_WITH_LAYER => |r| {
            r.id();
            r.int();
            Ok(())
        },
        INVOKE_WITHOUT_UPDATES => |r| {
            r.id();
            Ok(())
        },
        // messageRange min_id:int max_id:int, after its id.
        INVOKE_WITH_MESSAGES_RANGE => |r| {
            r.id();
            r.id();
            r.int();
            r.int();
            Ok(())
        },
        INIT_CONNECTION => skip_init_connection,
        _ => return Some(None),
    };
    reader.read_with(|r| skip(r)).ok()?;
    Some(Some(reader.offset()))
}

/// `initConnection#c1cd5ea9 flags:# api_id:int device_model:string system_version:string
/// app_version:string system_lang_code:string lang_pack:string lang_code:string
/// proxy:flags.0?InputClientProxy params:flags.1?JSONValue query:!X = X`
fn skip_init_connection(r: &mut Reader<'_>) -> ReadResult<()> {
    r.id();
    let flags = r.nat();
    r.int();
    for _ in 0..6 {
        r.bytes();
    }
    if flags & 1 != 0 {
        // inputClientProxy address:string port:int
        r.id();
        r.bytes();
        r.int();
    }
    if flags & 2 != 0 {
        skip_json(r, MAX_DEPTH)?;
    }
    Ok(())
}

fn skip_json(r: &mut Reader<'_>, depth: usize) -> ReadResult<()> {
    const EXPECTED: &str = "JSONValue";
    let id = r.id();
    match id {
        // jsonNull
        0x3f6d_7b68 => {}
        // jsonBool
        0xc734_5e6a => {
            r.id();
        }
        // jsonNumber
        0x2be0_dfa4 => {
            r.double();
        }
        // jsonString
        0xb71e_767a => {
            r.bytes();
        }
        // jsonArray, jsonObject
        0xf744_4763 | 0x99c1_d49d => {
            let Some(depth) = depth.checked_sub(1) else {
                return Err(r.unexpected_id(id, EXPECTED));
            };
            r.id();
            let count = r.nat();
            for _ in 0..count {
                if r.rest().is_empty() {
                    return Err(r.unexpected_id(id, EXPECTED));
                }
                if id == 0x99c1_d49d {
                    // jsonObjectValue key:string
                    r.id();
                    r.bytes();
                }
                skip_json(r, depth)?;
            }
        }
        _ => return Err(r.unexpected_id(id, EXPECTED)),
    }
    Ok(())
}
