//! A store in a folder.

use std::collections::BTreeSet;
use std::fs::{self, File, OpenOptions};
use std::io::{ErrorKind, Read, Write};
use std::path::{Path, PathBuf};

use fs4::{FileExt, TryLockError};
use zeroize::{Zeroize, Zeroizing};

use super::record::{self, MAX_LEN};
use super::{Error, Store, StoredKey, StoredSession};

/// Keys and sessions in a folder, one small file each.
///
/// ```text
/// lock   0123456789abcdef.key   0123456789abcdef-0123456789abcdef.session
/// ```
///
/// - **Atomic and durable.** A record is written to a file of its own, flushed to the disk, and
///   renamed into its place: after a crash there is the old state or the new one.
/// - **Locked.** As long as the value lives, no other process (and no other value in this one) can
///   open the folder: two programs with one key would each take the other's messages for replays.
///   The operating system gives the lock back when a process dies.
/// - **Private.** On Unix the folder is made with mode 0700, files with 0600. Keys are not
///   encrypted: who may read the files may act as the user. What was held in memory to write them
///   is wiped.
///
/// ```no_run
/// use mtproto_runtime::store::{FileStore, Store};
///
/// # fn main() -> Result<(), mtproto_runtime::store::Error> {
/// let store = FileStore::open("my-account")?;
/// println!("{} keys", store.key_ids()?.len());
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct FileStore {
    folder: PathBuf,
    /// Of which sessions there is a record, by key and session, so that those of a key are found
    /// without a look at all others: nobody else writes. There may be more in it than files, after
    /// the system has failed, but not fewer.
    sessions: BTreeSet<(i64, i64)>,
    /// Holds the lock.
    _lock: File,
}

const KEY: &str = "key";
const SESSION: &str = "session";
const TEMPORARY: &str = "tmp";

impl FileStore {
    /// Opens a folder, makes it if it is not there, and locks it.
    ///
    /// # Errors
    /// [`Error::Locked`] if somebody has it open, [`Error::Io`]
    pub fn open(folder: impl Into<PathBuf>) -> Result<Self, Error> {
        let folder = folder.into();
        create_folder(&folder).map_err(|source| io(&folder, source))?;
        let path = folder.join("lock");
        let lock = private()
            .create(true)
            .truncate(false)
            .open(&path)
            .map_err(|source| io(&path, source))?;
        match FileExt::try_lock(&lock) {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(Error::Locked { path: folder }),
            Err(TryLockError::Error(source)) => return Err(io(&path, source)),
        }
        let mut store = Self {
            folder,
            sessions: BTreeSet::new(),
            _lock: lock,
        };
        // What a process left that died while it wrote. Nobody else writes now.
        for path in store.files(TEMPORARY)? {
            remove(&path)?;
        }
        let paths = store.files(SESSION)?;
        let ids = |path: &PathBuf| Some((id_of(path, 0)?, id_of(path, 1)?));
        store.sessions = paths.iter().filter_map(ids).collect();
        Ok(store)
    }

    /// The folder.
    #[must_use]
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    fn key_path(&self, auth_key_id: i64) -> PathBuf {
        self.folder.join(format!("{auth_key_id:016x}.{KEY}"))
    }

    fn session_path(&self, auth_key_id: i64, session_id: i64) -> PathBuf {
        let name = format!("{auth_key_id:016x}-{session_id:016x}.{SESSION}");
        self.folder.join(name)
    }

    /// The ids of a key's sessions, in order.
    fn sessions_of(&self, auth_key_id: i64) -> impl Iterator<Item = i64> {
        let all = (auth_key_id, i64::MIN)..=(auth_key_id, i64::MAX);
        self.sessions.range(all).map(|(_, session_id)| *session_id)
    }

    /// The files with this ending, in the order of their names.
    fn files(&self, ending: &str) -> Result<Vec<PathBuf>, Error> {
        #[cfg(test)]
        tests::LISTED.set(tests::LISTED.get() + 1);
        let failed = |source| io(&self.folder, source);
        let mut paths = Vec::new();
        for entry in fs::read_dir(&self.folder).map_err(failed)? {
            let path = entry.map_err(failed)?.path();
            if path.extension().is_some_and(|found| found == ending) {
                paths.push(path);
            }
        }
        paths.sort();
        Ok(paths)
    }

    /// Puts the bytes in the place of whatever is at the path.
    fn replace(&self, path: &Path, bytes: &[u8]) -> Result<(), Error> {
        let temporary = path.with_extension(TEMPORARY);
        // One with other rights, or a link, would keep them.
        remove(&temporary)?;
        let result = write_all(&temporary, bytes)
            .and_then(|()| fs::rename(&temporary, path))
            .and_then(|()| self.flush_folder());
        result.map_err(|source| {
            let _ = fs::remove_file(&temporary);
            io(path, source)
        })
    }

    /// So that names that were changed are on the disk too.
    fn flush_folder(&self) -> std::io::Result<()> {
        match cfg!(unix) {
            true => File::open(&self.folder)?.sync_all(),
            // Folders can't be opened there.
            false => Ok(()),
        }
    }

    fn remove_and_flush(&self, path: &Path) -> Result<bool, Error> {
        let was_there = remove(path)?;
        if was_there {
            self.flush_folder()
                .map_err(|source| io(&self.folder, source))?;
        }
        Ok(was_there)
    }
}

impl Store for FileStore {
    fn key_ids(&self) -> Result<Vec<i64>, Error> {
        let paths = self.files(KEY)?;
        let mut ids: Vec<i64> = paths.iter().filter_map(|path| id_of(path, 0)).collect();
        // By number, as the store in memory has them.
        ids.sort_unstable();
        Ok(ids)
    }

