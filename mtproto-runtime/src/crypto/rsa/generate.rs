//! New keys.

use crypto_bigint::modular::{FixedMontyForm, FixedMontyParams};
use crypto_bigint::{NonZero, Odd, U1024, U2048};
use pkcs1::{RsaPrivateKey, UintRef};
use pkcs8::LineEnding;
use pkcs8::der::SecretDocument;
use rand_core::CryptoRng;
use zeroize::{Zeroize, Zeroizing};

use super::{KeyError, LEN};
use crate::crypto::dh::is_prime;
use crate::crypto::number;

const E: u32 = 65_537;

/// Makes a key of 2048 bits and gives it as PEM (PKCS#1), for [`PrivateKey::from_pem`] and for a
/// file that nobody else may read.
///
/// It takes some tenths of a second. How long may tell something about numbers that were tried and
/// not taken, so that it is nothing to do where an attacker measures, again and again.
///
/// [`PrivateKey::from_pem`]: super::PrivateKey::from_pem
///
/// # Errors
/// [`KeyError::Encoding`] if there is no memory.
pub fn generate_pem(rng: &mut (impl CryptoRng + ?Sized)) -> Result<Zeroizing<String>, KeyError> {
    loop {
        let (p, q) = (Zeroizing::new(factor(rng)), Zeroizing::new(factor(rng)));
        let n: U2048 = p.concatenating_mul(&*q);
        // Both have their two highest bits set, so that this is always so.
        if p != q && n.bit_width_vartime() == U2048::BITS {
            return encode(&n, &p, &q);
        }
    }
}

/// A prime of 1024 bits, and such that `E` has an inverse modulo it less one.
fn factor(rng: &mut (impl CryptoRng + ?Sized)) -> U1024 {
    loop {
        let mut bytes = Zeroizing::new([0; LEN / 2]);
        rng.fill_bytes(&mut bytes[..]);
        bytes[0] |= 0xc0;
        bytes[LEN / 2 - 1] |= 1;
        let candidate = Zeroizing::new(U1024::from_be_slice(&bytes[..]));
        let wide = Zeroizing::new(candidate.resize::<{ U2048::LIMBS }>());
        let Some(odd) = Odd::new(*wide).into_option() else {
            continue;
        };
        // E is prime itself.
        if number::remainder(&wide, E) != 1 && is_prime(odd, rng) {
            return *candidate;
        }
    }
}

/// 1/E modulo a number, less than it: (k · modulus + 1) / E, with the k that makes it a whole number.
fn inverse_of_e(modulus: &U2048) -> U2048 {
    let e = u64::from(E);
    let remainder = u64::from(number::remainder(modulus, E));
    // E is prime: 1/r is r^(E - 2).
    let mut inverse = 1;
    for _ in 0..E - 2 {
        inverse = inverse * remainder % e;
    }
    let k = (e - inverse) % e;
    // modulus = E · whole + remainder
    let divisor = NonZero::<U2048>::new(U2048::from(E)).into_option();
    let whole = divisor.map_or(U2048::ZERO, |divisor| modulus.div_rem_vartime(&divisor).0);
    let rest = (k * remainder + 1) / e;
    whole
        .wrapping_mul(&U2048::from(k))
        .wrapping_add(&U2048::from(rest))
}

fn encode(n: &U2048, p: &U1024, q: &U1024) -> Result<Zeroizing<String>, KeyError> {
    let less_one = |factor: &U1024| Zeroizing::new(factor.wrapping_sub(&U1024::ONE));
    let (p_less, q_less) = (less_one(p), less_one(q));
    let phi: Zeroizing<U2048> = Zeroizing::new(p_less.concatenating_mul(&*q_less));
    let d = Zeroizing::new(inverse_of_e(&phi));
    let d_p = Zeroizing::new(inverse_of_e(&p_less.resize()));
    let d_q = Zeroizing::new(inverse_of_e(&q_less.resize()));
    let Some(odd_p) = Odd::new(*p).into_option() else {
        return Err(KeyError::Numbers);
    };
    let mut params = FixedMontyParams::new(odd_p);
    let two_less = Zeroizing::new(p.wrapping_sub(&U1024::from(2_u32)));
    let q_inverse = FixedMontyForm::new(q, &params).pow(&two_less).retrieve();
    let q_inverse = Zeroizing::new(q_inverse);
    params.zeroize();
    let bytes = |number: &U2048| Zeroizing::new(number::to_bytes(number));
    let n = bytes(n);
    let numbers = [
        bytes(&d),
        bytes(&p.resize()),
        bytes(&q.resize()),
        bytes(&d_p),
        bytes(&d_q),
        bytes(&q_inverse.resize()),
    ];
    let e = E.to_be_bytes();
    let [d, prime1, prime2, exponent1, exponent2, coefficient] = &numbers;
    let key = RsaPrivateKey {
        modulus: UintRef::new(&n[..])?,
        public_exponent: UintRef::new(&e)?,
        private_exponent: UintRef::new(&d[..])?,
        prime1: UintRef::new(&prime1[..])?,
        prime2: UintRef::new(&prime2[..])?,
        exponent1: UintRef::new(&exponent1[..])?,
        exponent2: UintRef::new(&exponent2[..])?,
        coefficient: UintRef::new(&coefficient[..])?,
        other_prime_infos: None,
    };
    Ok(SecretDocument::encode_msg(&key)?.to_pem("RSA PRIVATE KEY", LineEnding::LF)?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::crypto::random::SystemRandom;
    use crate::crypto::rsa::{PrivateKey, PublicKey};

    #[test]
    fn a_new_key_can_be_read_and_used() {
        let mut rng = SystemRandom::new();
        let pem = generate_pem(&mut rng).unwrap();
        let key = PrivateKey::from_pem(&pem).unwrap();
        let public = PublicKey::from_pem(&key.public().to_pem().unwrap()).unwrap();
        assert_eq!(public, *key.public());
        let sealed = public.seal(b"a secret", &mut rng).unwrap();
        assert!(
            key.open(&sealed, &mut rng)
                .unwrap()
                .starts_with(b"a secret")
        );
        assert_ne!(pem, generate_pem(&mut rng).unwrap());
    }

    #[test]
    fn inverses_known_answers() {
        for modulus in [65_536_u64, 65_538, 131_072, 1_000_000_007, u64::MAX - 1] {
            let inverse = inverse_of_e(&U2048::from(modulus));
            let inverse = u128::from_str_radix(&format!("{inverse:x}"), 16).unwrap();
            assert_eq!(
                inverse * u128::from(E) % u128::from(modulus),
                1,
                "{modulus}"
            );
            assert!(inverse < u128::from(modulus));
        }
    }
}
