//! Both forms of a value.

use alloc::collections::BTreeMap;
use alloc::string::String;
use core::fmt;

use super::any::{self, Any, Ids};
use super::constructor::{Constructor, leaf, with_name};
use super::view::{Data, View};
use super::{MAX_DEPTH, base64};
use crate::Arena;
use crate::Identified;
use crate::table::plan::Tables;

/// The ids of `boolTrue`, `boolFalse` and `true`.
pub(super) const BOOL_TRUE: u32 = 0x9972_75b5;
pub(super) const BOOL_FALSE: u32 = 0xbc79_9737;
pub(super) const TRUE: u32 = <() as Identified>::ID;

/// Objects in one another are shown to this depth: each is in memory while what is in it is shown.
const MAX_OBJECTS: u32 = 16;

/// The JSON form.
pub(super) fn json(view: View<'_>) -> String {
    let mut out = String::new();
    // A string takes everything.
    let _ = print(view, Form::Json, &mut out);
    out
}

/// The text form.
pub(super) fn text(view: View<'_>, out: &mut dyn fmt::Write) -> fmt::Result {
    print(view, Form::Text, out)
}

fn print(view: View<'_>, form: Form, out: &mut dyn fmt::Write) -> fmt::Result {
    let mut printer = Printer {
        out,
        form,
        tables: view.tables(),
        level: 0,
        depth: MAX_DEPTH,
        objects: MAX_OBJECTS,
        ids: Ids::new(view.tables()),
        ambiguous: BTreeMap::new(),
    };
    printer.view(view)
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Form {
    Text,
    Json,
}

struct Printer<'o> {
    out: &'o mut dyn fmt::Write,
    form: Form,
    tables: &'static Tables,
    level: usize,
    /// How many more values may stand in one another.
    depth: u32,
    /// How many more objects may stand in one another.
    objects: u32,
    ids: Ids,
    /// Whether several constructors have that name.
    ambiguous: BTreeMap<&'static str, bool>,
}

