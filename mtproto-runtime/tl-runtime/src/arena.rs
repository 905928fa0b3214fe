//! Where borrowed types keep what the input does not hold.
//!
//! # Why this is sound
//! An arena hands out memory that it never hands out again before [`Arena::reset`], which takes
//! `&mut self` and so can't be called while anything handed out is alive. Three facts, kept by
//! this file alone:
//! 1. `next..end` is a part of one allocation in `chunks` (or empty and dangling), not handed out
//!    yet; `next` only grows until a new chunk replaces both.
//! 2. Chunks come from boxed slices and are freed by `reset` and drop alone. They are kept as raw
//!    pointers: no reference to a chunk is ever made that could overlap what was handed out.
//! 3. Chunks hold `MaybeUninit`, and only memory behind `MaybeUninit` or a value just written is
//!    handed out.
//!
//! Nothing in an arena is ever dropped: values must be `Copy`.
#![allow(unsafe_code)]

use alloc::boxed::Box;
use alloc::vec::Vec;
use core::cell::{Cell, RefCell};
use core::mem::{MaybeUninit, align_of, size_of};
use core::ptr::NonNull;

/// Memory for the slices and references of borrowed types.
///
/// It grows when it must, is freed as a whole, and can be used again after
/// [`reset`](Arena::reset), then mostly without allocating.
///
/// ```
/// use tl_runtime::{Arena, TlRead, TlWrite};
///
/// let bytes = vec![1_i64, 2, 3].to_bytes()?;
/// let arena = Arena::new();
/// let numbers = <&[i64]>::from_bytes_in(&bytes, &arena)?;
/// assert_eq!(numbers, [1, 2, 3]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct Arena {
    next: Cell<NonNull<u8>>,
    end: Cell<NonNull<u8>>,
    chunks: RefCell<Vec<Chunk>>,
}

type Chunk = NonNull<[MaybeUninit<Block>]>;

/// What chunks are made of; its alignment is the largest that values may have.
#[derive(Clone, Copy)]
#[repr(align(16))]
struct Block(#[allow(dead_code, reason = "only its size and alignment matter")] [u8; 16]);

const FIRST_CHUNK: usize = 4096;
const LARGEST_REGULAR_CHUNK: usize = 1 << 20;

impl Arena {
    /// An arena that has allocated nothing yet.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            next: Cell::new(NonNull::dangling()),
            end: Cell::new(NonNull::dangling()),
            chunks: RefCell::new(Vec::new()),
        }
    }

    /// An arena that has room for so many bytes.
    #[must_use]
    pub fn with_capacity(bytes: usize) -> Self {
        let arena = Self::new();
        arena.add_chunk(bytes);
        arena
    }

    /// Makes all memory free again and keeps the largest piece of it for what comes next.
    pub fn reset(&mut self) {
        let chunks = self.chunks.get_mut();
        let Some(largest) = (0..chunks.len()).max_by_key(|&i| chunks[i].len()) else {
            return;
        };
        chunks.swap(0, largest);
        for chunk in chunks.drain(1..) {
            free(chunk);
        }
        let kept = chunks[0];
        self.bump_from(kept);
    }

    /// The number of bytes taken from the allocator.
    #[must_use]
    pub fn capacity(&self) -> usize {
        self.chunks
            .borrow()
            .iter()
            .map(|chunk| chunk.len() * size_of::<Block>())
            .sum()
    }

    /// Moves a value into the arena.
    #[inline]
    pub fn place<T: Copy>(&self, value: T) -> &T {
        self.reserve::<T>().write(value)
    }

    /// Room for one value.
    #[inline]
    #[allow(
        clippy::mut_from_ref,
        reason = "handed out once, see the top of the file"
    )]
    pub(crate) fn reserve<T: Copy>(&self) -> &mut MaybeUninit<T> {
        // SAFETY: `bump` returns memory for one T, aligned, that nobody else has.
        unsafe {
            self.bump::<T>(size_of::<T>())
                .cast::<MaybeUninit<T>>()
                .as_mut()
        }
    }

    /// Room for so many values.
    ///
    /// # Panics
    /// If they are more than `isize::MAX` bytes, like a `Vec`.
    #[inline]
    #[allow(
        clippy::mut_from_ref,
        reason = "handed out once, see the top of the file"
    )]
    pub(crate) fn room<T: Copy>(&self, len: usize) -> &mut [MaybeUninit<T>] {
        let size = len.saturating_mul(size_of::<T>());
        let start = self.bump::<T>(size).cast::<MaybeUninit<T>>();
        // SAFETY: `bump` returns memory for `len` values, aligned, that nobody else has; it
        // refuses sizes above isize::MAX.
        unsafe { NonNull::slice_from_raw_parts(start, len).as_mut() }
    }

    /// `size` bytes, aligned for T, never handed out before.
    #[inline]
    fn bump<T>(&self, size: usize) -> NonNull<u8> {
        const {
            assert!(
                align_of::<T>() <= align_of::<Block>(),
                "alignment too large for an arena"
            );
        }
        self.raw(size, align_of::<T>())
    }

    /// `size` bytes, so aligned, never handed out before.
    ///
    /// # Panics
    /// If the alignment is larger than that of any type that a table describes.
    #[inline]
    pub(crate) fn raw(&self, size: usize, align: usize) -> NonNull<u8> {
        assert!(
            align <= align_of::<Block>(),
            "alignment too large for an arena"
        );
        let next = self.next.get();
        let room = self.end.get().addr().get() - next.addr().get();
        let padding = next.addr().get().wrapping_neg() & (align - 1);
        if room >= padding && room - padding >= size {
            // SAFETY: padding + size bytes from `next` on are inside of the chunk (fact 1).
            unsafe {
                let start = next.add(padding);
                self.next.set(start.add(size));
                start
            }
        } else {
            self.bump_in_new_chunk(size)
        }
    }

    #[cold]
    #[inline(never)]
    fn bump_in_new_chunk(&self, size: usize) -> NonNull<u8> {
        if size == 0 {
            return NonNull::<Block>::dangling().cast();
        }
        self.add_chunk(size);
        let start = self.next.get();
        // SAFETY: the new chunk has at least `size` bytes and starts aligned for a Block.
        self.next.set(unsafe { start.add(size) });
        start
    }

    /// Replaces the free range by that of a new chunk of at least `size` bytes.
    fn add_chunk(&self, size: usize) {
        let mut chunks = self.chunks.borrow_mut();
        let regular = chunks.last().map_or(FIRST_CHUNK, |last| {
            (last.len() * size_of::<Block>() * 2).min(LARGEST_REGULAR_CHUNK)
        });
        let blocks = size.max(regular).div_ceil(size_of::<Block>());
        // Room for the pointer first: a chunk must not get lost between its two lines.
        chunks.reserve(1);
        let chunk = NonNull::from(Box::leak(Box::<[Block]>::new_uninit_slice(blocks)));
        chunks.push(chunk);
        self.bump_from(chunk);
    }

    fn bump_from(&self, chunk: Chunk) {
        let start = chunk.cast::<Block>();
        self.next.set(start.cast());
        // SAFETY: one past the last block of the chunk.
        self.end.set(unsafe { start.add(chunk.len()) }.cast());
    }
}

