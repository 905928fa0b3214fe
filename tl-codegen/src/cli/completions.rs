//! `tl-gen completions SHELL`

use std::io::{self, Write};

use clap::CommandFactory;
use clap_complete::Shell;

use super::output::Terminal;
use super::{Cli, Outcome};

/// Print a script that completes tl-gen's arguments in a shell
#[derive(clap::Args, Debug)]
#[command(
    after_help = "Examples:\n  tl-gen completions bash > ~/.local/share/bash-completion/completions/tl-gen\n  \
                  tl-gen completions fish > ~/.config/fish/completions/tl-gen.fish"
)]
pub(super) struct Args {
    /// Which shell
    shell: Shell,
}

pub(super) fn run(args: &Args, terminal: &mut Terminal) -> io::Result<Outcome> {
    // Into memory first: the generator panics where the stream fails.
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut Cli::command(), "tl-gen", &mut script);
    terminal.out.write_all(&script)?;
    Ok(Outcome::Clean)
}
