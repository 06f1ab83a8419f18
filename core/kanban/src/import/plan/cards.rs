//! The cards and what stands on them.

use std::collections::BTreeSet;

use recordplayer::time::Timestamp;

use super::super::trello::{NotImported, TrelloBoard, TrelloCard, TrelloId, TrelloValue};
use super::{Planner, cut};
use crate::card::{Card, CardCommand, Day, FieldValue};
use crate::comment::{Comment, CommentCommand};
use crate::ids::{AttachmentId, CardId, ChecklistId, ColumnId, CommentId, FieldId, ItemId, LabelId, PersonId};
use crate::limits::{COMMENT_BYTES_MAX, NAME_BYTES_MAX, TITLE_BYTES_MAX, URL_BYTES_MAX, VALUE_BYTES_MAX};

impl Planner<'_> {
    pub(super) fn cards(&mut self, source: &TrelloBoard, left_out: &mut Vec<NotImported>) {
        let labels: BTreeSet<LabelId> = source.labels.iter().map(|label| self.id("label", &label.id)).collect();
        let people: BTreeSet<PersonId> = source.members.iter().map(|member| self.id("member", &member.id)).collect();
        let (mut links, mut comments) = (0, 0);
        for card in &source.cards {
            let id: CardId = self.id("card", &card.id);
            let (known, before) = (self.present.models.get::<Card>(id), self.commands.len());
            self.place(id, card, &known);
            self.labels_and_members(id, card, &known, &labels, &people);
            self.dates_and_fields(id, card, &known);
            self.checklists(id, card, &known);
            links += self.links(id, card, &known);
            if (self.present.description_of)(id) != card.desc {
                self.describe(id, &card.desc);
            }
            // Last, for moving an archived card is refused.
            match (known.archived && known.column() == Some(self.id("column", &card.list_id)), card.closed) {
                (false, true) => self.change::<Card>(id, &CardCommand::Archive {}),
                (true, false) => self.change::<Card>(id, &CardCommand::Restore { exempt: true }),
                (true, true) | (false, false) => {}
            }
            self.tally(known.exists(), before);
            comments += self.comments(id, card);
        }
        let mut leave_out = |what: &str, why: &str, count| {
            if count > 0 {
                left_out.push(NotImported { what: what.to_owned(), why: why.to_owned(), count });
            }
        };
        leave_out("links without an address", "there is nothing to lead to, or it is too long", links);
        leave_out("empty comments", "there is nothing to show", comments);
    }

    fn place(&mut self, id: CardId, card: &TrelloCard, known: &Card) {
        let column: ColumnId = self.id("column", &card.list_id);
        let title = if card.name.trim().is_empty() { "Untitled".to_owned() } else { cut(&card.name, TITLE_BYTES_MAX) };
        if !known.exists() {
            let made_at = card.id.created_at_ms().map(Timestamp);
            self.make::<Card>(id, made_at, &CardCommand::Create { column, title, before: None, exempt: true });
            return;
        }
        if known.title != title {
            self.change::<Card>(id, &CardCommand::Rename { title });
        }
        if known.column() != Some(column) {
            if known.archived {
                self.change::<Card>(id, &CardCommand::Restore { exempt: true });
            }
            self.change::<Card>(id, &CardCommand::MoveTo { column, before: None, exempt: true });
        }
    }

    fn labels_and_members(
        &mut self,
        id: CardId,
        card: &TrelloCard,
        known: &Card,
        all_labels: &BTreeSet<LabelId>,
        all_people: &BTreeSet<PersonId>,
    ) {
        let labels: BTreeSet<LabelId> = card.label_ids.iter().map(|label| self.id("label", label)).collect();
        for label in labels.difference(&known.labels) {
            self.change::<Card>(id, &CardCommand::AddLabel { label: *label });
        }
        for label in known.labels.difference(&labels).filter(|label| all_labels.contains(label)) {
            self.change::<Card>(id, &CardCommand::RemoveLabel { label: *label });
        }
        let people: BTreeSet<PersonId> = card.member_ids.iter().map(|member| self.id("member", member)).collect();
        for person in people.difference(&known.members) {
            self.change::<Card>(id, &CardCommand::Assign { person: *person });
        }
        for person in known.members.difference(&people).filter(|person| all_people.contains(person)) {
            self.change::<Card>(id, &CardCommand::Unassign { person: *person });
        }
    }

    fn dates_and_fields(&mut self, id: CardId, card: &TrelloCard, known: &Card) {
        let due = card.due_at_ms.and_then(|at| Day::of(Timestamp(at)));
        if known.due != due {
            self.change::<Card>(id, &CardCommand::SetDue { due });
        }
        if known.done != card.due_complete {
            self.change::<Card>(id, &CardCommand::SetDone { done: card.due_complete });
        }
        for value in &card.field_values {
            let field: FieldId = self.id("field", &value.field_id);
            let value = self.value(&value.value);
            if known.fields.get(&field) != Some(&value) {
                self.change::<Card>(id, &CardCommand::SetField { field, value: Some(value) });
            }
        }
    }

    fn value(&self, value: &TrelloValue) -> FieldValue {
        match value {
            TrelloValue::Number(number) if FieldValue::is_number(number) => {
                FieldValue::Number { number: number.clone() }
            }
            TrelloValue::Text(text) | TrelloValue::Number(text) => {
                FieldValue::Text { text: cut(text, VALUE_BYTES_MAX) }
            }
            TrelloValue::Date(at) => FieldValue::Date { at: Timestamp(*at) },
            TrelloValue::Checked(checked) => FieldValue::Checked { checked: *checked },
            TrelloValue::Option(option) => FieldValue::Choice { option: self.id("option", option) },
        }
    }

    fn checklists(&mut self, id: CardId, card: &TrelloCard, known: &Card) {
        for list in &card.checklists {
            let (checklist, before): (ChecklistId, _) = (self.id("checklist", &list.id), self.commands.len());
            let name = cut(&list.name, NAME_BYTES_MAX);
            let present = known.checklists.iter().find(|other| other.id == checklist);
            if present.is_none_or(|present| present.name != name) {
                self.change::<Card>(id, &CardCommand::SetChecklist { checklist, name });
            }
            self.tally(present.is_some(), before);
            for item in &list.items {
                let before = self.commands.len();
                let (item_id, text): (ItemId, _) = (self.id("item", &item.id), cut(&item.name, COMMENT_BYTES_MAX));
                let present = present.and_then(|list| list.items.iter().find(|other| other.id == item_id));
                if present.is_none_or(|present| present.text != text || present.done != item.done) {
                    let command = CardCommand::SetItem { checklist, item: item_id, text, done: item.done };
                    self.change::<Card>(id, &command);
                }
                self.tally(present.is_some(), before);
            }
        }
    }

    /// Answers with the number of links that lead nowhere.
    fn links(&mut self, id: CardId, card: &TrelloCard, known: &Card) -> u64 {
        let mut left_out = 0;
        for link in &card.attachments {
            if link.url.trim().is_empty() || link.url.len() > URL_BYTES_MAX {
                left_out += 1;
                continue;
            }
            let (attachment, before): (AttachmentId, _) = (self.id("attachment", &link.id), self.commands.len());
            let name = cut(&link.name, NAME_BYTES_MAX);
            let present = known.attachments.get(&attachment);
            if present.is_none_or(|present| present.name != name || present.url != link.url) {
                self.change::<Card>(id, &CardCommand::AttachLink { attachment, name, url: link.url.clone() });
            }
            self.tally(present.is_some(), before);
        }
        left_out
    }

    /// Answers with the number of comments without a text.
    fn comments(&mut self, card: CardId, source: &TrelloCard) -> u64 {
        let mut left_out = 0;
        for comment in &source.comments {
            if comment.text.trim().is_empty() {
                left_out += 1;
                continue;
            }
            let (id, before): (CommentId, _) = (self.id("comment", &comment.id), self.commands.len());
            let known = self.present.models.get::<Comment>(id);
            let text = cut(&comment.text, COMMENT_BYTES_MAX);
            let author = comment.author.as_ref().map(|author: &TrelloId| self.id("member", author));
            if known.card.is_none() {
                let command = CommentCommand::Write { card, text, author };
                self.make::<Comment>(id, comment.at_ms.map(Timestamp), &command);
            } else if known.text != text && !known.deleted && !known.edited {
                self.change::<Comment>(id, &CommentCommand::Edit { text });
            }
            self.tally(known.card.is_some(), before);
        }
        left_out
    }
}
