//! `tl-gen fmt FILE…`

use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

use similar::TextDiff;
use tl_parser::input::Form;
use tl_parser::source::{Source, Sources};

use super::output::{Stream, Terminal};
use super::{Outcome, input, output, report};

/// Write schemas in the canonical form, each file for itself
///
/// Comments, the order of everything and what it means stay. A file that is in the canonical form
/// is not touched; one that cannot be read is reported and left alone.
#[derive(clap::Args, Debug)]
#[command(
    after_help = "Examples:\n  tl-gen fmt schemas/*.tl             format in place\n  \
                  tl-gen fmt --check schemas/*.tl     tell what would change\n  \
                  tl-gen fmt - < api.tl > tidy.tl     format standard input"
)]
pub(super) struct Args {
    /// Schema files; `-` formats standard input to standard output
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    /// Write no file; print a diff and exit with 1 if one is not in the canonical form
    #[arg(long)]
    check: bool,
}

pub(super) fn run(args: &Args, terminal: &mut Terminal) -> io::Result<Outcome> {
    let mut worst = Outcome::Clean;
    for path in &args.files {
        worst = worst.max(run_one(path, args.check, terminal)?);
    }
    Ok(worst)
}

fn run_one(path: &Path, check: bool, terminal: &mut Terminal) -> io::Result<Outcome> {
    let input = match input::read(path) {
        Ok(input) => input,
        Err(unreadable) => {
            terminal.complain(&unreadable.to_string());
            return Ok(Outcome::Unusable);
        }
    };
    // Its bytes read as text would be a fault a byte.
    if let form @ (Form::Json | Form::Tlo) = Form::of(&input.bytes) {
        terminal.complain(&format!(
            "{}: only TL text has a canonical form, this is {}; `tl-gen convert --to tl` makes TL text of it",
            input.name,
            if form == Form::Tlo { "a `.tlo`" } else { "JSON" },
        ));
        return Ok(Outcome::Unusable);
    }
    let source = match Source::from_bytes(&input.name, input.bytes) {
        Ok(source) => source,
        Err(too_long) => {
            terminal.complain(&format!("{}: {too_long}", input.name));
            return Ok(Outcome::Unusable);
        }
    };
    let mut sources = Sources::new();
    let file = sources.add(source);
    let Some(source) = sources.get(file) else {
        return Ok(Outcome::Clean);
    };
    let parsed = tl_parser::parse(file, source);
    let formatted = match tl_parser::print::format(&parsed.ast, source) {
        Ok(text) if parsed.is_clean() => text,
        _ => {
            report::human(&mut terminal.err, &parsed.diagnostics, &sources)?;
            return Ok(Outcome::Faults);
        }
    };
    let unchanged = formatted == source.text();
    if check {
        if unchanged {
            return Ok(Outcome::Clean);
        }
        diff(&mut terminal.out, source, &formatted)?;
        return Ok(Outcome::Faults);
    }
    if input::is_stdin(path) {
        terminal.out.write_all(formatted.as_bytes())?;
    } else if !unchanged {
        if let Err(error) = output::replace_file(path, formatted.as_bytes()) {
            let why = input::in_words(&error);
            terminal.complain(&format!("{}: cannot be written: {why}", source.name()));
            return Ok(Outcome::Unusable);
        }
        writeln!(terminal.err, "formatted {}", source.name())?;
    }
    Ok(Outcome::Clean)
}

/// Writes what formatting would change as a unified diff.
fn diff(stream: &mut Stream, source: &Source, formatted: &str) -> io::Result<()> {
    let diff = TextDiff::configure()
        // A file that has nothing in common with its form must not take forever; what comes out
        // after that time is right, but longer than it need be.
        .timeout(Duration::from_secs(2))
        .diff_lines(source.text(), formatted);
    let text = diff
        .unified_diff()
        .header(source.name(), &format!("{} (formatted)", source.name()))
        .to_string();
    if !stream.color {
        return stream.write_all(text.as_bytes());
    }
    for line in text.split_inclusive('\n') {
        let color = match line.as_bytes().first() {
            Some(b'+') => "\x1b[32m",
            Some(b'-') => "\x1b[31m",
            Some(b'@') => "\x1b[36m",
            _ => "",
        };
        let reset = if color.is_empty() { "" } else { "\x1b[0m" };
        let (line, end) = line
            .strip_suffix('\n')
            .map_or((line, ""), |line| (line, "\n"));
        write!(stream, "{color}{line}{reset}{end}")?;
    }
    Ok(())
}
