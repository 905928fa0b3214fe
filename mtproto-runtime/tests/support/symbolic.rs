//! Terms in the place of ciphers, for models that drive the shipped machines.
//!
//! Everything that is sealed stands in the clear, beside what is needed to open it; a machine that
//! asks to open it must give the same. The attacker of a model is bound by its own rules not to
//! look inside of what it could not open.
//!
//! | what | the term |
//! |---|---|
//! | RSA | fingerprint of the key, length, data |
//! | exchange | both nonces, data |
//! | exponent x, its public value | x as a number; a mark and x |
//! | shared key | the smaller and the larger exponent |
//! | packet, binding | the plaintext; its msg_key is a hash of key, direction and plaintext |
#![allow(dead_code, unreachable_pub)]

use mtproto_runtime::Provider;
use mtproto_runtime::crypto::binding::{self, Binding};
use mtproto_runtime::crypto::dh::{
    Group, KnownPrimes, ParameterError, PublicValue, SecretExponent, TELEGRAM_PRIME,
};
use mtproto_runtime::crypto::packet::{PREFIX_LEN, Plaintext, QuickAck, SealError};
use mtproto_runtime::crypto::pq::{Factors, PqError};
use mtproto_runtime::crypto::rsa::{self, Opened, PrivateKey, PublicKey, TooLong};
use mtproto_runtime::crypto::{AuthKey, DecryptError, Direction, equal};
use rand_core::CryptoRng;
use sha2::Digest;

/// The provider; see the top of the file.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Symbolic;

pub const FACTORS: Factors = Factors {
    p: 1_513_098_571,
    q: 1_780_931_429,
};

/// In the first byte of a public value: above 2^1984, and below what the prime begins with.
const PUBLIC: u8 = 0x40;

/// Exponent x.
pub fn exponent(x: u64) -> SecretExponent {
    let mut bytes = [0; 256];
    bytes[..8].copy_from_slice(&x.to_be_bytes());
    SecretExponent::from_bytes(&bytes)
}

/// g^x
pub fn public(x: u64) -> [u8; 256] {
    let mut bytes = [0; 256];
    bytes[0] = PUBLIC;
    bytes[1..9].copy_from_slice(&x.to_be_bytes());
    bytes
}

/// g^xy
pub fn shared(x: u64, y: u64) -> AuthKey {
    let mut bytes = [0; 256];
    bytes[..8].copy_from_slice(&x.min(y).to_be_bytes());
    bytes[8..16].copy_from_slice(&x.max(y).to_be_bytes());
    AuthKey::new(bytes)
}

/// The exponents of a shared key.
pub fn exponents(key: &AuthKey) -> [u64; 2] {
    let bytes = key.expose_bytes();
    [0, 8].map(|at| u64::from_be_bytes(bytes[at..at + 8].try_into().unwrap()))
}

fn msg_key(key: &AuthKey, direction: Direction, inner: &[u8]) -> [u8; 16] {
    let mut hasher = sha2::Sha256::new();
    hasher.update(key.expose_bytes());
    hasher.update([direction as u8]);
    hasher.update(inner);
    hasher.finalize()[..16].try_into().unwrap()
}

fn quick_ack(msg_key: &[u8]) -> QuickAck {
    QuickAck(u32::from_le_bytes(msg_key[..4].try_into().unwrap()) | 1 << 31)
}

impl Provider for Symbolic {
    fn seal(
        &self,
        auth_key: &AuthKey,
        direction: Direction,
        packet: &mut [u8],
    ) -> Result<QuickAck, SealError> {
        let (prefix, inner) = packet.split_at_mut(PREFIX_LEN);
        let hash = msg_key(auth_key, direction, inner);
        prefix[..8].copy_from_slice(&auth_key.id().to_le_bytes());
        prefix[8..].copy_from_slice(&hash);
        Ok(quick_ack(&hash))
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
        let right = [
            &auth_key.id().to_le_bytes()[..],
            &msg_key(auth_key, direction, inner),
        ]
        .concat();
        match equal(prefix, &right) {
            true => Ok(Plaintext::vouched_for(inner, quick_ack(&prefix[8..]))),
            false => Err(DecryptError),
        }
    }

    fn seal_binding(
        &self,
        permanent: &AuthKey,
        binding: &Binding,
        _: &mut (impl CryptoRng + ?Sized),
    ) -> [u8; binding::SEALED_LEN] {
        let plain = [&binding.msg_id.to_le_bytes()[..], &binding.inner].concat();
        let mut sealed = [0; binding::SEALED_LEN];
        sealed[..8].copy_from_slice(&permanent.id().to_le_bytes());
        sealed[8..24].copy_from_slice(&msg_key(permanent, Direction::FromClient, &plain));
        sealed[24..24 + plain.len()].copy_from_slice(&plain);
        sealed
    }

