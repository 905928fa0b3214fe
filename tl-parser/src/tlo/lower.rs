//! The IR to the tree.

use std::collections::{HashMap, HashSet};

use super::text::MAX_CHOICES;
use super::tree::{
    Arg, Combinator, Exists, Expr, File, NAT_TYPE, NatExpr, TYPE_TYPE, Type, TypeExpr,
};
use super::{Version, WriteError, WriteErrorKind};
use crate::conversion::{Loss, LossKind, Losses};
use crate::ir;
use crate::ir::{
    Annotations, Arg as IrArg, CombinatorId, CombinatorKind, Field, FieldId, Kind, NatRef, Schema,
    TypeExpr as IrType, TypeId,
};

/// The tree of a schema, and what of the schema it cannot hold.
pub(super) fn lower(schema: &Schema, version: Version) -> Result<(File, Vec<Loss>), WriteError> {
    let uses = Uses::of(schema);
    let numbers = numbers(schema, &uses);
    let mut types = vec![base_type("#", NAT_TYPE), base_type("Type", TYPE_TYPE)];
    let mut order = Vec::new();
    for id in schema
        .type_ids()
        .filter(|id| uses.types[id.0 as usize].is_used)
    {
        types.push(ty(schema, &uses, &numbers, id)?);
        order.push(id);
    }
    // Numbers are what types are told apart by.
    let mut seen = HashMap::new();
    for ty in &types {
        if let Some(other) = seen.insert(ty.name, &ty.id) {
            let (other, number) = (other.clone(), ty.name);
            let kind = WriteErrorKind::SameNumber { other, number };
            return Err(WriteError::new(&ty.id, kind));
        }
    }
    types.sort_by(|a, b| a.id.cmp(&b.id));
    order.sort_by(|a, b| schema[schema[*a].name].cmp(&schema[schema[*b].name]));

    let mut constructors = Vec::new();
    for id in order {
        constructors.extend(uses.constructors(schema, id));
    }
    let mut functions: Vec<_> = uses.of_kind(schema, CombinatorKind::Function).collect();
    functions.sort_by(|a, b| schema[schema[*a].name].cmp(&schema[schema[*b].name]));

    let losses = losses(schema, &uses, version, &constructors, &functions);
    let combinators = |ids: Vec<CombinatorId>| -> Result<Vec<Combinator>, WriteError> {
        let mut names = HashSet::new();
        ids.into_iter()
            .map(|id| {
                let name = schema[id].name;
                if !names.insert(name) && &schema[name] != "_" {
                    let kind = WriteErrorKind::RepeatedName;
                    return Err(WriteError::new(&schema[name], kind));
                }
                Lowering::new(schema, &numbers, version, id).combinator()
            })
            .collect()
    };
    let file = File {
        version,
        types,
        constructors: combinators(constructors)?,
        functions: combinators(functions)?,
    };
    Ok((file, losses))
}

fn base_type(id: &str, name: u32) -> Type {
    Type {
        name,
        id: id.to_owned(),
        constructors_num: 0,
        flags: 0,
        arity: 0,
        params_type: 0,
    }
}

/// A type's number: the exclusive or of its constructors' ids.
fn numbers(schema: &Schema, uses: &Uses) -> Vec<u32> {
    schema
        .type_ids()
        .map(|id| {
            let ids = uses.constructors(schema, id);
            ids.into_iter().fold(0, |number, id| number ^ schema[id].id)
        })
        .collect()
}

