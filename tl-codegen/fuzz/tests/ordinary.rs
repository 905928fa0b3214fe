//! The fuzz target without a fuzzer: kept inputs, random values of every type, random damage.

use std::collections::HashMap;
use std::path::Path;

use tl_codegen::{IdRule, Sampler};
use tl_codegen_fuzz::{ENTRIES, Entry, decode};
use tl_parser::Compiler;
use tl_parser::ir::{CombinatorId, Schema};
use tl_parser::source::Source;

fn schema(file: &str, rule: IdRule) -> Schema {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../schemas")
        .join(file);
    let mut compiler = Compiler::new().id_rule(rule);
    compiler.add(Source::new(file, std::fs::read_to_string(path).unwrap()).unwrap());
    compiler.compile().schema.expect("the schema is good")
}

/// Calls for every type and each id that its values start with.
fn for_all(mut call: impl FnMut(&Entry, &mut Sampler<'_>, CombinatorId)) {
    let telegram = schema("telegram/api.tl", IdRule::Telegram);
    let ton = schema("ton/ton_api.tl", IdRule::Tl);
    for (name, schema) in [("telegram", &telegram), ("ton", &ton)] {
        let ids: HashMap<u32, CombinatorId> = schema
            .combinator_ids()
            .map(|id| (schema[id].id, id))
            .collect();
        let mut sampler = Sampler::new(schema, 1);
        let entries = ENTRIES.iter().filter(|entry| {
            let schema = entry.name.split("::").next();
            schema == Some(name)
        });
        for entry in entries {
            for id in entry.ids {
                call(entry, &mut sampler, ids[id]);
            }
        }
    }
}

#[test]
fn every_type_reads_and_writes_random_values() {
    let (mut types, mut values) = (0, 0);
    for_all(|entry, sampler, id| {
        types += 1;
        for _ in 0..20 {
            // Some values can't be made without a function inside.
            let Some(bytes) = sampler.combinator(id) else {
                continue;
            };
            match entry.check(&bytes) {
                Ok(written) => assert_eq!(written, bytes, "{}", entry.name),
                Err(error) => panic!("{}: {error}", entry.name),
            }
            values += 1;
        }
    });
    println!("{types} constructors and functions of types, {values} values");
    let all = option_env!("TL_FUZZ_ONLY").is_none();
    assert!(!all || types > 3000 && values > 60_000, "{types}, {values}");
    assert!(types > 100, "{types}");
}

#[test]
fn damaged_values_are_values_or_refused() {
    let mut dice = Dice(1);
    let (mut refused, mut read) = (0, 0);
    for_all(|entry, sampler, id| {
        for _ in 0..10 {
            let Some(mut bytes) = sampler.combinator(id) else {
                continue;
            };
            for _ in 0..=dice.below(3) {
                damage(&mut bytes, &mut dice);
            }
            match entry.check(&bytes) {
                Ok(_) => read += 1,
                Err(error) => {
                    assert!(error.offset() <= bytes.len());
                    let _ = error.to_string();
                    refused += 1;
                }
            }
        }
    });
    println!("{refused} refused, {read} read");
    assert!(refused > 100 && read > 100, "{refused}, {read}");
}

#[test]
fn kept_inputs() {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut count = 0;
    for folder in ["seeds/decode", "regressions/decode"] {
        for entry in std::fs::read_dir(here.join(folder)).unwrap() {
            decode(&std::fs::read(entry.unwrap().path()).unwrap());
            count += 1;
        }
    }
    assert!(count > 10);
}

fn damage(bytes: &mut Vec<u8>, dice: &mut Dice) {
    let at = dice.below(bytes.len() as u64 + 1) as usize;
    match dice.below(5) {
        0 => bytes.truncate(at),
        1 => bytes.extend([0; 4]),
        2 => {
            let word = bytes[at..].first_chunk_mut::<4>();
            if let Some(word) = word {
                *word = (dice.next() as u32).to_le_bytes();
            }
        }
        3 => {
            let word = at / 4 * 4;
            let large = [0xff, 0x7f, 0xfe, 0x01][dice.below(4) as usize];
            bytes
                .iter_mut()
                .skip(word)
                .take(4)
                .for_each(|byte| *byte = large);
        }
        _ => {
            let bit = dice.below(8);
            bytes
                .iter_mut()
                .skip(at)
                .take(1)
                .for_each(|byte| *byte ^= 1 << bit);
        }
    }
}

/// SplitMix64.
struct Dice(u64);

impl Dice {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    fn below(&mut self, bound: u64) -> u64 {
        self.next() % bound
    }
}

/// Writes seeds for the fuzzer: `cargo test --no-default-features -- --ignored seeds`.
#[test]
#[ignore = "writes files"]
fn seeds() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("seeds/decode");
    std::fs::create_dir_all(&folder).unwrap();
    let mut number = 0;
    for_all(|entry, sampler, id| {
        number += 1;
        if number % 10 != 0 {
            return;
        }
        let Some(bytes) = sampler.combinator(id).filter(|bytes| bytes.len() < 400) else {
            return;
        };
        let name = entry.name.replace("::", "_");
        std::fs::write(folder.join(format!("{name}_{number}")), bytes).unwrap();
    });
}
