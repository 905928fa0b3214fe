//! Values with the names that their schema has: to look at, to print, to make of text.
//!
//! Generated types that are described by tables (`Codec::Table` of `tl-codegen`) know at run time what they
//! are: [`of`] shows any of them with its fields, their names, types, places on the wire and values.
//! A generated file says what is in it by its constant `SCHEMA`, a [`Schema`], which also reads bytes
//! of which nobody knows more than what their id says.
//!
//! ```
//! # mod sample { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/../../tl-codegen/tests/golden/sample_table_owned.rs")); }
//! use sample::types;
//! use tl_runtime::{TlWrite, reflect};
//!
//! let cat = types::zoo::Cat::new(7, "Tom".to_owned(), 9);
//! let view = reflect::of(&cat);
//! assert_eq!(view.name(), "zoo.cat");
//! let fields = view.fields().map(|field| format!("{}: {:?}", field.offset(), field.parameter()));
//! assert_eq!(fields.collect::<Vec<_>>(), ["4: id:long", "12: name:string", "16: lives:#"]);
//! assert_eq!(view.to_string(), "zoo.cat {\n  id: 7\n  name: \"Tom\"\n  lives: 9\n}");
//!
//! // Nothing but bytes, and back to a type.
//! let value = sample::SCHEMA.read(&cat.to_bytes()?)?;
//! assert_eq!(
//!     value.to_json(),
//!     "{\n  \"@type\": \"zoo.cat\",\n  \"id\": \"7\",\n  \"name\": \"Tom\",\n  \"lives\": 9\n}",
//! );
//! assert_eq!(value.into_typed::<types::zoo::Cat>().ok(), Some(cat));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # The two forms of a value
//! They are those of `tl_codegen::value`, which has them without generated code: text for people,
//! JSON as TDLib has it.
//!
//! | value | text | JSON |
//! |---|---|---|
//! | constructor, function | `name { field: value … }`; without fields to show, `name` | object; `"@type"` comes first |
//! | `int`, `#` | decimal number | number |
//! | `long` | decimal number | string with the decimal number |
//! | `double`, `float` | the shortest decimal number that is read as the same; `NaN`, `Infinity`, `-Infinity`; `NaN#7ff8000000000001`, the bits of another NaN | the same, all but numbers as strings |
//! | `string` | `"…"` with JSON's escapes | string |
//! | `bytes`, `int128`, `int256`, `int512` | `0x…`, two digits a byte | string in base64 |
//! | `Bool`; `true` | `true`, `false` | `true`, `false` |
//! | vector, repetition | `[a, b]` | array |
//! | what a repetition repeats | `{ field: value … }` | object without `"@type"` |
//! | `Object` | the constructor or function that it is | the same |
//! | built-in type in an `Object` | `int { @value: 5 }` | `{"@type": "int", "@value": 5}` |
//! | `Object` that the tables don't know, that is broken, that they would write as other bytes, or that stands in 16 others; a type with code of its own | `@raw 0x…`: its bytes as they stand | `{"@raw": "…"}` in base64 |
//! | what can't be shown, because it is nested more than 128 levels deep | `@fault "why"` | `{"@fault": "…"}` |
//!
//! A constructor is called `name#id` where the tables have several of that name. Conditional fields
//! that are absent are left out, and so are flags: the other fields say what they are.
//!
//! # What tables know
//! What is needed to read and write, and names; not a type's name where it has a single constructor
//! (see [`TypeName`]), and not whether something is a constructor or a function. Fields of type `true`
//! that are always there are not known, and what is a `string` in the schema but bytes in Rust is
//! printed and parsed as bytes. Types that a table can't say, which have code for everything, are bytes,
//! `@raw`, at the places where types with tables hold them.

mod any;
mod base64;
mod constructor;
mod encode;
mod error;
mod json;
mod print;
mod schema;
mod view;

pub use constructor::{Condition, Constructor, Parameter, Parameters, TypeName};
pub use error::{JsonError, JsonErrorKind};
pub use schema::{Schema, Value};
pub use view::{Data, Element, Field, Fields, List, View};

use alloc::vec::Vec;

use crate::table::{Row, RowExt};
use crate::{Path, ReadError, TlRead};

/// Values nested more deeply are not printed, and not parsed: it protects the stack.
const MAX_DEPTH: u32 = 128;

/// A generated value with its names. All generated types that have a table can be given.
#[must_use]
pub fn of<T: Row>(value: &T) -> View<'_> {
    View::new(RowExt::view(value), false, 0)
}

/// The value whose JSON form this is.
///
/// What is accepted is more than what is printed: fields in any order; `name#id` everywhere; no
/// `"@type"` where the type has a single constructor; `null` and `false` for what is absent; numbers
/// for `long`, strings for all numbers; flags, which must then agree with the fields. While a text is
/// parsed it may take 60 times its length of memory.
///
/// ```
/// # mod sample { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/../../tl-codegen/tests/golden/sample_table_owned.rs")); }
/// use sample::enums::zoo::Animal;
/// use tl_runtime::reflect;
///
/// let text = r#"{"@type": "zoo.cat", "lives": 9, "id": 7, "name": "Tom"}"#;
/// let Animal::Cat(cat) = reflect::from_json(text)? else { panic!() };
/// assert_eq!((cat.id, &*cat.name, cat.lives), (7, "Tom", 9));
///
/// let error = reflect::from_json::<Animal>(r#"{"@type": "zoo.cat", "id": 7.5}"#).unwrap_err();
/// assert_eq!(error.to_string(), "this is no long, at byte 27 of the text in zoo.cat.id");
/// # Ok::<(), reflect::JsonError>(())
/// ```
///
/// # Errors
/// If the text is not one value of the type.
pub fn from_json<T: Row + for<'a> TlRead<'a>>(text: &str) -> Result<T, JsonError> {
    T::from_bytes(&bytes_from_json::<T>(text)?).map_err(unreadable)
}

/// The bytes of the value whose JSON form this is: types that borrow can be read from them.
///
/// What is accepted is told at [`from_json`].
///
/// # Errors
/// If the text is not one value of the type.
pub fn bytes_from_json<T: Row>(text: &str) -> Result<Vec<u8>, JsonError> {
    encode::row(T::tables(), T::NUMBER, text)
}

fn unreadable(error: ReadError) -> JsonError {
    let path = Path::new(error.path().steps().to_vec());
    JsonError::new(JsonErrorKind::Unreadable(error), 0, path)
}
