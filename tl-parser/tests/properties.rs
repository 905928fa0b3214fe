//! What holds for every text, tried on many.

#![allow(clippy::unwrap_used, reason = "a test")]

mod common;

use proptest::prelude::*;
use tl_parser::ast::{Ast, Item};
use tl_parser::id::canonical;
use tl_parser::ir::IdRule;
use tl_parser::print;
use tl_parser::source::{FileId, Source};

fn read(text: impl Into<String>) -> (Source, tl_parser::Parsed) {
    let source = Source::new("test.tl", text).unwrap();
    let parsed = tl_parser::parse(FileId(0), &source);
    (source, parsed)
}

/// What each declaration means, as far as one can say without the others.
fn meanings(ast: &Ast, source: &Source) -> Vec<String> {
    ast.items
        .iter()
        .map(|item| match item {
            Item::Declaration(declaration) => {
                let id = declaration.id.map(|id| id.value);
                let docs = declaration.docs.len();
                let arrow = declaration.arrow;
                let text = canonical(declaration, source, IdRule::Tl);
                format!("{id:?} {docs} {arrow:?} {text}")
            }
            _ => format!("{:?}", std::mem::discriminant(item)),
        })
        .collect()
}

/// The text prints back; if it can be formatted, that keeps everything and is done once.
fn check_printers(text: &str) {
    let (source, parsed) = read(text);
    assert_eq!(print::source(&parsed.ast, &source), text);
    let Ok(formatted) = print::format(&parsed.ast, &source) else {
        return;
    };
    let (again_source, again) = read(formatted);
    assert_eq!(
        meanings(&parsed.ast, &source),
        meanings(&again.ast, &again_source)
    );
    let words = common::words(&source).to_lowercase();
    assert_eq!(words, common::words(&again_source).to_lowercase());
    let twice = print::format(&again.ast, &again_source).unwrap();
    assert_eq!(again_source.text(), twice);
}

proptest! {
    #[test]
    fn good_schemas_are_read(text in schema()) {
        let (source, parsed) = read(&text);
        let faults: Vec<_> = parsed
            .diagnostics
            .iter()
            .map(|fault| (&fault.message, source.slice(fault.labels[0].location.span)))
            .collect();
        prop_assert!(faults.is_empty(), "{text}\n{faults:?}");
        prop_assert!(print::format(&parsed.ast, &source).is_ok());
        check_printers(&text);
    }

    #[test]
    fn any_text_is_printed_back(text in soup()) {
        check_printers(&text);
    }

    #[test]
    fn any_bytes_are_read(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
        let source = Source::from_bytes("test.tl", bytes).unwrap();
        let parsed = tl_parser::parse(FileId(0), &source);
        prop_assert_eq!(print::source(&parsed.ast, &source), source.text());
    }

    #[test]
    fn a_broken_declaration_spoils_itself_only(
        before in declaration(),
        broken in proptest::collection::vec(fragment(), 0..20),
        after in declaration(),
    ) {
        let (before, after) = (before + ";", after + ";");
        // A comment could swallow what follows.
        let broken = broken.join(" ").replace('/', "");
        let text = format!("{before}\n{broken}\n;\n{after}\n");
        let (source, parsed) = read(&text);
        let read: Vec<_> = parsed
            .ast
            .items
            .iter()
            .map(|item| source.slice(item.span()))
            .collect();
        prop_assert_eq!(read.first().copied(), Some(before.as_str()));
        prop_assert_eq!(read.last().copied(), Some(after.as_str()));
        prop_assert!(matches!(parsed.ast.items.last(), Some(Item::Declaration(_))));
    }

    #[test]
    fn faults_lie_in_the_text(text in soup()) {
        let (source, parsed) = read(&text);
        for fault in &parsed.diagnostics {
            prop_assert!(!fault.message.is_empty());
            for label in &fault.labels {
                prop_assert!(source.text().get(label.location.span.range()).is_some());
            }
        }
        let starts = parsed.diagnostics.iter().map(|fault| fault.labels[0].location.span.start);
        prop_assert!(starts.is_sorted());
    }
}

