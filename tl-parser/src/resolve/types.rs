//! What expressions mean where a type is wanted.

use super::collect::{Resolver, count};
use super::combinator::Context;
use crate::ast::{Expr, ExprKind, Repeat as AstRepeat};
use crate::diagnostic::{Code, Diagnostic, clip};
use crate::id::unwrapped;
use crate::ir::{
    Arg, CombinatorId, CombinatorKind, Kind, NatExpr, NatRef, Repeat, Symbol, TypeExpr, TypeId,
};
use crate::source::Span;

/// A name with arguments, however it is written: `Vector<int>`, `(Vector int)`, `Vector int`.
#[derive(Clone, Copy)]
pub(super) struct Application<'e> {
    pub(super) name: Span,
    first: &'e [Expr],
    second: &'e [Expr],
}

impl<'e> Application<'e> {
    /// A name without arguments.
    const fn plain(name: Span) -> Self {
        Self {
            name,
            first: &[],
            second: &[],
        }
    }

    /// `None` if something else than a name is applied.
    pub(super) fn of(expr: &'e Expr) -> Option<Self> {
        let expr = unwrapped(expr);
        let (head, second) = match &expr.kind {
            ExprKind::Spaced(parts) => {
                let (head, rest) = parts.split_first()?;
                (unwrapped(head), rest)
            }
            _ => (expr, &[][..]),
        };
        match &head.kind {
            ExprKind::Name(name) => Some(Self {
                second,
                ..Self::plain(name.span)
            }),
            ExprKind::Angle(name, arguments) => Some(Self {
                name: name.span,
                first: arguments,
                second,
            }),
            _ => None,
        }
    }

    pub(super) fn arguments(self) -> impl Iterator<Item = &'e Expr> {
        self.first.iter().chain(self.second)
    }

    pub(super) fn len(self) -> usize {
        self.first.len() + self.second.len()
    }
}

/// Where a type stands.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    Field,
    Argument,
    Result,
}

/// What a name means.
enum Meaning {
    Boxed(TypeId),
    /// With the constructor's type, and whether a `%` means it.
    Bare(CombinatorId, TypeId, bool),
    /// Something that is at fault, which has been said.
    AtFault,
    None,
}

impl<'a> Resolver<'a> {
    pub(super) fn ty(
        &mut self,
        context: &mut Context<'a>,
        expr: &Expr,
        place: Place,
    ) -> Option<TypeExpr> {
        let at = context.unit.at(expr.span);
        match &expr.kind {
            ExprKind::Name(name) => {
                self.application(context, Application::plain(name.span), expr.span, false)
            }
            ExprKind::Angle(..) | ExprKind::Spaced(_) => self.applied(context, expr, false),
            ExprKind::Paren(inner) => self.ty(context, inner, place),
            ExprKind::Nat => Some(TypeExpr::Nat),
            ExprKind::Bare(inner) => match &unwrapped(inner).kind {
                ExprKind::Nat => Some(TypeExpr::Nat),
                ExprKind::Bare(_) => self.ty(context, inner, place),
                _ => self.applied(context, inner, true),
            },
            ExprKind::Forward(inner) => self.forward(context, expr, inner, place),
            ExprKind::Repeat(repeat) if place == Place::Field => self.repeat(context, expr, repeat),
            ExprKind::Repeat(_) => {
                self.faults.push(
                    Diagnostic::new(
                        Code::WrongKind,
                        "a repetition can only be the type of a parameter",
                        at,
                    )
                    .hint("declare a constructor with the repetition in it, and name that here"),
                );
                None
            }
            ExprKind::Number(_) | ExprKind::Sum(_) => {
                self.faults.push(
                    Diagnostic::new(Code::WrongKind, "a type is wanted here, not a number", at)
                        .hint("to repeat something write `4*[ int ]`"),
                );
                None
            }
        }
    }

    /// An expression that must be a name with arguments.
    fn applied(
        &mut self,
        context: &mut Context<'a>,
        expr: &Expr,
        percent: bool,
    ) -> Option<TypeExpr> {
        if let Some(application) = Application::of(expr) {
            return self.application(context, application, expr.span, percent);
        }
        // `%Vector int`: the sign belongs to the whole.
        if let ExprKind::Spaced(parts) = &unwrapped(expr).kind
            && let Some((head, rest)) = parts.split_first()
            && let ExprKind::Bare(inner) = &unwrapped(head).kind
            && let Some(mut application) = Application::of(inner)
            && application.second.is_empty()
        {
            application.second = rest;
            return self.application(context, application, expr.span, true);
        }
        self.faults.push(Diagnostic::new(
            Code::WrongKind,
            if percent {
                "only a type can be made bare"
            } else {
                "only a type takes arguments"
            },
            context.unit.at(expr.span),
        ));
        None
    }