fn ty(schema: &Schema, uses: &Uses, numbers: &[u32], id: TypeId) -> Result<Type, WriteError> {
    let ty = &schema[id];
    let name = &schema[ty.name];
    let arity = ty.parameters.len();
    let constructors = uses.constructors(schema, id);
    let mut params_type = 0_u64;
    for (index, kind) in ty.parameters.iter().enumerate() {
        if index >= 64 {
            return Err(WriteError::new(
                name,
                WriteErrorKind::TooManyParameters { arity },
            ));
        }
        if *kind == Kind::Nat {
            params_type |= 1 << index;
        }
    }
    let usage = uses.types[id.0 as usize];
    let mut flags = 0;
    for (condition, flag) in [
        (usage.by_constructor || ty.is_final, Type::BARE),
        (usage.by_percent, Type::PERCENT),
        (constructors.len() > 1, Type::OVERLAPPING),
        (ty.is_final && constructors.is_empty(), Type::EMPTY),
        (
            constructors.iter().any(|&id| schema[id].is_default(schema)),
            Type::DEFAULT_CONSTRUCTOR,
        ),
    ] {
        if condition {
            flags |= flag;
        }
    }
    let too_many = |of| move |_| WriteError::new(name, WriteErrorKind::TooMany { of });
    Ok(Type {
        name: numbers[id.0 as usize],
        id: name.to_owned(),
        constructors_num: u32::try_from(constructors.len()).map_err(too_many("constructors"))?,
        flags,
        arity: u32::try_from(arity).map_err(too_many("parameters"))?,
        params_type,
    })
}

/// What of a schema is written: all that is declared, and of what is predeclared only what is
/// used.
struct Uses {
    types: Vec<TypeUse>,
    combinators: Vec<bool>,
}

#[derive(Clone, Copy, Default)]
struct TypeUse {
    is_used: bool,
    /// `message`
    by_constructor: bool,
    /// `%Message`
    by_percent: bool,
}

impl Uses {
    fn of(schema: &Schema) -> Self {
        let mut uses = Self {
            types: vec![TypeUse::default(); schema.types.len()],
            combinators: vec![false; schema.combinators.len()],
        };
        for (ty, usage) in schema.types.iter().zip(&mut uses.types) {
            usage.is_used = !ty.predeclared;
        }
        let mut todo: Vec<CombinatorId> = schema
            .combinator_ids()
            .filter(|&id| !schema[id].predeclared)
            .collect();
        while let Some(id) = todo.pop() {
            let seen = &mut uses.combinators[id.0 as usize];
            if std::mem::replace(seen, true) {
                continue;
            }
            let combinator = &schema[id];
            for field in &combinator.fields {
                uses.ty(schema, &field.ty, &mut todo);
            }
            uses.ty(schema, &combinator.result, &mut todo);
        }
        uses
    }

    fn ty(&mut self, schema: &Schema, ty: &IrType, todo: &mut Vec<CombinatorId>) {
        let (id, args) = match ty {
            IrType::Boxed { ty, args } => (*ty, args),
            IrType::Bare {
                constructor,
                args,
                percent,
            } => {
                let Some(id) = schema[*constructor].result_type() else {
                    return;
                };
                let usage = &mut self.types[id.0 as usize];
                usage.by_constructor |= !percent;
                usage.by_percent |= percent;
                (id, args)
            }
            IrType::Repeat(repeat) => {
                for field in &repeat.fields {
                    self.ty(schema, &field.ty, todo);
                }
                return;
            }
            IrType::Nat | IrType::Variable(_) | IrType::Forward(_) => return,
        };
        let usage = &mut self.types[id.0 as usize];
        if !std::mem::replace(&mut usage.is_used, true) {
            todo.extend(&schema[id].constructors);
        }
        for arg in args {
            if let IrArg::Type(ty) = arg {
                self.ty(schema, ty, todo);
            }
        }
    }

    fn of_kind<'a>(
        &'a self,
        schema: &'a Schema,
        kind: CombinatorKind,
    ) -> impl Iterator<Item = CombinatorId> + 'a {
        let is_used = |id: &CombinatorId| self.combinators[id.0 as usize];
        let ids = schema.combinator_ids().filter(is_used);
        ids.filter(move |&id| schema[id].kind == kind)
    }

    /// The constructors of a type that are written, a default one last.
    fn constructors(&self, schema: &Schema, ty: TypeId) -> Vec<CombinatorId> {
        let ids = schema[ty].constructors.iter().copied();
        let mut ids: Vec<_> = ids.filter(|id| self.combinators[id.0 as usize]).collect();
        ids.sort_by_key(|&id| schema[id].is_default(schema));
        ids
    }
}

