//! Bodies that write.

use super::Emitter;
use super::items::hex;
use super::nats::Nats;
use super::read::{Alone, alone, nats_of_enum};
use crate::model::{
    Condition, Enum, Field, FieldKind, Generics, Named, Nat, Scalar, Struct, Type, Variant,
};

impl Emitter<'_> {
    pub(super) fn write_struct(&mut self, item: &Struct) {
        let id = item.identity.filter(|identity| !identity.is_default);
        let count = item.nats.len();
        self.write_impl(&item.name, &item.generics, count);
        if let Some(identity) = id {
            let id = hex(identity.id);
            self.out
                .line(&["const CONSTRUCTOR_ID: Option<u32> = Some(", &id, ");"]);
            self.out.blank();
        }
        let name = if id.is_some() { "write_bare" } else { "write" };
        if id.is_none() {
            self.by_value();
        }
        if self.writes_nothing(item) {
            self.write_method(name, "w", "_", count);
            self.out.line(&["w"]);
        } else {
            self.write_method(name, "mut w", "nats", count);
            self.write_fields(item);
            self.out.line(&["w"]);
        }
        self.out.close();
        self.out.close();
    }

    pub(super) fn write_enum(&mut self, item: &Enum) {
        let count = item.nats.len();
        self.write_impl(&item.name, &item.generics, count);
        let writer = if item.variants.is_empty() { "_" } else { "w" };
        self.by_value();
        self.write_method("write", writer, nats_of_enum(item), count);
        let is_warm = |variant: &&Variant| !self.rows.is_cold(item, variant);
        let warm: Vec<&Variant> = item.variants.iter().filter(is_warm).collect();
        let all = warm.len() == item.variants.len();
        if item.variants.is_empty() {
            self.out.line(&["match *self {}"]);
        } else if warm.is_empty() {
            self.out.line(&["tl::private::table::put(self, w)"]);
        } else {
            self.out.open(&["match self"]);
            for variant in warm {
                let Some(ty) = &variant.payload else {
                    let id = hex(variant.identity.id);
                    let value = match variant.identity.is_default {
                        true => "w,".to_owned(),
                        false => text!["w.put_id(", id, "),"],
                    };
                    self.out.line(&["Self::", &variant.name, " => ", &value]);
                    continue;
                };
                let place = match (ty, self.style.borrowed) {
                    (Type::Indirect(_), true) => "*value",
                    (Type::Indirect(_), false) => "&**value",
                    _ => "value",
                };
                let call = match (variant.identity.is_default, count) {
                    (false, 0) => text!["w.put_boxed(", place, ")"],
                    (false, _) => format!("w.put_boxed_with({place}, nats)"),
                    (true, 0) => text!["w.put(", place, ")"],
                    (true, _) => format!("w.put_with({place}, nats)"),
                };
                if self.out.fits(variant.name.len() + call.len() + 18) {
                    self.out
                        .line(&["Self::", &variant.name, "(value) => ", &call, ","]);
                } else {
                    self.out.open(&["Self::", &variant.name, "(value) =>"]);
                    self.out.line(&[&call]);
                    self.out.close();
                }
            }
            if !all {
                self.out.line(&["_ => tl::private::table::put(self, w),"]);
            }
            self.out.close();
        }
        self.out.close();
        self.out.close();
    }

    fn write_impl(&mut self, name: &str, generics: &Generics, nats: usize) {
        let parameters = generics.for_impl(": tl::TlWrite");
        let applied = generics.applied("'_");
        if nats == 0 {
            self.out
                .open(&["impl", &parameters, " tl::TlWrite for ", name, &applied]);
        } else {
            let with = format!(" tl::TlWriteWith<{nats}> for ");
            self.out.open(&["impl", &parameters, &with, name, &applied]);
        }
    }

    /// Opens a method that gets the writer by value.
    fn write_method(&mut self, name: &str, writer: &str, nats: &str, count: usize) {
        let writer = text![writer, ": tl::Writer<'w>"];
        if count == 0 {
            let signature = text![
                "fn ",
                name,
                "_on<'w>(&self, ",
                writer,
                ") -> tl::Writer<'w>"
            ];
            self.out.open(&[&signature]);
            return;
        }
        let name = text!["fn ", name, "_with_on<'w>"];
        let nats = format!("{nats}: [u32; {count}]");
        let signature = text![name, "(&self, ", writer, ", ", nats, ") -> tl::Writer<'w>"];
        if self.out.fits(signature.len() + 2) {
            self.out.open(&[&signature]);
            return;
        }
        self.out.begin(&[&name], "(");
        for argument in ["&self", &writer, &nats] {
            self.out.line(&[argument, ","]);
        }
        self.out.dedent();
        self.out.open(&[") -> tl::Writer<'w>"]);
    }

    /// Says that `write_on` is implemented.
    fn by_value(&mut self) {
        self.out.line(&["const BY_VALUE: bool = true;"]);
        self.out.blank();
    }

    fn writes_nothing(&self, item: &Struct) -> bool {
        item.fields.iter().all(|field| {
            matches!(
                field.kind,
                FieldKind::Nothing | FieldKind::Value(Type::Scalar(Scalar::True { bare: true }))
            )
        })
    }

    fn write_fields(&mut self, item: &Struct) {
        let nats = Nats::for_write(item);
        if let Some(pattern) = nats.pattern() {
            self.out.line(&["let [", &pattern, "] = nats;"]);
        }
        self.checks(item, &nats);
        for (index, field) in item.fields.iter().enumerate() {
            match &field.kind {
                FieldKind::Flags => self.flags(item, index),
                FieldKind::Count(of) => {
                    let name = &item.fields[*of].name;
                    self.out.line(&["w.count(self.", name, ".len());"]);
                }
                FieldKind::Flag | FieldKind::Nothing => {}
                FieldKind::Value(ty) => self.write_field(item, field, ty, &nats),
            }
        }
        for (index, field) in item.fields.iter().enumerate() {
            if is_collected(item, index) {
                self.out.line(&["w.set_flags(", &field.name, ");"]);
            }
        }
    }

    fn write_field(&mut self, item: &Struct, field: &Field, ty: &Type, nats: &Nats<'_>) {
        let name = &field.name;
        let Some(Condition { mask, bit }) = field.condition else {
            let place = Place {
                path: text!["self.", name],
                is_reference: false,
            };
            self.write_value(ty, &place, nats, ";");
            return;
        };
        // The bit is set where the value is found to be there.
        let flags = match mask {
            Nat::Field(index) if is_collected(item, index) => Some(&item.fields[index].name),
            _ => None,
        };
        let bit = bit.to_string();
        match (alone(ty), flags) {
            (Alone::Read, None) => self.out.line(&["w = w.put_optional(&self.", name, ");"]),
            (Alone::ReadBare, None) => {
                self.out
                    .line(&["w = w.put_optional_bare(&self.", name, ");"]);
            }
            (Alone::Read, Some(flags)) => {
                let args = [&text!["&mut ", flags], &bit, &text!["&self.", name]];
                self.out
                    .call("w = w.put_flagged", &args.map(String::as_str), ";");
            }
            (Alone::ReadBare, Some(flags)) => {
                let args = [&text!["&mut ", flags], &bit, &text!["&self.", name]];
                self.out
                    .call("w = w.put_flagged_bare", &args.map(String::as_str), ";");
            }
            (Alone::No, flags) => {
                self.out.open(&["if let Some(", name, ") = &self.", name]);
                if let Some(flags) = flags {
                    self.out.line(&[flags, ".set(", &bit, ");"]);
                }
                let place = Place {
                    path: name.clone(),
                    is_reference: true,
                };
                self.write_value(ty, &place, nats, ";");
                self.out.close();
            }
        }
    }

    /// A statement that writes the value.
    fn write_value(&mut self, ty: &Type, place: &Place, nats: &Nats<'_>, end: &str) {
        let borrowed = self.style.borrowed;
        match ty {
            Type::Scalar(scalar) => {
                let text = write_scalar(*scalar, place, borrowed);
                if !text.is_empty() {
                    self.out.line(&[&text, end]);
                }
            }
            Type::Vector { element, bare } => {
                let boxed = if *bare {
                    "w = w.put_"
                } else {
                    "w = w.put_boxed_"
                };
                match alone(element) {
                    Alone::Read => {
                        self.out
                            .line(&[boxed, "vector(", &place.slice(borrowed), ")", end]);
                    }
                    Alone::ReadBare => {
                        let name = "vector_of_bare(";
                        self.out
                            .line(&[boxed, name, &place.slice(borrowed), ")", end]);
                    }
                    Alone::No => {
                        let function = text![boxed, "vector_with"];
                        self.write_each(&function, element, place, nats, end);
                    }
                }
            }
            Type::Repeat { element, .. } => match alone(element) {
                Alone::Read => {
                    self.out
                        .line(&["w = w.put_repeat(", &place.slice(borrowed), ")", end]);
                }
                _ => self.write_each("w = w.put_repeat_with", element, place, nats, end),
            },
            Type::Array { element, .. } => {
                let slice = Place {
                    path: place.reference(),
                    is_reference: true,
                };
                match alone(element) {
                    Alone::Read => self.out.line(&["w = w.put_repeat(", &slice.path, ")", end]),
                    _ => self.write_each("w = w.put_repeat_with", element, &slice, nats, end),
                }
            }
            Type::Named(named) => {
                let text = write_named(named, &place.reference(), nats);
                self.out.line(&[&text, end]);
            }
            Type::Indirect(inner) => match &**inner {
                Type::Named(named) if !named.nats.is_empty() => {
                    let text = write_named(named, &place.pointee(borrowed), nats);
                    self.out.line(&[&text, end]);
                }
                Type::Named(named) => {
                    let text = write_named(named, &place.reference(), nats);
                    self.out.line(&[&text, end]);
                }
                other => self.write_value(other, place, nats, end),
            },
            Type::Variable(_) | Type::OutputOf(_) | Type::WithoutId(_) => {
                self.out.line(&["w = w.put(", &place.reference(), ")", end]);
            }
            Type::WithId(_) => self
                .out
                .line(&["w = w.put_boxed(", &place.reference(), ")", end]),
        }
    }

    /// A statement that writes what a function answers.
    pub(super) fn write_answer(&mut self, output: &Type, nats: &Nats<'_>) {
        let place = Place {
            path: "answer".to_owned(),
            is_reference: true,
        };
        self.write_value(output, &place, nats, ";");
    }

    fn write_each(
        &mut self,
        function: &str,
        element: &Type,
        place: &Place,
        nats: &Nats<'_>,
        end: &str,
    ) {
        let slice = place.slice(self.style.borrowed);
        self.out
            .begin(&[function, "(", &slice, ", |value, mut w|"], " {");
        let value = Place {
            path: "value".to_owned(),
            is_reference: true,
        };
        self.write_value(element, &value, nats, ";");
        self.out.line(&["w"]);
        self.out.dedent();
        self.out.line(&["})", end]);
    }

    /// The flags: bits that stand for no value are known, the others are collected.
    fn flags(&mut self, item: &Struct, index: usize) {
        let mut bits: Vec<(u8, String)> = Vec::new();
        for field in guarded(item, Nat::Field(index)) {
            let Some(condition) = field.condition else {
                continue;
            };
            if matches!(field.kind, FieldKind::Flag)
                && !bits.iter().any(|&(bit, _)| bit == condition.bit)
            {
                let is_there = is_there(field);
                let text = match condition.bit {
                    0 => text![is_there, " as u32"],
                    bit => text!["(", is_there, " as u32) << ", bit.to_string()],
                };
                bits.push((condition.bit, text));
            }
        }
        let mut bits: Vec<String> = bits.into_iter().map(|(_, text)| text).collect();
        if bits.is_empty() {
            bits.push("0".to_owned());
        }
        let name = &item.fields[index].name;
        let before = match is_collected(item, index) {
            true => text!["let mut ", name, " = w.flags"],
            false => "w.nat".to_owned(),
        };
        let one_line = bits.join(" | ");
        if self.out.fits(before.len() + one_line.len() + 3) {
            self.out.line(&[&before, "(", &one_line, ");"]);
            return;
        }
        self.out.begin(&[&before], "(");
        if self.out.fits(one_line.len() + 1) {
            self.out.line(&[&one_line, ","]);
            self.out.end(");");
            return;
        }
        for (index, bit) in bits.iter().enumerate() {
            let end = if index + 1 == bits.len() { "," } else { "" };
            match index {
                0 => self.out.line(&[bit, end]),
                _ => self.out.line(&["    | ", bit, end]),
            }
        }
        self.out.end(");");
    }

    /// What has to be consistent before anything is written.
    fn checks(&mut self, item: &Struct, nats: &Nats<'_>) {
        for (index, field) in item.fields.iter().enumerate() {
            if matches!(field.kind, FieldKind::Flags) {
                self.check_flags(item, index);
            }
        }
        for field in &item.fields {
            self.check_field(item, field, nats);
        }
    }

    /// A bit that guards several fields: all must be as the first.
    fn check_flags(&mut self, item: &Struct, index: usize) {
        let mut firsts: Vec<(u8, &Field)> = Vec::new();
        for field in guarded(item, Nat::Field(index)) {
            let Some(Condition { bit, .. }) = field.condition else {
                continue;
            };
            match firsts.iter().find(|&&(of, _)| of == bit) {
                None => firsts.push((bit, field)),
                Some((_, first)) => {
                    let consistent = text![is_there(first), " == ", is_there(field)];
                    let constructor = text!["\"", item.schema_name, "\""];
                    let flag = format!("\"{}.{bit}\"", item.fields[index].schema_name);
                    self.out
                        .call("w.check_flag", &[&consistent, &constructor, &flag], ";");
                }
            }
        }
    }

    /// A field that depends on a number that a program sets, or that comes from outside.
    fn check_field(&mut self, item: &Struct, field: &Field, nats: &Nats<'_>) {
        let constructor = format!("\"{}\"", item.schema_name);
        let name = format!("\"{}\"", field.schema_name);
        if let Some(condition) = field.condition
            && !is_flags(item, condition.mask)
        {
            let bit = nats.bit(condition);
            let agrees = format!("{} == ({bit} != 0)", is_there(field));
            self.out
                .call("w.check_nat", &[&agrees, &constructor, &name], ";");
        }
        let FieldKind::Value(Type::Repeat { count, .. }) = &field.kind else {
            return;
        };
        let wanted = match count.base {
            Some(Nat::Field(index)) => match &item.fields[index].kind {
                FieldKind::Count(of) if std::ptr::eq(&item.fields[*of], field) => return,
                FieldKind::Count(of) => format!("self.{}.len()", item.fields[*of].name),
                _ => format!("{} as usize", nats.sum(count)),
            },
            _ => format!("{} as usize", nats.sum(count)),
        };
        let agrees = match field.condition {
            None => format!("self.{}.len() == {wanted}", field.name),
            Some(_) => {
                format!(
                    "self.{}.as_ref().is_none_or(|v| v.len() == {wanted})",
                    field.name
                )
            }
        };
        self.out
            .call("w.check_nat", &[&agrees, &constructor, &name], ";");
    }
}

