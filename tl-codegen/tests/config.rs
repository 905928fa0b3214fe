//! What a build script meets: lists of known ids, and errors as Cargo shows them.
#![cfg(feature = "schema")]
#![allow(clippy::unwrap_used, reason = "tests")]

use std::error::Error as _;
use std::path::PathBuf;

use tl_codegen::{Config, Error};

/// A file of this test's own.
fn file(name: &str, text: &str) -> PathBuf {
    let path = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name);
    std::fs::write(&path, text).unwrap();
    path
}

#[test]
fn nobody_is_warned_of_known_ids() {
    let schema = file("known.tl", "point#01020304 x:int = Point;\n");
    let config = Config::new().schema(&schema);
    assert_eq!(
        config.generate_text().unwrap().warnings.diagnostics.len(),
        1
    );

    let list = file(
        "known-ids.txt",
        "// by hand\npoint#01020304 known.tl: of old\n",
    );
    let generated = config.known_ids(list).generate_text().unwrap();
    assert!(generated.warnings.diagnostics.is_empty());
    assert!(generated.text.contains("0x01020304"));
}

#[test]
fn a_list_that_is_none_says_which_line() {
    let schema = file("listed.tl", "point x:int = Point;\n");
    let list = file("no-list.txt", "\npoint 01020304\n");
    let error = Config::new()
        .schema(schema)
        .known_ids(&list)
        .generate_text()
        .unwrap_err();
    assert!(matches!(error, Error::KnownIds { .. }), "{error}");
    assert_eq!(
        error.source().unwrap().to_string(),
        "line 2 of the known ids is not of the form `name#89abcdef`"
    );
}

#[test]
fn a_build_script_that_returns_the_error_shows_the_faults() {
    let schema = file("faulty.tl", "point x:itn = Point;\n");
    let error = Config::new().schema(&schema).generate_text().unwrap_err();
    let shown = format!("{error:?}");
    assert!(shown.contains("error[R001]"), "{shown}");
    assert!(shown.contains("1 | point x:itn = Point;"), "{shown}");

    let missing = Config::new()
        .schema("no-such-file.tl")
        .generate_text()
        .unwrap_err();
    let shown = format!("{missing:?}");
    assert!(
        shown.starts_with("no-such-file.tl can't be read: "),
        "{shown}"
    );
}

#[test]
fn a_query_beside_its_answer_is_refused() {
    let schema = file(
        "answered.tl",
        "a x:int = A;\n---functions---\nwith {X:Type} was:(vector X) query:!X = X;\n\
         plain {X:Type} query:!X = X;\n",
    );
    let error = Config::new().schema(&schema).generate_text().unwrap_err();
    assert_eq!(
        error.to_string(),
        "a query and values of what it is answered with stand side by side in with"
    );
}
