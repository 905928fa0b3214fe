//! Values as bytes.
//!
//! Which fields are there is found out first, for all of them at once (`presence`). Then only those
//! are visited. As in `build`, the place of the next byte is a pointer that goes from function to
//! function, and what does not fit is left to the writer, which makes room.
#![allow(unsafe_code)]

use core::mem::MaybeUninit;
use core::ptr;
use core::slice;

use alloc::string::String;
use alloc::vec::Vec;

use super::memory::{copy_number, copy_short, read_tag};
use super::plan::{Code, MAX_NATS, Op, Piece, Tables};
use super::presence::{fields_of, present, type_of, variant_of};
use super::rows::{Shape, Type, TypeForm, id_of_leaf};
use super::view::{Placed, View};
use crate::buffer::LONG_FORM;
use crate::vector::VECTOR_ID;
use crate::{Object, ObjectRef, TlWrite, Writer, outline, scalar};

/// Writes a value as it stands alone, or without its id.
pub(crate) fn write(w: &mut Writer<'_>, view: View<'_>, bare: bool) {
    let ty = view.ty;
    let code = match ty.form {
        TypeForm::Struct { id: Some(_), .. } if !bare => Code::StructWithId,
        TypeForm::Struct { .. } => Code::Struct,
        TypeForm::Enum { .. } => Code::Enum,
        TypeForm::Foreign(_) if bare => Code::ForeignBare,
        TypeForm::Foreign(_) => Code::Foreign,
    };
    let tables = view.tables;
    // SAFETY: the view's value is one of its row.
    unsafe {
        if tables.is_borrowed() {
            let mut pen = Pen::<true>::new(w, tables);
            let at = pen.take_back();
            let at = pen.named(at, code, ty, view.value());
            w.buffer().advance(at);
        } else {
            let mut pen = Pen::<false>::new(w, tables);
            let at = pen.take_back();
            let at = pen.named(at, code, ty, view.value());
            w.buffer().advance(at);
        }
    }
}

/// Writes a value of a shape.
pub(crate) fn value(w: &mut Writer<'_>, placed: Placed<'_>) {
    let (tables, op) = (placed.tables, &placed.shape.op);
    // SAFETY: there is a value of the shape in its place.
    unsafe {
        if tables.is_borrowed() {
            let mut pen = Pen::<true>::new(w, tables);
            let at = pen.take_back();
            let at = pen.value(at, op, placed.place());
            w.buffer().advance(at);
        } else {
            let mut pen = Pen::<false>::new(w, tables);
            let at = pen.take_back();
            let at = pen.value(at, op, placed.place());
            w.buffer().advance(at);
        }
    }
}

/// Whether a value of a type stands without its id: a box says nothing of it, what is in it does.
pub(crate) fn bare(placed: Placed<'_>) -> bool {
    placed.innermost().bare
}

/// A writer and the tables by which it writes.
///
/// Methods that are given `at` write from there on and return where they have come to. They want that
/// a value of the type or op that they get is in its place.
///
/// **Invariant:** `at..end` is the room that the writer has.
struct Pen<'p, 'w, const BORROWED: bool> {
    w: &'p mut Writer<'w>,
    tables: &'static Tables,
    end: *mut u8,
    /// [`Pen::QUICK`] bytes before the end, an address: up to there nobody asks how long a number is.
    soft: usize,
}

/// Where writing goes on.
type At = *mut u8;

impl<'p, 'w, const BORROWED: bool> Pen<'p, 'w, BORROWED> {
    fn new(w: &'p mut Writer<'w>, tables: &'static Tables) -> Self {
        Self {
            w,
            tables,
            end: ptr::null_mut(),
            soft: 0,
        }
    }

    /// Enough for an id and a number copied as eight bytes.
    const QUICK: usize = 16;

    /// Whether there is room for [`Pen::QUICK`] bytes.
    #[inline(always)]
    fn is_roomy(&self, at: At) -> bool {
        (at as usize) < self.soft
    }

    /// The room, from the writer.
    fn take_back(&mut self) -> At {
        let (next, end) = self.w.buffer().spare();
        self.end = end;
        self.soft = (end as usize).saturating_sub(Self::QUICK);
        next
    }

