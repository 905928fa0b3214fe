//! AST to IR: what the names mean.
//!
//! The phases, in their order:
//!
//! 1. **ids** ([`crate::id`]): every declaration is spelled and hashed, and the rule found out.
//! 2. **collect** (`collect`): the declarations of all files get their numbers. After it every name
//!    leads to a type, a constructor or a function in one step, and every type knows its
//!    parameters. Repeated declarations are dropped or reported here.
//! 3. **types** (`types`, with `scope` for the names inside of a declaration): expressions become
//!    types and numbers; arguments are checked against parameters; conditions and counts find their
//!    `#`. What nobody declares is looked for in the `prelude`, whose declarations are added at the
//!    end as they are needed and then resolved like all others.
//! 4. **finite** and **expand**: is there a value that contains itself without end, or a type whose
//!    arguments grow without end?
//! 5. **docs**: what the comments say.
//!
//! A part that is at fault is left out and said to be so once: nothing that depends on it is
//! reported again. Every phase goes over its input once, or sorts it; no template is expanded.

mod builtin;
mod collect;
mod combinator;
mod docs;
mod expand;
mod faults;
mod finite;
mod numbers;
mod prelude;
mod scope;
mod specialise;
mod suggest;
mod types;
mod unknown;

pub use self::suggest::nearest;

use self::collect::Resolver;
use crate::ast::Ast;
use crate::diagnostic::{Code, Diagnostic};
use crate::id::{IdReport, KnownIds};
use crate::ir::{IdRule, Schema};
use crate::source::Sources;

/// What a schema's author may settle.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct Options {
    /// The rule of ids; `None` to find it out ([`crate::id::report`] says how).
    pub id_rule: Option<IdRule>,
    /// Ids that were given by hand.
    pub known_ids: KnownIds,
}

impl Options {
    /// As [`Options::default`], with a rule of ids.
    #[must_use]
    pub fn id_rule(mut self, rule: Option<IdRule>) -> Self {
        self.id_rule = rule;
        self
    }

    /// As before, with further ids that were given by hand.
    #[must_use]
    pub fn known_ids(mut self, known: KnownIds) -> Self {
        self.known_ids.extend(known);
        self
    }
}

/// What came of it.
#[derive(Clone, Debug)]
pub struct Resolved {
    /// The schema; `None` if there is an error among the diagnostics.
    pub schema: Option<Schema>,
    /// The ids of all declarations, whatever else is wrong with the files. Its diagnostics are
    /// among [`Resolved::diagnostics`].
    pub ids: IdReport,
    /// The faults that resolution found, in the order of files and places.
    pub diagnostics: Vec<Diagnostic>,
}

/// Resolves the trees of some files into one schema.
///
/// Declarations may stand in any order and refer to each other across files. The same declaration
/// in several files (`boolTrue`, `vector`) counts once.
///
/// The trees are taken to be without faults; for those that have some, the faults of the parser
/// come first ([`crate::compile`] cares for that), and what the broken items would declare is
/// reported as unknown only once.
#[must_use]
pub fn resolve(sources: &Sources, asts: &[Ast], options: &Options) -> Resolved {
    let mut ids = crate::id::report(sources, asts, options.id_rule, &options.known_ids);
    let mut resolver = collect::collect(sources, asts, &ids);
    resolver.faults.extend(std::mem::take(&mut ids.diagnostics));
    let mut combinators = Vec::new();
    resolver.combinators(&mut combinators);
    let specialisations = resolver.specialisations(asts, &combinators, ids.rule);
    // Those of the prelude that only a specialisation names.
    resolver.combinators(&mut combinators);
    resolver.check_defaults();
    resolver.check_duplicate_ids();
    let Resolver {
        types,
        symbols,
        faults,
        ..
    } = &mut resolver;
    finite::check(&combinators, types, symbols, faults);
    expand::check(&combinators, types, symbols, faults);
    resolver.attach_docs(&mut combinators);
    let schema = (!resolver.faults.has_errors()).then(|| Schema {
        symbols: resolver.symbols,
        types: resolver.types,
        combinators,
        specialisations,
        layer: asts.iter().filter_map(|ast| ast.layer).max(),
        id_rule: ids.rule,
    });
    let diagnostics = resolver.faults.into_sorted();
    Resolved {
        schema,
        ids,
        diagnostics,
    }
}

/// Sorts diagnostics by file and place, and cuts off what is too much to read.
pub(crate) fn in_order(diagnostics: &mut [Diagnostic]) {
    diagnostics.sort_by_key(|diagnostic| {
        let place = diagnostic.labels.first().map(|label| label.location);
        (
            diagnostic.code == Code::TooManyFaults,
            place,
            diagnostic.code,
        )
    });
}
