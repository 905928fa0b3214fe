//! The operating system's random source.

use core::convert::Infallible;
use core::fmt;

use getrandom::SysRng;
use rand_core::{TryCryptoRng, TryRng, UnwrapErr};
use zeroize::Zeroize;

const BUFFER: usize = 512;

/// Random bytes of the operating system, fetched some hundreds at a time because asking for a
/// packet's padding alone would cost more than encrypting the packet.
///
/// Bytes are wiped from the buffer as they are handed out. A process that forks must make a new
/// value in the child, or both would draw the same numbers.
///
/// # Panics
/// Drawing panics if the operating system has no random source: no protocol is safe without.
pub struct SystemRandom {
    buffer: [u8; BUFFER],
    used: usize,
}

impl SystemRandom {
    /// An empty buffer; the first draw fills it.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            buffer: [0; BUFFER],
            used: BUFFER,
        }
    }
}

impl Default for SystemRandom {
    fn default() -> Self {
        Self::new()
    }
}

impl TryRng for SystemRandom {
    type Error = Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        let mut bytes = [0; 4];
        self.try_fill_bytes(&mut bytes)?;
        Ok(u32::from_le_bytes(bytes))
    }

    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
        let mut bytes = [0; 8];
        self.try_fill_bytes(&mut bytes)?;
        Ok(u64::from_le_bytes(bytes))
    }

    fn try_fill_bytes(&mut self, out: &mut [u8]) -> Result<(), Infallible> {
        if out.len() > BUFFER {
            return UnwrapErr(SysRng).try_fill_bytes(out);
        }
        if out.len() > BUFFER - self.used {
            // What is left is thrown away: simpler than two halves, and as random.
            UnwrapErr(SysRng).try_fill_bytes(&mut self.buffer)?;
            self.used = 0;
        }
        let taken = &mut self.buffer[self.used..self.used + out.len()];
        out.copy_from_slice(taken);
        taken.zeroize();
        self.used += out.len();
        Ok(())
    }
}

impl TryCryptoRng for SystemRandom {}

impl Drop for SystemRandom {
    fn drop(&mut self) {
        self.buffer.zeroize();
    }
}

impl fmt::Debug for SystemRandom {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SystemRandom")
    }
}
