//! A schema made ready: constructors by id and by name, names of fields, smallest sizes.

use std::collections::{HashMap, HashSet};
use std::fmt;
use std::sync::Arc;

use tl_parser::ir::{
    Arg, Builtin, CombinatorId, CombinatorKind, Field, FieldId, Schema, TypeExpr, TypeId,
    VariableId,
};

use super::nats::{Role, roles};
use super::spell::spell;
use super::ty::{Env, Ty};

/// A schema made ready to decode and to encode values.
///
/// ```
/// use tl_codegen::value::Catalog;
/// use tl_parser::source::Source;
///
/// let text = "point x:int y:int = Point; line points:vector<%Point> = Line;";
/// let schema = tl_parser::compile([Source::new("a.tl", text)?]).schema.expect("no errors");
/// let catalog = Catalog::new(&schema);
///
/// let bytes = catalog.encode_text("line { points: [{ x: 1 y: 2 }] }", &catalog.any())?;
/// let decoded = catalog.decode(&bytes, &catalog.any());
/// assert!(decoded.faults.is_empty());
/// assert_eq!(decoded.value.to_string(), "\
/// line {
///   points: [
///     point {
///       x: 1
///       y: 2
///     }
///   ]
/// }");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct Catalog<'s> {
    pub(super) schema: &'s Schema,
    by_id: HashMap<u32, Vec<CombinatorId>>,
    by_name: HashMap<&'s str, Vec<CombinatorId>>,
    outlines: Vec<Outline>,
    /// The fewest bytes that a boxed value takes, by type.
    min_sizes: Vec<usize>,
    /// The type `Bool`'s constructors and the like.
    builtins: Vec<(Builtin, CombinatorId)>,
    empty: Arc<str>,
}

/// What is known of a combinator beside the schema.
#[derive(Debug)]
struct Outline {
    name: Arc<str>,
    /// The names of its fields, by number.
    fields: Vec<Arc<str>>,
    /// The types of those fields that depend on nothing, as text, by number.
    types: Vec<Option<Arc<str>>>,
    /// What its `#` fields are for, by number.
    roles: Vec<Option<Role>>,
    /// The fewest bytes that its fields take.
    min_size: usize,
}

/// A type of a [`Catalog`], to decode or encode a value of it.
///
/// [`Catalog::any`], [`Catalog::parse_type`] and [`Catalog::result_of`] make one.
#[derive(Clone, Debug)]
pub struct Type(pub(super) Ty);

impl<'s> Catalog<'s> {
    /// Makes a schema ready.
    #[must_use]
    pub fn new(schema: &'s Schema) -> Self {
        let mut catalog = Self {
            schema,
            by_id: HashMap::new(),
            by_name: HashMap::new(),
            outlines: Vec::with_capacity(schema.combinators.len()),
            min_sizes: vec![0; schema.types.len()],
            builtins: Vec::new(),
            empty: Arc::default(),
        };
        for (id, combinator) in schema.combinator_ids().zip(&schema.combinators) {
            if !combinator.is_default(schema) {
                catalog.by_id.entry(combinator.id).or_default().push(id);
            }
            catalog
                .by_name
                .entry(&schema[combinator.name])
                .or_default()
                .push(id);
            catalog
                .builtins
                .extend(combinator.builtin.map(|builtin| (builtin, id)));
            let mut outline = Outline {
                name: schema[combinator.name].into(),
                fields: Vec::new(),
                types: Vec::new(),
                roles: Vec::new(),
                min_size: 0,
            };
            outline.add(schema, &combinator.fields);
            catalog.outlines.push(outline);
        }
        catalog.find_min_sizes();
        catalog
    }

    /// Any boxed value: its id says which constructor or function it is.
    #[must_use]
    pub const fn any(&self) -> Type {
        Type(Ty::Any)
    }

    /// For bytes that begin with the id of a constructor, where the type is its bare form: the boxed
    /// type, which is probably meant.
    #[must_use]
    pub fn boxed_instead(&self, bytes: &[u8], ty: &Type) -> Option<String> {
        let Ty::Bare(id, args, _) = &ty.0 else {
            return None;
        };
        let combinator = &self.schema[*id];
        let boxed = Ty::Boxed(combinator.result_type()?, args.clone());
        let begins = bytes.starts_with(&combinator.id.to_le_bytes());
        begins.then(|| spell(self.schema, &boxed))
    }

    /// The constructors and functions of that id.
    pub(super) fn of_id(&self, id: u32) -> &[CombinatorId] {
        self.by_id.get(&id).map_or(&[], Vec::as_slice)
    }

