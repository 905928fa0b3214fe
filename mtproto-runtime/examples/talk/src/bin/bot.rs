//! A bot logs in, by types made of Telegram's schema; tried against the example server:
//!
//! ```text
//! cargo run --release -p mtproto-runtime --example mtproto-server --features file-store,net -- \
//!     --listen 127.0.0.1:4430 --rsa-key KEY.pem --dc 2
//! cargo run --release -p example-talk --bin bot -- 127.0.0.1:4430 PUBLIC.pem 2 1:token
//! ```

use mtproto_runtime::crypto::rsa::PublicKey;
use mtproto_runtime::handshake::Dc;
use mtproto_runtime::net::client::{Client, Config, Init, Tcp};

/// As much of Telegram's schema as `build.rs` names.
#[allow(
    missing_docs,
    unreachable_pub,
    reason = "generated; a program's modules are its own"
)]
mod telegram {
    include!(concat!(env!("OUT_DIR"), "/telegram.rs"));
}

use telegram::enums::auth::Authorization;
use telegram::enums::{InputUser, User};
use telegram::functions::auth::{ImportBotAuthorization, LogOut};
use telegram::functions::users::GetUsers;

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let [address, key, dc, token] = &args[..] else {
        return Err("usage: bot HOST:PORT PUBLIC.pem DC TOKEN".into());
    };
    let key = PublicKey::from_pem(&std::fs::read_to_string(key)?)?;
    let config = Config::new([key])
        .dc(Dc::new(dc.parse()?))
        .init(Init::new(230, 12345))
        .pfs();
    let (client, _updates) = Client::connect(config, Tcp::new([address])).await?;

    // Nobody is logged in yet.
    let myself = GetUsers::new(vec![InputUser::Self_]);
    match client.call(&myself).await {
        Err(error) if error.rpc().is_some_and(|error| error.code == 401) => {
            println!("before: {error}");
        }
        other => return Err(format!("expected 401, got {other:?}").into()),
    }

    let login = ImportBotAuthorization::new(0, 12345, "hash".into(), token.clone());
    match client.call(&login).await? {
        Authorization::Authorization(authorization) => {
            println!("logged in as {}", name(&authorization.user));
        }
        other => return Err(format!("no authorization: {other:?}").into()),
    }
    for user in client.call(&myself).await? {
        println!("after: {}", name(&user));
    }
    client.call(&LogOut::new()).await?;
    println!("logged out");
    client.close().await;
    Ok(())
}

fn name(user: &User) -> String {
    match user {
        User::User(user) => format!(
            "{} (id {}, bot: {})",
            user.first_name.as_deref().unwrap_or("nobody"),
            user.id,
            user.bot
        ),
        User::Empty(user) => format!("deleted user {}", user.id),
    }
}
