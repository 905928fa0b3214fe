//! Obfuscation: a stream cipher over everything, whose keys stand in the header of 64 random bytes
//! that the client sends first. It hides the protocol from the curious on the way and protects
//! nothing; with the secret of a proxy it also keeps strangers out.
//!
//! See <https://core.telegram.org/mtproto/mtproto-transports#transport-obfuscation>.

use core::fmt;
use core::str::FromStr;

use rand_core::CryptoRng;
use zeroize::{Zeroize, Zeroizing};

use super::Framing;
use crate::crypto::ctr::Stream;
use crate::crypto::hash::{sha256, slice};

/// One cipher for each direction.
pub(super) struct Streams {
    pub(super) sent: Stream,
    pub(super) received: Stream,
}

pub(super) const HEADER_LEN: usize = 64;
pub(super) type Header = [u8; HEADER_LEN];

/// Words that other protocols and framings begin with.
pub(super) const HEAD: [u8; 4] = *b"HEAD";
pub(super) const POST: [u8; 4] = *b"POST";
pub(super) const GET: [u8; 4] = *b"GET ";
pub(super) const OPTIONS: [u8; 4] = *b"OPTI";
pub(super) const TLS: [u8; 4] = [0x16, 0x03, 0x01, 0x02];

/// Makes a client's header and its ciphers.
pub(super) fn offer(
    framing: Framing,
    dc: Option<i16>,
    secret: Option<&ProxySecret>,
    rng: &mut (impl CryptoRng + ?Sized),
) -> (Header, Streams) {
    let mut header = [0; HEADER_LEN];
    loop {
        rng.fill_bytes(&mut header);
        if !is_reserved(&header) {
            break;
        }
    }
    let tag = match framing {
        Framing::Abridged => [0xef; 4],
        Framing::Intermediate => [0xee; 4],
        Framing::PaddedIntermediate | Framing::Full => [0xdd; 4],
    };
    header[56..60].copy_from_slice(&tag);
    if let Some(dc) = dc {
        header[60..62].copy_from_slice(&dc.to_le_bytes());
    }
    let mut sent = stream(&header, secret, false);
    let received = stream(&header, secret, true);
    let mut encrypted = header;
    sent.apply(&mut encrypted);
    header[56..].copy_from_slice(&encrypted[56..]);
    (header, Streams { sent, received })
}

/// What a server reads from a client's header; nothing if it was not made with this secret.
pub(super) fn accept(
    header: &Header,
    secret: Option<&ProxySecret>,
) -> Option<(Framing, i16, Streams)> {
    let mut received = stream(header, secret, false);
    let sent = stream(header, secret, true);
    let mut plain = *header;
    received.apply(&mut plain);
    let framing = match slice(&plain, 56) {
        [0xef, 0xef, 0xef, 0xef] => Framing::Abridged,
        [0xee, 0xee, 0xee, 0xee] => Framing::Intermediate,
        [0xdd, 0xdd, 0xdd, 0xdd] => Framing::PaddedIntermediate,
        _ => return None,
    };
    let padded = secret.is_some_and(ProxySecret::demands_padding);
    if padded && framing != Framing::PaddedIntermediate {
        return None;
    }
    let dc = i16::from_le_bytes(slice(&plain, 60));
    Some((framing, dc, Streams { sent, received }))
}

/// The part of a header that chooses the keys.
pub(super) fn key_part(header: &Header) -> [u8; 48] {
    slice(header, 8)
}

fn stream(header: &Header, secret: Option<&ProxySecret>, reversed: bool) -> Stream {
    let mut part = key_part(header);
    if reversed {
        part.reverse();
    }
    let mut key: Zeroizing<[u8; 32]> = Zeroizing::new(slice(&part, 0));
    if let Some(secret) = secret {
        *key = sha256(&[&key[..], &secret.key]);
    }
    let iv: [u8; 16] = slice(&part, 32);
    Stream::new(&key, &iv)
}

/// Whether a server would take the header for something else.
fn is_reserved(header: &Header) -> bool {
    let first: [u8; 4] = slice(header, 0);
    let second: [u8; 4] = slice(header, 4);
    let words = [HEAD, POST, GET, OPTIONS, TLS, [0xdd; 4], [0xee; 4]];
    header[0] == 0xef || words.contains(&first) || second == [0; 4]
}

