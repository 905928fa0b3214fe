//! Which declaration of one schema is which of the other, and what became of each.

use std::collections::{HashMap, HashSet};

use super::fields::{self, Types};
use super::{Change, Class, Detail, What};
use crate::ir::{Arg, Combinator, CombinatorId, CombinatorKind, Schema, TypeExpr, TypeId};
use crate::ir_text::{Speller, annotations};

/// All changes: those of the new schema's declarations in its order, then what is gone.
pub(super) fn changes(old: &Schema, new: &Schema) -> Vec<Change> {
    let matching = Matching::of(old, new);
    let types = matching.types();
    let mut compared: HashMap<CombinatorId, Compared> = HashMap::new();
    for id in declared(new) {
        if let Some(&before) = matching.old_of.get(&id) {
            compared.insert(id, matching.compare(&types, before, id));
        }
    }
    let bare = BareChanges::of(new, &compared);

    let mut changes = Vec::new();
    let mut old_by_id = HashMap::new();
    for id in declared(old) {
        old_by_id.entry((old[id].kind, old[id].id)).or_insert(id);
    }
    for id in declared(new) {
        let combinator = &new[id];
        let before = matching.old_of.get(&id).copied();
        let mut details = match compared.remove(&id) {
            Some(compared) => compared.details,
            None => vec![matching.added(combinator)],
        };
        if before.is_some_and(|before| has_same_id(&old[before], old, combinator, new)) {
            details.extend(bare.details(new, id));
        }
        if let Some(&owner) = old_by_id.get(&(combinator.kind, combinator.id))
            && before != Some(owner)
        {
            let from = old[old[owner].name].to_owned();
            details.push(Detail {
                class: Class::Silent,
                what: What::IdReused { from },
            });
        }
        if !details.is_empty() {
            changes.push(Change {
                kind: combinator.kind,
                name: new[combinator.name].to_owned(),
                layer: combinator.layer,
                old_id: before.map(|before| old[before].id),
                new_id: Some(combinator.id),
                details,
            });
        }
    }
    for id in declared(old) {
        if matching.new_of.contains_key(&id) || matching.is_predeclared_in_new(id) {
            continue;
        }
        let combinator = &old[id];
        let result = Speller::new(old, combinator).result();
        changes.push(Change {
            kind: combinator.kind,
            name: old[combinator.name].to_owned(),
            layer: combinator.layer,
            old_id: Some(combinator.id),
            new_id: None,
            details: vec![Detail {
                class: Class::Breaking,
                what: What::Removed { result },
            }],
        });
    }
    changes
}

/// What the files declare.
fn declared(schema: &Schema) -> impl Iterator<Item = CombinatorId> {
    schema
        .combinator_ids()
        .filter(|&id| !schema[id].predeclared)
}

/// Whether nothing on the wire tells the one from the other. A default constructor has no id there.
fn has_same_id(
    old: &Combinator,
    old_schema: &Schema,
    new: &Combinator,
    new_schema: &Schema,
) -> bool {
    old.id == new.id || (old.is_default(old_schema) && new.is_default(new_schema))
}

/// Which declaration is which.
struct Matching<'a> {
    old: &'a Schema,
    new: &'a Schema,
    /// By the number in the new schema, that in the old one; and the reverse. Predeclared ones are
    /// included if they are in both.
    old_of: HashMap<CombinatorId, CombinatorId>,
    new_of: HashMap<CombinatorId, CombinatorId>,
}

impl<'a> Matching<'a> {
    fn of(old: &'a Schema, new: &'a Schema) -> Self {
        let mut this = Matching {
            old,
            new,
            old_of: HashMap::new(),
            new_of: HashMap::new(),
        };
        // A default constructor is told apart by its type, since all have the same name.
        this.pair(|schema, id| {
            let combinator = &schema[id];
            let result = combinator
                .result_type()
                .filter(|_| combinator.is_default(schema));
            let result = result.map(|ty| &schema[schema[ty].name]);
            Some((
                combinator.kind,
                &schema[combinator.name],
                combinator.layer,
                result,
            ))
        });
        this.pair(|schema, id| {
            let combinator = &schema[id];
            let has_id = !combinator.is_default(schema);
            has_id.then_some((combinator.kind, combinator.id))
        });
        this
    }

    /// Pairs what is left by a key.
    fn pair<K: Eq + std::hash::Hash>(
        &mut self,
        key: impl Fn(&'a Schema, CombinatorId) -> Option<K>,
    ) {
        let mut left = HashMap::new();
        for id in self.old.combinator_ids() {
            if !self.new_of.contains_key(&id)
                && let Some(key) = key(self.old, id)
            {
                left.entry(key).or_insert(id);
            }
        }
        for id in self.new.combinator_ids() {
            if !self.old_of.contains_key(&id)
                && let Some(before) = key(self.new, id).and_then(|key| left.remove(&key))
            {
                self.old_of.insert(id, before);
                self.new_of.insert(before, id);
            }
        }
    }

    /// Which type of the new schema is which of the old: by name, and what is left if its
    /// constructors are the same.
    fn types(&self) -> Types<'_> {
        let mut names = HashMap::new();
        for id in self.new.type_ids() {
            names.insert(&self.new[self.new[id].name], id);
        }
        let mut new_of = HashMap::new();
        let mut taken = HashSet::new();
        for id in self.old.type_ids() {
            if let Some(&same) = names.get(&self.old[self.old[id].name]) {
                new_of.insert(id, same);
                taken.insert(same);
            }
        }
        for id in self.old.type_ids() {
            if new_of.contains_key(&id) {
                continue;
            }
            if let Some(renamed) = self.renamed(id)
                && taken.insert(renamed)
            {
                new_of.insert(id, renamed);
            }
        }
        Types {
            new_of,
            combinators: &self.new_of,
        }
    }

