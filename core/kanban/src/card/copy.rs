//! A card that begins as another one is.

use recordplayer::context::Context;

use super::place::Aim;
use super::{Card, CardEvent as E, CardRefusal as R};
use crate::ids::CardId;

impl Card {
    /// What stands on the other card: not its place, comments, people, relations, and what was done on it. Its description is a merged text,
    /// so whoever copies writes it behind this.
    pub(super) fn copy(&self, card: CardId, of: CardId, aim: &Aim, cx: &mut Context<'_>) -> Result<Vec<E>, R> {
        let other = cx.get::<Self>(of);
        if !other.exists() {
            return Err(R::NoSuchCard { card: of });
        }
        let mut events = self.create(card, aim, Self::shown_title(&other.title), None, cx)?;
        events.extend(other.card_type.map(|card_type| E::TypeSet { card_type: Some(card_type) }));
        let field =
            |(field, value): (&_, &super::FieldValue)| E::FieldSet { field: *field, value: Some(value.clone()) };
        events.extend(other.fields.iter().map(field));
        events.extend(other.labels.iter().map(|label| E::LabelAdded { label: *label }));
        events.extend(other.priority.map(|priority| E::PrioritySet { priority: Some(priority) }));
        events.extend(other.due.clone().map(|due| E::DueSet { due: Some(due) }));
        events.extend(other.estimate.map(|estimate| E::EstimateSet { estimate: Some(estimate) }));
        for list in &other.checklists {
            events.push(E::ChecklistSet { checklist: list.id, name: list.name.clone() });
            let item = |item: &super::Item| E::ItemSet {
                checklist: list.id,
                item: item.id,
                text: item.text.clone(),
                done: false,
                before: None,
            };
            events.extend(list.items.iter().map(item));
        }
        events.extend(other.attachments.iter().map(|(id, attachment)| attachment.clone().attached(*id)));
        Ok(events)
    }
}
