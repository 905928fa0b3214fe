//! A schema's declarations in words: two schemas that mean the same have the same ones.
//!
//! Written for tests alone, so that what a conversion keeps is not judged by the code that converts.

use std::fmt::Write as _;

use tl_parser::ir::{
    Arg, Combinator, CombinatorKind, Field, Kind, NatExpr, NatRef, Schema, TypeExpr,
};

/// All declarations, predeclared ones that are used included: one line each, in the order of kinds,
/// names and ids.
pub(crate) fn shape(schema: &Schema) -> Vec<String> {
    let combinators = schema.combinators.iter();
    let mut lines: Vec<String> = combinators.map(|c| combinator(schema, c)).collect();
    for ty in schema.types.iter().filter(|ty| ty.constructors.is_empty()) {
        lines.push(format!("empty {}", &schema[ty.name]));
    }
    lines.sort();
    lines
}

fn combinator(schema: &Schema, combinator: &Combinator) -> String {
    let kind = match combinator.kind {
        CombinatorKind::Constructor => "constructor",
        CombinatorKind::Function => "function",
    };
    let mut line = format!("{kind} {}#{:08x}", &schema[combinator.name], combinator.id);
    if combinator.opaque {
        line += " ?";
    }
    if let Some(builtin) = combinator.builtin {
        write!(line, " builtin:{builtin:?}").unwrap();
    }
    for variable in &combinator.variables {
        let kind = match variable.kind {
            Kind::Type => "Type",
            Kind::Nat => "#",
        };
        write!(line, " {{{}:{kind}}}", &schema[variable.name]).unwrap();
    }
    for item in &combinator.fields {
        line += " ";
        line += &field(schema, item);
    }
    line + " = " + &ty(schema, &combinator.result)
}

fn field(schema: &Schema, field: &Field) -> String {
    let mut text = field.id.0.to_string() + ".";
    if let Some(name) = field.name {
        text += &schema[name];
    }
    text += ":";
    if let Some(condition) = field.condition {
        write!(text, "{}.{}?", nat_ref(condition.mask), condition.bit).unwrap();
    }
    text + &ty(schema, &field.ty)
}

fn ty(schema: &Schema, expr: &TypeExpr) -> String {
    match expr {
        TypeExpr::Nat => "#".to_owned(),
        TypeExpr::Boxed { ty, args } => {
            format!(
                "boxed {}{}",
                &schema[schema[*ty].name],
                self::args(schema, args)
            )
        }
        TypeExpr::Bare {
            constructor,
            args,
            percent,
        } => {
            let constructor = &schema[schema[*constructor].name];
            let percent = if *percent { "%" } else { "" };
            format!("{percent}bare {constructor}{}", self::args(schema, args))
        }
        TypeExpr::Variable(id) => format!("variable {}", id.0),
        TypeExpr::Forward(id) => format!("forward {}", id.0),
        TypeExpr::Repeat(repeat) => {
            let fields: Vec<_> = repeat.fields.iter().map(|f| field(schema, f)).collect();
            let implicit = if repeat.implicit { "implicit " } else { "" };
            format!("{implicit}{}*[{}]", nat(repeat.count), fields.join(" "))
        }
        other => unreachable!("{other:?}"),
    }
}

fn args(schema: &Schema, args: &[Arg]) -> String {
    let args = args.iter().map(|arg| match arg {
        Arg::Type(expr) => ty(schema, expr),
        Arg::Nat(expr) => nat(*expr),
    });
    format!("<{}>", args.collect::<Vec<_>>().join(","))
}

fn nat(expr: NatExpr) -> String {
    match expr.base {
        None => expr.plus.to_string(),
        Some(base) => format!("{}+{}", nat_ref(base), expr.plus),
    }
}

fn nat_ref(nat: NatRef) -> String {
    match nat {
        NatRef::Field(id) => format!("field {}", id.0),
        NatRef::Variable(id) => format!("variable {}", id.0),
    }
}
