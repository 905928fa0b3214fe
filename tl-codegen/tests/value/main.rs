//! Values without generated code: bytes to a tree, to both forms, and back.

#![allow(clippy::unwrap_used, clippy::panic)]

mod broken;
mod forms;
mod generated;
mod round_trip;
mod written;

use tl_parser::Compiler;
use tl_parser::ir::{IdRule, Schema};
use tl_parser::source::Source;

/// The schema of these texts.
fn schema(texts: &[&str]) -> Schema {
    compile(texts, None)
}

fn compile(texts: &[&str], rule: Option<IdRule>) -> Schema {
    let mut compiler = Compiler::new();
    if let Some(rule) = rule {
        compiler = compiler.id_rule(rule);
    }
    for text in texts {
        compiler.add(Source::new("test.tl", *text).unwrap());
    }
    let compiled = compiler.compile();
    let diagnostics = compiled.diagnostics;
    compiled.schema.unwrap_or_else(|| panic!("{diagnostics:?}"))
}
