//! Why a value is not one of the type.

use std::fmt;

use crate::value::Span;
use crate::value::fault::Path;
use crate::value::parse::ParseError;

/// Why a value can't be encoded, where, and in which field. One pointer wide.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EncodeError(Box<Inner>);

#[derive(Clone, Debug, PartialEq, Eq)]
struct Inner {
    kind: EncodeErrorKind,
    path: Path,
    span: Span,
}

impl EncodeError {
    pub(super) fn new(kind: EncodeErrorKind, path: Path, span: Span) -> Self {
        Self(Box::new(Inner { kind, path, span }))
    }

    /// What is wrong.
    #[must_use]
    pub fn kind(&self) -> &EncodeErrorKind {
        &self.0.kind
    }

    /// In which field.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.0.path
    }

    /// The place of the value, in the text if it was parsed from one.
    #[must_use]
    pub fn span(&self) -> Span {
        self.0.span
    }
}

impl fmt::Display for EncodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Inner { kind, path, .. } = &*self.0;
        kind.fmt(f)?;
        if path.0.is_empty() {
            Ok(())
        } else {
            write!(f, ", in {path}")
        }
    }
}

impl std::error::Error for EncodeError {}

/// What is wrong with a value.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum EncodeErrorKind {
    /// Something else was wanted.
    Expected {
        /// The type: `int`, `InputPeer`.
        wanted: String,
        /// What stands there: `a string`.
        found: &'static str,
    },
    /// A number that the type does not have.
    NotOfType {
        /// As it was written.
        number: String,
        /// The type.
        wanted: &'static str,
    },
    /// A string that should be base64.
    NotBase64,
    /// A string that should be UTF-8.
    NotUtf8,
    /// The wrong number of bytes for a type of fixed size.
    WrongSize {
        /// The type.
        wanted: &'static str,
        /// The bytes that it takes.
        size: usize,
        /// The bytes that there are.
        found: usize,
    },
    /// Nothing in the schema is called so.
    UnknownName {
        /// The name.
        name: String,
        /// One that is, and is much like it.
        similar: Option<String>,
    },
    /// The schema has several constructors of that name: the id must be written, too.
    Ambiguous {
        /// The name.
        name: String,
        /// The ids.
        ids: Vec<u32>,
    },
    /// A constructor of another type, or another constructor.
    WrongConstructor {
        /// The name.
        name: String,
        /// What was wanted: a type, a constructor, `a function`.
        expected: String,
    },
    /// Which constructor it is must be said.
    Unnamed {
        /// The type.
        expected: String,
    },
    /// The constructor has no such field.
    UnknownField {
        /// The constructor.
        constructor: String,
        /// The field.
        field: String,
        /// Those that it has.
        fields: Vec<String>,
    },
    /// A field is given twice.
    RepeatedField {
        /// The field.
        field: String,
    },
    /// A field that is always there is not given.
    MissingField {
        /// The constructor.
        constructor: String,
        /// The field.
        field: String,
    },
    /// A flag bit is set, and a field that stands and falls with it is not given.
    FieldWanted {
        /// The constructor.
        constructor: String,
        /// The field.
        field: String,
        /// The bit: `flags.3`.
        flag: String,
        /// A field by which the bit is set, if the flags are not given themselves.
        because_of: Option<String>,
    },
    /// A field is given, and its flag bit is not set.
    FieldUnwanted {
        /// The field.
        field: String,
        /// The bit: `flags.3`.
        flag: String,
    },
    /// The wrong number of elements.
    WrongCount {
        /// What a number says.
        wanted: u32,
        /// How many there are.
        found: usize,
    },
    /// A string or bytes of 2^24 bytes or more, or a vector of 2^32 elements or more.
    TooLong {
        /// Its length.
        len: usize,
    },
    /// The constructor depends on numbers from outside, and there are none here.
    NeedsNumbers {
        /// The constructor.
        name: String,
    },
    /// The schema does not describe values of this type.
    Undescribed {
        /// The type.
        name: String,
    },
    /// The value was decoded from broken bytes.
    Fault {
        /// What was wrong with them.
        why: String,
    },
    /// Values are nested too deeply.
    TooDeep,
}

impl fmt::Display for EncodeErrorKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Expected { wanted, found } => {
                write!(f, "{found} stands where {wanted} was wanted")
            }
            Self::NotOfType { number, wanted } => write!(f, "{number} is no {wanted}"),
            Self::NotBase64 => f.write_str("this is not base64"),
            Self::NotUtf8 => f.write_str("a string has to be UTF-8"),
            Self::WrongSize {
                wanted,
                size,
                found,
            } => write!(f, "{wanted} takes {size} bytes, and there are {found}"),
            Self::UnknownName { name, similar } => {
                write!(f, "nothing in the schema is called {name}")?;
                match similar {
                    Some(similar) => write!(f, "; there is {similar}"),
                    None => Ok(()),
                }
            }
            Self::Ambiguous { name, ids } => {
                let names: Vec<String> = ids.iter().map(|id| format!("{name}#{id:08x}")).collect();
                write!(f, "{name} may be any of {}", names.join(", "))
            }
            Self::WrongConstructor { name, expected } => {
                write!(f, "{name} stands where {expected} was wanted")
            }
            Self::Unnamed { expected } => {
                write!(f, "the constructor of {expected} has to be named")
            }
            Self::UnknownField {
                constructor,
                field,
                fields,
            } if fields.is_empty() => {
                write!(f, "{constructor} has no field {field}, nor any other")
            }
            Self::UnknownField {
                constructor,
                field,
                fields,
            } => write!(
                f,
                "{constructor} has no field {field}; it has {}",
                fields.join(", ")
            ),
            Self::RepeatedField { field } => write!(f, "{field} is given twice"),
            Self::MissingField { constructor, field } => {
                write!(f, "{field} of {constructor} is missing")
            }
            Self::FieldWanted {
                constructor,
                field,
                flag,
                because_of,
            } => {
                write!(f, "{field} of {constructor} is missing: {flag} ")?;
                match because_of {
                    Some(other) => write!(f, "stands for it and for {other}"),
                    None => f.write_str("is set"),
                }
            }
            Self::FieldUnwanted { field, flag } => {
                write!(f, "{field} can't be there: {flag} is not set")
            }
            Self::WrongCount { wanted, found } => {
                write!(f, "{wanted} elements are wanted, and there are {found}")
            }
            Self::TooLong { len } => write!(f, "a length of {len} can't be written"),
            Self::NeedsNumbers { name } => {
                write!(f, "{name} depends on numbers that are not known here")
            }
            Self::Undescribed { name } => {
                write!(f, "the schema does not say how {name} is written")
            }
            Self::Fault { why } => write!(f, "this was decoded from broken bytes: {why}"),
            Self::TooDeep => f.write_str("values are nested too deeply"),
        }
    }
}

/// Why a text does not become bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum TextError {
    /// It is no value.
    Parse(ParseError),
    /// It is no value of the type.
    Encode(EncodeError),
}

impl TextError {
    /// Where, in bytes from the start of the text.
    #[must_use]
    pub fn offset(&self) -> usize {
        match self {
            Self::Parse(error) => error.offset(),
            Self::Encode(error) => error.span().start,
        }
    }
}

impl fmt::Display for TextError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Parse(error) => error.fmt(f),
            Self::Encode(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for TextError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Parse(error) => Some(error),
            Self::Encode(error) => Some(error),
        }
    }
}
