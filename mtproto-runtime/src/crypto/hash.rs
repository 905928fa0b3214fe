//! SHA-1 and SHA-256 over several pieces without joining them first.

use sha2::Digest as _;

pub(crate) fn sha1(parts: &[&[u8]]) -> [u8; 20] {
    let mut hasher = sha1::Sha1::new();
    for part in parts {
        hasher.update(part);
    }
    hasher.finalize().into()
}

pub(crate) fn sha256(parts: &[&[u8]]) -> [u8; 32] {
    let mut hasher = sha2::Sha256::new();
    for part in parts {
        hasher.update(part);
    }
    hasher.finalize().into()
}

/// The `N` bytes of `bytes` from `at` on.
///
/// Offsets are constants of the protocol, so that a range outside of the array is a bug here and
/// never follows from what a peer sent; the tests walk every offset.
pub(crate) fn slice<const N: usize>(bytes: &[u8], at: usize) -> [u8; N] {
    let mut out = [0; N];
    out.copy_from_slice(&bytes[at..at + N]);
    out
}
