//! Diffie and Hellman's exchange: the group and its checks, secret exponents, public values.
//!
//! The prime and the generator come from the peer. A [`Group`] exists only of a safe prime of
//! exactly 2048 bits and a generator of its subgroup of prime order; a [`PublicValue`] only within
//! the bounds that keep weak values out. See
//! <https://core.telegram.org/mtproto/auth_key#presenting-proof-of-work-server-authentication> and
//! <https://core.telegram.org/mtproto/security_guidelines#checking-dh-parameters>.
//!
//! ```
//! use mtproto_runtime::crypto::dh::{Group, KnownPrimes, SecretExponent, TELEGRAM_PRIME};
//! use mtproto_runtime::crypto::random::SystemRandom;
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let mut rng = SystemRandom::new();
//! let group = Group::check(&TELEGRAM_PRIME, 3, &mut KnownPrimes::default(), &mut rng)?;
//! let (a, g_a) = SecretExponent::generate(&group, &mut rng);
//! let (b, g_b) = SecretExponent::generate(&group, &mut rng);
//! let g_a = group.public_value(g_a.as_bytes())?;
//! assert_eq!(a.shared_key(&group, &g_b), b.shared_key(&group, &g_a));
//! # Ok(())
//! # }
//! ```

use core::fmt;
use core::hash::{Hash, Hasher};

use crypto_bigint::{CtEq, CtGt, CtLt, Odd, U2048};
use rand_core::CryptoRng;
use zeroize::{Zeroize, Zeroizing};

use super::AuthKey;
use super::hash::sha256;
use super::number::{self, LEN, Modulus, remainder};
use super::public::{publish, verdict};

/// The prime that Telegram's servers send.
pub const TELEGRAM_PRIME: [u8; LEN] = number::from_hex(TELEGRAM_DIGITS);

const TELEGRAM_ODD: Odd<U2048> = Odd::<U2048>::from_be_hex(TELEGRAM_DIGITS);

const TELEGRAM_DIGITS: &str = concat!(
    "c71caeb9c6b1c9048e6c522f70f13f73980d40238e3e21c14934d037563d930f",
    "48198a0aa7c14058229493d22530f4dbfa336f6e0ac925139543aed44cce7c37",
    "20fd51f69458705ac68cd4fe6b6b13abdc9746512969328454f18faf8c595f64",
    "2477fe96bb2a941d5bcd1d4ac8cc49880708fa9b378e3c4f3a9060bee67cf9a4",
    "a4a695811051907e162753b56b0f6b410dba74d8a84b2a14b3144e0ef1284754",
    "fd17ed950d5965b4b9dd46582db1178d169c6bc465b0d6ff9ca3928fef5b9ae4",
    "e418fc15e83ebea0f87fa9ff5eed70050ded2849f47bf959d956850ce929851f",
    "0d8115f635b105ee2e4e15d04b2454bf6f4fadf034b10403119cd8e3b92fcc5b",
);

/// Why a group or a value of the exchange is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ParameterError {
    /// The prime has not exactly 2048 bits.
    PrimeSize,
    /// The number is no prime, or not a safe one: (p − 1) / 2 must be prime too.
    NotSafePrime,
    /// The generator is not one of 2 to 7, or does not generate the subgroup of prime order.
    Generator,
    /// A public value is not between 2^1984 and p − 2^1984.
    PublicValue,
}

impl fmt::Display for ParameterError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::PrimeSize => "the modulus has not 2048 bits",
            Self::NotSafePrime => "the modulus is not a safe prime",
            Self::Generator => "the generator does not generate the subgroup of prime order",
            Self::PublicValue => "the public value is out of bounds",
        })
    }
}

impl core::error::Error for ParameterError {}

/// A prime and a generator that passed every check.
#[derive(Clone, PartialEq, Eq)]
pub struct Group {
    prime: Odd<U2048>,
    generator: u8,
}

impl Group {
    /// Checks the parameters that a peer sent.
    ///
    /// A prime in `known` is accepted at once. Any other is put to a test that takes some tenths
    /// of a second, as its sender may have looked for a number that passes weaker ones, and is
    /// added to `known` if it passes.
    ///
    /// # Errors
    /// [`ParameterError`]
    pub fn check(
        prime: &[u8],
        generator: i32,
        known: &mut KnownPrimes,
        rng: &mut (impl CryptoRng + ?Sized),
    ) -> Result<Self, ParameterError> {
        let number = number::from_bytes(prime).ok_or(ParameterError::PrimeSize)?;
        if number.bit_width_vartime() != U2048::BITS {
            return Err(ParameterError::PrimeSize);
        }
        let prime = Odd::new(number)
            .into_option()
            .ok_or(ParameterError::NotSafePrime)?;
        let generator = u8::try_from(generator).map_err(|_| ParameterError::Generator)?;
        if !generates(&number, generator) {
            return Err(ParameterError::Generator);
        }
        if !known.contains(&number) {
            if !is_safe_prime(prime, rng) {
                return Err(ParameterError::NotSafePrime);
            }
            known.remember(&number);
        }
        Ok(Self { prime, generator })
    }

