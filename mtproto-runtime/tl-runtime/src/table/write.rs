//! Values as bytes.
//!
//! Which fields are there is found out first, for all of them at once (`presence`). Then only those
//! are visited. As in `build`, the place of the next byte is a pointer that goes from function to
//! function, and what does not fit is left to the writer, which makes room.
#![allow(unsafe_code)]

use core::ptr;
use core::slice;

use alloc::string::String;
use alloc::vec::Vec;

use super::memory::read_tag;
use super::presence::present;
use super::rows::{Code, MAX_NATS, Op, Piece, Shape, Tables, Type, TypeForm, id_of_leaf};
use super::view::{Placed, View};
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
}

/// Where writing goes on.
type At = *mut u8;

impl<'p, 'w, const BORROWED: bool> Pen<'p, 'w, BORROWED> {
    fn new(w: &'p mut Writer<'w>, tables: &'static Tables) -> Self {
        let end = ptr::null_mut();
        Self { w, tables, end }
    }

    /// The room, from the writer.
    fn take_back(&mut self) -> At {
        let (next, end) = self.w.buffer().spare();
        self.end = end;
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
                self.slowly(at, |w| w.put(bytes))
            }
        }
    }

    /// A string, or bytes.
    #[inline]
    unsafe fn bytes(&mut self, at: At, bytes: &[u8]) -> At {
        let len = bytes.len();
        let size = (1 + len).next_multiple_of(4);
        // SAFETY: as above; there is room for `size` bytes, which is at least 1 + len and four.
        unsafe {
            if len >= 254 || self.left(at) < size {
                return self.slowly(at, |w| w.bytes(bytes));
            }
            at.add(size - 4).cast::<[u8; 4]>().write([0; 4]);
            at.write(len as u8);
            copy_short(bytes.as_ptr(), at.add(1), len);
            at.add(size)
        }
    }

    unsafe fn named(&mut self, at: At, code: Code, ty: &'static Type, value: *const u8) -> At {
        // SAFETY: as above.
        unsafe {
            match (code, ty.form) {
                (Code::StructWithId, TypeForm::Struct { id: Some(id), .. }) => {
                    let at = self.put(at, id.to_le_bytes());
                    self.structure(at, ty, value)
                }
                (_, TypeForm::Struct { .. }) => self.structure(at, ty, value),
                (_, TypeForm::Enum { .. }) => self.enumeration(at, ty, value),
                (_, TypeForm::Foreign(ops)) => {
                    self.slowly(at, |w| (ops.write)(value, w, code == Code::ForeignBare))
                }
            }
        }
    }

    #[inline]
    unsafe fn enumeration(&mut self, at: At, ty: &'static Type, value: *const u8) -> At {
        // SAFETY: as above; the row describes the enum: its variant is that of the tag, whose payload
        // is at this offset.
        unsafe {
            let TypeForm::Enum { tag, .. } = ty.form else {
                return at;
            };
            let variant = &self.tables.variants_of(ty)[read_tag(value, tag)];
            let at = self.put(at, variant.id.to_le_bytes());
            let op = &variant.op;
            let place = value.add(op.offset as usize);
            match op.code {
                Code::Nothing => at,
                Code::Struct => {
                    let ty = self.tables.ty(usize::from(op.of));
                    self.structure(at, ty, place)
                }
                _ => self.value(at, op, place),
            }
        }
    }

    unsafe fn structure(&mut self, mut at: At, ty: &'static Type, value: *const u8) -> At {
        let tables = self.tables;
        let ops = tables.ops_of(ty);
        let pieces = tables.pieces_of(ty);
        if let [piece] = pieces {
            // SAFETY: the row describes the struct.
            unsafe {
                let there = present(self.tables, piece, value);
                let mut words = Words::default();
                words.collect(ops, there & !piece.always);
                if piece.is_shared && !words.agree(ops, there) {
                    at = self.slowly(at, |w| check_shared(w, tables, ty, value));
                }
                return self.fields(at, ops, there & (piece.always | piece.values), words, value);
            }
        }
        let mut words = Words::default();
        let mut agree = true;
        // SAFETY: the row describes the struct.
        unsafe {
            for (piece, ops) in pieces.iter().zip(ops.chunks(Piece::FIELDS)) {
                words.collect(ops, present(self.tables, piece, value) & !piece.always);
            }
            for (piece, ops) in pieces.iter().zip(ops.chunks(Piece::FIELDS)) {
                agree &= !piece.is_shared || words.agree(ops, present(self.tables, piece, value));
            }
            if !agree {
                at = self.slowly(at, |w| check_shared(w, tables, ty, value));
            }
            for (piece, ops) in pieces.iter().zip(ops.chunks(Piece::FIELDS)) {
                let there = present(self.tables, piece, value) & (piece.always | piece.values);
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
        words: Words,
        value: *const u8,
    ) -> At {
        while left != 0 {
            let index = left.trailing_zeros() as usize;
            left &= left - 1;
            // SAFETY: the piece has a field for every bit, which has its place at this offset.
            unsafe {
                let op = ops.get_unchecked(index);
                let place = value.add(op.offset as usize);
                at = match op.code {
                    Code::Flags => self.put(at, words.get(op.bit & 3).to_le_bytes()),
                    Code::Int => self.put(at, place.cast::<i32>().read().to_le_bytes()),
                    Code::Long => self.put(at, place.cast::<i64>().read().to_le_bytes()),
                    Code::Enum => {
                        let ty = self.tables.ty(usize::from(op.of));
                        self.enumeration(at, ty, place)
                    }
                    _ => self.value(at, op, place),
                };
            }
        }
        at
    }

    unsafe fn value(&mut self, at: At, op: &Op, place: *const u8) -> At {
        // SAFETY: the place is a value of the op's Rust type.
        unsafe {
            match op.code {
                Code::Nothing | Code::Flags => at,
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
                    let ty = self.tables.ty(usize::from(op.of));
                    self.structure(at, ty, place)
                }
                Code::Enum => {
                    let ty = self.tables.ty(usize::from(op.of));
                    self.enumeration(at, ty, place)
                }
                Code::StructWithId | Code::Foreign | Code::ForeignBare => {
                    let ty = self.tables.ty(usize::from(op.of));
                    self.named(at, op.code, ty, place)
                }
                Code::Indirect => {
                    let inner = self.tables.shape(op.of);
                    self.value(at, &inner.op, place.cast::<*const u8>().read())
                }
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

    unsafe fn vector(&mut self, mut at: At, shape: &'static Shape, place: *const u8) -> At {
        let Some(ops) = shape.sequence else {
            return at;
        };
        // SAFETY: the place is a vector of the shape's Rust type.
        unsafe {
            let (elements, len) = (ops.elements)(place);
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
        match op.code {
            Code::Int => numbers!(i32),
            Code::Long => numbers!(i64),
            Code::Double => numbers!(f64),
            Code::Float => numbers!(f32),
            Code::Nat => numbers!(u32),
            _ => {}
        }
        for index in 0..len {
            // SAFETY: there are so many of them.
            at = unsafe {
                let place = elements.add(index * element.layout.size);
                match op.code {
                    Code::Enum => {
                        let ty = self.tables.ty(usize::from(op.of));
                        self.enumeration(at, ty, place)
                    }
                    _ => self.value(at, op, place),
                }
            };
        }
        at
    }
}

/// Flags, of all masks.
#[derive(Clone, Copy, Default)]
struct Words {
    low: u64,
    high: u64,
}

impl Words {
    /// Sets the bits of these conditional fields.
    #[inline(always)]
    fn collect(&mut self, ops: &[Op], mut set: u64) {
        while set != 0 {
            let index = set.trailing_zeros() as usize;
            set &= set - 1;
            let bit = ops[index].bit;
            let one = 1 << (bit & 63);
            if bit < 64 {
                self.low |= one;
            } else {
                self.high |= one;
            }
        }
    }

    fn get(self, mask: u8) -> u32 {
        let pair = if mask < 2 { self.low } else { self.high };
        (pair >> (32 * u32::from(mask & 1))) as u32
    }

    /// Whether all conditional fields are there whose bits are set.
    #[inline(never)]
    fn agree(self, ops: &[Op], there: u64) -> bool {
        ops.iter().enumerate().all(|(index, op)| {
            let is_set = self.get(op.bit >> 5) >> (op.bit & 31) & 1;
            op.bit & Op::ALWAYS != 0 || is_set == (there >> index & 1) as u32
        })
    }
}

/// # Safety
/// So many bytes may be read and written, and are not the same.
#[inline(always)]
unsafe fn copy_short(from: *const u8, to: *mut u8, len: usize) {
    /// The first and the last bytes, which may overlap.
    macro_rules! ends {
        ($n:literal) => {{
            let first = from.cast::<[u8; $n]>().read();
            let last = from.add(len - $n).cast::<[u8; $n]>().read();
            to.cast::<[u8; $n]>().write(first);
            to.add(len - $n).cast::<[u8; $n]>().write(last);
        }};
    }
    // SAFETY: see above.
    unsafe {
        match len {
            0 => {}
            1..4 => {
                to.write(from.read());
                to.add(len / 2).write(from.add(len / 2).read());
                to.add(len - 1).write(from.add(len - 1).read());
            }
            4..8 => ends!(4),
            8..16 => ends!(8),
            16..=32 => ends!(16),
            _ => ptr::copy_nonoverlapping(from, to, len),
        }
    }
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
