//! `.tlo` files: what the official tool wrote is read, and written the same.

mod common;

use tl_parser::source::{FileId, Source};
use tl_parser::tlo;

const OFFICIAL: [&str; 4] = ["mtproto_api", "secret_api", "lite_api", "ton_api"];

#[test]
fn official_files_are_read_as_clean_text() {
    for name in OFFICIAL {
        let Some(bytes) = common::real_file(&format!("tlo/{name}.tlo")) else {
            continue;
        };
        let text = tlo::read(&bytes).unwrap();
        let source = Source::new(name, text).unwrap();
        let parsed = tl_parser::parse(FileId(0), &source);
        assert!(parsed.is_clean(), "{name}: {:?}", parsed.diagnostics);
    }
}
