//! A value to bytes.

mod error;
mod scalar;

use tl_parser::ir::{
    Builtin, Combinator, CombinatorId, CombinatorKind, Condition, Field as IrField, NatRef, Repeat,
    TypeExpr, TypeId,
};

pub use error::{EncodeError, EncodeErrorKind, TextError};
use scalar::{boolean, bytes, double, float, integer, nat};

use super::catalog::{Catalog, Type, forwarded, is_plain};
use super::decode::is_length_of_next;
use super::fault::{Path, Step};
use super::nats::Role;
use super::spell::spell;
use super::ty::{Args, Argument, Env, Ty};
use super::{Data, Span, Struct, Value};

/// Values nested more deeply are refused: it protects the stack.
const MAX_DEPTH: u32 = 128;
/// The id of `vector`, where the schema does not declare one.
const VECTOR: u32 = 0x1cb5_c415;

impl Catalog<'_> {
    /// The bytes of a value of that type: of a decoded or a parsed one, or of one made by hand.
    ///
    /// ```
    /// use tl_codegen::value::{Catalog, Data, Field, Struct, Value};
    /// use tl_parser::source::Source;
    ///
    /// let text = "point x:int y:int = Point;";
    /// let schema = tl_parser::compile([Source::new("a.tl", text)?]).schema.expect("no errors");
    /// let catalog = Catalog::new(&schema);
    /// let fields = vec![Field::new("x", Data::Int(1)), Field::new("y", Data::Int(2))];
    /// let point = Value::from(Data::Struct(Struct { fields, ..Struct::default() }));
    /// let bytes = catalog.encode(&point, &catalog.parse_type("%Point").expect("declared"));
    /// assert_eq!(bytes.expect("a point"), [1, 0, 0, 0, 2, 0, 0, 0]);
    /// # Ok::<(), tl_parser::source::TooLong>(())
    /// ```
    ///
    /// # Errors
    /// If the value is not one of the type. The first fault is told.
    pub fn encode(&self, value: &Value, ty: &Type) -> Result<Vec<u8>, EncodeError> {
        let mut encoder = Encoder {
            catalog: self,
            out: Vec::new(),
            depth: MAX_DEPTH,
            path: Vec::new(),
        };
        match encoder.value(value, &ty.0) {
            Ok(()) => Ok(encoder.out),
            Err(error) => {
                let Error { kind, span } = *error;
                Err(EncodeError::new(kind, Path(encoder.path), span))
            }
        }
    }

    /// The bytes of a value of that type, from the JSON form.
    ///
    /// ```
    /// use tl_codegen::value::Catalog;
    /// use tl_parser::source::Source;
    ///
    /// let text = "user flags:# id:long name:flags.0?string = User;";
    /// let schema = tl_parser::compile([Source::new("a.tl", text)?]).schema.expect("no errors");
    /// let catalog = Catalog::new(&schema);
    /// let bare = catalog.parse_type("user").expect("declared");
    ///
    /// let bytes = catalog.encode_json(r#"{"id": "7", "name": "hi"}"#, &bare).expect("a user");
    /// assert_eq!(bytes, b"\x01\0\0\0\x07\0\0\0\0\0\0\0\x02hi\0");
    ///
    /// let error = catalog.encode_json(r#"{"id": "7", "name": 8}"#, &bare).unwrap_err();
    /// assert_eq!(error.to_string(), "a number stands where a string was wanted, in user.name");
    /// assert_eq!(error.offset(), 20);
    /// # Ok::<(), tl_parser::source::TooLong>(())
    /// ```
    ///
    /// # Errors
    /// If the text is not one value of the type.
    pub fn encode_json(&self, text: &str, ty: &Type) -> Result<Vec<u8>, TextError> {
        let value = Value::from_json(text).map_err(TextError::Parse)?;
        self.encode(&value, ty).map_err(TextError::Encode)
    }

    /// The bytes of a value of that type, from the text form.
    ///
    /// # Errors
    /// If the text is not one value of the type.
    pub fn encode_text(&self, text: &str, ty: &Type) -> Result<Vec<u8>, TextError> {
        let value = Value::from_text(text).map_err(TextError::Parse)?;
        self.encode(&value, ty).map_err(TextError::Encode)
    }
}

