//! Values of a schema without generated code: bytes to a tree with names, and back.
//!
//! ```text
//!            decode                    print
//!   bytes ──────────▶ Value (a tree) ─────────▶ text, JSON, listing
//!         ◀──────────                ◀─────────
//!            encode                    parse
//! ```
//!
//! The IR says what the bytes mean; nothing is generated or compiled. `tl-gen decode` and
//! `tl-gen encode` are this module with a command line. Printers and parsers know no schema: what
//! they print and parse is a [`Value`], plain data.
//!
//! # The two forms of a value
//! One value in both, of `point#b9ea2b60 x:int y:int = Point;` and so on:
//!
//! ```text
//! zoo.dog {                               {
//!   good: true                              "@type": "zoo.dog",
//!   id: 5000000000                          "good": true,
//!   name: "Rex"                             "id": "5000000000",
//!   nicknames: ["R", "Rexy"]                "name": "Rex",
//!   photo: 0x0aff                           "nicknames": ["R", "Rexy"],
//!   home: point {                           "photo": "Cv8=",
//!     x: 1                                  "home": {
//!     y: -1                                   "@type": "point",
//!   }                                         "x": 1,
//!   type: false                               "y": -1
//! }                                         },
//!                                           "type": false
//!                                         }
//! ```
//!
//! JSON is as TDLib has it, so that programs which know TDLib's JSON read it; the text form is for
//! people, and has nothing that JSON has not.
//!
//! | value | text | JSON |
//! |---|---|---|
//! | constructor, function | `name { field: value … }`; without fields to show, `name` | object; `"@type"` comes first |
//! | `int`, `#` | decimal number | number |
//! | `long` | decimal number | string with the decimal number |
//! | `double`, `float` | the shortest decimal number that is read as the same, always with a `.` or an `e`; `NaN`, `Infinity`, `-Infinity` | the same, the last three as strings |
//! | another NaN than the usual one | `NaN#7ff8000000000001`: its bits | the same as a string |
//! | `string` | `"…"` with JSON's escapes | string |
//! | `string` that is not UTF-8 | `0x…`: its bytes | `{"@bytes": "…"}` in base64 |
//! | `bytes` | `0x…`, two digits a byte; `0x` if empty | string in base64 |
//! | `int128`, `int256`, `int512` | `0x…`, as on the wire | string in base64 |
//! | `Bool`; `true` | `true`, `false` | `true`, `false` |
//! | vector, boxed or bare; repetition of one field without a condition | `[a, b]` | array |
//! | repetition of several fields | `[{ field: value … } …]` | array of objects without `"@type"` |
//! | `Object`, `!X` | the constructor or function that it is | the same |
//! | built-in type where any type may stand: `int` in an `Object` | `int { @value: 5 }` | `{"@type": "int", "@value": 5}` |
//! | `Object` whose id the schema does not know | `@raw 0x…`: its bytes, id included | `{"@raw": "…"}` in base64 |
//! | what can't be decoded | `@fault "why, at byte 8 in point.y"` | `{"@fault": "…"}` |
//!
//! * **Names.** `@type` is the constructor's full name; `name#id`, with eight hexadecimal digits, if
//!   the schema has several constructors of that name (layers). A field goes by its name. One that
//!   has none, or is called `_`, is `value`, and if that is taken, `value_2`, `value_3` and so on.
//! * **What is left out.** A conditional field that is absent; a conditional `true` is there or is
//!   not. A bare `true` that is always there. A `#` of which the other fields say what it must be:
//!   *flags*, if it is always there, only guards fields of its constructor, and has just the bits
//!   of those that are there; a *count*, if it is always there and only counts a repetition. Flags
//!   with a bit that nothing stands for are printed as a number.
//! * **Any vector.** Where any type may stand, a `Vector` does not say what it is of. It is taken
//!   for a vector of boxed values; if that can't be, it is `@raw`.
//! * **Layout.** A field a line, two spaces a level. Arrays of scalars (numbers, strings, bytes,
//!   booleans) stand on one line, as do constructors that show no field, and `[]`. No line break at
//!   the end.
//! * **Escapes** are JSON's short ones (`\" \\ \b \f \n \r \t`), and `\u001b` for other control
//!   characters (Unicode's `Cc`, U+2028 and U+2029) and for those that turn the direction of text,
//!   so that no value plays with a terminal.
//!
//! # What is accepted
//! More than is printed. Both: fields in any order; `name#id` everywhere; no `@type` where the type
//! has a single constructor; `null` and `false` for what is absent; flags and counts, which must
//! then agree with the other fields; a flags field that is left out has the bits of what is there.
//! JSON: numbers for `long`, strings for numbers. Text: commas and line breaks are alike, and none is
//! needed, but the `{` of a constructor stands on the line of its name; `// …` is a comment; strings
//! for `bytes`.

mod catalog;
mod decode;
mod encode;
mod fault;
mod list;
mod nats;
mod parse;
mod print;
mod spell;
mod tree;
mod ty;
mod type_name;

pub use catalog::{Catalog, Type, TypeError};
pub use decode::{Decoded, Limits};
pub use encode::{EncodeError, EncodeErrorKind, TextError};
pub use fault::{Fault, FaultKind, Path, Step};
pub use parse::{ParseError, line_column};
pub use tree::{Data, Field, Span, Struct, Value};
