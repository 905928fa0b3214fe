//! What a schema says of constructors and functions, as far as rows know it.

use core::fmt;
use core::str::Split;

use crate::outline;
use crate::table::plan::Tables;
use crate::table::rows::{self, Form, Kind, Type, TypeForm};

/// A constructor or a function of a [`Schema`](super::Schema), or what a repetition repeats.
#[derive(Clone, Copy)]
pub struct Constructor {
    tables: &'static Tables,
    ty: &'static Type,
}

impl Constructor {
    /// `None` if the row is not that of a struct.
    pub(super) fn of(tables: &'static Tables, ty: &'static Type) -> Option<Self> {
        let is_struct = matches!(ty.form, TypeForm::Struct { .. });
        is_struct.then_some(Self::new(tables, ty))
    }

    /// Of the row of a struct.
    pub(super) fn new(tables: &'static Tables, ty: &'static Type) -> Self {
        Self { tables, ty }
    }

    /// The full name: `zoo.dog`. Of what a repetition repeats, that of the constructor and the
    /// field.
    #[must_use]
    pub fn name(self) -> &'static str {
        outline::constructor(self.ty.name)
    }

    /// The id that values stand behind. `None` if they have none: what a repetition repeats, and the
    /// constructor that is meant where no id is known.
    #[must_use]
    pub fn id(self) -> Option<u32> {
        match self.ty.form {
            TypeForm::Struct { id, .. } => id,
            _ => None,
        }
    }

    /// Whether this is what a repetition repeats.
    #[must_use]
    pub fn is_record(self) -> bool {
        matches!(
            self.ty.form,
            TypeForm::Struct {
                is_record: true,
                ..
            }
        )
    }

    /// Its fields, in order, flags among them; but for those of type `true` that are always there,
    /// of which nothing is left.
    #[must_use]
    pub fn parameters(self) -> Parameters {
        let mut parts = self.ty.name.split(' ');
        parts.next();
        Parameters {
            constructor: self,
            parts,
            rows: self.tables.fields_of(self.ty).iter(),
            index: 0,
        }
    }
}

/// The constructors and functions of that name.
pub(super) fn with_name<'n>(
    tables: &'static Tables,
    name: &'n str,
) -> impl Iterator<Item = Constructor> + use<'n> {
    // Outlines begin with it: most are told apart by their first letters.
    let is_it = move |ty: &&'static Type| {
        let rest = ty.name.strip_prefix(name);
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(' '))
    };
    let rows = tables.types().iter().filter(is_it);
    let all = rows.filter_map(move |ty| Constructor::of(tables, ty));
    all.filter(|constructor| !constructor.is_record())
}

impl fmt::Debug for Constructor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// The declaration, without its type.
impl fmt::Display for Constructor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())?;
        if let Some(id) = self.id() {
            write!(f, "#{id:08x}")?;
        }
        self.parameters()
            .try_for_each(|parameter| write!(f, " {parameter}"))
    }
}

/// What [`Constructor::parameters`] returns.
#[derive(Clone)]
pub struct Parameters {
    constructor: Constructor,
    parts: Split<'static, char>,
    rows: core::slice::Iter<'static, rows::Field>,
    index: usize,
}

impl fmt::Debug for Parameters {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.clone()).finish()
    }
}

impl Iterator for Parameters {
    type Item = Parameter;

    fn next(&mut self) -> Option<Parameter> {
        loop {
            let row = *self.rows.next()?;
            let index = self.index;
            self.index += 1;
            let tables = self.constructor.tables;
            if let Form::Value(shape) = row.form()
                && let shape = tables.shape(shape)
                && matches!(shape.kind, Kind::True)
                && shape.bare
            {
                // Outlines know nothing of it.
                continue;
            }
            let part = self.parts.next().unwrap_or_default();
            let name = part.split(['?', '!']).next().unwrap_or_default();
            return Some(Parameter {
                constructor: self.constructor,
                name: name.strip_suffix('#').unwrap_or(name),
                row,
                index,
            });
        }
    }
}

