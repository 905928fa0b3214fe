//! AST to text: exactly as it was written, or in the canonical form.
//!
//! Both printers take the tokens from the tree. From the source they take only what the tree has
//! as spans (names, numbers, comments) and the white space between.

mod pieces;

use std::fmt::{self, Write as _};

use self::pieces::{Before, Piece, Text, pieces};
use crate::ast::{Ast, Comment, CommentKind, Item, SectionKind};
use crate::scan::is_blank;
use crate::source::{Source, Span};

/// The text that a file was parsed from, put together again from its tree.
///
/// For any text, `source(&parse(file, text).ast, text)` is that text.
#[must_use]
pub fn source(ast: &Ast, source: &Source) -> String {
    let mut printer = Faithful {
        gaps: Gaps::new(ast, source),
        out: String::with_capacity(source.text().len()),
    };
    if source.text().starts_with(BOM) {
        printer.out.push_str(BOM);
    }
    for item in &ast.items {
        printer.item(item);
    }
    printer.gap(source.text().len());
    printer.out
}

/// The canonical form of a file.
///
/// One declaration a line; one parameter a line, if the author broke the declaration over lines.
/// Names, ids, comments and the order of everything stay as they are, and so does the meaning. At
/// most one empty line is kept between lines. The canonical form of a canonical form is itself.
///
/// ```
/// use tl_parser::print::format;
/// use tl_parser::source::{FileId, Source};
///
/// let source = Source::new("a.tl", "getUsers  id : ( Vector  InputUser )\t= Vector  User ;")?;
/// let parsed = tl_parser::parse(FileId(0), &source);
/// let text = format(&parsed.ast, &source)?;
/// assert_eq!(text, "getUsers id:(Vector InputUser) = Vector User;\n");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
/// A file with parts that could not be read has no canonical form.
pub fn format(ast: &Ast, source: &Source) -> Result<String, FormatError> {
    if let Some(&span) = source.invalid_utf8().first() {
        return Err(FormatError::InvalidUtf8(span));
    }
    if let Some(comment) = ast.comments.last()
        && !is_terminated(source.slice(comment.span))
    {
        return Err(FormatError::UnterminatedComment(comment.span));
    }
    let mut printer = Canonical {
        gaps: Gaps::new(ast, source),
        out: String::with_capacity(source.text().len()),
        line: Line::Empty,
    };
    for item in &ast.items {
        printer.item(item)?;
    }
    printer.top_level_comments(source.text().len());
    if !printer.out.is_empty() {
        printer.out.push('\n');
    }
    Ok(printer.out)
}

/// Why a file has no canonical form.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum FormatError {
    /// Text that could not be read as TL.
    Broken(Span),
    /// Bytes that are not UTF-8.
    InvalidUtf8(Span),
    /// A `/*` without its `*/`.
    UnterminatedComment(Span),
}

impl fmt::Display for FormatError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Broken(_) => "a declaration could not be read",
            Self::InvalidUtf8(_) => "the file is not UTF-8",
            Self::UnterminatedComment(_) => "a comment does not end",
        })
    }
}

impl std::error::Error for FormatError {}

const BOM: &str = "\u{feff}";
const INDENT: &str = "    ";

fn is_terminated(comment: &str) -> bool {
    comment.starts_with("//") || (comment.ends_with("*/") && comment.len() >= 4)
}

/// A cursor that walks over white space and comments.
struct Gaps<'a> {
    source: &'a Source,
    at: usize,
    comments: std::slice::Iter<'a, Comment>,
}

