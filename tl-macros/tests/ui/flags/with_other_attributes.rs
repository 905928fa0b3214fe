use tl_macros::{TlRead, TlWrite};

#[derive(TlRead, TlWrite)]
struct LookupBlock {
    #[tl(flags, skip)]
    mode: (),
    #[tl(flags, with = module)]
    mode2: (),
}

fn main() {}
