//! Telegram's JSON form of a schema: `{"constructors":[…],"methods":[…]}`.
//!
//! ```json
//! {
//!     "id": "-1132882121",
//!     "predicate": "boolFalse",
//!     "params": [{ "name": "flags", "type": "#" }, { "name": "self", "type": "flags.10?true" }],
//!     "type": "Bool"
//! }
//! ```
//!
//! Ids are signed decimal numbers in strings; functions have `method` instead of `predicate`; the
//! schema of secret chats has the number of the `layer` with each constructor.
//!
//! # What it cannot hold
//!
//! Comments and documentation, annotations, the number of the schema's layer, `Final`, `New` and
//! `Empty`, partial applications, the declarations of built-ins (`int ? = Int;`), whether an id was
//! written and whether constructors and functions alternate. [`write()`] says which of these a schema
//! has.
//!
//! The form has no place for implicit parameters (`{X:Type}`): Telegram's own leaves them out, and
//! with them the whole left side of `vector`. [`read`] restores `vector`, the `{X:Type}` of a `!X`,
//! and variables among the arguments of a result (`= Maybe t`). Where that would not give the same
//! again, [`write()`] says that variables are lost.
//!
//! Parameters without a name, which Telegram's schemas do not have, get an empty one.

use std::collections::HashSet;
use std::fmt::{self, Write as _};

use serde::{Deserialize, Deserializer, Serialize};

use crate::conversion::{Conversion, LossKind, Losses};
use crate::ir::{Combinator, CombinatorKind, Kind, Schema};
use crate::ir_text::Speller;

/// A schema in the JSON form.
#[derive(Debug, Default, Deserialize, Serialize)]
struct Document {
    constructors: Vec<Entry>,
    #[serde(default)]
    methods: Vec<Entry>,
}

/// A constructor or a function.
#[derive(Debug, Deserialize, Serialize)]
struct Entry {
    #[serde(deserialize_with = "id")]
    id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    predicate: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    method: Option<String>,
    params: Vec<Param>,
    #[serde(rename = "type")]
    ty: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    layer: Option<u32>,
}

#[derive(Debug, Deserialize, Serialize)]
struct Param {
    name: String,
    #[serde(rename = "type")]
    ty: String,
}

/// Writes the JSON form, laid out with four spaces.
#[must_use]
pub fn write(schema: &Schema) -> Conversion<String> {
    let mut losses = Losses::default();
    let mut document = Document::default();
    for combinator in schema.combinators.iter().filter(|c| !c.predeclared) {
        let name = &schema[combinator.name];
        if combinator.opaque {
            losses.of_declaration(LossKind::Builtins, name);
            continue;
        }
        let list = match combinator.kind {
            CombinatorKind::Constructor => List::Constructors,
            CombinatorKind::Function => List::Methods,
        };
        if list == List::Constructors && !document.methods.is_empty() {
            losses.of_schema(LossKind::Order);
        }
        if combinator.docs.is_some() || combinator.all_fields().any(|field| field.docs.is_some()) {
            losses.of_declaration(LossKind::Docs, name);
        }
        if combinator.annotations.0 != 0 {
            losses.of_declaration(LossKind::Annotations, name);
        }
        let entry = entry(schema, combinator, list);
        if !keeps_variables(schema, combinator, list, &entry) {
            losses.of_declaration(LossKind::Variables, name);
        }
        match list {
            List::Constructors => document.constructors.push(entry),
            List::Methods => document.methods.push(entry),
        }
    }
    for specialisation in &schema.specialisations {
        let name = schema[specialisation.constructor].name;
        losses.of_declaration(LossKind::Specialisations, &schema[name]);
    }
    for ty in schema.types.iter().filter(|ty| ty.is_final) {
        let kind = match ty.constructors.as_slice() {
            [] => LossKind::EmptyTypes,
            _ => LossKind::Finalisation,
        };
        losses.of_declaration(kind, &schema[ty.name]);
    }
    if schema.types.iter().any(|ty| ty.docs.is_some()) {
        losses.of_schema(LossKind::Docs);
    }
    if schema.layer.is_some() {
        losses.of_schema(LossKind::Layer);
    }
    Conversion {
        output: document.to_json(),
        losses: losses.finish(),
    }
}

impl Document {
    fn to_json(&self) -> String {
        let mut bytes = Vec::new();
        let layout = serde_json::ser::PrettyFormatter::with_indent(b"    ");
        let mut serializer = serde_json::Serializer::with_formatter(&mut bytes, layout);
        // Strings and numbers, written to memory: nothing can fail, and all of it is UTF-8.
        let _ = self.serialize(&mut serializer);
        String::from_utf8(bytes).unwrap_or_default()
    }
}

