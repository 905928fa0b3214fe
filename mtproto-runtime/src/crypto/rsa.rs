//! RSA as the key exchange uses it: keys, RSA_PAD, and the form before 2021.
//!
//! Client and server share no more than the server's public key. The client hides its new_nonce
//! with [`PublicKey::seal`], the server reads it with [`PrivateKey::open`].
//!
//! **On the server**, everything that depends on the private key or on what it decrypts takes the
//! same time whatever came: the number is blinded first, powers are taken in constant time, padding
//! and hash are compared in constant time, and there is one error. See
//! <https://core.telegram.org/mtproto/auth_key#41-rsa-paddata-server-public-key-mentioned-above-is-implemented-as-follows>.
//!
//! ```
//! use mtproto_runtime::crypto::random::SystemRandom;
//! use mtproto_runtime::crypto::rsa::PrivateKey;
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let pem = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/vectors/test_key.pkcs8.pem"));
//! let mut rng = SystemRandom::new();
//! let server = PrivateKey::from_pem(pem)?;
//! let client = server.public();
//! let sealed = client.seal(b"p_q_inner_data", &mut rng)?;
//! assert!(server.open(&sealed, &mut rng)?.starts_with(b"p_q_inner_data"));
//! # Ok(())
//! # }
//! ```

mod generate;
mod key;
mod legacy;
mod pad;

use core::fmt;

pub use generate::generate_pem;
pub use key::{KeyError, PrivateKey, PublicKey, fingerprint};
pub use legacy::Opened;

/// Bytes of a modulus, and of everything encrypted with it.
pub const LEN: usize = 256;

/// The data has more bytes than fit into one encryption.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct TooLong {
    /// Its length.
    pub len: usize,
    /// The longest that fits.
    pub max: usize,
}

impl fmt::Display for TooLong {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} bytes of data don't fit into the {} that RSA has room for",
            self.len, self.max
        )
    }
}

impl core::error::Error for TooLong {}
