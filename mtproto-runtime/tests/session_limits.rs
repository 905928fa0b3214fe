//! What a session does with messages about messages, with requests that wait for others, and where
//! its limits are.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod support;

use std::time::Duration;

use mtproto_runtime::connection::server::{self, Ended};
use mtproto_runtime::service::{RpcResult, functions, gzip, types, wrappers};
use mtproto_runtime::session::server::RequestId;
use mtproto_runtime::session::{CallError, CallOptions};
use mtproto_runtime::testing::{ClientEvent, Happening, Pair, ServerEvent};
use mtproto_runtime::tl::{Arena, TlRead, TlWrite};
use support::packed::{empty_blocks, gzip_packed};
use support::peers::*;

/// The first message among these that is of a type.
macro_rules! find {
    ($seen:expr, $type:ty) => {
        $seen
            .iter()
            .find_map(|seen| <$type>::from_bytes_in(&seen.body, ARENA.get()).ok())
    };
}

/// Vectors of what is looked for live as long as the test.
struct Arenas;

impl Arenas {
    fn get(&self) -> &'static Arena {
        Box::leak(Box::new(Arena::new()))
    }
}

const ARENA: Arenas = Arenas;

fn detailed(msg_id: i64, answer_msg_id: i64) -> Vec<u8> {
    let info = types::MsgDetailedInfo {
        msg_id,
        answer_msg_id,
        bytes: 5000,
        status: 0,
    };
    info.to_bytes().unwrap()
}

fn new_detailed(answer_msg_id: i64) -> Vec<u8> {
    let info = types::MsgNewDetailedInfo {
        answer_msg_id,
        bytes: 5000,
        status: 0,
    };
    info.to_bytes().unwrap()
}

