//! Sizes in memory and on the wire, and from them what is boxed.
//!
//! Sizes in memory are those of the owned types on a 64-bit machine, as rustc lays them out as far
//! as it tells. They decide what is boxed for both ownerships and on all machines, so that one
//! schema always becomes the same types.

use tl_parser::ir::{Arg, Builtin, CombinatorId, Field, NatExpr, Repeat, Schema, TypeExpr, TypeId};

use super::graph::{Components, Graph, held_by_type};
use super::{Any, Node, Used};
use crate::config::{Boxing, Config};

/// What is known of the values of a type or constructor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Layout {
    /// Bytes in memory.
    pub(crate) size: u32,
    /// Alignment in memory.
    pub(crate) align: u32,
    /// There are bit patterns that no value has, so that an `Option` needs no more room.
    pub(crate) niche: bool,
    /// The borrowed form borrows something.
    pub(crate) borrows: bool,
    /// The smallest number of bytes on the wire: for a constructor without its id, for a type as
    /// it stands alone.
    pub(crate) wire: u32,
}

impl Layout {
    const UNKNOWN: Self = Self {
        size: 24,
        align: 8,
        niche: false,
        borrows: false,
        wire: 0,
    };
    const POINTER: Self = Self {
        size: 8,
        align: 8,
        niche: true,
        borrows: true,
        wire: 0,
    };

    const fn scalar(size: u32, wire: u32) -> Self {
        Self {
            size,
            align: if size > 8 { 1 } else { size },
            niche: false,
            borrows: false,
            wire,
        }
    }

    const fn vector(wire: u32) -> Self {
        Self {
            size: 24,
            align: 8,
            niche: true,
            borrows: true,
            wire,
        }
    }

    /// In an `Option`.
    const fn optional(self) -> Self {
        if self.niche || self.size == 0 {
            return Self {
                size: if self.size == 0 { 1 } else { self.size },
                wire: 0,
                ..self
            };
        }
        let size = self.size.saturating_add(self.align);
        Self {
            size,
            niche: true,
            wire: 0,
            ..self
        }
    }
}

/// The layouts of a whole schema, and what is boxed in it.
#[derive(Clone, Debug)]
pub(crate) struct Layouts {
    nodes: Vec<Layout>,
    type_count: usize,
    /// Fields behind a box, by combinator and number.
    boxed_fields: Vec<(CombinatorId, u32)>,
    /// Constructors that are behind a box in the enum of their type.
    boxed_variants: Vec<bool>,
}

impl Layouts {
    /// Works out the layouts of all types and constructors.
    pub(crate) fn new(schema: &Schema, any: &Any, used: &Used, config: &Config) -> Self {
        let components = Graph::new(schema).components();
        let mut work = Work {
            schema,
            config,
            any,
            used,
            components: &components,
            done: vec![false; Node::count(schema)],
            layouts: Self {
                nodes: vec![Layout::UNKNOWN; Node::count(schema)],
                type_count: schema.types.len(),
                boxed_fields: Vec::new(),
                boxed_variants: vec![false; schema.combinators.len()],
            },
        };
        for &node in &components.order {
            let at = node as usize;
            let layout = match Node::from_index(schema, at) {
                Node::Type(id) => work.type_layout(id),
                Node::Combinator(id) => work.combinator_layout(id),
            };
            work.layouts.nodes[at] = layout;
            work.done[at] = true;
        }
        let mut layouts = work.layouts;
        layouts
            .boxed_fields
            .sort_unstable_by_key(|&(id, field)| (id.0, field));
        layouts
    }

    /// Of a type, as it stands alone.
    pub(crate) fn of_type(&self, id: TypeId) -> Layout {
        self.nodes[id.0 as usize]
    }

    /// Of a constructor or function.
    pub(crate) fn of_combinator(&self, id: CombinatorId) -> Layout {
        self.nodes[self.type_count + id.0 as usize]
    }

    /// Whether the field is behind a box.
    pub(crate) fn is_boxed_field(&self, id: CombinatorId, field: &Field) -> bool {
        self.boxed_fields
            .binary_search_by_key(&(id.0, field.id.0), |&(id, field)| (id.0, field))
            .is_ok()
    }

    /// Whether the constructor is behind a box in the enum of its type.
    pub(crate) fn is_boxed_variant(&self, id: CombinatorId) -> bool {
        self.boxed_variants[id.0 as usize]
    }
}

struct Work<'s> {
    schema: &'s Schema,
    config: &'s Config,
    any: &'s Any,
    used: &'s Used,
    components: &'s Components,
    done: Vec<bool>,
    layouts: Layouts,
}

