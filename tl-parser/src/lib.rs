//! TL (Type Language): text to AST to checked IR.
//!
//! ```text
//! source ── parse ──▶ ast ── resolve ──▶ ir
//!                      │                  ├── diff
//!                      └── print          ├── tlo, json
//!                                         └── (tl-codegen)
//! ```

pub mod ast;
pub mod conversion;
pub mod diagnostic;
pub mod ir;
mod parse;
pub mod print;
mod scan;
pub mod source;
mod symbol;
pub mod tlo;

pub use parse::{Parsed, parse};
