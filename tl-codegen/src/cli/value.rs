//! What `decode` and `encode` have in common: the schema, the type, and bytes as text.

use std::io;
use std::path::PathBuf;

use base64ct::{Base64, Base64Unpadded, Encoding as _};

use tl_parser::ir::Schema;

use super::input::{self, RuleArg, Unreadable};
use super::output::{Stream, Terminal};
use super::{Outcome, dump, report};
use crate::value::{Catalog, Type, TypeError};

/// The schema and the type of a value.
#[derive(clap::Args, Debug)]
pub(super) struct SchemaArgs {
    /// A schema file (TL, Telegram's JSON or .tlo); given several times, all make up one schema
    #[arg(long, required = true, value_name = "FILE")]
    schema: Vec<PathBuf>,
    /// The type: `User` or `Vector<User>` (with an id), `%User` or `user` (without one),
    /// `Stats<3>`, the name of a function; `auto`: the id says it
    #[arg(long = "type", value_name = "NAME", default_value = "auto")]
    ty: String,
    /// The type that this function answers with, in place of --type
    #[arg(long, value_name = "FUNCTION", conflicts_with = "ty")]
    result_of: Option<String>,
    #[command(flatten)]
    rule: RuleArg,
}

/// How bytes are written down.
#[derive(clap::ValueEnum, Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Encoding {
    /// Two hexadecimal digits a byte
    #[default]
    Hex,
    /// Base64
    Base64,
    /// The bytes themselves
    Raw,
}

/// Why a verb ends before it has begun; what there is to say has been said.
pub(super) type Refused = Outcome;

impl SchemaArgs {
    /// The schema; if there is none, says why.
    pub(super) fn compile(&self, stderr: &mut Stream) -> io::Result<Result<Schema, Refused>> {
        let (sources, unreadable) = input::read_sources(&self.schema);
        if !unreadable.is_empty() {
            report::unreadable(stderr, &unreadable)?;
            return Ok(Err(Outcome::Unusable));
        }
        let mut compiler = self.rule.compiler();
        for source in sources {
            compiler.add(source);
        }
        let compiled = compiler.compile();
        match compiled.schema {
            Some(schema) => Ok(Ok(schema)),
            None => {
                report::human(stderr, &compiled.diagnostics, &compiled.sources)?;
                Ok(Err(Outcome::Faults))
            }
        }
    }

    /// The type; if there is none, says why.
    pub(super) fn find_type(
        &self,
        catalog: &Catalog<'_>,
        terminal: &mut Terminal,
    ) -> Result<Type, Refused> {
        let (found, option) = match (&self.result_of, &*self.ty) {
            (Some(function), _) => (catalog.result_of(function), "--result-of"),
            (None, "auto") => return Ok(catalog.any()),
            (None, ty) => (catalog.parse_type(ty), "--type"),
        };
        found.map_err(|error| {
            let hint = match error {
                TypeError::Dependent { .. } => "; --type can tell them",
                _ => "",
            };
            terminal.complain(&format!("{option}: {error}{hint}"));
            Outcome::Unusable
        })
    }
}

impl Encoding {
    /// The bytes that the input stands for.
    pub(super) fn read(self, path: &std::path::Path) -> Result<Vec<u8>, Unreadable> {
        let input = input::read_data(path)?;
        let unreadable = |message| Unreadable {
            file: input.name.clone(),
            message,
        };
        if self == Self::Raw {
            return Ok(input.bytes);
        }
        let text = std::str::from_utf8(&input.bytes).map_err(|_| {
            unreadable("this is no text; `raw` takes the bytes themselves".to_owned())
        })?;
        match self {
            Self::Base64 => {
                read_base64(text).ok_or_else(|| unreadable("this is not base64".to_owned()))
            }
            _ => dump::parse(text).map_err(|error| unreadable(error.to_string())),
        }
    }

    /// What stands for the bytes.
    pub(super) fn write(self, bytes: Vec<u8>) -> Vec<u8> {
        let text = match self {
            Self::Raw => return bytes,
            Self::Hex => bytes.iter().map(|byte| format!("{byte:02x}")).collect(),
            Self::Base64 => Base64::encode_string(&bytes),
        };
        (text + "\n").into_bytes()
    }
}

/// Both alphabets, with padding or without, in one line or in several.
fn read_base64(text: &str) -> Option<Vec<u8>> {
    let spaceless = text.chars().filter(|c| !c.is_ascii_whitespace());
    let text: String = spaceless
        .map(|c| match c {
            '-' => '+',
            '_' => '/',
            c => c,
        })
        .collect();
    let unpadded = text.trim_end_matches('=');
    let is_padded = unpadded.len() < text.len();
    if is_padded && !text.len().is_multiple_of(4) {
        return None;
    }
    Base64Unpadded::decode_vec(unpadded).ok()
}

#[cfg(test)]
mod tests {
    use super::read_base64;

    #[test]
    fn base64_of_all_kinds() {
        let bytes = Some(vec![0xfb, 0xff, 0xbf, 1]);
        for text in ["+/+/AQ==", "-_-_AQ", "+/+/\n AQ==\n", "+/+/AQ"] {
            assert_eq!(read_base64(text), bytes, "{text}");
        }
        for text in ["+/+/A", "+/+/AQ=", "+/+/A$==", "+/+/AR=="] {
            assert_eq!(read_base64(text), None, "{text}");
        }
        assert_eq!(read_base64(""), Some(vec![]));
    }
}
