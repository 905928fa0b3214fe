//! What can go wrong with bytes ([`ReadError`]) and with values ([`WriteError`]).

use alloc::boxed::Box;
use alloc::vec::Vec;
use core::fmt;

/// What a read method returns: the value, or that reading has failed. Only implementations of
/// [`TlRead`](crate::TlRead) see it; programs get a [`ReadError`].
///
/// ```
/// use tl_runtime::{ReadResult, Reader, TlRead};
///
/// /// A point of a picture, with no id in front.
/// struct Point {
///     x: i32,
///     y: i32,
/// }
///
/// impl<'a> TlRead<'a> for Point {
///     const MIN_SIZE: usize = 8;
///
///     fn read(r: &mut Reader<'a>) -> ReadResult<Self> {
///         Ok(Self { x: TlRead::read(r)?, y: TlRead::read(r)? })
///     }
/// }
///
/// let point = Point::from_bytes(&[1, 0, 0, 0, 2, 0, 0, 0])?;
/// assert_eq!((point.x, point.y), (1, 2));
/// # Ok::<(), tl_runtime::ReadError>(())
/// ```
pub type ReadResult<T> = Result<T, Failed>;

/// Reading has failed; the [`Reader`](crate::Reader) knows why.
///
/// It has no size, so that results stay small on the way up. Only a reader makes one:
/// [`Reader::fail`](crate::Reader::fail). Programs see a [`ReadError`] instead.
///
/// ```
/// use tl_runtime::{ReadErrorKind, ReadResult, Reader, TlRead};
///
/// /// An `int` that is never 0.
/// #[derive(Debug)]
/// struct NonZero(i32);
///
/// impl<'a> TlRead<'a> for NonZero {
///     const MIN_SIZE: usize = 4;
///
///     fn read(r: &mut Reader<'a>) -> ReadResult<Self> {
///         match r.int() {
///             0 => Err(r.fail(ReadErrorKind::Invalid("0 where it can't be"))),
///             number => Ok(Self(number)),
///         }
///     }
/// }
///
/// let error = NonZero::from_bytes(&[0; 4]).unwrap_err();
/// assert_eq!(error.to_string(), "0 where it can't be, at byte 4");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Failed(pub(crate) ());

/// Why bytes are not a value of the wanted type: what was found, where, and in which field.
///
/// One pointer wide. The peer's bytes are not part of it, but for an unexpected constructor id.
///
/// ```
/// use tl_runtime::{ReadErrorKind, Step, TlRead};
///
/// // Two strings are claimed, and there is one.
/// let error = Vec::<String>::from_bytes(b"\x15\xc4\xb5\x1c\x02\0\0\0\x05hello\0\0").unwrap_err();
/// assert_eq!(error.offset(), 16);
/// assert_eq!(error.path().steps(), [Step::Element(1)]);
/// assert!(matches!(error.kind(), ReadErrorKind::EndOfInput { wanted: "string", .. }));
/// assert_eq!(
///     error.to_string(),
///     "the bytes end where a string of 4 bytes was wanted, at byte 16 in [1]",
/// );
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct ReadError(Box<Inner>);

#[derive(Clone, Debug, PartialEq, Eq)]
struct Inner {
    kind: ReadErrorKind,
    offset: usize,
    path: Path,
}

impl ReadError {
    #[cold]
    pub(crate) fn new(kind: ReadErrorKind, offset: usize, path: Path) -> Self {
        Self(Box::new(Inner { kind, offset, path }))
    }

    /// What was wanted and what was found.
    #[must_use]
    pub fn kind(&self) -> &ReadErrorKind {
        &self.0.kind
    }

    /// Where, in bytes from the start of the input.
    #[must_use]
    pub fn offset(&self) -> usize {
        self.0.offset
    }

    /// In which field of which constructor, from the outside in.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.0.path
    }
}

impl fmt::Debug for ReadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Inner { kind, offset, path } = &*self.0;
        f.debug_struct("ReadError")
            .field("kind", kind)
            .field("offset", offset)
            .field("path", path)
            .finish()
    }
}

impl fmt::Display for ReadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}, at byte {}", self.kind(), self.offset())?;
        if self.path().steps().is_empty() {
            Ok(())
        } else {
            write!(f, " in {}", self.path())
        }
    }
}

impl core::error::Error for ReadError {}

