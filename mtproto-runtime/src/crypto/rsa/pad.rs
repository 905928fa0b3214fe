//! RSA_PAD, the only form that may be used today.
//!
//! ```text
//! padded    = data | random, 192 bytes
//! hashed    = reverse(padded) | SHA-256(temp_key | padded)
//! encrypted = AES-256-IGE(hashed) with temp_key and a zero iv
//! number    = temp_key ⊕ SHA-256(encrypted) | encrypted
//! ```

use crypto_bigint::{CtLt, U2048};
use rand_core::CryptoRng;
use subtle::{Choice, ConstantTimeEq};
use zeroize::Zeroizing;

use super::{LEN, PrivateKey, PublicKey, TooLong};
use crate::crypto::hash::{sha256, slice};
use crate::crypto::public::verdict;
use crate::crypto::{DecryptError, ige, number};

/// Longest data.
const MAX_DATA: usize = 144;
const PADDED: usize = 192;
const TEMP_KEY: usize = 32;

impl PublicKey {
    /// Encrypts at most 144 bytes with RSA_PAD.
    ///
    /// # Errors
    /// [`TooLong`]
    pub fn seal(
        &self,
        data: &[u8],
        rng: &mut (impl CryptoRng + ?Sized),
    ) -> Result<[u8; LEN], TooLong> {
        if data.len() > MAX_DATA {
            return Err(TooLong {
                len: data.len(),
                max: MAX_DATA,
            });
        }
        let mut padded = Zeroizing::new([0; PADDED]);
        padded[..data.len()].copy_from_slice(data);
        rng.fill_bytes(&mut padded[data.len()..]);

        // About half of the numbers are larger than the modulus, whatever it is.
        let number = loop {
            let mut temp_key = Zeroizing::new([0; TEMP_KEY]);
            rng.fill_bytes(&mut temp_key[..]);
            let number = U2048::from_be_slice(&wrap(&padded, &temp_key)[..]);
            // One that is refused is used for nothing else.
            if verdict(number.ct_lt(self.number()).into()) {
                break Zeroizing::new(number);
            }
        };
        Ok(number::to_bytes(&self.power(&number)))
    }
}

impl PrivateKey {
    /// Decrypts what [`PublicKey::seal`] has encrypted: the data and, up to 192 bytes, its random
    /// padding. Only the reader of the data knows where it ends.
    ///
    /// # Errors
    /// [`DecryptError`], whatever is wrong.
    pub fn open(
        &self,
        encrypted: &[u8],
        rng: &mut (impl CryptoRng + ?Sized),
    ) -> Result<Zeroizing<[u8; PADDED]>, DecryptError> {
        let number = self.decrypt(encrypted, rng)?;
        let (padded, right) = unwrap(&number);
        match verdict(right) {
            true => Ok(padded),
            false => Err(DecryptError),
        }
    }
}

fn wrap(padded: &[u8; PADDED], temp_key: &[u8; TEMP_KEY]) -> Zeroizing<[u8; LEN]> {
    let mut number = Zeroizing::new([0; LEN]);
    let (key, body) = number.split_at_mut(TEMP_KEY);
    body[..PADDED].copy_from_slice(padded);
    body[..PADDED].reverse();
    body[PADDED..].copy_from_slice(&sha256(&[temp_key, padded]));
    ige::encrypt(&ige::Key::new(*temp_key, [0; 32]), body.as_chunks_mut().0);
    key.copy_from_slice(&masked(temp_key, body)[..]);
    number
}

/// The padded data, and whether its hash is right.
pub(super) fn unwrap(number: &[u8; LEN]) -> (Zeroizing<[u8; PADDED]>, Choice) {
    let mut body: Zeroizing<[u8; LEN - TEMP_KEY]> = Zeroizing::new(slice(number, TEMP_KEY));
    let temp_key = masked(&slice(number, 0), &body[..]);
    ige::decrypt(&ige::Key::new(*temp_key, [0; 32]), body.as_chunks_mut().0);
    let mut padded: Zeroizing<[u8; PADDED]> = Zeroizing::new(slice(&body[..], 0));
    padded.reverse();
    let hash = Zeroizing::new(sha256(&[&temp_key[..], &padded[..]]));
    let right = hash.ct_eq(&body[PADDED..]);
    (padded, right)
}

fn masked(key: &[u8; TEMP_KEY], encrypted: &[u8]) -> Zeroizing<[u8; TEMP_KEY]> {
    let mut masked = Zeroizing::new(sha256(&[encrypted]));
    for (mask, byte) in masked.iter_mut().zip(key) {
        *mask ^= byte;
    }
    masked
}
