//! What a server remembers of clients that mean harm: a table that one of them could fill would be
//! closed to all others.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::time::Duration;

use mtproto_runtime::Now;
use mtproto_runtime::connection::Error;
use mtproto_runtime::connection::server::{Config, Connection, Event, Server, SessionRef};
use mtproto_runtime::crypto::binding::{self, Binding};
use mtproto_runtime::crypto::packet::{self, Header, Padding};
use mtproto_runtime::crypto::random::SystemRandom;
use mtproto_runtime::crypto::{AuthKey, Direction};
use mtproto_runtime::handshake::NewKey;
use mtproto_runtime::service::types::BindAuthKeyInner;
use mtproto_runtime::testing::Seeded;
use mtproto_runtime::tl::TlWrite;
use mtproto_runtime::transport::Status;

const START: u64 = 1_790_000_000;
const REQUEST: [u8; 4] = 0x1111_1111_u32.to_le_bytes();

fn at(seconds: u64) -> Now {
    Now {
        monotonic: Duration::from_secs(seconds),
        unix: Duration::from_secs(START + seconds),
    }
}

fn key(number: u8) -> AuthKey {
    AuthKey::new([number; 256])
}

fn new_key(number: u8, seconds: u64) -> NewKey {
    NewKey {
        auth_key: key(number),
        first_salt: 5,
        expires_at: None,
        server_time: i32::try_from(START + seconds).unwrap(),
        dc: None,
    }
}

fn server(change: impl FnOnce(&mut Config)) -> Server {
    let mut config = Config::new([]);
    change(&mut config);
    Server::new(at(0), config, &mut SystemRandom::new())
}

/// A connection on which the transport was told.
fn connection(server: &mut Server) -> Connection {
    let mut connection = Connection::new(server);
    let mut rng = SystemRandom::new();
    connection
        .handle_bytes(at(0), server, &[0xee; 4], &mut rng)
        .unwrap();
    connection
}

/// A request of a client with this key, in this session.
fn ask(
    server: &mut Server,
    connection: &mut Connection,
    number: u8,
    session_id: i64,
    seconds: u64,
) -> Result<(), Error> {
    say(server, connection, number, session_id, seconds, &REQUEST)
}

/// The same with any body.
fn say(
    server: &mut Server,
    connection: &mut Connection,
    number: u8,
    session_id: i64,
    seconds: u64,
    body: &[u8],
) -> Result<(), Error> {
    let mut rng = SystemRandom::new();
    let header = Header {
        salt: 5,
        session_id,
        msg_id: i64::try_from(START + seconds).unwrap() << 32,
        seq_no: 1,
    };
    let mut packet = Vec::new();
    packet::seal_message(
        &key(number),
        Direction::FromClient,
        &header,
        body,
        Padding::Shortest,
        &mut rng,
        &mut packet,
    )
    .unwrap();
    let len = u32::try_from(packet.len()).unwrap();
    let bytes = [&len.to_le_bytes()[..], &packet].concat();
    connection.handle_bytes(at(seconds), server, &bytes, &mut rng)
}

fn session(number: u8, session_id: i64) -> SessionRef {
    SessionRef {
        auth_key_id: key(number).id(),
        session_id,
    }
}

fn closed(server: &mut Server, seconds: u64) -> Vec<SessionRef> {
    let mut closed = Vec::new();
    while let Some(event) = server.poll_event(at(seconds)) {
        if let Event::Closed { from, .. } = event {
            closed.push(from);
        }
    }
    closed
}

#[test]
fn a_full_table_of_sessions_gives_up_those_without_a_connection() {
    let mut server = server(|config| config.max_sessions = 3);
    server.add_new_key(new_key(1, 0));
    server.add_new_key(new_key(2, 0));
    let mut good = connection(&mut server);
    ask(&mut server, &mut good, 1, 1, 1).unwrap();
    // Another client comes and goes, again and again.
    for number in 2..10_i64 {
        let seconds = u64::try_from(number).unwrap();
        let mut link = connection(&mut server);
        ask(&mut server, &mut link, 2, number, seconds).unwrap();
        server.close_link(at(seconds), link.id());
        let gone: Vec<_> = (number > 3)
            .then(|| session(2, number - 2))
            .into_iter()
            .collect();
        assert_eq!(closed(&mut server, seconds), gone);
    }
    assert!(server.is_connected(session(1, 1)));
    // Those with one are not given up.
    let mut links: Vec<Connection> = Vec::new();
    for number in 10..12 {
        let mut link = connection(&mut server);
        ask(&mut server, &mut link, 2, number, 10).unwrap();
        links.push(link);
    }
    let mut link = connection(&mut server);
    let refused = ask(&mut server, &mut link, 2, 12, 10);
    assert!(matches!(refused, Err(Error::Status(Status::Flood))));
    assert!(server.is_connected(session(1, 1)));
}

