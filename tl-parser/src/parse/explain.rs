//! Faults of syntax in words a user knows.

use std::fmt::Write as _;

use pest::error::{Error, ErrorVariant, InputLocation};

use super::generated::Rule;
use crate::diagnostic::{Code, Diagnostic};
use crate::scan::{RawItem, is_word};
use crate::source::{FileId, Location, Span};

/// A fault in one item.
#[derive(Debug)]
pub(super) struct Fault {
    pub(super) code: Code,
    pub(super) span: Span,
    pub(super) message: String,
    pub(super) hint: Option<String>,
}

impl Fault {
    pub(super) fn new(code: Code, span: Span, message: impl Into<String>) -> Self {
        Self {
            code,
            span,
            message: message.into(),
            hint: None,
        }
    }

    pub(super) fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    pub(super) fn into_diagnostic(self, file: FileId) -> Diagnostic {
        let location = Location {
            file,
            span: self.span,
        };
        let diagnostic = Diagnostic::new(self.code, self.message, location);
        match self.hint {
            Some(hint) => diagnostic.hint(hint),
            None => diagnostic,
        }
    }
}

/// What pest's error says of an item.
pub(super) fn syntax(error: &Error<Rule>, text: &str, raw: &RawItem) -> Fault {
    let at = match error.location {
        InputLocation::Pos(at) | InputLocation::Span((at, _)) => at,
    };
    let expected: &[Rule] = match &error.variant {
        ErrorVariant::ParsingError { positives, .. } => positives,
        ErrorVariant::CustomError { .. } => &[],
    };
    let rest = text.get(at..).unwrap_or("");
    let found = token(rest);
    let base = raw.text.start;
    let start = base + u32::try_from(at).unwrap_or(0);
    let (span, found_words) = if found.is_empty() {
        // Points at the semicolon, if there is one.
        (
            Span::new(raw.text.end, raw.span.end),
            "the end of the declaration".to_owned(),
        )
    } else {
        let end = start + u32::try_from(found.len()).unwrap_or(0);
        (Span::new(start, end), quote(found))
    };
    let message = format!("expected {}, found {found_words}", list(&words(expected)));
    let fault = Fault::new(Code::Syntax, span, message);
    match hint(expected, text, at, raw) {
        Some(hint) => fault.hint(hint),
        None => fault,
    }
}

fn hint(expected: &[Rule], text: &str, at: usize, raw: &RawItem) -> Option<String> {
    let rest = &text[at..];
    let before = text[..at].trim_end();
    let next = rest.bytes().next();
    if before.is_empty() {
        return match next {
            Some(b'#') => Some("comments begin with `//` or stand between `/*` and `*/`".into()),
            Some(b'-' | b'/' | b'\'') => {
                Some("comments begin with `//` or stand between `/*` and `*/`".into())
            }
            None => Some("delete the extra `;`".into()),
            _ => None,
        };
    }
    if expected.contains(&Rule::arrow) && !raw.arrow && (next.is_none() || next == Some(b'-')) {
        return Some("a declaration ends with its result: `… = Type;`".into());
    }
    if next == Some(b'#') && rest[1..].bytes().next().is_some_and(is_word) {
        return Some("an id stands directly behind the name, without a space".into());
    }
    if next == Some(b'{') && expected.contains(&Rule::arrow) {
        return Some("`{…}` stands before all other parameters".into());
    }
    if next == Some(b':') && expected.contains(&Rule::EOI) {
        return Some("parameters stand before the `=`, the result type behind it".into());
    }
    if next == Some(b'=') && expected.contains(&Rule::EOI) {
        return Some("is a `;` missing before this declaration?".into());
    }
    if (next.is_none() || next == Some(b'=')) && before.ends_with('=') {
        return Some("name the result type behind the `=`".into());
    }
    if next == Some(b'}') && expected.contains(&Rule::colon) {
        return Some("say what the variable ranges over: `{X:Type}` or `{n:#}`".into());
    }
    None
}

/// The words for what was expected, each once.
fn words(expected: &[Rule]) -> Vec<&'static str> {
    let mut words = Vec::new();
    let has = |rule| expected.contains(&rule);
    // What begins a term comes in one company.
    let term = has(Rule::name) && has(Rule::nat);
    if term {
        words.push(if has(Rule::arrow) || has(Rule::builtin) {
            "a parameter"
        } else if has(Rule::annotation) {
            "a declaration"
        } else {
            "a type"
        });
    } else if has(Rule::annotation) && has(Rule::name) {
        words.push("a declaration");
    } else if has(Rule::name) {
        words.push("a name");
    }
    for (rule, word) in [
        (Rule::colon, "`:`"),
        (Rule::arrow, "`=` and the result type"),
        (Rule::when, "`?`"),
        (Rule::comma, "`,`"),
        (Rule::close_angle, "`>`"),
        (Rule::close_brace, "`}`"),
        (Rule::close_bracket, "`]`"),
        (Rule::close_paren, "`)`"),
        (Rule::EOI, "`;`"),
    ] {
        if has(rule) {
            words.push(word);
        }
    }
    if words.is_empty() {
        words.push("something else");
    }
    words
}

fn list(words: &[&str]) -> String {
    let mut text = String::new();
    for (index, word) in words.iter().enumerate() {
        let separator = match index {
            0 => "",
            _ if index + 1 == words.len() => " or ",
            _ => ", ",
        };
        let _ = write!(text, "{separator}{word}");
    }
    text
}

/// The word or sign at the beginning of a text.
fn token(text: &str) -> &str {
    let word = text.bytes().take_while(|&byte| is_word(byte)).count();
    match word {
        0 => text
            .chars()
            .next()
            .map_or("", |char| &text[..char.len_utf8()]),
        _ => &text[..word],
    }
}

/// A piece of the input, short and printable.
fn quote(text: &str) -> String {
    const MAX: usize = 40;
    match text.char_indices().nth(MAX) {
        None => format!("`{}`", text.escape_debug()),
        Some((end, _)) => format!("`{}…`", text[..end].escape_debug()),
    }
}

pub(super) fn missing_semicolon(place: Location) -> Diagnostic {
    Diagnostic::new(Code::MissingSemicolon, "missing `;`", place)
        .hint("end the declaration with `;`")
}

pub(super) fn bad_section(text: &str, place: Location) -> Diagnostic {
    let hint = if text.starts_with('=') {
        "a layer begins with its number: `===17===`"
    } else {
        "the sections of a schema are `---types---` and `---functions---`"
    };
    Diagnostic::new(Code::Syntax, "not the mark of a section", place).hint(hint)
}

pub(super) fn too_deep(place: Location, max: usize) -> Diagnostic {
    let message = format!("brackets are nested more than {max} deep");
    Diagnostic::new(Code::TooDeep, message, place)
}

pub(super) fn unterminated_comment(place: Location) -> Diagnostic {
    Diagnostic::new(Code::UnterminatedComment, "the comment does not end", place)
        .hint("end it with `*/`")
}

pub(super) fn invalid_utf8(place: Location) -> Diagnostic {
    Diagnostic::new(Code::InvalidUtf8, "bytes that are not UTF-8", place)
}
