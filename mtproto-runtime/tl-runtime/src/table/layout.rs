//! Where everything is in memory, computed at compile time.
//!
//! [`Rows::lay_out`] makes of rows what loops go by, and refuses rows that don't fit together.

use alloc::boxed::Box;
use alloc::string::String;
use alloc::vec::Vec;

use super::kept::{Kept, Slice};
use super::ops::{OptionOps, Presence};
use super::plan::{Code, MAX_NATS, Map, Op, Piece, Sort, TESTS, Tables};
use super::presence::Test;
use super::rows::{
    Field, Kind, Layout, Lookup, PackedField, PackedVariant, Shape, Type, TypeForm, Variant,
};
use super::sequence::SequenceOps;
use crate::{Object, ObjectRef};

/// What [`Rows::lay_out`] has made and found out so far.
struct Work<const S: usize> {
    tests: usize,
    pieces: usize,
    maps: usize,
    /// Of all shapes.
    facts: [Fact; S],
    options: [OptionFact; S],
    /// The tests of a piece, and their sorts.
    found: [(usize, Test); Piece::FIELDS],
}

/// What fields ask of a shape.
#[derive(Clone, Copy)]
struct Fact {
    is_known: bool,
    owns: bool,
    layout: Layout,
    op: Op,
}

impl Fact {
    const UNKNOWN: Self = Self {
        is_known: false,
        owns: false,
        layout: Layout::UNKNOWN,
        op: Op::NOTHING,
    };
}

/// What fields that may be missing ask of one.
#[derive(Clone, Copy)]
struct OptionFact {
    is_known: bool,
    layout: Layout,
    presence: Presence,
    sort: usize,
}

impl OptionFact {
    const UNKNOWN: Self = Self {
        is_known: false,
        layout: Layout::UNKNOWN,
        presence: Presence::FLAG,
        sort: 0,
    };
}

/// The rows of a generated file, laid out: types, fields, variants, shapes, pieces (each struct has
/// one for every 64 fields, the last not full) and fields that are flags.
pub struct Rows<
    const T: usize,
    const F: usize,
    const V: usize,
    const S: usize,
    const P: usize,
    const N: usize,
> {
    types: [Type; T],
    fields: [Field; F],
    variants: [Variant; V],
    shapes: [Shape; S],
    ops: [Op; F],
    tests: [Test; F],
    pieces: [Piece; P],
    maps: [Map; N],
    borrowed: bool,
}

