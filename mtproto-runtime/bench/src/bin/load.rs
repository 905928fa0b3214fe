//! Load on one machine over loopback: what a server and its clients do in a second, and what a
//! session costs.
//!
//! ```text
//! cargo run --release --bin load -- calls        [SECONDS]
//! cargo run --release --bin load -- handshakes   [SECONDS]
//! cargo run --release --bin load -- idle         [SESSIONS]
//! cargo run --release --bin load -- sustained    [MINUTES] [PERCENT]
//! ```
//!
//! The server is a process of its own, so that its memory and its processor time are its own.

use std::error::Error;
use std::io::{BufRead, BufReader, Write};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use mtproto_runtime::crypto::rsa::PrivateKey;
use mtproto_runtime::net::client::{Client, Config, Tcp};
use mtproto_runtime::net::server::{Router, Server};
use mtproto_runtime::store::StoredKey;
use mtproto_runtime::testing::TestServer;

type Result<T> = std::result::Result<T, Box<dyn Error + Send + Sync>>;

/// A function that results in itself.
const ECHO: u32 = 0x0ec0_0ec0;
/// Sessions that share a key when there are many.
const PER_KEY: usize = 50;

/// As many files as the system lets this process and its child have, and whether that is enough for
/// so many connections, which have one on each side.
fn raise_limit(connections: u64) -> Result<()> {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

    /// What else is open.
    const BESIDES: u64 = 64;

    let Rlimit { current, maximum } = getrlimit(Resource::Nofile);
    let wanted = connections + BESIDES;
    if current.is_none_or(|current| current >= wanted) {
        return Ok(());
    }
    if let Some(maximum) = maximum
        && maximum < wanted
    {
        return Err(format!(
            "{connections} connections want {wanted} open files, and this process may have {maximum} \
             at most: ulimit -H -n says so, and root can raise it"
        )
        .into());
    }
    let current = Some(wanted);
    Ok(setrlimit(Resource::Nofile, Rlimit { current, maximum })?)
}

fn main() -> Result<()> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let number = |at: usize, usual: u64| -> Result<u64> {
        Ok(args.get(at).map_or(Ok(usual), |text| text.parse())?)
    };
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()?;
    match args.first().map(String::as_str) {
        Some("serve") => runtime.block_on(serve()),
        Some("calls") => runtime.block_on(calls(Duration::from_secs(number(1, 5)?))),
        Some("handshakes") => runtime.block_on(handshakes(Duration::from_secs(number(1, 5)?))),
        Some("idle") => runtime.block_on(idle(usize::try_from(number(1, 10_000)?)?)),
        Some("sustained") => runtime.block_on(sustained(
            Duration::from_secs(60 * number(1, 10)?),
            number(2, 25)?,
        )),
        _ => Err("usage: load calls|handshakes|idle|sustained [..]".into()),
    }
}

/// The other process: serves until its standard input ends.
async fn serve() -> Result<()> {
    let mut config = TestServer::config()?;
    config.limits.connections_per_address = 1 << 20;
    config.limits.connections_per_key = 1 << 20;
    config.limits.handshake_burst = 1 << 30;
    config.limits.key_burst = 1 << 30;
    config.core.max_sessions_per_key = 1 << 20;
    let router = Router::new().on_id(ECHO, |_, request| async move { Ok(request) });
    let server = Server::builder(config, router)
        .listen("127.0.0.1:0")
        .await?;
    let address = server.local_addrs().first().ok_or("no address")?;
    println!("{address}");
    std::io::stdout().flush()?;
    tokio::task::spawn_blocking(|| std::io::stdin().read_line(&mut String::new())).await??;
    Ok(())
}

struct Process {
    child: Child,
    address: String,
}

impl Process {
    fn start() -> Result<Self> {
        let mut child = Command::new(std::env::current_exe()?)
            .arg("serve")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()?;
        let mut address = String::new();
        let stdout = child.stdout.take().ok_or("no output")?;
        BufReader::new(stdout).read_line(&mut address)?;
        Ok(Self {
            child,
            address: address.trim().into(),
        })
    }

    async fn client(&self, key: Option<StoredKey>) -> Result<Client> {
        let rsa_key = PrivateKey::from_pem(TestServer::RSA_KEY)?;
        let mut config = Config::new([rsa_key.public().clone()]);
        config.key = key;
        let (client, _) = Client::connect(config, Tcp::new([&self.address])).await?;
        Ok(client)
    }

    /// So many clients, fifty of each key.
    async fn clients(&self, count: usize) -> Result<Vec<Client>> {
        let mut clients: Vec<Client> = Vec::with_capacity(count);
        while clients.len() < count {
            let first = self.client(None).await?;
            let key = first.key();
            clients.push(first);
            for _ in 1..PER_KEY.min(count + 1 - clients.len()) {
                clients.push(self.client(key.clone()).await?);
            }
        }
        Ok(clients)
    }

