//! Telegram's JSON form of a schema.

#![cfg(feature = "json")]
#![allow(clippy::unwrap_used, reason = "tests")]

mod common;

use common::shape::shape;
use common::{real_file, schema, schema_of};
use tl_parser::conversion::LossKind;
use tl_parser::ir::Schema;
use tl_parser::json::{self, ReadError};
use tl_parser::source::Source;

fn read(name: &str, bytes: &[u8]) -> Schema {
    schema(Source::new(name, json::read(bytes).unwrap()).unwrap())
}

fn losses(text: &str) -> Vec<LossKind> {
    let losses = json::write(&schema_of(text)).losses;
    losses.into_iter().map(|loss| loss.kind).collect()
}

#[test]
fn a_real_schema_is_written_byte_for_byte() {
    let text = real_file("telegram/api-109.tl");
    let expected = real_file("json/api-109.json");
    let (Some(text), Some(expected)) = (text, expected) else {
        return;
    };
    let schema = schema(Source::from_bytes("api-109.tl", text).unwrap());
    let written = json::write(&schema).output;
    let expected = String::from_utf8(expected).unwrap();
    let difference = written.lines().zip(expected.lines()).find(|(a, b)| a != b);
    assert_eq!(difference, None);
    assert_eq!(written.len(), expected.len());
}

#[test]
fn a_real_schema_is_read_as_the_text_it_was_made_of() {
    let text = real_file("telegram/api-109.tl");
    let bytes = real_file("json/api-109.json");
    let (Some(text), Some(bytes)) = (text, bytes) else {
        return;
    };
    let expected = schema(Source::from_bytes("api-109.tl", text).unwrap());
    assert_eq!(shape(&read("api-109.json", &bytes)), shape(&expected));
}

/// The service messages as Telegram publishes them, laid out in another manner and with bare types.
#[test]
fn another_layout_is_the_same_document() {
    let Some(bytes) = real_file("json/mtproto.json") else {
        return;
    };
    let schema = read("mtproto.json", &bytes);
    assert_eq!(schema.counts().constructors, 36);
    assert_eq!(schema.counts().functions, 10);
    let again = json::write(&schema).output;
    let [first, second]: [serde_json::Value; 2] =
        [&bytes[..], again.as_bytes()].map(|json| serde_json::from_slice(json).unwrap());
    assert_eq!(first, second);
}

/// Every real schema comes back as it was, less what the form cannot hold.
#[test]
fn real_schemas_survive() {
    for path in common::real_schemas() {
        let name = path.to_string_lossy().into_owned();
        let source = Source::from_bytes(&name, std::fs::read(&path).unwrap()).unwrap();
        let Some(original) = common::valid_schema(source) else {
            continue;
        };
        let written = json::write(&original);
        let lost = |kind| written.losses.iter().any(|loss| loss.kind == kind);
        if lost(LossKind::Variables) || lost(LossKind::EmptyTypes) {
            // Only VK's schemas are that involved.
            assert!(
                name.contains("/vk/") || name.contains("/micro/") || name.ends_with("/tl.tl"),
                "{name}"
            );
            continue;
        }
        let back = read(&name, written.output.as_bytes());
        let (back, mut original) = (shape(&back), shape(&original));
        // Built-ins need no declaration, so that one which is not used is gone.
        original.retain(|line| !line.contains(" ? builtin:") || back.contains(line));
        for (back, original) in back.iter().zip(&original) {
            assert_eq!(back, original, "{name}");
        }
        assert_eq!(back.len(), original.len(), "{name}");
    }
}

#[test]
fn the_layout_is_telegrams() {
    let schema = schema_of(
        "// LAYER 9\n\
         vector#1cb5c415 {t:Type} # [ t ] = Vector t;\n\
         user#d23c81a3 flags:# self:flags.10?true names:flags.1?Vector<string> = User;\n\
         ---functions---\n\
         invokeWithLayer#da9b0d0d {X:Type} layer:int query:!X = X;\n",
    );
    let written = json::write(&schema);
    expect_test::expect![[r##"
        {
            "constructors": [
                {
                    "id": "481674261",
                    "predicate": "vector",
                    "params": [],
                    "type": "Vector t"
                },
                {
                    "id": "-767786589",
                    "predicate": "user",
                    "params": [
                        {
                            "name": "flags",
                            "type": "#"
                        },
                        {
                            "name": "self",
                            "type": "flags.10?true"
                        },
                        {
                            "name": "names",
                            "type": "flags.1?Vector<string>"
                        }
                    ],
                    "type": "User"
                }
            ],
            "methods": [
                {
                    "id": "-627372787",
                    "method": "invokeWithLayer",
                    "params": [
                        {
                            "name": "layer",
                            "type": "int"
                        },
                        {
                            "name": "query",
                            "type": "!X"
                        }
                    ],
                    "type": "X"
                }
            ]
        }"##]]
    .assert_eq(&written.output);
    assert_eq!(written.losses.len(), 1);
    assert_eq!(written.losses[0].kind, LossKind::Layer);
    assert_eq!(
        shape(&read("layout", written.output.as_bytes())),
        shape(&schema)
    );
}

#[test]
fn layers_are_sections() {
    let json = r#"{"constructors": [
        {"id": "136574537", "predicate": "a", "params": [], "type": "A", "layer": 8},
        {"id": 541931640, "predicate": "a", "params": [], "type": "A", "layer": 17}
    ]}"#;
    assert_eq!(
        json::read(json.as_bytes()).unwrap(),
        "===8===\na#0823f649 = A;\n===17===\na#204d3878 = A;\n"
    );
    let schema = read("layers", json.as_bytes());
    assert_eq!(
        shape(&read("again", json::write(&schema).output.as_bytes())),
        shape(&schema)
    );
}

