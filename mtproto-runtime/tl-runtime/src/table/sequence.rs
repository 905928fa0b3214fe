//! Where a `Vec` and a slice keep their elements, their length and their capacity.
//!
//! Rust promises nothing of it, so that each type is asked when generated code is compiled: three words
//! of different numbers are taken for a `Vec`, and what it says of itself tells which word is which. A vector
//! of another size, or one whose length, capacity or pointer to its elements is none of the words, fails the
//! build. Assumed is that its methods read one word each. Functions that make and take apart
//! vectors of each type would do the same, and be most of what a generated file is as machine code.
#![allow(unsafe_code)]

use alloc::vec::Vec;
use core::mem::{MaybeUninit, align_of, size_of};
use core::ptr;

use super::layout::to_u8;
use super::rows::Layout;

/// `Vec<T>` or `&[T]`.
#[derive(Clone, Copy)]
pub struct SequenceOps {
    /// Of the sequence.
    pub(super) layout: Layout,
    /// Of an element.
    pub(super) element: Layout,
    words: Words,
}

/// Which word of a sequence is what.
#[derive(Clone, Copy)]
struct Words {
    start: u8,
    len: u8,
    /// Of elements of no size it is 0.
    capacity: Option<u8>,
}

impl SequenceOps {
    /// Those of vectors of a type.
    #[must_use]
    pub const fn owned<T>() -> &'static Self {
        trait Of {
            const OPS: SequenceOps;
        }
        impl<T> Of for T {
            const OPS: SequenceOps = SequenceOps {
                layout: Layout::of::<Vec<T>>(),
                element: Layout::of::<T>(),
                words: Words::of_vec::<T>(),
            };
        }
        &<T as Of>::OPS
    }

    /// Those of slices of a type.
    #[must_use]
    pub const fn borrowed<T: 'static>() -> &'static Self {
        trait Of {
            const OPS: SequenceOps;
        }
        impl<T: 'static> Of for T {
            const OPS: SequenceOps = SequenceOps {
                layout: Layout::of::<&'static [T]>(),
                element: Layout::of::<T>(),
                words: Words::of_slice::<T>(),
            };
        }
        &<T as Of>::OPS
    }

    /// Makes a sequence of so many elements.
    ///
    /// # Safety
    /// `sequence` has room for one of the type that these are of. `elements` leads to `len` elements;
    /// their memory is as large as that and lives as long as the sequence or, for a `Vec`, is of the
    /// global allocator (dangling if it is nothing).
    #[inline]
    pub(super) unsafe fn make(&self, sequence: *mut u8, elements: *mut u8, len: usize) {
        let Words {
            start,
            len: at,
            capacity,
        } = self.words;
        let words = sequence.cast::<usize>();
        // SAFETY: these words are all that a sequence is made of, and what they hold is what it would
        // have there.
        unsafe {
            sequence
                .cast::<*mut u8>()
                .add(usize::from(start))
                .write(elements);
            words.add(usize::from(at)).write(len);
            if let Some(capacity) = capacity {
                let number = if self.element.size == 0 { 0 } else { len };
                words.add(usize::from(capacity)).write(number);
            }
        }
    }

    /// Where the elements are, and how many.
    ///
    /// # Safety
    /// `sequence` is one of the type that these are of.
    #[inline]
    pub(super) unsafe fn elements(&self, sequence: *const u8) -> (*const u8, usize) {
        // SAFETY: these are words of it.
        unsafe {
            let elements = sequence
                .cast::<*const u8>()
                .add(usize::from(self.words.start));
            let len = sequence.cast::<usize>().add(usize::from(self.words.len));
            (elements.read(), len.read())
        }
    }

    /// How many elements the memory has room for.
    ///
    /// # Safety
    /// `sequence` is one of the type that these are of.
    #[inline]
    pub(super) unsafe fn capacity(&self, sequence: *const u8) -> usize {
        let word = usize::from(self.words.capacity.unwrap_or(self.words.len));
        // SAFETY: this is a word of it.
        unsafe { sequence.cast::<usize>().add(word).read() }
    }
}

impl Words {
    const fn of_vec<T>() -> Self {
        assert!(size_of::<Vec<T>>() == size_of::<[usize; 3]>());
        assert!(align_of::<Vec<T>>() == align_of::<usize>());
        let words: [usize; 3] = [8, 16, 24];
        let mut probe = MaybeUninit::<Vec<T>>::uninit();
        // SAFETY: it is as large as three words. What is called looks at one word each, of which these
        // numbers are possible values. No such vector is: nothing but its length, its capacity and its
        // pointer is asked for, and the compiler would not notice what else were looked at.
        let vec = unsafe {
            probe.as_mut_ptr().cast::<[usize; 3]>().write(words);
            &*probe.as_ptr()
        };
        let len = word(&words, vec.len());
        let start = word(&words, address(vec.as_ptr()));
        let capacity = if size_of::<T>() == 0 {
            let empty = MaybeUninit::<Vec<T>>::new(Vec::new());
            let capacity = 3 - start - len;
            // SAFETY: the word is in it, and no pointer.
            assert!(unsafe { empty.as_ptr().cast::<usize>().add(capacity).read() } == 0);
            capacity
        } else {
            word(&words, vec.capacity())
        };
        assert!(start != len && start != capacity && len != capacity);
        Self {
            start: to_u8(start),
            len: to_u8(len),
            capacity: Some(to_u8(capacity)),
        }
    }

