//! Bytes to a value.
//!
//! What is broken does not end the work at once: as much as can be told is told, with the fault at
//! its place. A fault after which nobody knows where the next value begins is final; the tree ends
//! there.

use std::sync::Arc;

use tl_parser::ir::{
    Builtin, Combinator, CombinatorId, CombinatorKind, Field as IrField, FieldId, NatRef, Repeat,
    TypeExpr, TypeId,
};

use super::catalog::{Catalog, Type, forwarded, is_plain};
use super::fault::{Fault, FaultKind, Path, Step};
use super::nats::Role;
use super::spell::spell;
use super::ty::{Args, Argument, Env, Ty};
use super::{Data, Field, Span, Struct, Value};

/// What decoding may cost, however the bytes are made.
///
/// ```
/// use tl_codegen::value::{Catalog, FaultKind, Limits};
/// use tl_parser::source::Source;
///
/// // Elements that take no bytes: nothing but the limit bounds how many there are.
/// let text = "true = True; many n:# all:n*[ true ] = Many;";
/// let schema = tl_parser::compile([Source::new("a.tl", text)?]).schema.expect("no errors");
/// let catalog = Catalog::new(&schema);
/// let bare = catalog.parse_type("many").expect("declared");
/// let decoded = catalog.decode_within(
///     &[255; 4],
///     &bare,
///     Limits { values: Some(1000), ..Limits::default() },
/// );
/// assert_eq!(decoded.faults[0].kind, FaultKind::TooManyValues);
/// # Ok::<(), tl_parser::source::TooLong>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// How many constructors, vectors and repetitions may stand in one another. Protects the
    /// stack; 64 unless set.
    pub depth: u32,
    /// How many values there may be, those of all fields and elements counted; one takes about a
    /// hundred bytes of memory.
    ///
    /// Unless set, 65,536 and eight for every byte of the input (flags take no bytes of their
    /// own), but four million at most.
    pub values: Option<usize>,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            depth: 64,
            values: None,
        }
    }
}

/// What came of bytes. [`Catalog::decode`] makes one; [`Decoded::listing`] shows it beside the
/// bytes.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Decoded {
    /// The value; as much of it as can be told, if there are faults.
    pub value: Value,
    /// What is wrong with the bytes, in their order. The last one may be the reason why the value
    /// ends early.
    pub faults: Vec<Fault>,
    /// What would be other bytes if the value were encoded again, though readers take it.
    pub notes: Vec<Fault>,
    /// How many of the bytes were understood.
    pub len: usize,
}

impl Catalog<'_> {
    /// Decodes bytes that are one value of the type, within the default limits.
    ///
    /// ```
    /// use tl_codegen::value::{Catalog, Data};
    /// use tl_parser::source::Source;
    ///
    /// let text = "point x:int y:int = Point;";
    /// let schema = tl_parser::compile([Source::new("a.tl", text)?]).schema.expect("no errors");
    /// let catalog = Catalog::new(&schema);
    /// let bare = catalog.parse_type("point").expect("declared");
    ///
    /// let decoded = catalog.decode(&[1, 0, 0, 0, 2, 0, 0, 0], &bare);
    /// assert!(decoded.faults.is_empty());
    /// assert_eq!(decoded.value.field("y").map(|y| &y.data), Some(&Data::Int(2)));
    ///
    /// // Of broken bytes as much is told as can be.
    /// let decoded = catalog.decode(&[1, 0, 0, 0, 2, 0], &bare);
    /// assert_eq!(decoded.value.field("x").map(|x| &x.data), Some(&Data::Int(1)));
    /// assert_eq!(
    ///     decoded.faults[0].to_string(),
    ///     "the bytes end where an int of 4 bytes was wanted, at byte 4 in point.y",
    /// );
    /// # Ok::<(), tl_parser::source::TooLong>(())
    /// ```
    #[must_use]
    pub fn decode(&self, bytes: &[u8], ty: &Type) -> Decoded {
        self.decode_within(bytes, ty, Limits::default())
    }

    /// Decodes bytes that are one value of the type.
    #[must_use]
    pub fn decode_within(&self, bytes: &[u8], ty: &Type, limits: Limits) -> Decoded {
        /// More take half a gigabyte.
        const MOST: usize = 1 << 22;
        let usual = bytes.len().saturating_mul(8).saturating_add(1 << 16);
        let mut decoder = Decoder {
            catalog: self,
            bytes,
            at: 0,
            end: bytes.len(),
            depth: limits.depth,
            values: limits.values.unwrap_or(usual.min(MOST)),
            path: Vec::new(),
            faults: Vec::new(),
            notes: Vec::new(),
            is_broken: false,
        };
        let value = decoder.value(&ty.0);
        let count = decoder.end - decoder.at;
        if !decoder.is_broken && count > 0 {
            decoder.fault(FaultKind::TrailingBytes { count }, decoder.at);
        }
        Decoded {
            value,
            faults: decoder.faults,
            notes: decoder.notes,
            len: decoder.at,
        }
    }
}

