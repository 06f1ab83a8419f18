//! What stands on the cards and has no history, or none in the file: it comes in as it is.

use std::collections::BTreeSet;

use recordplayer::time::Timestamp;

use super::super::source::{
    NotImported, SourceAttachment, SourceBoard, SourceCard, SourceCheckItem, SourceChecklist, SourceComment,
    SourceValue,
};
use super::told::Told;
use super::{Planner, cut};
use crate::board::Board;
use crate::card::{Attachment, Card, CardCommand, Checklist, FieldValue, Item};
use crate::column::Column;
use crate::comment::{Comment, CommentCommand, CommentKind};
use crate::ids::{AttachmentId, CardId, ChecklistId, ColumnId, CommentId, FieldId, ItemId, LabelId, PersonId, TypeId};
use crate::limits::{COMMENT_BYTES_MAX, NAME_BYTES_MAX, URL_BYTES_MAX, VALUE_BYTES_MAX};
use crate::project::Project;

impl Planner<'_> {
    /// What the history did not make as it is in the source.
    pub(super) fn finish_cards(&mut self, source: &SourceBoard, left_out: &mut Vec<NotImported>) {
        let labels: BTreeSet<LabelId> = source.labels.iter().map(|label| self.id("label", &label.id)).collect();
        let people: BTreeSet<PersonId> = source.members.iter().map(|member| self.id("member", &member.id)).collect();
        let told = Told::by(source, self);
        let (mut links, mut comments, mut out_of_sight) = (0, 0, 0);
        // What was done to it since nobody knows when was done by the time when it was changed last. Records stand in the order of time.
        let mut cards: Vec<&SourceCard> = source.cards.iter().collect();
        let end = self.word.at;
        let changed = |card: &SourceCard| card.changed_at_ms.map(Timestamp).max(end);
        cards.sort_by_key(|card| changed(card));
        for card in cards {
            let id: CardId = self.id("card", &card.id);
            self.word.at = changed(card);
            self.set_title(id, &card.name);
            let column = self.column_of(&card.list_id);
            let is_end = self.present.models.get::<Column>(column).kind.is_end()
                || self.kinds.iter().any(|(known, kind)| *known == column && kind.is_end());
            // What has stood here before came there when the product says that it was finished.
            let ended = card.ended_at_ms.map(Timestamp).filter(|_| is_end && self.is_here(id));
            self.word.at = ended.or(changed(card));
            self.set_column(id, column);
            self.word.at = changed(card);
            self.set_text(id, &card.desc);
            self.set_labels(id, &card.label_ids, &labels);
            self.set_members(id, &card.member_ids, &people);
            self.take_off_gone(id, card, &told);
            self.set_due(id, card.due_at_ms);
            self.set_done(id, card.due_complete);
            self.fields(id, card, &told);
            self.set_type(id, card.type_id.as_ref());
            self.set_effort(id, card, &told);
            self.set_left_and_blocked(id, card);
            for list in &card.checklists {
                self.set_checklist(id, list);
                for item in &list.items {
                    self.set_item(id, list, item, item.done);
                }
            }
            for link in &card.attachments {
                links += u64::from(!has_address(link));
                self.set_link(id, link);
            }
            for comment in &card.comments {
                comments += u64::from(!comment.is_written());
                self.set_comment(id, comment);
            }
            // Last, for moving an archived card is refused.
            self.set_archived(id, card.closed);
            let is_shut = self.closed.contains(&column) || self.present.models.get::<Board>(self.board).archived;
            let lists = source.lists.iter().filter(|list| list.id == card.list_id);
            out_of_sight += u64::from(is_shut && !card.closed && lists.clone().all(|list| !list.closed));
        }
        let mut leave_out = |what: &str, why: &str, count| {
            if count > 0 {
                left_out.push(NotImported { what: what.to_owned(), why: why.to_owned(), count });
            }
        };
        leave_out("links without an address", "there is nothing to lead to, or it is too long", links);
        let why = "they come into a column or a board that is archived here; restore it to see them";
        leave_out("places on the board", why, out_of_sight);
        leave_out("empty comments", "there is nothing to show", comments);
    }

    /// Counts the things of the source by what becomes of them.
    pub(super) fn tally_things(&mut self, source: &SourceBoard) {
        let models = self.present.models;
        let project = models.get::<Project>(self.present.space.0);
        for label in &source.labels {
            let id: LabelId = self.id("label", &label.id);
            self.tally(project.labels.contains_key(&id) || self.absent.contains(&id), id);
        }
        for member in &source.members {
            let id: PersonId = self.id("member", &member.id);
            self.tally(project.placeholders.contains_key(&id), id);
        }
        for field in &source.fields {
            let id: FieldId = self.id("field", &field.id);
            self.tally(project.fields.contains_key(&id), id);
        }
        for card_type in &source.types {
            let id: TypeId = self.id("type", &card_type.id);
            self.tally(project.types.contains_key(&id), id);
        }
        self.tally(models.get::<Board>(self.board).exists(), self.board);
        for list in &source.lists {
            let id: ColumnId = self.column_of(&list.id);
            self.tally(models.get::<Column>(id).exists(), id);
        }
        for card in &source.cards {
            let id: CardId = self.id("card", &card.id);
            let known = models.get::<Card>(id);
            self.tally(known.exists(), id);
            for list in &card.checklists {
                let list_id: ChecklistId = self.id("checklist", &list.id);
                let known = known.checklists.iter().find(|other| other.id == list_id);
                self.tally(known.is_some(), list_id);
                for item in &list.items {
                    let item: ItemId = self.id("item", &item.id);
                    self.tally(known.is_some_and(|list| list.items.iter().any(|other| other.id == item)), item);
                }
            }
            for link in card.attachments.iter().filter(|link| has_address(link)) {
                let link: AttachmentId = self.id("attachment", &link.id);
                self.tally(known.attachments.contains_key(&link), link);
            }
            for comment in card.comments.iter().filter(|comment| comment.is_written()) {
                let comment: CommentId = self.id("comment", &comment.id);
                self.tally(models.get::<Comment>(comment).card.is_some(), comment);
            }
        }
    }

    fn fields(&mut self, id: CardId, card: &SourceCard, told: &Told) {
        let mut emptied = told.fields.clone();
        for value in &card.field_values {
            emptied.remove(&self.id("field", &value.field_id));
        }
        for field in emptied {
            let card = &self.sim(id).card;
            let (has_one, card_type) = (card.fields.contains_key(&field), card.card_type);
            let project = self.present.models.get::<Project>(self.present.space.0);
            let usage = card_type.and_then(|card_type| project.types.get(&card_type)?.fields.get(&field));
            let is_required = usage.is_some_and(|usage| usage.required);
            if has_one && !is_required && !self.is_by_hand::<Card>(id.0, &format!("field {field}")) {
                self.sim(id).card.fields.remove(&field);
                self.change::<Card>(id, id, &CardCommand::SetField { field, value: None });
            }
        }
        for value in &card.field_values {
            let field: FieldId = self.id("field", &value.field_id);
            let value = self.value(&value.value);
            let is_other = self.sim(id).card.fields.get(&field) != Some(&value);
            if is_other && self.may_set::<Card>(id, &format!("field {field}")) {
                self.sim(id).card.fields.insert(field, value.clone());
                self.change::<Card>(id, id, &CardCommand::SetField { field, value: Some(value) });
            }
        }
    }

    fn value(&self, value: &SourceValue) -> FieldValue {
        match value {
            SourceValue::Number(number) if FieldValue::is_number(number) => {
                FieldValue::Number { number: number.clone() }
            }
            SourceValue::Text(text) | SourceValue::Number(text) => {
                FieldValue::Text { text: cut(text, VALUE_BYTES_MAX) }
            }
            SourceValue::Date(at) => FieldValue::Date { at: Timestamp(*at) },
            SourceValue::Checked(checked) => FieldValue::Checked { checked: *checked },
            SourceValue::Option(option) => FieldValue::Choice { option: self.id("option", option) },
            SourceValue::Person(person) => FieldValue::Person { person: self.id("member", person) },
        }
    }

    pub(super) fn set_checklist(&mut self, id: CardId, list: &SourceChecklist) {
        let (checklist, name): (ChecklistId, _) = (self.id("checklist", &list.id), cut(&list.name, NAME_BYTES_MAX));
        let is_so = |other: &Checklist| other.id == checklist && other.name == name;
        let is_there = self.sim(id).card.checklists.iter().any(is_so);
        if is_there || !self.may_set::<Card>(id, &format!("checklist {checklist}")) {
            return;
        }
        let known = &mut self.sim(id).card.checklists;
        match known.iter_mut().find(|other| other.id == checklist) {
            Some(known) => known.name.clone_from(&name),
            None => known.push(Checklist { id: checklist, name: name.clone(), items: Vec::new() }),
        }
        self.change::<Card>(checklist, id, &CardCommand::SetChecklist { checklist, name });
    }

    pub(super) fn set_item(&mut self, id: CardId, list: &SourceChecklist, item: &SourceCheckItem, done: bool) {
        let (checklist, item_id): (ChecklistId, ItemId) = (self.id("checklist", &list.id), self.id("item", &item.id));
        let text = cut(&item.name, COMMENT_BYTES_MAX);
        let is_so = |other: &Item| other.id == item_id && other.text == text && other.done == done;
        let Some(known) = self.sim(id).card.checklists.iter().find(|other| other.id == checklist) else { return };
        if known.items.iter().any(is_so) || !self.may_set::<Card>(id, &format!("item {item_id}")) {
            return;
        }
        let lists = &mut self.sim(id).card.checklists;
        let Some(known) = lists.iter_mut().find(|other| other.id == checklist) else { return };
        match known.items.iter_mut().find(|other| other.id == item_id) {
            Some(known) => (known.text, known.done) = (text.clone(), done),
            None => known.items.push(Item { id: item_id, text: text.clone(), done }),
        }
        self.change::<Card>(item_id, id, &CardCommand::SetItem { checklist, item: item_id, text, done, before: None });
    }

    pub(super) fn tick_item(&mut self, id: CardId, item: ItemId, done: bool) {
        let is_other = |other: &&Item| other.id == item && other.done != done;
        let is_known = self.sim(id).card.checklists.iter().any(|list| list.items.iter().any(|other| is_other(&other)));
        if !is_known || !self.may_set::<Card>(id, &format!("item {item}")) {
            return;
        }
        for list in &mut self.sim(id).card.checklists {
            let checklist = list.id;
            if let Some(known) = list.items.iter_mut().find(|other| is_other(&&**other)) {
                known.done = done;
                return self.change::<Card>(item, id, &CardCommand::TickItem { checklist, item, done });
            }
        }
    }

    /// Links that lead nowhere are left out.
    pub(super) fn set_link(&mut self, id: CardId, link: &SourceAttachment) {
        let attachment: AttachmentId = self.id("attachment", &link.id);
        let set = Attachment::Link { name: cut(&link.name, NAME_BYTES_MAX), url: link.url.clone() };
        let is_other = has_address(link) && self.sim(id).card.attachments.get(&attachment) != Some(&set);
        if is_other && self.may_set::<Card>(id, &format!("attachment {attachment}")) {
            self.sim(id).card.attachments.insert(attachment, set.clone());
            self.change::<Card>(attachment, id, &set.attach(attachment));
        }
    }

    /// Comments without a text are left out. What somebody has edited or deleted here stays.
    pub(super) fn set_comment(&mut self, card: CardId, comment: &SourceComment) {
        let id: CommentId = self.id("comment", &comment.id);
        let known = self.present.models.get::<Comment>(id);
        let text = cut(&comment.text, COMMENT_BYTES_MAX);
        if !comment.is_written() {
            return;
        }
        if self.changed.contains(&id.0) {
            return;
        }
        let write = |planner: &Self| CommentCommand::Write {
            card,
            text: text.clone(),
            author: comment.author.as_ref().map(|author| planner.id("member", author)),
            kind: CommentKind::Talk,
            mentions: BTreeSet::new(),
        };
        if known.card.is_none() {
            let write = write(self);
            self.make::<Comment>(id, id, &write);
        } else if (known.deleted || known.text != text) && self.may_set::<Comment>(id, "text") {
            let edit = CommentCommand::Edit { text: text.clone(), mentions: BTreeSet::new() };
            // It was deleted by taking the import back.
            let command = if known.deleted { write(self) } else { edit };
            self.change::<Comment>(id, id, &command);
        }
    }
}

fn has_address(link: &SourceAttachment) -> bool {
    !link.url.trim().is_empty() && link.url.len() <= URL_BYTES_MAX
}
