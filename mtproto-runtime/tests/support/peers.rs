//! A side whose other side is the test.

use std::time::Duration;

use mtproto_runtime::Now;
use mtproto_runtime::connection::{Error, client, server};
use mtproto_runtime::crypto::packet::{self, Header, Padding};
use mtproto_runtime::crypto::{AuthKey, Direction};
use mtproto_runtime::service::{Container, ContainerWriter, RpcResult, types};
use mtproto_runtime::session::{CallId, CallOptions, SaltSecret};
use mtproto_runtime::store::{MemoryStore, Store, StoredKey};
use mtproto_runtime::testing::{ClientEvent, Seeded};
use mtproto_runtime::tl::TlRead;
use mtproto_runtime::transport::{Framing, Transport};

pub const SECOND: i64 = 1 << 32;
pub const TIME: i64 = 1_800_000_000;
pub const REQUEST: [u8; 8] = *b"\x01\x02\x03\x04what";

pub fn at(seconds: u64) -> Now {
    Now {
        monotonic: Duration::from_secs(seconds),
        unix: Duration::from_secs(TIME as u64 + seconds),
    }
}

pub fn key() -> AuthKey {
    AuthKey::new(core::array::from_fn(|i| (i * 7 + 1) as u8))
}

/// A message as the other side of it sees it.
#[derive(Clone, Debug, PartialEq)]
pub struct Seen {
    pub packet: i64,
    pub msg_id: i64,
    pub seq_no: i32,
    pub salt: i64,
    pub body: Vec<u8>,
}

pub fn frame(packet: &[u8]) -> Vec<u8> {
    let len = u32::try_from(packet.len()).unwrap();
    [&len.to_le_bytes()[..], packet].concat()
}

pub fn open_all(mut bytes: &[u8], direction: Direction) -> Vec<Seen> {
    let mut seen = Vec::new();
    while let Some((len, rest)) = bytes.split_first_chunk() {
        let (packet, rest) = rest.split_at(u32::from_le_bytes(*len) as usize);
        bytes = rest;
        let mut packet = packet.to_vec();
        if packet.len() == 4 {
            continue;
        }
        let plaintext = packet::open(&key(), direction, &mut packet).unwrap();
        let message = plaintext.message().unwrap();
        let Header {
            msg_id,
            seq_no,
            salt,
            ..
        } = message.header;
        let one = |msg_id, seq_no, body: &[u8]| Seen {
            packet: message.header.msg_id,
            msg_id,
            seq_no,
            salt,
            body: body.to_vec(),
        };
        match Container::read(message.body) {
            Ok(container) => seen.extend(container.map(|m| one(m.msg_id, m.seq_no, m.body))),
            Err(_) => seen.push(one(msg_id, seq_no, message.body)),
        }
    }
    seen
}

pub fn sealed(direction: Direction, header: &Header, body: &[u8]) -> Vec<u8> {
    let mut packet = Vec::new();
    packet::seal_message(
        &key(),
        direction,
        header,
        body,
        Padding::Shortest,
        &mut Seeded::new(header.msg_id as u64),
        &mut packet,
    )
    .unwrap();
    packet
}

/// A client whose server is the test.
pub struct Client {
    pub connection: client::Connection,
    pub rng: Seeded,
    pub now: Now,
    pub last: i64,
}

impl Client {
    pub fn new() -> Self {
        Self::with(|_| {})
    }

    pub fn with(configure: impl FnOnce(&mut client::Config)) -> Self {
        let mut rng = Seeded::new(1);
        let stored = StoredKey {
            auth_key: key(),
            dc: None,
            created_at: 0,
            salt: 5,
            clock_offset: 0,
        };
        let mut config = client::Config::new([]);
        config.padding = Padding::Shortest;
        configure(&mut config);
        let connection = client::Connection::with_key(config, stored, &mut rng);
        let mut client = Self {
            connection,
            rng,
            now: at(0),
            last: 0,
        };
        client.connect();
        client
    }

