//! Which messages have been received: none may take effect twice.
//!
//! The latest ids are kept in order. Once one has to be forgotten, everything below it is refused:
//! nobody could tell any more whether it has been here.
//! See <https://core.telegram.org/mtproto/security_guidelines#checking-msg-id>.

use super::sliding::Sliding;

/// How many ids are kept unless told otherwise.
pub(crate) const CAPACITY: usize = 1024;

/// What is remembered of a message besides its id.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Mark {
    /// It wants an ack.
    Content,
    /// It wants none.
    NoAck,
    /// It was a container.
    Container,
    /// It was refused, for ever: it must not take effect when it comes again.
    Refused,
}

/// What is known of an id.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Known {
    /// It has not been received.
    No,
    /// It has.
    Yes(Mark),
    /// It may have been: it is below everything that is kept.
    Forgotten,
}

/// The ids of received messages.
///
/// ```
/// use mtproto_runtime::session::{Known, Mark, ReplayWindow};
///
/// let mut window = ReplayWindow::new(2);
/// for id in [40, 48, 44] {
///     assert!(window.insert(id, Mark::Content));
/// }
/// assert!(!window.insert(48, Mark::Content));
/// assert_eq!(window.look_up(40), Known::Forgotten);
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ReplayWindow {
    /// Ascending.
    ids: Sliding<i64>,
    marks: Sliding<Mark>,
    /// Everything up to here is forgotten.
    floor: i64,
    capacity: usize,
}

impl ReplayWindow {
    /// An empty window that keeps so many ids.
    #[must_use]
    pub fn new(capacity: usize) -> Self {
        Self {
            ids: Sliding::new(),
            marks: Sliding::new(),
            floor: i64::MIN,
            capacity: capacity.max(1),
        }
    }

    /// Whether a message has been received.
    #[must_use]
    pub fn look_up(&self, id: i64) -> Known {
        if self.is_highest(id) {
            return Known::No;
        }
        match self.ids.as_slice().binary_search(&id) {
            Ok(at) => Known::Yes(self.mark_at(at)),
            Err(_) if id <= self.floor => Known::Forgotten,
            Err(_) => Known::No,
        }
    }

    /// Remembers a message; false if it was known or may have been.
    #[inline]
    pub fn insert(&mut self, id: i64, mark: Mark) -> bool {
        if self.is_highest(id) {
            if self.ids.len() >= self.capacity {
                self.forget_lowest();
            }
            self.ids.push_back(id);
            self.marks.push_back(mark);
            return true;
        }
        self.insert_below(id, mark)
    }

    /// The same with many that ascend, the first above all that were received.
    pub(crate) fn insert_above(&mut self, ids: &[i64], mark: Mark) {
        let excess = (self.ids.len() + ids.len()).saturating_sub(self.capacity);
        let is_above = ids.first().is_some_and(|first| self.is_highest(*first));
        if !is_above || !ids.is_sorted_by(|a, b| a < b) || excess > self.ids.len() {
            for id in ids {
                self.insert(*id, mark);
            }
            return;
        }
        if let Some(lowest) = excess
            .checked_sub(1)
            .and_then(|at| self.ids.as_slice().get(at))
        {
            self.floor = self.floor.max(*lowest);
            self.ids.drop_front(excess);
            self.marks.drop_front(excess);
        }
        self.ids.extend(ids);
        self.marks.fill_up(mark, ids.len());
    }

    fn insert_below(&mut self, id: i64, mark: Mark) -> bool {
        match self.ids.as_slice().binary_search(&id) {
            Err(at) if id > self.floor => {
                self.ids.insert(at, id);
                self.marks.insert(at, mark);
            }
            _ => return false,
        }
        if self.ids.len() > self.capacity {
            self.forget_lowest();
        }
        true
    }

    /// Forgets ids below this one, which nobody would take anyway.
    pub(crate) fn forget_below(&mut self, id: i64) {
        while self.ids.front().is_some_and(|first| *first < id) {
            self.forget_lowest();
        }
        self.shrink();
    }

    /// Forgets ids up to this one, and refuses all that are not greater from now on.
    pub fn forget(&mut self, up_to: i64) {
        while self.ids.front().is_some_and(|id| *id <= up_to) {
            self.forget_lowest();
        }
        self.floor = self.floor.max(up_to);
        self.shrink();
    }

    /// Takes over what an ended session has received. Ids up to the highest that was taken are
    /// forgotten; what was refused may lie far ahead, and is kept one by one.
    pub(crate) fn take_over(&mut self, ended: &Self) {
        self.forget(ended.last_taken());
        for (id, mark) in ended.both() {
            if *mark == Mark::Refused {
                self.insert(*id, Mark::Refused);
            }
        }
    }

    /// Keeps no room for more.
    pub(crate) fn give_back(&mut self) {
        self.ids.give_back();
        self.marks.give_back();
    }

    fn shrink(&mut self) {
        // An idle session should not hold what a busy hour has needed.
        if self.ids.is_empty() && self.ids.capacity() > 16 {
            self.ids = Sliding::new();
            self.marks = Sliding::new();
        }
    }

    /// The highest id that is kept, or the highest that was forgotten.
    #[must_use]
    pub fn highest(&self) -> i64 {
        self.ids.back().copied().unwrap_or(self.floor)
    }

    /// The lowest id that is kept.
    pub(crate) fn lowest(&self) -> Option<i64> {
        self.ids.front().copied()
    }

