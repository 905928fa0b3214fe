use tl_macros::{TlRead, TlWrite};

#[derive(TlRead, TlWrite)]
struct LookupBlock {
    #[tl(flags, default_flags = 0x2)]
    mode: (),
    #[tl(flags_bit = 1)]
    lt: Option<u64>,
    #[tl(default_flags = 0x2)]
    utime: u32,
}

fn main() {}
