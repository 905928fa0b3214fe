//! Whether tables touch memory that is not theirs: their tests under the address sanitizer and
//! under valgrind.

use std::process::Command;

use anyhow::{Context, Result, ensure};

/// Run the tests of tables under the address sanitizer and under valgrind
#[derive(clap::Args)]
pub(crate) struct Args {
    /// Only under the address sanitizer
    #[arg(long, conflicts_with = "only_valgrind")]
    only_sanitizer: bool,
    /// Only under valgrind
    #[arg(long)]
    only_valgrind: bool,
    /// How many values of each type valgrind sees, where the tests alone make hundreds
    #[arg(long, default_value_t = 10)]
    rounds: u32,
}

/// Crates, and their tests that have to do with tables.
const TESTS: &[(&str, &[&str])] = &[
    ("tl-runtime", &["sample_table", "reflect", "bombs"]),
    ("tl-codegen", &["codecs", "reflect", "round_trip_table"]),
];

pub(crate) fn run(args: &Args) -> Result<()> {
    if !args.only_valgrind {
        sanitizer()?;
    }
    if !args.only_sanitizer {
        valgrind(args.rounds)?;
    }
    Ok(())
}

/// The sanitizer also tells what was never given back.
fn sanitizer() -> Result<()> {
    let host = host()?;
    for (package, tests) in TESTS {
        // Named, the target gets the flags alone: build scripts and macros run without.
        let status = tests_of(package, tests)
            .args(["--target", &host])
            // A stable compiler takes flags of a nightly one when told so.
            .env("RUSTC_BOOTSTRAP", "1")
            .env("RUSTFLAGS", "-Zsanitizer=address")
            .env("CARGO_TARGET_DIR", crate::root().join("target/sanitizer"))
            .status()
            .context("cargo cannot be run")?;
        ensure!(
            status.success(),
            "{package} fails under the address sanitizer"
        );
    }
    Ok(())
}

fn valgrind(rounds: u32) -> Result<()> {
    let runner = host()?.replace('-', "_").to_uppercase();
    for (package, tests) in TESTS {
        let status = tests_of(package, tests)
            .env(
                format!("CARGO_TARGET_{runner}_RUNNER"),
                // What is only possibly lost is what the test harness keeps for its threads.
                "valgrind --quiet --error-exitcode=9 --leak-check=full \
                 --errors-for-leak-kinds=definite --show-leak-kinds=definite",
            )
            .env("ROUNDS", rounds.to_string())
            .status()
            .context("cargo cannot be run")?;
        ensure!(
            status.success(),
            "{package} fails under valgrind; is it there?"
        );
    }
    Ok(())
}

fn tests_of(package: &str, tests: &[&str]) -> Command {
    let mut command = crate::cargo();
    command.args(["test", "--package", package]);
    for test in tests {
        command.args(["--test", test]);
    }
    command
}

/// The target that we run on.
fn host() -> Result<String> {
    let version = Command::new("rustc")
        .arg("-vV")
        .output()
        .context("rustc cannot be run")?;
    let version = String::from_utf8(version.stdout).context("what rustc says of itself")?;
    let host = version.lines().find_map(|line| line.strip_prefix("host: "));
    Ok(host.context("rustc names no host")?.to_owned())
}
