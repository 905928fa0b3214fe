//! What has to be known of a schema before any Rust is decided.
//!
//! ```text
//! reach    what is wanted, and in which direction it travels
//! any      what an `Object` or a `Function` may be
//! used     which type parameters values depend on
//! graph    what holds what by value; the cycles in it
//! layout   sizes in memory and on the wire, and from them what is boxed
//! ```

mod any;
mod graph;
mod layout;
mod reach;
mod used;

pub(crate) use any::{Any, AnyOf};
pub(crate) use layout::{Layouts, is_array};
pub(crate) use reach::{Direction, Reach};
pub(crate) use used::Used;

use tl_parser::ir::{CombinatorId, Schema, TypeId};

/// Something that becomes an item: a type or a combinator, as one index.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Node {
    Type(TypeId),
    Combinator(CombinatorId),
}

impl Node {
    /// Types come first, then combinators.
    fn index(self, schema: &Schema) -> usize {
        match self {
            Self::Type(id) => id.0 as usize,
            Self::Combinator(id) => schema.types.len() + id.0 as usize,
        }
    }

    fn from_index(schema: &Schema, index: usize) -> Self {
        let number = |index| u32::try_from(index).unwrap_or(u32::MAX);
        match index.checked_sub(schema.types.len()) {
            None => Self::Type(TypeId(number(index))),
            Some(index) => Self::Combinator(CombinatorId(number(index))),
        }
    }

    fn count(schema: &Schema) -> usize {
        schema.types.len() + schema.combinators.len()
    }
}
