use tl_macros::{TlRead, TlWrite};

#[derive(TlRead, TlWrite)]
struct LookupBlock {
    mode: u32,
    #[tl(flags_bit = 1)]
    lt: Option<u64>,
}

fn main() {}
