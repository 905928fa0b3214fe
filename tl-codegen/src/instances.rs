//! Generic types whose arguments depend on numbers: `pair<tuple<int, n>, int>`.
//!
//! A Rust type parameter cannot hand a number on: how long a `tuple<int, n>` is, only the value
//! around it knows. So such an application becomes a type of its own, as if the schema had
//!
//! ```tl
//! pair {n:#} x:(tuple int n) y:int = PairTupleIntInt n;
//! ```
//!
//! where the numbers that vary are parameters, which everything behind here knows how to hand on.
//! Applications of one shape are one type, wherever they stand. Type parameters of the declaration
//! around stay type parameters.
//!
//! Numbers and types can grow twofold with every declaration (`a {X:Type} x:(b (pair X X)) = A X`),
//! so there are bounds; who goes beyond is refused by name. Types without end there are not:
//! resolution has refused them.

use std::borrow::Cow;

use tl_parser::ir::{
    Arg, Combinator, CombinatorId, CombinatorKind, Condition, Field, Kind, NatExpr, NatRef, Repeat,
    Schema, Type, TypeExpr, TypeId, Variable, VariableId,
};

use crate::hash::Map;
use crate::names;

/// How deep an application may be nested, how many numbers it may take, and how many there may be.
const DEPTH: usize = 32;
const NUMBERS: usize = 64;
const TYPES: usize = 4096;
/// How long what tells one application from another may be in a name.
const NAME: usize = 80;

/// A schema with a type for each application whose arguments depend on numbers.
#[derive(Debug)]
pub(crate) struct Instances<'s> {
    /// The types and combinators of the schema, and behind them those of the applications.
    pub(crate) schema: Cow<'s, Schema>,
    /// How many types and combinators are the schema's own.
    own: (usize, usize),
    types: Vec<Instance>,
    combinators: Vec<Instance>,
}

/// What is known of a type or constructor that stands for an application.
#[derive(Clone, Debug)]
pub(crate) struct Instance {
    /// The first declaration that has the application.
    pub(crate) born: CombinatorId,
    /// What is put behind the name: `TupleIntInt`.
    pub(crate) suffix: String,
}

impl<'s> Instances<'s> {
    /// Finds the applications.
    ///
    /// # Errors
    /// The names of the declarations that need too many types or numbers.
    pub(crate) fn new(schema: &'s Schema) -> Result<Self, Vec<String>> {
        let instances = Self {
            schema: Cow::Borrowed(schema),
            own: (schema.types.len(), schema.combinators.len()),
            types: Vec::new(),
            combinators: Vec::new(),
        };
        if !any_application(schema) {
            return Ok(instances);
        }
        let mut work = Work {
            original: schema,
            schema: schema.clone(),
            instances,
            by_type: Map::default(),
            refused: Vec::new(),
        };
        work.run();
        let Work {
            schema,
            mut instances,
            refused,
            ..
        } = work;
        if !refused.is_empty() {
            return Err(refused);
        }
        instances.schema = Cow::Owned(schema);
        Ok(instances)
    }

    /// What is known of a type, if it is none of the schema's own.
    pub(crate) fn of_type(&self, id: TypeId) -> Option<&Instance> {
        self.types.get((id.0 as usize).checked_sub(self.own.0)?)
    }

    /// What is known of a constructor, if it is none of the schema's own.
    pub(crate) fn of_combinator(&self, id: CombinatorId) -> Option<&Instance> {
        let index = (id.0 as usize).checked_sub(self.own.1)?;
        self.combinators.get(index)
    }
}

