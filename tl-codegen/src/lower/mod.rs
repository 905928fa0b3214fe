//! From the IR to the model: the only place that knows both worlds.
//!
//! ```text
//! paths    what every declaration is called, whether it is generated or not
//! fields   what becomes of a constructor's fields: values, flags, counts
//! types    what becomes of a type expression
//! any      the enums of everything
//! defaults who can have a `Default`
//! docs     what is said of items
//! ```

mod any;
mod defaults;
mod docs;
mod fields;
mod paths;
mod types;

use std::rc::Rc;

use tl_parser::ir::{Combinator, CombinatorId, CombinatorKind, Kind, Schema, TypeId, VariableId};
use tl_parser::source::Sources;

use crate::analysis::{Any, Direction, Layouts, Reach, Used};
use crate::config::{self, Config, Ownership};
use crate::defaults::DEFAULT;
use crate::hash::Map;
use crate::instances::Instances;
use crate::model::{
    Codec, Docs, Enum, File, GenericType, Generics, Identity, Item, Module, Struct, Type, Variant,
};
pub(crate) use fields::schema_names;

use crate::names::Scope;
use paths::Paths;

/// Enums of more bytes are read to where they are to be.
const IN_PLACE: u32 = 64;

/// Turns a schema into the model of the file that is to be written.
///
/// # Errors
/// The names of the declarations for which there is no Rust, see
/// [`Error::Unsupported`](crate::Error::Unsupported).
pub fn lower(schema: &Schema, sources: &Sources, config: &Config) -> Result<File, Vec<String>> {
    let schema = crate::object::with_object(schema);
    let instances = Instances::new(&schema)?;
    let schema = &*instances.schema;
    let reach = Reach::new(schema, &instances, config);
    let any = Any::new(schema, &instances, &reach, config);
    let used = Used::new(schema);
    let lowering = Lowering {
        schema,
        sources,
        config,
        instances: &instances,
        layouts: Layouts::new(schema, &any, &used, config),
        paths: Paths::new(schema, &instances, config),
        reach,
        any,
        used,
        is_large: false,
        traits: all_traits(&["Clone", "Debug", "PartialEq"], config),
    };
    let is_large = lowering.count() > config::Codec::FEW;
    Ok(Lowering {
        is_large,
        ..lowering
    }
    .file())
}

/// Everything that is known while lowering.
struct Lowering<'s> {
    schema: &'s Schema,
    sources: &'s Sources,
    config: &'s Config,
    instances: &'s Instances<'s>,
    reach: Reach,
    any: Any,
    layouts: Layouts,
    paths: Paths,
    /// Which type parameters values depend on.
    used: Used,
    /// What nothing is said of has tables.
    is_large: bool,
    /// What nothing is said of has these traits.
    traits: Rc<[String]>,
}

