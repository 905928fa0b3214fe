//! Types that take ids, flag bits and representations from a schema.

#![allow(clippy::unwrap_used, reason = "a test")]

use tl_macros::{TlRead, TlWrite};
use tl_runtime::{Function, Identified, TlRead, TlWrite};

fn words(words: &[u32]) -> Vec<u8> {
    words.iter().flat_map(|word| word.to_le_bytes()).collect()
}

#[track_caller]
fn both<'a, T>(value: &T, bytes: &'a [u8])
where
    T: TlRead<'a> + TlWrite + PartialEq + std::fmt::Debug,
{
    assert_eq!(value.to_bytes().unwrap(), bytes);
    assert_eq!(T::from_bytes(bytes).unwrap(), *value);
}

/// Ids as TON's programs have them.
#[derive(TlRead, TlWrite, Debug, PartialEq)]
#[tl(crate = tl_runtime, schema = "tests/schemas/lite.tl")]
enum PublicKey<'tl> {
    #[tl(id = "pub.ed25519")]
    Ed25519 { key: HashRef<'tl> },
    #[tl(id = 0x2dbc_add4)]
    Aes { key: &'tl [u8; 32] },
    #[tl(id = "pub.overlay")]
    Overlay(&'tl [u8]),
}

#[derive(TlRead, TlWrite, Debug, PartialEq, Clone, Copy)]
#[tl(crate = tl_runtime)]
struct HashRef<'tl>(&'tl [u8; 32]);

#[test]
fn an_enum() {
    let key = [3; 32];
    let bytes = |id: u32| [&id.to_le_bytes()[..], &key].concat();
    both(
        &PublicKey::Ed25519 { key: HashRef(&key) },
        &bytes(0x4813_b4c6),
    );
    both(&PublicKey::Aes { key: &key }, &bytes(0x2dbc_add4));
    both(
        &PublicKey::Overlay(b"abc"),
        &words(&[0x34ba_45cb, 0x6362_6103]),
    );
    let error = PublicKey::from_bytes(&bytes(1)).unwrap_err();
    assert!(error.to_string().contains("where PublicKey was wanted"));
}

#[derive(TlRead, TlWrite, Debug, PartialEq, Clone)]
#[tl(crate = tl_runtime, schema = "tests/schemas/lite.tl", id = "tonNode.blockId")]
struct BlockId {
    workchain: i32,
    shard: u64,
    #[tl(name = "seqno")]
    seq_no: u32,
}

/// Without the flags field; the schema knows the bits.
#[derive(TlRead, TlWrite, Debug, PartialEq)]
#[tl(
    crate = tl_runtime,
    schema = "tests/schemas/lite.tl",
    id = "liteServer.lookupBlock",
    result = BlockHeader
)]
struct LookupBlock {
    id: BlockId,
    lt: Option<i64>,
    utime: Option<i32>,
}

/// With it, for the bits that no field is under; and with bits that repeat the schema's.
#[derive(TlRead, TlWrite, Debug, PartialEq)]
#[tl(crate = tl_runtime, schema = "tests/schemas/lite.tl", id = "liteServer.lookupBlock")]
struct LookupBlockByMode {
    mode: u32,
    id: BlockId,
    #[tl(flags_bit = 1)]
    lt: Option<i64>,
    #[tl(flags_bit = "mode.2")]
    utime: Option<i32>,
}

#[derive(TlRead, TlWrite, Debug, PartialEq)]
#[tl(crate = tl_runtime, schema = "tests/schemas/lite.tl", id = "liteServer.blockHeader")]
struct BlockHeader {
    id: BlockIdExt,
    mode: u32,
    header_proof: Vec<u8>,
}

#[derive(TlRead, TlWrite, Debug, PartialEq)]
#[tl(crate = tl_runtime, schema = "tests/schemas/lite.tl", id = "tonNode.blockIdExt")]
struct BlockIdExt(i32, u64, u32, [u8; 32], [u8; 32]);

