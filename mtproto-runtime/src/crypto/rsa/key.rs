//! Keys: reading them, telling them apart, and the bare powers.

use core::fmt;

use crypto_bigint::modular::{FixedMontyForm, FixedMontyParams};
use crypto_bigint::{Odd, U1024, U2048};
use pkcs1::{RsaPrivateKey, RsaPublicKey, UintRef};
use pkcs8::der::{Document, SecretDocument};
use pkcs8::spki::SubjectPublicKeyInfoRef;
use pkcs8::{LineEnding, ObjectIdentifier, PrivateKeyInfoRef};
use rand_core::CryptoRng;
use subtle::ConstantTimeEq;
use zeroize::{Zeroize, Zeroizing};

use super::LEN;
use crate::crypto::DecryptError;
use crate::crypto::hash::{sha1, slice};
use crate::crypto::number::{self, Modulus};
use crate::crypto::public::verdict;

/// Why something is no key for the key exchange.
#[derive(Debug)]
#[non_exhaustive]
pub enum KeyError {
    /// It is no PEM, or not what its label says.
    Encoding(Box<dyn core::error::Error + Send + Sync>),
    /// It is PEM of something else than an RSA key of the kind wanted.
    Kind,
    /// The modulus has not 2048 bits.
    Size {
        /// The bits it has.
        bits: u32,
    },
    /// The numbers do not make a key.
    Numbers,
}

impl fmt::Display for KeyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Encoding(_) => f.write_str("not the PEM of a key"),
            Self::Kind => f.write_str("not an RSA key of the kind wanted"),
            Self::Size { bits } => write!(f, "RSA key of {bits} bits, wanted 2048"),
            Self::Numbers => f.write_str("the numbers of the RSA key do not fit together"),
        }
    }
}

impl core::error::Error for KeyError {
    fn source(&self) -> Option<&(dyn core::error::Error + 'static)> {
        match self {
            Self::Encoding(error) => Some(&**error),
            _ => None,
        }
    }
}

impl From<pkcs1::der::Error> for KeyError {
    fn from(error: pkcs1::der::Error) -> Self {
        Self::Encoding(error.into())
    }
}

impl From<pkcs1::Error> for KeyError {
    fn from(error: pkcs1::Error) -> Self {
        Self::Encoding(error.into())
    }
}

/// A server's public key.
///
/// ```
/// use mtproto_runtime::crypto::rsa::PublicKey;
///
/// let key = PublicKey::telegram_production();
/// assert_eq!(key.fingerprint() as u64, 0xd09d_1d85_de64_fd85);
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PublicKey {
    n: Odd<U2048>,
    e: u64,
    fingerprint: i64,
}

impl PublicKey {
    /// The key of Telegram's servers since 2021.
    #[must_use]
    pub fn telegram_production() -> Self {
        Self::known(TELEGRAM_PRODUCTION)
    }

    /// The key of Telegram's test servers.
    #[must_use]
    pub fn telegram_test() -> Self {
        Self::known(TELEGRAM_TEST)
    }

