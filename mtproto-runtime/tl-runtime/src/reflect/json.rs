//! JSON to a tree, as strictly as RFC 8259 has it.

use alloc::borrow::Cow;
use alloc::string::String;
use alloc::vec::Vec;

use super::MAX_DEPTH;
use super::error::{JsonError, JsonErrorKind};
use crate::Path;

/// A value and where it begins in the text.
pub(super) struct Node<'t> {
    pub(super) json: Json<'t>,
    pub(super) offset: usize,
}

pub(super) enum Json<'t> {
    Null,
    Bool(bool),
    /// As it is written.
    Number(&'t str),
    String(Cow<'t, str>),
    List(Vec<Node<'t>>),
    /// In the order of the text; names may be there twice.
    Object(Vec<(Cow<'t, str>, Node<'t>)>),
}

/// The text as one value.
pub(super) fn parse(text: &str) -> Result<Node<'_>, JsonError> {
    let mut parser = Parser {
        text,
        at: 0,
        // What is printed at the last level may be `{"@raw": …}`, which is one more.
        depth: MAX_DEPTH + 1,
    };
    let node = parser.value()?;
    parser.skip_space();
    match parser.peek() {
        None => Ok(node),
        Some(_) => Err(parser.wanted("the end")),
    }
}

struct Parser<'t> {
    text: &'t str,
    at: usize,
    depth: u32,
}

