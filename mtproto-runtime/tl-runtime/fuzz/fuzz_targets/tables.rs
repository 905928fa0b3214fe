#![no_main]

// Generated code names its owned types from the crate's root.
#[path = "../../../../tl-codegen/tests/golden/sample_borrowed.rs"]
mod sample_borrowed;
#[path = "../../../../tl-codegen/tests/golden/sample_owned.rs"]
mod sample_owned;
#[path = "../../../../tl-codegen/tests/golden/sample_table_borrowed.rs"]
mod sample_table_borrowed;
#[path = "../../../../tl-codegen/tests/golden/sample_table_owned.rs"]
mod sample_table_owned;
#[path = "../../../../tl-codegen/tests/golden/sample_hot_borrowed.rs"]
mod sample_hot_borrowed;
#[path = "../../../../tl-codegen/tests/golden/sample_hot_owned.rs"]
mod sample_hot_owned;
#[path = "../../../../tl-codegen/tests/golden/wide_borrowed.rs"]
mod wide_borrowed;
#[path = "../../../../tl-codegen/tests/golden/wide_owned.rs"]
mod wide_owned;
#[path = "../../../../tl-codegen/tests/golden/wide_table_borrowed.rs"]
mod wide_table_borrowed;
#[path = "../../../../tl-codegen/tests/golden/wide_table_owned.rs"]
mod wide_table_owned;

#[path = "../targets.rs"]
mod targets;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| targets::tables(bytes));
