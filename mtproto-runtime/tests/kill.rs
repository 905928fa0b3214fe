//! Kill -9 of the server and of the client in the middle of traffic, with keys in files: sessions
//! go on, no call is run twice, and none ends without a word.
//!
//! The processes are this test's own program, started again with a role in its environment.
#![cfg(unix)]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::cast_sign_loss,
    clippy::cast_possible_truncation
)]

mod peer;

use std::collections::BTreeMap;
use std::fs::{self, File, OpenOptions};
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use mtproto_runtime::crypto::rsa::PrivateKey;
use mtproto_runtime::net::client::{Client, Config, Error, Tcp};
use mtproto_runtime::net::server::{self, Router, Server};
use mtproto_runtime::session::CallError;
use mtproto_runtime::store::FileStore;
use mtproto_runtime::tl::{Identified, ReadResult, Reader, TlRead};
use peer::{Peer, Square};

impl<'a> TlRead<'a> for Square {
    const MIN_SIZE: usize = 8;

    fn read(r: &mut Reader<'a>) -> ReadResult<Self> {
        r.expect_id(Self::ID, Self::NAME)?;
        Ok(Self(r.int()))
    }
}

const ROLE: &str = "MTPROTO_KILL_TEST_ROLE";
const FOLDER: &str = "MTPROTO_KILL_TEST_FOLDER";
const ADDRESS: &str = "MTPROTO_KILL_TEST_ADDRESS";

/// This program again, as a server or a client; what it prints is read line by line.
fn spawn(role: &str, folder: &Path, address: &str) -> Child {
    Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "play_a_role", "--nocapture", "--ignored"])
        .env(ROLE, role)
        .env(FOLDER, folder)
        .env(ADDRESS, address)
        .stdout(Stdio::piped())
        .spawn()
        .unwrap()
}

fn line_with(child: &mut Child, what: &str) -> String {
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let line = lines.find_map(|line| {
        let line = line.unwrap();
        line.split_once(what).map(|(_, rest)| rest.to_owned())
    });
    // Whatever else it prints, nobody reads; it must not wait for that.
    std::thread::spawn(move || lines.for_each(drop));
    line.expect("the process has said it")
}

/// SIGKILL, which nobody can handle.
fn kill(mut child: Child) {
    child.kill().unwrap();
    child.wait().unwrap();
}

fn start_server(folder: &Path, address: &str) -> (Child, String) {
    let mut server = spawn("server", folder, address);
    let address = line_with(&mut server, "listening on ");
    (server, address)
}

/// How often each number was squared, by the server's word, which is on the disk before its
/// answer is.
fn runs(folder: &Path) -> BTreeMap<i32, u32> {
    let mut runs = BTreeMap::new();
    for line in fs::read_to_string(folder.join("runs"))
        .unwrap_or_default()
        .lines()
    {
        *runs.entry(line.parse().unwrap()).or_default() += 1;
    }
    runs
}

/// Not a test: the other processes of the tests below.
#[test]
#[ignore = "the other tests run it"]
fn play_a_role() {
    let Ok(role) = std::env::var(ROLE) else {
        return;
    };
    let folder = std::env::var(FOLDER).unwrap();
    let folder = Path::new(&folder);
    let address = std::env::var(ADDRESS).unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    match &*role {
        "server" => runtime.block_on(serve(folder, &address)),
        _ => runtime.block_on(ask_for_ever(folder, &address)),
    }
}

async fn serve(folder: &Path, address: &str) {
    let log = OpenOptions::new()
        .create(true)
        .append(true)
        .open(folder.join("runs"))
        .unwrap();
    let log = Arc::new(Mutex::new(log));
    let router = Router::new().on(move |_, request: Square| {
        let x = request.0;
        // One write of a line is whole or not there, also when the process is killed.
        log.lock()
            .unwrap()
            .write_all(format!("{x}\n").as_bytes())
            .unwrap();
        async move {
            // Some are running when the server is killed.
            tokio::time::sleep(Duration::from_millis(x as u64 % 7)).await;
            Ok(x.wrapping_mul(x))
        }
    });
    let config = server::Config::new([PrivateKey::from_pem(peer::KEY).unwrap()]);
    let server = Server::builder(config, router)
        .store(FileStore::open(folder.join("server")).unwrap())
        .listen(address)
        .await
        .unwrap();
    println!("listening on {}", server.local_addrs()[0]);
    std::future::pending::<()>().await;
}

