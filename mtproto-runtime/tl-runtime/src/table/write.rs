//! Views as bytes.

use super::rows::{Form, MAX_NATS, id_of_leaf};
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
    let mut words = [0_u32; MAX_NATS];
    let mut missing = [0_u32; MAX_NATS];
    for each in view.each() {
        if let Some((mask, bit)) = each.field.condition() {
            let word = match each.is_there() {
                true => &mut words,
                false => &mut missing,
            };
            word[mask % MAX_NATS] |= 1 << bit;
        }
    }
    if words
        .iter()
        .zip(&missing)
        .any(|(word, missing)| word & missing != 0)
    {
        check_shared(w, view, shared);
    }
    let mut nats = 0;
    for each in view.each() {
        let field = each.field;
        let is_set = field
            .condition()
            .is_none_or(|(mask, bit)| words[mask % MAX_NATS] >> bit & 1 == 1);
        match field.form() {
            Form::Flags => {
                w.nat(words[nats % MAX_NATS]);
                nats += 1;
            }
            Form::Flag => {}
            Form::Value(shape) => {
                // It has its number among the `#` whether it is there or not.
                nats += usize::from(view.tables.shape(shape).is_nat());
                if is_set && let Content::Value(Some(placed)) = each.content() {
                    value(w, placed);
                }
            }
        }
    }
}

/// Fields that share a bit must be there all or none: each as the first of them. Says which are not.
#[cold]
fn check_shared(w: &mut Writer<'_>, view: View<'_>, shared: &'static [&'static str]) {
    for wanted in 0..MAX_NATS {
        for each in view.each() {
            let condition = each.field.condition();
            let Some((mask, bit)) = condition.filter(|&(mask, _)| mask == wanted) else {
                continue;
            };
            let first = view
                .each()
                .find(|other| other.field.condition() == condition);
            if first.is_some_and(|first| first.is_there() == each.is_there()) {
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
