//! Framing of bytes: packets to a stream of bytes and back, without a socket.
//!
//! A [`Transport`] has two halves that know nothing of each other: an [`Encoder`] for what is sent
//! and a [`Decoder`] for what arrives, in pieces of any size. A client chooses a [`Framing`],
//! obfuscated or not; a server lets a [`Detector`] find out which one the client has chosen.
//!
//! | framing | first bytes | before each packet | after it |
//! |---|---|---|---|
//! | abridged | `ef` | length / 4 in one byte, or `7f` and three bytes | |
//! | intermediate | `eeeeeeee` | length in four bytes | |
//! | padded intermediate | `dddddddd` | length in four bytes | up to 15 random bytes, counted |
//! | full | | length of all and sequence number, four bytes each | CRC-32 of all before |
//!
//! See <https://core.telegram.org/mtproto/mtproto-transports>.
//!
//! ```
//! use mtproto_runtime::crypto::random::SystemRandom;
//! use mtproto_runtime::transport::{Detected, Detector, DetectorConfig, Frame, Framing, Transport};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let mut rng = SystemRandom::new();
//! let mut client = Transport::client(Framing::Abridged);
//! let mut wire = Vec::new();
//! client.encoder.encode(b"a packet", false, &mut rng, &mut wire)?;
//!
//! let mut arrived = &wire[..];
//! let mut detector = Detector::new(DetectorConfig::default());
//! let Some(Detected::Transport(found)) = detector.detect(&mut arrived)? else {
//!     panic!("more bytes are needed, or this is HTTP");
//! };
//! let mut server = found.transport;
//! let frame = server.decoder.decode(&mut arrived)?;
//! assert!(matches!(frame, Some(Frame::Packet { packet, .. }) if packet == b"a packet"));
//! # Ok(())
//! # }
//! ```

mod decode;
mod detect;
mod encode;
mod obfuscation;
mod replay;

use core::fmt;

use rand_core::CryptoRng;

pub use decode::{Decoder, Frame};
pub use detect::{Detected, Detector, DetectorConfig, Found};
pub use encode::Encoder;
pub use obfuscation::{ProxySecret, SecretError};
pub use replay::ReplayCache;

use crate::Side;

/// Longest packet unless told otherwise: 4 MiB and a little more, in both directions.
pub const DEFAULT_MAX_PACKET: usize = (4 << 20) + 1024;

/// Both halves of a transport.
#[derive(Clone, Debug)]
pub struct Transport {
    /// For what is sent.
    pub encoder: Encoder,
    /// For what arrives.
    pub decoder: Decoder,
}

impl Transport {
    /// A client's transport without obfuscation.
    #[must_use]
    pub fn client(framing: Framing) -> Self {
        Self {
            encoder: Encoder::new(framing, Side::Client, framing.tag().to_vec(), None),
            decoder: Decoder::new(framing, Side::Client, None),
        }
    }

    /// A client's transport whose bytes look random, directly to a server or through a proxy.
    ///
    /// `dc` tells a proxy where to go: the DC's number, plus 10000 for a test DC, negative for one
    /// that serves media only. Servers don't need it.
    ///
    /// # Errors
    /// [`Error::NotObfuscated`] if `framing` is [`Framing::Full`], or the secret demands padding
    /// and `framing` has none.
    pub fn obfuscated_client(
        framing: Framing,
        dc: Option<i16>,
        secret: Option<&ProxySecret>,
        rng: &mut (impl CryptoRng + ?Sized),
    ) -> Result<Self, Error> {
        let padded = secret.is_some_and(ProxySecret::demands_padding);
        if framing == Framing::Full || (padded && framing != Framing::PaddedIntermediate) {
            return Err(Error::NotObfuscated { framing });
        }
        let (header, streams) = obfuscation::offer(framing, dc, secret, rng);
        Ok(Self {
            encoder: Encoder::new(framing, Side::Client, header.to_vec(), Some(streams.sent)),
            decoder: Decoder::new(framing, Side::Client, Some(streams.received)),
        })
    }

    /// The answering side of a client's choice.
    fn server(framing: Framing, streams: Option<obfuscation::Streams>) -> Self {
        let (sent, received) = match streams {
            Some(streams) => (Some(streams.sent), Some(streams.received)),
            None => (None, None),
        };
        Self {
            encoder: Encoder::new(framing, Side::Server, Vec::new(), sent),
            decoder: Decoder::new(framing, Side::Server, received),
        }
    }

