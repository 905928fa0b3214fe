//! The example `mtproto-client` against the embedded server: every step over every transport.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

#[allow(dead_code, reason = "its main function")]
#[path = "../examples/mtproto-client.rs"]
mod example;

use std::path::Path;

use example::{Args, run};
use mtproto_runtime::net::server::Router;
use mtproto_runtime::testing::TestServer;

const STEPS: &str = "handshake,config,ping,salts,reconnect";

fn args(address: &str, key: &Path, more: &[&str]) -> Vec<String> {
    let key = key.to_str().unwrap();
    let words = [
        "--connect",
        address,
        "--rsa-pub",
        key,
        "--dc",
        "2",
        "--steps",
        STEPS,
    ];
    words.iter().chain(more).map(ToString::to_string).collect()
}

async fn steps(address: &str, key: &Path, more: &[&str]) -> bool {
    let args = Args::parse(args(address, key, more).into_iter()).unwrap();
    run(&args).await.unwrap()
}

#[tokio::test]
async fn every_step_goes_well_over_every_transport() {
    let router = Router::new().on_id(0xc4f9_186b, |context, _| async move {
        assert_eq!(context.layer, Some(230));
        Ok(0xcc1a_241e_u32.to_le_bytes().to_vec())
    });
    let server = TestServer::spawn(router).await.unwrap();
    let address = server.address().to_string();
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/vectors");
    let key = folder.join("test_key.spki.pem");
    let temporary = tempfile::tempdir().unwrap();
    for transport in ["abridged", "intermediate", "padded", "full", "obfuscated"] {
        let session = temporary.path().join(transport);
        let session = session.to_str().unwrap();
        let wire = ["--transport", transport, "--session", session];
        assert!(steps(&address, &key, &wire).await);
        // With the key of the file, and temporary ones.
        assert!(steps(&address, &key, &[&wire[..], &["--pfs"]].concat()).await);
        assert!(std::fs::metadata(session).unwrap().len() > 512);
    }
    // A permanent key each, and two temporary ones for the second run.
    assert_eq!(server.handle().gauges().keys, 5 * 3);

    // Nobody there.
    assert!(!steps("127.0.0.1:1", &key, &["--transport", "full"]).await);
}

/// What went wrong, in a line.
async fn error(server: &TestServer, more: &[&str]) -> String {
    let key = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/vectors/test_key.spki.pem");
    let address = server.address().to_string();
    let wire = ["--transport", "full"];
    let args = args(&address, &key, &[&wire[..], more].concat());
    let args = Args::parse(args.into_iter()).unwrap();
    let error = run(&args).await.unwrap_err().to_string();
    assert!(!error.contains('\n'), "{error}");
    error
}

#[tokio::test]
async fn files_that_are_no_session_are_told() {
    let server = TestServer::spawn(Router::new()).await.unwrap();
    let temporary = tempfile::tempdir().unwrap();
    let folder = temporary.path().to_str().unwrap();
    assert!(
        error(&server, &["--session", folder])
            .await
            .starts_with(folder)
    );
    let file = temporary.path().join("session");
    let path = file.to_str().unwrap();
    std::fs::write(&file, "what is this").unwrap();
    let found = error(&server, &["--session", path]).await;
    assert!(
        found.starts_with(&format!("{path} has no key: ")),
        "{found}"
    );
    // It is left as it was.
    assert_eq!(std::fs::read(&file).unwrap(), b"what is this");
    // Another program has it.
    let lock = std::fs::File::open(&file).unwrap();
    fs4::FileExt::lock(&lock).unwrap();
    let found = error(&server, &["--session", path]).await;
    assert_eq!(found, format!("{path} is in use by another program"));
}

#[test]
fn wrong_usage_is_told() {
    let key = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/vectors/test_key.spki.pem");
    let wrong = |more: &[&str]| Args::parse(args("a:1", &key, more).into_iter()).is_err();
    assert!(!wrong(&["--transport", "full"]));
    for more in [
        &[][..],
        &["--transport"],
        &["--transport", "carrier pigeon"],
        &["--transport", "full", "--steps", "handshake,dance"],
        &["--transport", "full", "--dc", "0"],
        &["--transport", "full", "--rsa-pub", "nowhere.pem"],
        &["--transport", "full", "--frobnicate"],
    ] {
        assert!(wrong(more), "{more:?}");
    }
}
