#![no_main]

#[path = "../conversions.rs"]
#[allow(dead_code)]
mod conversions;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| conversions::tlo(bytes));
