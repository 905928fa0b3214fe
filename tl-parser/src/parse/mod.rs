//! Text to AST.
//!
//! The scanner cuts the text into items and tokens; pest says whether an item's tokens come in a
//! good order; `build` makes tree nodes of them, or `explain` makes a sentence of pest's error. No
//! other module knows pest.

mod build;
mod explain;
#[allow(dead_code, missing_docs, unreachable_pub, clippy::all, clippy::pedantic)]
#[rustfmt::skip]
mod generated;

use std::collections::HashSet;

use pest::Parser as _;

use self::build::Builder;
use self::explain::Fault;
use self::generated::{Grammar, Rule};
use crate::ast::{Ast, Comment, FinalisationKind, Item, LayerSection, Section};
use crate::diagnostic::{Code, Diagnostic};
use crate::scan::{Cut, MAX_DEPTH, RawItem, Scanner, Tokens, kind};
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
        accepted: HashSet::default(),
    };
    let mut scanner = Scanner::new(source.text());
    while let Some(cut) = scanner.next() {
        match cut {
            Cut::Section(span, kind) => parser.items.push(Item::Section(Section { span, kind })),
            Cut::LayerSection(span, layer) => parser
                .items
                .push(Item::LayerSection(LayerSection { span, layer })),
            Cut::BadSection(span) => {
                let place = parser.place(span);
                parser.report(explain::bad_section(source.slice(span), place));
                parser.items.push(Item::Broken(span));
            }
            Cut::Item(raw) => parser.item(&raw, &scanner),
        }
    }
    if let Some(span) = scanner.unterminated {
        parser.report(explain::unterminated_comment(parser.place(span)));
    }
    parser.report_invalid_utf8(u32::MAX);
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
    /// Shapes of declarations that the grammar has accepted. Most declarations of a schema are
    /// shaped like another one, and a set is asked faster than the grammar.
    accepted: HashSet<Box<str>, foldhash::fast::RandomState>,
}

impl Parser<'_> {
    fn item(&mut self, raw: &RawItem, scanner: &Scanner<'_>) {
        if let Some(span) = raw.too_deep {
            self.report(explain::too_deep(self.place(span), MAX_DEPTH));
            self.items.push(Item::Broken(raw.span));
            return;
        }
        let mut faults = Vec::new();
        match self.read(raw, &scanner.tokens, &mut faults) {
            Ok(mut item) => {
                if let Item::Declaration(declaration) = &mut item {
                    declaration.docs = docs(
                        self.source.text(),
                        &scanner.comments,
                        raw,
                        self.items.last(),
                    );
                }
                self.items.push(item);
            }
            Err(fault) => {
                faults.push(fault);
                self.items.push(Item::Broken(raw.span));
            }
        }
        for fault in faults {
            // What is not UTF-8 is reported as such.
            let invalid = self.source.invalid_utf8();
            if invalid
                .binary_search_by_key(&fault.span.start, |span| span.start)
                .is_err()
            {
                self.report(fault.into_diagnostic(self.file));
            }
        }
        let is_broken = matches!(self.items.last(), Some(Item::Broken(_)));
        if !raw.semicolon && !is_broken && scanner.unterminated.is_none() {
            let end = Span::new(raw.span.end, raw.span.end);
            self.report(explain::missing_semicolon(self.place(end)));
        }
    }

    /// Reads the tokens of an item. Faults that do not make it unreadable go into `faults`.
    fn read(
        &mut self,
        raw: &RawItem,
        tokens: &Tokens,
        faults: &mut Vec<Fault>,
    ) -> Result<Item, Fault> {
        let kind = ItemKind::of(raw, tokens, self.source);
        let rule = match kind {
            ItemKind::Declaration => Rule::declaration,
            ItemKind::Partial => Rule::partial,
            ItemKind::Finalisation(_) => Rule::finalisation,
        };
        let shape = tokens.shape();
        if rule != Rule::declaration || !self.accepted.contains(shape) {
            Grammar::parse(rule, shape)
                .map_err(|error| explain::syntax(&error, tokens, self.source))?;
            self.accepted.insert(shape.into());
        }
        let mut builder = Builder::new(self.source, tokens);
        let item = match kind {
            ItemKind::Declaration => builder.declaration(raw.span),
            ItemKind::Partial => builder.partial(raw.span),
            ItemKind::Finalisation(kind) => builder.finalisation(raw.span, kind),
        };
        faults.append(&mut builder.faults);
        item
    }

    fn place(&self, span: Span) -> Location {
        Location {
            file: self.file,
            span,
        }
    }

    fn report(&mut self, diagnostic: Diagnostic) {
        if let Some(label) = diagnostic.labels.first() {
            self.report_invalid_utf8(label.location.span.start);
        }
        self.push(diagnostic);
    }

    /// Reports the bytes that are not UTF-8 as far as `end`.
    fn report_invalid_utf8(&mut self, end: u32) {
        while let [span, rest @ ..] = self.invalid_utf8
            && span.start <= end
        {
            self.invalid_utf8 = rest;
            self.push(explain::invalid_utf8(self.place(*span)));
        }
    }

    fn push(&mut self, diagnostic: Diagnostic) {
        match self.diagnostics.len() {
            0..MAX_FAULTS => self.diagnostics.push(diagnostic),
            MAX_FAULTS => self.diagnostics.push(Diagnostic {
                code: Code::TooManyFaults,
                message: format!("more than {MAX_FAULTS} faults; from here on they are not shown"),
                labels: diagnostic.labels.into_iter().take(1).collect(),
                hint: None,
            }),
            _ => {}
        }
    }
}

#[derive(Clone, Copy)]
enum ItemKind {
    Declaration,
    Partial,
    Finalisation(FinalisationKind),
}

impl ItemKind {
    /// What the author meant, going by the first word and by what stands in a declaration only.
    fn of(raw: &RawItem, tokens: &Tokens, source: &Source) -> Self {
        if raw.arrow {
            return Self::Declaration;
        }
        let first = tokens.spans.first().map_or("", |&span| source.slice(span));
        match first {
            "New" => return Self::Finalisation(FinalisationKind::New),
            "Final" => return Self::Finalisation(FinalisationKind::Final),
            "Empty" => return Self::Finalisation(FinalisationKind::Empty),
            _ => {}
        }
        let last = first.rsplit('.').next().unwrap_or("");
        let is_type = last.as_bytes().first().is_some_and(u8::is_ascii_uppercase);
        let of_declaration = |kind: &u8| matches!(*kind, kind::LABEL | kind::ID | b'{' | b'?');
        if is_type && !tokens.kinds.iter().any(of_declaration) {
            Self::Partial
        } else {
            Self::Declaration
        }
    }
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
