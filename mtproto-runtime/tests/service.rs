//! Service messages: known answers, and containers, results and packed values of strangers.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
#![allow(clippy::cast_possible_truncation)] // of small numbers

mod support;

use std::io::Write;

use flate2::Compression;
use flate2::write::{GzEncoder, ZlibEncoder};
use mtproto_runtime::service::container::{
    CONTAINER_ID, COPY_ID, ContainerError, MAX_MESSAGES, Message, PushError,
};
use mtproto_runtime::service::gzip::{self, GZIP_PACKED_ID, GzipError};
use mtproto_runtime::service::{Container, ContainerWriter, RpcResult, enums, functions, types};
use mtproto_runtime::tl::{Arena, TlRead, TlWrite};
use proptest::prelude::*;
use support::packed::{empty_blocks, gzip_packed as packed};
use support::{each, hex, signed, vectors};

/// `bytes` as a body that says it is something.
fn with_id(id: u32, bytes: &[u8]) -> Vec<u8> {
    [&id.to_le_bytes(), bytes].concat()
}

fn message(msg_id: i64, seq_no: i32, length: i32, body: &[u8]) -> Vec<u8> {
    [
        &msg_id.to_le_bytes()[..],
        &seq_no.to_le_bytes(),
        &length.to_le_bytes(),
        body,
    ]
    .concat()
}

