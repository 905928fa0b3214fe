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
mod able;
mod rows;

use super::{Emitter, Style};
use crate::model::{Enum, File, Item};

pub(super) use able::Rows;
use able::is_by_table;
use rows::{Told, Work};

impl Emitter<'_> {
    /// What makes the tables known to programs.
    pub(in crate::emit) fn schema_constant(&mut self, rows: &Rows) {
        if rows.rows.is_empty() {
            return;
        }
        self.out.blank();
        self.out
            .line(&["#[allow(unused_imports, unreachable_pub)]"]);
        self.out.line(&["pub use tables::SCHEMA;"]);
    }

    /// The module with the tables, and the impls that go by them.
    pub(in crate::emit) fn tables(&mut self, file: &File, rows: &Rows) {
        if rows.rows.is_empty() {
            return;
        }
        let mut work = Work::new(self.style, rows);
        let mut items = Vec::new();
        for module in &file.modules {
            module.visit(&mut |item| items.push(item));
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
            told,
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
            "use table::{Foreign, Hands, Kept, Kind, Layout as L, OptionOps, Rows, SequenceOps, Shape as S, Tables, Type as T};",
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
        self.out.open(&["fn get() -> &'static Tables"]);
        self.out.line(&["<Self as table::LaidOut>::TABLES"]);
        self.out.close();
        self.out.close();
        self.out
            .open(&["unsafe impl<X> table::LaidOut for File<X>"]);
        self.out
            .line(&["const TABLES: &'static Tables = &Self::ROWS.tables();"]);
        self.out.close();
        self.out.open(&["unsafe impl table::File for File"]);
        let borrowed = self.style.borrowed.to_string();
        self.out.line(&["const BORROWED: bool = ", &borrowed, ";"]);
        self.out.line(&["#[inline(never)]"]);
        self.out.open(&["fn tables() -> &'static Tables"]);
        self.out.line(&["Self::get()"]);
        self.out.close();
        self.out.close();
        let owned_paths = rows.order.iter().filter_map(|&index| match items[index] {
            Item::Struct(item) => self.style.owned_path(&item.path),
            Item::Enum(item) => self.style.owned_path(&item.path),
        });
        let owned_paths: Vec<String> = owned_paths.collect();
        if !owned_paths.is_empty() {
            self.owning(&owned_paths);
        }
        self.out
            .line(&["/// The types, to be looked at by their names."]);
        self.out
            .line(&["pub const SCHEMA: tl::reflect::Schema = tl::reflect::Schema::of::<File>();"]);
        for layout in &layouts {
            self.out.line(&[layout]);
        }
        for each in &told {
            self.told(each);
        }
        for (row, &index) in rows.order.iter().enumerate() {
            self.table_impls(items[index], row);
        }
        self.out.close();
    }

    /// That the rows say the same as those of the owned types.
    fn owning(&mut self, owned_paths: &[String]) {
        self.out.open(&["impl<X> File<X>"]);
        self.out.line(&[
            "const AGREED: table::Agreed<File> = { let () = Self::LATER; table::Agreed::new() };",
        ]);
        self.out.open(&["fn agree() -> table::Agreed<File>"]);
        self.out.line(&["Self::AGREED"]);
        self.out.close();
        self.out.close();
        self.out.open(&["impl table::Owning for File"]);
        if let Some(first) = owned_paths.first() {
            self.out
                .line(&["type Owned = <", first, " as table::Row>::File;"]);
        }
        self.out.begin(&["const ROWS: &'static [usize] = &"], "[");
        for path in owned_paths {
            self.out.line(&["<", path, " as table::Row>::NUMBER,"]);
        }
        self.out.end("];");
        self.out.line(&["#[inline(never)]"]);
        self.out.open(&["fn agreed() -> table::Agreed<Self>"]);
        self.out.line(&["Self::agree()"]);
        self.out.close();
        self.out.close();
    }

    /// A function that tells which fields of a struct are there. Statements: compilers take twice as long
    /// with one expression, and an array of `bool` would be read before its bytes have been written.
    fn told(&mut self, told: &Told) {
        self.out.blank();
        self.out
            .open(&["fn ", &told.name, "(v: &", &told.rust, ") -> u64"]);
        self.out.line(&["let mut there = 0;"]);
        for (condition, bit) in &told.fields {
            let bit = format!("{:#x}", 1_u64 << bit);
            self.out
                .line(&["if ", condition, " { there |= ", &bit, "; }"]);
        }
        self.out.line(&["there"]);
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
        if !is_by_table(item) {
            self.out
                .open(&["unsafe impl table::Row for ", path, &applied]);
            self.out.line(&["type File = File;"]);
            self.out.line(&["type Of<'a> = ", path, &of, ";"]);
            self.out
                .line(&["const NUMBER: usize = ", &row.to_string(), ";"]);
            self.out.close();
            if let Some(owned) = self.style.owned_path(path) {
                self.out
                    .open(&["impl tl::private::Own for ", path, &applied]);
                self.out.line(&["type Owned = ", &owned, ";"]);
                self.out.line(&["#[inline]"]);
                self.out.open(&["fn own(self) -> Self::Owned"]);
                self.out.line(&["table::own(&self)"]);
                self.out.close();
                self.out.close();
            }
            self.traits_by_table(path, &applied, traits);
            return;
        }
        self.out
            .open(&["unsafe impl table::Tabled for ", path, &applied]);
        match self.style.owned_path(path) {
            Some(owned) => self
                .out
                .line(&["type By = table::", by, "<File, ", &owned, ">;"]),
            None => self.out.line(&["type By = table::", by, "<File>;"]),
        }
        self.out.line(&["type Of<'a> = ", path, &of, ";"]);
        self.out
            .line(&["const ROW: usize = ", &row.to_string(), ";"]);
        self.out
            .line(&["const MIN_SIZE: usize = ", &min_size(item).to_string(), ";"]);
        self.out.close();
        self.traits_by_table(path, &applied, traits);
    }

    /// Those that are not derived.
    fn traits_by_table(&mut self, path: &str, applied: &str, traits: &[String]) {
        let has = |name: &str| {
            traits.iter().any(|of| of == name) && self.rows.bring(name, path, self.style.borrowed)
        };
        if has("Debug") {
            self.out
                .open(&["impl core::fmt::Debug for ", path, applied]);
            self.out.line(&["#[inline]"]);
            self.out
                .open(&["fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result"]);
            self.out.line(&["table::debug(self, f)"]);
            self.out.close();
            self.out.close();
        }
        if has("Clone") {
            self.out.open(&["impl Clone for ", path, applied]);
            self.out.line(&["#[inline]"]);
            self.out.open(&["fn clone(&self) -> Self"]);
            self.out.line(&["table::clone(self)"]);
            self.out.close();
            self.out.close();
        }
        if has("Default") {
            self.out.open(&["impl Default for ", path, applied]);
            self.out.line(&["#[inline]"]);
            self.out.open(&["fn default() -> Self"]);
            self.out.line(&["table::default()"]);
            self.out.close();
            self.out.close();
        }
        if has("PartialEq") {
            self.out.open(&["impl PartialEq for ", path, applied]);
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

/// What makes the memory of an enum what its table says.
pub(in crate::emit) fn representation(item: &Enum) -> &'static str {
    match tag_size(item) {
        1 => "repr(u8)",
        _ => "repr(u16)",
    }
}

fn tag_size(item: &Enum) -> usize {
    if item.variants.len() <= 256 { 1 } else { 2 }
}
