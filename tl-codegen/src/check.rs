//! What is said in a configuration and can't be meant so: names that the schema has not, and Rust
//! that is none.

use std::borrow::Cow;

use tl_parser::ir::{Arg, Combinator, CombinatorKind, Field, Schema, TypeExpr, VariableId};

use crate::config::{Config, Ownership, covers};
use crate::lower::schema_names;
use crate::names;
use crate::output::Error;

/// # Errors
/// [`Error::Unknown`], [`Error::Setting`] and [`Error::AnswerInQuestion`].
pub(crate) fn check(config: &Config, schema: &Schema) -> Result<(), Error> {
    rust(config)?;
    let declarations = answers_in_questions(schema);
    if !declarations.is_empty() {
        return Err(Error::AnswerInQuestion { declarations });
    }
    let known = Known::of(schema, config);
    let items = config.only.iter();
    let items = items.chain(config.boxing_of.iter().map(|(path, _)| path));
    let items = items.chain(config.codecs.iter().map(|(path, _)| path));
    let items = items.chain(config.derives.iter().map(|(path, _)| path));
    let items = items.chain(config.attributes.iter().map(|(path, _)| path));
    for path in items {
        if !known.has(path) {
            return Err(known.unknown(schema, path));
        }
    }
    for (name, _) in &config.renames {
        if !known.items.iter().any(|known| known == name) {
            return Err(known.unknown(schema, name));
        }
    }
    let fields = config.strings_as_bytes.iter();
    let fields = fields.chain(config.field_attributes.iter().map(|(path, _)| path));
    for path in fields {
        if !known.has_field(path) {
            return Err(known.unknown(schema, path));
        }
    }
    Ok(())
}

/// What paths can be about.
struct Known<'s> {
    items: Vec<&'s str>,
    /// Each with the constructor or function that it is of; only looked for if somebody asks.
    fields: Vec<(&'s str, Cow<'s, str>)>,
}

impl<'s> Known<'s> {
    fn of(schema: &'s Schema, config: &Config) -> Self {
        let combinators = schema.combinators.iter().map(|it| &schema[it.name]);
        let types = schema.types.iter().map(|ty| &schema[ty.name]);
        // Enums of everything.
        let items = combinators.chain(types).chain(["Object", "Function"]);
        let mut fields = Vec::new();
        if !config.strings_as_bytes.is_empty() || !config.field_attributes.is_empty() {
            for combinator in &schema.combinators {
                let of = &schema[combinator.name];
                push_fields(schema, of, &combinator.fields, &mut fields);
            }
        }
        Self {
            items: items.collect(),
            fields,
        }
    }

    fn has(&self, path: &str) -> bool {
        path == "*" || self.items.iter().any(|name| covers(path, name))
    }

    fn has_field(&self, path: &str) -> bool {
        let mut name = String::new();
        path == "*"
            || self.fields.iter().any(|(of, field)| {
                name.clear();
                name.push_str(of);
                name.push('.');
                name.push_str(field);
                covers(path, &name)
            })
    }

    fn unknown(&self, schema: &Schema, path: &str) -> Error {
        let of_field = path.rsplit_once('.').and_then(|(of, field)| {
            let fields = self.fields.iter().filter(|(it, _)| *it == of);
            let similar = tl_parser::resolve::nearest(field, fields.map(|(_, field)| &**field))?;
            Some(format!("{of}.{similar}"))
        });
        let similar = of_field.or_else(|| schema.nearest_name(path).map(str::to_owned));
        Error::Unknown {
            path: path.to_owned(),
            similar,
        }
    }
}

fn push_fields<'s>(
    schema: &'s Schema,
    of: &'s str,
    fields: &'s [Field],
    to: &mut Vec<(&'s str, Cow<'s, str>)>,
) {
    for (field, name) in fields.iter().zip(schema_names(schema, fields)) {
        to.push((of, name));
        if let TypeExpr::Repeat(repeat) = &field.ty {
            push_fields(schema, of, &repeat.fields, to);
        }
    }
}

/// The functions that have a query, `!X`, and beside it a value of what the query is answered with:
/// nobody has that before.
fn answers_in_questions(schema: &Schema) -> Vec<String> {
    let of_function = |combinator: &&Combinator| combinator.kind == CombinatorKind::Function;
    let functions = schema.combinators.iter().filter(of_function);
    functions
        .filter(|combinator| {
            combinator.all_fields().any(|query| match query.ty {
                TypeExpr::Forward(of) => {
                    let mut fields = combinator.all_fields();
                    fields.any(|field| mentions(&field.ty, of))
                }
                _ => false,
            })
        })
        .map(|combinator| schema[combinator.name].to_owned())
        .collect()
}

fn mentions(ty: &TypeExpr, variable: VariableId) -> bool {
    match ty {
        TypeExpr::Variable(of) => *of == variable,
        TypeExpr::Boxed { args, .. } | TypeExpr::Bare { args, .. } => args
            .iter()
            .any(|arg| matches!(arg, Arg::Type(ty) if mentions(ty, variable))),
        TypeExpr::Repeat(repeat) => repeat
            .fields
            .iter()
            .any(|field| mentions(&field.ty, variable)),
        _ => false,
    }
}

/// Whether names and paths are such in Rust.
fn rust(config: &Config) -> Result<(), Error> {
    let setting = |setting: &'static str, value: &str, wanted: &'static str| {
        Err(Error::Setting {
            setting,
            value: value.to_owned(),
            wanted,
        })
    };
    if !names::is_path(&config.runtime) {
        return setting("runtime", &config.runtime, "a path of Rust");
    }
    if let Some(path) = &config.owned_module
        && !names::is_path(path)
    {
        return setting("owned_module", path, "a path of Rust");
    }
    if let (Some(path), Ownership::Owned) = (&config.owned_module, config.ownership) {
        return setting("owned_module", path, "types that borrow (`ownership`)");
    }
    for (_, rust) in &config.renames {
        if !names::is_identifier(rust) {
            return setting("rename", rust, "an identifier of Rust");
        }
    }
    for derive in config.derives.iter().flat_map(|(_, traits)| traits) {
        if !names::is_path(derive) {
            return setting("derive", derive, "the name of a trait");
        }
    }
    let of_items = config.attributes.iter();
    for (_, attribute) in of_items.chain(&config.field_attributes) {
        if attribute.trim_start().starts_with('#') || attribute.trim().is_empty() {
            return setting("attribute", attribute, "what stands within `#[` and `]`");
        }
    }
    if let Some(module) = &config.module
        && (module.is_empty() || module.contains(['/', '\\', '\0']) || module.starts_with('.'))
    {
        return setting("module", module, "the name of a file, without a folder");
    }
    Ok(())
}
