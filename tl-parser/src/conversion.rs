//! What turning a schema into another form gives: the form, and what it could not hold.

use std::fmt;

/// A schema in another form.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Conversion<T> {
    /// The form: text or bytes.
    pub output: T,
    /// What this schema has that the form cannot hold, one entry for each kind.
    pub losses: Vec<Loss>,
}

/// Something of a schema that another form cannot hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Loss {
    /// What is lost.
    pub kind: LossKind,
    /// How many declarations it concerns; 1 for what concerns the schema as a whole.
    pub count: usize,
    /// The first of the declarations, if it concerns declarations.
    pub first: Option<String>,
}

impl fmt::Display for Loss {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.kind.as_str())?;
        match &self.first {
            Some(first) if self.count == 1 => write!(f, " ({first})"),
            Some(first) => write!(f, " ({} declarations, the first is {first})", self.count),
            None => Ok(()),
        }
    }
}

macro_rules! kinds {
    ($($(#[doc = $doc:literal])+ $name:ident = $key:literal, $text:literal;)+) => {
        /// The kinds of [`Loss`].
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        #[non_exhaustive]
        pub enum LossKind { $($(#[doc = $doc])+ $name,)+ }

        impl LossKind {
            /// All kinds.
            pub const ALL: &'static [Self] = &[$(Self::$name,)+];

            /// A stable word for programs.
            #[must_use]
            pub const fn key(self) -> &'static str {
                match self { $(Self::$name => $key,)+ }
            }

            /// The loss in words.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$name => $text,)+ }
            }
        }
    };
}

kinds! {
    /// What doc comments say.
    Docs = "docs", "doc comments are left out";
    /// `@read` and the like.
    Annotations = "annotations", "annotations are left out";
    /// `// LAYER 230`
    Layer = "layer", "the layer's number is left out";
    /// `===17===`
    LayerSections = "layer-sections", "layer sections are left out";
    /// The order of the declarations.
    Order = "order", "declarations are put into another order";
    /// `Final T;`
    Finalisation = "finalisation", "`Final` statements are left out";
    /// `Empty T;`
    EmptyTypes = "empty-types", "types without constructors are left out";
    /// `int ? = Int;`
    Builtins = "builtins", "declarations of built-ins are left out";
    /// `{n:#}`, or a `{t:Type}` that cannot be made out from what is left.
    Variables = "variables", "implicit parameters are left out";
    /// `Tuple int 10;`
    Specialisations = "specialisations", "partial applications are left out";
    /// `[ t ]` for `n*[ t ]`, `_:int` for `int`, `%Message` for `message`: the same thing in other
    /// words.
    Spelling = "spelling", "the spelling of types and parameters is simplified";
}

/// Collects losses: one entry for each kind, with the number of declarations.
#[derive(Debug, Default)]
pub(crate) struct Losses(Vec<Loss>);

impl Losses {
    /// The schema as a whole loses something.
    pub(crate) fn of_schema(&mut self, kind: LossKind) {
        if !self.0.iter().any(|loss| loss.kind == kind) {
            self.0.push(Loss {
                kind,
                count: 1,
                first: None,
            });
        }
    }

    /// A declaration loses something; it is to be said once for each declaration and kind.
    pub(crate) fn of_declaration(&mut self, kind: LossKind, name: &str) {
        match self.0.iter_mut().find(|loss| loss.kind == kind) {
            Some(loss) => loss.count += 1,
            None => self.0.push(Loss {
                kind,
                count: 1,
                first: Some(name.to_owned()),
            }),
        }
    }

    /// All losses, in the order of their kinds.
    pub(crate) fn finish(mut self) -> Vec<Loss> {
        self.0.sort_by_key(|loss| loss.kind);
        self.0
    }
}
