//! Tables beside code: from the same bytes, right and wrong, the same values and the same errors.

#![allow(clippy::expect_used, reason = "tests")]

#[path = "golden/mixed_borrowed.rs"]
mod mixed_borrowed;
#[path = "golden/mixed_owned.rs"]
mod mixed_owned;
#[path = "golden/sample_borrowed.rs"]
mod sample_borrowed;
#[path = "golden/sample_hot_borrowed.rs"]
mod sample_hot_borrowed;
#[path = "golden/sample_hot_owned.rs"]
mod sample_hot_owned;
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

/// What is the same, for the fuzzer, too.
#[path = "../../mtproto-runtime/tl-runtime/fuzz/targets.rs"]
mod targets;

use std::path::{Path, PathBuf};

use targets::ENTRIES;
use tl_codegen::Sampler;
use tl_runtime::{Limits, TlWrite};

/// How many values of each type: fewer where each takes long, under valgrind.
fn rounds(usual: usize) -> usize {
    std::env::var("ROUNDS").map_or(usual, |rounds| rounds.parse().expect("a number"))
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

fn fuzz() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../mtproto-runtime/tl-runtime/fuzz")
}

#[test]
fn the_same_values_and_the_same_errors() {
    let mut random = Random(3);
    for entry in ENTRIES {
        let (schema, id) = entry.combinator();
        let mut sampler = Sampler::new(schema, 2);
        for round in 0..rounds(500) {
            let whole = sampler.combinator(id).unwrap();
            let mut bytes = whole.clone();
            if round % 4 > 0 {
                bytes = damaged(&bytes, &mut random);
            }
            let limits = Limits {
                depth: [64, 3][round % 2],
                memory: [None, Some(2000)][round / 2 % 2],
            };
            (entry.check)(&bytes, limits);
            (entry.compare)(&whole, &bytes);
        }
    }
}

/// Writes what the fuzzer begins with: values as they are, and random values to tamper with.
#[test]
#[ignore = "writes files"]
fn seeds() {
    let folder = fuzz().join("seeds/tables");
    std::fs::create_dir_all(&folder).unwrap();
    for (which, entry) in (0..).zip(ENTRIES) {
        let (schema, id) = entry.combinator();
        let value = Sampler::new(schema, 1).combinator(id).unwrap();
        let scripts = [
            [&[which, 0], &value[..]].concat(),
            vec![which, 1, 7, 0, 0, 0],
            vec![which, 1, 9, 0, 0, 0, 3, 17, 0, 2, 5, 8, 0, 4],
            vec![which, 27, 5, 0, 0, 0, 4, 9, 0, 255],
        ];
        for (number, script) in scripts.iter().enumerate() {
            let name = format!("{}_{number}", entry.name);
            std::fs::write(folder.join(name), script).unwrap();
        }
    }
}

/// What the fuzzer began with, and what it has found.
#[test]
fn kept_inputs() {
    let mut count = 0;
    for folder in ["seeds/tables", "regressions/tables"] {
        // Git keeps no empty folder.
        let files = std::fs::read_dir(fuzz().join(folder));
        for file in files.into_iter().flatten() {
            targets::tables(&std::fs::read(file.unwrap().path()).unwrap());
            count += 1;
        }
    }
    assert!(count > 200, "{count}");
}

#[test]
fn structs_of_several_pieces() {
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
#[allow(
    elided_lifetimes_in_paths,
    reason = "a macro names types of both ownerships"
)]
fn the_same_defaults() {
    fn seen<T: Default + std::fmt::Debug + TlWrite>() -> (String, Vec<u8>) {
        let value = T::default();
        (format!("{value:?}"), value.to_bytes().unwrap())
    }
    macro_rules! same {
        ($code:ident, $table:ident: $($($path:ident)::+,)*) => {
            $( assert_eq!(seen::<$code::$($path)::+>(), seen::<$table::$($path)::+>()); )*
        };
    }
    macro_rules! same_of_sample {
        ($code:ident, $table:ident) => {
            same!($code, $table:
                types::Point, types::Account, types::Masks, types::Lists, types::TablePairs,
                types::Envelope, types::zoo::AnimalEmpty, types::zoo::Cat, types::zoo::Owner,
                types::zoo::Dog, types::tree::Leaf, functions::GetTable, functions::zoo::GetAnimals,
            );
        };
    }
    macro_rules! same_of_wide {
        ($code:ident, $table:ident) => {
            same!($code, $table:
                types::Point, types::Light, types::Dark, types::Mixed, types::Part, types::Deep,
                types::Pair, types::Many, types::Odd, types::Link,
            );
        };
    }
    same_of_sample!(sample_owned, sample_table_owned);
    same_of_sample!(sample_borrowed, sample_table_borrowed);
    same_of_sample!(sample_owned, sample_hot_owned);
    same_of_sample!(sample_borrowed, sample_hot_borrowed);
    same_of_wide!(wide_owned, wide_table_owned);
    same_of_wide!(wide_borrowed, wide_table_borrowed);
    // A box that is always there; of references there is none.
    same!(wide_owned, wide_table_owned: types::Ring,);
    // What has code of its own is in it.
    let zoo = mixed_owned::types::Zoo::default();
    assert_eq!(
        format!("{zoo:?}"),
        format!("{:?}", mixed_borrowed::types::Zoo::default())
    );
    // An own copy of everything.
    let mut account = sample_table_owned::types::Account::default();
    account.salt.get_or_insert_default().extend(b"salt");
    assert_eq!(account.salt.as_deref(), Some(&b"salt"[..]));
}