fn entry(schema: &Schema, combinator: &Combinator, list: List) -> Entry {
    let speller = Speller::new(schema, combinator);
    let name = schema[combinator.name].to_owned();
    let (predicate, method) = match list {
        List::Constructors => (Some(name), None),
        List::Methods => (None, Some(name)),
    };
    let params = combinator.fields.iter().map(|field| Param {
        name: field
            .name
            .map(|name| schema[name].to_owned())
            .unwrap_or_default(),
        ty: speller.condition_and_type(field),
    });
    let mut entry = Entry {
        id: combinator.id.cast_signed().to_string(),
        predicate,
        method,
        params: params.collect(),
        ty: speller.result(),
        layer: combinator.layer,
    };
    let is_the_vector = lacks_its_left_side(&schema[combinator.name], &entry.ty)
        && matches!(entry.params.as_slice(), [count, items]
            if count.name.is_empty() && count.ty == "#"
                && items.name.is_empty() && items.ty == "[ t ]");
    if is_the_vector {
        entry.params.clear();
    }
    entry
}

/// Whether [`read`] makes out the same implicit parameters.
fn keeps_variables(schema: &Schema, combinator: &Combinator, list: List, entry: &Entry) -> bool {
    let found = variables(list, entry);
    let kinds = combinator.variables.iter().map(|variable| {
        let kind = match variable.kind {
            Kind::Type => "Type",
            Kind::Nat => "#",
        };
        (&schema[variable.name], kind)
    });
    kinds.eq(found)
}

/// Reads the JSON form, as TL text with explicit ids.
///
/// ```
/// let json = r##"{"constructors":[{"id":"1","predicate":"user","params":[
///     {"name":"flags","type":"#"}, {"name":"self","type":"flags.10?true"}
/// ],"type":"User"}]}"##;
/// assert_eq!(
///     tl_parser::json::read(json.as_bytes())?,
///     "user#00000001 flags:# self:flags.10?true = User;\n"
/// );
/// # Ok::<(), tl_parser::json::ReadError>(())
/// ```
///
/// # Errors
/// [`ReadError`] if the bytes are not JSON, not of this form, or have names or types that would
/// say something else as text.
pub fn read(bytes: &[u8]) -> Result<String, ReadError> {
    let document: Document = serde_json::from_slice(bytes).map_err(ReadError::Json)?;
    let mut entries = Vec::with_capacity(document.constructors.len() + document.methods.len());
    for (list, of_list) in [
        (List::Constructors, &document.constructors),
        (List::Methods, &document.methods),
    ] {
        entries.extend(
            of_list
                .iter()
                .enumerate()
                .map(|(index, entry)| (list, index, entry)),
        );
    }
    // A layer section has no end but the next one, so what is in none comes first.
    entries.sort_by_key(|(_, _, entry)| entry.layer.is_some());

    let mut out = String::new();
    let mut section = List::Constructors;
    let mut layer = None;
    for (list, index, entry) in entries {
        if let Some(number) = entry.layer.filter(|_| entry.layer != layer) {
            layer = entry.layer;
            // Writing to a string does not fail.
            let _ = writeln!(out, "==={number}===");
        }
        if section != list {
            section = list;
            out.push_str(match list {
                List::Constructors => "---types---\n",
                List::Methods => "---functions---\n",
            });
        }
        declaration(list, entry, &mut out).map_err(|wanted| ReadError::Entry {
            list: list.name(),
            index,
            wanted,
        })?;
    }
    Ok(out)
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum List {
    Constructors,
    Methods,
}

impl List {
    const fn name(self) -> &'static str {
        match self {
            Self::Constructors => "constructors",
            Self::Methods => "methods",
        }
    }
}

/// Prints an entry as TL, or says what it lacks.
fn declaration(list: List, entry: &Entry, out: &mut String) -> Result<(), &'static str> {
    let name = match list {
        List::Constructors => entry.predicate.as_deref().ok_or("a `predicate`")?,
        List::Methods => entry.method.as_deref().ok_or("a `method`")?,
    };
    if !is_name(name) {
        return Err("a name of letters, digits, `_` and `.`");
    }
    let id = parse_id(&entry.id).ok_or("an `id` of 32 bits")?;
    if !is_type(&entry.ty, Place::Result) {
        return Err("a `type` that is one");
    }
    for param in &entry.params {
        if !param.name.is_empty() && (!is_name(&param.name) || param.name.contains('.')) {
            return Err("parameters with a `name` of letters, digits and `_`");
        }
        if !is_type(&param.ty, Place::Param) {
            return Err("parameters with a `type` that is one");
        }
    }
    let _ = write!(out, "{name}#{id:08x} ");
    for (name, kind) in variables(list, entry) {
        let _ = write!(out, "{{{name}:{kind}}} ");
    }
    if entry.params.is_empty() && lacks_its_left_side(name, &entry.ty) {
        out.push_str("# [ t ] ");
    }
    for param in &entry.params {
        if !param.name.is_empty() {
            out.extend([&param.name, ":"]);
        }
        out.extend([&param.ty, " "]);
    }
    let _ = writeln!(out, "= {};", entry.ty);
    Ok(())
}

