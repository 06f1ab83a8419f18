//! A card leaves, and is gone or stays.

use recordplayer::context::Context;
use recordplayer::decide::Intent;
use recordplayer::id::SpaceId;
use recordplayer::membership::Membership;

use super::super::decide::project;
use super::super::{Card, CardCommand as C, CardEvent as E, CardRefusal as R, Placed, Relation};
use super::{Heard, Journey, JourneyEnd, NotLetIn, Outfit, Whereabouts};
use crate::board::Board;
use crate::column::{Column, ColumnEvent, WayOut, following};
use crate::ids::{CardId, ColumnId, PersonId};
use crate::key::card_key;
use crate::limits::{CARRIED_BYTES_MAX, CARRIED_COMMENTS_MAX};
use crate::project::Project;

impl Card {
    pub(in crate::card) fn go_to(
        &self,
        card: CardId,
        from: &Placed,
        (to, column): (SpaceId, ColumnId),
        cx: &mut Context<'_>,
    ) -> Result<Vec<E>, R> {
        if self.archived {
            return Err(R::CardArchived {});
        }
        if to == cx.space() {
            return Err(R::SameProject {});
        }
        if self.is_of_export(cx) {
            return Err(R::OfAnExport {});
        }
        self.may_leave(from, None, cx)?;
        let standing = cx.get::<Column>(from.column);
        if !standing.ways_out.contains(&WayOut { project: to, column }) {
            return Err(R::NoWayOut { from: standing.name.clone(), project: to, column });
        }
        if self.comments > CARRIED_COMMENTS_MAX {
            return Err(R::TooMuchToCarry { what: format!("More than {CARRIED_COMMENTS_MAX} comments") });
        }
        let journey = Journey { id: cx.command(), number: self.journeys + 1 };
        let by = PersonId::from(cx.actor());
        let arrival = self.arrival((cx.space(), &project(cx)), card, (journey, by, column), false);
        let is_small = Intent::of::<Self>(card, &arrival).is_ok_and(|intent| intent.payload.len() <= CARRIED_BYTES_MAX);
        if !is_small {
            return Err(R::TooMuchToCarry { what: "What stands on it beside its description and comments".to_owned() });
        }
        cx.emit::<Column>(from.column, &ColumnEvent::CardLeft { card, rank: from.rank.clone() });
        Ok(vec![E::Leaving { to, column, journey, by }])
    }

    /// Whether it came with the export that this project was begun from: then the project that was exported may have it as well.
    pub(super) fn is_of_export(&self, cx: &mut Context<'_>) -> bool {
        self.exists() && cx.get::<Membership>(cx.space().0).is_of_export(self.came_at)
    }

    /// What the other project is asked.
    pub(super) fn arrival(
        &self,
        (here, project): (SpaceId, &Project),
        card: CardId,
        (journey, by, column): (Journey, PersonId, ColumnId),
        was_here: bool,
    ) -> C {
        let mut former = self.former.clone();
        former.insert(here, card_key(&project.key, &self.number, card));
        let outfit = Outfit {
            labels: project.labels.iter().filter(|(id, _)| self.labels.contains(id)).map(pair).collect(),
            fields: project.fields.iter().filter(|(id, _)| self.fields.contains_key(id)).map(pair).collect(),
            card_type: self.card_type.and_then(|id| project.types.get(&id)).map(|card_type| card_type.name.clone()),
        };
        let (card, outfit) = (Box::new(self.carried()), Box::new(outfit));
        C::Arrive { journey, by, column, former, card, outfit, was_here }
    }

