//! What the tree says of each construct of the language: nodes, their exact text, documentation.

#![allow(
    clippy::needless_pass_by_value,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test"
)]

use expect_test::{Expect, expect};
use tl_parser::ast::{
    Arrow, Body, CommentKind, Declaration, Expr, ExprKind, FinalisationKind, Item, Parameter,
};
use tl_parser::source::{FileId, Source, Span};

/// Compares the items of a clean text with what is expected, a line for each.
fn check(text: &str, expected: Expect) {
    let source = Source::new("test.tl", text).unwrap();
    let parsed = tl_parser::parse(FileId(0), &source);
    assert!(parsed.is_clean(), "{:#?}", parsed.diagnostics);
    let dump = Dump(&source);
    let items: Vec<String> = parsed
        .ast
        .items
        .iter()
        .map(|item| dump.item(item))
        .collect();
    expected.assert_eq(&(items.join("\n") + "\n"));
}

/// Nodes as text: `kind(children)`, leaves as they stand in the source.
struct Dump<'a>(&'a Source);

impl Dump<'_> {
    fn text(&self, span: Span) -> &str {
        self.0.slice(span)
    }

    fn item(&self, item: &Item) -> String {
        match item {
            Item::Declaration(declaration) => self.declaration(declaration),
            Item::PartialApplication(application) => {
                assert!(self.text(application.span).ends_with(';'));
                format!("partial({})", self.expr(&application.expr))
            }
            Item::Finalisation(finalisation) => {
                let kind = match finalisation.kind {
                    FinalisationKind::New => "new",
                    FinalisationKind::Final => "final",
                    FinalisationKind::Empty => "empty",
                };
                format!("{kind}({})", self.text(finalisation.ty.span))
            }
            Item::Section(section) => {
                format!("section({:?} {:?})", section.kind, self.text(section.span))
            }
            Item::LayerSection(section) => {
                format!("layer({} {:?})", section.layer, self.text(section.span))
            }
            _ => panic!("{item:?}"),
        }
    }

    fn declaration(&self, declaration: &Declaration) -> String {
        let mut parts = Vec::new();
        for annotation in &declaration.annotations {
            parts.push(self.text(annotation.span).to_owned());
        }
        parts.push(self.text(declaration.name.span).to_owned());
        if let Some(id) = declaration.id {
            parts.push(format!("{}={:08x}", self.text(id.span), id.value));
        }
        for group in &declaration.variables {
            let names: Vec<_> = group
                .names
                .iter()
                .map(|name| self.text(name.span))
                .collect();
            let text = self.text(group.span);
            assert!(text.starts_with('{') && text.ends_with('}'));
            parts.push(format!(
                "var({}: {})",
                names.join(" "),
                self.expr(&group.kind)
            ));
        }
        match &declaration.body {
            Body::Builtin(mark) => parts.push(format!("builtin({})", self.text(*mark))),
            Body::Parameters(parameters) => {
                parts.extend(parameters.iter().map(|parameter| self.parameter(parameter)));
            }
        }
        parts.push(self.text(declaration.arrow_span).to_owned());
        let function = declaration.arrow == Arrow::Function;
        assert_eq!(function, parts.last().unwrap() == "=>");
        parts.push(self.expr(&declaration.result));
        let text = self.text(declaration.span);
        assert!(text.starts_with(['@', '_']) || text.as_bytes()[0].is_ascii_alphabetic());
        assert!(text.ends_with(';'));
        parts.join(" ")
    }

    fn parameter(&self, parameter: &Parameter) -> String {
        let text = self.text(parameter.span);
        assert_eq!(
            text.starts_with('(') && text.contains(':'),
            parameter.grouped
        );
        let names: Vec<_> = parameter
            .name
            .iter()
            .chain(&parameter.more_names)
            .map(|name| self.text(name.span))
            .collect();
        let condition = parameter.condition.map_or(String::new(), |condition| {
            let mask = self.text(condition.mask.span);
            let whole = self.text(condition.span);
            assert!(whole.starts_with(mask) && whole.ends_with('?'));
            match condition.bit {
                Some((span, bit)) => format!("if({mask} {bit} {}) ", self.text(span)),
                None => format!("if({mask}) "),
            }
        });
        format!(
            "[{}: {condition}{}]",
            names.join(" "),
            self.expr(&parameter.ty)
        )
    }

    fn expr(&self, expr: &Expr) -> String {
        let text = self.text(expr.span);
        let list = |parts: &[Expr]| {
            let parts: Vec<_> = parts.iter().map(|part| self.expr(part)).collect();
            parts.join(" ")
        };
        match &expr.kind {
            ExprKind::Name(name) => {
                assert_eq!(name.span, expr.span);
                text.to_owned()
            }
            ExprKind::Nat => {
                assert_eq!(text, "#");
                "#".to_owned()
            }
            ExprKind::Number(value) => format!("{value}"),
            ExprKind::Angle(name, arguments) => {
                assert!(text.ends_with('>'));
                format!("{}<{}>", self.text(name.span), list(arguments))
            }
            ExprKind::Spaced(parts) => format!("app({})", list(parts)),
            ExprKind::Sum(parts) => format!("sum({})", list(parts)),
            ExprKind::Paren(inner) => {
                assert!(text.starts_with('(') && text.ends_with(')'));
                format!("({})", self.expr(inner))
            }
            ExprKind::Bare(inner) => format!("bare({})", self.expr(inner)),
            ExprKind::Forward(inner) => format!("forward({})", self.expr(inner)),
            ExprKind::Repeat(repeat) => {
                assert!(text.ends_with(']'));
                let count = repeat
                    .count
                    .as_ref()
                    .map_or("_".to_owned(), |count| self.expr(count));
                let parameters: Vec<_> = repeat
                    .parameters
                    .iter()
                    .map(|parameter| self.parameter(parameter))
                    .collect();
                format!("repeat({count} {})", parameters.join(" "))
            }
            _ => panic!("{expr:?}"),
        }
    }
}

