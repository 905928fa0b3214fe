//! The licences of all dependencies.

use anyhow::{Result, ensure};
use spdx::{Expression, ParseMode};

use crate::metadata::Metadata;

/// Licences that ask for no more than to be named.
const ACCEPTED: &[&str] = &[
    "0BSD",
    "Apache-2.0",
    "BSD-2-Clause",
    "BSD-3-Clause",
    "BSL-1.0",
    "CC0-1.0",
    "ISC",
    "MIT",
    "Unicode-3.0",
    "Unlicense",
    "Zlib",
];

pub(crate) fn run() -> Result<()> {
    let metadata = Metadata::load()?;
    let mut checked = 0;
    let mut refused = 0;
    for package in metadata.packages.iter() {
        checked += 1;
        if let Err(reason) = accept(package.license.as_deref()) {
            eprintln!("error: {} {}: {reason}", package.name, package.version);
            refused += 1;
        }
    }
    ensure!(
        refused == 0,
        "{refused} of {checked} licences are not accepted"
    );
    println!("licenses: all of {checked} packages are accepted");
    Ok(())
}

/// Whether we may use what stands under the expression.
fn accept(license: Option<&str>) -> Result<(), String> {
    let license = license.ok_or("names no licence")?;
    let expression = Expression::parse_mode(license, ParseMode::LAX)
        .map_err(|error| format!("{license:?}: {}", error.reason))?;
    let accepted = expression.evaluate(|requirement| {
        requirement.license.id().is_some_and(|id| {
            // An exception (`WITH LLVM-exception`) only ever permits more.
            ACCEPTED.contains(&id.name)
        })
    });
    accepted
        .then_some(())
        .ok_or_else(|| format!("{license:?} is not accepted"))
}

#[cfg(test)]
mod tests {
    use super::accept;

    #[test]
    fn one_accepted_alternative_is_enough() {
        assert_eq!(accept(Some("MIT")), Ok(()));
        assert_eq!(accept(Some("GPL-3.0-only OR MIT")), Ok(()));
        assert_eq!(accept(Some("MIT/Apache-2.0")), Ok(()));
        assert_eq!(accept(Some("Apache-2.0 WITH LLVM-exception")), Ok(()));
        assert_eq!(accept(Some("(MIT OR Apache-2.0) AND Unicode-3.0")), Ok(()));
    }

    #[test]
    fn everything_else_is_refused() {
        assert!(accept(None).is_err());
        assert!(accept(Some("GPL-3.0-only")).is_err());
        assert!(accept(Some("MIT AND GPL-3.0-only")).is_err());
        assert!(accept(Some("as you like")).is_err());
    }
}