#[test]
fn a_connection_does_not_hold_on_to_any_number_of_sessions() {
    let mut server = server(|_| {});
    server.add_new_key(new_key(1, 0));
    let mut link = connection(&mut server);
    for number in 0..20 {
        ask(&mut server, &mut link, 1, number, 1).unwrap();
    }
    let connected = (0..20).filter(|number| server.is_connected(session(1, *number)));
    assert_eq!(connected.collect::<Vec<_>>(), (4..20).collect::<Vec<_>>());
    // One that is heard again is back.
    ask(&mut server, &mut link, 1, 0, 2).unwrap();
    assert!(server.is_connected(session(1, 0)) && !server.is_connected(session(1, 4)));
    server.close_link(at(3), link.id());
    assert!((0..20).all(|number| !server.is_connected(session(1, number))));
    assert_eq!(server.len(), (1, 20));
}

#[test]
fn keys_that_nobody_uses_are_forgotten() {
    let mut server = server(|_| {});
    for number in 1..=4 {
        assert!(server.add_new_key(new_key(number, u64::from(number))));
    }
    server.add_key(key(5));
    let mut link = connection(&mut server);
    ask(&mut server, &mut link, 2, 1, 5).unwrap();
    let hour = Duration::from_secs(3600);
    assert!(server.forget_unused(at(3600), hour, 10).is_empty());
    assert_eq!(server.forget_unused(at(3601), hour, 10), [key(1).id()]);
    assert_eq!(server.forget_unused(at(9999), hour, 1), [key(3).id()]);
    server.remove_key(key(4).id());
    assert!(server.forget_unused(at(9999), hour, 10).is_empty());
    let mut left: Vec<i64> = server.key_ids().collect();
    left.sort_unstable();
    let mut wanted = [key(2).id(), key(5).id()];
    wanted.sort_unstable();
    assert_eq!(left, wanted);
}

/// A client that comes and goes does not push out the sessions of those that were here before it.
#[test]
fn a_full_table_of_sessions_gives_up_those_of_the_key_that_has_most() {
    let mut server = server(|config| config.max_sessions = 6);
    for number in 1..=3 {
        server.add_new_key(new_key(number, 0));
    }
    let come_and_go = |server: &mut Server, number, session_id, seconds| {
        let mut link = connection(server);
        ask(server, &mut link, number, session_id, seconds).unwrap();
        // Something runs for the first ones.
        let mut requests = Vec::new();
        let mut gone = Vec::new();
        while let Some(event) = server.poll_event(at(seconds)) {
            match event {
                Event::Request { from, request, .. } => requests.push((from, request)),
                Event::Closed { from, .. } => gone.push(from),
                _ => {}
            }
        }
        for (from, request) in requests {
            if session_id != 1 {
                server.reply(at(seconds), from, request, Ok(&[0; 4]));
            }
        }
        server.close_link(at(seconds), link.id());
        gone
    };
    assert_eq!(come_and_go(&mut server, 1, 7, 1), []);
    assert_eq!(come_and_go(&mut server, 2, 7, 2), []);
    for number in 1..=4 {
        let seconds = u64::try_from(number).unwrap() + 2;
        assert_eq!(come_and_go(&mut server, 3, number, seconds), []);
    }
    // The first one of the third key is the oldest of it, but something runs for it.
    assert_eq!(come_and_go(&mut server, 3, 5, 10), [session(3, 2)]);
    assert_eq!(come_and_go(&mut server, 2, 8, 11), [session(3, 3)]);
    assert_eq!(come_and_go(&mut server, 1, 8, 12), [session(3, 4)]);
}

