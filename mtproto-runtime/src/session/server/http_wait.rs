//! `http_wait`: over HTTP a server speaks only when it is asked, and the client says for how long it
//! may think about it.
//!
//! See <https://core.telegram.org/mtproto/service_messages#http-waitlong-poll>.

use core::time::Duration;

use super::Session;
use crate::Now;
use crate::service::types;

/// What the client has asked for, and what has come to be sent since.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Waiting {
    /// With nothing to be sent, the response goes at this time.
    until: Duration,
    /// The longest that the first message waits for others.
    max_delay: Duration,
    /// How long the last one waits for another.
    wait_after: Duration,
    first: Option<Duration>,
    last: Duration,
    /// How many there are, to notice another one.
    count: usize,
}

impl Session {
    pub(super) fn on_http_wait(&mut self, now: Now, wait: &types::HttpWait) {
        let millis = |number: i32| Duration::from_millis(u64::try_from(number).unwrap_or(0));
        self.http_wait = Some(Box::new(Waiting {
            until: now.monotonic.saturating_add(millis(wait.max_wait)),
            max_delay: millis(wait.max_delay),
            wait_after: millis(wait.wait_after),
            first: None,
            last: now.monotonic,
            count: 0,
        }));
    }

    /// Looks whether there is more to be sent than before.
    pub(super) fn note_outgoing(&mut self, now: Now) {
        let count = self.core.controls.len() + self.core.outbox.queue_len();
        if let Some(waiting) = &mut self.http_wait {
            if count > waiting.count {
                waiting.first.get_or_insert(now.monotonic);
                waiting.last = now.monotonic;
            }
            waiting.count = count;
        }
    }

    /// When the response to a client's HTTP request is to be made, by the monotonic clock, of all
    /// that is there by then. `None`: at once, if there is anything.
    ///
    /// Only for connections over HTTP; what comes over others has no responses.
    #[must_use]
    pub fn respond_at(&self) -> Option<Duration> {
        let waiting = self.http_wait.as_ref()?;
        Some(match waiting.first {
            None => waiting.until,
            Some(first) => first
                .saturating_add(waiting.max_delay)
                .min(waiting.last.saturating_add(waiting.wait_after)),
        })
    }
}