impl Work<'_> {
    fn type_layout(&mut self, id: TypeId) -> Layout {
        let constructors = &self.schema[id].constructors;
        let wire = |layout: Layout| layout.wire.saturating_add(4);
        if let [only] = constructors[..] {
            let layout = self.combinator(only);
            let is_default = self.schema[only].is_default(self.schema);
            return Layout {
                wire: if is_default {
                    layout.wire
                } else {
                    wire(layout)
                },
                ..layout
            };
        }
        let mut whole = Layout {
            size: 0,
            align: 1,
            niche: true,
            borrows: false,
            wire: u32::MAX,
        };
        let limit = self.variant_limit(id);
        for &constructor in constructors {
            let mut layout = self.combinator(constructor);
            let is_default = self.schema[constructor].is_default(self.schema);
            whole.wire = whole.wire.min(if is_default {
                layout.wire
            } else {
                wire(layout)
            });
            if layout.size > limit {
                self.layouts.boxed_variants[constructor.0 as usize] = true;
                layout = Layout::POINTER;
            }
            whole.size = whole.size.max(layout.size);
            whole.align = whole.align.max(layout.align);
            whole.borrows |= layout.borrows;
        }
        if constructors.is_empty() {
            whole.wire = 4;
        }
        whole.size = (whole.size + whole.align).next_multiple_of(whole.align);
        whole
    }

    /// From which size on constructors are boxed in the enum of their type.
    fn variant_limit(&self, id: TypeId) -> u32 {
        let name = &self.schema[self.schema[id].name];
        let boxing = self.config.boxing_at(name);
        let mut constructors = self.schema[id].constructors.iter();
        match constructors.any(|&id| self.schema[self.schema[id].name].eq_ignore_ascii_case(name)) {
            true => boxing.variants.max(boxing.namesakes),
            false => boxing.variants,
        }
    }

    fn combinator_layout(&mut self, id: CombinatorId) -> Layout {
        let combinator = &self.schema[id];
        if let Some(builtin) = combinator.builtin {
            return self.builtin(builtin);
        }
        let node = Node::Combinator(id).index(self.schema);
        let component = self.components.of[node];
        let mut whole = Layout {
            size: 0,
            align: 1,
            niche: false,
            borrows: false,
            wire: 0,
        };
        let boxing = self.config.boxing_at(&self.schema[combinator.name]);
        for field in &combinator.fields {
            let mut layout = self.type_expr(&field.ty);
            let is_true = self.is_bare_true(&field.ty);
            let by_value = !is_true && self.leads_back(component, &field.ty);
            if field.condition.is_some() {
                if is_true {
                    layout = Layout {
                        size: 1,
                        align: 1,
                        niche: true,
                        borrows: false,
                        wire: 0,
                    };
                } else if by_value || self.is_big(&field.ty, layout, boxing) {
                    self.layouts.boxed_fields.push((id, field.id.0));
                    layout = Layout::POINTER;
                } else {
                    layout = layout.optional();
                }
                layout.wire = 0;
            } else if by_value {
                self.layouts.boxed_fields.push((id, field.id.0));
                layout = Layout {
                    wire: layout.wire,
                    ..Layout::POINTER
                };
            }
            whole.size = whole.size.saturating_add(layout.size);
            whole.align = whole.align.max(layout.align);
            whole.niche |= layout.niche;
            whole.borrows |= layout.borrows;
            whole.wire = whole.wire.saturating_add(layout.wire);
        }
        whole.size = whole.size.min(1 << 30).next_multiple_of(whole.align);
        whole
    }

    /// Optional values of generated types are boxed from a size on; built-ins never.
    fn is_big(&self, ty: &TypeExpr, layout: Layout, boxing: Boxing) -> bool {
        let is_generated = match ty {
            TypeExpr::Boxed { .. } => true,
            TypeExpr::Bare { constructor, .. } => self.schema[*constructor].builtin.is_none(),
            _ => false,
        };
        is_generated && layout.size > boxing.optional_fields
    }

    fn is_bare_true(&self, ty: &TypeExpr) -> bool {
        matches!(ty, TypeExpr::Bare { constructor, .. }
            if self.schema[*constructor].builtin == Some(Builtin::True))
    }

    /// Whether a value of the type holds the struct that it is a field of.
    fn leads_back(&self, component: u32, ty: &TypeExpr) -> bool {
        let mut back = false;
        let of = &self.components.of;
        held_by_type(self.schema, ty, &mut |node| {
            back |= of[node.index(self.schema)] == component;
        });
        back
    }

    fn combinator(&self, id: CombinatorId) -> Layout {
        self.node(Node::Combinator(id))
    }

    /// What is in the same component is not known yet; it will be behind a box.
    fn node(&self, node: Node) -> Layout {
        let at = node.index(self.schema);
        if self.done[at] {
            self.layouts.nodes[at]
        } else {
            Layout::POINTER
        }
    }

    fn type_expr(&self, ty: &TypeExpr) -> Layout {
        match ty {
            TypeExpr::Nat => Layout::scalar(4, 4),
            TypeExpr::Boxed { ty, args } => {
                let first = self.schema[*ty].constructors.first();
                match first.and_then(|&id| self.schema[id].builtin) {
                    Some(Builtin::BoolFalse | Builtin::BoolTrue) => Layout {
                        size: 1,
                        align: 1,
                        niche: true,
                        borrows: false,
                        wire: 4,
                    },
                    Some(builtin) => {
                        let layout = self.builtin(builtin);
                        let has_id = !matches!(builtin, Builtin::Object | Builtin::Function);
                        Layout {
                            wire: layout.wire + if has_id { 4 } else { 0 },
                            ..layout
                        }
                    }
                    None => self.with_args(self.node(Node::Type(*ty)), args, |position| {
                        self.used.of_type(self.schema, *ty, position)
                    }),
                }
            }
            TypeExpr::Bare {
                constructor, args, ..
            } => match self.schema[*constructor].builtin {
                Some(builtin) => self.builtin(builtin),
                None => self.with_args(self.combinator(*constructor), args, |position| {
                    self.used
                        .of_constructor(self.schema, *constructor, position)
                }),
            },
            TypeExpr::Repeat(repeat) => self.repeat(repeat),
            _ => Layout::UNKNOWN,
        }
    }

    fn builtin(&self, builtin: Builtin) -> Layout {
        match self.any.of(builtin) {
            None => builtin_layout(builtin),
            // An enum of boxes.
            Some(any) => Layout {
                size: 16,
                align: 8,
                niche: true,
                borrows: any.borrows,
                wire: 4,
            },
        }
    }

    /// Arguments that values depend on may be kept by value and may borrow.
    fn with_args(
        &self,
        mut layout: Layout,
        args: &[Arg],
        is_used: impl Fn(usize) -> bool,
    ) -> Layout {
        for (position, arg) in args.iter().enumerate() {
            if let Arg::Type(ty) = arg
                && is_used(position)
            {
                let of_arg = self.type_expr(ty);
                layout.size = layout.size.saturating_add(of_arg.size);
                layout.align = layout.align.max(of_arg.align);
                layout.borrows |= of_arg.borrows;
            }
        }
        layout
    }

    fn repeat(&self, repeat: &Repeat) -> Layout {
        let NatExpr {
            base: None,
            plus: count,
        } = repeat.count
        else {
            return Layout::vector(0);
        };
        let mut element = Layout {
            size: 0,
            align: 1,
            niche: false,
            borrows: false,
            wire: 0,
        };
        for field in &repeat.fields {
            let layout = self.type_expr(&field.ty);
            element.size = element.size.saturating_add(layout.size);
            element.align = element.align.max(layout.align);
            element.borrows |= layout.borrows;
            if field.condition.is_none() {
                element.wire = element.wire.saturating_add(layout.wire);
            }
        }
        let wire = element.wire.saturating_mul(count);
        if is_array(count) {
            Layout {
                size: element.size.saturating_mul(count),
                wire,
                ..element
            }
        } else {
            Layout::vector(wire)
        }
    }
}

/// Whether a repetition of a fixed number is an array: longer ones are vectors, so that no value
/// is too large for the stack.
pub(crate) const fn is_array(count: u32) -> bool {
    count <= 64
}

fn builtin_layout(builtin: Builtin) -> Layout {
    match builtin {
        Builtin::Int | Builtin::Float => Layout::scalar(4, 4),
        Builtin::Long | Builtin::Double => Layout::scalar(8, 8),
        Builtin::Int128 => Layout::scalar(16, 16),
        Builtin::Int256 => Layout::scalar(32, 32),
        Builtin::Int512 => Layout::scalar(64, 64),
        Builtin::True => Layout {
            size: 0,
            align: 1,
            niche: false,
            borrows: false,
            wire: 0,
        },
        Builtin::BoolFalse | Builtin::BoolTrue => Layout {
            size: 1,
            align: 1,
            niche: true,
            borrows: false,
            wire: 0,
        },
        _ => Layout::vector(4),
    }
}
