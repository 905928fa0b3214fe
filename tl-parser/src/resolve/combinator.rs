//! Declarations: variables, parameters, results.

use super::collect::{Declared, Resolver, Unit};
use super::scope::Hidden;
use super::types::{Application, Place};
use crate::ast::{Body, Declaration, ExprKind, Parameter};
use crate::diagnostic::{Code, Diagnostic, clip};
use crate::id::unwrapped;
use crate::ir::{
    Annotations, Arg, Combinator, CombinatorKind, Field, FieldId, Kind, NatExpr, NatRef, Symbol,
    TypeExpr, TypeId, Variable, VariableId,
};
use crate::source::Span;

/// The declaration that is being resolved.
pub(super) struct Context<'a> {
    pub(super) unit: Unit<'a>,
    /// `None` for a partial application.
    pub(super) ast: Option<&'a Declaration>,
    pub(super) kind: CombinatorKind,
    pub(super) layer: Option<u32>,
    pub(super) next_field: u32,
    /// More fields than these are not made of groups.
    pub(super) max_fields: u32,
    /// The `#` that counts an implicit repetition.
    pub(super) last_nat: Option<NatRef>,
    pub(super) variables: Vec<Uses>,
    pub(super) in_result: bool,
    /// Something is left out, so that what is missing says nothing.
    pub(super) broken: bool,
    /// The later parameters are in the scope.
    pub(super) knows_later: bool,
}

/// How a variable is used.
#[derive(Clone, Copy, Default)]
pub(super) struct Uses {
    pub(super) used: bool,
    pub(super) in_result: bool,
    pub(super) forwarded: bool,
}

impl<'a> Context<'a> {
    pub(super) fn new(
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
            max_fields: written / 2 + 64,
            last_nat: None,
            variables: Vec::new(),
            in_result: false,
            broken: false,
            knows_later: false,
        }
    }

    pub(super) fn used(&mut self, id: VariableId) {
        let in_result = self.in_result;
        if let Some(uses) = self.variables.get_mut(id.0 as usize) {
            uses.used = true;
            uses.in_result |= in_result;
        }
    }
}

impl<'a> Resolver<'a> {
    /// Resolves all declarations that are not resolved yet, those of the prelude too that are needed.
    pub(super) fn combinators(&mut self, combinators: &mut Vec<Combinator>) {
        combinators.reserve(self.declarations.len() - combinators.len());
        while let Some(declared) = self.declarations.get(combinators.len()).copied() {
            combinators.push(self.combinator(&declared));
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
                if declared.name == self.default_name {
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

    pub(super) fn parameters(
        &mut self,
        context: &mut Context<'a>,
        parameters: &[Parameter],
    ) -> Vec<Field> {
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
            if symbol != self.default_name {
                // The name is there even if its type is at fault: it is not missing later. Then
                // we can't know whether it is a number.
                let maybe_nat = is_nat || ty.is_none();
                match self.scope.set_field(symbol, id, span, maybe_nat) {
                    Hidden::Nothing => {}
                    hidden => self.hides(context, symbol, span, &hidden),
                }
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

    /// A field's name is taken.
    #[cold]
    fn hides(&mut self, context: &mut Context<'a>, symbol: Symbol, span: Span, hidden: &Hidden) {
        let unit = context.unit;
        let is_double = matches!(hidden, Hidden::Field(first) if first.depth == self.scope.depth());
        context.broken |= is_double;
        let code = match is_double {
            true => Code::DuplicateField,
            false => Code::Shadowed,
        };
        if self.faults.is_full(code) {
            return;
        }
        if let Hidden::Field(first) = hidden {
            let name = clip(self.symbols.text(symbol));
            let there = unit.at(first.span);
            if is_double {
                self.faults.push(
                    Diagnostic::new(
                        Code::DuplicateField,
                        format!("the field `{name}` is declared twice"),
                        unit.at(span),
                    )
                    .also(there, "first declared here"),
                );
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
        } else {
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
}
