//! How a client gets a stream of bytes to its server.

use core::future::Future;
use std::io;

use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;

/// Makes network connections, or whatever takes their place: a stream through a proxy, inside of
/// TLS, in memory.
///
/// A function from the number of an address to a future of a stream is one.
///
/// ```
/// use mtproto_runtime::net::client::Connector;
/// use tokio::net::TcpStream;
///
/// /// As many addresses as there are lines; a SOCKS proxy would be asked here.
/// fn through_a_proxy() -> impl Connector {
///     |_address| TcpStream::connect("127.0.0.1:1080")
/// }
/// # let _ = through_a_proxy();
/// ```
pub trait Connector: Send + Sync + 'static {
    /// What it makes.
    type Stream: AsyncRead + AsyncWrite + Unpin + Send + 'static;

    /// How many addresses there are. They are tried one after the other, without waiting in
    /// between; one that works is used as long as it does.
    fn addresses(&self) -> usize {
        1
    }

    /// Connects to one of the addresses, the first being 0. The client drops the future when it
    /// takes too long.
    fn connect(&self, address: usize) -> impl Future<Output = io::Result<Self::Stream>> + Send;
}

impl<F, C, S> Connector for F
where
    F: Fn(usize) -> C + Send + Sync + 'static,
    C: Future<Output = io::Result<S>> + Send,
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    type Stream = S;

    fn connect(&self, address: usize) -> impl Future<Output = io::Result<S>> + Send {
        self(address)
    }
}

/// Connects by TCP, without Nagle's algorithm.
///
/// ```
/// use mtproto_runtime::net::client::{Connector, Tcp};
///
/// let tcp = Tcp::new(["149.154.167.51:443", "[2001:67c:4e8:f002::a]:443"]);
/// assert_eq!(tcp.addresses(), 2);
/// ```
#[derive(Clone, Debug)]
pub struct Tcp {
    addresses: Vec<String>,
}

impl Tcp {
    /// To these addresses, `host:port` each, tried in turn. Names are looked up each time. Errors say
    /// which address it was.
    pub fn new(addresses: impl IntoIterator<Item = impl ToString>) -> Self {
        let addresses = addresses.into_iter().map(|address| address.to_string());
        Self {
            addresses: addresses.collect(),
        }
    }
}

impl Connector for Tcp {
    type Stream = TcpStream;

    fn addresses(&self) -> usize {
        self.addresses.len()
    }

    async fn connect(&self, address: usize) -> io::Result<TcpStream> {
        let none = || io::Error::new(io::ErrorKind::AddrNotAvailable, "there is no address");
        let address = self.addresses.get(address).ok_or_else(none)?;
        // There may be several.
        let named = |error: io::Error| io::Error::new(error.kind(), format!("{address}: {error}"));
        let stream = TcpStream::connect(address.as_str()).await.map_err(named)?;
        stream.set_nodelay(true)?;
        Ok(stream)
    }
}
