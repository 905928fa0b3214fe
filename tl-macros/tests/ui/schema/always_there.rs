use tl_macros::{TlRead, TlWrite};

#[derive(TlRead, TlWrite)]
#[tl(tl = "pub.ed25519 key:int256 = PublicKey;")]
struct Ed25519 {
    key: Option<[u8; 32]>,
}

fn main() {}
