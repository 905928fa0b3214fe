//! What the other side may do wrong: a test for each check of
//! <https://core.telegram.org/mtproto/security_guidelines>, numbered as in the table of the
//! `session` module's documentation.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::cast_possible_truncation
)]

mod support;

use std::collections::HashMap;
use std::time::Duration;

use mtproto_runtime::Now;
use mtproto_runtime::connection::{Error, client, server};
use mtproto_runtime::crypto::packet::{self, Header};
use mtproto_runtime::crypto::rsa::PrivateKey;
use mtproto_runtime::crypto::{AuthKey, Direction};
use mtproto_runtime::handshake;
use mtproto_runtime::service::{RpcResult, functions, gzip, types};
use mtproto_runtime::session::client::Session;
use mtproto_runtime::session::server::SeqNoCheck;
use mtproto_runtime::session::{CallError, CallId, CallOptions, RpcError, SaltSecret};
use mtproto_runtime::testing::{ClientEvent, Happening, Pair, Seeded, ServerEvent, TestCrypto};
use mtproto_runtime::tl::{Arena, Identified, TlRead, TlWrite};
use mtproto_runtime::transport::{DetectorConfig, Framing, ProxySecret, Transport};
use support::peers::*;
use support::{each, hex, signed, vectors};

#[test]
fn m1_a_packet_of_an_unknown_key_is_refused() {
    let mut client = Client::new();
    let mut packet = {
        let header = client.header();
        sealed(Direction::FromServer, &header, b"update..")
    };
    packet[0] ^= 1;
    assert_eq!(client.get_packet(&packet), Err(Error::Decrypt));
    assert_eq!(client.events(), []);

    let mut server = Server::new();
    let header = server.header(1);
    let mut packet = sealed(Direction::FromClient, &header, &REQUEST);
    packet[0] ^= 1;
    server.get_packet(&packet).unwrap();
    let mut bytes = Vec::new();
    let (now, rng) = (server.now, &mut server.rng);
    server
        .link
        .poll_transmit(now, &mut server.server, rng, &mut bytes)
        .unwrap();
    assert_eq!(
        bytes,
        [&4_u32.to_le_bytes()[..], &(-404_i32).to_le_bytes()].concat()
    );
    assert_eq!(server.server.sessions().count(), 0);
}

#[test]
fn m2_a_packet_with_a_flipped_bit_is_refused() {
    let mut good = Client::new();
    let header = good.header();
    let packet = sealed(Direction::FromServer, &header, b"update..");
    for at in (8..packet.len()).step_by(5) {
        let mut client = Client::new();
        let mut spoilt = packet.clone();
        spoilt[at] ^= 0x10;
        assert_eq!(client.get_packet(&spoilt), Err(Error::Decrypt));
        assert_eq!(client.events(), []);
    }
    assert_eq!(good.get_packet(&packet), Ok(()));
    assert_eq!(good.events().len(), 1);
}

/// M2, M3, M5, M6, M8 and M14 by the published cases: a client takes no notice of any of them.
#[test]
fn malformed_messages_known_answers() {
    let vectors = vectors("generated");
    let negative = &vectors["messages_negative"];
    let key = AuthKey::new(support::array(&negative["auth_key"]));
    let session_id = i64::from_le_bytes(support::array(&negative["expected_session_id"]));
    let time = Duration::from_secs(support::number(&negative["local_unixtime"]));
    let now = Now {
        monotonic: Duration::ZERO,
        unix: time,
    };
    for case in each(&negative["cases"]) {
        let mut session = Session::new(session_id, 0, Default::default());
        session.set_clock_offset(0);
        session.handle_connected(now);
        let mut bytes = hex(&case["packet"]);
        let refused = match packet::open(&key, Direction::FromServer, &mut bytes)
            .and_then(packet::Plaintext::message)
        {
            Err(_) => true,
            Ok(message) => session.handle_message(now, &message).is_err(),
        };
        // Messages out of time are dropped without closing the connection.
        let why = case["name"].as_str().unwrap();
        assert!(refused || why.starts_with("msg_id_3"), "{why}");
        assert_eq!(session.poll_event(), None, "{why}");
    }
    let client_key = &vectors["messages"];
    for case in each(client_key) {
        if case["direction"] != "server_to_client" {
            continue;
        }
        let key = AuthKey::new(support::array(&case["auth_key"]));
        let session_id = i64::from_le_bytes(support::array(&case["session_id"]));
        let mut session = Session::new(session_id, 0, Default::default());
        session.set_clock_offset(0);
        let now = Now {
            monotonic: Duration::ZERO,
            unix: Duration::from_secs((signed(&case["msg_id_i64"]) >> 32) as u64),
        };
        let mut bytes = hex(&case["packet"]);
        let plaintext = packet::open(&key, Direction::FromServer, &mut bytes).unwrap();
        session
            .handle_message(now, &plaintext.message().unwrap())
            .unwrap();
    }
}

#[test]
fn m3_m4_wrong_lengths_and_paddings_look_like_a_wrong_key() {
    let mut client = Client::new();
    let header = client.header();
    let inner = |length: i32, padding: usize| {
        let mut packet = vec![0; 24];
        packet.extend_from_slice(&header.salt.to_le_bytes());
        packet.extend_from_slice(&header.session_id.to_le_bytes());
        packet.extend_from_slice(&header.msg_id.to_le_bytes());
        packet.extend_from_slice(&header.seq_no.to_le_bytes());
        packet.extend_from_slice(&length.to_le_bytes());
        packet.extend_from_slice(b"16 bytes of text");
        packet.resize(packet.len() + padding, 7);
        packet::seal(&key(), Direction::FromServer, &mut packet).unwrap();
        packet
    };
    let cases = [
        (16, 0),
        (16, 1040),
        (-4, 32),
        (15, 32),
        (64, 32),
        (8, 0),
        (i32::MAX, 16),
    ];
    for (length, padding) in cases {
        let mut client = Client::new();
        assert_eq!(
            client.get_packet(&inner(length, padding)),
            Err(Error::Decrypt)
        );
        assert_eq!(client.events(), []);
    }
    for length in [0, 8, 16, 23, 24, 39] {
        let mut client = Client::new();
        let mut packet = key().id().to_le_bytes().to_vec();
        packet.resize(length, 9);
        assert!(client.get_packet(&packet).is_err());
    }
    assert_eq!(client.get_packet(&inner(16, 16)), Ok(()));
}

#[test]
fn m5_a_message_for_another_session_is_refused() {
    let mut client = Client::new();
    let mut header = client.header();
    header.session_id ^= 1;
    assert_eq!(client.get_with(&header, b"update.."), Err(Error::Decrypt));
    assert_eq!(client.events(), []);
}

