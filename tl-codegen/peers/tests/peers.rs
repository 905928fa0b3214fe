//! The bytes of generated types are those of grammers, for random values of every constructor and
//! function of layer 230.

use std::collections::HashMap;

use grammers_tl_types::{Deserializable as _, Serializable as _};
use tl_codegen::{IdRule, Sampler};
use tl_codegen_peers::{borrowed, owned};
use tl_parser::Compiler;
use tl_parser::source::Source;
use tl_runtime::{Arena, TlRead as _, TlWrite as _};

/// A type of ours and the same of grammers.
struct Pair {
    name: &'static str,
    ids: &'static [u32],
    /// Reads and writes bytes: owned, borrowed, grammers.
    again: fn(&[u8]) -> [Vec<u8>; 3],
}

macro_rules! pair {
    ($($ours:ident)::+, $ids:expr, $($theirs:ident)::+, $is_function:literal) => {
        Pair {
            name: stringify!($($ours)::+),
            ids: &$ids,
            again: {
                // A function: so many closures in one body take the compiler minutes.
                fn again(bytes: &[u8]) -> [Vec<u8>; 3] {
                    let arena = Arena::new();
                    let owned = owned::$($ours)::+::from_bytes(bytes).map(|v| v.to_bytes());
                    let borrowed = borrowed::$($ours)::+::from_bytes_in(bytes, &arena)
                        .map(|value| value.to_bytes());
                    // grammers reads functions without their id.
                    let fields = if $is_function { &bytes[4..] } else { bytes };
                    let theirs = grammers_tl_types::$($theirs)::+::from_bytes(fields);
                    [
                        owned.expect("reads").expect("writes"),
                        borrowed.expect("reads").expect("writes"),
                        theirs.expect("grammers reads").to_bytes(),
                    ]
                }
                again
            },
        }
    };
}

include!(concat!(env!("OUT_DIR"), "/pairs.rs"));

/// Of each constructor and function.
const VALUES: usize = 45;

#[test]
fn grammers_reads_and_writes_the_same_bytes() {
    let text = include_str!("../../../schemas/telegram/api.tl");
    let mut compiler = Compiler::new().id_rule(IdRule::Telegram);
    compiler.add(Source::new("api.tl", text).expect("not too long"));
    let schema = compiler.compile().schema.expect("the schema is good");
    let ids: HashMap<u32, _> = schema
        .combinator_ids()
        .map(|id| (schema[id].id, id))
        .collect();
    // grammers takes any `flags:#` for flags, and writes those that guard nothing as 0.
    let mut sampler = Sampler::new(&schema, 7).without_idle_numbers();
    let (mut combinators, mut values) = (0, 0);
    for pair in PAIRS {
        for id in pair.ids {
            combinators += 1;
            for _ in 0..VALUES {
                let bytes = sampler.combinator(ids[id]).expect("no variables");
                for (who, again) in ["owned", "borrowed", "grammers"]
                    .iter()
                    .zip((pair.again)(&bytes))
                {
                    assert_eq!(again, bytes, "{} as {who}", pair.name);
                }
                values += 1;
            }
        }
    }
    println!("{combinators} constructors and functions, {values} values");
    assert!(
        option_env!("TL_PEERS_ONLY").is_some() || combinators > 2500 && values > 100_000,
        "{combinators}, {values}"
    );
}

/// Functions around functions, which the table leaves out for they have a type parameter.
#[test]
fn wrappers() {
    use grammers_tl_types::functions as theirs;
    use owned::functions as ours;

    let query = ours::InvokeAfterMsg::new(
        1,
        ours::InvokeWithLayer::new(230, ours::help::GetConfig::new()),
    );
    let expected = theirs::InvokeAfterMsg {
        msg_id: 1,
        query: theirs::InvokeWithLayer {
            layer: 230,
            query: theirs::help::GetConfig {},
        },
    };
    assert_eq!(query.to_bytes().expect("writes"), expected.to_bytes());
    let query = ours::InvokeWithTakeout::new(
        2,
        ours::InvokeWithoutUpdates::new(ours::help::GetConfig::new()),
    );
    let expected = theirs::InvokeWithTakeout {
        takeout_id: 2,
        query: theirs::InvokeWithoutUpdates {
            query: theirs::help::GetConfig {},
        },
    };
    assert_eq!(query.to_bytes().expect("writes"), expected.to_bytes());
}

/// grammers takes any bytes for text and replaces what is none; here that is an error, and the
/// reader has a method for who wants the other.
#[test]
fn text_that_is_none() {
    let bytes = b"\x02a\xff\0";
    let theirs = String::from_bytes_lossy(bytes);
    let ours = tl_runtime::Reader::new(bytes).read_with(|r| Ok(r.string_lossy()));
    assert_eq!(ours.expect("reads"), theirs);
    let error = <String as tl_runtime::TlRead<'_>>::from_bytes(bytes).expect_err("is no text");
    assert_eq!(
        error.to_string(),
        "a string is not UTF-8 after 1 bytes, at byte 0"
    );
}

trait Lossy {
    fn from_bytes_lossy(bytes: &[u8]) -> String;
}

impl Lossy for String {
    fn from_bytes_lossy(bytes: &[u8]) -> String {
        <String as grammers_tl_types::Deserializable>::from_bytes(bytes).expect("reads")
    }
}
