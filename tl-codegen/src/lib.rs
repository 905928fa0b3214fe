//! From a TL schema to typed Rust.
