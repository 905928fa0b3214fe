//! The writer.

use crate::buffer::Buffer;
use crate::number::{self, Number};
use crate::{Identified, TlWrite, TlWriteWith, WriteError, WriteErrorKind, scalar};

/// Appends TL values to bytes.
///
/// For implementations of [`TlWrite`]; each method names the TL type that it writes. Programs call
/// [`TlWrite::to_bytes`] and [`TlWrite::write_to`]. Nothing that it does fails at once: it keeps the
/// first [`WriteError`] for them.
///
/// ```
/// use tl_runtime::{TlWrite, Writer};
///
/// /// `message flags:# ids:vector<long> text:flags.0?string = Message;`, bare.
/// struct Message {
///     ids: Vec<i64>,
///     text: Option<String>,
/// }
///
/// impl TlWrite for Message {
///     fn write(&self, w: &mut Writer<'_>) {
///         w.nat(u32::from(self.text.is_some()));
///         self.ids.write_bare(w);
///         w.optional(&self.text);
///     }
/// }
///
/// let message = Message { ids: vec![7], text: Some("hi".to_owned()) };
/// assert_eq!(
///     message.to_bytes()?,
///     b"\x01\0\0\0\x01\0\0\0\x07\0\0\0\0\0\0\0\x02hi\0",
/// );
/// # Ok::<(), tl_runtime::WriteError>(())
/// ```
pub struct Writer<'a> {
    buffer: Buffer<'a>,
}

impl<'a> Writer<'a> {
    #[inline]
    pub(crate) fn new(buffer: Buffer<'a>) -> Self {
        Self { buffer }
    }

    #[inline]
    pub(crate) fn buffer(&mut self) -> &mut Buffer<'a> {
        &mut self.buffer
    }

    #[inline]
    pub(crate) fn into_buffer(self) -> Buffer<'a> {
        self.buffer
    }

    /// Has a function write that takes the writer by value.
    #[inline]
    pub(crate) fn lend(&mut self, write: impl for<'w> FnOnce(Writer<'w>) -> Writer<'w>) {
        self.buffer.lend(|buffer| write(Writer { buffer }).buffer);
    }

    /// Says that the value can't be written. The first call counts.
    #[inline]
    pub fn fail(&mut self, kind: WriteErrorKind) {
        self.buffer.fail(WriteError(kind));
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
        self.fixed(id.to_le_bytes());
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
        self.fixed(value.to_le_bytes());
    }

    /// `int`
    #[inline]
    pub fn int(&mut self, value: i32) {
        self.fixed(value.to_le_bytes());
    }

    /// `long`
    #[inline]
    pub fn long(&mut self, value: i64) {
        self.fixed(value.to_le_bytes());
    }

    /// `double`
    #[inline]
    pub fn double(&mut self, value: f64) {
        self.fixed(value.to_le_bytes());
    }

    /// `float`
    #[inline]
    pub fn float(&mut self, value: f32) {
        self.fixed(value.to_le_bytes());
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

    /// Leaves room for flags that are not all known yet. Their bits are set while what they stand
    /// for is written, so that nobody has to look twice whether it is there.
    #[inline]
    pub fn flags(&mut self, bits: u32) -> Flags {
        let position = self.buffer.position();
        // Those that are known: written now, they need no registers until the others are.
        self.nat(bits);
        Flags { position, bits }
    }

    /// Writes the flags where room was left for them.
    #[inline]
    #[allow(clippy::needless_pass_by_value, reason = "they are done with")]
    pub fn set_flags(&mut self, flags: Flags) {
        let Flags { position, bits } = flags;
        self.buffer.replace(position, bits.to_le_bytes());
    }

    /// A value that may be there, and a bit that says so.
    #[inline]
    pub fn flagged<T: TlWrite>(&mut self, flags: &mut Flags, bit: u8, value: &Option<T>) {
        if let Some(value) = value {
            flags.set(bit);
            value.write(self);
        }
    }

    /// The same for a value without its id.
    #[inline]
    pub fn flagged_bare<T: TlWrite>(&mut self, flags: &mut Flags, bit: u8, value: &Option<T>) {
        if let Some(value) = value {
            flags.set(bit);
            value.write_bare(self);
        }
    }

    /// A number of elements that is a field of its own: `n:# items:n*[int]`.
    #[inline]
    pub fn count(&mut self, len: usize) {
        match u32::try_from(len) {
            Ok(count) => self.nat(count),
            Err(_) => self.too_long(len),
        }
    }

    /// Bytes as they are: no length before, no padding after.
    #[inline]
    pub fn raw(&mut self, bytes: &[u8]) {
        self.buffer.put_slice(bytes);
    }

    #[inline]
    fn fixed<const N: usize>(&mut self, bytes: [u8; N]) {
        self.buffer.put(bytes);
    }

    /// Numbers, one after another.
    pub(crate) fn numbers<T: Number>(&mut self, numbers: &[T]) {
        if cfg!(target_endian = "little") {
            self.buffer.put_slice(number::as_bytes(numbers));
        } else {
            for number in numbers {
                self.buffer.put_slice(number::as_bytes(&[number.swapped()]));
            }
        }
    }

    #[inline]
    pub(crate) fn too_long(&mut self, len: usize) {
        self.fail(WriteErrorKind::TooLong { len });
    }
}

