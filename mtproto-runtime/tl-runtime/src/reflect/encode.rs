//! The JSON form to bytes, by the rows. No value is made here: readers make it of the bytes.
//!
//! Every step inside goes one level down in the text or to a shape that is made before the one that
//! it is made of, so that the depth of the text, which is bounded, bounds this.

use alloc::borrow::{Cow, ToOwned};
use alloc::collections::BTreeMap;
use alloc::string::String;
use alloc::vec::Vec;

use super::base64;
use super::constructor::{Constructor, Parameter, leaf, with_name};
use super::error::{JsonError, JsonErrorKind};
use super::json::{self, Json, Node};
use super::print::{BOOL_FALSE, BOOL_TRUE, TRUE};
use crate::table::plan::{MAX_NATS, Tables};
use crate::table::rows::id_of_leaf;
use crate::table::rows::{Form, Kind, Shape, Type, TypeForm, Variant};
use crate::vector::VECTOR_ID;
use crate::{Path, Step, outline};

/// The bytes of a boxed value of any type that has a table.
pub(super) fn any(tables: &'static Tables, text: &str) -> Result<Vec<u8>, JsonError> {
    encode(tables, text, |encoder, node| match &node.json {
        // Other values are no constructors.
        Json::Object(_) => encoder.any(node),
        _ => expected("a constructor", node),
    })
}

/// The bytes of a value of a row, as it stands alone.
pub(super) fn row(tables: &'static Tables, row: usize, text: &str) -> Result<Vec<u8>, JsonError> {
    encode(tables, text, |encoder, node| {
        encoder.named(node, tables.ty(row), false)
    })
}

