//! Random values of a schema, as bytes: for tests and fuzzing.
//!
//! The bytes come from the IR alone, not from generated code, so that they can judge it: what is
//! read from them and written again must be the same bytes.

use tl_parser::ir::{
    Arg, Builtin, CombinatorId, Field, Kind, NatExpr, NatRef, Schema, TypeExpr, TypeId,
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
}

/// How deep values are nested before only what must be there is made.
const DEPTH: u32 = 6;
/// How deep values may be nested at all.
const DEPTH_LIMIT: u32 = 40;

impl<'s> Sampler<'s> {
    /// A source of values; the same seed gives the same values.
    #[must_use]
    pub const fn new(schema: &'s Schema, seed: u64) -> Self {
        Self {
            schema,
            state: seed ^ 0x9e37_79b9_7f4a_7c15,
        }
    }

    /// A value of a type, its id included. `None` for types with parameters, and if no value ends
    /// within a sensible depth.
    pub fn boxed(&mut self, ty: TypeId) -> Option<Vec<u8>> {
        let mut bytes = Vec::new();
        self.push_boxed(&mut bytes, ty, &[], 0)?;
        Some(bytes)
    }

    /// A value of a constructor or function, its id included.
    pub fn combinator(&mut self, id: CombinatorId) -> Option<Vec<u8>> {
        let mut bytes = self.schema[id].id.to_le_bytes().to_vec();
        self.push_bare(&mut bytes, id, &[], 0)?;
        Some(bytes)
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

    fn push_boxed(
        &mut self,
        bytes: &mut Vec<u8>,
        ty: TypeId,
        nats: &[u32],
        depth: u32,
    ) -> Option<()> {
        let constructors = &self.schema[ty].constructors;
        if constructors.is_empty() || depth > DEPTH_LIMIT {
            return None;
        }
        let fewest = |id: &CombinatorId| self.schema[*id].fields.len();
        let id = if depth > DEPTH {
            constructors.iter().copied().min_by_key(fewest)?
        } else {
            let index = self.below(constructors.len() as u64);
            constructors[usize::try_from(index).ok()?]
        };
        bytes.extend(self.schema[id].id.to_le_bytes());
        self.push_bare(bytes, id, nats, depth)
    }

    fn push_bare(
        &mut self,
        bytes: &mut Vec<u8>,
        id: CombinatorId,
        nats: &[u32],
        depth: u32,
    ) -> Option<()> {
        let schema = self.schema;
        let combinator = &schema[id];
        if let Some(builtin) = combinator.builtin {
            return self.push_builtin(bytes, builtin);
        }
        let mut known: Vec<(NatRef, u32)> = Vec::new();
        let mut given = nats.iter();
        for (number, variable) in (0..).zip(&combinator.variables) {
            if variable.kind != Kind::Nat {
                return None;
            }
            known.push((
                NatRef::Variable(tl_parser::ir::VariableId(number)),
                *given.next()?,
            ));
        }
        self.push_fields(bytes, &combinator.fields, &mut known, depth + 1)
    }

    fn push_fields(
        &mut self,
        bytes: &mut Vec<u8>,
        fields: &[Field],
        known: &mut Vec<(NatRef, u32)>,
        depth: u32,
    ) -> Option<()> {
        for field in fields {
            if let Some(condition) = field.condition
                && value(known, condition.mask) >> condition.bit & 1 == 0
            {
                continue;
            }
            if matches!(field.ty, TypeExpr::Nat) {
                let nat = self.nat(field, fields, depth);
                known.push((NatRef::Field(field.id), nat));
                bytes.extend(nat.to_le_bytes());
                continue;
            }
            self.push_type(bytes, &field.ty, known, depth)?;
        }
        Some(())
    }

    /// A number that suits what it is for: the bits that guard something, or a small count.
    fn nat(&mut self, field: &Field, fields: &[Field], depth: u32) -> u32 {
        let me = NatRef::Field(field.id);
        let conditions = fields.iter().filter_map(|field| field.condition);
        let bits = conditions.filter(|condition| condition.mask == me);
        let bits = bits.fold(0_u32, |bits, condition| bits | 1 << condition.bit);
        match bits {
            0 => u32::try_from(self.below(4)).unwrap_or(0),
            _ if depth > DEPTH => 0,
            bits => self.word() & bits,
        }
    }

    fn push_type(
        &mut self,
        bytes: &mut Vec<u8>,
        ty: &TypeExpr,
        known: &mut Vec<(NatRef, u32)>,
        depth: u32,
    ) -> Option<()> {
        let schema = self.schema;
        match ty {
            TypeExpr::Boxed { ty, args } => {
                let first = schema[*ty].constructors.first().copied();
                match first.and_then(|id| schema[id].builtin) {
                    Some(Builtin::Vector) => {
                        bytes.extend(0x1cb5_c415_u32.to_le_bytes());
                        self.push_vector(bytes, args, known, depth)
                    }
                    Some(Builtin::Object | Builtin::Function) => {
                        bytes.extend(self.word().to_le_bytes());
                        Some(())
                    }
                    _ => self.push_boxed(bytes, *ty, &numbers(args, known), depth),
                }
            }
            TypeExpr::Bare {
                constructor, args, ..
            } => match schema[*constructor].builtin {
                Some(Builtin::Vector) => self.push_vector(bytes, args, known, depth),
                _ => self.push_bare(bytes, *constructor, &numbers(args, known), depth),
            },
            TypeExpr::Repeat(repeat) => {
                for _ in 0..sum(&repeat.count, known) {
                    let len = known.len();
                    self.push_fields(bytes, &repeat.fields, known, depth)?;
                    known.truncate(len);
                }
                Some(())
            }
            _ => None,
        }
    }

    fn push_vector(
        &mut self,
        bytes: &mut Vec<u8>,
        args: &[Arg],
        known: &mut Vec<(NatRef, u32)>,
        depth: u32,
    ) -> Option<()> {
        let [Arg::Type(element)] = args else {
            return None;
        };
        let count = if depth > DEPTH { 0 } else { self.below(4) };
        bytes.extend(u32::try_from(count).ok()?.to_le_bytes());
        for _ in 0..count {
            self.push_type(bytes, element, known, depth + 1)?;
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

fn value(known: &[(NatRef, u32)], nat: NatRef) -> u32 {
    known
        .iter()
        .rev()
        .find(|&&(of, _)| of == nat)
        .map_or(0, |&(_, value)| value)
}

fn sum(expr: &NatExpr, known: &[(NatRef, u32)]) -> u32 {
    let base = expr.base.map_or(0, |nat| value(known, nat));
    base.saturating_add(expr.plus)
}

fn numbers(args: &[Arg], known: &[(NatRef, u32)]) -> Vec<u32> {
    let numbers = args.iter().filter_map(|arg| match arg {
        Arg::Nat(expr) => Some(sum(expr, known)),
        Arg::Type(_) => None,
    });
    numbers.collect()
}
