//! Known answers of the transports, and what they do with bad bytes.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod support;

use mtproto_runtime::crypto::ctr::Stream;
use mtproto_runtime::crypto::packet::QuickAck;
use mtproto_runtime::crypto::random::SystemRandom;
use mtproto_runtime::transport::{
    DEFAULT_MAX_PACKET, Decoder, Detected, Detector, DetectorConfig, Error, Found, Frame, Framing,
    ProxySecret, ReplayCache, SecretError, Status, Transport,
};
use proptest::prelude::*;
use serde_json::Value;
use support::{Fixed, array, each, hex, number, signed, vectors};

const FRAMINGS: [Framing; 4] = [
    Framing::Abridged,
    Framing::Intermediate,
    Framing::PaddedIntermediate,
    Framing::Full,
];

fn rng() -> SystemRandom {
    SystemRandom::new()
}

fn counting(len: u64) -> Vec<u8> {
    (0..len).map(|i| i.to_le_bytes()[0]).collect()
}

fn framing(name: &Value) -> Framing {
    match name.as_str().unwrap() {
        "abridged" => Framing::Abridged,
        "intermediate" => Framing::Intermediate,
        "padded_intermediate" => Framing::PaddedIntermediate,
        name if name.starts_with("full") => Framing::Full,
        name => panic!("{name}"),
    }
}

/// A frame that has been taken out of its decoder.
#[derive(Debug, PartialEq, Eq)]
enum Got {
    Packet(Vec<u8>, bool),
    QuickAck(u32),
    Status(Status),
}

fn decode_all(decoder: &mut Decoder, mut input: &[u8]) -> Result<Vec<Got>, Error> {
    let mut frames = Vec::new();
    while let Some(frame) = decoder.decode(&mut input)? {
        frames.push(match frame {
            Frame::Packet { packet, quick_ack } => Got::Packet(packet.to_vec(), quick_ack),
            Frame::QuickAck(token) => Got::QuickAck(token.0),
            Frame::Status(status) => Got::Status(status),
        });
    }
    assert!(
        input.is_empty(),
        "nothing may be left when a decoder wants more"
    );
    Ok(frames)
}

/// What a server finds that gets these bytes.
fn found(wire: &mut &[u8]) -> Found {
    match Detector::new(DetectorConfig::default()).detect(wire) {
        Ok(Some(Detected::Transport(found))) => found,
        other => panic!("{other:?}"),
    }
}

/// A server's transport for a client that has sent nothing but the framing's first bytes.
fn server(framing: Framing) -> Transport {
    match framing {
        Framing::Abridged => found(&mut &[0xef][..]).transport,
        Framing::Intermediate => found(&mut &[0xee; 4][..]).transport,
        Framing::PaddedIntermediate => found(&mut &[0xdd; 4][..]).transport,
        Framing::Full => {
            let mut wire = Vec::new();
            Transport::client(framing)
                .encoder
                .encode(&[1; 24], false, &mut rng(), &mut wire)
                .unwrap();
            let mut wire = &wire[..];
            let mut transport = found(&mut wire).transport;
            transport.decoder.decode(&mut wire).unwrap().unwrap();
            transport
        }
    }
}

