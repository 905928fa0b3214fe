//! Every real schema becomes Rust, in both ownerships, the same each time.

use std::path::{Path, PathBuf};

use tl_codegen::{Config, Error, Ownership};

/// The schemas of the project, and those beside it if they are there.
fn schemas() -> Vec<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let mut files = Vec::new();
    let mut folders = vec![root.join("schemas")];
    let corpora = root.join("../shared/corpora");
    if corpora.is_dir() {
        folders.push(corpora);
    } else {
        println!("only the project's own schemas: there are no others beside it");
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
fn every_schema_becomes_rust() {
    let own = Path::new(env!("CARGO_MANIFEST_DIR")).join("../schemas");
    let mut count = 0;
    for path in schemas() {
        for ownership in [Ownership::Owned, Ownership::Borrowed] {
            let config = Config::new().schema(&path).ownership(ownership);
            match config.generate_text() {
                Ok(generated) => {
                    let again = config.generate_text().map(|again| again.text);
                    assert_eq!(again.ok(), Some(generated.text), "{}", path.display());
                    count += 1;
                }
                // Faults are what tl-parser tests; the project's own schemas have none.
                Err(Error::Schema(_)) if !path.starts_with(&own) => {}
                Err(error) => panic!("{}: {error}", path.display()),
            }
        }
    }
    assert!(count >= 12, "{count}");
}

#[test]
fn pruning_leaves_out_what_is_not_reached() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../schemas/telegram/api.tl");
    let all = Config::new().schema(&path);
    let some = all.clone().only(["help.getNearestDc"]);
    let text = some.generate_text().unwrap().text;
    assert!(text.contains("pub struct GetNearestDc"));
    assert!(text.contains("pub struct NearestDc"));
    assert!(!text.contains("pub struct Message "));
    let unknown = all.only(["help.nothing"]).generate_text();
    assert!(matches!(unknown, Err(Error::Unknown { path, .. }) if path == "help.nothing"));
}