    /// Reads PEM, `RSA PUBLIC KEY` (PKCS#1) or `PUBLIC KEY` (X.509).
    ///
    /// # Errors
    /// [`KeyError`]
    pub fn from_pem(pem: &str) -> Result<Self, KeyError> {
        let (label, document) = Document::from_pem(pem)?;
        let key: RsaPublicKey<UintRef<'_>> = match label {
            "RSA PUBLIC KEY" => document.decode_msg()?,
            "PUBLIC KEY" => {
                let info: SubjectPublicKeyInfoRef<'_> = document.decode_msg()?;
                check_algorithm(info.algorithm.oid)?;
                let bytes = info.subject_public_key.as_bytes().ok_or(KeyError::Kind)?;
                RsaPublicKey::try_from(bytes)?
            }
            _ => return Err(KeyError::Kind),
        };
        Self::new(key.modulus.as_bytes(), key.public_exponent.as_bytes())
    }

    /// From its modulus and exponent, big-endian.
    ///
    /// # Errors
    /// [`KeyError::Size`] or [`KeyError::Numbers`]
    pub fn new(n: &[u8], e: &[u8]) -> Result<Self, KeyError> {
        let n = without_zeros(n);
        let bits = n.first().map_or(0, |first| first.ilog2() + 1);
        let bits =
            bits.saturating_add(8 * u32::try_from(n.len().saturating_sub(1)).unwrap_or(u32::MAX));
        if bits != U2048::BITS {
            return Err(KeyError::Size { bits });
        }
        let number = Odd::new(U2048::from_be_slice(n))
            .into_option()
            .ok_or(KeyError::Numbers)?;
        let e = without_zeros(e);
        let exponent = match e.len() {
            1..=8 => e.iter().fold(0, |e, byte| e << 8 | u64::from(*byte)),
            _ => 0,
        };
        if exponent < 3 || exponent % 2 == 0 {
            return Err(KeyError::Numbers);
        }
        Ok(Self {
            n: number,
            e: exponent,
            fingerprint: fingerprint(n, e),
        })
    }

    /// `public_key_fingerprint`, by which the sides tell keys apart.
    #[must_use]
    pub fn fingerprint(&self) -> i64 {
        self.fingerprint
    }

    /// The key as PEM (`RSA PUBLIC KEY`, PKCS#1), for clients.
    ///
    /// # Errors
    /// [`KeyError::Encoding`] if there is no memory.
    pub fn to_pem(&self) -> Result<String, KeyError> {
        let (n, e) = (self.modulus(), self.e.to_be_bytes());
        let key = RsaPublicKey {
            modulus: UintRef::new(&n)?,
            public_exponent: UintRef::new(&e)?,
        };
        Ok(Document::encode_msg(&key)?.to_pem("RSA PUBLIC KEY", LineEnding::LF)?)
    }

    /// The modulus, big-endian.
    #[must_use]
    pub fn modulus(&self) -> [u8; LEN] {
        number::to_bytes(&self.n)
    }

    pub(super) fn number(&self) -> &U2048 {
        &self.n
    }

    /// A number less than n to the power of e.
    pub(super) fn power(&self, base: &U2048) -> U2048 {
        Modulus::new(self.n).power_public(base, &U2048::from(self.e))
    }

    fn known(n: Odd<U2048>) -> Self {
        Self {
            n,
            e: 65_537,
            fingerprint: fingerprint(&number::to_bytes(&n), &[1, 0, 1]),
        }
    }
}

const TELEGRAM_PRODUCTION: Odd<U2048> = Odd::<U2048>::from_be_hex(concat!(
    "e8bb3305c0b52c6cf2afdf7637313489e63e05268e5badb601af417786472e5f",
    "93b85438968e20e6729a301c0afc121bf7151f834436f7fda680847a66bf64ac",
    "cec78ee21c0b316f0edafe2f41908da7bd1f4a5107638eeb67040ace472a14f9",
    "0d9f7c2b7def99688ba3073adb5750bb02964902a359fe745d8170e36876d4fd",
    "8a5d41b2a76cbff9a13267eb9580b2d06d10357448d20d9da2191cb5d8c93982",
    "961cdfdeda629e37f1fb09a0722027696032fe61ed663db7a37f6f263d370f69",
    "db53a0dc0a1748bdaaff6209d5645485e6e001d1953255757e4b8e42813347b1",
    "1da6ab500fd0ace7e6dfa3736199ccaf9397ed0745a427dcfa6cd67bcb1acff3",
));
const TELEGRAM_TEST: Odd<U2048> = Odd::<U2048>::from_be_hex(concat!(
    "c8c11d635691fac091dd9489aedced2932aa8a0bcefef05fa800892d9b52ed03",
    "200865c9e97211cb2ee6c7ae96d3fb0e15aeffd66019b44a08a240cfdd2868a8",
    "5e1f54d6fa5deaa041f6941ddf302690d61dc476385c2fa655142353cb4e4b59",
    "f6e5b6584db76fe8b1370263246c010c93d011014113ebdf987d093f9d37c2be",
    "48352d69a1683f8f6e6c2167983c761e3ab169fde5daaa12123fa1beab621e4d",
    "a5935e9c198f82f35eae583a99386d8110ea6bd1abb0f568759f62694419ea5f",
    "69847c43462abef858b4cb5edc84e7b9226cd7bd7e183aa974a712c079dde85b",
    "9dc063b8a5c08e8f859c0ee5dcd824c7807f20153361a7f63cfd2a433a1be7f5",
));

