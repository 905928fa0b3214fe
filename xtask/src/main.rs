//! Chores of the workspace: `cargo xtask --help`.

mod bench;
mod ci;
mod codegen;
mod constant_time;
mod deps;
mod fuzz;
mod grammar;
mod licenses;
mod memory;
mod metadata;
mod msrv;
mod mutations;
mod round_trip;
mod schemas;
mod service;
mod simulate;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// Chores of the workspace.
#[derive(Parser)]
#[command(
    name = "cargo xtask",
    bin_name = "cargo xtask",
    arg_required_else_help = true
)]
struct Cli {
    #[command(subcommand)]
    chore: Chore,
}

#[derive(Subcommand)]
enum Chore {
    /// Everything that a change must pass, step by step
    Ci(ci::Args),
    /// Re-make the checked-in generated files and the tables in the documents
    Codegen(codegen::Args),
    /// Check every dependency against the table of ARCHITECTURE.md
    Deps,
    /// Check the licences of all dependencies against the list of accepted ones
    Licenses,
    /// Verify the schemas of the folder `schemas`, or make them anew
    Schemas(schemas::Args),
    /// Generate Rust from schemas, compile it without a warning, and send random values through it
    RoundTrip(round_trip::Args),
    /// Check that every dependency builds with the `rust-version` of the workspace
    Msrv,
    /// Run the benchmarks, which stand in crates of their own beside the ordinary build
    Bench(bench::Args),
    /// Check under valgrind that no branch and no address of the cryptography depends on a secret
    ConstantTime,
    /// Run the tests of tables under the address sanitizer and under valgrind
    Memory(memory::Args),
    /// Remove checks of the protocol one by one, and see a test notice each (takes long)
    Mutations(mutations::Args),
    /// Run every fuzz target for a short time (needs `cargo install cargo-fuzz`)
    Fuzz(fuzz::Args),
    /// Simulate lives of a client and a server with everything that can happen between them
    Simulate(simulate::Args),
}

fn main() -> ExitCode {
    let outcome = match Cli::parse().chore {
        Chore::Ci(args) => ci::run(&args),
        Chore::Codegen(args) => codegen::run(&args),
        Chore::Deps => deps::run(),
        Chore::Licenses => licenses::run(),
        Chore::Schemas(args) => schemas::run(&args),
        Chore::RoundTrip(args) => round_trip::run(&args),
        Chore::Msrv => msrv::run(),
        Chore::Bench(args) => bench::run(&args),
        Chore::ConstantTime => constant_time::run(),
        Chore::Memory(args) => memory::run(&args),
        Chore::Mutations(args) => mutations::run(&args),
        Chore::Fuzz(args) => fuzz::run(&args),
        Chore::Simulate(args) => simulate::run(&args),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

/// The folder of the workspace.
fn root() -> PathBuf {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.parent().unwrap_or(here).to_owned()
}

/// The cargo that runs us.
fn cargo() -> std::process::Command {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut command = std::process::Command::new(cargo);
    command.current_dir(root());
    command
}
