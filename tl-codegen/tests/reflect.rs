//! Values by their tables and by the schema alone: the same texts.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    elided_lifetimes_in_paths
)]

#[path = "golden/sample_table_borrowed.rs"]
mod sample_table_borrowed;
#[path = "golden/sample_table_owned.rs"]
mod sample_table_owned;

use sample_table_borrowed as sample_borrowed;
use sample_table_owned as sample_owned;

use std::sync::LazyLock;

use proptest::prelude::*;
use tl_codegen::value::{Catalog, TextError};
use tl_codegen::{IdRule, Sampler};
use tl_parser::Compiler;
use tl_parser::ir::Schema;
use tl_parser::source::Source;
use tl_runtime::reflect::JsonErrorKind;
use tl_runtime::{Arena, Identified, TlRead, TlWrite, reflect};

fn schema() -> Schema {
    let mut compiler = Compiler::new().id_rule(IdRule::Telegram);
    compiler.add(Source::new("sample.tl", include_str!("golden/sample.tl")).unwrap());
    compiler.compile().schema.unwrap()
}

/// How many values of each type: fewer where each takes long, under valgrind.
fn rounds(usual: u32) -> u32 {
    std::env::var("ROUNDS").map_or(usual, |rounds| rounds.parse().expect("a number"))
}

static SCHEMA: LazyLock<Schema> = LazyLock::new(schema);

/// What the schema alone says of the bytes: text, JSON, and what is where.
fn expected(catalog: &Catalog<'_>, bytes: &[u8]) -> (String, String, Vec<String>) {
    let decoded = catalog.decode(bytes, &catalog.any());
    assert_eq!(decoded.faults, []);
    let mut places = Vec::new();
    known(&decoded.value, &mut places);
    (decoded.value.to_string(), decoded.value.to_json(), places)
}

/// Fields with their places, all but those inside of objects.
fn known(value: &tl_codegen::value::Value, out: &mut Vec<String>) {
    use tl_codegen::value::Data;
    match &value.data {
        Data::Struct(of) => {
            for field in &of.fields {
                let span = field.value.span;
                out.push(format!(
                    "{} {} {}",
                    field.name,
                    span.start,
                    span.end - span.start
                ));
                if &*field.ty != "Object" {
                    known(&field.value, out);
                }
            }
        }
        Data::List(elements) => elements.iter().for_each(|element| {
            out.push(format!(
                "- {} {}",
                element.span.start,
                element.span.end - element.span.start
            ));
            known(element, out);
        }),
        _ => {}
    }
}

/// The same of a view.
fn seen(view: reflect::View<'_>, out: &mut Vec<String>) {
    let mut end = view
        .fields()
        .next()
        .map_or(view.offset() + view.size(), reflect::Field::offset);
    for field in view.fields() {
        assert_eq!(field.offset(), end);
        end += field.size();
        let Some(data) = field.data() else {
            assert_eq!(field.size(), 0);
            assert!(field.parameter().condition().is_some());
            continue;
        };
        out.push(format!(
            "{} {} {}",
            field.name(),
            field.offset(),
            field.size()
        ));
        inside(data, out);
    }
    assert_eq!(end, view.offset() + view.size());
}

fn inside(data: reflect::Data<'_>, out: &mut Vec<String>) {
    match data {
        reflect::Data::Value(view) => seen(view, out),
        reflect::Data::List(list) => list.iter().for_each(|element| {
            out.push(format!("- {} {}", element.offset, element.size));
            inside(element.data, out);
        }),
        _ => {}
    }
}

macro_rules! same {
    ($rounds:expr, $sampler:ident, $catalog:ident, $schema:ident, $($path:ident)::+) => {{
        let name = <sample_owned::$($path)::+ as Identified>::NAME;
        let id = $schema.find_combinators(name).next().unwrap();
        let mut compared = 0;
        for _ in 0..$rounds {
            let bytes = $sampler.combinator(id).unwrap();
            let (text, json, places) = expected(&$catalog, &bytes);
            // What has code of its own is unknown where any type may stand.
            let has_code = ["\"table\"", "\"stats\"", "\"row\"", "\"invokeWithLayer\""];
            if has_code.iter().any(|name| json.contains(&format!("\"@type\": {name}"))) {
                continue;
            }
            let owned = sample_owned::$($path)::+::from_bytes(&bytes).unwrap();
            let arena = Arena::new();
            let borrowed = sample_borrowed::$($path)::+::from_bytes_in(&bytes, &arena).unwrap();
            let dynamic = sample_owned::SCHEMA.read(&bytes).unwrap();
            let dynamic_borrowed = sample_borrowed::SCHEMA.read_in(&bytes, &arena).unwrap();
            let views = [
                reflect::of(&owned),
                reflect::of(&borrowed),
                dynamic.view(),
                dynamic_borrowed.view(),
            ];
            for view in views {
                assert_eq!(view.to_string(), text, "{bytes:02x?}");
                assert_eq!(view.to_json(), json, "{bytes:02x?}");
                let mut found = Vec::new();
                seen(view, &mut found);
                assert_eq!(found, places, "{bytes:02x?}");
            }
            assert_eq!(dynamic.to_bytes().unwrap(), bytes);
            assert_eq!(dynamic_borrowed.to_bytes().unwrap(), bytes);
            assert_eq!(dynamic.into_typed::<sample_owned::$($path)::+>().ok(), Some(owned));
            compared += 1;
        }
        assert!(compared > $rounds / 2, "{name}: {compared}");
    }};
}

