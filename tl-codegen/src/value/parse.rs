//! Both forms to a value. What may be written is in the module's documentation.
//!
//! One parser: the forms share strings, numbers, lists and records, and differ in what holds them
//! together. JSON is read as strictly as its standard has it.

use std::fmt;

use base64ct::{Base64, Encoding as _};

use super::print::is_literal;
use super::{Data, Field, Span, Struct, Value};

/// Values nested more deeply are refused: it protects the stack.
const MAX_DEPTH: u32 = 128;

/// Why a text is no value.
///
/// ```
/// use tl_codegen::value::{Value, line_column};
///
/// let text = "point {\n  x: 1\n  y = 2\n}";
/// let error = Value::from_text(text).unwrap_err();
/// assert_eq!(error.to_string(), "`:` was wanted where `=` stands");
/// assert_eq!(line_column(text, error.offset()), (3, 5));
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ParseError {
    message: String,
    offset: usize,
}

impl ParseError {
    /// Where, in bytes from the start of the text.
    #[must_use]
    pub const fn offset(&self) -> usize {
        self.offset
    }
}

impl fmt::Display for ParseError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for ParseError {}

impl Value {
    /// Parses the JSON form. Places of values are those in the text.
    ///
    /// ```
    /// use tl_codegen::value::Value;
    ///
    /// let value = Value::from_json(r#"{"@type": "point", "x": 1, "y": -1}"#)?;
    /// assert_eq!(value.to_string(), "point {\n  x: 1\n  y: -1\n}");
    /// # Ok::<(), tl_codegen::value::ParseError>(())
    /// ```
    ///
    /// # Errors
    /// If the text is not one value.
    pub fn from_json(text: &str) -> Result<Self, ParseError> {
        parse(text, true)
    }

    /// Parses the text form. Places of values are those in the text.
    ///
    /// ```
    /// use tl_codegen::value::Value;
    ///
    /// let value = Value::from_text("line { points: [{ x: 1, y: 2 }] // bare\n }")?;
    /// assert!(value.field("points").is_some());
    /// # Ok::<(), tl_codegen::value::ParseError>(())
    /// ```
    ///
    /// # Errors
    /// If the text is not one value.
    pub fn from_text(text: &str) -> Result<Self, ParseError> {
        parse(text, false)
    }
}

/// Line and column of a place in a text, both from 1; columns count characters.
#[must_use]
pub fn line_column(text: &str, offset: usize) -> (usize, usize) {
    let before = text.get(..offset).unwrap_or(text);
    let line = before.bytes().filter(|&byte| byte == b'\n').count() + 1;
    let start = before.rfind('\n').map_or(0, |end| end + 1);
    (line, before[start..].chars().count() + 1)
}

fn parse(text: &str, json: bool) -> Result<Value, ParseError> {
    let mut parser = Parser {
        text,
        at: 0,
        json,
        depth: MAX_DEPTH,
    };
    let value = parser.value()?;
    parser.skip_space();
    match parser.peek() {
        None => Ok(value),
        Some(_) => Err(parser.unexpected("the end")),
    }
}

struct Parser<'t> {
    text: &'t str,
    at: usize,
    json: bool,
    depth: u32,
}

impl<'t> Parser<'t> {
    fn value(&mut self) -> Result<Value, ParseError> {
        self.skip_space();
        let start = self.at;
        let data = match self.peek() {
            Some('"') => match self.json {
                true => Data::Json(self.string()?),
                false => Data::String(self.string()?),
            },
            Some('[') => self.nested(Self::list)?,
            Some('{') if self.json => self.nested(Self::object)?,
            Some('{') => Data::Struct(Struct {
                fields: self.nested(Self::fields)?,
                ..Struct::default()
            }),
            _ if self.json => self.json_word()?,
            _ => self.word_value()?,
        };
        Ok(Value {
            data,
            span: self.span(start),
        })
    }

    fn nested<T>(
        &mut self,
        parse: impl FnOnce(&mut Self) -> Result<T, ParseError>,
    ) -> Result<T, ParseError> {
        let Some(depth) = self.depth.checked_sub(1) else {
            return Err(self.error("values are nested too deeply", self.at));
        };
        self.depth = depth;
        let value = parse(self)?;
        self.depth += 1;
        Ok(value)
    }

    fn list(&mut self) -> Result<Data, ParseError> {
        self.at += 1;
        let mut elements = Vec::new();
        while !self.closes(']', elements.is_empty())? {
            elements.push(self.value()?);
        }
        Ok(Data::List(elements))
    }

    /// `{ name: value … }`
    fn fields(&mut self) -> Result<Vec<Field>, ParseError> {
        self.at += 1;
        let mut fields = Vec::new();
        while !self.closes('}', fields.is_empty())? {
            let name = match self.json {
                true if self.peek() == Some('"') => self.string()?,
                true => return Err(self.unexpected("a quoted name")),
                false => match self.word() {
                    "" => return Err(self.unexpected("a field's name or `}`")),
                    word => word.to_owned(),
                },
            };
            self.skip_blanks();
            if self.peek() != Some(':') {
                return Err(self.unexpected("`:`"));
            }
            self.at += 1;
            fields.push(Field::new(name, self.value()?));
        }
        Ok(fields)
    }