#[test]
fn m6_message_ids_say_who_speaks() {
    for low in [0, 2] {
        let mut client = Client::new();
        let mut header = client.header();
        header.msg_id = (header.msg_id & !3) | low;
        assert!(matches!(
            client.get_with(&header, b"update.."),
            Err(Error::Violation(_))
        ));
        assert_eq!(client.events(), []);
    }
    for low in [1, 2, 3] {
        let mut server = Server::new();
        let mut header = server.header(1);
        header.msg_id |= low;
        server.get_with(&header, &REQUEST).unwrap();
        assert_eq!(server.notices(), [(header.msg_id, 18)]);
        assert!(server.requests().is_empty());
    }
}

#[test]
fn m7_nothing_is_received_twice() {
    let mut client = Client::new();
    let packets: Vec<Vec<u8>> = (0..10_u8)
        .map(|n| {
            let header = client.header();
            sealed(Direction::FromServer, &header, &[n; 8])
        })
        .collect();
    // In any order, twice, and again over the next connection.
    for at in [3, 0, 9, 1, 8, 2, 7, 4, 6, 5] {
        client.get_packet(&packets[at]).unwrap();
        client.get_packet(&packets[at]).unwrap();
    }
    client.connect();
    for packet in &packets {
        client.get_packet(packet).unwrap();
    }
    let mut bodies = client.events();
    bodies.sort_by_key(|event| format!("{event:?}"));
    bodies.dedup();
    assert_eq!(bodies.len(), 10);

    let mut server = Server::new();
    let header = server.header(1);
    let packet = sealed(Direction::FromClient, &header, &REQUEST);
    for _ in 0..3 {
        server.get_packet(&packet).unwrap();
        server.reconnect();
    }
    assert_eq!(server.requests().len(), 1);
}

/// Another connection, over which somebody sends what the network has heard.
struct Stranger(server::Connection);

impl Stranger {
    fn new(server: &mut Server) -> Self {
        let mut link = server::Connection::new(&mut server.server);
        let (now, rng) = (server.now, &mut server.rng);
        link.handle_bytes(now, &mut server.server, &[0xee; 4], rng)
            .unwrap();
        Self(link)
    }

    fn sends(&mut self, server: &mut Server, packet: &[u8]) -> Vec<Seen> {
        let (now, rng) = (server.now, &mut server.rng);
        let link = &mut self.0;
        link.handle_bytes(now, &mut server.server, &frame(packet), rng)
            .unwrap();
        let mut bytes = Vec::new();
        while link
            .poll_transmit(now, &mut server.server, rng, &mut bytes)
            .unwrap()
        {}
        open_all(&bytes, Direction::FromServer)
    }
}

/// Answers in the order of the calls are taken and remembered many at a time.
#[test]
fn m7_an_answer_in_a_container_is_remembered() {
    let mut client = Client::new();
    client.sync();
    let calls: Vec<_> = (0..200).map(|_| client.call()).collect();
    let asked: Vec<Seen> = client.sent();
    let asked = asked.iter().filter(|seen| seen.body == REQUEST);
    let mut bodies: Vec<Vec<u8>> = asked.map(|seen| result(seen.msg_id, b"done")).collect();
    // Between others that are no answers in order.
    bodies.insert(150, b"news".to_vec());
    bodies.insert(40, b"news".to_vec());
    let ids: Vec<i64> = bodies.iter().map(|_| client.server_id()).collect();
    let in_one = |bodies: &[Vec<u8>]| {
        let messages = ids.iter().zip(bodies).zip(0..);
        let messages = messages.map(|((id, body), at)| (*id, i32::from(at % 70 != 3), &body[..]));
        container(&messages.collect::<Vec<_>>())
    };
    client.get(&in_one(&bodies)).unwrap();
    let events = client.events();
    let answered: Vec<_> = events
        .iter()
        .filter_map(|event| match event {
            ClientEvent::Answer { call, body } if body == b"done" => Some(*call),
            ClientEvent::Update { body } if body == b"news" => None,
            other => panic!("{other:?}"),
        })
        .collect();
    assert_eq!(answered, calls);
    assert_eq!(events.len(), 202);
    // All that want an ack get one, in order.
    client.call();
    let acks = client.sent();
    let acks = acks
        .iter()
        .find(|seen| seen.body.starts_with(&0x62d6_b459_u32.to_le_bytes()))
        .unwrap();
    let wanted: Vec<u8> = ids
        .iter()
        .enumerate()
        .filter(|(at, _)| at % 70 != 3)
        .flat_map(|(_, id)| id.to_le_bytes())
        .collect();
    assert_eq!(acks.body[12..], wanted);
    // Whatever else comes under these ids.
    client
        .get(&in_one(&vec![b"news".to_vec(); ids.len()]))
        .unwrap();
    assert_eq!(client.events(), []);
}

/// Two calls, and the ids of their requests.
fn two_calls(client: &mut Client) -> ([CallId; 2], [i64; 2]) {
    let calls = [client.call(), client.call()];
    let asked = client.sent().into_iter();
    let asked = asked.filter(|seen| seen.body == REQUEST);
    let ids: Vec<i64> = asked.map(|seen| seen.msg_id).collect();
    (calls, ids.try_into().unwrap())
}

#[test]
fn m7_an_answer_in_order_under_an_id_that_was_here_is_not_taken() {
    let mut client = Client::new();
    client.sync();
    let (calls, asked) = two_calls(&mut client);
    let answers = asked.map(|request| result(request, b"done"));
    let id = client.server_id();
    let same = [(id, 1, &answers[0][..]), (id, 1, &answers[1][..])];
    client.get(&container(&same)).unwrap();
    client.get(&container(&same[1..])).unwrap();
    let answer = |call| {
        let body = b"done".to_vec();
        ClientEvent::Answer { call, body }
    };
    assert_eq!(client.events(), [answer(calls[0])]);
    let id = client.server_id();
    client.get(&container(&[(id, 1, &answers[1])])).unwrap();
    assert_eq!(client.events(), [answer(calls[1])]);
}

#[test]
fn m8_an_answer_in_order_that_is_too_old_is_not_taken() {
    let mut client = Client::new();
    client.sync();
    let inner = client.server_id();
    let old = client.header();
    client.now = at(301);
    let call = client.call();
    let request = client.sent_request();
    let answer = result(request.msg_id, b"done");
    let body = container(&[(inner, 1, &answer)]);
    client.get_with(&old, &body).unwrap();
    assert_eq!(client.events(), []);
    client.get(&body).unwrap();
    let body = b"done".to_vec();
    assert_eq!(client.events(), [ClientEvent::Answer { call, body }]);
}

#[test]
fn m12_an_answer_in_order_may_be_an_error_or_packed() {
    let mut client = Client::new();
    client.sync();
    let (calls, asked) = two_calls(&mut client);
    let error = types::RpcError {
        error_code: 400,
        error_message: "NO_WAY",
    };
    let long = [7; 4000];
    let answers = [error.to_bytes().unwrap(), packed(&long)];
    let [first, second] = [0, 1].map(|at| result(asked[at], &answers[at]));
    let ids = [client.server_id(), client.server_id()];
    client
        .get(&container(&[(ids[0], 1, &first), (ids[1], 1, &second)]))
        .unwrap();
    let error = CallError::Rpc(RpcError::new(400, "NO_WAY"));
    let failed = ClientEvent::Failed {
        call: calls[0],
        error,
    };
    let answered = ClientEvent::Answer {
        call: calls[1],
        body: long.to_vec(),
    };
    assert_eq!(client.events(), [failed, answered]);
}

