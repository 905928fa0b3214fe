//! Views as bytes.

use super::build::id_of_leaf;
use super::rows::{Form, MAX_NATS};
use super::view::{Content, Placed, Sequence, Sort, Value, View};
use crate::{TlWrite, Writer, outline};

/// Writes a value as it stands alone, or without its id.
pub(crate) fn write(w: &mut Writer<'_>, view: View<'_>, bare: bool) {
    match view.sort() {
        Sort::Struct { id, shared } => {
            if let (false, Some(id)) = (bare, id) {
                w.id(id);
            }
            structure(w, view, shared);
        }
        Sort::Enum {
            variant, payload, ..
        } => {
            w.id(variant.id);
            if let Some(payload) = payload {
                value(w, payload);
            }
        }
        Sort::Foreign(foreign) => foreign.write(w, bare),
    }
}

fn structure(w: &mut Writer<'_>, view: View<'_>, shared: &'static [&'static str]) {
    let fields = view.fields();
    let mut words = [0_u32; MAX_NATS];
    if fields.iter().any(|field| field.condition().is_some()) {
        for (index, field) in fields.iter().enumerate() {
            let Some((mask, bit)) = field.condition() else {
                continue;
            };
            words[mask % MAX_NATS] |= u32::from(is_there(view, index)) << bit;
        }
        if !shared.is_empty() {
            check_shared(w, view, shared);
        }
    }
    let mut nats = 0;
    for (index, field) in fields.iter().enumerate() {
        match (field.form(), view.content(index)) {
            (Form::Flags, _) => w.nat(words[nats % MAX_NATS]),
            (_, Content::Value(Some(placed))) => value(w, placed),
            _ => {}
        }
        nats += usize::from(view.tables.is_nat(*field));
    }
}

fn is_there(view: View<'_>, index: usize) -> bool {
    match view.content(index) {
        Content::Flag(set) => set,
        Content::Value(value) => value.is_some(),
        Content::Flags => false,
    }
}

/// Fields that share a bit must be there all or none: each as the first of them.
fn check_shared(w: &mut Writer<'_>, view: View<'_>, shared: &'static [&'static str]) {
    let fields = view.fields();
    for wanted in 0..MAX_NATS {
        for (index, field) in fields.iter().enumerate() {
            let Some((mask, bit)) = field.condition().filter(|&(mask, _)| mask == wanted) else {
                continue;
            };
            let first = fields
                .iter()
                .position(|other| other.condition() == field.condition());
            if first.is_some_and(|first| is_there(view, first) == is_there(view, index)) {
                continue;
            }
            let name = outline::nat(view.ty.name, mask).unwrap_or_default();
            let is_it = |flag: &&&'static str| {
                flag.split_once('.').is_some_and(|(flags, number)| {
                    flags == name && number.parse::<u32>().is_ok_and(|number| number == bit)
                })
            };
            let flag = shared.iter().find(is_it).copied().unwrap_or(name);
            w.check_flag(false, outline::constructor(view.ty.name), flag);
        }
    }
}

pub(crate) fn value(w: &mut Writer<'_>, placed: Placed<'_>) {
    match placed.get() {
        Value::Int(value) => w.int(value),
        Value::Long(value) => w.long(value),
        Value::Double(value) => w.double(value),
        Value::Float(value) => w.float(value),
        Value::Nat(value) => w.nat(value),
        Value::Bool(value) => w.bool(value),
        Value::Fixed(bytes) | Value::Object(bytes) => w.raw(bytes),
        Value::String(text) => w.string(text),
        Value::Bytes(bytes) => w.bytes(bytes),
        Value::True if placed.shape.bare => {}
        Value::True => ().write(w),
        Value::WithId(inner) => {
            w.id(id_of_leaf(inner.shape.kind).0);
            value(w, inner);
        }
        Value::Named(view) => write(w, view, bare(placed)),
        Value::Sequence(elements) => sequence(w, placed, elements),
    }
}

/// Whether a value of a type stands without its id: a box says nothing of it, what is in it does.
pub(crate) fn bare(placed: Placed<'_>) -> bool {
    placed.innermost().bare
}

fn sequence(w: &mut Writer<'_>, placed: Placed<'_>, elements: Sequence<'_>) {
    let shape = placed.innermost();
    if shape.is_vector() {
        if !shape.bare {
            w.vector_id();
        }
        w.count(elements.len());
    }
    if let Some(ints) = elements.ints() {
        w.repeat(ints);
    } else if let Some(longs) = elements.longs() {
        w.repeat(longs);
    } else if let Some(doubles) = elements.doubles() {
        w.repeat(doubles);
    } else {
        elements.iter().for_each(|element| value(w, element));
    }
}