/// What the file cannot hold of the schema.
fn losses(
    schema: &Schema,
    uses: &Uses,
    version: Version,
    constructors: &[CombinatorId],
    functions: &[CombinatorId],
) -> Vec<Loss> {
    let mut losses = Losses::default();
    if schema.layer.is_some() {
        losses.of_schema(LossKind::Layer);
    }
    let all = constructors.iter().chain(functions).copied();
    let written: Vec<_> = all.filter(|&id| !schema[id].predeclared).collect();
    if !written.is_sorted() {
        losses.of_schema(LossKind::Order);
    }
    for specialisation in &schema.specialisations {
        let name = schema[specialisation.constructor].name;
        losses.of_declaration(LossKind::Specialisations, &schema[name]);
    }
    for ty in &schema.types {
        if ty.is_final && !ty.constructors.is_empty() {
            losses.of_declaration(LossKind::Finalisation, &schema[ty.name]);
        }
        if ty.docs.is_some() {
            losses.of_declaration(LossKind::Docs, &schema[ty.name]);
        }
    }
    let kept = match version {
        Version::V2 | Version::V3 => 0,
        Version::V4 => !Annotations::ANY,
    };
    for id in written {
        let combinator = &schema[id];
        let name = &schema[combinator.name];
        if combinator.docs.is_some() || combinator.all_fields().any(|field| field.docs.is_some()) {
            losses.of_declaration(LossKind::Docs, name);
        }
        if combinator.annotations.0 & !kept != 0 {
            losses.of_declaration(LossKind::Annotations, name);
        }
        if combinator.layer.is_some() {
            losses.of_declaration(LossKind::LayerSections, name);
        }
        if Choices::of(schema, uses, combinator).are_lost(combinator) {
            losses.of_declaration(LossKind::Spelling, name);
        }
    }
    losses.finish()
}

/// How often a declaration is written in which of two ways that are the same in the file: the way
/// that the reader takes by itself, and the other.
#[derive(Clone, Copy, Default)]
struct Choices {
    /// `message`, `%Message`, where the flags of the type do not tell.
    percent: [usize; 2],
    /// `n*[ … ]`, `[ … ]`
    implicit: [usize; 2],
    /// `int`, `_:int`
    underscore: [usize; 2],
}

impl Choices {
    fn of(schema: &Schema, uses: &Uses, combinator: &ir::Combinator) -> Self {
        let mut this = Self::default();
        for field in combinator.all_fields() {
            match field.name.map(|name| &schema[name]) {
                None => this.underscore[0] += 1,
                Some("_") => this.underscore[1] += 1,
                Some(_) => {}
            }
            match &field.ty {
                IrType::Repeat(repeat) => {
                    if repeat
                        .count
                        .base
                        .is_some_and(|base| is_named(combinator, base))
                    {
                        this.implicit[usize::from(repeat.implicit)] += 1;
                    }
                }
                ty => this.ty(schema, uses, ty),
            }
        }
        this.ty(schema, uses, &combinator.result);
        this
    }

    fn ty(&mut self, schema: &Schema, uses: &Uses, ty: &IrType) {
        let args = match ty {
            IrType::Bare {
                constructor,
                args,
                percent,
            } => {
                if let Some(id) = schema[*constructor].result_type() {
                    let usage = uses.types[id.0 as usize];
                    if usage.by_percent && (usage.by_constructor || schema[id].is_final) {
                        self.percent[usize::from(*percent)] += 1;
                    }
                }
                args
            }
            IrType::Boxed { args, .. } => args,
            _ => return,
        };
        for arg in args {
            if let IrArg::Type(ty) = arg {
                self.ty(schema, uses, ty);
            }
        }
    }

