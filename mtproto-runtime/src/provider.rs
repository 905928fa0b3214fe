//! The one door through which the machines (handshake, session) reach cryptography.
//!
//! [`Crypto`] is what the protocol says and what every program uses. Another [`Provider`] lets a
//! model checker drive the shipped machines: with terms in the place of ciphers, whole handshakes
//! take microseconds and every step an attacker can take may be tried. Everything else that a
//! machine needs (both clocks, random bytes) is an argument, and its state is plain data.
//!
//! What is not here does not need replacing: hashes, comparisons in constant time, and the checks
//! of the peer's parameters are the same in every world, and so are checked with the rest.

use rand_core::CryptoRng;

use crate::crypto::binding::{self, Binding};
use crate::crypto::dh::{Group, KnownPrimes, ParameterError, PublicValue, SecretExponent};
use crate::crypto::packet::{self, Plaintext, QuickAck, SealError};
use crate::crypto::pq::{self, Factors, PqError};
use crate::crypto::rsa::{self, Opened, PrivateKey, PublicKey, TooLong};
use crate::crypto::{AuthKey, DecryptError, Direction, exchange, kdf};

/// The cryptography of MTProto, as the machines ask for it.
///
/// Each method says which function of [`crypto`](crate::crypto) is meant; the contracts are those
/// of the functions.
pub trait Provider: Clone {
    /// [`packet::seal`]: encrypts a packet in place.
    ///
    /// # Errors
    /// [`SealError`]
    fn seal(
        &self,
        auth_key: &AuthKey,
        direction: Direction,
        packet: &mut [u8],
    ) -> Result<QuickAck, SealError>;

    /// [`packet::open`]: decrypts a packet in place and verifies it.
    ///
    /// # Errors
    /// [`DecryptError`]
    fn open<'a>(
        &self,
        auth_key: &AuthKey,
        direction: Direction,
        packet: &'a mut [u8],
    ) -> Result<Plaintext<'a>, DecryptError>;

    /// [`binding::seal`]: proves that a temporary key belongs to a permanent one.
    fn seal_binding(
        &self,
        permanent: &AuthKey,
        binding: &Binding,
        rng: &mut (impl CryptoRng + ?Sized),
    ) -> [u8; binding::SEALED_LEN];

    /// [`binding::open`]
    ///
    /// # Errors
    /// [`DecryptError`]
    fn open_binding(&self, permanent: &AuthKey, sealed: &[u8]) -> Result<Binding, DecryptError>;

    /// [`PublicKey::seal`]: RSA_PAD.
    ///
    /// # Errors
    /// [`TooLong`]
    fn rsa_seal(
        &self,
        key: &PublicKey,
        data: &[u8],
        rng: &mut (impl CryptoRng + ?Sized),
    ) -> Result<[u8; rsa::LEN], TooLong>;

    /// [`PrivateKey::open`] or, if lengths of legacy data are given,
    /// [`PrivateKey::open_with_legacy`].
    ///
    /// # Errors
    /// [`DecryptError`]
    fn rsa_open(
        &self,
        key: &PrivateKey,
        encrypted: &[u8],
        legacy_lengths: Option<&[usize]>,
        rng: &mut (impl CryptoRng + ?Sized),
    ) -> Result<Opened, DecryptError>;

    /// [`pq::generate`]: two primes for a client to find.
    fn generate_pq(&self, rng: &mut (impl CryptoRng + ?Sized)) -> Factors;

    /// [`pq::split`]: finds them.
    ///
    /// # Errors
    /// [`PqError`]
    fn split_pq(&self, pq: u64) -> Result<Factors, PqError>;

    /// [`exchange::seal`], with the key of both nonces.
    fn seal_exchange(
        &self,
        new_nonce: &[u8; 32],
        server_nonce: &[u8; 16],
        object: &[u8],
        rng: &mut (impl CryptoRng + ?Sized),
    ) -> Vec<u8>;

    /// [`exchange::open`], with the key of both nonces.
    ///
    /// # Errors
    /// [`DecryptError`]
    fn open_exchange<'a>(
        &self,
        new_nonce: &[u8; 32],
        server_nonce: &[u8; 16],
        data: &'a mut [u8],
    ) -> Result<&'a [u8], DecryptError>;

    /// [`Group::check`]: whether prime and generator are good.
    ///
    /// # Errors
    /// [`ParameterError`]
    fn check_group(
        &self,
        prime: &[u8],
        generator: i32,
        known: &mut KnownPrimes,
        rng: &mut (impl CryptoRng + ?Sized),
    ) -> Result<Group, ParameterError>;

    /// [`SecretExponent::generate`]
    fn generate_exponent(
        &self,
        group: &Group,
        rng: &mut (impl CryptoRng + ?Sized),
    ) -> (SecretExponent, PublicValue);

    /// [`SecretExponent::shared_key`]
    fn shared_key(&self, group: &Group, secret: &SecretExponent, theirs: &PublicValue) -> AuthKey;
}

