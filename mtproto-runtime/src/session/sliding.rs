//! A queue in one piece: what is taken from its front is given back later, all at once. It can be
//! searched as a slice, and costs less than a ring where much goes through it.

use core::hash::{Hash, Hasher};

/// Items, the oldest first.
#[derive(Clone, Debug)]
pub(crate) struct Sliding<T> {
    items: Vec<T>,
    /// How many of them are gone.
    start: usize,
}

impl<T: Copy> Sliding<T> {
    pub(crate) const fn new() -> Self {
        Self {
            items: Vec::new(),
            start: 0,
        }
    }

    pub(crate) fn as_slice(&self) -> &[T] {
        self.items.get(self.start..).unwrap_or_default()
    }

    pub(crate) fn len(&self) -> usize {
        self.items.len() - self.start
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.items.len() == self.start
    }

    pub(crate) fn front(&self) -> Option<&T> {
        self.items.get(self.start)
    }

    pub(crate) fn back(&self) -> Option<&T> {
        self.items.last().filter(|_| !self.is_empty())
    }

    pub(crate) fn get_mut(&mut self, at: usize) -> Option<&mut T> {
        self.items.get_mut(self.start + at)
    }

    #[inline]
    pub(crate) fn push_back(&mut self, item: T) {
        if self.items.len() == self.items.capacity() {
            self.make_room();
        }
        self.items.push(item);
    }

    #[inline]
    pub(crate) fn pop_front(&mut self) -> Option<T> {
        let item = *self.items.get(self.start)?;
        self.start += 1;
        if self.start == self.items.len() {
            self.clear();
        }
        Some(item)
    }

    /// Without so many of the first.
    pub(crate) fn drop_front(&mut self, count: usize) {
        self.start += count.min(self.len());
        if self.start == self.items.len() {
            self.clear();
        }
    }

    pub(crate) fn extend(&mut self, items: &[T]) {
        self.make_room_for(items.len());
        self.items.extend_from_slice(items);
    }

    /// The same item many times.
    pub(crate) fn fill_up(&mut self, item: T, count: usize) {
        self.make_room_for(count);
        self.items.resize(self.items.len() + count, item);
    }

    fn make_room_for(&mut self, count: usize) {
        if self.items.capacity() - self.items.len() < count {
            self.make_room();
            // A gap alone may not be enough.
            self.items.reserve(count);
        }
    }

    pub(crate) fn insert(&mut self, at: usize, item: T) {
        self.items.insert(self.start + at, item);
    }

    pub(crate) fn retain(&mut self, keep: impl FnMut(&T) -> bool) {
        self.close_gap();
        self.items.retain(keep);
    }

    pub(crate) fn clear(&mut self) {
        self.items.clear();
        self.start = 0;
    }

    /// Keeps no more room than is needed.
    pub(crate) fn give_back(&mut self) {
        self.close_gap();
        self.items.shrink_to_fit();
    }

    pub(crate) fn shrink_to(&mut self, room: usize) {
        self.close_gap();
        self.items.shrink_to(room);
    }

    pub(crate) fn capacity(&self) -> usize {
        self.items.capacity()
    }

    fn close_gap(&mut self) {
        self.items.drain(..self.start);
        self.start = 0;
    }

    /// A gap that is worth it is closed; else there is more room than ever, by a quarter.
    #[cold]
    fn make_room(&mut self) {
        let len = self.items.len();
        if self.start > 0 && self.start >= len / 5 {
            self.close_gap();
        } else {
            self.items.reserve_exact(len / 4 + 4);
        }
    }
}

impl<T: Copy> Default for Sliding<T> {
    fn default() -> Self {
        Self::new()
    }
}

// What is gone is gone.
impl<T: Copy + PartialEq> PartialEq for Sliding<T> {
    fn eq(&self, other: &Self) -> bool {
        self.as_slice() == other.as_slice()
    }
}

impl<T: Copy + Eq> Eq for Sliding<T> {}

impl<T: Copy + Hash> Hash for Sliding<T> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.as_slice().hash(state);
    }
}

#[cfg(test)]
mod tests {
    use std::collections::VecDeque;

    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn agrees_with_a_ring(steps in prop::collection::vec((0_u8..9, 0_usize..40), 1..600)) {
            let (mut ours, mut ring) = (Sliding::new(), VecDeque::new());
            for (number, (what, at)) in steps.into_iter().enumerate() {
                match what {
                    0..4 => {
                        ours.push_back(number);
                        ring.push_back(number);
                    }
                    4 if at % 2 == 0 => {
                        ours.drop_front(at);
                        ring.drain(..at.min(ring.len()));
                    }
                    5 if at % 4 == 0 => {
                        let items: Vec<usize> = (number..number + at).collect();
                        ours.extend(&items);
                        ring.extend(items);
                        ours.fill_up(at, at / 2);
                        ring.extend(core::iter::repeat_n(at, at / 2));
                    }
                    4..7 => prop_assert_eq!(ours.pop_front(), ring.pop_front()),
                    7 if at <= ring.len() => {
                        ours.insert(at, number);
                        ring.insert(at, number);
                    }
                    8 if at == 0 => {
                        ours.retain(|item| item % 3 > 0);
                        ring.retain(|item| item % 3 > 0);
                    }
                    _ => ours.give_back(),
                }
                prop_assert_eq!(ours.as_slice(), ring.make_contiguous());
                prop_assert_eq!(ours.len(), ring.len());
                prop_assert_eq!(ours.front(), ring.front());
                prop_assert_eq!(ours.back(), ring.back());
            }
        }
    }

    #[test]
    fn room_is_what_is_in_it_and_half_as_much() {
        let mut window = Sliding::new();
        for id in 0..100_000 {
            window.push_back(id);
            if window.len() > 1024 {
                window.pop_front();
            }
        }
        assert!(window.capacity() <= 1024 * 8 / 5, "{}", window.capacity());
    }
}