/// A field as a constructor declares it.
#[derive(Clone, Copy)]
pub struct Parameter {
    constructor: Constructor,
    name: &'static str,
    pub(super) row: rows::Field,
    /// Among the rows.
    pub(super) index: usize,
}

impl Parameter {
    /// Its name in the schema; `value` if it has none.
    #[must_use]
    pub fn name(self) -> &'static str {
        self.name
    }

    /// Its type.
    #[must_use]
    pub fn ty(self) -> TypeName {
        TypeName {
            tables: self.constructor.tables,
            form: self.row.form(),
        }
    }

    /// The bit that says whether it is there; `None` if it always is.
    #[must_use]
    pub fn condition(self) -> Option<Condition> {
        let (mask, bit) = self.row.condition()?;
        let flags = outline::nat(self.constructor.ty.name, mask).unwrap_or_default();
        Some(Condition { flags, bit })
    }

    /// Whether it is a `#` that says which other fields are there, and nothing else: values in Rust
    /// don't have it.
    #[must_use]
    pub fn is_flags(self) -> bool {
        matches!(self.row.form(), Form::Flags)
    }
}

impl fmt::Debug for Parameter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// As it is declared: `owner:flags.1?zoo.owner`.
impl fmt::Display for Parameter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:", self.name)?;
        if let Some(condition) = self.condition() {
            write!(f, "{condition}?")?;
        }
        self.ty().fmt(f)
    }
}

/// The bit of a flags field by which another field is there: `flags.3`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Condition {
    /// The name of the flags field.
    pub flags: &'static str,
    /// The bit, from 0.
    pub bit: u32,
}

impl fmt::Display for Condition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.flags, self.bit)
    }
}

/// A type, to be printed as TL text.
///
/// Rows know less than the schema did: a type of one constructor goes by that constructor's name,
/// with `%` where it is bare (`zoo.owner`, `%point`), a type that has code of its own by its path in
/// Rust.
#[derive(Clone, Copy)]
pub struct TypeName {
    pub(super) tables: &'static Tables,
    pub(super) form: Form,
}

impl fmt::Debug for TypeName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl fmt::Display for TypeName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.form {
            Form::Flags => f.write_str("#"),
            Form::Flag => f.write_str("true"),
            Form::Value(shape) => spell(self.tables, shape, f),
        }
    }
}

/// Shapes are made of shapes before them, so that this ends.
fn spell(tables: &'static Tables, shape: u16, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    let shape = tables.shape(shape);
    match shape.kind {
        Kind::Named => {
            let ty = tables.ty(usize::from(shape.of));
            let name = outline::constructor(ty.name);
            write!(f, "{}{name}", if shape.bare { "%" } else { "" })
        }
        Kind::Vector => {
            f.write_str(if shape.bare { "vector<" } else { "Vector<" })?;
            spell(tables, shape.of, f)?;
            f.write_str(">")
        }
        Kind::Array => {
            write!(f, "{}*[ ", shape.number)?;
            spell(tables, shape.of, f)?;
            f.write_str(" ]")
        }
        Kind::Indirect => spell(tables, shape.of, f),
        Kind::WithId => {
            let name = leaf(tables.shape(shape.of).kind, true);
            let (first, rest) = name.split_at(1);
            write!(f, "{}{rest}", first.to_ascii_uppercase())
        }
        kind => f.write_str(leaf(kind, shape.bare)),
    }
}

/// The name of a built-in.
pub(super) fn leaf(kind: Kind, bare: bool) -> &'static str {
    match kind {
        Kind::Int => "int",
        Kind::Long => "long",
        Kind::Double => "double",
        Kind::Float => "float",
        Kind::Nat => "#",
        Kind::Int128 => "int128",
        Kind::Int256 => "int256",
        Kind::Int512 => "int512",
        Kind::String => "string",
        Kind::Bytes => "bytes",
        Kind::Bool => "Bool",
        Kind::True if bare => "true",
        Kind::True => "True",
        Kind::Object => "Object",
        Kind::Named | Kind::Vector | Kind::Array | Kind::Indirect | Kind::WithId => "value",
    }
}
