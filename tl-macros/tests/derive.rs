//! Derived types against bytes that are known from elsewhere.

#![allow(clippy::unwrap_used, reason = "a test")]

use std::borrow::Cow;
use std::marker::PhantomData;

use tl_macros::{Identified, TlRead, TlWrite};
use tl_runtime::{
    Arena, Bare, Function, Identified, ReadErrorKind, ReadResult, Reader, TlRead, TlWrite,
    WriteErrorKind, Writer,
};

/// Reads the bytes as the value and writes the value as the bytes.
#[track_caller]
fn both<'a, T>(value: &T, bytes: &'a [u8])
where
    T: TlRead<'a> + TlWrite + PartialEq + std::fmt::Debug,
{
    assert_eq!(value.to_bytes().unwrap(), bytes);
    assert_eq!(value.size(), bytes.len());
    assert_eq!(T::from_bytes(bytes).unwrap(), *value);
    assert!(T::MIN_SIZE <= bytes.len());
}

/// Bytes from words, as they are in hexadecimal dumps of the protocol's documentation.
fn words(words: &[u32]) -> Vec<u8> {
    words.iter().flat_map(|word| word.to_le_bytes()).collect()
}

#[derive(TlRead, TlWrite, Debug, PartialEq)]
#[tl(crate = tl_runtime, id = 0x4813_b4c6, name = "pub.ed25519")]
struct Ed25519 {
    key: [u8; 32],
}

#[test]
fn a_struct_with_an_id() {
    let mut bytes = vec![0xc6, 0xb4, 0x13, 0x48];
    bytes.extend([7; 32]);
    both(&Ed25519 { key: [7; 32] }, &bytes);
    assert_eq!(Ed25519::ID, 0x4813_b4c6);
    assert_eq!(Ed25519::NAME, "pub.ed25519");
    assert_eq!(<Ed25519 as TlRead>::MIN_SIZE, 36);

    let error = Ed25519::from_bytes(&bytes[..20]).unwrap_err();
    assert_eq!(
        error.to_string(),
        "the bytes end where an int256 of 32 bytes was wanted, at byte 4 in pub.ed25519.key",
    );
    bytes[0] = 0;
    let error = Ed25519::from_bytes(&bytes).unwrap_err();
    assert_eq!(
        *error.kind(),
        ReadErrorKind::UnexpectedId {
            found: 0x4813_b400,
            expected: "pub.ed25519"
        }
    );
}

/// `tonNode.blockId workchain:int shard:long seqno:int = tonNode.BlockId;`, used bare.
#[derive(TlRead, TlWrite, Debug, PartialEq, Clone)]
#[tl(crate = tl_runtime)]
struct BlockId {
    workchain: i32,
    #[tl(with = shard, min_size = 8)]
    shard: u64,
    seqno: u32,
}

/// Shards are never 0.
mod shard {
    use super::*;

    pub(crate) fn read(r: &mut Reader<'_>) -> ReadResult<u64> {
        match u64::read(r)? {
            0 => Err(r.fail(ReadErrorKind::Invalid("a shard is not 0"))),
            shard => Ok(shard),
        }
    }

    pub(crate) fn write(shard: &u64, w: &mut Writer<'_>) {
        shard.write(w);
    }
}

#[test]
fn a_struct_without_an_id() {
    let block = BlockId {
        workchain: -1,
        shard: 0x8000_0000_0000_0000,
        seqno: 5,
    };
    both(&block, &words(&[0xffff_ffff, 0, 0x8000_0000, 5]));
    assert_eq!(<BlockId as TlRead>::MIN_SIZE, 16);

    let error = BlockId::from_bytes(&words(&[0, 0, 0, 5])).unwrap_err();
    assert_eq!(
        error.to_string(),
        "a shard is not 0, at byte 12 in BlockId.shard"
    );
}

/// `liteServer.lookupBlock mode:# id:tonNode.blockId lt:mode.1?long utime:mode.2?int =
/// liteServer.BlockHeader;` Bit 0 is the program's.
#[derive(TlRead, TlWrite, Debug, PartialEq)]
#[tl(crate = tl_runtime, id = 0xfac8_f71e, name = "liteServer.lookupBlock", result = Vec<u8>)]
struct LookupBlock {
    #[tl(flags)]
    mode: u32,
    id: BlockId,
    #[tl(flags_bit = 1)]
    lt: Option<u64>,
    #[tl(flags_bit = 2)]
    utime: Option<u32>,
}

