//! Memory from bytes.
//!
//! Every function that makes a value makes all of it or none: what has been made before a failure is
//! given back by the function that made it. Borrowed types never have to be given back.
//!
//! What is read is charged, entered, counted and refused exactly as bodies of generated code do it,
//! by the same methods of the reader: the errors are the same, and so are the limits.
#![allow(unsafe_code)]

//! # The cursor
//! The next byte is a pointer that goes from function to function, since to load and store it at every
//! field would be most of the time. Where it is not enough to look at bytes (they are not there, an
//! error must be told, a path must be found) the reader gets it back and does it its own slow way.
//!
//! # Absent fields
//! A struct is filled with what it is without any of its conditional fields. Flags then say what there
//! is to do, in a set of fields: no others are looked at.

use alloc::string::String;
use alloc::vec::Vec;
use core::alloc::Layout as Memory;
use core::ptr;
use core::slice;

use super::memory::{allocate, copy_number, free, write_tag};
use super::plan::{Code, MAX_NATS, Op, Piece, Tables};
use super::presence::{fields_of, make_absent, type_of};
use super::release::{drop_elements, drop_fields, drop_type};
use super::rows::{Form, Layout, Shape, Type, TypeForm, Variant, id_of_leaf};
use crate::vector::VECTOR_ID;
use crate::{
    Failed, Object, ObjectRef, ReadErrorKind, ReadResult, Reader, TlRead, outline, scalar, utf8,
};

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
            Build::<true>::new(r, tables).whole(ty, bare, slot)
        } else {
            Build::<false>::new(r, tables).whole(ty, bare, slot)
        }
    };
    if done { Ok(()) } else { Err(Failed(())) }
}

/// Reads the payload of an enum whose id was read already, and makes the enum of it.
///
/// # Safety
/// As of [`read`].
pub(super) unsafe fn read_variant(
    r: &mut Reader<'_>,
    tables: &'static Tables,
    row: usize,
    id: u32,
    slot: *mut u8,
) -> ReadResult<()> {
    let ty = tables.ty(row);
    // SAFETY: as above.
    let done = unsafe {
        if tables.is_borrowed() {
            Build::<true>::new(r, tables).rest(ty, id, slot)
        } else {
            Build::<false>::new(r, tables).rest(ty, id, slot)
        }
    };
    if done { Ok(()) } else { Err(Failed(())) }
}

/// A reader and the tables by which it reads.
///
/// Methods that are given `at` read from there on, and return where they have come to, or null if they
/// have failed and made nothing; they want what [`read`] wants, of the type or op that they get.
///
/// **Invariant:** `at..end` are bytes of the reader's input, those that it has left to be seen.
struct Build<'r, 'a, const BORROWED: bool> {
    r: &'r mut Reader<'a>,
    tables: &'static Tables,
    end: *const u8,
}

/// Where reading goes on.
type At = *const u8;

const FAILED: At = ptr::null();

/// A number in front.
macro_rules! number {
    ($self:ident, $at:ident, $ty:ty, $read:ident) => {
        match $self.front::<{ size_of::<$ty>() }>($at) {
            Some(bytes) => {
                $at = $at.add(size_of::<$ty>());
                <$ty>::from_le_bytes(bytes)
            }
            None => match $self.slowly($at, Reader::$read) {
                Some((number, next)) => {
                    $at = next;
                    number
                }
                None => return FAILED,
            },
        }
    };
}

impl<'r, 'a, const BORROWED: bool> Build<'r, 'a, BORROWED> {
    fn new(r: &'r mut Reader<'a>, tables: &'static Tables) -> Self {
        let end = r.seen().as_ptr_range().end;
        Self { r, tables, end }
    }

    /// How many bytes are there to be seen.
    #[inline(always)]
    fn left(&self, at: At) -> usize {
        self.end as usize - at as usize
    }