#[test]
fn m7_a_packet_that_somebody_repeats_moves_no_session() {
    let mut server = Server::new();
    let (of_client, seq_no) = (server.link.id(), 1);
    let header = server.header(seq_no);
    let packet = sealed(Direction::FromClient, &header, &REQUEST);
    server.get_packet(&packet).unwrap();
    let session = server::SessionRef {
        auth_key_id: key().id(),
        session_id: SESSION,
    };
    let mut stranger = Stranger::new(&mut server);
    assert_eq!(stranger.sends(&mut server, &packet), []);
    assert_eq!(server.server.link_of(session), Some(of_client));
    // What waits for the client goes to the client.
    server
        .server
        .push(server.now, session, b"an update...")
        .unwrap();
    assert_eq!(stranger.sends(&mut server, &packet), []);
    assert!(
        server
            .sent()
            .iter()
            .any(|seen| seen.body == b"an update...")
    );
    // Nor does it keep a session alive.
    server.server.close_link(server.now, of_client);
    server.now = at(100 + 3599);
    stranger.sends(&mut server, &packet);
    assert!(!server.server.is_connected(session));
    server.now = at(100 + 3600);
    server.server.handle_timeout(server.now);
    assert_eq!(server.server.len(), (1, 0));
    // Nor begin one.
    stranger.sends(&mut server, &packet);
    assert_eq!(server.server.len(), (1, 0));
}

/// Whoever it was, it may have been the client.
#[test]
fn m11_a_refusal_goes_where_the_message_came_from() {
    let mut server = Server::new();
    server.get(1, &REQUEST);
    server.sent();
    let mut stranger = Stranger::new(&mut server);
    let mut header = server.header(3);
    header.salt = 1;
    let packet = sealed(Direction::FromClient, &header, &REQUEST);
    for _ in 0..2 {
        let seen = stranger.sends(&mut server, &packet);
        let [notice] = &seen[..] else {
            panic!("{seen:?}")
        };
        let salt = types::BadServerSalt::from_bytes(&notice.body).unwrap();
        assert_eq!(salt.bad_msg_id, header.msg_id);
        assert_eq!(salt.new_server_salt, server.salt);
    }
    assert_eq!(server.sent(), []);

    // Of a session that has not begun, too. Its client must not take what comes later for repeated.
    header.session_id = SESSION + 1;
    let mut last = 0;
    for salt in [1, 2, server.salt] {
        header.salt = salt;
        let packet = sealed(Direction::FromClient, &header, &REQUEST);
        let seen = stranger.sends(&mut server, &packet);
        assert!(!seen.is_empty());
        for seen in seen {
            assert!(seen.msg_id > last);
            last = seen.msg_id;
        }
    }
    assert_eq!(server.server.len(), (1, 2));
    assert_eq!(server.requests().len(), 2);
}

#[test]
fn m7_what_is_below_everything_that_is_remembered_is_refused() {
    let mut server = Server::new();
    let old = server.header(1);
    for seq in 0..2000 {
        server.get(2 * seq + 1, &REQUEST);
        server.requests();
    }
    server.sent();
    server.get_with(&old, &REQUEST).unwrap();
    assert_eq!(server.notices(), [(old.msg_id, 20)]);
    assert!(server.requests().is_empty());
}

/// What it throws away it may never have seen: the server has to send it again.
#[test]
fn m7_a_client_acknowledges_only_what_it_knows() {
    let mut client = Client::new();
    client.sync();
    let call = client.call();
    let request = client.sent_request();
    let late = client.header();
    let headers: Vec<Header> = (0..1100).map(|_| client.header()).collect();
    for header in &headers {
        client.get_with(header, b"news").unwrap();
    }
    assert_eq!(client.events().len(), 1100);
    client.sent();
    let (known, forgotten) = (&headers[1000], &headers[10]);
    client.get_with(known, b"news").unwrap();
    client.get_with(forgotten, b"news").unwrap();
    let answer = result(request.msg_id, b"done");
    client.get_with(&late, &answer).unwrap();
    let inner = (late.msg_id, 1, &answer[..]);
    client.get(&container(&[inner])).unwrap();
    assert_eq!(client.events(), []);
    client.call();
    let sent = client.sent();
    let acks = sent
        .iter()
        .find(|seen| types_id(&seen.body) == Some(0x62d6_b459));
    assert_eq!(acks.unwrap().body[12..], known.msg_id.to_le_bytes());
    // As it does under another id.
    client.get(&answer).unwrap();
    let body = b"done".to_vec();
    assert_eq!(client.events(), [ClientEvent::Answer { call, body }]);
}

#[test]
fn m7_nothing_is_received_twice_when_the_server_was_restarted() {
    for in_order in [false, true] {
        let mut server = Server::new();
        let old = server.header(1);
        let packet = sealed(Direction::FromClient, &old, &REQUEST);
        server.get_packet(&packet).unwrap();
        assert_eq!(server.requests(), [REQUEST]);
        server.sent();

        server.now = at(101);
        server.restart(in_order);
        server.get_packet(&packet).unwrap();
        assert_eq!(server.notices(), [(old.msg_id, 20)]);
        // After a crash the server can't know what it has received. Else it goes on at once.
        let new = server.get(3, &REQUEST);
        let refused = if in_order { vec![] } else { vec![(new, 20)] };
        assert_eq!(server.notices(), refused);
        assert_eq!(server.requests().is_empty(), !in_order);
    }
}

/// A key that was not used in a life is not taken for a new one in the next.
#[test]
fn m7_nothing_is_received_twice_after_many_restarts() {
    let mut server = Server::new();
    let old = server.header(1);
    let packet = sealed(Direction::FromClient, &old, &REQUEST);
    server.get_packet(&packet).unwrap();
    assert_eq!(server.requests(), [REQUEST]);
    for lives in [&[true, true][..], &[false, true], &[true, false]] {
        let mut server = Server::new();
        server.get_packet(&packet).unwrap();
        assert_eq!(server.requests(), [REQUEST]);
        for in_order in lives {
            server.restart(*in_order);
        }
        server.get_packet(&packet).unwrap();
        assert_eq!(server.notices(), [(old.msg_id, 20)]);
        assert!(server.requests().is_empty());
    }
}

