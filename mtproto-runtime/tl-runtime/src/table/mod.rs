//! Generated types read and written by one interpreter instead of bodies of their own.
//!
//! A body costs the compiler a hundred times as much as a row of a table. So generated code may
//! describe its types in tables, and everything that a type can do (reading, writing, cloning,
//! comparing, printing) is done here, compiled once.
//!
//! ```text
//! rows      what a table says: types, fields, shapes, variants; offsets and ops are computed from it
//! ops       what only the Rust type itself can tell: Vec<T>, Option<T>                 (unsafe)
//! presence  which fields of a struct are there                                        (unsafe)
//! build     memory from bytes                                                         (unsafe)
//! write     memory as bytes                                                           (unsafe)
//! copy      memory from other memory                                                  (unsafe)
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
//! be done for each field: `rows` makes an `Op` of each, twelve bytes that say all that
//! loops must know, and for every 64 fields a `Piece`, which has sets of them. To read
//! is to fill a struct with what it is without conditional fields, and to do what the bits of the flags
//! say; to write, clone or compare is to find the set of what is there by tests without branches, and
//! to visit that set.
//!
//! # How a reviewer convinces himself
//! **What is unsafe.** The rooms so marked turn offsets into pointers, and nothing else does. The rest
//! works on views, in safe code.
//!
//! **What must hold.** A type that is [`Tabled`] is described by a row: that is the contract of this
//! `unsafe` trait, and the only way to a [`Table`]. A row describes a struct if the struct is `repr(C)`
//! and has the fields of the row, in their order, of the Rust types of their shapes; and an enum if it
//! is `repr(u8)` or `repr(u16)` as the row says, and has the variants of the row, in their order,
//! with payloads of the Rust types of their shapes.
//!
//! **What is assumed of Rust's layout** is what the Reference promises, and no more: the offsets
//! of `repr(C)`, the tag and payload of `repr(u8)`, and that `Box<T>` and `&T` are pointers. A `Vec`
//! and a slice are made and taken apart by functions that know their type. Of an `Option`, the Reference
//! promises hardly anything; what it is in memory is found out for each type when generated code is
//! compiled (`ops`): either the value and a number in some of its bytes that it never has, and those
//! bytes are the ones that make `None` something else if they are changed; or a byte, 0 or 1, in front of
//! the value. The compiler itself is asked, with options in its own memory, and refuses the program if
//! it is none of the two, or if a byte matters that is not initialised. What is not asked, since it
//! can't be: that all other numbers in these bytes are values.
//!
//! **What the compiler checks.** [`Rows::lay_out`] runs at compile time: it computes all offsets by
//! the rules of `repr(C)`, makes the ops, and fails the build if an index leads nowhere. So loops look
//! rows up unchecked where `lay_out` has done so before. [`of`] runs at compile time
//! for every type, and fails the build unless size and alignment are what was computed. With
//! `Config::assert_layout`, generated code compares each single offset with `offset_of!`, too.
#![allow(unsafe_code)]

mod build;
mod compare;
mod copy;
pub(crate) mod dynamic;
mod memory;
mod ops;
mod presence;
mod release;
pub(crate) mod rows;
mod show;
pub(crate) mod view;
pub(crate) mod write;

pub use ops::{Foreign, OptionOps, SequenceOps};
pub use rows::{Field, Kind, Layout, Rows, Shape, Tables, Type, Variant};

use core::fmt;
use core::marker::PhantomData;
use core::mem::{MaybeUninit, align_of, size_of};
use core::ptr;

use crate::{ReadResult, Reader, Writer};

/// The row that describes a type.
pub struct Table<T: ?Sized> {
    /// Leads to a static. No reference: rustc would look through it at every constant with a table,
    /// and so at all rows for every type.
    tables: *const Tables,
    row: usize,
    of: PhantomData<fn() -> *const T>,
}

impl<T: ?Sized> Clone for Table<T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T: ?Sized> Copy for Table<T> {}

