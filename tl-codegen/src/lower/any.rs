//! `Object` and `Function` as enums: a variant for each constructor and function.

use tl_parser::ir::{Builtin, CombinatorId, CombinatorKind};

use super::{Lowering, codec};
use crate::analysis::AnyOf;
use crate::model::{Docs, Enum, Generics, Named, Scalar, Type, Variant};

/// What the enum of a kind is called.
pub(super) const fn name_of(kind: CombinatorKind) -> &'static str {
    match kind {
        CombinatorKind::Constructor => "Object",
        CombinatorKind::Function => "Function",
    }
}

impl Lowering<'_> {
    fn any_of(&self, kind: CombinatorKind) -> Option<&AnyOf> {
        match kind {
            CombinatorKind::Constructor => self.any.objects.as_ref(),
            CombinatorKind::Function => self.any.functions.as_ref(),
        }
    }

    /// The enum of everything of a kind, if there is one.
    pub(super) fn enum_of_any(&self, kind: CombinatorKind) -> Option<Enum> {
        let any = self.any_of(kind)?;
        let name = name_of(kind);
        let text = match kind {
            CombinatorKind::Constructor => "A boxed value of any type.",
            CombinatorKind::Function => "A call of any function.",
        };
        let members = any.members.iter();
        Some(Enum {
            name: self.paths.any_ident(kind),
            path: self.paths.any(kind),
            schema_name: name.to_owned(),
            docs: match self.config.docs {
                true => Docs {
                    text: text.to_owned(),
                    declaration: String::new(),
                },
                false => Docs::default(),
            },
            traits: self.traits(name),
            attributes: self.attributes(name),
            table: self.is_by_table(name),
            generics: Generics {
                lifetime: self.borrows(any.borrows),
                types: Vec::new(),
            },
            nats: Vec::new(),
            variants: members.map(|&id| self.variant_of_any(id)).collect(),
            codec: codec(any.direction),
            min_size: 4,
            in_place: false,
        })
    }

    fn variant_of_any(&self, id: CombinatorId) -> Variant {
        let combinator = &self.schema[id];
        let has_fields = combinator.builtin.is_none() && !combinator.fields.is_empty();
        Variant {
            name: self.paths.any_variant(id),
            docs: Docs::default(),
            identity: self.identity(combinator),
            // All of them behind a box, so that the enum is small, whatever the schema.
            payload: has_fields.then(|| Type::Indirect(Box::new(self.struct_type(id, true, &[])))),
        }
    }

    /// What becomes of the built-in.
    pub(super) fn any_type(&self, builtin: Builtin) -> Type {
        let kind = match builtin {
            Builtin::Function => CombinatorKind::Function,
            _ => CombinatorKind::Constructor,
        };
        match self.any_of(kind) {
            None => Type::Scalar(Scalar::Object),
            Some(any) => Type::Named(Named {
                path: self.paths.any(kind),
                lifetime: self.borrows(any.borrows),
                args: Vec::new(),
                bare: false,
                nats: Vec::new(),
                min_size: 4,
            }),
        }
    }
}
