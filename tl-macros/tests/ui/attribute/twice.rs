use tl_macros::{TlRead, TlWrite};

#[derive(TlRead, TlWrite)]
#[tl(id = 0x4813b4c6)]
#[tl(id = 0x4813b4c6, boxed, bare)]
struct Ed25519 {
    key: [u8; 32],
}

fn main() {}
