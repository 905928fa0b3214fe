//! `Default` for those that can have it, where it was asked for more than one type.

use std::rc::Rc;

use crate::defaults::{DEFAULT, able};
use crate::hash::Set;
use crate::model::{File, Item, Module};

/// The trait, for types that can have it.
pub(super) const IF_POSSIBLE: &str = "Default?";

/// Gives the trait to those that can have it, of those that were to have it if possible.
pub(super) fn settle(file: &mut File, borrowed: bool) {
    let mut items = Vec::new();
    for module in &file.modules {
        module.visit(&mut |item| items.push(item));
    }
    let asks = |item: &Item| {
        item.traits()
            .iter()
            .any(|name| name == DEFAULT || name == IF_POSSIBLE)
    };
    if !items.iter().any(|item| asks(item)) {
        return;
    }
    let able = able(&items, borrowed, asks);
    for module in &mut file.modules {
        settle_module(module, &able);
    }
}

fn settle_module(module: &mut Module, able: &Set<Rc<str>>) {
    for item in &mut module.items {
        let (path, traits) = match item {
            Item::Struct(item) => (&item.path, &mut item.traits),
            Item::Enum(item) => (&item.path, &mut item.traits),
        };
        if traits.iter().any(|name| name == IF_POSSIBLE) {
            let is_able = able.contains(path);
            let names = traits.iter().map(|name| match name.as_str() {
                IF_POSSIBLE => is_able.then(|| DEFAULT.to_owned()),
                name => Some(name.to_owned()),
            });
            *traits = names.flatten().collect();
        }
    }
    for inner in &mut module.modules {
        settle_module(inner, able);
    }
}
