//! Memory from bytes.
//!
//! Every function that makes a value makes all of it or none: what has been made before a failure is
//! given back by the function that made it. Borrowed types never have to be given back.
//!
//! What is read is charged, entered, counted and refused exactly as bodies of generated code do it,
//! by the same methods of the reader: the errors are the same, and so are the limits.
#![allow(unsafe_code)]

use alloc::string::String;
use alloc::vec::Vec;
use core::alloc::Layout as Memory;
use core::mem::MaybeUninit;
use core::ptr;

use super::memory::{allocate, free, write_tag};
use super::ops::{OptionOps, SequenceOps};
use super::release::{drop_elements, drop_fields};
use super::rows::{
    Form, Kind, Layout, MAX_NATS, Shape, Tables, Type, TypeForm, Variant, id_of_leaf,
};
use crate::{Failed, Object, ObjectRef, ReadErrorKind, ReadResult, Reader, TlRead, outline};

/// Reads a value of a type into a slot.
///
/// # Safety
/// The row describes the type that the slot has room for; if that type borrows, it lives no longer
/// than the reader's input and arena.
pub(super) unsafe fn read(
    r: &mut Reader<'_>,
    tables: &'static Tables,
    row: usize,
    bare: bool,
    slot: *mut u8,
) -> ReadResult<()> {
    let ty = tables.ty(row);
    // SAFETY: as above.
    let done = unsafe {
        if tables.is_borrowed() {
            Build::<true> { r, tables }.ty(ty, bare, slot)
        } else {
            Build::<false> { r, tables }.ty(ty, bare, slot)
        }
    };
    if done { Ok(()) } else { Err(Failed(())) }
}

/// A reader and the tables by which it reads. The methods want what [`read`] wants, of the type or
/// shape that they get, and return whether the slot now holds a value.
struct Build<'r, 'a, const BORROWED: bool> {
    r: &'r mut Reader<'a>,
    tables: &'static Tables,
}

