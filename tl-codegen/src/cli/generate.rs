//! `tl-gen generate FILE… --out DIR`

use std::io::{self, Write};
use std::path::PathBuf;

use clap::ValueEnum;

use super::Outcome;
use super::input::{self, Files, KnownArg, RuleArg};
use super::output::{self, Terminal};
use super::report;
use crate::{Boxing, Codec, Config, Error, Objects, Ownership, Side};

/// Generate Rust from a schema
///
/// One file is written, named for the first schema file; with `--out -` it goes to standard output.
#[derive(clap::Args, Debug)]
#[command(
    after_help = "Examples:\n  tl-gen generate api.tl --out src/generated\n  \
                  tl-gen generate api.tl --out - --only messages.sendMessage --only 'upload.*'\n  \
                  tl-gen generate api.tl --out src/generated --check    is the file up to date?\n  \
                  tl-gen generate api.tl --out src --derive Clone --derive 'InputPeer=Clone,Eq,PartialEq'\n  \
                  tl-gen generate api.tl --out src --module borrowed --ownership borrowed \
                  --owned-module crate::api"
)]
pub(super) struct Args {
    #[command(flatten)]
    files: Files,
    /// The folder that the file is written to; `-` is standard output
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
    /// Write nothing; exit with 1 if the file is not there as it should be
    #[arg(long)]
    check: bool,
    /// The name of the file, without `.rs`; unless set, that of the first schema file
    #[arg(long, value_name = "NAME")]
    module: Option<String>,
    /// Generate this function, type or namespace (`messages.*`) and what it needs, nothing else;
    /// may be given several times
    #[arg(long, value_name = "NAME")]
    only: Vec<String>,
    /// Whether types own what they hold
    #[arg(long, value_enum, default_value = "owned")]
    ownership: OwnershipArg,
    /// Where the owned types of the same schema are; borrowed ones get a method `to_owned`
    #[arg(long, value_name = "PATH")]
    owned_module: Option<String>,
    /// How types are read and written: by code of their own, or by tables, which compile in seconds;
    /// `auto` is code for few types and tables for many
    #[arg(long, value_enum, default_value = "auto")]
    codec: CodecArg,
    /// Read and write this function, type or namespace by code, though others have tables; may be
    /// given several times
    #[arg(long, value_name = "NAME")]
    code: Vec<String>,
    /// Read and write this function, type or namespace by a table, though others have code; may be
    /// given several times, and counts more than `--code`
    #[arg(long, value_name = "NAME")]
    table: Vec<String>,
    /// Who speaks: a client writes functions and reads what they answer
    #[arg(long, value_enum, default_value = "both")]
    side: SideArg,
    /// What becomes of `Object`, a value of any type: its bytes, or an enum of all types
    #[arg(long, value_enum, default_value = "bytes")]
    objects: ObjectsArg,
    /// Hold the strings of this field (`user.phone`, `user.*`, `*`) as bytes, since peers may send
    /// what is not UTF-8; may be given several times
    #[arg(long, value_name = "FIELD")]
    strings_as_bytes: Vec<String>,
    /// Traits to derive, separated by commas, for all types or those of a name; may be given
    /// several times, the last that fits counts. `Default` goes to those that can have it, unless
    /// one type is named
    #[arg(long, value_name = "[NAME=]TRAITS")]
    derive: Vec<String>,
    /// Put an attribute on the types of a name; may be given several times
    #[arg(long, value_name = "NAME=ATTRIBUTE", value_parser = pair)]
    attribute: Vec<(String, String)>,
    /// Put an attribute on a field (`user.phone`), or all of a struct (`user.*`); may be given
    /// several times
    #[arg(long, value_name = "FIELD=ATTRIBUTE", value_parser = pair)]
    field_attribute: Vec<(String, String)>,
    /// Give a type, constructor or function another Rust name; may be given several times
    #[arg(long, value_name = "NAME=RUST", value_parser = pair)]
    rename: Vec<(String, String)>,
    /// Box constructors that are larger, in the enums of all types (56 unless set) or those of a
    /// name; may be given several times, the narrowest name that fits counts
    #[arg(long, value_name = "[NAME=]BYTES", value_parser = size)]
    box_variants: Vec<Size>,
    /// The same for the enums of types that have a constructor of their own name (`message` of
    /// `Message`): 512 unless set here or, for all, by `--box-variants`; what is less than that
    /// does not count
    #[arg(long, value_name = "[NAME=]BYTES", value_parser = size)]
    box_namesakes: Vec<Size>,
    /// Box optional fields of generated types that are larger, in all structs (32 unless set) or
    /// those of a name; may be given several times, the narrowest name that fits counts
    #[arg(long, value_name = "[NAME=]BYTES", value_parser = size)]
    box_optional_fields: Vec<Size>,
    /// The path by which generated code finds the run time
    #[arg(long, value_name = "PATH", default_value = "::mtproto_runtime::tl")]
    runtime: String,
    /// Leave out `From` of enums for the structs that they hold
    #[arg(long)]
    no_conversions: bool,
    /// Leave out docs
    #[arg(long)]
    no_docs: bool,
    /// Leave out indentation
    #[arg(long)]
    no_format: bool,
    #[command(flatten)]
    rule: RuleArg,
    #[command(flatten)]
    known: KnownArg,
}

