//! `tl-gen check FILE…`

use std::collections::HashSet;
use std::io::{self, Write};

use serde::Serialize;
use tl_parser::Compiled;
use tl_parser::ast::{Arrow, Ast, Expr, ExprKind, Item, Name, SectionKind};
use tl_parser::ir::Schema;
use tl_parser::source::{Location, Sources};

use super::Outcome;
use super::input::{self, Files, KnownArg, RuleArg, Unreadable};
use super::output::Terminal;
use super::report::{self, Faults, Format, FormatArg, JsonDiagnostic};

/// Report all faults of a schema
///
/// The last line tells how much there is: N constructors, N functions, N types, N errors, N
/// warnings. `tl-gen explain CODE` tells what a code means.
#[derive(clap::Args, Debug)]
#[command(after_help = "Examples:\n  tl-gen check schemas/telegram/api.tl\n  \
                  tl-gen check mtproto.tl api.tl                  both make up one schema\n  \
                  tl-gen check --deny-warnings --known known-ids.txt api.tl\n  \
                  tl-gen check --format json - < api.tl")]
pub(super) struct Args {
    #[command(flatten)]
    files: Files,
    /// Exit with 1 if there are warnings
    #[arg(long)]
    deny_warnings: bool,
    #[command(flatten)]
    rule: RuleArg,
    #[command(flatten)]
    known: KnownArg,
    #[command(flatten)]
    format: FormatArg,
}

pub(super) fn run(args: &Args, terminal: &mut Terminal) -> io::Result<Outcome> {
    let Some(known) = args.known.read(&mut terminal.err)? else {
        return Ok(Outcome::Unusable);
    };
    let (files, unreadable) = input::read_sources(&args.files.files);
    let mut compiler = args.rule.compiler().known_ids(known);
    for file in files {
        compiler.add(file);
    }
    let Compiled {
        schema,
        sources,
        asts,
        mut diagnostics,
        ..
    } = compiler.compile();
    if !unreadable.is_empty() {
        // What a missing file declares is unknown: only the faults of the text itself are sure.
        diagnostics.retain(|diagnostic| diagnostic.code.as_str().starts_with('S'));
    }
    let faults = Faults::of(&diagnostics);
    let counts = match &schema {
        Some(schema) => Counts::of(schema),
        None => Counts::of_text(&sources, &asts),
    };

    report::unreadable(&mut terminal.err, &unreadable)?;
    match args.format.format {
        Format::Human => {
            report::human(&mut terminal.out, &diagnostics, &sources)?;
            let Counts {
                constructors,
                functions,
                types,
            } = counts;
            let Faults { errors, warnings } = faults;
            writeln!(
                terminal.out,
                "{constructors} constructors, {functions} functions, {types} types, {errors} errors, \
                 {warnings} warnings"
            )?;
        }
        Format::Json => {
            let answer = Answer {
                diagnostics: JsonDiagnostic::all(&diagnostics, &sources),
                unreadable: &unreadable,
                counts,
                faults,
            };
            report::json(&mut terminal.out, &answer)?;
        }
    }
    let denied = args.deny_warnings && faults.warnings > 0;
    Ok(match denied {
        true => Outcome::Faults,
        false => Outcome::Clean,
    }
    .max(Outcome::of(&diagnostics, &unreadable)))
}

/// The JSON form.
#[derive(Serialize)]
struct Answer<'a> {
    diagnostics: Vec<JsonDiagnostic<'a>>,
    unreadable: &'a [Unreadable],
    #[serde(flatten)]
    counts: Counts,
    #[serde(flatten)]
    faults: Faults,
}

/// How much a schema declares. What is known without being declared does not count.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
struct Counts {
    constructors: usize,
    functions: usize,
    types: usize,
}

impl Counts {
    fn of(schema: &Schema) -> Self {
        let declared = |c: &&tl_parser::ir::Combinator| !c.predeclared;
        Self {
            constructors: schema.constructors().filter(declared).count(),
            functions: schema.functions().filter(declared).count(),
            types: schema
                .types
                .iter()
                .filter(|ty| ty.location.is_some())
                .count(),
        }
    }

    /// Of a schema with errors: what can be read counts.
    fn of_text(sources: &Sources, asts: &[Ast]) -> Self {
        let mut counts = Self::default();
        let mut types = HashSet::new();
        for ast in asts {
            let mut section = SectionKind::Types;
            for item in &ast.items {
                let declaration = match item {
                    Item::Section(mark) => {
                        section = mark.kind;
                        continue;
                    }
                    Item::Declaration(declaration) => declaration,
                    _ => continue,
                };
                if declaration.arrow == Arrow::Function || section == SectionKind::Functions {
                    counts.functions += 1;
                } else {
                    counts.constructors += 1;
                    types.extend(head(&declaration.result).map(|name| {
                        sources.slice(Location {
                            file: ast.file,
                            span: name.span,
                        })
                    }));
                }
            }
        }
        counts.types = types.len();
        counts
    }
}

/// The name of a type that is applied to something, or not.
fn head(expr: &Expr) -> Option<Name> {
    match &expr.kind {
        ExprKind::Name(name) | ExprKind::Angle(name, _) => Some(*name),
        ExprKind::Spaced(parts) => match &parts.first()?.kind {
            ExprKind::Name(name) => Some(*name),
            _ => None,
        },
        _ => None,
    }
}