#[test]
fn frames_known_answers() {
    for case in each(&vectors("transports")["vectors"]) {
        let framing = framing(&case["transport"]);
        let mut encoder = Transport::client(framing).encoder;
        let mut wire = Vec::new();
        if framing == Framing::PaddedIntermediate {
            let padding = hex(&case["padding"]);
            let len = u8::try_from(padding.len()).unwrap();
            let mut random = Fixed::new(&[&[len], &padding]);
            encoder
                .encode(&hex(&case["payload"]), false, &mut random, &mut wire)
                .unwrap();
            assert_eq!(wire, [hex(&case["init"]), hex(&case["frame"])].concat());
            continue;
        }
        let payload = counting(number(&case["payload_len"]));
        for _ in 0..case["seq"].as_u64().unwrap_or(0) {
            encoder
                .encode(&payload, false, &mut rng(), &mut Vec::new())
                .unwrap();
        }
        encoder
            .encode(&payload, false, &mut rng(), &mut wire)
            .unwrap();
        if case["seq"] != 1 {
            assert_eq!(
                wire[..case["init"].as_str().unwrap().len() / 2],
                hex(&case["init"])
            );
        }
        let frame = &wire[if case["seq"] == 1 {
            0
        } else {
            hex(&case["init"]).len()
        }..];
        if case["frame"].is_string() {
            assert_eq!(frame, hex(&case["frame"]));
        }
        if case["frame_head"].is_string() {
            let head = hex(&case["frame_head"]);
            assert_eq!(frame[..head.len()], head);
            assert_eq!(sha256(frame)[..], hex(&case["frame_sha256"]));

            let mut asking = Vec::new();
            encoder
                .encode(&payload, true, &mut rng(), &mut asking)
                .unwrap();
            let head = hex(&case["frame_head_quick_ack"]);
            assert_eq!(asking[..head.len()], head);
        }
    }
}

fn sha256(bytes: &[u8]) -> [u8; 32] {
    use sha2::Digest;
    sha2::Sha256::digest(bytes).into()
}

#[test]
fn transport_errors_known_answers() {
    for case in each(&vectors("transports")["transport_errors"]) {
        let mut transport = Transport::client(framing(&case["transport"]));
        let status = Status::from_code(i32::try_from(signed(&case["error"])).unwrap());
        assert_eq!(status, Status::NotFound);
        assert_eq!(
            decode_all(&mut transport.decoder, &hex(&case["frame"])),
            Ok(vec![Got::Status(status)])
        );
    }
    let padded = hex(&Value::from("0a0000006cfeffff29afd26df40f"));
    let mut transport = Transport::client(Framing::PaddedIntermediate);
    assert_eq!(
        decode_all(&mut transport.decoder, &padded),
        Ok(vec![Got::Status(Status::NotFound)])
    );
}

#[test]
fn frames_in_pieces_known_answers() {
    for case in each(&vectors("transports")["streaming"]) {
        let mut decoder = Transport::client(framing(&case["transport"])).decoder;
        let mut packets = Vec::new();
        for chunk in each(&case["chunks"]) {
            packets.extend(decode_all(&mut decoder, &hex(chunk)).unwrap());
        }
        let expected: Vec<_> = each(&case["packets"])
            .map(|packet| Got::Packet(hex(packet), false))
            .collect();
        assert_eq!(packets, expected);
    }
}

#[test]
fn t1_full_frames_out_of_order_or_damaged() {
    for case in each(&vectors("transports")["must_fail"]) {
        let mut decoder = Transport::client(framing(&case["transport"])).decoder;
        let error = decode_all(&mut decoder, &hex(&case["frame"])).unwrap_err();
        match case["verdict"].as_str().unwrap() {
            "bad crc32" => assert_eq!(error, Error::Checksum),
            _ => assert_eq!(
                error,
                Error::Sequence {
                    wanted: 0,
                    found: 1
                }
            ),
        }
        // The position in the stream is lost for good.
        assert_eq!(decode_all(&mut decoder, &[0; 64]), Err(error));
    }
}

