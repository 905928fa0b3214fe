//! Layer 230 of Telegram's API in both ownerships, and a table of its types and those of grammers.

use std::collections::HashMap;
use std::error::Error;
use std::fmt::Write as _;
use std::path::Path;

use tl_codegen::{Codec, Config, IdRule, Ownership};

#[path = "../fuzz/items.rs"]
mod items;

const SCHEMA: &str = "../../schemas/telegram/api.tl";

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-changed=../fuzz/items.rs");
    println!("cargo::rerun-if-env-changed=TL_PEERS_ONLY");
    // A part of the schema, for a short run; what one test names is always in it.
    let only = std::env::var("TL_PEERS_ONLY").unwrap_or_default();
    let wrappers = match only.as_str() {
        "" => "",
        _ => "invokeAfterMsg invokeWithLayer invokeWithTakeout invokeWithoutUpdates",
    };
    let owned = Config::new()
        .codec("*", Codec::Code)
        .schema(SCHEMA)
        .known_ids("../../schemas/known-ids.txt")
        .id_rule(IdRule::Telegram)
        .runtime("::tl_runtime")
        .docs(false)
        .derive("*", ["Clone"])
        .only(only.split_whitespace())
        .only(wrappers.split_whitespace())
        .module("owned");
    let path = owned.generate()?;
    owned
        .module("borrowed")
        .ownership(Ownership::Borrowed)
        .generate()?;
    pairs(
        &std::fs::read_to_string(path)?,
        &std::fs::read_to_string(SCHEMA)?,
    )
}

/// A table of our types and those of grammers, found by their ids.
fn pairs(ours: &str, schema: &str) -> Result<(), Box<dyn Error>> {
    let grammers = grammers(schema)?;
    let mut table = String::from("static PAIRS: &[Pair] = &[\n");
    for item in items::items(ours) {
        let Some(theirs) = item.ids.first().and_then(|id| grammers.get(id)) else {
            println!("cargo::warning=grammers has no {}", item.path);
            continue;
        };
        let is_function = theirs.starts_with("functions");
        let (path, ids) = (item.path, item.ids);
        writeln!(
            table,
            "    pair!({path}, {ids:?}, {theirs}, {is_function}),"
        )?;
    }
    table.push_str("];\n");
    let out = std::env::var("OUT_DIR")?;
    std::fs::write(Path::new(&out).join("pairs.rs"), table)?;
    Ok(())
}

/// What grammers calls the type or function of each id: found in the text that its generator
/// writes for the same schema.
fn grammers(schema: &str) -> Result<HashMap<u32, String>, Box<dyn Error>> {
    let definitions: Vec<_> = grammers_tl_parser::parse_tl_file(schema)
        .filter_map(Result::ok)
        .collect();
    let mut out = grammers_tl_gen::Outputs {
        common: Vec::new(),
        types: Vec::new(),
        functions: Vec::new(),
        enums: Vec::new(),
    };
    let config = grammers_tl_gen::Config::default();
    grammers_tl_gen::generate_rust_code(&mut out, &definitions, 0, &config)?;
    let mut found = HashMap::new();
    let mut constructors = HashMap::new();
    for (text, root) in [(out.types, "types"), (out.functions, "functions")] {
        each(&String::from_utf8(text)?, "Identifiable", |path, line| {
            let id = line.strip_prefix("const CONSTRUCTOR_ID: u32 = ");
            if let Some(id) = id.and_then(|id| id.trim_end_matches(';').parse::<u32>().ok()) {
                let into = match root {
                    "types" => &mut constructors,
                    _ => &mut found,
                };
                let key = format!("{root}::{path}");
                into.insert(id, key);
            }
        });
    }
    let of_path: HashMap<&String, u32> =
        constructors.iter().map(|(id, path)| (path, *id)).collect();
    each(
        &String::from_utf8(out.enums)?,
        "Deserializable",
        |path, line| {
            let constructor = line
                .strip_prefix("crate::")
                .and_then(|line| line.split_once("::CONSTRUCTOR_ID =>"));
            if let Some(id) = constructor.and_then(|(name, _)| of_path.get(&name.to_owned())) {
                found.insert(*id, format!("enums::{path}"));
            }
        },
    );
    Ok(found)
}

/// Calls for each line behind `impl crate::… for …`.
fn each(text: &str, of: &str, mut call: impl FnMut(&str, &str)) {
    let (mut module, mut path) = ("", None);
    for line in text.lines() {
        if line == "}" {
            module = "";
        }
        let line_in = line.trim_start();
        if let Some(name) = line.strip_prefix("pub mod ") {
            module = name.trim_end_matches(" {");
        } else if line_in.starts_with("impl") {
            let name = line_in
                .split_once(&format!("crate::{of} for "))
                .map(|(_, name)| name.trim_end_matches(" {"));
            path = name.map(|name| match (module, line == line_in) {
                ("", _) | (_, true) => name.to_owned(),
                (module, false) => format!("{module}::{name}"),
            });
        } else if let Some(path) = &path {
            call(path, line_in);
        }
    }
}
