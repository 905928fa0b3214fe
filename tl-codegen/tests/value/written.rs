//! What people and programs write: taken where it is clear, refused with its place where not.

use proptest::prelude::*;
use tl_codegen::value::{Catalog, TypeError, Value, line_column};
use tl_parser::ir::Schema;

use super::schema;

fn constructs() -> Schema {
    schema(&[include_str!("constructs.tl")])
}

/// The text form of what the bytes of a text mean.
#[track_caller]
fn means(text: &str, form: &str) {
    let schema = constructs();
    let catalog = Catalog::new(&schema);
    let bytes = match text.starts_with("{\"") {
        true => catalog.encode_json(text, &catalog.any()),
        false => catalog.encode_text(text, &catalog.any()),
    };
    let bytes = bytes.unwrap_or_else(|error| panic!("{error}: {text}"));
    let decoded = catalog.decode(&bytes, &catalog.any());
    assert_eq!(decoded.faults, []);
    let one_line: Vec<String> = decoded
        .value
        .to_string()
        .lines()
        .map(|line| line.trim().to_owned())
        .collect();
    assert_eq!(one_line.join(" "), form, "{text}");
}

/// `line:column message`
#[track_caller]
fn refused(text: &str, error: &str) {
    let schema = constructs();
    let catalog = Catalog::new(&schema);
    let result = match text.starts_with("{\"") {
        true => catalog.encode_json(text, &catalog.any()),
        false => catalog.encode_text(text, &catalog.any()),
    };
    let found = result.unwrap_err();
    let (line, column) = line_column(text, found.offset());
    assert_eq!(format!("{line}:{column} {found}"), error, "{text}");
}

#[test]
fn more_than_is_printed_is_taken() {
    // Any order, any separators, comments, ids, `null` and `false` for what is absent.
    means("flags { c: \"x\", b: 1 }", "flags { b: 1 c: \"x\" }");
    means(
        "flags {\n// a comment\nb: 1,, c: \"x\" // another\n}",
        "flags { b: 1 c: \"x\" }",
    );
    means("flags#df0af027 { a: false b: null }", "flags");
    means("flags { flags: 0 more: 0 }", "flags");
    means("masks { f0: 1 }", "masks { f1: 0 t1: true }");
    means("flags { flags: 1 more: 0 }", "flags { a: true }");
    means("masks { f0: 1 f1: 0 t1: true }", "masks { f1: 0 t1: true }");
    means(
        "grid { n: 1 m: 2 cells: [[1 2]] }",
        "grid { m: 2 cells: [ [1, 2] ] }",
    );
    // A single constructor need not be named, nor a bare one.
    means(
        "container { messages: [{ id: 1 bytes: 4 body: @raw 0x01020304 }] }",
        "container { messages: [ message { id: 1 bytes: 4 body: @raw 0x01020304 } ] }",
    );
    // Text for bytes, bytes for text.
    means(
        "pair { a: string { @value: 0x4142 } b: bool { } }"
            .replace("bool { }", "true")
            .as_str(),
        "pair { a: string { @value: \"AB\" } b: true }",
    );
    means(
        "anything { x: boolTrue y: [boolFalse {}] }",
        "anything { x: true y: [true] }"
            .replace("[true]", "[false]")
            .as_str(),
    );
    // JSON: numbers as strings, and the other way.
    means(
        "{\"@type\": \"nameless\", \"value\": 12345678901, \"value_2\": \"-5\", \"value_3\": \"\"}",
        "nameless { value_2: -5 value_3: \"\" value: 12345678901 }",
    );
    means(
        "{\"value\": \"1\", \"value_2\": 1, \"value_3\": {\"@bytes\": \"aGk=\"}, \"@type\": \"nameless\"}",
        "nameless { value_2: 1 value_3: \"hi\" value: 1 }",
    );
}

