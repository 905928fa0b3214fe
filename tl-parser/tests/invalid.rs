//! Faults: `invalid/NAME.tl` beside `invalid/NAME.stderr`, the text that an author sees.
//!
//! `UPDATE_EXPECT=1 cargo test -p tl-parser --test invalid` writes the second from the first. The
//! name begins with the code that the file is there for.

#![allow(clippy::unwrap_used, reason = "tests")]

use std::path::{Path, PathBuf};

use tl_parser::diagnostic::Code;
use tl_parser::render::Renderer;
use tl_parser::source::Source;

fn files() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/invalid");
    let entries = std::fs::read_dir(folder).unwrap();
    let mut files: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
    files.retain(|path| path.extension().is_some_and(|extension| extension == "tl"));
    files.sort();
    files
}

fn code_of(path: &Path) -> String {
    let name = path.file_stem().unwrap().to_str().unwrap();
    name.split('_').next().unwrap().to_uppercase()
}

#[test]
fn faults_are_explained() {
    for path in files() {
        let name = path.file_name().unwrap().to_str().unwrap();
        let source = Source::new(name, std::fs::read_to_string(&path).unwrap()).unwrap();
        let compiled = tl_parser::compile([source]);
        let codes: Vec<&str> = compiled
            .diagnostics
            .iter()
            .map(|d| d.code.as_str())
            .collect();
        assert!(codes.contains(&&*code_of(&path)), "{name}: {codes:?}");
        let renderer = Renderer::new();
        let text: Vec<String> = compiled
            .diagnostics
            .iter()
            .map(|diagnostic| renderer.render(diagnostic, &compiled.sources))
            .collect();
        expect_test::expect_file![path.with_extension("stderr")].assert_eq(&text.join("\n"));
    }
}

#[test]
fn every_fault_of_resolution_has_a_file() {
    let files: Vec<String> = files().iter().map(|path| code_of(path)).collect();
    let missing: Vec<&str> = Code::ALL
        .iter()
        // Those of the parser have their own tests, and an empty repetition is one of them unless a
        // program made the tree; a thousand warnings would be a long file.
        .filter(|code| !code.as_str().starts_with('S'))
        .filter(|code| !matches!(code, Code::TooManyWarnings | Code::EmptyRepeat))
        .map(|code| code.as_str())
        .filter(|code| !files.iter().any(|file| file == code))
        .collect();
    assert_eq!(missing, [""; 0]);
}
