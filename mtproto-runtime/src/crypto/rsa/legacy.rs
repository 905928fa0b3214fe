//! The form before 2021: SHA-1 of the data, the data, random bytes.

use crypto_bigint::U2048;
use rand_core::CryptoRng;
use subtle::{ConditionallySelectable, ConstantTimeEq};
use zeroize::Zeroizing;

use super::{LEN, PrivateKey, PublicKey, TooLong, pad};
use crate::crypto::hash::sha1;
use crate::crypto::public::{publish, verdict};
use crate::crypto::{DecryptError, number};

const HASH: usize = 20;
/// After a zero byte, which keeps the number below the modulus.
const START: usize = 1 + HASH;
const MAX_DATA: usize = LEN - START;

/// Data of a key exchange, and the form that it came in.
#[derive(Clone)]
#[non_exhaustive]
pub enum Opened {
    /// RSA_PAD; the data is followed by random padding.
    Pad(Zeroizing<[u8; 192]>),
    /// The form before 2021; exactly the data.
    Legacy(Zeroizing<Vec<u8>>),
}

impl core::fmt::Debug for Opened {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str(match self {
            Self::Pad(_) => "Pad(..)",
            Self::Legacy(_) => "Legacy(..)",
        })
    }
}

impl PublicKey {
    /// Encrypts at most 235 bytes in the form before 2021, for servers that know no other.
    ///
    /// # Errors
    /// [`TooLong`]
    pub fn seal_legacy(
        &self,
        data: &[u8],
        rng: &mut (impl CryptoRng + ?Sized),
    ) -> Result<[u8; LEN], TooLong> {
        if data.len() > MAX_DATA {
            return Err(TooLong {
                len: data.len(),
                max: MAX_DATA,
            });
        }
        let mut number = Zeroizing::new([0; LEN]);
        number[1..START].copy_from_slice(&sha1(&[data]));
        number[START..START + data.len()].copy_from_slice(data);
        rng.fill_bytes(&mut number[START + data.len()..]);
        let number = Zeroizing::new(U2048::from_be_slice(&number[..]));
        Ok(number::to_bytes(&self.power(&number)))
    }
}

impl PrivateKey {
    /// [`PrivateKey::open`] that also accepts the form before 2021 (SHA-1 of the data, the data,
    /// random bytes), which some clients still send, with data of one of these lengths.
    ///
    /// **A risk.** Who can tell from an answer, or from the time it took, how far a server came
    /// with a forged number in this form, learns bits of what is encrypted, and after a very large
    /// number of forgeries all of it. Nothing is parsed here before the hash is right: all lengths
    /// are tried, always, beside RSA_PAD. But the form has no proof of security, and accepting it
    /// keeps clients alive that should be updated.
    ///
    /// `p_q_inner_data` has 96 bytes, `_dc` and `_temp` 100, `_temp_dc` 104, with primes below
    /// 2^32.
    ///
    /// # Errors
    /// [`DecryptError`], whatever is wrong.
    pub fn open_with_legacy(
        &self,
        encrypted: &[u8],
        lengths: &[usize],
        rng: &mut (impl CryptoRng + ?Sized),
    ) -> Result<Opened, DecryptError> {
        let number = self.decrypt(encrypted, rng)?;
        let (padded, is_pad) = pad::unwrap(&number);
        let mut legacy_len = 0_u64;
        for len in lengths.iter().filter(|len| **len <= MAX_DATA) {
            let hash = sha1(&[&number[START..START + len]]);
            let right = hash.ct_eq(&number[1..START]) & number[0].ct_eq(&0);
            legacy_len.conditional_assign(&(*len as u64), right);
        }
        publish(&mut legacy_len);
        match (verdict(is_pad), usize::try_from(legacy_len)) {
            (true, _) => Ok(Opened::Pad(padded)),
            (false, Ok(len @ 1..)) => Ok(Opened::Legacy(Zeroizing::new(
                number[START..START + len].to_vec(),
            ))),
            _ => Err(DecryptError),
        }
    }
}
