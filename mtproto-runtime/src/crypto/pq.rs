//! Splitting `pq` into its two primes, the client's proof of work in the key exchange.
//!
//! The number comes from a peer that nobody has authenticated yet, so that every 64-bit number is
//! answered within a bounded number of steps: what is no product of two different odd primes is an
//! error, found by a proof (a deterministic primality test) and not by waiting.
//!
//! See <https://core.telegram.org/mtproto/auth_key#dh-exchange-initiation>.

use core::fmt;

use rand_core::CryptoRng;

/// The two primes, p < q.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Factors {
    /// The smaller prime.
    pub p: u64,
    /// The larger prime.
    pub q: u64,
}

impl Factors {
    /// The number to be split.
    #[must_use]
    pub fn product(self) -> u64 {
        self.p.wrapping_mul(self.q)
    }
}

/// Draws two different primes between 2^30 and 2^31, for a server to ask with: as large as
/// Telegram's, and as much work for a client.
///
/// ```
/// use mtproto_runtime::crypto::{pq, random::SystemRandom};
///
/// let factors = pq::generate(&mut SystemRandom::new());
/// assert_eq!(pq::split(factors.product()), Ok(factors));
/// ```
pub fn generate(rng: &mut (impl CryptoRng + ?Sized)) -> Factors {
    let first = prime_from(rng.next_u32());
    let mut second = prime_from(rng.next_u32());
    if second == first {
        second = prime_from(second + 2);
    }
    Factors {
        p: first.min(second).into(),
        q: first.max(second).into(),
    }
}

/// The first prime from an odd number between 2^30 and 2^31 on, which is a few hundred further at
/// most; behind the last one the first is next.
fn prime_from(start: u32) -> u32 {
    let mut candidate = start;
    loop {
        candidate = candidate & 0x7fff_ffff | 0x4000_0001;
        if is_prime(candidate.into()) {
            return candidate;
        }
        candidate += 2;
    }
}

/// Why a number is no `pq`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum PqError {
    /// 0 or 1.
    TooSmall,
    /// Two is one of its factors.
    Even,
    /// It has no factors.
    Prime,
    /// Both factors are the same.
    Square,
    /// It has more than two prime factors.
    MoreThanTwoPrimes,
    /// No factor was found within the bound of steps. For a product of two primes below 2^32 this
    /// does not happen.
    GaveUp,
}

impl fmt::Display for PqError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::TooSmall => "pq is less than two",
            Self::Even => "pq is even",
            Self::Prime => "pq is prime",
            Self::Square => "pq is a square",
            Self::MoreThanTwoPrimes => "pq has more than two prime factors",
            Self::GaveUp => "no factor of pq found within the bound of steps",
        })
    }
}

impl core::error::Error for PqError {}

/// Splits a product of two different odd primes.
///
/// ```
/// use mtproto_runtime::crypto::pq::{self, Factors, PqError};
///
/// let factors = Factors { p: 1_229_739_323, q: 1_402_015_859 };
/// assert_eq!(pq::split(0x17ed_4894_1a08_f981), Ok(factors));
/// assert_eq!(pq::split(u64::MAX - 58), Err(PqError::Prime));
/// ```
///
/// # Errors
/// [`PqError`] for every other number.
pub fn split(pq: u64) -> Result<Factors, PqError> {
    if pq < 2 {
        return Err(PqError::TooSmall);
    }
    if pq.is_multiple_of(2) {
        return Err(PqError::Even);
    }
    if is_prime(pq) {
        return Err(PqError::Prime);
    }
    let root = pq.isqrt();
    if root * root == pq {
        return Err(PqError::Square);
    }
    let p = divisor(pq).ok_or(PqError::GaveUp)?;
    let (p, q) = (p.min(pq / p), p.max(pq / p));
    if is_prime(p) && is_prime(q) {
        Ok(Factors { p, q })
    } else {
        Err(PqError::MoreThanTwoPrimes)
    }
}

/// A divisor of `n` other than 1 and `n`, or `None` if there is none or none was found within the
/// bound of steps.
#[must_use]
pub fn divisor(n: u64) -> Option<u64> {
    if n < 4 {
        return None;
    }
    if let Some(prime) = SMALL_PRIMES
        .iter()
        .map(|p| u64::from(*p))
        .find(|p| n.is_multiple_of(*p))
    {
        return (prime != n).then_some(prime);
    }
    let root = n.isqrt();
    if root * root == n {
        return Some(root);
    }
    if is_prime(n) {
        return None;
    }
    // A walk can close its circle before it has told the factors apart; others begin elsewhere.
    (0..ATTEMPTS).find_map(|attempt| walk(Modulus::new(n), 3 * attempt + 1))
}