    /// The constructors and functions of that name.
    pub(super) fn of_name(&self, name: &str) -> &[CombinatorId] {
        self.by_name.get(name).map_or(&[], Vec::as_slice)
    }

    /// The constructor of the built-in.
    pub(super) fn builtin(&self, builtin: Builtin) -> Option<CombinatorId> {
        let known = self.builtins.iter().find(|(of, _)| *of == builtin)?;
        Some(known.1)
    }

    /// The name of a combinator.
    pub(super) fn name(&self, id: CombinatorId) -> &Arc<str> {
        self.outlines
            .get(id.0 as usize)
            .map_or(&self.empty, |outline| &outline.name)
    }

    /// The id of a combinator, if its name alone does not say which it is.
    pub(super) fn shown_id(&self, id: CombinatorId) -> Option<u32> {
        let combinator = &self.schema[id];
        let many = self.of_name(&self.schema[combinator.name]).len() > 1;
        (many && !combinator.is_default(self.schema)).then_some(combinator.id)
    }

    /// The name of a field.
    pub(super) fn field_name(&self, id: CombinatorId, field: FieldId) -> &Arc<str> {
        let outline = self.outlines.get(id.0 as usize);
        let name = outline.and_then(|outline| outline.fields.get(field.0 as usize));
        name.unwrap_or(&self.empty)
    }

    /// What a `#` field is for.
    pub(super) fn role(&self, id: CombinatorId, field: FieldId) -> Option<Role> {
        let outline = self.outlines.get(id.0 as usize)?;
        outline.roles.get(field.0 as usize).copied().flatten()
    }

    /// The type of a field as text.
    pub(super) fn field_type(&self, id: CombinatorId, field: &Field, env: &Env) -> Arc<str> {
        let outline = self.outlines.get(id.0 as usize);
        let known = outline.and_then(|outline| outline.types.get(field.id.0 as usize));
        match known {
            Some(Some(known)) => known.clone(),
            _ => match env.ty(self.schema, &field.ty) {
                Some(ty) => spell(self.schema, &ty).into(),
                None => {
                    let speller = tl_parser::ir_text::Speller::new(self.schema, &self.schema[id]);
                    speller.ty(&field.ty).into()
                }
            },
        }
    }

    /// The constructor of a type that has that id.
    pub(super) fn constructor(&self, ty: TypeId, id: u32) -> Option<CombinatorId> {
        let of_type = |&&found: &&CombinatorId| {
            self.schema[found].kind == CombinatorKind::Constructor
                && self.schema[found].result_type() == Some(ty)
        };
        self.of_id(id).iter().find(of_type).copied()
    }

    /// The constructor of a type that is written without an id.
    pub(super) fn default_constructor(&self, ty: TypeId) -> Option<CombinatorId> {
        let constructors = self.schema[ty].constructors.iter();
        let mut default = constructors.filter(|&&id| self.schema[id].is_default(self.schema));
        default.next().copied()
    }

    /// The result of a function whose value is known: its variables are in `env`.
    pub(super) fn result(&self, function: CombinatorId, env: &Env) -> Ty {
        let result = &self.schema[function].result;
        env.ty(self.schema, result).unwrap_or(Ty::Any)
    }

    /// The fewest bytes that a value takes.
    pub(super) fn min_size(&self, ty: &Ty) -> usize {
        match ty {
            Ty::Nat | Ty::Any | Ty::Function | Ty::Call(_) => 4,
            Ty::Boxed(id, _) => self.min_boxed(*id),
            Ty::Bare(id, ..) => {
                let outline = self.outlines.get(id.0 as usize);
                outline.map_or(0, |outline| outline.min_size)
            }
        }
    }

    fn min_boxed(&self, id: TypeId) -> usize {
        self.min_sizes.get(id.0 as usize).copied().unwrap_or(0)
    }

    /// The fewest bytes that fields take, whatever the numbers and the variables are: the bound that
    /// generated code has.
    pub(super) fn min_fields(&self, fields: &[Field]) -> usize {
        let always = fields.iter().filter(|field| field.condition.is_none());
        let sizes = always.map(|field| match &field.ty {
            TypeExpr::Nat | TypeExpr::Forward(_) => 4,
            TypeExpr::Boxed { ty, .. } => self.min_boxed(*ty),
            TypeExpr::Bare { constructor, .. } => {
                let outline = self.outlines.get(constructor.0 as usize);
                outline.map_or(0, |outline| outline.min_size)
            }
            TypeExpr::Repeat(repeat) => {
                let one = self.min_fields(&repeat.fields);
                one.saturating_mul(repeat.count.plus as usize)
            }
            _ => 0,
        });
        sizes.fold(0, usize::saturating_add)
    }

