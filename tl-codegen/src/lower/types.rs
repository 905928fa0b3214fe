//! What becomes of a type expression.

use tl_parser::ir::{Arg, Builtin, Combinator, CombinatorId, NatRef, TypeExpr, TypeId, VariableId};

use super::Lowering;
use super::fields::{Nats, sum};
use crate::model::{Field, FieldKind, Named, Nat, NatSum, Scalar, Type};

impl Lowering<'_> {
    /// A type expression in a combinator.
    pub(super) fn type_of(&self, within: CombinatorId, ty: &TypeExpr, nats: &Nats) -> Type {
        match ty {
            TypeExpr::Nat => Type::Scalar(Scalar::Nat),
            TypeExpr::Boxed { ty, args } => self.boxed(within, *ty, args, nats),
            TypeExpr::Bare {
                constructor, args, ..
            } => self.bare(within, *constructor, args, nats),
            TypeExpr::Variable(id) => {
                let combinator = &self.schema[within];
                let name = self.variable_name(within, *id);
                match self.is_forwarded(combinator, *id) {
                    true => Type::OutputOf(name),
                    false => Type::Variable(name),
                }
            }
            TypeExpr::Forward(id) => Type::Variable(self.variable_name(within, *id)),
            // Repetitions stand in fields alone, and fields have a place for their structs.
            TypeExpr::Repeat(_) | _ => Type::Scalar(Scalar::True { bare: true }),
        }
    }

    /// What a function answers.
    pub(super) fn output(&self, id: CombinatorId, fields: &[Field]) -> Type {
        let combinator = &self.schema[id];
        let variables = self.nat_variables(combinator).into_iter().enumerate();
        let mut nats: Nats = variables
            .map(|(index, nat)| (nat, Nat::Outer(index)))
            .collect();
        for (index, (field, lowered)) in combinator.fields.iter().zip(fields).enumerate() {
            if matches!(lowered.kind, FieldKind::Value(_)) {
                nats.insert(NatRef::Field(field.id), Nat::Field(index));
            }
        }
        let output = self.type_of(id, &combinator.result, &nats);
        match output.depends_on_numbers() {
            true => output,
            false => alone(output),
        }
    }

    /// The struct of a constructor, applied to its own variables.
    pub(super) fn struct_type(&self, id: CombinatorId, bare: bool, nats: &[NatRef]) -> Type {
        let layout = self.layouts.of_combinator(id);
        let parameters = self.combinator_parameters(id);
        Type::Named(Named {
            path: self.paths.combinator(id),
            lifetime: self.borrows(layout.borrows),
            args: parameters
                .into_iter()
                .map(|p| Type::Variable(p.name))
                .collect(),
            bare,
            nats: (0..nats.len())
                .map(|index| NatSum {
                    base: Some(Nat::Outer(index)),
                    plus: 0,
                })
                .collect(),
            min_size: layout.wire.saturating_add(if bare { 0 } else { 4 }),
        })
    }

    fn boxed(&self, within: CombinatorId, id: TypeId, args: &[Arg], nats: &Nats) -> Type {
        let constructors = &self.schema[id].constructors;
        if let Some(builtin) = constructors.first().and_then(|&id| self.schema[id].builtin) {
            let with_id = |scalar| Type::WithId(Box::new(Type::Scalar(scalar)));
            return match builtin {
                Builtin::BoolFalse | Builtin::BoolTrue => Type::Scalar(Scalar::Bool),
                Builtin::True => Type::Scalar(Scalar::True { bare: false }),
                Builtin::Vector => self.vector(within, args, nats, false),
                Builtin::Object | Builtin::Function => self.any_type(builtin),
                builtin => with_id(scalar(builtin)),
            };
        }
        let layout = self.layouts.of_type(id);
        let path = match constructors[..] {
            [only] => self.paths.combinator(only),
            _ => self.paths.ty(id),
        };
        let is_used = |position| match constructors[..] {
            [only] => self.schema[only]
                .result_variable(position)
                .is_some_and(|variable| self.used.variable(only, variable)),
            _ => self.used.of_type(self.schema, id, position),
        };
        let (args, nats) = self.arguments(within, args, nats, is_used);
        Type::Named(Named {
            path,
            lifetime: self.borrows(layout.borrows),
            args,
            bare: false,
            nats,
            min_size: layout.wire,
        })
    }

    fn bare(&self, within: CombinatorId, id: CombinatorId, args: &[Arg], nats: &Nats) -> Type {
        match self.schema[id].builtin {
            Some(Builtin::Vector) => return self.vector(within, args, nats, true),
            Some(Builtin::True) => return Type::Scalar(Scalar::True { bare: true }),
            Some(builtin @ (Builtin::Object | Builtin::Function)) => return self.any_type(builtin),
            Some(builtin) => return Type::Scalar(scalar(builtin)),
            None => {}
        }
        let layout = self.layouts.of_combinator(id);
        let is_used = |position| {
            let variable = self.schema[id].result_variable(position);
            variable.is_some_and(|variable| self.used.variable(id, variable))
        };
        let (args, nats) = self.arguments(within, args, nats, is_used);
        Type::Named(Named {
            path: self.paths.combinator(id),
            lifetime: self.borrows(layout.borrows),
            args,
            bare: true,
            nats,
            min_size: layout.wire,
        })
    }

    fn vector(&self, within: CombinatorId, args: &[Arg], nats: &Nats, bare: bool) -> Type {
        let element = args.iter().find_map(|arg| match arg {
            Arg::Type(ty) => Some(self.type_of(within, ty, nats)),
            Arg::Nat(_) => None,
        });
        let element = element.unwrap_or(Type::Scalar(Scalar::True { bare: true }));
        Type::Vector {
            element: Box::new(element),
            bare,
        }
    }

    /// Arguments as Rust's and as numbers, those left out that no value depends on.
    fn arguments(
        &self,
        within: CombinatorId,
        args: &[Arg],
        nats: &Nats,
        is_used: impl Fn(usize) -> bool,
    ) -> (Vec<Type>, Vec<NatSum>) {
        let mut types = Vec::new();
        let mut numbers = Vec::new();
        for (position, arg) in args.iter().enumerate() {
            match arg {
                Arg::Type(ty) if is_used(position) => {
                    types.push(alone(self.type_of(within, ty, nats)));
                }
                Arg::Type(_) => {}
                Arg::Nat(expr) => numbers.push(sum(expr, nats)),
            }
        }
        (types, numbers)
    }

    pub(super) fn is_forwarded(&self, combinator: &Combinator, variable: VariableId) -> bool {
        combinator
            .all_fields()
            .any(|field| field.ty == TypeExpr::Forward(variable))
    }
}

