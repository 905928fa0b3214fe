//! From the type that a derive stands on to its implementation.

use proc_macro2::TokenStream;
use quote::quote;
use syn::ext::IdentExt;

use crate::check::{self, Derive};
use crate::ctxt::{Ctxt, or_compile_error};
use crate::expand::{Item, Layouts};
use crate::input::{Data, Input};
use crate::layout;

/// What is expected of the run time, see `tl_runtime::private::contract`.
const CONTRACT: u32 = 6;

/// The implementation, or the errors in its place.
pub(crate) fn expand(derive: Derive, item: TokenStream) -> TokenStream {
    or_compile_error(syn::parse2(item).and_then(|item| implementation(derive, &item)))
}

fn implementation(derive: Derive, item: &syn::DeriveInput) -> syn::Result<TokenStream> {
    let cx = Ctxt::default();
    let mut expansion = TokenStream::new();
    if let Some(input) = Input::read(&cx, item) {
        check::check(&cx, derive, item, &input);
        if let Some((item, watch)) = lower(&cx, &input).filter(|_| cx.is_clean()) {
            let tl = &item.tl;
            let contract = quote!(const _: () = #tl::private::contract(#CONTRACT););
            let implementation = match derive {
                Derive::Read => {
                    let read = item.read();
                    let kinship = item.kinship();
                    quote!(#read #kinship)
                }
                Derive::Write => {
                    let write = item.write();
                    let identified = item.identified();
                    let kinship = item.kinship();
                    quote!(#write #identified #kinship)
                }
                Derive::Identified => item.identified(),
            };
            expansion = quote!(#contract #watch #implementation);
        }
    }
    cx.finish()?;
    Ok(expansion)
}

/// The decisions, and items that make Cargo watch the files they come from.
fn lower<'i, 'a>(cx: &Ctxt, input: &'i Input<'a>) -> Option<(Item<'i, 'a>, TokenStream)> {
    let tl = match &input.attrs.runtime {
        Some(path) => path.value.clone(),
        None => syn::parse_quote!(::mtproto_runtime::tl),
    };
    let (name, layouts, watch) = if uses_schema(input) {
        of_schema(cx, input)?
    } else {
        let name = own_name(input.attrs.name.as_ref(), input.ident);
        let layouts = of_attributes(input, &name);
        (name, layouts, TokenStream::new())
    };
    let item = Item {
        input,
        tl,
        name,
        layouts,
    };
    Some((item, watch))
}

fn uses_schema(input: &Input<'_>) -> bool {
    input.attrs.schema.is_some()
        || matches!(&input.data, Data::Enum(variants)
            if variants.iter().any(|variant| variant.attrs.tl.is_some()))
}

#[cfg(feature = "schema")]
use crate::schema::layouts as of_schema;

#[cfg(not(feature = "schema"))]
fn of_schema(cx: &Ctxt, input: &Input<'_>) -> Option<(String, Layouts, TokenStream)> {
    let on_variants = match &input.data {
        Data::Struct(_) => [].as_slice(),
        Data::Enum(variants) => variants.as_slice(),
    };
    let keys = input.attrs.schema.iter().map(|schema| &schema.key).chain(
        on_variants
            .iter()
            .filter_map(|variant| Some(&variant.attrs.tl.as_ref()?.key)),
    );
    for key in keys {
        cx.error_hint(
            key,
            "derives read schemas only with the feature `schema`",
            "switch it on in Cargo.toml: \
             `mtproto-runtime = { version = \"0.1\", features = [\"schema\"] }`",
        );
    }
    None
}

fn of_attributes(input: &Input<'_>, name: &str) -> Layouts {
    match &input.data {
        Data::Struct(body) => {
            let id = input.attrs.id.as_ref().map(|id| &id.value);
            Layouts::Struct(layout::of_attributes(name.to_owned(), id, body))
        }
        Data::Enum(variants) => Layouts::Enum(
            variants
                .iter()
                .map(|variant| {
                    let id = &variant.attrs.id.as_ref()?.value;
                    let own = own_name(variant.attrs.name.as_ref(), variant.ident);
                    let name = match &variant.attrs.name {
                        Some(_) => own,
                        None => format!("{name}::{own}"),
                    };
                    Some(layout::of_attributes(name, Some(id), &variant.body))
                })
                .collect(),
        ),
    }
}

fn own_name(given: Option<&crate::attr::Attr<syn::LitStr>>, ident: &syn::Ident) -> String {
    match given {
        Some(name) => name.value.value(),
        None => ident.unraw().to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What `expand` makes of an item, for every derive. That it comes back at all is the point.
    fn expand_all(item: &str) -> [String; 3] {
        let tokens: TokenStream = item.parse().expect(item);
        [Derive::Read, Derive::Write, Derive::Identified]
            .map(|derive| expand(derive, tokens.clone()).to_string())
    }

    #[test]
    fn odd_items_are_errors_or_code_and_never_panics() {
        for item in [
            "",
            "struct",
            "fn f() {}",
            "union U { a: i32 }",
            "struct S;",
            "struct S();",
            "struct S {}",
            "enum E {}",
            "enum E { A = 1, B(), C {} }",
            "struct S { #[tl] a: i32 }",
            "struct S { #[tl()] a: i32 }",
            "struct S { #[tl(,)] a: i32 }",
            "struct S { #[tl(a::b)] a: i32 }",
            "struct S { #[tl(5)] a: i32 }",
            "struct S { #[tl(id =)] a: i32 }",
            "struct S { #[tl(flags_bit = 4294967296)] a: i32 }",
            "struct S { #[tl(flags_bit = \"..\")] a: i32 }",
            "struct S { #[tl(with = 5)] a: i32 }",
            "struct S { #[tl(default = )] a: i32 }",
            "#[tl(id = 1)] struct S { #[tl(flags)] f: u32, #[tl(flags_bit = 31)] a: bool }",
            "#[tl(id = 1, result = )] struct S;",
            "#[tl(crate = \"not a path\")] struct S;",
            "#[repr(packed)] struct S { a: i32 }",
            "struct S<'a, 'b: 'a, T: ?Sized + 'a, const N: usize> where T: Fn(&T) { a: &'a [T; N], \
             b: &'b dyn Fn(), r#type: *const T, c: fn(T) -> !, d: [u8; { N + 1 }], e: m!() }",
            "enum r#type { r#fn(Box<Self>), #[tl(id = 2)] r#struct { r#move: Vec<Vec<r#type>> } }",
            "#[tl(tl = \"\")] struct S;",
            "#[tl(tl = \"a = A; a = A; ===\")] struct S;",
            "#[tl(tl = \"a %%%%%%%%%( = A\", id = \"\\u{0}\")] struct S(i32);",
            "#[tl(tl = \"a x:B y:b z:c.D w:%E = A\")] struct S { x: i32 }",
            "#[tl(tl = \"a x:A = A\", result = Vec<)] struct S { x: i32 }",
            "#[tl(schema = \"/\")] struct S;",
        ] {
            for expansion in expand_all(item) {
                let _: TokenStream = expansion.parse().unwrap();
            }
        }
    }

    #[test]
    fn faults_of_all_sorts_come_in_one_run() {
        let [read, ..] = expand_all(
            "#[tl(boxed, unheard)] struct S { #[tl(skip, boxed)] a: i32, #[tl(flags)] b: i64 }",
        );
        assert_eq!(read.matches("compile_error").count(), 4, "{read}");
    }
}
