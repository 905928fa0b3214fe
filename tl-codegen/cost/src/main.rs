//! What rustc spends on generated code: CPU seconds and peak memory of the one process that compiles
//! it, alone, in three modes. `cargo run --release [-- PART OF A ROW'S NAME]`; and with `-- size`, how
//! large a small client is that uses it.
//!
//! To add a row, add it to [`rows`].

use std::error::Error;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use nix::sys::resource::{UsageWho, getrusage};
use tl_codegen::{Codec, Config, IdRule, Ownership};

type Result<T> = std::result::Result<T, Box<dyn Error>>;

/// What is compiled, and with which arguments besides those of the mode.
struct Crate {
    root: PathBuf,
    args: Vec<String>,
    out_dir: PathBuf,
}

const MODES: [(&str, &[&str]); 3] = [
    ("check", &["--emit=metadata"]),
    ("debug", &["--emit=link,metadata", "-Cdebuginfo=2"]),
    ("release", &["--emit=link,metadata", "-Copt-level=3"]),
];

/// What a client that sends and reads messages spends its time on.
const HOT: [&str; 12] = [
    "message",
    "Message",
    "MessageEntity",
    "user",
    "User",
    "channel",
    "Chat",
    "Update",
    "updates",
    "Updates",
    "messages.messages",
    "messages.messagesSlice",
];

const THREE: [&str; 3] = [
    "messages.sendMessage",
    "messages.getHistory",
    "upload.getFile",
];

/// Parts of layer 230 that make so many types.
const FEW_39: [&str; 1] = ["users.getUsers"];
const FEW_84: [&str; 1] = ["photos.*"];
const FEW_153: [&str; 1] = ["auth.*"];
const FEW_237: [&str; 1] = ["help.*"];
const FEW_407: [&str; 5] = ["help.*", "auth.*", "stickers.*", "upload.*", "photos.*"];

/// The rows of the table.
fn rows() -> Vec<(&'static str, fn() -> Result<Crate>)> {
    vec![
        ("grammers-tl-types, default features", grammers),
        ("ours, by default", || ours("default", |config| config)),
        ("ours, code", || {
            ours("code", |config| config.codec("*", Codec::Code))
        }),
        ("ours, code, borrowed", || {
            ours("code-borrowed", |config| {
                config
                    .codec("*", Codec::Code)
                    .ownership(Ownership::Borrowed)
            })
        }),
        ("ours, tables", || {
            ours("tables", |config| config.codec("*", Codec::Table))
        }),
        ("ours, tables, borrowed", || {
            ours("tables-borrowed", |config| {
                config
                    .codec("*", Codec::Table)
                    .ownership(Ownership::Borrowed)
            })
        }),
        ("ours, tables, hot types by code", || {
            ours("hot", |config| {
                let config = config.codec("*", Codec::Table);
                HOT.iter()
                    .fold(config, |config, path| config.codec(*path, Codec::Code))
            })
        }),
        ("ours, tables, no docs", || {
            ours("no-docs", |config| {
                config.codec("*", Codec::Table).docs(false)
            })
        }),
        ("ours, tables, no derives", || {
            ours("no-derives", |config| {
                config.codec("*", Codec::Table).derive("*", [""; 0])
            })
        }),
        ("ours, three methods, by default", || {
            ours("three", |config| config.only(THREE))
        }),
        ("ours, three methods, code", || {
            ours("three-code", |config| {
                config.codec("*", Codec::Code).only(THREE)
            })
        }),
        ("td_api, tables", || other("tdlib/td_api.tl", Codec::Table)),
        ("td_api, code", || other("tdlib/td_api.tl", Codec::Code)),
        ("ton_api, tables", || other("ton/ton_api.tl", Codec::Table)),
        ("ton_api, code", || other("ton/ton_api.tl", Codec::Code)),
        ("few: 39 types, tables", || few(&FEW_39, Codec::Table)),
        ("few: 39 types, code", || few(&FEW_39, Codec::Code)),
        ("few: 84 types, tables", || few(&FEW_84, Codec::Table)),
        ("few: 84 types, code", || few(&FEW_84, Codec::Code)),
        ("few: 153 types, tables", || few(&FEW_153, Codec::Table)),
        ("few: 153 types, code", || few(&FEW_153, Codec::Code)),
        ("few: 237 types, tables", || few(&FEW_237, Codec::Table)),
        ("few: 237 types, code", || few(&FEW_237, Codec::Code)),
        ("few: 407 types, tables", || few(&FEW_407, Codec::Table)),
        ("few: 407 types, code", || few(&FEW_407, Codec::Code)),
        ("default: 407 types, with Default, tables", || {
            with_default("default-tables", Codec::Table)
        }),
        ("default: 407 types, with Default, code", || {
            with_default("default-code", Codec::Code)
        }),
        ("owning: both ownerships, tables", || {
            both("own-tables", Codec::Table, &[], "crate::owned")
        }),
        ("owning: 407 types, both ownerships, without it, tables", || {
            both("own-not-407", Codec::Table, &FEW_407, "")
        }),
        ("owning: 407 types, both ownerships, tables", || {
            both("own-tables-407", Codec::Table, &FEW_407, "crate::owned")
        }),
        ("owning: 407 types, both ownerships, code", || {
            both("own-code-407", Codec::Code, &FEW_407, "crate::owned")
        }),
    ]
}