    /// Whether the list or record ends here; if not, goes to its next element.
    fn closes(&mut self, end: char, is_first: bool) -> Result<bool, ParseError> {
        self.skip_space();
        if self.peek() == Some(end) {
            self.at += 1;
            return Ok(true);
        }
        if self.json && !is_first {
            if self.peek() != Some(',') {
                let wanted = format!("`,` or `{end}`");
                return Err(self.unexpected(&wanted));
            }
            self.at += 1;
            self.skip_space();
        }
        match self.peek() {
            None => Err(self.unexpected(&format!("`{end}`"))),
            _ => Ok(false),
        }
    }

    /// An object of JSON: a constructor, or something that JSON has no form for.
    fn object(&mut self) -> Result<Data, ParseError> {
        let start = self.at;
        let mut fields = self.fields()?;
        if let [only] = &fields[..] {
            let bytes = |text: &str, offset| {
                let error = || self.error("this is not base64", offset);
                Base64::decode_vec(text).map_err(|_| error())
            };
            match (&*only.name, &only.value) {
                (
                    "@bytes",
                    Value {
                        data: Data::Json(text),
                        span,
                    },
                ) => {
                    return bytes(text, span.start).map(Data::NotUtf8);
                }
                (
                    "@raw",
                    Value {
                        data: Data::Json(text),
                        span,
                    },
                ) => {
                    return bytes(text, span.start).map(Data::Raw);
                }
                (
                    "@fault",
                    Value {
                        data: Data::Json(why),
                        ..
                    },
                ) => return Ok(Data::Fault(why.as_str().into())),
                _ => {}
            }
        }
        let Some(index) = fields.iter().position(|field| &*field.name == "@type") else {
            return Ok(Data::Struct(Struct {
                fields,
                ..Struct::default()
            }));
        };
        let Value { data, span } = fields.remove(index).value;
        let Data::Json(name) = data else {
            return Err(self.error(
                "the name of a constructor is a string",
                span.start.max(start),
            ));
        };
        self.constructor(&name, span.start, fields)
    }

    /// `name` or `name#id`
    fn constructor(
        &self,
        name: &str,
        offset: usize,
        fields: Vec<Field>,
    ) -> Result<Data, ParseError> {
        let (name, id) = match name.split_once('#') {
            None => (name, None),
            Some((name, digits)) => match u32::from_str_radix(digits, 16) {
                Ok(id) if digits.len() <= 8 && !digits.starts_with('+') => (name, Some(id)),
                _ => {
                    let message = format!("{digits} is no constructor id");
                    return Err(self.error(&message, offset));
                }
            },
        };
        Ok(Data::Struct(Struct {
            name: Some(name.into()),
            id,
            fields,
        }))
    }

    /// `true`, `null`, a number.
    fn json_word(&mut self) -> Result<Data, ParseError> {
        let start = self.at;
        let data = match self.word() {
            "true" => Data::Bool(true),
            "false" => Data::Bool(false),
            "null" => Data::Null,
            word if is_number(word) => Data::Number(word.into()),
            _ => {
                self.at = start;
                return Err(self.unexpected("a value"));
            }
        };
        Ok(data)
    }

    /// What begins with a word in the text form.
    fn word_value(&mut self) -> Result<Data, ParseError> {
        let start = self.at;
        let word = self.word();
        if word.is_empty() {
            return Err(self.unexpected("a value"));
        }
        if word == "@raw" {
            self.skip_blanks();
            let start = self.at;
            return match self.word().strip_prefix("0x") {
                Some(digits) => self.hex(digits, start).map(Data::Raw),
                None => {
                    self.at = start;
                    Err(self.unexpected("bytes in hexadecimal digits, `0x…`,"))
                }
            };
        }
        if word == "@fault" {
            self.skip_blanks();
            return match self.peek() {
                Some('"') => Ok(Data::Fault(self.string()?.into())),
                _ => Err(self.unexpected("the fault in words")),
            };
        }
        if let Some(digits) = word.strip_prefix("0x") {
            return self.hex(digits, start).map(Data::Bytes);
        }
        if is_number(word) || word == "-Infinity" || word.starts_with("NaN#") {
            return Ok(Data::Number(word.into()));
        }
        if word.starts_with(|first: char| first.is_ascii_digit() || "+-.".contains(first)) {
            return Err(self.error(&format!("{word} is no number"), start));
        }
        // On the next line it would be the next element of a list.
        let end = self.at;
        let rest = &self.text[self.at..];
        self.at += rest.len() - rest.trim_start_matches([' ', '\t']).len();
        if self.peek() == Some('{') {
            let fields = self.nested(Self::fields)?;
            return self.constructor(word, start, fields);
        }
        self.at = end;
        match word {
            "true" => Ok(Data::Bool(true)),
            "false" => Ok(Data::Bool(false)),
            "null" => Ok(Data::Null),
            word if is_literal(word) => Ok(Data::Number(word.into())),
            word => self.constructor(word, start, Vec::new()),
        }
    }

