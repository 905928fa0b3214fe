//! Schemas in any form are recognised by what is in them.

#![allow(clippy::unwrap_used, reason = "tests")]

use std::error::Error as _;

use tl_parser::input::{Form, InputError, source};

#[test]
fn forms_are_recognised() {
    for (bytes, form) in [
        (&b""[..], Form::Tl),
        (b"user#1 = User;", Form::Tl),
        (b"// {\n", Form::Tl),
        (b"---types---", Form::Tl),
        (b"{\"constructors\":[]}", Form::Json),
        (b"\xef\xbb\xbf \r\n\t{", Form::Json),
        (b"\xe2\x9b\x2f\x3a", Form::Tlo),
        (b"\x4b\x60\xa8\xe4....", Form::Tlo),
        (b"\xd7\x88\xac\x90....", Form::Tlo),
        (b"\xe2\x9b\x2f", Form::Tl),
    ] {
        assert_eq!(Form::of(bytes), form, "{bytes:?}");
    }
}

#[test]
fn text_stays_as_it_is() {
    let text = b"user = User; // \xff\n".to_vec();
    let source = source("a.tl", text).unwrap();
    assert_eq!(source.name(), "a.tl");
    assert_eq!(source.text(), "user = User; // \u{fffd}\n");
    assert_eq!(source.invalid_utf8().len(), 1);
}

#[cfg(feature = "json")]
#[test]
fn other_forms_become_text() {
    let json = br#"{"constructors":[{"id":"1","predicate":"a","params":[],"type":"A"}]}"#.to_vec();
    let source = source("a.json", json).unwrap();
    assert_eq!(source.name(), "a.json (as TL)");
    assert_eq!(source.text(), "a#00000001 = A;\n");
}

#[test]
fn damage_is_told() {
    let error = source("a.tlo", b"\xe2\x9b\x2f\x3a".to_vec()).unwrap_err();
    assert!(matches!(error, InputError::Tlo(_)));
    assert_eq!(error.to_string(), "the `.tlo` cannot be read");
    assert_eq!(
        error.source().unwrap().to_string(),
        "byte 4: wanted version, found the end"
    );
    assert!(source("a.json", b"{".to_vec()).is_err());
}
