//! Which transport has the client chosen?

use super::obfuscation::{self, GET, HEAD, HEADER_LEN, OPTIONS, POST, ProxySecret, TLS};
use super::{DEFAULT_MAX_PACKET, Error, Framing, ReplayCache, Transport};

/// What a server allows.
#[derive(Clone, Debug)]
pub struct DetectorConfig {
    /// Secrets of the proxy that this server is. With secrets, plain transports and obfuscation
    /// without a secret are refused.
    pub secrets: Vec<ProxySecret>,
    /// Longest packet in both directions.
    pub max_packet: usize,
}

/// No secrets, packets of 4 MiB.
impl Default for DetectorConfig {
    fn default() -> Self {
        Self {
            secrets: Vec::new(),
            max_packet: DEFAULT_MAX_PACKET,
        }
    }
}

/// What the first bytes were.
#[derive(Debug)]
#[non_exhaustive]
pub enum Detected {
    /// One of this crate's transports; what follows is for its decoder.
    Transport(Found),
    /// A request of HTTP, whose bytes so far are in [`Detector::seen`].
    Http,
    /// A request of HTTP to change over to WebSocket, whose bytes so far are in
    /// [`Detector::seen`].
    WebSocket,
    /// A connection of TLS, whose bytes so far are in [`Detector::seen`].
    Tls,
}

/// A client's choice.
#[derive(Debug)]
pub struct Found {
    /// Ready to decode what follows and to answer in kind.
    pub transport: Transport,
    /// The DC that an obfuscation header names, plus 10000 for a test DC, negative for one that
    /// serves media only. Clients that talk to a server directly leave it random.
    pub dc: Option<i16>,
    /// Which of the configured secrets was used.
    pub secret: Option<usize>,
}

/// Reads the first bytes of a connection until they tell what it is.
///
/// It holds 8 KiB at most.
#[derive(Clone, Debug)]
pub struct Detector {
    config: DetectorConfig,
    seen: Vec<u8>,
    failed: Option<Error>,
}

/// Longest head of an HTTP request.
const MAX_HEAD: usize = 8 << 10;

impl Detector {
    /// For a new connection.
    #[must_use]
    pub fn new(config: DetectorConfig) -> Self {
        Self {
            config,
            seen: Vec::new(),
            failed: None,
        }
    }

    /// Takes from `input` what is needed to tell; `None` asks for more.
    ///
    /// A server that is a proxy uses [`Self::detect_once`].
    ///
    /// # Errors
    /// [`Error::Unknown`] if it is nothing that the server knows or allows, [`Error::TooLong`] for
    /// an endless HTTP request; each later call returns the same one.
    pub fn detect(&mut self, input: &mut &[u8]) -> Result<Option<Detected>, Error> {
        self.detect_with(input, None)
    }

    /// [`Self::detect`] that refuses an obfuscation header it has accepted before.
    ///
    /// # Errors
    /// Those of [`Self::detect`], and [`Error::Replayed`].
    pub fn detect_once(
        &mut self,
        input: &mut &[u8],
        replays: &mut ReplayCache,
    ) -> Result<Option<Detected>, Error> {
        self.detect_with(input, Some(replays))
    }

    /// The bytes taken so far. After [`Detected::Http`], [`Detected::WebSocket`] and
    /// [`Detected::Tls`], the beginning of the request.
    #[must_use]
    pub fn seen(&self) -> &[u8] {
        &self.seen
    }

    fn detect_with(
        &mut self,
        input: &mut &[u8],
        replays: Option<&mut ReplayCache>,
    ) -> Result<Option<Detected>, Error> {
        if let Some(error) = self.failed {
            return Err(error);
        }
        let result = self.look(input, replays);
        self.failed = result.as_ref().err().copied();
        result
    }