    pub fn connect(&mut self) {
        let transport = Transport::client(Framing::Intermediate);
        self.connection.connect(self.now, transport, &mut self.rng);
    }

    pub fn call(&mut self) -> CallId {
        let options = CallOptions::default();
        self.connection.call(self.now, &REQUEST, options).unwrap()
    }

    /// Everything that the client sends now.
    pub fn sent(&mut self) -> Vec<Seen> {
        open_all(&self.sent_bytes(), Direction::FromClient)
    }

    pub fn sent_bytes(&mut self) -> Vec<u8> {
        let mut bytes = Vec::new();
        while self
            .connection
            .poll_transmit(self.now, &mut self.rng, &mut bytes)
            .unwrap()
        {}
        match bytes.strip_prefix(&[0xee; 4]) {
            Some(rest) => rest.to_vec(),
            None => bytes,
        }
    }

    /// The request among what was sent.
    pub fn sent_request(&mut self) -> Seen {
        let mut requests = self.sent().into_iter().filter(|seen| seen.body == REQUEST);
        let request = requests.next().expect("a request");
        assert_eq!(requests.next(), None);
        request
    }

    pub fn server_id(&mut self) -> i64 {
        let time = (TIME + self.now.monotonic.as_secs() as i64) * SECOND;
        self.last = (time | 1).max(self.last + 4);
        self.last
    }

    pub fn header(&mut self) -> Header {
        Header {
            salt: 5,
            session_id: self.connection.session_id(),
            msg_id: self.server_id(),
            seq_no: 1,
        }
    }

    pub fn get_packet(&mut self, packet: &[u8]) -> Result<(), Error> {
        self.connection
            .handle_bytes(self.now, &frame(packet), &mut self.rng)
    }

    pub fn get_with(&mut self, header: &Header, body: &[u8]) -> Result<(), Error> {
        self.get_packet(&sealed(Direction::FromServer, header, body))
    }

    pub fn get(&mut self, body: &[u8]) -> Result<(), Error> {
        let header = self.header();
        self.get_with(&header, body)
    }

    pub fn events(&mut self) -> Vec<ClientEvent> {
        let mut events = Vec::new();
        while let Some(event) = self.connection.poll_event() {
            events.push(event.into());
        }
        events
    }

    /// Lets the client know the time, as any answer does.
    pub fn sync(&mut self) {
        let call = self.call();
        let request = self.sent_request();
        self.get(&result(request.msg_id, b"done")).unwrap();
        let events = self.events();
        assert!(matches!(&events[..], [ClientEvent::Answer { call: c, .. }] if *c == call));
        self.sent();
    }
}

pub fn result(req_msg_id: i64, result: &[u8]) -> Vec<u8> {
    let mut body = Vec::new();
    RpcResult { req_msg_id, result }.write_to(&mut body);
    body
}

/// A server whose client is the test.
pub struct Server {
    pub server: server::Server,
    pub link: server::Connection,
    pub rng: Seeded,
    pub now: Now,
    pub last: i64,
    pub salt: i64,
    pub store: MemoryStore,
    pub marks: server::Marks,
}

pub const SESSION: i64 = 77;

impl Server {
    pub fn new() -> Self {
        Self::with(|_| {})
    }

    pub fn with(configure: impl FnOnce(&mut server::Config)) -> Self {
        let mut rng = Seeded::new(2);
        let mut config = server::Config::new([]);
        configure(&mut config);
        let secret = SaltSecret::new([3; 32]);
        let salt = secret.valid(key().id(), TIME + 100).current;
        let mut server = server::Server::with_salts(at(0), config, secret);
        server.add_key_of(key(), TIME * SECOND);
        let mut store = MemoryStore::default();
        let marks = server::Marks::load(&mut store, at(0), Duration::ZERO).unwrap();
        let stored = StoredKey {
            auth_key: key(),
            dc: None,
            created_at: TIME,
            salt: 0,
            clock_offset: 0,
        };
        store.save_key(&stored).unwrap();
        let mut link = server::Connection::new(&mut server);
        let now = at(100);
        link.handle_bytes(now, &mut server, &[0xee; 4], &mut rng)
            .unwrap();
        Self {
            server,
            link,
            rng,
            now,
            last: 0,
            salt,
            store,
            marks,
        }
    }

