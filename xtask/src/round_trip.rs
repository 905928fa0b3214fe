//! Schemas all the way: generated in both ownerships, compiled without a warning, and random
//! values through what was compiled.
//!
//! The values come from the resolved schema alone (`tl_codegen::Sampler`), so that they can judge
//! the generated code: for every constructor, function and answer
//!
//! * the bytes become an owned value, which becomes the same bytes, and says so of its size;
//! * the bytes become a borrowed value, which becomes the same bytes;
//! * the borrowed value made owned is the owned one.
//!
//! A declaration is added to every schema, which has an `Object` and a `Function`: constructors and
//! functions are read by these enums of all of them, since a check for each would take minutes to
//! compile.

mod random;

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail, ensure};
use tl_codegen::lower::lower;
use tl_codegen::model::{File, Generics, Item, Module, Struct, Type};
use tl_codegen::{Codec, Config, IdRule, Objects, Ownership, Sampler};
use tl_parser::Compiler;
use tl_parser::id::KnownIds;
use tl_parser::ir::{CombinatorId, CombinatorKind, Schema};
use tl_parser::source::{Source, Sources};

/// Generate Rust from schemas, compile it without a warning, and send random values through it.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// Schemas; `a.tl+b.tl` is one schema of two files. Unless given, those of the folder `schemas`
    /// and of the tests
    schemas: Vec<String>,
    /// Leave out the schemas whose code takes minutes to compile
    #[arg(long, conflicts_with = "schemas")]
    quick: bool,
    /// How many values to make of each declaration
    #[arg(long, default_value_t = 50)]
    values: u64,
    /// Where the programs are written and built; two runs at a time need two folders
    #[arg(long, default_value = "target/round-trip")]
    folder: PathBuf,
    /// By tables instead of code, each compared with the types that it describes
    #[arg(long)]
    table: bool,
    /// Types that have code beside the tables of all others; may be given several times
    #[arg(long, value_name = "PATH", requires = "table")]
    hot: Vec<String>,
    /// So many random schemas instead of real ones; those that turn out to have faults are left out
    #[arg(long, conflicts_with_all = ["schemas", "quick"])]
    random: Option<u64>,
    /// The seed of the first of them
    #[arg(long, default_value_t = 0, requires = "random")]
    first: u64,
    /// The rule that ids are computed by, if it can't be found out
    #[arg(long, value_parser = id_rule)]
    id_rule: Option<IdRule>,
}

fn id_rule(name: &str) -> Result<IdRule, String> {
    match name {
        "tl" => Ok(IdRule::Tl),
        "telegram" => Ok(IdRule::Telegram),
        _ => Err("it is tl or telegram".to_owned()),
    }
}

/// Schemas of the project: files, and the rule of ids.
const SCHEMAS: &[(&str, IdRule)] = &[
    ("schemas/telegram/api.tl", IdRule::Telegram),
    ("schemas/mtproto/mtproto.tl", IdRule::Telegram),
    ("schemas/secret/secret.tl", IdRule::Telegram),
    ("schemas/ton/ton_api.tl", IdRule::Tl),
    ("schemas/ton/lite_api.tl", IdRule::Tl),
    ("schemas/tdlib/td_api.tl", IdRule::Tl),
    ("tl-codegen/tests/golden/sample.tl", IdRule::Telegram),
    ("tl-codegen/tests/schemas/numbers.tl", IdRule::Tl),
    ("tl-codegen/tests/schemas/collisions.tl", IdRule::Tl),
    ("tl-codegen/tests/schemas/anything.tl", IdRule::Tl),
    (
        "tl-codegen/tests/schemas/declarations_telegram.tl",
        IdRule::Telegram,
    ),
    ("tl-codegen/tests/schemas/declarations_tl.tl", IdRule::Tl),
];

/// Those that take minutes.
const LARGE: &[&str] = &[
    "schemas/telegram/api.tl",
    "schemas/ton/ton_api.tl",
    "schemas/tdlib/td_api.tl",
];

