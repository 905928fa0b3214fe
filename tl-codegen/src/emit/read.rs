//! Bodies that read.

use super::Emitter;
use super::items::hex;
use crate::model::{
    Condition, Enum, Field, FieldKind, Named, Nat, NatSum, Scalar, Struct, Type, Variant,
};

impl Emitter<'_> {
    pub(super) fn read_struct(&mut self, item: &Struct) {
        let has_id = item
            .identity
            .as_ref()
            .is_some_and(|identity| !identity.is_default);
        let min_size = item.min_size.saturating_add(if has_id { 4 } else { 0 });
        let count = item.nats.len();
        self.read_impl(&item.name, &item.generics, count, min_size);
        if has_id {
            self.read_method("read", count);
            self.out.line(&[if count == 0 {
                "r.boxed()"
            } else {
                "r.boxed_with(nats)"
            }]);
            self.out.close();
            self.out.blank();
            self.read_method("read_bare", count);
        } else {
            self.read_method("read", count);
        }
        self.read_fields(item);
        self.out.close();
        self.out.close();
    }

    pub(super) fn read_enum(&mut self, item: &Enum) {
        let count = item.nats.len();
        self.read_impl(&item.name, &item.generics, count, item.min_size);
        self.read_method("read", count);
        let default = item
            .variants
            .iter()
            .find(|variant| variant.identity.is_default);
        match default {
            None => self.out.open(&["Ok(match r.id()?"]),
            Some(_) => self.out.open(&["Ok(match tl::private::next_id(r)"]),
        }
        for variant in &item.variants {
            self.read_variant(variant, default.is_some());
        }
        if default.is_none() {
            let name = &item.schema_name;
            self.out
                .line(&["id => return Err(r.unexpected_id(id, \"", name, "\")),"]);
        }
        self.out.end("})");
        self.out.close();
        self.out.close();
    }

    fn read_variant(&mut self, variant: &Variant, peeked: bool) {
        let id = hex(variant.identity.id);
        let pattern = match (peeked, variant.identity.is_default) {
            (_, true) => "_".to_owned(),
            (true, false) => format!("Some({id})"),
            (false, false) => id,
        };
        let take_id = peeked && !variant.identity.is_default;
        let Some(ty) = &variant.payload else {
            self.out.open(&[&pattern, " =>"]);
            if take_id {
                self.out.line(&["r.id()?;"]);
            }
            self.out.line(&["r.empty();"]);
            self.out.line(&["Self::", &variant.name]);
            self.out.close();
            return;
        };
        let value = self.read_value(ty, &Nats::outer());
        let arm = format!("Self::{}({value}?)", variant.name);
        if take_id || !self.out.fits(pattern.len() + arm.len() + 5) {
            self.out.open(&[&pattern, " =>"]);
            if take_id {
                self.out.line(&["r.id()?;"]);
            }
            self.out.line(&[&arm]);
            self.out.close();
        } else {
            self.out.line(&[&pattern, " => ", &arm, ","]);
        }
    }

    fn read_impl(
        &mut self,
        name: &str,
        generics: &crate::model::Generics,
        nats: usize,
        min_size: u32,
    ) {
        let parameters = generics.for_read(": tl::TlRead<'a>");
        let applied = generics.applied("'a");
        if nats == 0 {
            self.out
                .open(&["impl", &parameters, " tl::TlRead<'a> for ", name, &applied]);
        } else {
            let with = format!(" tl::TlReadWith<'a, {nats}> for ");
            self.out.open(&["impl", &parameters, &with, name, &applied]);
        }
        self.out
            .line(&["const MIN_SIZE: usize = ", &min_size.to_string(), ";"]);
        if nats == 0 {
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
        self.out.blank();
    }

    fn read_method(&mut self, name: &str, nats: usize) {
        if nats == 0 {
            let signature = "(r: &mut tl::Reader<'a>) -> tl::ReadResult<Self>";
            self.out.open(&["fn ", name, signature]);
        } else {
            let signature = format!(
                "_with(r: &mut tl::Reader<'a>, nats: [u32; {nats}]) -> tl::ReadResult<Self>"
            );
            self.out.open(&["fn ", name, &signature]);
        }
    }

    fn read_fields(&mut self, item: &Struct) {
        let nats = Nats::of(item);
        if !item.nats.is_empty() {
            self.out
                .line(&["let [", &item.nats.join(", "), "] = nats;"]);
        }
        let outline = outline(item);
        let fields = &item.fields;
        if !fields.iter().any(takes_bytes) {
            self.out.line(&["r.empty();"]);
            let values: Vec<String> = fields
                .iter()
                .filter(|f| f.is_visible())
                .map(|f| self.field_value(f, &nats))
                .collect();
            self.struct_expression("Ok(", "Self", &values, ")");
            return;
        }
        match item.nats.is_empty() {
            true => self.out.line(&["r.enter(\"", &outline, "\")?;"]),
            false => self
                .out
                .line(&["r.enter_with(\"", &outline, "\", &nats)?;"]),
        }
        // Numbers at the start are read before the struct, those in the middle within it.
        let leading = fields
            .iter()
            .take_while(|field| is_plain_nat(field))
            .count();
        let is_referred = |index: usize| nats.referred.contains(&index);
        let leading = (0..leading).take_while(|&index| is_referred(index)).count();
        for field in &fields[..leading] {
            self.out.line(&["let ", &field.name, " = r.nat()?;"]);
        }
        for (index, field) in fields.iter().enumerate().skip(leading) {
            if is_referred(index) {
                self.out.line(&["let ", &field.name, ";"]);
            }
        }
        let is_short = leading == 0 && (0..fields.len()).all(|index| !is_referred(index));
        let visible = fields.iter().filter(|field| field.is_visible());
        let all_plain = fields
            .iter()
            .all(|field| field.condition.is_none() && field.is_visible());
        if is_short && all_plain {
            let values: Vec<String> = visible
                .map(|field| format!("{}: {}", field.name, self.field_value(field, &nats)))
                .collect();
            self.struct_expression("let value = ", "Self", &values, ";");
            self.out.line(&["r.leave();"]);
            self.out.line(&["Ok(value)"]);
            return;
        }
        self.out.open(&["let value = Self"]);
        let mut before: Vec<&str> = Vec::new();
        for (index, field) in fields.iter().enumerate() {
            if index < leading {
                if field.is_visible() {
                    self.out.line(&[&field.name, ","]);
                }
                continue;
            }
            if !field.is_visible() {
                if matches!(field.kind, FieldKind::Flags | FieldKind::Count(_)) {
                    before.push(&field.name);
                }
                continue;
            }
            let value = self.field_value(field, &nats);
            let name = &field.name;
            if before.is_empty() && !is_referred(index) {
                self.push_value(name, field, &value);
                continue;
            }
            self.out.open(&[name, ":"]);
            for nat in before.drain(..) {
                self.out.line(&[nat, " = r.nat()?;"]);
            }
            if is_referred(index) {
                self.out.line(&[name, " = ", &value, ";"]);
                self.out.line(&[name]);
            } else {
                self.push_value("", field, &value);
            }
            self.out.end("},");
        }
        self.out.end("};");
        self.out.line(&["r.leave();"]);
        self.out.line(&["Ok(value)"]);
    }

    /// `name: value,`, or the value alone as the end of a block.
    fn push_value(&mut self, name: &str, field: &Field, value: &str) {
        let (before, after) = if name.is_empty() {
            ("", "")
        } else {
            (": ", ",")
        };
        let conditional = value.strip_prefix("if ").and_then(|_| field.condition);
        if conditional.is_none() {
            self.out.line(&[name, before, value, after]);
            return;
        }
        // Longer than rustfmt leaves on one line.
        let (head, rest) = value.split_once(" { ").unwrap_or((value, ""));
        let (then, otherwise) = rest.split_once(" } else { ").unwrap_or((rest, ""));
        if value.len() <= 50 {
            self.out.line(&[name, before, value, after]);
            return;
        }
        self.out.open(&[name, before, head]);
        self.out.line(&[then]);
        self.out.dedent();
        self.out.open(&["} else"]);
        self.out.line(&[otherwise.trim_end_matches(" }")]);
        self.out.dedent();
        self.out.line(&["}", after]);
    }

    /// The value of a visible field.
    fn field_value(&self, field: &Field, nats: &Nats<'_>) -> String {
        let condition = field.condition.map(|condition| nats.has(condition));
        match (&field.kind, condition) {
            (FieldKind::Value(ty), None) => format!("{}?", self.read_value(ty, nats)),
            (FieldKind::Value(ty), Some(condition)) => {
                format!(
                    "if {condition} {{ Some({}?) }} else {{ None }}",
                    self.read_value(ty, nats)
                )
            }
            (_, Some(condition)) => condition,
            (_, None) => String::new(),
        }
    }

    /// An expression of type `ReadResult`.
    fn read_value(&self, ty: &Type, nats: &Nats<'_>) -> String {
        let borrowed = self.style.borrowed;
        match ty {
            Type::Scalar(scalar) => self.read_scalar(*scalar).to_owned(),
            Type::Variable(_) | Type::OutputOf(_) => "tl::TlRead::read(r)".to_owned(),
            Type::Named(named) => read_named(named, nats),
            Type::Vector { element, bare } => {
                let name = if borrowed { "slice" } else { "vector" };
                let boxed = if *bare { "" } else { "boxed_" };
                match alone(element) {
                    Alone::Read => format!("r.{boxed}{name}()"),
                    Alone::ReadBare => format!("r.{boxed}{name}_of_bare()"),
                    Alone::No => {
                        let min_size = element.min_size();
                        let element = self.read_value(element, nats);
                        let vector = format!("r.{name}_with({min_size}, |r| {element})");
                        match bare {
                            true => vector,
                            false => format!("r.vector_id().and_then(|()| {vector})"),
                        }
                    }
                }
            }
            Type::Repeat { element, count } => {
                let name = if borrowed { "repeat_slice" } else { "repeat" };
                let count = nats.sum(count);
                match alone(element) {
                    Alone::Read => format!("r.{name}({count})"),
                    _ => {
                        let min_size = element.min_size();
                        let element = self.read_value(element, nats);
                        format!("r.{name}_with({count}, {min_size}, |r| {element})")
                    }
                }
            }
            Type::Array { element, .. } => {
                format!("r.array_with(|r| {})", self.read_value(element, nats))
            }
            Type::Indirect(inner) => {
                let name = if borrowed { "place" } else { "heap" };
                match alone(inner) {
                    Alone::Read => format!("r.{name}()"),
                    Alone::ReadBare => format!("r.{name}_bare()"),
                    Alone::No => format!("r.{name}_with(|r| {})", self.read_value(inner, nats)),
                }
            }
            Type::WithId(_) => "r.boxed()".to_owned(),
            Type::WithoutId(_) => "tl::TlRead::read(r)".to_owned(),
        }
    }

    fn read_scalar(&self, scalar: Scalar) -> &'static str {
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
            Scalar::True { bare: true } => "Ok(())",
            Scalar::True { bare: false } | Scalar::Object => "tl::TlRead::read(r)",
        }
    }
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
        return format!("tl::TlRead::read{bare}(r)");
    }
    format!(
        "tl::TlReadWith::read{bare}_with(r, {})",
        nats.array(&named.nats)
    )
}

