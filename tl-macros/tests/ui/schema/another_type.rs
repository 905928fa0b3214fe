use tl_macros::{TlRead, TlWrite};

#[derive(TlRead, TlWrite)]
#[tl(id = "node", tl = "
    node id:blockId key:PublicKey more:vector<blockId> = Node;
    blockId workchain:int = BlockId;
    other workchain:int = Other;
    pub.aes key:int256 = PublicKey;
    pub.ed25519 key:int256 = PublicKey;
")]
struct Node<'a> {
    id: Other,
    key: Aes<'a>,
    more: Vec<Other>,
}

#[derive(TlRead, TlWrite)]
#[tl(tl = "other workchain:int = Other;")]
struct Other {
    workchain: Seqno,
}

#[derive(TlRead, TlWrite)]
#[tl(tl = "pub.aes key:int256 = PublicKey")]
struct Aes<'a> {
    key: &'a [u8; 32],
}

type Seqno = i64;

fn main() {}