impl Drop for Arena {
    fn drop(&mut self) {
        self.chunks.get_mut().drain(..).for_each(free);
    }
}

fn free(chunk: Chunk) {
    // SAFETY: it came from a box in `add_chunk`, was taken out of `chunks` just now, and nothing
    // handed out is alive: the callers have the arena to themselves.
    drop(unsafe { Box::from_raw(chunk.as_ptr()) });
}

impl Default for Arena {
    fn default() -> Self {
        Self::new()
    }
}

impl core::fmt::Debug for Arena {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Arena")
            .field("capacity", &self.capacity())
            .finish_non_exhaustive()
    }
}

// SAFETY: the pointers lead into the chunks, which the arena owns and moves along with it; nothing
// handed out can be alive while the arena is moved to another thread.
unsafe impl Send for Arena {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_keep_their_place_while_the_arena_grows() {
        let arena = Arena::new();
        let mut bytes = Vec::new();
        let mut longs = Vec::new();
        for i in 0..20_000_u16 {
            bytes.push(arena.place(i.to_le_bytes()[0]));
            longs.push(arena.place(u128::from(i)));
        }
        for (i, (byte, long)) in (0..20_000_u16).zip(bytes.iter().zip(&longs)) {
            assert_eq!(**byte, i.to_le_bytes()[0]);
            assert_eq!(**long, u128::from(i));
            assert_eq!(core::ptr::from_ref(*long).addr() % align_of::<u128>(), 0);
        }
        assert!(arena.capacity() >= 20_000 * 32);
    }

    #[test]
    fn slices_of_every_size() {
        let arena = Arena::with_capacity(10);
        let mut slices = Vec::new();
        for len in [0, 1, 3, 5000, 0, 7, 300_000] {
            let room = arena.room::<u64>(len);
            (0..).zip(&mut *room).for_each(|(i, room)| {
                room.write(i);
            });
            slices.push((len, room));
        }
        for (len, room) in slices {
            assert_eq!(room.len(), len);
            // SAFETY: all were written.
            let slice = room.iter().map(|room| unsafe { room.assume_init() });
            assert!(slice.eq((0..).take(len)));
        }
    }

    #[test]
    fn nothing_takes_no_memory() {
        let arena = Arena::new();
        assert!(arena.room::<u64>(0).is_empty());
        assert!(arena.room::<u128>(0).is_empty());
        assert_eq!(arena.capacity(), 0);
    }

    #[test]
    fn types_without_size() {
        let arena = Arena::new();
        arena.place(());
        assert_eq!(arena.room::<()>(3).len(), 3);
        assert_eq!(arena.capacity(), 0);
    }

    #[test]
    fn reset_keeps_the_largest_chunk() {
        let mut arena = Arena::new();
        arena.reset();
        assert_eq!(arena.capacity(), 0);
        for _ in 0..10_000 {
            arena.place([0_u8; 64]);
        }
        let before = arena.capacity();
        arena.reset();
        let kept = arena.capacity();
        assert!(kept < before && kept >= before / 4, "{kept} of {before}");
        let room = kept / 64;
        for i in 0..room {
            arena.place([i.to_le_bytes(); 8]);
        }
        assert_eq!(arena.capacity(), kept);
    }

    #[test]
    fn moves_to_another_thread() {
        extern crate std;
        let mut arena = Arena::new();
        arena.place(1);
        arena.reset();
        let sum = std::thread::spawn(move || *arena.place(20) + *arena.place(22)).join();
        assert_eq!(sum.unwrap(), 42);
    }
}