#[test]
fn t1_lengths_out_of_bounds() {
    let refused = |framing, header: &[u8]| {
        let mut transport = server(framing);
        decode_all(&mut transport.decoder, header)
    };
    for framing in [
        Framing::Intermediate,
        Framing::PaddedIntermediate,
        Framing::Full,
    ] {
        for header in [[0xff, 0xff, 0xff, 0x7f], [0xff; 4], [1, 4, 0x41, 0]] {
            let result = refused(framing, &header);
            assert!(
                matches!(result, Err(Error::TooLong { .. })),
                "{framing:?} {result:?}"
            );
        }
    }
    assert!(matches!(
        refused(Framing::Abridged, &[0x7f, 0xff, 0xff, 0xff]),
        Err(Error::TooLong {
            len: 67_108_860,
            max: DEFAULT_MAX_PACKET
        })
    ));
    for total in 0..12 {
        assert_eq!(
            refused(Framing::Full, &[total, 0, 0, 0]),
            Err(Error::TooShort {
                len: usize::from(total)
            })
        );
    }

    // The longest allowed goes through, in both directions; one more does not.
    for framing in FRAMINGS {
        let max = 4 * 600;
        let (mut client, mut wire) = (Transport::client(framing).with_max_packet(max), Vec::new());
        client
            .encoder
            .encode(&vec![1; max], false, &mut rng(), &mut wire)
            .unwrap();
        assert_eq!(
            client
                .encoder
                .encode(&vec![1; max + 4], false, &mut rng(), &mut wire),
            Err(Error::TooLong { len: max + 4, max })
        );
        let config = DetectorConfig {
            max_packet: max,
            ..DetectorConfig::default()
        };
        let mut input = &wire[..];
        let Ok(Some(Detected::Transport(mut found))) = Detector::new(config).detect(&mut input)
        else {
            panic!("{framing:?}")
        };
        assert_eq!(
            decode_all(&mut found.transport.decoder, input)
                .unwrap()
                .len(),
            1
        );
    }
}

#[test]
fn any_limit_can_be_set() {
    for framing in FRAMINGS {
        for max in [0, 3, usize::MAX] {
            let mut client = Transport::client(framing).with_max_packet(max);
            let _ = decode_all(&mut client.decoder, &[0x7f, 0xff, 0xff, 0x7f, 0, 0, 0, 0]);
            let _ = client
                .encoder
                .encode(&[0; 4], false, &mut rng(), &mut Vec::new());
        }
    }
}

#[test]
fn quick_acks() {
    for case in each(&vectors("transports")["quick_ack"]) {
        let token = QuickAck(u32::try_from(number(&case["token_u32"])).unwrap());
        for framing in FRAMINGS {
            let mut server = server(framing);
            let mut wire = Vec::new();
            let sent = server
                .encoder
                .encode_quick_ack(token, &mut rng(), &mut wire);
            match framing {
                Framing::Abridged => assert_eq!(wire, hex(&case["token_wire_abridged"])),
                Framing::Intermediate => assert_eq!(wire, hex(&case["token_wire_intermediate"])),
                Framing::PaddedIntermediate => {
                    assert!((12..20).contains(&wire.len()));
                    assert_eq!(wire[4..12], [[0xff; 4], token.0.to_le_bytes()].concat());
                }
                Framing::Full => {
                    assert_eq!(sent, Err(Error::NoQuickAck));
                    continue;
                }
            }
            let mut client = Transport::client(framing);
            assert_eq!(
                decode_all(&mut client.decoder, &wire),
                Ok(vec![Got::QuickAck(token.0)])
            );
            assert_eq!(
                client
                    .encoder
                    .encode_quick_ack(token, &mut rng(), &mut wire),
                Err(Error::NoQuickAck)
            );
            // Only clients ask.
            assert_eq!(
                server.encoder.encode(&[0; 64], true, &mut rng(), &mut wire),
                Err(Error::NoQuickAck)
            );
        }
    }
}

#[test]
fn statuses_arrive_in_every_framing() {
    for framing in FRAMINGS {
        for status in [
            Status::NotFound,
            Status::Flood,
            Status::WrongDc,
            Status::Forbidden,
            Status::Other(-500),
        ] {
            let mut wire = Vec::new();
            server(framing)
                .encoder
                .encode_status(status, &mut rng(), &mut wire)
                .unwrap();
            let mut client = Transport::client(framing);
            assert_eq!(
                decode_all(&mut client.decoder, &wire),
                Ok(vec![Got::Status(status)])
            );
        }
    }
    // Four bytes of zero say nothing; what a client sends is always a packet.
    let mut client = Transport::client(Framing::Intermediate);
    assert_eq!(
        decode_all(&mut client.decoder, &[4, 0, 0, 0, 0, 0, 0, 0]),
        Ok(vec![])
    );
    assert_eq!(
        decode_all(
            &mut server(Framing::Intermediate).decoder,
            &[4, 0, 0, 0, 0x6c, 0xfe, 255, 255]
        ),
        Ok(vec![Got::Packet(vec![0x6c, 0xfe, 255, 255], false)])
    );
}

