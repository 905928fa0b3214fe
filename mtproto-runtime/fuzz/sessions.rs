//! What the fuzz targets of sessions and connections do with their input; they panic if a promise
//! is broken.
//!
//! cargo-fuzz and the ordinary test `fuzz_inputs` share this file.

use std::time::Duration;

use mtproto_runtime::connection::{client, server};
use mtproto_runtime::crypto::AuthKey;
use mtproto_runtime::crypto::packet::{Plaintext, QuickAck};
use mtproto_runtime::session::server::KeySalts;
use mtproto_runtime::session::{self, CallOptions, SaltSecret};
use mtproto_runtime::testing::Seeded;
use mtproto_runtime::transport::{Framing, Transport};
use mtproto_runtime::{Now, Side};

const TIME: i64 = 1_800_000_000;

fn at(seconds: u64) -> Now {
    Now {
        monotonic: Duration::from_secs(seconds),
        unix: Duration::from_secs(TIME as u64 + seconds),
    }
}

/// Whatever somebody sends who has the key: every call ends once at most, and both sides go on.
///
/// The input is messages, one after the other: seconds that pass, age of its id, low bits and
/// sequence number, number of words, words.
pub(crate) fn session(bytes: &[u8]) {
    let secret = SaltSecret::new([1; 32]);
    let salts = KeySalts {
        secret: &secret,
        auth_key_id: 1,
        first: Some(0),
    };
    let mut client = session::client::Session::new(1, 0, session::client::Config::default());
    let mut server = session::server::Session::new(1, 2, 0, session::server::Config::default());
    client.handle_connected(at(0));
    server.handle_connected(at(0));
    let mut ended = std::collections::HashSet::new();
    let (mut seconds, mut number) = (0, 0);
    let mut out = Vec::new();
    let mut rest = bytes;
    while let Some((&[pass, age, marks, words], after)) = rest.split_first_chunk() {
        seconds += u64::from(pass % 64);
        number += 4;
        let now = at(seconds);
        let body = &after[..(4 * usize::from(words)).min(after.len() / 4 * 4)];
        rest = &after[body.len()..];
        let _ = client.call(now, b"request.", CallOptions::default());
        let msg_id = ((TIME + seconds as i64 - i64::from(age)) << 32) + number;
        let mut plaintext = Vec::new();
        plaintext.extend_from_slice(&0_i64.to_le_bytes());
        plaintext.extend_from_slice(&1_i64.to_le_bytes());
        plaintext.extend_from_slice(&(msg_id | i64::from(marks & 3)).to_le_bytes());
        plaintext.extend_from_slice(&i32::from(marks >> 2).to_le_bytes());
        plaintext.extend_from_slice(&(body.len() as u32).to_le_bytes());
        plaintext.extend_from_slice(body);
        plaintext.extend_from_slice(&[0; 16]);
        let plaintext = Plaintext::vouched_for(&plaintext, QuickAck(0));
        let message = plaintext.message().expect("lengths are right");
        let _ = client.handle_message(now, &message);
        let _ = server.handle_message(now, &message, salts);
        client.handle_timeout(now);
        server.handle_timeout(now);
        while let Some(event) = client.poll_event() {
            if let session::client::Event::Answer { call, .. }
            | session::client::Event::Failed { call, .. } = event
            {
                assert!(ended.insert(call));
            }
        }
        let mut requests = Vec::new();
        while let Some(event) = server.poll_event() {
            if let session::server::Event::Request { request, .. } = event {
                requests.push(request);
            }
        }
        for request in requests {
            server.reply(now, request, Ok(b"answer.."));
        }
        if client.needs_renewal() {
            client.renew(now, 1);
        }
        let mut packets = 0;
        loop {
            out.clear();
            let more = client.poll_packet(now, &mut out).is_some()
                || server.poll_packet(now, salts, &mut out).is_some();
            if !more {
                break;
            }
            packets += 1;
            assert!(packets < 10_000, "it never stops sending");
        }
    }
}

/// Whatever bytes a stranger sends to a connection: they are refused, whatever the pieces, and the
/// stranger gets no session.
pub(crate) fn connection(bytes: &[u8]) {
    let Some((&[choice, cut], bytes)) = bytes.split_first_chunk() else {
        return;
    };
    let cut = usize::from(cut) + 1;
    let mut rng = Seeded::new(1);
    let key = AuthKey::new([7; AuthKey::LEN]);
    let mut out = Vec::new();
    let side = if choice & 1 == 0 {
        Side::Client
    } else {
        Side::Server
    };
    match side {
        Side::Server => {
            let mut server = server::Server::new(at(0), server::Config::new([]), &mut rng);
            server.add_key(key);
            let mut link = server::Connection::new(&mut server);
            for piece in bytes.chunks(cut) {
                let ended = link
                    .handle_bytes(at(1), &mut server, piece, &mut rng)
                    .is_err();
                while link
                    .poll_transmit(at(1), &mut server, &mut rng, &mut out)
                    .unwrap_or(false)
                {}
                if ended {
                    break;
                }
            }
            assert_eq!(server.sessions().count(), 0);
            assert!(out.len() <= 100 + 20 * bytes.len());
        }
        Side::Client => {
            let framing = match choice >> 1 & 3 {
                0 => Framing::Abridged,
                1 => Framing::Intermediate,
                2 => Framing::PaddedIntermediate,
                _ => Framing::Full,
            };
            let mut client = client::Connection::new(client::Config::new([]), &mut rng);
            client.connect(at(0), Transport::client(framing), &mut rng);
            for piece in bytes.chunks(cut) {
                while client
                    .poll_transmit(at(1), &mut rng, &mut out)
                    .unwrap_or(false)
                {}
                if client.handle_bytes(at(1), piece, &mut rng).is_err() {
                    assert!(!client.is_connected());
                }
            }
            assert!(client.permanent_key().is_none());
        }
    }
}