/// The tables of a generated file.
pub trait File {
    /// They.
    const TABLES: &'static Tables;
}

/// A type that is described by a row.
///
/// # Safety
/// The row must describe the type, whatever its lifetimes: see the top of the module.
pub unsafe trait Tabled: Sized {
    /// The file that it is generated in.
    type File: File;
    /// Its row.
    const ROW: usize;
}

/// The table of a type.
///
/// # Panics
/// At compile time, if the type is not laid out as its row says.
#[must_use]
pub const fn of<T: Tabled>() -> Option<Table<T>> {
    let tables: *const Tables = <T::File as File>::TABLES;
    let table = Table {
        tables,
        row: T::ROW,
        of: PhantomData,
    };
    let layout = table.ty().layout;
    assert!(
        layout.size == size_of::<T>() && layout.align == align_of::<T>(),
        "a type is not laid out as its table says"
    );
    Some(table)
}

impl<T: ?Sized> Table<T> {
    const fn tables(self) -> &'static Tables {
        // SAFETY: `of` has it from such a reference.
        unsafe { &*self.tables }
    }

    const fn ty(self) -> &'static Type {
        self.tables().ty(self.row)
    }

    /// The smallest number of bytes that a value takes where it stands alone.
    #[must_use]
    pub const fn min_size(self) -> usize {
        self.ty().min_size as usize
    }

    /// Whether values keep parts of themselves in an arena.
    #[must_use]
    pub const fn needs_arena(self) -> bool {
        self.tables().is_borrowed()
    }

    #[inline]
    pub(crate) fn read(self, r: &mut Reader<'_>, bare: bool) -> ReadResult<T>
    where
        T: Sized,
    {
        let mut value = MaybeUninit::<T>::uninit();
        // SAFETY: the row describes T, and `value` has room for one.
        let result = unsafe {
            build::read(
                r,
                self.tables(),
                self.row,
                bare,
                value.as_mut_ptr().cast::<u8>(),
            )
        };
        // SAFETY: `read` has made a value unless it failed.
        result.map(|()| unsafe { value.assume_init() })
    }

    #[inline]
    pub(crate) fn write(self, value: &T, w: &mut Writer<'_>, bare: bool) {
        write::write(w, self.view(value), bare);
    }

    fn view(self, value: &T) -> view::View<'_> {
        // SAFETY: the row describes T.
        unsafe { view::View::new(self.tables(), self.row, ptr::from_ref(value).cast()) }
    }
}

/// The value as its row has it.
pub(crate) fn view<T: Tabled>(value: &T) -> view::View<'_> {
    let tables = <T::File as File>::TABLES;
    // SAFETY: the row describes T: it is `Tabled`.
    unsafe { view::View::new(tables, T::ROW, ptr::from_ref(value).cast()) }
}

/// `Debug`, as `derive` writes it.
///
/// # Errors
/// Those of the formatter.
#[inline]
pub fn debug<T: Tabled>(value: &T, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    match const { of::<T>() } {
        Some(table) => show::debug(table.view(value), f),
        None => Ok(()),
    }
}

/// `PartialEq`.
#[inline]
#[must_use]
pub fn eq<T: Tabled>(a: &T, b: &T) -> bool {
    const {
        assert!(of::<T>().is_some());
    }
    // SAFETY: the row describes T, of which both are values.
    unsafe {
        compare::eq(
            <T::File as File>::TABLES,
            T::ROW,
            ptr::from_ref(a).cast(),
            ptr::from_ref(b).cast(),
        )
    }
}

/// `Clone`.
#[inline]
#[must_use]
pub fn clone<T: Tabled>(value: &T) -> T {
    let mut copy = MaybeUninit::<T>::uninit();
    // SAFETY: the row describes T; `value` is one and `copy` has room for one, which `clone` makes.
    unsafe {
        copy::clone(
            <T::File as File>::TABLES,
            T::ROW,
            ptr::from_ref(value).cast(),
            copy.as_mut_ptr().cast(),
        );
        copy.assume_init()
    }
}
