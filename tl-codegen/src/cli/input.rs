//! The files that a verb is given.

use std::fs::File;
use std::io::{self, ErrorKind, Read};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};

use tl_parser::Compiler;
use tl_parser::id::{IdRule, KnownIds};
use tl_parser::source::Source;

use super::output::Stream;

/// Longer input is refused: it is a device or a mistake, and reading it whole would use up the
/// memory.
struct Limit {
    len: u64,
    /// What it can't be, in words.
    refusal: &'static str,
    /// What a directory is not.
    kind: &'static str,
}

/// The greatest known schema has 1 MB.
const SCHEMA: Limit = Limit {
    len: 256 << 20,
    refusal: "this cannot be a schema",
    kind: "a schema file",
};

/// The longest message of Telegram has 1 MB.
const DATA: Limit = Limit {
    len: 64 << 20,
    refusal: "this is too much",
    kind: "a file",
};

/// The files of a verb that makes one schema of them.
#[derive(clap::Args, Debug)]
pub(super) struct Files {
    /// Schema files (TL, Telegram's JSON or .tlo); `-` is standard input. Several make up one
    /// schema, in that order
    #[arg(required = true, value_name = "FILE")]
    pub(super) files: Vec<PathBuf>,
}

/// `--id-rule`
#[derive(clap::Args, Debug)]
pub(super) struct RuleArg {
    /// How ids are computed; found out, it is the rule that more of the written ids follow
    #[arg(long, value_enum, default_value_t, value_name = "RULE")]
    id_rule: Rule,
}

#[derive(clap::ValueEnum, Clone, Copy, Debug, Default)]
enum Rule {
    /// Find out
    #[default]
    Auto,
    /// As Telegram's own schemas have it
    Telegram,
    /// As the language's tools have it: TDLib, TON, VK
    Tl,
}

impl RuleArg {
    /// `None`: to be found out.
    pub(super) fn rule(&self) -> Option<IdRule> {
        match self.id_rule {
            Rule::Auto => None,
            Rule::Telegram => Some(IdRule::Telegram),
            Rule::Tl => Some(IdRule::Tl),
        }
    }

    /// A compiler that goes by the rule.
    pub(super) fn compiler(&self) -> Compiler {
        match self.rule() {
            None => Compiler::new(),
            Some(rule) => Compiler::new().id_rule(rule),
        }
    }
}

/// `--known`
#[derive(clap::Args, Debug)]
pub(super) struct KnownArg {
    /// A list of ids that were given by hand: `name#id`, one a line
    #[arg(long, value_name = "FILE")]
    known: Vec<PathBuf>,
}

impl KnownArg {
    /// The lists.
    pub(super) fn files(&self) -> &[PathBuf] {
        &self.known
    }

    /// Reads the lists; if one cannot be read, says so.
    pub(super) fn read(&self, stderr: &mut Stream) -> io::Result<Option<KnownIds>> {
        let mut all = KnownIds::default();
        for path in &self.known {
            match read_known(path) {
                Ok(known) => all.extend(known),
                Err(unreadable) => {
                    stderr.error(&unreadable.to_string())?;
                    return Ok(None);
                }
            }
        }
        Ok(Some(all))
    }
}

/// A file's bytes and its name in messages.
#[derive(Debug)]
pub(super) struct Input {
    /// The path as it was given, or `<stdin>`.
    pub(super) name: String,
    /// All of it.
    pub(super) bytes: Vec<u8>,
}

/// A file that cannot be read, and why.
#[derive(Debug, serde::Serialize)]
pub(super) struct Unreadable {
    /// The path as it was given, or `<stdin>`.
    pub(super) file: String,
    /// The reason, in words.
    pub(super) message: String,
}

impl std::fmt::Display for Unreadable {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}: {}", self.file, self.message)
    }
}

/// Whether the path stands for standard input.
pub(super) fn is_stdin(path: &Path) -> bool {
    path.as_os_str() == "-"
}

/// Reads a file, or standard input for `-`.
pub(super) fn read(path: &Path) -> Result<Input, Unreadable> {
    read_as(path, &SCHEMA)
}

/// Reads what is no schema: bytes to decode, a value to encode.
pub(super) fn read_data(path: &Path) -> Result<Input, Unreadable> {
    read_as(path, &DATA)
}

fn read_as(path: &Path, what: &Limit) -> Result<Input, Unreadable> {
    let name = match is_stdin(path) {
        true => "<stdin>".to_owned(),
        false => path.display().to_string(),
    };
    match read_bytes(path, what) {
        Ok(bytes) => Ok(Input { name, bytes }),
        Err(message) => Err(Unreadable {
            file: name,
            message,
        }),
    }
}

/// Reads a file of any form, as TL text.
pub(super) fn read_source(path: &Path) -> Result<Source, Unreadable> {
    let Input { name, bytes } = read(path)?;
    tl_parser::input::source(&name, bytes).map_err(|error| Unreadable {
        message: with_causes(&error),
        file: name,
    })
}

/// Reads all of them, and tells of all that cannot be read.
pub(super) fn read_sources(paths: &[PathBuf]) -> (Vec<Source>, Vec<Unreadable>) {
    let mut sources = Vec::new();
    let mut unreadable = Vec::new();
    for path in paths {
        match read_source(path) {
            Ok(source) => sources.push(source),
            Err(error) => unreadable.push(error),
        }
    }
    (sources, unreadable)
}

/// The error and what caused it, in one line.
pub(super) fn with_causes(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text += &format!(": {error}");
        cause = error.source();
    }
    text
}

fn read_known(path: &Path) -> Result<KnownIds, Unreadable> {
    let Input { name, bytes } = read(path)?;
    String::from_utf8(bytes)
        .map_err(|error| error.to_string())
        .and_then(|text| KnownIds::parse(&text).map_err(|error| error.to_string()))
        .map_err(|message| Unreadable {
            file: name,
            message,
        })
}

fn read_bytes(path: &Path, what: &Limit) -> Result<Vec<u8>, String> {
    if is_stdin(path) {
        static WAS_READ: AtomicBool = AtomicBool::new(false);
        if WAS_READ.swap(true, Ordering::Relaxed) {
            return Err("standard input can be given only once".to_owned());
        }
        return read_limited(io::stdin().lock(), what);
    }
    let file = File::open(path).map_err(|error| in_words(&error))?;
    if file.metadata().is_ok_and(|metadata| metadata.is_dir()) {
        return Err(format!("this is a directory, not {}", what.kind));
    }
    read_limited(file, what)
}

/// The usual reasons in words that are the same on every system.
pub(super) fn in_words(error: &io::Error) -> String {
    match error.kind() {
        ErrorKind::NotFound => "there is no such file or folder".to_owned(),
        ErrorKind::PermissionDenied => "permission denied".to_owned(),
        _ => error.to_string(),
    }
}

fn read_limited(reader: impl Read, what: &Limit) -> Result<Vec<u8>, String> {
    let mut bytes = Vec::new();
    reader
        .take(what.len + 1)
        .read_to_end(&mut bytes)
        .map_err(|error| in_words(&error))?;
    if bytes.len() as u64 > what.len {
        let mebibytes = what.len >> 20;
        return Err(format!("longer than {mebibytes} MiB, {}", what.refusal));
    }
    Ok(bytes)
}
