//! Where cards go: into columns, within them, away and back.

use std::sync::Arc;

use recordplayer::context::Context;

use super::decide::project;
use super::{Card, CardCommand as C, CardEvent as E, CardRefusal as R, Placed, Stage, Typed};
use crate::answer::unless;
use crate::board::Board;
use crate::column::{Column, ColumnEvent, ColumnKind, Right, following};
use crate::ids::{CardId, ColumnId, RowId};
use crate::limits::TITLE_BYTES_MAX;
use crate::project::ProjectEvent;
use crate::rank::Rank;
use crate::refusal::is_written;
use crate::role::role_of_sender;

/// Where a card shall go.
pub(super) struct Aim {
    pub column: ColumnId,
    pub before: Option<CardId>,
    pub row: Option<RowId>,
    pub exempt: bool,
}

/// A column that a card may go into, found by following those that were removed.
pub(super) struct Target {
    pub id: ColumnId,
    pub column: Arc<Column>,
}

impl Card {
    pub(super) fn create(
        &self,
        card: CardId,
        aim: &Aim,
        title: &str,
        typed: Option<&Typed>,
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
        let target = Target::open(aim, cx)?;
        target.enter(aim.exempt, cx)?;
        let rank = rank_in(card, &target, aim.before, cx);
        let number = cx.assign(|| project.last_number + 1);
        cx.emit::<Column>(target.id, &ColumnEvent::CardEntered { card, rank: rank.clone() });
        cx.emit::<crate::project::Project>(cx.space().0, &ProjectEvent::NumberGiven { number });
        let exempt = aim.exempt;
        let mut events = vec![E::Created { column: target.id, rank, title: title.to_owned(), number, exempt }];
        if typed.is_some() {
            events.extend(self.set_type(typed, cx)?);
        }
        Ok(events)
    }

    pub(super) fn move_to(&self, card: CardId, from: &Placed, aim: &Aim, cx: &mut Context<'_>) -> Result<Vec<E>, R> {
        if self.archived {
            return Err(R::CardArchived {});
        }
        let target = Target::open(aim, cx)?;
        if target.id == from.column {
            return self.reorder(card, from, aim, &target, cx);
        }
        if let Some(before) = self.lately.before(cx).filter(|before| before.column == target.id) {
            target.is_open(cx)?;
            let mut events = from.leave(card, &target, aim, cx);
            events.extend(before.work_goes_on(&Self::default()));
            return Ok(events);
        }
        if !aim.exempt {
            self.may_leave(from, Some(target.column.kind), cx)?;
            leads_to(from, &target, cx)?;
        }
        target.enter(aim.exempt, cx)?;
        Ok(from.leave(card, &target, aim, cx))
    }

    fn reorder(
        &self,
        card: CardId,
        from: &Placed,
        aim: &Aim,
        target: &Target,
        cx: &mut Context<'_>,
    ) -> Result<Vec<E>, R> {
        if !aim.exempt {
            target.may_move(cx)?;
        }
        let mut events = Vec::new();
        if aim.row.is_some() && aim.row != self.row {
            events.push(E::RowSet { row: aim.row });
        }
        if aim.before != Some(card) {
            let rank = rank_in(card, target, aim.before, cx);
            let reordered = ColumnEvent::CardReordered { card, from: from.rank.clone(), to: rank.clone() };
            cx.emit::<Column>(target.id, &reordered);
            events.push(E::Reordered { rank });
        }
        Ok(events)
    }

    pub(super) fn set_row(&self, from: &Placed, row: Option<RowId>, cx: &Context<'_>) -> Result<Vec<E>, R> {
        let column = cx.get::<Column>(from.column);
        if let Some(row) = row.filter(|row| !column.has_row(*row)) {
            return Err(R::NoSuchRow { row });
        }
        let events = unless(self.row == row, E::RowSet { row });
        if !events.is_empty() {
            Target { id: from.column, column }.may_move(cx)?;
        }
        Ok(events)
    }

    /// The card comes back to where it was, or into another column: where its own is still in use, that is a move as any other.
    pub(super) fn restore(&self, card: CardId, from: &Placed, aim: &Aim, cx: &mut Context<'_>) -> Result<Vec<E>, R> {
        let target = Target::open(aim, cx)?;
        let own = cx.get::<Column>(from.column);
        if target.id != from.column && own.exists() && !own.archived && !aim.exempt {
            self.may_leave(from, Some(target.column.kind), cx)?;
            leads_to(from, &target, cx)?;
        }
        // What is taken back is as it was, also in a column that nobody uses any more.
        if cx.undoes().is_some() && target.id == from.column && !aim.exempt {
            target.column.has_room(target.id, 1)?;
        } else {
            target.enter(aim.exempt, cx)?;
        }
        let rank = from.rank.clone();
        cx.emit::<Column>(target.id, &ColumnEvent::CardEntered { card, rank: rank.clone() });
        if target.id == from.column {
            return Ok(vec![E::Restored {}]);
        }
        cx.emit::<Column>(from.column, &ColumnEvent::CardLeft { card, rank: rank.clone() });
        Ok(vec![E::Restored {}, E::Moved { column: target.id, rank, row: None, exempt: aim.exempt }])
    }

