//! A client on a socket: calls, reconnects, updates.
//!
//! A [`Client`] is a handle of a task that keeps one session with one server, over one network
//! connection at a time. The task makes the key if there is none, pings, connects again when the
//! connection is lost, and asks the server then what has become of the calls under way: **each
//! call ends once, with an answer or with an [`Error`]**, and none is run twice.
//!
//! | module | what |
//! |---|---|
//! | `config` | every knob once |
//! | `connect`, `backoff` | where the stream of bytes comes from, and how often |
//! | `call`, `updates` | what a program awaits |
//! | `shared` | the queue between handles and driver, and a slot for each call |
//! | `driver`, `calls` | the task: socket, time-outs, [`connection::client`](crate::connection::client) |
//!
//! ```no_run
//! use mtproto_runtime::crypto::rsa::PublicKey;
//! use mtproto_runtime::net::client::{Client, Config, Error, Tcp};
//! use mtproto_runtime::tl::{Function, TlWrite};
//!
//! async fn ask<F: Function + TlWrite>(pem: &str, request: &F) -> Result<F::Output, Box<dyn std::error::Error>> {
//!     let config = Config::new([PublicKey::from_pem(pem)?]);
//!     let (client, _updates) = Client::connect(config, Tcp::new(["127.0.0.1:443"])).await?;
//!     let answer = client.call(request).await?;
//!     client.close().await;
//!     Ok(answer)
//! }
//! ```
//!
//! # When it does not work at first
//! [`Client::connect`] tries each address once and says why it gives up. An error and its sources tell it in
//! a line, [`Ended::Unreachable`] with the address:
//!
//! | what is found | where to look |
//! |---|---|
//! | [`LinkError::Io`] | the address; whether the server runs |
//! | [`LinkError::Closed`], [`LinkError::Handshake`] | the port, the [`Wire`]: whoever listens there does not understand it |
//! | [`Ended::Refused`], a failed key exchange | the RSA key: it is not the server's |
//! | [`Ended::Refused`], status −444 | [`Config::dc`]: the server is of another DC |
//! | [`Ended::Refused`], status −404 | the stored key: the server does not know it |
//! | [`Ended::Store`], [`store::Error::Locked`](crate::store::Error::Locked) | another program that has the store open |
//!
//! # What is bounded
//! Calls under way, by number and bytes ([`Config::max_calls`], [`Config::max_bytes`]): further
//! ones wait for their turn. Updates that nobody reads: the oldest give way, and it is told
//! ([`Update::Lagged`]). Bytes for the socket: calls wait in the session, and are packed into fewer
//! packets, while the socket takes no more.
//!
//! # What is logged
//! By [`tracing`], spans `client` and `call`: addresses' numbers, names of functions, durations,
//! and why connections are lost. Never what is in a message, and no key.

mod backoff;
mod call;
mod calls;
mod config;
mod connect;
mod driver;
mod error;
mod init;
mod shared;
mod updates;

use core::time::Duration;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::{oneshot, watch};
use tracing::Instrument;

pub use backoff::Backoff;
pub use call::{Answer, Call};
pub use config::{Config, SharedStore, Wire};
pub use connect::{Connector, Tcp};
pub use error::{Ended, Error, LinkError};
pub use init::Init;
pub use updates::{Body, Update, Updates};

use crate::store::StoredKey;
use crate::tl::{BorrowedFunction, Function, TlRead, TlWrite};
use driver::Driver;
use shared::{Command, Shared};

/// What a client is doing.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum State {
    /// There is no connection, or the server has not yet proved that it knows the key. Calls wait.
    Connecting {
        /// How many attempts have failed since the last good one.
        failures: u32,
        /// Why the last one has failed, or the last good one was lost.
        last: Option<LinkError>,
    },
    /// Calls are sent at once.
    Ready,
    /// It does nothing any more.
    Ended(Ended),
}

/// A handle of a client: clones are handles of the same.
///
/// The client ends when the last handle is dropped, or by [`Self::close`]. Calls count as handles.
#[derive(Debug)]
pub struct Client {
    shared: Arc<Shared>,
}

impl Client {
    /// Starts a client and waits until it is ready: there is a connection, and the server has
    /// proved that it knows the key.
    ///
    /// Must be called in a tokio runtime, of either kind.
    ///
    /// # Errors
    /// [`Ended`], if every address has failed once; the client has ended then. To go on
    /// trying: [`Self::start`].
    pub async fn connect(
        config: Config,
        connector: impl Connector,
    ) -> Result<(Self, Updates), Ended> {
        let addresses = u32::try_from(connector.addresses().max(1)).unwrap_or(u32::MAX);
        let (client, updates) = Self::start(config, connector);
        let mut state = client.shared.state.subscribe();
        loop {
            let now = state.borrow_and_update().clone();
            match now {
                State::Ready => return Ok((client, updates)),
                State::Ended(ended) => return Err(ended),
                State::Connecting {
                    failures,
                    last: Some(error),
                } if failures >= addresses => {
                    let ended = match error.is_refusal() {
                        true => Ended::Refused(error),
                        false => Ended::Unreachable(error),
                    };
                    let _ = client.shared.send(Command::End(ended.clone()));
                    return Err(ended);
                }
                State::Connecting { .. } => {}
            }
            if state.changed().await.is_err() {
                return Err(Ended::Gone);
            }
        }
    }

