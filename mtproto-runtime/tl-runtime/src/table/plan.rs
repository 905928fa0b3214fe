//! What loops go by: what is to be done with each field, in sets of fields, and all of it in one place.
//!
//! Nobody writes it down; `layout` makes it of the rows.

use super::kept::Slice;
use super::layout::option_of;
use super::ops::OptionOps;
use super::presence::Test;
use super::rows::{Field, Form, Kind, Shape, Type, Variant};

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
    /// Of a number, its size if eight bytes can be copied from there, in the struct: 4 or 8; of all
    /// else 0.
    pub(super) quick: u8,
    /// Of an enum, how many bytes its tag has.
    pub(super) with: u8,
    /// Of the value, in the struct or enum.
    pub(super) offset: u32,
    /// Of flags, which of the maps; of an enum, its first variant.
    pub(super) first: u32,
}

// Loops go through them side by side.
const _: () = assert!(size_of::<Op>() == 16);

impl Op {
    pub(super) const ALWAYS: u8 = 0x80;
    pub(super) const NOTHING: Self = Self {
        code: Code::Nothing,
        bit: Self::ALWAYS,
        mark: 0,
        slow: Code::Nothing,
        of: 0,
        quick: 0,
        with: 0,
        offset: 0,
        first: 0,
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
    pub(super) const fn number_size(self) -> u16 {
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
    /// They have values, whether conditional or not.
    pub(super) parts: u64,
    /// They have values on the wire, and are not the flags that the struct begins with.
    pub(super) behind: u64,
    /// The first of its tests.
    pub(super) first_test: u32,
    /// How many tests of each sort there are, in this order.
    pub(super) tests: [u8; TESTS],
    /// They share their bits with others, or may do so.
    pub(super) shared: u64,
    /// It has flags that are the third `#` or the fourth, or conditions on such.
    pub(super) is_wide: bool,
    /// It has tests that others have not: of other bytes, or of flags at once.
    pub(super) is_special: bool,
    /// It begins with the first flags of its struct.
    pub(super) leads: bool,
}

impl Piece {
    /// How many fields it can have.
    pub(super) const FIELDS: usize = 64;
    pub(super) const EMPTY: Self = Self {
        always: 0,
        owning: 0,
        marked: 0,
        parts: 0,
        behind: 0,
        first_test: 0,
        tests: [0; TESTS],
        shared: 0,
        is_wide: false,
        is_special: false,
        leads: false,
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

/// Which field a bit stands for, its place in the piece of the flags; 255 if none is there.
pub(super) type Map = [u8; 32];

/// All tables of a generated file.
#[derive(Clone, Copy)]
pub struct Tables {
    pub(super) types: Slice<Type>,
    pub(super) fields: Slice<Field>,
    pub(super) variants: Slice<Variant>,
    pub(super) shapes: Slice<Shape>,
    pub(super) ops: Slice<Op>,
    pub(super) tests: Slice<Test>,
    pub(super) pieces: Slice<Piece>,
    pub(super) maps: Slice<Map>,
    pub(super) borrowed: bool,
}

/// How many `#` fields a constructor in a table may have.
pub(crate) const MAX_NATS: usize = 4;

impl Tables {
    pub(crate) const fn is_borrowed(&self) -> bool {
        self.borrowed
    }

    /// All rows.
    pub(crate) const fn types(&self) -> &'static [Type] {
        self.types.get()
    }

    #[inline]
    pub(crate) const fn ty(&self, row: usize) -> &'static Type {
        &self.types.get()[row]
    }

    /// Where a field is in its struct, in bytes.
    #[must_use]
    pub const fn offset(&self, field: usize) -> usize {
        self.fields.get()[field].offset as usize
    }

    #[inline]
    pub(crate) fn shape(&self, shape: u16) -> &'static Shape {
        &self.shapes.get()[usize::from(shape)]
    }

    /// Whether a field counts among the numbers that conditions refer to.
    #[inline]
    pub(crate) const fn is_nat(&self, field: Field) -> bool {
        is_nat(field, self.shapes.get())
    }

    #[inline]
    pub(crate) fn fields_of(&self, ty: &Type) -> &'static [Field] {
        &self.fields.get()[ty.first as usize..][..ty.count as usize]
    }

    /// What is to be done with all fields.
    #[inline]
    pub(super) fn ops(&self) -> &'static [Op] {
        self.ops.get()
    }

    /// All variants.
    #[inline]
    pub(super) fn variants(&self) -> &'static [Variant] {
        self.variants.get()
    }

    /// All fields in pieces.
    #[inline]
    pub(super) fn pieces(&self) -> &'static [Piece] {
        self.pieces.get()
    }

    /// The tests of all pieces.
    #[inline]
    pub(super) fn tests(&self) -> &'static [Test] {
        self.tests.get()
    }

    #[inline]
    pub(super) fn map(&self, op: &Op) -> &'static Map {
        &self.maps.get()[op.first as usize]
    }

    /// How an option of the shape is made.
    #[inline]
    pub(super) fn option(&self, shape: &Shape) -> &'static OptionOps {
        option_of(shape, self.borrowed)
    }

    #[inline]
    pub(crate) fn variants_of(&self, ty: &Type) -> &'static [Variant] {
        &self.variants.get()[ty.first as usize..][..ty.count as usize]
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
