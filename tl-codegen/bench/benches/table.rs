//! Tables beside code and grammers: reading, writing, cloning and comparing of four payloads.

use std::cell::RefCell;
use std::hint::black_box;

use grammers_tl_types as grammers;
use grammers_tl_types::{Deserializable, Serializable};
use tl_codegen_bench::tape::{By, Counting, Group};
use tl_codegen_bench::{borrowed, owned, payload, table};
use tl_runtime::{Arena, TlRead, TlWrite};

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// Owned and borrowed types with code, the same with tables, and grammers', which reads functions
/// without their id.
macro_rules! payloads {
    ($title:literal, $value:expr, $skip:literal, $($path:ident)::+, $grammers:ty) => {{
        type Code = owned::api::$($path)::+;
        type Table = table::owned::$($path)::+;
        let bytes = &$value.to_bytes().expect("writes")[..];
        let by_code = &Code::from_bytes(bytes).expect("reads");
        let by_table = &Table::from_bytes(bytes).expect("reads");
        let by_grammers = &<$grammers>::from_bytes(&bytes[$skip..]).expect("reads");
        assert_eq!(by_table.to_bytes().expect("writes"), bytes);
        let (mut code_arena, mut table_arena) = (Arena::new(), Arena::new());
        let title = format!("{}, read, {} bytes", $title, bytes.len());
        Group::new(&title)
            .entry(By::Grammers, "grammers", || {
                <$grammers>::from_bytes(&bytes[$skip..]).expect("reads")
            })
            .entry(By::Us, "code, owned", || Code::from_bytes(bytes).expect("reads"))
            .entry(By::Us, "table, owned", || Table::from_bytes(bytes).expect("reads"))
            .entry(By::Us, "code, borrowed", || {
                code_arena.reset();
                let value = borrowed::api::$($path)::+::from_bytes_in(bytes, &code_arena);
                black_box(&value.expect("reads"));
            })
            .entry(By::Us, "table, borrowed", || {
                table_arena.reset();
                let value = table::borrowed::$($path)::+::from_bytes_in(bytes, &table_arena);
                black_box(&value.expect("reads"));
            })
            .run();
        let buffer = RefCell::new(Vec::with_capacity(2 * bytes.len()));
        let reuse = |write: &dyn Fn(&mut Vec<u8>)| {
            let buffer = &mut *buffer.borrow_mut();
            buffer.clear();
            write(buffer);
            black_box(buffer);
        };
        Group::new(concat!($title, ", write"))
            .entry(By::Grammers, "grammers, reused", || {
                reuse(&|buffer| by_grammers.serialize(buffer));
            })
            .entry(By::Us, "code, reused", || {
                reuse(&|buffer| by_code.write_to(buffer).expect("writes"));
            })
            .entry(By::Us, "table, reused", || {
                reuse(&|buffer| by_table.write_to(buffer).expect("writes"));
            })
            .entry(By::Grammers, "grammers, new", || by_grammers.to_bytes())
            .entry(By::Us, "table, new", || by_table.to_bytes().expect("writes"))
            .run();
        Group::new(concat!($title, ", clone"))
            .entry(By::Grammers, "grammers", || by_grammers.clone())
            .entry(By::Us, "code", || by_code.clone())
            .entry(By::Us, "table", || by_table.clone())
            .run();
        Group::new(concat!($title, ", =="))
            .entry(By::Grammers, "grammers", || black_box(by_grammers) == by_grammers)
            .entry(By::Us, "code", || black_box(by_code) == by_code)
            .entry(By::Us, "table", || black_box(by_table) == by_table)
            .run();
    }};
}

fn main() {
    let filter = std::env::args().skip(1).find(|arg| !arg.starts_with('-'));
    let wants = |name: &str| filter.as_deref().is_none_or(|filter| filter == name);
    if wants("a") {
        payloads!(
            "a: sendMessage",
            payload::send_message(),
            4,
            functions::messages::SendMessage,
            grammers::functions::messages::SendMessage
        );
    }
    if wants("b") {
        payloads!(
            "b: messages.messages",
            payload::messages(),
            0,
            enums::messages::Messages,
            grammers::enums::messages::Messages
        );
    }
    if wants("c") {
        payloads!(
            "c: updates",
            payload::updates(),
            0,
            enums::Updates,
            grammers::enums::Updates
        );
    }
    if wants("d") {
        payloads!(
            "d: upload.file",
            payload::file(),
            0,
            enums::upload::File,
            grammers::enums::upload::File
        );
    }
}
