//! Keys and sessions as bytes.
//!
//! ```text
//! "MTPK" | version = 1 4 | dc 4 | created_at 8 | salt 8 | clock_offset 8 | auth key 256 | SHA-256 32
//! "MTPS" | version = 1 4 | auth_key_id 8 | session_id 8 | unique_id 8 | highest_msg_id 8 | SHA-256 32
//! ```
//!
//! Numbers are little-endian; a dc of 0 is none. The hash covers what is before it, so that a file
//! that was cut or changed is seen to be; it keeps nobody out who can write the file.
#![cfg_attr(not(feature = "file-store"), allow(dead_code))]

use zeroize::Zeroizing;

use super::{StoredKey, StoredSession};
use crate::crypto::AuthKey;
use crate::crypto::hash::sha256;
use crate::handshake::Dc;

/// Longer is no record.
pub(super) const MAX_LEN: usize = 1024;

const KEY: &[u8; 4] = b"MTPK";
const SESSION: &[u8; 4] = b"MTPS";
const VERSION: u32 = 1;
const HASH: usize = 32;

pub(super) fn write_key(key: &StoredKey) -> Zeroizing<Vec<u8>> {
    // Large enough not to grow, which would leave a copy behind.
    let mut bytes = Zeroizing::new(Vec::with_capacity(MAX_LEN));
    bytes.extend_from_slice(KEY);
    bytes.extend_from_slice(&VERSION.to_le_bytes());
    bytes.extend_from_slice(&key.dc.map_or(0, Dc::to_wire).to_le_bytes());
    for number in [key.created_at, key.salt, key.clock_offset] {
        bytes.extend_from_slice(&number.to_le_bytes());
    }
    bytes.extend_from_slice(key.auth_key.expose_bytes());
    let hash = sha256(&[&bytes]);
    bytes.extend_from_slice(&hash);
    bytes
}

/// `None` if it is damaged.
pub(super) fn read_key(bytes: &[u8]) -> Option<StoredKey> {
    let mut fields = Fields::open(bytes, KEY)?;
    let dc = match i32::from_le_bytes(fields.take()?) {
        0 => None,
        number => Some(Dc::from_wire(number)?),
    };
    let key = StoredKey {
        dc,
        created_at: fields.number()?,
        salt: fields.number()?,
        clock_offset: fields.number()?,
        auth_key: AuthKey::new(fields.take()?),
    };
    fields.end()?;
    Some(key)
}

pub(super) fn write_session(session: &StoredSession) -> Vec<u8> {
    let mut bytes = Vec::new();
    bytes.extend_from_slice(SESSION);
    bytes.extend_from_slice(&VERSION.to_le_bytes());
    for number in [
        session.auth_key_id,
        session.session_id,
        session.unique_id,
        session.highest_msg_id,
    ] {
        bytes.extend_from_slice(&number.to_le_bytes());
    }
    let hash = sha256(&[&bytes]);
    bytes.extend_from_slice(&hash);
    bytes
}

/// `None` if it is damaged.
pub(super) fn read_session(bytes: &[u8]) -> Option<StoredSession> {
    let mut fields = Fields::open(bytes, SESSION)?;
    let session = StoredSession {
        auth_key_id: fields.number()?,
        session_id: fields.number()?,
        unique_id: fields.number()?,
        highest_msg_id: fields.number()?,
    };
    fields.end()?;
    Some(session)
}

/// What stands between the head and the hash.
struct Fields<'a>(&'a [u8]);

impl<'a> Fields<'a> {
    fn open(bytes: &'a [u8], kind: &[u8; 4]) -> Option<Self> {
        let (covered, hash) = bytes.split_at_checked(bytes.len().checked_sub(HASH)?)?;
        if sha256(&[covered]) != *hash {
            return None;
        }
        let mut fields = Self(covered);
        let is_right = fields.take()? == *kind && u32::from_le_bytes(fields.take()?) == VERSION;
        is_right.then_some(fields)
    }

    fn take<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (field, rest) = self.0.split_first_chunk()?;
        self.0 = rest;
        Some(*field)
    }

    fn number(&mut self) -> Option<i64> {
        self.take().map(i64::from_le_bytes)
    }

    fn end(&self) -> Option<()> {
        self.0.is_empty().then_some(())
    }
}
