//! What the journeys of cards ask of other projects.

use std::collections::BTreeSet;

use recordplayer::codec::CodecError;
use recordplayer::decide::Intent;
use recordplayer::errand::{Errand, Reading};
use recordplayer::id::SpaceId;
use recordplayer::record::Record;
use recordplayer::text::TextChange;

use super::super::{Card, CardCommand as C, CardEvent as E};
use super::{Heard, Journey, JourneyEnd, Whereabouts};
use crate::comment::{Comment, CommentCommand};
use crate::ids::{CardId, ColumnId, PersonId};
use crate::project::Project;
use crate::view::CardView;

/// Changes of a text that are brought by one command, in bytes: its events hold them once more, and a commit holds both.
const TEXT_PART_BYTES: usize = 96 * 1024;
/// Changes of a text that are brought by one command.
const TEXT_PART_CHANGES: usize = 1_000;

/// What the journeys of cards ask of other projects.
pub(crate) fn travels(record: &Record, reading: &Reading<'_>) -> Vec<Errand> {
    let id = CardId(record.stream.id);
    let ask = |to: SpaceId, command: &C| {
        let command = Intent::of::<Card>(id, command).ok();
        command.map(|command| Errand { to, commands: vec![command], otherwise: None })
    };
    let card = || reading.models().get::<Card>(id);
    match record.event::<Card>() {
        Some(E::Leaving { to, column, journey, by }) if card().whereabouts.is_by(journey.id) => {
            let otherwise = Intent::of::<Card>(id, &C::StayHere { journey: journey.id }).ok();
            // What cannot be said is as if nobody was there.
            let commands = luggage(id, &card(), (*journey, *by, *column), reading).unwrap_or_default();
            vec![Errand { to: *to, commands, otherwise }]
        }
        Some(E::Gone { to, journey, heard }) if card().whereabouts.is_by(journey.id) => {
            let mut errands = Vec::new();
            if heard.asks(reading) && card().exists() {
                // Where it stood there is not known here, nor who sent it.
                let aim = (*journey, PersonId::default(), ColumnId::default());
                let commands = luggage(id, &card(), aim, reading).unwrap_or_default();
                errands.push(Errand { to: *to, commands, otherwise: None });
            }
            if *heard == (Heard::Further {}) {
                // Whoever had it before may have it still.
                let end = C::EndJourney { journey: *journey, end: JourneyEnd::Arrived { at: *to } };
                errands.extend(card().former.keys().filter_map(|before| ask(*before, &end)));
            }
            errands
        }
        Some(E::Arrived { from, journey, former, .. }) if card().came_by(journey.id) && !card().is_gone_on() => {
            let end = arrived_here(id, reading);
            let told: BTreeSet<SpaceId> = former.keys().copied().chain([*from]).collect();
            let end = C::EndJourney { journey: *journey, end };
            told.into_iter().filter_map(|to| ask(to, &end)).collect()
        }
        Some(E::FoundHere { from, journey }) => {
            let end = arrived_here(id, reading);
            ask(*from, &C::EndJourney { journey: *journey, end }).into_iter().collect()
        }
        Some(E::TurnedAway { from, journey, why }) => {
            let end = JourneyEnd::TurnedAway { why: *why };
            ask(*from, &C::EndJourney { journey: *journey, end }).into_iter().collect()
        }
        Some(E::Doubled { at, journey, first }) => {
            ask(*at, &C::Recall { journey: *journey, to: *first }).into_iter().collect()
        }
        _ => Vec::new(),
    }
}

/// That it is here; or where it has gone from here.
fn arrived_here(id: CardId, reading: &Reading<'_>) -> JourneyEnd {
    let models = reading.models();
    let card = models.get::<Card>(id);
    match &card.whereabouts {
        Whereabouts::Gone { to, .. } => JourneyEnd::Arrived { at: *to },
        Whereabouts::Here {} | Whereabouts::Leaving { .. } => JourneyEnd::Arrived { at: reading.space() },
    }
}

/// All that a card takes along: itself, its description, its comments.
fn luggage(
    id: CardId,
    card: &Card,
    (journey, by, column): (Journey, PersonId, ColumnId),
    reading: &Reading<'_>,
) -> Result<Vec<Intent>, CodecError> {
    let project = reading.models().get::<Project>(reading.space().0);
    let was_there = matches!(card.whereabouts, Whereabouts::Gone { .. });
    let mut commands =
        vec![Intent::of::<Card>(id, &card.arrival((reading.space(), &project), id, (journey, by, column), was_there))?];
    let mut part: Vec<TextChange> = Vec::new();
    let mut parts = Vec::new();
    let mut bytes = 0;
    for change in reading.text_changes::<Card>(id, Card::DESCRIPTION) {
        bytes += change.bytes().len();
        if !part.is_empty() && (bytes > TEXT_PART_BYTES || part.len() >= TEXT_PART_CHANGES) {
            bytes = change.bytes().len();
            parts.push(std::mem::take(&mut part));
        }
        part.push(change);
    }
    parts.extend((!part.is_empty()).then_some(part));
    for changes in parts {
        commands.push(Intent::of::<Card>(id, &C::BringText { journey: journey.id, changes })?);
    }
    let models = reading.models();
    // In their order: many may have one time, and show there as they have come.
    for (comment, _) in reading.view::<CardView>(id).comments() {
        let comment_there = Comment::clone(&models.get::<Comment>(comment));
        let arrives = CommentCommand::Arrive { journey: journey.id, comment: Box::new(comment_there) };
        commands.push(Intent::of::<Comment>(comment, &arrives)?);
    }
    Ok(commands)
}
