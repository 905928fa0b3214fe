//! Which types can have a table.

use std::rc::Rc;

use crate::defaults::{self, DEFAULT};
use crate::hash::{Map, Set};
use crate::model::{Codec, Enum, Field, FieldKind, File, Item, Named, Nat, Scalar, Type, Variant};

/// More `#` fields than this, and a struct has code.
const MAX_NATS: usize = 4;

/// The types of a file that have a table.
#[derive(Debug, Default)]
pub(in crate::emit) struct Rows {
    /// By path, the number of the row.
    pub(super) rows: Map<Rc<str>, u16>,
    /// The items of the rows, by their place in the file.
    pub(super) order: Vec<usize>,
    /// Those that are read and written by the table.
    by_table: Set<Rc<str>>,
    /// Those that have their `Default` by the table.
    defaults: Set<Rc<str>>,
}

impl Rows {
    pub(in crate::emit) fn of(file: &File, borrowed: bool) -> Self {
        let mut items = Vec::new();
        file.modules
            .iter()
            .for_each(|module| module.visit(&mut |item| items.push(item)));
        let mut able: Vec<bool> = items.iter().map(|item| is_able(item)).collect();
        // Where nothing is to be read by a table, there is none at all.
        let wanted = items.iter().zip(&able);
        if !wanted
            .into_iter()
            .any(|(item, &able)| able && is_by_table(item))
        {
            return Self::default();
        }
        let places: Places<'_> = items.iter().map(|item| &**item.path()).zip(0..).collect();
        // What falls back to code may take others along.
        loop {
            let mut changed = false;
            for (index, item) in items.iter().enumerate() {
                let mut holds =
                    |named: &Named| can_hold(named, &items, &places, |place| able[place]);
                let still = able[index] && payloads(item).all(|ty| all_named(ty, &mut holds));
                changed |= still != able[index];
                able[index] = still;
            }
            if !changed {
                break;
            }
        }
        // The highest numbers mean other things.
        let order: Vec<usize> = dependencies_first(&items, &places)
            .into_iter()
            .filter(|&index| able[index])
            .take(0xff00)
            .collect();
        let rows: Map<Rc<str>, u16> = (0..)
            .zip(&order)
            .map(|(row, &index)| (Rc::clone(items[index].path()), row))
            .collect();
        let defaults = defaults::able(&items, borrowed, |item| {
            rows.contains_key(item.path()) && item.traits().iter().any(|name| name == DEFAULT)
        });
        let by_table = order.iter().map(|&index| items[index]);
        Self {
            by_table: by_table
                .filter(|item| is_by_table(item))
                .map(|item| Rc::clone(item.path()))
                .collect(),
            rows,
            order,
            defaults,
        }
    }

    /// Whether a trait of a type comes by its table, so that it need not be derived.
    pub(in crate::emit) fn bring(&self, name: &str, path: &str, borrowed: bool) -> bool {
        self.has(path)
            && match name {
                "Debug" | "PartialEq" => true,
                "Clone" => !borrowed,
                // What holds a type with code may be able to, but by what only that can.
                DEFAULT => self.defaults.contains(path),
                _ => false,
            }
    }

    /// Whether a variant of an enum with code had better be left to the enum's row: all that its own code would
    /// do is to ask the interpreter for the payload.
    pub(in crate::emit) fn is_cold(&self, item: &Enum, variant: &Variant) -> bool {
        let payload = variant.payload.as_ref();
        !item.table
            && self.has(&item.path)
            && payload
                .and_then(payload_path)
                .is_some_and(|path| self.by_table.contains(path))
    }

    pub(in crate::emit) fn has(&self, path: &str) -> bool {
        self.rows.contains_key(path)
    }
}

/// Where items are, by their paths.
type Places<'m> = Map<&'m str, usize>;

/// The items, each after those whose values are a part of its own.
fn dependencies_first(items: &[&Item], places: &Places<'_>) -> Vec<usize> {
    let mut order = Vec::with_capacity(items.len());
    let mut seen = vec![false; items.len()];
    for start in 0..items.len() {
        // What is left to look at: an item, or that all it holds has been.
        let mut left = vec![(start, false)];
        while let Some((index, done)) = left.pop() {
            if done {
                order.push(index);
            } else if !std::mem::replace(&mut seen[index], true) {
                left.push((index, true));
                for ty in payloads(items[index]) {
                    if let Some(&held) = inline_path(ty).and_then(|path| places.get(path)) {
                        left.push((held, false));
                    }
                }
            }
        }
    }
    order
}

/// The type of a payload, boxed or not.
fn payload_path(ty: &Type) -> Option<&str> {
    match ty {
        Type::Named(named) => Some(&named.path),
        Type::Indirect(inner) => payload_path(inner),
        _ => None,
    }
}

/// The type of which a value of this type has one in itself.
fn inline_path(ty: &Type) -> Option<&str> {
    match ty {
        Type::Named(named) => Some(&named.path),
        Type::Array { element, .. } => inline_path(element),
        _ => None,
    }
}

