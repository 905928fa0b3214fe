//! Which types have tables, and what they get by it: reading and writing.
//!
//! A blanket implementation costs the compiler nothing for each type, and leaves no item of
//! [`TlRead`] by which a type could be given another's table. Since anybody may implement a trait
//! for a `Box` or a reference of his own type, these two go the same way, [`Pointer`].
//!
//! What is read by a table lives no longer than what it is read from:
//!
//! ```
//! # mod sample { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/../../tl-codegen/tests/golden/sample_table_borrowed.rs")); }
//! # mod sample_table_owned { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/../../tl-codegen/tests/golden/sample_table_owned.rs")); }
//! # fn main() {}
//! use sample::types::Envelope;
//! use tl_runtime::table::{Reads, Tabled};
//! use tl_runtime::{ReadResult, Reader};
//!
//! type By<'a> = <Envelope<'a> as Tabled>::By;
//! fn read<'a>(r: &mut Reader<'a>) -> ReadResult<Envelope<'a>> {
//!     By::read(r, false)
//! }
//! ```
//!
//! Safe code can't ask for more. The same body:
//!
//! ```compile_fail
//! # mod sample { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/../../tl-codegen/tests/golden/sample_table_borrowed.rs")); }
//! # mod sample_table_owned { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/../../tl-codegen/tests/golden/sample_table_owned.rs")); }
//! # fn main() {}
//! # use sample::types::Envelope;
//! # use tl_runtime::table::{Reads, Tabled};
//! # use tl_runtime::{ReadResult, Reader};
//! # type By<'a> = <Envelope<'a> as Tabled>::By;
//! fn read<'a>(r: &mut Reader<'a>) -> ReadResult<Envelope<'static>> {
//!     By::read(r, false)
//! }
//! ```
//!
//! nor make an implementation of its own for a type that has a table, of whatever lifetime:
//!
//! ```compile_fail,E0119
//! # mod sample { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/../../tl-codegen/tests/golden/sample_table_borrowed.rs")); }
//! # mod sample_table_owned { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/../../tl-codegen/tests/golden/sample_table_owned.rs")); }
//! # fn main() {}
//! # use sample::types::Envelope;
//! # use tl_runtime::{ReadResult, Reader, TlRead};
//! impl<'a> TlRead<'a> for Envelope<'static> {
//!     fn read(r: &mut Reader<'a>) -> ReadResult<Self> {
//!         r.read_with(|_| loop {}).map_err(|_| loop {})
//!     }
//! }
//! ```
//!
//! nor tie a type of its own to a row, or rows to a schema, without saying `unsafe`:
//!
//! ```compile_fail,E0200
//! # mod sample { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/../../tl-codegen/tests/golden/sample_table_owned.rs")); }
//! # fn main() {}
//! # use tl_runtime::table::Tabled;
//! struct Mine<'a>(&'a str);
//! impl Tabled for Mine<'_> {
//!     type By = <sample::types::Point as Tabled>::By;
//!     type Of<'a> = Mine<'a>;
//!     const ROW: usize = 0;
//!     const MIN_SIZE: usize = 4;
//! }
//! ```
//!
//! ```compile_fail,E0200
//! # mod sample { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/../../tl-codegen/tests/golden/sample_table_owned.rs")); }
//! # fn main() {}
//! use tl_runtime::table::{File, InFile, Tabled, Tables};
//! struct Mine;
//! impl File for Mine {
//!     const BORROWED: bool = false;
//!     fn tables() -> &'static Tables {
//!         <<sample::types::Point as Tabled>::By as InFile>::File::tables()
//!     }
//! }
//! ```
//!
//! ```compile_fail,E0200
//! # mod sample { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/../../tl-codegen/tests/golden/sample_table_owned.rs")); }
//! # fn main() {}
//! # use tl_runtime::table::Row;
//! struct Mine<'a>(&'a str);
//! impl Row for Mine<'_> {
//!     type File = <sample::types::Point as Row>::File;
//!     type Of<'a> = Mine<'a>;
//!     const NUMBER: usize = 0;
//! }
//! ```
//!
//! Enums with code leave some of their variants to their row, for as long as the reader's bytes live:
//!
//! ```
//! # mod sample { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/../../tl-codegen/tests/golden/sample_hot_borrowed.rs")); }
//! # mod sample_hot_owned { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/../../tl-codegen/tests/golden/sample_hot_owned.rs")); }
//! # fn main() {}
//! # use sample::enums::zoo::Animal;
//! # use tl_runtime::{ReadResult, Reader, table};
//! fn read<'a>(r: &mut Reader<'a>) -> ReadResult<Animal<'a>> {
//!     table::read_variant(r, 0x8384741c)
//! }
//! ```
//!
//! and no longer:
//!
//! ```compile_fail
//! # mod sample { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/../../tl-codegen/tests/golden/sample_hot_borrowed.rs")); }
//! # mod sample_hot_owned { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/../../tl-codegen/tests/golden/sample_hot_owned.rs")); }
//! # fn main() {}
//! # use sample::enums::zoo::Animal;
//! # use tl_runtime::{ReadResult, Reader, table};
//! fn read<'a>(r: &mut Reader<'a>) -> ReadResult<Animal<'static>> {
//!     table::read_variant(r, 0x8384741c)
//! }
//! ```
#![allow(unsafe_code)]

