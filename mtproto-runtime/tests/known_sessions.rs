//! Known answers that concern sessions: published packets go through the whole of a side, and what
//! is in them arrives, or they are refused by the rule that they break.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod support;

use std::time::Duration;

use mtproto_runtime::connection::{Error, client, server};
use mtproto_runtime::crypto::packet::{self, HEADER_LEN, Header, PREFIX_LEN, Padding};
use mtproto_runtime::crypto::{AuthKey, DecryptError, Direction};
use mtproto_runtime::handshake::NewKey;
use mtproto_runtime::service::{Container, RpcResult, types};
use mtproto_runtime::session::client::Event as ClientEvent;
use mtproto_runtime::session::server::{Event as ServerEvent, KeySalts, RequestId};
use mtproto_runtime::session::{self, Rule, SaltSecret, Violation};
use mtproto_runtime::store::StoredKey;
use mtproto_runtime::testing::Seeded;
use mtproto_runtime::tl::{Arena, TlRead};
use mtproto_runtime::transport::{Framing, Transport};
use mtproto_runtime::{Now, Side};
use serde_json::Value;
use support::{array, each, hex, signed, vectors};

/// The moment that a message id tells.
fn time_of(msg_id: i64) -> Now {
    Now {
        monotonic: Duration::from_secs(1),
        unix: Duration::from_secs(u64::try_from(msg_id >> 32).unwrap()),
    }
}

fn number(value: &Value) -> i64 {
    i64::from_le_bytes(array(value))
}

/// Id and body of each message of a packet that is to be sealed.
fn messages(unsealed: &[u8]) -> Vec<(i64, Vec<u8>)> {
    let inner = &unsealed[PREFIX_LEN..];
    let (header, body) = inner.split_at(HEADER_LEN);
    match Container::read(body) {
        Ok(container) => container
            .map(|message| (message.msg_id, message.body.to_vec()))
            .collect(),
        Err(_) => {
            let msg_id = i64::from_le_bytes(header[16..24].try_into().unwrap());
            vec![(msg_id, body.to_vec())]
        }
    }
}

fn acks(messages: &[(i64, Vec<u8>)]) -> Vec<i64> {
    let arena = Arena::new();
    let mut acks = Vec::new();
    for (_, body) in messages {
        if let Ok(ack) = types::MsgsAck::from_bytes_in(body, &arena) {
            acks.extend_from_slice(ack.msg_ids);
        }
    }
    acks
}

/// A server's session and the salt that it takes.
struct Server {
    session: session::server::Session,
    secret: SaltSecret,
    salt: i64,
}

impl Server {
    fn new(session_id: i64, salt: i64) -> Self {
        Self {
            session: session::server::Session::new(
                session_id,
                4711,
                i64::MIN,
                session::server::Config::default(),
            ),
            secret: SaltSecret::new([1; 32]),
            salt,
        }
    }

    fn salts(&self) -> KeySalts<'static> {
        KeySalts {
            secret: Box::leak(Box::new(self.secret.clone())),
            auth_key_id: 0,
            first: Some(self.salt),
        }
    }

    fn get(&mut self, now: Now, message: &packet::Message<'_>) -> Result<(), Violation> {
        let salts = self.salts();
        self.session.handle_connected(now);
        self.session.handle_message(now, message, salts)
    }

    fn sent(&mut self, now: Now) -> Vec<(i64, Vec<u8>)> {
        let mut out = Vec::new();
        let salts = self.salts();
        match self.session.poll_packet(now, salts, &mut out) {
            Some(_) => messages(&out),
            None => Vec::new(),
        }
    }
}

fn client_session(session_id: i64, now: Now) -> session::client::Session {
    let mut session = session::client::Session::new(session_id, 0, Default::default());
    session.set_clock_offset(0);
    session.handle_connected(now);
    session
}

fn sent(session: &mut session::client::Session, now: Now) -> Vec<(i64, Vec<u8>)> {
    // So much later that acks are due.
    let later = Now {
        monotonic: now.monotonic + Duration::from_secs(31),
        unix: now.unix + Duration::from_secs(31),
    };
    session.handle_timeout(later);
    let mut all = Vec::new();
    loop {
        let mut out = Vec::new();
        if session.poll_packet(later, &mut out).is_none() {
            return all;
        }
        all.extend(messages(&out));
    }
}