    fn hex(&self, digits: &str, start: usize) -> Result<Vec<u8>, ParseError> {
        let nibble = |digit: u8| char::from(digit).to_digit(16);
        let pairs = digits.as_bytes().chunks(2).map(|pair| match *pair {
            [high, low] => u8::try_from(nibble(high)? << 4 | nibble(low)?).ok(),
            _ => None,
        });
        pairs.collect::<Option<Vec<u8>>>().ok_or_else(|| {
            let message = "bytes are pairs of hexadecimal digits after `0x`";
            self.error(message, start)
        })
    }

    /// The letters, digits and signs that stand here.
    fn word(&mut self) -> &'t str {
        let rest = &self.text[self.at..];
        let is_word = |c: char| c.is_ascii_alphanumeric() || "_.#@+-".contains(c);
        let word = &rest[..rest.find(|c| !is_word(c)).unwrap_or(rest.len())];
        self.at += word.len();
        word
    }

    fn string(&mut self) -> Result<String, ParseError> {
        let start = self.at;
        self.at += 1;
        let mut text = String::new();
        loop {
            let rest = &self.text[self.at..];
            let plain = rest.find(|c| c == '"' || c == '\\' || c < ' ');
            let Some(plain) = plain else {
                return Err(self.error("this string does not end", start));
            };
            text.push_str(&rest[..plain]);
            self.at += plain;
            match self.peek() {
                Some('"') => {
                    self.at += 1;
                    return Ok(text);
                }
                Some('\\') => text.push(self.escape()?),
                _ => {
                    let message = "a control character in a string has to be escaped";
                    return Err(self.error(message, self.at));
                }
            }
        }
    }

    fn escape(&mut self) -> Result<char, ParseError> {
        let start = self.at;
        self.at += 1;
        let kind = self.peek();
        self.at += kind.map_or(0, char::len_utf8);
        let c = match kind {
            Some(c @ ('"' | '\\' | '/')) => Some(c),
            Some('b') => Some('\u{8}'),
            Some('f') => Some('\u{c}'),
            Some('n') => Some('\n'),
            Some('r') => Some('\r'),
            Some('t') => Some('\t'),
            Some('u') => self.unicode(),
            _ => None,
        };
        c.ok_or_else(|| self.error("this is no escape that JSON has", start))
    }

    /// The digits of `\u…`, and the second half of a pair.
    fn unicode(&mut self) -> Option<char> {
        let high = self.four_digits()?;
        if !(0xd800..0xdc00).contains(&high) {
            return char::from_u32(high);
        }
        self.text[self.at..].strip_prefix("\\u")?;
        self.at += 2;
        let low = self.four_digits()?.checked_sub(0xdc00)?;
        (low < 0x400)
            .then(|| 0x1_0000 + ((high - 0xd800) << 10) + low)
            .and_then(char::from_u32)
    }

    fn four_digits(&mut self) -> Option<u32> {
        let digits = self.text.get(self.at..self.at + 4)?;
        if !digits.bytes().all(|digit| digit.is_ascii_hexdigit()) {
            return None;
        }
        self.at += 4;
        u32::from_str_radix(digits, 16).ok()
    }

    /// Space and whatever else stands between values; in the text form commas, too.
    fn skip_space(&mut self) {
        loop {
            self.skip_blanks();
            if self.json || self.peek() != Some(',') {
                return;
            }
            self.at += 1;
        }
    }

    /// Space, and in the text form comments.
    fn skip_blanks(&mut self) {
        loop {
            let rest = &self.text[self.at..];
            let blank = rest.trim_start_matches([' ', '\t', '\n', '\r']);
            self.at += rest.len() - blank.len();
            if self.json || !blank.starts_with("//") {
                return;
            }
            self.at += blank.find('\n').unwrap_or(blank.len());
        }
    }

    fn peek(&self) -> Option<char> {
        self.text[self.at..].chars().next()
    }

    const fn span(&self, start: usize) -> Span {
        Span {
            start,
            end: self.at,
        }
    }

    fn unexpected(&self, wanted: &str) -> ParseError {
        let found = match self.peek() {
            None => "the text ends".to_owned(),
            Some(c) if c.is_control() => format!("{c:?} stands"),
            Some(c) => format!("`{c}` stands"),
        };
        self.error(&format!("{wanted} was wanted where {found}"), self.at)
    }

    #[allow(clippy::unused_self)]
    fn error(&self, message: &str, offset: usize) -> ParseError {
        ParseError {
            message: message.to_owned(),
            offset,
        }
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
