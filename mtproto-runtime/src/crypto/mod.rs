//! Pure functions and keys of MTProto 2.0: bytes in, bytes out, no clock, no socket.
//!
//! | module | what |
//! |---|---|
//! | [`packet`] | encrypt a packet; decrypt **and verify** one, in that order, with one error |
//! | [`exchange`] | the encrypted halves of the key exchange |
//! | [`binding`] | the proof that a temporary key belongs to a permanent one |
//! | [`rsa`], [`dh`], [`pq`] | the numbers of the key exchange |
//! | [`srp`] | the second password |
//! | [`kdf`], [`ige`], [`ctr`] | what the rooms above are made of |
//! | [`random`] | the operating system's random source, buffered |
//!
//! Secrets (keys, exponents, passwords) are compared in constant time, wiped when dropped, and
//! never printed. Randomness is always an argument.
//!
//! **Constant time.** Secret exponents are `crypto-bigint`'s, hashes and ciphers are RustCrypto's
//! or the CPU's own instructions, none of which looks anything up by a secret. `cargo xtask
//! constant-time` proves it of this crate's own code, under valgrind, and shows that known leaks
//! would have been seen. (Valgrind knows no SHA instructions and no registers of 512 bits; the
//! loops that use them branch on lengths alone.)
//!
//! **Unsafe code** stands in the files of [`ige`] that use CPU instructions, behind run-time
//! detection; each says at its top what must hold.

pub mod auth_key;
pub mod binding;
pub mod ctr;
pub mod dh;
pub mod exchange;
pub(crate) mod hash;
pub mod ige;
pub mod kdf;
mod number;
pub mod packet;
pub mod pq;
mod public;
pub mod random;
pub mod rsa;
pub mod srp;

pub use auth_key::AuthKey;
pub use kdf::{Direction, MsgKey};

use subtle::ConstantTimeEq;

/// Compares two byte strings in time that depends on their lengths only.
///
/// For nonces and hashes of the key exchange: an early exit would tell an attacker how many of the
/// leading bytes were right.
///
/// ```
/// use mtproto_runtime::crypto::equal;
///
/// assert!(equal(b"nonce", b"nonce"));
/// assert!(!equal(b"nonce", b"nonsense"));
/// ```
#[must_use]
pub fn equal(a: &[u8], b: &[u8]) -> bool {
    public::verdict(a.ct_eq(b))
}

/// The bytes were not made by the holder of the key, or not for us. Nothing more is told: every
/// reason looks the same and has cost the same work.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct DecryptError;

impl core::fmt::Display for DecryptError {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("could not be decrypted")
    }
}

impl core::error::Error for DecryptError {}
