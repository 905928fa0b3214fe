//! The fuzz targets on their kept inputs: seeds, and everything that once made one of them fail.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::cast_possible_truncation
)]

use std::path::Path;

#[path = "../fuzz/sessions.rs"]
mod sessions;
#[path = "../fuzz/targets.rs"]
mod targets;

#[test]
fn kept_inputs_keep_the_promises() {
    let fuzz = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz");
    let mut tried = 0;
    for folder in ["seeds/bytes", "regressions/bytes"] {
        for entry in std::fs::read_dir(fuzz.join(folder)).unwrap() {
            let bytes = std::fs::read(entry.unwrap().path()).unwrap();
            targets::packet(&bytes);
            targets::transport(&bytes);
            targets::keys(&bytes);
            targets::handshake(&bytes);
            targets::service(&bytes);
            sessions::session(&bytes);
            sessions::connection(&bytes);
            tried += 1;
        }
    }
    assert!(tried > 5);
}
