//! Owned memory from borrowed memory: what `to_owned` would do, field by field.
//!
//! The row of the borrowed type and that of the owned one are walked side by side. That the two say the
//! same is not believed but compared, all rows of both files, when the borrowed file is made into machine
//! code ([`Agreed::new`]); so nothing is compared while values are walked. (To write the value and to read it as the
//! owned type would need nothing unsafe, but a value whose flags contradict each other can't be written,
//! one that is too deep can't be read, and neither is a reason for this not to work.)
#![allow(unsafe_code)]

use alloc::string::String;
use alloc::vec::Vec;
use core::marker::PhantomData;
use core::ptr;

use super::memory::{allocate, read_tag, write_tag};
use super::plan::{Code, Op, Piece, Tables};
use super::presence::{fields_of, make_absent, present, type_of, variant_of};
use super::rows::{Field, Kind, Shape, Type, TypeForm};
use super::tabled::{LaidOut, Owning};
use crate::ObjectRef;

/// The proof that a file of borrowed types and that of the owned ones say the same.
pub struct Agreed<F>(PhantomData<fn() -> F>);

impl<F: Owning> Agreed<F> {
    /// Compares them.
    ///
    /// # Panics
    /// At compile time, if a type of one does not look like that of the other.
    #[must_use]
    #[allow(clippy::new_without_default, reason = "it may fail the build")]
    pub const fn new() -> Self {
        agree(F::TABLES, F::Owned::TABLES, F::ROWS);
        Self(PhantomData)
    }
}

/// Fails the build unless each of these rows of `to` is the owned form of the one of `from` in its place.
///
/// Whatever follows is made of the same rows and shapes: so by this alone, a value of the one can be walked
/// beside room for a value of the other.
const fn agree(from: &Tables, to: &Tables, rows: &[usize]) {
    assert!(from.borrowed && !to.borrowed);
    let (types, owned_types) = (from.types.get(), to.types.get());
    let mut row = 0;
    while row < rows.len() {
        let (ty, owned) = (&types[row], &owned_types[rows[row]]);
        let (first, owned_first) = (ty.first as usize, owned.first as usize);
        assert!(ty.count == owned.count, "{}", DIFFERENT);
        // Of a struct, its fields are in it.
        assert!(same(ty.name, owned.name), "{}", DIFFERENT);
        let mut at = 0;
        match (&ty.form, &owned.form) {
            (TypeForm::Struct { id, .. }, TypeForm::Struct { id: owned_id, .. }) => {
                assert!(
                    match (id, owned_id) {
                        (Some(id), Some(owned_id)) => *id == *owned_id,
                        (None, None) => true,
                        _ => false,
                    },
                    "{}",
                    DIFFERENT
                );
                while at < ty.count as usize {
                    let field = from.fields.get()[first + at];
                    let owned_field = to.fields.get()[owned_first + at];
                    assert!(field.condition == owned_field.condition, "{}", DIFFERENT);
                    if field.shape >= Field::FLAG || owned_field.shape >= Field::FLAG {
                        assert!(field.shape == owned_field.shape, "{}", DIFFERENT);
                    } else {
                        agree_shape(from, to, rows, field.shape, owned_field.shape);
                    }
                    at += 1;
                }
            }
            (TypeForm::Enum { .. }, TypeForm::Enum { .. }) => {
                while at < ty.count as usize {
                    let variant = &from.variants.get()[first + at];
                    let owned_variant = &to.variants.get()[owned_first + at];
                    assert!(variant.id == owned_variant.id, "{}", DIFFERENT);
                    match (variant.payload, owned_variant.payload) {
                        (Some(shape), Some(owned_shape)) => {
                            agree_shape(from, to, rows, shape, owned_shape);
                        }
                        (None, None) => {}
                        _ => different(),
                    }
                    at += 1;
                }
            }
            _ => different(),
        }
        row += 1;
    }
}

const fn agree_shape(from: &Tables, to: &Tables, rows: &[usize], shape: u16, owned: u16) {
    let (mut shape, mut owned) = (shape, owned);
    loop {
        let (a, b) = (
            &from.shapes.get()[shape as usize],
            &to.shapes.get()[owned as usize],
        );
        assert!(a.kind as u8 == b.kind as u8, "{}", DIFFERENT);
        match a.kind {
            Kind::Named => {
                let row = a.of as usize;
                if row < rows.len() {
                    assert!(rows[row] == b.of as usize, "{}", DIFFERENT);
                    return;
                }
                // Whether the one becomes the other is seen where there is a value: a type's id can be
                // asked for at run time alone.
                let (ty, owned) = (&from.types.get()[row], &to.types.get()[b.of as usize]);
                assert!(same(ty.name, owned.name), "{}", DIFFERENT);
                match (&ty.form, &owned.form) {
                    (TypeForm::Foreign(_), TypeForm::Foreign(_)) => return,
                    _ => different(),
                }
            }
            Kind::Array => assert!(a.number == b.number, "{}", DIFFERENT),
            Kind::Vector | Kind::Indirect | Kind::WithId => {}
            _ => return,
        }
        (shape, owned) = (a.of, b.of);
    }
}