impl<'a, const BORROWED: bool> Build<'_, 'a, BORROWED> {
    unsafe fn ty(&mut self, ty: &'static Type, bare: bool, slot: *mut u8) -> bool {
        match ty.form {
            TypeForm::Struct { id, .. } => {
                if let (false, Some(id)) = (bare, id) {
                    let found = self.r.id();
                    if found != id {
                        self.r.unexpected_id(found, outline::constructor(ty.name));
                        return false;
                    }
                }
                // SAFETY: as above.
                unsafe { self.structure(ty, slot) }
            }
            TypeForm::Enum { tag, by_id } => {
                let variants = self.tables.variants_of(ty);
                let id = self.r.id();
                let Some(index) = variant_with_id(variants, by_id, id) else {
                    self.r.unexpected_id(id, ty.name);
                    return false;
                };
                let variant = &variants[index];
                // SAFETY: the row describes the enum: the payload of this variant has its place at
                // this offset, and the tag, its place in the order, at the start.
                unsafe {
                    match variant.payload {
                        None => self.r.empty(),
                        Some(payload) => {
                            let payload = self.tables.shape(payload);
                            if !self.value(payload, slot.add(variant.offset as usize)) {
                                return false;
                            }
                        }
                    }
                    write_tag(slot, tag, index);
                }
                true
            }
            // SAFETY: as above.
            TypeForm::Foreign(ops) => unsafe { (ops.read)(self.r, slot, bare) },
        }
    }

    unsafe fn structure(&mut self, ty: &'static Type, slot: *mut u8) -> bool {
        if self.r.enter(ty.name).is_err() {
            return false;
        }
        let mut nats = [0; MAX_NATS];
        let mut nat_count = 0;
        let fields = self.tables.fields_of(ty);
        for (done, field) in fields.iter().enumerate() {
            let is_set = match field.condition() {
                None => true,
                Some((mask, bit)) => nats[mask % MAX_NATS] >> bit & 1 == 1,
            };
            // SAFETY: the row describes the struct: this field has its place at this offset.
            let made = unsafe {
                let place = slot.add(field.offset as usize);
                match field.form() {
                    Form::Flags => {
                        nats[nat_count % MAX_NATS] = self.r.nat();
                        nat_count += 1;
                        true
                    }
                    Form::Flag => {
                        place.cast::<bool>().write(is_set);
                        true
                    }
                    Form::Value(shape) => {
                        let shape = self.tables.shape(shape);
                        if let Kind::Nat = shape.kind {
                            let nat = if is_set { self.r.nat() } else { 0 };
                            nats[nat_count % MAX_NATS] = nat;
                            nat_count += 1;
                            match field.condition() {
                                None => place.cast::<u32>().write(nat),
                                Some(_) => place.cast::<Option<u32>>().write(is_set.then_some(nat)),
                            }
                            true
                        } else if field.condition().is_none() {
                            self.value(shape, place)
                        } else {
                            self.optional(shape, is_set, place)
                        }
                    }
                }
            };
            if !made {
                // SAFETY: the fields before this one are there.
                unsafe { drop_fields(self.tables, ty, slot, done) };
                return false;
            }
        }
        self.r.leave();
        if self.r.go_on().is_err() {
            // SAFETY: all fields are there.
            unsafe { drop_fields(self.tables, ty, slot, fields.len()) };
            return false;
        }
        true
    }

    /// A value that is always there.
    #[inline]
    unsafe fn value(&mut self, shape: &'static Shape, slot: *mut u8) -> bool {
        // SAFETY: the shape is of the Rust type that the slot has room for.
        unsafe {
            match shape.kind {
                Kind::Int => slot.cast::<i32>().write(self.r.int()),
                Kind::Long => slot.cast::<i64>().write(self.r.long()),
                Kind::Double => slot.cast::<f64>().write(self.r.double()),
                Kind::Float => slot.cast::<f32>().write(self.r.float()),
                Kind::Nat => slot.cast::<u32>().write(self.r.nat()),
                Kind::Int128 => slot.cast::<[u8; 16]>().write(self.r.int128()),
                Kind::Int256 => slot.cast::<[u8; 32]>().write(self.r.int256()),
                Kind::Int512 => slot.cast::<[u8; 64]>().write(self.r.int512()),
                Kind::Bool => slot.cast::<bool>().write(self.r.bool()),
                Kind::String if BORROWED => slot.cast::<&'a str>().write(self.r.str()),
                Kind::String => slot.cast::<String>().write(self.r.string()),
                Kind::Bytes if BORROWED => slot.cast::<&'a [u8]>().write(self.r.bytes()),
                Kind::Bytes => slot.cast::<Vec<u8>>().write(self.r.byte_vec()),
                Kind::True if shape.bare => {}
                Kind::True => return <()>::read(self.r).is_ok(),
                Kind::Object if BORROWED => match ObjectRef::read(self.r) {
                    Ok(object) => slot.cast::<ObjectRef<'a>>().write(object),
                    Err(_) => return false,
                },
                Kind::Object => match Object::read(self.r) {
                    Ok(object) => slot.cast::<Object>().write(object),
                    Err(_) => return false,
                },
                Kind::Named => {
                    let ty = self.tables.ty(usize::from(shape.of));
                    return self.ty(ty, shape.bare, slot);
                }
                Kind::Vector => return self.vector(shape, slot),
                Kind::Array => return self.array(shape, slot),
                Kind::Indirect => return self.indirect(shape, slot),
                Kind::WithId => {
                    let inner = self.tables.shape(shape.of);
                    let (id, name) = id_of_leaf(inner.kind);
                    return self.r.expect_id(id, name).is_ok() && self.value(inner, slot);
                }
            }
        }
        true
    }

    /// An `Option`.
    unsafe fn optional(&mut self, shape: &'static Shape, is_set: bool, slot: *mut u8) -> bool {
        // SAFETY: the slot has room for an option of the shape's Rust type.
        unsafe {
            if let Some(ops) = shape.option {
                if !is_set {
                    (ops.none)(slot);
                    return true;
                }
                return self.some(shape, ops, slot);
            }
            match shape.kind {
                Kind::Int => slot
                    .cast::<Option<i32>>()
                    .write(is_set.then(|| self.r.int())),
                Kind::Long => slot
                    .cast::<Option<i64>>()
                    .write(is_set.then(|| self.r.long())),
                Kind::Double => slot
                    .cast::<Option<f64>>()
                    .write(is_set.then(|| self.r.double())),
                Kind::Float => slot
                    .cast::<Option<f32>>()
                    .write(is_set.then(|| self.r.float())),
                Kind::Nat => slot
                    .cast::<Option<u32>>()
                    .write(is_set.then(|| self.r.nat())),
                Kind::Int128 => slot
                    .cast::<Option<[u8; 16]>>()
                    .write(is_set.then(|| self.r.int128())),
                Kind::Int256 => slot
                    .cast::<Option<[u8; 32]>>()
                    .write(is_set.then(|| self.r.int256())),
                Kind::Int512 => slot
                    .cast::<Option<[u8; 64]>>()
                    .write(is_set.then(|| self.r.int512())),
                Kind::Bool => slot
                    .cast::<Option<bool>>()
                    .write(is_set.then(|| self.r.bool())),
                Kind::String if BORROWED => {
                    slot.cast::<Option<&'a str>>()
                        .write(is_set.then(|| self.r.str()));
                }
                Kind::String => {
                    slot.cast::<Option<String>>()
                        .write(is_set.then(|| self.r.string()));
                }
                Kind::Bytes if BORROWED => {
                    slot.cast::<Option<&'a [u8]>>()
                        .write(is_set.then(|| self.r.bytes()));
                }
                Kind::Bytes => {
                    slot.cast::<Option<Vec<u8>>>()
                        .write(is_set.then(|| self.r.byte_vec()));
                }
                Kind::True => {
                    if is_set && !shape.bare && <()>::read(self.r).is_err() {
                        return false;
                    }
                    slot.cast::<Option<()>>().write(is_set.then_some(()));
                }
                Kind::Object if BORROWED => {
                    let Ok(object) = is_set.then(|| ObjectRef::read(self.r)).transpose() else {
                        return false;
                    };
                    slot.cast::<Option<ObjectRef<'a>>>().write(object);
                }
                Kind::Object => {
                    let Ok(object) = is_set.then(|| Object::read(self.r)).transpose() else {
                        return false;
                    };
                    slot.cast::<Option<Object>>().write(object);
                }
                // Others have functions for their options: `option_layout` has seen to that.
                _ if is_set => return self.indirect(shape, slot),
                _ => slot.cast::<*mut u8>().write(ptr::null_mut()),
            }
        }
        true
    }

    /// Reads a value beside and moves it into an option.
    unsafe fn some(
        &mut self,
        shape: &'static Shape,
        ops: &'static OptionOps,
        slot: *mut u8,
    ) -> bool {
        let mut near = [MaybeUninit::<u64>::uninit(); 16];
        let is_near = shape.layout.size <= size_of_val(&near) && shape.layout.align <= 8;
        // SAFETY: `value` is room enough; what was made in it is moved away.
        unsafe {
            let value = if is_near {
                near.as_mut_ptr().cast()
            } else {
                allocate(shape.layout, 1)
            };
            let made = self.value(shape, value);
            if made {
                (ops.some)(slot, value);
            }
            if !is_near {
                free(value, shape.layout, 1);
            }
            made
        }
    }

    unsafe fn indirect(&mut self, shape: &'static Shape, slot: *mut u8) -> bool {
        let inner = self.tables.shape(shape.of);
        let layout = inner.layout;
        if self.r.charge(1, layout.size).is_err() {
            return false;
        }
        // SAFETY: `value` is room enough; a box is a pointer to such memory, a reference is one to
        // memory of the arena.
        unsafe {
            let Some(value) = self.room(layout, 1) else {
                return false;
            };
            let made = self.value(inner, value);
            if made {
                slot.cast::<*mut u8>().write(value);
            } else if !BORROWED {
                free(value, layout, 1);
            }
            made
        }
    }

    unsafe fn array(&mut self, shape: &'static Shape, slot: *mut u8) -> bool {
        let element = self.tables.shape(shape.of);
        let count = shape.number as usize;
        let entered = self.r.enter_vector();
        if entered.is_err() || self.r.charge(count, element.layout.size.max(1)).is_err() {
            return false;
        }
        // SAFETY: the array has room for so many elements.
        let made = unsafe { self.elements(element, count, slot) };
        if made {
            self.r.leave();
        }
        made
    }

    unsafe fn vector(&mut self, shape: &'static Shape, slot: *mut u8) -> bool {
        if !shape.bare {
            self.r.vector_id();
        }
        let element = self.tables.shape(shape.of);
        // SAFETY: the shape is of the Rust type that the slot has room for.
        unsafe {
            if self.leaves(element, slot) {
                return true;
            }
            let Some(ops) = shape.sequence else {
                return false;
            };
            self.list(element, ops, shape.number as usize, slot)
        }
    }

    /// Built-ins have ways of their own to be read many at a time. Returns whether they are some.
    unsafe fn leaves(&mut self, element: &'static Shape, slot: *mut u8) -> bool {
        macro_rules! write {
            ($ty:ty) => {{
                if BORROWED {
                    slot.cast::<&'a [$ty]>().write(self.r.slice());
                } else {
                    slot.cast::<Vec<$ty>>().write(self.r.vector());
                }
            }};
        }
        // SAFETY: as above.
        unsafe {
            match element.kind {
                Kind::Int => write!(i32),
                Kind::Long => write!(i64),
                Kind::Double => write!(f64),
                Kind::Float => write!(f32),
                Kind::Nat => write!(u32),
                Kind::Int128 => write!([u8; 16]),
                Kind::Int256 => write!([u8; 32]),
                Kind::Int512 => write!([u8; 64]),
                Kind::Bool => write!(bool),
                Kind::String if BORROWED => slot.cast::<&'a [&'a str]>().write(self.r.slice()),
                Kind::String => slot.cast::<Vec<String>>().write(self.r.vector()),
                Kind::Bytes if BORROWED => slot.cast::<&'a [&'a [u8]]>().write(self.r.slice()),
                Kind::Bytes => slot.cast::<Vec<Vec<u8>>>().write(self.r.vector()),
                _ => return false,
            }
        }
        true
    }

    unsafe fn list(
        &mut self,
        element: &'static Shape,
        ops: &'static SequenceOps,
        min_size: usize,
        slot: *mut u8,
    ) -> bool {
        let count = self.r.element_count(min_size);
        // At least a byte each, so that values of no size don't go on for ever.
        let cost = ops.element.size.max(1);
        if self.r.enter_vector().is_err() || self.r.charge(count, cost).is_err() {
            return false;
        }
        // SAFETY: `elements` is room enough for so many; they become the sequence's.
        unsafe {
            let Some(elements) = self.room(ops.element, count) else {
                return false;
            };
            if !self.elements(element, count, elements) {
                if !BORROWED {
                    free(elements, ops.element, count);
                }
                return false;
            }
            self.r.leave();
            (ops.make)(slot, elements, count);
        }
        true
    }

    /// So many values of a shape, one after another.
    unsafe fn elements(
        &mut self,
        element: &'static Shape,
        count: usize,
        elements: *mut u8,
    ) -> bool {
        let size = element.layout.size;
        for done in 0..count {
            // SAFETY: there is room for so many.
            let made = unsafe { self.value(element, elements.add(done * size)) };
            if !made || self.r.go_on().is_err() {
                let there = done + usize::from(made);
                // SAFETY: these are there.
                unsafe { drop_elements(self.tables, element, elements, there) };
                return false;
            }
        }
        true
    }

    /// Memory for so many values, on the heap or in the arena.
    fn room(&mut self, layout: Layout, count: usize) -> Option<*mut u8> {
        if Memory::from_size_align(layout.size.checked_mul(count)?, layout.align).is_err() {
            self.r.fail(ReadErrorKind::TooMuchMemory);
            return None;
        }
        if BORROWED {
            let arena = self.r.arena().ok()?;
            Some(arena.raw(layout.size * count, layout.align).as_ptr())
        } else {
            Some(allocate(layout, count))
        }
    }
}

/// Which variant has the id.
#[inline]
fn variant_with_id(variants: &[Variant], by_id: &[u16], id: u32) -> Option<usize> {
    if by_id.is_empty() {
        return variants.iter().position(|variant| variant.id == id);
    }
    let id_at = |&index: &u16| variants[usize::from(index)].id;
    let at = by_id.binary_search_by_key(&id, id_at).ok()?;
    Some(usize::from(by_id[at]))
}
