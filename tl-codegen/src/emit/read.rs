//! Bodies that read.

use super::Emitter;
use super::items::hex;
use super::nats::Nats;
use super::out::CALL_WIDTH;
use crate::model::{Enum, Field, FieldKind, Generics, Named, Nat, Scalar, Struct, Type, Variant};

impl Emitter<'_> {
    pub(super) fn read_struct(&mut self, item: &Struct) {
        let count = item.nats.len();
        self.read_impl(&item.name, &item.generics, count);
        self.constructor_const(item);
        self.needs_arena(&item.generics, count);
        self.out.blank();
        let reads = item.fields.iter().any(takes_bytes);
        // Where it is called once, fields are written to where the value is to be.
        self.out.line(&["#[inline]"]);
        self.read_method("read_fields", if reads { "r" } else { "_" }, "nats", count);
        self.read_fields(item);
        self.out.close();
        self.out.close();
    }

    pub(super) fn read_enum(&mut self, item: &Enum) {
        let count = item.nats.len();
        self.read_impl(&item.name, &item.generics, count);
        self.out
            .line(&["const MIN_SIZE: usize = ", &item.min_size.to_string(), ";"]);
        self.needs_arena(&item.generics, count);
        self.out.blank();
        if item.in_place && count == 0 && !item.variants.iter().any(|v| v.identity.is_default) {
            self.read_enum_in_place(item);
            return;
        }
        self.read_method("read", "r", nats_of_enum(item), count);
        if item.variants.is_empty() {
            let name = &item.schema_name;
            self.out.line(&["let id = r.id();"]);
            self.out.line(&["Err(r.unexpected_id(id, \"", name, "\"))"]);
            self.out.close();
            self.out.close();
            return;
        }
        let is_warm = |variant: &&Variant| !self.rows.is_cold(item, variant);
        let warm: Vec<&Variant> = item.variants.iter().filter(is_warm).collect();
        let all = warm.len() == item.variants.len();
        if warm.is_empty() {
            self.out.line(&["let id = r.id();"]);
            self.out.line(&["tl::private::table::read_variant(r, id)"]);
            self.out.close();
            self.out.close();
            return;
        }
        let default = item
            .variants
            .iter()
            .find(|variant| variant.identity.is_default);
        match default {
            None => self.out.open(&["Ok(match r.id()"]),
            Some(_) => self.out.open(&["Ok(match tl::private::next_id(r)"]),
        }
        for variant in warm {
            self.read_variant(variant, default.is_some());
        }
        if !all {
            self.out
                .line(&["id => return tl::private::table::read_variant(r, id),"]);
        } else if default.is_none() {
            let name = &item.schema_name;
            self.out
                .line(&["id => return Err(r.unexpected_id(id, \"", name, "\")),"]);
        }
        self.out.end("})");
        self.out.close();
        self.out.close();
    }

    /// Large values are not moved on their way up.
    fn read_enum_in_place(&mut self, item: &Enum) {
        self.read_method("read", "r", "", 0);
        self.out.line(&["tl::private::read(r)"]);
        self.out.close();
        self.out.blank();
        self.out.begin(&["fn read_into<'s>"], "(");
        self.out.line(&["r: &mut tl::Reader<'a>,"]);
        self.out.line(&["slot: tl::private::Slot<'s, Self>,"]);
        self.out.dedent();
        self.out
            .open(&[") -> tl::ReadResult<tl::private::Filled<'s, Self>>"]);
        self.out.open(&["match r.id()"]);
        for variant in &item.variants {
            let pattern = hex(variant.identity.id);
            let name = &variant.name;
            let value = match &variant.payload {
                None => {
                    self.out.open(&[&pattern, " =>"]);
                    self.out.line(&["r.empty();"]);
                    self.out.line(&["Ok(slot.write(Self::", name, "))"]);
                    self.out.close();
                    continue;
                }
                Some(Type::Named(named)) if named.bare && named.nats.is_empty() => {
                    text!["tl::TlRead::read_variant_into(r, slot, Self::", name, ")"]
                }
                Some(ty) => {
                    let value = self.read_value(ty, &Nats::of_enum()).plain();
                    text!["Ok(slot.write(Self::", name, "(", value, ")))"]
                }
            };
            if self.out.fits(pattern.len() + value.len() + 5) {
                self.out.line(&[&pattern, " => ", &value, ","]);
            } else {
                self.out.open(&[&pattern, " =>"]);
                self.out.line(&[&value]);
                self.out.close();
            }
        }
        let name = &item.schema_name;
        self.out
            .line(&["id => Err(r.unexpected_id(id, \"", name, "\")),"]);
        self.out.close();
        self.out.close();
        self.out.close();
    }

    fn read_variant(&mut self, variant: &Variant, peeked: bool) {
        let id = hex(variant.identity.id);
        let pattern = match (peeked, variant.identity.is_default) {
            (_, true) => "_".to_owned(),
            (true, false) => text!["Some(", id, ")"],
            (false, false) => id,
        };
        let take_id = peeked && !variant.identity.is_default;
        let Some(ty) = &variant.payload else {
            self.out.open(&[&pattern, " =>"]);
            if take_id {
                self.out.line(&["r.id();"]);
            }
            self.out.line(&["r.empty();"]);
            self.out.line(&["Self::", &variant.name]);
            self.out.close();
            return;
        };
        let value = self.read_value(ty, &Nats::of_enum()).plain();
        let arm = text!["Self::", variant.name, "(", value, ")"];
        if take_id || !self.out.fits(pattern.len() + arm.len() + 5) {
            self.out.open(&[&pattern, " =>"]);
            if take_id {
                self.out.line(&["r.id();"]);
            }
            self.out.line(&[&arm]);
            self.out.close();
        } else {
            self.out.line(&[&pattern, " => ", &arm, ","]);
        }
    }

    fn read_impl(&mut self, name: &str, generics: &Generics, nats: usize) {
        let parameters = generics.for_read(match self.style.borrowed {
            true => ": tl::TlRead<'a> + ::core::marker::Copy",
            false => ": tl::TlRead<'a>",
        });
        let applied = generics.applied("'a");
        if nats == 0 {
            self.out
                .open(&["impl", &parameters, " tl::TlRead<'a> for ", name, &applied]);
        } else {
            let with = format!(" tl::TlReadWith<'a, {nats}> for ");
            self.out.open(&["impl", &parameters, &with, name, &applied]);
        }
    }

    fn constructor_const(&mut self, item: &Struct) {
        let id = item.identity.filter(|identity| !identity.is_default);
        let min_size = item
            .min_size
            .saturating_add(if id.is_some() { 4 } else { 0 });
        let id = match id {
            Some(identity) => text!["Some(", hex(identity.id), ")"],
            None => "None".to_owned(),
        };
        let outline = text!["\"", outline(item, false), "\""];
        let before = "const CONSTRUCTOR: tl::private::Constructor =";
        let one_line = format!("tl::private::Constructor({id}, {min_size}, {outline})");
        let args = one_line.len() - "tl::private::Constructor()".len();
        if args <= CALL_WIDTH && self.out.fits(before.len() + one_line.len() + 2) {
            self.out.line(&[before, " ", &one_line, ";"]);
        } else if args <= CALL_WIDTH && self.out.fits(one_line.len() + 5) {
            self.out.begin(&[before], "");
            self.out.line(&[&one_line, ";"]);
            self.out.dedent();
        } else {
            self.out.begin(&[before, " tl::private::Constructor"], "(");
            self.out.line(&[&id, ","]);
            self.out.line(&[&min_size.to_string(), ","]);
            self.out.line(&[&outline, ","]);
            self.out.end(");");
        }
    }

    fn needs_arena(&mut self, generics: &Generics, nats: usize) {
        if nats > 0 {
            return;
        }
        if generics.lifetime && self.style.borrowed {
            self.out.line(&["const NEEDS_ARENA: bool = true;"]);
        } else if !generics.types.is_empty() {
            let any: Vec<String> = generics
                .types
                .iter()
                .map(|ty| format!("{}::NEEDS_ARENA", ty.name))
                .collect();
            self.out
                .line(&["const NEEDS_ARENA: bool = ", &any.join(" || "), ";"]);
        }
    }

    fn read_method(&mut self, name: &str, reader: &str, nats: &str, count: usize) {
        let (with, nats) = match count {
            0 => ("", String::new()),
            _ => ("_with", format!(", {nats}: [u32; {count}]")),
        };
        let (reader_type, result) = (": &mut tl::Reader<'a>", ") -> tl::ReadResult<Self>");
        self.out
            .open(&["fn ", name, with, "(", reader, reader_type, &nats, result]);
    }

    fn read_fields(&mut self, item: &Struct) {
        let nats = Nats::for_read(item);
        if let Some(pattern) = nats.pattern() {
            self.out.line(&["let [", &pattern, "] = nats;"]);
        }
        let fields = &item.fields;
        let is_referred = |index| nats.is_referred(index);
        // Numbers at the start are read before the struct, those in the middle within it.
        let leading = fields
            .iter()
            .enumerate()
            .take_while(|&(index, field)| is_plain_nat(field) && is_referred(index))
            .count();
        for field in &fields[..leading] {
            self.out.line(&["let ", &field.name, " = r.nat();"]);
        }
        for (index, field) in fields.iter().enumerate().skip(leading) {
            if is_referred(index) {
                self.out.line(&["let ", &field.name, ";"]);
            }
        }
        let mut literal = Vec::new();
        let mut before: Vec<&str> = Vec::new();
        for (index, field) in fields.iter().enumerate() {
            if index < leading {
                if field.is_visible() {
                    literal.push(vec![field.name.clone()]);
                }
                continue;
            }
            if !field.is_visible() {
                if matches!(field.kind, FieldKind::Flags | FieldKind::Count(_)) {
                    before.push(&field.name);
                }
                continue;
            }
            let mut value = self.field_value(field, &nats);
            if !before.is_empty() || is_referred(index) {
                let mut block = vec!["{".to_owned()];
                block.extend(
                    before
                        .drain(..)
                        .map(|nat| text!["    ", nat, " = r.nat();"]),
                );
                if is_referred(index) {
                    let name = &field.name;
                    value = statement(&text![name, " = "], value, ";");
                    value.push(name.clone());
                }
                block.extend(value.into_iter().map(|line| text!["    ", line]));
                block.push("}".to_owned());
                value = block;
            }
            literal.push(statement(&text![field.name, ": "], value, ""));
        }
        self.struct_expression("Ok(", "Self", &literal, ")");
    }

    /// The value of a visible field, in lines.
    fn field_value(&self, field: &Field, nats: &Nats<'_>) -> Vec<String> {
        let condition = field.condition.map(|condition| nats.bit(condition));
        match (&field.kind, condition) {
            (FieldKind::Value(ty), None) => vec![self.read_value(ty, nats).plain()],
            (FieldKind::Value(ty), Some(bit)) => match (alone(ty), self.place(ty)) {
                (Alone::Read, place) => vec![text!["r.optional", place, "(", bit, ")"]],
                (Alone::ReadBare, place) => vec![text!["r.optional", place, "_bare(", bit, ")"]],
                (Alone::No, _) => vec![
                    text!["if ", bit, " != 0 {"],
                    text!["    Some(", self.read_value(ty, nats).plain(), ")"],
                    "} else {".to_owned(),
                    "    None".to_owned(),
                    "}".to_owned(),
                ],
            },
            (_, Some(bit)) => vec![text![bit, " != 0"]],
            (_, None) => Vec::new(),
        }
    }

    /// References into the arena are made otherwise than boxes.
    fn place(&self, ty: &Type) -> &'static str {
        match ty {
            Type::Indirect(_) if self.style.borrowed => "_place",
            _ => "",
        }
    }

    pub(super) fn read_value(&self, ty: &Type, nats: &Nats<'_>) -> Expr {
        let borrowed = self.style.borrowed;
        match ty {
            Type::Scalar(scalar) => self.read_scalar(*scalar),
            Type::Variable(_) | Type::OutputOf(_) | Type::WithoutId(_) => {
                Expr::Result("tl::TlRead::read(r)".to_owned())
            }
            Type::Named(named) => Expr::Result(read_named(named, nats)),
            Type::Vector { element, bare } => {
                let name = if borrowed { "slice" } else { "vector" };
                let boxed = if *bare { "" } else { "boxed_" };
                match alone(element) {
                    Alone::Read => Expr::Plain(text!["r.", boxed, name, "()"]),
                    Alone::ReadBare => Expr::Plain(text!["r.", boxed, name, "_of_bare()"]),
                    Alone::No => {
                        let min_size = element.min_size();
                        let element = self.read_value(element, nats).result();
                        Expr::Plain(format!("r.{boxed}{name}_with({min_size}, |r| {element})"))
                    }
                }
            }
            Type::Repeat { element, count } => {
                let name = if borrowed { "repeat_slice" } else { "repeat" };
                let count = nats.sum(count);
                match alone(element) {
                    Alone::Read => Expr::Plain(format!("r.{name}({count})")),
                    _ => {
                        let min_size = element.min_size();
                        let element = self.read_value(element, nats).result();
                        Expr::Plain(format!("r.{name}_with({count}, {min_size}, |r| {element})"))
                    }
                }
            }
            Type::Array { element, .. } => {
                let element = self.read_value(element, nats).result();
                Expr::Result(format!("r.array_with(|r| {element})"))
            }
            Type::Indirect(inner) => {
                let name = if borrowed { "place" } else { "heap" };
                Expr::Result(match alone(inner) {
                    Alone::Read => text!["r.", name, "()"],
                    Alone::ReadBare => text!["r.", name, "_bare()"],
                    Alone::No => {
                        let inner = self.read_value(inner, nats).result();
                        text!["r.", name, "_with(|r| ", inner, ")"]
                    }
                })
            }
            Type::WithId(_) => Expr::Result("r.boxed()".to_owned()),
        }
    }

    fn read_scalar(&self, scalar: Scalar) -> Expr {
        Expr::Plain(
            match scalar {
                Scalar::Int => "r.int()",
                Scalar::Long => "r.long()",
                Scalar::Double => "r.double()",
                Scalar::Float => "r.float()",
                Scalar::Nat => "r.nat()",
                Scalar::Int128 => "r.int128()",
                Scalar::Int256 => "r.int256()",
                Scalar::Int512 => "r.int512()",
                Scalar::String if self.style.borrowed => "r.str()",
                Scalar::String => "r.string()",
                Scalar::Bytes if self.style.borrowed => "r.bytes()",
                Scalar::Bytes => "r.byte_vec()",
                Scalar::Bool => "r.bool()",
                Scalar::True { bare: true } => "()",
                Scalar::True { bare: false } | Scalar::Object => {
                    return Expr::Result("tl::TlRead::read(r)".to_owned());
                }
            }
            .to_owned(),
        )
    }
}