/// An argument of a generic type and the answer of a function are read as they stand alone; what
/// is meant to be read otherwise has to say so.
fn alone(ty: Type) -> Type {
    let ty = match ty {
        Type::Vector { element, bare } => Type::Vector {
            element: Box::new(alone(*element)),
            bare,
        },
        ty => ty,
    };
    match ty {
        Type::Named(Named { bare: true, .. })
        | Type::Vector { bare: true, .. }
        | Type::Scalar(Scalar::True { bare: true }) => Type::WithoutId(Box::new(ty)),
        ty => ty,
    }
}

/// The type with bytes in the place of strings.
pub(super) fn strings_as_bytes(ty: Type) -> Type {
    let inner = |ty: Box<Type>| Box::new(strings_as_bytes(*ty));
    match ty {
        Type::Scalar(Scalar::String) => Type::Scalar(Scalar::Bytes),
        Type::Named(named) => Type::Named(Named {
            args: named.args.into_iter().map(strings_as_bytes).collect(),
            ..named
        }),
        Type::Vector { element, bare } => Type::Vector {
            element: inner(element),
            bare,
        },
        Type::Repeat { element, count } => Type::Repeat {
            element: inner(element),
            count,
        },
        Type::Array { element, len } => Type::Array {
            element: inner(element),
            len,
        },
        Type::Indirect(ty) => Type::Indirect(inner(ty)),
        Type::WithoutId(ty) => Type::WithoutId(inner(ty)),
        // The id of `String` is that of text.
        Type::WithId(_) | Type::Scalar(_) | Type::Variable(_) | Type::OutputOf(_) => ty,
    }
}

fn scalar(builtin: Builtin) -> Scalar {
    match builtin {
        Builtin::Int => Scalar::Int,
        Builtin::Long => Scalar::Long,
        Builtin::Double => Scalar::Double,
        Builtin::Float => Scalar::Float,
        Builtin::String => Scalar::String,
        Builtin::Bytes => Scalar::Bytes,
        Builtin::Int128 => Scalar::Int128,
        Builtin::Int256 => Scalar::Int256,
        Builtin::Int512 => Scalar::Int512,
        Builtin::BoolFalse | Builtin::BoolTrue => Scalar::Bool,
        Builtin::True => Scalar::True { bare: true },
        _ => Scalar::Object,
    }
}

/// Whether the borrowed form of any of the fields borrows.
pub(super) fn any_borrows(fields: &[Field]) -> bool {
    fields.iter().any(|field| match &field.kind {
        FieldKind::Value(ty) => borrows(ty),
        _ => false,
    })
}

fn borrows(ty: &Type) -> bool {
    match ty {
        Type::Scalar(scalar) => {
            matches!(scalar, Scalar::String | Scalar::Bytes | Scalar::Object)
        }
        Type::Named(named) => named.lifetime || named.args.iter().any(borrows),
        Type::Vector { .. } | Type::Repeat { .. } | Type::Indirect(_) => true,
        Type::Array { element, .. } => borrows(element),
        Type::WithId(inner) | Type::WithoutId(inner) => borrows(inner),
        Type::Variable(_) | Type::OutputOf(_) => false,
    }
}

/// Whether any of the fields has a type in which the parameter stands.
pub(super) fn mentions(fields: &[Field], parameter: &str) -> bool {
    fields.iter().any(|field| match &field.kind {
        FieldKind::Value(ty) => type_mentions(ty, parameter),
        _ => false,
    })
}

fn type_mentions(ty: &Type, parameter: &str) -> bool {
    match ty {
        Type::Scalar(_) => false,
        Type::Variable(name) | Type::OutputOf(name) => name == parameter,
        Type::Named(named) => named.args.iter().any(|arg| type_mentions(arg, parameter)),
        Type::Vector { element, .. }
        | Type::Repeat { element, .. }
        | Type::Array { element, .. } => type_mentions(element, parameter),
        Type::Indirect(inner) | Type::WithId(inner) | Type::WithoutId(inner) => {
            type_mentions(inner, parameter)
        }
    }
}

/// The smallest number of bytes that fields take.
pub(super) fn wire_size(fields: &[Field]) -> u32 {
    let always = fields.iter().filter(|field| field.condition.is_none());
    always.fold(0, |sum: u32, field| {
        sum.saturating_add(match &field.kind {
            FieldKind::Flags | FieldKind::Count(_) => 4,
            FieldKind::Flag | FieldKind::Nothing => 0,
            FieldKind::Value(ty) => ty.min_size(),
        })
    })
}
