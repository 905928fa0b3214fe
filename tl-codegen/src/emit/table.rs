//! Tables instead of bodies: which types can have one, and what stands in them.
//!
//! A type's row comes after those of the types that it holds in itself, a shape (a Rust type as a
//! field has it, and how it stands on the wire) is written once, whoever uses it, after the shapes
//! that it is made of: so the run time computes all layouts in one pass. Otherwise rows stand in
//! the order of the schema.
//!
//! A type has code of its own, though a table was asked for, if it is generic, depends on numbers
//! from outside, repeats by a count of its own, or holds a type of code that lacks what the table
//! would have to offer (reading, writing, `Debug`, `Clone`, `PartialEq`).

use std::rc::Rc;

use super::items::hex;
use super::read::outline;
use super::{Emitter, Style};
use crate::hash::Map;
use crate::model::{
    Codec, Condition, Enum, Field, FieldKind, File, Generics, Item, Module, Named, Nat, Scalar,
    Struct, Type, Variant,
};

/// More `#` fields than this, and a struct has code.
const MAX_NATS: usize = 4;
/// From so many variants on they also stand in a hash table.
const HASHED_FROM: usize = 3;
/// From so many on they are sorted by id instead.
const SORTED_FROM: usize = 255;
/// How many fields of a struct the run time deals with at once.
const PIECE: usize = 64;

/// What stands for a shape: flags, and a bit of its own.
const FLAGS: u16 = u16::MAX;
const FLAG: u16 = u16::MAX - 1;

/// The types of a file that have a table.
#[derive(Debug, Default)]
pub(super) struct Rows {
    /// By path, the number of the row.
    rows: Map<Rc<str>, u16>,
    /// The items of the rows, by their place in the file.
    order: Vec<usize>,
}

impl Rows {
    pub(super) fn of(file: &File) -> Self {
        let mut items = Vec::new();
        file.modules
            .iter()
            .for_each(|module| visit(module, &mut |item| items.push(item)));
        let mut able: Vec<bool> = items.iter().map(|item| is_able(item)).collect();
        if !able.contains(&true) {
            return Self::default();
        }
        let places: Places<'_> = items.iter().map(|item| path(item)).zip(0..).collect();
        // What falls back to code may take others along.
        loop {
            let mut changed = false;
            for (index, item) in items.iter().enumerate() {
                let mut holds =
                    |named: &Named| can_hold(named, &items, &places, |place| able[place]);
                let still = able[index] && payloads(item).all(|ty| all_named(ty, &mut holds));
                changed |= still != able[index];
                able[index] = still;
            }
            if !changed {
                break;
            }
        }
        // The highest numbers mean other things.
        let order: Vec<usize> = dependencies_first(&items, &places)
            .into_iter()
            .filter(|&index| able[index])
            .take(0xff00)
            .collect();
        let rows = (0..).zip(&order);
        Self {
            rows: rows
                .map(|(row, &index)| (shared_path(items[index]), row))
                .collect(),
            order,
        }
    }

    pub(super) fn has(&self, path: &str) -> bool {
        self.rows.contains_key(path)
    }
}

/// Where items are, by their paths.
type Places<'m> = Map<&'m str, usize>;

/// The items, each after those whose values are a part of its own.
fn dependencies_first(items: &[&Item], places: &Places<'_>) -> Vec<usize> {
    let mut order = Vec::with_capacity(items.len());
    let mut seen = vec![false; items.len()];
    for start in 0..items.len() {
        // What is left to look at: an item, or that all it holds has been.
        let mut left = vec![(start, false)];
        while let Some((index, done)) = left.pop() {
            if done {
                order.push(index);
            } else if !std::mem::replace(&mut seen[index], true) {
                left.push((index, true));
                for ty in payloads(items[index]) {
                    if let Some(&held) = inline_path(ty).and_then(|path| places.get(path)) {
                        left.push((held, false));
                    }
                }
            }
        }
    }
    order
}

/// The type of which a value of this type has one in itself.
fn inline_path(ty: &Type) -> Option<&str> {
    match ty {
        Type::Named(named) => Some(&named.path),
        Type::Array { element, .. } => inline_path(element),
        _ => None,
    }
}

fn visit<'m>(module: &'m Module, each: &mut impl FnMut(&'m Item)) {
    module.items.iter().for_each(&mut *each);
    module.modules.iter().for_each(|inner| visit(inner, each));
}