fn main() -> Result<()> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    match &args[..] {
        [row, mode] if mode.parse::<usize>().is_ok() => one(row.parse()?, mode.parse()?),
        [] => table(""),
        [size] if size == "size" => sizes(),
        [filter, ..] => table(filter),
    }
}

/// Each cell in a process of its own: peak memory is that of all children.
fn table(filter: &str) -> Result<()> {
    compile_run_time()?;
    println!("| CPU s / peak MiB | check | debug | release |");
    println!("|---|---:|---:|---:|");
    for (index, (name, _)) in rows().iter().enumerate() {
        if !name.contains(filter) {
            continue;
        }
        print!("| {name} |");
        for mode in 0..MODES.len() {
            let output = Command::new(std::env::current_exe()?)
                .args([index.to_string(), mode.to_string()])
                .output()?;
            if !output.status.success() {
                return Err(String::from_utf8_lossy(&output.stderr).into());
            }
            print!(" {} |", String::from_utf8(output.stdout)?.trim());
        }
        println!();
    }
    Ok(())
}

/// Measures one cell.
fn one(row: usize, mode: usize) -> Result<()> {
    let here = (rows()[row].1)()?;
    let (mode, args) = MODES[mode];
    let before = seconds()?;
    let mut command = rustc(&here);
    command
        .arg(&here.root)
        .arg("--crate-type=rlib")
        .args(args)
        .arg(format!("--out-dir={}", here.out_dir.join(mode).display()));
    run(&mut command)?;
    let usage = getrusage(UsageWho::RUSAGE_CHILDREN)?;
    println!("{:.1} / {}", seconds()? - before, usage.max_rss() / 1024);
    Ok(())
}

/// How large the clients are, in KiB, as Cargo makes them in release.
fn sizes() -> Result<()> {
    compile_run_time()?;
    let ours_client = "clients/ours.rs";
    let clients: [(&str, &str, fn() -> Result<Crate>); 5] = [
        ("grammers-tl-types", "clients/grammers.rs", grammers),
        ("ours, tables", ours_client, || {
            ours("tables", |config| config.codec("*", Codec::Table))
        }),
        ("ours, code", ours_client, || {
            ours("code", |config| config.codec("*", Codec::Code))
        }),
        ("ours, three methods, tables", ours_client, || {
            ours("three", |config| {
                config.codec("*", Codec::Table).only(THREE)
            })
        }),
        ("ours, three methods, code", ours_client, || {
            ours("three-code", |config| {
                config.codec("*", Codec::Code).only(THREE)
            })
        }),
    ];
    println!("| client of three methods | KiB |");
    println!("|---|---:|");
    for (name, client, library) in clients {
        let here = library()?;
        let library = here.out_dir.join("libapi.rlib");
        let mut command = rustc(&here);
        command
            .arg(&here.root)
            .args([
                "--crate-name=api",
                "--crate-type=rlib",
                "-Copt-level=3",
                "-o",
            ])
            .arg(&library);
        run(&mut command)?;
        let program = here.out_dir.join("client");
        let mut command = rustc(&here);
        command
            .arg(Path::new(env!("CARGO_MANIFEST_DIR")).join(client))
            .args(["-Copt-level=3", "-Cstrip=debuginfo", "-o"])
            .arg(&program)
            .arg("-L")
            .arg(here.out_dir.join(".."))
            .arg(format!("--extern=api={}", library.display()));
        run(&mut command)?;
        println!("| {name} | {} |", fs::metadata(&program)?.len() / 1024);
    }
    Ok(())
}

/// The run time that generated code names.
fn run_time() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("target/compile-cost/libtl_runtime.rlib")
}

/// Compiles it, once for all cells, and in no process whose memory is measured.
fn compile_run_time() -> Result<()> {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut command = Command::new("rustc");
    command
        .arg(here.join("../../mtproto-runtime/tl-runtime/src/lib.rs"))
        .args([
            "--edition=2024",
            "--crate-type=rlib",
            "--crate-name=tl_runtime",
        ])
        .args(["--cap-lints=allow", "-Copt-level=3", "-o"])
        .arg(run_time());
    fs::create_dir_all(here.join("target/compile-cost"))?;
    run(&mut command)
}

/// The compiler, with what all of a crate's compilations want.
fn rustc(here: &Crate) -> Command {
    let mut command = Command::new("rustc");
    command
        .args(["--edition=2024", "--cap-lints=allow"])
        .args(&here.args)
        .env("OUT_DIR", &here.out_dir);
    command
}

