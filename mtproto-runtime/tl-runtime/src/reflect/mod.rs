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
//! | `Object` that the tables don't know, or that is broken; a type with code of its own | `@raw 0x…`: its bytes as they stand | `{"@raw": "…"}` in base64 |
//! | what can't be shown, because it is nested more than 128 levels deep | `@fault "why"` | `{"@fault": "…"}` |
//!
//! A constructor is called `name#id` where the tables have several of that name. Conditional fields
//! that are absent are left out, and so are flags: the other fields say what they are.
//!
//! # What tables know
//! What is needed to read and write, and names; not a type's name where it has a single constructor
//! (see [`TypeName`]), and not whether something is a constructor or a function.

mod any;
mod base64;
mod constructor;
mod print;
mod schema;
mod view;

pub use constructor::{Condition, Constructor, Parameter, Parameters, TypeName};
pub use schema::{Schema, Value};
pub use view::{Data, Element, Field, Fields, List, View};

use crate::table::{self, Tabled};

/// Values nested more deeply are not printed, and not parsed: it protects the stack.
const MAX_DEPTH: u32 = 128;

/// A generated value with its names. All generated types that have a table can be given.
#[must_use]
pub fn of<T: Tabled>(value: &T) -> View<'_> {
    View::new(table::view(value), false, 0)
}
