//! Whatever stands in a file: an answer, an exit status of 1, and no panic.

use super::{Run, scratch, tl_gen};

/// All verbs that read a schema say no in order.
fn refused(name: &str, contents: &[u8], code: &str) {
    let folder = scratch(name);
    std::fs::write(folder.join("bad.tl"), contents).unwrap();
    let commands: [&[&str]; 9] = [
        &["check", "bad.tl"],
        &["check", "--format", "json", "bad.tl"],
        &["fmt", "bad.tl"],
        &["fmt", "--check", "bad.tl"],
        &["ids", "bad.tl"],
        &["diff", "bad.tl", "bad.tl"],
        &["convert", "--to", "tlo", "bad.tl", "-o", "-"],
        &["decode", "--schema", "bad.tl"],
        &["encode", "--schema", "bad.tl"],
    ];
    for arguments in commands {
        let run = tl_gen(&folder, arguments, b"");
        expect_fault(&run, arguments, code);
    }
    assert_eq!(
        std::fs::read(folder.join("bad.tl")).unwrap(),
        contents,
        "a file with faults is left alone"
    );
}

fn expect_fault(run: &Run, arguments: &[&str], code: &str) {
    let (stdout, stderr) = (run.stdout(), run.stderr());
    assert_eq!(run.code, Some(1), "{arguments:?}: {stdout}{stderr}");
    assert!(!stderr.contains("panicked"), "{arguments:?}: {stderr}");
    assert!(
        stdout.contains(code) || stderr.contains(code),
        "{arguments:?} does not tell {code}: {stdout}{stderr}"
    );
}

#[test]
fn bytes_that_are_not_utf8() {
    refused("not_utf8", b"user name:string = User;\n\xff\xfe\n", "S001");
}

#[test]
fn a_comment_that_does_not_end() {
    refused(
        "comment",
        b"user name:string = User;\n/* to be continued",
        "S003",
    );
}

#[test]
fn ten_thousand_nested_brackets() {
    let mut text = String::from("user x:");
    text += &"vector<".repeat(10_000);
    text += "int";
    text += &">".repeat(10_000);
    text += " = User;\n";
    refused("nested_angles", text.as_bytes(), "S005");
}

#[test]
fn a_million_open_parentheses() {
    refused("parentheses", &b"(".repeat(1_000_000), "S00");
}

#[test]
fn no_text_at_all() {
    refused("zeros", &[0; 1000], "S002");
}

#[test]
fn an_empty_file_is_an_empty_schema() {
    let folder = scratch("empty");
    std::fs::write(folder.join("empty.tl"), "").unwrap();
    let run = tl_gen(&folder, &["check", "empty.tl"], b"");
    assert_eq!(run.code, Some(0));
    assert_eq!(
        run.stdout(),
        "0 constructors, 0 functions, 0 types, 0 errors, 0 warnings\n"
    );
}
