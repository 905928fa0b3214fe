//! Where the writer puts bytes: one comparison and one store for a number.
//!
//! A [`Buffer`] is two words that go by value from body to body, so that the place of the next byte stays
//! in a register; what changes seldom is in its [`Core`].
//!
//! # Why this is sound
//! `start..end` is memory that the buffer alone may write: the scratch, or the vector's from where its
//! bytes ended, which nothing else can reach while the core borrows it. `next` is in it, and all of
//! `start..next` has been written. Facts kept by this file alone:
//! 1. Nothing is stored before it is sure that it fits between `next` and `end`: `spot` and `room` are that,
//!    and `table::write` looks itself (`spare`) and says how far it has come (`advance`).
//! 2. The vector's memory is moved in `move_room` alone, which returns where `next` is then. Whoever has the
//!    buffer by value can't be left with an old `next`, since what panics keeps what it was given; whoever has
//!    it by reference lends it (`lend`), and has the beginning of the memory and an error after a panic.
//!    Functions that take a copy of a buffer that goes on being used (`put_string`) make room at most once, as
//!    the first thing. Room that can't be had is a panic before any memory has moved.
//! 3. Of the buffers of one core only one can be reached at a time: there is no `Clone`, and while a copy is
//!    away the buffer it was made of stands behind `&mut`. So no two of them know different places.
//! 4. A core is seen by buffers of one lifetime `'a` only, which can't be made longer or shorter (`brand`), and
//!    whoever gives a buffer away is given one of the same lifetime back: so it is of the same core. That
//!    holds because the lifetime is new for each core (`for<'w>` here and in `private::put_to`), and because no
//!    function that gets a buffer can keep it for later: it would have to name that lifetime (`lend`, and `<'w>`
//!    on the methods of traits, never on a trait).
//! 5. What becomes part of the vector's length was written: it is `start..next`. Until all is written its length
//!    is what it was before, so that a panic leaves nothing behind.
//! 6. A core holds its vector and its scratch by pointers: `append`, `collect` and `count` make it, use it for no
//!    longer than they borrow both, and touch neither meanwhile.
#![allow(unsafe_code)]

use alloc::vec::Vec;
use core::cell::Cell;
use core::marker::PhantomData;
use core::mem::{ManuallyDrop, MaybeUninit};
use core::ptr::{NonNull, copy_nonoverlapping};
use core::slice;

use crate::{WriteError, WriteErrorKind};

/// Room on the stack for values that are not long.
type Scratch = [MaybeUninit<u8>; 512];

/// Scratch that nothing was written to.
const SCRATCH: Scratch = [MaybeUninit::uninit(); 512];

/// As much fits where `next` is not behind `Core::limit`.
const SLACK: usize = 16;

/// As many bytes are copied without a call.
const FEW: usize = 32;

/// The first byte of a string whose length follows in three bytes; any less is a length itself.
pub(crate) const LONG_FORM: u8 = 254;

/// See the top of the file.
pub(crate) struct Buffer<'a> {
    next: NonNull<u8>,
    core: &'a Core,
    brand: PhantomData<Cell<&'a ()>>,
}

/// What a buffer seldom looks at.
struct Core {
    /// The address up to which [`SLACK`] bytes fit; 0 if so many fit nowhere.
    limit: Cell<usize>,
    end: Cell<NonNull<u8>>,
    /// Where the bytes begin: what is before are bytes that the vector had before, or were counted.
    start: Cell<NonNull<u8>>,
    /// Where they go; `None` if they are only counted.
    bytes: Option<NonNull<Vec<u8>>>,
    /// How many bytes the vector had before.
    before: usize,
    /// `start..end` is scratch and not the memory of `bytes`.
    in_scratch: Cell<bool>,
    /// How many bytes were counted before `start`.
    counted: Cell<usize>,
    /// Why the value can't be written.
    error: Cell<Option<WriteError>>,
}

/// Appends what the function writes; nothing if the value can't be written.
#[inline]
pub(crate) fn append(
    bytes: &mut Vec<u8>,
    write: impl for<'w> FnOnce(Buffer<'w>) -> Buffer<'w>,
) -> Result<(), WriteError> {
    let core = Core::append(bytes);
    let next = write(core.buffer()).next;
    let end = core.before + core.here(next);
    match core.error.into_inner() {
        None => {
            // SAFETY: so many bytes were there before or have been written.
            unsafe { bytes.set_len(end) };
            Ok(())
        }
        Some(error) => {
            bytes.truncate(core.before);
            Err(error)
        }
    }
}