use alloc::borrow::ToOwned;
use alloc::boxed::Box;
use alloc::string::String;
use alloc::vec::Vec;
use core::marker::PhantomData;
use core::mem::MaybeUninit;

use super::own::Agreed;
use super::plan::Tables;
use super::{build, view, write};
use crate::own::Own;
use crate::{ReadResult, Reader, TlRead, TlWrite, Writer};

/// The tables of a generated file.
///
/// # Safety
/// Each row describes a Rust type (see the top of the module), a row that borrows one with a
/// lifetime that is then the reader's; and [`Rows::checked`](super::Rows::checked) has compared the
/// layouts of all of them.
pub unsafe trait File: LaidOut {
    /// Values borrow.
    const BORROWED: bool;

    /// They. A function, and no constant or static: so they are made when the generated file is made
    /// into machine code, once, and neither by `cargo check` nor by who uses the types.
    fn tables() -> &'static Tables;
}

/// The tables of a file, for who needs them at compile time.
///
/// # Safety
/// They are those of [`File::tables`].
pub unsafe trait LaidOut {
    /// They.
    const TABLES: &'static Tables;
}

/// A file of types that borrow, and that know their owned forms.
pub trait Owning: File + Sized {
    /// The file of these.
    type Owned: File;
    /// The rows of these, in the order of the types' own rows.
    const ROWS: &'static [usize];

    /// That the two say the same.
    fn agreed() -> Agreed<Self>;
}

/// A type that is described by a row of a file.
///
/// # Safety
/// If `By` is [`Both`], [`ReadOnly`] or [`WriteOnly`], the row of its file describes the type, whatever
/// lifetimes it has; `Of<'a>` is the type with `'a` in the place of its lifetime, if it has one.
#[diagnostic::on_unimplemented(
    message = "`{Self}` has no table",
    note = "types that are generated have tables if `Codec::Table` was asked for and a table can say what they \
            are: not if they depend on numbers, are generic, or have attributes or traits of their own; of types \
            with an `owned_module`, the owned ones must have been generated with the same settings"
)]
pub unsafe trait Tabled {
    /// The file, and whether values are read, written or both.
    type By;
    /// The type with another lifetime.
    type Of<'a>;
    /// Its row.
    const ROW: usize;
    /// The smallest number of bytes that a value takes where it stands alone.
    const MIN_SIZE: usize;
}

/// Values are read and written; what they are when they own what they hold, if that is known.
pub struct Both<F, O = ()>(PhantomData<(F, O)>);

/// Values are only read.
pub struct ReadOnly<F, O = ()>(PhantomData<(F, O)>);

/// Values are only written.
pub struct WriteOnly<F, O = ()>(PhantomData<(F, O)>);

/// No table: as what it leads to.
pub struct Pointer;

mod sealed {
    pub trait Sealed {}
    impl<F, O> Sealed for super::Both<F, O> {}
    impl<F, O> Sealed for super::ReadOnly<F, O> {}
    impl<F, O> Sealed for super::WriteOnly<F, O> {}
}

/// A way with tables. Of each of them [`Tabled`] promises that the row describes the type, so nobody else
/// adds one.
pub trait InFile: sealed::Sealed {
    /// Whose.
    type File: File;
}

impl<F: File, O> InFile for Both<F, O> {
    type File = F;
}

impl<F: File, O> InFile for ReadOnly<F, O> {
    type File = F;
}

impl<F: File, O> InFile for WriteOnly<F, O> {
    type File = F;
}

