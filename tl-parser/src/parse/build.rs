//! Tree nodes from tokens.
//!
//! The grammar has accepted the tokens, so they come in a good order; what is left are the values
//! of numbers and ids, and what a group of parameters may hold.

use super::explain::Fault;
use crate::ast::{
    Arrow, Body, Condition, Declaration, ExplicitId, Expr, ExprKind, Finalisation,
    FinalisationKind, Ident, Item, Name, Parameter, PartialApplication, Repeat, VariableGroup,
};
use crate::diagnostic::Code;
use crate::scan::{Tokens, is_word, kind};
use crate::source::{Source, Span};

/// Builds the node of an item that the grammar has accepted.
pub(super) struct Builder<'a> {
    source: &'a Source,
    kinds: &'a [u8],
    spans: &'a [Span],
    at: usize,
    /// Faults that do not make the item unreadable.
    pub(super) faults: Vec<Fault>,
}

impl<'a> Builder<'a> {
    pub(super) fn new(source: &'a Source, tokens: &'a Tokens) -> Self {
        Self {
            source,
            kinds: &tokens.kinds,
            spans: &tokens.spans,
            at: 0,
            faults: Vec::new(),
        }
    }

    pub(super) fn declaration(&mut self, span: Span) -> Result<Item, Fault> {
        let mut annotations = Vec::new();
        while let Some(span) = self.take_if(kind::ANNOTATION) {
            annotations.push(Ident { span });
        }
        let name = self.name()?;
        let id = match self.take_if(kind::ID) {
            Some(span) => Some(self.id(span)?),
            None => None,
        };
        let mut variables = Vec::new();
        while let Some(open) = self.take_if(b'{') {
            variables.push(self.variables(open)?);
        }
        let body = match self.take_if(b'?') {
            Some(span) => Body::Builtin(span),
            None => Body::Parameters(self.parameters()?),
        };
        let arrow_span = self.take(kind::ARROW)?;
        let arrow = match arrow_span.len() {
            1 => Arrow::Equals,
            _ => Arrow::Function,
        };
        let result = self.application()?;
        Ok(Item::Declaration(Box::new(Declaration {
            span,
            docs: 0..0,
            annotations,
            name,
            id,
            variables,
            body,
            arrow,
            arrow_span,
            result,
        })))
    }

    pub(super) fn partial(&mut self, span: Span) -> Result<Item, Fault> {
        let expr = self.application()?;
        Ok(Item::PartialApplication(PartialApplication { span, expr }))
    }

    pub(super) fn finalisation(
        &mut self,
        span: Span,
        kind: FinalisationKind,
    ) -> Result<Item, Fault> {
        self.take(kind::NAME)?;
        let ty = self.name()?;
        Ok(Item::Finalisation(Finalisation { span, kind, ty }))
    }

    fn is(&self, kind: u8) -> bool {
        self.kind() == Some(kind)
    }

    fn kind(&self) -> Option<u8> {
        self.kinds.get(self.at).copied()
    }

    fn take_if(&mut self, kind: u8) -> Option<Span> {
        let span = *self.spans.get(self.at)?;
        if !self.is(kind) {
            return None;
        }
        self.at += 1;
        Some(span)
    }

    fn take(&mut self, kind: u8) -> Result<Span, Fault> {
        self.take_if(kind).ok_or_else(|| self.unexpected())
    }

    /// The grammar lets nothing through that ends here.
    fn unexpected(&self) -> Fault {
        let span = self.spans.get(self.at).or(self.spans.last());
        let span = span.copied().unwrap_or_default();
        Fault::new(Code::Syntax, span, "this cannot stand here")
    }

    fn name_if(&mut self) -> Option<Name> {
        match self.kind()? {
            kind::NAME | kind::APPLIED | kind::COUNT => {}
            _ => return None,
        }
        let span = *self.spans.get(self.at)?;
        self.at += 1;
        Some(Name { span })
    }

    fn name(&mut self) -> Result<Name, Fault> {
        self.name_if().ok_or_else(|| self.unexpected())
    }

    fn label_if(&mut self) -> Option<Ident> {
        self.take_if(kind::LABEL).map(|span| Ident { span })
    }

    fn label(&mut self) -> Result<Ident, Fault> {
        self.label_if().ok_or_else(|| self.unexpected())
    }

    /// A name that may have no dots.
    fn plain(&self, span: Span) -> Result<Ident, Fault> {
        if self.source.slice(span).contains('.') {
            let message = "the name of a parameter or variable has no dots";
            return Err(Fault::new(Code::Syntax, span, message));
        }
        Ok(Ident { span })
    }