/// What the function writes. It stays in a scratch until it is all there or too much: the vector gets a
/// size that is right, most of the time.
#[inline]
pub(crate) fn collect(
    write: impl for<'w> FnOnce(Buffer<'w>) -> Buffer<'w>,
) -> Result<Vec<u8>, WriteError> {
    let mut bytes = Vec::new();
    let mut scratch = SCRATCH;
    let core = Core::collect(&mut bytes, &mut scratch);
    let next = write(core.buffer()).next;
    let here = core.here(next);
    if core.in_scratch.get() {
        bytes = core.scratch(here).to_vec();
    } else {
        // SAFETY: so many bytes have been written.
        unsafe { bytes.set_len(here) };
    }
    match core.error.into_inner() {
        None => Ok(bytes),
        Some(error) => Err(error),
    }
}

/// How many bytes the function writes, of what can be written. The scratch is written over and over.
#[inline]
pub(crate) fn count(write: impl for<'w> FnOnce(Buffer<'w>) -> Buffer<'w>) -> usize {
    let mut scratch = SCRATCH;
    let core = Core::count(&mut scratch);
    let next = write(core.buffer()).next;
    core.counted.get().saturating_add(core.here(next))
}

impl<'a> Buffer<'a> {
    /// Bytes of a number known when this is compiled.
    #[inline]
    pub(crate) fn put<const N: usize>(&mut self, bytes: [u8; N]) {
        const { assert!(N <= SLACK) };
        let spot = self.spot(N);
        // SAFETY: there is room for N bytes.
        unsafe {
            spot.cast::<[u8; N]>().write_unaligned(bytes);
            self.next = spot.add(N);
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

    /// A string: its length, its bytes, and zeros until all is a multiple of four.
    #[inline]
    pub(crate) fn put_string(&mut self, bytes: &[u8]) {
        *self = string(self.copy(), bytes);
    }

    /// Few bytes after a header of one, and zeros until all is a multiple of four; `None` if there is no
    /// room. No call, so that it needs no more registers than there are.
    #[inline]
    fn put_few(&self, header: u8, bytes: &[u8]) -> Option<Self> {
        let len = bytes.len();
        let size = padded(1 + len);
        if len > FEW || self.left() < size {
            return None;
        }
        let next = self.next;
        // SAFETY: there is room for `size` bytes, which is at least 1 + len and four; what is borrowed
        // elsewhere is not in it.
        let next = unsafe {
            next.add(size - 4).cast::<[u8; 4]>().write_unaligned([0; 4]);
            next.write(header);
            copy_short(bytes.as_ptr(), next.add(1).as_ptr(), len);
            next.add(size)
        };
        Some(Self { next, ..*self })
    }

    /// How many bytes are between `next` and the end of the room.
    #[inline]
    fn left(&self) -> usize {
        self.core.end.get().addr().get() - self.next.addr().get()
    }

    /// Where so many bytes may be written, at most [`SLACK`].
    #[inline]
    fn spot(&self, size: usize) -> NonNull<u8> {
        if self.next.addr().get() <= self.core.limit.get() {
            self.next
        } else {
            self.core.make_room(self.next, size)
        }
    }

    /// Where so many bytes may be written; if nowhere, they were counted, and `next` has moved.
    #[inline]
    fn room(&mut self, size: usize) -> Option<NonNull<u8>> {
        if self.left() >= size {
            return Some(self.next);
        }
        let room = self.core.make_much_room(self.next, size);
        if room.is_none() {
            self.next = self.core.start.get();
        }
        room
    }

    /// Where the next byte goes, and where the room ends. Whoever stores there says so by
    /// [`advance`](Buffer::advance).
    #[inline]
    pub(crate) fn spare(&self) -> (*mut u8, *mut u8) {
        (self.next.as_ptr(), self.core.end.get().as_ptr())
    }

    /// # Safety
    /// `next` is in the room that [`spare`](Buffer::spare) last told of, and everything before it has been written.
    #[inline]
    pub(crate) unsafe fn advance(&mut self, next: *mut u8) {
        // SAFETY: no room is at null.
        self.next = unsafe { NonNull::new_unchecked(next) };
    }

    /// A number for this place, for [`replace`](Buffer::replace).
    #[inline]
    pub(crate) fn position(&self) -> usize {
        self.next.addr().get() - self.core.start.get().addr().get()
    }

    /// Replaces four bytes that one `put` put where this was the position. Where bytes are only counted,
    /// others may be replaced.
    #[inline]
    pub(crate) fn replace(&mut self, position: usize, bytes: [u8; 4]) {
        // No memory is longer than the largest isize.
        let behind = self
            .position()
            .cast_signed()
            .wrapping_sub(position.cast_signed());
        if behind >= 4 {
            // SAFETY: positions are not negative, so that they are in `start..next`.
            unsafe {
                let at = self.core.start.get().add(position);
                at.cast::<[u8; 4]>().write_unaligned(bytes);
            };
        }
    }

    /// Says that the value can't be written. The first call counts.
    #[inline]
    pub(crate) fn fail(&self, error: WriteError) {
        self.core.fail(error);
    }

    /// The same buffer, for functions as in 2. at the top of the file: it is replaced by what they return.
    #[inline]
    fn copy(&self) -> Self {
        Self { ..*self }
    }

    /// Has a function write, which may panic. What was written before is lost then, and the value an error.
    #[inline]
    pub(crate) fn lend(&mut self, write: impl for<'w> FnOnce(Buffer<'w>) -> Buffer<'w>) {
        /// The buffer while it is lent. It is dropped by a panic alone.
        struct Lent<'b, 'a>(&'b mut Buffer<'a>);

        impl Drop for Lent<'_, '_> {
            fn drop(&mut self) {
                self.0.next = self.0.core.start.get();
                let what = "a part of it panicked while it was written";
                self.0.fail(WriteError(WriteErrorKind::Invalid(what)));
            }
        }

        let lent = Lent(self);
        let buffer = write(lent.0.copy());
        *ManuallyDrop::new(lent).0 = buffer;
    }
}

impl Core {
    /// For who appends. The core is used for no longer than the vector is borrowed here.
    #[inline]
    fn append(bytes: &mut Vec<u8>) -> Self {
        let core = Self {
            before: bytes.len(),
            bytes: Some(NonNull::from(&mut *bytes)),
            in_scratch: Cell::new(false),
            ..Self::count(&mut [])
        };
        core.use_memory(bytes);
        core
    }

