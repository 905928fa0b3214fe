//! What a table says.
//!
//! Generated code writes the rows down as numbers; [`Rows::lay_out`] computes where everything is in
//! memory, at compile time, and refuses rows that don't fit together.

use alloc::boxed::Box;
use alloc::string::String;
use alloc::vec::Vec;
use core::mem::{align_of, size_of};

use super::ops::{Foreign, OptionOps, SequenceOps};
use crate::{Identified, Object, ObjectRef};

/// Size and alignment in memory, in bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Layout {
    pub(crate) size: usize,
    pub(crate) align: usize,
}

impl Layout {
    /// Not computed yet.
    const UNKNOWN: Self = Self { size: 0, align: 0 };

    /// Of a type.
    #[must_use]
    pub const fn of<T>() -> Self {
        Self {
            size: size_of::<T>(),
            align: align_of::<T>(),
        }
    }
}

/// The sorts of shapes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Kind {
    /// `int`
    Int,
    /// `long`
    Long,
    /// `double`
    Double,
    /// `float`
    Float,
    /// `#`
    Nat,
    /// `int128`
    Int128,
    /// `int256`
    Int256,
    /// `int512`
    Int512,
    /// `string`
    String,
    /// `bytes`
    Bytes,
    /// `Bool`
    Bool,
    /// `true` if bare, else `True`
    True,
    /// `Object`
    Object,
    /// A type with a row of its own.
    Named,
    /// A vector.
    Vector,
    /// So many, always the same number.
    Array,
    /// Behind a box or a reference.
    Indirect,
    /// A built-in after its id.
    WithId,
}

impl Kind {
    /// Whether an owned value may own memory.
    pub(super) const fn owns(self) -> bool {
        matches!(
            self,
            Self::String
                | Self::Bytes
                | Self::Object
                | Self::Named
                | Self::Vector
                | Self::Array
                | Self::Indirect
                | Self::WithId
        )
    }
}

/// A Rust type as a field has it, and how it stands on the wire.
#[derive(Clone, Copy)]
pub struct Shape {
    pub(crate) kind: Kind,
    /// Without an id.
    pub(crate) bare: bool,
    /// The type's row, or the shape of what is in it.
    pub(crate) of: u16,
    /// Of an array, its length; of a vector, the smallest number of bytes that an element takes.
    pub(crate) number: u32,
    /// In memory; but for vectors, filled in by [`Rows::lay_out`].
    pub(crate) layout: Layout,
    pub(crate) option: Option<&'static OptionOps>,
    pub(crate) sequence: Option<&'static SequenceOps>,
}

impl Shape {
    /// A built-in of an owned or borrowed type.
    #[must_use]
    pub const fn leaf(kind: Kind) -> Self {
        Self {
            kind,
            bare: true,
            of: 0,
            number: 0,
            layout: Layout::UNKNOWN,
            option: None,
            sequence: None,
        }
    }

    /// `True`, with its id.
    #[must_use]
    pub const fn boxed_true() -> Self {
        Self {
            bare: false,
            ..Self::leaf(Kind::True)
        }
    }

    /// A type as it stands alone.
    #[must_use]
    pub const fn named(row: u16) -> Self {
        Self {
            bare: false,
            of: row,
            ..Self::leaf(Kind::Named)
        }
    }

    /// A type without its id.
    #[must_use]
    pub const fn bare(row: u16) -> Self {
        Self {
            of: row,
            ..Self::leaf(Kind::Named)
        }
    }

    /// `Vector` of a shape.
    #[must_use]
    pub const fn vector(element: u16, min_size: u32, ops: &'static SequenceOps) -> Self {
        Self {
            kind: Kind::Vector,
            bare: false,
            of: element,
            number: min_size,
            layout: ops.layout,
            option: None,
            sequence: Some(ops),
        }
    }