fn path(item: &Item) -> &str {
    match item {
        Item::Struct(item) => &item.path,
        Item::Enum(item) => &item.path,
    }
}

fn shared_path(item: &Item) -> Rc<str> {
    match item {
        Item::Struct(item) => Rc::clone(&item.path),
        Item::Enum(item) => Rc::clone(&item.path),
    }
}

/// The types of an item's fields or variants.
fn payloads(item: &Item) -> Box<dyn Iterator<Item = &Type> + '_> {
    match item {
        Item::Struct(item) => Box::new(item.fields.iter().filter_map(|field| match &field.kind {
            FieldKind::Value(ty) => Some(ty),
            _ => None,
        })),
        Item::Enum(item) => Box::new(item.variants.iter().filter_map(|v| v.payload.as_ref())),
    }
}

/// Whether a table can say what the item is, whatever the items are that it holds.
fn is_able(item: &Item) -> bool {
    let can = |codec: Codec| codec.read || codec.write;
    match item {
        Item::Struct(item) => {
            let is_flags = |nat| match nat {
                Nat::Field(index) => matches!(item.fields[index].kind, FieldKind::Flags),
                Nat::Outer(_) => false,
            };
            let nats = item.fields.iter().filter(|field| is_nat(field)).count();
            item.table
                && can(item.codec)
                && keep_layout(&item.attributes)
                && item.generics.types.is_empty()
                && item.nats.is_empty()
                && nats <= MAX_NATS
                && item.fields.iter().all(|field| {
                    field.condition.is_none_or(|c| is_flags(c.mask))
                        && match &field.kind {
                            FieldKind::Flags => field.condition.is_none(),
                            FieldKind::Flag => true,
                            FieldKind::Nothing => true,
                            FieldKind::Value(ty) => is_shape(ty),
                            FieldKind::Count(_) => false,
                        }
                })
        }
        Item::Enum(item) => {
            item.table
                && can(item.codec)
                && keep_layout(&item.attributes)
                && item.generics.types.is_empty()
                && item.nats.is_empty()
                && !item.variants.is_empty()
                && item.variants.len() < 0xff00
                && item.variants.iter().all(|variant| {
                    !variant.identity.is_default && variant.payload.as_ref().is_none_or(is_shape)
                })
        }
    }
}

/// Whether attributes of the user's leave a type as it is written here. `repr` does not, and what a
/// macro does nobody knows.
fn keep_layout(attributes: &[String]) -> bool {
    const HARMLESS: [&str; 9] = [
        "allow",
        "cfg",
        "deprecated",
        "derive",
        "doc",
        "expect",
        "must_use",
        "non_exhaustive",
        "serde",
    ];
    attributes.iter().all(|attribute| {
        let end = attribute.find(|c: char| c != '_' && !c.is_alphanumeric());
        let name = &attribute[..end.unwrap_or(attribute.len())];
        HARMLESS.contains(&name)
    })
}

fn is_shape(ty: &Type) -> bool {
    match ty {
        Type::Scalar(_) => true,
        Type::Named(named) => named.nats.is_empty() && named.args.iter().all(is_shape),
        Type::Vector { element, .. } | Type::Array { element, .. } => is_shape(element),
        Type::Indirect(inner) => is_shape(inner),
        Type::WithId(inner) => matches!(
            **inner,
            Type::Scalar(
                Scalar::Int
                    | Scalar::Long
                    | Scalar::Double
                    | Scalar::Float
                    | Scalar::Int128
                    | Scalar::Int256
                    | Scalar::Int512
                    | Scalar::String
            )
        ),
        _ => false,
    }
}

fn all_named(ty: &Type, holds: &mut impl FnMut(&Named) -> bool) -> bool {
    match ty {
        Type::Named(named) => holds(named),
        Type::Vector { element, .. } | Type::Array { element, .. } => all_named(element, holds),
        Type::Indirect(inner) | Type::WithId(inner) => all_named(inner, holds),
        _ => true,
    }
}

/// Whether a table may refer to a type: it has one itself, or its code can do all that is wanted.
fn can_hold(
    named: &Named,
    items: &[&Item],
    places: &Places<'_>,
    is_tabled: impl Fn(usize) -> bool,
) -> bool {
    let place = places.get(&*named.path);
    if named.args.is_empty() && place.is_some_and(|&place| is_tabled(place)) {
        return true;
    }
    does_all(named, items, places)
}

