//! `.tlo` files: what the official tool wrote is read, and written the same; what has been written
//! by hand from the format's description as well.

#![allow(clippy::unwrap_used, reason = "tests")]

mod common;

use common::shape::shape;
use common::{real_file, schema, schema_of};
use expect_test::expect_file;
use tl_parser::conversion::LossKind;
use tl_parser::ir::Schema;
use tl_parser::source::Source;
use tl_parser::tlo::{self, ReadErrorKind, Version, WriteErrorKind};

/// Pairs of a text and what the official tool made of it.
const OFFICIAL: [&str; 4] = ["mtproto_api", "secret_api", "lite_api", "ton_api"];

/// The bytes of a listing: two hexadecimal digits each, up to the `|` of each line.
fn listing(text: &str) -> Vec<u8> {
    text.lines()
        .flat_map(|line| line.split('|').next().unwrap_or("").split_whitespace())
        .map(|byte| u8::from_str_radix(byte, 16).unwrap())
        .collect()
}

fn read(name: &str, bytes: &[u8]) -> Schema {
    schema(Source::new(name, tlo::read(bytes).unwrap()).unwrap())
}

/// The offset of the first byte that differs, to tell more than that something does.
fn first_difference(a: &[u8], b: &[u8]) -> Option<usize> {
    let differs = a.iter().zip(b).position(|(a, b)| a != b);
    differs.or_else(|| (a.len() != b.len()).then(|| a.len().min(b.len())))
}

#[test]
fn official_files_are_written_byte_for_byte() {
    for name in OFFICIAL {
        let text = real_file(&format!("tlo/{name}.tl"));
        let expected = real_file(&format!("tlo/{name}.tlo"));
        let (Some(text), Some(expected)) = (text, expected) else {
            continue;
        };
        let schema = schema(Source::from_bytes(name, text).unwrap());
        let written = tlo::write(&schema, Version::V2).unwrap().output;
        assert_eq!(first_difference(&written, &expected), None, "{name}");
    }
}

#[test]
fn official_files_are_read_as_the_schema_that_they_were_made_of() {
    for name in OFFICIAL {
        let text = real_file(&format!("tlo/{name}.tl"));
        let bytes = real_file(&format!("tlo/{name}.tlo"));
        let (Some(text), Some(bytes)) = (text, bytes) else {
            continue;
        };
        let expected = schema(Source::from_bytes(name, text).unwrap());
        assert_eq!(shape(&read(name, &bytes)), shape(&expected), "{name}");
    }
}

/// The schema of the format itself, as bytes in the language's documentation
/// (core.telegram.org/mtproto/TL-tl). Of these the date is taken as 0, and bit 25 in the flags of all
/// types as unset: the tool which made them set it everywhere, today's only where there is a default
/// constructor.
#[test]
fn the_documentations_example_is_written_byte_for_byte() {
    let schema = schema_of(include_str!("tlo/tl.tl"));
    let written = tlo::write(&schema, Version::V2).unwrap().output;
    assert_eq!(written.len(), 4160);
    assert_eq!(crc32fast::hash(&written), 0x6140_0de6);
    assert_eq!(shape(&read("tl.tlo", &written)), shape(&schema));
}

/// What the project's own schemas become. The official tool has not seen these very files; of their
/// sisters it makes the same bytes as this writer. A digest that changes here is a change of the
/// writer or of a schema.
#[test]
fn the_projects_schemas_stay_as_they_are() {
    for (path, len, crc) in [
        ("mtproto/mtproto.tl", 10_624, 0x6259_b0c2),
        ("tdlib/td_api.tl", 474_760, 0x18f7_948c),
        ("telegram/api.tl", 524_992, 0xd66a_8e7b),
        ("ton/lite_api.tl", 20_744, 0x5ad4_fba1),
        ("ton/ton_api.tl", 125_800, 0x0ace_94be_u32),
    ] {
        let file = std::path::Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("../schemas")
            .join(path);
        let schema = schema(Source::from_bytes(path, std::fs::read(file).unwrap()).unwrap());
        let written = tlo::write(&schema, Version::V2).unwrap().output;
        assert_eq!(
            (written.len(), crc32fast::hash(&written)),
            (len, crc),
            "{path}"
        );
        assert_eq!(shape(&read(path, &written)), shape(&schema), "{path}");
    }
}