    fn application(
        &mut self,
        context: &mut Context<'a>,
        application: Application<'_>,
        span: Span,
        percent: bool,
    ) -> Option<TypeExpr> {
        let unit = context.unit;
        let text = unit.slice(application.name);
        let symbol = self.intern(text);
        if let Some((id, Kind::Type)) = self.scope.variable(symbol) {
            context.used(id);
            if percent {
                self.faults.push(
                    Diagnostic::new(
                        Code::BareOfMany,
                        format!("the variable `{}` cannot be made bare", clip(text)),
                        unit.at(span),
                    )
                    .label("whether it is bare is said where the variable gets its type"),
                );
                return None;
            }
            if application.len() > 0 {
                self.faults.push(Diagnostic::new(
                    Code::WrongArity,
                    format!("the variable `{}` takes no arguments", clip(text)),
                    unit.at(span),
                ));
                return None;
            }
            return Some(TypeExpr::Variable(id));
        }
        let (constructor, ty, percent) = match self.meaning(context, symbol, span, percent) {
            Meaning::Boxed(ty) => (None, ty, false),
            Meaning::Bare(constructor, ty, percent) => (Some(constructor), ty, percent),
            Meaning::AtFault => return None,
            Meaning::None => match self.undeclared(context, application, symbol) {
                Some(ty) => (None, ty, false),
                None => return None,
            },
        };
        let args = self.arguments(context, application, ty, span)?;
        Some(match constructor {
            None => TypeExpr::Boxed { ty, args },
            Some(constructor) => TypeExpr::Bare {
                constructor,
                args,
                percent,
            },
        })
    }

    /// What a name means where a type is wanted: a capital means the type, a small letter the
    /// constructor; should one be missing, the other of that unusual name is meant.
    fn meaning(
        &mut self,
        context: &Context<'a>,
        symbol: Symbol,
        span: Span,
        percent: bool,
    ) -> Meaning {
        let upper = self.names_of(symbol).is_upper;
        if !upper && let Some(constructor) = self.find_constructor(symbol, context.layer) {
            return self.as_bare(constructor);
        }
        if let Some(ty) = self.find_type(symbol)
            && (context.in_result || !self.type_facts_of(ty).only_result)
        {
            return match percent {
                false => Meaning::Boxed(ty),
                true => self
                    .only_constructor(context, ty, span)
                    .map_or(Meaning::AtFault, |only| Meaning::Bare(only, ty, true)),
            };
        }
        if upper && let Some(constructor) = self.find_constructor(symbol, context.layer) {
            return self.as_bare(constructor);
        }
        Meaning::None
    }

    fn as_bare(&self, constructor: CombinatorId) -> Meaning {
        // Without a type the constructor is at fault itself.
        self.declarations[constructor.0 as usize]
            .ty
            .map_or(Meaning::AtFault, |ty| Meaning::Bare(constructor, ty, false))
    }

    /// `%T`: the only constructor of the type.
    fn only_constructor(
        &mut self,
        context: &Context<'a>,
        ty: TypeId,
        span: Span,
    ) -> Option<CombinatorId> {
        let constructors = &self.types[ty.0 as usize].constructors;
        let several = self.type_facts_of(ty).several;
        let at = context.unit.at(span);
        let name = clip(self.symbols.text(self.types[ty.0 as usize].name));
        let Some(&first) = constructors.first() else {
            let diagnostic = Diagnostic::new(
                Code::BareOfMany,
                format!("`{name}` has no constructor that could be bare"),
                at,
            );
            // Or its constructor is at fault itself.
            if self.type_facts_of(ty).is_meant_empty() {
                self.faults.push(diagnostic);
            }
            return None;
        };
        if several {
            let declared = |id: CombinatorId| &self.declarations[id.0 as usize];
            let first = declared(first);
            let other = constructors
                .iter()
                .map(|&id| declared(id))
                .find(|other| other.name != first.name);
            let mut diagnostic = Diagnostic::new(
                Code::BareOfMany,
                format!(
                    "`%{name}` could be any of {} constructors",
                    constructors.len()
                ),
                at,
            )
            .label("a bare value has no id that says which one it is")
            .hint(format!(
                "write `{name}` for a boxed value, or the name of a constructor: `{}`",
                clip(self.symbols.text(first.name)),
            ));
            for declared in std::iter::once(first).chain(other) {
                if let Some(place) = declared.unit.location(declared.ast.name.span) {
                    diagnostic = diagnostic.also(place, "one of them");
                }
            }
            self.faults.push(diagnostic);
            return None;
        }
        let declared = &self.declarations[first.0 as usize];
        if declared.name == self.default_name {
            self.faults.push(
                Diagnostic::new(
                    Code::BadDefault,
                    format!("`{name}` has a default constructor, and cannot be bare"),
                    at,
                )
                .also(
                    declared.unit.at(declared.ast.name.span),
                    "its values have no id as they are",
                )
                .hint(format!("write `{name}`")),
            );
            return None;
        }
        // Several versions of one name.
        let version = self.find_constructor(declared.name, context.layer);
        Some(version.unwrap_or(first))
    }

