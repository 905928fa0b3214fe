//! Reading and writing of six payloads beside grammers and tl-proto.

use std::cell::RefCell;
use std::hint::black_box;

use grammers_tl_types as grammers;
use grammers_tl_types::{Cursor, Deserializable, Serializable};
use tl_codegen_bench::tape::{By, Counting, Group};
use tl_codegen_bench::tl_proto_types as theirs;
use tl_codegen_bench::{borrowed, owned, payload};
use tl_runtime::{Arena, ReadResult, Reader, TlRead, TlWrite};

#[global_allocator]
static ALLOCATOR: Counting = Counting;

fn main() {
    let filter = std::env::args().skip(1).find(|arg| !arg.starts_with('-'));
    let groups: [(&str, fn()); 7] = [
        ("sizes", sizes),
        ("a", send_message),
        ("b", messages),
        ("c", updates),
        ("d", file),
        ("e", container),
        ("f", longs),
    ];
    for (name, run) in groups {
        if filter.as_deref().is_none_or(|filter| filter == name) {
            run();
        }
    }
}

/// Bytes of types in memory.
fn sizes() {
    println!("| size of | owned | borrowed | grammers |");
    println!("|---|---:|---:|---:|");
    macro_rules! sizes {
        ($($kind:ident :: $name:ident, $of_grammers:ident :: $grammers:ident;)*) => { $(
            println!(
                "| {}::{} | {} | {} | {} |",
                stringify!($kind),
                stringify!($name),
                size_of::<owned::api::$kind::$name>(),
                size_of::<borrowed::api::$kind::$name<'_>>(),
                size_of::<grammers::$of_grammers::$grammers>(),
            );
        )* };
    }
    sizes! {
        enums::Update, enums::Update;
        enums::Updates, enums::Updates;
        enums::Message, enums::Message;
        types::Message, types::Message;
        types::User, types::User;
        types::Channel, types::Channel;
        enums::MessageMedia, enums::MessageMedia;
        enums::MessageEntity, enums::MessageEntity;
    }
    println!();
}

/// What all read and write alike.
struct Payload<'a> {
    bytes: &'a [u8],
    buffer: RefCell<Vec<u8>>,
}

impl<'a> Payload<'a> {
    fn new(bytes: &'a [u8]) -> Self {
        Self {
            bytes,
            buffer: RefCell::new(Vec::with_capacity(2 * bytes.len())),
        }
    }

    /// Writes into the same buffer each time.
    fn reuse(&self, write: impl FnOnce(&mut Vec<u8>)) {
        let buffer = &mut *self.buffer.borrow_mut();
        buffer.clear();
        write(buffer);
        black_box(buffer);
    }
}

/// What grammers reads as it stands alone.
struct Grammers<T>(T);

/// What grammers reads without its id and writes with it.
struct GrammersCall<T>(T);

impl<T: Deserializable + Serializable> Grammers<T> {
    fn from_bytes(bytes: &[u8]) -> grammers::deserialize::Result<Self> {
        T::from_bytes(bytes).map(Self)
    }

    fn to_bytes(&self) -> Vec<u8> {
        self.0.to_bytes()
    }

    fn serialize(&self, buffer: &mut Vec<u8>) {
        self.0.serialize(buffer);
    }
}

impl<T: Deserializable + Serializable> GrammersCall<T> {
    fn from_bytes(bytes: &[u8]) -> grammers::deserialize::Result<Self> {
        T::from_bytes(&bytes[4..]).map(Self)
    }

    fn to_bytes(&self) -> Vec<u8> {
        self.0.to_bytes()
    }

    fn serialize(&self, buffer: &mut Vec<u8>) {
        self.0.serialize(buffer);
    }
}

macro_rules! reading {
    ($group:ident, $payload:ident, $owned:ty, $borrowed:ty) => {{
        let mut arena = Arena::new();
        $group = $group
            .entry(By::Us, "ours, owned", || {
                <$owned as TlRead>::from_bytes($payload.bytes).expect("reads")
            })
            .entry(By::Us, "ours, borrowed", move || {
                arena.reset();
                let value =
                    <$borrowed as TlRead>::from_bytes_in($payload.bytes, &arena).expect("reads");
                black_box(&value);
            });
    }};
}

