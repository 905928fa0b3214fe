//! `From` for enums, so that whoever makes a value need not know whether its variant is boxed.

use super::Emitter;
use crate::model::{Enum, Type};

impl Emitter<'_> {
    pub(super) fn conversions(&mut self, item: &Enum) {
        if !self.style.conversions {
            return;
        }
        let generics = item.generics.declared();
        let applied = item.generics.applied("'a");
        let structs = |ty: &Type| match ty {
            Type::Named(_) => true,
            Type::Indirect(inner) => matches!(**inner, Type::Named(_)),
            _ => false,
        };
        let mut from: Vec<String> = Vec::new();
        for variant in &item.variants {
            let Some(ty) = variant.payload.as_ref().filter(|ty| structs(ty)) else {
                continue;
            };
            let (ty, boxed) = match ty {
                // A box is made here; a reference can't be.
                Type::Indirect(ty) if !self.style.borrowed => (&**ty, true),
                ty => (ty, false),
            };
            let ty = self.style.type_text(ty);
            if from.contains(&ty) {
                continue;
            }
            self.out.blank();
            self.out.open(&[
                "impl",
                &generics,
                " ::core::convert::From<",
                &ty,
                "> for ",
                &item.name,
                &applied,
            ]);
            self.out.line(&["#[inline]"]);
            self.out.open(&["fn from(value: ", &ty, ") -> Self"]);
            match boxed {
                true => self
                    .out
                    .line(&["Self::", &variant.name, "(Box::new(value))"]),
                false => self.out.line(&["Self::", &variant.name, "(value)"]),
            }
            self.out.close();
            self.out.close();
            from.push(ty);
        }
    }
}