/// An expression that reads.
pub(super) enum Expr {
    /// Of the type itself.
    Plain(String),
    /// Of type `ReadResult`.
    Result(String),
}

impl Expr {
    fn plain(self) -> String {
        match self {
            Self::Plain(text) => text,
            Self::Result(text) => text + "?",
        }
    }

    pub(super) fn result(self) -> String {
        match self {
            Self::Plain(text) => text!["Ok(", text, ")"],
            Self::Result(text) => text,
        }
    }
}

/// Puts something before the first and after the last of some lines.
fn statement(before: &str, mut lines: Vec<String>, after: &str) -> Vec<String> {
    if let Some(first) = lines.first_mut() {
        first.insert_str(0, before);
    }
    if let Some(last) = lines.last_mut() {
        last.push_str(after);
    }
    lines
}

/// How a type reads itself where nothing else is known.
pub(super) enum Alone {
    /// By `TlRead::read`.
    Read,
    /// By `TlRead::read_bare`.
    ReadBare,
    /// Not without an expression of its own.
    No,
}

pub(super) fn alone(ty: &Type) -> Alone {
    match ty {
        Type::Scalar(Scalar::True { bare: true }) => Alone::ReadBare,
        Type::Scalar(_) | Type::Variable(_) | Type::OutputOf(_) | Type::WithoutId(_) => Alone::Read,
        Type::Named(named) if !named.nats.is_empty() => Alone::No,
        Type::Named(named) if named.bare => Alone::ReadBare,
        Type::Named(_) => Alone::Read,
        Type::Vector { element, bare } => match (alone(element), bare) {
            (Alone::Read, false) => Alone::Read,
            (Alone::Read, true) => Alone::ReadBare,
            _ => Alone::No,
        },
        Type::Indirect(inner) => alone(inner),
        Type::Repeat { .. } | Type::Array { .. } | Type::WithId(_) => Alone::No,
    }
}

