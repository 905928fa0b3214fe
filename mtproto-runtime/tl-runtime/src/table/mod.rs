//! Generated types read and written by one interpreter instead of bodies of their own.
//!
//! A body costs the compiler a hundred times as much as a row of a table. So generated code may
//! describe its types in tables, and everything that a type can do (reading, writing, cloning,
//! comparing, printing) is done here, compiled once.
//!
//! ```text
//! tabled    which types have tables; reading and writing by them                      (unsafe)
//! rows      what a table says: types, fields, shapes, variants
//! layout    where all of it is in memory, and what that makes of it, at compile time
//! plan      what loops go by: ops, pieces
//! ops       what only the Rust type itself can tell: Option<T>, code of its own       (unsafe)
//! sequence  where a Vec and a slice keep what they are made of                        (unsafe)
//! kept      tables where they stay                                                    (unsafe)
//! presence  which fields of a struct are there                                        (unsafe)
//! build     memory from bytes                                                         (unsafe)
//! write     memory as bytes                                                           (unsafe)
//! copy      memory from other memory                                                  (unsafe)
//! own       owned memory from borrowed memory                                         (unsafe)
//! default   memory of nothing                                                       (unsafe)
//! compare   memory and other memory                                                   (unsafe)
//! release   giving memory back                                                        (unsafe)
//! memory    tags of enums, short copies, the allocator                                (unsafe)
//! view      a value seen through its table                                            (unsafe)
//! dynamic   values of types that nobody named: read, seen, given back                 (unsafe)
//! show      views as text
//! ```
//!
//! # Why it is not slow
//! An answer of Telegram has ten thousand fields, of which seven thousand are not there. So nothing may
//! be done for each field: `layout` makes an `Op` of each, sixteen bytes that say all that
//! loops must know, and for every 64 fields a `Piece`, which has sets of them. To read
//! is to fill a struct with what it is without conditional fields, and to do what the bits of the flags
//! say; to write, clone or compare is to find the set of what is there by tests without branches, and
//! to visit that set. Of the few structs that have many such fields, generated code tells the set:
//! tests that are interpreted take three times as long. Where debug assertions are on, it is compared
//! with what tests find.
//!
//! # How a reviewer convinces himself
//! **What is unsafe.** The rooms so marked turn offsets into pointers, and nothing else does. The rest
//! works on views, in safe code.
//!
//! **What must hold.** A row describes a struct if the struct is `repr(C)` and has the fields of the
//! row, in their order, of the Rust types of their shapes (and if the function of a row that has one,
//! `Type::told_by`, tells which of them are there); and an enum if it is `repr(u8)` or
//! `repr(u16)` as the row says, and has the variants of the row, in their order, with payloads of the
//! Rust types of their shapes.
//!
//! **Who promises it.** Whoever implements the `unsafe` traits [`File`], [`Tabled`] and [`Row`], which
//! generated code alone does; there is no other way to use a row:
//! - Rows can be made by anybody, but do nothing. Values are made and looked at by types that have a [`Row`]
//!   and by `reflect::Schema`, which is made of a [`File`].
//! - A type that is [`Tabled`] in a file has a row and is read and written by it. One that has a [`Row`] only
//!   is read and written by code of its own, where it stands in others, too ([`Hands`]): its traits are
//!   generated for every lifetime, so that nobody else has implemented them for one.
//! - No trait that safe code implements has an item that names a row. `TlRead` and `TlWrite` of a type
//!   with a table are blanket implementations, so that a second one does not compile, for whatever
//!   lifetime. That a value lives no longer than what it was read from is [`Row::Of`].
//! - All functions here that take a type want it to have a [`Row`]: a `Box` and a reference
//!   have none. They move, clone and compare whole values of that type, whose own lifetime stays.
//! - `reflect::Value` gives its value away as a type only if file and row are that type's, and if
//!   the file borrows nothing.
//! - Attributes that a user's build script puts on types or fields are outside of the generator's
//!   promise: types that have any are compared field by field, see below.
//!
//! **What is assumed of Rust's layout** is what the Reference promises: the offsets of `repr(C)`, the tag
//! and payload of `repr(u8)`, and that `Box<T>` and `&T` are pointers. Of a `Vec`, a slice and an `Option`,
//! the Reference promises hardly anything; what they are in memory is found out for each type when generated
//! code is compiled. A sequence is three words, or two, and says of itself which is which (`sequence`). An
//! option is (`ops`) either the value and a number in some of its bytes that it never has, and those bytes
//! are the ones that make `None` something else if they are changed; or a byte, 0 or 1, in front of the
//! value. The compiler itself is asked, with options in its own memory, and refuses the program if it is
//! none of the two, or if a byte matters that is not initialised. What is not asked, since it can't be: that
//! all other numbers in these bytes are values, that the bytes which decide are next to each other, and that
//! what one vector keeps where, all of its type keep there.
//!
//! **What the compiler checks.** [`Rows::lay_out`] runs at compile time: it computes all offsets by
//! the rules of `repr(C)`, makes the ops, and fails the build if an index leads nowhere. So loops look
//! rows up unchecked where `lay_out` has done so before. [`Rows::checked`] fails the build unless
//! size and alignment of each type are what was computed. Both run when a generated file is made into
//! machine code, before there is a program that could go by its tables; `cargo check` does not run them.
//! What a borrowed type is made to when it is made to own what it holds is another file's row, of a schema
//! that might be another: [`Agreed`] can't be made unless all rows of both say the same (`own`). Of types
//! with code their names are compared; whether the one becomes the other is asked when there is a value, by
//! the number that Rust gives each type.
//! Generated code compares each single offset with `offset_of!`, too, for types with attributes of the
//! user's and, with `Config::assert_layout`, for all.
#![allow(unsafe_code)]

