//! The rules that need no schema. Each one opens with why it is a rule.

use std::collections::HashMap;

use crate::attr::{Attr, Form, Id};
use crate::ctxt::Ctxt;
use crate::input::{Body, Data, Field, Input, Style, Variant};
use crate::ty;

/// Which derive is at work.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Derive {
    Read,
    /// Brings `Identified` along.
    Write,
    Identified,
}

/// Reports whatever in the attributes contradicts itself or does nothing.
pub(crate) fn check(cx: &Ctxt, derive: Derive, item: &syn::DeriveInput, input: &Input<'_>) {
    not_packed(cx, item);
    one_lifetime(cx, derive, input);
    one_id(cx, derive, input);
    match &input.data {
        Data::Struct(_) => of_struct(cx, input),
        Data::Enum(variants) => of_enum(cx, input, variants),
    }
    for (body, has_schema) in bodies(input) {
        flags(cx, body, has_schema);
        for field in &body.fields {
            with(cx, field);
            skip_and_default(cx, field);
        }
    }
}

/// The bodies, each with whether a schema describes it.
fn bodies<'i, 'a>(input: &'i Input<'a>) -> Vec<(&'i Body<'a>, bool)> {
    let shared = input.attrs.schema.is_some();
    match &input.data {
        Data::Struct(body) => vec![(body, shared)],
        Data::Enum(variants) => variants
            .iter()
            .map(|variant| (&variant.body, shared || variant.attrs.tl.is_some()))
            .collect(),
    }
}

/// Writing borrows each field, and fields of a packed type can't be borrowed.
fn not_packed(cx: &Ctxt, item: &syn::DeriveInput) {
    for attr in item
        .attrs
        .iter()
        .filter(|attr| attr.path().is_ident("repr"))
    {
        // A `repr` that can't be read is rustc's to report.
        let _ = attr.parse_nested_meta(|meta| {
            if meta.path.is_ident("packed") {
                cx.error_hint(
                    &meta.path,
                    "the fields of a packed type can't be borrowed, and writing needs to",
                    "TL values have a layout of their own; leave `packed` out",
                );
            }
            if meta.input.peek(syn::token::Paren) {
                let content;
                syn::parenthesized!(content in meta.input);
                content.parse::<proc_macro2::TokenStream>()?;
            }
            Ok(())
        });
    }
}

/// A value is read from one input, and what it borrows lives as long as that. With several
/// lifetimes nothing says which of them is the input's.
fn one_lifetime(cx: &Ctxt, derive: Derive, input: &Input<'_>) {
    if derive == Derive::Read
        && let Some(second) = input.generics.lifetimes().nth(1)
    {
        cx.error_hint(
            &second.lifetime,
            "a type that is read has one lifetime: that of the bytes it is read from",
            "use the first lifetime here, too",
        );
    }
}

/// An id belongs to a constructor.
fn one_id(cx: &Ctxt, derive: Derive, input: &Input<'_>) {
    if derive != Derive::Identified {
        return;
    }
    let attrs = &input.attrs;
    match input.data {
        Data::Enum(_) => cx.error_hint(
            input.ident,
            "an enum has no id, each of its variants has one",
            "leave `Identified` out",
        ),
        Data::Struct(_) if attrs.id.is_none() && attrs.schema.is_none() => cx.error_hint(
            input.ident,
            "this type has no id",
            "add `#[tl(id = 0x…)]`, or leave `Identified` out",
        ),
        Data::Struct(_) => {}
    }
}

fn of_struct(cx: &Ctxt, input: &Input<'_>) {
    let attrs = &input.attrs;
    // The id is what makes a value boxed.
    if let Some(form) = &attrs.form
        && form.value == Form::Boxed
        && attrs.id.is_none()
        && attrs.schema.is_none()
    {
        cx.error_hint(
            &form.key,
            "a boxed value begins with an id, and this type has none",
            "add `id = 0x…`, or take it from a schema: `schema = \"file.tl\", id = \"name\"`",
        );
    }
    if let Some(form) = &attrs.form
        && form.value == Form::Bare
        && (attrs.id.is_some() || attrs.schema.is_some())
    {
        cx.error_hint(
            &form.key,
            "a type with an id is boxed where it stands alone",
            "leave `bare` out; fields of this type say `#[tl(bare)]`",
        );
    }
    // The answer belongs to a function, and functions have ids.
    if let Some(result) = &attrs.result
        && attrs.id.is_none()
        && attrs.schema.is_none()
    {
        cx.error_hint(
            &result.key,
            "a function has an id, and this type has none",
            "add `id = 0x…`, or leave `result` out",
        );
    }
    names(
        cx,
        attrs.id.as_ref(),
        attrs.name.as_ref(),
        attrs.schema.is_some(),
    );
    rule_needs_schema(cx, input);
}