impl Printer<'_> {
    fn data(&mut self, data: Data<'_>) -> fmt::Result {
        match data {
            Data::Int(number) => write!(self.out, "{number}"),
            Data::Nat(number) => write!(self.out, "{number}"),
            Data::Long(number) => match self.form {
                Form::Json => write!(self.out, "\"{number}\""),
                Form::Text => write!(self.out, "{number}"),
            },
            Data::Float(number) => match number.is_nan() {
                false => self.float(f64::from(number), format_args!("{number:?}")),
                true if number.to_bits() == f32::NAN.to_bits() => self.word(format_args!("NaN")),
                true => self.word(format_args!("NaN#{:08x}", number.to_bits())),
            },
            Data::Double(number) => match number.is_nan() {
                false => self.float(number, format_args!("{number:?}")),
                true if number.to_bits() == f64::NAN.to_bits() => self.word(format_args!("NaN")),
                true => self.word(format_args!("NaN#{:016x}", number.to_bits())),
            },
            Data::Bool(value) => write!(self.out, "{value}"),
            Data::String(text) => self.quoted(text),
            Data::Bytes(bytes) => self.bytes(bytes),
            Data::Object(bytes) => self.object(bytes),
            Data::Value(view) => self.view(view),
            Data::List(list) => self.list(list.is_flat(), list.data(), Self::data),
        }
    }

    /// A number that is none that `NaN` stands for, of which Rust writes the shortest form.
    fn float(&mut self, number: f64, shortest: fmt::Arguments<'_>) -> fmt::Result {
        if number == f64::INFINITY {
            self.word(format_args!("Infinity"))
        } else if number == f64::NEG_INFINITY {
            self.word(format_args!("-Infinity"))
        } else {
            self.out.write_fmt(shortest)
        }
    }

    /// A number for which JSON has no word.
    fn word(&mut self, word: fmt::Arguments<'_>) -> fmt::Result {
        match self.form {
            Form::Json => write!(self.out, "\"{word}\""),
            Form::Text => self.out.write_fmt(word),
        }
    }

    fn bytes(&mut self, bytes: &[u8]) -> fmt::Result {
        match self.form {
            Form::Json => {
                self.out.write_char('"')?;
                base64::encode(bytes, self.out)?;
                self.out.write_char('"')
            }
            Form::Text => {
                self.out.write_str("0x")?;
                bytes
                    .iter()
                    .try_for_each(|byte| write!(self.out, "{byte:02x}"))
            }
        }
    }

    /// Bytes of which the tables don't know what they are.
    fn raw(&mut self, bytes: &[u8]) -> fmt::Result {
        match self.form {
            Form::Json => {
                self.out.write_str("{\"@raw\": ")?;
                self.bytes(bytes)?;
                self.out.write_char('}')
            }
            Form::Text => {
                self.out.write_str("@raw ")?;
                self.bytes(bytes)
            }
        }
    }

    fn fault(&mut self, why: &str) -> fmt::Result {
        match self.form {
            Form::Json => {
                self.out.write_str("{\"@fault\": ")?;
                self.quoted(why)?;
                self.out.write_char('}')
            }
            Form::Text => {
                self.out.write_str("@fault ")?;
                self.quoted(why)
            }
        }
    }

    /// Prints what stands inside of something.
    fn nested(&mut self, print: impl FnOnce(&mut Self) -> fmt::Result) -> fmt::Result {
        let Some(depth) = self.depth.checked_sub(1) else {
            return self.fault("values are nested too deeply");
        };
        self.depth = depth;
        self.level += 1;
        print(self)?;
        self.level -= 1;
        self.depth += 1;
        Ok(())
    }

    fn list<T>(
        &mut self,
        is_flat: bool,
        elements: impl Iterator<Item = T>,
        print: impl Fn(&mut Self, T) -> fmt::Result,
    ) -> fmt::Result {
        if self.depth == 0 {
            return self.fault("values are nested too deeply");
        }
        self.out.write_char('[')?;
        self.nested(|printer| {
            for (index, element) in elements.enumerate() {
                if is_flat {
                    printer.out.write_str(if index == 0 { "" } else { ", " })?;
                } else {
                    printer.line(index == 0)?;
                }
                print(printer, element)?;
            }
            Ok(())
        })?;
        if !is_flat {
            self.line(true)?;
        }
        self.out.write_char(']')
    }

    fn view(&mut self, view: View<'_>) -> fmt::Result {
        match view.unit() {
            Some((BOOL_TRUE, _)) => return self.out.write_str("true"),
            Some((BOOL_FALSE, _)) => return self.out.write_str("false"),
            Some((id, rust_name)) if self.depth > 0 => {
                let constructor = self.ids.constructor(id);
                let name = constructor.map_or(rust_name, Constructor::name);
                let id = Some(id).filter(|_| self.is_ambiguous(name));
                return self.record(Some(name), id, core::iter::empty(), Self::data);
            }
            _ => {}
        }
        if self.depth == 0 {
            return self.fault("values are nested too deeply");
        }
        match view.code() {
            Some(Ok(bytes)) => return self.raw(&bytes),
            Some(Err(error)) => return self.fault(&alloc::format!("{error}")),
            None => {}
        }
        let is_record = view.constructor().is_some_and(Constructor::is_record);
        let name = (!is_record).then(|| view.name());
        let id = view
            .id()
            .filter(|_| name.is_some_and(|name| self.is_ambiguous(name)));
        let fields = view.fields_with(false);
        let shown = fields.filter(|field| !field.parameter().is_flags());
        let shown = shown.filter_map(|field| Some((field.name(), field.data()?)));
        self.record(name, id, shown, Self::data)
    }

    /// A constructor with the fields that are to be shown.
    fn record<'n, T>(
        &mut self,
        name: Option<&str>,
        id: Option<u32>,
        fields: impl Iterator<Item = (&'n str, T)>,
        print: impl Fn(&mut Self, T) -> fmt::Result,
    ) -> fmt::Result {
        let mut fields = fields.peekable();
        let is_empty = fields.peek().is_none();
        match (self.form, name) {
            (Form::Text, Some(name)) => {
                self.name(name, id)?;
                // A word alone would be taken for something else.
                if is_empty && (id.is_some() || !is_literal(name)) {
                    return Ok(());
                }
                self.out.write_str(if is_empty { " {}" } else { " {" })?;
            }
            (Form::Json, Some(name)) if is_empty => {
                self.out.write_str("{\"@type\": \"")?;
                self.name(name, id)?;
                self.out.write_str("\"}")?;
            }
            (_, None) if is_empty => self.out.write_str("{}")?,
            _ => self.out.write_char('{')?,
        }
        if is_empty {
            return Ok(());
        }
        self.nested(|printer| {
            let mut is_first = true;
            if let (Form::Json, Some(name)) = (printer.form, name) {
                printer.line(true)?;
                is_first = false;
                printer.out.write_str("\"@type\": \"")?;
                printer.name(name, id)?;
                printer.out.write_char('"')?;
            }
            for (name, value) in fields {
                printer.line(is_first)?;
                is_first = false;
                match printer.form {
                    Form::Json => write!(printer.out, "\"{name}\": ")?,
                    Form::Text => write!(printer.out, "{name}: ")?,
                }
                print(printer, value)?;
            }
            Ok(())
        })?;
        self.line(true)?;
        self.out.write_char('}')
    }

    /// Names of schemas have nothing that had to be escaped.
    fn name(&mut self, name: &str, id: Option<u32>) -> fmt::Result {
        match id {
            Some(id) => write!(self.out, "{name}#{id:08x}"),
            None => self.out.write_str(name),
        }
    }

    /// Whether several constructors or functions have that name.
    fn is_ambiguous(&mut self, name: &'static str) -> bool {
        let tables = self.tables;
        *self
            .ambiguous
            .entry(name)
            .or_insert_with(|| with_name(tables, name).count() > 1)
    }

    fn object(&mut self, bytes: &[u8]) -> fmt::Result {
        let Some(objects) = self.objects.checked_sub(1).filter(|_| self.depth > 0) else {
            return self.raw(bytes);
        };
        self.objects = objects;
        let arena = Arena::new();
        match any::object(&mut self.ids, bytes, &arena) {
            Some(any) => self.any(&any)?,
            None => self.raw(bytes)?,
        }
        self.objects += 1;
        Ok(())
    }

    fn any(&mut self, any: &Any<'_>) -> fmt::Result {
        match any {
            Any::Made(made) => self.view(View::new(made.view(), false, 0)),
            Any::Bool(value) => write!(self.out, "{value}"),
            Any::True => self.record(Some("true"), None, core::iter::empty(), Self::data),
            Any::Leaf(kind, data) => {
                let name = leaf(*kind, true);
                let field = [("@value", *data)].into_iter();
                self.record(Some(name), None, field, Self::data)
            }
            Any::List(elements) => {
                let is_flat = elements.iter().all(|any| matches!(any, Any::Bool(_)));
                self.list(is_flat, elements.iter(), Self::any)
            }
        }
    }

    /// A new line, behind what stands before it if something does.
    fn line(&mut self, is_first: bool) -> fmt::Result {
        if self.form == Form::Json && !is_first {
            self.out.write_char(',')?;
        }
        write!(self.out, "\n{:indent$}", "", indent = self.level * 2)
    }

    fn quoted(&mut self, text: &str) -> fmt::Result {
        self.out.write_char('"')?;
        // What needs no escape is written at once.
        let mut start = 0;
        for (at, c) in text.char_indices() {
            if !(matches!(c, '"' | '\\') || c.is_control() || changes_layout(c)) {
                continue;
            }
            self.out.write_str(&text[start..at])?;
            start = at + c.len_utf8();
            match c {
                '"' => self.out.write_str("\\\"")?,
                '\\' => self.out.write_str("\\\\")?,
                '\u{8}' => self.out.write_str("\\b")?,
                '\u{c}' => self.out.write_str("\\f")?,
                '\n' => self.out.write_str("\\n")?,
                '\r' => self.out.write_str("\\r")?,
                '\t' => self.out.write_str("\\t")?,
                c => write!(self.out, "\\u{:04x}", u32::from(c))?,
            }
        }
        self.out.write_str(&text[start..])?;
        self.out.write_char('"')
    }
}

/// Numbers, strings, bytes, booleans.
pub(super) fn is_scalar(data: &Data<'_>) -> bool {
    match data {
        Data::List(_) => false,
        Data::Value(view) => {
            matches!(view.unit(), Some((BOOL_TRUE | BOOL_FALSE, _)))
        }
        Data::Object(bytes) => {
            *bytes == BOOL_TRUE.to_le_bytes() || *bytes == BOOL_FALSE.to_le_bytes()
        }
        _ => true,
    }
}

/// Words of the text form that are no names.
fn is_literal(word: &str) -> bool {
    matches!(word, "true" | "false" | "null" | "NaN" | "Infinity")
}

/// Ends a line, or turns the direction of text.
const fn changes_layout(c: char) -> bool {
    matches!(
        c,
        '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}'
    )
}
