//! `gzip_packed#3072cfa1 packed_data:bytes = Object;`: a constructor that makes an `Object`.
//!
//! `Object` stands for a boxed value of any type, which the language knows without a declaration.
//! MTProto's schema adds a constructor of its own to it, and does not mean that an `Object` is never
//! anything else. So the built-in is put beside what is declared.

use std::borrow::Cow;

use tl_parser::ir::{Builtin, Combinator, CombinatorId, Schema, TypeId};

/// The schema, with `Object` built in if constructors are declared for it.
pub(crate) fn with_object(schema: &Schema) -> Cow<'_, Schema> {
    let Some(ty) = declared(schema) else {
        return Cow::Borrowed(schema);
    };
    let mut schema = schema.clone();
    let name = schema.symbols.intern("object");
    let id = CombinatorId(u32::try_from(schema.combinators.len()).unwrap_or(u32::MAX));
    let any = schema[ty].constructors.first().copied();
    let Some(any) = any.map(|any| schema[any].clone()) else {
        return Cow::Owned(schema);
    };
    schema.combinators.push(Combinator {
        name,
        explicit_id: None,
        variables: Vec::new(),
        fields: Vec::new(),
        builtin: Some(Builtin::Object),
        opaque: true,
        predeclared: true,
        layer: None,
        docs: None,
        location: None,
        ..any
    });
    schema.types[ty.0 as usize].constructors.insert(0, id);
    Cow::Owned(schema)
}

/// The type, if it is declared, and not as an ordinary one (`object id:int = Object`).
fn declared(schema: &Schema) -> Option<TypeId> {
    let ty = schema.find_type("Object")?;
    let constructors = &schema[ty].constructors;
    let is_other =
        |&id: &CombinatorId| schema[id].builtin.is_none() && &schema[schema[id].name] != "object";
    let is_meant = !constructors.is_empty()
        && schema[ty].parameters.is_empty()
        && constructors.iter().all(is_other);
    is_meant.then_some(ty)
}
