//! Which fields of a struct are there.
//!
//! Most fields of most values are not, so that nothing may be done for one of them but a test: a load,
//! a comparison and a bit, with no branch.
#![allow(unsafe_code)]

use super::ops::{TOP, differs, set, word};
use super::plan::{Op, Piece, Sort, Tables};
use super::rows::{Type, Variant};

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

/// What is to be done with the fields of a struct, and the pieces that they are in.
#[inline(always)]
pub(super) fn fields_of(tables: &'static Tables, ty: &Type) -> (&'static [Op], &'static [Piece]) {
    let (first, piece) = (ty.first as usize, ty.first_piece as usize);
    // SAFETY: `lay_out` has filled in all of them, which would have failed the build.
    unsafe {
        (
            tables.ops().get_unchecked(first..first + ty.count as usize),
            tables
                .pieces()
                .get_unchecked(piece..piece + ty.pieces as usize),
        )
    }
}

/// The variant of an enum that a tag stands for.
///
/// # Safety
/// The row describes the enum, and a value of it has the tag.
#[inline(always)]
pub(super) unsafe fn variant_of(
    tables: &'static Tables,
    ty: &Type,
    index: usize,
) -> &'static Variant {
    // SAFETY: `lay_out` has looked at all variants of the row; the enum has no other tags.
    unsafe { tables.variants().get_unchecked(ty.first as usize + index) }
}

/// The row of a type.
#[inline(always)]
pub(super) fn type_of(tables: &'static Tables, op: &Op) -> &'static Type {
    // SAFETY: `lay_out` has looked at the row to make the op, which would have failed the build.
    unsafe { tables.types().get_unchecked(usize::from(op.of)) }
}

/// So many tests from there on, and what is behind them.
///
/// # Safety
/// `lay_out` has counted so many tests there.
#[inline(always)]
unsafe fn take(next: &mut *const Test, count: usize) -> &'static [Test] {
    // SAFETY: see above.
    unsafe {
        let tests = core::slice::from_raw_parts(*next, count);
        *next = next.add(count);
        tests
    }
}

/// How many tests of a sort a piece has.
#[inline(always)]
fn count(piece: &Piece, sort: Sort) -> usize {
    usize::from(piece.tests[sort as usize])
}

/// The fields of a piece that are there, flags among them.
///
/// # Safety
/// The piece is of the row of the struct that `value` leads to.
#[inline(always)]
pub(super) unsafe fn present(tables: &'static Tables, piece: &Piece, value: *const u8) -> u64 {
    let mut there = piece.always;
    // SAFETY: the row describes the struct, and these bytes of it are always initialised; the tests
    // are there, in this order, and so many of each sort.
    unsafe {
        let next = &mut tables.tests().as_ptr().add(piece.first_test as usize);
        for test in take(next, count(piece, Sort::Zero)) {
            let found = value.add(test.offset as usize).cast::<usize>().read();
            there |= u64::from(found != 0) << (test.index & 63);
        }
        for test in take(next, count(piece, Sort::Top)) {
            let found = value.add(test.offset as usize).cast::<usize>().read();
            there |= u64::from(found != word(TOP)) << (test.index & 63);
        }
        for test in take(next, count(piece, Sort::Byte)) {
            let found = value.add(test.offset as usize).read();
            there |= u64::from(u16::from(found) != test.none) << (test.index & 63);
        }
        for test in take(next, count(piece, Sort::Mark)) {
            // It is 0 or 1.
            let found = value.add(test.offset as usize).read();
            there |= u64::from(found) << (test.index & 63);
        }
        if !piece.is_special {
            return there;
        }
        for test in take(next, count(piece, Sort::Other)) {
            let is_there = differs(value.add(test.offset as usize), test.width, test.none);
            there |= u64::from(is_there) << (test.index & 63);
        }
        for test in take(next, count(piece, Sort::Four)) {
            let place = value.add(test.offset as usize);
            let flags = u32::from_le(place.cast::<u32>().read_unaligned());
            // Each flag is a byte, 0 or 1: the product has them side by side in its upper bits.
            let flags = flags.wrapping_mul(0x0102_0408) >> 24 & 0xf;
            there |= u64::from(flags) << (test.index & 63);
        }
        for test in take(next, count(piece, Sort::Eight)) {
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
    // SAFETY: the row describes the struct, these bytes are in it; the tests are there, in this order,
    // and so many of each sort.
    unsafe {
        let first = piece.first_test as usize + count(piece, Sort::Zero);
        let next = &mut tables.tests().as_ptr().add(first);
        for test in take(next, count(piece, Sort::Top)) {
            slot.add(test.offset as usize)
                .cast::<usize>()
                .write(word(TOP));
        }
        for test in take(next, count(piece, Sort::Byte)) {
            slot.add(test.offset as usize)
                .write(test.none.to_le_bytes()[0]);
        }
        if !piece.is_special {
            return;
        }
        take(next, count(piece, Sort::Mark));
        for test in take(next, count(piece, Sort::Other)) {
            set(slot.add(test.offset as usize), test.width, test.none);
        }
    }
}
