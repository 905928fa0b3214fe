//! The second password: SRP, by which a server learns nothing but whether the password was right.
//!
//! Both sides are here: [`prove`] and [`verifier`] of the client, [`Challenge`] of the server. All
//! hashes are SHA-256; all numbers go into them as 256 bytes. See
//! <https://core.telegram.org/api/srp>.
//!
//! ```no_run
//! use mtproto_runtime::crypto::dh::{Group, KnownPrimes, TELEGRAM_PRIME};
//! use mtproto_runtime::crypto::random::SystemRandom;
//! use mtproto_runtime::crypto::srp::{self, Challenge, Parameters};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let mut rng = SystemRandom::new();
//! let group = Group::check(&TELEGRAM_PRIME, 3, &mut KnownPrimes::default(), &mut rng)?;
//! let parameters = Parameters::new(&group, b"first salt", b"second salt")?;
//!
//! // Once, when the password is set: the server keeps the verifier.
//! let hash = parameters.hash_password(b"correct horse");
//! let verifier = srp::verifier(&parameters, &hash);
//!
//! // Whenever the password is asked for:
//! let challenge = Challenge::new(&parameters, &verifier, &mut rng)?;
//! let proof = srp::prove(&parameters, &hash, challenge.public(), &mut rng)?;
//! challenge.verify(&proof)?;
//! # Ok(())
//! # }
//! ```

use core::fmt;

use crypto_bigint::{U256, U2048, U3072};
use rand_core::CryptoRng;
use subtle::ConstantTimeEq;
use zeroize::{Zeroize, Zeroizing};

use super::dh::{Group, ParameterError, PublicValue, SecretExponent};
use super::hash::sha256;
use super::number::{self, LEN, Modulus, Residue};
use super::public::{publish, verdict};

/// Rounds of PBKDF2 in the only algorithm there is,
/// `passwordKdfAlgoSHA256SHA256PBKDF2HMACSHA512iter100000SHA256ModPow`.
const ROUNDS: u32 = 100_000;
/// Random bytes that a client adds to the first salt of a new password.
const SALT_EXTENSION: usize = 32;

/// Why a password was not proved.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum SrpError {
    /// A salt is empty.
    Salt,
    /// A value of the other side is out of bounds.
    Value(ParameterError),
    /// The two public values hash to zero, which would make the password superfluous.
    Scrambler,
    /// The password, or something else of the proof, is wrong.
    Wrong,
}

impl fmt::Display for SrpError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Salt => "a salt is empty",
            Self::Value(_) => "a value of the other side is refused",
            Self::Scrambler => "the public values hash to zero",
            Self::Wrong => "the password is wrong",
        })
    }
}

impl core::error::Error for SrpError {
    fn source(&self) -> Option<&(dyn core::error::Error + 'static)> {
        match self {
            Self::Value(error) => Some(error),
            _ => None,
        }
    }
}

impl From<ParameterError> for SrpError {
    fn from(error: ParameterError) -> Self {
        Self::Value(error)
    }
}

/// What a server sends with the question for a password.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Parameters<'a> {
    group: &'a Group,
    salt1: &'a [u8],
    salt2: &'a [u8],
}

impl<'a> Parameters<'a> {
    /// # Errors
    /// [`SrpError::Salt`]
    pub fn new(group: &'a Group, salt1: &'a [u8], salt2: &'a [u8]) -> Result<Self, SrpError> {
        if salt1.is_empty() || salt2.is_empty() {
            return Err(SrpError::Salt);
        }
        Ok(Self {
            group,
            salt1,
            salt2,
        })
    }

    /// Turns a password into a number, slowly (some tenths of a second), so that passwords are
    /// hard to guess.
    #[must_use]
    pub fn hash_password(&self, password: &[u8]) -> PasswordHash {
        let inner = Zeroizing::new(salted(password, self.salt1));
        let first = Zeroizing::new(salted(&inner[..], self.salt2));
        let mut slow = Zeroizing::new([0; 64]);
        pbkdf2::pbkdf2_hmac::<sha2::Sha512>(&first[..], self.salt1, ROUNDS, &mut slow[..]);
        PasswordHash(salted(&slow[..], self.salt2))
    }

    /// The constants of the protocol and this group.
    fn hash_constants(&self) -> Constants {
        let prime = self.group.prime();
        let generator = number::to_bytes(&U2048::from(self.group.generator().unsigned_abs()));
        let (hash_p, hash_g) = (sha256(&[&prime]), sha256(&[&generator]));
        Constants {
            multiplier: U256::from_be_slice(&sha256(&[&prime, &generator])),
            group: core::array::from_fn(|i| hash_p[i] ^ hash_g[i]),
        }
    }
}

/// A password made into a number, `x` of the protocol; wiped when dropped, never printed.
#[derive(Clone)]
pub struct PasswordHash([u8; 32]);

impl PasswordHash {
    fn number<const LIMBS: usize>(&self) -> Zeroizing<crypto_bigint::Uint<LIMBS>> {
        Zeroizing::new(U256::from_be_slice(&self.0).resize())
    }
}

