//! Generates the types of the schemas whose features are on.

use std::error::Error;

use tl_codegen::{Config, IdRule};

/// Feature and module, schema file, rule of ids.
const SCHEMAS: &[(&str, &str, IdRule)] = &[
    ("telegram", "telegram/api.tl", IdRule::Telegram),
    ("mtproto", "mtproto/mtproto.tl", IdRule::Telegram),
    ("secret", "secret/secret.tl", IdRule::Telegram),
    ("ton", "ton/ton_api.tl", IdRule::Tl),
    ("lite", "ton/lite_api.tl", IdRule::Tl),
    ("tdlib", "tdlib/td_api.tl", IdRule::Tl),
];

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo::rerun-if-changed=build.rs");
    for (feature, file, rule) in SCHEMAS {
        let variable = format!("CARGO_FEATURE_{}", feature.to_uppercase());
        if std::env::var_os(variable).is_some() {
            Config::new()
                .schema(file)
                .id_rule(*rule)
                .known_ids("known-ids.txt")
                .runtime("::tl_runtime")
                .module(*feature)
                .generate()?;
        }
    }
    Ok(())
}