/// Any text that has to do with TL.
fn soup() -> impl Strategy<Value = String> {
    proptest::collection::vec(
        prop_oneof![
            8 => fragment(),
            2 => blank(),
            1 => any::<char>().prop_map(String::from),
        ],
        0..60,
    )
    .prop_map(|parts| parts.concat())
}

fn fragment() -> impl Strategy<Value = String> {
    let tokens = proptest::sample::select(vec![
        "a",
        "b.c",
        "A",
        "X",
        "Type",
        "vector",
        "flags",
        "flags.3?",
        "x:",
        "_",
        "New",
        "Empty",
        "#",
        "#1f",
        "#123456789",
        "0",
        "32",
        "4294967296",
        "=",
        "=>",
        ";",
        ":",
        "?",
        ".",
        ",",
        "*",
        "+",
        "%",
        "!",
        "(",
        ")",
        "[",
        "]",
        "{",
        "}",
        "<",
        ">",
        "{X:Type}",
        "@read",
        "n*[",
        "---",
        "---types---",
        "--- functions ---",
        "===",
        "===17===",
        "//",
        "/*",
        "*/",
        "//@d",
        "//-",
        "/**",
        "\u{feff}",
        "é",
        "\0",
        "-",
        "/",
    ]);
    tokens.prop_map(str::to_owned)
}

fn blank() -> impl Strategy<Value = String> {
    let blanks =
        proptest::sample::select(vec![" ", "\n", "\t", "\r\n", "\r", "\n\n\n", "  ", "\n "]);
    blanks.prop_map(str::to_owned)
}

/// White space and comments, at least one of them.
fn gap() -> impl Strategy<Value = String> {
    let comments = proptest::sample::select(vec![
        "/* c */",
        "/**/",
        "/** d\n e  */",
        "// c\n",
        "//@d x \n",
        "//- y\r\n",
        "// ; = A;\n",
    ]);
    let part = prop_oneof![6 => blank(), 1 => comments.prop_map(str::to_owned)];
    prop_oneof![
        6 => Just(" ".to_owned()),
        1 => proptest::collection::vec(part, 1..4).prop_map(|parts| parts.concat()),
    ]
}

fn schema() -> impl Strategy<Value = String> {
    let item = prop_oneof![
        20 => declaration().prop_map(|text| text + ";"),
        1 => Just("---types---".to_owned()),
        1 => Just("--- functions\n---".to_owned()),
        1 => Just("=== 23===".to_owned()),
        1 => Just("Tuple int 10;".to_owned()),
        1 => Just("Empty  False ;".to_owned()),
    ];
    proptest::collection::vec((item, gap()), 0..8).prop_map(|items| {
        let items = items.into_iter();
        items.map(|(item, gap)| item + &gap).collect::<String>()
    })
}

/// A declaration without its semicolon: tokens with gaps between.
fn declaration() -> impl Strategy<Value = String> {
    let head = (
        proptest::option::weighted(0.1, Just("@read".to_owned())),
        name(),
        proptest::option::of(proptest::sample::select(vec![
            "#1",
            "#dEadbEef",
            "#00c0ffee",
        ])),
    )
        .prop_map(|(annotation, name, id)| {
            let mut tokens: Vec<String> = annotation.into_iter().collect();
            tokens.push(name + id.unwrap_or(""));
            tokens
        });
    let variables =
        proptest::collection::vec(proptest::sample::select(vec!["{X:Type}", "{n m:#}"]), 0..2)
            .prop_map(|groups| {
                groups
                    .concat()
                    .split_inclusive(['{', ':', ' '])
                    .map(str::to_owned)
                    .collect()
            });
    let body = prop_oneof![
        1 => Just(vec!["?".to_owned()]),
        9 => proptest::collection::vec(parameter(), 0..5).prop_map(|lists| lists.concat()),
    ];
    let arrow =
        prop_oneof![9 => Just("="), 1 => Just("=>")].prop_map(|arrow| vec![arrow.to_owned()]);
    let result = proptest::collection::vec(expr(), 1..3).prop_map(|lists| lists.concat());
    let tokens = (head, variables, body, arrow, result).prop_map(
        |(head, variables, body, arrow, result): (_, Vec<String>, _, _, _)| {
            [head, variables, body, arrow, result].concat()
        },
    );
    tokens.prop_flat_map(|tokens| {
        let len = tokens.len();
        (Just(tokens), proptest::collection::vec(gap(), len)).prop_map(|(tokens, gaps)| {
            let mut text = String::new();
            for (index, (token, gap)) in tokens.iter().zip(gaps).enumerate() {
                if index > 0 {
                    text.push_str(&gap);
                }
                text.push_str(token);
            }
            text
        })
    })
}

