//! The dependency table: which crate may use which.
//!
//! The table below is the only one; `cargo xtask codegen` writes it into ARCHITECTURE.md. What is
//! not in it fails, so a new dependency is a decision that somebody reads in a diff.

use anyhow::{Result, ensure};

use crate::metadata::{Dependency, Kind, Metadata};

/// What one crate may use.
struct Row {
    package: &'static str,
    /// Always.
    uses: &'static [&'static str],
    /// Only behind a feature.
    by_feature: &'static [&'static str],
    /// Only in its build script.
    build: &'static [&'static str],
    /// Crates of the workspace that its tests may use besides. Crates from elsewhere, and more of
    /// its own features, are free there.
    tests: &'static [&'static str],
}

const NOTHING: Row = Row {
    package: "",
    uses: &[],
    by_feature: &[],
    build: &[],
    tests: &[],
};

const TABLE: &[Row] = &[
    Row {
        package: "tl-parser",
        uses: &[
            "annotate-snippets",
            "crc32fast",
            "foldhash",
            "hashbrown",
            "pest",
        ],
        by_feature: &["serde", "serde_json"],
        ..NOTHING
    },
    Row {
        package: "tl-codegen",
        uses: &["foldhash", "tl-parser"],
        by_feature: &[
            "anstream",
            "base64ct",
            "clap",
            "clap_complete",
            "serde",
            "serde_json",
            "similar",
        ],
        tests: &["tl-runtime", "mtproto-runtime"],
        ..NOTHING
    },
    Row {
        package: "tl-macros",
        uses: &["proc-macro2", "quote", "syn"],
        by_feature: &["tl-codegen", "tl-parser"],
        tests: &["tl-runtime", "mtproto-runtime"],
        ..NOTHING
    },
    Row {
        package: "example-build",
        uses: &["mtproto-runtime"],
        build: &["tl-codegen"],
        ..NOTHING
    },
    Row {
        package: "example-checked-in",
        uses: &["mtproto-runtime"],
        ..NOTHING
    },
    Row {
        package: "example-derive",
        uses: &["mtproto-runtime"],
        ..NOTHING
    },
    Row {
        package: "example-include",
        uses: &["mtproto-runtime"],
        ..NOTHING
    },
    Row {
        package: "example-talk",
        uses: &["mtproto-runtime", "tokio"],
        build: &["tl-codegen"],
        ..NOTHING
    },
    Row {
        package: "tl-runtime",
        ..NOTHING
    },
    Row {
        package: "mtproto-runtime",
        uses: &["tl-runtime"],
        by_feature: &[
            "tl-macros",
            "aes",
            "crc32fast",
            "crypto-bigint",
            "flate2",
            "fs4",
            "futures-core",
            "getrandom",
            "hmac",
            "pbkdf2",
            "pkcs1",
            "pkcs8",
            "rand_core",
            "sha1",
            "sha2",
            "subtle",
            "tokio",
            "tracing",
            "zeroize",
        ],
        ..NOTHING
    },
    Row {
        package: "tl-schemas",
        uses: &["tl-runtime"],
        build: &["tl-codegen"],
        ..NOTHING
    },
];

/// The chores may use everything, and nobody uses the chores.
const CHORES: &str = "xtask";

pub(crate) fn run() -> Result<()> {
    let faults = faults(&Metadata::load()?, TABLE);
    for fault in &faults {
        eprintln!("error: {fault}");
    }
    ensure!(
        faults.is_empty(),
        "the dependencies differ from the table in xtask/src/deps.rs"
    );
    println!(
        "deps: every dependency of the {} crates is in the table",
        TABLE.len() + 1
    );
    Ok(())
}

/// The table in Markdown.
pub(crate) fn markdown() -> String {
    let mut text = String::from(
        "| crate | uses | by feature | in its build script | in tests, of ours |\n|---|---|---|---|---|\n",
    );
    for row in TABLE {
        text += &format!("| {} ", row.package);
        for cell in [row.uses, row.by_feature, row.build, row.tests] {
            text += &format!("| {} ", cell.join(", "));
        }
        text += "|\n";
    }
    text + &format!("| {CHORES} | everything; nobody uses {CHORES} | | | |\n")
}

/// A sentence for every dependency that the table does not have.
fn faults(metadata: &Metadata, table: &[Row]) -> Vec<String> {
    let ours: Vec<&str> = metadata
        .members()
        .map(|package| package.name.as_str())
        .collect();
    let mut faults = Vec::new();
    for package in metadata.members() {
        let from = package.name.as_str();
        let row = table.iter().find(|row| row.package == from);
        if row.is_none() && from != CHORES {
            faults.push(format!("{from} is not in the table"));
        }
        for dependency in &package.dependencies {
            let to = dependency.name.as_str();
            if to == CHORES {
                faults.push(format!("{from} uses {to}, which nobody may use"));
            } else if let Some(row) = row
                && let Err(fault) = check(row, dependency, ours.contains(&to))
            {
                faults.push(fault);
            }
        }
    }
    faults
}

