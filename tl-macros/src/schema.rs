//! The schema that a derive names, and the declarations in it.

use std::collections::{BTreeSet, HashMap};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use proc_macro2::TokenStream;
use quote::{ToTokens, quote};
use syn::ext::IdentExt;
use tl_codegen::names;
use tl_parser::diagnostic::{Code, Diagnostic, Severity};
use tl_parser::ir::{CombinatorId, CombinatorKind, IdRule, Schema};
use tl_parser::render::Renderer;
use tl_parser::source::{FileId, Source, Sources};
use tl_parser::{Compiled, Compiler};

use crate::attr::{self, Attr, Id, nearest};
use crate::conform;
use crate::ctxt::{Ctxt, with_hint};
use crate::expand::Layouts;
use crate::input::{Data, Input, Variant};

/// The name of the type, its layouts, and items that make Cargo watch the files they come from.
///
/// `None` if there is a fault, which is in `cx` then.
pub(crate) fn layouts(cx: &Ctxt, input: &Input<'_>) -> Option<(String, Layouts, TokenStream)> {
    let attrs = &input.attrs;
    let rule = attrs.id_rule.as_ref().map(|rule| match rule.value {
        attr::IdRule::Tl => IdRule::Tl,
        attr::IdRule::Telegram => IdRule::Telegram,
    });
    match &input.data {
        Data::Struct(body) => {
            let is_function = attrs.result.is_some();
            let source = &attrs.schema.as_ref()?.value;
            let loaded = load(cx, source, rule, is_function)?;
            let id = find(
                cx,
                &loaded,
                attrs.id.as_ref(),
                source.literal(),
                input.ident,
            )?;
            let of_result = attrs
                .result
                .as_ref()
                .map(|result| conform::result(cx, &loaded.schema, id, &result.value));
            let mut layout = conform::body(cx, &loaded.schema, id, input.ident, body)?;
            layout.kin.extend(of_result.into_iter().flatten());
            let name = layout.name.clone();
            Some((name, Layouts::Struct(layout), loaded.watch()))
        }
        Data::Enum(variants) => {
            let shared = match &attrs.schema {
                Some(schema) => Some(load(cx, &schema.value, rule, false)?),
                None => None,
            };
            of_enum(cx, input, variants, shared.as_ref(), rule)
        }
    }
}

