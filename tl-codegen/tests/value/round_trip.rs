//! Random values of whole schemas: decoded, printed, parsed and encoded they are the same bytes.

use std::path::{Path, PathBuf};

use tl_codegen::Sampler;
use tl_codegen::value::{Catalog, Type, Value};
use tl_parser::ir::{CombinatorKind, Schema};

use super::schema;

/// Both forms of what the bytes are lead back to the bytes.
fn round_trip(catalog: &Catalog<'_>, ty: &Type, bytes: &[u8], what: &str) {
    let decoded = catalog.decode(bytes, ty);
    assert_eq!(decoded.faults, [], "{what}: {bytes:02x?}");
    assert_eq!(decoded.notes, [], "{what}");
    assert_eq!(decoded.len, bytes.len());
    let again = catalog.encode(&decoded.value, ty);
    assert!(
        again.as_deref() == Ok(bytes),
        "{what}: {again:?}\n{}",
        decoded.value
    );

    let json = decoded.value.to_json();
    let parsed = Value::from_json(&json).unwrap();
    assert!(
        serde_json::from_str::<serde_json::Value>(&json).is_ok(),
        "{json}"
    );
    let again = catalog.encode(&parsed, ty);
    assert!(again.as_deref() == Ok(bytes), "{what}: {again:?}\n{json}");

    let text = decoded.value.to_string();
    let parsed = Value::from_text(&text).unwrap();
    let again = catalog.encode(&parsed, ty);
    assert!(again.as_deref() == Ok(bytes), "{what}: {again:?}\n{text}");

    // A line for each value, and each byte in one of them.
    assert!(decoded.listing(bytes).lines().count() > 1);
}

/// Some random values of each constructor and function of a schema, and answers to the functions.
/// Tells of how many declarations there were any.
fn round_trips(schema: &Schema, seed: u64, rounds: usize) -> usize {
    let catalog = Catalog::new(schema);
    let mut sampler = Sampler::new(schema, seed);
    let mut count = 0;
    let plain = schema
        .combinator_ids()
        .find(|&id| schema[id].kind == CombinatorKind::Function && schema[id].variables.is_empty());
    for id in schema.combinator_ids() {
        let combinator = &schema[id];
        let name = &schema[combinator.name];
        // What depends on something from outside is reached from where it is used.
        let stands_alone = combinator.variables.is_empty() && !combinator.is_default(schema);
        let mut any = false;
        for _ in 0..rounds {
            match combinator.kind {
                CombinatorKind::Constructor if stands_alone && combinator.builtin.is_none() => {
                    if let Some(bytes) = sampler.combinator(id) {
                        round_trip(&catalog, &catalog.any(), &bytes, name);
                        any = true;
                    }
                }
                CombinatorKind::Function => {
                    let wrapped = plain.filter(|_| !combinator.variables.is_empty());
                    let Some((call, answer)) = sampler.exchange(id, wrapped) else {
                        continue;
                    };
                    round_trip(&catalog, &catalog.any(), &call, name);
                    if wrapped.is_none()
                        && let Ok(result) = catalog.result_of(name)
                    {
                        round_trip(&catalog, &result, &answer, name);
                    }
                    any = true;
                }
                CombinatorKind::Constructor => {}
            }
        }
        count += usize::from(any);
    }
    count
}

#[test]
fn the_sample_schema() {
    let schema = schema(&[include_str!("../golden/sample.tl")]);
    assert_eq!(round_trips(&schema, 1, 500), 16);
}

/// The schemas of the project.
fn schemas() -> Vec<PathBuf> {
    let mut files = Vec::new();
    let mut folders = vec![Path::new(env!("CARGO_MANIFEST_DIR")).join("../schemas")];
    if let Some(more) = std::env::var_os("TL_SCHEMAS") {
        folders.push(more.into());
    }
    while let Some(folder) = folders.pop() {
        let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
        for path in entries.map(|entry| entry.path()) {
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "tl") {
                files.push(path);
            }
        }
    }
    files.sort();
    files
}

#[test]
fn every_schema() {
    let mut count = 0;
    for path in schemas() {
        let text = std::fs::read(&path).unwrap();
        let Ok(text) = String::from_utf8(text) else {
            continue;
        };
        let source = tl_parser::source::Source::new("schema.tl", text).unwrap();
        let Some(schema) = tl_parser::compile([source]).schema else {
            println!("{}: has faults", path.display());
            continue;
        };
        let some = round_trips(&schema, 2, 1);
        println!("{}: {some} of {}", path.display(), schema.combinators.len());
        count += some;
    }
    assert!(count > 6000, "{count}");
}