#[test]
fn padding_is_cut_off() {
    let random = |len: u8| Fixed::new(&[&[len], &vec![0xcc; usize::from(len)]]);
    let mut encrypted = vec![7; 24 + 48];
    let mut plain = vec![0; 20];
    plain[16] = 40;
    plain.extend([9; 40]);
    for packet in [&mut encrypted, &mut plain] {
        for len in 0..=15 {
            let mut wire = Vec::new();
            server(Framing::PaddedIntermediate)
                .encoder
                .encode(packet, false, &mut random(len), &mut wire)
                .unwrap();
            assert_eq!(wire.len(), 4 + packet.len() + usize::from(len));
            let mut client = Transport::client(Framing::PaddedIntermediate);
            assert_eq!(
                decode_all(&mut client.decoder, &wire),
                Ok(vec![Got::Packet(packet.clone(), false)])
            );
        }
    }
    let messages = vectors("messages");
    let case = each(&messages["vectors"])
        .find(|c| c["transport_padding"] == 4)
        .unwrap();
    let padded = hex(&case["packet"]);
    let mut wire = u32::try_from(padded.len()).unwrap().to_le_bytes().to_vec();
    wire.extend(&padded);
    let mut client = Transport::client(Framing::PaddedIntermediate);
    assert_eq!(
        decode_all(&mut client.decoder, &wire),
        Ok(vec![Got::Packet(
            padded[..padded.len() - 4].to_vec(),
            false
        )])
    );
}

fn obfuscated_framing(case: &Value) -> Framing {
    match case["protocol_tag"].as_str().unwrap() {
        "eeeeeeee" => Framing::Intermediate,
        "dddddddd" => Framing::PaddedIntermediate,
        "efefefef" => Framing::Abridged,
        tag => panic!("{tag}"),
    }
}

fn secret(case: &Value) -> Option<ProxySecret> {
    match case["secret"].as_str().unwrap() {
        "" => None,
        text => Some(text.parse().unwrap()),
    }
}

#[test]
fn obfuscated_headers_known_answers() {
    for case in each(&vectors("obfuscated")["vectors"]) {
        let name = case["name"].as_str().unwrap();
        let dc = case["dc_id"].as_i64().map(|dc| i16::try_from(dc).unwrap());
        let framing = obfuscated_framing(case);
        let mut random = Fixed::new(&[&hex(&case["random64"])]);
        let secret = secret(case);
        let mut client =
            Transport::obfuscated_client(framing, dc, secret.as_ref(), &mut random).unwrap();

        // The first packet brings the header; what follows is the keystream after 64 bytes.
        let payload = hex(&Value::from("6cfeffff"));
        let mut random = Fixed::new(&[&[0]]);
        let mut wire = Vec::new();
        client
            .encoder
            .encode(&payload, false, &mut random, &mut wire)
            .unwrap();
        assert_eq!(wire[..64], hex(&case["header_sent"]), "{name}");
        let mut plain = [0; 72];
        plain[64..].copy_from_slice(&[4, 0, 0, 0, 0x6c, 0xfe, 0xff, 0xff]);
        Stream::new(&array(&case["encrypt_key"]), &array(&case["encrypt_iv"])).apply(&mut plain);
        assert_eq!(wire[64..], plain[64..], "{name}");

        // Traffic, as a stream of bytes.
        let mut sent = Stream::new(&array(&case["encrypt_key"]), &array(&case["encrypt_iv"]));
        sent.apply(&mut [0; 64]);
        for piece in case["client_sends"].as_array().unwrap() {
            let mut bytes = hex(&piece["plain"]);
            sent.apply(&mut bytes);
            assert_eq!(bytes, hex(&piece["wire"]), "{name}");
        }
        let mut received = Stream::new(&array(&case["decrypt_key"]), &array(&case["decrypt_iv"]));
        for piece in case["client_receives"].as_array().unwrap() {
            let mut bytes = hex(&piece["wire"]);
            received.apply(&mut bytes);
            assert_eq!(bytes, hex(&piece["plain"]), "{name}");
        }
        if name == "mtcute_entropy" {
            let wire = case["client_receives"].as_array().unwrap();
            let wire: Vec<u8> = wire.iter().flat_map(|piece| hex(&piece["wire"])).collect();
            let frames = decode_all(&mut client.decoder, &wire).unwrap();
            assert_eq!(
                frames,
                [Got::Status(Status::NotFound), Got::Status(Status::NotFound)]
            );
        }

        // And a server understands it. (Some of these headers begin like something else: they
        // test the keys, and no client would send them.)
        let secrets: Vec<_> = secret.into_iter().collect();
        let keyed = !secrets.is_empty();
        let mut detector = Detector::new(DetectorConfig {
            secrets,
            ..DetectorConfig::default()
        });
        match detector.detect(&mut &wire[..]).unwrap() {
            Some(Detected::Transport(found)) => {
                assert_eq!(found.transport.decoder.framing(), framing, "{name}");
                assert!(dc.is_none() || found.dc == dc, "{name}");
                assert_eq!(found.secret, keyed.then_some(0));
            }
            other => panic!("{name}: {other:?}"),
        }
    }
}

