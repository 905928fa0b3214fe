//! Server salts: numbers that change every half hour, without which a server takes no message.
//!
//! The client learns them; the server makes them of a secret, the auth key's id and the time, and
//! keeps none.
//!
//! See <https://core.telegram.org/mtproto/description#server-salt>.

use core::fmt;

use hmac::{KeyInit, Mac};
use zeroize::Zeroizing;

/// How long a salt is the newest one.
pub(crate) const PERIOD: i64 = 1800;
/// Most salts in one `future_salts`.
pub(crate) const MAX_FUTURE: usize = 64;

/// A salt and when it is valid, in Unix time of the server.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct FutureSalt {
    /// From when on.
    pub valid_since: i32,
    /// Until when.
    pub valid_until: i32,
    /// The salt.
    pub salt: i64,
}

/// What a client knows of its server's salts.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Salts {
    /// The one that the server has told last, or that its future has brought.
    current: i64,
    /// Not yet used ones, the next first.
    future: Vec<FutureSalt>,
}

impl Salts {
    pub(crate) fn new(first: i64) -> Self {
        Self {
            current: first,
            future: Vec::new(),
        }
    }

    /// The salt to use now.
    pub(crate) fn at(&mut self, seconds: i64) -> i64 {
        let due = self
            .future
            .iter()
            .take_while(|salt| i64::from(salt.valid_since) <= seconds)
            .count();
        for salt in self.future.drain(..due) {
            if i64::from(salt.valid_until) > seconds {
                self.current = salt.salt;
            }
        }
        self.current
    }

    /// The one that was used last.
    pub(crate) fn current(&self) -> i64 {
        self.current
    }

    /// The server says which one it wants.
    pub(crate) fn set(&mut self, salt: i64) {
        self.current = salt;
    }

    /// How many more are known.
    pub(crate) fn future(&self) -> &[FutureSalt] {
        &self.future
    }

    /// The server has told its future salts.
    pub(crate) fn learn(&mut self, salts: impl Iterator<Item = FutureSalt>) {
        self.future.clear();
        self.future.extend(
            salts
                .take(MAX_FUTURE)
                .filter(|salt| salt.valid_since < salt.valid_until),
        );
        self.future.sort_by_key(|salt| salt.valid_since);
    }
}

/// The secret of which a server makes its salts.
///
/// With a secret that is kept, an orderly restart of a server invalidates no salt.
///
/// ```
/// use mtproto_runtime::session::SaltSecret;
///
/// let secret = SaltSecret::new([7; 32]);
/// let salts = secret.valid(-5, 1_800_000_000);
/// assert_ne!(salts.current, salts.previous);
/// assert_eq!(secret.valid(-5, 1_800_001_800).previous, salts.current);
/// ```
#[derive(Clone)]
pub struct SaltSecret(Zeroizing<[u8; 32]>);

/// The salts that a server accepts at some time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ValidSalts {
    /// The newest.
    pub current: i64,
    /// The one before, which still works.
    pub previous: i64,
    /// Another one that still works: that of the key exchange.
    pub first: Option<i64>,
    /// Unix time at which `current` becomes `previous`.
    pub until: i64,
}

impl ValidSalts {
    /// Whether a message with this salt is taken.
    #[must_use]
    pub fn accept(&self, salt: i64) -> bool {
        salt == self.current || salt == self.previous || Some(salt) == self.first
    }
}

impl SaltSecret {
    /// A secret of random bytes.
    #[must_use]
    pub fn new(secret: [u8; 32]) -> Self {
        Self(Zeroizing::new(secret))
    }

    /// The salts of an auth key at a Unix time in seconds.
    #[must_use]
    pub fn valid(&self, auth_key_id: i64, seconds: i64) -> ValidSalts {
        let period = seconds.div_euclid(PERIOD);
        ValidSalts {
            current: self.salt(auth_key_id, period),
            previous: self.salt(auth_key_id, period - 1),
            first: None,
            until: (period + 1) * PERIOD,
        }
    }

    /// The current salt and those after it, `count` in all, 64 at most.
    pub fn future(
        &self,
        auth_key_id: i64,
        seconds: i64,
        count: usize,
    ) -> impl Iterator<Item = FutureSalt> {
        let first = seconds.div_euclid(PERIOD);
        (first..).take(count.min(MAX_FUTURE)).map(move |period| {
            let time = |period: i64| i32::try_from(period * PERIOD).unwrap_or(i32::MAX);
            FutureSalt {
                valid_since: time(period),
                valid_until: time(period + 2),
                salt: self.salt(auth_key_id, period),
            }
        })
    }

    fn salt(&self, auth_key_id: i64, period: i64) -> i64 {
        let Ok(mut mac) = hmac::Hmac::<sha2::Sha256>::new_from_slice(&self.0[..]) else {
            // HMAC takes keys of any length.
            return 0;
        };
        mac.update(&auth_key_id.to_le_bytes());
        mac.update(&period.to_le_bytes());
        let hash = mac.finalize().into_bytes();
        i64::from_le_bytes(hash.first_chunk().copied().unwrap_or_default())
    }
}

impl fmt::Debug for SaltSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SaltSecret")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_salt_is_valid_for_an_hour() {
        let secret = SaltSecret::new([1; 32]);
        let start = 1000 * PERIOD;
        let salt = secret.valid(9, start).current;
        assert!(secret.valid(9, start + 2 * PERIOD - 1).accept(salt));
        assert!(!secret.valid(9, start + 2 * PERIOD).accept(salt));
        assert!(!secret.valid(9, start - 1).accept(salt));
        assert!(
            !secret.valid(8, start).accept(salt),
            "salts belong to a key"
        );
        let other = SaltSecret::new([2; 32]);
        assert!(!other.valid(9, start).accept(salt));
    }

    #[test]
    fn a_client_walks_through_the_future() {
        let secret = SaltSecret::new([1; 32]);
        let start = 1000 * PERIOD;
        let mut salts = Salts::new(5);
        assert_eq!(salts.at(start), 5);
        salts.learn(secret.future(9, start, 100));
        assert_eq!(salts.future().len(), MAX_FUTURE);
        for time in (start..start + 60 * PERIOD).step_by(700) {
            let salt = salts.at(time);
            assert!(secret.valid(9, time).accept(salt));
            assert_eq!(salts.current(), salt);
        }
        salts.set(7);
        assert_eq!(salts.at(start + 60 * PERIOD - 1), 7);
    }

    #[test]
    fn salts_of_no_duration_are_none() {
        let mut salts = Salts::new(5);
        let backwards = FutureSalt {
            valid_since: 10,
            valid_until: 10,
            salt: 6,
        };
        salts.learn(core::iter::once(backwards));
        assert_eq!(salts.at(20), 5);
    }
}