    /// `vector` of a shape.
    #[must_use]
    pub const fn bare_vector(element: u16, min_size: u32, ops: &'static SequenceOps) -> Self {
        Self {
            bare: true,
            ..Self::vector(element, min_size, ops)
        }
    }

    /// `len*[…]`
    #[must_use]
    pub const fn array(element: u16, len: u32) -> Self {
        Self {
            of: element,
            number: len,
            ..Self::leaf(Kind::Array)
        }
    }

    /// Behind a box or reference.
    #[must_use]
    pub const fn indirect(inner: u16) -> Self {
        Self {
            of: inner,
            ..Self::leaf(Kind::Indirect)
        }
    }

    /// A built-in after its id.
    #[must_use]
    pub const fn with_id(inner: u16) -> Self {
        Self {
            of: inner,
            ..Self::leaf(Kind::WithId)
        }
    }

    /// The same, where fields have it that may be missing.
    #[must_use]
    pub const fn optional(self, ops: &'static OptionOps) -> Self {
        Self {
            option: Some(ops),
            ..self
        }
    }
}

/// A field on the wire or in memory: its shape, and its condition.
#[derive(Clone, Copy)]
pub struct Field {
    shape: u16,
    condition: u16,
    /// In the struct; filled in by [`Rows::lay_out`].
    pub(crate) offset: u32,
}

impl Shape {
    pub(crate) const fn is_nat(&self) -> bool {
        matches!(self.kind, Kind::Nat)
    }

    pub(crate) const fn is_vector(&self) -> bool {
        matches!(self.kind, Kind::Vector)
    }
}

impl Field {
    const FLAGS: u16 = u16::MAX;
    const FLAG: u16 = u16::MAX - 1;
    const ALWAYS: u16 = u16::MAX;

    /// A field that is always there.
    #[must_use]
    pub const fn always(shape: u16) -> Self {
        Self {
            shape,
            condition: Self::ALWAYS,
            offset: 0,
        }
    }

    /// A field that is there if a bit is set, of the `#` with this number in the constructor.
    #[must_use]
    pub const fn when(mask: u8, bit: u8, shape: u16) -> Self {
        Self {
            shape,
            condition: (mask as u16) << 5 | bit as u16,
            offset: 0,
        }
    }

    /// A bit of its own: `flags.3?true`.
    #[must_use]
    pub const fn flag(mask: u8, bit: u8) -> Self {
        Self::when(mask, bit, Self::FLAG)
    }

    /// Flags: on the wire alone.
    #[must_use]
    pub const fn flags() -> Self {
        Self {
            shape: Self::FLAGS,
            condition: Self::ALWAYS,
            offset: 0,
        }
    }

    #[inline]
    pub(crate) const fn form(self) -> Form {
        match self.shape {
            Self::FLAGS => Form::Flags,
            Self::FLAG => Form::Flag,
            shape => Form::Value(shape),
        }
    }

    /// The mask and the bit.
    #[inline]
    pub(crate) const fn condition(self) -> Option<(usize, u32)> {
        match self.condition {
            Self::ALWAYS => None,
            condition => Some(((condition >> 5) as usize, (condition & 31) as u32)),
        }
    }
}

/// What a field is.
#[derive(Clone, Copy)]
pub(crate) enum Form {
    Flags,
    Flag,
    Value(u16),
}

/// A variant of an enum, in the order of the enum.
#[derive(Clone, Copy)]
pub struct Variant {
    pub(crate) id: u32,
    pub(crate) name: &'static str,
    /// The shape of the payload, if it has one.
    pub(crate) payload: Option<u16>,
    /// Of the payload, in the enum; filled in by [`Rows::lay_out`].
    pub(crate) offset: u32,
}

impl Variant {
    /// A constructor with fields.
    #[must_use]
    pub const fn new(id: u32, name: &'static str, payload: u16) -> Self {
        Self {
            id,
            name,
            payload: Some(payload),
            offset: 0,
        }
    }

