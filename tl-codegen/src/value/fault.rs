//! What can be wrong with bytes.

use std::fmt;
use std::sync::Arc;

/// What is wrong with bytes, where, and in which field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// What was wanted and what was found.
    pub kind: FaultKind,
    /// Where, in bytes from the start of the input.
    pub offset: usize,
    /// In which field.
    pub path: Path,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}, at byte {}", self.kind, self.offset)?;
        if self.path.0.is_empty() {
            Ok(())
        } else {
            write!(f, " in {}", self.path)
        }
    }
}

impl std::error::Error for Fault {}

/// What was wanted and what was found. Faults that generated code reports too have the same words
/// here.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum FaultKind {
    /// Fewer bytes are left than the value takes.
    EndOfInput {
        /// What was to be read: `int`, `string`, `constructor id`.
        wanted: &'static str,
        /// How many bytes it takes.
        size: usize,
    },
    /// The id of another constructor, or of none that the schema knows.
    UnexpectedId {
        /// The id that is there.
        found: u32,
        /// The type that was to be read.
        expected: String,
        /// What the schema calls that id elsewhere: `user of User`.
        known_as: Option<String>,
    },
    /// Nothing in the schema has that id, and nothing but the id says what the bytes are.
    UnknownId {
        /// The id.
        found: u32,
    },
    /// The length of a string or of bytes starts with 255.
    InvalidLength,
    /// A string is not UTF-8. Its bytes are kept, and decoding goes on.
    InvalidUtf8 {
        /// How many of its bytes are.
        valid_up_to: usize,
    },
    /// A vector claims more elements than fit in the bytes that are left.
    TooManyElements {
        /// What it claims.
        count: u32,
        /// How many elements would fit at most.
        limit: usize,
    },
    /// [`Limits::depth`](super::Limits::depth) is used up.
    TooDeep,
    /// [`Limits::values`](super::Limits::values) is used up.
    TooManyValues,
    /// A value ended before the bytes did.
    TrailingBytes {
        /// How many bytes are left.
        count: usize,
    },
    /// The bytes are a vector, and nothing says of what.
    UntypedVector,
    /// What the id says can't be read without numbers from outside.
    NeedsNumbers {
        /// The constructor's type as it is declared: `Stats mask`.
        ty: String,
    },
    /// The schema does not describe values of this type (`secret ? = Secret;`).
    Undescribed {
        /// The type.
        name: String,
    },
    /// A note, no fault: a string's padding is not zero, and would be if it were written again.
    Padding,
    /// A note, no fault: a length below 254 is written in four bytes where one would do.
    LongLength,
}

impl fmt::Display for FaultKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::EndOfInput { wanted, size } => {
                let article = match wanted.starts_with(['a', 'e', 'i', 'o', 'u']) {
                    true => "an",
                    false => "a",
                };
                write!(
                    f,
                    "the bytes end where {article} {wanted} of {size} bytes was wanted"
                )
            }
            Self::UnexpectedId {
                found,
                expected,
                known_as,
            } => {
                write!(
                    f,
                    "unexpected constructor id {found:#010x} where {expected} was wanted"
                )?;
                match known_as {
                    Some(known_as) => write!(f, " (it is {known_as})"),
                    None => Ok(()),
                }
            }
            Self::UnknownId { found } => {
                write!(f, "nothing in the schema has the id {found:#010x}")
            }
            Self::InvalidLength => f.write_str("invalid length of a string or bytes"),
            Self::InvalidUtf8 { valid_up_to } => {
                write!(f, "a string is not UTF-8 after {valid_up_to} bytes")
            }
            Self::TooManyElements { count, limit } => write!(
                f,
                "a vector claims {count} elements where at most {limit} fit"
            ),
            Self::TooDeep => f.write_str("values are nested too deeply"),
            Self::TooManyValues => f.write_str("there are more values than allowed"),
            Self::TrailingBytes { count } => write!(f, "{count} bytes are left after the value"),
            Self::UntypedVector => {
                f.write_str("a vector does not say what it is of; tell the type")
            }
            Self::NeedsNumbers { ty } => write!(
                f,
                "{ty} can't be read without its numbers; tell the type with them"
            ),
            Self::Undescribed { name } => {
                write!(f, "the schema does not say how {name} is written")
            }
            Self::Padding => f.write_str("padding that is not zero"),
            Self::LongLength => f.write_str("a short length in its long form"),
        }
    }
}

/// Where in a value: `messages.messages.messages[17].media`.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Path(pub Vec<Step>);

/// One step of a [`Path`].
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Step {
    /// Into a field.
    Field {
        /// The full name of the constructor that has it.
        constructor: Arc<str>,
        /// Its name.
        field: Arc<str>,
    },
    /// Into an element of a vector or a repetition, counted from 0.
    Element(usize),
}

impl fmt::Display for Path {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (number, step) in self.0.iter().enumerate() {
            match step {
                Step::Field { constructor, field } => match number {
                    0 => write!(f, "{constructor}.{field}")?,
                    _ => write!(f, ".{field}")?,
                },
                Step::Element(index) => write!(f, "[{index}]")?,
            }
        }
        Ok(())
    }
}
