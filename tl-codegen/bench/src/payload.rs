//! What is read and written: six payloads, as clients meet them, made of a seed.

use tl_runtime::TlWrite;

use crate::owned::api::{enums, functions, types};
use crate::owned::mtproto;

/// A request of 108 bytes: an answer to a message, with one entity.
#[must_use]
pub fn send_message() -> functions::messages::SendMessage {
    let peer = types::InputPeerUser::new(1_234_567_890, 0x1234_5678_9abc_def0);
    let text = "Hello there, General, see you at 7".to_owned();
    let reply = types::InputReplyToMessage::new(4321);
    functions::messages::SendMessage {
        clear_draft: true,
        reply_to: Some(enums::InputReplyTo::Message(Box::new(reply)).into()),
        entities: Some(vec![enums::MessageEntity::Bold(
            types::MessageEntityBold::new(0, 5),
        )]),
        ..functions::messages::SendMessage::new(enums::InputPeer::User(peer), text, 99)
    }
}

/// An answer of about 36 KB: 100 messages, 20 channels, 50 users; most of the text is Cyrillic.
#[must_use]
pub fn messages() -> enums::messages::Messages {
    let mut dice = Dice(1);
    enums::messages::Messages::Messages(types::messages::Messages::new(
        (0..100).map(|i| dice.message(i)).collect(),
        Vec::new(),
        (0..20).map(|i| dice.channel(i)).collect(),
        (0..50).map(|i| dice.user(i)).collect(),
    ))
}

/// About 6.8 KB: 30 updates of six kinds, 15 users, 5 channels.
#[must_use]
pub fn updates() -> enums::Updates {
    let mut dice = Dice(2);
    enums::Updates::Updates(types::Updates::new(
        (0..30).map(|i| dice.update(i)).collect(),
        (0..15).map(|i| dice.user(i)).collect(),
        (0..5).map(|i| dice.channel(i)).collect(),
        1_760_000_000,
        0,
    ))
}

/// A part of a file, 512 KiB.
#[must_use]
pub fn file() -> enums::upload::File {
    let mut dice = Dice(3);
    let bytes = (0..1 << 16).flat_map(|_| dice.next().to_le_bytes());
    enums::upload::File::File(types::upload::File::new(
        enums::storage::FileType::FileJpeg,
        1_760_000_000,
        bytes.collect(),
    ))
}

/// The id of `msg_container`.
pub const CONTAINER_ID: u32 = 0x73f1_f8dc;

/// A container of 60 acknowledgements and 40 pings, 4 KB, as bytes: what its messages are only
/// their ids tell.
///
/// # Panics
/// Never: the values can be written.
#[must_use]
pub fn container() -> Vec<u8> {
    let mut dice = Dice(4);
    let mut bytes = CONTAINER_ID.to_le_bytes().to_vec();
    bytes.extend(100_u32.to_le_bytes());
    for i in 0..100_u32 {
        let body = if i % 5 < 3 {
            let ids = (0..=dice.below(3)).map(|_| dice.long()).collect();
            mtproto::types::MsgsAck::new(ids).to_bytes()
        } else {
            mtproto::functions::Ping::new(dice.long()).to_bytes()
        };
        let body = body.expect("can be written");
        bytes.extend(dice.long().to_le_bytes());
        bytes.extend((2 * i).to_le_bytes());
        bytes.extend(
            u32::try_from(body.len())
                .expect("it is short")
                .to_le_bytes(),
        );
        bytes.extend(body);
    }
    bytes
}

/// 10,000 numbers.
#[must_use]
pub fn longs() -> Vec<i64> {
    let mut dice = Dice(5);
    (0..10_000).map(|_| dice.long()).collect()
}

/// The same numbers each time.
struct Dice(u64);

impl Dice {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    fn below(&mut self, bound: u32) -> u32 {
        ((self.next() >> 32) * u64::from(bound) >> 32) as u32
    }

    fn one_in(&mut self, n: u32) -> bool {
        self.below(n) == 0
    }

