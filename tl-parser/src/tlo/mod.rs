//! `.tlo`: a schema as bytes, as the official tool writes it and TDLib, TON and VK read it.
//!
//! All words are 32 bits, little-endian; a name is one byte of length, its bytes, and zeros up to
//! the next multiple of four.
//!
//! ```text
//! file        magic | version 0 | date 0 | n, type… | n, constructor… | n, function…
//! type        12eb4386 number name n_constructors flags arity kinds:long
//! combinator  5c0a1ed5 id name result_number LEFT RIGHT      (version 4: e91692d5 … RIGHT flags)
//! LEFT        cd211f63 (a built-in)  |  4c12c6d9 n, parameter…
//! RIGHT       2c064372 type_expr
//! parameter   29dfe61b name flags [number] [mask_number bit] type_expr
//! type_expr   c1863d08 type_number flags n, (ecc9da78 type_expr | dcb49bd8 nat_expr)…
//!             0142ceae variable_number flags
//!             d9fb20de nat_expr n, parameter…
//! nat_expr    8ce940b1 value  (written as dcb49bd8 value)  |  4e8a14f0 plus variable_number
//! ```
//!
//! A type's number is the exclusive or of its constructors' ids. Types are in the order of their
//! names, constructors in the order of their types and then as declared, functions in the order
//! of their names. Version 3 and 4 exchange two bits of a parameter's flags; version 4 has a
//! combinator's annotations.
//!
//! # What it cannot hold
//!
//! Comments and documentation, the layer, annotations (before version 4), the order of
//! declarations across types, `Final` and `New`, partial applications (`Tuple int 10;`, which the
//! official tool makes a type of), whether an id was written, and some spelling: groups (`x y:int`)
//! are taken apart, and where `%Message` or `message`, `[ … ]` or `n*[ … ]`, `_:int` or `int` was
//! written can be told only by the id, it is lost if the id follows no rule. [`write()`] says which of
//! these a schema has. Layer sections are left out too, and it is an error if they declare a name
//! twice.
//!
//! # From bytes to a schema
//!
//! [`read`] gives TL text, which goes the way of all text: through [`parse`](crate::parse) and
//! resolution, which finds whatever is wrong with the schema itself.

mod decode;
mod encode;
mod lower;
#[cfg(test)]
mod tests;
mod text;
mod tree;

use std::fmt;

use crate::conversion::Conversion;
use crate::ir::Schema;

/// The versions of the format. Nothing writes version 1 any more.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
#[non_exhaustive]
pub enum Version {
    /// What the official tool writes.
    #[default]
    V2,
    /// Two bits of a parameter's flags are exchanged.
    V3,
    /// Combinators have flags: annotations.
    V4,
}

/// Writes a schema: byte for byte what the official tool makes of it.
///
/// That holds for [`Version::V2`], which is compared with that tool's files. Versions 3 and 4 are
/// written as their descriptions have it.
///
/// ```
/// use tl_parser::source::Source;
/// use tl_parser::tlo::{self, Version};
///
/// let source = Source::new("user.tl", "user id:int = User;")?;
/// let schema = tl_parser::compile([source]).schema.expect("there are no errors");
/// let written = tlo::write(&schema, Version::V2)?;
/// assert_eq!(written.losses, []);
/// assert_eq!(
///     tlo::read(&written.output)?,
///     "int#a8509bda ? = Int;\nuser#1ec2365e id:int = User;\n"
/// );
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
/// [`WriteError`] if the schema has something that would be read back as something else.
pub fn write(schema: &Schema, version: Version) -> Result<Conversion<Vec<u8>>, WriteError> {
    let (file, losses) = lower::lower(schema, version)?;
    Ok(Conversion {
        output: encode::encode(&file)?,
        losses,
    })
}

/// Reads any version, as TL text with explicit ids.
///
/// # Errors
/// [`ReadError`] if the bytes are not a `.tlo`, or have something that TL text cannot say.
pub fn read(bytes: &[u8]) -> Result<String, ReadError> {
    text::text(&decode::decode(bytes)?)
}

/// Whether bytes begin as a `.tlo` does.
#[must_use]
pub fn is_tlo(bytes: &[u8]) -> bool {
    bytes.first_chunk().is_some_and(|word| {
        [Version::V2, Version::V3, Version::V4]
            .iter()
            .any(|version| version.magic() == u32::from_le_bytes(*word))
    })
}

/// Why a schema cannot be a `.tlo`.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct WriteError {
    /// The declaration or type that cannot be written; `None` if it is the schema as a whole.
    pub name: Option<String>,
    /// Why.
    pub kind: WriteErrorKind,
}

/// The reasons of a [`WriteError`].
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum WriteErrorKind {
    /// A name has one byte for its length.
    NameTooLong {
        /// The name's length in bytes.
        len: usize,
    },
    /// A type has 64 bits for the kinds of its parameters.
    TooManyParameters {
        /// How many parameters the type has.
        arity: usize,
    },
    /// A name is declared twice (in two layer sections), and the format has no layers.
    RepeatedName,
    /// Two types have the same exclusive or of constructor ids, so that one would be taken for the
    /// other.
    SameNumber {
        /// The other type.
        other: String,
        /// The number of both.
        number: u32,
    },
    /// A constructor is used as a bare type, but its type has several constructors, and the
    /// format (before version 4) has numbers for types only.
    BareOfMany {
        /// The constructor.
        constructor: String,
    },
    /// More of something than 32 bits can count.
    TooMany {
        /// Of what.
        of: &'static str,
    },
}

