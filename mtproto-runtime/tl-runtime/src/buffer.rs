//! Where the writer puts bytes: one comparison and one store for a number.
//!
//! # Why this is sound
//! `start..end` is memory that the buffer alone may write: the scratch, or the spare capacity of the
//! vector, which nothing else can reach while the buffer borrows it. `next` is in it, and all of
//! `start..next` has been written. Facts kept by this file alone:
//! 1. Nothing is stored before `room` has made sure that it fits between `next` and `end`, but by `table::write`,
//!    which looks itself (`spare`) and says how far it has come (`advance`).
//! 2. The vector's buffer is moved, and its length set, only where `start`, `next` and `end` are set anew right after
//!    (`make_room`) or never used again (`finish`).
//! 3. What becomes part of the vector's length was written: it is `start..next`.
#![allow(unsafe_code)]

use alloc::vec::Vec;
use core::marker::PhantomData;
use core::mem::MaybeUninit;
use core::ptr::{NonNull, copy_nonoverlapping};
use core::slice;

/// Room on the stack for values that are not long.
pub(crate) type Scratch = [MaybeUninit<u8>; 512];

/// Scratch that nothing was written to.
pub(crate) const SCRATCH: Scratch = [MaybeUninit::uninit(); 512];

/// See the top of the file.
pub(crate) struct Buffer<'a> {
    next: NonNull<u8>,
    end: NonNull<u8>,
    /// Where the bytes begin that are only here.
    start: NonNull<u8>,
    /// Where they go; `None` if they are only counted.
    bytes: Option<&'a mut Vec<u8>>,
    /// `start..end` is scratch and not the spare capacity of `bytes`.
    in_scratch: bool,
    /// How many bytes went before `start`.
    written: usize,
    scratch: PhantomData<&'a mut Scratch>,
}

impl<'a> Buffer<'a> {
    /// Appends to the bytes.
    pub(crate) fn append(bytes: &'a mut Vec<u8>) -> Self {
        Self::new(Some(bytes), None)
    }

    /// Appends to the bytes what stays in the scratch until it is all there or too much: a new
    /// vector gets a size that is right, most of the time.
    pub(crate) fn append_at_once(bytes: &'a mut Vec<u8>, scratch: &'a mut Scratch) -> Self {
        Self::new(Some(bytes), Some(scratch))
    }

    /// Counts, and writes the scratch over and over.
    pub(crate) fn count(scratch: &'a mut Scratch) -> Self {
        Self::new(None, Some(scratch))
    }

    fn new(bytes: Option<&'a mut Vec<u8>>, scratch: Option<&'a mut Scratch>) -> Self {
        let in_scratch = scratch.is_some();
        let room = scratch.map_or(&mut [][..], |scratch| scratch);
        let (start, end) = ends(room);
        let mut this = Self {
            next: start,
            end,
            start,
            bytes,
            in_scratch,
            written: 0,
            scratch: PhantomData,
        };
        if !in_scratch {
            this.use_spare();
        }
        this
    }

    /// Bytes of a number known when this is compiled.
    #[inline]
    pub(crate) fn put<const N: usize>(&mut self, bytes: [u8; N]) {
        if let Some(next) = self.room(N) {
            // SAFETY: there is room for N bytes.
            unsafe {
                next.cast::<[u8; N]>().write_unaligned(bytes);
                self.next = next.add(N);
            }
        }
    }

    /// Bytes.
    #[inline]
    pub(crate) fn put_slice(&mut self, bytes: &[u8]) {
        if let Some(next) = self.room(bytes.len()) {
            // SAFETY: there is room for them, and what is borrowed elsewhere is not in it.
            unsafe {
                copy_nonoverlapping(bytes.as_ptr(), next.as_ptr(), bytes.len());
                self.next = next.add(bytes.len());
            }
        }
    }