    fn memory(&self) -> Result<Memory> {
        Memory::of(&self.child.id().to_string())
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // Its input ends, and so does it.
        drop(self.child.stdin.take());
        let _ = self.child.wait();
    }
}

/// In KiB.
#[derive(Clone, Copy)]
struct Memory {
    now: u64,
}

impl Memory {
    fn of(process: &str) -> Result<Self> {
        let status = std::fs::read_to_string(format!("/proc/{process}/status"))?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
        let now = line.ok_or("no VmRSS")?.trim().trim_end_matches("kB").trim();
        Ok(Self { now: now.parse()? })
    }
}

/// Calls in a second: so many tasks, each of which asks again when it has its answer.
async fn measure(clients: &[Client], tasks: usize, time: Duration) -> Result<f64> {
    let count = Arc::new(AtomicU64::new(0));
    let end = Instant::now() + time;
    let begin = Instant::now();
    let tasks: Vec<_> = (0..tasks)
        .map(|task| {
            let client = clients[task % clients.len()].clone();
            let count = Arc::clone(&count);
            tokio::spawn(async move {
                let mut request = vec![0; 32];
                request[..4].copy_from_slice(&ECHO.to_le_bytes());
                while Instant::now() < end {
                    let answer = client.call_bytes(request).await?;
                    count.fetch_add(1, Ordering::Relaxed);
                    request = answer;
                }
                Result::Ok(())
            })
        })
        .collect();
    for task in tasks {
        task.await??;
    }
    Ok(count.load(Ordering::Relaxed) as f64 / begin.elapsed().as_secs_f64())
}

async fn calls(time: Duration) -> Result<()> {
    raise_limit(1001)?;
    let process = Process::start()?;
    let one = process.clients(1).await?;
    for tasks in [1, 100, 1000] {
        let rate = measure(&one, tasks, time).await?;
        println!("1 connection, {tasks:4} in flight: {rate:8.0} calls/s");
    }
    let many = process.clients(1000).await?;
    let rate = measure(&many, 1000, time).await?;
    println!("1000 connections, 1 in flight each: {rate:8.0} calls/s");
    Ok(())
}

async fn handshakes(time: Duration) -> Result<()> {
    let process = Process::start()?;
    let begin = Instant::now();
    let mut count = 0;
    while begin.elapsed() < time {
        let clients: Vec<_> = (0..4).map(|_| process.client(None)).collect();
        for client in clients {
            client.await?;
            count += 1;
        }
    }
    let rate = f64::from(count) / begin.elapsed().as_secs_f64();
    println!("{rate:.1} key exchanges/s, client and server together");
    Ok(())
}

async fn idle(count: usize) -> Result<()> {
    raise_limit(count as u64 + 10)?;
    let process = Process::start()?;
    let warm = process.clients(10).await?;
    let server = process.memory()?.now;
    let own = Memory::of("self")?.now;
    let clients = process.clients(count).await?;
    tokio::time::sleep(Duration::from_secs(5)).await;
    let per = |before: u64, after: u64| (after.saturating_sub(before) * 1024) as f64 / count as f64;
    println!("{count} sessions on connections of their own, {PER_KEY} of each key:");
    println!(
        "server {:6.0} bytes each",
        per(server, process.memory()?.now)
    );
    println!(
        "client {:6.0} bytes each",
        per(own, Memory::of("self")?.now)
    );
    drop((warm, clients));
    Ok(())
}

/// Work for a part of each tenth of a second, and what memory does.
async fn sustained(time: Duration, percent: u64) -> Result<()> {
    let process = Process::start()?;
    let clients = process.clients(100).await?;
    let end = Instant::now() + time;
    let mut total = 0.0;
    let mut next = Instant::now();
    while Instant::now() < end {
        if Instant::now() >= next {
            next += Duration::from_secs(60);
            println!(
                "{:3.0} s left, {total:10.0} calls, server {} KiB, client {} KiB",
                (end - Instant::now()).as_secs_f64(),
                process.memory()?.now,
                Memory::of("self")?.now
            );
        }
        let slice = Duration::from_millis(percent.min(100));
        let begin = Instant::now();
        let rate = measure(&clients, 200, slice).await?;
        total += rate * begin.elapsed().as_secs_f64();
        tokio::time::sleep(Duration::from_millis(100).saturating_sub(begin.elapsed())).await;
    }
    println!(
        "at the end: {total:.0} calls, server {} KiB, client {} KiB",
        process.memory()?.now,
        Memory::of("self")?.now
    );
    Ok(())
}
