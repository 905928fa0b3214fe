//! Faults of syntax: each is found where it is, said in words of the language, and does not keep
//! the next declaration from being read.

#![allow(
    clippy::needless_pass_by_value,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test"
)]

use std::fmt::Write as _;

use expect_test::{Expect, expect};
use tl_parser::ast::Item;
use tl_parser::source::{FileId, Source};

/// Compares faults and items with what is expected: a line for each fault (place, code, message,
/// text), a line for its second place and its hint, and a line for each item.
fn check(text: impl AsRef<[u8]>, expected: Expect) {
    let source = Source::from_bytes("test.tl", text.as_ref().to_vec()).unwrap();
    let parsed = tl_parser::parse(FileId(0), &source);
    let mut out = String::new();
    for fault in &parsed.diagnostics {
        for (index, label) in fault.labels.iter().enumerate() {
            let span = label.location.span;
            let place = source.line_column(span.start);
            let (code, text) = match index {
                0 => (fault.code.as_str(), &fault.message),
                _ => ("    ", &label.text),
            };
            let (line, column) = (place.line, place.column);
            writeln!(
                out,
                "{code} {line}:{column} {:?} {text}",
                source.slice(span)
            )
            .unwrap();
        }
        if let Some(hint) = &fault.hint {
            writeln!(out, "     hint: {hint}").unwrap();
        }
    }
    for item in &parsed.ast.items {
        let text = source.slice(item.span());
        let kind = match item {
            Item::Broken(_) => "broken",
            _ => "read",
        };
        writeln!(out, "{kind} {text:?}").unwrap();
    }
    expected.assert_eq(&out);
    assert!(tl_parser::print::source(&parsed.ast, &source) == source.text());
}

