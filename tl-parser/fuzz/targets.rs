//! What each fuzz target does with its input; it panics if a promise is broken.
//!
//! cargo-fuzz and the ordinary test `fuzz_inputs` share this file.

use tl_parser::ast::{Comment, Item};
use tl_parser::print;
use tl_parser::source::{FileId, Source};

/// Any bytes are read, the tree prints back, and faults lie in the text.
pub(crate) fn parse(bytes: &[u8]) {
    let Ok(source) = Source::from_bytes("fuzz.tl", bytes.to_vec()) else {
        return;
    };
    let parsed = tl_parser::parse(FileId(0), &source);
    assert_eq!(print::source(&parsed.ast, &source), source.text());
    let mut end = 0;
    for item in &parsed.ast.items {
        let span = item.span();
        assert!(end <= span.start && span.start < span.end);
        assert!(source.text().get(span.range()).is_some());
        end = span.end;
    }
    let is_broken = |item: &Item| matches!(item, Item::Broken(_));
    assert!(!parsed.is_clean() || !parsed.ast.items.iter().any(is_broken));
    for fault in &parsed.diagnostics {
        assert!(!fault.labels.is_empty());
        for label in &fault.labels {
            assert!(source.text().get(label.location.span.range()).is_some());
        }
    }
}

/// What can be formatted at all is formatted by one pass, and keeps its items and comments.
pub(crate) fn format(bytes: &[u8]) {
    let Ok(source) = Source::from_bytes("fuzz.tl", bytes.to_vec()) else {
        return;
    };
    let ast = tl_parser::parse(FileId(0), &source).ast;
    let Ok(text) = print::format(&ast, &source) else {
        return;
    };
    let Ok(formatted) = Source::new("fuzz.tl", text) else {
        return;
    };
    let again = tl_parser::parse(FileId(0), &formatted).ast;
    assert_eq!(tokens(&ast.items, &ast.comments, &source), {
        tokens(&again.items, &again.comments, &formatted)
    });
    assert_eq!(ast.layer, again.layer);
    assert_eq!(
        print::format(&again, &formatted).as_deref(),
        Ok(formatted.text())
    );
}

/// The text of items and comments without white space and semicolons, in lower case.
fn tokens(items: &[Item], comments: &[Comment], source: &Source) -> Vec<String> {
    let items = items.iter().map(Item::span);
    let spans = items.chain(comments.iter().map(|comment| comment.span));
    spans
        .map(|span| {
            let text = source.slice(span).chars();
            let is_token = |char: &char| !matches!(char, ' ' | '\t'..='\r' | ';');
            text.filter(is_token).collect::<String>().to_lowercase()
        })
        .collect()
}
