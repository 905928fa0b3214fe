//! One network connection of a server.

use rand_core::CryptoRng;

use super::{LinkId, Server};
use crate::connection::{Error, seal};
use crate::crypto::packet::{Padding, Plaintext};
use crate::crypto::{AuthKey, DecryptError, Direction};
use crate::handshake::server::{Handshakes, Reply};
use crate::handshake::{self, NewKey, plain};
use crate::session::Unsealed;
use crate::transport::{Detected, Detector, Frame, ReplayCache, Status, Transport};
use crate::{Now, Provider, Side};

/// How often a connection may be told that a key or a handshake is not known.
const MAX_REFUSALS: u8 = 8;
/// A buffer for them that is larger is given back.
const KEPT_PENDING: usize = 64;
/// Most bytes of answers that wait for the socket, besides those of sessions.
const MAX_PENDING: usize = 64 << 10;

/// The bytes of one network connection.
#[derive(Debug)]
pub struct Connection {
    link: LinkId,
    /// Boxed, since it is soon gone.
    detector: Option<Box<Detector>>,
    transport: Option<Transport>,
    /// The key of the last packet.
    key: Option<AuthKey>,
    /// Bytes that go before all others.
    pending: Vec<u8>,
    last_plain: Option<i64>,
    refusals: u8,
    packet: Vec<u8>,
    is_over: bool,
}

/// What has come over a connection.
#[derive(Debug)]
pub enum Received<'a> {
    /// A message of a key exchange: for [`Connection::handle_plain`].
    Plain(Vec<u8>),
    /// A packet that is still encrypted.
    Locked(Locked<'a>),
}

/// An encrypted packet.
#[derive(Debug)]
pub struct Locked<'a> {
    packet: &'a mut [u8],
    /// Which key it is encrypted with.
    pub auth_key_id: i64,
    /// Whether the client wants to know at once that it could be decrypted:
    /// [`Connection::send_quick_ack`].
    pub quick_ack: bool,
}

impl<'a> Locked<'a> {
    /// Decrypts it and verifies who made it.
    ///
    /// # Errors
    /// [`DecryptError`]: close the connection.
    pub fn open<P: Provider>(
        self,
        provider: &P,
        key: &AuthKey,
    ) -> Result<Plaintext<'a>, DecryptError> {
        provider.open(key, Direction::FromClient, self.packet)
    }
}

impl Connection {
    /// A new network connection, of which nothing is known.
    pub fn new<P: Provider>(server: &mut Server<P>) -> Self {
        let detector = Detector::new(server.config.detector.clone());
        Self {
            link: server.open_link(),
            detector: Some(Box::new(detector)),
            transport: None,
            key: None,
            pending: Vec::new(),
            last_plain: None,
            refusals: 0,
            packet: Vec::new(),
            is_over: false,
        }
    }

    /// A network connection whose transport is known already.
    pub fn with_transport<P: Provider>(server: &mut Server<P>, transport: Transport) -> Self {
        Self {
            detector: None,
            transport: Some(transport),
            ..Self::new(server)
        }
    }

    /// Its name in the server.
    #[must_use]
    pub fn id(&self) -> LinkId {
        self.link
    }

    /// The bytes by which [`Error::OtherProtocol`] was recognised.
    #[must_use]
    pub fn seen(&self) -> &[u8] {
        self.detector
            .as_ref()
            .map_or(&[], |detector| detector.seen())
    }

    /// The transport, once it is known.
    #[must_use]
    pub fn transport(&self) -> Option<&Transport> {
        self.transport.as_ref()
    }

    /// How many bytes of something unfinished are there: of the first bytes that say which
    /// transport it is, or of a frame.
    #[must_use]
    pub fn partial(&self) -> usize {
        match (&self.detector, &self.transport) {
            (Some(detector), _) => detector.seen().len(),
            (None, Some(transport)) => transport.decoder.partial(),
            (None, None) => 0,
        }
    }

