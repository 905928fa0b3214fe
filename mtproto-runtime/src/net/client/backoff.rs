//! How long to wait before connecting again.

use core::time::Duration;

use rand_core::Rng;

/// How long to wait between attempts to connect: longer each time, and never all clients at the
/// same moment.
///
/// Addresses are tried one after the other; waiting begins when all of them have failed.
///
/// | what was | wait |
/// |---|---|
/// | a connection that had worked was lost | up to `first` |
/// | all addresses have failed n times | between a half and all of `first` · 2ⁿ, at most `most` |
/// | the server has said that there are too many connections (-429) | the same, at least a second |
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Backoff {
    /// The first wait.
    pub first: Duration,
    /// The longest.
    pub most: Duration,
}

impl Default for Backoff {
    fn default() -> Self {
        Self {
            first: Duration::from_millis(250),
            most: Duration::from_secs(30),
        }
    }
}

/// The least that a server wants to be left alone that is flooded.
const FLOOD: Duration = Duration::from_secs(1);

impl Backoff {
    /// After so many attempts since the last good one, over so many addresses.
    pub(super) fn wait(
        &self,
        failures: u32,
        addresses: usize,
        flooded: bool,
        rng: &mut impl Rng,
    ) -> Duration {
        let addresses = u32::try_from(addresses.max(1)).unwrap_or(u32::MAX);
        if failures == 0 {
            return fraction(self.first, Duration::ZERO, rng);
        }
        if flooded {
            let rounds = failures.div_ceil(addresses);
            let most = self.nominal(rounds).max(2 * FLOOD);
            return fraction(most, most / 2, rng);
        }
        if !failures.is_multiple_of(addresses) {
            return Duration::ZERO;
        }
        let most = self.nominal(failures / addresses);
        fraction(most, most / 2, rng)
    }

    fn nominal(&self, rounds: u32) -> Duration {
        let factor = 1_u32 << rounds.min(20);
        self.first.saturating_mul(factor).min(self.most)
    }
}

/// Something between these two.
fn fraction(most: Duration, least: Duration, rng: &mut impl Rng) -> Duration {
    let range = most.saturating_sub(least);
    let part = f64::from(rng.next_u32()) / f64::from(u32::MAX);
    least + range.mul_f64(part)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::crypto::random::SystemRandom;

    #[test]
    fn it_doubles_up_to_a_limit_and_not_for_all_clients_alike() {
        let backoff = Backoff {
            first: Duration::from_millis(100),
            most: Duration::from_secs(1),
        };
        let mut rng = SystemRandom::new();
        let mut seen = std::collections::BTreeSet::new();
        for _ in 0..100 {
            for (failures, least, most) in [
                (0, 0, 100),
                (1, 100, 200),
                (2, 200, 400),
                (3, 400, 800),
                (9, 500, 1000),
                (u32::MAX, 500, 1000),
            ] {
                let wait = backoff.wait(failures, 1, false, &mut rng);
                let least = Duration::from_millis(least);
                let most = Duration::from_millis(most);
                assert!(wait >= least && wait <= most, "{failures}: {wait:?}");
                seen.insert(wait);
            }
        }
        assert!(seen.len() > 300);
    }

    #[test]
    fn addresses_are_tried_one_after_the_other() {
        let backoff = Backoff::default();
        let mut rng = SystemRandom::new();
        for failures in [1, 2, 4, 5] {
            assert_eq!(backoff.wait(failures, 3, false, &mut rng), Duration::ZERO);
        }
        assert!(backoff.wait(3, 3, false, &mut rng) >= Duration::from_millis(250));
        assert!(backoff.wait(1, 3, true, &mut rng) >= Duration::from_secs(1));
        assert!(backoff.wait(1, 0, false, &mut rng) >= Duration::from_millis(250));
    }
}
