//! Packets to bytes.

use core::fmt;

use rand_core::CryptoRng;

use super::{DEFAULT_MAX_PACKET, Error, Framing, Status};
use crate::Side;
use crate::crypto::ctr::Stream;
use crate::crypto::packet::QuickAck;

/// The sending half of a transport.
#[derive(Clone)]
pub struct Encoder {
    framing: Framing,
    side: Side,
    /// What goes before the first packet: framing tag or obfuscation header.
    preamble: Vec<u8>,
    stream: Option<Box<Stream>>,
    /// Of the next full frame.
    sequence: u32,
    pub(super) max_packet: usize,
}

impl Encoder {
    pub(super) fn new(
        framing: Framing,
        side: Side,
        preamble: Vec<u8>,
        stream: Option<Stream>,
    ) -> Self {
        Self {
            framing,
            side,
            preamble,
            stream: stream.map(Box::new),
            sequence: 0,
            max_packet: DEFAULT_MAX_PACKET,
        }
    }

    /// The framing.
    #[must_use]
    pub fn framing(&self) -> Framing {
        self.framing
    }

    /// Appends the frame of a packet to `out`; the first one brings the transport's first bytes.
    ///
    /// `quick_ack` asks the server to tell that it could decrypt the packet.
    ///
    /// # Errors
    /// [`Error::TooLong`], [`Error::Words`] or [`Error::NoQuickAck`]; `out` and the encoder are
    /// then as before.
    pub fn encode(
        &mut self,
        packet: &[u8],
        quick_ack: bool,
        rng: &mut (impl CryptoRng + ?Sized),
        out: &mut Vec<u8>,
    ) -> Result<(), Error> {
        if quick_ack && (self.side == Side::Server || self.framing == Framing::Full) {
            return Err(Error::NoQuickAck);
        }
        self.frame(packet, quick_ack, rng, out)
    }

    /// Appends a server's quick ack to `out`.
    ///
    /// # Errors
    /// [`Error::NoQuickAck`]; `out` is then as before.
    pub fn encode_quick_ack(
        &mut self,
        token: QuickAck,
        rng: &mut (impl CryptoRng + ?Sized),
        out: &mut Vec<u8>,
    ) -> Result<(), Error> {
        if self.side == Side::Client {
            return Err(Error::NoQuickAck);
        }
        let start = out.len();
        match self.framing {
            // The top bit comes first on the wire, where it can't be a length.
            Framing::Abridged => out.extend_from_slice(&token.0.to_be_bytes()),
            Framing::Intermediate => out.extend_from_slice(&token.0.to_le_bytes()),
            Framing::PaddedIntermediate => {
                let padding = padding(rng, 7);
                out.extend_from_slice(&(8 + padding.len).to_le_bytes());
                out.extend_from_slice(&[0xff; 4]);
                out.extend_from_slice(&token.0.to_le_bytes());
                out.extend_from_slice(padding.bytes());
            }
            Framing::Full => return Err(Error::NoQuickAck),
        }
        self.obfuscate(&mut out[start..]);
        Ok(())
    }

    /// Appends a server's transport error to `out`.
    ///
    /// # Errors
    /// None but [`Error::TooLong`], if no packets of four bytes are allowed.
    pub fn encode_status(
        &mut self,
        status: Status,
        rng: &mut (impl CryptoRng + ?Sized),
        out: &mut Vec<u8>,
    ) -> Result<(), Error> {
        self.frame(&status.code().to_le_bytes(), false, rng, out)
    }

    fn frame(
        &mut self,
        packet: &[u8],
        quick_ack: bool,
        rng: &mut (impl CryptoRng + ?Sized),
        out: &mut Vec<u8>,
    ) -> Result<(), Error> {
        let too_long = Error::TooLong {
            len: packet.len(),
            max: self.max_packet,
        };
        if packet.len() > self.max_packet {
            return Err(too_long);
        }
        // Room for the longest header and the padding below the bit of the quick ack.
        let len = u32::try_from(packet.len())
            .ok()
            .filter(|len| *len < (1 << 31) - 16)
            .ok_or(too_long)?;
        if self.framing == Framing::Abridged {
            if len % 4 != 0 {
                return Err(Error::Words { len: packet.len() });
            }
            if len / 4 >= 1 << 24 {
                return Err(too_long);
            }
        }

        out.reserve(self.preamble.len() + packet.len() + 32);
        // The obfuscation header is on the wire as it is: its stream is already past it.
        out.append(&mut self.preamble);
        let start = out.len();
        let asks = u32::from(quick_ack) << 31;
        match self.framing {
            Framing::Abridged => {
                let [low, middle, high, _] = (len / 4).to_le_bytes();
                let asks = u8::from(quick_ack) << 7;
                match len / 4 {
                    0..0x7f => out.push(low | asks),
                    _ => out.extend_from_slice(&[0x7f | asks, low, middle, high]),
                }
                out.extend_from_slice(packet);
            }
            Framing::Intermediate => {
                out.extend_from_slice(&(len | asks).to_le_bytes());
                out.extend_from_slice(packet);
            }
            Framing::PaddedIntermediate => {
                let padding = padding(rng, 15);
                out.extend_from_slice(&((len + padding.len) | asks).to_le_bytes());
                out.extend_from_slice(packet);
                out.extend_from_slice(padding.bytes());
            }
            Framing::Full => {
                out.extend_from_slice(&(len + 12).to_le_bytes());
                out.extend_from_slice(&self.sequence.to_le_bytes());
                out.extend_from_slice(packet);
                let checksum = crc32fast::hash(&out[start..]);
                out.extend_from_slice(&checksum.to_le_bytes());
                self.sequence = self.sequence.wrapping_add(1);
            }
        }
        self.obfuscate(&mut out[start..]);
        Ok(())
    }

    fn obfuscate(&mut self, bytes: &mut [u8]) {
        if let Some(stream) = &mut self.stream {
            stream.apply(bytes);
        }
    }
}

impl fmt::Debug for Encoder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Encoder")
            .field("framing", &self.framing)
            .field("side", &self.side)
            .field("obfuscated", &self.stream.is_some())
            .finish_non_exhaustive()
    }
}

struct Padding {
    random: [u8; 15],
    len: u32,
}

impl Padding {
    fn bytes(&self) -> &[u8] {
        &self.random[..self.len as usize]
    }
}

/// 0 to `most` random bytes; `most` is one less than a power of two.
fn padding(rng: &mut (impl CryptoRng + ?Sized), most: u8) -> Padding {
    let mut len = [0];
    rng.fill_bytes(&mut len);
    let len = u32::from(len[0] & most);
    let mut random = [0; 15];
    rng.fill_bytes(&mut random[..len as usize]);
    Padding { random, len }
}
