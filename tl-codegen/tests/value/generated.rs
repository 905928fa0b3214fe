//! The same bytes by the schema alone and by generated code: the same verdict, the same place, the
//! same words.

#[path = "../golden/sample_owned.rs"]
mod sample_owned;

use std::sync::LazyLock;

use proptest::prelude::*;
use tl_codegen::Sampler;
use tl_codegen::value::Catalog;
use tl_parser::ir::{IdRule, Schema};
use tl_runtime::{Identified, TlRead};

use super::compile;

/// What generated code says of the bytes.
fn verdict<T: for<'a> TlRead<'a>>(bytes: &[u8]) -> Option<String> {
    T::from_bytes(bytes).err().map(|error| error.to_string())
}

type Verdict = fn(&[u8]) -> Option<String>;

macro_rules! verdicts {
    ($($($path:ident)::+),+ $(,)?) => {
        [$((
            <sample_owned::$($path)::+ as Identified>::NAME,
            verdict::<sample_owned::$($path)::+> as Verdict,
        )),+]
    };
}

static SCHEMA: LazyLock<Schema> = LazyLock::new(|| {
    compile(
        &[include_str!("../golden/sample.tl")],
        Some(IdRule::Telegram),
    )
});

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1500))]

    #[test]
    fn broken_bytes_are_judged_alike(
        which: prop::sample::Index,
        seed: u64,
        changes in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..4),
        cut in proptest::option::of(any::<prop::sample::Index>()),
    ) {
        let types: [(&str, Verdict); 10] = verdicts![
            types::Point,
            types::Account,
            types::Lists,
            types::Table,
            types::zoo::Cat,
            types::zoo::Dog,
            types::zoo::Owner,
            types::tree::Node,
            functions::zoo::GetAnimals,
            functions::zoo::Feed,
        ];
        let schema = &*SCHEMA;
        let catalog = Catalog::new(schema);
        let (name, verdict) = types[which.index(types.len())];
        let id = schema.find_combinators(name).next().unwrap();
        let mut bytes = Sampler::new(schema, seed).combinator(id).unwrap();
        for (place, byte) in changes {
            // The id says which type it is, and stays.
            let place = 4 + place.index((bytes.len() - 4).max(1));
            if let Some(place) = bytes.get_mut(place) {
                *place = byte;
            }
        }
        if let Some(cut) = cut {
            bytes.truncate(4 + cut.index(bytes.len() - 3));
        }
        let decoded = catalog.decode(&bytes, &catalog.any());
        // The reader stops at the first fault; what goes on is not the same.
        let fault = decoded.faults.first().map(ToString::to_string);
        let verdict = verdict(&bytes);
        // A limit of its own: what is decoded here has another size in memory.
        let by_memory = |error: &String| error.contains("more memory than allowed");
        prop_assume!(!verdict.as_ref().is_some_and(by_memory));
        // And the other way: values that take no bytes.
        let by_number = |fault: &String| fault.contains("more values than allowed");
        prop_assume!(!fault.as_ref().is_some_and(by_number));
        prop_assert_eq!(fault.map(less), verdict, "{} {:02x?}", name, bytes);
    }
}

/// Generated code says less: not what an id is elsewhere, not what a vector is of.
fn less(fault: String) -> String {
    let without = |text: String, from: &str, to: &str| {
        let Some(start) = text.find(from) else {
            return text;
        };
        let end = text[start..].find(to).unwrap() + start;
        format!("{}{}", &text[..start], &text[end..])
    };
    let fault = without(fault, " (it is ", ", at byte ");
    without(fault, "<", " was wanted")
}
