//! The tree to TL text.
//!
//! The tree has lost how some things were written: `%Message` or `message`, `n*[ … ]` or `[ … ]`,
//! no name or `_`. It all means the same, but counts for the id. So where the id is not that of the
//! likeliest spelling, the others are tried.

use std::collections::HashMap;

use super::tree::{
    Arg, Combinator, Exists, Expr, File, NAT_TYPE, NatExpr, TYPE_TYPE, Type, TypeExpr,
};
use super::{ReadError, ReadErrorKind, Version};
use crate::ast::Item;
use crate::ir::{Annotations, IdRule};
use crate::source::{FileId, Source};

/// How many choices in a declaration are tried in every combination.
pub(super) const MAX_CHOICES: usize = 4;

/// Prints a file as TL.
pub(super) fn text(file: &File) -> Result<String, ReadError> {
    let names = Names::new(file);
    let mut out = String::new();
    for ty in &file.types {
        if ty.flags & Type::EMPTY != 0 && ty.constructors_num == 0 {
            out.extend(["Empty ", &ty.id, ";\n"]);
        }
    }
    for combinator in &file.constructors {
        declaration(&names, combinator, &mut out)?;
    }
    if !file.functions.is_empty() {
        out.push_str("---functions---\n");
    }
    for combinator in &file.functions {
        if file.version == Version::V4 {
            annotations(combinator.flags, &mut out);
        }
        declaration(&names, combinator, &mut out)?;
    }
    Ok(out)
}

/// Prints a declaration in the spelling that its id was computed from, if one is found.
fn declaration(
    names: &Names<'_>,
    combinator: &Combinator,
    out: &mut String,
) -> Result<(), ReadError> {
    let (text, choices) = Printer::print(names, combinator, Spelling(0))?;
    if !choices.is_empty() && !has_id(&text, combinator.name) {
        for spelling in Spelling::others(&choices) {
            let (text, _) = Printer::print(names, combinator, spelling)?;
            if has_id(&text, combinator.name) {
                out.push_str(&text);
                return Ok(());
            }
        }
    }
    out.push_str(&text);
    Ok(())
}

/// Whether the id is that of a declaration, by either rule.
fn has_id(declaration: &str, id: u32) -> bool {
    let Ok(source) = Source::new("", declaration) else {
        return false;
    };
    let ast = crate::parse(FileId(0), &source).ast;
    let Some(Item::Declaration(declaration)) = ast.items.first() else {
        return false;
    };
    let rules = [IdRule::Telegram, IdRule::Tl];
    rules
        .iter()
        .any(|&rule| crate::id::compute(declaration, &source, rule) == id)
}

/// Something that can be written in two ways.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Choice {
    /// `message`, or else `%Message`, where the type's flags do not tell.
    Percent,
    /// `n*[ … ]`, or else `[ … ]`, where that means the same.
    Implicit,
    /// `int`, or else `_:int`.
    Underscore,
}

/// A way to make all choices of a declaration: bit i is set if choice i takes the second way.
#[derive(Clone, Copy)]
struct Spelling(u64);

impl Spelling {
    /// All other ways if there are few choices, else those that make choices of one kind alike.
    fn others(choices: &[Choice]) -> impl Iterator<Item = Self> {
        const KINDS: [Choice; 3] = [Choice::Percent, Choice::Implicit, Choice::Underscore];
        let all = 0..1_u64 << choices.len().min(MAX_CHOICES);
        let alike = (0..8_u64).map(|kinds| {
            (0..64).zip(choices).fold(0, |bits, (index, choice)| {
                let kind = KINDS.iter().position(|kind| kind == choice).unwrap_or(0);
                bits | (kinds >> kind & 1) << index
            })
        });
        let few = choices.len() <= MAX_CHOICES;
        let alike: Vec<u64> = if few { Vec::new() } else { alike.collect() };
        all.filter(move |_| few)
            .chain(alike)
            .filter(|bits| *bits != 0)
            .map(Self)
    }
}