impl<const T: usize, const F: usize, const V: usize, const S: usize, const P: usize, const N: usize>
    Rows<T, F, V, S, P, N>
{
    /// Computes where everything is, by the rules of `repr(C)` and `repr(u8)`. Types come after
    /// those that they hold in themselves (not behind a pointer), shapes after those that they are
    /// made of.
    ///
    /// # Panics
    /// At compile time, if rows don't fit together.
    #[must_use]
    pub const fn lay_out(
        types: [Type; T],
        fields: [PackedField; F],
        variants: [PackedVariant; V],
        shapes: [Shape; S],
        borrowed: bool,
    ) -> Self {
        let mut rows = Self {
            types,
            fields: [Field::EMPTY; F],
            variants: [Variant::EMPTY; V],
            shapes,
            ops: [Op::NOTHING; F],
            tests: [Test::NONE; F],
            pieces: [Piece::EMPTY; P],
            maps: [[u8::MAX; 32]; N],
            borrowed,
        };
        assert!(F <= u32::MAX as usize, "too many fields");
        // Their numbers stand beside marks, and saturate where they are written.
        assert!(
            S <= Field::FLAG as usize && T <= u16::MAX as usize,
            "too many types"
        );
        let mut work = Work {
            tests: 0,
            pieces: 0,
            maps: 0,
            facts: [Fact::UNKNOWN; S],
            options: [OptionFact::UNKNOWN; S],
            found: [(0, Test::NONE); Piece::FIELDS],
        };
        let mut row = 0;
        while row < T {
            if let TypeForm::Foreign(ops) = rows.types[row].form {
                rows.types[row].layout = ops.layout;
                rows.types[row].owns = ops.owns;
            }
            row += 1;
        }
        row = 0;
        while row < T {
            match rows.types[row].form {
                TypeForm::Struct { .. } => rows.lay_out_struct(row, &fields, &mut work),
                TypeForm::Enum { tag, lookup } => {
                    rows.lay_out_enum(row, tag, lookup, &variants, &mut work.facts);
                }
                TypeForm::Foreign(_) => {}
            }
            row += 1;
        }
        let mut shape = 0;
        while shape < S {
            if !work.facts[shape].is_known {
                work.facts[shape] = rows.fact(shape);
            }
            if let Kind::Vector = rows.shapes[shape].kind {
                let element = rows.shapes[shape].of as usize;
                assert!(element < shape, "a shape that comes later");
                let found = work.facts[element].layout;
                assert!(
                    matches!(
                        rows.shapes[shape].sequence,
                        Some(SequenceOps { element: Layout { size, align }, .. })
                            if *size == found.size && *align == found.align
                    ),
                    "a vector of other elements"
                );
            }
            let fact = work.facts[shape];
            rows.shapes[shape].layout = fact.layout;
            rows.shapes[shape].op = fact.op;
            rows.shapes[shape].owns = fact.owns;
            shape += 1;
        }
        rows
    }

    /// Compares the rows of types that have no code with what the types are in memory.
    ///
    /// ```compile_fail,E0080
    /// use tl_runtime::table::{Kept, Layout, Rows, Type};
    ///
    /// // A struct without fields is no `u32`.
    /// const ROWS: Rows<1, 0, 0, 0, 0, 0> = Rows::lay_out(
    ///     [Type::structure(1, "a", "A", 4, 0, 0)], [], [], [], false,
    /// );
    /// const CHECKED: Kept<Rows<1, 0, 0, 0, 0, 0>> = ROWS.checked(&[Layout::of::<u32>()]);
    /// # let _ = CHECKED;
    /// ```
    ///
    /// # Panics
    /// At compile time, if they differ.
    #[must_use]
    pub const fn checked(self, layouts: &[Layout]) -> Kept<Self> {
        let mut row = 0;
        while row < T {
            let is_foreign = matches!(self.types[row].form, TypeForm::Foreign(_));
            assert!(
                is_foreign == (row >= layouts.len()),
                "types with code come last"
            );
            if !is_foreign {
                let Layout { size, align } = layouts[row];
                let computed = self.types[row].layout;
                assert!(
                    size == computed.size && align == computed.align,
                    "a type is not laid out as its table says"
                );
            }
            row += 1;
        }
        assert!(layouts.len() <= T, "more types than rows");
        Kept::new(self)
    }

    /// What was computed.
    #[cfg(test)]
    pub(super) const fn layout_of(&self, row: usize) -> Layout {
        self.types[row].layout
    }

    #[allow(
        clippy::cast_possible_truncation,
        reason = "halves of a number, places in a piece, numbers of rows, of which `lay_out` has seen \
                  that they are 32 bits, and what is checked"
    )]
    // The compiler interprets this for every field of a schema, and spends most of its time on calls:
    // so what is asked often is remembered, and small functions are written out.
    const fn lay_out_struct(&mut self, row: usize, fields: &[PackedField; F], work: &mut Work<S>) {
        let (mut size, mut align, mut owns, mut nats) = (0_usize, 1, false, 0);
        let mut is_conditional = false;
        let first = self.types[row].first as usize;
        let end = first + self.types[row].count as usize;
        let first_piece = work.pieces;
        let is_shared = match self.types[row].form {
            TypeForm::Struct { shared, .. } => !shared.is_empty(),
            _ => false,
        };
        let mut at = first;
        while at < end {
            let start = at;
            let stop = if end - start > Piece::FIELDS {
                start + Piece::FIELDS
            } else {
                end
            };
            let mut piece = Piece {
                first_test: work.tests as u32,
                ..Piece::EMPTY
            };
            // Those of the masks in the piece.
            let mut maps = [usize::MAX; MAX_NATS];
            let (mut found_count, mut run_left) = (0, 0);
            // Fields that are always there and one number each.
            let mut numbers = 0_u64;
            let (mut flags, mut values) = (0_u64, 0_u64);
            while at < stop {
                let packed = fields[at];
                let (shape, condition) = ((packed >> 16) as u16, packed as u16);
                let index = at - start;
                let set = 1 << index;
                let (mut field_size, mut field_align) = (1, 1);
                let (mut presence, mut sort) = (Presence::FLAG, Sort::Mark as usize);
                let mut op = Op::NOTHING;
                if shape == Field::FLAGS {
                    assert!(nats < MAX_NATS, "too many fields of type #");
                    maps[nats] = work.maps;
                    op.code = Code::Flags;
                    op.slow = Code::Flags;
                    op.of = 4;
                    op.bit = Op::ALWAYS | nats as u8;
                    piece.leads |= at == first;
                    flags |= set;
                    op.first = work.maps as u32;
                    piece.is_wide |= nats >= 2;
                    work.maps += 1;
                    field_size = 0;
                } else if shape != Field::FLAG {
                    let shape = shape as usize;
                    if !work.facts[shape].is_known {
                        work.facts[shape] = self.fact(shape);
                    }
                    let fact = work.facts[shape];
                    op = fact.op;
                    if fact.owns {
                        owns = true;
                        piece.owning |= set;
                    }
                    if condition == Field::ALWAYS {
                        field_size = fact.layout.size;
                        field_align = fact.layout.align;
                    } else {
                        if !work.options[shape].is_known {
                            work.options[shape] = self.option_fact(shape);
                        }
                        let option = work.options[shape];
                        field_size = option.layout.size;
                        field_align = option.layout.align;
                        presence = option.presence;
                        sort = option.sort;
                        values |= set;
                    }
                }
                let offset = (size + field_align - 1) & !(field_align - 1);
                assert!(offset <= u32::MAX as usize, "a type is too large");
                self.fields[at] = Field {
                    shape,
                    condition,
                    offset: offset as u32,
                };
                op.offset = offset as u32;
                if condition == Field::ALWAYS {
                    piece.always |= set;
                    if let Code::Number = op.code {
                        numbers |= set;
                    }
                } else {
                    let (mask, bit) = ((condition >> 5) as usize, (condition & 31) as usize);
                    assert!(mask < nats, "a condition on a number that comes later");
                    is_conditional = true;
                    op.bit = condition as u8;
                    if mask >= 2 {
                        piece.is_wide = true;
                    }
                    let map = maps[mask];
                    if map != usize::MAX {
                        let known = self.maps[map][bit];
                        if known == u8::MAX {
                            self.maps[map][bit] = index as u8;
                        } else {
                            piece.shared |= set | 1 << known;
                        }
                    }
                    if presence.is_marked {
                        piece.marked |= set;
                        op.offset += presence.value;
                        op.mark = to_u8((presence.value - presence.offset) as usize);
                    }
                    // Flags that stand one after another are tested at once.
                    let mut run = 1;
                    if run_left > 0 {
                        run_left -= 1;
                        run = 0;
                    } else if shape == Field::FLAG {
                        while at + run < stop && fields[at + run] >> 16 == Field::FLAG as u32 {
                            run += 1;
                        }
                        run_left = run - 1;
                    }
                    let mut width = 1;
                    if run >= 8 {
                        width = 8;
                        sort = Sort::Eight as usize;
                    } else if run >= 4 {
                        width = 4;
                        sort = Sort::Four as usize;
                    }
                    let mut from = 0;
                    while from < run {
                        // The last may look at some a second time.
                        if from + width > run {
                            from = run - width;
                        }
                        let test = Test {
                            offset: (offset + from) as u32 + presence.offset,
                            none: presence.none,
                            index: (index + from) as u8,
                            width: presence.width,
                        };
                        work.found[found_count] = (sort, test);
                        found_count += 1;
                        from += width;
                    }
                }
                if shape == Field::FLAGS || matches!(op.slow, Code::Nat) {
                    nats += 1;
                }
                self.ops[at] = op;
                size = offset + field_size;
                if field_align > align {
                    align = field_align;
                }
                at += 1;
            }
            if is_shared && end - start > Piece::FIELDS || start > first {
                // Those of other pieces are not looked for.
                piece.shared = u64::MAX >> (Piece::FIELDS - (at - start)) & !piece.always;
            }
            if numbers & numbers >> 1 != 0 {
                self.join(start, stop, &mut piece);
            }
            if found_count > 0 {
                self.place_tests(&work.found, found_count, &mut piece, work.tests);
                work.tests += found_count;
            }
            piece.parts = (piece.always & !flags) | values;
            piece.behind = (piece.always | values) & !(piece.leads as u64);
            self.pieces[work.pieces] = piece;
            work.pieces += 1;
        }
        assert!(nats <= MAX_NATS, "too many fields of type #");
        let whole = (size + align - 1) & !(align - 1);
        at = first;
        while at < end {
            let op = &mut self.ops[at];
            if let Code::Number = op.code
                && op.of <= 8
                && op.offset as usize + 8 <= whole
            {
                op.quick = op.of as u8;
            }
            at += 1;
        }
        let ty = &mut self.types[row];
        if ty.tell.is_some() {
            assert!(
                ty.told.size == whole && ty.told.align == align,
                "a function that tells of another type"
            );
            assert!(
                work.pieces - first_piece == 1,
                "a function that tells of more fields than it can"
            );
        }
        ty.layout.size = whole;
        ty.layout.align = align;
        ty.owns = owns;
        ty.is_conditional = is_conditional;
        ty.first_piece = first_piece as u32;
        ty.pieces = (work.pieces - first_piece) as u32;
    }

    /// What is asked of a shape.
    const fn fact(&self, shape: usize) -> Fact {
        Fact {
            is_known: true,
            owns: self.shape_owns(shape),
            layout: self.shape_layout(shape),
            op: self.op(to_u16(shape)),
        }
    }

    /// The same of its option.
    const fn option_fact(&self, shape: usize) -> OptionFact {
        let ops = option_of(&self.shapes[shape], self.borrowed);
        OptionFact {
            is_known: true,
            layout: ops.layout,
            presence: ops.presence,
            sort: ops.presence.sort() as usize,
        }
    }

    /// Makes runs of fields that are always there.
    const fn join(&mut self, start: usize, stop: usize, piece: &mut Piece) {
        let mut at = start;
        while at < stop {
            let first = at;
            let offset = self.ops[first].offset;
            let mut size = 0;
            while at < stop
                && piece.always >> (at - start) & 1 == 1
                && self.ops[at].offset == offset + size
                && matches!(self.ops[at].code, Code::Number)
            {
                size += self.ops[at].of as u32;
                at += 1;
            }
            if at - first >= 2 {
                let mut joined = first + 1;
                while joined < at {
                    piece.always &= !(1 << (joined - start));
                    joined += 1;
                }
                self.ops[first].slow = Code::Run;
                self.ops[first].bit = Op::ALWAYS | to_u8(at - first);
                self.ops[first].of = to_u16(size as usize);
            } else if at == first {
                at += 1;
            }
        }
    }

    /// Tests by their sort.
    const fn place_tests(
        &mut self,
        found: &[(usize, Test); Piece::FIELDS],
        count: usize,
        piece: &mut Piece,
        first: usize,
    ) {
        let mut index = 0;
        while index < count {
            let sort = found[index].0;
            piece.tests[sort] += 1;
            if sort >= Sort::Other as usize {
                piece.is_special = true;
            }
            index += 1;
        }
        let mut next = [first; TESTS];
        let mut sort = 1;
        while sort < TESTS {
            next[sort] = next[sort - 1] + piece.tests[sort - 1] as usize;
            sort += 1;
        }
        index = 0;
        while index < count {
            let (sort, test) = found[index];
            self.tests[next[sort]] = test;
            next[sort] += 1;
            index += 1;
        }
    }

    const fn lay_out_enum(
        &mut self,
        row: usize,
        tag: u8,
        lookup: Lookup,
        variants: &[PackedVariant; V],
        facts: &mut [Fact; S],
    ) {
        let count = self.types[row].count as usize;
        assert!(tag == 1 || tag == 2, "a tag of another size");
        assert!(count <= 1 << (tag * 8), "more variants than tags");
        let tag = tag as usize;
        let (mut size, mut align, mut owns) = (tag, tag, false);
        let first = self.types[row].first as usize;
        let mut at = first;
        let end = at + count;
        assert!(end <= V, "variants that are not there");
        while at < end {
            let (id, name, payload) = variants[at];
            self.variants[at].id = id;
            self.variants[at].name = name;
            if payload != u16::MAX {
                self.variants[at].payload = Some(payload);
                let payload = payload as usize;
                if !facts[payload].is_known {
                    facts[payload] = self.fact(payload);
                }
                let Fact {
                    layout,
                    mut op,
                    owns: payload_owns,
                    ..
                } = facts[payload];
                let offset = (tag + layout.align - 1) & !(layout.align - 1);
                op.offset = narrow(offset);
                self.variants[at].op = op;
                self.variants[at].flat = match op.code {
                    Code::Struct => self.flat(op),
                    _ => op,
                };
                if offset + layout.size > size {
                    size = offset + layout.size;
                }
                if layout.align > align {
                    align = layout.align;
                }
                owns |= payload_owns;
            }
            at += 1;
        }
        self.types[row].layout = Layout {
            size: round_up(size, align),
            align,
        };
        self.types[row].owns = owns;
        if let Lookup::Sorted(by_id) = lookup {
            assert!(by_id.len() == count);
        }
    }

    /// Of a struct that has one field only, which is always there, or one run: what is to be done with
    /// that.
    const fn flat(&self, op: Op) -> Op {
        if let Code::Struct = op.code {
            let Type { first, count, .. } = self.types[op.of as usize];
            if count > 0 && !self.types[op.of as usize].is_conditional {
                let inner = self.ops[first as usize];
                let joined = match inner.slow {
                    Code::Run => (inner.bit & !Op::ALWAYS) as u32,
                    Code::Flags => 0,
                    _ => 1,
                };
                if joined == count {
                    return Op {
                        offset: op.offset + inner.offset,
                        ..inner
                    };
                }
            }
        }
        op
    }

    /// What is to be done with a value of a shape.
    const fn op(&self, shape: u16) -> Op {
        let Shape { kind, bare, of, .. } = self.shapes[shape as usize];
        let (code, of) = match kind {
            Kind::Int => (Code::Int, 0),
            Kind::Long => (Code::Long, 0),
            Kind::Double => (Code::Double, 0),
            Kind::Float => (Code::Float, 0),
            Kind::Nat => (Code::Nat, 0),
            Kind::Int128 => (Code::Int128, 0),
            Kind::Int256 => (Code::Int256, 0),
            Kind::Int512 => (Code::Int512, 0),
            Kind::String => (Code::String, 0),
            Kind::Bytes => (Code::Bytes, 0),
            Kind::Bool => (Code::Bool, 0),
            Kind::True if bare => (Code::Nothing, 0),
            Kind::True => (Code::True, 0),
            Kind::Object => (Code::Object, 0),
            Kind::Named if self.types[of as usize].hands.is_some() => match bare {
                true => (Code::ForeignBare, of),
                false => (Code::Foreign, of),
            },
            Kind::Named => match self.types[of as usize].form {
                TypeForm::Struct { id: Some(_), .. } if !bare => (Code::StructWithId, of),
                TypeForm::Struct { .. } => (Code::Struct, of),
                TypeForm::Enum { .. } => (Code::Enum, of),
                // It has hands.
                TypeForm::Foreign(_) => (Code::Foreign, of),
            },
            Kind::Vector => (Code::Vector, shape),
            Kind::Array => (Code::Array, shape),
            Kind::Indirect => (Code::Indirect, of),
            Kind::WithId => (Code::WithId, of),
        };
        let slow = code;
        let (with, first) = match code {
            Code::Enum => match self.types[of as usize] {
                Type {
                    form: TypeForm::Enum { tag, .. },
                    first,
                    ..
                } => (tag, first),
                _ => (0, 0),
            },
            _ => (0, 0),
        };
        let (code, of) = match slow.number_size() {
            0 => (slow, of),
            size => (Code::Number, size),
        };
        Op {
            code,
            slow,
            of,
            with,
            first,
            ..Op::NOTHING
        }
    }

    const fn shape_layout(&self, shape: usize) -> Layout {
        let Shape {
            kind, of, number, ..
        } = self.shapes[shape];
        let of = of as usize;
        match kind {
            Kind::Named => {
                let layout = self.types[of].layout;
                assert!(layout.align != 0, "a type that comes later");
                layout
            }
            Kind::Vector => self.shapes[shape].layout,
            Kind::Array | Kind::WithId => {
                assert!(of < shape, "a shape that comes later");
                let inner = self.shape_layout(of);
                match kind {
                    Kind::Array => Layout {
                        size: inner.size * number as usize,
                        align: inner.align,
                    },
                    _ => inner,
                }
            }
            Kind::Indirect => Layout::of::<Box<u8>>(),
            leaf => leaf_layout(leaf, self.borrowed),
        }
    }

    const fn shape_owns(&self, shape: usize) -> bool {
        let Shape { kind, of, .. } = self.shapes[shape];
        if self.borrowed {
            return false;
        }
        match kind {
            Kind::Named => self.types[of as usize].owns,
            Kind::Array | Kind::WithId => self.shape_owns(of as usize),
            Kind::String | Kind::Bytes | Kind::Object | Kind::Vector | Kind::Indirect => true,
            _ => false,
        }
    }
}

