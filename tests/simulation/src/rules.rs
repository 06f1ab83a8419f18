//! What holds on every board, whoever did what on it in whatever order.

use std::collections::BTreeSet;
use std::sync::Arc;

use recordplayer::Models;
use recordplayer::context::Assigned;
use recordplayer::decide::Intent;
use recordplayer::id::{ActorId, SpaceId};
use recordplayer::playback::Step;
use recordplayer::record::{Payload, RecordKind};
use recordplayer_kanban::card::{CardCommand, CardEvent, Relation};
use recordplayer_kanban::column::ColumnEvent;
use recordplayer_kanban::ids::{BoardId, CardId, ColumnId};
use recordplayer_kanban::{Board, Card, Column, Project};

/// All things that there may be.
pub struct Things {
    pub space: SpaceId,
    pub boards: Vec<BoardId>,
    pub columns: Vec<ColumnId>,
    pub cards: Vec<CardId>,
}

impl Things {
    /// A card is in one column of one board, relations have both ends, and keys have no holes; or what is not so.
    pub fn hold(&self, models: &Models<'_>) -> Result<(), String> {
        self.columns.iter().try_for_each(|column| self.column_stands_once(*column, models))?;
        self.cards.iter().try_for_each(|card| self.card_is_in_one_place(*card, models))?;
        self.cards.iter().try_for_each(|card| has_both_ends(*card, models))?;
        self.keys_have_no_holes(models)
    }

    fn column_stands_once(&self, id: ColumnId, models: &Models<'_>) -> Result<(), String> {
        let column = models.get::<Column>(id);
        let on: Vec<BoardId> =
            self.boards.iter().copied().filter(|board| models.get::<Board>(*board).columns.contains(&id)).collect();
        let expected: Vec<BoardId> = column.board.into_iter().filter(|_| column.exists()).collect();
        if on != expected {
            return Err(format!("the column {id} says that it is on {expected:?}, and {on:?} say that they have it"));
        }
        Ok(())
    }

    fn card_is_in_one_place(&self, id: CardId, models: &Models<'_>) -> Result<(), String> {
        let card = models.get::<Card>(id);
        let open: Vec<ColumnId> = self.columns.iter().copied().filter(|column| holds(*column, id, models)).collect();
        let expected: Vec<ColumnId> = card.column().into_iter().filter(|_| !card.archived && card.is_here()).collect();
        if open != expected {
            return Err(format!("the card {id} says that it is open in {expected:?}, and it is in {open:?}"));
        }
        let (Some(column), Some(place), true) = (card.column(), card.place(id), card.is_here()) else { return Ok(()) };
        let column = models.get::<Column>(column);
        let is_there = if card.archived { column.archive.contains(&id) } else { column.places.contains(&place) };
        if is_there { Ok(()) } else { Err(format!("the card {id} is not at {place:?} of its column")) }
    }

    fn keys_have_no_holes(&self, models: &Models<'_>) -> Result<(), String> {
        let numbers = self.cards.iter().map(|card| models.get::<Card>(*card)).filter(|card| card.exists());
        let numbers: Vec<u64> = numbers.filter_map(|card| card.number.value().copied()).collect();
        let last = models.get::<Project>(self.space.0).last_number;
        let sorted: BTreeSet<u64> = numbers.iter().copied().collect();
        let is_whole = sorted.len() == numbers.len() && sorted.into_iter().eq(1..=last);
        let all_have_one = self.cards.iter().all(|card| {
            let card = models.get::<Card>(*card);
            !card.exists() || matches!(card.number, Assigned::Final { .. })
        });
        if is_whole && all_have_one { Ok(()) } else { Err(format!("the cards have the numbers {numbers:?} of {last}")) }
    }
}

fn holds(column: ColumnId, card: CardId, models: &Models<'_>) -> bool {
    models.get::<Column>(column).places.iter().any(|place| place.card == card)
}

fn has_both_ends(id: CardId, models: &Models<'_>) -> Result<(), String> {
    let card = models.get::<Card>(id);
    let is_missing = |relation: &&Relation| {
        let back = Relation { kind: relation.kind.inverse(), to: id };
        !models.get::<Card>(relation.to).relations.contains(&back)
    };
    match card.relations.iter().find(is_missing) {
        Some(relation) => Err(format!("the other end of {relation:?} does not stand on its card; this one on {id}")),
        None => Ok(()),
    }
}

/// What was asked last, as one walks through a log: its events follow it.
#[derive(Debug, Default)]
pub struct Asked {
    of_card: Option<CardCommand>,
}

impl Asked {
    fn is_exempt(&self) -> bool {
        use CardCommand as C;
        matches!(
            self.of_card,
            Some(C::Create { exempt: true, .. } | C::MoveTo { exempt: true, .. } | C::Restore { exempt: true, .. })
        )
    }

    /// A card goes only where the workflow of its column leads, but for imports and for what is taken back.
    pub fn leads_there(&mut self, step: &Step<'_>) -> Result<(), String> {
        let (record, models) = (step.record, step.models);
        if let (RecordKind::Command, Payload::Plain(payload)) = (record.kind, &record.payload) {
            let (stream, name) = (record.stream.clone(), record.name.clone());
            self.of_card = Intent { stream, name, payload: Arc::clone(payload) }.typed::<Card>();
        }
        let is_led = record.origin.claims.undoes.is_none()
            && matches!(self.of_card, Some(CardCommand::MoveTo { exempt: false, .. } | CardCommand::Approve { .. }));
        let Some(CardEvent::Moved { column: to, .. }) = record.event::<Card>().filter(|_| is_led) else {
            return Ok(());
        };
        let card = models.get::<Card>(record.stream.id);
        let Some(before) = card.lately.before_last(record.origin.command) else {
            return Err(format!("record {} moved a card, which does not know where it was", record.number));
        };
        let (from, onto) = (models.get::<Column>(before.column), models.get::<Column>(*to));
        let leads = match &from.leads_to {
            None => from.board == onto.board,
            Some(all) => all.iter().any(|column| heir(*column, models) == *to),
        };
        if leads {
            Ok(())
        } else {
            Err(format!("record {} moved a card to where {from:?} does not lead", record.number))
        }
    }
}

/// Who has the cards of a column that was removed.
fn heir(column: ColumnId, models: &Models<'_>) -> ColumnId {
    let into = models.get::<Column>(column).removed.and_then(|removed| removed.into);
    into.map_or(column, |into| heir(into, models))
}

/// A card comes into a column that has room for it, or back to where it was.
pub fn has_room(asked: &Asked, step: &Step<'_>) -> Result<(), String> {
    let record = step.record;
    let enters = record.kind == RecordKind::Event
        && matches!(record.event::<Column>(), Some(ColumnEvent::CardEntered { .. }))
        && record.origin.claims.undoes.is_none()
        // What could not go to another project is back, whoever came meanwhile; and an import is not held up.
        && !asked.is_exempt()
        && record.origin.actor != ActorId::default();
    let column = step.models.get::<Column>(record.stream.id);
    let is_too_many = column.limit.is_some_and(|limit| column.count() > limit as usize) && !column.limit_warns;
    if enters && is_too_many {
        return Err(format!("record {} brought a card into a column that was full: {column:?}", record.number));
    }
    Ok(())
}
