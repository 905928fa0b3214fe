//! For tests: a client and a server on a virtual clock, with a network between them that loses,
//! repeats, reorders, delays and spoils packets, and is cut.
//!
//! Behind feature `test-util`. **Nothing here is secure**: the random source is predictable and
//! [`TestCrypto`] hides nothing.
//!
//! | | |
//! |---|---|
//! | [`Pair`] | client, server, network and clock; a test of a program's own protocol begins here |
//! | [`simulate`] | a whole life of a pair from one seed, with the promises checked |
//! | `TestServer` (with feature `net`) | a server in process, on a socket |
//! | [`TestCrypto`], [`Seeded`] | cheap cryptography, repeatable randomness |
//!
//! ```
//! use std::time::Duration;
//! use mtproto_runtime::session::CallOptions;
//! use mtproto_runtime::testing::{ClientEvent, Happening, Pair, ServerEvent};
//!
//! let mut pair = Pair::new(1);
//! pair.network.latency = Duration::from_millis(20)..Duration::from_millis(30);
//! pair.connect();
//! pair.client.call(pair.now(), b"ping", CallOptions::default())?;
//! let answer = loop {
//!     match pair.next(Duration::from_secs(10)) {
//!         Some(Happening::Server(ServerEvent::Request { from, request, body, .. })) => {
//!             pair.reply(from, request, Ok(&body));
//!         }
//!         Some(Happening::Client(ClientEvent::Answer { body, .. })) => break body,
//!         Some(_) => {}
//!         None => panic!("no answer within ten seconds"),
//!     }
//! };
//! assert_eq!(answer, b"ping");
//! # Ok::<(), mtproto_runtime::session::CallError>(())
//! ```

#![allow(
    clippy::cast_possible_truncation,
    reason = "small random numbers become indexes"
)]

mod pair;
mod provider;
mod random;
#[cfg(feature = "net")]
mod server;
mod simulation;

pub use pair::{ClientEvent, Happening, Network, Pair, ServerEvent};
pub use provider::TestCrypto;
pub use random::Seeded;
#[cfg(feature = "net")]
pub use server::TestServer;
pub use simulation::{Failure, Figures, Report, simulate};
