//! Which names there are: declarations, types and their parameters.

use std::collections::BTreeMap;

use super::faults::Faults;
use super::prelude::{Prelude, prelude};
use super::scope::Scope;
use super::suggest::Suggester;
use super::types::Application;
use crate::ast::{
    Arrow, Ast, Comment, Declaration, ExprKind, Finalisation, FinalisationKind, Item, SectionKind,
};
use crate::diagnostic::{Code, Diagnostic, clip};
use crate::id::{IdReport, is_upper, unwrapped};
use crate::ir::{
    CombinatorId, CombinatorKind, IdRule, Kind, Symbol, Symbols, Type, TypeId, VariableId,
};
use crate::source::{FileId, Location, Source, Sources, Span};

/// All tables of a resolution.
pub(super) struct Resolver<'a> {
    pub(super) units: Vec<Unit<'a>>,
    pub(super) symbols: Symbols,
    /// What a name means, by symbol.
    pub(super) names: Vec<Names>,
    /// By [`CombinatorId`].
    pub(super) declarations: Vec<Declared<'a>>,
    pub(super) types: Vec<Type>,
    /// What else is to be known of a type, by [`TypeId`].
    pub(super) type_facts: Vec<TypeFacts>,
    /// Which combinator a name means from which layer section on, for names that are declared in
    /// several.
    versions: BTreeMap<(Symbol, CombinatorKind, Option<u32>), CombinatorId>,
    prelude: &'static Prelude,
    /// The name of all default constructors.
    pub(super) default_name: Symbol,
    /// The names inside of the declaration that is being resolved.
    pub(super) scope: Scope,
    /// The same for a declaration that is being collected: the prelude's are collected while
    /// others are being resolved.
    collect_scope: Scope,
    pub(super) suggester: Suggester,
    pub(super) faults: Faults,
}

/// A text in which declarations stand.
#[derive(Clone, Copy)]
pub(super) struct Unit<'a> {
    /// `None` for the prelude.
    pub(super) file: Option<FileId>,
    pub(super) text: &'a str,
    pub(super) comments: &'a [Comment],
}

impl<'a> Unit<'a> {
    pub(super) fn slice(&self, span: Span) -> &'a str {
        self.text.get(span.range()).unwrap_or("")
    }

    /// The place, for a diagnostic. The prelude has no faults, so its places don't matter.
    pub(super) fn at(&self, span: Span) -> Location {
        Location {
            file: self.file.unwrap_or(FileId(u32::MAX)),
            span,
        }
    }

    /// The place, for the IR.
    pub(super) fn location(&self, span: Span) -> Option<Location> {
        self.file.map(|file| Location { file, span })
    }
}

/// What a name means outside of declarations.
#[derive(Clone, Copy, Default)]
pub(super) struct Names {
    pub(super) ty: Option<TypeId>,
    /// The last declared.
    pub(super) constructor: Option<CombinatorId>,
    /// The last declared.
    pub(super) function: Option<CombinatorId>,
    /// The last part of the name begins with a capital: it is a type's.
    pub(super) is_upper: bool,
    /// Several layer sections declare a combinator of this name.
    layered: bool,
    /// Something that could not be read declares it, perhaps.
    pub(super) broken: bool,
}

/// A declaration that counts.
#[derive(Clone, Copy)]
pub(super) struct Declared<'a> {
    pub(super) ast: &'a Declaration,
    pub(super) unit: Unit<'a>,
    pub(super) name: Symbol,
    pub(super) kind: CombinatorKind,
    pub(super) layer: Option<u32>,
    /// What a constructor makes; `None` for a function, and if that is at fault.
    pub(super) ty: Option<TypeId>,
    pub(super) id: u32,
    pub(super) computed_id: u32,
    /// Another one has its name or id, which has been reported.
    pub(super) repeated: bool,
}

#[derive(Clone, Copy, Default)]
pub(super) struct TypeFacts {
    /// Where it is declared `Final` or `Empty`.
    closed: Option<(FinalisationKind, Location)>,
    /// Its parameters are known: something makes it.
    known: bool,
    /// Nothing makes it, but a function results in it.
    pub(super) only_result: bool,
    /// It has constructors of several names, rather than several versions of one.
    pub(super) several: bool,
}

impl TypeFacts {
    /// If it has no constructor, that is not because one is at fault.
    pub(super) fn is_meant_empty(self) -> bool {
        self.closed.is_some() || self.only_result
    }

