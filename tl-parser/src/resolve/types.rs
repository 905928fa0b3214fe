//! What expressions mean: types, numbers, conditions.

use super::collect::{Declared, Resolver, Unit, count};
use super::scope::Nat;
use crate::ast::{
    Ast, Body, Condition as AstCondition, Declaration, Expr, ExprKind, Item, Parameter,
    Repeat as AstRepeat,
};
use crate::diagnostic::{Code, Diagnostic, clip};
use crate::id::{Bound, is_upper, specialised, spell_expr, unwrapped};
use crate::ir::{
    Annotations, Arg, Builtin, Combinator, CombinatorId, CombinatorKind, Condition, Field, FieldId,
    IdRule, Kind, NatExpr, NatRef, Repeat, Specialisation, Symbol, TypeExpr, TypeId, Variable,
    VariableId,
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
                name: name.span,
                first: &[],
                second,
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

    fn len(self) -> usize {
        self.first.len() + self.second.len()
    }
}

/// The declaration that is being resolved.
struct Context<'a> {
    unit: Unit<'a>,
    /// `None` for a partial application.
    ast: Option<&'a Declaration>,
    kind: CombinatorKind,
    layer: Option<u32>,
    next_field: u32,
    /// More fields than these are not made of groups.
    max_fields: u32,
    /// The `#` that counts an implicit repetition.
    last_nat: Option<NatRef>,
    variables: Vec<Uses>,
    in_result: bool,
    /// Something is left out, so that what is missing says nothing.
    broken: bool,
    /// The later parameters are in the scope.
    knows_later: bool,
}

/// How a variable is used.
#[derive(Clone, Copy, Default)]
struct Uses {
    used: bool,
    in_result: bool,
    forwarded: bool,
}

/// Where a type stands.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    Field,
    Argument,
    Result,
}

impl<'a> Resolver<'a> {
    /// Resolves all declarations, those of the prelude too that are needed for it.
    pub(super) fn combinators(&mut self) -> Vec<Combinator> {
        let mut combinators = Vec::with_capacity(self.declarations.len());
        while let Some(declared) = self.declarations.get(combinators.len()).copied() {
            combinators.push(self.combinator(&declared));
        }
        combinators
    }

