//! Values of types that nobody named: a row says what they are.
#![allow(unsafe_code)]

use core::marker::PhantomData;
use core::mem::{ManuallyDrop, MaybeUninit};
use core::ptr;

use super::plan::Tables;
use super::rows::Layout;
use super::view::View;
use super::{Row, RowExt};
use super::{build, memory, release};
use crate::{ReadResult, Reader};

/// A value of the type that a row describes.
///
/// **Invariant:** `value` leads to memory of [`memory::allocate`] for one value of the type's layout,
/// which holds such a value; nothing else knows of it. If the type borrows, what it borrows lives for
/// `'a`.
pub(crate) struct Made<'a> {
    tables: &'static Tables,
    row: usize,
    value: *mut u8,
    of: PhantomData<&'a ()>,
}

/// Memory for a value that is being made.
struct Room {
    start: *mut u8,
    layout: Layout,
}

impl Drop for Room {
    fn drop(&mut self) {
        // SAFETY: `start` is from `allocate`, with these arguments.
        unsafe { memory::free(self.start, self.layout, 1) };
    }
}

impl<'a> Made<'a> {
    /// Reads a value of a row.
    pub(crate) fn read(
        r: &mut Reader<'a>,
        tables: &'static Tables,
        row: usize,
        bare: bool,
    ) -> ReadResult<Self> {
        let layout = tables.ty(row).layout;
        r.charge(1, layout.size)?;
        let room = Room {
            start: memory::allocate(layout, 1),
            layout,
        };
        // SAFETY: the memory has room for a value of the type that the row describes: its layout
        // is that of the type, see `File`. If it borrows, then for `'a`, from the reader.
        unsafe { build::read(r, tables, row, bare, room.start)? };
        let room = ManuallyDrop::new(room);
        Ok(Self {
            tables,
            row,
            value: room.start,
            of: PhantomData,
        })
    }

    /// The same for ever, if it borrows nothing.
    pub(crate) fn into_static(self) -> Result<Made<'static>, Self> {
        if self.tables.is_borrowed() {
            return Err(self);
        }
        let this = ManuallyDrop::new(self);
        Ok(Made {
            tables: this.tables,
            row: this.row,
            value: this.value,
            of: PhantomData,
        })
    }

    pub(crate) fn view(&self) -> View<'_> {
        // SAFETY: `value` leads to a value of the row, which lives as long as this.
        unsafe { View::new(self.tables, self.row, self.value) }
    }

    /// The value as a type of Rust, if it is that type's row and borrows nothing.
    pub(crate) fn into_typed<T: Row>(self) -> Result<T, Self> {
        let tables = T::tables();
        if !ptr::eq(tables, self.tables) || T::NUMBER != self.row || tables.is_borrowed() {
            return Err(self);
        }
        let layout = self.tables.ty(self.row).layout;
        let mut typed = MaybeUninit::<T>::uninit();
        let this = ManuallyDrop::new(self);
        // SAFETY: the row describes T, so that `value` leads to a T, which is moved away: only its
        // memory is given back. It borrows nothing, whatever lifetimes T has.
        unsafe {
            ptr::copy_nonoverlapping(this.value, typed.as_mut_ptr().cast(), layout.size);
            memory::free(this.value, layout, 1);
            Ok(typed.assume_init())
        }
    }
}

impl Drop for Made<'_> {
    fn drop(&mut self) {
        let ty = self.tables.ty(self.row);
        // SAFETY: `value` leads to a value of the row, in memory of `allocate`; borrowed values own
        // nothing.
        unsafe {
            if !self.tables.is_borrowed() {
                release::drop_type(self.tables, ty, self.value);
            }
            memory::free(self.value, ty.layout, 1);
        }
    }
}