/// How numbers are called in a body.
pub(super) struct Nats<'m> {
    fields: Vec<&'m str>,
    outer: Vec<&'m str>,
    /// The fields that something refers to.
    referred: Vec<usize>,
    /// In writing, numbers that Rust has are fields of `self`.
    by_self: bool,
}

impl<'m> Nats<'m> {
    /// While reading.
    pub(super) fn of(item: &'m Struct) -> Self {
        Self {
            fields: item
                .fields
                .iter()
                .map(|field| field.name.as_str())
                .collect(),
            outer: item.nats.iter().map(String::as_str).collect(),
            referred: referred(item),
            by_self: false,
        }
    }

    /// While writing.
    pub(super) fn for_write(item: &'m Struct) -> Self {
        Self {
            by_self: true,
            ..Self::of(item)
        }
    }

    /// In an enum: numbers are handed on.
    pub(super) fn outer() -> Self {
        Self {
            fields: Vec::new(),
            outer: Vec::new(),
            referred: Vec::new(),
            by_self: false,
        }
    }

    pub(super) fn name(&self, nat: Nat) -> String {
        match nat {
            Nat::Field(index) => {
                let name = self.fields.get(index).copied().unwrap_or_default();
                if self.by_self {
                    format!("self.{name}")
                } else {
                    name.to_owned()
                }
            }
            Nat::Outer(index) => self
                .outer
                .get(index)
                .copied()
                .unwrap_or_default()
                .to_owned(),
        }
    }

