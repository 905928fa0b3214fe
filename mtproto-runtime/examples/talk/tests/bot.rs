//! The bot against the example server, which is in this process: its answers are those of
//! `mtproto-server`, file by file.

#![allow(clippy::unwrap_used, reason = "a test")]

#[path = "../../mtproto-server/answers.rs"]
mod answers;
#[rustfmt::skip]
#[path = "../../mtproto-server/api.rs"]
mod api;
#[path = "../../mtproto-server/methods.rs"]
mod methods;

use std::process::Command;

use mtproto_runtime::crypto::rsa::PrivateKey;
use mtproto_runtime::net::server::Server;
use mtproto_runtime::testing::TestServer;
use tokio::net::TcpListener;

/// Key exchange with PFS, 401 before the login, the login, a call as the bot, the logout.
#[tokio::test(flavor = "multi_thread")]
async fn a_bot_logs_in_and_out() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let router = answers::router(2, false, address);
    let server = Server::builder(TestServer::config().unwrap(), router)
        .start([listener])
        .await
        .unwrap();
    let key = PrivateKey::from_pem(TestServer::RSA_KEY).unwrap();
    let pem = concat!(env!("CARGO_TARGET_TMPDIR"), "/bot.pem");
    std::fs::write(pem, key.public().to_pem().unwrap()).unwrap();

    let run = move |token: &'static str| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_bot"));
        command.args([&address.to_string(), pem, "2", token]);
        tokio::task::spawn_blocking(move || command.output().unwrap())
    };
    let output = run("4711:token").await.unwrap();
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{errors}");
    let text = String::from_utf8(output.stdout).unwrap();
    let lines: Vec<&str> = text.lines().collect();
    let [before, login, after, logout] = lines[..] else {
        panic!("{text}");
    };
    assert!(
        before.starts_with("before: ") && before.contains("401"),
        "{before}"
    );
    assert_eq!(login, "logged in as deleted user 4711");
    assert_eq!(after, "after: deleted user 4711");
    assert_eq!(logout, "logged out");

    let refused = run("no token").await.unwrap();
    let errors = String::from_utf8_lossy(&refused.stderr);
    assert!(!refused.status.success());
    assert!(errors.contains("ACCESS_TOKEN_INVALID"), "{errors}");
    drop(server);
}
