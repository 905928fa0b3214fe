//! Hostile input: whatever it is, it is read in linear time, on a small stack, to an end.
//!
//! The sizes are small enough for a debug build; the ignored test has the great ones:
//! `cargo test --release -p tl-parser --test limits -- --ignored`.

#![allow(clippy::unwrap_used, reason = "a test")]

use tl_parser::ast::Item;
use tl_parser::diagnostic::Code;
use tl_parser::print;
use tl_parser::source::{FileId, Source};

/// Reads a text on a small stack, prints it back, drops the tree, and tells the faults' kinds.
fn read(text: impl Into<Vec<u8>>) -> Vec<Code> {
    let text = text.into();
    let thread = std::thread::Builder::new().stack_size(1 << 20);
    let reader = thread.spawn(move || {
        let source = Source::from_bytes("test.tl", text).unwrap();
        let parsed = tl_parser::parse(FileId(0), &source);
        assert!(print::source(&parsed.ast, &source) == source.text());
        let is_whole = !parsed
            .ast
            .items
            .iter()
            .any(|item| matches!(item, Item::Broken(_)));
        let can_format = is_whole && source.invalid_utf8().is_empty();
        let formatted = print::format(&parsed.ast, &source).is_ok();
        assert!(!formatted || can_format);
        parsed.diagnostics.iter().map(|fault| fault.code).collect()
    });
    reader.unwrap().join().unwrap()
}

fn nested(open: &str, depth: usize, inner: &str, close: &str) -> String {
    let (open, close) = (open.repeat(depth), close.repeat(depth));
    format!("a n:# x:{open}{inner}{close} = A;")
}

/// Texts of about so many bytes, with the kinds of faults that they have.
fn hostile(len: usize) -> Vec<(&'static str, Vec<u8>, Vec<Code>)> {
    let many = |part: &str| part.repeat(len / part.len());
    let too_many = |code| {
        let mut codes = vec![code; 1000];
        codes.push(Code::TooManyFaults);
        codes
    };
    vec![
        ("open parentheses", many("(").into(), vec![Code::TooDeep]),
        (
            "open types",
            format!("a x:{}", many("vector<")).into(),
            vec![Code::TooDeep],
        ),
        (
            "closed types",
            nested("v<", len / 3, "t", ">").into(),
            vec![Code::TooDeep],
        ),
        (
            "repetitions",
            nested("n*[ ", len / 6, "t", " ]").into(),
            vec![Code::TooDeep],
        ),
        (
            "prefixes",
            nested("%", len, "t", "").into(),
            vec![Code::TooDeep],
        ),
        ("closing brackets", many(")").into(), vec![Code::Syntax]),
        (
            "open braces",
            format!("a {}", many("{")).into(),
            vec![Code::TooDeep],
        ),
        (
            "open comment",
            format!("/*{}", many("* ")).into(),
            vec![Code::UnterminatedComment],
        ),
        (
            "open comments",
            many("a/* = A;").into(),
            vec![Code::Syntax, Code::UnterminatedComment],
        ),
        (
            "comment at the end",
            format!("//{}", many("/")).into(),
            vec![],
        ),
        ("empty comments", many("/**/").into(), vec![]),
        ("one name", many("a").into(), vec![Code::Syntax]),
        ("one dotted name", many("a.").into(), vec![Code::Syntax]),
        (
            "parameters without result",
            format!("a {};", many("x:int ")).into(),
            vec![Code::Syntax],
        ),
        (
            "one declaration",
            format!("a {} = A;", many("x:int ")).into(),
            vec![],
        ),
        (
            "one sum",
            format!("a x:({}1) = A;", many("1 + ")).into(),
            vec![],
        ),
        (
            "one application",
            format!("a = A {};", many("t ")).into(),
            vec![],
        ),
        ("arrows", many("= ").into(), vec![Code::Syntax]),
        (
            "lines of arrows",
            format!("a\n{}", many("=\nb\n")).into(),
            too_many(Code::Syntax),
        ),
        (
            "missing semicolons",
            many("a = A\n").into(),
            too_many(Code::MissingSemicolon),
        ),
        (
            "empty declarations",
            many(";").into(),
            too_many(Code::Syntax),
        ),
        ("annotations", many("@a ").into(), vec![Code::Syntax]),
        ("annotated", many("@a b ").into(), too_many(Code::Syntax)),
        (
            "names with ids",
            many("a#1\n").into(),
            too_many(Code::Syntax),
        ),
        ("dashes", many("-").into(), vec![Code::Syntax]),
        (
            "lines of dashes",
            many("---\n").into(),
            too_many(Code::Syntax),
        ),
        ("sections", many("---types---").into(), vec![]),
        (
            "open section",
            format!("---{}", many(" ")).into(),
            vec![Code::Syntax],
        ),
        ("equals signs", many("=").into(), vec![Code::Syntax]),
        ("zeros", many("\0").into(), vec![Code::Syntax]),
        ("carriage returns", many("a = A;\r").into(), vec![]),
        ("not UTF-8", vec![0xff; len], too_many(Code::InvalidUtf8)),
        ("white space", many(" \n\t\r").into(), vec![]),
        (
            "declarations",
            many("user#d23c81a3 flags:# f:flags.3?Vector<int> = User;\n").into(),
            vec![],
        ),
    ]
}

fn check(len: usize) {
    for (name, text, expected) in hostile(len) {
        let found = read(text);
        assert!(
            found == expected,
            "{name}: {:?}",
            &found[..found.len().min(3)]
        );
    }
}

#[test]
fn hostile_texts() {
    check(20_000);
}

#[test]
#[ignore = "takes a minute, and gigabytes of memory"]
fn great_hostile_texts() {
    check(50_000_000);
}

#[test]
fn a_clean_tree_is_no_deeper_than_the_limit() {
    assert_eq!(read(nested("(", 64, "t", ")")), []);
    assert_eq!(read(nested("v<", 64, "t", ">")), []);
    assert_eq!(read(nested("n*[ ", 64, "t", " ]")), []);
    assert_eq!(read(nested("%", 64, "t", "")), []);
    assert_eq!(read(nested("!(", 32, "t", ")")), []);
}

#[test]
fn shapes_that_are_all_different() {
    // Nothing may depend on shapes being few.
    let text: String = (0..2000u32)
        .map(|number| {
            let shape = format!("{number:011b}")
                .replace('0', "int ")
                .replace('1', "x:int ");
            format!("a {shape}= A;\n")
        })
        .collect();
    let source = Source::new("test.tl", text).unwrap();
    let parsed = tl_parser::parse(FileId(0), &source);
    assert!(parsed.is_clean());
    assert!(
        parsed
            .ast
            .items
            .iter()
            .all(|item| matches!(item, Item::Declaration(_)))
    );
    assert_eq!(parsed.ast.items.len(), 2000);
}
