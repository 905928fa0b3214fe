//! grammers, over each of its transports. `run.py` makes a program of this file, with a copy of
//! grammers-mtproto that has our RSA key in the place of its own.

use std::fmt::Debug;
use std::future::Future;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::Arc;
use std::time::{Duration, Instant};

use grammers_mtproto::transport::{Full, Intermediate, Obfuscated, Transport};
use grammers_mtsender::{InvocationError, SenderPool, ServerAddr, connect, connect_with_auth};
use grammers_session::storages::MemorySession;
use grammers_session::{Session, SessionData};
use grammers_tl_types::{self as tl, functions};

type Outcome<T = ()> = Result<T, String>;

static FAILED: AtomicBool = AtomicBool::new(false);

async fn step<T>(name: &str, work: impl Future<Output = Outcome<T>>) -> Option<T> {
    let start = Instant::now();
    let result = tokio::time::timeout(Duration::from_secs(30), work).await;
    let result = result.unwrap_or_else(|_| Err("time-out".to_owned()));
    let ms = start.elapsed().as_millis();
    match result {
        Ok(value) => {
            println!(r#"{{"step": "{name}", "ok": true, "ms": {ms}}}"#);
            Some(value)
        }
        Err(error) => {
            FAILED.store(true, Ordering::Relaxed);
            let error = error.replace(['"', '\\', '\n'], " ");
            println!(r#"{{"step": "{name}", "ok": false, "error": "{error}", "ms": {ms}}}"#);
            None
        }
    }
}

fn text(error: impl Debug) -> String {
    format!("{error:?}")
}

fn refused<T: Debug>(result: Result<T, InvocationError>, code: i32) -> Outcome {
    match result {
        Err(InvocationError::Rpc(error)) if error.code == code => Ok(()),
        other => Err(text(other)),
    }
}

fn init() -> functions::InvokeWithLayer<functions::InitConnection<functions::help::GetConfig>> {
    functions::InvokeWithLayer {
        layer: tl::LAYER,
        query: functions::InitConnection {
            api_id: 1,
            device_model: "stranger".into(),
            system_version: "1".into(),
            app_version: "1".into(),
            system_lang_code: "en".into(),
            lang_pack: String::new(),
            lang_code: "en".into(),
            proxy: None,
            params: None,
            query: functions::help::GetConfig {},
        },
    }
}

async fn transport<T: Transport>(name: &str, address: SocketAddr, dc: i32, make: impl Fn() -> T) {
    let at = || ServerAddr::Tcp { address };
    let handshake = async { connect(make(), at()).await.map_err(text) };
    let Some(mut sender) = step(&format!("handshake {name}"), handshake).await else {
        return;
    };
    step(&format!("config {name}"), async {
        let tl::enums::Config::Config(config) = sender.invoke(&init()).await.map_err(text)?;
        (config.this_dc == dc).then_some(()).ok_or(text(config.this_dc))
    })
    .await;
    step(&format!("nearest {name}"), async {
        sender.invoke(&functions::help::GetNearestDc {}).await.map_err(text)
    })
    .await;
    let authorizations = functions::account::GetAuthorizations {};
    step(&format!("401 {name}"), async { refused(sender.invoke(&authorizations).await, 401) }).await;
    let unknown = functions::help::GetInviteText {};
    step(&format!("400 {name}"), async { refused(sender.invoke(&unknown).await, 400) }).await;
    let key = sender.auth_key();
    drop(sender);
    step(&format!("reconnect {name}"), async {
        let mut again = connect_with_auth(make(), at(), key).await.map_err(text)?;
        again.invoke(&init()).await.map_err(text).map(|_| ())
    })
    .await;
}

/// What programs use: connections that are made when they are needed.
async fn pool(address: SocketAddr, dc: i32) {
    let SocketAddr::V4(v4) = address else { return };
    let mut data = SessionData::default();
    data.home_dc = dc;
    if let Some(option) = data.dc_options.get_mut(&dc) {
        option.ipv4 = v4;
    }
    let session = Arc::new(MemorySession::from(data));
    for name in ["pool", "pool again"] {
        let SenderPool { runner, handle, .. } = SenderPool::new(Arc::clone(&session), 1);
        let running = tokio::spawn(runner.run());
        let nearest = functions::help::GetNearestDc {};
        step(name, async { handle.invoke_in_dc(dc, &nearest).await.map_err(text) }).await;
        step(&format!("many {name}"), async {
            let calls: Vec<_> = (0..50)
                .map(|_| {
                    let handle = handle.clone();
                    tokio::spawn(async move { handle.invoke_in_dc(dc, &functions::help::GetConfig {}).await })
                })
                .collect();
            for call in calls {
                call.await.map_err(text)?.map_err(text)?;
            }
            Ok(())
        })
        .await;
        let kept = session.dc_option(dc).ok().flatten().and_then(|option| option.auth_key);
        step(&format!("key {name}"), async { kept.map(|_| ()).ok_or("no key".to_owned()) }).await;
        handle.quit();
        let _ = running.await;
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let args: Vec<String> = std::env::args().collect();
    let address = format!("{}:{}", args[1], args[2]).parse().unwrap();
    let dc = args[3].parse().unwrap();
    transport("full", address, dc, Full::new).await;
    transport("intermediate", address, dc, Intermediate::new).await;
    transport("obfuscated", address, dc, || Obfuscated::new(Intermediate::new())).await;
    pool(address, dc).await;
    std::process::exit(i32::from(FAILED.load(Ordering::Relaxed)));
}