/// For emitted code: the writer goes by value from body to body, and so stays in registers. What is
/// written is the same as by the methods without `put`.
#[doc(hidden)]
impl Writer<'_> {
    #[inline]
    #[must_use]
    pub fn put_id(mut self, id: u32) -> Self {
        self.id(id);
        self
    }

    /// A value as it stands alone.
    #[inline]
    #[must_use]
    pub fn put<T: TlWrite + ?Sized>(self, value: &T) -> Self {
        value.write_on(self)
    }

    /// A value without its id.
    #[inline]
    #[must_use]
    pub fn put_bare<T: TlWrite + ?Sized>(self, value: &T) -> Self {
        value.write_bare_on(self)
    }

    #[inline]
    #[must_use]
    pub fn put_boxed<T: TlWrite + Identified + ?Sized>(mut self, value: &T) -> Self {
        self.id(T::ID);
        value.write_bare_on(self)
    }

    /// A value that depends on numbers from outside, as it stands alone.
    #[inline]
    #[must_use]
    pub fn put_with<T, const N: usize>(self, value: &T, nats: [u32; N]) -> Self
    where
        T: TlWriteWith<N> + ?Sized,
    {
        value.write_with_on(self, nats)
    }

    /// The same without its id.
    #[inline]
    #[must_use]
    pub fn put_bare_with<T, const N: usize>(self, value: &T, nats: [u32; N]) -> Self
    where
        T: TlWriteWith<N> + ?Sized,
    {
        value.write_bare_with_on(self, nats)
    }

    #[inline]
    #[must_use]
    pub fn put_boxed_with<T, const N: usize>(mut self, value: &T, nats: [u32; N]) -> Self
    where
        T: TlWriteWith<N> + Identified + ?Sized,
    {
        self.id(T::ID);
        value.write_bare_with_on(self, nats)
    }

    #[inline]
    #[must_use]
    pub fn put_optional<T: TlWrite>(self, value: &Option<T>) -> Self {
        match value {
            Some(value) => value.write_on(self),
            None => self,
        }
    }

    #[inline]
    #[must_use]
    pub fn put_optional_bare<T: TlWrite>(self, value: &Option<T>) -> Self {
        match value {
            Some(value) => value.write_bare_on(self),
            None => self,
        }
    }

    #[inline]
    #[must_use]
    pub fn put_flagged<T: TlWrite>(self, flags: &mut Flags, bit: u8, value: &Option<T>) -> Self {
        match value {
            Some(value) => {
                flags.set(bit);
                value.write_on(self)
            }
            None => self,
        }
    }

    #[inline]
    #[must_use]
    pub fn put_flagged_bare<T: TlWrite>(
        self,
        flags: &mut Flags,
        bit: u8,
        value: &Option<T>,
    ) -> Self {
        match value {
            Some(value) => {
                flags.set(bit);
                value.write_bare_on(self)
            }
            None => self,
        }
    }
}

/// Flags that are being collected; see [`Writer::flags`].
///
/// ```
/// use tl_runtime::{TlWrite, Writer};
///
/// /// `photo flags:# caption:flags.3?string = Photo;`, bare.
/// struct Photo {
///     caption: Option<String>,
/// }
///
/// impl TlWrite for Photo {
///     fn write(&self, w: &mut Writer<'_>) {
///         let mut flags = w.flags(0);
///         w.flagged(&mut flags, 3, &self.caption);
///         w.set_flags(flags);
///     }
/// }
///
/// let photo = Photo { caption: Some("hi".to_owned()) };
/// assert_eq!(photo.to_bytes()?, b"\x08\0\0\0\x02hi\0");
/// # Ok::<(), tl_runtime::WriteError>(())
/// ```
#[derive(Debug)]
#[must_use = "they are written by `Writer::set_flags`"]
pub struct Flags {
    position: usize,
    bits: u32,
}

impl Flags {
    /// Sets a bit.
    #[inline]
    pub fn set(&mut self, bit: u8) {
        self.bits |= 1 << bit;
    }
}

impl core::fmt::Debug for Writer<'_> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Writer").finish_non_exhaustive()
    }
}
