//! A whole session, from the key exchange to the answer of a call: over TCP with blocking sockets,
//! and over a pipe in memory. No async runtime.
//!
//! ```text
//! cargo run -p mtproto-runtime --features mtproto --example session
//! ```

use std::error::Error;
use std::io::{ErrorKind, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::time::{Duration, Instant};

use mtproto_runtime::connection::{client, server};
use mtproto_runtime::crypto::random::SystemRandom;
use mtproto_runtime::crypto::rsa::{PrivateKey, PublicKey};
use mtproto_runtime::session::CallOptions;
use mtproto_runtime::session::client::Event;
use mtproto_runtime::tl::{Identified, ReadResult, Reader, TlRead, TlWrite, Writer};
use mtproto_runtime::transport::{Framing, Transport};
use mtproto_runtime::{Now, session};

type Result<T> = std::result::Result<T, Box<dyn Error>>;

/// A key made for tests; everybody has it.
const KEY: &str = include_str!("../tests/vectors/test_key.pkcs8.pem");

/// `square#3a1e0b51 x:int = Int;`
#[derive(Debug, PartialEq)]
struct Square {
    x: i32,
}

impl Identified for Square {
    const ID: u32 = 0x3a1e_0b51;
    const NAME: &'static str = "square";
}

impl TlWrite for Square {
    fn write(&self, w: &mut Writer<'_>) {
        w.boxed(self);
    }

    fn write_bare(&self, w: &mut Writer<'_>) {
        w.int(self.x);
    }
}

impl<'a> TlRead<'a> for Square {
    const MIN_SIZE: usize = 8;

    fn read(r: &mut Reader<'a>) -> ReadResult<Self> {
        r.boxed()
    }

    fn read_bare(r: &mut Reader<'a>) -> ReadResult<Self> {
        Ok(Self { x: r.int() })
    }
}

fn main() -> Result<()> {
    let start = Instant::now();
    println!(
        "over a pipe in memory: 12 squared is {}",
        over_a_pipe(start)?
    );
    println!("over TCP: 12 squared is {}", over_tcp(start)?);
    Ok(())
}

/// Client and server take turns; whatever one writes, the other reads.
fn over_a_pipe(start: Instant) -> Result<i32> {
    let mut rng = SystemRandom::new();
    let key = PrivateKey::from_pem(KEY)?;
    let trusted = key.public().clone();
    let mut server = server::Server::new(Now::system(start), server::Config::new([key]), &mut rng);
    let mut link = server::Connection::new(&mut server);
    let mut client = new_client(start, trusted, &mut rng)?;
    let mut wire = Vec::new();
    loop {
        let now = Now::system(start);
        while client.poll_transmit(now, &mut rng, &mut wire)? {}
        link.handle_bytes(now, &mut server, &wire, &mut rng)?;
        wire.clear();
        answer(now, &mut server);
        while link.poll_transmit(now, &mut server, &mut rng, &mut wire)? {}
        client.handle_bytes(now, &wire, &mut rng)?;
        wire.clear();
        if let Some(result) = result(&mut client)? {
            return Ok(result);
        }
    }
}

/// The same with a socket between them, and each in a thread of its own.
fn over_tcp(start: Instant) -> Result<i32> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let address = listener.local_addr()?;
    let key = PrivateKey::from_pem(KEY)?;
    let trusted = key.public().clone();
    std::thread::scope(|scope| {
        scope.spawn(move || {
            if let Err(error) = serve(start, &listener, key) {
                eprintln!("server: {error}");
            }
        });
        ask(start, TcpStream::connect(address)?, trusted)
    })
}