impl Drop for PasswordHash {
    fn drop(&mut self) {
        self.0.zeroize();
    }
}

impl fmt::Debug for PasswordHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PasswordHash { .. }")
    }
}

/// What a client answers: `A` and `M1` of `inputCheckPasswordSRP`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Proof {
    /// The client's public value.
    pub a: [u8; LEN],
    /// The proof that the client knows the key that both sides have agreed on.
    pub m1: [u8; 32],
}

/// Proves on the client that the password is known. `srp_b` is the server's public value.
///
/// # Errors
/// [`SrpError::Value`] or [`SrpError::Scrambler`], if the server's value would weaken the exchange.
pub fn prove(
    parameters: &Parameters<'_>,
    password: &PasswordHash,
    srp_b: &[u8],
    rng: &mut (impl CryptoRng + ?Sized),
) -> Result<Proof, SrpError> {
    let theirs = parameters.group.public_value(srp_b)?;
    let (secret, ours) = SecretExponent::generate(parameters.group, rng);
    answer(
        parameters,
        password,
        theirs.as_bytes(),
        &secret,
        ours.as_bytes(),
    )
}

fn answer(
    parameters: &Parameters<'_>,
    password: &PasswordHash,
    theirs: &[u8; LEN],
    secret: &SecretExponent,
    ours: &[u8; LEN],
) -> Result<Proof, SrpError> {
    let modulus = parameters.group.modulus();
    let constants = parameters.hash_constants();
    let scrambler = scrambler(ours, theirs)?;

    // t = B − k·g^x, s = t^(a + u·x)
    let verifier = Zeroizing::new(parameters.group.power(&password.number()));
    let masked = modulus.residue(&constants.multiplier.resize()) * modulus.residue(&verifier);
    let base = Zeroizing::new(modulus.residue(&U2048::from_be_slice(theirs)) - masked);
    let product = Zeroizing::new(
        scrambler.concatenating_mul::<{ U256::LIMBS }, { 2 * U256::LIMBS }>(&password.number()),
    );
    let exponent: U3072 = secret
        .number()
        .resize::<{ U3072::LIMBS }>()
        .wrapping_add(&product.resize());
    let exponent = Zeroizing::new(exponent);
    let shared = Zeroizing::new(base.pow_bounded_exp(&exponent, U2048::BITS + 1));
    let key = key(&shared);
    Ok(Proof {
        a: *ours,
        m1: proof(&constants, parameters, ours, theirs, &key),
    })
}

/// What a server keeps of a password: `v`.
#[must_use]
pub fn verifier(parameters: &Parameters<'_>, password: &PasswordHash) -> [u8; LEN] {
    number::to_bytes(&parameters.group.power(&password.number()))
}

/// The first salt of a new password: the server's, and 32 random bytes of the client.
#[must_use]
pub fn extend_salt(salt1: &[u8], rng: &mut (impl CryptoRng + ?Sized)) -> Vec<u8> {
    let mut extended = salt1.to_vec();
    extended.resize(salt1.len() + SALT_EXTENSION, 0);
    rng.fill_bytes(&mut extended[salt1.len()..]);
    extended
}

/// A server's question for a password; good for one answer.
#[derive(Clone)]
pub struct Challenge<'a> {
    parameters: Parameters<'a>,
    secret: SecretExponent,
    public: PublicValue,
    verifier: PublicValue,
}

impl<'a> Challenge<'a> {
    /// Makes a challenge for the password of which this is the verifier.
    ///
    /// # Errors
    /// [`SrpError::Value`] if the verifier is out of bounds: no password has led to it.
    pub fn new(
        parameters: &Parameters<'a>,
        verifier: &[u8],
        rng: &mut (impl CryptoRng + ?Sized),
    ) -> Result<Self, SrpError> {
        let verifier = parameters.group.public_value(verifier)?;
        loop {
            let (secret, power) = SecretExponent::generate(parameters.group, rng);
            let mut public = public_of(parameters, &verifier, power.as_bytes());
            publish(&mut public);
            if let Ok(public) = parameters.group.public_value(&public) {
                return Ok(Self {
                    parameters: *parameters,
                    secret,
                    public,
                    verifier,
                });
            }
        }
    }

    /// `srp_B`
    #[must_use]
    pub fn public(&self) -> &[u8; LEN] {
        self.public.as_bytes()
    }

    /// Checks a client's answer. The proof is compared in constant time.
    ///
    /// # Errors
    /// [`SrpError`]
    pub fn verify(self, answer: &Proof) -> Result<(), SrpError> {
        // Among others, multiples of p are out of bounds: with those, every password would do.
        let theirs = self.parameters.group.public_value(&answer.a)?;
        let wanted = expected(
            &self.parameters,
            &self.verifier,
            &self.secret,
            self.public.as_bytes(),
            theirs.as_bytes(),
        )?;
        match verdict(wanted.ct_eq(&answer.m1)) {
            true => Ok(()),
            false => Err(SrpError::Wrong),
        }
    }
}

