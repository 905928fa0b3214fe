//! What the server says of its own accord: a bounded queue for whoever reads it.

use core::pin::Pin;
use core::task::{Context, Poll, Waker};
use std::collections::VecDeque;
use std::sync::{Arc, Mutex};

use futures_core::Stream;

use super::lock;
use crate::tl::{ReadError, TlRead};

/// Something that the server says of its own accord.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Update {
    /// A message of the server's: of Telegram's, a value of type `Updates`.
    Message(Body),
    /// Older updates than the next one were thrown away, because nobody has read them for too
    /// long. Ask the server for the difference.
    Lagged {
        /// How many.
        count: u64,
    },
    /// The server has begun the session anew: it may have sent updates that are lost. Ask for the
    /// difference. Comes once at the beginning of every session.
    NewSession,
}

/// A serialised value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Body(Arc<[u8]>);

impl Body {
    /// Its bytes.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// Reads it.
    ///
    /// # Errors
    /// If it is another value, or of a newer schema.
    pub fn read<'a, T: TlRead<'a>>(&'a self) -> Result<T, ReadError> {
        T::from_bytes(&self.0)
    }
}

/// Updates as they come, from [`Client::connect`](super::Client::connect) or
/// [`Client::updates`](super::Client::updates). Dropped, it takes no memory.
///
/// It holds no more than [`Config::max_updates`](super::Config::max_updates) and
/// [`Config::max_update_bytes`](super::Config::max_update_bytes): with more, the oldest are thrown
/// away, and [`Update::Lagged`] stands in their place.
///
/// A [`Stream`], which ends with the client.
///
/// ```
/// use mtproto_runtime::net::client::{Update, Updates};
///
/// async fn print(mut updates: Updates) {
///     while let Some(update) = updates.next().await {
///         match update {
///             Update::Message(body) => println!("{} bytes", body.as_bytes().len()),
///             Update::Lagged { count } => println!("missed {count}"),
///             Update::NewSession => println!("perhaps missed some"),
///             _ => {}
///         }
///     }
/// }
/// ```
#[derive(Debug)]
pub struct Updates {
    queue: Arc<Queue>,
}

impl Updates {
    /// The next one; `None` when the client has ended.
    pub async fn next(&mut self) -> Option<Update> {
        core::future::poll_fn(|cx| self.queue.poll(cx)).await
    }

    /// The next one, if it is there already.
    pub fn try_next(&mut self) -> Option<Update> {
        lock(&self.queue.state).pop()
    }
}

impl Stream for Updates {
    type Item = Update;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Update>> {
        self.queue.poll(cx)
    }
}

impl Drop for Updates {
    fn drop(&mut self) {
        let mut state = lock(&self.queue.state);
        state.ended = true;
        state.items = VecDeque::new();
    }
}

#[derive(Debug)]
pub(super) struct Queue {
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    items: VecDeque<Update>,
    bytes: usize,
    lost: u64,
    limits: Limits,
    waker: Option<Waker>,
    /// Nobody writes any more, or nobody reads.
    ended: bool,
}

#[derive(Clone, Copy, Debug)]
pub(super) struct Limits {
    pub(super) count: usize,
    pub(super) bytes: usize,
}

impl State {
    fn pop(&mut self) -> Option<Update> {
        if self.lost > 0 {
            return Some(Update::Lagged {
                count: core::mem::take(&mut self.lost),
            });
        }
        let item = self.items.pop_front()?;
        self.bytes -= size(&item);
        Some(item)
    }
}

fn size(item: &Update) -> usize {
    match item {
        Update::Message(body) => body.0.len(),
        _ => 0,
    }
}

impl Queue {
    fn poll(&self, cx: &mut Context<'_>) -> Poll<Option<Update>> {
        let mut state = lock(&self.state);
        match state.pop() {
            Some(item) => Poll::Ready(Some(item)),
            None if state.ended => Poll::Ready(None),
            None => {
                state.waker = Some(cx.waker().clone());
                Poll::Pending
            }
        }
    }

