//! The fuzz targets on their kept inputs: seeds, and everything that once made one of them fail.

#![allow(clippy::unwrap_used, reason = "a test")]

#[path = "../fuzz/targets.rs"]
mod targets;

use std::path::Path;

/// Runs a target on all inputs of a kind.
fn run(kind: &str, target: fn(&[u8])) {
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

#[test]
fn parse() {
    run("text", targets::parse);
}

#[test]
fn format() {
    run("text", targets::format);
}
