//! Clients and servers on sockets, with tokio: the drivers of [`connection`](crate::connection).
//!
//! | module | what |
//! |---|---|
//! | [`client`] | calls, reconnects, updates |
//! | [`server`] | listeners, handlers of typed requests, limits |

pub mod client;
pub mod server;

use core::time::Duration;

use tokio::time::Instant;

/// When so much time has passed; of [`Duration::MAX`], so late that nobody sees it.
fn later(from: Instant, by: Duration) -> Instant {
    const THIRTY_YEARS: Duration = Duration::from_secs(30 * 365 * 86_400);

    from.checked_add(by).unwrap_or_else(|| from + THIRTY_YEARS)
}
