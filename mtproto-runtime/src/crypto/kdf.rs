//! From an auth key and a msg_key to an AES key, and the other derivations of the protocol.
//!
//! | function | of what | used for |
//! |---|---|---|
//! | [`message_key`] | SHA-256, MTProto 2.0 | every packet, secret chats from layer 73 on |
//! | [`message_key_v1`] | SHA-1, MTProto 1.0 | `bind_auth_key_inner`, secret chats before layer 73 |
//! | [`exchange_key`] | SHA-1 of the nonces | the answers of the key exchange |
//! | [`new_nonce_hash`] | SHA-1 | the verdict of the key exchange |
//!
//! See <https://core.telegram.org/mtproto/description#defining-aes-key-and-initialization-vector>.

use zeroize::Zeroizing;

use super::AuthKey;
use super::hash::{sha1, slice};
use super::ige;
use crate::Side;

/// A `msg_key`: 128 bits that name the plaintext and choose its AES key.
pub type MsgKey = [u8; 16];

/// Which way a packet goes, the `x` of the key derivations.
///
/// The two ways use different parts of the auth key, so that a packet sent back to where it came
/// from does not decrypt.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Direction {
    /// x = 0: from the client to the server, or from the one who started the secret chat.
    FromClient,
    /// x = 8: from the server to the client, or from the one who accepted the secret chat.
    FromServer,
}

impl Direction {
    pub(crate) const fn x(self) -> usize {
        match self {
            Self::FromClient => 0,
            Self::FromServer => 8,
        }
    }
}

/// The direction of what this side sends.
impl From<Side> for Direction {
    fn from(sender: Side) -> Self {
        match sender {
            Side::Client => Self::FromClient,
            Side::Server => Self::FromServer,
        }
    }
}

/// AES key and initialisation vector of one MTProto 2.0 packet.
#[must_use]
pub fn message_key(auth_key: &AuthKey, msg_key: &MsgKey, direction: Direction) -> ige::Key {
    let x = direction.x();
    let key = auth_key.expose_bytes();
    let mut first = Zeroizing::new([0; 52]);
    first[..16].copy_from_slice(msg_key);
    first[16..].copy_from_slice(&key[x..x + 36]);
    let mut second = Zeroizing::new([0; 52]);
    second[..36].copy_from_slice(&key[40 + x..76 + x]);
    second[36..].copy_from_slice(msg_key);
    let hashes = Zeroizing::new(ige::hash_two(&first, &second));
    let [a, b] = &*hashes;

    let mut aes_key = [0; 32];
    aes_key[..8].copy_from_slice(&a[..8]);
    aes_key[8..24].copy_from_slice(&b[8..24]);
    aes_key[24..].copy_from_slice(&a[24..]);
    let mut iv = [0; 32];
    iv[..8].copy_from_slice(&b[..8]);
    iv[8..24].copy_from_slice(&a[8..24]);
    iv[24..].copy_from_slice(&b[24..]);
    ige::Key::new(aes_key, iv)
}

/// AES key and initialisation vector of MTProto 1.0, which binds temporary keys and encrypted
/// secret chats before layer 73.
///
/// Its msg_key does not cover the padding; use it for nothing else.
#[must_use]
pub fn message_key_v1(auth_key: &AuthKey, msg_key: &MsgKey, direction: Direction) -> ige::Key {
    let x = direction.x();
    let key = auth_key.expose_bytes();
    let a = Zeroizing::new(sha1(&[msg_key, &key[x..x + 32]]));
    let b = Zeroizing::new(sha1(&[&key[32 + x..48 + x], msg_key, &key[48 + x..64 + x]]));
    let c = Zeroizing::new(sha1(&[&key[64 + x..96 + x], msg_key]));
    let d = Zeroizing::new(sha1(&[msg_key, &key[96 + x..128 + x]]));

    let mut aes_key = [0; 32];
    aes_key[..8].copy_from_slice(&a[..8]);
    aes_key[8..20].copy_from_slice(&b[8..20]);
    aes_key[20..].copy_from_slice(&c[4..16]);
    let mut iv = [0; 32];
    iv[..12].copy_from_slice(&a[8..20]);
    iv[12..20].copy_from_slice(&b[..8]);
    iv[20..24].copy_from_slice(&c[16..20]);
    iv[24..].copy_from_slice(&d[..8]);
    ige::Key::new(aes_key, iv)
}

/// The msg_key of MTProto 1.0: the middle of the SHA-1 of the plaintext without its padding.
#[must_use]
pub fn msg_key_v1(plaintext: &[u8]) -> MsgKey {
    slice(&sha1(&[plaintext]), 4)
}

/// `tmp_aes_key` and `tmp_aes_iv`, which encrypt the second half of the key exchange.
///
/// Nonces are strings of fixed length here, never numbers: leading zeros count.
/// See <https://core.telegram.org/mtproto/auth_key#presenting-proof-of-work-server-authentication>.
#[must_use]
pub fn exchange_key(new_nonce: &[u8; 32], server_nonce: &[u8; 16]) -> ige::Key {
    let new_server = Zeroizing::new(sha1(&[new_nonce, server_nonce]));
    let server_new = Zeroizing::new(sha1(&[server_nonce, new_nonce]));
    let new_new = Zeroizing::new(sha1(&[new_nonce, new_nonce]));

    let mut aes_key = [0; 32];
    aes_key[..20].copy_from_slice(&new_server[..]);
    aes_key[20..].copy_from_slice(&server_new[..12]);
    let mut iv = [0; 32];
    iv[..8].copy_from_slice(&server_new[12..]);
    iv[8..28].copy_from_slice(&new_new[..]);
    iv[28..].copy_from_slice(&new_nonce[..4]);
    ige::Key::new(aes_key, iv)
}

/// How a key exchange ended: the number in the name of `new_nonce_hash1` to `3`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Verdict {
    /// `dh_gen_ok`, new_nonce_hash1.
    Ok,
    /// `dh_gen_retry`, new_nonce_hash2.
    Retry,
    /// `dh_gen_fail`, new_nonce_hash3.
    Fail,
}

/// `new_nonce_hash1`, `2` or `3`: proves that the server knows both new_nonce and the auth key.
///
/// Compare it with [`crate::crypto::equal`].
#[must_use]
pub fn new_nonce_hash(new_nonce: &[u8; 32], auth_key: &AuthKey, verdict: Verdict) -> [u8; 16] {
    let number = match verdict {
        Verdict::Ok => 1,
        Verdict::Retry => 2,
        Verdict::Fail => 3,
    };
    let aux_hash = auth_key.aux_hash().to_le_bytes();
    slice(&sha1(&[new_nonce, &[number], &aux_hash]), 4)
}

/// The hash in `server_DH_params_fail`: proves that the server knows new_nonce.
#[must_use]
pub fn new_nonce_hash_of_failure(new_nonce: &[u8; 32]) -> [u8; 16] {
    slice(&sha1(&[new_nonce]), 4)
}

/// The first server salt of a new auth key, as TL `long`.
#[must_use]
pub fn first_server_salt(new_nonce: &[u8; 32], server_nonce: &[u8; 16]) -> i64 {
    let ours = i64::from_le_bytes(slice(new_nonce, 0));
    let theirs = i64::from_le_bytes(slice(server_nonce, 0));
    ours ^ theirs
}