/// What a [`Gaps`] walks over.
enum Gap<'a> {
    White(&'a str),
    Comment(&'a Comment),
}

impl<'a> Gaps<'a> {
    fn new(ast: &'a Ast, source: &'a Source) -> Self {
        Self {
            source,
            at: if source.text().starts_with(BOM) {
                BOM.len()
            } else {
                0
            },
            comments: ast.comments.iter(),
        }
    }

    /// The next white space or comment, before a token or at most as far as `end`.
    fn next(&mut self, end: usize) -> Option<Gap<'a>> {
        if self.at >= end {
            return None;
        }
        if let Some(comment) = self.comments.as_slice().first()
            && comment.span.start as usize == self.at
        {
            self.comments.next();
            self.at = comment.span.end as usize;
            return Some(Gap::Comment(comment));
        }
        let rest = self.source.text().get(self.at..end)?;
        let len = rest.bytes().take_while(|&byte| is_blank(byte)).count();
        if len == 0 {
            return None;
        }
        self.at += len;
        Some(Gap::White(&rest[..len]))
    }

    /// Steps over the tree's own text.
    fn skip(&mut self, len: usize) {
        self.at += len;
        while let Some(comment) = self.comments.as_slice().first()
            && (comment.span.start as usize) < self.at
        {
            self.comments.next();
        }
    }
}

struct Faithful<'a> {
    gaps: Gaps<'a>,
    out: String,
}

impl Faithful<'_> {
    fn gap(&mut self, end: usize) {
        while let Some(gap) = self.gaps.next(end) {
            self.out.push_str(match gap {
                Gap::White(text) => text,
                Gap::Comment(comment) => self.gaps.source.slice(comment.span),
            });
        }
    }

    fn item(&mut self, item: &Item) {
        let span = item.span();
        self.gap(span.start as usize);
        match item {
            Item::Broken(_) | Item::Section(_) | Item::LayerSection(_) => {
                let text = self.gaps.source.slice(span);
                self.out.push_str(text);
                self.gaps.skip(text.len());
            }
            _ => {
                for piece in pieces(item) {
                    self.gap(span.end as usize);
                    // The semicolon may be missing.
                    if self.gaps.at < span.end as usize {
                        let text = text(piece, self.gaps.source);
                        self.out.push_str(text);
                        self.gaps.skip(text.len());
                    }
                }
            }
        }
    }
}

fn text(piece: Piece, source: &Source) -> &str {
    match piece.text {
        Text::Span(span) | Text::Id(span) => source.slice(span),
        Text::Sign(sign) => sign,
    }
}

struct Canonical<'a> {
    gaps: Gaps<'a>,
    out: String,
    line: Line,
}

/// What stands on the last line of the output, outside of declarations.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Line {
    /// Nothing: it is the first of the file.
    Empty,
    /// Block comments only: an item may follow on this line.
    Comments,
    /// An item or a line comment: only comments may follow an item, nothing a line comment.
    Full,
}

/// What the source has before a token.
#[derive(Clone, Copy, Default)]
struct Between {
    /// How many line breaks, counted from the last comment.
    newlines: usize,
    comment: Option<LastComment>,
}

/// The comment before a token.
#[derive(Clone, Copy)]
struct LastComment {
    is_line: bool,
    /// Nothing stands before it on its line.
    begins_line: bool,
}

