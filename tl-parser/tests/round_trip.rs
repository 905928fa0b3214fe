//! Schemas of all kinds go through the other forms and come back as they were.

#![allow(clippy::unwrap_used, reason = "tests")]

mod common;

use common::schema_of;
use common::shape::shape;
use proptest::prelude::*;
use tl_parser::conversion::LossKind;
use tl_parser::diff::diff;
use tl_parser::tlo::{self, Version, WriteErrorKind};

/// Makes up a schema without errors from a list of numbers.
struct Author {
    choices: std::vec::IntoIter<u32>,
    /// The kinds of the parameters (`true`: `#`) and the number of constructors of each type.
    types: Vec<(Vec<bool>, usize)>,
}

impl Author {
    fn new(choices: Vec<u32>) -> Self {
        let mut author = Self {
            choices: choices.into_iter(),
            types: Vec::new(),
        };
        for _ in 0..=author.choose(3) {
            let parameters = (0..author.choose(3))
                .map(|_| author.choose(2) == 1)
                .collect();
            let constructors = 1 + author.choose(3);
            author.types.push((parameters, constructors));
        }
        author
    }

    /// A number below `count`; 0 when there are no more choices.
    fn choose(&mut self, count: usize) -> usize {
        self.choices.next().unwrap_or(0) as usize % count
    }

    fn schema(mut self) -> String {
        let mut text = String::new();
        for ty in 0..self.types.len() {
            for constructor in 0..self.types[ty].1 {
                text += &self.constructor(ty, constructor);
            }
        }
        text += "---functions---\n";
        for function in 0..self.choose(3) {
            text += &self.function(function);
        }
        text
    }

    fn constructor(&mut self, ty: usize, constructor: usize) -> String {
        let mut scope = Scope::default();
        let mut head = format!("make{ty}x{constructor}");
        let mut result = format!("Type{ty}");
        for (index, is_nat) in self.types[ty].0.clone().into_iter().enumerate() {
            let name = format!("p{index}");
            head += &format!(" {{{name}:{}}}", if is_nat { "#" } else { "Type" });
            result += &format!(" {name}");
            if is_nat {
                &mut scope.nats
            } else {
                &mut scope.types
            }
            .push(name);
        }
        let fields = self.fields(ty, &mut scope);
        format!("{head}{fields} = {result};\n")
    }

    fn function(&mut self, function: usize) -> String {
        let mut scope = Scope::default();
        let is_wrapper = self.choose(2) == 1;
        let head = if is_wrapper { " {X:Type}" } else { "" };
        let fields = self.fields(self.types.len(), &mut scope);
        let result = match is_wrapper {
            true => "X".to_owned(),
            false => format!("Vector<{}>", self.ty(self.types.len(), &scope)),
        };
        let query = if is_wrapper { " query:!X" } else { "" };
        let annotation = ["", "@read ", "@internal @write "][self.choose(3)];
        format!("{annotation}call{function}{head}{fields}{query} = {result};\n")
    }

    fn fields(&mut self, below: usize, scope: &mut Scope) -> String {
        let mut text = String::new();
        for index in 0..self.choose(6) {
            text += " ";
            let nat = self.choose(scope.nats.len().max(1));
            let nat = scope.nats.get(nat).cloned();
            let ty = self.ty(below, scope);
            text += &match (self.choose(8), nat) {
                (0, _) => {
                    scope.nats.push(format!("n{index}"));
                    format!("n{index}:#")
                }
                (1, Some(nat)) => format!("f{index}:{nat}.{}?{ty}", self.choose(32)),
                (2, Some(nat)) => format!("f{index}:{nat}.{}?true", self.choose(32)),
                (3, Some(nat)) => format!("f{index}:{nat}*[ k:int {ty} ]"),
                (4, Some(_)) => format!("[ {ty} ]"),
                (5, Some(nat)) => format!("f{index}:({nat} + {})*[ {ty} ]", 1 + self.choose(9)),
                (6, _) => format!("f{index}:{}*[ {ty} ]", self.choose(9)),
                (7, _) => ty,
                _ => format!("f{index}:{ty}"),
            };
        }
        text
    }