/// Whether the code of a type does all that is wanted, and that of its arguments. A trait that is not
/// generated for an argument might be implemented by hand for one lifetime, and tables know none.
fn does_all(named: &Named, items: &[&Item], places: &Places<'_>) -> bool {
    let place = places.get(&*named.path);
    let (traits, codec) = match place.map(|&place| items[place]) {
        Some(Item::Struct(item)) => (&item.traits, item.codec),
        Some(Item::Enum(item)) => (&item.traits, item.codec),
        None => return false,
    };
    let has = |name: &str| traits.iter().any(|of| of == name);
    codec.read
        && codec.write
        && has("Debug")
        && has("Clone")
        && has("PartialEq")
        && named
            .args
            .iter()
            .all(|arg| all_named(arg, &mut |named| does_all(named, items, places)))
}

/// A `#` as outlines number them.
fn is_nat(field: &Field) -> bool {
    matches!(
        field.kind,
        FieldKind::Flags | FieldKind::Count(_) | FieldKind::Value(Type::Scalar(Scalar::Nat))
    )
}

/// The rows being written.
struct Work<'s> {
    style: &'s Style,
    rows: &'s Rows,
    types: Vec<String>,
    fields: Vec<String>,
    variants: Vec<String>,
    shapes: Vec<String>,
    /// The shapes of types, and of those that are optional and need more for it.
    by_type: [Map<Type, u16>; 2],
    /// The shapes by what is written: types that differ may look the same.
    known: Map<String, u16>,
    /// Types with code, by their Rust text: their rows come after the others.
    foreign: Map<String, u16>,
    foreign_rows: Vec<String>,
    /// Where `offset_of!` and types are to be compared.
    layouts: Vec<String>,
    /// Of all structs, so many fields each.
    pieces: usize,
    /// Fields that are flags.
    flags: usize,
}

