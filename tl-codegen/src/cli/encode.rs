//! `tl-gen encode --schema FILE… [hex|base64|raw]`

use std::io::{self, Write};
use std::path::PathBuf;

use super::Outcome;
use super::input;
use super::output::Terminal;
use super::value::{Encoding, SchemaArgs};
use crate::value::{Catalog, Value, line_column};

/// Write a value as bytes, by the schema alone
///
/// The value is text or JSON, as `decode --format text` and `--format json` write it. Flags and
/// counts may be left out; they follow from the other fields.
#[derive(clap::Args, Debug)]
#[command(
    after_help = "Examples:\n  echo 'help.getConfig' | tl-gen encode --schema api.tl\n  \
                  tl-gen encode --schema api.tl raw --input value.json > value.bin\n  \
                  tl-gen decode --schema api.tl --format text < value.hex | tl-gen encode --schema api.tl"
)]
pub(super) struct Args {
    /// How the bytes are to be written down
    #[arg(value_enum, default_value_t)]
    encoding: Encoding,
    #[command(flatten)]
    schema: SchemaArgs,
    /// The value; `-` is standard input
    #[arg(short, long, value_name = "FILE", default_value = "-")]
    input: PathBuf,
    /// The form of the value
    #[arg(long, value_enum, default_value_t)]
    from: Form,
}

#[derive(clap::ValueEnum, Clone, Copy, Debug, Default)]
enum Form {
    /// JSON if it is JSON or begins like an object of it, else text
    #[default]
    Auto,
    /// The form that `decode --format text` writes
    Text,
    /// The form that `decode --format json` writes
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
    let (name, text) = match read_text(args) {
        Ok(read) => read,
        Err(unreadable) => {
            terminal.err.error(&unreadable.to_string())?;
            return Ok(Outcome::Unusable);
        }
    };
    let is_json = match args.from {
        // What is both means the same but for strings, and of those JSON has more.
        Form::Auto => looks_like_json(&text) || Value::from_json(&text).is_ok(),
        Form::Text => false,
        Form::Json => true,
    };
    let encoded = match is_json {
        true => catalog.encode_json(&text, &ty),
        false => catalog.encode_text(&text, &ty),
    };
    match encoded {
        Ok(bytes) => {
            terminal.out.write_all(&args.encoding.write(bytes))?;
            Ok(Outcome::Clean)
        }
        Err(error) => {
            let (line, column) = line_column(&text, error.offset());
            terminal
                .err
                .error(&format!("{name}:{line}:{column}: {error}"))?;
            Ok(Outcome::Faults)
        }
    }
}

fn read_text(args: &Args) -> Result<(String, String), input::Unreadable> {
    let input::Input { name, bytes } = input::read_data(&args.input)?;
    match String::from_utf8(bytes) {
        Ok(text) => {
            let text = match text.strip_prefix('\u{feff}') {
                Some(text) => text.to_owned(),
                None => text,
            };
            Ok((name, text))
        }
        Err(error) => Err(input::Unreadable {
            file: name,
            message: format!(
                "this is not UTF-8 after {} bytes",
                error.utf8_error().valid_up_to()
            ),
        }),
    }
}

/// `{"…`, `[{"…`: in the text form names are not quoted. Faults are then told as those of JSON.
fn looks_like_json(text: &str) -> bool {
    let text = text.trim_start_matches(|c: char| c == '[' || c.is_ascii_whitespace());
    let behind = text.strip_prefix('{').map(str::trim_start);
    behind.is_some_and(|behind| behind.starts_with('"'))
}