impl Lowering<'_> {
    /// How many types are generated for the declarations, repetitions aside.
    fn count(&self) -> usize {
        let combinators = self
            .schema
            .combinator_ids()
            .filter(|&id| self.schema[id].builtin.is_none() && self.reach.of_combinator(id).any());
        let enums = self
            .schema
            .type_ids()
            .filter(|&id| self.reach.of_type(id).any() && self.is_enum(id));
        combinators.count() + enums.count()
    }

    /// Whether a table is asked for.
    fn is_by_table(&self, name: &str) -> bool {
        match self.config.codec_of(name) {
            config::Codec::Auto => self.is_large,
            codec => codec == config::Codec::Table,
        }
    }

    fn file(&self) -> File {
        let mut types = Modules::new("types", "Constructors.");
        let mut enums = Modules::new("enums", "Types of several constructors.");
        let mut functions = Modules::new("functions", "Functions.");
        for id in self.schema.combinator_ids() {
            let combinator = &self.schema[id];
            let direction = self.reach.of_combinator(id);
            if combinator.builtin.is_some() || !direction.any() {
                continue;
            }
            let modules = match combinator.kind {
                CombinatorKind::Constructor => &mut types,
                CombinatorKind::Function => &mut functions,
            };
            let items = modules.items(&self.schema[combinator.name]);
            self.push_structs(id, direction, items);
        }
        for id in self.schema.type_ids() {
            let direction = self.reach.of_type(id);
            if direction.any() && self.is_enum(id) {
                let item = Item::Enum(self.enumeration(id, direction));
                enums.items(&self.schema[self.schema[id].name]).push(item);
            }
        }
        for kind in [CombinatorKind::Constructor, CombinatorKind::Function] {
            if let Some(any) = self.enum_of_any(kind) {
                enums.root.items.push(Item::Enum(any));
            }
        }
        let modules = [types.root, enums.root, functions.root];
        let mut file = File {
            header: Vec::new(),
            layer: self.schema.layer,
            modules: modules
                .into_iter()
                .filter(|module| !module.is_empty())
                .collect(),
        };
        defaults::settle(&mut file, self.config.ownership == Ownership::Borrowed);
        file
    }

    /// Whether a type becomes an enum: it is not built in, and its constructor is not alone.
    fn is_enum(&self, id: TypeId) -> bool {
        let is_builtin = |&id: &CombinatorId| self.schema[id].builtin.is_some();
        let constructors = &self.schema[id].constructors;
        constructors.len() != 1 && !constructors.iter().any(is_builtin)
    }

    /// The struct of a combinator, and those of its repetitions.
    fn push_structs(&self, id: CombinatorId, direction: Direction, items: &mut Vec<Item>) {
        let combinator = &self.schema[id];
        let name = &self.schema[combinator.name];
        let layout = self.layouts.of_combinator(id);
        let nats = self.nat_variables(combinator);
        let lowered = self.fields(id, &nats);
        let output =
            (combinator.kind == CombinatorKind::Function).then(|| self.output(id, &lowered.fields));
        items.push(Item::Struct(Struct {
            name: self.paths.ident(id),
            path: self.paths.combinator(id),
            schema_name: name.to_owned(),
            docs: self.combinator_docs(id),
            traits: self.traits(name),
            attributes: self.attributes(name),
            table: self.is_by_table(name),
            generics: self.generics(id, layout.borrows),
            nats: lowered.nats,
            identity: Some(self.identity(combinator)),
            fields: lowered.fields,
            output,
            codec: codec(direction),
            min_size: layout.wire,
        }));
        for repetition in lowered.repetitions {
            let (traits, attributes) = (self.traits(name), self.attributes(name));
            items.push(Item::Struct(Struct {
                traits,
                attributes,
                table: self.is_by_table(name),
                codec: codec(direction),
                ..repetition
            }));
        }
    }

    fn enumeration(&self, id: TypeId, direction: Direction) -> Enum {
        let ty = &self.schema[id];
        let name = &self.schema[ty.name];
        let layout = self.layouts.of_type(id);
        let variants = ty.constructors.iter().map(|&id| self.variant(id)).collect();
        Enum {
            name: self.paths.type_ident(id),
            path: self.paths.ty(id),
            schema_name: name.to_owned(),
            docs: self.type_docs(id),
            traits: self.traits(name),
            attributes: self.attributes(name),
            table: self.is_by_table(name),
            generics: Generics {
                lifetime: self.borrows(layout.borrows),
                types: self.type_parameters(id),
            },
            nats: self.type_nats(id),
            variants,
            codec: codec(direction),
            min_size: layout.wire,
            in_place: layout.size > IN_PLACE,
        }
    }

    fn variant(&self, id: CombinatorId) -> Variant {
        let combinator = &self.schema[id];
        let nats = self.nat_variables(combinator);
        let has_payload = combinator
            .fields
            .iter()
            .any(|field| !self.is_bare_true(&field.ty))
            || combinator
                .fields
                .iter()
                .any(|field| field.condition.is_some());
        let payload = has_payload.then(|| {
            let named = self.struct_type(id, true, &nats);
            match self.layouts.is_boxed_variant(id) {
                true => Type::Indirect(Box::new(named)),
                false => named,
            }
        });
        Variant {
            name: self.paths.variant(id),
            docs: Docs::default(),
            identity: self.identity(combinator),
            payload,
        }
    }

    fn identity(&self, combinator: &Combinator) -> Identity {
        Identity {
            id: combinator.id,
            is_default: combinator.is_default(self.schema),
        }
    }

    fn borrows(&self, borrows: bool) -> bool {
        borrows && self.config.ownership == Ownership::Borrowed
    }

    fn generics(&self, id: CombinatorId, borrows: bool) -> Generics {
        Generics {
            lifetime: self.borrows(borrows),
            types: self.combinator_parameters(id),
        }
    }

    /// The type parameters of a combinator: in the order of its type's, else of its variables.
    fn combinator_parameters(&self, id: CombinatorId) -> Vec<GenericType> {
        let combinator = &self.schema[id];
        if combinator.variables.is_empty() {
            return Vec::new();
        }
        self.ordered_variables(combinator)
            .filter(|&variable| self.used.variable(id, variable))
            .map(|variable| GenericType {
                name: self.variable_name(id, variable),
                is_function: self.is_forwarded(combinator, variable),
            })
            .collect()
    }

    /// The type parameters of a type's enum, named as in its first constructor that has them.
    fn type_parameters(&self, id: TypeId) -> Vec<GenericType> {
        let ty = &self.schema[id];
        let positions = ty.parameters.iter().enumerate();
        positions
            .filter(|&(position, &kind)| {
                kind == Kind::Type && self.used.of_type(self.schema, id, position)
            })
            .filter_map(|(position, _)| {
                ty.constructors.iter().find_map(|&id| {
                    let combinator = &self.schema[id];
                    let variable = combinator.result_variable(position)?;
                    Some(GenericType {
                        name: self.variable_name(id, variable),
                        is_function: false,
                    })
                })
            })
            .collect()
    }

    /// A constructor's variables as its type has them; a function's as written.
    fn ordered_variables<'c>(
        &self,
        combinator: &'c Combinator,
    ) -> impl Iterator<Item = VariableId> + use<'c> {
        let arity = match (combinator.kind, combinator.result_type()) {
            (CombinatorKind::Constructor, Some(id)) => Some(self.schema[id].parameters.len()),
            _ => None,
        };
        let all = 0..u32::try_from(combinator.variables.len()).unwrap_or(u32::MAX);
        let by_position =
            (0..arity.unwrap_or(0)).filter_map(|position| combinator.result_variable(position));
        let as_written = all.map(VariableId).filter(move |_| arity.is_none());
        by_position.chain(as_written)
    }

    /// What a type parameter is called in Rust. The constructors of a type and its enum call the same
    /// one the same, since the enum holds the structs.
    fn variable_name(&self, id: CombinatorId, variable: VariableId) -> String {
        let combinator = &self.schema[id];
        let own = |variable: VariableId| {
            let name = combinator.variables[variable.0 as usize].name;
            crate::names::pascal(&self.schema[name])
        };
        let mut scope = Scope::default();
        // What generated code calls by these names must not be hidden.
        for taken in [
            "Box", "Vec", "Option", "String", "Some", "None", "Ok", "Err",
        ] {
            scope.take(taken.to_owned(), None);
        }
        let ty = match combinator.kind {
            CombinatorKind::Constructor => combinator.result_type(),
            CombinatorKind::Function => None,
        };
        let position = ty.and_then(|ty| {
            let mut positions = 0..self.schema[ty].parameters.len();
            positions.find(|&position| combinator.result_variable(position) == Some(variable))
        });
        let (Some(ty), Some(position)) = (ty, position) else {
            scope.take(self.paths.ident(id), None);
            for earlier in 0..variable.0 {
                scope.take(own(VariableId(earlier)), None);
            }
            return scope.take(own(variable), None);
        };
        scope.take(self.paths.type_ident(ty), None);
        let constructors = &self.schema[ty].constructors;
        for &constructor in constructors {
            scope.take(self.paths.ident(constructor), None);
        }
        let mut name = String::new();
        for position in 0..=position {
            let first = constructors.iter().find_map(|&id| {
                let combinator = &self.schema[id];
                let variable = combinator.result_variable(position)?;
                Some(&self.schema[combinator.variables[variable.0 as usize].name])
            });
            if let Some(first) = first {
                name = scope.take(crate::names::pascal(first), None);
            }
        }
        name
    }

    /// The names of the numbers that values of a type depend on, one for each parameter.
    fn type_nats(&self, id: TypeId) -> Vec<String> {
        let kinds = self.schema[id].parameters.iter();
        let nats = kinds.filter(|&&kind| kind == Kind::Nat);
        nats.enumerate()
            .map(|(index, _)| format!("nat_{index}"))
            .collect()
    }

    /// What stands in `#[…]` before an item.
    fn traits(&self, name: &str) -> Rc<[String]> {
        let mut derives = self.config.derives.iter().rev();
        match derives.find(|(path, _)| config::covers(path, name)) {
            // Who names no type means those that can have it.
            Some((path, names)) if path.ends_with('*') => {
                let names = names.iter().map(|name| match name.as_str() {
                    DEFAULT => defaults::IF_POSSIBLE,
                    name => name,
                });
                all_traits(&names.collect::<Vec<_>>(), self.config)
            }
            Some((_, names)) => all_traits(names, self.config),
            None => Rc::clone(&self.traits),
        }
    }

    fn attributes(&self, name: &str) -> Vec<String> {
        let mut attributes = Vec::new();
        for (path, attribute) in &self.config.attributes {
            if crate::config::covers(path, name) {
                attributes.push(attribute.clone());
            }
        }
        attributes
    }
}

