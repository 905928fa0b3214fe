//! Encrypted packets of MTProto 2.0: seal one, or open one.
//!
//! ```text
//! auth_key_id 8 | msg_key 16 | AES-256-IGE( salt 8 | session_id 8 | msg_id 8 | seq_no 4 | length 4 | body | padding 12..1024 )
//! ```
//!
//! Nobody gets to see plaintext that was not verified: [`open`] decrypts the whole packet, hashes
//! the whole plaintext, compares the hash in constant time, and only then hands out a
//! [`Plaintext`], of which [`Plaintext::message`] reads the header. Whatever is wrong, the error is
//! the same and the work has been the same, so that neither an answer nor the time it took tells
//! an attacker anything about the plaintext.
//!
//! See <https://core.telegram.org/mtproto/description> and its
//! [security guidelines](https://core.telegram.org/mtproto/security_guidelines#mtproto-encrypted-messages).

use core::fmt;

use rand_core::CryptoRng;
use subtle::ConstantTimeEq;
use zeroize::{Zeroize, Zeroizing};

use super::hash::{sha256, slice};
use super::public::verdict;
use super::{AuthKey, DecryptError, Direction, MsgKey, ige, kdf};

/// `auth_key_id` and `msg_key`, before the encrypted part.
pub const PREFIX_LEN: usize = 24;
/// Salt, session id, msg_id, seq_no and length, before the body.
pub const HEADER_LEN: usize = 32;
/// Fewest bytes of padding.
pub const MIN_PADDING: usize = 12;
/// Most bytes of padding.
pub const MAX_PADDING: usize = 1024;

/// What a message carries besides its body.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Header {
    /// Server salt.
    pub salt: i64,
    /// Session id.
    pub session_id: i64,
    /// Identifier of the message, close to its time.
    pub msg_id: i64,
    /// Twice the number of content-related messages before, plus one if it is one itself.
    pub seq_no: i32,
}

/// How many bytes of padding a packet gets.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Padding {
    /// 12 to 27: as few as the protocol allows.
    Shortest,
    /// Up to the next size of a short list (64, 128, 192, 256, 384, 512, 768, 1024, 1280, then
    /// steps of 448), so that an observer of lengths learns less.
    #[default]
    Buckets,
}

impl Padding {
    /// Bytes of padding after header and body, which together have `len` bytes.
    #[must_use]
    pub fn len_for(self, len: usize) -> usize {
        const SIZES: [usize; 9] = [64, 128, 192, 256, 384, 512, 768, 1024, 1280];
        const STEP: usize = 448;

        let least = (len + MIN_PADDING).next_multiple_of(16);
        let padded = match self {
            Self::Shortest => least,
            Self::Buckets => match SIZES.iter().find(|size| **size >= least) {
                Some(size) => *size,
                None => 1280 + (least - 1280).next_multiple_of(STEP),
            },
        };
        padded - len
    }
}

/// A quick ack token: the first 32 bits of the packet's hash with the top bit set. The server sends
/// it back when it could decrypt the packet.
///
/// See <https://core.telegram.org/mtproto/mtproto-transports#quick-ack>.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct QuickAck(pub u32);

impl QuickAck {
    fn of(hash: &[u8; 32]) -> Self {
        Self(u32::from_le_bytes(slice(hash, 0)) | 1 << 31)
    }
}

/// Nothing was sealed, because of what the caller asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum SealError {
    /// The encrypted part must have a whole number of 16-byte blocks, and at least one.
    Blocks {
        /// Its length.
        len: usize,
    },
    /// The body must have a whole number of 4-byte words, and its length must fit in TL `int`.
    Body {
        /// Its length.
        len: usize,
    },
}

impl fmt::Display for SealError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Blocks { len } => {
                write!(
                    f,
                    "plaintext of {len} bytes is not a number of 16-byte blocks"
                )
            }
            Self::Body { len } => {
                write!(
                    f,
                    "body of {len} bytes is not a message's (multiple of 4, below 2^31)"
                )
            }
        }
    }
}

