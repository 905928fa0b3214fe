//! One thing, many times, for a profiler that counts instructions:
//! `valgrind --tool=callgrind target/release/examples/repeat read-owned messages 100`.
//!
//! What is not done by `grammers` or `tl-proto` is done by code, or by tables: `table-read-owned`.

use std::hint::black_box;

use grammers_tl_types as grammers;
use grammers_tl_types::{Deserializable, Serializable};
use tl_codegen_bench::tl_proto_types as theirs;
use tl_codegen_bench::{borrowed, owned, payload, table};
use tl_runtime::{Arena, TlRead, TlWrite};

fn main() {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let [what, payload, times] = &args[..] else {
        panic!(
            "repeat [table-](read|write|clone|eq)-(owned|borrowed|grammers|tl-proto) PAYLOAD TIMES"
        );
    };
    let by_table = what.strip_prefix("table-");
    let times: usize = times.parse().expect("a number");
    macro_rules! repeat {
        ($value:expr, $($path:ident)::+, $grammers:ty, $theirs:ty) => {{
            let bytes = $value.to_bytes().expect("writes");
            match by_table {
                Some(what) => repeat::<
                    table::owned::$($path)::+,
                    table::borrowed::$($path)::+,
                    $grammers,
                    $theirs,
                >(what, times, &bytes),
                None => repeat::<
                    owned::api::$($path)::+,
                    borrowed::api::$($path)::+,
                    $grammers,
                    $theirs,
                >(what, times, &bytes),
            }
        }};
    }
    match payload.as_str() {
        "messages" => repeat!(
            payload::messages(),
            enums::messages::Messages,
            grammers::enums::messages::Messages,
            theirs::Messages<'_>
        ),
        "updates" => repeat!(
            payload::updates(),
            enums::Updates,
            grammers::enums::Updates,
            theirs::Messages<'_>
        ),
        "send" => repeat!(
            payload::send_message(),
            functions::messages::SendMessage,
            grammers::functions::messages::SendMessage,
            theirs::SendMessage<'_>
        ),
        _ => panic!("messages|updates|send"),
    }
}

fn repeat<'a, O, B, G, P>(what: &str, times: usize, bytes: &'a [u8])
where
    O: TlRead<'a> + TlWrite + Clone + PartialEq,
    B: TlRead<'a> + TlWrite,
    G: Deserializable + Serializable + Clone + PartialEq,
    P: tl_proto::TlRead<'a> + tl_proto::TlWrite,
{
    // grammers reads functions without their id.
    let for_grammers = match bytes {
        [0x62, 0x8f, 0xf4, 0xfe, fields @ ..] => fields,
        _ => bytes,
    };
    match what {
        "read-owned" => (0..times).for_each(|_| drop(black_box(O::from_bytes(bytes)))),
        "read-borrowed" => {
            // Not reset: it has to live as long as the bytes. Large enough never to grow.
            let arena = Box::leak(Box::new(Arena::with_capacity(times * 20 * bytes.len())));
            (0..times).for_each(|_| drop(black_box(B::from_bytes_in(bytes, arena))));
        }
        "write-owned" => {
            let value = O::from_bytes(bytes).expect("reads");
            let mut buffer = Vec::with_capacity(2 * bytes.len());
            for _ in 0..times {
                buffer.clear();
                value.write_to(&mut buffer).expect("writes");
                black_box(&mut buffer);
            }
        }
        "write-borrowed" => {
            let arena = Box::leak(Box::new(Arena::new()));
            let value = B::from_bytes_in(bytes, arena).expect("reads");
            let mut buffer = Vec::with_capacity(2 * bytes.len());
            for _ in 0..times {
                buffer.clear();
                value.write_to(&mut buffer).expect("writes");
                black_box(&mut buffer);
            }
        }
        "clone-owned" => {
            let value = O::from_bytes(bytes).expect("reads");
            (0..times).for_each(|_| drop(black_box(value.clone())));
        }
        "eq-owned" => {
            let value = O::from_bytes(bytes).expect("reads");
            (0..times).for_each(|_| assert!(black_box(&value) == &value));
        }
        "clone-grammers" => {
            let value = G::from_bytes(for_grammers).expect("reads");
            (0..times).for_each(|_| drop(black_box(value.clone())));
        }
        "eq-grammers" => {
            let value = G::from_bytes(for_grammers).expect("reads");
            (0..times).for_each(|_| assert!(black_box(&value) == &value));
        }
        "read-grammers" => (0..times).for_each(|_| drop(black_box(G::from_bytes(for_grammers)))),
        "read-tl-proto" => {
            (0..times).for_each(|_| drop(black_box(tl_proto::deserialize::<P>(bytes))))
        }
        "write-grammers" => {
            let value = G::from_bytes(for_grammers).expect("reads");
            let mut buffer = Vec::with_capacity(2 * bytes.len());
            for _ in 0..times {
                buffer.clear();
                value.serialize(&mut buffer);
                black_box(&mut buffer);
            }
        }
        "write-tl-proto" => {
            let value: P = tl_proto::deserialize(bytes).expect("reads");
            let mut buffer = Vec::with_capacity(2 * bytes.len());
            for _ in 0..times {
                buffer.clear();
                value.write_to(&mut buffer);
                black_box(&mut buffer);
            }
        }
        _ => panic!("unknown: {what}"),
    }
}
