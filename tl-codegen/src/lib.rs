//! From a TL schema to typed Rust: in a build script, by the command `tl-gen`, or through the macros
//! of tl-macros.
//!
//! # In a build script
//! ```toml
//! [dependencies]
//! tl-runtime = "0.1"            # or mtproto-runtime, which brings it along
//!
//! [build-dependencies]
//! tl-codegen = { version = "0.1", default-features = false, features = ["schema"] }
//! ```
//!
//! ```no_run
//! // build.rs
//! fn main() -> Result<(), tl_codegen::Error> {
//!     tl_codegen::Config::new().schema("schemas/api.tl").runtime("::tl_runtime").generate()?;
//!     Ok(())
//! }
//! ```
//!
//! ```ignore
//! // src/lib.rs
//! pub mod api {
//!     include!(concat!(env!("OUT_DIR"), "/api.rs"));
//! }
//! ```
//!
//! [`Config`] has a knob for everything that can be chosen: what is wanted of the schema
//! ([`only`](Config::only)), for which side, whether types own what they hold or borrow it,
//! whether they are read by code or by tables ([`Codec`]), what is derived, what is boxed. A schema
//! with faults is an [`Error`] that shows each with its place.
//!
//! # What comes out
//! Three modules, with a submodule for each namespace: `types` has a struct for every constructor,
//! `enums` an enum for every type of several constructors, `functions` a struct for every function
//! with the type of its answer. Flags are `Option`s and booleans, repetitions are `Vec`s, parameters
//! are generics. The text is laid out as rustfmt would, is in the order of the schema, and is the
//! same each time.
//!
//! ```
//! use tl_codegen::Config;
//! use tl_parser::source::Source;
//!
//! let schema = "user#d23c81a3 flags:# id:int name:flags.0?string = User;
//!     ---functions---
//!     users.get#0d91a548 ids:Vector<int> = Vector<User>;";
//! let generated = Config::new().generate_from([Source::new("api.tl", schema)?])?;
//! assert!(generated.text.contains("pub struct User {
//!         pub id: i32,
//!         pub name: Option<String>,
//!     }"));
//! assert!(generated.text.contains("type Output = Vec<types::User>;"));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Without generated code
//! [`value`] decodes and encodes values by the schema alone, as trees with names, as text and as JSON:
//! what `tl-gen decode` and `tl-gen encode` do. [`Sampler`] makes random values for tests and fuzzing.
//!
//! # How it is built
//! ```text
//! config ─▶ analysis ─▶ lower ─▶ model ─▶ emit ─▶ output
//!              ▲          ▲
//!              └── the IR ┘   (tl-parser)
//! ```
//! [`lower`] is the only room that knows schemas and Rust; [`model`] is the Rust to be written, as
//! plain data; [`emit`] writes it. [`names`] settles what everything is called.
//!
//! # Features
//! | feature | brings |
//! |---|---|
//! | none | [`model`], [`emit`], [`names`]: what macros need |
//! | `schema` | [`Config`] and [`Sampler`]: what build scripts need; depends on tl-parser |
//! | `value` | [`value`] |
//! | `cli`, on by default | the command `tl-gen` |

#[cfg(feature = "schema")]
mod analysis;
#[cfg(feature = "schema")]
mod check;
#[cfg(feature = "cli")]
pub mod cli;
#[cfg(feature = "schema")]
pub mod config;
mod defaults;
pub mod emit;
mod hash;
#[cfg(feature = "schema")]
mod instances;
#[cfg(feature = "schema")]
pub mod lower;
pub mod model;
pub mod names;
#[cfg(feature = "schema")]
mod object;
#[cfg(feature = "schema")]
mod output;
#[cfg(feature = "schema")]
mod sample;
#[cfg(feature = "value")]
pub mod value;

#[cfg(feature = "schema")]
pub use config::{Boxing, Codec, Config, Objects, Ownership, Side};
#[cfg(feature = "schema")]
pub use output::{Error, Faults, Generated, write_if_changed};
#[cfg(feature = "schema")]
pub use sample::Sampler;
#[cfg(feature = "schema")]
pub use tl_parser::ir::IdRule;
