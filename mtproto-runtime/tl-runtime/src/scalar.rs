//! Scalars, `Bool` and `true`.

use alloc::vec::Vec;

use crate::{Identified, ReadResult, Reader, TlRead, TlWrite, Writer, number};

/// `int128`: bytes, as they are on the wire. It is no number: what they mean is said by who uses
/// them, and mostly they are nonces.
///
/// ```
/// use tl_runtime::{Int128, TlRead, TlWrite};
///
/// let nonce: Int128 = [7; 16];
/// assert_eq!(nonce.to_bytes()?, nonce);
/// assert_eq!(Int128::from_bytes(&nonce)?, nonce);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub type Int128 = [u8; 16];

/// `int256`: bytes, as they are on the wire; like [`Int128`].
///
/// ```
/// use tl_runtime::{Int256, TlWrite};
///
/// let key: Int256 = [7; 32];
/// assert_eq!(key.to_bytes()?, key);
/// # Ok::<(), tl_runtime::WriteError>(())
/// ```
pub type Int256 = [u8; 32];

/// `int512`: bytes, as they are on the wire; like [`Int128`].
///
/// ```
/// use tl_runtime::{Int512, TlRead};
///
/// let signature = Int512::from_bytes(&[7; 64])?;
/// assert_eq!(signature, [7; 64]);
/// # Ok::<(), tl_runtime::ReadError>(())
/// ```
pub type Int512 = [u8; 64];

pub(crate) const BOOL_TRUE: u32 = 0x9972_75b5;
pub(crate) const BOOL_FALSE: u32 = 0xbc79_9737;

/// Scalars of four and eight bytes; their vectors are copied as a whole.
macro_rules! scalar {
    ($($ty:ty, $method:ident, $size:literal, $name:literal;)*) => { $(
        impl<'a> TlRead<'a> for $ty {
            const MIN_SIZE: usize = $size;

            #[inline]
            fn read(r: &mut Reader<'a>) -> ReadResult<Self> {
                Ok(r.$method())
            }

            fn read_elements(r: &mut Reader<'a>, count: usize) -> ReadResult<Vec<Self>> {
                r.charge(count, $size)?;
                let bytes = r.take(count * $size, concat!("vector of ", $name))?;
                Ok(number::to_vec(bytes))
            }

            fn place_elements(r: &mut Reader<'a>, count: usize) -> ReadResult<&'a [Self]> {
                r.charge(count, $size)?;
                let bytes = r.take(count * $size, concat!("vector of ", $name))?;
                r.place_numbers(bytes)
            }
        }

        impl TlWrite for $ty {
            #[inline]
            fn write(&self, w: &mut Writer<'_>) {
                w.$method(*self);
            }

            fn write_elements<'w>(values: &[Self], mut w: Writer<'w>) -> Writer<'w> {
                w.numbers(values);
                w
            }
        }
    )* };
}

scalar! {
    i32, int, 4, "int";
    u32, nat, 4, "#";
    i64, long, 8, "long";
    f32, float, 4, "float";
    f64, double, 8, "double";
}

/// Bytes of a fixed number.
macro_rules! fixed {
    ($($ty:ty, $method:ident, $size:literal;)*) => { $(
        impl<'a> TlRead<'a> for $ty {
            const MIN_SIZE: usize = $size;

            #[inline]
            fn read(r: &mut Reader<'a>) -> ReadResult<Self> {
                Ok(r.$method())
            }
        }

        impl TlWrite for $ty {
            #[inline]
            fn write(&self, w: &mut Writer<'_>) {
                w.raw(self);
            }
        }
    )* };
}

fixed! {
    Int128, int128, 16;
    Int256, int256, 32;
    Int512, int512, 64;
}

/// `Bool`
impl<'a> TlRead<'a> for bool {
    const MIN_SIZE: usize = 4;

    #[inline]
    fn read(r: &mut Reader<'a>) -> ReadResult<Self> {
        Ok(r.bool())
    }
}

/// `Bool`
impl TlWrite for bool {
    #[inline]
    fn write(&self, w: &mut Writer<'_>) {
        w.bool(*self);
    }
}

/// `True`; bare, as `true`, it takes no bytes.
impl<'a> TlRead<'a> for () {
    const MIN_SIZE: usize = 4;

    fn read(r: &mut Reader<'a>) -> ReadResult<Self> {
        r.boxed()
    }

    fn read_bare(_: &mut Reader<'a>) -> ReadResult<Self> {
        Ok(())
    }
}

/// `True`; bare, as `true`, it takes no bytes.
impl TlWrite for () {
    #[inline]
    fn write(&self, w: &mut Writer<'_>) {
        w.id(Self::ID);
    }

    #[inline]
    fn write_bare(&self, _: &mut Writer<'_>) {}
}

macro_rules! identified {
    ($($ty:ty, $id:literal, $name:literal;)*) => { $(
        impl Identified for $ty {
            const ID: u32 = $id;
            const NAME: &'static str = $name;
        }
    )* };
}

identified! {
    i32, 0xa850_9bda, "int";
    i64, 0x2207_6cba, "long";
    f32, 0x824d_ab22, "float";
    f64, 0x2210_c154, "double";
    Int128, 0x84cc_f7b7, "int128";
    Int256, 0x7bed_eb5b, "int256";
    Int512, 0x6ff8_2434, "int512";
    (), 0x3fed_d339, "true";
}