/// Somebody keeps what was refused until the server is another one. Its client has sent it under
/// another id since.
#[test]
fn m8_what_was_refused_as_too_new_never_takes_effect_after_a_restart() {
    for lives in [&[false][..], &[true], &[false, true], &[true, true]] {
        let mut server = Server::new();
        let mut header = server.header(1);
        header.msg_id += 60 * SECOND;
        let kept = sealed(Direction::FromClient, &header, &REQUEST);
        server.get_packet(&kept).unwrap();
        assert_eq!(server.notices(), [(header.msg_id, 17)]);

        server.now = at(102);
        for in_order in lives {
            server.restart(*in_order);
        }
        server.now = at(160);
        server.get_packet(&kept).unwrap();
        assert_eq!(server.notices(), [(header.msg_id, 48)], "{lives:?}");
        assert!(server.requests().is_empty(), "{lives:?}");
        // The client learns the new salt.
        let salt = |seen: Seen| seen.salt;
        let other = Header {
            session_id: SESSION + 1,
            ..server.header(1)
        };
        server.get_with(&other, &REQUEST).unwrap();
        server.salt = server.sent().into_iter().map(salt).next().unwrap();
        server.get(3, &REQUEST);
        assert_eq!(server.requests(), [REQUEST], "{lives:?}");
    }
}

/// The same, of a key that was added without a store.
#[test]
fn m8_salts_of_a_key_of_which_nothing_is_known_are_new() {
    let mut server = Server::new();
    let mut header = server.header(1);
    header.msg_id += 60 * SECOND;
    let kept = sealed(Direction::FromClient, &header, &REQUEST);
    server.get_packet(&kept).unwrap();
    assert_eq!(server.notices(), [(header.msg_id, 17)]);
    let (config, secret) = (server::Config::new([]), SaltSecret::new([3; 32]));
    server.server = server::Server::with_salts(at(102), config, secret);
    server.server.add_key(key());
    server.now = at(160);
    server.connect();
    server.get_packet(&kept).unwrap();
    assert_eq!(server.notices(), [(header.msg_id, 48)]);
    assert!(server.requests().is_empty());
}

#[test]
fn m8_what_was_refused_as_too_old_never_takes_effect_though_the_clock_is_set_back() {
    let mut server = Server::new();
    server.now = at(500);
    let mut header = server.header(1);
    header.msg_id -= 310 * SECOND;
    let packet = sealed(Direction::FromClient, &header, &REQUEST);
    server.get_packet(&packet).unwrap();
    assert_eq!(server.notices(), [(header.msg_id, 16)]);
    server.now.unix -= Duration::from_secs(20);
    server.get_packet(&packet).unwrap();
    assert_eq!(server.notices(), [(header.msg_id, 20)]);
    assert!(server.requests().is_empty());
    // What was never too old is taken.
    header.msg_id += 15 * SECOND;
    server.get_with(&header, &REQUEST).unwrap();
    assert_eq!(server.notices(), []);
    assert_eq!(server.requests(), [REQUEST]);
}

/// A clock that was wrong by a day for a moment bars nobody for longer than that of others may be
/// ahead.
#[test]
fn m8_a_clock_that_was_far_ahead_for_a_moment_bars_nobody_for_long() {
    const DAY: Duration = Duration::from_secs(86_400);
    let mut server = Server::new();
    server.get(1, &REQUEST);
    assert_eq!(server.requests(), [REQUEST]);
    server.now.unix += DAY;
    let true_time = server.get(3, &REQUEST);
    assert!(server.notices().contains(&(true_time, 16)));
    server.now.unix -= DAY;
    let same_time = server.get(3, &REQUEST);
    assert_eq!(server.notices(), [(same_time, 20)]);
    server.now = at(131);
    server.get(5, &REQUEST);
    assert_eq!(server.notices(), []);
    assert_eq!(server.requests(), [REQUEST]);
}

#[test]
fn m8_messages_are_300_seconds_old_at_most_and_30_ahead() {
    for (offset, code) in [(-301, Some(16)), (-299, None), (29, None), (31, Some(17))] {
        let mut server = Server::new();
        server.now = at(1000);
        server.salt = SaltSecret::new([3; 32])
            .valid(key().id(), TIME + 1000)
            .current;
        let mut header = server.header(1);
        header.msg_id += offset * SECOND;
        server.get_with(&header, &REQUEST).unwrap();
        let notices: Vec<i32> = server.notices().into_iter().map(|n| n.1).collect();
        assert_eq!(notices, Vec::from_iter(code), "{offset}");
        assert_eq!(server.requests().is_empty(), code.is_some());
    }
    for (offset, good) in [(-301, false), (-299, true), (29, true), (31, false)] {
        let mut client = Client::new();
        client.sync();
        let mut header = client.header();
        header.msg_id += offset * SECOND;
        client.get_with(&header, b"update..").unwrap();
        assert_eq!(client.events().len(), usize::from(good), "{offset}");
    }
}

#[test]
fn m8_what_was_refused_as_too_new_never_takes_effect() {
    let mut server = Server::new();
    let mut header = server.header(1);
    header.msg_id += 60 * SECOND;
    let packet = sealed(Direction::FromClient, &header, &REQUEST);
    server.get_packet(&packet).unwrap();
    assert_eq!(server.notices(), [(header.msg_id, 17)]);
    server.now = at(160);
    server.get_packet(&packet).unwrap();
    assert_eq!(server.notices(), [(header.msg_id, 17)]);
    assert!(server.requests().is_empty());
}

/// Somebody keeps what was refused until the server has forgotten the session.
#[test]
fn m8_what_was_refused_as_too_new_bars_nothing_but_itself() {
    let mut server = Server::with(|config| config.max_sessions_per_key = 1);
    let mut header = server.header(1);
    header.msg_id += 3600 * SECOND;
    let kept = sealed(Direction::FromClient, &header, &REQUEST);
    server.get_packet(&kept).unwrap();
    assert_eq!(server.notices(), [(header.msg_id, 17)]);
    server.reconnect();

    // Each makes the server forget the one before.
    for session_id in [SESSION + 1, SESSION + 2] {
        let mut other = server.header(1);
        other.session_id = session_id;
        server.get_with(&other, &REQUEST).unwrap();
        assert_eq!(server.notices(), []);
        assert_eq!(server.requests(), [REQUEST]);
        server.reconnect();
    }

    server.now = at(3700);
    server.get_packet(&kept).unwrap();
    let known = |notice: &(i64, i32)| notice.0 == header.msg_id;
    // The salt may be what it minds first.
    assert!(server.notices().iter().any(known));
    assert!(server.requests().is_empty());
}

/// A notice that was long under way says nothing of what the server has taken since.
#[test]
fn m8_only_what_was_refused_is_sent_anew() {
    let mut client = Client::new();
    client.sync();
    client.now = at(40);
    let call = |client: &mut Client, body: &[u8]| {
        let options = CallOptions::default();
        let call = client.connection.call(client.now, body, options).unwrap();
        let sent = client.sent();
        let sent = sent.into_iter().find(|seen| seen.body == body).unwrap();
        (call, sent)
    };
    let (_, refused) = call(&mut client, &REQUEST);
    let (other, _) = call(&mut client, b"\x01\x02\x03\x04else");
    let notice = types::BadMsgNotification {
        bad_msg_id: refused.packet,
        bad_msg_seqno: 1,
        error_code: 17,
    };
    let header = Header {
        msg_id: (TIME + 5) * SECOND + 1,
        seq_no: 0,
        ..client.header()
    };
    let session = client.connection.session_id();
    client
        .get_with(&header, &notice.to_bytes().unwrap())
        .unwrap();
    let error = CallError::Lost;
    let lost = ClientEvent::Failed { call: other, error };
    assert!(client.events().contains(&lost));
    assert_ne!(client.connection.session_id(), session);
    client.sent_request();
}

