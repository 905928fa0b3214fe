//! Tables beside code, for any bytes: what must be the same, and a script of bytes to try it with.
//!
//! cargo-fuzz and the ordinary test `codecs` of tl-codegen share this file. Both have the generated
//! modules of tl-codegen's golden files at their root.

use std::fmt::Debug;
use std::sync::LazyLock;

use tl_codegen::{IdRule, Sampler};
use tl_parser::Compiler;
use tl_parser::ir::{CombinatorId, Schema};
use tl_parser::source::Source;
use tl_runtime::table::Row;
use tl_runtime::{
    Arena, Limits, ReadError, ReadErrorKind, Reader, TlRead, TlWrite, WriteError, reflect,
};

/// What all generated types can do.
pub(crate) trait Value<'a>: TlRead<'a> + TlWrite + Debug + Clone + PartialEq {}

impl<'a, T: TlRead<'a> + TlWrite + Debug + Clone + PartialEq> Value<'a> for T {}

/// What is to be the same: the text of the value, its bytes and its size, or the error.
type Seen = Result<(String, Result<Vec<u8>, WriteError>, usize), ReadError>;

/// A type with code and with tables, in both ownerships.
pub(crate) struct Entry {
    pub(crate) name: &'static str,
    schema: fn() -> &'static Schema,
    /// Reads bytes in all four ways and does with the value what can be done: there is no difference.
    pub(crate) check: fn(&[u8], Limits),
    /// Compares the values of two pieces of bytes: all four find the same.
    pub(crate) compare: fn(&[u8], &[u8]),
}

impl Entry {
    /// Its constructor or function in the schema.
    pub(crate) fn combinator(&self) -> (&'static Schema, CombinatorId) {
        let schema = (self.schema)();
        let id = schema.find_combinators(self.name).next();
        (schema, id.expect("it is declared"))
    }
}

fn compile(text: &str) -> Schema {
    let mut compiler = Compiler::new().id_rule(IdRule::Telegram);
    compiler.add(Source::new("golden.tl", text).expect("it is short"));
    compiler.compile().schema.expect("the schema is good")
}

fn sample() -> &'static Schema {
    static SAMPLE: LazyLock<Schema> =
        LazyLock::new(|| compile(include_str!("../../../tl-codegen/tests/golden/sample.tl")));
    &SAMPLE
}

fn wide() -> &'static Schema {
    static WIDE: LazyLock<Schema> =
        LazyLock::new(|| compile(include_str!("../../../tl-codegen/tests/golden/wide.tl")));
    &WIDE
}

