//! Tables beside code: from the same bytes, right and wrong, the same values and the same errors.

#[path = "golden/sample_borrowed.rs"]
mod sample_borrowed;
#[path = "golden/sample_owned.rs"]
mod sample_owned;
#[path = "golden/sample_table_borrowed.rs"]
mod sample_table_borrowed;
#[path = "golden/sample_table_owned.rs"]
mod sample_table_owned;
#[path = "golden/wide_borrowed.rs"]
mod wide_borrowed;
#[path = "golden/wide_owned.rs"]
mod wide_owned;
#[path = "golden/wide_table_borrowed.rs"]
mod wide_table_borrowed;
#[path = "golden/wide_table_owned.rs"]
mod wide_table_owned;

use std::fmt::Debug;

use tl_codegen::{IdRule, Sampler};
use tl_parser::Compiler;
use tl_parser::source::Source;
use tl_runtime::{Arena, Identified, Limits, ReadError, Reader, TlRead, TlWrite, WriteError};

/// What is to be the same: the text of the value, its bytes and its size, or the error.
type Seen = Result<(String, Result<Vec<u8>, WriteError>, usize), ReadError>;

fn seen<'a, T: TlRead<'a> + TlWrite + Debug + Clone + PartialEq>(
    bytes: &'a [u8],
    arena: &'a Arena,
    limits: Limits,
) -> Seen {
    let value = Reader::new(bytes)
        .with_arena(arena)
        .with_limits(limits)
        .read_all::<T>()?;
    let copy = value.clone();
    // A NaN is not equal to itself, whoever compares.
    assert_eq!(copy == value, value == value.clone());
    assert_eq!(format!("{copy:?}"), format!("{value:?}"));
    Ok((
        format!("{value:?} {value:#?}"),
        copy.to_bytes(),
        copy.size(),
    ))
}

/// Small numbers that look random.
struct Random(u64);

impl Random {
    fn below(&mut self, limit: usize) -> usize {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % limit.max(1)
    }
}

/// Some of the bytes changed, some cut off, some added.
fn damaged(bytes: &[u8], random: &mut Random) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    for _ in 0..1 + random.below(3) {
        match random.below(4) {
            0 => bytes.truncate(random.below(bytes.len())),
            1 => bytes.extend([random.below(256).to_le_bytes()[0]; 4]),
            _ if bytes.is_empty() => {}
            2 => {
                let at = random.below(bytes.len());
                bytes[at] ^= 1 << random.below(8);
            }
            _ => {
                let at = random.below(bytes.len());
                bytes[at] = [0, 1, 0xfe, 0xff][random.below(4)];
            }
        }
    }
    bytes
}

macro_rules! same {
    ($sampler:ident, $schema:ident, $random:ident, $($path:ident)::+ $(<$lifetime:lifetime>)?) => {{
        let name = <sample_owned::$($path)::+ as Identified>::NAME;
        let id = $schema.find_combinators(name).next().unwrap();
        for round in 0..1000 {
            let mut bytes = $sampler.combinator(id).unwrap();
            if round % 4 > 0 {
                bytes = damaged(&bytes, &mut $random);
            }
            let limits = Limits {
                depth: [64, 3][round % 2],
                memory: [None, Some(2000)][round / 2 % 2],
            };
            let arena = Arena::new();
            let by_code = seen::<sample_owned::$($path)::+>(&bytes, &arena, limits);
            let by_table = seen::<sample_table_owned::$($path)::+>(&bytes, &arena, limits);
            assert_eq!(by_code, by_table, "{name} {bytes:02x?}");
            let by_code = seen::<sample_borrowed::$($path)::+$(<$lifetime>)?>(&bytes, &arena, limits);
            let by_table = seen::<sample_table_borrowed::$($path)::+$(<$lifetime>)?>(&bytes, &arena, limits);
            // Other layouts take other memory.
            let is_memory = |seen: &Seen| {
                seen.as_ref().is_err_and(|e| matches!(e.kind(), tl_runtime::ReadErrorKind::TooMuchMemory))
            };
            if !is_memory(&by_code) && !is_memory(&by_table) {
                assert_eq!(by_code, by_table, "{name} {bytes:02x?}");
            }
        }
    }};
}

