//! Which fields of a struct are there.
//!
//! Most fields of most values are not, so that nothing may be done for one of them but a test: a load,
//! a comparison and a bit, with no branch.
#![allow(unsafe_code)]

use super::ops::{TOP, differs, set, word};
use super::plan::{Op, Piece, Sort, Tables};
use super::rows::{Layout, Tell, Type, Variant};

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

impl Type {
    /// The same row with a function that tells which fields are there. It is the row of `R`, and what the
    /// function tells is true: whoever implements [`File`](super::File) promises it.
    #[must_use]
    pub const fn told_by<R>(mut self, tell: fn(&R) -> u64) -> Self {
        // SAFETY: a reference and a pointer to what has a size are passed in the same way. Whoever calls it
        // has a value of the row's type.
        let tell = unsafe { core::mem::transmute::<fn(&R) -> u64, Tell>(tell) };
        self.tell = Some(tell);
        self.told = Layout::of::<R>();
        self
    }
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
/// The row describes the enum, whose first variant it is, and a value of it has the tag.
#[inline(always)]
pub(super) unsafe fn variant_of(
    tables: &'static Tables,
    first: u32,
    index: usize,
) -> &'static Variant {
    // SAFETY: `lay_out` has looked at all variants of the row; the enum has no other tags.
    unsafe { tables.variants().get_unchecked(first as usize + index) }
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
pub(super) unsafe fn present(
    tables: &'static Tables,
    ty: &Type,
    piece: &Piece,
    value: *const u8,
) -> u64 {
    // SAFETY: see above.
    unsafe {
        match ty.tell {
            None => found(tables, piece, value),
            Some(tell) => told(tables, piece, tell, value),
        }
    }
}

/// The same by what generated code says of the struct, which has this piece only.
///
/// # Safety
/// As of [`present`]; the code is that of the row.
#[inline(always)]
unsafe fn told(tables: &'static Tables, piece: &Piece, tell: Tell, value: *const u8) -> u64 {
    // SAFETY: see above.
    unsafe {
        let there = piece.always | tell(value);
        debug_assert_eq!(there, found(tables, piece, value), "of another type");
        there
    }
}

/// The same of two structs, if the same is there.
///
/// # Safety
/// As of [`told`], of both.
#[inline(always)]
unsafe fn told_of_both(piece: &Piece, tell: Tell, [a, b]: [*const u8; 2]) -> Option<u64> {
    // SAFETY: see above.
    let (a, b) = unsafe { (tell(a), tell(b)) };
    (a == b).then_some(piece.always | a)
}

/// The same by tests.
///
/// # Safety
/// As of [`present`].
#[inline(always)]
unsafe fn found(tables: &'static Tables, piece: &Piece, value: *const u8) -> u64 {
    let mut there = piece.always;
    let mut several = 0;
    // SAFETY: see above.
    unsafe {
        try_all(
            tables,
            piece,
            [value],
            |test, [is_there]| there |= is_there << (test.index & 63),
            |test, [flags]| several |= flags << (test.index & 63),
        );
    }
    there | several
}

/// Eight flags, each a byte.
#[inline(always)]
const fn eight(flags: [u8; 8]) -> u64 {
    // Each is 0 or 1: the product has them side by side in its upper bits.
    u64::from_le_bytes(flags).wrapping_mul(0x0102_0408_1020_4080) >> 56
}

/// The same of two structs, if the same fields of both are there.
///
/// # Safety
/// As of [`present`], of both.
#[inline(always)]
pub(super) unsafe fn present_in_both(
    tables: &'static Tables,
    ty: &Type,
    piece: &Piece,
    values: [*const u8; 2],
) -> Option<u64> {
    if let Some(tell) = ty.tell {
        // SAFETY: see above.
        return unsafe { told_of_both(piece, tell, values) };
    }
    // One behind the other, the last test in the lowest bit: to say of each which field it is about
    // would be most of the time, for both, and hardly any field is there.
    let (mut found, mut other) = (0_u64, 0_u64);
    let (mut several, mut differ) = (piece.always, 0);
    // SAFETY: see above.
    let end = unsafe {
        try_all(
            tables,
            piece,
            values,
            |_, [a, b]| {
                found = found + found + a;
                other = other + other + b;
            },
            |test, [a, b]| {
                several |= a << (test.index & 63);
                differ |= a ^ b;
            },
        )
    };
    if found != other || differ != 0 {
        return None;
    }
    while found != 0 {
        let bit = found.trailing_zeros() as usize;
        found &= found - 1;
        // SAFETY: the tests that have found it end there.
        let index = unsafe { (*end.sub(bit + 1)).index };
        several |= 1 << (index & 63);
    }
    Some(several)
}

/// Does the tests of a piece on several structs: those of one field each, which are 64 at most, then those
/// of several flags. Says where the first end.
///
/// # Safety
/// As of [`present`], of all values.
#[inline(always)]
unsafe fn try_all<const N: usize>(
    tables: &'static Tables,
    piece: &Piece,
    values: [*const u8; N],
    mut one: impl FnMut(&Test, [u64; N]),
    mut several: impl FnMut(&Test, [u64; N]),
) -> *const Test {
    // SAFETY: the row describes the structs, and these bytes of them are always initialised; the tests
    // are there, in this order, and so many of each sort.
    unsafe {
        let at = |test: &Test| values.map(|value| value.add(test.offset as usize));
        let next = &mut tables.tests().as_ptr().add(piece.first_test as usize);
        for test in take(next, count(piece, Sort::Zero)) {
            let found = at(test).map(|place| place.cast::<usize>().read() != 0);
            one(test, found.map(u64::from));
        }
        for test in take(next, count(piece, Sort::Top)) {
            let found = at(test).map(|place| place.cast::<usize>().read() != word(TOP));
            one(test, found.map(u64::from));
        }
        for test in take(next, count(piece, Sort::Byte)) {
            let found = at(test).map(|place| u16::from(place.read()) != test.none);
            one(test, found.map(u64::from));
        }
        for test in take(next, count(piece, Sort::Mark)) {
            // It is 0 or 1.
            one(test, at(test).map(|place| u64::from(place.read())));
        }
        if !piece.is_special {
            return *next;
        }
        for test in take(next, count(piece, Sort::Other)) {
            let found = at(test).map(|place| differs(place, test.width, test.none));
            one(test, found.map(u64::from));
        }
        let end = *next;
        for test in take(next, count(piece, Sort::Four)) {
            let flags = at(test).map(|place| {
                let flags = u32::from_le(place.cast::<u32>().read_unaligned());
                // Each flag is a byte, 0 or 1: the product has them side by side in its upper bits.
                u64::from(flags.wrapping_mul(0x0102_0408) >> 24 & 0xf)
            });
            several(test, flags);
        }
        for test in take(next, count(piece, Sort::Eight)) {
            let flags = at(test).map(|place| eight(place.cast::<[u8; 8]>().read()));
            several(test, flags);
        }
        end
    }
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
