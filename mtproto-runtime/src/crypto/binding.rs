//! The proof that a temporary auth key belongs to a permanent one.
//!
//! ```text
//! perm_auth_key_id 8 | msg_key 16 | AES-256-IGE( random 16 | msg_id 8 | seq_no = 0 4 | length = 40 4 | bind_auth_key_inner 40 | padding 8 )
//! ```
//!
//! The one message that is still encrypted as in MTProto 1.0, with the permanent key.
//! See <https://core.telegram.org/method/auth.bindTempAuthKey>.

use rand_core::CryptoRng;
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

use super::hash::slice;
use super::packet::PREFIX_LEN;
use super::public::verdict;
use super::{AuthKey, DecryptError, Direction, MsgKey, ige, kdf};

/// Length of a serialised `bind_auth_key_inner`.
pub const INNER_LEN: usize = 40;
/// Length of `encrypted_message`.
pub const SEALED_LEN: usize = PREFIX_LEN + PADDED_LEN;

const HEADER_LEN: usize = 32;
const PLAIN_LEN: usize = HEADER_LEN + INNER_LEN;
const PADDED_LEN: usize = 80;

/// What was found in an `encrypted_message`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Binding {
    /// Must be that of the message which carries `auth.bindTempAuthKey`.
    pub msg_id: i64,
    /// `bind_auth_key_inner`, serialised.
    pub inner: [u8; INNER_LEN],
}

/// Makes the `encrypted_message` of `auth.bindTempAuthKey`.
///
/// `binding.msg_id` is that of the message which will carry the request.
#[must_use]
pub fn seal(
    permanent: &AuthKey,
    binding: &Binding,
    rng: &mut (impl CryptoRng + ?Sized),
) -> [u8; SEALED_LEN] {
    let mut plain = Zeroizing::new([0; PADDED_LEN]);
    rng.fill_bytes(&mut plain[..16]);
    plain[16..24].copy_from_slice(&binding.msg_id.to_le_bytes());
    plain[28] = 40;
    plain[HEADER_LEN..PLAIN_LEN].copy_from_slice(&binding.inner);
    rng.fill_bytes(&mut plain[PLAIN_LEN..]);

    let msg_key = kdf::msg_key_v1(&plain[..PLAIN_LEN]);
    let key = kdf::message_key_v1(permanent, &msg_key, Direction::FromClient);
    ige::encrypt(&key, plain.as_chunks_mut().0);

    let mut sealed = [0; SEALED_LEN];
    sealed[..8].copy_from_slice(&permanent.id().to_le_bytes());
    sealed[8..PREFIX_LEN].copy_from_slice(&msg_key);
    sealed[PREFIX_LEN..].copy_from_slice(&plain[..]);
    sealed
}

/// Decrypts and verifies an `encrypted_message`, on the server.
///
/// # Errors
/// [`DecryptError`] if it was not made with this key or is not of the form above.
pub fn open(permanent: &AuthKey, sealed: &[u8]) -> Result<Binding, DecryptError> {
    let sealed: &[u8; SEALED_LEN] = sealed.try_into().map_err(|_| DecryptError)?;
    if sealed[..8] != permanent.id().to_le_bytes() {
        return Err(DecryptError);
    }
    let msg_key: MsgKey = slice(sealed, 8);
    let mut plain: Zeroizing<[u8; PADDED_LEN]> = Zeroizing::new(slice(sealed, PREFIX_LEN));
    let key = kdf::message_key_v1(permanent, &msg_key, Direction::FromClient);
    ige::decrypt(&key, plain.as_chunks_mut().0);

    let right = kdf::msg_key_v1(&plain[..PLAIN_LEN]).ct_eq(&msg_key);
    let form = plain[24..HEADER_LEN].ct_eq(&[0, 0, 0, 0, 40, 0, 0, 0]);
    if verdict(right & form) {
        Ok(Binding {
            msg_id: i64::from_le_bytes(slice(&plain[..], 16)),
            inner: slice(&plain[..], HEADER_LEN),
        })
    } else {
        Err(DecryptError)
    }
}