    /// A type; of those that are made up, bare ones only if they come before `below`, so that no
    /// value contains itself without end.
    fn ty(&mut self, below: usize, scope: &Scope) -> String {
        let leaf = ["int", "long", "string", "bytes", "Bool", "double"][self.choose(6)];
        let made_up = self.choose(self.types.len());
        match self.choose(9) {
            0 => format!("vector<{leaf}>"),
            1 => format!("Vector<{leaf}>"),
            2 => format!("%Vector<{leaf}>"),
            3 | 4 => format!("Type{made_up}{}", self.args(made_up, leaf, scope)),
            5 if made_up < below && self.types[made_up].1 == 1 => {
                format!("make{made_up}x0{}", self.args(made_up, leaf, scope))
            }
            6 if made_up < below && self.types[made_up].1 == 1 => {
                format!("%Type{made_up}{}", self.args(made_up, leaf, scope))
            }
            7 if !scope.types.is_empty() => scope.types[self.choose(scope.types.len())].clone(),
            _ => leaf.to_owned(),
        }
    }

    fn args(&mut self, ty: usize, leaf: &str, scope: &Scope) -> String {
        let mut args = Vec::new();
        for is_nat in self.types[ty].0.clone() {
            args.push(match is_nat {
                true if scope.nats.is_empty() => self.choose(9).to_string(),
                true => scope.nats[self.choose(scope.nats.len())].clone(),
                false if scope.types.is_empty() => leaf.to_owned(),
                false => scope.types[self.choose(scope.types.len())].clone(),
            });
        }
        match args.is_empty() {
            true => String::new(),
            false => format!("<{}>", args.join(", ")),
        }
    }
}

/// The names that fields can refer to.
#[derive(Default)]
struct Scope {
    nats: Vec<String>,
    types: Vec<String>,
}

fn texts() -> impl Strategy<Value = String> {
    prop::collection::vec(any::<u32>(), 0..400).prop_map(|choices| Author::new(choices).schema())
}

/// A schema's lines without what only tells spellings apart.
fn simple(lines: Vec<String>) -> Vec<String> {
    let simple = |line: String| line.replace('%', "").replace("implicit ", "");
    let mut lines: Vec<_> = lines.into_iter().map(simple).collect();
    lines.sort();
    lines
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn through_tlo(text in texts()) {
        let original = schema_of(&text);
        for version in [Version::V2, Version::V3, Version::V4] {
            let written = match tlo::write(&original, version) {
                Ok(written) => written,
                // The number of a type is made of those of its constructors by exclusive or, and for names
                // that differ in the same places it comes out the same. The form can't say that.
                Err(error) => {
                    prop_assert!(matches!(error.kind, WriteErrorKind::SameNumber { .. }), "{error}");
                    return Ok(());
                }
            };
            let back = schema_of(&tlo::read(&written.output).unwrap());
            let (back, lines) = (shape(&back), shape(&original));
            if written.losses.iter().any(|loss| loss.kind == LossKind::Spelling) {
                prop_assert_eq!(simple(back), simple(lines));
                continue;
            }
            prop_assert_eq!(back, lines);
            let again = schema_of(&tlo::read(&written.output).unwrap());
            prop_assert!(tlo::write(&again, version).unwrap().output == written.output);
        }
    }

    #[cfg(feature = "json")]
    #[test]
    fn through_json(text in texts()) {
        let original = schema_of(&text);
        let written = tl_parser::json::write(&original);
        if written.losses.iter().all(|loss| loss.kind != LossKind::Variables) {
            let back = schema_of(&tl_parser::json::read(written.output.as_bytes()).unwrap());
            prop_assert_eq!(shape(&back), shape(&original));
            prop_assert_eq!(tl_parser::json::write(&back).output, written.output);
        }
    }

    #[test]
    fn through_nothing(text in texts()) {
        let diff = diff(&schema_of(&text), &schema_of(&text));
        prop_assert!(diff.is_empty(), "{}", diff);
    }
}