    /// For who collects. The core is used for no longer than both are borrowed here.
    #[inline]
    fn collect(bytes: &mut Vec<u8>, scratch: &mut Scratch) -> Self {
        Self {
            bytes: Some(NonNull::from(bytes)),
            ..Self::count(scratch)
        }
    }

    /// For who counts. The core is used for no longer than the scratch is borrowed here.
    #[inline]
    fn count(scratch: &mut [MaybeUninit<u8>]) -> Self {
        let (start, end) = ends(scratch);
        Self {
            limit: Cell::new(limit(end)),
            end: Cell::new(end),
            start: Cell::new(start),
            before: 0,
            bytes: None,
            in_scratch: Cell::new(true),
            counted: Cell::new(0),
            error: Cell::new(None),
        }
    }

    /// The buffer; there is no other.
    #[inline]
    fn buffer(&self) -> Buffer<'_> {
        Buffer {
            next: self.start.get(),
            core: self,
            brand: PhantomData,
        }
    }

    /// The vector; the caller has no other reference to it.
    #[allow(clippy::mut_from_ref, reason = "of this file alone, one at a time")]
    fn bytes(&self) -> Option<&mut Vec<u8>> {
        // SAFETY: it is borrowed for as long as the core is used.
        self.bytes.map(|mut bytes| unsafe { bytes.as_mut() })
    }

    /// How many bytes are between `start` and `next`.
    #[inline]
    fn here(&self, next: NonNull<u8>) -> usize {
        next.addr().get() - self.start.get().addr().get()
    }

    /// Where so many bytes may be written, at most [`SLACK`]: `next`, or what becomes of it.
    #[cold]
    #[inline(never)]
    fn make_room(&self, next: NonNull<u8>, size: usize) -> NonNull<u8> {
        // Counted is only what is longer than the scratch.
        self.move_room(next, size).unwrap_or(self.start.get())
    }

    #[cold]
    #[inline(never)]
    fn make_much_room(&self, next: NonNull<u8>, size: usize) -> Option<NonNull<u8>> {
        self.move_room(next, size)
    }

    fn move_room(&self, next: NonNull<u8>, size: usize) -> Option<NonNull<u8>> {
        let room = |next: NonNull<u8>| self.end.get().addr().get() - next.addr().get();
        if room(next) >= size {
            return Some(next);
        }
        let here = self.here(next);
        let Some(bytes) = self.bytes() else {
            let start = self.start.get();
            let is_enough = room(start) >= size;
            let counted = if is_enough {
                here
            } else {
                here.saturating_add(size)
            };
            let before = self.counted.get();
            self.counted.set(before.saturating_add(counted));
            return is_enough.then_some(start);
        };
        // Small vectors grow fast, so that they need not be moved often.
        let len = self.before + here;
        let more = if len < 1 << 15 { 3 * len } else { 0 };
        let more = size.max(more).max(64);
        {
            let shortened = Shortened(&mut *bytes, self.before);
            if self.in_scratch.get() {
                shortened.0.reserve(here + more);
                self.settle(shortened.0, here);
                self.in_scratch.set(false);
            } else {
                self.settle(shortened.0, here);
                shortened.0.reserve(more);
            }
        }
        self.use_memory(bytes);
        // SAFETY: so many were written behind those from before.
        Some(unsafe { self.start.get().add(here) })
    }

