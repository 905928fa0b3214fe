//! Keeping keys and sessions from one run of a program to the next.
//!
//! A permanent key is worth keeping: with it no handshake is needed, and the user stays logged in.
//! A temporary one must never leave memory, which is what it is for; [`StoredKey`] can't be made
//! of one.
//!
//! | store | for |
//! |---|---|
//! | [`MemoryStore`] | tests, and programs that log in anew each time |
//! | [`FileStore`] (feature `file-store`) | a folder of small files, locked against other processes |
//!
//! Programs with a database implement [`Store`] themselves. Its methods block: a program with an
//! asynchronous runtime calls them where blocking is allowed.
//!
//! ```
//! use mtproto_runtime::crypto::AuthKey;
//! use mtproto_runtime::handshake::Dc;
//! use mtproto_runtime::store::{MemoryStore, Store, StoredKey};
//!
//! # fn main() -> Result<(), mtproto_runtime::store::Error> {
//! let mut store = MemoryStore::default();
//! let key = StoredKey {
//!     auth_key: AuthKey::new([7; AuthKey::LEN]),
//!     dc: Some(Dc::new(2)),
//!     created_at: 1_700_000_000,
//!     salt: 1,
//!     clock_offset: 0,
//! };
//! store.save_key(&key)?;
//! assert_eq!(store.key_for(Dc::new(2))?, Some(key));
//! # Ok(())
//! # }
//! ```

#[cfg(feature = "file-store")]
mod file;
mod memory;
mod record;

use core::fmt;
use std::path::PathBuf;

#[cfg(feature = "file-store")]
pub use file::FileStore;
pub use memory::MemoryStore;

use crate::Now;
use crate::crypto::AuthKey;
use crate::handshake::{Dc, NewKey};

/// A permanent key, and what a session with it starts from.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct StoredKey {
    /// The key. Wiped when dropped.
    pub auth_key: AuthKey,
    /// The DC it was made for.
    pub dc: Option<Dc>,
    /// When it was made, in Unix seconds of the server.
    pub created_at: i64,
    /// The latest server salt that was known. Salts expire; the server then tells another.
    pub salt: i64,
    /// The server's clock less ours, in units of 2^-32 seconds, as sessions count it.
    pub clock_offset: i64,
}

impl StoredKey {
    /// What is kept of a handshake; `None` if its key is temporary.
    ///
    /// `now` is when its last answer came, on the client: the clock offset is measured by it.
    #[must_use]
    pub fn new(key: &NewKey, now: Now) -> Option<Self> {
        if key.expires_at.is_some() {
            return None;
        }
        let ours = i64::try_from(now.unix.as_secs()).unwrap_or(i64::MAX);
        let seconds = i64::from(key.server_time).saturating_sub(ours);
        Some(Self {
            auth_key: key.auth_key.clone(),
            dc: key.dc,
            created_at: key.server_time.into(),
            salt: key.first_salt,
            clock_offset: seconds.saturating_mul(1 << 32),
        })
    }
}

/// What is left of a session when a program ends, so that the next run goes on with it under the
/// same id; and what [`Server::save`](crate::connection::server::Server::save) leaves of all keys and of
/// some, so that the next run takes no old messages for new ones.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct StoredSession {
    /// The key of the session; 0 in what a server leaves of all keys.
    pub auth_key_id: i64,
    /// `session_id`, which the client chose; 0 in what a server leaves.
    pub session_id: i64,
    /// `unique_id` of `new_session_created`, which the server chose; 0 where it is not known. In
    /// what a server leaves, a number that salts depend on.
    pub unique_id: i64,
    /// No message up to this msg_id may be taken any more.
    pub highest_msg_id: i64,
}

/// Where keys and sessions are kept.
///
/// When a method that changes something has returned, the change is kept, whatever happens to the
/// program; if it fails, the store is as before.
pub trait Store {
    /// The ids of all keys.
    ///
    /// # Errors
    /// [`Error`]
    fn key_ids(&self) -> Result<Vec<i64>, Error>;

    /// The key with this id.
    ///
    /// # Errors
    /// [`Error`]
    fn key(&self, auth_key_id: i64) -> Result<Option<StoredKey>, Error>;

    /// Keeps a key, in the place of an older state of the same key.
    ///
    /// # Errors
    /// [`Error`]
    fn save_key(&mut self, key: &StoredKey) -> Result<(), Error>;

    /// Forgets a key and its sessions; whether it was there.
    ///
    /// # Errors
    /// [`Error`]
    fn remove_key(&mut self, auth_key_id: i64) -> Result<bool, Error>;

    /// The sessions of a key.
    ///
    /// # Errors
    /// [`Error`]
    fn sessions(&self, auth_key_id: i64) -> Result<Vec<StoredSession>, Error>;

    /// Keeps a session, in the place of an older state of the same session.
    ///
    /// # Errors
    /// [`Error`]
    fn save_session(&mut self, session: &StoredSession) -> Result<(), Error>;

    /// Forgets a session; whether it was there.
    ///
    /// # Errors
    /// [`Error`]
    fn remove_session(&mut self, auth_key_id: i64, session_id: i64) -> Result<bool, Error>;

    /// The newest key that was made for a DC.
    ///
    /// # Errors
    /// [`Error`]
    fn key_for(&self, dc: Dc) -> Result<Option<StoredKey>, Error> {
        let mut newest: Option<StoredKey> = None;
        for id in self.key_ids()? {
            if let Some(key) = self.key(id)?
                && key.dc == Some(dc)
                && newest
                    .as_ref()
                    .is_none_or(|newest| newest.created_at < key.created_at)
            {
                newest = Some(key);
            }
        }
        Ok(newest)
    }
}

/// Why a store could not do what it was asked.
#[derive(Debug)]
#[non_exhaustive]
pub enum Error {
    /// Another process, or another value in this one, uses the store.
    Locked {
        /// The folder.
        path: PathBuf,
    },
    /// A record is not as it was written. It is left there.
    Damaged {
        /// The file.
        path: PathBuf,
    },
    /// The system refused.
    Io {
        /// The file or folder.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// A store of another crate failed.
    Other(Box<dyn core::error::Error + Send + Sync>),
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Locked { path } => write!(
                f,
                "{} is in use by another program, or opened twice by this one",
                path.display()
            ),
            Self::Damaged { path } => write!(f, "{} is damaged", path.display()),
            Self::Io { path, .. } => write!(f, "cannot use {}", path.display()),
            Self::Other(_) => f.write_str("the store failed"),
        }
    }
}

impl core::error::Error for Error {
    fn source(&self) -> Option<&(dyn core::error::Error + 'static)> {
        match self {
            Self::Io { source, .. } => Some(source),
            Self::Other(source) => Some(&**source),
            _ => None,
        }
    }
}
