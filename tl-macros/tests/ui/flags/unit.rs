use tl_macros::{TlRead, TlWrite};

#[derive(TlRead, TlWrite)]
struct Dialog {
    #[tl(flags)]
    flags: (),
    #[tl(flags_bit = 1)]
    pinned: Option<()>,
}

fn main() {}
