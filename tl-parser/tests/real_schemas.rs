//! Every real schema parses, prints back and keeps its meaning when formatted.

#![allow(clippy::unwrap_used, reason = "a test")]

mod common;

use tl_parser::ast::{Ast, Item};
use tl_parser::compile;
use tl_parser::diagnostic::Code;
use tl_parser::ir::{Combinator, Field, Schema, Type, TypeExpr};
use tl_parser::print;
use tl_parser::source::{FileId, Source};

fn read() -> impl Iterator<Item = Source> {
    common::real_schemas().into_iter().map(|path| {
        let bytes = std::fs::read(&path).unwrap();
        Source::from_bytes(path.to_string_lossy(), bytes).unwrap()
    })
}

fn parse(source: &Source) -> tl_parser::Parsed {
    tl_parser::parse(FileId(0), source)
}

#[test]
fn real_schemas_have_no_syntax_faults() {
    for source in read() {
        let parsed = parse(&source);
        let name = source.name();
        if name.ends_with("micro/46.tl") {
            // Lacks a semicolon; both declarations are read nevertheless.
            assert_eq!(parsed.diagnostics.len(), 1, "{name}");
            assert_eq!(parsed.diagnostics[0].code, Code::MissingSemicolon, "{name}");
            assert_eq!(parsed.ast.items.len(), 6, "{name}");
            continue;
        }
        let faults: Vec<_> = parsed
            .diagnostics
            .iter()
            .map(|fault| {
                let span = fault.labels[0].location.span;
                (
                    source.line_column(span.start),
                    &fault.message,
                    source.slice(span),
                )
            })
            .collect();
        assert!(faults.is_empty(), "{name}: {faults:#?}");
    }
}

#[test]
fn real_schemas_print_back() {
    for source in read() {
        let printed = print::source(&parse(&source).ast, &source);
        assert!(printed == source.text(), "{} differs", source.name());
    }
}

#[test]
fn real_schemas_keep_all_when_formatted() {
    for source in read() {
        let ast = parse(&source).ast;
        let text = print::format(&ast, &source).unwrap();
        let formatted = Source::new(source.name(), text).unwrap();
        let again = parse(&formatted);
        assert!(again.is_clean(), "{}", source.name());
        assert!(
            print::format(&again.ast, &formatted).unwrap() == formatted.text(),
            "{} is not formatted by one pass",
            source.name()
        );
        assert_eq!(ast.layer, again.ast.layer, "{}", source.name());
        assert_eq!(kinds(&ast), kinds(&again.ast), "{}", source.name());
        assert!(
            common::words(&source) == common::words(&formatted),
            "{} lost or gained something",
            source.name()
        );
    }
}

#[test]
fn real_schemas_mean_the_same_when_formatted() {
    for source in read() {
        let text = print::format(&parse(&source).ast, &source).unwrap();
        let formatted = Source::new(source.name(), text).unwrap();
        let name = source.name().to_owned();
        let (before, after) = (compile([source]).schema, compile([formatted]).schema);
        assert_eq!(before.is_some(), after.is_some(), "{name}");
        if let (Some(before), Some(after)) = (before, after) {
            assert!(placeless(before) == placeless(after), "{name}");
        }
    }
}

/// The types and combinators of a schema, less where they stand.
fn placeless(mut schema: Schema) -> (Vec<Type>, Vec<Combinator>) {
    fn forget(fields: &mut [Field]) {
        for field in fields {
            field.location = None;
            if let TypeExpr::Repeat(repeat) = &mut field.ty {
                forget(&mut repeat.fields);
            }
        }
    }
    for ty in &mut schema.types {
        ty.location = None;
    }
    for combinator in &mut schema.combinators {
        combinator.location = None;
        for variable in &mut combinator.variables {
            variable.location = None;
        }
        forget(&mut combinator.fields);
    }
    (schema.types, schema.combinators)
}

/// The kinds of a file's items, with how many doc comments each has.
fn kinds(ast: &Ast) -> Vec<(std::mem::Discriminant<Item>, usize)> {
    ast.items
        .iter()
        .map(|item| {
            let docs = match item {
                Item::Declaration(declaration) => declaration.docs.len(),
                _ => 0,
            };
            (std::mem::discriminant(item), docs)
        })
        .collect()
}