#[test]
fn obfuscated_servers_known_answers() {
    for case in each(&vectors("obfuscated")["server_side"]) {
        let header = hex(&case["client_header"]);
        let config = DetectorConfig {
            secrets: vec![ProxySecret::new([1; 16]), secret(case).unwrap()],
            ..DetectorConfig::default()
        };
        let detected = Detector::new(config).detect(&mut &header[..]).unwrap();
        let Some(Detected::Transport(found)) = detected else {
            panic!("{detected:?}")
        };
        assert_eq!(found.transport.encoder.framing(), obfuscated_framing(case));
        assert_eq!(found.dc.map(i64::from), case["dc_id"].as_i64());
        assert_eq!(found.secret, Some(1));

        let mut sent = Stream::new(
            &array(&case["server_encrypt_key"]),
            &array(&case["server_encrypt_iv"]),
        );
        for piece in each(&case["server_sends"]) {
            let mut bytes = hex(&piece["plain"]);
            sent.apply(&mut bytes);
            assert_eq!(bytes, hex(&piece["wire"]));
        }
        // The server's own encoder begins with the same keystream.
        let mut wire = Vec::new();
        let mut encoder = found.transport.encoder;
        encoder
            .encode(&[0; 20], false, &mut Fixed::new(&[&[0]]), &mut wire)
            .unwrap();
        let mut expected = [[20, 0, 0, 0].as_slice(), &[0; 20]].concat();
        Stream::new(
            &array(&case["server_encrypt_key"]),
            &array(&case["server_encrypt_iv"]),
        )
        .apply(&mut expected);
        assert_eq!(wire, expected);

        let mut received = Stream::new(
            &array(&case["server_decrypt_key"]),
            &array(&case["server_decrypt_iv"]),
        );
        received.apply(&mut header.clone());
        for piece in each(&case["server_receives"]) {
            let mut bytes = hex(&piece["wire"]);
            received.apply(&mut bytes);
            assert_eq!(bytes, hex(&piece["plain"]));
        }
    }
}

#[test]
fn t2_reserved_headers_are_drawn_again() {
    let list = &vectors("obfuscated")["must_regenerate"];
    let good = [0x42; 64];
    let mut bad = Vec::new();
    for first in each(&list["first_byte"]) {
        bad.push((0, hex(first)));
    }
    for word in each(&list["first_4_bytes"]) {
        bad.push((0, hex(word)));
    }
    for word in each(&list["second_4_bytes"]) {
        bad.push((4, hex(word)));
    }
    for (at, bytes) in bad {
        let mut drawn = good;
        drawn[at..at + bytes.len()].copy_from_slice(&bytes);
        let mut random = Fixed::new(&[&drawn, &good, &[0]]);
        let framing = Framing::PaddedIntermediate;
        let mut client = Transport::obfuscated_client(framing, None, None, &mut random).unwrap();
        let mut wire = Vec::new();
        client
            .encoder
            .encode(&[1; 24], false, &mut random, &mut wire)
            .unwrap();
        assert!(random.is_used_up());
        assert_eq!(wire[..56], good[..56], "{bytes:x?}");
    }
}

