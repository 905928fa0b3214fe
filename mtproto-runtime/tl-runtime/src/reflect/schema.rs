//! What is in a generated file, and values of types that nobody named.

use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

use super::any::row_with_id;
use super::constructor::{Constructor, with_name};
use super::encode;
use super::error::JsonError;
use super::view::{View, with_id};
use crate::table::dynamic::Made;
use crate::table::plan::Tables;
use crate::table::rows::TypeForm;
use crate::table::{self, Row, write};
use crate::{
    Arena, Limits, Path, ReadError, ReadErrorKind, ReadResult, Reader, WriteError, private,
};

/// The types of a generated file that have tables: its constant `SCHEMA`.
///
/// Types that a table can't say are not among them; those that have code by choice, beside tables, are.
#[derive(Clone, Copy)]
pub struct Schema {
    tables: fn() -> &'static Tables,
}

impl fmt::Debug for Schema {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.constructors()).finish()
    }
}

impl Schema {
    /// For generated code.
    #[doc(hidden)]
    #[must_use]
    pub const fn of<F: table::File>() -> Self {
        Self { tables: F::tables }
    }

    /// All constructors and functions.
    pub fn constructors(self) -> impl Iterator<Item = Constructor> {
        let all = (self.tables)().types().iter();
        let all = all.filter_map(move |ty| Constructor::of((self.tables)(), ty));
        all.filter(|constructor| !constructor.is_record())
    }

    /// The constructor or function of that id.
    #[must_use]
    pub fn with_id(self, id: u32) -> Option<Constructor> {
        with_id((self.tables)(), id)
    }

    /// The constructors and functions of that name. Several where a schema has several layers.
    pub fn with_name<'n>(self, name: &'n str) -> impl Iterator<Item = Constructor> + use<'n> {
        with_name((self.tables)(), name)
    }

    /// The types of several constructors.
    pub fn types(self) -> impl Iterator<Item = &'static str> {
        let all = (self.tables)().types().iter();
        let enums = all.filter(|ty| matches!(ty.form, TypeForm::Enum { .. }));
        enums.map(|ty| ty.name)
    }

    /// The constructors of a type of several, if they have tables.
    pub fn variants<'n>(self, ty: &'n str) -> impl Iterator<Item = Constructor> + use<'n> {
        let is_wanted = move |row: &&'static table::Type| {
            matches!(row.form, TypeForm::Enum { .. }) && row.name == ty
        };
        let rows = (self.tables)().types().iter().filter(is_wanted);
        rows.flat_map(move |row| (self.tables)().variants_of(row))
            .filter_map(move |variant| self.with_id(variant.id))
    }

    /// Reads bytes that are one boxed value, whatever its id says.
    ///
    /// # Errors
    /// If no constructor or function has the id, or the bytes are not exactly one value of it; and
    /// [`NoArena`](ReadErrorKind::NoArena) if the types of the file borrow:
    /// [`read_in`](Schema::read_in) is for them.
    pub fn read(self, bytes: &[u8]) -> Result<Value<'static>, ReadError> {
        self.read_within(bytes, Limits::default())
    }

    /// The same within other limits.
    ///
    /// # Errors
    /// Those of [`read`](Schema::read).
    pub fn read_within(self, bytes: &[u8], limits: Limits) -> Result<Value<'static>, ReadError> {
        let no_arena = || ReadError::new(ReadErrorKind::NoArena, 0, Path::default());
        if (self.tables)().is_borrowed() {
            return Err(no_arena());
        }
        let value = self.read_all(&mut Reader::new(bytes).with_limits(limits))?;
        value.0.into_static().map(Value).map_err(|_| no_arena())
    }

    /// The same for types that borrow.
    ///
    /// # Errors
    /// If no constructor or function has the id, or the bytes are not exactly one value of it.
    pub fn read_in<'a>(self, bytes: &'a [u8], arena: &'a Arena) -> Result<Value<'a>, ReadError> {
        self.read_all(&mut Reader::new(bytes).with_arena(arena))
    }

    /// Reads all that a reader has left: one boxed value, whatever its id says.
    ///
    /// # Errors
    /// If no constructor or function has the id, or the bytes left are not exactly one value of it.
    pub fn read_all<'a>(self, reader: &mut Reader<'a>) -> Result<Value<'a>, ReadError> {
        let value = reader.read_with(|r| self.read_value(r))?;
        match reader.rest().len() {
            0 => Ok(value),
            count => Err(ReadError::new(
                ReadErrorKind::TrailingBytes { count },
                reader.offset(),
                Path::default(),
            )),
        }
    }

    /// The value whose JSON form this is, of whatever constructor or function it names.
    ///
    /// What is accepted is told at [`from_json`](super::from_json).
    ///
    /// # Errors
    /// If the text is not one value that has a table; and if the types of the file borrow:
    /// [`bytes_from_json`](Schema::bytes_from_json) and [`read_in`](Schema::read_in) are for them.
    pub fn parse_json(self, text: &str) -> Result<Value<'static>, JsonError> {
        self.read(&self.bytes_from_json(text)?)
            .map_err(super::unreadable)
    }

    /// The bytes of the value whose JSON form this is, of whatever constructor or function it names.
    ///
    /// # Errors
    /// If the text is not one value that has a table.
    pub fn bytes_from_json(self, text: &str) -> Result<Vec<u8>, JsonError> {
        encode::any((self.tables)(), text)
    }

    /// A boxed value, whatever its id says.
    fn read_value<'a>(self, r: &mut Reader<'a>) -> ReadResult<Value<'a>> {
        let row = private::next_id(r).and_then(|id| row_with_id((self.tables)(), id));
        let Some(row) = row else {
            let found = r.id();
            r.go_on()?;
            return Err(r.unexpected_id(found, "a constructor or function of the schema"));
        };
        Made::read(r, (self.tables)(), row, false).map(Value)
    }
}

/// A value of a constructor or function that nobody named: its id did, or its JSON form.
///
/// It is in memory just as the generated type has it.
pub struct Value<'a>(Made<'a>);

impl Value<'_> {
    /// The value with its names.
    #[must_use]
    pub fn view(&self) -> View<'_> {
        View::new(self.0.view(), false, 0)
    }

    /// The value as bytes.
    ///
    /// # Errors
    /// If the value is not one that the schema can say: a string that is too long.
    pub fn to_bytes(&self) -> Result<Vec<u8>, WriteError> {
        let mut bytes = Vec::new();
        private::write_to(&mut bytes, |w| write::write(w, self.0.view(), false))?;
        Ok(bytes)
    }

    /// The JSON form, without a line break at its end.
    #[must_use]
    pub fn to_json(&self) -> String {
        self.view().to_json()
    }

    /// The value as a generated type that owns what it holds.
    ///
    /// # Errors
    /// The value, if it is not of that type. A value is of the struct of its constructor or
    /// function, never of an enum.
    pub fn into_typed<T: Row>(self) -> Result<T, Self> {
        self.0.into_typed().map_err(Value)
    }
}

/// The text form, without a line break at its end.
impl fmt::Display for Value<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.view().fmt(f)
    }
}

impl fmt::Debug for Value<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.view(), f)
    }
}
