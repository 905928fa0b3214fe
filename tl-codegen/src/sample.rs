//! Random values of a schema, as bytes: for tests and fuzzing.
//!
//! The bytes come from the IR alone, not from generated code, so that they can judge it: what is
//! read from them and written again must be the same bytes.

use tl_parser::ir::{
    Arg, Builtin, Combinator, CombinatorId, CombinatorKind, Field, NatExpr, NatRef, Schema,
    TypeExpr, TypeId, VariableId,
};

/// Makes random values of the types of a schema.
///
/// ```
/// use tl_codegen::Sampler;
/// use tl_parser::{Compiler, source::Source};
///
/// let mut compiler = Compiler::new();
/// compiler.add(Source::new("a.tl", "point x:int y:int = Point;")?);
/// let schema = compiler.compile().schema.expect("no errors");
/// let point = schema.find_type("Point").expect("declared");
/// let bytes = Sampler::new(&schema, 1).boxed(point).expect("no variables");
/// assert_eq!(bytes.len(), 12);
/// # Ok::<(), tl_parser::source::TooLong>(())
/// ```
#[derive(Debug)]
pub struct Sampler<'s> {
    schema: &'s Schema,
    state: u64,
    /// A `#` that nothing depends on may be anything.
    idle_numbers: bool,
}

/// How deep values are nested before only what must be there is made.
const DEPTH: u32 = 6;
/// How deep values may be nested at all.
const DEPTH_LIMIT: u32 = 40;

/// A type expression with everything put in that it depends on.
#[derive(Clone, Debug)]
enum Closed {
    /// A type and its arguments.
    Boxed(TypeId, Vec<Value>),
    /// A constructor and the arguments of its type.
    Bare(CombinatorId, Vec<Value>),
    /// `#`
    Nat,
    /// `!X`: this function.
    Function(CombinatorId),
}

/// An argument.
#[derive(Clone, Debug)]
enum Value {
    Nat(u32),
    Type(Closed),
}

/// What is known within a combinator.
#[derive(Clone, Debug, Default)]
struct Known {
    /// For each variable what it stands for.
    variables: Vec<Option<Value>>,
    /// What a `!X` stands for.
    wrapped: Option<CombinatorId>,
    /// The `#` fields so far.
    nats: Vec<(NatRef, u32)>,
}

impl<'s> Sampler<'s> {
    /// A source of values; the same seed gives the same values.
    #[must_use]
    pub const fn new(schema: &'s Schema, seed: u64) -> Self {
        Self {
            schema,
            state: seed ^ 0x9e37_79b9_7f4a_7c15,
            idle_numbers: true,
        }
    }

    /// The same, but a `#` that nothing depends on is 0: there are programs that take it for flags,
    /// and write 0 whatever they have read.
    #[must_use]
    pub const fn without_idle_numbers(mut self) -> Self {
        self.idle_numbers = false;
        self
    }

    /// A value of a type, its id included. `None` for types with parameters, and if no value ends
    /// within a sensible depth.
    pub fn boxed(&mut self, ty: TypeId) -> Option<Vec<u8>> {
        let mut bytes = Vec::new();
        self.push_boxed(&mut bytes, ty, &[], 0)?;
        Some(bytes)
    }

    /// A value of a constructor or function, its id included. `None` if it has parameters, and if
    /// no value ends within a sensible depth.
    pub fn combinator(&mut self, id: CombinatorId) -> Option<Vec<u8>> {
        let mut bytes = Vec::new();
        self.push_id(&mut bytes, id);
        self.push_fields_of(&mut bytes, id, Known::default(), 1)?;
        Some(bytes)
    }

    /// A call of a function and an answer to it; of a function that wraps another (`!X`), around
    /// the other. `None` where no such value can be made.
    pub fn exchange(
        &mut self,
        function: CombinatorId,
        wrapped: Option<CombinatorId>,
    ) -> Option<(Vec<u8>, Vec<u8>)> {
        let mut known = Known {
            wrapped,
            ..Known::default()
        };
        if let Some(wrapped) = wrapped {
            let result = self.closed(&self.schema[wrapped].result, &Known::default())?;
            let variables = &self.schema[function].variables;
            known.variables = vec![Some(Value::Type(result)); variables.len()];
        }
        let mut call = Vec::new();
        self.push_id(&mut call, function);
        let known = self.push_fields_of(&mut call, function, known, 1)?;
        let result = self.closed(&self.schema[function].result, &known)?;
        let mut answer = Vec::new();
        self.push_closed(&mut answer, &result, 1)?;
        Some((call, answer))
    }