const fn same(a: &str, b: &str) -> bool {
    let (a, b) = (a.as_bytes(), b.as_bytes());
    let mut at = 0;
    while at < a.len() && at < b.len() && a[at] == b[at] {
        at += 1;
    }
    at == a.len() && at == b.len()
}

const DIFFERENT: &str = "the owned types are not generated from the same schema with the same settings \
                         (`Config::codec`, `boxing`, `strings_as_bytes`, …) as the borrowed ones";

#[allow(clippy::panic, reason = "fails the build")]
const fn different() -> ! {
    panic!("{}", DIFFERENT)
}

/// Makes an owned value of a borrowed one.
///
/// # Safety
/// Each row describes the type of its tables, and both files agree that one is the owned form of the other;
/// `from` is a value and `to` has room for one.
pub(super) unsafe fn own(
    tables: [&'static Tables; 2],
    rows: [usize; 2],
    from: *const u8,
    to: *mut u8,
) {
    let [from_tables, to_tables] = tables;
    let own = Own {
        from: from_tables,
        to: to_tables,
    };
    // SAFETY: as above.
    unsafe { own.ty(from_tables.ty(rows[0]), to_tables.ty(rows[1]), from, to) };
}

/// The tables. Its methods want what [`own`] wants, of the types, ops and shapes that they get.
#[derive(Clone, Copy)]
struct Own {
    from: &'static Tables,
    to: &'static Tables,
}

impl Own {
    unsafe fn ty(self, ty: &'static Type, owned: &'static Type, from: *const u8, to: *mut u8) {
        // SAFETY: as above; the payload of a variant has its place at its offset, and the tag, its place
        // in the order, at the start.
        unsafe {
            match (&ty.form, &owned.form) {
                (TypeForm::Struct { .. }, _) => self.structure(ty, owned, from, to),
                (&TypeForm::Enum { tag, .. }, &TypeForm::Enum { tag: to_tag, .. }) => {
                    let index = read_tag(from, tag);
                    let op = &variant_of(self.from, ty.first, index).op;
                    let owned = &variant_of(self.to, owned.first, index).op;
                    self.value(op, owned, from, to);
                    write_tag(to, to_tag, index);
                }
                (TypeForm::Foreign(ops), TypeForm::Foreign(owned)) => ops.own_as(owned, from, to),
                // The tables agree.
                _ => {}
            }
        }
    }

    unsafe fn structure(
        self,
        ty: &'static Type,
        owned: &'static Type,
        from: *const u8,
        to: *mut u8,
    ) {
        let (ops, pieces) = fields_of(self.from, ty);
        let (owned_ops, owned_pieces) = fields_of(self.to, owned);
        if owned.is_conditional {
            // SAFETY: there is room for the struct.
            unsafe { to.write_bytes(0, owned.layout.size) };
        }
        for (number, (piece, owned_piece)) in pieces.iter().zip(owned_pieces).enumerate() {
            let first = number * Piece::FIELDS;
            // SAFETY: each row describes its struct: the field has its place at the offset of its op; the
            // piece has a field for every bit, and the owned struct has the same.
            unsafe {
                if owned.is_conditional {
                    make_absent(self.to, owned_piece, to);
                }
                let there = present(self.from, ty, piece, from);
                let mut left = super::build::set_marks(&owned_ops[first..], owned_piece, there, to);
                // What the owned struct has in one run the borrowed one may have in two, or the reverse: so
                // which fields are always there is told by the borrowed one.
                left |= piece.always;
                left &= piece.always | piece.parts;
                while left != 0 {
                    let index = first + left.trailing_zeros() as usize;
                    left &= left - 1;
                    let (op, owned_op) = (ops.get_unchecked(index), owned_ops.get_unchecked(index));
                    if op.slow == Code::Run {
                        self.run(
                            ty,
                            owned,
                            [index, usize::from(op.bit & !Op::ALWAYS)],
                            from,
                            to,
                        );
                    } else {
                        self.value(op, owned_op, from, to);
                    }
                }
            }
        }
    }

    /// So many numbers from a field on. They need not be next to each other in the owned struct, where
    /// other things may be in front of them.
    unsafe fn run(
        self,
        ty: &'static Type,
        owned: &'static Type,
        [first, count]: [usize; 2],
        from: *const u8,
        to: *mut u8,
    ) {
        let fields = self.from.fields_of(ty)[first..][..count].iter();
        for (field, owned) in fields.zip(&self.to.fields_of(owned)[first..]) {
            let size = self.from.shape(field.shape).layout.size;
            // SAFETY: the fields of a run are numbers, and have their places at these offsets.
            unsafe {
                let (from, to) = (
                    from.add(field.offset as usize),
                    to.add(owned.offset as usize),
                );
                ptr::copy_nonoverlapping(from, to, size);
            }
        }
    }

    /// What stands at the offsets of the two ops.
    unsafe fn value(self, op: &Op, owned: &Op, from: *const u8, to: *mut u8) {
        // SAFETY: as above: `from` is of the op's Rust type, and `to` has room for its owned form.
        unsafe {
            // Flags have no place in memory.
            let from = from.wrapping_add(op.offset as usize);
            let to = to.wrapping_add(owned.offset as usize);
            match op.code {
                Code::Nothing | Code::Flags | Code::Run | Code::True => {}
                Code::Number => ptr::copy_nonoverlapping(from, to, usize::from(op.of)),
                Code::Bool => to.write(from.read()),
                Code::Int | Code::Nat | Code::Float => ptr::copy_nonoverlapping(from, to, 4),
                Code::Long | Code::Double => ptr::copy_nonoverlapping(from, to, 8),
                Code::Int128 => ptr::copy_nonoverlapping(from, to, 16),
                Code::Int256 => ptr::copy_nonoverlapping(from, to, 32),
                Code::Int512 => ptr::copy_nonoverlapping(from, to, 64),
                Code::String => {
                    let text = String::from(*from.cast::<&str>());
                    to.cast::<String>().write(text);
                }
                Code::Bytes => {
                    let bytes = from.cast::<&[u8]>().read().to_vec();
                    to.cast::<Vec<u8>>().write(bytes);
                }
                Code::Object => {
                    let object = (*from.cast::<ObjectRef<'_>>()).to_owned();
                    to.cast::<crate::Object>().write(object);
                }
                Code::Struct
                | Code::StructWithId
                | Code::Enum
                | Code::Foreign
                | Code::ForeignBare => {
                    self.ty(type_of(self.from, op), type_of(self.to, owned), from, to);
                }
                Code::Vector => {
                    let (shape, owned) = (self.from.shape(op.of), self.to.shape(owned.of));
                    if let (Some(ops), Some(owned_ops)) = (shape.sequence, owned.sequence) {
                        let (elements, len) = ops.elements(from);
                        let made = allocate(owned_ops.element, len);
                        self.elements(shape, owned, elements, made, len);
                        owned_ops.make(to, made, len);
                    }
                }
                Code::Array => {
                    let (shape, owned) = (self.from.shape(op.of), self.to.shape(owned.of));
                    self.elements(shape, owned, from, to, shape.number as usize);
                }
                Code::Indirect => {
                    let (inner, owned_inner) = (self.from.shape(op.of), self.to.shape(owned.of));
                    let made = allocate(owned_inner.layout, 1);
                    let value = from.cast::<*const u8>().read();
                    self.value(&inner.op, &owned_inner.op, value, made);
                    to.cast::<*mut u8>().write(made);
                }
                Code::WithId => {
                    let (inner, owned_inner) = (self.from.shape(op.of), self.to.shape(owned.of));
                    self.value(&inner.op, &owned_inner.op, from, to);
                }
            }
        }
    }

    /// So many, of what the shapes are made of.
    unsafe fn elements(
        self,
        shape: &'static Shape,
        owned: &'static Shape,
        from: *const u8,
        to: *mut u8,
        count: usize,
    ) {
        let (element, owned) = (self.from.shape(shape.of), self.to.shape(owned.of));
        let (size, owned_size) = (element.layout.size, owned.layout.size);
        // SAFETY: there are so many, and room for as many.
        unsafe {
            if element.op.code == Code::Number {
                ptr::copy_nonoverlapping(from, to, size * count);
                return;
            }
            for index in 0..count {
                let (from, to) = (from.add(index * size), to.add(index * owned_size));
                self.value(&element.op, &owned.op, from, to);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use alloc::boxed::Box;

    use super::*;
    use crate::table::{Foreign, OptionOps, PackedField, Rows, SequenceOps};

    /// What one file may say otherwise than the other.
    #[derive(Clone, Copy)]
    struct Said {
        id: u32,
        outline: &'static str,
        kind: Kind,
        /// The first field is flags, and the second may have a condition.
        has_flags: bool,
        condition: u32,
        first: u32,
        count: u32,
        foreign: &'static str,
        len: u32,
        payload: u16,
        second: u32,
    }

    const ALWAYS: u32 = 0xffff;

    const SAID: Said = Said {
        id: 1,
        outline: "a b c",
        kind: Kind::Int,
        has_flags: false,
        condition: ALWAYS,
        first: ALWAYS,
        count: 2,
        foreign: "F",
        len: 2,
        payload: 1,
        second: 5,
    };

    /// A struct of a value and an array of vectors, one without fields, and an enum of the first or an
    /// array.
    fn tables(borrowed: bool, said: Said) -> &'static Tables {
        let types = [
            Type::structure(said.id, said.outline, "A b c", 0, 0, said.count),
            Type::structure(2, "d", "D", 0, 2, 0),
            Type::enumeration(1, "E", "E", 0, 0, 2),
            Type::foreign(said.foreign, 0, Foreign::of::<()>()),
        ];
        let option = match said.kind {
            Kind::String if borrowed => OptionOps::of::<&'static str>(),
            Kind::String => OptionOps::of::<String>(),
            _ => OptionOps::of::<i32>(),
        };
        let sequence = match (said.kind, borrowed) {
            (Kind::String, true) => SequenceOps::borrowed::<&'static str>(),
            (Kind::String, false) => SequenceOps::owned::<String>(),
            (_, true) => SequenceOps::borrowed::<i32>(),
            (_, false) => SequenceOps::owned::<i32>(),
        };
        let shapes = [
            Shape::leaf(said.kind).optional(option),
            Shape::named(0),
            Shape::vector(0, 4, sequence),
            Shape::array(2, said.len),
            Shape::named(3),
            Shape::named(1),
        ];
        let fields: [PackedField; 2] = match said.has_flags {
            true => [0xffff_ffff, said.condition],
            false => [said.first, 3 << 16 | ALWAYS],
        };
        let variants = [(1, "A", said.payload), (said.second, "D", 4)];
        let rows: Rows<4, 2, 2, 6, 1, 1> = Rows::lay_out(types, fields, variants, shapes, borrowed);
        let layouts = [0, 1, 2].map(|row| rows.layout_of(row));
        let kept = Box::leak(Box::new(rows.checked(&layouts)));
        Box::leak(Box::new(kept.tables()))
    }

    fn compare(borrowed: Said, owned: Said, rows: &[usize]) {
        agree(tables(true, borrowed), tables(false, owned), rows);
    }

    const FLAGS: Said = Said {
        has_flags: true,
        ..SAID
    };

    const BIT: Said = Said {
        condition: 0,
        ..FLAGS
    };

    #[test]
    fn the_same() {
        compare(SAID, SAID, &[0, 1, 2]);
        compare(FLAGS, FLAGS, &[0, 1, 2]);
        compare(BIT, BIT, &[0, 1, 2]);
    }

    #[test]
    #[should_panic(expected = "assertion failed")]
    fn the_owned_ones_must_own() {
        agree(tables(true, SAID), tables(true, SAID), &[0, 1, 2]);
    }

    #[test]
    #[should_panic(expected = "assertion failed")]
    fn the_borrowed_ones_must_borrow() {
        agree(tables(false, SAID), tables(false, SAID), &[0, 1, 2]);
    }

    macro_rules! others {
        ($($name:ident: $borrowed:expr, $said:expr, $rows:expr;)*) => { $(
            #[test]
            #[should_panic(expected = "not generated from the same schema")]
            fn $name() {
                compare($borrowed, $said, &$rows);
            }
        )* };
    }

    // Each is refused by one comparison alone.
    others! {
        another_id: SAID, Said { id: 3, ..SAID }, [0, 1, 2];
        another_name_of_a_field: SAID, Said { outline: "a b x", ..SAID }, [0, 1, 2];
        one_field_more: SAID, Said { outline: "a b cd", ..SAID }, [0, 1, 2];
        another_kind: SAID, Said { kind: Kind::String, ..SAID }, [0, 1, 2];
        a_condition: FLAGS, BIT, [0, 1, 2];
        no_condition: BIT, FLAGS, [0, 1, 2];
        another_condition: BIT, Said { condition: 1, ..BIT }, [0, 1, 2];
        flags: SAID, Said { first: 0xffff_ffff, ..SAID }, [0, 1, 2];
        another_length: SAID, Said { len: 3, ..SAID }, [0, 1, 2];
        another_variant: SAID, Said { second: 6, ..SAID }, [0, 1, 2];
        another_payload: SAID, Said { payload: 5, ..SAID }, [0, 1, 2];
        no_payload: SAID, Said { payload: u16::MAX, ..SAID }, [0, 1, 2];
        a_type_with_code: SAID, Said { payload: 4, ..SAID }, [0, 1, 2];
        another_type_with_code: SAID, Said { foreign: "G", ..SAID }, [0, 1, 2];
        another_number_of_fields: Said { count: 1, ..SAID }, SAID, [0, 1, 2];
        no_struct: SAID, SAID, [2, 1, 2];
        no_enum: SAID, SAID, [0, 1, 0];
    }
}
