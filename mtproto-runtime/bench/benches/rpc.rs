//! Calls and answers, from bytes to bytes, beside grammers-mtproto.
//!
//! `cargo xtask bench mtproto-runtime -- send` runs the groups whose names begin with `send`.
//! `-- count` counts allocations instead, `-- loop send 100` does one thing for a profiler.
//!
//! What is measured on our side is a whole [`client::Connection`]: session, encryption, framing,
//! events. grammers-mtproto's `Encrypted` does neither framing nor the checks of ids, times and
//! repetitions; its `Deserialization`s are looked through like our events.

use std::alloc::{GlobalAlloc, Layout, System};
use std::hint::black_box;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use grammers_crypto::DequeBuffer;
use grammers_mtproto::mtp::{Deserialization, Encrypted, Mtp};
use mtproto_bench::{Group, thread_time};
use mtproto_runtime::Now;
use mtproto_runtime::connection::{client, server};
use mtproto_runtime::crypto::packet::{self, Header, Padding};
use mtproto_runtime::crypto::random::SystemRandom;
use mtproto_runtime::crypto::{AuthKey, Direction};
use mtproto_runtime::service::{Container, ContainerWriter, RpcResult};
use mtproto_runtime::session::client::Event;
use mtproto_runtime::session::{CallOptions, SaltSecret};
use mtproto_runtime::store::StoredKey;
use mtproto_runtime::transport::{Framing, Transport};
use rand_core::Rng;

/// Allocations of the measured parts.
struct Counting;
static ALLOCATIONS: AtomicU64 = AtomicU64::new(0);

// SAFETY: everything is the system allocator's.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        ALLOCATIONS.fetch_add(1, Ordering::Relaxed);
        // SAFETY: the caller's promise.
        unsafe { System.alloc(layout) }
    }
    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        // SAFETY: the caller's promise.
        unsafe { System.dealloc(pointer, layout) }
    }
    unsafe fn realloc(&self, pointer: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        ALLOCATIONS.fetch_add(1, Ordering::Relaxed);
        // SAFETY: the caller's promise.
        unsafe { System.realloc(pointer, layout, size) }
    }
}

#[global_allocator]
static COUNTING: Counting = Counting;

const KEY: [u8; 256] = [0x5a; 256];
/// Longest request and answer, in bytes: the sizes of the figures that are to be beaten.
const REQUEST: [u8; 108] = [0x2a; 108];
const ANSWER: [u8; 28] = [0x2b; 28];
const UNIX: u64 = 1_800_000_000;

/// What was measured, and how many allocations it has made.
#[derive(Default)]
struct Meter {
    start: f64,
    allocations: u64,
}

/// Whether there is a clock to look at; profilers have none.
static HAS_CLOCK: AtomicBool = AtomicBool::new(true);

fn time() -> f64 {
    match HAS_CLOCK.load(Ordering::Relaxed) {
        true => thread_time(),
        false => 0.0,
    }
}

impl Meter {
    fn start() -> Self {
        Self {
            allocations: ALLOCATIONS.load(Ordering::Relaxed),
            start: time(),
        }
    }

    fn stop(self, packets: usize) -> Measured {
        // Looking at the clock takes time, too.
        let end = time();
        let time = end - self.start - (time() - end);
        let allocations = ALLOCATIONS.load(Ordering::Relaxed) - self.allocations;
        Measured {
            time: time / packets as f64,
            allocations: allocations as f64 / packets as f64,
        }
    }
}

struct Measured {
    time: f64,
    allocations: f64,
}

/// Packets between two looks at the clock, which takes as long as a small packet.
fn packets_per_look(messages: usize) -> usize {
    (64 / messages).clamp(2, 32)
}

struct Ours {
    connection: client::Connection,
    rng: SystemRandom,
    now: Now,
    out: Vec<u8>,
    server_id: i64,
}

impl Ours {
    fn new() -> Self {
        let now = Now {
            monotonic: Duration::from_secs(1),
            unix: Duration::from_secs(UNIX),
        };
        let mut rng = SystemRandom::new();
        let key = StoredKey {
            auth_key: AuthKey::new(KEY),
            dc: None,
            created_at: 0,
            salt: 0,
            clock_offset: 0,
        };
        let mut config = client::Config::new([]);
        config.padding = Padding::Shortest;
        // The peer has no such thing.
        config.session.ping_every = Duration::from_secs(1 << 30);
        let mut connection = client::Connection::with_key(config, key, &mut rng);
        connection.connect(now, Transport::client(Framing::Intermediate), &mut rng);
        let mut ours = Self {
            connection,
            rng,
            now,
            out: Vec::new(),
            server_id: 1,
        };
        // What a connection begins with.
        ours.transmit();
        ours.drain();
        ours
    }