#[test]
fn what_is_in_no_layer_comes_before_what_is() {
    let json = r#"{
        "constructors": [
            {"id": "1", "predicate": "a", "params": [], "type": "A", "layer": 8},
            {"id": "2", "predicate": "b", "params": [], "type": "B"}
        ],
        "methods": [
            {"id": "3", "method": "f", "params": [], "type": "A"},
            {"id": "4", "method": "g", "params": [], "type": "B", "layer": 8}
        ]
    }"#;
    assert_eq!(
        json::read(json.as_bytes()).unwrap(),
        "b#00000002 = B;\n---functions---\nf#00000003 = A;\n\
         ===8===\n---types---\na#00000001 = A;\n---functions---\ng#00000004 = B;\n"
    );
}

#[test]
fn ids_are_signed_or_not_and_strings_or_not() {
    for id in ["\"-1\"", "-1", "\"4294967295\"", "4294967295"] {
        let json = format!(
            r#"{{"constructors":[],"methods":[{{"id":{id},"method":"a","params":[],"type":"B"}}]}}"#
        );
        let text = json::read(json.as_bytes()).unwrap();
        assert_eq!(text, "---functions---\na#ffffffff = B;\n");
    }
}

#[test]
fn losses_are_said() {
    assert_eq!(losses("int ? = Int; a b:int = A;"), [LossKind::Builtins]);
    assert_eq!(losses("Empty E; a = A;"), [LossKind::EmptyTypes]);
    assert_eq!(losses("a = A; Final A;"), [LossKind::Finalisation]);
    assert_eq!(losses("@read a => True;"), [LossKind::Annotations]);
    assert_eq!(
        losses("---functions--- f = A; ---types--- a = A;"),
        [LossKind::Order]
    );
    assert_eq!(losses("//@description A letter.\na = A;"), [LossKind::Docs]);
    assert_eq!(losses("pair {X:Type} {Y:Type} a:X b:Y = Pair X Y;"), []);
    assert_eq!(losses("tuple {t:Type} {n:#} n*[ t ] = Tuple t n;"), []);
    // Nothing tells that `n` is a number.
    assert_eq!(losses("a {n:#} = A n;"), [LossKind::Variables]);
    // The order is not that of the result.
    assert_eq!(
        losses("a {X:Type} {Y:Type} x:X y:Y = A Y X;"),
        [LossKind::Variables]
    );
}

#[test]
fn other_documents_are_refused() {
    let entry = |fields: &str| format!(r#"{{"constructors":[{{"params":[],{fields}}}]}}"#);
    for (json, message) in [
        (entry(r#""id":"1","type":"A""#), "constructors[0]: wanted a `predicate`"),
        (
            entry(r#""id":"1","type":"A","predicate":"a b""#),
            "constructors[0]: wanted a name of letters, digits, `_` and `.`",
        ),
        (
            entry(r#""id":"4294967296","type":"A","predicate":"a""#),
            "constructors[0]: wanted an `id` of 32 bits",
        ),
        (
            entry(r#""id":"1","type":"A; evil = B","predicate":"a""#),
            "constructors[0]: wanted a `type` that is one",
        ),
        (
            r#"{"constructors":[],"methods":[{"id":1,"method":"a","type":"A","params":[{"name":"b","type":"int c:int"}]}]}"#.to_owned(),
            "methods[0]: wanted parameters with a `type` that is one",
        ),
        (
            r#"{"constructors":[],"methods":[{"id":1,"method":"a","type":"A","params":[{"name":"b:int c","type":"int"}]}]}"#.to_owned(),
            "methods[0]: wanted parameters with a `name` of letters, digits and `_`",
        ),
    ] {
        assert_eq!(json::read(json.as_bytes()).unwrap_err().to_string(), message);
    }
    for json in [
        "",
        "{",
        "[]",
        "{\"constructors\":{}}",
        "{\"constructors\":[1]}",
        &"[".repeat(1 << 20),
    ] {
        let error = json::read(json.as_bytes()).unwrap_err();
        assert!(matches!(error, ReadError::Json(_)), "{error}");
        assert!(std::error::Error::source(&error).is_some());
    }
}