    fn key(&self, auth_key_id: i64) -> Result<Option<StoredKey>, Error> {
        let path = self.key_path(auth_key_id);
        let Some(bytes) = read(&path)? else {
            return Ok(None);
        };
        match record::read_key(&bytes) {
            Some(key) if key.auth_key.id() == auth_key_id => Ok(Some(key)),
            _ => Err(Error::Damaged { path }),
        }
    }

    fn save_key(&mut self, key: &StoredKey) -> Result<(), Error> {
        let path = self.key_path(key.auth_key.id());
        self.replace(&path, &record::write_key(key))
    }

    fn remove_key(&mut self, auth_key_id: i64) -> Result<bool, Error> {
        let sessions: Vec<i64> = self.sessions_of(auth_key_id).collect();
        for session_id in sessions {
            remove(&self.session_path(auth_key_id, session_id))?;
            self.sessions.remove(&(auth_key_id, session_id));
        }
        self.remove_and_flush(&self.key_path(auth_key_id))
    }

    fn sessions(&self, auth_key_id: i64) -> Result<Vec<StoredSession>, Error> {
        let mut sessions = Vec::new();
        for session_id in self.sessions_of(auth_key_id) {
            let path = self.session_path(auth_key_id, session_id);
            let Some(bytes) = read(&path)? else {
                continue;
            };
            match record::read_session(&bytes) {
                Some(session)
                    if session.auth_key_id == auth_key_id && session.session_id == session_id =>
                {
                    sessions.push(session);
                }
                _ => return Err(Error::Damaged { path }),
            }
        }
        Ok(sessions)
    }

    fn save_session(&mut self, session: &StoredSession) -> Result<(), Error> {
        let path = self.session_path(session.auth_key_id, session.session_id);
        // At first, since a failure may come after the file.
        self.sessions
            .insert((session.auth_key_id, session.session_id));
        self.replace(&path, &record::write_session(session))
    }

    fn remove_session(&mut self, auth_key_id: i64, session_id: i64) -> Result<bool, Error> {
        let was_there = self.remove_and_flush(&self.session_path(auth_key_id, session_id))?;
        self.sessions.remove(&(auth_key_id, session_id));
        Ok(was_there)
    }
}

fn io(path: &Path, source: std::io::Error) -> Error {
    Error::Io {
        path: path.to_owned(),
        source,
    }
}

/// One of the numbers of a file's name; `None` if it is none of ours.
fn id_of(path: &Path, index: usize) -> Option<i64> {
    let number = path.file_stem()?.to_str()?.split('-').nth(index)?;
    if number.len() != 16 {
        return None;
    }
    u64::from_str_radix(number, 16).ok().map(u64::cast_signed)
}

fn read(path: &Path) -> Result<Option<Zeroizing<Vec<u8>>>, Error> {
    let file = match File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(source) => return Err(io(path, source)),
    };
    // Large enough not to grow, which would leave a copy behind; whatever is longer is no record.
    let mut bytes = Zeroizing::new(vec![0; MAX_LEN]);
    let mut len = 0;
    let mut file = file;
    while len < MAX_LEN {
        match file.read(&mut bytes[len..]) {
            Ok(0) => break,
            Ok(count) => len += count,
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(source) => return Err(io(path, source)),
        }
    }
    bytes[len..].zeroize();
    bytes.truncate(len);
    Ok(Some(bytes))
}

/// Whether it was there.
fn remove(path: &Path) -> Result<bool, Error> {
    match fs::remove_file(path) {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(false),
        Err(source) => Err(io(path, source)),
    }
}

fn write_all(path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    let mut file = private().create_new(true).open(path)?;
    file.write_all(bytes)?;
    file.sync_all()
}

/// Options for a file that only its owner may read and write.
fn private() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.write(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options
}

fn create_folder(folder: &Path) -> std::io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use core::cell::Cell;

    use super::*;
    use crate::crypto::AuthKey;

    thread_local! {
        /// How often a folder was read as a whole.
        pub(super) static LISTED: Cell<usize> = const { Cell::new(0) };
    }

    /// A server asks for the sessions of each of its keys when it starts.
    #[test]
    fn the_folder_is_not_read_for_each_key() {
        const KEYS: u8 = 100;

        let folder = tempfile::tempdir().unwrap();
        let mut store = FileStore::open(folder.path()).unwrap();
        for number in 0..KEYS {
            let auth_key = AuthKey::new([number; AuthKey::LEN]);
            let session = StoredSession {
                auth_key_id: auth_key.id(),
                session_id: 0,
                unique_id: 0,
                highest_msg_id: 1,
            };
            let key = StoredKey {
                auth_key,
                dc: None,
                created_at: 0,
                salt: 0,
                clock_offset: 0,
            };
            store.save_key(&key).unwrap();
            store.save_session(&session).unwrap();
        }
        drop(store);
        LISTED.set(0);
        let mut store = FileStore::open(folder.path()).unwrap();
        let ids = store.key_ids().unwrap();
        assert_eq!(ids.len(), usize::from(KEYS));
        for id in &ids {
            assert_eq!(store.sessions(*id).unwrap().len(), 1);
        }
        for id in &ids[1..] {
            assert!(store.remove_key(*id).unwrap());
        }
        assert_eq!(store.sessions(ids[0]).unwrap().len(), 1);
        assert!(LISTED.get() <= 3, "{} times", LISTED.get());
    }
}
