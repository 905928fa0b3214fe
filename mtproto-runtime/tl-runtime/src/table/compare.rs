//! Whether two values are the same, as `derive(PartialEq)` would find.
#![allow(unsafe_code)]

use alloc::string::String;
use alloc::vec::Vec;
use core::slice;

use super::memory::read_tag;
use super::plan::{Code, Op, Piece, Tables};
use super::presence::{fields_of, present_in_both, type_of, variant_of};
use super::rows::{Type, TypeForm};
use crate::{Object, ObjectRef};

/// # Safety
/// The row describes the type, of which both are values.
pub(super) unsafe fn eq(tables: &'static Tables, row: usize, a: *const u8, b: *const u8) -> bool {
    let ty = tables.ty(row);
    // SAFETY: as above.
    unsafe {
        match tables.is_borrowed() {
            true => Compare::<true> { tables }.types(ty, a, b),
            false => Compare::<false> { tables }.types(ty, a, b),
        }
    }
}

/// The tables by which values are compared. The methods want values of the type or op that they get.
#[derive(Clone, Copy)]
struct Compare<const BORROWED: bool> {
    tables: &'static Tables,
}

impl<const BORROWED: bool> Compare<BORROWED> {
    unsafe fn types(self, ty: &'static Type, a: *const u8, b: *const u8) -> bool {
        // SAFETY: as above.
        unsafe {
            match ty.form {
                TypeForm::Struct { .. } => self.structs(ty, a, b),
                TypeForm::Enum { tag, .. } => self.enums(ty.first, tag, a, b),
                TypeForm::Foreign(ops) => (ops.eq)(a, b),
            }
        }
    }

    /// Enums by their first variant and the size of their tags.
    unsafe fn enums(self, first: u32, tag: u8, a: *const u8, b: *const u8) -> bool {
        // SAFETY: as above; the row describes the enum: its variant is that of the tag, whose payload
        // is at this offset.
        unsafe {
            let index = read_tag(a, tag);
            if index != read_tag(b, tag) {
                return false;
            }
            let op = &variant_of(self.tables, first, index).flat;
            let offset = op.offset as usize;
            let (a, b) = (a.add(offset), b.add(offset));
            match op.code {
                Code::Nothing => true,
                Code::Number => same_number(a, b, usize::from(op.of)),
                Code::Struct => self.structs(type_of(self.tables, op), a, b),
                Code::Indirect => self.indirect(op, a, b),
                _ => self.values(op, a, b),
            }
        }
    }

    /// What is behind pointers.
    #[inline(always)]
    unsafe fn indirect(self, op: &Op, a: *const u8, b: *const u8) -> bool {
        // SAFETY: as above; a box and a reference are pointers to values of the shape.
        unsafe {
            let op = &self.tables.shape(op.of).op;
            let (a, b) = (a.cast::<*const u8>().read(), b.cast::<*const u8>().read());
            match op.code {
                Code::Struct => self.structs(type_of(self.tables, op), a, b),
                _ => self.values(op, a, b),
            }
        }
    }

    unsafe fn structs(self, ty: &'static Type, a: *const u8, b: *const u8) -> bool {
        let (ops, pieces) = fields_of(self.tables, ty);
        // SAFETY: the row describes the struct.
        unsafe {
            match pieces {
                [piece] => self.fields(ty, ops, piece, a, b),
                _ => pieces
                    .iter()
                    .zip(ops.chunks(Piece::FIELDS))
                    .all(|(piece, ops)| self.fields(ty, ops, piece, a, b)),
            }
        }
    }

