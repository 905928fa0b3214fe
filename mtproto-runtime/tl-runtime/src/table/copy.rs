//! Memory from other memory: what `clone` would do.
//!
//! All bytes of a value are copied at once; then what owns memory gets memory of its own. Nobody sees
//! what is between.
#![allow(unsafe_code)]

use alloc::string::String;
use alloc::vec::Vec;
use core::ptr;

use super::memory::{allocate, read_tag};
use super::plan::{Code, Op, Piece, Tables};
use super::presence::{fields_of, present, type_of, variant_of};
use super::rows::{Shape, Type, TypeForm};
use crate::Object;

/// Makes a copy of an owned value.
///
/// # Safety
/// The row describes the type; `from` is a value of it and `to` has room for one.
pub(super) unsafe fn clone(tables: &'static Tables, row: usize, from: *const u8, to: *mut u8) {
    let ty = tables.ty(row);
    // SAFETY: as above.
    unsafe {
        ptr::copy_nonoverlapping(from, to, ty.layout.size);
        own_type(tables, ty, from, to);
    }
}

/// Gives a copy memory of its own. This and what follows wants that `from` is a value of the type, op or
/// shape, and `to` holds the same bytes, which nobody takes for a value yet.
unsafe fn own_type(tables: &'static Tables, ty: &'static Type, from: *const u8, to: *mut u8) {
    if !ty.owns {
        return;
    }
    // SAFETY: as above.
    unsafe {
        match ty.form {
            TypeForm::Struct { .. } => {
                let (ops, pieces) = fields_of(tables, ty);
                for (number, piece) in pieces.iter().enumerate() {
                    if piece.owning == 0 {
                        continue;
                    }
                    let mut left = present(tables, ty, piece, from) & piece.owning;
                    while left != 0 {
                        let index = number * Piece::FIELDS + left.trailing_zeros() as usize;
                        left &= left - 1;
                        // The piece has a field for every bit.
                        let op = ops.get_unchecked(index);
                        let offset = op.offset as usize;
                        own(tables, op, from.add(offset), to.add(offset));
                    }
                }
            }
            TypeForm::Enum { tag, .. } => {
                let op = &variant_of(tables, ty.first, read_tag(from, tag)).flat;
                let offset = op.offset as usize;
                own(tables, op, from.add(offset), to.add(offset));
            }
            TypeForm::Foreign(ops) => (ops.clone)(from, to),
        }
    }
}

unsafe fn own(tables: &'static Tables, op: &Op, from: *const u8, to: *mut u8) {
    // SAFETY: as above.
    unsafe {
        match op.code {
            Code::String => to.cast::<String>().write((*from.cast::<String>()).clone()),
            Code::Bytes => to
                .cast::<Vec<u8>>()
                .write((*from.cast::<Vec<u8>>()).clone()),
            Code::Object => to.cast::<Object>().write((*from.cast::<Object>()).clone()),
            Code::Struct | Code::StructWithId | Code::Enum | Code::Foreign | Code::ForeignBare => {
                own_type(tables, type_of(tables, op), from, to);
            }
            Code::Vector => {
                let shape = tables.shape(op.of);
                let element = tables.shape(shape.of);
                if let Some(ops) = shape.sequence {
                    let (elements, len) = ops.elements(from);
                    let copies = allocate(ops.element, len);
                    ptr::copy_nonoverlapping(elements, copies, len * ops.element.size);
                    own_elements(tables, element, elements, copies, len);
                    ops.make(to, copies, len);
                }
            }
            Code::Array => {
                let shape = tables.shape(op.of);
                let element = tables.shape(shape.of);
                own_elements(tables, element, from, to, shape.number as usize);
            }
            Code::Indirect => {
                let inner = tables.shape(op.of);
                let value = from.cast::<*const u8>().read();
                let copy = allocate(inner.layout, 1);
                ptr::copy_nonoverlapping(value, copy, inner.layout.size);
                own(tables, &inner.op, value, copy);
                to.cast::<*mut u8>().write(copy);
            }
            Code::WithId => own(tables, &tables.shape(op.of).op, from, to),
            Code::Nothing
            | Code::Flags
            | Code::Number
            | Code::Run
            | Code::Int
            | Code::Long
            | Code::Double
            | Code::Float
            | Code::Nat
            | Code::Bool
            | Code::Int128
            | Code::Int256
            | Code::Int512
            | Code::True => {}
        }
    }
}

unsafe fn own_elements(
    tables: &'static Tables,
    element: &'static Shape,
    from: *const u8,
    to: *mut u8,
    count: usize,
) {
    if !element.owns {
        return;
    }
    let size = element.layout.size;
    for index in 0..count {
        let offset = index * size;
        // SAFETY: there are so many.
        unsafe { own(tables, &element.op, from.add(offset), to.add(offset)) };
    }
}
