//! A client to try servers with: step after step, a line of JSON for each.
//!
//! ```text
//! cargo run --release -p mtproto-runtime --example mtproto-client -- --connect HOST:PORT \
//!     --rsa-pub KEY.pem --dc N --transport abridged|intermediate|padded|full|obfuscated [--pfs] \
//!     [--session FILE] [--layer N] [--api-id N] [--timeout SECONDS] \
//!     --steps handshake,config,ping,salts,reconnect
//! ```
//!
//! It exits with 0 if all steps have gone well, with 1 if one has not, with 2 if it was called
//! wrongly. The file of `--session` is locked: two programs with one session would take each other's
//! messages for replays.

use std::error::Error;
use std::fmt::Display;
use std::fs::{self, File};
use std::io::{Read, Seek, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::{Duration, Instant};

use fs4::FileExt;
use mtproto_runtime::crypto::AuthKey;
use mtproto_runtime::crypto::rsa::PublicKey;
use mtproto_runtime::handshake::Dc;
use mtproto_runtime::net::client::{Client, Config, Init, Tcp, Wire};
use mtproto_runtime::store::StoredKey;
use mtproto_runtime::transport::Framing;
use serde_json::{Value, json};

type Result<T> = std::result::Result<T, Box<dyn Error>>;

/// `help.getConfig#c4f9186b = Config;`
const GET_CONFIG: u32 = 0xc4f9_186b;

const USAGE: &str = "usage: mtproto-client --connect HOST:PORT --rsa-pub KEY.pem --dc N
    --transport abridged|intermediate|padded|full|obfuscated
    --steps handshake,config,ping,salts,reconnect [OPTIONS]

  --connect HOST:PORT  the server
  --rsa-pub FILE       its public key, PEM
  --dc N               which DC it is
  --transport NAME     how packets are framed
  --steps A,B,..       what to try, the handshake at first
  --pfs                with temporary keys
  --session FILE       keep the key in a file, and use the one that is there
  --layer N            the layer that is told [230]
  --api-id N           the program that is told [1]
  --timeout SECONDS    for a connection, a key exchange, a call [20]
  --help               print this

A line of JSON for each step. The exit status is 0 if all have gone well, 1 if one has not, and 2 if
this text was needed.";

pub(crate) struct Args {
    address: String,
    config: Config,
    session: Option<PathBuf>,
    timeout: Duration,
    steps: Vec<Step>,
}

#[derive(Clone, Copy)]
enum Step {
    Handshake,
    Config,
    Ping,
    Salts,
    Reconnect,
}

impl Step {
    fn parse(name: &str) -> Option<Self> {
        Some(match name {
            "handshake" => Self::Handshake,
            "config" => Self::Config,
            "ping" => Self::Ping,
            "salts" => Self::Salts,
            "reconnect" => Self::Reconnect,
            _ => return None,
        })
    }

    const fn name(self) -> &'static str {
        match self {
            Self::Handshake => "handshake",
            Self::Config => "config",
            Self::Ping => "ping",
            Self::Salts => "salts",
            Self::Reconnect => "reconnect",
        }
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    if std::env::args().any(|word| word == "--help" || word == "-h") {
        println!("{USAGE}");
        return ExitCode::SUCCESS;
    }
    let args = match Args::parse(std::env::args().skip(1)) {
        Ok(args) => args,
        Err(error) => {
            eprintln!("mtproto-client: {error}\n\n{USAGE}");
            return ExitCode::from(2);
        }
    };
    match run(&args).await {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("mtproto-client: {}", chain(&*error));
            ExitCode::FAILURE
        }
    }
}

