//! `string` and `bytes`: a length, that many bytes, and zeros up to a multiple of four.
//!
//! A length below 254 is one byte, any other is 254 and three bytes. Readers take the long form of
//! a short length too and don't look at the padding, as all known implementations do.

use alloc::borrow::{Cow, ToOwned};
use alloc::string::String;
use alloc::vec::Vec;

use crate::buffer::{LONG_FORM, padded};
use crate::{Identified, ReadErrorKind, ReadResult, Reader, TlRead, TlWrite, Writer, utf8};

impl<'a> Reader<'a> {
    /// `bytes`
    #[inline]
    pub fn bytes(&mut self) -> &'a [u8] {
        self.byte_string("bytes")
    }

    /// `bytes`, copied.
    pub fn byte_vec(&mut self) -> Vec<u8> {
        self.bytes().to_vec()
    }

    /// `string`; one that is not UTF-8 is a failure.
    pub fn str(&mut self) -> &'a str {
        let before = self.seen();
        if let Some((bytes, rest)) = split(before)
            && let Some(text) = utf8::text(bytes)
        {
            self.see(rest);
            return text;
        }
        self.str_slowly()
    }

    #[cold]
    fn str_slowly(&mut self) -> &'a str {
        if self.is_hidden() {
            return self.shown(Self::str);
        }
        let offset = self.offset();
        let bytes = self.byte_string("string");
        match core::str::from_utf8(bytes) {
            Ok(text) => text,
            Err(error) => {
                let kind = ReadErrorKind::InvalidUtf8 {
                    valid_up_to: error.valid_up_to(),
                };
                self.fail_at(offset, kind);
                ""
            }
        }
    }

    /// `string`, copied; one that is not UTF-8 is a failure.
    pub fn string(&mut self) -> String {
        self.str().to_owned()
    }

    /// `string`, with U+FFFD in the place of what is not UTF-8.
    pub fn str_lossy(&mut self) -> Cow<'a, str> {
        String::from_utf8_lossy(self.byte_string("string"))
    }

    /// `string`, copied, with U+FFFD in the place of what is not UTF-8.
    pub fn string_lossy(&mut self) -> String {
        self.str_lossy().into_owned()
    }

    #[inline]
    fn byte_string(&mut self, wanted: &'static str) -> &'a [u8] {
        match split(self.seen()) {
            Some((bytes, rest)) => {
                self.see(rest);
                bytes
            }
            None => self.byte_string_slowly(wanted),
        }
    }

    #[cold]
    fn byte_string_slowly(&mut self, wanted: &'static str) -> &'a [u8] {
        if self.is_hidden() {
            return self.shown(|r| r.byte_string(wanted));
        }
        match *self.rest() {
            [255, ..] => {
                self.fail(ReadErrorKind::InvalidLength);
            }
            [LONG_FORM, a, b, c, ..] => {
                let len = u32::from_le_bytes([a, b, c, 0]) as usize;
                self.fail_at_end(wanted, (4 + len).next_multiple_of(4));
            }
            [LONG_FORM, ..] | [] => {
                self.fail_at_end(wanted, 4);
            }
            [len, ..] => {
                self.fail_at_end(wanted, (1 + usize::from(len)).next_multiple_of(4));
            }
        }
        &[]
    }
}

/// The bytes of the string at the front, and what follows it; `None` if it is not all there.
#[inline]
fn split(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let (&[first, a, b, c], _) = bytes.split_first_chunk()?;
    let (header, len) = match first {
        255 => return None,
        LONG_FORM => (4, u32::from_le_bytes([a, b, c, 0]) as usize),
        len => (1, usize::from(len)),
    };
    let (string, rest) = bytes.split_at_checked(padded(header + len))?;
    Some((string.get(header..header + len)?, rest))
}

impl Writer<'_> {
    /// `bytes`
    #[inline]
    pub fn bytes(&mut self, bytes: &[u8]) {
        self.buffer().put_string(bytes);
    }

    /// `string`
    #[inline]
    pub fn string(&mut self, text: &str) {
        self.bytes(text.as_bytes());
    }
}

/// `string`
impl<'a> TlRead<'a> for &'a str {
    const MIN_SIZE: usize = 4;

    #[inline]
    fn read(r: &mut Reader<'a>) -> ReadResult<Self> {
        Ok(r.str())
    }
}

/// `string`
impl<'a> TlRead<'a> for String {
    const MIN_SIZE: usize = 4;

    #[inline]
    fn read(r: &mut Reader<'a>) -> ReadResult<Self> {
        Ok(r.string())
    }
}

/// `bytes`
impl<'a> TlRead<'a> for &'a [u8] {
    const MIN_SIZE: usize = 4;

    #[inline]
    fn read(r: &mut Reader<'a>) -> ReadResult<Self> {
        Ok(r.bytes())
    }
}

/// `bytes`
impl<'a> TlRead<'a> for Vec<u8> {
    const MIN_SIZE: usize = 4;

    #[inline]
    fn read(r: &mut Reader<'a>) -> ReadResult<Self> {
        Ok(r.byte_vec())
    }
}

/// `string`
impl TlWrite for str {
    #[inline]
    fn write(&self, w: &mut Writer<'_>) {
        w.string(self);
    }
}

/// `string`
impl TlWrite for String {
    #[inline]
    fn write(&self, w: &mut Writer<'_>) {
        w.string(self);
    }
}

/// `bytes`
impl TlWrite for [u8] {
    #[inline]
    fn write(&self, w: &mut Writer<'_>) {
        w.bytes(self);
    }
}

/// `bytes`
impl TlWrite for Vec<u8> {
    #[inline]
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
