use tl_macros::{TlRead, TlWrite};

#[derive(TlRead, TlWrite)]
#[tl(schema = "/nowhere/missing.tl", id = "pub.ed25519")]
struct Ed25519 {
    key: [u8; 32],
}

fn main() {}