impl fmt::Debug for Challenge<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The verifier would be worth guessing passwords for.
        f.write_str("Challenge { .. }")
    }
}

/// B = k·v + g^b
fn public_of(parameters: &Parameters<'_>, verifier: &PublicValue, power: &[u8; LEN]) -> [u8; LEN] {
    let modulus = parameters.group.modulus();
    let multiplier = modulus.residue(&parameters.hash_constants().multiplier.resize());
    let masked = multiplier * of_bytes(&modulus, verifier.as_bytes());
    number::to_bytes(&(masked + of_bytes(&modulus, power)).retrieve())
}

/// M1 of a client that knows the password.
fn expected(
    parameters: &Parameters<'_>,
    verifier: &PublicValue,
    secret: &SecretExponent,
    ours: &[u8; LEN],
    theirs: &[u8; LEN],
) -> Result<[u8; 32], SrpError> {
    let modulus = parameters.group.modulus();
    let scrambler = scrambler(theirs, ours)?;
    // s = (A·v^u)^b
    let raised = of_bytes(&modulus, verifier.as_bytes()).pow(&scrambler);
    let base = of_bytes(&modulus, theirs) * raised;
    let shared = Zeroizing::new(base.pow(secret.number()));
    let constants = parameters.hash_constants();
    Ok(proof(&constants, parameters, theirs, ours, &key(&shared)))
}

struct Constants {
    /// k
    multiplier: U256,
    /// H(p) ⊕ H(g)
    group: [u8; 32],
}

fn of_bytes(modulus: &Modulus, bytes: &[u8; LEN]) -> Residue {
    modulus.residue(&U2048::from_be_slice(bytes))
}

fn salted(data: &[u8], salt: &[u8]) -> [u8; 32] {
    sha256(&[salt, data, salt])
}

/// u, of the client's and the server's public value.
fn scrambler(client: &[u8; LEN], server: &[u8; LEN]) -> Result<U256, SrpError> {
    let scrambler = U256::from_be_slice(&sha256(&[client, server]));
    if scrambler == U256::ZERO {
        return Err(SrpError::Scrambler);
    }
    Ok(scrambler)
}

fn key(shared: &Residue) -> Zeroizing<[u8; 32]> {
    let bytes = Zeroizing::new(number::to_bytes(&Zeroizing::new(shared.retrieve())));
    Zeroizing::new(sha256(&[&bytes[..]]))
}

/// M1
fn proof(
    constants: &Constants,
    parameters: &Parameters<'_>,
    client: &[u8; LEN],
    server: &[u8; LEN],
    key: &[u8; 32],
) -> [u8; 32] {
    let salts = [sha256(&[parameters.salt1]), sha256(&[parameters.salt2])];
    sha256(&[&constants.group, &salts[0], &salts[1], client, server, key])
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;

    fn hex(value: &Value) -> Vec<u8> {
        let text = value.as_str().unwrap();
        (0..text.len())
            .step_by(2)
            .map(|i| u8::from_str_radix(&text[i..i + 2], 16).unwrap())
            .collect()
    }

    fn array<const N: usize>(value: &Value) -> [u8; N] {
        hex(value).try_into().unwrap()
    }

    fn number(value: &Value) -> [u8; LEN] {
        number::to_bytes(&number::from_bytes(&hex(value)).unwrap())
    }

    /// The formulas, on both sides, without the bounds that keep some of the recorded values out.
    #[test]
    fn runs_known_answers() {
        let text = include_str!("../../tests/vectors/srp.json");
        let vectors: Value = serde_json::from_str(text).unwrap();
        for case in vectors["vectors"].as_array().unwrap() {
            let name = case["name"].as_str().unwrap();
            let generator = i32::try_from(case["g"].as_i64().unwrap()).unwrap();
            let group = Group::unchecked(&hex(&case["p"]), generator);
            let (salt1, salt2) = (hex(&case["salt1"]), hex(&case["salt2"]));
            let parameters = Parameters::new(&group, &salt1, &salt2).unwrap();
            let password = parameters.hash_password(&hex(&case["password"]));
            assert_eq!(password.0, array(&case["x"]), "{name}");
            let v = verifier(&parameters, &password);
            assert_eq!(v, array(&case["v"]), "{name}");
            assert_eq!(
                parameters.hash_constants().multiplier,
                U256::from_be_slice(&hex(&case["k"])),
                "{name}"
            );

            let (a, b) = (number(&case["A"]), number(&case["srp_B"]));
            let u = scrambler(&a, &b).unwrap();
            assert_eq!(u, U256::from_be_slice(&hex(&case["u"])), "{name}");
            let secret = SecretExponent::unchecked(&hex(&case["a"]));
            assert_eq!(number::to_bytes(&group.power(secret.number())), a, "{name}");
            let proof = answer(&parameters, &password, &b, &secret, &a).unwrap();
            assert_eq!(
                proof,
                Proof {
                    a,
                    m1: array(&case["M1"])
                },
                "{name}"
            );
        }
    }
}