#[test]
fn m8_a_client_whose_clock_is_wrong_gets_through() {
    for offset in [-3600, 3600] {
        let mut pair = Pair::new(4);
        pair.client_clock = offset * 1000;
        pair.restart_client();
        pair.next(Duration::from_secs(100));
        pair.connect();
        let body = run_call(&mut pair);
        assert_eq!(body, REQUEST, "{offset}");
    }
}

/// One call that is answered with its own body.
fn run_call(pair: &mut Pair) -> Vec<u8> {
    let now = pair.now();
    let options = CallOptions::default();
    let wanted = pair.client.call(now, &REQUEST, options).unwrap();
    loop {
        match pair.next(Duration::from_secs(60)).expect("an answer") {
            Happening::Server(ServerEvent::Request {
                from,
                request,
                body,
                ..
            }) => {
                assert!(pair.reply(from, request, Ok(&body)));
            }
            Happening::Client(ClientEvent::Answer { call, body }) if call == wanted => return body,
            Happening::Client(ClientEvent::Failed { error, .. }) => panic!("{error:?}"),
            Happening::Closed(side, error) => panic!("{side:?} {error:?}"),
            _ => {}
        }
    }
}

#[test]
fn m9_sequence_numbers_of_requests_are_odd() {
    let mut server = Server::new();
    let even = server.get(2, &REQUEST);
    assert_eq!(server.notices(), [(even, 35)]);
    // Clients differ about service messages.
    let ping = functions::Ping { ping_id: 1 }.to_bytes().unwrap();
    server.get(3, &ping);
    server.get(4, &ping);
    assert_eq!(server.notices(), []);
    assert!(server.requests().is_empty());
}

#[test]
fn m9_a_strict_server_minds_all_of_them() {
    let mut server = Server::with(|config| config.session.seq_no_check = SeqNoCheck::Strict);
    let ack = types::MsgsAck { msg_ids: &[5] }.to_bytes().unwrap();
    let odd = server.get(1, &ack);
    assert_eq!(server.notices(), [(odd, 34)]);
    server.get(5, &REQUEST);
    assert_eq!(server.notices(), []);
    let low = server.get(3, &REQUEST);
    assert_eq!(server.notices(), [(low, 32)]);
    let mut header = server.header(9);
    header.msg_id -= 10 * SECOND;
    server.get_with(&header, &REQUEST).unwrap();
    assert_eq!(server.notices(), [(header.msg_id, 33)]);
    let inner = server.client_id();
    let outer = server.get(7, &container(&[(inner, 6, &ack)]));
    assert_eq!(server.notices(), [(outer, 34)]);
}

/// Its client has sent it under another id.
#[test]
fn m9_what_was_refused_as_out_of_order_never_takes_effect() {
    let mut server = Server::with(|config| config.session.seq_no_check = SeqNoCheck::Strict);
    server.get(1, &REQUEST);
    let early = server.header(9);
    let _ = server.header(0);
    server.get(3, &REQUEST);
    assert_eq!(server.requests(), [REQUEST; 2]);
    server.sent();
    server.get_with(&early, &REQUEST).unwrap();
    assert_eq!(server.notices(), [(early.msg_id, 33)]);
    // By now its number fits.
    server.get(11, &REQUEST);
    assert_eq!(server.requests(), [REQUEST]);
    server.sent();
    server.get_with(&early, &REQUEST).unwrap();
    assert_eq!(server.notices(), [(early.msg_id, 17)]);
    assert!(server.requests().is_empty());
}

#[test]
fn m10_containers_are_checked_all_through() {
    let mut server = Server::new();
    let inner = server.client_id();
    let good = container(&[(inner, 1, &REQUEST)]);
    let mut nested = 0x73f1_f8dc_u32.to_le_bytes().to_vec();
    nested.extend_from_slice(&1_u32.to_le_bytes());
    nested.extend_from_slice(&inner.to_le_bytes());
    nested.extend_from_slice(&1_i32.to_le_bytes());
    nested.extend_from_slice(&(good.len() as u32).to_le_bytes());
    nested.extend_from_slice(&good);
    let mut many = good.clone();
    many[4..8].copy_from_slice(&(1_u32 << 31).to_le_bytes());
    let mut lying = good.clone();
    lying[20..24].copy_from_slice(&4000_u32.to_le_bytes());
    for bad in [&nested, &many, &lying] {
        let outer = server.get(2, bad);
        assert_eq!(server.notices(), [(outer, 64)]);
        assert!(server.requests().is_empty());
    }
    // Ids in it are lower than its own.
    let header = server.header(2);
    let late = container(&[(header.msg_id + 4, 1, &REQUEST)]);
    server.get_with(&header, &late).unwrap();
    assert_eq!(server.notices(), [(header.msg_id, 64)]);
    // Each message in it is judged by itself.
    let old = inner - 301 * SECOND;
    let outer = container(&[
        (old, 1, &REQUEST),
        (inner, 3, &REQUEST),
        (inner | 1, 5, &REQUEST),
    ]);
    server.get(6, &outer);
    let codes: Vec<i32> = server.notices().into_iter().map(|n| n.1).collect();
    assert_eq!(codes.len(), 2);
    assert!(
        codes.contains(&18) && (codes.contains(&16) || codes.contains(&20)),
        "{codes:?}"
    );
    assert_eq!(server.requests().len(), 1);
    // The id of a message that was received before is no container's.
    let mut header = server.header(6);
    header.msg_id = inner;
    server
        .get_with(&header, &container(&[(inner - 4, 7, &REQUEST)]))
        .unwrap();
    assert_eq!(server.notices(), [(inner, 19)]);

    for bad in [&nested, &many, &lying] {
        let mut client = Client::new();
        assert!(matches!(client.get(bad), Err(Error::Violation(_))));
        assert_eq!(client.events(), []);
    }
    let mut client = Client::new();
    let inner = client.server_id() + 400;
    let late = container(&[(inner, 1, b"update..")]);
    assert!(matches!(client.get(&late), Err(Error::Violation(_))));
}

