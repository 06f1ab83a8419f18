//! The cards as the planned commands leave them, and the commands that change them.

use std::collections::{BTreeMap, BTreeSet};

use recordplayer::limits::TEXT_BYTES_MAX;
use recordplayer::time::Timestamp;

use super::super::source::{SourceCard, SourceId, Subject};
use super::told::Told;
use super::{Planner, cut};
use crate::card::{Card, CardCommand, Day, Placed, Typed};
use crate::ids::{CardId, ColumnId, LabelId, PersonId};
use crate::limits::{COMMENT_BYTES_MAX, TITLE_BYTES_MAX};
use crate::rank::Rank;
use crate::undo::DESCRIPTION;

/// One card, as the commands so far leave it.
#[derive(Clone, Debug)]
pub(super) struct Sim {
    pub card: Card,
    pub text: String,
    /// How many cards were put at the end of a column before this one was; 0 for those that stood here before the import.
    pub placement: u64,
}

/// Of all products the one whose cards are due at a moment; other files hold days.
const TRELLO: &str = "trello";

/// A title that cards take.
fn title_of(name: &str) -> String {
    if name.trim().is_empty() { "Untitled".to_owned() } else { cut(name, TITLE_BYTES_MAX) }
}

impl Planner<'_> {
    /// The card as it is by now; looked up here where nothing was planned for it.
    pub(super) fn sim(&mut self, id: CardId) -> &mut Sim {
        let present = self.present;
        self.sims.entry(id).or_insert_with(|| {
            let card = (*present.models.get::<Card>(id)).clone();
            let text = if card.exists() { (present.description_of)(id) } else { String::new() };
            Sim { card, text, placement: 0 }
        })
    }

    fn change_card(&mut self, id: CardId, command: &CardCommand) {
        self.change::<Card>(id, id, command);
    }

    fn put_last(&mut self, id: CardId, column: ColumnId) {
        self.placements += 1;
        let placement = self.placements;
        let sim = self.sim(id);
        sim.card.placed = Some(Placed { column, rank: Rank::default() });
        sim.placement = placement;
    }

    pub(super) fn make_card(&mut self, id: CardId, column: ColumnId, name: &str) {
        if self.sim(id).card.exists() {
            return;
        }
        let title = title_of(name);
        self.sim(id).card.title.clone_from(&title);
        self.put_last(id, column);
        self.make::<Card>(id, id, &CardCommand::Create { column, title, before: None, exempt: true, typed: None });
    }

    pub(super) fn set_title(&mut self, id: CardId, name: &str) {
        let title = title_of(name);
        if self.sim(id).card.title != title && self.may_set::<Card>(id, "title") {
            self.sim(id).card.title.clone_from(&title);
            self.change_card(id, &CardCommand::Rename { title });
        }
    }

    /// Moving an archived card is refused, so it is restored for it; the caller archives it again.
    pub(super) fn set_column(&mut self, id: CardId, column: ColumnId) {
        let is_archived = self.sim(id).card.archived;
        let is_theirs = |planner: &mut Self| {
            !planner.may_set::<Card>(id, "place") || (is_archived && !planner.may_set::<Card>(id, "archived"))
        };
        if self.sim(id).card.column() != Some(column) && !is_theirs(self) {
            self.set_archived(id, false);
            self.put_last(id, column);
            self.change_card(id, &CardCommand::MoveTo { column, before: None, row: None, exempt: true });
        }
    }

    pub(super) fn set_archived(&mut self, id: CardId, archived: bool) {
        if self.sim(id).card.archived != archived && self.may_set::<Card>(id, "archived") {
            self.sim(id).card.archived = archived;
            let command =
                if archived { CardCommand::Archive {} } else { CardCommand::Restore { column: None, exempt: true } };
            self.change_card(id, &command);
        }
    }

    pub(super) fn set_text(&mut self, id: CardId, text: &str) {
        let text = cut(text, TEXT_BYTES_MAX);
        if self.sim(id).text != text && self.may_set::<Card>(id, DESCRIPTION) {
            self.sim(id).text.clone_from(&text);
            self.describe(id, &text);
        }
    }

    pub(super) fn set_due(&mut self, id: CardId, at_ms: Option<i64>) {
        let day_of = |at| if self.product == TRELLO { (self.present.day_of)(at) } else { Day::of(at) };
        let due = at_ms.map(Timestamp).and_then(day_of);
        if self.sim(id).card.due != due && self.may_set::<Card>(id, "due") {
            self.sim(id).card.due.clone_from(&due);
            self.change_card(id, &CardCommand::SetDue { due });
        }
    }

    pub(super) fn set_done(&mut self, id: CardId, done: bool) {
        if self.sim(id).card.done != done && self.may_set::<Card>(id, "done") {
            self.sim(id).card.done = done;
            self.change_card(id, &CardCommand::SetDone { done });
        }
    }

    pub(super) fn set_type(&mut self, id: CardId, card_type: Option<&SourceId>) {
        let Some(card_type) = card_type.map(|card_type| self.id("type", card_type)) else { return };
        if self.sim(id).card.card_type != Some(card_type) && self.may_set::<Card>(id, "type") {
            self.sim(id).card.card_type = Some(card_type);
            let typed = Some(Typed { card_type, fields: BTreeMap::new() });
            self.change_card(id, &CardCommand::SetType { typed });
        }
    }

    pub(super) fn set_effort(&mut self, id: CardId, card: &SourceCard, told: &Told) {
        let (priority, estimate) = (card.priority, card.estimate);
        let is_told =
            priority.is_some() || (told.has(Subject::Priorities) && !self.is_by_hand::<Card>(id.0, "priority"));
        let is_other = is_told && self.sim(id).card.priority != priority;
        if is_other && self.may_set::<Card>(id, "priority") {
            self.sim(id).card.priority = priority;
            self.change_card(id, &CardCommand::SetPriority { priority });
        }
        let is_told =
            estimate.is_some() || (told.has(Subject::Estimates) && !self.is_by_hand::<Card>(id.0, "estimate"));
        let is_other = is_told && self.sim(id).card.estimate != estimate;
        if is_other && self.may_set::<Card>(id, "estimate") {
            self.sim(id).card.estimate = estimate;
            self.change_card(id, &CardCommand::SetEstimate { estimate });
        }
    }

    pub(super) fn set_left_and_blocked(&mut self, id: CardId, card: &SourceCard) {
        let remaining = card.remaining.filter(|remaining| self.sim(id).card.remaining != Some(*remaining));
        if remaining.is_some() && self.may_set::<Card>(id, "remaining") {
            self.sim(id).card.remaining = remaining;
            self.change_card(id, &CardCommand::SetRemaining { remaining });
        }
        let blocked = card.blocked.as_ref().map(|why| cut(why, COMMENT_BYTES_MAX));
        if blocked.is_some() && self.sim(id).card.blocked != blocked && self.may_set::<Card>(id, "blocked") {
            self.sim(id).card.blocked.clone_from(&blocked);
            let reason = blocked.unwrap_or_default();
            self.change_card(id, &CardCommand::Block { reason });
        }
    }

    pub(super) fn set_label(&mut self, id: CardId, label: LabelId, is_on: bool) {
        let is_absent = is_on && self.absent.contains(&label);
        if is_absent
            || self.sim(id).card.labels.contains(&label) == is_on
            || !self.may_set::<Card>(id, &format!("label {label}"))
        {
            return;
        }
        let labels = &mut self.sim(id).card.labels;
        let command = if is_on {
            labels.insert(label);
            CardCommand::AddLabel { label }
        } else {
            labels.remove(&label);
            CardCommand::RemoveLabel { label }
        };
        self.change_card(id, &command);
    }

    pub(super) fn set_member(&mut self, id: CardId, person: PersonId, is_on: bool) {
        if self.sim(id).card.members.contains(&person) == is_on
            || !self.may_set::<Card>(id, &format!("person {person}"))
        {
            return;
        }
        let members = &mut self.sim(id).card.members;
        let command = if is_on {
            members.insert(person);
            CardCommand::Assign { person }
        } else {
            members.remove(&person);
            CardCommand::Unassign { person }
        };
        self.change_card(id, &command);
    }

    /// Makes the labels be these, as far as they are of the source.
    pub(super) fn set_labels(&mut self, id: CardId, labels: &[SourceId], all: &BTreeSet<LabelId>) {
        let wanted: BTreeSet<LabelId> = labels.iter().map(|label| self.id("label", label)).collect();
        let gone: Vec<_> =
            self.sim(id).card.labels.difference(&wanted).filter(|label| all.contains(label)).copied().collect();
        for label in wanted {
            self.set_label(id, label, true);
        }
        for label in gone {
            self.set_label(id, label, false);
        }
    }

    /// Makes the members be these, as far as they are of the source.
    pub(super) fn set_members(&mut self, id: CardId, members: &[SourceId], all: &BTreeSet<PersonId>) {
        let wanted: BTreeSet<PersonId> = members.iter().map(|member| self.id("member", member)).collect();
        let gone: Vec<_> =
            self.sim(id).card.members.difference(&wanted).filter(|person| all.contains(person)).copied().collect();
        for person in wanted {
            self.set_member(id, person, true);
        }
        for person in gone {
            self.set_member(id, person, false);
        }
    }

    /// Takes off what an earlier import has put on, and what no card of the file has any more: so that it is not in the file at all.
    pub(super) fn take_off_gone(&mut self, id: CardId, card: &SourceCard, told: &Told) {
        if told.has(Subject::Labels) {
            let wanted: BTreeSet<LabelId> = card.label_ids.iter().map(|label| self.id("label", label)).collect();
            let mut gone: Vec<_> = self.sim(id).card.labels.difference(&wanted).copied().collect();
            gone.retain(|label| !self.is_by_hand::<Card>(id.0, &format!("label {label}")));
            for label in gone {
                self.set_label(id, label, false);
            }
        }
        if told.has(Subject::Members) {
            let wanted: BTreeSet<PersonId> = card.member_ids.iter().map(|member| self.id("member", member)).collect();
            let mut gone: Vec<_> = self.sim(id).card.members.difference(&wanted).copied().collect();
            gone.retain(|person| !self.is_by_hand::<Card>(id.0, &format!("person {person}")));
            for person in gone {
                self.set_member(id, person, false);
            }
        }
    }
}
