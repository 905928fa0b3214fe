use tl_macros::{TlRead, TlWrite};

#[derive(TlRead, TlWrite)]
#[tl(schema = "/nowhere/api.tl", tl = "pub.ed25519 key:int256 = PublicKey;")]
struct Ed25519 {
    key: [u8; 32],
}

fn main() {}
