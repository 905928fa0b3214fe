//! Requests by their ids. Ids grow, as a rule, and requests are done with in their order: a queue
//! with a few holes serves better than a tree, which wants memory for every few.

use std::collections::VecDeque;

use super::requests::Phase;

/// What has become of requests.
#[derive(Clone, Debug, Default)]
pub(super) struct Table {
    /// Ascending; without a phase, the request is gone.
    rows: VecDeque<(i64, Option<Phase>)>,
    live: usize,
}

impl Table {
    fn find(&self, id: i64) -> Result<usize, usize> {
        if self.rows.back().is_none_or(|(last, _)| *last < id) {
            return Err(self.rows.len());
        }
        self.rows.binary_search_by_key(&id, |row| row.0)
    }

    pub(super) fn get(&self, id: i64) -> Option<Phase> {
        self.rows.get(self.find(id).ok()?)?.1
    }

    pub(super) fn insert(&mut self, id: i64, phase: Phase) {
        match self.find(id) {
            Ok(at) => {
                if let Some((_, old)) = self.rows.get_mut(at)
                    && old.replace(phase).is_none()
                {
                    self.live += 1;
                }
            }
            // Near the end: ids far below others are refused before.
            Err(at) => {
                self.rows.insert(at, (id, Some(phase)));
                self.live += 1;
            }
        }
    }

    pub(super) fn remove(&mut self, id: i64) {
        if let Ok(at) = self.find(id)
            && let Some((_, phase)) = self.rows.get_mut(at)
            && phase.take().is_some()
        {
            self.live -= 1;
            self.close_holes();
        }
    }

    fn close_holes(&mut self) {
        while let Some((_, None)) = self.rows.front() {
            self.rows.pop_front();
        }
        if self.rows.len() > 64 && self.live < self.rows.len() / 2 {
            self.rows.retain(|row| row.1.is_some());
        }
        if self.rows.is_empty() && self.rows.capacity() > 1024 {
            self.rows = VecDeque::new();
        }
    }

    /// Keeps no room for more.
    pub(super) fn give_back(&mut self) {
        self.rows.shrink_to_fit();
    }

    pub(super) fn is_empty(&self) -> bool {
        self.live == 0
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn agrees_with_a_map(steps in prop::collection::vec((0_i64..300, 0_u8..3), 1..600)) {
            let (mut table, mut map) = (Table::default(), BTreeMap::new());
            for (id, what) in steps {
                match what {
                    0 => {
                        table.insert(id, Phase::Running);
                        map.insert(id, Phase::Running);
                    }
                    1 => {
                        table.insert(id, Phase::Dropped);
                        map.insert(id, Phase::Dropped);
                    }
                    _ => {
                        table.remove(id);
                        map.remove(&id);
                    }
                }
                prop_assert_eq!(table.get(id), map.get(&id).copied());
                prop_assert_eq!(table.is_empty(), map.is_empty());
                prop_assert!(table.rows.len() <= 64.max(2 * map.len() + 1));
            }
            for id in 0..300 {
                prop_assert_eq!(table.get(id), map.get(&id).copied());
            }
        }
    }
}
