//! The generated half of tl-parser: Rust made from `grammar.pest`.
//!
//! It is checked in, so that those who build tl-parser need neither pest's generator nor its
//! dependencies.

use std::path::Path;

use anyhow::{Context, Result, anyhow};
use proc_macro2::TokenStream;

/// The grammar, from the workspace's root.
const GRAMMAR: &str = "tl-parser/src/grammar.pest";

/// The text of the generated file. A grammar that is wrong makes pest's generator panic, with a
/// good message.
pub(crate) fn generate(root: &Path) -> Result<String> {
    let grammar = std::fs::read_to_string(root.join(GRAMMAR)).context(GRAMMAR)?;
    let input: TokenStream = format!("#[grammar_inline = {grammar:?}] struct Grammar;")
        .parse()
        .map_err(|error| anyhow!("the grammar as a string: {error}"))?;
    let parser = pest_generator::derive_parser(input, false);
    // Without its feature `std`, which would switch on more of pest for the whole workspace, the
    // generator writes paths that need `extern crate alloc`.
    let text = prettyplease::unparse(&syn::parse2(parser)?).replace("::alloc::", "::std::");
    Ok(format!(
        "// @generated from grammar.pest by `cargo xtask codegen`; do not edit.\n\n\
         pub(super) struct Grammar;\n\n{text}"
    ))
}
