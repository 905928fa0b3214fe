//! Names stay when a schema grows: what is appended renames nothing that was there.
#![cfg(feature = "schema")]
#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;
use tl_codegen::lower::lower;
use tl_codegen::model::{Item, Module};
use tl_codegen::{Config, IdRule, Objects};
use tl_parser::Compiler;
use tl_parser::source::Source;

/// What everything is called, by its name in the schema and its id: the path of a struct and the
/// names of its fields, the path of a variant. Several where a type is there once for each
/// application.
type Names = BTreeMap<String, BTreeSet<String>>;

fn names(text: &str) -> Names {
    let mut compiler = Compiler::new().id_rule(IdRule::Tl);
    compiler.add(Source::new("a.tl", text).unwrap());
    let compiled = compiler.compile();
    let Some(schema) = compiled.schema else {
        panic!("{:?} in {text}", compiled.diagnostics);
    };
    let config = Config::new().objects(Objects::Enum);
    let file = lower(&schema, &compiled.sources, &config).unwrap();
    let mut names = Names::new();
    let mut modules: Vec<&Module> = file.modules.iter().collect();
    while let Some(module) = modules.pop() {
        modules.extend(&module.modules);
        for item in &module.items {
            match item {
                Item::Struct(item) => {
                    let fields = item.fields.iter().map(|field| &*field.name);
                    let fields: Vec<&str> = fields.chain(item.nats.iter().map(|n| &**n)).collect();
                    let id = item.identity.map_or(0, |identity| identity.id);
                    let of = format!("{} {id:08x}", item.schema_name);
                    let name = format!("{} {fields:?}", item.path);
                    names.entry(of).or_default().insert(name);
                }
                Item::Enum(item) => {
                    for variant in &item.variants {
                        let of = format!("{} {:08x}", item.schema_name, variant.identity.id);
                        let name = format!("{}::{}", item.path, variant.name);
                        names.entry(of).or_default().insert(name);
                    }
                }
            }
        }
    }
    names
}

/// Words that come out alike in Rust, those that Rust has a use for, and those that types get which
/// stand for an application.
const WORDS: &[&str] = &[
    "user",
    "userEmpty",
    "user_empty",
    "self",
    "type",
    "box",
    "a1",
    "a_1",
    "pairTupleIntInt",
    "pairTupleInt2Int",
    "maybeTupleInt",
    "resultTrueTupleInt",
    "userNote",
    "note",
];
const SPACES: &[&str] = &["", "", "", "a.", "a_.", "types.", "pub.", "a.b."];

fn word() -> impl Strategy<Value = &'static str> {
    prop::sample::select(WORDS)
}

fn space() -> impl Strategy<Value = &'static str> {
    prop::sample::select(SPACES)
}

fn small(word: &str) -> String {
    word[..1].to_lowercase() + &word[1..]
}

fn capital(word: &str) -> String {
    word[..1].to_uppercase() + &word[1..]
}

/// The type of a field, which may need a type of its own.
fn field_type() -> impl Strategy<Value = &'static str> {
    prop::sample::select(
        &[
            "int",
            "string",
            "Object",
            "(vector int)",
            "(pair int int)",
            "(pair (tuple int n) int)",
            "(pair (tuple int 2) int)",
            "(Maybe (tuple int n))",
            "n*[ x:int y:int ]",
            "n.1?true",
        ][..],
    )
}

fn declaration() -> impl Strategy<Value = String> {
    let fields = prop::collection::vec((word(), field_type()), 0..4);
    (space(), word(), space(), word(), fields).prop_map(|(space, name, of, ty, fields)| {
        let mut text = format!("{space}{} n:#", small(name));
        let mut seen = Vec::new();
        for (name, ty) in fields {
            if !seen.contains(&name) {
                seen.push(name);
                text += &format!(" {name}:{ty}");
            }
        }
        format!("{text} = {of}{}_;\n", capital(ty))
    })
}

const PRELUDE: &str = "\
vector {t:Type} # [ t ] = Vector t;
tuple {t:Type} {n:#} [ t ] = Tuple t n;
pair {X:Type} {Y:Type} x:X y:Y = PairOf X Y;
resultFalse {t:Type} = Maybe t;
resultTrue {t:Type} result:t = Maybe t;
";

/// What is declared twice, or under an id that is taken, is left out.
fn text(declarations: &[String]) -> String {
    let mut text = PRELUDE.to_owned();
    let mut seen = Vec::new();
    for declaration in declarations {
        let name = declaration.split(' ').next().unwrap();
        if name != "pair" && !seen.contains(&name) {
            seen.push(name);
            text += declaration;
        }
    }
    text
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 100, ..ProptestConfig::default() })]

    #[test]
    fn what_is_appended_renames_nothing(
        declarations in prop::collection::vec(declaration(), 1..14),
        cut in 0..14_usize,
    ) {
        let cut = cut.min(declarations.len());
        let before = names(&text(&declarations[..cut]));
        let after = names(&text(&declarations));
        for (of, names) in before {
            let now = &after[&of];
            prop_assert!(names.is_subset(now), "{}: {:?} became {:?}", of, names, now);
        }
    }
}
