//! Every type of two real schemas in both ownerships, and what must hold for all of them.

use std::collections::HashMap;
use std::sync::LazyLock;

use tl_runtime::{Arena, ReadError, TlRead, TlWrite, WriteError};

#[allow(missing_docs)]
pub mod telegram {
    include!(concat!(env!("OUT_DIR"), "/telegram.rs"));
}
pub mod telegram_borrowed {
    include!(concat!(env!("OUT_DIR"), "/telegram_borrowed.rs"));
}
pub mod ton {
    include!(concat!(env!("OUT_DIR"), "/ton.rs"));
}
pub mod ton_borrowed {
    include!(concat!(env!("OUT_DIR"), "/ton_borrowed.rs"));
}

/// A type.
pub struct Entry {
    /// `telegram::types::Message`
    pub name: &'static str,
    /// The ids that values start with.
    pub ids: &'static [u32],
    read: fn(&[u8]) -> Read,
}

/// What both ownerships make of some bytes. Made for each of thousands of types, and so small.
struct Read {
    owned: Result<Vec<u8>, ReadError>,
    borrowed: Result<Vec<u8>, ReadError>,
    /// The borrowed value is the owned one, or that is not even itself: it has a NaN.
    is_same: bool,
}

macro_rules! entry {
    ($owned:ident / $borrowed:ident, $($path:ident)::+, $ids:expr) => {
        Entry {
            name: concat!(stringify!($owned), "::", stringify!($($path)::+)),
            ids: &$ids,
            read: {
                // A function: so many closures in one body take the compiler minutes.
                fn read(bytes: &[u8]) -> Read {
                    let arena = Arena::new();
                    let owned = $owned::$($path)::+::from_bytes(bytes);
                    let borrowed = $borrowed::$($path)::+::from_bytes_in(bytes, &arena);
                    let is_same = match (&owned, &borrowed) {
                        (Ok(owned), Ok(borrowed)) => {
                            borrowed.to_owned() == *owned || owned != owned
                        }
                        _ => false,
                    };
                    Read {
                        owned: owned.map(|value| written(value.to_bytes())),
                        borrowed: borrowed.map(|value| written(value.to_bytes())),
                        is_same,
                    }
                }
                read
            },
        }
    };
}

include!(concat!(env!("OUT_DIR"), "/entries.rs"));

fn written(bytes: Result<Vec<u8>, WriteError>) -> Vec<u8> {
    bytes.expect("what was read can be written")
}

impl Entry {
    /// What must hold for any bytes: both ownerships say the same of them, and what they write is
    /// read and written as the same bytes. Nobody looks at padding, at the form of lengths or at
    /// unknown bits of flags, so that what is written may differ from what was read, but not twice.
    ///
    /// # Errors
    /// If the bytes are refused.
    ///
    /// # Panics
    /// If something does not hold.
    pub fn check(&self, bytes: &[u8]) -> Result<Vec<u8>, ReadError> {
        let read = (self.read)(bytes);
        assert_eq!(read.owned, read.borrowed, "{}", self.name);
        let written = read.owned?;
        assert!(read.is_same, "{}", self.name);
        if written != bytes {
            let again = (self.read)(&written);
            assert_eq!(again.owned.as_ref(), Ok(&written), "{}", self.name);
            assert_eq!(again.borrowed.as_ref(), Ok(&written), "{}", self.name);
        }
        Ok(written)
    }
}

/// The bytes of a value of the type that its id says; any type if it says none.
pub fn decode(bytes: &[u8]) {
    static BY_ID: LazyLock<HashMap<u32, &Entry>> = LazyLock::new(|| {
        let entries = ENTRIES.iter();
        entries
            .flat_map(|entry| entry.ids.iter().map(move |id| (*id, entry)))
            .collect()
    });
    let Some(id) = bytes.first_chunk().copied().map(u32::from_le_bytes) else {
        return;
    };
    let entry = match BY_ID.get(&id) {
        Some(entry) => entry,
        None => &ENTRIES[id as usize % ENTRIES.len()],
    };
    // What is refused is refused; anything else is checked.
    let _ = entry.check(bytes);
}
