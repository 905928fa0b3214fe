//! What an `Object` or a `Function` may be, if they are enums.

use tl_parser::ir::{Builtin, CombinatorId, CombinatorKind, Schema};

use super::reach::{Direction, Reach};
use crate::config::{Config, Objects};
use crate::instances::Instances;

/// What an `Object` and a `Function` may be.
#[derive(Clone, Debug)]
pub(crate) struct Any {
    /// `None` if they are bytes, or if there are none in what is generated.
    pub(crate) objects: Option<AnyOf>,
    /// The same of functions.
    pub(crate) functions: Option<AnyOf>,
}

/// One of the two.
#[derive(Clone, Debug)]
pub(crate) struct AnyOf {
    /// What it may be, in order.
    pub(crate) members: Vec<CombinatorId>,
    /// How it travels; all members travel so.
    pub(crate) direction: Direction,
    /// Whether any member has fields, so that the borrowed form borrows.
    pub(crate) borrows: bool,
}

impl Any {
    pub(crate) fn new(
        schema: &Schema,
        instances: &Instances<'_>,
        reach: &Reach,
        config: &Config,
    ) -> Self {
        let of = |builtin: Builtin| {
            if config.objects != Objects::Enum {
                return None;
            }
            let direction = direction_of(schema, reach, builtin);
            let kind = match builtin {
                Builtin::Function => CombinatorKind::Function,
                _ => CombinatorKind::Constructor,
            };
            direction.any().then(|| {
                let ids = schema.combinator_ids();
                let members: Vec<CombinatorId> = ids
                    .filter(|&id| {
                        schema[id].kind == kind
                            && can_stand_alone(schema, id)
                            // Several applications have one id.
                            && instances.of_combinator(id).is_none()
                            && reach.of_combinator(id).covers(direction)
                    })
                    .collect();
                let has_fields = |&id: &CombinatorId| !schema[id].fields.is_empty();
                AnyOf {
                    borrows: members.iter().any(has_fields),
                    members,
                    direction,
                }
            })
        };
        Self {
            objects: of(Builtin::Object),
            functions: of(Builtin::Function),
        }
    }

    /// What that built-in may be; `None` if it is bytes, or no built-in of the kind.
    pub(crate) fn of(&self, builtin: Builtin) -> Option<&AnyOf> {
        match builtin {
            Builtin::Object => self.objects.as_ref(),
            Builtin::Function => self.functions.as_ref(),
            _ => None,
        }
    }
}

/// Whether its id alone says what follows.
fn can_stand_alone(schema: &Schema, id: CombinatorId) -> bool {
    let combinator = &schema[id];
    let is_empty_builtin = matches!(
        combinator.builtin,
        Some(Builtin::True | Builtin::BoolFalse | Builtin::BoolTrue)
    );
    combinator.variables.is_empty()
        && (combinator.builtin.is_none() || is_empty_builtin)
        && !combinator.is_default(schema)
}

/// How values of the built-in travel, spelt either way.
fn direction_of(schema: &Schema, reach: &Reach, builtin: Builtin) -> Direction {
    let of_builtin = |id: &CombinatorId| schema[*id].builtin == Some(builtin);
    let bare = schema.combinator_ids().filter(of_builtin);
    let boxed = schema
        .type_ids()
        .filter(|&id| schema[id].constructors.iter().any(of_builtin));
    let bare = bare.map(|id| reach.of_combinator(id));
    bare.chain(boxed.map(|id| reach.of_type(id)))
        .fold(Direction::default(), Direction::or)
}