/// Whether there is anything to do: most schemas have no such application.
fn any_application(schema: &Schema) -> bool {
    fn in_type(schema: &Schema, ty: &TypeExpr) -> bool {
        let (TypeExpr::Boxed { args, .. } | TypeExpr::Bare { args, .. }) = ty else {
            return match ty {
                TypeExpr::Repeat(repeat) => repeat.fields.iter().any(|f| in_type(schema, &f.ty)),
                _ => false,
            };
        };
        args.iter().any(|arg| match arg {
            Arg::Nat(_) => false,
            Arg::Type(arg) => in_type(schema, arg) || takes_numbers(schema, arg),
        })
    }
    schema.combinators.iter().any(|combinator| {
        let fields = combinator.fields.iter().map(|field| &field.ty);
        fields
            .chain([&combinator.result])
            .any(|ty| in_type(schema, ty))
    })
}

/// The type that is applied and its arguments; `None` for what is no application of a generated
/// type.
fn application(schema: &Schema, ty: &TypeExpr) -> Option<TypeId> {
    match ty {
        TypeExpr::Boxed { ty, .. } => {
            let first = schema[*ty].constructors.first();
            first
                .is_none_or(|&id| schema[id].builtin.is_none())
                .then_some(*ty)
        }
        TypeExpr::Bare { constructor, .. } => {
            let combinator = &schema[*constructor];
            match combinator.builtin {
                None => combinator.result_type(),
                Some(_) => None,
            }
        }
        _ => None,
    }
}

/// Whether whoever reads a value of the type needs numbers for it.
fn takes_numbers(schema: &Schema, ty: &TypeExpr) -> bool {
    match (application(schema, ty), ty) {
        (Some(id), _) => schema[id].parameters.contains(&Kind::Nat),
        // Vectors hand on what their elements need.
        (None, TypeExpr::Boxed { args, .. } | TypeExpr::Bare { args, .. }) => args
            .iter()
            .any(|arg| matches!(arg, Arg::Type(ty) if takes_numbers(schema, ty))),
        _ => false,
    }
}

struct Work<'s> {
    /// What is put into it comes from here, so that there is one way to each application.
    original: &'s Schema,
    schema: Schema,
    instances: Instances<'s>,
    /// For each type the arguments that it has an own type for.
    by_type: Map<TypeId, Vec<(Vec<Arg>, TypeId)>>,
    refused: Vec<String>,
}

/// Where an application stands.
#[derive(Clone, Copy)]
struct Place {
    within: CombinatorId,
    /// The declaration of the schema that it is there for.
    born: CombinatorId,
}

/// An application goes beyond the bounds.
struct Beyond;

