//! The bytes of a value line by line: where they are, what they are.

use std::fmt::Write as _;

use super::print::{clipped, push_hex};
use super::{Data, Decoded, Fault, Span, Value};

/// So many bytes are shown of each line.
const SHOWN: usize = 8;
/// A space behind each, and one for the `…`.
const WIDTH: usize = SHOWN * 3 + 1;

impl Decoded {
    /// A line for every value: offset, bytes, field, type and value. Long values are cut short;
    /// the forms have them in full. What is wrong stands where it is, behind `!!`.
    ///
    /// `bytes` are those that were decoded.
    ///
    /// ```
    /// use tl_codegen::value::Catalog;
    /// use tl_parser::source::Source;
    ///
    /// let text = "point#b9ea2b60 x:int name:string = Point;";
    /// let schema = tl_parser::compile([Source::new("a.tl", text)?]).schema.expect("no errors");
    /// let catalog = Catalog::new(&schema);
    /// let bytes = b"\x60\x2b\xea\xb9\x07\0\0\0\x05end";
    /// assert_eq!(catalog.decode(bytes, &catalog.any()).listing(bytes), "\
    /// offset  bytes                      value
    ///      0  60 2b ea b9                point
    ///      4  07 00 00 00                  x: int = 7
    ///      8                               name: string = !! the bytes end where a string of 8 bytes was wanted
    ///      8  05 65 6e 64                !! 4 bytes were not read
    /// ");
    /// # Ok::<(), tl_parser::source::TooLong>(())
    /// ```
    #[must_use]
    pub fn listing(&self, bytes: &[u8]) -> String {
        let mut list = List {
            bytes,
            out: format!("offset  {:<WIDTH$}  value\n", "bytes"),
            faults: &self.faults,
            digits: bytes.len().to_string().len().max(6),
        };
        list.value(&self.value, "", 0);
        if self.len < bytes.len() {
            let rest = Span {
                start: self.len,
                end: bytes.len(),
            };
            let count = bytes.len() - self.len;
            list.line(rest, 0, &format!("!! {count} bytes were not read"));
        }
        list.out
    }
}

struct List<'a> {
    bytes: &'a [u8],
    out: String,
    faults: &'a [Fault],
    digits: usize,
}

impl List<'_> {
    /// A value behind what it is called.
    fn value(&mut self, value: &Value, label: &str, level: usize) {
        let mut line = label.to_owned();
        let equals = if label.is_empty() { "" } else { " = " };
        line.push_str(equals);
        match &value.data {
            Data::List(elements) => {
                let _ = match elements.len() {
                    1 => write!(line, "1 element"),
                    count => write!(line, "{count} elements"),
                };
                let first = elements.first().map_or(value.span.end, |it| it.span.start);
                self.line(until(value.span, first), level, &line);
                for (index, element) in elements.iter().enumerate() {
                    self.value(element, &format!("[{index}]"), level + 1);
                }
            }
            Data::Struct(fields) => {
                match (&fields.name, fields.id) {
                    (Some(name), Some(id)) => {
                        let _ = write!(line, "{name}#{id:08x}");
                    }
                    (Some(name), None) => line.push_str(name),
                    // A record needs no second name.
                    (None, _) => line.truncate(label.len()),
                }
                // `dog: zoo.dog` says it all.
                if let Some((ty, name)) = line.rsplit_once(" = ")
                    && ty
                        .strip_suffix(name)
                        .is_some_and(|label| label.ends_with(": "))
                {
                    line.truncate(ty.len());
                }
                let first = fields.fields.first();
                let first = first.map_or(value.span.end, |field| field.value.span.start);
                self.line(until(value.span, first), level, &line);
                for field in &fields.fields {
                    let label = format!("{}: {}", field.name, field.ty);
                    self.value(&field.value, &label, level + 1);
                }
            }
            Data::Fault(why) => {
                // The offset stands in front, and the path is what stands above.
                let fault = self.faults.iter().find(|fault| fault.to_string() == **why);
                let _ = match fault {
                    Some(fault) => write!(line, "!! {}", fault.kind),
                    None => write!(line, "!! {why}"),
                };
                self.line(value.span, level, &line);
            }
            data => {
                line.push_str(&clipped(data));
                let here = |fault: &&Fault| {
                    fault.offset == value.span.start && matches!(data, Data::NotUtf8(_))
                };
                if let Some(fault) = self.faults.iter().find(here) {
                    let _ = write!(line, " !! {}", fault.kind);
                }
                self.line(value.span, level, &line);
            }
        }
    }

    fn line(&mut self, span: Span, level: usize, text: &str) {
        let bytes = self.bytes.get(span.start..span.end).unwrap_or_default();
        let mut shown = String::new();
        for &byte in bytes.iter().take(SHOWN) {
            push_hex(&mut shown, byte);
            shown.push(' ');
        }
        if bytes.len() > SHOWN {
            shown.push('…');
        }
        let (start, digits) = (span.start, self.digits);
        let _ = writeln!(
            self.out,
            "{start:digits$}  {shown:<WIDTH$}  {:indent$}{text}",
            "",
            indent = level * 2
        );
    }
}

/// What stands before the first thing inside.
fn until(span: Span, first: usize) -> Span {
    Span {
        start: span.start,
        end: first.clamp(span.start, span.end),
    }
}