/// Where a value is while it is written.
struct Place {
    path: String,
    is_reference: bool,
}

impl Place {
    fn value(&self) -> String {
        if self.is_reference {
            text!["*", self.path]
        } else {
            self.path.clone()
        }
    }

    fn reference(&self) -> String {
        if self.is_reference {
            self.path.clone()
        } else {
            text!["&", self.path]
        }
    }

    /// As a slice or text: what borrows is one already.
    fn slice(&self, borrowed: bool) -> String {
        if borrowed && !self.is_reference {
            self.path.clone()
        } else {
            self.reference()
        }
    }

    /// What a box or reference leads to, as a reference.
    fn pointee(&self, borrowed: bool) -> String {
        match (borrowed, self.is_reference) {
            (true, true) => text!["*", self.path],
            (true, false) => self.path.clone(),
            (false, true) => text!["&**", self.path],
            (false, false) => text!["&*", self.path],
        }
    }
}

fn write_scalar(scalar: Scalar, place: &Place, borrowed: bool) -> String {
    let by_value = |method: &str| text!["w.", method, "(", place.value(), ")"];
    match scalar {
        Scalar::Int => by_value("int"),
        Scalar::Long => by_value("long"),
        Scalar::Double => by_value("double"),
        Scalar::Float => by_value("float"),
        Scalar::Nat => by_value("nat"),
        Scalar::Bool => by_value("bool"),
        Scalar::Int128 | Scalar::Int256 | Scalar::Int512 => {
            text!["w.raw(", place.reference(), ")"]
        }
        Scalar::String => text!["w.string(", place.slice(borrowed), ")"],
        Scalar::Bytes => text!["w.bytes(", place.slice(borrowed), ")"],
        Scalar::True { bare: true } => String::new(),
        Scalar::True { bare: false } | Scalar::Object => {
            text!["w = w.put(", place.reference(), ")"]
        }
    }
}

