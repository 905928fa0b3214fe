//! Values that contain themselves without end.
//!
//! A bare value stands in its field as it is. If it contains a value of its own constructor there,
//! and that always, it has no end; nobody can write it, and no Rust type can hold it. A condition
//! ends it, and so does a repetition that may be empty. That is an error.
//!
//! A boxed value may end, since another constructor of its type may. If all constructors contain
//! the type again, no value does. It is but a warning: a program can hold such a type, and TDLib's
//! schema, whose fields may be null without saying so, could come to have one.
//!
//! Both are the same calculation: what is finite follows from what it needs, beginning with what
//! needs nothing. What is left in the end is not finite.

use super::faults::Faults;
use crate::diagnostic::{Code, Diagnostic, clip};
use crate::ir::{
    Arg, Combinator, CombinatorId, CombinatorKind, Field, NatExpr, Symbols, Type, TypeExpr, TypeId,
    VariableId,
};
use crate::source::Location;

pub(super) fn check(
    combinators: &[Combinator],
    types: &[Type],
    symbols: &Symbols,
    faults: &mut Faults,
) {
    let mut analysis = Analysis {
        combinators,
        types,
        symbols,
        contained: contained(combinators, types),
        boxed: true,
        given: Vec::new(),
        finite: Vec::new(),
    };
    // If all is well with boxed values, it is so without them.
    if analysis.run() {
        return;
    }
    analysis.boxed = false;
    if !analysis.run() {
        analysis.cycles(faults);
        // What has been reported is not reported again for what contains it.
        analysis.given = analysis.finite[..combinators.len()]
            .iter()
            .map(|finite| !finite)
            .collect();
    }
    analysis.boxed = true;
    if !analysis.run() {
        analysis.cycles(faults);
    }
}

/// A constructor or a type.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Node {
    Constructor(CombinatorId),
    Type(TypeId),
}

/// Something that a constructor always contains, with the field that it is in.
#[derive(Clone, Copy)]
struct Need {
    node: Node,
    field: Option<Location>,
}

struct Analysis<'a> {
    combinators: &'a [Combinator],
    types: &'a [Type],
    symbols: &'a Symbols,
    /// Which of its variables' values a constructor always contains, a bit each.
    contained: Vec<u64>,
    /// Boxed values count as contained.
    boxed: bool,
    /// Constructors that are to count as finite.
    given: Vec<bool>,
    /// What was found to be finite: constructors, then types.
    finite: Vec<bool>,
}