    /// Gives back what a large packet has needed, beyond so many bytes, unless another is arriving.
    pub fn shrink_to(&mut self, bytes: usize) {
        if let Some(transport) = &mut self.transport {
            transport.decoder.shrink_to(bytes);
        }
    }

    /// Appends to `out` what waits to be sent besides the packets of sessions: parts of key
    /// exchanges, quick acks, transport errors.
    pub fn take_pending(&mut self, out: &mut Vec<u8>) {
        out.append(&mut self.pending);
        self.pending.shrink_to(KEPT_PENDING);
    }

    /// Bytes have come, of which none is left over.
    ///
    /// # Errors
    /// [`Error`]: send what [`Self::poll_transmit`] still gives, then close the network connection
    /// and call [`Server::close_link`].
    pub fn handle_bytes<P: Provider>(
        &mut self,
        now: Now,
        server: &mut Server<P>,
        mut bytes: &[u8],
        rng: &mut (impl CryptoRng + ?Sized),
    ) -> Result<(), Error> {
        if self.is_over {
            return Ok(());
        }
        let result = self.handle_all(now, server, &mut bytes, rng);
        if result.is_err() {
            self.is_over = true;
        }
        result
    }

    fn handle_all<P: Provider>(
        &mut self,
        now: Now,
        server: &mut Server<P>,
        bytes: &mut &[u8],
        rng: &mut (impl CryptoRng + ?Sized),
    ) -> Result<(), Error> {
        let mut key = self.key.take();
        let link = self.link;
        if server.config.detector.secrets.is_empty() {
            self.detect(bytes, None)?;
        } else {
            self.detect(bytes, Some(&mut server.replays))?;
        }
        loop {
            let quick_ack;
            match self.receive(bytes)? {
                None => break,
                Some(Received::Plain(body)) => {
                    let mut handshakes = core::mem::take(&mut server.handshakes);
                    let full = server.keys.len() >= server.config.max_keys;
                    let result = self.handle_plain(
                        now,
                        &server.config.handshake,
                        &mut handshakes,
                        &body,
                        |id| server.has_key(id),
                        rng,
                    );
                    server.handshakes = handshakes;
                    match result? {
                        Some(_) if full => self.send_status(Status::Flood, rng)?,
                        Some(key) => {
                            server.add_new_key(key);
                        }
                        None => {}
                    }
                    continue;
                }
                Some(Received::Locked(locked)) => {
                    let id = locked.auth_key_id;
                    if key.as_ref().is_none_or(|key| key.id() != id) {
                        key = server.auth_key(now, id).cloned();
                    }
                    let Some(key) = &key else {
                        self.refuse(rng)?;
                        continue;
                    };
                    let wants_quick_ack = locked.quick_ack;
                    let provider = &server.config.handshake.provider;
                    let plaintext = locked.open(provider, key)?;
                    quick_ack = wants_quick_ack.then_some(plaintext.quick_ack());
                    let message = plaintext.message()?;
                    match server.handle_message(now, link, id, &message, rng) {
                        Ok(_) => {}
                        Err(Error::Status(status)) => {
                            self.send_status(status, rng)?;
                            return Err(Error::Status(status));
                        }
                        Err(error) => return Err(error),
                    }
                }
            }
            if let Some(token) = quick_ack {
                self.send_quick_ack(token, rng)?;
            }
        }
        self.key = key;
        Ok(())
    }