/// A way to read values of a type.
pub trait Reads<'a, T> {
    /// See [`TlRead::MIN_SIZE`].
    const MIN_SIZE: usize;
    /// See [`TlRead::NEEDS_ARENA`].
    const NEEDS_ARENA: bool;

    /// Reads a value as it stands alone, or without its id.
    ///
    /// # Errors
    /// Those of [`TlRead::read`].
    fn read(r: &mut Reader<'a>, bare: bool) -> ReadResult<T>;
}

/// A way to write values of a type.
pub trait Writes<T: ?Sized> {
    /// Writes a value as it stands alone, or without its id.
    fn write(value: &T, w: &mut Writer<'_>, bare: bool);

    /// The same with the writer by value.
    #[inline]
    fn put<'w>(value: &T, mut w: Writer<'w>, bare: bool) -> Writer<'w> {
        Self::write(value, &mut w, bare);
        w
    }
}

/// A way to make values of a type own what they hold.
pub trait Owns<T> {
    /// What they are then.
    type Owned;

    /// The same value, owned.
    fn own(value: T) -> Self::Owned;
}

/// A type that is described by a row of a file, whether it is read and written by that or by code.
///
/// # Safety
/// The row of the file describes the type, whatever lifetimes it has; `Of<'a>` is the type with `'a` in the
/// place of its lifetime, if it has one.
#[diagnostic::on_unimplemented(
    message = "`{Self}` has no table",
    note = "types that are generated have tables if `Codec::Table` was asked for and a table can say what they \
            are: not if they depend on numbers, are generic, or have attributes or traits of their own; of types \
            with an `owned_module`, the owned ones must have been generated with the same settings"
)]
pub unsafe trait Row: Sized {
    /// The file.
    type File: File;
    /// The type with another lifetime.
    type Of<'a>;
    /// Its row.
    const NUMBER: usize;
}

// SAFETY: it is `Tabled`.
unsafe impl<T: Tabled<By: InFile>> Row for T {
    type File = <T::By as InFile>::File;
    type Of<'a> = T::Of<'a>;
    const NUMBER: usize = T::ROW;
}

/// What is done with a type that has a row.
pub(crate) trait RowExt: Row {
    /// The tables of the type's file.
    fn tables() -> &'static Tables {
        Self::File::tables()
    }

    fn view(&self) -> view::View<'_> {
        // SAFETY: the row describes the type.
        unsafe {
            view::View::new(
                Self::tables(),
                Self::NUMBER,
                core::ptr::from_ref(self).cast(),
            )
        }
    }
}

impl<T: Row> RowExt for T {}

#[diagnostic::do_not_recommend]
impl<'a, T> TlRead<'a> for T
where
    T: Tabled<Of<'a> = T, By: Reads<'a, T>>,
{
    const MIN_SIZE: usize = <T::By as Reads<'a, T>>::MIN_SIZE;
    const NEEDS_ARENA: bool = <T::By as Reads<'a, T>>::NEEDS_ARENA;

    #[inline]
    fn read(r: &mut Reader<'a>) -> ReadResult<Self> {
        T::By::read(r, false)
    }

    #[inline]
    fn read_bare(r: &mut Reader<'a>) -> ReadResult<Self> {
        T::By::read(r, true)
    }
}

#[diagnostic::do_not_recommend]
impl<T> TlWrite for T
where
    T: Tabled<By: Writes<T>>,
{
    #[inline]
    fn write(&self, w: &mut Writer<'_>) {
        T::By::write(self, w, false);
    }

    #[inline]
    fn write_bare(&self, w: &mut Writer<'_>) {
        T::By::write(self, w, true);
    }

    #[inline]
    fn write_on<'w>(&self, w: Writer<'w>) -> Writer<'w> {
        T::By::put(self, w, false)
    }

    #[inline]
    fn write_bare_on<'w>(&self, w: Writer<'w>) -> Writer<'w> {
        T::By::put(self, w, true)
    }
}