#[test]
fn temporary_keys_that_are_not_bound_can_be_forgotten() {
    let mut server = server(|_| {});
    for number in 1..=3 {
        let mut key = new_key(number, u64::from(number));
        key.expires_at = (number != 2).then(|| key.server_time + 86_400);
        assert!(server.add_new_key(key));
    }
    let minute = Duration::from_secs(60);
    assert!(server.forget_unbound(at(60), minute, 10).is_empty());
    assert_eq!(server.forget_unbound(at(61), minute, 10), [key(1).id()]);
    assert_eq!(server.forget_unbound(at(99), minute, 10), [key(3).id()]);
    assert!(server.forget_unbound(at(99), minute, 10).is_empty());
    assert_eq!(server.key_ids().collect::<Vec<_>>(), [key(2).id()]);
}

/// Temporary keys of one permanent key are one client, before they are bound and after.
#[test]
fn sessions_of_temporary_keys_count_as_those_of_the_permanent_one() {
    let mut server = server(|config| {
        config.max_sessions = 6;
        config.max_sessions_per_key = 4;
    });
    server.add_new_key(new_key(1, 0));
    server.add_new_key(new_key(2, 0));
    for number in 3..=6 {
        let mut key = new_key(number, 0);
        key.expires_at = Some(key.server_time + 86_400);
        assert!(server.add_new_key(key));
    }
    let mut rng = Seeded::new(1);
    let mut come_and_go = |server: &mut Server, number, session_id, seconds, binds| {
        let mut link = connection(server);
        let body = match binds {
            false => REQUEST.to_vec(),
            true => bind(2, number, session_id, seconds, &mut rng),
        };
        say(server, &mut link, number, session_id, seconds, &body).unwrap();
        let mut requests = Vec::new();
        let mut gone = Vec::new();
        while let Some(event) = server.poll_event(at(seconds)) {
            match event {
                Event::Request { from, request, .. } => requests.push((from, request)),
                Event::Closed { from, .. } => gone.push(from),
                _ => {}
            }
        }
        for (from, request) in requests {
            server.reply(at(seconds), from, request, Ok(&[0; 4]));
        }
        server.close_link(at(seconds), link.id());
        gone
    };
    // The other client has two, on one key.
    assert_eq!(come_and_go(&mut server, 1, 1, 1, false), []);
    assert_eq!(come_and_go(&mut server, 1, 2, 2, false), []);
    // This one has four, each on a key of its own.
    for number in 3..=6 {
        let seconds = u64::from(number);
        assert_eq!(come_and_go(&mut server, number, 7, seconds, true), []);
    }
    assert_eq!(server.sessions_of(key(2).id()).len(), 4);
    // The table is full: it has most of them, though no key of its has.
    assert_eq!(come_and_go(&mut server, 1, 3, 8, false), [session(3, 7)]);
    server.close_session(session(1, 1));
    assert_eq!(closed(&mut server, 9), [session(1, 1)]);
    // And it has as many as it may, soon.
    assert_eq!(come_and_go(&mut server, 2, 7, 10, false), []);
    assert_eq!(come_and_go(&mut server, 2, 8, 11, false), [session(4, 7)]);
}

/// `auth.bindTempAuthKey` for a session of a temporary key.
fn bind(permanent: u8, temporary: u8, session_id: i64, seconds: u64, rng: &mut Seeded) -> Vec<u8> {
    let expires_at = i32::try_from(START + 86_400).unwrap();
    let inner = BindAuthKeyInner {
        nonce: 9,
        temp_auth_key_id: key(temporary).id(),
        perm_auth_key_id: key(permanent).id(),
        temp_session_id: session_id,
        expires_at,
    };
    let msg_id = i64::try_from(START + seconds).unwrap() << 32;
    let inner = inner.to_bytes().unwrap().try_into().unwrap();
    let sealed = binding::seal(&key(permanent), &Binding { msg_id, inner }, rng);
    let mut body = 0xcdd4_2a05_u32.to_le_bytes().to_vec();
    body.extend(key(permanent).id().to_le_bytes());
    body.extend(9_i64.to_le_bytes());
    body.extend(expires_at.to_le_bytes());
    sealed[..].write_to(&mut body).unwrap();
    body
}