impl<const T: usize, const F: usize, const V: usize, const S: usize, const P: usize, const N: usize>
    Kept<Rows<T, F, V, S, P, N>>
{
    /// The tables, which stay where they are.
    #[must_use]
    pub const fn tables(&'static self) -> Tables {
        let rows = self.get();
        Tables {
            types: Slice::new(&rows.types),
            fields: Slice::new(&rows.fields),
            variants: Slice::new(&rows.variants),
            shapes: Slice::new(&rows.shapes),
            ops: Slice::new(&rows.ops),
            tests: Slice::new(&rows.tests),
            pieces: Slice::new(&rows.pieces),
            maps: Slice::new(&rows.maps),
            borrowed: rows.borrowed,
        }
    }
}

#[allow(clippy::panic, reason = "fails the build")]
const fn leaf_layout(kind: Kind, borrowed: bool) -> Layout {
    match (kind, borrowed) {
        (Kind::Int, _) => Layout::of::<i32>(),
        (Kind::Long, _) => Layout::of::<i64>(),
        (Kind::Double, _) => Layout::of::<f64>(),
        (Kind::Float, _) => Layout::of::<f32>(),
        (Kind::Nat, _) => Layout::of::<u32>(),
        (Kind::Int128, _) => Layout::of::<[u8; 16]>(),
        (Kind::Int256, _) => Layout::of::<[u8; 32]>(),
        (Kind::Int512, _) => Layout::of::<[u8; 64]>(),
        (Kind::String, false) => Layout::of::<String>(),
        (Kind::String, true) => Layout::of::<&str>(),
        (Kind::Bytes, false) => Layout::of::<Vec<u8>>(),
        (Kind::Bytes, true) => Layout::of::<&[u8]>(),
        (Kind::Bool, _) => Layout::of::<bool>(),
        (Kind::True, _) => Layout::of::<()>(),
        (Kind::Object, false) => Layout::of::<Object>(),
        (Kind::Object, true) => Layout::of::<ObjectRef<'_>>(),
        _ => panic!("not a leaf"),
    }
}