    fn tick(&mut self) {
        self.now.monotonic += Duration::from_micros(50);
        self.now.unix += Duration::from_micros(50);
    }

    fn transmit(&mut self) -> usize {
        self.out.clear();
        let (now, rng) = (self.now, &mut self.rng);
        let mut packets = 0;
        while self
            .connection
            .poll_transmit(now, rng, &mut self.out)
            .unwrap()
        {
            packets += 1;
        }
        packets
    }

    fn drain(&mut self) -> usize {
        let mut answers = 0;
        while let Some(event) = self.connection.poll_event() {
            if let client::Event::Session(Event::Answer { body, .. }) = black_box(event) {
                black_box(body);
                answers += 1;
            }
        }
        answers
    }

    fn call(&mut self, messages: usize) {
        for _ in 0..messages {
            let call = self
                .connection
                .call(self.now, &REQUEST, CallOptions::default());
            black_box(call).unwrap();
        }
    }

    fn send(&mut self, messages: usize) -> Measured {
        let packets = packets_per_look(messages);
        self.connection.close();
        self.drain();
        let mut sent = 0;
        let meter = Meter::start();
        for _ in 0..packets {
            self.tick();
            self.call(messages);
            sent += self.transmit();
        }
        let measured = meter.stop(packets);
        assert_eq!(sent, packets);
        measured
    }

    fn receive(&mut self, messages: usize) -> Measured {
        let packets = packets_per_look(messages);
        let mut answers = Vec::new();
        for _ in 0..packets {
            self.tick();
            self.call(messages);
            self.transmit();
            let (session, ids) = sent_ids(&mut self.out[4..].to_vec());
            self.server_id = self.server_id.max(msg_id(self.now));
            answers.push(answer(session, &ids, &mut self.server_id, true));
        }
        let mut answered = 0;
        let meter = Meter::start();
        for bytes in &answers {
            self.tick();
            let (now, rng) = (self.now, &mut self.rng);
            self.connection.handle_bytes(now, bytes, rng).unwrap();
            answered += self.drain();
        }
        let measured = meter.stop(packets);
        assert_eq!(answered, packets * messages);
        measured
    }
}

/// The ids of the requests in a packet of a client's.
fn sent_ids(packet: &mut [u8]) -> (i64, Vec<i64>) {
    let key = AuthKey::new(KEY);
    let plaintext = packet::open(&key, Direction::FromClient, packet).unwrap();
    let message = plaintext.message().unwrap();
    let ids = match Container::read(message.body) {
        Ok(messages) => messages
            .filter(|message| message.body == REQUEST)
            .map(|message| message.msg_id)
            .collect(),
        Err(_) => vec![message.header.msg_id],
    };
    (message.header.session_id, ids)
}

/// A server's id at a time.
fn msg_id(now: Now) -> i64 {
    let fraction = (u64::from(now.unix.subsec_nanos()) << 32) / 1_000_000_000;
    ((now.unix.as_secs() << 32 | fraction) & !3 | 1) as i64
}

/// The packet in which a server answers all of them.
fn answer(session_id: i64, requests: &[i64], last: &mut i64, framed: bool) -> Vec<u8> {
    let mut next = || {
        *last += 4;
        *last
    };
    let results: Vec<Vec<u8>> = requests
        .iter()
        .map(|req_msg_id| {
            let mut body = Vec::new();
            RpcResult {
                req_msg_id: *req_msg_id,
                result: &ANSWER,
            }
            .write_to(&mut body);
            body
        })
        .collect();
    let mut body = Vec::new();
    let seq_no = match &results[..] {
        [only] => {
            body.extend_from_slice(only);
            1
        }
        many => {
            let mut writer = ContainerWriter::new(&mut body);
            for result in many {
                writer.push(next(), 1, result).unwrap();
            }
            writer.finish();
            2
        }
    };
    let header = Header {
        salt: 0,
        session_id,
        msg_id: next(),
        seq_no,
    };
    let mut packet = Vec::new();
    packet::seal_message(
        &AuthKey::new(KEY),
        Direction::FromServer,
        &header,
        &body,
        Padding::Shortest,
        &mut SystemRandom::new(),
        &mut packet,
    )
    .unwrap();
    let mut framed_packet = Vec::new();
    if framed {
        framed_packet.extend_from_slice(&(packet.len() as u32).to_le_bytes());
    }
    framed_packet.extend_from_slice(&packet);
    framed_packet
}

