//! Cryptography that costs nothing and hides nothing.

use rand_core::CryptoRng;

use crate::crypto::binding::{self, Binding};
use crate::crypto::dh::{Group, KnownPrimes, ParameterError, PublicValue, SecretExponent};
use crate::crypto::packet::{PREFIX_LEN, Plaintext, QuickAck, SealError};
use crate::crypto::pq::{Factors, PqError};
use crate::crypto::rsa::{self, Opened, PrivateKey, PublicKey, TooLong};
use crate::crypto::{AuthKey, DecryptError, Direction};
use crate::{Crypto, Provider};

/// Packets are not encrypted but carry a checksum that depends on key and direction, so that
/// spoilt, foreign and reflected ones are refused. Everything else is as in [`Crypto`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct TestCrypto;

fn checksum(key: &AuthKey, direction: Direction, bytes: &[u8]) -> [u8; 16] {
    const PRIME: u64 = 0x9e37_79b9_7f4a_7c15;
    let way = match direction {
        Direction::FromClient => 1,
        Direction::FromServer => 2,
    };
    let mut a = key.id().cast_unsigned() ^ way;
    let mut b = key.aux_hash().cast_unsigned().wrapping_mul(PRIME);
    for word in bytes.chunks(8) {
        let mut padded = [0; 8];
        padded[..word.len()].copy_from_slice(word);
        a = (a ^ u64::from_le_bytes(padded)).wrapping_mul(PRIME);
        a ^= a >> 29;
        b = b.rotate_left(23).wrapping_add(a);
    }
    let mut sum = [0; 16];
    sum[..8].copy_from_slice(&a.to_le_bytes());
    sum[8..].copy_from_slice(&b.to_le_bytes());
    sum
}

fn token(sum: &[u8; 16]) -> QuickAck {
    QuickAck(u32::from_le_bytes([sum[0], sum[1], sum[2], sum[3]]) | 1 << 31)
}

impl Provider for TestCrypto {
    fn seal(
        &self,
        auth_key: &AuthKey,
        direction: Direction,
        packet: &mut [u8],
    ) -> Result<QuickAck, SealError> {
        let len = packet.len().saturating_sub(PREFIX_LEN);
        let Some((prefix, inner)) = packet.split_at_mut_checked(PREFIX_LEN) else {
            return Err(SealError::Blocks { len });
        };
        if inner.is_empty() || !inner.len().is_multiple_of(16) {
            return Err(SealError::Blocks { len });
        }
        let sum = checksum(auth_key, direction, inner);
        prefix[..8].copy_from_slice(&auth_key.id().to_le_bytes());
        prefix[8..].copy_from_slice(&sum);
        Ok(token(&sum))
    }

    fn open<'a>(
        &self,
        auth_key: &AuthKey,
        direction: Direction,
        packet: &'a mut [u8],
    ) -> Result<Plaintext<'a>, DecryptError> {
        let (prefix, inner) = packet
            .split_at_mut_checked(PREFIX_LEN)
            .ok_or(DecryptError)?;
        let sum = checksum(auth_key, direction, inner);
        let right = prefix[..8] == auth_key.id().to_le_bytes() && prefix[8..] == sum;
        match right && inner.len().is_multiple_of(16) {
            true => Ok(Plaintext::vouched_for(inner, token(&sum))),
            false => Err(DecryptError),
        }
    }

    fn seal_binding(
        &self,
        permanent: &AuthKey,
        binding: &Binding,
        rng: &mut (impl CryptoRng + ?Sized),
    ) -> [u8; binding::SEALED_LEN] {
        Crypto.seal_binding(permanent, binding, rng)
    }

    fn open_binding(&self, permanent: &AuthKey, sealed: &[u8]) -> Result<Binding, DecryptError> {
        Crypto.open_binding(permanent, sealed)
    }

    fn rsa_seal(
        &self,
        key: &PublicKey,
        data: &[u8],
        rng: &mut (impl CryptoRng + ?Sized),
    ) -> Result<[u8; rsa::LEN], TooLong> {
        Crypto.rsa_seal(key, data, rng)
    }

    fn rsa_open(
        &self,
        key: &PrivateKey,
        encrypted: &[u8],
        legacy_lengths: Option<&[usize]>,
        rng: &mut (impl CryptoRng + ?Sized),
    ) -> Result<Opened, DecryptError> {
        Crypto.rsa_open(key, encrypted, legacy_lengths, rng)
    }

    fn generate_pq(&self, rng: &mut (impl CryptoRng + ?Sized)) -> Factors {
        Crypto.generate_pq(rng)
    }

    fn split_pq(&self, pq: u64) -> Result<Factors, PqError> {
        Crypto.split_pq(pq)
    }

    fn seal_exchange(
        &self,
        new_nonce: &[u8; 32],
        server_nonce: &[u8; 16],
        object: &[u8],
        rng: &mut (impl CryptoRng + ?Sized),
    ) -> Vec<u8> {
        Crypto.seal_exchange(new_nonce, server_nonce, object, rng)
    }

    fn open_exchange<'a>(
        &self,
        new_nonce: &[u8; 32],
        server_nonce: &[u8; 16],
        data: &'a mut [u8],
    ) -> Result<&'a [u8], DecryptError> {
        Crypto.open_exchange(new_nonce, server_nonce, data)
    }

    fn check_group(
        &self,
        prime: &[u8],
        generator: i32,
        known: &mut KnownPrimes,
        rng: &mut (impl CryptoRng + ?Sized),
    ) -> Result<Group, ParameterError> {
        Crypto.check_group(prime, generator, known, rng)
    }

    fn generate_exponent(
        &self,
        group: &Group,
        rng: &mut (impl CryptoRng + ?Sized),
    ) -> (SecretExponent, PublicValue) {
        Crypto.generate_exponent(group, rng)
    }

    fn shared_key(&self, group: &Group, secret: &SecretExponent, theirs: &PublicValue) -> AuthKey {
        Crypto.shared_key(group, secret, theirs)
    }
}