#[allow(clippy::panic, reason = "fails the build")]
pub(super) const fn option_of(shape: &Shape, borrowed: bool) -> &'static OptionOps {
    if let Some(ops) = shape.option {
        return ops;
    }
    match (shape.kind, borrowed) {
        (Kind::Int, _) => OptionOps::of::<i32>(),
        (Kind::Long, _) => OptionOps::of::<i64>(),
        (Kind::Double, _) => OptionOps::of::<f64>(),
        (Kind::Float, _) => OptionOps::of::<f32>(),
        (Kind::Nat, _) => OptionOps::of::<u32>(),
        (Kind::Int128, _) => OptionOps::of::<[u8; 16]>(),
        (Kind::Int256, _) => OptionOps::of::<[u8; 32]>(),
        (Kind::Int512, _) => OptionOps::of::<[u8; 64]>(),
        (Kind::String, false) => OptionOps::of::<String>(),
        (Kind::String, true) => OptionOps::of::<&'static str>(),
        (Kind::Bytes, false) => OptionOps::of::<Vec<u8>>(),
        (Kind::Bytes, true) => OptionOps::of::<&'static [u8]>(),
        (Kind::Bool, _) => OptionOps::of::<bool>(),
        (Kind::True, _) => OptionOps::of::<()>(),
        (Kind::Object, false) => OptionOps::of::<Object>(),
        (Kind::Object, true) => OptionOps::of::<ObjectRef<'static>>(),
        (Kind::Indirect, _) => OptionOps::of::<Box<u8>>(),
        _ => panic!("an optional field has no way to make its option"),
    }
}

