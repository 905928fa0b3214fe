//! The schema that a derive names, and the declaration in it.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use proc_macro2::TokenStream;
use quote::quote;
use tl_parser::ir::{CombinatorId, IdRule, Schema};

use crate::attr::{self, Attr, Id, nearest};
use crate::ctxt::{Ctxt, with_hint};

/// A schema without faults.
pub(crate) struct Loaded {
    pub(crate) schema: Schema,
    /// Where it is, for Cargo to watch; `None` if it is in the attribute.
    path: Option<PathBuf>,
}

impl Loaded {
    /// An item that makes Cargo build anew when the file changes.
    pub(crate) fn watch(&self) -> TokenStream {
        match self.path.as_deref().and_then(Path::to_str) {
            Some(path) => quote!(const _: &[u8] = ::core::include_bytes!(#path);),
            None => TokenStream::new(),
        }
    }

    /// What was declared, not what every tool knows.
    fn declared(&self) -> impl Iterator<Item = CombinatorId> {
        let schema = &self.schema;
        schema
            .combinator_ids()
            .filter(|&id| !schema[id].predeclared && !is_stub(schema, id))
    }
}
