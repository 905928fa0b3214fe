//! What is measured: readers of TL schemas, and the schema that they read.

use std::fmt::Write as _;
use std::path::Path;

use tl_parser::source::{FileId, Source};

/// Telegram's API, layer 230, as the workspace keeps it.
///
/// # Panics
/// If the file is not there.
#[must_use]
pub fn schema() -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../schemas/telegram/api.tl");
    std::fs::read_to_string(&path)
        .unwrap_or_else(|error| panic!("cannot read {}: {error}", path.display()))
}

/// Something that reads a text, and how many declarations it finds.
pub type Reader = fn(&str) -> usize;

/// Each reader, with its name and the form of the text that it can read.
pub const READERS: [(&str, fn(&str) -> String, Reader); 4] = [
    ("tl-parser: tree", str::to_owned, tree),
    ("tl-parser: all", str::to_owned, all),
    ("grammers-tl-parser", str::to_owned, grammers),
    ("tl-scheme", for_tl_scheme, tl_scheme),
];

/// tl-parser as far as the tree: all spans, comments and documentation.
#[must_use]
pub fn tree(text: &str) -> usize {
    let source = source(text);
    let parsed = tl_parser::parse(FileId(0), &source);
    assert!(parsed.is_clean());
    parsed.ast.items.len()
}

/// tl-parser, all of it: tree, names resolved and checked, each id computed and compared.
#[must_use]
pub fn all(text: &str) -> usize {
    let compiled = tl_parser::compile([source(text)]);
    let schema = compiled.schema.expect("the schema is good");
    schema.combinators.len()
}

fn source(text: &str) -> Source {
    Source::new("api.tl", text).expect("the schema is not too long")
}

/// grammers-tl-parser: definitions of strings, nothing resolved. It refuses one declaration,
/// `vector`, which its users leave out.
#[must_use]
pub fn grammers(text: &str) -> usize {
    grammers_tl_parser::parse_tl_file(text)
        .filter_map(Result::ok)
        .map(std::hint::black_box)
        .count()
}

/// tl-scheme: definitions of strings, nothing resolved.
#[must_use]
pub fn tl_scheme(text: &str) -> usize {
    let scheme = tl_scheme::Scheme::parse(text).unwrap_or_else(|error| panic!("{error}"));
    scheme.types.len() + scheme.functions.len()
}

/// The schema in what tl-scheme knows of the language: `(Vector int)` for `Vector<int>` in
/// parameters, `Vector int` in results, no `!`, ids of eight digits.
#[must_use]
pub fn for_tl_scheme(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for line in text.lines() {
        let Some((left, right)) = line.split_once(" = ") else {
            out.push_str(line);
            out.push('\n');
            continue;
        };
        for (index, word) in left.replace('!', "").split(' ').enumerate() {
            let space = if index > 0 { " " } else { "" };
            let id = word.split_once('#').filter(|_| index == 0);
            let vector = word.split_once("Vector<");
            let _ = match (id, vector) {
                (Some((name, id)), _) => write!(out, "{space}{name}#{id:0>8}"),
                (None, Some((before, inner))) => {
                    let inner = inner.trim_end_matches('>');
                    write!(out, "{space}{before}(Vector {inner})")
                }
                (None, None) => write!(out, "{space}{word}"),
            };
        }
        let right = right.replace("Vector<", "Vector ").replace('>', "");
        let _ = writeln!(out, " = {right}");
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_reader_reads_the_whole_schema() {
        for (name, form, read) in READERS {
            let found = read(&form(&schema()));
            assert!((2553..2700).contains(&found), "{name}: {found}");
        }
    }
}
