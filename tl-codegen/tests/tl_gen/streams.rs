//! The standard streams: pipes whose reader goes away, full devices, colours.

use std::path::Path;
use std::process::Stdio;

use super::{command, schemas, scratch, tl_gen};

const ESCAPE: u8 = 0x1b;

#[test]
fn a_reader_that_goes_away_is_no_fault() {
    let folder = scratch("a_reader_that_goes_away");
    let long: String = (0..20_000)
        .map(|n| format!("constructor{n} = Type{n};\n"))
        .collect();
    std::fs::write(folder.join("long.tl"), &long).unwrap();
    std::fs::write(folder.join("untidy.tl"), long.replace(" =", "  =")).unwrap();
    let commands: [(&[&str], i32); 6] = [
        (&["ids", "long.tl"], 0),
        (&["ids", "--format", "json", "long.tl"], 0),
        (&["convert", "--to", "tl", "long.tl", "-o", "-"], 0),
        (&["fmt", "--check", "untidy.tl"], 1),
        (&["completions", "bash"], 0),
        (&["check", "--format", "json", "long.tl"], 0),
    ];
    for (arguments, code) in commands {
        let mut child = command(&folder).args(arguments).spawn().unwrap();
        drop(child.stdout.take());
        drop(child.stdin.take());
        let output = child.wait_with_output().unwrap();
        let stderr = String::from_utf8_lossy(&output.stderr);
        assert!(!stderr.contains("panicked"), "{arguments:?}: {stderr}");
        assert_eq!(output.status.code(), Some(code), "{arguments:?}: {stderr}");
    }
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_device_is_told() {
    let full = std::fs::OpenOptions::new()
        .write(true)
        .open("/dev/full")
        .unwrap();
    let output = command(&schemas())
        .arg("explain")
        .stdin(Stdio::null())
        .stdout(full)
        .output()
        .unwrap();
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert!(
        stderr.starts_with("error: the output cannot be written: "),
        "{stderr}"
    );
    assert_eq!(output.status.code(), Some(2));
}

#[test]
fn colours_only_where_they_are_wanted() {
    let colours = |variables: &[(&str, &str)], arguments: &[&str]| {
        let output = command(&schemas())
            .args(["check", "broken.tl"])
            .args(arguments)
            .envs(variables.iter().copied())
            .stdin(Stdio::null())
            .output()
            .unwrap();
        assert_eq!(output.status.code(), Some(1));
        output.stdout.contains(&ESCAPE)
    };
    assert!(!colours(&[], &[]), "a pipe is no terminal");
    assert!(colours(&[], &["--color", "always"]));
    assert!(colours(&[("CLICOLOR_FORCE", "1")], &[]));
    assert!(!colours(&[("CLICOLOR_FORCE", "1"), ("NO_COLOR", "1")], &[]));
    assert!(!colours(&[("CLICOLOR_FORCE", "1")], &["--color", "never"]));
    assert!(!colours(&[("CLICOLOR_FORCE", "1")], &["--format", "json"]));
}

#[test]
fn standard_input_is_a_file_among_others() {
    let folder = schemas();
    let run = tl_gen(
        &folder,
        &["check", "clean.tl", "-"],
        b"further x:user = Further;\n",
    );
    assert_eq!(run.code, Some(0), "{}", run.stdout());
    let run = tl_gen(&folder, &["check", "-", "-"], b"a = A;\n");
    assert_eq!(run.code, Some(2));
    assert!(
        run.stderr()
            .contains("<stdin>: standard input can be given only once")
    );
    assert!(Path::new(&folder).is_dir());
}