/// With those that come with borrowing, each once.
fn all_traits(names: &[impl AsRef<str>], config: &Config) -> Rc<[String]> {
    let mut traits: Vec<&str> = names.iter().map(AsRef::as_ref).collect();
    if config.ownership == Ownership::Borrowed {
        traits.extend(["Clone", "Copy"]);
    }
    traits.sort_unstable();
    traits.dedup();
    traits.into_iter().map(str::to_owned).collect()
}

const fn codec(direction: Direction) -> Codec {
    Codec {
        read: direction.read,
        write: direction.write,
    }
}

/// The modules below one of the three.
struct Modules {
    root: Module,
    /// The way to each namespace's module, as indexes.
    ways: Map<Rc<str>, Vec<usize>>,
}

impl Modules {
    fn new(name: &str, docs: &str) -> Self {
        let root = Module {
            name: name.to_owned(),
            docs: docs.to_owned(),
            ..Module::default()
        };
        Self {
            root,
            ways: Map::default(),
        }
    }

    /// The items of the module that a declaration belongs to.
    fn items(&mut self, full_name: &str) -> &mut Vec<Item> {
        let (namespaces, _) = crate::names::split(full_name);
        if !self.ways.contains_key(namespaces) {
            let way = self.make_way(namespaces);
            self.ways.insert(namespaces.into(), way);
        }
        let mut module = &mut self.root;
        for &index in self.ways.get(namespaces).map_or(&[][..], Vec::as_slice) {
            module = &mut module.modules[index];
        }
        &mut module.items
    }

    fn make_way(&mut self, namespaces: &str) -> Vec<usize> {
        let mut way = Vec::new();
        let mut module = &mut self.root;
        for namespace in namespaces
            .split('.')
            .filter(|namespace| !namespace.is_empty())
        {
            let name = crate::names::module(namespace);
            let found = module.modules.iter().position(|module| module.name == name);
            let index = found.unwrap_or_else(|| {
                module.modules.push(Module {
                    name,
                    ..Module::default()
                });
                module.modules.len() - 1
            });
            way.push(index);
            module = &mut module.modules[index];
        }
        way
    }
}

impl Module {
    fn is_empty(&self) -> bool {
        self.items.is_empty() && self.modules.iter().all(Self::is_empty)
    }
}
