//! Definitions, and how values are made.

use super::Emitter;
use super::nats::Nats;
use super::out::STRUCT_WIDTH;
use crate::model::{Enum, Field, FieldKind, Struct, Type};

impl Emitter<'_> {
    pub(super) fn structure(&mut self, item: &Struct) {
        let has_row = self.rows.has(&item.path);
        self.docs(&item.docs);
        self.derives(&item.traits, &item.path);
        if has_row {
            self.out.line(&["#[repr(C)]"]);
        }
        self.attributes(&item.attributes);
        let generics = item.generics.declared();
        let visible = item.fields.iter().filter(|field| field.is_visible());
        if visible.clone().next().is_none() {
            self.out
                .line(&["pub struct ", &item.name, &generics, " {}"]);
        } else {
            self.out.open(&["pub struct ", &item.name, &generics]);
            for field in visible {
                self.out.doc(&field.docs);
                self.attributes(&field.attributes);
                let ty = self.field_type(field);
                if self.out.fits(field.name.len() + ty.len() + 7) {
                    self.out.line(&["pub ", &field.name, ": ", &ty, ","]);
                } else {
                    self.out.begin(&["pub ", &field.name], ":");
                    self.out.line(&[&ty, ","]);
                    self.out.dedent();
                }
            }
            self.out.close();
        }
        self.out.blank();
        self.constructor(item);
        self.identity(item);
        if has_row && item.table {
            return;
        }
        if item.codec.read {
            self.out.blank();
            self.read_struct(item);
        }
        if item.codec.write {
            self.out.blank();
            self.write_struct(item);
        }
    }

    pub(super) fn enumeration(&mut self, item: &Enum) {
        let has_row = self.rows.has(&item.path);
        self.docs(&item.docs);
        self.derives(&item.traits, &item.path);
        if has_row {
            self.out
                .line(&["#[", super::table::representation(item), "]"]);
        }
        self.attributes(&item.attributes);
        self.out
            .open(&["pub enum ", &item.name, &item.generics.declared()]);
        for variant in &item.variants {
            self.docs(&variant.docs);
            match &variant.payload {
                None => self.out.line(&[&variant.name, ","]),
                Some(ty) => {
                    let ty = self.style.type_text(ty);
                    if self.out.fits(variant.name.len() + ty.len() + 3) {
                        self.out.line(&[&variant.name, "(", &ty, "),"]);
                    } else {
                        self.out.begin(&[&variant.name], "(");
                        self.out.line(&[&ty, ","]);
                        self.out.end("),");
                    }
                }
            }
        }
        self.out.close();
        if let Some(path) = self.style.owned_path(&item.path) {
            let generics = item.generics.declared();
            let applied = item.generics.applied("'a");
            self.out.blank();
            self.out
                .open(&["impl", &generics, " ", &item.name, &applied]);
            self.method_to_owned(&item.generics, &path);
            self.out.close();
            if !has_row {
                self.own_enum(item, &path);
            }
        }
        self.conversions(item);
        if has_row && item.table {
            return;
        }
        if item.codec.read {
            self.out.blank();
            self.read_enum(item);
        }
        if item.codec.write {
            self.out.blank();
            self.write_enum(item);
        }
    }

    /// The type of a field as Rust has it.
    fn field_type(&self, field: &Field) -> String {
        let ty = match &field.kind {
            FieldKind::Value(ty) => self.style.type_text(ty),
            _ => return "bool".to_owned(),
        };
        match field.condition {
            Some(_) => text!["Option<", ty, ">"],
            None => ty,
        }
    }

    /// `new`, with the fields that are always there.
    fn constructor(&mut self, item: &Struct) {
        let generics = item.generics.declared();
        let applied = item.generics.applied("'a");
        self.out
            .open(&["impl", &generics, " ", &item.name, &applied]);
        let visible: Vec<&Field> = item.fields.iter().filter(|f| f.is_visible()).collect();
        let required = visible.iter().filter(|field| is_required(field));
        let parameters: Vec<String> = required
            .map(|field| {
                let ty = match &field.kind {
                    // A box is made here; a reference can't be.
                    FieldKind::Value(Type::Indirect(ty)) if !self.style.borrowed => {
                        self.style.type_text(ty)
                    }
                    _ => self.field_type(field),
                };
                text![field.name, ": ", ty]
            })
            .collect();
        // Machine code of it, and of whatever it drops when a box can't be made, is left to who calls it.
        self.out.line(&["#[inline]"]);
        let one_line = text!["pub fn new(", parameters.join(", "), ") -> Self"];
        if self.out.fits(one_line.len() + 2) {
            self.out.open(&[&one_line]);
        } else {
            self.out.begin(&["pub fn new"], "(");
            for parameter in &parameters {
                self.out.line(&[parameter, ","]);
            }
            self.out.dedent();
            self.out.open(&[") -> Self"]);
        }
        let values: Vec<[String; 1]> = visible
            .iter()
            .map(|field| [self.initial_value(field)])
            .collect();
        self.struct_expression("", "Self", &values, "");
        self.out.close();
        let owned_path = self.style.owned_path(&item.path);
        if let Some(path) = &owned_path {
            self.out.blank();
            self.method_to_owned(&item.generics, path);
        }
        self.out.close();
        if let Some(path) = &owned_path
            && !self.rows.has(&item.path)
        {
            self.own_struct(item, path);
        }
    }

    fn initial_value(&self, field: &Field) -> String {
        let name = &field.name;
        match (&field.kind, is_required(field)) {
            (FieldKind::Value(Type::Indirect(_)), true) if !self.style.borrowed => {
                text![name, ": Box::new(", name, ")"]
            }
            (_, true) => name.clone(),
            (FieldKind::Flag, _) => text![name, ": false"],
            _ => text![name, ": None"],
        }
    }

    /// `Self { a, b }`, on one line if that is short. Every field has one or more lines.
    pub(super) fn struct_expression(
        &mut self,
        before: &str,
        path: &str,
        fields: &[impl AsRef<[String]>],
        end: &str,
    ) {
        let lines = || fields.iter().flat_map(AsRef::as_ref);
        let len = lines().map(|line| line.len() + 2).sum::<usize>();
        let one_line = || lines().map(String::as_str).collect::<Vec<_>>().join(", ");
        if fields.is_empty() {
            self.out.line(&[before, path, " {}", end]);
        } else if len <= STRUCT_WIDTH + 2 && fields.iter().all(|lines| lines.as_ref().len() == 1) {
            self.out
                .line(&[before, path, " { ", &one_line(), " }", end]);
        } else {
            self.out.open(&[before, path]);
            for lines in fields {
                let lines = lines.as_ref();
                for (index, line) in lines.iter().enumerate() {
                    let comma = if index + 1 == lines.len() { "," } else { "" };
                    self.out.line(&[line, comma]);
                }
            }
            self.out.dedent();
            self.out.line(&["}", end]);
        }
    }

    fn identity(&mut self, item: &Struct) {
        let Some(identity) = item
            .identity
            .as_ref()
            .filter(|identity| !identity.is_default)
        else {
            return;
        };
        self.out.blank();
        let generics = item.generics.for_impl("");
        let applied = item.generics.applied("'_");
        self.out.open(&[
            "impl",
            &generics,
            " tl::Identified for ",
            &item.name,
            &applied,
        ]);
        self.out.line(&["const ID: u32 = ", &hex(identity.id), ";"]);
        self.out
            .constant("NAME", "&'static str", &text!["\"", item.schema_name, "\""]);
        self.out.close();
        let Some(output) = &item.output else {
            return;
        };
        self.out.blank();
        match output.depends_on_numbers() {
            true => self.answer(item, output),
            false => self.function(item, output),
        }
    }

    /// A function whose answer can only be read and written by who knows the numbers that it asked
    /// with.
    fn answer(&mut self, item: &Struct, output: &Type) {
        let generics = item.generics.for_impl("");
        let generics = match item.generics.lifetime {
            true => item.generics.declared(),
            false => generics,
        };
        let applied = item.generics.applied("'a");
        let nats = Nats::for_write(item);
        let lifetime = if item.generics.lifetime { "" } else { "<'a>" };
        self.out
            .open(&["impl", &generics, " ", &item.name, &applied]);
        self.out
            .line(&["/// Reads what the function answers, which depends on its numbers."]);
        let signature = format!("pub fn read_answer{lifetime}");
        let output_type = self.style.type_text(output);
        self.out.begin(&[&signature], "(");
        self.out.line(&["&self,"]);
        self.out.line(&["r: &mut tl::Reader<'a>,"]);
        self.out.dedent();
        self.out.open(&[") -> tl::ReadResult<", &output_type, ">"]);
        let value = self.read_value(output, &nats).result();
        self.out.line(&[&value]);
        self.out.close();
        self.out.blank();
        self.out
            .line(&["/// Appends an answer to some bytes; nothing if it can't be written."]);
        self.out.begin(&["pub fn write_answer"], "(");
        self.out.line(&["&self,"]);
        let output_type = output_type.replace("'a", "'_");
        self.out.line(&["answer: &", &output_type, ","]);
        self.out.line(&["bytes: &mut Vec<u8>,"]);
        self.out.dedent();
        self.out
            .open(&[") -> ::core::result::Result<(), tl::WriteError>"]);
        self.out.open(&["tl::private::put_to(bytes, |mut w|"]);
        self.write_answer(output, &nats);
        self.out.line(&["w"]);
        self.out.dedent();
        self.out.line(&["})"]);
        self.out.close();
        self.out.close();
    }

    fn function(&mut self, item: &Struct, output: &Type) {
        let (name, lifetime) = match self.style.borrowed {
            true => ("BorrowedFunction", "<'a>"),
            false => ("Function", ""),
        };
        let bounds: Vec<String> = item
            .generics
            .types
            .iter()
            .map(|ty| match ty.is_function {
                true => format!("{}: tl::{name}", ty.name),
                false => ty.name.clone(),
            })
            .collect();
        let generics = match bounds.is_empty() {
            true => String::new(),
            false => format!("<{}>", bounds.join(", ")),
        };
        let applied = item.generics.applied("'_");
        self.out.open(&[
            "impl", &generics, " tl::", name, " for ", &item.name, &applied,
        ]);
        let output = self.style.type_text_alone(output);
        self.out
            .line(&["type Output", lifetime, " = ", &output, ";"]);
        self.out.close();
    }
}

/// Whether the field is always there.
pub(super) fn is_required(field: &Field) -> bool {
    field.condition.is_none()
}

/// An id as Rust and people write it.
pub(super) fn hex(id: u32) -> String {
    let mut text = String::with_capacity(10);
    text.push_str("0x");
    super::push_hex(&mut text, id);
    text
}