    /// Refuses longer packets, in both directions.
    #[must_use]
    pub fn with_max_packet(mut self, bytes: usize) -> Self {
        self.encoder.max_packet = bytes;
        self.decoder.max_packet = bytes;
        self
    }
}

/// How packets are told apart in the stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Framing {
    /// The shortest: one byte before most packets.
    Abridged,
    /// Four bytes before each packet.
    Intermediate,
    /// Intermediate with random padding, so that lengths say less.
    PaddedIntermediate,
    /// With sequence numbers and checksums; can't be obfuscated and has no quick acks.
    Full,
}

impl Framing {
    /// What a client sends first.
    const fn tag(self) -> &'static [u8] {
        match self {
            Self::Abridged => &[0xef],
            Self::Intermediate => &[0xee; 4],
            Self::PaddedIntermediate => &[0xdd; 4],
            Self::Full => &[],
        }
    }
}

/// What a server answers instead of a packet when it can't or won't.
///
/// See <https://core.telegram.org/mtproto/mtproto-transports#transport-errors>.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Status {
    /// -403.
    Forbidden,
    /// -404: the auth key id is unknown, or the message of the key exchange is wrong.
    NotFound,
    /// -429: too many connections.
    Flood,
    /// -444: this server does not serve the DC.
    WrongDc,
    /// Another one; always negative.
    Other(i32),
}

impl Status {
    /// From the number on the wire.
    #[must_use]
    pub const fn from_code(code: i32) -> Self {
        match code {
            -403 => Self::Forbidden,
            -404 => Self::NotFound,
            -429 => Self::Flood,
            -444 => Self::WrongDc,
            code => Self::Other(code),
        }
    }

    /// The number on the wire.
    #[must_use]
    pub const fn code(self) -> i32 {
        match self {
            Self::Forbidden => -403,
            Self::NotFound => -404,
            Self::Flood => -429,
            Self::WrongDc => -444,
            Self::Other(code) => code,
        }
    }
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Forbidden => f.write_str("forbidden (-403)"),
            Self::NotFound => f.write_str("auth key not found (-404)"),
            Self::Flood => f.write_str("too many connections (-429)"),
            Self::WrongDc => f.write_str("wrong DC (-444)"),
            Self::Other(code) => write!(f, "transport error {code}"),
        }
    }
}

/// Why a stream of bytes is no stream of packets, or a packet can't be sent.
///
/// After an error while reading, the position in the stream is lost: close the connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Error {
    /// A packet is longer than allowed.
    TooLong {
        /// Its length, as announced.
        len: usize,
        /// The longest allowed.
        max: usize,
    },
    /// The length of a full frame does not even count its own header.
    TooShort {
        /// Its length, as announced.
        len: usize,
    },
    /// A full frame is out of order.
    Sequence {
        /// The number that was due.
        wanted: u32,
        /// The number that came.
        found: u32,
    },
    /// The checksum of a full frame is wrong.
    Checksum,
    /// Abridged frames hold multiples of four bytes only.
    Words {
        /// The length of what should have been sent.
        len: usize,
    },
    /// Only clients ask for quick acks and only servers give them, and not in full frames.
    NoQuickAck,
    /// The framing can't be used with this obfuscation.
    NotObfuscated {
        /// The framing.
        framing: Framing,
    },
    /// The first bytes are of no transport that the server knows or allows.
    Unknown,
    /// The obfuscation header has been seen before.
    Replayed,
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooLong { len, max } => {
                write!(f, "packet of {len} bytes is longer than the allowed {max}")
            }
            Self::TooShort { len } => write!(f, "frame of {len} bytes is shorter than its header"),
            Self::Sequence { wanted, found } => {
                write!(f, "frame has sequence number {found}, wanted {wanted}")
            }
            Self::Checksum => f.write_str("frame has a wrong checksum"),
            Self::Words { len } => {
                write!(
                    f,
                    "abridged transport can't carry {len} bytes, no multiple of 4"
                )
            }
            Self::NoQuickAck => f.write_str("quick ack is not available here"),
            Self::NotObfuscated { framing } => {
                write!(f, "{framing:?} framing can't be used with this obfuscation")
            }
            Self::Unknown => f.write_str("unknown transport"),
            Self::Replayed => f.write_str("obfuscation header was seen before"),
        }
    }
}

impl core::error::Error for Error {}
