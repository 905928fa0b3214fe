//! The bytes of an `Object`, as far as the tables know what they are.

use alloc::collections::BTreeMap;
use alloc::vec::Vec;

use super::constructor::Constructor;
use super::print::{BOOL_FALSE, BOOL_TRUE, TRUE};
use super::view::Data;
use crate::table::dynamic::Made;
use crate::table::plan::Tables;
use crate::table::rows::id_of_leaf;
use crate::table::rows::{Kind, TypeForm};
use crate::table::write;
use crate::vector::VECTOR_ID;
use crate::{Arena, Failed, ReadErrorKind, ReadResult, Reader, Writer, private};

/// A boxed value of any type.
pub(super) enum Any<'a> {
    Made(Made<'a>),
    Bool(bool),
    True,
    /// Another built-in.
    Leaf(Kind, Data<'a>),
    /// A `Vector`, taken for one of boxed values: it does not say what it is of.
    List(Vec<Self>),
}

/// What the bytes are, if they are one value that the tables know, and nothing else: flags that
/// nothing stands for, say, would be lost.
pub(super) fn object<'a>(ids: &mut Ids, bytes: &'a [u8], arena: &'a Arena) -> Option<Any<'a>> {
    let mut reader = Reader::new(bytes).with_arena(arena);
    let any = any(&mut reader, ids).ok()?;
    let is_all = reader.go_on().is_ok() && reader.rest().is_empty();
    let mut written = Vec::with_capacity(bytes.len());
    private::write_to(&mut written, |w| any.write(w)).ok()?;
    (is_all && written == bytes).then_some(any)
}

impl Any<'_> {
    fn write(&self, w: &mut Writer<'_>) {
        match self {
            Self::Made(made) => write::write(w, made.view(), false),
            Self::Bool(value) => w.bool(*value),
            Self::True => w.id(TRUE),
            Self::Leaf(kind, data) => {
                w.id(id_of_leaf(*kind).0);
                match *data {
                    Data::Int(number) => w.int(number),
                    Data::Long(number) => w.long(number),
                    Data::Double(number) => w.double(number),
                    Data::Float(number) => w.float(number),
                    Data::String(text) => w.string(text),
                    Data::Bytes(bytes) => w.raw(bytes),
                    // `leaf` makes no others.
                    _ => {}
                }
            }
            Self::List(elements) => {
                w.vector_id();
                w.count(elements.len());
                elements.iter().for_each(|element| element.write(w));
            }
        }
    }
}

/// Rows by id, those that were asked for: a value may have very many of few constructors.
pub(super) struct Ids {
    tables: &'static Tables,
    known: BTreeMap<u32, Option<usize>>,
}

impl Ids {
    pub(super) fn new(tables: &'static Tables) -> Self {
        Self {
            tables,
            known: BTreeMap::new(),
        }
    }

    fn row(&mut self, id: u32) -> Option<usize> {
        let tables = self.tables;
        let known = self.known.entry(id);
        *known.or_insert_with(|| row_with_id(tables, id))
    }

    /// The constructor or function of that id.
    pub(super) fn constructor(&mut self, id: u32) -> Option<Constructor> {
        let row = self.row(id)?;
        Constructor::of(self.tables, self.tables.ty(row))
    }
}

/// The row of the constructor or function of that id.
pub(super) fn row_with_id(tables: &'static Tables, wanted: u32) -> Option<usize> {
    tables
        .types()
        .iter()
        .position(|ty| matches!(ty.form, TypeForm::Struct { id: Some(id), .. } if id == wanted))
}

fn any<'a>(r: &mut Reader<'a>, ids: &mut Ids) -> ReadResult<Any<'a>> {
    let Some(id) = private::next_id(r) else {
        r.id();
        return Err(Failed(()));
    };
    if let Some(row) = ids.row(id) {
        return Made::read(r, ids.tables, row, false).map(Any::Made);
    }
    r.id();
    let any = match id {
        BOOL_TRUE => Any::Bool(true),
        BOOL_FALSE => Any::Bool(false),
        TRUE => Any::True,
        VECTOR_ID => return list(r, ids),
        id => leaf(r, id)?,
    };
    r.go_on().map(|()| any)
}

fn list<'a>(r: &mut Reader<'a>, ids: &mut Ids) -> ReadResult<Any<'a>> {
    let count = r.element_count(4);
    r.enter_vector()?;
    r.charge(count, size_of::<Any<'_>>())?;
    let mut elements = Vec::new();
    for _ in 0..count {
        elements.push(any(r, ids)?);
    }
    r.leave();
    r.go_on().map(|()| Any::List(elements))
}

fn leaf<'a>(r: &mut Reader<'a>, id: u32) -> ReadResult<Any<'a>> {
    const KINDS: [Kind; 8] = [
        Kind::Int,
        Kind::Long,
        Kind::Double,
        Kind::Float,
        Kind::Int128,
        Kind::Int256,
        Kind::Int512,
        Kind::String,
    ];
    let of_kind = KINDS.into_iter().find(|&kind| id_of_leaf(kind).0 == id);
    let Some(kind) = of_kind else {
        return Err(r.fail(ReadErrorKind::Invalid("a value of unknown type")));
    };
    let name = id_of_leaf(kind).1;
    let data = match kind {
        Kind::Int => Data::Int(r.int()),
        Kind::Long => Data::Long(r.long()),
        Kind::Double => Data::Double(r.double()),
        Kind::Float => Data::Float(r.float()),
        Kind::Int128 => Data::Bytes(r.take(16, name)?),
        Kind::Int256 => Data::Bytes(r.take(32, name)?),
        Kind::Int512 => Data::Bytes(r.take(64, name)?),
        _ => Data::String(r.str()),
    };
    Ok(Any::Leaf(kind, data))
}
