//! Sessions without a connection: which of them may be given up.

use core::time::Duration;
use std::collections::{BTreeMap, BTreeSet};

use super::SessionRef;

/// They are known by their age, and how many each client has. A client is its permanent key, or a
/// temporary one that is not bound.
#[derive(Clone, Debug, Default)]
pub(super) struct Unlinked {
    /// When they were last used.
    by_age: BTreeSet<(Duration, SessionRef)>,
    by_client: BTreeSet<(i64, Duration, SessionRef)>,
    counts: BTreeMap<i64, usize>,
    by_count: BTreeSet<(usize, i64)>,
}

impl Unlinked {
    pub(super) fn insert(&mut self, client: i64, last_used: Duration, session: SessionRef) {
        if self.by_age.insert((last_used, session)) {
            self.by_client.insert((client, last_used, session));
            self.count(client, |count| count + 1);
        }
    }

    pub(super) fn remove(&mut self, client: i64, last_used: Duration, session: SessionRef) {
        if self.by_age.remove(&(last_used, session)) {
            self.by_client.remove(&(client, last_used, session));
            self.count(client, |count| count.saturating_sub(1));
        }
    }

    fn count(&mut self, client: i64, change: impl FnOnce(usize) -> usize) {
        let before = self.counts.remove(&client).unwrap_or(0);
        self.by_count.remove(&(before, client));
        let count = change(before);
        if count > 0 {
            self.counts.insert(client, count);
            self.by_count.insert((count, client));
        }
    }

    /// The client that has most of them, and how many.
    pub(super) fn most(&self) -> Option<(usize, i64)> {
        self.by_count.last().copied()
    }

    /// First the one that was used longest ago.
    pub(super) fn oldest(&self) -> impl Iterator<Item = SessionRef> {
        self.by_age.iter().map(|(_, session)| *session)
    }

    /// The same of one client.
    pub(super) fn oldest_of(&self, client: i64) -> impl Iterator<Item = SessionRef> {
        let of_client = self.by_client.range((client, Duration::ZERO, FIRST)..);
        of_client
            .take_while(move |(of, ..)| *of == client)
            .map(|(_, _, session)| *session)
    }
}

/// No session is before this one.
const FIRST: SessionRef = SessionRef {
    auth_key_id: i64::MIN,
    session_id: i64::MIN,
};
