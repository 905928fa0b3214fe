//! What changed between two declarations of the same thing: variables, fields and result.

use std::collections::{HashMap, HashSet, VecDeque};

use super::{Class, Detail, What};
use crate::ir::{
    Arg, Builtin, Combinator, CombinatorId, Condition, Field, FieldId, NatExpr, NatRef, Schema,
    TypeExpr, TypeId,
};
use crate::ir_text::Speller;

/// Which type, and which combinator, of the new schema is which of the old one.
pub(super) struct Types<'a> {
    pub(super) new_of: HashMap<TypeId, TypeId>,
    pub(super) combinators: &'a HashMap<CombinatorId, CombinatorId>,
}

/// What changed between two declarations.
pub(super) struct Fields {
    pub(super) details: Vec<Detail>,
    /// Whether the bytes behind the id are others.
    pub(super) bytes_changed: bool,
}

/// Compares variables, fields and result.
pub(super) fn compare<'a>(
    types: &'a Types<'a>,
    old: (&'a Schema, &'a Combinator),
    new: (&'a Schema, &'a Combinator),
    same_id: bool,
) -> Fields {
    let mut comparison = Comparison {
        types,
        old,
        new,
        spell_old: Speller::new(old.0, old.1),
        spell_new: Speller::new(new.0, new.1),
        new_of: HashMap::new(),
        same_id,
        result: Fields {
            details: Vec::new(),
            bytes_changed: false,
        },
    };
    comparison.variables();
    comparison.fields();
    comparison.result_type();
    comparison.result
}

/// A field that is not found by its name is looked for among that many.
const NEIGHBOURS: usize = 32;

/// How two things relate.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Likeness {
    /// The same, in bytes and in code.
    Same,
    /// The same bytes, other code.
    SameBytes,
    /// Other bytes.
    Different,
}

use Likeness::{Different, Same, SameBytes};

struct Comparison<'a> {
    types: &'a Types<'a>,
    old: (&'a Schema, &'a Combinator),
    new: (&'a Schema, &'a Combinator),
    spell_old: Speller<'a>,
    spell_new: Speller<'a>,
    /// Which field is which, those inside of repetitions included.
    new_of: HashMap<FieldId, FieldId>,
    same_id: bool,
    result: Fields,
}

impl<'a> Comparison<'a> {
    /// Notes a change; `likeness` is that of the bytes behind the id.
    fn note(&mut self, likeness: Likeness, what: What) {
        self.result.bytes_changed |= likeness == Different;
        let class = match likeness {
            Different if self.same_id => Class::Silent,
            _ => Class::Breaking,
        };
        self.result.details.push(Detail { class, what });
    }

    fn variables(&mut self) {
        let (old, new) = (&self.old.1.variables, &self.new.1.variables);
        let same_kinds =
            old.len() == new.len() && old.iter().zip(new).all(|(old, new)| old.kind == new.kind);
        if !same_kinds {
            let (from, to) = (self.spell_old.variables(), self.spell_new.variables());
            self.note(Different, What::VariablesChanged { from, to });
        }
    }

    fn result_type(&mut self) {
        let likeness = self.type_likeness(&self.old.1.result, &self.new.1.result);
        if likeness != Same {
            // The bytes of an answer, or the places where a value may stand; not the bytes behind
            // the id.
            let bytes_changed = self.result.bytes_changed;
            let (from, to) = (self.spell_old.result(), self.spell_new.result());
            self.note(likeness, What::ResultChanged { from, to });
            self.result.bytes_changed = bytes_changed;
        }
    }

    fn fields(&mut self) {
        let (old, new) = (&self.old.1.fields, &self.new.1.fields);
        let pairs = self.pair(old, new);
        let old_of: HashMap<FieldId, &Field> =
            pairs.iter().map(|&(old, new)| (new.id, old)).collect();
        let kept: HashSet<FieldId> = pairs.iter().map(|(old, _)| old.id).collect();
        for field in old.iter().filter(|field| !kept.contains(&field.id)) {
            let what = What::FieldRemoved {
                field: self.spell_old.field_name(field),
                ty: self.spell_old.condition_and_type(field),
            };
            self.note(presence(self.old.0, field), what);
        }
        let moved = self.moved(new, &old_of);
        let mut behind = None;
        for field in new {
            match old_of.get(&field.id) {
                Some(old) => self.field(old, field),
                None => {
                    let what = What::FieldAdded {
                        field: self.spell_new.field_name(field),
                        ty: self.spell_new.condition_and_type(field),
                    };
                    self.note(presence(self.new.0, field), what);
                }
            }
            if moved.contains(&field.id) {
                let what = What::FieldMoved {
                    field: self.spell_new.field_name(field),
                    behind: behind.map(|field| self.spell_new.field_name(field)),
                };
                self.note(Different, what);
            }
            if has_bytes(self.new.0, field) {
                behind = Some(field);
            }
        }
    }