fn write_named(named: &Named, reference: &str, nats: &Nats<'_>) -> String {
    let bare = if named.bare { "_bare" } else { "" };
    if named.nats.is_empty() {
        return text!["w = w.put", bare, "(", reference, ")"];
    }
    format!(
        "w = w.put{bare}_with({reference}, {})",
        nats.array(&named.nats)
    )
}

/// The fields that depend on bits of a number.
fn guarded(item: &Struct, mask: Nat) -> impl Iterator<Item = &Field> {
    item.fields.iter().filter(move |field| {
        field
            .condition
            .is_some_and(|condition| condition.mask == mask)
    })
}

fn is_there(field: &Field) -> String {
    match field.kind {
        FieldKind::Flag => text!["self.", field.name],
        _ => text!["self.", field.name, ".is_some()"],
    }
}

/// Whether bits of these flags are set while the values are written that they stand for.
fn is_collected(item: &Struct, index: usize) -> bool {
    matches!(item.fields[index].kind, FieldKind::Flags)
        && guarded(item, Nat::Field(index)).any(|field| matches!(field.kind, FieldKind::Value(_)))
}

fn is_flags(item: &Struct, nat: Nat) -> bool {
    matches!(nat, Nat::Field(index) if matches!(item.fields[index].kind, FieldKind::Flags))
}