fn run(command: &mut Command) -> Result<()> {
    match command.status()?.success() {
        true => Ok(()),
        false => Err("it does not compile".into()),
    }
}

/// CPU time of all children.
fn seconds() -> Result<f64> {
    let usage = getrusage(UsageWho::RUSAGE_CHILDREN)?;
    let times = [usage.user_time(), usage.system_time()];
    let seconds = times.map(|time| time.tv_sec() as f64 + time.tv_usec() as f64 / 1e6);
    Ok(seconds.iter().sum())
}

/// Layer 230 by tl-codegen.
fn ours(name: &str, knobs: impl FnOnce(Config) -> Config) -> Result<Crate> {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let config = Config::new()
        .schema(here.join("../../schemas/telegram/api.tl"))
        .known_ids(here.join("../../schemas/known-ids.txt"))
        .id_rule(IdRule::Telegram);
    generated(name, knobs(config))
}

/// A part of layer 230.
fn few(only: &[&str], codec: Codec) -> Result<Crate> {
    ours("few", |config| {
        config.codec("*", codec).only(only.iter().copied())
    })
}

/// A part of layer 230, those of its types with `Default` that can have it.
fn with_default(name: &str, codec: Codec) -> Result<Crate> {
    ours(name, |config| {
        let traits = ["Debug", "Clone", "PartialEq", "Default"];
        let config = config.codec("*", codec).only(FEW_407);
        config.derive("*", traits)
    })
}

/// A part of layer 230, or all of it, owned and borrowed; `to_owned` if the module of the owned is named.
fn both(name: &str, codec: Codec, only: &[&str], owned: &str) -> Result<Crate> {
    let knobs = |config: Config| config.codec("*", codec).only(only.iter().copied());
    let borrowed = ours(&format!("{name}-borrowed"), |config| {
        let config = knobs(config).ownership(Ownership::Borrowed);
        match owned {
            "" => config,
            path => config.owned_module(path),
        }
    })?;
    let here = ours(name, knobs)?;
    let [owned, borrowed] = [&here, &borrowed].map(|file| file.out_dir.join("api.rs"));
    let text = format!(
        "#[path = {owned:?}]\npub mod owned;\n#[path = {borrowed:?}]\npub mod borrowed;\n"
    );
    fs::write(&here.root, text)?;
    Ok(here)
}

/// Another schema.
fn other(schema: &str, codec: Codec) -> Result<Crate> {
    let schema = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../schemas")
        .join(schema);
    generated("other", Config::new().schema(schema).codec("*", codec))
}

/// What tl-codegen makes.
fn generated(name: &str, config: Config) -> Result<Crate> {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let folder = here.join("target/compile-cost").join(name);
    fs::create_dir_all(&folder)?;
    let config = config
        .runtime("::tl_runtime")
        .module("api")
        .out_dir(&folder);
    let text = fs::read_to_string(config.generate()?)?;
    fs::write(folder.join("lib.rs"), text)?;
    Ok(Crate {
        root: folder.join("lib.rs"),
        args: vec![format!("--extern=tl_runtime={}", run_time().display())],
        out_dir: folder,
    })
}

/// grammers-tl-types with its default features, as its build script makes it.
fn grammers() -> Result<Crate> {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let folder = here.join("target/compile-cost/grammers");
    fs::create_dir_all(&folder)?;
    let metadata = Command::new("cargo")
        .args(["metadata", "--format-version=1", "--offline"])
        .current_dir(here)
        .output()?;
    let metadata = String::from_utf8(metadata.stdout)?;
    let sources = metadata
        .split('"')
        .find(|path| path.contains("grammers-tl-types-") && path.ends_with("/src/lib.rs"))
        .ok_or("grammers-tl-types is not there")?;
    let root = PathBuf::from(sources);
    let package = root.ancestors().nth(2).ok_or("no folder")?;
    let text = fs::read_to_string(package.join("tl/api.tl"))?;
    let definitions: Vec<_> = grammers_tl_parser::parse_tl_file(&text)
        .filter_map(std::result::Result::ok)
        .collect();
    let file = |name: &str| fs::File::create(folder.join(format!("generated_{name}.rs")));
    let mut outputs = grammers_tl_gen::Outputs {
        common: file("common")?,
        types: file("types")?,
        functions: file("functions")?,
        enums: file("enums")?,
    };
    let config = grammers_tl_gen::Config {
        gen_name_for_id: true,
        ..grammers_tl_gen::Config::default()
    };
    grammers_tl_gen::generate_rust_code(&mut outputs, &definitions, 230, &config)?;
    let features = ["impl-debug", "impl-from-enum", "impl-from-type", "tl-api"];
    Ok(Crate {
        root,
        args: features
            .map(|name| format!("--cfg=feature=\"{name}\""))
            .to_vec(),
        out_dir: folder,
    })
}
