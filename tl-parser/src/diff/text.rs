//! Changes in words.

use std::fmt;

use super::{Change, Class, Diff, What};
use crate::ir::CombinatorKind;

impl fmt::Display for Diff {
    /// All changes, the worst first, and how many there are of each class.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for class in Class::ALL {
            for change in self.changes.iter().filter(|change| change.class() == class) {
                write!(f, "{change}")?;
            }
        }
        writeln!(
            f,
            "{} silent, {} breaking, {} compatible changes",
            self.count(Class::Silent),
            self.count(Class::Breaking),
            self.count(Class::Compatible)
        )
    }
}

impl fmt::Display for Change {
    /// A line for the declaration, and one for each detail, the worst first.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", kind(self.kind), self.name)?;
        match (self.old_id, self.new_id) {
            (Some(old), Some(new)) if old != new => write!(f, "#{old:08x}, now #{new:08x}")?,
            (Some(id), _) | (None, Some(id)) => write!(f, "#{id:08x}")?,
            (None, None) => {}
        }
        if let Some(layer) = self.layer {
            write!(f, " of layer {layer}")?;
        }
        writeln!(f)?;
        for class in Class::ALL {
            for detail in self.details.iter().filter(|detail| detail.class == class) {
                writeln!(f, "  {class:<10}  {}", detail.what)?;
            }
        }
        Ok(())
    }
}

impl fmt::Display for What {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Added {
                result,
                new_type: true,
            } => write!(f, "new, of the new type {result}"),
            Self::Added { result, .. } => write!(f, "new, of type {result}"),
            Self::Removed { result } => write!(f, "removed, of type {result}"),
            Self::Renamed { from, to } => write!(f, "renamed from {from} to {to}"),
            Self::IdChanged => f.write_str("another id"),
            Self::IdReused { from } => write!(f, "the id was that of {from}"),
            Self::LayerChanged { from, to } => {
                f.write_str("moved from ")?;
                layer(*from, f)?;
                f.write_str(" to ")?;
                layer(*to, f)
            }
            Self::AnnotationsChanged { from, to } => {
                write!(f, "annotations were {}, are {}", some(from), some(to))
            }
            Self::VariablesChanged { from, to } => {
                write!(
                    f,
                    "implicit parameters were {}, are {}",
                    some(from),
                    some(to)
                )
            }
            Self::ResultChanged { from, to } => write!(f, "results in {to} instead of {from}"),
            Self::FieldAdded { field, ty } => write!(f, "`{field}` came: {ty}"),
            Self::FieldRemoved { field, ty } => write!(f, "`{field}` went: {ty}"),
            Self::FieldRenamed { from, to } => write!(f, "`{from}` is named `{to}`"),
            Self::FieldRetyped { field, from, to } => {
                write!(f, "`{field}` is {to} instead of {from}")
            }
            Self::FlagMoved { field, from, to } => {
                write!(f, "`{field}` moved from {from} to {to}")
            }
            Self::ConditionChanged { field, from, to } => match (from, to) {
                (Some(from), Some(to)) => write!(f, "`{field}` is under {to} instead of {from}"),
                (Some(from), None) => {
                    write!(f, "`{field}` is always there instead of under {from}")
                }
                (None, Some(to)) => write!(f, "`{field}` is under {to} instead of always there"),
                (None, None) => Ok(()),
            },
            Self::FieldMoved { field, behind } => match behind {
                Some(behind) => write!(f, "`{field}` moved behind `{behind}`"),
                None => write!(f, "`{field}` moved to the front"),
            },
            Self::BareChanged {
                field: Some(field),
                constructor,
            } => write!(
                f,
                "`{field}` contains a bare {constructor}, whose bytes changed"
            ),
            Self::BareChanged {
                field: None,
                constructor,
            } => write!(
                f,
                "the result contains a bare {constructor}, whose bytes changed"
            ),
        }
    }
}

/// Constructor or function, in a word.
pub(super) const fn kind(kind: CombinatorKind) -> &'static str {
    match kind {
        CombinatorKind::Constructor => "constructor",
        CombinatorKind::Function => "function",
    }
}

fn layer(layer: Option<u32>, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    match layer {
        Some(layer) => write!(f, "layer {layer}"),
        None => f.write_str("no layer"),
    }
}

const fn some(text: &str) -> &str {
    if text.is_empty() { "none" } else { text }
}
