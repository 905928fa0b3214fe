//! Faults are collected, not returned: one run tells the author everything.

use std::cell::RefCell;
use std::fmt::Display;

use proc_macro2::{Span, TokenStream};
use quote::ToTokens;

/// The faults found so far.
#[derive(Default)]
pub(crate) struct Ctxt {
    errors: RefCell<Vec<syn::Error>>,
}

impl Ctxt {
    /// A fault that stands on all of `tokens`.
    pub(crate) fn error(&self, tokens: impl ToTokens, message: impl Display) {
        self.push(syn::Error::new_spanned(tokens, message));
    }

    /// A fault and what to write instead.
    pub(crate) fn error_hint(
        &self,
        tokens: impl ToTokens,
        message: impl Display,
        hint: impl Display,
    ) {
        self.error(tokens, with_hint(message, hint));
    }

    /// A fault at a place that is not a token of its own.
    pub(crate) fn error_at(&self, span: Span, message: impl Display) {
        self.push(syn::Error::new(span, message));
    }

    /// A fault that somebody else has worded.
    pub(crate) fn push(&self, error: syn::Error) {
        self.errors.borrow_mut().push(error);
    }

    /// Whether nothing has been found so far.
    pub(crate) fn is_clean(&self) -> bool {
        self.errors.borrow().is_empty()
    }

    /// All faults as one error, in the order in which they were found.
    pub(crate) fn finish(self) -> syn::Result<()> {
        let mut errors = self.errors.into_inner().into_iter();
        let Some(mut all) = errors.next() else {
            return Ok(());
        };
        all.extend(errors);
        Err(all)
    }
}

/// A message with a second line that says what to write.
pub(crate) fn with_hint(message: impl Display, hint: impl Display) -> String {
    format!("{message}\nhint: {hint}")
}

/// The expansion, or in its place the errors.
pub(crate) fn or_compile_error(expansion: syn::Result<TokenStream>) -> TokenStream {
    expansion.unwrap_or_else(syn::Error::into_compile_error)
}
