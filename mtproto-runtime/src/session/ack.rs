//! Acks: which of the peer's messages are to be acknowledged, and when at the latest.
//!
//! See <https://core.telegram.org/mtproto/service_messages_about_messages#acknowledgment-of-receipt>.

use core::time::Duration;

/// Most ids in one `msgs_ack`.
pub(crate) const MAX_IDS: usize = 8192;

/// Acks that wait for a message to travel with.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct Acks {
    ids: Vec<i64>,
    /// When the first of them came.
    since: Option<Duration>,
}

impl Acks {
    /// A message wants to be acknowledged. What doesn't fit is left to the peer, which asks again.
    pub(crate) fn push(&mut self, monotonic: Duration, id: i64) {
        if self.ids.len() < MAX_IDS {
            self.ids.push(id);
            self.since.get_or_insert(monotonic);
        }
    }

    /// Many that have come together.
    pub(crate) fn extend(&mut self, monotonic: Duration, ids: &[i64]) {
        let room = MAX_IDS.saturating_sub(self.ids.len());
        let ids = ids.get(..room).unwrap_or(ids);
        if !ids.is_empty() {
            self.ids.extend_from_slice(ids);
            self.since.get_or_insert(monotonic);
        }
    }

    pub(crate) fn ids(&self) -> &[i64] {
        &self.ids
    }

    /// When they have to go alone if nothing takes them along.
    pub(crate) fn deadline(&self, delay: Duration, batch: usize) -> Option<Duration> {
        let since = self.since?;
        Some(if self.ids.len() >= batch {
            since
        } else {
            since.saturating_add(delay)
        })
    }

    /// Keeps no room for more.
    pub(crate) fn give_back(&mut self) {
        self.ids.shrink_to_fit();
    }

    /// They have been sent.
    pub(crate) fn clear(&mut self) {
        self.since = None;
        self.ids.clear();
        self.ids.shrink_to(256);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn they_wait_but_not_for_ever() {
        let second = Duration::from_secs(1);
        let mut acks = Acks::default();
        assert_eq!(acks.deadline(30 * second, 3), None);
        acks.push(5 * second, 1);
        acks.push(9 * second, 5);
        assert_eq!(acks.deadline(30 * second, 3), Some(35 * second));
        acks.push(10 * second, 9);
        assert_eq!(acks.deadline(30 * second, 3), Some(5 * second));
        assert_eq!(acks.ids(), [1, 5, 9]);
        acks.clear();
        assert_eq!(acks, Acks::default());
    }

    #[test]
    fn a_flood_is_cut() {
        let mut acks = Acks::default();
        for id in 0..10_000 {
            acks.push(Duration::ZERO, id);
        }
        assert_eq!(acks.ids().len(), MAX_IDS);
        let mut at_once = Acks::default();
        for start in (0..10_000).step_by(100) {
            let ids: Vec<i64> = (start..start + 100).collect();
            at_once.extend(Duration::ZERO, &ids);
        }
        assert_eq!(at_once, acks);
    }
}
