use tl_macros::{TlRead, TlWrite};

#[derive(TlRead, TlWrite)]
#[tl(tl = "
    pub.ed25519 key:int256 = PublicKey;
    pub.aes key:int256 = PublicKey;
    boolTrue = Bool;
    ---functions---
    ping id:long = Pong;
")]
enum PublicKey {
    #[tl(id = "pub.ed25519")]
    Ed25519 { key: [u8; 32] },
    #[tl(id = "pub.ed25519")]
    Again { key: [u8; 32] },
    #[tl(id = "pub.aess")]
    Aes { key: [u8; 32] },
    #[tl(id = "boolTrue")]
    True,
    #[tl(id = "ping")]
    Ping(i64),
    #[tl(tl = "pub.unenc data:bytes = PublicKey;")]
    Unenc { data: Vec<u8> },
}

fn main() {}
