use tl_macros::{TlRead, TlWrite};

#[derive(TlRead, TlWrite)]
#[tl(bare, id = 0x4813b4c6)]
struct Ed25519 {
    key: [u8; 32],
}

fn main() {}