const SMALL_PRIMES: [u8; 54] = [
    2, 3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37, 41, 43, 47, 53, 59, 61, 67, 71, 73, 79, 83, 89, 97,
    101, 103, 107, 109, 113, 127, 131, 137, 139, 149, 151, 157, 163, 167, 173, 179, 181, 191, 193,
    197, 199, 211, 223, 227, 229, 233, 239, 241, 251,
];
const ATTEMPTS: u64 = 8;
/// Steps between two greatest common divisors.
const BATCH: u64 = 256;
/// A walk over the residues of a prime p closes after some √p steps, and p is below 2^32: the
/// chance that none of three does within 2^20 steps is less than e^-300.
const LONGEST: u64 = 1 << 19;

/// Whether `n` is prime: Miller and Rabin's test to the bases for which no composite number below
/// 2^64 passes (Jim Sinclair, 2011).
fn is_prime(n: u64) -> bool {
    const BASES: [u64; 7] = [2, 325, 9_375, 28_178, 450_775, 9_780_504, 1_795_265_022];

    if n < 2 {
        return false;
    }
    for prime in SMALL_PRIMES.map(u64::from) {
        if n.is_multiple_of(prime) {
            return n == prime;
        }
    }
    let m = Modulus::new(n);
    let twos = (n - 1).trailing_zeros();
    let odd = (n - 1) >> twos;
    let one = m.one();
    let minus_one = n - one;
    BASES.iter().all(|base| {
        let base = m.enter(base % n);
        if base == 0 {
            return true;
        }
        let mut x = m.pow(base, odd);
        if x == one || x == minus_one {
            return true;
        }
        (1..twos).any(|_| {
            x = m.mul(x, x);
            x == minus_one
        })
    })
}

/// Pollard's rho in Brent's form: x → x² + c, compared with the value at the last power of two,
/// differences multiplied up and tested by one greatest common divisor per [`BATCH`].
///
/// One walk leaves most of the multiplier idle, as each step waits for the last; three walks with
/// different c side by side take little longer than one and find a factor in 1/√3 of the steps.
fn walk(m: Modulus, c: u64) -> Option<u64> {
    let c = [c, c + 1, c + 2].map(|c| m.enter(c % m.n));
    let mut x = [2, 3, 5].map(|x| m.enter(x % m.n));
    let mut anchor;
    let mut length = 1;
    while length <= LONGEST {
        anchor = x;
        for _ in 0..length {
            x = m.step(x, c);
        }
        let mut done = 0;
        while done < length {
            let before = x;
            let steps = BATCH.min(length - done);
            let mut product = [m.one(); 3];
            for _ in 0..steps {
                x = m.step(x, c);
                for i in 0..3 {
                    product[i] = m.mul(product[i], x[i].abs_diff(anchor[i]));
                }
            }
            let all = m.mul(m.mul(product[0], product[1]), product[2]);
            match gcd(all, m.n) {
                1 => {}
                g if g < m.n => return Some(g),
                // Both primes came up in one batch: repeat it step by step. If they came up in
                // one step, this walk can't tell them apart; go on with another.
                _ => return single_steps(m, c, before, anchor, steps),
            }
            done += steps;
        }
        length *= 2;
    }
    None
}

fn single_steps(
    m: Modulus,
    c: [u64; 3],
    mut x: [u64; 3],
    anchor: [u64; 3],
    steps: u64,
) -> Option<u64> {
    for _ in 0..steps {
        x = m.step(x, c);
        for i in 0..3 {
            let g = gcd(x[i].abs_diff(anchor[i]), m.n);
            if g != 1 && g != m.n {
                return Some(g);
            }
        }
    }
    None
}

/// Arithmetic modulo an odd number, on values multiplied by 2^64 (Montgomery's form).
#[derive(Clone, Copy)]
struct Modulus {
    n: u64,
    /// n^-1 modulo 2^64.
    inverse: u64,
}

impl Modulus {
    fn new(n: u64) -> Self {
        // Newton's iteration doubles the right bits: 3, 6, 12, 24, 48, 96.
        let mut inverse = n;
        for _ in 0..5 {
            inverse = inverse.wrapping_mul(2_u64.wrapping_sub(n.wrapping_mul(inverse)));
        }
        Self { n, inverse }
    }

    fn one(self) -> u64 {
        self.enter(1)
    }

