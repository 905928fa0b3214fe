//! Random values of whole schemas: decoded, printed, parsed and encoded they are the same bytes.

use std::path::{Path, PathBuf};

use tl_codegen::Sampler;
use tl_codegen::value::{Catalog, Value};
use tl_parser::ir::{CombinatorKind, Schema};

use super::schema;

/// Both forms of what the bytes are lead back to the bytes.
fn round_trip(catalog: &Catalog<'_>, bytes: &[u8], what: &str) {
    let any = catalog.any();
    let decoded = catalog.decode(bytes, &any);
    assert_eq!(decoded.faults, [], "{what}: {bytes:02x?}");
    assert_eq!(decoded.len, bytes.len());
    let again = catalog.encode(&decoded.value, &any);
    assert!(
        again.as_deref() == Ok(bytes),
        "{what}: {again:?}\n{}",
        decoded.value
    );

    let json = decoded.value.to_json();
    let parsed = Value::from_json(&json).unwrap();
    let again = catalog.encode(&parsed, &any);
    assert!(again.as_deref() == Ok(bytes), "{what}: {again:?}\n{json}");

    let text = decoded.value.to_string();
    let parsed = Value::from_text(&text).unwrap();
    let again = catalog.encode(&parsed, &any);
    assert!(again.as_deref() == Ok(bytes), "{what}: {again:?}\n{text}");
}

/// Some random values of each type and function of a schema. Tells of how many declarations
/// there were any.
fn round_trips(schema: &Schema, seed: u64, rounds: usize) -> usize {
    let catalog = Catalog::new(schema);
    let mut sampler = Sampler::new(schema, seed);
    let mut count = 0;
    for id in schema.combinator_ids() {
        let combinator = &schema[id];
        let is_constructor = combinator.kind == CombinatorKind::Constructor;
        if combinator.builtin.is_some() || combinator.is_default(schema) && is_constructor {
            continue;
        }
        let mut any = false;
        for _ in 0..rounds {
            if let Some(bytes) = sampler.combinator(id) {
                round_trip(&catalog, &bytes, &schema[combinator.name]);
                any = true;
            }
        }
        count += usize::from(any);
    }
    count
}

#[test]
fn the_sample_schema() {
    let schema = schema(&[include_str!("../golden/sample.tl")]);
    assert_eq!(round_trips(&schema, 1, 500), 15);
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
        let some = round_trips(&schema, 2, 3);
        println!("{}: {some} of {}", path.display(), schema.combinators.len());
        count += some;
    }
    assert!(count > 6000, "{count}");
}
