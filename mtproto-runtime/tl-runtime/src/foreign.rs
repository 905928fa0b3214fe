//! Types that generated code does without and hand-written types like: `u64` for `long`,
//! references to bytes of a fixed number, `Cow`, boxed slices, `Arc`.

use alloc::borrow::{Cow, ToOwned};
use alloc::boxed::Box;
use alloc::sync::Arc;
use alloc::vec::Vec;

use crate::{Identified, Int128, Int256, Int512, ReadResult, Reader, TlRead, TlWrite, Writer};

/// `long`, its 64 bits taken as unsigned: for hashes, bit sets and identifiers.
impl<'a> TlRead<'a> for u64 {
    const MIN_SIZE: usize = 8;

    #[inline]
    fn read(r: &mut Reader<'a>) -> ReadResult<Self> {
        Ok(r.long().cast_unsigned())
    }

    fn read_elements(r: &mut Reader<'a>, count: usize) -> ReadResult<Vec<Self>> {
        let values = i64::read_elements(r, count)?;
        Ok(values.into_iter().map(i64::cast_unsigned).collect())
    }
}

/// `long`
impl TlWrite for u64 {
    #[inline]
    fn write(&self, w: &mut Writer<'_>) {
        w.long(self.cast_signed());
    }
}

impl Identified for u64 {
    const ID: u32 = <i64 as Identified>::ID;
    const NAME: &'static str = <i64 as Identified>::NAME;
}

/// References to bytes of a fixed number, in the input.
macro_rules! in_input {
    ($($ty:ty, $size:literal, $name:literal;)*) => { $(
        #[doc = concat!("`", $name, "`, in the input.")]
        impl<'a> TlRead<'a> for &'a $ty {
            const MIN_SIZE: usize = $size;

            fn read(r: &mut Reader<'a>) -> ReadResult<Self> {
                let bytes = r.take($size, $name)?;
                match bytes.first_chunk() {
                    Some(chunk) => Ok(chunk),
                    None => Err(r.fail_at_end($name, $size)),
                }
            }
        }
    )* };
}

in_input! {
    Int128, 16, "int128";
    Int256, 32, "int256";
    Int512, 64, "int512";
}

/// `string`; reading borrows.
impl<'a> TlRead<'a> for Cow<'a, str> {
    const MIN_SIZE: usize = 4;

    fn read(r: &mut Reader<'a>) -> ReadResult<Self> {
        Ok(Cow::Borrowed(r.str()))
    }
}

/// `bytes`; reading borrows.
impl<'a> TlRead<'a> for Cow<'a, [u8]> {
    const MIN_SIZE: usize = 4;

    fn read(r: &mut Reader<'a>) -> ReadResult<Self> {
        Ok(Cow::Borrowed(r.bytes()))
    }
}

/// As the value in it.
impl<T: TlWrite + ToOwned + ?Sized> TlWrite for Cow<'_, T> {
    fn write(&self, w: &mut Writer<'_>) {
        (**self).write(w);
    }

    fn write_bare(&self, w: &mut Writer<'_>) {
        (**self).write_bare(w);
    }
}

/// `string`
impl<'a> TlRead<'a> for Box<str> {
    const MIN_SIZE: usize = 4;

    fn read(r: &mut Reader<'a>) -> ReadResult<Self> {
        Ok(r.str().into())
    }
}

/// `bytes`
impl<'a> TlRead<'a> for Box<[u8]> {
    const MIN_SIZE: usize = 4;

    fn read(r: &mut Reader<'a>) -> ReadResult<Self> {
        Ok(r.bytes().into())
    }
}

/// `Vector<T>`; bare, `vector<T>`.
impl<'a, T: TlRead<'a>> TlRead<'a> for Box<[T]> {
    const MIN_SIZE: usize = 8;
    const NEEDS_ARENA: bool = T::NEEDS_ARENA;

    fn read(r: &mut Reader<'a>) -> ReadResult<Self> {
        Vec::read(r).map(Vec::into_boxed_slice)
    }

    fn read_bare(r: &mut Reader<'a>) -> ReadResult<Self> {
        Vec::read_bare(r).map(Vec::into_boxed_slice)
    }
}

/// As the value in it.
impl<'a, T: TlRead<'a>> TlRead<'a> for Arc<T> {
    const MIN_SIZE: usize = T::MIN_SIZE;
    const NEEDS_ARENA: bool = T::NEEDS_ARENA;

    fn read(r: &mut Reader<'a>) -> ReadResult<Self> {
        r.charge(1, size_of::<T>())?;
        T::read(r).map(Arc::new)
    }

    fn read_bare(r: &mut Reader<'a>) -> ReadResult<Self> {
        r.charge(1, size_of::<T>())?;
        T::read_bare(r).map(Arc::new)
    }
}

/// As the value in it.
impl<T: TlWrite + ?Sized> TlWrite for Arc<T> {
    fn write(&self, w: &mut Writer<'_>) {
        (**self).write(w);
    }

    fn write_bare(&self, w: &mut Writer<'_>) {
        (**self).write_bare(w);
    }
}

impl<T: Identified> Identified for Arc<T> {
    const ID: u32 = T::ID;
    const NAME: &'static str = T::NAME;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unsigned_longs() {
        let bytes = [0xff; 8];
        assert_eq!(u64::from_bytes(&bytes).unwrap(), u64::MAX);
        assert_eq!(u64::MAX.to_bytes().unwrap(), bytes);
        let many = alloc::vec![1_u64, u64::MAX];
        let bytes = many.to_bytes().unwrap();
        assert_eq!(bytes, alloc::vec![1_i64, -1].to_bytes().unwrap());
        assert_eq!(Vec::<u64>::from_bytes(&bytes).unwrap(), many);
    }

    #[test]
    fn fixed_bytes_stay_in_the_input() {
        let bytes = [9; 32];
        let key = <&Int256>::from_bytes(&bytes).unwrap();
        assert!(core::ptr::eq(key, &raw const bytes));
        assert_eq!(key.to_bytes().unwrap(), bytes);
        let error = <&Int256>::from_bytes(&bytes[..31]).unwrap_err();
        assert_eq!(
            error,
            Int256::from_bytes(&bytes[..31]).unwrap_err(),
            "the same error as the owned form"
        );
    }

    #[test]
    fn other_homes_of_the_same_values() {
        fn same<'a, T: TlRead<'a> + TlWrite>(bytes: &'a [u8]) {
            assert_eq!(T::from_bytes(bytes).unwrap().to_bytes().unwrap(), bytes);
        }
        let text = "text".to_bytes().unwrap();
        same::<Cow<'_, str>>(&text);
        same::<Box<str>>(&text);
        same::<Cow<'_, [u8]>>(&text);
        same::<Box<[u8]>>(&text);
        assert!(matches!(
            Cow::<str>::from_bytes(&text).unwrap(),
            Cow::Borrowed("text")
        ));
        let list = alloc::vec![1_i32, 2].to_bytes().unwrap();
        same::<Box<[i32]>>(&list);
        same::<Arc<Vec<i32>>>(&list);
        let bare = Box::<[i32]>::read_bare;
        assert_eq!(*Reader::new(&list[4..]).read_with(bare).unwrap(), [1, 2]);
        let bare = Arc::<Vec<i32>>::read_bare;
        assert_eq!(*Reader::new(&list[4..]).read_with(bare).unwrap(), [1, 2]);
        let arc = crate::Bare(Arc::new(alloc::vec![1_i32, 2]));
        let bytes = arc.to_bytes().unwrap();
        assert_eq!(bytes, list[4..]);
    }
}
