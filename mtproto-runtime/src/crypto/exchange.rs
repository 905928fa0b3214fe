//! The encrypted halves of the key exchange: `server_DH_inner_data` and `client_DH_inner_data`.
//!
//! ```text
//! AES-256-IGE( SHA-1 of the object 20 | object | padding to a multiple of 16 )
//! ```
//!
//! The key is [`kdf::exchange_key`](super::kdf::exchange_key). The hash covers the object and not
//! the padding. [`open`] does not parse anything to learn where the object ends: an object of TL
//! is a whole number of 4-byte words, which leaves four lengths, and it tries all of them.
//!
//! See <https://core.telegram.org/mtproto/auth_key#dh-exchange-initiation>.

use rand_core::CryptoRng;
use subtle::{ConditionallySelectable, ConstantTimeEq};
use zeroize::Zeroize;

use super::hash::sha1;
use super::public::publish;
use super::{DecryptError, ige};

const HASH_LEN: usize = 20;

/// Encrypts an object, hash and random padding added.
///
/// ```
/// use mtproto_runtime::crypto::{exchange, kdf, random::SystemRandom};
///
/// let key = kdf::exchange_key(&[1; 32], &[2; 16]);
/// let mut sealed = exchange::seal(&key, b"an object...", &mut SystemRandom::new());
/// assert_eq!(exchange::open(&key, &mut sealed).unwrap(), b"an object...");
/// ```
#[must_use]
pub fn seal(key: &ige::Key, object: &[u8], rng: &mut (impl CryptoRng + ?Sized)) -> Vec<u8> {
    let len = HASH_LEN + object.len();
    let mut data = Vec::with_capacity(len.next_multiple_of(16));
    data.extend_from_slice(&sha1(&[object]));
    data.extend_from_slice(object);
    data.resize(len.next_multiple_of(16), 0);
    rng.fill_bytes(&mut data[len..]);
    ige::encrypt(key, data.as_chunks_mut().0);
    data
}

/// Decrypts in place and returns exactly the object that was hashed.
///
/// # Errors
/// [`DecryptError`] if the length is impossible or no length of the object fits the hash; `data`
/// has then been wiped.
pub fn open<'a>(key: &ige::Key, data: &'a mut [u8]) -> Result<&'a [u8], DecryptError> {
    if data.len() < 2 * 16 || !data.len().is_multiple_of(16) {
        return Err(DecryptError);
    }
    ige::decrypt(key, data.as_chunks_mut().0);
    let (hash, rest) = data.split_at(HASH_LEN);
    let mut len = 0_u64;
    for padding in [0, 4, 8, 12] {
        let candidate = rest.len() - padding;
        let fits = hash.ct_eq(&sha1(&[&rest[..candidate]]));
        len.conditional_assign(&(candidate as u64), fits);
    }
    publish(&mut len);
    match usize::try_from(len) {
        Ok(len) if len > 0 => Ok(&data[HASH_LEN..HASH_LEN + len]),
        _ => {
            data.zeroize();
            Err(DecryptError)
        }
    }
}