#[test]
fn t2_a_header_is_accepted_once() {
    let secret = ProxySecret::new([5; 16]);
    let config = DetectorConfig {
        secrets: vec![secret.clone()],
        ..DetectorConfig::default()
    };
    let mut replays = ReplayCache::new(2);
    let header = || {
        let framing = Framing::Abridged;
        let mut client =
            Transport::obfuscated_client(framing, Some(2), Some(&secret), &mut rng()).unwrap();
        let mut wire = Vec::new();
        client
            .encoder
            .encode(&[1; 24], false, &mut rng(), &mut wire)
            .unwrap();
        wire[..64].to_vec()
    };
    let mut accept = |header: &[u8]| {
        Detector::new(config.clone())
            .detect_once(&mut &header[..], &mut replays)
            .map(|_| ())
    };
    let first = header();
    assert_eq!(accept(&first), Ok(()));
    assert_eq!(accept(&first), Err(Error::Replayed));
    // Bytes that choose no keys do not make it another header.
    let mut disguised = first.clone();
    disguised[3] ^= 0x55;
    assert_eq!(accept(&disguised), Err(Error::Replayed));
    // The oldest is forgotten, so that the cache stays small.
    assert_eq!(accept(&header()), Ok(()));
    assert_eq!(accept(&header()), Ok(()));
    assert_eq!(accept(&first), Ok(()));
}

#[test]
fn proxies_refuse_strangers() {
    let with = |secret: ProxySecret| {
        Detector::new(DetectorConfig {
            secrets: vec![secret],
            ..DetectorConfig::default()
        })
    };
    let wire = |framing, secret: Option<&ProxySecret>| {
        let mut client =
            Transport::obfuscated_client(framing, Some(-2), secret, &mut rng()).unwrap();
        let mut wire = Vec::new();
        client
            .encoder
            .encode(&[1; 24], false, &mut rng(), &mut wire)
            .unwrap();
        wire
    };
    let (ours, other) = (ProxySecret::new([1; 16]), ProxySecret::new([2; 16]));
    for wire in [
        wire(Framing::Intermediate, Some(&other)),
        wire(Framing::Intermediate, None),
        vec![0xef],
        vec![0xee; 4],
        vec![0xdd; 4],
        vec![20, 0, 0, 0, 0, 0, 0, 0],
    ] {
        let mut detector = with(ours.clone());
        assert_eq!(detector.detect(&mut &wire[..]).unwrap_err(), Error::Unknown);
        assert_eq!(detector.detect(&mut &wire[..]).unwrap_err(), Error::Unknown);
    }
    // A secret that demands padding refuses the framings without.
    let padded = ProxySecret::padded([1; 16]);
    let unpadded = wire(Framing::Intermediate, Some(&ours));
    assert_eq!(
        with(padded.clone()).detect(&mut &unpadded[..]).unwrap_err(),
        Error::Unknown
    );
    let right = wire(Framing::PaddedIntermediate, Some(&padded));
    assert!(
        with(padded.clone())
            .detect(&mut &right[..])
            .unwrap()
            .is_some()
    );
    for (framing, secret) in [(Framing::Abridged, Some(&padded)), (Framing::Full, None)] {
        assert_eq!(
            Transport::obfuscated_client(framing, None, secret, &mut rng()).unwrap_err(),
            Error::NotObfuscated { framing }
        );
    }
}