    /// Whether whoever sends the command may bring the card out of its column, as it stands there, into one of this kind. What nobody works on goes
    /// back as it came; it goes on by a review.
    pub(super) fn may_leave(&self, from: &Placed, to: Option<ColumnKind>, cx: &Context<'_>) -> Result<(), R> {
        let column = cx.get::<Column>(from.column);
        let Some(role) = role_of_sender(cx).filter(|_| !column.rights.is_plain()) else { return Ok(()) };
        let goes_back = self.stage == Stage::ToDo && matches!(to, Some(ColumnKind::Backlog | ColumnKind::Ready));
        match () {
            () if column.rights.allows(&role, Right::Review) => Ok(()),
            () if column.rights.is_reviewed() && !goes_back => Err(R::not_a_reviewer(from.column, &column, cx)),
            () if column.rights.allows(&role, Right::Work) => Ok(()),
            () => Err(R::not_a_worker(from.column, &column, cx)),
        }
    }
}

impl Placed {
    /// The events of a move that is allowed.
    pub(super) fn leave(&self, card: CardId, target: &Target, aim: &Aim, cx: &mut Context<'_>) -> Vec<E> {
        let rank = rank_in(card, target, aim.before, cx);
        cx.emit::<Column>(self.column, &ColumnEvent::CardLeft { card, rank: self.rank.clone() });
        cx.emit::<Column>(target.id, &ColumnEvent::CardEntered { card, rank: rank.clone() });
        vec![E::Moved { column: target.id, rank, row: aim.row, exempt: aim.exempt }]
    }
}

impl Aim {
    pub fn of(command: &C) -> Option<Self> {
        match *command {
            C::Create { column, before, exempt, .. } => Some(Self { column, before, row: None, exempt }),
            C::Copy { column, before, .. } => Some(Self { column, before, row: None, exempt: false }),
            C::MoveTo { column, before, row, exempt } => Some(Self { column, before, row, exempt }),
            _ => None,
        }
    }

    pub fn end_of(column: ColumnId) -> Self {
        Self { column, before: None, row: None, exempt: false }
    }
}

impl Target {
    /// The column that is meant, whoever has inherited its cards, if it is there. A card of a row that is not there shows in the first one.
    pub fn open(aim: &Aim, cx: &Context<'_>) -> Result<Self, R> {
        let (id, column) = following(aim.column, cx);
        if !column.exists() {
            return Err(R::NoSuchColumn { column: aim.column });
        }
        Ok(Self { id, column })
    }

    /// Whether one more card may come in.
    pub fn enter(&self, exempt: bool, cx: &Context<'_>) -> Result<(), R> {
        if exempt {
            return if cx.is_manager() { Ok(()) } else { Err(R::MayNotExempt { role: cx.roles()[0].to_owned() }) };
        }
        self.is_open(cx)?;
        Ok(self.column.has_room(self.id, 1)?)
    }

    fn is_open(&self, cx: &Context<'_>) -> Result<(), R> {
        if self.column.archived {
            return Err(R::ColumnArchived { column: self.id, name: self.column.name.clone() });
        }
        match self.column.board.map(|board| cx.get::<Board>(board)) {
            Some(board) if board.archived => Err(R::BoardArchived { title: board.title().to_owned() }),
            Some(_) | None => Ok(()),
        }
    }

    fn may_move(&self, cx: &Context<'_>) -> Result<(), R> {
        match role_of_sender(cx) {
            Some(role) if !self.column.rights.may_move(&role) => Err(R::not_a_worker(self.id, &self.column, cx)),
            _ => Ok(()),
        }
    }
}

/// Whether the workflow leads from one column to another: to all of its board, where nobody has said otherwise.
pub(super) fn leads_to(from: &Placed, target: &Target, cx: &Context<'_>) -> Result<(), R> {
    let column = cx.get::<Column>(from.column);
    let leads = match &column.leads_to {
        None => column.board == target.column.board,
        Some(to) => to.contains(&target.id) || to.iter().any(|to| following(*to, cx).0 == target.id),
    };
    if leads {
        return Ok(());
    }
    Err(R::WorkflowForbids { from: column.name.clone(), to: target.column.name.clone(), column: target.id })
}

fn rank_in(card: CardId, target: &Target, before: Option<CardId>, cx: &Context<'_>) -> Rank {
    let before = before.and_then(|before| cx.get::<Card>(before).place(before));
    target.column.rank_for(before.as_ref(), card)
}