mod build;
mod compare;
mod copy;
mod default;
pub(crate) mod dynamic;
mod kept;
mod layout;
mod memory;
mod ops;
mod own;
pub(crate) mod plan;
mod presence;
mod release;
pub(crate) mod rows;
mod sequence;
mod show;
mod tabled;
pub(crate) mod view;
pub(crate) mod write;

pub use kept::Kept;
pub use layout::Rows;
pub use ops::{Foreign, Hands, OptionOps};
pub use own::Agreed;
pub use plan::Tables;
pub use rows::{Field, Kind, Layout, PackedField, PackedVariant, Shape, Type, Variant};
pub use sequence::SequenceOps;
pub(crate) use tabled::RowExt;
pub use tabled::{
    Both, File, InFile, LaidOut, Owning, Owns, Pointer, ReadOnly, Reads, Row, Tabled, WriteOnly,
    Writes,
};

use core::fmt;
use core::mem::MaybeUninit;
use core::ptr;

use crate::{ReadResult, Reader, Writer};

/// `Debug`, as `derive` writes it.
///
/// # Errors
/// Those of the formatter.
#[inline]
pub fn debug<T: Row>(value: &T, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    show::debug(value.view(), f)
}

/// `PartialEq`.
#[inline]
#[must_use]
pub fn eq<T: Row>(a: &T, b: &T) -> bool {
    // SAFETY: the row describes T, of which both are values.
    unsafe {
        compare::eq(
            T::tables(),
            T::NUMBER,
            ptr::from_ref(a).cast(),
            ptr::from_ref(b).cast(),
        )
    }
}

/// `Clone`.
#[inline]
#[must_use]
pub fn clone<T: Row>(value: &T) -> T {
    let mut copy = MaybeUninit::<T>::uninit();
    // SAFETY: the row describes T; `value` is one and `copy` has room for one, which `clone` makes.
    unsafe {
        copy::clone(
            T::tables(),
            T::NUMBER,
            ptr::from_ref(value).cast(),
            copy.as_mut_ptr().cast(),
        );
        copy.assume_init()
    }
}

/// `Default`, as `derive` writes it.
///
/// # Panics
/// If the type, or one that is always in it, has no default by its table: an enum, a type with code, or in
/// borrowed types one behind a reference. Generated code does not ask for it then. A type that is always in
/// itself, of which there is no value at all, overflows the stack.
#[inline]
#[must_use]
pub fn default<T: Row>() -> T {
    let mut value = MaybeUninit::<T>::uninit();
    // SAFETY: the row describes T; `value` has room for one, which `default` makes.
    unsafe {
        default::default(T::tables(), T::NUMBER, value.as_mut_ptr().cast());
        value.assume_init()
    }
}

/// `to_owned`.
#[inline]
#[must_use]
pub fn own<T, O>(value: &T) -> O
where
    T: Row<File: Owning<Owned = O::File>> + Copy,
    O: Row,
{
    const { assert!(<T::File as Owning>::ROWS[T::NUMBER] == O::NUMBER) };
    let Agreed { .. } = T::File::agreed();
    let mut owned = MaybeUninit::<O>::uninit();
    // SAFETY: the rows describe T and O, and the files agree that one is the owned form of the other;
    // `value` is a T and `owned` has room for an O, which `own` makes.
    unsafe {
        own::own(
            [T::tables(), O::tables()],
            [T::NUMBER, O::NUMBER],
            ptr::from_ref(value).cast(),
            owned.as_mut_ptr().cast(),
        );
        owned.assume_init()
    }
}

/// Reads what follows the id of an enum that has code for some of its variants, and a row for all of them.
///
/// # Errors
/// Those of reading the enum.
pub fn read_variant<'a, T: Row<Of<'a> = T>>(r: &mut Reader<'a>, id: u32) -> ReadResult<T> {
    let mut value = MaybeUninit::<T>::uninit();
    let slot = value.as_mut_ptr().cast();
    // SAFETY: the row describes T, `value` has room for one, and what T borrows lives for 'a: it is its own
    // `Of<'a>`.
    let result = unsafe { build::read_variant(r, T::tables(), T::NUMBER, id, slot) };
    // SAFETY: `read_variant` has made a value unless it failed.
    result.map(|()| unsafe { value.assume_init() })
}

/// Writes a value by its row, whether it has code or not.
pub fn put<'w, T: Row>(value: &T, mut w: Writer<'w>) -> Writer<'w> {
    write::write(&mut w, value.view(), false);
    w
}
