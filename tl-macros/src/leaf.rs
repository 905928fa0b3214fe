//! One value: how it is read, written, and how short it can be.
//!
//! The tokens carry the place of the field's type, so that rustc's complaints stand there.

use proc_macro2::{Span, TokenStream};
use quote::{quote, quote_spanned};
use syn::spanned::Spanned;

use crate::layout::Value;
use crate::ty::{self, Shape};

/// An expression that reads a value of the type from `r`: a `ReadResult`.
pub(crate) fn read(
    tl: &syn::Path,
    lifetime: &syn::Lifetime,
    ty: &syn::Type,
    value: &Value,
    r: &syn::Ident,
) -> TokenStream {
    let span = place_of(ty);
    match value {
        Value::Alone => quote_spanned!(span=> <#ty as #tl::TlRead<#lifetime>>::read(#r)),
        Value::Bare => quote_spanned!(span=> <#ty as #tl::TlRead<#lifetime>>::read_bare(#r)),
        Value::Boxed => quote_spanned!(span=> #r.boxed::<#ty>()),
        Value::Vector { boxed, element } => {
            let list = List::of(ty);
            let Some(inner) = list.element() else {
                // A list by its shape, or `element` would not be known.
                return TokenStream::new();
            };
            match (&**element, boxed) {
                // As the list itself has it.
                (Value::Alone, true) => return read(tl, lifetime, ty, &Value::Alone, r),
                (Value::Alone, false) => return read(tl, lifetime, ty, &Value::Bare, r),
                _ => {}
            }
            let id = boxed.then(|| quote_spanned!(span=> #r.vector_id();));
            let element = read(tl, lifetime, inner, element, r);
            let min_size = min_size(tl, lifetime, inner, element_of(value));
            let method = list.method(span);
            let values = quote_spanned! {span=>
                #r.#method(#min_size, |#r| #element)
            };
            let values = list.convert(&values);
            quote_spanned!(span=> { #id #values })
        }
    }
}

/// A statement that writes to `w` the value that `place`, a reference, leads to.
pub(crate) fn write(
    tl: &syn::Path,
    ty: &syn::Type,
    value: &Value,
    place: &TokenStream,
    w: &syn::Ident,
) -> TokenStream {
    let span = place_of(ty);
    match value {
        Value::Alone => quote_spanned!(span=> #w = <#ty as #tl::TlWrite>::write_on(#place, #w);),
        Value::Bare => {
            quote_spanned!(span=> #w = <#ty as #tl::TlWrite>::write_bare_on(#place, #w);)
        }
        Value::Boxed => quote_spanned!(span=> #w = #w.put_boxed::<#ty>(#place);),
        Value::Vector { boxed, element } => {
            match (&**element, boxed) {
                (Value::Alone, true) => return write(tl, ty, &Value::Alone, place, w),
                (Value::Alone, false) => return write(tl, ty, &Value::Bare, place, w),
                _ => {}
            }
            let Some(inner) = List::of(ty).element() else {
                return TokenStream::new();
            };
            let id = boxed.then(|| quote_spanned!(span=> #w.vector_id();));
            let each = crate::expand::local("element");
            let element = write(tl, inner, element, &quote!(#each), w);
            quote_spanned! {span=>
                #id
                #w = #w.put_vector_with(#place, |#each, mut #w| { #element #w });
            }
        }
    }
}

/// An expression for the smallest number of bytes that a value takes.
pub(crate) fn min_size(
    tl: &syn::Path,
    lifetime: &syn::Lifetime,
    ty: &syn::Type,
    value: &Value,
) -> TokenStream {
    let of_type = quote_spanned!(place_of(ty)=> <#ty as #tl::TlRead<#lifetime>>::MIN_SIZE);
    match (known_min_size(ty, value), value) {
        (Some(size), _) => quote!(#size),
        (None, Value::Bare) => quote!(#of_type.saturating_sub(4)),
        (None, _) => of_type,
    }
}

/// The smallest number of bytes that a value takes, where the tokens of its type tell.
pub(crate) fn known_min_size(ty: &syn::Type, value: &Value) -> Option<usize> {
    match (value, ty::shape(ty)) {
        (Value::Boxed, _) => Some(4),
        (Value::Vector { boxed, .. }, _) => Some(if *boxed { 8 } else { 4 }),
        (Value::Bare, Shape::Unit) => Some(0),
        (Value::Bare, Shape::List(_)) => Some(4),
        (Value::Alone, Shape::List(_)) => Some(8),
        (_, Shape::Unit | Shape::Bool | Shape::Text | Shape::Bytes) => Some(4),
        (_, Shape::Number("i32" | "u32" | "f32")) => Some(4),
        (_, Shape::Number("i64" | "u64" | "f64")) => Some(8),
        (_, Shape::ByteArray(Some(len))) => Some(len),
        _ => None,
    }
}

fn element_of(value: &Value) -> &Value {
    match value {
        Value::Vector { element, .. } => element,
        other => other,
    }
}

/// The place of some tokens for code that is made from them: complaints stand there, and lints
/// know that the author has not written it.
pub(crate) fn place_of(tokens: &impl Spanned) -> Span {
    tokens.span().resolved_at(Span::call_site())
}

/// What holds the elements of a vector.
enum List<'t> {
    Vec(&'t syn::Type),
    /// In the arena.
    Slice(&'t syn::Type),
    /// Something that a `Vec` turns into: `Box<[T]>`.
    Into(&'t syn::Type),
    None,
}

impl<'t> List<'t> {
    fn of(ty: &'t syn::Type) -> Self {
        let Shape::List(element) = ty::shape(ty) else {
            return Self::None;
        };
        if matches!(ty::plain(ty), syn::Type::Reference(_)) {
            Self::Slice(element)
        } else if ty::argument(ty, "Vec").is_some() {
            Self::Vec(element)
        } else {
            Self::Into(element)
        }
    }

    fn element(&self) -> Option<&'t syn::Type> {
        match self {
            Self::Vec(element) | Self::Slice(element) | Self::Into(element) => Some(element),
            Self::None => None,
        }
    }

    fn method(&self, span: Span) -> syn::Ident {
        let name = match self {
            Self::Slice(_) => "slice_with",
            _ => "vector_with",
        };
        syn::Ident::new(name, span)
    }

    fn convert(&self, values: &TokenStream) -> TokenStream {
        match self {
            Self::Into(_) => {
                quote!(::core::result::Result::Ok(::core::convert::Into::into(#values)))
            }
            _ => quote!(::core::result::Result::Ok(#values)),
        }
    }
}
