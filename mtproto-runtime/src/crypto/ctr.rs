//! AES-256 in counter mode: obfuscated transports and files of CDNs.

use core::fmt;

use aes::Aes256Enc;
use aes::cipher::{Array, BlockCipherEncrypt, KeyInit};
use zeroize::{Zeroize, Zeroizing};

/// A stream cipher that goes on where the last call stopped, whatever the pieces.
///
/// The counter is all of the 16 bytes of the initialisation vector, big-endian. Encrypting and
/// decrypting are the same.
///
/// ```
/// use mtproto_runtime::crypto::ctr::Stream;
///
/// let mut whole = *b"in one piece or in three";
/// Stream::new(&[1; 32], &[2; 16]).apply(&mut whole);
///
/// let mut stream = Stream::new(&[1; 32], &[2; 16]);
/// let mut pieces = *b"in one piece or in three";
/// stream.apply(&mut pieces[..1]);
/// stream.apply(&mut pieces[1..20]);
/// stream.apply(&mut pieces[20..]);
/// assert_eq!(pieces, whole);
/// ```
#[derive(Clone)]
pub struct Stream {
    aes: Aes256Enc,
    /// Of the next block.
    counter: u128,
    /// What is left of the last block: `left` bytes at its end.
    block: [u8; 16],
    left: usize,
}

/// Blocks encrypted together; the CPU works on several at a time.
const PARALLEL: usize = 16;

impl Stream {
    /// The beginning of the stream.
    #[must_use]
    pub fn new(key: &[u8; 32], iv: &[u8; 16]) -> Self {
        Self {
            aes: Aes256Enc::new(key.into()),
            counter: u128::from_be_bytes(*iv),
            block: [0; 16],
            left: 0,
        }
    }

    /// Encrypts or decrypts the next bytes in place.
    pub fn apply(&mut self, data: &mut [u8]) {
        let (old, data) = data.split_at_mut(self.left.min(data.len()));
        xor(old, &self.block[16 - self.left..]);
        self.left -= old.len();

        let mut blocks = Zeroizing::new([[0; 16]; PARALLEL]);
        for chunk in data.chunks_mut(16 * PARALLEL) {
            let blocks = &mut blocks[..chunk.len().div_ceil(16)];
            for block in blocks.iter_mut() {
                *block = self.counter.to_be_bytes();
                self.counter = self.counter.wrapping_add(1);
            }
            self.aes
                .encrypt_blocks(Array::cast_slice_from_core_mut(blocks));
            xor(chunk, blocks.as_flattened());
            // Only the last chunk can end within a block.
            if let (Some(last), 1..) = (blocks.last(), chunk.len() % 16) {
                self.block = *last;
                self.left = 16 - chunk.len() % 16;
            }
        }
    }
}

fn xor(data: &mut [u8], keystream: &[u8]) {
    for (byte, key) in data.iter_mut().zip(keystream) {
        *byte ^= key;
    }
}

impl Drop for Stream {
    fn drop(&mut self) {
        self.block.zeroize();
        self.counter.zeroize();
    }
}

impl fmt::Debug for Stream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Stream { .. }")
    }
}