    /// `{X Y:Type}` behind the brace.
    fn variables(&mut self, open: Span) -> Result<VariableGroup, Fault> {
        let mut names = Vec::new();
        while let Some(span) = self.take_if(kind::NAME) {
            names.push(self.plain(span)?);
        }
        names.push(self.label()?);
        let kind = self.term()?;
        let close = self.take(b'}')?;
        Ok(VariableGroup {
            span: open.to(close),
            names,
            kind,
        })
    }

    fn parameters(&mut self) -> Result<Vec<Parameter>, Fault> {
        let rest = &self.kinds[self.at..];
        let named = rest.iter().filter(|&&kind| kind == kind::LABEL).count();
        let mut parameters = Vec::with_capacity(named);
        while self.begins_parameter() {
            parameters.push(self.parameter()?);
        }
        Ok(parameters)
    }

    fn begins_parameter(&self) -> bool {
        self.is(kind::LABEL) || self.begins_term()
    }

    fn parameter(&mut self) -> Result<Parameter, Fault> {
        if let Some(name) = self.label_if() {
            let (condition, ty) = self.conditional()?;
            return Ok(Parameter {
                span: name.span.to(ty.span),
                name: Some(name),
                more_names: Vec::new(),
                grouped: false,
                condition,
                ty,
            });
        }
        let Some(open) = self.take_if(b'(') else {
            return Ok(anonymous(self.term()?));
        };
        let mut names = Vec::new();
        if !self.is(kind::LABEL) {
            let inner = self.application()?;
            if !self.is(kind::LABEL) {
                let paren = self.close_paren(open, inner)?;
                return Ok(anonymous(self.times(paren)?));
            }
            names = self.group_names(inner)?;
        }
        names.push(self.label()?);
        let (condition, ty) = self.conditional()?;
        let close = self.take(b')')?;
        let more_names = names.split_off(1);
        Ok(Parameter {
            span: open.to(close),
            name: names.pop(),
            more_names,
            grouped: true,
            condition,
            ty,
        })
    }

    /// `flags.3?T` or `T`, behind a label.
    fn conditional(&mut self) -> Result<(Option<Condition>, Expr), Fault> {
        let condition = match self.take_if(kind::CONDITION) {
            Some(span) => Some(self.condition(span)?),
            None => None,
        };
        Ok((condition, self.term()?))
    }

    /// `flags.3?`; there may be white space and comments before the `?`.
    fn condition(&mut self, span: Span) -> Result<Condition, Fault> {
        let text = self.source.slice(span);
        let mask = word(text, span.start);
        let bit = match text.as_bytes().get(mask.len() as usize) {
            Some(b'.') => {
                let digits = word(&text[mask.len() as usize + 1..], mask.end + 1);
                Some((digits, self.number(digits)?))
            }
            _ => {
                let mask = self.source.slice(mask);
                let message = format!("the condition does not say which bit of `{mask}` it means");
                self.faults.push(
                    Fault::new(Code::ConditionWithoutBit, span, message)
                        .hint(format!("write the number of the bit: `{mask}.0?`")),
                );
                None
            }
        };
        Ok(Condition {
            span,
            mask: Ident { span: mask },
            bit,
        })
    }

    fn begins_term(&self) -> bool {
        matches!(
            self.kind(),
            Some(
                kind::NAME
                    | kind::APPLIED
                    | kind::COUNT
                    | kind::NAT
                    | kind::NUMBER
                    | b'%'
                    | b'!'
                    | b'('
                    | b'['
            )
        )
    }

    fn term(&mut self) -> Result<Expr, Fault> {
        if let Some(name) = self.name_if() {
            return self.behind_name(name);
        }
        let Some((kind, &span)) = self.kind().zip(self.spans.get(self.at)) else {
            return Err(self.unexpected());
        };
        if !self.begins_term() {
            return Err(self.unexpected());
        }
        self.at += 1;
        match kind {
            kind::NAT => Ok(Expr {
                span,
                kind: ExprKind::Nat,
            }),
            kind::NUMBER => {
                let kind = ExprKind::Number(self.number(span)?);
                self.times(Expr { span, kind })
            }
            b'(' => {
                if self.is(kind::LABEL) {
                    return Err(self.group_in_type(span));
                }
                let inner = self.application()?;
                if self.is(kind::LABEL) {
                    return Err(self.group_in_type(span));
                }
                let paren = self.close_paren(span, inner)?;
                self.times(paren)
            }
            b'[' => self.repeat(span, None),
            _ => {
                let inner = Box::new(self.term()?);
                Ok(Expr {
                    span: span.to(inner.span),
                    kind: match kind {
                        b'!' => ExprKind::Forward(inner),
                        _ => ExprKind::Bare(inner),
                    },
                })
            }
        }
    }

