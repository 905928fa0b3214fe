use tl_macros::{TlRead, TlWrite};

#[derive(TlRead, TlWrite)]
struct BlockId {
    #[tl(with = shard, read_with = shard::read)]
    shard: u64,
    #[tl(with = shard, boxed)]
    prefix: u64,
}

fn main() {}
