//! From a TL schema to typed Rust.

#[cfg(feature = "cli")]
pub mod cli;
