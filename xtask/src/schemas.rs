//! The schemas of the folder `schemas`: what they must be, and how they are made.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use serde::Deserialize;
use tl_parser::Compiler;
use tl_parser::id::{IdRule, KnownIds};
use tl_parser::ir::Combinator;
use tl_parser::source::{Source, Sources};

/// The list of the schemas, from the workspace's root.
const LIST: &str = "schemas/schemas.toml";

/// Ids that were given by hand, from the workspace's root.
const KNOWN: &str = "schemas/known-ids.txt";

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
    /// `Rust package` or `Python package`.
    kind: String,
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
    let known = std::fs::read_to_string(root.join(KNOWN)).context(KNOWN)?;
    let known = KnownIds::parse(&known).context(KNOWN)?;
    let mut faults = unlisted(&root.join("schemas"), &list)?;
    for entry in &list {
        let text = std::fs::read_to_string(root.join("schemas").join(&entry.file));
        let text = text.with_context(|| entry.file.clone())?;
        let found = verify(entry, &text, &known).context(entry.file.clone())?;
        faults.extend(
            found
                .into_iter()
                .map(|fault| format!("{}: {fault}", entry.file)),
        );
    }
    for fault in &faults {
        eprintln!("error: {fault}");
    }
    ensure!(faults.is_empty(), "the schemas are not what {LIST} says");
    println!("schemas: {} files are what {LIST} says", list.len());
    Ok(())
}

/// What is wrong with a file.
fn verify(entry: &Entry, text: &str, known: &KnownIds) -> Result<Vec<String>> {
    let mut faults = Vec::new();
    if !text.starts_with(&header(entry)) {
        faults.push(format!("the file must begin with\n{}", header(entry)));
    }
    if format(text)? != text {
        faults.push("not in the canonical form; run tl-gen fmt".to_owned());
    }
    let rule = [IdRule::Telegram, IdRule::Tl]
        .into_iter()
        .find(|rule| rule.as_str() == entry.id_rule)
        .with_context(|| format!("{:?} is no rule of ids", entry.id_rule))?;
    let mut compiler = Compiler::new().known_ids(known.clone());
    compiler.add(Source::new(entry.file.as_str(), text)?);
    let compiled = compiler.compile();
    for diagnostic in &compiled.diagnostics {
        faults.push(format!(
            "{} {}",
            diagnostic.code.as_str(),
            diagnostic.message
        ));
    }
    let Some(schema) = compiled.schema else {
        return Ok(faults);
    };
    if schema.id_rule != rule {
        faults.push(format!(
            "the ids follow the rule {}, not {rule}",
            schema.id_rule
        ));
    }
    let declared = |c: &&Combinator| !c.predeclared;
    let counts = [
        (
            "constructors",
            entry.constructors,
            schema.constructors().filter(declared).count(),
        ),
        (
            "functions",
            entry.functions,
            schema.functions().filter(declared).count(),
        ),
        (
            "types",
            entry.types,
            schema
                .types
                .iter()
                .filter(|ty| ty.location.is_some())
                .count(),
        ),
    ];
    for (what, wanted, found) in counts {
        if wanted != found {
            faults.push(format!("{found} {what}, but {LIST} says {wanted}"));
        }
    }
    Ok(faults)
}

/// Schemas that nobody says anything about.
fn unlisted(schemas: &Path, list: &[Entry]) -> Result<Vec<String>> {
    let mut unlisted = Vec::new();
    for folder in std::fs::read_dir(schemas)? {
        let folder = folder?.path();
        if !folder.is_dir() {
            continue;
        }
        for file in std::fs::read_dir(folder)? {
            let file = file?.path();
            let is_schema = file.extension().is_some_and(|extension| extension == "tl");
            let is_listed = list.iter().any(|entry| schemas.join(&entry.file) == file);
            if is_schema && !is_listed {
                unlisted.push(format!("{} is not in {LIST}", file.display()));
            }
        }
    }
    unlisted.sort();
    Ok(unlisted)
}