impl Canonical<'_> {
    fn top_level_comments(&mut self, end: usize) -> usize {
        let mut newlines = 0;
        while let Some(gap) = self.gaps.next(end) {
            match gap {
                Gap::White(text) => newlines += count_newlines(text),
                Gap::Comment(comment) => {
                    if newlines == 0 && self.line != Line::Empty {
                        self.out.push(' ');
                    } else {
                        self.new_line(newlines, "");
                        self.line = Line::Comments;
                    }
                    self.comment(comment);
                    if is_line(comment) {
                        self.line = Line::Full;
                    }
                    newlines = 0;
                }
            }
        }
        newlines
    }

    fn item(&mut self, item: &Item) -> Result<(), FormatError> {
        let span = item.span();
        let newlines = self.top_level_comments(span.start as usize);
        if newlines == 0 && self.line == Line::Comments {
            self.out.push(' ');
        } else {
            self.new_line(newlines, "");
        }
        self.line = Line::Full;
        match item {
            Item::Broken(span) => return Err(FormatError::Broken(*span)),
            Item::Section(section) => {
                self.out.push_str(match section.kind {
                    SectionKind::Types => "---types---",
                    SectionKind::Functions => "---functions---",
                });
                self.gaps.skip(span.len() as usize);
            }
            Item::LayerSection(section) => {
                let _ = write!(self.out, "==={}===", section.layer);
                self.gaps.skip(span.len() as usize);
            }
            Item::Declaration(_) | Item::PartialApplication(_) | Item::Finalisation(_) => {
                self.pieces(item);
            }
        }
        Ok(())
    }

    fn pieces(&mut self, item: &Item) {
        let span = item.span();
        let broken = self.is_broken(item);
        for piece in pieces(item) {
            let between = self.inner_comments(span.end as usize);
            match (between.comment, piece.before) {
                (Some(comment), _) if comment.is_line => self.new_line(between.newlines, INDENT),
                (Some(comment), _) if comment.begins_line && between.newlines == 0 => {
                    self.out.push(' ');
                }
                (_, Before::Break) if broken => self.new_line(between.newlines, INDENT),
                (Some(_), _) if between.newlines > 0 => self.new_line(between.newlines, INDENT),
                (Some(_), _) | (None, Before::Space | Before::Break) => self.out.push(' '),
                (None, Before::Nothing) => {}
            }
            let text = text(piece, self.gaps.source);
            self.out.push_str(text);
            if let Text::Id(_) = piece.text {
                let start = self.out.len() - text.len();
                self.out[start..].make_ascii_lowercase();
            }
            // The semicolon may be missing in the source.
            if self.gaps.at < span.end as usize {
                self.gaps.skip(text.len());
            }
        }
    }

    /// Whether a declaration is to be broken over lines: the author did it, and there is
    /// something to break.
    fn is_broken(&self, item: &Item) -> bool {
        let Item::Declaration(declaration) = item else {
            return false;
        };
        let end = declaration.span.end;
        let comments = self.gaps.comments.as_slice();
        let comment_inside = comments.first().is_some_and(|next| next.span.start < end);
        (comment_inside || !declaration.body.parameters().is_empty())
            && self.gaps.source.slice(declaration.span).contains('\n')
    }

    /// The comments before the next token of an item.
    fn inner_comments(&mut self, end: usize) -> Between {
        let mut between = Between::default();
        while let Some(gap) = self.gaps.next(end) {
            match gap {
                Gap::White(text) => between.newlines += count_newlines(text),
                Gap::Comment(comment) => {
                    let after_line = between.comment.is_some_and(|comment| comment.is_line);
                    let begins_line = between.newlines > 0 || after_line;
                    if begins_line {
                        self.new_line(between.newlines, INDENT);
                    } else {
                        self.out.push(' ');
                    }
                    self.comment(comment);
                    between = Between {
                        newlines: 0,
                        comment: Some(LastComment {
                            is_line: is_line(comment),
                            begins_line,
                        }),
                    };
                }
            }
        }
        between
    }

    /// A comment's text without white space at the ends of its lines.
    fn comment(&mut self, comment: &Comment) {
        let text = self.gaps.source.slice(comment.span);
        for (index, line) in text.split('\n').enumerate() {
            if index > 0 {
                self.out.push('\n');
            }
            self.out.push_str(
                line.trim_end_matches(|char: char| u8::try_from(char).is_ok_and(is_blank)),
            );
        }
    }

    /// Ends the line, and leaves one empty if the author did.
    fn new_line(&mut self, newlines: usize, indent: &str) {
        if !self.out.is_empty() {
            self.out.push('\n');
            if newlines > 1 {
                self.out.push('\n');
            }
        }
        self.out.push_str(indent);
    }
}

fn is_line(comment: &Comment) -> bool {
    match comment.kind {
        CommentKind::Line | CommentKind::DocTag | CommentKind::DocContinuation => true,
        CommentKind::Block | CommentKind::DocBlock => false,
    }
}

fn count_newlines(text: &str) -> usize {
    text.bytes().filter(|&byte| byte == b'\n').count()
}
