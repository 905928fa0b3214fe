//! Types with their arguments put in, as TL text.

use tl_parser::ir::{Arg, Schema, TypeExpr};

use super::ty::{Argument, Ty};

/// Whether nothing in the type depends on variables or fields.
pub(super) fn is_closed(expr: &TypeExpr) -> bool {
    match expr {
        TypeExpr::Nat | TypeExpr::Forward(_) => true,
        TypeExpr::Boxed { args, .. } | TypeExpr::Bare { args, .. } => {
            args.iter().all(|arg| match arg {
                Arg::Type(ty) => is_closed(ty),
                Arg::Nat(expr) => expr.base.is_none(),
            })
        }
        _ => false,
    }
}

/// The type as TL text, cut off where it gets long: a template may double its argument at each
/// level.
pub(super) fn spell(schema: &Schema, ty: &Ty) -> String {
    let mut out = String::new();
    push(schema, ty, &mut out);
    out
}

fn push(schema: &Schema, ty: &Ty, out: &mut String) {
    const LONG: usize = 120;
    if out.len() > LONG {
        if !out.ends_with('…') {
            out.push('…');
        }
        return;
    }
    let args = match ty {
        Ty::Nat => return out.push('#'),
        Ty::Any => return out.push_str("Object"),
        Ty::Function => return out.push_str("!X"),
        Ty::Call(id) => return out.push_str(&schema[schema[*id].name]),
        Ty::Boxed(ty, args) => {
            out.push_str(&schema[schema[*ty].name]);
            args
        }
        Ty::Bare(constructor, args, percent) => {
            let constructor = &schema[*constructor];
            match constructor.result_type() {
                Some(ty) if *percent => out.extend(["%", &schema[schema[ty].name]]),
                _ => out.push_str(&schema[constructor.name]),
            }
            args
        }
    };
    let Some(args) = args else {
        return;
    };
    for (index, arg) in args.iter().enumerate() {
        out.push_str(if index == 0 { "<" } else { ", " });
        match arg {
            Argument::Type(ty) => push(schema, ty, out),
            Argument::Nat(nat) => out.push_str(&nat.to_string()),
        }
    }
    out.push('>');
}
