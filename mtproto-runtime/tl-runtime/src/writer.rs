//! The writer.

use alloc::vec::Vec;

use crate::{Identified, TlWrite, TlWriteWith, WriteError, WriteErrorKind, scalar};

/// Appends TL values to bytes.
///
/// For implementations of [`TlWrite`]; each method names the TL type that it writes. Programs call
/// [`TlWrite::to_bytes`] and [`TlWrite::write_to`].
pub struct Writer<'a> {
    /// `None` while counting.
    bytes: Option<&'a mut Vec<u8>>,
    counted: usize,
    error: Option<WriteError>,
}

impl<'a> Writer<'a> {
    pub(crate) fn new(bytes: &'a mut Vec<u8>) -> Self {
        Self {
            bytes: Some(bytes),
            counted: 0,
            error: None,
        }
    }

    pub(crate) fn counting() -> Self {
        Self {
            bytes: None,
            counted: 0,
            error: None,
        }
    }

    pub(crate) fn counted(&self) -> usize {
        self.counted
    }

    pub(crate) fn finish(self) -> Result<(), WriteError> {
        match self.error {
            None => Ok(()),
            Some(error) => Err(error),
        }
    }

    /// Says that the value can't be written. The first call counts.
    #[cold]
    pub fn fail(&mut self, kind: WriteErrorKind) {
        self.error.get_or_insert(WriteError(kind));
    }

    /// Several fields stand and fall with one flag bit: fails unless they are all there or all
    /// not. `flag` is the flags field and the bit: `flags.3`.
    #[inline]
    pub fn check_flag(&mut self, consistent: bool, constructor: &'static str, flag: &'static str) {
        if !consistent {
            self.fail(WriteErrorKind::InconsistentFlag { constructor, flag });
        }
    }

    /// A field must be what a number outside of it says: fails unless it is.
    #[inline]
    pub fn check_nat(&mut self, agrees: bool, constructor: &'static str, field: &'static str) {
        if !agrees {
            self.fail(WriteErrorKind::NatMismatch { constructor, field });
        }
    }

    /// The id of a constructor or function.
    #[inline]
    pub fn id(&mut self, id: u32) {
        self.raw(&id.to_le_bytes());
    }

    /// A value after its id.
    #[inline]
    pub fn boxed<T: TlWrite + Identified + ?Sized>(&mut self, value: &T) {
        self.id(T::ID);
        value.write_bare(self);
    }

    /// A value after its id, that depends on numbers from outside.
    #[inline]
    pub fn boxed_with<T, const N: usize>(&mut self, value: &T, nats: [u32; N])
    where
        T: TlWriteWith<N> + Identified + ?Sized,
    {
        self.id(T::ID);
        value.write_bare_with(self, nats);
    }

    /// `#`
    #[inline]
    pub fn nat(&mut self, value: u32) {
        self.raw(&value.to_le_bytes());
    }

    /// `int`
    #[inline]
    pub fn int(&mut self, value: i32) {
        self.raw(&value.to_le_bytes());
    }

    /// `long`
    #[inline]
    pub fn long(&mut self, value: i64) {
        self.raw(&value.to_le_bytes());
    }

    /// `double`
    #[inline]
    pub fn double(&mut self, value: f64) {
        self.raw(&value.to_le_bytes());
    }

    /// `float`
    #[inline]
    pub fn float(&mut self, value: f32) {
        self.raw(&value.to_le_bytes());
    }

    /// `Bool`
    #[inline]
    pub fn bool(&mut self, value: bool) {
        self.id(if value {
            scalar::BOOL_TRUE
        } else {
            scalar::BOOL_FALSE
        });
    }

    /// A value that may be there: its flag is written elsewhere.
    #[inline]
    pub fn optional<T: TlWrite>(&mut self, value: &Option<T>) {
        if let Some(value) = value {
            value.write(self);
        }
    }

    /// The same for a value without its id.
    #[inline]
    pub fn optional_bare<T: TlWrite>(&mut self, value: &Option<T>) {
        if let Some(value) = value {
            value.write_bare(self);
        }
    }

    /// A number of elements that is a field of its own: `n:# items:n*[int]`.
    pub fn count(&mut self, len: usize) {
        match u32::try_from(len) {
            Ok(count) => self.nat(count),
            Err(_) => self.too_long(len),
        }
    }

    /// Bytes as they are: no length before, no padding after.
    #[inline]
    pub fn raw(&mut self, bytes: &[u8]) {
        match &mut self.bytes {
            Some(buffer) => buffer.extend_from_slice(bytes),
            None => self.counted += bytes.len(),
        }
    }

    #[cold]
    pub(crate) fn too_long(&mut self, len: usize) {
        self.fail(WriteErrorKind::TooLong { len });
    }
}

impl core::fmt::Debug for Writer<'_> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Writer")
            .field("error", &self.error)
            .finish_non_exhaustive()
    }
}