/// Encryption and padding alone.
fn seal(messages: usize) -> Measured {
    let packets = packets_per_look(messages);
    let key = AuthKey::new(KEY);
    let len = match messages {
        1 => REQUEST.len(),
        _ => 8 + messages * (16 + REQUEST.len()),
    };
    let len = packet::PREFIX_LEN + packet::HEADER_LEN + len;
    let mut packet = Vec::new();
    let mut rng = SystemRandom::new();
    let meter = Meter::start();
    for _ in 0..packets {
        packet.clear();
        packet.resize(len + Padding::Shortest.len_for(len - packet::PREFIX_LEN), 7);
        rng.fill_bytes(&mut packet[len..]);
        let sealed = packet::seal(&key, Direction::FromClient, &mut packet);
        black_box(sealed).unwrap();
    }
    meter.stop(packets)
}

/// Decryption alone.
fn open(messages: usize) -> Measured {
    let packets = packets_per_look(messages);
    let key = AuthKey::new(KEY);
    let ids: Vec<i64> = (0..messages as i64).map(|id| 4 * id).collect();
    let mut answers = vec![answer(1, &ids, &mut 1, false); packets];
    let meter = Meter::start();
    for packet in &mut answers {
        let opened = packet::open(&key, Direction::FromServer, packet);
        black_box(opened.unwrap().message()).unwrap();
    }
    meter.stop(packets)
}

struct Grammers {
    mtp: Encrypted,
    buffer: DequeBuffer<u8>,
    server_id: i64,
}

impl Grammers {
    fn new() -> Self {
        Self {
            mtp: Encrypted::build().compression_threshold(None).finish(KEY),
            buffer: DequeBuffer::with_capacity(1 << 16, 1 << 10),
            server_id: 1,
        }
    }

    fn transmit(&mut self, messages: usize) {
        self.buffer.clear();
        for _ in 0..messages {
            // With acks, 99 requests are as many as it takes.
            black_box(self.mtp.push(&mut self.buffer, &REQUEST));
        }
        black_box(self.mtp.finalize(&mut self.buffer)).unwrap();
    }

    fn send(&mut self, messages: usize) -> Measured {
        let packets = packets_per_look(messages);
        let meter = Meter::start();
        for _ in 0..packets {
            self.transmit(messages);
        }
        meter.stop(packets)
    }

    fn receive(&mut self, messages: usize) -> Measured {
        let packets = packets_per_look(messages);
        let mut answers = Vec::new();
        for _ in 0..packets {
            self.transmit(messages);
            let (session, mut ids) = sent_ids(&mut self.buffer[..].to_vec());
            // It does not ask whether it has sent what is answered.
            ids.resize(messages, 4);
            answers.push(answer(session, &ids, &mut self.server_id, false));
        }
        let mut answered = 0;
        let meter = Meter::start();
        for bytes in &mut answers {
            for result in self.mtp.deserialize(bytes).unwrap() {
                if let Deserialization::RpcResult(result) = black_box(result) {
                    black_box(&result.body);
                    answered += 1;
                }
            }
        }
        let measured = meter.stop(packets);
        assert_eq!(answered, packets * messages);
        measured
    }
}

/// A server and its client, which is a client's connection of ours.
struct Serving {
    server: server::Server,
    link: server::Connection,
    client: Ours,
    rng: SystemRandom,
    out: Vec<u8>,
    requests: Vec<(
        server::SessionRef,
        mtproto_runtime::session::server::RequestId,
    )>,
    answered: usize,
}

impl Serving {
    fn new() -> Self {
        let mut client = Ours::new();
        let rng = SystemRandom::new();
        let mut config = server::Config::new([]);
        config.padding = Padding::Shortest;
        let secret = SaltSecret::new([7; 32]);
        let mut server = server::Server::with_salts(client.now, config, secret);
        server.add_key_of(AuthKey::new(KEY), 0);
        let link = server::Connection::new(&mut server);
        client.connection.connect(
            client.now,
            Transport::client(Framing::Intermediate),
            &mut client.rng,
        );
        let mut serving = Self {
            server,
            link,
            client,
            rng,
            out: Vec::new(),
            requests: Vec::new(),
            answered: 0,
        };
        // The client learns its salt.
        for _ in 0..4 {
            serving.client.tick();
            serving.client.call(1);
            serving.client.transmit();
            serving.serve();
            serving.reply();
            serving.deliver();
        }
        serving
    }

    fn serve(&mut self) {
        let now = self.client.now;
        self.link
            .handle_bytes(now, &mut self.server, &self.client.out, &mut self.rng)
            .unwrap();
        while let Some(event) = self.server.poll_event(now) {
            if let server::Event::Request {
                from,
                request,
                body,
                ..
            } = black_box(event)
            {
                black_box(body);
                self.requests.push((from, request));
            }
        }
    }

