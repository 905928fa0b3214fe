//! Both forms of a value. The rules are in the module's documentation.

use std::fmt::Write as _;

use base64ct::{Base64, Encoding as _};

use super::{Data, Field, Struct, Value};

/// The JSON form.
pub(super) fn json(value: &Value) -> String {
    print(value, Form::Json)
}

/// The text form.
pub(super) fn text(value: &Value) -> String {
    print(value, Form::Text)
}

/// A scalar in the text form, cut short if it is long.
pub(super) fn clipped(data: &Data) -> String {
    /// Characters of text, bytes of bytes.
    const LONG: usize = 60;
    match data {
        Data::String(text) | Data::Json(text) => match text.char_indices().nth(LONG) {
            None => text_of(data.clone()),
            Some((end, _)) => {
                let begin = text_of(Data::String(text[..end].to_owned()));
                format!("{begin}… ({} bytes)", text.len())
            }
        },
        Data::Bytes(bytes) | Data::NotUtf8(bytes) | Data::Raw(bytes) if bytes.len() > LONG => {
            let begin = bytes[..LONG].to_vec();
            let begin = match data {
                Data::Raw(_) => Data::Raw(begin),
                _ => Data::Bytes(begin),
            };
            format!("{}… ({} bytes)", text_of(begin), bytes.len())
        }
        data => text_of(data.clone()),
    }
}

