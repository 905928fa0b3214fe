use tl_macros::{TlRead, TlWrite};

#[derive(TlRead, TlWrite)]
#[tl(tl = "tonNode.blockId workchain:int shard:long seqno:int = tonNode.BlockId;")]
struct Short(i32, i64);

#[derive(TlRead, TlWrite)]
#[tl(tl = "tonNode.blockId workchain:int shard:long seqno:int = tonNode.BlockId;")]
struct Long(i32, i64, i32, bool);

#[derive(TlRead, TlWrite)]
#[tl(tl = "tonNode.blockId workchain:int shard:long seqno:int = tonNode.BlockId;")]
struct Empty;

fn main() {}