#[test]
fn the_same_values_and_the_same_errors() {
    let mut compiler = Compiler::new().id_rule(IdRule::Telegram);
    compiler.add(Source::new("sample.tl", include_str!("golden/sample.tl")).unwrap());
    let schema = compiler.compile().schema.unwrap();
    let mut sampler = Sampler::new(&schema, 2);
    let mut random = Random(3);
    same!(sampler, schema, random, types::Point);
    same!(sampler, schema, random, types::Account<'_>);
    same!(sampler, schema, random, types::Masks);
    same!(sampler, schema, random, types::Lists<'_>);
    same!(sampler, schema, random, types::Table<'_>);
    same!(sampler, schema, random, types::Envelope<'_>);
    same!(sampler, schema, random, types::zoo::Cat<'_>);
    same!(sampler, schema, random, types::zoo::Dog<'_>);
    same!(sampler, schema, random, types::zoo::Owner<'_>);
    same!(sampler, schema, random, types::tree::Node<'_>);
    same!(sampler, schema, random, functions::zoo::GetAnimals<'_>);
    same!(sampler, schema, random, functions::zoo::Feed<'_>);
}

#[test]
fn structs_of_several_pieces() {
    use {wide_borrowed as sample_borrowed, wide_owned as sample_owned};
    use {wide_table_borrowed as sample_table_borrowed, wide_table_owned as sample_table_owned};

    let mut compiler = Compiler::new().id_rule(IdRule::Telegram);
    compiler.add(Source::new("wide.tl", include_str!("golden/wide.tl")).unwrap());
    let schema = compiler.compile().schema.unwrap();
    let mut sampler = Sampler::new(&schema, 5);
    let mut random = Random(7);
    same!(sampler, schema, random, types::Few);
    same!(sampler, schema, random, types::Deep<'_>);
    same!(sampler, schema, random, types::Pair<'_>);
    same!(sampler, schema, random, types::Wide<'_>);

    // Two fields of one bit, far from each other.
    macro_rules! error {
        ($module:ident) => {{
            use $module::types::Wide;
            let shade = $module::enums::Shade::Light;
            let wide = Wide::new(1, 2, 3, "x".into(), shade, 4);
            let wrong = [
                Wide {
                    also: Some("y".into()),
                    ..wide.clone()
                },
                Wide {
                    too: true,
                    ..wide.clone()
                },
                Wide {
                    yet: Some(1),
                    ..wide.clone()
                },
            ];
            let bytes = wide.to_bytes();
            assert!(bytes.is_ok());
            wrong.map(|wide| wide.to_bytes().unwrap_err())
        }};
    }
    let by_code = error!(wide_owned);
    assert_eq!(by_code, error!(wide_table_owned));
    assert_eq!(by_code, error!(wide_borrowed));
    assert_eq!(by_code, error!(wide_table_borrowed));
}

#[test]
fn the_same_errors_of_values_that_no_schema_can_say() {
    macro_rules! errors {
        ($module:ident) => {{
            use $module::types::{Account, zoo::Dog};
            let dog = Dog {
                good: true,
                ..Dog::new(1, "Rex".into(), [0; 16], [0; 32], false)
            };
            [
                Account {
                    has_password: true,
                    ..Account::new(1)
                }
                .to_bytes(),
                Account {
                    srp_id: Some(1),
                    ..Account::new(1)
                }
                .to_bytes(),
                Account {
                    salt: Some(vec![1]),
                    premium: true,
                    ..Account::new(1)
                }
                .to_bytes(),
                dog.to_bytes(),
            ]
        }};
    }
    let by_code = errors!(sample_owned);
    assert_eq!(by_code, errors!(sample_table_owned));
    assert_eq!(by_code.iter().filter(|result| result.is_err()).count(), 3);
}