#[test]
fn flags() {
    let id = BlockId {
        workchain: 0,
        shard: 1,
        seqno: 2,
    };
    let mut lookup = LookupBlock {
        mode: 1,
        id: id.clone(),
        lt: None,
        utime: None,
    };
    both(&lookup, &words(&[0xfac8_f71e, 1, 0, 1, 0, 2]));
    // Bits that fields are under follow the fields, whatever the number says.
    lookup.mode = 0b111;
    let bytes = words(&[0xfac8_f71e, 1, 0, 1, 0, 2]);
    assert_eq!(lookup.to_bytes().unwrap(), bytes);
    both(
        &LookupBlock {
            mode: 0b101,
            id,
            lt: None,
            utime: Some(7),
        },
        &words(&[0xfac8_f71e, 0b101, 0, 1, 0, 2, 7]),
    );
    fn answer<F: Function>() -> &'static str {
        std::any::type_name::<F::Output>()
    }
    assert_eq!(answer::<LookupBlock>(), std::any::type_name::<Vec<u8>>());

    let error = LookupBlock::from_bytes(&words(&[0xfac8_f71e, 0b100, 0, 1, 0, 2])).unwrap_err();
    assert_eq!(
        error.to_string(),
        "the bytes end where a # of 4 bytes was wanted, at byte 24 in liteServer.lookupBlock.utime",
    );
}

/// Two flags fields, a bit that drives several fields, and bits that are always set.
#[derive(TlRead, TlWrite, Debug, PartialEq, Default)]
#[tl(crate = tl_runtime, id = 0x9bd2_855d, name = "account")]
struct Account {
    #[tl(flags)]
    flags: (),
    id: i64,
    #[tl(flags_bit = "flags.2")]
    has_password: bool,
    #[tl(flags_bit = "flags.2")]
    salt: Option<Vec<u8>>,
    #[tl(flags_field = "flags", flags_bit = 2)]
    srp_id: Option<i64>,
    #[tl(flags, default_flags = 0x8000_0000)]
    flags2: (),
    #[tl(flags_bit = "flags2.0", default = -1)]
    until: i32,
}

#[test]
fn flags_that_hang_together() {
    let bytes = words(&[0x9bd2_855d, 4, 1, 0, 0x0302_0102, 9, 0, 0x8000_0001, 5]);
    let mut account = Account {
        id: 1,
        has_password: true,
        salt: Some(vec![1, 2]),
        srp_id: Some(9),
        until: 5,
        ..Account::default()
    };
    assert_eq!(Account::from_bytes(&bytes[..]).unwrap(), account);
    let padded = words(&[0x9bd2_855d, 4, 1, 0, 0x0002_0102, 9, 0, 0x8000_0001, 5]);
    both(&account, &padded);
    account.salt = None;
    assert_eq!(
        *account.to_bytes().unwrap_err().kind(),
        WriteErrorKind::InconsistentFlag {
            constructor: "account",
            flag: "flags.2"
        }
    );
    let absent = words(&[0x9bd2_855d, 0, 1, 0, 0]);
    assert_eq!(Account::from_bytes(&absent).unwrap().until, -1);
}

/// `PublicKey`: constructors in three styles, one of them a struct with an id of its own.
#[derive(TlRead, TlWrite, Debug, PartialEq)]
#[tl(crate = tl_runtime)]
enum PublicKey<'tl> {
    Ed25519(Ed25519),
    #[tl(id = 0x2dbc_add4, name = "pub.aes")]
    Aes {
        key: HashRef<'tl>,
    },
    #[tl(id = 0x34ba_45cb, name = "pub.overlay")]
    Overlay(&'tl [u8]),
    #[tl(id = 0x1234_5678)]
    Unknown,
}

#[derive(TlRead, TlWrite, Debug, PartialEq, Clone, Copy)]
#[tl(crate = tl_runtime)]
struct HashRef<'tl>(&'tl [u8; 32]);

