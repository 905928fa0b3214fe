//! Who has done how much.

use core::time::Duration;
use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::Limits;
use crate::transport::DEFAULT_MAX_PACKET;

/// An address, or the /64 that one IPv6 client may choose its addresses from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Origin {
    V4([u8; 4]),
    V6([u8; 8]),
}

impl From<IpAddr> for Origin {
    fn from(address: IpAddr) -> Self {
        match address.to_canonical() {
            IpAddr::V4(address) => Self::V4(address.octets()),
            IpAddr::V6(address) => {
                let [a, b, c, d, e, f, g, h, ..] = address.octets();
                Self::V6([a, b, c, d, e, f, g, h])
            }
        }
    }
}

/// What the origins have done.
#[derive(Debug, Default)]
pub(super) struct Origins {
    entries: HashMap<Origin, Entry>,
    connections: usize,
    refusals: usize,
    /// Bytes of packets that have not come as a whole.
    partial: [usize; 2],
    /// How many entries there may be before those that say nothing are looked for.
    sweep_at: usize,
}

#[derive(Debug, Default)]
struct Entry {
    connections: usize,
    partial: [usize; 2],
    /// Steps of key exchanges.
    steps: Spent,
    /// Permanent keys.
    keys: Spent,
    temporary_keys: Spent,
}

/// What becomes of a new connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Admission {
    Welcome,
    /// To be told that it is one too many.
    Refused,
    /// To be closed at once.
    Dropped,
}

/// Bytes of a packet that has not come as a whole, as they are counted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Partial {
    /// Every connection has one of these, and packets are not that long.
    count: u32,
    /// Whether a key was used on its connection.
    has_key: bool,
}

impl Partial {
    /// So many cost little, whoever sends them: they are bounded by the number of connections.
    pub(super) const FREE: usize = 8 << 10;

    pub(super) fn new(bytes: usize, has_key: bool) -> Self {
        let count = match bytes > Self::FREE {
            true => u32::try_from(bytes).unwrap_or(u32::MAX),
            false => 0,
        };
        Self { count, has_key }
    }

    fn bytes(self) -> usize {
        usize::try_from(self.count).unwrap_or(usize::MAX)
    }
}

/// What was done of something that has a rate: in parts, of which one is regained each millisecond
/// for each that may be done in the time.
#[derive(Debug, Default)]
struct Spent {
    parts: u64,
    counted_at: Duration,
}

/// Parts of what has a rate by the second, and by the hour.
const BY_SECOND: u64 = 1000;
const BY_HOUR: u64 = 3_600_000;

impl Origins {
    /// A new connection. Call [`Self::leave`] for what is not dropped.
    pub(super) fn admit(&mut self, origin: Origin, now: Duration, limits: &Limits) -> Admission {
        self.sweep(now, limits);
        let entry = self.entries.entry(origin).or_default();
        let fits = self.connections < limits.connections
            && entry.connections < limits.connections_per_address;
        if fits {
            entry.connections += 1;
            self.connections += 1;
            return Admission::Welcome;
        }
        if self.refusals >= limits.refusals {
            return Admission::Dropped;
        }
        self.refusals += 1;
        Admission::Refused
    }

    pub(super) fn leave(&mut self, origin: Origin, admission: Admission) {
        match admission {
            Admission::Welcome => {
                self.connections = self.connections.saturating_sub(1);
                if let Some(entry) = self.entries.get_mut(&origin) {
                    entry.connections = entry.connections.saturating_sub(1);
                }
            }
            Admission::Refused => self.refusals = self.refusals.saturating_sub(1),
            Admission::Dropped => {}
        }
    }

    pub(super) fn connections(&self) -> usize {
        self.connections
    }

    /// Whether another step of a key exchange is allowed, which is counted then.
    pub(super) fn handshake(&mut self, origin: Origin, now: Duration, limits: &Limits) -> bool {
        let entry = self.entries.entry(origin).or_default();
        let (most, rate) = (limits.handshake_burst, limits.handshake_rate);
        entry.steps.spend(now, most, rate, BY_SECOND)
    }

    /// Whether another key is allowed, which is counted then.
    pub(super) fn new_key(
        &mut self,
        origin: Origin,
        is_temporary: bool,
        now: Duration,
        limits: &Limits,
    ) -> bool {
        let entry = self.entries.entry(origin).or_default();
        let (spent, most, rate) = match is_temporary {
            true => (
                &mut entry.temporary_keys,
                limits.temporary_key_burst,
                limits.temporary_keys_per_hour,
            ),
            false => (&mut entry.keys, limits.key_burst, limits.keys_per_hour),
        };
        spent.spend(now, most, rate, BY_HOUR)
    }

