//! A card comes, or is turned away.

use recordplayer::context::Context;
use recordplayer::id::{ActorId, CommandId, SpaceId};
use recordplayer::membership::Membership;
use recordplayer::text::TextChange;

use super::super::decide::project;
use super::super::place::{Aim, Target};
use super::super::{Card, CardCommand as C, CardEvent as E};
use super::leave::{leave, somewhere};
use super::outfit::fitted;
use super::{NotLetIn, Whereabouts};
use crate::column::{Column, ColumnEvent};
use crate::ids::CardId;
use crate::project::{Project, ProjectEvent};
use crate::role::Role;

impl Card {
    pub(super) fn let_in(
        &self,
        card: CardId,
        arrival: &C,
        from: SpaceId,
        cx: &mut Context<'_>,
    ) -> Result<Vec<E>, NotLetIn> {
        let C::Arrive { journey, by, column, former, card: carried, outfit, was_here } = arrival else {
            return Ok(Vec::new());
        };
        let project = project(cx);
        if !project.is_set_up() {
            return Err(NotLetIn::NoSuchProject {});
        }
        let aim = if *was_here { Aim::end_of(somewhere(*column, cx).unwrap_or(*column)) } else { Aim::end_of(*column) };
        let target = Target::open(&aim, cx).map_err(|_| NotLetIn::NoSuchColumn {})?;
        if !was_here {
            let members = cx.get::<Membership>(cx.space().0);
            match Role::of(ActorId(by.0), &members) {
                None => return Err(NotLetIn::NotAMember {}),
                Some(role) if role.is_viewer() => return Err(NotLetIn::OnlyLooks {}),
                Some(_) if target.column.archived => return Err(NotLetIn::NoSuchColumn {}),
                Some(_) => target.enter(false, cx).map_err(|_| NotLetIn::ColumnFull {})?,
            }
        }
        let carried = fitted(carried, outfit, &project, cx);
        let found = carried.card_type.and_then(|id| project.types.get(&id));
        let required = found.into_iter().flat_map(|found| found.fields.iter().filter(|(_, usage)| usage.required));
        let mut missing = required.filter(|(field, _)| !carried.fields.contains_key(field));
        if !was_here && missing.next().is_some() {
            return Err(NotLetIn::FieldMissing {});
        }
        // What stood here still, though it was elsewhere, gives way.
        if let Some(placed) = self.placed.as_ref().filter(|_| self.is_here()) {
            leave(card, placed, cx);
        }
        let mut former = former.clone();
        former.remove(&cx.space());
        // Where it had gone from here, as far as this project knows, is told that it is here.
        match &self.whereabouts {
            Whereabouts::Here {} => {}
            Whereabouts::Leaving { to, .. } | Whereabouts::Gone { to, .. } => drop(former.entry(*to).or_default()),
        }
        let rank = target.column.rank_for(None, card);
        let number = cx.assign(|| project.last_number + 1);
        cx.emit::<Column>(target.id, &ColumnEvent::CardEntered { card, rank: rank.clone() });
        cx.emit::<Project>(cx.space().0, &ProjectEvent::NumberGiven { number });
        Ok(vec![E::Arrived {
            from,
            journey: *journey,
            by: *by,
            column: target.id,
            rank,
            number,
            former,
            card: Box::new(carried),
        }])
    }

    /// Those changes of its description that are not here yet; what no text takes is left, as by everybody who reads it.
    pub(super) fn take_text(&self, journey: CommandId, changes: &[TextChange]) -> Vec<E> {
        if !self.came_by(journey) {
            return Vec::new();
        }
        let mut description = self.description.clone();
        let mut events = Vec::new();
        for change in changes {
            if matches!(description.is_wanted(change), Ok(true)) {
                description.play(change);
                events.push(E::Described { change: change.clone() });
            }
        }
        events
    }
}
