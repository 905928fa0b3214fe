//! Generics: the lifetime of the input, and what type parameters must be able to do.

use proc_macro2::{Group, Span, TokenStream, TokenTree};
use quote::{ToTokens, quote};

/// The lifetime of the bytes that a value is read from: the type's own, or a new one.
pub(crate) fn input_lifetime(generics: &syn::Generics) -> syn::Lifetime {
    match generics.lifetimes().next() {
        Some(own) => own.lifetime.clone(),
        None => syn::Lifetime::new("'__input", Span::mixed_site()),
    }
}

/// The generics of an implementation: `lifetime` in front if the type has none, and `bound` on
/// every type parameter that occurs in one of `types`, or on what is taken from it (`T::Id`).
pub(crate) fn with_bound<'t>(
    generics: &syn::Generics,
    lifetime: Option<&syn::Lifetime>,
    types: impl Iterator<Item = &'t syn::Type>,
    bound: &TokenStream,
) -> syn::Generics {
    let mut bounded = generics.clone();
    let parameters: Vec<&syn::Ident> = generics.type_params().map(|p| &p.ident).collect();
    let mut predicates: Vec<TokenStream> = Vec::new();
    for ty in types {
        occurrences(ty.to_token_stream(), &parameters, &mut predicates);
    }
    let mut seen = std::collections::HashSet::new();
    predicates.retain(|ty| seen.insert(ty.to_string()));
    if !predicates.is_empty() {
        let clause = bounded.make_where_clause();
        for ty in predicates {
            clause.predicates.push(syn::parse_quote!(#ty: #bound));
        }
    }
    if let Some(lifetime) = lifetime
        && generics.lifetimes().next().is_none()
    {
        let lifetime = syn::LifetimeParam::new(lifetime.clone());
        bounded
            .params
            .insert(0, syn::GenericParam::Lifetime(lifetime));
    }
    bounded
}

/// The generics of an implementation, with `bound` on every type parameter of which `ty` takes a
/// part: on `X` if it is `X::Output`.
pub(crate) fn with_bound_of_owner(
    generics: &syn::Generics,
    ty: &syn::Type,
    bound: &TokenStream,
) -> syn::Generics {
    let parameters: Vec<&syn::Ident> = generics.type_params().map(|p| &p.ident).collect();
    let mut paths = Vec::new();
    occurrences(ty.to_token_stream(), &parameters, &mut paths);
    let mut bounded = generics.clone();
    for path in paths {
        let mut path = path.into_iter();
        if let (Some(owner), Some(_)) = (path.next(), path.next()) {
            let clause = bounded.make_where_clause();
            clause.predicates.push(syn::parse_quote!(#owner: #bound));
        }
    }
    bounded
}

/// The type with `'static` for its lifetimes, as it can stand in an item of its own. `None` if it
/// depends on parameters of `generics`, or on what `Self` is.
pub(crate) fn without_parameters(ty: &syn::Type, generics: &syn::Generics) -> Option<TokenStream> {
    let mut parameters: Vec<String> = generics
        .params
        .iter()
        .filter_map(|parameter| match parameter {
            syn::GenericParam::Type(ty) => Some(ty.ident.to_string()),
            syn::GenericParam::Const(constant) => Some(constant.ident.to_string()),
            syn::GenericParam::Lifetime(_) => None,
        })
        .collect();
    parameters.extend(["Self", "for"].map(str::to_owned));
    static_tokens(ty.to_token_stream(), &parameters)
}

fn static_tokens(tokens: TokenStream, forbidden: &[String]) -> Option<TokenStream> {
    let mut in_lifetime = false;
    let tokens = tokens.into_iter().map(|token| {
        let after_quote = std::mem::take(&mut in_lifetime);
        Some(match token {
            TokenTree::Group(group) => {
                let mut inner =
                    Group::new(group.delimiter(), static_tokens(group.stream(), forbidden)?);
                inner.set_span(group.span());
                TokenTree::Group(inner)
            }
            TokenTree::Ident(ident) if after_quote => {
                TokenTree::Ident(proc_macro2::Ident::new("static", ident.span()))
            }
            TokenTree::Ident(ident) if forbidden.contains(&ident.to_string()) => return None,
            TokenTree::Punct(punct) => {
                in_lifetime = punct.as_char() == '\'';
                TokenTree::Punct(punct)
            }
            other => other,
        })
    });
    tokens.collect()
}

/// The type parameters in some tokens, each with the path that is taken from it.
fn occurrences(tokens: TokenStream, parameters: &[&syn::Ident], found: &mut Vec<TokenStream>) {
    let tokens: Vec<TokenTree> = tokens.into_iter().collect();
    let mut at = 0;
    while let Some(token) = tokens.get(at) {
        match token {
            TokenTree::Group(group) => occurrences(group.stream(), parameters, found),
            TokenTree::Ident(ident)
                if parameters.contains(&ident) && !follows_colon(&tokens[..at]) =>
            {
                let mut path = quote!(#ident);
                while let [
                    TokenTree::Punct(a),
                    TokenTree::Punct(b),
                    TokenTree::Ident(segment),
                    ..,
                ] = &tokens[at + 1..]
                    && (a.as_char(), b.as_char()) == (':', ':')
                {
                    path.extend(quote!(::#segment));
                    at += 3;
                }
                found.push(path);
            }
            _ => {}
        }
        at += 1;
    }
}

/// Whether the last token is the end of a `::`: then the word after it is not a parameter.
fn follows_colon(before: &[TokenTree]) -> bool {
    matches!(before, [.., TokenTree::Punct(a), TokenTree::Punct(b)]
        if a.as_char() == ':' && b.as_char() == ':')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bounds(generics: &str, types: &[&str]) -> String {
        let generics: syn::Generics = syn::parse_str(generics).unwrap();
        let types: Vec<syn::Type> = types.iter().map(|ty| syn::parse_str(ty).unwrap()).collect();
        let lifetime = input_lifetime(&generics);
        let bounded = with_bound(&generics, Some(&lifetime), types.iter(), &quote!(Read));
        let (generics, _, clause) = bounded.split_for_impl();
        quote!(#generics #clause).to_string().replace(' ', "")
    }

    #[test]
    fn types_in_items_of_their_own() {
        let of = |generics: &str, ty: &str| {
            let generics: syn::Generics = syn::parse_str(generics).unwrap();
            let ty: syn::Type = syn::parse_str(ty).unwrap();
            let tokens = without_parameters(&ty, &generics)?;
            Some(tokens.to_string().replace(' ', ""))
        };
        let wanted = Some("(Point,&'static[Hash<'static>;32])".to_owned());
        assert_eq!(of("<'a, T>", "(Point, &'a [Hash<'a>; 32])"), wanted);
        assert_eq!(of("<T>", "Vec<T>"), None);
        assert_eq!(of("<const N: usize>", "[i32; N]"), None);
        assert_eq!(of("", "Box<Self>"), None);
    }

    #[test]
    fn parameters_that_are_read_get_the_bound() {
        assert_eq!(bounds("", &["i32"]), "<'__input>");
        assert_eq!(bounds("<T>", &["Vec<T>", "T"]), "<'__input,T>whereT:Read");
        assert_eq!(bounds("<'a, T, U>", &["&'a [T]"]), "<'a,T,U>whereT:Read");
        assert_eq!(
            bounds("<T: Trait>", &["Option<(T::Id, [<T as Trait>::Other; 2])>"]),
            "<'__input,T:Trait>whereT::Id:Read,T:Read"
        );
        assert_eq!(bounds("<T>", &["other::T"]), "<'__input,T>");
        assert_eq!(
            bounds("<T, const N: usize>", &["[T; N]"]),
            "<'__input,T,constN:usize>whereT:Read"
        );
    }
}
