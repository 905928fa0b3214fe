//! Names that nothing declares.

use super::collect::Resolver;
use super::combinator::Context;
use super::prelude::prelude;
use super::scope::Nat;
use super::types::Application;
use crate::ast::ExprKind;
use crate::diagnostic::{Code, Diagnostic, clip};
use crate::id::{is_upper, unwrapped};
use crate::ir::{CombinatorKind, Kind, Symbol, TypeId};
use crate::source::Location;

impl<'a> Resolver<'a> {
    /// Reports a name that nothing declares. Where it is the result of a function there is a type
    /// of that name from now on.
    pub(super) fn undeclared(
        &mut self,
        context: &mut Context<'a>,
        application: Application<'_>,
        symbol: Symbol,
    ) -> Option<TypeId> {
        let names = self.names_of(symbol);
        if names.broken {
            return None;
        }
        let is_function = context.kind == CombinatorKind::Function;
        let text = context.unit.slice(application.name);
        if context.in_result && is_function && names.is_upper && text != "Type" {
            return Some(self.undeclared_result(context, application, symbol));
        }
        self.unknown(symbol, text, context.unit.at(application.name));
        None
    }

    fn unknown(&mut self, symbol: Symbol, text: &str, at: Location) {
        if self.faults.is_full(Code::UnknownName) {
            return;
        }
        let name = clip(text);
        let names = self.names_of(symbol);
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

    /// A type that a function results in and nothing makes. Schemas cut out of others have such:
    /// a warning, since a client that never reads the answer can do with it.
    fn undeclared_result(
        &mut self,
        context: &mut Context<'a>,
        application: Application<'_>,
        symbol: Symbol,
    ) -> TypeId {
        let at = context.unit.at(application.name);
        if !self.faults.is_full(Code::UndeclaredResult) {
            let text = self.symbols.text(symbol);
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
        }
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
        ty
    }

    /// A declared or predeclared name that is near one that isn't.
    fn nearest(&mut self, wrong: Symbol) -> Option<String> {
        let Self {
            suggester,
            symbols,
            names,
            ..
        } = self;
        let wrong = symbols.text(wrong);
        let is_type = is_upper(wrong);
        let candidates = (0..).zip(names.iter()).map(|(index, names)| {
            let is_declared = match is_type {
                true => names.ty.is_some(),
                false => names.constructor.is_some(),
            };
            is_declared.then(|| symbols.by_index(index))
        });
        // `strng` is near `string` in a schema that declares none, too.
        let predeclared = prelude().names().iter().map(|(name, _)| name.as_str());
        let predeclared = predeclared.map(|name| (is_upper(name) == is_type).then_some(name));
        suggester
            .nearest(wrong, candidates.chain(predeclared))
            .map(str::to_owned)
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
}
