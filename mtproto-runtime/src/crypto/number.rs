//! Numbers of 2048 bits.
//!
//! Everything that touches a secret is done by `crypto-bigint`, whose operations take the same
//! time and touch the same memory whatever the numbers are, unless their name ends in `vartime`.
//! `num-bigint` makes no such promise, and is not faster: a power with three operands of 2048 bits
//! took 3.8 ms with it and 3.7 ms in constant time (`cargo bench -- power` in `bench`).

use crypto_bigint::modular::{FixedMontyForm, FixedMontyParams};
use crypto_bigint::{Odd, U2048};
use zeroize::Zeroizing;

/// Bytes of a number on the wire.
pub(super) const LEN: usize = 256;

/// Reads a big-endian number; `None` if it does not fit.
pub(super) fn from_bytes(bytes: &[u8]) -> Option<U2048> {
    let zeros = bytes.len().saturating_sub(LEN);
    let (zeros, digits) = bytes.split_at(zeros);
    if zeros.iter().any(|byte| *byte != 0) {
        return None;
    }
    let mut padded = Zeroizing::new([0; LEN]);
    padded[LEN - digits.len()..].copy_from_slice(digits);
    Some(U2048::from_be_slice(&padded[..]))
}

/// Reads 512 hexadecimal digits when compiling.
pub(super) const fn from_hex(digits: &str) -> [u8; LEN] {
    let encoded = U2048::from_be_hex(digits).to_be_bytes();
    let mut bytes = [0; LEN];
    bytes.copy_from_slice(encoded.as_slice());
    bytes
}

/// Writes a big-endian number, padded with zeros on the left.
pub(super) fn to_bytes(number: &U2048) -> [u8; LEN] {
    let mut bytes = [0; LEN];
    bytes.copy_from_slice(Zeroizing::new(number.to_be_bytes()).as_slice());
    bytes
}

/// Arithmetic modulo an odd number that everybody may know.
pub(super) struct Modulus(FixedMontyParams<{ U2048::LIMBS }>);

pub(super) type Residue = FixedMontyForm<{ U2048::LIMBS }>;

impl Modulus {
    pub(super) fn new(modulus: Odd<U2048>) -> Self {
        Self(FixedMontyParams::new_vartime(modulus))
    }

    pub(super) fn one(&self) -> Residue {
        Residue::one(&self.0)
    }

    /// `number`, which need not be less than the modulus, in the form that is calculated with.
    pub(super) fn residue(&self, number: &U2048) -> Residue {
        Residue::new(number, &self.0)
    }

    /// `base` to a secret power.
    pub(super) fn power(&self, base: &U2048, exponent: &U2048) -> U2048 {
        self.residue(base).pow(exponent).retrieve()
    }

    /// `base` to a power that everybody may know.
    pub(super) fn power_public(&self, base: &U2048, exponent: &U2048) -> U2048 {
        self.residue(base).pow_vartime(exponent).retrieve()
    }
}

/// The remainder of a division of a number that everybody may know.
pub(super) fn remainder(number: &U2048, divisor: u32) -> u32 {
    let divisor = u64::from(divisor.max(1));
    let remainder = to_bytes(number).iter().fold(0, |remainder, byte| {
        (remainder << 8 | u64::from(*byte)) % divisor
    });
    // Less than the divisor.
    u32::try_from(remainder).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_of_any_length() {
        assert_eq!(from_bytes(&[]), Some(U2048::ZERO));
        assert_eq!(from_bytes(&[1, 2]), Some(U2048::from(0x102_u32)));
        assert_eq!(
            from_bytes(&[&[0; 300][..], &[7]].concat()),
            Some(U2048::from(7_u32))
        );
        assert_eq!(from_bytes(&[&[1][..], &[0; 256]].concat()), None);
        assert_eq!(from_bytes(&[0xff; 256]), Some(U2048::MAX));
        assert_eq!(to_bytes(&U2048::from(0x102_u32))[254..], [1, 2]);
    }

    #[test]
    fn powers_and_remainders() {
        let modulus = Modulus::new(Odd::new(U2048::from(1_000_003_u32)).unwrap());
        let base = U2048::MAX;
        let slow = (0..77).fold(1_u64, |power, _| {
            power * u64::from(remainder(&base, 1_000_003)) % 1_000_003
        });
        let exponent = U2048::from(77_u32);
        assert_eq!(modulus.power(&base, &exponent), U2048::from(slow));
        assert_eq!(modulus.power_public(&base, &exponent), U2048::from(slow));
    }
}