#[test]
fn secrets_of_links() {
    let key = [
        0x00, 0x11, 0x22, 0x33, 0x44, 0x55, 0x66, 0x77, 0x88, 0x99, 0xaa, 0xbb, 0xcc, 0xdd,
    ]
    .into_iter()
    .chain([0xee, 0xff]);
    let key: [u8; 16] = key.collect::<Vec<_>>().try_into().unwrap();
    for (text, secret) in [
        (
            "00112233445566778899aabbccddeeff",
            Ok(ProxySecret::new(key)),
        ),
        (
            "DD00112233445566778899AABBCCDDEEFF",
            Ok(ProxySecret::padded(key)),
        ),
        ("ABEiM0RVZneImaq7zN3u_w", Ok(ProxySecret::new(key))),
        ("ABEiM0RVZneImaq7zN3u/w==", Ok(ProxySecret::new(key))),
        ("3QARIjNEVWZ3iJmqu8zd7v8", Ok(ProxySecret::padded(key))),
        (
            "ee00112233445566778899aabbccddeeff676f6f676c652e636f6d",
            Err(SecretError::FakeTls),
        ),
        ("", Err(SecretError::Length { len: 0 })),
        (
            "00112233445566778899aabbccddee",
            Err(SecretError::Length { len: 15 }),
        ),
        ("not a secret!", Err(SecretError::Encoding)),
        ("0", Err(SecretError::Encoding)),
    ] {
        assert_eq!(text.parse::<ProxySecret>(), secret, "{text}");
    }
    assert!(!format!("{:?}", ProxySecret::new([0xab; 16])).contains("ab, ab"));
    assert!(!format!("{:?}", ProxySecret::new([171; 16])).contains("171"));
}

#[test]
fn requests_of_http_and_tls_are_recognised() {
    let kind = |text: &str| {
        // One byte after the other.
        let mut detector = Detector::new(DetectorConfig::default());
        for (i, byte) in text.bytes().enumerate() {
            let mut input = &[byte][..];
            if let Some(detected) = detector.detect(&mut input).unwrap() {
                assert_eq!(detector.seen(), &text.as_bytes()[..=i]);
                return match detected {
                    Detected::Http => "http",
                    Detected::WebSocket => "websocket",
                    Detected::Tls => "tls",
                    other => panic!("{other:?}"),
                };
            }
        }
        "more"
    };
    let socket = "GET /apiws HTTP/1.1\r\nHost: x\r\nUpgrade: WebSocket\r\n\r\nmore";
    assert_eq!(kind(socket), "websocket");
    assert_eq!(
        kind("GET /apiws HTTP/1.1\r\nupgrade : h2c, websocket\r\n\r\n"),
        "websocket"
    );
    assert_eq!(
        kind("GET / HTTP/1.1\r\nHost: upgrade: websocket\r\n\r\n"),
        "http"
    );
    assert_eq!(kind("GET / HTTP/1.1\r\n\r\n"), "http");
    assert_eq!(kind("POST /api HTTP/1.1\r\n"), "http");
    assert_eq!(kind("HEAD / HTTP/1.1\r\n"), "http");
    assert_eq!(kind("OPTIONS /apiw1 HTTP/1.1\r\n"), "http");
    assert_eq!(kind("\x16\x03\x01\x02\0"), "tls");
    assert_eq!(kind("GET / HTTP/1.1\r\nHost: x"), "more");
    assert_eq!(kind("GE"), "more");

    let mut whole = socket.as_bytes();
    let mut detector = Detector::new(DetectorConfig::default());
    assert!(matches!(
        detector.detect(&mut whole),
        Ok(Some(Detected::WebSocket))
    ));
    assert_eq!(whole, b"more");

    let endless = "GET /".to_owned() + &"a".repeat(100_000);
    let mut detector = Detector::new(DetectorConfig::default());
    let error = detector.detect(&mut endless.as_bytes()).unwrap_err();
    assert!(matches!(error, Error::TooLong { .. }));
    assert!(detector.seen().len() < 10_000);
}

