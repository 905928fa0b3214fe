//! The traits of types that can be read.

use alloc::vec::Vec;

use crate::private::{Constructor, Filled, Slot};
use crate::{Arena, ReadError, ReadErrorKind, ReadResult, Reader};

/// A type whose values can be read from bytes.
///
/// A TL value has up to two representations: *boxed*, an id and then the fields, and *bare*, the
/// fields alone. [`read`](TlRead::read) takes the one that a value has where it stands alone:
/// boxed for constructors and functions, types of several constructors and vectors, bare for
/// `int`, `string` and the other built-ins.
///
/// Programs call the `from_…` methods; `read` and `read_bare` are for other implementations. Who
/// writes one by hand gives at least `read`; generated code gives the hidden items instead.
///
/// ```
/// use tl_runtime::TlRead;
///
/// let bytes = b"\x02hi\0\x07\0\0\0";
/// let (text, rest) = <&str>::from_prefix(bytes)?;
/// assert_eq!(text, "hi");
/// assert_eq!(i32::from_bytes(rest)?, 7);
///
/// // A value must be all of the bytes.
/// let error = <&str>::from_bytes(bytes).unwrap_err();
/// assert_eq!(error.to_string(), "4 bytes are left after the value, at byte 4");
/// # Ok::<(), tl_runtime::ReadError>(())
/// ```
///
/// The [front page](crate#example) has an implementation by hand.
pub trait TlRead<'a>: Sized {
    /// The smallest number of bytes that [`read`](TlRead::read) takes.
    ///
    /// It bounds how many elements of this type a vector may claim, so it must never be too
    /// large; too small is only wasteful.
    const MIN_SIZE: usize = Self::CONSTRUCTOR.1;

    /// The type keeps parts of itself in an arena.
    const NEEDS_ARENA: bool = false;

    /// Reads a value as it stands alone.
    ///
    /// # Errors
    /// Anything of [`ReadErrorKind`](crate::ReadErrorKind); the reader has it.
    fn read(r: &mut Reader<'a>) -> ReadResult<Self> {
        Self::CONSTRUCTOR.expect_id(r)?;
        Self::read_bare(r)
    }

    /// Reads a value without its id; the same as [`read`](TlRead::read) if the type has no bare
    /// representation of its own.
    ///
    /// # Errors
    /// Anything of [`ReadErrorKind`](crate::ReadErrorKind); the reader has it.
    #[inline]
    fn read_bare(r: &mut Reader<'a>) -> ReadResult<Self> {
        if !Self::CONSTRUCTOR.is_given() {
            return Self::read(r);
        }
        r.enter(Self::CONSTRUCTOR.2)?;
        // Not taken out of its result: it would be moved once more.
        let value = Self::read_fields(r);
        r.leave();
        value
    }

    /// Reads a value as it stands alone to where it is to be: large structs are not moved on their
    /// way up.
    #[doc(hidden)]
    #[inline]
    fn read_into<'s>(r: &mut Reader<'a>, slot: Slot<'s, Self>) -> ReadResult<Filled<'s, Self>> {
        if !Self::CONSTRUCTOR.is_given() {
            return Ok(slot.write(Self::read(r)?));
        }
        Self::CONSTRUCTOR.expect_id(r)?;
        Self::read_bare_into(r, slot)
    }

    /// The same for a value without its id.
    #[doc(hidden)]
    #[inline]
    fn read_bare_into<'s>(
        r: &mut Reader<'a>,
        slot: Slot<'s, Self>,
    ) -> ReadResult<Filled<'s, Self>> {
        if !Self::CONSTRUCTOR.is_given() {
            return Ok(slot.write(Self::read_bare(r)?));
        }
        r.enter(Self::CONSTRUCTOR.2)?;
        // `read_fields` is inlined here, and so the fields are written to the slot itself.
        let filled = match Self::read_fields(r) {
            Ok(value) => Ok(slot.write(value)),
            Err(failed) => Err(failed),
        };
        r.leave();
        filled
    }

    /// The same for a value without its id that is a variant of an enum.
    #[doc(hidden)]
    #[inline]
    fn read_variant_into<'s, E>(
        r: &mut Reader<'a>,
        slot: Slot<'s, E>,
        variant: impl FnOnce(Self) -> E,
    ) -> ReadResult<Filled<'s, E>> {
        if !Self::CONSTRUCTOR.is_given() {
            return Ok(slot.write(variant(Self::read_bare(r)?)));
        }
        r.enter(Self::CONSTRUCTOR.2)?;
        let filled = match Self::read_fields(r) {
            Ok(value) => Ok(slot.write(variant(value))),
            Err(failed) => Err(failed),
        };
        r.leave();
        filled
    }

    /// For generated code: what its constructor is.
    #[doc(hidden)]
    const CONSTRUCTOR: Constructor = Constructor::NONE;

    /// For generated code: reads the fields.
    #[doc(hidden)]
    fn read_fields(r: &mut Reader<'a>) -> ReadResult<Self> {
        Err(r.fail(ReadErrorKind::Invalid(NOT_IMPLEMENTED)))
    }

    /// The value that is all of these bytes.
    ///
    /// # Errors
    /// If they are not exactly one value of this type.
    fn from_bytes(bytes: &'a [u8]) -> Result<Self, ReadError> {
        let mut reader = Reader::new(bytes);
        let value = reader.read_all();
        reader.done();
        value
    }

    /// The value that these bytes start with, and the bytes after it.
    ///
    /// # Errors
    /// If the bytes don't start with a value of this type.
    fn from_prefix(bytes: &'a [u8]) -> Result<(Self, &'a [u8]), ReadError> {
        let mut reader = Reader::new(bytes);
        let value = reader.read()?;
        Ok((value, reader.rest()))
    }

    /// The value that is all of these bytes; what they don't hold themselves is kept in the arena.
    ///
    /// # Errors
    /// If they are not exactly one value of this type.
    fn from_bytes_in(bytes: &'a [u8], arena: &'a Arena) -> Result<Self, ReadError> {
        let mut reader = Reader::new(bytes).with_arena(arena);
        let value = reader.read_all();
        reader.done();
        value
    }

    /// So many values, one after another. A built-in may know a faster way than the provided one.
    #[doc(hidden)]
    fn read_elements(r: &mut Reader<'a>, count: usize) -> ReadResult<Vec<Self>> {
        r.elements(count, Self::read_into)
    }

    /// So many values, one after another, in the arena.
    #[doc(hidden)]
    fn place_elements(r: &mut Reader<'a>, count: usize) -> ReadResult<&'a [Self]>
    where
        Self: Copy,
    {
        r.place_elements(count, Self::read_into)
    }
}

