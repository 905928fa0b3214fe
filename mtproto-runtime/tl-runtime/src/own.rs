//! From borrowed to owned: what `to_owned` of generated types is made of.

use crate::{Bare, Boxed, Object, ObjectRef};

/// A value that may borrow, and the type that owns all of it.
pub trait Own: Copy {
    /// The type that owns all of it.
    type Owned;

    /// The same value, owned.
    fn own(self) -> Self::Owned;
}

/// The same value, owned.
#[inline]
pub fn own<T: Own>(value: T) -> T::Owned {
    value.own()
}

macro_rules! own_already {
    ($($ty:ty),*) => { $(
        impl Own for $ty {
            type Owned = Self;

            #[inline]
            fn own(self) -> Self {
                self
            }
        }
    )* };
}

own_already!(i32, u32, i64, f32, f64, bool, ());

/// Bytes of a fixed number.
impl<const N: usize> Own for [u8; N] {
    type Owned = Self;

    #[inline]
    fn own(self) -> Self {
        self
    }
}

impl<T: Own, const N: usize> Own for [T; N] {
    type Owned = [T::Owned; N];

    fn own(self) -> Self::Owned {
        self.map(own)
    }
}

impl<T: Own> Own for Option<T> {
    type Owned = Option<T::Owned>;

    #[inline]
    fn own(self) -> Self::Owned {
        self.map(own)
    }
}

impl<T: Own> Own for Bare<T> {
    type Owned = Bare<T::Owned>;

    fn own(self) -> Self::Owned {
        Bare(self.0.own())
    }
}

impl<T: Own> Own for Boxed<T> {
    type Owned = Boxed<T::Owned>;

    fn own(self) -> Self::Owned {
        Boxed(self.0.own())
    }
}

impl Own for ObjectRef<'_> {
    type Owned = Object;

    fn own(self) -> Object {
        self.to_owned()
    }
}