impl core::error::Error for SealError {}

/// Appends one encrypted packet to `out`: header, body and random padding, sealed.
///
/// ```
/// use mtproto_runtime::crypto::packet::{self, Header, Padding};
/// use mtproto_runtime::crypto::{AuthKey, Direction, random::SystemRandom};
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let key = AuthKey::new([7; AuthKey::LEN]);
/// let header = Header { salt: 1, session_id: 2, msg_id: 4 << 32, seq_no: 1 };
/// let mut packet = Vec::new();
/// packet::seal_message(
///     &key,
///     Direction::FromClient,
///     &header,
///     b"a body..",
///     Padding::Shortest,
///     &mut SystemRandom::new(),
///     &mut packet,
/// )?;
///
/// let plaintext = packet::open(&key, Direction::FromClient, &mut packet)?;
/// let message = plaintext.message()?;
/// assert_eq!(message.header, header);
/// assert_eq!(message.body, b"a body..");
/// # Ok(())
/// # }
/// ```
///
/// # Errors
/// [`SealError::Body`]; `out` is left as it was.
pub fn seal_message(
    auth_key: &AuthKey,
    direction: Direction,
    header: &Header,
    body: &[u8],
    padding: Padding,
    rng: &mut (impl CryptoRng + ?Sized),
    out: &mut Vec<u8>,
) -> Result<QuickAck, SealError> {
    let refused = SealError::Body { len: body.len() };
    let length = i32::try_from(body.len()).map_err(|_| refused)?;
    if !body.len().is_multiple_of(4) {
        return Err(refused);
    }
    let padding = padding.len_for(HEADER_LEN + body.len());

    let start = out.len();
    out.reserve(PREFIX_LEN + HEADER_LEN + body.len() + padding);
    out.extend_from_slice(&[0; PREFIX_LEN]);
    out.extend_from_slice(&header.salt.to_le_bytes());
    out.extend_from_slice(&header.session_id.to_le_bytes());
    out.extend_from_slice(&header.msg_id.to_le_bytes());
    out.extend_from_slice(&header.seq_no.to_le_bytes());
    out.extend_from_slice(&length.to_le_bytes());
    out.extend_from_slice(body);
    let padding_start = out.len();
    out.resize(padding_start + padding, 0);
    rng.fill_bytes(&mut out[padding_start..]);
    seal(auth_key, direction, &mut out[start..])
}

/// Encrypts in place a packet whose plaintext, padding included, is already there.
///
/// The first [`PREFIX_LEN`] bytes of `packet` are overwritten with auth key id and msg_key, the
/// rest with its ciphertext. This is also how messages of a secret chat are sealed, with the side
/// that started it as [`Direction::FromClient`].
///
/// # Errors
/// [`SealError::Blocks`]; `packet` is left as it was.
pub fn seal(
    auth_key: &AuthKey,
    direction: Direction,
    packet: &mut [u8],
) -> Result<QuickAck, SealError> {
    let refused = SealError::Blocks {
        len: packet.len().saturating_sub(PREFIX_LEN),
    };
    let (prefix, inner) = packet.split_at_mut_checked(PREFIX_LEN).ok_or(refused)?;
    if inner.is_empty() || !inner.len().is_multiple_of(16) {
        return Err(refused);
    }
    let hash = Zeroizing::new(sha256(&[&msg_key_secret(auth_key, direction)[..], inner]));
    let msg_key: MsgKey = slice(&hash[..], 8);
    prefix[..8].copy_from_slice(&auth_key.id().to_le_bytes());
    prefix[8..].copy_from_slice(&msg_key);

    let key = kdf::message_key(auth_key, &msg_key, direction);
    ige::encrypt(&key, inner.as_chunks_mut().0);
    Ok(QuickAck::of(&hash))
}

