//! What becomes of a constructor's fields.
//!
//! A `#` is the user's business only if nothing else says what it must be. It is
//! * *flags*, made of the fields that it guards, if it is always there and does nothing else;
//! * a *count*, the length of what is repeated, if it is always there, counts a repetition that is
//!   always there too, and does nothing else;
//! * a value like any other in all other cases: when it is handed on to another type, when it is
//!   itself conditional, or when it does nothing. What depends on it is checked when it is written.

use std::borrow::Cow;
use std::rc::Rc;

use tl_parser::ir::{
    self, Arg, Builtin, Combinator, CombinatorId, Kind, NatExpr, NatRef, Repeat, TypeExpr,
    VariableId,
};

use super::Lowering;
use crate::hash::{Map, Set};
use crate::model::{
    Codec, Condition, Docs, Field, FieldKind, Generics, Nat, NatSum, Scalar, Struct, Type,
};
use crate::names::{self, Scope};

/// The fields of a combinator.
pub(super) struct Fields {
    pub(super) fields: Vec<Field>,
    /// The Rust names of the numbers from outside.
    pub(super) nats: Vec<String>,
    /// What its repetitions repeat, where that needs a struct.
    pub(super) repetitions: Vec<Struct>,
}

/// What the numbers of the schema are called in the model.
pub(super) type Nats = Map<NatRef, Nat>;

/// Whether what is repeated is more than one plain value.
pub(super) fn needs_struct(repeat: &Repeat) -> bool {
    !matches!(&repeat.fields[..], [only] if only.condition.is_none())
}

/// How a `#` field is used by the fields after it.
#[derive(Clone, Copy, Default)]
struct Uses {
    /// As a mask.
    masks: u32,
    /// As the count of repetitions that are always there; the first of them.
    counts: Option<usize>,
    /// In any other way.
    others: u32,
}

impl Lowering<'_> {
    /// The variables of kind `#`, in the order of the type's parameters; for a function as
    /// written.
    pub(super) fn nat_variables(&self, combinator: &Combinator) -> Vec<NatRef> {
        let is_nat = |id: &VariableId| combinator.variables[id.0 as usize].kind == Kind::Nat;
        self.ordered_variables(combinator)
            .filter(is_nat)
            .map(NatRef::Variable)
            .collect()
    }

    pub(super) fn fields(&self, id: CombinatorId, outer: &[NatRef]) -> Fields {
        let combinator = &self.schema[id];
        let mut scope = Scope::default();
        let mut nats = Nats::default();
        let mut nat_names = Vec::new();
        for (index, &nat) in outer.iter().enumerate() {
            nats.insert(nat, Nat::Outer(index));
            nat_names.push(scope.take(self.nat_name(combinator, nat), None));
        }
        let mut work = Work {
            lowering: self,
            id,
            repetitions: Vec::new(),
        };
        let uses = count_uses(&combinator.fields, Some(&combinator.result));
        let fields = work.list(&combinator.fields, &uses, nats, scope);
        Fields {
            fields,
            nats: nat_names,
            repetitions: work.repetitions,
        }
    }

    fn nat_name(&self, combinator: &Combinator, nat: NatRef) -> String {
        let name = match nat {
            NatRef::Variable(id) => Some(combinator.variables[id.0 as usize].name),
            NatRef::Field(id) => combinator.field(id).and_then(|field| field.name),
        };
        names::local(name.map_or("nat", |name| &self.schema[name]))
    }

    /// Whether strings of the field are held as bytes.
    fn has_byte_strings(&self, id: CombinatorId, field: &str) -> bool {
        let paths = &self.config.strings_as_bytes;
        !paths.is_empty() && {
            let name = format!("{}.{field}", &self.schema[self.schema[id].name]);
            paths.iter().any(|path| crate::config::covers(path, &name))
        }
    }

    pub(super) fn is_bare_true(&self, ty: &TypeExpr) -> bool {
        matches!(ty, TypeExpr::Bare { constructor, .. }
            if self.schema[*constructor].builtin == Some(Builtin::True))
    }
}

/// The names of fields; those that have none are called `value`, and get a number if another is
/// called so.
pub(crate) fn schema_names<'s>(schema: &'s ir::Schema, fields: &[ir::Field]) -> Vec<Cow<'s, str>> {
    let own = |field: &ir::Field| {
        let name = field.name.map_or("", |name| &schema[name]);
        (!matches!(name, "" | "_")).then_some(name)
    };
    let mut taken: Set<Cow<'_, str>> = fields.iter().filter_map(own).map(Cow::from).collect();
    let mut name_of = |field| match own(field) {
        Some(name) => Cow::from(name),
        None => {
            let mut name = Cow::from("value");
            for number in 2_u32.. {
                if taken.insert(name.clone()) {
                    break;
                }
                name = format!("value_{number}").into();
            }
            name
        }
    };
    fields.iter().map(&mut name_of).collect()
}

