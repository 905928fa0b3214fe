//! Many messages at once.
//!
//! One message is a chain and leaves most of the AES units idle, so that the next message costs
//! next to nothing: as many as the CPU can hold go side by side. A message that is done makes room
//! for another, so that messages of different lengths fill the lanes as well.
#![allow(unsafe_code)]

use super::{Block, Key, portable};
#[cfg(target_arch = "x86_64")]
use super::{vaes, x86};

/// A message of a batch.
#[derive(Debug)]
pub struct Message<'a> {
    /// Its key.
    pub key: &'a Key,
    /// Its bytes, encrypted or decrypted in place.
    pub data: &'a mut [Block],
}
