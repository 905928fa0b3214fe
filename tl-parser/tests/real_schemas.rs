//! Every real schema parses.

mod common;

use tl_parser::diagnostic::Code;
use tl_parser::source::{FileId, Source};

#[test]
fn real_schemas_have_no_syntax_faults() {
    for path in common::real_schemas() {
        let name = path.to_string_lossy().into_owned();
        let source = Source::from_bytes(&name, std::fs::read(&path).unwrap()).unwrap();
        let parsed = tl_parser::parse(FileId(0), &source);
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