    /// From below: what contains itself or is nested very deeply counts as less than it is.
    fn find_min_sizes(&mut self) {
        const MAX_ROUNDS: usize = 32;
        let schema = self.schema;
        for _ in 0..MAX_ROUNDS {
            let mut changed = false;
            for (index, combinator) in schema.combinators.iter().enumerate() {
                let size = match combinator.builtin {
                    Some(builtin) => builtin_size(builtin),
                    None => self.min_fields(&combinator.fields),
                };
                changed |= std::mem::replace(&mut self.outlines[index].min_size, size) != size;
            }
            for (index, ty) in schema.types.iter().enumerate() {
                let sizes = ty.constructors.iter().map(|&id| {
                    let bare = self.outlines[id.0 as usize].min_size;
                    match schema[id].is_default(schema) {
                        true => bare,
                        false => bare.saturating_add(4),
                    }
                });
                let size = sizes.min().unwrap_or(4);
                changed |= std::mem::replace(&mut self.min_sizes[index], size) != size;
            }
            if !changed {
                return;
            }
        }
    }
}

/// The fewest bytes that a bare value of a built-in takes.
const fn builtin_size(builtin: Builtin) -> usize {
    match builtin {
        Builtin::Long | Builtin::Double => 8,
        Builtin::Int128 => 16,
        Builtin::Int256 => 32,
        Builtin::Int512 => 64,
        Builtin::True | Builtin::BoolFalse | Builtin::BoolTrue => 0,
        // The id is all that is certain, and counts for the type.
        Builtin::Object | Builtin::Function => 0,
        _ => 4,
    }
}

impl Outline {
    /// Names, types and roles of a list of fields and of those inside.
    fn add(&mut self, schema: &Schema, fields: &[Field]) {
        let named = fields.iter().filter_map(|field| name(schema, field));
        let mut taken: HashSet<String> = named.map(str::to_owned).collect();
        for (field, role) in fields.iter().zip(roles(fields)) {
            let name = match name(schema, field) {
                Some(name) => name.to_owned(),
                None => {
                    let numbered = (2_u32..).map(|number| format!("value_{number}"));
                    let mut names = std::iter::once("value".to_owned()).chain(numbered);
                    names.find(|name| !taken.contains(name)).unwrap_or_default()
                }
            };
            let ty = super::spell::is_closed(&field.ty)
                .then(|| Env::default().ty(schema, &field.ty))
                .flatten();
            // Numbers rise in the order of the text.
            let at = field.id.0 as usize;
            if self.fields.len() <= at {
                self.fields.resize(at + 1, Arc::default());
                self.types.resize(at + 1, None);
                self.roles.resize(at + 1, None);
            }
            taken.insert(name.clone());
            self.fields[at] = name.into();
            self.types[at] = ty.map(|ty| spell(schema, &ty).into());
            self.roles[at] = role;
            if let TypeExpr::Repeat(repeat) = &field.ty {
                self.add(schema, &repeat.fields);
            }
        }
    }
}

/// The name of a field, if it has one of its own.
fn name<'s>(schema: &'s Schema, field: &Field) -> Option<&'s str> {
    field
        .name
        .map(|name| &schema[name])
        .filter(|name| !matches!(*name, "" | "_"))
}

/// Whether a repetition repeats one plain value, not a record.
pub(super) fn is_plain(fields: &[Field]) -> Option<&Field> {
    match fields {
        [only] if only.condition.is_none() => Some(only),
        _ => None,
    }
}

/// Why a name is no type of the schema.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum TypeError {
    /// This can't be read as a type: `Vector<`.
    Syntax {
        /// What was wanted, and where.
        message: String,
    },
    /// Nothing is called so.
    Unknown {
        /// The name.
        name: String,
        /// One that is, and is much like it.
        similar: Option<String>,
    },
    /// The schema has several constructors of that name.
    Ambiguous {
        /// The name.
        name: String,
        /// Their ids.
        ids: Vec<u32>,
    },
    /// A bare type has to be a constructor, and this type has not just one.
    NotBare {
        /// The type.
        name: String,
    },
    /// The wrong number of arguments, or one of the wrong kind.
    Arguments {
        /// The type.
        name: String,
        /// Its parameters: `Type, #`; empty if it has none.
        wanted: String,
    },
    /// This is no function.
    NotAFunction {
        /// The name.
        name: String,
    },
    /// What the function answers depends on the numbers of the question.
    Dependent {
        /// The function.
        name: String,
        /// Its result.
        result: String,
    },
}

