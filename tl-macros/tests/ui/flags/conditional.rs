use tl_macros::{TlRead, TlWrite};

#[derive(TlRead, TlWrite)]
struct TestMask {
    #[tl(flags)]
    f0: (),
    #[tl(flags, flags_bit = "f0.0")]
    f1: (),
}

fn main() {}