    /// A constructor without fields.
    #[must_use]
    pub const fn unit(id: u32, name: &'static str) -> Self {
        Self {
            id,
            name,
            payload: None,
            offset: 0,
        }
    }
}

/// A generated type.
#[derive(Clone, Copy)]
pub struct Type {
    pub(crate) form: TypeForm,
    /// In the schema; of a constructor, its outline (see [`Reader::enter`](crate::Reader::enter)).
    pub(crate) name: &'static str,
    /// In Rust, for `Debug`; of a constructor, with its fields.
    pub(crate) rust_name: &'static str,
    /// The first of its fields or variants, and their number.
    pub(crate) first: u32,
    pub(crate) count: u32,
    /// On the wire, where it stands alone.
    pub(crate) min_size: u32,
    /// In memory; filled in by [`Rows::lay_out`].
    pub(crate) layout: Layout,
    /// It owns memory; filled in by [`Rows::lay_out`].
    pub(crate) owns: bool,
}

#[derive(Clone, Copy)]
pub(crate) enum TypeForm {
    Struct {
        id: Option<u32>,
        /// `flags.2`, for each bit that several fields share.
        shared: &'static [&'static str],
        /// What a repetition repeats: no constructor.
        is_record: bool,
    },
    Enum {
        /// Bytes of the tag.
        tag: u8,
        /// Variants by id, ascending, where they are many; else empty.
        by_id: &'static [u16],
    },
    Foreign(&'static Foreign),
}

impl Type {
    /// A constructor or function.
    #[must_use]
    pub const fn structure(
        id: u32,
        outline: &'static str,
        rust_name: &'static str,
        min_size: u32,
        first: u32,
        count: u32,
    ) -> Self {
        let form = TypeForm::Struct {
            id: Some(id),
            shared: &[],
            is_record: false,
        };
        Self::new(form, outline, rust_name, min_size, first, count)
    }

    /// The same without an id.
    #[must_use]
    pub const fn without_id(mut self) -> Self {
        self.form = TypeForm::Struct {
            id: None,
            shared: &[],
            is_record: false,
        };
        self
    }

    /// What a repetition repeats: without an id, and no constructor.
    #[must_use]
    pub const fn record(mut self) -> Self {
        self.form = TypeForm::Struct {
            id: None,
            shared: &[],
            is_record: true,
        };
        self
    }

    /// The same with flag bits that several fields share.
    #[must_use]
    pub const fn sharing(mut self, flags: &'static [&'static str]) -> Self {
        if let TypeForm::Struct { id, is_record, .. } = self.form {
            self.form = TypeForm::Struct {
                id,
                shared: flags,
                is_record,
            };
        }
        self
    }

    /// A type of several constructors, its tag so many bytes large.
    #[must_use]
    pub const fn enumeration(
        tag: u8,
        name: &'static str,
        rust_name: &'static str,
        min_size: u32,
        first: u32,
        count: u32,
    ) -> Self {
        let form = TypeForm::Enum { tag, by_id: &[] };
        Self::new(form, name, rust_name, min_size, first, count)
    }

    /// The same with its variants in the order of their ids.
    #[must_use]
    pub const fn sorted(mut self, by_id: &'static [u16]) -> Self {
        if let TypeForm::Enum { tag, .. } = self.form {
            self.form = TypeForm::Enum { tag, by_id };
        }
        self
    }

    /// A type that has code of its own.
    #[must_use]
    pub const fn foreign(name: &'static str, min_size: u32, ops: &'static Foreign) -> Self {
        Self::new(TypeForm::Foreign(ops), name, name, min_size, 0, 0)
    }

    const fn new(
        form: TypeForm,
        name: &'static str,
        rust_name: &'static str,
        min_size: u32,
        first: u32,
        count: u32,
    ) -> Self {
        Self {
            form,
            name,
            rust_name,
            first,
            count,
            min_size,
            layout: Layout::UNKNOWN,
            owns: false,
        }
    }
}