    /// The group that Telegram's servers use: [`TELEGRAM_PRIME`] and 3. Some clients take no other.
    #[must_use]
    pub fn telegram() -> Self {
        Self {
            prime: TELEGRAM_ODD,
            generator: 3,
        }
    }

    /// The prime, big-endian.
    #[must_use]
    pub fn prime(&self) -> [u8; LEN] {
        number::to_bytes(&self.prime)
    }

    /// The generator.
    #[must_use]
    pub fn generator(&self) -> i32 {
        i32::from(self.generator)
    }

    /// Checks a public value that a peer sent.
    ///
    /// # Errors
    /// [`ParameterError::PublicValue`]
    pub fn public_value(&self, bytes: &[u8]) -> Result<PublicValue, ParameterError> {
        let value = number::from_bytes(bytes).ok_or(ParameterError::PublicValue)?;
        // 2^1984
        let margin = U2048::ONE.shl_vartime(U2048::BITS - 64);
        let most = self.prime.wrapping_sub(&margin);
        // Also asked about what a server keeps of a password.
        match verdict((!value.ct_lt(&margin) & !value.ct_gt(&most)).into()) {
            true => Ok(PublicValue(number::to_bytes(&value))),
            false => Err(ParameterError::PublicValue),
        }
    }

    #[cfg(test)]
    pub(super) fn unchecked(prime: &[u8], generator: i32) -> Self {
        let prime = Odd::new(number::from_bytes(prime).unwrap()).unwrap();
        Self {
            prime,
            generator: u8::try_from(generator).unwrap(),
        }
    }

    /// Arithmetic modulo the prime.
    pub(super) fn modulus(&self) -> Modulus {
        Modulus::new(self.prime)
    }

    /// The generator to a secret power.
    pub(super) fn power(&self, exponent: &U2048) -> U2048 {
        self.modulus().power(&U2048::from(self.generator), exponent)
    }
}

impl Hash for Group {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.prime().hash(state);
        self.generator.hash(state);
    }
}

impl fmt::Debug for Group {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Group")
            .field("generator", &self.generator)
            .finish_non_exhaustive()
    }
}

/// Primes that were checked before, besides [`TELEGRAM_PRIME`].
///
/// Plain data: keep it where the primes of several exchanges come by, and they are tested once.
/// It remembers the latest eight.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct KnownPrimes {
    digests: Vec<[u8; 32]>,
}

impl KnownPrimes {
    const MOST: usize = 8;

    fn contains(&self, prime: &U2048) -> bool {
        let prime = number::to_bytes(prime);
        prime == TELEGRAM_PRIME || self.digests.contains(&sha256(&[&prime]))
    }

    fn remember(&mut self, prime: &U2048) {
        if self.digests.len() == Self::MOST {
            self.digests.remove(0);
        }
        self.digests.push(sha256(&[&number::to_bytes(prime)]));
    }
}

/// g^a or g^b, within the bounds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct PublicValue([u8; LEN]);

impl PublicValue {
    /// Big-endian, padded with zeros on the left.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8; LEN] {
        &self.0
    }
}

/// a or b: wiped when dropped, never printed, raised to in constant time.
#[derive(Clone)]
pub struct SecretExponent(U2048);

impl SecretExponent {
    /// From its bytes, big-endian: one that was kept, or one of a
    /// [`Provider`](crate::Provider)'s own making.
    #[must_use]
    pub fn from_bytes(bytes: &[u8; LEN]) -> Self {
        Self(U2048::from_be_slice(bytes))
    }

    /// The secret itself.
    #[must_use]
    pub fn expose_bytes(&self) -> Zeroizing<[u8; LEN]> {
        Zeroizing::new(number::to_bytes(&self.0))
    }

    /// Draws an exponent until its public value is within the bounds, which the first one is but
    /// for one in 2^63.
    pub fn generate(group: &Group, rng: &mut (impl CryptoRng + ?Sized)) -> (Self, PublicValue) {
        loop {
            let mut bytes = Zeroizing::new([0; LEN]);
            rng.fill_bytes(&mut bytes[..]);
            let secret = Self(U2048::from_be_slice(&bytes[..]));
            let mut public = number::to_bytes(&group.power(&secret.0));
            publish(&mut public);
            if let Ok(public) = group.public_value(&public) {
                return (secret, public);
            }
        }
    }

    /// The key that both sides share: their value to the power of our exponent.
    #[must_use]
    pub fn shared_key(&self, group: &Group, theirs: &PublicValue) -> AuthKey {
        let theirs = U2048::from_be_slice(&theirs.0);
        let shared = Zeroizing::new(group.modulus().power(&theirs, &self.0));
        AuthKey::filled(|bytes| *bytes = number::to_bytes(&shared))
    }
}

impl SecretExponent {
    pub(super) fn number(&self) -> &U2048 {
        &self.0
    }

    #[cfg(test)]
    pub(super) fn unchecked(bytes: &[u8]) -> Self {
        Self(number::from_bytes(bytes).unwrap())
    }
}