fn text_of(data: Data) -> String {
    text(&data.into())
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Form {
    Text,
    Json,
}

fn print(value: &Value, form: Form) -> String {
    let mut printer = Printer {
        out: String::new(),
        form,
        level: 0,
    };
    printer.data(&value.data);
    printer.out
}

struct Printer {
    out: String,
    form: Form,
    level: usize,
}

impl Printer {
    fn data(&mut self, data: &Data) {
        let json = self.form == Form::Json;
        match data {
            Data::Null => self.out.push_str("null"),
            Data::Bool(value) => self.out.push_str(if *value { "true" } else { "false" }),
            Data::Int(number) => self.number(number),
            Data::Nat(number) => self.number(number),
            Data::Long(number) => match json {
                true => {
                    let _ = write!(self.out, "\"{number}\"");
                }
                false => self.number(number),
            },
            Data::Float(number) => {
                let nan = (number.to_bits() != f32::NAN.to_bits())
                    .then(|| format!("{:08x}", number.to_bits()));
                self.float(f64::from(*number), &format!("{number:?}"), nan);
            }
            Data::Double(number) => {
                let nan = (number.to_bits() != f64::NAN.to_bits())
                    .then(|| format!("{:016x}", number.to_bits()));
                self.float(*number, &format!("{number:?}"), nan);
            }
            Data::Number(written) => self.out.push_str(written),
            Data::String(text) | Data::Json(text) => push_quoted(&mut self.out, text),
            Data::Bytes(bytes) => self.bytes(bytes),
            Data::NotUtf8(bytes) => match json {
                true => self.tagged("@bytes", bytes),
                false => self.bytes(bytes),
            },
            Data::Raw(bytes) => match json {
                true => self.tagged("@raw", bytes),
                false => {
                    self.out.push_str("@raw ");
                    self.bytes(bytes);
                }
            },
            Data::Fault(why) => match json {
                true => {
                    self.out.push_str("{\"@fault\": ");
                    push_quoted(&mut self.out, why);
                    self.out.push('}');
                }
                false => {
                    self.out.push_str("@fault ");
                    push_quoted(&mut self.out, why);
                }
            },
            Data::List(elements) => self.list(elements),
            Data::Struct(value) => self.fields(value),
        }
    }

    fn number(&mut self, number: &dyn std::fmt::Display) {
        let _ = write!(self.out, "{number}");
    }

    /// A number of which Rust writes the shortest form; `bits` are those of an unusual NaN.
    fn float(&mut self, number: f64, shortest: &str, bits: Option<String>) {
        let word = match (number.is_nan(), bits) {
            (true, None) => "NaN".to_owned(),
            (true, Some(bits)) => format!("NaN#{bits}"),
            _ if number == f64::INFINITY => "Infinity".to_owned(),
            _ if number == f64::NEG_INFINITY => "-Infinity".to_owned(),
            _ => return self.out.push_str(shortest),
        };
        match self.form {
            Form::Json => push_quoted(&mut self.out, &word),
            Form::Text => self.out.push_str(&word),
        }
    }

    fn bytes(&mut self, bytes: &[u8]) {
        match self.form {
            Form::Json => {
                self.out.push('"');
                self.out.push_str(&Base64::encode_string(bytes));
                self.out.push('"');
            }
            Form::Text => {
                self.out.push_str("0x");
                self.out.reserve(bytes.len().saturating_mul(2));
                for &byte in bytes {
                    push_hex(&mut self.out, byte);
                }
            }
        }
    }

    /// `{"@raw": "…"}`
    fn tagged(&mut self, tag: &str, bytes: &[u8]) {
        let _ = write!(self.out, "{{\"{tag}\": ");
        self.bytes(bytes);
        self.out.push('}');
    }

    fn list(&mut self, elements: &[Value]) {
        let flat = elements.iter().all(|element| is_scalar(&element.data));
        self.out.push('[');
        self.level += 1;
        for (index, element) in elements.iter().enumerate() {
            if flat {
                self.out.push_str(if index == 0 { "" } else { ", " });
            } else {
                self.line(index == 0);
            }
            self.data(&element.data);
        }
        self.level -= 1;
        if !flat {
            self.line(true);
        }
        self.out.push(']');
    }

    fn fields(&mut self, value: &Struct) {
        let name = value.name.as_deref().map(|name| match value.id {
            Some(id) => format!("{name}#{id:08x}"),
            None => name.to_owned(),
        });
        let mut shown = value
            .fields
            .iter()
            .filter(|field| !field.implied)
            .peekable();
        let is_empty = shown.peek().is_none();
        match (self.form, &name) {
            // A word alone would be taken for something else.
            (Form::Text, Some(name)) if is_empty && !is_literal(name) => {
                return self.out.push_str(name);
            }
            (Form::Text, Some(name)) if is_empty => {
                let _ = write!(self.out, "{name} {{}}");
                return;
            }
            (_, None) if is_empty => return self.out.push_str("{}"),
            (Form::Json, Some(name)) if is_empty => {
                self.out.push_str("{\"@type\": ");
                push_quoted(&mut self.out, name);
                return self.out.push('}');
            }
            (Form::Text, Some(name)) => {
                let _ = write!(self.out, "{name} {{");
            }
            _ => self.out.push('{'),
        }
        self.level += 1;
        let mut first = true;
        if let (Form::Json, Some(name)) = (self.form, &name) {
            self.line(first);
            first = false;
            self.out.push_str("\"@type\": ");
            push_quoted(&mut self.out, name);
        }
        for Field { name, value, .. } in shown {
            self.line(first);
            first = false;
            match self.form {
                Form::Json => push_quoted(&mut self.out, name),
                Form::Text => self.out.push_str(name),
            }
            self.out.push_str(": ");
            self.data(&value.data);
        }
        self.level -= 1;
        self.line(true);
        self.out.push('}');
    }

    /// A new line, behind what stands before it if something does.
    fn line(&mut self, first: bool) {
        if self.form == Form::Json && !first {
            self.out.push(',');
        }
        self.out.push('\n');
        for _ in 0..self.level {
            self.out.push_str("  ");
        }
    }
}

/// Two digits.
pub(super) fn push_hex(out: &mut String, byte: u8) {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    out.push(char::from(DIGITS[usize::from(byte >> 4)]));
    out.push(char::from(DIGITS[usize::from(byte & 15)]));
}

fn is_scalar(data: &Data) -> bool {
    !matches!(
        data,
        Data::List(_) | Data::Struct(_) | Data::Raw(_) | Data::Fault(_) | Data::NotUtf8(_)
    )
}

/// Words of the text form that are no names.
pub(super) fn is_literal(word: &str) -> bool {
    matches!(word, "true" | "false" | "null" | "NaN" | "Infinity")
}

fn push_quoted(out: &mut String, text: &str) {
    out.push('"');
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\u{8}' => out.push_str("\\b"),
            '\u{c}' => out.push_str("\\f"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            c if c.is_control() || changes_layout(c) => {
                let _ = write!(out, "\\u{:04x}", u32::from(c));
            }
            c => out.push(c),
        }
    }
    out.push('"');
}

