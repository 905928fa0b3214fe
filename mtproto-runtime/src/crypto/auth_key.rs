//! The 2048-bit secret that both sides share after a handshake.

use core::fmt;
use core::hash::{Hash, Hasher};
use std::sync::Arc;

use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

use super::hash::{sha1, slice};

/// An auth key: 256 bytes that both sides agreed on, and the two numbers derived from it.
///
/// The bytes live on the heap (so that moving the key leaves no copies behind), are wiped when the
/// key is dropped and are never printed. Two keys are compared in constant time.
///
/// A permanent key, a temporary key and the key of a secret chat are all auth keys in this sense.
/// See <https://core.telegram.org/mtproto/description#terminology>.
///
/// ```
/// use mtproto_runtime::crypto::AuthKey;
///
/// let key = AuthKey::new([7; AuthKey::LEN]);
/// assert_eq!(format!("{key:?}"), format!("AuthKey {{ id: {:#018x}, .. }}", key.id()));
/// ```
#[derive(Clone)]
pub struct AuthKey {
    /// In one place, however many hold it: whatever may be read by mistake is but once in memory.
    bytes: Arc<Zeroizing<[u8; Self::LEN]>>,
    id: i64,
    aux_hash: i64,
}

impl AuthKey {
    /// Length of every auth key; a shorter number is padded with zeros on the left.
    pub const LEN: usize = 256;

    /// Makes a key of its bytes, big-endian as the key exchange yields them.
    #[must_use]
    pub fn new(bytes: [u8; Self::LEN]) -> Self {
        let bytes = Zeroizing::new(bytes);
        Self::filled(|filled| *filled = *bytes)
    }

    /// Makes a key of bytes that are written to where they will stay.
    pub(super) fn filled(fill: impl FnOnce(&mut [u8; Self::LEN])) -> Self {
        let mut bytes = Arc::new(Zeroizing::new([0; Self::LEN]));
        if let Some(place) = Arc::get_mut(&mut bytes) {
            fill(place);
        }
        let hash = sha1(&[&bytes[..]]);
        Self {
            id: i64::from_le_bytes(slice(&hash, 12)),
            aux_hash: i64::from_le_bytes(slice(&hash, 0)),
            bytes,
        }
    }

    /// The secret itself, for storing it.
    #[must_use]
    pub fn expose_bytes(&self) -> &[u8; Self::LEN] {
        &self.bytes
    }

    /// `auth_key_id`, the low 64 bits of the key's SHA-1, as TL `long`: the first eight bytes of
    /// every encrypted packet (`to_le_bytes`). In a secret chat it is called `key_fingerprint`.
    #[must_use]
    pub fn id(&self) -> i64 {
        self.id
    }

    /// `auth_key_aux_hash`, the high 64 bits of the key's SHA-1, as TL `long`. The next attempt
    /// after `dh_gen_retry` sends it as `retry_id`.
    #[must_use]
    pub fn aux_hash(&self) -> i64 {
        self.aux_hash
    }
}

impl fmt::Debug for AuthKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The id travels in the clear; nothing else of the key may show.
        f.debug_struct("AuthKey")
            .field("id", &format_args!("{:#018x}", self.id))
            .finish_non_exhaustive()
    }
}

impl PartialEq for AuthKey {
    fn eq(&self, other: &Self) -> bool {
        self.bytes[..].ct_eq(&other.bytes[..]).into()
    }
}

impl Eq for AuthKey {}

impl Hash for AuthKey {
    fn hash<H: Hasher>(&self, state: &mut H) {
        // Equal keys have equal ids, and the id is public.
        self.id.hash(state);
    }
}
