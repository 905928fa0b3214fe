//! `tl-gen diff OLD NEW`

use std::io::{self, Write};
use std::path::{Path, PathBuf};

use serde::Serialize;
use tl_parser::diff::{Change, Class, Diff, diff};
use tl_parser::ir::Schema;

use super::Outcome;
use super::input::{self, RuleArg};
use super::output::Terminal;
use super::report::{self, Format, FormatArg};

/// Tell what changed between two schemas, and whom it breaks
///
/// A change is compatible (bytes and code of the old schema are good in the new one), breaking (old
/// bytes are refused, or old code does not compile: one notices) or silent (the same id means
/// something else: nobody notices).
#[derive(clap::Args, Debug)]
#[command(after_help = "Examples:\n  tl-gen diff api-114.tl api-186.tl\n  \
                  tl-gen diff --deny silent old.tl new.tl       exit with 1 if a change is silent\n  \
                  tl-gen diff --format json old.tlo new.tl")]
pub(super) struct Args {
    /// The old schema
    old: PathBuf,
    /// The new schema
    new: PathBuf,
    /// Exit with 1 if there is a change of that class, or of a worse one
    #[arg(long, value_enum, value_name = "CLASS")]
    deny: Option<Deny>,
    #[command(flatten)]
    rule: RuleArg,
    #[command(flatten)]
    format: FormatArg,
}

#[derive(clap::ValueEnum, Clone, Copy, Debug)]
enum Deny {
    /// Only what nobody notices
    Silent,
    /// What breaks bytes or code, and what nobody notices
    Breaking,
}

pub(super) fn run(args: &Args, terminal: &mut Terminal) -> io::Result<Outcome> {
    let old = load(&args.old, &args.rule, terminal)?;
    let new = load(&args.new, &args.rule, terminal)?;
    let (old, new) = match (old, new) {
        (Ok(old), Ok(new)) => (old, new),
        (Err(one), Err(other)) => return Ok(one.max(other)),
        (Err(outcome), _) | (_, Err(outcome)) => return Ok(outcome),
    };
    let diff = diff(&old, &new);
    match args.format.format {
        Format::Human => write!(terminal.out, "{diff}")?,
        Format::Json => report::json(&mut terminal.out, &Answer::new(&diff))?,
    }
    let denied = match args.deny {
        None => false,
        Some(Deny::Silent) => diff.worst() >= Some(Class::Silent),
        Some(Deny::Breaking) => diff.worst() >= Some(Class::Breaking),
    };
    Ok(match denied {
        true => Outcome::Faults,
        false => Outcome::Clean,
    })
}

/// The JSON form.
#[derive(Serialize)]
struct Answer<'a> {
    changes: &'a [Change],
    silent: usize,
    breaking: usize,
    compatible: usize,
}

impl<'a> Answer<'a> {
    fn new(diff: &'a Diff) -> Self {
        Self {
            changes: &diff.changes,
            silent: diff.count(Class::Silent),
            breaking: diff.count(Class::Breaking),
            compatible: diff.count(Class::Compatible),
        }
    }
}

/// Reads one schema; its faults go to standard error.
fn load(
    path: &Path,
    rule: &RuleArg,
    terminal: &mut Terminal,
) -> io::Result<Result<Schema, Outcome>> {
    let mut compiler = rule.compiler();
    match input::read_source(path) {
        Ok(source) => drop(compiler.add(source)),
        Err(unreadable) => {
            terminal.err.error(&unreadable.to_string())?;
            return Ok(Err(Outcome::Unusable));
        }
    }
    let compiled = compiler.compile();
    if let Some(schema) = compiled.schema {
        return Ok(Ok(schema));
    }
    report::human(&mut terminal.err, &compiled.diagnostics, &compiled.sources)?;
    Ok(Err(Outcome::Faults))
}