impl Emitter<'_> {
    /// What makes the tables known to programs.
    pub(super) fn schema_constant(&mut self, rows: &Rows) {
        if rows.rows.is_empty() {
            return;
        }
        self.out.blank();
        self.out
            .line(&["#[allow(unused_imports, unreachable_pub)]"]);
        self.out.line(&["pub use tables::SCHEMA;"]);
    }

    /// The module with the tables, and the impls that go by them.
    pub(super) fn tables(&mut self, file: &File, rows: &Rows) {
        if rows.rows.is_empty() {
            return;
        }
        let mut work = Work {
            style: self.style,
            rows,
            types: Vec::new(),
            fields: Vec::new(),
            variants: Vec::new(),
            shapes: Vec::new(),
            by_type: Default::default(),
            known: Map::default(),
            foreign: Map::default(),
            foreign_rows: Vec::new(),
            layouts: Vec::new(),
            pieces: 0,
            flags: 0,
        };
        let mut items = Vec::new();
        for module in &file.modules {
            visit(module, &mut |item| items.push(item));
        }
        for &index in &rows.order {
            work.item(items[index]);
        }
        let Work {
            mut types,
            fields,
            variants,
            shapes,
            foreign_rows,
            layouts,
            pieces,
            flags,
            ..
        } = work;
        types.extend(foreign_rows);
        self.out.blank();
        self.out
            .doc("What the types are made of, and what they can do because of it.");
        self.out.begin(&["#[allow"], "(");
        self.out.line(&["unsafe_code,"]);
        self.out.line(&["unused_imports,"]);
        for lint in super::LINTS {
            self.out.line(&[lint]);
        }
        self.out.end(")]");
        self.out.line(&["#[rustfmt::skip]"]);
        self.out.open(&["mod tables"]);
        let roots: Vec<&str> = file.modules.iter().map(|m| m.name.as_str()).collect();
        match &roots[..] {
            [only] => self.out.line(&["use super::", only, ";"]),
            several => self.out.line(&["use super::{", &several.join(", "), "};"]),
        }
        self.out.line(&["use ", &self.style.runtime, " as tl;"]);
        self.out.line(&["use tl::private::table;"]);
        self.out.line(&[
            "use table::{Foreign, Kept, Kind, Layout as L, OptionOps, Rows, SequenceOps, Shape as S, Tables, Type as T};",
        ]);
        let lens = [&types, &fields, &variants, &shapes].map(Vec::len);
        let lens = [&lens[..], &[pieces, flags]].concat();
        let lens: Vec<String> = lens.iter().map(ToString::to_string).collect();
        self.out.blank();
        self.out
            .line(&["pub struct File<X = ()>(core::marker::PhantomData<X>);"]);
        // Constants that depend on a type are not computed before they are needed. One that looks as if
        // it did not is computed for the function that names it, too, when that is optimised.
        self.out.open(&["impl<X> File<X>"]);
        self.out
            .line(&["const LATER: () = assert!(size_of::<X>() == 0);"]);
        self.out.begin(
            &["const ROWS: &'static Kept<Rows<", &lens.join(", "), ">> ="],
            "{",
        );
        self.out.line(&["let () = Self::LATER;"]);
        self.out.begin(&["&Rows::lay_out"], "(");
        for rows in [&types, &fields, &variants, &shapes] {
            self.out.begin(&[], "[");
            for row in rows {
                self.out.line(&[row, ","]);
            }
            self.out.end("],");
        }
        self.out.line(&[&self.style.borrowed.to_string(), ","]);
        self.out.dedent();
        self.out.begin(&[").checked"], "(&[");
        for &index in &rows.order {
            let (path, generics) = match items[index] {
                Item::Struct(item) => (&item.path, &item.generics),
                Item::Enum(item) => (&item.path, &item.generics),
            };
            let rust = generics.applied("'static");
            self.out.line(&["L::of::<", path, &rust, ">(),"]);
        }
        self.out.end("])");
        self.out.end("};");
        self.out
            .line(&["const TABLES: &'static Tables = &Self::ROWS.tables();"]);
        self.out.open(&["fn get() -> &'static Tables"]);
        self.out.line(&["Self::TABLES"]);
        self.out.close();
        self.out.close();
        self.out.open(&["unsafe impl table::File for File"]);
        let borrowed = self.style.borrowed.to_string();
        self.out.line(&["const BORROWED: bool = ", &borrowed, ";"]);
        self.out.line(&["#[inline(never)]"]);
        self.out.open(&["fn tables() -> &'static Tables"]);
        self.out.line(&["Self::get()"]);
        self.out.close();
        self.out.close();
        self.out
            .line(&["/// The types, to be looked at by their names."]);
        self.out
            .line(&["pub const SCHEMA: tl::reflect::Schema = tl::reflect::Schema::of::<File>();"]);
        for layout in &layouts {
            self.out.line(&[layout]);
        }
        for (row, &index) in rows.order.iter().enumerate() {
            self.table_impls(items[index], row);
        }
        self.out.close();
    }

    fn table_impls(&mut self, item: &Item, row: usize) {
        let (path, generics, codec, traits) = match item {
            Item::Struct(item) => (&item.path, &item.generics, item.codec, &item.traits),
            Item::Enum(item) => (&item.path, &item.generics, item.codec, &item.traits),
        };
        let applied = generics.applied("'_");
        let of = generics.applied("'a");
        let by = match (codec.read, codec.write) {
            (true, true) => "Both",
            (true, false) => "ReadOnly",
            // `is_able` lets nothing through that does neither.
            (false, _) => "WriteOnly",
        };
        self.out.blank();
        self.out
            .open(&["unsafe impl table::Tabled for ", path, &applied]);
        self.out.line(&["type By = table::", by, "<File>;"]);
        self.out.line(&["type Of<'a> = ", path, &of, ";"]);
        self.out
            .line(&["const ROW: usize = ", &row.to_string(), ";"]);
        self.out
            .line(&["const MIN_SIZE: usize = ", &min_size(item).to_string(), ";"]);
        self.out.close();
        let has = |name: &str| traits.iter().any(|of| of == name);
        if has("Debug") {
            self.out
                .open(&["impl core::fmt::Debug for ", path, &applied]);
            self.out.line(&["#[inline]"]);
            self.out
                .open(&["fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result"]);
            self.out.line(&["table::debug(self, f)"]);
            self.out.close();
            self.out.close();
        }
        if has("Clone") && !self.style.borrowed {
            self.out.open(&["impl Clone for ", path, &applied]);
            self.out.line(&["#[inline]"]);
            self.out.open(&["fn clone(&self) -> Self"]);
            self.out.line(&["table::clone(self)"]);
            self.out.close();
            self.out.close();
        }
        if has("PartialEq") {
            self.out.open(&["impl PartialEq for ", path, &applied]);
            self.out.line(&["#[inline]"]);
            self.out.open(&["fn eq(&self, other: &Self) -> bool"]);
            self.out.line(&["table::eq(self, other)"]);
            self.out.close();
            self.out.close();
        }
    }
}

