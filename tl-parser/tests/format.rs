//! The canonical form.

#![allow(
    clippy::needless_pass_by_value,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test"
)]

mod common;

use expect_test::{Expect, expect};
use tl_parser::print::{FormatError, format};
use tl_parser::source::{FileId, Source, Span};

fn canonical(text: &str) -> Result<String, FormatError> {
    let source = Source::from_bytes("test.tl", text.into()).unwrap();
    format(&tl_parser::parse(FileId(0), &source).ast, &source)
}

fn check(text: &str, expected: Expect) {
    let once = canonical(text).unwrap();
    expected.assert_eq(&once);
    assert_eq!(
        canonical(&once).unwrap(),
        once,
        "the second pass changes something"
    );
    let words = |text: &str| common::words(&Source::new("test.tl", text).unwrap());
    assert_eq!(words(text).to_lowercase(), words(&once).to_lowercase());
}

#[test]
fn white_space() {
    check(
        "\u{feff}\n\n a  x : int   y:Vector < int,long >=A ;b=B;\r\n\r\n\r\n\r\nc = C;\t\n\n",
        expect![[r#"
            a x:int y:Vector<int, long> = A;
            b = B;

            c = C;
        "#]],
    );
    check("", expect![[""]]);
    check("\n\n", expect![[""]]);
}

#[test]
fn types() {
    check(
        "a { X Y : Type }{n:#} ( x  y:int ) n * [k:int [t] ] % ( Vector %t ) q: ! X #[ t ] (1+n) = A X;",
        expect![[r#"
            a {X Y:Type} {n:#} (x y:int) n*[ k:int [ t ] ] %(Vector %t) q:!X # [ t ] (1 + n) = A X;
        "#]],
    );
    check(
        "f x : flags.03 ?  ( vector  int ) => A ;",
        expect![[r#"
        f x:flags.03?(vector int) => A;
    "#]],
    );
    check(
        "int   ?= Int ; Tuple  int 10 ; Empty\nFalse ;",
        expect![[r#"
            int ? = Int;
            Tuple int 10;
            Empty False;
        "#]],
    );
}

#[test]
fn ids_are_lower_case() {
    check(
        "a.B#00FF = A;",
        expect![[r#"
        a.B#00ff = A;
    "#]],
    );
}

#[test]
fn sections() {
    check(
        "---types---a=A;--- functions\n---\n\n\n=== 17 ===b=B;",
        expect![[r#"
            ---types---
            a = A;
            ---functions---

            ===17===
            b = B;
        "#]],
    );
}

#[test]
fn a_declaration_that_was_broken_over_lines_stays_so() {
    check(
        "tracing.context#c463a95c {n:#}
  fields_mask: # trace_id: %(tracing.TraceID)
	parent: n*[ k:int
	   v:int ]


  a:int
   = tracing.Context;",
        expect![[r#"
            tracing.context#c463a95c {n:#}
                fields_mask:#
                trace_id:%(tracing.TraceID)
                parent:n*[ k:int v:int ]

                a:int
                = tracing.Context;
        "#]],
    );
    // Nothing to break.
    check(
        "a {X:Type}\n  = A X;\nint\n?\n=\nInt;",
        expect![[r#"
        a {X:Type} = A X;
        int ? = Int;
    "#]],
    );
}

#[test]
fn comments_inside() {
    check(
        "a   // name
    x:int     // trailing
    // own line


    // after an empty line
    y:int   /* block */   z:int
    /* before */ w:int
    = A   // result
    ;",
        expect![[r#"
            a // name
                x:int // trailing
                // own line

                // after an empty line
                y:int /* block */
                z:int
                /* before */ w:int
                = A // result
                ;
        "#]],
    );
    check(
        "a /* one */ x: /* two */ int/* three */= A;",
        expect![[r#"
        a /* one */ x: /* two */ int /* three */ = A;
    "#]],
    );
    check(
        "a x:/* l1  \n   l2\t\n */int = A;",
        expect![[r#"
        a
            x: /* l1
           l2
         */ int
            = A;
    "#]],
    );
    check(
        "a x: // why\n int = % // here\n T;",
        expect![[r#"
        a
            x: // why
            int
            = % // here
            T;
    "#]],
    );
}

#[test]
fn comments_between() {
    check(
        "//  header  \t
// LAYER 3


//@doc x
a = A;//trailing
/* b */ b = B; /* after b */ /* more */ // end
/** c1  \r\n  c2 */
c = C; /* between */ d = D;
---functions--- // section
/* x */ /* y */
f = A;
   // last",
        expect![[r#"
            //  header
            // LAYER 3

            //@doc x
            a = A; //trailing
            /* b */ b = B; /* after b */ /* more */ // end
            /** c1
              c2 */
            c = C; /* between */
            d = D;
            ---functions--- // section
            /* x */ /* y */
            f = A;
            // last
        "#]],
    );
}

#[test]
fn a_missing_semicolon_is_added() {
    check(
        "a = A // c\n---functions---\nf x:int\n = A",
        expect![[r#"
        a = A; // c
        ---functions---
        f
            x:int
            = A;
    "#]],
    );
}

#[test]
fn what_cannot_be_read_is_refused() {
    assert_eq!(
        canonical("a = A;\nb x: = B;"),
        Err(FormatError::Broken(Span::new(7, 16)))
    );
    assert_eq!(
        canonical("a = A; /* open"),
        Err(FormatError::UnterminatedComment(Span::new(7, 14)))
    );
    let source = Source::from_bytes("test.tl", b"// \xff\na = A;".to_vec()).unwrap();
    let ast = tl_parser::parse(FileId(0), &source).ast;
    assert_eq!(
        format(&ast, &source),
        Err(FormatError::InvalidUtf8(Span::new(3, 6)))
    );
}
