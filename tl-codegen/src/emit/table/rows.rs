//! What stands in tables.

use super::able::{Rows, is_nat};
use super::{Style, tag_size};
use crate::emit::items::hex;
use crate::emit::read::outline;
use crate::hash::Map;
use crate::model::{
    Codec, Condition, Enum, Field, FieldKind, Generics, Item, Named, Nat, Scalar, Struct, Type,
    Variant,
};

/// From so many variants on they also stand in a hash table.
const HASHED_FROM: usize = 3;
/// From so many on they are sorted by id instead.
const SORTED_FROM: usize = 255;
/// How many fields of a struct the run time deals with at once.
const PIECE: usize = 64;
/// From so many fields on that may be missing and have values, generated code tells which are there.
const TOLD_FROM: usize = 6;

/// What stands for a shape: flags, and a bit of its own.
const FLAGS: u16 = u16::MAX;
const FLAG: u16 = u16::MAX - 1;

/// A function that tells of each field of a struct whether it is there.
pub(super) struct Told {
    pub(super) name: String,
    pub(super) rust: String,
    /// Of each that may be missing, a condition, and its number among the rows.
    pub(super) fields: Vec<(String, usize)>,
}

/// The rows being written.
pub(super) struct Work<'s> {
    style: &'s Style,
    rows: &'s Rows,
    pub(super) types: Vec<String>,
    pub(super) fields: Vec<String>,
    pub(super) variants: Vec<String>,
    pub(super) shapes: Vec<String>,
    /// The shapes of types, and of those that are optional and need more for it.
    by_type: [Map<Type, u16>; 2],
    /// The shapes by what is written: types that differ may look the same.
    known: Map<String, u16>,
    /// Types with code, by their Rust text: their rows come after the others.
    foreign: Map<String, u16>,
    pub(super) foreign_rows: Vec<String>,
    /// Where `offset_of!` and types are to be compared.
    pub(super) layouts: Vec<String>,
    /// Functions that tell which fields are there.
    pub(super) told: Vec<Told>,
    /// Of all structs, so many fields each.
    pub(super) pieces: usize,
    /// Fields that are flags.
    pub(super) flags: usize,
}

impl<'s> Work<'s> {
    pub(super) fn new(style: &'s Style, rows: &'s Rows) -> Self {
        Self {
            style,
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
            told: Vec::new(),
            pieces: 0,
            flags: 0,
        }
    }

    pub(super) fn item(&mut self, item: &Item) {
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
        self.push_hands(
            &mut row,
            item.table,
            item.codec,
            &self.rust(&item.path, &item.generics),
        );
        let shared = shared_flags(item);
        if !shared.is_empty() {
            row.push_str(&format!(".sharing(&[{}])", shared.join(", ")));
        }
        if let Some(told) = self.told(item) {
            row.push_str(&text![".told_by(", told.name, ")"]);
            self.told.push(told);
        }
        self.types.push(row);
    }

    /// What tells which fields are there, if so many may be missing that tests of them all would take
    /// longer.
    fn told(&self, item: &Struct) -> Option<Told> {
        let has_row =
            |field: &&Field| !matches!(field.kind, FieldKind::Nothing | FieldKind::Count(_));
        let rows = || item.fields.iter().filter(has_row);
        let is_option =
            |field: &&Field| field.condition.is_some() && matches!(field.kind, FieldKind::Value(_));
        // An attribute might say of a field that it is not to be used, or not there.
        let has_attributes = item.fields.iter().any(|field| !field.attributes.is_empty());
        if rows().filter(is_option).count() < TOLD_FROM || rows().count() > PIECE || has_attributes
        {
            return None;
        }
        let fields = rows().zip(0..).filter_map(|(field, row)| {
            field.condition?;
            let condition = match field.kind {
                FieldKind::Flag => text!["v.", field.name],
                // No call, which would stay one where nothing is optimised.
                _ => text!["let Some(_) = v.", field.name],
            };
            Some((condition, row))
        });
        Some(Told {
            name: format!("told_{}", self.types.len()),
            rust: self.rust(&item.path, &item.generics),
            fields: fields.collect(),
        })
    }

    /// The code of a type that is not read and written by its row. One that only reads or only writes
    /// keeps that for itself.
    fn push_hands(&self, row: &mut String, by_table: bool, codec: Codec, rust: &str) {
        if !by_table && codec.read && codec.write {
            row.push_str(&text![".by_hand(Hands::of::<", rust, ">())"]);
        }
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
        self.push_hands(
            &mut row,
            item.table,
            item.codec,
            &self.rust(&item.path, &item.generics),
        );
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
        let form = match self.style.owned_path(&named.path) {
            Some(_) => "owning",
            None => "of",
        };
        self.foreign_rows.push(format!(
            "T::foreign(\"{}\", {}, Foreign::{form}::<{rust}>())",
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
                        "const _: () = assert!(<File as table::LaidOut>::TABLES.offset({row}) == core::mem::offset_of!({rust}, {name}));"
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
