//! What was meant: the resolved schema.
//!
//! Arenas and indexes. References are numbers, names are [`Symbol`]s of one interner, and nobody
//! compares strings after this. What is here has been checked: every index is in range, every
//! application has the right number and kind of arguments, every condition names a `#` that comes
//! before it.

use std::ops::Index;

use crate::source::Location;
pub use crate::symbol::{Symbol, Symbols};

/// A whole schema, made of one or several files.
#[derive(Clone, Debug, Default)]
pub struct Schema {
    /// The text of every [`Symbol`].
    pub symbols: Symbols,
    /// All types, in the order in which they were first declared.
    pub types: Vec<Type>,
    /// All constructors and functions, in the order of the files. Those predeclared ones that the
    /// schema needs come last.
    pub combinators: Vec<Combinator>,
    /// Constructors specialised by partial application (`Tuple int 10;`), in order.
    pub specialisations: Vec<Specialisation>,
    /// The number of the `// LAYER N` comment.
    pub layer: Option<u32>,
    /// The rule that ids are computed by.
    pub id_rule: IdRule,
}

/// How constructor ids are computed from declarations. The rules differ only where a declaration
/// has `!`, a field of type `true` under a condition, or a field of type `bytes`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Default)]
pub enum IdRule {
    /// As Telegram's own schemas have it: `!` stays, conditional `true` fields are left out,
    /// `bytes` counts as `string`.
    #[default]
    Telegram,
    /// As the language's tools have it (TDLib, TON, VK): `!` is left out, the rest stays.
    Tl,
}

/// Index of a [`Type`] in [`Schema::types`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TypeId(pub u32);

/// Index of a [`Combinator`] in [`Schema::combinators`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct CombinatorId(pub u32);

/// Number of a [`Variable`] in its combinator.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct VariableId(pub u32);

/// Number of a [`Field`] in its combinator, fields inside of repetitions included, in the order
/// of the text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct FieldId(pub u32);

/// A type: what stands right of the `=`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Type {
    /// The full name: `messages.Messages`.
    pub name: Symbol,
    /// The kinds of its parameters; empty for most types.
    pub parameters: Vec<Kind>,
    /// Its constructors, in order, over all layers. Empty for a type that was declared `Empty`.
    pub constructors: Vec<CombinatorId>,
    /// Declared `Final` or `Empty`.
    pub is_final: bool,
    /// Known without being declared in a file.
    pub predeclared: bool,
    /// What `//@class Name @description …` says of it.
    pub docs: Option<Box<Docs>>,
    /// Where it is first named as a result; `None` if predeclared.
    pub location: Option<Location>,
}

/// `Tuple int 10;`: a constructor with its variables fixed, under an id of its own. No known
/// program sends one; the official tools write it down as one more constructor of the type.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Specialisation {
    /// What is specialised.
    pub constructor: CombinatorId,
    /// One for each parameter of the constructor's type.
    pub args: Vec<Arg>,
    /// The id computed from the declaration with the arguments put in: 4ec6219d, of
    /// `tuple [ int ] = Tuple int 10`.
    pub id: u32,
    /// Where it is declared.
    pub location: Option<Location>,
}

/// How many declarations of each sort a schema has, predeclared ones left out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct Counts {
    /// Constructors.
    pub constructors: usize,
    /// Functions.
    pub functions: usize,
    /// Types that these constructors make, or that are declared `Empty`.
    pub types: usize,
}

/// What a variable or a type's parameter ranges over.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// `Type`
    Type,
    /// `#`
    Nat,
}

