use tl_macros::{TlRead, TlWrite};

#[derive(TlRead, TlWrite)]
struct LookupBlock {
    #[tl(flags)]
    mode: (),
    #[tl(flags_field = "mode")]
    lt: Option<u64>,
}

fn main() {}