macro_rules! all {
    ($mac:ident!($($args:tt)*)) => {
        $mac!($($args)*, types::Point);
        $mac!($($args)*, types::Account);
        $mac!($($args)*, types::Lists);
        $mac!($($args)*, types::Masks);
        $mac!($($args)*, types::Envelope);
        $mac!($($args)*, types::zoo::AnimalEmpty);
        $mac!($($args)*, types::zoo::Cat);
        $mac!($($args)*, types::zoo::Dog);
        $mac!($($args)*, types::zoo::Owner);
        $mac!($($args)*, types::tree::Leaf);
        $mac!($($args)*, types::tree::Node);
        $mac!($($args)*, functions::GetTable);
        $mac!($($args)*, functions::zoo::GetAnimals);
        $mac!($($args)*, functions::zoo::Feed);
    };
}

#[test]
fn texts_and_places_are_those_of_the_schema_alone() {
    let schema = schema();
    let catalog = Catalog::new(&schema);
    let mut sampler = Sampler::new(&schema, 1);
    all!(same!(rounds(60), sampler, catalog, schema));
}

macro_rules! back {
    ($rounds:expr, $sampler:ident, $schema:ident, $($path:ident)::+) => {{
        let name = <sample_owned::$($path)::+ as Identified>::NAME;
        let id = $schema.find_combinators(name).next().unwrap();
        for _ in 0..$rounds {
            let bytes = $sampler.combinator(id).unwrap();
            let value = sample_owned::$($path)::+::from_bytes(&bytes).unwrap();
            let json = reflect::of(&value).to_json();
            let again = reflect::from_json::<sample_owned::$($path)::+>(&json);
            // Bits of a NaN are kept, too: bytes are compared.
            assert_eq!(again.unwrap().to_bytes().unwrap(), bytes, "{json}");
            let again = sample_owned::SCHEMA.parse_json(&json).unwrap();
            assert_eq!(again.to_bytes().unwrap(), bytes, "{json}");
            let again = reflect::bytes_from_json::<sample_borrowed::$($path)::+>(&json);
            assert_eq!(again.unwrap(), bytes, "{json}");
            assert_eq!(sample_borrowed::SCHEMA.bytes_from_json(&json).unwrap(), bytes);
        }
    }};
}

#[test]
fn json_becomes_the_same_value() {
    let schema = schema();
    let mut sampler = Sampler::new(&schema, 2);
    all!(back!(rounds(60), sampler, schema));
}

/// An enum goes by the name of the constructor.
#[test]
fn json_of_enums() {
    use sample_owned::enums::zoo::Animal;
    let schema = schema();
    let mut sampler = Sampler::new(&schema, 3);
    for name in ["zoo.animalEmpty", "zoo.cat", "zoo.dog"] {
        let id = schema.find_combinators(name).next().unwrap();
        for _ in 0..50 {
            let bytes = sampler.combinator(id).unwrap();
            let animal = Animal::from_bytes(&bytes).unwrap();
            let view = reflect::of(&animal);
            assert_eq!((view.name(), view.ty()), (name, Some("zoo.Animal")));
            let again = reflect::from_json::<Animal>(&view.to_json()).unwrap();
            assert_eq!(again.to_bytes().unwrap(), bytes);
        }
    }
}

/// Whether the text is JSON that may be a constructor: the schema alone takes a list and a boolean
/// for a boxed value, too.
fn is_object(text: &str) -> bool {
    text.trim_start_matches([' ', '\t', '\n', '\r'])
        .starts_with('{')
}

const PIECES: [&str; 32] = [
    "null",
    "true",
    "false",
    "0",
    "-1",
    "4294967295",
    "4294967296",
    "1.5",
    "1e400",
    "\"\"",
    "\"5\"",
    "\"+5\"",
    "\"NaN\"",
    "\"-Infinity\"",
    "\"NaN#7fc00001\"",
    "[]",
    "[1]",
    "{}",
    "\"AA==\"",
    "\"A\"",
    "\"\\ud83d\\ude00\"",
    "\"\\ud83d\"",
    "\"\\udc00\"",
    "\"@type\": \"zoo.dog\",",
    "\"flags\": 1,",
    "\"flags\": null,",
    "\"id\": 1,",
    "\"good\": false,",
    "{\"@raw\": \"\"}",
    "#8384741c",
    ",",
    "\\",
];

