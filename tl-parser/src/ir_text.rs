//! Parts of the IR as TL text.

use crate::ir::{
    Annotations, Arg, Combinator, Condition, Field, Kind, NatExpr, NatRef, Schema, TypeExpr,
    VariableId,
};

/// Spells parts of one combinator.
#[derive(Clone, Copy)]
pub struct Speller<'a> {
    schema: &'a Schema,
    combinator: &'a Combinator,
}

impl<'a> Speller<'a> {
    /// For parts of this combinator.
    #[must_use]
    pub const fn new(schema: &'a Schema, combinator: &'a Combinator) -> Self {
        Self { schema, combinator }
    }

    /// `{X:Type} {n:#}`
    #[must_use]
    pub fn variables(self) -> String {
        let variables = self.combinator.variables.iter().map(|variable| {
            let kind = match variable.kind {
                Kind::Type => "Type",
                Kind::Nat => "#",
            };
            format!("{{{}:{kind}}}", &self.schema[variable.name])
        });
        variables.collect::<Vec<_>>().join(" ")
    }

    /// A field's name; if it has none, its number from 1: `2nd field`.
    #[must_use]
    pub fn field_name(self, field: &Field) -> String {
        match field.name {
            Some(name) => self.schema[name].to_owned(),
            None => format!("no. {}", field.id.0 + 1),
        }
    }

    /// `flags.3?Vector<int>`
    #[must_use]
    pub fn condition_and_type(self, field: &Field) -> String {
        let mut out = String::new();
        self.push_condition_and_type(field, &mut out);
        out
    }

    /// `flags.3`
    #[must_use]
    pub fn condition(self, condition: Condition) -> String {
        let mut out = String::new();
        self.push_nat_ref(condition.mask, &mut out);
        out.extend([".", &condition.bit.to_string()]);
        out
    }

    /// `Vector<int>`
    #[must_use]
    pub fn ty(self, ty: &TypeExpr) -> String {
        let mut out = String::new();
        self.push_type(ty, &mut out);
        out
    }

    /// `Vector t`, `Vector<int>`: variables without brackets, as is the custom where a
    /// constructor's result is declared.
    #[must_use]
    pub fn result(self) -> String {
        let TypeExpr::Boxed { ty, args } = &self.combinator.result else {
            return self.ty(&self.combinator.result);
        };
        let all_variables =
            (0..args.len()).all(|position| self.combinator.result_variable(position).is_some());
        if !all_variables {
            return self.ty(&self.combinator.result);
        }
        let mut out = self.schema[self.schema[*ty].name].to_owned();
        for arg in args {
            out.push(' ');
            self.push_arg(arg, &mut out);
        }
        out
    }

    fn push_condition_and_type(self, field: &Field, out: &mut String) {
        if let Some(condition) = field.condition {
            self.push_nat_ref(condition.mask, out);
            out.extend([".", &condition.bit.to_string(), "?"]);
        }
        self.push_type(&field.ty, out);
    }

    fn push_type(self, ty: &TypeExpr, out: &mut String) {
        match ty {
            TypeExpr::Nat => out.push('#'),
            TypeExpr::Boxed { ty, args } => {
                out.push_str(&self.schema[self.schema[*ty].name]);
                self.push_args(args, out);
            }
            TypeExpr::Bare {
                constructor,
                args,
                percent,
            } => {
                let constructor = &self.schema[*constructor];
                match constructor.result_type() {
                    Some(ty) if *percent => {
                        out.extend(["%", &self.schema[self.schema[ty].name]]);
                    }
                    _ => out.push_str(&self.schema[constructor.name]),
                }
                self.push_args(args, out);
            }
            TypeExpr::Variable(id) => out.push_str(self.variable(*id)),
            TypeExpr::Forward(id) => out.extend(["!", self.variable(*id)]),
            TypeExpr::Repeat(repeat) => {
                if !repeat.implicit {
                    match repeat.count {
                        NatExpr {
                            base: Some(_),
                            plus: 1..,
                        } => {
                            out.push('(');
                            self.push_nat(repeat.count, out);
                            out.push(')');
                        }
                        count => self.push_nat(count, out),
                    }
                    out.push('*');
                }
                out.push_str("[ ");
                for field in &repeat.fields {
                    if let Some(name) = field.name {
                        out.extend([&self.schema[name], ":"]);
                    }
                    self.push_condition_and_type(field, out);
                    out.push(' ');
                }
                out.push(']');
            }
        }
    }

    fn push_args(self, args: &[Arg], out: &mut String) {
        for (index, arg) in args.iter().enumerate() {
            out.push_str(if index == 0 { "<" } else { ", " });
            self.push_arg(arg, out);
        }
        if !args.is_empty() {
            out.push('>');
        }
    }

    fn push_arg(self, arg: &Arg, out: &mut String) {
        match arg {
            Arg::Type(ty) => self.push_type(ty, out),
            Arg::Nat(nat) => self.push_nat(*nat, out),
        }
    }

    fn push_nat(self, nat: NatExpr, out: &mut String) {
        match nat.base {
            None => out.push_str(&nat.plus.to_string()),
            Some(base) => {
                self.push_nat_ref(base, out);
                if nat.plus != 0 {
                    out.extend([" + ", &nat.plus.to_string()]);
                }
            }
        }
    }

    fn push_nat_ref(self, nat: NatRef, out: &mut String) {
        match nat {
            NatRef::Variable(id) => out.push_str(self.variable(id)),
            NatRef::Field(id) => {
                let name = self.combinator.field(id).and_then(|field| field.name);
                out.push_str(name.map_or("#", |name| &self.schema[name]));
            }
        }
    }

    fn variable(self, id: VariableId) -> &'a str {
        let variable = self.combinator.variables.get(id.0 as usize);
        variable.map_or("?", |variable| &self.schema[variable.name])
    }
}

/// `@read @internal`
pub(crate) fn annotations(annotations: Annotations) -> String {
    const NAMES: [(u32, &str); 6] = [
        (Annotations::ANY, "@any"),
        (Annotations::READ, "@read"),
        (Annotations::WRITE, "@write"),
        (Annotations::READWRITE, "@readwrite"),
        (Annotations::INTERNAL, "@internal"),
        (Annotations::KPHP, "@kphp"),
    ];
    let names = NAMES.iter().filter(|(bit, _)| annotations.0 & bit != 0);
    names.map(|&(_, name)| name).collect::<Vec<_>>().join(" ")
}