    /// The bytes in front.
    #[inline(always)]
    unsafe fn front<const L: usize>(&self, at: At) -> Option<[u8; L]> {
        // SAFETY: so many bytes are there.
        (self.left(at) >= L).then(|| unsafe { at.cast::<[u8; L]>().read() })
    }

    /// The reader goes on from here.
    unsafe fn hand_over(&mut self, at: At) {
        // SAFETY: they are what the reader has left: see the invariant.
        let rest = unsafe { slice::from_raw_parts(at, self.left(at)) };
        self.r.see(rest);
    }

    /// And back from the reader, unless it has failed.
    fn take_back(&mut self) -> At {
        let rest = self.r.seen().as_ptr_range();
        self.end = rest.end;
        match self.r.go_on() {
            Ok(()) => rest.start,
            Err(_) => FAILED,
        }
    }

    /// Has the reader read something.
    #[cold]
    #[inline(never)]
    unsafe fn slowly<T>(
        &mut self,
        at: At,
        read: impl FnOnce(&mut Reader<'a>) -> T,
    ) -> Option<(T, At)> {
        // SAFETY: as above.
        unsafe { self.hand_over(at) };
        let value = read(self.r);
        let at = self.take_back();
        (!at.is_null()).then_some((value, at))
    }

    /// An id that is none of those that may stand here.
    #[cold]
    #[inline(never)]
    unsafe fn unexpected(&mut self, at: At, found: u32, expected: &'static str) -> At {
        // SAFETY: as above.
        unsafe { self.hand_over(at) };
        self.r.unexpected_id(found, expected);
        FAILED
    }

    /// All that [`read`] does.
    unsafe fn whole(&mut self, ty: &'static Type, bare: bool, slot: *mut u8) -> bool {
        let at = self.r.seen().as_ptr();
        // SAFETY: as above; `at` is what the reader has left, and gets it back.
        unsafe {
            let at = match ty.form {
                TypeForm::Struct { id: Some(_), .. } if !bare => {
                    self.structure_with_id(at, ty, slot)
                }
                TypeForm::Struct { .. } => self.structure(at, ty, slot),
                TypeForm::Enum { .. } => self.enumeration(at, ty, slot),
                TypeForm::Foreign(_) => self.foreign(at, ty, bare, slot),
            };
            if at.is_null() {
                return false;
            }
            self.hand_over(at);
        }
        true
    }

    /// All that [`read_variant`] does.
    unsafe fn rest(&mut self, ty: &'static Type, id: u32, slot: *mut u8) -> bool {
        let at = self.r.seen().as_ptr();
        // SAFETY: as above; `at` is what the reader has left, and gets it back.
        unsafe {
            let at = self.variant(at, ty, id, slot);
            if at.is_null() {
                return false;
            }
            self.hand_over(at);
        }
        true
    }

    #[inline]
    unsafe fn structure_with_id(&mut self, mut at: At, ty: &'static Type, slot: *mut u8) -> At {
        // SAFETY: as above.
        unsafe {
            let found = number!(self, at, u32, id);
            if let TypeForm::Struct { id, .. } = ty.form
                && id != Some(found)
            {
                return self.unexpected(at, found, outline::constructor(ty.name));
            }
            self.structure(at, ty, slot)
        }
    }

    #[inline]
    unsafe fn enumeration(&mut self, mut at: At, ty: &'static Type, slot: *mut u8) -> At {
        // SAFETY: as above.
        unsafe {
            let id = number!(self, at, u32, id);
            self.variant(at, ty, id, slot)
        }
    }

    /// What follows the id.
    #[inline(always)]
    unsafe fn variant(&mut self, mut at: At, ty: &'static Type, id: u32, slot: *mut u8) -> At {
        // SAFETY: as above; the row describes the enum: the payload of this variant has its place at
        // this offset, and the tag, its place in the order, at the start.
        unsafe {
            let TypeForm::Enum { tag, lookup } = ty.form else {
                return FAILED;
            };
            let variants = self.tables.variants_of(ty);
            let Some(index) = lookup.find(variants, id) else {
                return self.unexpected(at, id, ty.name);
            };
            let Variant { op, flat, .. } = &variants[index];
            let place = slot.add(op.offset as usize);
            let size = usize::from(flat.of);
            at = match op.code {
                // All that a struct of numbers would do if nothing is wrong, and nobody counts.
                Code::Struct
                    if flat.code == Code::Number && self.left(at) >= size && self.r.may_enter() =>
                {
                    copy_number(at, slot.add(flat.offset as usize), size);
                    at.add(size)
                }
                Code::Struct => {
                    let ty = type_of(self.tables, op);
                    self.structure(at, ty, place)
                }
                Code::Nothing => {
                    self.r.empty();
                    at
                }
                _ => self.value(at, op, place),
            };
            if !at.is_null() {
                write_tag(slot, tag, index);
            }
            at
        }
    }

    unsafe fn structure(&mut self, mut at: At, ty: &'static Type, slot: *mut u8) -> At {
        // SAFETY: as above.
        unsafe { self.hand_over(at) };
        if self.r.enter(ty.name).is_err() {
            return FAILED;
        }
        let (ops, pieces) = fields_of(self.tables, ty);
        if ty.is_conditional {
            // SAFETY: the slot has room for the struct.
            unsafe { slot.write_bytes(0, ty.layout.size) };
        }
        let mut nats = [0; MAX_NATS];
        for (number, piece) in pieces.iter().enumerate() {
            let first = number * Piece::FIELDS;
            let mut left = piece.always;
            if ty.is_conditional {
                // SAFETY: the row describes the struct.
                unsafe { make_absent(self.tables, piece, slot) };
            }
            if first > 0 {
                let ops = &ops[first..];
                for (mask, &nat) in nats.iter().enumerate() {
                    left |= conditional(ops, piece.shared, mask, nat);
                }
                // SAFETY: the row describes the struct.
                left = unsafe { set_marks(ops, piece, left, slot) };
            }
            while left != 0 {
                let index = left.trailing_zeros() as usize;
                left &= left - 1;
                // SAFETY: the piece has a field for every bit.
                let op = unsafe { ops.get_unchecked(first + index) };
                // SAFETY: the row describes the struct: this field has its place at this offset.
                let next = unsafe {
                    let place = slot.wrapping_add(op.offset as usize);
                    match op.code {
                        Code::Flags => {
                            let (flags, next) = self.flags(at);
                            let number = usize::from(op.bit) % MAX_NATS;
                            nats[number] = flags;
                            let ops = ops.get_unchecked(first..);
                            let mut set = mapped(self.tables.map(op), flags);
                            if set & piece.shared != 0 {
                                set |= conditional(ops, piece.shared, number, flags);
                            }
                            left |= set_marks(ops, piece, set, slot);
                            next
                        }
                        Code::Number if self.left(at) >= usize::from(op.of) => {
                            let size = usize::from(op.of);
                            copy_number(at, place, size);
                            at.add(size)
                        }
                        Code::Number if op.slow == Code::Run => {
                            self.run_slowly(at, op, ty, first + index, place)
                        }
                        Code::Enum => self.enumeration(at, type_of(self.tables, op), place),
                        _ => self.value_here(at, op, place),
                    }
                };
                if next.is_null() {
                    // SAFETY: the fields before this one are there.
                    unsafe { drop_fields(self.tables, ty, slot, first + index) };
                    return FAILED;
                }
                at = next;
            }
        }
        self.r.leave();
        at
    }

    /// A number that is not there.
    #[cold]
    #[inline(never)]
    unsafe fn number_slowly(&mut self, at: At, op: &Op, place: *mut u8) -> At {
        macro_rules! read {
            ($ty:ty, $method:ident) => {
                // SAFETY: the place has room for it.
                unsafe {
                    match self.slowly(at, Reader::$method) {
                        Some((number, next)) => {
                            place.cast::<$ty>().write(number);
                            next
                        }
                        None => FAILED,
                    }
                }
            };
        }
        match op.slow {
            Code::Int => read!(i32, int),
            Code::Long => read!(i64, long),
            Code::Nat => read!(u32, nat),
            Code::Int128 => read!([u8; 16], int128),
            Code::Int256 => read!([u8; 32], int256),
            Code::Int512 => read!([u8; 64], int512),
            _ => FAILED,
        }
    }

    /// Those of a run, one after another; `index` is the first.
    #[cold]
    #[inline(never)]
    unsafe fn run_slowly(
        &mut self,
        mut at: At,
        op: &Op,
        ty: &'static Type,
        index: usize,
        place: *mut u8,
    ) -> At {
        let count = usize::from(op.bit & !Op::ALWAYS);
        for field in &self.tables.fields_of(ty)[index..][..count] {
            if let Form::Value(shape) = field.form() {
                // SAFETY: this field of the run is so far from the first.
                unsafe {
                    let place = place.add((field.offset - op.offset) as usize);
                    at = self.value(at, &self.tables.shape(shape).op, place);
                }
            }
            if at.is_null() {
                return FAILED;
            }
        }
        at
    }

    #[inline(always)]
    unsafe fn flags(&mut self, at: At) -> (u32, At) {
        // SAFETY: as above.
        unsafe {
            match self.front(at) {
                Some(bytes) => (u32::from_le_bytes(bytes), at.add(4)),
                None => self.slowly(at, Reader::nat).unwrap_or((0, FAILED)),
            }
        }
    }

    /// A value that is there.
    #[inline(never)]
    unsafe fn value(&mut self, at: At, op: &Op, place: *mut u8) -> At {
        // SAFETY: as above.
        unsafe { self.value_here(at, op, place) }
    }

    /// The same, for loops.
    #[inline(always)]
    unsafe fn value_here(&mut self, mut at: At, op: &Op, place: *mut u8) -> At {
        macro_rules! slowly {
            ($read:expr) => {
                match self.slowly(at, $read) {
                    Some((value, next)) => {
                        at = next;
                        value
                    }
                    None => return FAILED,
                }
            };
        }
        // SAFETY: the place has room for a value of the op's Rust type.
        unsafe {
            match op.code {
                Code::Nothing | Code::Run => {}
                Code::Number => {
                    let size = usize::from(op.of);
                    if self.left(at) < size {
                        return self.number_slowly(at, op, place);
                    }
                    copy_number(at, place, size);
                    return at.add(size);
                }
                Code::Int => place.cast::<i32>().write(number!(self, at, i32, int)),
                Code::Long => place.cast::<i64>().write(number!(self, at, i64, long)),
                Code::Double => place.cast::<f64>().write(number!(self, at, f64, double)),
                Code::Float => place.cast::<f32>().write(number!(self, at, f32, float)),
                Code::Flags | Code::Nat => place.cast::<u32>().write(number!(self, at, u32, nat)),
                // They are always numbers.
                Code::Int128 | Code::Int256 | Code::Int512 => return FAILED,
                Code::Bool => match self.front(at).map(u32::from_le_bytes) {
                    Some(id @ (scalar::BOOL_TRUE | scalar::BOOL_FALSE)) => {
                        place.cast::<bool>().write(id == scalar::BOOL_TRUE);
                        at = at.add(4);
                        self.r.count();
                    }
                    _ => place.cast::<bool>().write(slowly!(Reader::bool)),
                },
                Code::String => return self.text(at, place),
                Code::Bytes => return self.bytes(at, place),
                Code::True => match slowly!(<()>::read) {
                    Ok(()) => {}
                    Err(_) => return FAILED,
                },
                Code::Object if BORROWED => match slowly!(ObjectRef::read) {
                    Ok(object) => place.cast::<ObjectRef<'a>>().write(object),
                    Err(_) => return FAILED,
                },
                Code::Object => match slowly!(Object::read) {
                    Ok(object) => place.cast::<Object>().write(object),
                    Err(_) => return FAILED,
                },
                Code::Struct => {
                    let ty = type_of(self.tables, op);
                    return self.structure(at, ty, place);
                }
                Code::StructWithId => {
                    let ty = type_of(self.tables, op);
                    return self.structure_with_id(at, ty, place);
                }
                Code::Enum => {
                    let ty = type_of(self.tables, op);
                    return self.enumeration(at, ty, place);
                }
                Code::Foreign | Code::ForeignBare => {
                    let ty = type_of(self.tables, op);
                    return self.foreign(at, ty, op.code == Code::ForeignBare, place);
                }
                Code::Vector => return self.vector(at, self.tables.shape(op.of), place),
                Code::Array => return self.array(at, self.tables.shape(op.of), place),
                Code::Indirect => return self.indirect(at, self.tables.shape(op.of), place),
                Code::WithId => {
                    let inner = self.tables.shape(op.of);
                    let (id, name) = id_of_leaf(inner.kind);
                    let found = number!(self, at, u32, id);
                    if found != id {
                        return self.unexpected(at, found, name);
                    }
                    return self.value(at, &inner.op, place);
                }
            }
        }
        at
    }

    #[inline(never)]
    unsafe fn text(&mut self, at: At, place: *mut u8) -> At {
        // SAFETY: the place has room for a string.
        unsafe {
            let found = self
                .string(at)
                .and_then(|(bytes, next)| Some((utf8::text(bytes)?, next)));
            let Some((text, next)) = found.or_else(|| self.slowly(at, Reader::str)) else {
                return FAILED;
            };
            if BORROWED {
                place.cast::<&'a str>().write(text);
            } else {
                place.cast::<String>().write(String::from(text));
            }
            next
        }
    }

    #[inline(never)]
    unsafe fn bytes(&mut self, at: At, place: *mut u8) -> At {
        // SAFETY: the place has room for bytes.
        unsafe {
            let found = self.string(at);
            let Some((bytes, next)) = found.or_else(|| self.slowly(at, Reader::bytes)) else {
                return FAILED;
            };
            if BORROWED {
                place.cast::<&'a [u8]>().write(bytes);
            } else {
                place.cast::<Vec<u8>>().write(bytes.to_vec());
            }
            next
        }
    }

    /// The bytes of a string or of bytes, if all of them are there.
    #[inline(always)]
    unsafe fn string(&self, at: At) -> Option<(&'a [u8], At)> {
        // SAFETY: only bytes are looked at that are there.
        unsafe {
            let word = u32::from_le_bytes(self.front(at)?);
            let (header, len) = match word.to_le_bytes()[0] {
                255 => return None,
                254 => (4, (word >> 8) as usize),
                len => (1, usize::from(len)),
            };
            let size = (header + len).next_multiple_of(4);
            if size > self.left(at) {
                return None;
            }
            Some((slice::from_raw_parts(at.add(header), len), at.add(size)))
        }
    }

    #[cold]
    #[inline(never)]
    unsafe fn foreign(&mut self, at: At, ty: &'static Type, bare: bool, slot: *mut u8) -> At {
        let Some(hands) = ty.hands else {
            return FAILED;
        };
        // SAFETY: as above. A value that was made though something had failed is given back.
        unsafe {
            self.hand_over(at);
            if !(hands.read)(self.r, slot, bare) {
                return FAILED;
            }
            let at = self.take_back();
            if at.is_null() && !BORROWED {
                drop_type(self.tables, ty, slot);
            }
            at
        }
    }

    #[inline(never)]
    unsafe fn indirect(&mut self, at: At, inner: &'static Shape, slot: *mut u8) -> At {
        let layout = inner.layout;
        // SAFETY: as above.
        unsafe { self.hand_over(at) };
        if self.r.charge(1, layout.size).is_err() {
            return FAILED;
        }
        // SAFETY: `value` is room enough; a box is a pointer to such memory, a reference is one to
        // memory of the arena.
        unsafe {
            let Some(value) = self.room(layout, 1) else {
                return FAILED;
            };
            let at = self.value(at, &inner.op, value);
            if !at.is_null() {
                slot.cast::<*mut u8>().write(value);
            } else if !BORROWED {
                free(value, layout, 1);
            }
            at
        }
    }

    #[inline(never)]
    unsafe fn array(&mut self, at: At, shape: &'static Shape, slot: *mut u8) -> At {
        let element = self.tables.shape(shape.of);
        let count = shape.number as usize;
        // SAFETY: as above; the array has room for so many elements.
        unsafe {
            self.hand_over(at);
            let entered = self.r.enter_vector();
            if entered.is_err() || self.r.charge(count, element.layout.size.max(1)).is_err() {
                return FAILED;
            }
            let at = self.elements(at, element, count, slot);
            if !at.is_null() {
                self.r.leave();
            }
            at
        }
    }

    #[inline(never)]
    unsafe fn vector(&mut self, mut at: At, shape: &'static Shape, slot: *mut u8) -> At {
        let element = self.tables.shape(shape.of);
        let min_size = shape.number as usize;
        // SAFETY: as above; the shape is of the Rust type that the slot has room for.
        unsafe {
            let header = if shape.bare { 4 } else { 8 };
            // An id, a count, and as many elements as can follow; else the reader has its say.
            let count = (self.left(at) >= header)
                .then(|| u32::from_le_bytes(at.add(header - 4).cast::<[u8; 4]>().read()))
                .filter(|_| {
                    shape.bare || u32::from_le_bytes(at.cast::<[u8; 4]>().read()) == VECTOR_ID
                })
                .and_then(|count| usize::try_from(count).ok())
                .filter(|count| {
                    count
                        .checked_mul(min_size)
                        .is_some_and(|size| size <= self.left(at) - header)
                });
            let is_leaf = element.op.slow.is_leaf();
            let (count, next) = match count {
                Some(count) if !is_leaf => (count, at.add(header)),
                _ => {
                    self.hand_over(at);
                    if !shape.bare {
                        self.r.vector_id();
                    }
                    if is_leaf {
                        return self.leaves(element.op.slow, slot);
                    }
                    let count = self.r.element_count(min_size);
                    (count, self.take_back())
                }
            };
            at = next;
            let Some(ops) = shape.sequence else {
                return FAILED;
            };
            if at.is_null() {
                return FAILED;
            }
            self.hand_over(at);
            if self.r.enter_vector().is_err() {
                return FAILED;
            }
            // At least a byte each, so that values of no size don't go on for ever.
            if self.r.charge(count, ops.element.size.max(1)).is_err() {
                return FAILED;
            }
            let Some(elements) = self.room(ops.element, count) else {
                return FAILED;
            };
            at = self.elements(at, element, count, elements);
            if at.is_null() {
                if !BORROWED {
                    free(elements, ops.element, count);
                }
                return FAILED;
            }
            self.r.leave();
            ops.make(slot, elements, count);
            at
        }
    }

    /// Built-ins have ways of their own to be read many at a time. The reader has the cursor.
    unsafe fn leaves(&mut self, code: Code, slot: *mut u8) -> At {
        macro_rules! read {
            ($ty:ty) => {
                read!($ty, $ty)
            };
            ($owned:ty, $borrowed:ty) => {
                if BORROWED {
                    let slice = self.r.slice();
                    let at = self.take_back();
                    // SAFETY: the slot is one of these slices.
                    unsafe { slot.cast::<&'a [$borrowed]>().write(slice) };
                    at
                } else {
                    let vec: Vec<$owned> = self.r.vector();
                    let at = self.take_back();
                    if !at.is_null() {
                        // SAFETY: the slot is one of these vectors.
                        unsafe { slot.cast::<Vec<$owned>>().write(vec) };
                    }
                    at
                }
            };
        }
        match code {
            Code::Int => read!(i32),
            Code::Long => read!(i64),
            Code::Double => read!(f64),
            Code::Float => read!(f32),
            Code::Nat => read!(u32),
            Code::Int128 => read!([u8; 16]),
            Code::Int256 => read!([u8; 32]),
            Code::Int512 => read!([u8; 64]),
            Code::Bool => read!(bool),
            Code::String => read!(String, &'a str),
            Code::Bytes => read!(Vec<u8>, &'a [u8]),
            _ => FAILED,
        }
    }

    /// So many values of a shape, one after another.
    unsafe fn elements(
        &mut self,
        mut at: At,
        element: &'static Shape,
        count: usize,
        elements: *mut u8,
    ) -> At {
        let size = element.layout.size;
        let op = &element.op;
        for done in 0..count {
            // SAFETY: there is room for so many.
            let next = unsafe {
                let place = elements.add(done * size);
                match op.code {
                    Code::Enum => {
                        let ty = type_of(self.tables, op);
                        self.enumeration(at, ty, place)
                    }
                    _ => self.value(at, op, place),
                }
            };
            if next.is_null() {
                // SAFETY: these are there.
                unsafe { drop_elements(self.tables, element, elements, done) };
                return FAILED;
            }
            at = next;
        }
        at
    }

    /// Memory for so many values, on the heap or in the arena. The reader has the cursor, as always
    /// where it may fail.
    #[inline]
    fn room(&mut self, layout: Layout, count: usize) -> Option<*mut u8> {
        let size = layout.size.checked_mul(count);
        let size = size.filter(|&size| Memory::from_size_align(size, layout.align).is_ok());
        let Some(size) = size else {
            self.r.fail(ReadErrorKind::TooMuchMemory);
            return None;
        };
        if BORROWED {
            let arena = self.r.arena().ok()?;
            Some(arena.raw(size, layout.align).as_ptr())
        } else {
            Some(allocate(layout, count))
        }
    }
}

/// The fields that are there because of the bits of a mask, each of which stands for one.
#[inline(always)]
fn mapped(map: &[u8; 32], mut flags: u32) -> u64 {
    let mut set = 0;
    while flags != 0 {
        let index = map[flags.trailing_zeros() as usize];
        flags &= flags - 1;
        set |= u64::from(index < 64) << (index & 63);
    }
    set
}

/// The same of some conditional fields, whether others have their bits or not.
#[inline(always)]
fn conditional(ops: &[Op], mut of: u64, mask: usize, flags: u32) -> u64 {
    let mut set = 0;
    while of != 0 {
        let index = of.trailing_zeros() as usize;
        of &= of - 1;
        let bit = ops[index].bit;
        let is_set = (flags >> (bit & 31) & 1 == 1) & (usize::from(bit >> 5) == mask);
        set |= u64::from(is_set) << index;
    }
    set
}

/// Says of fields that they are there, and returns those that have values.
///
/// # Safety
/// The ops are those of the piece, of the row of the struct that the slot has room for.
#[inline(always)]
pub(super) unsafe fn set_marks(ops: &[Op], piece: &Piece, set: u64, slot: *mut u8) -> u64 {
    let mut marked = set & piece.marked;
    while marked != 0 {
        let index = marked.trailing_zeros() as usize;
        marked &= marked - 1;
        // SAFETY: the piece has a field for every bit; its mark is in the struct.
        unsafe {
            let op = ops.get_unchecked(index);
            slot.add(op.offset as usize - usize::from(op.mark)).write(1);
        }
    }
    set & (piece.always | piece.parts)
}
