//! Simulated lives of a client and a server.

use anyhow::{Context, Result, ensure};

/// Simulate lives of a client and a server, and check what is promised of them.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// How many lives
    #[arg(long, default_value_t = 100_000)]
    seeds: u64,
    /// The first seed: with `--seeds 1`, the one that has failed
    #[arg(long, default_value_t = 0)]
    first: u64,
}

pub(crate) fn run(args: &Args) -> Result<()> {
    let status = crate::cargo()
        .args(["run", "--release", "-p", "mtproto-runtime"])
        .args(["--features", "test-util", "--example", "simulate", "--"])
        .args([args.first.to_string(), args.seeds.to_string()])
        .status()
        .context("the simulation cannot be run")?;
    ensure!(status.success(), "a promise is broken");
    Ok(())
}
