use tl_macros::{TlRead, TlWrite};

#[derive(TlRead, TlWrite)]
#[repr(C, packed(4))]
struct BlockId {
    workchain: i32,
    shard: i64,
}

fn main() {}
