//! Diagnostics and counts, for people and for programs.

use std::io::{self, Write};

use serde::Serialize;
use tl_parser::diagnostic::{Diagnostic, Severity};
use tl_parser::render::Renderer;
use tl_parser::source::{Location, Sources};

use super::input::Unreadable;
use super::output::Stream;

/// In which form a verb answers.
#[derive(clap::ValueEnum, Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Format {
    /// Text for people
    #[default]
    Human,
    /// One JSON value for programs
    Json,
}

/// `--format`, for the verbs that know both.
#[derive(clap::Args, Debug)]
pub(super) struct FormatArg {
    /// The form of the answer
    #[arg(long, value_enum, default_value_t)]
    pub(super) format: Format,
}

/// How many errors and warnings there are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub(super) struct Faults {
    pub(super) errors: usize,
    pub(super) warnings: usize,
}

impl Faults {
    pub(super) fn of(diagnostics: &[Diagnostic]) -> Self {
        let errors = diagnostics
            .iter()
            .filter(|diagnostic| diagnostic.severity() == Severity::Error)
            .count();
        Self {
            errors,
            warnings: diagnostics.len() - errors,
        }
    }
}

/// A diagnostic as JSON. The place is that of its first span.
#[derive(Serialize)]
pub(super) struct JsonDiagnostic<'a> {
    file: &'a str,
    line: u32,
    column: u32,
    code: &'static str,
    severity: &'static str,
    message: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    hint: Option<&'a str>,
    spans: Vec<JsonSpan<'a>>,
}

/// A place: lines and columns count from 1, columns count characters; offsets count bytes.
#[derive(Serialize)]
struct JsonSpan<'a> {
    file: &'a str,
    line: u32,
    column: u32,
    end_line: u32,
    end_column: u32,
    start: u32,
    end: u32,
    label: &'a str,
}

impl<'a> JsonDiagnostic<'a> {
    pub(super) fn all(diagnostics: &'a [Diagnostic], sources: &'a Sources) -> Vec<Self> {
        diagnostics
            .iter()
            .map(|diagnostic| Self::new(diagnostic, sources))
            .collect()
    }

    fn new(diagnostic: &'a Diagnostic, sources: &'a Sources) -> Self {
        let spans: Vec<JsonSpan<'a>> = diagnostic
            .labels
            .iter()
            .map(|label| JsonSpan::new(label.location, &label.text, sources))
            .collect();
        let first = spans.first();
        Self {
            file: first.map_or("", |span| span.file),
            line: first.map_or(1, |span| span.line),
            column: first.map_or(1, |span| span.column),
            code: diagnostic.code.as_str(),
            severity: diagnostic.severity().as_str(),
            message: &diagnostic.message,
            hint: diagnostic.hint.as_deref(),
            spans,
        }
    }
}

impl<'a> JsonSpan<'a> {
    fn new(location: Location, label: &'a str, sources: &'a Sources) -> Self {
        let source = sources.get(location.file);
        let (begin, end) = (location.span.start, location.span.end);
        let place = |offset| {
            source.map_or((1, 1), |source| {
                let place = source.line_column(offset);
                (place.line, place.column)
            })
        };
        let (line, column) = place(begin);
        let (end_line, end_column) = place(end);
        Self {
            file: source.map_or("", |source| source.name()),
            line,
            column,
            end_line,
            end_column,
            start: begin,
            end,
            label,
        }
    }
}

/// Writes one JSON value and a line break.
pub(super) fn json(stream: &mut Stream, value: &impl Serialize) -> io::Result<()> {
    serde_json::to_writer_pretty(&mut *stream, value)?;
    writeln!(stream)
}

/// Writes a line for each file that cannot be read.
pub(super) fn unreadable(stream: &mut Stream, unreadable: &[Unreadable]) -> io::Result<()> {
    unreadable
        .iter()
        .try_for_each(|file| stream.error(&file.to_string()))
}

/// Writes the diagnostics as people read them, an empty line behind each.
pub(super) fn human(
    stream: &mut Stream,
    diagnostics: &[Diagnostic],
    sources: &Sources,
) -> io::Result<()> {
    let renderer = Renderer::new().color(stream.color);
    diagnostics
        .iter()
        .try_for_each(|diagnostic| writeln!(stream, "{}", renderer.render(diagnostic, sources)))
}