#[test]
fn doubles_are_exact() {
    let schema = schema(&["double ? = Double; float ? = Float; d d:double = D; f f:float = F;"]);
    let catalog = Catalog::new(&schema);
    let bits = |text: &str| {
        let json = format!("{{\"@type\": \"d\", \"d\": {text}}}");
        let bytes = catalog.encode_json(&json, &catalog.any()).unwrap();
        u64::from_le_bytes(*bytes.last_chunk().unwrap())
    };
    assert_eq!(bits("-0.0"), (-0.0_f64).to_bits());
    assert_eq!(bits("1"), 1.0_f64.to_bits());
    assert_eq!(bits("\"0.1\""), 0.1_f64.to_bits());
    // Halfway between two doubles, and a bit more.
    assert_eq!(
        bits("9007199254740993.00000000000000000000001"),
        9_007_199_254_740_994.0_f64.to_bits()
    );
    assert_eq!(bits("\"NaN#fff8000000000001\""), 0xfff8_0000_0000_0001);
    for text in [
        "1e999",
        "\"inf\"",
        "\"nan\"",
        "\"NaN#3ff0000000000000\"",
        "\"NaN#7ff8\"",
        "\"\"",
        "\"1_0\"",
    ] {
        let json = format!("{{\"@type\": \"d\", \"d\": {text}}}");
        let error = catalog.encode_json(&json, &catalog.any()).unwrap_err();
        assert!(
            error.to_string().ends_with(" is no double, in d.d"),
            "{error}"
        );
    }
    // Not by way of a double.
    let bytes = catalog
        .encode_text("f { f: 1.000000059604644775390626 }", &catalog.any())
        .unwrap();
    assert_eq!(
        f32::from_le_bytes(*bytes.last_chunk().unwrap()).to_bits(),
        0x3f80_0001
    );
}

proptest! {
    /// Every double and every float comes back as it was, NaNs by their bits.
    #[test]
    fn every_double_comes_back(double: u64, float: u32) {
        let schema = schema(&["double ? = Double; float ? = Float; a d:double f:float = A;"]);
        let catalog = Catalog::new(&schema);
        let id = catalog.encode_text("a { d: 0 f: 0 }", &catalog.any()).unwrap();
        let bytes = [&id[..4], &double.to_le_bytes(), &float.to_le_bytes()].concat();
        let value = catalog.decode(&bytes, &catalog.any()).value;
        let text = catalog.encode_text(&value.to_string(), &catalog.any());
        prop_assert_eq!(text.as_deref(), Ok(&bytes[..]));
        let json = catalog.encode_json(&value.to_json(), &catalog.any());
        prop_assert_eq!(json.as_deref(), Ok(&bytes[..]));
    }
}

#[test]
fn what_is_wrong_is_told_with_its_place() {
    // Numbers.
    refused(
        "ask { id: 2147483648 }",
        "1:11 2147483648 is no int, in ask.id",
    );
    refused("ask { id: 1.5 }", "1:11 1.5 is no int, in ask.id");
    refused(
        "ask { id: \"1\" }",
        "1:11 a string stands where an int was wanted, in ask.id",
    );
    refused(
        "{\"@type\": \"ask\", \"id\": \"x\"}",
        "1:24 \"x\" is no int, in ask.id",
    );
    refused(
        "inner { items: [{ flags: -1 y: 0 }] }",
        "1:26 -1 is no #, in inner.items[0].flags",
    );
    // Names.
    refused(
        "askk { id: 1 }",
        "1:1 nothing in the schema is called askk; there is ask",
    );
    refused("tell { id: 1 }", "1:1 nothing in the schema is called tell");
    refused(
        "Ask { id: 1 }",
        "1:1 nothing in the schema is called Ask; there is ask",
    );
    refused(
        "ask#1 { id: 1 }",
        "1:1 ask#00000001 stands where Object was wanted",
    );
    refused("{ id: 1 }", "1:1 the constructor of Object has to be named");
    refused(
        "templates { maybe: { result: 1 } }",
        "1:20 the constructor of Maybe<int> has to be named, in templates.maybe",
    );
    refused(
        "templates { maybe: ask { id: 1 } }",
        "1:20 ask stands where Maybe<int> was wanted, in templates.maybe",
    );
    refused(
        "wrap { level: 1 query: boxed { } }",
        "1:24 boxed stands where a function was wanted, in wrap.query",
    );
    refused(
        "stats { count: 1 }",
        "1:1 stats depends on numbers that are not known here",
    );
    // Fields.
    refused("ask { id: 1 id: 2 }", "1:17 id is given twice");
    refused("ask {\n  di: 1\n}", "2:7 ask has no field di; it has id");
    refused("ask", "1:1 id of ask is missing");
    refused(
        "flags { b: 1 }",
        "1:1 c of flags is missing: flags.1 stands for it and for b",
    );
    refused(
        "flags { flags: 2 b: 1 }",
        "1:1 c of flags is missing: flags.1 is set",
    );
    refused(
        "flags { flags: 0 b: 1 c: \"\" }",
        "1:21 b can't be there: flags.1 is not set",
    );
    refused(
        "flags { flags: 1 a: false }",
        "1:21 a of flags is missing: flags.0 is set",
    );
    // Counts and sizes.
    refused(
        "grid { n: 2 m: 1 cells: [[1]] }",
        "1:25 2 elements are wanted, and there are 1, in grid.cells",
    );
    refused(
        "grid { m: 1 cells: [[1, 2]] }",
        "1:21 1 elements are wanted, and there are 2, in grid.cells[0]",
    );
    refused(
        "scalars { i: 0 l: 0 d: 0 f: 0 s: \"\" b: 0x n: 0 i128: 0x00 }",
        "1:54 int128 takes 16 bytes, and there are 1, in scalars.i128",
    );
    refused(
        "{\"@type\": \"scalars\", \"b\": \"*\"}",
        "1:1 i of scalars is missing",
    );
    // Faults of decoding.
    refused(
        "ask { id: @fault \"the bytes end\" }",
        "1:11 this was decoded from broken bytes: the bytes end, in ask.id",
    );
    // Syntax.
    refused("", "1:1 a value was wanted where the text ends");
    refused("ask { id: 1", "1:12 `}` was wanted where the text ends");
    refused("ask { id 1 }", "1:10 `:` was wanted where `1` stands");
    refused(
        "ask { id: 1 } x",
        "1:15 the end was wanted where `x` stands",
    );
    refused(
        "ask { id: 0x1 }",
        "1:11 bytes are pairs of hexadecimal digits after `0x`",
    );
    refused("ask { id: 01 }", "1:11 01 is no number");
    refused("ask { id: \"x }", "1:11 this string does not end");
    refused(
        "ask { id: \"\\q\" }",
        "1:12 this is no escape that JSON has",
    );
    refused(
        "ask { id: @raw 5 }",
        "1:16 bytes in hexadecimal digits, `0x…`, was wanted where `5` stands",
    );
    refused("ask#12345678x { }", "1:1 12345678x is no constructor id");
    refused(
        "{\"@type\": 5}",
        "1:11 the name of a constructor is a string",
    );
    refused(
        "{\"@type\": \"ask\", \"id\": 1,}",
        "1:26 a quoted name was wanted where `}` stands",
    );
    refused("{\"@raw\": \"*\"}", "1:10 this is not base64");
}

