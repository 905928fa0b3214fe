use tl_macros::{TlRead, TlWrite};

#[derive(TlRead, TlWrite)]
#[tl(boxd, id = 0x4813b4c6)]
struct Ed25519 {
    #[tl(serialize)]
    key: [u8; 32],
}

fn main() {}
