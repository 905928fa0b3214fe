//! Tables as programs keep them: the compiler looks at each constant for what no value may be, and
//! through each reference of it again, which takes it as long as a fifth of laying them out. It does not
//! look into what may be uninitialised, nor through pointers.
#![allow(unsafe_code)]

use core::mem::MaybeUninit;
use core::slice;

/// A value.
pub struct Kept<T>(MaybeUninit<T>);

impl<T> Kept<T> {
    pub(super) const fn new(value: T) -> Self {
        Self(MaybeUninit::new(value))
    }

    pub(super) const fn get(&self) -> &T {
        // SAFETY: there is a value: `new` is the only way to make one.
        unsafe { self.0.assume_init_ref() }
    }
}

/// A slice that is there for good.
#[derive(Clone, Copy)]
pub(super) struct Slice<T: 'static> {
    start: *const T,
    len: usize,
}

// SAFETY: it is a shared reference.
unsafe impl<T: Sync> Send for Slice<T> {}
// SAFETY: it is a shared reference.
unsafe impl<T: Sync> Sync for Slice<T> {}

impl<T> Slice<T> {
    pub(super) const fn new(slice: &'static [T]) -> Self {
        Self {
            start: slice.as_ptr(),
            len: slice.len(),
        }
    }

    #[inline(always)]
    pub(super) const fn get(self) -> &'static [T] {
        // SAFETY: it is a slice: `new` is the only way to make one.
        unsafe { slice::from_raw_parts(self.start, self.len) }
    }
}