struct Work<'l, 's> {
    lowering: &'l Lowering<'s>,
    id: CombinatorId,
    repetitions: Vec<Struct>,
}

impl Work<'_, '_> {
    fn list(
        &mut self,
        fields: &[ir::Field],
        uses: &Map<u32, Uses>,
        mut nats: Nats,
        mut scope: Scope,
    ) -> Vec<Field> {
        let lowering = self.lowering;
        for (index, field) in fields.iter().enumerate() {
            if matches!(field.ty, TypeExpr::Nat) {
                nats.insert(NatRef::Field(field.id), Nat::Field(index));
            }
        }
        let mut lowered = Vec::with_capacity(fields.len());
        for (field, schema_name) in fields.iter().zip(schema_names(lowering.schema, fields)) {
            let name = match field.ty {
                TypeExpr::Nat => names::local(&schema_name),
                _ => names::field(&schema_name),
            };
            let name = scope.take(name, None);
            let condition = field.condition.and_then(|condition| {
                Some(Condition {
                    mask: *nats.get(&condition.mask)?,
                    bit: condition.bit,
                })
            });
            let kind = match &field.ty {
                TypeExpr::Nat => {
                    let uses = uses.get(&field.id.0).copied().unwrap_or_default();
                    nat_kind(uses, condition.is_some())
                }
                ty if lowering.is_bare_true(ty) && condition.is_some() => FieldKind::Flag,
                ty if lowering.is_bare_true(ty) => FieldKind::Nothing,
                TypeExpr::Repeat(repeat) => FieldKind::Value(self.repeat(field, repeat, &nats)),
                ty => FieldKind::Value(lowering.type_of(self.id, ty, &nats)),
            };
            let kind = match kind {
                FieldKind::Value(ty) if lowering.has_byte_strings(self.id, &schema_name) => {
                    FieldKind::Value(super::types::strings_as_bytes(ty))
                }
                kind => kind,
            };
            let kind = match kind {
                FieldKind::Value(ty) if lowering.layouts.is_boxed_field(self.id, field) => {
                    FieldKind::Value(Type::Indirect(Box::new(ty)))
                }
                kind => kind,
            };
            lowered.push(Field {
                docs: lowering.field_docs(field),
                attributes: lowering.field_attributes(self.id, &schema_name),
                schema_name: schema_name.into_owned(),
                name,
                condition,
                kind,
            });
        }
        lowered
    }

    fn repeat(&mut self, field: &ir::Field, repeat: &Repeat, nats: &Nats) -> Type {
        let lowering = self.lowering;
        let element = match &repeat.fields[..] {
            [only] if !needs_struct(repeat) => match &only.ty {
                TypeExpr::Repeat(inner) => self.repeat(only, inner, nats),
                ty => lowering.type_of(self.id, ty, nats),
            },
            fields => self.repetition(field, fields, nats),
        };
        let element = Box::new(element);
        match sum(&repeat.count, nats) {
            NatSum { base: None, plus } if crate::analysis::is_array(plus) => {
                Type::Array { element, len: plus }
            }
            count => Type::Repeat { element, count },
        }
    }

