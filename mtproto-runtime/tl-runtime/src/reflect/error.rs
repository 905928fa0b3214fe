//! Why a text is no value.

use alloc::boxed::Box;
use alloc::string::String;
use core::fmt;

use super::Condition;
use crate::{Path, ReadError};

/// Why a text is not the JSON form of a value: what is wrong, where in the text, and in which field.
///
/// One pointer wide.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JsonError(Box<Inner>);

#[derive(Clone, Debug, PartialEq, Eq)]
struct Inner {
    kind: JsonErrorKind,
    offset: usize,
    path: Path,
}

impl JsonError {
    #[cold]
    pub(super) fn new(kind: JsonErrorKind, offset: usize, path: Path) -> Self {
        Self(Box::new(Inner { kind, offset, path }))
    }

    /// What is wrong.
    #[must_use]
    pub fn kind(&self) -> &JsonErrorKind {
        &self.0.kind
    }

    /// Where, in bytes from the start of the text.
    #[must_use]
    pub fn offset(&self) -> usize {
        self.0.offset
    }

    /// In which field, from the outside in.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.0.path
    }
}

impl fmt::Display for JsonError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}, at byte {} of the text", self.kind(), self.offset())?;
        if self.path().steps().is_empty() {
            Ok(())
        } else {
            write!(f, " in {}", self.path())
        }
    }
}

impl core::error::Error for JsonError {
    fn source(&self) -> Option<&(dyn core::error::Error + 'static)> {
        match self.kind() {
            JsonErrorKind::Unreadable(error) => Some(error),
            _ => None,
        }
    }
}

/// What is wrong with a text.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum JsonErrorKind {
    /// It is no JSON.
    Syntax {
        /// What was wanted: `a value`, `the end`.
        wanted: &'static str,
    },
    /// Something else was wanted.
    Expected {
        /// The type: `int`, `zoo.Animal`.
        wanted: &'static str,
        /// What stands there: `a string`.
        found: &'static str,
    },
    /// A number that the type does not have, or a string that is none.
    NotOfType {
        /// The type.
        wanted: &'static str,
    },
    /// A string that should be base64.
    NotBase64,
    /// The wrong number of bytes for a type of fixed size.
    WrongSize {
        /// The type.
        wanted: &'static str,
        /// The bytes that it takes.
        size: usize,
        /// The bytes that there are.
        found: usize,
    },
    /// Which constructor it is must be said: `"@type"`.
    Unnamed {
        /// The type.
        expected: &'static str,
    },
    /// Nothing that has a table is called so.
    UnknownName {
        /// The name.
        name: String,
    },
    /// There are several constructors of that name: the id must be written, too, as `name#id`.
    Ambiguous {
        /// The name.
        name: String,
    },
    /// A constructor of another type, or another constructor.
    WrongConstructor {
        /// The name.
        name: String,
        /// The type or constructor that was wanted.
        expected: &'static str,
    },
    /// The constructor has no such field.
    UnknownField {
        /// The constructor.
        constructor: &'static str,
        /// The field.
        field: String,
    },
    /// A field is given twice.
    RepeatedField {
        /// The field.
        field: String,
    },
    /// A field that is always there is not given.
    MissingField {
        /// The constructor.
        constructor: &'static str,
        /// The field.
        field: &'static str,
    },
    /// A flag bit is set, by the flags or by another field that stands and falls with it, and the
    /// field is not given.
    FieldWanted {
        /// The constructor.
        constructor: &'static str,
        /// The field.
        field: &'static str,
        /// The bit.
        flag: Condition,
    },
    /// A field is given, and its bit is not set in the flags that are given.
    FieldUnwanted {
        /// The field.
        field: &'static str,
        /// The bit.
        flag: Condition,
    },
    /// The wrong number of elements.
    WrongCount {
        /// How many there have to be.
        wanted: usize,
        /// How many there are.
        found: usize,
    },
    /// A string or bytes of 2^24 bytes or more, or a vector of 2^32 elements or more.
    TooLong {
        /// Its length.
        len: usize,
    },
    /// Values are nested too deeply.
    TooDeep,
    /// The text says what a value is written as, but no reader takes that: it costs more than
    /// [`Limits`](crate::Limits) allow, or bytes that the text gives (`"@raw"`) are none of the type.
    Unreadable(ReadError),
}

impl fmt::Display for JsonErrorKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Syntax { wanted } => write!(f, "{wanted} was wanted"),
            Self::Expected { wanted, found } => {
                write!(f, "{found} stands where {wanted} was wanted")
            }
            Self::NotOfType { wanted } => write!(f, "this is no {wanted}"),
            Self::NotBase64 => f.write_str("this is not base64"),
            Self::WrongSize {
                wanted,
                size,
                found,
            } => write!(f, "{wanted} takes {size} bytes, and there are {found}"),
            Self::Unnamed { expected } => {
                write!(f, "the constructor of {expected} has to be named")
            }
            Self::UnknownName { name } => write!(f, "nothing is called {name}"),
            Self::Ambiguous { name } => {
                write!(
                    f,
                    "several constructors are called {name}, so that its id is wanted"
                )
            }
            Self::WrongConstructor { name, expected } => {
                write!(f, "{name} stands where {expected} was wanted")
            }
            Self::UnknownField { constructor, field } => {
                write!(f, "{constructor} has no field {field}")
            }
            Self::RepeatedField { field } => write!(f, "{field} is given twice"),
            Self::MissingField { constructor, field } => {
                write!(f, "{field} of {constructor} is missing")
            }
            Self::FieldWanted {
                constructor,
                field,
                flag,
            } => write!(f, "{field} of {constructor} is missing: {flag} is set"),
            Self::FieldUnwanted { field, flag } => {
                write!(f, "{field} can't be there: {flag} is not set")
            }
            Self::WrongCount { wanted, found } => {
                write!(f, "{wanted} elements are wanted, and there are {found}")
            }
            Self::TooLong { len } => write!(f, "a length of {len} can't be written"),
            Self::TooDeep => f.write_str("values are nested too deeply"),
            Self::Unreadable(error) => write!(f, "this can't be read: {error}"),
        }
    }
}