#[test]
fn declarations() {
    check(
        "user#d23c81a3 id:int name:string = User;
         account.passkey#0a = account.Passkey;
         int ? = Int;
         _ {X:Type} result:X = ReqResult X;
         @read @kphp f x:int => Int;
         lower = lower;
         Upper.ns.name#FfFf = a.b.c.d.E;",
        expect![[r#"
            user #d23c81a3=d23c81a3 [id: int] [name: string] = User
            account.passkey #0a=0000000a = account.Passkey
            int builtin(?) = Int
            _ var(X: Type) [result: X] = app(ReqResult X)
            @read @kphp f [x: int] => Int
            lower = lower
            Upper.ns.name #FfFf=0000ffff = a.b.c.d.E
        "#]],
    );
}

#[test]
fn variables() {
    check(
        "a {X:Type} {n m:#} { Y : Type }x:X=A X n;
         vector{t:Type}#[t]=Vector t;",
        expect![[r#"
            a var(X: Type) var(n m: #) var(Y: Type) [x: X] = app(A X n)
            vector var(t: Type) [: #] [: repeat(_ [: t])] = app(Vector t)
        "#]],
    );
}

#[test]
fn parameters() {
    check(
        "a x:int int _:int (x y : int) ( z:long ) (vector int) # #=A;
         a flags:# f:flags.3?true g : flags.31 ? ( vector int ) (h i:flags.0?%T) = A;",
        expect![[r#"
            a [x: int] [: int] [_: int] [x y: int] [z: long] [: (app(vector int))] [: #] [: #] = A
            a [flags: #] [f: if(flags 3 3) true] [g: if(flags 31 31) (app(vector int))] [h i: if(flags 0 0) bare(T)] = A
        "#]],
    );
}

#[test]
fn types() {
    check(
        "a a:Vector<int> b:vector < ns.t<int,long> , # > c:(Vector int) d:%Message e:!X f:%(Vector %t)
           g:((int)) h:%%int i:(tuple X (1 + n + 32)) j:Vector<Tuple int 3> k:(%text.id) = A;
         a = Maybe %(text.Message (1 + 32));
         a = Tuple int n + 1;
         a = Vector<int>;",
        expect![[r#"
            a [a: Vector<int>] [b: vector<ns.t<int long> #>] [c: (app(Vector int))] [d: bare(Message)] [e: forward(X)] [f: bare((app(Vector bare(t))))] [g: ((int))] [h: bare(bare(int))] [i: (app(tuple X (sum(1 n 32))))] [j: Vector<app(Tuple int 3)>] [k: (bare(text.id))] = A
            a = app(Maybe bare((app(text.Message (sum(1 32))))))
            a = app(Tuple int sum(n 1))
            a = Vector<int>
        "#]],
    );
}

#[test]
fn repetitions() {
    check(
        "a 4*[ int ] n*[x:int y:flags.0?long] [ t ] b:m*[n*[double]] c:(n+1)*[ int ] d:0 * [ [ t ] ] = A;",
        expect![[r#"
            a [: repeat(4 [: int])] [: repeat(n [x: int] [y: if(flags 0 0) long])] [: repeat(_ [: t])] [b: repeat(m [: repeat(n [: double])])] [c: repeat((sum(n 1)) [: int])] [d: repeat(0 [: repeat(_ [: t])])] = A
        "#]],
    );
}

#[test]
fn other_items() {
    check(
        "---types---
         Empty False; New T; Final ns.T;
         Tuple int 10;
         Tuple<int,10>;
         ---functions---
         === 17 ===
         New = A; Final x:int = A;",
        expect![[r#"
            section(Types "---types---")
            empty(False)
            new(T)
            final(ns.T)
            partial(app(Tuple int 10))
            partial(Tuple<int 10>)
            section(Functions "---functions---")
            layer(17 "=== 17 ===")
            New = A
            Final [x: int] = A
        "#]],
    );
}

#[test]
fn comments_may_stand_between_tokens() {
    check(
        "a#1/* id */x/* ; = */:// to the end; = B
         flags.3/* */?/* */int/**/=/**/A// none
         ;",
        expect![[r#"
            a #1=00000001 [x: if(flags 3 3) int] = A
        "#]],
    );
}

#[test]
fn line_ends() {
    check(
        "a x:int\r\n  y:int\r\n  = A;\r\n// c\r\nb\t=\x0b\x0cB;\r",
        expect![[r#"
            a [x: int] [y: int] = A
            b = B
        "#]],
    );
}

#[test]
fn comments() {
    let text =
        "// LAYER 230\n//@d one\r\n//- two\n/* b */ /** db */ /**/ a = A; // LAYER 231\n/***/";
    let source = Source::new("test.tl", text).unwrap();
    let ast = tl_parser::parse(FileId(0), &source).ast;
    let found: Vec<_> = ast
        .comments
        .iter()
        .map(|comment| (comment.kind, source.slice(comment.span)))
        .collect();
    assert_eq!(
        found,
        [
            (CommentKind::Line, "// LAYER 230"),
            (CommentKind::DocTag, "//@d one"),
            (CommentKind::DocContinuation, "//- two"),
            (CommentKind::Block, "/* b */"),
            (CommentKind::DocBlock, "/** db */"),
            (CommentKind::Block, "/**/"),
            (CommentKind::Line, "// LAYER 231"),
            (CommentKind::DocBlock, "/***/"),
        ]
    );
    assert_eq!(ast.layer, Some(230));
}

#[test]
fn layers() {
    let layer = |text: &str| {
        let source = Source::new("test.tl", text).unwrap();
        tl_parser::parse(FileId(0), &source).ast.layer
    };
    assert_eq!(layer("a = A; // LAYER 1"), Some(1));
    assert_eq!(layer("//LAYER\t007 \r\n"), Some(7));
    assert_eq!(
        layer("// LAYER23\n// LAYERS 3\n// LAYER x\n// LAYER 99999999999"),
        None
    );
    assert_eq!(layer("a // LAYER 5\n = A;"), Some(5));
}

/// The doc comments of each declaration.
fn docs(text: &str) -> Vec<Vec<String>> {
    let source = Source::new("test.tl", text).unwrap();
    let ast = tl_parser::parse(FileId(0), &source).ast;
    ast.items
        .iter()
        .filter_map(|item| match item {
            Item::Declaration(declaration) => Some(declaration),
            _ => None,
        })
        .map(|declaration| {
            let range = declaration.docs.start as usize..declaration.docs.end as usize;
            let comments = &ast.comments[range];
            let text = |comment: &tl_parser::ast::Comment| source.slice(comment.span).to_owned();
            comments.iter().map(text).collect()
        })
        .collect()
}

#[test]
fn documentation_stands_directly_above() {
    assert_eq!(
        docs("//@class A\n\n//@d one\n//- more\na = A;\nb = A; //@d of b?\nc = A;"),
        [vec!["//@d one", "//- more"], vec![], vec![]]
    );
    assert_eq!(
        docs("/** one\n\ntwo */\n/* no */\n/** three */ a = A; /** b */\nb = B;"),
        [vec!["/** three */"], vec![]]
    );
    assert_eq!(docs("//@d a\n\na = A;"), [Vec::<String>::new()]);
    assert_eq!(docs("//@d s\n---types---\n//@d a\na = A;"), [["//@d a"]]);
    assert_eq!(
        docs("a //@d inner\n = A;\n//@d b\nb = B;"),
        [vec![], vec!["//@d b"]]
    );
}
