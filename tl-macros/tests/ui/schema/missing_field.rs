use tl_macros::{TlRead, TlWrite};

#[derive(TlRead, TlWrite)]
#[tl(tl = "lookupBlock mode:# id:BlockId lt:mode.1?long utime:mode.2?int = BlockHeader;")]
struct LookupBlock {
    id: BlockId,
    utime: Option<i32>,
}

struct BlockId;

fn main() {}
