//! Bytes to packets.

use core::fmt;

use super::{DEFAULT_MAX_PACKET, Error, Framing, Status};
use crate::Side;
use crate::crypto::ctr::Stream;
use crate::crypto::hash::slice;
use crate::crypto::packet::QuickAck;

/// One thing that arrived.
#[derive(Debug, PartialEq, Eq)]
pub enum Frame<'a> {
    /// A packet. Its bytes may be changed: an encrypted packet is decrypted in place.
    Packet {
        /// Without the padding of padded transports, where it can be told apart.
        packet: &'a mut [u8],
        /// Whether the client wants to know at once that it could be decrypted.
        quick_ack: bool,
    },
    /// The server could decrypt a packet.
    QuickAck(QuickAck),
    /// The server can't or won't.
    Status(Status),
}

/// The receiving half of a transport.
///
/// It holds the bytes of one frame at most, and no more of it than have arrived: a length on the
/// wire reserves nothing.
#[derive(Clone)]
pub struct Decoder {
    framing: Framing,
    side: Side,
    stream: Option<Box<Stream>>,
    /// The frame that is arriving, header included, without obfuscation.
    frame: Vec<u8>,
    /// Whether `frame` has been given out and is to be forgotten.
    given: bool,
    /// Of the next full frame.
    sequence: u32,
    failed: Option<Error>,
    pub(super) max_packet: usize,
}

/// Frames shorter than the shortest packet may be transport errors and quick acks.
const SHORTEST_PACKET: usize = 20;
/// Of a full frame: length, sequence number and checksum.
const FULL_OVERHEAD: usize = 12;

impl Decoder {
    pub(super) fn new(framing: Framing, side: Side, stream: Option<Stream>) -> Self {
        Self {
            framing,
            side,
            stream: stream.map(Box::new),
            frame: Vec::new(),
            given: false,
            sequence: 0,
            failed: None,
            max_packet: DEFAULT_MAX_PACKET,
        }
    }

    /// The framing.
    #[must_use]
    pub fn framing(&self) -> Framing {
        self.framing
    }

