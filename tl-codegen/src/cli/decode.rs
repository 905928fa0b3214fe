//! `tl-gen decode --schema FILE… [hex|base64|raw]`

use std::io::{self, Write};
use std::path::PathBuf;

use super::Outcome;
use super::output::Terminal;
use super::value::{Encoding, SchemaArgs};
use crate::value::Catalog;

/// Tell what the bytes of a value are, by the schema alone
///
/// What is broken is marked at its place, and everything before it is told; the exit status is 1
/// then. The forms `text` and `json` can be encoded again.
#[derive(clap::Args, Debug)]
#[command(
    after_help = "Examples:\n  xxd dump.bin | tl-gen decode --schema api.tl\n  \
                  tl-gen decode --schema mtproto.tl --schema api.tl --format json raw < packet\n  \
                  tl-gen decode --schema api.tl --type 'Vector<User>' base64 --input answer.txt\n  \
                  tl-gen decode --schema api.tl --result-of users.getUsers < answer.hex"
)]
pub(super) struct Args {
    /// How the bytes are written down. `hex` takes digits with or without space, `0x`, commas and
    /// colons, and what xxd, hexdump -C, od -A x -t x1 and Wireshark print
    #[arg(value_enum, default_value_t)]
    encoding: Encoding,
    #[command(flatten)]
    schema: SchemaArgs,
    /// The bytes; `-` is standard input
    #[arg(short, long, value_name = "FILE", default_value = "-")]
    input: PathBuf,
    /// The form of the answer
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

#[derive(clap::ValueEnum, Clone, Copy, Debug, Default)]
enum Format {
    /// A line for each field: offset, bytes, name, type, value
    #[default]
    List,
    /// The value as text for people
    Text,
    /// The value as JSON, in TDLib's manner
    Json,
}

pub(super) fn run(args: &Args, terminal: &mut Terminal) -> io::Result<Outcome> {
    let schema = match args.schema.compile(&mut terminal.err)? {
        Ok(schema) => schema,
        Err(refused) => return Ok(refused),
    };
    let catalog = Catalog::new(&schema);
    let ty = match args.schema.find_type(&catalog, terminal) {
        Ok(ty) => ty,
        Err(refused) => return Ok(refused),
    };
    let bytes = match args.encoding.read(&args.input) {
        Ok(bytes) => bytes,
        Err(unreadable) => {
            terminal.err.error(&unreadable.to_string())?;
            return Ok(Outcome::Unusable);
        }
    };
    let decoded = catalog.decode(&bytes, &ty);
    match args.format {
        Format::List => write!(terminal.out, "{}", decoded.listing(&bytes))?,
        Format::Text => writeln!(terminal.out, "{}", decoded.value)?,
        Format::Json => writeln!(terminal.out, "{}", decoded.value.to_json())?,
    }
    // Behind the answer, if both go to one place.
    terminal.out.flush()?;
    for note in &decoded.notes {
        writeln!(terminal.err, "note: {note}")?;
    }
    for fault in &decoded.faults {
        terminal.err.error(&fault.to_string())?;
    }
    if decoded.faults.is_empty() {
        return Ok(Outcome::Clean);
    }
    if let Some(boxed) = catalog.boxed_instead(&bytes, &ty) {
        writeln!(
            terminal.err,
            "note: the bytes begin with the id of that constructor; `--type {boxed}` reads it"
        )?;
    }
    Ok(Outcome::Faults)
}