    /// What may follow a name in a type.
    fn behind_name(&mut self, name: Name) -> Result<Expr, Fault> {
        let mut expr = Expr {
            span: name.span,
            kind: ExprKind::Name(name),
        };
        if self.take_if(b'<').is_some() {
            let mut arguments = vec![self.application()?];
            while self.take_if(b',').is_some() {
                arguments.push(self.application()?);
            }
            let close = self.take(b'>')?;
            expr = Expr {
                span: name.span.to(close),
                kind: ExprKind::Angle(name, arguments),
            };
        }
        self.times(expr)
    }

    /// `*[ … ]` behind a count, or else the count as it is.
    fn times(&mut self, count: Expr) -> Result<Expr, Fault> {
        if self.take_if(b'*').is_none() {
            return Ok(count);
        }
        let open = self.take(b'[')?;
        self.repeat(open, Some(count))
    }

    fn repeat(&mut self, open: Span, count: Option<Expr>) -> Result<Expr, Fault> {
        let parameters = self.parameters()?;
        let close = self.take(b']')?;
        let start = count.as_ref().map_or(open, |count| count.span);
        Ok(Expr {
            span: start.to(close),
            kind: ExprKind::Repeat(Box::new(Repeat { count, parameters })),
        })
    }

    fn close_paren(&mut self, open: Span, inner: Expr) -> Result<Expr, Fault> {
        let close = self.take(b')')?;
        Ok(Expr {
            span: open.to(close),
            kind: ExprKind::Paren(Box::new(inner)),
        })
    }

    /// `Vector int`, `n + 1`: as much as there is.
    fn application(&mut self) -> Result<Expr, Fault> {
        let first = self.sum()?;
        if !self.begins_term() {
            return Ok(first);
        }
        let mut span = first.span;
        let mut parts = vec![first];
        while self.begins_term() {
            let part = self.sum()?;
            span = span.to(part.span);
            parts.push(part);
        }
        Ok(Expr {
            span,
            kind: ExprKind::Spaced(parts),
        })
    }

    fn sum(&mut self) -> Result<Expr, Fault> {
        let first = self.term()?;
        if !self.is(b'+') {
            return Ok(first);
        }
        let mut span = first.span;
        let mut parts = vec![first];
        while self.take_if(b'+').is_some() {
            let part = self.term()?;
            span = span.to(part.span);
            parts.push(part);
        }
        Ok(Expr {
            span,
            kind: ExprKind::Sum(parts),
        })
    }

    /// The names but the last of `(x y:int)`, which look like an application.
    fn group_names(&self, inner: Expr) -> Result<Vec<Ident>, Fault> {
        let parts = match inner.kind {
            ExprKind::Spaced(parts) => parts,
            _ => vec![inner],
        };
        let names = parts.into_iter().map(|part| match part.kind {
            ExprKind::Name(name) => self.plain(name.span),
            _ => {
                let message = "a group of parameters names them before the `:`, and nothing else";
                Err(Fault::new(Code::Syntax, part.span, message)
                    .hint("write `(x y:int)`, or a parameter each"))
            }
        });
        names.collect()
    }

    fn group_in_type(&self, open: Span) -> Fault {
        let span = self
            .spans
            .get(self.at)
            .map_or(open, |&label| open.to(label));
        let message = "a group of parameters cannot stand inside of a type";
        Fault::new(Code::Syntax, span, message)
    }

    fn id(&self, span: Span) -> Result<ExplicitId, Fault> {
        let digits = self.source.slice(span).as_bytes().get(1..).unwrap_or(&[]);
        let value = digits.iter().try_fold(0, |value: u32, &digit| {
            let digit = char::from(digit).to_digit(16)?;
            Some((value << 4) | digit)
        });
        match value {
            Some(value) if (1..=8).contains(&digits.len()) => Ok(ExplicitId { span, value }),
            _ => Err(Fault::new(
                Code::BadId,
                span,
                "a constructor id is 1 to 8 hexadecimal digits",
            )
            .hint("an id may be left out: it is computed from the declaration")),
        }
    }

    fn number(&self, span: Span) -> Result<u32, Fault> {
        self.source.slice(span).parse().map_err(|_| {
            Fault::new(
                Code::NumberTooGreat,
                span,
                format!("the number is greater than {}", u32::MAX),
            )
        })
    }
}

/// The word that a text at `start` begins with.
fn word(text: &str, start: u32) -> Span {
    let len = text.bytes().take_while(|&byte| is_word(byte)).count();
    Span::new(start, start + u32::try_from(len).unwrap_or(0))
}

fn anonymous(ty: Expr) -> Parameter {
    Parameter {
        span: ty.span,
        name: None,
        more_names: Vec::new(),
        grouped: false,
        condition: None,
        ty,
    }
}
