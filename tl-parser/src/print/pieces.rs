//! The tokens of an item, in order, as the tree has them.

use crate::ast::{
    Body, Condition, Declaration, Expr, ExprKind, Finalisation, FinalisationKind, Ident, Item,
    Parameter, PartialApplication, VariableGroup,
};
use crate::source::Span;

/// One token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Piece {
    pub(super) text: Text,
    pub(super) before: Before,
}

/// Where a token's text comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Text {
    /// A leaf of the tree.
    Span(Span),
    /// A leaf of the tree whose letters may be of either case.
    Id(Span),
    /// Given by the kind of the node.
    Sign(&'static str),
}

/// What the canonical form has before a token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Before {
    Nothing,
    Space,
    /// A space, or a new line if the declaration is broken over lines.
    Break,
}

use Before::{Break, Nothing, Space};

/// The tokens of an item that is neither a section mark nor broken.
pub(super) fn pieces(item: &Item) -> Vec<Piece> {
    let mut pieces = Pieces(Vec::new());
    match item {
        Item::Declaration(declaration) => pieces.declaration(declaration),
        Item::PartialApplication(application) => pieces.partial(application),
        Item::Finalisation(finalisation) => pieces.finalisation(finalisation),
        Item::Section(_) | Item::LayerSection(_) | Item::Broken(_) => {}
    }
    pieces.0
}

struct Pieces(Vec<Piece>);

impl Pieces {
    fn span(&mut self, before: Before, span: Span) {
        let text = Text::Span(span);
        self.0.push(Piece { text, before });
    }

    fn sign(&mut self, before: Before, sign: &'static str) {
        let text = Text::Sign(sign);
        self.0.push(Piece { text, before });
    }

    fn declaration(&mut self, declaration: &Declaration) {
        let mut before = Nothing;
        for annotation in &declaration.annotations {
            self.span(before, annotation.span);
            before = Space;
        }
        self.span(before, declaration.name.span);
        if let Some(id) = declaration.id {
            self.0.push(Piece {
                text: Text::Id(id.span),
                before: Nothing,
            });
        }
        for group in &declaration.variables {
            self.variables(group);
        }
        match &declaration.body {
            Body::Builtin(mark) => self.span(Space, *mark),
            Body::Parameters(parameters) => {
                for parameter in parameters {
                    self.parameter(Break, parameter);
                }
            }
        }
        self.span(Break, declaration.arrow_span);
        self.expr(Space, &declaration.result);
        self.sign(Nothing, ";");
    }

    fn partial(&mut self, application: &PartialApplication) {
        self.expr(Nothing, &application.expr);
        self.sign(Nothing, ";");
    }

    fn finalisation(&mut self, finalisation: &Finalisation) {
        let word = match finalisation.kind {
            FinalisationKind::New => "New",
            FinalisationKind::Final => "Final",
            FinalisationKind::Empty => "Empty",
        };
        self.sign(Nothing, word);
        self.span(Space, finalisation.ty.span);
        self.sign(Nothing, ";");
    }

    fn variables(&mut self, group: &VariableGroup) {
        self.sign(Space, "{");
        self.names(&group.names);
        self.sign(Nothing, ":");
        self.expr(Nothing, &group.kind);
        self.sign(Nothing, "}");
    }

    fn names(&mut self, names: &[Ident]) {
        let mut before = Nothing;
        for name in names {
            self.span(before, name.span);
            before = Space;
        }
    }

    fn parameter(&mut self, before: Before, parameter: &Parameter) {
        let mut before = before;
        if parameter.grouped {
            self.sign(before, "(");
            before = Nothing;
        }
        if let Some(name) = parameter.name {
            self.span(before, name.span);
            for name in &parameter.more_names {
                self.span(Space, name.span);
            }
            self.sign(Nothing, ":");
            before = Nothing;
        }
        if let Some(condition) = &parameter.condition {
            self.condition(before, condition);
            before = Nothing;
        }
        self.expr(before, &parameter.ty);
        if parameter.grouped {
            self.sign(Nothing, ")");
        }
    }

    fn condition(&mut self, before: Before, condition: &Condition) {
        self.span(before, condition.mask.span);
        if let Some((digits, _)) = condition.bit {
            self.sign(Nothing, ".");
            self.span(Nothing, digits);
        }
        self.sign(Nothing, "?");
    }

    fn expr(&mut self, before: Before, expr: &Expr) {
        match &expr.kind {
            ExprKind::Name(_) | ExprKind::Nat | ExprKind::Number(_) => self.span(before, expr.span),
            ExprKind::Angle(name, arguments) => {
                self.span(before, name.span);
                self.sign(Nothing, "<");
                for (index, argument) in arguments.iter().enumerate() {
                    if index > 0 {
                        self.sign(Nothing, ",");
                    }
                    self.expr(if index > 0 { Space } else { Nothing }, argument);
                }
                self.sign(Nothing, ">");
            }
            ExprKind::Spaced(parts) => {
                for (index, part) in parts.iter().enumerate() {
                    self.expr(if index > 0 { Space } else { before }, part);
                }
            }
            ExprKind::Sum(parts) => {
                for (index, part) in parts.iter().enumerate() {
                    if index > 0 {
                        self.sign(Space, "+");
                    }
                    self.expr(if index > 0 { Space } else { before }, part);
                }
            }
            ExprKind::Paren(inner) => {
                self.sign(before, "(");
                self.expr(Nothing, inner);
                self.sign(Nothing, ")");
            }
            ExprKind::Bare(inner) => {
                self.sign(before, "%");
                self.expr(Nothing, inner);
            }
            ExprKind::Forward(inner) => {
                self.sign(before, "!");
                self.expr(Nothing, inner);
            }
            ExprKind::Repeat(repeat) => {
                match &repeat.count {
                    Some(count) => {
                        self.expr(before, count);
                        self.sign(Nothing, "*");
                        self.sign(Nothing, "[");
                    }
                    None => self.sign(before, "["),
                }
                for parameter in &repeat.parameters {
                    self.parameter(Space, parameter);
                }
                self.sign(Space, "]");
            }
        }
    }
}
