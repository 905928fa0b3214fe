//! Constructor ids against known answers: `data/known_ids.txt`.

#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

mod common;

use tl_parser::ast::{Declaration, Item};
use tl_parser::diagnostic::Code;
use tl_parser::id::{IdRule, KnownIds, Verdict, canonical, compute};
use tl_parser::source::{FileId, Source};
use tl_parser::{Compiled, Compiler};

fn declaration(text: &str) -> (Declaration, Source) {
    let source = Source::new("vector", text).unwrap();
    let parsed = tl_parser::parse(FileId(0), &source);
    assert_eq!(parsed.diagnostics, [], "{text}");
    let Some(Item::Declaration(declaration)) = parsed.ast.items.into_iter().next() else {
        panic!("no declaration: {text}");
    };
    (*declaration, source)
}

#[test]
fn known_answers() {
    const BOTH: &[IdRule] = &[IdRule::Telegram, IdRule::Tl];
    let mut rules = BOTH;
    let mut count = 0;
    let mut lines = include_str!("data/known_ids.txt")
        .lines()
        .filter(|line| !line.is_empty() && !line.starts_with("//"));
    while let Some(line) = lines.next() {
        match line {
            "## both rules" => rules = BOTH,
            "## telegram rule" => rules = &[IdRule::Telegram],
            "## tl rule" => rules = &[IdRule::Tl],
            _ => {
                let (id, text) = line.split_once(' ').unwrap();
                let id = u32::from_str_radix(id, 16).unwrap();
                let spelling = lines.next().unwrap().trim_start();
                let (declaration, source) = declaration(text);
                for &rule in rules {
                    assert_eq!(canonical(&declaration, &source, rule), spelling, "{rule}");
                    assert_eq!(compute(&declaration, &source, rule), id, "{text} by {rule}");
                }
                count += 1;
            }
        }
    }
    assert_eq!(count, 31);
}

fn compile(text: &str) -> Compiled {
    tl_parser::compile([Source::new("test.tl", text).unwrap()])
}

#[test]
fn the_rule_is_found_out() {
    let rule = |text: &str| compile(text).ids.rule;
    // Telegram's schemas write their ids, and these follow its rule.
    let telegram = "a#a99fca4f = A; upload.cdnFile#a99fca4f bytes:bytes = upload.CdnFile;";
    assert_eq!(rule(telegram), IdRule::Telegram);
    let tl = "adnl.message.query#b48bf97a query_id:int256 query:bytes = adnl.Message;";
    assert_eq!(rule(tl), IdRule::Tl);
    // Ids that both rules give do not tell; whether all are written does.
    assert_eq!(rule("boolFalse#bc799737 = Bool;"), IdRule::Telegram);
    assert_eq!(rule("boolFalse#bc799737 = Bool; int ? = Int;"), IdRule::Tl);
    assert_eq!(rule("a = A;"), IdRule::Tl);
}

#[test]
fn verdicts() {
    let text = "true#3fedd339 = True; a#00000001 = A; b#00000002 = B; c = C;";
    let mut compiler = Compiler::new().known_ids(KnownIds::parse("// by hand\nb#2\n").unwrap());
    compiler.add(Source::new("test.tl", text).unwrap());
    let compiled = compiler.compile();
    let verdicts: Vec<Verdict> = compiled.ids.entries.iter().map(|e| e.verdict).collect();
    use Verdict::{Implicit, Known, Mismatch, Ok};
    assert_eq!(verdicts, [Ok, Mismatch, Known, Implicit]);
    let codes: Vec<Code> = compiled.diagnostics.iter().map(|d| d.code).collect();
    assert_eq!(codes, [Code::IdMismatch]);
}

#[test]
fn lists_of_known_ids() {
    let known = KnownIds::parse("a.b#5a592a6c\n\n// x\nc#1 why\n").unwrap();
    assert!(known.contains("a.b", 0x5a59_2a6c) && known.contains("c", 1));
    assert!(!known.contains("c", 2));
    assert_eq!(KnownIds::parse("a#1\nb").unwrap_err().line, 2);
    assert!(KnownIds::parse("a#123456789").is_err());
}

#[test]
fn the_ids_of_telegrams_layers() {
    // Given by hand; they follow no rule, and stand in most layers.
    const BY_HAND: [&str; 3] = ["ipPortSecret", "accessPointRule", "help.configSimple"];
    for layer in [109, 114, 186, 222, 229, 230] {
        let Some(bytes) = common::real_file(&format!("telegram/api-{layer}.tl")) else {
            return;
        };
        let compiled = tl_parser::compile([Source::from_bytes("api.tl", bytes).unwrap()]);
        assert_eq!(compiled.ids.rule, IdRule::Telegram);
        let entries = &compiled.ids.entries;
        let ok = entries.iter().filter(|e| e.verdict == Verdict::Ok).count();
        let others: Vec<&str> = entries
            .iter()
            .filter(|entry| entry.verdict != Verdict::Ok)
            .map(|entry| compiled.sources.slice(entry.name))
            .filter(|name| !BY_HAND.contains(name))
            .collect();
        assert_eq!(others, [""; 0], "layer {layer}");
        if layer == 230 {
            assert_eq!((ok, entries.len()), (2554, 2554));
        }
    }
}
