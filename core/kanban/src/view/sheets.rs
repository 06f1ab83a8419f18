//! What reports need of each card, without the rest of it.

use std::collections::BTreeMap;

use recordplayer::Models;
use recordplayer::entity::Entity;
use recordplayer::record::{Record, StreamId};
use recordplayer::time::Timestamp;
use recordplayer::view::{Key, View};
use rpds::RedBlackTreeMapSync;
use serde::{Deserialize, Serialize};

use crate::card::{Card, CardEvent, Day, Effort, RelationKind, Stage, Stay};
use crate::ids::{CardId, ColumnId};

/// Some of the cards that are in the project, archived ones too, by a stretch of their numbers, or `~` for those whose number the authority has
/// not given yet.
///
/// So none of them grows with the project, and what happens to a card changes one small one. A report reads them all.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SheetsView {
    pub cards: RedBlackTreeMapSync<CardId, Sheet>,
}

/// One card, as reports take it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sheet {
    pub column: ColumnId,
    pub stage: Stage,
    pub archived: bool,
    /// The tick "finished".
    pub ticked: bool,
    pub blocked: bool,
    pub due: Option<Day>,
    pub estimate: Option<Effort>,
    pub remaining: Option<Effort>,
    /// The card that it is part of.
    pub whole: Option<CardId>,
    /// When it came to where it is.
    pub since: Timestamp,
    /// The columns in which it has been.
    pub stays: BTreeMap<ColumnId, Stay>,
}

/// Cards of one view: few enough to be read and saved for one of them.
const CARDS_TOGETHER: u64 = 50;

fn key_of_number(number: u64) -> Key {
    Key::text(&(number / CARDS_TOGETHER).to_string())
}

fn key_without_number() -> Key {
    Key::text("~")
}

fn key_of(card: &Card) -> Option<Key> {
    let number = card.number.value().map(|number| key_of_number(*number));
    card.is_here().then(|| number.unwrap_or_else(key_without_number))
}

impl SheetsView {
    /// All views of a project that has given so many numbers.
    pub fn keys_up_to(last_number: u64) -> impl Iterator<Item = Key> {
        let stretches = (0..=last_number / CARDS_TOGETHER).map(|stretch| key_of_number(stretch * CARDS_TOGETHER));
        stretches.chain([key_without_number()])
    }
}

impl Sheet {
    fn of(card: &Card) -> Option<Self> {
        Some(Self {
            column: card.stand()?.column,
            stage: card.stage,
            archived: card.archived,
            ticked: card.done,
            blocked: card.blocked.is_some(),
            due: card.due.clone(),
            estimate: card.estimate,
            remaining: card.remaining,
            whole: card.whole(),
            since: card.way.last.map(|last| last.at).unwrap_or_default(),
            stays: card.way.stays.clone(),
        })
    }
}

/// Whether an event changes what stands on a sheet.
fn is_on_sheet(event: &CardEvent) -> bool {
    use CardEvent as E;
    match event {
        E::Created { .. }
        | E::Moved { .. }
        | E::Leaving { .. }
        | E::Arrived { .. }
        | E::Gone { .. }
        | E::Stayed { .. }
        | E::Taken { .. }
        | E::PutBack {}
        | E::Submitted {}
        | E::Rejected {}
        | E::Archived {}
        | E::Restored {}
        | E::DueSet { .. }
        | E::DoneSet { .. }
        | E::EstimateSet { .. }
        | E::RemainingSet { .. }
        | E::Blocked { .. }
        | E::Unblocked {} => true,
        E::RelationAdded { relation } | E::RelationRemoved { relation } => relation.kind == RelationKind::PartOf,
        E::Renamed { .. }
        | E::Described { .. }
        | E::TurnedAway { .. }
        | E::FoundHere { .. }
        | E::Doubled { .. }
        | E::RowSet { .. }
        | E::Approved {}
        | E::Reordered { .. }
        | E::LabelAdded { .. }
        | E::LabelRemoved { .. }
        | E::Assigned { .. }
        | E::Unassigned { .. }
        | E::ChecklistSet { .. }
        | E::ChecklistRemoved { .. }
        | E::ItemSet { .. }
        | E::ItemTicked { .. }
        | E::ItemRemoved { .. }
        | E::LinkAttached { .. }
        | E::FileAttached { .. }
        | E::AttachmentRemoved { .. }
        | E::FieldSet { .. }
        | E::TypeSet { .. }
        | E::PrioritySet { .. }
        | E::CommentAdded { .. }
        | E::CommentRemoved { .. } => false,
    }
}

impl View for SheetsView {
    const NAME: &'static str = "sheets";
    const VERSION: u32 = 2;

    fn keys(stream: &StreamId, models: &Models<'_>) -> Vec<Key> {
        if *stream.kind != *Card::KIND {
            return Vec::new();
        }
        key_of(&models.get::<Card>(stream.id)).into_iter().collect()
    }

    fn concerns(record: &Record) -> bool {
        record.event::<Card>().is_some_and(is_on_sheet)
    }

    /// They stand on the sheets.
    fn lists_entities(_: &Key) -> bool {
        false
    }

    fn play(&mut self, key: &Key, record: &Record, after: &Models<'_>) {
        let id = CardId(record.stream.id);
        let card = after.get::<Card>(id);
        match Sheet::of(&card).filter(|_| key_of(&card).as_ref() == Some(key)) {
            Some(sheet) => self.cards.insert_mut(id, sheet),
            None => drop(self.cards.remove_mut(&id)),
        }
    }
}
