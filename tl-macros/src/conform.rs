//! The Rust type against its declaration: names, order, types, flag bits, result.
//!
//! Names are matched first; what has found its partner is then compared for order, condition and
//! type. So a field that is merely in the wrong place is not said to be missing as well.

use std::collections::HashMap;

use tl_parser::ir::{CombinatorId, CombinatorKind, NatRef, Schema};

use crate::attr::nearest;
use crate::ctxt::{Ctxt, with_hint};
use crate::declaration::{Declaration, Mismatch};
use crate::input::{Body, Field, Style};
use crate::layout::{self, Condition, Kin, Layout, Slot, Wire};
use crate::ty;

/// Compares a body with the declaration of a constructor or function. `owner` is the struct or
/// variant. `None` if they don't agree; the faults are in `cx`.
pub(crate) fn body(
    cx: &Ctxt,
    schema: &Schema,
    id: CombinatorId,
    owner: &syn::Ident,
    body: &Body<'_>,
) -> Option<Layout> {
    let combinator = &schema[id];
    let declaration = Declaration::new(schema, combinator);
    let partners = match body.style {
        Style::Tuple => by_position(cx, &declaration, owner, body),
        Style::Named | Style::Unit => by_name(cx, &declaration, owner, body),
    }?;
    let mut kin = Vec::new();
    let slots = slots(cx, &declaration, owner, body, &partners, &mut kin)?;
    Some(Layout {
        name: schema[combinator.name].to_owned(),
        id: Some(combinator.id),
        slots,
        kin,
    })
}

/// Compares what a function is said to answer with its declaration.
pub(crate) fn result(cx: &Ctxt, schema: &Schema, id: CombinatorId, result: &syn::Type) -> Vec<Kin> {
    let combinator = &schema[id];
    let declaration = Declaration::new(schema, combinator);
    if combinator.kind == CombinatorKind::Constructor {
        cx.error_hint(
            result,
            format_args!(
                "`{}` is a constructor, and nothing answers it",
                declaration.name()
            ),
            "leave `result` out",
        );
        return Vec::new();
    }
    let mut kin = Vec::new();
    match declaration.value(&combinator.result, result, &mut kin) {
        // An answer is read as it stands alone.
        Ok(value) if value.is_alone() => {}
        Ok(_) => cx.error_hint(
            result,
            format_args!(
                "`{}` answers `{}`, which is not what this type is where it stands alone",
                declaration.name(),
                declaration.text(&combinator.result)
            ),
            "say so in the type: `Bare<…>`, `Boxed<…>`",
        ),
        Err(Mismatch { at, wanted, hint }) => cx.error_hint(
            at,
            format_args!("`{}` answers `{wanted}`, not this", declaration.name()),
            hint,
        ),
    }
    kin
}

/// For each field of the declaration, which field of the body it is.
type Partners = Vec<Option<usize>>;

