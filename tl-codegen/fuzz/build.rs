//! Layer 230 of Telegram's API and TON's API in both ownerships, and a table of all their types.

use std::error::Error;
use std::fmt::Write as _;
use std::path::Path;

use tl_codegen::{Codec, Config, IdRule, Ownership};

mod items;

const SCHEMAS: [(&str, &str, IdRule); 2] = [
    ("telegram", "telegram/api.tl", IdRule::Telegram),
    ("ton", "ton/ton_api.tl", IdRule::Tl),
];

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-changed=items.rs");
    println!("cargo::rerun-if-env-changed=TL_FUZZ_ONLY");
    // A part of the schemas, for a short run: paths, as `Config::only` takes them.
    let only = std::env::var("TL_FUZZ_ONLY").unwrap_or_default();
    let mut table = String::new();
    for (name, file, rule) in SCHEMAS {
        let only = only.split_whitespace().filter_map(|path| {
            let (schema, path) = path.split_once(':')?;
            (schema == name).then_some(path)
        });
        let owned = Config::new()
            .codec("*", Codec::Code)
            .schema(Path::new("../../schemas").join(file))
            .known_ids("../../schemas/known-ids.txt")
            .id_rule(rule)
            .runtime("::tl_runtime")
            .docs(false)
            .derive("*", ["Clone", "PartialEq"])
            .only(only)
            .module(name);
        let path = owned.generate()?;
        owned
            .module(format!("{name}_borrowed"))
            .ownership(Ownership::Borrowed)
            .owned_module(format!("crate::{name}"))
            .generate()?;
        for item in items::items(&std::fs::read_to_string(path)?) {
            writeln!(
                table,
                "entry!({name} / {name}_borrowed, {}, {:?});",
                item.path, item.ids
            )?;
        }
    }
    let table = format!(
        "pub static ENTRIES: &[Entry] = &[\n{}];\n",
        table.replace(");\n", "),\n")
    );
    let out = std::env::var("OUT_DIR")?;
    std::fs::write(Path::new(&out).join("entries.rs"), table)?;
    Ok(())
}
