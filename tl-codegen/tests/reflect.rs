//! Values by their tables and by the schema alone: the same texts.

#![allow(clippy::unwrap_used, clippy::panic)]

#[path = "golden/sample_table_borrowed.rs"]
mod sample_table_borrowed;
#[path = "golden/sample_table_owned.rs"]
mod sample_table_owned;

use sample_table_borrowed as sample_borrowed;
use sample_table_owned as sample_owned;

use tl_codegen::value::Catalog;
use tl_codegen::{IdRule, Sampler};
use tl_parser::Compiler;
use tl_parser::ir::Schema;
use tl_parser::source::Source;
use tl_runtime::{Arena, Identified, TlRead, reflect};

fn schema() -> Schema {
    let mut compiler = Compiler::new().id_rule(IdRule::Telegram);
    compiler.add(Source::new("sample.tl", include_str!("golden/sample.tl")).unwrap());
    compiler.compile().schema.unwrap()
}

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
    all!(same!(60, sampler, catalog, schema));
}
