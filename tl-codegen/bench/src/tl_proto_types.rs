//! Types for tl-proto's derive, which has no generator: of each constructor only the fields that
//! the payloads have, text as bytes without a look at it. Both are in its favour.

use tl_proto::{TlRead, TlWrite};

/// `Vector<T>`; tl-proto's own vectors have no id.
#[derive(TlRead, TlWrite)]
#[tl(boxed, id = 0x1cb5c415)]
pub struct Vector<T>(pub Vec<T>);

/// messages.sendMessage
#[derive(TlRead, TlWrite)]
#[tl(boxed, id = 0xfef48f62)]
pub struct SendMessage<'tl> {
    #[tl(flags)]
    pub flags: (),
    #[tl(flags_bit = 7)]
    pub clear_draft: Option<()>,
    pub peer: InputPeer,
    #[tl(flags_bit = 0)]
    pub reply_to: Option<InputReplyTo>,
    pub message: &'tl [u8],
    pub random_id: i64,
    #[tl(flags_bit = 3)]
    pub entities: Option<Vector<MessageEntity<'tl>>>,
}

#[derive(TlRead, TlWrite)]
#[tl(boxed)]
pub enum InputPeer {
    #[tl(id = 0xdde8a54c)]
    User { user_id: i64, access_hash: i64 },
    #[tl(id = 0x27bcbbfc)]
    Channel { channel_id: i64, access_hash: i64 },
}

#[derive(TlRead, TlWrite)]
#[tl(boxed)]
pub enum InputReplyTo {
    #[tl(id = 0x3bd4b7c2)]
    Message { flags: u32, reply_to_msg_id: i32 },
}

#[derive(TlRead, TlWrite)]
#[tl(boxed)]
pub enum MessageEntity<'tl> {
    #[tl(id = 0xfa04579d)]
    Mention { offset: i32, length: i32 },
    #[tl(id = 0x6ed02538)]
    Url { offset: i32, length: i32 },
    #[tl(id = 0xbd610bc9)]
    Bold { offset: i32, length: i32 },
    #[tl(id = 0x76a6d327)]
    TextUrl {
        offset: i32,
        length: i32,
        url: &'tl [u8],
    },
}

/// messages.messages
#[derive(TlRead, TlWrite)]
#[tl(boxed, id = 0x1d73e7ea)]
pub struct Messages<'tl> {
    pub messages: Vector<Message<'tl>>,
    pub topics: Vector<i64>,
    pub chats: Vector<Channel<'tl>>,
    pub users: Vector<User<'tl>>,
}

#[derive(TlRead, TlWrite)]
#[tl(boxed, id = 0x7600b9d3)]
pub struct Message<'tl> {
    #[tl(flags)]
    pub flags: (),
    #[tl(flags_bit = 1)]
    pub out: Option<()>,
    pub flags2: u32,
    pub id: i32,
    #[tl(flags_bit = 8)]
    pub from_id: Option<Peer>,
    pub peer_id: Peer,
    #[tl(flags_bit = 2)]
    pub fwd_from: Option<Forward<'tl>>,
    #[tl(flags_bit = 3)]
    pub reply_to: Option<Reply>,
    pub date: i32,
    pub message: &'tl [u8],
    #[tl(flags_bit = 9)]
    pub media: Option<Media<'tl>>,
    #[tl(flags_bit = 7)]
    pub entities: Option<Vector<MessageEntity<'tl>>>,
    #[tl(flags_bit = 10)]
    pub views: Option<i32>,
    #[tl(flags_bit = 10)]
    pub forwards: Option<i32>,
    #[tl(flags_bit = 15)]
    pub edit_date: Option<i32>,
    #[tl(flags_bit = 20)]
    pub reactions: Option<Reactions<'tl>>,
}

#[derive(TlRead, TlWrite)]
#[tl(boxed)]
pub enum Peer {
    #[tl(id = 0x59511722)]
    User { user_id: i64 },
    #[tl(id = 0xa2a5371e)]
    Channel { channel_id: i64 },
}

#[derive(TlRead, TlWrite)]
#[tl(boxed, id = 0x4e4df4bb)]
pub struct Forward<'tl> {
    #[tl(flags)]
    pub flags: (),
    #[tl(flags_bit = 0)]
    pub from_id: Option<Peer>,
    pub date: i32,
    #[tl(flags_bit = 2)]
    pub channel_post: Option<i32>,
    #[tl(flags_bit = 3)]
    pub post_author: Option<&'tl [u8]>,
}

#[derive(TlRead, TlWrite)]
#[tl(boxed, id = 0x1b97dd66)]
pub struct Reply {
    #[tl(flags)]
    pub flags: (),
    #[tl(flags_bit = 4)]
    pub reply_to_msg_id: Option<i32>,
}

#[derive(TlRead, TlWrite)]
#[tl(boxed, id = 0xe216eb63)]
pub struct Media<'tl> {
    #[tl(flags)]
    pub flags: (),
    #[tl(flags_bit = 0)]
    pub photo: Option<Photo<'tl>>,
}

