//! A declaration, and what is asked of it: texts for messages, and which Rust types fit which TL
//! types.

use tl_codegen::names;
use tl_parser::ir::{
    Arg, Builtin, Combinator, CombinatorId, FieldId, NatRef, Schema, TypeExpr, TypeId,
};
use tl_parser::ir_text::Speller;
use tl_parser::source::FileId;

use crate::layout::{Kin, Value};
use crate::ty::{self, Shape};

/// A declaration and what is asked of it again and again.
pub(crate) struct Declaration<'s> {
    pub(crate) schema: &'s Schema,
    pub(crate) combinator: &'s Combinator,
    /// The Rust names that generated code would use, by the position of the field.
    pub(crate) rust_names: Vec<String>,
    /// Which fields guard others.
    pub(crate) masks: Vec<bool>,
}

impl<'s> Declaration<'s> {
    pub(crate) fn new(schema: &'s Schema, combinator: &'s Combinator) -> Self {
        let rust_names = combinator
            .fields
            .iter()
            .map(|field| names::field(field.name.map_or("_", |name| &schema[name])))
            .collect();
        let masks = combinator
            .fields
            .iter()
            .map(|mask| {
                combinator.all_fields().any(|field| {
                    field
                        .condition
                        .is_some_and(|condition| condition.mask == NatRef::Field(mask.id))
                })
            })
            .collect();
        Self {
            schema,
            combinator,
            rust_names,
            masks,
        }
    }

    pub(crate) fn name(&self) -> &'s str {
        &self.schema[self.combinator.name]
    }

    /// The name of a field in the schema; `_` if it has none.
    pub(crate) fn field_name(&self, position: usize) -> &'s str {
        let name = self.combinator.fields[position].name;
        name.map_or("_", |name| &self.schema[name])
    }

    /// A field as written: `lt:mode.1?long`.
    pub(crate) fn field_text(&self, position: usize) -> String {
        let speller = Speller::new(self.schema, self.combinator);
        let field = &self.combinator.fields[position];
        format!(
            "{}:{}",
            self.field_name(position),
            speller.condition_and_type(field)
        )
    }

    pub(crate) fn nat(&self, nat: NatRef) -> &'s str {
        match nat {
            NatRef::Field(id) => {
                let name = self.combinator.field(id).and_then(|field| field.name);
                name.map_or("#", |name| &self.schema[name])
            }
            NatRef::Variable(id) => {
                let variable = self.combinator.variables.get(id.0 as usize);
                variable.map_or("#", |variable| &self.schema[variable.name])
            }
        }
    }

    pub(crate) fn position(&self, id: FieldId) -> Option<usize> {
        self.combinator
            .fields
            .iter()
            .position(|field| field.id == id)
    }
}

/// A Rust type that is not what the declaration says.
pub(crate) struct Mismatch<'t> {
    /// The Rust type.
    pub(crate) at: &'t syn::Type,
    /// The TL type.
    pub(crate) wanted: String,
    pub(crate) hint: String,
}

