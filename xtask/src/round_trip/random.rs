//! Schemas that nobody would write: all of the language, at random, with names that Rust has a use
//! for or that come out alike.

use std::collections::HashSet;
use std::fmt::Write as _;

/// Words for types, constructors and fields.
const WORDS: &[&str] = &[
    "user",
    "userEmpty",
    "user_empty",
    "type",
    "self",
    "Self",
    "box",
    "vec",
    "option",
    "string",
    "from",
    "into",
    "value",
    "id",
    "r",
    "w",
    "nats",
    "flags",
    "n",
    "tl",
    "new",
    "to_owned",
    "clone",
    "len",
    "default",
    "read",
    "write",
    "a",
    "A",
    "b",
    "B1",
    "srp_B",
    "P_Q",
    "x",
    "y",
    "z",
    "count",
    "match",
    "loop",
    "async",
    "await",
    "dyn",
    "crate",
    "super",
    "fn",
    "ok",
    "err",
    "some",
    "none",
    "result",
    "copy",
    "core",
    "std",
    "alloc",
    "types",
    "enums",
    "functions",
    "object",
    "function",
    "message",
    "messages",
    "update",
    "getX",
    "get",
    "debug",
    "partialEq",
    "reader",
    "writer",
    "identified",
];

const NAMESPACES: &[&str] = &[
    "",
    "",
    "",
    "",
    "a.",
    "type.",
    "core.",
    "types.",
    "tl.",
    "messages.",
    "r.",
];

/// What is there without being declared, and what parameters are called.
const TAKEN: &[&str] = &[
    "int",
    "long",
    "double",
    "string",
    "bytes",
    "vector",
    "true",
    "boolTrue",
    "boolFalse",
    "object",
    "function",
    "int128",
    "int256",
    "Int",
    "Long",
    "Double",
    "String",
    "Bytes",
    "Vector",
    "True",
    "Bool",
    "Object",
    "Function",
    "Int128",
    "Int256",
    "X",
];

const PLAIN: &[&str] = &[
    "int", "long", "double", "string", "bytes", "int128", "int256", "Bool", "string", "int",
];

/// The schema of a seed. Not every one is without faults: a type may be asked for in a form that it
/// does not have.
pub(super) fn schema(seed: u64) -> String {
    let mut random = Random {
        random: fastrand::Rng::with_seed(seed),
        taken: HashSet::new(),
        types: Vec::new(),
    };
    random.schema()
}

struct Random {
    random: fastrand::Rng,
    /// Names of constructors, functions and types.
    taken: HashSet<String>,
    types: Vec<Type>,
}

#[derive(Clone)]
struct Type {
    name: String,
    constructors: usize,
    number: bool,
    parameter: bool,
}

/// What a declaration has named so far.
#[derive(Default)]
struct Scope {
    names: HashSet<String>,
    /// Numbers, and those that hold bits.
    numbers: Vec<String>,
    masks: Vec<String>,
    has_parameter: bool,
}

impl Random {
    fn schema(&mut self) -> String {
        let mut text = String::new();
        for _ in 0..self.random.usize(8..25) {
            let (number, parameter) = match self.random.u8(..100) {
                0..80 => (false, false),
                80..88 => (true, false),
                88..96 => (false, true),
                _ => (true, true),
            };
            let constructors = match number || parameter {
                true => self.of(&[1, 1, 2]),
                false => self.of(&[1, 1, 1, 2, 3, 4]),
            };
            let name = self.name(true);
            self.types.push(Type {
                name,
                constructors,
                number,
                parameter,
            });
        }
        for index in 0..self.types.len() {
            let ty = self.types[index].clone();
            let mut declared = String::new();
            let mut result = ty.name.clone();
            if ty.number {
                declared.push_str(" {n:#}");
                result.push_str(" n");
            }
            if ty.parameter {
                declared.push_str(" {X:Type}");
                result.push_str(" X");
            }
            for _ in 0..ty.constructors {
                let name = self.name(false);
                let fields = self.fields(index, &ty);
                let _ = writeln!(text, "{name}{declared}{fields} = {result};");
            }
        }
        text.push_str("---functions---\n");
        for _ in 0..self.random.usize(2..8) {
            let name = self.name(false);
            let last = self.types.len() - 1;
            let none = Type {
                name: String::new(),
                constructors: 1,
                number: false,
                parameter: false,
            };
            let fields = self.fields(last, &none);
            let ty = self.any_type(last);
            let result = match self.random.u8(..10) {
                0..2 => {
                    let _ = writeln!(text, "{name} {{X:Type}}{fields} query:!X = X;");
                    continue;
                }
                2..4 => format!("Vector {ty}"),
                _ => ty.trim_matches(['(', ')']).to_owned(),
            };
            let _ = writeln!(text, "{name}{fields} = {result};");
        }
        text
    }

    fn of<T: Copy>(&mut self, choices: &[T]) -> T {
        choices[self.random.usize(..choices.len())]
    }

    /// Whether it happens, in percent.
    fn happens(&mut self, percent: u8) -> bool {
        self.random.u8(..100) < percent
    }

