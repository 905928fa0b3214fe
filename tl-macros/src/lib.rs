//! Derives for TL types.

mod attr;
mod check;
mod ctxt;
mod derive;
mod input;
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