    pub(super) fn sum(&self, sum: &NatSum) -> String {
        match (sum.base, sum.plus) {
            (None, plus) => plus.to_string(),
            (Some(nat), 0) => self.name(nat),
            (Some(nat), plus) => format!("{}.saturating_add({plus})", self.name(nat)),
        }
    }

    pub(super) fn array(&self, sums: &[NatSum]) -> String {
        if self.outer.is_empty() && self.fields.is_empty() {
            return "nats".to_owned();
        }
        let sums: Vec<String> = sums.iter().map(|sum| self.sum(sum)).collect();
        format!("[{}]", sums.join(", "))
    }

    pub(super) fn has(&self, condition: Condition) -> String {
        format!(
            "tl::private::has({}, {})",
            self.name(condition.mask),
            condition.bit
        )
    }
}

/// The `#` fields that other fields refer to.
fn referred(item: &Struct) -> Vec<usize> {
    let mut referred = Vec::new();
    let mut mark = |nat: Nat| {
        if let Nat::Field(index) = nat
            && !referred.contains(&index)
        {
            referred.push(index);
        }
    };
    for field in &item.fields {
        field
            .condition
            .iter()
            .for_each(|condition| mark(condition.mask));
        if let FieldKind::Value(ty) = &field.kind {
            visit_nats(ty, &mut mark);
        }
    }
    referred
}

fn visit_nats(ty: &Type, visit: &mut impl FnMut(Nat)) {
    match ty {
        Type::Scalar(_) | Type::Variable(_) | Type::OutputOf(_) => {}
        Type::Named(named) => {
            named
                .nats
                .iter()
                .filter_map(|sum| sum.base)
                .for_each(&mut *visit);
            named.args.iter().for_each(|arg| visit_nats(arg, visit));
        }
        Type::Repeat { element, count } => {
            count.base.into_iter().for_each(&mut *visit);
            visit_nats(element, visit);
        }
        Type::Vector { element, .. } | Type::Array { element, .. } => visit_nats(element, visit),
        Type::Indirect(inner) | Type::WithId(inner) | Type::WithoutId(inner) => {
            visit_nats(inner, visit);
        }
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
fn outline(item: &Struct) -> String {
    let mut outline = item.schema_name.clone();
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
    for field in item.fields.iter().filter(|field| takes_bytes(field)) {
        outline.push(' ');
        outline.push_str(&field.schema_name);
        if is_nat(field) {
            outline.push('#');
        }
        if let Some(condition) = field.condition {
            outline.push_str(&format!(
                "?{}.{}",
                nat_number(condition.mask),
                condition.bit
            ));
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
