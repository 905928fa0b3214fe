//! The traits of types that can be written.

use alloc::vec::Vec;

use crate::{WriteError, WriteErrorKind, Writer, buffer};

/// A type whose values can be written as bytes.
///
/// [`write`](TlWrite::write) and [`write_bare`](TlWrite::write_bare) take the same representations
/// as the methods of [`TlRead`](crate::TlRead). They don't return errors: the writer keeps the
/// first one, and whoever made the writer gets it in the end. Who writes an implementation by hand
/// gives at least `write`; generated code gives the hidden items instead.
///
/// ```
/// use tl_runtime::TlWrite;
///
/// let mut bytes = "hi".to_bytes()?;
/// 7_i32.write_to(&mut bytes)?;
/// assert_eq!(bytes, b"\x02hi\0\x07\0\0\0");
/// assert_eq!("hello".size(), 8);
/// # Ok::<(), tl_runtime::WriteError>(())
/// ```
///
/// The [front page](crate#example) has an implementation by hand.
pub trait TlWrite {
    /// Writes a value as it stands alone.
    fn write(&self, w: &mut Writer<'_>) {
        match Self::CONSTRUCTOR_ID.is_some() || Self::BY_VALUE {
            true => w.lend(|w| self.write_on(w)),
            false => w.fail(WriteErrorKind::Invalid(NOT_IMPLEMENTED)),
        }
    }

    /// Writes a value without its id.
    #[inline]
    fn write_bare(&self, w: &mut Writer<'_>) {
        match Self::CONSTRUCTOR_ID.is_some() || Self::BY_VALUE {
            true => w.lend(|w| self.write_bare_on(w)),
            false => self.write(w),
        }
    }

    /// For generated code: the id that [`write`](TlWrite::write) writes, before what `write_bare_on` writes.
    #[doc(hidden)]
    const CONSTRUCTOR_ID: Option<u32> = None;

    /// For generated code: `write_on` is implemented.
    #[doc(hidden)]
    const BY_VALUE: bool = false;

    /// As [`write`](TlWrite::write), with the writer by value.
    #[doc(hidden)]
    fn write_on<'w>(&self, mut w: Writer<'w>) -> Writer<'w> {
        match Self::CONSTRUCTOR_ID {
            Some(id) => {
                w.id(id);
                self.write_bare_on(w)
            }
            None => {
                self.write(&mut w);
                w
            }
        }
    }

    /// As [`write_bare`](TlWrite::write_bare), with the writer by value.
    #[doc(hidden)]
    #[inline]
    fn write_bare_on<'w>(&self, mut w: Writer<'w>) -> Writer<'w> {
        match Self::BY_VALUE {
            true => self.write_on(w),
            false => {
                self.write_bare(&mut w);
                w
            }
        }
    }

    /// The number of bytes that the value takes, or would take if it could be written.
    fn size(&self) -> usize {
        buffer::count(|buffer| self.write_on(Writer::new(buffer)).into_buffer())
    }

    /// The value as bytes.
    ///
    /// Up to 512 bytes are collected on the stack, so that the vector is allocated once and has the right
    /// size. For more it grows a few times, which is quicker than to count first. Who wants one allocation
    /// of the exact size, whatever the time, counts:
    ///
    /// ```
    /// use tl_runtime::TlWrite;
    ///
    /// let value = vec!["one".to_owned(), "two".to_owned()];
    /// let mut bytes = Vec::with_capacity(value.size());
    /// value.write_to(&mut bytes)?;
    /// assert_eq!(bytes, value.to_bytes()?);
    /// # Ok::<(), tl_runtime::WriteError>(())
    /// ```
    ///
    /// # Errors
    /// If the value is not one that the schema can say.
    fn to_bytes(&self) -> Result<Vec<u8>, WriteError> {
        buffer::collect(|buffer| self.write_on(Writer::new(buffer)).into_buffer())
    }

    /// Appends the value to some bytes.
    ///
    /// # Errors
    /// If the value is not one that the schema can say; nothing is appended then.
    fn write_to(&self, bytes: &mut Vec<u8>) -> Result<(), WriteError> {
        buffer::append(bytes, |buffer| {
            self.write_on(Writer::new(buffer)).into_buffer()
        })
    }

    /// Writes values one after another. A built-in may know a faster way than the provided one.
    #[doc(hidden)]
    fn write_elements<'w>(values: &[Self], w: Writer<'w>) -> Writer<'w>
    where
        Self: Sized,
    {
        w.put_repeat_with(values, Self::write_on)
    }
}

