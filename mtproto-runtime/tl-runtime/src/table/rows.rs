//! What a table says.
//!
//! Generated code writes the rows down as numbers; [`Rows::lay_out`] computes where everything is in
//! memory, at compile time, and refuses rows that don't fit together.

use alloc::boxed::Box;
use alloc::string::String;
use alloc::vec::Vec;
use core::mem::{align_of, size_of};

use super::ops::{Foreign, OptionOps, Presence, SequenceOps};
use super::presence::Test;
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
    /// What is to be done with a value; filled in by [`Rows::lay_out`].
    pub(super) op: Op,
    /// It owns memory; filled in by [`Rows::lay_out`].
    pub(super) owns: bool,
}

impl Shape {
    /// A constant: it costs the compiler a copy, and a call much more.
    const BARE: Self = Self {
        kind: Kind::True,
        bare: true,
        of: 0,
        number: 0,
        layout: Layout::UNKNOWN,
        option: None,
        sequence: None,
        op: Op::NOTHING,
        owns: false,
    };

    /// A built-in of an owned or borrowed type.
    #[must_use]
    pub const fn leaf(kind: Kind) -> Self {
        Self { kind, ..Self::BARE }
    }

    /// `True`, with its id.
    #[must_use]
    pub const fn boxed_true() -> Self {
        Self {
            bare: false,
            kind: Kind::True,
            ..Self::BARE
        }
    }

    /// A type as it stands alone.
    #[must_use]
    pub const fn named(row: u16) -> Self {
        Self {
            bare: false,
            of: row,
            kind: Kind::Named,
            ..Self::BARE
        }
    }

    /// A type without its id.
    #[must_use]
    pub const fn bare(row: u16) -> Self {
        Self {
            of: row,
            kind: Kind::Named,
            ..Self::BARE
        }
    }

    /// `Vector` of a shape.
    #[must_use]
    pub const fn vector(element: u16, min_size: u32, ops: &'static SequenceOps) -> Self {
        Self {
            bare: false,
            of: element,
            number: min_size,
            layout: ops.layout,
            sequence: Some(ops),
            kind: Kind::Vector,
            ..Self::BARE
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
            kind: Kind::Array,
            ..Self::BARE
        }
    }

    /// Behind a box or reference.
    #[must_use]
    pub const fn indirect(inner: u16) -> Self {
        Self {
            of: inner,
            kind: Kind::Indirect,
            ..Self::BARE
        }
    }

