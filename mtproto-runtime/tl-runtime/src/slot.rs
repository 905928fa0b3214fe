//! Places that values are read to, so that large ones are not moved on their way up: into a box, the
//! next element of a vector, or an arena.
//!
//! # Why this is sound
//! Whoever is given a [`Slot`] can prove that there is a value in it by a [`Filled`] alone, which
//! [`Slot::write`] alone makes. Both have the lifetime `'s`, which can't be made longer or shorter,
//! and functions that fill are given slots of any lifetime: so what they return is of the very
//! slot that they were given. Memory is taken for values only after that. If a function fails or
//! panics, its slot is memory without a value, which nobody looks at.
#![allow(unsafe_code)]

use alloc::boxed::Box;
use alloc::vec::Vec;
use core::marker::PhantomData;
use core::mem::MaybeUninit;

use crate::{Arena, ReadResult};

/// Neither longer nor shorter.
type Brand<'s> = PhantomData<fn(&'s ()) -> &'s ()>;

/// Room for a value.
#[derive(Debug)]
pub struct Slot<'s, T>(&'s mut MaybeUninit<T>, Brand<'s>);

/// The proof that the slot of the same lifetime has a value.
#[derive(Debug)]
pub struct Filled<'s, T>(PhantomData<T>, Brand<'s>);

impl<'s, T> Slot<'s, T> {
    fn new(room: &'s mut MaybeUninit<T>) -> Self {
        Self(room, PhantomData)
    }

    /// Puts the value there.
    #[inline]
    #[must_use]
    pub fn write(self, value: T) -> Filled<'s, T> {
        self.0.write(value);
        Filled(PhantomData, PhantomData)
    }
}

/// A value that is not to be anywhere yet.
#[inline]
pub(crate) fn value<T>(
    fill: impl for<'s> FnOnce(Slot<'s, T>) -> ReadResult<Filled<'s, T>>,
) -> ReadResult<T> {
    let mut room = MaybeUninit::uninit();
    fill(Slot::new(&mut room))?;
    // SAFETY: it is filled.
    Ok(unsafe { room.assume_init() })
}

/// A value on the heap.
#[inline]
pub(crate) fn boxed<T>(
    fill: impl for<'s> FnOnce(Slot<'s, T>) -> ReadResult<Filled<'s, T>>,
) -> ReadResult<Box<T>> {
    let mut room = Box::new_uninit();
    fill(Slot::new(&mut room))?;
    // SAFETY: it is filled.
    Ok(unsafe { room.assume_init() })
}

/// So many values; the memory for them is taken at once.
#[inline]
pub(crate) fn vec<T>(
    count: usize,
    mut fill: impl for<'s> FnMut(Slot<'s, T>) -> ReadResult<Filled<'s, T>>,
) -> ReadResult<Vec<T>> {
    let mut values = Vec::with_capacity(count);
    for len in 0..count {
        // The vector has `len` values, and room for more.
        if let Some(room) = values.spare_capacity_mut().first_mut() {
            fill(Slot::new(room))?;
            // SAFETY: there is room for one more, and it is filled.
            unsafe { values.set_len(len + 1) };
        }
    }
    Ok(values)
}

/// A value in an arena.
#[inline]
pub(crate) fn placed<'a, T: Copy>(
    arena: &'a Arena,
    fill: impl for<'s> FnOnce(Slot<'s, T>) -> ReadResult<Filled<'s, T>>,
) -> ReadResult<&'a T> {
    let room = arena.reserve();
    fill(Slot::new(room))?;
    // SAFETY: it is filled.
    Ok(unsafe { room.assume_init_ref() })
}

/// So many values in an arena.
#[inline]
pub(crate) fn placed_slice<'a, T: Copy>(
    arena: &'a Arena,
    count: usize,
    mut fill: impl for<'s> FnMut(Slot<'s, T>) -> ReadResult<Filled<'s, T>>,
) -> ReadResult<&'a [T]> {
    let room = arena.room::<T>(count);
    for room in &mut *room {
        fill(Slot::new(room))?;
    }
    // SAFETY: all are filled, and MaybeUninit<T> is laid out like T.
    Ok(unsafe { &*(core::ptr::from_ref(room) as *const [T]) })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Failed;
    use alloc::string::{String, ToString};

    #[test]
    fn all_of_them() {
        let text = boxed(|slot| Ok(slot.write("text".to_string())));
        assert_eq!(*text.unwrap(), "text");
        assert_eq!(
            value(|slot| Ok(slot.write("text".to_string()))).as_deref(),
            Ok("text")
        );
        let mut number = 0;
        let numbers = vec(3, |slot| {
            number += 1;
            Ok(slot.write(number.to_string()))
        });
        assert_eq!(numbers.unwrap(), ["1", "2", "3"]);
        let nothing = vec(2, |slot| Ok(slot.write(())));
        assert_eq!(nothing.unwrap(), [(), ()]);
        let arena = Arena::new();
        assert_eq!(placed(&arena, |slot| Ok(slot.write(7))), Ok(&7));
        let slice = placed_slice(&arena, 3, |slot| Ok(slot.write(9)));
        assert_eq!(slice, Ok(&[9, 9, 9][..]));
    }

    #[test]
    fn nothing_comes_of_a_failure() {
        assert_eq!(boxed::<String>(|_| Err(Failed(()))), Err(Failed(())));
        assert_eq!(value::<String>(|_| Err(Failed(()))), Err(Failed(())));
        let mut left = 2;
        let strings = vec(3, |slot| {
            left -= 1;
            match left {
                0 => Err(Failed(())),
                _ => Ok(slot.write("dropped".to_string())),
            }
        });
        assert_eq!(strings, Err(Failed(())));
        let arena = Arena::new();
        assert_eq!(
            placed_slice::<i32>(&arena, 2, |_| Err(Failed(()))),
            Err(Failed(()))
        );
    }
}
