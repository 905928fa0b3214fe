//! One mistake a file, and beside it the message that we promise.
//!
//! `TRYBUILD=overwrite cargo test -p tl-macros --test ui` writes the messages anew.

#[test]
fn messages() {
    let cases = trybuild::TestCases::new();
    cases.compile_fail("tests/ui/*/*.rs");
}