    /// Takes from `bytes` what belongs to the next packet. Call it until it returns `None`; then
    /// all bytes are used up.
    ///
    /// # Errors
    /// [`Error::Transport`] and [`Error::OtherProtocol`].
    pub fn receive<'a>(&'a mut self, bytes: &mut &[u8]) -> Result<Option<Received<'a>>, Error> {
        self.detect(bytes, None)?;
        let Some(transport) = &mut self.transport else {
            return Ok(None);
        };
        match transport.decoder.decode(bytes)? {
            None => Ok(None),
            Some(Frame::Packet { packet, .. }) if plain::is_plain(packet) => {
                let message = plain::read(packet).ok_or(Error::Plain)?;
                Ok(Some(Received::Plain(message.body.to_vec())))
            }
            Some(Frame::Packet { packet, quick_ack }) => {
                let id = packet.first_chunk().ok_or(Error::Decrypt)?;
                Ok(Some(Received::Locked(Locked {
                    auth_key_id: i64::from_le_bytes(*id),
                    quick_ack,
                    packet,
                })))
            }
            // Only servers send these.
            Some(Frame::QuickAck(_) | Frame::Status(_)) => Err(Error::Decrypt),
        }
    }

    /// Finds out the transport, if it is not known yet. With a cache, refuses headers of obfuscated
    /// ones that have been seen before: for a server that is a proxy with a secret.
    ///
    /// # Errors
    /// [`Error::Transport`] and [`Error::OtherProtocol`].
    pub fn detect(
        &mut self,
        bytes: &mut &[u8],
        replays: Option<&mut ReplayCache>,
    ) -> Result<(), Error> {
        let Some(detector) = &mut self.detector else {
            return Ok(());
        };
        let detected = match replays {
            None => detector.detect(bytes)?,
            Some(replays) => detector.detect_once(bytes, replays)?,
        };
        match detected {
            None => {}
            Some(Detected::Transport(found)) => {
                self.transport = Some(found.transport);
                self.detector = None;
            }
            Some(_) => return Err(Error::OtherProtocol),
        }
        Ok(())
    }

    /// Goes on with a key exchange, and yields its key: keep it, with [`Server::add_new_key`],
    /// before anything is sent.
    ///
    /// # Errors
    /// [`Error::Handshake`] when the client has been refused too often.
    pub fn handle_plain<P: Provider>(
        &mut self,
        now: Now,
        config: &handshake::server::Config<P>,
        handshakes: &mut Handshakes,
        body: &[u8],
        is_taken: impl FnOnce(i64) -> bool,
        rng: &mut (impl CryptoRng + ?Sized),
    ) -> Result<Option<NewKey>, Error> {
        self.answer_plain(
            now,
            handshakes.handle(config, now, body, is_taken, rng),
            rng,
        )
    }

    /// The second half of [`Self::handle_plain`]: sends what [`Handshakes::handle`] has said.
    ///
    /// # Errors
    /// [`Error::Handshake`] when the client has been refused too often.
    pub fn answer_plain(
        &mut self,
        now: Now,
        result: Result<Reply, handshake::Error>,
        rng: &mut (impl CryptoRng + ?Sized),
    ) -> Result<Option<NewKey>, Error> {
        match result {
            Ok(reply) => {
                let msg_id = plain::next_msg_id(Side::Server, now.unix, self.last_plain);
                self.last_plain = Some(msg_id);
                let mut packet = core::mem::take(&mut self.packet);
                packet.clear();
                plain::write(msg_id, &reply.body, &mut packet);
                let result = self.encode(&packet, rng);
                self.packet = packet;
                result?;
                Ok(reply.key)
            }
            Err(error) => {
                // Who hears that the DC is another one knows what was encrypted, and learns nothing.
                let status = match error {
                    handshake::Error::Dc => Status::WrongDc,
                    _ => Status::NotFound,
                };
                let refused = self.refuse_with(status, rng);
                refused.map_err(|_| Error::Handshake(error))?;
                Ok(None)
            }
        }
    }

    /// Tells the client that its key or its handshake is not known. Whatever was wrong, it hears the
    /// same, and not too often.
    ///
    /// # Errors
    /// [`Error::Status`] when the client has been refused too often.
    pub fn refuse(&mut self, rng: &mut (impl CryptoRng + ?Sized)) -> Result<(), Error> {
        self.refuse_with(Status::NotFound, rng)
    }

    fn refuse_with(
        &mut self,
        status: Status,
        rng: &mut (impl CryptoRng + ?Sized),
    ) -> Result<(), Error> {
        self.send_status(status, rng)?;
        self.refusals = self.refusals.saturating_add(1);
        match self.refusals {
            ..MAX_REFUSALS => Ok(()),
            _ => Err(Error::Status(status)),
        }
    }

    /// Tells the client that the server can't or won't.
    ///
    /// # Errors
    /// [`Error::Transport`], and [`Error::Status`] if the client doesn't take what it is sent.
    pub fn send_status(
        &mut self,
        status: Status,
        rng: &mut (impl CryptoRng + ?Sized),
    ) -> Result<(), Error> {
        self.check_pending()?;
        if let Some(transport) = &mut self.transport {
            transport
                .encoder
                .encode_status(status, rng, &mut self.pending)?;
        }
        Ok(())
    }

    /// Tells the client that its packet could be decrypted. Full framing has no way to.
    ///
    /// # Errors
    /// [`Error::Transport`], and [`Error::Status`] if the client doesn't take what it is sent.
    pub fn send_quick_ack(
        &mut self,
        token: crate::crypto::packet::QuickAck,
        rng: &mut (impl CryptoRng + ?Sized),
    ) -> Result<(), Error> {
        self.check_pending()?;
        if let Some(transport) = &mut self.transport {
            transport
                .encoder
                .encode_quick_ack(token, rng, &mut self.pending)?;
        }
        Ok(())
    }

    fn encode(&mut self, packet: &[u8], rng: &mut (impl CryptoRng + ?Sized)) -> Result<(), Error> {
        self.check_pending()?;
        if let Some(transport) = &mut self.transport {
            transport
                .encoder
                .encode(packet, false, rng, &mut self.pending)?;
        }
        Ok(())
    }

    fn check_pending(&self) -> Result<(), Error> {
        match self.pending.len() {
            ..=MAX_PENDING => Ok(()),
            _ => Err(Error::Status(Status::Flood)),
        }
    }

    /// Seals a packet and appends its bytes, and those that have to go before, to `out`.
    ///
    /// # Errors
    /// [`Error::Seal`] and [`Error::Transport`].
    pub fn send<P: Provider>(
        &mut self,
        provider: &P,
        key: &AuthKey,
        padding: Padding,
        packet: &mut Vec<u8>,
        rng: &mut (impl CryptoRng + ?Sized),
        out: &mut Vec<u8>,
    ) -> Result<(), Error> {
        out.append(&mut self.pending);
        seal(provider, key, Side::Server, padding, rng, packet)?;
        if let Some(transport) = &mut self.transport {
            transport.encoder.encode(packet, false, rng, out)?;
        }
        Ok(())
    }

    /// Appends the bytes of one packet to `out`; false if there is nothing to be sent.
    ///
    /// # Errors
    /// [`Error`]: close the network connection and call [`Server::close_link`].
    pub fn poll_transmit<P: Provider>(
        &mut self,
        now: Now,
        server: &mut Server<P>,
        rng: &mut (impl CryptoRng + ?Sized),
        out: &mut Vec<u8>,
    ) -> Result<bool, Error> {
        if !self.pending.is_empty() {
            out.append(&mut self.pending);
            return Ok(true);
        }
        if self.is_over || self.transport.is_none() {
            return Ok(false);
        }
        if server.is_closing(self.link) {
            self.is_over = true;
            return Err(Error::Disconnect);
        }
        let mut packet = core::mem::take(&mut self.packet);
        packet.clear();
        let polled: Option<(_, Unsealed)> = server.poll_packet(now, self.link, &mut packet);
        let result = match polled.and_then(|(session, _)| server.keys.get(&session.auth_key_id)) {
            None => Ok(false),
            Some(key) => {
                let provider = &server.config.handshake.provider;
                let padding = server.config.padding;
                self.send(provider, &key.auth_key, padding, &mut packet, rng, out)
                    .map(|()| true)
            }
        };
        self.packet = packet;
        result
    }
}
