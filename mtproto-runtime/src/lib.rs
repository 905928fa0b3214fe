//! MTProto 2.0 for both sides: without a socket, and with tokio on top.
//!
//! Every room is behind a feature; without features this crate is [`tl`] alone.
//!
//! | feature | rooms |
//! |---|---|
//! | `derive` | derives for hand-written types, in [`tl`] |
//! | `schema` | the same checked against schemas, and `include_schema!`, in [`tl`] |
//! | `mtproto` | [`crypto`]: keys and encryption; [`transport`]: framing of bytes; [`handshake`]: key exchange; [`service`]: messages of the protocol itself; [`provider`]: how the machines reach cryptography; [`store`]: keeping keys; [`session`]: messages and their answers; [`connection`]: all of it, bytes in, bytes out |
//! | `file-store` | keys in a folder, in [`store`] |
//! | `net` | clients and servers on sockets, with tokio: `net` |
//! | `test-util` | a client and a server on a virtual clock, and a simulation: `testing` |
#![cfg_attr(not(feature = "mtproto"), allow(rustdoc::broken_intra_doc_links))]

pub mod tl {
    //! What TL types ride on: everything of [`tl_runtime`], and the macros.

    pub use tl_runtime::*;

    #[cfg(feature = "derive")]
    pub use tl_macros::{Identified, TlRead, TlWrite};
    #[cfg(feature = "schema")]
    pub use tl_macros::{include_schema, schema};
}

#[cfg(feature = "mtproto")]
mod clock;
#[cfg(feature = "mtproto")]
pub mod connection;
#[cfg(feature = "mtproto")]
pub mod crypto;
#[cfg(feature = "mtproto")]
pub mod handshake;
#[cfg(feature = "net")]
pub mod net;
#[cfg(feature = "mtproto")]
pub mod provider;
#[cfg(feature = "mtproto")]
pub mod service;
#[cfg(feature = "mtproto")]
pub mod session;
#[cfg(feature = "mtproto")]
mod side;
#[cfg(feature = "mtproto")]
pub mod store;
#[cfg(feature = "test-util")]
pub mod testing;
#[cfg(feature = "mtproto")]
pub mod transport;

#[cfg(feature = "mtproto")]
pub use clock::Now;
#[cfg(feature = "mtproto")]
pub use provider::{Crypto, Provider};
#[cfg(feature = "mtproto")]
pub use side::Side;
