//! Whether two constructors of a type can make values of the same type: whether their results can
//! be made equal by a choice of their variables.

use crate::ir::{Arg, CombinatorId, NatExpr, NatRef, Schema, TypeExpr, TypeId};

/// How many comparisons are made for one type before its constructors are taken to overlap. Real
/// schemas need a handful; contrived ones could need more than there is time for.
const BUDGET: u32 = 1_000_000;

/// Whether any two of the constructors overlap.
pub(super) fn any(schema: &Schema, constructors: &[CombinatorId]) -> bool {
    let mut budget = BUDGET;
    constructors.iter().enumerate().any(|(index, &a)| {
        constructors[index + 1..]
            .iter()
            .any(|&b| Unification::of(schema, a, b, &mut budget))
    })
}

/// Variables of the left and of the right side are different ones, whatever their numbers are.
#[derive(Clone, Copy)]
enum Side {
    Left,
    Right,
}

struct Unification<'a> {
    schema: &'a Schema,
    /// How many variables the left side has; those of the right side come behind.
    left: usize,
    types: Vec<Option<(Side, &'a TypeExpr)>>,
    nats: Vec<Nat>,
    budget: &'a mut u32,
}

/// What is known of a number: the value of another variable plus something, or just something.
#[derive(Clone, Copy)]
struct Nat {
    of: Option<usize>,
    plus: i64,
}

impl<'a> Unification<'a> {
    fn of(schema: &'a Schema, a: CombinatorId, b: CombinatorId, budget: &'a mut u32) -> bool {
        let (a, b) = (&schema[a], &schema[b]);
        let count = a.variables.len() + b.variables.len();
        let mut this = Unification {
            schema,
            left: a.variables.len(),
            types: vec![None; count],
            nats: (0..count)
                .map(|index| Nat {
                    of: Some(index),
                    plus: 0,
                })
                .collect(),
            budget,
        };
        this.types(Side::Left, &a.result, Side::Right, &b.result)
            && this
                .nats
                .iter()
                .all(|nat| nat.of.is_some() || nat.plus >= 0)
    }

    const fn variable(&self, side: Side, id: u32) -> usize {
        match side {
            Side::Left => id as usize,
            Side::Right => self.left + id as usize,
        }
    }

    fn types(&mut self, a_side: Side, a: &'a TypeExpr, b_side: Side, b: &'a TypeExpr) -> bool {
        if *self.budget == 0 {
            return true;
        }
        *self.budget -= 1;
        match (a, b) {
            (TypeExpr::Variable(a), TypeExpr::Variable(b))
                if self.variable(a_side, a.0) == self.variable(b_side, b.0) =>
            {
                true
            }
            (TypeExpr::Variable(variable), _) => {
                let variable = self.variable(a_side, variable.0);
                match self.types[variable] {
                    Some((side, bound)) => self.types(side, bound, b_side, b),
                    None => self.bind(variable, b_side, b),
                }
            }
            (_, TypeExpr::Variable(_)) => self.types(b_side, b, a_side, a),
            (TypeExpr::Nat, TypeExpr::Nat) => true,
            _ => match (self.application(a), self.application(b)) {
                (Some((a, a_args)), Some((b, b_args))) => {
                    a == b
                        && a_args.iter().zip(b_args).all(|(a, b)| match (a, b) {
                            (Arg::Type(a), Arg::Type(b)) => self.types(a_side, a, b_side, b),
                            (Arg::Nat(a), Arg::Nat(b)) => self.nats(a_side, *a, b_side, *b),
                            _ => false,
                        })
                }
                _ => false,
            },
        }
    }

    fn application(&self, ty: &'a TypeExpr) -> Option<(TypeId, &'a [Arg])> {
        match ty {
            TypeExpr::Boxed { ty, args } => Some((*ty, args)),
            TypeExpr::Bare {
                constructor, args, ..
            } => Some((self.schema[*constructor].result_type()?, args)),
            _ => None,
        }
    }

    /// Lets a variable be a type, unless the type contains it, or is it.
    fn bind(&mut self, variable: usize, side: Side, ty: &'a TypeExpr) -> bool {
        if let TypeExpr::Variable(id) = ty
            && let id = self.variable(side, id.0)
            && let Some((side, ty)) = self.types[id]
        {
            return match ty {
                TypeExpr::Variable(id) if self.variable(side, id.0) == variable => true,
                _ => self.bind(variable, side, ty),
            };
        }
        if self.contains(side, ty, variable) {
            return false;
        }
        self.types[variable] = Some((side, ty));
        true
    }

