//! The two clocks.

use core::time::Duration;

/// What the clocks say; the machines of this crate read none themselves.
///
/// Waiting is measured by the monotonic clock. Message ids are made of Unix time, which may jump.
///
/// ```
/// use std::time::{Duration, Instant};
/// use mtproto_runtime::Now;
///
/// let start = Instant::now();
/// let now = Now::system(start);
/// assert!(now.unix > Duration::from_secs(1_600_000_000));
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Now {
    /// Since any fixed moment; never goes back.
    pub monotonic: Duration,
    /// Since 1970.
    pub unix: Duration,
}

impl Now {
    /// The system's clocks, the monotonic one counted from `start`.
    #[must_use]
    pub fn system(start: std::time::Instant) -> Self {
        Self {
            monotonic: start.elapsed(),
            unix: std::time::SystemTime::UNIX_EPOCH
                .elapsed()
                .unwrap_or_default(),
        }
    }
}