#[test]
fn an_answer_that_was_only_announced_is_asked_for() {
    let mut client = Client::new();
    client.sync();
    let call = client.call();
    let request = client.sent_request();
    let header = client.header();
    client
        .get(&detailed(request.msg_id, header.msg_id))
        .unwrap();
    let sent = client.sent();
    let asked = find!(sent, types::MsgResendReq<'_>).expect("a request for it");
    assert_eq!(asked.msg_ids, [header.msg_id]);
    assert_eq!(client.events(), []);

    client
        .get_with(&header, &result(request.msg_id, b"long"))
        .unwrap();
    let answer = ClientEvent::Answer {
        call,
        body: b"long".to_vec(),
    };
    assert_eq!(client.events(), [answer]);

    // When it is announced again, the ack was lost.
    client
        .get(&detailed(request.msg_id, header.msg_id))
        .unwrap();
    // Acks travel with whatever comes next.
    client.call();
    let seen = client.sent();
    assert_eq!(find!(seen, types::MsgResendReq<'_>), None);
    let acks = find!(seen, types::MsgsAck<'_>).unwrap();
    let count = acks.msg_ids.iter().filter(|id| **id == header.msg_id);
    assert_eq!(count.count(), 2);
}

#[test]
fn an_update_that_was_only_announced_is_asked_for() {
    let mut client = Client::new();
    client.sync();
    let header = client.header();
    client.get(&new_detailed(header.msg_id)).unwrap();
    let sent = client.sent();
    let asked = find!(sent, types::MsgResendReq<'_>).unwrap();
    assert_eq!(asked.msg_ids, [header.msg_id]);
    client.get_with(&header, b"update..").unwrap();
    assert_eq!(client.events().len(), 1);
    client.get(&new_detailed(header.msg_id)).unwrap();
    assert_eq!(find!(client.sent(), types::MsgResendReq<'_>), None);
}

#[test]
fn a_client_does_not_ask_for_messages_of_its_own() {
    let mut client = Client::new();
    client.sync();
    let id = client.server_id() & !3;
    client.get(&new_detailed(id)).unwrap();
    assert_eq!(find!(client.sent(), types::MsgResendReq<'_>), None);
}

/// However many are announced, what waits to be sent is bounded.
#[test]
fn announcements_that_never_end_cost_a_bounded_amount() {
    let mut client = Client::new();
    client.sync();
    for _ in 0..5000 {
        let id = client.server_id();
        client.get(&new_detailed(id)).unwrap();
    }
    let sent = client.sent();
    let asked = sent.iter().filter(|seen| seen.body.len() == 20);
    assert_eq!(asked.count(), 2048);
}

#[test]
fn a_server_announces_long_answers_when_a_request_comes_again() {
    let mut server = Server::with(|config| config.session.gzip = false);
    let header = server.header(1);
    let packet = sealed(
        mtproto_runtime::crypto::Direction::FromClient,
        &header,
        &REQUEST,
    );
    server.get_packet(&packet).unwrap();
    assert_eq!(server.requests(), [REQUEST]);
    let from = server.server.sessions().next().unwrap().0;
    let long = [7; 4000];
    let now = server.now;
    server
        .server
        .reply(now, from, RequestId(header.msg_id), Ok(&long));
    let sent = server.sent();
    let answer = sent
        .iter()
        .find(|seen| RpcResult::read(&seen.body).is_some())
        .unwrap();

    server.get_packet(&packet).unwrap();
    let sent = server.sent();
    let info = find!(sent, types::MsgDetailedInfo).unwrap();
    assert_eq!(
        (info.msg_id, info.answer_msg_id, info.status),
        (header.msg_id, answer.msg_id, 0)
    );
    assert!(sent.iter().all(|seen| seen.msg_id != answer.msg_id));

    let ask = types::MsgResendReq {
        msg_ids: &[answer.msg_id],
    };
    server.get(2, &ask.to_bytes().unwrap());
    let sent = server.sent();
    let again = sent.iter().find(|seen| seen.msg_id == answer.msg_id);
    assert_eq!(again.unwrap().body, answer.body);
}

/// Nobody has asked for it, so that it may be old: only what was received stays so.
#[test]
fn what_a_server_says_of_all_messages_is_believed_as_far_as_it_lasts() {
    for (state, asks) in [(1, true), (2, true), (3, true), (4, false), (12, false)] {
        let mut client = Client::new();
        client.sync();
        let call = client.call();
        let request = client.sent_request();
        let info = types::MsgsAllInfo {
            msg_ids: &[request.msg_id, request.msg_id + 4],
            info: &[state, 1],
        };
        client.get(&info.to_bytes().unwrap()).unwrap();
        assert_eq!(client.events(), []);
        let (now, rng) = (client.now, &mut client.rng);
        client.connection.handle_timeout(now, rng).unwrap();
        let sent = client.sent();
        let asked = find!(sent, types::MsgsStateReq<'_>).map(|ask| ask.msg_ids.to_vec());
        assert_eq!(asked, asks.then(|| vec![request.msg_id]), "{state}");
        // It is not sent again on this word alone, nor given up.
        assert!(sent.iter().all(|seen| seen.body != REQUEST));
        client.get(&result(request.msg_id, b"done")).unwrap();
        let answer = ClientEvent::Answer {
            call,
            body: b"done".to_vec(),
        };
        assert_eq!(client.events(), [answer]);
    }
}

#[test]
fn what_a_client_says_of_all_messages_acknowledges_them() {
    let mut server = Server::new();
    let request = server.get(1, &REQUEST);
    assert_eq!(server.requests(), [REQUEST]);
    let from = server.server.sessions().next().unwrap().0;
    let now = server.now;
    server
        .server
        .reply(now, from, RequestId(request), Ok(b"done"));
    let sent = server.sent();
    let ids: Vec<i64> = sent.iter().map(|seen| seen.msg_id).collect();
    let waiting = |server: &Server| {
        server
            .server
            .sessions()
            .next()
            .unwrap()
            .1
            .unacknowledged()
            .0
    };
    assert_eq!(waiting(&server), 2, "new_session_created and the answer");
    for (state, left) in [(2, 2), (4, 0)] {
        let info = types::MsgsAllInfo {
            msg_ids: &ids,
            info: &vec![state; ids.len()],
        };
        server.get(4, &info.to_bytes().unwrap());
        assert_eq!(waiting(&server), left);
    }
}

fn after(msg_id: i64, body: &[u8]) -> Vec<u8> {
    [
        &0xcb9f_372d_u32.to_le_bytes()[..],
        &msg_id.to_le_bytes(),
        body,
    ]
    .concat()
}

fn after_all(msg_ids: &[i64], body: &[u8]) -> Vec<u8> {
    let mut request = 0x3dc4_b4f0_u32.to_le_bytes().to_vec();
    request.extend_from_slice(&0x1cb5_c415_u32.to_le_bytes());
    request.extend_from_slice(&u32::try_from(msg_ids.len()).unwrap().to_le_bytes());
    for id in msg_ids {
        request.extend_from_slice(&id.to_le_bytes());
    }
    request.extend_from_slice(body);
    request
}

/// Errors among what a server sends: the request, code and text.
fn errors(server: &mut Server) -> Vec<(i64, i32, String)> {
    let sent = server.sent();
    let read = |seen: &Seen| {
        let result = RpcResult::read(&seen.body)?;
        let error = types::RpcError::from_bytes_in(result.result, ARENA.get()).ok()?;
        let text = error.error_message.to_owned();
        Some((result.req_msg_id, error.error_code, text))
    };
    sent.iter().filter_map(read).collect()
}

fn flood(request: i64) -> (i64, i32, String) {
    (request, 420, "FLOOD_WAIT_1".to_owned())
}

#[test]
fn held_requests_are_limited_in_number() {
    let mut server = Server::with(|config| config.session.max_held = 2);
    let first = server.get(1, &REQUEST);
    let mut seq_no = 3;
    let mut last = 0;
    for _ in 0..3 {
        last = server.get(seq_no, &after(first, b"\x01\x02\x03\x04held"));
        seq_no += 2;
    }
    assert_eq!(server.requests(), [REQUEST]);
    assert_eq!(errors(&mut server), [flood(last)]);
    // When there is room again, they are taken again.
    let from = server.server.sessions().next().unwrap().0;
    let now = server.now;
    server
        .server
        .reply(now, from, RequestId(first), Ok(b"done"));
    server.server.handle_timeout(now);
    assert_eq!(server.requests(), [b"\x01\x02\x03\x04held"; 2]);
    server.get(seq_no, &after(last - 4, &REQUEST));
    assert_eq!(errors(&mut server), []);
}

#[test]
fn held_requests_are_limited_in_bytes() {
    let mut server = Server::with(|config| config.session.max_held_bytes = 1000);
    let first = server.get(1, &REQUEST);
    let mut long = REQUEST.to_vec();
    long.resize(600, 0);
    server.get(3, &after(first, &long));
    let second = server.get(5, &after(first, &long));
    let third = server.get(7, &after(first, &REQUEST));
    assert_eq!(errors(&mut server), [flood(second)], "{third} fits in");
}

#[test]
fn a_packed_request_that_waits_is_as_long_as_what_is_in_it() {
    let mut server = Server::with(|config| config.session.max_held_bytes = 1000);
    let first = server.get(1, &REQUEST);
    let mut long = REQUEST.to_vec();
    long.resize(100_000, 0);
    let mut packed = Vec::new();
    assert!(gzip::pack(&long, &mut packed));
    assert!(packed.len() < 1000);
    let second = server.get(3, &after(first, &packed));
    assert_eq!(errors(&mut server), [flood(second)]);
}

#[test]
fn a_request_waits_for_64_others_at_most() {
    let failed = |request| (request, 400, "MSG_WAIT_FAILED".to_owned());
    for (count, good) in [(64, true), (65, false), (2000, false)] {
        let mut server = Server::new();
        let first = server.get(1, &REQUEST);
        server.requests();
        let waits = server.get(3, &after_all(&vec![first; count], &REQUEST));
        let errors = errors(&mut server);
        assert_eq!(errors, Vec::from_iter((!good).then(|| failed(waits))));
    }
    // However deep.
    let mut server = Server::new();
    let first = server.get(1, &REQUEST);
    server.requests();
    let mut request = REQUEST.to_vec();
    for _ in 0..65 {
        request = after(first, &request);
    }
    let waits = server.get(3, &request);
    assert_eq!(errors(&mut server), [failed(waits)]);
}

#[test]
fn a_request_does_not_wait_for_itself_for_later_ones_or_for_ever() {
    let mut server = Server::new();
    let failed = |request| (request, 400, "MSG_WAIT_FAILED".to_owned());
    for ahead in [0, 4, 1 << 40] {
        let own = server.header(1).msg_id + 4;
        server.last = own - 4;
        let waits = server.get(1, &after(own + ahead, &REQUEST));
        assert_eq!(waits, own);
        assert_eq!(errors(&mut server), [failed(waits)]);
    }
    // One that never came.
    let missing = server.header(1).msg_id;
    let waits = server.get(1, &after(missing, &REQUEST));
    assert_eq!(errors(&mut server), []);
    server.now.monotonic += Duration::from_millis(500);
    let now = server.now;
    server.server.handle_timeout(now);
    let timed_out = (waits, 500, "MSG_WAIT_TIMEOUT".to_owned());
    assert_eq!(errors(&mut server), [timed_out]);
    assert!(server.requests().is_empty());
}

fn with_layer(body: &[u8]) -> Vec<u8> {
    [
        &0xda9b_0d0d_u32.to_le_bytes()[..],
        &230_i32.to_le_bytes(),
        body,
    ]
    .concat()
}

#[test]
fn wrappers_are_limited() {
    let mut request = REQUEST.to_vec();
    for wrapped in 1..20 {
        request = with_layer(&request);
        let innermost = wrappers::innermost(&request, 1000);
        let good = wrapped < 16;
        assert_eq!(
            innermost.as_deref(),
            good.then_some(&REQUEST[..]),
            "{wrapped}"
        );
    }
}

#[test]
fn wrappers_are_unpacked_once_and_within_limits() {
    let mut long = REQUEST.to_vec();
    long.resize(2000, 0);
    let mut packed = Vec::new();
    assert!(gzip::pack(&long, &mut packed));
    let request = with_layer(&packed);
    let innermost = wrappers::innermost(&request, 2000);
    assert_eq!(innermost.as_deref(), Some(&long[..]));
    assert_eq!(wrappers::innermost(&request, 1999), None);

    let mut inner = with_layer(&packed);
    inner.resize(4000, 0);
    let mut twice = Vec::new();
    assert!(gzip::pack(&inner, &mut twice));
    assert_eq!(wrappers::innermost(&twice, 10_000), None);
}

/// `initConnection` with parameters of so many arrays in one another.
fn init_connection(depth: usize, elements: u32) -> Vec<u8> {
    let mut request = 0xc1cd_5ea9_u32.to_le_bytes().to_vec();
    request.extend_from_slice(&2_u32.to_le_bytes());
    request.extend_from_slice(&7_i32.to_le_bytes());
    for text in ["device", "system", "app", "en", "", "en"] {
        text.write_to(&mut request).unwrap();
    }
    for level in 0..depth {
        request.extend_from_slice(&0xf744_4763_u32.to_le_bytes());
        request.extend_from_slice(&0x1cb5_c415_u32.to_le_bytes());
        let count = if level + 1 == depth { elements } else { 1 };
        request.extend_from_slice(&count.to_le_bytes());
    }
    for _ in 0..elements.min(10) {
        request.extend_from_slice(&0x3f6d_7b68_u32.to_le_bytes());
    }
    request.extend_from_slice(&REQUEST);
    request
}

#[test]
fn parameters_of_a_connection_are_limited() {
    for (depth, good) in [(1, true), (16, true), (17, false), (10_000, false)] {
        let request = init_connection(depth, 3);
        let innermost = wrappers::innermost(&request, 1000);
        assert_eq!(
            innermost.as_deref(),
            good.then_some(&REQUEST[..]),
            "{depth}"
        );
    }
    // A count that lies costs no more than the bytes that are there.
    assert_eq!(
        wrappers::innermost(&init_connection(1, u32::MAX), 1000),
        None
    );
}

/// `http_wait`, in milliseconds.
fn http_wait(max_delay: i32, wait_after: i32, max_wait: i32) -> Vec<u8> {
    let wait = types::HttpWait {
        max_delay,
        wait_after,
        max_wait,
    };
    wait.to_bytes().unwrap()
}

#[test]
fn an_http_response_waits_as_its_client_wants() {
    let mut server = Server::new();
    let request = server.get(1, &REQUEST);
    server.requests();
    server.sent();
    let from = server.server.sessions().next().unwrap().0;
    let link = server.link.id();
    let start = server.now.monotonic;
    let due = |server: &Server| {
        let at = server.server.respond_at(link)?;
        Some(at.checked_sub(start).unwrap().as_millis())
    };
    assert_eq!(due(&server), None, "nobody waits");
    server.get(2, &http_wait(300, 100, 25_000));
    assert_eq!(due(&server), Some(25_000), "there is nothing to send");
    // Each message may have another after it, but the first does not wait for ever.
    let mut expected = Vec::new();
    for step in 1_u64..5 {
        server.now.monotonic = start + Duration::from_millis(80 * step);
        let now = server.now;
        server.server.push(now, from, b"update..").unwrap();
        expected.push((80 * u128::from(step) + 100).min(380));
        assert_eq!(due(&server), expected.last().copied());
    }
    assert_eq!(expected, [180, 260, 340, 380]);
    let updates = server.sent();
    assert_eq!(updates.iter().filter(|s| s.body == b"update..").count(), 4);
    assert_eq!(due(&server), None, "that was the response");

    // With no words of its client, at once; and nonsense is none.
    let now = server.now;
    server
        .server
        .reply(now, from, RequestId(request), Ok(b"done"));
    assert_eq!(due(&server), None);
    server.sent();
    server.get(2, &http_wait(-1, i32::MIN, -5));
    assert_eq!(due(&server), Some(320));
    server.reconnect();
    assert_eq!(server.server.respond_at(server.link.id()), None);

    // Nor does one that is to be closed, whatever another session over it wants.
    server.get(1, &REQUEST);
    server.get(2, &http_wait(300, 100, 25_000));
    let mut header = server.header(1);
    header.session_id = SESSION + 1;
    server.get_with(&header, &REQUEST).unwrap();
    server.sent();
    let link = server.link.id();
    server.get(2, &http_wait(300, 100, 25_000));
    let mut header = server.header(2);
    header.session_id = SESSION + 1;
    let wait = http_wait(300, 100, 25_000);
    server.get_with(&header, &wait).unwrap();
    assert!(server.server.respond_at(link).is_some());
    server.server.close_session(from);
    assert!(server.server.wants_close(link));
    assert_eq!(server.server.respond_at(link), None);
}

#[test]
fn who_never_acknowledges_is_disconnected() {
    let mut server = Server::with(|config| config.session.max_requests = 2);
    // Refusals are answers, too, and are kept until they are acknowledged.
    let taken = (0..1000).take_while(|count| {
        let header = server.header(2 * count + 1);
        server.get_with(&header, &REQUEST).is_ok()
    });
    // Two run; beside the notice of the session there is room for eleven refusals.
    assert_eq!(taken.count(), 13);
}

/// Where requests are left packed, the work of unpacking what is not one is done under a lock.
#[test]
fn packed_service_messages_of_a_packet_share_one_limit() {
    let mut server = Server::with(|config| config.session.unpack_requests = false);
    server.get(1, &REQUEST);
    server.requests();
    server.sent();
    let ids: Vec<i64> = (0..10_000).collect();
    let acks = types::MsgsAck { msg_ids: &ids }.to_bytes().unwrap();
    let mut packed = Vec::new();
    assert!(gzip::pack(&acks, &mut packed));
    let many: Vec<(i64, i32, &[u8])> = (0..20)
        .map(|_| (server.client_id(), 2, &packed[..]))
        .collect();
    server.get(2, &container(&many));
    // The first fits into 128 KiB, the second is too much; nobody looks at the others, which are the
    // application's to refuse.
    assert_eq!(server.requests().len(), 18);
    let refused = errors(&mut server);
    assert_eq!(refused.len(), 1);
    assert_eq!((refused[0].1, &*refused[0].2), (400, "INPUT_FETCH_ERROR"));
}

/// Ten bits a block, and tables to be made for each.
#[test]
fn empty_blocks_keep_nobody_busy() {
    let mut server = Server::with(|config| config.session.unpack_requests = false);
    server.get(1, &REQUEST);
    server.requests();
    server.sent();
    let ping = functions::Ping { ping_id: 5 }.to_bytes().unwrap();
    let packed = gzip_packed(&empty_blocks(640, &ping));
    let many: Vec<(i64, i32, &[u8])> = (0..1000)
        .map(|_| (server.client_id(), 3, &packed[..]))
        .collect();
    server.get(4, &container(&many));
    let sent = server.sent();
    let is_pong = |seen: &&Seen| types::Pong::from_bytes(&seen.body).is_ok();
    let pongs = sent.iter().filter(is_pong).count();
    assert!((1..20).contains(&pongs), "{pongs} were looked into");
    assert_eq!(pongs + server.requests().len(), 1000);
}

/// The simulation has found it: one that comes again under its id gets no answer.
#[test]
fn a_query_whose_only_answer_is_lost_is_asked_under_another_id() {
    let mut client = Client::new();
    client.sync();
    client.connection.destroy_session(5);
    let destroy = functions::DestroySession { session_id: 5 };
    let body = destroy.to_bytes().unwrap();
    let asked = |client: &mut Client| {
        let sent = client.sent().into_iter().filter(|seen| seen.body == body);
        sent.map(|seen| seen.msg_id).collect::<Vec<_>>()
    };
    let [first] = asked(&mut client)[..] else {
        panic!("it is not asked once")
    };
    let acks = types::MsgsAck { msg_ids: &[first] }.to_bytes().unwrap();
    client.get(&acks).unwrap();

    client.now = at(11);
    client
        .connection
        .handle_timeout(client.now, &mut client.rng)
        .unwrap();
    let [second] = asked(&mut client)[..] else {
        panic!("it is not asked again")
    };
    assert_ne!(second, first);
    let done = types::DestroySessionOk { session_id: 5 };
    client.get(&done.to_bytes().unwrap()).unwrap();
    assert_eq!(client.connection.pending(), 0);
}

/// A client remembers 1,024 messages and throws away what is older. It does not acknowledge that, so that the
/// server goes on, but not for ever.
#[test]
fn what_was_sent_before_goes_in_front_of_what_is_new() {
    let mut server = Server::new();
    let request = server.get(1, &REQUEST);
    server.requests();
    let from = server.server.sessions().next().unwrap().0;
    let now = server.now;
    server
        .server
        .reply(now, from, RequestId(request), Ok(b"done"));
    let is_answer = |seen: &Seen| RpcResult::read(&seen.body).is_some();
    let first = server.sent().into_iter().find(is_answer).unwrap().msg_id;
    server.server.close_link(now, server.link.id());
    for _ in 0..1100 {
        server.server.push(now, from, b"update..").unwrap();
    }
    server.connect();
    let ping = functions::Ping { ping_id: 5 }.to_bytes().unwrap();
    server.get(2, &ping);
    let sent = server.sent();
    let answer = sent.iter().position(is_answer).unwrap();
    assert_eq!(sent[answer].msg_id, first);
    let update = sent.iter().position(|seen| seen.body == b"update..");
    assert!(answer < update.unwrap());

    let mut ids = Vec::new();
    let mut count = 0;
    while let Some(at) = server.server.poll_timeout() {
        server.now.unix += at - server.now.monotonic;
        server.now.monotonic = at;
        server.server.handle_timeout(server.now);
        let sent = server.sent();
        ids.extend(
            sent.into_iter()
                .filter(is_answer)
                .map(|answer| answer.msg_id),
        );
        count += 1;
        assert!(count < 100);
    }
    let again = ids.iter().take_while(|id| **id == first).count();
    assert!(again > 0 && again < ids.len(), "{ids:?}");
    assert!(ids.len() < 10, "{ids:?}");
    let session = server.server.sessions().next().unwrap().1;
    assert_eq!(session.unacknowledged(), (0, 0));
}

/// The server gives up the session of a request that it has taken, while the connection lives: what asks
/// for the state of the request begins another session, which knows nothing of it.
#[test]
fn a_request_does_not_run_twice_because_its_session_was_given_up() {
    let mut pair = Pair::new(7);
    pair.connect();
    let now = pair.now();
    let options = CallOptions::default();
    let call = pair.client.call(now, &REQUEST, options).unwrap();
    let (mut runs, mut ends) = (0, Vec::new());
    while let Some(happening) = pair.next(Duration::from_secs(60)) {
        match happening {
            Happening::Server(ServerEvent::Request { from, .. }) => {
                runs += 1;
                pair.server.close_session(from);
            }
            Happening::Client(ClientEvent::Failed { call, error }) => ends.push((call, error)),
            Happening::Closed(..) => pair.connect(),
            _ => {}
        }
        if !ends.is_empty() {
            break;
        }
    }
    assert_eq!((runs, &ends[..]), (1, &[(call, CallError::Lost)][..]));
}

/// What a packet asks about and acknowledges is bounded. What is beyond was not there: it is answered when it
/// comes again.
#[test]
fn questions_about_any_number_of_messages_keep_nobody_busy() {
    let mut server = Server::new();
    let ids: Vec<u8> = (0..8192_i64)
        .flat_map(|id| (TIME * SECOND + 4 * id).to_le_bytes())
        .collect();
    let longs = |id: u32| {
        [
            &id.to_le_bytes()[..],
            &[0x15, 0xc4, 0xb5, 0x1c, 0, 32, 0, 0],
            &ids,
        ]
        .concat()
    };
    let (states, again) = (longs(0xda69_fb52), longs(0x7d86_1a08));
    let first = server.header(0).msg_id;
    let messages: Vec<(i64, i32, &[u8])> = (0..8)
        .map(|at| {
            (
                first + 4 * at,
                0,
                if at % 2 == 0 { &states[..] } else { &again },
            )
        })
        .collect();
    server.last += 100;
    server.get(0, &container(&messages));
    let answered = |server: &mut Server| {
        let seen = server.sent();
        let infos = seen.iter().filter_map(|seen| {
            let info = types::MsgsStateInfo::from_bytes(&seen.body).ok()?;
            assert_eq!(info.info.len(), 8192);
            Some(info.req_msg_id)
        });
        infos.collect::<Vec<i64>>()
    };
    assert_eq!(answered(&mut server), [first, first + 4, first + 8]);
    let rest = &messages[2..5];
    server.get(0, &container(rest));
    assert_eq!(answered(&mut server), [first + 12, first + 16]);
    // In a message of its own there may be as many as in any other.
    let alone = server.get(1, &states);
    assert_eq!(answered(&mut server), [alone]);
}

/// Nor if they are packed, and what is refused takes no room from others.
#[test]
fn packed_questions_about_any_number_of_messages_keep_nobody_busy() {
    let mut server = Server::new();
    let states = |count: usize| {
        let msg_ids = &vec![TIME * SECOND; count];
        types::MsgsStateReq { msg_ids }.to_bytes().unwrap()
    };
    let asked = |server: &mut Server, bodies: &[&[u8]]| {
        let first = server.header(0).msg_id;
        let messages: Vec<(i64, i32, &[u8])> = (0..)
            .zip(bodies)
            .map(|(at, body)| (first + 4 * at, 0, *body))
            .collect();
        server.last += 100;
        server.get(0, &container(&messages));
        let seen = server.sent();
        let answered = |at: &i64| {
            let is_answer = |seen: &Seen| {
                let info = types::MsgsStateInfo::from_bytes(&seen.body);
                info.is_ok_and(|info| info.req_msg_id == first + 4 * at)
            };
            seen.iter().any(is_answer)
        };
        let refused = |at: &i64| {
            let result = seen.iter().find_map(|seen| {
                RpcResult::read(&seen.body).filter(|r| r.req_msg_id == first + 4 * at)
            });
            result.is_some_and(|result| result.error().is_some_and(|error| error.error_code == 400))
        };
        let all = || 0..8_i64;
        (
            all().filter(answered).collect::<Vec<_>>(),
            all().filter(refused).collect::<Vec<_>>(),
        )
    };
    let (most, fewer, one) = (states(8192), states(8000), states(1));
    let mut packed = Vec::new();
    assert!(gzip::pack(&most, &mut packed));
    let (answered, refused) = asked(&mut server, &[&packed[..]; 6]);
    assert_eq!(
        (&answered[..], &refused[..]),
        (&[0, 1, 2][..], &[3, 4, 5][..])
    );
    let mixed = [&most, &packed, &fewer, &packed, &most, &one].map(|body| &body[..]);
    let (answered, refused) = asked(&mut server, &mixed);
    assert_eq!((&answered[..], &refused[..]), (&[0, 1, 2, 5][..], &[3][..]));
}

/// What is kept until it is told, besides, takes no room from packed values.
#[test]
fn answers_that_are_kept_with_their_container_leave_room_for_packed_ones() {
    let mut client = Client::with(|config| config.session.max_unpacked = 64 << 10);
    client.sync();
    let calls = [client.call(), client.call(), client.call()];
    let asked: Vec<i64> = client
        .sent()
        .iter()
        .filter(|seen| seen.body == REQUEST)
        .map(|seen| seen.msg_id)
        .collect();
    let acks = types::MsgsAck {
        msg_ids: &[5; 3000],
    };
    let acks = acks.to_bytes().unwrap();
    for request in &asked[..2] {
        let answer = result(*request, b"done");
        let ids = [client.server_id(), client.server_id()];
        let messages = [(ids[0], 1, &answer[..]), (ids[1], 0, &acks[..])];
        client.get(&container(&messages)).unwrap();
    }
    let long = vec![7; 40 << 10];
    let mut packed = Vec::new();
    assert!(gzip::pack(&long, &mut packed));
    client.get(&result(asked[2], &packed)).unwrap();
    let bodies = [&b"done"[..], b"done", &long];
    let answers = calls.into_iter().zip(bodies).map(|(call, body)| {
        let body = body.to_vec();
        ClientEvent::Answer { call, body }
    });
    assert!(client.events() == answers.collect::<Vec<_>>());
}

/// Sessions that share a budget: of each, how many bytes of answers wait for acks.
#[test]
fn what_nobody_acknowledges_is_bounded_over_all_sessions() {
    let mut server = Server::with(|config| config.max_unacknowledged = 100 << 10);
    let session = |session_id| server::SessionRef {
        auth_key_id: key().id(),
        session_id,
    };
    for session_id in 1..=10 {
        let mut header = server.header(1);
        header.session_id = session_id;
        server.get_with(&header, &REQUEST).unwrap();
    }
    let push = |server: &mut Server, session_id, count| {
        let body: Vec<u8> = (0..1000_u32)
            .flat_map(|n| n.wrapping_mul(0x9e37_79b9).to_le_bytes())
            .collect();
        (0..count)
            .filter(|_| server.server.push(server.now, session(session_id), &body) == Ok(true))
            .count()
    };
    assert_eq!(push(&mut server, 1, 2), 2);
    assert_eq!(push(&mut server, 2, 15), 15);
    assert_eq!(push(&mut server, 3, 6), 6);
    let mut ended = Vec::new();
    let mut watch = |server: &mut Server| {
        while let Some(event) = server.server.poll_event(server.now) {
            if let server::Event::Closed { from, why } = event {
                assert_eq!(why, Ended::Unacknowledged);
                ended.push(from.session_id);
            }
        }
        ended.clone()
    };
    assert!(watch(&mut server).is_empty());
    // Who comes last is not who has to go.
    assert_eq!(push(&mut server, 4, 2), 2);
    assert_eq!(watch(&mut server), [2]);
    // It takes its connection along, over which all of them speak.
    assert!(server.server.wants_close(server.link.id()));
    server.reconnect();
    let mut header = server.header(1);
    header.session_id = 3;
    server.get_with(&header, &REQUEST).unwrap();
    // Nor is who has held much, and was acknowledged.
    let sent = server.sent();
    let mut header = server.header(2);
    header.session_id = 3;
    let ids: Vec<i64> = sent.iter().map(|seen| seen.msg_id).collect();
    let acks = types::MsgsAck { msg_ids: &ids }.to_bytes().unwrap();
    server.get_with(&header, &acks).unwrap();
    assert_eq!(push(&mut server, 5, 15), 15);
    assert_eq!(watch(&mut server), [2]);
    assert_eq!(push(&mut server, 6, 20), 20);
    assert_eq!(watch(&mut server), [2, 5]);
}
