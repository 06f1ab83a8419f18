//! How much a board holds.

use serde::Serialize;

use std::collections::BTreeSet;

use super::board::{Origin, SourceBoard, SourceCard, SourceId};
use crate::card::RelationKind;

/// Counts of a [`SourceBoard`], archived things included. Lists, labels, members and fields count where the board itself lists
/// them: what stands only on cards, and placeholders, are links without such a thing. So a board of 2015 has no labels and 49
/// label links.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Counts {
    pub columns: u64,
    pub columns_archived: u64,
    pub cards: u64,
    pub cards_archived: u64,
    pub labels: u64,
    pub label_links: u64,
    pub members: u64,
    pub member_links: u64,
    pub checklists: u64,
    pub checklist_items: u64,
    pub checklist_done: u64,
    pub comments: u64,
    pub attachments: u64,
    pub due_dates: u64,
    pub descriptions: u64,
    pub fields: u64,
    pub field_values: u64,
    /// What the product calls components: they come in as labels, and are not counted among those.
    pub components: u64,
    pub component_links: u64,
    pub types: u64,
    /// Cards that are part of another card of the board.
    pub parents: u64,
    /// What else cards are to cards of the board, told by each of the two.
    pub relations: u64,
    /// Links to what is not on the board.
    pub relations_dangling: u64,
}

/// Counts what `board` holds.
pub fn counts(board: &SourceBoard) -> Counts {
    let listed = |origin: Origin| u64::from(origin == Origin::Listed);
    let mut counts = Counts {
        labels: board.labels.iter().filter(|label| !label.is_component).map(|label| listed(label.origin)).sum(),
        components: board.labels.iter().filter(|label| label.is_component).count() as u64,
        types: board.types.len() as u64,
        members: board.members.iter().map(|member| listed(member.origin)).sum(),
        fields: board.fields.iter().map(|field| listed(field.origin)).sum(),
        ..Counts::default()
    };
    for list in board.lists.iter().filter(|list| list.origin == Origin::Listed) {
        counts.columns += 1;
        counts.columns_archived += u64::from(list.closed);
    }
    let components = board.labels.iter().filter(|label| label.is_component);
    let components: BTreeSet<&SourceId> = components.map(|label| &label.id).collect();
    for card in &board.cards {
        counts.add_card(card, &components);
    }
    counts
}

impl Counts {
    fn add_card(&mut self, card: &SourceCard, components: &BTreeSet<&SourceId>) {
        self.cards += 1;
        self.cards_archived += u64::from(card.closed);
        let of_components = card.label_ids.iter().filter(|label| components.contains(label)).count() as u64;
        self.label_links += card.label_ids.len() as u64 - of_components;
        self.component_links += of_components;
        self.member_links += card.member_ids.len() as u64;
        self.comments += card.comments.len() as u64;
        self.attachments += card.attachments.len() as u64;
        self.due_dates += u64::from(card.due_at_ms.is_some());
        self.descriptions += u64::from(!card.desc.is_empty());
        self.field_values += card.field_values.len() as u64;
        let parents = card.relations.iter().filter(|relation| relation.kind == RelationKind::PartOf).count() as u64;
        self.parents += parents;
        self.relations += card.relations.len() as u64 - parents;
        self.relations_dangling += card.relations_dangling;
        for checklist in &card.checklists {
            self.checklists += 1;
            self.checklist_items += checklist.items.len() as u64;
            self.checklist_done += checklist.items.iter().filter(|item| item.done).count() as u64;
        }
    }
}