impl Args {
    pub(crate) fn parse(mut words: impl Iterator<Item = String>) -> Result<Self> {
        let (mut address, mut key, mut dc, mut wire, mut steps) = (None, None, None, None, None);
        let (mut session, mut pfs, mut layer, mut api_id, mut timeout) = (None, false, 230, 1, 20);
        while let Some(word) = words.next() {
            if word == "--pfs" {
                pfs = true;
                continue;
            }
            let mut value = || words.next().ok_or(format!("{word} wants a value"));
            match &*word {
                "--connect" => address = Some(value()?),
                "--rsa-pub" => key = Some(read_key(&value()?)?),
                "--dc" => dc = Some(parse_dc(&value()?)?),
                "--transport" => wire = Some(parse_wire(&value()?)?),
                "--session" => session = Some(PathBuf::from(value()?)),
                "--layer" => layer = parse("--layer", &value()?)?,
                "--api-id" => api_id = parse("--api-id", &value()?)?,
                "--timeout" => timeout = parse("--timeout", &value()?)?,
                "--steps" => steps = Some(parse_steps(&value()?)?),
                _ => return Err(format!("unknown argument {word}").into()),
            }
        }
        let key = key.ok_or("--rsa-pub is missing")?;
        let timeout = Duration::from_secs(timeout);
        let mut config = Config::new([key])
            .dc(dc.ok_or("--dc is missing")?)
            .wire(wire.ok_or("--transport is missing")?)
            .init(Init::new(layer, api_id));
        config.connect_timeout = timeout;
        config.handshake_timeout = timeout;
        config.call_timeout = Some(timeout);
        if pfs {
            config = config.pfs();
        }
        Ok(Self {
            address: address.ok_or("--connect is missing")?,
            config,
            session,
            timeout,
            steps: steps.ok_or("--steps is missing")?,
        })
    }
}

fn parse<T: std::str::FromStr<Err: Display>>(what: &str, text: &str) -> Result<T> {
    text.parse()
        .map_err(|error| format!("{what} {text}: {error}").into())
}

fn read_key(path: &str) -> Result<PublicKey> {
    let pem = fs::read_to_string(path).map_err(|error| format!("{path}: {error}"))?;
    PublicKey::from_pem(&pem)
        .map_err(|error| format!("{path} has no public RSA key: {}", chain(&error)).into())
}

fn parse_dc(text: &str) -> Result<Dc> {
    let number = parse("--dc", text)?;
    Dc::from_wire(number).ok_or(format!("{text} is no DC").into())
}

fn parse_wire(text: &str) -> Result<Wire> {
    Ok(match text {
        "abridged" => Wire::plain(Framing::Abridged),
        "intermediate" => Wire::plain(Framing::Intermediate),
        "padded" => Wire::plain(Framing::PaddedIntermediate),
        "full" => Wire::plain(Framing::Full),
        "obfuscated" => Wire::obfuscated(Framing::Intermediate),
        _ => return Err(format!("unknown transport {text}").into()),
    })
}

fn parse_steps(text: &str) -> Result<Vec<Step>> {
    let unknown = |name| format!("unknown step {name}").into();
    text.split(',')
        .map(|name| Step::parse(name).ok_or_else(|| unknown(name)))
        .collect()
}

/// Whether all steps have gone well.
pub(crate) async fn run(args: &Args) -> Result<bool> {
    let mut session = args.session.as_deref().map(Session::open).transpose()?;
    let mut key = match &mut session {
        Some(session) => session.load()?,
        None => None,
    };
    let mut client = None;
    let mut all_well = true;
    for step in &args.steps {
        let begin = Instant::now();
        let within = tokio::time::timeout(2 * args.timeout, go(args, *step, &mut client, &mut key));
        let outcome = match within.await {
            Ok(outcome) => outcome,
            Err(_) => Err("took too long".into()),
        };
        let ms = begin.elapsed().as_secs_f64() * 1000.0;
        let mut line = json!({
            "step": step.name(),
            "ok": outcome.is_ok(),
            "ms": (ms * 1000.0).round() / 1000.0,
            "error": outcome.as_ref().err().map(|error| chain(&**error)),
        });
        if let (Ok(Value::Object(more)), Some(line)) = (&outcome, line.as_object_mut()) {
            line.extend(more.clone());
        }
        println!("{line}");
        all_well &= outcome.is_ok();
        if let (Some(session), Some(key)) = (&mut session, &key) {
            session.save(key)?;
        }
    }
    if let Some(client) = client {
        client.close().await;
    }
    Ok(all_well)
}

