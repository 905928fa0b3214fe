//! Constructor ids.
//!
//! A constructor id is the CRC-32 of the declaration in a canonical spelling: one space between
//! tokens, no brackets of application, no id, no `;`. Two rules are in use, which differ in three
//! details; [`IdRule`] names them. Telegram's schemas write every id, so that the rule can be found
//! out from them; the schemas of TDLib and TON write next to none and count on the other rule.

use std::collections::HashSet;

use crate::ast::{Ast, Body, Declaration, Expr, ExprKind, Item, Parameter};
use crate::diagnostic::{Code, Diagnostic};
pub use crate::ir::IdRule;
use crate::source::{Location, Source, Sources, Span};

impl IdRule {
    /// The other of the two.
    #[must_use]
    pub const fn other(self) -> Self {
        match self {
            Self::Telegram => Self::Tl,
            Self::Tl => Self::Telegram,
        }
    }

    /// `telegram` or `tl`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Telegram => "telegram",
            Self::Tl => "tl",
        }
    }
}

impl std::fmt::Display for IdRule {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The canonical spelling of a declaration, whose CRC-32 is its id.
///
/// ```
/// use tl_parser::ast::Item;
/// use tl_parser::id::{IdRule, canonical};
/// use tl_parser::source::{Source, Sources};
///
/// let mut sources = Sources::new();
/// let file = sources.add(Source::new("a.tl", "f {X:Type} b:bytes query:!X = X;")?);
/// let source = sources.get(file).unwrap();
/// let ast = tl_parser::parse(file, source).ast;
/// let Item::Declaration(declaration) = &ast.items[0] else { panic!() };
/// assert_eq!(
///     canonical(declaration, source, IdRule::Telegram),
///     "f X:Type b:string query:!X = X",
/// );
/// assert_eq!(
///     canonical(declaration, source, IdRule::Tl),
///     "f X:Type b:bytes query:X = X",
/// );
/// # Ok::<(), tl_parser::source::TooLong>(())
/// ```
#[must_use]
pub fn canonical(declaration: &Declaration, source: &Source, rule: IdRule) -> String {
    canonical_of(declaration, source.text(), rule)
}

pub(crate) fn canonical_of(declaration: &Declaration, text: &str, rule: IdRule) -> String {
    let mut out = String::new();
    spell(declaration, text, rule, &mut out);
    out
}

/// The id of a declaration: the CRC-32 of its [`canonical`] spelling.
#[must_use]
pub fn compute(declaration: &Declaration, source: &Source, rule: IdRule) -> u32 {
    crc32fast::hash(canonical(declaration, source, rule).as_bytes())
}

/// Ids that were given by hand and follow no rule, such as Telegram's
/// `help.configSimple#5a592a6c`: a difference is not worth a warning.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct KnownIds {
    ids: HashSet<(String, u32)>,
}

/// A line of a list of known ids is not `name#id`.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct BadKnownId {
    /// The line, from 1.
    pub line: usize,
}

impl std::fmt::Display for BadKnownId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            f,
            "line {} of the known ids is not of the form `name#89abcdef`",
            self.line
        )
    }
}

impl std::error::Error for BadKnownId {}

impl KnownIds {
    /// Reads a list: one `name#id` a line; empty lines and lines that begin with `//` do not count,
    /// nor does what follows a space.
    ///
    /// # Errors
    /// [`BadKnownId`] for the first line that is none of these.
    pub fn parse(list: &str) -> Result<Self, BadKnownId> {
        let mut known = Self::default();
        for (index, line) in list.lines().enumerate() {
            let line = line.trim();
            if line.is_empty() || line.starts_with("//") {
                continue;
            }
            let word = line.split_whitespace().next().unwrap_or("");
            let (name, digits) = word.split_once('#').ok_or(BadKnownId { line: index + 1 })?;
            let id = parse_id(digits).ok_or(BadKnownId { line: index + 1 })?;
            known.add(name, id);
        }
        Ok(known)
    }

    /// Adds one.
    pub fn add(&mut self, name: impl Into<String>, id: u32) {
        self.ids.insert((name.into(), id));
    }

    /// Adds all of another list.
    pub fn extend(&mut self, other: Self) {
        self.ids.extend(other.ids);
    }

    /// Whether the combinator is known to have that id.
    #[must_use]
    pub fn contains(&self, name: &str, id: u32) -> bool {
        !self.ids.is_empty() && self.ids.contains(&(name.to_owned(), id))
    }
}

