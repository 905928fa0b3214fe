//! Derived types of TON's ADNL beside the same types derived by tl-proto.
//!
//! Before anything is measured, 100,000 random packets are written by both, and what one has
//! written the other reads.

use mtproto_bench::Group;
use mtproto_runtime::tl::{TlRead as _, TlWrite as _};

/// Ours, checked against the schema.
mod ours {
    use mtproto_runtime::tl::{TlRead, TlWrite};

    #[derive(TlRead, TlWrite, Debug, PartialEq, Clone)]
    #[tl(schema = "../../schemas/ton/ton_api.tl", id = "adnl.packetContents")]
    pub struct Packet<'tl> {
        pub rand1: &'tl [u8],
        pub flags: (),
        pub from: Option<PublicKey<'tl>>,
        pub from_short: Option<Short<'tl>>,
        pub message: Option<Message<'tl>>,
        pub messages: Option<Vec<Message<'tl>>>,
        pub address: Option<AddressList<'tl>>,
        pub priority_address: Option<AddressList<'tl>>,
        pub seqno: Option<u64>,
        pub confirm_seqno: Option<u64>,
        pub recv_addr_list_version: Option<u32>,
        pub recv_priority_addr_list_version: Option<u32>,
        pub reinit_date: Option<u32>,
        pub dst_reinit_date: Option<u32>,
        pub signature: Option<&'tl [u8]>,
        pub rand2: &'tl [u8],
    }

    #[derive(TlRead, TlWrite, Debug, PartialEq, Clone, Copy)]
    #[tl(schema = "../../schemas/ton/ton_api.tl", id = "adnl.id.short")]
    pub struct Short<'tl> {
        pub id: &'tl [u8; 32],
    }

    #[derive(TlRead, TlWrite, Debug, PartialEq, Clone, Copy)]
    #[tl(schema = "../../schemas/ton/ton_api.tl")]
    pub enum PublicKey<'tl> {
        #[tl(id = "pub.ed25519")]
        Ed25519 { key: &'tl [u8; 32] },
        #[tl(id = "pub.overlay")]
        Overlay { name: &'tl [u8] },
    }

    #[derive(TlRead, TlWrite, Debug, PartialEq, Clone, Copy)]
    #[tl(schema = "../../schemas/ton/ton_api.tl")]
    pub enum Message<'tl> {
        #[tl(id = "adnl.message.custom")]
        Custom { data: &'tl [u8] },
        #[tl(id = "adnl.message.nop")]
        Nop,
        #[tl(id = "adnl.message.query")]
        Query {
            query_id: &'tl [u8; 32],
            query: &'tl [u8],
        },
        #[tl(id = "adnl.message.part")]
        Part {
            hash: &'tl [u8; 32],
            total_size: u32,
            offset: u32,
            data: &'tl [u8],
        },
    }

    #[derive(TlRead, TlWrite, Debug, PartialEq, Clone)]
    #[tl(schema = "../../schemas/ton/ton_api.tl", id = "adnl.addressList")]
    pub struct AddressList<'tl> {
        pub addrs: Vec<Address<'tl>>,
        pub version: u32,
        pub reinit_date: u32,
        pub priority: u32,
        pub expire_at: u32,
    }

    #[derive(TlRead, TlWrite, Debug, PartialEq, Clone, Copy)]
    #[tl(schema = "../../schemas/ton/ton_api.tl")]
    pub enum Address<'tl> {
        #[tl(id = "adnl.address.udp")]
        Udp { ip: u32, port: u32 },
        #[tl(id = "adnl.address.udp6")]
        Udp6 { ip: &'tl [u8; 16], port: u32 },
    }
}

/// The same by tl-proto.
mod theirs {
    use tl_proto::{TlRead, TlWrite};

