//! What a file tells of its cards at all: where it tells something of one and nothing of another, that one has none.

use std::collections::BTreeSet;

use super::super::source::{SourceBoard, SourceCard, Subject};
use super::Planner;
use crate::card::RelationKind;
use crate::ids::FieldId;

#[derive(Debug)]
pub(super) struct Told {
    subjects: BTreeSet<Subject>,
    pub fields: BTreeSet<FieldId>,
}

impl Told {
    pub fn by(source: &SourceBoard, planner: &Planner<'_>) -> Self {
        let fields = source.fields.iter().map(|field| &field.id).chain(&source.says.fields);
        let shown = source.cards.iter().flat_map(shown);
        Self {
            subjects: source.says.subjects.iter().copied().chain(shown).collect(),
            fields: fields.map(|id| planner.id("field", id)).collect(),
        }
    }

    pub fn has(&self, subject: Subject) -> bool {
        self.subjects.contains(&subject)
    }
}

/// What there is on a card.
fn shown(card: &SourceCard) -> BTreeSet<Subject> {
    let has = |is_it: &dyn Fn(RelationKind) -> bool| card.relations.iter().any(|relation| is_it(relation.kind));
    let all = [
        (Subject::Labels, !card.label_ids.is_empty()),
        (Subject::Members, !card.member_ids.is_empty()),
        (Subject::Priorities, card.priority.is_some()),
        (Subject::Estimates, card.estimate.is_some()),
        (Subject::Wholes, has(&|kind| kind == RelationKind::PartOf)),
        (Subject::Links, has(&|kind| kind != RelationKind::PartOf)),
    ];
    all.into_iter().filter(|(_, is_shown)| *is_shown).map(|(subject, _)| subject).collect()
}