    pub(super) fn arguments(
        &mut self,
        context: &mut Context<'a>,
        application: Application<'_>,
        ty: TypeId,
        span: Span,
    ) -> Option<Vec<Arg>> {
        let wanted = self.types[ty.0 as usize].parameters.len();
        if application.len() != wanted {
            self.wrong_arity(context, application, ty, span);
            return None;
        }
        if wanted == 0 {
            return Some(Vec::new());
        }
        let mut args = Some(Vec::with_capacity(wanted));
        for (index, argument) in application.arguments().enumerate() {
            let kind = self.types[ty.0 as usize].parameters[index];
            let arg = match kind {
                Kind::Type => self.ty(context, argument, Place::Argument).map(Arg::Type),
                Kind::Nat => self.nat(context, argument).map(Arg::Nat),
            };
            // The faults of all arguments are of interest.
            match (arg, &mut args) {
                (Some(arg), Some(args)) => args.push(arg),
                _ => args = None,
            }
        }
        args
    }

    fn wrong_arity(
        &mut self,
        context: &Context<'a>,
        application: Application<'_>,
        ty: TypeId,
        span: Span,
    ) {
        if !self.type_facts_of(ty).is_known() {
            return;
        }
        let ty = &self.types[ty.0 as usize];
        let name = clip(context.unit.slice(application.name));
        let mut diagnostic = Diagnostic::new(
            Code::WrongArity,
            format!(
                "`{name}` takes {}, but has {} here",
                match ty.parameters.len() {
                    0 => "no arguments".to_owned(),
                    number => count(number, "argument"),
                },
                match application.len() {
                    0 => "none".to_owned(),
                    number => number.to_string(),
                },
            ),
            context.unit.at(span),
        );
        if let Some(place) = ty.location {
            diagnostic = diagnostic.also(place, "the type's parameters are settled here");
        }
        if application.len() == 0 && ty.parameters.len() <= 8 {
            let arguments: Vec<&str> = ty
                .parameters
                .iter()
                .map(|kind| match kind {
                    Kind::Type => "int",
                    Kind::Nat => "1",
                })
                .collect();
            diagnostic = diagnostic.hint(format!("for example `{name}<{}>`", arguments.join(",")));
        }
        self.faults.push(diagnostic);
    }

    /// `!X`
    fn forward(
        &mut self,
        context: &mut Context<'a>,
        expr: &Expr,
        inner: &Expr,
        place: Place,
    ) -> Option<TypeExpr> {
        let unit = context.unit;
        let bad = |label: &str| {
            Diagnostic::new(
                Code::BadForward,
                "`!` stands before a variable in a parameter of a function",
                unit.at(expr.span),
            )
            .label(label)
        };
        if place != Place::Field {
            self.faults.push(bad("this is no parameter"));
            return None;
        }
        if context.kind != CombinatorKind::Function {
            self.faults.push(
                bad("this is a constructor's parameter")
                    .hint("declare functions below `---functions---`"),
            );
            return None;
        }
        let ExprKind::Name(name) = &unwrapped(inner).kind else {
            self.faults
                .push(bad("this is no variable").hint("declare `{X:Type}` and write `!X`"));
            return None;
        };
        let symbol = self.intern(unit.slice(name.span));
        match self.scope.variable(symbol) {
            Some((id, Kind::Type)) => {
                context.used(id);
                if let Some(uses) = context.variables.get_mut(id.0 as usize) {
                    uses.forwarded = true;
                }
                Some(TypeExpr::Forward(id))
            }
            _ => {
                let name = clip(unit.slice(name.span));
                self.faults.push(
                    bad(&format!("`{name}` is no variable of kind `Type`"))
                        .hint(format!("declare `{{{name}:Type}}` before the parameters")),
                );
                None
            }
        }
    }

    fn repeat(
        &mut self,
        context: &mut Context<'a>,
        expr: &Expr,
        repeat: &AstRepeat,
    ) -> Option<TypeExpr> {
        let at = context.unit.at(expr.span);
        let count = match &repeat.count {
            Some(count) => self.nat(context, count),
            None => {
                if let Some(NatRef::Variable(id)) = context.last_nat {
                    context.used(id);
                }
                if context.last_nat.is_none() && !context.broken {
                    self.faults.push(
                        Diagnostic::new(
                            Code::NoCount,
                            "nothing says how often this is repeated",
                            at,
                        )
                        .hint("write a `#` before it, as in `# [ t ]`, or a count: `4*[ t ]`"),
                    );
                }
                context.last_nat.map(|base| NatExpr {
                    base: Some(base),
                    plus: 0,
                })
            }
        };
        let mark = self.scope.enter_repeat();
        let last_nat = context.last_nat;
        let fields = self.parameters(context, &repeat.parameters);
        context.last_nat = last_nat;
        self.scope.leave_repeat(&mark);
        if repeat.parameters.is_empty() {
            self.faults.push(
                Diagnostic::new(Code::EmptyRepeat, "nothing is repeated here", at)
                    .hint("write a type between the brackets"),
            );
            return None;
        }
        Some(TypeExpr::Repeat(Box::new(Repeat {
            count: count?,
            implicit: repeat.count.is_none(),
            fields,
        })))
    }
}
