//! Numbers that other things depend on: what they are called while reading and while writing.

use crate::model::{Condition, FieldKind, Nat, NatSum, Struct, Type};

/// The numbers of a struct.
pub(super) struct Nats<'m> {
    item: Option<&'m Struct>,
    /// The numbers that something refers to.
    referred: Vec<Nat>,
    /// What stands before a field: while writing they are fields of `self`.
    owner: &'static str,
}

impl<'m> Nats<'m> {
    /// While reading: numbers are variables.
    pub(super) fn for_read(item: &'m Struct) -> Self {
        Self {
            item: Some(item),
            referred: referred(item),
            owner: "",
        }
    }

    /// While writing.
    pub(super) fn for_write(item: &'m Struct) -> Self {
        Self {
            owner: "self.",
            ..Self::for_read(item)
        }
    }

    /// In an enum, which hands its numbers on.
    pub(super) const fn of_enum() -> Self {
        Self {
            item: None,
            referred: Vec::new(),
            owner: "",
        }
    }

    /// Whether something refers to the field with this index.
    pub(super) fn is_referred(&self, index: usize) -> bool {
        self.referred.contains(&Nat::Field(index))
    }

    /// What takes the numbers from outside apart: `let [mode, _] = nats;`. `None` if there are none.
    pub(super) fn pattern(&self) -> Option<String> {
        let item = self.item?;
        let names = item.nats.iter().enumerate();
        let names: Vec<&str> = names
            .map(
                |(index, name)| match self.referred.contains(&Nat::Outer(index)) {
                    true => name,
                    false => "_",
                },
            )
            .collect();
        (!names.is_empty()).then(|| names.join(", "))
    }

    /// A number; one that is not there counts as 0.
    fn number(&self, nat: Nat) -> String {
        let Some(item) = self.item else {
            return String::new();
        };
        match nat {
            Nat::Outer(index) => item.nats.get(index).cloned().unwrap_or_default(),
            Nat::Field(index) => {
                let field = &item.fields[index];
                let default = match field.condition {
                    Some(_) => ".unwrap_or(0)",
                    None => "",
                };
                text![self.owner, field.name, default]
            }
        }
    }

    pub(super) fn sum(&self, sum: &NatSum) -> String {
        match (sum.base, sum.plus) {
            (None, plus) => plus.to_string(),
            (Some(nat), 0) => self.number(nat),
            (Some(nat), plus) => format!("{}.saturating_add({plus})", self.number(nat)),
        }
    }

    /// Arguments for a type that needs numbers.
    pub(super) fn array(&self, sums: &[NatSum]) -> String {
        if self.item.is_none() {
            return "nats".to_owned();
        }
        let sums: Vec<String> = sums.iter().map(|sum| self.sum(sum)).collect();
        format!("[{}]", sums.join(", "))
    }

    /// The bit of a condition: 0 if it is not set.
    pub(super) fn bit(&self, condition: Condition) -> String {
        let number = self.number(condition.mask);
        match condition.bit {
            0 => text![number, " & 1"],
            bit => text![number, " & 1 << ", bit.to_string()],
        }
    }
}

/// The numbers that fields refer to.
fn referred(item: &Struct) -> Vec<Nat> {
    let mut referred = Vec::new();
    let mut mark = |nat: Nat| {
        if !referred.contains(&nat) {
            referred.push(nat);
        }
    };
    for field in &item.fields {
        field
            .condition
            .iter()
            .for_each(|condition| mark(condition.mask));
        if let FieldKind::Value(ty) = &field.kind {
            visit_nats(ty, &mut mark);
        }
    }
    referred
}

fn visit_nats(ty: &Type, visit: &mut impl FnMut(Nat)) {
    match ty {
        Type::Scalar(_) | Type::Variable(_) | Type::OutputOf(_) => {}
        Type::Named(named) => {
            let nats = named.nats.iter().filter_map(|sum| sum.base);
            nats.for_each(&mut *visit);
            named.args.iter().for_each(|arg| visit_nats(arg, visit));
        }
        Type::Repeat { element, count } => {
            count.base.into_iter().for_each(&mut *visit);
            visit_nats(element, visit);
        }
        Type::Vector { element, .. } | Type::Array { element, .. } => visit_nats(element, visit),
        Type::Indirect(inner) | Type::WithId(inner) | Type::WithoutId(inner) => {
            visit_nats(inner, visit);
        }
    }
}
