//! Functions and what they answer.

use crate::{Identified, TlRead};

/// A function: something to send, and the type of what comes back.
///
/// ```
/// use tl_runtime::{Function, ReadError, TlRead};
///
/// fn parse_answer<F: Function>(_request: &F, answer: &[u8]) -> Result<F::Output, ReadError> {
///     F::Output::from_bytes(answer)
/// }
/// ```
pub trait Function: Identified {
    /// What the function answers; owns all that it holds. Read it with [`TlRead::read`].
    type Output: for<'a> TlRead<'a>;
}

/// A function whose answer borrows from the bytes and the [`Arena`](crate::Arena) that it is read
/// with.
pub trait BorrowedFunction: Identified {
    /// What the function answers. Read it with [`TlRead::read`].
    type Output<'a>: TlRead<'a> + Copy + 'a;
}