/// A constructor or a function.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Combinator {
    /// Which of the two.
    pub kind: CombinatorKind,
    /// The full name: `messages.sendMessage`; `_` for a default constructor.
    pub name: Symbol,
    /// The id on the wire: the written one, else the computed one.
    pub id: u32,
    /// The written id.
    pub explicit_id: Option<u32>,
    /// The id computed by [`Schema::id_rule`].
    pub computed_id: u32,
    /// `{X:Type} {n:#}`
    pub variables: Vec<Variable>,
    /// The fields, in order; those inside of repetitions are in [`TypeExpr::Repeat`].
    pub fields: Vec<Field>,
    /// What it makes (a constructor) or answers (a function).
    ///
    /// A constructor's is always [`TypeExpr::Boxed`].
    pub result: TypeExpr,
    /// A built-in or one of the types that every tool knows without a description of its values.
    pub builtin: Option<Builtin>,
    /// Declared with a `?` (`int ? = Int;`): the schema does not describe the values.
    pub opaque: bool,
    /// Known without being declared in a file.
    pub predeclared: bool,
    /// The layer section that it stands in (`===17===`).
    pub layer: Option<u32>,
    /// `@read` and the like.
    pub annotations: Annotations,
    /// What doc comments say of it.
    pub docs: Option<Box<Docs>>,
    /// Where it is declared; `None` if predeclared.
    pub location: Option<Location>,
}

impl Combinator {
    /// Whether values are written without an id (`_ {X:Type} result:X = ReqResult X;`).
    #[must_use]
    pub fn is_default(&self, schema: &Schema) -> bool {
        &schema[self.name] == "_"
    }

    /// The type that a constructor makes; for a function the type that it answers with, if that
    /// is a boxed one.
    #[must_use]
    pub const fn result_type(&self) -> Option<TypeId> {
        match self.result {
            TypeExpr::Boxed { ty, .. } => Some(ty),
            _ => None,
        }
    }

    /// The variable that stands as an argument of the result, and so is determined by the type:
    /// for `pair {X:Type} {Y:Type} a:X b:Y = Pair X Y`, position 1 is `Y`.
    #[must_use]
    pub fn result_variable(&self, position: usize) -> Option<VariableId> {
        let TypeExpr::Boxed { args, .. } = &self.result else {
            return None;
        };
        match args.get(position)? {
            Arg::Type(TypeExpr::Variable(id))
            | Arg::Nat(NatExpr {
                base: Some(NatRef::Variable(id)),
                plus: 0,
            }) => Some(*id),
            _ => None,
        }
    }

    /// The field of that number, wherever it stands.
    #[must_use]
    pub fn field(&self, id: FieldId) -> Option<&Field> {
        // Numbers rise in the order of the text, so that each list of fields is sorted.
        let mut fields = &self.fields;
        loop {
            let behind = fields.partition_point(|field| field.id <= id);
            let field = fields.get(behind.checked_sub(1)?)?;
            match &field.ty {
                _ if field.id == id => return Some(field),
                TypeExpr::Repeat(repeat) => fields = &repeat.fields,
                _ => return None,
            }
        }
    }

    /// All fields, those inside of repetitions included, in the order of their [`FieldId`]s.
    pub fn all_fields(&self) -> impl Iterator<Item = &Field> {
        let mut stack: Vec<std::slice::Iter<'_, Field>> = vec![self.fields.iter()];
        std::iter::from_fn(move || {
            loop {
                let Some(field) = stack.last_mut()?.next() else {
                    stack.pop();
                    continue;
                };
                if let TypeExpr::Repeat(repeat) = &field.ty {
                    stack.push(repeat.fields.iter());
                }
                return Some(field);
            }
        })
    }
}

/// Constructor or function.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum CombinatorKind {
    /// Makes a value of its result type.
    Constructor,
    /// Asks for a value of its result type.
    Function,
}

/// Types whose values no declaration describes, and those which are declared as if they were
/// ordinary (`bytes = Bytes;`, `int128 4*[ int ] = Int128;`) but which every tool knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Builtin {
    /// 32 bits, signed. Also `int32`.
    Int,
    /// 64 bits, signed. Also `int64` and `int53`.
    Long,
    /// 64 bits, IEEE 754.
    Double,
    /// 32 bits, IEEE 754 (VK).
    Float,
    /// Length, bytes, padding to four; UTF-8. Also `secureString`.
    String,
    /// Length, bytes, padding to four. Also `secureBytes`.
    Bytes,
    /// 16 bytes.
    Int128,
    /// 32 bytes.
    Int256,
    /// 64 bytes.
    Int512,
    /// A boxed value of any type of the schema.
    Object,
    /// A function of the schema with its arguments.
    Function,
    /// `true`: no bytes at all when bare.
    True,
    /// `boolFalse`
    BoolFalse,
    /// `boolTrue`
    BoolTrue,
    /// `vector`, `Vector`: `#` and that many values.
    Vector,
}

