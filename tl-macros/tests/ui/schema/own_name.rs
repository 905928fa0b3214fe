use tl_macros::{TlRead, TlWrite};

#[derive(TlRead, TlWrite)]
#[tl(tl = "pub.ed25519 key:int256 = PublicKey;", name = "ed25519")]
struct Ed25519 {
    key: [u8; 32],
}

fn main() {}
