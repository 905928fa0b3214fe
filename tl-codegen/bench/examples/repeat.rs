//! One thing, many times, for a profiler that counts instructions:
//! `valgrind --tool=callgrind target/release/examples/repeat read-owned messages 100`.

use std::hint::black_box;

use grammers_tl_types as grammers;
use grammers_tl_types::{Deserializable, Serializable};
use tl_codegen_bench::tl_proto_types as theirs;
use tl_codegen_bench::{borrowed, owned, payload};
use tl_runtime::{Arena, TlRead, TlWrite};

fn main() {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let [what, payload, times] = &args[..] else {
        panic!("repeat (read|write)-(owned|borrowed|grammers|tl-proto) PAYLOAD TIMES");
    };
    let times: usize = times.parse().expect("a number");
    match payload.as_str() {
        "messages" => repeat::<
            owned::api::enums::messages::Messages,
            borrowed::api::enums::messages::Messages<'_>,
            grammers::enums::messages::Messages,
            theirs::Messages<'_>,
        >(
            what,
            times,
            &payload::messages().to_bytes().expect("writes"),
        ),
        "updates" => repeat::<
            owned::api::enums::Updates,
            borrowed::api::enums::Updates<'_>,
            grammers::enums::Updates,
            theirs::Messages<'_>,
        >(what, times, &payload::updates().to_bytes().expect("writes")),
        "send" => repeat::<
            owned::api::functions::messages::SendMessage,
            borrowed::api::functions::messages::SendMessage<'_>,
            grammers::functions::messages::SendMessage,
            theirs::SendMessage<'_>,
        >(
            what,
            times,
            &payload::send_message().to_bytes().expect("writes"),
        ),
        _ => panic!("messages|updates|send"),
    }
}

fn repeat<'a, O, B, G, P>(what: &str, times: usize, bytes: &'a [u8])
where
    O: TlRead<'a> + TlWrite,
    B: TlRead<'a> + TlWrite,
    G: Deserializable + Serializable,
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