impl Declaration<'_> {
    /// Flags need not be seen in Rust: they are computed.
    pub(crate) fn may_hide(&self, position: usize) -> bool {
        self.masks[position]
    }

    pub(crate) fn is_true(&self, ty: &TypeExpr) -> bool {
        matches!(ty, TypeExpr::Bare { constructor, .. }
            if self.schema[*constructor].builtin == Some(Builtin::True))
    }

    /// How a Rust type stands for a TL type on the wire.
    ///
    /// Types of the author's own are trusted here, and noted down: what they are only rustc knows.
    pub(crate) fn value<'t>(
        &self,
        wanted: &TypeExpr,
        ty: &'t syn::Type,
        kin: &mut Vec<Kin>,
    ) -> Result<Value, Mismatch<'t>> {
        let shape = ty::shape(ty);
        if matches!(shape, Shape::Other)
            && let Some(ids) = self.ids(wanted)
        {
            kin.push(Kin {
                ty: ty.clone(),
                wanted: self.text(wanted),
                ids,
            });
        }
        let mismatch = || Mismatch {
            at: ty,
            wanted: self.text(wanted),
            hint: match self.rust(wanted) {
                Some(rust) => format!("use `{rust}`"),
                None => format!("use your type for `{}`", self.text(wanted)),
            },
        };
        match wanted {
            TypeExpr::Nat => match shape {
                Shape::Number("u32") | Shape::Other => Ok(Value::Alone),
                _ => Err(mismatch()),
            },
            TypeExpr::Bare {
                constructor, args, ..
            } => {
                let constructor = &self.schema[*constructor];
                match constructor.builtin {
                    Some(Builtin::Vector) => self.vector(false, args, ty, kin, mismatch),
                    Some(builtin) => match fits(builtin, shape) {
                        true if matches!(shape, Shape::Other) => Ok(Value::Bare),
                        true => Ok(bare_builtin(builtin)),
                        false => Err(mismatch()),
                    },
                    None => match shape {
                        Shape::Other => Ok(Value::Bare),
                        _ => Err(mismatch()),
                    },
                }
            }
            TypeExpr::Boxed { args, .. } => match self.builtin_type(wanted) {
                Some(Builtin::Vector) => self.vector(true, args, ty, kin, mismatch),
                Some(Builtin::BoolTrue | Builtin::BoolFalse) => match shape {
                    Shape::Bool | Shape::Other => Ok(Value::Alone),
                    _ => Err(mismatch()),
                },
                Some(builtin) => match fits(builtin, shape) {
                    true if matches!(shape, Shape::Other) => Ok(Value::Alone),
                    true => Ok(boxed_builtin(builtin)),
                    false => Err(mismatch()),
                },
                None => match shape {
                    Shape::Other => Ok(Value::Alone),
                    _ => Err(mismatch()),
                },
            },
            TypeExpr::Variable(_) | TypeExpr::Forward(_) => match shape {
                Shape::Other => Ok(Value::Alone),
                _ => Err(mismatch()),
            },
            _ => Err(Mismatch {
                hint: "a derive can't read or write this by itself; use `with`".to_owned(),
                ..mismatch()
            }),
        }
    }

    fn vector<'t>(
        &self,
        boxed: bool,
        args: &[Arg],
        ty: &'t syn::Type,
        kin: &mut Vec<Kin>,
        mismatch: impl FnOnce() -> Mismatch<'t>,
    ) -> Result<Value, Mismatch<'t>> {
        match (ty::shape(ty), args) {
            (Shape::List(element), [Arg::Type(wanted)]) => Ok(Value::Vector {
                boxed,
                element: Box::new(self.value(wanted, element, kin)?),
            }),
            (Shape::Other, _) if boxed => Ok(Value::Alone),
            (Shape::Other, _) => Ok(Value::Bare),
            _ => Err(mismatch()),
        }
    }

    /// The ids that a type with an id of its own may have to stand for a TL type; `None` if the
    /// schema does not say.
    fn ids(&self, wanted: &TypeExpr) -> Option<Vec<u32>> {
        match wanted {
            TypeExpr::Bare { constructor, .. } => Some(vec![self.id(*constructor)?]),
            TypeExpr::Boxed { ty, .. } => self.ids_of_type(*ty),
            _ => None,
        }
    }

    fn ids_of_type(&self, ty: TypeId) -> Option<Vec<u32>> {
        let constructors = self.schema[ty].constructors.iter();
        constructors
            .map(|&constructor| self.id(constructor))
            .collect()
    }

    /// The id of a constructor, if it is declared by the author, or is one of those that have the
    /// same id in all schemas.
    fn id(&self, constructor: CombinatorId) -> Option<u32> {
        let constructor = &self.schema[constructor];
        match constructor.builtin {
            Some(Builtin::Int) => Some(0xa850_9bda),
            Some(Builtin::Long) => Some(0x2207_6cba),
            Some(Builtin::Double) => Some(0x2210_c154),
            Some(Builtin::String) => Some(0xb528_6e24),
            Some(_) => None,
            None => {
                let location = constructor.location?;
                (location.file == FileId(0)).then_some(constructor.id)
            }
        }
    }

    /// The built-in whose constructor, boxed, makes this type.
    fn builtin_type(&self, ty: &TypeExpr) -> Option<Builtin> {
        let TypeExpr::Boxed { ty, .. } = ty else {
            return None;
        };
        let mut constructors = self.schema[*ty].constructors.iter();
        constructors.find_map(|&constructor| self.schema[constructor].builtin)
    }

    /// The TL type as one would write it.
    pub(crate) fn text(&self, ty: &TypeExpr) -> String {
        Speller::new(self.schema, self.combinator).ty(ty)
    }

    /// The Rust type to write for a field.
    pub(crate) fn suggestion(&self, position: usize) -> String {
        let parameter = &self.combinator.fields[position];
        if parameter.condition.is_some() && self.is_true(&parameter.ty) {
            return "bool".to_owned();
        }
        let rust = self.rust(&parameter.ty).unwrap_or_else(|| "…".to_owned());
        match parameter.condition {
            Some(_) => format!("Option<{rust}>"),
            None => rust,
        }
    }

    /// The Rust type of a TL type, `…` for the author's own.
    fn rust(&self, ty: &TypeExpr) -> Option<String> {
        let of_vector = |args: &[Arg]| match args {
            [Arg::Type(element)] => {
                let element = self.rust(element).unwrap_or_else(|| "…".to_owned());
                Some(format!("Vec<{element}>"))
            }
            _ => None,
        };
        match ty {
            TypeExpr::Nat => Some("u32".to_owned()),
            TypeExpr::Bare {
                constructor, args, ..
            } => match self.schema[*constructor].builtin {
                Some(Builtin::Vector) => of_vector(args),
                Some(builtin) => rust_builtin(builtin).map(str::to_owned),
                None => None,
            },
            TypeExpr::Boxed { args, .. } => match self.builtin_type(ty) {
                Some(Builtin::Vector) => of_vector(args),
                Some(builtin) => rust_builtin(builtin).map(str::to_owned),
                None => None,
            },
            _ => None,
        }
    }
}

