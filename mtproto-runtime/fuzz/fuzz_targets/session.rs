#![no_main]

#[path = "../sessions.rs"]
#[allow(dead_code)]
mod sessions;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| sessions::session(bytes));
