//! The schemas of the folder `schemas`: what they must be, and how they are made.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use serde::Deserialize;
use tl_parser::source::{Source, Sources};

/// The list of the schemas, from the workspace's root.
const LIST: &str = "schemas/schemas.toml";

/// Verify the schemas of the folder `schemas`, or make them anew.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// Make the files anew from the packages that `schemas/schemas.toml` names, which stand
    /// unpacked in this folder as PACKAGE-VERSION
    #[arg(long, value_name = "FOLDER")]
    import: Option<PathBuf>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct List {
    schema: Vec<Entry>,
}

/// One schema: where it comes from and what it must contain.
#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct Entry {
    /// From the folder `schemas`.
    file: String,
    what: String,
    layers: Option<String>,
    package: String,
    registry: String,
    version: String,
    /// In the package.
    path: String,
    license: String,
    id_rule: String,
    constructors: usize,
    functions: usize,
    types: usize,
}

pub(crate) fn run(args: &Args) -> Result<()> {
    let root = crate::root();
    let list = list(&root)?;
    if let Some(packages) = &args.import {
        for entry in &list {
            import(entry, packages, &root.join("schemas")).context(entry.file.clone())?;
        }
    }
    Ok(())
}

fn list(root: &Path) -> Result<Vec<Entry>> {
    let text = std::fs::read_to_string(root.join(LIST)).context(LIST)?;
    let list: List = toml::from_str(&text).context(LIST)?;
    Ok(list.schema)
}

/// Takes the declarations of a package's file, without its comments, and writes them our way.
fn import(entry: &Entry, packages: &Path, schemas: &Path) -> Result<()> {
    // Source packages of PyPI write their name with underscores.
    let folder = ["-", "_"]
        .map(|dash| format!("{}-{}", entry.package.replace('-', dash), entry.version))
        .map(|name| packages.join(name))
        .into_iter()
        .find(|folder| folder.is_dir())
        .with_context(|| format!("{} {} is not there", entry.package, entry.version))?;
    let text = std::fs::read_to_string(folder.join(&entry.path)).context(entry.path.clone())?;
    let text = header(entry) + &format(&without_comments(&text)?)?;
    let path = schemas.join(&entry.file);
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder)?;
    }
    std::fs::write(&path, text)?;
    println!("schemas: wrote {}", entry.file);
    Ok(())
}

/// What a file says of itself, above its declarations.
fn header(entry: &Entry) -> String {
    let mut text = format!("// {}", entry.what);
    if let Some(layers) = &entry.layers {
        let _ = write!(text, ", {layers}");
    }
    let _ = write!(
        text,
        "\n// Declarations of {} {} ({}), {}; licence {}\n// Id rule: {}\n",
        entry.package, entry.version, entry.registry, entry.path, entry.license, entry.id_rule
    );
    if let Some(layer) = entry
        .layers
        .as_ref()
        .and_then(|text| text.strip_prefix("layer "))
    {
        let _ = writeln!(text, "// LAYER {layer}");
    }
    text + "\n"
}

fn without_comments(text: &str) -> Result<String> {
    let (source, parsed) = parse(text)?;
    let mut rest = String::with_capacity(text.len());
    let mut end = 0;
    for comment in &parsed.ast.comments {
        let range = comment.span.range();
        rest += &source.text()[end..range.start];
        end = range.end;
    }
    rest += &source.text()[end..];
    Ok(rest)
}

fn format(text: &str) -> Result<String> {
    let (source, parsed) = parse(text)?;
    Ok(tl_parser::print::format(&parsed.ast, &source)?)
}

fn parse(text: &str) -> Result<(Source, tl_parser::Parsed)> {
    let mut sources = Sources::new();
    let file = sources.add(Source::new("", text)?);
    let source = sources.get(file).context("no source")?;
    let parsed = tl_parser::parse(file, source);
    ensure!(parsed.is_clean(), "{:?}", parsed.diagnostics);
    Ok((source.clone(), parsed))
}