pub(crate) fn run(args: &Args) -> Result<()> {
    let root = crate::root();
    let folder = root.join(&args.folder);
    // What an earlier run left there belongs to other schemas.
    let _ = std::fs::remove_dir_all(folder.join("src"));
    let schemas: Vec<(String, Option<IdRule>)> = if let Some(count) = args.random {
        let texts = folder.join("schemas");
        std::fs::create_dir_all(&texts)?;
        let mut schemas = Vec::new();
        for seed in args.first..args.first.saturating_add(count) {
            let path = texts.join(format!("random{seed}.tl"));
            std::fs::write(&path, random::schema(seed))?;
            schemas.push((path.display().to_string(), Some(IdRule::Tl)));
        }
        schemas
    } else if args.schemas.is_empty() {
        let rule = |&(file, rule): &(&str, IdRule)| (file.to_owned(), Some(rule));
        let is_wanted = |&&(file, _): &&(&str, IdRule)| !(args.quick && LARGE.contains(&file));
        SCHEMAS.iter().filter(is_wanted).map(rule).collect()
    } else {
        let rule = |file: &String| (file.clone(), args.id_rule);
        args.schemas.iter().map(rule).collect()
    };
    let mut programs = Vec::new();
    for (index, (files, rule)) in schemas.iter().enumerate() {
        match prepare(&root, &folder, index, files, *rule, args) {
            Ok(Some(program)) => programs.push(program),
            Ok(None) => println!("{files}: has faults, nothing is generated"),
            Err(error) => return Err(error.context(files.clone())),
        }
    }
    write_if_changed(&folder.join("Cargo.toml"), &manifest(&root))?;
    let mut cargo = crate::cargo();
    cargo
        .args(["build", "--quiet", "--offline", "--manifest-path"])
        .arg(folder.join("Cargo.toml"))
        .env("CARGO_TARGET_DIR", folder.join("target"))
        .env("RUSTFLAGS", "-D warnings");
    ensure!(
        cargo.status()?.success(),
        "generated code does not compile without warnings"
    );
    for program in &programs {
        let binary = folder.join("target/debug").join(&program.name);
        let status = std::process::Command::new(binary)
            .arg(&program.values)
            .status()?;
        ensure!(status.success(), "{}: values went wrong", program.files);
        println!(
            "{}: {} values of {} of {} declarations and {} sorts of answers",
            program.files, program.count, program.sampled, program.declarations, program.answers
        );
        if !program.left_out.is_empty() {
            println!("  only within others: {}", program.left_out.join(", "));
        }
    }
    Ok(())
}

/// A schema made into a program.
struct Program {
    files: String,
    name: String,
    values: PathBuf,
    /// How many values there are.
    count: usize,
    /// How many declarations there are, and of how many of them there are values.
    declarations: usize,
    sampled: usize,
    /// How many types of answers are no constructors.
    answers: usize,
    /// The declarations that have values only within other values.
    left_out: Vec<String>,
}

fn prepare(
    root: &Path,
    folder: &Path,
    index: usize,
    files: &str,
    rule: Option<IdRule>,
    args: &Args,
) -> Result<Option<Program>> {
    let known = std::fs::read_to_string(root.join("schemas/known-ids.txt"))?;
    let known = KnownIds::parse(&known)?;
    let mut compiler = Compiler::new().known_ids(known);
    let mut config = Config::new().runtime("::tl_runtime").objects(Objects::Enum);
    config = match args.table {
        true => config.codec("*", Codec::Table).assert_layout(true),
        false => config.codec("*", Codec::Code),
    };
    for path in &args.hot {
        config = config.codec(path, Codec::Code);
    }
    if let Some(rule) = rule {
        compiler = compiler.id_rule(rule);
        config = config.id_rule(rule);
    }
    let paths: Vec<PathBuf> = files.split('+').map(|file| root.join(file)).collect();
    let mut sources = Vec::new();
    for path in &paths {
        let bytes = std::fs::read(path).with_context(|| path.display().to_string())?;
        sources.push(Source::from_bytes(path.display().to_string(), bytes)?);
    }
    sources.push(Source::new("anything.tl", ANYTHING)?);
    for source in &sources {
        compiler.add(source.clone());
    }
    let compiled = compiler.compile();
    let Some(schema) = compiled.schema else {
        return Ok(None);
    };
    let stem = paths[0].file_stem().unwrap_or_default().to_string_lossy();
    let name = format!("s{index}-{stem}").replace('.', "-");
    let here = folder.join("src/bin").join(&name);
    std::fs::create_dir_all(&here)?;
    let owned = config.clone();
    let borrowed = config
        .ownership(Ownership::Borrowed)
        .owned_module("crate::owned");
    for (file, config) in [("owned.rs", &owned), ("borrowed.rs", &borrowed)] {
        let text = config.generate_from(sources.clone())?.text;
        write_if_changed(&here.join(file), &text)?;
    }
    let of_owned = model(&schema, &compiled.sources, &owned)?;
    let of_borrowed = model(&schema, &compiled.sources, &borrowed)?;
    let mut work = Work {
        schema: &schema,
        sampler: Sampler::new(&schema, 1),
        values: args.values,
        checks: Vec::new(),
        bytes: Vec::new(),
        count: 0,
        sampled: 0,
        left_out: Vec::new(),
        wrapped: None,
        any: [None, None],
    };
    work.wrapped = work.plain_function(&of_borrowed);
    work.any = ["Object", "Function"].map(|name| work.enum_of_all(&of_borrowed, name));
    for (owned, borrowed) in of_owned.iter().zip(&of_borrowed) {
        work.item(owned, borrowed);
    }
    let mut checks = String::new();
    for (_, check) in &work.checks {
        let _ = writeln!(checks, "    ({check:?}, {check}),");
    }
    let program = DRIVER.replace("/* checks */", &checks);
    write_if_changed(&here.join("main.rs"), &program)?;
    let path = folder.join("values").join(&name);
    std::fs::create_dir_all(folder.join("values"))?;
    std::fs::write(&path, &work.bytes)?;
    let counts = schema.counts();
    Ok(Some(Program {
        files: files.to_owned(),
        name,
        values: path,
        count: work.count,
        // But for the one that was added.
        declarations: counts.constructors + counts.functions - 1,
        sampled: work.sampled,
        answers: work
            .checks
            .iter()
            .filter(|(_, check)| check.contains("answer!"))
            .count(),
        left_out: work.left_out,
    }))
}