impl fmt::Display for TypeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Syntax { message } => f.write_str(message),
            Self::Unknown { name, similar } => {
                write!(f, "nothing in the schema is called {name}")?;
                match similar {
                    Some(similar) => write!(f, "; there is {similar}"),
                    None => Ok(()),
                }
            }
            Self::Ambiguous { name, ids } => {
                let names: Vec<String> = ids.iter().map(|id| format!("{name}#{id:08x}")).collect();
                write!(f, "{name} may be any of {}", names.join(", "))
            }
            Self::NotBare { name } => {
                write!(
                    f,
                    "{name} does not have just one constructor and can't be bare"
                )
            }
            Self::Arguments { name, wanted } if wanted.is_empty() => {
                write!(f, "{name} takes no arguments")
            }
            Self::Arguments { name, wanted } => write!(f, "{name} wants the arguments <{wanted}>"),
            Self::NotAFunction { name } => write!(f, "{name} is no function"),
            Self::Dependent { name, result } => write!(
                f,
                "what {name} answers, {result}, depends on the numbers of the question"
            ),
        }
    }
}

impl std::error::Error for TypeError {}

/// Whether an expression has variables or fields in it that decide how bytes are read.
pub(super) fn depends_on_numbers(expr: &TypeExpr) -> bool {
    match expr {
        TypeExpr::Boxed { args, .. } | TypeExpr::Bare { args, .. } => {
            args.iter().any(|arg| match arg {
                Arg::Type(ty) => depends_on_numbers(ty),
                Arg::Nat(sum) => sum.base.is_some(),
            })
        }
        _ => false,
    }
}

/// The variable that a `!X` determines.
pub(super) const fn forwarded(expr: &TypeExpr) -> Option<VariableId> {
    match expr {
        TypeExpr::Forward(id) => Some(*id),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use tl_parser::ir::IdRule;
    use tl_parser::source::Source;

    use super::*;
    use crate::model::{FieldKind, Item, Module, Struct};

    fn structs<'m>(module: &'m Module, out: &mut Vec<&'m Struct>) {
        for item in &module.items {
            match item {
                Item::Struct(item) => out.push(item),
                Item::Enum(_) => {}
            }
        }
        for module in &module.modules {
            structs(module, out);
        }
    }

    /// Fields are called and left out as those of generated types, by another room of this crate.
    #[test]
    fn fields_are_those_of_generated_types() {
        let root = concat!(env!("CARGO_MANIFEST_DIR"), "/");
        let mut compared = 0;
        for (file, rule) in [
            ("tests/value/constructs.tl", IdRule::Tl),
            ("tests/golden/sample.tl", IdRule::Telegram),
            ("../schemas/telegram/api.tl", IdRule::Telegram),
            ("../schemas/ton/ton_api.tl", IdRule::Tl),
            ("../schemas/ton/lite_api.tl", IdRule::Tl),
        ] {
            let text = std::fs::read_to_string(format!("{root}{file}")).unwrap();
            let mut compiler = tl_parser::Compiler::new().id_rule(rule);
            compiler.add(Source::new(file, text).unwrap());
            let compiled = compiler.compile();
            let schema = compiled.schema.unwrap();
            let config = crate::Config::new();
            let lowered = crate::lower::lower(&schema, &compiled.sources, &config).unwrap();
            let mut all = Vec::new();
            for module in &lowered.modules {
                structs(module, &mut all);
            }
            let catalog = Catalog::new(&schema);
            for item in all {
                let of_name = catalog.of_name(&item.schema_name);
                // There, a field without a name may be called like another that has one; here, keys
                // have to differ.
                let Some(identity) = item
                    .identity
                    .as_ref()
                    .filter(|_| item.schema_name != "nameless")
                else {
                    continue;
                };
                let Some(&id) = of_name.iter().find(|&&id| schema[id].id == identity.id) else {
                    continue;
                };
                compared += 1;
                let combinator = &schema[id];
                assert_eq!(combinator.fields.len(), item.fields.len());
                for (field, lowered) in combinator.fields.iter().zip(&item.fields) {
                    let name = &item.schema_name;
                    assert_eq!(
                        &**catalog.field_name(id, field.id),
                        lowered.schema_name,
                        "{name}"
                    );
                    let role = catalog.role(id, field.id);
                    let role = role.filter(|_| field.condition.is_none());
                    let expected = match lowered.kind {
                        FieldKind::Flags => Some(Role::Flags),
                        FieldKind::Count(first) => Some(Role::Count(first)),
                        _ => None,
                    };
                    assert_eq!(role, expected, "{name}.{}", lowered.schema_name);
                }
            }
        }
        assert!(compared > 3000, "{compared}");
    }
}