    /// The fields of a piece.
    #[inline(always)]
    unsafe fn fields(
        self,
        ty: &'static Type,
        ops: &[Op],
        piece: &'static Piece,
        a: *const u8,
        b: *const u8,
    ) -> bool {
        // SAFETY: the row describes the struct; the piece has a field for every bit.
        unsafe {
            let mut left = piece.parts;
            if ty.is_conditional {
                match present_in_both(self.tables, ty, piece, [a, b]) {
                    Some(there) => left &= there,
                    None => return false,
                }
            }
            while left != 0 {
                let index = left.trailing_zeros() as usize;
                left &= left - 1;
                let op = ops.get_unchecked(index);
                let offset = op.offset as usize;
                let (a, b) = (a.wrapping_add(offset), b.wrapping_add(offset));
                let same = match op.code {
                    Code::Number => same_number(a, b, usize::from(op.of)),
                    Code::Enum => self.enums(op.first, op.with, a, b),
                    _ => self.values_here(op, a, b),
                };
                if !same {
                    return false;
                }
            }
        }
        true
    }

    unsafe fn values(self, op: &Op, a: *const u8, b: *const u8) -> bool {
        // SAFETY: as above.
        unsafe { self.values_here(op, a, b) }
    }

    /// The same, for loops.
    #[inline(always)]
    unsafe fn values_here(self, op: &Op, a: *const u8, b: *const u8) -> bool {
        macro_rules! same {
            ($ty:ty) => {
                *a.cast::<$ty>() == *b.cast::<$ty>()
            };
        }
        // SAFETY: both are values of the op's Rust type.
        unsafe {
            match op.code {
                Code::Nothing | Code::Flags | Code::True => true,
                Code::Run => false,
                Code::Number => same_number(a, b, usize::from(op.of)),
                Code::Int => same!(i32),
                Code::Long => same!(i64),
                Code::Double => same!(f64),
                Code::Float => same!(f32),
                Code::Nat => same!(u32),
                Code::Bool => same!(bool),
                Code::Int128 => same!([u8; 16]),
                Code::Int256 => same!([u8; 32]),
                Code::Int512 => same!([u8; 64]),
                Code::String if BORROWED => same!(&str),
                Code::String => same!(String),
                Code::Bytes if BORROWED => same!(&[u8]),
                Code::Bytes => same!(Vec<u8>),
                Code::Object if BORROWED => same!(ObjectRef<'_>),
                Code::Object => same!(Object),
                Code::Enum => self.enums(op.first, op.with, a, b),
                Code::Struct | Code::StructWithId => self.structs(type_of(self.tables, op), a, b),
                Code::Foreign | Code::ForeignBare => self.types(type_of(self.tables, op), a, b),
                Code::WithId => self.values(&self.tables.shape(op.of).op, a, b),
                Code::Indirect => self.indirect(op, a, b),
                Code::Vector => {
                    let shape = self.tables.shape(op.of);
                    let Some(ops) = shape.sequence else {
                        return true;
                    };
                    let ((a, len), (b, other)) = (ops.elements(a), ops.elements(b));
                    len == other && self.elements(shape.of, a, b, len)
                }
                Code::Array => {
                    let shape = self.tables.shape(op.of);
                    self.elements(shape.of, a, b, shape.number as usize)
                }
            }
        }
    }

    unsafe fn elements(self, shape: u16, a: *const u8, b: *const u8, len: usize) -> bool {
        let element = self.tables.shape(shape);
        let size = element.layout.size;
        let op = &element.op;
        // SAFETY: there are so many.
        (0..len).all(|index| unsafe {
            let (a, b) = (a.add(index * size), b.add(index * size));
            match op.code {
                Code::Enum => self.enums(op.first, op.with, a, b),
                _ => self.values(op, a, b),
            }
        })
    }
}

/// Whether at least four bytes are the same.
///
/// # Safety
/// So many may be read.
#[inline(always)]
unsafe fn same_number(a: *const u8, b: *const u8, size: usize) -> bool {
    // SAFETY: see above.
    unsafe {
        if size > 8 {
            return slice::from_raw_parts(a, size) == slice::from_raw_parts(b, size);
        }
        // The first four and the last, which may be the same.
        let at = |start: *const u8, offset| start.add(offset).cast::<[u8; 4]>().read();
        at(a, 0) == at(b, 0) && at(a, size - 4) == at(b, size - 4)
    }
}