    /// Its parameters are known.
    pub(super) fn is_known(self) -> bool {
        self.known
    }
}

/// Where the reader of a file stands.
struct Position {
    section: SectionKind,
    layer: Option<u32>,
}

pub(super) fn collect<'a>(sources: &'a Sources, asts: &'a [Ast], ids: &IdReport) -> Resolver<'a> {
    let items = asts.iter().map(|ast| ast.items.len()).sum::<usize>();
    let mut symbols = Symbols::with_capacity(items.saturating_mul(2).min(1 << 20));
    // First, so that their symbols are their places in the prelude.
    for (name, _) in prelude().names() {
        symbols.intern(name);
    }
    let default_name = symbols.intern("_");
    let mut names = Vec::with_capacity(items.saturating_mul(2).min(1 << 20));
    names.extend((0..).take(symbols.len()).map(|index| Names {
        is_upper: is_upper(symbols.by_index(index)),
        ..Names::default()
    }));
    let mut resolver = Resolver {
        units: Vec::with_capacity(asts.len()),
        symbols,
        names,
        declarations: Vec::with_capacity(items),
        types: Vec::new(),
        type_facts: Vec::new(),
        versions: BTreeMap::new(),
        prelude: prelude(),
        default_name,
        scope: Scope::default(),
        collect_scope: Scope::default(),
        suggester: Suggester::default(),
        faults: Faults::default(),
    };
    let mut entries = ids.entries.iter();
    for ast in asts {
        let unit = Unit {
            file: Some(ast.file),
            text: sources.get(ast.file).map_or("", Source::text),
            comments: &ast.comments,
        };
        resolver.units.push(unit);
        let mut position = Position {
            section: SectionKind::Types,
            layer: None,
        };
        for item in &ast.items {
            match item {
                Item::Declaration(declaration) => {
                    let (id, computed) = entries
                        .next()
                        .map_or((0, 0), |entry| (entry.id(), entry.computed));
                    resolver.declaration(declaration, unit, &position, id, computed);
                }
                Item::Finalisation(finalisation) => resolver.finalisation(finalisation, unit),
                Item::Section(section) => position.section = section.kind,
                Item::LayerSection(section) => position.layer = Some(section.layer),
                Item::PartialApplication(_) => {}
                Item::Broken(span) => resolver.broken(unit.slice(*span)),
            }
        }
    }
    resolver
}

impl<'a> Resolver<'a> {
    pub(super) fn intern(&mut self, name: &str) -> Symbol {
        let symbol = self.symbols.intern(name);
        if symbol.index() == self.names.len() {
            self.names.push(Names {
                is_upper: is_upper(name),
                ..Names::default()
            });
        }
        symbol
    }

    pub(super) fn names_of(&self, symbol: Symbol) -> Names {
        self.names.get(symbol.index()).copied().unwrap_or_default()
    }

    /// The type of a name, predeclared ones included.
    pub(super) fn find_type(&mut self, symbol: Symbol) -> Option<TypeId> {
        if let Some(ty) = self.names_of(symbol).ty {
            return Some(ty);
        }
        let (_, members) = self.prelude.names().get(symbol.index())?;
        self.predeclare(members);
        self.names_of(symbol).ty
    }

    /// The constructor that a name means in a layer section, predeclared ones included.
    pub(super) fn find_constructor(
        &mut self,
        symbol: Symbol,
        layer: Option<u32>,
    ) -> Option<CombinatorId> {
        let names = self.names_of(symbol);
        if names.layered {
            let found = self.version(symbol, CombinatorKind::Constructor, layer);
            return found.or(names.constructor);
        }
        if names.constructor.is_some() {
            return names.constructor;
        }
        let (_, members) = self.prelude.names().get(symbol.index())?;
        let [member] = members[..] else {
            return None;
        };
        // All constructors of the type, or none.
        let (declaration, _) = self.prelude.declarations().nth(member)?;
        let application = Application::of(&declaration.result)?;
        let name = self.prelude.text().get(application.name.range())?;
        let ty = self.symbols.find(name)?;
        if self.names_of(ty).ty.is_none() {
            self.find_type(ty);
        }
        self.names_of(symbol).constructor
    }