macro_rules! entry {
    (sample, $($path:tt)+) => {
        entry!(@ sample, sample_owned, sample_table_owned, sample_borrowed, sample_table_borrowed, $($path)+)
    };
    // Some of it by code: `sample_hot` in tl-codegen's `golden`.
    (hot, $($path:tt)+) => {
        entry!(@ sample, sample_owned, sample_hot_owned, sample_borrowed, sample_hot_borrowed, $($path)+)
    };
    (wide, $($path:tt)+) => {
        entry!(@ wide, wide_owned, wide_table_owned, wide_borrowed, wide_table_borrowed, $($path)+)
    };
    (@ $schema:ident, $code:ident, $table:ident, $code_borrowed:ident, $table_borrowed:ident,
     $($path:ident)::+ $(<$lifetime:lifetime>)?) => {
        Entry {
            name: <crate::$code::$($path)::+ as tl_runtime::Identified>::NAME,
            schema: $schema,
            check: |bytes, limits| {
                let arena = &Arena::new();
                let by_code = seen::<crate::$code::$($path)::+>(bytes, arena, limits);
                let by_table = seen_by_table::<crate::$table::$($path)::+>(bytes, arena, limits);
                assert_same(&by_code, &by_table, bytes);
                let by_code =
                    seen::<crate::$code_borrowed::$($path)::+ $(<$lifetime>)?>(bytes, arena, limits);
                let by_table = seen_by_table::<crate::$table_borrowed::$($path)::+ $(<$lifetime>)?>(
                    bytes, arena, limits,
                );
                assert_same(&by_code, &by_table, bytes);
                // What was made owned has nothing to do with what it was read from.
                let mut owned = Vec::new();
                macro_rules! owned {
                    ($module:ident) => {{
                        let (copy, arena) = (bytes.to_vec(), Arena::new());
                        let value = read::<crate::$module::$($path)::+ $(<$lifetime>)?>(
                            &copy, &arena, limits,
                        );
                        if let Ok(value) = value {
                            let (made, written) = (value.to_owned(), value.to_bytes());
                            drop((copy, arena));
                            assert_eq!(made.to_bytes(), written);
                            owned.push(format!("{made:?}"));
                        }
                    }};
                }
                owned!($table_borrowed);
                owned!($code_borrowed);
                if let [by_table, by_code] = &owned[..] {
                    assert_eq!(by_table, by_code, "{bytes:02x?}");
                }
            },
            compare: |a, b| {
                let arena = &Arena::new();
                let found = [
                    equal::<crate::$code::$($path)::+>(a, b, arena),
                    equal::<crate::$table::$($path)::+>(a, b, arena),
                    equal::<crate::$code_borrowed::$($path)::+ $(<$lifetime>)?>(a, b, arena),
                    equal::<crate::$table_borrowed::$($path)::+ $(<$lifetime>)?>(a, b, arena),
                ];
                assert_eq!(found, [found[0]; 4], "{a:02x?} {b:02x?}");
            },
        }
    };
}