    /// Whether somebody reads it.
    fn push(&self, item: Update) -> bool {
        let mut state = lock(&self.state);
        if state.ended {
            return false;
        }
        state.bytes += size(&item);
        state.items.push_back(item);
        while state.items.len() > state.limits.count.max(1) || state.bytes > state.limits.bytes {
            let Some(oldest) = state.items.pop_front() else {
                break;
            };
            state.bytes -= size(&oldest);
            state.lost = state.lost.saturating_add(1);
        }
        let waker = state.waker.take();
        drop(state);
        waker.into_iter().for_each(Waker::wake);
        true
    }

    fn end(&self) {
        let mut state = lock(&self.state);
        state.ended = true;
        let waker = state.waker.take();
        drop(state);
        waker.into_iter().for_each(Waker::wake);
    }
}

/// All who read updates.
#[derive(Debug, Default)]
pub(super) struct Readers {
    queues: Vec<Arc<Queue>>,
    ended: bool,
}

impl Readers {
    pub(super) fn add(&mut self, limits: Limits) -> Updates {
        let queue = Arc::new(Queue {
            state: Mutex::new(State {
                items: VecDeque::new(),
                bytes: 0,
                lost: 0,
                limits,
                waker: None,
                ended: self.ended,
            }),
        });
        // Those of readers who are gone would stay until the next update.
        self.queues.retain(|queue| Arc::strong_count(queue) > 1);
        self.queues.push(Arc::clone(&queue));
        Updates { queue }
    }

    pub(super) fn message(&mut self, body: &[u8]) {
        if !self.queues.is_empty() {
            self.push(&Update::Message(Body(body.into())));
        }
    }

    pub(super) fn push(&mut self, update: &Update) {
        self.queues.retain(|queue| queue.push(update.clone()));
    }

    pub(super) fn end(&mut self) {
        self.ended = true;
        for queue in self.queues.drain(..) {
            queue.end();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMITS: Limits = Limits {
        count: 3,
        bytes: 100,
    };

    fn message(byte: u8, len: usize) -> Vec<u8> {
        vec![byte; len]
    }

    #[test]
    fn the_oldest_give_way_and_their_number_is_told() {
        let mut readers = Readers::default();
        let mut updates = readers.add(LIMITS);
        for byte in 0..5 {
            readers.message(&message(byte, 4));
        }
        assert_eq!(updates.try_next(), Some(Update::Lagged { count: 2 }));
        let Some(Update::Message(body)) = updates.try_next() else {
            panic!("no message");
        };
        assert_eq!(body.as_bytes(), [2; 4]);
        assert!(updates.try_next().is_some() && updates.try_next().is_some());
        assert_eq!(updates.try_next(), None);
    }

    #[test]
    fn bytes_are_counted_too() {
        let mut readers = Readers::default();
        let mut updates = readers.add(LIMITS);
        readers.message(&message(1, 60));
        readers.message(&message(2, 60));
        assert_eq!(updates.try_next(), Some(Update::Lagged { count: 1 }));
        assert!(matches!(updates.try_next(), Some(Update::Message(_))));
        // Longer than all that may wait: it is told that it was there.
        readers.message(&message(3, 101));
        assert_eq!(updates.try_next(), Some(Update::Lagged { count: 1 }));
        assert_eq!(updates.try_next(), None);
        readers.message(&message(4, 100));
        assert!(matches!(updates.try_next(), Some(Update::Message(_))));
    }

    #[test]
    fn readers_come_and_go() {
        let mut readers = Readers::default();
        let first = readers.add(LIMITS);
        let mut second = readers.add(LIMITS);
        drop(first);
        readers.message(&message(1, 4));
        assert_eq!(readers.queues.len(), 1);
        readers.end();
        assert!(second.try_next().is_some());
        let mut late = readers.add(LIMITS);
        let mut cx = Context::from_waker(Waker::noop());
        assert_eq!(second.queue.poll(&mut cx), Poll::Ready(None));
        assert_eq!(late.queue.poll(&mut cx), Poll::Ready(None));
        assert_eq!(late.try_next(), None);
    }
}