    /// `Tuple int 10;`
    pub(super) fn specialisations(
        &mut self,
        asts: &'a [Ast],
        combinators: &[Combinator],
        rule: IdRule,
    ) -> Vec<Specialisation> {
        let mut found = Vec::new();
        for (index, ast) in asts.iter().enumerate() {
            let unit = self.units[index];
            for item in &ast.items {
                if let Item::PartialApplication(application) = item {
                    self.specialise(&application.expr, unit, combinators, rule, &mut found);
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

    fn combinator(&mut self, declared: &Declared<'a>) -> Combinator {
        let Declared { ast, unit, .. } = *declared;
        let mut context = Context::new(unit, Some(ast), declared.kind, declared.layer);
        self.scope.begin();
        let variables = self.variables(&mut context, ast);
        let fields = match &ast.body {
            Body::Builtin(_) => Vec::new(),
            Body::Parameters(parameters) => self.parameters(&mut context, parameters),
        };
        context.in_result = true;
        let result = match declared.kind {
            CombinatorKind::Constructor => declared
                .ty
                .and_then(|ty| self.constructor_result(&mut context, ast, ty)),
            CombinatorKind::Function => {
                if self.symbols.text(declared.name) == "_" {
                    self.faults.push(
                        Diagnostic::new(
                            Code::BadDefault,
                            "a function needs a name",
                            unit.at(ast.name.span),
                        )
                        .label("only constructors may do without"),
                    );
                }
                self.ty(&mut context, &ast.result, Place::Result)
            }
        };
        context.broken |= result.is_none();
        self.check_variables(&context, &variables);
        let mut combinator = Combinator {
            kind: declared.kind,
            name: declared.name,
            id: declared.id,
            explicit_id: ast.id.map(|id| id.value),
            computed_id: declared.computed_id,
            variables,
            fields,
            result: result.unwrap_or(TypeExpr::Nat),
            builtin: None,
            opaque: matches!(ast.body, Body::Builtin(_)),
            predeclared: unit.file.is_none(),
            layer: declared.layer,
            annotations: self.annotations(ast, unit),
            docs: None,
            location: unit.location(ast.name.span),
        };
        combinator.builtin = self.builtin(&combinator);
        if let (Body::Builtin(span), None, false) = (&ast.body, combinator.builtin, context.broken)
        {
            self.faults.push(
                Diagnostic::new(
                    Code::UnknownBuiltin,
                    format!(
                        "`{}` is no built-in type that is known",
                        clip(self.symbols.text(declared.name))
                    ),
                    unit.at(*span),
                )
                .hint(
                    "the built-ins are int, long, double, float, string, bytes, object and \
                     function; describe others by parameters",
                ),
            );
        }
        combinator
    }

    /// `{X:Type} {n m:#}`
    fn variables(&mut self, context: &mut Context<'a>, ast: &Declaration) -> Vec<Variable> {
        let unit = context.unit;
        let mut variables = Vec::new();
        for group in &ast.variables {
            let kind = match &unwrapped(&group.kind).kind {
                ExprKind::Nat => Kind::Nat,
                ExprKind::Name(name) if unit.slice(name.span) == "Type" => Kind::Type,
                _ => {
                    self.faults.push(
                        Diagnostic::new(
                            Code::WrongKind,
                            "a variable is of kind `Type` or `#`",
                            unit.at(group.kind.span),
                        )
                        .hint("write a parameter of another type without braces"),
                    );
                    context.broken = true;
                    Kind::Type
                }
            };
            for ident in &group.names {
                let name = self.intern(unit.slice(ident.span));
                let id = VariableId(u32::try_from(variables.len()).unwrap_or(u32::MAX));
                if let Some((first, _)) = self.scope.variable(name) {
                    let mut diagnostic = Diagnostic::new(
                        Code::DuplicateField,
                        format!(
                            "the variable `{}` is declared twice",
                            clip(self.symbols.text(name))
                        ),
                        unit.at(ident.span),
                    );
                    let first: Option<&Variable> = variables.get(first.0 as usize);
                    if let Some(place) = first.and_then(|first| first.location) {
                        diagnostic = diagnostic.also(place, "first declared here");
                    }
                    self.faults.push(diagnostic);
                    context.broken = true;
                }
                self.scope.set_variable(name, id, kind);
                if kind == Kind::Nat {
                    context.last_nat = Some(NatRef::Variable(id));
                }
                variables.push(Variable {
                    name,
                    kind,
                    location: unit.location(ident.span),
                });
            }
        }
        context.variables.resize(variables.len(), Uses::default());
        variables
    }

    fn parameters(&mut self, context: &mut Context<'a>, parameters: &[Parameter]) -> Vec<Field> {
        let mut fields = Vec::with_capacity(parameters.len());
        for parameter in parameters {
            if parameter.more_names.is_empty() {
                let name = parameter.name.map(|ident| ident.span);
                self.parameter(context, parameter, name, &mut fields);
                continue;
            }
            for ident in parameter.name.iter().chain(&parameter.more_names) {
                // The fault of one is the fault of all.
                if !self.parameter(context, parameter, Some(ident.span), &mut fields) {
                    break;
                }
            }
        }
        fields
    }

    /// One name of a parameter. Tells whether there was no fault.
    fn parameter(
        &mut self,
        context: &mut Context<'a>,
        parameter: &Parameter,
        name: Option<Span>,
        fields: &mut Vec<Field>,
    ) -> bool {
        let unit = context.unit;
        if context.next_field >= context.max_fields {
            self.too_great(context);
            return false;
        }
        let id = FieldId(context.next_field);
        context.next_field += 1;
        let condition = match &parameter.condition {
            None => Some(None),
            Some(condition) => self.condition(context, condition).map(Some),
        };
        let ty = self.ty(context, &parameter.ty, Place::Field);
        let is_nat = ty == Some(TypeExpr::Nat);
        let symbol = name.map(|span| {
            let symbol = self.intern(unit.slice(span));
            if unit.slice(span) != "_" {
                self.check_name(context, symbol, span);
                // The name is there even if its type is at fault: it is not missing later. Then
                // we can't know whether it is a number.
                self.scope
                    .set_field(symbol, id, span, is_nat || ty.is_none());
            }
            symbol
        });
        let (Some(condition), Some(ty)) = (condition, ty) else {
            context.broken = true;
            return false;
        };
        if is_nat {
            context.last_nat = Some(NatRef::Field(id));
        }
        fields.push(Field {
            id,
            name: symbol,
            condition,
            ty,
            docs: None,
            location: unit.location(name.unwrap_or(parameter.span)),
        });
        true
    }

    /// Whether a field's name is taken.
    fn check_name(&mut self, context: &mut Context<'a>, symbol: Symbol, span: Span) {
        let unit = context.unit;
        if let Some(first) = self.scope.field(symbol) {
            let name = clip(self.symbols.text(symbol));
            let there = unit.at(first.span);
            if first.depth == self.scope.depth() {
                self.faults.push(
                    Diagnostic::new(
                        Code::DuplicateField,
                        format!("the field `{name}` is declared twice"),
                        unit.at(span),
                    )
                    .also(there, "first declared here"),
                );
                context.broken = true;
            } else {
                self.faults.push(
                    Diagnostic::new(
                        Code::Shadowed,
                        format!("the field `{name}` hides one of the same name"),
                        unit.at(span),
                    )
                    .also(there, "this one cannot be named inside of the repetition"),
                );
            }
        } else if let Some((_, Kind::Nat)) = self.scope.variable(symbol) {
            self.faults.push(
                Diagnostic::new(
                    Code::Shadowed,
                    format!(
                        "the field `{}` hides the variable of the same name",
                        clip(self.symbols.text(symbol))
                    ),
                    unit.at(span),
                )
                .label("conditions and counts behind this mean the field"),
            );
        }
    }

    /// `flags.3?`
    fn condition(
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

    fn ty(&mut self, context: &mut Context<'a>, expr: &Expr, place: Place) -> Option<TypeExpr> {
        let at = context.unit.at(expr.span);
        match &expr.kind {
            ExprKind::Name(_) | ExprKind::Angle(..) | ExprKind::Spaced(_) => {
                self.applied(context, expr, false)
            }
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
        let at = unit.at(application.name);
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
        let in_result = context.in_result;
        let find_type = |resolver: &mut Self| {
            let ty = resolver.find_type(symbol)?;
            let is_hidden = resolver.type_facts_of(ty).only_result && !in_result;
            (!is_hidden).then_some(ty)
        };
        let named_type = |resolver: &mut Self| match find_type(resolver) {
            Some(ty) if percent => Some((resolver.only_constructor(context, ty, span), ty)),
            Some(ty) => Some((Some(None), ty)),
            None => None,
        };
        let named_constructor = |resolver: &mut Self| {
            let constructor = resolver.find_constructor(symbol, context.layer)?;
            let ty = resolver.declarations[constructor.0 as usize].ty;
            Some((constructor, ty))
        };
        // A capital means the type, a small letter the constructor; should one be missing, the
        // other of that unusual name is meant.
        enum Meaning {
            Boxed(TypeId),
            Bare(CombinatorId, TypeId, bool),
        }
        let as_type = |found: (Option<Option<CombinatorId>>, TypeId)| match found {
            (None, _) => None,
            (Some(None), ty) => Some(Meaning::Boxed(ty)),
            (Some(Some(constructor)), ty) => Some(Meaning::Bare(constructor, ty, true)),
        };
        let as_constructor = |(constructor, ty): (CombinatorId, Option<TypeId>)| {
            // Without a type the constructor is at fault itself.
            ty.map(|ty| Meaning::Bare(constructor, ty, false))
        };
        let found = if is_upper(text) {
            match named_type(self) {
                Some(found) => Some(as_type(found)),
                None => named_constructor(self).map(as_constructor),
            }
        } else {
            match named_constructor(self) {
                Some(found) => Some(as_constructor(found)),
                None => named_type(self).map(as_type),
            }
        };
        let is_function = context.kind == CombinatorKind::Function;
        let found = match found {
            None if context.in_result && is_function && is_upper(text) => self
                .undeclared_result(context, application, symbol)
                .map(|ty| Some(Meaning::Boxed(ty))),
            found => found,
        };
        let Some(meaning) = found else {
            self.unknown(symbol, text, at);
            return None;
        };
        match meaning? {
            Meaning::Boxed(ty) => {
                let args = self.arguments(context, application, ty, span)?;
                Some(TypeExpr::Boxed { ty, args })
            }
            Meaning::Bare(constructor, ty, percent) => {
                let args = self.arguments(context, application, ty, span)?;
                Some(TypeExpr::Bare {
                    constructor,
                    args,
                    percent,
                })
            }
        }
    }

    /// A type that a function results in and nothing makes. Schemas cut out of others have such:
    /// a warning, since a client that never reads the answer can do with it.
    fn undeclared_result(
        &mut self,
        context: &mut Context<'a>,
        application: Application<'_>,
        symbol: Symbol,
    ) -> Option<TypeId> {
        let names = self.names_of(symbol);
        let text = self.symbols.text(symbol);
        if names.broken || text == "Type" {
            return None;
        }
        let at = context.unit.at(application.name);
        let mut diagnostic = Diagnostic::new(
            Code::UndeclaredResult,
            format!("no constructor makes a `{}`", clip(text)),
            at,
        )
        .label("a function results in it");
        if let Some(near) = self.nearest(symbol) {
            diagnostic = diagnostic.hint(format!("did you mean `{near}`?"));
        }
        self.faults.push(diagnostic);
        let kinds = application
            .arguments()
            .map(|argument| match &unwrapped(argument).kind {
                ExprKind::Number(_) | ExprKind::Sum(_) => Kind::Nat,
                ExprKind::Name(name) => {
                    let symbol = self.symbols.find(context.unit.slice(name.span));
                    match symbol.map(|symbol| self.scope.nat(symbol)) {
                        Some(Nat::Known(_)) => Kind::Nat,
                        _ => Kind::Type,
                    }
                }
                _ => Kind::Type,
            });
        let kinds = kinds.collect();
        let ty = self.new_type(symbol, kinds, Some(at));
        self.type_facts[ty.0 as usize].only_result = true;
        Some(ty)
    }

    /// A declared name that is near one that isn't.
    fn nearest(&mut self, wrong: Symbol) -> Option<String> {
        let Self {
            suggester,
            symbols,
            names,
            ..
        } = self;
        let wrong = symbols.text(wrong);
        let is_type = is_upper(wrong);
        let candidates = (0..).zip(names.iter()).filter(|(_, names)| match is_type {
            true => names.ty.is_some(),
            false => names.constructor.is_some(),
        });
        let candidates = candidates.map(|(index, _)| symbols.by_index(index));
        suggester.nearest(wrong, candidates).map(str::to_owned)
    }

    /// `%T`: the only constructor of the type.
    ///
    /// Twice optional so that the caller can tell it from a boxed type.
    fn only_constructor(
        &mut self,
        context: &Context<'a>,
        ty: TypeId,
        span: Span,
    ) -> Option<Option<CombinatorId>> {
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
            if !self.type_facts_of(ty).is_known() {
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
        if self.symbols.text(declared.name) == "_" {
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
        Some(Some(
            self.find_constructor(declared.name, context.layer)
                .unwrap_or(first),
        ))
    }

    fn arguments(
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

    /// A number: `32`, `n`, `(1 + n)`.
    fn nat(&mut self, context: &mut Context<'a>, expr: &Expr) -> Option<NatExpr> {
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
        if what == NatUse::Number && text.contains('.') || is_upper(text) {
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
                .filter(|parameter| matches!(parameter.ty.kind, ExprKind::Nat))
                .filter_map(|parameter| parameter.name);
            let variables = ast
                .variables
                .iter()
                .flat_map(|group| group.names.iter().copied());
            let names = numbers.chain(variables).map(|ident| unit.slice(ident.span));
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

    fn unknown(&mut self, symbol: Symbol, text: &str, at: crate::source::Location) {
        let name = clip(text);
        let names = self.names_of(symbol);
        if names.broken {
            return;
        }
        if text == "Type" {
            self.faults.push(
                Diagnostic::new(Code::WrongKind, "`Type` is a kind, not a type", at)
                    .hint("variables that stand for types are declared in braces: `{X:Type}`"),
            );
            return;
        }
        if let Some(function) = names.function {
            let function = &self.declarations[function.0 as usize];
            self.faults.push(
                Diagnostic::new(
                    Code::FunctionAsType,
                    format!("`{name}` is a function, not a type"),
                    at,
                )
                .also(
                    function.unit.at(function.ast.name.span),
                    "declared as a function here",
                )
                .hint("name the type that it results in"),
            );
            return;
        }
        let is_number = matches!(self.scope.nat(symbol), Nat::Known(_));
        if is_number {
            self.faults.push(
                Diagnostic::new(
                    Code::WrongKind,
                    format!("`{name}` is a number, not a type"),
                    at,
                )
                .hint(format!("to repeat something write `{name}*[ int ]`")),
            );
            return;
        }
        let what = if is_upper(text) {
            "type"
        } else {
            "constructor"
        };
        let mut diagnostic = Diagnostic::new(
            Code::UnknownName,
            format!("no {what} `{name}` is declared"),
            at,
        );
        if let Some(near) = self.nearest(symbol) {
            diagnostic = diagnostic.hint(format!("did you mean `{near}`?"));
        } else if let Some(other) = self.other_case(text) {
            diagnostic = diagnostic.hint(match what {
                "type" => format!("the constructor `{other}` is written with a small letter"),
                _ => format!("did you mean the type `{other}`?"),
            });
        }
        self.faults.push(diagnostic);
    }

    /// The type `User` for `user`, or the other way round, if it is declared.
    fn other_case(&self, text: &str) -> Option<String> {
        if text.len() > 200 {
            return None;
        }
        let last = text.rfind('.').map_or(0, |dot| dot + 1);
        let first = text.as_bytes().get(last).copied()?;
        let swapped = if first.is_ascii_uppercase() {
            first.to_ascii_lowercase()
        } else {
            first.to_ascii_uppercase()
        };
        let other = format!(
            "{}{}{}",
            &text[..last],
            swapped as char,
            text.get(last + 1..)?
        );
        let names = self.names_of(self.symbols.find(&other)?);
        let declared = match swapped.is_ascii_uppercase() {
            true => names.ty.is_some(),
            false => names.constructor.is_some(),
        };
        declared.then_some(other)
    }

    /// What a constructor makes. Its arguments are its own variables: a reader learns them from
    /// the type that it expects.
    fn constructor_result(
        &mut self,
        context: &mut Context<'a>,
        ast: &Declaration,
        ty: TypeId,
    ) -> Option<TypeExpr> {
        let application = Application::of(&ast.result)?;
        if application.len() == 0 {
            return Some(TypeExpr::Boxed {
                ty,
                args: Vec::new(),
            });
        }
        let args = self.arguments(context, application, ty, ast.result.span)?;
        let mut seen = vec![false; context.variables.len()];
        for (arg, argument) in args.iter().zip(application.arguments()) {
            let variable = match arg {
                Arg::Type(TypeExpr::Variable(id))
                | Arg::Nat(NatExpr {
                    base: Some(NatRef::Variable(id)),
                    plus: 0,
                }) => Some(id.0 as usize),
                _ => None,
            };
            let seen = variable
                .and_then(|id| seen.get_mut(id))
                .map(|seen| std::mem::replace(seen, true));
            let label = match seen {
                Some(false) => continue,
                Some(true) => "this variable was there already",
                None => "this is no variable of the constructor",
            };
            self.faults.push(
                Diagnostic::new(
                    Code::BadResult,
                    "the arguments of a constructor's result are variables, each another one",
                    context.unit.at(argument.span),
                )
                .label(label)
                .hint("declare the variables in braces before the parameters: `{t:Type} {n:#}`"),
            );
            return None;
        }
        Some(TypeExpr::Boxed { ty, args })
    }

    fn check_variables(&mut self, context: &Context<'a>, variables: &[Variable]) {
        if context.broken {
            return;
        }
        for (variable, uses) in variables.iter().zip(&context.variables) {
            let Some(at) = variable.location else {
                continue;
            };
            let name = clip(self.symbols.text(variable.name));
            if !uses.used {
                self.faults.push(
                    Diagnostic::new(
                        Code::UnusedVariable,
                        format!("the variable `{name}` is used nowhere"),
                        at,
                    )
                    .hint("take it out, or name it in the result"),
                );
            } else if !uses.in_result && !uses.forwarded {
                self.faults.push(
                    Diagnostic::new(
                        Code::UndeterminedVariable,
                        format!("nothing tells a reader what `{name}` is"),
                        at,
                    )
                    .hint(match (context.kind, variable.kind) {
                        (CombinatorKind::Constructor, _) => {
                            format!("make it an argument of the result: `= T {name}`")
                        }
                        (CombinatorKind::Function, Kind::Type) => format!(
                            "name it in the result, or take a function of that result: `query:!{name}`"
                        ),
                        (CombinatorKind::Function, Kind::Nat) => {
                            format!("make it a parameter: `{name}:#`")
                        }
                    }),
                );
            }
        }
    }

    fn too_great(&mut self, context: &mut Context<'a>) {
        context.broken = true;
        if let Some(ast) = context.ast {
            self.faults
                .push(crate::id::too_long(context.unit.at(ast.name.span)));
        }
    }

    fn annotations(&mut self, ast: &Declaration, unit: Unit<'a>) -> Annotations {
        let mut annotations = Annotations::default();
        for ident in &ast.annotations {
            let bit = match unit.slice(ident.span) {
                "@read" => Annotations::READ,
                "@write" => Annotations::WRITE,
                "@internal" => Annotations::INTERNAL,
                "@kphp" => Annotations::KPHP,
                "@any" => Annotations::ANY,
                "@readwrite" => Annotations::READWRITE,
                other => {
                    self.faults.push(
                        Diagnostic::new(
                            Code::UnknownAnnotation,
                            format!("the annotation `{}` is not known", clip(other)),
                            unit.at(ident.span),
                        )
                        .hint("known are @any, @read, @write, @readwrite, @internal and @kphp"),
                    );
                    0
                }
            };
            annotations.0 |= bit;
        }
        annotations
    }

    /// Which of the types that every tool knows this declares, if any. It must have the name and
    /// the shape: `bytes x:int y:int = Bytes` is a type of its own.
    fn builtin(&self, combinator: &Combinator) -> Option<Builtin> {
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

impl<'a> Context<'a> {
    fn new(
        unit: Unit<'a>,
        ast: Option<&'a Declaration>,
        kind: CombinatorKind,
        layer: Option<u32>,
    ) -> Self {
        let written = ast.map_or(0, |ast| ast.span.len());
        Self {
            unit,
            ast,
            kind,
            layer,
            next_field: 0,
            max_fields: written.saturating_add(256),
            last_nat: None,
            variables: Vec::new(),
            in_result: false,
            broken: false,
            knows_later: false,
        }
    }

    fn used(&mut self, id: VariableId) {
        let in_result = self.in_result;
        if let Some(uses) = self.variables.get_mut(id.0 as usize) {
            uses.used = true;
            uses.in_result |= in_result;
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
