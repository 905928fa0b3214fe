//! Bytes that are broken, and texts: an answer in bounded time and memory, with its place.

use std::sync::LazyLock;

use proptest::prelude::*;
use tl_codegen::Sampler;
use tl_codegen::value::{Catalog, Data, Decoded, FaultKind, Limits, Value};
use tl_parser::ir::Schema;

use super::schema;

/// The schemas whose values are broken here: every construct, and a real one.
fn all() -> &'static [Schema; 3] {
    static ALL: LazyLock<[Schema; 3]> = LazyLock::new(|| {
        [
            schema(&[include_str!("constructs.tl")]),
            schema(&[include_str!("../golden/sample.tl")]),
            schema(&[include_str!("../../../schemas/mtproto/mtproto.tl")]),
        ]
    });
    &ALL
}

/// A value of some constructor or function of the schema.
fn sample(schema: &Schema, seed: u64) -> Vec<u8> {
    let mut sampler = Sampler::new(schema, seed);
    let ids: Vec<_> = schema
        .combinator_ids()
        .filter(|&id| schema[id].variables.is_empty() && schema[id].builtin.is_none())
        .collect();
    let start = usize::try_from(seed).unwrap_or(0) % ids.len();
    let mut ids = ids[start..].iter().chain(&ids[..start]);
    ids.find_map(|&id| sampler.combinator(id)).unwrap()
}

/// What holds of all bytes.
fn check(catalog: &Catalog<'_>, bytes: &[u8]) -> Decoded {
    let any = catalog.any();
    let decoded = catalog.decode(bytes, &any);
    let (text, json) = (decoded.value.to_string(), decoded.value.to_json());
    assert!(
        serde_json::from_str::<serde_json::Value>(&json).is_ok(),
        "{json}"
    );
    assert!(!decoded.listing(bytes).is_empty());
    for fault in decoded.faults.iter().chain(&decoded.notes) {
        assert!(fault.offset <= bytes.len(), "{fault}");
    }
    let from_text = Value::from_text(&text).unwrap();
    let from_json = Value::from_json(&json).unwrap();
    let again = catalog.encode(&from_text, &any);
    assert_eq!(
        again.is_ok(),
        catalog.encode(&from_json, &any).is_ok(),
        "{text}"
    );
    match (&decoded.faults[..], &decoded.notes[..]) {
        ([], []) => {
            assert!(again.as_deref() == Ok(bytes), "{again:?}\n{text}");
            assert_eq!(decoded.len, bytes.len());
        }
        // What a reader takes that nobody writes is written as usual, and read as the same.
        ([], _) => {
            let usual = catalog.decode(&again.unwrap(), &any);
            assert_eq!(usual.value.to_string(), text);
        }
        _ if text.contains("@fault") => assert!(again.is_err(), "{text}"),
        _ => {}
    }
    decoded
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn mutated_bytes(
        which in 0_usize..3,
        seed: u64,
        changes in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..4),
        cut in proptest::option::of(any::<prop::sample::Index>()),
    ) {
        let schema = &all()[which];
        let catalog = Catalog::new(schema);
        let mut bytes = sample(schema, seed);
        for (place, byte) in changes {
            let place = place.index(bytes.len());
            bytes[place] = byte;
        }
        if let Some(cut) = cut {
            bytes.truncate(cut.index(bytes.len()));
        }
        check(&catalog, &bytes);
    }

    #[test]
    fn any_bytes_behind_an_id(which in 0_usize..3, seed: u64, tail in proptest::collection::vec(any::<u8>(), 0..200)) {
        let schema = &all()[which];
        let mut bytes = sample(schema, seed);
        bytes.truncate(4);
        bytes.extend(tail);
        check(&Catalog::new(schema), &bytes);
    }
}

/// What may stand in the place of a line of the text form.
const LINES: &[&str] = &[
    "x: 1",
    "flags: 0",
    "flags: 4294967295",
    "n: 3",
    "a: true",
    "a: false",
    "b: null",
    "items: []",
    "cells: [1, 2, 3]",
    "value: [1]",
    "head: 5",
    "tail: list { }",
    "}",
    "]",
    "resultFalse",
    "point { x: 1 y: 2 }",
    "{ y: 1 }",
    "true",
    "\"text\"",
    "0x0102",
];