/// An error without its path, which the encoder has.
struct Error {
    kind: EncodeErrorKind,
    span: Span,
}

type Done = Result<(), Box<Error>>;

fn fail<T>(kind: EncodeErrorKind, value: &Value) -> Result<T, Box<Error>> {
    let span = value.span;
    // What is wrong with a fault is that it is one.
    let kind = match &value.data {
        Data::Fault(why) => EncodeErrorKind::Fault {
            why: why.to_string(),
        },
        _ => kind,
    };
    Err(Box::new(Error { kind, span }))
}

fn expected<T>(wanted: &str, value: &Value) -> Result<T, Box<Error>> {
    let kind = EncodeErrorKind::Expected {
        wanted: wanted.to_owned(),
        found: in_words(&value.data),
    };
    fail(kind, value)
}

const fn in_words(data: &Data) -> &'static str {
    match data {
        Data::Null => "nothing",
        Data::Bool(_) => "a boolean",
        Data::Int(_) | Data::Nat(_) | Data::Long(_) => "an integer",
        Data::Float(_) | Data::Double(_) | Data::Number(_) => "a number",
        Data::String(_) | Data::Json(_) | Data::NotUtf8(_) => "a string",
        Data::Bytes(_) => "bytes",
        Data::List(_) => "a list",
        Data::Struct(Struct { name: Some(_), .. }) => "a constructor",
        Data::Struct(_) => "a record",
        Data::Raw(_) => "a value of unknown type",
        Data::Fault(_) => "a fault",
    }
}

struct Encoder<'a, 's> {
    catalog: &'a Catalog<'s>,
    out: Vec<u8>,
    depth: u32,
    /// Where the encoder is; stays as it is when something fails.
    path: Vec<Step>,
}