    #[derive(TlRead, TlWrite, Debug, PartialEq, Clone)]
    #[tl(boxed, id = 0xd142cd89)]
    pub struct Packet<'tl> {
        pub rand1: &'tl [u8],
        #[tl(flags)]
        pub flags: (),
        #[tl(flags_bit = 0)]
        pub from: Option<PublicKey<'tl>>,
        #[tl(flags_bit = 1)]
        pub from_short: Option<Short<'tl>>,
        #[tl(flags_bit = 2)]
        pub message: Option<Message<'tl>>,
        #[tl(flags_bit = 3)]
        pub messages: Option<Vec<Message<'tl>>>,
        #[tl(flags_bit = 4)]
        pub address: Option<AddressList<'tl>>,
        #[tl(flags_bit = 5)]
        pub priority_address: Option<AddressList<'tl>>,
        #[tl(flags_bit = 6)]
        pub seqno: Option<u64>,
        #[tl(flags_bit = 7)]
        pub confirm_seqno: Option<u64>,
        #[tl(flags_bit = 8)]
        pub recv_addr_list_version: Option<u32>,
        #[tl(flags_bit = 9)]
        pub recv_priority_addr_list_version: Option<u32>,
        #[tl(flags_bit = 10)]
        pub reinit_date: Option<u32>,
        #[tl(flags_bit = 10)]
        pub dst_reinit_date: Option<u32>,
        #[tl(flags_bit = 11)]
        pub signature: Option<&'tl [u8]>,
        pub rand2: &'tl [u8],
    }

    #[derive(TlRead, TlWrite, Debug, PartialEq, Clone, Copy)]
    pub struct Short<'tl> {
        pub id: &'tl [u8; 32],
    }

    #[derive(TlRead, TlWrite, Debug, PartialEq, Clone, Copy)]
    #[tl(boxed)]
    pub enum PublicKey<'tl> {
        #[tl(id = 0x4813b4c6)]
        Ed25519 { key: &'tl [u8; 32] },
        #[tl(id = 0x34ba45cb)]
        Overlay { name: &'tl [u8] },
    }

    #[derive(TlRead, TlWrite, Debug, PartialEq, Clone, Copy)]
    #[tl(boxed)]
    pub enum Message<'tl> {
        #[tl(id = 0x204818f5)]
        Custom { data: &'tl [u8] },
        #[tl(id = 0x17f8dfda)]
        Nop,
        #[tl(id = 0xb48bf97a)]
        Query {
            query_id: &'tl [u8; 32],
            query: &'tl [u8],
        },
        #[tl(id = 0xfd452d39)]
        Part {
            hash: &'tl [u8; 32],
            total_size: u32,
            offset: u32,
            data: &'tl [u8],
        },
    }

    #[derive(TlRead, TlWrite, Debug, PartialEq, Clone)]
    pub struct AddressList<'tl> {
        pub addrs: Vec<Address<'tl>>,
        pub version: u32,
        pub reinit_date: u32,
        pub priority: u32,
        pub expire_at: u32,
    }

    #[derive(TlRead, TlWrite, Debug, PartialEq, Clone, Copy)]
    #[tl(boxed)]
    pub enum Address<'tl> {
        #[tl(id = 0x670da6e7)]
        Udp { ip: u32, port: u32 },
        #[tl(id = 0xe31d63fa)]
        Udp6 { ip: &'tl [u8; 16], port: u32 },
    }
}

/// Random numbers that are the same in every run, and the bytes that values borrow.
struct Random {
    state: u64,
    bytes: Vec<u8>,
}

impl Random {
    fn new(seed: u64) -> Self {
        let mut this = Self {
            state: seed,
            bytes: Vec::new(),
        };
        let bytes = (0..4096).map(|_| this.below(256) as u8).collect();
        this.bytes = bytes;
        this
    }

    /// SplitMix64.
    fn next(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.state;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn below(&mut self, limit: u64) -> u64 {
        self.next() % limit
    }
}

/// Builds a value of one of the two modules; called with the same numbers it is the same value.
macro_rules! builder {
    ($module:ident, $name:ident) => {
        fn $name<'b>(random: &mut Random, pool: &'b [u8]) -> $module::Packet<'b> {
            use $module::{Address, AddressList, Message, Packet, PublicKey, Short};

            fn bytes<'b>(random: &mut Random, pool: &'b [u8]) -> &'b [u8] {
                let len = random.below(300) as usize;
                let start = random.below((pool.len() - len) as u64) as usize;
                &pool[start..start + len]
            }
            fn fixed<'b, const N: usize>(random: &mut Random, pool: &'b [u8]) -> &'b [u8; N] {
                let start = random.below((pool.len() - N) as u64) as usize;
                pool[start..].first_chunk().expect("the pool is longer")
            }
            fn message<'b>(random: &mut Random, pool: &'b [u8]) -> Message<'b> {
                match random.below(4) {
                    0 => Message::Custom {
                        data: bytes(random, pool),
                    },
                    1 => Message::Nop,
                    2 => Message::Query {
                        query_id: fixed(random, pool),
                        query: bytes(random, pool),
                    },
                    _ => Message::Part {
                        hash: fixed(random, pool),
                        total_size: random.next() as u32,
                        offset: random.next() as u32,
                        data: bytes(random, pool),
                    },
                }
            }
            fn addresses<'b>(random: &mut Random, pool: &'b [u8]) -> AddressList<'b> {
                let addrs = (0..random.below(4)).map(|_| match random.below(2) {
                    0 => Address::Udp {
                        ip: random.next() as u32,
                        port: random.next() as u32,
                    },
                    _ => Address::Udp6 {
                        ip: fixed(random, pool),
                        port: random.next() as u32,
                    },
                });
                AddressList {
                    addrs: addrs.collect(),
                    version: random.next() as u32,
                    reinit_date: random.next() as u32,
                    priority: random.next() as u32,
                    expire_at: random.next() as u32,
                }
            }

            let bits = random.next();
            let has = |bit: u32| bits >> bit & 1 == 1;
            Packet {
                rand1: bytes(random, pool),
                flags: (),
                from: has(0).then(|| match random.below(2) {
                    0 => PublicKey::Ed25519 {
                        key: fixed(random, pool),
                    },
                    _ => PublicKey::Overlay {
                        name: bytes(random, pool),
                    },
                }),
                from_short: has(1).then(|| Short {
                    id: fixed(random, pool),
                }),
                message: has(2).then(|| message(random, pool)),
                messages: has(3).then(|| {
                    let count = random.below(5);
                    (0..count).map(|_| message(random, pool)).collect()
                }),
                address: has(4).then(|| addresses(random, pool)),
                priority_address: has(5).then(|| addresses(random, pool)),
                seqno: has(6).then(|| random.next()),
                confirm_seqno: has(7).then(|| random.next()),
                recv_addr_list_version: has(8).then(|| random.next() as u32),
                recv_priority_addr_list_version: has(9).then(|| random.next() as u32),
                reinit_date: has(10).then(|| random.next() as u32),
                dst_reinit_date: has(10).then(|| random.next() as u32),
                signature: has(11).then(|| bytes(random, pool)),
                rand2: bytes(random, pool),
            }
        }
    };
}

