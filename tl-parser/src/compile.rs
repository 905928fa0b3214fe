//! The front: files in, schema out.

use crate::ast::Ast;
use crate::diagnostic::{Diagnostic, Severity};
use crate::id::{IdReport, KnownIds};
use crate::ir::{IdRule, Schema};
use crate::resolve::{Options, Resolved, in_order, resolve};
use crate::source::{FileId, Source, Sources};

/// Compiles some files into one schema: reads each, resolves them together.
///
/// ```
/// use tl_parser::Compiler;
/// use tl_parser::source::Source;
///
/// let mut compiler = Compiler::new();
/// compiler.add(Source::new("user.tl", "user#d23c81a3 id:int first_name:string last_name:string = User;")?);
/// compiler.add(Source::new("api.tl", "---functions--- getUsers ids:Vector<int> = Vector<User>;")?);
/// let compiled = compiler.compile();
/// assert!(compiled.diagnostics.is_empty());
/// let schema = compiled.schema.expect("there are no errors");
/// assert_eq!(schema.functions().count(), 1);
/// # Ok::<(), tl_parser::source::TooLong>(())
/// ```
#[derive(Clone, Debug, Default)]
pub struct Compiler {
    sources: Sources,
    options: Options,
}

/// What the compiler made of the files.
#[derive(Clone, Debug)]
pub struct Compiled {
    /// The files.
    pub sources: Sources,
    /// The tree of each file, in order.
    pub asts: Vec<Ast>,
    /// What they mean; `None` if there is an error among the diagnostics.
    pub schema: Option<Schema>,
    /// The ids of all declarations, errors or not.
    pub ids: IdReport,
    /// All faults of all files, in the order of files and places.
    pub diagnostics: Vec<Diagnostic>,
}

impl Compiler {
    /// A compiler without files, that finds the rule of ids out.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Settles the rule of ids.
    #[must_use]
    pub fn id_rule(mut self, rule: IdRule) -> Self {
        self.options.id_rule = Some(rule);
        self
    }

    /// Ids that were given by hand, and so are right whatever they are.
    #[must_use]
    pub fn known_ids(mut self, known: KnownIds) -> Self {
        self.options.known_ids.extend(known);
        self
    }

    /// Adds a file.
    pub fn add(&mut self, source: Source) -> FileId {
        self.sources.add(source)
    }

    /// Compiles the files.
    #[must_use]
    pub fn compile(self) -> Compiled {
        let mut asts = Vec::new();
        let mut diagnostics = Vec::new();
        for (file, source) in self.sources.iter() {
            let parsed = crate::parse(file, source);
            asts.push(parsed.ast);
            diagnostics.extend(parsed.diagnostics);
        }
        let Resolved {
            schema,
            ids,
            diagnostics: more,
        } = resolve(&self.sources, &asts, &self.options);
        diagnostics.extend(more);
        in_order(&mut diagnostics);
        let has_errors = diagnostics
            .iter()
            .any(|diagnostic| diagnostic.severity() == Severity::Error);
        Compiled {
            schema: schema.filter(|_| !has_errors),
            sources: self.sources,
            asts,
            ids,
            diagnostics,
        }
    }
}

impl Compiled {
    /// How many errors and how many warnings there are.
    #[must_use]
    pub fn faults(&self) -> (usize, usize) {
        let errors = self
            .diagnostics
            .iter()
            .filter(|diagnostic| diagnostic.severity() == Severity::Error)
            .count();
        (errors, self.diagnostics.len() - errors)
    }
}

/// Compiles files with the rule of ids found out; [`Compiler`] can be told more.
#[must_use]
pub fn compile(sources: impl IntoIterator<Item = Source>) -> Compiled {
    let mut compiler = Compiler::new();
    for source in sources {
        compiler.add(source);
    }
    compiler.compile()
}
