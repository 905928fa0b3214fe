//! Derives for TL types.

mod attr;
mod bound;
mod check;
mod ctxt;
mod derive;
mod expand;
mod input;
mod layout;
mod leaf;
mod ty;

use proc_macro::TokenStream;

/// Implements `TlRead`.
#[proc_macro_derive(TlRead, attributes(tl))]
pub fn derive_tl_read(input: TokenStream) -> TokenStream {
    derive::expand(check::Derive::Read, input.into()).into()
}

/// Implements `TlWrite`.
#[proc_macro_derive(TlWrite, attributes(tl))]
pub fn derive_tl_write(input: TokenStream) -> TokenStream {
    derive::expand(check::Derive::Write, input.into()).into()
}

/// Implements `Identified`, for types that are read and never written.
#[proc_macro_derive(Identified, attributes(tl))]
pub fn derive_identified(input: TokenStream) -> TokenStream {
    derive::expand(check::Derive::Identified, input.into()).into()
}