    /// A connection has so much of a packet now, where it had something else before. Whether it may;
    /// if not, it has nothing any more.
    pub(super) fn partial(
        &mut self,
        origin: Origin,
        before: Partial,
        now: Partial,
        limits: &Limits,
    ) -> bool {
        let entry = self.entries.entry(origin).or_default();
        let kind = usize::from(before.has_key);
        self.partial[kind] = self.partial[kind].saturating_sub(before.bytes());
        entry.partial[kind] = entry.partial[kind].saturating_sub(before.bytes());
        let (kind, most) = match now.has_key {
            true => (1, limits.partial_bytes),
            false => (0, limits.stranger_bytes),
        };
        let share = (most / 8).max(DEFAULT_MAX_PACKET);
        let fits = now.bytes() == 0
            || (self.partial[kind].saturating_add(now.bytes()) <= most
                && entry.partial[kind].saturating_add(now.bytes()) <= share);
        if fits {
            self.partial[kind] += now.bytes();
            entry.partial[kind] += now.bytes();
        }
        fits
    }

    pub(super) fn partial_bytes(&self) -> usize {
        self.partial.iter().sum()
    }

    /// Forgets origins of which there is nothing to be known.
    fn sweep(&mut self, now: Duration, limits: &Limits) {
        if self.entries.len() < self.sweep_at.max(1024) {
            return;
        }
        self.entries.retain(|_, entry| {
            entry.steps.settle(now, limits.handshake_rate);
            entry.keys.settle(now, limits.keys_per_hour);
            entry
                .temporary_keys
                .settle(now, limits.temporary_keys_per_hour);
            let spent = [&entry.steps, &entry.keys, &entry.temporary_keys];
            entry.connections > 0 || spent.iter().any(|spent| spent.parts > 0)
        });
        self.sweep_at = 2 * self.entries.len();
    }
}

impl Spent {
    /// Time makes up for what was spent.
    fn settle(&mut self, now: Duration, rate: u32) {
        let passed = now.saturating_sub(self.counted_at).as_millis();
        let passed = u64::try_from(passed).unwrap_or(u64::MAX);
        let regained = passed.saturating_mul(u64::from(rate));
        self.parts = self.parts.saturating_sub(regained);
        self.counted_at = now;
    }

    /// One more, if there may be one.
    fn spend(&mut self, now: Duration, most: u32, rate: u32, one: u64) -> bool {
        self.settle(now, rate);
        let fits = self.parts + one <= u64::from(most) * one;
        if fits {
            self.parts += one;
        }
        fits
    }
}

/// A number of bytes that all together may have.
#[derive(Debug)]
pub(super) struct Budget {
    most: usize,
    used: AtomicUsize,
}

/// Bytes that are in use for as long as this lives.
#[derive(Debug)]
pub(super) struct Reserved {
    budget: std::sync::Arc<Budget>,
    bytes: usize,
}

impl Budget {
    pub(super) fn new(most: usize) -> Self {
        Self {
            most,
            used: AtomicUsize::new(0),
        }
    }

    pub(super) fn used(&self) -> usize {
        self.used.load(Ordering::Relaxed)
    }

    pub(super) fn reserve(self: &std::sync::Arc<Self>, bytes: usize) -> Option<Reserved> {
        let used = self.used.fetch_add(bytes, Ordering::Relaxed);
        let reserved = Reserved {
            budget: self.clone(),
            bytes,
        };
        // What was too much is given back as it is dropped.
        (used.saturating_add(bytes) <= self.most).then_some(reserved)
    }
}