/// A type whose values can only be written by who knows `N` numbers; see
/// [`TlReadWith`](crate::TlReadWith).
///
/// A value that does not fit the numbers is a
/// [`NatMismatch`](crate::WriteErrorKind::NatMismatch).
///
/// ```
/// use tl_runtime::{TlWrite, TlWriteWith, WriteErrorKind, Writer};
///
/// /// `row {width:#} cells:width*[ int ] = Row width;`
/// struct Row(Vec<i32>);
///
/// impl TlWriteWith<1> for Row {
///     fn write_with(&self, w: &mut Writer<'_>, [width]: [u32; 1]) {
///         if self.0.len() != width as usize {
///             w.fail(WriteErrorKind::NatMismatch { constructor: "row", field: "cells" });
///         }
///         self.0.iter().for_each(|&cell| w.int(cell));
///     }
/// }
///
/// /// `table width:# first:%(Row width) = Table;`
/// struct Table {
///     width: u32,
///     first: Row,
/// }
///
/// impl TlWrite for Table {
///     fn write(&self, w: &mut Writer<'_>) {
///         w.nat(self.width);
///         self.first.write_bare_with(w, [self.width]);
///     }
/// }
///
/// let table = Table { width: 1, first: Row(vec![7]) };
/// assert_eq!(table.to_bytes()?, [1, 0, 0, 0, 7, 0, 0, 0]);
/// let error = Table { width: 2, ..table }.to_bytes().unwrap_err();
/// assert_eq!(error.to_string(), "row.cells is not what the number that governs it says");
/// # Ok::<(), tl_runtime::WriteError>(())
/// ```
pub trait TlWriteWith<const N: usize> {
    /// Writes a value as it stands alone.
    fn write_with(&self, w: &mut Writer<'_>, nats: [u32; N]) {
        match Self::CONSTRUCTOR_ID.is_some() || Self::BY_VALUE {
            true => w.lend(|w| self.write_with_on(w, nats)),
            false => w.fail(WriteErrorKind::Invalid(NOT_IMPLEMENTED)),
        }
    }

    /// Writes a value without its id.
    fn write_bare_with(&self, w: &mut Writer<'_>, nats: [u32; N]) {
        match Self::CONSTRUCTOR_ID.is_some() || Self::BY_VALUE {
            true => w.lend(|w| self.write_bare_with_on(w, nats)),
            false => self.write_with(w, nats),
        }
    }

    /// For generated code: the id that [`write_with`](TlWriteWith::write_with) writes, before what
    /// `write_bare_with_on` writes.
    #[doc(hidden)]
    const CONSTRUCTOR_ID: Option<u32> = None;

    /// For generated code: `write_with_on` is implemented.
    #[doc(hidden)]
    const BY_VALUE: bool = false;

    /// As [`write_with`](TlWriteWith::write_with), with the writer by value.
    #[doc(hidden)]
    fn write_with_on<'w>(&self, mut w: Writer<'w>, nats: [u32; N]) -> Writer<'w> {
        match Self::CONSTRUCTOR_ID {
            Some(id) => {
                w.id(id);
                self.write_bare_with_on(w, nats)
            }
            None => {
                self.write_with(&mut w, nats);
                w
            }
        }
    }

    /// As [`write_bare_with`](TlWriteWith::write_bare_with), with the writer by value.
    #[doc(hidden)]
    fn write_bare_with_on<'w>(&self, mut w: Writer<'w>, nats: [u32; N]) -> Writer<'w> {
        match Self::BY_VALUE {
            true => self.write_with_on(w, nats),
            false => {
                self.write_bare_with(&mut w, nats);
                w
            }
        }
    }
}

const NOT_IMPLEMENTED: &str = "a type whose writing is not implemented";
