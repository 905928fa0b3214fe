//! The example itself.

#![allow(clippy::unwrap_used, reason = "a test")]

use std::process::Command;

#[test]
fn it_runs() {
    let output = Command::new(env!("CARGO_BIN_EXE_example-checked-in"))
        .output()
        .unwrap();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
}

/// Who builds it builds the run time and nothing else: no generator, no macro.
#[test]
fn two_crates_are_all_that_it_builds() {
    let output = Command::new(env!("CARGO"))
        .args(["tree", "--offline", "--locked", "--prefix", "none"])
        .args(["--edges", "normal,build", "--format", "{p}"])
        .args(["--package", env!("CARGO_PKG_NAME")])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    let names = text.lines().filter_map(|line| line.split(' ').next());
    let names: Vec<&str> = names.collect();
    assert_eq!(
        names,
        ["example-checked-in", "mtproto-runtime", "tl-runtime"]
    );
}
