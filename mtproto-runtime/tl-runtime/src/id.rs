//! Names and numbers of constructors and functions.

/// A constructor, a function or a built-in type that has an id of its own.
///
/// ```
/// use tl_runtime::{Boxed, Identified, TlWrite};
///
/// /// Whether a boxed value is of that type, by its first four bytes.
/// fn is<T: Identified>(bytes: &[u8]) -> bool {
///     bytes.starts_with(&T::ID.to_le_bytes())
/// }
///
/// let bytes = Boxed(7_i32).to_bytes()?;
/// assert!(is::<i32>(&bytes) && !is::<i64>(&bytes));
/// assert_eq!(<i32 as Identified>::NAME, "int");
/// # Ok::<(), tl_runtime::WriteError>(())
/// ```
pub trait Identified {
    /// The 32 bits that say on the wire which constructor follows, as a number; on the wire they
    /// are little-endian.
    const ID: u32;
    /// The full name in the schema: `messages.sendMessage`.
    const NAME: &'static str;
}
