//! The golden files of the generator, compiled and run: what generated code does with this crate.

#[path = "../../../tl-codegen/tests/golden/sample_borrowed.rs"]
mod sample_borrowed;
#[path = "../../../tl-codegen/tests/golden/sample_owned.rs"]
mod sample_owned;

include!("cases/sample.rs");