    /// The lowest id that is kept of a message that was not refused.
    pub(crate) fn first_taken(&self) -> Option<i64> {
        let taken = self.both().find(|(_, mark)| **mark != Mark::Refused);
        taken.map(|(id, _)| *id)
    }

    /// Nothing was taken above this id.
    pub(crate) fn last_taken(&self) -> i64 {
        let taken = self.both().rfind(|(_, mark)| **mark != Mark::Refused);
        taken.map_or(self.floor, |(id, _)| *id)
    }

    /// Whether something was refused above this id.
    pub(crate) fn has_refused_above(&self, id: i64) -> bool {
        let both = self.both().rev();
        both.take_while(|(kept, _)| **kept > id)
            .any(|(_, mark)| *mark == Mark::Refused)
    }

    /// How many ids are kept.
    #[must_use]
    pub fn len(&self) -> usize {
        self.ids.len()
    }

    /// Whether none is.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.ids.is_empty()
    }

    fn mark_at(&self, at: usize) -> Mark {
        let mark = self.marks.as_slice().get(at);
        mark.copied().unwrap_or(Mark::Content)
    }

    fn both(&self) -> impl DoubleEndedIterator<Item = (&i64, &Mark)> {
        self.ids.as_slice().iter().zip(self.marks.as_slice())
    }

    fn is_highest(&self, id: i64) -> bool {
        id > self.floor && self.ids.back().is_none_or(|last| id > *last)
    }

    fn forget_lowest(&mut self) {
        self.marks.pop_front();
        if let Some(id) = self.ids.pop_front() {
            self.floor = self.floor.max(id);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    proptest! {
        /// Against a set that never forgets: nothing is taken twice, and nothing new is refused
        /// that is above the kept ids.
        #[test]
        fn agrees_with_a_set(ids in prop::collection::vec(0_i64..200, 1..400), capacity in 1_usize..40) {
            let mut window = ReplayWindow::new(capacity);
            let mut all = BTreeSet::new();
            for id in ids {
                let known = window.look_up(id);
                let taken = window.insert(id, Mark::Content);
                prop_assert_eq!(taken, known == Known::No);
                if taken {
                    prop_assert!(all.insert(id), "taken twice");
                } else {
                    let lowest_kept = all.iter().rev().nth(capacity - 1);
                    prop_assert!(all.contains(&id) || lowest_kept.is_some_and(|low| id < *low));
                }
                prop_assert!(window.len() <= capacity);
                let kept: Vec<i64> = all.iter().rev().take(capacity).copied().collect();
                prop_assert_eq!(window.len(), kept.len());
                prop_assert!(kept.iter().all(|id| matches!(window.look_up(*id), Known::Yes(_))));
            }
        }
    }

    proptest! {
        #[test]
        fn many_at_once_are_as_one_by_one(
            runs in prop::collection::vec(prop::collection::vec(1_i64..50, 0..20), 1..30),
            capacity in 1_usize..40,
        ) {
            let (mut at_once, mut alone) = (ReplayWindow::new(capacity), ReplayWindow::new(capacity));
            for mut ids in runs {
                // Mostly ascending, and above those before.
                let above = if ids.len() % 7 == 3 { 0 } else { alone.highest().max(0) };
                ids.iter_mut().for_each(|id| *id += above);
                if ids.len() % 5 != 4 {
                    ids.sort_unstable();
                }
                at_once.insert_above(&ids, Mark::NoAck);
                for id in ids {
                    alone.insert(id, Mark::NoAck);
                }
                prop_assert_eq!(&at_once, &alone);
            }
        }
    }

    #[test]
    fn what_is_forgotten_is_refused() {
        let mut window = ReplayWindow::new(10);
        assert!(window.insert(8, Mark::Content));
        assert!(window.insert(20, Mark::Container));
        window.forget(12);
        assert_eq!(window.look_up(8), Known::Forgotten);
        assert_eq!(window.look_up(12), Known::Forgotten);
        assert!(!window.insert(12, Mark::Content));
        assert_eq!(window.look_up(16), Known::No);
        assert_eq!(window.look_up(20), Known::Yes(Mark::Container));
        window.forget(100);
        assert_eq!((window.len(), window.highest()), (0, 100));
        assert_eq!(window.look_up(100), Known::Forgotten);
        assert!(window.insert(101, Mark::Refused));
    }

    #[test]
    fn what_an_ended_session_has_refused_is_kept_one_by_one() {
        let mut ended = ReplayWindow::new(10);
        ended.forget(8);
        for (id, mark) in [
            (12, Mark::Refused),
            (16, Mark::Content),
            (96, Mark::Refused),
        ] {
            assert!(ended.insert(id, mark));
        }
        assert_eq!(ended.first_taken(), Some(16));
        let mut next = ReplayWindow::new(2);
        next.take_over(&ended);
        assert_eq!(next.look_up(16), Known::Forgotten);
        assert_eq!(next.look_up(20), Known::No);
        assert_eq!(next.look_up(96), Known::Yes(Mark::Refused));
        assert_eq!(next.first_taken(), None);
        next.take_over(&ReplayWindow::new(2));
        assert_eq!(next.look_up(16), Known::Forgotten);

        // Of too many, the lowest take everything below them with them.
        ended.insert(100, Mark::Refused);
        ended.insert(104, Mark::Refused);
        next.take_over(&ended);
        assert_eq!(next.len(), 2);
        assert_eq!(next.look_up(96), Known::Forgotten);
        assert_eq!(next.look_up(104), Known::Yes(Mark::Refused));
    }
}
