//! What the API wraps requests in: `invokeWithLayer`, `initConnection` and their like.
//!
//! They are the API's and not the protocol's own, but a server has to look through them: for what a
//! key that is not yet bound may ask for, for what has to come first, and for who is asking.
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
const INVOKE_WITH_BUSINESS_CONNECTION: u32 = 0xdd28_9f8e;
const INVOKE_WITH_GOOGLE_PLAY_INTEGRITY: u32 = 0x1df9_2984;
const INVOKE_WITH_APNS_SECRET: u32 = 0x0dae_54f8;
const INVOKE_WITH_RE_CAPTCHA: u32 = 0xadbb_0f94;
const INIT_CONNECTION: u32 = 0xc1cd_5ea9;

/// Most wrappers around a request.
pub(crate) const MAX_WRAPPERS: usize = 16;
/// Most values in one another in `initConnection`'s `params`.
const MAX_DEPTH: usize = 16;

/// What a request is wrapped in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Wrapper<'a> {
    /// `invokeAfterMsg`, `invokeAfterMsgs`: the ids of the messages before, eight bytes each. A
    /// [session](crate::session::server) sees to it.
    AfterMsgs(&'a [u8]),
    /// `invokeWithLayer`: what the client understands.
    Layer(i32),
    /// `initConnection`: who the client is.
    InitConnection(InitConnection<'a>),
    /// `invokeWithoutUpdates`: the client wants no updates in this session.
    WithoutUpdates,
    /// `invokeWithTakeout`: in this session of data export.
    Takeout(i64),
    /// `invokeWithBusinessConnection`: in the name of the user of this connection.
    BusinessConnection(&'a [u8]),
    /// Another one, by its id.
    Other(u32),
}

/// What a client says about itself. Texts are as they came, UTF-8 or not.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct InitConnection<'a> {
    /// The program.
    pub api_id: i32,
    /// The device.
    pub device_model: &'a [u8],
    /// Its system.
    pub system_version: &'a [u8],
    /// The program's version.
    pub app_version: &'a [u8],
    /// The language of the system.
    pub system_lang_code: &'a [u8],
    /// Which pack of translations is wanted.
    pub lang_pack: &'a [u8],
    /// The language of the program.
    pub lang_code: &'a [u8],
}

/// Takes one wrapper off a request: the wrapper and what is in it, or `Some(None)` if there is
/// none. `None` if it is malformed.
///
/// ```
/// use mtproto_runtime::service::wrappers::{Wrapper, split};
///
/// let mut request = 0xda9b_0d0d_u32.to_le_bytes().to_vec(); // invokeWithLayer
/// request.extend_from_slice(&230_i32.to_le_bytes());
/// request.extend_from_slice(&0xc4f9_186b_u32.to_le_bytes()); // help.getConfig
/// let (wrapper, inner) = split(&request).ok_or("malformed")?.ok_or("not wrapped")?;
/// assert_eq!(wrapper, Wrapper::Layer(230));
/// assert_eq!(split(inner), Some(None));
/// # Ok::<(), &str>(())
/// ```
#[must_use]
pub fn split(request: &[u8]) -> Option<Option<(Wrapper<'_>, &[u8])>> {
    let id = id(request)?;
    let mut reader = Reader::new(request);
    let wrapper = reader
        .read_with(|r| {
            r.id();
            read(r, id)
        })
        .ok()?;
    Some(wrapper.map(|wrapper| (wrapper, reader.rest())))
}

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
    unwrap(request, limit, |_| {})
}

/// [`innermost`], telling each wrapper on the way, from the outermost to the innermost.
pub fn unwrap(
    request: &[u8],
    limit: usize,
    mut tell: impl FnMut(Wrapper<'_>),
) -> Option<Cow<'_, [u8]>> {
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
        let length = match split(&request)? {
            None => return Some(request),
            Some((wrapper, inner)) => {
                tell(wrapper);
                request.len() - inner.len()
            }
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

/// The wrapper with this id, after it.
fn read<'a>(r: &mut Reader<'a>, id: u32) -> ReadResult<Option<Wrapper<'a>>> {
    Ok(Some(match id {
        INVOKE_AFTER_MSG => Wrapper::AfterMsgs(r.take(8, "long")?),
        INVOKE_AFTER_MSGS => {
            r.id();
            let count = r.nat();
            let size = usize::try_from(count).unwrap_or(usize::MAX);
            Wrapper::AfterMsgs(r.take(size.saturating_mul(8), "Vector<long>")?)
        }
        INVOKE_WITH_LAYER => Wrapper::Layer(r.int()),
        INIT_CONNECTION => Wrapper::InitConnection(read_init_connection(r)?),
        INVOKE_WITHOUT_UPDATES => Wrapper::WithoutUpdates,
        INVOKE_WITH_TAKEOUT => Wrapper::Takeout(r.long()),
        INVOKE_WITH_BUSINESS_CONNECTION => Wrapper::BusinessConnection(r.bytes()),
        // messageRange min_id:int max_id:int, after its id.
        INVOKE_WITH_MESSAGES_RANGE => {
            r.id();
            r.int();
            r.int();
            Wrapper::Other(id)
        }
        INVOKE_WITH_GOOGLE_PLAY_INTEGRITY | INVOKE_WITH_APNS_SECRET => {
            r.bytes();
            r.bytes();
            Wrapper::Other(id)
        }
        INVOKE_WITH_RE_CAPTCHA => {
            r.bytes();
            Wrapper::Other(id)
        }
        _ => return Ok(None),
    }))
}

/// `initConnection#c1cd5ea9 flags:# api_id:int device_model:string system_version:string
/// app_version:string system_lang_code:string lang_pack:string lang_code:string
/// proxy:flags.0?InputClientProxy params:flags.1?JSONValue query:!X = X`
fn read_init_connection<'a>(r: &mut Reader<'a>) -> ReadResult<InitConnection<'a>> {
    let flags = r.nat();
    let init = InitConnection {
        api_id: r.int(),
        device_model: r.bytes(),
        system_version: r.bytes(),
        app_version: r.bytes(),
        system_lang_code: r.bytes(),
        lang_pack: r.bytes(),
        lang_code: r.bytes(),
    };
    if flags & 1 != 0 {
        // inputClientProxy address:string port:int
        r.id();
        r.bytes();
        r.int();
    }
    if flags & 2 != 0 {
        skip_json(r, MAX_DEPTH)?;
    }
    Ok(init)
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
