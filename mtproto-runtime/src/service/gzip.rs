//! `gzip_packed#3072cfa1 packed_data:bytes = Object`: a compressed value in the place of a value.
//!
//! Some clients put a zlib stream where the schema's name says gzip, so that both are read; gzip is
//! what is written. The packed value is never again `gzip_packed`, and never longer than the caller
//! allows: memory grows with what really comes out, and stops at the limit.
//! See <https://core.telegram.org/mtproto/service_messages#packed-object>.

use core::fmt;
use std::io::{self, Read, Write};

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
    let mut out = Vec::new();
    match stream {
        [0x1f, 0x8b, ..] => read_bounded(GzDecoder::new(stream), limit, &mut out)?,
        _ => read_bounded(ZlibDecoder::new(stream), limit, &mut out)?,
    }
    match is_packed(&out) {
        true => Err(GzipError::Nested),
        false => Ok(out),
    }
}

/// The first bytes of what is packed, as many as there are; `None` if it can't be unpacked.
pub(crate) fn unpack_start(body: &[u8], len: u64) -> Option<Vec<u8>> {
    let Packed(stream) = Packed::from_bytes(body).ok()?;
    let mut out = Vec::new();
    match stream {
        [0x1f, 0x8b, ..] => GzDecoder::new(stream).take(len).read_to_end(&mut out),
        _ => ZlibDecoder::new(stream).take(len).read_to_end(&mut out),
    }
    .ok()?;
    Some(out)
}

fn read_bounded(stream: impl Read, limit: usize, out: &mut Vec<u8>) -> Result<(), GzipError> {
    let most = u64::try_from(limit).unwrap_or(u64::MAX).saturating_add(1);
    let count = stream
        .take(most)
        .read_to_end(out)
        .map_err(GzipError::Stream)?;
    match count <= limit {
        true => Ok(()),
        false => Err(GzipError::TooLong { limit }),
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
