//! Stores: both keep the same, and files survive what happens to files.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use mtproto_runtime::Now;
use mtproto_runtime::crypto::AuthKey;
use mtproto_runtime::handshake::{Dc, NewKey};
use mtproto_runtime::store::{Error, FileStore, MemoryStore, Store, StoredKey, StoredSession};

fn key(byte: u8, dc: Option<Dc>, created_at: i64) -> StoredKey {
    StoredKey {
        auth_key: AuthKey::new([byte; 256]),
        dc,
        created_at,
        salt: i64::MIN + i64::from(byte),
        clock_offset: -5,
    }
}

fn session(key: &StoredKey, session_id: i64) -> StoredSession {
    StoredSession {
        auth_key_id: key.auth_key.id(),
        session_id,
        unique_id: 3,
        highest_msg_id: 1 << 60,
    }
}

/// What every store does.
fn keeps(store: &mut impl Store) {
    let media = Dc {
        media: true,
        ..Dc::new(2)
    };
    let first = key(1, Some(Dc::new(2)), 100);
    let second = key(2, Some(Dc::new(2)), 200);
    let third = key(3, Some(media), 300);
    let fourth = key(4, None, 400);
    assert_eq!(store.key_ids().unwrap(), []);
    assert_eq!(store.key(1).unwrap(), None);
    for key in [&second, &first, &third, &fourth] {
        store.save_key(key).unwrap();
    }
    let mut ids: Vec<i64> = [&first, &second, &third, &fourth]
        .map(|key| key.auth_key.id())
        .to_vec();
    ids.sort_unstable();
    assert_eq!(store.key_ids().unwrap(), ids);
    for key in [&first, &second, &third, &fourth] {
        assert_eq!(store.key(key.auth_key.id()).unwrap().as_ref(), Some(key));
    }
    // The newest of a DC, and no other DC's.
    assert_eq!(store.key_for(Dc::new(2)).unwrap(), Some(second.clone()));
    assert_eq!(store.key_for(media).unwrap(), Some(third.clone()));
    assert_eq!(store.key_for(Dc::new(3)).unwrap(), None);
    // A newer state of the same key.
    let newer = StoredKey {
        salt: 77,
        ..first.clone()
    };
    store.save_key(&newer).unwrap();
    assert_eq!(store.key(newer.auth_key.id()).unwrap(), Some(newer));
    assert_eq!(store.key_ids().unwrap().len(), 4);

    for id in [-1, 7, i64::MIN, 0] {
        store.save_session(&session(&first, id)).unwrap();
    }
    store.save_session(&session(&second, 7)).unwrap();
    let newer = StoredSession {
        highest_msg_id: 2 << 60,
        ..session(&first, 7)
    };
    store.save_session(&newer).unwrap();
    let kept: Vec<i64> = store
        .sessions(first.auth_key.id())
        .unwrap()
        .iter()
        .map(|session| session.session_id)
        .collect();
    assert_eq!(kept, [i64::MIN, -1, 0, 7]);
    assert_eq!(store.sessions(first.auth_key.id()).unwrap()[3], newer);
    assert!(store.remove_session(first.auth_key.id(), -1).unwrap());
    assert!(!store.remove_session(first.auth_key.id(), -1).unwrap());
    assert_eq!(store.sessions(first.auth_key.id()).unwrap().len(), 3);

    // With a key its sessions go, and no others.
    assert!(store.remove_key(first.auth_key.id()).unwrap());
    assert!(!store.remove_key(first.auth_key.id()).unwrap());
    assert_eq!(store.key(first.auth_key.id()).unwrap(), None);
    assert_eq!(store.sessions(first.auth_key.id()).unwrap(), []);
    assert_eq!(store.sessions(second.auth_key.id()).unwrap().len(), 1);
}

#[test]
fn both_stores_keep_the_same() {
    keeps(&mut MemoryStore::default());
    let folder = tempfile::tempdir().unwrap();
    keeps(&mut FileStore::open(folder.path().join("a/b")).unwrap());
}

#[test]
fn files_outlive_the_program() {
    let folder = tempfile::tempdir().unwrap();
    let kept = key(9, Some(Dc::new(4)), 1);
    let mut store = FileStore::open(folder.path()).unwrap();
    store.save_key(&kept).unwrap();
    store.save_session(&session(&kept, 5)).unwrap();
    drop(store);
    let store = FileStore::open(folder.path()).unwrap();
    assert_eq!(store.key_for(Dc::new(4)).unwrap(), Some(kept.clone()));
    assert_eq!(
        store.sessions(kept.auth_key.id()).unwrap(),
        [session(&kept, 5)]
    );
}

#[test]
fn p1_a_temporary_key_is_never_stored() {
    let now = Now {
        monotonic: Duration::ZERO,
        unix: Duration::from_secs(990),
    };
    let new = NewKey {
        auth_key: AuthKey::new([5; 256]),
        first_salt: 6,
        expires_at: None,
        server_time: 1000,
        dc: Some(Dc::new(1)),
    };
    let stored = StoredKey::new(&new, now).unwrap();
    assert_eq!((stored.salt, stored.created_at), (6, 1000));
    assert_eq!(stored.clock_offset, 10 << 32);
    let temporary = NewKey {
        expires_at: Some(2000),
        ..new
    };
    assert_eq!(StoredKey::new(&temporary, now), None);
}

const FOLDER: &str = "MTPROTO_RUNTIME_TEST_STORE";

