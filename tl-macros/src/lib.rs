//! Derives for TL types.

mod attr;
mod bound;
mod check;
#[cfg(feature = "schema")]
mod conform;
mod ctxt;
mod derive;
mod expand;
#[cfg(feature = "schema")]
mod include;
mod input;
mod layout;
mod leaf;
#[cfg(feature = "schema")]
mod schema;
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

/// Generates the types of schema files in place.
#[cfg(feature = "schema")]
#[proc_macro]
pub fn include_schema(input: TokenStream) -> TokenStream {
    include::files(input.into()).into()
}

/// Generates the types of a schema that is written in place.
#[cfg(feature = "schema")]
#[proc_macro]
pub fn schema(input: TokenStream) -> TokenStream {
    include::texts(input.into()).into()
}