/// The secret of a proxy: 16 bytes, and whether padding is demanded.
///
/// Read it from the text in a proxy's link, in hexadecimal or base64url: 16 bytes, or `dd` and 16
/// bytes to demand padding. Never printed.
///
/// ```
/// use mtproto_runtime::transport::ProxySecret;
///
/// let secret: ProxySecret = "dd00112233445566778899aabbccddeeff".parse()?;
/// assert!(secret.demands_padding());
/// # Ok::<(), mtproto_runtime::transport::SecretError>(())
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct ProxySecret {
    key: [u8; 16],
    padded: bool,
}

impl ProxySecret {
    /// A secret that leaves the framing to the client.
    #[must_use]
    pub const fn new(key: [u8; 16]) -> Self {
        Self { key, padded: false }
    }

    /// The same, with padded intermediate framing as the only one.
    #[must_use]
    pub const fn padded(key: [u8; 16]) -> Self {
        Self { key, padded: true }
    }

    /// From the bytes that a link encodes.
    ///
    /// # Errors
    /// [`SecretError`]
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, SecretError> {
        match bytes {
            [0xee, rest @ ..] if rest.len() > 16 => Err(SecretError::FakeTls),
            [0xdd, key @ ..] if key.len() == 16 => Ok(Self::padded(slice(key, 0))),
            key if key.len() == 16 => Ok(Self::new(slice(key, 0))),
            _ => Err(SecretError::Length { len: bytes.len() }),
        }
    }

    /// Whether padded intermediate framing is the only one allowed.
    #[must_use]
    pub const fn demands_padding(&self) -> bool {
        self.padded
    }
}

impl Drop for ProxySecret {
    fn drop(&mut self) {
        self.key.zeroize();
    }
}

impl fmt::Debug for ProxySecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ProxySecret")
            .field("padded", &self.padded)
            .finish_non_exhaustive()
    }
}

impl FromStr for ProxySecret {
    type Err = SecretError;

    fn from_str(text: &str) -> Result<Self, SecretError> {
        let bytes = decode(text, 4, |digit| char::from(digit).to_digit(16))
            .or_else(|| decode(text.trim_end_matches('='), 6, base64url))
            .ok_or(SecretError::Encoding)?;
        Self::from_bytes(&Zeroizing::new(bytes))
    }
}

/// Bits of digits, the first one on top; bits that fill no byte must be zero.
fn decode(text: &str, bits: u32, digit: impl Fn(u8) -> Option<u32>) -> Option<Vec<u8>> {
    let mut bytes = Vec::with_capacity(text.len());
    let (mut held, mut count) = (0_u32, 0);
    for character in text.bytes() {
        held = held << bits | digit(character)?;
        count += bits;
        if count >= 8 {
            count -= 8;
            let [byte, ..] = (held >> count).to_le_bytes();
            bytes.push(byte);
            held &= (1 << count) - 1;
        }
    }
    (held == 0 && count < bits).then_some(bytes)
}

fn base64url(character: u8) -> Option<u32> {
    Some(match character {
        b'A'..=b'Z' => u32::from(character - b'A'),
        b'a'..=b'z' => u32::from(character - b'a') + 26,
        b'0'..=b'9' => u32::from(character - b'0') + 52,
        b'-' | b'+' => 62,
        b'_' | b'/' => 63,
        _ => return None,
    })
}

/// Why a text is no proxy secret that this crate can use.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum SecretError {
    /// Neither hexadecimal nor base64url.
    Encoding,
    /// Neither 16 bytes nor `dd` and 16 bytes.
    Length {
        /// Its length.
        len: usize,
    },
    /// The secret demands a transport in the guise of TLS.
    FakeTls,
}

impl fmt::Display for SecretError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Encoding => f.write_str("proxy secret is neither hexadecimal nor base64url"),
            Self::Length { len } => write!(f, "proxy secret has {len} bytes, wanted 16 or 17"),
            Self::FakeTls => f.write_str("proxy secret demands a transport in the guise of TLS"),
        }
    }
}

impl core::error::Error for SecretError {}
