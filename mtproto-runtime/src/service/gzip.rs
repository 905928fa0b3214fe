//! `gzip_packed#3072cfa1 packed_data:bytes = Object`: a compressed value in the place of a value.
//!
//! Some clients put a zlib stream where the schema's name says gzip, so that both are read; gzip is
//! what is written. The packed value is never again `gzip_packed`, and never longer than the caller
//! allows: memory grows with what really comes out, and stops at the limit. So does the work: a stream
//! of which hardly anything comes out (blocks with nothing in them, each with tables to be made) is damaged.
//! See <https://core.telegram.org/mtproto/service_messages#packed-object>.

use core::cell::Cell;
use core::fmt;
use std::io::{self, BufRead, Read, Write};

use flate2::Compression;
use flate2::bufread::{GzDecoder, ZlibDecoder};
use flate2::write::GzEncoder;

use super::id;
use crate::tl::{ReadResult, Reader, TlRead, TlWrite, Writer};

/// `gzip_packed`
pub const GZIP_PACKED_ID: u32 = 0x3072_cfa1;
/// A body up to this length is not worth packing.
pub const WORTHWHILE: usize = 255;
/// The longest value that is unpacked unless told otherwise: 10 MiB.
pub const DEFAULT_LIMIT: usize = 10 << 20;

/// Why a value could not be unpacked.
#[derive(Debug)]
#[non_exhaustive]
pub enum GzipError {
    /// It is not `gzip_packed`, or something stands behind it.
    Form,
    /// The stream is damaged, or of another kind than gzip and zlib.
    Stream(io::Error),
    /// More comes out than allowed.
    TooLong {
        /// What was allowed, in bytes.
        limit: usize,
    },
    /// What comes out is packed again.
    Nested,
}

impl fmt::Display for GzipError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Form => f.write_str("not a packed value"),
            Self::Stream(_) => f.write_str("the packed value could not be unpacked"),
            Self::TooLong { limit } => write!(f, "the packed value is longer than {limit} bytes"),
            Self::Nested => f.write_str("a packed value in a packed value"),
        }
    }
}

impl core::error::Error for GzipError {
    fn source(&self) -> Option<&(dyn core::error::Error + 'static)> {
        match self {
            Self::Stream(error) => Some(error),
            _ => None,
        }
    }
}

/// A stream in its TL wrapping.
struct Packed<'a>(&'a [u8]);

impl<'a> TlRead<'a> for Packed<'a> {
    const MIN_SIZE: usize = 8;

    fn read(r: &mut Reader<'a>) -> ReadResult<Self> {
        r.expect_id(GZIP_PACKED_ID, "gzip_packed")?;
        Ok(Self(r.bytes()))
    }
}

impl TlWrite for Packed<'_> {
    fn write(&self, w: &mut Writer<'_>) {
        w.id(GZIP_PACKED_ID);
        w.bytes(self.0);
    }
}

/// Whether the body says that it is packed.
#[must_use]
pub fn is_packed(body: &[u8]) -> bool {
    id(body) == Some(GZIP_PACKED_ID)
}

/// Unpacks `gzip_packed`, which must be all of the body.
///
/// ```
/// use mtproto_runtime::service::gzip;
///
/// # fn main() -> Result<(), gzip::GzipError> {
/// let body = [7; 1000];
/// let mut packed = Vec::new();
/// assert!(gzip::pack(&body, &mut packed));
/// assert!(packed.len() < 100);
/// assert_eq!(gzip::unpack(&packed, gzip::DEFAULT_LIMIT)?, body);
/// assert!(gzip::unpack(&packed, 999).is_err());
/// # Ok(())
/// # }
/// ```
///
/// # Errors
/// [`GzipError`]
pub fn unpack(body: &[u8], limit: usize) -> Result<Vec<u8>, GzipError> {
    let Packed(stream) = Packed::from_bytes(body).map_err(|_| GzipError::Form)?;
    let meter = Meter::default();
    let mut out = Vec::new();
    // One byte more, to see that there is more.
    let most = u64::try_from(limit).unwrap_or(u64::MAX).saturating_add(1);
    meter
        .read(stream, most, &mut out)
        .map_err(GzipError::Stream)?;
    if out.len() > limit {
        return Err(GzipError::TooLong { limit });
    }
    match is_packed(&out) {
        true => Err(GzipError::Nested),
        false => Ok(out),
    }
}

