//! What every tool knows without a declaration.
//!
//! Schemas leave out what their tools bring along: Telegram's api.tl says `int` and `bytes` but
//! declares neither, VK's parts count on its common.tl. These are the declarations that such
//! schemas have in mind. One is used only if the schema declares neither its name nor its type.

use std::sync::LazyLock;

use crate::ast::{Ast, Declaration, Item};
use crate::id::{IdReport, KnownIds};
use crate::ir::IdRule;
use crate::source::{FileId, Source, Sources, Span};

const TEXT: &str = "
int ? = Int;
long ? = Long;
double ? = Double;
float ? = Float;
string ? = String;
object ? = Object;
function ? = Function;

bytes = Bytes;
int32 = Int32;
int53 = Int53;
int64 = Int64;
secureString = SecureString;
secureBytes = SecureBytes;
int128 4*[ int ] = Int128;
int256 8*[ int ] = Int256;
int512 16*[ int ] = Int512;

true = True;
boolFalse = Bool;
boolTrue = Bool;
vector {t:Type} # [ t ] = Vector t;

tuple {t:Type} {n:#} [ t ] = Tuple t n;
vectorTotal {t:Type} total_count:int vector:%(Vector t) = VectorTotal t;
resultFalse {t:Type} = Maybe t;
resultTrue {t:Type} result:t = Maybe t;
dictionaryField {t:Type} key:string value:t = DictionaryField t;
dictionary {t:Type} %(Vector %(DictionaryField t)) = Dictionary t;
intKeyDictionaryField {t:Type} key:int value:t = IntKeyDictionaryField t;
intKeyDictionary {t:Type} %(Vector %(intKeyDictionaryField t)) = IntKeyDictionary t;
longKeyDictionaryField {t:Type} key:long value:t = LongKeyDictionaryField t;
longKeyDictionary {t:Type} %(Vector %(longKeyDictionaryField t)) = LongKeyDictionary t;
pair {X:Type} {Y:Type} a:X b:Y = Pair X Y;
boolStat statTrue:int statFalse:int statUnknown:int = BoolStat;
";

/// The declarations, read once for the whole process.
pub(super) struct Prelude {
    sources: Sources,
    ast: Ast,
    ids: IdReport,
    /// The names of constructors and types, each once.
    names: Vec<(String, Vec<usize>)>,
}

static PRELUDE: LazyLock<Prelude> = LazyLock::new(Prelude::read);

pub(super) fn prelude() -> &'static Prelude {
    &PRELUDE
}

impl Prelude {
    fn read() -> Self {
        let mut sources = Sources::new();
        // A constant of a few hundred bytes is not too long.
        let file =
            Source::new("(predeclared)", TEXT).map_or(FileId(0), |source| sources.add(source));
        let ast = match sources.get(file) {
            Some(source) => crate::parse(file, source).ast,
            None => Ast {
                file,
                items: Vec::new(),
                comments: Vec::new(),
                layer: None,
            },
        };
        let ids = crate::id::report(
            &sources,
            std::slice::from_ref(&ast),
            Some(IdRule::Tl),
            &KnownIds::default(),
        );
        let mut prelude = Self {
            sources,
            ast,
            ids,
            names: Vec::new(),
        };
        let mut names: Vec<(String, Vec<usize>)> = Vec::new();
        for (index, (declaration, _)) in prelude.declarations().enumerate() {
            names.push((prelude.slice(declaration.name.span).to_owned(), vec![index]));
            let Some(application) = super::types::Application::of(&declaration.result) else {
                continue;
            };
            let ty = prelude.slice(application.name);
            match names.iter_mut().find(|(name, _)| name == ty) {
                Some((_, members)) => members.push(index),
                None => names.push((ty.to_owned(), vec![index])),
            }
        }
        prelude.names = names;
        prelude
    }

    pub(super) fn text(&self) -> &str {
        self.sources.get(self.ast.file).map_or("", Source::text)
    }

    /// The declarations with their ids, which are the same by both rules.
    pub(super) fn declarations(&self) -> impl Iterator<Item = (&Declaration, u32)> {
        let declarations = self.ast.items.iter().filter_map(|item| match item {
            Item::Declaration(declaration) => Some(&**declaration),
            _ => None,
        });
        declarations.zip(self.ids.entries.iter().map(|entry| entry.computed))
    }

    /// All names, of constructors with the number of their declaration, of types with those of
    /// their constructors'.
    pub(super) fn names(&self) -> &[(String, Vec<usize>)] {
        &self.names
    }

    fn slice(&self, span: Span) -> &str {
        self.text().get(span.range()).unwrap_or("")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::id::Verdict;

    #[test]
    fn the_prelude_is_sound() {
        let prelude = prelude();
        let parsed = crate::parse(
            prelude.ast.file,
            prelude.sources.get(prelude.ast.file).unwrap(),
        );
        assert_eq!(parsed.diagnostics, []);
        let resolved = crate::resolve::resolve(
            &prelude.sources,
            std::slice::from_ref(&prelude.ast),
            &crate::resolve::Options::default(),
        );
        assert_eq!(resolved.diagnostics, []);
        for entry in &prelude.ids.entries {
            assert_eq!(entry.computed, entry.by_other_rule);
            assert!(matches!(entry.verdict, Verdict::Ok | Verdict::Implicit));
        }
    }
}
