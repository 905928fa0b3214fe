//! `string` and `bytes`: a length, that many bytes, and zeros up to a multiple of four.
//!
//! A length below 254 is one byte, any other is 254 and three bytes. Readers take the long form of
//! a short length too and don't look at the padding, as all known implementations do.

use alloc::borrow::{Cow, ToOwned};
use alloc::string::String;
use alloc::vec::Vec;

use crate::{Identified, ReadErrorKind, ReadResult, Reader, TlRead, TlWrite, Writer};

const LONG_FORM: u8 = 254;

impl<'a> Reader<'a> {
    /// `bytes`
    ///
    /// # Errors
    /// At the end of the bytes, or if the length starts with 255.
    #[inline]
    pub fn bytes(&mut self) -> ReadResult<&'a [u8]> {
        self.byte_string("bytes")
    }

    /// `bytes`, copied.
    ///
    /// # Errors
    /// Those of [`bytes`](Reader::bytes).
    pub fn byte_vec(&mut self) -> ReadResult<Vec<u8>> {
        self.bytes().map(<[u8]>::to_vec)
    }

    /// `string`
    ///
    /// # Errors
    /// At the end of the bytes, if the length starts with 255, or if it is not UTF-8.
    pub fn str(&mut self) -> ReadResult<&'a str> {
        if self.is_hidden() {
            return self.shown(Self::str);
        }
        let before = self.rest();
        let bytes = self.byte_string("string")?;
        match core::str::from_utf8(bytes) {
            Ok(text) => Ok(text),
            Err(error) => {
                let offset = self.offset() - (before.len() - self.rest().len());
                let kind = ReadErrorKind::InvalidUtf8 {
                    valid_up_to: error.valid_up_to(),
                };
                Err(self.fail_at(offset, kind))
            }
        }
    }

    /// `string`, copied.
    ///
    /// # Errors
    /// Those of [`str`](Reader::str).
    pub fn string(&mut self) -> ReadResult<String> {
        self.str().map(ToOwned::to_owned)
    }

    /// `string`, with U+FFFD in the place of what is not UTF-8.
    ///
    /// # Errors
    /// At the end of the bytes, or if the length starts with 255.
    pub fn str_lossy(&mut self) -> ReadResult<Cow<'a, str>> {
        self.byte_string("string").map(String::from_utf8_lossy)
    }

    /// `string`, copied, with U+FFFD in the place of what is not UTF-8.
    ///
    /// # Errors
    /// At the end of the bytes, or if the length starts with 255.
    pub fn string_lossy(&mut self) -> ReadResult<String> {
        self.str_lossy().map(Cow::into_owned)
    }

    fn byte_string(&mut self, wanted: &'static str) -> ReadResult<&'a [u8]> {
        if self.is_hidden() {
            return self.shown(|r| r.byte_string(wanted));
        }
        let rest = self.rest();
        let (header, len) = match *rest {
            [LONG_FORM, a, b, c, ..] => (4, u32::from_le_bytes([a, b, c, 0]) as usize),
            [255, ..] => return Err(self.fail(ReadErrorKind::InvalidLength)),
            [LONG_FORM, ..] | [] => return Err(self.fail_at_end(wanted, 4)),
            [len, ..] => (1, usize::from(len)),
        };
        let size = (header + len).next_multiple_of(4);
        Ok(&self.take(size, wanted)?[header..header + len])
    }
}

impl Writer<'_> {
    /// `bytes`
    pub fn bytes(&mut self, bytes: &[u8]) {
        let len = bytes.len();
        let header = match u8::try_from(len) {
            Ok(short) if short < LONG_FORM => {
                self.raw(&[short]);
                1
            }
            _ => match u32::try_from(len) {
                Ok(long) if long < 1 << 24 => {
                    self.raw(&(long << 8 | u32::from(LONG_FORM)).to_le_bytes());
                    4
                }
                _ => return self.too_long(len),
            },
        };
        self.raw(bytes);
        self.raw(&[0; 3][..(header + len).next_multiple_of(4) - header - len]);
    }

    /// `string`
    pub fn string(&mut self, text: &str) {
        self.bytes(text.as_bytes());
    }
}

/// `string`
impl<'a> TlRead<'a> for &'a str {
    const MIN_SIZE: usize = 4;

    fn read(r: &mut Reader<'a>) -> ReadResult<Self> {
        r.str()
    }
}

/// `string`
impl<'a> TlRead<'a> for String {
    const MIN_SIZE: usize = 4;

    fn read(r: &mut Reader<'a>) -> ReadResult<Self> {
        r.string()
    }
}

/// `bytes`
impl<'a> TlRead<'a> for &'a [u8] {
    const MIN_SIZE: usize = 4;

    fn read(r: &mut Reader<'a>) -> ReadResult<Self> {
        r.bytes()
    }
}

/// `bytes`
impl<'a> TlRead<'a> for Vec<u8> {
    const MIN_SIZE: usize = 4;

    fn read(r: &mut Reader<'a>) -> ReadResult<Self> {
        r.byte_vec()
    }
}

/// `string`
impl TlWrite for str {
    fn write(&self, w: &mut Writer<'_>) {
        w.string(self);
    }
}

/// `string`
impl TlWrite for String {
    fn write(&self, w: &mut Writer<'_>) {
        w.string(self);
    }
}

/// `bytes`
impl TlWrite for [u8] {
    fn write(&self, w: &mut Writer<'_>) {
        w.bytes(self);
    }
}

/// `bytes`
impl TlWrite for Vec<u8> {
    fn write(&self, w: &mut Writer<'_>) {
        w.bytes(self);
    }
}

const STRING_ID: u32 = 0xb528_6e24;

impl Identified for &str {
    const ID: u32 = STRING_ID;
    const NAME: &'static str = "string";
}

impl Identified for String {
    const ID: u32 = STRING_ID;
    const NAME: &'static str = "string";
}