#[test]
fn a_destroyed_key_is_gone_when_nobody_is_left_to_be_told() {
    const DESTROY: [u8; 4] = 0xd143_5160_u32.to_le_bytes();
    // The connection is lost before the server has looked at the message.
    let mut server = server(|_| {});
    server.add_new_key(new_key(1, 0));
    let mut link = connection(&mut server);
    say(&mut server, &mut link, 1, 1, 1, &DESTROY).unwrap();
    server.close_link(at(1), link.id());
    assert_eq!(closed(&mut server, 1), [session(1, 1)]);
    assert_eq!(server.len(), (0, 0));

    // Others push its session out of the connection.
    server.add_new_key(new_key(1, 0));
    server.add_new_key(new_key(2, 0));
    let mut link = connection(&mut server);
    say(&mut server, &mut link, 1, 1, 1, &DESTROY).unwrap();
    assert_eq!(closed(&mut server, 1), []);
    assert!(
        server.sending_key(key(1).id()).is_some(),
        "it is to be told"
    );
    for number in 0..16 {
        ask(&mut server, &mut link, 2, number, 2).unwrap();
    }
    assert_eq!(closed(&mut server, 2), [session(1, 1)]);
    assert!(!server.has_key(key(1).id()));
}

/// Its last session is ended because too much waits for acks.
#[test]
fn a_destroyed_key_is_gone_when_the_one_that_was_to_be_told_has_to_go() {
    const DESTROY: [u8; 4] = 0xd143_5160_u32.to_le_bytes();
    let mut server = server(|config| config.max_unacknowledged = 1000);
    server.add_new_key(new_key(1, 0));
    let mut link = connection(&mut server);
    say(&mut server, &mut link, 1, 1, 1, &DESTROY).unwrap();
    assert_eq!(closed(&mut server, 1), []);
    assert!(server.has_key(key(1).id()));
    let pushed = (0..10).filter(|_| server.push(at(1), session(1, 1), b"update..") == Ok(true));
    assert!(pushed.count() < 10);
    assert_eq!(closed(&mut server, 1), [session(1, 1)]);
    assert!(!server.has_key(key(1).id()));
}

fn destroy_session(session_id: i64) -> Vec<u8> {
    let mut body = 0xe751_2126_u32.to_le_bytes().to_vec();
    body.extend(session_id.to_le_bytes());
    body
}

/// So it is with one that another session has destroyed, but that one's connection stays.
#[test]
fn who_is_destroyed_in_the_middle_of_something_is_disconnected() {
    let mut server = server(|_| {});
    server.add_new_key(new_key(1, 0));
    let [mut own, mut other] = [connection(&mut server), connection(&mut server)];
    ask(&mut server, &mut own, 1, 1, 1).unwrap();
    ask(&mut server, &mut other, 1, 2, 1).unwrap();
    say(&mut server, &mut own, 1, 1, 2, &destroy_session(2)).unwrap();
    assert_eq!(closed(&mut server, 2), [session(1, 2)]);
    assert!(server.wants_close(other.id()) && !server.wants_close(own.id()));
}

/// A session that is given up in the middle of something takes its connection along, also one that other
/// sessions have pushed out of it: over the same connection its client would take "never heard of it" for
/// the word of one to whom the message never came.
#[test]
fn who_is_forgotten_in_the_middle_of_something_is_disconnected() {
    let mut server = server(|config| config.max_sessions_per_key = 17);
    server.add_new_key(new_key(1, 0));
    let mut link = connection(&mut server);
    for number in 0..17 {
        ask(&mut server, &mut link, 1, number, 1).unwrap();
    }
    assert!(!server.is_connected(session(1, 0)) && !server.wants_close(link.id()));
    ask(&mut server, &mut link, 1, 17, 2).unwrap();
    assert_eq!(closed(&mut server, 2), [session(1, 0)]);
    assert!(server.wants_close(link.id()));
    let mut out = Vec::new();
    let sent = link.poll_transmit(at(2), &mut server, &mut SystemRandom::new(), &mut out);
    assert!(matches!(sent, Err(Error::Disconnect)) && out.is_empty());
}