    /// Starts a client, which goes on trying to connect whatever happens. Calls may be made at
    /// once.
    ///
    /// # Panics
    /// Outside of a tokio runtime.
    pub fn start(config: Config, connector: impl Connector) -> (Self, Updates) {
        let shared = Arc::new(Shared::new(&config));
        let client = Self {
            shared: Arc::clone(&shared),
        };
        let updates = client.updates();
        let span =
            tracing::info_span!("client", dc = ?config.connection.handshake.dc.map(|dc| dc.id));
        let driver = Driver::new(config, connector, shared);
        tokio::spawn(driver.run().instrument(span));
        (client, updates)
    }

    /// Asks the server for something; the answer is of the type that the function results in.
    ///
    /// ```
    /// # use mtproto_runtime::net::client::{Client, Error};
    /// use mtproto_runtime::tl::{Function, Identified, TlWrite, Writer};
    ///
    /// /// `square#3a1e0b51 x:int = Int;`, as it would be generated.
    /// struct Square {
    ///     x: i32,
    /// }
    /// # impl Identified for Square {
    /// #     const ID: u32 = 0x3a1e_0b51;
    /// #     const NAME: &'static str = "square";
    /// # }
    /// # impl TlWrite for Square {
    /// #     fn write(&self, w: &mut Writer<'_>) {
    /// #         w.id(Self::ID);
    /// #         w.int(self.x);
    /// #     }
    /// # }
    /// # impl Function for Square {
    /// #     type Output = i32;
    /// # }
    ///
    /// async fn sum_of_squares(client: &Client) -> Result<i32, Error> {
    ///     // Both travel in one packet.
    ///     let (three, four) = (Square { x: 3 }, Square { x: 4 });
    ///     let (three, four) = tokio::join!(client.call(&three), client.call(&four));
    ///     Ok(three? + four?)
    /// }
    /// ```
    pub fn call<F: Function + TlWrite>(&self, request: &F) -> Call<F::Output> {
        let bytes = request.to_bytes().map_err(Error::Request);
        Call::new(
            self.clone(),
            bytes,
            |answer| F::Output::from_bytes(&answer),
            F::NAME,
        )
    }

    /// The same for functions whose types borrow.
    pub fn call_borrowed<F: BorrowedFunction + TlWrite>(&self, request: &F) -> Call<Answer<F>> {
        let bytes = request.to_bytes().map_err(Error::Request);
        Call::new(
            self.clone(),
            bytes,
            |answer| Ok(Answer::new(answer)),
            F::NAME,
        )
    }

    /// The same for a request that is serialised already; the answer is a serialised value.
    pub fn call_bytes(&self, request: Vec<u8>) -> Call<Vec<u8>> {
        Call::new(self.clone(), Ok(request), Ok, "bytes")
    }

    /// Updates from now on, for another reader than the one that came with the client. Each has a
    /// queue of its own.
    pub fn updates(&self) -> Updates {
        lock(&self.shared.readers).add(self.shared.limits)
    }

    /// Waits until the client is ready.
    ///
    /// # Errors
    /// [`Ended`]
    pub async fn ready(&self) -> Result<(), Ended> {
        let mut states = self.states();
        let state = states.wait_for(|state| !matches!(state, State::Connecting { .. }));
        match state.await.as_deref() {
            Ok(State::Ended(ended)) => Err(ended.clone()),
            Ok(_) => Ok(()),
            Err(_) => Err(Ended::Gone),
        }
    }

    /// What the client is doing, and its changes.
    #[must_use]
    pub fn states(&self) -> watch::Receiver<State> {
        self.shared.state.subscribe()
    }

    /// Pings the server; how long it took. Waits for the network if it has to.
    ///
    /// # Errors
    /// [`Ended`]
    pub async fn ping(&self) -> Result<Duration, Ended> {
        let (sender, receiver) = oneshot::channel();
        self.shared.send(Command::Ping(sender))?;
        receiver.await.map_err(|_| self.shared.ended())
    }

    /// Asks the server for the salts of the hours to come; how many there are. The client does it
    /// by itself when it has to.
    ///
    /// # Errors
    /// [`Ended`]
    pub async fn future_salts(&self) -> Result<usize, Ended> {
        let (sender, receiver) = oneshot::channel();
        self.shared.send(Command::Salts(sender))?;
        receiver.await.map_err(|_| self.shared.ended())
    }

    /// Gives up the network connection and makes another, without waiting. For programs that know
    /// of a change of networks.
    pub fn reconnect(&self) {
        // One that has ended has no connection.
        let _ = self.shared.send(Command::Reconnect);
    }

    /// The permanent key with the salt and clock offset that were last known, once there is one;
    /// for programs that keep it without a [`Store`](crate::store::Store).
    #[must_use]
    pub fn key(&self) -> Option<StoredKey> {
        lock(&self.shared.key).clone()
    }

    /// Takes no more calls, waits for those under way, though not longer than
    /// [`Config::close_timeout`], closes the connection, and ends the client.
    pub async fn close(&self) {
        let mut states = self.states();
        let _ = self.shared.send(Command::Close);
        let ended = states.wait_for(|state| matches!(state, State::Ended(_)));
        let _ = ended.await;
    }
}

impl Clone for Client {
    fn clone(&self) -> Self {
        self.shared.add_handle();
        Self {
            shared: Arc::clone(&self.shared),
        }
    }
}

impl Drop for Client {
    fn drop(&mut self) {
        self.shared.drop_handle();
    }
}

/// Nothing that is guarded here is left half changed by a panic.
fn lock<T: ?Sized>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
