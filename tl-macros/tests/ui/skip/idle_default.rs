use tl_macros::{TlRead, TlWrite};

#[derive(TlRead, TlWrite)]
struct BlockId {
    #[tl(default)]
    shard: u64,
    #[tl(flags)]
    mode: (),
    #[tl(flags_bit = 0, default)]
    prefix: Option<u64>,
}

fn main() {}