fn annotations(flags: u32, out: &mut String) {
    const READWRITE: u32 = Annotations::READ | Annotations::WRITE;
    out.push_str(match flags & READWRITE {
        READWRITE => "@readwrite ",
        Annotations::READ => "@read ",
        Annotations::WRITE => "@write ",
        _ => "",
    });
    for (bit, annotation) in [
        (Annotations::INTERNAL, "@internal "),
        (Annotations::KPHP, "@kphp "),
    ] {
        if flags & bit != 0 {
            out.push_str(annotation);
        }
    }
}

/// What the numbers of types and constructors mean.
struct Names<'a> {
    types: HashMap<u32, TypeNames<'a>>,
    /// By constructor id; `None` if several have it.
    constructors: HashMap<u32, Option<&'a str>>,
}

struct TypeNames<'a> {
    /// `None` if several types have the number.
    ty: Option<&'a Type>,
    /// Its constructor, if it has just one that can be used bare.
    only_constructor: Option<&'a str>,
}

impl<'a> Names<'a> {
    fn new(file: &'a File) -> Self {
        let mut types = HashMap::<u32, TypeNames<'a>>::new();
        for ty in &file.types {
            types
                .entry(ty.name)
                .and_modify(|names| names.ty = None)
                .or_insert(TypeNames {
                    ty: Some(ty),
                    only_constructor: None,
                });
        }
        let mut constructors = HashMap::new();
        let mut seen = HashMap::<u32, u32>::new();
        for combinator in &file.constructors {
            constructors
                .entry(combinator.name)
                .and_modify(|name| *name = None)
                .or_insert(Some(combinator.id.as_str()));
            let TypeExpr::Type { name, .. } = combinator.right else {
                continue;
            };
            let count = seen.entry(name).or_default();
            *count = count.saturating_add(1);
            if let Some(names) = types.get_mut(&name) {
                names.only_constructor =
                    (*count == 1 && combinator.id != "_").then_some(&combinator.id);
            }
        }
        Self {
            types,
            constructors,
        }
    }
}

/// Prints one combinator.
struct Printer<'a, 'n> {
    names: &'n Names<'a>,
    spelling: Spelling,
    /// The choices so far.
    choices: Vec<Choice>,
    out: String,
    scope: Scope<'a>,
}

impl<'a, 'n> Printer<'a, 'n> {
    /// The text of a combinator in a spelling, and the choices that there were.
    fn print(
        names: &'n Names<'a>,
        combinator: &'a Combinator,
        spelling: Spelling,
    ) -> Result<(String, Vec<Choice>), ReadError> {
        let mut printer = Printer {
            names,
            spelling,
            choices: Vec::new(),
            out: String::new(),
            scope: Scope::default(),
        };
        printer.combinator(combinator)?;
        Ok((printer.out, printer.choices))
    }

    fn combinator(&mut self, combinator: &'a Combinator) -> Result<(), ReadError> {
        use std::fmt::Write as _;
        // Writing to a string does not fail.
        let _ = write!(self.out, "{}#{:08x} ", combinator.id, combinator.name);
        match &combinator.left {
            None => self.out.push_str("? "),
            Some(args) => {
                let is_field = |arg: &Arg| !arg.is_variable;
                let first_field = args.iter().position(is_field).unwrap_or(args.len());
                let (variables, fields) = args.split_at(first_field);
                for variable in variables {
                    self.variable(variable)?;
                }
                self.fields(fields)?;
            }
        }
        self.out.push_str("= ");
        self.result(&combinator.right)?;
        self.out.push_str(";\n");
        Ok(())
    }

    /// `{t:Type} `
    fn variable(&mut self, arg: &'a Arg) -> Result<(), ReadError> {
        let kind = match arg.ty {
            TypeExpr::Type { name: NAT_TYPE, .. } => "#",
            TypeExpr::Type {
                name: TYPE_TYPE, ..
            } => "Type",
            _ => return Err(error(arg.offset, ReadErrorKind::BadVariable)),
        };
        if arg.exists.is_some() || arg.is_forward || arg.id.is_empty() {
            return Err(error(arg.offset, ReadErrorKind::BadVariable));
        }
        self.out.extend(["{", &arg.id, ":", kind, "} "]);
        self.scope.declare(arg, kind == "#");
        Ok(())
    }