/// The low 64 bits of the SHA-1 of `rsa_public_key n:string e:string`, without a constructor id.
///
/// `n` and `e` are big-endian, without zeros in front.
#[must_use]
pub fn fingerprint(n: &[u8], e: &[u8]) -> i64 {
    let mut value = Vec::with_capacity(n.len() + e.len() + 12);
    for string in [n, e] {
        let start = value.len();
        // The length of a TL string, in one byte or in four.
        match u8::try_from(string.len()) {
            Ok(len) if len < 0xfe => value.push(len),
            _ => {
                value.push(0xfe);
                value.extend_from_slice(&string.len().to_le_bytes()[..3]);
            }
        }
        value.extend_from_slice(string);
        value.resize(start + (value.len() - start).next_multiple_of(4), 0);
    }
    i64::from_le_bytes(slice(&sha1(&[&value]), 12))
}

/// A server's private key; wiped when dropped, never printed.
#[derive(Clone)]
pub struct PrivateKey {
    public: PublicKey,
    secret: Box<Secret>,
}

type Half = FixedMontyForm<{ U1024::LIMBS }>;
type HalfParams = FixedMontyParams<{ U1024::LIMBS }>;

/// The factors, and what is needed to calculate modulo each of them.
#[derive(Clone)]
struct Secret {
    p: HalfParams,
    q: HalfParams,
    /// d modulo p − 1 and q − 1
    d_p: U1024,
    d_q: U1024,
    /// 1 / q modulo p
    q_inverse: U1024,
}

impl PrivateKey {
    /// Reads PEM, `RSA PRIVATE KEY` (PKCS#1) or `PRIVATE KEY` (PKCS#8).
    ///
    /// # Errors
    /// [`KeyError`]
    pub fn from_pem(pem: &str) -> Result<Self, KeyError> {
        let (label, document) = SecretDocument::from_pem(pem)?;
        let key: RsaPrivateKey<UintRef<'_>> = match label {
            "RSA PRIVATE KEY" => document.decode_msg()?,
            "PRIVATE KEY" => {
                let info: PrivateKeyInfoRef<'_> = document.decode_msg()?;
                check_algorithm(info.algorithm.oid)?;
                RsaPrivateKey::try_from(info.private_key.as_bytes())?
            }
            _ => return Err(KeyError::Kind),
        };
        let public = PublicKey::new(key.modulus.as_bytes(), key.public_exponent.as_bytes())?;
        let secret = Secret {
            p: factor(key.prime1)?,
            q: factor(key.prime2)?,
            d_p: half(key.exponent1)?,
            d_q: half(key.exponent2)?,
            q_inverse: half(key.coefficient)?,
        };
        let product: U2048 = secret
            .p
            .modulus()
            .concatenating_mul(secret.q.modulus().as_ref());
        let key = Self {
            public,
            secret: Box::new(secret),
        };
        // What is encrypted must come back: exponents and inverse fit as well. A number larger
        // than both factors needs all of them.
        let probe = key.public.n.shr_vartime(1);
        if product != key.public.n.get() || key.power(&key.public.power(&probe)) != probe {
            return Err(KeyError::Numbers);
        }
        Ok(key)
    }

    /// Shows the secret numbers to the check of constant time.
    #[cfg(constant_time_check)]
    #[doc(hidden)]
    pub fn mark_secret(&self, mark: impl Fn(&[crypto_bigint::Word])) {
        let Secret {
            p,
            q,
            d_p,
            d_q,
            q_inverse,
        } = &*self.secret;
        for params in [p, q] {
            mark(params.modulus().as_words());
            mark(params.one().as_words());
            mark(params.r2().as_words());
            mark(params.mod_inv().as_words());
        }
        for number in [d_p, d_q, q_inverse] {
            mark(number.as_words());
        }
    }

    /// The public key.
    #[must_use]
    pub fn public(&self) -> &PublicKey {
        &self.public
    }

    /// Decrypts a number, so that the time it takes says nothing about the result: what the powers
    /// are taken of is a random number.
    pub(super) fn decrypt(
        &self,
        encrypted: &[u8],
        rng: &mut (impl CryptoRng + ?Sized),
    ) -> Result<Zeroizing<[u8; LEN]>, DecryptError> {
        let encrypted: &[u8; LEN] = encrypted.try_into().map_err(|_| DecryptError)?;
        let number = U2048::from_be_slice(encrypted);
        // Everybody can see that.
        if number >= *self.public.n {
            return Err(DecryptError);
        }
        let modulus = Modulus::new(self.public.n);
        let (factor, inverse) = self.blinding(&modulus, rng);
        let factor = Zeroizing::new(factor.pow_vartime(&U2048::from(self.public.e)));
        let blinded = (modulus.residue(&number) * *factor).retrieve();
        let power = Zeroizing::new(self.power(&blinded));
        // A fault in one of the halves would give the factors away.
        let intact = self
            .public
            .power(&power)
            .to_be_bytes()
            .as_slice()
            .ct_eq(blinded.to_be_bytes().as_slice());
        let plain = Zeroizing::new((modulus.residue(&power) * *inverse).retrieve());
        match verdict(intact) {
            true => Ok(Zeroizing::new(number::to_bytes(&plain))),
            false => Err(DecryptError),
        }
    }

    /// A random number and its inverse.
    fn blinding(
        &self,
        modulus: &Modulus,
        rng: &mut (impl CryptoRng + ?Sized),
    ) -> (Zeroizing<number::Residue>, Zeroizing<number::Residue>) {
        loop {
            let mut bytes = Zeroizing::new([0; LEN]);
            rng.fill_bytes(&mut bytes[..]);
            let random = Zeroizing::new(modulus.residue(&U2048::from_be_slice(&bytes[..])));
            // All but one in 2^1000 have an inverse.
            let inverse = random.invert();
            let exists = inverse.is_some();
            let inverse = Zeroizing::new(inverse.unwrap_or(modulus.one()));
            if verdict(exists.into()) {
                return (random, inverse);
            }
        }
    }

    /// A number less than n to the power of d, by way of the factors.
    fn power(&self, base: &U2048) -> U2048 {
        let Secret {
            p,
            q,
            d_p,
            d_q,
            q_inverse,
        } = &*self.secret;
        let by_p = Zeroizing::new(reduced(base, p).pow(d_p));
        let by_q = Zeroizing::new(reduced(base, q).pow(d_q).retrieve());
        let difference = *by_p - Half::new(&by_q, p);
        let quotient = Zeroizing::new((difference * Half::new(q_inverse, p)).retrieve());
        let multiple: U2048 = quotient.concatenating_mul(q.modulus().as_ref());
        Zeroizing::new(multiple).wrapping_add(&by_q.resize())
    }
}

