//! Schemas in place.

#![allow(clippy::unwrap_used, reason = "a test")]

use mtproto_runtime::tl::{Arena, Identified, TlRead, TlWrite};

/// The same pipeline as a build script's: the same text but for the layout.
mod sample {
    mtproto_runtime::tl::include_schema!(
        "../tl-codegen/tests/golden/sample.tl",
        crate = "::tl_runtime"
    );
}

#[test]
fn a_file() {
    let point = sample::types::Point::new(1, -1);
    let bytes = point.to_bytes().unwrap();
    assert_eq!(
        bytes,
        [0xf4, 0x70, 0xfe, 0xe3, 1, 0, 0, 0, 255, 255, 255, 255]
    );
    assert_eq!(sample::types::Point::from_bytes(&bytes).unwrap(), point);
    let leaf = sample::enums::Tree::Leaf(sample::types::tree::Leaf::new(5));
    let bytes = leaf.to_bytes().unwrap();
    assert_eq!(sample::enums::Tree::from_bytes(&bytes).unwrap(), leaf);
}

/// Written in place, with every option.
mod options {
    mtproto_runtime::tl::schema!(
        r#"
            user#d23c81a3 id:int first_name:string = User;
            userEmpty = User;
            unused = Unused;
            ---functions---
            getUser id:int = User;
        "#,
        only = ["getUser"],
        ownership = "borrowed",
        side = "both",
        codec = "table",
        codec("user") = "code",
        id_rule = "telegram",
        derive = [Debug, Clone, PartialEq],
        derive("getUser") = [Debug, Clone, Copy, PartialEq, Eq, Hash],
        attribute("user") = "doc(alias = \"person\")",
        field_attribute("user.first_name") = "doc(alias = \"name\")",
        rename("getUser") = "FetchUser",
        boxing("variants") = 16,
        boxing("optional_fields") = 16,
        docs = false,
        crate = mtproto_runtime::tl,
    );
}

#[test]
fn in_place_with_options() {
    fn same<T: Copy + Eq + std::hash::Hash>(_: T) {}
    let get = options::functions::FetchUser { id: 7 };
    same(get);
    let bytes = options::enums::User::User(&options::types::User {
        id: 7,
        first_name: "Ann",
    })
    .to_bytes()
    .unwrap();
    let arena = Arena::new();
    let options::enums::User::User(user) =
        options::enums::User::from_bytes_in(&bytes, &arena).unwrap()
    else {
        panic!("another constructor")
    };
    assert_eq!(user.first_name, "Ann");
    assert_eq!(options::types::User::ID, 0xd23c_81a3);
    let nobody = options::enums::User::Empty.to_bytes().unwrap();
    assert_eq!(
        options::enums::User::from_bytes(&nobody).unwrap(),
        options::enums::User::Empty
    );
}

/// Sizes by type: what is said of one counts more than what is said of all.
mod sizes {
    mtproto_runtime::tl::schema!(
        "user id:int first_name:string = User; userEmpty = User;
         note id:int text:string = Note; noteEmpty = Note;",
        boxing("variants", "User") = 128,
        boxing("variants") = 8,
    );
}

#[test]
fn boxing_of_one_type() {
    let user = sizes::types::User::new(1, "Ann".to_owned());
    let _: sizes::enums::User = sizes::enums::User::User(user);
    let note = sizes::types::Note::new(1, "short".to_owned());
    let _: sizes::enums::Note = sizes::enums::Note::Note(Box::new(note));
}

mod owned {
    mtproto_runtime::tl::schema!("user id:int first_name:string = User;");
}

/// The same, borrowed, with a way to the owned types.
mod borrowed {
    mtproto_runtime::tl::schema!(
        "user id:int first_name:string = User;",
        ownership = "borrowed",
        owned_module = crate::owned,
    );
}

#[test]
fn borrowed_types_become_owned_ones() {
    let name = String::from("Ann");
    let user = borrowed::types::User::new(1, &name);
    let owned: owned::types::User = user.to_owned();
    assert_eq!(owned, owned::types::User::new(1, name));
}

/// Several files make up one schema.
mod several {
    mtproto_runtime::tl::include_schema!(
        "tests/schemas/lite.tl",
        "tests/schemas/more.tl",
        only = ["liteServer.getMore"],
        crate = tl_runtime,
    );
}

#[test]
fn several_files() {
    let more = several::functions::lite_server::GetMore::new(
        several::types::ton_node::BlockId::new(1, 2, 3),
    );
    assert_eq!(more.to_bytes().unwrap().len(), 20);
}
