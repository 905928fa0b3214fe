//! Views as text.

use core::fmt;

use super::view::{Content, Placed, Sort, Value, View};

/// As `derive(Debug)` would.
pub(super) fn debug(view: View<'_>, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    match view.sort() {
        Sort::Struct { .. } => structure(view, f),
        Sort::Enum {
            variant, payload, ..
        } => match payload {
            None => f.write_str(variant.name),
            Some(payload) => f.debug_tuple(variant.name).field(&Shown(payload)).finish(),
        },
        Sort::Foreign(foreign) => foreign.debug(f),
    }
}

fn structure(view: View<'_>, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    let mut names = view.ty.rust_name.split(' ');
    let mut shown = f.debug_struct(names.next().unwrap_or_default());
    for index in 0..view.fields().len() {
        match view.content(index) {
            Content::Flags => {}
            Content::Flag(set) => {
                shown.field(names.next().unwrap_or_default(), &set);
            }
            Content::Value(value) => {
                let name = names.next().unwrap_or_default();
                match value {
                    Some(value) if view.fields()[index].condition().is_none() => {
                        shown.field(name, &Shown(value));
                    }
                    value => {
                        shown.field(name, &value.map(Shown));
                    }
                }
            }
        }
    }
    shown.finish()
}

struct Shown<'v>(Placed<'v>);

impl fmt::Debug for Shown<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0.get() {
            Value::Int(value) => value.fmt(f),
            Value::Long(value) => value.fmt(f),
            Value::Double(value) => value.fmt(f),
            Value::Float(value) => value.fmt(f),
            Value::Nat(value) => value.fmt(f),
            Value::Bool(value) => value.fmt(f),
            Value::Fixed(bytes) | Value::Bytes(bytes) => bytes.fmt(f),
            Value::String(text) => text.fmt(f),
            Value::Object(bytes) => {
                let name = match self.0.tables.is_borrowed() {
                    true => "ObjectRef",
                    false => "Object",
                };
                f.debug_tuple(name).field(&bytes).finish()
            }
            Value::True => ().fmt(f),
            Value::WithId(inner) => Self(inner).fmt(f),
            Value::Named(view) => debug(view, f),
            Value::Sequence(elements) => {
                f.debug_list().entries(elements.iter().map(Shown)).finish()
            }
        }
    }
}