    /// The newest version at or before a layer section; before the first section the first.
    fn version(
        &self,
        symbol: Symbol,
        kind: CombinatorKind,
        layer: Option<u32>,
    ) -> Option<CombinatorId> {
        let until = self
            .versions
            .range((symbol, kind, None)..=(symbol, kind, layer))
            .next_back();
        let from = || {
            self.versions
                .range((symbol, kind, layer)..=(symbol, kind, Some(u32::MAX)))
                .next()
        };
        until.or_else(from).map(|(_, &id)| id)
    }

    /// Adds declarations of the prelude. They are resolved when their turn comes.
    fn predeclare(&mut self, members: &[usize]) {
        let unit = Unit {
            file: None,
            text: self.prelude.text(),
            comments: &[],
        };
        let position = Position {
            section: SectionKind::Types,
            layer: None,
        };
        for &member in members {
            if let Some((declaration, id)) = self.prelude.declarations().nth(member) {
                let name = self.intern(unit.slice(declaration.name.span));
                if self.names_of(name).constructor.is_none() {
                    self.declaration(declaration, unit, &position, id, id);
                }
            }
        }
    }

    fn declaration(
        &mut self,
        ast: &'a Declaration,
        unit: Unit<'a>,
        position: &Position,
        id: u32,
        computed_id: u32,
    ) {
        let kind = match (ast.arrow, position.section) {
            (Arrow::Function, _) | (_, SectionKind::Functions) => CombinatorKind::Function,
            (Arrow::Equals, SectionKind::Types) => CombinatorKind::Constructor,
        };
        let text = unit.slice(ast.name.span);
        let name = self.intern(text);
        let mut declared = Declared {
            ast,
            unit,
            name,
            kind,
            layer: position.layer,
            ty: None,
            id,
            computed_id,
            repeated: false,
        };
        let is_default = name == self.default_name;
        if !is_default {
            match self.earlier(&declared) {
                Earlier::None => {}
                Earlier::Same => return,
                Earlier::Other => declared.repeated = true,
            }
            if self.names_of(name).is_upper {
                self.faults.push(
                    Diagnostic::new(
                        Code::UnusualCase,
                        format!("the name `{}` begins like a type's", clip(text)),
                        unit.at(ast.name.span),
                    )
                    .label("constructors and functions begin with a small letter"),
                );
            }
        }
        let number = CombinatorId(u32::try_from(self.declarations.len()).unwrap_or(u32::MAX));
        if kind == CombinatorKind::Constructor {
            declared.ty = self.result(&declared, number);
        }
        if !is_default && !declared.repeated {
            let names = &mut self.names[name.index()];
            match kind {
                CombinatorKind::Constructor => names.constructor = Some(number),
                CombinatorKind::Function => names.function = Some(number),
            }
        }
        self.declarations.push(declared);
    }

    /// What an unreadable declaration would declare is not missing elsewhere.
    fn broken(&mut self, text: &str) {
        let not_in_name = |c: char| !(c.is_ascii_alphanumeric() || matches!(c, '_' | '.'));
        let first = text.split(not_in_name).find(|word| !word.is_empty());
        let last = text.rsplit(not_in_name).find(|word| !word.is_empty());
        for word in first.into_iter().chain(last) {
            let symbol = self.intern(word);
            self.names[symbol.index()].broken = true;
        }
    }

    pub(super) fn type_facts_of(&self, ty: TypeId) -> TypeFacts {
        self.type_facts
            .get(ty.0 as usize)
            .copied()
            .unwrap_or_default()
    }

    /// Looks for declarations of the same name. Writes down which layers have which.
    fn earlier(&mut self, new: &Declared<'a>) -> Earlier {
        let names = self.names_of(new.name);
        let latest = match new.kind {
            CombinatorKind::Constructor => names.constructor,
            CombinatorKind::Function => names.function,
        };
        let Some(latest) = latest else {
            return Earlier::None;
        };
        let number = CombinatorId(u32::try_from(self.declarations.len()).unwrap_or(u32::MAX));
        let latest_layer = self.declarations[latest.0 as usize].layer;
        let key = (new.name, new.kind, new.layer);
        let in_section = match names.layered {
            true => self.versions.get(&key).copied(),
            false => (latest_layer == new.layer).then_some(latest),
        };
        if let Some(first) = in_section {
            let first = self.declarations[first.0 as usize];
            return self.repeated(&first, new);
        }
        if !names.layered {
            self.names[new.name.index()].layered = true;
            self.versions
                .insert((new.name, new.kind, latest_layer), latest);
        }
        // A later section may go back to what an earlier one had.
        let versions = self
            .versions
            .range((new.name, new.kind, None)..=(new.name, new.kind, Some(u32::MAX)))
            .map(|(_, &id)| id);
        let version = std::iter::once(latest)
            .chain(versions.take(MAX_VERSIONS))
            .find(|id| {
                let old = &self.declarations[id.0 as usize];
                old.id == new.id && is_same(old, new)
            });
        self.versions.insert(key, version.unwrap_or(number));
        match version {
            Some(_) => Earlier::Same,
            None => Earlier::None,
        }
    }

