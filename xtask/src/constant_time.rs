//! Whether a branch or an address depends on a secret: valgrind looks at the library's own code.

use std::process::Command;

use anyhow::{Context, Result, ensure};

/// The crate that marks secrets and runs the operations, from the workspace's root.
const FOLDER: &str = "mtproto-runtime/constant-time";
const PROGRAM: &str = "mtproto-constant-time";
/// The switch by which the library tells where its secrets end.
const SWITCH: &str = "--cfg constant_time_check";

pub(crate) fn run() -> Result<()> {
    let folder = crate::root().join(FOLDER);
    let target = folder.join("target");
    let status = crate::cargo()
        .current_dir(&folder)
        .env("RUSTFLAGS", SWITCH)
        .env("CARGO_TARGET_DIR", &target)
        .args(["build", "--release"])
        .status()
        .with_context(|| format!("{FOLDER} cannot be built"))?;
    ensure!(status.success(), "{FOLDER} does not build");

    let log = target.join("valgrind.log");
    let status = Command::new("valgrind")
        // Every report is counted, however many there are.
        .arg("--error-limit=no")
        .arg(format!("--log-file={}", log.display()))
        .arg(target.join("release").join(PROGRAM))
        .status()
        .context("valgrind cannot be run; is it there?")?;
    ensure!(
        status.success(),
        "not as wanted; where it happens is told in {}",
        log.display()
    );
    Ok(())
}