#[derive(TlRead, TlWrite)]
#[tl(boxed, id = 0xfb197a65)]
pub struct Photo<'tl> {
    pub flags: u32,
    pub id: i64,
    pub access_hash: i64,
    pub file_reference: &'tl [u8],
    pub date: i32,
    pub sizes: Vector<PhotoSize<'tl>>,
    pub dc_id: i32,
}

#[derive(TlRead, TlWrite)]
#[tl(boxed)]
pub enum PhotoSize<'tl> {
    #[tl(id = 0x75c78e60)]
    Size {
        kind: &'tl [u8],
        w: i32,
        h: i32,
        size: i32,
    },
    #[tl(id = 0xe0b0bc2e)]
    Stripped { kind: &'tl [u8], bytes: &'tl [u8] },
    #[tl(id = 0xfa3efb95)]
    Progressive {
        kind: &'tl [u8],
        w: i32,
        h: i32,
        sizes: Vector<i32>,
    },
}

#[derive(TlRead, TlWrite)]
#[tl(boxed, id = 0x0a339f0b)]
pub struct Reactions<'tl> {
    pub flags: u32,
    pub results: Vector<ReactionCount<'tl>>,
}

#[derive(TlRead, TlWrite)]
#[tl(boxed, id = 0xa3d1cb80)]
pub struct ReactionCount<'tl> {
    pub flags: u32,
    pub reaction: Reaction<'tl>,
    pub count: i32,
}

#[derive(TlRead, TlWrite)]
#[tl(boxed, id = 0x1b2286b8)]
pub struct Reaction<'tl> {
    pub emoticon: &'tl [u8],
}

#[derive(TlRead, TlWrite)]
#[tl(boxed, id = 0xb1b8cc83)]
pub struct User<'tl> {
    #[tl(flags)]
    pub flags: (),
    #[tl(flags_bit = 28)]
    pub premium: Option<()>,
    pub flags2: u32,
    pub id: i64,
    #[tl(flags_bit = 0)]
    pub access_hash: Option<i64>,
    #[tl(flags_bit = 1)]
    pub first_name: Option<&'tl [u8]>,
    #[tl(flags_bit = 2)]
    pub last_name: Option<&'tl [u8]>,
    #[tl(flags_bit = 3)]
    pub username: Option<&'tl [u8]>,
    #[tl(flags_bit = 5)]
    pub photo: Option<UserPhoto<'tl>>,
    #[tl(flags_bit = 6)]
    pub status: Option<UserStatus>,
}

#[derive(TlRead, TlWrite)]
#[tl(boxed, id = 0x82d1f706)]
pub struct UserPhoto<'tl> {
    #[tl(flags)]
    pub flags: (),
    pub photo_id: i64,
    #[tl(flags_bit = 1)]
    pub stripped_thumb: Option<&'tl [u8]>,
    pub dc_id: i32,
}

#[derive(TlRead, TlWrite)]
#[tl(boxed)]
pub enum UserStatus {
    #[tl(id = 0xedb93949)]
    Online { expires: i32 },
    #[tl(id = 0x7b197dc8)]
    Recently { flags: u32 },
}

#[derive(TlRead, TlWrite)]
#[tl(boxed, id = 0xd49f34c6)]
pub struct Channel<'tl> {
    #[tl(flags)]
    pub flags: (),
    #[tl(flags_bit = 5)]
    pub broadcast: Option<()>,
    #[tl(flags_bit = 8)]
    pub megagroup: Option<()>,
    pub flags2: u32,
    pub id: i64,
    #[tl(flags_bit = 13)]
    pub access_hash: Option<i64>,
    pub title: &'tl [u8],
    #[tl(flags_bit = 6)]
    pub username: Option<&'tl [u8]>,
    pub photo: ChatPhoto,
    pub date: i32,
    #[tl(flags_bit = 17)]
    pub participants_count: Option<i32>,
}

#[derive(TlRead, TlWrite)]
#[tl(boxed, id = 0x1c6e1c11)]
pub struct ChatPhoto {
    pub flags: u32,
    pub photo_id: i64,
    pub dc_id: i32,
}

/// upload.file, what it has copied.
#[derive(TlRead, TlWrite)]
#[tl(boxed, id = 0x096a18d5)]
pub struct File {
    pub kind: u32,
    pub mtime: i32,
    pub bytes: Vec<u8>,
}

/// upload.file, what it has where it is.
#[derive(TlRead, TlWrite)]
#[tl(boxed, id = 0x096a18d5)]
pub struct BorrowedFile<'tl> {
    pub kind: u32,
    pub mtime: i32,
    pub bytes: &'tl [u8],
}

/// msg_container
#[derive(TlRead, TlWrite)]
#[tl(boxed, id = 0x73f1f8dc)]
pub struct Container {
    pub messages: Vec<ContainerMessage>,
}

#[derive(TlRead, TlWrite)]
pub struct ContainerMessage {
    pub msg_id: i64,
    pub seqno: i32,
    pub bytes: i32,
    pub body: Body,
}

#[derive(TlRead, TlWrite)]
#[tl(boxed)]
pub enum Body {
    #[tl(id = 0x62d6b459)]
    Ack { msg_ids: Vector<i64> },
    #[tl(id = 0x7abe77ec)]
    Ping { ping_id: i64 },
}