/// A type whose values can only be read by who knows `N` numbers: lengths of repetitions or flags
/// that are not part of the value (`stats {mask:#} count:int views:mask.0?int = Stats mask;`).
///
/// ```
/// use tl_runtime::{ReadError, ReadResult, Reader, TlReadWith};
///
/// /// `stats {mask:#} count:int views:mask.0?int = Stats mask;`
/// #[derive(Debug, PartialEq)]
/// struct Stats {
///     count: i32,
///     views: Option<i32>,
/// }
///
/// impl<'a> TlReadWith<'a, 1> for Stats {
///     const MIN_SIZE: usize = 4;
///
///     fn read_with(r: &mut Reader<'a>, [mask]: [u32; 1]) -> ReadResult<Self> {
///         r.enter_with("stats count views?0.0", &[mask])?;
///         let count = r.int();
///         let views = r.optional(mask & 1);
///         r.leave();
///         Ok(Self { count, views })
///     }
/// }
///
/// let mut reader = Reader::new(b"\x07\0\0\0\x09\0\0\0");
/// let stats = reader.read_with(|r| Stats::read_with(r, [1]))?;
/// assert_eq!(stats, Stats { count: 7, views: Some(9) });
/// # Ok::<(), ReadError>(())
/// ```
pub trait TlReadWith<'a, const N: usize>: Sized {
    /// The smallest number of bytes that a value takes, whatever the numbers.
    const MIN_SIZE: usize = Self::CONSTRUCTOR.1;

    /// Reads a value as it stands alone.
    ///
    /// # Errors
    /// Anything of [`ReadErrorKind`](crate::ReadErrorKind); the reader has it.
    fn read_with(r: &mut Reader<'a>, nats: [u32; N]) -> ReadResult<Self> {
        Self::CONSTRUCTOR.expect_id(r)?;
        Self::read_bare_with(r, nats)
    }

    /// Reads a value without its id.
    ///
    /// # Errors
    /// Anything of [`ReadErrorKind`](crate::ReadErrorKind); the reader has it.
    fn read_bare_with(r: &mut Reader<'a>, nats: [u32; N]) -> ReadResult<Self> {
        if !Self::CONSTRUCTOR.is_given() {
            return Self::read_with(r, nats);
        }
        r.enter_with(Self::CONSTRUCTOR.2, &nats)?;
        let value = Self::read_fields_with(r, nats);
        r.leave();
        value
    }

    /// For generated code: what its constructor is.
    #[doc(hidden)]
    const CONSTRUCTOR: Constructor = Constructor::NONE;

    /// For generated code: reads the fields.
    #[doc(hidden)]
    fn read_fields_with(r: &mut Reader<'a>, nats: [u32; N]) -> ReadResult<Self> {
        let _ = nats;
        Err(r.fail(ReadErrorKind::Invalid(NOT_IMPLEMENTED)))
    }
}

const NOT_IMPLEMENTED: &str = "a type whose reading is not implemented";
