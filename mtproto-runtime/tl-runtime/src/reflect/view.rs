//! Values with the names that their rows know.

use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

use super::constructor::{Constructor, Parameter, Parameters};
use super::print;
use crate::table::plan::Tables;
use crate::table::rows::{Kind, Variant};
use crate::table::view::{self, Content, Placed, Sequence, Sort, Value};
use crate::table::write;
use crate::{WriteError, Writer, buffer};

/// A value of a constructor or a function, seen with its names.
///
/// [`Display`](fmt::Display) is the text form, [`to_json`](View::to_json) the JSON form: the
/// [module](super#the-two-forms-of-a-value) says what they are.
#[derive(Clone, Copy)]
pub struct View<'v> {
    /// As it was come upon, which may be an enum.
    whole: view::View<'v>,
    bare: bool,
    /// The name of the enum's type.
    ty: Option<&'static str>,
    kind: ViewKind<'v>,
    /// Where its first byte is on the wire.
    offset: usize,
    /// The bytes of its id.
    header: usize,
}

#[derive(Clone, Copy)]
enum ViewKind<'v> {
    Struct(view::View<'v>, Constructor),
    /// A variant without fields.
    Unit(&'static Variant),
    /// Code of its own: nothing can be seen but its bytes.
    Code(&'static str),
}

impl<'v> View<'v> {
    pub(super) fn new(whole: view::View<'v>, bare: bool, offset: usize) -> Self {
        let (mut view, mut is_bare) = (whole, bare);
        let (mut ty, mut header, mut variant_name) = (None, 0, None);
        let kind = loop {
            match view.sort() {
                Sort::Struct { id, .. } => {
                    header += if is_bare || id.is_none() { 0 } else { 4 };
                    let constructor = Constructor::new(view.tables(), view.ty());
                    break ViewKind::Struct(view, constructor);
                }
                Sort::Enum {
                    variant, payload, ..
                } => {
                    header += 4;
                    ty = ty.or(Some(view.ty().name));
                    variant_name = variant_name.or(Some(variant.name));
                    match payload.map(|payload| (payload.get(), write::bare(payload))) {
                        Some((Value::Named(inner), bare)) => (view, is_bare) = (inner, bare),
                        // Variants have no other payloads.
                        _ => break ViewKind::Unit(variant),
                    }
                }
                Sort::Foreign(_) => {
                    break ViewKind::Code(variant_name.unwrap_or(view.ty().name));
                }
            }
        };
        Self {
            whole,
            bare,
            ty,
            kind,
            offset,
            header,
        }
    }

    pub(super) fn tables(self) -> &'static Tables {
        self.whole.tables()
    }

    /// What the schema says of its constructor or function; `None` if a table can't say the value's type,
    /// which has code for everything, so that its names are not known at run time.
    #[must_use]
    pub fn constructor(self) -> Option<Constructor> {
        match self.kind {
            ViewKind::Struct(_, constructor) => Some(constructor),
            ViewKind::Unit(variant) => with_id(self.tables(), variant.id),
            ViewKind::Code(..) => None,
        }
    }

    /// The full name of its constructor or function: `zoo.dog`. Where the tables don't know it, the
    /// name in Rust.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self.kind {
            ViewKind::Struct(_, constructor) => constructor.name(),
            ViewKind::Unit(variant) => match with_id(self.tables(), variant.id) {
                Some(constructor) => constructor.name(),
                None => rust_name(variant),
            },
            ViewKind::Code(name) => name,
        }
    }

    /// The id and the name in Rust, if it is a variant without fields: what constructor that is has
    /// to be looked up.
    pub(super) fn unit(self) -> Option<(u32, &'static str)> {
        match self.kind {
            ViewKind::Unit(variant) => Some((variant.id, rust_name(variant))),
            _ => None,
        }
    }

    /// The id of its constructor or function, whether it is written or not.
    #[must_use]
    pub fn id(self) -> Option<u32> {
        match self.kind {
            ViewKind::Struct(_, constructor) => constructor.id(),
            ViewKind::Unit(variant) => Some(variant.id),
            ViewKind::Code(..) => None,
        }
    }

    /// The type of which this is a constructor, if it has several.
    #[must_use]
    pub fn ty(self) -> Option<&'static str> {
        self.ty
    }

    /// Where it begins, in bytes from the start of the bytes that the whole value is written as.
    #[must_use]
    pub fn offset(self) -> usize {
        self.offset
    }

    /// The bytes that it takes on the wire, its id included if that is written.
    #[must_use]
    pub fn size(self) -> usize {
        count(|w| write::write(w, self.whole, self.bare))
    }

    /// Its fields, in order, absent ones and flags among them.
    #[must_use]
    pub fn fields(self) -> Fields<'v> {
        self.fields_with(true)
    }

    /// With places, or without: they take time.
    pub(super) fn fields_with(self, places: bool) -> Fields<'v> {
        let (parts, view) = match self.kind {
            ViewKind::Struct(view, constructor) => (Some(constructor.parameters()), Some(view)),
            _ => (None, None),
        };
        Fields {
            view,
            parts,
            nats: 0,
            offset: self.offset + self.header,
            places,
        }
    }

    /// The field of that name.
    #[must_use]
    pub fn field(self, name: &str) -> Option<Field<'v>> {
        self.fields().find(|field| field.name() == name)
    }

    /// Its bytes, as they stand where it stands; `None` if it is not of a type with code of its own.
    pub(super) fn code(self) -> Option<Result<Vec<u8>, WriteError>> {
        let ViewKind::Code(..) = self.kind else {
            return None;
        };
        let mut bytes = Vec::new();
        let written = crate::private::write_to(&mut bytes, |w| {
            write::write(w, self.whole, self.bare);
        });
        Some(written.map(|()| bytes))
    }

    /// The JSON form, without a line break at its end.
    #[must_use]
    pub fn to_json(self) -> String {
        print::json(self)
    }
}