/// One step; more that is worth telling.
async fn go(
    args: &Args,
    step: Step,
    client: &mut Option<Client>,
    key: &mut Option<StoredKey>,
) -> Result<Value> {
    if let Step::Handshake = step {
        let is_new = key.is_none();
        *client = Some(connect(args, key).await?);
        return Ok(json!({ "new_key": is_new }));
    }
    let connected = client
        .as_ref()
        .ok_or("there is no connection: a handshake has to go well at first")?;
    match step {
        Step::Handshake => {}
        Step::Config => return get_config(connected).await,
        Step::Ping => {
            let rtt = connected.ping().await?;
            return Ok(json!({ "rtt_ms": rtt.as_secs_f64() * 1000.0 }));
        }
        Step::Salts => match connected.future_salts().await? {
            0 => return Err("the server knows no future salts".into()),
            count => return Ok(json!({ "salts": count })),
        },
        Step::Reconnect => {
            // The same session over another connection.
            connected.reconnect();
            get_config(connected).await?;
            // Another one under the same key.
            *key = connected.key();
            let before = key.as_ref().map(|key| key.auth_key.id());
            connected.close().await;
            let again = client.insert(connect(args, key).await?);
            get_config(again).await?;
            let after = again.key().map(|key| key.auth_key.id());
            if before.is_none() || before != after {
                return Err("there is another key now".into());
            }
        }
    }
    Ok(Value::Null)
}

async fn connect(args: &Args, key: &mut Option<StoredKey>) -> Result<Client> {
    let mut config = args.config.clone();
    config.key.clone_from(key);
    let (client, _) = Client::connect(config, Tcp::new([&args.address])).await?;
    *key = client.key();
    Ok(client)
}

/// `invokeWithLayer(initConnection(help.getConfig))`, for as long as the client has to say who it
/// is.
async fn get_config(client: &Client) -> Result<Value> {
    let answer = client.call_bytes(GET_CONFIG.to_le_bytes().to_vec()).await?;
    match answer.first_chunk() {
        Some(id) => Ok(json!({ "constructor": format!("{:08x}", u32::from_le_bytes(*id)) })),
        None => Err("the answer is empty".into()),
    }
}

/// A key in a file, which is locked for as long as this lives. Programs keep keys in a store.
struct Session {
    path: PathBuf,
    file: File,
}

impl Session {
    fn open(path: &Path) -> Result<Self> {
        let mut options = fs::OpenOptions::new();
        options.read(true).write(true).create(true).truncate(false);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let told = |error| format!("{}: {error}", path.display());
        let file = options.open(path).map_err(told)?;
        FileExt::try_lock(&file).map_err(|error| match error {
            fs4::TryLockError::WouldBlock => {
                format!("{} is in use by another program", path.display())
            }
            fs4::TryLockError::Error(error) => told(error),
        })?;
        let path = path.to_owned();
        Ok(Self { path, file })
    }

    /// The key; `None` if the file is new.
    fn load(&mut self) -> Result<Option<StoredKey>> {
        let mut text = String::new();
        let read = self.file.read_to_string(&mut text);
        let told = |error: &dyn Display| format!("{} has no key: {error}", self.path.display());
        read.map_err(|error| told(&error))?;
        if text.trim().is_empty() {
            return Ok(None);
        }
        let key = read_session(&text).map_err(|error| told(&*error))?;
        Ok(Some(key))
    }

    fn save(&mut self, key: &StoredKey) -> Result<()> {
        let hex: String = key
            .auth_key
            .expose_bytes()
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect();
        let value = json!({
            "auth_key": hex,
            "dc": key.dc.map(Dc::to_wire),
            "created_at": key.created_at,
            "salt": key.salt,
            "clock_offset": key.clock_offset,
        });
        self.file.rewind()?;
        self.file.set_len(0)?;
        self.file.write_all(value.to_string().as_bytes())?;
        Ok(())
    }
}

fn read_session(text: &str) -> Result<StoredKey> {
    let value: Value = serde_json::from_str(text)?;
    let number = |name: &str| value[name].as_i64().ok_or(format!("{name} is missing"));
    let hex = value["auth_key"].as_str().ok_or("auth_key is missing")?;
    let bytes: Vec<u8> = (0..hex.len() / 2)
        .map(|at| u8::from_str_radix(hex.get(2 * at..2 * at + 2).unwrap_or("?"), 16))
        .collect::<std::result::Result<_, _>>()?;
    let bytes: [u8; AuthKey::LEN] = bytes
        .try_into()
        .map_err(|_| "auth_key has another length")?;
    Ok(StoredKey {
        auth_key: AuthKey::new(bytes),
        dc: value["dc"]
            .as_i64()
            .and_then(|dc| Dc::from_wire(i32::try_from(dc).ok()?)),
        created_at: number("created_at")?,
        salt: number("salt")?,
        clock_offset: number("clock_offset")?,
    })
}

/// An error and what is behind it.
fn chain(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(error) = source {
        let more = error.to_string();
        if !text.ends_with(&more) {
            text = format!("{text}: {more}");
        }
        source = error.source();
    }
    text
}
