//! What holds what by value.
//!
//! A value of a struct holds its fields, an enum its constructors; a vector holds nothing by
//! value, its elements are on the heap. A type argument counts as held: whether the generic type
//! keeps it in a vector is not looked at.
//!
//! Components come out so that each comes after all that it holds. Fields that lead back into
//! their own component are those which need a box.

use tl_parser::ir::{Arg, Builtin, Field, Schema, TypeExpr};

use super::Node;

/// Which nodes a node holds by value.
pub(super) struct Graph {
    starts: Vec<u32>,
    targets: Vec<u32>,
}

/// The strongly connected components of a [`Graph`].
pub(super) struct Components {
    /// The component of each node.
    pub(super) of: Vec<u32>,
    /// All nodes, those that are held before those that hold them.
    pub(super) order: Vec<u32>,
}

impl Graph {
    pub(super) fn new(schema: &Schema) -> Self {
        let count = Node::count(schema);
        let mut graph = Self {
            starts: Vec::with_capacity(count + 1),
            targets: Vec::new(),
        };
        for index in 0..count {
            graph.starts.push(as_u32(graph.targets.len()));
            let targets = &mut graph.targets;
            match Node::from_index(schema, index) {
                Node::Type(id) => {
                    let nodes = schema[id]
                        .constructors
                        .iter()
                        .map(|&id| Node::Combinator(id));
                    targets.extend(nodes.map(|node| as_u32(node.index(schema))));
                }
                Node::Combinator(id) => {
                    let push = &mut |node: Node| targets.push(as_u32(node.index(schema)));
                    held_by_fields(schema, &schema[id].fields, push);
                }
            }
        }
        graph.starts.push(as_u32(graph.targets.len()));
        graph
    }

    fn targets(&self, node: u32) -> &[u32] {
        let node = node as usize;
        &self.targets[self.starts[node] as usize..self.starts[node + 1] as usize]
    }

    /// Tarjan's algorithm, without recursion: schemas may be deeper than the stack.
    pub(super) fn components(&self) -> Components {
        const NEW: u32 = u32::MAX;
        let count = self.starts.len() - 1;
        let mut number = vec![NEW; count];
        let mut low = vec![0; count];
        let mut of = vec![NEW; count];
        let mut order = Vec::with_capacity(count);
        let mut open = Vec::new();
        let mut next_number = 0;
        let mut components = 0;
        // A node and how many of its targets have been looked at.
        let mut path: Vec<(u32, usize)> = Vec::new();
        for root in 0..as_u32(count) {
            if number[root as usize] != NEW {
                continue;
            }
            path.push((root, 0));
            while let Some((node, seen)) = path.last_mut() {
                let at = *node as usize;
                if *seen == 0 && number[at] == NEW {
                    number[at] = next_number;
                    low[at] = next_number;
                    next_number += 1;
                    open.push(*node);
                }
                if let Some(&target) = self.targets(*node).get(*seen) {
                    *seen += 1;
                    let target_at = target as usize;
                    if number[target_at] == NEW {
                        path.push((target, 0));
                    } else if of[target_at] == NEW {
                        low[at] = low[at].min(number[target_at]);
                    }
                    continue;
                }
                let node = *node;
                path.pop();
                if let Some(&(parent, _)) = path.last() {
                    low[parent as usize] = low[parent as usize].min(low[at]);
                }
                if low[at] == number[at] {
                    while let Some(member) = open.pop() {
                        of[member as usize] = components;
                        order.push(member);
                        if member == node {
                            break;
                        }
                    }
                    components += 1;
                }
            }
        }
        Components { of, order }
    }
}

fn held_by_fields(schema: &Schema, fields: &[Field], push: &mut impl FnMut(Node)) {
    for field in fields {
        held_by_type(schema, &field.ty, push);
    }
}

/// What a value of a type holds by value.
pub(super) fn held_by_type(schema: &Schema, ty: &TypeExpr, push: &mut impl FnMut(Node)) {
    match ty {
        TypeExpr::Boxed { ty, args } => {
            let first = schema[*ty].constructors.first();
            if first.is_some_and(|&id| schema[id].builtin.is_some()) {
                return;
            }
            push(Node::Type(*ty));
            held_by_args(schema, args, push);
        }
        TypeExpr::Bare {
            constructor, args, ..
        } => {
            match schema[*constructor].builtin {
                Some(Builtin::Vector) => return,
                Some(_) => {}
                None => push(Node::Combinator(*constructor)),
            }
            held_by_args(schema, args, push);
        }
        // Only arrays are held by value, but the rest gains nothing by being looked at.
        TypeExpr::Repeat(repeat) if repeat.count.base.is_none() => {
            held_by_fields(schema, &repeat.fields, push);
        }
        _ => {}
    }
}

fn held_by_args(schema: &Schema, args: &[Arg], push: &mut impl FnMut(Node)) {
    for arg in args {
        if let Arg::Type(ty) = arg {
            held_by_type(schema, ty, push);
        }
    }
}

fn as_u32(index: usize) -> u32 {
    u32::try_from(index).unwrap_or(u32::MAX)
}
