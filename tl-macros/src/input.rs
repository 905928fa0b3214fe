//! The type that a derive stands on, read once: what `syn` gives, with its `tl` attributes beside
//! each part.

use proc_macro2::Span;
use syn::ext::IdentExt;

use crate::attr;
use crate::ctxt::Ctxt;

/// A struct or an enum.
pub(crate) struct Input<'a> {
    /// Its name.
    pub(crate) ident: &'a syn::Ident,
    pub(crate) generics: &'a syn::Generics,
    pub(crate) attrs: attr::Container,
    pub(crate) data: Data<'a>,
}

pub(crate) enum Data<'a> {
    /// One constructor or function, or a type without an id.
    Struct(Body<'a>),
    /// A constructor for each variant.
    Enum(Vec<Variant<'a>>),
}

pub(crate) struct Variant<'a> {
    pub(crate) ident: &'a syn::Ident,
    pub(crate) attrs: attr::Variant,
    pub(crate) body: Body<'a>,
}

/// What stands between the braces of a struct or of a variant.
pub(crate) struct Body<'a> {
    pub(crate) style: Style,
    pub(crate) fields: Vec<Field<'a>>,
}

/// How the fields are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Style {
    Named,
    Tuple,
    Unit,
}

pub(crate) struct Field<'a> {
    /// `name`, or `0`.
    pub(crate) member: syn::Member,
    /// The field with its attributes and its type.
    pub(crate) original: &'a syn::Field,
    pub(crate) attrs: attr::Field,
}

impl<'a> Input<'a> {
    /// Reads the type; `None` if it is none that a TL value can be.
    pub(crate) fn read(cx: &Ctxt, item: &'a syn::DeriveInput) -> Option<Self> {
        let attrs = attr::Container::read(cx, &item.attrs);
        let data = match &item.data {
            syn::Data::Struct(data) => Data::Struct(Body::read(cx, &data.fields)),
            syn::Data::Enum(data) => {
                let variants = data.variants.iter().map(|variant| Variant {
                    ident: &variant.ident,
                    attrs: attr::Variant::read(cx, &variant.attrs),
                    body: Body::read(cx, &variant.fields),
                });
                Data::Enum(variants.collect())
            }
            syn::Data::Union(data) => {
                cx.error_at(
                    data.union_token.span,
                    "a union can't be a TL value: nothing says which of its fields is there\n\
                     hint: use an enum with an id for each variant",
                );
                return None;
            }
        };
        Some(Self {
            ident: &item.ident,
            generics: &item.generics,
            attrs,
            data,
        })
    }

    /// The bodies: one of a struct, one for each variant of an enum.
    pub(crate) fn bodies(&self) -> impl Iterator<Item = &Body<'a>> {
        let (one, many) = match &self.data {
            Data::Struct(body) => (Some(body), [].as_slice()),
            Data::Enum(variants) => (None, variants.as_slice()),
        };
        one.into_iter()
            .chain(many.iter().map(|variant| &variant.body))
    }
}

impl<'a> Body<'a> {
    fn read(cx: &Ctxt, fields: &'a syn::Fields) -> Self {
        let style = match fields {
            syn::Fields::Named(_) => Style::Named,
            syn::Fields::Unnamed(_) => Style::Tuple,
            syn::Fields::Unit => Style::Unit,
        };
        let fields = fields
            .members()
            .zip(fields)
            .map(|(member, original)| Field {
                member,
                original,
                attrs: attr::Field::read(cx, &original.attrs),
            });
        Self {
            style,
            fields: fields.collect(),
        }
    }
}

impl Field<'_> {
    /// The name without `r#`, or the number.
    pub(crate) fn name(&self) -> String {
        match &self.member {
            syn::Member::Named(ident) => ident.unraw().to_string(),
            syn::Member::Unnamed(index) => index.index.to_string(),
        }
    }

    /// The place of the name; that of the type if the field has none.
    pub(crate) fn span(&self) -> Span {
        match &self.original.ident {
            Some(ident) => ident.span(),
            None => syn::spanned::Spanned::span(&self.original.ty),
        }
    }
}
