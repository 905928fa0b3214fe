//! What schemas mean.

#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

mod common;

use expect_test::{Expect, expect};
use proptest::prelude::*;
use tl_parser::Compiled;
use tl_parser::diagnostic::Code;
use tl_parser::ir::Builtin;
use tl_parser::render::Renderer;
use tl_parser::source::Source;

fn compile(text: &str) -> Compiled {
    tl_parser::compile([Source::new("test.tl", text).unwrap()])
}

/// The schema in normal form, which says what each name was resolved to.
fn check(text: &str, expected: &Expect) {
    let compiled = compile(text);
    let renderer = Renderer::new();
    let faults: Vec<String> = compiled
        .diagnostics
        .iter()
        .map(|fault| renderer.one_line(fault, &compiled.sources).to_string() + "\n")
        .collect();
    let schema = compiled
        .schema
        .map_or(String::new(), |schema| schema.to_tl());
    expected.assert_eq(&(faults.concat() + &schema));
}

#[test]
fn real_schemas_resolve() {
    for path in common::real_schemas() {
        let name = path.to_string_lossy().into_owned();
        let source = Source::from_bytes(name.clone(), std::fs::read(&path).unwrap()).unwrap();
        let compiled = tl_parser::compile([source]);
        let codes: Vec<Code> = compiled
            .diagnostics
            .iter()
            .map(|fault| fault.code)
            .collect();
        let faulty = [
            ("micro/43.tl", Code::UnknownVariable),
            ("micro/44.tl", Code::BitOutOfRange),
            ("micro/46.tl", Code::MissingSemicolon),
        ];
        if let Some((_, code)) = faulty.iter().find(|(end, _)| name.ends_with(end)) {
            assert!(codes.contains(code), "{name}: {codes:?}");
            continue;
        }
        assert_eq!(compiled.faults().0, 0, "{name}: {codes:?}");
        let schema = compiled.schema.unwrap();
        let text = schema.to_tl();
        let again = compile(&text).schema.unwrap();
        assert!(again.to_tl() == text, "{name}");
        if name.ends_with("telegram/api-230.tl") {
            let counts = schema.counts();
            let counts = (counts.constructors, counts.functions, counts.types);
            assert_eq!(counts, (1704, 850, 650));
        }
    }
}

#[test]
fn several_files_make_one_schema() {
    let (Some(mtproto), Some(api)) = (
        common::real_file("mtproto/mtproto.tl"),
        common::real_file("telegram/api-230.tl"),
    ) else {
        return;
    };
    let compiled = tl_parser::compile([
        Source::from_bytes("mtproto.tl", mtproto).unwrap(),
        Source::from_bytes("api.tl", api).unwrap(),
    ]);
    assert_eq!(compiled.faults().0, 0);
    assert_eq!(compiled.schema.unwrap().layer, Some(230));
}

