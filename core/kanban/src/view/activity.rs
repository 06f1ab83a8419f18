//! What happened lately.

use recordplayer::Models;
use recordplayer::entity::Entity;
use recordplayer::id::{ActId, ActorId};
use recordplayer::membership::Membership;
use recordplayer::name::Name;
use recordplayer::record::{Position, Record, RecordKind, StreamId};
use recordplayer::time::Timestamp;
use recordplayer::view::{Key, View};
use rpds::QueueSync;
use serde::{Deserialize, Deserializer, Serialize};

use super::words::words;
use crate::board::Board;
use crate::card::{Card, CardEvent};
use crate::column::Column;
use crate::comment::Comment;
use crate::ids::CardId;
use crate::limits::ACTIVITY_ENTRIES_MAX;
use crate::project::Project;

/// The latest things that happened to a card, on a board or in a project, the oldest first.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ActivityView {
    #[serde(deserialize_with = "one_by_one")]
    pub entries: QueueSync<Activity>,
}

/// Left to itself, the queue makes room for as many as the bytes claim to hold.
fn one_by_one<'de, D: Deserializer<'de>>(deserializer: D) -> Result<QueueSync<Activity>, D::Error> {
    Ok(Vec::deserialize(deserializer)?.into_iter().collect())
}

/// One thing that happened.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Activity {
    pub record: Position,
    pub name: Name,
    pub card: Option<CardId>,
    /// As claimed, or else as recorded; `None` where an import does not know who did it.
    pub actor: Option<ActorId>,
    /// As recorded.
    pub by: ActorId,
    /// What it was done together with.
    pub act: Option<ActId>,
    pub at: Timestamp,
    pub happened_at: Option<Timestamp>,
    /// What the actor did, in words that follow their name; people, labels, fields, columns and boards stand there by their ids.
    pub what: String,
}

/// What a record tells, with the entities as they are just after it; `None` for what only keeps the books.
pub fn happened(record: &Record, after: &Models<'_>) -> Option<Activity> {
    if record.kind != RecordKind::Event {
        return None;
    }
    let comes_along = matches!(record.event::<Card>(), Some(CardEvent::Described { .. }));
    if comes_along && record.origin.actor == ActorId::default() {
        return None;
    }
    let what = words(record, after)?;
    Some(Activity {
        record: record.number,
        name: record.name.clone(),
        card: card_of(&record.stream, after),
        actor: who(record, after),
        by: record.origin.actor,
        act: record.origin.claims.act,
        at: record.origin.time,
        happened_at: record.origin.claims.happened_at,
        what,
    })
}

/// Who did it: of what one project asks of another, whoever had sent the card.
fn who(record: &Record, after: &Models<'_>) -> Option<ActorId> {
    let by = match record.event::<Card>() {
        Some(CardEvent::Arrived { by, .. }) => Some(*by),
        Some(CardEvent::Gone { .. } | CardEvent::Stayed { .. }) => after.get::<Card>(record.stream.id).sent_by,
        _ => None,
    };
    let known = || record.origin.known_actor().filter(|actor| *actor != ActorId::default());
    by.map_or_else(known, |by| Some(ActorId(by.0)))
}

/// The card that a stream is about.
fn card_of(stream: &StreamId, models: &Models<'_>) -> Option<CardId> {
    match &*stream.kind {
        Card::KIND => models.get::<Card>(stream.id).exists().then_some(CardId(stream.id)),
        Comment::KIND => models.get::<Comment>(stream.id).card,
        _ => None,
    }
}

impl View for ActivityView {
    const NAME: &'static str = "activity";
    const VERSION: u32 = 8;

    fn keys(stream: &StreamId, models: &Models<'_>) -> Vec<Key> {
        let card = card_of(stream, models);
        let board = match &*stream.kind {
            Board::KIND => models.get::<Board>(stream.id).exists().then(|| stream.id.into()),
            Column::KIND => models.get::<Column>(stream.id).board,
            Card::KIND | Comment::KIND => card.and_then(|card| models.get::<Card>(card).board(models)),
            Project::KIND | Membership::KIND => None,
            _ => return Vec::new(),
        };
        let keys = [card.map(Key::from), board.map(Key::from), Some(Key::whole_space())];
        keys.into_iter().flatten().collect()
    }

    /// All that happens in a project is told in one activity: the list would be as long as the project is large.
    fn lists_entities(key: &Key) -> bool {
        *key != Key::whole_space()
    }

    fn play(&mut self, _: &Key, record: &Record, after: &Models<'_>) {
        let Some(entry) = happened(record, after) else { return };
        if self.entries.len() >= ACTIVITY_ENTRIES_MAX {
            self.entries.dequeue_mut();
        }
        self.entries.enqueue_mut(entry);
    }
}
