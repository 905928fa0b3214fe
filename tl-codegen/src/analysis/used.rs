//! Which type parameters values depend on: `tag {X:Type} key:int = Tag X` holds nothing of an `X`, and
//! has no parameter in Rust.

use tl_parser::ir::{Arg, Builtin, CombinatorId, Kind, Schema, TypeExpr, TypeId, VariableId};

use crate::hash::Map;

/// For each generic combinator, whether its values depend on a variable.
#[derive(Clone, Debug)]
pub(crate) struct Used(Map<CombinatorId, Vec<bool>>);

impl Used {
    /// A variable may stand in fields that lead only back to itself; the least answer is the right
    /// one.
    pub(crate) fn new(schema: &Schema) -> Self {
        let generic: Vec<CombinatorId> = schema
            .combinator_ids()
            .filter(|&id| !schema[id].variables.is_empty())
            .collect();
        let none = |&id: &CombinatorId| (id, vec![false; schema[id].variables.len()]);
        let mut used = Self(generic.iter().map(none).collect());
        loop {
            let mut changed = false;
            for &id in &generic {
                let mut now = vec![false; schema[id].variables.len()];
                for field in &schema[id].fields {
                    used.mark(schema, &field.ty, &mut now);
                }
                if let Some(before) = used.0.get_mut(&id) {
                    changed |= *before != now;
                    *before = now;
                }
            }
            if !changed {
                return used;
            }
        }
    }

    /// Whether values of a combinator depend on one of its variables.
    pub(crate) fn variable(&self, id: CombinatorId, variable: VariableId) -> bool {
        let used = self.0.get(&id);
        used.is_some_and(|used| used.get(variable.0 as usize) == Some(&true))
    }

    /// Whether values of a type depend on that argument.
    pub(crate) fn of_type(&self, schema: &Schema, id: TypeId, position: usize) -> bool {
        let mut constructors = schema[id].constructors.iter();
        constructors.any(|&id| self.of_constructor(schema, id, position))
    }

    /// Whether values of a constructor depend on that argument of its type.
    pub(crate) fn of_constructor(
        &self,
        schema: &Schema,
        id: CombinatorId,
        position: usize,
    ) -> bool {
        let combinator = &schema[id];
        if combinator.builtin == Some(Builtin::Vector) {
            return true;
        }
        let Some(variable) = combinator.result_variable(position) else {
            return false;
        };
        combinator.variables[variable.0 as usize].kind == Kind::Type && self.variable(id, variable)
    }

    /// Marks the variables that a value of the type depends on, as far as that is known.
    fn mark(&self, schema: &Schema, ty: &TypeExpr, now: &mut [bool]) {
        let mut mark_args = |args: &[Arg], is_used: &dyn Fn(usize) -> bool| {
            for (position, arg) in args.iter().enumerate() {
                if let Arg::Type(arg) = arg
                    && is_used(position)
                {
                    self.mark(schema, arg, now);
                }
            }
        };
        match ty {
            TypeExpr::Variable(id) | TypeExpr::Forward(id) => {
                if let Some(mark) = now.get_mut(id.0 as usize) {
                    *mark = true;
                }
            }
            TypeExpr::Repeat(repeat) => {
                for field in &repeat.fields {
                    self.mark(schema, &field.ty, now);
                }
            }
            TypeExpr::Boxed { ty, args } => {
                mark_args(args, &|position| self.of_type(schema, *ty, position));
            }
            TypeExpr::Bare {
                constructor, args, ..
            } => mark_args(args, &|position| {
                self.of_constructor(schema, *constructor, position)
            }),
            _ => {}
        }
    }
}