impl Drop for Secret {
    fn drop(&mut self) {
        self.p.zeroize();
        self.q.zeroize();
        self.d_p.zeroize();
        self.d_q.zeroize();
        self.q_inverse.zeroize();
    }
}

impl fmt::Debug for PrivateKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PrivateKey")
            .field("fingerprint", &self.public.fingerprint)
            .finish_non_exhaustive()
    }
}

/// The number modulo a secret factor: high · 2^1024 + low.
fn reduced(number: &U2048, factor: &HalfParams) -> Half {
    let (low, high): (U1024, U1024) = number.split();
    // One in Montgomery's form is 2^1024 modulo the factor.
    let shift = Half::new(factor.one(), factor);
    Half::new(&high, factor) * shift + Half::new(&low, factor)
}

fn factor(number: UintRef<'_>) -> Result<HalfParams, KeyError> {
    let odd = Odd::new(half(number)?)
        .into_option()
        .ok_or(KeyError::Numbers)?;
    Ok(HalfParams::new(odd))
}

fn half(number: UintRef<'_>) -> Result<U1024, KeyError> {
    let bytes = number.as_bytes();
    let mut padded = Zeroizing::new([0; LEN / 2]);
    let start = padded
        .len()
        .checked_sub(bytes.len())
        .ok_or(KeyError::Numbers)?;
    padded[start..].copy_from_slice(bytes);
    Ok(U1024::from_be_slice(&padded[..]))
}

fn check_algorithm(oid: ObjectIdentifier) -> Result<(), KeyError> {
    match oid == pkcs1::ALGORITHM_OID {
        true => Ok(()),
        false => Err(KeyError::Kind),
    }
}

fn without_zeros(bytes: &[u8]) -> &[u8] {
    let zeros = bytes.iter().take_while(|byte| **byte == 0).count();
    &bytes[zeros..]
}