#[test]
fn a_second_process_is_kept_out() {
    // The test runs itself once more, to be the second process.
    if let Some(folder) = std::env::var_os(FOLDER) {
        let locked = matches!(FileStore::open(&folder), Err(Error::Locked { .. }));
        std::process::exit(if locked { 42 } else { 43 });
    }
    let folder = tempfile::tempdir().unwrap();
    let second = || {
        Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "a_second_process_is_kept_out"])
            .env(FOLDER, folder.path())
            .output()
            .unwrap()
            .status
            .code()
    };
    let store = FileStore::open(folder.path()).unwrap();
    assert_eq!(second(), Some(42));
    // Nor does another value in this process get in.
    let again = FileStore::open(folder.path());
    assert!(matches!(again, Err(Error::Locked { path }) if path == folder.path()));
    drop(store);
    assert_eq!(second(), Some(43));
    assert!(FileStore::open(folder.path()).is_ok());
}

fn only_file(folder: &Path, ending: &str) -> PathBuf {
    let mut paths: Vec<PathBuf> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|found| found == ending))
        .collect();
    assert_eq!(paths.len(), 1, "{paths:?}");
    paths.remove(0)
}

#[test]
fn damage_is_seen_and_nothing_is_lost_silently() {
    let folder = tempfile::tempdir().unwrap();
    let mut store = FileStore::open(folder.path()).unwrap();
    let kept = key(9, Some(Dc::new(4)), 1);
    store.save_key(&kept).unwrap();
    store.save_session(&session(&kept, 5)).unwrap();
    let id = kept.auth_key.id();
    for ending in ["key", "session"] {
        let path = only_file(folder.path(), ending);
        let right = std::fs::read(&path).unwrap();
        let is_damaged = |store: &FileStore| match ending {
            "key" => matches!(store.key(id), Err(Error::Damaged { path: found }) if found == path),
            _ => matches!(store.sessions(id), Err(Error::Damaged { .. })),
        };
        for len in 0..right.len() {
            std::fs::write(&path, &right[..len]).unwrap();
            assert!(is_damaged(&store), "cut at {len}");
        }
        for at in 0..right.len() {
            let mut wrong = right.clone();
            wrong[at] ^= 0x20;
            std::fs::write(&path, &wrong).unwrap();
            assert!(is_damaged(&store), "changed at {at}");
        }
        for more in [1, 5000] {
            std::fs::write(&path, [&right[..], &vec![0; more]].concat()).unwrap();
            assert!(is_damaged(&store), "{more} more");
        }
        std::fs::write(&path, &right).unwrap();
        assert!(!is_damaged(&store));
        // A right record under another's name.
        let other = path.with_file_name(match ending {
            "key" => "0000000000000001.key".to_owned(),
            _ => format!("{id:016x}-0000000000000001.session"),
        });
        std::fs::write(&other, &right).unwrap();
        match ending {
            "key" => assert!(matches!(store.key(1), Err(Error::Damaged { .. }))),
            _ => {
                // The folder is read when it is opened.
                drop(store);
                store = FileStore::open(folder.path()).unwrap();
                assert!(is_damaged(&store));
            }
        }
        std::fs::remove_file(&other).unwrap();
    }
}

#[test]
fn what_a_dead_process_left_is_cleared_away() {
    let folder = tempfile::tempdir().unwrap();
    let kept = key(9, None, 1);
    let mut store = FileStore::open(folder.path()).unwrap();
    store.save_key(&kept).unwrap();
    let path = only_file(folder.path(), "key");
    drop(store);
    // It died after some bytes of the next state.
    let half = path.with_extension("tmp");
    std::fs::write(&half, b"MTPK").unwrap();
    std::fs::write(folder.path().join("notes.txt"), b"not ours").unwrap();
    std::fs::write(folder.path().join("other.key"), b"not ours").unwrap();
    let mut store = FileStore::open(folder.path()).unwrap();
    assert!(!half.exists());
    assert_eq!(store.key(kept.auth_key.id()).unwrap(), Some(kept.clone()));
    assert_eq!(store.key_ids().unwrap(), [kept.auth_key.id()]);
    // What can't be written leaves the old state.
    std::fs::create_dir(&half).unwrap();
    let newer = StoredKey {
        salt: 1,
        ..kept.clone()
    };
    assert!(matches!(store.save_key(&newer), Err(Error::Io { .. })));
    assert_eq!(store.key(kept.auth_key.id()).unwrap(), Some(kept));
}

#[cfg(unix)]
#[test]
fn only_the_owner_may_read() {
    use std::os::unix::fs::PermissionsExt;

    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("store");
    let mut store = FileStore::open(&path).unwrap();
    store.save_key(&key(1, None, 1)).unwrap();
    store.save_session(&session(&key(1, None, 1), 1)).unwrap();
    // A file with other rights is replaced, not written into.
    let file = only_file(&path, "key");
    let open = std::fs::Permissions::from_mode(0o644);
    std::fs::set_permissions(&file, open.clone()).unwrap();
    std::fs::write(file.with_extension("tmp"), b"").unwrap();
    std::fs::set_permissions(file.with_extension("tmp"), open).unwrap();
    store.save_key(&key(1, None, 2)).unwrap();

    let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&path), 0o700);
    for entry in std::fs::read_dir(&path).unwrap() {
        let path = entry.unwrap().path();
        assert_eq!(mode(&path), 0o600, "{}", path.display());
    }
}

#[test]
fn keys_are_not_printed() {
    let mut store = MemoryStore::default();
    store.save_key(&key(0xab, None, 1)).unwrap();
    let shown = format!("{store:?}");
    assert!(!shown.contains("171, 171") && !shown.contains("abab"));
}
