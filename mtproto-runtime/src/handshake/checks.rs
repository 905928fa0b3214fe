//! The rules of the handshake, one function each.
//!
//! The numbers are those of the tests that break the rules, `tests/handshake_checks.rs`:
//!
//! | rule | where |
//! |---|---|
//! | K1: every packet repeats the nonces | [`nonce`], [`nonces`] |
//! | K2: a key that is trusted | [`trusted_key`] |
//! | K3: pq is a product of two primes | [`pq`] |
//! | K4: RSA_PAD and nothing else | [`rsa`](crate::crypto::rsa); [`server::Config::legacy_rsa`](super::server::Config::legacy_rsa) |
//! | K5: the hash covers exactly the object | [`exchange`](crate::crypto::exchange) |
//! | K6: a safe prime and a good generator | [`Group::check`](crate::crypto::dh::Group::check) |
//! | K7: public values within the bounds | [`Group::public_value`](crate::crypto::dh::Group::public_value) |
//! | K8: the verdict's hash, of its own kind | [`new_nonce_hash`] |
//! | K9: an auth key has 256 bytes | [`AuthKey`] |
//! | K10: random bytes are secure, secrets are wiped and not printed | the types of [`crypto`](crate::crypto) |
//!
//! See <https://core.telegram.org/mtproto/security_guidelines>.

use super::{Error, NewNonce, Nonces};
use crate::crypto::kdf::{self, Verdict};
use crate::crypto::rsa::PublicKey;
use crate::crypto::{AuthKey, equal};
use crate::provider::Provider;
use crate::tl::Int128;

/// K1, before the server's nonce is known.
pub(super) fn nonce(ours: &Int128, found: &Int128) -> Result<(), Error> {
    match equal(ours, found) {
        true => Ok(()),
        false => Err(Error::Nonce),
    }
}

/// K1
pub(super) fn nonces(ours: &Nonces, found: &Nonces) -> Result<(), Error> {
    let right = equal(&ours.nonce, &found.nonce) & equal(&ours.server_nonce, &found.server_nonce);
    match right {
        true => Ok(()),
        false => Err(Error::Nonce),
    }
}

/// K2: the first of the server's keys that is trusted. A fingerprint has 64 bits, so that two keys
/// may be made to have the same; guessing would be wrong then.
pub(super) fn trusted_key<'a>(
    trusted: &'a [PublicKey],
    offered: &[i64],
) -> Result<&'a PublicKey, Error> {
    for fingerprint in offered {
        let mut found = trusted
            .iter()
            .filter(|key| key.fingerprint() == *fingerprint);
        match (found.next(), found.next()) {
            (Some(key), None) => return Ok(key),
            (Some(_), Some(_)) => return Err(Error::AmbiguousKey),
            (None, _) => {}
        }
    }
    Err(Error::NoKnownKey)
}

/// K3: p and q, big-endian and without zeros in front.
pub(super) fn pq(provider: &impl Provider, pq: &[u8]) -> Result<(Number, Number), Error> {
    let number = Number::read(pq).ok_or(Error::Pq(None))?;
    let factors = provider
        .split_pq(number.0)
        .map_err(|error| Error::Pq(Some(error)))?;
    Ok((Number(factors.p), Number(factors.q)))
}

/// K8: the server knows new_nonce and the auth key, and means this verdict.
pub(super) fn new_nonce_hash(
    new_nonce: &NewNonce,
    auth_key: &AuthKey,
    verdict: Verdict,
    found: &Int128,
) -> Result<(), Error> {
    let right = kdf::new_nonce_hash(new_nonce.expose_bytes(), auth_key, verdict);
    match equal(&right, found) {
        true => Ok(()),
        false => Err(Error::NewNonceHash),
    }
}

/// A number as the first steps write it: big-endian, in as few bytes as it needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Number(pub(super) u64);

impl Number {
    /// `None` if there are none or more than eight bytes.
    pub(super) fn read(bytes: &[u8]) -> Option<Self> {
        if bytes.is_empty() || bytes.len() > 8 {
            return None;
        }
        let number = bytes
            .iter()
            .fold(0, |number, byte| number << 8 | u64::from(*byte));
        Some(Self(number))
    }

    pub(super) fn bytes(self) -> Vec<u8> {
        let bytes = self.0.to_be_bytes();
        let zeros = bytes.iter().take_while(|byte| **byte == 0).count();
        bytes[zeros..].to_vec()
    }
}
