//! What expressions mean where a number is wanted: conditions, counts, arguments.

use super::collect::Resolver;
use super::combinator::Context;
use super::scope::Nat;
use crate::ast::{Condition as AstCondition, Expr, ExprKind};
use crate::diagnostic::{Code, Diagnostic, clip};
use crate::id::{is_upper, unwrapped};
use crate::ir::{Condition, NatExpr, NatRef};
use crate::source::Span;

impl<'a> Resolver<'a> {
    /// `flags.3?`
    pub(super) fn condition(
        &mut self,
        context: &mut Context<'a>,
        condition: &AstCondition,
    ) -> Option<Condition> {
        let mask = self.nat_name(context, condition.mask.span, NatUse::Mask);
        // A condition without a bit is a fault that the parser has reported.
        let (span, bit) = condition.bit?;
        if bit > 31 {
            let name = clip(context.unit.slice(condition.mask.span));
            self.faults.push(
                Diagnostic::new(
                    Code::BitOutOfRange,
                    format!("bit {bit}: flags have bits 0 to 31"),
                    context.unit.at(span),
                )
                .hint(format!(
                    "add a second field of flags, `{name}2:#`, and write `{name}2.{}?`",
                    bit % 32
                )),
            );
            return None;
        }
        Some(Condition {
            mask: mask?,
            bit: u8::try_from(bit).ok()?,
        })
    }

    /// A number: `32`, `n`, `(1 + n)`.
    pub(super) fn nat(&mut self, context: &mut Context<'a>, expr: &Expr) -> Option<NatExpr> {
        let expr = unwrapped(expr);
        let at = context.unit.at(expr.span);
        match &expr.kind {
            ExprKind::Number(number) => Some(NatExpr {
                base: None,
                plus: *number,
            }),
            ExprKind::Name(name) => {
                let base = self.nat_name(context, name.span, NatUse::Number)?;
                Some(NatExpr {
                    base: Some(base),
                    plus: 0,
                })
            }
            ExprKind::Sum(parts) => {
                let mut sum = NatExpr {
                    base: None,
                    plus: 0,
                };
                for part in parts {
                    let part = self.nat(context, part)?;
                    if sum.base.is_some() && part.base.is_some() {
                        self.faults.push(
                            Diagnostic::new(
                                Code::SumOfVariables,
                                "a sum has one variable at most",
                                at,
                            )
                            .hint("the other summands are numbers, as in `n + 1`"),
                        );
                        return None;
                    }
                    sum.base = sum.base.or(part.base);
                    let Some(plus) = sum.plus.checked_add(part.plus) else {
                        self.faults.push(Diagnostic::new(
                            Code::NumberTooGreat,
                            format!("the sum is greater than {}", u32::MAX),
                            at,
                        ));
                        return None;
                    };
                    sum.plus = plus;
                }
                Some(sum)
            }
            _ => {
                self.faults.push(
                    Diagnostic::new(Code::WrongKind, "a number is wanted here, not a type", at)
                        .hint("write a number, a `#` field or a variable `{n:#}`"),
                );
                None
            }
        }
    }

    /// The `#` field or variable of a name.
    fn nat_name(&mut self, context: &mut Context<'a>, span: Span, what: NatUse) -> Option<NatRef> {
        let unit = context.unit;
        let text = unit.slice(span);
        let symbol = self.intern(text);
        let name = clip(text);
        let at = unit.at(span);
        match self.scope.nat(symbol) {
            Nat::Known(found) => {
                if let NatRef::Variable(id) = found {
                    context.used(id);
                }
                return Some(found);
            }
            Nat::Field(field) => {
                self.faults.push(
                    Diagnostic::new(Code::NotANat, format!("`{name}` is no number"), at)
                        .also(unit.at(field.span), "this field is no `#`")
                        .hint(format!("declare it as `{name}:#`")),
                );
                return None;
            }
            Nat::TypeVariable => {
                self.faults.push(
                    Diagnostic::new(Code::NotANat, format!("`{name}` is no number"), at)
                        .label("this is a variable of kind `Type`")
                        .hint("declare a variable of kind `#` in braces"),
                );
                return None;
            }
            Nat::None => {}
        }
        if self.faults.is_full(Code::UnknownVariable) {
            return None;
        }
        let is_type = what == NatUse::Number
            && (is_upper(text) || self.find_constructor(symbol, context.layer).is_some());
        if is_type {
            self.faults.push(
                Diagnostic::new(Code::WrongKind, "a number is wanted here, not a type", at)
                    .hint("write a number, a `#` field or a variable `{n:#}`"),
            );
            return None;
        }
        self.find_later(context);
        if let Some(later) = self.scope.later(symbol) {
            self.faults.push(
                Diagnostic::new(
                    Code::UsedBeforeDeclared,
                    format!("`{name}` is used before it is read"),
                    at,
                )
                .also(unit.at(later), "it comes only here")
                .hint(format!("move `{name}:#` before the fields that need it")),
            );
            return None;
        }
        let mut diagnostic = Diagnostic::new(
            Code::UnknownVariable,
            format!("no field or variable `{name}` is declared here"),
            at,
        );
        let near = context.ast.and_then(|ast| {
            let numbers = ast
                .body
                .parameters()
                .iter()
                .take_while(|parameter| parameter.span.start < span.start)
                .map(|parameter| match parameter.ty.kind {
                    ExprKind::Nat => parameter.name,
                    _ => None,
                });
            let variables = ast
                .variables
                .iter()
                .flat_map(|group| group.names.iter().copied().map(Some));
            let names = numbers
                .chain(variables)
                .map(|ident| ident.map(|ident| unit.slice(ident.span)));
            self.suggester.nearest(text, names)
        });
        diagnostic = match (near, what) {
            (Some(near), _) => diagnostic.hint(format!("did you mean `{near}`?")),
            (None, NatUse::Mask) => diagnostic.hint(format!("declare `{name}:#` before it")),
            (None, NatUse::Number) => diagnostic.hint(format!(
                "declare `{name}:#` before it, or the variable `{{{name}:#}}`"
            )),
        };
        self.faults.push(diagnostic);
        None
    }

    /// Enters the names of all parameters, to say of one that it comes too late.
    fn find_later(&mut self, context: &mut Context<'a>) {
        let Some(ast) = context.ast else {
            return;
        };
        if std::mem::replace(&mut context.knows_later, true) {
            return;
        }
        for parameter in ast.body.parameters() {
            for ident in parameter.name.iter().chain(&parameter.more_names) {
                let symbol = self.intern(context.unit.slice(ident.span));
                self.scope.set_later(symbol, ident.span);
            }
        }
    }
}

/// What a number is wanted for.
#[derive(Clone, Copy, PartialEq, Eq)]
enum NatUse {
    /// `flags.3?`
    Mask,
    /// A count or an argument.
    Number,
}
