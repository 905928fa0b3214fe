use tl_macros::{TlRead, TlWrite};

#[derive(TlRead, TlWrite)]
struct LookupBlock {
    #[tl(flags_bit = 1)]
    lt: Option<u64>,
    #[tl(flags)]
    mode: (),
}

fn main() {}