    fn contains(&mut self, side: Side, ty: &'a TypeExpr, variable: usize) -> bool {
        if *self.budget == 0 {
            return false;
        }
        *self.budget -= 1;
        if let TypeExpr::Variable(id) = ty {
            let id = self.variable(side, id.0);
            return id == variable
                || self.types[id].is_some_and(|(side, ty)| self.contains(side, ty, variable));
        }
        self.application(ty).is_some_and(|(_, args)| {
            args.iter()
                .any(|arg| matches!(arg, Arg::Type(ty) if self.contains(side, ty, variable)))
        })
    }

    fn nats(&mut self, a_side: Side, a: NatExpr, b_side: Side, b: NatExpr) -> bool {
        match (self.nat(a_side, a), self.nat(b_side, b)) {
            (Nat { of: None, plus: a }, Nat { of: None, plus: b }) => a == b,
            (Nat { of: Some(a), plus }, other) | (other, Nat { of: Some(a), plus }) => {
                if other.of == Some(a) {
                    return other.plus == plus;
                }
                self.set(a, other.of, other.plus - plus);
                true
            }
        }
    }

    /// Lets a variable of which nothing is known be another one plus something.
    fn set(&mut self, variable: usize, of: Option<usize>, plus: i64) {
        for nat in &mut self.nats {
            if nat.of == Some(variable) {
                nat.of = of;
                nat.plus += plus;
            }
        }
    }

    fn nat(&self, side: Side, nat: NatExpr) -> Nat {
        let plus = i64::from(nat.plus);
        match nat.base {
            Some(NatRef::Variable(id)) => {
                let known = self.nats[self.variable(side, id.0)];
                Nat {
                    of: known.of,
                    plus: known.plus + plus,
                }
            }
            // A result cannot name a field; if it did, its value would be unknown.
            Some(NatRef::Field(_)) | None => Nat { of: None, plus },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::{Source, Sources};

    /// Whether the constructors of type `T` overlap.
    fn overlaps(text: &str) -> bool {
        let mut sources = Sources::new();
        let file = sources.add(Source::new("a.tl", text).unwrap());
        let ast = crate::parse(file, sources.get(file).unwrap()).ast;
        let options = crate::resolve::Options::default();
        let resolved = crate::resolve::resolve(&sources, &[ast], &options);
        let schema = resolved.schema.unwrap_or_else(|| panic!("{:#?}", resolved.diagnostics));
        let ty = schema.find_type("T").unwrap();
        any(&schema, &schema[ty].constructors)
    }

    #[test]
    fn results_that_can_be_equal() {
        assert!(!overlaps("a = T;"));
        assert!(overlaps("a = T; b = T;"));
        assert!(overlaps("a {t:Type} = T t; b {u:Type} = T u;"));
        assert!(overlaps("a {t:Type} = T t; b = T int;"));
        assert!(overlaps("a {t:Type} = T t; b {u:Type} = T (Maybe u);"));
        assert!(overlaps("a {x:Type} {y:Type} = T x y; b {u:Type} = T u int;"));
        assert!(overlaps("a {n:#} = T (n + 1); b = T 3;"));
        assert!(overlaps("a {n:#} = T (n + 1); b {m:#} = T (m + 7);"));
        assert!(overlaps("a {n:#} {m:#} = T n m; b {k:#} = T k (k + 1);"));
        // `int` and `Int` are the same type here: being bare is not a matter of the type.
        assert!(overlaps("a = T int; b = T Int;"));
    }

    #[test]
    fn results_that_cannot_be_equal() {
        assert!(!overlaps("a = T int; b = T string;"));
        assert!(!overlaps("a = T 1; b = T 2; c = T 3;"));
        // 0 = n + 1
        assert!(!overlaps("a {n:#} = T (n + 1); b = T 0;"));
        // t = Maybe t
        assert!(!overlaps("a {t:Type} = T t t; b {u:Type} = T u (Maybe u);"));
        // n = n + 1
        assert!(!overlaps("a {n:#} = T n n; b {k:#} = T k (k + 1);"));
        // int = string
        assert!(!overlaps("a {t:Type} = T t t; b = T int string;"));
    }

    #[test]
    fn contrived_results_end() {
        // The usual way to make unification take exponential time.
        let pairs = |name: &str, from: usize| -> String {
            (0..30).map(|i| format!(" (Pair {name}{i} {name}{i})")).skip(from).collect()
        };
        let variables =
            |name: &str| -> String { (0..31).map(|i| format!("{{{name}{i}:Type}} ")).collect() };
        let names = |name: &str| -> String { (1..31).map(|i| format!(" {name}{i}")).collect() };
        let text = format!(
            "a {}= T{}{}; b {}= T{}{};",
            variables("x"),
            names("x"),
            pairs("x", 0),
            variables("y"),
            pairs("y", 0),
            names("y"),
        );
        overlaps(&text);
    }
}
