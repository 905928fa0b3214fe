//! Which types can have a `Default`: structs whose fields are empty, zero or missing without being told
//! what they are. An enum can't, since no variant is better than the others.

use std::rc::Rc;

use crate::hash::Set;
use crate::model::{FieldKind, Item, Scalar, Type};

/// The largest array for which the standard library has a `Default`.
const LONGEST: u32 = 32;

/// The trait.
pub(crate) const DEFAULT: &str = "Default";

/// The paths of those that can have it and ask for it. A type that holds itself can't: the least answer is
/// the right one.
pub(crate) fn able(items: &[&Item], borrowed: bool, asks: impl Fn(&Item) -> bool) -> Set<Rc<str>> {
    let mut able = Set::default();
    loop {
        let before = able.len();
        for item in items {
            if let Item::Struct(item_struct) = item
                && !able.contains(&item_struct.path)
                && asks(item)
                && item_struct.fields.iter().all(|field| match &field.kind {
                    FieldKind::Value(ty) if field.condition.is_none() => {
                        is_able(ty, borrowed, &able)
                    }
                    _ => true,
                })
            {
                able.insert(Rc::clone(&item_struct.path));
            }
        }
        if able.len() == before {
            return able;
        }
    }
}

fn is_able(ty: &Type, borrowed: bool, able: &Set<Rc<str>>) -> bool {
    match ty {
        Type::Scalar(Scalar::Int512) | Type::OutputOf(_) => false,
        Type::Scalar(_) | Type::Variable(_) | Type::Vector { .. } | Type::Repeat { .. } => true,
        Type::Named(named) => {
            able.contains(&named.path) && named.args.iter().all(|arg| is_able(arg, borrowed, able))
        }
        Type::Array { element, len } => *len <= LONGEST && is_able(element, borrowed, able),
        Type::Indirect(inner) => !borrowed && is_able(inner, borrowed, able),
        Type::WithId(inner) | Type::WithoutId(inner) => is_able(inner, borrowed, able),
    }
}
