//! A server in process.

use core::time::Duration;
use std::net::SocketAddr;

use crate::crypto::rsa::{KeyError, PrivateKey, PublicKey};
use crate::net::server::{Builder, Config, Handle, Handler, Server, StartError};

/// A server on the loopback interface, on a port that was free, with a key that everybody knows.
///
/// ```
/// use mtproto_runtime::net::server::Router;
/// use mtproto_runtime::testing::TestServer;
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let router = Router::new().on_id(0x1fb3_3026, |_, _| async { Ok(b"an answer...".to_vec()) });
/// let server = TestServer::spawn(router).await?;
/// println!("connect to {}, trust {:x}", server.address(), server.rsa_key().fingerprint());
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct TestServer {
    server: Server,
    rsa_key: PublicKey,
    address: SocketAddr,
}

impl TestServer {
    /// Its RSA key in PEM (PKCS#8).
    pub const RSA_KEY: &'static str = include_str!("../../tests/vectors/test_key.pkcs8.pem");

    /// The usual settings with [`Self::RSA_KEY`], and no limit on key exchanges from one address.
    ///
    /// # Errors
    /// None; the key is well-formed.
    pub fn config() -> Result<Config, KeyError> {
        let mut config = Config::new([PrivateKey::from_pem(Self::RSA_KEY)?]);
        config.limits.handshake_burst = 1 << 20;
        Ok(config)
    }

    /// A server that answers like this handler. It runs until it is dropped.
    ///
    /// # Errors
    /// [`StartError`]
    pub async fn spawn(handler: impl Handler) -> Result<Self, StartError> {
        let config = Self::config().map_err(std::io::Error::other)?;
        Self::start(Server::builder(config, handler)).await
    }

    /// The same with other settings, a store or metrics.
    ///
    /// # Errors
    /// [`StartError`]
    pub async fn start(builder: Builder) -> Result<Self, StartError> {
        let rsa_key = PrivateKey::from_pem(Self::RSA_KEY).map_err(std::io::Error::other)?;
        let server = builder.listen("127.0.0.1:0").await?;
        let address = server.local_addrs().first().copied();
        Ok(Self {
            address: address.ok_or(std::io::Error::from(std::io::ErrorKind::AddrNotAvailable))?,
            rsa_key: rsa_key.public().clone(),
            server,
        })
    }

    /// Where it listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// What its clients trust.
    #[must_use]
    pub fn rsa_key(&self) -> &PublicKey {
        &self.rsa_key
    }

    /// For pushing updates.
    #[must_use]
    pub fn handle(&self) -> Handle {
        self.server.handle()
    }

    /// See [`Server::drain`].
    pub async fn drain(self, within: Duration) -> bool {
        self.server.drain(within).await
    }
}