fn encode(
    tables: &'static Tables,
    text: &str,
    write: impl FnOnce(&mut Encoder, &Node<'_>) -> Done,
) -> Result<Vec<u8>, JsonError> {
    let node = json::parse(text)?;
    let mut encoder = Encoder {
        tables,
        by_name: BTreeMap::new(),
        out: Vec::new(),
        path: Vec::new(),
    };
    match write(&mut encoder, &node) {
        Ok(()) => Ok(encoder.out),
        Err((kind, offset)) => Err(JsonError::new(kind, offset, Path::new(encoder.path))),
    }
}

/// An error lacks its path, which the encoder has.
type Done<T = ()> = Result<T, (JsonErrorKind, usize)>;

fn fail<T>(kind: JsonErrorKind, node: &Node<'_>) -> Done<T> {
    Err((kind, node.offset))
}

fn expected<T>(wanted: &'static str, node: &Node<'_>) -> Done<T> {
    let found = match &node.json {
        Json::Null => "nothing",
        Json::Bool(_) => "a boolean",
        Json::Number(_) => "a number",
        Json::String(_) => "a string",
        Json::List(_) => "a list",
        Json::Object(_) => "an object",
    };
    fail(JsonErrorKind::Expected { wanted, found }, node)
}

type Members<'n, 't> = &'n [(Cow<'t, str>, Node<'t>)];

struct Encoder {
    tables: &'static Tables,
    /// Those that were asked for: a program asks for few.
    by_name: BTreeMap<&'static str, Vec<Constructor>>,
    out: Vec<u8>,
    /// Where the encoder is; stays as it is when something fails.
    path: Vec<Step>,
}

impl Encoder {
    fn value(&mut self, node: &Node<'_>, shape: &'static Shape) -> Done {
        match shape.kind {
            Kind::Named => {
                let ty = self.tables.ty(usize::from(shape.of));
                self.named(node, ty, shape.bare)
            }
            Kind::Vector => {
                if !shape.bare {
                    self.id(VECTOR_ID);
                }
                let elements = list(node)?;
                self.count(elements.len(), node)?;
                self.elements(elements, shape.of)
            }
            Kind::Array => {
                let elements = list(node)?;
                let (wanted, found) = (shape.number as usize, elements.len());
                if wanted != found {
                    return fail(JsonErrorKind::WrongCount { wanted, found }, node);
                }
                self.elements(elements, shape.of)
            }
            Kind::Indirect => self.value(node, self.tables.shape(shape.of)),
            Kind::WithId => {
                let inner = self.tables.shape(shape.of);
                self.id(id_of_leaf(inner.kind).0);
                self.value(node, inner)
            }
            Kind::Object => self.any(node),
            Kind::True => {
                if !boolean(node)? {
                    return expected("true", node);
                }
                if !shape.bare {
                    self.id(TRUE);
                }
                Ok(())
            }
            kind => self.leaf(node, kind),
        }
    }

    /// A built-in that is no vector.
    fn leaf(&mut self, node: &Node<'_>, kind: Kind) -> Done {
        let name = leaf(kind, true);
        match kind {
            Kind::Int => self.put(&integer::<i32>(node, name)?.to_le_bytes()),
            Kind::Long => self.put(&integer::<i64>(node, name)?.to_le_bytes()),
            Kind::Nat => self.put(&integer::<u32>(node, name)?.to_le_bytes()),
            Kind::Double => {
                let bits = float(
                    node,
                    name,
                    f64::to_bits,
                    f64::NAN,
                    f64::INFINITY,
                    16,
                    |bits| Some(f64::from_bits(bits)).filter(|number| number.is_nan()),
                )?;
                self.put(&bits.to_le_bytes());
            }
            Kind::Float => {
                let bits = float(
                    node,
                    name,
                    f32::to_bits,
                    f32::NAN,
                    f32::INFINITY,
                    8,
                    |bits| {
                        let number = f32::from_bits(u32::try_from(bits).ok()?);
                        Some(number).filter(|number| number.is_nan())
                    },
                )?;
                self.put(&bits.to_le_bytes());
            }
            Kind::Bool => self.id(match boolean(node)? {
                true => BOOL_TRUE,
                false => BOOL_FALSE,
            }),
            Kind::Int128 => self.fixed(node, name, 16)?,
            Kind::Int256 => self.fixed(node, name, 32)?,
            Kind::Int512 => self.fixed(node, name, 64)?,
            Kind::Bytes => {
                let bytes = bytes(node)?;
                self.byte_string(&bytes, node)?;
            }
            _ => match &node.json {
                Json::String(text) => self.byte_string(text.as_bytes(), node)?,
                _ => return expected("a string", node),
            },
        }
        Ok(())
    }

    /// A value of a row.
    fn named(&mut self, node: &Node<'_>, ty: &'static Type, bare: bool) -> Done {
        match ty.form {
            TypeForm::Struct { id, .. } => {
                let constructor = Constructor::new(self.tables, ty);
                let members = members(node, constructor.name())?;
                if let Some((name, id, at)) = type_name(members)? {
                    let is_it = name == constructor.name()
                        && !constructor.is_record()
                        && id.is_none_or(|id| constructor.id() == Some(id));
                    if !is_it {
                        return wrong(name, constructor.name(), at);
                    }
                }
                if let (false, Some(id)) = (bare, id) {
                    self.id(id);
                }
                self.fields(node, members, constructor)
            }
            TypeForm::Enum { .. } => self.variant(node, ty),
            TypeForm::Foreign(_) => {
                let raw = raw(node)?;
                let Some(raw) = raw else {
                    return expected("@raw, of a type that has code of its own,", node);
                };
                self.put(&raw);
                Ok(())
            }
        }
    }

    /// The constructors and functions of that name.
    fn of_name(&mut self, name: &str) -> Vec<Constructor> {
        if let Some(known) = self.by_name.get(name) {
            return known.clone();
        }
        let found: Vec<Constructor> = with_name(self.tables, name).collect();
        if let Some(first) = found.first() {
            self.by_name.insert(first.name(), found.clone());
        }
        found
    }

    /// A value of a type of several constructors.
    fn variant(&mut self, node: &Node<'_>, ty: &'static Type) -> Done {
        let variants = self.tables.variants_of(ty);
        let with_id = |id| variants.iter().find(|variant| variant.id == id);
        if let Json::Bool(value) = node.json {
            let id = if value { BOOL_TRUE } else { BOOL_FALSE };
            if with_id(id).is_none() {
                return expected(ty.name, node);
            }
            self.id(id);
            return Ok(());
        }
        // One with code of its own.
        if let Some(raw) = raw(node)? {
            self.put(&raw);
            return Ok(());
        }
        let members = members(node, ty.name)?;
        let Some((name, id, at)) = type_name(members)? else {
            return fail(JsonErrorKind::Unnamed { expected: ty.name }, node);
        };
        let of_name = self.of_name(name);
        let fitting = of_name.iter().filter(|constructor| {
            id.is_none_or(|id| constructor.id() == Some(id))
                && constructor.id().is_some_and(|id| with_id(id).is_some())
        });
        let constructor = only(fitting.copied(), name, at)?;
        if let Some(constructor) = constructor {
            constructor.id().into_iter().for_each(|id| self.id(id));
            return self.fields(node, members, constructor);
        }
        // A built-in without fields, which has no row.
        let is_unit = |variant: &&Variant| {
            let of_rust = variant.payload.is_none() && variant.name == name;
            of_rust || variant.id == TRUE && name == "true"
        };
        match (variants.iter().find(is_unit), of_name.is_empty()) {
            (Some(variant), _) => {
                self.id(variant.id);
                only_type(members, node, ty.name)
            }
            (None, true) => fail_name(name, at),
            (None, false) => wrong(name, ty.name, at),
        }
    }

    /// A boxed value of any type.
    fn any(&mut self, node: &Node<'_>) -> Done {
        if let Some(raw) = raw(node)? {
            self.put(&raw);
            return Ok(());
        }
        match &node.json {
            Json::Bool(value) => {
                self.id(if *value { BOOL_TRUE } else { BOOL_FALSE });
                Ok(())
            }
            Json::List(elements) => {
                self.id(VECTOR_ID);
                self.count(elements.len(), node)?;
                for (index, element) in elements.iter().enumerate() {
                    self.path.push(Step::Element(index));
                    self.any(element)?;
                    self.path.pop();
                }
                Ok(())
            }
            Json::Object(members) => self.any_constructor(node, members),
            _ => expected("Object", node),
        }
    }

    fn any_constructor(&mut self, node: &Node<'_>, members: Members<'_, '_>) -> Done {
        const LEAVES: [Kind; 8] = [
            Kind::Int,
            Kind::Long,
            Kind::Double,
            Kind::Float,
            Kind::Int128,
            Kind::Int256,
            Kind::Int512,
            Kind::String,
        ];
        let Some((name, id, at)) = type_name(members)? else {
            return fail(JsonErrorKind::Unnamed { expected: "Object" }, node);
        };
        let of_name = self.of_name(name);
        let fitting = of_name.iter().filter(|constructor| {
            constructor.id().is_some() && id.is_none_or(|id| constructor.id() == Some(id))
        });
        let constructor = only(fitting.copied(), name, at)?;
        if let Some(constructor) = constructor {
            constructor.id().into_iter().for_each(|id| self.id(id));
            return self.fields(node, members, constructor);
        }
        if name == "true" && id.is_none_or(|id| id == TRUE) {
            self.id(TRUE);
            return only_type(members, node, "true");
        }
        let of_kind = |&kind: &Kind| {
            let (of, of_name) = id_of_leaf(kind);
            of_name == name && id.is_none_or(|id| id == of)
        };
        let Some(kind) = LEAVES.into_iter().find(of_kind) else {
            return fail_name(name, at);
        };
        self.id(id_of_leaf(kind).0);
        let mut value = None;
        for (field, node) in members.iter().filter(|(field, _)| field != "@type") {
            let field = || field.clone().into_owned();
            if *field() != *"@value" {
                let (constructor, field) = (leaf(kind, true), field());
                return fail(JsonErrorKind::UnknownField { constructor, field }, node);
            }
            if value.replace(node).is_some() {
                return fail(JsonErrorKind::RepeatedField { field: field() }, node);
            }
        }
        let (constructor, field) = (leaf(kind, true), "@value");
        match value {
            Some(value) => self.leaf(value, kind),
            None => fail(JsonErrorKind::MissingField { constructor, field }, node),
        }
    }

    fn fields(
        &mut self,
        node: &Node<'_>,
        members: Members<'_, '_>,
        constructor: Constructor,
    ) -> Done {
        let name = constructor.name();
        let parameters: Vec<Parameter> = constructor.parameters().collect();
        let mut slots = alloc::vec![Slot::Absent; parameters.len()];
        for (field, node) in members.iter().filter(|(field, _)| field != "@type") {
            let place = parameters.iter().position(|known| known.name() == field);
            let Some((slot, parameter)) =
                place.and_then(|at| Some((slots.get_mut(at)?, parameters.get(at)?)))
            else {
                let (constructor, field) = (name, field.clone().into_owned());
                return fail(JsonErrorKind::UnknownField { constructor, field }, node);
            };
            let given = match node.json {
                Json::Null => Slot::No(node),
                Json::Bool(false) if self.is_true(*parameter) => Slot::No(node),
                _ => Slot::Given(node),
            };
            if !matches!(slot, Slot::Absent) {
                let field = field.clone().into_owned();
                return fail(JsonErrorKind::RepeatedField { field }, node);
            }
            *slot = given;
        }
        let mut words = self.words(&parameters, &slots)?;
        let mut nats = 0;
        for (parameter, slot) in parameters.iter().zip(&slots) {
            let row = parameter.row;
            let flag = row.condition().zip(parameter.condition());
            let is_there =
                flag.is_none_or(|((mask, bit), _)| words[mask % MAX_NATS] >> bit & 1 == 1);
            let field = parameter.name();
            let missing = |flag: Option<_>| match flag {
                Some((_, flag)) => JsonErrorKind::FieldWanted {
                    constructor: name,
                    field,
                    flag,
                },
                None => JsonErrorKind::MissingField {
                    constructor: name,
                    field,
                },
            };
            let given = match (slot, flag) {
                (Slot::Given(found), Some((_, flag))) if !is_there => {
                    return fail(JsonErrorKind::FieldUnwanted { field, flag }, found);
                }
                (Slot::No(found), flag) if is_there && !parameter.is_flags() => {
                    return fail(missing(flag), found);
                }
                (Slot::Given(found), _) => Some(*found),
                _ => None,
            };
            let is_nat = self.tables.is_nat(row);
            match (row.form(), given) {
                (Form::Flags, _) => self.put(&words[nats % MAX_NATS].to_le_bytes()),
                (Form::Value(shape), Some(found)) => {
                    self.path.push(Step::Field {
                        constructor: name,
                        field,
                    });
                    let start = self.out.len();
                    self.value(found, self.tables.shape(shape))?;
                    if is_nat
                        && let Some(&nat) = self.out.get(start..).and_then(<[u8]>::first_chunk)
                    {
                        words[nats % MAX_NATS] = u32::from_le_bytes(nat);
                    }
                    self.path.pop();
                }
                (Form::Flag, Some(found)) if !boolean(found)? => return expected("true", found),
                (Form::Value(_), None) if is_there => return fail(missing(flag), node),
                _ => {}
            }
            nats += usize::from(is_nat);
        }
        Ok(())
    }

    /// The flags: as they are given, or what the fields say that are.
    fn words(&self, parameters: &[Parameter], slots: &[Slot<'_>]) -> Done<[u32; MAX_NATS]> {
        let mut words = [0; MAX_NATS];
        for (parameter, slot) in parameters.iter().zip(slots) {
            if let (Some((mask, bit)), Slot::Given(_)) = (parameter.row.condition(), slot) {
                words[mask % MAX_NATS] |= 1 << bit;
            }
        }
        let mut nats = 0;
        for (parameter, slot) in parameters.iter().zip(slots) {
            if let (true, Slot::Given(node)) = (parameter.is_flags(), slot) {
                words[nats % MAX_NATS] = integer::<u32>(node, "#")?;
            }
            nats += usize::from(self.tables.is_nat(parameter.row));
        }
        Ok(words)
    }

    fn is_true(&self, parameter: Parameter) -> bool {
        match parameter.row.form() {
            Form::Flags => false,
            Form::Flag => true,
            Form::Value(shape) => matches!(self.tables.shape(shape).kind, Kind::True),
        }
    }

    fn elements(&mut self, elements: &[Node<'_>], shape: u16) -> Done {
        let shape = self.tables.shape(shape);
        for (index, element) in elements.iter().enumerate() {
            self.path.push(Step::Element(index));
            self.value(element, shape)?;
            self.path.pop();
        }
        Ok(())
    }

    fn put(&mut self, bytes: &[u8]) {
        self.out.extend_from_slice(bytes);
    }

    fn id(&mut self, id: u32) {
        self.put(&id.to_le_bytes());
    }

    fn count(&mut self, len: usize, node: &Node<'_>) -> Done {
        match u32::try_from(len) {
            Ok(count) => {
                self.put(&count.to_le_bytes());
                Ok(())
            }
            Err(_) => fail(JsonErrorKind::TooLong { len }, node),
        }
    }

    fn fixed(&mut self, node: &Node<'_>, wanted: &'static str, size: usize) -> Done {
        let bytes = bytes(node)?;
        let found = bytes.len();
        if found != size {
            let kind = JsonErrorKind::WrongSize {
                wanted,
                size,
                found,
            };
            return fail(kind, node);
        }
        self.put(&bytes);
        Ok(())
    }

    fn byte_string(&mut self, bytes: &[u8], node: &Node<'_>) -> Done {
        let written = crate::private::write_to(&mut self.out, |w| w.bytes(bytes));
        let len = bytes.len();
        written.or_else(|_| fail(JsonErrorKind::TooLong { len }, node))
    }
}

/// What is given for a field.
#[derive(Clone, Copy)]
enum Slot<'n> {
    Absent,
    /// `null`; `false` for a `true`.
    No(&'n Node<'n>),
    Given(&'n Node<'n>),
}

fn list<'n, 't>(node: &'n Node<'t>) -> Done<&'n [Node<'t>]> {
    match &node.json {
        Json::List(elements) => Ok(elements),
        _ => expected("a list", node),
    }
}

fn members<'n, 't>(node: &'n Node<'t>, wanted: &'static str) -> Done<Members<'n, 't>> {
    match &node.json {
        Json::Object(members) => Ok(members),
        _ => expected(wanted, node),
    }
}

/// The bytes of `{"@raw": "…"}`; `None` if it is something else.
fn raw(node: &Node<'_>) -> Done<Option<Vec<u8>>> {
    tagged(node, "@raw").map_or(Ok(None), |node| bytes(node).map(Some))
}

fn tagged<'n, 't>(node: &'n Node<'t>, tag: &str) -> Option<&'n Node<'t>> {
    match &node.json {
        Json::Object(members) => match &members[..] {
            [(name, value)] if name == tag => Some(value),
            _ => None,
        },
        _ => None,
    }
}

/// What `"@type"` says: the name, the id if it is written, and where it stands.
fn type_name<'n>(members: Members<'n, '_>) -> Done<Option<(&'n str, Option<u32>, usize)>> {
    let mut all = members.iter().filter(|(name, _)| name == "@type");
    let Some((_, node)) = all.next() else {
        return Ok(None);
    };
    if let Some((_, again)) = all.next() {
        let field = "@type".to_owned();
        return fail(JsonErrorKind::RepeatedField { field }, again);
    }
    let Json::String(text) = &node.json else {
        return expected("the name of a constructor", node);
    };
    let Some((name, digits)) = text.split_once('#') else {
        return Ok(Some((text, None, node.offset)));
    };
    let is_hex = digits.bytes().all(|digit| digit.is_ascii_hexdigit());
    match u32::from_str_radix(digits, 16) {
        Ok(id) if is_hex && digits.len() <= 8 => Ok(Some((name, Some(id), node.offset))),
        _ => fail(
            JsonErrorKind::NotOfType {
                wanted: "constructor id",
            },
            node,
        ),
    }
}