/// `{X:Type}` or `{n:#}`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Variable {
    /// Its name.
    pub name: Symbol,
    /// What it ranges over.
    pub kind: Kind,
    /// Where it is declared; `None` if its combinator is predeclared.
    pub location: Option<Location>,
}

/// A field of a combinator.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Field {
    /// Its number in the combinator.
    pub id: FieldId,
    /// Its name; `None` for an anonymous one. May be `_`.
    pub name: Option<Symbol>,
    /// When it is there; `None`: always.
    pub condition: Option<Condition>,
    /// Its type.
    pub ty: TypeExpr,
    /// What doc comments say of it.
    pub docs: Option<Box<str>>,
    /// Where it is declared; `None` if its combinator is predeclared.
    pub location: Option<Location>,
}

/// `flags.3?`
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Condition {
    /// The flags field, or the variable that holds the flags.
    pub mask: NatRef,
    /// 0 to 31.
    pub bit: u8,
}

/// A natural number that is known when bytes are read: a `#` field or a `{n:#}` variable. A `#`
/// field under a condition of its own counts as 0 where it is absent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum NatRef {
    /// An earlier `#` field of the same combinator.
    Field(FieldId),
    /// A variable of the combinator.
    Variable(VariableId),
}

/// `32`, `n`, `n+1`; constants are folded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct NatExpr {
    /// The variable part.
    pub base: Option<NatRef>,
    /// What is added to it.
    pub plus: u32,
}

/// A type in a field, a result or an argument.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum TypeExpr {
    /// `#`
    Nat,
    /// `InputPeer`, `Vector<int>`: an id on the wire says which constructor follows.
    Boxed {
        /// The type.
        ty: TypeId,
        /// One for each of its parameters.
        args: Vec<Arg>,
    },
    /// `int`, `%Message`, `vector<int>`: exactly this constructor, no id on the wire.
    Bare {
        /// The constructor.
        constructor: CombinatorId,
        /// One for each parameter of the constructor's type.
        args: Vec<Arg>,
        /// Written as `%Message` rather than as `message`: the same bytes, but another computed
        /// id, and another flag in a `.tlo`.
        percent: bool,
    },
    /// `X`, `t`
    Variable(VariableId),
    /// `!X`: a function whose result is `X`.
    Forward(VariableId),
    /// `n*[ … ]`
    Repeat(Box<Repeat>),
}

/// A repetition.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Repeat {
    /// How often.
    pub count: NatExpr,
    /// The count was not written: the last `#` before counts.
    pub implicit: bool,
    /// What is repeated; at least one.
    pub fields: Vec<Field>,
}

/// An argument of a type.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Arg {
    /// For a parameter of kind [`Kind::Type`].
    Type(TypeExpr),
    /// For a parameter of kind [`Kind::Nat`].
    Nat(NatExpr),
}

/// `@read` and the like (VK), as bits of `.tlo` version 4.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Default)]
pub struct Annotations(pub u32);

impl Annotations {
    /// `@read`
    pub const READ: u32 = 1;
    /// `@write`
    pub const WRITE: u32 = 2;
    /// `@internal`
    pub const INTERNAL: u32 = 4;
    /// `@kphp`
    pub const KPHP: u32 = 8;
    /// `@any`
    pub const ANY: u32 = 16;
    /// `@readwrite`
    pub const READWRITE: u32 = 32;
}