fn of_enum(
    cx: &Ctxt,
    input: &Input<'_>,
    variants: &[Variant<'_>],
    shared: Option<&Arc<Loaded>>,
    rule: Option<IdRule>,
) -> Option<(String, Layouts, TokenStream)> {
    let mut layouts = Vec::with_capacity(variants.len());
    let mut sort: Option<Sort> = None;
    let mut ids: HashMap<u32, &syn::Ident> = HashMap::new();
    let mut sound = true;
    for variant in variants {
        let own = match &variant.attrs.tl {
            Some(tl) => {
                let source = attr::Schema::Text(tl.value.clone());
                load(cx, &source, rule, false)
            }
            None => shared.cloned(),
        };
        // Without a name or a line of its own the variant has the id of its only field's type.
        if variant.attrs.id.is_none() && variant.attrs.tl.is_none() {
            layouts.push(None);
            continue;
        }
        let layout = own.and_then(|loaded| {
            let literal = variant.attrs.tl.as_ref().map(|tl| &tl.value);
            let literal = literal.or(input.attrs.schema.as_ref().map(|s| s.value.literal()))?;
            let id = find(
                cx,
                &loaded,
                variant.attrs.id.as_ref(),
                literal,
                variant.ident,
            )?;
            same_sort(cx, &mut sort, Sort::of(&loaded.schema, id), variant);
            conform::body(cx, &loaded.schema, id, variant.ident, &variant.body)
        });
        if let Some(id) = layout.as_ref().and_then(|layout| layout.id)
            && let Some(other) = ids.insert(id, variant.ident)
        {
            cx.error_hint(
                variant.ident,
                format_args!("`{other}` has this id, too: {id:#010x}"),
                "an id belongs to one constructor",
            );
        }
        sound &= layout.is_some();
        layouts.push(layout);
    }
    let name = match sort {
        Some(Sort::ConstructorOf(name)) => name,
        _ => input.ident.unraw().to_string(),
    };
    let watch = shared.map(|shared| shared.watch()).unwrap_or_default();
    sound.then_some((name, Layouts::Enum(layouts), watch))
}

/// What the variants of an enum have in common: they are the constructors of one type, or they
/// are functions.
#[derive(PartialEq, Eq)]
enum Sort {
    ConstructorOf(String),
    Function,
}

impl Sort {
    fn of(schema: &Schema, id: CombinatorId) -> Self {
        let combinator = &schema[id];
        match (combinator.kind, combinator.result_type()) {
            (CombinatorKind::Constructor, Some(ty)) => {
                Self::ConstructorOf(schema[schema[ty].name].to_owned())
            }
            _ => Self::Function,
        }
    }
}

fn same_sort(cx: &Ctxt, sort: &mut Option<Sort>, own: Sort, variant: &Variant<'_>) {
    let Some(first) = sort else {
        *sort = Some(own);
        return;
    };
    if *first == own {
        return;
    }
    let said = |sort: &Sort| match sort {
        Sort::ConstructorOf(name) => format!("a constructor of `{name}`"),
        Sort::Function => "a function".to_owned(),
    };
    cx.error_hint(
        variant.ident,
        format_args!("this is {}, and the variants before are not", said(&own)),
        format_args!(
            "in an enum that begins with {} all must be that",
            said(first)
        ),
    );
}

/// A schema without faults.
pub(crate) struct Loaded {
    pub(crate) schema: Schema,
    /// Where it is, for Cargo to watch; `None` if it is in the attribute.
    path: Option<PathBuf>,
}

impl Loaded {
    /// An item that makes Cargo build anew when the file changes.
    fn watch(&self) -> TokenStream {
        match self.path.as_deref().and_then(Path::to_str) {
            Some(path) => quote!(
                const _: &[u8] = ::core::include_bytes!(#path);
            ),
            None => TokenStream::new(),
        }
    }

    /// What the author declares: neither what every tool knows, nor what was taken as given.
    fn declared(&self) -> impl Iterator<Item = CombinatorId> {
        let schema = &self.schema;
        schema.combinator_ids().filter(|&id| {
            let location = schema[id].location;
            location.is_some_and(|location| location.file == FileId(0))
        })
    }

    fn name(&self, id: CombinatorId) -> &str {
        &self.schema[self.schema[id].name]
    }
}

/// The declaration that an attribute means.
fn find(
    cx: &Ctxt,
    loaded: &Loaded,
    id: Option<&Attr<Id>>,
    source: &syn::LitStr,
    owner: &syn::Ident,
) -> Option<CombinatorId> {
    let schema = &loaded.schema;
    let found: Vec<CombinatorId> = match id.map(|id| &id.value) {
        None => loaded.declared().collect(),
        Some(Id::Name(name)) => schema.find_combinators(&name.value()).collect(),
        Some(Id::Number(number, _)) => loaded
            .declared()
            .filter(|&id| schema[id].id == *number)
            .collect(),
    };
    if let [only] = found.as_slice() {
        return describes_values(cx, schema, *only, source).then_some(*only);
    }
    match id.map(|id| &id.value) {
        None if found.is_empty() => cx.error_hint(
            source,
            "nothing is declared here",
            "write a declaration: `user id:int name:string = User;`",
        ),
        None => cx.error_hint(
            source,
            format_args!(
                "the schema declares several, and nothing says which of them `{owner}` is"
            ),
            match namesakes(loaded, owner).first() {
                Some(name) => format!("add `id = \"{name}\"`, if it is that"),
                None => "add `id = \"name\"`".to_owned(),
            },
        ),
        Some(Id::Name(name)) if found.is_empty() => {
            let value = name.value();
            let names = || loaded.declared().map(|id| loaded.name(id));
            let near = nearest(&value, names()).map(str::to_owned);
            let message = format!("the schema declares no `{value}`");
            match near.or_else(|| namesakes(loaded, owner).pop()) {
                Some(near) => cx.error_hint(name, message, format_args!("did you mean `{near}`?")),
                None => cx.error(name, message),
            }
        }
        Some(Id::Name(name)) => {
            let ids = found.iter().map(|&id| format!("{:#010x}", schema[id].id));
            cx.error_hint(
                name,
                format_args!("several declarations are called `{}`", name.value()),
                format_args!("write the id: {}", ids.collect::<Vec<_>>().join(", ")),
            );
        }
        Some(Id::Number(_, number)) => {
            let message = "no declaration of the schema has this id";
            let mut likely = namesakes(loaded, owner);
            let all: Vec<CombinatorId> = loaded.declared().take(2).collect();
            if let ([only], []) = (all.as_slice(), likely.as_slice()) {
                likely.push(loaded.name(*only).to_owned());
            }
            let likely = likely
                .first()
                .and_then(|name| schema.find_combinators(name).next());
            match likely {
                Some(id) => cx.error_hint(
                    number,
                    message,
                    format_args!("`{}` has {:#010x}", loaded.name(id), schema[id].id),
                ),
                None => cx.error(number, message),
            }
        }
    }
    None
}

/// What is declared under a name that generated code would give this Rust name.
fn namesakes(loaded: &Loaded, owner: &syn::Ident) -> Vec<String> {
    let owner = owner.unraw().to_string();
    loaded
        .declared()
        .map(|id| loaded.name(id))
        .filter(|name| names::pascal(names::split(name).1) == owner || names::pascal(name) == owner)
        .map(str::to_owned)
        .collect()
}

/// `int ? = Int;` says nothing of the bytes.
fn describes_values(cx: &Ctxt, schema: &Schema, id: CombinatorId, source: &syn::LitStr) -> bool {
    let combinator = &schema[id];
    let name = &schema[combinator.name];
    if combinator.opaque {
        cx.error_hint(
            source,
            format_args!("the schema does not describe the values of `{name}`"),
            "it is a built-in; use Rust's type",
        );
    } else if combinator.is_default(schema) {
        cx.error_hint(
            source,
            "a default constructor has no id",
            "derives can't tell its values from others; `include_schema!` can",
        );
    } else {
        return true;
    }
    false
}

/// Reads and checks a schema. Its faults stand on the attribute that names it.
fn load(
    cx: &Ctxt,
    source: &attr::Schema,
    rule: Option<IdRule>,
    is_function: bool,
) -> Option<Arc<Loaded>> {
    let literal = source.literal();
    let loaded = match source {
        attr::Schema::File(path) => file(&path.value(), rule),
        attr::Schema::Text(text) => inline(text.value(), rule, is_function),
    };
    match loaded {
        Ok(loaded) => Some(loaded),
        Err(message) => {
            cx.error(literal.to_token_stream(), message);
            None
        }
    }
}

/// Files that were read, by path and rule. A hundred types may name one schema, which is read
/// once as long as its text stays the same.
static FILES: Mutex<Vec<Entry>> = Mutex::new(Vec::new());

struct Entry {
    path: PathBuf,
    rule: Option<IdRule>,
    bytes: Vec<u8>,
    result: Result<Arc<Loaded>, String>,
}

/// A crate names few files; a compiler server may live long.
const MOST_FILES: usize = 16;

fn file(name: &str, rule: Option<IdRule>) -> Result<Arc<Loaded>, String> {
    let path = resolve_path(name);
    let bytes = std::fs::read(&path).map_err(|error| cannot_read(&path, &error))?;
    let mut files = FILES.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(entry) = files
        .iter()
        .find(|entry| entry.path == path && entry.rule == rule && entry.bytes == bytes)
    {
        return entry.result.clone();
    }
    let result = compile_file(name, &path, bytes.clone(), rule).map(Arc::new);
    files.retain(|entry| entry.path != path || entry.rule != rule);
    if files.len() == MOST_FILES {
        files.remove(0);
    }
    files.push(Entry {
        path,
        rule,
        bytes,
        result: result.clone(),
    });
    result
}

fn compile_file(
    name: &str,
    path: &Path,
    bytes: Vec<u8>,
    rule: Option<IdRule>,
) -> Result<Loaded, String> {
    let source = tl_parser::input::source(name, bytes)
        .map_err(|error| format!("the schema can't be read: {error}"))?;
    let compiled = compile([source], rule);
    match compiled.schema {
        Some(schema) => Ok(Loaded {
            schema,
            path: Some(path.to_owned()),
        }),
        None => Err(rendered(&compiled.diagnostics, &compiled.sources)),
    }
}

/// A path in an attribute or macro counts from the folder of `Cargo.toml`.
pub(crate) fn resolve_path(name: &str) -> PathBuf {
    let root = std::env::var_os("CARGO_MANIFEST_DIR").unwrap_or_default();
    Path::new(&root).join(name)
}

pub(crate) fn cannot_read(path: &Path, error: &std::io::Error) -> String {
    with_hint(
        format_args!("cannot read `{}`: {error}", path.display()),
        "the path is counted from the folder of Cargo.toml",
    )
}

/// What an inline declaration names and does not declare is taken as given: it is declared
/// elsewhere.
fn inline(
    mut text: String,
    rule: Option<IdRule>,
    is_function: bool,
) -> Result<Arc<Loaded>, String> {
    if is_function && !text.contains("---") {
        text.insert_str(0, "---functions---\n");
    }
    if !text.trim_end().ends_with(';') {
        text.push(';');
    }
    let mut given: BTreeSet<String> = BTreeSet::new();
    loop {
        let source = Source::new("tl", text.as_str()).map_err(|error| error.to_string())?;
        let stubs: String = given.iter().map(String::as_str).map(stub).collect();
        let stubs = Source::new("given", stubs).map_err(|error| error.to_string())?;
        let compiled = compile([source, stubs], rule);
        let known = given.len();
        given.extend(unknown_names(&compiled));
        if given.len() > known {
            continue;
        }
        return match compiled.schema {
            Some(schema) => Ok(Arc::new(Loaded { schema, path: None })),
            None => Err(rendered(&compiled.diagnostics, &compiled.sources)),
        };
    }
}

/// The types and constructors that nothing declares.
fn unknown_names(compiled: &Compiled) -> Vec<String> {
    compiled
        .diagnostics
        .iter()
        .filter(|diagnostic| matches!(diagnostic.code, Code::UnknownName | Code::UndeclaredResult))
        .filter_map(|diagnostic| Some(diagnostic.labels.first()?.location))
        .map(|location| compiled.sources.slice(location).to_owned())
        .collect()
}

/// A declaration of a name.
fn stub(name: &str) -> String {
    let (namespaces, last) = name.rsplit_once('.').unwrap_or(("", name));
    let mut letters = last.chars();
    let first = letters.next().unwrap_or('_');
    let rest = letters.as_str();
    let dot = if namespaces.is_empty() { "" } else { "." };
    let small = first.to_ascii_lowercase();
    let capital = first.to_ascii_uppercase();
    format!("{namespaces}{dot}{small}{rest} = {namespaces}{dot}{capital}{rest};\n")
}

fn compile(sources: impl IntoIterator<Item = Source>, rule: Option<IdRule>) -> Compiled {
    let mut compiler = Compiler::new();
    if let Some(rule) = rule {
        compiler = compiler.id_rule(rule);
    }
    for source in sources {
        compiler.add(source);
    }
    compiler.compile()
}

/// So many faults are shown.
const MOST_FAULTS: usize = 5;

/// The errors of a schema as text for `compile_error!`.
pub(crate) fn rendered(diagnostics: &[Diagnostic], sources: &Sources) -> String {
    let renderer = Renderer::new();
    let errors = diagnostics
        .iter()
        .filter(|diagnostic| diagnostic.severity() == Severity::Error);
    let mut text = "the schema has faults".to_owned();
    for error in errors.clone().take(MOST_FAULTS) {
        text.push_str("\n\n");
        text.push_str(renderer.render(error, sources).trim_end());
    }
    match errors.count().saturating_sub(MOST_FAULTS) {
        0 => {}
        more => text.push_str(&format!("\n\nand {more} more")),
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Where that is depends on where it is built, so that the texts of `tests/ui` have other paths.
    #[test]
    fn paths_are_counted_from_the_folder_of_the_manifest() {
        let path = resolve_path("schemas/missing.tl");
        assert_eq!(
            path,
            Path::new(env!("CARGO_MANIFEST_DIR")).join("schemas/missing.tl")
        );
        assert_eq!(
            resolve_path("/nowhere/missing.tl"),
            Path::new("/nowhere/missing.tl")
        );
        let error = std::fs::read(&path).unwrap_err();
        let text = cannot_read(&path, &error);
        assert!(
            text.contains(&format!("cannot read `{}`: ", path.display())),
            "{text}"
        );
        assert!(
            text.contains("counted from the folder of Cargo.toml"),
            "{text}"
        );
    }
}