/// The rows of a generated file, laid out.
pub struct Rows<const T: usize, const F: usize, const V: usize, const S: usize> {
    types: [Type; T],
    fields: [Field; F],
    variants: [Variant; V],
    shapes: [Shape; S],
    borrowed: bool,
}

/// All tables of a generated file.
#[derive(Clone, Copy)]
pub struct Tables {
    types: &'static [Type],
    fields: &'static [Field],
    variants: &'static [Variant],
    shapes: &'static [Shape],
    borrowed: bool,
}

/// How many `#` fields a constructor in a table may have.
pub(crate) const MAX_NATS: usize = 4;

impl<const T: usize, const F: usize, const V: usize, const S: usize> Rows<T, F, V, S> {
    /// Computes where everything is, by the rules of `repr(C)` and `repr(u8)`. Types come after
    /// those that they hold in themselves (not behind a pointer), shapes after those that they are
    /// made of.
    ///
    /// # Panics
    /// At compile time, if rows don't fit together.
    #[must_use]
    pub const fn lay_out(
        types: [Type; T],
        fields: [Field; F],
        variants: [Variant; V],
        shapes: [Shape; S],
        borrowed: bool,
    ) -> Self {
        let mut rows = Self {
            types,
            fields,
            variants,
            shapes,
            borrowed,
        };
        let mut row = 0;
        while row < T {
            if let TypeForm::Foreign(ops) = rows.types[row].form {
                rows.types[row].layout = ops.layout;
                rows.types[row].owns = ops.owns;
            }
            row += 1;
        }
        row = 0;
        while row < T {
            match rows.types[row].form {
                TypeForm::Struct { .. } => rows.lay_out_struct(row),
                TypeForm::Enum { tag, by_id } => rows.lay_out_enum(row, tag, by_id),
                TypeForm::Foreign(_) => {}
            }
            row += 1;
        }
        let mut shape = 0;
        while shape < S {
            rows.shapes[shape].layout = rows.shape_layout(shape);
            shape += 1;
        }
        rows
    }

    /// The tables, which stay where they are.
    #[must_use]
    pub const fn tables(&'static self) -> Tables {
        Tables {
            types: &self.types,
            fields: &self.fields,
            variants: &self.variants,
            shapes: &self.shapes,
            borrowed: self.borrowed,
        }
    }

    const fn lay_out_struct(&mut self, row: usize) {
        let (mut size, mut align, mut owns, mut nats) = (0, 1, false, 0);
        let mut at = self.types[row].first as usize;
        let end = at + self.types[row].count as usize;
        while at < end {
            let field = self.fields[at];
            if let Some((mask, _)) = field.condition() {
                assert!(mask < nats, "a condition on a number that comes later");
            }
            let layout = match (field.form(), field.condition()) {
                (Form::Flags, _) => Layout { size: 0, align: 1 },
                (Form::Flag, _) => Layout::of::<bool>(),
                (Form::Value(shape), None) => self.shape_layout(shape as usize),
                (Form::Value(shape), Some(_)) => self.option_layout(shape as usize),
            };
            if let Form::Value(shape) = field.form() {
                owns |= self.shape_owns(shape as usize);
            }
            if is_nat(field, &self.shapes) {
                nats += 1;
            }
            let offset = round_up(size, layout.align);
            self.fields[at].offset = narrow(offset);
            size = offset + layout.size;
            align = max(align, layout.align);
            at += 1;
        }
        assert!(nats <= MAX_NATS, "too many fields of type #");
        self.types[row].layout = Layout {
            size: round_up(size, align),
            align,
        };
        self.types[row].owns = owns;
    }