    fn repeated(&mut self, first: &Declared<'a>, new: &Declared<'a>) -> Earlier {
        let name = clip(new.unit.slice(new.ast.name.span));
        let here = new.unit.at(new.ast.name.span);
        let there = first.unit.at(first.ast.name.span);
        let same = first.id == new.id && is_same(first, new);
        if same && first.unit.file != new.unit.file {
            return Earlier::Same;
        }
        if same {
            self.faults.push(
                Diagnostic::new(
                    Code::RepeatedDeclaration,
                    format!("`{name}` is declared twice in the same way"),
                    here,
                )
                .also(there, "first declared here")
                .hint("leave one of them out"),
            );
            return Earlier::Same;
        }
        let what = match new.kind {
            CombinatorKind::Constructor => "constructor",
            CombinatorKind::Function => "function",
        };
        let mut diagnostic = Diagnostic::new(
            Code::DuplicateName,
            format!("the {what} `{name}` is declared twice"),
            here,
        )
        .also(there, "first declared here");
        if first.id != new.id {
            diagnostic = diagnostic
                .hint("give it another name, or put it into a layer section (`===17===`)");
        } else if first.unit.file != new.unit.file {
            diagnostic = diagnostic.hint(
                "a declaration may stand in several files if it says the same in each of them",
            );
        }
        self.faults.push(diagnostic);
        Earlier::Other
    }

    /// The type that a constructor makes, new if it is the first.
    fn result(&mut self, declared: &Declared<'a>, number: CombinatorId) -> Option<TypeId> {
        let unit = declared.unit;
        let Some(application) = Application::of(&declared.ast.result) else {
            self.faults.push(
                Diagnostic::new(
                    Code::BadResult,
                    "a constructor must result in a type of its own",
                    unit.at(declared.ast.result.span),
                )
                .hint("write the type's name: `= User;`"),
            );
            return None;
        };
        let text = unit.slice(application.name);
        let at = unit.at(application.name);
        let mut variables = declared.ast.variables.iter().flat_map(|group| &group.names);
        if text == "Type" || variables.any(|ident| unit.slice(ident.span) == text) {
            self.faults.push(
                Diagnostic::new(
                    Code::BadResult,
                    "a constructor must result in a type of its own",
                    at,
                )
                .label(match text {
                    "Type" => "this is the kind of all types".to_owned(),
                    _ => format!("`{}` is a variable", clip(text)),
                })
                .hint("only functions, below `---functions---`, may result in a variable"),
            );
            return None;
        }
        let parameters = self.parameter_kinds(application, declared.ast, unit);
        let name = self.intern(text);
        let Some(ty) = self.names_of(name).ty else {
            let ty = self.new_type(name, parameters, unit.location(application.name));
            self.type_facts[ty.0 as usize].known = true;
            self.types[ty.0 as usize].predeclared = unit.file.is_none();
            self.add_constructor(ty, declared, number);
            if !self.names_of(name).is_upper {
                self.faults.push(
                    Diagnostic::new(
                        Code::UnusualCase,
                        format!("the type `{}` begins with a small letter", clip(text)),
                        at,
                    )
                    .label("types begin with a capital"),
                );
            }
            return Some(ty);
        };
        let facts = self.type_facts[ty.0 as usize];
        if let Some((kind, place)) = facts.closed {
            let (word, label) = match kind {
                FinalisationKind::Empty => ("empty", "declared empty here"),
                _ => ("final", "closed here"),
            };
            self.faults.push(
                Diagnostic::new(
                    Code::ConstructorAfterFinal,
                    format!(
                        "`{}` makes a `{}`, which was declared {word} before",
                        clip(unit.slice(declared.ast.name.span)),
                        clip(text),
                    ),
                    at,
                )
                .also(place, label)
                .hint("move the constructor before that line, or take the line out"),
            );
            return None;
        }
        if !facts.known {
            self.types[ty.0 as usize].parameters = parameters;
            self.type_facts[ty.0 as usize].known = true;
            self.add_constructor(ty, declared, number);
            return Some(ty);
        }
        let expected = &self.types[ty.0 as usize].parameters;
        if *expected == parameters {
            self.add_constructor(ty, declared, number);
            return Some(ty);
        }
        let (code, message) = if expected.len() == parameters.len() {
            (
                Code::WrongKind,
                format!(
                    "the parameters of `{}` are of other kinds than before",
                    clip(text)
                ),
            )
        } else {
            (
                Code::WrongArity,
                format!(
                    "`{}` has {} here, but {} before",
                    clip(text),
                    count(parameters.len(), "parameter"),
                    expected.len(),
                ),
            )
        };
        let mut diagnostic = Diagnostic::new(code, message, unit.at(declared.ast.result.span));
        if let Some(place) = self.types[ty.0 as usize].location {
            diagnostic = diagnostic.also(place, "the type's parameters are settled here");
        }
        self.faults.push(diagnostic);
        None
    }

