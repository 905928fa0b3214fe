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
use crate::scan::{Tokens, kind};
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

    /// A name that has no dots, as the scanner has seen to before a colon.
    fn ident(&mut self) -> Result<Ident, Fault> {
        Ok(Ident {
            span: self.take(kind::NAME)?,
        })
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
        self.take(b':')?;
        let kind = self.term()?;
        let close = self.take(b'}')?;
        Ok(VariableGroup {
            span: open.to(close),
            names,
            kind,
        })
    }

    fn parameters(&mut self) -> Result<Vec<Parameter>, Fault> {
        // Most have a name, and so a colon.
        let rest = &self.kinds[self.at..];
        let named = rest.iter().filter(|&&kind| kind == b':').count();
        let mut parameters = Vec::with_capacity(named);
        while self.begins_term() {
            parameters.push(self.parameter()?);
        }
        Ok(parameters)
    }

    fn parameter(&mut self) -> Result<Parameter, Fault> {
        if self.kinds[self.at..].starts_with(b"n:") {
            let name = self.ident()?;
            self.take(b':')?;
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
        let inner = self.application()?;
        if self.take_if(b':').is_none() {
            let paren = self.close_paren(open, inner)?;
            return Ok(anonymous(self.times(paren)?));
        }
        let (name, more_names) = self.group_names(inner)?;
        let (condition, ty) = self.conditional()?;
        let close = self.take(b')')?;
        Ok(Parameter {
            span: open.to(close),
            name: Some(name),
            more_names,
            grouped: true,
            condition,
            ty,
        })
    }

    /// `flags.3?T` or `T`, behind a colon.
    fn conditional(&mut self) -> Result<(Option<Condition>, Expr), Fault> {
        let Some(mask) = self.take_if(kind::MASK) else {
            return Ok((None, self.term()?));
        };
        let mask = Ident { span: mask };
        let bit = match self.take_if(kind::BIT) {
            Some(bit) => {
                let digits = Span::new(bit.start + 1, bit.end);
                Some((digits, self.number(digits)?))
            }
            None => None,
        };
        let span = mask.span.to(self.take(b'?')?);
        if bit.is_none() {
            let mask = self.source.slice(mask.span);
            let message = format!("the condition does not say which bit of `{mask}` it means");
            self.faults.push(
                Fault::new(Code::ConditionWithoutBit, span, message)
                    .hint(format!("write the number of the bit: `{mask}.0?`")),
            );
        }
        Ok((Some(Condition { span, mask, bit }), self.term()?))
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
                let inner = self.application()?;
                if let Some(colon) = self.take_if(b':') {
                    return Err(Fault::new(Code::Syntax, colon, "expected `)`, found `:`")
                        .hint("a group of parameters `(x y:int)` cannot stand inside of a type"));
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

    /// The names of `(x y:int)`, which look like an application as far as the colon.
    fn group_names(&self, inner: Expr) -> Result<(Ident, Vec<Ident>), Fault> {
        let parts = match inner.kind {
            ExprKind::Spaced(parts) => parts,
            _ => vec![inner],
        };
        let mut names = parts.into_iter().map(|part| match part.kind {
            ExprKind::Name(name) => self.plain(name.span),
            _ => {
                let message = "a group of parameters names them before the `:`, and nothing else";
                Err(Fault::new(Code::Syntax, part.span, message)
                    .hint("write `(x y:int)`, or a parameter each"))
            }
        });
        let first = names.next().ok_or_else(|| self.unexpected())??;
        Ok((first, names.collect::<Result<_, _>>()?))
    }

    fn id(&self, span: Span) -> Result<ExplicitId, Fault> {
        let digits = self.source.slice(span).trim_start_matches('#');
        let value = match digits.len() {
            1..=8 => u32::from_str_radix(digits, 16).ok(),
            _ => None,
        };
        match value {
            Some(value) => Ok(ExplicitId { span, value }),
            None => Err(Fault::new(
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