/// What is given for a field.
#[derive(Clone, Copy)]
enum Slot<'v> {
    Absent,
    /// `false` for a `true`.
    No(&'v Value),
    Given(&'v Value),
}

impl<'s> Encoder<'_, 's> {
    fn value(&mut self, value: &Value, ty: &Ty) -> Done {
        let Some(depth) = self.depth.checked_sub(1) else {
            return fail(EncodeErrorKind::TooDeep, value);
        };
        self.depth = depth;
        match ty {
            Ty::Nat => {
                let nat = nat(value)?;
                self.out.extend(nat.to_le_bytes());
            }
            Ty::Any => self.any(value)?,
            Ty::Function => {
                self.function(value)?;
            }
            Ty::Call(id) => self.call(value, *id)?,
            Ty::Boxed(id, args) => self.boxed(value, *id, args, ty)?,
            Ty::Bare(id, args, _) => self.bare(value, *id, args)?,
        }
        self.depth += 1;
        Ok(())
    }

    fn boxed(&mut self, value: &Value, ty: TypeId, args: &Args, whole: &Ty) -> Done {
        let schema = self.catalog.schema;
        let constructors = &schema[ty].constructors;
        let expected = || spell(schema, whole);
        let first = constructors.first().copied();
        let constructor = match first.and_then(|id| schema[id].builtin) {
            Some(Builtin::BoolFalse | Builtin::BoolTrue) => {
                let wanted = match boolean(value)? {
                    true => Builtin::BoolTrue,
                    false => Builtin::BoolFalse,
                };
                let mut known = constructors.iter().copied();
                known.find(|&id| schema[id].builtin == Some(wanted))
            }
            Some(_) => first,
            None => match &value.data {
                Data::Struct(Struct { name: None, .. }) => match constructors[..] {
                    [only] => Some(only),
                    _ => {
                        let expected = expected();
                        return fail(EncodeErrorKind::Unnamed { expected }, value);
                    }
                },
                Data::Struct(found) => {
                    let is_ours = |combinator: &Combinator| {
                        combinator.kind == CombinatorKind::Constructor
                            && combinator.result_type() == Some(ty)
                    };
                    Some(self.named(value, found, &expected, is_ours)?)
                }
                _ => return self::expected(&expected(), value),
            },
        };
        let Some(constructor) = constructor else {
            return self::expected(&expected(), value);
        };
        self.id(constructor);
        self.bare(value, constructor, args)
    }

    /// The combinator of that name that is wanted.
    fn named(
        &self,
        value: &Value,
        found: &Struct,
        expected: &dyn Fn() -> String,
        is_wanted: impl Fn(&Combinator) -> bool,
    ) -> Result<CombinatorId, Box<Error>> {
        let schema = self.catalog.schema;
        let Some(name) = found.name.as_deref() else {
            let expected = expected();
            return fail(EncodeErrorKind::Unnamed { expected }, value);
        };
        let of_name = self.catalog.of_name(name);
        if of_name.is_empty() {
            let kind = EncodeErrorKind::UnknownName {
                name: name.to_owned(),
                similar: self.catalog.schema.nearest_name(name).map(str::to_owned),
            };
            return fail(kind, value);
        }
        let has_id = |id: &CombinatorId| found.id.is_none_or(|wanted| schema[*id].id == wanted);
        let mut fitting: Vec<CombinatorId> = of_name
            .iter()
            .copied()
            .filter(|id| has_id(id) && is_wanted(&schema[*id]))
            .collect();
        fitting.dedup_by_key(|id| schema[*id].id);
        match fitting[..] {
            [only] => Ok(only),
            [] => {
                let name = match found.id {
                    Some(id) => format!("{name}#{id:08x}"),
                    None => name.to_owned(),
                };
                let expected = expected();
                fail(EncodeErrorKind::WrongConstructor { name, expected }, value)
            }
            _ => {
                let kind = EncodeErrorKind::Ambiguous {
                    name: name.to_owned(),
                    ids: fitting.iter().map(|&id| schema[id].id).collect(),
                };
                fail(kind, value)
            }
        }
    }

    /// Writes the id, if the constructor has one.
    fn id(&mut self, id: CombinatorId) {
        let combinator = &self.catalog.schema[id];
        if !combinator.is_default(self.catalog.schema) {
            self.out.extend(combinator.id.to_le_bytes());
        }
    }

    fn bare(&mut self, value: &Value, id: CombinatorId, args: &Args) -> Done {
        let combinator = &self.catalog.schema[id];
        match combinator.builtin {
            Some(Builtin::Vector) => {
                return match args.as_deref() {
                    Some([Argument::Type(element)]) => self.vector(value, element),
                    _ => self.vector(value, &Ty::Any),
                };
            }
            Some(builtin) => return self.builtin(value, builtin),
            None if combinator.opaque => {
                let name = self.catalog.name(id).to_string();
                return fail(EncodeErrorKind::Undescribed { name }, value);
            }
            None => {}
        }
        let Data::Struct(fields) = &value.data else {
            return expected(self.catalog.name(id), value);
        };
        let is_other_name = fields
            .name
            .as_ref()
            .is_some_and(|name| name != self.catalog.name(id));
        if is_other_name || fields.id.is_some_and(|id| id != combinator.id) {
            let kind = EncodeErrorKind::WrongConstructor {
                name: fields.name.as_deref().unwrap_or_default().to_owned(),
                expected: self.catalog.name(id).to_string(),
            };
            return fail(kind, value);
        }
        let mut env = Env::new(combinator, args);
        self.fields(value, fields, id, &combinator.fields, &mut env)
    }

    fn function(&mut self, value: &Value) -> Result<Ty, Box<Error>> {
        let Data::Struct(found) = &value.data else {
            return expected("a function", value);
        };
        let is_function = |combinator: &Combinator| combinator.kind == CombinatorKind::Function;
        let id = self.named(value, found, &|| "a function".to_owned(), is_function)?;
        self.function_of(value, found, id)
    }

    /// A certain function, which need not be named.
    fn call(&mut self, value: &Value, id: CombinatorId) -> Done {
        let Data::Struct(found) = &value.data else {
            return expected(self.catalog.name(id), value);
        };
        if found.name.is_some() {
            let expected = || self.catalog.name(id).to_string();
            let combinators = &self.catalog.schema.combinators;
            let wanted = combinators.get(id.0 as usize);
            self.named(value, found, &expected, |found| {
                wanted.is_some_and(|wanted| std::ptr::eq(wanted, found))
            })?;
        }
        self.function_of(value, found, id).map(drop)
    }

    fn function_of(
        &mut self,
        value: &Value,
        found: &Struct,
        id: CombinatorId,
    ) -> Result<Ty, Box<Error>> {
        let combinator = &self.catalog.schema[id];
        let mut env = Env::new(combinator, &None);
        self.with_numbers(value, id, &env)?;
        self.id(id);
        self.fields(value, found, id, &combinator.fields, &mut env)?;
        Ok(self.catalog.result(id, &env))
    }

    /// Fails if the combinator depends on numbers that are not known.
    fn with_numbers(&self, value: &Value, id: CombinatorId, env: &Env) -> Done {
        match env.knows_nats(&self.catalog.schema[id]) {
            true => Ok(()),
            false => {
                let name = self.catalog.name(id).to_string();
                fail(EncodeErrorKind::NeedsNumbers { name }, value)
            }
        }
    }

    fn any(&mut self, value: &Value) -> Done {
        let schema = self.catalog.schema;
        match &value.data {
            Data::Raw(bytes) => {
                self.out.extend(bytes);
                Ok(())
            }
            Data::List(_) => {
                let id = self.catalog.builtin(Builtin::Vector);
                let id = id.map_or(VECTOR, |id| schema[id].id);
                self.out.extend(id.to_le_bytes());
                self.vector(value, &Ty::Any)
            }
            Data::Bool(boolean) => {
                let builtin = match boolean {
                    true => Builtin::BoolTrue,
                    false => Builtin::BoolFalse,
                };
                match self.catalog.builtin(builtin) {
                    Some(id) => {
                        self.id(id);
                        Ok(())
                    }
                    None => expected("Object", value),
                }
            }
            Data::Struct(found) => {
                let id = self.named(value, found, &|| "Object".to_owned(), |_| true)?;
                let combinator = &schema[id];
                if combinator.kind == CombinatorKind::Function {
                    return self.function_of(value, found, id).map(drop);
                }
                let mut env = Env::new(combinator, &None);
                self.with_numbers(value, id, &env)?;
                self.id(id);
                match (combinator.builtin, found.field("@value")) {
                    (Some(Builtin::Vector), Some(inner)) => self.vector(inner, &Ty::Any),
                    (Some(builtin), Some(inner)) => self.builtin(inner, builtin),
                    (Some(_), None) => self.bare(value, id, &None),
                    (None, _) if combinator.opaque => self.bare(value, id, &None),
                    (None, _) => self.fields(value, found, id, &combinator.fields, &mut env),
                }
            }
            _ => expected("Object", value),
        }
    }

    fn vector(&mut self, value: &Value, element: &Ty) -> Done {
        let Data::List(elements) = &value.data else {
            return expected("a list", value);
        };
        let Ok(count) = u32::try_from(elements.len()) else {
            let len = elements.len();
            return fail(EncodeErrorKind::TooLong { len }, value);
        };
        self.out.extend(count.to_le_bytes());
        for (index, value) in elements.iter().enumerate() {
            self.path.push(Step::Element(index));
            self.value(value, element)?;
            self.path.pop();
        }
        Ok(())
    }

    fn repeat(
        &mut self,
        value: &Value,
        id: CombinatorId,
        repeat: &'s Repeat,
        env: &mut Env,
    ) -> Done {
        let Data::List(elements) = &value.data else {
            return expected("a list", value);
        };
        let wanted = env.sum(repeat.count);
        let found = elements.len();
        if usize::try_from(wanted) != Ok(found) {
            return fail(EncodeErrorKind::WrongCount { wanted, found }, value);
        }
        let Some(depth) = self.depth.checked_sub(1) else {
            return fail(EncodeErrorKind::TooDeep, value);
        };
        self.depth = depth;
        let plain = is_plain(&repeat.fields);
        for (index, value) in elements.iter().enumerate() {
            self.path.push(Step::Element(index));
            let mark = env.mark();
            match (plain, &value.data) {
                (Some(only), _) => self.given(value, id, only, env)?,
                (None, Data::Struct(fields)) if fields.name.is_none() => {
                    self.fields(value, fields, id, &repeat.fields, env)?;
                }
                (None, _) => return expected("a record", value),
            }
            env.forget(mark);
            self.path.pop();
        }
        self.depth += 1;
        Ok(())
    }

    /// The fields of a list, from those that are given.
    fn fields(
        &mut self,
        value: &Value,
        given: &Struct,
        id: CombinatorId,
        list: &'s [IrField],
        env: &mut Env,
    ) -> Done {
        let slots = self.slots(given, id, list)?;
        let bits = bits_of(&slots, list);
        // Where to write how long the next field is.
        let mut length_at: Option<usize> = None;
        for (index, (field, &slot)) in list.iter().zip(&slots).enumerate() {
            let name = self.catalog.field_name(id, field.id);
            let length_of_last = length_at.take();
            let start = self.out.len();
            let is_there = match field.condition {
                None => true,
                Some(condition) => env.nat(condition.mask) >> condition.bit & 1 == 1,
            };
            let unwanted = |condition| EncodeErrorKind::FieldUnwanted {
                field: name.to_string(),
                flag: self.spell(id, condition),
            };
            match (slot, field.condition) {
                (Slot::Given(found), Some(condition)) if !is_there => {
                    return fail(unwanted(condition), found);
                }
                (Slot::No(found), _) if is_there => {
                    let kind = match field.condition {
                        Some(condition) => self.wanted(id, list, &slots, condition, name),
                        None => EncodeErrorKind::MissingField {
                            constructor: self.catalog.name(id).to_string(),
                            field: name.to_string(),
                        },
                    };
                    return fail(kind, found);
                }
                (_, Some(_)) if !is_there => continue,
                _ => {}
            }
            self.path.push(Step::Field {
                constructor: self.catalog.name(id).clone(),
                field: name.clone(),
            });
            match slot {
                Slot::Given(found) => self.given(found, id, field, env)?,
                _ if field.ty == TypeExpr::Nat => {
                    match self.derived(id, field, list, &slots, bits[index]) {
                        Some(nat) => {
                            env.push_nat(field.id, nat);
                            self.out.extend(nat.to_le_bytes());
                        }
                        None => return self.missing(value, id, list, &slots, field),
                    }
                }
                _ if self.is_bare_true(&field.ty) => {}
                _ if is_length_of_next(name, list, index, |ty| env.ty(self.catalog.schema, ty)) => {
                    length_at = Some(start);
                    self.out.extend([0; 4]);
                }
                _ => return self.missing(value, id, list, &slots, field),
            }
            self.path.pop();
            if let Some(at) = length_of_last {
                let len = self.out.len() - start;
                let len = i32::try_from(len)
                    .or_else(|_| fail(EncodeErrorKind::TooLong { len }, value))?;
                if let Some(place) = self.out.get_mut(at..at + 4) {
                    place.copy_from_slice(&len.to_le_bytes());
                }
            }
        }
        Ok(())
    }

    /// The error of a field that is not given.
    fn missing(
        &mut self,
        value: &Value,
        id: CombinatorId,
        list: &[IrField],
        slots: &[Slot<'_>],
        field: &IrField,
    ) -> Done {
        // The path ends at the value that lacks it.
        self.path.pop();
        let name = self.catalog.field_name(id, field.id);
        let kind = match field.condition {
            Some(condition) => self.wanted(id, list, slots, condition, name),
            None => EncodeErrorKind::MissingField {
                constructor: self.catalog.name(id).to_string(),
                field: name.to_string(),
            },
        };
        fail(kind, value)
    }

    fn wanted(
        &self,
        id: CombinatorId,
        list: &[IrField],
        slots: &[Slot<'_>],
        condition: Condition,
        name: &str,
    ) -> EncodeErrorKind {
        let is_given = |index: usize| matches!(slots.get(index), Some(Slot::Given(_)));
        let flags_given = list
            .iter()
            .enumerate()
            .any(|(index, field)| condition.mask == NatRef::Field(field.id) && is_given(index));
        let other = list
            .iter()
            .enumerate()
            .find(|(index, field)| field.condition == Some(condition) && is_given(*index));
        let other = other.map(|(_, field)| self.catalog.field_name(id, field.id).to_string());
        EncodeErrorKind::FieldWanted {
            constructor: self.catalog.name(id).to_string(),
            field: name.to_owned(),
            flag: self.spell(id, condition),
            because_of: other.filter(|_| !flags_given),
        }
    }

    fn spell(&self, id: CombinatorId, condition: Condition) -> String {
        let schema = self.catalog.schema;
        tl_parser::ir_text::Speller::new(schema, &schema[id]).condition(condition)
    }

    /// What is given for each field of the list.
    fn slots<'v>(
        &self,
        given: &'v Struct,
        id: CombinatorId,
        list: &[IrField],
    ) -> Result<Vec<Slot<'v>>, Box<Error>> {
        let mut slots = vec![Slot::Absent; list.len()];
        let mut seen = vec![false; list.len()];
        // Fields mostly come in the order of the schema.
        let mut next = 0;
        for field in &given.fields {
            let is_it = |index: &usize| {
                let name = list
                    .get(*index)
                    .map(|field| self.catalog.field_name(id, field.id));
                name == Some(&field.name)
            };
            let Some(index) = (next..list.len()).chain(0..next).find(is_it) else {
                let kind = EncodeErrorKind::UnknownField {
                    constructor: self.catalog.name(id).to_string(),
                    field: field.name.to_string(),
                    fields: list
                        .iter()
                        .map(|field| self.catalog.field_name(id, field.id).to_string())
                        .collect(),
                };
                return fail(kind, &field.value);
            };
            next = index + 1;
            if std::mem::replace(&mut seen[index], true) {
                let field_name = field.name.to_string();
                return fail(
                    EncodeErrorKind::RepeatedField { field: field_name },
                    &field.value,
                );
            }
            slots[index] = match &field.value.data {
                Data::Null => Slot::Absent,
                Data::Bool(false) if self.is_true(&list[index].ty) => Slot::No(&field.value),
                _ => Slot::Given(&field.value),
            };
        }
        Ok(slots)
    }

    /// A field's value.
    fn given(
        &mut self,
        value: &Value,
        id: CombinatorId,
        field: &'s IrField,
        env: &mut Env,
    ) -> Done {
        match &field.ty {
            TypeExpr::Repeat(repeat) => self.repeat(value, id, repeat, env),
            TypeExpr::Nat => {
                let nat = nat(value)?;
                env.push_nat(field.id, nat);
                self.out.extend(nat.to_le_bytes());
                Ok(())
            }
            ty => match forwarded(ty) {
                Some(variable) => {
                    let result = self.function(value)?;
                    env.bind(variable, result);
                    Ok(())
                }
                None => {
                    let ty = env.ty(self.catalog.schema, ty).unwrap_or(Ty::Any);
                    self.value(value, &ty)
                }
            },
        }
    }

    /// What a `#` must be that is not given, if the others say it.
    fn derived(
        &self,
        id: CombinatorId,
        field: &IrField,
        list: &[IrField],
        slots: &[Slot<'_>],
        bits: u32,
    ) -> Option<u32> {
        match self.catalog.role(id, field.id)? {
            Role::Flags => Some(bits),
            Role::Count(first) => {
                let Some(Slot::Given(counted)) = slots.get(first) else {
                    return None;
                };
                let (Data::List(elements), Some(_)) = (&counted.data, list.get(first)) else {
                    // It is no list, which is told in its place.
                    return Some(0);
                };
                u32::try_from(elements.len()).ok()
            }
        }
    }

    fn is_bare_true(&self, ty: &TypeExpr) -> bool {
        matches!(ty, TypeExpr::Bare { constructor, .. }
            if self.catalog.schema[*constructor].builtin == Some(Builtin::True))
    }

    fn is_true(&self, ty: &TypeExpr) -> bool {
        let schema = self.catalog.schema;
        let first = match ty {
            TypeExpr::Boxed { ty, .. } => schema[*ty].constructors.first(),
            _ => return self.is_bare_true(ty),
        };
        first.is_some_and(|&id| schema[id].builtin == Some(Builtin::True))
    }

    fn builtin(&mut self, value: &Value, builtin: Builtin) -> Done {
        match builtin {
            Builtin::Int => {
                let number: i32 = integer(value, "int")?;
                self.out.extend(number.to_le_bytes());
            }
            Builtin::Long => {
                let number: i64 = integer(value, "long")?;
                self.out.extend(number.to_le_bytes());
            }
            Builtin::Double => {
                let bits = double(value)?.to_le_bytes();
                self.out.extend(bits);
            }
            Builtin::Float => {
                let bits = float(value)?.to_le_bytes();
                self.out.extend(bits);
            }
            Builtin::String => {
                let text = match &value.data {
                    Data::String(text) | Data::Json(text) => text.as_bytes(),
                    Data::NotUtf8(bytes) | Data::Bytes(bytes) => bytes,
                    _ => return expected("a string", value),
                };
                self.byte_string(text, value)?;
            }
            Builtin::Bytes => match bytes(value)? {
                Ok(bytes) => self.byte_string(bytes, value)?,
                Err(bytes) => self.byte_string(&bytes, value)?,
            },
            Builtin::Int128 => self.words(value, 16, "int128")?,
            Builtin::Int256 => self.words(value, 32, "int256")?,
            Builtin::Int512 => self.words(value, 64, "int512")?,
            Builtin::True | Builtin::BoolTrue if !boolean(value)? => {
                return expected("true", value);
            }
            Builtin::BoolFalse if boolean(value)? => return expected("false", value),
            Builtin::True | Builtin::BoolTrue | Builtin::BoolFalse => {}
            // Vectors, objects and functions are no scalars and came another way.
            _ => return expected("another type", value),
        }
        Ok(())
    }

    fn byte_string(&mut self, bytes: &[u8], value: &Value) -> Done {
        const LONG_FORM: u8 = 254;
        let len = bytes.len();
        let start = self.out.len();
        match (u8::try_from(len), u32::try_from(len)) {
            (Ok(short), _) if short < LONG_FORM => self.out.push(short),
            (_, Ok(long)) if long < 1 << 24 => {
                self.out
                    .extend((long << 8 | u32::from(LONG_FORM)).to_le_bytes());
            }
            _ => return fail(EncodeErrorKind::TooLong { len }, value),
        }
        self.out.extend(bytes);
        let padded = start + (self.out.len() - start).next_multiple_of(4);
        self.out.resize(padded, 0);
        Ok(())
    }

    fn words(&mut self, value: &Value, size: usize, wanted: &'static str) -> Done {
        let bytes = match bytes(value)? {
            Ok(bytes) => bytes.to_vec(),
            Err(bytes) => bytes,
        };
        if bytes.len() != size {
            let kind = EncodeErrorKind::WrongSize {
                wanted,
                size,
                found: bytes.len(),
            };
            return fail(kind, value);
        }
        self.out.extend(bytes);
        Ok(())
    }
}

/// The bits of each `#` of the list that its guarded fields set, by position.
fn bits_of(slots: &[Slot<'_>], list: &[IrField]) -> Vec<u32> {
    let mut bits = vec![0_u32; list.len()];
    // From the back: a `#` that is not given is there if something that it guards is.
    for (index, (field, slot)) in list.iter().zip(slots).enumerate().rev() {
        let is_there = matches!(slot, Slot::Given(_)) || bits[index] != 0;
        let Some(Condition {
            mask: NatRef::Field(mask),
            bit,
        }) = field.condition.filter(|_| is_there)
        else {
            continue;
        };
        // Numbers rise in the order of the text.
        if let Ok(at) = list.binary_search_by_key(&mask, |field| field.id) {
            bits[at] |= 1 << bit;
        }
    }
    bits
}