#[test]
fn ctr_known_answers() {
    let aes = vectors("aes");
    let stream = &aes["ctr_stream"];
    let mut cipher = Stream::new(&array(&stream["key"]), &array(&stream["iv"]));
    for output in each(&stream["outputs"]) {
        let mut block = hex(&stream["block"]);
        cipher.apply(&mut block);
        assert_eq!(block, hex(output));
    }
    for case in each(&aes["tdlib_ctr_lcg"]["cases"]) {
        let len = usize::try_from(number(&case["length"])).unwrap();
        let mut seed = u32::try_from(len).unwrap();
        let mut plain = vec![0; len];
        for byte in &mut plain {
            seed = seed.wrapping_mul(123_457_567).wrapping_add(987_651_241);
            *byte = (seed >> 23).to_le_bytes()[0];
        }
        for (iv, checksum) in [
            (array(&case["iv"]), "ciphertext_crc32"),
            ([0xff; 16], "ciphertext_crc32_with_iv_all_ff"),
        ] {
            let mut data = plain.clone();
            let mut cipher = Stream::new(&array(&case["key"]), &iv);
            let (first, second) = data.split_at_mut(len / 3);
            cipher.apply(first);
            cipher.apply(second);
            assert_eq!(
                u64::from(crc32fast::hash(&data)),
                number(&case[checksum]),
                "{len}"
            );
        }
    }
    for case in each(&vectors("generated")["cdn"]) {
        let mut data = hex(&case["plain"]);
        Stream::new(&array(&case["key"]), &array(&case["iv_used"])).apply(&mut data);
        assert_eq!(data, hex(&case["cipher"]));
    }
}

#[derive(Clone, Debug)]
struct Sent {
    packet: Vec<u8>,
    quick_ack: bool,
}

fn any_sent() -> impl Strategy<Value = Sent> {
    // Like encrypted packets: whole blocks after 24 bytes.
    let lens = prop_oneof![4 => 0..8_usize, 1 => 29..33_usize, 1 => 0..300_usize];
    (lens, any::<u8>(), any::<bool>()).prop_map(|(blocks, fill, quick_ack)| Sent {
        packet: vec![fill | 1; 24 + 16 * blocks],
        quick_ack,
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn any_split_of_bytes_gives_the_same_frames(
        framing in prop::sample::select(&FRAMINGS[..]),
        obfuscated in any::<bool>(),
        sent in prop::collection::vec(any_sent(), 1..8),
        cuts in prop::collection::vec(1..200_usize, 1..40),
    ) {
        let full = framing == Framing::Full;
        let mut client = match obfuscated && !full {
            true => Transport::obfuscated_client(framing, Some(2), None, &mut rng()).unwrap(),
            false => Transport::client(framing),
        };
        let mut wire = Vec::new();
        let mut expected = Vec::new();
        for Sent { packet, quick_ack } in sent {
            let quick_ack = quick_ack && !full;
            client.encoder.encode(&packet, quick_ack, &mut rng(), &mut wire).unwrap();
            expected.push(Got::Packet(packet, quick_ack));
        }

        let mut detector = Detector::new(DetectorConfig::default());
        let mut server: Option<Transport> = None;
        let mut frames = Vec::new();
        let mut rest = &wire[..];
        for cut in cuts.into_iter().chain([usize::MAX]) {
            let (mut piece, after) = rest.split_at(cut.min(rest.len()));
            rest = after;
            if server.is_none() {
                server = match detector.detect(&mut piece).unwrap() {
                    Some(Detected::Transport(found)) => Some(found.transport),
                    None => None,
                    other => panic!("{other:?}"),
                };
            }
            if let Some(server) = &mut server {
                frames.extend(decode_all(&mut server.decoder, piece).unwrap());
            }
        }
        prop_assert_eq!(frames, expected);
    }

    #[test]
    fn any_bytes_are_answered(
        framing in prop::sample::select(&FRAMINGS[..]),
        bytes in prop::collection::vec(any::<u8>(), 0..2000),
    ) {
        let mut client = Transport::client(framing).with_max_packet(1000);
        let _ = decode_all(&mut client.decoder, &bytes);
        let mut input = &bytes[..];
        if let Ok(Some(Detected::Transport(mut found))) =
            Detector::new(DetectorConfig::default()).detect(&mut input)
        {
            let _ = decode_all(&mut found.transport.decoder, input);
        }
    }
}
