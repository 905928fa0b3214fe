//! The examples themselves, and what README.md shows of the first.

#![allow(clippy::unwrap_used, reason = "a test")]

use std::process::Command;

/// A line of README.md, in which `…` stands for what differs from run to run.
fn fits(shown: &str, line: &str) -> bool {
    let mut rest = line;
    let mut parts = shown.split('…');
    let Some(first) = parts.next() else {
        return false;
    };
    let Some(after) = rest.strip_prefix(first) else {
        return false;
    };
    rest = after;
    let parts: Vec<&str> = parts.collect();
    for (at, part) in parts.iter().enumerate() {
        let found = match at + 1 == parts.len() {
            true => rest.ends_with(part).then(|| rest.len() - part.len()),
            false => rest.find(part),
        };
        let Some(found) = found else {
            return false;
        };
        rest = &rest[found + part.len()..];
    }
    rest.is_empty()
}

#[test]
fn the_first_command_of_the_readme_prints_what_stands_there() {
    let output = Command::new(env!("CARGO_BIN_EXE_talk")).output().unwrap();
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{errors}");
    let text = String::from_utf8(output.stdout).unwrap();

    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../../README.md");
    let readme = std::fs::read_to_string(path).unwrap();
    let (_, shown) = readme
        .split_once("$ cargo run --release -p example-talk\n")
        .unwrap();
    let (shown, _) = shown.split_once("```").unwrap();
    assert_eq!(shown.lines().count(), text.lines().count(), "{text}");
    for (shown, line) in shown.lines().zip(text.lines()) {
        assert!(fits(shown, line), "README: {shown}\nprinted: {line}");
    }
}

/// The generator is there while building, and only then.
#[test]
fn the_generator_stays_in_the_build() {
    let output = Command::new(env!("CARGO"))
        .args(["tree", "--offline", "--locked", "--prefix", "none"])
        .args(["--edges", "normal", "--format", "{p}"])
        .args(["--package", env!("CARGO_PKG_NAME")])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(text.contains("mtproto-runtime"));
    assert!(!text.contains("tl-codegen") && !text.contains("tl-parser"));
}
