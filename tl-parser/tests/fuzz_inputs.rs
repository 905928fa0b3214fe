//! The fuzz targets on their kept inputs: seeds, and everything that once made one of them fail.

#![allow(clippy::unwrap_used, reason = "a test")]

mod common;
#[path = "../fuzz/targets.rs"]
mod targets;

#[test]
fn parse() {
    common::fuzz_inputs("text", targets::parse);
}

#[test]
fn format() {
    common::fuzz_inputs("text", targets::format);
}