impl Work<'_> {
    fn run(&mut self) {
        let mut index = 0;
        // Applications may be found in the constructors of applications.
        while index < self.schema.combinators.len() {
            let id = CombinatorId(as_u32(index));
            index += 1;
            let born = match self.instances.of_combinator(id) {
                Some(instance) => instance.born,
                None => id,
            };
            let place = Place { within: id, born };
            let combinator = &self.schema[id];
            let is_function = combinator.kind == CombinatorKind::Function;
            let mut fields = combinator.fields.clone();
            let mut result = combinator.result.clone();
            let mut outcome = self.fields(&mut fields, place);
            if is_function && outcome.is_ok() {
                outcome = self.rewrite(&mut result, place);
            }
            let combinator = &mut self.schema.combinators[id.0 as usize];
            combinator.fields = fields;
            combinator.result = result;
            if outcome.is_err() {
                let name = self.schema[self.schema[born].name].to_owned();
                if !self.refused.contains(&name) {
                    self.refused.push(name);
                }
            }
        }
    }

    fn fields(&mut self, fields: &mut [Field], place: Place) -> Result<(), Beyond> {
        fields
            .iter_mut()
            .try_for_each(|field| self.rewrite(&mut field.ty, place))
    }

    fn rewrite(&mut self, ty: &mut TypeExpr, place: Place) -> Result<(), Beyond> {
        match ty {
            TypeExpr::Boxed { args, .. } | TypeExpr::Bare { args, .. } => {
                for arg in args {
                    if let Arg::Type(arg) = arg {
                        self.rewrite(arg, place)?;
                    }
                }
            }
            TypeExpr::Repeat(repeat) => return self.fields(&mut repeat.fields, place),
            _ => return Ok(()),
        }
        let Some(id) = application(&self.schema, ty) else {
            return Ok(());
        };
        let (TypeExpr::Boxed { args, .. } | TypeExpr::Bare { args, .. }) = ty else {
            return Ok(());
        };
        let takes_numbers =
            |arg: &Arg| matches!(arg, Arg::Type(ty) if takes_numbers(&self.schema, ty));
        if !args.iter().any(takes_numbers) {
            return Ok(());
        }
        let mut shape = Shape::default();
        let shaped = shape.of_args(args);
        if shape.depth > DEPTH || shape.nats.len() > NUMBERS {
            return Err(Beyond);
        }
        let known = self.by_type.entry(id).or_default();
        let found = known.iter().find(|(args, _)| *args == shaped);
        let instance = match found {
            Some(&(_, instance)) => instance,
            None => self.make(id, shaped, &shape, place)?,
        };
        let types = shape.types.iter().map(|&id| TypeExpr::Variable(id));
        let nats = shape.nats.into_iter().map(Arg::Nat);
        let args = types.map(Arg::Type).chain(nats).collect();
        *ty = match *ty {
            TypeExpr::Bare {
                constructor,
                percent,
                ..
            } => {
                let constructors = &self.schema[id].constructors;
                let position = constructors.iter().position(|&id| id == constructor);
                let constructors = &self.schema[instance].constructors;
                let constructor = constructors.get(position.unwrap_or(0)).copied();
                TypeExpr::Bare {
                    constructor: constructor.ok_or(Beyond)?,
                    args,
                    percent,
                }
            }
            _ => TypeExpr::Boxed { ty: instance, args },
        };
        Ok(())
    }

    /// The type for an application.
    fn make(
        &mut self,
        id: TypeId,
        args: Vec<Arg>,
        shape: &Shape,
        place: Place,
    ) -> Result<TypeId, Beyond> {
        if self.instances.types.len() >= TYPES {
            return Err(Beyond);
        }
        let mut suffix = String::new();
        for arg in &args {
            self.push_name(&mut suffix, arg, false);
        }
        suffix.truncate(NAME);
        let ty = TypeId(as_u32(self.schema.types.len()));
        let variables = self.variables(shape, place.within);
        let first = self.schema.combinators.len();
        let generic_type = self.original.types.get(id.0 as usize).ok_or(Beyond)?;
        let constructors = &generic_type.constructors;
        let numbers = first..first + constructors.len();
        self.schema.types.push(Type {
            parameters: variables.iter().map(|variable| variable.kind).collect(),
            constructors: numbers.map(|index| CombinatorId(as_u32(index))).collect(),
            ..generic_type.clone()
        });
        for &constructor in constructors {
            let generic = &self.original[constructor];
            let substitution = Substitution {
                args: (0..generic.variables.len())
                    .map(|variable| {
                        let is_it = |&position: &usize| {
                            generic.result_variable(position) == Some(VariableId(as_u32(variable)))
                        };
                        let position = (0..args.len()).find(is_it)?;
                        args.get(position)
                    })
                    .collect(),
            };
            let own_args = (0..).zip(&variables).map(|(number, variable)| {
                let id = VariableId(number);
                match variable.kind {
                    Kind::Type => Arg::Type(TypeExpr::Variable(id)),
                    Kind::Nat => Arg::Nat(NatExpr {
                        base: Some(NatRef::Variable(id)),
                        plus: 0,
                    }),
                }
            });
            let combinator = Combinator {
                fields: substitution.fields(&generic.fields),
                result: TypeExpr::Boxed {
                    ty,
                    args: own_args.collect(),
                },
                variables: variables.clone(),
                ..generic.clone()
            };
            self.schema.combinators.push(combinator);
            self.instances.combinators.push(Instance {
                born: place.born,
                suffix: suffix.clone(),
            });
        }
        self.instances.types.push(Instance {
            born: place.born,
            suffix,
        });
        self.by_type.entry(id).or_default().push((args, ty));
        Ok(ty)
    }

    /// The variables of what stands for an application: types, then numbers, each called as in the
    /// declaration that has the application.
    fn variables(&self, shape: &Shape, within: CombinatorId) -> Vec<Variable> {
        let within = &self.schema[within];
        let fallback = within.name;
        let name_of = |nat: NatRef| match nat {
            NatRef::Variable(id) => within
                .variables
                .get(id.0 as usize)
                .map(|variable| variable.name),
            NatRef::Field(id) => within.field(id).and_then(|field| field.name),
        };
        let types = shape.types.iter().map(|id| Variable {
            name: within
                .variables
                .get(id.0 as usize)
                .map_or(fallback, |variable| variable.name),
            kind: Kind::Type,
            location: None,
        });
        let nats = shape.nats.iter().map(|nat| Variable {
            name: nat.base.and_then(name_of).unwrap_or(fallback),
            kind: Kind::Nat,
            location: None,
        });
        types.chain(nats).collect()
    }

    /// Appends what an argument is called within a name.
    fn push_name(&self, to: &mut String, arg: &Arg, inner: bool) {
        let ty = match arg {
            Arg::Type(ty) => ty,
            Arg::Nat(NatExpr { base: None, plus }) if inner => {
                to.push_str(&plus.to_string());
                return;
            }
            Arg::Nat(_) => return,
        };
        let (name, args, suffix) = match ty {
            TypeExpr::Boxed { ty, args } => {
                let suffix = self.instances.of_type(*ty);
                (self.schema[*ty].name, args, suffix)
            }
            TypeExpr::Bare {
                constructor, args, ..
            } => {
                let suffix = self.instances.of_combinator(*constructor);
                (self.schema[*constructor].name, args, suffix)
            }
            _ => return,
        };
        let name = names::pascal(names::split(&self.schema[name]).1);
        to.push_str(name.strip_suffix('_').unwrap_or(&name));
        match suffix {
            Some(instance) => to.push_str(&instance.suffix),
            None => args.iter().for_each(|arg| self.push_name(to, arg, true)),
        }
    }
}

