//! Names as numbers.

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};

/// A name in a [`Symbols`] table; equal names have equal symbols.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Symbol(u32);

impl Symbol {
    /// The symbol as an index: symbols are numbered from 0 in the order of their first mention.
    #[must_use]
    pub const fn index(self) -> usize {
        self.0 as usize
    }
}

/// A table of names: each is stored once.
#[derive(Clone, Debug, Default)]
pub struct Symbols {
    /// All names, one behind the other.
    text: String,
    /// Where the name of each symbol ends in `text`.
    ends: Vec<u32>,
    /// Hash of a name to the first symbol with that hash; the others follow in `next`.
    first: HashMap<u64, Symbol, BuildHasherDefault<Identity>>,
    /// The next symbol with the same hash.
    next: Vec<Option<Symbol>>,
    keys: std::hash::RandomState,
}

impl Symbols {
    /// The symbol of a name, new if it was not there.
    pub fn intern(&mut self, name: &str) -> Symbol {
        let hash = self.hash(name);
        let mut last = None;
        let mut candidate = self.first.get(&hash).copied();
        while let Some(symbol) = candidate {
            if self.text(symbol) == name {
                return symbol;
            }
            last = Some(symbol);
            candidate = self.next[symbol.index()];
        }
        let symbol = Symbol(u32::try_from(self.ends.len()).unwrap_or(u32::MAX));
        self.text.push_str(name);
        self.ends
            .push(u32::try_from(self.text.len()).unwrap_or(u32::MAX));
        self.next.push(None);
        match last {
            Some(last) => self.next[last.index()] = Some(symbol),
            None => drop(self.first.insert(hash, symbol)),
        }
        symbol
    }

    /// The symbol of a name, if the name is known.
    #[must_use]
    pub fn find(&self, name: &str) -> Option<Symbol> {
        let mut candidate = self.first.get(&self.hash(name)).copied();
        while let Some(symbol) = candidate {
            if self.text(symbol) == name {
                return Some(symbol);
            }
            candidate = self.next[symbol.index()];
        }
        None
    }

    /// The name of a symbol of this table.
    #[must_use]
    pub fn text(&self, symbol: Symbol) -> &str {
        let start = symbol
            .index()
            .checked_sub(1)
            .map_or(0, |before| self.ends[before]);
        &self.text[start as usize..self.ends[symbol.index()] as usize]
    }

    /// How many names there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.ends.len()
    }

    /// Whether there is no name.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    fn hash(&self, name: &str) -> u64 {
        use std::hash::BuildHasher;
        self.keys.hash_one(name)
    }
}

/// The keys of the map are hashes already.
#[derive(Clone, Debug, Default)]
struct Identity(u64);

impl Hasher for Identity {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, _: &[u8]) {
        unreachable!("only u64 keys are hashed");
    }

    fn write_u64(&mut self, hash: u64) {
        self.0 = hash;
    }
}
