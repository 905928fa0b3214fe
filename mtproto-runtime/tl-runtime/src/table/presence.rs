//! Which fields of a struct are there.
//!
//! Most fields of most values are not, so that nothing may be done for one of them but a test: a load,
//! a comparison and a bit, with no branch.
#![allow(unsafe_code)]

use super::ops::{quad, word};
use super::rows::{Piece, Sort, TESTS, Tables};

/// What tells whether a field is there.
#[derive(Clone, Copy)]
#[repr(C)]
pub(super) struct Test {
    /// Of the bytes that say it, in the struct.
    pub(super) offset: u32,
    /// What they are if it is not there: see `Presence`.
    pub(super) none: u16,
    /// Of the field, in its piece; of several, of the first.
    pub(super) index: u8,
    /// How many bytes they are.
    pub(super) width: u8,
}

impl Test {
    pub(super) const NONE: Self = Self {
        offset: 0,
        none: 0,
        index: 0,
        width: 1,
    };
}

/// The tests of a piece, by their sort.
struct Tests {
    next: *const Test,
    counts: [u8; TESTS],
}

impl Tests {
    #[inline(always)]
    fn of(tables: &'static Tables, piece: &Piece) -> Self {
        Self {
            // SAFETY: `lay_out` has counted them.
            next: unsafe { tables.tests().as_ptr().add(piece.first_test as usize) },
            counts: piece.tests,
        }
    }

    /// The next sort, which must be asked for in the order of sorts.
    #[inline(always)]
    fn take(&mut self, sort: Sort) -> &'static [Test] {
        let count = usize::from(self.counts[sort as usize]);
        // SAFETY: so many tests of the sort follow: `lay_out` has counted them.
        unsafe {
            let tests = core::slice::from_raw_parts(self.next, count);
            self.next = self.next.add(count);
            tests
        }
    }
}

/// The fields of a piece that are there, flags among them.
///
/// # Safety
/// The piece is of the row of the struct that `value` leads to.
#[inline(always)]
pub(super) unsafe fn present(tables: &'static Tables, piece: &Piece, value: *const u8) -> u64 {
    let mut there = piece.always;
    let mut tests = Tests::of(tables, piece);
    // SAFETY: the row describes the struct, and these bytes of it are always initialised.
    unsafe {
        for test in tests.take(Sort::Zero) {
            let found = value.add(test.offset as usize).cast::<usize>().read();
            there |= u64::from(found != 0) << (test.index & 63);
        }
        for test in tests.take(Sort::Word) {
            let found = value.add(test.offset as usize).cast::<usize>().read();
            there |= u64::from(found != word(test.none)) << (test.index & 63);
        }
        for test in tests.take(Sort::Other) {
            let place = value.add(test.offset as usize);
            let is_there = match test.width {
                2 => place.cast::<u16>().read() != test.none,
                _ => place.cast::<u32>().read() != quad(test.none),
            };
            there |= u64::from(is_there) << (test.index & 63);
        }
        for test in tests.take(Sort::Byte) {
            let found = value.add(test.offset as usize).read();
            there |= u64::from(u16::from(found) != test.none) << (test.index & 63);
        }
        for test in tests.take(Sort::Mark) {
            let found = value.add(test.offset as usize).read();
            there |= u64::from(found != 0) << (test.index & 63);
        }
        for test in tests.take(Sort::Four) {
            let place = value.add(test.offset as usize);
            let flags = u32::from_le(place.cast::<u32>().read_unaligned());
            // Each flag is a byte, 0 or 1: the product has them side by side in its upper bits.
            let flags = flags.wrapping_mul(0x0102_0408) >> 24 & 0xf;
            there |= u64::from(flags) << (test.index & 63);
        }
        for test in tests.take(Sort::Eight) {
            let place = value.add(test.offset as usize);
            let flags = u64::from_le(place.cast::<u64>().read_unaligned());
            let flags = flags.wrapping_mul(0x0102_0408_1020_4080) >> 56;
            there |= flags << (test.index & 63);
        }
    }
    there
}

/// Makes a piece of a struct of zeros one that has no field which need not be there.
///
/// # Safety
/// The piece is of the row of the struct that `slot` has room for, which is filled with zeros.
#[inline(always)]
pub(super) unsafe fn make_absent(tables: &'static Tables, piece: &Piece, slot: *mut u8) {
    let mut tests = Tests::of(tables, piece);
    tests.take(Sort::Zero);
    // SAFETY: the row describes the struct, these bytes are in it.
    unsafe {
        for test in tests.take(Sort::Word) {
            let place = slot.add(test.offset as usize).cast::<usize>();
            place.write(word(test.none));
        }
        for test in tests.take(Sort::Other) {
            let place = slot.add(test.offset as usize);
            match test.width {
                2 => place.cast::<u16>().write(test.none),
                _ => place.cast::<u32>().write(quad(test.none)),
            }
        }
        for test in tests.take(Sort::Byte) {
            slot.add(test.offset as usize).write(test.none as u8);
        }
    }
}
