//! `decode` and `encode`: there and back through the command, and whatever else stands in a file.

use std::process::Stdio;

use super::{command, schemas, scratch, tl_gen};

const SCHEMA: &str = "../../golden/sample.tl";

/// The bytes of one value of every constructor that the transcripts use.
fn account() -> Vec<u8> {
    let encode = [
        "encode",
        "--schema",
        SCHEMA,
        "raw",
        "-i",
        "../values/account.txt",
    ];
    let run = tl_gen(&schemas(), &encode, b"");
    assert_eq!(run.code, Some(0), "{}", run.stderr());
    run.stdout
}

#[test]
fn every_encoding_and_every_form_lead_back() {
    let bytes = account();
    for encoding in ["hex", "base64", "raw"] {
        let json = ["decode", "--schema", SCHEMA, "--format", "json", "raw"];
        let json = tl_gen(&schemas(), &json, &bytes);
        let encoded = tl_gen(
            &schemas(),
            &["encode", "--schema", SCHEMA, encoding],
            &json.stdout,
        );
        assert_eq!(encoded.code, Some(0));
        let text = ["decode", "--schema", SCHEMA, "--format", "text", encoding];
        let text = tl_gen(&schemas(), &text, &encoded.stdout);
        assert_eq!(text.code, Some(0), "{encoding}: {}", text.stderr());
        let again = tl_gen(
            &schemas(),
            &["encode", "--schema", SCHEMA, "raw"],
            &text.stdout,
        );
        assert!(again.stdout == bytes, "{encoding}: {}", text.stdout());
    }
}

/// Strings alone are JSON, and then they may be numbers and base64.
#[test]
fn a_list_of_strings_is_json() {
    let encode = |ty: &str, text: &str| {
        let arguments = ["encode", "--schema", SCHEMA, "--type", ty];
        tl_gen(&schemas(), &arguments, text.as_bytes())
            .stdout()
            .to_owned()
    };
    assert_eq!(
        encode("vector<long>", "[\"1\"]"),
        "010000000100000000000000\n"
    );
    assert_eq!(encode("vector<bytes>", "[\"Cv8=\"]"), "01000000020aff00\n");
    assert_eq!(
        encode("vector<bytes>", "[\"Cv8\" 0x]"),
        "020000000343763800000000\n"
    );
}

/// The schema that the project ships, and a call that wraps another.
#[test]
fn a_wrapped_call_of_the_whole_api() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../schemas");
    let text = "invokeWithLayer { layer: 230 query: initConnection { api_id: 4 device_model: \"x\" \
                system_version: \"1\" app_version: \"2\" system_lang_code: \"en\" lang_pack: \"\" \
                lang_code: \"en\" query: help.getConfig } }";
    let schema = ["--schema", "telegram/api.tl"];
    let encoded = tl_gen(
        &folder,
        &[&["encode"], &schema[..]].concat(),
        text.as_bytes(),
    );
    assert_eq!(encoded.code, Some(0), "{}", encoded.stderr());
    assert_eq!(
        encoded.stdout(),
        // The ids are those of the published layer; all numbers are little-endian.
        "0d0d9bdae6000000a95ecdc100000000040000000178000001310000013200000265\
         6e0000000000\
         02656e006b18f9c4\n"
    );
    let decoded = tl_gen(
        &folder,
        &[&["decode"], &schema[..]].concat(),
        &encoded.stdout,
    );
    assert_eq!(decoded.code, Some(0), "{}", decoded.stderr());
    assert!(
        decoded.stdout().contains("query: !X = help.getConfig\n"),
        "{}",
        decoded.stdout()
    );
}

