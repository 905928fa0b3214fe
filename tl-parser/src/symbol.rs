//! Names as numbers.

use std::hash::{BuildHasher, Hasher};

use hashbrown::HashTable;

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
///
/// The hash is quick rather than cryptographic, but seeded anew in every process: a schema cannot
/// be written so that its names collide. Symbols are numbered in the order of mention, so that
/// nothing that is printed depends on the seed.
#[derive(Clone, Debug, Default)]
pub struct Symbols {
    /// All names, one behind the other.
    text: String,
    /// Where the name of each symbol ends in `text`.
    ends: Vec<usize>,
    /// The symbols by the hash of their names.
    table: HashTable<Symbol>,
    seed: foldhash::fast::RandomState,
}

impl Symbols {
    /// An empty table with room for some names.
    #[must_use]
    pub fn with_capacity(names: usize) -> Self {
        Self {
            text: String::with_capacity(names.saturating_mul(16)),
            ends: Vec::with_capacity(names),
            table: HashTable::with_capacity(names),
            seed: foldhash::fast::RandomState::default(),
        }
    }

    /// The symbol of a name, new if it was not there.
    pub fn intern(&mut self, name: &str) -> Symbol {
        let Self {
            text,
            ends,
            table,
            seed,
        } = self;
        let hash = hash_of(seed, name);
        if let Some(&symbol) = table.find(hash, |&symbol| name_of(text, ends, symbol) == name) {
            return symbol;
        }
        // A symbol for every four billion names: the table alone would take 50 GB before.
        let symbol = Symbol(u32::try_from(ends.len()).unwrap_or(u32::MAX));
        text.push_str(name);
        ends.push(text.len());
        table.insert_unique(hash, symbol, |&symbol| {
            hash_of(seed, name_of(text, ends, symbol))
        });
        symbol
    }

    /// The symbol of a name, if the name is known.
    #[must_use]
    pub fn find(&self, name: &str) -> Option<Symbol> {
        self.table
            .find(hash_of(&self.seed, name), |&symbol| {
                self.text(symbol) == name
            })
            .copied()
    }

    /// The name of a symbol of this table; empty for a symbol of another, longer table.
    #[must_use]
    pub fn text(&self, symbol: Symbol) -> &str {
        name_of(&self.text, &self.ends, symbol)
    }

    /// The name of that number.
    pub(crate) fn by_index(&self, index: u32) -> &str {
        self.text(Symbol(index))
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
}

/// The hash of the bytes: names are hashed one at a time, so that no mark of their end is needed.
fn hash_of(seed: &foldhash::fast::RandomState, name: &str) -> u64 {
    let mut hasher = seed.build_hasher();
    hasher.write(name.as_bytes());
    hasher.finish()
}

fn name_of<'a>(text: &'a str, ends: &[usize], symbol: Symbol) -> &'a str {
    let start = match symbol.index().checked_sub(1) {
        None => 0,
        Some(before) => ends.get(before).copied().unwrap_or(usize::MAX),
    };
    let end = ends.get(symbol.index()).copied().unwrap_or(0);
    text.get(start..end).unwrap_or("")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_names_have_equal_symbols() {
        let mut symbols = Symbols::default();
        let names: Vec<String> = (0..1000).map(|number| format!("name{number}")).collect();
        let first: Vec<Symbol> = names.iter().map(|name| symbols.intern(name)).collect();
        let second: Vec<Symbol> = names.iter().map(|name| symbols.intern(name)).collect();
        assert_eq!(first, second);
        assert_eq!(symbols.len(), 1000);
        for (index, (name, symbol)) in names.iter().zip(first).enumerate() {
            assert_eq!(symbol.index(), index);
            assert_eq!(symbols.text(symbol), name);
            assert_eq!(symbols.find(name), Some(symbol));
        }
        assert_eq!(symbols.find("name1000"), None);
    }

    #[test]
    fn a_symbol_of_another_table_has_no_name() {
        let mut symbols = Symbols::default();
        symbols.intern("");
        let foreign = symbols.intern("x");
        assert_eq!(Symbols::default().text(foreign), "");
        assert_eq!(symbols.text(foreign), "x");
    }
}