#[test]
fn good_messages_of_a_client_are_taken_by_a_server() {
    for case in each(&vectors("generated")["messages"]).filter(|case| case["x"] == 0) {
        let key = AuthKey::new(array(&case["auth_key"]));
        let mut packet = hex(&case["packet"]);
        let plaintext = packet::open(&key, Direction::FromClient, &mut packet).unwrap();
        let msg_id = signed(&case["msg_id_i64"]);
        let now = time_of(msg_id);
        let mut server = Server::new(number(&case["session_id"]), number(&case["salt"]));
        server.get(now, &plaintext.message().unwrap()).unwrap();
        assert_eq!(server.session.poll_event(), None, "it is a ping");
        let sent = server.sent(now);
        let pong = sent
            .iter()
            .find_map(|(_, body)| types::Pong::from_bytes(body).ok())
            .unwrap();
        let ping_id = i64::from_le_bytes(hex(&case["body"])[4..].try_into().unwrap());
        assert_eq!((pong.msg_id, pong.ping_id), (msg_id, ping_id));
        let created = sent
            .iter()
            .find_map(|(_, body)| types::NewSessionCreated::from_bytes(body).ok())
            .unwrap();
        assert_eq!((created.first_msg_id, created.unique_id), (msg_id, 4711));
        assert_eq!(acks(&sent), [msg_id]);
    }
}

#[test]
fn good_messages_of_a_server_are_taken_by_a_client() {
    for case in each(&vectors("generated")["messages"]).filter(|case| case["x"] == 8) {
        let key = AuthKey::new(array(&case["auth_key"]));
        let mut packet = hex(&case["packet"]);
        let plaintext = packet::open(&key, Direction::FromServer, &mut packet).unwrap();
        let msg_id = signed(&case["msg_id_i64"]);
        let now = time_of(msg_id);
        let mut session = client_session(number(&case["session_id"]), now);
        let message = plaintext.message().unwrap();
        session.handle_message(now, &message).unwrap();
        assert_eq!(session.poll_event(), None, "a pong to no ping of ours");
        assert_eq!(acks(&sent(&mut session, now)), [msg_id]);
    }
}

/// A packet of a real server.
#[test]
fn a_real_server_begins_a_session() {
    let vectors = vectors("messages");
    let case = each(&vectors["vectors"])
        .find(|case| case["name"] == "server_container_new_session")
        .unwrap();
    let key = AuthKey::new(array(&case["auth_key"]));
    let mut packet = hex(&case["packet"]);
    let plaintext = packet::open(&key, Direction::FromServer, &mut packet).unwrap();
    let now = time_of(signed(&case["msg_id_i64"]));
    let mut session = client_session(signed(&case["session_id_i64"]), now);
    let message = plaintext.message().unwrap();
    session.handle_message(now, &message).unwrap();

    let inner: Vec<_> = Container::read(message.body).unwrap().collect();
    let created = types::NewSessionCreated::from_bytes(inner[0].body).unwrap();
    assert_eq!(created.server_salt, signed(&case["salt_i64"]));
    assert_eq!(session.salt(), created.server_salt);
    let unique_id = created.unique_id;
    let event = session.poll_event();
    assert_eq!(event, Some(ClientEvent::NewSession { unique_id }));
    assert_eq!(session.poll_event(), None);
    // The ack among them wants none.
    assert_eq!(acks(&sent(&mut session, now)), [inner[0].msg_id]);
    // Again, it has no effect but another ack.
    session.handle_message(now, &message).unwrap();
    assert_eq!(session.poll_event(), None);
}