    /// The name of a type, or of a constructor or function.
    fn name(&mut self, is_type: bool) -> String {
        loop {
            let word = self.of(WORDS);
            let (first, rest) = word.split_at(1);
            let first = match is_type {
                true => first.to_ascii_uppercase(),
                false => first.to_ascii_lowercase(),
            };
            let end = self.of(&["", "", "2", "_x", "Y"]);
            let name = format!("{first}{rest}{end}");
            if TAKEN.contains(&&*name) {
                continue;
            }
            let mut name = self.of(NAMESPACES).to_owned() + &name;
            // There are fewer names than types once in a while.
            if self.happens(5) {
                let _ = write!(name, "{}", self.taken.len());
            }
            if self.taken.insert(name.clone()) {
                return name;
            }
        }
    }

    fn field_name(&mut self, scope: &mut Scope) -> String {
        loop {
            let word = self.of(WORDS);
            let (first, rest) = word.split_at(1);
            let mut name = first.to_ascii_lowercase() + rest;
            if self.happens(25) {
                let _ = write!(name, "_{}", scope.names.len());
            }
            if scope.names.insert(name.clone()) {
                return name;
            }
        }
    }

    /// The fields of a constructor of a type; types that are declared later only where values may end.
    fn fields(&mut self, index: usize, of: &Type) -> String {
        let mut scope = Scope {
            names: HashSet::from(["n".to_owned(), "X".to_owned()]),
            has_parameter: of.parameter,
            ..Scope::default()
        };
        if of.number {
            scope.numbers.push("n".to_owned());
            if self.happens(50) {
                scope.masks.push("n".to_owned());
            }
        }
        let mut text = String::new();
        for _ in 0..self.of(&[0, 1, 2, 3, 4, 5, 6, 8, 12]) {
            let name = self.field_name(&mut scope);
            if self.happens(15) {
                let _ = write!(text, " {name}:#");
                if self.happens(40) {
                    scope.numbers.push(name.clone());
                }
                scope.masks.push(name);
            } else if !scope.masks.is_empty() && self.happens(55) {
                let mask = scope.masks[self.random.usize(..scope.masks.len())].clone();
                let bit = self.random.u8(..32);
                let ty = match self.happens(50) {
                    true => "true".to_owned(),
                    false => self.ty(index, 1, &scope),
                };
                let _ = write!(text, " {name}:{mask}.{bit}?{ty}");
            } else {
                let ty = self.ty(index, 0, &scope);
                let _ = write!(text, " {name}:{ty}");
            }
        }
        text
    }

    fn ty(&mut self, index: usize, depth: u32, scope: &Scope) -> String {
        match self.random.u8(..100) {
            0..35 => self.of(PLAIN).to_owned(),
            35..40 => "#".to_owned(),
            40..55 if depth < 2 => {
                let vector = self.of(&["Vector", "vector"]);
                format!("({vector} {})", self.ty(index, depth + 1, scope))
            }
            55..60 if scope.has_parameter => "X".to_owned(),
            60..66 if depth == 0 => {
                let number = match scope.numbers.is_empty() {
                    true => self.of(&["2", "3"]).to_owned(),
                    false => scope.numbers[self.random.usize(..scope.numbers.len())].clone(),
                };
                let mut text = format!("{number}*[");
                for place in 0..self.random.usize(1..4) {
                    let name = match self.happens(70) {
                        true => format!("e{place}:"),
                        false => String::new(),
                    };
                    let _ = write!(text, " {name}{}", self.of(PLAIN));
                }
                text + " ]"
            }
            _ => {
                // What is always there must end.
                let known = match depth {
                    0 => index,
                    _ => self.types.len(),
                };
                if known == 0 {
                    return "int".to_owned();
                }
                let ty = self.types[self.random.usize(..known)].clone();
                let applied = self.applied(&ty, index, &scope.numbers);
                match ty.constructors == 1 && depth == 0 && self.happens(40) {
                    true => format!("%{applied}"),
                    false => applied,
                }
            }
        }
    }

    /// A type without anything of the declaration's own.
    fn any_type(&mut self, index: usize) -> String {
        match self.random.u8(..10) {
            0..4 => self.of(PLAIN).to_owned(),
            4..6 => format!("(Vector {})", self.of(PLAIN)),
            _ => {
                let ty = self.types[self.random.usize(..=index)].clone();
                match ty.parameter {
                    true => "string".to_owned(),
                    false => self.applied(&ty, index, &[]),
                }
            }
        }
    }

    fn applied(&mut self, ty: &Type, index: usize, numbers: &[String]) -> String {
        let mut text = ty.name.clone();
        if ty.number {
            match numbers.is_empty() {
                true => _ = write!(text, " {}", self.random.u8(..4)),
                false => {
                    text.push(' ');
                    text.push_str(&numbers[self.random.usize(..numbers.len())]);
                }
            }
        }
        if ty.parameter {
            text.push(' ');
            text.push_str(&self.any_type(index));
        }
        match ty.number || ty.parameter {
            true => format!("({text})"),
            false => text,
        }
    }
}

#[cfg(test)]
mod tests {
    use tl_parser::Compiler;
    use tl_parser::ir::IdRule;
    use tl_parser::source::Source;

    /// What is generated is worth the trouble, and most of it has no faults.
    #[test]
    fn most_schemas_are_schemas() {
        let has_no_faults = |&seed: &u64| {
            let mut compiler = Compiler::new().id_rule(IdRule::Tl);
            let text = super::schema(seed);
            compiler.add(Source::new("random.tl", text).expect("it is short"));
            compiler.compile().schema.is_some()
        };
        assert!((0..100).filter(has_no_faults).count() > 80);
        assert_ne!(super::schema(1), super::schema(2));
        assert_eq!(super::schema(7), super::schema(7));
    }
}