fn parse_id(digits: &str) -> Option<u32> {
    let hexadecimal = digits.bytes().all(|byte| byte.is_ascii_hexdigit());
    match digits.len() {
        1..=8 if hexadecimal => u32::from_str_radix(digits, 16).ok(),
        _ => None,
    }
}

/// What is to be said of a declaration's id.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Verdict {
    /// Written, and equal to the computed one.
    Ok,
    /// Not written: the computed one counts.
    Implicit,
    /// Written, and not the computed one.
    Mismatch,
    /// Written, and not the computed one, but listed in [`KnownIds`].
    Known,
}

impl Verdict {
    /// `ok`, `implicit`, `mismatch` or `known`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Implicit => "implicit",
            Self::Mismatch => "mismatch",
            Self::Known => "known",
        }
    }
}

/// The id of one declaration.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct IdEntry {
    /// Where the name stands.
    pub name: Location,
    /// The written id.
    pub written: Option<u32>,
    /// The id by the rule of the schema.
    pub computed: u32,
    /// The id by the other rule; mostly the same.
    pub by_other_rule: u32,
    /// What is to be said of it.
    pub verdict: Verdict,
}

impl IdEntry {
    /// The id on the wire.
    #[must_use]
    pub fn id(&self) -> u32 {
        self.written.unwrap_or(self.computed)
    }
}

/// The ids of all declarations of some files.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IdReport {
    /// The rule by which [`IdEntry::computed`] is computed.
    pub rule: IdRule,
    /// One for each declaration (built-ins and default constructors included), in the order of the
    /// files.
    pub entries: Vec<IdEntry>,
    /// Differences, as warnings, and declarations that are too long to spell.
    pub diagnostics: Vec<Diagnostic>,
}

/// Computes the ids of all declarations and compares them with the written ones.
///
/// Without a rule the one is taken that more of the written ids follow. Where they don't tell, it
/// is [`IdRule::Telegram`] for schemas that write all their ids, as Telegram's do, and
/// [`IdRule::Tl`], by which the language's tools compute those that are missing, for the others.
#[must_use]
pub fn report(sources: &Sources, asts: &[Ast], rule: Option<IdRule>, known: &KnownIds) -> IdReport {
    let mut survey = Survey::default();
    let declarations = asts
        .iter()
        .map(|ast| ast.items.len())
        .fold(0, usize::saturating_add);
    let mut both = Vec::with_capacity(declarations);
    let mut diagnostics = Vec::new();
    let mut buffer = String::new();
    for ast in asts {
        let text = sources.get(ast.file).map_or("", Source::text);
        for item in &ast.items {
            let Item::Declaration(declaration) = item else {
                continue;
            };
            let pair = ids(declaration, text, &mut buffer).unwrap_or_else(|| {
                diagnostics.push(too_long(Location {
                    file: ast.file,
                    span: declaration.name.span,
                }));
                (0, 0)
            });
            survey.add(declaration, pair);
            both.push(pair);
        }
    }
    let rule = rule.unwrap_or_else(|| survey.rule());

    let mut entries = Vec::with_capacity(both.len());
    let mut both = both.into_iter();
    for ast in asts {
        let text = sources.get(ast.file).map_or("", Source::text);
        for item in &ast.items {
            let Item::Declaration(declaration) = item else {
                continue;
            };
            let (telegram, tl) = both.next().unwrap_or_default();
            let (computed, by_other_rule) = match rule {
                IdRule::Telegram => (telegram, tl),
                IdRule::Tl => (tl, telegram),
            };
            let written = declaration.id.map(|id| id.value);
            let name = slice(text, declaration.name.span);
            let verdict = match written {
                None => Verdict::Implicit,
                Some(id) if id == computed => Verdict::Ok,
                Some(id) if known.contains(name, id) => Verdict::Known,
                Some(_) => Verdict::Mismatch,
            };
            let entry = IdEntry {
                name: Location {
                    file: ast.file,
                    span: declaration.name.span,
                },
                written,
                computed,
                by_other_rule,
                verdict,
            };
            if let (Verdict::Mismatch, Some(id)) = (verdict, declaration.id) {
                let place = Location {
                    file: ast.file,
                    span: id.span,
                };
                diagnostics.push(mismatch(&entry, id.value, name, rule, place));
            }
            entries.push(entry);
        }
    }
    IdReport {
        rule,
        entries,
        diagnostics,
    }
}