macro_rules! read_by_rows {
    ($($way:ident),*) => { $(
        impl<'a, F, O, T> Reads<'a, T> for $way<F, O>
        where
            F: File,
            T: Tabled<By = $way<F, O>, Of<'a> = T>,
        {
            const MIN_SIZE: usize = T::MIN_SIZE;
            const NEEDS_ARENA: bool = F::BORROWED;

            #[inline]
            fn read(r: &mut Reader<'a>, bare: bool) -> ReadResult<T> {
                let mut value = MaybeUninit::<T>::uninit();
                let slot = value.as_mut_ptr().cast();
                // SAFETY: the row describes T, `value` has room for one, and what T borrows lives
                // for 'a: it is its own `Of<'a>`.
                let result = unsafe { build::read(r, T::tables(), T::ROW, bare, slot) };
                // SAFETY: `read` has made a value unless it failed.
                result.map(|()| unsafe { value.assume_init() })
            }
        }
    )* };
}

read_by_rows!(Both, ReadOnly);

macro_rules! write_by_rows {
    ($($way:ident),*) => { $(
        impl<F: File, O, T: Tabled<By = $way<F, O>>> Writes<T> for $way<F, O> {
            #[inline]
            fn write(value: &T, w: &mut Writer<'_>, bare: bool) {
                write::write(w, value.view(), bare);
            }
        }
    )* };
}

write_by_rows!(Both, WriteOnly);

#[diagnostic::do_not_recommend]
impl<T> Own for T
where
    T: Copy + Tabled<By: Owns<T>>,
{
    type Owned = <T::By as Owns<T>>::Owned;

    #[inline]
    fn own(self) -> Self::Owned {
        T::By::own(self)
    }
}

macro_rules! own_by_rows {
    ($($way:ident),*) => { $(
        impl<F, O, T> Owns<T> for $way<F, O>
        where
            F: Owning<Owned = O::File>,
            O: Row,
            T: Copy + Tabled<By = $way<F, O>>,
        {
            type Owned = O;

            #[inline]
            fn own(value: T) -> O {
                super::own(&value)
            }
        }
    )* };
}

own_by_rows!(Both, ReadOnly, WriteOnly);

// SAFETY: no way with a table.
unsafe impl<T: ?Sized> Tabled for Box<T> {
    type By = Pointer;
    type Of<'a> = Self;
    const ROW: usize = 0;
    const MIN_SIZE: usize = 0;
}

// SAFETY: no way with a table.
unsafe impl<T: ?Sized> Tabled for &T {
    type By = Pointer;
    type Of<'a> = Self;
    const ROW: usize = 0;
    const MIN_SIZE: usize = 0;
}

/// What stands in the arena goes to the heap.
impl<T: Own> Owns<&T> for Pointer {
    type Owned = Box<T::Owned>;

    fn own(value: &T) -> Self::Owned {
        Box::new((*value).own())
    }
}

impl<T: Own> Owns<&[T]> for Pointer {
    type Owned = Vec<T::Owned>;

    fn own(value: &[T]) -> Self::Owned {
        value.iter().map(|&value| value.own()).collect()
    }
}

impl Owns<&str> for Pointer {
    type Owned = String;

    fn own(value: &str) -> String {
        value.to_owned()
    }
}

impl Owns<&[u8]> for Pointer {
    type Owned = Vec<u8>;

    fn own(value: &[u8]) -> Vec<u8> {
        value.to_vec()
    }
}

impl<'a, T: TlRead<'a>> Reads<'a, Box<T>> for Pointer {
    const MIN_SIZE: usize = T::MIN_SIZE;
    const NEEDS_ARENA: bool = T::NEEDS_ARENA;

    fn read(r: &mut Reader<'a>, bare: bool) -> ReadResult<Box<T>> {
        if bare { r.heap_bare() } else { r.heap() }
    }
}

impl<T: TlWrite + ?Sized> Writes<Box<T>> for Pointer {
    fn write(value: &Box<T>, w: &mut Writer<'_>, bare: bool) {
        if bare {
            (**value).write_bare(w);
        } else {
            (**value).write(w);
        }
    }

    #[inline]
    fn put<'w>(value: &Box<T>, w: Writer<'w>, bare: bool) -> Writer<'w> {
        match bare {
            true => w.put_bare(&**value),
            false => w.put(&**value),
        }
    }
}

impl<T: TlWrite + ?Sized> Writes<&T> for Pointer {
    fn write(value: &&T, w: &mut Writer<'_>, bare: bool) {
        if bare {
            (**value).write_bare(w);
        } else {
            (**value).write(w);
        }
    }

    #[inline]
    fn put<'w>(value: &&T, w: Writer<'w>, bare: bool) -> Writer<'w> {
        match bare {
            true => w.put_bare(&**value),
            false => w.put(&**value),
        }
    }
}
