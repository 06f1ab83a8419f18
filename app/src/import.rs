//! Taking in a board of another product: read, planned on what is here, then sent part by part, the same from the window and without it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use jiff::tz::TimeZone;
use recordplayer::decide::Intent;
use recordplayer::id::{ActId, ActorId, CommandId, ReplicaId, SpaceId};
use recordplayer::membership::Membership;
use recordplayer::playback::PlaybackError;
use recordplayer::record::StreamId;
use recordplayer::replica::{Replica, TextEdit, TextWork, Wish};
use recordplayer::storage::memory::MemoryStore;
use recordplayer::storage::{OutboxContent, Store};
use recordplayer::text::TextChange;
use recordplayer::time::Timestamp;
use recordplayer_client::{SendError, Space, Ticket};
use recordplayer_kanban::card::{CardCommand, Day};
use recordplayer_kanban::ids::{BoardId, CardId};
use recordplayer_kanban::import::plan::{Plan, PlannedAct, PlannedCommand, Present, Summary, import_act, plan};
use recordplayer_kanban::import::source::{NotImported, SourceBoard};
use recordplayer_kanban::{Card, Project};

/// An import on its way.
#[derive(Debug)]
pub(crate) struct Import {
    space: Space,
    pub act: ActId,
    pub board: BoardId,
    commands: std::vec::IntoIter<PlannedCommand>,
    of: usize,
    refused: BTreeMap<String, u64>,
    summary: Summary,
}

impl Import {
    /// Plans the import of a board into a project; nothing is sent yet.
    pub fn plan(space: &Space, source: &SourceBoard) -> Result<Self, SendError> {
        let act = import_act(space.entity::<Membership>(space.id().0).first_space(space.id()), source);
        let Plan { board, commands, summary } = space.inspect(|replica| {
            let plan = plan_on(replica, source, act)?;
            may_import(replica, &plan)?;
            Ok::<_, SendError>(plan)
        })??;
        let of = commands.len();
        let commands = commands.into_iter();
        Ok(Self { space: space.clone(), act, board, commands, of, refused: BTreeMap::new(), summary })
    }

    /// Sends the next parts. What is refused is told at the end; whatever else goes wrong ends the import here, and doing it again goes on.
    pub fn send_next(&mut self, count: usize) -> Result<Vec<Ticket>, SendError> {
        let mut tickets = Vec::new();
        for planned in self.commands.by_ref().take(count) {
            match send_one(&self.space, planned) {
                Ok(sent) => tickets.extend(sent),
                Err(SendError::Refused(why)) if why.code != "outbox_full" => {
                    *self.refused.entry(why.message).or_default() += 1;
                }
                Err(error) => return Err(error),
            }
        }
        Ok(tickets)
    }

    /// How many parts are sent, and of how many.
    pub fn progress(&self) -> (usize, usize) {
        (self.of - self.commands.len(), self.of)
    }

    /// What comes in and what does not.
    pub fn summary(&self) -> Summary {
        let mut summary = self.summary.clone();
        let lines = self.refused.iter();
        let lines = lines.map(|(why, count)| NotImported { what: "parts".to_owned(), why: why.clone(), count: *count });
        summary.not_imported.extend(lines);
        summary
    }
}

/// Whoever may not do all of it imports nothing: half a board is of no use to anyone.
fn may_import(replica: &Replica, plan: &Plan) -> Result<(), SendError> {
    let mut asked = BTreeSet::new();
    for planned in &plan.commands {
        let intent = match &planned.what {
            PlannedAct::Send { intent } => intent.clone(),
            PlannedAct::Describe { card, .. } => {
                let change = TextChange::new(Vec::new());
                Intent::of::<Card>(card.0, &CardCommand::Describe { change })?
            }
        };
        let is_of_another = planned.claims.actor.is_some();
        if asked.insert((intent.stream.kind.clone(), intent.name.clone(), is_of_another))
            && let Some(refused) = replica.may_not(&intent, planned.claims)
        {
            return Err(SendError::Refused(refused));
        }
    }
    Ok(())
}

/// What would come into a project that does not exist yet.
pub(crate) fn summary_for_nothing(source: &SourceBoard) -> Result<Summary, SendError> {
    let domain = Arc::new(recordplayer_kanban::domain());
    let space = SpaceId::default();
    let reader = MemoryStore::new().reader(space);
    let empty =
        Replica::open(domain, space, ActorId::default(), reader, OutboxContent::default(), ReplicaId::default())
            .map_err(|error| SendError::Unreadable(error.to_string()))?;
    Ok(plan_on(&empty, source, ActId::default())?.summary)
}

fn plan_on(replica: &Replica, source: &SourceBoard, act: ActId) -> Result<Plan, SendError> {
    let description_of = |card: CardId| {
        let text = replica.text::<Card>(card, Card::DESCRIPTION);
        text.map(|document| document.text()).unwrap_or_default()
    };
    let unread = std::cell::Cell::new(None);
    let known_among = |asked: &BTreeSet<CommandId>| {
        replica.known_among(asked).unwrap_or_else(|error| {
            unread.set(Some(error));
            BTreeSet::new()
        })
    };
    let records_of = |stream: &StreamId| {
        replica.stream_records(stream).unwrap_or_else(|error| {
            unread.set(Some(error));
            Vec::new()
        })
    };
    let models = replica.models();
    let calendar = models.get::<Project>(replica.space().0).calendar.clone();
    let zone = TimeZone::get(&calendar.time_zone).unwrap_or(TimeZone::UTC);
    let present = Present {
        space: replica.space(),
        models: &models,
        description_of: &description_of,
        known_among: &known_among,
        records_of: &records_of,
        day_of: &|at| day_in(&zone, at),
    };
    let plan = plan(source, &present, act)?;
    match unread.into_inner() {
        Some(PlaybackError::NotHere { here }) => Err(SendError::NoHistory { here }),
        Some(error) => Err(SendError::Unreadable(error.to_string())),
        None => Ok(plan),
    }
}

fn day_in(zone: &TimeZone, at: Timestamp) -> Option<Day> {
    let at = jiff::Timestamp::from_millisecond(at.0).ok()?;
    zone.to_datetime(at).date().to_string().parse().ok()
}

fn send_one(space: &Space, planned: PlannedCommand) -> Result<Vec<Ticket>, SendError> {
    let PlannedCommand { command, claims, what } = planned;
    match what {
        PlannedAct::Send { intent } => Ok(vec![space.submit(Wish { claims, ..Wish::new(command, intent) })?]),
        PlannedAct::Describe { card, text } => space.send_edit(&TextEdit::<Card> {
            command,
            entity: card.0,
            claims,
            work: TextWork::Replace(&text),
            make: |change| CardCommand::Describe { change },
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_is_of_the_day_that_it_is_there() {
        let late = Timestamp("2026-03-31T23:00:00Z".parse::<jiff::Timestamp>().unwrap().as_millisecond());
        let day = |zone: &str| day_in(&TimeZone::get(zone).unwrap(), late).unwrap().to_string();
        assert_eq!(["UTC", "Asia/Tokyo"].map(day), ["2026-03-31", "2026-04-01"]);
        assert_eq!(day_in(&TimeZone::UTC, Timestamp(i64::MAX)), None);
    }
}