/// On the wire, where it stands alone.
fn min_size(item: &Item) -> u32 {
    match item {
        Item::Struct(item) => {
            let has_id = item.identity.is_some_and(|identity| !identity.is_default);
            item.min_size.saturating_add(if has_id { 4 } else { 0 })
        }
        Item::Enum(item) => item.min_size,
    }
}

/// Traits that a table brings, so that they need not be derived.
pub(super) fn is_made_by_table(name: &str, borrowed: bool) -> bool {
    match name {
        "Debug" | "PartialEq" => true,
        "Clone" => !borrowed,
        _ => false,
    }
}

/// What makes the memory of an enum what its table says.
pub(super) fn representation(item: &Enum) -> &'static str {
    match tag_size(item) {
        1 => "repr(u8)",
        _ => "repr(u16)",
    }
}

fn tag_size(item: &Enum) -> usize {
    if item.variants.len() <= 256 { 1 } else { 2 }
}

impl Work<'_> {
    fn item(&mut self, item: &Item) {
        match item {
            Item::Struct(item) => self.structure(item),
            Item::Enum(item) => self.enumeration(item),
        }
    }

    fn structure(&mut self, item: &Struct) {
        let id = item.identity.filter(|identity| !identity.is_default);
        let min_size = item
            .min_size
            .saturating_add(if id.is_some() { 4 } else { 0 });
        let first = self.fields.len();
        let mut rust_names = String::with_capacity(16 * (item.fields.len() + 2));
        rust_names.push_str(plain(&item.name));
        for field in &item.fields {
            let row = self.field(item, field);
            if let Some(row) = row {
                self.fields.push(row);
            }
            if field.is_visible() {
                rust_names.push(' ');
                rust_names.push_str(plain(&field.name));
            }
        }
        let has_attributes = !item.attributes.is_empty()
            || item.fields.iter().any(|field| !field.attributes.is_empty());
        if self.style.assert_layout || has_attributes {
            self.assert_struct(item, first);
        }
        let count = self.fields.len() - first;
        self.pieces += count.div_ceil(PIECE);
        let kinds = item.fields.iter().map(|field| &field.kind);
        self.flags += kinds
            .filter(|kind| matches!(kind, FieldKind::Flags))
            .count();
        let numbers = [min_size as usize, first, count].map(|number| number.to_string());
        let [min_size, first, count] = &numbers;
        let id_text = hex(id.map_or(0, |identity| identity.id));
        let outline = outline(item, true);
        let mut row = text![
            "T::structure(",
            id_text,
            ", \"",
            outline,
            "\", \"",
            rust_names,
            "\", ",
            min_size,
            ", ",
            first,
            ", ",
            count,
            ")",
        ];
        if item.identity.is_none() {
            row.push_str(".record()");
        } else if id.is_none() {
            row.push_str(".without_id()");
        }
        let shared = shared_flags(item);
        if !shared.is_empty() {
            row.push_str(&format!(".sharing(&[{}])", shared.join(", ")));
        }
        self.types.push(row);
    }

    fn field(&mut self, item: &Struct, field: &Field) -> Option<String> {
        let condition = field
            .condition
            .map(|Condition { mask, bit }| (nat_number(item, mask), bit));
        Some(match (&field.kind, condition) {
            (FieldKind::Flags, _) => packed(FLAGS, None),
            (FieldKind::Flag, Some(condition)) => packed(FLAG, Some(condition)),
            (FieldKind::Value(ty), condition) => {
                packed(self.shape(ty, condition.is_some()), condition)
            }
            _ => return None,
        })
    }

    fn enumeration(&mut self, item: &Enum) {
        let first = self.variants.len();
        for variant in &item.variants {
            let row = self.variant(variant);
            self.variants.push(row);
        }
        let mut row = format!(
            "T::enumeration({}, \"{}\", \"{}\", {}, {first}, {})",
            tag_size(item),
            item.schema_name,
            plain(&item.name),
            item.min_size,
            item.variants.len(),
        );
        let ids: Vec<u32> = item.variants.iter().map(|v| v.identity.id).collect();
        if ids.len() >= SORTED_FROM {
            let mut by_id: Vec<usize> = (0..ids.len()).collect();
            by_id.sort_by_key(|&index| ids[index]);
            let by_id: Vec<String> = by_id.iter().map(ToString::to_string).collect();
            row.push_str(&format!(".sorted(&[{}])", by_id.join(", ")));
        } else if ids.len() >= HASHED_FROM {
            let (multiplier, slots) = hash_table(&ids);
            let slots = slots.escape_ascii();
            row.push_str(&format!(".hashed({}, b\"{slots}\")", hex(multiplier)));
        }
        self.types.push(row);
    }

    fn variant(&mut self, variant: &Variant) -> String {
        let (id, name) = (hex(variant.identity.id), plain(&variant.name));
        match &variant.payload {
            None => text!["(", id, ", \"", name, "\", ", u16::MAX.to_string(), ")"],
            Some(ty) => {
                let shape = self.shape(ty, false).to_string();
                text!["(", id, ", \"", name, "\", ", shape, ")"]
            }
        }
    }

    /// The number of the shape of a type.
    fn shape(&mut self, ty: &Type, optional: bool) -> u16 {
        let needs_ops = optional && !matches!(ty, Type::Scalar(_) | Type::Indirect(_));
        if let Some(&shape) = self.by_type[usize::from(needs_ops)].get(ty) {
            return shape;
        }
        let shape = self.new_shape(ty, needs_ops);
        self.by_type[usize::from(needs_ops)].insert(ty.clone(), shape);
        shape
    }

    fn new_shape(&mut self, ty: &Type, needs_ops: bool) -> u16 {
        let text = match ty {
            Type::Scalar(Scalar::True { bare: false }) => "S::boxed_true()".to_owned(),
            Type::Scalar(scalar) => format!("S::leaf(Kind::{})", kind(*scalar)),
            Type::Named(named) => {
                let form = if named.bare { "bare" } else { "named" };
                format!("S::{form}({})", self.row(named))
            }
            Type::Vector { element, bare } => {
                let form = if *bare { "bare_vector" } else { "vector" };
                let ownership = match self.style.borrowed {
                    true => "borrowed",
                    false => "owned",
                };
                let rust = self.type_text(element);
                let min_size = element.min_size();
                let of = self.shape(element, false);
                format!("S::{form}({of}, {min_size}, SequenceOps::{ownership}::<{rust}>())")
            }
            Type::Array { element, len } => {
                format!("S::array({}, {len})", self.shape(element, false))
            }
            Type::Indirect(inner) => format!("S::indirect({})", self.shape(inner, false)),
            Type::WithId(inner) => format!("S::with_id({})", self.shape(inner, false)),
            // `is_shape` lets nothing else through.
            _ => "S::leaf(Kind::True)".to_owned(),
        };
        let text = match needs_ops {
            true => format!("{text}.optional(OptionOps::of::<{}>())", self.type_text(ty)),
            false => text,
        };
        if let Some(&shape) = self.known.get(&text) {
            return shape;
        }
        let shape = u16::try_from(self.shapes.len()).unwrap_or(u16::MAX);
        self.known.insert(text.clone(), shape);
        self.shapes.push(text);
        shape
    }

    /// The row of a type; one with code gets its own now.
    fn row(&mut self, named: &Named) -> u16 {
        if named.args.is_empty()
            && let Some(&row) = self.rows.rows.get(&named.path)
        {
            return row;
        }
        let rust = self.type_text(&Type::Named(Named {
            bare: false,
            ..named.clone()
        }));
        if let Some(&row) = self.foreign.get(&rust) {
            return row;
        }
        let row = self.rows.rows.len() + self.foreign.len();
        let row = u16::try_from(row).unwrap_or(u16::MAX);
        self.foreign_rows.push(format!(
            "T::foreign(\"{}\", {}, Foreign::of::<{rust}>())",
            named.path, named.min_size
        ));
        self.foreign.insert(rust, row);
        row
    }

    /// The type with no lifetime of its own.
    fn type_text(&self, ty: &Type) -> String {
        self.style.type_text(ty).replace("'a", "'static")
    }

    fn rust(&self, path: &str, generics: &Generics) -> String {
        format!("{path}{}", generics.applied("'static"))
    }

    /// Compares offsets and types of all fields with those that the table goes by.
    fn assert_struct(&mut self, item: &Struct, first: usize) {
        let rust = self.rust(&item.path, &item.generics);
        let mut row = first;
        for field in &item.fields {
            match field.kind {
                FieldKind::Nothing | FieldKind::Count(_) => continue,
                FieldKind::Flags => {}
                _ => {
                    let name = &field.name;
                    self.layouts.push(format!(
                        "const _: () = assert!(File::<()>::TABLES.offset({row}) == core::mem::offset_of!({rust}, {name}));"
                    ));
                }
            }
            row += 1;
        }
    }
}

