//! What every declaration is called.
//!
//! Names are given out to all declarations in the order of the schema, whether they are generated
//! or not: leaving some out renames nothing.

use std::rc::Rc;

use tl_parser::ir::{CombinatorId, CombinatorKind, Schema, TypeExpr, TypeId};

use super::any::name_of;
use crate::config::{Config, Objects};
use crate::hash::Map;
use crate::instances::Instances;
use crate::names::{self, Scope};

/// The names of all declarations.
pub(super) struct Paths {
    combinators: Vec<Option<Rc<str>>>,
    types: Vec<Option<Rc<str>>>,
    variants: Vec<String>,
    /// The enums of all constructors and of all functions, and their variants.
    any: [Rc<str>; 2],
    any_variants: Vec<String>,
    /// The structs of what repetitions repeat.
    repetitions: Map<(CombinatorId, u32), String>,
}

impl Paths {
    pub(super) fn new(schema: &Schema, instances: &Instances<'_>, config: &Config) -> Self {
        let mut paths = Self {
            combinators: vec![None; schema.combinators.len()],
            types: vec![None; schema.types.len()],
            variants: vec![String::new(); schema.combinators.len()],
            any: Default::default(),
            any_variants: vec![String::new(); schema.combinators.len()],
            repetitions: Map::default(),
        };
        let renames: Map<&str, &str> = config
            .renames
            .iter()
            .map(|(name, rust)| (name.as_str(), rust.as_str()))
            .collect();
        let mut scopes = Scopes::default();
        if config.objects == Objects::Enum {
            paths.name_any(schema, &mut scopes);
        }
        // What stands for an application comes after the declaration that first has it, so that
        // what is appended to the schema renames neither.
        let mut combinators: Vec<CombinatorId> = schema.combinator_ids().collect();
        combinators.sort_by_key(|&id| instances.of_combinator(id).map_or(id, |i| i.born));
        for id in combinators {
            let suffix = instances.of_combinator(id).map(|i| &*i.suffix);
            paths.name_combinator(schema, id, suffix, &renames, &mut scopes);
        }
        let mut last = CombinatorId(0);
        let mut types: Vec<(CombinatorId, TypeId)> = schema
            .type_ids()
            .map(|id| {
                let born = match instances.of_type(id) {
                    Some(instance) => instance.born,
                    None => {
                        let first = schema[id].constructors.first();
                        last = last.max(first.copied().unwrap_or(last));
                        last
                    }
                };
                (born, id)
            })
            .collect();
        types.sort();
        for (_, id) in types {
            let suffix = instances.of_type(id).map(|i| &*i.suffix);
            paths.name_type(schema, id, suffix, &renames, &mut scopes);
        }
        paths
    }

    /// The path of a combinator's struct from where `types`, `enums` and `functions` are.
    pub(super) fn combinator(&self, id: CombinatorId) -> Rc<str> {
        self.combinators[id.0 as usize].clone().unwrap_or_default()
    }

    /// The path of a type's enum.
    pub(super) fn ty(&self, id: TypeId) -> Rc<str> {
        self.types[id.0 as usize].clone().unwrap_or_default()
    }

    /// The last part of [`Paths::combinator`].
    pub(super) fn ident(&self, id: CombinatorId) -> String {
        last(
            self.combinators[id.0 as usize]
                .as_deref()
                .unwrap_or_default(),
        )
    }

    /// The last part of [`Paths::ty`].
    pub(super) fn type_ident(&self, id: TypeId) -> String {
        last(self.types[id.0 as usize].as_deref().unwrap_or_default())
    }

    /// The variant of a constructor.
    pub(super) fn variant(&self, id: CombinatorId) -> String {
        self.variants[id.0 as usize].clone()
    }

    /// The path of the enum of all of a kind.
    pub(super) fn any(&self, kind: CombinatorKind) -> Rc<str> {
        self.any[kind as usize].clone()
    }

    /// The last part of [`Paths::any`].
    pub(super) fn any_ident(&self, kind: CombinatorKind) -> String {
        last(&self.any(kind))
    }

    /// The variant of a constructor or function in the enum of all.
    pub(super) fn any_variant(&self, id: CombinatorId) -> String {
        self.any_variants[id.0 as usize].clone()
    }

    /// The struct of what a repetition repeats, the number being that of the repeated field.
    pub(super) fn repetition(&self, id: CombinatorId, field: u32) -> String {
        self.repetitions
            .get(&(id, field))
            .cloned()
            .unwrap_or_default()
    }

