//! The dependency table: which crate may use which.
//!
//! The table below is the only one; `cargo xtask codegen` writes it into ARCHITECTURE.md. What is
//! not in it fails, so a new dependency is a decision that somebody reads in a diff.

use anyhow::{Result, ensure};

use crate::metadata::{Kind, Metadata};

/// What one crate may use.
struct Row {
    package: &'static str,
    /// Crates of the workspace.
    ours: &'static [&'static str],
    /// Crates from elsewhere.
    foreign: &'static [&'static str],
    /// Which of both only behind a feature.
    by_feature: &'static [&'static str],
    /// Crates of the workspace that only its build script may use.
    build: &'static [&'static str],
    /// Crates of the workspace that its tests may use besides; crates from elsewhere are free there.
    tests: &'static [&'static str],
}

const NOTHING: Row = Row {
    package: "",
    ours: &[],
    foreign: &[],
    by_feature: &[],
    build: &[],
    tests: &[],
};

const TABLE: &[Row] = &[
    Row {
        package: "tl-parser",
        foreign: &["pest"],
        ..NOTHING
    },
    Row {
        package: "tl-codegen",
        ours: &["tl-parser"],
        foreign: &[
            "proc-macro2",
            "quote",
            "clap",
            "clap_complete",
            "anstream",
            "similar",
            "serde",
            "serde_json",
        ],
        by_feature: &[
            "clap",
            "clap_complete",
            "anstream",
            "similar",
            "serde",
            "serde_json",
        ],
        tests: &["tl-runtime", "mtproto-runtime"],
        ..NOTHING
    },
    Row {
        package: "tl-macros",
        ours: &["tl-codegen"],
        foreign: &["proc-macro2", "quote", "syn"],
        tests: &["tl-runtime", "mtproto-runtime"],
        ..NOTHING
    },
    Row {
        package: "tl-runtime",
        ..NOTHING
    },
    Row {
        package: "mtproto-runtime",
        ours: &["tl-runtime", "tl-macros"],
        by_feature: &["tl-macros"],
        ..NOTHING
    },
    Row {
        package: "tl-schemas",
        ours: &["tl-runtime"],
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
    let mut text =
        String::from("| crate | of ours | from elsewhere | in tests also |\n|---|---|---|---|\n");
    for row in TABLE {
        let list = |names: &[&str]| -> Vec<String> {
            names
                .iter()
                .map(|name| match row.by_feature.contains(name) {
                    true => format!("{name} (by feature)"),
                    false => (*name).to_owned(),
                })
                .collect()
        };
        let mut ours = list(row.ours);
        ours.extend(
            row.build
                .iter()
                .map(|name| format!("{name} (build script)")),
        );
        let cell = |names: Vec<String>| match names.is_empty() {
            true => "nothing".to_owned(),
            false => names.join(", "),
        };
        text += &format!(
            "| {} | {} | {} | {} |\n",
            row.package,
            cell(ours),
            cell(list(row.foreign)),
            cell(list(row.tests)),
        );
    }
    text + &format!("| {CHORES} | everything; nobody uses {CHORES} | everything | everything |\n")
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
                continue;
            }
            let Some(row) = row else { continue };
            let is_ours = ours.contains(&to);
            let allowed = match (is_ours, dependency.kind) {
                (true, None) => row.ours.contains(&to),
                (true, Some(Kind::Build)) => row.build.contains(&to),
                (true, Some(Kind::Dev)) => row.ours.contains(&to) || row.tests.contains(&to),
                (false, None | Some(Kind::Build)) => row.foreign.contains(&to),
                (false, Some(Kind::Dev)) => true,
            };
            let kind = match dependency.kind {
                None => "",
                Some(Kind::Build) => " in its build script",
                Some(Kind::Dev) => " in its tests",
            };
            if !allowed {
                faults.push(format!("{from} may not use {to}{kind}"));
            } else if dependency.kind.is_none()
                && row.by_feature.contains(&to)
                && !dependency.optional
            {
                faults.push(format!("{from} may use {to} only behind a feature"));
            }
        }
    }
    faults
}

#[cfg(test)]
mod tests {
    use super::*;

    const SMALL: &[Row] = &[
        Row {
            package: "low",
            foreign: &["pest"],
            ..NOTHING
        },
        Row {
            package: "high",
            ours: &["low"],
            foreign: &["clap"],
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
            ["high may use clap only behind a feature"]
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
