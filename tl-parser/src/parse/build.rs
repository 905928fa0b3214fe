//! Tree nodes from pest's tokens.
//!
//! The grammar has decided already that the tokens come in a good order; what is left are the few
//! rules that it doesn't know: values of numbers and ids, and names that may not have dots.

use pest::Parser as _;
use pest::Token as PestToken;
use pest::iterators::Tokens;

use super::explain::{self, Fault};
use super::generated::{Grammar, Rule};
use crate::ast::{
    Arrow, Body, Condition, Declaration, ExplicitId, Expr, ExprKind, Finalisation,
    FinalisationKind, Ident, Item, Name, Parameter, PartialApplication, Repeat, VariableGroup,
};
use crate::diagnostic::Code;
use crate::scan::{RawItem, is_word};
use crate::source::Span;

/// Reads the text of an item, in which comments are blank.
///
/// Faults that do not make the item unreadable go into `faults`.
pub(super) fn item(text: &str, raw: &RawItem, faults: &mut Vec<Fault>) -> Result<Item, Fault> {
    let entry = entry(text, raw.arrow);
    let pairs = Grammar::parse(entry, text).map_err(|error| explain::syntax(&error, text, raw))?;
    let mut builder = Builder {
        text,
        base: raw.text.start,
        tokens: pairs.tokens(),
        next: END,
        faults,
    };
    builder.advance();
    match entry {
        Rule::finalisation => builder.finalisation(raw.span),
        Rule::partial => builder.partial(raw.span),
        _ => builder.declaration(raw.span),
    }
}

/// Which of the three kinds of items it is.
fn entry(text: &str, arrow: bool) -> Rule {
    if arrow {
        return Rule::declaration;
    }
    let word = text.bytes().take_while(|&byte| is_word(byte)).count();
    let closes = matches!(&text[..word], "New" | "Final" | "Empty");
    if closes {
        return Rule::finalisation;
    }
    let begins_upper = text.as_bytes().first().is_some_and(u8::is_ascii_uppercase);
    let path_len = text
        .bytes()
        .take_while(|&byte| is_word(byte) || byte == b'.')
        .count();
    let last = text[..path_len].rsplit('.').next().unwrap_or("");
    let is_type = begins_upper || last.as_bytes().first().is_some_and(u8::is_ascii_uppercase);
    if is_type && !text.contains([':', '{']) {
        Rule::partial
    } else {
        Rule::declaration
    }
}

#[derive(Clone, Copy)]
struct Token {
    rule: Rule,
    span: Span,
}

const END: Token = Token {
    rule: Rule::EOI,
    span: Span::new(0, 0),
};

struct Builder<'t, 'f> {
    /// The text of the item.
    text: &'t str,
    /// Where it begins in the file.
    base: u32,
    tokens: Tokens<'t, Rule>,
    next: Token,
    faults: &'f mut Vec<Fault>,
}

