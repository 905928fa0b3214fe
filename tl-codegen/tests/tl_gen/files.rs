//! Files: what is read, what is written, and what is left alone.

use super::{scratch, tl_gen};

const UNTIDY: &str = "user   name:string=User ;\n";
const TIDY: &str = "user name:string = User;\n";

#[test]
fn all_files_that_cannot_be_read_are_told_in_one_run() {
    let folder = scratch("unreadable");
    std::fs::create_dir(folder.join("folder")).unwrap();
    std::fs::write(folder.join("broken.tl"), "user name: = User;\n").unwrap();
    let files = ["folder", "broken.tl", "missing.tl"];
    for verb in [&["check"][..], &["ids"], &["fmt", "--check"]] {
        let run = tl_gen(&folder, &[verb, &files].concat(), b"");
        assert_eq!(run.code, Some(2), "{verb:?}");
        let stderr = run.stderr();
        assert!(
            stderr.contains("error: folder: this is a directory"),
            "{stderr}"
        );
        assert!(stderr.contains("error: missing.tl: "), "{stderr}");
        let both = format!("{}{stderr}", run.stdout());
        assert!(
            both.contains("S002"),
            "{verb:?}: the fault of broken.tl is told too: {both}"
        );
    }
}

#[test]
fn fmt_touches_only_what_changes() {
    let folder = scratch("fmt_touches");
    let (tidy, untidy) = (folder.join("tidy.tl"), folder.join("untidy.tl"));
    std::fs::write(&tidy, TIDY).unwrap();
    std::fs::write(&untidy, UNTIDY).unwrap();
    let long_ago = std::time::SystemTime::UNIX_EPOCH + std::time::Duration::from_secs(1_000_000);
    for file in [&tidy, &untidy] {
        let file = std::fs::File::options().write(true).open(file).unwrap();
        file.set_modified(long_ago).unwrap();
    }
    let run = tl_gen(&folder, &["fmt", "tidy.tl", "untidy.tl"], b"");
    assert_eq!((run.code, run.stderr()), (Some(0), "formatted untidy.tl\n"));
    assert_eq!(
        std::fs::metadata(&tidy).unwrap().modified().unwrap(),
        long_ago
    );
    assert_ne!(
        std::fs::metadata(&untidy).unwrap().modified().unwrap(),
        long_ago
    );
    assert_eq!(std::fs::read_to_string(&untidy).unwrap(), TIDY);
    let left: Vec<_> = std::fs::read_dir(&folder).unwrap().collect();
    assert_eq!(left.len(), 2, "no temporary file is left: {left:?}");
}

#[cfg(unix)]
#[test]
fn fmt_keeps_permissions_and_links() {
    use std::os::unix::fs::PermissionsExt;

    let folder = scratch("fmt_keeps");
    let file = folder.join("a.tl");
    std::fs::write(&file, UNTIDY).unwrap();
    std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o640)).unwrap();
    std::os::unix::fs::symlink("a.tl", folder.join("link.tl")).unwrap();
    let run = tl_gen(&folder, &["fmt", "link.tl"], b"");
    assert_eq!(run.code, Some(0), "{}", run.stderr());
    assert_eq!(std::fs::read_to_string(&file).unwrap(), TIDY);
    assert_eq!(
        std::fs::metadata(&file).unwrap().permissions().mode() & 0o777,
        0o640
    );
    assert!(
        std::fs::symlink_metadata(folder.join("link.tl"))
            .unwrap()
            .is_symlink()
    );
}

#[test]
fn fmt_check_writes_nothing() {
    let folder = scratch("fmt_check");
    let file = folder.join("untidy.tl");
    std::fs::write(&file, UNTIDY).unwrap();
    let run = tl_gen(&folder, &["fmt", "--check", "untidy.tl"], b"");
    assert_eq!(run.code, Some(1));
    assert_eq!(std::fs::read_to_string(&file).unwrap(), UNTIDY);
}

#[cfg(unix)]
#[test]
fn a_pipe_is_written_to_and_not_replaced() {
    use std::os::unix::fs::FileTypeExt;

    let folder = scratch("pipe");
    std::fs::write(folder.join("a.tl"), TIDY).unwrap();
    let made = std::process::Command::new("mkfifo")
        .arg(folder.join("pipe"))
        .status()
        .unwrap();
    assert!(made.success());
    let pipe = folder.join("pipe");
    let reader = std::thread::spawn(move || std::fs::read_to_string(pipe).unwrap());
    let run = tl_gen(
        &folder,
        &["convert", "--to", "tl", "a.tl", "-o", "pipe"],
        b"",
    );
    assert_eq!(run.code, Some(0), "{}", run.stderr());
    assert_eq!(reader.join().unwrap(), TIDY);
    let kind = std::fs::metadata(folder.join("pipe")).unwrap().file_type();
    assert!(kind.is_fifo());
}

#[test]
fn a_file_that_cannot_be_written_is_told() {
    let folder = scratch("unwritable");
    std::fs::write(folder.join("a.tl"), TIDY).unwrap();
    let run = tl_gen(
        &folder,
        &[
            "convert",
            "--to",
            "tlo",
            "a.tl",
            "-o",
            "no/such/folder/a.tlo",
        ],
        b"",
    );
    assert_eq!(run.code, Some(2));
    assert!(
        run.stderr()
            .contains("error: no/such/folder/a.tlo: cannot be written: "),
        "{}",
        run.stderr()
    );
}
