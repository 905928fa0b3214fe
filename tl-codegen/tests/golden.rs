//! Schemas beside the code that is generated from them. `UPDATE_EXPECT=1 cargo test` rewrites it.

use expect_test::expect_file;
use tl_codegen::{Config, IdRule};
use tl_parser::source::Source;

#[test]
fn sample_owned() {
    let config = Config::new()
        .runtime("::tl_runtime")
        .id_rule(IdRule::Telegram);
    let source = Source::new("sample.tl", include_str!("golden/sample.tl")).unwrap();
    let text = config.generate_from([source]).unwrap().text;
    expect_file!["golden/sample_owned.rs"].assert_eq(&text);
}