    fn look(
        &mut self,
        input: &mut &[u8],
        replays: Option<&mut ReplayCache>,
    ) -> Result<Option<Detected>, Error> {
        if !self.take(input, 1) {
            return Ok(None);
        }
        if self.seen[0] == 0xef {
            return self.plain(Framing::Abridged).map(Some);
        }
        if !self.take(input, 4) {
            return Ok(None);
        }
        match *self.seen.first_chunk().unwrap_or(&[0; 4]) {
            [0xee, 0xee, 0xee, 0xee] => return self.plain(Framing::Intermediate).map(Some),
            [0xdd, 0xdd, 0xdd, 0xdd] => return self.plain(Framing::PaddedIntermediate).map(Some),
            TLS => return Ok(Some(Detected::Tls)),
            POST | HEAD | OPTIONS => return Ok(Some(Detected::Http)),
            GET => return self.request(input),
            _ => {}
        }
        if !self.take(input, 8) {
            return Ok(None);
        }
        // The sequence number of the first full frame.
        if self.seen[4..8] == [0; 4] {
            return self.plain(Framing::Full).map(Some);
        }
        if !self.take(input, HEADER_LEN) {
            return Ok(None);
        }
        self.obfuscated(replays).map(Some)
    }

    /// Takes from `input` until `wanted` bytes have been seen; says whether they have.
    fn take(&mut self, input: &mut &[u8], wanted: usize) -> bool {
        let missing = wanted.saturating_sub(self.seen.len()).min(input.len());
        let (taken, rest) = input.split_at(missing);
        *input = rest;
        self.seen.extend_from_slice(taken);
        self.seen.len() >= wanted
    }

    fn plain(&self, framing: Framing) -> Result<Detected, Error> {
        if !self.config.secrets.is_empty() {
            return Err(Error::Unknown);
        }
        let mut transport =
            Transport::server(framing, None).with_max_packet(self.config.max_packet);
        if framing == Framing::Full {
            transport.decoder.put_back(&self.seen);
        }
        Ok(Detected::Transport(Found {
            transport,
            dc: None,
            secret: None,
        }))
    }

    fn obfuscated(&self, replays: Option<&mut ReplayCache>) -> Result<Detected, Error> {
        let header = self.seen.first_chunk().ok_or(Error::Unknown)?;
        let secrets = &self.config.secrets;
        let (secret, accepted) = if secrets.is_empty() {
            (None, obfuscation::accept(header, None))
        } else {
            let accepted = secrets.iter().enumerate().find_map(|(i, secret)| {
                obfuscation::accept(header, Some(secret)).map(|accepted| (Some(i), Some(accepted)))
            });
            accepted.unwrap_or((None, None))
        };
        let (framing, dc, streams) = accepted.ok_or(Error::Unknown)?;
        if replays.is_some_and(|replays| !replays.insert(header)) {
            return Err(Error::Replayed);
        }
        let transport =
            Transport::server(framing, Some(streams)).with_max_packet(self.config.max_packet);
        Ok(Detected::Transport(Found {
            transport,
            dc: Some(dc),
            secret,
        }))
    }

    /// GET opens a WebSocket if a header of the request says so.
    fn request(&mut self, input: &mut &[u8]) -> Result<Option<Detected>, Error> {
        loop {
            if let Some(head) = head_of(&self.seen) {
                return Ok(Some(match upgrades(head) {
                    true => Detected::WebSocket,
                    false => Detected::Http,
                }));
            }
            if self.seen.len() >= MAX_HEAD {
                return Err(Error::TooLong {
                    len: self.seen.len(),
                    max: MAX_HEAD,
                });
            }
            // Byte by byte near the end: what follows the head is not ours.
            let wanted = self.seen.len() + missing_of_head(&self.seen);
            if !self.take(input, wanted) {
                return Ok(None);
            }
        }
    }
}

const END_OF_HEAD: &[u8] = b"\r\n\r\n";

/// The request line and headers, once they are complete.
fn head_of(seen: &[u8]) -> Option<&[u8]> {
    seen.strip_suffix(END_OF_HEAD)
}

/// How many bytes the end of the head is away at least.
fn missing_of_head(seen: &[u8]) -> usize {
    (1..=4)
        .find(|missing| seen.ends_with(&END_OF_HEAD[..4 - missing]))
        .unwrap_or(4)
}

fn upgrades(head: &[u8]) -> bool {
    head.split(|byte| *byte == b'\n').skip(1).any(|line| {
        let mut parts = line.splitn(2, |byte| *byte == b':');
        let name = parts.next().unwrap_or_default();
        let value = parts.next().unwrap_or_default();
        name.trim_ascii().eq_ignore_ascii_case(b"upgrade")
            && value
                .split(|byte| *byte == b',')
                .any(|protocol| protocol.trim_ascii().eq_ignore_ascii_case(b"websocket"))
    })
}