macro_rules! writing {
    ($group:ident, $payload:ident, $owned:ident, $borrowed:ident) => {
        $group = $group
            .entry(By::Us, "ours, new", || TlWrite::to_bytes(&$owned))
            .entry(By::Us, "ours, reused", || {
                $payload.reuse(|buffer| $owned.write_to(buffer).expect("writes"))
            })
            .entry(By::Us, "ours, borrowed, new", || {
                TlWrite::to_bytes(&$borrowed)
            })
            .entry(By::Us, "ours, borrowed, reused", || {
                $payload.reuse(|buffer| $borrowed.write_to(buffer).expect("writes"))
            });
    };
}

/// Reading and writing of one payload by all.
macro_rules! both {
    ($title:literal, $value:expr, $owned:ty, $borrowed:ty, $grammers:ty $(, $proto:ty)?) => {{
        let value = $value;
        let bytes = TlWrite::to_bytes(&value).expect("writes");
        let payload = &Payload::new(&bytes);
        let read = <$grammers>::from_bytes(&bytes).expect("grammers reads");
        assert_eq!(read.to_bytes(), bytes, "grammers writes the same");
        let arena = Arena::new();
        let borrowed = <$borrowed as TlRead>::from_bytes_in(&bytes, &arena).expect("reads");
        assert_eq!(<$owned as TlRead>::from_bytes(&bytes).expect("reads"), value);

        let title = format!("{}, read, {} bytes", $title, bytes.len());
        let mut group = Group::new(&title).entry(By::Grammers, "grammers", || {
            <$grammers>::from_bytes(payload.bytes).expect("reads")
        });
        reading!(group, payload, $owned, $borrowed);
        $(
            let proto: $proto = tl_proto::deserialize(&bytes).expect("tl-proto reads");
            assert_eq!(tl_proto::serialize(&proto), bytes, "tl-proto writes the same");
            group = group.entry(By::TlProto, "tl-proto", || {
                tl_proto::deserialize::<$proto>(payload.bytes).expect("reads")
            });
        )?
        group.run();

        let title = format!("{}, write", $title);
        $(
            let proto: $proto = tl_proto::deserialize(&bytes).expect("tl-proto reads");
        )?
        let mut group = Group::new(&title)
            .entry(By::Grammers, "grammers, new", || read.to_bytes())
            .entry(By::Grammers, "grammers, reused", || {
                payload.reuse(|buffer| read.serialize(buffer))
            });
        writing!(group, payload, value, borrowed);
        $(
            let proto: &$proto = &proto;
            group = group
                .entry(By::TlProto, "tl-proto, new", || tl_proto::serialize(proto))
                .entry(By::TlProto, "tl-proto, reused", || {
                    payload.reuse(|buffer| tl_proto::TlWrite::write_to(proto, buffer))
                });
        )?
        group.run();
    }};
}

fn send_message() {
    both!(
        "a: sendMessage",
        payload::send_message(),
        owned::api::functions::messages::SendMessage,
        borrowed::api::functions::messages::SendMessage<'_>,
        GrammersCall<grammers::functions::messages::SendMessage>,
        theirs::SendMessage<'_>
    );
}

fn messages() {
    both!(
        "b: messages.messages",
        payload::messages(),
        owned::api::enums::messages::Messages,
        borrowed::api::enums::messages::Messages<'_>,
        Grammers<grammers::enums::messages::Messages>,
        theirs::Messages<'_>
    );
}

fn updates() {
    both!(
        "c: updates",
        payload::updates(),
        owned::api::enums::Updates,
        borrowed::api::enums::Updates<'_>,
        Grammers<grammers::enums::Updates>
    );
}

