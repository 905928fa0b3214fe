//! Cuts the text of a file into items, and takes the comments out.
//!
//! A declaration ends with its semicolon, so an item can be found without understanding it. That
//! makes recovery after a fault certain, keeps time linear and bounds how deep brackets nest before
//! the grammar, which recurses, sees them.

use crate::ast::{Comment, CommentKind, SectionKind};
use crate::source::Span;

/// Brackets and prefixes (`%`, `!`) nested deeper than this are refused.
pub(crate) const MAX_DEPTH: usize = 64;

/// A stretch of the text between white space and comments of the top level.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Cut {
    Item(RawItem),
    Section(Span, SectionKind),
    LayerSection(Span, u32),
    /// Begins like a section mark, but is none.
    BadSection(Span),
}

/// What stands before a semicolon, or before the place where one is missing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct RawItem {
    /// From the first byte to the semicolon, that included.
    pub(crate) span: Span,
    /// The same without the semicolon, and without white space and comments before that.
    pub(crate) text: Span,
    pub(crate) semicolon: bool,
    /// A `=` stands in it.
    pub(crate) arrow: bool,
    /// Where the first bracket or prefix beyond [`MAX_DEPTH`] stands.
    pub(crate) too_deep: Option<u32>,
    /// How many comments stand before the item.
    pub(crate) comments_before: u32,
    /// How many comments stand before the end of `text`.
    pub(crate) comments_until_end: u32,
}

/// Yields the [`Cut`]s of a text and collects the comments on the way.
pub(crate) struct Scanner<'a> {
    text: &'a [u8],
    at: usize,
    /// Where the line begins that `at` is in.
    line: usize,
    pub(crate) comments: Vec<Comment>,
    /// The number of the first `// LAYER 230`.
    pub(crate) layer: Option<u32>,
    /// The `/*` of a comment that does not end.
    pub(crate) unterminated: Option<Span>,
}

impl Iterator for Scanner<'_> {
    type Item = Cut;

    fn next(&mut self) -> Option<Cut> {
        loop {
            match self.byte()? {
                b'/' if self.comment() => {}
                b'-' if self.starts_with(b"---") => return Some(self.section()),
                b'=' if self.starts_with(b"===") => return Some(self.section()),
                byte if is_blank(byte) => self.blank(byte),
                _ => return Some(Cut::Item(self.item())),
            }
        }
    }
}

/// A place where the next declaration may begin, should the one before lack its semicolon.
#[derive(Clone, Copy)]
struct Resume {
    at: usize,
    line: usize,
    comments: u32,
    /// Where the declaration before would end.
    end: usize,
    comments_until_end: u32,
}

impl<'a> Scanner<'a> {
    pub(crate) fn new(text: &'a str) -> Self {
        const BOM: &str = "\u{feff}";
        Self {
            text: text.as_bytes(),
            at: if text.starts_with(BOM) { BOM.len() } else { 0 },
            line: 0,
            comments: Vec::new(),
            layer: None,
            unterminated: None,
        }
    }

    fn byte(&self) -> Option<u8> {
        self.text.get(self.at).copied()
    }

    fn starts_with(&self, mark: &[u8]) -> bool {
        self.text[self.at..].starts_with(mark)
    }

    fn blank(&mut self, byte: u8) {
        self.at += 1;
        if byte == b'\n' {
            self.line = self.at;
        }
    }

    fn comment_count(&self) -> u32 {
        offset(self.comments.len())
    }

    /// Reads a comment, if one begins here.
    fn comment(&mut self) -> bool {
        let rest = &self.text[self.at..];
        let (len, kind) = match rest {
            [b'/', b'/', inner @ ..] => {
                let len = inner.iter().position(|&byte| byte == b'\n');
                let inner = &inner[..len.unwrap_or(inner.len())];
                let inner = inner.strip_suffix(b"\r").unwrap_or(inner);
                if self.layer.is_none() {
                    self.layer = layer_number(inner);
                }
                let kind = match inner.first() {
                    Some(b'@') => CommentKind::DocTag,
                    Some(b'-') => CommentKind::DocContinuation,
                    _ => CommentKind::Line,
                };
                (inner.len() + 2, kind)
            }
            [b'/', b'*', inner @ ..] => {
                let len = inner.windows(2).position(|pair| pair == b"*/");
                if len.is_none() {
                    self.unterminated = Some(span(self.at, self.at + 2));
                }
                let kind = match inner {
                    // `/**/` is empty, not documentation.
                    [b'*', next, ..] if *next != b'/' => CommentKind::DocBlock,
                    _ => CommentKind::Block,
                };
                (len.map_or(rest.len(), |len| len + 4), kind)
            }
            _ => return false,
        };
        if kind == CommentKind::Block || kind == CommentKind::DocBlock {
            let newline = rest[..len].iter().rposition(|&byte| byte == b'\n');
            self.line = newline.map_or(self.line, |newline| self.at + newline + 1);
        }
        let span = span(self.at, self.at + len);
        self.at += len;
        self.comments.push(Comment { span, kind });
        true
    }

