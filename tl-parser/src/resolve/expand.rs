//! Types whose arguments grow without end.
//!
//! `chain {t:Type} head:t tail:flags.0?(chain (pair t t)) = Chain t` is finite as a value, but a
//! `chain int` needs a `chain (pair int int)`, and that a chain of pairs of pairs: a compiler that
//! makes a type of each would not come to an end.
//!
//! Draw an arrow from a variable to each parameter that it becomes part of the argument of, and
//! mark it if the argument is more than the variable alone. The expansion is endless if there is a
//! circle with a marked arrow in it.

use super::faults::Faults;
use crate::diagnostic::{Code, Diagnostic, clip};
use crate::ir::{
    Arg, Combinator, CombinatorKind, Field, Kind, Symbols, Type, TypeExpr, VariableId,
};
use crate::source::Location;

pub(super) fn check(
    combinators: &[Combinator],
    types: &[Type],
    symbols: &Symbols,
    faults: &mut Faults,
) {
    let has_templates = combinators
        .iter()
        .any(|combinator| combinator.variables.iter().any(|v| v.kind == Kind::Type));
    if !has_templates {
        return;
    }
    let graph = Graph::new(combinators, types);
    let components = graph.components();
    let mut reported: Vec<usize> = Vec::new();
    for arrow in graph.arrows.iter().filter(|arrow| arrow.grows) {
        let component = components[arrow.from];
        if component != components[arrow.to] || reported.contains(&component) {
            continue;
        }
        reported.push(component);
        let Some(place) = arrow.place else {
            continue;
        };
        let name = symbols.text(combinators[arrow.combinator].name);
        faults.push(
            Diagnostic::new(
                Code::EndlessExpansion,
                format!(
                    "the types that `{}` needs are nested without end",
                    clip(name)
                ),
                place,
            )
            .label("the argument grows with each step")
            .hint("use the type with its own variables as arguments, or with none of them"),
        );
        // The list of reported components is searched: keep it short.
        if reported.len() >= 100 {
            break;
        }
    }
}

struct Arrow {
    from: usize,
    to: usize,
    grows: bool,
    /// The field, and the combinator that it is in.
    place: Option<Location>,
    combinator: usize,
}

/// Variables of constructors, and parameters of types.
struct Graph<'a> {
    combinators: &'a [Combinator],
    /// The number of the first variable of each combinator, and of the first parameter of each
    /// type.
    first_variable: Vec<usize>,
    first_parameter: Vec<usize>,
    size: usize,
    arrows: Vec<Arrow>,
}

impl<'a> Graph<'a> {
    fn new(combinators: &'a [Combinator], types: &'a [Type]) -> Self {
        let mut size = 0;
        let mut number = |count: usize| {
            let first = size;
            size += count;
            first
        };
        let first_variable = combinators
            .iter()
            .map(|combinator| number(combinator.variables.len()))
            .collect();
        let first_parameter = types.iter().map(|ty| number(ty.parameters.len())).collect();
        let mut graph = Self {
            combinators,
            first_variable,
            first_parameter,
            size,
            arrows: Vec::new(),
        };
        for (index, ty) in types.iter().enumerate() {
            graph.parameters(index, ty);
        }
        for (index, combinator) in combinators.iter().enumerate() {
            let is_template = !combinator.variables.is_empty();
            if is_template && combinator.kind == CombinatorKind::Constructor {
                graph.fields(index, &combinator.fields);
            }
        }
        graph
    }

    /// A type's parameter becomes a variable of each of its constructors.
    fn parameters(&mut self, index: usize, ty: &Type) {
        for &constructor in &ty.constructors {
            for position in 0..ty.parameters.len() {
                let constructor = constructor.0 as usize;
                if let Some(variable) = self.combinators[constructor].result_variable(position) {
                    self.arrows.push(Arrow {
                        from: self.first_parameter[index] + position,
                        to: self.first_variable[constructor] + variable.0 as usize,
                        grows: false,
                        place: None,
                        combinator: constructor,
                    });
                }
            }
        }
    }

    fn fields(&mut self, combinator: usize, fields: &[Field]) {
        for field in fields {
            if let TypeExpr::Repeat(repeat) = &field.ty {
                self.fields(combinator, &repeat.fields);
            } else {
                self.ty(combinator, &field.ty, field.location);
            }
        }
    }

    fn ty(&mut self, combinator: usize, ty: &TypeExpr, place: Option<Location>) {
        let (parameter, args) = match ty {
            TypeExpr::Boxed { ty, args } => (Some(self.first_parameter[ty.0 as usize]), args),
            TypeExpr::Bare {
                constructor, args, ..
            } => {
                let ty = self.combinators[constructor.0 as usize].result_type();
                (ty.map(|ty| self.first_parameter[ty.0 as usize]), args)
            }
            _ => return,
        };
        let Some(parameter) = parameter else {
            return;
        };
        for (position, arg) in args.iter().enumerate() {
            let Arg::Type(arg) = arg else {
                continue;
            };
            let mut variables = Vec::new();
            collect_variables(arg, &mut variables);
            variables.sort_unstable();
            variables.dedup();
            let grows = !matches!(arg, TypeExpr::Variable(_));
            for variable in variables {
                self.arrows.push(Arrow {
                    from: self.first_variable[combinator] + variable.0 as usize,
                    to: parameter + position,
                    grows,
                    place,
                    combinator,
                });
            }
            self.ty(combinator, arg, place);
        }
    }

    /// The strongly connected component of each node (Tarjan's algorithm, without recursion).
    fn components(&self) -> Vec<usize> {
        const NONE: usize = usize::MAX;
        let mut targets: Vec<Vec<usize>> = vec![Vec::new(); self.size];
        for arrow in &self.arrows {
            targets[arrow.from].push(arrow.to);
        }
        let mut order = vec![NONE; self.size];
        let mut low = vec![0; self.size];
        let mut component = vec![NONE; self.size];
        let mut open: Vec<usize> = Vec::new();
        let mut path: Vec<(usize, usize)> = Vec::new();
        let mut next = 0;
        let mut components = 0;
        for start in 0..self.size {
            if order[start] != NONE {
                continue;
            }
            path.push((start, 0));
            while let Some((node, step)) = path.pop() {
                if step == 0 {
                    order[node] = next;
                    low[node] = next;
                    next += 1;
                    open.push(node);
                } else {
                    // Back from the arrow before.
                    let child = targets[node][step - 1];
                    low[node] = low[node].min(low[child]);
                }
                let mut step = step;
                let mut descends = false;
                while let Some(&target) = targets[node].get(step) {
                    step += 1;
                    if order[target] == NONE {
                        path.push((node, step));
                        path.push((target, 0));
                        descends = true;
                        break;
                    }
                    if component[target] == NONE {
                        low[node] = low[node].min(order[target]);
                    }
                }
                if !descends && low[node] == order[node] {
                    while let Some(member) = open.pop() {
                        component[member] = components;
                        if member == node {
                            break;
                        }
                    }
                    components += 1;
                }
            }
        }
        component
    }
}

fn collect_variables(ty: &TypeExpr, variables: &mut Vec<VariableId>) {
    match ty {
        TypeExpr::Variable(id) => variables.push(*id),
        TypeExpr::Boxed { args, .. } | TypeExpr::Bare { args, .. } => {
            for arg in args {
                if let Arg::Type(ty) = arg {
                    collect_variables(ty, variables);
                }
            }
        }
        _ => {}
    }
}
