//! How much a reader spends on bytes from a stranger.

/// What reading may cost, however the bytes are made.
///
/// ```
/// use tl_runtime::{Limits, Reader};
///
/// let limits = Limits { depth: 16, ..Limits::default() };
/// let mut reader = Reader::new(&[1, 0, 0, 0]).with_limits(limits);
/// assert_eq!(reader.read::<i32>()?, 1);
/// # Ok::<(), tl_runtime::ReadError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// How many constructors and vectors may stand in one another. Protects the stack; 64 unless
    /// set.
    pub depth: u32,
    /// How many bytes may be taken from the heap or the arena for vectors and boxes.
    ///
    /// Unless set, 1 MiB and 16 bytes for every byte of the input: honest values take about four
    /// for one. Text and bytes do not count, they can't be longer than the input.
    pub memory: Option<usize>,
}

impl Limits {
    pub(crate) const fn memory_for(&self, input: usize) -> usize {
        match self.memory {
            Some(memory) => memory,
            None => input.saturating_mul(16).saturating_add(1 << 20),
        }
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            depth: 64,
            memory: None,
        }
    }
}