/// A hash table of less than 255 ids as the run time searches it: the product of an id and the
/// multiplier is a fraction of the table, there and behind it (and then at the front) stands its index;
/// 255 is an end. Its size is a power of two. Tables without a collision are preferred to small ones,
/// within reason.
fn hash_table(ids: &[u32]) -> (u32, Vec<u8>) {
    let smallest = ids.len().next_power_of_two().max(2);
    let mut best: Option<(usize, u32, Vec<u8>)> = None;
    for size in [smallest, 2 * smallest, 4 * smallest] {
        let mut multiplier = 0x9e37_79b9_u32;
        for _ in 0..100 {
            multiplier = multiplier
                .wrapping_mul(0x0019_660d)
                .wrapping_add(0x3c6e_f35f)
                | 1;
            let mut slots = vec![u8::MAX; size];
            let mut steps = 0;
            for (index, id) in (0..).zip(ids) {
                let product = u64::from(id.wrapping_mul(multiplier)) * size as u64;
                let mut slot = (product >> 32) as usize;
                while slots[slot] != u8::MAX {
                    slot = (slot + 1) % size;
                    steps += 1;
                }
                slots[slot] = index;
            }
            // A table that is full has no end.
            if size > ids.len() && best.as_ref().is_none_or(|&(fewest, ..)| steps < fewest) {
                best = Some((steps, multiplier, slots));
            }
            if matches!(best, Some((0, ..))) {
                break;
            }
        }
    }
    best.map_or((1, Vec::new()), |(_, multiplier, slots)| {
        (multiplier, slots)
    })
}