    /// Has the writer write something.
    #[cold]
    #[inline(never)]
    unsafe fn slowly(&mut self, at: At, write: impl FnOnce(&mut Writer<'_>)) -> At {
        // SAFETY: see the invariant; all before `at` was written.
        unsafe { self.w.buffer().advance(at) };
        write(self.w);
        self.take_back()
    }

    #[inline(always)]
    fn left(&self, at: At) -> usize {
        self.end as usize - at as usize
    }

    /// Bytes of a number known when this is compiled.
    #[inline(always)]
    unsafe fn put<const N: usize>(&mut self, at: At, bytes: [u8; N]) -> At {
        // SAFETY: as above.
        unsafe {
            if self.left(at) >= N {
                at.cast::<[u8; N]>().write(bytes);
                at.add(N)
            } else {
                self.slowly(at, |w| w.raw(&bytes))
            }
        }
    }

    /// A string, or bytes.
    #[inline(never)]
    unsafe fn bytes(&mut self, at: At, bytes: &[u8]) -> At {
        let len = bytes.len();
        // SAFETY: as above; there is room for `size` bytes, which is at least 1 + len and four.
        unsafe {
            let Some(short) = u8::try_from(len).ok().filter(|&len| len < LONG_FORM) else {
                return self.slowly(at, |w| w.bytes(bytes));
            };
            let size = (usize::from(short) + 4) & !3;
            if self.left(at) < size {
                return self.slowly(at, |w| w.bytes(bytes));
            }
            at.add(size - 4).cast::<[u8; 4]>().write([0; 4]);
            at.write(short);
            copy_short(bytes.as_ptr(), at.add(1), len);
            at.add(size)
        }
    }

    unsafe fn named(&mut self, at: At, code: Code, ty: &'static Type, value: *const u8) -> At {
        // SAFETY: as above.
        unsafe {
            match (code, ty.form) {
                (Code::StructWithId, _) => self.with_id(at, ty, value),
                (Code::Foreign | Code::ForeignBare, _) => match ty.hands {
                    Some(hands) => {
                        self.slowly(at, |w| (hands.write)(value, w, code == Code::ForeignBare))
                    }
                    None => at,
                },
                (_, TypeForm::Struct { .. }) => self.structure(at, ty, value),
                (_, TypeForm::Enum { tag, .. }) => self.variant(at, ty.first, tag, value),
                // That is one of the codes above.
                (_, TypeForm::Foreign(_)) => at,
            }
        }
    }

    /// A struct after its id.
    #[inline(always)]
    unsafe fn with_id(&mut self, mut at: At, ty: &'static Type, value: *const u8) -> At {
        // SAFETY: as above.
        unsafe {
            if let TypeForm::Struct { id: Some(id), .. } = ty.form {
                at = self.word(at, id);
            }
            self.structure(at, ty, value)
        }
    }

    /// Four bytes.
    #[inline(always)]
    unsafe fn word(&mut self, at: At, word: u32) -> At {
        // SAFETY: as above.
        unsafe {
            if self.is_roomy(at) {
                at.cast::<[u8; 4]>().write(word.to_le_bytes());
                at.add(4)
            } else {
                self.word_slowly(at, word)
            }
        }
    }

    #[cold]
    #[inline(never)]
    unsafe fn word_slowly(&mut self, at: At, word: u32) -> At {
        // SAFETY: as above.
        unsafe { self.put(at, word.to_le_bytes()) }
    }

    /// An enum of an op.
    #[inline]
    unsafe fn enumeration(&mut self, at: At, op: &Op, value: *const u8) -> At {
        // SAFETY: as above; the op has these of the row.
        unsafe { self.variant(at, op.first, op.with, value) }
    }

    /// An enum by its first variant and the size of its tag.
    #[inline(never)]
    unsafe fn variant(&mut self, mut at: At, first: u32, tag: u8, value: *const u8) -> At {
        // SAFETY: as above; the row describes the enum: its variant is that of the tag, whose payload
        // is at this offset.
        unsafe {
            let variant = variant_of(self.tables, first, read_tag(value, tag));
            let op = &variant.flat;
            let place = value.add(op.offset as usize);
            if !self.is_roomy(at) {
                return self.variant_slowly(at, variant.id, op, place);
            }
            at.cast::<[u8; 4]>().write(variant.id.to_le_bytes());
            at = at.add(4);
            if op.quick != 0 {
                // Of the room for sixteen bytes four are taken.
                copy_eight(place, at);
                return at.add(usize::from(op.quick));
            }
            match op.code {
                Code::Nothing => at,
                Code::Struct => self.structure(at, type_of(self.tables, op), place),
                Code::Indirect => self.indirect(at, op, place),
                _ => self.value(at, op, place),
            }
        }
    }

    #[cold]
    #[inline(never)]
    unsafe fn variant_slowly(&mut self, at: At, id: u32, op: &Op, place: *const u8) -> At {
        // SAFETY: as above.
        unsafe {
            let at = self.put(at, id.to_le_bytes());
            self.value(at, op, place)
        }
    }

    /// What is behind a pointer.
    #[inline(always)]
    unsafe fn indirect(&mut self, at: At, op: &Op, place: *const u8) -> At {
        // SAFETY: as above; a box and a reference are pointers to values of the shape.
        unsafe {
            let inner = &self.tables.shape(op.of).op;
            let place = place.cast::<*const u8>().read();
            match inner.code {
                Code::Struct => self.structure(at, type_of(self.tables, inner), place),
                _ => self.value(at, inner, place),
            }
        }
    }

    unsafe fn structure(&mut self, mut at: At, ty: &'static Type, value: *const u8) -> At {
        let tables = self.tables;
        let (ops, pieces) = fields_of(tables, ty);
        match pieces {
            [piece] if !piece.is_wide => {
                // SAFETY: the row describes the struct.
                unsafe {
                    if !ty.is_conditional {
                        return self.fields(at, ops, piece.always, 0_u64, value);
                    }
                    let there = present(tables, ty, piece, value);
                    let mut words = 0_u64;
                    let mut set = there & !piece.always;
                    while set != 0 {
                        let index = set.trailing_zeros() as usize;
                        set &= set - 1;
                        // The piece has a field for every bit.
                        words |= 1 << (ops.get_unchecked(index).bit & 63);
                    }
                    if there & piece.shared != 0 && !agree(words, ops, piece.shared, there) {
                        at = self.slowly(at, |w| check_shared(w, tables, ty, value));
                    }
                    if piece.leads {
                        at = self.word(at, words.word(0));
                    }
                    self.fields(at, ops, there & piece.behind, words, value)
                }
            }
            // SAFETY: as above.
            _ => unsafe { self.large_structure(at, ty, value) },
        }
    }

    /// A struct of several pieces, or of many masks.
    #[inline(never)]
    unsafe fn large_structure(&mut self, mut at: At, ty: &'static Type, value: *const u8) -> At {
        let tables = self.tables;
        let (ops, pieces) = fields_of(tables, ty);
        let pieces = || pieces.iter().zip(ops.chunks(Piece::FIELDS));
        let mut words = 0_u128;
        let mut is_consistent = true;
        // SAFETY: the row describes the struct.
        unsafe {
            for (piece, ops) in pieces() {
                let mut set = present(tables, ty, piece, value) & !piece.always;
                while set != 0 {
                    words |= 1 << (ops[set.trailing_zeros() as usize].bit & 127);
                    set &= set - 1;
                }
            }
            for (piece, ops) in pieces() {
                let there = present(tables, ty, piece, value);
                is_consistent &= agree(words, ops, piece.shared, there);
            }
            if !is_consistent {
                at = self.slowly(at, |w| check_shared(w, tables, ty, value));
            }
            for (piece, ops) in pieces() {
                let there = present(tables, ty, piece, value) & (piece.always | piece.parts);
                at = self.fields(at, ops, there, words, value);
            }
        }
        at
    }

    /// The fields of a set.
    #[inline(always)]
    unsafe fn fields(
        &mut self,
        mut at: At,
        ops: &[Op],
        mut left: u64,
        words: impl Words,
        value: *const u8,
    ) -> At {
        while left != 0 {
            let index = left.trailing_zeros() as usize;
            left &= left - 1;
            // SAFETY: the piece has a field for every bit, which has its place at this offset. If it is
            // quick, eight bytes may be read there, whatever they are, and written where there is room:
            // those behind `at` are nothing yet.
            unsafe {
                let op = ops.get_unchecked(index);
                let place = value.wrapping_add(op.offset as usize);
                if op.quick != 0 {
                    let size = usize::from(op.quick);
                    if self.is_roomy(at) {
                        copy_eight(place, at);
                        at = at.add(size);
                    } else {
                        at = self.raw(at, place, size);
                    }
                    continue;
                }
                at = match op.code {
                    Code::Enum => self.enumeration(at, op, place),
                    Code::Flags => self.word(at, words.word(op.bit)),
                    _ => self.value_here(at, op, place),
                };
            }
        }
        at
    }

    /// What is in memory as on the wire.
    #[inline(always)]
    unsafe fn number(&mut self, at: At, op: &Op, place: *const u8) -> At {
        // SAFETY: as above.
        unsafe { self.copy(at, place, usize::from(op.of)) }
    }

    /// So many bytes.
    #[cold]
    #[inline(never)]
    unsafe fn raw(&mut self, at: At, from: *const u8, size: usize) -> At {
        // SAFETY: as above.
        unsafe { self.copy(at, from, size) }
    }

    /// At least four bytes.
    #[inline(always)]
    unsafe fn copy(&mut self, at: At, from: *const u8, size: usize) -> At {
        // SAFETY: as above; so many bytes are there.
        unsafe {
            if self.left(at) < size {
                let bytes = slice::from_raw_parts(from, size);
                return self.slowly(at, |w| w.raw(bytes));
            }
            copy_number(from, at, size);
            at.add(size)
        }
    }

    unsafe fn value(&mut self, at: At, op: &Op, place: *const u8) -> At {
        // SAFETY: as above.
        unsafe { self.value_here(at, op, place) }
    }

    /// The same, for loops.
    #[inline(always)]
    unsafe fn value_here(&mut self, at: At, op: &Op, place: *const u8) -> At {
        // SAFETY: the place is a value of the op's Rust type.
        unsafe {
            match op.code {
                Code::Nothing | Code::Flags | Code::Run => at,
                Code::Number => self.number(at, op, place),
                Code::Int => self.put(at, place.cast::<i32>().read().to_le_bytes()),
                Code::Long => self.put(at, place.cast::<i64>().read().to_le_bytes()),
                Code::Double => self.put(at, place.cast::<f64>().read().to_le_bytes()),
                Code::Float => self.put(at, place.cast::<f32>().read().to_le_bytes()),
                Code::Nat => self.put(at, place.cast::<u32>().read().to_le_bytes()),
                Code::Int128 => self.put(at, place.cast::<[u8; 16]>().read()),
                Code::Int256 => self.put(at, place.cast::<[u8; 32]>().read()),
                Code::Int512 => self.put(at, place.cast::<[u8; 64]>().read()),
                Code::Bool => {
                    let id = match place.cast::<bool>().read() {
                        true => scalar::BOOL_TRUE,
                        false => scalar::BOOL_FALSE,
                    };
                    self.put(at, id.to_le_bytes())
                }
                Code::String if BORROWED => self.bytes(at, place.cast::<&str>().read().as_bytes()),
                Code::String => self.bytes(at, (*place.cast::<String>()).as_bytes()),
                Code::Bytes if BORROWED => self.bytes(at, place.cast::<&[u8]>().read()),
                Code::Bytes => self.bytes(at, &*place.cast::<Vec<u8>>()),
                Code::Object => {
                    let bytes = match BORROWED {
                        true => place.cast::<ObjectRef<'_>>().read().0,
                        false => (*place.cast::<Object>()).0.as_slice(),
                    };
                    self.slowly(at, |w| w.raw(bytes))
                }
                Code::True => self.slowly(at, |w| ().write(w)),
                Code::Struct => {
                    let ty = type_of(self.tables, op);
                    self.structure(at, ty, place)
                }
                Code::Enum => self.enumeration(at, op, place),
                Code::StructWithId => {
                    let ty = type_of(self.tables, op);
                    self.with_id(at, ty, place)
                }
                Code::Foreign | Code::ForeignBare => {
                    let ty = type_of(self.tables, op);
                    self.named(at, op.code, ty, place)
                }
                Code::Indirect => self.indirect(at, op, place),
                Code::WithId => {
                    let inner = self.tables.shape(op.of);
                    let at = self.put(at, id_of_leaf(inner.kind).0.to_le_bytes());
                    self.value(at, &inner.op, place)
                }
                Code::Vector => self.vector(at, self.tables.shape(op.of), place),
                Code::Array => {
                    let shape = self.tables.shape(op.of);
                    self.elements(at, shape, place, shape.number as usize)
                }
            }
        }
    }

    #[inline(never)]
    unsafe fn vector(&mut self, mut at: At, shape: &'static Shape, place: *const u8) -> At {
        let Some(ops) = shape.sequence else {
            return at;
        };
        // SAFETY: the place is a vector of the shape's Rust type.
        unsafe {
            let (elements, len) = ops.elements(place);
            if !shape.bare {
                at = self.put(at, VECTOR_ID.to_le_bytes());
            }
            at = match u32::try_from(len) {
                Ok(count) => self.put(at, count.to_le_bytes()),
                Err(_) => self.slowly(at, |w| w.count(len)),
            };
            self.elements(at, shape, elements, len)
        }
    }

    /// The elements of a vector or array.
    unsafe fn elements(
        &mut self,
        mut at: At,
        shape: &'static Shape,
        elements: *const u8,
        len: usize,
    ) -> At {
        macro_rules! numbers {
            ($ty:ty) => {{
                // SAFETY: there are so many of these.
                let numbers = unsafe { slice::from_raw_parts(elements.cast::<$ty>(), len) };
                // SAFETY: as above.
                return unsafe { self.slowly(at, |w| w.numbers(numbers)) };
            }};
        }
        let element = self.tables.shape(shape.of);
        let op = &element.op;
        match op.slow {
            Code::Int => numbers!(i32),
            Code::Long => numbers!(i64),
            Code::Double => numbers!(f64),
            Code::Float => numbers!(f32),
            Code::Nat => numbers!(u32),
            _ => {}
        }
        let size = element.layout.size;
        let places = (0..len).map(|index| elements.wrapping_add(index * size));
        // SAFETY: there are so many of them.
        unsafe {
            match op.code {
                Code::Enum => {
                    for place in places {
                        at = self.enumeration(at, op, place);
                    }
                }
                Code::StructWithId => {
                    let ty = type_of(self.tables, op);
                    for place in places {
                        at = self.with_id(at, ty, place);
                    }
                }
                _ => {
                    for place in places {
                        at = self.value(at, op, place);
                    }
                }
            }
        }
        at
    }
}

/// Copies eight bytes, of which some may be anything.
///
/// # Safety
/// So many may be read and written, and are not the same.
#[inline(always)]
unsafe fn copy_eight(from: *const u8, to: *mut u8) {
    // SAFETY: see above.
    unsafe {
        let bytes = from.cast::<[MaybeUninit<u8>; 8]>().read();
        to.cast::<[MaybeUninit<u8>; 8]>().write(bytes);
    }
}

/// Flags, those of each mask above those before it.
trait Words: Copy {
    /// Of a mask.
    fn word(self, mask: u8) -> u32;
}

#[allow(clippy::cast_possible_truncation, reason = "one of several")]
impl Words for u64 {
    fn word(self, mask: u8) -> u32 {
        (self >> (32 * (mask & 1))) as u32
    }
}

#[allow(clippy::cast_possible_truncation, reason = "one of several")]
impl Words for u128 {
    fn word(self, mask: u8) -> u32 {
        (self >> (32 * (mask & 3))) as u32
    }
}

/// Whether of some conditional fields all are there whose bits are set.
fn agree(words: impl Words, ops: &[Op], mut set: u64, there: u64) -> bool {
    let mut agree = true;
    while set != 0 {
        let index = set.trailing_zeros() as usize;
        set &= set - 1;
        let bit = ops[index].bit;
        let is_set = words.word(bit >> 5) >> (bit & 31) & 1;
        agree &= (is_set == 1) == (there >> index & 1 == 1);
    }
    agree
}

/// Fields that share a bit must be there all or none: each as the first of them. Says which are not.
///
/// # Safety
/// `value` is one of the type that the row describes.
#[cold]
unsafe fn check_shared(
    w: &mut Writer<'_>,
    tables: &'static Tables,
    ty: &'static Type,
    value: *const u8,
) {
    // SAFETY: see above.
    let view = unsafe { View::of(tables, ty, value) };
    let TypeForm::Struct { shared, .. } = ty.form else {
        return;
    };
    for wanted in 0..MAX_NATS {
        for each in view.each() {
            let condition = each.field.condition();
            let Some((mask, bit)) = condition.filter(|&(mask, _)| mask == wanted) else {
                continue;
            };
            let first = view
                .each()
                .find(|other| other.field.condition() == condition);
            if first.is_some_and(|first| first.is_there() == each.is_there()) {
                continue;
            }
            let name = outline::nat(view.ty.name, mask).unwrap_or_default();
            let is_it = |flag: &&&'static str| {
                flag.split_once('.').is_some_and(|(flags, number)| {
                    flags == name && number.parse::<u32>().is_ok_and(|number| number == bit)
                })
            };
            let flag = shared.iter().find(is_it).copied().unwrap_or(name);
            w.check_flag(false, outline::constructor(view.ty.name), flag);
        }
    }
}
