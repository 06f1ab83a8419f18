//! How work goes in a column: take, submit, and what a reviewer says.
//!
//! ```text
//!   to do ── take ──► doing ── submit ──► to review ── approve ──► where the workflow leads
//!     ▲ ◄── put back ───┘ ◄──── take ────────┤
//!     └───────────────── reject ─────────────┘          without reviewers, submit is the end: finished
//! ```

use std::collections::BTreeSet;
use std::sync::Arc;

use recordplayer::context::Context;

use super::place::{Aim, Target, leads_to};
use super::{Card, CardEvent as E, CardRefusal as R, Placed, Stage};
use crate::answer::unless;
use crate::column::{Column, Right};
use crate::comment::{Comment, CommentEvent, CommentKind};
use crate::ids::{CardId, ColumnId, CommentId, PersonId};
use crate::limits::COMMENT_BYTES_MAX;
use crate::refusal::is_written;
use crate::role::role_of_sender;

impl Card {
    /// The work on it begins, by whoever sends the command: also again, after they have submitted it.
    pub(super) fn take(&self, placed: &Placed, cx: &Context<'_>) -> Result<Vec<E>, R> {
        self.worked_in(placed, Right::Work, cx)?;
        let me = PersonId::from(cx.actor());
        match (self.stage, self.taken_by) {
            (Stage::Doing, Some(by)) if by == me => return Ok(Vec::new()),
            (Stage::ToReview, Some(by)) if by == me => {}
            (Stage::Doing | Stage::ToReview, by) if !cx.is_manager() => return Err(R::TakenAlready { by }),
            (Stage::ToDo | Stage::Doing | Stage::ToReview, _) => {}
        }
        let mut events = vec![E::Taken { by: me }];
        events.extend(unless(self.members.contains(&me), E::Assigned { person: me }));
        Ok(events)
    }

    /// The work on it is given up.
    pub(super) fn put_back(&self, placed: &Placed, cx: &Context<'_>) -> Result<Vec<E>, R> {
        self.worked_in(placed, Right::Work, cx)?;
        if self.stage == Stage::ToDo {
            return Ok(Vec::new());
        }
        self.is_taken_by_sender(cx)?;
        let mut events = vec![E::PutBack {}];
        let by = self.taken_by.filter(|by| self.members.contains(by));
        events.extend(by.map(|person| E::Unassigned { person }));
        Ok(events)
    }

    /// The work on it is done: somebody looks at it, or it is finished.
    pub(super) fn submit(&self, card: CardId, placed: &Placed, cx: &mut Context<'_>) -> Result<Vec<E>, R> {
        let column = self.worked_in(placed, Right::Work, cx)?;
        match self.stage {
            Stage::ToReview => return Ok(Vec::new()),
            Stage::ToDo => return Err(R::NotTaken {}),
            Stage::Doing => self.is_taken_by_sender(cx)?,
        }
        if column.rights.is_reviewed() {
            return Ok(vec![E::Submitted {}]);
        }
        let mut events = unless(self.done, E::DoneSet { done: true });
        events.extend(self.goes_on(card, placed, cx));
        Ok(events)
    }

    pub(super) fn approve(
        &self,
        card: CardId,
        placed: &Placed,
        to: ColumnId,
        reason: &str,
        cx: &mut Context<'_>,
    ) -> Result<Vec<E>, R> {
        self.is_up_for_review(placed, cx)?;
        let aim = Aim::end_of(to);
        let target = Target::open(&aim, cx)?;
        if target.id == placed.column {
            return Err(R::LeadsToItself {});
        }
        leads_to(placed, &target, cx)?;
        target.enter(false, cx)?;
        let mut events = vec![E::Approved {}];
        events.push(give_reason(card, reason, cx)?);
        events.extend(placed.leave(card, &target, &aim, cx));
        Ok(events)
    }

    pub(super) fn reject(
        &self,
        card: CardId,
        placed: &Placed,
        reason: &str,
        cx: &mut Context<'_>,
    ) -> Result<Vec<E>, R> {
        self.is_up_for_review(placed, cx)?;
        Ok(vec![E::Rejected {}, give_reason(card, reason, cx)?])
    }

    pub(super) fn set_done(&self, card: CardId, placed: &Placed, done: bool, cx: &mut Context<'_>) -> Vec<E> {
        let mut events = unless(self.done == done, E::DoneSet { done });
        if done && !events.is_empty() {
            events.extend(self.goes_on(card, placed, cx));
        }
        events
    }

    /// A finished card leaves a column that says where to. Where there is no room, it waits: who finished it is not to blame.
    fn goes_on(&self, card: CardId, placed: &Placed, cx: &mut Context<'_>) -> Vec<E> {
        let column = cx.get::<Column>(placed.column);
        let Some(to) = column.auto_move.filter(|_| !column.rights.is_reviewed() && !self.archived) else {
            return Vec::new();
        };
        let aim = Aim::end_of(to);
        let Ok(target) = Target::open(&aim, cx) else { return Vec::new() };
        if target.id == placed.column || target.enter(false, cx).is_err() {
            return Vec::new();
        }
        let mut events = placed.leave(card, &target, &aim, cx);
        // What was finished there is not finished here, unless nothing is to do here any more.
        if !target.column.kind.is_end() {
            events.push(E::DoneSet { done: false });
        }
        events
    }

    /// The column, if cards are worked on in it and whoever sends the command may do it.
    fn worked_in(&self, placed: &Placed, right: Right, cx: &Context<'_>) -> Result<Arc<Column>, R> {
        if self.archived {
            return Err(R::CardArchived {});
        }
        let column = cx.get::<Column>(placed.column);
        if column.rights.is_plain() {
            return Err(R::PlainColumn { name: column.name.clone() });
        }
        if right == Right::Review && !column.rights.is_reviewed() {
            return Err(R::NotReviewed { name: column.name.clone() });
        }
        match role_of_sender(cx) {
            Some(role) if !column.rights.allows(&role, right) => Err(match right {
                Right::Work => R::not_a_worker(placed.column, &column, cx),
                Right::Review => R::not_a_reviewer(placed.column, &column, cx),
            }),
            _ => Ok(column),
        }
    }

    fn is_up_for_review(&self, placed: &Placed, cx: &Context<'_>) -> Result<(), R> {
        self.worked_in(placed, Right::Review, cx)?;
        if self.stage == Stage::ToReview { Ok(()) } else { Err(R::NotSubmitted {}) }
    }

    /// The work is theirs; a manager may also end that of somebody who is away.
    fn is_taken_by_sender(&self, cx: &Context<'_>) -> Result<(), R> {
        let is_mine = self.taken_by == Some(PersonId::from(cx.actor()));
        if is_mine || cx.is_manager() { Ok(()) } else { Err(R::TakenAlready { by: self.taken_by }) }
    }
}

/// The reason becomes a comment of whoever gives it.
fn give_reason(card: CardId, reason: &str, cx: &mut Context<'_>) -> Result<E, R> {
    is_written("The reason", reason, COMMENT_BYTES_MAX)?;
    let comment = CommentId(cx.new_id("reason"));
    let (author, text, kind) = (PersonId::from(cx.actor()), reason.to_owned(), CommentKind::Review);
    let written = CommentEvent::Written { card, author, text, kind, mentions: BTreeSet::new() };
    cx.emit::<Comment>(comment, &written);
    Ok(E::CommentAdded { comment })
}