proptest! {
    #![proptest_config(ProptestConfig::with_cases(800))]

    /// Texts that are nearly values: what is taken becomes bytes that mean the same.
    #[test]
    fn mutated_texts(
        which in 0_usize..3,
        seed: u64,
        changes in proptest::collection::vec(
            (any::<prop::sample::Index>(), 0_u8..4, proptest::sample::select(LINES)),
            1..3,
        ),
        json: bool,
    ) {
        let catalog = Catalog::new(&all()[which]);
        let bytes = sample(&all()[which], seed);
        let value = catalog.decode(&bytes, &catalog.any()).value;
        let text = if json { value.to_json() } else { value.to_string() };
        let mut lines: Vec<&str> = text.lines().collect();
        for (place, kind, line) in changes {
            let place = place.index(lines.len().max(1));
            match kind {
                _ if lines.is_empty() => {}
                0 => drop(lines.remove(place)),
                1 => lines.insert(place, lines[place]),
                2 => lines[place] = line,
                _ => lines.insert(place, line),
            }
        }
        let text = lines.join("\n");
        let encoded = match json {
            true => catalog.encode_json(&text, &catalog.any()),
            false => catalog.encode_text(&text, &catalog.any()),
        };
        match encoded {
            Ok(bytes) => {
                let decoded = catalog.decode(&bytes, &catalog.any());
                // Bytes of unknown type may be of a type that is known, and a length that is told
                // may be wrong; texts can say both.
                if !text.contains("raw") && !text.contains("bytes") {
                    prop_assert_eq!(&decoded.faults, &[], "{}", text);
                    let again = catalog.encode(&decoded.value, &catalog.any());
                    prop_assert_eq!(again.as_ref(), Ok(&bytes), "{}", text);
                }
            }
            Err(error) => prop_assert!(error.offset() <= text.len()),
        }
    }
}

#[test]
fn every_prefix_is_a_fault_with_its_place() {
    for schema in all() {
        let catalog = Catalog::new(schema);
        for seed in 0..60 {
            let bytes = sample(schema, seed);
            // An object that nobody knows goes to the end, wherever that is.
            let whole = catalog.decode(&bytes, &catalog.any());
            if !whole.faults.is_empty() || whole.value.to_string().contains("@raw") {
                continue;
            }
            for len in 0..bytes.len() {
                let decoded = check(&catalog, &bytes[..len]);
                let text = decoded.value.to_string();
                // Cut behind an id that is not known any more, an object is of unknown type.
                if text.contains("@raw") {
                    continue;
                }
                let last = decoded
                    .faults
                    .last()
                    .unwrap_or_else(|| panic!("{len}: {text}"));
                assert!(text.contains("@fault"), "{len}: {text}");
                assert_eq!(last.path.0.is_empty(), len < 4, "{last}");
            }
        }
    }
}

/// A list in a list in a list, in few bytes.
#[test]
fn nesting_is_bounded() {
    let schema = schema(&[include_str!("constructs.tl")]);
    let catalog = Catalog::new(&schema);
    let vector = [0x15, 0xc4, 0xb5, 0x1c, 1, 0, 0, 0];
    let head = catalog
        .encode_text("anything { x: [] y: [] }", &catalog.any())
        .unwrap();
    let bytes = [&head[..4], &vector.repeat(10_000)].concat();
    // A vector that is not what it seems is an unknown value.
    let decoded = catalog.decode(&bytes, &catalog.any());
    assert!(decoded.value.to_string().contains("@raw"));

    // head: absent, tail: another list.
    let list = catalog.parse_type("list<int>").unwrap();
    let bytes = 2_u32.to_le_bytes().repeat(100_000);
    let decoded = catalog.decode(&bytes, &list);
    let last = decoded.faults.last().unwrap();
    assert_eq!(last.kind, FaultKind::TooDeep);
    assert_eq!(last.offset, 64 * 4);
    let within = Limits {
        depth: 3,
        ..Limits::default()
    };
    let decoded = catalog.decode_within(&bytes, &list, within);
    assert_eq!(
        decoded.faults.last().unwrap().to_string(),
        "values are nested too deeply, at byte 12 in list.tail.tail.tail"
    );
}

/// Elements that take no bytes.
#[test]
fn values_of_nothing_are_bounded() {
    let schema = schema(&["true = True; many n:# all:n*[ true ] = Many;"]);
    let catalog = Catalog::new(&schema);
    let many = |count: u32| {
        let mut bytes = catalog
            .encode_text("many { all: [] }", &catalog.any())
            .unwrap();
        bytes[4..].copy_from_slice(&count.to_le_bytes());
        bytes
    };
    assert_eq!(catalog.decode(&many(1000), &catalog.any()).faults, []);
    let decoded = catalog.decode(&many(u32::MAX), &catalog.any());
    assert_eq!(
        decoded.faults.last().unwrap().kind,
        FaultKind::TooManyValues
    );
    let within = Limits {
        values: Some(100),
        ..Limits::default()
    };
    let decoded = catalog.decode_within(&many(1000), &catalog.any(), within);
    assert_eq!(
        decoded.faults.last().unwrap().kind,
        FaultKind::TooManyValues
    );
}

