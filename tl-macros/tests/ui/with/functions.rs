use tl_macros::{TlRead, TlWrite};
use tl_runtime::{ReadResult, Reader};

#[derive(TlRead, TlWrite)]
#[tl(crate = tl_runtime)]
struct AnotherType {
    #[tl(read_with = number)]
    shard: u64,
}

fn number(r: &mut Reader<'_>) -> ReadResult<i32> {
    Ok(r.int())
}

fn main() {}
