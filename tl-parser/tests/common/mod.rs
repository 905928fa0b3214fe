//! Real schemas to try things on, where there are any.

#![allow(
    clippy::panic,
    clippy::unwrap_used,
    dead_code,
    reason = "helpers that not every test needs"
)]

pub(crate) mod shape;

use std::path::{Path, PathBuf};

use tl_parser::ir::Schema;
use tl_parser::resolve::Options;
use tl_parser::source::{Source, Sources};

/// All `.tl` files of a folder of real schemas that may lie beside the workspace. Where it is
/// absent there are none, and a note says so.
pub(crate) fn real_schemas() -> Vec<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/corpora");
    let mut files = Vec::new();
    let mut folders = vec![root.clone()];
    while let Some(folder) = folders.pop() {
        let Ok(entries) = std::fs::read_dir(folder) else {
            continue;
        };
        for path in entries.map(|entry| entry.unwrap().path()) {
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "tl") {
                files.push(path);
            }
        }
    }
    if files.is_empty() {
        eprintln!("skipped: no schemas in {}", root.display());
    }
    files.sort();
    files
}

/// All that means something in a file, comments included: its text without white space, without
/// byte order mark and without semicolons, of which the last may be missing.
///
/// Knows nothing of the parser.
pub(crate) fn words(source: &Source) -> String {
    let is_word = |char: &char| !matches!(char, ' ' | '\t'..='\r' | ';' | '\u{feff}');
    source.text().chars().filter(is_word).collect()
}

/// A file of that folder, by its path in it: `tlo/ton_api.tlo`.
pub(crate) fn real_file(path: &str) -> Option<Vec<u8>> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../shared/corpora")
        .join(path);
    let bytes = std::fs::read(&path).ok();
    if bytes.is_none() {
        eprintln!("skipped: there is no {}", path.display());
    }
    bytes
}

/// The schema of one file.
pub(crate) fn schema(source: Source) -> Schema {
    let name = source.name().to_owned();
    let mut sources = Sources::new();
    let file = sources.add(source);
    let parsed = tl_parser::parse(file, sources.get(file).unwrap());
    let asts = [parsed.ast];
    let resolved = tl_parser::resolve::resolve(&sources, &asts, &Options::default());
    resolved
        .schema
        .unwrap_or_else(|| panic!("{name}: {:#?}", resolved.diagnostics))
}

/// The schema of a text.
pub(crate) fn schema_of(text: &str) -> Schema {
    schema(Source::new("test.tl", text).unwrap())
}

/// The schema of one file, if it is free of errors.
pub(crate) fn valid_schema(source: Source) -> Option<Schema> {
    let mut sources = Sources::new();
    let file = sources.add(source);
    let parsed = tl_parser::parse(file, sources.get(file).unwrap());
    tl_parser::resolve::resolve(&sources, &[parsed.ast], &Options::default()).schema
}

/// Runs a fuzz target on all kept inputs of a kind.
pub(crate) fn fuzz_inputs(kind: &str, target: fn(&[u8])) {
    let fuzz = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz");
    let mut inputs = 0;
    for folder in [
        fuzz.join("seeds").join(kind),
        fuzz.join("regressions").join(kind),
    ] {
        let Ok(entries) = std::fs::read_dir(&folder) else {
            continue;
        };
        for entry in entries {
            let path = entry.unwrap().path();
            println!("{}", path.display());
            target(&std::fs::read(&path).unwrap());
            inputs += 1;
        }
    }
    assert!(inputs > 0, "no inputs of the kind {kind}");
}