impl Analysis<'_> {
    fn index(&self, node: Node) -> usize {
        match node {
            Node::Constructor(id) => id.0 as usize,
            Node::Type(id) => self.combinators.len() + id.0 as usize,
        }
    }

    fn is_finite(&self, node: Node) -> bool {
        self.finite[self.index(node)]
    }

    /// Finds out what is finite. Tells whether all constructors are.
    fn run(&mut self) -> bool {
        let size = self.combinators.len() + self.types.len();
        self.finite = vec![false; size];
        for (index, ty) in self.types.iter().enumerate() {
            self.finite[self.combinators.len() + index] = ty.constructors.is_empty();
        }
        // How many of its needs a constructor waits for, and who waits for a node: a list in
        // `edges` for each, by the index of its first element.
        let mut waiting = vec![0u32; self.combinators.len()];
        let mut first_edge = vec![usize::MAX; size];
        let mut edges: Vec<(usize, usize)> = Vec::new();
        let mut ready: Vec<usize> = Vec::new();
        let mut needs = Vec::new();
        // What has no fields comes first, that few have to wait.
        for (index, combinator) in self.combinators.iter().enumerate() {
            let is_function = combinator.kind == CombinatorKind::Function;
            if is_function || combinator.fields.is_empty() {
                self.finite[index] = true;
                if !is_function && let Some(ty) = combinator.result_type() {
                    let ty = self.index(Node::Type(ty));
                    self.finite[ty] = true;
                }
            }
        }
        for (index, combinator) in self.combinators.iter().enumerate() {
            if self.finite[index] {
                continue;
            }
            needs.clear();
            if !self.given.get(index).copied().unwrap_or(false) {
                self.needs(combinator, &mut needs);
            }
            for need in &needs {
                let target = self.index(need.node);
                waiting[index] += 1;
                edges.push((index, first_edge[target]));
                first_edge[target] = edges.len() - 1;
            }
            if waiting[index] == 0 {
                self.finite[index] = true;
                ready.push(index);
                self.propagate(&mut ready, &mut waiting, &first_edge, &edges);
            }
        }
        self.finite[..self.combinators.len()]
            .iter()
            .all(|finite| *finite)
    }

    /// Tells those that wait for something finite.
    fn propagate(
        &mut self,
        ready: &mut Vec<usize>,
        waiting: &mut [u32],
        first_edge: &[usize],
        edges: &[(usize, usize)],
    ) {
        while let Some(node) = ready.pop() {
            if let Some(ty) = self.combinators.get(node).and_then(Combinator::result_type) {
                // One finite constructor makes the type finite.
                let ty = self.index(Node::Type(ty));
                if !std::mem::replace(&mut self.finite[ty], true) {
                    ready.push(ty);
                }
            }
            let mut edge = first_edge[node];
            while let Some(&(dependent, next)) = edges.get(edge) {
                waiting[dependent] -= 1;
                if waiting[dependent] == 0 && !std::mem::replace(&mut self.finite[dependent], true)
                {
                    ready.push(dependent);
                }
                edge = next;
            }
        }
    }

    /// What a constructor always contains.
    fn needs(&self, combinator: &Combinator, needs: &mut Vec<Need>) {
        self.needs_of_fields(&combinator.fields, needs);
    }

    fn needs_of_fields(&self, fields: &[Field], needs: &mut Vec<Need>) {
        for field in fields.iter().filter(|field| field.condition.is_none()) {
            self.needs_of_type(&field.ty, field.location, needs);
        }
    }

    /// What is known to be finite is not mentioned.
    fn needs_of_type(&self, ty: &TypeExpr, field: Option<Location>, needs: &mut Vec<Need>) {
        match ty {
            TypeExpr::Bare {
                constructor, args, ..
            } => {
                let node = Node::Constructor(*constructor);
                if !self.is_finite(node) {
                    needs.push(Need { node, field });
                }
                self.needs_of_args(*constructor, args, field, needs);
            }
            TypeExpr::Boxed { ty, args } if self.boxed => {
                let node = Node::Type(*ty);
                if !self.is_finite(node) {
                    needs.push(Need { node, field });
                }
                if let [only] = self.types[ty.0 as usize].constructors[..] {
                    self.needs_of_args(only, args, field, needs);
                }
            }
            TypeExpr::Repeat(repeat) if never_empty(repeat.count) => {
                self.needs_of_fields(&repeat.fields, needs);
            }
            _ => {}
        }
    }

    fn needs_of_args(
        &self,
        constructor: CombinatorId,
        args: &[Arg],
        field: Option<Location>,
        needs: &mut Vec<Need>,
    ) {
        for (position, arg) in args.iter().enumerate() {
            if let Arg::Type(ty) = arg
                && self.contains(constructor, position)
            {
                self.needs_of_type(ty, field, needs);
            }
        }
    }

    /// Whether a constructor always contains a value of the type that is its argument there.
    fn contains(&self, constructor: CombinatorId, position: usize) -> bool {
        self.combinators[constructor.0 as usize]
            .result_variable(position)
            .is_some_and(|id| self.contained[constructor.0 as usize] & bit(id) != 0)
    }

    /// Reports the circles among what is not finite; a circle once.
    fn cycles(&self, faults: &mut Faults) {
        let mut seen = vec![0u32; self.finite.len()];
        let mut needs = Vec::new();
        for (start, round) in (0..self.combinators.len()).zip(1u32..) {
            let mut path: Vec<(Node, Need)> = Vec::new();
            let id = CombinatorId(u32::try_from(start).unwrap_or(u32::MAX));
            let mut node = Node::Constructor(id);
            while !self.is_finite(node) && seen[self.index(node)] == 0 {
                seen[self.index(node)] = round;
                let constructor = match node {
                    Node::Constructor(id) => id,
                    // None of them is finite.
                    Node::Type(id) => match self.types[id.0 as usize].constructors.first() {
                        Some(&first) => first,
                        None => break,
                    },
                };
                needs.clear();
                self.needs(&self.combinators[constructor.0 as usize], &mut needs);
                let Some(&need) = needs.first() else {
                    break;
                };
                path.push((Node::Constructor(constructor), need));
                node = need.node;
            }
            let closes = !self.is_finite(node) && seen[self.index(node)] == round;
            if closes && !path.is_empty() {
                let from = path.iter().position(|(_, need)| need.node == node);
                let from = from.map_or(0, |index| (index + 1) % path.len());
                let cycle = &path[from..];
                let cycle = if cycle.is_empty() { &path } else { cycle };
                faults.push(self.report(cycle));
            }
        }
    }

    fn report(&self, cycle: &[(Node, Need)]) -> Diagnostic {
        /// More steps are not shown.
        const MAX_STEPS: usize = 6;
        let Some((start, need)) = cycle.first() else {
            return Diagnostic::new(Code::InfiniteSize, "", Location::default());
        };
        let place = need.field.unwrap_or_default();
        let mut diagnostic = if self.boxed {
            let ty = match start {
                Node::Constructor(id) => self.combinators[id.0 as usize].result_type(),
                Node::Type(id) => Some(*id),
            };
            let name = ty.map_or("", |ty| self.symbols.text(self.types[ty.0 as usize].name));
            Diagnostic::new(
                Code::EndlessType,
                format!("no value of `{}` comes to an end", clip(name)),
                place,
            )
            .hint("add a constructor that does not contain the type again, or make the field conditional")
        } else {
            Diagnostic::new(
                Code::InfiniteSize,
                format!("a bare `{}` has no end", clip(self.name(*start))),
                place,
            )
            .hint("make the field conditional, or put the value into a `vector` or a boxed type")
        };
        let verb = |need: &Need| format!("this always contains a `{}`", clip(self.name(need.node)));
        diagnostic = diagnostic.label(verb(need));
        for (_, need) in cycle.iter().skip(1).take(MAX_STEPS) {
            if let Some(place) = need.field {
                diagnostic = diagnostic.also(place, verb(need));
            }
        }
        diagnostic
    }

    fn name(&self, node: Node) -> &str {
        self.symbols.text(match node {
            Node::Constructor(id) => self.combinators[id.0 as usize].name,
            Node::Type(id) => self.types[id.0 as usize].name,
        })
    }
}

