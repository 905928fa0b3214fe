//! What a packet of four megabytes can keep a server busy with, as a driver holds it: requests are left
//! packed. It says how long the server took, and is meant for a profiler that counts instructions from
//! when a message is handled:
//!
//! ```text
//! cargo run --release --bin worst -- acks|states|resends|pings|requests|packed
//! valgrind --tool=callgrind --toggle-collect='*server*Server*handle_message*' target/release/worst acks
//! ```

use std::error::Error;
use std::time::{Duration, Instant};

use mtproto_runtime::Now;
use mtproto_runtime::connection::server::{Config, Connection, Server};
use mtproto_runtime::crypto::packet::{self, Header, Padding};
use mtproto_runtime::crypto::random::SystemRandom;
use mtproto_runtime::crypto::{AuthKey, Direction};
use mtproto_runtime::service::gzip;

type Result<T> = std::result::Result<T, Box<dyn Error>>;

const START: u64 = 1_790_000_000;
const REQUEST: u32 = 0x1111_1111;
const SALT: i64 = 5;
/// As many messages and bytes as a container may have.
const MOST: usize = 1020;
const BYTES: usize = (4 << 20) - 1000;

const ACKS: u32 = 0x62d6_b459;
const STATES: u32 = 0xda69_fb52;
const RESENDS: u32 = 0x7d86_1a08;
const PING: u32 = 0x7abe_77ec;
const CONTAINER: u32 = 0x73f1_f8dc;
const VECTOR: u32 = 0x1cb5_c415;

fn at(seconds: u64) -> Now {
    Now {
        monotonic: Duration::from_secs(seconds),
        unix: Duration::from_secs(START + seconds),
    }
}

fn key() -> AuthKey {
    AuthKey::new([1; AuthKey::LEN])
}

fn words(words: &[u32]) -> Vec<u8> {
    words.iter().flat_map(|word| word.to_le_bytes()).collect()
}

/// Constructor, vector, ids.
fn longs(id: u32, count: u32) -> Vec<u8> {
    let ids = (0..count).flat_map(|at| ((START << 32) + 4 * u64::from(at) + 1).to_le_bytes());
    words(&[id, VECTOR, count]).into_iter().chain(ids).collect()
}

/// As much as fits into a container of these.
fn container(body: &[u8]) -> Result<(u32, Vec<u8>)> {
    let now = i64::try_from(START + 2)? << 32;
    let count = MOST.min(BYTES / (body.len() + 16));
    let mut out = words(&[CONTAINER, u32::try_from(count)?]);
    for at in 0..count {
        let msg_id = now - 4 * i64::try_from(count - at)?;
        let seq_no = 3 + 2 * i32::try_from(at)?;
        out.extend(msg_id.to_le_bytes());
        out.extend(seq_no.to_le_bytes());
        out.extend(u32::try_from(body.len())?.to_le_bytes());
        out.extend_from_slice(body);
    }
    Ok((u32::try_from(count)?, out))
}

/// A message as bytes on the wire.
fn sealed(seconds: u64, body: &[u8]) -> Result<Vec<u8>> {
    let header = Header {
        salt: SALT,
        session_id: 1,
        msg_id: i64::try_from(START + seconds)? << 32,
        seq_no: 1,
    };
    let mut packet = Vec::new();
    packet::seal_message(
        &key(),
        Direction::FromClient,
        &header,
        body,
        Padding::Shortest,
        &mut SystemRandom::new(),
        &mut packet,
    )?;
    let len = u32::try_from(packet.len())?;
    Ok([&len.to_le_bytes()[..], &packet].concat())
}

fn main() -> Result<()> {
    let body = match std::env::args().nth(1).as_deref() {
        Some("acks") => longs(ACKS, 500),
        Some("states") => longs(STATES, 500),
        Some("resends") => longs(RESENDS, 500),
        Some("pings") => words(&[PING, 1, 1]),
        Some("requests") => words(&[REQUEST]),
        Some("packed") => {
            let mut packed = Vec::new();
            if !gzip::pack(&longs(ACKS, 8000), &mut packed) {
                return Err("it does not get shorter".into());
            }
            packed
        }
        _ => return Err("usage: worst acks|states|resends|pings|requests|packed".into()),
    };
    let mut config = Config::new([]);
    config.session.unpack_requests = false;
    let mut rng = SystemRandom::new();
    let mut server = Server::new(at(0), config, &mut rng);
    server.add_new_key(mtproto_runtime::handshake::NewKey {
        auth_key: key(),
        first_salt: SALT,
        expires_at: None,
        server_time: i32::try_from(START)?,
        dc: None,
    });
    let mut connection = Connection::new(&mut server);
    connection.handle_bytes(at(0), &mut server, &[0xee; 4], &mut rng)?;
    let first = sealed(1, &words(&[REQUEST]))?;
    connection.handle_bytes(at(1), &mut server, &first, &mut rng)?;
    let (count, messages) = container(&body)?;
    let packet = sealed(2, &messages)?;
    let begin = Instant::now();
    let result = connection.handle_bytes(at(2), &mut server, &packet, &mut rng);
    println!(
        "{count} messages, {} bytes: {:.1} ms, decryption included; {result:?}",
        packet.len(),
        begin.elapsed().as_secs_f64() * 1000.0
    );
    Ok(())
}
