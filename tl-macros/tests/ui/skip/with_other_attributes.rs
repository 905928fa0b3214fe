use tl_macros::{TlRead, TlWrite};

#[derive(TlRead, TlWrite)]
struct BlockId {
    #[tl(skip, boxed)]
    cached: u64,
    #[tl(skip, with = shard)]
    prefix: u64,
}

fn main() {}