proptest! {
    #![proptest_config(ProptestConfig::with_cases(rounds(1500)))]

    /// Texts that were tampered with: the same bytes, or none.
    #[test]
    fn texts_are_judged_alike(
        which: prop::sample::Index,
        seed: u64,
        changes in proptest::collection::vec(
            (any::<prop::sample::Index>(), 0..12_usize, any::<prop::sample::Index>()),
            0..4,
        ),
    ) {
        let names = ["point", "account", "lists", "zoo.cat", "zoo.dog", "zoo.owner", "tree.node",
            "getTable", "zoo.getAnimals", "zoo.feed"];
        let schema = &*SCHEMA;
        let catalog = Catalog::new(schema);
        let name = names[which.index(names.len())];
        let id = schema.find_combinators(name).next().unwrap();
        let bytes = Sampler::new(schema, seed).combinator(id).unwrap();
        let mut text = sample_owned::SCHEMA.read(&bytes).unwrap().to_json();
        for (place, len, piece) in changes {
            // At the ends of words, most likely: there something can come of it.
            let ends: Vec<usize> = text
                .char_indices()
                .filter(|(_, c)| "\n {}[]:,\"".contains(*c))
                .map(|(at, _)| at)
                .collect();
            let Some(&start) = ends.get(place.index(ends.len().max(1))) else { continue };
            let end = text[start..].char_indices().nth(len).map_or(text.len(), |(at, _)| start + at);
            text.replace_range(start..end, PIECES[piece.index(PIECES.len())]);
        }
        prop_assume!(is_object(&text));
        let expected = catalog.encode_json(&text, &catalog.any());
        let found = sample_owned::SCHEMA.bytes_from_json(&text);
        match (expected, found) {
            (Ok(expected), Ok(found)) => prop_assert_eq!(expected, found, "{}", text),
            (Err(expected), Err(found)) => {
                prop_assert!(found.offset() <= text.len());
                if matches!(found.kind(), JsonErrorKind::Syntax { .. }) {
                    let is_syntax = matches!(expected, TextError::Parse(_));
                    prop_assert!(is_syntax, "{} {} {}", expected, found, text);
                }
            }
            (expected, found) => prop_assert!(false, "{:?} {:?} {}", expected, found, text),
        }
        let _ = sample_owned::SCHEMA.parse_json(&text);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(rounds(3000)))]

    /// Bytes that were tampered with: what is read of them goes through both forms and back.
    #[test]
    fn damaged_bytes_are_refused_or_shown(
        which: prop::sample::Index,
        seed: u64,
        changes in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..6),
        cut in proptest::option::of(any::<prop::sample::Index>()),
    ) {
        let names = ["account", "lists", "masks", "envelope", "zoo.dog", "zoo.owner", "tree.node",
            "zoo.getAnimals"];
        let name = names[which.index(names.len())];
        let id = SCHEMA.find_combinators(name).next().unwrap();
        let mut bytes = Sampler::new(&SCHEMA, seed).combinator(id).unwrap();
        for (place, byte) in changes {
            let place = 4 + place.index((bytes.len() - 4).max(1));
            if let Some(place) = bytes.get_mut(place) {
                *place = byte;
            }
        }
        if let Some(cut) = cut {
            bytes.truncate(cut.index(bytes.len() + 1));
        }
        let arena = Arena::new();
        let owned = sample_owned::SCHEMA.read(&bytes);
        let borrowed = sample_borrowed::SCHEMA.read_in(&bytes, &arena);
        match (owned, borrowed) {
            (Ok(owned), Ok(borrowed)) => {
                let written = owned.to_bytes().unwrap();
                let json = owned.to_json();
                prop_assert_eq!(&borrowed.to_bytes().unwrap(), &written);
                prop_assert_eq!(&borrowed.to_json(), &json);
                prop_assert_eq!(owned.to_string(), borrowed.to_string());
                prop_assert_eq!(sample_owned::SCHEMA.bytes_from_json(&json).unwrap(), written);
                let mut found = (Vec::new(), Vec::new());
                seen(owned.view(), &mut found.0);
                seen(borrowed.view(), &mut found.1);
                prop_assert_eq!(found.0, found.1);
            }
            (Err(owned), Err(borrowed)) => prop_assert_eq!(owned, borrowed),
            (owned, borrowed) => prop_assert!(false, "{:?} {:?}", owned, borrowed),
        }
    }

    #[test]
    fn any_text_is_refused_or_taken(text in "[\\PC\n\t\"{}:,\\[\\]\\\\@]{0,40}") {
        if let Err(error) = sample_owned::SCHEMA.parse_json(&text) {
            prop_assert!(text.get(error.offset()..).is_some(), "{} {:?}", error, text);
        }
    }
}