    /// A built-in after its id.
    #[must_use]
    pub const fn with_id(inner: u16) -> Self {
        Self {
            of: inner,
            kind: Kind::WithId,
            ..Self::BARE
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
    pub(crate) const fn is_vector(&self) -> bool {
        matches!(self.kind, Kind::Vector)
    }
}

/// A field as it is written down, a number, so that the compiler has the least to do with it: in the
/// upper half the shape, `0xffff` for flags (on the wire alone), `0xfffe` for a bit of its own
/// (`flags.3?true`); in the lower half the condition, `0xffff` if it is always there, else a bit, and 32
/// for each `#` of the constructor that comes before the one with the bit.
pub type PackedField = u32;

/// A variant as it is written down: id, name, and the shape of the payload, `0xffff` if it has none.
pub type PackedVariant = (u32, &'static str, u16);

impl Field {
    const FLAGS: u16 = u16::MAX;
    const FLAG: u16 = u16::MAX - 1;
    const ALWAYS: u16 = u16::MAX;
    const EMPTY: Self = Self {
        shape: Self::FLAGS,
        condition: Self::ALWAYS,
        offset: 0,
    };

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
    /// What is to be done with the payload; filled in by [`Rows::lay_out`].
    pub(super) op: Op,
    /// The same for who does not care for the struct around a payload that is all of it.
    pub(super) flat: Op,
}

impl Variant {
    const EMPTY: Self = Self {
        id: 0,
        name: "",
        payload: None,
        op: Op::NOTHING,
        flat: Op::NOTHING,
    };
}

/// A generated type.
#[derive(Clone, Copy)]
#[repr(C)]
pub struct Type {
    pub(crate) form: TypeForm,
    /// The first of its fields or variants, and their number.
    pub(crate) first: u32,
    pub(crate) count: u32,
    /// In memory; filled in by [`Rows::lay_out`].
    pub(crate) layout: Layout,
    /// The first of its pieces; filled in by [`Rows::lay_out`].
    pub(super) first_piece: u32,
    /// How many it has; filled in by [`Rows::lay_out`].
    pub(super) pieces: u32,
    /// It owns memory; filled in by [`Rows::lay_out`].
    pub(crate) owns: bool,
    /// It has fields that may be missing; filled in by [`Rows::lay_out`].
    pub(super) is_conditional: bool,
    /// In the schema; of a constructor, its outline (see [`Reader::enter`](crate::Reader::enter)).
    pub(crate) name: &'static str,
    /// In Rust, for `Debug`; of a constructor, with its fields.
    pub(crate) rust_name: &'static str,
    /// On the wire, where it stands alone.
    pub(crate) min_size: u32,
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
        lookup: Lookup,
    },
    Foreign(&'static Foreign),
}

/// How the variant of an id is found.
#[derive(Clone, Copy)]
pub(crate) enum Lookup {
    /// They are few.
    Scan,
    /// A hash table of numbers of variants, 255 where there is none: the search begins at the upper
    /// bits of the product.
    Hash {
        multiplier: u32,
        slots: &'static [u8],
    },
    /// Variants by id, ascending.
    Sorted(&'static [u16]),
}

impl Lookup {
    /// Which variant has the id.
    #[inline]
    pub(super) const fn find(self, variants: &[Variant], id: u32) -> Option<usize> {
        match self {
            Self::Scan => {
                let mut index = 0;
                while index < variants.len() {
                    if variants[index].id == id {
                        return Some(index);
                    }
                    index += 1;
                }
                None
            }
            Self::Hash { multiplier, slots } => {
                let mask = slots.len() - 1;
                let product = id.wrapping_mul(multiplier) as u64 * slots.len() as u64;
                let mut slot = (product >> 32) as usize;
                let mut left = slots.len();
                while left > 0 {
                    let index = slots[slot & mask] as usize;
                    if index >= variants.len() {
                        return None;
                    }
                    if variants[index].id == id {
                        return Some(index);
                    }
                    slot += 1;
                    left -= 1;
                }
                None
            }
            Self::Sorted(by_id) => {
                let (mut low, mut high) = (0, by_id.len());
                while low < high {
                    let middle = low.midpoint(high);
                    let index = by_id[middle] as usize;
                    let found = variants[index].id;
                    if found == id {
                        return Some(index);
                    }
                    if found < id {
                        low = middle + 1;
                    } else {
                        high = middle;
                    }
                }
                None
            }
        }
    }
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
        let lookup = Lookup::Scan;
        let form = TypeForm::Enum { tag, lookup };
        Self::new(form, name, rust_name, min_size, first, count)
    }

    /// The same with its variants in the order of their ids.
    #[must_use]
    pub const fn sorted(mut self, by_id: &'static [u16]) -> Self {
        if let TypeForm::Enum { tag, .. } = self.form {
            let lookup = Lookup::Sorted(by_id);
            self.form = TypeForm::Enum { tag, lookup };
        }
        self
    }

    /// The same with a hash table of its variants by id: a power of two of slots. Where a number
    /// stands is the upper bits of id times multiplier, or the next slot that was free.
    #[must_use]
    pub const fn hashed(mut self, multiplier: u32, slots: &'static [u8]) -> Self {
        assert!(slots.len().is_power_of_two());
        if let TypeForm::Enum { tag, .. } = self.form {
            let lookup = Lookup::Hash { multiplier, slots };
            self.form = TypeForm::Enum { tag, lookup };
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
            first_piece: 0,
            pieces: 0,
            owns: false,
            is_conditional: false,
        }
    }
}

/// What is to be done with a field, a payload or an element, for loops that do nothing else.
#[derive(Clone, Copy)]
#[repr(C)]
pub(super) struct Op {
    pub(super) code: Code,
    /// Of a condition, the bit, 32 for each mask before it; of flags, [`Op::ALWAYS`] and the number
    /// of the mask; else [`Op::ALWAYS`].
    pub(super) bit: u8,
    /// How far before the value the byte is that is 1 if it is there.
    pub(super) mark: u8,
    /// Of a [`Number`](Code::Number), which it is; else the same as `code`.
    pub(super) slow: Code,
    /// A row, a shape, or a size.
    pub(super) of: u16,
    /// Of the value, in the struct or enum; of flags, which of the maps.
    pub(super) offset: u32,
}

impl Op {
    pub(super) const ALWAYS: u8 = 0x80;
    const NOTHING: Self = Self {
        code: Code::Nothing,
        bit: Self::ALWAYS,
        mark: 0,
        slow: Code::Nothing,
        of: 0,
        offset: 0,
    };
}

/// What to do.
#[derive(Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub(super) enum Code {
    /// It takes no bytes.
    Nothing,
    Flags,
    /// It is in memory as on the wire, and equal to another if its bytes are; `of` is how many bytes it
    /// takes, at least four.
    Number,
    /// Several numbers: only as `slow`. `bit` says how many, and [`Op::ALWAYS`].
    Run,
    Int,
    Long,
    Double,
    Float,
    Nat,
    String,
    Bytes,
    Bool,
    /// A struct without its id; `of` is the row.
    Struct,
    /// After its id; `of` is the row.
    StructWithId,
    /// `of` is the row.
    Enum,
    /// `of` is the vector's shape.
    Vector,
    /// `of` is the shape of what is behind the pointer.
    Indirect,
    Int128,
    Int256,
    Int512,
    /// `True` with its id.
    True,
    Object,
    /// `of` is the array's shape.
    Array,
    /// `of` is the shape of the built-in.
    WithId,
    /// `of` is the row.
    Foreign,
    /// `of` is the row.
    ForeignBare,
}

impl Code {
    /// How many bytes it takes, if it is a [`Number`](Code::Number).
    const fn number_size(self) -> u16 {
        match self {
            Self::Int | Self::Nat if cfg!(target_endian = "little") => 4,
            Self::Long if cfg!(target_endian = "little") => 8,
            Self::Int128 => 16,
            Self::Int256 => 32,
            Self::Int512 => 64,
            _ => 0,
        }
    }

    /// Whether it is a built-in that has a way of its own to be read many at a time; to be asked of
    /// `slow`.
    pub(super) const fn is_leaf(self) -> bool {
        matches!(
            self,
            Self::Int
                | Self::Long
                | Self::Double
                | Self::Float
                | Self::Nat
                | Self::Int128
                | Self::Int256
                | Self::Int512
                | Self::Bool
                | Self::String
                | Self::Bytes
        )
    }
}

/// Up to 64 fields of a struct. Sets of fields are numbers with a bit for each.
#[derive(Clone, Copy)]
pub(super) struct Piece {
    /// They are always there.
    pub(super) always: u64,
    /// They own memory.
    pub(super) owning: u64,
    /// There is a byte that is 1 if they are there.
    pub(super) marked: u64,
    /// They are conditional and have values on the wire.
    pub(super) values: u64,
    /// The first of its tests.
    pub(super) first_test: u32,
    /// How many tests of each sort there are, in this order.
    pub(super) tests: [u8; TESTS],
    /// They share their bits with others, or may do so.
    pub(super) shared: u64,
    /// There are conditions on the third mask or the fourth.
    pub(super) is_wide: bool,
    /// It has tests that others have not: of other bytes, or of flags at once.
    pub(super) is_special: bool,
}

impl Piece {
    /// How many fields it can have.
    pub(super) const FIELDS: usize = 64;
    const EMPTY: Self = Self {
        always: 0,
        owning: 0,
        marked: 0,
        values: 0,
        first_test: 0,
        tests: [0; TESTS],
        shared: 0,
        is_wide: false,
        is_special: false,
    };
}

/// How tests are done; those of a piece stand in this order.
#[derive(Clone, Copy)]
#[repr(u8)]
pub(super) enum Sort {
    /// A word that is zero if nothing is there.
    Zero,
    /// A word that is [`TOP`] then.
    Top,
    /// A byte that is some number if nothing is there.
    Byte,
    /// A byte that is zero then.
    Mark,
    /// Other numbers, or other bytes.
    Other,
    /// Four flags, each a byte.
    Four,
    /// Eight of them.
    Eight,
}

/// The number of sorts of tests.
pub(super) const TESTS: usize = 7;

/// What [`Rows::lay_out`] has made and found out so far.
struct Work<const S: usize> {
    tests: usize,
    pieces: usize,
    maps: usize,
    /// Of all shapes.
    facts: [Fact; S],
    options: [OptionFact; S],
    /// The tests of a piece, and their sorts.
    found: [(usize, Test); Piece::FIELDS],
}

/// What fields ask of a shape.
#[derive(Clone, Copy)]
struct Fact {
    is_known: bool,
    owns: bool,
    layout: Layout,
    op: Op,
}

impl Fact {
    const UNKNOWN: Self = Self {
        is_known: false,
        owns: false,
        layout: Layout::UNKNOWN,
        op: Op::NOTHING,
    };
}

/// What fields that may be missing ask of one.
#[derive(Clone, Copy)]
struct OptionFact {
    is_known: bool,
    layout: Layout,
    presence: Presence,
    sort: usize,
}

impl OptionFact {
    const UNKNOWN: Self = Self {
        is_known: false,
        layout: Layout::UNKNOWN,
        presence: Presence::FLAG,
        sort: 0,
    };
}

/// Which field a bit stands for, its place in the piece of the flags; 255 if none is there.
pub(super) type Map = [u8; 32];

/// The rows of a generated file, laid out: types, fields, variants, shapes, pieces (each struct has
/// one for every 64 fields, the last not full) and fields that are flags.
pub struct Rows<
    const T: usize,
    const F: usize,
    const V: usize,
    const S: usize,
    const P: usize,
    const N: usize,
> {
    types: [Type; T],
    fields: [Field; F],
    variants: [Variant; V],
    shapes: [Shape; S],
    ops: [Op; F],
    tests: [Test; F],
    pieces: [Piece; P],
    maps: [Map; N],
    borrowed: bool,
}

/// All tables of a generated file.
#[derive(Clone, Copy)]
pub struct Tables {
    types: &'static [Type],
    fields: &'static [Field],
    variants: &'static [Variant],
    shapes: &'static [Shape],
    ops: &'static [Op],
    tests: &'static [Test],
    pieces: &'static [Piece],
    maps: &'static [Map],
    borrowed: bool,
}

/// How many `#` fields a constructor in a table may have.
pub(crate) const MAX_NATS: usize = 4;

impl<const T: usize, const F: usize, const V: usize, const S: usize, const P: usize, const N: usize>
    Rows<T, F, V, S, P, N>
{
    /// Computes where everything is, by the rules of `repr(C)` and `repr(u8)`. Types come after
    /// those that they hold in themselves (not behind a pointer), shapes after those that they are
    /// made of.
    ///
    /// # Panics
    /// At compile time, if rows don't fit together.
    #[must_use]
    pub const fn lay_out(
        types: [Type; T],
        fields: [PackedField; F],
        variants: [PackedVariant; V],
        shapes: [Shape; S],
        borrowed: bool,
    ) -> Self {
        let mut rows = Self {
            types,
            fields: [Field::EMPTY; F],
            variants: [Variant::EMPTY; V],
            shapes,
            ops: [Op::NOTHING; F],
            tests: [Test::NONE; F],
            pieces: [Piece::EMPTY; P],
            maps: [[u8::MAX; 32]; N],
            borrowed,
        };
        assert!(F <= u32::MAX as usize, "too many fields");
        // Their numbers stand beside marks, and saturate where they are written.
        assert!(
            S <= Field::FLAG as usize && T <= u16::MAX as usize,
            "too many types"
        );
        let mut work = Work {
            tests: 0,
            pieces: 0,
            maps: 0,
            facts: [Fact::UNKNOWN; S],
            options: [OptionFact::UNKNOWN; S],
            found: [(0, Test::NONE); Piece::FIELDS],
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
                TypeForm::Struct { .. } => rows.lay_out_struct(row, &fields, &mut work),
                TypeForm::Enum { tag, lookup } => {
                    rows.lay_out_enum(row, tag, lookup, &variants, &mut work.facts);
                }
                TypeForm::Foreign(_) => {}
            }
            row += 1;
        }
        let mut shape = 0;
        while shape < S {
            if !work.facts[shape].is_known {
                work.facts[shape] = rows.fact(shape);
            }
            let fact = work.facts[shape];
            rows.shapes[shape].layout = fact.layout;
            rows.shapes[shape].op = fact.op;
            rows.shapes[shape].owns = fact.owns;
            shape += 1;
        }
        rows
    }

    /// Compares the rows of types that have no code with what the types are in memory.
    ///
    /// ```compile_fail,E0080
    /// use tl_runtime::table::{Layout, Rows, Type};
    ///
    /// // A struct without fields is no `u32`.
    /// const ROWS: Rows<1, 0, 0, 0, 0, 0> = Rows::lay_out(
    ///     [Type::structure(1, "a", "A", 4, 0, 0)], [], [], [], false,
    /// );
    /// const CHECKED: Rows<1, 0, 0, 0, 0, 0> = ROWS.checked(&[Layout::of::<u32>()]);
    /// # let _ = CHECKED;
    /// ```
    ///
    /// # Panics
    /// At compile time, if they differ.
    #[must_use]
    pub const fn checked(self, layouts: &[Layout]) -> Self {
        let mut row = 0;
        while row < T && !matches!(self.types[row].form, TypeForm::Foreign(_)) {
            let Layout { size, align } = layouts[row];
            let computed = self.types[row].layout;
            assert!(
                size == computed.size && align == computed.align,
                "a type is not laid out as its table says"
            );
            row += 1;
        }
        self
    }

    /// The tables, which stay where they are.
    #[must_use]
    pub const fn tables(&'static self) -> Tables {
        Tables {
            types: &self.types,
            fields: &self.fields,
            variants: &self.variants,
            shapes: &self.shapes,
            ops: &self.ops,
            tests: &self.tests,
            pieces: &self.pieces,
            maps: &self.maps,
            borrowed: self.borrowed,
        }
    }

    #[allow(
        clippy::cast_possible_truncation,
        reason = "halves of a number, places in a piece, numbers of rows, of which `lay_out` has seen \
                  that they are 32 bits, and what is checked"
    )]
    // The compiler interprets this for every field of a schema, and spends most of its time on calls:
    // so what is asked often is remembered, and small functions are written out.
    const fn lay_out_struct(&mut self, row: usize, fields: &[PackedField; F], work: &mut Work<S>) {
        let (mut size, mut align, mut owns, mut nats) = (0_usize, 1, false, 0);
        let mut is_conditional = false;
        let first = self.types[row].first as usize;
        let end = first + self.types[row].count as usize;
        let first_piece = work.pieces;
        let is_shared = match self.types[row].form {
            TypeForm::Struct { shared, .. } => !shared.is_empty(),
            _ => false,
        };
        let mut at = first;
        while at < end {
            let start = at;
            let stop = if end - start > Piece::FIELDS {
                start + Piece::FIELDS
            } else {
                end
            };
            let mut piece = Piece {
                first_test: work.tests as u32,
                ..Piece::EMPTY
            };
            // Those of the masks in the piece.
            let mut maps = [usize::MAX; MAX_NATS];
            let (mut found_count, mut run_left) = (0, 0);
            // Fields that are always there and one number each.
            let mut numbers = 0_u64;
            while at < stop {
                let packed = fields[at];
                let (shape, condition) = ((packed >> 16) as u16, packed as u16);
                let index = at - start;
                let set = 1 << index;
                let (mut field_size, mut field_align) = (1, 1);
                let (mut presence, mut sort) = (Presence::FLAG, Sort::Mark as usize);
                let mut op = Op::NOTHING;
                if shape == Field::FLAGS {
                    assert!(nats < MAX_NATS, "too many fields of type #");
                    maps[nats] = work.maps;
                    op.code = Code::Flags;
                    op.slow = Code::Flags;
                    op.of = 4;
                    op.bit = Op::ALWAYS | nats as u8;
                    op.offset = work.maps as u32;
                    work.maps += 1;
                    field_size = 0;
                } else if shape != Field::FLAG {
                    let shape = shape as usize;
                    if !work.facts[shape].is_known {
                        work.facts[shape] = self.fact(shape);
                    }
                    let fact = work.facts[shape];
                    op = fact.op;
                    if fact.owns {
                        owns = true;
                        piece.owning |= set;
                    }
                    if condition == Field::ALWAYS {
                        field_size = fact.layout.size;
                        field_align = fact.layout.align;
                    } else {
                        if !work.options[shape].is_known {
                            work.options[shape] = self.option_fact(shape);
                        }
                        let option = work.options[shape];
                        field_size = option.layout.size;
                        field_align = option.layout.align;
                        presence = option.presence;
                        sort = option.sort;
                        piece.values |= set;
                    }
                }
                let offset = (size + field_align - 1) & !(field_align - 1);
                assert!(offset <= u32::MAX as usize, "a type is too large");
                self.fields[at] = Field {
                    shape,
                    condition,
                    offset: offset as u32,
                };
                if shape != Field::FLAGS {
                    op.offset = offset as u32;
                }
                if condition == Field::ALWAYS {
                    piece.always |= set;
                    if let Code::Number = op.code {
                        numbers |= set;
                    }
                } else {
                    let (mask, bit) = ((condition >> 5) as usize, (condition & 31) as usize);
                    assert!(mask < nats, "a condition on a number that comes later");
                    is_conditional = true;
                    op.bit = condition as u8;
                    if mask >= 2 {
                        piece.is_wide = true;
                    }
                    let map = maps[mask];
                    if map != usize::MAX {
                        let known = self.maps[map][bit];
                        if known == u8::MAX {
                            self.maps[map][bit] = index as u8;
                        } else {
                            piece.shared |= set | 1 << known;
                        }
                    }
                    if presence.is_marked {
                        piece.marked |= set;
                        op.offset += presence.value;
                        op.mark = to_u8((presence.value - presence.offset) as usize);
                    }
                    if run_left > 0 {
                        run_left -= 1;
                    } else {
                        if shape == Field::FLAG {
                            // How many flags are tested at once that stand one after another.
                            let mut to = at + 1;
                            while to < stop && to < at + 8 && fields[to] >> 16 == Field::FLAG as u32
                            {
                                to += 1;
                            }
                            if to == at + 8 {
                                run_left = 7;
                                sort = Sort::Eight as usize;
                            } else if to >= at + 4 {
                                run_left = 3;
                                sort = Sort::Four as usize;
                            }
                        }
                        let test = Test {
                            offset: offset as u32 + presence.offset,
                            none: presence.none,
                            index: index as u8,
                            width: presence.width,
                        };
                        work.found[found_count] = (sort, test);
                        found_count += 1;
                    }
                }
                if shape == Field::FLAGS || matches!(op.slow, Code::Nat) {
                    nats += 1;
                }
                self.ops[at] = op;
                size = offset + field_size;
                if field_align > align {
                    align = field_align;
                }
                at += 1;
            }
            if is_shared && end - start > Piece::FIELDS || start > first {
                // Those of other pieces are not looked for.
                piece.shared = u64::MAX >> (Piece::FIELDS - (at - start)) & !piece.always;
            }
            if numbers & numbers >> 1 != 0 {
                self.join(start, stop, &mut piece);
            }
            if found_count > 0 {
                self.place_tests(&work.found, found_count, &mut piece, work.tests);
                work.tests += found_count;
            }
            self.pieces[work.pieces] = piece;
            work.pieces += 1;
        }
        assert!(nats <= MAX_NATS, "too many fields of type #");
        let ty = &mut self.types[row];
        ty.layout.size = (size + align - 1) & !(align - 1);
        ty.layout.align = align;
        ty.owns = owns;
        ty.is_conditional = is_conditional;
        ty.first_piece = first_piece as u32;
        ty.pieces = (work.pieces - first_piece) as u32;
    }

    /// What is asked of a shape.
    const fn fact(&self, shape: usize) -> Fact {
        Fact {
            is_known: true,
            owns: self.shape_owns(shape),
            layout: self.shape_layout(shape),
            op: self.op(to_u16(shape)),
        }
    }

    /// The same of its option.
    const fn option_fact(&self, shape: usize) -> OptionFact {
        let ops = option_of(&self.shapes[shape], self.borrowed);
        OptionFact {
            is_known: true,
            layout: ops.layout,
            presence: ops.presence,
            sort: ops.presence.sort() as usize,
        }
    }

    /// Makes runs of fields that are always there.
    const fn join(&mut self, start: usize, stop: usize, piece: &mut Piece) {
        let mut at = start;
        while at < stop {
            let first = at;
            let offset = self.ops[first].offset;
            let mut size = 0;
            while at < stop
                && piece.always >> (at - start) & 1 == 1
                && self.ops[at].offset == offset + size
                && matches!(self.ops[at].code, Code::Number)
            {
                size += self.ops[at].of as u32;
                at += 1;
            }
            if at - first >= 2 {
                let mut joined = first + 1;
                while joined < at {
                    piece.always &= !(1 << (joined - start));
                    joined += 1;
                }
                self.ops[first].slow = Code::Run;
                self.ops[first].bit = Op::ALWAYS | to_u8(at - first);
                self.ops[first].of = to_u16(size as usize);
            } else if at == first {
                at += 1;
            }
        }
    }

    /// Tests by their sort.
    const fn place_tests(
        &mut self,
        found: &[(usize, Test); Piece::FIELDS],
        count: usize,
        piece: &mut Piece,
        first: usize,
    ) {
        let mut index = 0;
        while index < count {
            let sort = found[index].0;
            piece.tests[sort] += 1;
            if sort >= Sort::Other as usize {
                piece.is_special = true;
            }
            index += 1;
        }
        let mut next = [first; TESTS];
        let mut sort = 1;
        while sort < TESTS {
            next[sort] = next[sort - 1] + piece.tests[sort - 1] as usize;
            sort += 1;
        }
        index = 0;
        while index < count {
            let (sort, test) = found[index];
            self.tests[next[sort]] = test;
            next[sort] += 1;
            index += 1;
        }
    }

    const fn lay_out_enum(
        &mut self,
        row: usize,
        tag: u8,
        lookup: Lookup,
        variants: &[PackedVariant; V],
        facts: &mut [Fact; S],
    ) {
        let count = self.types[row].count as usize;
        assert!(tag == 1 || tag == 2, "a tag of another size");
        assert!(count <= 1 << (tag * 8), "more variants than tags");
        let tag = tag as usize;
        let (mut size, mut align, mut owns) = (tag, tag, false);
        let first = self.types[row].first as usize;
        let mut at = first;
        let end = at + count;
        assert!(end <= V, "variants that are not there");
        while at < end {
            let (id, name, payload) = variants[at];
            self.variants[at].id = id;
            self.variants[at].name = name;
            if payload != u16::MAX {
                self.variants[at].payload = Some(payload);
                let payload = payload as usize;
                if !facts[payload].is_known {
                    facts[payload] = self.fact(payload);
                }
                let Fact {
                    layout,
                    mut op,
                    owns: payload_owns,
                    ..
                } = facts[payload];
                let offset = (tag + layout.align - 1) & !(layout.align - 1);
                op.offset = narrow(offset);
                self.variants[at].op = op;
                self.variants[at].flat = match op.code {
                    Code::Struct => self.flat(op),
                    _ => op,
                };
                if offset + layout.size > size {
                    size = offset + layout.size;
                }
                if layout.align > align {
                    align = layout.align;
                }
                owns |= payload_owns;
            }
            at += 1;
        }
        self.types[row].layout = Layout {
            size: round_up(size, align),
            align,
        };
        self.types[row].owns = owns;
        if let Lookup::Sorted(by_id) = lookup {
            assert!(by_id.len() == count);
        }
    }

    /// Of a struct that has one field only, which is always there, or one run: what is to be done with
    /// that.
    const fn flat(&self, op: Op) -> Op {
        if let Code::Struct = op.code {
            let Type { first, count, .. } = self.types[op.of as usize];
            if count > 0 && !self.types[op.of as usize].is_conditional {
                let inner = self.ops[first as usize];
                let joined = match inner.slow {
                    Code::Run => (inner.bit & !Op::ALWAYS) as u32,
                    Code::Flags => 0,
                    _ => 1,
                };
                if joined == count {
                    return Op {
                        offset: op.offset + inner.offset,
                        ..inner
                    };
                }
            }
        }
        op
    }

    /// What is to be done with a value of a shape.
    const fn op(&self, shape: u16) -> Op {
        let Shape { kind, bare, of, .. } = self.shapes[shape as usize];
        let (code, of) = match kind {
            Kind::Int => (Code::Int, 0),
            Kind::Long => (Code::Long, 0),
            Kind::Double => (Code::Double, 0),
            Kind::Float => (Code::Float, 0),
            Kind::Nat => (Code::Nat, 0),
            Kind::Int128 => (Code::Int128, 0),
            Kind::Int256 => (Code::Int256, 0),
            Kind::Int512 => (Code::Int512, 0),
            Kind::String => (Code::String, 0),
            Kind::Bytes => (Code::Bytes, 0),
            Kind::Bool => (Code::Bool, 0),
            Kind::True if bare => (Code::Nothing, 0),
            Kind::True => (Code::True, 0),
            Kind::Object => (Code::Object, 0),
            Kind::Named => match self.types[of as usize].form {
                TypeForm::Struct { id: Some(_), .. } if !bare => (Code::StructWithId, of),
                TypeForm::Struct { .. } => (Code::Struct, of),
                TypeForm::Enum { .. } => (Code::Enum, of),
                TypeForm::Foreign(_) if bare => (Code::ForeignBare, of),
                TypeForm::Foreign(_) => (Code::Foreign, of),
            },
            Kind::Vector => (Code::Vector, shape),
            Kind::Array => (Code::Array, shape),
            Kind::Indirect => (Code::Indirect, of),
            Kind::WithId => (Code::WithId, of),
        };
        let slow = code;
        let (code, of) = match slow.number_size() {
            0 => (slow, of),
            size => (Code::Number, size),
        };
        Op {
            code,
            slow,
            of,
            ..Op::NOTHING
        }
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

    /// What is to be done with all fields.
    #[inline]
    pub(super) fn ops(&self) -> &'static [Op] {
        self.ops
    }

    /// All variants.
    #[inline]
    pub(super) fn variants(&self) -> &'static [Variant] {
        self.variants
    }

    /// All fields in pieces.
    #[inline]
    pub(super) fn pieces(&self) -> &'static [Piece] {
        self.pieces
    }

    /// The tests of all pieces.
    #[inline]
    pub(super) fn tests(&self) -> &'static [Test] {
        self.tests
    }

    #[inline]
    pub(super) fn map(&self, op: &Op) -> &'static Map {
        &self.maps[op.offset as usize]
    }

    /// How an option of the shape is made.
    #[inline]
    pub(super) fn option(&self, shape: &Shape) -> &'static OptionOps {
        option_of(shape, self.borrowed)
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
const fn option_of(shape: &Shape, borrowed: bool) -> &'static OptionOps {
    if let Some(ops) = shape.option {
        return ops;
    }
    match (shape.kind, borrowed) {
        (Kind::Int, _) => OptionOps::of::<i32>(),
        (Kind::Long, _) => OptionOps::of::<i64>(),
        (Kind::Double, _) => OptionOps::of::<f64>(),
        (Kind::Float, _) => OptionOps::of::<f32>(),
        (Kind::Nat, _) => OptionOps::of::<u32>(),
        (Kind::Int128, _) => OptionOps::of::<[u8; 16]>(),
        (Kind::Int256, _) => OptionOps::of::<[u8; 32]>(),
        (Kind::Int512, _) => OptionOps::of::<[u8; 64]>(),
        (Kind::String, false) => OptionOps::of::<String>(),
        (Kind::String, true) => OptionOps::of::<&'static str>(),
        (Kind::Bytes, false) => OptionOps::of::<Vec<u8>>(),
        (Kind::Bytes, true) => OptionOps::of::<&'static [u8]>(),
        (Kind::Bool, _) => OptionOps::of::<bool>(),
        (Kind::True, _) => OptionOps::of::<()>(),
        (Kind::Object, false) => OptionOps::of::<Object>(),
        (Kind::Object, true) => OptionOps::of::<ObjectRef<'static>>(),
        (Kind::Indirect, _) => OptionOps::of::<Box<u8>>(),
        _ => panic!("an optional field has no way to make its option"),
    }
}

const fn round_up(offset: usize, align: usize) -> usize {
    offset.next_multiple_of(align)
}

#[allow(clippy::cast_possible_truncation, reason = "checked")]
pub(super) const fn narrow(offset: usize) -> u32 {
    assert!(offset <= u32::MAX as usize, "a type is too large");
    offset as u32
}

#[allow(clippy::cast_possible_truncation, reason = "checked")]
pub(super) const fn to_u16(number: usize) -> u16 {
    assert!(number <= u16::MAX as usize, "a number that is too large");
    number as u16
}

#[allow(clippy::cast_possible_truncation, reason = "checked")]
pub(super) const fn to_u8(number: usize) -> u8 {
    assert!(number <= u8::MAX as usize, "a number that is too large");
    number as u8
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
