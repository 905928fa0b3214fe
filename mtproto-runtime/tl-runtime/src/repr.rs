//! The other representation of a type than [`TlRead::read`] and [`TlWrite::write`] take.

use crate::{Identified, ReadResult, Reader, TlRead, TlWrite, Writer};

/// A value without its id.
///
/// ```
/// use tl_runtime::{Bare, TlRead, TlWrite};
///
/// let bytes = Bare(vec![7_i32]).to_bytes()?; // vector<int>
/// assert_eq!(bytes, [1, 0, 0, 0, 7, 0, 0, 0]);
/// assert_eq!(Bare::<Vec<i32>>::from_bytes(&bytes)?.0, [7]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub struct Bare<T>(pub T);

/// A value after its id: `Int`, `String` are the boxed `int`, `string`.
///
/// ```
/// use tl_runtime::{Boxed, TlWrite};
///
/// assert_eq!(Boxed(7_i32).to_bytes()?, [0xda, 0x9b, 0x50, 0xa8, 7, 0, 0, 0]);
/// # Ok::<(), tl_runtime::WriteError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub struct Boxed<T>(pub T);

impl<'a, T: TlRead<'a>> TlRead<'a> for Bare<T> {
    const MIN_SIZE: usize = T::MIN_SIZE.saturating_sub(4);
    const NEEDS_ARENA: bool = T::NEEDS_ARENA;

    fn read(r: &mut Reader<'a>) -> ReadResult<Self> {
        T::read_bare(r).map(Self)
    }
}

impl<T: TlWrite> TlWrite for Bare<T> {
    fn write(&self, w: &mut Writer<'_>) {
        self.0.write_bare(w);
    }
}

impl<'a, T: TlRead<'a> + Identified> TlRead<'a> for Boxed<T> {
    const MIN_SIZE: usize = 4;
    const NEEDS_ARENA: bool = T::NEEDS_ARENA;

    fn read(r: &mut Reader<'a>) -> ReadResult<Self> {
        r.boxed().map(Self)
    }
}

impl<T: TlWrite + Identified> TlWrite for Boxed<T> {
    fn write(&self, w: &mut Writer<'_>) {
        w.boxed(&self.0);
    }
}
