//! AES-256 in the infinite garble extension mode, in place.
//!
//! Each block is mixed with the plaintext *and* the ciphertext of the block before it:
//! c(i) = E(p(i) ⊕ c(i−1)) ⊕ p(i−1). The initialisation vector is c(0) followed by p(0).
//!
//! The mode is a chain: one message cannot be spread over the CPU's parallel AES units, however
//! wide they are. Several messages can, see [`encrypt_batch`] and [`decrypt_batch`].

mod batch;
mod portable;
#[cfg(all(target_arch = "x86_64", vaes))]
mod vaes;
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

/// A message of a batch.
#[derive(Debug)]
pub struct Message<'a> {
    /// Its key.
    pub key: &'a Key,
    /// Its blocks, encrypted or decrypted in place.
    pub data: &'a mut [Block],
}

/// Encrypts independent messages in place, side by side.
///
/// One message leaves most of the CPU's AES units idle; eight take little longer than one.
/// Messages may have different keys and lengths. The parts of a file that goes up, or packets for
/// many clients, are worth collecting.
///
/// ```
/// use mtproto_runtime::crypto::ige;
///
/// let keys = [ige::Key::new([1; 32], [2; 32]), ige::Key::new([3; 32], [4; 32])];
/// let mut parts = [vec![[0; 16]; 4], vec![[0; 16]; 6]];
/// let mut batch: Vec<_> = keys
///     .iter()
///     .zip(&mut parts)
///     .map(|(key, data)| ige::Message { key, data })
///     .collect();
/// ige::encrypt_batch(&mut batch);
/// ige::decrypt_batch(&mut batch);
/// assert_eq!(parts[1], [[0; 16]; 6]);
/// ```
#[allow(unsafe_code)]
pub fn encrypt_batch(messages: &mut [Message<'_>]) {
    // SAFETY: the kernel was chosen among those that are available.
    unsafe { batch::crypt::<ENCRYPT>(batch::Kernel::best(), messages) }
}

/// Decrypts independent messages in place, side by side; see [`encrypt_batch`].
#[allow(unsafe_code)]
pub fn decrypt_batch(messages: &mut [Message<'_>]) {
    // SAFETY: the kernel was chosen among those that are available.
    unsafe { batch::crypt::<DECRYPT>(batch::Kernel::best(), messages) }
}

/// [`encrypt_batch`] on each kernel that this CPU can run, by name, the fastest first: for the
/// benchmarks.
#[doc(hidden)]
#[allow(unsafe_code)]
pub fn encrypt_batch_kernels() -> impl Iterator<Item = (String, impl Fn(&mut [Message<'_>]))> {
    batch::Kernel::available().map(|kernel| {
        // SAFETY: the kernel is available.
        let run = move |batch: &mut [Message<'_>]| unsafe {
            batch::crypt::<ENCRYPT>(kernel, batch);
        };
        (format!("{kernel:?}"), run)
    })
}

const ENCRYPT: bool = true;
const DECRYPT: bool = false;

#[allow(unsafe_code)]
fn crypt<const ENC: bool>(key: &Key, data: &mut [Block]) {
    #[cfg(target_arch = "x86_64")]
    if x86::available() {
        let blocks = data.len();
        // SAFETY: `available` has said yes.
        unsafe { x86::run::<ENC, 1>(&mut [x86::Lane::new::<ENC>(key)], &mut [data], blocks) };
        return;
    }
    portable::crypt::<ENC>(key, data);
}

/// Decrypts one message in place and returns the SHA-256 of `prefix` followed by the plaintext.
///
/// On CPUs with instructions for both this takes hardly longer than decrypting alone.
#[allow(unsafe_code)]
pub(crate) fn decrypt_and_hash(key: &Key, prefix: &[u8; 32], data: &mut [Block]) -> [u8; 32] {
    #[cfg(test)]
    work::DONE.with_borrow_mut(|done| done.push(data.len()));
    #[cfg(target_arch = "x86_64")]
    if x86_sha::available() {
        // SAFETY: `available` has said yes.
        return unsafe { x86_sha::decrypt_and_hash(key, prefix, data) };
    }
    decrypt(key, data);
    sha256(&[prefix, data.as_flattened()])
}

/// The SHA-256 of two strings of 52 bytes, as the key derivation takes them.
#[allow(unsafe_code)]
pub(crate) fn hash_two(first: &[u8; 52], second: &[u8; 52]) -> [[u8; 32]; 2] {
    #[cfg(target_arch = "x86_64")]
    if x86_sha::available() {
        let mut blocks = zeroize::Zeroizing::new([[0; 64]; 2]);
        for (block, string) in blocks.iter_mut().zip([first, second]) {
            block[..52].copy_from_slice(string);
            block[52] = 0x80;
            block[62..].copy_from_slice(&(52 * 8_u16).to_be_bytes());
        }
        // SAFETY: `available` has said yes.
        return unsafe { x86_sha::hash_two_blocks(&blocks) };
    }
    [sha256(&[first]), sha256(&[second])]
}

/// What was decrypted and hashed on this thread, in blocks.
#[cfg(test)]
pub(crate) mod work {
    use std::cell::RefCell;

    thread_local! {
        pub(crate) static DONE: RefCell<Vec<usize>> = const { RefCell::new(Vec::new()) };
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn message() -> impl Strategy<Value = (Key, Vec<Block>)> {
        (
            any::<[u8; 32]>(),
            any::<[u8; 32]>(),
            prop::collection::vec(any::<Block>(), 0..40),
        )
            .prop_map(|(key, iv, data)| (Key::new(key, iv), data))
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn every_kernel_does_what_the_portable_one_does(
            messages in prop::collection::vec(message(), 0..40),
        ) {
            for kernel in batch::Kernel::available() {
                let run = |data: &mut [Vec<Block>], encrypt: bool| {
                    let mut batch: Vec<_> = messages
                        .iter()
                        .zip(data)
                        .map(|((key, _), data)| Message { key, data })
                        .collect();
                    #[allow(unsafe_code)]
                    // SAFETY: the kernel is available.
                    unsafe {
                        match encrypt {
                            true => batch::crypt::<ENCRYPT>(kernel, &mut batch),
                            false => batch::crypt::<DECRYPT>(kernel, &mut batch),
                        }
                    }
                };
                let mut data: Vec<_> = messages.iter().map(|(_, data)| data.clone()).collect();
                run(&mut data, true);
                for ((key, plain), encrypted) in messages.iter().zip(&data) {
                    let mut expected = plain.clone();
                    portable::crypt::<ENCRYPT>(key, &mut expected);
                    prop_assert_eq!(&expected, encrypted, "{:?}", kernel);
                    portable::crypt::<DECRYPT>(key, &mut expected);
                    prop_assert_eq!(&expected, plain);
                }
                run(&mut data, false);
                for ((_, plain), decrypted) in messages.iter().zip(&data) {
                    prop_assert_eq!(plain, decrypted, "{:?}", kernel);
                }
            }
        }

        #[test]
        fn two_hashes_at_once_agree_with_one_after_the_other(
            first in prop::array::uniform32(any::<u8>()),
            second in prop::array::uniform32(any::<u8>()),
        ) {
            let strings = [first, second].map(|half| {
                let mut string = [half[31]; 52];
                string[10..42].copy_from_slice(&half);
                string
            });
            let expected = strings.map(|string| sha256(&[&string]));
            prop_assert_eq!(hash_two(&strings[0], &strings[1]), expected);
        }

        #[test]
        fn one_message_and_one_pass_agree_with_the_portable_path(
            (key, data) in message(),
            prefix in any::<[u8; 32]>(),
        ) {
            let mut expected = data.clone();
            portable::crypt::<DECRYPT>(&key, &mut expected);
            let mut alone = data.clone();
            decrypt(&key, &mut alone);
            prop_assert_eq!(&alone, &expected);
            let mut hashed = data.clone();
            let hash = decrypt_and_hash(&key, &prefix, &mut hashed);
            prop_assert_eq!(&hashed, &expected);
            prop_assert_eq!(hash, sha256(&[&prefix, expected.as_flattened()]));
            encrypt(&key, &mut alone);
            prop_assert_eq!(alone, data);
        }
    }
}