/// Owning has nothing to do with what can be written, nor with what can be read.
#[test]
fn values_that_no_schema_can_say_are_owned_as_they_are() {
    macro_rules! owned {
        ($module:ident) => {{
            use $module::types::{Account, zoo::Dog};
            let account = Account {
                salt: Some(b"salt"),
                premium: true,
                ..Account::new(1)
            };
            let dog = Dog {
                owner: Some($module::types::zoo::Owner {
                    self_: true,
                    pets: &[$module::enums::zoo::Animal::Empty],
                }),
                home: None,
                ..Dog::new(1, "Rex", [1; 16], [2; 32], true)
            };
            [
                format!("{:?}", account.to_owned()),
                format!("{:?}", dog.to_owned()),
            ]
        }};
    }
    let by_code = owned!(sample_borrowed);
    assert_eq!(by_code, owned!(sample_table_borrowed));
    assert_eq!(by_code, owned!(sample_hot_borrowed));
}

#[test]
fn types_with_code_are_owned_by_their_code() {
    use mixed_borrowed::{enums::Animal, types};
    let animals = [Animal::Cat(types::Cat::new(1, 9)), Animal::Empty];
    let zoo = types::Zoo {
        door: Some(types::Point::new(3, 4)),
        ..types::Zoo::new(
            types::Point::new(1, 2),
            &animals,
            [types::ZooRows::new(5, true), types::ZooRows::new(6, false)],
            [7, 8, 9],
        )
    };
    let owned: mixed_owned::types::Zoo = zoo.to_owned();
    assert_eq!(format!("{owned:?}"), format!("{zoo:?}"));
    assert_eq!(owned.to_bytes(), zoo.to_bytes());
}

/// Generated code tells which of its fields are there: each of them alone is seen, and any two, by all
/// that asks.
#[test]
fn each_field_alone() {
    macro_rules! seen {
        ($module:ident) => {{
            use $module::{enums::Shade, types};
            let set: &[fn(&mut types::Tall)] = &[
                |_| {},
                |tall| tall.b0 = true,
                |tall| tall.b1 = true,
                |tall| tall.b2 = true,
                |tall| tall.b3 = true,
                |tall| tall.b4 = true,
                |tall| tall.b5 = true,
                |tall| tall.b6 = true,
                |tall| tall.b7 = true,
                |tall| tall.b8 = true,
                |tall| tall.number = Some(2),
                |tall| tall.text = Some("text".into()),
                |tall| tall.shade = Some(Shade::Light.into()),
                |tall| tall.deep = Some(types::Deep::new().into()),
                |tall| tall.parts = Some(vec![]),
                |tall| tall.sure = Some(false),
                |tall| tall.share = Some(0.5),
                |tall| tall.of = Some(types::Tall::new(3).into()),
                |tall| tall.c0 = true,
                |tall| tall.c1 = true,
                |tall| tall.blob = Some(vec![4]),
                |tall| tall.hash = Some(5),
                |tall| tall.point = Some(types::Point::new(6, 7)),
                |tall| tall.c2 = true,
                |tall| tall.last = Some(8),
            ];
            let mut values = vec![types::Tall::new(1)];
            for (index, first) in set.iter().enumerate() {
                for second in &set[index + 1..] {
                    let mut tall = types::Tall::new(1);
                    first(&mut tall);
                    second(&mut tall);
                    values.push(tall);
                }
            }
            for (index, a) in values.iter().enumerate() {
                let same = values.iter().filter(|b| a == *b).count();
                assert_eq!(same, 1, "{index}: {a:?}");
                assert_eq!(a.clone(), *a);
            }
            let seen = values.iter().map(|v| (v.to_bytes(), format!("{v:?}")));
            seen.collect::<Vec<_>>()
        }};
    }
    let by_code = seen!(wide_owned);
    assert_eq!(by_code, seen!(wide_table_owned));
    let wrong = by_code.iter().filter(|(bytes, _)| bytes.is_err()).count();
    assert!(
        wrong > 60,
        "of the three fields of one bit, all are there or none"
    );
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
    assert_eq!(by_code, errors!(sample_hot_owned));
    assert_eq!(by_code.iter().filter(|result| result.is_err()).count(), 3);
}
