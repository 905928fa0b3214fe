//! What stands on the wire, in its order: where the word of a schema and that of the attributes
//! meet, and what is lowered from.

use crate::attr::{Form, Id};
use crate::check;
use crate::input::{Body, Field};
use crate::ty;

/// One constructor or function, or the fields of a type without an id.
pub(crate) struct Layout {
    /// The full name, as errors at run time say it.
    pub(crate) name: String,
    pub(crate) id: Option<u32>,
    pub(crate) slots: Vec<Slot>,
    /// What the types of fields must be, as far as their tokens do not tell.
    pub(crate) kin: Vec<Kin>,
}

/// A type of the author's own: if it has an id, then one of these.
pub(crate) struct Kin {
    pub(crate) ty: syn::Type,
    /// The TL type that it stands for.
    pub(crate) wanted: String,
    pub(crate) ids: Vec<u32>,
}

/// A parameter of the declaration.
pub(crate) struct Slot {
    /// Its name, as errors at run time say it.
    pub(crate) name: String,
    /// Which field of the body it is; `None` for a flags field that the Rust type does without.
    pub(crate) field: Option<usize>,
    pub(crate) condition: Option<Condition>,
    pub(crate) wire: Wire,
}

/// The value is there if a bit of an earlier slot is set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Condition {
    /// The position of the flags field among the slots.
    pub(crate) mask: usize,
    pub(crate) bit: u8,
}

/// How a slot is read and written.
pub(crate) enum Wire {
    /// Flags: computed from what is there, and these bits.
    Flags { fixed: u32 },
    /// No bytes: the flag bit is the value.
    True,
    /// A value.
    Value(Value),
    /// By functions; a direction without one is that of the type.
    With {
        read: Option<syn::Path>,
        write: Option<syn::Path>,
        min_size: u32,
    },
}

/// How a type stands on the wire.
#[derive(Debug, PartialEq, Eq)]
#[cfg_attr(
    not(feature = "schema"),
    expect(dead_code, reason = "only schemas speak of elements")
)]
pub(crate) enum Value {
    /// As its traits have it where it stands alone.
    Alone,
    /// As its traits have it without an id.
    Bare,
    /// Its id, and then as without one.
    Boxed,
    /// `Vector` or `vector` of such elements.
    Vector { boxed: bool, element: Box<Value> },
}

#[cfg(feature = "schema")]
impl Value {
    /// Whether this is how the type stands alone.
    pub(crate) fn is_alone(&self) -> bool {
        match self {
            Self::Alone => true,
            Self::Bare | Self::Boxed => false,
            Self::Vector { boxed, element } => *boxed && element.is_alone(),
        }
    }
}

/// The layout that the attributes alone describe. They have been checked.
pub(crate) fn of_attributes(name: String, id: Option<&Id>, body: &Body<'_>) -> Layout {
    // Skipped fields have no slot.
    let mut slot_of = vec![None; body.fields.len()];
    let mut slots = Vec::new();
    for (index, field) in body.fields.iter().enumerate() {
        if field.attrs.skip.is_some() {
            continue;
        }
        slot_of[index] = Some(slots.len());
        let condition = check::guard_of(body, field)
            .zip(field.attrs.flags_bit.as_ref())
            .and_then(|(flags, bit)| {
                Some(Condition {
                    mask: slot_of[flags]?,
                    bit: u8::try_from(bit.value.bit).ok()?,
                })
            });
        slots.push(Slot {
            name: own_name(field),
            field: Some(index),
            condition,
            wire: wire_of_attributes(field, condition.is_some()),
        });
    }
    Layout {
        name,
        id: match id {
            Some(Id::Number(id, _)) => Some(*id),
            _ => None,
        },
        slots,
        kin: Vec::new(),
    }
}

/// The name of a field on the wire: the given one, else Rust's.
pub(crate) fn own_name(field: &Field<'_>) -> String {
    match &field.attrs.name {
        Some(name) => name.value.value(),
        None => field.name(),
    }
}

fn wire_of_attributes(field: &Field<'_>, conditional: bool) -> Wire {
    let attrs = &field.attrs;
    if attrs.flags.is_some() {
        return flags(field);
    }
    if let Some(with) = with(field) {
        return with;
    }
    if conditional && ty::is_named(&field.original.ty, "bool") {
        return Wire::True;
    }
    Wire::Value(match attrs.form.as_ref().map(|form| form.value) {
        None => Value::Alone,
        Some(Form::Bare) => Value::Bare,
        Some(Form::Boxed) => boxed(ty::option(&field.original.ty).unwrap_or(&field.original.ty)),
    })
}

/// A flags field.
pub(crate) fn flags(field: &Field<'_>) -> Wire {
    let fixed = field.attrs.default_flags.as_ref();
    Wire::Flags {
        fixed: fixed.map_or(0, |fixed| fixed.value),
    }
}

/// The functions that a field is read and written by, if it is.
pub(crate) fn with(field: &Field<'_>) -> Option<Wire> {
    let attrs = &field.attrs;
    let of_module = |function: &str| {
        attrs.with.as_ref().map(|module| {
            let mut path = module.value.clone();
            let span = syn::spanned::Spanned::span(&path);
            path.segments.push(syn::Ident::new(function, span).into());
            path
        })
    };
    let given =
        |path: &Option<crate::attr::Attr<syn::Path>>| path.as_ref().map(|path| path.value.clone());
    let read = of_module("read").or_else(|| given(&attrs.read_with));
    let write = of_module("write").or_else(|| given(&attrs.write_with));
    (read.is_some() || write.is_some()).then(|| Wire::With {
        read,
        write,
        min_size: attrs.min_size.as_ref().map_or(0, |size| size.value),
    })
}

/// A vector has its id where it stands alone; of other types their `Identified` tells it.
pub(crate) fn boxed(ty: &syn::Type) -> Value {
    match ty::shape(ty) {
        ty::Shape::List(_) => Value::Alone,
        _ => Value::Boxed,
    }
}
