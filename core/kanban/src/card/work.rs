//! How work goes in a column: take, submit, and what a reviewer says.
//!
//! ```text
//!   to do ── take ──► doing ── submit ──► to review ── approve ──► where the workflow leads
//!     ▲ ◄── put back ───┘ ◄──── take ────────┤
//!     └───────────────── reject ─────────────┘          without reviewers, submit is the end: finished
//! ```

use std::collections::BTreeSet;
use std::sync::Arc;

use recordplayer::Models;
use recordplayer::context::Context;
use recordplayer::decide::Intent;
use recordplayer::id::SpaceId;
use recordplayer::record::Record;

use super::place::{Aim, Target, leads_to};
use super::{Card, CardCommand, CardEvent as E, CardRefusal as R, Placed, Stage};
use crate::answer::unless;
use crate::column::{Column, ColumnEvent, Right, following};
use crate::comment::{Comment, CommentEvent, CommentKind};
use crate::ids::{CardId, ColumnId, CommentId, PersonId};
use crate::limits::{COMMENT_BYTES_MAX, GO_ON_MAX};
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

    /// What the sender did with the work lately is taken back: it is theirs again whose it was.
    pub(super) fn work_back(&self, placed: &Placed, cx: &Context<'_>) -> Result<Vec<E>, R> {
        if self.archived {
            return Err(R::CardArchived {});
        }
        let before = self.lately.before(cx).filter(|before| before.column == placed.column);
        let before = before.ok_or(R::WorkWentOn {})?;
        let column = cx.get::<Column>(placed.column);
        match role_of_sender(cx) {
            _ if column.rights.is_plain() => Err(R::PlainColumn { name: column.name.clone() }),
            Some(role) if !column.rights.may_move(&role) => Err(R::not_a_worker(placed.column, &column, cx)),
            _ => Ok(before.work_goes_on(self)),
        }
    }

    /// The work on it is done: somebody looks at it, or it is finished.
    pub(super) fn submit(&self, card: CardId, placed: &Placed, cx: &mut Context<'_>) -> Result<Vec<E>, R> {
        let column = self.worked_in(placed, Right::Work, cx)?;
        match self.stage {
            Stage::ToReview if column.rights.is_reviewed() => return Ok(Vec::new()),
            Stage::ToDo => return Err(R::NotTaken {}),
            // What was submitted, and whose reviewers were taken away since, is finished by submitting it again.
            Stage::Doing | Stage::ToReview => self.is_taken_by_sender(cx)?,
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
        (to, project): (ColumnId, Option<SpaceId>),
        reason: &str,
        cx: &mut Context<'_>,
    ) -> Result<Vec<E>, R> {
        self.is_up_for_review(placed, cx)?;
        if let Some(project) = project.filter(|project| *project != cx.space()) {
            let mut events = vec![E::Approved {}, give_reason(card, reason, cx)?];
            events.extend(self.go_to(card, placed, (project, to), cx)?);
            return Ok(events);
        }
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

    pub(super) fn set_done(
        &self,
        card: CardId,
        placed: &Placed,
        done: bool,
        cx: &mut Context<'_>,
    ) -> Result<Vec<E>, R> {
        let mut events = unless(self.done == done, E::DoneSet { done });
        if done && !events.is_empty() {
            self.may_finish(placed, cx)?;
            events.extend(self.goes_on(card, placed, cx));
        }
        Ok(events)
    }

    /// Whether whoever sends the command works or reviews where it stands, and nobody else is at it.
    fn may_finish(&self, placed: &Placed, cx: &Context<'_>) -> Result<(), R> {
        let column = cx.get::<Column>(placed.column);
        let Some(role) = role_of_sender(cx).filter(|_| !column.rights.is_plain()) else { return Ok(()) };
        match () {
            () if column.rights.allows(&role, Right::Review) => Ok(()),
            () if !column.rights.allows(&role, Right::Work) => Err(R::not_a_worker(placed.column, &column, cx)),
            () if self.stage == Stage::Doing => self.is_taken_by_sender(cx),
            () => Ok(()),
        }
    }

    /// A finished card leaves a column that says where to. Where there is no room, it waits: who finished it is not to blame.
    fn goes_on(&self, card: CardId, placed: &Placed, cx: &mut Context<'_>) -> Vec<E> {
        let Some(target) = self.goal(placed, cx) else { return Vec::new() };
        if target.enter(false, cx).is_ok() {
            return placed.go_on_to(card, &target, cx);
        }
        if !target.column.waiting.contains(&card) {
            cx.emit::<Column>(target.id, &ColumnEvent::CardWaits { card });
        }
        Vec::new()
    }

    /// There is room in a column that it has waited for: it goes there, if it still shall.
    pub(super) fn go_on(&self, card: CardId, placed: &Placed, to: ColumnId, cx: &mut Context<'_>) -> Vec<E> {
        let (to, waited_for) = following(to, cx);
        match self.goal(placed, cx).filter(|target| self.done && target.id == to) {
            Some(target) if target.enter(false, cx).is_ok() => return placed.go_on_to(card, &target, cx),
            None if waited_for.waiting.contains(&card) => {
                cx.emit::<Column>(to, &ColumnEvent::CardWaitsNoMore { card });
            }
            Some(_) | None => {}
        }
        Vec::new()
    }

    /// Where it goes by itself once it is finished.
    fn goal(&self, placed: &Placed, cx: &Context<'_>) -> Option<Target> {
        let column = cx.get::<Column>(placed.column);
        let to = column.auto_move.filter(|_| !column.rights.is_reviewed() && !self.archived)?;
        Target::open(&Aim::end_of(to), cx).ok().filter(|target| target.id != placed.column)
    }

    /// The column, if cards are worked on in it and whoever sends the command may do it.
    fn worked_in(&self, placed: &Placed, right: Right, cx: &Context<'_>) -> Result<Arc<Column>, R> {
        if self.archived {
            return Err(R::CardArchived {});
        }
        let column = cx.get::<Column>(placed.column);
        // Who decides about it has not seen perhaps where it is by now.
        if right == Right::Review && !column.rights.is_reviewed() {
            return Err(R::NotReviewed { name: column.name.clone() });
        }
        if column.rights.is_plain() {
            return Err(R::PlainColumn { name: column.name.clone() });
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

impl Placed {
    fn go_on_to(&self, card: CardId, target: &Target, cx: &mut Context<'_>) -> Vec<E> {
        let mut events = self.leave(card, target, &Aim::end_of(target.id), cx);
        // What was finished there is not finished here, unless nothing is to do here any more.
        if !target.column.kind.is_end() {
            events.push(E::DoneSet { done: false });
        }
        events
    }
}

/// The policy by which cards go on that waited for room: as many as there is room for, the first first. Each makes room where it was, for others.
pub(crate) fn room_was_made(record: &Record, models: &Models<'_>) -> Vec<Intent> {
    use ColumnEvent as Event;
    let mut made = match record.event::<Column>() {
        Some(Event::LimitSet { .. } | Event::Restored {} | Event::CardLeft { .. } | Event::CardArchived { .. }) => {
            let column = ColumnId(record.stream.id);
            vec![(column, models.get::<Column>(column).room())]
        }
        _ => return Vec::new(),
    };
    let (mut intents, mut asked) = (Vec::new(), BTreeSet::new());
    while let Some((to, mut room)) = made.pop() {
        for card in &models.get::<Column>(to).waiting {
            if room == 0 || intents.len() >= GO_ON_MAX {
                break;
            }
            if !asked.insert(*card) {
                continue;
            }
            intents.extend(Intent::of::<Card>(*card, &CardCommand::GoOn { to }));
            let waits = models.get::<Card>(*card);
            let from = waits.column().filter(|_| waits.done && waits.is_here() && !waits.archived);
            // One that does not wait any more is only taken off the list.
            if let Some(from) = from.filter(|from| models.get::<Column>(*from).auto_move == Some(to)) {
                room -= 1;
                made.push((from, 1));
            }
        }
    }
    intents
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
