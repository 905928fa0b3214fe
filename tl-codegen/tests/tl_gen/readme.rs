//! The console blocks of the workspace's README: what stands there is what `tl-gen` prints.

use std::fmt::Write as _;
use std::path::Path;

use expect_test::expect_file;

/// How the README calls the command.
const COMMAND: &str = "$ cargo run --release --bin tl-gen -- ";

/// Stands for lines that are left out.
const AND_SO_ON: &str = "…";

#[test]
fn the_readme_shows_what_is_printed() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../README.md");
    let readme = std::fs::read_to_string(path).unwrap();
    expect_file![path].assert_eq(&again(&readme));
}

/// The text with the answers to its commands as they are now.
fn again(readme: &str) -> String {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let mut out = String::new();
    let mut lines = readme.lines().peekable();
    while let Some(line) = lines.next() {
        let _ = writeln!(out, "{line}");
        let Some(arguments) = line.strip_prefix(COMMAND) else {
            continue;
        };
        let arguments: Vec<&str> = arguments.split_whitespace().collect();
        let run = super::tl_gen(&root, &arguments, b"");
        let answer = format!("{}{}", run.stdout(), run.stderr());
        let answer: Vec<&str> = answer.trim_end().lines().collect();
        let mut shown = Vec::new();
        while let Some(line) = lines.next_if(|line| !line.starts_with("```")) {
            shown.push(line);
        }
        let (head, tail) = match shown.iter().position(|&line| line == AND_SO_ON) {
            Some(gap) => (gap, shown.len() - gap - 1),
            None => (answer.len(), 0),
        };
        for line in answer.iter().take(head) {
            let _ = writeln!(out, "{line}");
        }
        if head < answer.len() {
            let _ = writeln!(out, "{AND_SO_ON}");
        }
        for line in answer.iter().skip(head).rev().take(tail).rev() {
            let _ = writeln!(out, "{line}");
        }
    }
    out
}
