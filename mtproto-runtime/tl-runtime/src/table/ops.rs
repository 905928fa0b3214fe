//! What only the Rust type itself can say: how a `Vec`, a slice and an `Option` of it are made and
//! taken apart, and how a type that has no table is read and written.
//!
//! Lifetimes are erased: an ops of `T<'static>` serves all `T<'a>`, whose memory is the same.
#![allow(unsafe_code)]

use alloc::vec::Vec;
use core::fmt;
use core::mem::{ManuallyDrop, align_of, size_of};
use core::slice;

use crate::{Reader, TlRead, TlWrite, Writer};

use super::rows::Layout;

/// `Option<T>`, for what is no pointer.
pub struct OptionOps {
    /// Of the option.
    pub(super) layout: Layout,
    /// Moves a value into an option.
    pub(super) some: unsafe fn(option: *mut u8, value: *const u8),
    /// Makes an option that holds nothing.
    pub(super) none: unsafe fn(option: *mut u8),
    /// Where the value is; null if there is none.
    pub(super) get: unsafe fn(option: *const u8) -> *const u8,
}

impl OptionOps {
    /// Those of a type.
    #[must_use]
    pub const fn of<T>() -> &'static Self {
        trait Of {
            const OPS: OptionOps;
        }
        impl<T> Of for T {
            const OPS: OptionOps = OptionOps {
                layout: Layout::of::<Option<T>>(),
                some: some::<T>,
                none: none::<T>,
                get: get::<T>,
            };
        }
        &<T as Of>::OPS
    }
}

/// # Safety
/// `option` has room for an `Option<T>`; `value` is a `T` and is no longer used.
unsafe fn some<T>(option: *mut u8, value: *const u8) {
    // SAFETY: see above.
    unsafe {
        option
            .cast::<Option<T>>()
            .write(Some(value.cast::<T>().read()));
    }
}

/// # Safety
/// `option` has room for an `Option<T>`.
unsafe fn none<T>(option: *mut u8) {
    // SAFETY: see above.
    unsafe { option.cast::<Option<T>>().write(None) };
}

/// # Safety
/// `option` is an `Option<T>`.
unsafe fn get<T>(option: *const u8) -> *const u8 {
    // SAFETY: see above.
    match unsafe { &*option.cast::<Option<T>>() } {
        Some(value) => core::ptr::from_ref(value).cast(),
        None => core::ptr::null(),
    }
}

/// `Vec<T>` or `&[T]`.
pub struct SequenceOps {
    /// Of the sequence.
    pub(super) layout: Layout,
    /// Of an element.
    pub(super) element: Layout,
    /// Makes a sequence of so many elements, which are there; their memory is `len` elements large
    /// and, for a `Vec`, from the global allocator.
    pub(super) make: unsafe fn(sequence: *mut u8, elements: *mut u8, len: usize),
    /// Where the elements are, and how many.
    pub(super) elements: unsafe fn(sequence: *const u8) -> (*const u8, usize),
    /// How many elements the memory has room for.
    pub(super) capacity: unsafe fn(sequence: *const u8) -> usize,
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
                element: Layout {
                    size: size_of::<T>(),
                    align: align_of::<T>(),
                },
                make: make_vec::<T>,
                elements: vec_elements::<T>,
                capacity: vec_capacity::<T>,
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
                make: make_slice::<T>,
                elements: slice_elements::<T>,
                capacity: slice_len::<T>,
            };
        }
        &<T as Of>::OPS
    }
}

/// # Safety
/// `sequence` has room for a `Vec<T>`; `elements` leads to `len` values of type `T` in memory of the
/// global allocator, which has room for `len` of them (dangling if that is nothing).
unsafe fn make_vec<T>(sequence: *mut u8, elements: *mut u8, len: usize) {
    // SAFETY: see above.
    unsafe {
        sequence
            .cast::<Vec<T>>()
            .write(Vec::from_raw_parts(elements.cast(), len, len));
    }
}

/// # Safety
/// `sequence` is a `Vec<T>`.
unsafe fn vec_elements<T>(sequence: *const u8) -> (*const u8, usize) {
    // SAFETY: see above.
    let vec = unsafe { &*sequence.cast::<Vec<T>>() };
    (vec.as_ptr().cast(), vec.len())
}

/// # Safety
/// `sequence` is a `Vec<T>`.
unsafe fn vec_capacity<T>(sequence: *const u8) -> usize {
    // SAFETY: see above.
    unsafe { &*sequence.cast::<ManuallyDrop<Vec<T>>>() }.capacity()
}