/// The cryptography that the protocol says: [`crypto`](crate::crypto).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Crypto;

impl Provider for Crypto {
    fn seal(
        &self,
        auth_key: &AuthKey,
        direction: Direction,
        packet: &mut [u8],
    ) -> Result<QuickAck, SealError> {
        packet::seal(auth_key, direction, packet)
    }

    fn open<'a>(
        &self,
        auth_key: &AuthKey,
        direction: Direction,
        packet: &'a mut [u8],
    ) -> Result<Plaintext<'a>, DecryptError> {
        packet::open(auth_key, direction, packet)
    }

    fn seal_binding(
        &self,
        permanent: &AuthKey,
        binding: &Binding,
        rng: &mut (impl CryptoRng + ?Sized),
    ) -> [u8; binding::SEALED_LEN] {
        binding::seal(permanent, binding, rng)
    }

    fn open_binding(&self, permanent: &AuthKey, sealed: &[u8]) -> Result<Binding, DecryptError> {
        binding::open(permanent, sealed)
    }

    fn rsa_seal(
        &self,
        key: &PublicKey,
        data: &[u8],
        rng: &mut (impl CryptoRng + ?Sized),
    ) -> Result<[u8; rsa::LEN], TooLong> {
        key.seal(data, rng)
    }

    fn rsa_open(
        &self,
        key: &PrivateKey,
        encrypted: &[u8],
        legacy_lengths: Option<&[usize]>,
        rng: &mut (impl CryptoRng + ?Sized),
    ) -> Result<Opened, DecryptError> {
        match legacy_lengths {
            None => key.open(encrypted, rng).map(Opened::Pad),
            Some(lengths) => key.open_with_legacy(encrypted, lengths, rng),
        }
    }

    fn generate_pq(&self, rng: &mut (impl CryptoRng + ?Sized)) -> Factors {
        pq::generate(rng)
    }

    fn split_pq(&self, pq: u64) -> Result<Factors, PqError> {
        pq::split(pq)
    }

    fn seal_exchange(
        &self,
        new_nonce: &[u8; 32],
        server_nonce: &[u8; 16],
        object: &[u8],
        rng: &mut (impl CryptoRng + ?Sized),
    ) -> Vec<u8> {
        exchange::seal(&kdf::exchange_key(new_nonce, server_nonce), object, rng)
    }

    fn open_exchange<'a>(
        &self,
        new_nonce: &[u8; 32],
        server_nonce: &[u8; 16],
        data: &'a mut [u8],
    ) -> Result<&'a [u8], DecryptError> {
        exchange::open(&kdf::exchange_key(new_nonce, server_nonce), data)
    }

    fn check_group(
        &self,
        prime: &[u8],
        generator: i32,
        known: &mut KnownPrimes,
        rng: &mut (impl CryptoRng + ?Sized),
    ) -> Result<Group, ParameterError> {
        Group::check(prime, generator, known, rng)
    }

    fn generate_exponent(
        &self,
        group: &Group,
        rng: &mut (impl CryptoRng + ?Sized),
    ) -> (SecretExponent, PublicValue) {
        SecretExponent::generate(group, rng)
    }

    fn shared_key(&self, group: &Group, secret: &SecretExponent, theirs: &PublicValue) -> AuthKey {
        secret.shared_key(group, theirs)
    }
}