/// Those of mtcute say what a packet is; what a session makes of them depends on who speaks.
#[test]
fn good_and_bad_packets_of_another_client() {
    for case in each(&vectors("messages")["vectors"]) {
        let name = case["name"].as_str().unwrap();
        if !name.starts_with("mtcute") {
            continue;
        }
        let key = AuthKey::new(array(&case["auth_key"]));
        let from = match case["x"].as_i64() {
            Some(0) => Direction::FromClient,
            _ => Direction::FromServer,
        };
        let mut packet = hex(&case["packet"]);
        let padding = case["transport_padding"].as_u64().unwrap_or(0);
        packet.truncate(packet.len() - usize::try_from(padding).unwrap());
        let session_id = number(&case["expected_session_id"]);
        let message = packet::open(&key, from, &mut packet).and_then(packet::Plaintext::message);
        match name {
            "mtcute_2" => {
                let message = message.unwrap();
                let now = time_of(message.header.msg_id);
                let mut server = Server::new(session_id, message.header.salt);
                server.get(now, &message).unwrap();
                let request = RequestId(message.header.msg_id);
                let body = &b"hello, world!!!!"[..];
                let event = ServerEvent::Request { request, body };
                assert_eq!(server.session.poll_event(), Some(event));
                assert!(server.session.reply(now, request, Ok(body)));
                let sent = server.sent(now);
                let results: Vec<_> = sent
                    .iter()
                    .filter_map(|(_, body)| RpcResult::read(body))
                    .map(|result| (result.req_msg_id, result.result))
                    .collect();
                assert_eq!(results, [(request.0, body)]);
            }
            // Their contents are right, but a server's ids are odd.
            "mtcute_3" | "mtcute_4" => {
                let message = message.unwrap();
                assert_eq!(message.body, b"hello, world!!!!");
                let now = time_of(message.header.msg_id);
                let mut session = client_session(session_id, now);
                let refused = Violation {
                    by: Side::Server,
                    rule: Rule::MsgIdParity,
                };
                assert_eq!(session.handle_message(now, &message), Err(refused));
            }
            "mtcute_6" => {
                let message = message.unwrap();
                let now = time_of(message.header.msg_id);
                let mut session = client_session(session_id, now);
                let refused = Violation {
                    by: Side::Server,
                    rule: Rule::SessionId,
                };
                assert_eq!(session.handle_message(now, &message), Err(refused));
            }
            _ => assert_eq!(message, Err(DecryptError), "{name}"),
        }
    }
}

/// A connection says no more of any of them than that it can't be decrypted, and cuts what a padded
/// transport has added.
#[test]
fn bad_packets_end_a_connection() {
    for case in each(&vectors("messages")["vectors"]) {
        let name = case["name"].as_str().unwrap();
        if !name.starts_with("mtcute") {
            continue;
        }
        let stored = StoredKey {
            auth_key: AuthKey::new(array(&case["auth_key"])),
            dc: None,
            created_at: 0,
            salt: 0,
            clock_offset: 0,
        };
        let mut rng = Seeded::new(1);
        let mut client = client::Connection::with_key(client::Config::new([]), stored, &mut rng);
        let now = time_of(0x1234_beef << 32);
        let framing = match case["transport_padding"].as_u64() {
            Some(1..) => Framing::PaddedIntermediate,
            _ => Framing::Intermediate,
        };
        client.connect(now, Transport::client(framing), &mut rng);
        let packet = hex(&case["packet"]);
        let mut bytes = u32::try_from(packet.len()).unwrap().to_le_bytes().to_vec();
        bytes.extend_from_slice(&packet);
        // Good ones, too, are for a session that is not this one.
        let error = client.handle_bytes(now, &bytes, &mut rng).unwrap_err();
        assert_eq!(error, Error::Decrypt, "{name}");
        assert!(!client.is_connected());
        assert!(client.poll_event().is_none());
    }
}