    /// A header, bytes, and zeros until all is a multiple of four.
    #[inline]
    pub(crate) fn put_padded<const N: usize>(&mut self, header: [u8; N], bytes: &[u8]) {
        const { assert!(N > 0) };
        let size = padded(N + bytes.len());
        if let Some(next) = self.room(size) {
            // SAFETY: there is room for `size` bytes, which is at least N + bytes.len() and four.
            unsafe {
                next.add(size - 4).cast::<[u8; 4]>().write_unaligned([0; 4]);
                next.cast::<[u8; N]>().write_unaligned(header);
                copy_nonoverlapping(bytes.as_ptr(), next.add(N).as_ptr(), bytes.len());
                self.next = next.add(size);
            }
        }
    }

    /// How many bytes are between `start` and `next`.
    #[inline]
    fn here(&self) -> usize {
        self.next.addr().get() - self.start.addr().get()
    }

    /// How many bytes are between `next` and `end`.
    #[inline]
    fn left(&self) -> usize {
        self.end.addr().get() - self.next.addr().get()
    }

    /// Where the next byte goes, and where the room ends. Whoever stores there says so by
    /// [`advance`](Buffer::advance).
    #[inline]
    pub(crate) fn spare(&self) -> (*mut u8, *mut u8) {
        (self.next.as_ptr(), self.end.as_ptr())
    }

    /// # Safety
    /// `next` is in the room that [`spare`](Buffer::spare) last told of, and everything before it has been written.
    #[inline]
    pub(crate) unsafe fn advance(&mut self, next: *mut u8) {
        // SAFETY: no room is at null.
        self.next = unsafe { NonNull::new_unchecked(next) };
    }

    /// How many bytes were put.
    #[inline]
    pub(crate) fn position(&self) -> usize {
        self.written + self.here()
    }

    /// Replaces four bytes that one `put` put where this was the position.
    #[inline]
    pub(crate) fn replace(&mut self, position: usize, bytes: [u8; 4]) {
        match position.checked_sub(self.written) {
            Some(offset) if offset + 4 <= self.here() => {
                // SAFETY: they are in `start..next`.
                unsafe {
                    self.start
                        .add(offset)
                        .cast::<[u8; 4]>()
                        .write_unaligned(bytes);
                };
            }
            _ => self.replace_written(position, bytes),
        }
    }

    #[cold]
    #[inline(never)]
    fn replace_written(&mut self, position: usize, bytes: [u8; 4]) {
        if let Some(vec) = &mut self.bytes {
            let at = vec.len() - self.written + position;
            if let Some(place) = vec.get_mut(at..at + 4) {
                place.copy_from_slice(&bytes);
            }
        }
    }

    /// Where so many bytes may be written, which is `next`; if nowhere, they were counted.
    ///
    /// Returned, so that it stays in a register from one number to the next: read from memory each
    /// time, it would be waited for each time.
    #[inline]
    fn room(&mut self, size: usize) -> Option<NonNull<u8>> {
        if self.left() >= size {
            Some(self.next)
        } else {
            self.make_room(size)
        }
    }

    #[cold]
    #[inline(never)]
    fn make_room(&mut self, size: usize) -> Option<NonNull<u8>> {
        let here = self.here();
        let Some(bytes) = &mut self.bytes else {
            self.settle();
            if self.left() >= size {
                return Some(self.next);
            }
            self.written += size;
            return None;
        };
        // Small vectors grow fast, so that they need not be moved often.
        let len = bytes.len() + here;
        let more = if len < 1 << 15 { 3 * len } else { 0 };
        let more = size.max(more).max(64);
        if self.in_scratch {
            bytes.reserve(here + more);
        }
        self.settle();
        if let Some(bytes) = &mut self.bytes {
            bytes.reserve(more);
        }
        self.in_scratch = false;
        self.use_spare();
        Some(self.next)
    }

    /// Hands over what was written.
    fn settle(&mut self) {
        let len = self.here();
        self.written += len;
        if let Some(bytes) = &mut self.bytes {
            if self.in_scratch {
                // SAFETY: so many bytes of the scratch were written.
                let scratch = unsafe { slice::from_raw_parts(self.start.as_ptr(), len) };
                bytes.extend_from_slice(scratch);
            } else {
                // SAFETY: so many bytes behind the vector's length were written.
                unsafe { bytes.set_len(bytes.len() + len) };
            }
        }
        self.next = self.start;
    }

    fn use_spare(&mut self) {
        if let Some(bytes) = &mut self.bytes {
            (self.start, self.end) = ends(bytes.spare_capacity_mut());
            self.next = self.start;
        }
    }