#[test]
fn m11_salt_and_clock_change_only_for_a_message_sent_lately() {
    let mut client = Client::new();
    client.sync();
    let salt_notice = |bad_msg_id| types::BadServerSalt {
        bad_msg_id,
        bad_msg_seqno: 1,
        error_code: 48,
        new_server_salt: 99,
    };
    client
        .get(&salt_notice(4711 * SECOND).to_bytes().unwrap())
        .unwrap();
    assert_eq!(client.connection.salt(), 5);
    let before = client.connection.clock_offset();
    for error_code in [16, 17] {
        let notice = types::BadMsgNotification {
            bad_msg_id: 4712 * SECOND,
            bad_msg_seqno: 1,
            error_code,
        };
        let mut header = client.header();
        header.msg_id += 10_000 * SECOND;
        client
            .get_with(&header, &notice.to_bytes().unwrap())
            .unwrap();
        assert_eq!(client.connection.clock_offset(), before);
    }

    client.call();
    let first = client.sent_request();
    client
        .get(&salt_notice(first.packet).to_bytes().unwrap())
        .unwrap();
    assert_eq!(client.connection.salt(), 99);
    let again = client.sent_request();
    assert_eq!((again.salt, again.msg_id), (99, first.msg_id));
    assert_ne!(again.packet, first.packet);
}

/// A server that has crashed may have taken, since, what it has refused before: somebody has held back
/// the notice for so long. It wants another salt since then.
#[test]
fn m8_a_notice_from_before_a_crash_is_not_believed() {
    let mut client = Client::new();
    client.sync();
    client.call();
    let request = client.sent_request();
    let mut held_back = client.header();
    let notice = |code, bad_msg_id| types::BadMsgNotification {
        bad_msg_id,
        bad_msg_seqno: 1,
        error_code: code,
    };
    let salt = types::BadServerSalt {
        bad_msg_id: request.packet,
        bad_msg_seqno: 1,
        error_code: 48,
        new_server_salt: 9,
    };
    client.get(&salt.to_bytes().unwrap()).unwrap();
    assert_eq!(client.sent_request().msg_id, request.msg_id);
    let too_new = notice(17, request.msg_id).to_bytes().unwrap();
    client.get_with(&held_back, &too_new).unwrap();
    client
        .connection
        .handle_timeout(client.now, &mut client.rng)
        .unwrap();
    let sent = client.sent();
    assert!(sent.iter().all(|seen| seen.body != REQUEST));
    assert!(
        sent.iter()
            .any(|seen| types_id(&seen.body) == Some(types::MsgsStateReq::ID))
    );
    // The one that is there now is believed.
    held_back.msg_id = client.server_id();
    client.get_with(&held_back, &too_new).unwrap();
    assert_ne!(client.sent_request().msg_id, request.msg_id);
}

#[test]
fn m11_a_ping_that_was_refused_goes_again() {
    let mut client = Client::new();
    let ping_of = |seen: Vec<Seen>| {
        let is_ping = |seen: &Seen| {
            types_id(&seen.body) == Some(<functions::PingDelayDisconnect as Identified>::ID)
        };
        seen.into_iter().find(is_ping)
    };
    let first = ping_of(client.sent()).expect("a ping at the beginning");
    let bad_salt = types::BadServerSalt {
        bad_msg_id: first.packet,
        bad_msg_seqno: 0,
        error_code: 48,
        new_server_salt: 9,
    };
    client.get(&bad_salt.to_bytes().unwrap()).unwrap();
    let (connection, now, rng) = (&mut client.connection, client.now, &mut client.rng);
    assert!(connection.poll_timeout(now) <= Some(now.monotonic));
    connection.handle_timeout(now, rng).unwrap();
    let second = ping_of(client.sent()).expect("another ping");
    assert_eq!((first.salt, second.salt), (5, 9));

    // Not as often as a server refuses that takes nothing for a while.
    let bad_msg = types::BadMsgNotification {
        bad_msg_id: second.packet,
        bad_msg_seqno: 0,
        error_code: 20,
    };
    client.get(&bad_msg.to_bytes().unwrap()).unwrap();
    client
        .connection
        .handle_timeout(client.now, &mut client.rng)
        .unwrap();
    assert_eq!(ping_of(client.sent()), None);
    client.now = at(1);
    client
        .connection
        .handle_timeout(client.now, &mut client.rng)
        .unwrap();
    assert!(ping_of(client.sent()).is_some());
}

fn types_id(body: &[u8]) -> Option<u32> {
    body.first_chunk().map(|id| u32::from_le_bytes(*id))
}

#[test]
fn m12_a_call_has_one_result() {
    let mut client = Client::new();
    let call = client.call();
    let cancelled = client.call();
    let sent = client.sent();
    let ids: Vec<i64> = sent
        .iter()
        .filter(|s| s.body == REQUEST)
        .map(|s| s.msg_id)
        .collect();
    assert!(client.connection.cancel(cancelled));
    client.get(&result(ids[1], b"too late")).unwrap();
    client.get(&result(4713 * SECOND, b"whose?..")).unwrap();
    assert_eq!(client.events(), []);
    client.get(&result(ids[0], b"first...")).unwrap();
    client.get(&result(ids[0], b"second..")).unwrap();
    let body = b"first...".to_vec();
    assert_eq!(client.events(), [ClientEvent::Answer { call, body }]);
}

/// `gzip_packed` of anything, by hand.
fn packed(body: &[u8]) -> Vec<u8> {
    use std::io::Write;
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    encoder.write_all(body).unwrap();
    let stream = encoder.finish().unwrap();
    assert!(stream.len() < 254);
    let mut out = gzip::GZIP_PACKED_ID.to_le_bytes().to_vec();
    out.push(stream.len() as u8);
    out.extend_from_slice(&stream);
    out.resize(out.len().next_multiple_of(4), 0);
    out
}

#[test]
fn m13_packed_values_are_bounded_and_not_packed_again() {
    let pack = |body: &[u8]| {
        let mut packed = Vec::new();
        assert!(gzip::pack(body, &mut packed));
        packed
    };
    let bomb = pack(&vec![0; 16 << 20]);
    let nested = packed(&pack(&[1; 4000]));
    for bad in [&bomb, &nested] {
        let mut client = Client::new();
        let call = client.call();
        let request = client.sent_request();
        client.get(&result(request.msg_id, bad)).unwrap();
        let error = CallError::Unreadable;
        assert_eq!(client.events(), [ClientEvent::Failed { call, error }]);
        client.get(bad).unwrap();
        assert_eq!(client.events(), []);

        let mut server = Server::new();
        server.get(1, bad);
        assert!(server.requests().is_empty());
        let answers = server.sent();
        let error =
            |seen: &Seen| RpcResult::read(&seen.body).and_then(|r| Some(r.error()?.error_code));
        assert!(answers.iter().any(|seen| error(seen) == Some(400)));
    }
    // A container full of them shares one limit.
    let mut client = Client::new();
    let nine = pack(&vec![1; 9 << 20]);
    let ids: Vec<i64> = (0..50).map(|_| client.server_id()).collect();
    let many: Vec<(i64, i32, &[u8])> = ids.iter().map(|id| (*id, 1, &nine[..])).collect();
    client.get(&container(&many)).unwrap();
    assert_eq!(client.events().len(), 1);
}