impl<'t> Parser<'t> {
    fn value(&mut self) -> Result<Node<'t>, JsonError> {
        self.skip_space();
        let offset = self.at;
        let json = match self.peek() {
            Some(b'"') => Json::String(self.string()?),
            Some(b'[') => self.nested(Self::list)?,
            Some(b'{') => self.nested(Self::object)?,
            _ => self.word()?,
        };
        Ok(Node { json, offset })
    }

    fn nested<T>(
        &mut self,
        parse: impl FnOnce(&mut Self) -> Result<T, JsonError>,
    ) -> Result<T, JsonError> {
        let Some(depth) = self.depth.checked_sub(1) else {
            return Err(self.error(JsonErrorKind::TooDeep, self.at));
        };
        self.depth = depth;
        let value = parse(self)?;
        self.depth += 1;
        Ok(value)
    }

    fn list(&mut self) -> Result<Json<'t>, JsonError> {
        self.at += 1;
        let mut elements = Vec::new();
        while !self.closes(b']', "`,` or `]`", elements.is_empty())? {
            elements.push(self.value()?);
        }
        Ok(Json::List(elements))
    }

    fn object(&mut self) -> Result<Json<'t>, JsonError> {
        self.at += 1;
        let mut fields = Vec::new();
        while !self.closes(b'}', "`,` or `}`", fields.is_empty())? {
            if self.peek() != Some(b'"') {
                return Err(self.wanted("a quoted name"));
            }
            let name = self.string()?;
            self.skip_space();
            if self.peek() != Some(b':') {
                return Err(self.wanted("`:`"));
            }
            self.at += 1;
            fields.push((name, self.value()?));
        }
        Ok(Json::Object(fields))
    }

    /// Whether the list or object ends here; if not, goes to what comes next in it.
    fn closes(&mut self, end: u8, wanted: &'static str, is_first: bool) -> Result<bool, JsonError> {
        self.skip_space();
        if self.peek() == Some(end) {
            self.at += 1;
            return Ok(true);
        }
        if !is_first {
            if self.peek() != Some(b',') {
                return Err(self.wanted(wanted));
            }
            self.at += 1;
            self.skip_space();
        }
        Ok(false)
    }

    /// `true`, `null`, a number.
    fn word(&mut self) -> Result<Json<'t>, JsonError> {
        let rest = self.rest();
        let is_word = |c: char| c.is_ascii_alphanumeric() || "+-.".contains(c);
        let word = &rest[..rest.find(|c| !is_word(c)).unwrap_or(rest.len())];
        let json = match word {
            "true" => Json::Bool(true),
            "false" => Json::Bool(false),
            "null" => Json::Null,
            word if is_number(word) => Json::Number(word),
            _ => return Err(self.wanted("a value")),
        };
        self.at += word.len();
        Ok(json)
    }

    fn string(&mut self) -> Result<Cow<'t, str>, JsonError> {
        let start = self.at;
        self.at += 1;
        let mut text = Cow::Borrowed("");
        loop {
            let rest = self.rest();
            let Some(plain) = rest.find(|c| c == '"' || c == '\\' || c < ' ') else {
                let kind = JsonErrorKind::Syntax {
                    wanted: "the end of this string",
                };
                return Err(self.error(kind, start));
            };
            // Most strings are one piece of the text.
            text += &rest[..plain];
            self.at += plain;
            match self.peek() {
                Some(b'"') => {
                    self.at += 1;
                    return Ok(text);
                }
                Some(b'\\') => {
                    let start = self.at;
                    let Some(c) = self.escape() else {
                        let wanted = "an escape that JSON has";
                        return Err(self.error(JsonErrorKind::Syntax { wanted }, start));
                    };
                    String::push(text.to_mut(), c);
                }
                _ => return Err(self.wanted("an escape for a control character")),
            }
        }
    }

    fn escape(&mut self) -> Option<char> {
        self.at += 1;
        let kind = self.peek()?;
        self.at += usize::from(kind.is_ascii());
        match kind {
            b'"' | b'\\' | b'/' => Some(char::from(kind)),
            b'b' => Some('\u{8}'),
            b'f' => Some('\u{c}'),
            b'n' => Some('\n'),
            b'r' => Some('\r'),
            b't' => Some('\t'),
            b'u' => self.unicode(),
            _ => None,
        }
    }

    /// The digits of `\u…`, and the second half of a pair.
    fn unicode(&mut self) -> Option<char> {
        let high = self.four_digits()?;
        if !(0xd800..0xdc00).contains(&high) {
            // Not the second half of a pair, either.
            return char::from_u32(high);
        }
        self.rest().strip_prefix("\\u")?;
        self.at += 2;
        let low = self.four_digits()?.checked_sub(0xdc00)?;
        (low < 0x400)
            .then(|| 0x1_0000 + ((high - 0xd800) << 10) + low)
            .and_then(char::from_u32)
    }

    fn four_digits(&mut self) -> Option<u32> {
        let digits = self.rest().get(..4)?;
        if !digits.bytes().all(|digit| digit.is_ascii_hexdigit()) {
            return None;
        }
        self.at += 4;
        u32::from_str_radix(digits, 16).ok()
    }

    fn skip_space(&mut self) {
        let rest = self.rest();
        self.at += rest.len() - rest.trim_start_matches([' ', '\t', '\n', '\r']).len();
    }

    /// What is left. Whatever was taken ended between characters.
    fn rest(&self) -> &'t str {
        self.text.get(self.at..).unwrap_or_default()
    }

    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn wanted(&self, wanted: &'static str) -> JsonError {
        self.error(JsonErrorKind::Syntax { wanted }, self.at)
    }

    #[allow(clippy::unused_self, reason = "a place for all errors")]
    fn error(&self, kind: JsonErrorKind, offset: usize) -> JsonError {
        JsonError::new(kind, offset, Path::default())
    }
}

/// Whether JSON calls this a number.
fn is_number(word: &str) -> bool {
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let word = word.strip_prefix('-').unwrap_or(word);
    let (mantissa, exponent) = match word.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, Some(exponent)),
        None => (word, None),
    };
    let (whole, fraction) = match mantissa.split_once('.') {
        Some((whole, fraction)) => (whole, Some(fraction)),
        None => (mantissa, None),
    };
    digits(whole)
        && (whole == "0" || !whole.starts_with('0'))
        && fraction.is_none_or(digits)
        && exponent
            .is_none_or(|exponent| digits(exponent.strip_prefix(['+', '-']).unwrap_or(exponent)))
}
