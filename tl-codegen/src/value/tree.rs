//! A value as a tree: plain data, no schema.

use std::fmt;
use std::sync::Arc;

/// A value and where it stands.
///
/// [`Display`](fmt::Display) is the text form; the [module](super) says what the forms are.
///
/// ```
/// use tl_codegen::value::{Data, Field, Struct, Value};
///
/// let point = Value::from(Data::Struct(Struct {
///     name: Some("point".into()),
///     id: None,
///     fields: vec![
///         Field::new("x", Data::Int(1)),
///         Field::new("y", Data::Int(-1)),
///     ],
/// }));
/// assert_eq!(point.to_string(), "point {\n  x: 1\n  y: -1\n}");
/// assert_eq!(point.to_json(), "{\n  \"@type\": \"point\",\n  \"x\": 1,\n  \"y\": -1\n}");
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Value {
    /// What it is.
    pub data: Data,
    /// Where: bytes of what was decoded, or of the text that was parsed.
    pub span: Span,
}

/// A place, in bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct Span {
    /// Its first byte.
    pub start: usize,
    /// The byte behind its last.
    pub end: usize,
}

/// What a value is.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Data {
    /// `null`: nothing is there. Only a parser makes one.
    Null,
    /// `Bool`, `true`
    Bool(bool),
    /// `int`
    Int(i32),
    /// `#`
    Nat(u32),
    /// `long`
    Long(i64),
    /// `float`
    Float(f32),
    /// `double`
    Double(f64),
    /// A number as it was written, before a schema says of which type. Only a parser makes one.
    Number(Box<str>),
    /// `string`
    String(String),
    /// A string of JSON, before a schema says whether it is text, base64 or a number. Only a
    /// parser makes one.
    Json(String),
    /// `bytes`, `int128` and its like
    Bytes(Vec<u8>),
    /// The bytes of a `string` that is not UTF-8.
    NotUtf8(Vec<u8>),
    /// A vector or a repetition.
    List(Vec<Value>),
    /// A constructor or a function with its fields, or what a repetition repeats.
    Struct(Struct),
    /// A boxed value of a type that the schema does not know, id included.
    Raw(Vec<u8>),
    /// Here the bytes are broken: why, in words.
    Fault(Box<str>),
}

/// Fields, and what constructor they belong to.
#[derive(Clone, Debug, PartialEq, Default)]
pub struct Struct {
    /// The constructor's name; `None` for what a repetition repeats.
    pub name: Option<Arc<str>>,
    /// Its id, to be printed: given where the name alone does not say which constructor it is.
    pub id: Option<u32>,
    /// The fields that are there, in order.
    pub fields: Vec<Field>,
}

/// A field.
#[derive(Clone, Debug, PartialEq)]
pub struct Field {
    /// Its name.
    pub name: Arc<str>,
    /// Its type as TL text; empty if it is not known.
    pub ty: Arc<str>,
    /// The other fields say what it must be, so that it is not printed: flags, counts.
    pub implied: bool,
    /// Its value.
    pub value: Value,
}

impl Field {
    /// A field of no known type.
    #[must_use]
    pub fn new(name: impl Into<Arc<str>>, value: impl Into<Value>) -> Self {
        Self {
            name: name.into(),
            ty: Arc::default(),
            implied: false,
            value: value.into(),
        }
    }
}

impl Struct {
    /// The field of that name.
    #[must_use]
    pub fn field(&self, name: &str) -> Option<&Value> {
        let field = self.fields.iter().find(|field| &*field.name == name)?;
        Some(&field.value)
    }
}

impl Value {
    /// The JSON form, without a line break at its end.
    #[must_use]
    pub fn to_json(&self) -> String {
        super::print::json(self)
    }

    /// The field of that name, if it is a constructor or function that has it.
    #[must_use]
    pub fn field(&self, name: &str) -> Option<&Self> {
        match &self.data {
            Data::Struct(fields) => fields.field(name),
            _ => None,
        }
    }
}

impl From<Data> for Value {
    /// A value that stands nowhere.
    fn from(data: Data) -> Self {
        Self {
            data,
            span: Span::default(),
        }
    }
}

/// The text form, without a line break at its end.
impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&super::print::text(self))
    }
}
