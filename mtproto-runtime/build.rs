//! Finds out whether the compiler knows the wide AES instructions, which Rust has had since 1.89,
//! one version after the oldest that this crate builds with.

use std::process::Command;

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rustc-check-cfg=cfg(vaes)");
    println!("cargo::rustc-check-cfg=cfg(constant_time_check)");
    if minor_version().is_some_and(|minor| minor >= 89) {
        println!("cargo::rustc-cfg=vaes");
    }
}

/// The 89 of `rustc 1.89.0 (29483883e 2025-08-04)`.
fn minor_version() -> Option<u32> {
    let rustc = std::env::var_os("RUSTC")?;
    let output = Command::new(rustc).arg("--version").output().ok()?;
    let version = String::from_utf8(output.stdout).ok()?;
    let number = version.strip_prefix("rustc 1.")?;
    number.split('.').next()?.parse().ok()
}