/// All items of a schema.
fn model(schema: &Schema, sources: &Sources, config: &Config) -> Result<Vec<Item>> {
    let file: File = match lower(schema, sources, config) {
        Ok(file) => file,
        Err(names) => bail!("too many types or numbers: {}", names.join(", ")),
    };
    let mut items = Vec::new();
    let mut modules: Vec<Module> = file.modules;
    while let Some(module) = modules.pop() {
        items.extend(module.items);
        modules.extend(module.modules);
    }
    Ok(items)
}

struct Work<'s> {
    schema: &'s Schema,
    sampler: Sampler<'s>,
    values: u64,
    /// What makes one check another, and the checks, as Rust.
    checks: Vec<(String, String)>,
    /// The values: the number of a check, the length, the bytes.
    bytes: Vec<u8>,
    count: usize,
    sampled: usize,
    left_out: Vec<String>,
    /// The checks by the enums of all constructors and all functions.
    any: [Option<String>; 2],
    /// A function that wrappers are put around, and what it is called in both ownerships.
    wrapped: Option<(CombinatorId, String, String)>,
}

impl Work<'_> {
    fn item(&mut self, owned: &Item, borrowed: &Item) {
        let (Item::Struct(owned), Item::Struct(borrowed)) = (owned, borrowed) else {
            return;
        };
        let Some(identity) = owned.identity else {
            return;
        };
        let schema = self.schema;
        let is_function = owned.path.starts_with("functions::");
        let kind = match is_function {
            true => CombinatorKind::Function,
            false => CombinatorKind::Constructor,
        };
        let id = schema
            .find_combinators(&owned.schema_name)
            .find(|&id| schema[id].id == identity.id && schema[id].kind == kind);
        let Some(id) = id else { return };
        match is_function {
            true => self.function(id, owned, borrowed),
            false => self.constructor(id, owned, borrowed),
        }
    }

    fn constructor(&mut self, id: CombinatorId, owned: &Struct, borrowed: &Struct) {
        let name = self.schema[self.schema[id].name].to_owned();
        let mut samples = Vec::new();
        if self.schema[id].variables.is_empty() {
            for _ in 0..self.values {
                samples.extend(self.sampler.combinator(id));
            }
        }
        self.note(&name, samples.is_empty());
        let is_default = owned.identity.is_none_or(|identity| identity.is_default);
        let check = match &self.any[0] {
            Some(any) if !is_default => any.clone(),
            _ => value(&owned.path, &applied(&borrowed.path, &borrowed.generics)),
        };
        self.check(&check.clone(), &check, samples);
    }

    fn function(&mut self, id: CombinatorId, owned: &Struct, borrowed: &Struct) {
        let name = self.schema[self.schema[id].name].to_owned();
        let is_wrapper = owned
            .generics
            .types
            .iter()
            .any(|generic| generic.is_function);
        let wrapped = self.wrapped.clone().filter(|_| is_wrapper);
        if (is_wrapper && wrapped.is_none()) || owned.generics.types.len() > 1 {
            self.note(&name, true);
            return;
        }
        let is_dependent = owned.output.as_ref().is_some_and(Type::depends_on_numbers);
        let mut calls = Vec::new();
        let mut answers = Vec::new();
        let inner = wrapped.as_ref().map(|wrapped| wrapped.0);
        for _ in 0..self.values {
            if let Some((call, answer)) = self.sampler.exchange(id, inner) {
                let mut both = Vec::new();
                if is_dependent {
                    both.extend(&call);
                }
                both.extend(answer);
                calls.push(call);
                answers.push(both);
            }
        }
        self.note(&name, calls.is_empty());
        let output = format!("{:?}", owned.output);
        let (owned, borrowed) = match &wrapped {
            None => (
                owned.path.to_string(),
                applied(&borrowed.path, &borrowed.generics),
            ),
            Some((_, path, inner)) => {
                let lifetime = match borrowed.generics.lifetime {
                    true => "'_, ",
                    false => "",
                };
                (
                    format!("{}<owned::{path}>", owned.path),
                    format!("{}<{lifetime}borrowed::{inner}>", borrowed.path),
                )
            }
        };
        let call = match &self.any[1] {
            Some(any) if wrapped.is_none() => any.clone(),
            _ => value(&owned, &borrowed),
        };
        self.check(&call.clone(), &call, calls);
        // Functions of one type of answer share a check.
        let (key, check) = match is_dependent {
            true => (
                owned.clone(),
                format!("dependent_answer!(owned::{owned}, borrowed::{borrowed})"),
            ),
            false if wrapped.is_some() => (
                owned.clone(),
                format!("answer!(owned::{owned}, borrowed::{borrowed})"),
            ),
            false => (
                output,
                format!("answer!(owned::{owned}, borrowed::{borrowed})"),
            ),
        };
        self.check(&key, &check, answers);
    }

    fn note(&mut self, name: &str, left_out: bool) {
        match left_out {
            // Nobody declared it.
            _ if name == "roundTrip" => {}
            true if self.left_out.iter().any(|other| other == name) => {}
            true => self.left_out.push(name.to_owned()),
            false => self.sampled += 1,
        }
    }

    fn check(&mut self, key: &str, check: &str, samples: Vec<Vec<u8>>) {
        if samples.is_empty() {
            return;
        }
        let known = self.checks.iter().position(|(other, _)| other == key);
        let number = known.unwrap_or_else(|| {
            self.checks.push((key.to_owned(), check.to_owned()));
            self.checks.len() - 1
        });
        let number = u32::try_from(number).unwrap_or(u32::MAX);
        for sample in samples {
            self.count += 1;
            self.bytes.extend(number.to_le_bytes());
            let len = u32::try_from(sample.len()).unwrap_or(u32::MAX);
            self.bytes.extend(len.to_le_bytes());
            self.bytes.extend(sample);
        }
    }

    /// The check by the enum of all of a kind.
    fn enum_of_all(&self, items: &[Item], name: &str) -> Option<String> {
        items.iter().find_map(|item| match item {
            Item::Enum(item) if item.schema_name == name => {
                let borrowed = applied(&item.path, &item.generics);
                Some(value(&item.path, &borrowed))
            }
            _ => None,
        })
    }

    /// A function without parameters whose answer needs no numbers.
    fn plain_function(&self, items: &[Item]) -> Option<(CombinatorId, String, String)> {
        items.iter().find_map(|item| {
            let Item::Struct(item) = item else {
                return None;
            };
            let schema = self.schema;
            let id = schema
                .find_combinators(&item.schema_name)
                .find(|&id| schema[id].kind == CombinatorKind::Function)?;
            let is_plain = item.path.starts_with("functions::")
                && schema[id].variables.is_empty()
                && !item.output.as_ref().is_some_and(Type::depends_on_numbers);
            is_plain.then(|| {
                (
                    id,
                    item.path.to_string(),
                    applied(&item.path, &item.generics),
                )
            })
        })
    }
}

fn applied(path: &str, generics: &Generics) -> String {
    match generics.lifetime {
        true => format!("{path}<'_>"),
        false => path.to_owned(),
    }
}

fn value(owned: &str, borrowed: &str) -> String {
    format!("value!(owned::{owned}, borrowed::{borrowed})")
}

fn manifest(root: &Path) -> String {
    let runtime = root.join("mtproto-runtime/tl-runtime");
    format!(
        "[package]\nname = \"round-trip\"\nedition = \"2024\"\n\n[workspace]\n\n\
         [profile.dev]\ndebug = false\n\n\
         [dependencies]\ntl-runtime = {{ path = {runtime:?} }}\n"
    )
}

fn write_if_changed(path: &Path, text: &str) -> Result<()> {
    tl_codegen::write_if_changed(path, text).with_context(|| path.display().to_string())?;
    Ok(())
}

/// What is added to every schema.
const ANYTHING: &str = "---types---\nroundTrip what:Object call:Function = RoundTrip;\n";

/// The program around generated code.
const DRIVER: &str = include_str!("round_trip/driver.rs");
