//! The oldest compiler: no dependency may ask for a newer one than we do.

use anyhow::{Context, Result, ensure};

use crate::metadata::Metadata;

pub(crate) fn run() -> Result<()> {
    let metadata = Metadata::load()?;
    let ours = metadata
        .members()
        .filter_map(|package| version(package.rust_version.as_deref()?))
        .min()
        .context("no crate of the workspace has a rust-version")?;
    let mut newer = 0;
    for package in metadata.foreign() {
        let Some(theirs) = package.rust_version.as_deref() else {
            continue;
        };
        let parsed = version(theirs)
            .with_context(|| format!("{}: rust-version {theirs:?} is no version", package.name))?;
        if parsed > ours {
            eprintln!(
                "error: {} {} needs Rust {theirs}",
                package.name, package.version
            );
            newer += 1;
        }
    }
    ensure!(
        newer == 0,
        "{newer} dependencies need a newer compiler than Rust {}.{}",
        ours.0,
        ours.1
    );
    println!(
        "msrv: every dependency says that it builds with Rust {}.{}",
        ours.0, ours.1
    );
    Ok(())
}

/// `1.88` or `1.88.0`, as numbers.
fn version(text: &str) -> Option<(u32, u32, u32)> {
    let mut parts = text.split('.').map(str::parse);
    let version = (
        parts.next()?.ok()?,
        parts.next()?.ok()?,
        parts.next().unwrap_or(Ok(0)).ok()?,
    );
    parts.next().is_none().then_some(version)
}

#[cfg(test)]
mod tests {
    use super::version;

    #[test]
    fn versions_compare_as_numbers() {
        assert_eq!(version("1.88"), Some((1, 88, 0)));
        assert_eq!(version("1.88.0"), version("1.88"));
        assert!(version("1.100") > version("1.88"));
        assert_eq!(version("1"), None);
        assert_eq!(version("1.88.0.1"), None);
        assert_eq!(version("one.two"), None);
    }
}
