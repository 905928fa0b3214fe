//! What changed between two schemas, and what that means for who uses them.
//!
//! Declarations are matched by kind, name and layer section, and what is left by id: a declaration
//! of another name with the same id is a renamed one. Predeclared ones are not compared.
//!
//! # Classes
//!
//! Each change is of one [`Class`]. "The same id" means that the constructor id is as it was, be
//! it written or computed; that is what a peer sees.
//!
//! | change | class | why |
//! | --- | --- | --- |
//! | constructor of a new type, new function | compatible | nobody meets it who does not ask for it |
//! | new constructor of an existing type | breaking | readers of the old schema meet an id that they do not know; a match over the type is no longer exhaustive |
//! | constructor or function removed | breaking | code that names it does not compile, values of it are refused |
//! | another id | breaking | each side refuses what the other writes |
//! | an id that was another declaration's | silent | old and new readers take the same bytes for different things |
//! | another name, the same id | breaking | the bytes are the same, code that names it does not compile |
//! | another result type, another id | breaking | code that uses the result does not compile |
//! | another result type, the same id | silent | the answer, or the place where the value may stand, is another, and no id tells |
//! | a field came, went, moved or has another type or condition; another id | breaking | a reader sees by the id that it does not know the value |
//! | a field came, went, moved or has another type or condition; the same id | silent | bytes of one schema are misread by the other |
//! | a field has another name, or another type with the same bytes (`string`, `bytes`) | breaking | the bytes are the same, code that names it does not compile |
//! | other implicit parameters, the same id | silent | what a reader has to be told has changed, and no id tells |
//! | a bare value inside has changed | silent | bare values have no id, so the one around it stays the same while its bytes change |
//! | another layer section, other annotations | compatible | neither is on the wire |
//!
//! In Telegram's id rule a flag (`video:flags.6?true`) is not part of the id. A flag that comes,
//! goes or moves to another bit is thus the usual silent change there.
//!
//! A default constructor (`_`) has no id on the wire: every change of its bytes is silent.
//!
//! Not compared, since they mean nothing on the wire and little in code: documentation, the order
//! of declarations, the order of fields that have no bytes (flags), and `%Message` against
//! `message`.

mod fields;
mod matching;
mod text;

use std::fmt;

use crate::ir::{CombinatorKind, Schema};

/// Compares two schemas.
///
/// ```
/// use tl_parser::diff::{Class, diff};
/// use tl_parser::source::Source;
///
/// let schema = |text| {
///     let source = Source::new("api.tl", text).unwrap();
///     tl_parser::compile([source]).schema.unwrap()
/// };
/// let old = schema("call#50ca4de1 flags:# video:flags.5?true = Call;");
/// let new = schema("call#50ca4de1 flags:# video:flags.6?true = Call;");
/// let diff = diff(&old, &new);
/// assert_eq!(diff.worst(), Some(Class::Silent));
/// assert_eq!(diff.to_string(), "\
/// constructor call#50ca4de1
///   silent      `video` moved from flags.5 to flags.6
/// 1 silent, 0 breaking, 0 compatible changes
/// ");
/// ```
#[must_use]
pub fn diff(old: &Schema, new: &Schema) -> Diff {
    Diff {
        changes: matching::changes(old, new),
    }
}

/// The changes from one schema to another.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
#[cfg_attr(feature = "json", derive(serde::Serialize))]
pub struct Diff {
    /// One entry for each declaration that changed: those of the new schema in its order, then
    /// those that are gone.
    pub changes: Vec<Change>,
}

impl Diff {
    /// Whether nothing changed.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.changes.is_empty()
    }

    /// The worst class that occurs.
    #[must_use]
    pub fn worst(&self) -> Option<Class> {
        self.changes.iter().map(Change::class).max()
    }

    /// How many details are of a class.
    #[must_use]
    pub fn count(&self, class: Class) -> usize {
        let details = self.changes.iter().flat_map(|change| &change.details);
        details.filter(|detail| detail.class == class).count()
    }
}

/// How much a change matters, from little to much.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[cfg_attr(
    feature = "json",
    derive(serde::Serialize),
    serde(rename_all = "kebab-case")
)]
pub enum Class {
    /// Bytes and code of the old schema are good in the new one.
    Compatible,
    /// Old bytes are refused, or old code does not compile: one notices.
    Breaking,
    /// The same id means something else: nobody notices.
    Silent,
}

impl Class {
    /// All classes, the worst first.
    pub const ALL: [Self; 3] = [Self::Silent, Self::Breaking, Self::Compatible];

    /// The class in a word.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Compatible => "compatible",
            Self::Breaking => "breaking",
            Self::Silent => "silent",
        }
    }
}

