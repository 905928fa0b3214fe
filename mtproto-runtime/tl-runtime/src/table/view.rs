//! A value seen through its table: safe to look at, whatever it is.
#![allow(unsafe_code)]

use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;
use core::marker::PhantomData;

use super::memory::read_tag;
use super::ops::Foreign;
use super::plan::Tables;
use super::rows::{Field, Form, Kind, Shape, Type, TypeForm, Variant};
use crate::{Object, ObjectRef};

/// A value of a type that has a row.
///
/// **Invariant:** `value` leads to a value of the type that the row describes, which lives for `'v`
/// and is not changed.
#[derive(Clone, Copy)]
pub(crate) struct View<'v> {
    pub(super) tables: &'static Tables,
    pub(super) ty: &'static Type,
    value: *const u8,
    of: PhantomData<&'v ()>,
}

/// What a view turns out to be.
pub(crate) enum Sort<'v> {
    Struct {
        id: Option<u32>,
    },
    Enum {
        variant: &'static Variant,
        payload: Option<Placed<'v>>,
    },
    Foreign(ForeignView<'v>),
}

/// A field of a struct.
///
/// **Invariant:** the field is one of the view's row.
#[derive(Clone, Copy)]
pub(super) struct FieldView<'v> {
    view: View<'v>,
    pub(super) field: Field,
}

/// What a field holds.
pub(crate) enum Content<'v> {
    /// Nothing in memory.
    Flags,
    Flag(bool),
    /// `None` if it is not there.
    Value(Option<Placed<'v>>),
}

/// A value of a shape, in its place.
///
/// **Invariant:** `place` leads to a value of the shape's Rust type, which lives for `'v` and is not
/// changed.
#[derive(Clone, Copy)]
pub(crate) struct Placed<'v> {
    pub(super) tables: &'static Tables,
    pub(super) shape: &'static Shape,
    place: *const u8,
    of: PhantomData<&'v ()>,
}

/// What it is.
pub(crate) enum Value<'v> {
    Int(i32),
    Long(i64),
    Double(f64),
    Float(f32),
    Nat(u32),
    Bool(bool),
    /// `int128` and its like.
    Fixed(&'v [u8]),
    String(&'v str),
    Bytes(&'v [u8]),
    Object(&'v [u8]),
    True,
    /// A built-in after its id.
    WithId(Placed<'v>),
    Named(View<'v>),
    Sequence(Sequence<'v>),
}

/// Elements of a vector or an array.
///
/// **Invariant:** `elements` leads to `len` values of the element's Rust type, which live for `'v` and
/// are not changed.
#[derive(Clone, Copy)]
pub(crate) struct Sequence<'v> {
    tables: &'static Tables,
    pub(super) element: &'static Shape,
    elements: *const u8,
    len: usize,
    of: PhantomData<&'v ()>,
}

/// A value of a type that has code of its own.
///
/// **Invariant:** `value` leads to a value of the type that the ops are of.
#[derive(Clone, Copy)]
pub(crate) struct ForeignView<'v> {
    ops: &'static Foreign,
    value: *const u8,
    of: PhantomData<&'v ()>,
}

impl<'v> View<'v> {
    pub(super) fn value(self) -> *const u8 {
        self.value
    }

    /// # Safety
    /// `value` leads to a value of the type that the row describes, which lives for `'v` and is not
    /// changed.
    pub(super) unsafe fn new(tables: &'static Tables, row: usize, value: *const u8) -> Self {
        // SAFETY: see above.
        unsafe { Self::of(tables, tables.ty(row), value) }
    }

    /// # Safety
    /// As of [`new`](View::new).
    pub(super) unsafe fn of(tables: &'static Tables, ty: &'static Type, value: *const u8) -> Self {
        Self {
            tables,
            ty,
            value,
            of: PhantomData,
        }
    }

    pub(crate) fn tables(self) -> &'static Tables {
        self.tables
    }

    pub(crate) fn ty(self) -> &'static Type {
        self.ty
    }

    #[inline(always)]
    pub(crate) fn sort(self) -> Sort<'v> {
        match self.ty.form {
            TypeForm::Struct { id, .. } => Sort::Struct { id },
            TypeForm::Enum { tag, .. } => {
                // SAFETY: the row describes the enum, whose tag has so many bytes.
                let index = unsafe { read_tag(self.value, tag) };
                let variant = &self.tables.variants_of(self.ty)[index];
                let payload = variant.payload.map(|payload| {
                    // SAFETY: the row describes the enum: the payload of this variant is here.
                    unsafe { self.at(payload, variant.op.offset) }
                });
                Sort::Enum { variant, payload }
            }
            TypeForm::Foreign(ops) => Sort::Foreign(ForeignView {
                ops,
                value: self.value,
                of: PhantomData,
            }),
        }
    }

    /// The fields of a struct.
    #[inline]
    pub(crate) fn fields(self) -> &'static [Field] {
        match self.ty.form {
            TypeForm::Struct { .. } => self.tables.fields_of(self.ty),
            _ => &[],
        }
    }

    /// The fields of a struct and, each when it is asked for, what they hold.
    #[inline(always)]
    pub(super) fn each(self) -> impl Iterator<Item = FieldView<'v>> {
        self.fields()
            .iter()
            .map(move |&field| FieldView { view: self, field })
    }

    /// What a field of [`fields`](View::fields) holds.
    #[inline(always)]
    pub(crate) fn content(self, index: usize) -> Content<'v> {
        let field = self.fields()[index];
        FieldView { view: self, field }.content()
    }

    /// # Safety
    /// There is a value of the shape's Rust type, or an option of it, at the offset.
    #[inline(always)]
    unsafe fn at(self, shape: u16, offset: u32) -> Placed<'v> {
        Placed {
            tables: self.tables,
            shape: self.tables.shape(shape),
            // SAFETY: see above.
            place: unsafe { self.value.add(offset as usize) },
            of: PhantomData,
        }
    }
}

