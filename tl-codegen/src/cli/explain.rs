//! `tl-gen explain CODE`

use std::io::{self, Write};

use tl_parser::diagnostic::{Code, Severity};

use super::Outcome;
use super::output::Terminal;

/// Tell what the code of an error or a warning means
#[derive(clap::Args, Debug)]
#[command(after_help = "Examples:\n  tl-gen explain R005\n  tl-gen explain        all codes")]
pub(super) struct Args {
    /// A code as `check` prints it; without one, all are told
    #[arg(value_parser = parse_code)]
    code: Option<Code>,
}

pub(super) fn run(args: &Args, terminal: &mut Terminal) -> io::Result<Outcome> {
    let codes = match &args.code {
        Some(code) => std::slice::from_ref(code),
        None => Code::ALL,
    };
    for code in codes {
        let severity = match code.severity() {
            Severity::Error => "error",
            Severity::Warning => "warning",
        };
        let explanation = code.explanation();
        writeln!(
            terminal.out,
            "{} ({severity}): {explanation}",
            code.as_str()
        )?;
    }
    Ok(Outcome::Clean)
}

fn parse_code(text: &str) -> Result<Code, String> {
    Code::ALL
        .iter()
        .copied()
        .find(|code| code.as_str().eq_ignore_ascii_case(text))
        .ok_or_else(|| "there is no such code; `tl-gen explain` tells all".to_owned())
}
