//! What every construct looks like: text, JSON, bytes and listing of one value each.
//!
//! `UPDATE_EXPECT=1 cargo test -p tl-codegen --test value` writes what comes out.

use std::fmt::Write as _;

use expect_test::expect_file;
use tl_codegen::value::{Catalog, Value};

use super::schema;

const VALUES: &[&str] = &[
    "scalars { i: -1 l: -2 d: 1.5 f: 0.1 s: \"tab\\t\" b: 0x00ff n: 4294967295 \
     i128: 0x000102030405060708090a0b0c0d0e0f \
     i256: 0x000102030405060708090a0b0c0d0e0f000102030405060708090a0b0c0d0e0f \
     i512: 0x000102030405060708090a0b0c0d0e0f000102030405060708090a0b0c0d0e0f\
     000102030405060708090a0b0c0d0e0f000102030405060708090a0b0c0d0e0f bool: true }",
    "boxed { i: 7 s: \"\" yes: true all: [1, 2] }",
    // Where any type may stand.
    "anything { x: int { @value: 5 } y: [true, [], [int { @value: 1 }], resultFalse, ask { id: 1 }] }",
    "anything { x: resultTrue { result: string { @value: \"x\" } } y: [] }",
    "message { id: 1 body: @raw 0x78563412aabbccdd }",
    "nameless { value_2: 1 value_3: \"x\" value: 3 }",
    // Flags.
    "flags { }",
    "flags { a: true b: 1 c: \"x\" d: [] }",
    "flags { flags: 128 more: 0 }",
    "masks { f0: 0 }",
    "masks { t1: true f1: 2 f2: 4 }",
    // Numbers from outside, and counts.
    "table { width: 2 rows: [{ cells: [1, 2] }, { cells: [3, 4] }] mask: 2 stats: { count: 1 total: 9 } \
     pairs: [{ key: 1 value: \"a\" }, { key: 2 value: \"b\" }] fixed: [5, 6] }",
    "grid { n: 2 m: 1 cells: [[1], [2]] }",
    "inner { items: [{ x: 1 y: 2 }, { y: 3 }] }",
    "usesPlus { one: { items: [1, 2] } n: 0 many: { items: [3] } }",
    // Templates.
    "templates { maybe: resultTrue { result: 1 } pair: { a: \"x\" b: resultFalse } tuple: { value: [1, 2] } }",
    "usesList { list: { head: 1 tail: { head: 2 } } }",
    "usesAnswer { first: _ { result: 1 } second: answerError { code: 2 } }",
    // Bytes with a length that the language can't say.
    "container { messages: [{ id: 1 body: int { @value: 1 } }, { id: 2 body: @raw 0x01020304 }, { id: 3 body: wrap { level: 1 query: ask { id: 2 } } }] }",
];

#[test]
fn every_construct() {
    let schema = schema(&[include_str!("constructs.tl")]);
    let catalog = Catalog::new(&schema);
    let mut out = String::new();
    for text in VALUES {
        let bytes = catalog
            .encode_text(text, &catalog.any())
            .unwrap_or_else(|error| panic!("{error}: {text}"));
        let decoded = catalog.decode(&bytes, &catalog.any());
        assert_eq!(decoded.faults, [], "{text}");
        let json = decoded.value.to_json();
        for form in [
            Value::from_json(&json),
            Value::from_text(&decoded.value.to_string()),
        ] {
            let again = catalog.encode(&form.unwrap(), &catalog.any());
            assert_eq!(again.as_ref(), Ok(&bytes), "{text}");
        }
        let _ = writeln!(
            out,
            "{}\n\n{json}\n\n{}",
            decoded.value,
            decoded.listing(&bytes)
        );
    }
    expect_file!["forms.txt"].assert_eq(&out);
}
