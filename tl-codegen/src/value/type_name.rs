//! Types from their names: `Vector<User>`, `%Message`, `help.getConfig`.

use tl_parser::ir::{CombinatorId, CombinatorKind, Kind, TypeId};

use super::catalog::{Catalog, Type, TypeError, depends_on_numbers};
use super::ty::{Args, Argument, Env, Ty};

/// Types nested more deeply are refused: it protects the stack.
const MAX_DEPTH: u32 = 32;

impl Catalog<'_> {
    /// The type of that name, written as in TL: `User` and `Vector<User>` are boxed, `user`,
    /// `%User` and `vector<int>` are bare, `Stats<3>` and `(Stats 3)` have an argument, `Object` is
    /// anything boxed. The name of a function is a call of it, id included. `name#id` where the
    /// schema has several constructors of the name.
    ///
    /// ```
    /// # use tl_codegen::value::Catalog;
    /// # use tl_parser::source::Source;
    /// let text = "vector {t:Type} # [ t ] = Vector t; int ? = Int; row {n:#} cells:n*[ int ] = Row n;";
    /// let schema = tl_parser::compile([Source::new("a.tl", text)?]).schema.expect("no errors");
    /// let catalog = Catalog::new(&schema);
    /// let rows = catalog.parse_type("vector<%Row<2>>").expect("declared");
    /// let bytes = catalog.encode_text("[{ cells: [1, 2] }]", &rows).expect("rows");
    /// assert_eq!(bytes.len(), 12);
    /// let error = catalog.parse_type("Row").unwrap_err();
    /// assert_eq!(error.to_string(), "Row wants the arguments <#>");
    /// # Ok::<(), tl_parser::source::TooLong>(())
    /// ```
    ///
    /// # Errors
    /// If this is not a type of the schema.
    pub fn parse_type(&self, text: &str) -> Result<Type, TypeError> {
        let mut parser = Parser {
            catalog: self,
            text,
            at: 0,
        };
        let ty = parser.application(MAX_DEPTH)?;
        match parser.peek() {
            None => Ok(Type(ty)),
            Some(_) => Err(parser.syntax("the end")),
        }
    }

    /// The type of what a function answers.
    ///
    /// ```
    /// # use tl_codegen::value::Catalog;
    /// # use tl_parser::source::Source;
    /// let text = "int ? = Int; ---functions--- dice.roll = Int;";
    /// let schema = tl_parser::compile([Source::new("a.tl", text)?]).schema.expect("no errors");
    /// let catalog = Catalog::new(&schema);
    /// let answer = catalog.result_of("dice.roll").expect("a function");
    /// let decoded = catalog.decode(b"\xda\x9b\x50\xa8\x06\0\0\0", &answer);
    /// assert_eq!(decoded.value.to_string(), "6");
    /// # Ok::<(), tl_parser::source::TooLong>(())
    /// ```
    ///
    /// # Errors
    /// If the schema has no such function, or what it answers depends on what it is asked with.
    pub fn result_of(&self, function: &str) -> Result<Type, TypeError> {
        let (name, id) = split_id(function);
        let found = self.find(name, id)?;
        let is_function = |&&id: &&CombinatorId| self.schema[id].kind == CombinatorKind::Function;
        let Some(&id) = found.iter().find(is_function) else {
            return Err(TypeError::NotAFunction {
                name: name.to_owned(),
            });
        };
        let combinator = &self.schema[id];
        let speller = tl_parser::ir_text::Speller::new(self.schema, combinator);
        if depends_on_numbers(&combinator.result) {
            return Err(TypeError::Dependent {
                name: name.to_owned(),
                result: speller.result(),
            });
        }
        Ok(Type(self.result(id, &Env::new(combinator, &None))))
    }

    fn find(&self, name: &str, id: Option<u32>) -> Result<Vec<CombinatorId>, TypeError> {
        let mut found = self.of_name(name).to_vec();
        found.retain(|&found| id.is_none_or(|id| self.schema[found].id == id));
        found.dedup_by_key(|id| self.schema[*id].id);
        match found.is_empty() {
            true => Err(TypeError::Unknown {
                name: name.to_owned(),
                similar: self.schema.nearest_name(name).map(str::to_owned),
            }),
            false => Ok(found),
        }
    }
}

fn split_id(name: &str) -> (&str, Option<u32>) {
    match name.split_once('#') {
        Some((name, id)) => (name, u32::from_str_radix(id, 16).ok()),
        None => (name, None),
    }
}

struct Parser<'a, 's> {
    catalog: &'a Catalog<'s>,
    text: &'a str,
    at: usize,
}