/// The types of an item's fields or variants.
fn payloads(item: &Item) -> Box<dyn Iterator<Item = &Type> + '_> {
    match item {
        Item::Struct(item) => Box::new(item.fields.iter().filter_map(|field| match &field.kind {
            FieldKind::Value(ty) => Some(ty),
            _ => None,
        })),
        Item::Enum(item) => Box::new(item.variants.iter().filter_map(|v| v.payload.as_ref())),
    }
}

/// Whether values are read and written by the table, if there is one.
pub(super) fn is_by_table(item: &Item) -> bool {
    match item {
        Item::Struct(item) => item.table,
        Item::Enum(item) => item.table,
    }
}

/// Whether a table can say what the item is, whatever the items are that it holds.
fn is_able(item: &Item) -> bool {
    let can = |codec: Codec| codec.read || codec.write;
    match item {
        Item::Struct(item) => {
            let is_flags = |nat| match nat {
                Nat::Field(index) => matches!(item.fields[index].kind, FieldKind::Flags),
                Nat::Outer(_) => false,
            };
            let nats = item.fields.iter().filter(|field| is_nat(field)).count();
            can(item.codec)
                && keep_layout(&item.attributes)
                && item.generics.types.is_empty()
                && item.nats.is_empty()
                && nats <= MAX_NATS
                && item.fields.iter().all(|field| {
                    field.condition.is_none_or(|c| is_flags(c.mask))
                        && match &field.kind {
                            FieldKind::Flags => field.condition.is_none(),
                            FieldKind::Flag => true,
                            FieldKind::Nothing => true,
                            FieldKind::Value(ty) => is_shape(ty),
                            FieldKind::Count(_) => false,
                        }
                })
        }
        Item::Enum(item) => {
            can(item.codec)
                && keep_layout(&item.attributes)
                && item.generics.types.is_empty()
                && item.nats.is_empty()
                && !item.variants.is_empty()
                && item.variants.len() < 0xff00
                && item.variants.iter().all(|variant| {
                    !variant.identity.is_default && variant.payload.as_ref().is_none_or(is_shape)
                })
        }
    }
}

/// Whether attributes of the user's leave a type as it is written here. `repr` does not, and what a
/// macro does nobody knows.
fn keep_layout(attributes: &[String]) -> bool {
    const HARMLESS: [&str; 9] = [
        "allow",
        "cfg",
        "deprecated",
        "derive",
        "doc",
        "expect",
        "must_use",
        "non_exhaustive",
        "serde",
    ];
    attributes.iter().all(|attribute| {
        let end = attribute.find(|c: char| c != '_' && !c.is_alphanumeric());
        let name = &attribute[..end.unwrap_or(attribute.len())];
        HARMLESS.contains(&name)
    })
}

fn is_shape(ty: &Type) -> bool {
    match ty {
        Type::Scalar(_) => true,
        Type::Named(named) => named.nats.is_empty() && named.args.iter().all(is_shape),
        Type::Vector { element, .. } | Type::Array { element, .. } => is_shape(element),
        Type::Indirect(inner) => is_shape(inner),
        Type::WithId(inner) => matches!(
            **inner,
            Type::Scalar(
                Scalar::Int
                    | Scalar::Long
                    | Scalar::Double
                    | Scalar::Float
                    | Scalar::Int128
                    | Scalar::Int256
                    | Scalar::Int512
                    | Scalar::String
            )
        ),
        _ => false,
    }
}

fn all_named(ty: &Type, holds: &mut impl FnMut(&Named) -> bool) -> bool {
    match ty {
        Type::Named(named) => holds(named),
        Type::Vector { element, .. } | Type::Array { element, .. } => all_named(element, holds),
        Type::Indirect(inner) | Type::WithId(inner) => all_named(inner, holds),
        _ => true,
    }
}

/// Whether a table may refer to a type: it has one itself, or its code can do all that is wanted.
fn can_hold(
    named: &Named,
    items: &[&Item],
    places: &Places<'_>,
    is_tabled: impl Fn(usize) -> bool,
) -> bool {
    let place = places.get(&*named.path);
    if named.args.is_empty() && place.is_some_and(|&place| is_tabled(place)) {
        return true;
    }
    does_all(named, items, places)
}

/// Whether the code of a type does all that is wanted, and that of its arguments. A trait that is not
/// generated for an argument might be implemented by hand for one lifetime, and tables know none.
fn does_all(named: &Named, items: &[&Item], places: &Places<'_>) -> bool {
    let place = places.get(&*named.path);
    let (traits, codec) = match place.map(|&place| items[place]) {
        Some(Item::Struct(item)) => (&item.traits, item.codec),
        Some(Item::Enum(item)) => (&item.traits, item.codec),
        None => return false,
    };
    let has = |name: &str| traits.iter().any(|of| of == name);
    codec.read
        && codec.write
        && has("Debug")
        && has("Clone")
        && has("PartialEq")
        && named
            .args
            .iter()
            .all(|arg| all_named(arg, &mut |named| does_all(named, items, places)))
}

/// A `#` as outlines number them.
pub(super) fn is_nat(field: &Field) -> bool {
    matches!(
        field.kind,
        FieldKind::Flags | FieldKind::Count(_) | FieldKind::Value(Type::Scalar(Scalar::Nat))
    )
}
