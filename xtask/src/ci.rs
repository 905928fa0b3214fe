//! Everything that a change must pass. `.ci/run` calls this.

use std::process::Command;
use std::time::Instant;

use anyhow::{Context, Result, bail, ensure};

/// Everything that a change must pass, step by step.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// Say what the steps are, and run none
    #[arg(long)]
    list: bool,
    /// Run only the steps of these names
    steps: Vec<String>,
}

/// One step: its name, what cargo is asked to do, and with which variables.
struct Step {
    name: &'static str,
    cargo: &'static [&'static str],
    variables: &'static [(&'static str, &'static str)],
}

const fn step(name: &'static str, cargo: &'static [&'static str]) -> Step {
    Step {
        name,
        cargo,
        variables: &[],
    }
}

/// Cheap steps first: what can fail in seconds does not wait for a build.
const STEPS: &[Step] = &[
    step("fmt", &["fmt", "--all", "--check"]),
    step("deps", &["xtask", "deps"]),
    step("msrv", &["xtask", "msrv"]),
    step("licenses", &["xtask", "licenses"]),
    step("codegen", &["xtask", "codegen", "--check"]),
    step("schemas", &["xtask", "schemas"]),
    // What the macros get: no schemas, no command line.
    step(
        "emit",
        &[
            "check",
            "-p",
            "tl-codegen",
            "--no-default-features",
            "--locked",
        ],
    ),
    // What a build script gets: no command line.
    step(
        "schema",
        &[
            "check",
            "-p",
            "tl-codegen",
            "--no-default-features",
            "--features",
            "schema",
            "--locked",
        ],
    ),
    // Values without code generated, and without the command line.
    step(
        "value",
        &[
            "check",
            "-p",
            "tl-codegen",
            "--no-default-features",
            "--features",
            "value",
            "--locked",
        ],
    ),
    step(
        "clippy",
        &[
            "clippy",
            "--workspace",
            "--all-targets",
            "--all-features",
            "--locked",
            "--",
            "-D",
            "warnings",
        ],
    ),
    // The test command of README.md.
    step("test", &["test", "--workspace"]),
    // The types of every schema, which the test command leaves out: they cost half a minute.
    step(
        "types",
        &["test", "-p", "tl-schemas", "--all-features", "--locked"],
    ),
    // Generated code of both ownerships, compiled without a warning, with random values through it.
    step("round-trip", &["xtask", "round-trip", "--quick"]),
    // Generated types under attack, a part of those that the fuzz target has: all take minutes.
    Step {
        name: "attack",
        cargo: &[
            "test",
            "--manifest-path",
            "tl-codegen/fuzz/Cargo.toml",
            "--no-default-features",
            "--locked",
        ],
        variables: &[(
            "TL_FUZZ_ONLY",
            "telegram:help.* telegram:upload.* telegram:storage.* ton:adnl.* ton:dht.* ton:pub.*",
        )],
    },
    Step {
        name: "doc",
        cargo: &[
            "doc",
            "--workspace",
            "--no-deps",
            "--all-features",
            "--locked",
        ],
        variables: &[("RUSTDOCFLAGS", "-D warnings")],
    },
];

pub(crate) fn run(args: &Args) -> Result<()> {
    for name in &args.steps {
        if !STEPS.iter().any(|step| step.name == name) {
            bail!("there is no step {name:?}; `cargo xtask ci --list` tells the steps");
        }
    }
    let wanted = |step: &&Step| args.steps.is_empty() || args.steps.iter().any(|s| s == step.name);
    let mut failed = Vec::new();
    for step in STEPS.iter().filter(wanted) {
        if args.list {
            println!("{:<9} {}", step.name, spell(step));
            continue;
        }
        println!("\n== {}: {}", step.name, spell(step));
        let start = Instant::now();
        let status = command(step)?
            .status()
            .with_context(|| format!("step {} cannot be run", step.name))?;
        let outcome = if status.success() { "passed" } else { "FAILED" };
        println!("== {}: {outcome} in {:.0?}", step.name, start.elapsed());
        // What is wrong elsewhere is worth knowing too.
        if !status.success() {
            failed.push(step.name);
        }
    }
    ensure!(failed.is_empty(), "failed: {}", failed.join(", "));
    Ok(())
}

/// The step as one would type it.
fn spell(step: &Step) -> String {
    let variables = step
        .variables
        .iter()
        .map(|(name, value)| format!("{name}={value:?} "));
    let words = step.cargo.iter().map(|word| format!(" {word}"));
    variables.chain(["cargo".to_owned()]).chain(words).collect()
}

/// Our own steps run this very program: cargo could not replace it while it runs everywhere.
fn command(step: &Step) -> Result<Command> {
    let (mut command, words) = match step.cargo {
        ["xtask", words @ ..] => (Command::new(std::env::current_exe()?), words),
        words => (crate::cargo(), words),
    };
    command
        .args(words)
        .envs(step.variables.iter().copied())
        .stdin(std::process::Stdio::null());
    Ok(command)
}
