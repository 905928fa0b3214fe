//! A server that any client can talk to: it makes keys, keeps sessions, and answers what a client
//! asks before it logs in, in layers 158 to 232.
//!
//! ```console
//! $ cargo run --release -p mtproto-runtime --example mtproto-server -- --listen 127.0.0.1:4430 --dc 2
//! ```
//!
//! | option | |
//! |---|---|
//! | `--listen ADDRESS` | where to listen; port 0 takes one that is free |
//! | `--rsa-key FILE` | its private key, PEM, PKCS#1 or PKCS#8; without it one is made, and its public half printed |
//! | `--dc N` | which DC it says it is; 2 unless told |
//! | `--legacy-rsa` | also take the form of the key exchange before 2021, which Telethon, Pyrogram and others send |
//! | `--store FOLDER` | keep keys in a folder, so that sessions outlive the process |
//! | `--test-mode` | say that it is of the test environment |
//!
//! It prints `listening on ADDRESS` when it is ready. SIGINT (Ctrl-C) lets what runs come to an end. It
//! exits with 1 if it can't start, and says why in a line, with 2 if it was called wrongly.

mod answers;
#[rustfmt::skip]
mod api;
mod args;
mod methods;

use std::io::Write;
use std::process::ExitCode;
use std::time::Duration;

use mtproto_runtime::crypto::random::SystemRandom;
use mtproto_runtime::crypto::rsa::{PrivateKey, generate_pem};
use mtproto_runtime::net::server::{Config, Server};
use mtproto_runtime::store::FileStore;
use tokio::net::TcpListener;

use args::Args;

type Error = Box<dyn std::error::Error>;

#[tokio::main]
async fn main() -> ExitCode {
    let args = match Args::parse(std::env::args().skip(1)) {
        Ok(Some(args)) => args,
        Ok(None) => {
            println!("{}", args::USAGE);
            return ExitCode::SUCCESS;
        }
        Err(error) => {
            eprintln!("mtproto-server: {error}\n\n{}", args::USAGE);
            return ExitCode::from(2);
        }
    };
    match run(args).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("mtproto-server: {}", chain(&*error));
            ExitCode::FAILURE
        }
    }
}

async fn run(args: Args) -> Result<(), Error> {
    // Whatever can be wrong on this machine is found out before a key is made.
    let listener = TcpListener::bind(&args.listen).await;
    let listener = listener.map_err(|error| format!("can't listen on {}: {error}", args.listen))?;
    let address = listener.local_addr()?;
    let store = args.store.as_ref().map(FileStore::open).transpose()?;
    let rsa_key = rsa_key(&args)?;

    let mut config = Config::new([rsa_key]);
    config.core.handshake.legacy_rsa = args.legacy_rsa;
    // Whoever tries this from one machine makes many connections and keys.
    config.limits.connections_per_address = 1 << 16;
    config.limits.handshake_burst = 1 << 16;
    config.limits.handshake_rate = 1 << 12;
    config.limits.key_burst = 1 << 16;
    config.limits.temporary_key_burst = 1 << 16;
    let router = answers::router(args.dc, args.test_mode, address);
    let mut builder = Server::builder(config, router);
    if let Some(store) = store {
        builder = builder.store(store);
    }
    let server = builder.start([listener]).await?;

    println!("listening on {address}");
    std::io::stdout().flush()?;
    tokio::signal::ctrl_c().await?;
    eprintln!("going down");
    match server.drain(Duration::from_secs(10)).await {
        true => Ok(()),
        false => Err("not everything came to an end in time".into()),
    }
}

/// The key of the file, or a new one.
fn rsa_key(args: &Args) -> Result<PrivateKey, Error> {
    if let Some(path) = &args.rsa_key {
        let pem = std::fs::read_to_string(path)
            .map_err(|error| format!("{}: {error}", path.display()))?;
        return PrivateKey::from_pem(&pem)
            .map_err(|error| format!("{}: {}", path.display(), chain(&error)).into());
    }
    let key = PrivateKey::from_pem(&generate_pem(&mut SystemRandom::new())?)?;
    print!("{}", key.public().to_pem()?);
    println!("fingerprint {:016x}", key.public().fingerprint());
    Ok(key)
}

/// An error and what is behind it.
fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(error) = source {
        text = format!("{text}: {error}");
        source = error.source();
    }
    text
}