    fn reply(&mut self) {
        let now = self.client.now;
        self.out.clear();
        for (from, request) in self.requests.drain(..) {
            self.server.reply(now, from, request, Ok(&ANSWER));
        }
        while self
            .link
            .poll_transmit(now, &mut self.server, &mut self.rng, &mut self.out)
            .unwrap()
        {}
    }

    fn deliver(&mut self) {
        let (now, rng) = (self.client.now, &mut self.client.rng);
        self.client
            .connection
            .handle_bytes(now, &self.out, rng)
            .unwrap();
        self.answered += self.client.drain();
    }

    fn round(&mut self, messages: usize) -> (Measured, Measured) {
        self.client.tick();
        self.client.call(messages);
        self.client.transmit();
        let meter = Meter::start();
        self.serve();
        let served = meter.stop(1);
        let meter = Meter::start();
        self.reply();
        let replied = meter.stop(1);
        self.answered = 0;
        self.deliver();
        assert_eq!(self.answered, messages);
        (served, replied)
    }
}

fn main() {
    // cargo passes --bench
    let args: Vec<String> = std::env::args()
        .skip(1)
        .filter(|a| !a.starts_with('-'))
        .collect();
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    match args[..] {
        ["count"] => count(),
        ["loop", what, messages] => profile(what, messages.parse().unwrap()),
        _ => measure(args.first().copied().unwrap_or_default()),
    }
}

fn measure(filter: &str) {
    for messages in [1, 10, 100] {
        let pieces = packets_per_look(messages);
        if "send".starts_with(filter) {
            let (mut ours, mut grammers) = (Ours::new(), Grammers::new());
            Group::new(format!("send {messages} requests of 108 bytes in a packet"))
                .timed("grammers-mtproto", pieces, || grammers.send(messages).time)
                .timed("connection", pieces, || ours.send(messages).time)
                .timed("of that, encryption", pieces, || seal(messages).time)
                .run();
        }
        if "receive".starts_with(filter) {
            let (mut ours, mut grammers) = (Ours::new(), Grammers::new());
            Group::new(format!(
                "receive {messages} answers of 28 bytes in a packet"
            ))
            .timed("grammers-mtproto", pieces, || {
                grammers.receive(messages).time
            })
            .timed("connection", pieces, || ours.receive(messages).time)
            .timed("of that, decryption", pieces, || open(messages).time)
            .run();
        }
        if "server".starts_with(filter) {
            let (mut serve, mut reply) = (Serving::new(), Serving::new());
            Group::new(format!("a server, {messages} requests in a packet"))
                .timed("receive them", 1, || serve.round(messages).0.time)
                .timed("answer and send", 1, || reply.round(messages).1.time)
                .run();
        }
    }
}

/// Allocations a packet, after things have settled.
fn count() {
    println!("allocations a packet, smallest and mean of 200 after 200");
    for messages in [1, 10, 100] {
        let (mut ours, mut grammers) = (Ours::new(), Grammers::new());
        report(messages, "grammers-mtproto send", || {
            grammers.send(messages)
        });
        report(messages, "grammers-mtproto receive", || {
            grammers.receive(messages)
        });
        report(messages, "connection send", || ours.send(messages));
        let mut ours = Ours::new();
        report(messages, "connection receive", || ours.receive(messages));
        let mut serving = Serving::new();
        report(messages, "server receive", || serving.round(messages).0);
        report(messages, "server answer", || serving.round(messages).1);
    }
}

fn report(messages: usize, name: &str, mut work: impl FnMut() -> Measured) {
    let mut counts: Vec<f64> = (0..400).map(|_| work().allocations).collect();
    let mut counts = counts.split_off(200);
    counts.sort_by(f64::total_cmp);
    let mean = counts.iter().sum::<f64>() / counts.len() as f64;
    println!("  {messages:3} {name:<26} {:8.2} {mean:8.2}", counts[0]);
}

fn profile(what: &str, messages: usize) {
    HAS_CLOCK.store(false, Ordering::Relaxed);
    let (mut ours, mut grammers, mut serving) = (Ours::new(), Grammers::new(), Serving::new());
    for _ in 0..300 {
        match what {
            "send" => ours.send(messages).time,
            "receive" => ours.receive(messages).time,
            "grammers-send" => grammers.send(messages).time,
            "grammers-receive" => grammers.receive(messages).time,
            _ => serving.round(messages).0.time,
        };
    }
}
