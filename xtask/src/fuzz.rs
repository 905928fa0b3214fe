//! The fuzz targets, for as long as one likes. Their kept inputs run in the ordinary tests.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};

/// Run every fuzz target for a short time.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// How long each target runs
    #[arg(long, default_value_t = 30)]
    seconds: u32,
    /// Only the targets whose name contains this
    filter: Option<String>,
}

/// Crates that have a folder `fuzz`, from the workspace's root.
const CRATES: &[&str] = &[
    "tl-parser",
    "tl-codegen",
    "mtproto-runtime/tl-runtime",
    "mtproto-runtime",
];

pub(crate) fn run(args: &Args) -> Result<()> {
    let filter = args.filter.as_deref().unwrap_or("");
    for folder in CRATES {
        let folder = crate::root().join(folder);
        let list = cargo_fuzz(&folder)
            .arg("list")
            .output()
            .context("cargo fuzz cannot be run")?;
        ensure!(
            list.status.success(),
            "cargo fuzz list fails; is it there? (cargo install cargo-fuzz)"
        );
        let list = String::from_utf8(list.stdout).context("names of fuzz targets")?;
        let kept = inputs(&folder.join("fuzz")).context("the kept inputs")?;
        for target in list.lines().filter(|target| target.contains(filter)) {
            // What is found new goes into the first folder, which nobody keeps.
            let found = folder.join("fuzz/corpus").join(target);
            std::fs::create_dir_all(&found).context("fuzz/corpus")?;
            let status = cargo_fuzz(&folder)
                .args(["run", target])
                .arg(found)
                .args(&kept)
                .arg("--")
                .arg(format!("-max_total_time={}", args.seconds))
                .status()
                .with_context(|| format!("{target} cannot be run"))?;
            ensure!(
                status.success(),
                "{target} found something: keep its input as a test"
            );
        }
    }
    Ok(())
}

/// The folders of inputs that are kept, whatever target they are for.
fn inputs(fuzz: &Path) -> std::io::Result<Vec<PathBuf>> {
    let mut folders = Vec::new();
    for kept in ["seeds", "regressions"] {
        // Git keeps no empty folder.
        let kept = fuzz.join(kept);
        if !kept.exists() {
            continue;
        }
        for entry in std::fs::read_dir(kept)? {
            folders.push(entry?.path());
        }
    }
    Ok(folders)
}

/// cargo-fuzz asks for a nightly compiler; a stable one does when told so.
fn cargo_fuzz(folder: &Path) -> std::process::Command {
    let mut command = crate::cargo();
    command
        .current_dir(folder)
        .env("RUSTC_BOOTSTRAP", "1")
        .arg("fuzz");
    command
}