/// The only one of several, if there is one.
fn only(
    mut fitting: impl Iterator<Item = Constructor>,
    name: &str,
    at: usize,
) -> Done<Option<Constructor>> {
    let first = fitting.next();
    let id = first.and_then(Constructor::id);
    match fitting.any(|other| other.id() != id) {
        false => Ok(first),
        true => {
            let name = name.to_owned();
            Err((JsonErrorKind::Ambiguous { name }, at))
        }
    }
}

/// Fails if there are fields.
fn only_type(members: Members<'_, '_>, node: &Node<'_>, constructor: &'static str) -> Done {
    match members.iter().find(|(field, _)| field != "@type") {
        None => Ok(()),
        Some((field, _)) => {
            let field = field.clone().into_owned();
            fail(JsonErrorKind::UnknownField { constructor, field }, node)
        }
    }
}

fn wrong(name: &str, expected: &'static str, at: usize) -> Done {
    let name: String = name.to_owned();
    let expected = outline::constructor(expected);
    Err((JsonErrorKind::WrongConstructor { name, expected }, at))
}

fn fail_name(name: &str, at: usize) -> Done {
    let name = name.to_owned();
    Err((JsonErrorKind::UnknownName { name }, at))
}

fn boolean(node: &Node<'_>) -> Done<bool> {
    match &node.json {
        Json::Bool(value) => Ok(*value),
        Json::Object(members) => match &members[..] {
            [
                (
                    tag,
                    Node {
                        json: Json::String(name),
                        ..
                    },
                ),
            ] if tag == "@type" => match &**name {
                "boolTrue" | "true" => Ok(true),
                "boolFalse" => Ok(false),
                _ => expected("a Bool", node),
            },
            _ => expected("a Bool", node),
        },
        _ => expected("a Bool", node),
    }
}