    /// `---types---`, `===17===`. What begins like them and is none is bad as far as the line goes.
    fn section(&mut self) -> Cut {
        let start = self.at;
        let mark = &self.text[start..start + 3];
        let inner = self.text[start + 3..].trim_ascii_start();
        let word_len = inner.iter().take_while(|&&byte| is_word(byte)).count();
        let (word, rest) = inner.split_at(word_len);
        let rest = rest.trim_ascii_start();
        if rest.starts_with(mark) {
            let end = self.text.len() - rest.len() + 3;
            let span = span(start, end);
            let cut = match (mark, word) {
                (b"---", b"types") => Some(Cut::Section(span, SectionKind::Types)),
                (b"---", b"functions") => Some(Cut::Section(span, SectionKind::Functions)),
                (b"===", _) => number(word).map(|layer| Cut::LayerSection(span, layer)),
                _ => None,
            };
            if let Some(cut) = cut {
                self.at = end;
                return cut;
            }
        }
        let rest = &self.text[start..];
        let line = rest
            .iter()
            .position(|&byte| byte == b'\n' || byte == b';')
            .map_or(rest, |len| &rest[..len]);
        self.at = start + line.trim_ascii_end().len();
        Cut::BadSection(span(start, self.at))
    }

    fn item(&mut self) -> RawItem {
        let start = self.at;
        let column = start - self.line;
        let comments_before = self.comment_count();
        let mut comments_until_end = comments_before;
        let mut end = start;
        let mut semicolon = false;
        let mut arrow = false;
        let mut too_deep = None;
        let mut depth = Depth::default();
        // Whether anything stands behind the arrow yet.
        let mut result = false;
        let mut resume: Option<Resume> = None;
        let mut line_begins = false;
        while let Some(byte) = self.byte() {
            match byte {
                _ if is_blank(byte) => {
                    self.blank(byte);
                    line_begins |= byte == b'\n';
                    continue;
                }
                b'/' if self.comment() => continue,
                b';' => {
                    semicolon = true;
                    self.at += 1;
                    break;
                }
                b'-' | b'=' if line_begins && self.starts_with(&[byte; 3]) => break,
                _ => {}
            }
            if line_begins && result && (is_word(byte) || byte == b'@') {
                // Continued lines are mostly indented: better a line that is not.
                let outdented = self.at - self.line <= column;
                if resume.is_none_or(|found| outdented && found.at - found.line > column) {
                    resume = Some(Resume {
                        at: self.at,
                        line: self.line,
                        comments: self.comment_count(),
                        end,
                        comments_until_end,
                    });
                }
            }
            line_begins = false;
            if byte == b'=' {
                if arrow && let Some(next) = resume {
                    (self.at, self.line) = (next.at, next.line);
                    self.comments.truncate(next.comments as usize);
                    (end, comments_until_end) = (next.end, next.comments_until_end);
                    break;
                }
                arrow = true;
                self.at += 1;
                if self.byte() == Some(b'>') {
                    self.at += 1;
                }
            } else {
                result |= arrow;
                if is_word(byte) {
                    let rest = &self.text[self.at..];
                    let len = rest.iter().position(|&byte| !is_word(byte));
                    self.at += len.unwrap_or(rest.len());
                    depth.word();
                } else {
                    if !depth.punctuation(byte) {
                        too_deep = too_deep.or(Some(offset(self.at)));
                    }
                    self.at += 1;
                }
            }
            end = self.at;
            comments_until_end = self.comment_count();
        }
        RawItem {
            span: span(start, if semicolon { self.at } else { end }),
            text: span(start, end),
            semicolon,
            arrow,
            too_deep,
            comments_before,
            comments_until_end,
        }
    }
}

/// How deep the grammar and the tree would nest here.
struct Depth {
    /// What each open bracket adds: itself and the prefixes before it.
    open: [u8; MAX_DEPTH],
    brackets: usize,
    total: usize,
    /// Prefixes directly before this place.
    prefixes: usize,
}

impl Default for Depth {
    fn default() -> Self {
        Self {
            open: [0; MAX_DEPTH],
            brackets: 0,
            total: 0,
            prefixes: 0,
        }
    }
}

impl Depth {
    fn word(&mut self) {
        self.prefixes = 0;
    }

    /// Whether the depth is still allowed behind the byte.
    fn punctuation(&mut self, byte: u8) -> bool {
        match byte {
            b'%' | b'!' => {
                self.prefixes += 1;
                return self.total + self.prefixes <= MAX_DEPTH;
            }
            b'(' | b'[' | b'{' | b'<' => {
                let levels = self.prefixes + 1;
                if self.total + levels > MAX_DEPTH {
                    return false;
                }
                self.open[self.brackets] = u8::try_from(levels).unwrap_or(u8::MAX);
                self.brackets += 1;
                self.total += levels;
            }
            b')' | b']' | b'}' | b'>' if self.brackets > 0 => {
                self.brackets -= 1;
                self.total -= usize::from(self.open[self.brackets]);
            }
            _ => {}
        }
        self.prefixes = 0;
        true
    }
}

/// The number in `// LAYER 230`.
fn layer_number(comment: &[u8]) -> Option<u32> {
    let rest = comment.trim_ascii_start().strip_prefix(b"LAYER")?;
    let digits = rest.trim_ascii();
    (digits.len() < rest.len()).then(|| number(digits))?
}

fn number(digits: &[u8]) -> Option<u32> {
    if !digits.iter().all(u8::is_ascii_digit) {
        return None;
    }
    std::str::from_utf8(digits).ok()?.parse().ok()
}

pub(crate) const fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_'
}

pub(crate) const fn is_blank(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t'..=b'\r')
}

fn span(start: usize, end: usize) -> Span {
    Span::new(offset(start), offset(end))
}

/// An offset of a [`Source`](crate::source::Source), which is short enough for 32 bits.
fn offset(at: usize) -> u32 {
    u32::try_from(at).unwrap_or(u32::MAX)
}