    fn int(&mut self) -> i32 {
        (self.next() >> 40) as i32
    }

    fn long(&mut self) -> i64 {
        self.next().cast_signed()
    }

    fn bytes(&mut self, len: usize) -> Vec<u8> {
        (0..len).map(|_| self.next() as u8).collect()
    }

    /// Words of a text, most of them Cyrillic.
    fn text(&mut self, words: u32) -> String {
        const WORDS: [&str; 12] = [
            "привет",
            "как",
            "дела",
            "сегодня",
            "встреча",
            "в",
            "семь",
            "хорошо",
            "ok",
            "Telegram",
            "увидимся",
            "завтра",
        ];
        let words = (0..words).map(|_| WORDS[self.below(12) as usize]);
        words.collect::<Vec<_>>().join(" ")
    }

    fn name(&mut self) -> String {
        const NAMES: [&str; 6] = ["Анна", "Иван", "Maria", "Дмитрий", "John", "Ольга"];
        NAMES[self.below(6) as usize].to_owned()
    }

    fn user_peer(&mut self) -> enums::Peer {
        enums::Peer::User(types::PeerUser::new(i64::from(self.int()) + 1_000_000_000))
    }

    fn channel_peer(&mut self) -> enums::Peer {
        enums::Peer::Channel(types::PeerChannel::new(
            i64::from(self.int()) + 1_000_000_000,
        ))
    }

    fn entity(&mut self) -> enums::MessageEntity {
        let (offset, length) = (self.below(20) as i32, self.below(10) as i32 + 1);
        match self.below(4) {
            0 => enums::MessageEntity::Bold(types::MessageEntityBold::new(offset, length)),
            1 => enums::MessageEntity::Url(types::MessageEntityUrl::new(offset, length)),
            2 => enums::MessageEntity::Mention(types::MessageEntityMention::new(offset, length)),
            _ => {
                let url = format!("https://t.me/c/{}", self.below(1 << 20));
                enums::MessageEntity::TextUrl(types::MessageEntityTextUrl::new(offset, length, url))
            }
        }
    }

    fn reactions(&mut self) -> types::MessageReactions {
        let emoji = ["👍", "❤", "🔥", "🎉"];
        let results = (0..=self.below(3)).map(|i| {
            let reaction = types::ReactionEmoji::new(emoji[i as usize].to_owned());
            let reaction = enums::Reaction::Emoji(reaction);
            types::ReactionCount::new(reaction, self.below(500) as i32)
        });
        types::MessageReactions::new(results.collect())
    }

    fn photo(&mut self) -> enums::MessageMedia {
        let stripped = types::PhotoStrippedSize::new("i".to_owned(), self.bytes(40));
        let medium = types::PhotoSize::new("m".to_owned(), 320, 240, self.below(40_000) as i32);
        let sizes = (0..4).map(|_| self.below(90_000) as i32).collect();
        let large = types::PhotoSizeProgressive::new("y".to_owned(), 1280, 960, sizes);
        let sizes = vec![
            enums::PhotoSize::PhotoStrippedSize(stripped),
            enums::PhotoSize::PhotoSize(medium),
            enums::PhotoSize::Progressive(large),
        ];
        let (id, access_hash) = (self.long(), self.long());
        let reference = self.bytes(25);
        let photo = types::Photo::new(id, access_hash, reference, 1_750_000_000, sizes, 2);
        let mut media = types::MessageMediaPhoto::new();
        media.photo = Some(enums::Photo::Photo(photo).into());
        enums::MessageMedia::Photo(media)
    }

    fn forward(&mut self) -> types::MessageFwdHeader {
        let mut header = types::MessageFwdHeader::new(1_750_000_000 + self.below(1 << 20) as i32);
        header.from_id = Some(self.channel_peer());
        header.channel_post = Some(self.int());
        header.post_author = self.one_in(2).then(|| self.name());
        header
    }