#[test]
fn deep_texts_are_refused() {
    for text in [
        "[".repeat(100_000),
        "{\"a\":".repeat(100_000),
        "a { a: ".repeat(100_000),
    ] {
        let parsed = [Value::from_text(&text), Value::from_json(&text)];
        for error in parsed.into_iter().filter_map(Result::err) {
            assert!(error.offset() < 2000, "{error}");
        }
    }
}

#[test]
fn types_by_name() {
    let schema = constructs();
    let catalog = Catalog::new(&schema);
    let one = |ty: &str, text: &str| {
        let ty = catalog.parse_type(ty).unwrap();
        let bytes = catalog.encode_text(text, &ty).unwrap();
        let decoded = catalog.decode(&bytes, &ty);
        assert_eq!(decoded.faults, []);
        (bytes.len(), decoded.value.to_string())
    };
    assert_eq!(one("int", "5"), (4, "5".to_owned()));
    assert_eq!(one("Int", "5"), (8, "5".to_owned()));
    assert_eq!(one("#", "5"), (4, "5".to_owned()));
    assert_eq!(one("vector<int>", "[1]"), (8, "[1]".to_owned()));
    assert_eq!(one("(Vector int)", "[1]"), (12, "[1]".to_owned()));
    assert_eq!(
        one("Vector<Vector<%Pair<int, string>>>", "[[{ a: 1 b: \"\" }]]").0,
        24
    );
    assert_eq!(
        one(
            " ( pair ( Maybe int ) (tuple int 2) ) ",
            "{ a: resultFalse b: { value: [1 2] } }"
        )
        .0,
        12
    );
    assert_eq!(one("Stats<1>", "{ count: 1 views: 2 }").0, 12);
    assert_eq!(one("stats<1>", "{ count: 1 views: 2 }").0, 8);
    assert_eq!(one("ask", "{ id: 1 }").0, 8);
    assert_eq!(one("Object", "ask { id: 1 }").0, 8);
    assert_eq!(one("Bool", "true").0, 4);

    let error = |ty: &str| catalog.parse_type(ty).unwrap_err().to_string();
    assert_eq!(error("Nothing"), "nothing in the schema is called Nothing");
    assert_eq!(
        error("maybe"),
        "nothing in the schema is called maybe; there is Maybe"
    );
    assert_eq!(error("Vector"), "Vector wants the arguments <Type>");
    assert_eq!(error("Vector<1>"), "Vector wants the arguments <Type>");
    assert_eq!(error("ask<int>"), "ask takes no arguments");
    assert_eq!(
        error("%Maybe<int>"),
        "Maybe does not have just one constructor and can't be bare"
    );
    assert_eq!(
        error("Vector<int"),
        "`,` or `>` was wanted where the type ends"
    );
    assert_eq!(error("Vector<int>>"), "the end was wanted before \">\"");
    assert_eq!(error(""), "a name was wanted where the type ends");
    assert!(catalog.parse_type(&"Vector<".repeat(10_000)).is_err());

    assert!(catalog.result_of("ask").is_ok());
    assert!(matches!(
        catalog.result_of("boxed"),
        Err(TypeError::NotAFunction { .. })
    ));
    assert_eq!(
        catalog.result_of("askMany").unwrap_err().to_string(),
        "what askMany answers, Tuple<int, n>, depends on the numbers of the question"
    );
}