/// What doc comments say.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Docs {
    /// The description, as plain text; lines are separated by `\n`.
    pub text: String,
    /// What is said of a function's result (`//@result …`).
    pub result: Option<String>,
}

impl Schema {
    /// A type and its number, by full name.
    #[must_use]
    pub fn find_type(&self, name: &str) -> Option<TypeId> {
        let index = self.types.iter().position(|ty| &self[ty.name] == name)?;
        u32::try_from(index).ok().map(TypeId)
    }

    /// All combinators of that full name: several if layer sections declare it anew.
    pub fn find_combinators(&self, name: &str) -> impl Iterator<Item = CombinatorId> {
        let symbol = self.symbols.find(name);
        self.combinator_ids()
            .filter(move |&id| Some(self[id].name) == symbol)
    }

    /// What is declared under a name near one that is not: the same in another namespace or in other
    /// case, or a letter or two apart.
    ///
    /// ```
    /// let mut compiler = tl_parser::Compiler::new();
    /// compiler.add(tl_parser::source::Source::new("a.tl", "chat.message id:int = chat.Message;")?);
    /// let schema = compiler.compile().schema.ok_or("faults")?;
    /// assert_eq!(schema.nearest_name("message"), Some("chat.message"));
    /// assert_eq!(schema.nearest_name("chat.mesage"), Some("chat.message"));
    /// assert_eq!(schema.nearest_name("user"), None);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn nearest_name(&self, wrong: &str) -> Option<&str> {
        let combinators = self.combinators.iter().map(|it| &self[it.name]);
        let names = combinators.chain(self.types.iter().map(|ty| &self[ty.name]));
        let last = |name: &str| name.rsplit('.').next().unwrap_or_default().to_lowercase();
        let wanted = last(wrong);
        // Of several, the one in the case that was written.
        let alike = names.clone().filter(|name| last(name) == wanted);
        alike
            .min_by_key(|name| {
                (
                    !name.ends_with(wrong.rsplit('.').next().unwrap_or_default()),
                    *name,
                )
            })
            .or_else(|| crate::resolve::nearest(wrong, names))
    }

    /// The numbers of all combinators.
    pub fn combinator_ids(&self) -> impl Iterator<Item = CombinatorId> + use<> {
        (0..u32::try_from(self.combinators.len()).unwrap_or(u32::MAX)).map(CombinatorId)
    }

    /// The numbers of all types.
    pub fn type_ids(&self) -> impl Iterator<Item = TypeId> + use<> {
        (0..u32::try_from(self.types.len()).unwrap_or(u32::MAX)).map(TypeId)
    }

    /// How many declarations of each sort there are, predeclared ones left out.
    #[must_use]
    pub fn counts(&self) -> Counts {
        let mut counts = Counts::default();
        for combinator in self.combinators.iter().filter(|c| !c.predeclared) {
            match combinator.kind {
                CombinatorKind::Constructor => counts.constructors += 1,
                CombinatorKind::Function => counts.functions += 1,
            }
        }
        counts.types = self.types.iter().filter(|ty| !ty.predeclared).count();
        counts
    }

    /// The constructors, predeclared ones included, in order.
    pub fn constructors(&self) -> impl Iterator<Item = &Combinator> {
        self.combinators
            .iter()
            .filter(|c| c.kind == CombinatorKind::Constructor)
    }

    /// The functions, in order.
    pub fn functions(&self) -> impl Iterator<Item = &Combinator> {
        self.combinators
            .iter()
            .filter(|c| c.kind == CombinatorKind::Function)
    }
}

impl Index<TypeId> for Schema {
    type Output = Type;

    fn index(&self, id: TypeId) -> &Type {
        &self.types[id.0 as usize]
    }
}

impl Index<CombinatorId> for Schema {
    type Output = Combinator;

    fn index(&self, id: CombinatorId) -> &Combinator {
        &self.combinators[id.0 as usize]
    }
}

impl Index<Symbol> for Schema {
    type Output = str;

    fn index(&self, symbol: Symbol) -> &str {
        self.symbols.text(symbol)
    }
}
