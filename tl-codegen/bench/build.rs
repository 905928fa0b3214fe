//! Layer 230 of Telegram's API and the service messages of MTProto, in both ownerships.

use std::error::Error;

use tl_codegen::{Codec, Config, IdRule, Ownership};

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-env-changed=TL_BENCH_SCHEMA");
    // Who tunes the run time may name a part of the schema and not wait for all of it.
    let schema = std::env::var("TL_BENCH_SCHEMA");
    println!("cargo::rerun-if-env-changed=TL_BENCH_ONLY");
    let only = std::env::var("TL_BENCH_ONLY").unwrap_or_default();
    let only: Vec<&str> = only.split_whitespace().collect();
    let telegram = Config::new()
        .schema(schema.as_deref().unwrap_or("../../schemas/telegram/api.tl"))
        .known_ids("../../schemas/known-ids.txt")
        .only(only.iter().copied())
        .codec("*", Codec::Code);
    let mtproto = Config::new().schema("../../schemas/mtproto/mtproto.tl");
    for (name, config) in [("api", telegram), ("mtproto", mtproto)] {
        let config = config.id_rule(IdRule::Telegram).runtime("::tl_runtime");
        config.clone().module(format!("{name}_owned")).generate()?;
        config
            .module(format!("{name}_borrowed"))
            .ownership(Ownership::Borrowed)
            .generate()?;
    }
    let table = Config::new()
        .schema(schema.as_deref().unwrap_or("../../schemas/telegram/api.tl"))
        .known_ids("../../schemas/known-ids.txt")
        .id_rule(IdRule::Telegram)
        .runtime("::tl_runtime")
        .only(only.iter().copied())
        .codec("*", Codec::Table);
    // Types that are to have code beside the tables of all others.
    println!("cargo::rerun-if-env-changed=TL_BENCH_HOT");
    let hot = std::env::var("TL_BENCH_HOT").unwrap_or_default();
    let table = hot
        .split_whitespace()
        .fold(table, |table, path| table.codec(path, Codec::Code));
    table.clone().module("table_owned").generate()?;
    table
        .module("table_borrowed")
        .ownership(Ownership::Borrowed)
        .generate()?;
    Ok(())
}