/// The id of `Tuple int 10;`: that of `tuple [ int ] = Tuple int 10`. The arguments are spelled
/// already; a number has its value too.
pub(crate) fn specialised(
    declaration: &Declaration,
    text: &str,
    arguments: &[Bound<'_>],
    result: &str,
    rule: IdRule,
) -> Option<u32> {
    let mut out = String::new();
    let mut speller = Speller {
        text,
        rule,
        out: &mut out,
        limit: limit(declaration) + result.len().saturating_mul(64),
        differs: false,
        bound: arguments,
    };
    speller.out.push_str(slice(text, declaration.name.span));
    speller.parameters(declaration.body.parameters());
    let fits = speller.out.len() <= speller.limit;
    out.push_str(" = ");
    out.push_str(result);
    fits.then(|| crc32fast::hash(out.as_bytes()))
}

/// The canonical spelling of a type or number, as it stands in an argument.
pub(crate) fn spell_expr(expr: &Expr, text: &str, rule: IdRule) -> String {
    let mut out = String::new();
    let mut speller = Speller {
        text,
        rule,
        out: &mut out,
        limit: usize::MAX,
        differs: false,
        bound: &[],
    };
    speller.expr(expr);
    out
}

/// A variable with what is put in its place.
pub(crate) struct Bound<'a> {
    pub(crate) variable: &'a str,
    pub(crate) spelling: &'a str,
    pub(crate) number: Option<u32>,
}

/// How many of the written ids speak for each rule.
#[derive(Default)]
struct Survey {
    telegram: usize,
    tl: usize,
    /// Declarations without an id.
    implicit: usize,
}

impl Survey {
    fn add(&mut self, declaration: &Declaration, (telegram, tl): (u32, u32)) {
        match declaration.id {
            Some(id) if telegram != tl => {
                self.telegram += usize::from(id.value == telegram);
                self.tl += usize::from(id.value == tl);
            }
            Some(_) => {}
            None => self.implicit += 1,
        }
    }

    fn rule(&self) -> IdRule {
        match self.telegram.cmp(&self.tl) {
            std::cmp::Ordering::Greater => IdRule::Telegram,
            std::cmp::Ordering::Less => IdRule::Tl,
            std::cmp::Ordering::Equal if self.implicit > 0 => IdRule::Tl,
            std::cmp::Ordering::Equal => IdRule::Telegram,
        }
    }
}

/// The ids by both rules; `None` if the declaration is too long to spell.
fn ids(declaration: &Declaration, text: &str, buffer: &mut String) -> Option<(u32, u32)> {
    buffer.clear();
    let Spelled { differs, fits } = spell(declaration, text, IdRule::Telegram, buffer);
    let telegram = crc32fast::hash(buffer.as_bytes());
    if !differs {
        return fits.then_some((telegram, telegram));
    }
    buffer.clear();
    let fits = fits & spell(declaration, text, IdRule::Tl, buffer).fits;
    fits.then(|| (telegram, crc32fast::hash(buffer.as_bytes())))
}

fn mismatch(
    entry: &IdEntry,
    written: u32,
    name: &str,
    rule: IdRule,
    place: Location,
) -> Diagnostic {
    let name = crate::diagnostic::clip(name);
    let computed = entry.computed;
    if written == entry.by_other_rule {
        return Diagnostic::new(
            Code::IdOtherRule,
            format!("the id of `{name}` follows the {} rule, but the schema's is the {rule} rule", rule.other()),
            place,
        )
        .label(format!("by the {rule} rule it is #{computed:08x}"))
        .hint(format!(
            "write `#{computed:08x}`, or list `{name}#{written:08x}` among the known ids if peers use it"
        ));
    }
    Diagnostic::new(
        Code::IdMismatch,
        format!("the id of `{name}` follows neither rule"),
        place,
    )
    .label(if computed == entry.by_other_rule {
        format!("computed: #{computed:08x}")
    } else {
        format!(
            "computed: #{computed:08x} by the {rule} rule, #{:08x} by the {} rule",
            entry.by_other_rule,
            rule.other()
        )
    })
    .hint(format!(
        "write `#{computed:08x}`, or list `{name}#{written:08x}` among the known ids if it was given by hand"
    ))
}

pub(crate) fn too_long(place: Location) -> Diagnostic {
    Diagnostic::new(
        Code::TooGreat,
        "the declaration's groups of parameters expand to far more than is written",
        place,
    )
    .hint("write the parameters one by one, or in declarations of their own")
}

/// The longest spelling of a declaration. Groups `(x y:T)` are spelled out, so that groups of
/// repetitions of groups grow exponentially; no honest schema comes near this.
fn limit(declaration: &Declaration) -> usize {
    512 + 4 * declaration.span.len() as usize
}

struct Spelled {
    /// The spelling is another one by the other rule.
    differs: bool,
    /// The spelling is complete.
    fits: bool,
}