fn by_name(
    cx: &Ctxt,
    declaration: &Declaration<'_>,
    owner: &syn::Ident,
    body: &Body<'_>,
) -> Option<Partners> {
    let count = declaration.combinator.fields.len();
    let mut positions: HashMap<&str, usize> = HashMap::new();
    for position in (0..count).rev() {
        positions.insert(
            declaration.rust_names[position].trim_start_matches("r#"),
            position,
        );
    }
    for position in (0..count).rev() {
        positions.insert(declaration.field_name(position), position);
    }
    let mut partners: Partners = vec![None; count];
    let mut strangers = Vec::new();
    let mut last: Option<(usize, &Field<'_>)> = None;
    let mut sound = true;
    for (index, field) in body.fields.iter().enumerate() {
        if field.attrs.skip.is_some() {
            continue;
        }
        let Some(&position) = positions.get(layout::own_name(field).as_str()) else {
            strangers.push(field);
            continue;
        };
        if partners[position].replace(index).is_some() {
            cx.error_at(
                field.span(),
                format_args!("`{}` is there twice", declaration.field_name(position)),
            );
            sound = false;
        }
        match last {
            Some((before, neighbour)) if before > position => {
                cx.error_at(
                    field.span(),
                    with_hint(
                        format_args!(
                            "`{}` comes after `{}`, and before it in the declaration",
                            field.name(),
                            neighbour.name()
                        ),
                        format_args!("the order is {}", order(declaration)),
                    ),
                );
                sound = false;
            }
            _ => last = Some((position, field)),
        }
    }
    let missing: Vec<usize> = (0..count)
        .filter(|&position| partners[position].is_none() && !declaration.may_hide(position))
        .collect();
    sound &= strangers.is_empty() && missing.is_empty();
    // What is only misspelt is not missing as well.
    let mut misspelt = Vec::new();
    let missing_names = || {
        missing
            .iter()
            .map(|&position| declaration.field_name(position))
    };
    for field in strangers {
        let name = layout::own_name(field);
        let hint = match nearest(&name, missing_names()) {
            Some(near) => {
                misspelt.push(near);
                format!("did you mean `{near}`?")
            }
            None => "if it is not on the wire, add `#[tl(skip)]`".to_owned(),
        };
        cx.error_at(
            field.span(),
            with_hint(
                format_args!("`{}` has no field `{name}`", declaration.name()),
                hint,
            ),
        );
    }
    for &position in &missing {
        if misspelt.contains(&declaration.field_name(position)) {
            continue;
        }
        cx.error_hint(
            owner,
            format_args!(
                "the field `{}` of `{}` is missing",
                declaration.field_text(position),
                declaration.name()
            ),
            format_args!(
                "add `{}: {}`{}",
                declaration.rust_names[position],
                declaration.suggestion(position),
                match position.checked_sub(1) {
                    None => " in front".to_owned(),
                    Some(before) => format!(" after `{}`", declaration.rust_names[before]),
                }
            ),
        );
    }
    sound.then_some(partners)
}

fn order(declaration: &Declaration<'_>) -> String {
    let names = declaration.rust_names.iter().map(String::as_str);
    names.collect::<Vec<_>>().join(", ")
}

fn by_position(
    cx: &Ctxt,
    declaration: &Declaration<'_>,
    owner: &syn::Ident,
    body: &Body<'_>,
) -> Option<Partners> {
    let mut fields = body
        .fields
        .iter()
        .enumerate()
        .filter(|(_, field)| field.attrs.skip.is_none())
        .peekable();
    let mut partners = Vec::with_capacity(declaration.combinator.fields.len());
    let mut missing = None;
    for position in 0..declaration.combinator.fields.len() {
        let hidden = declaration.may_hide(position)
            && fields
                .peek()
                .is_none_or(|(_, field)| field.attrs.flags.is_none());
        let partner = if hidden { None } else { fields.next() };
        if partner.is_none() && !hidden {
            missing.get_or_insert(position);
        }
        partners.push(partner.map(|(index, _)| index));
    }
    let mut sound = true;
    if let Some(position) = missing {
        cx.error_hint(
            owner,
            format_args!(
                "the field `{}` of `{}` is missing",
                declaration.field_text(position),
                declaration.name()
            ),
            format_args!("add a `{}`", declaration.suggestion(position)),
        );
        sound = false;
    }
    for (_, field) in fields {
        cx.error_at(
            field.span(),
            with_hint(
                format_args!(
                    "`{}` has no field number {}",
                    declaration.name(),
                    field.name()
                ),
                "if it is not on the wire, add `#[tl(skip)]`",
            ),
        );
        sound = false;
    }
    sound.then_some(partners)
}

fn slots(
    cx: &Ctxt,
    declaration: &Declaration<'_>,
    owner: &syn::Ident,
    body: &Body<'_>,
    partners: &Partners,
    kin: &mut Vec<Kin>,
) -> Option<Vec<Slot>> {
    let mut slots = Vec::with_capacity(partners.len());
    let mut sound = true;
    for (position, partner) in partners.iter().enumerate() {
        let parameter = &declaration.combinator.fields[position];
        let field = partner.map(|index| &body.fields[index]);
        let condition = match parameter.condition {
            None => None,
            Some(condition) => match condition.mask {
                NatRef::Field(mask) => {
                    let mask = declaration.position(mask);
                    let conditional = mask.is_some_and(|mask| {
                        declaration.combinator.fields[mask].condition.is_some()
                    });
                    if conditional {
                        cx.error_at(
                            field.map_or(owner.span(), Field::span),
                            with_hint(
                                format_args!(
                                    "whether `{}` is there depends on a number that may be absent \
                                     itself",
                                    declaration.field_name(position)
                                ),
                                "derives can't do that; `include_schema!` can",
                            ),
                        );
                        sound = false;
                    }
                    mask.map(|mask| Condition {
                        mask,
                        bit: condition.bit,
                    })
                }
                NatRef::Variable(_) => {
                    cx.error_at(
                        field.map_or(owner.span(), Field::span),
                        with_hint(
                            format_args!(
                                "whether `{}` is there depends on `{}`, which is not in the value",
                                declaration.field_name(position),
                                declaration.nat(condition.mask)
                            ),
                            "derives can't be given numbers from outside; \
                             `include_schema!` can",
                        ),
                    );
                    sound = false;
                    None
                }
            },
        };
        let wire = match field {
            None => Some(Wire::Flags { fixed: 0 }),
            Some(field) => {
                let agrees = same_condition(cx, declaration, position, field);
                sound &= agrees;
                wire(cx, declaration, position, field, kin)
            }
        };
        match wire {
            None => sound = false,
            Some(wire) => {
                sound &= free_bit(cx, &slots, condition, field);
                slots.push(Slot {
                    name: declaration.field_name(position).to_owned(),
                    field: *partner,
                    condition,
                    wire,
                });
            }
        }
    }
    sound.then_some(slots)
}

/// A bit that is always set can't say that a field is absent.
fn free_bit(
    cx: &Ctxt,
    slots: &[Slot],
    condition: Option<Condition>,
    field: Option<&Field<'_>>,
) -> bool {
    let (Some(condition), Some(field)) = (condition, field) else {
        return true;
    };
    match slots.get(condition.mask) {
        Some(flags) if matches!(flags.wire, Wire::Flags { fixed } if fixed >> condition.bit & 1 == 1) =>
        {
            cx.error_at(
                field.span(),
                with_hint(
                    format_args!(
                        "`{}` is under bit {}, which is always set by `default_flags` of `{}`",
                        field.name(),
                        condition.bit,
                        flags.name
                    ),
                    "take it out of `default_flags`",
                ),
            );
            false
        }
        _ => true,
    }
}

/// The attributes may repeat what the schema says of a flag bit, not contradict it.
fn same_condition(
    cx: &Ctxt,
    declaration: &Declaration<'_>,
    position: usize,
    field: &Field<'_>,
) -> bool {
    let parameter = &declaration.combinator.fields[position];
    let name = declaration.field_name(position);
    match (&parameter.condition, &field.attrs.flags_bit) {
        (None, Some(bit)) => {
            cx.error_hint(
                &bit.key,
                format_args!("`{name}` is under no flag bit"),
                format_args!("it is declared `{}`", declaration.field_text(position)),
            );
            false
        }
        (Some(condition), Some(bit)) => {
            let mask = declaration.nat(condition.mask);
            let flags = crate::check::written_guard(field);
            let same_mask = flags.is_none_or(|flags| flags == mask);
            if u32::from(condition.bit) == bit.value.bit && same_mask {
                return true;
            }
            cx.error_hint(
                &bit.value.literal,
                format_args!(
                    "`{name}` is under another flag bit: `{mask}.{}`",
                    condition.bit
                ),
                "leave `flags_bit` out; the schema says it",
            );
            false
        }
        (None, None) | (Some(_), None) => true,
    }
}

fn wire(
    cx: &Ctxt,
    declaration: &Declaration<'_>,
    position: usize,
    field: &Field<'_>,
    kin: &mut Vec<Kin>,
) -> Option<Wire> {
    let parameter = &declaration.combinator.fields[position];
    if let Some(form) = &field.attrs.form {
        cx.error_hint(
            &form.key,
            format_args!("the schema says whether `{}` is boxed", field.name()),
            format_args!("leave `{}` out", form.key),
        );
        return None;
    }
    if let Some(flags) = &field.attrs.flags {
        if declaration.masks[position] {
            return Some(layout::flags(field));
        }
        cx.error_hint(
            &flags.key,
            format_args!(
                "`{}` is not a flags field",
                declaration.field_name(position)
            ),
            format_args!(
                "it is declared `{}`, and no field is under its bits",
                declaration.field_text(position)
            ),
        );
        return None;
    }
    let is_flags = ty::is_unit(&field.original.ty) || ty::is_named(&field.original.ty, "u32");
    if declaration.masks[position] && is_flags {
        return Some(layout::flags(field));
    }
    if let Some(with) = layout::with(field) {
        return Some(with);
    }
    let mut ty = &field.original.ty;
    if parameter.condition.is_none() && ty::option(ty).is_some() {
        cx.error_hint(
            ty,
            format_args!("`{}` is always there", declaration.field_text(position)),
            format_args!("use `{}`", declaration.suggestion(position)),
        );
        return None;
    }
    if parameter.condition.is_some() {
        if declaration.is_true(&parameter.ty) {
            if ty::is_named(ty, "bool") {
                return Some(Wire::True);
            }
            cx.error_hint(
                ty,
                format_args!(
                    "`{}` takes no bytes: the flag bit is the value",
                    declaration.field_text(position)
                ),
                "use `bool`",
            );
            return None;
        }
        match ty::option(ty) {
            Some(inner) => ty = inner,
            None if field.attrs.default.is_some() => {}
            None => {
                cx.error_hint(
                    ty,
                    format_args!(
                        "`{}` may be absent, and this type can't say so",
                        declaration.field_text(position)
                    ),
                    format_args!("use `{}`", declaration.suggestion(position)),
                );
                return None;
            }
        }
    }
    match declaration.value(&parameter.ty, ty, kin) {
        Ok(value) => Some(Wire::Value(value)),
        Err(Mismatch { at, wanted, hint }) => {
            let declared = declaration.field_text(position);
            let message = if declared.ends_with(&wanted) {
                format!(
                    "`{}` is declared `{declared}`",
                    declaration.field_name(position)
                )
            } else {
                format!(
                    "`{}` is declared `{declared}`, and this should be its `{wanted}`",
                    declaration.field_name(position)
                )
            };
            cx.error_hint(at, message, hint);
            None
        }
    }
}