/// The name of a variant that the tables know no constructor of.
fn rust_name(variant: &'static Variant) -> &'static str {
    match variant.id {
        print::TRUE => "true",
        _ => variant.name,
    }
}

/// The constructor or function of that id.
pub(super) fn with_id(tables: &'static Tables, id: u32) -> Option<Constructor> {
    let all = tables.types().iter();
    let mut all = all.filter_map(|ty| Constructor::of(tables, ty));
    all.find(|constructor| constructor.id() == Some(id))
}

/// How many bytes are written.
fn count(write: impl FnOnce(&mut Writer<'_>)) -> usize {
    buffer::count(|buffer| {
        let mut w = Writer::new(buffer);
        write(&mut w);
        w.into_buffer()
    })
}

/// The text form, without a line break at its end.
impl fmt::Display for View<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        print::text(*self, f)
    }
}

impl fmt::Debug for View<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        print::text(*self, f)
    }
}

/// What [`View::fields`] returns.
#[derive(Clone)]
pub struct Fields<'v> {
    view: Option<view::View<'v>>,
    parts: Option<Parameters>,
    /// How many `#` fields there were.
    nats: usize,
    offset: usize,
    places: bool,
}

impl fmt::Debug for Fields<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.clone()).finish()
    }
}

impl<'v> Iterator for Fields<'v> {
    type Item = Field<'v>;

    fn next(&mut self) -> Option<Field<'v>> {
        let (view, parts) = (self.view?, self.parts.as_mut()?);
        let parameter = parts.next()?;
        let nat = self.nats;
        self.nats += usize::from(view.tables().is_nat(parameter.row));
        let offset = self.offset;
        let (data, size) = match view.content(parameter.index) {
            Content::Flags => (Some(Data::Nat(bits(view, nat))), 4),
            Content::Flag(set) => (set.then_some(Data::Bool(true)), 0),
            Content::Value(None) => (None, 0),
            Content::Value(Some(placed)) => {
                let size = match self.places {
                    true => count(|w| write::value(w, placed)),
                    false => 0,
                };
                (Some(Data::of(placed, offset)), size)
            }
        };
        self.offset += size;
        Some(Field {
            parameter,
            data,
            offset,
            size,
        })
    }
}

/// What a `#` must be whose bits say which fields are there.
fn bits(view: view::View<'_>, nat: usize) -> u32 {
    let conditions = view.fields().iter().map(|field| field.condition());
    let bits = conditions.enumerate().map(|(index, condition)| {
        let is_there = || match view.content(index) {
            Content::Flag(set) => set,
            Content::Value(value) => value.is_some(),
            Content::Flags => false,
        };
        match condition {
            Some((mask, bit)) if mask == nat => u32::from(is_there()) << bit,
            _ => 0,
        }
    });
    bits.fold(0, |all, bit| all | bit)
}

/// A field of a value.
#[derive(Clone, Copy, Debug)]
pub struct Field<'v> {
    parameter: Parameter,
    data: Option<Data<'v>>,
    offset: usize,
    size: usize,
}