fn spell(declaration: &Declaration, text: &str, rule: IdRule, out: &mut String) -> Spelled {
    let mut speller = Speller {
        text,
        rule,
        out,
        limit: limit(declaration),
        differs: false,
        bound: &[],
    };
    speller.declaration(declaration);
    Spelled {
        differs: speller.differs,
        fits: speller.out.len() <= speller.limit,
    }
}

struct Speller<'a> {
    text: &'a str,
    rule: IdRule,
    out: &'a mut String,
    limit: usize,
    differs: bool,
    /// What stands for variables.
    bound: &'a [Bound<'a>],
}

impl<'a> Speller<'a> {
    fn declaration(&mut self, declaration: &Declaration) {
        self.name(declaration.name.span);
        for group in &declaration.variables {
            for name in &group.names {
                self.out.push(' ');
                self.name(name.span);
                self.out.push(':');
                self.expr(&group.kind);
            }
        }
        match &declaration.body {
            Body::Builtin(_) => self.out.push_str(" ?"),
            Body::Parameters(parameters) => self.parameters(parameters),
        }
        self.out.push_str(" = ");
        self.expr(&declaration.result);
    }

    fn parameters(&mut self, parameters: &[Parameter]) {
        for parameter in parameters {
            if self.is_left_out(parameter) {
                continue;
            }
            match parameter.name {
                None => self.parameter(parameter, None),
                Some(first) => {
                    self.parameter(parameter, Some(first.span));
                    for name in &parameter.more_names {
                        self.parameter(parameter, Some(name.span));
                    }
                }
            }
        }
    }

    fn parameter(&mut self, parameter: &Parameter, name: Option<Span>) {
        if self.out.len() > self.limit {
            return;
        }
        let mut condition = parameter.condition;
        if let Some(mask) = condition
            && let Some(number) = self.number(slice(self.text, mask.mask.span))
        {
            let bit = mask.bit.map_or(0, |(_, bit)| bit);
            if number
                .checked_shr(bit)
                .is_none_or(|shifted| shifted & 1 == 0)
            {
                return;
            }
            condition = None;
        }
        self.out.push(' ');
        if self.bound.is_empty() && self.is_spelled(parameter) {
            self.name(parameter.span);
            return;
        }
        if let Some(name) = name {
            self.name(name);
            self.out.push(':');
        }
        if let Some(condition) = condition {
            self.name(condition.mask.span);
            if let Some((_, bit)) = condition.bit {
                self.out.push('.');
                self.decimal(bit);
            }
            self.out.push('?');
        }
        if (name.is_some() || condition.is_some()) && self.plain(&parameter.ty) == Some("bytes") {
            self.differs = true;
            if self.rule == IdRule::Telegram {
                self.out.push_str("string");
                return;
            }
        }
        self.expr(&parameter.ty);
    }

    /// Whether a parameter is written as it is spelled, as nearly all are: a name without anything
    /// between it and what is before.
    fn is_spelled(&self, parameter: &Parameter) -> bool {
        let (ExprKind::Name(ty), Some(name), []) = (
            &parameter.ty.kind,
            parameter.name,
            &parameter.more_names[..],
        ) else {
            return false;
        };
        let begin = match parameter.condition {
            None => name.span.end + 1,
            Some(condition) => {
                let bit = condition.bit.map_or(0, |(bit, _)| bit.end);
                if condition.span.start != name.span.end + 1
                    || condition.mask.span.end + 1 > bit
                    || condition.span.end != bit + 1
                {
                    return false;
                }
                condition.span.end
            }
        };
        !parameter.grouped
            && begin == ty.span.start
            && slice(self.text, ty.span) != "bytes"
            // Leading zeros of a bit are not spelled.
            && parameter.condition.is_none_or(|condition| {
                condition.bit.is_some_and(|(span, bit)| {
                    span.start == condition.mask.span.end + 1
                        && (span.len() == 1 || bit >= 10 && span.len() == 2)
                })
            })
    }

    /// `f:flags.3?true`, by Telegram's rule.
    fn is_left_out(&mut self, parameter: &Parameter) -> bool {
        let flag = parameter.condition.is_some() && self.plain(&parameter.ty) == Some("true");
        self.differs |= flag;
        flag && self.rule == IdRule::Telegram
    }

