//! From the model to text.
//!
//! Text, not tokens: 2.5 MB of Rust are written in milliseconds this way, while building and
//! printing as many tokens takes a hundred times as long. The macros parse the text of single
//! items. The text is laid out as rustfmt would do it, so that generated code which is checked in
//! needs no second tool.
//!
//! ```text
//! items      definitions and constructors (`new`)
//! read       bodies that read
//! write      bodies that write
//! owned      `to_owned` of borrowed types
//! types      types as Rust writes them
//! convert    `From` for enums
//! nats       numbers that other things depend on
//! table      tables instead of bodies
//! out        lines, indentation, width
//! ```

/// Texts one after another, in one allocation of the right size: `format!` grows them piece by piece,
/// and layer 230 takes a hundred thousand of them.
macro_rules! text {
    [$($part:expr),+ $(,)?] => { [$(AsRef::<str>::as_ref(&$part)),+].concat() };
}

mod convert;
mod items;
mod nats;
mod out;
mod owned;
mod read;
mod table;
mod types;
mod write;

use crate::model::{Docs, File, Item, Module};
use out::Out;
use table::Rows;

/// How the text is to be.
#[derive(Clone, Debug)]
pub struct Style {
    /// The path of the run time.
    pub runtime: String,
    /// Types borrow what they hold.
    pub borrowed: bool,
    /// For borrowed types, the path of the module with the owned ones.
    pub owned: Option<String>,
    /// Lines are indented.
    pub format: bool,
    /// Enums get a `From` for each struct that they hold.
    pub conversions: bool,
    /// Tables are compared with the types that they describe, field by field.
    pub assert_layout: bool,
}

impl Style {
    /// The owned form of a borrowed type.
    fn owned_path(&self, path: &str) -> Option<String> {
        let owned = self.owned.as_ref().filter(|_| self.borrowed)?;
        Some(format!("{owned}::{path}"))
    }
}

/// The version of the agreement between emitted code and the run time.
const CONTRACT: &str = "6";

/// The text of a file.
#[must_use]
pub fn file(file: &File, style: &Style) -> String {
    let rows = Rows::of(file, style.borrowed);
    let mut emitter = Emitter {
        out: Out::new(style.format, 4 << 20),
        style,
        rows: &rows,
    };
    emitter.file(file);
    emitter.out.finish()
}

/// Eight digits, in lower case.
pub(crate) fn push_hex(to: &mut String, number: u32) {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    for place in (0..8).rev() {
        let digit = DIGITS[(number >> (4 * place)) as usize % 16];
        to.push(char::from(digit));
    }
}

/// The state of writing.
struct Emitter<'s> {
    out: Out,
    style: &'s Style,
    /// The types that have a table.
    rows: &'s Rows,
}

impl Emitter<'_> {
    fn file(&mut self, file: &File) {
        for line in &file.header {
            self.out.line(&["// ", line]);
        }
        if !file.header.is_empty() {
            self.out.blank();
        }
        let contract = "::private::contract(";
        self.out.line(&[
            "const _: () = ",
            &self.style.runtime,
            contract,
            CONTRACT,
            ");",
        ]);
        if let Some(layer) = file.layer {
            self.out.blank();
            self.out.line(&["/// The layer of the schema."]);
            self.out.line(&["#[allow(dead_code, unreachable_pub)]"]);
            self.out
                .line(&["pub const LAYER: i32 = ", &layer.to_string(), ";"]);
        }
        self.schema_constant(self.rows);
        for module in &file.modules {
            self.out.blank();
            self.module(module, 1);
        }
        self.tables(file, self.rows);
    }

    fn module(&mut self, module: &Module, depth: usize) {
        self.out.doc(&module.docs);
        if depth == 1 {
            self.out.begin(&["#[allow"], "(");
            for lint in LINTS {
                self.out.line(&[lint]);
            }
            self.out.end(")]");
        }
        self.out.open(&["pub mod ", &module.name]);
        let mut is_first = true;
        if !module.items.is_empty() {
            self.imports(module, depth);
            is_first = false;
        }
        for item in &module.items {
            self.out.blank();
            match item {
                Item::Struct(item) => self.structure(item),
                Item::Enum(item) => self.enumeration(item),
            }
        }
        for inner in &module.modules {
            if !std::mem::take(&mut is_first) {
                self.out.blank();
            }
            self.module(inner, depth + 1);
        }
        self.out.close();
    }

    /// The names that the items of a module use.
    fn imports(&mut self, module: &Module, depth: usize) {
        let used = types::used_modules(module);
        let supers = "super::".repeat(depth);
        match &used[..] {
            [] => {}
            [only] => self.out.line(&["use ", &supers, only, ";"]),
            several => self
                .out
                .line(&["use ", &supers, "{", &several.join(", "), "};"]),
        }
        // Enums that have a table say nothing of the run time.
        let is_silent = |item: &Item| match item {
            Item::Enum(item) => {
                item.table && self.rows.has(&item.path) && self.style.owned_path("").is_none()
            }
            Item::Struct(_) => false,
        };
        if !module.items.iter().all(is_silent) {
            self.out.line(&["use ", &self.style.runtime, " as tl;"]);
        }
    }

    fn docs(&mut self, docs: &Docs) {
        self.out.doc(&docs.text);
        if !docs.declaration.is_empty() {
            if !docs.text.is_empty() {
                self.out.line(&["///"]);
            }
            self.out.line(&["/// ```tl"]);
            self.out.doc(&docs.declaration);
            self.out.line(&["/// ```"]);
        }
    }

    /// The traits that are derived: all but those that a table brings.
    fn derives(&mut self, traits: &[String], path: &str) {
        let borrowed = self.style.borrowed;
        let derived: Vec<&str> = traits
            .iter()
            .map(String::as_str)
            .filter(|name| !self.rows.bring(name, path, borrowed))
            .collect();
        if !derived.is_empty() {
            self.out.line(&["#[derive(", &derived.join(", "), ")]"]);
        }
    }

    fn attributes(&mut self, attributes: &[String]) {
        for attribute in attributes {
            self.out.line(&["#[", attribute, "]"]);
        }
    }
}

/// What generated code may be accused of.
const LINTS: &[&str] = &[
    "dead_code,",
    "missing_docs,",
    "unreachable_pub,",
    "clippy::all,",
    "clippy::pedantic,",
    "rustdoc::all",
];
