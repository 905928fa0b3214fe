//! MTProto 2.0. Empty today but for the re-export of [`tl`].
pub use tl_runtime as tl;
