//! What a Rust type looks like. A macro sees tokens: aliases stay closed to it.

/// `()`
pub(crate) fn is_unit(ty: &syn::Type) -> bool {
    matches!(plain(ty), syn::Type::Tuple(tuple) if tuple.elems.is_empty())
}

/// `u32`, `std::primitive::u32`: a path that ends in that word and has no arguments.
pub(crate) fn is_named(ty: &syn::Type, name: &str) -> bool {
    last_segment(ty).is_some_and(|segment| segment.ident == name && segment.arguments.is_none())
}

/// The `T` of `Option<T>`.
pub(crate) fn option(ty: &syn::Type) -> Option<&syn::Type> {
    argument(ty, "Option")
}

/// The `T` of `Name<T>`, however long the path before `Name` is.
pub(crate) fn argument<'t>(ty: &'t syn::Type, name: &str) -> Option<&'t syn::Type> {
    let segment = last_segment(ty)?;
    if segment.ident != name {
        return None;
    }
    let syn::PathArguments::AngleBracketed(arguments) = &segment.arguments else {
        return None;
    };
    arguments.args.iter().find_map(|argument| match argument {
        syn::GenericArgument::Type(ty) => Some(ty),
        _ => None,
    })
}

/// The type without parentheses and invisible groups.
pub(crate) fn plain(mut ty: &syn::Type) -> &syn::Type {
    loop {
        ty = match ty {
            syn::Type::Group(group) => &group.elem,
            syn::Type::Paren(paren) => &paren.elem,
            _ => return ty,
        };
    }
}

/// The last word of a type that is a path, with its arguments.
pub(crate) fn last_segment(ty: &syn::Type) -> Option<&syn::PathSegment> {
    match plain(ty) {
        syn::Type::Path(path) if path.qself.is_none() => path.path.segments.last(),
        _ => None,
    }
}