#[test]
fn several_constructors_of_one_name() {
    let schema = schema(&[
        "===8===\nmessage#00000008 a:int = Message;\n===17===\nmessage#00000017 a:int b:int = Message;\n",
    ]);
    let catalog = Catalog::new(&schema);
    let ty = catalog.parse_type("Message").unwrap();
    let text = "message#00000017 {\n  a: 1\n  b: 2\n}";
    let bytes = catalog.encode_text(text, &ty).unwrap();
    let value = catalog.decode(&bytes, &ty).value;
    assert_eq!(value.to_string(), text);
    assert!(
        value
            .to_json()
            .starts_with("{\n  \"@type\": \"message#00000017\",\n")
    );
    assert_eq!(
        catalog.encode_json(&value.to_json(), &ty).as_ref(),
        Ok(&bytes)
    );
    let error = catalog.encode_text("message { a: 1 }", &ty).unwrap_err();
    assert_eq!(
        error.to_string(),
        "message may be any of message#00000008, message#00000017"
    );
    let error = catalog.parse_type("message").unwrap_err();
    assert_eq!(
        error.to_string(),
        "message may be any of message#00000008, message#00000017"
    );
    assert!(catalog.parse_type("message#8").is_ok());
}

/// JSON, and text that is nearly JSON.
fn nearly_json() -> impl Strategy<Value = String> {
    const WORDS: &[&str] = &[
        "{",
        "}",
        "[",
        "]",
        ":",
        ",",
        "\"a\"",
        "\"\\u00e9\\n\"",
        "\"\\ud83d\\ude00\"",
        "\"\\ud800\"",
        "\"\\x\"",
        "\"",
        "1",
        "-0",
        "01",
        "1.5",
        "1.",
        ".5",
        "1e5",
        "1E+",
        "-",
        "+1",
        "true",
        "false",
        "null",
        "nul",
        "NaN",
        " ",
        "\n",
        "\u{a0}",
        "//",
        "0x00",
        "é",
    ];
    proptest::collection::vec(proptest::sample::select(WORDS), 0..12)
        .prop_map(|words| words.concat())
}

/// A document of JSON.
fn json() -> impl Strategy<Value = String> {
    let leaf = prop_oneof![
        Just("null".to_owned()),
        any::<bool>().prop_map(|it| it.to_string()),
        any::<i64>().prop_map(|it| it.to_string()),
        any::<f64>()
            .prop_filter("JSON has none", |it| it.is_finite())
            .prop_map(|it| format!("{it:?}")),
        any::<String>().prop_map(|it| serde_json::to_string(&it).unwrap()),
    ];
    leaf.prop_recursive(4, 40, 6, |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..5)
                .prop_map(|all| format!("[ {} ]", all.join(" ,"))),
            proptest::collection::vec(("[a-z]{1,3}", inner), 0..5).prop_map(|all| {
                let fields: Vec<String> = all
                    .iter()
                    .map(|(name, value)| format!("\"{name}\" :{value}"))
                    .collect();
                format!("{{{}\n}}", fields.join(", "))
            }),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    /// Our parser of JSON takes what a proven one takes, and nothing else.
    #[test]
    fn json_is_json(text in prop_oneof![nearly_json(), json()]) {
        let theirs = serde_json::from_str::<serde_json::Value>(&text);
        // That a number is too great for a double is told where a double is wanted.
        let is_too_great = |error: &serde_json::Error| error.to_string().contains("out of range");
        prop_assume!(!theirs.as_ref().is_err_and(is_too_great));
        let ours = Value::from_json(&text);
        prop_assert_eq!(ours.is_ok(), theirs.is_ok(), "{}: {:?}", text, ours.err());
    }

    #[test]
    fn any_text_is_answered(text: String) {
        for value in [Value::from_text(&text), Value::from_json(&text)] {
            if let Err(error) = value {
                prop_assert!(text.is_char_boundary(error.offset()));
            }
        }
    }

    /// What is parsed and printed is the same when it is parsed again.
    #[test]
    fn parsed_values_print(text in prop_oneof![nearly_json(), json()]) {
        if let Ok(value) = Value::from_text(&text) {
            let printed = value.to_string();
            let again = Value::from_text(&printed).map(|value| value.to_string());
            prop_assert_eq!(again.ok(), Some(printed));
        }
    }
}