fn of_enum(cx: &Ctxt, input: &Input<'_>, variants: &[Variant<'_>]) {
    let attrs = &input.attrs;
    if variants.is_empty() {
        cx.error_hint(
            input.ident,
            "an enum without variants has no values to read or write",
            "add a variant, or derive nothing",
        );
    }
    // Each variant is a constructor, and the id is the constructor's.
    for key in [
        attrs.id.as_ref().map(|id| &id.key),
        attrs.name.as_ref().map(|name| &name.key),
    ]
    .into_iter()
    .flatten()
    {
        cx.error_hint(
            key,
            format_args!("`{key}` can't stand on an enum"),
            "each variant is a constructor with an id and a name of its own",
        );
    }
    // Without an id nothing tells the variants apart.
    if let Some(form) = &attrs.form
        && form.value == Form::Bare
    {
        cx.error_hint(
            &form.key,
            "an enum can't be bare: only the id tells its variants apart",
            "leave `bare` out",
        );
    }
    if let Some(result) = &attrs.result {
        cx.error_hint(
            &result.key,
            "`result` can't stand on an enum",
            "only functions are answered, and each is a struct",
        );
    }
    rule_needs_schema(cx, input);
    for variant in variants {
        of_variant(cx, attrs.schema.is_some(), variant);
    }
    distinct_ids(cx, variants);
}

fn of_variant(cx: &Ctxt, has_schema: bool, variant: &Variant<'_>) {
    let attrs = &variant.attrs;
    let is_newtype = variant.body.style == Style::Tuple && variant.body.fields.len() == 1;
    match (&attrs.id, &attrs.tl) {
        // A lone unnamed field may bring the id of its type.
        (None, None) if !is_newtype => cx.error_hint(
            variant.ident,
            "nothing says which id this variant has",
            if has_schema {
                "add `#[tl(id = \"name\")]`, the constructor's name in the schema"
            } else {
                "add `#[tl(id = 0x…)]`"
            },
        ),
        (_, Some(tl)) if has_schema => cx.error_hint(
            &tl.key,
            "the enum has a schema already",
            "give the constructor's name: `id = \"name\"`",
        ),
        _ => {}
    }
    names(
        cx,
        attrs.id.as_ref(),
        attrs.name.as_ref(),
        has_schema || attrs.tl.is_some(),
    );
}

/// A constructor's name leads to its id only through a schema; and where there is one, it knows
/// the name better.
fn names(cx: &Ctxt, id: Option<&Attr<Id>>, name: Option<&Attr<syn::LitStr>>, has_schema: bool) {
    if let Some(Id::Name(literal)) = id.map(|id| &id.value)
        && !has_schema
    {
        cx.error_hint(
            literal,
            "without a schema a constructor's name leads to no id",
            "add `schema = \"file.tl\"`, or write the id as a number",
        );
    }
    if let Some(name) = name
        && has_schema
    {
        cx.error_hint(
            &name.key,
            "the schema says how the constructor is called",
            "leave `name` out; `id = \"…\"` chooses the constructor",
        );
    }
}

/// A rule computes ids from declarations.
fn rule_needs_schema(cx: &Ctxt, input: &Input<'_>) {
    let lines = match &input.data {
        Data::Struct(_) => false,
        Data::Enum(variants) => variants.iter().any(|variant| variant.attrs.tl.is_some()),
    };
    if let Some(rule) = &input.attrs.id_rule
        && input.attrs.schema.is_none()
        && !lines
    {
        cx.error_hint(
            &rule.key,
            "`id_rule` does nothing without a schema",
            "leave it out, or add `schema = \"file.tl\"`",
        );
    }
}