    fn next(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.state;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    fn below(&mut self, bound: u64) -> u64 {
        self.next() % bound.max(1)
    }

    fn word(&mut self) -> u32 {
        (self.next() >> 32) as u32
    }

    /// A default constructor has no id on the wire.
    fn push_id(&self, bytes: &mut Vec<u8>, id: CombinatorId) {
        if !self.schema[id].is_default(self.schema) {
            bytes.extend(self.schema[id].id.to_le_bytes());
        }
    }

    fn push_boxed(
        &mut self,
        bytes: &mut Vec<u8>,
        ty: TypeId,
        args: &[Value],
        depth: u32,
    ) -> Option<()> {
        let constructors = &self.schema[ty].constructors;
        if constructors.is_empty() || depth > DEPTH_LIMIT {
            return None;
        }
        match self.schema[constructors[0]].builtin {
            Some(Builtin::Vector) => {
                bytes.extend(0x1cb5_c415_u32.to_le_bytes());
                return self.push_vector(bytes, args, depth);
            }
            Some(Builtin::Object) => {
                return self.push_any(bytes, CombinatorKind::Constructor, depth);
            }
            Some(Builtin::Function) => {
                return self.push_any(bytes, CombinatorKind::Function, depth);
            }
            _ => {}
        }
        let fewest = |id: &CombinatorId| self.schema[*id].fields.len();
        let id = if depth > DEPTH {
            constructors.iter().copied().min_by_key(fewest)?
        } else {
            let index = self.below(constructors.len() as u64);
            constructors[usize::try_from(index).ok()?]
        };
        self.push_id(bytes, id);
        self.push_bare(bytes, id, args, depth)
    }

    /// A value of any constructor, or any function.
    fn push_any(&mut self, bytes: &mut Vec<u8>, kind: CombinatorKind, depth: u32) -> Option<()> {
        let schema = self.schema;
        let is_meant = |id: &CombinatorId| {
            let combinator = &schema[*id];
            combinator.kind == kind && can_stand_alone(schema, combinator)
        };
        let mut all: Vec<CombinatorId> = schema.combinator_ids().filter(is_meant).collect();
        if depth > DEPTH {
            let fewest = |id: &CombinatorId| schema[*id].fields.len();
            all = all.into_iter().min_by_key(fewest).into_iter().collect();
        }
        let index = self.below(all.len() as u64);
        let &id = all.get(usize::try_from(index).ok()?)?;
        self.push_id(bytes, id);
        self.push_bare(bytes, id, &[], depth)
    }

    /// The fields of a constructor of a type that is applied to these arguments.
    fn push_bare(
        &mut self,
        bytes: &mut Vec<u8>,
        id: CombinatorId,
        args: &[Value],
        depth: u32,
    ) -> Option<()> {
        let combinator = &self.schema[id];
        match combinator.builtin {
            Some(Builtin::Vector) => return self.push_vector(bytes, args, depth),
            Some(Builtin::Object) => {
                return self.push_any(bytes, CombinatorKind::Constructor, depth);
            }
            Some(Builtin::Function) => {
                return self.push_any(bytes, CombinatorKind::Function, depth);
            }
            Some(builtin) => return self.push_builtin(bytes, builtin),
            None => {}
        }
        let mut known = Known {
            variables: vec![None; combinator.variables.len()],
            ..Known::default()
        };
        for (position, arg) in args.iter().enumerate() {
            if let Some(VariableId(index)) = combinator.result_variable(position) {
                known.variables[index as usize] = Some(arg.clone());
            }
        }
        self.push_fields_of(bytes, id, known, depth + 1)?;
        Some(())
    }

    fn push_fields_of(
        &mut self,
        bytes: &mut Vec<u8>,
        id: CombinatorId,
        mut known: Known,
        depth: u32,
    ) -> Option<Known> {
        if depth > DEPTH_LIMIT {
            return None;
        }
        let combinator = &self.schema[id];
        self.push_fields(bytes, &combinator.fields, combinator, &mut known, depth)?;
        Some(known)
    }

    fn push_fields(
        &mut self,
        bytes: &mut Vec<u8>,
        fields: &[Field],
        within: &Combinator,
        known: &mut Known,
        depth: u32,
    ) -> Option<()> {
        for field in fields {
            if let Some(condition) = field.condition
                && known.value(condition.mask) >> condition.bit & 1 == 0
            {
                continue;
            }
            match &field.ty {
                TypeExpr::Nat => {
                    let nat = self.nat(field, within, depth);
                    known.nats.push((NatRef::Field(field.id), nat));
                    bytes.extend(nat.to_le_bytes());
                }
                TypeExpr::Repeat(repeat) => {
                    for _ in 0..known.sum(&repeat.count) {
                        let len = known.nats.len();
                        self.push_fields(bytes, &repeat.fields, within, known, depth)?;
                        known.nats.truncate(len);
                    }
                }
                ty => {
                    let ty = self.closed(ty, known)?;
                    self.push_closed(bytes, &ty, depth)?;
                }
            }
        }
        Some(())
    }

    /// A type with everything put in that it depends on.
    fn closed(&self, ty: &TypeExpr, known: &Known) -> Option<Closed> {
        let closed_args = |args: &[Arg]| {
            let value = |arg: &Arg| match arg {
                Arg::Nat(expr) => Some(Value::Nat(known.sum(expr))),
                Arg::Type(ty) => self.closed(ty, known).map(Value::Type),
            };
            args.iter().map(value).collect::<Option<Vec<Value>>>()
        };
        Some(match ty {
            TypeExpr::Nat => Closed::Nat,
            TypeExpr::Boxed { ty, args } => Closed::Boxed(*ty, closed_args(args)?),
            TypeExpr::Bare {
                constructor, args, ..
            } => Closed::Bare(*constructor, closed_args(args)?),
            TypeExpr::Variable(id) => match known.variables.get(id.0 as usize)? {
                Some(Value::Type(ty)) => ty.clone(),
                _ => return None,
            },
            TypeExpr::Forward(_) => Closed::Function(known.wrapped?),
            _ => return None,
        })
    }

    fn push_closed(&mut self, bytes: &mut Vec<u8>, ty: &Closed, depth: u32) -> Option<()> {
        match ty {
            Closed::Nat => bytes.extend(self.word().to_le_bytes()),
            Closed::Boxed(ty, args) => self.push_boxed(bytes, *ty, args, depth)?,
            Closed::Bare(id, args) => self.push_bare(bytes, *id, args, depth)?,
            Closed::Function(id) => {
                self.push_id(bytes, *id);
                self.push_fields_of(bytes, *id, Known::default(), depth + 1)?;
            }
        }
        Some(())
    }

    /// A number that suits what it is for: the bits that guard something, or a small count.
    fn nat(&mut self, field: &Field, within: &Combinator, depth: u32) -> u32 {
        let mut uses = Uses::default();
        uses.add(self.schema, NatRef::Field(field.id), within, 0);
        match uses {
            Uses {
                counts: false,
                bits: 0,
            } if !self.idle_numbers => 0,
            Uses { counts: true, .. } | Uses { bits: 0, .. } => {
                u32::try_from(self.below(4)).unwrap_or(0)
            }
            _ if depth > DEPTH => 0,
            Uses { bits, .. } => self.word() & bits,
        }
    }

    fn push_vector(&mut self, bytes: &mut Vec<u8>, args: &[Value], depth: u32) -> Option<()> {
        let [Value::Type(element)] = args else {
            return None;
        };
        let count = if depth > DEPTH { 0 } else { self.below(4) };
        bytes.extend(u32::try_from(count).ok()?.to_le_bytes());
        for _ in 0..count {
            self.push_closed(bytes, element, depth + 1)?;
        }
        Some(())
    }

    fn push_builtin(&mut self, bytes: &mut Vec<u8>, builtin: Builtin) -> Option<()> {
        match builtin {
            Builtin::Int => bytes.extend(self.word().to_le_bytes()),
            Builtin::Long => bytes.extend(self.next().to_le_bytes()),
            // Values that are equal to themselves.
            Builtin::Double => {
                bytes.extend(f64::from(self.word().cast_signed()).to_le_bytes());
            }
            Builtin::Float => {
                let number = i16::try_from(self.below(1 << 15)).unwrap_or(0);
                bytes.extend(f32::from(number).to_le_bytes());
            }
            Builtin::String | Builtin::Bytes => self.push_string(bytes),
            Builtin::Int128 => self.push_words(bytes, 4),
            Builtin::Int256 => self.push_words(bytes, 8),
            Builtin::Int512 => self.push_words(bytes, 16),
            Builtin::True | Builtin::BoolFalse | Builtin::BoolTrue => {}
            _ => return None,
        }
        Some(())
    }

    fn push_words(&mut self, bytes: &mut Vec<u8>, count: usize) {
        for _ in 0..count {
            bytes.extend(self.word().to_le_bytes());
        }
    }

    fn letter(&mut self) -> u8 {
        u8::try_from(self.below(26)).unwrap_or(0)
    }

    /// A text, now and then one that needs the long form of a length.
    fn push_string(&mut self, bytes: &mut Vec<u8>) {
        let len = match self.below(20) {
            0 => 250 + self.below(10),
            _ => self.below(12),
        };
        let letters = b"abcdefghijklmnopqrstuvwxyz";
        let text: Vec<u8> = (0..len)
            .map(|_| letters[usize::from(self.letter())])
            .collect();
        let start = bytes.len();
        match u8::try_from(text.len()) {
            Ok(len) if len < 254 => bytes.push(len),
            _ => {
                let len = u32::try_from(text.len()).unwrap_or(0);
                bytes.extend((len << 8 | 254).to_le_bytes());
            }
        }
        bytes.extend(text);
        let size = (bytes.len() - start).next_multiple_of(4);
        bytes.resize(start + size, 0);
    }
}

/// How a `#` is used, here and by whom it is handed on to.
#[derive(Clone, Copy, Default)]
struct Uses {
    bits: u32,
    counts: bool,
}

impl Uses {
    fn add(&mut self, schema: &Schema, nat: NatRef, within: &Combinator, level: u32) {
        // Whoever hands it on further than that may do anything with it.
        if level > 8 {
            self.counts = true;
            return;
        }
        for field in within.all_fields() {
            if let Some(condition) = field.condition
                && condition.mask == nat
            {
                self.bits |= 1 << condition.bit;
            }
            self.add_type(schema, nat, &field.ty, level);
        }
        if within.kind == CombinatorKind::Function {
            self.add_type(schema, nat, &within.result, level);
        }
    }