impl<'a> Parser<'a, '_> {
    /// `Vector<int>`, `(Vector int)`, `%Message`
    fn application(&mut self, depth: u32) -> Result<Ty, TypeError> {
        let Some(depth) = depth.checked_sub(1) else {
            return Err(self.syntax("fewer types in one another"));
        };
        if self.take('(') {
            let ty = self.in_parentheses(depth)?;
            return match self.take(')') {
                true => Ok(ty),
                false => Err(self.syntax("`)`")),
            };
        }
        let (percent, name) = self.name()?;
        let mut args = Vec::new();
        if self.take('<') {
            loop {
                args.push(self.argument(depth)?);
                if self.take('>') {
                    break;
                }
                if !self.take(',') {
                    return Err(self.syntax("`,` or `>`"));
                }
            }
        }
        self.apply(percent, name, args)
    }

    /// `Vector int`
    fn in_parentheses(&mut self, depth: u32) -> Result<Ty, TypeError> {
        if self.peek() == Some('(') {
            return self.application(depth);
        }
        let start = self.at;
        let (percent, name) = self.name()?;
        if self.peek() == Some('<') {
            self.at = start;
            return self.application(depth);
        }
        let mut args = Vec::new();
        while !matches!(self.peek(), None | Some(')')) {
            args.push(self.argument(depth)?);
        }
        self.apply(percent, name, args)
    }

    fn argument(&mut self, depth: u32) -> Result<Argument, TypeError> {
        if !self.peek().is_some_and(|c| c.is_ascii_digit()) {
            return self.application(depth).map(Argument::Type);
        }
        let start = self.at;
        let (_, digits) = self.name()?;
        match digits.parse() {
            Ok(nat) => Ok(Argument::Nat(nat)),
            Err(_) => {
                self.at = start;
                Err(self.syntax("a number of 32 bits"))
            }
        }
    }

    fn apply(&self, percent: bool, name: &str, args: Vec<Argument>) -> Result<Ty, TypeError> {
        let catalog = self.catalog;
        let schema = catalog.schema;
        match name {
            "#" => return Ok(Ty::Nat),
            "Object" | "object" => return Ok(Ty::Any),
            _ => {}
        }
        if let Some(ty) = schema.find_type(name) {
            let constructors = &schema[ty].constructors;
            if constructors.is_empty() {
                return Ok(Ty::Boxed(ty, self.arguments(name, ty, args)?));
            }
            let checked = self.arguments(name, ty, args)?;
            return match (percent, &constructors[..]) {
                (false, _) => {
                    Ok(special(catalog, constructors[0]).unwrap_or(Ty::Boxed(ty, checked)))
                }
                (true, [only]) => Ok(Ty::Bare(*only, checked, true)),
                (true, _) => Err(TypeError::NotBare {
                    name: name.to_owned(),
                }),
            };
        }
        let (name, id) = split_id(name);
        let found = catalog.find(name, id)?;
        let [only] = found[..] else {
            return Err(TypeError::Ambiguous {
                name: name.to_owned(),
                ids: found.iter().map(|&id| schema[id].id).collect(),
            });
        };
        match (schema[only].kind, schema[only].result_type()) {
            (CombinatorKind::Function, _) if args.is_empty() => Ok(Ty::Call(only)),
            (CombinatorKind::Constructor, Some(ty)) => {
                let args = self.arguments(name, ty, args)?;
                Ok(special(catalog, only).unwrap_or(Ty::Bare(only, args, false)))
            }
            _ => Err(TypeError::Arguments {
                name: name.to_owned(),
                wanted: String::new(),
            }),
        }
    }

    /// The arguments, if they are what the type wants.
    fn arguments(&self, name: &str, ty: TypeId, args: Vec<Argument>) -> Result<Args, TypeError> {
        let parameters = &self.catalog.schema[ty].parameters;
        let fits = parameters.len() == args.len()
            && parameters.iter().zip(&args).all(|(kind, arg)| match arg {
                Argument::Type(_) => *kind == Kind::Type,
                Argument::Nat(_) => *kind == Kind::Nat,
            });
        if !fits {
            let wanted = parameters.iter().map(|kind| match kind {
                Kind::Type => "Type",
                Kind::Nat => "#",
            });
            return Err(TypeError::Arguments {
                name: name.to_owned(),
                wanted: wanted.collect::<Vec<_>>().join(", "),
            });
        }
        Ok((!args.is_empty()).then(|| args.into()))
    }

    /// A name, with `%` before it or not.
    fn name(&mut self) -> Result<(bool, &'a str), TypeError> {
        let percent = self.take('%');
        self.skip_space();
        let rest = &self.text[self.at..];
        let is_name = |c: char| c.is_ascii_alphanumeric() || "_.#".contains(c);
        let name = &rest[..rest.find(|c| !is_name(c)).unwrap_or(rest.len())];
        if name.is_empty() {
            return Err(self.syntax("a name"));
        }
        self.at += name.len();
        Ok((percent, name))
    }

    fn take(&mut self, wanted: char) -> bool {
        let is_there = self.peek() == Some(wanted);
        if is_there {
            self.at += wanted.len_utf8();
        }
        is_there
    }

    fn peek(&mut self) -> Option<char> {
        self.skip_space();
        self.text[self.at..].chars().next()
    }

    fn skip_space(&mut self) {
        let rest = &self.text[self.at..];
        self.at += rest.len() - rest.trim_start().len();
    }

    fn syntax(&self, wanted: &str) -> TypeError {
        let message = match self.text[self.at..].trim() {
            "" => format!("{wanted} was wanted where the type ends"),
            rest => format!("{wanted} was wanted before {rest:?}"),
        };
        TypeError::Syntax { message }
    }
}

/// `Object` and `Function` are no ordinary types.
fn special(catalog: &Catalog<'_>, first: CombinatorId) -> Option<Ty> {
    use tl_parser::ir::Builtin;
    match catalog.schema[first].builtin {
        Some(Builtin::Object) => Some(Ty::Any),
        Some(Builtin::Function) => Some(Ty::Function),
        _ => None,
    }
}
