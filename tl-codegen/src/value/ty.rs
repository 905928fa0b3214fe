//! Types with their arguments put in, and what their variables stand for.

use std::rc::Rc;

use tl_parser::ir::{
    Arg, Builtin, Combinator, CombinatorId, FieldId, NatExpr, NatRef, Schema, TypeExpr, TypeId,
    VariableId,
};

/// A type without variables.
///
/// Not to be compared: a template may double its argument at each level, which is cheap only as
/// long as nobody looks at both halves.
#[derive(Clone, Debug)]
pub(crate) enum Ty {
    /// `#`
    Nat,
    /// An id says which constructor follows.
    Boxed(TypeId, Args),
    /// This constructor, without an id; whether it is written as `%Type`.
    Bare(CombinatorId, Args, bool),
    /// `Object`: any boxed value.
    Any,
    /// `!X`: any function.
    Function,
    /// This function, with its id.
    Call(CombinatorId),
}

/// The arguments of a type; shared, since values of generic types have them all.
pub(crate) type Args = Option<Rc<[Argument]>>;

/// What a parameter or a variable stands for.
#[derive(Clone, Debug)]
pub(crate) enum Argument {
    Type(Ty),
    Nat(u32),
}

/// What is known inside of one value of a combinator.
#[derive(Debug, Default)]
pub(crate) struct Env {
    /// What its variables stand for, by number; `None`: not known (yet).
    variables: Vec<Option<Argument>>,
    /// The `#` fields so far, innermost repetition last.
    nats: Vec<(FieldId, u32)>,
}

impl Env {
    /// For a value of a constructor of a type that is applied to the arguments, or of a function.
    pub(crate) fn new(combinator: &Combinator, args: &Args) -> Self {
        let mut env = Self {
            variables: vec![None; combinator.variables.len()],
            nats: Vec::new(),
        };
        for (position, arg) in args.iter().flat_map(|args| args.iter()).enumerate() {
            if let Some(id) = combinator.result_variable(position)
                && let Some(variable) = env.variables.get_mut(id.0 as usize)
            {
                *variable = Some(arg.clone());
            }
        }
        env
    }

    /// Says what a variable stands for, if that was not known.
    pub(crate) fn bind(&mut self, id: VariableId, ty: Ty) {
        if let Some(variable @ None) = self.variables.get_mut(id.0 as usize) {
            *variable = Some(Argument::Type(ty));
        }
    }

    /// Whether all variables of kind `#` are known.
    pub(crate) fn knows_nats(&self, combinator: &Combinator) -> bool {
        let mut both = combinator.variables.iter().zip(&self.variables);
        both.all(|(variable, known)| {
            variable.kind != tl_parser::ir::Kind::Nat || matches!(known, Some(Argument::Nat(_)))
        })
    }

    /// Says what a `#` field is.
    pub(crate) fn push_nat(&mut self, id: FieldId, value: u32) {
        self.nats.push((id, value));
    }

    /// How many `#` fields are known: to forget those of one round of a repetition.
    pub(crate) fn mark(&self) -> usize {
        self.nats.len()
    }

    /// Forgets what came after the mark.
    pub(crate) fn forget(&mut self, mark: usize) {
        self.nats.truncate(mark);
    }

    /// A number; 0 where its field is absent.
    pub(crate) fn nat(&self, nat: NatRef) -> u32 {
        match nat {
            NatRef::Field(id) => {
                let known = self.nats.iter().rev().find(|&&(of, _)| of == id);
                known.map_or(0, |&(_, value)| value)
            }
            NatRef::Variable(id) => match self.variables.get(id.0 as usize) {
                Some(Some(Argument::Nat(value))) => *value,
                _ => 0,
            },
        }
    }

    pub(crate) fn sum(&self, expr: NatExpr) -> u32 {
        let base = expr.base.map_or(0, |nat| self.nat(nat));
        base.saturating_add(expr.plus)
    }

    /// The type with what its variables stand for. `None` for a repetition, which is no type that
    /// stands alone.
    pub(crate) fn ty(&self, schema: &Schema, expr: &TypeExpr) -> Option<Ty> {
        Some(match expr {
            TypeExpr::Nat => Ty::Nat,
            TypeExpr::Boxed { ty, args } => {
                let first = schema[*ty].constructors.first();
                match first.and_then(|&id| schema[id].builtin) {
                    Some(Builtin::Object) => Ty::Any,
                    // `gzip_packed packed_data:bytes = Object;` makes it no ordinary type.
                    _ if &schema[schema[*ty].name] == "Object" => Ty::Any,
                    Some(Builtin::Function) => Ty::Function,
                    _ => Ty::Boxed(*ty, self.args(schema, args)?),
                }
            }
            TypeExpr::Bare {
                constructor,
                args,
                percent,
            } => match schema[*constructor].builtin {
                Some(Builtin::Object) => Ty::Any,
                Some(Builtin::Function) => Ty::Function,
                _ => Ty::Bare(*constructor, self.args(schema, args)?, *percent),
            },
            TypeExpr::Variable(id) => match self.variables.get(id.0 as usize) {
                Some(Some(Argument::Type(ty))) => ty.clone(),
                // The result of a function that is not read yet.
                _ => Ty::Any,
            },
            TypeExpr::Forward(_) => Ty::Function,
            _ => return None,
        })
    }

    fn args(&self, schema: &Schema, args: &[Arg]) -> Option<Args> {
        if args.is_empty() {
            return Some(None);
        }
        let args = args.iter().map(|arg| match arg {
            Arg::Type(ty) => self.ty(schema, ty).map(Argument::Type),
            Arg::Nat(expr) => Some(Argument::Nat(self.sum(*expr))),
        });
        args.collect::<Option<Rc<[Argument]>>>().map(Some)
    }
}
