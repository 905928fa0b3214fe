//! Giving memory back: what `drop` would do, for values that no Rust type is at hand for, whole or
//! only begun. Borrowed types never have to be given back.
#![allow(unsafe_code)]

use alloc::string::String;
use alloc::vec::Vec;

use super::memory::{free, read_tag};
use super::plan::Tables;
use super::rows::{Form, Kind, Shape, Type, TypeForm};
use crate::Object;

/// Gives back the first fields of a struct, all but whose flags are in memory.
///
/// # Safety
/// The row describes the struct, so many of its fields are there, and they are no longer used.
pub(super) unsafe fn drop_fields(
    tables: &'static Tables,
    ty: &'static Type,
    slot: *mut u8,
    count: usize,
) {
    if !ty.owns {
        return;
    }
    for field in &tables.fields_of(ty)[..count] {
        let Form::Value(shape) = field.form() else {
            continue;
        };
        let shape = tables.shape(shape);
        // SAFETY: this field has its place at this offset.
        unsafe {
            let place = slot.add(field.offset as usize);
            match field.condition() {
                None => drop_value(tables, shape, place),
                Some(_) => drop_option(tables, shape, place),
            }
        }
    }
}

/// # Safety
/// The place is a value of the shape's Rust type, owned, and no longer used.
unsafe fn drop_value(tables: &'static Tables, shape: &'static Shape, place: *mut u8) {
    // SAFETY: see above.
    unsafe {
        match shape.kind {
            Kind::String => place.cast::<String>().drop_in_place(),
            Kind::Bytes => place.cast::<Vec<u8>>().drop_in_place(),
            Kind::Object => place.cast::<Object>().drop_in_place(),
            Kind::Named => drop_type(tables, tables.ty(usize::from(shape.of)), place),
            Kind::Vector => {
                let element = tables.shape(shape.of);
                if let Some(ops) = shape.sequence {
                    let (elements, len) = ops.elements(place);
                    let capacity = ops.capacity(place);
                    drop_elements(tables, element, elements.cast_mut(), len);
                    free(elements.cast_mut(), ops.element, capacity);
                }
            }
            Kind::Array => {
                let element = tables.shape(shape.of);
                drop_elements(tables, element, place, shape.number as usize);
            }
            Kind::Indirect => {
                let inner = tables.shape(shape.of);
                let value = place.cast::<*mut u8>().read();
                drop_value(tables, inner, value);
                free(value, inner.layout, 1);
            }
            Kind::WithId => drop_value(tables, tables.shape(shape.of), place),
            Kind::Int
            | Kind::Long
            | Kind::Double
            | Kind::Float
            | Kind::Nat
            | Kind::Int128
            | Kind::Int256
            | Kind::Int512
            | Kind::Bool
            | Kind::True => {}
        }
    }
}

/// # Safety
/// The row describes the type; the place is a value of it, owned, and no longer used.
pub(super) unsafe fn drop_type(tables: &'static Tables, ty: &'static Type, place: *mut u8) {
    // SAFETY: see above.
    unsafe {
        match ty.form {
            TypeForm::Struct { .. } => {
                drop_fields(tables, ty, place, tables.fields_of(ty).len());
            }
            TypeForm::Enum { tag, .. } => {
                let variant = &tables.variants_of(ty)[read_tag(place, tag)];
                if let Some(payload) = variant.payload {
                    let payload_place = place.add(variant.op.offset as usize);
                    drop_value(tables, tables.shape(payload), payload_place);
                }
            }
            TypeForm::Foreign(ops) => (ops.drop)(place),
        }
    }
}

/// # Safety
/// The place is an option of the shape's Rust type, owned, and no longer used.
unsafe fn drop_option(tables: &'static Tables, shape: &'static Shape, place: *mut u8) {
    // SAFETY: see above.
    unsafe {
        if let Some(value) = tables.option(shape).get(place) {
            drop_value(tables, shape, value.cast_mut());
        }
    }
}

/// # Safety
/// There are so many values of the shape's Rust type, owned, and no longer used.
pub(super) unsafe fn drop_elements(
    tables: &'static Tables,
    element: &'static Shape,
    elements: *mut u8,
    count: usize,
) {
    if tables.is_borrowed() {
        return;
    }
    for index in 0..count {
        // SAFETY: see above.
        unsafe { drop_value(tables, element, elements.add(index * element.layout.size)) };
    }
}
