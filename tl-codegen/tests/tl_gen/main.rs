//! The command `tl-gen` from outside: what it prints, writes and exits with.

#![allow(clippy::unwrap_used)]

mod answers;
mod bad_input;
mod files;
mod forms;
mod generate;
mod readme;
mod streams;
mod transcripts;
mod values;

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// What a run of `tl-gen` left behind.
struct Run {
    stdout: Vec<u8>,
    stderr: Vec<u8>,
    /// The exit status; `None` if a signal ended it.
    code: Option<i32>,
}

impl Run {
    fn stdout(&self) -> &str {
        std::str::from_utf8(&self.stdout).unwrap()
    }

    fn stderr(&self) -> &str {
        std::str::from_utf8(&self.stderr).unwrap()
    }
}

fn command(folder: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_tl-gen"));
    command
        .current_dir(folder)
        .env_remove("NO_COLOR")
        .env_remove("CLICOLOR")
        .env_remove("CLICOLOR_FORCE")
        // How wide the help is.
        .env_remove("COLUMNS")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    command
}

/// Runs `tl-gen` in a folder with the bytes as standard input.
fn tl_gen(folder: &Path, arguments: &[&str], stdin: &[u8]) -> Run {
    let mut child = command(folder).args(arguments).spawn().unwrap();
    let mut pipe = child.stdin.take().unwrap();
    let stdin = stdin.to_owned();
    // In a thread of its own: the child may write before it has read everything.
    let writer = std::thread::spawn(move || {
        // A child that does not read its input has ended already; its status tells.
        let _ = pipe.write_all(&stdin);
    });
    let output = child.wait_with_output().unwrap();
    writer.join().unwrap();
    Run {
        stdout: output.stdout,
        stderr: output.stderr,
        code: output.status.code(),
    }
}

/// The folder with the schemas of these tests.
fn schemas() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/tl_gen/schemas")
}

/// An empty folder for one test.
fn scratch(test: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR"))
        .join("tl_gen")
        .join(test);
    if folder.exists() {
        std::fs::remove_dir_all(&folder).unwrap();
    }
    std::fs::create_dir_all(&folder).unwrap();
    folder
}
