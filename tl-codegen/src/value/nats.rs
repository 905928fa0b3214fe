//! What the `#` fields of a list of fields are for.
//!
//! The rule is that of generated code: a number is the user's business only if nothing else says
//! what it must be.

use std::collections::HashMap;

use tl_parser::ir::{Arg, Field, FieldId, NatExpr, NatRef, TypeExpr};

/// What a `#` field is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Role {
    /// It only guards fields of its list.
    Flags,
    /// It only counts repetitions; the first that is always there, by position.
    Count(usize),
}

#[derive(Clone, Copy, Default)]
struct Uses {
    masks: u32,
    counts: Option<usize>,
    others: u32,
}

/// The roles of the `#` fields of a list, by position; `None` for all that must be told. One under
/// a condition of its own has a role, but must be told too: nothing else says that it is there.
pub(super) fn roles(fields: &[Field]) -> Vec<Option<Role>> {
    if !fields.iter().any(|field| field.ty == TypeExpr::Nat) {
        return vec![None; fields.len()];
    }
    let uses = uses(fields);
    let roles = fields.iter().map(|field| {
        if field.ty != TypeExpr::Nat {
            return None;
        }
        match uses.get(&field.id)? {
            Uses {
                masks: 1..,
                counts: None,
                others: 0,
            } => Some(Role::Flags),
            Uses {
                masks: 0,
                counts: Some(first),
                others: 0,
            } => Some(Role::Count(*first)),
            _ => None,
        }
    });
    roles.collect()
}

fn uses(fields: &[Field]) -> HashMap<FieldId, Uses> {
    let mut uses: HashMap<FieldId, Uses> = HashMap::new();
    for (index, field) in fields.iter().enumerate() {
        if let Some(NatRef::Field(mask)) = field.condition.map(|condition| condition.mask) {
            uses.entry(mask).or_default().masks += 1;
        }
        let mut other = |nat| {
            if let NatRef::Field(id) = nat {
                uses.entry(id).or_default().others += 1;
            }
        };
        let TypeExpr::Repeat(repeat) = &field.ty else {
            visit_type(&field.ty, &mut other);
            continue;
        };
        visit_fields(&repeat.fields, &mut other);
        if let NatExpr {
            base: Some(NatRef::Field(count)),
            plus,
        } = repeat.count
        {
            let uses = uses.entry(count).or_default();
            match (field.condition, plus) {
                (None, 0) => uses.counts = uses.counts.or(Some(index)),
                // Checked against the others if there is one that is always there.
                (Some(_), 0) => {}
                _ => uses.others += 1,
            }
        }
    }
    uses
}

fn visit_fields(fields: &[Field], visit: &mut impl FnMut(NatRef)) {
    for field in fields {
        if let Some(condition) = field.condition {
            visit(condition.mask);
        }
        visit_type(&field.ty, visit);
    }
}

fn visit_type(ty: &TypeExpr, visit: &mut impl FnMut(NatRef)) {
    match ty {
        TypeExpr::Boxed { args, .. } | TypeExpr::Bare { args, .. } => {
            for arg in args {
                match arg {
                    Arg::Type(ty) => visit_type(ty, visit),
                    Arg::Nat(sum) => sum.base.into_iter().for_each(&mut *visit),
                }
            }
        }
        TypeExpr::Repeat(repeat) => {
            repeat.count.base.into_iter().for_each(&mut *visit);
            visit_fields(&repeat.fields, visit);
        }
        _ => {}
    }
}
