//! Text to AST.
//!
//! The scanner cuts the text into items; pest reads each of them; `build` makes tree nodes of
//! pest's tokens and `explain` makes sentences of its errors. No other module knows pest.

mod build;
mod explain;
#[allow(dead_code, missing_docs, unreachable_pub, clippy::all, clippy::pedantic)]
#[rustfmt::skip]
mod generated;

use crate::ast::{Ast, Comment, Item, LayerSection, Section};
use crate::diagnostic::{Code, Diagnostic};
use crate::scan::{Cut, MAX_DEPTH, RawItem, Scanner};
use crate::source::{FileId, Location, Source, Span};

/// After that many faults the rest is not reported.
const MAX_FAULTS: usize = 1000;

/// A file that was read.
#[derive(Clone, Debug)]
pub struct Parsed {
    /// The tree; what could not be read is in it as [`Item::Broken`].
    pub ast: Ast,
    /// The faults, in the order of the text.
    pub diagnostics: Vec<Diagnostic>,
}

impl Parsed {
    /// Whether the file is free of faults.
    #[must_use]
    pub fn is_clean(&self) -> bool {
        self.diagnostics.is_empty()
    }
}

/// Reads a file.
///
/// Any text gives a tree: after a fault the next declaration is read. Time and memory grow with
/// the text's length, the stack does not.
///
/// ```
/// use tl_parser::source::{Source, Sources};
///
/// let mut sources = Sources::new();
/// let file = sources.add(Source::new("api.tl", "user#d23c81a3 id:int = User;")?);
/// let parsed = tl_parser::parse(file, sources.get(file).unwrap());
/// assert!(parsed.is_clean());
/// assert_eq!(parsed.ast.items.len(), 1);
/// # Ok::<(), tl_parser::source::TooLong>(())
/// ```
#[must_use]
pub fn parse(file: FileId, source: &Source) -> Parsed {
    let mut parser = Parser {
        file,
        source,
        invalid_utf8: source.invalid_utf8(),
        items: Vec::new(),
        diagnostics: Vec::new(),
        blanked: String::new(),
    };
    let mut scanner = Scanner::new(source.text());
    while let Some(cut) = scanner.next() {
        parser.cut(cut, &scanner.comments, scanner.unterminated.is_some());
    }
    if let Some(span) = scanner.unterminated {
        parser.unterminated(span);
    }
    parser.invalid_utf8_until(u32::MAX);
    Parsed {
        ast: Ast {
            file,
            items: parser.items,
            comments: scanner.comments,
            layer: scanner.layer,
        },
        diagnostics: parser.diagnostics,
    }
}

struct Parser<'s> {
    file: FileId,
    source: &'s Source,
    /// Those not yet reported.
    invalid_utf8: &'s [Span],
    items: Vec<Item>,
    diagnostics: Vec<Diagnostic>,
    /// The text of an item with blanks for its comments.
    blanked: String,
}