/// Serves one connection until the client closes it.
fn serve(start: Instant, listener: &TcpListener, key: PrivateKey) -> Result<()> {
    let mut rng = SystemRandom::new();
    let mut server = server::Server::new(Now::system(start), server::Config::new([key]), &mut rng);
    let (mut socket, _) = listener.accept()?;
    let mut link = server::Connection::new(&mut server);
    let mut bytes = [0; 4096];
    let mut out = Vec::new();
    loop {
        socket.set_read_timeout(wait(start, server.poll_timeout()))?;
        match read(&mut socket, &mut bytes)? {
            Some([]) => return Ok(()),
            Some(bytes) => {
                link.handle_bytes(Now::system(start), &mut server, bytes, &mut rng)?;
            }
            None => server.handle_timeout(Now::system(start)),
        }
        let now = Now::system(start);
        answer(now, &mut server);
        while link.poll_transmit(now, &mut server, &mut rng, &mut out)? {}
        socket.write_all(&out)?;
        out.clear();
    }
}

/// One call over a new connection.
fn ask(start: Instant, mut socket: TcpStream, trusted: PublicKey) -> Result<i32> {
    let mut rng = SystemRandom::new();
    let mut client = new_client(start, trusted, &mut rng)?;
    let mut bytes = [0; 4096];
    let mut out = Vec::new();
    loop {
        while client.poll_transmit(Now::system(start), &mut rng, &mut out)? {}
        socket.write_all(&out)?;
        out.clear();
        let timeout = client.poll_timeout(Now::system(start));
        socket.set_read_timeout(wait(start, timeout))?;
        match read(&mut socket, &mut bytes)? {
            Some([]) => return Err("the server has closed the connection".into()),
            Some(bytes) => client.handle_bytes(Now::system(start), bytes, &mut rng)?,
            None => client.handle_timeout(Now::system(start), &mut rng)?,
        }
        if let Some(result) = result(&mut client)? {
            return Ok(result);
        }
    }
}

fn new_client(
    start: Instant,
    trusted: PublicKey,
    rng: &mut SystemRandom,
) -> Result<client::Connection> {
    let now = Now::system(start);
    let mut client = client::Connection::new(client::Config::new([trusted]), rng);
    client.connect(now, Transport::client(Framing::Intermediate), rng);
    let options = CallOptions::default().timeout(Duration::from_secs(10));
    client.call(now, &Square { x: 12 }.to_bytes()?, options)?;
    Ok(client)
}

/// The answer of the only call, if it is there.
fn result(client: &mut client::Connection) -> Result<Option<i32>> {
    while let Some(event) = client.poll_event() {
        match event {
            client::Event::NewKey(key) => println!("  new key {:?}, to be kept", key.auth_key),
            client::Event::Session(Event::Answer { body, .. }) => {
                return Ok(Some(i32::from_bytes(body)?));
            }
            client::Event::Session(Event::Failed { error, .. }) => return Err(error.into()),
            _ => {}
        }
    }
    Ok(None)
}

/// Answers all requests that have come.
fn answer(now: Now, server: &mut server::Server) {
    let mut answers = Vec::new();
    while let Some(event) = server.poll_event(now) {
        if let server::Event::Request {
            from,
            request,
            body,
            ..
        } = event
        {
            let square = Square::from_bytes(body)
                .map(|square| square.x.wrapping_mul(square.x))
                .map_err(|_| session::RpcError::new(400, "METHOD_INVALID"));
            answers.push((from, request, square));
        }
    }
    for (from, request, square) in answers {
        let square = square.map(i32::to_le_bytes);
        let square = square.as_ref().map(|bytes| &bytes[..]);
        server.reply(now, from, request, square);
    }
}

/// How long a read may take until something is due.
fn wait(start: Instant, due: Option<Duration>) -> Option<Duration> {
    let wait = due?.saturating_sub(start.elapsed());
    Some(wait.max(Duration::from_millis(1)))
}

/// `None`: the time is up.
fn read<'a>(socket: &mut TcpStream, bytes: &'a mut [u8]) -> Result<Option<&'a [u8]>> {
    match socket.read(bytes) {
        Ok(count) => Ok(Some(&bytes[..count])),
        Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {
            Ok(None)
        }
        Err(error) => Err(error.into()),
    }
}