/// Decrypts a packet in place and verifies it.
///
/// `direction` is the way the packet came: on a client, always [`Direction::FromServer`]. The
/// encrypted part must end with the packet; what padded transports add, the transport cuts off.
///
/// # Errors
/// [`DecryptError`]; the encrypted part of `packet` has then been wiped.
pub fn open<'a>(
    auth_key: &AuthKey,
    direction: Direction,
    packet: &'a mut [u8],
) -> Result<Plaintext<'a>, DecryptError> {
    // Length and auth key id travel in the clear, so that stopping here tells nobody anything.
    let (prefix, inner) = packet
        .split_at_mut_checked(PREFIX_LEN)
        .ok_or(DecryptError)?;
    if inner.is_empty()
        || !inner.len().is_multiple_of(16)
        || prefix[..8] != auth_key.id().to_le_bytes()
    {
        return Err(DecryptError);
    }
    let msg_key: MsgKey = slice(prefix, 8);

    let key = kdf::message_key(auth_key, &msg_key, direction);
    let secret = msg_key_secret(auth_key, direction);
    let hash = Zeroizing::new(ige::decrypt_and_hash(
        &key,
        &secret,
        inner.as_chunks_mut().0,
    ));
    let right = hash[8..24].ct_eq(&msg_key);
    if verdict(right) {
        Ok(Plaintext {
            quick_ack: QuickAck::of(&hash),
            bytes: inner,
        })
    } else {
        inner.zeroize();
        Err(DecryptError)
    }
}

/// The part of the auth key that is hashed with the plaintext.
fn msg_key_secret(auth_key: &AuthKey, direction: Direction) -> Zeroizing<[u8; 32]> {
    Zeroizing::new(slice(&auth_key.expose_bytes()[..], 88 + direction.x()))
}

/// Plaintext of which it is proved that the holder of the auth key made it; padding included.
///
/// It may still be old, repeated, or for another session: that is for the session to judge.
#[derive(Clone, Copy)]
pub struct Plaintext<'a> {
    bytes: &'a [u8],
    quick_ack: QuickAck,
}

impl<'a> Plaintext<'a> {
    /// For a [`Provider`](crate::Provider) other than the real one, which has its own way to know
    /// who made the bytes. Whoever calls this promises what [`open`] proves.
    #[must_use]
    pub fn vouched_for(bytes: &'a [u8], quick_ack: QuickAck) -> Self {
        Self { bytes, quick_ack }
    }

    /// All of it: for an ordinary packet read [`Self::message`] instead, for a secret chat this is
    /// length, `decryptedMessageLayer` and padding.
    #[must_use]
    pub fn bytes(self) -> &'a [u8] {
        self.bytes
    }

    /// The token with which the server acknowledges this packet on request.
    #[must_use]
    pub fn quick_ack(self) -> QuickAck {
        self.quick_ack
    }

    /// Reads header and body, if the lengths are as the protocol demands.
    ///
    /// # Errors
    /// [`DecryptError`], the same as for bytes that could not be decrypted: the length is
    /// negative, not a multiple of 4 or larger than the plaintext, or leaves less than 12 or more
    /// than 1024 bytes of padding.
    pub fn message(self) -> Result<Message<'a>, DecryptError> {
        let (header, rest) = self
            .bytes
            .split_first_chunk::<HEADER_LEN>()
            .ok_or(DecryptError)?;
        let length = i32::from_le_bytes(slice(header, 28));
        let length = usize::try_from(length).map_err(|_| DecryptError)?;
        let (body, padding) = rest.split_at_checked(length).ok_or(DecryptError)?;
        if !length.is_multiple_of(4) || !(MIN_PADDING..=MAX_PADDING).contains(&padding.len()) {
            return Err(DecryptError);
        }
        Ok(Message {
            header: Header {
                salt: i64::from_le_bytes(slice(header, 0)),
                session_id: i64::from_le_bytes(slice(header, 8)),
                msg_id: i64::from_le_bytes(slice(header, 16)),
                seq_no: i32::from_le_bytes(slice(header, 24)),
            },
            body,
        })
    }
}