impl<'v> FieldView<'v> {
    #[inline(always)]
    pub(super) fn content(self) -> Content<'v> {
        let Self { view, field } = self;
        let offset = field.offset;
        // SAFETY: the row describes the struct: this field is here, and of this type.
        unsafe {
            match field.form() {
                Form::Flags => Content::Flags,
                Form::Flag => Content::Flag(view.value.add(offset as usize).cast::<bool>().read()),
                Form::Value(shape) => {
                    let placed = view.at(shape, offset);
                    match field.condition() {
                        None => Content::Value(Some(placed)),
                        Some(_) => Content::Value(placed.of_option()),
                    }
                }
            }
        }
    }

    /// Whether it is there; flags are not.
    #[inline(always)]
    pub(super) fn is_there(self) -> bool {
        match self.content() {
            Content::Flags => false,
            Content::Flag(set) => set,
            Content::Value(value) => value.is_some(),
        }
    }
}

impl<'v> Placed<'v> {
    pub(super) fn place(self) -> *const u8 {
        self.place
    }

    /// The value in an option, if it holds one.
    ///
    /// # Safety
    /// The place leads to an option of the shape's Rust type instead.
    #[inline(always)]
    unsafe fn of_option(self) -> Option<Self> {
        // SAFETY: see above.
        let place = unsafe { self.tables.option(self.shape).get(self.place)? };
        Some(Self { place, ..self })
    }

    /// The shape behind boxes and references.
    #[inline]
    pub(crate) fn innermost(self) -> &'static Shape {
        let mut shape = self.shape;
        while let Kind::Indirect = shape.kind {
            shape = self.tables.shape(shape.of);
        }
        shape
    }

    #[inline(always)]
    pub(crate) fn get(self) -> Value<'v> {
        let borrowed = self.tables.is_borrowed();
        // SAFETY: the place leads to a value of the shape's Rust type.
        unsafe {
            match self.shape.kind {
                Kind::Int => Value::Int(self.place.cast::<i32>().read()),
                Kind::Long => Value::Long(self.place.cast::<i64>().read()),
                Kind::Double => Value::Double(self.place.cast::<f64>().read()),
                Kind::Float => Value::Float(self.place.cast::<f32>().read()),
                Kind::Nat => Value::Nat(self.place.cast::<u32>().read()),
                Kind::Bool => Value::Bool(self.place.cast::<bool>().read()),
                Kind::Int128 => Value::Fixed(&*self.place.cast::<[u8; 16]>()),
                Kind::Int256 => Value::Fixed(&*self.place.cast::<[u8; 32]>()),
                Kind::Int512 => Value::Fixed(&*self.place.cast::<[u8; 64]>()),
                Kind::String if borrowed => Value::String(self.place.cast::<&'v str>().read()),
                Kind::String => Value::String(&*self.place.cast::<String>()),
                Kind::Bytes if borrowed => Value::Bytes(self.place.cast::<&'v [u8]>().read()),
                Kind::Bytes => Value::Bytes(&*self.place.cast::<Vec<u8>>()),
                Kind::Object if borrowed => {
                    Value::Object(self.place.cast::<ObjectRef<'v>>().read().0)
                }
                Kind::Object => Value::Object(&(*self.place.cast::<Object>()).0),
                Kind::True => Value::True,
                Kind::WithId => Value::WithId(Self {
                    shape: self.tables.shape(self.shape.of),
                    ..self
                }),
                Kind::Indirect => Self {
                    shape: self.tables.shape(self.shape.of),
                    place: self.place.cast::<*const u8>().read(),
                    ..self
                }
                .get(),
                Kind::Named => Value::Named(View::new(
                    self.tables,
                    usize::from(self.shape.of),
                    self.place,
                )),
                Kind::Vector => {
                    let (elements, len) = match self.shape.sequence {
                        Some(ops) => ops.elements(self.place),
                        None => (self.place, 0),
                    };
                    Value::Sequence(self.sequence(elements, len))
                }
                Kind::Array => {
                    Value::Sequence(self.sequence(self.place, self.shape.number as usize))
                }
            }
        }
    }

    /// # Safety
    /// `elements` leads to so many values of the element's Rust type.
    unsafe fn sequence(self, elements: *const u8, len: usize) -> Sequence<'v> {
        Sequence {
            tables: self.tables,
            element: self.tables.shape(self.shape.of),
            elements,
            len,
            of: PhantomData,
        }
    }
}

impl<'v> Sequence<'v> {
    pub(crate) fn tables(self) -> &'static Tables {
        self.tables
    }

    /// The shape of the elements.
    pub(crate) fn element(self) -> &'static Shape {
        self.element
    }

    pub(crate) fn len(self) -> usize {
        self.len
    }

    #[inline]
    pub(crate) fn iter(self) -> impl ExactSizeIterator<Item = Placed<'v>> {
        (0..self.len).map(move |index| Placed {
            tables: self.tables,
            shape: self.element,
            // SAFETY: there are `len` of them.
            place: unsafe { self.elements.add(index * self.element.layout.size) },
            of: PhantomData,
        })
    }
}

impl ForeignView<'_> {
    pub(crate) fn debug(self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // SAFETY: the value is of the type that the ops are of.
        unsafe { (self.ops.debug)(self.value, f) }
    }
}