/// `NAME=VALUE`, the value being whatever follows.
fn pair(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((name, value)) if !name.is_empty() && !value.is_empty() => {
            Ok((name.to_owned(), value.to_owned()))
        }
        _ => Err("write NAME=VALUE".to_owned()),
    }
}

/// A number of bytes, of what has this name or of everything.
#[derive(Clone, Debug)]
struct Size {
    name: Option<String>,
    bytes: u32,
}

/// `[NAME=]BYTES`
fn size(text: &str) -> Result<Size, String> {
    let (name, bytes) = match text.split_once('=') {
        Some((name, bytes)) => (Some(name.to_owned()), bytes),
        None => (None, text),
    };
    match bytes.parse() {
        Ok(bytes) if name.as_deref() != Some("") => Ok(Size { name, bytes }),
        _ => Err("write BYTES or NAME=BYTES".to_owned()),
    }
}

#[derive(ValueEnum, Clone, Copy, Debug)]
enum OwnershipArg {
    Owned,
    Borrowed,
}

#[derive(ValueEnum, Clone, Copy, Debug)]
enum ObjectsArg {
    Bytes,
    Enum,
}

#[derive(ValueEnum, Clone, Copy, Debug)]
enum CodecArg {
    Auto,
    Code,
    Table,
}

#[derive(ValueEnum, Clone, Copy, Debug)]
enum SideArg {
    Client,
    Server,
    Both,
}

pub(super) fn run(args: &Args, terminal: &mut Terminal) -> io::Result<Outcome> {
    if args.check && input::is_stdin(&args.out) {
        terminal.complain("--check compares a file, and `--out -` writes none");
        return Ok(Outcome::Unusable);
    }
    let (sources, unreadable) = input::read_sources(&args.files.files);
    if !unreadable.is_empty() {
        report::unreadable(&mut terminal.err, &unreadable)?;
        return Ok(Outcome::Unusable);
    }
    let config = config(args);
    let generated = match config.generate_from(sources) {
        Ok(generated) => generated,
        Err(Error::Schema(faults)) => {
            report::human(&mut terminal.err, &faults.diagnostics, &faults.sources)?;
            return Ok(Outcome::Faults);
        }
        Err(error) => {
            // With its cause.
            terminal.complain(&format!("{error:?}"));
            return Ok(match error {
                Error::Unsupported { .. } => Outcome::Faults,
                _ => Outcome::Unusable,
            });
        }
    };
    let warnings = &generated.warnings;
    report::human(&mut terminal.err, &warnings.diagnostics, &warnings.sources)?;
    if input::is_stdin(&args.out) {
        terminal.out.write_all(generated.text.as_bytes())?;
        return Ok(Outcome::Clean);
    }
    let path = args.out.join(config.file_name());
    if args.check {
        if std::fs::read(&path).is_ok_and(|old| old == generated.text.as_bytes()) {
            return Ok(Outcome::Clean);
        }
        terminal.complain(&format!("{} is not up to date", path.display()));
        return Ok(Outcome::Faults);
    }
    if let Err(error) = write(&path, &generated.text) {
        let reason = input::in_words(&error);
        terminal.complain(&format!("{}: {reason}", path.display()));
        return Ok(Outcome::Unusable);
    }
    Ok(Outcome::Clean)
}

