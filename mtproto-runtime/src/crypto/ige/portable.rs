//! IGE over the `aes` crate: every CPU, one block at a time.

use aes::cipher::{BlockCipherDecrypt, BlockCipherEncrypt, KeyInit};
use aes::{Aes256Dec, Aes256Enc};

use super::{Block, Key};
use crate::crypto::hash::slice;

pub(super) fn crypt<const ENC: bool>(key: &Key, data: &mut [Block]) {
    let first: Block = slice(&key.iv, 0);
    let second: Block = slice(&key.iv, 16);
    if ENC {
        let aes = Aes256Enc::new(&key.key.into());
        chain(second, first, data, |block| aes.encrypt_block(block.into()));
    } else {
        let aes = Aes256Dec::new(&key.key.into());
        chain(first, second, data, |block| aes.decrypt_block(block.into()));
    }
}

/// output(i) = cipher(input(i) ⊕ output(i−1)) ⊕ input(i−1): both directions, with the roles of
/// plaintext and ciphertext swapped.
fn chain(mut input: Block, mut output: Block, data: &mut [Block], cipher: impl Fn(&mut Block)) {
    for block in data {
        let next = *block;
        xor(&mut output, &next);
        cipher(&mut output);
        xor(&mut output, &input);
        *block = output;
        input = next;
    }
}

fn xor(a: &mut Block, b: &Block) {
    *a = (u128::from_ne_bytes(*a) ^ u128::from_ne_bytes(*b)).to_ne_bytes();
}
