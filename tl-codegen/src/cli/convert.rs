//! `tl-gen convert --to FORM FILE -o OUT`

use std::io::{self, Write};
use std::path::PathBuf;

use tl_parser::conversion::Conversion;
use tl_parser::diagnostic::Diagnostic;
use tl_parser::ir::Schema;
use tl_parser::source::{FileId, Source, Sources};
use tl_parser::tlo;

use super::input::{self, RuleArg};
use super::output::{self, Terminal};
use super::{Outcome, report};

/// Write a schema in another form
///
/// The form of FILE is recognised by its content: TL, Telegram's JSON, or .tlo of any version.
/// What the wanted form cannot hold is told on standard error.
#[derive(clap::Args, Debug)]
#[command(
    after_help = "Examples:\n  tl-gen convert --to tlo ton_api.tl -o ton_api.tlo\n  \
                  tl-gen convert --to tl ton_api.tlo -o -\n  \
                  tl-gen convert --to json api.tl -o api.json"
)]
pub(super) struct Args {
    /// The wanted form
    #[arg(long, value_enum, value_name = "FORM")]
    to: Form,
    /// The schema; `-` is standard input
    file: PathBuf,
    /// Where to write; `-` is standard output
    #[arg(short, long, value_name = "OUT")]
    output: PathBuf,
    #[command(flatten)]
    rule: RuleArg,
}

#[derive(clap::ValueEnum, Clone, Copy, Debug)]
enum Form {
    /// TL in the canonical form
    Tl,
    /// Telegram's JSON
    Json,
    /// The official tools' binary form, version 2
    Tlo,
}

pub(super) fn run(args: &Args, terminal: &mut Terminal) -> io::Result<Outcome> {
    let source = match input::read_source(&args.file) {
        Ok(source) => source,
        Err(unreadable) => {
            terminal.err.error(&unreadable.to_string())?;
            return Ok(Outcome::Unusable);
        }
    };
    let converted = match convert(source, args) {
        Ok(converted) => converted,
        Err(Failure::Faults(diagnostics, sources)) => {
            report::human(&mut terminal.err, &diagnostics, &sources)?;
            return Ok(Outcome::Faults);
        }
        Err(Failure::NotInThisForm(error)) => {
            let file = args.file.display();
            let why = input::with_causes(&error);
            terminal
                .err
                .error(&format!("{file}: cannot be converted: {why}"))?;
            return Ok(Outcome::Faults);
        }
    };
    for loss in &converted.losses {
        writeln!(terminal.err, "note: {loss}")?;
    }
    if input::is_stdin(&args.output) {
        terminal.out.write_all(&converted.output)?;
    } else if let Err(error) = output::replace_file(&args.output, &converted.output) {
        let (file, why) = (args.output.display(), input::in_words(&error));
        terminal.complain(&format!("{file}: cannot be written: {why}"));
        return Ok(Outcome::Unusable);
    }
    Ok(Outcome::Clean)
}

/// Why there is nothing to write.
enum Failure {
    /// The schema has errors.
    Faults(Vec<Diagnostic>, Sources),
    /// The schema is good, but the form cannot hold it.
    NotInThisForm(tlo::WriteError),
}

fn convert(source: Source, args: &Args) -> Result<Conversion<Vec<u8>>, Failure> {
    match args.to {
        // What is written is the text itself: it need not make sense.
        Form::Tl => {
            let mut sources = Sources::new();
            let parsed = tl_parser::parse(FileId(0), &source);
            match tl_parser::print::format(&parsed.ast, &source) {
                Ok(text) if parsed.is_clean() => Ok(Conversion {
                    output: text.into_bytes(),
                    losses: Vec::new(),
                }),
                _ => {
                    sources.add(source);
                    Err(Failure::Faults(parsed.diagnostics, sources))
                }
            }
        }
        Form::Json => {
            let Conversion { output, losses } = tl_parser::json::write(&compile(source, args)?);
            Ok(Conversion {
                output: output.into_bytes(),
                losses,
            })
        }
        Form::Tlo => {
            tlo::write(&compile(source, args)?, tlo::Version::V2).map_err(Failure::NotInThisForm)
        }
    }
}

fn compile(source: Source, args: &Args) -> Result<Schema, Failure> {
    let mut compiler = args.rule.compiler();
    compiler.add(source);
    let compiled = compiler.compile();
    compiled
        .schema
        .ok_or(Failure::Faults(compiled.diagnostics, compiled.sources))
}
