//! Partial applications: `Tuple int 10;`

use super::collect::{Resolver, Unit};
use super::combinator::Context;
use super::types::{Application, Place};
use crate::ast::{Ast, Expr, Item};
use crate::diagnostic::{Code, Diagnostic};
use crate::id::{Bound, specialised, spell_expr};
use crate::ir::{Arg, Combinator, CombinatorKind, IdRule, Specialisation, TypeExpr};

/// A line of a schema could make a hundred thousand constructors, and there may be as many lines.
const MAX_PER_ITEM: usize = 16;

impl<'a> Resolver<'a> {
    /// `Tuple int 10;`
    pub(super) fn specialisations(
        &mut self,
        asts: &'a [Ast],
        combinators: &[Combinator],
        rule: IdRule,
    ) -> Vec<Specialisation> {
        let mut found = Vec::new();
        let items = asts.iter().map(|ast| ast.items.len()).sum();
        for (index, ast) in asts.iter().enumerate() {
            let unit = self.units[index];
            for item in &ast.items {
                if let Item::PartialApplication(application) = item {
                    self.specialise(
                        &application.expr,
                        unit,
                        combinators,
                        rule,
                        items,
                        &mut found,
                    );
                }
            }
        }
        found
    }

    fn specialise(
        &mut self,
        expr: &Expr,
        unit: Unit<'a>,
        combinators: &[Combinator],
        rule: IdRule,
        items: usize,
        found: &mut Vec<Specialisation>,
    ) {
        let mut context = Context::new(unit, None, CombinatorKind::Constructor, Some(u32::MAX));
        self.scope.begin();
        let resolved = self.ty(&mut context, expr, Place::Argument);
        let (Some(resolved), Some(application)) = (resolved, Application::of(expr)) else {
            return;
        };
        let (constructors, args) = match resolved {
            TypeExpr::Boxed { ty, args } => (self.types[ty.0 as usize].constructors.clone(), args),
            TypeExpr::Bare {
                constructor, args, ..
            } => (vec![constructor], args),
            _ => return,
        };
        let spellings: Vec<String> = application
            .arguments()
            .map(|argument| spell_expr(argument, unit.text, rule))
            .collect();
        if found.len() + constructors.len() > MAX_PER_ITEM * items {
            self.faults.push(
                Diagnostic::new(
                    Code::TooGreat,
                    "this makes more constructors than the compiler takes",
                    unit.at(expr.span),
                )
                .label("one for each constructor of the type"),
            );
            return;
        }
        for constructor in constructors {
            let (Some(combinator), Some(declared)) = (
                combinators.get(constructor.0 as usize),
                self.declarations.get(constructor.0 as usize),
            ) else {
                continue;
            };
            let mut result = match combinator.result_type() {
                Some(ty) => self.symbols.text(self.types[ty.0 as usize].name).to_owned(),
                None => continue,
            };
            let mut bound = Vec::with_capacity(spellings.len());
            for (position, (spelling, arg)) in spellings.iter().zip(&args).enumerate() {
                result.push(' ');
                result.push_str(spelling);
                let Some(variable) = combinator.result_variable(position) else {
                    continue;
                };
                bound.push(Bound {
                    variable: self
                        .symbols
                        .text(combinator.variables[variable.0 as usize].name),
                    spelling,
                    number: match arg {
                        Arg::Nat(number) => Some(number.plus),
                        Arg::Type(_) => None,
                    },
                });
            }
            let id = specialised(declared.ast, declared.unit.text, &bound, &result, rule);
            found.push(Specialisation {
                constructor,
                args: args.clone(),
                id: id.unwrap_or_default(),
                location: unit.location(expr.span),
            });
        }
    }
}