/// The table of the folder's README.
pub(crate) fn markdown() -> Result<String> {
    let mut text = String::from(
        "| file | what | declarations of | licence | id rule | constructors | functions | types |\n\
         |---|---|---|---|---|---|---|---|\n",
    );
    for entry in list(&crate::root())? {
        let _ = writeln!(
            text,
            "| [{}]({}) | {} | {} {} ({}), `{}` | {} | {} | {} | {} | {} |",
            entry.file,
            entry.file,
            title(&entry),
            entry.package,
            entry.version,
            entry.kind,
            entry.path,
            entry.license,
            entry.id_rule,
            entry.constructors,
            entry.functions,
            entry.types,
        );
    }
    Ok(text)
}

fn list(root: &Path) -> Result<Vec<Entry>> {
    let text = std::fs::read_to_string(root.join(LIST)).context(LIST)?;
    let list: List = toml::from_str(&text).context(LIST)?;
    Ok(list.schema)
}

/// Takes the declarations of a package's file, without its comments, and writes them our way.
fn import(entry: &Entry, packages: &Path, schemas: &Path) -> Result<()> {
    // Python source packages write their name with underscores.
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

fn title(entry: &Entry) -> String {
    match &entry.layers {
        Some(layers) => format!("{}, {layers}", entry.what),
        None => entry.what.clone(),
    }
}

/// What a file says of itself, above its declarations.
fn header(entry: &Entry) -> String {
    let mut text = format!(
        "// {}\n// Declarations of {} {} ({}), {}; licence {}\n// Id rule: {}\n",
        title(entry),
        entry.package,
        entry.version,
        entry.kind,
        entry.path,
        entry.license,
        entry.id_rule
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

#[cfg(test)]
mod tests {
    use super::*;

    const DECLARATIONS: &str = "\
        ipPort#d433ad73 ipv4:int port:int = IpPort;\n\
        configSimple#5a592a6c date:int rules:vector<ipPort> = ConfigSimple;\n\
        \n\
        ---functions---\n\
        getConfig#c4f9186b = ConfigSimple;\n";

    fn entry() -> Entry {
        Entry {
            file: "small/small.tl".to_owned(),
            what: "A small schema".to_owned(),
            layers: Some("layer 7".to_owned()),
            package: "small".to_owned(),
            kind: "Rust package".to_owned(),
            version: "1.0.0".to_owned(),
            path: "small.tl".to_owned(),
            license: "MIT".to_owned(),
            id_rule: "telegram".to_owned(),
            constructors: 2,
            functions: 1,
            types: 2,
        }
    }

    fn faults(entry: &Entry, text: &str, known: &str) -> Vec<String> {
        verify(entry, text, &KnownIds::parse(known).unwrap()).unwrap()
    }

    #[test]
    fn the_schemas_are_what_the_list_says() {
        run(&Args { import: None }).unwrap();
    }

    #[test]
    fn every_fault_is_told() {
        let entry = entry();
        let text = header(&entry) + DECLARATIONS;
        let known = "configSimple#5a592a6c given by hand\ngetConfig#c4f9186b\n";
        let none: [&str; 0] = [];
        assert_eq!(faults(&entry, &text, known), none);

        let found = faults(&entry, &text, "getConfig#c4f9186b");
        assert_eq!(
            found,
            ["I001 the id of `configSimple` follows neither rule"]
        );
        let found = faults(&entry, &text.replace("= IpPort", "=  IpPort"), known);
        assert_eq!(found, ["not in the canonical form; run tl-gen fmt"]);
        let found = faults(&entry, &text.replace("MIT", "GPL"), known);
        assert!(found[0].starts_with("the file must begin with\n// A small schema, layer 7\n"));

        let other = Entry {
            constructors: 3,
            id_rule: "tl".to_owned(),
            ..entry
        };
        assert_eq!(
            faults(&other, &(header(&other) + DECLARATIONS), known),
            [
                "the ids follow the rule telegram, not tl",
                "2 constructors, but schemas/schemas.toml says 3"
            ]
        );
    }

    #[test]
    fn comments_are_left_out_and_declarations_are_not() {
        let text = "// prose\na = A; // more\n/* b = B; */\n//@description doc\nc = C;\n";
        let rest = format(&without_comments(text).unwrap()).unwrap();
        assert_eq!(rest, "a = A;\n\nc = C;\n");
    }
}
