//! Maps of names. The hash is a quick one with a seed of its own for each process: names come from
//! schemas, and nobody can make them collide on purpose.

use std::collections::{HashMap, HashSet};

use foldhash::fast::RandomState;

pub(crate) type Map<K, V> = HashMap<K, V, RandomState>;
pub(crate) type Set<K> = HashSet<K, RandomState>;
