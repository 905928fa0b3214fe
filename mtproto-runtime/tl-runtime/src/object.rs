//! `Object`: a boxed value of any type.

use alloc::vec::Vec;

use crate::{ReadError, ReadErrorKind, ReadResult, Reader, TlRead, TlWrite, Writer};

/// A boxed value of any type, as its bytes, id included.
///
/// Where a value ends only its type can say, so reading one takes all bytes that are left. That
/// is right for the last field of a body, which is where schemas have it (`rpc_result`).
///
/// ```
/// use tl_runtime::{Object, TlRead, TlWrite};
///
/// let object = Object::new(&vec![1_i32, 2])?;
/// assert_eq!(object.id(), Some(0x1cb5c415));
/// assert_eq!(object.parse::<Vec<i32>>()?, [1, 2]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash, Default)]
pub struct Object(pub Vec<u8>);

/// A boxed value of any type, as its bytes, id included, in the input. See [`Object`].
///
/// ```
/// use tl_runtime::{ObjectRef, TlRead};
///
/// let bytes = b"\xb5\x75\x72\x99";
/// let object = ObjectRef::from_bytes(bytes)?;
/// assert_eq!(object.id(), Some(0x997275b5));
/// assert!(object.parse::<bool>()?);
/// # Ok::<(), tl_runtime::ReadError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Default)]
pub struct ObjectRef<'a>(pub &'a [u8]);

impl Object {
    /// The value as an object.
    ///
    /// # Errors
    /// Those of [`TlWrite::to_bytes`].
    pub fn new(value: &(impl TlWrite + ?Sized)) -> Result<Self, crate::WriteError> {
        value.to_bytes().map(Self)
    }

    /// The constructor id.
    #[must_use]
    pub fn id(&self) -> Option<u32> {
        self.borrow().id()
    }

    /// The value of a type that it must be.
    ///
    /// # Errors
    /// Those of [`TlRead::from_bytes`].
    pub fn parse<'a, T: TlRead<'a>>(&'a self) -> Result<T, ReadError> {
        T::from_bytes(&self.0)
    }

    /// The same without owning it.
    #[must_use]
    pub fn borrow(&self) -> ObjectRef<'_> {
        ObjectRef(&self.0)
    }
}

impl<'a> ObjectRef<'a> {
    /// The constructor id.
    #[must_use]
    pub fn id(self) -> Option<u32> {
        self.0.first_chunk().map(|&id| u32::from_le_bytes(id))
    }

    /// The value of a type that it must be.
    ///
    /// # Errors
    /// Those of [`TlRead::from_bytes`].
    pub fn parse<T: TlRead<'a>>(self) -> Result<T, ReadError> {
        T::from_bytes(self.0)
    }

    /// The same, owned.
    #[must_use]
    pub fn to_owned(&self) -> Object {
        Object(self.0.to_vec())
    }
}

impl<'a> TlRead<'a> for ObjectRef<'a> {
    const MIN_SIZE: usize = 4;

    fn read(r: &mut Reader<'a>) -> ReadResult<Self> {
        let size = r.rest().len();
        if size < 4 {
            return Err(r.fail(ReadErrorKind::EndOfInput {
                wanted: "Object",
                size: 4,
            }));
        }
        r.take(size, "Object").map(Self)
    }
}

impl<'a> TlRead<'a> for Object {
    const MIN_SIZE: usize = 4;

    fn read(r: &mut Reader<'a>) -> ReadResult<Self> {
        ObjectRef::read(r).map(|object| object.to_owned())
    }
}

impl TlWrite for ObjectRef<'_> {
    fn write(&self, w: &mut Writer<'_>) {
        w.raw(self.0);
    }
}

impl TlWrite for Object {
    fn write(&self, w: &mut Writer<'_>) {
        w.raw(&self.0);
    }
}
