//! The other forms of a schema: what `convert` writes is read again by every verb, whatever the
//! file is called.

use std::path::Path;

use super::{schemas, scratch, tl_gen};

/// The schemas that the project ships; not all of their forms are of interest here.
fn shipped(name: &str) -> String {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../schemas");
    folder.join(name).to_str().unwrap().to_owned()
}

#[test]
fn every_form_means_the_same() {
    let folder = scratch("every_form");
    let schema = shipped("telegram/api.tl");
    for form in ["tl", "json", "tlo"] {
        let file = format!("converted-to-{form}");
        let run = tl_gen(
            &folder,
            &["convert", "--to", form, &schema, "-o", &file],
            b"",
        );
        assert_eq!(run.code, Some(0), "{form}: {}", run.stderr());

        let run = tl_gen(&folder, &["diff", &schema, &file], b"");
        assert_eq!(run.stdout(), "0 silent, 0 breaking, 0 compatible changes\n");
        let run = tl_gen(&folder, &["check", "--deny-warnings", &file], b"");
        assert_eq!(run.code, Some(0), "{form}: {}", run.stdout());
    }
}

#[test]
fn a_tlo_goes_to_standard_output_as_it_is() {
    let folder = scratch("tlo_stdout");
    let schema = shipped("ton/lite_api.tl");
    let to_file = ["convert", "--to", "tlo", &schema, "-o", "a.tlo"];
    assert_eq!(tl_gen(&folder, &to_file, b"").code, Some(0));
    let file = std::fs::read(folder.join("a.tlo")).unwrap();
    assert_eq!(
        file[..4],
        0x3a2f_9be2_u32.to_le_bytes(),
        "the id of tls.schema_v2"
    );

    let to_stdout = ["convert", "--to", "tlo", "-", "-o", "-"];
    let text = std::fs::read(&schema).unwrap();
    for color in ["auto", "always"] {
        let run = tl_gen(
            &folder,
            &[&["--color", color], &to_stdout[..]].concat(),
            &text,
        );
        assert!(run.stdout == file, "with --color {color}");
    }
}

#[test]
fn a_damaged_file_of_another_form_cannot_be_read() {
    let folder = schemas();
    let run = tl_gen(&folder, &["check", "-"], b"{\"constructors\": [");
    assert_eq!(run.code, Some(2));
    assert!(
        run.stderr()
            .starts_with("error: <stdin>: the JSON cannot be read: "),
        "{}",
        run.stderr()
    );
    let run = tl_gen(
        &folder,
        &["ids", "-"],
        b"\xe2\x9b\x2f\x3a\0\0\0\0\0\0\0\0\x01\0\0\0",
    );
    assert_eq!(run.code, Some(2));
    assert!(
        run.stderr()
            .starts_with("error: <stdin>: the `.tlo` cannot be read: "),
        "{}",
        run.stderr()
    );
}

#[test]
fn fmt_says_that_it_wants_text() {
    let folder = scratch("fmt_forms");
    let schema = shipped("mtproto/mtproto.tl");
    for (form, named) in [("json", "JSON"), ("tlo", "a `.tlo`")] {
        let convert = ["convert", "--to", form, &schema, "-o", "other"];
        assert_eq!(tl_gen(&folder, &convert, b"").code, Some(0));
        let before = std::fs::read(folder.join("other")).unwrap();

        let run = tl_gen(&folder, &["fmt", "other"], b"");
        assert_eq!(run.code, Some(2), "{form}: {}", run.stdout());
        assert_eq!(
            run.stderr(),
            format!(
                "error: other: only TL text has a canonical form, this is {named}; \
                 `tl-gen convert --to tl` makes TL text of it\n"
            )
        );
        assert_eq!(std::fs::read(folder.join("other")).unwrap(), before);
    }
}