/// # Safety
/// `sequence` has room for a slice reference; `elements` leads to `len` values of type `T` that live
/// as long as the reference.
unsafe fn make_slice<T: 'static>(sequence: *mut u8, elements: *mut u8, len: usize) {
    // SAFETY: see above.
    unsafe {
        sequence
            .cast::<&'static [T]>()
            .write(slice::from_raw_parts(elements.cast(), len));
    }
}

/// # Safety
/// `sequence` is a slice reference.
unsafe fn slice_elements<T: 'static>(sequence: *const u8) -> (*const u8, usize) {
    // SAFETY: see above.
    let slice = unsafe { *sequence.cast::<&'static [T]>() };
    (slice.as_ptr().cast(), slice.len())
}

/// # Safety
/// `sequence` is a slice reference.
unsafe fn slice_len<T: 'static>(sequence: *const u8) -> usize {
    // SAFETY: see above.
    unsafe { slice_elements::<T>(sequence) }.1
}

/// A type that is read and written by code of its own.
pub struct Foreign {
    pub(super) layout: Layout,
    pub(super) owns: bool,
    pub(super) read: unsafe fn(r: &mut Reader<'_>, slot: *mut u8, bare: bool) -> bool,
    pub(super) write: unsafe fn(value: *const u8, w: &mut Writer<'_>, bare: bool),
    pub(super) debug: unsafe fn(value: *const u8, f: &mut fmt::Formatter<'_>) -> fmt::Result,
    pub(super) eq: unsafe fn(a: *const u8, b: *const u8) -> bool,
    pub(super) clone: unsafe fn(value: *const u8, slot: *mut u8),
    pub(super) drop: unsafe fn(value: *mut u8),
}

impl Foreign {
    /// Of a type that can all of it.
    #[must_use]
    pub const fn of<T>() -> &'static Self
    where
        T: TlRead<'static> + TlWrite + fmt::Debug + PartialEq + Clone,
    {
        trait Of {
            const FOREIGN: Foreign;
        }
        impl<T: TlRead<'static> + TlWrite + fmt::Debug + PartialEq + Clone> Of for T {
            const FOREIGN: Foreign = Foreign {
                layout: Layout::of::<T>(),
                owns: core::mem::needs_drop::<T>(),
                read: read::<T>,
                write: write::<T>,
                debug: debug::<T>,
                eq: eq::<T>,
                clone: clone::<T>,
                drop: drop_value::<T>,
            };
        }
        &<T as Of>::FOREIGN
    }
}

/// # Safety
/// `slot` has room for a `T`, whose lifetime is that of the reader's input and arena.
unsafe fn read<T: TlRead<'static>>(r: &mut Reader<'_>, slot: *mut u8, bare: bool) -> bool {
    // SAFETY: T<'static> stands for T<'a> here; what is read goes nowhere but into the slot, which
    // is a T<'a>.
    let r = unsafe { &mut *core::ptr::from_mut(r).cast::<Reader<'static>>() };
    let value = if bare { T::read_bare(r) } else { T::read(r) };
    match value {
        Ok(value) => {
            // SAFETY: see above.
            unsafe { slot.cast::<T>().write(value) };
            true
        }
        Err(_) => false,
    }
}

/// # Safety
/// `value` is a `T`.
unsafe fn write<T: TlWrite>(value: *const u8, w: &mut Writer<'_>, bare: bool) {
    // SAFETY: see above.
    let value = unsafe { &*value.cast::<T>() };
    if bare {
        value.write_bare(w);
    } else {
        value.write(w);
    }
}

/// # Safety
/// `value` is a `T`.
unsafe fn debug<T: fmt::Debug>(value: *const u8, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    // SAFETY: see above.
    unsafe { &*value.cast::<T>() }.fmt(f)
}

/// # Safety
/// Both are a `T`.
unsafe fn eq<T: PartialEq>(a: *const u8, b: *const u8) -> bool {
    // SAFETY: see above.
    unsafe { *a.cast::<T>() == *b.cast::<T>() }
}

/// # Safety
/// `value` is a `T` and `slot` has room for one.
unsafe fn clone<T: Clone>(value: *const u8, slot: *mut u8) {
    // SAFETY: see above.
    unsafe { slot.cast::<T>().write((*value.cast::<T>()).clone()) };
}

/// # Safety
/// `value` is a `T` and is no longer used.
unsafe fn drop_value<T>(value: *mut u8) {
    // SAFETY: see above.
    unsafe { value.cast::<T>().drop_in_place() };
}
