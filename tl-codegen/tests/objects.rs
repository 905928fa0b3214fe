//! `Object` and `Function` as enums.
#![cfg(feature = "schema")]
#![allow(clippy::unwrap_used, reason = "tests")]

use mtproto_runtime::tl::{Arena, Function, ReadErrorKind, TlRead, TlWrite};
use tl_codegen::{Config, IdRule, Objects};
use tl_parser::source::Source;

mod owned {
    mtproto_runtime::tl::include_schema!(
        "tests/schemas/anything.tl",
        id_rule = "tl",
        objects = "enum"
    );
}
mod borrowed {
    mtproto_runtime::tl::include_schema!(
        "tests/schemas/anything.tl",
        id_rule = "tl",
        objects = "enum",
        ownership = "borrowed",
    );
}
mod bytes {
    mtproto_runtime::tl::include_schema!("tests/schemas/anything.tl", id_rule = "tl");
}

use owned::{enums, functions, types};

fn cat() -> enums::Object {
    enums::Object::ZooCat(Box::new(types::zoo::Cat::new(9)))
}

#[test]
fn a_value_of_any_type_may_be_followed_by_others() {
    let value = types::Crate::new(
        cat(),
        enums::Object::Nothing,
        enums::Function::ZooGet(Box::new(functions::zoo::Get::new("rex".into()))),
    );
    let bytes = value.to_bytes().unwrap();
    let inner = types::zoo::Cat::new(9).to_bytes().unwrap();
    let nothing = types::Nothing::new().to_bytes().unwrap();
    let get = functions::zoo::Get::new("rex".into()).to_bytes().unwrap();
    assert_eq!(bytes[4..], [inner, nothing, get].concat());
    assert_eq!(types::Crate::from_bytes(&bytes).unwrap(), value);

    let arena = Arena::new();
    let value = borrowed::types::Crate::from_bytes_in(&bytes, &arena).unwrap();
    assert!(matches!(
        value.what,
        borrowed::enums::Object::ZooCat(borrowed::types::zoo::Cat { lives: 9 })
    ));
    assert_eq!(value.to_bytes().unwrap(), bytes);
}

#[test]
fn one_within_the_other_is_bounded() {
    let mut value = cat();
    for _ in 0..20 {
        value = enums::Object::List(Box::new(types::List::new(vec![value])));
    }
    let bytes = value.to_bytes().unwrap();
    assert_eq!(enums::Object::from_bytes(&bytes).unwrap(), value);

    // Lists of one list, as many as fit in 80 KB.
    let list = types::List::new(Vec::new()).to_bytes().unwrap();
    let mut bomb = Vec::new();
    while bomb.len() < 80_000 {
        bomb.extend_from_slice(&list[..4]);
        bomb.extend([1, 0, 0, 0]);
    }
    let error = enums::Object::from_bytes(&bomb).unwrap_err();
    assert_eq!(*error.kind(), ReadErrorKind::TooDeep);
}

#[test]
fn booleans_are_objects_too() {
    let value = enums::Object::from_bytes(&0x9972_75b5_u32.to_le_bytes()).unwrap();
    assert_eq!(value, enums::Object::BoolTrue);
    // What a vector holds nobody says.
    let error = enums::Object::from_bytes(&0x1cb5_c415_u32.to_le_bytes()).unwrap_err();
    assert_eq!(
        error.to_string(),
        "unexpected constructor id 0x1cb5c415 where Object was wanted, at byte 0"
    );
}

#[test]
fn an_answer_may_be_anything() {
    fn answers<F: Function<Output = enums::Object>>(_: &F) {}
    answers(&functions::zoo::Any::new());
}

/// However many types there are.
#[test]
fn it_is_as_small_as_a_box() {
    assert!(size_of::<enums::Object>() <= 16);
    assert!(size_of::<enums::Function>() <= 16);
    assert!(size_of::<borrowed::enums::Object<'_>>() <= 16);
}

#[test]
fn unless_asked_for_it_is_bytes() {
    let list = bytes::types::List::new(vec![
        mtproto_runtime::tl::Object::new(&types::zoo::Cat::new(9)).unwrap(),
    ]);
    assert_eq!(list.all[0].parse::<types::zoo::Cat>().unwrap().lives, 9);
}

fn generated(only: &[&str]) -> String {
    let text = include_str!("schemas/anything.tl");
    let config = Config::new().id_rule(IdRule::Tl).objects(Objects::Enum);
    let source = Source::new("anything.tl", text).unwrap();
    let generated = config.only(only.iter().copied()).generate_from([source]);
    generated.unwrap().text
}

/// The lines of the enum.
fn variants<'t>(text: &'t str, name: &str) -> Vec<&'t str> {
    let head = format!("    pub enum {name} {{\n");
    let Some((_, body)) = text.split_once(&head) else {
        return Vec::new();
    };
    let lines = body.lines().take_while(|line| *line != "    }");
    lines.map(str::trim).collect()
}

#[test]
fn pruning_leaves_out_what_is_not_generated() {
    let all = generated(&[]);
    assert_eq!(
        variants(&all, "Object"),
        [
            "BoolFalse,",
            "BoolTrue,",
            "ZooCat(Box<types::zoo::Cat>),",
            "ZooDog(Box<types::zoo::Dog>),",
            "Nothing,",
            "Crate(Box<types::Crate>),",
            "List(Box<types::List>),",
        ]
    );
    let some = generated(&["list", "zoo.cat"]);
    assert_eq!(
        variants(&some, "Object"),
        ["ZooCat(Box<types::zoo::Cat>),", "List(Box<types::List>),"]
    );
    assert!(variants(&some, "Function").is_empty());
    // Who has no objects has no enum of them.
    assert!(!generated(&["zoo.Animal"]).contains("Object"));
}
