//! The benchmarks. They compare with other crates, which nobody else should have to build, so
//! they stand in crates outside of the workspace.

use anyhow::{Context, Result, ensure};

/// Run the benchmarks.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// Only the benchmarks whose folder contains this
    filter: Option<String>,
    /// Words for the benchmark's own command line
    #[arg(last = true)]
    rest: Vec<String>,
}

/// Folders of the benchmarks' crates, from the workspace's root.
const FOLDERS: &[&str] = &[
    "tl-parser/bench",
    "tl-codegen/bench",
    "mtproto-runtime/bench",
    "tl-macros/bench",
];

pub(crate) fn run(args: &Args) -> Result<()> {
    let filter = args.filter.as_deref().unwrap_or("");
    let mut folders = FOLDERS
        .iter()
        .filter(|folder| folder.contains(filter))
        .peekable();
    ensure!(
        folders.peek().is_some(),
        "no benchmark is called {filter:?}: {FOLDERS:?}"
    );
    for folder in folders {
        let status = crate::cargo()
            .current_dir(crate::root().join(folder))
            .args(["bench", "--"])
            .args(&args.rest)
            .status()
            .with_context(|| format!("{folder} cannot be run"))?;
        ensure!(status.success(), "{folder} fails");
    }
    Ok(())
}