/// What is left of arguments when everything that varies from place to place is taken out.
#[derive(Default)]
struct Shape {
    /// The type parameters of the declaration around, each once.
    types: Vec<VariableId>,
    /// The numbers, in order.
    nats: Vec<NatExpr>,
    /// How deep the arguments are nested.
    depth: usize,
}

impl Shape {
    /// The arguments as those of a type of its own, whose parameters are `types` and `nats`.
    fn of_args(&mut self, args: &[Arg]) -> Vec<Arg> {
        for arg in args {
            if let Arg::Type(ty) = arg {
                self.collect_types(ty);
            }
        }
        let direct = |this: &mut Self, arg: &Arg| match arg {
            // All of the type's own numbers vary; one that is always the same might be a mask.
            Arg::Nat(nat) => Arg::Nat(this.nat(*nat)),
            Arg::Type(ty) => Arg::Type(this.of_type(ty, 1)),
        };
        args.iter().map(|arg| direct(self, arg)).collect()
    }

    fn collect_types(&mut self, ty: &TypeExpr) {
        match ty {
            TypeExpr::Variable(id) | TypeExpr::Forward(id) if !self.types.contains(id) => {
                self.types.push(*id);
            }
            TypeExpr::Boxed { args, .. } | TypeExpr::Bare { args, .. } => {
                for arg in args {
                    if let Arg::Type(ty) = arg {
                        self.collect_types(ty);
                    }
                }
            }
            _ => {}
        }
    }