    /// Another life, with the same secret for salts: after an orderly end or none.
    pub fn restart(&mut self, in_order: bool) {
        if in_order {
            let (now, store) = (self.now, &mut self.store);
            self.server.save(now, &self.marks, store).unwrap();
        }
        let (config, secret) = (server::Config::new([]), SaltSecret::new([3; 32]));
        self.server = server::Server::with_salts(self.now, config, secret);
        self.marks = self.server.load(self.now, &mut self.store).unwrap();
        let left = self.store.sessions(0).unwrap();
        assert_eq!(left, [], "the life after a crash must not believe it");
        self.connect();
    }

    pub fn reconnect(&mut self) {
        self.server.close_link(self.now, self.link.id());
        self.connect();
    }

    pub fn connect(&mut self) {
        self.link = server::Connection::new(&mut self.server);
        let tag = [0xee; 4];
        let (now, rng) = (self.now, &mut self.rng);
        self.link
            .handle_bytes(now, &mut self.server, &tag, rng)
            .unwrap();
    }

    pub fn client_id(&mut self) -> i64 {
        let time = (TIME + self.now.monotonic.as_secs() as i64) * SECOND;
        self.last = time.max(self.last + 4);
        self.last
    }

    pub fn header(&mut self, seq_no: i32) -> Header {
        Header {
            salt: self.salt,
            session_id: SESSION,
            msg_id: self.client_id(),
            seq_no,
        }
    }

    pub fn get_packet(&mut self, packet: &[u8]) -> Result<(), Error> {
        let (now, rng) = (self.now, &mut self.rng);
        self.link
            .handle_bytes(now, &mut self.server, &frame(packet), rng)
    }

    pub fn get_with(&mut self, header: &Header, body: &[u8]) -> Result<(), Error> {
        self.get_packet(&sealed(Direction::FromClient, header, body))
    }

    pub fn get(&mut self, seq_no: i32, body: &[u8]) -> i64 {
        let header = self.header(seq_no);
        self.get_with(&header, body).unwrap();
        header.msg_id
    }

    pub fn sent(&mut self) -> Vec<Seen> {
        let mut bytes = Vec::new();
        let (now, rng) = (self.now, &mut self.rng);
        while self
            .link
            .poll_transmit(now, &mut self.server, rng, &mut bytes)
            .unwrap()
        {}
        open_all(&bytes, Direction::FromServer)
    }

    /// `bad_msg_notification` and `bad_server_salt` among what is sent: id and code.
    pub fn notices(&mut self) -> Vec<(i64, i32)> {
        let read = |seen: Seen| {
            let notice = types::BadMsgNotification::from_bytes(&seen.body).ok();
            let salt = types::BadServerSalt::from_bytes(&seen.body).ok();
            notice
                .map(|n| (n.bad_msg_id, n.error_code))
                .or(salt.map(|n| (n.bad_msg_id, n.error_code)))
        };
        self.sent().into_iter().filter_map(read).collect()
    }

    /// Bodies of the requests that the application gets to see.
    pub fn requests(&mut self) -> Vec<Vec<u8>> {
        let mut requests = Vec::new();
        while let Some(event) = self.server.poll_event(self.now) {
            if let server::Event::Request { body, .. } = event {
                requests.push(body.to_vec());
            }
        }
        requests
    }
}

pub fn container(messages: &[(i64, i32, &[u8])]) -> Vec<u8> {
    let mut body = Vec::new();
    let mut writer = ContainerWriter::new(&mut body);
    for (msg_id, seq_no, body) in messages {
        writer.push(*msg_id, *seq_no, body).unwrap();
    }
    writer.finish();
    body
}
