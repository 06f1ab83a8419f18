//! What happens to a column.

use std::collections::BTreeSet;

use recordplayer::context::Context;
use recordplayer::entity::{Entity, Stamp};
use serde::{Deserialize, Serialize};

use super::{Column, ColumnCommand, ColumnKind, ColumnRefusal, Entry, Place, Removed, Row, WayOut};
use crate::ids::{BoardId, CardId, ColumnId, RowId};
use crate::rank::Rank;
use crate::role::Role;

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum ColumnEvent {
    Added {
        board: BoardId,
        name: String,
        #[serde(default)]
        kind: ColumnKind,
    },
    Renamed {
        name: String,
    },
    KindSet {
        kind: ColumnKind,
    },
    LimitSet {
        #[serde(default)]
        limit: Option<u32>,
        #[serde(default)]
        warns: bool,
    },
    WorkersSet {
        roles: BTreeSet<Role>,
    },
    ReviewersSet {
        roles: BTreeSet<Role>,
    },
    AutoMoveSet {
        #[serde(default)]
        to: Option<ColumnId>,
    },
    WaysOutSet {
        to: BTreeSet<WayOut>,
    },
    WorkflowSet {
        #[serde(default)]
        to: Option<BTreeSet<ColumnId>>,
    },
    RowSet {
        row: RowId,
        name: String,
    },
    RowRemoved {
        row: RowId,
    },
    Archived {},
    Restored {},
    /// Its cards left it in the same commit.
    Removed {
        #[serde(default)]
        into: Option<ColumnId>,
    },
    CardEntered {
        card: CardId,
        rank: Rank,
    },
    CardReordered {
        card: CardId,
        from: Rank,
        to: Rank,
    },
    CardLeft {
        card: CardId,
        rank: Rank,
    },
    /// It stays, and takes no room any more.
    CardArchived {
        card: CardId,
        rank: Rank,
    },
    /// It is finished, and goes here as soon as there is room.
    CardWaits {
        card: CardId,
    },
    /// It is elsewhere, or not finished any more.
    CardWaitsNoMore {
        card: CardId,
    },
    /// It stands on another board now, with all its cards.
    BoardSet {
        board: BoardId,
    },
}

impl Entity for Column {
    const KIND: &'static str = "column";
    const SHAPE: u32 = 6;

    type Command = ColumnCommand;
    type Event = ColumnEvent;
    type Refusal = ColumnRefusal;

    fn decide(&self, command: &ColumnCommand, cx: &mut Context<'_>) -> Result<Vec<ColumnEvent>, ColumnRefusal> {
        self.answer(command, cx)
    }

    fn sets(event: &ColumnEvent) -> Option<String> {
        use ColumnEvent as E;
        match event {
            E::Renamed { .. } => Some("name".to_owned()),
            E::KindSet { .. } => Some("kind".to_owned()),
            E::LimitSet { .. } => Some("limit".to_owned()),
            E::WorkersSet { .. } => Some("workers".to_owned()),
            E::ReviewersSet { .. } => Some("reviewers".to_owned()),
            E::AutoMoveSet { .. } => Some("auto-move".to_owned()),
            E::WorkflowSet { .. } => Some("workflow".to_owned()),
            E::WaysOutSet { .. } => Some("ways out".to_owned()),
            E::RowSet { row, .. } => Some(format!("row {row}")),
            E::Archived {} | E::Restored {} => Some("archived".to_owned()),
            E::Added { .. }
            | E::RowRemoved { .. }
            | E::Removed { .. }
            | E::CardEntered { .. }
            | E::CardReordered { .. }
            | E::CardLeft { .. }
            | E::CardArchived { .. }
            | E::CardWaits { .. }
            | E::CardWaitsNoMore { .. }
            | E::BoardSet { .. } => None,
        }
    }

    fn play(&mut self, event: &ColumnEvent, stamp: &Stamp) {
        use ColumnEvent as E;
        match event.clone() {
            E::Added { board, name, kind } => {
                self.board = Some(board);
                self.name = name;
                self.kind = kind;
            }
            E::Renamed { name } => self.name = name,
            E::KindSet { kind } => self.kind = kind,
            E::LimitSet { limit, warns } => {
                self.limit = limit;
                self.limit_warns = warns;
            }
            E::WorkersSet { roles } => self.rights.workers = roles,
            E::ReviewersSet { roles } => self.rights.reviewers = roles,
            E::AutoMoveSet { to } => self.auto_move = to,
            E::WorkflowSet { to } => self.leads_to = to,
            E::WaysOutSet { to } => self.ways_out = to,
            E::RowSet { row, name } => match self.rows.iter_mut().find(|other| other.id == row) {
                Some(known) => known.name = name,
                None => self.rows.push(Row { id: row, name }),
            },
            E::RowRemoved { row } => self.rows.retain(|other| other.id != row),
            E::Archived {} => self.archived = true,
            E::Restored {} => self.archived = false,
            E::Removed { into } => {
                self.removed = Some(Removed { into });
                self.places = rpds::RedBlackTreeSetSync::default();
                self.waiting = Vec::new();
                self.last_entry = None;
            }
            E::CardEntered { card, rank } => {
                self.places.insert_mut(Place { rank, card });
                self.archive.remove_mut(&card);
                self.waiting.retain(|waits| *waits != card);
                self.last_entry = Some(Entry { card, by: stamp.origin.effective_actor() });
            }
            E::CardReordered { card, from, to } => {
                // What came in by an event that was redacted is not here.
                if self.places.remove_mut(&Place { rank: from, card }) {
                    self.places.insert_mut(Place { rank: to, card });
                }
            }
            E::CardLeft { card, rank } => {
                self.places.remove_mut(&Place { rank, card });
                self.archive.remove_mut(&card);
                self.last_entry.take_if(|last| last.card == card);
            }
            E::CardArchived { card, rank } => {
                // What came in by an event that was redacted is not here.
                if self.places.remove_mut(&Place { rank, card }) {
                    self.archive.insert_mut(card);
                }
                self.last_entry.take_if(|last| last.card == card);
            }
            E::CardWaits { card } => self.waiting.push(card),
            E::CardWaitsNoMore { card } => self.waiting.retain(|waits| *waits != card),
            E::BoardSet { board } => self.board = Some(board),
        }
    }
}