    /// Hands over all of it, and says how many bytes it was.
    pub(crate) fn finish(mut self) -> usize {
        self.settle();
        self.written
    }
}

/// The next multiple of four of a size that is far from overflowing; the method of that name makes a
/// branch or two.
#[inline]
pub(crate) const fn padded(size: usize) -> usize {
    (size + 3) & !3
}

/// The beginning of the memory, and its end.
fn ends(room: &mut [MaybeUninit<u8>]) -> (NonNull<u8>, NonNull<u8>) {
    let len = room.len();
    let start = NonNull::from(room).cast();
    // SAFETY: one past the last byte.
    (start, unsafe { start.add(len) })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Pieces of many sizes, so that every place is one where the room ends.
    fn pieces(buffer: &mut Buffer<'_>, seed: usize, expected: &mut Vec<u8>) {
        let text: Vec<u8> = (0..2000_u32).map(|i| i.to_le_bytes()[0]).collect();
        let mut open = Vec::new();
        for i in 0..200 {
            let len = match (i * 7 + seed) % 50 {
                49 => 1200 + seed,
                len => len,
            };
            if i % 10 == seed % 10 {
                let position = buffer.position();
                assert_eq!(position, expected.len());
                buffer.put([0; 4]);
                expected.extend([0, 0, 0, 0]);
                open.push(position);
            }
            if i % 15 == 0
                && let Some(position) = open.pop()
            {
                buffer.replace(position, [1, 2, 3, 4]);
                expected[position..position + 4].copy_from_slice(&[1, 2, 3, 4]);
            }
            match (i + seed) % 4 {
                0 => {
                    buffer.put(7_u32.to_le_bytes());
                    expected.extend(7_u32.to_le_bytes());
                }
                1 => {
                    buffer.put_slice(&text[..len]);
                    expected.extend(&text[..len]);
                }
                2 => {
                    let before = expected.len();
                    buffer.put_padded([1, 2], &text[..len]);
                    expected.extend([1, 2]);
                    expected.extend(&text[..len]);
                    let size = (len + 2).next_multiple_of(4);
                    expected.resize(before + size, 0);
                }
                _ => {
                    buffer.put([5; 64]);
                    expected.extend([5; 64]);
                }
            }
        }
    }

    #[test]
    fn all_targets_get_the_same() {
        for seed in 0..60 {
            let mut expected = Vec::new();
            let mut scratch = SCRATCH;
            let mut buffer = Buffer::count(&mut scratch);
            pieces(&mut buffer, seed, &mut expected);
            assert_eq!(buffer.finish(), expected.len());

            let mut again = Vec::new();
            let mut bytes = Vec::new();
            let mut scratch = SCRATCH;
            let mut buffer = Buffer::append_at_once(&mut bytes, &mut scratch);
            pieces(&mut buffer, seed, &mut again);
            assert_eq!(again, expected);
            assert_eq!(buffer.finish(), expected.len());
            assert_eq!(bytes, expected);

            for capacity in [0, seed, 100 * seed] {
                let mut bytes = Vec::with_capacity(capacity + 3);
                bytes.extend([9; 3]);
                let mut buffer = Buffer::append(&mut bytes);
                pieces(&mut buffer, seed, &mut Vec::new());
                assert_eq!(buffer.finish(), expected.len());
                assert_eq!(bytes[..3], [9; 3]);
                assert_eq!(bytes[3..], expected);
            }
        }
    }

    #[test]
    fn nothing() {
        let mut bytes = Vec::new();
        let mut buffer = Buffer::append(&mut bytes);
        buffer.put([]);
        buffer.put_slice(&[]);
        assert_eq!(buffer.finish(), 0);
        assert!(bytes.is_empty());
    }

    #[test]
    fn short_values_get_a_vector_of_their_size() {
        let mut bytes = Vec::new();
        let mut scratch = SCRATCH;
        let mut buffer = Buffer::append_at_once(&mut bytes, &mut scratch);
        buffer.put_slice(&[1; 92]);
        buffer.finish();
        assert_eq!(bytes.capacity(), 92);
    }
}