    /// `a`, which is below n, in Montgomery's form.
    #[allow(clippy::cast_possible_truncation)] // less than n
    fn enter(self, a: u64) -> u64 {
        ((u128::from(a) << 64) % u128::from(self.n)) as u64
    }

    #[inline(always)]
    #[allow(clippy::cast_possible_truncation)] // halves of a 128-bit number
    fn mul(self, a: u64, b: u64) -> u64 {
        let product = u128::from(a) * u128::from(b);
        let quotient = (product as u64).wrapping_mul(self.inverse);
        let multiple = (u128::from(quotient) * u128::from(self.n)) >> 64;
        // Subtracting, and not adding, keeps this right for n up to 2^64.
        self.sub((product >> 64) as u64, multiple as u64)
    }

    #[inline(always)]
    fn sub(self, a: u64, b: u64) -> u64 {
        let (difference, borrowed) = a.overflowing_sub(b);
        if borrowed {
            difference.wrapping_add(self.n)
        } else {
            difference
        }
    }

    /// x² + c, three times.
    #[inline(always)]
    fn step(self, x: [u64; 3], c: [u64; 3]) -> [u64; 3] {
        core::array::from_fn(|i| self.sub(self.mul(x[i], x[i]), self.n - c[i]))
    }

    fn pow(self, mut base: u64, mut exponent: u64) -> u64 {
        let mut power = self.one();
        while exponent > 0 {
            if exponent & 1 == 1 {
                power = self.mul(power, base);
            }
            base = self.mul(base, base);
            exponent >>= 1;
        }
        power
    }
}

fn gcd(mut a: u64, mut b: u64) -> u64 {
    if a == 0 || b == 0 {
        return a | b;
    }
    // b is odd here.
    a >>= a.trailing_zeros();
    while a != b {
        let difference = a.abs_diff(b);
        b = a.min(b);
        a = difference >> difference.trailing_zeros();
    }
    a
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn primality_agrees_with_trial_division() {
        let slow = |n: u64| {
            n > 1
                && (2..)
                    .take_while(|d| d * d <= n)
                    .all(|d| !n.is_multiple_of(d))
        };
        for n in (0..20_000).chain((1 << 32) - 300..(1 << 32) + 300) {
            assert_eq!(is_prime(n), slow(n), "{n}");
        }
    }

    #[test]
    fn strong_pseudoprimes_are_composite() {
        // Composite numbers that pass the test to the first bases: ψ(1) to ψ(9) of OEIS A014233
        // below 2^64, and Carmichael numbers.
        for n in [
            2_047,
            1_373_653,
            25_326_001,
            3_215_031_751,
            2_152_302_898_747,
            3_474_749_660_383,
            341_550_071_728_321,
            3_825_123_056_546_413_051,
            561,
            1_105,
            6_601,
        ] {
            assert!(!is_prime(n), "{n}");
        }
    }

    #[test]
    fn every_small_number_is_answered() {
        for n in 0..30_000_u64 {
            let divides = |d: &u64| n % d == 0;
            let smallest = (2..n).take_while(|d| d * d <= n).find(divides);
            match divisor(n) {
                None => assert_eq!(smallest, None, "{n}"),
                Some(d) => assert!(d > 1 && d < n && n % d == 0, "{n}: {d}"),
            }
            let expected = smallest.filter(|p| {
                let q = n / p;
                n % 2 == 1 && q != *p && is_prime(q)
            });
            assert_eq!(split(n).ok().map(|f| f.p), expected, "{n}");
        }
    }

    #[test]
    fn primes_to_ask_with_are_different_and_in_range() {
        for start in [0, 1 << 30, (1 << 31) - 1, u32::MAX, 0x4000_0003] {
            let prime = prime_from(start);
            assert!((1 << 30..1 << 31).contains(&prime) && is_prime(prime.into()));
        }
        // A prime is taken as it is drawn.
        assert_eq!(prime_from(1_513_098_571), 1_513_098_571);
        assert_eq!(prime_from((1 << 31) - 1), (1 << 31) - 1);
        // Behind the last one the first is next: 2^30 + 1 and + 2 are composite, + 3 is prime.
        assert_eq!(prime_from((1 << 31) + 1), (1 << 30) + 3);
    }

    #[test]
    fn walks_split_without_trial_division() {
        // Products of the primes just above the table of small ones, where both come up at once.
        let primes: Vec<u64> = (257..700).filter(|n| is_prime(*n)).collect();
        for p in &primes {
            for q in primes.iter().filter(|q| *q > p) {
                assert_eq!(split(p * q), Ok(Factors { p: *p, q: *q }));
            }
        }
    }
}
