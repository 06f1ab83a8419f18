//! How far the log of each space was indexed: written in the same commit as the documents (rule 8).

use std::collections::{BTreeMap, BTreeSet};

use recordplayer::commit::Head;
use recordplayer::hash::Hash;
use recordplayer::id::SpaceId;
use recordplayer::record::Position;
use recordplayer_kanban::ids::CardId;
use serde::{Deserialize, Serialize};

/// How far one log was indexed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reached {
    pub epoch: u32,
    /// Everything up to there is in the documents.
    pub head: Head,
    pub waiting: Waiting,
}

/// What waited in the outbox when the documents were written.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Waiting {
    /// The cards that it was about: they are read again once something else waits, for it may have been refused.
    pub cards: BTreeSet<CardId>,
    /// The same as long as the same waits.
    pub digest: Hash,
}

/// As it stands beside the documents.
#[derive(Serialize, Deserialize)]
struct Row {
    epoch: u32,
    position: Position,
    hash: Hash,
    waiting: Waiting,
}

pub fn write(reached: &BTreeMap<SpaceId, Reached>) -> String {
    let row = |reached: &Reached| Row {
        epoch: reached.epoch,
        position: reached.head.position,
        hash: reached.head.hash,
        waiting: reached.waiting.clone(),
    };
    let rows: BTreeMap<SpaceId, Row> = reached.iter().map(|(space, reached)| (*space, row(reached))).collect();
    serde_json::to_string(&rows).expect("ids and numbers are JSON")
}

/// Nothing where it is not what was written.
pub fn read(payload: &str) -> Option<BTreeMap<SpaceId, Reached>> {
    let rows: BTreeMap<SpaceId, Row> = serde_json::from_str(payload).ok()?;
    let reached =
        |Row { epoch, position, hash, waiting }: Row| Reached { epoch, head: Head { position, hash }, waiting };
    Some(rows.into_iter().map(|(space, row)| (space, reached(row))).collect())
}
