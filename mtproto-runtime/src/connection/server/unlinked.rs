//! Sessions without a connection: which of them may be given up.

use core::time::Duration;
use std::collections::{BTreeMap, BTreeSet};

use super::SessionRef;

/// They are known by their age, and how many each key has.
#[derive(Clone, Debug, Default)]
pub(super) struct Unlinked {
    /// When they were last used.
    by_age: BTreeSet<(Duration, SessionRef)>,
    counts: BTreeMap<i64, usize>,
    by_count: BTreeSet<(usize, i64)>,
}

impl Unlinked {
    pub(super) fn insert(&mut self, last_used: Duration, session: SessionRef) {
        if self.by_age.insert((last_used, session)) {
            self.count(session.auth_key_id, |count| count + 1);
        }
    }

    pub(super) fn remove(&mut self, last_used: Duration, session: SessionRef) {
        if self.by_age.remove(&(last_used, session)) {
            self.count(session.auth_key_id, |count| count.saturating_sub(1));
        }
    }

    fn count(&mut self, auth_key_id: i64, change: impl FnOnce(usize) -> usize) {
        let before = self.counts.remove(&auth_key_id).unwrap_or(0);
        self.by_count.remove(&(before, auth_key_id));
        let count = change(before);
        if count > 0 {
            self.counts.insert(auth_key_id, count);
            self.by_count.insert((count, auth_key_id));
        }
    }

    /// The key that has most of them, and how many.
    pub(super) fn most(&self) -> Option<(usize, i64)> {
        self.by_count.last().copied()
    }

    /// First the one that was used longest ago.
    pub(super) fn oldest(&self) -> impl Iterator<Item = SessionRef> {
        self.by_age.iter().map(|(_, session)| *session)
    }
}
