//! What a file tells of its cards at all: where it tells something of one and nothing of another, that one has none.

use std::collections::BTreeSet;

use super::super::source::SourceBoard;
use super::Planner;
use crate::card::RelationKind;
use crate::ids::FieldId;

#[derive(Debug)]
pub(super) struct Told {
    pub priorities: bool,
    pub estimates: bool,
    /// What cards are parts of.
    pub wholes: bool,
    pub fields: BTreeSet<FieldId>,
}

impl Told {
    pub fn by(source: &SourceBoard, planner: &Planner<'_>) -> Self {
        let mut relations = source.cards.iter().flat_map(|card| &card.relations);
        Self {
            priorities: source.cards.iter().any(|card| card.priority.is_some()),
            estimates: source.cards.iter().any(|card| card.estimate.is_some()),
            wholes: relations.any(|relation| relation.kind == RelationKind::PartOf),
            fields: source.fields.iter().map(|field| planner.id("field", &field.id)).collect(),
        }
    }
}
