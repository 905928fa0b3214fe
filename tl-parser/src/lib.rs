//! TL (Type Language): text to AST to checked IR.
//!
//! ```text
//! source ── parse ──▶ ast ── resolve ──▶ ir
//!                      │                  ├── diff
//!                      └── print          ├── tlo, json
//!                                         └── (tl-codegen)
//! ```

pub mod ast;
mod compile;
pub mod conversion;
pub mod diagnostic;
pub mod diff;
pub mod id;
pub mod input;
pub mod ir;
pub mod ir_text;
#[cfg(feature = "json")]
pub mod json;
mod parse;
pub mod print;
mod print_ir;
pub mod render;
pub mod resolve;
mod scan;
pub mod source;
mod symbol;
pub mod tlo;

pub use compile::{Compiled, Compiler, compile};
pub use parse::{Parsed, parse};