/// Whatever is decoded, the answer is one of the three, and no panic.
#[test]
fn any_bytes_and_any_text() {
    let bytes = account();
    let mut inputs: Vec<Vec<u8>> = vec![
        vec![],
        vec![0; 3],
        vec![0xff; 4096],
        (0..=255).collect(),
        b"{\"@type\":".repeat(10_000),
        b"[".repeat(100_000),
        b"account {".to_vec(),
        b"account { id: 1 id: 2 }".to_vec(),
        b"\"\\ud800\"".to_vec(),
        b"0x0".to_vec(),
    ];
    inputs.extend((0..bytes.len()).step_by(7).map(|len| bytes[..len].to_vec()));
    for input in &inputs {
        let commands: [&[&str]; 6] = [
            &["decode", "--schema", SCHEMA, "raw"],
            &["decode", "--schema", SCHEMA, "hex"],
            &["decode", "--schema", SCHEMA, "base64", "--format", "json"],
            &[
                "decode", "--schema", SCHEMA, "raw", "--type", "account", "--format", "text",
            ],
            &["encode", "--schema", SCHEMA],
            &["encode", "--schema", SCHEMA, "--from", "json"],
        ];
        for arguments in commands {
            let run = tl_gen(&schemas(), arguments, input);
            let stderr = run.stderr();
            assert!(matches!(run.code, Some(0..=2)), "{arguments:?}: {stderr}");
            assert!(!stderr.contains("panicked"), "{arguments:?}: {stderr}");
            assert_eq!(
                run.code != Some(0),
                stderr.contains("error: "),
                "{arguments:?}: {stderr}"
            );
        }
    }
}

/// A part of a value is told, and where it breaks off.
#[test]
fn every_cut_is_told_with_its_place() {
    let bytes = account();
    for len in (4..bytes.len()).step_by(3) {
        let run = tl_gen(
            &schemas(),
            &["decode", "--schema", SCHEMA, "raw"],
            &bytes[..len],
        );
        assert_eq!(run.code, Some(1));
        let stderr = run.stderr();
        assert!(
            stderr.contains(", at byte ") && stderr.contains(" in account."),
            "{stderr}"
        );
        assert!(run.stdout().contains(" = !! "), "{}", run.stdout());
    }
}

#[test]
fn a_reader_that_goes_away_is_no_fault() {
    let folder = scratch("decode_reader");
    let schema = std::fs::read(schemas().join(SCHEMA)).unwrap();
    std::fs::write(folder.join("sample.tl"), schema).unwrap();
    let count = 100_000_u32;
    let mut bytes = 0x1cb5_c415_u32.to_le_bytes().to_vec();
    bytes.extend(count.to_le_bytes());
    bytes.resize(bytes.len() + 4 * count as usize, 7);
    std::fs::write(folder.join("long"), bytes).unwrap();
    for format in ["list", "text", "json"] {
        let arguments = [
            "decode",
            "--schema",
            "sample.tl",
            "--type",
            "Vector<int>",
            "--format",
            format,
            "raw",
            "-i",
            "long",
        ];
        let mut child = command(&folder).args(arguments).spawn().unwrap();
        drop(child.stdout.take());
        drop(child.stdin.take());
        let output = child.wait_with_output().unwrap();
        let stderr = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(0), "{format}: {stderr}");
    }
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_device_is_told() {
    let full = || {
        std::fs::OpenOptions::new()
            .write(true)
            .open("/dev/full")
            .unwrap()
    };
    for verb in ["decode", "encode"] {
        let input = if verb == "decode" {
            "account.xxd"
        } else {
            "account.txt"
        };
        let output = command(&schemas())
            .args([
                verb,
                "--schema",
                SCHEMA,
                "-i",
                &format!("../values/{input}"),
            ])
            .stdin(Stdio::null())
            .stdout(full())
            .output()
            .unwrap();
        let stderr = String::from_utf8(output.stderr).unwrap();
        assert!(
            stderr.starts_with("error: the output cannot be written: "),
            "{stderr}"
        );
        assert_eq!(output.status.code(), Some(2));
    }
}

#[test]
fn standard_input_is_the_schema_or_the_value() {
    let schema = std::fs::read(schemas().join(SCHEMA)).unwrap();
    let decode = ["decode", "--schema", "-", "-i", "../values/account.xxd"];
    let run = tl_gen(&schemas(), &decode, &schema);
    assert_eq!(run.code, Some(0), "{}", run.stderr());
    let run = tl_gen(&schemas(), &["decode", "--schema", "-"], &schema);
    assert_eq!(run.code, Some(2));
    assert!(
        run.stderr()
            .contains("standard input can be given only once")
    );
}
