use tl_macros::{TlRead, TlWrite};

#[derive(TlRead, TlWrite)]
#[tl(tl = "pub.ed25519 key:int256 = PublicKey; pub.aes key:int256 = PublicKey;")]
struct Aes {
    key: [u8; 32],
}

#[derive(TlRead, TlWrite)]
#[tl(tl = "pub.ed25519 key:int256 = PublicKey;", id = 0x4813b4c7)]
struct Ed25519 {
    key: [u8; 32],
}

#[derive(TlRead, TlWrite)]
#[tl(tl = "// nothing")]
struct Nothing;

#[derive(TlRead, TlWrite)]
#[tl(tl = "===8=== message id:int = Message; ===17=== message id:long = Message;", id = "message")]
struct Message {
    id: i32,
}

#[derive(TlRead, TlWrite)]
#[tl(tl = "int ? = Int;")]
struct Int(i32);

fn main() {}