#[test]
fn malformed_messages_are_refused_by_the_rule_that_they_break() {
    let vectors = vectors("generated");
    let negative = &vectors["messages_negative"];
    let key = AuthKey::new(array(&negative["auth_key"]));
    let session_id = number(&negative["expected_session_id"]);
    let now = Now {
        monotonic: Duration::from_secs(1),
        unix: Duration::from_secs(support::number(&negative["local_unixtime"])),
    };
    for case in each(&negative["cases"]) {
        let name = case["name"].as_str().unwrap();
        let mut packet = hex(&case["packet"]);
        let message = packet::open(&key, Direction::FromServer, &mut packet)
            .and_then(packet::Plaintext::message);
        let rule = match name {
            "wrong_session" => Some(Rule::SessionId),
            "client_parity_msg_id" | "msg_id_2_mod_4" => Some(Rule::MsgIdParity),
            "msg_id_300s_old" | "msg_id_30s_future" => None,
            _ => {
                assert_eq!(message, Err(DecryptError), "{name}");
                continue;
            }
        };
        let mut session = client_session(session_id, now);
        let refused = rule.map(|rule| Violation {
            by: Side::Server,
            rule,
        });
        let result = session.handle_message(now, &message.unwrap());
        assert_eq!(result.err(), refused, "{name}");
        assert_eq!(session.poll_event(), None, "{name}");
        // What is out of time is not even acknowledged.
        assert_eq!(acks(&sent(&mut session, now)), [0_i64; 0], "{name}");
    }
}

/// `auth.bindTempAuthKey` as another implementation has made it.
#[test]
fn a_known_binding_is_accepted_by_a_server() {
    let vectors = vectors("generated");
    let case = each(&vectors["bind"])
        .find(|case| case["name"] == "bind_temp_auth_key")
        .unwrap();
    let (permanent, temporary) = (
        AuthKey::new(array(&case["perm_auth_key"])),
        AuthKey::new(array(&case["temp_auth_key"])),
    );
    let msg_id = signed(&case["msg_id_i64"]);
    let now = time_of(msg_id);
    for (shift, accepted) in [(0, true), (4, false)] {
        let mut rng = Seeded::new(1);
        let mut server = server::Server::new(now, server::Config::new([]), &mut rng);
        server.add_key_of(permanent.clone(), i64::MIN);
        let expires_at = i32::try_from(signed(&case["expires_at"])).unwrap();
        assert!(server.add_new_key(NewKey {
            auth_key: temporary.clone(),
            first_salt: 5,
            expires_at: Some(expires_at),
            server_time: expires_at - 86_400,
            dc: None,
        }));
        let mut link = server::Connection::new(&mut server);
        let header = Header {
            salt: 5,
            session_id: signed(&case["temp_session_id_i64"]),
            // The binding says under which id it travels.
            msg_id: msg_id + shift,
            seq_no: 1,
        };
        let mut packet = Vec::new();
        packet::seal_message(
            &temporary,
            Direction::FromClient,
            &header,
            &hex(&case["request_body"]),
            Padding::Shortest,
            &mut rng,
            &mut packet,
        )
        .unwrap();
        let len = u32::try_from(packet.len()).unwrap();
        let bytes = [&[0xee; 4][..], &len.to_le_bytes(), &packet].concat();
        link.handle_bytes(now, &mut server, &bytes, &mut rng)
            .unwrap();
        let mut bound = Vec::new();
        while let Some(event) = server.poll_event(now) {
            match event {
                server::Event::NewKey(_) => {}
                server::Event::Bound {
                    auth_key_id,
                    permanent,
                } => bound.push((auth_key_id, permanent)),
                other => panic!("{other:?}"),
            }
        }
        let both = (temporary.id(), permanent.id());
        assert_eq!(bound, Vec::from_iter(accepted.then_some(both)));

        let mut out = Vec::new();
        while link
            .poll_transmit(now, &mut server, &mut rng, &mut out)
            .unwrap()
        {}
        let plaintext = packet::open(&temporary, Direction::FromServer, &mut out[4..]).unwrap();
        let message = plaintext.message().unwrap();
        let result = Container::read(message.body)
            .unwrap()
            .find_map(|message| RpcResult::read(message.body))
            .unwrap();
        assert_eq!(result.req_msg_id, header.msg_id);
        let bool_true = 0x9972_75b5_u32.to_le_bytes();
        assert_eq!(result.result == bool_true, accepted);
        if !accepted {
            let arena = Arena::new();
            let error = types::RpcError::from_bytes_in(result.result, &arena).unwrap();
            assert_eq!(error.error_message, "ENCRYPTED_MESSAGE_INVALID");
        }
    }
}
