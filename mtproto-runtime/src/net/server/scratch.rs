//! Buffers that the connections of a thread share: most of them are idle, and have no use for their
//! own.

use core::cell::RefCell;

/// So many are kept for the next.
const KEPT: usize = 4;
/// A longer one is given back to the system.
const LONGEST: usize = 256 << 10;

thread_local! {
    static FREE: RefCell<Vec<Vec<u8>>> = const { RefCell::new(Vec::new()) };
}

/// An empty buffer.
pub(super) fn take() -> Vec<u8> {
    FREE.with_borrow_mut(Vec::pop).unwrap_or_default()
}

/// For the next one, on whichever thread.
pub(super) fn give(mut buffer: Vec<u8>) {
    if buffer.capacity() == 0 || buffer.capacity() > LONGEST {
        return;
    }
    buffer.clear();
    FREE.with_borrow_mut(|free| {
        if free.len() < KEPT {
            free.push(buffer);
        }
    });
}
