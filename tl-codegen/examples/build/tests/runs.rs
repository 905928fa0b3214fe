//! The example itself.

#![allow(clippy::unwrap_used, reason = "a test")]

use std::process::Command;

#[test]
fn it_runs() {
    let output = Command::new(env!("CARGO_BIN_EXE_example-build"))
        .output()
        .unwrap();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
}

/// The generator is there while building, and only then.
#[test]
fn the_generator_stays_in_the_build() {
    let tree = |edges: &str| {
        let output = Command::new(env!("CARGO"))
            .args(["tree", "--offline", "--locked", "--prefix", "none"])
            .args(["--edges", edges, "--format", "{p}"])
            .args(["--package", env!("CARGO_PKG_NAME")])
            .current_dir(env!("CARGO_MANIFEST_DIR"))
            .output()
            .unwrap();
        let text = String::from_utf8(output.stdout).unwrap();
        let names = text.lines().filter_map(|line| line.split(' ').next());
        names.map(str::to_owned).collect::<Vec<String>>()
    };
    assert_eq!(
        tree("normal"),
        ["example-build", "mtproto-runtime", "tl-runtime"]
    );
    let build = tree("normal,build");
    assert!(build.iter().any(|name| name == "tl-codegen"));
    // Nor is the command line built for it.
    assert!(!build.iter().any(|name| name == "clap"));
}

/// What `only` leaves out is not there.
#[test]
fn what_is_not_wanted_is_not_generated() {
    let text = include_str!(concat!(env!("OUT_DIR"), "/chat.rs"));
    assert!(text.contains("pub struct Send "));
    assert!(!text.contains("Typing"));
}