    /// The first `here` bytes of the room, which are those that were written.
    #[inline]
    fn scratch(&self, here: usize) -> &[u8] {
        // SAFETY: so many bytes were written, and `start` is that of the room.
        unsafe { slice::from_raw_parts(self.start.get().as_ptr(), here) }
    }

    /// Makes the first `here` bytes of the room the end of the vector.
    fn settle(&self, bytes: &mut Vec<u8>, here: usize) {
        if self.in_scratch.get() {
            bytes.extend_from_slice(self.scratch(here));
        } else {
            // SAFETY: so many bytes behind those from before were written.
            unsafe { bytes.set_len(self.before + here) };
        }
    }

    /// The room is what the vector has from where its bytes ended before.
    #[inline]
    fn use_memory(&self, bytes: &mut Vec<u8>) {
        let memory = bytes.as_mut_ptr();
        // SAFETY: no vector is at null; it has `before` bytes, and memory for `capacity`.
        let (start, end) = unsafe {
            let memory = NonNull::new_unchecked(memory);
            (memory.add(self.before), memory.add(bytes.capacity()))
        };
        self.start.set(start);
        self.end.set(end);
        self.limit.set(limit(end));
    }

    #[cold]
    #[inline(never)]
    fn fail(&self, error: WriteError) {
        let first = self.error.take();
        self.error.set(first.or(Some(error)));
    }
}

/// A vector that has the length again that it had, whatever happens. Its memory stays as it is.
struct Shortened<'v>(&'v mut Vec<u8>, usize);

impl Drop for Shortened<'_> {
    fn drop(&mut self) {
        self.0.truncate(self.1);
    }
}

/// Most strings are short.
fn string<'a>(buffer: Buffer<'a>, bytes: &[u8]) -> Buffer<'a> {
    #[allow(clippy::cast_possible_truncation, reason = "few are less than 254")]
    match buffer.put_few(bytes.len() as u8, bytes) {
        Some(buffer) => buffer,
        None => any_string(buffer, bytes),
    }
}

/// Makes room at most once, before anything else.
#[inline(never)]
fn any_string<'a>(mut buffer: Buffer<'a>, bytes: &[u8]) -> Buffer<'a> {
    let len = bytes.len();
    match u8::try_from(len) {
        Ok(short) if short < LONG_FORM => buffer.put_padded([short], bytes),
        _ => match u32::try_from(len) {
            Ok(long) if long < 1 << 24 => {
                buffer.put_padded((long << 8 | u32::from(LONG_FORM)).to_le_bytes(), bytes);
            }
            _ => buffer.fail(WriteError(WriteErrorKind::TooLong { len })),
        },
    }
    buffer
}

/// The next multiple of four of a size that is far from overflowing; the method of that name makes a
/// branch or two.
#[inline]
pub(crate) const fn padded(size: usize) -> usize {
    (size + 3) & !3
}

/// Copies bytes, which most of the time are few.
///
/// # Safety
/// So many bytes may be read and written, and are not the same.
#[inline(always)]
pub(crate) unsafe fn copy_short(from: *const u8, to: *mut u8, len: usize) {
    /// The first and the last bytes, which may overlap.
    macro_rules! ends {
        ($n:literal) => {{
            let first = from.cast::<[u8; $n]>().read();
            let last = from.add(len - $n).cast::<[u8; $n]>().read();
            to.cast::<[u8; $n]>().write(first);
            to.add(len - $n).cast::<[u8; $n]>().write(last);
        }};
    }
    // SAFETY: see above.
    unsafe {
        match len {
            0 => {}
            1..4 => {
                to.write(from.read());
                to.add(len / 2).write(from.add(len / 2).read());
                to.add(len - 1).write(from.add(len - 1).read());
            }
            4..8 => ends!(4),
            8..16 => ends!(8),
            16..=32 => ends!(16),
            _ => copy_nonoverlapping(from, to, len),
        }
    }
}

/// See [`Core::limit`]. Where less than [`SLACK`] bytes fit it is before all of them.
#[inline]
fn limit(end: NonNull<u8>) -> usize {
    end.addr().get().saturating_sub(SLACK)
}

