//! MTProto 2.0 for both sides, without a socket.
//!
//! Every room is behind a feature; without features this crate is [`tl`] alone.
//!
//! | feature | rooms |
//! |---|---|
//! | `mtproto` | [`crypto`]: keys and encryption; [`transport`]: framing of bytes |
#![cfg_attr(not(feature = "mtproto"), allow(rustdoc::broken_intra_doc_links))]

pub use tl_runtime as tl;

#[cfg(feature = "mtproto")]
pub mod crypto;
#[cfg(feature = "mtproto")]
mod side;
#[cfg(feature = "mtproto")]
pub mod transport;

#[cfg(feature = "mtproto")]
pub use side::Side;