builder!(ours, our_packet);
builder!(theirs, their_packet);

/// The two of one seed, and their bytes.
fn pair<'b>(seed: u64, pool: &'b [u8]) -> (ours::Packet<'b>, theirs::Packet<'b>) {
    let (mut a, mut b) = (Random::new(0), Random::new(0));
    (a.state, b.state) = (seed, seed);
    (our_packet(&mut a, pool), their_packet(&mut b, pool))
}

fn compare(count: u64, pool: &[u8]) {
    let mut random = Random::new(1);
    let mut total = 0;
    for _ in 0..count {
        let (ours, theirs) = pair(random.next(), pool);
        let our_bytes = ours.to_bytes().expect("a packet can be written");
        let their_bytes = tl_proto::serialize(&theirs);
        assert_eq!(our_bytes, their_bytes);
        assert_eq!(ours.size(), our_bytes.len());
        assert_eq!(ours::Packet::from_bytes(&their_bytes).as_ref(), Ok(&ours));
        assert_eq!(tl_proto::deserialize(&our_bytes).ok(), Some(theirs));
        total += our_bytes.len();
    }
    println!("{count} random packets, {total} bytes: the same both ways\n");
}

fn main() {
    let pool = Random::new(2).bytes;
    compare(100_000, &pool);

    // Everything a packet can hold, about 2 KB.
    let full = (0_u64..)
        .map(|seed| pair(seed, &pool))
        .find(|(ours, _)| {
            ours.from.is_some()
                && ours
                    .messages
                    .as_ref()
                    .is_some_and(|messages| messages.len() == 4)
                && ours
                    .address
                    .as_ref()
                    .is_some_and(|list| list.addrs.len() == 3)
                && ours.signature.is_some()
                && ours.reinit_date.is_some()
        })
        .expect("one of many");
    let (ours, theirs) = full;
    let bytes = ours.to_bytes().expect("a packet can be written");
    let len = bytes.len();
    Group::new(format!("read a packet of {len} bytes"))
        .entry("tl-proto", len, || {
            tl_proto::deserialize::<theirs::Packet<'_>>(&bytes)
        })
        .entry("derived here", len, || ours::Packet::from_bytes(&bytes))
        .run();
    Group::new(format!("write a packet of {len} bytes"))
        .entry("tl-proto", len, || tl_proto::serialize(&theirs))
        .entry("derived here", len, || ours.to_bytes())
        .run();
    let mut buffer = Vec::with_capacity(2 * len);
    let mut other = Vec::with_capacity(2 * len);
    Group::new(format!("write a packet of {len} bytes into a buffer"))
        .entry("tl-proto", len, || {
            tl_proto::serialize_into(&theirs, &mut buffer);
        })
        .entry("derived here", len, || {
            other.clear();
            ours.write_to(&mut other)
        })
        .run();

    let small = ours::Message::Query {
        query_id: &[1; 32],
        query: &[2; 40],
    };
    let their_small = theirs::Message::Query {
        query_id: &[1; 32],
        query: &[2; 40],
    };
    let bytes = small.to_bytes().expect("a message can be written");
    let len = bytes.len();
    Group::new(format!("read a message of {len} bytes"))
        .entry("tl-proto", len, || {
            tl_proto::deserialize::<theirs::Message<'_>>(&bytes)
        })
        .entry("derived here", len, || ours::Message::from_bytes(&bytes))
        .run();
    Group::new(format!("write a message of {len} bytes"))
        .entry("tl-proto", len, || tl_proto::serialize(&their_small))
        .entry("derived here", len, || small.to_bytes())
        .run();
}
