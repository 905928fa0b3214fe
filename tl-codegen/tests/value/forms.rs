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

/// Service messages as the protocol's documents declare them. What is packed stays bytes, and a
/// body's length need not be told.
#[test]
fn a_container_with_something_packed() {
    let schema = schema(&[
        "rpc_result#f35c6d01 req_msg_id:long result:Object = RpcResult;\
         message#5bb8e511 msg_id:long seqno:int bytes:int body:Object = Message;\
         msg_container#73f1f8dc messages:vector<%Message> = MessageContainer;\
         gzip_packed#3072cfa1 packed_data:bytes = Object;\
         pong#347773c5 msg_id:long ping_id:long = Pong;",
    ]);
    let catalog = Catalog::new(&schema);
    let text = "msg_container { messages: [
        { msg_id: 1 seqno: 1 body: rpc_result { req_msg_id: 2 result: gzip_packed { packed_data: 0x1f8b } } }
        { msg_id: 3 seqno: 2 body: pong { msg_id: 1 ping_id: 2 } }
    ] }";
    let bytes = catalog.encode_text(text, &catalog.any()).unwrap();
    assert_eq!(
        hex(&bytes),
        "dcf8f173 02000000 \
         0100000000000000 01000000 14000000 016d5cf3 0200000000000000 a1cf7230 021f8b00 \
         0300000000000000 02000000 14000000 c5737734 0100000000000000 0200000000000000"
            .replace(' ', "")
    );
    let decoded = catalog.decode(&bytes, &catalog.any());
    assert_eq!(decoded.faults, []);
    assert!(decoded.value.to_string().contains("packed_data: 0x1f8b"));
    // An answer of a type that this schema does not have.
    let mut foreign = bytes.clone();
    foreign[36..40].copy_from_slice(&[1, 2, 3, 4]);
    let decoded = catalog.decode(&foreign, &catalog.any());
    assert_eq!(decoded.faults, []);
    let text = decoded.value.to_string();
    assert!(text.contains("result: @raw 0x01020304021f8b00") && text.contains("body: pong {"));
    assert_eq!(
        catalog.encode_text(&text, &catalog.any()).as_ref(),
        Ok(&foreign)
    );
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
