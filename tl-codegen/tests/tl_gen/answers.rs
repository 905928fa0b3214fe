//! What programs rely on: the same counts in both forms, and scripts for every shell.

use std::path::Path;

use serde_json::Value;

use super::{schemas, tl_gen};

const COUNTS: [&str; 5] = ["constructors", "functions", "types", "errors", "warnings"];

#[test]
fn both_forms_count_alike() {
    let files = ["broken.tl", "clean.tl", "hand.tl", "more.tl", "untidy.tl"];
    let shipped = ["mtproto/mtproto.tl", "secret/secret.tl", "ton/ton_api.tl"];
    let shipped = shipped.map(|file| {
        let path = Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("../schemas")
            .join(file);
        path.to_str().unwrap().to_owned()
    });
    for file in files.into_iter().chain(shipped.iter().map(String::as_str)) {
        let human = tl_gen(&schemas(), &["check", file], b"");
        let json = tl_gen(&schemas(), &["check", "--format", "json", file], b"");
        assert_eq!(human.code, json.code, "{file}");
        let answer: Value = serde_json::from_slice(&json.stdout).unwrap();
        let line = COUNTS.map(|name| format!("{} {name}", answer[name]));
        assert_eq!(
            human.stdout().lines().last(),
            Some(&*line.join(", ")),
            "{file}"
        );

        let diagnostics = answer["diagnostics"].as_array().unwrap();
        for severity in ["error", "warning"] {
            let found = diagnostics
                .iter()
                .filter(|d| d["severity"] == severity)
                .count();
            assert_eq!(answer[format!("{severity}s")], found, "{file}");
        }
        for diagnostic in diagnostics {
            let place = ["file", "line", "column"].map(|part| &diagnostic[part]);
            let first = ["file", "line", "column"].map(|part| &diagnostic["spans"][0][part]);
            assert_eq!(place, first, "{file}");
            let head = format!(
                "{}[{}]: {}",
                diagnostic["severity"].as_str().unwrap(),
                diagnostic["code"].as_str().unwrap(),
                diagnostic["message"].as_str().unwrap()
            );
            assert!(human.stdout().contains(&head), "{file}: {head}");
        }
    }
}

#[test]
fn ids_are_listed_alike() {
    let human = tl_gen(&schemas(), &["ids", "hand.tl"], b"");
    let json = tl_gen(&schemas(), &["ids", "hand.tl", "--format", "json"], b"");
    let answer: Value = serde_json::from_slice(&json.stdout).unwrap();
    let lines: Vec<String> = answer["ids"]
        .as_array()
        .unwrap()
        .iter()
        .map(|id| {
            ["computed", "written", "name", "verdict"]
                .map(|part| id[part].as_str().unwrap_or("-       "))
                .join(" ")
        })
        .collect();
    assert_eq!(human.stdout().lines().collect::<Vec<_>>(), lines);
}

#[test]
fn every_shell_gets_a_script() {
    for shell in ["bash", "elvish", "fish", "powershell", "zsh"] {
        let run = tl_gen(&schemas(), &["completions", shell], b"");
        assert_eq!(run.code, Some(0));
        for word in ["check", "convert", "deny-warnings"] {
            assert!(run.stdout().contains(word), "{shell}: {word}");
        }
    }
}