    fn open_binding(&self, permanent: &AuthKey, sealed: &[u8]) -> Result<Binding, DecryptError> {
        let sealed: [u8; binding::SEALED_LEN] = sealed.try_into().map_err(|_| DecryptError)?;
        let (msg_id, inner) = sealed[24..].split_at(8);
        let binding = Binding {
            msg_id: i64::from_le_bytes(msg_id.try_into().unwrap()),
            inner: inner[..binding::INNER_LEN].try_into().unwrap(),
        };
        match self.seal_binding(permanent, &binding, &mut NoRandomness) == sealed {
            true => Ok(binding),
            false => Err(DecryptError),
        }
    }

    fn rsa_seal(
        &self,
        key: &PublicKey,
        data: &[u8],
        _: &mut (impl CryptoRng + ?Sized),
    ) -> Result<[u8; rsa::LEN], TooLong> {
        let mut sealed = [0; rsa::LEN];
        sealed[..8].copy_from_slice(&key.fingerprint().to_le_bytes());
        sealed[8] = u8::try_from(data.len()).unwrap();
        sealed[9..9 + data.len()].copy_from_slice(data);
        Ok(sealed)
    }

    fn rsa_open(
        &self,
        key: &PrivateKey,
        encrypted: &[u8],
        _: Option<&[usize]>,
        _: &mut (impl CryptoRng + ?Sized),
    ) -> Result<Opened, DecryptError> {
        let fingerprint = key.public().fingerprint().to_le_bytes();
        match encrypted.strip_prefix(&fingerprint) {
            Some([len, rest @ ..]) if usize::from(*len) <= rest.len() => {
                let mut padded = [0; 192];
                padded[..usize::from(*len)].copy_from_slice(&rest[..usize::from(*len)]);
                Ok(Opened::Pad(padded.into()))
            }
            _ => Err(DecryptError),
        }
    }

    fn generate_pq(&self, _: &mut (impl CryptoRng + ?Sized)) -> Factors {
        FACTORS
    }

    fn split_pq(&self, pq: u64) -> Result<Factors, PqError> {
        match pq == FACTORS.product() {
            true => Ok(FACTORS),
            false => Err(PqError::Prime),
        }
    }

    fn seal_exchange(
        &self,
        new_nonce: &[u8; 32],
        server_nonce: &[u8; 16],
        object: &[u8],
        _: &mut (impl CryptoRng + ?Sized),
    ) -> Vec<u8> {
        [new_nonce, &server_nonce[..], object].concat()
    }

    fn open_exchange<'a>(
        &self,
        new_nonce: &[u8; 32],
        server_nonce: &[u8; 16],
        data: &'a mut [u8],
    ) -> Result<&'a [u8], DecryptError> {
        data.strip_prefix(&new_nonce[..])
            .and_then(|rest| rest.strip_prefix(&server_nonce[..]))
            .ok_or(DecryptError)
    }

    fn check_group(
        &self,
        prime: &[u8],
        generator: i32,
        _: &mut KnownPrimes,
        _: &mut (impl CryptoRng + ?Sized),
    ) -> Result<Group, ParameterError> {
        match (prime == TELEGRAM_PRIME, generator) {
            (true, 3) => Ok(Group::telegram()),
            (true, _) => Err(ParameterError::Generator),
            (false, _) => Err(ParameterError::NotSafePrime),
        }
    }

    fn generate_exponent(
        &self,
        group: &Group,
        rng: &mut (impl CryptoRng + ?Sized),
    ) -> (SecretExponent, PublicValue) {
        let x = rng.next_u64();
        (exponent(x), group.public_value(&public(x)).unwrap())
    }

    fn shared_key(&self, _: &Group, secret: &SecretExponent, theirs: &PublicValue) -> AuthKey {
        let number = |bytes: &[u8]| u64::from_be_bytes(bytes[..8].try_into().unwrap());
        shared(
            number(&secret.expose_bytes()[..]),
            number(&theirs.as_bytes()[1..]),
        )
    }
}

/// Terms need none.
struct NoRandomness;

impl rand_core::TryRng for NoRandomness {
    type Error = std::convert::Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Self::Error> {
        Ok(0)
    }

    fn try_next_u64(&mut self) -> Result<u64, Self::Error> {
        Ok(0)
    }

    fn try_fill_bytes(&mut self, out: &mut [u8]) -> Result<(), Self::Error> {
        out.fill(0);
        Ok(())
    }
}

impl rand_core::TryCryptoRng for NoRandomness {}