impl<'t> Builder<'t, '_> {
    /// Takes the next token, whatever it is.
    fn advance(&mut self) -> Token {
        // All rules that make tokens are leaves: each start is followed by its end.
        let next = match (self.tokens.next(), self.tokens.next()) {
            (Some(PestToken::Start { rule, pos }), Some(PestToken::End { pos: end, .. })) => {
                Token {
                    rule,
                    span: self.span(pos.pos(), end.pos()),
                }
            }
            _ => END,
        };
        std::mem::replace(&mut self.next, next)
    }

    fn span(&self, start: usize, end: usize) -> Span {
        let offset = |at| self.base + u32::try_from(at).unwrap_or(0);
        Span::new(offset(start), offset(end))
    }

    fn slice(&self, span: Span) -> &'t str {
        let range = (span.start - self.base) as usize..(span.end - self.base) as usize;
        self.text.get(range).unwrap_or("")
    }

    fn is(&self, rule: Rule) -> bool {
        self.next.rule == rule
    }

    fn take_if(&mut self, rule: Rule) -> Option<Span> {
        self.is(rule).then(|| self.advance().span)
    }

    fn take(&mut self, rule: Rule) -> Result<Span, Fault> {
        self.take_if(rule).ok_or_else(|| self.unexpected())
    }

    /// The grammar lets nothing through that ends here.
    fn unexpected(&self) -> Fault {
        Fault::new(Code::Syntax, self.next.span, "this cannot stand here")
    }

    fn declaration(mut self, span: Span) -> Result<Item, Fault> {
        let mut annotations = Vec::new();
        while let Some(span) = self.take_if(Rule::annotation) {
            annotations.push(Ident { span });
        }
        let name = self.name()?;
        let id = match self.take_if(Rule::id) {
            Some(span) => Some(self.id(span)?),
            None => None,
        };
        let mut variables = Vec::new();
        while let Some(open) = self.take_if(Rule::open_brace) {
            variables.push(self.variables(open)?);
        }
        let body = match self.take_if(Rule::builtin) {
            Some(span) => Body::Builtin(span),
            None => Body::Parameters(self.parameters()?),
        };
        let arrow_span = self.take(Rule::arrow)?;
        let arrow = match arrow_span.len() {
            1 => Arrow::Equals,
            _ => Arrow::Function,
        };
        let result = self.application()?;
        self.take(Rule::EOI)?;
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

    fn partial(mut self, span: Span) -> Result<Item, Fault> {
        let expr = self.application()?;
        self.take(Rule::EOI)?;
        Ok(Item::PartialApplication(PartialApplication { span, expr }))
    }

    fn finalisation(mut self, span: Span) -> Result<Item, Fault> {
        let word = self.take(Rule::closing)?;
        let kind = match self.slice(word) {
            "New" => FinalisationKind::New,
            "Final" => FinalisationKind::Final,
            _ => FinalisationKind::Empty,
        };
        let ty = self.name()?;
        self.take(Rule::EOI)?;
        Ok(Item::Finalisation(Finalisation { span, kind, ty }))
    }

    /// `{X Y:Type}` behind the brace.
    fn variables(&mut self, open: Span) -> Result<VariableGroup, Fault> {
        let mut names = Vec::new();
        while let Some(span) = self.take_if(Rule::name) {
            names.push(self.ident(span)?);
        }
        self.take(Rule::colon)?;
        let kind = self.term()?;
        let close = self.take(Rule::close_brace)?;
        Ok(VariableGroup {
            span: open.to(close),
            names,
            kind,
        })
    }

    fn parameters(&mut self) -> Result<Vec<Parameter>, Fault> {
        let mut parameters = Vec::new();
        while self.begins_term() {
            parameters.push(self.parameter()?);
        }
        Ok(parameters)
    }

    fn parameter(&mut self) -> Result<Parameter, Fault> {
        if let Some(span) = self.take_if(Rule::name) {
            if self.take_if(Rule::colon).is_some() {
                let name = self.ident(span)?;
                let (condition, ty) = self.conditional()?;
                return Ok(Parameter {
                    span: span.to(ty.span),
                    name: Some(name),
                    more_names: Vec::new(),
                    grouped: false,
                    condition,
                    ty,
                });
            }
            let ty = self.behind_name(Name { span })?;
            return Ok(anonymous(ty));
        }
        let Some(open) = self.take_if(Rule::open_paren) else {
            return Ok(anonymous(self.term()?));
        };
        let inner = self.application()?;
        if self.take_if(Rule::colon).is_none() {
            let paren = self.close_paren(open, inner)?;
            return Ok(anonymous(self.times(paren)?));
        }
        let (name, more_names) = self.group_names(inner)?;
        let (condition, ty) = self.conditional()?;
        let close = self.take(Rule::close_paren)?;
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
        let Some(span) = self.take_if(Rule::name) else {
            return Ok((None, self.term()?));
        };
        let bit = match self.take_if(Rule::bit) {
            Some(bit) => {
                let digits = Span::new(bit.start + 1, bit.end);
                Some((digits, self.number(digits)?))
            }
            None => None,
        };
        let Some(when) = self.take_if(Rule::when) else {
            return Ok((None, self.behind_name(Name { span })?));
        };
        if bit.is_none() {
            let mask = self.slice(span);
            let message = format!("the condition does not say which bit of `{mask}` it means");
            self.faults.push(
                Fault::new(Code::ConditionWithoutBit, span.to(when), message)
                    .hint(format!("write the number of the bit: `{mask}.0?`")),
            );
        }
        let condition = Condition {
            span: span.to(when),
            mask: self.ident(span)?,
            bit,
        };
        Ok((Some(condition), self.term()?))
    }

    fn begins_term(&self) -> bool {
        matches!(
            self.next.rule,
            Rule::name
                | Rule::nat
                | Rule::prefix
                | Rule::number
                | Rule::open_paren
                | Rule::open_bracket
        )
    }

    fn term(&mut self) -> Result<Expr, Fault> {
        let Token { rule, span } = self.advance();
        match rule {
            Rule::name => self.behind_name(Name { span }),
            Rule::nat => Ok(Expr {
                span,
                kind: ExprKind::Nat,
            }),
            Rule::prefix => {
                let inner = Box::new(self.term()?);
                let forward = self.slice(span) == "!";
                Ok(Expr {
                    span: span.to(inner.span),
                    kind: if forward {
                        ExprKind::Forward(inner)
                    } else {
                        ExprKind::Bare(inner)
                    },
                })
            }
            Rule::number => {
                let kind = ExprKind::Number(self.number(span)?);
                self.times(Expr { span, kind })
            }
            Rule::open_paren => {
                let inner = self.application()?;
                if let Some(colon) = self.take_if(Rule::colon) {
                    return Err(Fault::new(Code::Syntax, colon, "expected `)`, found `:`")
                        .hint("a group of parameters `(x y:int)` cannot stand inside of a type"));
                }
                let paren = self.close_paren(span, inner)?;
                self.times(paren)
            }
            Rule::open_bracket => self.repeat(span, None),
            _ => Err(Fault::new(Code::Syntax, span, "this cannot stand here")),
        }
    }

    /// What may follow a name in a type.
    fn behind_name(&mut self, name: Name) -> Result<Expr, Fault> {
        let mut expr = Expr {
            span: name.span,
            kind: ExprKind::Name(name),
        };
        if self.take_if(Rule::open_angle).is_some() {
            let mut arguments = vec![self.application()?];
            while self.take_if(Rule::comma).is_some() {
                arguments.push(self.application()?);
            }
            let close = self.take(Rule::close_angle)?;
            expr = Expr {
                span: name.span.to(close),
                kind: ExprKind::Angle(name, arguments),
            };
        }
        self.times(expr)
    }

    /// `*[ … ]` behind a count, or else the count as it is.
    fn times(&mut self, count: Expr) -> Result<Expr, Fault> {
        if self.take_if(Rule::star).is_none() {
            return Ok(count);
        }
        let open = self.take(Rule::open_bracket)?;
        self.repeat(open, Some(count))
    }

    fn repeat(&mut self, open: Span, count: Option<Expr>) -> Result<Expr, Fault> {
        let parameters = self.parameters()?;
        let close = self.take(Rule::close_bracket)?;
        let start = count.as_ref().map_or(open, |count| count.span);
        Ok(Expr {
            span: start.to(close),
            kind: ExprKind::Repeat(Box::new(Repeat { count, parameters })),
        })
    }

    fn close_paren(&mut self, open: Span, inner: Expr) -> Result<Expr, Fault> {
        let close = self.take(Rule::close_paren)?;
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
        if !self.is(Rule::plus) {
            return Ok(first);
        }
        let mut span = first.span;
        let mut parts = vec![first];
        while self.take_if(Rule::plus).is_some() {
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
        let mut names = Vec::with_capacity(parts.len());
        for part in &parts {
            match part.kind {
                ExprKind::Name(name) => names.push(self.ident(name.span)?),
                _ => {
                    return Err(Fault::new(
                        Code::Syntax,
                        part.span,
                        "expected the name of a parameter",
                    ));
                }
            }
        }
        let mut names = names.into_iter();
        let first = names.next().ok_or_else(|| self.unexpected())?;
        Ok((first, names.collect()))
    }

    fn name(&mut self) -> Result<Name, Fault> {
        Ok(Name {
            span: self.take(Rule::name)?,
        })
    }

    /// A name without dots.
    fn ident(&self, span: Span) -> Result<Ident, Fault> {
        if self.slice(span).contains('.') {
            return Err(Fault::new(
                Code::Syntax,
                span,
                "the name of a parameter or variable has no dots",
            ));
        }
        Ok(Ident { span })
    }

    fn id(&self, span: Span) -> Result<ExplicitId, Fault> {
        let digits = &self.slice(span)[1..];
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
            )),
        }
    }

    fn number(&self, span: Span) -> Result<u32, Fault> {
        self.slice(span).parse().map_err(|_| {
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