    fn message(&mut self, number: i32) -> enums::Message {
        let words = 5 + self.below(21);
        let text = self.text(words);
        let peer = self.channel_peer();
        let mut message = types::Message::new(5000 - number, peer, 1_760_000_000 - number, text);
        message.out = self.one_in(5);
        message.from_id = Some(self.user_peer());
        if self.one_in(3) {
            message.entities = Some((0..=self.below(3)).map(|_| self.entity()).collect());
        }
        if self.one_in(4) {
            message.reactions = Some(Box::new(self.reactions()));
        }
        if self.one_in(6) {
            message.media = Some(Box::new(self.photo()));
        }
        if self.one_in(6) {
            message.fwd_from = Some(Box::new(self.forward()));
        }
        if self.one_in(5) {
            let mut reply = types::MessageReplyHeader::new();
            reply.reply_to_msg_id = Some(self.int());
            message.reply_to = Some(enums::MessageReplyHeader::MessageReplyHeader(reply).into());
        }
        if self.one_in(4) {
            message.views = Some(self.int());
            message.forwards = Some(self.int());
        }
        message.edit_date = self.one_in(8).then_some(1_760_000_000);
        enums::Message::Message(message)
    }

    fn user(&mut self, number: i64) -> enums::User {
        let mut user = types::User::new(1_000_000_000 + number);
        user.access_hash = Some(self.long());
        user.first_name = Some(self.name());
        user.last_name = self.one_in(2).then(|| self.name());
        user.username = self
            .one_in(2)
            .then(|| format!("user_{}", self.below(1 << 20)));
        user.premium = self.one_in(4);
        if self.one_in(2) {
            let mut photo = types::UserProfilePhoto::new(self.long(), 2);
            photo.stripped_thumb = self.one_in(4).then(|| self.bytes(30));
            user.photo = Some(enums::UserProfilePhoto::UserProfilePhoto(photo).into());
        }
        user.status = Some(if self.one_in(2) {
            enums::UserStatus::Recently(types::UserStatusRecently::new())
        } else {
            enums::UserStatus::Online(types::UserStatusOnline::new(1_760_000_300))
        });
        enums::User::User(user)
    }

    fn channel(&mut self, number: i64) -> enums::Chat {
        let words = 2 + self.below(3);
        let title = self.text(words);
        let photo = types::ChatPhoto::new(self.long(), 4);
        let photo = enums::ChatPhoto::ChatPhoto(photo);
        let mut channel = types::Channel::new(2_000_000_000 + number, title, photo, 1_600_000_000);
        channel.broadcast = self.one_in(2);
        channel.megagroup = !channel.broadcast;
        channel.access_hash = Some(self.long());
        channel.username = self
            .one_in(2)
            .then(|| format!("channel_{}", self.below(1 << 20)));
        channel.participants_count = self.one_in(2).then(|| self.int());
        enums::Chat::Channel(channel)
    }

    fn update(&mut self, number: i32) -> enums::Update {
        let pts = 100_000 + number;
        match number % 6 {
            0 | 1 => {
                let message = self.message(number);
                enums::Update::NewMessage(types::UpdateNewMessage::new(message, pts, 1).into())
            }
            2 => {
                let peer = self.user_peer();
                let update = types::UpdateReadHistoryOutbox::new(peer, self.int(), pts, 0);
                enums::Update::ReadHistoryOutbox(update)
            }
            3 => {
                let online = types::UserStatusOnline::new(1_760_000_300);
                let status = enums::UserStatus::Online(online);
                let user = 1_000_000_000 + i64::from(number);
                enums::Update::UserStatus(types::UpdateUserStatus::new(user, status))
            }
            4 => {
                let ids = (0..=self.below(5)).map(|_| self.int()).collect();
                enums::Update::DeleteMessages(types::UpdateDeleteMessages::new(ids, pts, 1))
            }
            _ => {
                let message = self.message(number);
                let update = types::UpdateNewChannelMessage::new(message, pts, 1);
                enums::Update::NewChannelMessage(update.into())
            }
        }
    }
}
