//! Connections: bytes in, bytes out, time-outs and events; for both sides, without a socket.
//!
//! A connection glues the rooms below: framing ([`transport`](crate::transport)), key exchange
//! ([`handshake`](crate::handshake)), packets ([`crypto::packet`](crate::crypto::packet)) and
//! [`session`](crate::session).
//!
//! | module | what |
//! |---|---|
//! | [`client`] | one client: its keys and its session; survives the loss of network connections |
//! | [`server`] | [`server::Server`]: keys and sessions of many clients; [`server::Connection`]: one network connection |
//!
//! # How to drive one
//! **After whatever you tell a connection, poll it until it has nothing more to say**, in this
//! order:
//!
//! 1. `poll_event` until `None`: what has happened. Events borrow from the connection.
//! 2. `poll_transmit` until `false`: bytes for the socket. Stop for a while when the socket takes
//!    no more; what waits is packed into fewer packets.
//! 3. `poll_timeout`: when to call `handle_timeout`, by the monotonic clock, if nothing else
//!    happens before.
//!
//! What is told: `handle_bytes` (whatever the socket gave, in pieces of any size),
//! `handle_timeout`, commands (`call`, `cancel`, `reply`, `push`, `close`), and on a client
//! `connect` and `disconnect` when the network connection comes and goes. An error of
//! `handle_bytes` means that the network connection is to be closed; session and calls live on.
//!
//! Both clocks and the random source are arguments: [`Now`](crate::Now) and any `CryptoRng`, as a
//! rule [`SystemRandom`](crate::crypto::random::SystemRandom).
//!
//! ```
//! use std::time::Instant;
//! use mtproto_runtime::connection::{client, server};
//! use mtproto_runtime::crypto::{AuthKey, random::SystemRandom, rsa::PrivateKey};
//! use mtproto_runtime::handshake;
//! use mtproto_runtime::session::{self, CallOptions};
//! use mtproto_runtime::transport::{Framing, Transport};
//! use mtproto_runtime::{Crypto, Now};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let pem = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/vectors/test_key.pkcs8.pem"));
//! let now = Now::system(Instant::now());
//! let mut rng = SystemRandom::new();
//! let rsa_key = PrivateKey::from_pem(pem)?;
//!
//! let trusted = [rsa_key.public().clone()];
//! let mut client = client::Connection::new(client::Config::new(trusted), &mut rng);
//! let mut server = server::Server::new(now, server::Config::new([rsa_key]), &mut rng);
//! let mut link = server::Connection::new(&mut server);
//!
//! let call = client.call(now, &0xc4f9_186b_u32.to_le_bytes(), CallOptions::default())?;
//! client.connect(now, Transport::client(Framing::Abridged), &mut rng);
//!
//! let mut wire = Vec::new();
//! let answer = loop {
//!     // The client's turn.
//!     let mut answer = None;
//!     while let Some(event) = client.poll_event() {
//!         match event {
//!             client::Event::NewKey(key) => println!("keep {:?}", key.auth_key),
//!             client::Event::Session(session::client::Event::Answer { call: c, body }) => {
//!                 answer = (c == call).then(|| body.to_vec());
//!             }
//!             _ => {}
//!         }
//!     }
//!     if let Some(answer) = answer {
//!         break answer;
//!     }
//!     while client.poll_transmit(now, &mut rng, &mut wire)? {}
//!     link.handle_bytes(now, &mut server, &wire, &mut rng)?;
//!     wire.clear();
//!     // The server's turn.
//!     let mut requests = Vec::new();
//!     while let Some(event) = server.poll_event(now) {
//!         if let server::Event::Request { from, request, .. } = event {
//!             requests.push((from, request));
//!         }
//!     }
//!     for (from, request) in requests {
//!         server.reply(now, from, request, Ok(b"an answer..."));
//!     }
//!     while link.poll_transmit(now, &mut server, &mut rng, &mut wire)? {}
//!     client.handle_bytes(now, &wire, &mut rng)?;
//!     wire.clear();
//! };
//! assert_eq!(answer, b"an answer...");
//! # Ok(())
//! # }
//! ```

pub mod client;
mod error;
pub mod server;

pub use error::Error;

use rand_core::CryptoRng;

use crate::crypto::packet::{MAX_PADDING, PREFIX_LEN, Padding, QuickAck, SealError};
use crate::crypto::{AuthKey, Direction};
use crate::{Provider, Side};

/// Pads and seals a packet whose header and body stand in `packet`, after room for its prefix.
fn seal<P: Provider>(
    provider: &P,
    key: &AuthKey,
    sender: Side,
    padding: Padding,
    rng: &mut (impl CryptoRng + ?Sized),
    packet: &mut Vec<u8>,
) -> Result<QuickAck, SealError> {
    let end = packet.len();
    let length = padding
        .len_for(end.saturating_sub(PREFIX_LEN))
        .min(MAX_PADDING);
    packet.resize(end + length, 0);
    rng.fill_bytes(&mut packet[end..]);
    provider.seal(key, Direction::from(sender), packet)
}

fn random_i64(rng: &mut (impl CryptoRng + ?Sized)) -> i64 {
    let mut bytes = [0; 8];
    rng.fill_bytes(&mut bytes);
    i64::from_le_bytes(bytes)
}