    pub(super) fn end_journey(&self, card: CardId, journey: Journey, end: &JourneyEnd, cx: &mut Context<'_>) -> Vec<E> {
        let is_by_it = self.whereabouts.is_by(journey.id);
        match (end, &self.whereabouts) {
            // What others know of this project, it knows itself.
            (JourneyEnd::Arrived { at }, _) if *at == cx.space() => Vec::new(),
            (JourneyEnd::Arrived { .. }, Whereabouts::Gone { .. }) if is_by_it => Vec::new(),
            (JourneyEnd::Arrived { at }, whereabouts) if is_by_it => {
                // Where it went to may have it no more: then it is to be looked for where it went on to.
                let heard = if whereabouts.project() == Some(*at) { Heard::Own {} } else { Heard::Further {} };
                self.is_gone(card, *at, (journey, heard), cx)
            }
            (JourneyEnd::TurnedAway { why }, _) if is_by_it => self.stay(card, *why, cx),
            // It has gone somewhere else by the same journey as far as this project remembers: the first that told keeps it.
            (JourneyEnd::Arrived { at }, Whereabouts::Gone { to, .. })
                if journey.number == self.journeys && *to != *at && !self.answered.contains(&journey.id) =>
            {
                vec![E::Doubled { at: *at, journey: journey.id, first: *to }]
            }
            // Who has it by an earlier journey has not heard that it went on.
            (JourneyEnd::Arrived { at }, Whereabouts::Gone { to, journey: by, .. })
                if journey.number < self.journeys && to != at =>
            {
                vec![E::FoundHere { from: *at, journey: Journey { id: *by, number: self.journeys } }]
            }
            // Two have it: the one that it came to by the later journey keeps it, and tells the other.
            (JourneyEnd::Arrived { at }, Whereabouts::Here {}) if self.exists() && !self.gives_way_to(journey) => {
                let journey = Journey { id: self.arrived_by.unwrap_or(journey.id), number: self.journeys };
                vec![E::FoundHere { from: *at, journey }]
            }
            // It has gone on from there; or the journey is one that this project has forgotten, as a restored one does, perhaps with the card.
            (JourneyEnd::Arrived { at }, whereabouts)
                if journey.number > self.journeys || *whereabouts == (Whereabouts::Here {}) =>
            {
                let is_further = matches!(self.whereabouts, Whereabouts::Gone { .. });
                let heard = if is_further { Heard::Further {} } else { Heard::Forgotten {} };
                self.is_gone(card, *at, (journey, heard), cx)
            }
            _ => Vec::new(),
        }
    }

    pub(super) fn is_gone(
        &self,
        card: CardId,
        to: SpaceId,
        (journey, heard): (Journey, Heard),
        cx: &mut Context<'_>,
    ) -> Vec<E> {
        if let Some(placed) = self.placed.as_ref().filter(|_| self.is_here()) {
            leave(card, placed, cx);
        }
        for relation in &self.relations {
            let back = Relation { kind: relation.kind.inverse(), to: card };
            cx.emit::<Self>(relation.to, &E::RelationRemoved { relation: back });
        }
        vec![E::Gone { to, journey, heard }]
    }

    pub(super) fn stay(&self, card: CardId, why: NotLetIn, cx: &mut Context<'_>) -> Vec<E> {
        let Some(placed) = &self.placed else { return Vec::new() };
        let column = somewhere(placed.column, cx).unwrap_or(placed.column);
        cx.emit::<Column>(column, &ColumnEvent::CardEntered { card, rank: placed.rank.clone() });
        vec![E::Stayed { column, why }]
    }
}

fn pair<K: Copy, V: Clone>((id, value): (&K, &V)) -> (K, V) {
    (*id, value.clone())
}

pub(super) fn leave(card: CardId, placed: &Placed, cx: &mut Context<'_>) {
    let rank = placed.rank.clone();
    cx.emit::<Column>(placed.column, &ColumnEvent::CardLeft { card, rank });
}

/// The column, or who inherited its cards, or else the first one of the project.
pub(super) fn somewhere(column: ColumnId, cx: &Context<'_>) -> Option<ColumnId> {
    let (id, found) = following(column, cx);
    if found.exists() {
        return Some(id);
    }
    let boards = project(cx).boards.clone();
    boards.iter().find_map(|board| cx.get::<Board>(*board).columns.first().copied())
}