impl Parser<'_> {
    fn cut(&mut self, cut: Cut, comments: &[Comment], cut_off: bool) {
        match cut {
            Cut::Section(span, kind) => self.items.push(Item::Section(Section { span, kind })),
            Cut::LayerSection(span, layer) => self
                .items
                .push(Item::LayerSection(LayerSection { span, layer })),
            Cut::BadSection(span) => {
                self.report(explain::bad_section(self.source.slice(span), self.at(span)));
                self.items.push(Item::Broken(span));
            }
            Cut::Item(raw) => self.item(&raw, comments, cut_off),
        }
    }

    fn item(&mut self, raw: &RawItem, comments: &[Comment], cut_off: bool) {
        if let Some(at) = raw.too_deep {
            let place = self.at(Span::new(at, at + 1));
            self.report(explain::too_deep(place, MAX_DEPTH));
            self.items.push(Item::Broken(raw.span));
            return;
        }
        let inner = &comments[raw.comments_before as usize..raw.comments_until_end as usize];
        let mut faults = Vec::new();
        let read = if inner.is_empty() {
            build::item(self.source.slice(raw.text), raw, &mut faults)
        } else {
            blank(&mut self.blanked, self.source, raw.text, inner);
            build::item(&self.blanked, raw, &mut faults)
        };
        match read {
            Ok(mut item) => {
                if let Item::Declaration(declaration) = &mut item {
                    declaration.docs = docs(self.source.text(), comments, raw, self.items.last());
                }
                self.items.push(item);
                for fault in faults {
                    self.report(fault.into_diagnostic(self.file));
                }
            }
            Err(fault) => {
                let in_invalid_utf8 = self
                    .source
                    .invalid_utf8()
                    .binary_search_by_key(&fault.span.start, |span| span.start)
                    .is_ok();
                if !in_invalid_utf8 {
                    let diagnostic = fault.into_diagnostic(self.file);
                    self.report(diagnostic);
                }
                self.items.push(Item::Broken(raw.span));
                return;
            }
        }
        if !raw.semicolon && !cut_off {
            let end = raw.text.end;
            self.report(explain::missing_semicolon(self.at(Span::new(end, end))));
        }
    }

    fn unterminated(&mut self, span: Span) {
        self.report(explain::unterminated_comment(self.at(span)));
    }

    fn at(&self, span: Span) -> Location {
        Location {
            file: self.file,
            span,
        }
    }

    fn report(&mut self, diagnostic: Diagnostic) {
        let start = diagnostic.labels[0].location.span.start;
        self.invalid_utf8_until(start);
        self.push(diagnostic);
    }

    fn invalid_utf8_until(&mut self, end: u32) {
        while let [span, rest @ ..] = self.invalid_utf8
            && span.start <= end
        {
            self.invalid_utf8 = rest;
            self.push(explain::invalid_utf8(self.at(*span)));
        }
    }

    fn push(&mut self, diagnostic: Diagnostic) {
        match self.diagnostics.len() {
            0..MAX_FAULTS => self.diagnostics.push(diagnostic),
            MAX_FAULTS => {
                let place = diagnostic.labels[0].location;
                self.diagnostics.push(Diagnostic::new(
                    Code::TooManyFaults,
                    format!("more than {MAX_FAULTS} faults; those from here on are not shown"),
                    place,
                ));
            }
            _ => {}
        }
    }
}

/// The text under a span, with a blank for each byte of a comment: so that offsets stay true.
fn blank(text: &mut String, source: &Source, span: Span, comments: &[Comment]) {
    text.clear();
    let mut at = span.start;
    for comment in comments {
        text.push_str(source.slice(Span::new(at, comment.span.start)));
        text.extend(std::iter::repeat_n(' ', comment.span.len() as usize));
        at = comment.span.end;
    }
    text.push_str(source.slice(Span::new(at, span.end)));
}

/// The doc comments directly above an item: no empty line between, and not on the line on which
/// the item before ends.
fn docs(
    text: &str,
    comments: &[Comment],
    raw: &RawItem,
    before: Option<&Item>,
) -> std::ops::Range<u32> {
    let last = raw.comments_before;
    let floor = before.map_or(0, |item| item.span().end);
    let mut first = last;
    let mut below = raw.span.start;
    while let Some(index) = first.checked_sub(1)
        && let Some(comment) = comments.get(index as usize)
        && comment.kind.is_doc()
        && comment.span.start >= floor
        && newlines(text, comment.span.end, below) < 2
    {
        first = index;
        below = comment.span.start;
    }
    if first < last && before.is_some() && newlines(text, floor, below) == 0 {
        first += 1;
    }
    first..last
}

fn newlines(text: &str, start: u32, end: u32) -> usize {
    text.as_bytes()
        .get(start as usize..end as usize)
        .map_or(0, |gap| gap.iter().filter(|&&byte| byte == b'\n').count())
}
