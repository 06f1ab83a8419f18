//! How cards answer.

use recordplayer::context::Context;
use recordplayer::id::ActorId;
use recordplayer::membership::Membership;

use super::place::Aim;
use super::{Attachment, Card, CardCommand as C, CardEvent as E, CardRefusal as R, Checklist};
use crate::answer::unless;
use crate::column::{Column, ColumnEvent};
use crate::ids::{CardId, ChecklistId, ItemId, PersonId};
use crate::limits::{COMMENT_BYTES_MAX, NAME_BYTES_MAX, TITLE_BYTES_MAX};
use crate::project::Project;
use crate::refusal::{fits, has_room_in_card, is_written};

impl Card {
    pub(super) fn answer(&self, command: &C, cx: &mut Context<'_>) -> Result<Vec<E>, R> {
        let card = CardId(cx.id());
        let aim = Aim::of(command);
        match (command, &aim) {
            (C::Create { title, typed, .. }, Some(aim)) => return self.create(card, aim, title, typed.as_ref(), cx),
            (C::Copy { of, .. }, Some(aim)) => return self.copy(card, *of, aim, cx),
            _ => {}
        }
        if let Some(answer) = self.answer_project(card, command, cx) {
            return answer;
        }
        let Some(placed) = &self.placed else { return Err(R::NoSuchCard { card }) };
        self.has_not_left()?;
        match command.clone() {
            C::Create { .. }
            | C::Copy { .. }
            | C::Arrive { .. }
            | C::BringText { .. }
            | C::EndJourney { .. }
            | C::StayHere { .. }
            | C::Recall { .. } => unreachable!("answered above"),
            C::GoTo { project, column } => self.go_to(card, placed, (project, column), cx),
            C::Rename { title } => {
                is_written("The title", &title, TITLE_BYTES_MAX)?;
                Ok(unless(self.title == title, E::Renamed { title }))
            }
            C::Describe { change } => {
                self.description.check(&change, cx.replica())?;
                Ok(vec![E::Described { change }])
            }
            C::MoveTo { .. } => self.move_to(card, placed, &aim.expect("a move has an aim"), cx),
            C::SetRow { row } => self.set_row(placed, row, cx),
            C::Take {} => self.take(placed, cx),
            C::GoOn { to } => Ok(self.go_on(card, placed, to, cx)),
            C::PutBack {} => self.put_back(placed, cx),
            C::WorkBack {} => self.work_back(placed, cx),
            C::Submit {} => self.submit(card, placed, cx),
            C::Approve { to, reason, project } => self.approve(card, placed, (to, project), &reason, cx),
            C::Reject { reason } => self.reject(card, placed, &reason, cx),
            C::Archive {} if self.archived => {
                // What was put away before its making is taken back counts no more from then on.
                let unmakes = self.made_by.is_some() && cx.undoes() == self.made_by && !self.is_unmade;
                Ok(unless(!unmakes, E::Archived {}))
            }
            C::Archive {} => {
                cx.emit::<Column>(placed.column, &ColumnEvent::CardArchived { card, rank: placed.rank.clone() });
                Ok(vec![E::Archived {}])
            }
            C::Restore { .. } if !self.archived => Ok(Vec::new()),
            C::Restore { column, exempt } => {
                let aim = Aim { exempt, ..Aim::end_of(column.unwrap_or(placed.column)) };
                self.restore(card, placed, &aim, cx)
            }
            C::AddLabel { label } => {
                if self.labels.contains(&label) {
                    return Ok(Vec::new());
                }
                if !project(cx).labels.contains_key(&label) {
                    return Err(R::NoSuchLabel { label });
                }
                has_room_in_card("labels", self.labels.len())?;
                Ok(vec![E::LabelAdded { label }])
            }
            C::RemoveLabel { label } => Ok(unless(!self.labels.contains(&label), E::LabelRemoved { label })),
            C::Assign { person } => {
                if self.members.contains(&person) {
                    return Ok(Vec::new());
                }
                if !is_known(person, cx) {
                    return Err(R::NoSuchPerson { person });
                }
                has_room_in_card("members", self.members.len())?;
                Ok(vec![E::Assigned { person }])
            }
            C::Unassign { person } => Ok(unless(!self.members.contains(&person), E::Unassigned { person })),
            C::SetDue { due } => Ok(unless(self.due == due, E::DueSet { due })),
            C::SetDone { done } => self.set_done(card, placed, done, cx),
            C::SetChecklist { checklist, name } => {
                fits("The name of a checklist", &name, NAME_BYTES_MAX)?;
                let known = self.checklist(checklist).ok();
                if known.is_none() {
                    has_room_in_card("checklists", self.checklists.len())?;
                }
                Ok(unless(known.is_some_and(|known| known.name == name), E::ChecklistSet { checklist, name }))
            }
            C::RemoveChecklist { checklist } => {
                Ok(unless(self.checklist(checklist).is_err(), E::ChecklistRemoved { checklist }))
            }
            C::SetItem { checklist, item, text, done, before } => {
                fits("An item", &text, COMMENT_BYTES_MAX)?;
                let list = self.checklist(checklist)?;
                let known = list.items.iter().find(|other| other.id == item);
                if known.is_none() {
                    has_room_in_card("items", list.items.len())?;
                }
                let at = |item| list.items.iter().position(|other| other.id == item);
                let before = before.filter(|before| *before != item && at(*before).is_some());
                let is_there = before.is_none_or(|before| at(item).map(|at| at + 1) == at(before));
                let is_so = known.is_some_and(|known| known.text == text && known.done == done);
                Ok(unless(is_so && is_there, E::ItemSet { checklist, item, text, done, before }))
            }
            C::TickItem { checklist, item, done } => {
                let is_so = self.is_done(checklist, item)? == done;
                Ok(unless(is_so, E::ItemTicked { checklist, item, done }))
            }
            C::RemoveItem { checklist, item } => {
                Ok(unless(self.is_done(checklist, item).is_err(), E::ItemRemoved { checklist, item }))
            }
            C::AttachLink { attachment, name, url } => self.attach(attachment, Attachment::Link { name, url }),
            C::AttachFile { attachment, name, file } => self.attach(attachment, Attachment::File { name, file }),
            C::RemoveAttachment { attachment } => {
                Ok(unless(!self.attachments.contains_key(&attachment), E::AttachmentRemoved { attachment }))
            }
            C::SetField { field, value } => self.set_field(field, value, cx),
            C::SetType { typed } => self.set_type(typed.as_ref(), cx),
            C::SetPriority { priority } => Ok(unless(self.priority == priority, E::PrioritySet { priority })),
            C::SetEstimate { estimate } => Ok(unless(self.estimate == estimate, E::EstimateSet { estimate })),
            C::SetRemaining { remaining } => Ok(unless(self.remaining == remaining, E::RemainingSet { remaining })),
            C::Block { reason } => {
                is_written("The reason", &reason, COMMENT_BYTES_MAX)?;
                Ok(unless(self.blocked.as_ref() == Some(&reason), E::Blocked { reason }))
            }
            C::Unblock {} => Ok(unless(self.blocked.is_none(), E::Unblocked {})),
            C::Relate { relation } => self.relate(card, relation, cx),
            C::Unrelate { relation } => Ok(self.unrelate(card, relation, cx)),
        }
    }

    fn checklist(&self, checklist: ChecklistId) -> Result<&Checklist, R> {
        self.checklists.iter().find(|other| other.id == checklist).ok_or(R::NoSuchChecklist { checklist })
    }

    fn is_done(&self, checklist: ChecklistId, item: ItemId) -> Result<bool, R> {
        let found = self.checklist(checklist)?.items.iter().find(|other| other.id == item);
        found.map(|item| item.done).ok_or(R::NoSuchItem { item })
    }
}

pub(super) fn project(cx: &Context<'_>) -> std::sync::Arc<Project> {
    cx.get::<Project>(cx.space().0)
}

/// A member, or a placeholder.
pub(crate) fn is_known(person: PersonId, cx: &Context<'_>) -> bool {
    cx.get::<Membership>(cx.space().0).role_of(ActorId(person.0)).is_some()
        || project(cx).placeholders.contains_key(&person)
}