#[test]
fn bare_fields_and_flags() {
    let id = BlockId {
        workchain: -1,
        shard: 1 << 63,
        seq_no: 5,
    };
    let bare = [0xffff_ffff, 0, 0x8000_0000, 5];
    let tail = words(&bare);
    both(
        &LookupBlock {
            id: id.clone(),
            lt: None,
            utime: Some(7),
        },
        &[&words(&[0xfac8_f71e, 4])[..], &tail, &words(&[7])].concat(),
    );
    both(
        &LookupBlockByMode {
            mode: 0b011,
            id,
            lt: Some(9),
            utime: None,
        },
        &[&words(&[0xfac8_f71e, 0b011])[..], &tail, &words(&[9, 0])].concat(),
    );
    assert_eq!(LookupBlock::NAME, "liteServer.lookupBlock");
    assert_eq!(LookupBlock::ID, LookupBlockByMode::ID);
    fn answer<F: Function>() -> &'static str {
        std::any::type_name::<F::Output>()
    }
    assert_eq!(
        answer::<LookupBlock>(),
        std::any::type_name::<BlockHeader>()
    );
}

/// Vectors of bare types, in both homes.
#[derive(TlRead, TlWrite, Debug, PartialEq)]
#[tl(crate = tl_runtime, schema = "tests/schemas/lite.tl", id = "liteServer.getSeqnos", result = Vec<i32>)]
struct GetSeqnos {
    ids: Vec<BlockId>,
}

#[derive(TlRead, TlWrite, Debug, PartialEq)]
#[tl(crate = tl_runtime, schema = "tests/schemas/lite.tl", id = "liteServer.getSeqnos")]
struct GetSeqnosBoxed {
    ids: Box<[BlockId]>,
}

#[test]
fn vectors_of_bare() {
    let id = BlockId {
        workchain: 1,
        shard: 2,
        seq_no: 3,
    };
    let mut bytes = GetSeqnos::ID.to_le_bytes().to_vec();
    bytes.extend(words(&[2, 1, 2, 0, 3, 1, 2, 0, 3]));
    both(
        &GetSeqnos {
            ids: vec![id.clone(); 2],
        },
        &bytes,
    );
    both(
        &GetSeqnosBoxed {
            ids: vec![id; 2].into(),
        },
        &bytes,
    );
}

/// A line is enough; what it names and does not declare is given.
#[derive(TlRead, TlWrite, Debug, PartialEq)]
#[tl(crate = tl_runtime, tl = "adnl.node id:PublicKey addr_list:adnl.addressList = adnl.Node")]
struct Node<'tl> {
    id: PublicKey<'tl>,
    addr_list: AddressList,
}

#[derive(TlRead, TlWrite, Debug, PartialEq)]
#[tl(crate = tl_runtime, tl = "
    adnl.addressList addrs:(vector adnl.Address) version:int reinit_date:int priority:int \
        expire_at:int = adnl.AddressList;
")]
struct AddressList {
    addrs: Vec<Address>,
    version: i32,
    reinit_date: i32,
    priority: i32,
    expire_at: i32,
}

/// A line for each variant.
#[derive(TlRead, TlWrite, Debug, PartialEq)]
#[tl(crate = tl_runtime)]
enum Address {
    #[tl(tl = "adnl.address.udp ip:int port:int = adnl.Address;")]
    Udp { ip: i32, port: i32 },
    #[tl(tl = "adnl.address.udp6 ip:int128 port:int = adnl.Address;")]
    Udp6 { ip: [u8; 16], port: i32 },
}

#[test]
fn inline_declarations() {
    let key = [1; 32];
    let node = Node {
        id: PublicKey::Aes { key: &key },
        addr_list: AddressList {
            addrs: vec![Address::Udp { ip: 1, port: 2 }],
            version: 3,
            reinit_date: 4,
            priority: 5,
            expire_at: 6,
        },
    };
    let mut bytes = words(&[Node::ID, 0x2dbc_add4]);
    bytes.extend(key);
    bytes.extend(words(&[1, 0x670d_a6e7, 1, 2, 3, 4, 5, 6]));
    both(&node, &bytes);
    // As the official list has it.
    assert_eq!(AddressList::ID, 0x2227_e658);
}