/// Ends a line, or turns the direction of text.
const fn changes_layout(c: char) -> bool {
    matches!(
        c,
        '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}'
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn both(data: Data) -> (String, String) {
        let value = Value::from(data);
        (text(&value), json(&value))
    }

    fn pair(text: &str, json: &str) -> (String, String) {
        (text.to_owned(), json.to_owned())
    }

    #[test]
    fn scalars() {
        assert_eq!(both(Data::Int(-5)), pair("-5", "-5"));
        assert_eq!(both(Data::Nat(u32::MAX)), pair("4294967295", "4294967295"));
        assert_eq!(
            both(Data::Long(i64::MIN)),
            pair("-9223372036854775808", "\"-9223372036854775808\"")
        );
        assert_eq!(both(Data::Bool(true)), pair("true", "true"));
        assert_eq!(both(Data::Bytes(vec![10, 255])), pair("0x0aff", "\"Cv8=\""));
        assert_eq!(both(Data::Bytes(vec![])), pair("0x", "\"\""));
        assert_eq!(
            both(Data::NotUtf8(vec![0xff])),
            pair("0xff", "{\"@bytes\": \"/w==\"}")
        );
        assert_eq!(
            both(Data::Raw(vec![1, 0, 0, 0])),
            pair("@raw 0x01000000", "{\"@raw\": \"AQAAAA==\"}")
        );
        assert_eq!(
            both(Data::Fault("why".into())),
            pair("@fault \"why\"", "{\"@fault\": \"why\"}")
        );
    }

    #[test]
    fn doubles() {
        let same = |number, form: &str| assert_eq!(both(Data::Double(number)), pair(form, form));
        same(1.0, "1.0");
        same(-0.0, "-0.0");
        same(0.1, "0.1");
        same(1e16, "1e16");
        same(5e-324, "5e-324");
        same(f64::MAX, "1.7976931348623157e308");
        let quoted = |number, form: &str| {
            assert_eq!(
                both(Data::Double(number)),
                pair(form, &format!("\"{form}\""))
            );
        };
        quoted(f64::NAN, "NaN");
        quoted(f64::INFINITY, "Infinity");
        quoted(f64::NEG_INFINITY, "-Infinity");
        quoted(
            f64::from_bits(0x7ff8_0000_0000_0001),
            "NaN#7ff8000000000001",
        );
        assert_eq!(both(Data::Float(0.1)), pair("0.1", "0.1"));
        assert_eq!(
            both(Data::Float(f32::from_bits(0xffc0_0000))),
            pair("NaN#ffc00000", "\"NaN#ffc00000\"")
        );
    }

    #[test]
    fn escapes() {
        let text = "a\"\\\n\r\t\u{8}\u{c}\u{1b}\u{9b}\u{202e}é\u{1f600}";
        let form = "\"a\\\"\\\\\\n\\r\\t\\b\\f\\u001b\\u009b\\u202eé\u{1f600}\"";
        assert_eq!(both(Data::String(text.to_owned())), pair(form, form));
        assert_eq!(serde_json::from_str::<String>(form).unwrap(), text);
    }

    #[test]
    fn layout() {
        let named = |name: &str, fields| {
            Data::Struct(Struct {
                name: Some(name.into()),
                id: None,
                fields,
            })
        };
        let scalars = Data::List(vec![Data::Int(1).into(), Data::Int(2).into()]);
        let empty = Value::from(named("empty", vec![]));
        let mut flags = Field::new("flags", Data::Nat(3));
        flags.implied = true;
        let value = named(
            "a.b",
            vec![
                flags.clone(),
                Field::new("scalars", scalars),
                Field::new("none", Data::List(vec![])),
                Field::new("words", Data::List(vec![empty.clone(), empty])),
                Field::new("implied", named("c", vec![flags])),
                Field::new("true", named("true", vec![])),
            ],
        );
        let (text, json) = both(value);
        assert_eq!(
            text,
            "a.b {\n  scalars: [1, 2]\n  none: []\n  words: [\n    empty\n    empty\n  ]\n  implied: c\n  true: true {}\n}"
        );
        assert_eq!(
            json,
            "{\n  \"@type\": \"a.b\",\n  \"scalars\": [1, 2],\n  \"none\": [],\n  \"words\": [\n    {\"@type\": \"empty\"},\n    {\"@type\": \"empty\"}\n  ],\n  \"implied\": {\"@type\": \"c\"},\n  \"true\": {\"@type\": \"true\"}\n}"
        );
    }
}