const fn round_up(offset: usize, align: usize) -> usize {
    offset.next_multiple_of(align)
}

#[allow(clippy::cast_possible_truncation, reason = "checked")]
pub(super) const fn narrow(offset: usize) -> u32 {
    assert!(offset <= u32::MAX as usize, "a type is too large");
    offset as u32
}

#[allow(clippy::cast_possible_truncation, reason = "checked")]
pub(super) const fn to_u16(number: usize) -> u16 {
    assert!(number <= u16::MAX as usize, "a number that is too large");
    number as u16
}

#[allow(clippy::cast_possible_truncation, reason = "checked")]
pub(super) const fn to_u8(number: usize) -> u8 {
    assert!(number <= u8::MAX as usize, "a number that is too large");
    number as u8
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::table::Foreign;

    /// A struct that is a number, another that is a `Vec` of what is said to be such.
    fn vectors(vector: Shape) -> Rows<1, 1, 0, 2, 1, 0> {
        let record = Type::structure(1, "a b", "A b", 8, 0, 1);
        let field = 1 << 16 | 0xffff;
        Rows::lay_out(
            [record],
            [field],
            [],
            [Shape::leaf(Kind::Int), vector],
            false,
        )
    }

    #[test]
    fn a_vector_of_its_elements() {
        let rows = vectors(Shape::vector(0, 4, SequenceOps::owned::<i32>()));
        let _ = rows.checked(&[Layout::of::<Vec<i32>>()]);
    }

    #[test]
    #[should_panic(expected = "a vector of other elements")]
    fn a_vector_of_larger_elements() {
        vectors(Shape::vector(0, 4, SequenceOps::owned::<i64>()));
    }

    #[test]
    #[should_panic(expected = "a vector of other elements")]
    fn a_vector_of_elements_that_lie_otherwise() {
        vectors(Shape::vector(0, 4, SequenceOps::owned::<[u8; 4]>()));
    }

    #[test]
    #[should_panic(expected = "a vector of other elements")]
    fn a_vector_that_nobody_can_take_apart() {
        vectors(Shape {
            sequence: None,
            ..Shape::vector(0, 4, SequenceOps::owned::<i32>())
        });
    }

    #[test]
    #[should_panic(expected = "a shape that comes later")]
    fn a_vector_of_what_comes_later() {
        vectors(Shape::vector(1, 4, SequenceOps::owned::<Vec<i32>>()));
    }

    #[test]
    #[should_panic(expected = "types with code come last")]
    fn a_type_behind_one_with_code_is_compared_too() {
        let code = Type::foreign("b", 4, Foreign::of::<i32>());
        let record = Type::structure(1, "a", "A", 4, 0, 0);
        let rows: Rows<2, 0, 0, 0, 0, 0> = Rows::lay_out([code, record], [], [], [], false);
        // A struct without fields is no `u32`.
        let _ = rows.checked(&[Layout::of::<i32>(), Layout::of::<u32>()]);
    }
}
