//! How cards answer.

use recordplayer::context::Context;
use recordplayer::id::ActorId;
use recordplayer::membership::Membership;

use super::{Attachment, Card, CardCommand as C, CardEvent as E, CardRefusal as R, Checklist, FieldValue, Placed};
use crate::column::{Column, ColumnEvent};
use crate::ids::{BoardId, CardId, ChecklistId, ColumnId, ItemId, PersonId};
use crate::limits::{COMMENT_BYTES_MAX, NAME_BYTES_MAX, TITLE_BYTES_MAX, URL_BYTES_MAX, VALUE_BYTES_MAX};
use crate::project::{Project, ProjectEvent};
use crate::rank::Rank;
use crate::refusal::{fits, has_room_in_card, is_written};

impl Card {
    pub(super) fn answer(&self, command: &C, cx: &mut Context<'_>) -> Result<Vec<E>, R> {
        let card = CardId(cx.id());
        if let C::Create { column, title, before, exempt } = command {
            return self.create(card, *column, title, *before, *exempt, cx);
        }
        let Some(placed) = &self.placed else { return Err(R::NoSuchCard { card }) };
        match command.clone() {
            C::Create { .. } => unreachable!("answered above"),
            C::Rename { title } => {
                is_written("The title", &title, TITLE_BYTES_MAX)?;
                Ok(unless(self.title == title, E::Renamed { title }))
            }
            C::Describe { change } => {
                self.description.check(&change, cx.replica())?;
                Ok(vec![E::Described { change }])
            }
            C::MoveTo { column, before, exempt } => self.move_to(card, placed, column, before, exempt, cx),
            C::Archive {} if self.archived => Ok(Vec::new()),
            C::Archive {} => {
                cx.emit::<Column>(placed.column, &ColumnEvent::CardLeft { card, rank: placed.rank.clone() });
                Ok(vec![E::Archived {}])
            }
            C::Restore { .. } if !self.archived => Ok(Vec::new()),
            C::Restore { exempt } => {
                enter(placed.column, exempt, cx)?;
                cx.emit::<Column>(placed.column, &ColumnEvent::CardEntered { card, rank: placed.rank.clone() });
                Ok(vec![E::Restored {}])
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
            C::SetDone { done } => Ok(unless(self.done == done, E::DoneSet { done })),
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
            C::SetItem { checklist, item, text, done } => {
                fits("An item", &text, COMMENT_BYTES_MAX)?;
                let list = self.checklist(checklist)?;
                let known = list.items.iter().find(|other| other.id == item);
                if known.is_none() {
                    has_room_in_card("items", list.items.len())?;
                }
                let is_so = known.is_some_and(|known| known.text == text && known.done == done);
                Ok(unless(is_so, E::ItemSet { checklist, item, text, done }))
            }
            C::TickItem { checklist, item, done } => {
                let is_so = self.is_done(checklist, item)? == done;
                Ok(unless(is_so, E::ItemTicked { checklist, item, done }))
            }
            C::RemoveItem { checklist, item } => {
                Ok(unless(self.is_done(checklist, item).is_err(), E::ItemRemoved { checklist, item }))
            }
            C::AttachLink { attachment, name, url } => {
                fits("The name of a link", &name, NAME_BYTES_MAX)?;
                is_written("The address of a link", &url, URL_BYTES_MAX)?;
                let set = Attachment { name, url };
                if self.attachments.get(&attachment) == Some(&set) {
                    return Ok(Vec::new());
                }
                has_room_in_card("links", self.attachments.len())?;
                Ok(vec![E::LinkAttached { attachment, name: set.name, url: set.url }])
            }
            C::RemoveAttachment { attachment } => {
                Ok(unless(!self.attachments.contains_key(&attachment), E::AttachmentRemoved { attachment }))
            }
            C::SetField { field, value } => {
                if !project(cx).fields.contains_key(&field) {
                    return Err(R::NoSuchField { field });
                }
                value.as_ref().map_or(Ok(()), check_value)?;
                Ok(unless(self.fields.get(&field) == value.as_ref(), E::FieldSet { field, value }))
            }
        }
    }

    fn create(
        &self,
        card: CardId,
        column: ColumnId,
        title: &str,
        before: Option<CardId>,
        exempt: bool,
        cx: &mut Context<'_>,
    ) -> Result<Vec<E>, R> {
        let project = project(cx);
        if !project.is_set_up() {
            return Err(R::ProjectNotSetUp {});
        }
        if self.exists() {
            return Err(R::CreatedAlready {});
        }
        is_written("The title", title, TITLE_BYTES_MAX)?;
        let board = enter(column, exempt, cx)?;
        let rank = rank_in(card, column, before, cx);
        let number = cx.assign(|| project.last_number + 1);
        cx.emit::<Column>(column, &ColumnEvent::CardEntered { card, rank: rank.clone() });
        cx.emit::<Project>(cx.space().0, &ProjectEvent::NumberGiven { number });
        Ok(vec![E::Created { board, column, rank, title: title.to_owned(), number, exempt }])
    }

    fn move_to(
        &self,
        card: CardId,
        from: &Placed,
        column: ColumnId,
        before: Option<CardId>,
        exempt: bool,
        cx: &mut Context<'_>,
    ) -> Result<Vec<E>, R> {
        if self.archived {
            return Err(R::CardArchived {});
        }
        if column == from.column {
            if before == Some(card) {
                return Ok(Vec::new());
            }
            let rank = rank_in(card, column, before, cx);
            let reordered = ColumnEvent::CardReordered { card, from: from.rank.clone(), to: rank.clone() };
            cx.emit::<Column>(column, &reordered);
            return Ok(vec![E::Reordered { rank }]);
        }
        let takes_back = cx.undoes().is_some_and(|undone| {
            self.came_from.as_ref().is_some_and(|from| from.column == column && from.by == undone)
        });
        let board = if takes_back { return_to(column, cx)? } else { enter(column, exempt, cx)? };
        let rank = rank_in(card, column, before, cx);
        cx.emit::<Column>(from.column, &ColumnEvent::CardLeft { card, rank: from.rank.clone() });
        cx.emit::<Column>(column, &ColumnEvent::CardEntered { card, rank: rank.clone() });
        Ok(vec![E::Moved { board, column, rank, exempt }])
    }

    fn checklist(&self, checklist: ChecklistId) -> Result<&Checklist, R> {
        self.checklists.iter().find(|other| other.id == checklist).ok_or(R::NoSuchChecklist { checklist })
    }

    fn is_done(&self, checklist: ChecklistId, item: ItemId) -> Result<bool, R> {
        let found = self.checklist(checklist)?.items.iter().find(|other| other.id == item);
        found.map(|item| item.done).ok_or(R::NoSuchItem { item })
    }
}

fn unless(is_so: bool, event: E) -> Vec<E> {
    if is_so { Vec::new() } else { vec![event] }
}

fn project(cx: &Context<'_>) -> std::sync::Arc<Project> {
    cx.get::<Project>(cx.space().0)
}

/// Whether the card may come into the column; the column's board.
fn enter(column: ColumnId, exempt: bool, cx: &Context<'_>) -> Result<BoardId, R> {
    let into = cx.get::<Column>(column);
    let Some(board) = into.board else { return Err(R::NoSuchColumn { column }) };
    if exempt {
        let manager = cx.roles()[0];
        let may = cx.role().is_some_and(|role| role == manager);
        return if may { Ok(board) } else { Err(R::MayNotExempt { role: manager.to_owned() }) };
    }
    if into.archived {
        return Err(R::ColumnArchived { column, name: into.name.clone() });
    }
    into.has_room(column)?;
    Ok(board)
}

/// The board of a column that the card's last move has left: whoever takes that move back is not stopped by the limit.
fn return_to(column: ColumnId, cx: &Context<'_>) -> Result<BoardId, R> {
    let into = cx.get::<Column>(column);
    match into.board {
        None => Err(R::NoSuchColumn { column }),
        Some(_) if into.archived => Err(R::ColumnArchived { column, name: into.name.clone() }),
        Some(board) => Ok(board),
    }
}

fn rank_in(card: CardId, column: ColumnId, before: Option<CardId>, cx: &Context<'_>) -> Rank {
    let before = before.and_then(|before| cx.get::<Card>(before).place(before));
    cx.get::<Column>(column).rank_for(before.as_ref(), card)
}

/// A member, or a placeholder.
fn is_known(person: PersonId, cx: &Context<'_>) -> bool {
    cx.get::<Membership>(cx.space().0).role_of(ActorId(person.0)).is_some()
        || project(cx).placeholders.contains_key(&person)
}

fn check_value(value: &FieldValue) -> Result<(), R> {
    match value {
        FieldValue::Text { text } => Ok(fits("The value", text, VALUE_BYTES_MAX)?),
        FieldValue::Number { number } => {
            if FieldValue::is_number(number) {
                Ok(())
            } else {
                Err(R::NotANumber {})
            }
        }
        FieldValue::Date { .. } | FieldValue::Checked { .. } | FieldValue::Choice { .. } => Ok(()),
    }
}
