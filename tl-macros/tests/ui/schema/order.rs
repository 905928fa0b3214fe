use tl_macros::{TlRead, TlWrite};

#[derive(TlRead, TlWrite)]
#[tl(tl = "tonNode.blockId workchain:int shard:long seqno:int = tonNode.BlockId;")]
struct BlockId {
    shard: i64,
    workchain: i32,
    seqno: i32,
}

fn main() {}