/// `flags.2` for each bit that several fields share.
fn shared_flags(item: &Struct) -> Vec<String> {
    let mut seen = Vec::new();
    let mut shared = Vec::new();
    for condition in item.fields.iter().filter_map(|field| field.condition) {
        let Nat::Field(mask) = condition.mask else {
            continue;
        };
        let key = (mask, condition.bit);
        if seen.contains(&key) {
            let flag = format!("\"{}.{}\"", item.fields[mask].schema_name, condition.bit);
            if !shared.contains(&flag) {
                shared.push(flag);
            }
        }
        seen.push(key);
    }
    shared
}

/// A field as the run time has it written down.
fn packed(shape: u16, condition: Option<(usize, u8)>) -> String {
    let condition = match condition {
        None => u32::from(u16::MAX),
        // A mask is one of `MAX_NATS`.
        Some((mask, bit)) => u32::try_from(mask << 5).unwrap_or(0) | u32::from(bit),
    };
    hex(u32::from(shape) << 16 | condition)
}

/// The number of a mask among the `#` fields.
fn nat_number(item: &Struct, nat: Nat) -> usize {
    match nat {
        Nat::Outer(index) => index,
        Nat::Field(index) => item.fields[..index].iter().filter(|f| is_nat(f)).count(),
    }
}

fn kind(scalar: Scalar) -> &'static str {
    match scalar {
        Scalar::Int => "Int",
        Scalar::Long => "Long",
        Scalar::Double => "Double",
        Scalar::Float => "Float",
        Scalar::Nat => "Nat",
        Scalar::Int128 => "Int128",
        Scalar::Int256 => "Int256",
        Scalar::Int512 => "Int512",
        Scalar::String => "String",
        Scalar::Bytes => "Bytes",
        Scalar::Bool => "Bool",
        Scalar::True { .. } => "True",
        Scalar::Object => "Object",
    }
}

/// Without `r#`.
fn plain(name: &str) -> &str {
    name.strip_prefix("r#").unwrap_or(name)
}