/// The beginning of the memory, and its end.
#[inline]
fn ends(room: &mut [MaybeUninit<u8>]) -> (NonNull<u8>, NonNull<u8>) {
    let len = room.len();
    let start = NonNull::from(room).cast();
    // SAFETY: one past the last byte.
    (start, unsafe { start.add(len) })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::WriteErrorKind;

    /// Pieces of many sizes, so that every place is one where the room ends.
    fn pieces<'a>(mut buffer: Buffer<'a>, seed: usize, expected: &mut Vec<u8>) -> Buffer<'a> {
        let text: Vec<u8> = (0..2000_u32).map(|i| i.to_le_bytes()[0]).collect();
        let mut open = Vec::new();
        for i in 0..200 {
            let len = match (i * 7 + seed) % 50 {
                49 => 1200 + seed,
                len => len,
            };
            if i % 10 == seed % 10 {
                open.push((buffer.position(), expected.len()));
                buffer.put([0; 4]);
                expected.extend([0, 0, 0, 0]);
            }
            if i % 15 == 0
                && let Some((position, at)) = open.pop()
            {
                buffer.replace(position, [1, 2, 3, 4]);
                expected[at..at + 4].copy_from_slice(&[1, 2, 3, 4]);
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
                    buffer.put([5; 16]);
                    expected.extend([5; 16]);
                }
            }
        }
        buffer
    }

    #[test]
    fn all_targets_get_the_same() {
        for seed in 0..60 {
            let mut expected = Vec::new();
            let counted = count(|buffer| pieces(buffer, seed, &mut expected));
            assert_eq!(counted, expected.len());

            let mut again = Vec::new();
            let bytes = collect(|buffer| pieces(buffer, seed, &mut again)).unwrap();
            assert_eq!(again, expected);
            assert_eq!(bytes, expected);

            for capacity in [0, seed, 100 * seed] {
                let mut bytes = Vec::with_capacity(capacity + 3);
                bytes.extend([9; 3]);
                append(&mut bytes, |buffer| pieces(buffer, seed, &mut Vec::new())).unwrap();
                assert_eq!(bytes[..3], [9; 3]);
                assert_eq!(bytes[3..], expected);
            }
        }
    }

    #[test]
    fn room_that_ends_anywhere() {
        for capacity in 0..300 {
            let mut bytes = Vec::with_capacity(capacity);
            append(&mut bytes, |mut buffer| {
                for _ in 0..20 {
                    buffer.put([1; 4]);
                    buffer.put_padded([2], &[3; 3]);
                    buffer.put([4; 8]);
                }
                buffer
            })
            .unwrap();
            let unit = [1, 1, 1, 1, 2, 3, 3, 3, 4, 4, 4, 4, 4, 4, 4, 4];
            assert_eq!(bytes, [unit; 20].concat());
            if capacity >= 320 {
                assert_eq!(bytes.capacity(), capacity, "what fits is not moved");
            }
        }
    }

    #[test]
    fn nothing() {
        let mut bytes = Vec::new();
        append(&mut bytes, |mut buffer| {
            buffer.put([]);
            buffer.put_slice(&[]);
            buffer
        })
        .unwrap();
        assert!(bytes.is_empty());
        assert_eq!(count(|buffer| buffer), 0);
        assert_eq!(collect(|buffer| buffer).unwrap().capacity(), 0);
    }

    #[test]
    fn short_values_get_a_vector_of_their_size() {
        let bytes = collect(|mut buffer| {
            buffer.put_slice(&[1; 92]);
            buffer
        });
        assert_eq!(bytes.unwrap().capacity(), 92);
    }

    #[test]
    fn what_fails_leaves_nothing() {
        fn error(len: usize) -> WriteError {
            WriteError(WriteErrorKind::TooLong { len })
        }

        fn fails(mut buffer: Buffer<'_>, size: usize) -> Buffer<'_> {
            buffer.put_slice(&alloc::vec![7; size]);
            buffer.fail(error(1));
            buffer.put([1; 16]);
            buffer.fail(error(2));
            buffer
        }

        for size in [0, 10, 10_000] {
            let mut bytes = alloc::vec![9; 3];
            let result = append(&mut bytes, |buffer| fails(buffer, size));
            assert_eq!((result, &bytes[..]), (Err(error(1)), &[9; 3][..]));
            assert_eq!(collect(|buffer| fails(buffer, size)), Err(error(1)));
            assert_eq!(count(|buffer| fails(buffer, size)), size + 16);
        }
    }
}
