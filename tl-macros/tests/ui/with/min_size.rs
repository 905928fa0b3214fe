use tl_macros::{TlRead, TlWrite};

#[derive(TlRead, TlWrite)]
struct BlockId {
    #[tl(with = shard, min_size = 7)]
    shard: u64,
    #[tl(min_size = 8)]
    prefix: u64,
}

fn main() {}