/// Which variables' values each constructor always contains.
fn contained(combinators: &[Combinator], types: &[Type]) -> Vec<u64> {
    /// Templates that are nested deeper are taken to contain less than they do.
    const MAX_ROUNDS: usize = 32;
    let mut analysis = Contained {
        combinators,
        types,
        masks: vec![0; combinators.len()],
    };
    for _ in 0..MAX_ROUNDS {
        let mut changed = false;
        for (index, combinator) in combinators.iter().enumerate() {
            if !combinator.variables.is_empty() {
                let mask = analysis.in_fields(&combinator.fields);
                changed |= std::mem::replace(&mut analysis.masks[index], mask) != mask;
            }
        }
        if !changed {
            break;
        }
    }
    analysis.masks
}

struct Contained<'a> {
    combinators: &'a [Combinator],
    types: &'a [Type],
    masks: Vec<u64>,
}

impl Contained<'_> {
    fn in_fields(&self, fields: &[Field]) -> u64 {
        fields
            .iter()
            .filter(|field| field.condition.is_none())
            .fold(0, |mask, field| mask | self.in_type(&field.ty))
    }

    fn in_type(&self, ty: &TypeExpr) -> u64 {
        match ty {
            TypeExpr::Variable(id) => bit(*id),
            TypeExpr::Bare {
                constructor, args, ..
            } => self.in_args(*constructor, args),
            TypeExpr::Boxed { ty, args } => match self.types[ty.0 as usize].constructors[..] {
                [only] => self.in_args(only, args),
                _ => 0,
            },
            TypeExpr::Repeat(repeat) if never_empty(repeat.count) => self.in_fields(&repeat.fields),
            _ => 0,
        }
    }

    fn in_args(&self, constructor: CombinatorId, args: &[Arg]) -> u64 {
        let mut mask = 0;
        for (position, arg) in args.iter().enumerate() {
            let Arg::Type(ty) = arg else {
                continue;
            };
            let variable = self.combinators[constructor.0 as usize].result_variable(position);
            if variable.is_some_and(|id| self.masks[constructor.0 as usize] & bit(id) != 0) {
                mask |= self.in_type(ty);
            }
        }
        mask
    }
}

/// A repetition that has at least one element, whatever is read.
fn never_empty(count: NatExpr) -> bool {
    count.plus > 0
}

/// Of more than 64 variables the first are looked at.
fn bit(id: VariableId) -> u64 {
    1u64.checked_shl(id.0).unwrap_or(0)
}
