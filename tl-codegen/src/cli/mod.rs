//! The command `tl-gen`, a verb a file.
//!
//! A verb reads its files through `input`, writes through `output` and tells an `Outcome`;
//! nothing here knows more of TL than the library tells.

mod check;
mod completions;
mod convert;
mod decode;
mod diff;
mod dump;
mod encode;
mod explain;
mod fmt;
mod generate;
mod ids;
mod input;
mod output;
mod report;
mod value;

use std::io;
use std::process::ExitCode;

use clap::{Parser, Subcommand};

use tl_parser::diagnostic::{Diagnostic, Severity};

use input::Unreadable;
use output::{Color, Terminal};

/// Reads, checks, formats, compares and converts TL schemas, makes Rust of them, and tells what
/// bytes mean by them.
#[derive(Parser, Debug)]
#[command(
    name = "tl-gen",
    version,
    arg_required_else_help = true,
    after_help = "Exit status: 0 all is well, 1 the schema or the value has faults, 2 wrong usage or a \
                  file that cannot be read or written."
)]
struct Cli {
    /// When to use colours
    #[arg(long, global = true, value_enum, default_value_t, value_name = "WHEN")]
    color: Color,
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Subcommand, Debug)]
enum Verb {
    Check(check::Args),
    Fmt(fmt::Args),
    Ids(ids::Args),
    Diff(diff::Args),
    Convert(convert::Args),
    Generate(Box<generate::Args>),
    Decode(decode::Args),
    Encode(encode::Args),
    Explain(explain::Args),
    Completions(completions::Args),
}

/// What the exit status says; the worst of several counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Outcome {
    /// 0
    Clean = 0,
    /// 1: the schema or the value has errors, or something that the user asked to be refused.
    Faults = 1,
    /// 2: a file cannot be read or written, or the command line makes no sense.
    Unusable = 2,
}

impl Outcome {
    /// What the exit status says when a verb found these diagnostics in the files that it could
    /// read.
    fn of(diagnostics: &[Diagnostic], unreadable: &[Unreadable]) -> Self {
        if !unreadable.is_empty() {
            Self::Unusable
        } else if diagnostics.iter().any(|d| d.severity() == Severity::Error) {
            Self::Faults
        } else {
            Self::Clean
        }
    }
}

/// The program: reads its arguments, does what they say, and tells the exit status.
#[must_use]
pub fn main() -> ExitCode {
    let cli = Cli::parse();
    let mut terminal = Terminal::new(cli.color);
    let outcome = run(cli.verb, &mut terminal)
        .and_then(|outcome| terminal.flush().map(|()| outcome))
        .unwrap_or_else(|error| {
            terminal.complain(&format!("the output cannot be written: {error}"));
            Outcome::Unusable
        });
    ExitCode::from(outcome as u8)
}

fn run(verb: Verb, terminal: &mut Terminal) -> io::Result<Outcome> {
    match verb {
        Verb::Check(args) => check::run(&args, terminal),
        Verb::Diff(args) => diff::run(&args, terminal),
        Verb::Convert(args) => convert::run(&args, terminal),
        Verb::Fmt(args) => fmt::run(&args, terminal),
        Verb::Generate(args) => generate::run(&args, terminal),
        Verb::Decode(args) => decode::run(&args, terminal),
        Verb::Encode(args) => encode::run(&args, terminal),
        Verb::Ids(args) => ids::run(&args, terminal),
        Verb::Explain(args) => explain::run(&args, terminal),
        Verb::Completions(args) => completions::run(&args, terminal),
    }
}
