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
/// spoilt, foreign and reflected ones are refused. RSA is the same without a direction, every pq has
/// the same factors, and a shared key is both public values together. Everything else is as in
/// [`Crypto`].
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

const FACTORS: Factors = Factors {
    p: 1_513_098_571,
    q: 1_780_931_429,
};
/// Where the data stand in what RSA has sealed: after a checksum and their length.
const RSA_DATA: usize = 9;
/// How many bytes of an exponent are not 0.
const NUMBER: usize = 16;

fn rsa_sum(key: &PublicKey, sealed: &[u8; rsa::LEN]) -> [u8; 8] {
    const PRIME: u64 = 0x9e37_79b9_7f4a_7c15;
    let mut sum = key.fingerprint().cast_unsigned();
    for word in sealed[8..].chunks(8) {
        let mut padded = [0; 8];
        padded[..word.len()].copy_from_slice(word);
        sum = (sum ^ u64::from_le_bytes(padded)).wrapping_mul(PRIME);
        sum ^= sum >> 29;
    }
    sum.to_le_bytes()
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
        _: &mut (impl CryptoRng + ?Sized),
    ) -> Result<[u8; rsa::LEN], TooLong> {
        let mut sealed = [0; rsa::LEN];
        let len = u8::try_from(data.len()).map_err(|_| TooLong {
            len: data.len(),
            max: 192,
        })?;
        let room = sealed.get_mut(RSA_DATA..RSA_DATA + data.len());
        let room = room.ok_or(TooLong {
            len: data.len(),
            max: 192,
        })?;
        room.copy_from_slice(data);
        sealed[RSA_DATA - 1] = len;
        let sum = rsa_sum(key, &sealed);
        sealed[..8].copy_from_slice(&sum);
        Ok(sealed)
    }

    fn rsa_open(
        &self,
        key: &PrivateKey,
        encrypted: &[u8],
        _: Option<&[usize]>,
        _: &mut (impl CryptoRng + ?Sized),
    ) -> Result<Opened, DecryptError> {
        let sealed: &[u8; rsa::LEN] = encrypted.try_into().map_err(|_| DecryptError)?;
        if sealed[..8] != rsa_sum(key.public(), sealed) {
            return Err(DecryptError);
        }
        let mut padded = [0; 192];
        padded.copy_from_slice(&sealed[RSA_DATA..RSA_DATA + 192]);
        Ok(Opened::Pad(padded.into()))
    }

    fn generate_pq(&self, _: &mut (impl CryptoRng + ?Sized)) -> Factors {
        FACTORS
    }

    fn split_pq(&self, pq: u64) -> Result<Factors, PqError> {
        match pq == FACTORS.product() {
            true => Ok(FACTORS),
            false => Crypto.split_pq(pq),
        }
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
        let mut bytes = [0; 256];
        rng.fill_bytes(&mut bytes[1..NUMBER]);
        // Above 2^1984, and below what the prime begins with.
        bytes[0] = 0x40;
        match group.public_value(&bytes) {
            Ok(public) => (SecretExponent::from_bytes(&bytes), public),
            Err(_) => Crypto.generate_exponent(group, rng),
        }
    }

    fn shared_key(&self, _: &Group, secret: &SecretExponent, theirs: &PublicValue) -> AuthKey {
        let ours = secret.expose_bytes();
        let mut bytes = [0; AuthKey::LEN];
        for (at, byte) in bytes.iter_mut().enumerate() {
            // The same from both sides.
            let both = ours[at % NUMBER] ^ theirs.as_bytes()[at % NUMBER];
            *byte = both.wrapping_add((at / NUMBER) as u8);
        }
        AuthKey::new(bytes)
    }
}