#[test]
fn an_enum() {
    let key = [3; 32];
    let bytes = |id: u32| [&id.to_le_bytes()[..], &key].concat();
    both(&PublicKey::Ed25519(Ed25519 { key }), &bytes(0x4813_b4c6));
    both(&PublicKey::Aes { key: HashRef(&key) }, &bytes(0x2dbc_add4));
    both(
        &PublicKey::Overlay(b"abc"),
        &words(&[0x34ba_45cb, 0x6362_6103]),
    );
    both(&PublicKey::Unknown, &words(&[0x1234_5678]));

    let error = PublicKey::from_bytes(&bytes(1)).unwrap_err();
    assert_eq!(
        error.to_string(),
        "unexpected constructor id 0x00000001 where PublicKey was wanted, at byte 0",
    );
    let cut = bytes(0x2dbc_add4);
    let error = PublicKey::from_bytes(&cut[..8]).unwrap_err();
    assert_eq!(
        error.to_string(),
        "the bytes end where an int256 of 32 bytes was wanted, at byte 4 in pub.aes.key.0",
    );
}

/// Vectors stand boxed unless said otherwise, as do types with an id.
#[derive(TlRead, TlWrite, Debug, PartialEq)]
#[tl(crate = tl_runtime, id = 0x4abd_1110)]
struct Lists<'a> {
    boxed: Vec<i32>,
    #[tl(bare)]
    bare: Vec<Vec<u8>>,
    #[tl(bare)]
    key: Ed25519,
    #[tl(boxed)]
    number: i32,
    text: &'a str,
    cow: Cow<'a, str>,
    inner: Bare<Vec<u64>>,
    r#type: bool,
    #[tl(skip)]
    cache: usize,
    #[tl(skip, default = Some("none"))]
    note: Option<&'static str>,
}

#[test]
fn boxed_and_bare() {
    let mut bytes = words(&[
        0x4abd_1110,
        0x1cb5_c415,
        1,
        5, //
        1,
        0x0000_0901,
    ]);
    bytes.extend([7; 32]);
    bytes.extend(words(&[
        0xa850_9bda,
        6,
        0x0069_6802,
        0x006f_6802,
        1,
        1,
        0,
        0x9972_75b5,
    ]));
    let lists = Lists {
        boxed: vec![5],
        bare: vec![vec![9]],
        key: Ed25519 { key: [7; 32] },
        number: 6,
        text: "hi",
        cow: "ho".into(),
        inner: Bare(vec![1]),
        r#type: true,
        cache: 0,
        note: Some("none"),
    };
    both(&lists, &bytes);
    let error = Lists::from_bytes(&bytes[..bytes.len() - 4]).unwrap_err();
    assert!(error.to_string().ends_with("in Lists.type"), "{error}");
}

/// Parameters of all kinds. A wrapper like `invokeWithLayer`.
#[derive(TlRead, TlWrite, Debug, PartialEq)]
#[tl(crate = "::tl_runtime", id = 0xda9b_0d0d, name = "invokeWithLayer", result = X::Output)]
struct InvokeWithLayer<X, const N: usize = 2>
where
    X: Clone,
{
    layer: i32,
    query: X,
    #[tl(skip)]
    marker: PhantomData<[u8; N]>,
}

#[derive(TlRead, TlWrite, Debug, PartialEq, Clone)]
#[tl(crate = tl_runtime, id = 0xc4f9_186b, name = "help.getConfig", result = i32)]
struct GetConfig;

#[test]
fn generics() {
    let call = InvokeWithLayer::<_, 3> {
        layer: 230,
        query: GetConfig,
        marker: PhantomData,
    };
    both(&call, &words(&[0xda9b_0d0d, 230, 0xc4f9_186b]));
    fn answer<F: Function>(_: &F, bytes: &[u8]) -> F::Output {
        F::Output::from_bytes(bytes).unwrap()
    }
    assert_eq!(answer(&call, &words(&[7])), 7);
}

/// What a type parameter brings: elements that borrow, associated types, a lifetime of their own.
#[derive(TlRead, TlWrite, Debug, PartialEq)]
#[tl(crate = tl_runtime)]
struct Page<'a, T: Copy> {
    items: &'a [T],
    total: Option0<T>,
}