#[test]
fn a_vector_can_t_claim_more_than_there_is() {
    let schema =
        schema(&["int ? = Int; vector {t:Type} # [ t ] = Vector t; a x:(vector int) = A;"]);
    let catalog = Catalog::new(&schema);
    let mut bytes = catalog
        .encode_text("a { x: [1, 2] }", &catalog.any())
        .unwrap();
    bytes[4..8].copy_from_slice(&u32::MAX.to_le_bytes());
    let decoded = catalog.decode(&bytes, &catalog.any());
    assert_eq!(
        decoded.faults[0].to_string(),
        "a vector claims 4294967295 elements where at most 2 fit, at byte 8 in a.x"
    );
}

/// Templates that double their argument at each level: the name of the last has 2^60 parts.
#[test]
fn a_type_that_doubles_is_not_spelled_out() {
    const LEVELS: usize = 60;
    let mut text = String::from("int ? = Int; pair {X:Type} {Y:Type} a:X b:Y = Pair X Y;");
    for level in 0..LEVELS {
        let next = level + 1;
        text += &format!("grow{level} {{X:Type}} next:(grow{next} (pair X X)) = Grow{level} X;");
    }
    text += &format!(
        "grow{LEVELS} {{X:Type}} mask:# x:mask.0?X = Grow{LEVELS} X; start x:(grow0 int) = Start;"
    );
    let schema = schema(&[&text]);
    let catalog = Catalog::new(&schema);
    let id = schema.find_combinators("start").next().unwrap();
    let bytes = [schema[id].id.to_le_bytes(), [0; 4]].concat();
    let decoded = catalog.decode(&bytes, &catalog.any());
    assert_eq!(decoded.faults, []);
    assert!(decoded.listing(&bytes).len() < 100_000);
    let again = catalog.encode(&decoded.value, &catalog.any());
    assert_eq!(again.as_deref(), Ok(&bytes[..]));
}

#[test]
fn what_nobody_writes_is_noted() {
    let schema = schema(&["string ? = String; a s:string = A;"]);
    let catalog = Catalog::new(&schema);
    let id = &catalog
        .encode_text("a { s: \"\" }", &catalog.any())
        .unwrap()[..4];
    let notes = |bytes: &[u8]| {
        let decoded = catalog.decode(&[id, bytes].concat(), &catalog.any());
        assert_eq!(decoded.faults, []);
        assert_eq!(
            decoded.value.field("s").unwrap().data,
            Data::String("x".to_owned())
        );
        let notes = decoded.notes.iter().map(ToString::to_string);
        notes.collect::<Vec<String>>().join("; ")
    };
    assert_eq!(notes(b"\x01x\0\0"), "");
    assert_eq!(
        notes(b"\x01x\0\x07"),
        "padding that is not zero, at byte 6 in a.s"
    );
    assert_eq!(
        notes(b"\xfe\x01\0\0x\0\0\0"),
        "a short length in its long form, at byte 4 in a.s"
    );
}

/// What is wrong inside of a message that tells its length does not spoil the next.
#[test]
fn a_broken_message_in_a_container() {
    let schema = schema(&[include_str!("constructs.tl")]);
    let catalog = Catalog::new(&schema);
    let text = "container { messages: [{ id: 1 body: boxed { i: 1 s: \"abc\" yes: true all: [] } } \
                { id: 2 body: int { @value: 7 } }] }";
    let mut bytes = catalog.encode_text(text, &catalog.any()).unwrap();
    // The length of the string.
    let at = bytes
        .windows(4)
        .position(|four| four == b"\x03abc")
        .unwrap();
    bytes[at] = 255;
    let decoded = catalog.decode(&bytes, &catalog.any());
    let faults: Vec<String> = decoded.faults.iter().map(ToString::to_string).collect();
    assert_eq!(
        faults,
        ["invalid length of a string or bytes, at byte 36 in container.messages[0].body.s"]
    );
    assert_eq!(decoded.len, bytes.len());
    assert!(decoded.value.to_string().contains("@value: 7"));
}