fn config(folder: &Path) -> Config {
    let mut config = Config::new([Peer::public_key()]);
    config.store = None;
    config.backoff.first = Duration::from_millis(20);
    config.backoff.most = Duration::from_millis(200);
    config.call_timeout = None;
    config.store(FileStore::open(folder.join("client")).unwrap())
}

/// A client that asks with numbers of its own until it is killed, and writes down what came back.
async fn ask_for_ever(folder: &Path, address: &str) {
    let first = fs::read_to_string(folder.join("first"))
        .unwrap()
        .parse::<i32>()
        .unwrap();
    let answers = Arc::new(Mutex::new(File::create(folder.join("answers")).unwrap()));
    let (client, _updates) = Client::connect(config(folder), Tcp::new([address]))
        .await
        .unwrap();
    println!("key {}", client.key().unwrap().auth_key.id());
    let tasks = (0..20).map(|task| {
        let (client, answers) = (client.clone(), Arc::clone(&answers));
        async move {
            for x in (first + task..).step_by(20) {
                let square = client.call(&Square(x)).await.unwrap();
                assert_eq!(square, x.wrapping_mul(x));
                answers
                    .lock()
                    .unwrap()
                    .write_all(format!("{x}\n").as_bytes())
                    .unwrap();
            }
        }
    });
    let tasks: Vec<_> = tasks.map(|task| tokio::spawn(task)).collect();
    for task in tasks {
        task.await.unwrap();
    }
}

async fn wait_until(mut is_so: impl FnMut() -> bool) {
    while !is_so() {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

#[tokio::test]
async fn a_server_that_is_killed_runs_nothing_twice_and_loses_nothing_silently() {
    const ROUNDS: i32 = 3;
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let (mut server, address) = start_server(folder, "127.0.0.1:0");
    let (client, _updates) = Client::connect(config(folder), Tcp::new([&address]))
        .await
        .unwrap();
    let key = client.key().unwrap().auth_key.id();

    let done = Arc::new(std::sync::atomic::AtomicI32::new(0));
    let (mut answered, mut lost) = (0, 0);
    for round in 0..ROUNDS {
        let calls: Vec<_> = (0..300)
            .map(|i| {
                let (client, done) = (client.clone(), Arc::clone(&done));
                tokio::spawn(async move {
                    // Not all at once, so that some are on their way whenever it is.
                    let x = round * 1000 + i;
                    tokio::time::sleep(Duration::from_millis(i as u64 / 3)).await;
                    let outcome = client.call(&Square(x)).await;
                    done.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
                    (x, outcome)
                })
            })
            .collect();
        let before = runs(folder).len();
        wait_until(|| runs(folder).len() > before + 100).await;
        kill(server);
        (server, _) = start_server(folder, &address);
        for call in calls {
            match call.await.unwrap() {
                (x, Ok(square)) => {
                    assert_eq!(square, x.wrapping_mul(x));
                    answered += 1;
                }
                // It says that it may have run.
                (_, Err(Error::Call(CallError::Lost))) => lost += 1,
                (x, Err(error)) => panic!("{x}: {error:?}"),
            }
        }
    }
    assert_eq!(answered + lost, ROUNDS * 300);
    assert!(answered > lost, "{answered} answered, {lost} lost");
    let runs = runs(folder);
    assert!(runs.values().all(|times| *times == 1), "{runs:?}");
    assert!(runs.len() >= answered as usize);
    // With the key that it had.
    assert_eq!(client.key().unwrap().auth_key.id(), key);
    println!(
        "{answered} answered, {lost} lost by name, {} run",
        runs.len()
    );
    client.close().await;
    kill(server);
}

#[tokio::test]
async fn a_client_that_is_killed_goes_on_with_its_key_and_nothing_is_run_twice() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let (server, address) = start_server(folder, "127.0.0.1:0");
    let mut keys = Vec::new();
    for round in 0..4 {
        // Each life asks with other numbers: what is run twice was sent twice.
        let first: i32 = round * 1_000_000;
        fs::write(folder.join("first"), first.to_string()).unwrap();
        let mut client = spawn("client", folder, &address);
        keys.push(line_with(&mut client, "key "));
        let before = runs(folder).len();
        wait_until(|| runs(folder).len() > before + 200).await;
        kill(client);
        let runs = runs(folder);
        assert!(runs.values().all(|times| *times == 1), "{runs:?}");
        // What was answered was run.
        for line in fs::read_to_string(folder.join("answers")).unwrap().lines() {
            assert!(runs.contains_key(&line.parse().unwrap()));
        }
    }
    keys.dedup();
    assert_eq!(keys.len(), 1, "no key was made anew");
    kill(server);
}