type Option0<T> = T;

#[test]
fn borrowed_elements_are_in_the_arena() {
    let bytes = words(&[0x1cb5_c415, 2, 0x6101, 0x6201, 0x6301]);
    let arena = Arena::new();
    let page = Page::<&str>::from_bytes_in(&bytes, &arena).unwrap();
    let wanted = Page {
        items: &["a", "b"],
        total: "c",
    };
    assert_eq!(page, wanted);
    assert_eq!(page.to_bytes().unwrap(), bytes);
    const { assert!(<Page<'_, &str> as TlRead>::NEEDS_ARENA) };
    const { assert!(!<PublicKey<'_> as TlRead>::NEEDS_ARENA) };
    assert_eq!(
        *Page::<&str>::from_bytes(&bytes).unwrap_err().kind(),
        ReadErrorKind::NoArena
    );
}

/// Recursion, through a box and through a vector.
#[derive(TlRead, TlWrite, Debug, PartialEq)]
#[tl(crate = tl_runtime)]
enum Tree {
    #[tl(id = 1)]
    Leaf(i32),
    #[tl(id = 2)]
    Node { left: Box<Tree>, right: Box<Tree> },
    #[tl(id = 3)]
    Many(Vec<Tree>),
}

#[test]
fn recursion_ends() {
    let tree = Tree::Node {
        left: Box::new(Tree::Leaf(1)),
        right: Box::new(Tree::Many(vec![Tree::Leaf(2)])),
    };
    both(&tree, &words(&[2, 1, 1, 3, 0x1cb5_c415, 1, 1, 2]));
    let bomb = words(&vec![2; 20_000]);
    assert_eq!(
        *Tree::from_bytes(&bomb).unwrap_err().kind(),
        ReadErrorKind::TooDeep
    );
    let claim = words(&[3, 0x1cb5_c415, 0x7fff_ffff]);
    assert!(matches!(
        *Tree::from_bytes(&claim).unwrap_err().kind(),
        ReadErrorKind::TooManyElements { .. }
    ));
}

/// One direction only.
#[derive(TlRead, Identified)]
#[tl(crate = tl_runtime, id = 9, boxed)]
struct OnlyRead {
    value: i32,
    #[tl(read_with = half)]
    half: i32,
}

fn half(r: &mut Reader<'_>) -> ReadResult<i32> {
    Ok(i32::read(r)? / 2)
}

#[derive(TlWrite)]
#[tl(crate = tl_runtime, id = 9)]
struct OnlyWritten<'a, 'b> {
    value: &'a i32,
    #[tl(write_with = twice)]
    half: &'b i32,
}

fn twice(half: &&i32, w: &mut Writer<'_>) {
    w.int(**half * 2);
}

#[test]
fn one_direction() {
    let bytes = OnlyWritten {
        value: &3,
        half: &4,
    }
    .to_bytes()
    .unwrap();
    assert_eq!(bytes, words(&[9, 3, 8]));
    let read = OnlyRead::from_bytes(&bytes).unwrap();
    assert_eq!((read.value, read.half), (3, 4));
    assert_eq!(OnlyRead::ID, OnlyWritten::ID);
}

/// Names that generated code might trip over.
mod names {
    use super::{TlRead, TlWrite, both, words};

    #[derive(TlRead, TlWrite, Debug, PartialEq)]
    #[tl(crate = tl_runtime, id = 10)]
    struct Names {
        r: i32,
        __r: i32,
        value: i32,
        __value: i32,
        r#fn: i32,
        id: i32,
    }

    #[test]
    fn names_do_not_clash() {
        let names = Names {
            r: 1,
            __r: 2,
            value: 3,
            __value: 4,
            r#fn: 5,
            id: 6,
        };
        both(&names, &words(&[10, 1, 2, 3, 4, 5, 6]));
    }
}

/// The usual path of the run time.
#[derive(TlRead, TlWrite, Debug, PartialEq)]
struct ByTheUsualPath(i32);

#[test]
fn the_usual_path() {
    both(&ByTheUsualPath(4), &words(&[4]));
}
