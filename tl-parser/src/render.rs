//! Diagnostics as text.
//!
//! Two forms: the long one for people, in the manner of rustc, and one line for lists and editors.
//! Both are safe for whatever a file contains: a line is shown in part if it is long, and control
//! characters are shown as such instead of being sent to the terminal.

use std::borrow::Cow;
use std::fmt;
use std::ops::Range;

use annotate_snippets::{AnnotationKind, Group, Level, Origin, Snippet};

use crate::diagnostic::{Diagnostic, Label, Severity};
use crate::source::{FileId, Source, Sources, Span};

/// Makes text of diagnostics.
///
/// ```
/// use tl_parser::render::Renderer;
/// use tl_parser::source::Source;
///
/// let compiled = tl_parser::compile([Source::new("a.tl", "a flags:# x:flags.32?int = A;")?]);
/// let renderer = Renderer::new();
/// let text = renderer.render(&compiled.diagnostics[0], &compiled.sources);
/// assert_eq!(text, "\
/// error[R004]: bit 32: flags have bits 0 to 31
///  --> a.tl:1:19
///   |
/// 1 | a flags:# x:flags.32?int = A;
///   |                   ^^
///   |
///   = help: add a second field of flags, `flags2:#`, and write `flags2.0?`
/// ");
/// # Ok::<(), tl_parser::source::TooLong>(())
/// ```
#[derive(Clone, Debug, Default)]
pub struct Renderer {
    color: bool,
}

impl Renderer {
    /// A renderer without colour.
    #[must_use]
    pub const fn new() -> Self {
        Self { color: false }
    }

    /// Whether to use colour: ANSI escapes, for a terminal that wants them.
    #[must_use]
    pub const fn color(mut self, color: bool) -> Self {
        self.color = color;
        self
    }

    /// A diagnostic with the lines that it speaks of. Ends with a line break.
    #[must_use]
    pub fn render(&self, diagnostic: &Diagnostic, sources: &Sources) -> String {
        let level = match diagnostic.severity() {
            Severity::Error => Level::ERROR,
            Severity::Warning => Level::WARNING,
        };
        let title = level
            .primary_title(harmless(&diagnostic.message))
            .id(diagnostic.code.as_str());
        let mut group = Group::with_title(title);
        for excerpt in excerpts(diagnostic, sources) {
            let mut snippet = Snippet::source(excerpt.text).line_start(excerpt.line as usize);
            match excerpt.origin {
                Some(origin) => group = group.element(origin),
                None => snippet = snippet.path(excerpt.path),
            }
            for mark in excerpt.marks {
                let kind = match mark.primary {
                    true => AnnotationKind::Primary,
                    false => AnnotationKind::Context,
                };
                let label = (!mark.label.is_empty()).then_some(mark.label);
                snippet = snippet.annotation(kind.span(mark.span).label(label));
            }
            group = group.element(snippet);
        }
        if let Some(hint) = &diagnostic.hint {
            group = group.element(Level::HELP.message(harmless(hint)));
        }
        let renderer = match self.color {
            true => annotate_snippets::Renderer::styled(),
            false => annotate_snippets::Renderer::plain(),
        };
        let mut text = renderer.render(&[group]);
        text.push('\n');
        text
    }

    /// A diagnostic on one line: `api.tl:12:7: error[R001]: no type `Usr` is declared`. No line
    /// break at the end.
    #[must_use]
    pub fn one_line<'a>(&self, diagnostic: &'a Diagnostic, sources: &'a Sources) -> OneLine<'a> {
        OneLine {
            diagnostic,
            sources,
        }
    }
}

/// A diagnostic on one line.
#[derive(Clone, Copy, Debug)]
pub struct OneLine<'a> {
    diagnostic: &'a Diagnostic,
    sources: &'a Sources,
}

impl fmt::Display for OneLine<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let label = self.diagnostic.labels.first();
        if let Some(label) = label
            && let Some(source) = self.sources.get(label.location.file)
        {
            let place = source.line_column(label.location.span.start);
            write!(
                f,
                "{}:{}:{}: ",
                harmless(source.name()),
                place.line,
                place.column
            )?;
        }
        write!(
            f,
            "{}[{}]: {}",
            self.diagnostic.severity().as_str(),
            self.diagnostic.code.as_str(),
            harmless(&self.diagnostic.message)
        )
    }
}

/// So many characters of a line are given to the library, which shows a screen's width of them,
/// before and from the first label on.
const BEFORE: usize = 2000;
const BEHIND: usize = 2000;

/// Further lines that lie so close are shown with what is between them.
const CLOSE: u32 = 3;

/// Lines of one file that are not further apart than this are one excerpt.
const FAR: u32 = 10_000;

/// Some lines of a file.
struct Excerpt<'a> {
    path: Cow<'a, str>,
    /// Where the first label stands, if its line is cut off in front so that the library would
    /// count the columns wrong.
    origin: Option<Origin<'a>>,
    /// The number of the first line.
    line: u32,
    text: String,
    marks: Vec<Mark<'a>>,
}

/// A label in an excerpt.
struct Mark<'a> {
    span: Range<usize>,
    primary: bool,
    label: Cow<'a, str>,
}

/// A label with the line that it begins on.
struct Placed<'a> {
    label: &'a Label,
    primary: bool,
    line: u32,
}

