use tl_macros::{TlRead, TlWrite};

#[derive(TlRead, TlWrite)]
struct LookupBlock {
    #[tl(flags)]
    mode: (),
    #[tl(flags_bit = 32)]
    lt: Option<u64>,
}

fn main() {}
