use tl_macros::{TlRead, TlWrite};

#[derive(TlRead, TlWrite)]
#[tl(tl = "lookupBlock mode:# id:BlockId lt:mode.1?long utime:mode.2?int = BlockHeader;")]
struct LookupBlock {
    #[tl(flags_bit = 0)]
    id: BlockId,
    #[tl(flags_bit = 2)]
    lt: Option<i64>,
    #[tl(flags_bit = "flags.2")]
    utime: Option<i32>,
}

struct BlockId;

fn main() {}