/// The lines to show: those of the file with the fault first.
fn excerpts<'a>(diagnostic: &'a Diagnostic, sources: &'a Sources) -> Vec<Excerpt<'a>> {
    let mut files: Vec<(FileId, &'a Source, Vec<Placed<'a>>)> = Vec::new();
    for (index, label) in diagnostic.labels.iter().enumerate() {
        let file = label.location.file;
        let Some(source) = sources.get(file) else {
            continue;
        };
        let placed = Placed {
            label,
            primary: index == 0,
            line: source.line_column(label.location.span.start).line,
        };
        match files.iter_mut().find(|(other, ..)| *other == file) {
            Some((_, _, labels)) => labels.push(placed),
            None => files.push((file, source, vec![placed])),
        }
    }
    let mut excerpts = Vec::new();
    for (_, source, mut labels) in files {
        labels.sort_by_key(|placed| (placed.line, placed.label.location.span.start));
        let is_near = |a: &Placed<'_>, b: &Placed<'_>| b.line - a.line <= FAR;
        let mut parts: Vec<&[Placed<'a>]> = labels.chunk_by(is_near).collect();
        parts.sort_by_key(|part| !part.iter().any(|placed| placed.primary));
        excerpts.extend(parts.into_iter().map(|part| excerpt(source, part)));
    }
    excerpts
}

/// The lines of some labels, in their order.
fn excerpt<'a>(source: &'a Source, labels: &[Placed<'a>]) -> Excerpt<'a> {
    let mut excerpt = Excerpt {
        path: harmless(source.name()),
        origin: None,
        line: labels.first().map_or(1, |placed| placed.line),
        text: String::new(),
        marks: Vec::new(),
    };
    let mut line = excerpt.line;
    for group in labels.chunk_by(|a, b| a.line == b.line) {
        let Some(first) = group.first() else {
            continue;
        };
        if first.line > line {
            let is_close = first.line - line <= CLOSE;
            for between in line + 1..first.line {
                excerpt.text.push('\n');
                // The library leaves others out, whatever they are.
                if is_close {
                    let whole = source.line_span(between);
                    let shown = window(source, whole, whole.start);
                    let chars = source.slice(shown).chars().map(visible);
                    excerpt.text.extend(chars);
                }
            }
            excerpt.text.push('\n');
            line = first.line;
        }
        let cut = excerpt.add_line(source, group);
        if cut && excerpt.origin.is_none() {
            let shown = group.iter().find(|placed| placed.primary).unwrap_or(first);
            let place = source.line_column(shown.label.location.span.start);
            excerpt.origin = Some(
                Origin::path(excerpt.path.clone())
                    .line(place.line as usize)
                    .char_column(place.column as usize),
            );
        }
    }
    excerpt
}

impl<'a> Excerpt<'a> {
    /// Adds the line of some labels, or the part of it around the first. Tells whether it is cut
    /// off in front.
    fn add_line(&mut self, source: &Source, labels: &[Placed<'a>]) -> bool {
        let (Some(first), text) = (labels.first(), &mut self.text) else {
            return false;
        };
        let whole = source.line_span(first.line);
        let window = window(source, whole, first.label.location.span.start);
        if window.start > whole.start {
            text.push('…');
        }
        let mut places = vec![(usize::MAX, usize::MAX); labels.len()];
        let mut offset = window.start;
        // One step more than there are characters: marks may be at the end.
        let chars = source.slice(window).chars().map(Some);
        for char in chars.chain([None]) {
            for ((start, end), placed) in places.iter_mut().zip(labels) {
                let span = placed.label.location.span;
                if *start == usize::MAX && (offset >= span.start || char.is_none()) {
                    *start = text.len();
                }
                if *end == usize::MAX && (offset >= span.end || char.is_none()) {
                    *end = text.len();
                }
            }
            if let Some(char) = char {
                offset += u32::try_from(char.len_utf8()).unwrap_or(0);
                text.push(visible(char));
            }
        }
        if window.end < whole.end {
            text.push('…');
        }
        self.marks.extend(
            labels
                .iter()
                .zip(places)
                .map(|(placed, (start, end))| Mark {
                    span: start..end,
                    primary: placed.primary,
                    label: harmless(&placed.label.text),
                }),
        );
        window.start > whole.start
    }
}

/// The part of a line to show, so that a place in it can be seen.
fn window(source: &Source, line: Span, place: u32) -> Span {
    let place = floor(source, place.clamp(line.start, line.end));
    let before = source.slice(Span::new(line.start, place));
    let start = match before.char_indices().rev().nth(BEFORE) {
        // All of it, if that is not too much, so that the columns are those of the file.
        None => 0,
        Some(_) => before
            .char_indices()
            .rev()
            .nth(BEFORE / 50)
            .map_or(0, |(index, _)| index),
    };
    let behind = source.slice(Span::new(place, line.end));
    let len = behind
        .char_indices()
        .nth(BEHIND)
        .map_or(behind.len(), |(index, _)| index);
    let offset = |by: usize| u32::try_from(by).unwrap_or(0);
    Span::new(line.start + offset(start), place + offset(len))
}

/// The beginning of the character at an offset.
fn floor(source: &Source, offset: u32) -> u32 {
    let mut offset = offset;
    while !source.text().is_char_boundary(offset as usize) {
        offset -= 1;
    }
    offset
}

/// A text without characters that a terminal would obey.
fn harmless(text: &str) -> Cow<'_, str> {
    if text.chars().all(|char| visible(char) == char) {
        return Cow::Borrowed(text);
    }
    Cow::Owned(text.chars().map(visible).collect())
}

/// Control characters, and those that change the direction of writing, as something to be seen.
fn visible(char: char) -> char {
    match char {
        '\t' => ' ',
        '\0'..='\x1f' => char::from_u32(0x2400 + u32::from(char)).unwrap_or('\u{fffd}'),
        '\x7f' => '\u{2421}',
        '\u{80}'..='\u{9f}'
        | '\u{200b}'..='\u{200f}'
        | '\u{2028}'..='\u{202e}'
        | '\u{2060}'..='\u{206f}'
        | '\u{feff}' => '\u{fffd}',
        _ => char,
    }
}