fn file() {
    both!(
        "d: upload.file",
        payload::file(),
        owned::api::enums::upload::File,
        borrowed::api::enums::upload::File<'_>,
        Grammers<grammers::enums::upload::File>,
        theirs::File
    );
    let bytes = payload::file().to_bytes().expect("writes");
    Group::new("d: upload.file, borrowed")
        .entry(By::TlProto, "tl-proto", || {
            tl_proto::deserialize::<theirs::BorrowedFile<'_>>(&bytes).expect("reads")
        })
        .entry(By::Us, "ours", || {
            borrowed::api::enums::upload::File::from_bytes(&bytes).expect("reads")
        })
        .run();
}

/// A container is taken apart by hand, its bodies are generated types.
fn container() {
    const ACK: u32 = 0x62d6_b459;
    const PING: u32 = 0x7abe_77ec;

    #[derive(Clone, Copy)]
    struct Message<A, P> {
        _msg_id: i64,
        _seqno: i32,
        _bytes: i32,
        _body: Body<A, P>,
    }

    #[derive(Clone, Copy)]
    enum Body<A, P> {
        Ack(A),
        Ping(P),
    }

    fn message<'a, A, P>(r: &mut Reader<'a>) -> ReadResult<Message<A, P>>
    where
        A: TlRead<'a>,
        P: TlRead<'a>,
    {
        Ok(Message {
            _msg_id: r.long(),
            _seqno: r.int(),
            _bytes: r.int(),
            _body: match r.id() {
                ACK => Body::Ack(A::read_bare(r)?),
                PING => Body::Ping(P::read_bare(r)?),
                id => return Err(r.unexpected_id(id, "body")),
            },
        })
    }

    fn grammers_message(
        cursor: &mut Cursor<'_>,
    ) -> grammers::deserialize::Result<Message<grammers::types::MsgsAck, grammers::functions::Ping>>
    {
        Ok(Message {
            _msg_id: i64::deserialize(cursor)?,
            _seqno: i32::deserialize(cursor)?,
            _bytes: i32::deserialize(cursor)?,
            _body: match u32::deserialize(cursor)? {
                ACK => Body::Ack(grammers::types::MsgsAck::deserialize(cursor)?),
                _ => Body::Ping(grammers::functions::Ping::deserialize(cursor)?),
            },
        })
    }

    let bytes = &payload::container()[..];
    let proto: theirs::Container = tl_proto::deserialize(bytes).expect("tl-proto reads");
    assert_eq!(
        tl_proto::serialize(&proto),
        bytes,
        "tl-proto writes the same"
    );
    let title = format!("e: container, read, {} bytes", bytes.len());
    let mut arena = Arena::new();
    Group::new(&title)
        .entry(By::Grammers, "grammers", || {
            let cursor = &mut Cursor::from_slice(bytes);
            assert_eq!(u32::deserialize(cursor), Ok(payload::CONTAINER_ID));
            let count = u32::deserialize(cursor).expect("a count");
            let messages = (0..count).map(|_| grammers_message(cursor));
            messages
                .collect::<grammers::deserialize::Result<Vec<_>>>()
                .expect("reads")
        })
        .entry(By::Us, "ours, owned", || {
            use owned::mtproto::{functions::Ping, types::MsgsAck};
            let read = Reader::new(bytes).read_with(|r| {
                r.expect_id(payload::CONTAINER_ID, "msg_container")?;
                Ok(r.vector_with(24, message::<MsgsAck, Ping>))
            });
            read.expect("reads")
        })
        .entry(By::Us, "ours, borrowed", move || {
            use borrowed::mtproto::{functions::Ping, types::MsgsAck};
            arena.reset();
            let mut reader = Reader::new(bytes).with_arena(&arena);
            let read = reader.read_with(|r| {
                r.expect_id(payload::CONTAINER_ID, "msg_container")?;
                Ok(r.slice_with(24, message::<MsgsAck<'_>, Ping>))
            });
            black_box(read.expect("reads"));
        })
        .entry(By::TlProto, "tl-proto", || {
            tl_proto::deserialize::<theirs::Container>(bytes).expect("reads")
        })
        .run();
}

fn longs() {
    both!(
        "f: Vector<long>",
        payload::longs(),
        Vec<i64>,
        &[i64],
        Grammers<Vec<i64>>,
        theirs::Vector<i64>
    );
}