/// All that a script can name.
pub(crate) static ENTRIES: &[Entry] = &[
    entry!(sample, types::Point),
    entry!(sample, types::Account<'_>),
    entry!(sample, types::Masks),
    entry!(sample, types::Lists<'_>),
    entry!(sample, types::Envelope<'_>),
    entry!(sample, types::zoo::Cat<'_>),
    entry!(sample, types::zoo::Dog<'_>),
    entry!(sample, types::zoo::Owner<'_>),
    entry!(sample, types::tree::Node<'_>),
    entry!(sample, functions::GetTable),
    entry!(sample, functions::zoo::GetAnimals<'_>),
    entry!(sample, functions::zoo::Feed<'_>),
    entry!(wide, types::Many<'_>),
    entry!(wide, types::Odd<'_>),
    entry!(wide, types::Few),
    entry!(wide, types::Deep<'_>),
    entry!(wide, types::Pair<'_>),
    entry!(wide, types::Wide<'_>),
    entry!(wide, types::Ring<'_>),
    entry!(wide, types::Link<'_>),
    entry!(wide, types::Tall<'_>),
    entry!(hot, types::Point),
    entry!(hot, types::Account<'_>),
    entry!(hot, types::Lists<'_>),
    entry!(hot, types::zoo::Dog<'_>),
    entry!(hot, types::zoo::Owner<'_>),
    entry!(hot, types::tree::Leaf),
    entry!(hot, types::tree::Node<'_>),
    entry!(hot, functions::zoo::GetAnimals<'_>),
    entry!(hot, functions::zoo::Feed<'_>),
];

fn read<'a, T: TlRead<'a>>(
    bytes: &'a [u8],
    arena: &'a Arena,
    limits: Limits,
) -> Result<T, ReadError> {
    let reader = Reader::new(bytes).with_arena(arena);
    reader.with_limits(limits).read_all::<T>()
}

fn seen<'a, T: Value<'a>>(bytes: &'a [u8], arena: &'a Arena, limits: Limits) -> Seen {
    let value = read::<T>(bytes, arena, limits)?;
    let copy = value.clone();
    // A NaN is not equal to itself, whoever compares.
    assert_eq!(copy == value, value == value.clone());
    let text = format!("{value:?} {value:#?}");
    drop(value);
    assert_eq!(format!("{copy:?} {copy:#?}"), text);
    let (written, size) = (copy.to_bytes(), copy.size());
    for room in [0, size / 2, size.saturating_sub(1), size, size + 64] {
        let mut appended = Vec::with_capacity(4 + room);
        appended.extend(b"here");
        let result = copy.write_to(&mut appended);
        assert_eq!(&appended[..4], b"here");
        assert_eq!(result.map(|()| appended[4..].to_vec()), written);
    }
    Ok((text, written, size))
}

/// The same of a type with a table, and what only those can do.
fn seen_by_table<'a, T>(bytes: &'a [u8], arena: &'a Arena, limits: Limits) -> Seen
where
    T: Value<'a> + Row,
{
    if let Ok(value) = read::<T>(bytes, arena, limits)
        && let Ok(written) = value.to_bytes()
    {
        let json = reflect::of(&value).to_json();
        assert_eq!(reflect::bytes_from_json::<T>(&json), Ok(written), "{json}");
        let _ = reflect::of(&value).to_string();
    }
    seen::<T>(bytes, arena, limits)
}

/// Whether two values are the same, if both are values.
fn equal<'a, T: Value<'a>>(a: &'a [u8], b: &'a [u8], arena: &'a Arena) -> Option<bool> {
    let a = read::<T>(a, arena, Limits::default()).ok()?;
    let b = read::<T>(b, arena, Limits::default()).ok()?;
    let (there, back) = (a == b, b == a);
    assert_eq!(there, back);
    Some(there)
}

fn assert_same(by_code: &Seen, by_table: &Seen, bytes: &[u8]) {
    let is_memory = |seen: &Seen| {
        let error = seen.as_ref().err();
        error.is_some_and(|error| matches!(error.kind(), ReadErrorKind::TooMuchMemory))
    };
    // Other layouts take other memory.
    if !is_memory(by_code) && !is_memory(by_table) {
        assert_eq!(by_code, by_table, "{bytes:02x?}");
    }
}

/// A type, limits, and bytes: those of the script, or a random value of the type which the script
/// tampers with.
pub(crate) fn tables(script: &[u8]) {
    let [which, how, rest @ ..] = script else {
        return;
    };
    let entry = &ENTRIES[usize::from(*which) % ENTRIES.len()];
    let limits = Limits {
        depth: [64, 3, 1, 10][usize::from(how >> 1 & 3)],
        memory: [None, Some(2000), Some(100), Some(20_000)][usize::from(how >> 3 & 3)],
    };
    if how & 1 == 0 {
        return (entry.check)(rest, limits);
    }
    let seed = rest.first_chunk().copied().map_or(0, u32::from_le_bytes);
    let (schema, id) = entry.combinator();
    let Some(bytes) = Sampler::new(schema, u64::from(seed)).combinator(id) else {
        return;
    };
    let mut changed = bytes.clone();
    for change in rest.get(4..).unwrap_or_default().chunks_exact(4).take(16) {
        tamper(&mut changed, [change[0], change[1], change[2], change[3]]);
    }
    (entry.check)(&changed, limits);
    (entry.compare)(&bytes, &changed);
}

fn tamper(bytes: &mut Vec<u8>, [what, low, high, with]: [u8; 4]) {
    let at = usize::from(u16::from_le_bytes([low, high])) % (bytes.len() + 1);
    let word = at / 4 * 4;
    match what % 6 {
        0 => bytes.truncate(at),
        1 => drop(bytes.splice(word..word, [with, 0, 0, 0])),
        2 if at < bytes.len() => bytes[at] = with,
        3 if at < bytes.len() => bytes[at] ^= 1 << (with & 7),
        4 if word + 4 <= bytes.len() => {
            let number = u32::from(with) << (8 * (with & 3));
            bytes[word..word + 4].copy_from_slice(&number.to_le_bytes());
        }
        5 => {
            // A part of it once more.
            let end = bytes.len().min(word + 4 * usize::from(with));
            let part = bytes[word..end].to_vec();
            drop(bytes.splice(word..word, part));
        }
        _ => {}
    }
}