    fn of_type(&mut self, ty: &TypeExpr, depth: usize) -> TypeExpr {
        self.depth = self.depth.max(depth);
        let variable = |this: &Self, id: &VariableId| {
            let index = this.types.iter().position(|other| other == id);
            VariableId(as_u32(index.unwrap_or(0)))
        };
        match ty {
            TypeExpr::Variable(id) => TypeExpr::Variable(variable(self, id)),
            TypeExpr::Forward(id) => TypeExpr::Forward(variable(self, id)),
            TypeExpr::Boxed { ty, args } => TypeExpr::Boxed {
                ty: *ty,
                args: self.of_inner(args, depth),
            },
            TypeExpr::Bare {
                constructor, args, ..
            } => TypeExpr::Bare {
                constructor: *constructor,
                args: self.of_inner(args, depth),
                percent: false,
            },
            // Neither stands in arguments.
            TypeExpr::Nat | TypeExpr::Repeat(_) | _ => ty.clone(),
        }
    }

    fn of_inner(&mut self, args: &[Arg], depth: usize) -> Vec<Arg> {
        let arg = |arg: &Arg| match arg {
            Arg::Type(ty) => Arg::Type(self.of_type(ty, depth + 1)),
            Arg::Nat(nat @ NatExpr { base: None, .. }) => Arg::Nat(*nat),
            Arg::Nat(nat) => Arg::Nat(self.nat(*nat)),
        };
        args.iter().map(arg).collect()
    }

    /// A number becomes the next parameter.
    fn nat(&mut self, nat: NatExpr) -> NatExpr {
        let number = self.types.len() + self.nats.len();
        self.nats.push(nat);
        NatExpr {
            base: Some(NatRef::Variable(VariableId(as_u32(number)))),
            plus: 0,
        }
    }
}

/// What stands for each variable of a constructor.
struct Substitution<'a> {
    args: Vec<Option<&'a Arg>>,
}

impl Substitution<'_> {
    fn fields(&self, fields: &[Field]) -> Vec<Field> {
        let field = |field: &Field| Field {
            condition: field.condition.map(|condition| Condition {
                mask: self.nat_ref(condition.mask),
                bit: condition.bit,
            }),
            ty: self.ty(&field.ty),
            ..field.clone()
        };
        fields.iter().map(field).collect()
    }

    fn arg(&self, id: VariableId) -> Option<&Arg> {
        self.args.get(id.0 as usize).copied().flatten()
    }

    fn nat_ref(&self, nat: NatRef) -> NatRef {
        let expr = NatExpr {
            base: Some(nat),
            plus: 0,
        };
        self.nat(expr).base.unwrap_or(nat)
    }

    fn nat(&self, nat: NatExpr) -> NatExpr {
        let Some(NatRef::Variable(id)) = nat.base else {
            return nat;
        };
        match self.arg(id) {
            Some(Arg::Nat(arg)) => NatExpr {
                base: arg.base,
                plus: arg.plus.saturating_add(nat.plus),
            },
            _ => nat,
        }
    }

    fn ty(&self, ty: &TypeExpr) -> TypeExpr {
        match ty {
            TypeExpr::Variable(id) | TypeExpr::Forward(id) => match self.arg(*id) {
                Some(Arg::Type(arg)) => arg.clone(),
                _ => ty.clone(),
            },
            TypeExpr::Boxed { ty, args } => TypeExpr::Boxed {
                ty: *ty,
                args: self.args(args),
            },
            TypeExpr::Bare {
                constructor,
                args,
                percent,
            } => TypeExpr::Bare {
                constructor: *constructor,
                args: self.args(args),
                percent: *percent,
            },
            TypeExpr::Repeat(repeat) => TypeExpr::Repeat(Box::new(Repeat {
                count: self.nat(repeat.count),
                implicit: repeat.implicit,
                fields: self.fields(&repeat.fields),
            })),
            _ => ty.clone(),
        }
    }

    fn args(&self, args: &[Arg]) -> Vec<Arg> {
        let arg = |arg: &Arg| match arg {
            Arg::Type(ty) => Arg::Type(self.ty(ty)),
            Arg::Nat(nat) => Arg::Nat(self.nat(*nat)),
        };
        args.iter().map(arg).collect()
    }
}

fn as_u32(index: usize) -> u32 {
    u32::try_from(index).unwrap_or(u32::MAX)
}