/// Whether a type of that shape can hold the values of a built-in. One of the author's own is
/// trusted.
fn fits(builtin: Builtin, shape: Shape<'_>) -> bool {
    match (builtin, shape) {
        (_, Shape::Other)
        | (Builtin::Int, Shape::Number("i32" | "u32"))
        | (Builtin::Long, Shape::Number("i64" | "u64"))
        | (Builtin::Double, Shape::Number("f64"))
        | (Builtin::Float, Shape::Number("f32"))
        // A string is the bytes of a text, and may be taken as bytes.
        | (Builtin::String, Shape::Text | Shape::Bytes)
        | (Builtin::Bytes, Shape::Bytes)
        | (Builtin::True, Shape::Unit)
        | (Builtin::BoolTrue | Builtin::BoolFalse, Shape::Bool)
        | (
            Builtin::Int128 | Builtin::Int256 | Builtin::Int512,
            Shape::ByteArray(None),
        )
        | (Builtin::Int128, Shape::ByteArray(Some(16)))
        | (Builtin::Int256, Shape::ByteArray(Some(32)))
        | (Builtin::Int512, Shape::ByteArray(Some(64))) => true,
        _ => false,
    }
}

/// Scalars stand alone bare; `true` does not.
fn bare_builtin(builtin: Builtin) -> Value {
    match builtin {
        Builtin::True => Value::Bare,
        _ => Value::Alone,
    }
}

fn boxed_builtin(builtin: Builtin) -> Value {
    match builtin {
        Builtin::True => Value::Alone,
        _ => Value::Boxed,
    }
}

fn rust_builtin(builtin: Builtin) -> Option<&'static str> {
    Some(match builtin {
        Builtin::Int => "i32",
        Builtin::Long => "i64",
        Builtin::Double => "f64",
        Builtin::Float => "f32",
        Builtin::String => "String",
        Builtin::Bytes => "Vec<u8>",
        Builtin::Int128 => "[u8; 16]",
        Builtin::Int256 => "[u8; 32]",
        Builtin::Int512 => "[u8; 64]",
        Builtin::True => "()",
        Builtin::BoolTrue | Builtin::BoolFalse => "bool",
        _ => return None,
    })
}
