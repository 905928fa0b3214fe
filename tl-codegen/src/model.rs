//! The Rust that is about to be written, as plain data.
//!
//! All decisions are made: names, paths, what is boxed, what is generic. There are no tokens here
//! and no index into a schema, so that what builds a model need not be a schema: the derives
//! build one from a Rust item. [`crate::emit`] turns a model into text.

use std::rc::Rc;

/// Everything that goes into one file.
#[derive(Clone, Debug, Default)]
pub struct File {
    /// The lines at the top, as a comment.
    pub header: Vec<String>,
    /// The layer that the schema says it is.
    pub layer: Option<u32>,
    /// `types`, `enums` and `functions`, those that have something in them.
    pub modules: Vec<Module>,
}

/// A module.
#[derive(Clone, Debug, Default)]
pub struct Module {
    /// Its name.
    pub name: String,
    /// What is said of it.
    pub docs: String,
    /// Structs and enums, in the order of the schema.
    pub items: Vec<Item>,
    /// Modules inside of it, in the order in which the schema first names them.
    pub modules: Vec<Module>,
}

/// A struct or an enum.
#[derive(Clone, Debug)]
pub enum Item {
    /// A constructor, a function, or what a repetition repeats.
    Struct(Struct),
    /// A type of several constructors.
    Enum(Enum),
}

impl Module {
    /// Calls a function for each item, those of inner modules after its own.
    pub fn visit<'m>(&'m self, each: &mut impl FnMut(&'m Item)) {
        self.items.iter().for_each(&mut *each);
        self.modules.iter().for_each(|inner| inner.visit(each));
    }
}

impl Item {
    /// The path from where `types`, `enums` and `functions` are.
    #[must_use]
    pub fn path(&self) -> &Rc<str> {
        match self {
            Self::Struct(item) => &item.path,
            Self::Enum(item) => &item.path,
        }
    }

    /// Traits that it has, derived or by its table.
    #[must_use]
    pub fn traits(&self) -> &[String] {
        match self {
            Self::Struct(item) => &item.traits,
            Self::Enum(item) => &item.traits,
        }
    }
}

/// What documents an item or a field.
#[derive(Clone, Debug, Default)]
pub struct Docs {
    /// What the schema's comments say, Markdown escaped.
    pub text: String,
    /// The declaration, on one line.
    pub declaration: String,
}

/// A constructor, a function, or what a repetition repeats.
#[derive(Clone, Debug)]
pub struct Struct {
    /// The Rust name.
    pub name: String,
    /// The path from where `types`, `enums` and `functions` are.
    pub path: Rc<str>,
    /// The full name in the schema; of what a repetition repeats, `table.rows`.
    pub schema_name: String,
    /// What is said of it.
    pub docs: Docs,
    /// Traits that it has, derived or by its table.
    pub traits: Rc<[String]>,
    /// Other attributes, `serde(…)`: what stands in `#[…]`, in order.
    pub attributes: Vec<String>,
    /// It is read and written by a table, if a table can say what it is.
    pub table: bool,
    /// Its parameters.
    pub generics: Generics,
    /// The numbers that come from outside, in order. Reading and writing need them as arguments.
    pub nats: Vec<String>,
    /// What it is on the wire; `None` for what a repetition repeats.
    pub identity: Option<Identity>,
    /// The fields on the wire, in order, whether Rust sees them or not.
    pub fields: Vec<Field>,
    /// For a function, what it answers.
    pub output: Option<Type>,
    /// Which impls it gets.
    pub codec: Codec,
    /// The smallest number of bytes that it takes, the id not counted.
    pub min_size: u32,
}

/// Which of reading and writing a type can do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct Codec {
    /// It can be read.
    pub read: bool,
    /// It can be written.
    pub write: bool,
}

/// What a constructor or function is on the wire.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Identity {
    /// The id.
    pub id: u32,
    /// A default constructor: its values have no id.
    pub is_default: bool,
}

/// The parameters of an item.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Generics {
    /// It borrows: `'a` comes first.
    pub lifetime: bool,
    /// Types, in order.
    pub types: Vec<GenericType>,
}

/// A type parameter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GenericType {
    /// Its name.
    pub name: String,
    /// It stands for a function (`!X`).
    pub is_function: bool,
}

/// A field on the wire.
#[derive(Clone, Debug)]
pub struct Field {
    /// The Rust name: of the field, or of the variable that holds the number while reading and
    /// writing.
    pub name: String,
    /// The name in the schema, for error paths.
    pub schema_name: String,
    /// What is said of it.
    pub docs: String,
    /// `serde(…)`: what stands in `#[…]`, in order.
    pub attributes: Vec<String>,
    /// When it is there; `None`: always.
    pub condition: Option<Condition>,
    /// What it is.
    pub kind: FieldKind,
}

/// What a field is.
#[derive(Clone, Debug)]
pub enum FieldKind {
    /// Flags: not seen in Rust, made of the fields that they guard.
    Flags,
    /// A count: not seen in Rust, the length of the repetition with this index in
    /// [`Struct::fields`].
    Count(usize),
    /// A field of type `true` under a condition: a `bool` in Rust, no bytes.
    Flag,
    /// A field of type `true` without a condition: neither seen in Rust nor on the wire.
    Nothing,
    /// A value.
    Value(Type),
}

impl Field {
    /// Whether Rust has a field for it.
    #[must_use]
    pub const fn is_visible(&self) -> bool {
        matches!(self.kind, FieldKind::Flag | FieldKind::Value(_))
    }
}

