//! From the type that a derive stands on to its implementation.

use proc_macro2::TokenStream;

use crate::check::{self, Derive};
use crate::ctxt::{Ctxt, or_compile_error};
use crate::input::Input;

/// The implementation, or the errors in its place.
pub(crate) fn expand(derive: Derive, item: TokenStream) -> TokenStream {
    or_compile_error(syn::parse2(item).and_then(|item| implementation(derive, &item)))
}

fn implementation(derive: Derive, item: &syn::DeriveInput) -> syn::Result<TokenStream> {
    let cx = Ctxt::default();
    if let Some(input) = Input::read(&cx, item) {
        check::check(&cx, derive, item, &input);
    }
    cx.finish()?;
    Ok(TokenStream::new())
}