/// Telegram's own files have `vector` without its parameters.
fn lacks_its_left_side(name: &str, result: &str) -> bool {
    name == "vector" && result == "Vector t"
}

/// The implicit parameters, made out from what there is of them.
fn variables(list: List, entry: &Entry) -> Vec<(&str, &'static str)> {
    let mut found = Vec::new();
    let mut seen = HashSet::new();
    if list == List::Constructors {
        for word in entry.ty.split([' ', '<', '>', ',', '(', ')']).skip(1) {
            let is_variable = !word.contains('.')
                && word.starts_with(|first: char| first.is_ascii_alphabetic())
                && seen.insert(word);
            if is_variable {
                let is_nat = entry
                    .params
                    .iter()
                    .any(|param| uses_as_nat(&param.ty, word));
                found.push((word, if is_nat { "#" } else { "Type" }));
            }
        }
    }
    for param in &entry.params {
        if let Some((_, forwarded)) = param.ty.split_once('!')
            && is_name(forwarded)
            && seen.insert(forwarded)
        {
            found.push((forwarded, "Type"));
        }
    }
    found
}

/// Whether a type has the variable as a mask (`n.0?`) or as a multiplicity (`n*[`).
fn uses_as_nat(ty: &str, variable: &str) -> bool {
    ty.match_indices(variable).any(|(start, _)| {
        let is_word = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '.';
        let behind = &ty[start + variable.len()..];
        !ty[..start].ends_with(is_word) && behind.starts_with(['.', '*'])
    })
}

/// Where a type stands.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    Param,
    Result,
}

/// Whether a text can be one type and nothing else. Whether it is, the parser finds out.
fn is_type(text: &str, place: Place) -> bool {
    let mut open = Vec::new();
    for byte in text.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'_' | b'.' | b'#' | b'%' | b'!' => {}
            b'?' | b'*' if place == Place::Param => {}
            b' ' if place == Place::Result || !open.is_empty() => {}
            b':' | b',' | b'+' if !open.is_empty() => {}
            b'(' => open.push(b')'),
            b'<' => open.push(b'>'),
            b'[' if place == Place::Param => open.push(b']'),
            b')' | b'>' | b']' if open.pop() == Some(byte) => {}
            _ => return false,
        }
    }
    !text.is_empty() && open.is_empty()
}

fn is_name(name: &str) -> bool {
    name.starts_with(|first: char| first.is_ascii_alphabetic() || first == '_')
        && name
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'.')
}

/// An id: signed, as Telegram writes it, or unsigned.
fn parse_id(id: &str) -> Option<u32> {
    let id: i64 = id.parse().ok()?;
    u32::try_from(id)
        .ok()
        .or_else(|| i32::try_from(id).ok().map(i32::cast_unsigned))
}

/// An id in a string or as a number.
fn id<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged, expecting = "an id: a number, or a string of one")]
    enum Id {
        String(String),
        Number(i64),
    }
    Ok(match Id::deserialize(deserializer)? {
        Id::String(id) => id,
        Id::Number(id) => id.to_string(),
    })
}

/// Why bytes cannot be read as the JSON form of a schema.
#[derive(Debug)]
#[non_exhaustive]
pub enum ReadError {
    /// They are not JSON, or another document; the error says the line and column.
    Json(serde_json::Error),
    /// An entry that is no declaration.
    Entry {
        /// `constructors` or `methods`.
        list: &'static str,
        /// Its number in the list, from 0.
        index: usize,
        /// What it lacks.
        wanted: &'static str,
    },
}

impl fmt::Display for ReadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Json(_) => f.write_str("not the JSON form of a schema"),
            Self::Entry {
                list,
                index,
                wanted,
            } => write!(f, "{list}[{index}]: wanted {wanted}"),
        }
    }
}

impl std::error::Error for ReadError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Json(error) => Some(error),
            Self::Entry { .. } => None,
        }
    }
}