impl<'v> Field<'v> {
    /// Its name in the schema.
    #[must_use]
    pub fn name(self) -> &'static str {
        self.parameter.name()
    }

    /// What the schema says of it: its type, its condition.
    #[must_use]
    pub fn parameter(self) -> Parameter {
        self.parameter
    }

    /// What it holds; `None` if it is not there.
    #[must_use]
    pub fn data(self) -> Option<Data<'v>> {
        self.data
    }

    /// Where it begins, or would, in bytes from the start of the bytes that the whole value is
    /// written as.
    #[must_use]
    pub fn offset(self) -> usize {
        self.offset
    }

    /// The bytes that it takes on the wire.
    #[must_use]
    pub fn size(self) -> usize {
        self.size
    }
}

/// What a field or an element holds.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub enum Data<'v> {
    /// `int`
    Int(i32),
    /// `long`
    Long(i64),
    /// `double`
    Double(f64),
    /// `float`
    Float(f32),
    /// `#`
    Nat(u32),
    /// `Bool`, `true`
    Bool(bool),
    /// `string`
    String(&'v str),
    /// `bytes`, `int128` and its like
    Bytes(&'v [u8]),
    /// `Object`: the bytes of a boxed value of any type, id included.
    /// [`Schema::read`](super::Schema::read) reads them.
    Object(&'v [u8]),
    /// A constructor or a function, or what a repetition repeats.
    Value(View<'v>),
    /// A vector or a repetition.
    List(List<'v>),
}

impl<'v> Data<'v> {
    fn of(placed: Placed<'v>, offset: usize) -> Self {
        match placed.get() {
            Value::Int(value) => Self::Int(value),
            Value::Long(value) => Self::Long(value),
            Value::Double(value) => Self::Double(value),
            Value::Float(value) => Self::Float(value),
            Value::Nat(value) => Self::Nat(value),
            Value::Bool(value) => Self::Bool(value),
            Value::Fixed(bytes) | Value::Bytes(bytes) => Self::Bytes(bytes),
            Value::String(text) => Self::String(text),
            Value::Object(bytes) => Self::Object(bytes),
            Value::True => Self::Bool(true),
            // One of a built-in, which has no id in it.
            Value::WithId(inner) => Self::of(inner, offset + 4),
            Value::Named(view) => Self::Value(View::new(view, write::bare(placed), offset)),
            Value::Sequence(elements) => {
                let shape = placed.innermost();
                let header = match (shape.is_vector(), shape.bare) {
                    (false, _) => 0,
                    (true, true) => 4,
                    (true, false) => 8,
                };
                Self::List(List {
                    tables: elements.tables(),
                    elements,
                    offset: offset + header,
                })
            }
        }
    }
}

/// The elements of a vector or a repetition.
#[derive(Clone, Copy)]
pub struct List<'v> {
    tables: &'static Tables,
    elements: Sequence<'v>,
    /// Where the first begins on the wire.
    offset: usize,
}

impl<'v> List<'v> {
    /// How many.
    #[must_use]
    pub fn len(self) -> usize {
        self.elements.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(self) -> bool {
        self.len() == 0
    }

    /// They.
    pub fn iter(self) -> impl ExactSizeIterator<Item = Element<'v>> {
        let mut offset = self.offset;
        self.elements.iter().map(move |placed| {
            let element = Element {
                data: Data::of(placed, offset),
                offset,
                size: count(|w| write::value(w, placed)),
            };
            offset += element.size;
            element
        })
    }

    /// They, without their places.
    pub(super) fn data(self) -> impl Iterator<Item = Data<'v>> {
        self.elements.iter().map(|placed| Data::of(placed, 0))
    }

    /// Whether all elements, whatever they are, are numbers, strings, bytes or booleans.
    pub(super) fn is_flat(self) -> bool {
        let mut shape = self.elements.element();
        while let Kind::Indirect | Kind::WithId = shape.kind {
            shape = self.tables.shape(shape.of);
        }
        match shape.kind {
            Kind::Named | Kind::Object => self.data().all(|data| print::is_scalar(&data)),
            Kind::Vector | Kind::Array => self.is_empty(),
            _ => true,
        }
    }
}

impl fmt::Debug for List<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.data()).finish()
    }
}

/// An element of a [`List`].
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Element<'v> {
    /// What it is.
    pub data: Data<'v>,
    /// Where it begins, in bytes from the start of the bytes that the whole value is written as.
    pub offset: usize,
    /// The bytes that it takes on the wire.
    pub size: usize,
}