impl PartialEq for SecretExponent {
    fn eq(&self, other: &Self) -> bool {
        verdict(self.0.ct_eq(&other.0).into())
    }
}

impl Eq for SecretExponent {}

/// For model checkers, which keep states in tables.
impl Hash for SecretExponent {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.0.as_words().hash(state);
    }
}

impl Drop for SecretExponent {
    fn drop(&mut self) {
        self.0.zeroize();
    }
}

impl fmt::Debug for SecretExponent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SecretExponent { .. }")
    }
}

/// Whether g generates the subgroup of prime order of a safe prime: whether it is a square.
fn generates(prime: &U2048, generator: u8) -> bool {
    match generator {
        2 => remainder(prime, 8) == 7,
        3 => remainder(prime, 3) == 2,
        4 => true,
        5 => [1, 4].contains(&remainder(prime, 5)),
        6 => [19, 23].contains(&remainder(prime, 24)),
        7 => [3, 5, 6].contains(&remainder(prime, 7)),
        _ => false,
    }
}

/// Rounds of Miller and Rabin's test. A composite number passes one with a chance of 1/4 at most,
/// however it was chosen, as the bases are drawn after it.
const ROUNDS: usize = 40;

/// Whether p and q = (p − 1) / 2 are prime.
///
/// With q prime, p = 2q + 1 needs no rounds of its own: 2^(p−1) = 1 modulo p proves it, if 3 does
/// not divide p (Pocklington, 1914).
fn is_safe_prime(prime: Odd<U2048>, rng: &mut (impl CryptoRng + ?Sized)) -> bool {
    let Some(half) = Odd::new(prime.shr_vartime(1)).into_option() else {
        return false;
    };
    if has_small_factor(&prime) || has_small_factor(&half) {
        return false;
    }
    let modulus = Modulus::new(prime);
    let two = modulus.residue(&U2048::from(2_u32));
    two.pow_vartime(&prime.wrapping_sub(&U2048::ONE)) == modulus.one() && is_prime(half, rng)
}

pub(super) fn is_prime(number: Odd<U2048>, rng: &mut (impl CryptoRng + ?Sized)) -> bool {
    if has_small_factor(&number) {
        return false;
    }
    let modulus = Modulus::new(number);
    let one = modulus.one();
    let minus_one = one.neg();
    let even = number.wrapping_sub(&U2048::ONE);
    let twos = even.trailing_zeros_vartime();
    let odd = even.shr_vartime(twos);
    (0..ROUNDS).all(|_| {
        let mut bytes = [0; LEN];
        rng.fill_bytes(&mut bytes);
        let base = U2048::from_be_slice(&bytes).rem_vartime(number.as_nz_ref());
        let mut power = modulus.residue(&base).pow_vartime(&odd);
        if power == one || power == minus_one || base == U2048::ZERO {
            return true;
        }
        (1..twos).any(|_| {
            power = power.square();
            power == minus_one
        })
    })
}

/// Whether a number below a thousand divides it, other than 1 and itself.
fn has_small_factor(number: &U2048) -> bool {
    (2..1000).any(|factor| remainder(number, factor) == 0 && *number != U2048::from(factor))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::crypto::random::SystemRandom;

    fn vectors() -> serde_json::Value {
        let text = include_str!("../../tests/vectors/dh.json");
        serde_json::from_str(text).unwrap()
    }

    fn odd(number: U2048) -> Option<Odd<U2048>> {
        Odd::new(number).into_option()
    }

    #[test]
    fn small_groups_known_answers() {
        for case in vectors()["small_group_checks"].as_array().unwrap() {
            let prime = U2048::from(case["p"].as_u64().unwrap());
            let generator = u8::try_from(case["g"].as_u64().unwrap()).unwrap();
            let good = generates(&prime, generator)
                && odd(prime).is_some_and(|p| is_safe_prime(p, &mut SystemRandom::new()));
            assert_eq!(good, case["accept"].as_bool().unwrap(), "{case}");
        }
    }

    #[test]
    fn primes_known_answers() {
        for case in vectors()["primality"].as_array().unwrap() {
            let text = case["n"].as_str().unwrap();
            let number = U2048::from_str_radix_vartime(text, 10).unwrap();
            let prime = odd(number).is_some_and(|n| is_prime(n, &mut SystemRandom::new()));
            assert_eq!(prime, case["prime"].as_bool().unwrap(), "{text}");
        }
    }

    #[test]
    fn a_generator_is_good_if_it_is_a_square() {
        let is_prime = |n: u32| n > 1 && (2..n).all(|d| !n.is_multiple_of(d));
        for p in (5..700).filter(|p| is_prime(*p) && is_prime((p - 1) / 2) && p % 2 == 1) {
            for g in 2..8 {
                if g % p == 0 || p < 11 {
                    continue;
                }
                let square = (1..p).any(|x| x * x % p == g % p);
                let number = U2048::from(p);
                assert_eq!(
                    generates(&number, u8::try_from(g).unwrap()),
                    square,
                    "{p} {g}"
                );
            }
        }
    }
}
