//! A client of few words: the core on a socket of tokio, without what `net::client` adds.
#![allow(
    dead_code,
    unreachable_pub,
    reason = "each test file uses a part of it"
)]

use std::collections::HashMap;
use std::net::SocketAddr;
use std::time::Duration;

use mtproto_runtime::Now;
use mtproto_runtime::connection::{Error, client};
use mtproto_runtime::crypto::random::SystemRandom;
use mtproto_runtime::crypto::rsa::PublicKey;
use mtproto_runtime::handshake::NewKey;
use mtproto_runtime::session::{CallError, CallId, CallOptions, client as session};
use mtproto_runtime::store::StoredKey;
use mtproto_runtime::transport::{Framing, Transport};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpSocket, TcpStream};
use tokio::time::Instant;

pub struct Client {
    pub connection: client::Connection,
    stream: TcpStream,
    start: Instant,
    pub key: Option<NewKey>,
    pub updates: Vec<Vec<u8>>,
    pub bound: bool,
    pub key_lost: bool,
    results: HashMap<CallId, Result<Vec<u8>, CallError>>,
}

/// With little room for what is not read.
async fn connect(address: SocketAddr) -> TcpStream {
    let socket = TcpSocket::new_v4().expect("there are sockets");
    socket
        .set_recv_buffer_size(64 << 10)
        .expect("its size may be set");
    socket.connect(address).await.expect("the server listens")
}

/// Why the connection was lost.
#[derive(Debug)]
pub enum Lost {
    End,
    Io(std::io::Error),
    Core(Error),
}

impl Client {
    pub async fn connect(address: SocketAddr, trusted: &PublicKey) -> Self {
        let config = client::Config::new([trusted.clone()]);
        let connection = client::Connection::new(config, &mut SystemRandom::new());
        Self::with(
            address,
            connection,
            Transport::client(Framing::Intermediate),
        )
        .await
    }

    /// With a key that was made before.
    pub async fn with_key(address: SocketAddr, trusted: &PublicKey, key: StoredKey) -> Self {
        let config = client::Config::new([trusted.clone()]);
        let connection = client::Connection::with_key(config, key, &mut SystemRandom::new());
        Self::with(
            address,
            connection,
            Transport::client(Framing::Intermediate),
        )
        .await
    }

    pub async fn with(
        address: SocketAddr,
        connection: client::Connection,
        transport: Transport,
    ) -> Self {
        let mut client = Self {
            connection,
            stream: connect(address).await,
            start: Instant::now(),
            key: None,
            updates: Vec::new(),
            bound: false,
            key_lost: false,
            results: HashMap::new(),
        };
        let now = client.now();
        client
            .connection
            .connect(now, transport, &mut SystemRandom::new());
        client
    }

    /// Over another network connection, to the same server or its next life.
    pub async fn reconnect(&mut self, address: SocketAddr) {
        self.connection.disconnect();
        self.stream = TcpStream::connect(address)
            .await
            .expect("the server listens");
        let (now, transport) = (self.now(), Transport::client(Framing::Intermediate));
        self.connection
            .connect(now, transport, &mut SystemRandom::new());
    }

    pub fn now(&self) -> Now {
        Now {
            monotonic: self.start.elapsed(),
            unix: std::time::SystemTime::UNIX_EPOCH
                .elapsed()
                .expect("after 1970"),
        }
    }

    pub fn begin(&mut self, body: &[u8]) -> CallId {
        let now = self.now();
        self.connection
            .call(now, body, CallOptions::default())
            .expect("there is room")
    }

    pub async fn call(&mut self, body: &[u8]) -> Result<Vec<u8>, CallError> {
        let call = self.begin(body);
        self.result(call).await
    }

    pub async fn result(&mut self, call: CallId) -> Result<Vec<u8>, CallError> {
        loop {
            if let Some(result) = self.results.remove(&call) {
                return result;
            }
            self.turn().await.expect("the connection holds");
        }
    }

    pub async fn update(&mut self) -> Vec<u8> {
        while self.updates.is_empty() {
            self.turn().await.expect("the connection holds");
        }
        self.updates.remove(0)
    }

    /// Runs until the connection is lost.
    pub async fn until_lost(&mut self) -> Lost {
        loop {
            if let Err(lost) = self.turn().await {
                return lost;
            }
        }
    }

    /// Sends what there is to send, without waiting for anything.
    pub async fn flush(&mut self) -> Result<(), Lost> {
        let mut out = Vec::new();
        let (now, mut rng) = (self.now(), SystemRandom::new());
        while self
            .connection
            .poll_transmit(now, &mut rng, &mut out)
            .map_err(Lost::Core)?
        {}
        self.stream.write_all(&out).await.map_err(Lost::Io)
    }

    /// Sends what there is to send, and waits until something comes or a time-out is due.
    pub async fn turn(&mut self) -> Result<(), Lost> {
        self.note_events();
        self.flush().await?;
        let due = self.connection.poll_timeout(self.now());
        let until = due.map_or(Duration::from_secs(3600), |due| {
            due.saturating_sub(self.start.elapsed())
        });
        let mut buffer = vec![0; 1 << 16];
        let read = self.stream.read(&mut buffer);
        match tokio::time::timeout(until, read).await {
            Err(_) => {
                let now = self.now();
                self.connection
                    .handle_timeout(now, &mut SystemRandom::new())
                    .map_err(Lost::Core)?;
            }
            Ok(Err(error)) => return Err(Lost::Io(error)),
            Ok(Ok(0)) => return Err(Lost::End),
            Ok(Ok(count)) => {
                let now = self.now();
                self.connection
                    .handle_bytes(now, &buffer[..count], &mut SystemRandom::new())
                    .map_err(Lost::Core)?;
            }
        }
        self.note_events();
        Ok(())
    }

    fn note_events(&mut self) {
        while let Some(event) = self.connection.poll_event() {
            match event {
                client::Event::NewKey(key) => self.key = Some(key),
                client::Event::Bound { .. } => self.bound = true,
                client::Event::KeyLost => self.key_lost = true,
                client::Event::Session(session::Event::Answer { call, body }) => {
                    self.results.insert(call, Ok(body.to_vec()));
                }
                client::Event::Session(session::Event::Failed { call, error }) => {
                    self.results.insert(call, Err(error));
                }
                client::Event::Session(session::Event::Update { body }) => {
                    self.updates.push(body.to_vec());
                }
                _ => {}
            }
        }
    }

    pub fn stream(&mut self) -> &mut TcpStream {
        &mut self.stream
    }
}