    /// A struct for what is repeated: it gets the numbers around it that it needs from outside.
    fn repetition(&mut self, field: &ir::Field, fields: &[ir::Field], nats: &Nats) -> Type {
        let lowering = self.lowering;
        let combinator = &lowering.schema[self.id];
        let mut outer = Vec::new();
        visit_nats(fields, &mut |nat| {
            if nats.contains_key(&nat) && !outer.contains(&nat) {
                outer.push(nat);
            }
        });
        let mut scope = Scope::default();
        let mut inner = Nats::default();
        let mut nat_names = Vec::new();
        for (index, &nat) in outer.iter().enumerate() {
            inner.insert(nat, Nat::Outer(index));
            nat_names.push(scope.take(lowering.nat_name(combinator, nat), None));
        }
        let path = lowering.paths.repetition(self.id, field.id.0);
        let lowered = self.list(fields, &count_uses(fields, None), inner, scope);
        let generics = Generics {
            lifetime: lowering.borrows(super::types::any_borrows(&lowered)),
            types: lowering
                .combinator_parameters(self.id)
                .into_iter()
                .filter(|generic| super::types::mentions(&lowered, &generic.name))
                .collect(),
        };
        let wire = super::types::wire_size(&lowered);
        let named = crate::model::Named {
            path: path.as_str().into(),
            lifetime: generics.lifetime,
            args: generics
                .types
                .iter()
                .map(|g| Type::Variable(g.name.clone()))
                .collect(),
            bare: false,
            nats: outer
                .iter()
                .map(|nat| NatSum {
                    base: nats.get(nat).copied(),
                    plus: 0,
                })
                .collect(),
            min_size: wire,
        };
        let name = field.name.map_or("item", |name| &lowering.schema[name]);
        self.repetitions.push(Struct {
            name: path.rsplit("::").next().unwrap_or_default().to_owned(),
            path: path.as_str().into(),
            schema_name: format!("{}.{name}", &lowering.schema[combinator.name]),
            docs: Docs {
                text: format!(
                    "What `{name}` of `{}` repeats.",
                    &lowering.schema[combinator.name]
                ),
                declaration: String::new(),
            },
            traits: Rc::default(),
            attributes: Vec::new(),
            table: false,
            generics,
            nats: nat_names,
            identity: None,
            fields: lowered,
            output: None,
            codec: Codec::default(),
            min_size: wire,
        });
        Type::Named(named)
    }
}

fn nat_kind(uses: Uses, is_conditional: bool) -> FieldKind {
    match uses {
        Uses {
            masks: 1..,
            counts: None,
            others: 0,
        } if !is_conditional => FieldKind::Flags,
        Uses {
            masks: 0,
            counts: Some(first),
            others: 0,
        } if !is_conditional => FieldKind::Count(first),
        _ => FieldKind::Value(Type::Scalar(Scalar::Nat)),
    }
}

/// How each `#` of these fields is used, by number. What a function answers may use some too.
fn count_uses(fields: &[ir::Field], result: Option<&TypeExpr>) -> Map<u32, Uses> {
    let mut uses: Map<u32, Uses> = Map::default();
    if let Some(result) = result {
        visit_type_nats(result, &mut |nat| {
            if let NatRef::Field(id) = nat {
                uses.entry(id.0).or_default().others += 1;
            }
        });
    }
    for (index, field) in fields.iter().enumerate() {
        if let Some(NatRef::Field(mask)) = field.condition.map(|condition| condition.mask) {
            uses.entry(mask.0).or_default().masks += 1;
        }
        let mut inner = &field.ty;
        if let TypeExpr::Repeat(repeat) = inner {
            if let NatExpr {
                base: Some(NatRef::Field(count)),
                plus,
            } = repeat.count
            {
                let uses = uses.entry(count.0).or_default();
                match (field.condition, plus) {
                    (None, 0) => uses.counts = uses.counts.or(Some(index)),
                    // Checked against the others if there is one that is always there.
                    (Some(_), 0) => {}
                    _ => uses.others += 1,
                }
            }
            visit_nats(&repeat.fields, &mut |nat| {
                if let NatRef::Field(id) = nat {
                    uses.entry(id.0).or_default().others += 1;
                }
            });
            inner = &TypeExpr::Nat;
        }
        visit_type_nats(inner, &mut |nat| {
            if let NatRef::Field(id) = nat {
                uses.entry(id.0).or_default().others += 1;
            }
        });
    }
    uses
}

/// All numbers that fields refer to.
fn visit_nats(fields: &[ir::Field], visit: &mut impl FnMut(NatRef)) {
    for field in fields {
        if let Some(condition) = field.condition {
            visit(condition.mask);
        }
        visit_type_nats(&field.ty, visit);
    }
}

fn visit_type_nats(ty: &TypeExpr, visit: &mut impl FnMut(NatRef)) {
    match ty {
        TypeExpr::Boxed { args, .. } | TypeExpr::Bare { args, .. } => {
            for arg in args {
                match arg {
                    Arg::Type(ty) => visit_type_nats(ty, visit),
                    Arg::Nat(sum) => sum.base.into_iter().for_each(&mut *visit),
                }
            }
        }
        TypeExpr::Repeat(repeat) => {
            repeat.count.base.into_iter().for_each(&mut *visit);
            visit_nats(&repeat.fields, visit);
        }
        _ => {}
    }
}

/// A sum in the model's terms.
pub(super) fn sum(expr: &NatExpr, nats: &Nats) -> NatSum {
    NatSum {
        base: expr.base.and_then(|base| nats.get(&base).copied()),
        plus: expr.plus,
    }
}