#[test]
fn version_2_is_written_as_described() {
    let schema = schema_of(include_str!("tlo/small.tl"));
    let written = tlo::write(&schema, Version::V2).unwrap();
    let expected = listing(include_str!("tlo/small_v2.hex"));
    assert_eq!(first_difference(&written.output, &expected), None);
    let losses: Vec<_> = written.losses.iter().map(|loss| loss.kind).collect();
    assert_eq!(losses, [LossKind::Order]);
}

#[test]
fn version_4_is_written_as_described() {
    let annotated = include_str!("tlo/small.tl")
        .replace("\nread ", "\n@read read ")
        .replace("\ninvoke ", "\n@any @internal invoke ");
    let schema = schema_of(&annotated);
    let written = tlo::write(&schema, Version::V4).unwrap();
    let expected = listing(include_str!("tlo/small_v4.hex"));
    assert_eq!(first_difference(&written.output, &expected), None);
    let annotations = written
        .losses
        .iter()
        .find(|loss| loss.kind == LossKind::Annotations);
    assert_eq!(annotations.unwrap().first.as_deref(), Some("invoke"));
}

#[test]
fn versions_2_and_4_are_read_as_described() {
    let text = tlo::read(&listing(include_str!("tlo/small_v2.hex"))).unwrap();
    expect_file!["tlo/small_v2.out.tl"].assert_eq(&text);
    let expected = shape(&schema_of(include_str!("tlo/small.tl")));
    assert_eq!(shape(&schema_of(&text)), expected);

    let text = tlo::read(&listing(include_str!("tlo/small_v4.hex"))).unwrap();
    expect_file!["tlo/small_v4.out.tl"].assert_eq(&text);
    assert_eq!(shape(&schema_of(&text)), expected);
}

/// `mask flags:# value:flags.3?int = Mask;`, its two parameters only. In version 3 the bits of
/// their flags have changed places.
#[test]
fn version_3_exchanges_two_bits() {
    let schema = schema_of("int ? = Int; mask flags:# value:flags.3?int = Mask;");
    let v2 = tlo::write(&schema, Version::V2).unwrap().output;
    let v3 = tlo::write(&schema, Version::V3).unwrap().output;
    let parameters = |number: u8, condition: u8| {
        listing(&format!(
            "1b e6 df 29 | parameter
             05 66 6c 61 67 73 00 00 | flags
             {number:02x} 00 00 00 | has a number
             00 00 00 00 | 0
             08 3d 86 c1 ff 9e 65 70 00 00 00 00 00 00 00 00 | #
             1b e6 df 29 | parameter
             05 76 61 6c 75 65 00 00 | value
             {condition:02x} 00 00 00 | depends on a flag
             00 00 00 00 03 00 00 00 | number 0, bit 3"
        ))
    };
    let contains = |bytes: &[u8], part: &[u8]| bytes.windows(part.len()).any(|w| w == part);
    assert!(contains(&v2, &parameters(4, 2)));
    assert!(contains(&v3, &parameters(2, 4)));
    assert_eq!(v2[..4], [0xe2, 0x9b, 0x2f, 0x3a]);
    assert_eq!(v3[..4], [0x4b, 0x60, 0xa8, 0xe4]);
    assert_eq!(shape(&read("v3", &v3)), shape(&schema));
    assert_eq!(shape(&read("v2", &v2)), shape(&schema));
}

/// Whether a declaration, given as a line of its shape, has an id that follows no rule.
fn has_hand_assigned_id(schema: &Schema, line: &str) -> bool {
    let name = line
        .split(' ')
        .nth(1)
        .and_then(|word| word.split('#').next())
        .unwrap();
    let mut found = schema.find_combinators(name).map(|id| &schema[id]);
    found.all(|combinator| combinator.id != combinator.computed_id)
}

