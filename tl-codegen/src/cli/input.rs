//! The files that a verb is given.

use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

/// Longer input is refused: it is no schema (the greatest known has 1 MB) but a device or a
/// mistake, and reading it whole would use up the memory.
const MAX_LEN: u64 = 256 << 20;

/// The files of a verb that makes one schema of them.
#[derive(clap::Args, Debug)]
pub(super) struct Files {
    /// Schema files; `-` is standard input. Several make up one schema, in that order
    #[arg(required = true, value_name = "FILE")]
    pub(super) files: Vec<PathBuf>,
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
    let name = match is_stdin(path) {
        true => "<stdin>".to_owned(),
        false => path.display().to_string(),
    };
    match read_bytes(path) {
        Ok(bytes) => Ok(Input { name, bytes }),
        Err(message) => Err(Unreadable {
            file: name,
            message,
        }),
    }
}

/// Reads all of them, and tells of all that cannot be read.
pub(super) fn read_all(paths: &[PathBuf]) -> (Vec<Input>, Vec<Unreadable>) {
    let mut inputs = Vec::with_capacity(paths.len());
    let mut unreadable = Vec::new();
    for path in paths {
        match read(path) {
            Ok(input) => inputs.push(input),
            Err(error) => unreadable.push(error),
        }
    }
    (inputs, unreadable)
}

fn read_bytes(path: &Path) -> Result<Vec<u8>, String> {
    if is_stdin(path) {
        return read_limited(io::stdin().lock());
    }
    let file = File::open(path).map_err(|error| error.to_string())?;
    if file.metadata().is_ok_and(|metadata| metadata.is_dir()) {
        return Err("this is a directory, not a schema file".to_owned());
    }
    read_limited(file)
}

fn read_limited(reader: impl Read) -> Result<Vec<u8>, String> {
    let mut bytes = Vec::new();
    reader
        .take(MAX_LEN + 1)
        .read_to_end(&mut bytes)
        .map_err(|error| error.to_string())?;
    if bytes.len() as u64 > MAX_LEN {
        return Err(format!(
            "longer than {} MiB, this cannot be a schema",
            MAX_LEN >> 20
        ));
    }
    Ok(bytes)
}