impl fmt::Display for Class {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// What changed in one declaration.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "json", derive(serde::Serialize))]
pub struct Change {
    /// Constructor or function.
    #[cfg_attr(feature = "json", serde(serialize_with = "json::kind"))]
    pub kind: CombinatorKind,
    /// The name; the new one if there is one.
    pub name: String,
    /// The layer section that it stands in; the new one if there is one.
    pub layer: Option<u32>,
    /// The id in the old schema, if it was there.
    #[cfg_attr(feature = "json", serde(serialize_with = "json::id"))]
    pub old_id: Option<u32>,
    /// The id in the new schema, if it is there.
    #[cfg_attr(feature = "json", serde(serialize_with = "json::id"))]
    pub new_id: Option<u32>,
    /// What changed in it; at least one thing.
    pub details: Vec<Detail>,
}

impl Change {
    /// The worst class of the details.
    #[must_use]
    pub fn class(&self) -> Class {
        let classes = self.details.iter().map(|detail| detail.class);
        classes.max().unwrap_or(Class::Compatible)
    }
}

/// One thing that changed.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "json", derive(serde::Serialize))]
pub struct Detail {
    /// How much it matters.
    pub class: Class,
    /// What it is.
    #[cfg_attr(feature = "json", serde(flatten))]
    pub what: What,
}

/// The kinds of changes. Types and conditions are given as TL text.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(
    feature = "json",
    derive(serde::Serialize),
    serde(tag = "change", rename_all = "kebab-case",)
)]
#[non_exhaustive]
pub enum What {
    /// It was not there.
    Added {
        /// What it results in.
        result: String,
        /// Whether its type is new as well; always false for a function.
        new_type: bool,
    },
    /// It is no longer there.
    Removed {
        /// What it resulted in.
        result: String,
    },
    /// It has another name, but the same id.
    Renamed {
        /// The old name.
        from: String,
        /// The new name.
        to: String,
    },
    /// It has another id.
    IdChanged,
    /// Its id was that of another declaration.
    IdReused {
        /// The name of that one.
        from: String,
    },
    /// It stands in another layer section.
    LayerChanged {
        /// The old one.
        from: Option<u32>,
        /// The new one.
        to: Option<u32>,
    },
    /// It has other annotations.
    AnnotationsChanged {
        /// The old ones.
        from: String,
        /// The new ones.
        to: String,
    },
    /// It has other implicit parameters.
    VariablesChanged {
        /// The old ones.
        from: String,
        /// The new ones.
        to: String,
    },
    /// It results in another type.
    ResultChanged {
        /// The old type.
        from: String,
        /// The new type.
        to: String,
    },
    /// A field came.
    FieldAdded {
        /// Its name, or its place if it has none.
        field: String,
        /// Condition and type.
        ty: String,
    },
    /// A field went.
    FieldRemoved {
        /// Its name, or its place if it has none.
        field: String,
        /// Condition and type.
        ty: String,
    },
    /// A field has another name, but is otherwise the same.
    FieldRenamed {
        /// The old name.
        from: String,
        /// The new name.
        to: String,
    },
    /// A field has another type.
    FieldRetyped {
        /// Its name, or its place if it has none.
        field: String,
        /// The old type.
        from: String,
        /// The new type.
        to: String,
    },
    /// A field depends on another bit, or on another flags field.
    FlagMoved {
        /// Its name, or its place if it has none.
        field: String,
        /// The old flags field and bit: `flags.5`.
        from: String,
        /// The new ones.
        to: String,
    },
    /// A field that was always there depends on a flag, or the reverse.
    ConditionChanged {
        /// Its name, or its place if it has none.
        field: String,
        /// The old flags field and bit; `None`: always there.
        from: Option<String>,
        /// The new ones; `None`: always there.
        to: Option<String>,
    },
    /// A field stands in another place among those that have bytes.
    FieldMoved {
        /// Its name, or its place if it has none.
        field: String,
        /// The field that it now stands behind; `None` if it is the first.
        behind: Option<String>,
    },
    /// A field contains a bare value whose bytes have changed.
    BareChanged {
        /// Its name, or its place if it has none; `None` for the result.
        field: Option<String>,
        /// The constructor of the bare value.
        constructor: String,
    },
}

#[cfg(feature = "json")]
mod json {
    use serde::Serializer;

    use crate::ir::CombinatorKind;

    pub(super) fn id<S: Serializer>(id: &Option<u32>, serializer: S) -> Result<S::Ok, S::Error> {
        match id {
            Some(id) => serializer.serialize_some(&format_args!("{id:08x}")),
            None => serializer.serialize_none(),
        }
    }

    pub(super) fn kind<S: Serializer>(
        kind: &CombinatorKind,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(super::text::kind(*kind))
    }
}
