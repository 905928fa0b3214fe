//! What a user of the derives gets: two crates at run time, and no schema compiler at build time.

#![allow(clippy::unwrap_used, reason = "a test")]

use std::process::Command;

/// The names of all crates that this package is built with, itself among them.
fn tree(edges: &str) -> Vec<String> {
    let output = Command::new(env!("CARGO"))
        .args([
            "tree",
            "--offline",
            "--locked",
            "--prefix",
            "none",
            "--edges",
            edges,
        ])
        .args(["--format", "{p}", "--package", env!("CARGO_PKG_NAME")])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .unwrap();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let text = String::from_utf8(output.stdout).unwrap();
    let names = text.lines().filter_map(|line| line.split(' ').next());
    let mut names: Vec<String> = names.map(str::to_owned).collect();
    names.sort();
    names.dedup();
    names
}

#[test]
fn two_crates_at_run_time() {
    assert_eq!(
        tree("normal,no-proc-macro"),
        ["example-derive", "mtproto-runtime", "tl-runtime"]
    );
}

#[test]
fn no_schema_compiler_at_build_time() {
    let names = tree("normal,build");
    assert!(names.iter().any(|name| name == "tl-macros"), "{names:?}");
    for name in ["pest", "tl-parser", "tl-codegen"] {
        assert!(!names.iter().any(|other| other == name), "{name} is built");
    }
}

/// The example itself.
#[test]
fn it_runs() {
    let output = Command::new(env!("CARGO_BIN_EXE_example-derive"))
        .output()
        .unwrap();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
}
