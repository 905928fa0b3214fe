//! Schemas beside the code that is generated from them. `UPDATE_EXPECT=1 cargo test` rewrites it.

use expect_test::expect_file;
use tl_codegen::{Codec, Config, IdRule, Ownership};
use tl_parser::source::Source;

#[test]
fn sample_owned() {
    let text = generate(&Config::new());
    expect_file!["golden/sample_owned.rs"].assert_eq(&text);
}

#[test]
fn sample_borrowed() {
    let config = Config::new()
        .ownership(Ownership::Borrowed)
        .owned_module("crate::sample_owned");
    expect_file!["golden/sample_borrowed.rs"].assert_eq(&generate(&config));
}

#[test]
fn sample_table_owned() {
    let config = Config::new().codec("*", Codec::Table).assert_layout(true);
    expect_file!["golden/sample_table_owned.rs"].assert_eq(&generate(&config));
}

#[test]
fn sample_table_borrowed() {
    let config = Config::new()
        .codec("*", Codec::Table)
        .assert_layout(true)
        .ownership(Ownership::Borrowed)
        .owned_module("crate::sample_table_owned");
    expect_file!["golden/sample_table_borrowed.rs"].assert_eq(&generate(&config));
}

/// Hot types are read and written by code, and all else of them by their rows.
#[test]
fn sample_hot() {
    let hot = [
        "account",
        "point",
        "zoo.dog",
        "zoo.Animal",
        "Tree",
        "zoo.getAnimals",
    ];
    let config = Config::new().codec("*", Codec::Table).assert_layout(true);
    let owned = hot
        .iter()
        .fold(config, |config, path| config.codec(*path, Codec::Code));
    expect_file!["golden/sample_hot_owned.rs"].assert_eq(&generate(&owned));
    let borrowed = owned
        .ownership(Ownership::Borrowed)
        .owned_module("crate::sample_hot_owned");
    expect_file!["golden/sample_hot_borrowed.rs"].assert_eq(&generate(&borrowed));
}

/// Tables that hold types with code of their own, and two constructors of one name.
#[test]
fn mixed() {
    let schema = include_str!("golden/mixed.tl");
    let owned = Config::new()
        .codec("*", Codec::Table)
        // By code, since nobody knows where their fields are.
        .attribute("cat", "repr(C)")
        .attribute("point", "repr(C)");
    let text = generate_of("mixed.tl", schema, &owned);
    expect_file!["golden/mixed_owned.rs"].assert_eq(&text);
    let borrowed = owned
        .ownership(Ownership::Borrowed)
        .owned_module("crate::mixed_owned");
    let text = generate_of("mixed.tl", schema, &borrowed);
    expect_file!["golden/mixed_borrowed.rs"].assert_eq(&text);
}

/// What tables deal with in several pieces.
#[test]
fn wide() {
    let borrowed = |owned: &str| {
        Config::new()
            .ownership(Ownership::Borrowed)
            .owned_module(owned)
    };
    let tables = |config: &Config| config.clone().codec("*", Codec::Table).assert_layout(true);
    for (name, config) in [
        ("owned", Config::new()),
        ("borrowed", borrowed("crate::wide_owned")),
        ("table_owned", tables(&Config::new())),
        (
            "table_borrowed",
            tables(&borrowed("crate::wide_table_owned")),
        ),
    ] {
        let text = generate_of("wide.tl", include_str!("golden/wide.tl"), &config);
        assert!(!text.contains("T::foreign("), "a table can't say all of it");
        expect_file![format!("golden/wide_{name}.rs")].assert_eq(&text);
    }
}

fn generate(config: &Config) -> String {
    generate_of("sample.tl", include_str!("golden/sample.tl"), config)
}

#[allow(clippy::unwrap_used, reason = "a helper of tests")]
fn generate_of(name: &str, schema: &str, config: &Config) -> String {
    let config = config
        .clone()
        .derive("*", ["Debug", "Clone", "PartialEq", "Default"])
        .runtime("::tl_runtime")
        .id_rule(IdRule::Telegram);
    let source = Source::new(name, schema).unwrap();
    config.generate_from([source]).unwrap().text
}
