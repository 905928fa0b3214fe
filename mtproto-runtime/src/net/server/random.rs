//! Random bytes for all tasks of a thread, which need few at a time.

use core::cell::RefCell;
use core::convert::Infallible;

use rand_core::{TryCryptoRng, TryRng};

use crate::crypto::random::SystemRandom;

thread_local! {
    static SOURCE: RefCell<SystemRandom> = const { RefCell::new(SystemRandom::new()) };
}

/// The random source of the thread that it is used in.
#[derive(Clone, Copy, Debug)]
pub(super) struct ThreadRandom;

impl TryRng for ThreadRandom {
    type Error = Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        SOURCE.with_borrow_mut(TryRng::try_next_u32)
    }

    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
        SOURCE.with_borrow_mut(TryRng::try_next_u64)
    }

    fn try_fill_bytes(&mut self, out: &mut [u8]) -> Result<(), Infallible> {
        SOURCE.with_borrow_mut(|source| source.try_fill_bytes(out))
    }
}

impl TryCryptoRng for ThreadRandom {}