/// The first bytes of what is packed, as many as there are, and how many of the stream had to be looked at;
/// `None` in their place if it can't be unpacked.
pub(crate) fn unpack_start(body: &[u8], len: u64) -> (Option<Vec<u8>>, usize) {
    let Ok(Packed(stream)) = Packed::from_bytes(body) else {
        return (None, 0);
    };
    let meter = Meter::default();
    let mut out = Vec::new();
    let start = meter.read(stream, len, &mut out).is_ok().then_some(out);
    (start, meter.consumed.get())
}

/// What has come out of a stream, and what went in for it.
#[derive(Default)]
struct Meter {
    produced: Cell<usize>,
    consumed: Cell<usize>,
}

impl Meter {
    /// As much goes in before anything comes out: a header, and the tables of the first block.
    const START: usize = 1024;
    /// As much is handed out at once.
    const WINDOW: usize = 128;

    /// Appends at most so many bytes.
    fn read(&self, stream: &[u8], most: u64, out: &mut Vec<u8>) -> io::Result<()> {
        let input = Metered {
            rest: stream,
            meter: self,
        };
        match stream {
            [0x1f, 0x8b, ..] => self.drain(GzDecoder::new(input).take(most), out),
            _ => self.drain(ZlibDecoder::new(input).take(most), out),
        }
    }

    fn drain(&self, mut stream: impl Read, out: &mut Vec<u8>) -> io::Result<()> {
        let mut some = [0; 4096];
        loop {
            match stream.read(&mut some)? {
                0 => return Ok(()),
                count => out.extend_from_slice(&some[..count]),
            }
            self.produced.set(out.len());
        }
    }

    /// No way to pack makes anything longer by an eighth.
    fn check(&self) -> io::Result<()> {
        let produced = self.produced.get();
        let allowed = produced.saturating_add(produced / 8 + Self::START);
        match self.consumed.get() <= allowed {
            true => Ok(()),
            false => Err(io::Error::new(
                io::ErrorKind::InvalidData,
                "hardly anything comes out of the stream",
            )),
        }
    }
}

/// A stream of which little is seen at a time, and nothing once too little has come of it.
struct Metered<'s> {
    rest: &'s [u8],
    meter: &'s Meter,
}

impl Read for Metered<'_> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let count = self.fill_buf()?.read(out)?;
        self.consume(count);
        Ok(count)
    }
}

impl BufRead for Metered<'_> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        self.meter.check()?;
        Ok(&self.rest[..self.rest.len().min(Meter::WINDOW)])
    }

    fn consume(&mut self, count: usize) {
        self.rest = self.rest.get(count..).unwrap_or_default();
        let consumed = &self.meter.consumed;
        consumed.set(consumed.get().saturating_add(count));
    }
}

/// Appends the body, packed, to `out`, if that is worth it: for more than [`WORTHWHILE`] bytes that
/// get shorter by a tenth at least. Otherwise `out` is left as it was, and the answer is `false`.
pub fn pack(body: &[u8], out: &mut Vec<u8>) -> bool {
    if body.len() <= WORTHWHILE || is_packed(body) {
        return false;
    }
    let mut encoder = GzEncoder::new(Vec::with_capacity(body.len() / 2), Compression::default());
    let Ok(stream) = encoder.write_all(body).and_then(|()| encoder.finish()) else {
        // Memory does not fail to be written to.
        return false;
    };
    let start = out.len();
    let written = Packed(&stream).write_to(out);
    let worth = written.is_ok() && out.len() - start < body.len() - body.len() / 10;
    if !worth {
        out.truncate(start);
    }
    worth
}
