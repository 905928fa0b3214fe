//! Faults of syntax in words a user knows.

use pest::error::{Error, ErrorVariant, InputLocation};

use super::generated::Rule;
use crate::diagnostic::{Code, Diagnostic};
use crate::scan::{Tokens, kind};
use crate::source::{FileId, Location, Source, Span};

/// A fault in one item.
#[derive(Debug)]
pub(super) struct Fault {
    pub(super) span: Span,
    /// Boxed, because results that may be faults are moved often.
    words: Box<Words>,
}

#[derive(Debug)]
struct Words {
    code: Code,
    message: String,
    opened: Option<Span>,
    hint: Option<String>,
}

impl Fault {
    pub(super) fn new(code: Code, span: Span, message: impl Into<String>) -> Self {
        Self {
            span,
            words: Box::new(Words {
                code,
                message: message.into(),
                opened: None,
                hint: None,
            }),
        }
    }

    pub(super) fn hint(mut self, hint: impl Into<String>) -> Self {
        self.words.hint = Some(hint.into());
        self
    }

    pub(super) fn into_diagnostic(self, file: FileId) -> Diagnostic {
        let at = |span| Location { file, span };
        let words = *self.words;
        let mut diagnostic = Diagnostic::new(words.code, words.message, at(self.span));
        if let Some(span) = words.opened {
            diagnostic = diagnostic.also(at(span), "opened here");
        }
        match words.hint {
            Some(hint) => diagnostic.hint(hint),
            None => diagnostic,
        }
    }
}

/// What pest's error says of an item.
pub(super) fn syntax(error: &Error<Rule>, tokens: &Tokens, source: &Source) -> Fault {
    // A token is a byte of what pest read.
    let at = match error.location {
        InputLocation::Pos(at) | InputLocation::Span((at, _)) => at,
    };
    let wanted = match &error.variant {
        ErrorVariant::ParsingError { positives, .. } => positives.first().copied(),
        ErrorVariant::CustomError { .. } => None,
    };
    let place = Place { tokens, source, at };
    let found = match place.kind(0) {
        kind::END if at > 0 => "the end of the declaration".to_owned(),
        _ => quote(place.text()),
    };
    let message = format!("expected {}, found {found}", expected(wanted, &place));
    let mut fault = Fault::new(Code::Syntax, place.span(), message);
    fault.words.opened = place.opened(wanted);
    fault.words.hint = hint(wanted, &place).map(str::to_owned);
    fault
}

/// The token at which an item goes wrong, and its neighbours.
struct Place<'a> {
    tokens: &'a Tokens,
    source: &'a Source,
    at: usize,
}

impl Place<'_> {
    fn span(&self) -> Span {
        self.tokens.spans.get(self.at).copied().unwrap_or_default()
    }

    fn text(&self) -> &str {
        self.source.slice(self.span())
    }

    /// The kind of the token so many tokens before this one.
    fn kind(&self, before: usize) -> u8 {
        let at = self.at.checked_sub(before);
        let kind = at.and_then(|at| self.tokens.kinds.get(at));
        kind.copied().unwrap_or(kind::END)
    }

    /// The bracket whose other half is wanted.
    fn opened(&self, wanted: Option<Rule>) -> Option<Span> {
        let (open, close) = match wanted? {
            Rule::want_close_bracket => (b'[', b']'),
            Rule::want_close_paren => (b'(', b')'),
            Rule::want_close_brace => (b'{', b'}'),
            Rule::want_close_angle => (b'<', b'>'),
            _ => return None,
        };
        let mut inner = 0usize;
        let before = self.tokens.kinds.iter().zip(&self.tokens.spans);
        for (&kind, &span) in before.take(self.at).rev() {
            if kind == close {
                inner += 1;
            } else if kind == open {
                match inner.checked_sub(1) {
                    Some(fewer) => inner = fewer,
                    None => return Some(span),
                }
            }
        }
        None
    }
}

fn expected(wanted: Option<Rule>, place: &Place<'_>) -> &'static str {
    match wanted {
        Some(Rule::want_declaration) => "a declaration",
        Some(Rule::want_parameter) => "a parameter",
        Some(Rule::want_arrow) => "a parameter or `=`",
        Some(Rule::want_type) => match place.kind(1) {
            kind::ARROW => "the result type",
            b'+' => "a number",
            _ => "a type",
        },
        Some(Rule::want_type_name) => "the name of a type",
        Some(Rule::want_label) => match place.kind(1) {
            b'{' => "the name of a variable",
            _ => "`:`",
        },
        Some(Rule::want_bracket) => "`[`",
        Some(Rule::want_close_bracket) => "a parameter or `]`",
        Some(Rule::want_close_paren) => "`)`",
        Some(Rule::want_close_brace) => "`}`",
        Some(Rule::want_close_angle) => "`,` or `>`",
        Some(Rule::want_end) => "`;`",
        _ => "something else",
    }
}

/// What to write instead, for the usual mistakes.
fn hint(wanted: Option<Rule>, place: &Place<'_>) -> Option<&'static str> {
    const COMMENT: &str = "comments begin with `//` or stand between `/*` and `*/`";
    const CONDITION: &str = "a condition is written `name:flags.3?Type`";
    let wanted = wanted?;
    let begins = wanted == Rule::want_declaration;
    Some(match place.kind(0) {
        kind::OTHER => match place.text().bytes().next()? {
            b'/' => COMMENT,
            b'#' | b'-' | b'\'' | b'"' if begins => COMMENT,
            b'#' => "an id stands directly behind the name, without a space",
            _ if place.text().contains('.') => CONDITION,
            b'-' if wanted == Rule::want_arrow => "the type of the result stands behind a `=`",
            b'0'..=b'9' => "names begin with a letter",
            _ => return None,
        },
        kind::NAT if begins => COMMENT,
        kind::END if begins && place.at == 0 => "delete the extra `;`",
        found => match (wanted, found) {
            (Rule::want_arrow, kind::END) => {
                "a declaration ends with the type of its result: `… = Type;`"
            }
            (Rule::want_arrow, kind::ID) => "is the end of the declaration before this missing?",
            (Rule::want_arrow, b'{') => "variables in braces stand before all parameters",
            (Rule::want_arrow, b'+') => "a sum stands in parentheses: `(n + 1)`",
            (_, kind::DOTTED) => "the name of a parameter has no dots",
            (_, kind::BIT | b'?') => CONDITION,
            (Rule::want_type | Rule::want_end, kind::LABEL) if place.kind(1) != kind::LABEL => {
                "parameters stand before the `=`, the type of the result behind it"
            }
            (Rule::want_type, _) if place.kind(1) == kind::ARROW => {
                "the type of the result stands behind the `=`"
            }
            (Rule::want_type, _) if place.kind(1) == kind::LABEL => {
                "a parameter is written `name:Type`"
            }
            (Rule::want_end, kind::ARROW) => "is a `;` missing before this declaration?",
            (Rule::want_label, b'}') => "say what the variable ranges over: `{X:Type}` or `{n:#}`",
            (Rule::want_bracket, _) => "a repetition is written `n*[ … ]`",
            _ => return None,
        },
    })
}

/// A piece of the input, short and printable.
fn quote(text: &str) -> String {
    const MAX: usize = 40;
    let mut quoted = String::from("`");
    for (count, char) in text.chars().enumerate() {
        if count == MAX {
            quoted.push('…');
            break;
        }
        match char {
            '\'' | '"' | '\\' => quoted.push(char),
            _ => quoted.extend(char.escape_debug()),
        }
    }
    quoted.push('`');
    quoted
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
