//! What is said over a connection in the name of a session that does not speak over it.
//!
//! Whoever has recorded a packet can send it again, over a connection of his own. Its client must not
//! lose its session to him, nor anything that waits to be sent; but if it was the client itself, with a
//! salt or a clock that is wrong, it has to be told, and on this connection.

use std::collections::VecDeque;

use super::SessionRef;
use crate::session::Unsealed;

/// Most that wait for the socket. Who is told faster than it listens learns no more.
const MOST: usize = 16;

/// Packets, each with a notice, and whose they are.
#[derive(Clone, Debug, Default)]
pub(super) struct Refusals {
    waiting: VecDeque<(SessionRef, Unsealed, Vec<u8>)>,
    last_id: i64,
}

impl Refusals {
    /// The highest id of a message that was sent so. What sessions that begin here send has higher
    /// ones, or their client would take it for repeated.
    pub(super) fn last_id(&self) -> i64 {
        self.last_id
    }

    pub(super) fn is_empty(&self) -> bool {
        self.waiting.is_empty()
    }

    pub(super) fn push(
        &mut self,
        from: SessionRef,
        write: impl FnOnce(&mut Vec<u8>) -> Option<Unsealed>,
    ) {
        let mut packet = Vec::new();
        let Some(unsealed) = write(&mut packet) else {
            return;
        };
        self.last_id = self.last_id.max(unsealed.msg_id);
        if self.waiting.len() < MOST {
            self.waiting.push_back((from, unsealed, packet));
        }
    }

    /// Appends the beginning of the next packet to `out`.
    pub(super) fn pop(&mut self, out: &mut Vec<u8>) -> Option<(SessionRef, Unsealed)> {
        let (from, unsealed, packet) = self.waiting.pop_front()?;
        out.extend_from_slice(&packet);
        if self.waiting.is_empty() {
            self.waiting = VecDeque::new();
        }
        Some((from, unsealed))
    }
}
