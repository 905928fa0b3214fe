//! Messages of the protocol itself, which no API schema has.
//!
//! | module | what |
//! |---|---|
//! | [`types`], [`enums`], [`functions`] | generated from `schemas/mtproto/mtproto.tl` |
//! | [`container`] | `msg_container` and `msg_copy`: messages in a message |
//! | [`rpc`] | `rpc_result`: the answer to a request |
//! | [`gzip`] | `gzip_packed`: a compressed value, with a bound on what comes out |
//! | [`wrappers`] | what the API wraps requests in |
//!
//! Generated types borrow: writing one allocates nothing, and reading one takes an
//! [`Arena`](crate::tl::Arena) if it has a vector. The last three are by hand, because TL can't say
//! what they need: lengths in bytes around values of any type.
//!
//! ```
//! use mtproto_runtime::service::{functions, types};
//! use mtproto_runtime::tl::{Arena, TlRead, TlWrite};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let mut body = Vec::new();
//! functions::Ping { ping_id: 7 }.write_to(&mut body)?;
//! assert_eq!(functions::Ping::from_bytes(&body)?.ping_id, 7);
//!
//! let arena = Arena::new();
//! let acks = types::MsgsAck { msg_ids: &[4, 8] }.to_bytes()?;
//! assert_eq!(types::MsgsAck::from_bytes_in(&acks, &arena)?.msg_ids, [4, 8]);
//! # Ok(())
//! # }
//! ```
//!
//! See <https://core.telegram.org/mtproto/service_messages> and
//! <https://core.telegram.org/mtproto/service_messages_about_messages>.

pub mod container;
#[rustfmt::skip]
mod generated;
pub mod gzip;
pub mod rpc;
pub mod wrappers;

pub use container::{Container, ContainerWriter};
pub use generated::{enums, functions, types};
pub use rpc::RpcResult;

/// The constructor id that a body begins with.
pub(crate) fn id(body: &[u8]) -> Option<u32> {
    body.first_chunk().map(|id| u32::from_le_bytes(*id))
}