impl Drop for Reserved {
    fn drop(&mut self) {
        self.budget.used.fetch_sub(self.bytes, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HERE: Origin = Origin::V4([127, 0, 0, 1]);
    const THERE: Origin = Origin::V6([1; 8]);

    fn limits() -> Limits {
        Limits {
            connections: 3,
            connections_per_address: 2,
            refusals: 1,
            handshake_burst: 3,
            handshake_rate: 2,
            key_burst: 2,
            keys_per_hour: 2,
            temporary_key_burst: 1,
            temporary_keys_per_hour: 2,
            ..Limits::default()
        }
    }

    #[test]
    fn connections_are_counted_by_origin_and_in_all() {
        let (mut origins, limits) = (Origins::default(), limits());
        let mut admit = |origin| origins.admit(origin, Duration::ZERO, &limits);
        assert_eq!(admit(HERE), Admission::Welcome);
        assert_eq!(admit(HERE), Admission::Welcome);
        assert_eq!(admit(HERE), Admission::Refused);
        assert_eq!(admit(HERE), Admission::Dropped);
        assert_eq!(admit(THERE), Admission::Welcome);
        assert_eq!(admit(THERE), Admission::Dropped);
        origins.leave(HERE, Admission::Welcome);
        origins.leave(HERE, Admission::Refused);
        assert_eq!(
            origins.admit(THERE, Duration::ZERO, &limits),
            Admission::Welcome
        );
        assert_eq!(
            origins.admit(HERE, Duration::ZERO, &limits),
            Admission::Refused
        );
        assert_eq!(origins.connections(), 3);
    }

    #[test]
    fn key_exchanges_have_a_rate() {
        let (mut origins, limits) = (Origins::default(), limits());
        let mut step = |millis| origins.handshake(HERE, Duration::from_millis(millis), &limits);
        assert!(step(0) && step(0) && step(0));
        assert!(!step(0) && !step(499));
        assert!(step(500) && !step(500));
        assert!(step(10_000) && step(10_000) && step(10_000) && !step(10_000));
    }

    #[test]
    fn keys_have_a_rate_by_the_hour() {
        let (mut origins, limits) = (Origins::default(), limits());
        let mut new_key = |is_temporary, minutes: u64| {
            origins.new_key(
                HERE,
                is_temporary,
                Duration::from_secs(60 * minutes),
                &limits,
            )
        };
        let mut key = |minutes| new_key(false, minutes);
        assert!(key(0) && key(0) && !key(0));
        assert!(!key(29) && key(30) && !key(30));
        assert!(key(600) && key(600) && !key(600));
        // Temporary ones have their own.
        let mut key = |minutes| new_key(true, minutes);
        assert!(key(600) && !key(600) && !key(629) && key(630));
    }

    #[test]
    fn origins_that_did_nothing_lately_are_forgotten() {
        let (mut origins, limits) = (Origins::default(), limits());
        for number in 0..5000_u32 {
            let origin = Origin::V4(number.to_le_bytes());
            // Of what is done by the hour, two in an hour: half an hour each.
            let now = Duration::from_secs(2 * u64::from(number));
            origins.handshake(origin, now, &limits);
            origins.new_key(origin, false, now, &limits);
            origins.new_key(origin, true, now, &limits);
            origins.admit(origin, now, &limits);
            origins.leave(origin, Admission::Welcome);
        }
        assert!(origins.entries.len() <= 2048, "{}", origins.entries.len());
        assert!(!origins.entries.contains_key(&Origin::V4([0; 4])));
    }

    #[test]
    fn parts_of_packets_are_counted_by_origin_and_in_all() {
        const PART: usize = DEFAULT_MAX_PACKET - 1;

        let mut origins = Origins::default();
        let limits = Limits {
            stranger_bytes: 3 * PART,
            partial_bytes: PART,
            ..Limits::default()
        };
        let [nothing, part, known] = [(0, false), (PART, false), (PART, true)]
            .map(|(bytes, has_key)| Partial::new(bytes, has_key));
        assert_eq!(Partial::new(Partial::FREE, false), nothing);
        let mut partial = |origin, before, now| origins.partial(origin, before, now, &limits);
        assert!(partial(HERE, nothing, part));
        // One packet, but no more.
        assert!(!partial(HERE, nothing, Partial::new(PART / 2, false)));
        // What a key was used for is another account.
        assert!(partial(HERE, part, known));
        assert!(!partial(THERE, nothing, known));
        assert!(partial(HERE, nothing, part) && partial(THERE, nothing, part));
        let another = Origin::V4([1; 4]);
        assert!(partial(another, nothing, part));
        assert!(!partial(Origin::V4([2; 4]), nothing, part));
        // Who has asked for too much has nothing.
        assert!(!partial(THERE, part, Partial::new(PART + 2, false)));
        assert!(partial(Origin::V4([2; 4]), nothing, part));
        for (origin, has) in [
            (HERE, known),
            (HERE, part),
            (another, part),
            (Origin::V4([2; 4]), part),
        ] {
            assert!(origins.partial(origin, has, nothing, &limits));
        }
        assert_eq!(origins.partial_bytes(), 0);
        assert!(
            origins
                .entries
                .values()
                .all(|entry| entry.partial == [0; 2])
        );
    }

    #[test]
    fn a_v4_client_is_the_same_one_through_a_v6_socket() {
        let mapped: IpAddr = "::ffff:127.0.0.1".parse().unwrap();
        assert_eq!(Origin::from(mapped), HERE);
    }

    #[test]
    fn a_budget_is_given_back() {
        let budget = std::sync::Arc::new(Budget::new(10));
        let first = budget.reserve(8).unwrap();
        assert!(budget.reserve(3).is_none());
        assert!(budget.reserve(2).is_some());
        drop(first);
        assert_eq!(budget.used(), 0);
    }
}
