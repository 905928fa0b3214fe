//! The checked-in files, and parts of files, that a program writes.

use std::path::Path;

use anyhow::{Context, Result, bail, ensure};

/// Re-make the checked-in generated files and the tables in the documents.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// Write nothing; fail if something is not up to date
    #[arg(long)]
    check: bool,
}

/// Something generated.
struct Target {
    /// The file, from the workspace's root.
    path: &'static str,
    /// Makes the file's text; gets the text that is there now.
    make: fn(&Path, &str) -> Result<String>,
}

const TARGETS: &[Target] = &[
    Target {
        path: "ARCHITECTURE.md",
        make: |_, now| replace_between_marks(now, "dependency table", &crate::deps::markdown()),
    },
    Target {
        path: "schemas/README.md",
        make: |_, now| replace_between_marks(now, "schemas", &crate::schemas::markdown()?),
    },
    Target {
        path: "mtproto-runtime/src/service/generated.rs",
        make: |root, _| crate::service::generate(root),
    },
    Target {
        path: "mtproto-runtime/examples/mtproto-server/api.rs",
        make: |root, _| crate::service::generate_example(root),
    },
    Target {
        path: "tl-parser/src/parse/generated.rs",
        make: |root, _| crate::grammar::generate(root),
    },
];

pub(crate) fn run(args: &Args) -> Result<()> {
    let root = crate::root();
    let mut stale = 0;
    for target in TARGETS {
        let path = root.join(target.path);
        let now = match std::fs::read_to_string(&path) {
            Ok(text) => text,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => String::new(),
            Err(error) => return Err(error).context(target.path),
        };
        let wanted = (target.make)(&root, &now).context(target.path)?;
        if now == wanted {
            continue;
        }
        stale += 1;
        if args.check {
            eprintln!("error: {} is not up to date", target.path);
        } else {
            std::fs::write(&path, wanted).context(target.path)?;
            println!("codegen: wrote {}", target.path);
        }
    }
    ensure!(
        !args.check || stale == 0,
        "run `cargo xtask codegen` and commit what it writes"
    );
    if stale == 0 {
        println!("codegen: all of {} files are up to date", TARGETS.len());
    }
    Ok(())
}

/// The text with what stands between `<!-- BEGIN name … -->` and `<!-- END name -->` replaced.
fn replace_between_marks(text: &str, name: &str, part: &str) -> Result<String> {
    let begin = format!("<!-- BEGIN {name}");
    let end = format!("<!-- END {name} -->\n");
    let parts = text.split_once(&begin).and_then(|(before, rest)| {
        let (mark, rest) = rest.split_once('\n')?;
        let (_, after) = rest.split_once(&end)?;
        Some((before, mark, after))
    });
    let Some((before, mark, after)) = parts else {
        bail!(
            "the lines `{begin} … -->` and `{}` are missing",
            end.trim_end()
        );
    };
    Ok(format!("{before}{begin}{mark}\n{part}{end}{after}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_stands_between_the_marks_is_replaced() {
        let text = "a\n<!-- BEGIN t: made -->\nold\n<!-- END t -->\nz\n";
        assert_eq!(
            replace_between_marks(text, "t", "new\n").unwrap(),
            "a\n<!-- BEGIN t: made -->\nnew\n<!-- END t -->\nz\n"
        );
        assert!(replace_between_marks("no marks", "t", "new\n").is_err());
        assert!(replace_between_marks("<!-- END t --><!-- BEGIN t", "t", "new\n").is_err());
    }

    #[test]
    fn everything_generated_is_up_to_date() {
        run(&Args { check: true }).unwrap();
    }
}