    fn fields(&mut self, args: &'a [Arg]) -> Result<(), ReadError> {
        for arg in args {
            self.field(arg)?;
            self.out.push(' ');
        }
        Ok(())
    }

    fn field(&mut self, arg: &'a Arg) -> Result<(), ReadError> {
        if arg.is_variable {
            return Err(error(arg.offset, ReadErrorKind::BadVariable));
        }
        if !arg.id.is_empty() {
            self.out.extend([&arg.id, ":"]);
        } else if self.takes_second_way(Choice::Underscore) {
            self.out.push_str("_:");
        }
        if let Some(Exists { var_num, bit }) = arg.exists {
            let mask = self.scope.find(var_num, arg.offset)?;
            self.out.extend([mask, ".", &bit.to_string(), "?"]);
        }
        if arg.is_forward {
            self.out.push('!');
        }
        self.type_expr(&arg.ty)?;
        if let TypeExpr::Type { name: NAT_TYPE, .. } = arg.ty {
            self.scope.declare(arg, true);
        }
        Ok(())
    }

    /// `Vector t`
    fn result(&mut self, expr: &'a TypeExpr) -> Result<(), ReadError> {
        let TypeExpr::Type {
            offset,
            name,
            is_bare,
            children,
        } = expr
        else {
            return self.type_expr(expr);
        };
        self.type_name(*offset, *name, *is_bare)?;
        for child in children {
            self.out.push(' ');
            match child {
                Expr::Nat(nat @ NatExpr::Variable { plus: 1.., .. }) => {
                    self.out.push('(');
                    self.nat_expr(*nat)?;
                    self.out.push(')');
                }
                _ => self.expr(child)?,
            }
        }
        Ok(())
    }

    fn type_expr(&mut self, expr: &'a TypeExpr) -> Result<(), ReadError> {
        match expr {
            TypeExpr::Type {
                offset,
                name,
                is_bare,
                children,
            } => {
                self.type_name(*offset, *name, *is_bare)?;
                for (index, child) in children.iter().enumerate() {
                    self.out.push_str(if index == 0 { "<" } else { ", " });
                    self.expr(child)?;
                }
                if !children.is_empty() {
                    self.out.push('>');
                }
            }
            TypeExpr::Variable { offset, number } => {
                let name = self.scope.find(*number, *offset)?;
                self.out.push_str(name);
            }
            TypeExpr::Array { multiplicity, args } => {
                match multiplicity {
                    NatExpr::Variable {
                        plus: 0, number, ..
                    } if self.may_be_implicit(*number) => {}
                    NatExpr::Variable { plus: 1.., .. } => {
                        self.out.push('(');
                        self.nat_expr(*multiplicity)?;
                        self.out.push_str(")*");
                    }
                    _ => {
                        self.nat_expr(*multiplicity)?;
                        self.out.push('*');
                    }
                }
                let outer = self.scope.enter();
                self.out.push_str("[ ");
                self.fields(args)?;
                self.out.push(']');
                self.scope.leave(outer);
            }
        }
        Ok(())
    }

    /// Whether the multiplicity with that number is left unwritten.
    fn may_be_implicit(&mut self, number: u32) -> bool {
        let Some(last) = self
            .scope
            .last_nat()
            .filter(|last| last.number == Some(number))
        else {
            return false;
        };
        if last.name.is_empty() {
            return true;
        }
        self.takes_second_way(Choice::Implicit)
    }

    fn takes_second_way(&mut self, choice: Choice) -> bool {
        let index = self.choices.len();
        self.choices.push(choice);
        index < 64 && self.spelling.0 >> index & 1 == 1
    }

