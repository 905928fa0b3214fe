//! Functions and what they answer.

use crate::{Identified, TlRead};

/// A function: something to send, and the type of what comes back.
///
/// ```
/// use tl_runtime::{Function, Identified, ReadError, TlRead};
///
/// /// `getNumbers#0badcafe = Vector<int>;`
/// struct GetNumbers;
///
/// impl Identified for GetNumbers {
///     const ID: u32 = 0x0bad_cafe;
///     const NAME: &'static str = "getNumbers";
/// }
///
/// impl Function for GetNumbers {
///     type Output = Vec<i32>;
/// }
///
/// fn parse_answer<F: Function>(_request: &F, answer: &[u8]) -> Result<F::Output, ReadError> {
///     F::Output::from_bytes(answer)
/// }
///
/// let answer = b"\x15\xc4\xb5\x1c\x01\0\0\0\x07\0\0\0";
/// assert_eq!(parse_answer(&GetNumbers, answer)?, [7]);
/// # Ok::<(), ReadError>(())
/// ```
pub trait Function: Identified {
    /// What the function answers; owns all that it holds. Read it with [`TlRead::read`].
    type Output: for<'a> TlRead<'a>;
}

/// A function whose answer borrows from the bytes and the [`Arena`](crate::Arena) that it is read
/// with.
///
/// ```
/// use tl_runtime::{Arena, BorrowedFunction, Identified, ReadError, TlRead};
///
/// /// `getNames#0badcafe = Vector<string>;`
/// struct GetNames;
///
/// impl Identified for GetNames {
///     const ID: u32 = 0x0bad_cafe;
///     const NAME: &'static str = "getNames";
/// }
///
/// impl BorrowedFunction for GetNames {
///     type Output<'a> = &'a [&'a str];
/// }
///
/// let answer = b"\x15\xc4\xb5\x1c\x01\0\0\0\x02hi\0";
/// let arena = Arena::new();
/// let names = <GetNames as BorrowedFunction>::Output::from_bytes_in(answer, &arena)?;
/// assert_eq!(names, ["hi"]);
/// # Ok::<(), ReadError>(())
/// ```
pub trait BorrowedFunction: Identified {
    /// What the function answers. Read it with [`TlRead::read`].
    type Output<'a>: TlRead<'a> + Copy + 'a;
}
