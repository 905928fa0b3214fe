//! What is wanted, and in which direction it travels.
//!
//! A client writes functions and reads what they answer, a server the reverse; everything that a
//! value is made of travels with it. Types that stand in no function travel both ways.

use tl_parser::ir::{Arg, CombinatorId, CombinatorKind, Field, Schema, TypeExpr, TypeId};

use super::Node;
use crate::config::{Config, Side};
use crate::instances::Instances;

/// The directions in which values travel.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub(crate) struct Direction {
    /// They are read.
    pub(crate) read: bool,
    /// They are written.
    pub(crate) write: bool,
}

impl Direction {
    const READ: Self = Self {
        read: true,
        write: false,
    };
    const WRITE: Self = Self {
        read: false,
        write: true,
    };
    const BOTH: Self = Self {
        read: true,
        write: true,
    };

    /// In either's directions.
    pub(super) const fn or(self, other: Self) -> Self {
        Self {
            read: self.read || other.read,
            write: self.write || other.write,
        }
    }

    /// In all directions of the other, and perhaps more.
    pub(super) const fn covers(self, other: Self) -> bool {
        (self.read || !other.read) && (self.write || !other.write)
    }

    /// In some direction.
    pub(crate) const fn any(self) -> bool {
        self.read || self.write
    }
}

/// The direction of every type and combinator.
#[derive(Clone, Debug)]
pub(crate) struct Reach {
    types: Vec<Direction>,
    combinators: Vec<Direction>,
}

impl Reach {
    /// Follows the schema from what the configuration wants.
    pub(crate) fn new(schema: &Schema, instances: &Instances<'_>, config: &Config) -> Self {
        let mut walk = Walk {
            schema,
            reached: vec![Direction::default(); Node::count(schema)],
            queue: Vec::new(),
        };
        for id in schema.combinator_ids() {
            let combinator = &schema[id];
            if combinator.kind == CombinatorKind::Function && config.wants(&schema[combinator.name])
            {
                walk.function(id, config.side);
            }
        }
        walk.run();
        for id in schema.combinator_ids() {
            let combinator = &schema[id];
            if combinator.kind == CombinatorKind::Constructor
                && !combinator.predeclared
                && instances.of_combinator(id).is_none()
                && config.wants_type(&schema[combinator.name])
            {
                walk.stray(Node::Combinator(id));
            }
        }
        for id in schema.type_ids() {
            let ty = &schema[id];
            if !ty.predeclared
                && instances.of_type(id).is_none()
                && config.wants_type(&schema[ty.name])
            {
                walk.stray(Node::Type(id));
            }
        }
        walk.run();
        let mut types = walk.reached;
        let combinators = types.split_off(schema.types.len());
        Self { types, combinators }
    }

    /// Of values of a type, as it stands alone.
    pub(crate) fn of_type(&self, id: TypeId) -> Direction {
        self.types[id.0 as usize]
    }

    /// Of values of a constructor or function.
    pub(crate) fn of_combinator(&self, id: CombinatorId) -> Direction {
        self.combinators[id.0 as usize]
    }
}

struct Walk<'s> {
    schema: &'s Schema,
    reached: Vec<Direction>,
    queue: Vec<(Node, Direction)>,
}

impl Walk<'_> {
    fn function(&mut self, id: CombinatorId, side: Side) {
        let (arguments, answer) = match side {
            Side::Client => (Direction::WRITE, Direction::READ),
            Side::Server => (Direction::READ, Direction::WRITE),
            Side::Both => (Direction::BOTH, Direction::BOTH),
        };
        self.reach(Node::Combinator(id), arguments);
        self.reach_type(&self.schema[id].result, answer);
    }

    /// Something wanted for itself. What functions want too keeps its direction.
    fn stray(&mut self, node: Node) {
        if !self.reached[node.index(self.schema)].any() {
            self.reach(node, Direction::BOTH);
        }
    }

    fn run(&mut self) {
        while let Some((node, direction)) = self.queue.pop() {
            match node {
                Node::Type(id) => {
                    for &constructor in &self.schema[id].constructors {
                        self.reach(Node::Combinator(constructor), direction);
                    }
                }
                Node::Combinator(id) => self.reach_fields(&self.schema[id].fields, direction),
            }
        }
    }

    fn reach(&mut self, node: Node, direction: Direction) {
        let reached = &mut self.reached[node.index(self.schema)];
        let more = reached.or(direction);
        if more != *reached {
            *reached = more;
            self.queue.push((node, direction));
        }
    }

    fn reach_fields(&mut self, fields: &[Field], direction: Direction) {
        for field in fields {
            self.reach_type(&field.ty, direction);
        }
    }

    fn reach_type(&mut self, ty: &TypeExpr, direction: Direction) {
        match ty {
            TypeExpr::Boxed { ty, args } => {
                self.reach(Node::Type(*ty), direction);
                self.reach_args(args, direction);
            }
            TypeExpr::Bare {
                constructor, args, ..
            } => {
                self.reach(Node::Combinator(*constructor), direction);
                self.reach_args(args, direction);
            }
            TypeExpr::Repeat(repeat) => self.reach_fields(&repeat.fields, direction),
            _ => {}
        }
    }

    fn reach_args(&mut self, args: &[Arg], direction: Direction) {
        for arg in args {
            if let Arg::Type(ty) = arg {
                self.reach_type(ty, direction);
            }
        }
    }
}