/// `flags.3?`
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Condition {
    /// The number with the bit.
    pub mask: Nat,
    /// 0 to 31.
    pub bit: u8,
}

/// A number that is known while reading and writing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Nat {
    /// The field with this index in [`Struct::fields`].
    Field(usize),
    /// The number with this index in [`Struct::nats`].
    Outer(usize),
}

/// `n`, `n+1`, `4`
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct NatSum {
    /// The part that varies.
    pub base: Option<Nat>,
    /// What is added to it.
    pub plus: u32,
}

/// A type as it stands in a field: what it is in Rust, and what on the wire.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Type {
    /// A built-in without parts.
    Scalar(Scalar),
    /// A type of generated code.
    Named(Named),
    /// A type parameter, by name.
    Variable(String),
    /// What the function answers that a type parameter stands for.
    OutputOf(String),
    /// A vector.
    Vector {
        /// What it holds.
        element: Box<Type>,
        /// Without the id of `Vector`.
        bare: bool,
    },
    /// A repetition.
    Repeat {
        /// What is repeated.
        element: Box<Type>,
        /// How often.
        count: NatSum,
    },
    /// A repetition of a fixed number, as an array.
    Array {
        /// What is repeated.
        element: Box<Type>,
        /// How often.
        len: u32,
    },
    /// Behind a `Box`, or a reference if the model borrows.
    Indirect(Box<Type>),
    /// A built-in after its id (`Int`, `String`).
    WithId(Box<Type>),
    /// Without the id that it stands alone with, where that has to be said in the type.
    WithoutId(Box<Type>),
}

/// A built-in without parts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Scalar {
    /// `int`
    Int,
    /// `long`
    Long,
    /// `double`
    Double,
    /// `float`
    Float,
    /// `#` that a program sees.
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
    /// `True`; `true` if bare.
    True {
        /// Takes no bytes.
        bare: bool,
    },
    /// `Object`
    Object,
}

/// A type of generated code, as used.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Named {
    /// `types::messages::Dialogs`
    pub path: Rc<str>,
    /// `'a` is among its arguments.
    pub lifetime: bool,
    /// Its arguments.
    pub args: Vec<Type>,
    /// Without the id.
    pub bare: bool,
    /// The numbers that it needs.
    pub nats: Vec<NatSum>,
    /// The smallest number of bytes that it takes, as used.
    pub min_size: u32,
}

/// A type of several constructors.
#[derive(Clone, Debug)]
pub struct Enum {
    /// The Rust name.
    pub name: String,
    /// The path from where `types`, `enums` and `functions` are.
    pub path: Rc<str>,
    /// The name in the schema.
    pub schema_name: String,
    /// What is said of it.
    pub docs: Docs,
    /// Traits that it has, derived or by its table.
    pub traits: Rc<[String]>,
    /// Other attributes: what stands in `#[…]`, in order.
    pub attributes: Vec<String>,
    /// It is read and written by a table, if a table can say what it is.
    pub table: bool,
    /// Its parameters.
    pub generics: Generics,
    /// The numbers that come from outside, in order.
    pub nats: Vec<String>,
    /// Its constructors, in order.
    pub variants: Vec<Variant>,
    /// Which impls it gets.
    pub codec: Codec,
    /// The smallest number of bytes that it takes.
    pub min_size: u32,
    /// It is large, and so read to where it is to be.
    pub in_place: bool,
}

/// A variant.
#[derive(Clone, Debug)]
pub struct Variant {
    /// The Rust name.
    pub name: String,
    /// What is said of it.
    pub docs: Docs,
    /// What it is on the wire.
    pub identity: Identity,
    /// The struct; `None` if the constructor has no fields.
    pub payload: Option<Type>,
}

impl Type {
    /// The smallest number of bytes that a value takes.
    #[must_use]
    pub fn min_size(&self) -> u32 {
        match self {
            Self::Scalar(scalar) => scalar.min_size(),
            Self::Named(named) => named.min_size,
            Self::Variable(_) | Self::OutputOf(_) => 0,
            Self::Vector { bare, .. } => {
                if *bare {
                    4
                } else {
                    8
                }
            }
            Self::Repeat { element, count } => match count.base {
                Some(_) => 0,
                None => element.min_size().saturating_mul(count.plus),
            },
            Self::Array { element, len } => element.min_size().saturating_mul(*len),
            Self::Indirect(inner) | Self::WithoutId(inner) => inner.min_size(),
            Self::WithId(inner) => inner.min_size().saturating_add(4),
        }
    }
}

impl Type {
    /// Whether whoever reads or writes a value needs numbers for it.
    #[must_use]
    pub fn depends_on_numbers(&self) -> bool {
        match self {
            Self::Named(named) => !named.nats.is_empty(),
            Self::Vector { element, .. } => element.depends_on_numbers(),
            Self::Indirect(inner) | Self::WithId(inner) | Self::WithoutId(inner) => {
                inner.depends_on_numbers()
            }
            _ => false,
        }
    }
}

impl Scalar {
    /// The smallest number of bytes that a value takes.
    #[must_use]
    pub const fn min_size(self) -> u32 {
        match self {
            Self::Int | Self::Float | Self::Nat | Self::String | Self::Bytes | Self::Bool => 4,
            Self::Long | Self::Double => 8,
            Self::Int128 => 16,
            Self::Int256 => 32,
            Self::Int512 => 64,
            Self::True { bare: true } => 0,
            Self::True { bare: false } | Self::Object => 4,
        }
    }
}
