//! Views as text, and views compared.

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

/// As `derive(PartialEq)` would.
pub(super) fn eq(a: View<'_>, b: View<'_>) -> bool {
    match (a.sort(), b.sort()) {
        (Sort::Struct { .. }, Sort::Struct { .. }) => {
            (0..a.fields().len()).all(|index| match (a.content(index), b.content(index)) {
                (Content::Flags, Content::Flags) => true,
                (Content::Flag(a), Content::Flag(b)) => a == b,
                (Content::Value(a), Content::Value(b)) => match (a, b) {
                    (Some(a), Some(b)) => eq_placed(a, b),
                    (a, b) => a.is_none() && b.is_none(),
                },
                _ => false,
            })
        }
        (
            Sort::Enum { index, payload, .. },
            Sort::Enum {
                index: other_index,
                payload: other,
                ..
            },
        ) => {
            index == other_index
                && match (payload, other) {
                    (Some(a), Some(b)) => eq_placed(a, b),
                    (a, b) => a.is_none() && b.is_none(),
                }
        }
        (Sort::Foreign(a), Sort::Foreign(b)) => a.eq(b),
        _ => false,
    }
}

fn eq_placed(a: Placed<'_>, b: Placed<'_>) -> bool {
    match (a.get(), b.get()) {
        (Value::Int(a), Value::Int(b)) => a == b,
        (Value::Long(a), Value::Long(b)) => a == b,
        (Value::Double(a), Value::Double(b)) => a == b,
        (Value::Float(a), Value::Float(b)) => a == b,
        (Value::Nat(a), Value::Nat(b)) => a == b,
        (Value::Bool(a), Value::Bool(b)) => a == b,
        (Value::Fixed(a), Value::Fixed(b))
        | (Value::Bytes(a), Value::Bytes(b))
        | (Value::Object(a), Value::Object(b)) => a == b,
        (Value::String(a), Value::String(b)) => a == b,
        (Value::True, Value::True) => true,
        (Value::WithId(a), Value::WithId(b)) => eq_placed(a, b),
        (Value::Named(a), Value::Named(b)) => eq(a, b),
        (Value::Sequence(a), Value::Sequence(b)) => {
            a.len() == b.len() && a.iter().zip(b.iter()).all(|(a, b)| eq_placed(a, b))
        }
        _ => false,
    }
}