    const fn lay_out_enum(&mut self, row: usize, tag: u8, by_id: &[u16]) {
        let count = self.types[row].count as usize;
        assert!(tag == 1 || tag == 2, "a tag of another size");
        assert!(count <= 1 << (tag * 8), "more variants than tags");
        assert!(by_id.is_empty() || by_id.len() == count);
        let tag = tag as usize;
        let (mut size, mut align, mut owns) = (tag, tag, false);
        let mut at = self.types[row].first as usize;
        let end = at + count;
        while at < end {
            if let Some(payload) = self.variants[at].payload {
                let layout = self.shape_layout(payload as usize);
                let offset = round_up(tag, layout.align);
                self.variants[at].offset = narrow(offset);
                size = max(size, offset + layout.size);
                align = max(align, layout.align);
                owns |= self.shape_owns(payload as usize);
            }
            at += 1;
        }
        self.types[row].layout = Layout {
            size: round_up(size, align),
            align,
        };
        self.types[row].owns = owns;
    }

    const fn shape_layout(&self, shape: usize) -> Layout {
        let Shape {
            kind, of, number, ..
        } = self.shapes[shape];
        let of = of as usize;
        match kind {
            Kind::Named => {
                let layout = self.types[of].layout;
                assert!(layout.align != 0, "a type that comes later");
                layout
            }
            Kind::Vector => self.shapes[shape].layout,
            Kind::Array | Kind::WithId => {
                assert!(of < shape, "a shape that comes later");
                let inner = self.shape_layout(of);
                match kind {
                    Kind::Array => Layout {
                        size: inner.size * number as usize,
                        align: inner.align,
                    },
                    _ => inner,
                }
            }
            Kind::Indirect => Layout::of::<Box<u8>>(),
            leaf => leaf_layout(leaf, self.borrowed),
        }
    }

    const fn option_layout(&self, shape: usize) -> Layout {
        let Shape { kind, option, .. } = self.shapes[shape];
        match (option, kind) {
            (Some(ops), _) => ops.layout,
            (None, Kind::Indirect) => Layout::of::<Option<Box<u8>>>(),
            (None, leaf) => optional_leaf_layout(leaf, self.borrowed),
        }
    }

    const fn shape_owns(&self, shape: usize) -> bool {
        let Shape { kind, of, .. } = self.shapes[shape];
        if self.borrowed {
            return false;
        }
        match kind {
            Kind::Named => self.types[of as usize].owns,
            Kind::Array | Kind::WithId => self.shape_owns(of as usize),
            Kind::String | Kind::Bytes | Kind::Object | Kind::Vector | Kind::Indirect => true,
            _ => false,
        }
    }
}

impl Tables {
    pub(crate) const fn is_borrowed(&self) -> bool {
        self.borrowed
    }

    /// All rows.
    pub(crate) const fn types(&self) -> &'static [Type] {
        self.types
    }

    #[inline]
    pub(crate) const fn ty(&self, row: usize) -> &'static Type {
        &self.types[row]
    }

    /// Where a field is in its struct, in bytes.
    #[must_use]
    pub const fn offset(&self, field: usize) -> usize {
        self.fields[field].offset as usize
    }

    #[inline]
    pub(crate) fn shape(&self, shape: u16) -> &'static Shape {
        &self.shapes[usize::from(shape)]
    }

    /// Whether a field counts among the numbers that conditions refer to.
    #[inline]
    pub(crate) const fn is_nat(&self, field: Field) -> bool {
        is_nat(field, self.shapes)
    }

    #[inline]
    pub(crate) fn fields_of(&self, ty: &Type) -> &'static [Field] {
        &self.fields[ty.first as usize..][..ty.count as usize]
    }

    #[inline]
    pub(crate) fn variants_of(&self, ty: &Type) -> &'static [Variant] {
        &self.variants[ty.first as usize..][..ty.count as usize]
    }
}

/// A field that counts among the numbers that conditions refer to.
const fn is_nat(field: Field, shapes: &[Shape]) -> bool {
    match field.form() {
        Form::Flags => true,
        Form::Flag => false,
        Form::Value(shape) => matches!(shapes[shape as usize].kind, Kind::Nat),
    }
}