struct Decoder<'a, 's> {
    catalog: &'a Catalog<'s>,
    bytes: &'a [u8],
    at: usize,
    /// Where the bytes end that belong to what is decoded.
    end: usize,
    depth: u32,
    values: usize,
    path: Vec<Step>,
    faults: Vec<Fault>,
    notes: Vec<Fault>,
    /// Nobody knows where the next value begins.
    is_broken: bool,
}

/// The end of decoding: the value that stands where the fault is.
type Broken = Value;

impl<'s> Decoder<'_, 's> {
    /// A value, or the fault in its place.
    fn value(&mut self, ty: &Ty) -> Value {
        let start = self.at;
        let Some(values) = self.values.checked_sub(1) else {
            return self.broken(FaultKind::TooManyValues, start);
        };
        self.values = values;
        let mut value = match ty {
            Ty::Nat => self.word("#").map(Data::Nat),
            Ty::Any => return self.any(),
            Ty::Function | Ty::Call(_) => return self.function(ty).0,
            Ty::Boxed(ty, args) => return self.boxed(*ty, args),
            Ty::Bare(id, args, _) => return self.bare(*id, args),
        }
        .map_or_else(|broken| broken, Value::from);
        value.span = self.span(start);
        value
    }

    fn boxed(&mut self, ty: TypeId, args: &Args) -> Value {
        let start = self.at;
        let default = self.catalog.default_constructor(ty);
        let Some(found) = self.peek() else {
            return match default {
                Some(default) => self.bare(default, args),
                None => self.ended("constructor id", 4),
            };
        };
        let mut value = match (self.catalog.constructor(ty, found), default) {
            (Some(constructor), _) => {
                self.at += 4;
                self.bare(constructor, args)
            }
            (None, Some(default)) => self.bare(default, args),
            (None, None) => {
                let kind = self.unexpected(found, &Ty::Boxed(ty, args.clone()));
                return self.broken(kind, start);
            }
        };
        value.span.start = start;
        value
    }

    fn bare(&mut self, id: CombinatorId, args: &Args) -> Value {
        let combinator = &self.catalog.schema[id];
        match combinator.builtin {
            Some(Builtin::Vector) => match args.as_deref() {
                Some([Argument::Type(element)]) => self.vector(element),
                _ => self.vector(&Ty::Any),
            },
            Some(builtin) => self.builtin(builtin),
            None if combinator.opaque => {
                let name = self.catalog.name(id).to_string();
                self.broken(FaultKind::Undescribed { name }, self.at)
            }
            None => {
                let mut env = Env::new(combinator, args);
                self.fields_of(id, combinator, &mut env)
            }
        }
    }

    /// The fields of a constructor or function.
    fn fields_of(&mut self, id: CombinatorId, combinator: &'s Combinator, env: &mut Env) -> Value {
        let start = self.at;
        let Some(depth) = self.depth.checked_sub(1) else {
            return self.broken(FaultKind::TooDeep, start);
        };
        self.depth = depth;
        let mut fields = Vec::new();
        self.fields(id, &combinator.fields, env, &mut fields);
        self.depth += 1;
        let name = Some(self.catalog.name(id).clone());
        let data = Data::Struct(Struct {
            name,
            id: self.catalog.shown_id(id),
            fields,
        });
        Value {
            data,
            span: self.span(start),
        }
    }

    fn fields(
        &mut self,
        id: CombinatorId,
        list: &'s [IrField],
        env: &mut Env,
        out: &mut Vec<Field>,
    ) {
        let constructor = self.catalog.name(id).clone();
        // Where a field ends whose length the one before it told.
        let mut told: Option<usize> = None;
        for (index, field) in list.iter().enumerate() {
            if let Some(condition) = field.condition
                && env.nat(condition.mask) >> condition.bit & 1 == 0
            {
                continue;
            }
            let name = self.catalog.field_name(id, field.id).clone();
            let ty = self.catalog.field_type(id, field, env);
            self.path.push(Step::Field {
                constructor: constructor.clone(),
                field: name.clone(),
            });
            let end = self.end;
            self.end = told.unwrap_or(end);
            let (value, implied) = self.field(id, list, field, env);
            if let Some(told) = told.take() {
                self.skip_to(told);
            }
            self.end = end;
            self.path.pop();
            if let Data::Int(size) = value.data
                && is_length_of_next(&name, list, index, |ty| env.ty(self.catalog.schema, ty))
            {
                told = self.told(size);
            }
            out.push(Field {
                name,
                ty,
                implied,
                value,
            });
            if self.is_broken {
                return;
            }
        }
    }

    /// The value of a field, and whether the others say what it is.
    fn field(
        &mut self,
        id: CombinatorId,
        list: &[IrField],
        field: &'s IrField,
        env: &mut Env,
    ) -> (Value, bool) {
        let schema = self.catalog.schema;
        match &field.ty {
            TypeExpr::Repeat(repeat) => (self.repeat(id, repeat, env), false),
            TypeExpr::Nat => {
                let value = self.value(&Ty::Nat);
                let Data::Nat(nat) = value.data else {
                    return (value, false);
                };
                env.push_nat(field.id, nat);
                let implied = match self.catalog.role(id, field.id) {
                    Some(Role::Flags) => nat & !guarded(list, field.id) == 0,
                    Some(Role::Count(_)) => true,
                    None => false,
                };
                (value, implied && field.condition.is_none())
            }
            ty => {
                let wanted = env.ty(schema, ty).unwrap_or(Ty::Any);
                let is_nothing = field.condition.is_none()
                    && matches!(&wanted, Ty::Bare(id, ..) if schema[*id].builtin == Some(Builtin::True));
                let value = match forwarded(ty) {
                    None => self.value(&wanted),
                    Some(variable) => {
                        let (value, result) = self.function(&Ty::Function);
                        if let Some(result) = result {
                            env.bind(variable, result);
                        }
                        value
                    }
                };
                (value, is_nothing)
            }
        }
    }

    /// Where the next field ends, if the bytes can be meant.
    fn told(&self, size: i32) -> Option<usize> {
        let size = usize::try_from(size).ok().filter(|&size| size >= 4)?;
        self.at.checked_add(size).filter(|&end| end <= self.end)
    }

    /// Goes on behind a field whose length was told, whatever was in it.
    fn skip_to(&mut self, end: usize) {
        if self.is_broken {
            self.is_broken = false;
        } else if self.at < end {
            let count = end - self.at;
            self.fault(FaultKind::TrailingBytes { count }, self.at);
        }
        self.at = end;
    }

    fn vector(&mut self, element: &Ty) -> Value {
        let start = self.at;
        let count = match self.word("vector") {
            Ok(count) => count,
            Err(broken) => return broken,
        };
        let min_size = self.catalog.min_size(element);
        self.elements(start, count, min_size, |decoder| decoder.value(element))
    }

    fn repeat(&mut self, id: CombinatorId, repeat: &'s Repeat, env: &mut Env) -> Value {
        let count = env.sum(repeat.count);
        let min_size = self.catalog.min_fields(&repeat.fields);
        let plain = is_plain(&repeat.fields);
        self.elements(self.at, count, min_size, |decoder| {
            let mark = env.mark();
            let value = match plain {
                Some(only) => decoder.field(id, &repeat.fields, only, env).0,
                None => {
                    let start = decoder.at;
                    let mut fields = Vec::new();
                    decoder.fields(id, &repeat.fields, env, &mut fields);
                    Value {
                        data: Data::Struct(Struct {
                            fields,
                            ..Struct::default()
                        }),
                        span: decoder.span(start),
                    }
                }
            };
            env.forget(mark);
            value
        })
    }

    fn elements(
        &mut self,
        start: usize,
        count: u32,
        min_size: usize,
        mut element: impl FnMut(&mut Self) -> Value,
    ) -> Value {
        let limit = (self.end - self.at)
            .checked_div(min_size)
            .unwrap_or(usize::MAX);
        if usize::try_from(count).map_or(true, |count| count > limit) {
            return self.broken(FaultKind::TooManyElements { count, limit }, self.at);
        }
        let Some(depth) = self.depth.checked_sub(1) else {
            return self.broken(FaultKind::TooDeep, start);
        };
        self.depth = depth;
        let mut elements = Vec::new();
        for index in 0..count as usize {
            self.path.push(Step::Element(index));
            // Elements of nothing take no bytes, so that only this bounds them.
            match self.values.checked_sub(1) {
                Some(values) => self.values = values,
                None => {
                    elements.push(self.broken(FaultKind::TooManyValues, self.at));
                    self.path.pop();
                    break;
                }
            }
            elements.push(element(self));
            self.path.pop();
            if self.is_broken {
                break;
            }
        }
        self.depth += 1;
        Value {
            data: Data::List(elements),
            span: self.span(start),
        }
    }

    /// A function, any or a certain one, and the type of what it answers.
    fn function(&mut self, wanted: &Ty) -> (Value, Option<Ty>) {
        let start = self.at;
        let Some(found) = self.peek() else {
            return (self.ended("constructor id", 4), None);
        };
        let schema = self.catalog.schema;
        let candidates = self.catalog.of_id(found).iter().copied();
        let is_wanted = |&id: &CombinatorId| match wanted {
            Ty::Call(wanted) => id == *wanted,
            _ => schema[id].kind == CombinatorKind::Function,
        };
        let mut functions = candidates.filter(is_wanted);
        let Some(id) = functions.next() else {
            let kind = self.unexpected(found, wanted);
            return (self.broken(kind, start), None);
        };
        let combinator = &schema[id];
        let mut env = Env::new(combinator, &None);
        if !env.knows_nats(combinator) {
            return (self.needs_numbers(id), None);
        }
        self.at += 4;
        let mut value = self.fields_of(id, combinator, &mut env);
        value.span.start = start;
        (value, Some(self.catalog.result(id, &env)))
    }

    /// A boxed value of any type, or a function.
    fn any(&mut self) -> Value {
        let start = self.at;
        let Some(found) = self.peek() else {
            return self.ended("constructor id", 4);
        };
        let schema = self.catalog.schema;
        let candidates = self.catalog.of_id(found);
        let is_constructor = |&id: &CombinatorId| schema[id].kind == CombinatorKind::Constructor;
        let Some(&id) = candidates
            .iter()
            .find(|id| is_constructor(id))
            .or(candidates.first())
        else {
            return self.unknown(FaultKind::UnknownId { found });
        };
        let combinator = &schema[id];
        match combinator.builtin {
            _ if combinator.kind == CombinatorKind::Function => {
                return self.function(&Ty::Function).0;
            }
            Some(Builtin::Vector) => return self.any_vector(),
            Some(Builtin::Object | Builtin::Function) => {
                return self.unknown(FaultKind::UnknownId { found });
            }
            _ => {}
        }
        let mut env = Env::new(combinator, &None);
        if !env.knows_nats(combinator) {
            if self.path.is_empty() {
                return self.needs_numbers(id);
            }
            return self.unknown(FaultKind::UnknownId { found });
        }
        self.at += 4;
        let mut value = match combinator.builtin {
            Some(builtin) => self.any_builtin(id, builtin),
            None if combinator.opaque => {
                let name = self.catalog.name(id).to_string();
                return self.broken(FaultKind::Undescribed { name }, start);
            }
            None => self.fields_of(id, combinator, &mut env),
        };
        value.span.start = start;
        value
    }

    /// A built-in where any type may stand: its name has to be told.
    fn any_builtin(&mut self, id: CombinatorId, builtin: Builtin) -> Value {
        let value = self.builtin(builtin);
        let name = self.catalog.name(id).clone();
        let fields = match builtin {
            Builtin::BoolFalse | Builtin::BoolTrue => return value,
            Builtin::True => Vec::new(),
            _ => vec![Field {
                name: "@value".into(),
                ty: name.clone(),
                implied: false,
                value: value.clone(),
            }],
        };
        Value {
            span: value.span,
            data: Data::Struct(Struct {
                name: Some(name),
                id: None,
                fields,
            }),
        }
    }

    /// A vector that does not say what it is of: of boxed values, perhaps.
    fn any_vector(&mut self) -> Value {
        let start = self.at;
        let (faults, notes) = (self.faults.len(), self.notes.len());
        self.at += 4;
        let mut value = self.vector(&Ty::Any);
        if self.faults.len() == faults {
            value.span.start = start;
            return value;
        }
        self.at = start;
        self.is_broken = false;
        self.faults.truncate(faults);
        self.notes.truncate(notes);
        self.unknown(FaultKind::UntypedVector)
    }

    /// What can't be read for want of a type: a fault if it is all that there is, else bytes to
    /// the end.
    fn unknown(&mut self, kind: FaultKind) -> Value {
        let start = self.at;
        if self.path.is_empty() {
            return self.broken(kind, start);
        }
        self.at = self.end;
        Value {
            data: Data::Raw(self.bytes[start..self.end].to_vec()),
            span: self.span(start),
        }
    }

    fn needs_numbers(&mut self, id: CombinatorId) -> Value {
        let combinator = &self.catalog.schema[id];
        let ty = tl_parser::ir_text::Speller::new(self.catalog.schema, combinator).result();
        self.broken(FaultKind::NeedsNumbers { ty }, self.at)
    }

    fn builtin(&mut self, builtin: Builtin) -> Value {
        let start = self.at;
        let data = match builtin {
            Builtin::Int => self.array("int").map(i32::from_le_bytes).map(Data::Int),
            Builtin::Long => self.array("long").map(i64::from_le_bytes).map(Data::Long),
            Builtin::Double => self
                .array("double")
                .map(f64::from_le_bytes)
                .map(Data::Double),
            Builtin::Float => self.array("float").map(f32::from_le_bytes).map(Data::Float),
            Builtin::String => self.string(),
            Builtin::Bytes => self.byte_string("bytes").map(Data::Bytes),
            Builtin::Int128 => self.words(16, "int128"),
            Builtin::Int256 => self.words(32, "int256"),
            Builtin::Int512 => self.words(64, "int512"),
            Builtin::True | Builtin::BoolTrue => Ok(Data::Bool(true)),
            Builtin::BoolFalse => Ok(Data::Bool(false)),
            // Vectors, objects and functions are no scalars and came another way.
            _ => Ok(Data::Null),
        };
        match data {
            Ok(data) => Value {
                data,
                span: self.span(start),
            },
            Err(broken) => broken,
        }
    }

    fn string(&mut self) -> Result<Data, Broken> {
        let start = self.at;
        let bytes = self.byte_string("string")?;
        Ok(match String::from_utf8(bytes) {
            Ok(text) => Data::String(text),
            Err(error) => {
                let valid_up_to = error.utf8_error().valid_up_to();
                self.fault(FaultKind::InvalidUtf8 { valid_up_to }, start);
                Data::NotUtf8(error.into_bytes())
            }
        })
    }

    fn byte_string(&mut self, wanted: &'static str) -> Result<Vec<u8>, Broken> {
        const LONG_FORM: u8 = 254;
        let start = self.at;
        let (header, len) = match self.bytes[start..self.end] {
            [LONG_FORM, a, b, c, ..] => (4, u32::from_le_bytes([a, b, c, 0]) as usize),
            [255, ..] => return Err(self.broken(FaultKind::InvalidLength, start)),
            [LONG_FORM, ..] | [] => return Err(self.ended(wanted, 4)),
            [len, ..] => (1, usize::from(len)),
        };
        let taken = self.take((header + len).next_multiple_of(4), wanted)?;
        let (value, padding) = (&taken[header..header + len], &taken[header + len..]);
        let value = value.to_vec();
        if padding.iter().any(|&byte| byte != 0) {
            self.note(FaultKind::Padding, start + header + len);
        }
        if header == 4 && len < usize::from(LONG_FORM) {
            self.note(FaultKind::LongLength, start);
        }
        Ok(value)
    }

    fn words(&mut self, size: usize, wanted: &'static str) -> Result<Data, Broken> {
        Ok(Data::Bytes(self.take(size, wanted)?.to_vec()))
    }

    fn word(&mut self, wanted: &'static str) -> Result<u32, Broken> {
        self.array(wanted).map(u32::from_le_bytes)
    }

    fn array<const N: usize>(&mut self, wanted: &'static str) -> Result<[u8; N], Broken> {
        let mut array = [0; N];
        array.copy_from_slice(self.take(N, wanted)?);
        Ok(array)
    }

    fn take(&mut self, size: usize, wanted: &'static str) -> Result<&[u8], Broken> {
        let start = self.at;
        match start.checked_add(size).filter(|&end| end <= self.end) {
            Some(end) => {
                self.at = end;
                Ok(&self.bytes[start..end])
            }
            None => Err(self.ended(wanted, size)),
        }
    }

    /// The word that comes next.
    fn peek(&self) -> Option<u32> {
        let word = self.bytes[self.at..self.end].first_chunk();
        word.map(|&word| u32::from_le_bytes(word))
    }

    fn span(&self, start: usize) -> Span {
        Span {
            start,
            end: self.at,
        }
    }

    fn unexpected(&self, found: u32, expected: &Ty) -> FaultKind {
        let schema = self.catalog.schema;
        let known_as = self.catalog.of_id(found).first().map(|&id| {
            let name: &Arc<str> = self.catalog.name(id);
            match (schema[id].kind, schema[id].result_type()) {
                (CombinatorKind::Function, _) => format!("the function {name}"),
                (_, Some(ty)) => format!("{name} of {}", &schema[schema[ty].name]),
                _ => name.to_string(),
            }
        });
        FaultKind::UnexpectedId {
            found,
            expected: match expected {
                Ty::Function => "a function".to_owned(),
                // As generated code has it: a type of one constructor goes by that.
                Ty::Boxed(ty, _) => match schema[*ty].constructors[..] {
                    [only] if schema[only].builtin.is_none() => self.catalog.name(only).to_string(),
                    _ => spell(schema, expected),
                },
                ty => spell(schema, ty),
            },
            known_as,
        }
    }

    fn ended(&mut self, wanted: &'static str, size: usize) -> Value {
        self.broken(FaultKind::EndOfInput { wanted, size }, self.at)
    }

    /// A fault that is final, and what stands in the place of the value.
    fn broken(&mut self, kind: FaultKind, offset: usize) -> Value {
        self.is_broken = true;
        self.at = offset;
        self.fault(kind, offset);
        let why = self.faults.last().map(Fault::to_string).unwrap_or_default();
        Value {
            data: Data::Fault(why.into()),
            span: Span {
                start: offset,
                end: offset,
            },
        }
    }

    fn fault(&mut self, kind: FaultKind, offset: usize) {
        let path = Path(self.path.clone());
        self.faults.push(Fault { kind, offset, path });
    }

    fn note(&mut self, kind: FaultKind, offset: usize) {
        let path = Path(self.path.clone());
        self.notes.push(Fault { kind, offset, path });
    }
}

/// The bits that guard something.
pub(super) fn guarded(list: &[IrField], flags: FieldId) -> u32 {
    let conditions = list.iter().filter_map(|field| field.condition);
    let own = conditions.filter(|condition| condition.mask == NatRef::Field(flags));
    own.fold(0, |bits, condition| bits | 1 << condition.bit)
}

/// Whether an `int` says how many bytes the next field takes: `message msg_id:long seqno:int
/// bytes:int body:Object`, which the language can't say.
pub(super) fn is_length_of_next(
    name: &str,
    list: &[IrField],
    index: usize,
    ty: impl FnOnce(&TypeExpr) -> Option<Ty>,
) -> bool {
    name == "bytes"
        && list
            .get(index + 1)
            .is_some_and(|next| next.condition.is_none() && matches!(ty(&next.ty), Some(Ty::Any)))
}