impl fmt::Debug for Plaintext<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Plaintext")
            .field("len", &self.bytes.len())
            .finish_non_exhaustive()
    }
}

/// A message as an encrypted packet carries it.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Message<'a> {
    /// Salt, session id, msg_id and seq_no, yet to be checked against the session.
    pub header: Header,
    /// A serialised TL value.
    pub body: &'a [u8],
}

impl fmt::Debug for Message<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Message")
            .field("header", &self.header)
            .field("body_len", &self.body.len())
            .finish()
    }
}

#[cfg(test)]
#[allow(
    clippy::unwrap_used,
    clippy::cast_possible_truncation,
    clippy::cast_possible_wrap
)]
mod tests {
    use rand_core::Rng;

    use super::*;
    use crate::testing::Seeded;

    const BLOCKS: usize = 20;
    const LEN: usize = BLOCKS * 16;

    fn key() -> AuthKey {
        AuthKey::new(core::array::from_fn(|i| (i * 3 + 1) as u8))
    }

    /// A packet of 20 blocks of which the header says this length.
    fn packet(length: i32, direction: Direction) -> Vec<u8> {
        let mut packet = vec![0; PREFIX_LEN + LEN];
        Seeded::new(1).fill_bytes(&mut packet);
        packet[PREFIX_LEN + 28..PREFIX_LEN + 32].copy_from_slice(&length.to_le_bytes());
        seal(&key(), direction, &mut packet).unwrap();
        packet
    }

    /// Opens it, and tells what was decrypted and hashed for that.
    fn work(mut packet: Vec<u8>) -> (Result<(), DecryptError>, Vec<usize>) {
        ige::work::DONE.take();
        let message = open(&key(), Direction::FromServer, &mut packet)
            .and_then(|plaintext| plaintext.message().map(|_| ()));
        (message, ige::work::DONE.take())
    }

    const GOOD: i32 = 256;

    /// No time is measured here, for that is `cargo xtask constant-time`'s: but whatever is wrong,
    /// it is found out after all of the packet was decrypted and hashed, once.
    #[test]
    fn m2_m4_m14_the_work_is_the_same_whatever_is_wrong() {
        let good = packet(GOOD, Direction::FromServer);
        assert_eq!(work(good.clone()), (Ok(()), vec![BLOCKS]));
        let refused = (Err(DecryptError), vec![BLOCKS]);
        // M2: msg_key, and each block of what it is a hash of.
        for at in (8..24).chain((PREFIX_LEN..good.len()).step_by(7)) {
            let mut packet = good.clone();
            packet[at] ^= 1;
            assert_eq!(work(packet), refused, "{at}");
        }
        // M3: lengths and what they leave for padding. Plaintext at the front or at the end makes
        // no difference.
        let most = (LEN - HEADER_LEN) as i32;
        for length in [
            i32::MIN,
            -4,
            1,
            GOOD + 2,
            most - 8,
            most,
            most + 4,
            i32::MAX,
        ] {
            assert_eq!(work(packet(length, Direction::FromServer)), refused);
        }
        // M14
        assert_eq!(work(packet(GOOD, Direction::FromClient)), refused);
    }

    #[test]
    fn m2_nothing_is_left_of_what_was_not_verified() {
        for (direction, at) in [
            (Direction::FromServer, 8),
            (Direction::FromServer, PREFIX_LEN),
            (Direction::FromServer, PREFIX_LEN + LEN - 1),
            (Direction::FromClient, 0),
        ] {
            let mut packet = packet(GOOD, direction);
            if at > 0 {
                packet[at] ^= 1;
            }
            assert!(open(&key(), Direction::FromServer, &mut packet).is_err());
            assert!(packet[PREFIX_LEN..].iter().all(|byte| *byte == 0));
        }
    }
}
