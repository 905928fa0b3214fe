//! The implementations, from layouts.
//!
//! Generated types do not come this way: `tl-codegen` writes text, which for millions of lines is a
//! hundred times quicker, and knows nothing of places in a user's file, of patterns, bounds and
//! functions of the user's. That both make the same bytes and the same errors is what
//! `tests/same_as_generated.rs` holds them to.

use std::fmt::Write as _;

use proc_macro2::{Ident, Span, TokenStream};
use quote::{format_ident, quote, quote_spanned};

use crate::bound;
use crate::input::{Body, Data, Input, Variant};
use crate::layout::{Condition, Layout, Slot, Value, Wire};
use crate::leaf;
use crate::ty::{self, Shape};

/// A type, all of whose decisions are made.
pub(crate) struct Item<'i, 'a> {
    pub(crate) input: &'i Input<'a>,
    /// The path of the run time.
    pub(crate) tl: syn::Path,
    /// The name of the type as errors at run time say it: that of the schema.
    pub(crate) name: String,
    pub(crate) layouts: Layouts,
}

pub(crate) enum Layouts {
    Struct(Layout),
    /// One for each variant; a variant without one has the id of its only field's type.
    Enum(Vec<Option<Layout>>),
}

impl Item<'_, '_> {
    /// `impl TlRead`
    pub(crate) fn read(&self) -> TokenStream {
        let Self { input, tl, .. } = self;
        let lifetime = bound::input_lifetime(input.generics);
        let generics = bound::with_bound(
            input.generics,
            Some(&lifetime),
            self.types(Direction::Read),
            &quote!(#tl::TlRead<#lifetime>),
        );
        let (impl_generics, _, where_clause) = generics.split_for_impl();
        let (_, type_generics, _) = input.generics.split_for_impl();
        let ident = input.ident;
        let r = local("r");
        let min_size = self.min_size(&lifetime);
        let needs_arena = self.needs_arena();
        let reader = Reading {
            tl,
            lifetime: &lifetime,
            r: &r,
        };
        let methods = match (&self.layouts, &input.data) {
            (Layouts::Struct(layout), Data::Struct(body)) => {
                let value = local("value");
                let fields = reader.fields(layout, body, &quote!(Self));
                let id = match layout.id.map(hex) {
                    Some(id) => quote!(::core::option::Option::Some(#id)),
                    None => quote!(::core::option::Option::None),
                };
                let outline = outline(layout, body);
                // As in generated code: the provided methods read to where the value is to be.
                quote! {
                    const CONSTRUCTOR: #tl::private::Constructor = #tl::private::Constructor(
                        #id,
                        <Self as #tl::TlRead<#lifetime>>::MIN_SIZE,
                        #outline,
                    );

                    #[inline]
                    fn read_fields(#r: &mut #tl::Reader<#lifetime>) -> #tl::ReadResult<Self> {
                        #fields
                        ::core::result::Result::Ok(#value)
                    }
                }
            }
            (Layouts::Enum(layouts), Data::Enum(variants)) => {
                let arms = layouts
                    .iter()
                    .zip(variants)
                    .map(|(layout, variant)| reader.variant(layout.as_ref(), variant));
                let name = &self.name;
                let id = local("id");
                quote! {
                    #[inline]
                    fn read(#r: &mut #tl::Reader<#lifetime>) -> #tl::ReadResult<Self> {
                        match #r.id() {
                            #(#arms)*
                            #id => ::core::result::Result::Err(#r.unexpected_id(#id, #name)),
                        }
                    }
                }
            }
            _ => TokenStream::new(),
        };
        quote! {
            #[automatically_derived]
            #[allow(deprecated)]
            impl #impl_generics #tl::TlRead<#lifetime> for #ident #type_generics #where_clause {
                const MIN_SIZE: usize = #min_size;
                #needs_arena
                #methods
            }
        }
    }

    /// `impl TlWrite`
    pub(crate) fn write(&self) -> TokenStream {
        let Self { input, tl, .. } = self;
        let generics = bound::with_bound(
            input.generics,
            None,
            self.types(Direction::Write),
            &quote!(#tl::TlWrite),
        );
        let (impl_generics, type_generics, where_clause) = generics.split_for_impl();
        let ident = input.ident;
        let w = local("w");
        let of = syn::Lifetime::new("'__w", Span::mixed_site());
        let writer = Writing { tl, w: &w };
        let methods = match (&self.layouts, &input.data) {
            (Layouts::Struct(layout), Data::Struct(body)) => {
                let pattern = pattern(body);
                let fields = writer.body(layout, body);
                let fields = quote!({ let Self #pattern = self; #fields #w });
                match layout.id {
                    None => quote! {
                        const BY_VALUE: bool = true;

                        #[allow(unused_mut)]
                        fn write_on<#of>(&self, mut #w: #tl::Writer<#of>) -> #tl::Writer<#of> #fields
                    },
                    Some(id) => {
                        let id = hex(id);
                        quote! {
                            const CONSTRUCTOR_ID: ::core::option::Option<u32> =
                                ::core::option::Option::Some(#id);

                            #[allow(unused_mut)]
                            fn write_bare_on<#of>(
                                &self,
                                mut #w: #tl::Writer<#of>,
                            ) -> #tl::Writer<#of> #fields
                        }
                    }
                }
            }
            (Layouts::Enum(layouts), Data::Enum(variants)) => {
                let arms = layouts
                    .iter()
                    .zip(variants)
                    .map(|(layout, variant)| writer.variant(layout.as_ref(), variant));
                quote! {
                    const BY_VALUE: bool = true;

                    fn write_on<#of>(&self, mut #w: #tl::Writer<#of>) -> #tl::Writer<#of> {
                        match self { #(#arms)* }
                        #w
                    }
                }
            }
            _ => TokenStream::new(),
        };
        quote! {
            #[automatically_derived]
            #[allow(deprecated)]
            impl #impl_generics #tl::TlWrite for #ident #type_generics #where_clause {
                #methods
            }
        }
    }

    /// `impl Identified`, and `impl Function` if the type says what answers it.
    pub(crate) fn identified(&self) -> TokenStream {
        let Self { input, tl, .. } = self;
        let Layouts::Struct(Layout {
            id: Some(id), name, ..
        }) = &self.layouts
        else {
            return TokenStream::new();
        };
        let (impl_generics, type_generics, where_clause) = input.generics.split_for_impl();
        let ident = input.ident;
        let id = hex(*id);
        let function = input.attrs.result.as_ref().map(|result| {
            let output = &result.value;
            let bound = quote!(#tl::Function);
            let generics = bound::with_bound_of_owner(input.generics, output, &bound);
            let (impl_generics, _, where_clause) = generics.split_for_impl();
            quote! {
                #[automatically_derived]
                impl #impl_generics #tl::Function for #ident #type_generics #where_clause {
                    type Output = #output;
                }
            }
        });
        quote! {
            #[automatically_derived]
            impl #impl_generics #tl::Identified for #ident #type_generics #where_clause {
                const ID: u32 = #id;
                const NAME: &'static str = #name;
            }
            #function
        }
    }

    /// Items that don't compile if a field's type is another constructor than the schema says.
    pub(crate) fn kinship(&self) -> TokenStream {
        let tl = &self.tl;
        let layouts: Vec<&Layout> = match &self.layouts {
            Layouts::Struct(layout) => vec![layout],
            Layouts::Enum(layouts) => layouts.iter().flatten().collect(),
        };
        let kin = layouts.iter().flat_map(|layout| &layout.kin);
        let checks = kin.filter_map(|kin| {
            let ty = bound::without_parameters(&kin.ty, self.input.generics)?;
            let ids = kin.ids.iter().copied().map(hex);
            let message = format!(
                "this type has an id, and it is not that of `{}`",
                kin.wanted
            );
            Some(quote_spanned! {leaf::place_of(&kin.ty)=>
                const _: () = {
                    #[allow(unused_imports)]
                    use #tl::private::WithoutId as _;
                    assert!(
                        #tl::private::may_be(<#tl::private::Probe<#ty>>::ID, &[#(#ids),*]),
                        #message
                    );
                };
            })
        });
        quote!(#(#checks)*)
    }

    /// The types that are read or written by their traits.
    fn types(&self, direction: Direction) -> impl Iterator<Item = &syn::Type> {
        let layouts: Vec<Option<&Layout>> = match &self.layouts {
            Layouts::Struct(layout) => vec![Some(layout)],
            Layouts::Enum(layouts) => layouts.iter().map(Option::as_ref).collect(),
        };
        let mut types = Vec::new();
        for (layout, body) in layouts.into_iter().zip(self.input.bodies()) {
            match layout {
                None => types.extend(body.fields.iter().map(|field| &field.original.ty)),
                Some(layout) => {
                    let by_traits = layout.slots.iter().filter(|slot| match &slot.wire {
                        Wire::Value(_) => true,
                        Wire::With { read, write, .. } => match direction {
                            Direction::Read => read.is_none(),
                            Direction::Write => write.is_none(),
                        },
                        Wire::Flags { .. } | Wire::True => false,
                    });
                    let fields = by_traits.filter_map(|slot| slot.field);
                    types.extend(fields.map(|field| &body.fields[field].original.ty));
                }
            }
        }
        types.into_iter()
    }

    fn min_size(&self, lifetime: &syn::Lifetime) -> TokenStream {
        match (&self.layouts, &self.input.data) {
            (Layouts::Struct(layout), Data::Struct(body)) => {
                let id = layout.id.map(|_| quote!(4));
                let sizes = always_there(layout, body).map(|part| match part {
                    Part::Size(size) => quote!(#size),
                    Part::Value(value, ty) => leaf::min_size(&self.tl, lifetime, ty, value),
                });
                let sizes = id.into_iter().chain(sizes);
                quote!(0 #(+ #sizes)*)
            }
            (Layouts::Enum(layouts), Data::Enum(variants)) => {
                // What variants hold may come back to the enum, so that only what the tokens tell
                // can count.
                let sizes = layouts.iter().zip(variants).map(|(layout, variant)| {
                    let parts = layout
                        .iter()
                        .flat_map(|layout| always_there(layout, &variant.body));
                    let sizes = parts.map(|part| match part {
                        Part::Size(size) => size,
                        Part::Value(value, ty) => leaf::known_min_size(ty, value).unwrap_or(0),
                    });
                    sizes.sum::<usize>()
                });
                let size = 4 + sizes.min().unwrap_or(0);
                quote!(#size)
            }
            _ => quote!(0),
        }
    }

    /// References to anything but text and bytes lead into the arena.
    fn needs_arena(&self) -> Option<TokenStream> {
        let in_arena = self.types(Direction::Read).any(ty::leads_into_arena);
        in_arena.then(|| {
            quote!(
                const NEEDS_ARENA: bool = true;
            )
        })
    }
}

#[derive(Clone, Copy)]
enum Direction {
    Read,
    Write,
}

/// What reading needs everywhere.
struct Reading<'r> {
    tl: &'r syn::Path,
    lifetime: &'r syn::Lifetime,
    r: &'r Ident,
}

impl Reading<'_> {
    /// Statements that read a constructor and leave the value in the variable `value`.
    fn body(&self, layout: &Layout, body: &Body<'_>, constructor: &TokenStream) -> TokenStream {
        let r = self.r;
        let fields = self.fields(layout, body, constructor);
        if layout.slots.iter().all(|slot| is_empty(slot, body)) {
            return quote!(#r.empty(); #fields);
        }
        let outline = outline(layout, body);
        quote! {
            #r.enter(#outline)?;
            #fields
            #r.leave();
        }
    }

    /// The same for the fields alone.
    fn fields(&self, layout: &Layout, body: &Body<'_>, constructor: &TokenStream) -> TokenStream {
        let whole = local("value");
        let slots = layout.slots.iter().enumerate().map(|(index, slot)| {
            let binding = binding(index);
            let value = self.slot(layout, slot, body);
            quote!(let #binding = #value;)
        });
        let mut values: Vec<Option<TokenStream>> = vec![None; body.fields.len()];
        for (index, slot) in layout.slots.iter().enumerate() {
            if let Some(field) = slot.field {
                let ty = &body.fields[field].original.ty;
                // A value of another type is a fault of the field.
                let mut binding = binding(index);
                binding.set_span(binding.span().located_at(leaf::place_of(ty)));
                let is_unit = ty::is_unit(ty);
                values[field] = Some(match slot.wire {
                    Wire::Flags { .. } if is_unit => quote!(()),
                    _ => quote!(#binding),
                });
            }
        }
        let fields = body.fields.iter().zip(values).map(|(field, value)| {
            let member = &field.member;
            let value = value.unwrap_or_else(|| default(field));
            quote!(#member: #value)
        });
        quote! {
            #(#slots)*
            let #whole = #constructor { #(#fields),* };
        }
    }

    fn slot(&self, layout: &Layout, slot: &Slot, body: &Body<'_>) -> TokenStream {
        let r = self.r;
        let field = slot.field.map(|field| &body.fields[field]);
        let present = slot.condition.map(|condition| self.is_set(condition));
        let (Some(field), Some(present)) = (field, &present) else {
            return match field {
                None => quote!(#r.nat()),
                Some(field) => self.value(layout, slot, &field.original.ty),
            };
        };
        if matches!(slot.wire, Wire::True) {
            return present.clone();
        }
        let ty = &field.original.ty;
        match ty::option(ty) {
            Some(inner) => {
                let value = self.value(layout, slot, inner);
                quote! {
                    if #present {
                        ::core::option::Option::Some(#value)
                    } else {
                        ::core::option::Option::None
                    }
                }
            }
            None => {
                let value = self.value(layout, slot, ty);
                let absent = default(field);
                quote!(if #present { #value } else { #absent })
            }
        }
    }

    fn value(&self, layout: &Layout, slot: &Slot, ty: &syn::Type) -> TokenStream {
        let r = self.r;
        match &slot.wire {
            Wire::Flags { .. } => quote!(#r.nat()),
            Wire::Value(value) => {
                let value = leaf::read(self.tl, self.lifetime, ty, value, r);
                quote!(#value?)
            }
            Wire::With {
                read: Some(path), ..
            } => {
                // A frame of its own: the path of errors counts the field once, whatever the
                // function reads.
                let frame = format!("{}.{}", layout.name, slot.name);
                let value = local("value");
                quote_spanned! {leaf::place_of(path)=> {
                    #r.enter(#frame)?;
                    let #value = #path(#r)?;
                    #r.leave();
                    #value
                }}
            }
            Wire::With { read: None, .. } => {
                let value = leaf::read(self.tl, self.lifetime, ty, &Value::Alone, r);
                quote!(#value?)
            }
            Wire::True => quote!(true),
        }
    }

    fn is_set(&self, condition: Condition) -> TokenStream {
        let tl = self.tl;
        let mask = binding(condition.mask);
        let bit = u32::from(condition.bit);
        quote!(#tl::private::has(#mask, #bit))
    }

    fn variant(&self, layout: Option<&Layout>, variant: &Variant<'_>) -> TokenStream {
        let Self { tl, lifetime, r } = self;
        let ident = variant.ident;
        match layout {
            Some(layout) => {
                let id = layout.id.map(hex);
                let fields = self.body(layout, &variant.body, &quote!(Self::#ident));
                let value = local("value");
                quote!(#id => { #fields ::core::result::Result::Ok(#value) })
            }
            None => {
                let id = local("id");
                let fields = variant.body.fields.iter().map(|field| {
                    let ty = &field.original.ty;
                    quote_spanned! {leaf::place_of(ty)=>
                        #id if #id == <#ty as #tl::Identified>::ID => {
                            <#ty as #tl::TlRead<#lifetime>>::read_bare(#r).map(Self::#ident)
                        }
                    }
                });
                quote!(#(#fields)*)
            }
        }
    }
}

/// What writing needs everywhere.
struct Writing<'w> {
    tl: &'w syn::Path,
    w: &'w Ident,
}

impl Writing<'_> {
    /// Statements that write the fields, to which [`pattern`] has bound references.
    fn body(&self, layout: &Layout, body: &Body<'_>) -> TokenStream {
        let checks = self.checks(layout, body);
        let slots = layout
            .slots
            .iter()
            .enumerate()
            .map(|(index, slot)| self.slot(layout, index, slot, body));
        quote!(#checks #(#slots)*)
    }

    fn slot(&self, layout: &Layout, index: usize, slot: &Slot, body: &Body<'_>) -> TokenStream {
        let w = self.w;
        if let Wire::Flags { fixed } = slot.wire {
            let flags = self.flags(layout, index, slot, body, fixed);
            return quote!(#w.nat(#flags););
        }
        let Some(field) = slot.field else {
            return TokenStream::new();
        };
        let place = place(field);
        let ty = &body.fields[field].original.ty;
        match (slot.condition, ty::option(ty)) {
            (Some(_), Some(inner)) => {
                let present = local("value");
                let value = self.value(slot, inner, &quote!(#present));
                quote! {
                    if let ::core::option::Option::Some(#present) = #place { #value }
                }
            }
            _ => self.value(slot, ty, &quote!(#place)),
        }
    }

    fn value(&self, slot: &Slot, ty: &syn::Type, place: &TokenStream) -> TokenStream {
        let w = self.w;
        match &slot.wire {
            Wire::Value(value) => leaf::write(self.tl, ty, value, place, w),
            Wire::With {
                write: Some(path), ..
            } => {
                // In a block of its own: what is borrowed is no longer passed in registers.
                quote_spanned!(leaf::place_of(path)=> #w = { let mut #w = #w; #path(#place, &mut #w); #w };)
            }
            Wire::With { write: None, .. } => leaf::write(self.tl, ty, &Value::Alone, place, w),
            Wire::True | Wire::Flags { .. } => TokenStream::new(),
        }
    }

    /// The bits of a flags field.
    fn flags(
        &self,
        layout: &Layout,
        index: usize,
        slot: &Slot,
        body: &Body<'_>,
        fixed: u32,
    ) -> TokenStream {
        let tl = self.tl;
        let mut bits = Vec::new();
        let mut guarded = 0_u32;
        for (condition, presence) in presences(layout, body) {
            let bit = 1_u32 << condition.bit;
            if condition.mask == index && guarded & bit == 0 {
                guarded |= bit;
                let bit = u32::from(condition.bit);
                bits.push(quote!(#tl::private::flag(#presence, #bit)));
            }
        }
        if fixed != 0 {
            bits.push(hex(fixed));
        }
        // The bits that no field is under are the program's.
        if let Some(field) = slot.field
            && !ty::is_unit(&body.fields[field].original.ty)
        {
            let place = place(field);
            let own = hex(!guarded);
            bits.insert(0, quote!(*#place & #own));
        }
        match bits.as_slice() {
            [] => quote!(0),
            bits => quote!(#(#bits)|*),
        }
    }

    /// Several fields under one bit must be there all or none.
    fn checks(&self, layout: &Layout, body: &Body<'_>) -> TokenStream {
        let w = self.w;
        let mut first: Vec<(Condition, TokenStream)> = Vec::new();
        let mut checks = TokenStream::new();
        for (condition, presence) in presences(layout, body) {
            match first.iter().find(|(other, _)| *other == condition) {
                None => first.push((condition, presence)),
                Some((_, other)) => {
                    let name = &layout.name;
                    let flag = format!("{}.{}", layout.slots[condition.mask].name, condition.bit);
                    checks.extend(quote!(#w.check_flag((#other) == (#presence), #name, #flag);));
                }
            }
        }
        checks
    }

    fn variant(&self, layout: Option<&Layout>, variant: &Variant<'_>) -> TokenStream {
        let Self { tl, w } = self;
        let ident = variant.ident;
        let pattern = pattern(&variant.body);
        match layout {
            Some(layout) => {
                let id = layout.id.map(hex);
                let fields = self.body(layout, &variant.body);
                quote!(Self::#ident #pattern => { #w.id(#id); #fields })
            }
            None => {
                let fields = variant
                    .body
                    .fields
                    .iter()
                    .enumerate()
                    .map(|(index, field)| {
                        let ty = &field.original.ty;
                        let place = place(index);
                        quote_spanned! {leaf::place_of(ty)=>
                            #w.id(<#ty as #tl::Identified>::ID);
                            #w = <#ty as #tl::TlWrite>::write_bare_on(#place, #w);
                        }
                    });
                quote!(Self::#ident #pattern => { #(#fields)* })
            }
        }
    }
}

/// What is always there and takes bytes.
fn always_there<'l>(layout: &'l Layout, body: &'l Body<'_>) -> impl Iterator<Item = Part<'l>> {
    let slots = layout.slots.iter();
    let always = slots.filter(|slot| slot.condition.is_none());
    always.map(|slot| match (&slot.wire, slot.field) {
        (Wire::Flags { .. }, _) => Part::Size(4),
        (Wire::With { min_size, .. }, _) => Part::Size(*min_size as usize),
        (Wire::Value(value), Some(field)) => Part::Value(value, &body.fields[field].original.ty),
        _ => Part::Size(0),
    })
}

enum Part<'l> {
    Size(usize),
    Value(&'l Value, &'l syn::Type),
}

/// For every conditional slot, whether it is there.
fn presences(layout: &Layout, body: &Body<'_>) -> impl Iterator<Item = (Condition, TokenStream)> {
    layout.slots.iter().filter_map(|slot| {
        let field = slot.field?;
        let place = place(field);
        let presence = if matches!(slot.wire, Wire::True) {
            quote!(*#place)
        } else if ty::option(&body.fields[field].original.ty).is_some() {
            quote!(#place.is_some())
        } else {
            // With a default: always there.
            quote!(true)
        };
        Some((slot.condition?, presence))
    })
}

/// The outline of a constructor, see `Reader::enter`.
fn outline(layout: &Layout, body: &Body<'_>) -> String {
    let mut outline = layout.name.clone();
    let mut numbers = Vec::with_capacity(layout.slots.len());
    let mut count = 0_usize;
    for slot in &layout.slots {
        let number = is_number(slot, body);
        numbers.push(count);
        count += usize::from(number);
        if is_empty(slot, body) {
            continue;
        }
        let _ = write!(outline, " {}", slot.name);
        if number {
            outline.push('#');
        }
        if let Some(condition) = slot.condition {
            let _ = write!(outline, "?{}.{}", numbers[condition.mask], condition.bit);
        }
    }
    outline
}

/// Whether a slot is read as a `#`.
fn is_number(slot: &Slot, body: &Body<'_>) -> bool {
    match (&slot.wire, slot.field) {
        (Wire::Flags { .. }, _) => true,
        (Wire::Value(_), Some(field)) => {
            let ty = &body.fields[field].original.ty;
            let ty = ty::option(ty).unwrap_or(ty);
            matches!(ty::shape(ty), Shape::Number("u32"))
        }
        _ => false,
    }
}

/// Whether a slot takes no bytes.
fn is_empty(slot: &Slot, body: &Body<'_>) -> bool {
    match (&slot.wire, slot.field) {
        (Wire::True, _) => true,
        (Wire::Value(Value::Bare), Some(field)) => {
            let ty = &body.fields[field].original.ty;
            ty::is_unit(ty::option(ty).unwrap_or(ty))
        }
        _ => false,
    }
}

/// The value of a field that is not on the wire.
fn default(field: &crate::input::Field<'_>) -> TokenStream {
    let default = field.attrs.default.as_ref();
    match default.and_then(|default| default.value.as_ref()) {
        Some(expr) => quote!(#expr),
        None => quote_spanned! {leaf::place_of(&field.original.ty)=>
            ::core::default::Default::default()
        },
    }
}

/// `{ x: __field0, y: __field1 }`, which fits every style of fields.
fn pattern(body: &Body<'_>) -> TokenStream {
    let members = body.fields.iter().map(|field| &field.member);
    let places = (0..body.fields.len()).map(place);
    quote!({ #(#members: #places),* })
}

/// The variable of a slot while reading.
fn binding(slot: usize) -> Ident {
    format_ident!("__slot{slot}", span = Span::mixed_site())
}

/// The reference to a field while writing.
fn place(field: usize) -> Ident {
    format_ident!("__field{field}", span = Span::mixed_site())
}

/// A variable that no name of the author's can be mixed up with.
pub(crate) fn local(name: &str) -> Ident {
    format_ident!("__{name}", span = Span::mixed_site())
}

/// `0x4813b4c6u32`
fn hex(number: u32) -> TokenStream {
    let literal = syn::LitInt::new(&format!("{number:#010x}u32"), Span::call_site());
    quote!(#literal)
}