/// Writes the file unless it is there already.
fn write(path: &std::path::Path, text: &str) -> io::Result<()> {
    if std::fs::read(path).is_ok_and(|old| old == text.as_bytes()) {
        return Ok(());
    }
    if let Some(directory) = path.parent() {
        std::fs::create_dir_all(directory)?;
    }
    output::replace_file(path, text.as_bytes())
}

fn config(args: &Args) -> Config {
    let mut config = Config::new()
        .runtime(&args.runtime)
        .only(args.only.iter().cloned())
        .conversions(!args.no_conversions)
        .docs(!args.no_docs)
        .format(!args.no_format)
        .ownership(match args.ownership {
            OwnershipArg::Owned => Ownership::Owned,
            OwnershipArg::Borrowed => Ownership::Borrowed,
        })
        .objects(match args.objects {
            ObjectsArg::Bytes => Objects::Bytes,
            ObjectsArg::Enum => Objects::Enum,
        })
        .side(match args.side {
            SideArg::Client => Side::Client,
            SideArg::Server => Side::Server,
            SideArg::Both => Side::Both,
        });
    // What the file is called after; standard input has no name.
    for file in args
        .files
        .files
        .iter()
        .filter(|file| !input::is_stdin(file))
    {
        config = config.schema(file);
    }
    for list in args.known.files() {
        config = config.known_ids(list);
    }
    for path in &args.strings_as_bytes {
        config = config.strings_as_bytes(path);
    }
    config = config.codec(
        "*",
        match args.codec {
            CodecArg::Auto => Codec::Auto,
            CodecArg::Code => Codec::Code,
            CodecArg::Table => Codec::Table,
        },
    );
    for path in &args.code {
        config = config.codec(path, Codec::Code);
    }
    for path in &args.table {
        config = config.codec(path, Codec::Table);
    }
    if let Some(rule) = args.rule.rule() {
        config = config.id_rule(rule);
    }
    for derive in &args.derive {
        let (path, traits) = derive.split_once('=').unwrap_or(("*", derive));
        let traits = traits.split(',').map(str::trim);
        config = config.derive(path, traits.filter(|name| !name.is_empty()));
    }
    for (path, attribute) in &args.attribute {
        config = config.attribute(path, attribute);
    }
    for (path, attribute) in &args.field_attribute {
        config = config.field_attribute(path, attribute);
    }
    for (name, rust) in &args.rename {
        config = config.rename(name, rust);
    }
    if let Some(path) = &args.owned_module {
        config = config.owned_module(path);
    }
    config = boxing(config, args);
    match &args.module {
        Some(module) => config.module(module),
        None => config,
    }
}

/// The widest names first, since what is said of a narrower one counts more.
fn boxing(mut config: Config, args: &Args) -> Config {
    type Set = fn(&mut Boxing, u32);
    let set_variants: Set = |boxing, bytes| {
        boxing.variants = bytes;
        boxing.namesakes = bytes;
    };
    let set_namesakes: Set = |boxing, bytes| boxing.namesakes = bytes;
    let set_fields: Set = |boxing, bytes| boxing.optional_fields = bytes;
    let variants = args.box_variants.iter().map(|size| (size, set_variants));
    let fields = args
        .box_optional_fields
        .iter()
        .map(|size| (size, set_fields));
    let namesakes = args.box_namesakes.iter();
    let namesakes = namesakes.map(|size| (size, set_namesakes));
    let mut sizes: Vec<(&Size, Set)> = variants.chain(namesakes).chain(fields).collect();
    sizes.sort_by_key(|(size, _)| match size.name.as_deref() {
        None | Some("*") => 0,
        Some(name) if name.ends_with(".*") => 1 + name.len(),
        Some(_) => usize::MAX,
    });
    for (size, set) in sizes {
        let name = size.name.as_deref().unwrap_or("*");
        let mut boxing = config.boxing_at(name);
        set(&mut boxing, size.bytes);
        config = match name {
            "*" => config.boxing(boxing),
            name => config.boxing_of(name, boxing),
        };
    }
    config
}
