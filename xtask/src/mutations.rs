//! Checks of the protocol, removed one by one: a test must notice each.
//!
//! `mtproto-runtime/tests/mutations.toml` says which piece of which file is replaced by what, and
//! which test fails then. The work is done in a copy of the workspace, so that nothing is left
//! behind in the sources.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use anyhow::{Context, Result, bail, ensure};
use serde::Deserialize;

/// Remove checks of the protocol one by one; the test that is named for each must fail then.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// Only the mutations whose rule or test contains this
    filter: Option<String>,
}

const TABLE: &str = "mtproto-runtime/tests/mutations.toml";

#[derive(Deserialize)]
struct Table {
    mutation: Vec<Mutation>,
}

#[derive(Deserialize)]
struct Mutation {
    /// The rule, as the documentation counts them.
    rule: String,
    /// What is wrong then.
    what: String,
    /// From the workspace's root.
    file: String,
    /// A piece of the file that occurs once.
    from: String,
    to: String,
    /// The test's file, without `.rs`, and its name.
    test: (String, String),
}

impl Table {
    fn load(root: &Path) -> Result<Self> {
        let text = fs::read_to_string(root.join(TABLE)).context(TABLE)?;
        toml::from_str(&text).context(TABLE)
    }
}

impl Mutation {
    /// The file's text with the mutation.
    fn apply(&self, text: &str) -> Result<String> {
        let count = text.matches(&self.from).count();
        ensure!(
            count == 1,
            "{}: {:?} occurs {count} times in {}",
            self.rule,
            self.from,
            self.file
        );
        Ok(text.replace(&self.from, &self.to))
    }
}

pub(crate) fn run(args: &Args) -> Result<()> {
    let root = crate::root();
    let copy = root.join("target/mutations/source");
    copy_folder(&root, &copy).context("a copy of the workspace")?;
    let filter = args.filter.as_deref().unwrap_or("");
    let mutations: Vec<Mutation> = Table::load(&root)?
        .mutation
        .into_iter()
        .filter(|it| it.rule.contains(filter) || it.test.1.contains(filter))
        .collect();
    ensure!(!mutations.is_empty(), "no mutation is called {filter:?}");

    let mut missed = 0;
    println!("| rule | removed | noticed by |\n|---|---|---|");
    for mutation in &mutations {
        let path = copy.join(&mutation.file);
        let right = fs::read_to_string(&path).context(mutation.file.clone())?;
        fs::write(&path, mutation.apply(&right)?)?;
        let noticed = is_noticed(&root, &copy, &mutation.test);
        fs::write(&path, right)?;
        let (file, name) = &mutation.test;
        let noticed = noticed.with_context(|| format!("{}, {}", mutation.rule, mutation.what))?;
        missed += usize::from(!noticed);
        let how = if noticed { "" } else { "**nobody**, not even " };
        println!(
            "| {} | {} | {how}`{file}::{name}` |",
            mutation.rule, mutation.what
        );
    }
    ensure!(missed == 0, "{missed} of {} were missed", mutations.len());
    println!("mutations: all of {} were noticed", mutations.len());
    Ok(())
}

/// Whether the test fails; an error if it can't be built, or is not there.
fn is_noticed(root: &Path, copy: &Path, (file, name): &(String, String)) -> Result<bool> {
    let test = |words: &[&str]| -> Result<Output> {
        let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
        Command::new(cargo)
            .current_dir(copy)
            .env("CARGO_TARGET_DIR", root.join("target/mutations/target"))
            .args(["test", "--quiet", "-p", "mtproto-runtime", "--test", file])
            .args(words)
            .output()
            .context("cargo test")
    };
    let built = test(&["--no-run"])?;
    if !built.status.success() {
        bail!(
            "does not compile:\n{}",
            String::from_utf8_lossy(&built.stderr)
        );
    }
    let ran = test(&["--", "--exact", name])?;
    let output = String::from_utf8_lossy(&ran.stdout);
    ensure!(
        output.contains("running 1 test"),
        "{file} has no test {name}"
    );
    Ok(!ran.status.success())
}

/// Copies what has changed, all but what is built or hidden.
fn copy_folder(from: &Path, to: &Path) -> Result<()> {
    fs::create_dir_all(to)?;
    let mut kept: Vec<PathBuf> = Vec::new();
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let name = entry.file_name();
        let kind = entry.file_type()?;
        let target = to.join(&name);
        if name == "target" || name == ".git" {
            continue;
        }
        kept.push(target.clone());
        if kind.is_dir() {
            copy_folder(&entry.path(), &target)?;
        } else if kind.is_file() {
            let bytes = fs::read(entry.path())?;
            // An unchanged file keeps its time, so that nothing is built again for it.
            if fs::read(&target).ok().as_ref() != Some(&bytes) {
                fs::write(&target, bytes)?;
            }
        }
    }
    for entry in fs::read_dir(to)? {
        let path = entry?.path();
        if path.is_file() && !kept.contains(&path) {
            fs::remove_file(&path)?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_mutation_can_be_applied() {
        let root = crate::root();
        for mutation in Table::load(&root).unwrap().mutation {
            let text = fs::read_to_string(root.join(&mutation.file)).unwrap();
            assert_ne!(mutation.apply(&text).unwrap(), text);
            let (file, name) = &mutation.test;
            let path = format!("mtproto-runtime/tests/{file}.rs");
            let tests = fs::read_to_string(root.join(path)).unwrap();
            assert!(
                tests.contains(&format!("fn {name}(")),
                "{file} has no {name}"
            );
        }
    }
}
