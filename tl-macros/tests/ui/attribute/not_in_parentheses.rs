use tl_macros::{TlRead, TlWrite};

#[derive(TlRead, TlWrite)]
#[tl = "boxed"]
struct Ed25519 {
    key: [u8; 32],
}

fn main() {}