    /// Whether the reader takes another way somewhere: it goes by the id, if that helps.
    fn are_lost(self, combinator: &ir::Combinator) -> bool {
        let all = [self.percent, self.implicit, self.underscore];
        let count = all.iter().flatten().sum::<usize>();
        let follows_a_rule = combinator.id == combinator.computed_id;
        all.into_iter().any(|[first, second]| {
            second != 0 && (!follows_a_rule || (first != 0 && count > MAX_CHOICES))
        })
    }
}

/// Whether a number could be named where it is meant.
fn is_named(combinator: &ir::Combinator, nat: NatRef) -> bool {
    match nat {
        NatRef::Variable(_) => true,
        NatRef::Field(id) => combinator
            .field(id)
            .is_some_and(|field| field.name.is_some()),
    }
}

/// Lowers one combinator.
struct Lowering<'a> {
    schema: &'a Schema,
    /// Of the types.
    numbers: &'a [u32],
    version: Version,
    combinator: &'a ir::Combinator,
    /// The numbers of its `#` fields; those of its variables are their indexes.
    fields: HashMap<FieldId, u32>,
}

impl<'a> Lowering<'a> {
    fn new(
        schema: &'a Schema,
        numbers: &'a [u32],
        version: Version,
        combinator: CombinatorId,
    ) -> Self {
        let combinator = &schema[combinator];
        let mut this = Self {
            schema,
            numbers,
            version,
            combinator,
            fields: HashMap::new(),
        };
        this.number_fields();
        this
    }

    /// Gives each `#` field a number, in the order of the text.
    ///
    /// The official tool gives none to a `#` that is itself conditional, and writes nonsense where
    /// such a field is used. Here it has one if it is used.
    fn number_fields(&mut self) {
        let mut used = HashSet::new();
        if self.version == Version::V2 {
            for field in self.combinator.all_fields() {
                uses_of_nats(field, &mut used);
            }
            args_use_of_nats(&self.combinator.result, &mut used);
        }
        let mut next = self.combinator.variables.len();
        for field in self.combinator.all_fields() {
            let is_numbered = field.ty == IrType::Nat
                && (field.condition.is_none()
                    || self.version != Version::V2
                    || used.contains(&NatRef::Field(field.id)));
            if is_numbered {
                self.fields
                    .insert(field.id, u32::try_from(next).unwrap_or(u32::MAX));
                next += 1;
            }
        }
    }

    fn combinator(&self) -> Result<Combinator, WriteError> {
        let combinator = self.combinator;
        let mut args = Vec::new();
        for (number, variable) in (0..).zip(&combinator.variables) {
            args.push(Arg {
                offset: 0,
                id: self.schema[variable.name].to_owned(),
                is_variable: true,
                is_forward: false,
                var_num: Some(number),
                exists: None,
                ty: plain(match variable.kind {
                    Kind::Type => TYPE_TYPE,
                    Kind::Nat => NAT_TYPE,
                }),
            });
        }
        for field in &combinator.fields {
            args.push(self.field(field)?);
        }
        let right = self.ty(&combinator.result)?;
        Ok(Combinator {
            name: combinator.id,
            id: self.schema[combinator.name].to_owned(),
            type_name: match right {
                TypeExpr::Type { name, .. } => name,
                _ => 0,
            },
            left: (!combinator.opaque).then_some(args),
            right,
            flags: flags(combinator.annotations),
        })
    }

    fn field(&self, field: &Field) -> Result<Arg, WriteError> {
        let name = field.name.map(|name| &self.schema[name]);
        Ok(Arg {
            offset: 0,
            id: name.filter(|name| *name != "_").unwrap_or("").to_owned(),
            is_variable: false,
            is_forward: matches!(field.ty, IrType::Forward(_)),
            var_num: self.fields.get(&field.id).copied(),
            exists: field.condition.map(|condition| Exists {
                var_num: self.nat_ref(condition.mask),
                bit: condition.bit.into(),
            }),
            ty: self.ty(&field.ty)?,
        })
    }

