use tl_macros::{TlRead, TlWrite};

#[derive(TlRead, TlWrite)]
struct LookupBlock {
    #[tl(flags)]
    mode: (),
    #[tl(flags_bit = 1)]
    lt: u64,
}

fn main() {}