/// What was wanted and what was found. Sizes and counts are in bytes unless they say otherwise.
///
/// ```
/// use tl_runtime::{ReadErrorKind, TlRead};
///
/// let kind = bool::from_bytes(&[1, 0, 0, 0]).unwrap_err().kind().clone();
/// assert_eq!(kind, ReadErrorKind::UnexpectedId { found: 1, expected: "Bool" });
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ReadErrorKind {
    /// Fewer bytes are left than the value takes.
    EndOfInput {
        /// What was to be read: `int`, `string`, `constructor id`.
        wanted: &'static str,
        /// How many bytes it takes.
        size: usize,
    },
    /// The id of another constructor, or of none that this schema knows.
    UnexpectedId {
        /// The id that is there.
        found: u32,
        /// The type or the constructor that was to be read.
        expected: &'static str,
    },
    /// The length of a string or of bytes starts with 255.
    InvalidLength,
    /// A string is not UTF-8.
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
    /// [`Limits::depth`](crate::Limits::depth) is used up.
    TooDeep,
    /// [`Limits::memory`](crate::Limits::memory) is used up.
    TooMuchMemory,
    /// A value ended before the bytes did.
    TrailingBytes {
        /// How many bytes are left.
        count: usize,
    },
    /// The type keeps parts of itself in an arena and the reader has none: see
    /// [`Reader::with_arena`](crate::Reader::with_arena).
    NoArena,
    /// What a reader of a hand-written type says.
    Invalid(&'static str),
}

impl fmt::Display for ReadErrorKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::EndOfInput { wanted, size } => {
                let article = if wanted.starts_with(['a', 'e', 'i', 'o', 'u']) {
                    "an"
                } else {
                    "a"
                };
                write!(
                    f,
                    "the bytes end where {article} {wanted} of {size} bytes was wanted"
                )
            }
            Self::UnexpectedId { found, expected } => {
                write!(
                    f,
                    "unexpected constructor id {found:#010x} where {expected} was wanted"
                )
            }
            Self::InvalidLength => f.write_str("invalid length of a string or bytes"),
            Self::InvalidUtf8 { valid_up_to } => {
                write!(f, "a string is not UTF-8 after {valid_up_to} bytes")
            }
            Self::TooManyElements { count, limit } => {
                write!(
                    f,
                    "a vector claims {count} elements where at most {limit} fit"
                )
            }
            Self::TooDeep => f.write_str("values are nested too deeply"),
            Self::TooMuchMemory => f.write_str("the value would take more memory than allowed"),
            Self::TrailingBytes { count } => write!(f, "{count} bytes are left after the value"),
            Self::NoArena => f.write_str("the type needs an arena and the reader has none"),
            Self::Invalid(what) => f.write_str(what),
        }
    }
}

/// Where in a value: `messages.messages.messages[17].media`. Empty where the fault is no part of a
/// field or an element: in the first id, or behind the value.
///
/// ```
/// use tl_runtime::TlRead;
///
/// let bytes = b"\x15\xc4\xb5\x1c\x01\0\0\0\x05hello\0\0";
/// assert!(Vec::<String>::from_bytes(bytes).is_ok());
/// let error = Vec::<Vec<i32>>::from_bytes(bytes).unwrap_err();
/// assert_eq!(error.path().to_string(), "[0]");
/// let error = Vec::<String>::from_bytes(&bytes[..3]).unwrap_err();
/// assert!(error.path().steps().is_empty());
/// ```
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Path(Vec<Step>);

impl Path {
    pub(crate) fn new(steps: Vec<Step>) -> Self {
        Self(steps)
    }

    /// The steps from the outside in.
    #[must_use]
    pub fn steps(&self) -> &[Step] {
        &self.0
    }
}

impl fmt::Debug for Path {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "\"{self}\"")
    }
}

impl fmt::Display for Path {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (number, step) in self.0.iter().enumerate() {
            match *step {
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

/// One step of a [`Path`].
///
/// ```
/// use tl_runtime::{Step, TlRead};
///
/// // A vector of one vector, which ends too early.
/// let bytes = b"\x15\xc4\xb5\x1c\x01\0\0\0\x15\xc4\xb5\x1c\x02\0\0\0\x05hello\0\0";
/// let error = Vec::<Vec<String>>::from_bytes(bytes).unwrap_err();
/// assert_eq!(error.path().steps(), [Step::Element(0), Step::Element(1)]);
/// assert_eq!(error.path().to_string(), "[0][1]");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Step {
    /// Into a field.
    Field {
        /// The full name of the constructor that has it.
        constructor: &'static str,
        /// Its name.
        field: &'static str,
    },
    /// Into an element of a vector, counted from 0.
    Element(usize),
}

/// Why a value can't be written: it is not one that its schema can say.
///
/// ```
/// use tl_runtime::{TlWrite, WriteErrorKind};
///
/// let error = vec![0_u8; 1 << 24].to_bytes().unwrap_err();
/// assert_eq!(error.kind(), &WriteErrorKind::TooLong { len: 1 << 24 });
/// assert_eq!(error.to_string(), "a length of 16777216 can't be written");
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WriteError(pub(crate) WriteErrorKind);

impl WriteError {
    /// What is wrong with the value.
    #[must_use]
    pub fn kind(&self) -> &WriteErrorKind {
        &self.0
    }
}

impl fmt::Display for WriteError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl core::error::Error for WriteError {}

/// What is wrong with the value.
///
/// ```
/// use tl_runtime::{TlWrite, WriteErrorKind};
///
/// let error = vec![0_u8; 1 << 24].to_bytes().unwrap_err();
/// let told = match error.kind() {
///     WriteErrorKind::TooLong { len } => format!("{len} bytes are too many"),
///     other => other.to_string(),
/// };
/// assert_eq!(told, "16777216 bytes are too many");
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum WriteErrorKind {
    /// Several fields stand and fall with one flag bit, and some of them are there and some not.
    InconsistentFlag {
        /// The constructor.
        constructor: &'static str,
        /// The flags field and its bit: `flags.3`.
        flag: &'static str,
    },
    /// A number of elements, or the presence of a field, is not what a number outside of it says.
    NatMismatch {
        /// The constructor.
        constructor: &'static str,
        /// The field.
        field: &'static str,
    },
    /// A string or bytes of 2^24 bytes or more, or a vector of 2^32 elements or more.
    TooLong {
        /// Its length.
        len: usize,
    },
    /// What a writer of a hand-written type says.
    Invalid(&'static str),
}

impl fmt::Display for WriteErrorKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::InconsistentFlag { constructor, flag } => write!(
                f,
                "the fields of {constructor} that {flag} stands for must be set all or none"
            ),
            Self::NatMismatch { constructor, field } => {
                write!(
                    f,
                    "{constructor}.{field} is not what the number that governs it says"
                )
            }
            Self::TooLong { len } => write!(f, "a length of {len} can't be written"),
            Self::Invalid(what) => f.write_str(what),
        }
    }
}
