//! Cuts the text of a file into items, and items into tokens.
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
    /// The tokens are in [`Scanner::tokens`].
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
    /// Whether the semicolon is there.
    pub(crate) semicolon: bool,
    /// Whether a `=` stands in it.
    pub(crate) arrow: bool,
    /// Where the first bracket or prefix beyond [`MAX_DEPTH`] stands. Tokens from there on are
    /// missing.
    pub(crate) too_deep: Option<Span>,
    /// How many comments stand before the item.
    pub(crate) comments_before: u32,
}

/// The tokens of an item: what kind each is of, and where it stands.
#[derive(Debug, Default)]
pub(crate) struct Tokens {
    /// An ASCII character each. Punctuation stands for itself; the others are listed in [`kind`].
    pub(crate) kinds: Vec<u8>,
    pub(crate) spans: Vec<Span>,
    /// Where the last token ends, or what follows it and is part of no token.
    end: u32,
    /// Whether the last name has dots.
    dotted: bool,
}

/// The kinds of tokens that are not punctuation. A name with what follows it is often one token,
/// and of a kind of its own in any case, so that the grammar need not look ahead.
pub(crate) mod kind {
    /// `user`, `messages.Messages`
    pub(crate) const NAME: u8 = b'n';
    /// A name, if a `<` follows.
    pub(crate) const APPLIED: u8 = b'a';
    /// A name, if a `*` follows.
    pub(crate) const COUNT: u8 = b'c';
    /// `id:`, without dots. The span is that of the name.
    pub(crate) const LABEL: u8 = b'l';
    /// `flags.3?` or `flags?`, behind a label. White space and comments may stand before the `?`.
    pub(crate) const CONDITION: u8 = b'f';
    /// `flags.3`, without its `?` or not behind a label.
    pub(crate) const BIT: u8 = b'b';
    /// A name with dots, if a `:` follows: no parameter is called so.
    pub(crate) const DOTTED: u8 = b'd';
    /// `#d23c81a3`, directly behind a name; any letters and digits.
    pub(crate) const ID: u8 = b'i';
    /// `32`
    pub(crate) const NUMBER: u8 = b'0';
    /// `@read`
    pub(crate) const ANNOTATION: u8 = b'@';
    /// `=` or `=>`
    pub(crate) const ARROW: u8 = b'=';
    /// `#`
    pub(crate) const NAT: u8 = b'#';
    /// The end of the item, written or not.
    pub(crate) const END: u8 = b';';
    /// What is no token of the language.
    pub(crate) const OTHER: u8 = b'$';
}

impl Tokens {
    /// What the grammar reads.
    pub(crate) fn shape(&self) -> &str {
        std::str::from_utf8(&self.kinds).unwrap_or("")
    }

    fn push(&mut self, kind: u8, span: Span) {
        self.kinds.push(kind);
        self.spans.push(span);
        self.end = span.end;
    }

    /// A sign that may belong to the name before it.
    fn push_suffix(&mut self, sign: u8, span: Span) {
        match (sign, self.kinds.as_mut_slice()) {
            (b':', [.., last @ kind::NAME]) => {
                *last = if self.dotted {
                    kind::DOTTED
                } else {
                    kind::LABEL
                };
                self.end = span.end;
                return;
            }
            (b'?', [.., kind::LABEL, last @ (kind::NAME | kind::BIT)]) if !self.dotted => {
                *last = kind::CONDITION;
                self.end = span.end;
                if let Some(last) = self.spans.last_mut() {
                    last.end = span.end;
                }
                return;
            }
            (b'<', [.., last @ kind::NAME]) => *last = kind::APPLIED,
            (b'*', [.., last @ kind::NAME]) => *last = kind::COUNT,
            _ => {}
        }
        self.push(sign, span);
    }

    /// As many tokens as that, of which the last ends there.
    fn truncate(&mut self, len: usize, end: u32) {
        self.kinds.truncate(len);
        self.spans.truncate(len);
        self.end = end;
    }
}

/// Yields the [`Cut`]s of a text and collects the comments on the way.
pub(crate) struct Scanner<'a> {
    text: &'a [u8],
    at: usize,
    /// Where the line begins that `at` is in.
    line: usize,
    /// The tokens of the last item.
    pub(crate) tokens: Tokens,
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

/// What the first byte of an item tells of it. What cannot begin an item spoils its own line only,
/// not the next declaration.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Begins {
    Item,
    /// A comment as other languages write it: it ends with the line, whatever stands there.
    ForeignComment,
    Nothing,
}

impl Begins {
    fn of(byte: u8) -> Self {
        match byte {
            b'@' => Self::Item,
            _ if is_word(byte) => Self::Item,
            b'#' | b'-' | b'/' | b'\'' | b'"' => Self::ForeignComment,
            _ => Self::Nothing,
        }
    }
}