/// An id leads to one variant.
fn distinct_ids(cx: &Ctxt, variants: &[Variant<'_>]) {
    let mut first: HashMap<u32, &syn::Ident> = HashMap::new();
    for variant in variants {
        if let Some(Id::Number(id, literal)) = variant.attrs.id.as_ref().map(|id| &id.value)
            && let Some(other) = first.insert(*id, variant.ident)
        {
            cx.error_hint(
                literal,
                format_args!("`{other}` has this id, too"),
                "an id belongs to one constructor",
            );
        }
    }
}

fn flags(cx: &Ctxt, body: &Body<'_>, has_schema: bool) {
    for (position, field) in body.fields.iter().enumerate() {
        match &field.attrs.flags {
            Some(key) => flags_field(cx, field, &key.key),
            None => {
                // Only a flags field has bits to set.
                if let Some(bits) = &field.attrs.default_flags {
                    cx.error_hint(
                        &bits.key,
                        "`default_flags` belongs on a flags field",
                        "add `flags` to this field, or move it to the one that has it",
                    );
                }
            }
        }
        flag_bit(cx, body, position, field, has_schema);
    }
}

/// A flags field is computed from what is there; a `u32` also keeps the bits that no field is
/// under.
fn flags_field(cx: &Ctxt, field: &Field<'_>, key: &syn::Ident) {
    let attrs = &field.attrs;
    if !ty::is_unit(&field.original.ty) && !ty::is_named(&field.original.ty, "u32") {
        cx.error_hint(
            &field.original.ty,
            "a flags field has the type `()` or `u32`",
            "`()` is computed from the fields; `u32` also keeps the bits that no field is under",
        );
    }
    let others = [
        attrs.form.as_ref().map(|other| &other.key),
        attrs.with.as_ref().map(|other| &other.key),
        attrs.read_with.as_ref().map(|other| &other.key),
        attrs.write_with.as_ref().map(|other| &other.key),
        attrs.skip.as_ref().map(|other| &other.key),
        attrs.default.as_ref().map(|other| &other.key),
        attrs.flags_bit.as_ref().map(|other| &other.key),
    ];
    for other in others.into_iter().flatten() {
        cx.error_hint(
            other,
            format_args!("`{key}` and `{other}` can't both be set"),
            "a flags field is computed, and always on the wire",
        );
    }
}

fn flag_bit(cx: &Ctxt, body: &Body<'_>, position: usize, field: &Field<'_>, has_schema: bool) {
    let attrs = &field.attrs;
    let Some(bit) = &attrs.flags_bit else {
        if let Some(flags_field) = &attrs.flags_field {
            cx.error_hint(
                &flags_field.key,
                "`flags_field` without `flags_bit` does nothing",
                "add `flags_bit = N`",
            );
        }
        return;
    };
    // A `#` has 32 bits.
    if bit.value.bit > 31 {
        cx.error_hint(
            &bit.value.literal,
            format_args!("there is no bit {}", bit.value.bit),
            "a flags field has the bits 0 to 31",
        );
    }
    if let (Some(flags_field), Some(_)) = (&attrs.flags_field, &bit.value.field) {
        cx.error_hint(
            &flags_field.key,
            "the flags field is named twice",
            "`flags_bit = \"mode.3\"` says both",
        );
    }
    // With a schema the flags field may be left out, and the bit is compared with the schema's.
    if has_schema {
        return;
    }
    // What may be absent needs a Rust type that can say so.
    let ty = &field.original.ty;
    let may_be_absent = ty::option(ty).is_some() || ty::is_named(ty, "bool");
    if attrs.flags.is_some() || attrs.skip.is_some() {
        return;
    }
    // Alone, `()` is `True` with its id; what is meant is `true`, which has no bytes.
    if ty::option(ty).is_some_and(ty::is_unit) && attrs.form.is_none() {
        cx.error_hint(
            ty,
            "the flag bit says all that there is to say",
            "use `bool`",
        );
    }
    if !may_be_absent && attrs.default.is_none() {
        cx.error_hint(
            ty,
            "a field under a flag bit may be absent, and this type can't say so",
            "use `Option<…>`, or `bool` for a flag that brings no bytes (`true`)",
        );
    }
    if let Some(flags) = guard(cx, body, field, bit) {
        comes_before(cx, body, position, field, flags);
        not_a_default(cx, &body.fields[flags], bit);
    }
}

/// Which flags field a field hangs on. The name may be left out where there is only one.
pub(crate) fn guard_of(body: &Body<'_>, field: &Field<'_>) -> Option<usize> {
    field.attrs.flags_bit.as_ref()?;
    let mut flags = flags_fields(body);
    match written_guard(field) {
        Some(name) => flags.find(|(_, candidate)| candidate.name() == name),
        None => match (flags.next(), flags.next()) {
            (only, None) => only,
            _ => None,
        },
    }
    .map(|(position, _)| position)
}

fn guard(
    cx: &Ctxt,
    body: &Body<'_>,
    field: &Field<'_>,
    bit: &Attr<crate::attr::FlagsBit>,
) -> Option<usize> {
    let found = guard_of(body, field);
    if found.is_some() {
        return found;
    }
    let names: Vec<String> = flags_fields(body).map(|(_, field)| field.name()).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    match (written_guard(field), names.as_slice()) {
        (_, []) => cx.error_hint(
            &bit.key,
            "no field before this one has the attribute `flags`",
            "declare it: `#[tl(flags)] flags: ()`",
        ),
        (None, [first, ..]) => cx.error_hint(
            &bit.value.literal,
            "there are several flags fields, and nothing says which of them this bit is of",
            format_args!("write `flags_bit = \"{first}.{}\"`", bit.value.bit),
        ),
        (Some(name), names) => cx.error_hint(
            &bit.value.literal,
            format_args!("`{name}` is not a flags field"),
            format_args!("flags fields are {}", crate::attr::listed(names)),
        ),
    }
    None
}

/// The name that a field gives to its flags field, if it does.
pub(crate) fn written_guard(field: &Field<'_>) -> Option<String> {
    let attrs = &field.attrs;
    let with_bit = attrs
        .flags_bit
        .as_ref()
        .and_then(|bit| bit.value.field.clone());
    with_bit.or_else(|| Some(attrs.flags_field.as_ref()?.value.value()))
}

fn flags_fields<'b, 'a>(body: &'b Body<'a>) -> impl Iterator<Item = (usize, &'b Field<'a>)> {
    let fields = body.fields.iter().enumerate();
    fields.filter(|(_, field)| field.attrs.flags.is_some())
}

/// A reader goes forward only: it must know the bits before it comes to what they guard.
fn comes_before(cx: &Ctxt, body: &Body<'_>, position: usize, field: &Field<'_>, flags: usize) {
    if flags >= position {
        cx.error_at(
            field.span(),
            crate::ctxt::with_hint(
                format_args!(
                    "`{}` comes before its flags field `{}`",
                    field.name(),
                    body.fields[flags].name()
                ),
                "a flags field stands before the fields under its bits",
            ),
        );
    }
}

/// A bit that is always set can't say that a field is absent.
fn not_a_default(cx: &Ctxt, flags: &Field<'_>, bit: &Attr<crate::attr::FlagsBit>) {
    if let Some(default) = &flags.attrs.default_flags
        && default.value.checked_shr(bit.value.bit).unwrap_or(0) & 1 == 1
    {
        cx.error_hint(
            &bit.value.literal,
            format_args!(
                "bit {} is always set, by `default_flags` of `{}`",
                bit.value.bit,
                flags.name()
            ),
            "use another bit, or take it out of `default_flags`",
        );
    }
}

/// A field is read and written by one thing.
fn with(cx: &Ctxt, field: &Field<'_>) {
    let attrs = &field.attrs;
    let halves = [&attrs.read_with, &attrs.write_with];
    if let Some(with) = &attrs.with {
        for half in halves.into_iter().flatten() {
            cx.error_hint(
                &half.key,
                format_args!("`with` and `{}` can't both be set", half.key),
                format_args!(
                    "`with = {}` means the functions `read` and `write` of that module",
                    path_text(&with.value)
                ),
            );
        }
    }
    let with = attrs.with.iter().chain(halves.into_iter().flatten()).next();
    if let (Some(with), Some(form)) = (with, &attrs.form) {
        cx.error_hint(
            &form.key,
            format_args!("`{}` and `{}` can't both be set", with.key, form.key),
            "the functions decide what stands on the wire",
        );
    }
    let Some(min_size) = &attrs.min_size else {
        return;
    };
    if attrs.with.is_none() && attrs.read_with.is_none() {
        cx.error_hint(
            &min_size.key,
            "the smallest size of this field is known",
            "`min_size` helps only a field that is read by a function (`with`, `read_with`)",
        );
    }
    // Everything in TL is made of 32-bit words.
    if min_size.value % 4 != 0 {
        cx.error_hint(
            &min_size.key,
            format_args!("no value takes {} bytes", min_size.value),
            "TL values take multiples of 4 bytes",
        );
    }
}

fn path_text(path: &syn::Path) -> String {
    quote::ToTokens::to_token_stream(path)
        .to_string()
        .replace(' ', "")
}

/// What is never on the wire needs nothing but a value to take; what always is, needs no default.
fn skip_and_default(cx: &Ctxt, field: &Field<'_>) {
    let attrs = &field.attrs;
    if let Some(skip) = &attrs.skip {
        let others = [
            attrs.form.as_ref().map(|other| &other.key),
            attrs.name.as_ref().map(|other| &other.key),
            attrs.flags_bit.as_ref().map(|other| &other.key),
            attrs.with.as_ref().map(|other| &other.key),
            attrs.read_with.as_ref().map(|other| &other.key),
            attrs.write_with.as_ref().map(|other| &other.key),
        ];
        for other in others.into_iter().flatten() {
            cx.error_hint(
                other,
                format_args!("`{}` and `{other}` can't both be set", skip.key),
                "a skipped field is not on the wire",
            );
        }
    } else if let Some(default) = &attrs.default
        && attrs.flags.is_none()
    {
        let bit = attrs.flags_bit.is_some();
        let optional = ty::option(&field.original.ty).is_some();
        if !bit || optional {
            cx.error_hint(
                &default.key,
                if optional {
                    "an `Option` has a default already"
                } else {
                    "this field is always on the wire and needs no default"
                },
                "leave `default` out; it is for fields with `skip`, \
                 and for fields under a flag bit that are not `Option`s",
            );
        }
    }
}