#[test]
fn numbers_and_templates() {
    check(
        "tuple {t:Type} {n:#} [t] = Tuple t n;
         a {n:#} x:%(Tuple int (1 + n)) f:n.3?n*[ k:# v:k*[string] ] = A n;
         b n:# (x y:n.0?%(A n)) z:(A (2 + n + 1)) = B;
         ---functions---
         @read f n:# => Tuple<int, n>;
         g {X:Type} query:!X = Vector X;
         Tuple int 10;",
        &expect![[r#"
            tuple#9770768a {t:Type} {n:#} [ t ] = Tuple t n;
            a#493edf8d {n:#} x:%Tuple<int, n + 1> f:n.3?n*[ k:# v:k*[ string ] ] = A n;
            b#25d626dd n:# x:n.0?%A<n> y:n.0?%A<n> z:A<n + 3> = B;

            ---functions---
            @read f#18a307e3 n:# = Tuple<int, n>;
            g#daff7c5b {X:Type} query:!X = Vector X;

            ---types---
            Tuple int 10;
        "#]],
    );
}

#[test]
fn the_newest_constructor_at_or_before_a_layer_section_is_meant() {
    let compiled = compile(
        "===8=== a#1 = A; b#2 x:a = B; ===17=== a#3 x:int = A; c#4 x:a y:%A = C; ===20=== a#1 = A; d#5 x:a = D;",
    );
    let schema = compiled.schema.unwrap();
    let meant = |name: &str| {
        let id = schema.find_combinators(name).next().unwrap();
        let fields = &schema[id].fields;
        let tl_parser::ir::TypeExpr::Bare { constructor, .. } = fields[0].ty else {
            panic!("{name} is not bare");
        };
        schema[constructor].id
    };
    assert_eq!((meant("b"), meant("c"), meant("d")), (1, 3, 1));
    assert_eq!(schema.find_combinators("a").count(), 2);
}

#[test]
fn what_is_not_declared_is_predeclared_as_far_as_it_is_needed() {
    let schema = compile("a x:int128 y:Bool = A;").schema.unwrap();
    let names: Vec<&str> = schema.combinators.iter().map(|c| &schema[c.name]).collect();
    assert_eq!(names, ["a", "int128", "boolFalse", "boolTrue", "int"]);
    assert_eq!(schema.counts().constructors, 1);
    // A declaration of the schema's own counts, whatever it says.
    let schema = compile("int128 x:long = Int128; a x:int128 = A;")
        .schema
        .unwrap();
    let own = schema.find_combinators("int128").next().unwrap();
    assert_eq!(
        (schema[own].builtin, schema[own].predeclared),
        (None, false)
    );
    let schema = compile("bytes data:string = Bytes;").schema.unwrap();
    assert_eq!(schema.combinators[0].builtin, Some(Builtin::Bytes));
}

#[test]
fn comments_are_attached() {
    let text = "//@class User @description Someone\n//-who is there\n\n\
        //@description A user @id Their number @name Their @nick, as it\n//-is written\n\
        //@param_description What they say\nuser id:int name:string description:string = User;";
    let schema = compile(text).schema.unwrap();
    let user = &schema.combinators[0];
    assert_eq!(user.docs.as_ref().unwrap().text, "A user");
    let docs: Vec<_> = user
        .fields
        .iter()
        .map(|field| field.docs.as_deref())
        .collect();
    let name = "Their @nick, as it\nis written";
    assert_eq!(
        docs,
        [Some("Their number"), Some(name), Some("What they say")]
    );
    let class = schema.types[0].docs.as_ref().unwrap();
    assert_eq!(class.text, "Someone\nwho is there");
}

#[test]
fn long_lines_and_control_characters_are_shown_in_part() {
    let text = format!(
        "a {}x\u{1b}:\tUsr = A; b y:Usr = B;",
        "z:int ".repeat(100_000)
    );
    let compiled = compile(&text);
    let renderer = Renderer::new();
    for fault in &compiled.diagnostics {
        let shown = renderer.render(fault, &compiled.sources);
        assert!(shown.len() < 2000, "{}", shown.len());
        assert!(!shown.contains('\u{1b}'));
        assert!(shown.contains("test.tl:1:"));
    }
    assert!(!compiled.diagnostics.is_empty());
}

/// Schemas whose size is a problem if anything is done twice for each of its parts.
#[test]
fn great_faulty_schemas_are_resolved() {
    let n = 3000;
    let many = |part: &dyn Fn(usize) -> String| (0..n).map(part).collect::<String>();
    let texts = [
        many(&|i| format!("a x{i}:int = A;")),
        many(&|i| format!("a{i} x:Foo{i} = A{i};")),
        many(&|i| format!("==={}=== a x{i}:int = A; b{i} x:a y:%A = B{i};", n - i)),
        many(&|i| format!("a{i} x:a{} = A{i};", (i + 1) % n)),
        many(&|i| {
            format!(
                "a{i} {{t:Type}} f:# x:f.0?(a{} (vector t)) = A{i} t;",
                (i + 1) % n
            )
        }),
        format!("a {} = A;", many(&|i| format!("f{i}:g{i}.0?int "))),
        format!(
            "a ({} :2*[ {} ]) = A;",
            many(&|i| format!("v{i} ")),
            "int ".repeat(n)
        ),
        format!(
            "{} T int;",
            many(&|i| format!("t{i} {{x:Type}} a:x = T x;"))
        ),
    ];
    for text in texts {
        let compiled = compile(&text);
        assert!(compiled.schema.is_some() || !compiled.diagnostics.is_empty());
        assert!(compiled.diagnostics.len() <= 2002);
    }
}

/// Pieces of schemas, put together in any order.
fn piece() -> impl Strategy<Value = String> {
    let names = "a|b|c|A|B|int|Vector|vector|t|n|f|Maybe|Type|_|x\\.a|X";
    let ty = format!(
        "({names}|%A|%Vector<{names}>|\\({names} {names}\\)|n\\*\\[ {names} \\]|#|!t|\\[ t \\]|\\(n \\+ 3\\)|4\\*\\[ f:# \\])"
    );
    let field = format!("({names}):(f\\.[0-9]{{1,2}}\\?)?{ty}|{ty}|\\({names} {names}:{ty}\\)");
    let field = field.replace("|x\\.a", "");
    let declaration = format!(
        "({names})(#[0-9a-f]{{8}})?( \\{{t:Type\\}})?( \\{{n:#\\}})?( ({field})){{0,4}} = ({names}|A t|B n|Vector t|A int);\n"
    );
    let other = "Final A;\n|Empty C;\n|New B;\n|---functions---\n|---types---\n|===[0-9]===\n|A int;\n|int \\? = Int;\n";
    prop_oneof![
        6 => proptest::string::string_regex(&declaration).unwrap(),
        1 => proptest::string::string_regex(other).unwrap(),
    ]
}

proptest! {
    /// Nothing panics, and what has no errors means the same in normal form.
    #[test]
    fn any_schema_is_resolved_or_refused(pieces in prop::collection::vec(piece(), 0..12)) {
        let compiled = compile(&pieces.concat());
        let renderer = Renderer::new();
        for fault in &compiled.diagnostics {
            prop_assert!(!renderer.render(fault, &compiled.sources).is_empty());
        }
        prop_assert_eq!(compiled.schema.is_some(), compiled.faults().0 == 0);
        if let Some(schema) = compiled.schema {
            let text = schema.to_tl();
            let again = compile(&text);
            prop_assert_eq!(again.faults().0, 0, "{}", text);
            prop_assert_eq!(again.schema.unwrap().to_tl(), text);
        }
    }
}