fn bytes(node: &Node<'_>) -> Done<Vec<u8>> {
    let inner = tagged(node, "@bytes").unwrap_or(node);
    match &inner.json {
        Json::String(text) => {
            base64::decode(text).map_or_else(|| fail(JsonErrorKind::NotBase64, inner), Ok)
        }
        _ => expected("bytes", node),
    }
}

fn integer<T: TryFrom<i128>>(node: &Node<'_>, wanted: &'static str) -> Done<T> {
    let written = match &node.json {
        Json::Number(written) => written,
        Json::String(written) if !written.starts_with('+') => &**written,
        Json::String(_) => "",
        _ => return expected(wanted, node),
    };
    let number = written.parse::<i128>().ok();
    match number.and_then(|number| T::try_from(number).ok()) {
        Some(number) => Ok(number),
        None => fail(JsonErrorKind::NotOfType { wanted }, node),
    }
}

/// The bits of a number. `of_nan` makes one of the bits of a NaN that the text gives, in so many
/// digits.
fn float<T, B>(
    node: &Node<'_>,
    wanted: &'static str,
    bits: impl Fn(T) -> B,
    nan: T,
    infinity: T,
    digits: usize,
    of_nan: impl Fn(u64) -> Option<T>,
) -> Done<B>
where
    T: core::str::FromStr + core::ops::Neg<Output = T> + PartialEq + Copy,
{
    let written = match &node.json {
        Json::Number(written) => written,
        Json::String(written) => &**written,
        _ => return expected(wanted, node),
    };
    let number = match written {
        "NaN" => Some(nan),
        "Infinity" => Some(infinity),
        "-Infinity" => Some(-infinity),
        _ => match written.strip_prefix("NaN#") {
            Some(hex) => {
                let is_hex = hex.bytes().all(|digit| digit.is_ascii_hexdigit());
                let nan = u64::from_str_radix(hex, 16).ok().and_then(&of_nan);
                nan.filter(|_| is_hex && hex.len() == digits)
            }
            None => {
                // Rust's parser knows words besides.
                let is_plain = |byte: u8| byte.is_ascii_digit() || b"+-.eE".contains(&byte);
                let number = written.parse().ok();
                number.filter(|&number| {
                    written.bytes().all(is_plain) && number != infinity && number != -infinity
                })
            }
        },
    };
    match number {
        Some(number) => Ok(bits(number)),
        None => fail(JsonErrorKind::NotOfType { wanted }, node),
    }
}