/// Every real schema comes back from every version as it was, less what the format cannot hold.
#[test]
fn real_schemas_survive() {
    let mut survived = 0;
    for path in common::real_schemas() {
        let name = path.to_string_lossy().into_owned();
        let source = Source::from_bytes(&name, std::fs::read(&path).unwrap()).unwrap();
        let Some(original) = common::valid_schema(source) else {
            continue;
        };
        for version in [Version::V2, Version::V3, Version::V4] {
            let written = match tlo::write(&original, version) {
                Ok(written) => written,
                // The schema of secret chats: one name in several layers.
                Err(error) if error.kind == WriteErrorKind::RepeatedName => {
                    assert!(name.ends_with("secret-layers.tl"), "{name}: {error}");
                    continue;
                }
                Err(error) => panic!("{name}: {error}"),
            };
            let back = read(&name, &written.output);
            let (back, lines) = (shape(&back), shape(&original));
            assert_eq!(back.len(), lines.len(), "{name}, {version:?}");
            for (back, line) in back.iter().zip(&lines) {
                if back != line {
                    // The spelling, where the id does not tell it.
                    assert!(
                        has_hand_assigned_id(&original, line),
                        "{name}: {back} for {line}"
                    );
                    let simple = |line: &str| line.replace('%', "").replace("implicit ", "");
                    assert_eq!(simple(back), simple(line), "{name}, {version:?}");
                }
            }
            survived += 1;
        }
    }
    println!("{survived} times");
}

/// What is not used of what needs no declaration is not written; what is, is.
#[test]
fn predeclared_types_are_written_if_they_are_used() {
    let text = "user#00000001 id:long names:Vector<string> = User;";
    let written = tlo::write(&schema_of(text), Version::V2).unwrap().output;
    let text = tlo::read(&written).unwrap();
    assert_eq!(
        text,
        "long#22076cba ? = Long;\n\
         string#b5286e24 ? = String;\n\
         user#00000001 id:long names:Vector<string> = User;\n\
         vector#1cb5c415 {t:Type} # [ t ] = Vector t;\n"
    );
}

#[test]
fn spelling_is_found_out_by_the_id() {
    // `message` and `%Message` in one schema: the flags of the type do not tell which is where.
    let text = "message id:long = Message; \
                a x:message = A; b x:%Message = B; \
                c {t:Type} {n:#} [ t ] = C t n; d {t:Type} {n:#} n*[ t ] = D t n; \
                e _:int = E; f int = F; g x:message y:%Message _:int long = G;";
    let original = schema_of(text);
    let written = tlo::write(&original, Version::V2).unwrap().output;
    assert_eq!(shape(&read("spelling", &written)), shape(&original));
}

#[test]
fn losses_are_said() {
    let losses = |text: &str| -> Vec<LossKind> {
        let written = tlo::write(&schema_of(text), Version::V2).unwrap();
        written.losses.iter().map(|loss| loss.kind).collect()
    };
    assert_eq!(losses("a = A; b = B; ---functions--- f = A; g = B;"), []);
    assert_eq!(losses("b = B; a = A;"), [LossKind::Order]);
    assert_eq!(
        losses("a = A; ---functions--- g = A; f = A;"),
        [LossKind::Order]
    );
    assert_eq!(losses("//@description A letter.\na = A;"), [LossKind::Docs]);
    assert_eq!(
        losses("true = True; @read a => True;"),
        [LossKind::Annotations]
    );
    assert_eq!(losses("// LAYER 9\na = A;"), [LossKind::Layer]);
    assert_eq!(losses("===9=== a = A;"), [LossKind::LayerSections]);
    assert_eq!(losses("a = A; Final A;"), [LossKind::Finalisation]);
    assert_eq!(losses("Empty A;"), []);
    assert_eq!(
        losses("tuple {t:Type} {n:#} [ t ] = Tuple t n; Tuple int 10;"),
        [LossKind::Specialisations]
    );
}

/// Where the id does not tell, the spelling is lost, and that is said.
#[test]
fn lost_spelling_is_said() {
    let lost = |text: &str| {
        let written = tlo::write(&schema_of(text), Version::V2).unwrap();
        let loss = written
            .losses
            .iter()
            .find(|loss| loss.kind == LossKind::Spelling);
        loss.map_or(0, |loss| loss.count)
    };
    let types = "message id:long = Message; one x:message y:%Message = One;";
    assert_eq!(lost("a#00000001 n:# [ int ] = A;"), 1);
    assert_eq!(lost("a#00000001 n:# n*[ int ] = A;"), 0);
    assert_eq!(lost("a n:# [ int ] = A;"), 0);
    assert_eq!(lost("a n:# x:[ y:int ] z:n*[ u:int ] = A;"), 0);
    assert_eq!(lost("a n:# [ int ] n*[ int ] [ int ] n*[ int ] = A;"), 1);
    assert_eq!(lost("vector#1cb5c416 {t:Type} # [ t ] = Vector t;"), 0);
    assert_eq!(lost("a#00000001 _:int = A;"), 1);
    assert_eq!(lost("a _:int = A;"), 0);
    assert_eq!(lost("a _:int long = A;"), 0);
    assert_eq!(lost("a _:int long _:int long _:int = A;"), 1);
    assert_eq!(lost(types), 0);
    assert_eq!(
        lost("message id:long = Message; a#00000001 x:%Message = A;"),
        0
    );
    assert_eq!(
        lost("message id:long = Message; a#00000001 x:%Message = A; b x:message = B;"),
        1
    );
}