impl WriteError {
    fn new(name: &str, kind: WriteErrorKind) -> Self {
        Self {
            name: Some(name.to_owned()),
            kind,
        }
    }

    const fn of_schema(kind: WriteErrorKind) -> Self {
        Self { name: None, kind }
    }
}

impl fmt::Display for WriteError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(name) = &self.name {
            // A name that is too long is too long for a message as well.
            let shown = name.get(..64).unwrap_or(name);
            let more = if shown.len() < name.len() { "…" } else { "" };
            write!(f, "`{shown}{more}` cannot be written: ")?;
        }
        match &self.kind {
            WriteErrorKind::NameTooLong { len } => write!(
                f,
                "a name may have up to {} bytes, this one has {len}",
                encode::MAX_NAME
            ),
            WriteErrorKind::TooManyParameters { arity } => {
                write!(
                    f,
                    "a type may have up to 64 parameters, this one has {arity}"
                )
            }
            WriteErrorKind::RepeatedName => {
                f.write_str("the name is declared twice, and the format has no layer sections")
            }
            WriteErrorKind::SameNumber { other, number } => write!(
                f,
                "the constructors of type `{other}` have ids with the same exclusive or, {number:08x}"
            ),
            WriteErrorKind::BareOfMany { constructor } => write!(
                f,
                "the bare `{constructor}` has a type with several constructors, and the format \
                 cannot say which is meant"
            ),
            WriteErrorKind::TooMany { of } => write!(f, "too many {of}"),
        }
    }
}

impl std::error::Error for WriteError {}

/// Why bytes cannot be read as a `.tlo`.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ReadError {
    /// Where, in bytes from the beginning.
    pub offset: usize,
    /// What is wrong there.
    pub kind: ReadErrorKind,
}

/// The reasons of a [`ReadError`].
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ReadErrorKind {
    /// The first word is not that of a known version.
    Version {
        /// The word.
        found: u32,
    },
    /// The bytes end too early.
    End {
        /// What should be here.
        wanted: &'static str,
    },
    /// Another kind of thing stands here.
    Magic {
        /// What should be here.
        wanted: &'static str,
        /// The word that is here.
        found: u32,
    },
    /// More things are announced than the bytes that are left can hold.
    Count {
        /// Of what.
        of: &'static str,
        /// How many are announced.
        count: u32,
    },
    /// A name that TL text cannot have.
    Name {
        /// Whose name.
        wanted: &'static str,
    },
    /// A name with a length that the format has no form for.
    NameTooLong,
    /// Types nested deeper than is read.
    TooDeep,
    /// The file goes on behind its end.
    TrailingBytes {
        /// By how many bytes.
        left: usize,
    },
    /// No type, or more than one, has this number.
    UnknownType {
        /// The number.
        number: u32,
    },
    /// A bare type that has no constructor, or several.
    BareOfMany {
        /// The type's number.
        number: u32,
    },
    /// A number that no variable or `#` field before has, or one that text cannot name here:
    /// because it has no name, or because another of the same name hides it.
    UnknownVariable {
        /// The number.
        number: u32,
    },
    /// An implicit parameter (`{t:Type}`) that is neither a type nor a number, that is conditional
    /// or that does not stand before all others.
    BadVariable,
    /// A `Type` where only an implicit parameter can have it.
    BadType,
}

impl fmt::Display for ReadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "byte {}: ", self.offset)?;
        match self.kind {
            ReadErrorKind::Version { found } => write!(
                f,
                "wanted the number of version 2, 3 or 4 of the format, found {found:08x}"
            ),
            ReadErrorKind::End { wanted } => write!(f, "wanted {wanted}, found the end"),
            ReadErrorKind::Magic { wanted, found } => {
                write!(f, "wanted {wanted}, found {found:08x}")
            }
            ReadErrorKind::Count { of, count } => {
                write!(f, "{count} {of} are announced, more than the file has room for")
            }
            ReadErrorKind::Name { wanted } => {
                write!(f, "wanted {wanted}, found something that is no name")
            }
            ReadErrorKind::NameTooLong => {
                write!(f, "a name may have up to {} bytes", encode::MAX_NAME)
            }
            ReadErrorKind::TooDeep => f.write_str("types are nested too deep"),
            ReadErrorKind::TrailingBytes { left } => {
                write!(f, "wanted the end, found {left} more bytes")
            }
            ReadErrorKind::UnknownType { number } => {
                write!(f, "wanted the number of one type, found {number:08x}")
            }
            ReadErrorKind::BareOfMany { number } => write!(
                f,
                "wanted the number of a type with one constructor, found {number:08x}"
            ),
            ReadErrorKind::UnknownVariable { number } => write!(
                f,
                "wanted the number of a variable that can be named here, found {number}"
            ),
            ReadErrorKind::BadVariable => f.write_str(
                "an implicit parameter has to be a type or a number, and to stand before all others",
            ),
            ReadErrorKind::BadType => f.write_str("only implicit parameters can be a `Type`"),
        }
    }
}

impl std::error::Error for ReadError {}