    /// The kinds of a type's parameters, from what its first constructor has in their places.
    fn parameter_kinds(
        &mut self,
        application: Application<'_>,
        declaration: &Declaration,
        unit: Unit<'_>,
    ) -> Vec<Kind> {
        if application.arguments().next().is_none() {
            return Vec::new();
        }
        self.collect_scope.begin();
        let variables = declaration.variables.iter().flat_map(|group| {
            let is_nat = matches!(unwrapped(&group.kind).kind, ExprKind::Nat);
            group.names.iter().map(move |ident| (ident, is_nat))
        });
        let parameters = declaration.body.parameters().iter().flat_map(|parameter| {
            let is_nat = matches!(unwrapped(&parameter.ty).kind, ExprKind::Nat);
            let names = parameter.name.iter().chain(&parameter.more_names);
            names.filter(move |_| is_nat).map(|ident| (ident, true))
        });
        for (ident, is_nat) in variables.chain(parameters) {
            let symbol = self.intern(unit.slice(ident.span));
            let kind = if is_nat { Kind::Nat } else { Kind::Type };
            self.collect_scope.set_variable(symbol, VariableId(0), kind);
        }
        let mut kinds = Vec::new();
        for argument in application.arguments() {
            kinds.push(match &unwrapped(argument).kind {
                ExprKind::Number(_) | ExprKind::Sum(_) => Kind::Nat,
                ExprKind::Name(name) => {
                    let symbol = self.intern(unit.slice(name.span));
                    self.collect_scope
                        .variable(symbol)
                        .map_or(Kind::Type, |(_, kind)| kind)
                }
                _ => Kind::Type,
            });
        }
        kinds
    }

    pub(super) fn new_type(
        &mut self,
        name: Symbol,
        parameters: Vec<Kind>,
        location: Option<Location>,
    ) -> TypeId {
        let ty = TypeId(u32::try_from(self.types.len()).unwrap_or(u32::MAX));
        self.types.push(Type {
            name,
            parameters,
            constructors: Vec::new(),
            is_final: false,
            predeclared: false,
            docs: None,
            location,
        });
        self.type_facts.push(TypeFacts::default());
        self.names[name.index()].ty = Some(ty);
        ty
    }

    fn add_constructor(&mut self, ty: TypeId, declared: &Declared<'a>, number: CombinatorId) {
        if declared.repeated {
            return;
        }
        let constructors = &mut self.types[ty.0 as usize].constructors;
        if let Some(first) = constructors.first() {
            let first = &self.declarations[first.0 as usize];
            self.type_facts[ty.0 as usize].several |= first.name != declared.name;
        }
        constructors.push(number);
    }

