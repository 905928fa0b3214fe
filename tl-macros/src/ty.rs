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

/// What a type is to TL, as far as its tokens tell.
#[derive(Clone, Copy)]
pub(crate) enum Shape<'t> {
    Unit,
    Bool,
    /// `i32`, `u64`, `f64`: Rust's word for it.
    Number(&'static str),
    /// `String`, `&str`, `Box<str>`, `Cow<str>`
    Text,
    /// `Vec<u8>`, `&[u8]`, `Box<[u8]>`, `Cow<[u8]>`
    Bytes,
    /// `[u8; 32]`; `None` if the length is not a literal.
    ByteArray(Option<usize>),
    /// `Vec<T>`, `&[T]`, `Box<[T]>`
    List(&'t syn::Type),
    /// What may be anything: a path of the author's, an alias, a type parameter.
    Other,
}

/// The shape of a type; boxes and references around it don't count.
pub(crate) fn shape(ty: &syn::Type) -> Shape<'_> {
    let ty = plain(ty);
    match ty {
        syn::Type::Reference(reference) => shape(&reference.elem),
        syn::Type::Slice(slice) => list(&slice.elem),
        syn::Type::Tuple(tuple) if tuple.elems.is_empty() => Shape::Unit,
        syn::Type::Array(array) if is_named(&array.elem, "u8") => {
            Shape::ByteArray(literal(&array.len))
        }
        _ => path_shape(ty),
    }
}

fn path_shape(ty: &syn::Type) -> Shape<'_> {
    if let Some(inner) = argument(ty, "Vec") {
        return list(inner);
    }
    if let Some(inner) = argument(ty, "Box").or_else(|| argument(ty, "Cow")) {
        return shape(inner);
    }
    let Some(segment) = last_segment(ty).filter(|segment| segment.arguments.is_none()) else {
        return Shape::Other;
    };
    if segment.ident == "bool" {
        return Shape::Bool;
    }
    if segment.ident == "String" || segment.ident == "str" {
        return Shape::Text;
    }
    let number = NUMBERS.iter().find(|number| segment.ident == *number);
    number.map_or(Shape::Other, |number| Shape::Number(number))
}

/// Rust's numbers, those that no TL type is included.
const NUMBERS: &[&str] = &[
    "i32", "u32", "i64", "u64", "f32", "f64", "i8", "u8", "i16", "u16", "i128", "u128", "isize",
    "usize",
];

fn list(element: &syn::Type) -> Shape<'_> {
    if is_named(element, "u8") {
        Shape::Bytes
    } else {
        Shape::List(element)
    }
}

fn literal(expr: &syn::Expr) -> Option<usize> {
    match expr {
        syn::Expr::Lit(syn::ExprLit {
            lit: syn::Lit::Int(number),
            ..
        }) => number.base10_parse().ok(),
        syn::Expr::Group(group) => literal(&group.expr),
        syn::Expr::Paren(paren) => literal(&paren.expr),
        _ => None,
    }
}

/// Whether the type itself, or what it holds, is a reference to something that is not part of the
/// input: anything but text and bytes.
pub(crate) fn leads_into_arena(ty: &syn::Type) -> bool {
    let ty = plain(ty);
    if let syn::Type::Reference(_) = ty {
        return !matches!(shape(ty), Shape::Text | Shape::Bytes | Shape::ByteArray(_));
    }
    let inner = ["Option", "Vec", "Box"]
        .into_iter()
        .find_map(|name| argument(ty, name));
    inner.is_some_and(leads_into_arena)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shapes() {
        for (ty, wanted) in [
            ("()", "unit"),
            ("bool", "bool"),
            ("::core::primitive::i64", "i64"),
            ("Box<i32>", "i32"),
            ("&'a str", "text"),
            ("std::string::String", "text"),
            ("Cow<'a, [u8]>", "bytes"),
            ("Vec<u8>", "bytes"),
            ("&'a [u8]", "bytes"),
            ("&'a [u8; 32]", "32 bytes"),
            ("[u8; N]", "some bytes"),
            ("Vec<i32>", "list of i32"),
            ("&'a [i32]", "list of i32"),
            ("Box<[Vec<u8>]>", "list of Vec < u8 >"),
            ("(Vec<i32>)", "list of i32"),
            ("Point<'a>", "other"),
            ("<T as Trait>::Output", "other"),
        ] {
            let parsed: syn::Type = syn::parse_str(ty).unwrap();
            let found = match shape(&parsed) {
                Shape::Unit => "unit".to_owned(),
                Shape::Bool => "bool".to_owned(),
                Shape::Number(number) => number.to_owned(),
                Shape::Text => "text".to_owned(),
                Shape::Bytes => "bytes".to_owned(),
                Shape::ByteArray(Some(len)) => format!("{len} bytes"),
                Shape::ByteArray(None) => "some bytes".to_owned(),
                Shape::List(element) => format!("list of {}", quote::quote!(#element)),
                Shape::Other => "other".to_owned(),
            };
            assert_eq!(found, wanted, "{ty}");
        }
    }
}
