//! Plays the steps of the history that this project does not have yet.

use std::collections::BTreeSet;

use recordplayer::id::{ActorId, CommandId};
use recordplayer::time::Timestamp;

use super::super::source::{SourceAction, SourceBoard, SourceDeed, SourceId};
use super::timeline::{State, Step, What, steps};
use super::{Planner, Word};
use crate::board::Board;
use crate::ids::{CardId, ColumnId, ItemId, LabelId, PersonId};

impl Planner<'_> {
    /// The placeholder of a member, as whoever did something.
    pub(super) fn actor(&self, member: &SourceId) -> ActorId {
        ActorId(self.id::<PersonId>("member", member).0)
    }

    pub(super) fn play(&mut self, source: &SourceBoard) {
        let played = self.played_until(source);
        for step in steps(source) {
            self.word = Word {
                at: step.at_ms.map(Timestamp),
                actor: step.author.map(|author| self.actor(author)),
                action: None,
                count: 0,
            };
            match &step.what {
                What::Deed(action) if self.is_played(action, played) => {}
                What::Deed(action) => {
                    self.word.action = Some(action.id.clone());
                    self.deed(action, source);
                }
                _ => self.making(step, source),
            }
        }
    }

    /// The last action that an import before this one has played: it has dealt with all before it too.
    fn played_until<'b>(&self, source: &'b SourceBoard) -> Option<(i64, &'b SourceId)> {
        if !self.present.models.get::<Board>(self.board).exists() {
            return None;
        }
        let command = |action: &SourceAction| self.action_command(&action.id, 0);
        let asked: BTreeSet<CommandId> = source.history.iter().map(command).collect();
        let known = (self.present.known_among)(&asked);
        let last = source.history.iter().rev().find(|action| known.contains(&command(action)));
        last.map(|action| (action.at_ms, &action.id))
    }

    /// Whether an import before this one has played it. A card that is not here yet has nothing played, whatever the moment.
    fn is_played(&self, action: &SourceAction, until: Option<(i64, &SourceId)>) -> bool {
        let is_here = || action.deed.card().is_none_or(|card| self.is_here(self.id("card", card)));
        until.is_some_and(|until| (action.at_ms, &action.id) <= until) && is_here()
    }

    /// Makes what is not there yet.
    fn making(&mut self, step: Step<'_>, source: &SourceBoard) {
        match step.what {
            What::List { list, name } => self.make_column(source, list, &name),
            What::Card { card, list, name } => {
                let column = self.column_of(&list);
                self.make_card(self.id("card", &card.id), column, &name);
            }
            What::Begin { card, state } => {
                let id: CardId = self.id("card", &card.id);
                if !self.is_here(id) {
                    self.begin(id, &state, source);
                }
            }
            What::Checklist { card, list } => {
                let id = self.id("card", &card.id);
                if !self.is_here(id) {
                    self.set_checklist(id, list);
                }
            }
            What::Item { card, list, item, done } => {
                let id = self.id("card", &card.id);
                if !self.is_here(id) {
                    self.set_item(id, list, item, done);
                }
            }
            What::Link { card, link } => self.set_link(self.id("card", &card.id), link),
            What::Comment { card, comment } => self.set_comment(self.id("card", &card.id), comment),
            What::Deed(_) => unreachable!("deeds are done, not made"),
        }
    }

    /// Whether the card stood in the project before this import.
    pub(super) fn is_here(&self, card: CardId) -> bool {
        self.present.models.get::<crate::card::Card>(card).exists()
    }

    fn begin(&mut self, id: CardId, state: &State, source: &SourceBoard) {
        let labels = source.labels.iter().map(|label| self.id("label", &label.id)).collect();
        let people = source.members.iter().map(|member| self.id("member", &member.id)).collect();
        self.set_text(id, &state.desc);
        self.set_members(id, &state.members, &people);
        if let Some(worn) = &state.labels {
            self.set_labels(id, worn, &labels);
        }
        self.set_due(id, state.due_at_ms);
        self.set_done(id, state.done);
        self.set_archived(id, state.closed);
    }

    fn deed(&mut self, action: &SourceAction, source: &SourceBoard) {
        let column = |planner: &Self, list: &SourceId| -> ColumnId { planner.column_of(list) };
        match &action.deed {
            SourceDeed::ListRenamed { list, .. } | SourceDeed::ListClosed { list, .. } if self.is_inherited(list) => {}
            SourceDeed::ListRenamed { list, to, .. } => self.call_column(column(self, list), to),
            SourceDeed::ListClosed { list, closed } => self.close_column(column(self, list), *closed),
            SourceDeed::CardMoved { card, to, .. } => {
                let id: CardId = self.id("card", card);
                let was_archived = self.sim(id).card.archived;
                self.set_column(id, column(self, to));
                self.set_archived(id, was_archived);
            }
            SourceDeed::CardRenamed { card, to, .. } => self.set_title(self.id("card", card), to),
            SourceDeed::CardDescribed { card, to, .. } => self.set_text(self.id("card", card), to),
            SourceDeed::CardClosed { card, closed } => self.set_archived(self.id("card", card), *closed),
            SourceDeed::CardDue { card, to, .. } => self.set_due(self.id("card", card), *to),
            SourceDeed::CardDone { card, done } => self.set_done(self.id("card", card), *done),
            SourceDeed::LabelsSet { card, to, .. } => {
                let all: BTreeSet<LabelId> = source.labels.iter().map(|label| self.id("label", &label.id)).collect();
                self.set_labels(self.id("card", card), to, &all);
            }
            SourceDeed::LabelAdded { card, label } => {
                self.set_label(self.id("card", card), self.id("label", label), true);
            }
            SourceDeed::LabelRemoved { card, label } => {
                self.set_label(self.id("card", card), self.id("label", label), false);
            }
            SourceDeed::MemberJoined { card, member } => {
                self.set_member(self.id("card", card), self.id("member", member), true);
            }
            SourceDeed::MemberLeft { card, member } => {
                self.set_member(self.id("card", card), self.id("member", member), false);
            }
            SourceDeed::ItemTicked { card, item, done } => {
                let item: ItemId = self.id("item", item);
                self.tick_item(self.id("card", card), item, *done);
            }
            SourceDeed::BoardMade
            | SourceDeed::ListMade { .. }
            | SourceDeed::CardMade { .. }
            | SourceDeed::ChecklistMade { .. }
            | SourceDeed::AttachmentMade { .. } => unreachable!("makings are steps of their own"),
        }
    }
}
