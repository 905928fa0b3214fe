//! The types that every tool knows.

use super::collect::Resolver;
use crate::ir::{
    Builtin, Combinator, CombinatorId, CombinatorKind, Field, NatRef, Repeat, TypeExpr,
};

impl Resolver<'_> {
    /// Which of the types that every tool knows this declares, if any. It must have the name and
    /// the shape: `bytes x:int y:int = Bytes` is a type of its own.
    pub(super) fn builtin(&self, combinator: &Combinator) -> Option<Builtin> {
        if combinator.kind != CombinatorKind::Constructor {
            return None;
        }
        let name = self.symbols.text(combinator.name);
        let (ty, builtin, shape) = *KNOWN
            .iter()
            .find(|known| known.0 == name)
            .map(|(_, ty, builtin, shape)| (ty, builtin, shape))
            .as_ref()?;
        let result = combinator.result_type()?;
        if self.symbols.text(self.types.get(result.0 as usize)?.name) != *ty {
            return None;
        }
        let plain = combinator.fields.is_empty() && combinator.variables.is_empty();
        let fits = match shape {
            Shape::Scalar => plain,
            Shape::Empty => plain && !combinator.opaque,
            Shape::Bytes => {
                plain
                    || matches!(&combinator.fields[..], [Field { condition: None, ty: TypeExpr::Bare { constructor, .. }, .. }]
                    if self.declared_name(*constructor) == "string")
            }
            Shape::Ints(number) => {
                plain
                    || matches!(&combinator.fields[..], [Field { condition: None, ty: TypeExpr::Repeat(repeat), .. }]
                    if self.is_ints(repeat, *number))
            }
            Shape::Vector => self.is_vector(combinator),
        };
        fits.then_some(*builtin)
    }

    /// `4*[ int ]` or `2*[ long ]`
    fn is_ints(&self, repeat: &Repeat, number: u32) -> bool {
        let [
            Field {
                condition: None,
                ty: TypeExpr::Bare { constructor, .. },
                ..
            },
        ] = &repeat.fields[..]
        else {
            return false;
        };
        let ints = match self.declared_name(*constructor) {
            "int" => 1,
            "long" => 2,
            _ => return false,
        };
        repeat.count.base.is_none() && repeat.count.plus.checked_mul(ints) == Some(number)
    }

    /// `{t:Type} # [ t ]`
    fn is_vector(&self, combinator: &Combinator) -> bool {
        let [count, elements] = &combinator.fields[..] else {
            return false;
        };
        let TypeExpr::Repeat(repeat) = &elements.ty else {
            return false;
        };
        let element = &repeat.fields[..];
        combinator.variables.len() == 1
            && count.ty == TypeExpr::Nat
            && count.condition.is_none()
            && elements.condition.is_none()
            && repeat.count.base == Some(NatRef::Field(count.id))
            && repeat.count.plus == 0
            && matches!(
                element,
                [Field {
                    condition: None,
                    ty: TypeExpr::Variable(_),
                    ..
                }]
            )
    }

    fn declared_name(&self, id: CombinatorId) -> &str {
        self.declarations
            .get(id.0 as usize)
            .map_or("", |declared| self.symbols.text(declared.name))
    }
}

/// How a known type may be declared.
enum Shape {
    /// `int ? = Int;` or `int32 = Int32;`
    Scalar,
    /// `true = True;`
    Empty,
    /// `bytes = Bytes;` or `bytes data:string = Bytes;`
    Bytes,
    /// `int128 4*[ int ] = Int128;`, with the number of ints, or without parameters.
    Ints(u32),
    /// `vector {t:Type} # [ t ] = Vector t;`
    Vector,
}

const KNOWN: &[(&str, &str, Builtin, Shape)] = &[
    ("int", "Int", Builtin::Int, Shape::Scalar),
    ("int32", "Int32", Builtin::Int, Shape::Scalar),
    ("long", "Long", Builtin::Long, Shape::Scalar),
    ("int53", "Int53", Builtin::Long, Shape::Scalar),
    ("int64", "Int64", Builtin::Long, Shape::Scalar),
    ("double", "Double", Builtin::Double, Shape::Scalar),
    ("float", "Float", Builtin::Float, Shape::Scalar),
    ("string", "String", Builtin::String, Shape::Scalar),
    (
        "secureString",
        "SecureString",
        Builtin::String,
        Shape::Bytes,
    ),
    ("bytes", "Bytes", Builtin::Bytes, Shape::Bytes),
    ("secureBytes", "SecureBytes", Builtin::Bytes, Shape::Bytes),
    ("int128", "Int128", Builtin::Int128, Shape::Ints(4)),
    ("int256", "Int256", Builtin::Int256, Shape::Ints(8)),
    ("int512", "Int512", Builtin::Int512, Shape::Ints(16)),
    ("object", "Object", Builtin::Object, Shape::Scalar),
    ("function", "Function", Builtin::Function, Shape::Scalar),
    ("true", "True", Builtin::True, Shape::Empty),
    ("boolFalse", "Bool", Builtin::BoolFalse, Shape::Empty),
    ("boolTrue", "Bool", Builtin::BoolTrue, Shape::Empty),
    ("vector", "Vector", Builtin::Vector, Shape::Vector),
];
