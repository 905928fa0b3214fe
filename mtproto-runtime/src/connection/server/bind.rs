//! `auth.bindTempAuthKey`, and what a temporary key may ask for before it.
//!
//! See <https://core.telegram.org/api/pfs>.

use std::collections::BTreeMap;

use super::SessionRef;
use super::keys::KeyEntry;
use crate::connection::client::BindTempAuthKey;
use crate::service::types::BindAuthKeyInner;
use crate::service::{self, wrappers};
use crate::session::RpcError;
use crate::session::server::RequestId;
use crate::tl::{Reader, TlRead};
use crate::{Now, Provider};

/// `boolTrue#997275b5`
pub(super) const BOOL_TRUE: [u8; 4] = 0x9972_75b5_u32.to_le_bytes();
const HELP_GET_CONFIG: u32 = 0xc4f9_186b;
const HELP_GET_NEAREST_DC: u32 = 0x1fb3_3026;
/// By how much the two sides may differ about when a key expires.
const TOLERANCE: i64 = 60;

/// Binds a key, or refuses what one that is not bound must not ask for. `None`: the request is for
/// the application.
pub(super) fn judge<P: Provider>(
    now: Now,
    provider: &P,
    keys: &mut BTreeMap<i64, KeyEntry>,
    from: SessionRef,
    request: RequestId,
    body: &[u8],
    limit: usize,
) -> Option<Result<i64, RpcError>> {
    let key = keys.get(&from.auth_key_id)?;
    let (is_temporary, bound) = (key.expires_at.is_some(), key.bound);
    if !is_temporary && service::id(body) != Some(BindTempAuthKey::ID) {
        return None;
    }
    if is_temporary && bound.is_some() && !may_bind(body) {
        return None;
    }
    let innermost = wrappers::innermost(body, limit.min(MAX_UNPACKED));
    match innermost.as_deref().and_then(service::id) {
        Some(BindTempAuthKey::ID) => {
            let request_body = innermost?;
            Some(bind(now, provider, keys, from, request, &request_body))
        }
        Some(HELP_GET_CONFIG | HELP_GET_NEAREST_DC) => None,
        _ if is_temporary && bound.is_none() => {
            Some(Err(RpcError::new(401, "AUTH_KEY_PERM_EMPTY")))
        }
        _ => None,
    }
}

/// What a key that is not bound may ask for is short, and nobody shall be kept busy by more.
const MAX_UNPACKED: usize = 16 << 10;

/// Whether it is worth looking into wrappers: binding is the first thing that is done.
fn may_bind(body: &[u8]) -> bool {
    const LONGEST: usize = 1024;
    body.len() <= LONGEST
}

fn bind<P: Provider>(
    now: Now,
    provider: &P,
    keys: &mut BTreeMap<i64, KeyEntry>,
    from: SessionRef,
    request: RequestId,
    body: &[u8],
) -> Result<i64, RpcError> {
    let refuse = |message: &str| RpcError::new(400, message);
    let mut reader = Reader::new(body);
    let bind = reader
        .read_with(|r| {
            r.expect_id(BindTempAuthKey::ID, "auth.bindTempAuthKey")?;
            Ok(BindTempAuthKey {
                perm_auth_key_id: r.long(),
                nonce: r.long(),
                expires_at: r.int(),
                encrypted_message: r.bytes(),
            })
        })
        .map_err(|_| refuse("INPUT_REQUEST_INVALID"))?;
    let invalid = || refuse("ENCRYPTED_MESSAGE_INVALID");
    let permanent = keys
        .get(&bind.perm_auth_key_id)
        .filter(|key| key.expires_at.is_none() && !key.destroyed)
        .ok_or_else(invalid)?;
    let binding = provider
        .open_binding(&permanent.auth_key, bind.encrypted_message)
        .map_err(|_| invalid())?;
    let inner = BindAuthKeyInner::from_bytes(&binding.inner).map_err(|_| invalid())?;
    let right = binding.msg_id == request.0
        && inner.nonce == bind.nonce
        && inner.temp_auth_key_id == from.auth_key_id
        && inner.perm_auth_key_id == bind.perm_auth_key_id
        && inner.temp_session_id == from.session_id
        && inner.expires_at == bind.expires_at;
    if !right {
        return Err(invalid());
    }
    let key = keys.get_mut(&from.auth_key_id).ok_or_else(invalid)?;
    let Some(expires_at) = key.expires_at else {
        return Err(refuse("TEMP_AUTH_KEY_EMPTY"));
    };
    let left = i64::from(bind.expires_at) - i64::try_from(now.unix.as_secs()).unwrap_or(i64::MAX);
    if left <= 0 || i64::from(bind.expires_at) > i64::from(expires_at) + TOLERANCE {
        return Err(refuse("EXPIRES_AT_INVALID"));
    }
    match key.bound {
        Some(other) if other != bind.perm_auth_key_id => Err(refuse("TEMP_AUTH_KEY_ALREADY_BOUND")),
        _ => {
            key.bound = Some(bind.perm_auth_key_id);
            Ok(bind.perm_auth_key_id)
        }
    }
}
