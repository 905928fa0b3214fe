//! Transcripts: every `$ tl-gen …` line of a text is run, and the text must be what comes out.
//!
//! `UPDATE_EXPECT=1 cargo test -p tl-codegen` writes what comes out.

use std::fmt::Write as _;
use std::path::Path;

use expect_test::expect_file;

macro_rules! transcripts {
    ($($name:ident)+) => {$(
        #[test]
        fn $name() {
            let path = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/tl_gen/transcripts/", stringify!($name), ".txt");
            let text = std::fs::read_to_string(path).unwrap();
            expect_file![path].assert_eq(&again(&text, &super::schemas()));
        }
    )+};
}

transcripts! {
    check
    completions
    convert
    decode
    diff
    encode
    explain
    fmt
    help
    ids
    usage
}

/// The commands of a text and what they print now. Lines that begin with `# ` stay.
///
/// Standard output comes as it is, lines of standard error after a `! `, and the exit status, if
/// it is not 0, as the last line.
fn again(text: &str, folder: &Path) -> String {
    let mut out = String::new();
    for line in text.lines() {
        if line.starts_with("# ") {
            let _ = writeln!(out, "{line}");
        }
        let Some(command) = line.strip_prefix("$ tl-gen") else {
            continue;
        };
        let _ = writeln!(out, "{line}");
        let (arguments, stdin) = match command.split_once(" < ") {
            Some((arguments, file)) => (arguments, std::fs::read(folder.join(file)).unwrap()),
            None => (command, Vec::new()),
        };
        let arguments: Vec<&str> = arguments.split_whitespace().collect();
        let run = super::tl_gen(folder, &arguments, &stdin);
        out += run.stdout();
        for line in run.stderr().lines() {
            let _ = writeln!(out, "! {line}");
        }
        match run.code {
            Some(0) => {}
            Some(code) => {
                let _ = writeln!(out, "[exit {code}]");
            }
            None => out += "[signal]\n",
        }
        out.push('\n');
    }
    // One empty line between commands, none at the end.
    out.truncate(out.trim_end().len());
    out.push('\n');
    // To be seen, and to survive what editors and git do to the ends of lines.
    out.replace('\r', "␍")
}