    /// Which field is which: by name, then, of those between the same neighbours, by condition
    /// and type.
    fn pair(&mut self, old: &'a [Field], new: &'a [Field]) -> Vec<(&'a Field, &'a Field)> {
        let mut names = HashMap::new();
        for field in new {
            if let Some(name) = field.name.filter(|name| &self.new.0[*name] != "_") {
                names.entry(&self.new.0[name]).or_insert(field);
            }
        }
        let mut pairs = Vec::new();
        let mut taken = HashSet::new();
        for field in old {
            if let Some(name) = field.name
                && let Some(same) = names.remove(&self.old.0[name])
            {
                self.new_of.insert(field.id, same.id);
                taken.insert(same.id);
                pairs.push((field, same));
            }
        }

        // What is left stands in gaps between fields that were paired.
        let mut gaps: HashMap<Option<FieldId>, VecDeque<&Field>> = HashMap::new();
        let mut last = None;
        for field in new {
            if taken.contains(&field.id) {
                last = Some(field.id);
            } else {
                gaps.entry(last).or_default().push_back(field);
            }
        }
        let mut last = None;
        for field in old {
            if let Some(&same) = self.new_of.get(&field.id) {
                last = Some(same);
                continue;
            }
            let Some(gap) = gaps.get_mut(&last) else {
                continue;
            };
            let found = gap.iter().take(NEIGHBOURS).position(|candidate| {
                self.condition_likeness(field.condition, candidate.condition) == Same
                    && self.type_likeness(&field.ty, &candidate.ty) == Same
            });
            if let Some(found) = found.and_then(|index| gap.remove(index)) {
                self.new_of.insert(field.id, found.id);
                pairs.push((field, found));
            }
        }
        pairs
    }

    fn field(&mut self, old: &'a Field, new: &'a Field) {
        let (from, to) = (
            self.spell_old.field_name(old),
            self.spell_new.field_name(new),
        );
        let field = to.clone();
        if old.name.is_some() != new.name.is_some() || (old.name.is_some() && from != to) {
            self.note(SameBytes, What::FieldRenamed { from, to });
        }
        if self.condition_likeness(old.condition, new.condition) != Same {
            let from = old.condition.map(|c| self.spell_old.condition(c));
            let to = new.condition.map(|c| self.spell_new.condition(c));
            let field = field.clone();
            let what = match (from, to) {
                (Some(from), Some(to)) => What::FlagMoved { field, from, to },
                (from, to) => What::ConditionChanged { field, from, to },
            };
            self.note(Different, what);
        }
        let likeness = self.type_likeness(&old.ty, &new.ty);
        if likeness != Same {
            let (from, to) = (self.spell_old.ty(&old.ty), self.spell_new.ty(&new.ty));
            self.note(likeness, What::FieldRetyped { field, from, to });
        }
    }

    /// The fewest fields whose moving explains the new order. Fields without bytes do not count.
    fn moved(&self, new: &[Field], old_of: &HashMap<FieldId, &Field>) -> HashSet<FieldId> {
        let order: Vec<(FieldId, FieldId)> = new
            .iter()
            .filter_map(|field| Some((field, *old_of.get(&field.id)?)))
            .filter(|(new, old)| has_bytes(self.new.0, new) || has_bytes(self.old.0, old))
            .map(|(new, old)| (new.id, old.id))
            .collect();
        if order.is_sorted_by_key(|(_, old)| *old) {
            return HashSet::new();
        }
        let stay = longest_increasing(&order);
        let all = order.iter().map(|(new, _)| *new);
        all.filter(|id| !stay.contains(id)).collect()
    }

    fn condition_likeness(&self, old: Option<Condition>, new: Option<Condition>) -> Likeness {
        match (old, new) {
            (None, None) => Same,
            (Some(old), Some(new)) if old.bit == new.bit => {
                self.nat_ref_likeness(old.mask, new.mask)
            }
            _ => Different,
        }
    }

    fn nat_ref_likeness(&self, old: NatRef, new: NatRef) -> Likeness {
        let same = match (old, new) {
            (NatRef::Variable(old), NatRef::Variable(new)) => old == new,
            (NatRef::Field(old), NatRef::Field(new)) => self.new_of.get(&old) == Some(&new),
            _ => false,
        };
        if same { Same } else { Different }
    }

    fn nat_likeness(&self, old: NatExpr, new: NatExpr) -> Likeness {
        match (old.base, new.base) {
            _ if old.plus != new.plus => Different,
            (None, None) => Same,
            (Some(old), Some(new)) => self.nat_ref_likeness(old, new),
            _ => Different,
        }
    }