    /// The type that all constructors of a type have become constructors of, if it has no others.
    fn renamed(&self, ty: TypeId) -> Option<TypeId> {
        let constructors = &self.old[ty].constructors;
        let result = |id| self.new[*self.new_of.get(id)?].result_type();
        let renamed = result(constructors.first()?)?;
        let all = constructors.iter().all(|id| result(id) == Some(renamed));
        (all && self.new[renamed].constructors.len() == constructors.len()).then_some(renamed)
    }

    fn is_predeclared_in_new(&self, id: CombinatorId) -> bool {
        let new = self.new_of.get(&id);
        new.is_some_and(|&new| self.new[new].predeclared)
    }

    fn added(&self, combinator: &Combinator) -> Detail {
        let is_function = combinator.kind == CombinatorKind::Function;
        let new_type = !is_function
            && combinator
                .result_type()
                .is_some_and(|ty| self.old.find_type(&self.new[self.new[ty].name]).is_none());
        Detail {
            class: if is_function || new_type {
                Class::Compatible
            } else {
                Class::Breaking
            },
            what: What::Added {
                result: Speller::new(self.new, combinator).result(),
                new_type,
            },
        }
    }

    /// What changed from one declaration to the other.
    fn compare(&self, types: &Types<'_>, before: CombinatorId, after: CombinatorId) -> Compared {
        let (old, new) = (&self.old[before], &self.new[after]);
        let same_id = has_same_id(old, self.old, new, self.new);
        let mut details = Vec::new();
        let mut push = |class, what| details.push(Detail { class, what });
        let (from, to) = (&self.old[old.name], &self.new[new.name]);
        if from != to {
            let (from, to) = (from.to_owned(), to.to_owned());
            push(Class::Breaking, What::Renamed { from, to });
        }
        if !same_id {
            push(Class::Breaking, What::IdChanged);
        }
        if old.layer != new.layer {
            let (from, to) = (old.layer, new.layer);
            push(Class::Compatible, What::LayerChanged { from, to });
        }
        if old.annotations != new.annotations {
            push(
                Class::Compatible,
                What::AnnotationsChanged {
                    from: annotations(old.annotations),
                    to: annotations(new.annotations),
                },
            );
        }
        let fields = fields::compare(types, (self.old, old), (self.new, new), same_id);
        details.extend(fields.details);
        Compared {
            details,
            bytes_changed: fields.bytes_changed,
        }
    }
}

/// What changed in a declaration that is in both schemas.
struct Compared {
    details: Vec<Detail>,
    /// Whether its bare values have other bytes.
    bytes_changed: bool,
}

/// Which constructors' bare values have other bytes: because of their own fields, or because of a
/// bare value in them.
struct BareChanges {
    changed: HashSet<CombinatorId>,
}

impl BareChanges {
    fn of(new: &Schema, compared: &HashMap<CombinatorId, Compared>) -> Self {
        let mut contained_in: HashMap<CombinatorId, Vec<CombinatorId>> = HashMap::new();
        for &id in compared.keys() {
            for field in &new[id].fields {
                bare_constructors(&field.ty, &mut |inner| {
                    contained_in.entry(inner).or_default().push(id);
                });
            }
        }
        let own = compared
            .iter()
            .filter(|(_, compared)| compared.bytes_changed);
        let mut todo: Vec<_> = own.map(|(&id, _)| id).collect();
        let mut changed = HashSet::new();
        while let Some(id) = todo.pop() {
            if changed.insert(id) {
                todo.extend(contained_in.get(&id).into_iter().flatten());
            }
        }
        Self { changed }
    }

    /// The fields, and the result, that contain such values.
    fn details(&self, new: &Schema, id: CombinatorId) -> Vec<Detail> {
        let combinator = &new[id];
        let speller = Speller::new(new, combinator);
        let fields = combinator.fields.iter();
        let places = fields
            .map(|field| (Some(speller.field_name(field)), &field.ty))
            .chain([(None, &combinator.result)]);
        let mut details = Vec::new();
        for (field, ty) in places {
            let mut changed = None;
            bare_constructors(ty, &mut |inner| {
                if self.changed.contains(&inner) {
                    changed.get_or_insert(inner);
                }
            });
            if let Some(inner) = changed {
                let constructor = new[new[inner].name].to_owned();
                details.push(Detail {
                    class: Class::Silent,
                    what: What::BareChanged { field, constructor },
                });
            }
        }
        details
    }
}

/// Calls back for each constructor whose bare values stand in a type.
fn bare_constructors(ty: &TypeExpr, found: &mut impl FnMut(CombinatorId)) {
    let args = match ty {
        TypeExpr::Bare {
            constructor, args, ..
        } => {
            found(*constructor);
            args
        }
        TypeExpr::Boxed { args, .. } => args,
        TypeExpr::Repeat(repeat) => {
            for field in &repeat.fields {
                bare_constructors(&field.ty, found);
            }
            return;
        }
        TypeExpr::Nat | TypeExpr::Variable(_) | TypeExpr::Forward(_) => return,
    };
    for arg in args {
        if let Arg::Type(ty) = arg {
            bare_constructors(ty, found);
        }
    }
}
