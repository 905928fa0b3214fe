//! What a table says.
//!
//! Generated code writes the rows down, fields and variants as numbers; `layout` fills in where
//! everything is in memory.

use alloc::string::String;
use core::mem::{align_of, size_of};

use super::ops::{Foreign, Hands, OptionOps};
use super::plan::Op;
use super::sequence::SequenceOps;
use crate::Identified;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Layout {
    pub(crate) size: usize,
    pub(crate) align: usize,
}

impl Layout {
    /// Not computed yet.
    pub(super) const UNKNOWN: Self = Self { size: 0, align: 0 };

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
    /// In memory; but for vectors, filled in by [`Rows::lay_out`](super::Rows::lay_out).
    pub(crate) layout: Layout,
    pub(crate) option: Option<&'static OptionOps>,
    pub(crate) sequence: Option<&'static SequenceOps>,
    /// What is to be done with a value; filled in by [`Rows::lay_out`](super::Rows::lay_out).
    pub(super) op: Op,
    /// It owns memory; filled in by [`Rows::lay_out`](super::Rows::lay_out).
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
    pub(super) shape: u16,
    pub(super) condition: u16,
    /// In the struct; filled in by [`Rows::lay_out`](super::Rows::lay_out).
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
    pub(super) const FLAGS: u16 = u16::MAX;
    pub(super) const FLAG: u16 = u16::MAX - 1;
    pub(super) const ALWAYS: u16 = u16::MAX;
    pub(super) const EMPTY: Self = Self {
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
    /// What is to be done with the payload; filled in by [`Rows::lay_out`](super::Rows::lay_out).
    pub(super) op: Op,
    /// The same for who does not care for the struct around a payload that is all of it.
    pub(super) flat: Op,
}

impl Variant {
    pub(super) const EMPTY: Self = Self {
        id: 0,
        name: "",
        payload: None,
        op: Op::NOTHING,
        flat: Op::NOTHING,
    };
}

/// Tells which fields of a struct are there, of which each row has a bit, the first the lowest: it is
/// asked of a value of the row's type, and says nothing of fields that are always there.
pub(super) type Tell = unsafe fn(*const u8) -> u64;

/// A generated type.
#[derive(Clone, Copy)]
#[repr(C)]
pub struct Type {
    pub(crate) form: TypeForm,
    /// The first of its fields or variants, and their number.
    pub(crate) first: u32,
    pub(crate) count: u32,
    /// In memory; filled in by [`Rows::lay_out`](super::Rows::lay_out).
    pub(crate) layout: Layout,
    /// The first of its pieces; filled in by [`Rows::lay_out`](super::Rows::lay_out).
    pub(super) first_piece: u32,
    /// How many it has; filled in by [`Rows::lay_out`](super::Rows::lay_out).
    pub(super) pieces: u32,
    /// It owns memory; filled in by [`Rows::lay_out`](super::Rows::lay_out).
    pub(crate) owns: bool,
    /// It has fields that may be missing; filled in by [`Rows::lay_out`](super::Rows::lay_out).
    pub(super) is_conditional: bool,
    /// Generated code that tells which are there.
    pub(super) tell: Option<Tell>,
    /// What it was told of, in memory.
    pub(super) told: Layout,
    /// In the schema; of a constructor, its outline (see [`Reader::enter`](crate::Reader::enter)).
    pub(crate) name: &'static str,
    /// In Rust, for `Debug`; of a constructor, with its fields.
    pub(crate) rust_name: &'static str,
    /// On the wire, where it stands alone.
    pub(crate) min_size: u32,
    /// The code by which it is read and written where it stands in other types.
    pub(super) hands: Option<&'static Hands>,
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
        let mut ty = Self::new(TypeForm::Foreign(ops), name, name, min_size, 0, 0);
        ty.hands = Some(&ops.hands);
        ty
    }

    /// The same, read and written by code where it stands in other types.
    #[must_use]
    pub const fn by_hand(mut self, hands: &'static Hands) -> Self {
        self.hands = Some(hands);
        self
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
            tell: None,
            told: Layout::UNKNOWN,
            hands: None,
        }
    }
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