fn read_named(named: &Named, nats: &Nats<'_>) -> String {
    let bare = if named.bare { "_bare" } else { "" };
    if named.nats.is_empty() {
        return text!["tl::TlRead::read", bare, "(r)"];
    }
    format!(
        "tl::TlReadWith::read{bare}_with(r, {})",
        nats.array(&named.nats)
    )
}

/// What the numbers of an enum are called in its methods: nothing if no variant needs them.
pub(super) fn nats_of_enum(item: &Enum) -> &'static str {
    let mut payloads = item.variants.iter().map(|variant| &variant.payload);
    match payloads.any(Option::is_some) {
        true => "nats",
        false => "_",
    }
}

/// A `#` that is always there.
fn is_plain_nat(field: &Field) -> bool {
    let is_nat = matches!(
        field.kind,
        FieldKind::Flags | FieldKind::Count(_) | FieldKind::Value(Type::Scalar(Scalar::Nat))
    );
    is_nat && field.condition.is_none()
}

fn takes_bytes(field: &Field) -> bool {
    !matches!(
        field.kind,
        FieldKind::Flag
            | FieldKind::Nothing
            | FieldKind::Value(Type::Scalar(Scalar::True { bare: true }))
    )
}

/// The fields for error paths, see `Reader::enter`.
/// With flags, also those fields that take no bytes: `silent!0.13`.
pub(super) fn outline(item: &Struct, with_flags: bool) -> String {
    let mut outline = String::with_capacity(item.schema_name.len() + 16 * item.fields.len());
    outline.push_str(&item.schema_name);
    for _ in &item.nats {
        outline.push_str(" {#}");
    }
    let nat_number = |nat: Nat| match nat {
        Nat::Outer(index) => index,
        Nat::Field(index) => {
            let before = item.fields.iter().take(index);
            item.nats.len() + before.filter(|field| is_nat(field)).count()
        }
    };
    for field in &item.fields {
        let is_flag = matches!(field.kind, FieldKind::Flag);
        if !(takes_bytes(field) || is_flag && with_flags) {
            continue;
        }
        outline.push(' ');
        outline.push_str(&field.schema_name);
        if is_nat(field) {
            outline.push('#');
        }
        if let Some(condition) = field.condition {
            outline.push(if is_flag { '!' } else { '?' });
            outline.push_str(&nat_number(condition.mask).to_string());
            outline.push('.');
            outline.push_str(&condition.bit.to_string());
        }
    }
    outline
}

fn is_nat(field: &Field) -> bool {
    matches!(
        field.kind,
        FieldKind::Flags | FieldKind::Count(_) | FieldKind::Value(Type::Scalar(Scalar::Nat))
    )
}
