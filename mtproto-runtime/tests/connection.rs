//! Both connections without a network, with the real cryptography.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::time::Duration;

use mtproto_runtime::Now;
use mtproto_runtime::connection::{client, server};
use mtproto_runtime::crypto::{random::SystemRandom, rsa::PrivateKey};
use mtproto_runtime::session::{self, CallOptions};
use mtproto_runtime::transport::{Framing, Transport};

fn now() -> Now {
    Now {
        monotonic: Duration::ZERO,
        unix: Duration::from_millis(1_700_000_000_700),
    }
}

#[test]
fn from_nothing_to_an_answer_over_every_framing() {
    let pem = include_str!("vectors/test_key.pkcs8.pem");
    let framings = [
        Framing::Abridged,
        Framing::Intermediate,
        Framing::PaddedIntermediate,
        Framing::Full,
    ];
    for framing in framings {
        let mut rng = SystemRandom::new();
        let rsa_key = PrivateKey::from_pem(pem).unwrap();
        let trusted = [rsa_key.public().clone()];
        let mut client = client::Connection::new(client::Config::new(trusted), &mut rng);
        let mut server = server::Server::new(now(), server::Config::new([rsa_key]), &mut rng);
        let mut link = server::Connection::new(&mut server);
        let request = 0xc4f9_186b_u32.to_le_bytes();
        let call = client
            .call(now(), &request, CallOptions::default())
            .unwrap();
        client.connect(now(), Transport::client(framing), &mut rng);

        let mut wire = Vec::new();
        let mut keys = Vec::new();
        let mut answer = None;
        for _ in 0..6 {
            while client.poll_transmit(now(), &mut rng, &mut wire).unwrap() {}
            link.handle_bytes(now(), &mut server, &wire, &mut rng)
                .unwrap();
            wire.clear();
            let mut requests = Vec::new();
            while let Some(event) = server.poll_event(now()) {
                match event {
                    server::Event::NewKey(key) => keys.push(key),
                    server::Event::Request {
                        from,
                        request,
                        body,
                        ..
                    } => {
                        assert_eq!(body, 0xc4f9_186b_u32.to_le_bytes());
                        requests.push((from, request));
                    }
                    other => panic!("{other:?}"),
                }
            }
            for (from, request) in requests {
                assert!(server.reply(now(), from, request, Ok(b"an answer...")));
            }
            while link
                .poll_transmit(now(), &mut server, &mut rng, &mut wire)
                .unwrap()
            {}
            client.handle_bytes(now(), &wire, &mut rng).unwrap();
            wire.clear();
            while let Some(event) = client.poll_event() {
                match event {
                    client::Event::NewKey(key) => assert_eq!(keys, [key]),
                    client::Event::Session(session::client::Event::Answer { call: c, body }) => {
                        assert_eq!((c, answer.replace(body.to_vec())), (call, None));
                    }
                    _ => {}
                }
            }
        }
        assert_eq!(answer.unwrap(), b"an answer...");
        assert_eq!(client.pending(), 0);
    }
}