    /// The enums of all constructors and of all functions.
    fn name_any(&mut self, schema: &Schema, scopes: &mut Scopes) {
        for kind in [CombinatorKind::Constructor, CombinatorKind::Function] {
            let scope = scopes.of("enums", "");
            let ident = scope.names.take(name_of(kind).to_owned(), None);
            self.any[kind as usize] = format!("{}{ident}", scope.prefix).into();
            let mut variants = Scope::default();
            for id in schema
                .combinator_ids()
                .filter(|&id| schema[id].kind == kind)
            {
                let combinator = &schema[id];
                let wanted = names::pascal(&schema[combinator.name]);
                self.any_variants[id.0 as usize] = variants.take(wanted, combinator.layer);
            }
        }
    }

    fn name_combinator(
        &mut self,
        schema: &Schema,
        id: CombinatorId,
        suffix: Option<&str>,
        renames: &Map<&str, &str>,
        scopes: &mut Scopes,
    ) {
        let combinator = &schema[id];
        if combinator.builtin.is_some() {
            return;
        }
        let full = &schema[combinator.name];
        let root = match combinator.kind {
            CombinatorKind::Constructor => "types",
            CombinatorKind::Function => "functions",
        };
        let (namespaces, name) = names::split(full);
        let mut wanted = match (combinator.is_default(schema), combinator.result_type()) {
            (true, Some(ty)) => {
                let name = names::split(&schema[schema[ty].name]).1;
                names::joined(&names::item(name), "Default")
            }
            _ => names::item(name),
        };
        if let Some(rust) = renames.get(full) {
            wanted = (*rust).to_owned();
        }
        wanted = names::joined(&wanted, suffix.unwrap_or_default());
        let scope = scopes.of(root, namespaces);
        let ident = scope.names.take(wanted, combinator.layer);
        self.combinators[id.0 as usize] = Some(format!("{}{ident}", scope.prefix).into());
        for field in combinator.all_fields() {
            let TypeExpr::Repeat(repeat) = &field.ty else {
                continue;
            };
            if !super::fields::needs_struct(repeat) {
                continue;
            }
            let of_field = field.name.map_or("item", |name| &schema[name]);
            let wanted = names::joined(&ident, &names::pascal(of_field));
            let path = scope.names.take(wanted, combinator.layer);
            self.repetitions
                .insert((id, field.id.0), format!("{}{path}", scope.prefix));
        }
    }

    fn name_type(
        &mut self,
        schema: &Schema,
        id: TypeId,
        suffix: Option<&str>,
        renames: &Map<&str, &str>,
        scopes: &mut Scopes,
    ) {
        let ty = &schema[id];
        let full = &schema[ty.name];
        let (namespaces, name) = names::split(full);
        let scope = scopes.of("enums", namespaces);
        let rename = renames.get(full).map(|rust| (*rust).to_owned());
        let wanted = rename.unwrap_or_else(|| names::item(name));
        let wanted = names::joined(&wanted, suffix.unwrap_or_default());
        let ident = scope.names.take(wanted, None);
        self.types[id.0 as usize] = Some(format!("{}{ident}", scope.prefix).into());
        let mut variants = Scope::default();
        for &constructor in &ty.constructors {
            let combinator = &schema[constructor];
            let wanted = match combinator.is_default(schema) {
                true => "Default".to_owned(),
                false => names::variant(&schema[combinator.name], full),
            };
            let variant = variants.take(wanted, combinator.layer);
            self.variants[constructor.0 as usize] = variant;
        }
    }
}

fn last(path: &str) -> String {
    path.rsplit("::").next().unwrap_or_default().to_owned()
}

/// The names taken in each module.
#[derive(Default)]
struct Scopes {
    modules: Vec<ModuleScope>,
    /// By the prefix, so that namespaces that become one module share it.
    by_prefix: Map<Rc<str>, usize>,
    by_namespaces: [Map<String, usize>; ROOTS.len()],
}

const ROOTS: [&str; 3] = ["types", "enums", "functions"];

struct ModuleScope {
    prefix: Rc<str>,
    names: Scope,
}

impl Scopes {
    fn of(&mut self, root: &'static str, namespaces: &str) -> &mut ModuleScope {
        let root_index = ROOTS.iter().position(|&of| of == root).unwrap_or_default();
        if let Some(&index) = self.by_namespaces[root_index].get(namespaces) {
            return &mut self.modules[index];
        }
        let mut prefix = format!("{root}::");
        for namespace in namespaces
            .split('.')
            .filter(|namespace| !namespace.is_empty())
        {
            prefix.push_str(&names::module(namespace));
            prefix.push_str("::");
        }
        let prefix: Rc<str> = prefix.into();
        let index = *self.by_prefix.entry(prefix.clone()).or_insert_with(|| {
            self.modules.push(ModuleScope {
                prefix,
                names: Scope::default(),
            });
            self.modules.len() - 1
        });
        self.by_namespaces[root_index].insert(namespaces.to_owned(), index);
        &mut self.modules[index]
    }
}