fn name() -> impl Strategy<Value = String> {
    let names = vec![
        "a",
        "user",
        "messages.send",
        "a.b.c_1.D",
        "Upper",
        "_",
        "New",
        "x9",
    ];
    proptest::sample::select(names).prop_map(str::to_owned)
}

fn ident() -> impl Strategy<Value = String> {
    proptest::sample::select(vec!["x", "flags", "_", "Y1", "Final"]).prop_map(str::to_owned)
}

/// A parameter as tokens.
fn parameter() -> impl Strategy<Value = Vec<String>> {
    parameter_of(expr().boxed())
}

fn parameter_of(ty: BoxedStrategy<Vec<String>>) -> impl Strategy<Value = Vec<String>> {
    let conditional = (
        proptest::option::weighted(0.3, proptest::sample::select(vec!["flags.3", "n.31"])),
        ty.clone(),
    )
        .prop_map(|(condition, ty)| {
            let mut tokens = Vec::new();
            if let Some(condition) = condition {
                tokens.extend([condition.to_owned(), "?".to_owned()]);
            }
            [tokens, ty].concat()
        });
    let names = proptest::collection::vec(ident(), 1..3);
    prop_oneof![
        6 => (ident(), conditional.clone())
            .prop_map(|(name, ty)| [vec![name, ":".to_owned()], ty].concat()),
        2 => ty,
        1 => (names, conditional).prop_map(|(names, ty)| {
            [vec!["(".to_owned()], names, vec![":".to_owned()], ty, vec![")".to_owned()]].concat()
        }),
    ]
}

/// A term as tokens.
fn expr() -> impl Strategy<Value = Vec<String>> {
    let leaf = prop_oneof![
        8 => name().prop_map(|name| vec![name]),
        2 => Just(vec!["#".to_owned()]),
        1 => Just(vec!["32".to_owned()]),
    ];
    leaf.prop_recursive(4, 24, 3, |inner| {
        let wrap = |open: &'static str, parts: Vec<Vec<String>>, close: &'static str| {
            let mut tokens = vec![open.to_owned()];
            tokens.extend(parts.concat());
            tokens.push(close.to_owned());
            tokens
        };
        let list = proptest::collection::vec(inner.clone(), 1..3);
        prop_oneof![
            list.clone().prop_map(move |parts| wrap("(", parts, ")")),
            (name(), list.clone()).prop_map(|(name, parts)| {
                [
                    vec![name, "<".to_owned()],
                    parts.join(&",".to_owned()),
                    vec![">".to_owned()],
                ]
                .concat()
            }),
            list.prop_map(|parts| {
                let sum = parts.join(&"+".to_owned());
                [vec!["(".to_owned()], sum, vec![")".to_owned()]].concat()
            }),
            (proptest::sample::select(vec!["%", "!"]), inner.clone()).prop_map(|(prefix, term)| [
                vec![prefix.to_owned()],
                term
            ]
            .concat()),
            (
                proptest::option::of(proptest::sample::select(vec!["n *", "4 *", "( n + 1 ) *"])),
                proptest::collection::vec(parameter_of(inner), 1..3),
            )
                .prop_map(|(count, parameters)| {
                    let count = count.unwrap_or("").split_whitespace().map(str::to_owned);
                    let open = vec!["[".to_owned()];
                    [
                        count.collect(),
                        open,
                        parameters.concat(),
                        vec!["]".to_owned()],
                    ]
                    .concat()
                }),
        ]
    })
}