fn gzip_stream(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

#[test]
fn generated_types_read_the_known_answers() {
    let arena = Arena::new();
    for file in ["generated", "auth_key_samples"] {
        let list = match file {
            "generated" => vectors(file)["handshakes"].clone(),
            _ => vectors(file)["vectors"].clone(),
        };
        for case in each(&list) {
            let nonce = |name: &str| -> Vec<u8> { hex(&case[name]) };
            if let Some(body) = case.get("req_pq_multi_body") {
                let body = hex(body);
                let request = functions::ReqPqMulti::from_bytes(&body).unwrap();
                assert_eq!(request.nonce[..], nonce("nonce"));
                assert_eq!(request.to_bytes().unwrap(), body);
            }
            if let Some(body) = case.get("res_pq_body") {
                let body = hex(body);
                let answer = types::ResPq::from_bytes_in(&body, &arena).unwrap();
                assert_eq!(answer.server_nonce[..], nonce("server_nonce"));
                assert_eq!(answer.pq, hex(&case["pq"]));
                assert_eq!(answer.to_bytes().unwrap(), body);
            }
            if let Some(body) = case.get("dh_gen_ok_body") {
                let body = hex(body);
                let answer = enums::SetClientDhParamsAnswer::from_bytes(&body).unwrap();
                assert!(matches!(answer, enums::SetClientDhParamsAnswer::DhGenOk(_)));
                assert_eq!(answer.to_bytes().unwrap(), body);
            }
            let inner = hex(&case["server_dh_inner_data"]);
            let read = types::ServerDhInnerData::from_bytes(&inner).unwrap();
            assert_eq!(i64::from(read.g), signed(&case["g"]));
            assert_eq!(read.to_bytes().unwrap(), inner);
        }
    }
}

#[test]
fn a_real_rpc_result_is_unpacked() {
    let file = vectors("gzip");
    let case = &file["vectors"][0];
    let body = hex(&case["rpc_result"]);
    let result = RpcResult::read(&body).unwrap();
    assert_eq!(result.req_msg_id, signed(&case["req_msg_id_i64"]));
    assert_eq!(result.error(), None);
    assert!(gzip::is_packed(result.result));
    let unpacked = gzip::unpack(result.result, gzip::DEFAULT_LIMIT).unwrap();
    assert_eq!(unpacked, hex(&case["unpacked"]));
    let mut again = Vec::new();
    result.write_to(&mut again);
    assert_eq!(again, body);
}

#[test]
fn m13_a_bomb_stops_at_the_limit() {
    let file = vectors("gzip");
    let case = &file["vectors"][1];
    let bomb = hex(&case["gzip_packed"]);
    assert!(matches!(
        gzip::unpack(&bomb, gzip::DEFAULT_LIMIT),
        Err(GzipError::TooLong { limit }) if limit == gzip::DEFAULT_LIMIT
    ));
    assert_eq!(gzip::unpack(&bomb, 16 << 20).unwrap().len(), 16 << 20);
}

#[test]
fn m13_a_packed_value_holds_no_packed_value() {
    let inner = packed(&gzip_stream(&[1; 400]));
    for depth in 1..3 {
        let mut nested = inner.clone();
        for _ in 0..depth {
            nested = packed(&gzip_stream(&nested));
        }
        let error = gzip::unpack(&nested, gzip::DEFAULT_LIMIT).unwrap_err();
        assert!(matches!(error, GzipError::Nested), "{error}");
    }
    // Nor is one made.
    let long = packed(&[0; 1000]);
    assert!(!gzip::pack(&long, &mut Vec::new()));
}

#[test]
fn zlib_streams_are_unpacked_too() {
    let body: Vec<u8> = (0..2000_u32).flat_map(u32::to_le_bytes).collect();
    let mut encoder = ZlibEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(&body).unwrap();
    let stream = encoder.finish().unwrap();
    assert_eq!(gzip::unpack(&packed(&stream), 8000).unwrap(), body);
    assert!(matches!(
        gzip::unpack(&packed(&stream), 7999),
        Err(GzipError::TooLong { .. })
    ));
}

#[test]
fn streams_of_empty_blocks_are_errors() {
    let some = packed(&empty_blocks(100, b"something"));
    assert_eq!(gzip::unpack(&some, 1000).unwrap(), b"something");
    for count in [2_000, 1_000_000] {
        let bomb = packed(&empty_blocks(count, b"something"));
        assert!(matches!(
            gzip::unpack(&bomb, gzip::DEFAULT_LIMIT),
            Err(GzipError::Stream(error)) if error.kind() == std::io::ErrorKind::InvalidData
        ));
    }
}

/// What hardly gets shorter, or longer even, is no bomb.
#[test]
fn streams_of_every_level_are_unpacked() {
    let mut random = vec![0; 70_000];
    let mut state = 1_u32;
    for byte in &mut random {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        *byte = (state >> 24) as u8;
    }
    for level in 0..=9 {
        for len in [0, 1, 2, 10, 300, 5_000, 70_000] {
            let mut gzip = GzEncoder::new(Vec::new(), Compression::new(level));
            gzip.write_all(&random[..len]).unwrap();
            let mut zlib = ZlibEncoder::new(Vec::new(), Compression::new(level));
            // A block each: whoever flushes a stream now and then makes it longer.
            for some in random[..len].chunks(100) {
                zlib.write_all(some).unwrap();
                zlib.flush().unwrap();
            }
            for stream in [gzip.finish().unwrap(), zlib.finish().unwrap()] {
                let unpacked = gzip::unpack(&packed(&stream), 70_000).unwrap();
                assert_eq!(unpacked, random[..len], "level {level}, {len} bytes");
            }
        }
    }
}

#[test]
fn damaged_streams_are_errors() {
    let stream = gzip_stream(&[9; 500]);
    for end in 0..stream.len() {
        assert!(
            gzip::unpack(&packed(&stream[..end]), 1000).is_err(),
            "{end}"
        );
    }
    let mut flipped = stream.clone();
    *flipped.last_mut().unwrap() ^= 1;
    assert!(matches!(
        gzip::unpack(&packed(&flipped), 1000),
        Err(GzipError::Stream(_))
    ));
    for body in [&b""[..], &[1; 8], &with_id(GZIP_PACKED_ID, &[254])] {
        assert!(matches!(gzip::unpack(body, 1000), Err(GzipError::Form)));
    }
    let trailing = [packed(&stream), vec![0; 4]].concat();
    assert!(matches!(
        gzip::unpack(&trailing, 1000),
        Err(GzipError::Form)
    ));
}

#[test]
fn only_what_gets_shorter_is_packed() {
    let mut out = vec![7];
    assert!(!gzip::pack(&[0; gzip::WORTHWHILE], &mut out));
    let mut random = vec![0; 1000];
    for (i, byte) in random.iter_mut().enumerate() {
        // Bits of a quadratic sequence, which deflate finds nothing in.
        *byte = ((i * i * 2_654_435_761) >> 13) as u8;
    }
    assert!(!gzip::pack(&random, &mut out));
    assert_eq!(out, [7]);
    assert!(gzip::pack(&[0; gzip::WORTHWHILE + 1], &mut out));
    assert_eq!(
        gzip::unpack(&out[1..], 1000).unwrap(),
        [0; gzip::WORTHWHILE + 1]
    );
}

#[test]
fn containers_are_accepted_or_refused_as_a_whole() {
    let empty = with_id(CONTAINER_ID, &[0; 4]);
    assert_eq!(Container::read(&empty).unwrap().count(), 0);

    let two = with_id(
        CONTAINER_ID,
        &[
            &2_u32.to_le_bytes()[..],
            &message(4, 1, 4, b"one."),
            &message(8, 3, 0, b""),
        ]
        .concat(),
    );
    let messages: Vec<Message<'_>> = Container::read(&two).unwrap().collect();
    assert_eq!(messages.len(), 2);
    assert_eq!((messages[0].msg_id, messages[0].seq_no), (4, 1));
    assert_eq!(
        (messages[0].body, messages[1].body),
        (&b"one."[..], &b""[..])
    );

    let refused = |count: u32, messages: &[u8]| {
        let body = with_id(CONTAINER_ID, &[&count.to_le_bytes(), messages].concat());
        Container::read(&body).unwrap_err()
    };
    let one = message(4, 1, 4, b"one.");
    assert_eq!(refused(2, &one), ContainerError::Length);
    assert_eq!(
        refused(0, &one),
        ContainerError::TrailingBytes { count: one.len() }
    );
    for length in [-4, -1, i32::MIN, i32::MAX, 8, 3, 5] {
        assert_eq!(
            refused(1, &message(4, 1, length, b"one.")),
            ContainerError::Length
        );
    }
    for id in [CONTAINER_ID, COPY_ID] {
        let inner = with_id(id, &[0; 4]);
        assert_eq!(
            refused(1, &message(4, 1, 8, &inner)),
            ContainerError::Nested
        );
    }
    for count in [1025, 1 << 31, u32::MAX] {
        assert_eq!(refused(count, &one), ContainerError::TooMany { count });
    }
    for body in [&b""[..], &one, &two[..6]] {
        assert!(Container::read(body).is_err());
    }
}

#[test]
fn the_longest_container_goes_through() {
    let mut out = vec![1, 2, 3];
    let mut writer = ContainerWriter::new(&mut out);
    for i in 0..MAX_MESSAGES {
        writer.push(4 * i as i64, 1, &[5; 4]).unwrap();
    }
    assert_eq!(writer.push(0, 1, &[5; 4]), Err(PushError::Full));
    let len = writer.len();
    writer.finish();
    assert_eq!(out.len(), 3 + len);
    let container = Container::read(&out[3..]).unwrap();
    assert_eq!(container.len(), MAX_MESSAGES);
    assert!(
        container
            .enumerate()
            .all(|(i, message)| message.msg_id == 4 * i as i64 && message.body == [5; 4])
    );
}

#[test]
fn what_does_not_fit_leaves_the_container_as_it_was() {
    let mut out = vec![9];
    let mut writer = ContainerWriter::new(&mut out);
    assert!(writer.is_empty());
    writer.push(4, 1, b"one.").unwrap();
    let before = writer.len();
    assert_eq!(writer.push(8, 3, b"bad"), Err(PushError::Length { len: 3 }));
    let nested = with_id(CONTAINER_ID, &[0; 4]);
    assert_eq!(writer.push(8, 3, &nested), Err(PushError::Nested));
    assert_eq!((writer.len(), writer.count()), (before, 1));
    drop(writer);
    assert_eq!(out, [9], "a container that is not finished is taken back");
}

#[test]
fn a_copy_is_the_message_in_it() {
    let copy = with_id(COPY_ID, &message(4, 1, 4, b"one."));
    let read = Message::read_copy(&copy).unwrap();
    assert_eq!((read.msg_id, read.seq_no, read.body), (4, 1, &b"one."[..]));
    assert!(Message::read_copy(&copy[..copy.len() - 4]).is_err());
    assert!(Message::read_copy(&[&copy[..], &[0; 4]].concat()).is_err());
    let nested = with_id(COPY_ID, &message(4, 1, copy.len() as i32, &copy));
    assert_eq!(Message::read_copy(&nested), Err(ContainerError::Nested));
}

#[test]
fn errors_of_a_request_are_found() {
    let mut body = Vec::new();
    RpcResult::write_header(12, &mut body);
    types::RpcError {
        error_code: 401,
        error_message: "AUTH_KEY_UNREGISTERED",
    }
    .write_to(&mut body)
    .unwrap();
    let error = RpcResult::read(&body).unwrap().error().unwrap();
    assert_eq!(error.error_code, 401);
    assert!(RpcResult::is_one(&body));
    assert_eq!(RpcResult::read(&body[..11]), None);
    assert_eq!(RpcResult::read(&[0; 16]), None);
    // An error that can't be read is no error, and for who wanted something else to judge.
    assert_eq!(RpcResult::read(&body[..16]).unwrap().error(), None);
}

proptest! {
    #[test]
    fn written_containers_are_read(bodies in prop::collection::vec(prop::collection::vec(any::<[u8; 4]>(), 0..8), 0..20)) {
        let bodies: Vec<Vec<u8>> = bodies.into_iter().map(|words| words.concat()).collect();
        let mut out = Vec::new();
        let mut writer = ContainerWriter::new(&mut out);
        let mut kept = Vec::new();
        for (i, body) in bodies.iter().enumerate() {
            if writer.push(i as i64, i as i32, body).is_ok() {
                kept.push((i as i64, i as i32, &body[..]));
            }
        }
        writer.finish();
        let read: Vec<_> = Container::read(&out)
            .unwrap()
            .map(|message| (message.msg_id, message.seq_no, message.body))
            .collect();
        prop_assert_eq!(read, kept);
    }

    #[test]
    fn strange_containers_are_read_or_refused(count in 0..4_u32, rest in prop::collection::vec(any::<u8>(), 0..120)) {
        let body = with_id(CONTAINER_ID, &[&count.to_le_bytes(), &rest[..]].concat());
        if let Ok(container) = Container::read(&body) {
            let len = container.len();
            let messages: Vec<_> = container.collect();
            prop_assert_eq!(messages.len(), len);
            let total: usize = messages.iter().map(|message| 16 + message.body.len()).sum();
            prop_assert_eq!(total, rest.len());
        }
    }

    #[test]
    fn packed_bodies_come_back(body in prop::collection::vec(0..4_u8, 256..3000)) {
        let mut out = Vec::new();
        if gzip::pack(&body, &mut out) {
            prop_assert!(out.len() < body.len());
            prop_assert_eq!(gzip::unpack(&out, body.len()).unwrap(), body);
        }
    }
}