/// A place where the next declaration may begin, should the one before lack its semicolon.
#[derive(Clone, Copy)]
struct Resume {
    at: usize,
    line: usize,
    comments: usize,
    tokens: usize,
    end: u32,
    /// How much speaks for it.
    score: u8,
}

impl<'a> Scanner<'a> {
    pub(crate) fn new(text: &'a str) -> Self {
        const BOM: &str = "\u{feff}";
        Self {
            text: text.as_bytes(),
            at: if text.starts_with(BOM) { BOM.len() } else { 0 },
            line: 0,
            tokens: Tokens::default(),
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

    /// Reads a comment, if one begins here.
    #[inline(never)]
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
                let len = len.map_or(rest.len(), |len| len + 4);
                let newline = rest[..len].iter().rposition(|&byte| byte == b'\n');
                self.line = newline.map_or(self.line, |newline| self.at + newline + 1);
                (len, kind)
            }
            _ => return false,
        };
        let span = span(self.at, self.at + len);
        self.at += len;
        self.comments.push(Comment { span, kind });
        true
    }

    /// `---types---`, `===17===`. What begins like them and is none is bad as far as the line goes.
    #[inline(never)]
    fn section(&mut self) -> Cut {
        let start = self.at;
        let mark = &self.text[start..start + 3];
        let inner = trim_start(&self.text[start + 3..]);
        let (word, rest) = inner.split_at(word_len(inner));
        let rest = trim_start(rest);
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
        self.tokens.truncate(0, offset(start));
        let column = start - self.line;
        let comments_before = offset(self.comments.len());
        let mut semicolon = false;
        let mut too_deep = None;
        let mut depth = Depth::default();
        // How many tokens there are as far as the arrow.
        let mut arrow: Option<usize> = None;
        let mut resume: Option<Resume> = None;
        let mut line_begins = false;
        let begins = Begins::of(self.text[start]);
        while let Some(byte) = self.byte() {
            let class = Class::of(byte);
            match byte {
                b'\n' => {
                    if begins != Begins::Item {
                        break;
                    }
                    line_begins = true;
                    self.blank(byte);
                    continue;
                }
                _ if class == Class::Blank => {
                    self.at += 1;
                    continue;
                }
                _ if class == Class::Word => {}
                b'/' if self.comment() => continue,
                b';' if begins != Begins::ForeignComment => {
                    semicolon = true;
                    self.at += 1;
                    break;
                }
                b'@' if self.is_beyond_annotations() => break,
                _ => {}
            }
            if line_begins {
                line_begins = false;
                if matches!(byte, b'-' | b'=') && self.starts_with(&[byte; 3]) {
                    break;
                }
                if class == Class::Word {
                    if self.begins_with_id() {
                        break;
                    }
                    let here = self.resume(arrow, column);
                    if arrow.is_some() && resume.is_none_or(|best| here.score > best.score) {
                        resume = Some(here);
                    }
                }
            }
            if byte == b'=' {
                if arrow.is_some()
                    && let Some(next) = resume
                {
                    self.rewind(next);
                    break;
                }
                arrow = Some(self.tokens.spans.len() + 1);
            }
            if too_deep.is_some() {
                self.at += 1;
                self.tokens.end = offset(self.at);
            } else if class == Class::Word {
                depth.word();
                self.word(byte);
            } else {
                if !depth.punctuation(byte) {
                    too_deep = Some(span(self.at, self.at + 1));
                }
                self.punctuation(byte);
            }
        }
        let end = self.tokens.end;
        let end = if semicolon {
            Span::new(offset(self.at - 1), offset(self.at))
        } else {
            Span::new(end, end)
        };
        self.tokens.push(kind::END, end);
        let span = span(start, end.end as usize);
        RawItem {
            span,
            semicolon,
            arrow: arrow.is_some(),
            too_deep,
            comments_before,
        }
    }

    /// The place before the token here, the first of its line.
    fn resume(&self, arrow: Option<usize>, column: usize) -> Resume {
        // Continued lines are mostly indented.
        let outdented = self.at - self.line <= column;
        let has_result = arrow.is_some_and(|arrow| self.tokens.spans.len() > arrow);
        Resume {
            at: self.at,
            line: self.line,
            comments: self.comments.len(),
            tokens: self.tokens.spans.len(),
            end: self.tokens.end,
            score: 2 * u8::from(outdented) + u8::from(has_result),
        }
    }

    fn rewind(&mut self, place: Resume) {
        (self.at, self.line) = (place.at, place.line);
        self.comments.truncate(place.comments);
        self.tokens.truncate(place.tokens, place.end);
    }

    /// Whether an item has tokens that no item can begin behind without another having ended.
    fn is_beyond_annotations(&self) -> bool {
        let last = self.tokens.kinds.last();
        last.is_some_and(|&kind| kind != kind::ANNOTATION)
    }

    /// Whether a name with an id stands here, with which only a declaration begins, and another
    /// declaration before it.
    fn begins_with_id(&self) -> bool {
        if !self.is_beyond_annotations() {
            return false;
        }
        let is_path = |byte: &u8| is_word(*byte) || *byte == b'.';
        let rest = &self.text[self.at..];
        match rest.iter().position(|byte| !is_path(byte)) {
            Some(len) => matches!(rest[len..], [b'#', digit, ..] if is_word(digit)),
            None => false,
        }
    }

    /// Adds the token that began at `start` and ends here.
    fn push(&mut self, kind: u8, start: usize) {
        let span = span(start, self.at);
        self.tokens.push(kind, span);
    }

    /// A number, or a name with what may only stand directly behind it.
    fn word(&mut self, first: u8) {
        let start = self.at;
        self.skip_word();
        if first.is_ascii_digit() {
            self.push_digits(kind::NUMBER, start, start);
            return;
        }
        self.tokens.dotted = false;
        loop {
            let end = self.at;
            match self.byte() {
                Some(b'.') => {
                    let Some(next) = self.text.get(end + 1).filter(|&&byte| is_word(byte)) else {
                        break;
                    };
                    self.at += 1;
                    self.skip_word();
                    if next.is_ascii_digit() {
                        self.push_digits(kind::BIT, start, end + 1);
                        return;
                    }
                    self.tokens.dotted = true;
                }
                Some(b'#') => {
                    self.push(kind::NAME, start);
                    self.at += 1;
                    self.skip_word();
                    self.push(kind::ID, end);
                    return;
                }
                _ => break,
            }
        }
        self.push(kind::NAME, start);
    }

    fn skip_word(&mut self) {
        self.at += word_len(&self.text[self.at..]);
    }

    /// Adds the token that began at `start`, if there are but digits from `digits` on.
    fn push_digits(&mut self, kind: u8, start: usize, digits: usize) {
        let is_number = self.text[digits..self.at].iter().all(u8::is_ascii_digit);
        self.push(if is_number { kind } else { kind::OTHER }, start);
    }

    fn punctuation(&mut self, byte: u8) {
        let start = self.at;
        self.at += 1;
        let kind = match byte {
            b',' | b'>' | b'(' | b')' | b'{' | b'}' | b'[' | b']' | b'+' | b'%' | b'!' => byte,
            b':' | b'?' | b'<' | b'*' => {
                self.tokens.push_suffix(byte, span(start, self.at));
                return;
            }
            b'=' => {
                self.at += usize::from(self.byte() == Some(b'>'));
                kind::ARROW
            }
            b'#' | b'@' => {
                self.skip_word();
                match (byte, self.at - start) {
                    (b'#', 1) => kind::NAT,
                    (b'@', 2..) => kind::ANNOTATION,
                    _ => kind::OTHER,
                }
            }
            // The first byte of a character: the rest of it goes with it.
            _ => {
                let rest = &self.text[self.at..];
                let continued = rest.iter().take_while(|&&byte| byte & 0xc0 == 0x80);
                self.at += continued.count();
                kind::OTHER
            }
        };
        self.push(kind, start);
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

fn word_len(text: &[u8]) -> usize {
    let end = text.iter().position(|&byte| !is_word(byte));
    end.unwrap_or(text.len())
}

fn trim_start(text: &[u8]) -> &[u8] {
    let start = text.iter().position(|&byte| !is_blank(byte));
    &text[start.unwrap_or(text.len())..]
}

pub(crate) const fn is_word(byte: u8) -> bool {
    matches!(Class::of(byte), Class::Word)
}

pub(crate) const fn is_blank(byte: u8) -> bool {
    matches!(Class::of(byte), Class::Blank)
}

/// What a byte is good for.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Class {
    Other,
    /// `[A-Za-z0-9_]`
    Word,
    Blank,
}

impl Class {
    const fn of(byte: u8) -> Self {
        const CLASSES: [Class; 256] = {
            let mut classes = [Class::Other; 256];
            let mut byte = 0u8;
            while byte < 128 {
                if byte.is_ascii_alphanumeric() || byte == b'_' {
                    classes[byte as usize] = Class::Word;
                } else if matches!(byte, b' ' | b'\t'..=b'\r') {
                    classes[byte as usize] = Class::Blank;
                }
                byte += 1;
            }
            classes
        };
        CLASSES[byte as usize]
    }
}

fn span(start: usize, end: usize) -> Span {
    Span::new(offset(start), offset(end))
}

/// An offset of a [`Source`](crate::source::Source), which is short enough for 32 bits.
fn offset(at: usize) -> u32 {
    u32::try_from(at).unwrap_or(u32::MAX)
}