    const fn of_slice<T>() -> Self {
        assert!(size_of::<&[T]>() == size_of::<[usize; 2]>());
        assert!(align_of::<&[T]>() == align_of::<usize>());
        let words: [usize; 2] = [8, 16];
        let mut probe = MaybeUninit::<*const [T]>::uninit();
        // SAFETY: it is as large as two words, and a pointer may lead anywhere. A reference is the same
        // in memory.
        let slice = unsafe {
            probe.as_mut_ptr().cast::<[usize; 2]>().write(words);
            probe.assume_init()
        };
        let len = word(&words, slice.len());
        let start = word(&words, address(slice.cast::<T>()));
        assert!(start != len);
        Self {
            start: to_u8(start),
            len: to_u8(len),
            capacity: None,
        }
    }
}

/// Which word is that number.
#[allow(clippy::panic, reason = "fails the build")]
const fn word<const N: usize>(words: &[usize; N], number: usize) -> usize {
    let mut at = 0;
    while at < N {
        if words[at] == number {
            return at;
        }
        at += 1;
    }
    panic!("a sequence that is not made of words");
}

/// Of a pointer that was made of a number, the number.
const fn address<T>(pointer: *const T) -> usize {
    // SAFETY: a pointer is a word; that it leads nowhere is known to the compiler.
    unsafe { ptr::from_ref(&pointer).cast::<usize>().read() }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test")]
mod tests {
    use alloc::string::String;
    use alloc::vec;

    use super::*;

    fn takes_apart<T: Clone + PartialEq + core::fmt::Debug>(mut vec: Vec<T>) {
        vec.reserve(3);
        let ops = SequenceOps::owned::<T>();
        let place = ptr::from_ref(&vec).cast::<u8>();
        // SAFETY: it is a vector of the type.
        let ((elements, len), capacity) = unsafe { (ops.elements(place), ops.capacity(place)) };
        assert_eq!(elements.cast(), vec.as_ptr());
        assert_eq!(len, vec.len());
        let of_no_size = size_of::<T>() == 0;
        assert_eq!(capacity, if of_no_size { 0 } else { vec.capacity() });
    }

    fn makes<T: Clone + PartialEq + core::fmt::Debug>(vec: Vec<T>) {
        let copy = vec.clone();
        let mut exact = core::mem::ManuallyDrop::new(vec);
        exact.shrink_to_fit();
        let ops = SequenceOps::owned::<T>();
        let mut made = MaybeUninit::<Vec<T>>::uninit();
        // SAFETY: elements and memory of another vector, which is forgotten.
        let mut made = unsafe {
            ops.make(
                made.as_mut_ptr().cast(),
                exact.as_mut_ptr().cast(),
                exact.len(),
            );
            made.assume_init()
        };
        assert_eq!(made, copy);
        assert_eq!(made.capacity(), exact.capacity());
        made.extend(copy);
    }

    #[test]
    fn vectors() {
        #[derive(Clone, Debug, PartialEq)]
        #[repr(align(64))]
        struct Wide(u8);
        takes_apart(vec![1_u8, 2, 3]);
        takes_apart(Vec::<u64>::new());
        takes_apart(vec![(); 5]);
        takes_apart(vec![String::from("a"), String::new()]);
        takes_apart(vec![Wide(1)]);
        makes(vec![1_u8, 2, 3]);
        makes(Vec::<u64>::new());
        makes(vec![(); 5]);
        makes(vec![String::from("a"), String::new()]);
        makes(vec![Wide(1), Wide(2)]);
    }

    #[test]
    fn slices() {
        let numbers: &'static [u16] = &[1, 2, 3];
        let ops = SequenceOps::borrowed::<u16>();
        let mut made = MaybeUninit::<&'static [u16]>::uninit();
        // SAFETY: elements of another slice, which live as long.
        let made = unsafe {
            let (elements, len) = ops.elements(ptr::from_ref(&numbers).cast());
            ops.make(made.as_mut_ptr().cast(), elements.cast_mut(), len);
            made.assume_init()
        };
        assert_eq!(made, numbers);
    }
}