#[allow(clippy::panic, reason = "fails the build")]
const fn leaf_layout(kind: Kind, borrowed: bool) -> Layout {
    match (kind, borrowed) {
        (Kind::Int, _) => Layout::of::<i32>(),
        (Kind::Long, _) => Layout::of::<i64>(),
        (Kind::Double, _) => Layout::of::<f64>(),
        (Kind::Float, _) => Layout::of::<f32>(),
        (Kind::Nat, _) => Layout::of::<u32>(),
        (Kind::Int128, _) => Layout::of::<[u8; 16]>(),
        (Kind::Int256, _) => Layout::of::<[u8; 32]>(),
        (Kind::Int512, _) => Layout::of::<[u8; 64]>(),
        (Kind::String, false) => Layout::of::<String>(),
        (Kind::String, true) => Layout::of::<&str>(),
        (Kind::Bytes, false) => Layout::of::<Vec<u8>>(),
        (Kind::Bytes, true) => Layout::of::<&[u8]>(),
        (Kind::Bool, _) => Layout::of::<bool>(),
        (Kind::True, _) => Layout::of::<()>(),
        (Kind::Object, false) => Layout::of::<Object>(),
        (Kind::Object, true) => Layout::of::<ObjectRef<'_>>(),
        _ => panic!("not a leaf"),
    }
}

#[allow(clippy::panic, reason = "fails the build")]
const fn optional_leaf_layout(kind: Kind, borrowed: bool) -> Layout {
    match (kind, borrowed) {
        (Kind::Int, _) => Layout::of::<Option<i32>>(),
        (Kind::Long, _) => Layout::of::<Option<i64>>(),
        (Kind::Double, _) => Layout::of::<Option<f64>>(),
        (Kind::Float, _) => Layout::of::<Option<f32>>(),
        (Kind::Nat, _) => Layout::of::<Option<u32>>(),
        (Kind::Int128, _) => Layout::of::<Option<[u8; 16]>>(),
        (Kind::Int256, _) => Layout::of::<Option<[u8; 32]>>(),
        (Kind::Int512, _) => Layout::of::<Option<[u8; 64]>>(),
        (Kind::String, false) => Layout::of::<Option<String>>(),
        (Kind::String, true) => Layout::of::<Option<&str>>(),
        (Kind::Bytes, false) => Layout::of::<Option<Vec<u8>>>(),
        (Kind::Bytes, true) => Layout::of::<Option<&[u8]>>(),
        (Kind::Bool, _) => Layout::of::<Option<bool>>(),
        (Kind::True, _) => Layout::of::<Option<()>>(),
        (Kind::Object, false) => Layout::of::<Option<Object>>(),
        (Kind::Object, true) => Layout::of::<Option<ObjectRef<'_>>>(),
        _ => panic!("an optional field has no way to make its option"),
    }
}

const fn round_up(offset: usize, align: usize) -> usize {
    offset.next_multiple_of(align)
}

const fn max(a: usize, b: usize) -> usize {
    if a > b { a } else { b }
}

#[allow(clippy::cast_possible_truncation, reason = "checked")]
const fn narrow(offset: usize) -> u32 {
    assert!(offset <= u32::MAX as usize, "a type is too large");
    offset as u32
}

/// The id and the name of a built-in that may stand after its id.
pub(crate) fn id_of_leaf(kind: Kind) -> (u32, &'static str) {
    const fn of<T: Identified>() -> (u32, &'static str) {
        (T::ID, T::NAME)
    }
    match kind {
        Kind::Int => of::<i32>(),
        Kind::Long => of::<i64>(),
        Kind::Double => of::<f64>(),
        Kind::Float => of::<f32>(),
        Kind::Int128 => of::<[u8; 16]>(),
        Kind::Int256 => of::<[u8; 32]>(),
        Kind::Int512 => of::<[u8; 64]>(),
        Kind::String => of::<String>(),
        _ => of::<()>(),
    }
}