    fn finalisation(&mut self, finalisation: &Finalisation, unit: Unit<'a>) {
        let text = unit.slice(finalisation.ty.span);
        let name = self.intern(text);
        let at = unit.at(finalisation.ty.span);
        let ty = self.names_of(name).ty;
        let first = ty.and_then(|ty| self.types[ty.0 as usize].constructors.first());
        match (finalisation.kind, ty, first) {
            (FinalisationKind::New | FinalisationKind::Empty, _, Some(first)) => {
                let first = &self.declarations[first.0 as usize];
                let word = match finalisation.kind {
                    FinalisationKind::New => "new",
                    _ => "empty",
                };
                self.faults.push(
                    Diagnostic::new(
                        Code::NotNew,
                        format!("`{}` is not {word}: it has constructors", clip(text)),
                        at,
                    )
                    .also(first.unit.at(first.ast.name.span), "this one is the first"),
                );
            }
            (FinalisationKind::Final, None, _) => {
                self.faults.push(
                    Diagnostic::new(
                        Code::UnknownName,
                        format!("no constructor before makes a `{}`", clip(text)),
                        at,
                    )
                    .hint("a type is closed after its last constructor"),
                );
            }
            // It is declared by its first constructor.
            (FinalisationKind::New, _, None) => {}
            (kind, _, _) => {
                let location = unit.location(finalisation.ty.span);
                let ty = ty.unwrap_or_else(|| self.new_type(name, Vec::new(), location));
                self.types[ty.0 as usize].is_final = true;
                let facts = &mut self.type_facts[ty.0 as usize];
                facts.known = true;
                facts.closed.get_or_insert((kind, at));
            }
        }
    }

    /// Two combinators with one id cannot be told apart on the wire.
    pub(super) fn check_duplicate_ids(&mut self) {
        let mut ids: Vec<(u32, u32)> = (0..)
            .zip(&self.declarations)
            .filter(|(_, declared)| {
                let is_default = declared.name == self.default_name;
                !declared.repeated && !is_default && declared.unit.file.is_some()
            })
            .map(|(number, declared)| (declared.id, number))
            .collect();
        ids.sort_unstable();
        for group in ids.chunk_by(|a, b| a.0 == b.0) {
            let [(id, first), later @ ..] = group else {
                continue;
            };
            for (_, number) in later {
                let (first, declared) = (
                    self.declarations[*first as usize],
                    self.declarations[*number as usize],
                );
                self.faults.push(
                    Diagnostic::new(
                        Code::DuplicateId,
                        format!(
                            "`{}` and `{}` have the same id #{id:08x}",
                            clip(self.symbols.text(first.name)),
                            clip(self.symbols.text(declared.name)),
                        ),
                        declared.unit.at(id_span(declared.ast)),
                    )
                    .also(first.unit.at(id_span(first.ast)), "first used here"),
                );
            }
        }
    }

    /// A value without an id is what none of the other constructors of its type is; so it is tried
    /// last, and there is one of it at most.
    pub(super) fn check_defaults(&mut self) {
        for ty in &self.types {
            for (index, &number) in ty.constructors.iter().enumerate() {
                let declared = &self.declarations[number.0 as usize];
                if declared.name != self.default_name {
                    continue;
                }
                let Some(next) = ty.constructors.get(index + 1) else {
                    continue;
                };
                let next = &self.declarations[next.0 as usize];
                self.faults.push(
                    Diagnostic::new(
                        Code::BadDefault,
                        format!(
                            "the default constructor is not the last constructor of `{}`",
                            clip(self.symbols.text(ty.name)),
                        ),
                        declared.unit.at(declared.ast.name.span),
                    )
                    .also(next.unit.at(next.ast.name.span), "this one comes after it")
                    .hint("move the default constructor behind all others of its type"),
                );
            }
        }
    }
}

/// How many versions of a name are compared with a new one.
const MAX_VERSIONS: usize = 64;

/// What is known of a name when it is declared again.
enum Earlier {
    /// Nothing that is in the way.
    None,
    /// The same is there: the new one is not needed.
    Same,
    /// Something else is there, which has been reported.
    Other,
}

/// Whether two declarations say the same. Their ids are compared before.
fn is_same(a: &Declared<'_>, b: &Declared<'_>) -> bool {
    let spell = |declared: &Declared<'_>| {
        crate::id::canonical_of(declared.ast, declared.unit.text, IdRule::Tl)
    };
    spell(a) == spell(b)
}

/// Where to point at for a declaration's id.
fn id_span(declaration: &Declaration) -> Span {
    declaration.id.map_or(declaration.name.span, |id| id.span)
}

/// `1 parameter`, `2 parameters`
pub(super) fn count(number: usize, what: &str) -> String {
    match number {
        1 => format!("1 {what}"),
        _ => format!("{number} {what}s"),
    }
}
