//! Tags of enums, short copies, and memory of the global allocator.
#![allow(unsafe_code)]

use alloc::alloc::{alloc, dealloc, handle_alloc_error};
use core::alloc::Layout as Memory;
use core::ptr;

use super::rows::Layout;
pub(super) use crate::buffer::copy_short;

/// # Safety
/// The slot is an enum whose tag has so many bytes, and as many variants.
#[allow(
    clippy::cast_possible_truncation,
    reason = "the tag has so many values"
)]
pub(super) unsafe fn write_tag(slot: *mut u8, tag: u8, index: usize) {
    // SAFETY: see above.
    unsafe {
        if tag == 1 {
            slot.write(index as u8);
        } else {
            slot.cast::<u16>().write(index as u16);
        }
    }
}

/// # Safety
/// The slot is an enum whose tag has so many bytes.
pub(super) unsafe fn read_tag(value: *const u8, tag: u8) -> usize {
    // SAFETY: see above.
    unsafe {
        if tag == 1 {
            usize::from(value.read())
        } else {
            usize::from(value.cast::<u16>().read())
        }
    }
}

/// Memory of the global allocator for so many values; dangling if that is nothing.
///
/// # Panics
/// If that is more than any allocation may have.
pub(super) fn allocate(layout: Layout, count: usize) -> *mut u8 {
    let Some(memory) = memory(layout, count) else {
        return ptr::without_provenance_mut(layout.align);
    };
    // SAFETY: not of size 0.
    let start = unsafe { alloc(memory) };
    if start.is_null() {
        handle_alloc_error(memory);
    }
    start
}

/// # Safety
/// The memory is that of [`allocate`] with the same arguments, or of a `Vec` or `Box` of as much.
pub(super) unsafe fn free(start: *mut u8, layout: Layout, count: usize) {
    if let Some(memory) = memory(layout, count) {
        // SAFETY: see above.
        unsafe { dealloc(start, memory) };
    }
}

/// `None` if it is of size 0.
fn memory(layout: Layout, count: usize) -> Option<Memory> {
    let size = layout.size.saturating_mul(count);
    match Memory::from_size_align(size, layout.align) {
        Ok(memory) if size > 0 => Some(memory),
        Ok(_) => None,
        Err(_) => too_large(),
    }
}

/// An owned element can be larger than the borrowed one that it is made of.
#[cold]
#[allow(clippy::panic, reason = "as Vec does")]
fn too_large() -> ! {
    panic!("capacity overflow")
}

/// Copies at least four bytes, most of the time four or eight.
///
/// # Safety
/// So many bytes may be read and written, and are not the same.
#[inline(always)]
pub(super) unsafe fn copy_number(from: *const u8, to: *mut u8, size: usize) {
    if size > 8 {
        // SAFETY: see above.
        return unsafe { copy_short(from, to, size) };
    }
    // SAFETY: see above: the first four and the last, which may be the same.
    unsafe {
        let first = from.cast::<[u8; 4]>().read();
        let last = from.add(size - 4).cast::<[u8; 4]>().read();
        to.cast::<[u8; 4]>().write(first);
        to.add(size - 4).cast::<[u8; 4]>().write(last);
    }
}