    fn ty(&self, ty: &IrType) -> Result<TypeExpr, WriteError> {
        Ok(match ty {
            IrType::Nat => plain(NAT_TYPE),
            IrType::Boxed { ty, args } => TypeExpr::Type {
                offset: 0,
                name: self.numbers[ty.0 as usize],
                is_bare: false,
                children: self.args(args)?,
            },
            IrType::Bare {
                constructor, args, ..
            } => TypeExpr::Type {
                offset: 0,
                name: self.bare(*constructor)?,
                is_bare: true,
                children: self.args(args)?,
            },
            IrType::Variable(id) | IrType::Forward(id) => TypeExpr::Variable {
                offset: 0,
                number: id.0,
            },
            IrType::Repeat(repeat) => TypeExpr::Array {
                multiplicity: self.nat(repeat.count),
                args: repeat
                    .fields
                    .iter()
                    .map(|field| self.field(field))
                    .collect::<Result<_, _>>()?,
            },
        })
    }

    /// The number of a bare constructor's type, or, in version 4 as VK's tool does it, of the
    /// constructor.
    fn bare(&self, constructor: CombinatorId) -> Result<u32, WriteError> {
        let combinator = &self.schema[constructor];
        let ty = combinator.result_type();
        let is_only = ty.is_some_and(|ty| self.schema[ty].constructors.len() == 1);
        match ty {
            Some(ty) if is_only => Ok(self.numbers[ty.0 as usize]),
            _ if self.version == Version::V4 => Ok(combinator.id),
            _ => {
                let constructor = self.schema[combinator.name].to_owned();
                let name = &self.schema[self.combinator.name];
                Err(WriteError::new(
                    name,
                    WriteErrorKind::BareOfMany { constructor },
                ))
            }
        }
    }

    fn args(&self, args: &[IrArg]) -> Result<Vec<Expr>, WriteError> {
        args.iter()
            .map(|arg| {
                Ok(match arg {
                    IrArg::Type(ty) => Expr::Type(self.ty(ty)?),
                    IrArg::Nat(nat) => Expr::Nat(self.nat(*nat)),
                })
            })
            .collect()
    }

    fn nat(&self, nat: ir::NatExpr) -> NatExpr {
        match nat.base {
            None => NatExpr::Const(nat.plus),
            Some(base) => NatExpr::Variable {
                offset: 0,
                plus: nat.plus,
                number: self.nat_ref(base),
            },
        }
    }

    fn nat_ref(&self, nat: NatRef) -> u32 {
        match nat {
            NatRef::Variable(id) => id.0,
            // Every `#` field that is used has a number.
            NatRef::Field(id) => self.fields.get(&id).copied().unwrap_or_default(),
        }
    }
}

const fn plain(name: u32) -> TypeExpr {
    TypeExpr::Type {
        offset: 0,
        name,
        is_bare: false,
        children: Vec::new(),
    }
}

/// The flags of version 4: there `@readwrite` is both, `@any` is none.
const fn flags(annotations: Annotations) -> u32 {
    const KEPT: u32 =
        Annotations::READ | Annotations::WRITE | Annotations::INTERNAL | Annotations::KPHP;
    let mut flags = annotations.0 & KEPT;
    if annotations.0 & Annotations::READWRITE != 0 {
        flags |= Annotations::READ | Annotations::WRITE;
    }
    flags
}

/// Which numbers a field uses, those in its repetition's fields not included.
fn uses_of_nats(field: &Field, used: &mut HashSet<NatRef>) {
    used.extend(field.condition.map(|condition| condition.mask));
    match &field.ty {
        IrType::Repeat(repeat) => used.extend(repeat.count.base),
        ty => args_use_of_nats(ty, used),
    }
}

fn args_use_of_nats(ty: &IrType, used: &mut HashSet<NatRef>) {
    let (IrType::Boxed { args, .. } | IrType::Bare { args, .. }) = ty else {
        return;
    };
    for arg in args {
        match arg {
            IrArg::Nat(nat) => used.extend(nat.base),
            IrArg::Type(ty) => args_use_of_nats(ty, used),
        }
    }
}
