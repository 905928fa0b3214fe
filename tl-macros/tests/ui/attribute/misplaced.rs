use tl_macros::{TlRead, TlWrite};

#[derive(TlRead, TlWrite)]
struct LookupBlock {
    #[tl(id = 0x4813b4c6)]
    mode: u32,
}

fn main() {}