#[test]
fn missing_semicolons() {
    check(
        "a x:int = A\nb = A;",
        expect![[r#"
        S004 1:12 "" missing `;`
             hint: end the declaration with `;`
        read "a x:int = A"
        read "b = A;"
    "#]],
    );
    check(
        "a = A",
        expect![[r#"
        S004 1:6 "" missing `;`
             hint: end the declaration with `;`
        read "a = A"
    "#]],
    );
    check(
        "a = A // c\n",
        expect![[r#"
        S004 1:6 "" missing `;`
             hint: end the declaration with `;`
        read "a = A"
    "#]],
    );
    check(
        "user = Vector\n  User\nchat = Chat;",
        expect![[r#"
        S004 2:7 "" missing `;`
             hint: end the declaration with `;`
        read "user = Vector\n  User"
        read "chat = Chat;"
    "#]],
    );
    check(
        "a =\n A\nb = B;",
        expect![[r#"
        S004 2:3 "" missing `;`
             hint: end the declaration with `;`
        read "a =\n A"
        read "b = B;"
    "#]],
    );
    check(
        "a = A\n\n---functions---\nf = A;",
        expect![[r#"
        S004 1:6 "" missing `;`
             hint: end the declaration with `;`
        read "a = A"
        read "---functions---"
        read "f = A;"
    "#]],
    );
    check(
        "a = A\n===17===\nb = B;",
        expect![[r#"
        S004 1:6 "" missing `;`
             hint: end the declaration with `;`
        read "a = A"
        read "===17==="
        read "b = B;"
    "#]],
    );
    check(
        "a = A\n@read\nf#1 = A;",
        expect![[r#"
            S004 1:6 "" missing `;`
                 hint: end the declaration with `;`
            read "a = A"
            read "@read\nf#1 = A;"
        "#]],
    );
    check(
        "Tuple int 10",
        expect![[r#"
        S004 1:13 "" missing `;`
             hint: end the declaration with `;`
        read "Tuple int 10"
    "#]],
    );
    // Nothing tells where the first ends.
    check(
        "a = A b = B; c = C;",
        expect![[r#"
        S002 1:9 "=" expected `;`, found `=`
             hint: is a `;` missing before this declaration?
        broken "a = A b = B;"
        read "c = C;"
    "#]],
    );
}

#[test]
fn missing_results() {
    check(
        "a x:int; b = B;",
        expect![[r#"
        S002 1:8 ";" expected a parameter or `=`, found the end of the declaration
             hint: a declaration ends with the type of its result: `… = Type;`
        broken "a x:int;"
        read "b = B;"
    "#]],
    );
    check(
        "a x:int = ; b = B;",
        expect![[r#"
        S002 1:11 ";" expected the result type, found the end of the declaration
             hint: the type of the result stands behind the `=`
        broken "a x:int = ;"
        read "b = B;"
    "#]],
    );
    check(
        "a x:int =\nb y:int = B;",
        expect![[r#"
        S002 1:10 "" expected the result type, found the end of the declaration
             hint: the type of the result stands behind the `=`
        broken "a x:int ="
        read "b y:int = B;"
    "#]],
    );
    check(
        "a x:int\nb#12345678 y:int = B;",
        expect![[r#"
        S002 1:8 "" expected a parameter or `=`, found the end of the declaration
             hint: a declaration ends with the type of its result: `… = Type;`
        broken "a x:int"
        read "b#12345678 y:int = B;"
    "#]],
    );
    check(
        "a x:int -> A; b = B;",
        expect![[r#"
        S002 1:9 "-" expected a parameter or `=`, found `-`
             hint: the type of the result stands behind a `=`
        broken "a x:int -> A;"
        read "b = B;"
    "#]],
    );
    check(
        "a x:int b#1 = A;",
        expect![[r##"
        S002 1:10 "#1" expected a parameter or `=`, found `#1`
             hint: is the end of the declaration before this missing?
        broken "a x:int b#1 = A;"
    "##]],
    );
    check(
        "a",
        expect![[r#"
        S002 1:2 "" expected a parameter or `=`, found the end of the declaration
             hint: a declaration ends with the type of its result: `… = Type;`
        broken "a"
    "#]],
    );
}

#[test]
fn misplaced_arrow() {
    check(
        "Some.states = pts:int date:int Some.States;\nb = B;",
        expect![[r#"
            S002 1:15 "pts" expected the result type, found `pts`
                 hint: parameters stand before the `=`, the type of the result behind it
            broken "Some.states = pts:int date:int Some.States;"
            read "b = B;"
        "#]],
    );
}

#[test]
fn parameters() {
    check(
        "a x: = A; b = B;",
        expect![[r#"
        S002 1:6 "=" expected a type, found `=`
             hint: a parameter is written `name:Type`
        broken "a x: = A;"
        read "b = B;"
    "#]],
    );
    check(
        "a x::int = A;",
        expect![[r#"
        S002 1:5 ":" expected a type, found `:`
             hint: a parameter is written `name:Type`
        broken "a x::int = A;"
    "#]],
    );
    check(
        "a x.y:int = A;",
        expect![[r#"
            S002 1:3 "x.y" expected a parameter or `=`, found `x.y`
                 hint: the name of a parameter has no dots
            broken "a x.y:int = A;"
        "#]],
    );
    check(
        "a 3x:int = A;",
        expect![[r#"
        S002 1:3 "3x" expected a parameter or `=`, found `3x`
             hint: names begin with a letter
        broken "a 3x:int = A;"
    "#]],
    );
    check(
        "a x:é = A;",
        expect![[r#"
        S002 1:5 "é" expected a type, found `é`
        broken "a x:é = A;"
    "#]],
    );
    check(
        "a ? x:int = A;",
        expect![[r#"
        S002 1:5 "x" expected a parameter or `=`, found `x`
        broken "a ? x:int = A;"
    "#]],
    );
    check(
        "a (x int<y>:int) = A;",
        expect![[r#"
            S002 1:12 ":" expected `)`, found `:`
                 1:3 "(" opened here
            broken "a (x int<y>:int) = A;"
        "#]],
    );
    check(
        "a x:(y z:int) = A;",
        expect![[r#"
            S002 1:5 "(y z" a group of parameters cannot stand inside of a type
            broken "a x:(y z:int) = A;"
        "#]],
    );
    check(
        "a x:int / y:int = A;",
        expect![[r#"
        S002 1:9 "/" expected a parameter or `=`, found `/`
             hint: comments begin with `//` or stand between `/*` and `*/`
        broken "a x:int / y:int = A;"
    "#]],
    );
    check(
        "a x:int {X:Type} = A;",
        expect![[r#"
        S002 1:9 "{" expected a parameter or `=`, found `{`
             hint: variables in braces stand before all parameters
        broken "a x:int {X:Type} = A;"
    "#]],
    );
    check(
        "a {X Type} = A;",
        expect![[r#"
        S002 1:10 "}" expected `:`, found `}`
             hint: say what the variable ranges over: `{X:Type}` or `{n:#}`
        broken "a {X Type} = A;"
    "#]],
    );
    check(
        "a {:Type} = A;",
        expect![[r#"
        S002 1:4 ":" expected the name of a variable, found `:`
        broken "a {:Type} = A;"
    "#]],
    );
    check(
        "a {X:Type = A;",
        expect![[r#"
        S002 1:11 "=" expected `}`, found `=`
             1:3 "{" opened here
        broken "a {X:Type = A;"
    "#]],
    );
}

#[test]
fn conditions() {
    check(
        "a x:flag?T = A;",
        expect![[r#"
        S008 1:5 "flag?" the condition does not say which bit of `flag` it means
             hint: write the number of the bit: `flag.0?`
        read "a x:flag?T = A;"
    "#]],
    );
    check(
        "a flags.3?true = A;",
        expect![[r#"
            S002 1:3 "flags.3" expected a parameter or `=`, found `flags.3`
                 hint: a condition is written `name:flags.3?Type`
            broken "a flags.3?true = A;"
        "#]],
    );
    check(
        "a x:flags.3 int = A;",
        expect![[r#"
            S002 1:5 "flags.3" expected a type, found `flags.3`
                 hint: a condition is written `name:flags.3?Type`
            broken "a x:flags.3 int = A;"
        "#]],
    );
    check(
        "a x:flags.3int = A;",
        expect![[r#"
            S002 1:5 "flags.3int" expected a type, found `flags.3int`
                 hint: a condition is written `name:flags.3?Type`
            broken "a x:flags.3int = A;"
        "#]],
    );
    check(
        "a x:flags . 3?int = A;",
        expect![[r#"
        S002 1:11 "." expected a parameter or `=`, found `.`
             hint: a condition is written `name:flags.3?Type`
        broken "a x:flags . 3?int = A;"
    "#]],
    );
    check(
        "a x:flags.3? = A;",
        expect![[r#"
        S002 1:14 "=" expected a type, found `=`
        broken "a x:flags.3? = A;"
    "#]],
    );
    // White space around the mark is allowed.
    check(
        "a x:flags.3 ? true = A;",
        expect![[r#"
        read "a x:flags.3 ? true = A;"
    "#]],
    );
}

#[test]
fn ids() {
    check(
        "a#12345678 = A; b#1 = B; c#DEADbeef = C;",
        expect![[r#"
        read "a#12345678 = A;"
        read "b#1 = B;"
        read "c#DEADbeef = C;"
    "#]],
    );
    check(
        "a#123456789 = A; b = B;",
        expect![[r##"
        S006 1:2 "#123456789" a constructor id is 1 to 8 hexadecimal digits
             hint: an id may be left out: it is computed from the declaration
        broken "a#123456789 = A;"
        read "b = B;"
    "##]],
    );
    check(
        "a#xyz = A; b = B;",
        expect![[r##"
        S006 1:2 "#xyz" a constructor id is 1 to 8 hexadecimal digits
             hint: an id may be left out: it is computed from the declaration
        broken "a#xyz = A;"
        read "b = B;"
    "##]],
    );
    check(
        "a# = A; b = B;",
        expect![[r##"
        S006 1:2 "#" a constructor id is 1 to 8 hexadecimal digits
             hint: an id may be left out: it is computed from the declaration
        broken "a# = A;"
        read "b = B;"
    "##]],
    );
    check(
        "a #12345678 x:int = A; b = B;",
        expect![[r##"
        S002 1:3 "#12345678" expected a parameter or `=`, found `#12345678`
             hint: an id stands directly behind the name, without a space
        broken "a #12345678 x:int = A;"
        read "b = B;"
    "##]],
    );
}

#[test]
fn numbers() {
    check(
        "a x:4294967295*[ int ] = A;",
        expect![[r#"
        read "a x:4294967295*[ int ] = A;"
    "#]],
    );
    check(
        "a x:4294967296*[ int ] = A;",
        expect![[r#"
        S007 1:5 "4294967296" the number is greater than 4294967295
        broken "a x:4294967296*[ int ] = A;"
    "#]],
    );
    check(
        "a x:flags.99999999999?T = A;",
        expect![[r#"
        S007 1:11 "99999999999" the number is greater than 4294967295
        broken "a x:flags.99999999999?T = A;"
    "#]],
    );
    check(
        "a x:1+2 = A;",
        expect![[r#"
        S002 1:6 "+" expected a parameter or `=`, found `+`
             hint: a sum stands in parentheses: `(n + 1)`
        broken "a x:1+2 = A;"
    "#]],
    );
    check(
        "a x:(1+) = A;",
        expect![[r#"
        S002 1:8 ")" expected a number, found `)`
        broken "a x:(1+) = A;"
    "#]],
    );
}

#[test]
fn brackets() {
    check(
        "a x:Vector<int = A; b = B;",
        expect![[r#"
        S002 1:16 "=" expected `,` or `>`, found `=`
             1:11 "<" opened here
        broken "a x:Vector<int = A;"
        read "b = B;"
    "#]],
    );
    check(
        "a x:Vector<> = A;",
        expect![[r#"
        S002 1:12 ">" expected a type, found `>`
        broken "a x:Vector<> = A;"
    "#]],
    );
    check(
        "a x:Vector<int,> = A;",
        expect![[r#"
        S002 1:16 ">" expected a type, found `>`
        broken "a x:Vector<int,> = A;"
    "#]],
    );
    check(
        "a x:(Vector (Vector int) = A;",
        expect![[r#"
        S002 1:26 "=" expected `)`, found `=`
             1:5 "(" opened here
        broken "a x:(Vector (Vector int) = A;"
    "#]],
    );
    check(
        "a x:() = A;",
        expect![[r#"
        S002 1:6 ")" expected a type, found `)`
        broken "a x:() = A;"
    "#]],
    );
    check(
        "a n:# x:n*int = A;",
        expect![[r#"
        S002 1:11 "int" expected `[`, found `int`
             hint: a repetition is written `n*[ … ]`
        broken "a n:# x:n*int = A;"
    "#]],
    );
    check(
        "a n:# x:[ ] = A;",
        expect![[r#"
        S002 1:11 "]" expected a parameter, found `]`
        broken "a n:# x:[ ] = A;"
    "#]],
    );
    check(
        "a n:# x:n*[ y:[ int ] = A;",
        expect![[r#"
        S002 1:23 "=" expected a parameter or `]`, found `=`
             1:11 "[" opened here
        broken "a n:# x:n*[ y:[ int ] = A;"
    "#]],
    );
    check(
        "a x:int) = A;",
        expect![[r#"
        S002 1:8 ")" expected a parameter or `=`, found `)`
        broken "a x:int) = A;"
    "#]],
    );
    check(
        "a x:% = A;",
        expect![[r#"
        S002 1:7 "=" expected a type, found `=`
        broken "a x:% = A;"
    "#]],
    );
}

#[test]
fn foreign_comments() {
    check(
        "# comment; more\na = A;",
        expect![[r##"
            S002 1:1 "#" expected a declaration, found `#`
                 hint: comments begin with `//` or stand between `/*` and `*/`
            broken "# comment; more"
            read "a = A;"
        "##]],
    );
    check(
        "#comment\na = A;",
        expect![[r##"
        S002 1:1 "#comment" expected a declaration, found `#comment`
             hint: comments begin with `//` or stand between `/*` and `*/`
        broken "#comment"
        read "a = A;"
    "##]],
    );
    check(
        "-- comment\n/ comment\n' comment\na = A;",
        expect![[r#"
            S002 1:1 "-" expected a declaration, found `-`
                 hint: comments begin with `//` or stand between `/*` and `*/`
            S002 2:1 "/" expected a declaration, found `/`
                 hint: comments begin with `//` or stand between `/*` and `*/`
            S002 3:1 "'" expected a declaration, found `'`
                 hint: comments begin with `//` or stand between `/*` and `*/`
            broken "-- comment"
            broken "/ comment"
            broken "' comment"
            read "a = A;"
        "#]],
    );
    check(
        "a = A; /* open\nb = B;",
        expect![[r#"
        S003 1:8 "/*" the comment does not end
             hint: end it with `*/`
        read "a = A;"
    "#]],
    );
    check(
        "a = /* open\nb = B;",
        expect![[r#"
        S002 1:4 "" expected the result type, found the end of the declaration
             hint: the type of the result stands behind the `=`
        S003 1:5 "/*" the comment does not end
             hint: end it with `*/`
        broken "a ="
    "#]],
    );
    check(
        "/*/ b = B;",
        expect![[r#"
        S003 1:1 "/*" the comment does not end
             hint: end it with `*/`
    "#]],
    );
}

#[test]
fn sections() {
    check(
        "---foo---\na = A;",
        expect![[r#"
        S002 1:1 "---foo---" not the mark of a section
             hint: the sections of a schema are `---types---` and `---functions---`
        broken "---foo---"
        read "a = A;"
    "#]],
    );
    check(
        "---functions--\na = A;",
        expect![[r#"
        S002 1:1 "---functions--" not the mark of a section
             hint: the sections of a schema are `---types---` and `---functions---`
        broken "---functions--"
        read "a = A;"
    "#]],
    );
    check(
        "---\na = A;",
        expect![[r#"
        S002 1:1 "---" not the mark of a section
             hint: the sections of a schema are `---types---` and `---functions---`
        broken "---"
        read "a = A;"
    "#]],
    );
    check(
        "===x===\n====\n=== 99999999999 ===\na = A;",
        expect![[r#"
        S002 1:1 "===x===" not the mark of a section
             hint: a layer begins with its number: `===17===`
        S002 2:1 "====" not the mark of a section
             hint: a layer begins with its number: `===17===`
        S002 3:1 "=== 99999999999 ===" not the mark of a section
             hint: a layer begins with its number: `===17===`
        broken "===x==="
        broken "===="
        broken "=== 99999999999 ==="
        read "a = A;"
    "#]],
    );
    // Any spacing, any order, any number.
    check(
        "---types---\n--- functions ---\n---\tfunctions\n---\na = A;---types---b=B;=== 8 ===",
        expect![[r#"
            read "---types---"
            read "--- functions ---"
            read "---\tfunctions\n---"
            read "a = A;"
            read "---types---"
            read "b=B;"
            read "=== 8 ==="
        "#]],
    );
}

#[test]
fn other_items() {
    check(
        "Empty; New T; Final 3; b = B;",
        expect![[r#"
        S002 1:6 ";" expected the name of a type, found the end of the declaration
        S002 1:21 "3" expected the name of a type, found `3`
        broken "Empty;"
        read "New T;"
        broken "Final 3;"
        read "b = B;"
    "#]],
    );
    check(
        "a = A;; b = B;",
        expect![[r#"
        S002 1:7 ";" expected a declaration, found `;`
             hint: delete the extra `;`
        read "a = A;"
        broken ";"
        read "b = B;"
    "#]],
    );
    check(
        "@ f = A; @read; @read f = A;",
        expect![[r#"
        S002 1:1 "@" expected a declaration, found `@`
        S002 1:15 ";" expected a declaration, found the end of the declaration
        broken "@ f = A;"
        broken "@read;"
        read "@read f = A;"
    "#]],
    );
    check(
        "= A; b = B;",
        expect![[r#"
        S002 1:1 "=" expected a declaration, found `=`
        broken "= A;"
        read "b = B;"
    "#]],
    );
    check(
        "Tuple int ); b = B;",
        expect![[r#"
        S002 1:11 ")" expected `;`, found `)`
        broken "Tuple int );"
        read "b = B;"
    "#]],
    );
}

#[test]
fn bytes_that_are_no_text() {
    check(
        b"a = A;\0\nb = B;",
        expect![[r#"
        S002 1:7 "\0" expected a declaration, found `\0`
        read "a = A;"
        broken "\0"
        read "b = B;"
    "#]],
    );
    check(
        b"// \xff\na \xff\xfe x:int = A; b = B;\xff",
        expect![[r#"
        S001 1:4 "�" bytes that are not UTF-8
        S001 2:3 "�" bytes that are not UTF-8
        S001 2:4 "�" bytes that are not UTF-8
        S001 2:23 "�" bytes that are not UTF-8
        broken "a �� x:int = A;"
        read "b = B;"
        broken "�"
    "#]],
    );
    check(
        "\u{feff}a = A;\u{feff}b = B;",
        expect![[r#"
            S002 1:8 "\u{feff}" expected a declaration, found `\u{feff}`
            read "a = A;"
            broken "\u{feff}b = B;"
        "#]],
    );
    check(
        "a x:\u{201c}int\u{201d} = A;\r\rb = B;",
        expect![[r#"
        S002 1:5 "“" expected a type, found `“`
        broken "a x:“int” = A;"
        read "b = B;"
    "#]],
    );
}

#[test]
fn depth() {
    let deep = |n| format!("a x:{}int{} = A; b = B;", "(".repeat(n), ")".repeat(n));
    let faults = |text: &str| {
        let source = Source::new("test.tl", text).unwrap();
        let parsed = tl_parser::parse(FileId(0), &source);
        assert_eq!(parsed.ast.items.len(), 2);
        parsed.diagnostics
    };
    assert!(faults(&deep(64)).is_empty());
    let found = faults(&deep(65));
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].code.as_str(), "S005");
    assert_eq!(found[0].labels[0].location.span.start, 4 + 64);
    // Prefixes nest too, and closed brackets don't.
    assert!(faults(&format!("a x:{}int = A; b = B;", "%".repeat(64))).is_empty());
    assert_eq!(
        faults(&format!("a x:{}int = A; b = B;", "%".repeat(65))).len(),
        1
    );
    assert_eq!(
        faults(&format!(
            "a x:{}int{} = A; b = B;",
            "%(".repeat(33),
            ")".repeat(33)
        ))
        .len(),
        1
    );
    assert!(
        faults(&format!(
            "a {} = A; b = B;",
            "x:%(Vector %int) ".repeat(1000)
        ))
        .is_empty()
    );
}

#[test]
fn the_number_of_faults_is_bounded() {
    let source = Source::new("test.tl", "a;".repeat(5000)).unwrap();
    let parsed = tl_parser::parse(FileId(0), &source);
    assert_eq!(parsed.ast.items.len(), 5000);
    assert_eq!(parsed.diagnostics.len(), 1001);
    let last = parsed.diagnostics.last().unwrap();
    assert_eq!(last.code.as_str(), "S009");
    assert_eq!(last.labels[0].location.span.start, 2001);

    let source = Source::from_bytes("test.tl", vec![0xff; 5000]).unwrap();
    assert_eq!(tl_parser::parse(FileId(0), &source).diagnostics.len(), 1001);
}
