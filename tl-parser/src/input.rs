//! A schema in whatever form: recognised by its content, given as TL text.

use std::fmt;

use crate::source::{Source, TooLong};
use crate::tlo;

/// The forms of a schema.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Form {
    /// TL text.
    Tl,
    /// Telegram's JSON form.
    Json,
    /// `.tlo`
    Tlo,
}

impl Form {
    /// The form of a file: a `.tlo` begins with the number of its version, JSON with a `{`, which
    /// TL text cannot begin with.
    #[must_use]
    pub fn of(bytes: &[u8]) -> Self {
        const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";
        if tlo::is_tlo(bytes) {
            return Self::Tlo;
        }
        let text = bytes.strip_prefix(BYTE_ORDER_MARK).unwrap_or(bytes);
        match text.trim_ascii_start().first() {
            Some(b'{') => Self::Json,
            _ => Self::Tl,
        }
    }
}

/// Makes a source of a file in any form.
///
/// Text stays as it is. Of another form a text is made; places in it are then places in that text,
/// and the source's name says so.
///
/// ```
/// use tl_parser::input;
///
/// let source = input::source("user.tl", b"user id:int = User;".to_vec())?;
/// assert_eq!(source.text(), "user id:int = User;");
/// # Ok::<(), input::InputError>(())
/// ```
///
/// # Errors
/// [`InputError`] if the file is damaged. Text never is: its faults are the parser's to report.
pub fn source(name: &str, bytes: Vec<u8>) -> Result<Source, InputError> {
    let text = match Form::of(&bytes) {
        Form::Tl => return Source::from_bytes(name, bytes).map_err(InputError::TooLong),
        Form::Tlo => tlo::read(&bytes).map_err(InputError::Tlo)?,
        #[cfg(feature = "json")]
        Form::Json => crate::json::read(&bytes).map_err(InputError::Json)?,
        #[cfg(not(feature = "json"))]
        Form::Json => return Err(InputError::NoJson),
    };
    Source::new(format!("{name} (as TL)"), text).map_err(InputError::TooLong)
}

/// Why a file cannot be made a source.
#[derive(Debug)]
#[non_exhaustive]
pub enum InputError {
    /// It is too long.
    TooLong(TooLong),
    /// It begins as a `.tlo`, but goes on as something else.
    Tlo(tlo::ReadError),
    /// It begins as JSON, but is not the JSON form of a schema.
    #[cfg(feature = "json")]
    Json(crate::json::ReadError),
    /// It is JSON, and this library is built without the feature `json`.
    #[cfg(not(feature = "json"))]
    NoJson,
}

impl fmt::Display for InputError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooLong(_) => f.write_str("the schema is too long"),
            Self::Tlo(_) => f.write_str("the `.tlo` cannot be read"),
            #[cfg(feature = "json")]
            Self::Json(_) => f.write_str("the JSON cannot be read"),
            #[cfg(not(feature = "json"))]
            Self::NoJson => f.write_str("this is JSON, which needs the feature `json`"),
        }
    }
}

impl std::error::Error for InputError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::TooLong(error) => Some(error),
            Self::Tlo(error) => Some(error),
            #[cfg(feature = "json")]
            Self::Json(error) => Some(error),
            #[cfg(not(feature = "json"))]
            Self::NoJson => None,
        }
    }
}
