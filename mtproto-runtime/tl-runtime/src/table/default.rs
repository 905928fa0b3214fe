//! Memory of a value that holds nothing: what a derived `default` would do.
#![allow(unsafe_code)]

use alloc::string::String;
use alloc::vec::Vec;

use super::memory::allocate;
use super::plan::{Code, Op, Piece, Tables};
use super::presence::{fields_of, make_absent, type_of};
use super::rows::{Type, TypeForm};
use crate::{Object, ObjectRef};

/// Makes such a value.
///
/// # Panics
/// If the type holds an enum, a type with code or a reference that is always there: there is no such value.
///
/// # Safety
/// The row describes the type, and the slot has room for one.
pub(super) unsafe fn default(tables: &'static Tables, row: usize, slot: *mut u8) {
    // SAFETY: as above.
    unsafe { structure(tables, tables.ty(row), slot) };
}

/// This and what follows wants room for the type or the op's value.
unsafe fn structure(tables: &'static Tables, ty: &'static Type, slot: *mut u8) {
    assert!(
        matches!(ty.form, TypeForm::Struct { .. }),
        "a type without a default"
    );
    let (ops, pieces) = fields_of(tables, ty);
    // SAFETY: the row describes the struct: each field has its place at the offset of its op, and the piece
    // has a field for every bit.
    unsafe {
        slot.write_bytes(0, ty.layout.size);
        for (number, piece) in pieces.iter().enumerate() {
            make_absent(tables, piece, slot);
            let mut left = piece.always;
            while left != 0 {
                let index = number * Piece::FIELDS + left.trailing_zeros() as usize;
                left &= left - 1;
                let op = ops.get_unchecked(index);
                // Flags have no place in memory.
                value(tables, op, slot.wrapping_add(op.offset as usize));
            }
        }
    }
}

/// The place is filled with zeros.
unsafe fn value(tables: &'static Tables, op: &Op, place: *mut u8) {
    let borrowed = tables.is_borrowed();
    // SAFETY: as above.
    unsafe {
        match op.code {
            // They are zero.
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
            Code::String if borrowed => place.cast::<&str>().write(""),
            Code::String => place.cast::<String>().write(String::new()),
            Code::Bytes if borrowed => place.cast::<&[u8]>().write(&[]),
            Code::Bytes => place.cast::<Vec<u8>>().write(Vec::new()),
            Code::Object if borrowed => place.cast::<ObjectRef<'_>>().write(ObjectRef::default()),
            Code::Object => place.cast::<Object>().write(Object::default()),
            Code::Struct | Code::StructWithId | Code::Enum | Code::Foreign | Code::ForeignBare => {
                structure(tables, type_of(tables, op), place);
            }
            Code::Vector => {
                if let Some(ops) = tables.shape(op.of).sequence {
                    ops.make(place, allocate(ops.element, 0), 0);
                }
            }
            Code::Array => {
                let shape = tables.shape(op.of);
                let element = tables.shape(shape.of);
                for index in 0..shape.number as usize {
                    value(tables, &element.op, place.add(index * element.layout.size));
                }
            }
            Code::Indirect => {
                assert!(!borrowed, "a type without a default");
                let inner = tables.shape(op.of);
                let made = allocate(inner.layout, 1);
                made.write_bytes(0, inner.layout.size);
                value(tables, &inner.op, made);
                place.cast::<*mut u8>().write(made);
            }
            Code::WithId => value(tables, &tables.shape(op.of).op, place),
        }
    }
}
