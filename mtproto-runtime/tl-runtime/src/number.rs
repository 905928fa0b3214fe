//! Numbers that are in memory as they are on the wire, so that vectors of them are copied at once.
#![allow(unsafe_code)]

use alloc::vec::Vec;
use core::mem::{MaybeUninit, size_of};
use core::ptr::copy_nonoverlapping;
use core::slice;

/// A number.
///
/// # Safety
/// Every byte of a value is part of it (no padding), and every pattern of bytes is a value.
pub(crate) unsafe trait Number: Copy {
    /// The same with its bytes in the order of the wire, or back from it.
    fn swapped(self) -> Self;
}

macro_rules! number {
    ($($ty:ty;)*) => { $(
        // SAFETY: integers and floating point numbers are such.
        unsafe impl Number for $ty {
            #[inline]
            fn swapped(self) -> Self {
                <$ty>::from_le_bytes(self.to_ne_bytes())
            }
        }
    )* };
}

number! {
    i32;
    u32;
    i64;
    f32;
    f64;
}

/// The bytes of numbers, in the order of this machine.
pub(crate) fn as_bytes<T: Number>(numbers: &[T]) -> &[u8] {
    // SAFETY: they are as many bytes, all of them initialised.
    unsafe { slice::from_raw_parts(numbers.as_ptr().cast(), size_of_val(numbers)) }
}

/// As many numbers as the slots take, of bytes from the wire.
///
/// # Panics
/// If the bytes are not as many as the slots take.
pub(crate) fn fill<'s, T: Number>(slots: &'s mut [MaybeUninit<T>], bytes: &[u8]) -> &'s mut [T] {
    assert!(bytes.len() == size_of_val(slots));
    // SAFETY: there is room for that many bytes, which can't overlap what is borrowed uniquely; then
    // all numbers are initialised.
    let numbers = unsafe {
        copy_nonoverlapping(bytes.as_ptr(), slots.as_mut_ptr().cast::<u8>(), bytes.len());
        slice::from_raw_parts_mut(slots.as_mut_ptr().cast::<T>(), slots.len())
    };
    if cfg!(target_endian = "big") {
        for number in &mut *numbers {
            *number = number.swapped();
        }
    }
    numbers
}

/// The numbers in bytes from the wire; what is left over is left out.
pub(crate) fn to_vec<T: Number>(bytes: &[u8]) -> Vec<T> {
    let count = bytes.len() / size_of::<T>();
    let mut numbers = Vec::with_capacity(count);
    let filled = fill(
        &mut numbers.spare_capacity_mut()[..count],
        &bytes[..count * size_of::<T>()],
    )
    .len();
    // SAFETY: so many have been filled.
    unsafe { numbers.set_len(filled) };
    numbers
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_and_back() {
        let bytes: Vec<u8> = (1..=255).collect();
        for len in [0, 1, 8, 9, 16, 255] {
            let longs = to_vec::<i64>(&bytes[..len]);
            let expected = bytes[..len].as_chunks().0.iter();
            assert!(
                longs
                    .iter()
                    .copied()
                    .eq(expected.map(|&chunk| i64::from_le_bytes(chunk)))
            );
            let swapped: Vec<i64> = longs.iter().map(|long| long.swapped()).collect();
            assert_eq!(as_bytes(&swapped), &bytes[..len / 8 * 8]);
            let doubles = to_vec::<f64>(&bytes[..len]);
            assert_eq!(doubles.len(), len / 8);
            let ints = to_vec::<i32>(&bytes[..len]);
            assert_eq!(ints.len(), len / 4);
        }
    }

    #[test]
    #[should_panic(expected = "bytes.len()")]
    fn too_few_bytes() {
        fill(&mut [MaybeUninit::<i32>::uninit(); 2], &[0; 7]);
    }
}