    /// Takes from `input` what belongs to the next frame, and gives it out once it is complete.
    ///
    /// Call it again until it returns `None`; then all of `input` is used up.
    ///
    /// # Errors
    /// [`Error`]; each later call returns the same one.
    pub fn decode<'a>(&'a mut self, input: &mut &[u8]) -> Result<Option<Frame<'a>>, Error> {
        if let Some(error) = self.failed {
            return Err(error);
        }
        match self.next(input) {
            Ok(None) => Ok(None),
            Ok(Some(Content::QuickAck(token))) => Ok(Some(Frame::QuickAck(token))),
            Ok(Some(Content::Status(status))) => Ok(Some(Frame::Status(status))),
            Ok(Some(Content::Packet {
                start,
                end,
                quick_ack,
            })) => Ok(Some(Frame::Packet {
                packet: &mut self.frame[start..end],
                quick_ack,
            })),
            Err(error) => {
                self.failed = Some(error);
                Err(error)
            }
        }
    }

    /// How many bytes of a frame have come that is not complete.
    #[must_use]
    pub fn partial(&self) -> usize {
        match self.given {
            true => 0,
            false => self.frame.len(),
        }
    }

    /// Gives back the memory of a frame that has been given out, beyond so many bytes.
    pub fn shrink_to(&mut self, bytes: usize) {
        if core::mem::take(&mut self.given) {
            self.frame.clear();
        }
        if self.frame.is_empty() {
            self.frame.shrink_to(bytes);
        }
    }

    /// Bytes that were read before the transport was known.
    pub(super) fn put_back(&mut self, bytes: &[u8]) {
        self.frame.extend_from_slice(bytes);
    }

    fn next(&mut self, input: &mut &[u8]) -> Result<Option<Content>, Error> {
        loop {
            if core::mem::take(&mut self.given) {
                self.frame.clear();
            }
            let content = match self.layout()? {
                Layout::Unknown { header } => {
                    if !self.take(input, header) {
                        return Ok(None);
                    }
                    continue;
                }
                Layout::QuickAck(token) => Some(Content::QuickAck(token)),
                Layout::BareStatus(status) => Some(Content::Status(status)),
                Layout::Frame {
                    start,
                    end,
                    total,
                    quick_ack,
                } => {
                    if !self.take(input, total) {
                        return Ok(None);
                    }
                    if self.framing == Framing::Full {
                        self.check_full()?;
                    }
                    self.content(start, end, quick_ack)
                }
            };
            self.given = true;
            if content.is_some() {
                return Ok(content);
            }
        }
    }

    /// Takes from `input` until the frame has `wanted` bytes; says whether it has.
    fn take(&mut self, input: &mut &[u8], wanted: usize) -> bool {
        let have = self.frame.len();
        let (taken, rest) = input.split_at(wanted.saturating_sub(have).min(input.len()));
        *input = rest;
        self.frame.extend_from_slice(taken);
        if let Some(stream) = &mut self.stream {
            stream.apply(&mut self.frame[have..]);
        }
        self.frame.len() >= wanted
    }

    /// What the bytes so far say about the frame.
    fn layout(&self) -> Result<Layout, Error> {
        match self.framing {
            Framing::Abridged => self.layout_abridged(),
            Framing::Intermediate => self.layout_intermediate(self.max_packet),
            Framing::PaddedIntermediate => {
                self.layout_intermediate(self.max_packet.saturating_add(15))
            }
            Framing::Full => self.layout_full(),
        }
    }

    fn layout_abridged(&self) -> Result<Layout, Error> {
        let Some(first) = self.frame.first() else {
            return Ok(Layout::Unknown { header: 1 });
        };
        let marked = first & 0x80 != 0;
        if marked && self.side == Side::Client {
            return Ok(match self.frame.first_chunk() {
                Some(token) => Layout::QuickAck(QuickAck(u32::from_be_bytes(*token))),
                None => Layout::Unknown { header: 4 },
            });
        }
        let (start, words) = match (first & 0x7f, self.frame.first_chunk()) {
            (0x7f, Some(header)) => (4, (u32::from_le_bytes(*header) >> 8) as usize),
            (0x7f, None) => return Ok(Layout::Unknown { header: 4 }),
            (words, _) => (1, usize::from(words)),
        };
        self.layout_of(start, 4 * words, 0, marked, self.max_packet)
    }

    fn layout_intermediate(&self, max: usize) -> Result<Layout, Error> {
        const MARK: u32 = 1 << 31;

        let Some(header) = self.frame.first_chunk() else {
            return Ok(Layout::Unknown { header: 4 });
        };
        let header = u32::from_le_bytes(*header);
        let marked = header & MARK != 0;
        if marked && self.side == Side::Client {
            return Ok(Layout::QuickAck(QuickAck(header)));
        }
        self.layout_of(4, (header & !MARK) as usize, 0, marked, max)
    }

    fn layout_full(&self) -> Result<Layout, Error> {
        let Some(header) = self.frame.first_chunk() else {
            return Ok(Layout::Unknown { header: 4 });
        };
        // A server that refuses may send the bare error, without any frame.
        let signed = i32::from_le_bytes(*header);
        if signed < 0 && self.side == Side::Client {
            return Ok(Layout::BareStatus(Status::from_code(signed)));
        }
        let total = u32::from_le_bytes(*header) as usize;
        let Some(len) = total.checked_sub(FULL_OVERHEAD) else {
            return Err(Error::TooShort { len: total });
        };
        self.layout_of(8, len, 4, false, self.max_packet)
    }

    fn layout_of(
        &self,
        start: usize,
        len: usize,
        trailer: usize,
        quick_ack: bool,
        max: usize,
    ) -> Result<Layout, Error> {
        if len > max {
            return Err(Error::TooLong {
                len,
                max: self.max_packet,
            });
        }
        let end = start + len;
        Ok(Layout::Frame {
            start,
            end,
            total: end + trailer,
            quick_ack,
        })
    }

    fn check_full(&mut self) -> Result<(), Error> {
        let (covered, checksum) = self.frame.split_at(self.frame.len() - 4);
        let found = u32::from_le_bytes(slice(covered, 4));
        if found != self.sequence {
            return Err(Error::Sequence {
                wanted: self.sequence,
                found,
            });
        }
        if crc32fast::hash(covered).to_le_bytes() != checksum {
            return Err(Error::Checksum);
        }
        self.sequence = self.sequence.wrapping_add(1);
        Ok(())
    }

    /// What a complete frame holds; nothing if it is only there to be there.
    fn content(&self, start: usize, end: usize, quick_ack: bool) -> Option<Content> {
        let payload = &self.frame[start..end];
        if self.side == Side::Client
            && payload.len() < SHORTEST_PACKET
            && let Some((code, rest)) = payload.split_first_chunk()
        {
            match (i32::from_le_bytes(*code), rest.first_chunk()) {
                (0, _) => return None,
                (-1, Some(token)) => {
                    return Some(Content::QuickAck(QuickAck(u32::from_le_bytes(*token))));
                }
                (code @ ..0, _) => return Some(Content::Status(Status::from_code(code))),
                _ => {}
            }
        }
        let end = match self.framing {
            Framing::PaddedIntermediate => start + without_padding(payload),
            _ => end,
        };
        Some(Content::Packet {
            start,
            end,
            quick_ack,
        })
    }
}

impl fmt::Debug for Decoder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Decoder")
            .field("framing", &self.framing)
            .field("side", &self.side)
            .field("obfuscated", &self.stream.is_some())
            .finish_non_exhaustive()
    }
}

enum Layout {
    /// The header must have this length to tell more.
    Unknown { header: usize },
    /// A payload between header and trailer.
    Frame {
        start: usize,
        end: usize,
        total: usize,
        quick_ack: bool,
    },
    /// The header was a quick ack.
    QuickAck(QuickAck),
    /// The header was an error.
    BareStatus(Status),
}

enum Content {
    Packet {
        start: usize,
        end: usize,
        quick_ack: bool,
    },
    QuickAck(QuickAck),
    Status(Status),
}

/// How much of a padded payload is the packet.
///
/// An encrypted packet ends with a whole block after 24 bytes, a plain one says how long it is.
fn without_padding(payload: &[u8]) -> usize {
    match payload.first_chunk::<SHORTEST_PACKET>() {
        Some(plain) if plain[..8] == [0; 8] => {
            let body = u32::from_le_bytes(slice(plain, 16)) as usize;
            match SHORTEST_PACKET.checked_add(body) {
                Some(len) if len <= payload.len() => len,
                // Too long a length is for the reader of the packet to refuse.
                _ => payload.len(),
            }
        }
        Some(_) if payload.len() >= 24 => payload.len() - (payload.len() - 24) % 16,
        _ => payload.len(),
    }
}
