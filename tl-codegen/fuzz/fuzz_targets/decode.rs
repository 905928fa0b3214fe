#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| tl_codegen_fuzz::decode(bytes));