    fn expr(&mut self, expr: &Expr) {
        if self.out.len() > self.limit {
            return;
        }
        match &expr.kind {
            ExprKind::Name(name) => {
                let text = self.text;
                let bound = self.bound;
                let name = slice(text, name.span);
                match bound.iter().find(|bound| bound.variable == name) {
                    Some(bound) => self.out.push_str(bound.spelling),
                    None => self.out.push_str(name),
                }
            }
            ExprKind::Nat => self.out.push('#'),
            ExprKind::Number(number) => self.decimal(*number),
            ExprKind::Angle(name, arguments) => {
                self.name(name.span);
                for argument in arguments {
                    self.out.push(' ');
                    self.expr(argument);
                }
            }
            ExprKind::Spaced(parts) => {
                for (index, part) in parts.iter().enumerate() {
                    if index > 0 {
                        self.out.push(' ');
                    }
                    self.expr(part);
                }
            }
            ExprKind::Paren(inner) => self.expr(inner),
            ExprKind::Bare(inner) => {
                if head(inner).is_some_and(|name| is_upper(slice(self.text, name))) {
                    self.out.push('%');
                }
                self.expr(inner);
            }
            ExprKind::Forward(inner) => {
                self.differs = true;
                if self.rule == IdRule::Telegram {
                    self.out.push('!');
                }
                self.expr(inner);
            }
            ExprKind::Sum(parts) => self.sum(parts),
            ExprKind::Repeat(repeat) => {
                if let Some(count) = &repeat.count {
                    self.expr(count);
                    self.out.push('*');
                }
                self.out.push('[');
                self.parameters(&repeat.parameters);
                self.out.push_str(" ]");
            }
        }
    }

    /// The variable first, the constants in one number behind it.
    fn sum(&mut self, parts: &[Expr]) {
        let mut constant = 0u64;
        let mut first = true;
        self.summands(parts, &mut constant, &mut first);
        if first {
            self.out.push_str(&constant.to_string());
        } else if constant > 0 {
            self.out.push('+');
            self.out.push_str(&constant.to_string());
        }
    }

    fn summands(&mut self, parts: &[Expr], constant: &mut u64, first: &mut bool) {
        for part in parts {
            match &unwrapped(part).kind {
                ExprKind::Number(number) => *constant += u64::from(*number),
                ExprKind::Sum(inner) => self.summands(inner, constant, first),
                _ => match self.bound_number(part) {
                    Some(number) => *constant += u64::from(number),
                    None => {
                        if !std::mem::take(first) {
                            self.out.push('+');
                        }
                        self.expr(part);
                    }
                },
            }
        }
    }

    fn bound_number(&self, expr: &Expr) -> Option<u32> {
        self.number(self.plain(expr)?)
    }

    /// The number that is put in the place of a variable.
    fn number(&self, name: &str) -> Option<u32> {
        self.bound
            .iter()
            .find(|bound| bound.variable == name)
            .and_then(|bound| bound.number)
    }

    /// The name that a type is, if it is nothing but a name.
    fn plain(&self, expr: &Expr) -> Option<&'a str> {
        let mut expr = expr;
        loop {
            match &expr.kind {
                ExprKind::Name(name) => return Some(slice(self.text, name.span)),
                ExprKind::Paren(inner) | ExprKind::Bare(inner) => expr = inner,
                _ => return None,
            }
        }
    }

    fn name(&mut self, span: Span) {
        self.out.push_str(slice(self.text, span));
    }

    fn decimal(&mut self, number: u32) {
        use std::fmt::Write as _;
        // Writing to a string does not fail.
        let _ = write!(self.out, "{number}");
    }
}

/// The expression without its parentheses.
pub(crate) fn unwrapped(mut expr: &Expr) -> &Expr {
    while let ExprKind::Paren(inner) = &expr.kind {
        expr = inner;
    }
    expr
}

/// The name that is applied.
fn head(mut expr: &Expr) -> Option<Span> {
    loop {
        match &expr.kind {
            ExprKind::Name(name) | ExprKind::Angle(name, _) => return Some(name.span),
            ExprKind::Paren(inner) | ExprKind::Bare(inner) | ExprKind::Forward(inner) => {
                expr = inner;
            }
            ExprKind::Spaced(parts) => expr = parts.first()?,
            _ => return None,
        }
    }
}

/// Whether the last part of a name begins with a capital: then it is a type's.
pub(crate) fn is_upper(name: &str) -> bool {
    let bytes = name.as_bytes();
    let dot = bytes.iter().rposition(|&byte| byte == b'.');
    let first = bytes.get(dot.map_or(0, |dot| dot + 1));
    first.is_some_and(u8::is_ascii_uppercase)
}

fn slice(text: &str, span: Span) -> &str {
    text.get(span.range()).unwrap_or("")
}
