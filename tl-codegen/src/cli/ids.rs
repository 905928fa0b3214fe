//! `tl-gen ids FILE…`

use std::io::{self, Write};

use serde::Serialize;
use tl_parser::diagnostic::Severity;
use tl_parser::id::{self, IdEntry, IdReport, Verdict};
use tl_parser::source::Sources;

use super::Outcome;
use super::input::{self, Files, KnownArg, RuleArg, Unreadable};
use super::output::Terminal;
use super::report::{self, Format, FormatArg, JsonDiagnostic};

/// List the constructor ids of a schema, computed and written
///
/// One line a declaration: the computed id, the written id (`-` if there is none), the name and the
/// verdict. `ok`: written and computed are the same; `implicit`: not written; `mismatch`: not the
/// same; `known`: not the same, but in a list of --known.
#[derive(clap::Args, Debug)]
#[command(after_help = "Examples:\n  tl-gen ids schemas/telegram/api.tl\n  \
                  tl-gen ids --known schemas/known-ids.txt old-api.tl | grep mismatch\n  \
                  tl-gen ids --id-rule tl --format json ton_api.tl")]
pub(super) struct Args {
    #[command(flatten)]
    files: Files,
    #[command(flatten)]
    rule: RuleArg,
    #[command(flatten)]
    known: KnownArg,
    #[command(flatten)]
    format: FormatArg,
}

pub(super) fn run(args: &Args, terminal: &mut Terminal) -> io::Result<Outcome> {
    let Some(known) = args.known.read(&mut terminal.err)? else {
        return Ok(Outcome::Unusable);
    };
    let (files, unreadable) = input::read_sources(&args.files.files);
    let mut sources = Sources::new();
    for file in files {
        sources.add(file);
    }
    let mut diagnostics = Vec::new();
    let mut asts = Vec::new();
    for (file, source) in sources.iter() {
        let parsed = tl_parser::parse(file, source);
        diagnostics.extend(parsed.diagnostics);
        asts.push(parsed.ast);
    }
    let ids = id::report(&sources, &asts, args.rule.rule(), &known);
    // Differences are verdicts here and need not be said twice.
    let errors = ids
        .diagnostics
        .iter()
        .filter(|d| d.severity() == Severity::Error);
    diagnostics.extend(errors.cloned());

    report::unreadable(&mut terminal.err, &unreadable)?;
    match args.format.format {
        Format::Human => {
            report::human(&mut terminal.err, &diagnostics, &sources)?;
            human(terminal, &ids, &sources)?;
        }
        Format::Json => {
            let answer = Answer {
                rule: ids.rule.as_str(),
                ids: ids
                    .entries
                    .iter()
                    .map(|entry| Id::new(entry, &sources))
                    .collect(),
                verdicts: Verdicts::of(&ids),
                diagnostics: JsonDiagnostic::all(&diagnostics, &sources),
                unreadable: &unreadable,
            };
            report::json(&mut terminal.out, &answer)?;
        }
    }
    Ok(Outcome::of(&diagnostics, &unreadable))
}

fn human(terminal: &mut Terminal, ids: &IdReport, sources: &Sources) -> io::Result<()> {
    for entry in &ids.entries {
        let written = entry.written.map_or("-".to_owned(), hex);
        let name = sources.slice(entry.name);
        let verdict = entry.verdict.as_str();
        writeln!(
            terminal.out,
            "{:08x} {written:<8} {name} {verdict}",
            entry.computed
        )?;
    }
    let Verdicts {
        ok,
        implicit,
        mismatch,
        known,
    } = Verdicts::of(ids);
    // Beside the list, not in it: the list is for `grep` and `sort`.
    terminal.out.flush()?;
    writeln!(
        terminal.err,
        "{} rule: {ok} ok, {implicit} implicit, {mismatch} mismatch, {known} known",
        ids.rule
    )
}

/// The JSON form.
#[derive(Serialize)]
struct Answer<'a> {
    rule: &'static str,
    ids: Vec<Id<'a>>,
    #[serde(flatten)]
    verdicts: Verdicts,
    diagnostics: Vec<JsonDiagnostic<'a>>,
    unreadable: &'a [Unreadable],
}

#[derive(Serialize)]
struct Id<'a> {
    computed: String,
    written: Option<String>,
    name: &'a str,
    verdict: &'static str,
}

impl<'a> Id<'a> {
    fn new(entry: &IdEntry, sources: &'a Sources) -> Self {
        Self {
            computed: hex(entry.computed),
            written: entry.written.map(hex),
            name: sources.slice(entry.name),
            verdict: entry.verdict.as_str(),
        }
    }
}

/// How many declarations have each verdict.
#[derive(Default, Serialize)]
struct Verdicts {
    ok: usize,
    implicit: usize,
    mismatch: usize,
    known: usize,
}

impl Verdicts {
    fn of(ids: &IdReport) -> Self {
        let mut verdicts = Self::default();
        for entry in &ids.entries {
            *match entry.verdict {
                Verdict::Ok => &mut verdicts.ok,
                Verdict::Implicit => &mut verdicts.implicit,
                Verdict::Mismatch => &mut verdicts.mismatch,
                Verdict::Known => &mut verdicts.known,
            } += 1;
        }
        verdicts
    }
}

fn hex(id: u32) -> String {
    format!("{id:08x}")
}