#[test]
fn m14_a_reflected_packet_is_refused() {
    let mut client = Client::new();
    client.call();
    let bytes = client.sent_bytes();
    let len = u32::from_le_bytes(*bytes.first_chunk().unwrap()) as usize;
    assert_eq!(client.get_packet(&bytes[4..4 + len]), Err(Error::Decrypt));
}

#[test]
fn m15_a_bad_packet_ends_the_connection_and_changes_nothing() {
    let mut client = Client::new();
    client.sync();
    let call = client.call();
    let request = client.sent_request();
    let state = |client: &Client| {
        let connection = &client.connection;
        (
            connection.salt(),
            connection.clock_offset(),
            connection.pending(),
        )
    };
    let before = state(&client);
    let header = client.header();
    let mut packet = sealed(
        Direction::FromServer,
        &header,
        &result(request.msg_id, b"forged.."),
    );
    packet[30] ^= 1;
    assert_eq!(client.get_packet(&packet), Err(Error::Decrypt));
    assert!(!client.connection.is_connected());
    assert_eq!(state(&client), before);
    assert_eq!(client.events(), []);
    assert_eq!(client.sent(), []);

    client.connect();
    assert!(!client.sent().is_empty());
    client.get(&result(request.msg_id, b"genuine.")).unwrap();
    let body = b"genuine.".to_vec();
    assert_eq!(client.events(), [ClientEvent::Answer { call, body }]);

    let mut server = Server::new();
    let header = server.header(1);
    let mut packet = sealed(Direction::FromClient, &header, &REQUEST);
    packet[30] ^= 1;
    assert_eq!(server.get_packet(&packet), Err(Error::Decrypt));
    // It is over: not even a good one is taken.
    packet[30] ^= 1;
    server.get_packet(&packet).unwrap();
    assert!(server.requests().is_empty());
}

#[test]
fn m16_one_message_id_has_one_plaintext() {
    let mut client = Client::new();
    client.sync();
    client.call();
    let mut packets: HashMap<i64, Vec<u8>> = HashMap::new();
    let mut bodies: HashMap<i64, Vec<u8>> = HashMap::new();
    let mut times = 0;
    for _ in 0..5 {
        let sent = client.sent();
        let mut state_reqs = Vec::new();
        for seen in sent {
            // The outer id is used for one packet only, and what travels again stays the same.
            let known = bodies
                .entry(seen.msg_id)
                .or_insert_with(|| seen.body.clone());
            assert_eq!(*known, seen.body);
            times += usize::from(seen.body == REQUEST);
            if seen.body == REQUEST && seen.packet == seen.msg_id {
                assert_eq!(packets.insert(seen.packet, seen.body.clone()), None);
            }
            let arena = Arena::new();
            if let Ok(ask) = types::MsgsStateReq::from_bytes_in(&seen.body, &arena) {
                state_reqs.push((seen.msg_id, ask.msg_ids.len()));
            }
        }
        for (req_msg_id, count) in state_reqs {
            let info = types::MsgsStateInfo {
                req_msg_id,
                info: &vec![2; count],
            };
            client.get(&info.to_bytes().unwrap()).unwrap();
        }
        client.connection.disconnect();
        client.now.monotonic += Duration::from_secs(1);
        client.now.unix += Duration::from_secs(1);
        client.connect();
    }
    assert!(times >= 2, "it was sent {times} times");
    let requests = bodies.values().filter(|body| **body == REQUEST).count();
    assert_eq!(requests, 1, "under one id");
}

/// A pair in which the client uses temporary keys.
fn pfs_pair(seed: u64) -> Pair {
    let pem = include_str!("vectors/test_key.pkcs8.pem");
    let rsa_key = PrivateKey::from_pem(pem).unwrap();
    Pair::with_provider(seed, TestCrypto, |client, server| {
        client.handshake.keys = vec![rsa_key.public().clone()];
        client.pfs = Some(client::Pfs::default());
        server.handshake.keys = vec![rsa_key];
    })
}

#[test]
fn p1_temporary_keys_are_bound_before_use_replaced_in_time_and_never_told() {
    let mut pair = pfs_pair(1);
    pair.connect();
    let mut bound = Vec::new();
    let start = pair.now().unix.as_secs();
    for hour in 0..50 {
        assert_eq!(run_pfs_call(&mut pair, &mut bound), REQUEST, "{hour}");
        let end = pair.now().monotonic + Duration::from_secs(1800);
        while let Some(happening) = pair.next(end.saturating_sub(pair.now().monotonic)) {
            match happening {
                Happening::Client(ClientEvent::Bound { expires_at }) => bound.push(expires_at),
                Happening::Client(ClientEvent::NewKey(key)) => panic!("{key:?} was told"),
                Happening::Closed(side, error) => panic!("{side:?} {error:?} in hour {hour}"),
                _ => {}
            }
        }
    }
    // 25 hours, of which a key lives 24.
    assert_eq!(bound.len(), 2, "{bound:?}");
    assert!(i64::from(bound[0]) <= start as i64 + 86_460);
    assert!(bound[1] > bound[0]);
}

/// The same moment later, after everything that happens by itself, with nothing heard of a server;
/// how the client ends that.
fn silence(client: &mut client::Connection<TestCrypto>, mut now: Now) -> (Duration, Error) {
    let start = now.monotonic;
    let mut rng = Seeded::new(9);
    for _ in 0..100 {
        while client
            .poll_transmit(now, &mut rng, &mut Vec::new())
            .unwrap()
        {}
        let due = client.poll_timeout(now).expect("a time-out");
        let passed = due.saturating_sub(now.monotonic);
        now.monotonic += passed;
        now.unix += passed;
        if let Err(error) = client.handle_timeout(now, &mut rng) {
            return (now.monotonic - start, error);
        }
    }
    panic!("the client goes on for ever, {:?}", now.monotonic - start);
}

/// It has noticed neither, and asked to be called again at once, for ever.
#[test]
fn p1_a_network_that_is_gone_while_a_key_is_made_or_bound_is_noticed() {
    for heard in [0, 1, 2, 3, 4] {
        let mut pair = pfs_pair(3);
        pair.connect();
        for _ in 0..heard {
            pair.next(Duration::from_millis(22));
        }
        assert!(!pair.client.is_ready());
        let now = pair.now();
        let (after, error) = silence(&mut pair.client, now);
        assert_eq!(error, Error::Silent);
        assert!(after <= Duration::from_secs(60), "{heard}: {after:?}");
        assert!(!pair.client.is_connected());
    }
}

/// The clock of the client is found to be wrong only when the key is bound.
#[test]
fn p1_a_key_is_bound_though_the_clock_was_wrong() {
    let mut pair = pfs_pair(4);
    pair.connect();
    let is_key =
        |happening: &Happening| matches!(happening, Happening::Server(ServerEvent::NewKey(_)));
    while !is_key(&pair.next(Duration::from_secs(60)).expect("a key")) {}
    pair.client_clock += 3_600_000;
    let mut bound = Vec::new();
    assert_eq!(run_pfs_call(&mut pair, &mut bound), REQUEST);
}

