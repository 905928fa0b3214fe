//! AES-256 in the infinite garble extension mode, in place.
//!
//! Each block is mixed with the plaintext *and* the ciphertext of the block before it:
//! c(i) = E(p(i) ⊕ c(i−1)) ⊕ p(i−1). The initialisation vector is c(0) followed by p(0).
//!
//! The mode is a chain: one message cannot be spread over the CPU's parallel AES units, however
//! wide they are.

mod portable;
#[cfg(target_arch = "x86_64")]
mod x86;
#[cfg(target_arch = "x86_64")]
mod x86_sha;

use core::fmt;

use zeroize::Zeroize;

use super::hash::sha256;

/// A block of AES. [`slice::as_chunks_mut`] turns bytes into blocks.
pub type Block = [u8; 16];

/// AES-256 key and initialisation vector of one message; wiped when dropped, never printed.
#[derive(Clone)]
pub struct Key {
    key: [u8; 32],
    iv: [u8; 32],
}

impl Key {
    /// `iv` is c(0) followed by p(0), as the protocol's derivations yield it.
    #[must_use]
    pub const fn new(key: [u8; 32], iv: [u8; 32]) -> Self {
        Self { key, iv }
    }

    /// The AES key.
    #[must_use]
    pub const fn expose_key(&self) -> &[u8; 32] {
        &self.key
    }

    /// The initialisation vector.
    #[must_use]
    pub const fn expose_iv(&self) -> &[u8; 32] {
        &self.iv
    }
}

impl Drop for Key {
    fn drop(&mut self) {
        self.key.zeroize();
        self.iv.zeroize();
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Key { .. }")
    }
}

/// Encrypts one message in place.
///
/// ```
/// use mtproto_runtime::crypto::ige;
///
/// let key = ige::Key::new([1; 32], [2; 32]);
/// let mut message = *b"sixteen bytes of, thirty-two bytes";
/// let (blocks, _) = message.as_chunks_mut();
/// ige::encrypt(&key, blocks);
/// ige::decrypt(&key, blocks);
/// assert_eq!(&message[..16], b"sixteen bytes of");
/// ```
pub fn encrypt(key: &Key, data: &mut [Block]) {
    crypt::<ENCRYPT>(key, data);
}

/// Decrypts one message in place.
pub fn decrypt(key: &Key, data: &mut [Block]) {
    crypt::<DECRYPT>(key, data);
}

const ENCRYPT: bool = true;
const DECRYPT: bool = false;

#[allow(unsafe_code)]
fn crypt<const ENC: bool>(key: &Key, data: &mut [Block]) {
    #[cfg(target_arch = "x86_64")]
    if x86::available() {
        let blocks = data.len();
        // SAFETY: `available` has said yes.
        unsafe { x86::run::<ENC, 1>(&mut [x86::Lane::new::<ENC>(key)], [data], blocks) };
        return;
    }
    portable::crypt::<ENC>(key, data);
}

/// Decrypts one message in place and returns the SHA-256 of `prefix` followed by the plaintext.
///
/// On CPUs with instructions for both this takes hardly longer than decrypting alone.
#[allow(unsafe_code)]
pub(crate) fn decrypt_and_hash(key: &Key, prefix: &[u8; 32], data: &mut [Block]) -> [u8; 32] {
    #[cfg(target_arch = "x86_64")]
    if x86_sha::available() {
        // SAFETY: `available` has said yes.
        return unsafe { x86_sha::decrypt_and_hash(key, prefix, data) };
    }
    decrypt(key, data);
    sha256(&[prefix, data.as_flattened()])
}
