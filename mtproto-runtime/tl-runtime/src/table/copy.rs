//! Memory from other memory: what `clone` would do.
#![allow(unsafe_code)]

use alloc::string::String;
use alloc::vec::Vec;
use core::mem::MaybeUninit;
use core::ptr;

use super::memory::{allocate, free, read_tag, write_tag};
use super::rows::{Form, Kind, Shape, Tables, Type, TypeForm};
use crate::Object;

/// Makes a copy of an owned value.
///
/// # Safety
/// The row describes the type; `from` is a value of it and `to` has room for one.
pub(super) unsafe fn clone(tables: &'static Tables, row: usize, from: *const u8, to: *mut u8) {
    // SAFETY: as above.
    unsafe { clone_type(tables, tables.ty(row), from, to) }
}

unsafe fn clone_type(tables: &'static Tables, ty: &'static Type, from: *const u8, to: *mut u8) {
    // SAFETY: as above.
    unsafe {
        if !ty.owns {
            // What owns nothing is all in its bytes.
            ptr::copy_nonoverlapping(from, to, ty.layout.size);
            return;
        }
        match ty.form {
            TypeForm::Struct { .. } => {
                for field in tables.fields_of(ty) {
                    let offset = field.offset as usize;
                    let (from, to) = (from.add(offset), to.add(offset));
                    match (field.form(), field.condition()) {
                        (Form::Flags, _) => {}
                        (Form::Flag, _) => to.cast::<bool>().write(from.cast::<bool>().read()),
                        (Form::Value(shape), None) => {
                            clone_value(tables, tables.shape(shape), from, to);
                        }
                        (Form::Value(shape), Some(_)) => {
                            clone_option(tables, tables.shape(shape), from, to);
                        }
                    }
                }
            }
            TypeForm::Enum { tag, .. } => {
                let index = read_tag(from, tag);
                let variant = &tables.variants_of(ty)[index];
                if let Some(payload) = variant.payload {
                    let offset = variant.offset as usize;
                    clone_value(
                        tables,
                        tables.shape(payload),
                        from.add(offset),
                        to.add(offset),
                    );
                }
                write_tag(to, tag, index);
            }
            TypeForm::Foreign(ops) => (ops.clone)(from, to),
        }
    }
}

unsafe fn clone_value(
    tables: &'static Tables,
    shape: &'static Shape,
    from: *const u8,
    to: *mut u8,
) {
    // SAFETY: `from` is a value of the shape's Rust type, `to` has room for one.
    unsafe {
        match shape.kind {
            Kind::String => to.cast::<String>().write((*from.cast::<String>()).clone()),
            Kind::Bytes => to
                .cast::<Vec<u8>>()
                .write((*from.cast::<Vec<u8>>()).clone()),
            Kind::Object => to.cast::<Object>().write((*from.cast::<Object>()).clone()),
            Kind::Named => clone_type(tables, tables.ty(usize::from(shape.of)), from, to),
            Kind::Vector => {
                let element = tables.shape(shape.of);
                if let Some(ops) = shape.sequence {
                    let (elements, len) = (ops.elements)(from);
                    let copies = allocate(ops.element, len);
                    clone_elements(tables, element, elements, copies, len);
                    (ops.make)(to, copies, len);
                }
            }
            Kind::Array => {
                let element = tables.shape(shape.of);
                clone_elements(tables, element, from, to, shape.number as usize);
            }
            Kind::Indirect => {
                let inner = tables.shape(shape.of);
                let copy = allocate(inner.layout, 1);
                clone_value(tables, inner, from.cast::<*const u8>().read(), copy);
                to.cast::<*mut u8>().write(copy);
            }
            Kind::WithId => clone_value(tables, tables.shape(shape.of), from, to),
            Kind::Int
            | Kind::Long
            | Kind::Double
            | Kind::Float
            | Kind::Nat
            | Kind::Int128
            | Kind::Int256
            | Kind::Int512
            | Kind::Bool
            | Kind::True => ptr::copy_nonoverlapping(from, to, shape.layout.size),
        }
    }
}

unsafe fn clone_option(
    tables: &'static Tables,
    shape: &'static Shape,
    from: *const u8,
    to: *mut u8,
) {
    // SAFETY: `from` is an option of the shape's Rust type, `to` has room for one.
    unsafe {
        if let Some(ops) = shape.option {
            let value = (ops.get)(from);
            if value.is_null() {
                return (ops.none)(to);
            }
            let mut near = [MaybeUninit::<u64>::uninit(); 16];
            let is_near = shape.layout.size <= size_of_val(&near) && shape.layout.align <= 8;
            let copy = if is_near {
                near.as_mut_ptr().cast()
            } else {
                allocate(shape.layout, 1)
            };
            clone_value(tables, shape, value, copy);
            (ops.some)(to, copy);
            if !is_near {
                free(copy, shape.layout, 1);
            }
            return;
        }
        match shape.kind {
            Kind::Int => to.cast::<Option<i32>>().write(*from.cast::<Option<i32>>()),
            Kind::Long => to.cast::<Option<i64>>().write(*from.cast::<Option<i64>>()),
            Kind::Double => to.cast::<Option<f64>>().write(*from.cast::<Option<f64>>()),
            Kind::Float => to.cast::<Option<f32>>().write(*from.cast::<Option<f32>>()),
            Kind::Nat => to.cast::<Option<u32>>().write(*from.cast::<Option<u32>>()),
            Kind::Int128 => to
                .cast::<Option<[u8; 16]>>()
                .write(*from.cast::<Option<[u8; 16]>>()),
            Kind::Int256 => to
                .cast::<Option<[u8; 32]>>()
                .write(*from.cast::<Option<[u8; 32]>>()),
            Kind::Int512 => to
                .cast::<Option<[u8; 64]>>()
                .write(*from.cast::<Option<[u8; 64]>>()),
            Kind::Bool => to
                .cast::<Option<bool>>()
                .write(*from.cast::<Option<bool>>()),
            Kind::True => to.cast::<Option<()>>().write(*from.cast::<Option<()>>()),
            Kind::String => to
                .cast::<Option<String>>()
                .write((*from.cast::<Option<String>>()).clone()),
            Kind::Bytes => to
                .cast::<Option<Vec<u8>>>()
                .write((*from.cast::<Option<Vec<u8>>>()).clone()),
            Kind::Object => to
                .cast::<Option<Object>>()
                .write((*from.cast::<Option<Object>>()).clone()),
            _ if from.cast::<*const u8>().read().is_null() => {
                to.cast::<*const u8>().write(ptr::null());
            }
            _ => clone_value(tables, shape, from, to),
        }
    }
}

unsafe fn clone_elements(
    tables: &'static Tables,
    element: &'static Shape,
    from: *const u8,
    to: *mut u8,
    count: usize,
) {
    let size = element.layout.size;
    if !element.kind.owns() {
        // SAFETY: there are so many, there is room for so many, and their bytes are all of them.
        return unsafe { ptr::copy_nonoverlapping(from, to, count * size) };
    }
    for index in 0..count {
        // SAFETY: there are so many, and there is room for so many.
        unsafe {
            clone_value(
                tables,
                element,
                from.add(index * size),
                to.add(index * size),
            );
        }
    }
}