#[test]
fn names_are_limited() {
    let schema_with = |len| schema_of(&format!("{} = T;", "a".repeat(len)));
    assert!(tlo::write(&schema_with(253), Version::V2).is_ok());
    let error = tlo::write(&schema_with(254), Version::V2).unwrap_err();
    assert_eq!(error.kind, WriteErrorKind::NameTooLong { len: 254 });
    assert!(error.to_string().len() < 200);
}

#[test]
fn arity_is_limited() {
    let schema_with = |arity| {
        let variables: String = (0..arity).map(|i| format!("{{t{i}:Type}} ")).collect();
        let arguments: String = (0..arity).map(|i| format!(" t{i}")).collect();
        schema_of(&format!("a {variables}= T{arguments};"))
    };
    assert!(tlo::write(&schema_with(64), Version::V2).is_ok());
    let error = tlo::write(&schema_with(65), Version::V2).unwrap_err();
    assert_eq!(error.kind, WriteErrorKind::TooManyParameters { arity: 65 });
}

#[test]
fn types_with_equal_numbers_are_refused() {
    let schema = schema_of("a#00000001 = A; b#00000003 = B; c#00000002 = B;");
    let error = tlo::write(&schema, Version::V2).unwrap_err();
    assert_eq!(error.name.as_deref(), Some("B"));
    let expected = WriteErrorKind::SameNumber {
        other: "A".to_owned(),
        number: 1,
    };
    assert_eq!(error.kind, expected);
}

#[test]
fn a_conditional_number_that_is_used_has_a_number() {
    let text = "a f0:# f1:f0.0?# f2:f1.1?# x:f1.2?int y:f2.3?int = A;";
    let original = schema_of(text);
    for version in [Version::V2, Version::V3, Version::V4] {
        let written = tlo::write(&original, version).unwrap().output;
        assert_eq!(shape(&read("conditional", &written)), shape(&original));
    }
}

/// A name in a file cannot smuggle declarations into the text.
#[test]
fn names_cannot_say_more_than_a_name() {
    let schema = schema_of("harmless_name = Type_;");
    let bytes = tlo::write(&schema, Version::V2).unwrap().output;
    let at = bytes
        .windows(13)
        .position(|w| w == b"harmless_name")
        .unwrap();
    for name in [
        "a = B; evil c",
        "a\n=B;\nevil cd",
        "a//aaaaaaaaaa",
        "\u{e9}aaaaaaaaaaa",
    ] {
        assert_eq!(name.len(), 13);
        let mut bytes = bytes.clone();
        bytes[at..at + 13].copy_from_slice(name.as_bytes());
        let error = tlo::read(&bytes).unwrap_err();
        let wanted = "a combinator's name";
        assert_eq!(error.kind, ReadErrorKind::Name { wanted });
        assert_eq!(error.offset, at - 1);
    }
}

#[test]
fn errors_say_where_and_what() {
    let bytes = listing(include_str!("tlo/small_v2.hex"));
    let error = tlo::read(b"user#1 = User;").unwrap_err();
    assert_eq!(
        error.to_string(),
        "byte 0: wanted the number of version 2, 3 or 4 of the format, found 72657375"
    );
    let error = tlo::read(&bytes[..bytes.len() - 2]).unwrap_err();
    assert_eq!(
        error.to_string(),
        format!("byte {}: wanted arguments, found the end", bytes.len() - 4)
    );
    let error = tlo::read(&[&bytes[..], &[0]].concat()).unwrap_err();
    assert_eq!(
        error.to_string(),
        format!("byte {}: wanted the end, found 1 more bytes", bytes.len())
    );
}