    fn type_likeness(&mut self, old: &'a TypeExpr, new: &'a TypeExpr) -> Likeness {
        match (old, new) {
            (TypeExpr::Nat, TypeExpr::Nat) => Same,
            (TypeExpr::Variable(old), TypeExpr::Variable(new))
            | (TypeExpr::Forward(old), TypeExpr::Forward(new))
                if old == new =>
            {
                Same
            }
            (TypeExpr::Boxed { ty: old, args: a }, TypeExpr::Boxed { ty: new, args: b }) => {
                self.boxed(*old, *new).max(self.args(a, b))
            }
            (
                TypeExpr::Bare {
                    constructor: old,
                    args: a,
                    ..
                },
                TypeExpr::Bare {
                    constructor: new,
                    args: b,
                    ..
                },
            ) => self.bare(*old, *new).max(self.args(a, b)),
            (TypeExpr::Repeat(old), TypeExpr::Repeat(new)) => {
                if old.fields.len() != new.fields.len() {
                    return Different;
                }
                let mut likeness = self.nat_likeness(old.count, new.count);
                for (old, new) in old.fields.iter().zip(&new.fields) {
                    let names = [
                        old.name.map(|name| &self.old.0[name]),
                        new.name.map(|name| &self.new.0[name]),
                    ];
                    if names[0] != names[1] {
                        likeness = likeness.max(SameBytes);
                    }
                    likeness = likeness
                        .max(self.condition_likeness(old.condition, new.condition))
                        .max(self.type_likeness(&old.ty, &new.ty));
                    self.new_of.insert(old.id, new.id);
                }
                likeness
            }
            _ => Different,
        }
    }

    fn args(&mut self, old: &'a [Arg], new: &'a [Arg]) -> Likeness {
        if old.len() != new.len() {
            return Different;
        }
        let mut likeness = Same;
        for pair in old.iter().zip(new) {
            likeness = likeness.max(match pair {
                (Arg::Type(old), Arg::Type(new)) => self.type_likeness(old, new),
                (Arg::Nat(old), Arg::Nat(new)) => self.nat_likeness(*old, *new),
                _ => Different,
            });
        }
        likeness
    }

    fn boxed(&self, old: TypeId, new: TypeId) -> Likeness {
        let names = [
            &self.old.0[self.old.0[old].name],
            &self.new.0[self.new.0[new].name],
        ];
        match self.types.new_of.get(&old) {
            Some(&same) if same == new && names[0] == names[1] => Same,
            Some(&same) if same == new => SameBytes,
            _ => Different,
        }
    }

    fn bare(&self, old: CombinatorId, new: CombinatorId) -> Likeness {
        let (a, b) = (&self.old.0[old], &self.new.0[new]);
        if self.types.combinators.get(&old) == Some(&new) {
            return if self.old.0[a.name] == self.new.0[b.name] {
                Same
            } else {
                SameBytes
            };
        }
        match (a.builtin, b.builtin) {
            (Some(a), Some(b)) if wire_form(a) == wire_form(b) => SameBytes,
            _ => Different,
        }
    }
}

/// Built-ins that have the same bytes are one of them.
const fn wire_form(builtin: Builtin) -> Builtin {
    match builtin {
        Builtin::Bytes => Builtin::String,
        other => other,
    }
}

/// What it means for the bytes that a field is there at all: nothing if it is never written and
/// no flag tells of it.
fn presence(schema: &Schema, field: &Field) -> Likeness {
    if field.condition.is_none() && !has_bytes(schema, field) {
        SameBytes
    } else {
        Different
    }
}

/// Whether a field is ever written, beyond the flag that tells of it.
fn has_bytes(schema: &Schema, field: &Field) -> bool {
    !matches!(
        &field.ty,
        TypeExpr::Bare { constructor, .. } if schema[*constructor].builtin == Some(Builtin::True)
    )
}

/// The new numbers of a longest part of the fields whose old numbers increase.
fn longest_increasing(order: &[(FieldId, FieldId)]) -> HashSet<FieldId> {
    // Patience sorting: for each length, the index of the least last element, and for each
    // element its predecessor.
    let mut last: Vec<usize> = Vec::new();
    let mut before: Vec<Option<usize>> = Vec::with_capacity(order.len());
    for (index, (_, old)) in order.iter().enumerate() {
        let length = last.partition_point(|&other| order[other].1 < *old);
        before.push(length.checked_sub(1).map(|shorter| last[shorter]));
        match last.get_mut(length) {
            Some(least) => *least = index,
            None => last.push(index),
        }
    }
    let mut found = HashSet::new();
    let mut next = last.last().copied();
    while let Some(index) = next {
        found.insert(order[index].0);
        next = before[index];
    }
    found
}
