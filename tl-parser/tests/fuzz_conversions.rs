//! The fuzz targets of the other forms on their kept inputs: seeds, and everything that once made
//! one of them fail.

#![cfg(feature = "json")]
#![allow(clippy::expect_used, clippy::unwrap_used, reason = "a test")]

mod common;
#[path = "../fuzz/conversions.rs"]
mod conversions;

#[test]
fn tlo() {
    common::fuzz_inputs("tlo", conversions::tlo);
}

#[test]
fn json() {
    common::fuzz_inputs("json", conversions::json);
}
