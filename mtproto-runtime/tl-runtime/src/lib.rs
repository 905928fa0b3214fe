//! What TL types ride on: the traits, the reader, the writer and their errors.
//!
//! TL is the language that Telegram, TDLib, TON and VK describe their messages in. Types that
//! `tl-codegen` generates from a schema and types that `tl-macros` derives for implement the traits of
//! this crate; programs call the methods that the traits provide:
//!
//! | to | call |
//! |---|---|
//! | read a value | [`TlRead::from_bytes`], [`TlRead::from_bytes_in`] if it borrows from an [`Arena`] |
//! | read what bytes begin with | [`TlRead::from_prefix`] |
//! | read several values, or within other [`Limits`] | [`Reader`] |
//! | write a value | [`TlWrite::to_bytes`], [`TlWrite::write_to`] |
//! | look at a value by the names of its schema, if its type has a table | [`reflect::of`] |
//!
//! It needs `alloc` and nothing else: no `std`, no dependency.
//!
//! # Example
//! An implementation by hand; generators and derives save the trouble.
//!
//! ```
//! use tl_runtime::{Identified, ReadResult, Reader, TlRead, TlWrite, Writer};
//!
//! /// `point#b9ea2b60 x:int y:int = Point;`
//! #[derive(Debug, PartialEq)]
//! struct Point {
//!     x: i32,
//!     y: i32,
//! }
//!
//! impl Identified for Point {
//!     const ID: u32 = 0xb9ea_2b60;
//!     const NAME: &'static str = "point";
//! }
//!
//! impl<'a> TlRead<'a> for Point {
//!     const MIN_SIZE: usize = 12;
//!
//!     fn read(r: &mut Reader<'a>) -> ReadResult<Self> {
//!         r.boxed()
//!     }
//!
//!     fn read_bare(r: &mut Reader<'a>) -> ReadResult<Self> {
//!         r.enter("point x y")?;
//!         let point = Self { x: r.int(), y: r.int() };
//!         r.leave();
//!         Ok(point)
//!     }
//! }
//!
//! impl TlWrite for Point {
//!     fn write(&self, w: &mut Writer<'_>) {
//!         w.boxed(self);
//!     }
//!
//!     fn write_bare(&self, w: &mut Writer<'_>) {
//!         w.int(self.x);
//!         w.int(self.y);
//!     }
//! }
//!
//! let point = Point { x: 1, y: -1 };
//! let bytes = point.to_bytes()?;
//! assert_eq!(bytes, b"\x60\x2b\xea\xb9\x01\0\0\0\xff\xff\xff\xff");
//! assert_eq!(Point::from_bytes(&bytes)?, point);
//!
//! let error = Point::from_bytes(&bytes[..10]).unwrap_err();
//! assert_eq!(
//!     error.to_string(),
//!     "the bytes end where an int of 4 bytes was wanted, at byte 8 in point.y",
//! );
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Built-in types
//! | TL | Rust | bytes |
//! |---|---|---|
//! | `int`, `long`, `double`, `float` | `i32`, `i64` (or `u64`), `f64`, `f32` | 4, 8, 8, 4, little-endian |
//! | `#` | `u32` | 4 |
//! | `string` | `String`, `&str`, `Cow<str>`, `Box<str>` | length, UTF-8, zeros up to a multiple of 4 |
//! | `bytes` | `Vec<u8>`, `&[u8]`, `Cow<[u8]>`, `Box<[u8]>` | the same |
//! | `int128`, `int256`, `int512` | [`Int128`], [`Int256`], [`Int512`] or references to them | 16, 32, 64 |
//! | `Vector<t>` | `Vec<T>`, `&[T]`, `Box<[T]>` | id, number of elements, elements |
//! | `vector<t>`, `Int` and so on | [`Bare`] and [`Boxed`] of the above | without, with the id |
//! | `Bool`, `true` | `bool`, `()` | an id; none if bare |
//! | `Object`, `!X` | [`Object`], [`ObjectRef`]; a type of your choice | all that are left |
//!
//! # Bytes from a stranger
//! Reading never panics and is bounded in depth and memory, see [`Limits`]: a vector that claims
//! more elements than fit in the bytes that are left is refused before anything is reserved. A
//! [`ReadError`] tells what was wanted and what was found, at which byte and in which field.
//!
//! # Two ownerships
//! A type may own what it holds (`String`, `Vec`, `Box`) or borrow it (`&'a str`, `&'a [T]`): text
//! and bytes from the input, everything else from an [`Arena`], so that reading allocates
//! nothing per object and dropping costs nothing. Owned types are read by
//! [`TlRead::from_bytes`], borrowed ones by [`TlRead::from_bytes_in`].
//!
//! # Code and tables
//! Generated types are read and written by code of their own or by tables, which one interpreter in
//! this crate reads: `Codec` of `tl-codegen` says which. The traits, bytes and errors are the same;
//! types with tables also know their names at run time, see [`reflect`].
#![no_std]

extern crate alloc;

mod arena;
mod buffer;
mod bytes;
mod error;
mod foreign;
mod function;
mod id;
mod limits;
mod number;
mod object;
mod outline;
mod own;
#[doc(hidden)]
pub mod private;
mod read;
mod reader;
pub mod reflect;
mod repr;
mod scalar;
mod slot;
#[doc(hidden)]
pub mod table;
mod utf8;
mod vector;
mod write;
mod writer;

pub use arena::Arena;
pub use error::{
    Failed, Path, ReadError, ReadErrorKind, ReadResult, Step, WriteError, WriteErrorKind,
};
pub use function::{BorrowedFunction, Function};
pub use id::Identified;
pub use limits::Limits;
pub use object::{Object, ObjectRef};
pub use read::{TlRead, TlReadWith};
pub use reader::Reader;
pub use repr::{Bare, Boxed};
pub use scalar::{Int128, Int256, Int512};
pub use write::{TlWrite, TlWriteWith};
pub use writer::{Flags, Writer};