    fn type_name(&mut self, offset: usize, number: u32, is_bare: bool) -> Result<(), ReadError> {
        match number {
            NAT_TYPE => {
                self.out.push('#');
                return Ok(());
            }
            TYPE_TYPE => return Err(error(offset, ReadErrorKind::BadType)),
            _ => {}
        }
        let names = self.names.types.get(&number);
        let ty = names.and_then(|names| names.ty);
        if is_bare {
            // A number of a constructor is what VK's tool writes for a bare one of several.
            let constructor = match names {
                Some(names) => names.only_constructor,
                None => self.names.constructors.get(&number).copied().flatten(),
            };
            let constructor =
                constructor.ok_or_else(|| error(offset, ReadErrorKind::BareOfMany { number }))?;
            let percent = match ty.map(|ty| (ty.flags & Type::BARE, ty.flags & Type::PERCENT)) {
                Some((0, 1..)) => true,
                Some((1.., 0)) | None => false,
                // Both occur in the file, or the tool does not tell.
                Some(_) => self.takes_second_way(Choice::Percent),
            };
            match ty {
                Some(ty) if percent => self.out.extend(["%", &ty.id]),
                _ => self.out.push_str(constructor),
            }
        } else {
            let ty = ty.ok_or_else(|| error(offset, ReadErrorKind::UnknownType { number }))?;
            self.out.push_str(&ty.id);
        }
        Ok(())
    }

    fn expr(&mut self, expr: &'a Expr) -> Result<(), ReadError> {
        match expr {
            Expr::Type(ty) => self.type_expr(ty),
            Expr::Nat(nat) => self.nat_expr(*nat),
        }
    }

    fn nat_expr(&mut self, nat: NatExpr) -> Result<(), ReadError> {
        match nat {
            NatExpr::Const(value) => self.out.push_str(&value.to_string()),
            NatExpr::Variable {
                offset,
                plus,
                number,
            } => {
                let name = self.scope.find(number, offset)?;
                self.out.push_str(name);
                if plus != 0 {
                    self.out.extend([" + ", &plus.to_string()]);
                }
            }
        }
        Ok(())
    }
}

/// The variables and `#` fields that can be named where the printer is.
#[derive(Default)]
struct Scope<'a> {
    visible: Vec<Visible<'a>>,
    /// Which of `visible` are numbers.
    nats: Vec<usize>,
    /// The last of `visible` with this number, and the last with this name.
    by_number: HashMap<u32, usize>,
    by_name: HashMap<&'a str, usize>,
}

struct Visible<'a> {
    /// The official tool gives none to a `#` that is itself conditional.
    number: Option<u32>,
    name: &'a str,
    /// What it hides until the scope is left.
    hidden_number: Option<usize>,
    hidden_name: Option<usize>,
}

impl<'a> Scope<'a> {
    fn declare(&mut self, arg: &'a Arg, is_nat: bool) {
        let index = self.visible.len();
        if is_nat {
            self.nats.push(index);
        }
        let hidden_number = arg
            .var_num
            .and_then(|number| self.by_number.insert(number, index));
        self.visible.push(Visible {
            number: arg.var_num,
            name: &arg.id,
            hidden_number,
            hidden_name: self.by_name.insert(&arg.id, index),
        });
    }

    /// Begins a repetition: what it declares is gone behind it.
    const fn enter(&self) -> usize {
        self.visible.len()
    }

    fn leave(&mut self, outer: usize) {
        while self.nats.pop_if(|index| *index >= outer).is_some() {}
        while self.visible.len() > outer
            && let Some(gone) = self.visible.pop()
        {
            match (gone.number, gone.hidden_number) {
                (Some(number), Some(hidden)) => self.by_number.insert(number, hidden),
                (Some(number), None) => self.by_number.remove(&number),
                (None, _) => None,
            };
            match gone.hidden_name {
                Some(hidden) => self.by_name.insert(gone.name, hidden),
                None => self.by_name.remove(gone.name),
            };
        }
    }

    /// The name that means the number here.
    fn find(&self, number: u32, offset: usize) -> Result<&'a str, ReadError> {
        self.by_number
            .get(&number)
            .map(|&index| (index, self.visible[index].name))
            .filter(|(index, name)| !name.is_empty() && self.by_name.get(name) == Some(index))
            .map(|(_, name)| name)
            .ok_or_else(|| error(offset, ReadErrorKind::UnknownVariable { number }))
    }

    /// The `#` which counts where no multiplicity is written.
    fn last_nat(&self) -> Option<&Visible<'a>> {
        self.nats.last().map(|&index| &self.visible[index])
    }
}

const fn error(offset: usize, kind: ReadErrorKind) -> ReadError {
    ReadError { offset, kind }
}
