//! The names inside of a declaration: variables and fields.
//!
//! A table by symbol with a stamp in each slot, so that a new declaration begins with an empty
//! scope at no cost. Fields inside of a repetition are forgotten behind it.

use crate::ir::{FieldId, Kind, NatRef, Symbol, VariableId};
use crate::source::Span;

#[derive(Default)]
pub(super) struct Scope {
    slots: Vec<Slot>,
    /// The declaration that the slots of this stamp belong to.
    stamp: u32,
    /// How many repetitions are open.
    depth: u32,
    /// What to put back at the end of a repetition.
    hidden: Vec<(Symbol, Option<FieldSlot>)>,
}

#[derive(Clone, Copy, Default)]
struct Slot {
    stamp: u32,
    variable: Option<(VariableId, Kind)>,
    field: Option<FieldSlot>,
    /// A parameter that comes later in the declaration.
    later: Option<Span>,
}

/// A field that is in sight.
#[derive(Clone, Copy)]
pub(super) struct FieldSlot {
    pub(super) id: FieldId,
    /// Where its name stands.
    pub(super) span: Span,
    pub(super) is_nat: bool,
    /// In how many repetitions it stands.
    pub(super) depth: u32,
}

/// What a new field hides.
pub(super) enum Hidden {
    Nothing,
    Field(FieldSlot),
    /// A variable of kind `#`: others don't go by the names of fields.
    Variable,
}

/// What a name means where a number is wanted.
pub(super) enum Nat {
    Known(NatRef),
    /// A field which is no `#`.
    Field(FieldSlot),
    /// A variable of kind `Type`.
    TypeVariable,
    None,
}

/// What to go back to when a repetition ends.
pub(super) struct Mark(usize);

impl Scope {
    /// Forgets all names.
    pub(super) fn begin(&mut self) {
        self.depth = 0;
        self.hidden.clear();
        self.stamp = match self.stamp.checked_add(1) {
            Some(stamp) => stamp,
            None => {
                self.slots.clear();
                1
            }
        };
    }

    pub(super) fn set_variable(&mut self, symbol: Symbol, id: VariableId, kind: Kind) {
        self.slot_mut(symbol).variable = Some((id, kind));
    }

    pub(super) fn variable(&self, symbol: Symbol) -> Option<(VariableId, Kind)> {
        self.slot(symbol)?.variable
    }

    pub(super) fn field(&self, symbol: Symbol) -> Option<FieldSlot> {
        self.slot(symbol)?.field
    }

    /// Tells what the field hides.
    pub(super) fn set_field(
        &mut self,
        symbol: Symbol,
        id: FieldId,
        span: Span,
        is_nat: bool,
    ) -> Hidden {
        let depth = self.depth;
        let slot = self.slot_mut(symbol);
        let before = slot.field.replace(FieldSlot {
            id,
            span,
            is_nat,
            depth,
        });
        let hidden = match (before, slot.variable) {
            (None, Some((_, Kind::Nat))) => Hidden::Variable,
            (None, _) => Hidden::Nothing,
            (Some(field), _) => Hidden::Field(field),
        };
        if depth > 0 {
            self.hidden.push((symbol, before));
        }
        hidden
    }

    /// In how many repetitions we are.
    pub(super) fn depth(&self) -> u32 {
        self.depth
    }

    pub(super) fn enter_repeat(&mut self) -> Mark {
        self.depth += 1;
        Mark(self.hidden.len())
    }

    pub(super) fn leave_repeat(&mut self, mark: &Mark) {
        self.depth -= 1;
        while self.hidden.len() > mark.0 {
            if let Some((symbol, field)) = self.hidden.pop() {
                self.slot_mut(symbol).field = field;
            }
        }
    }

    /// What a name means where a number is wanted: fields hide variables.
    pub(super) fn nat(&self, symbol: Symbol) -> Nat {
        let Some(slot) = self.slot(symbol) else {
            return Nat::None;
        };
        match (slot.field, slot.variable) {
            (Some(field), _) if field.is_nat => Nat::Known(NatRef::Field(field.id)),
            (Some(field), _) => Nat::Field(field),
            (None, Some((id, Kind::Nat))) => Nat::Known(NatRef::Variable(id)),
            (None, Some((_, Kind::Type))) => Nat::TypeVariable,
            (None, None) => Nat::None,
        }
    }

    pub(super) fn set_later(&mut self, symbol: Symbol, span: Span) {
        self.slot_mut(symbol).later.get_or_insert(span);
    }

    pub(super) fn later(&self, symbol: Symbol) -> Option<Span> {
        self.slot(symbol)?.later
    }

    fn slot(&self, symbol: Symbol) -> Option<&Slot> {
        let slot = self.slots.get(symbol.index())?;
        (slot.stamp == self.stamp).then_some(slot)
    }

    fn slot_mut(&mut self, symbol: Symbol) -> &mut Slot {
        let index = symbol.index();
        if index >= self.slots.len() {
            self.slots.resize(index + 1, Slot::default());
        }
        let slot = &mut self.slots[index];
        if slot.stamp != self.stamp {
            *slot = Slot {
                stamp: self.stamp,
                ..Slot::default()
            };
        }
        slot
    }
}