fn check(row: &Row, dependency: &Dependency, is_ours: bool) -> Result<(), String> {
    let from = row.package;
    let to = dependency.name.as_str();
    let always = row.uses.contains(&to);
    let by_feature = row.by_feature.contains(&to);
    let (allowed, place) = match dependency.kind {
        None if by_feature && !dependency.optional => (false, " without a feature"),
        None => (always || by_feature, ""),
        Some(Kind::Build) => (row.build.contains(&to), " in its build script"),
        Some(Kind::Dev) => {
            let known = to == from || always || by_feature || row.tests.contains(&to);
            (known || !is_ours, " in its tests")
        }
    };
    match allowed {
        true => Ok(()),
        false => Err(format!("{from} may not use {to}{place}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SMALL: &[Row] = &[
        Row {
            package: "low",
            uses: &["pest"],
            ..NOTHING
        },
        Row {
            package: "high",
            uses: &["low"],
            by_feature: &["clap"],
            build: &["tool"],
            tests: &["tool"],
        },
        Row {
            package: "tool",
            ..NOTHING
        },
    ];

    /// The faults of a workspace in which `from` has the dependencies.
    fn faults_of(from: &str, dependencies: &str) -> Vec<String> {
        let packages: Vec<String> = ["low", "high", "tool", "xtask"]
            .iter()
            .map(|name| {
                let dependencies = if *name == from { dependencies } else { "" };
                format!(
                    r#"{{"id":"{name}#1","name":"{name}","version":"1.0.0","dependencies":[{dependencies}]}}"#
                )
            })
            .collect();
        let metadata = format!(
            r#"{{"packages":[{}],"workspace_members":["low#1","high#1","tool#1","xtask#1"]}}"#,
            packages.join(",")
        );
        faults(&serde_json::from_str(&metadata).unwrap(), SMALL)
    }

    #[test]
    fn what_the_table_has_is_allowed() {
        let none: [&str; 0] = [];
        assert_eq!(faults_of("low", r#"{"name":"pest","kind":null}"#), none);
        assert_eq!(faults_of("high", r#"{"name":"low","kind":null}"#), none);
        assert_eq!(faults_of("high", r#"{"name":"low","kind":"dev"}"#), none);
        assert_eq!(faults_of("high", r#"{"name":"tool","kind":"build"}"#), none);
        assert_eq!(faults_of("high", r#"{"name":"tool","kind":"dev"}"#), none);
        assert_eq!(
            faults_of("high", r#"{"name":"clap","kind":null,"optional":true}"#),
            none
        );
        assert_eq!(
            faults_of("low", r#"{"name":"proptest","kind":"dev"}"#),
            none
        );
        assert_eq!(faults_of("xtask", r#"{"name":"high","kind":null}"#), none);
    }

    #[test]
    fn an_edge_outside_of_the_table_is_a_fault() {
        assert_eq!(
            faults_of("low", r#"{"name":"high","kind":null}"#),
            ["low may not use high"]
        );
        assert_eq!(
            faults_of("low", r#"{"name":"high","kind":"dev"}"#),
            ["low may not use high in its tests"]
        );
        assert_eq!(
            faults_of("high", r#"{"name":"tool","kind":null}"#),
            ["high may not use tool"]
        );
        assert_eq!(
            faults_of("high", r#"{"name":"low","kind":"build"}"#),
            ["high may not use low in its build script"]
        );
        assert_eq!(
            faults_of("low", r#"{"name":"tokio","kind":null}"#),
            ["low may not use tokio"]
        );
        assert_eq!(
            faults_of("low", r#"{"name":"cc","kind":"build"}"#),
            ["low may not use cc in its build script"]
        );
    }

    #[test]
    fn a_dependency_that_ought_to_be_optional_is_a_fault() {
        assert_eq!(
            faults_of("high", r#"{"name":"clap","kind":null,"optional":false}"#),
            ["high may not use clap without a feature"]
        );
    }

    #[test]
    fn nobody_uses_the_chores() {
        assert_eq!(
            faults_of("low", r#"{"name":"xtask","kind":"dev"}"#),
            ["low uses xtask, which nobody may use"]
        );
    }

    #[test]
    fn a_crate_without_a_row_is_a_fault() {
        let metadata = r#"{"packages":[{"id":"new","name":"new","version":"1.0.0","dependencies":[]}],
            "workspace_members":["new"]}"#;
        assert_eq!(
            faults(&serde_json::from_str(metadata).unwrap(), SMALL),
            ["new is not in the table"]
        );
    }
}