    fn add_type(&mut self, schema: &Schema, nat: NatRef, ty: &TypeExpr, level: u32) {
        let (constructors, args) = match ty {
            TypeExpr::Repeat(repeat) => {
                self.counts |= repeat.count.base == Some(nat);
                return;
            }
            TypeExpr::Boxed { ty, args } => (&schema[*ty].constructors[..], args),
            TypeExpr::Bare {
                constructor, args, ..
            } => (std::slice::from_ref(constructor), args),
            _ => return,
        };
        for (position, arg) in args.iter().enumerate() {
            match arg {
                Arg::Type(ty) => self.add_type(schema, nat, ty, level),
                Arg::Nat(expr) if expr.base == Some(nat) => {
                    for &id in constructors {
                        let within = &schema[id];
                        if let Some(variable) = within.result_variable(position) {
                            self.add(schema, NatRef::Variable(variable), within, level + 1);
                        }
                    }
                }
                Arg::Nat(_) => {}
            }
        }
    }
}

impl Known {
    /// A number; one that is not there counts as 0.
    fn value(&self, nat: NatRef) -> u32 {
        if let NatRef::Variable(id) = nat {
            return match self.variables.get(id.0 as usize) {
                Some(Some(Value::Nat(value))) => *value,
                _ => 0,
            };
        }
        let of_field = self.nats.iter().rev().find(|&&(of, _)| of == nat);
        of_field.map_or(0, |&(_, value)| value)
    }

    fn sum(&self, expr: &NatExpr) -> u32 {
        let base = expr.base.map_or(0, |nat| self.value(nat));
        base.saturating_add(expr.plus)
    }
}

/// Whether values of it need nothing from outside and can be told by their id.
fn can_stand_alone(schema: &Schema, combinator: &Combinator) -> bool {
    combinator.variables.is_empty()
        && combinator.builtin.is_none()
        && !combinator.is_default(schema)
        && !combinator.predeclared
}
