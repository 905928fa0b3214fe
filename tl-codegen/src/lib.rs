//! From a TL schema to typed Rust.

#[cfg(feature = "schema")]
mod analysis;
#[cfg(feature = "cli")]
pub mod cli;
#[cfg(feature = "schema")]
pub mod config;
pub mod emit;
#[cfg(feature = "schema")]
mod instances;
#[cfg(feature = "schema")]
pub mod lower;
pub mod model;
pub mod names;
#[cfg(feature = "schema")]
mod object;
#[cfg(feature = "schema")]
mod output;
#[cfg(feature = "schema")]
mod sample;
#[cfg(feature = "value")]
pub mod value;

#[cfg(feature = "schema")]
pub use config::{Boxing, Config, Objects, Ownership, Side};
#[cfg(feature = "schema")]
pub use output::{Error, Faults, Generated, write_if_changed};
#[cfg(feature = "schema")]
pub use sample::Sampler;
#[cfg(feature = "schema")]
pub use tl_parser::ir::IdRule;