fn run_pfs_call(pair: &mut Pair, bound: &mut Vec<i32>) -> Vec<u8> {
    let now = pair.now();
    let wanted = pair
        .client
        .call(now, &REQUEST, CallOptions::default())
        .unwrap();
    let permanent = pair.key().id();
    loop {
        let happening = pair.next(Duration::from_secs(60));
        match happening.expect("an answer") {
            Happening::Server(ServerEvent::Request {
                from,
                request,
                body,
                permanent: p,
            }) => {
                assert_eq!(p, Some(permanent), "bound before use");
                assert_ne!(
                    from.auth_key_id, permanent,
                    "the permanent key encrypts nothing"
                );
                pair.reply(from, request, Ok(&body));
            }
            Happening::Client(ClientEvent::Answer { call, body }) if call == wanted => return body,
            Happening::Client(ClientEvent::Bound { expires_at }) => bound.push(expires_at),
            Happening::Client(ClientEvent::Failed { error, .. }) => panic!("{error:?}"),
            Happening::Closed(side, error) => panic!("{side:?} {error:?}"),
            _ => {}
        }
    }
}

#[test]
fn p1_a_key_that_is_not_bound_may_ask_for_little() {
    let mut server = Server::new();
    let temporary = handshake::NewKey {
        auth_key: key(),
        first_salt: 9,
        expires_at: Some((TIME + 1000) as i32),
        server_time: TIME as i32,
        dc: None,
    };
    server.server.remove_key(key().id());
    assert!(server.server.add_new_key(temporary));
    server.get(1, &REQUEST);
    assert!(server.requests().is_empty());
    let error = |seen: &Seen| RpcResult::read(&seen.body).and_then(|r| Some(r.error()?.error_code));
    assert!(server.sent().iter().any(|seen| error(seen) == Some(401)));
    server.get(3, &0xc4f9_186b_u32.to_le_bytes());
    assert_eq!(server.requests().len(), 1);
    // And after its end it is as unknown as any.
    server.now = at(1001);
    let header = server.header(5);
    assert!(matches!(
        server.get_with(&header, &REQUEST),
        Err(Error::Status(_))
    ));
    let mut bytes = Vec::new();
    let (now, rng) = (server.now, &mut server.rng);
    let _ = server
        .link
        .poll_transmit(now, &mut server.server, rng, &mut bytes);
    assert!(bytes.ends_with(&(-404_i32).to_le_bytes()));
}

#[test]
fn p2_an_invalid_binding_means_a_lost_key_only_if_the_key_is_old() {
    for (age, lost) in [(10, false), (120, true)] {
        let mut pair = pfs_pair(2);
        let id = pair.key().id();
        pair.server.remove_key(id);
        pair.key_created_at = pair.now().unix.as_secs() as i64 - age;
        pair.restart_client();
        pair.connect();
        let mut was_lost = false;
        let end = pair.now().monotonic + Duration::from_secs(20);
        while let Some(happening) = pair.next(end.saturating_sub(pair.now().monotonic)) {
            was_lost |= happening == Happening::Client(ClientEvent::KeyLost);
        }
        assert_eq!(was_lost, lost, "{age}");
        assert_eq!(pair.client.permanent_key().is_none(), lost);
    }
}

#[test]
fn t1_lengths_and_checksums_are_bounded_before_anything_is_reserved() {
    for framing in [
        Framing::Abridged,
        Framing::Intermediate,
        Framing::PaddedIntermediate,
    ] {
        let mut rng = Seeded::new(1);
        let mut server = server::Server::new(at(0), server::Config::new([]), &mut rng);
        let mut link = server::Connection::new(&mut server);
        let bytes: &[u8] = match framing {
            Framing::Abridged => b"\xef\x7f\xff\xff\xff",
            Framing::Intermediate => b"\xee\xee\xee\xee\xff\xff\xff\x7f",
            _ => b"\xdd\xdd\xdd\xdd\xff\xff\xff\x7f",
        };
        let result = link.handle_bytes(at(0), &mut server, bytes, &mut rng);
        assert!(matches!(result, Err(Error::Transport(_))), "{framing:?}");
    }
    // Full: a wrong checksum, then a wrong number.
    for change in [30, 4] {
        let mut rng = Seeded::new(1);
        let mut server = server::Server::new(at(0), server::Config::new([]), &mut rng);
        let mut link = server::Connection::new(&mut server);
        let mut client = Transport::client(Framing::Full);
        let mut bytes = Vec::new();
        client
            .encoder
            .encode(&[1; 24], false, &mut rng, &mut bytes)
            .unwrap();
        let second = bytes.len();
        client
            .encoder
            .encode(&[1; 24], false, &mut rng, &mut bytes)
            .unwrap();
        bytes[second + change] ^= 1;
        let result = link.handle_bytes(at(0), &mut server, &bytes, &mut rng);
        assert!(matches!(result, Err(Error::Transport(_))), "{change}");
    }
}

#[test]
fn t2_an_obfuscated_header_is_taken_once_where_there_is_a_secret() {
    let mut rng = Seeded::new(1);
    let secret = ProxySecret::new([7; 16]);
    let mut config = server::Config::new([]);
    config.detector = DetectorConfig {
        secrets: vec![secret.clone()],
        ..DetectorConfig::default()
    };
    let mut server = server::Server::new(at(0), config, &mut rng);
    let mut client =
        Transport::obfuscated_client(Framing::Abridged, Some(2), Some(&secret), &mut rng).unwrap();
    let mut bytes = Vec::new();
    client
        .encoder
        .encode(&[1; 24], false, &mut rng, &mut bytes)
        .unwrap();
    let mut first = server::Connection::new(&mut server);
    first
        .handle_bytes(at(0), &mut server, &bytes, &mut rng)
        .unwrap();
    assert!(first.transport().is_some());
    let mut second = server::Connection::new(&mut server);
    let result = second.handle_bytes(at(0), &mut server, &bytes, &mut rng);
    assert!(matches!(result, Err(Error::Transport(_))));
}

#[test]
fn m16_what_is_sent_again_has_another_packet_id_though_it_travels_alone() {
    let mut client = Client::new();
    client.sync();
    client.call();
    let is_request = |seen: &Seen| seen.body == REQUEST;
    let first = client.sent().into_iter().find(is_request).unwrap();
    let ask = types::MsgResendReq {
        msg_ids: &[first.msg_id],
    };
    let header = client.header();
    let header = Header {
        seq_no: header.seq_no & !1,
        ..header
    };
    client.get_with(&header, &ask.to_bytes().unwrap()).unwrap();
    let sent = client.sent();
    let again = sent.iter().find(|seen| is_request(seen)).unwrap();
    assert_eq!(again.msg_id, first.msg_id);
    assert!(![first.packet, first.msg_id].contains(&again.packet));
    assert!(
        sent.iter()
            .all(|seen| [again.packet, again.msg_id].contains(&seen.msg_id))
    );
}
