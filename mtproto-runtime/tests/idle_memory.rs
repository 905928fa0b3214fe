//! How much memory a server of the core needs for a client that does nothing: key, connection and
//! session. Sockets and tasks are not in it.
#![allow(clippy::unwrap_used, clippy::cast_possible_truncation)]

use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use mtproto_runtime::Now;
use mtproto_runtime::connection::server::{Config, Connection, Event, Server};
use mtproto_runtime::crypto::packet::{self, Header, Padding};
use mtproto_runtime::crypto::{AuthKey, Direction};
use mtproto_runtime::service::{Container, types};
use mtproto_runtime::session::SaltSecret;
use mtproto_runtime::session::server::Session;
use mtproto_runtime::testing::Seeded;
use mtproto_runtime::tl::TlWrite;

/// Counts what is allocated and not freed.
struct Counting;
static BYTES: AtomicUsize = AtomicUsize::new(0);

// SAFETY: everything is the system allocator's.
#[allow(unsafe_code)]
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        BYTES.fetch_add(layout.size(), Ordering::Relaxed);
        // SAFETY: the caller's promise.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        BYTES.fetch_sub(layout.size(), Ordering::Relaxed);
        // SAFETY: the caller's promise.
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static COUNTING: Counting = Counting;

const CLIENTS: usize = 500;
const TIME: u64 = 1_800_000_000;

fn at(seconds: u64) -> Now {
    Now {
        monotonic: Duration::from_secs(seconds),
        unix: Duration::from_secs(TIME + seconds),
    }
}

fn key(number: usize) -> AuthKey {
    let mut key = [7; AuthKey::LEN];
    key[..8].copy_from_slice(&number.to_le_bytes());
    AuthKey::new(key)
}

struct Client {
    key: AuthKey,
    link: Connection,
    salt: i64,
    count: i64,
}

impl Client {
    fn send(&mut self, now: Now, server: &mut Server, rng: &mut Seeded, seq_no: i32, body: &[u8]) {
        self.count += 4;
        let header = Header {
            salt: self.salt,
            session_id: 1,
            msg_id: ((now.unix.as_secs() as i64) << 32) + self.count,
            seq_no,
        };
        let mut sealed = Vec::new();
        packet::seal_message(
            &self.key,
            Direction::FromClient,
            &header,
            body,
            Padding::Shortest,
            rng,
            &mut sealed,
        )
        .unwrap();
        let framed = [&(sealed.len() as u32).to_le_bytes()[..], &sealed].concat();
        self.link.handle_bytes(now, server, &framed, rng).unwrap();
    }

    /// What the server sends: ids of all messages that want an ack.
    fn receive(&mut self, now: Now, server: &mut Server, rng: &mut Seeded) -> Vec<i64> {
        let mut ids = Vec::new();
        let mut bytes = Vec::new();
        while self
            .link
            .poll_transmit(now, server, rng, &mut bytes)
            .unwrap()
        {
            let mut packet = bytes.split_off(4);
            let plaintext = packet::open(&self.key, Direction::FromServer, &mut packet).unwrap();
            let message = plaintext.message().unwrap();
            match Container::read(message.body) {
                Ok(inner) => ids.extend(inner.filter(|m| m.seq_no & 1 == 1).map(|m| m.msg_id)),
                Err(_) if message.header.seq_no & 1 == 1 => ids.push(message.header.msg_id),
                Err(_) => {}
            }
            bytes.clear();
        }
        ids
    }
}

/// Bytes of one client since then.
fn of_each(before: usize) -> usize {
    (BYTES.load(Ordering::Relaxed) - before) / CLIENTS
}

#[test]
fn an_idle_client_costs_little() {
    let mut rng = Seeded::new(1);
    let secret = SaltSecret::new([3; 32]);
    let mut server = Server::with_salts(at(0), Config::new([]), secret.clone());
    let mut clients: Vec<Client> = Vec::with_capacity(CLIENTS);
    let now = at(100);

    let start = BYTES.load(Ordering::Relaxed);
    for number in 0..CLIENTS {
        server.add_key_of(key(number), 0);
    }
    let of_key = of_each(start);

    for number in 0..CLIENTS {
        // The server's own, that is.
        let id = key(number).id();
        let key = server.auth_key(now, id).unwrap().clone();
        let mut link = Connection::new(&mut server);
        link.handle_bytes(now, &mut server, &[0xee; 4], &mut rng)
            .unwrap();
        clients.push(Client {
            salt: secret.valid(key.id(), (TIME + 100) as i64).current,
            key,
            link,
            count: 0,
        });
    }
    let with_link = of_each(start);

    // Requests, answers and acks.
    for _ in 0..4 {
        for client in &mut clients {
            client.send(now, &mut server, &mut rng, 1, b"question");
            let mut request = None;
            while let Some(event) = server.poll_event(now) {
                if let Event::Request {
                    from, request: id, ..
                } = event
                {
                    request = Some((from, id));
                }
            }
            let (from, id) = request.unwrap();
            assert!(server.reply(now, from, id, Ok(&[7; 200])));
            let ids = client.receive(now, &mut server, &mut rng);
            let acks = types::MsgsAck { msg_ids: &ids }.to_bytes().unwrap();
            client.send(now, &mut server, &mut rng, 2, &acks);
            assert_eq!(server.poll_event(now), None);
        }
    }
    let busy = of_each(start);

    let later = at(400);
    server.handle_timeout(later);
    let idle = of_each(start);
    println!(
        "bytes of a client: key {of_key}, connection {}, session {}, after minutes {}",
        with_link - of_key,
        busy - with_link,
        idle - with_link,
    );
    println!(
        "beside them: Connection {}; in them: Session {}",
        size_of::<Connection>(),
        size_of::<Session>()
    );
    assert!(busy < 4096, "{busy}");
    assert!(idle < 2560, "{idle}");
}
