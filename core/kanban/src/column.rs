//! The column: its name, kind and limit, who works and reviews in it, where its cards may go, and the places of its open cards.
//!
//! It knows its open cards itself, by events that stand in the same commits as the cards' own. So its limit is exact and costs one look, and
//! the neighbours of a place are found in a few steps.
//!
//! ```text
//!  plain       no workers, no reviewers      [ cards ]                          everybody but viewers moves them
//!  worked      workers                       [ to do | doing ]                  take ─► submit: finished
//!  reviewed    reviewers, perhaps workers    [ to do | doing | to review ]      take ─► submit ─► approve, on to another column
//!                                                 ▲───────────────────┘ reject
//! ```

mod command;
mod decide;
mod event;
mod refusal;
mod rights;

use std::collections::BTreeSet;
use std::ops::Bound;

use recordplayer::id::{ActorId, SpaceId};
use rpds::RedBlackTreeSetSync;
use serde::{Deserialize, Serialize};

pub use command::ColumnCommand;
pub use decide::followed;
pub(crate) use decide::following;
pub use event::ColumnEvent;
pub use refusal::{ColumnFull, ColumnRefusal};
pub use rights::{Permission, Right, Rights};

use crate::ids::{BoardId, CardId, ColumnId, RowId};
use crate::rank::Rank;

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Column {
    /// `None` until the column is added.
    pub board: Option<BoardId>,
    pub name: String,
    pub kind: ColumnKind,
    pub archived: bool,
    /// Set for good once it is removed: the column that has its cards now, if it had any.
    pub removed: Option<Removed>,
    /// The most open cards that may enter; `None` for as many as come.
    pub limit: Option<u32>,
    /// More may enter than its limit says; it is only shown.
    pub limit_warns: bool,
    pub rights: Rights,
    /// Where finished cards go by themselves, while it has no reviewers.
    pub auto_move: Option<ColumnId>,
    /// The columns that a card may go to from here; `None` for all of its board.
    pub leads_to: Option<BTreeSet<ColumnId>>,
    /// The columns of other projects that cards may go to from here.
    pub ways_out: BTreeSet<WayOut>,
    /// Its lanes from top to bottom, for steps that run side by side; a card that names none is in the first.
    pub rows: Vec<Row>,
    /// The open cards from top to bottom.
    pub places: RedBlackTreeSetSync<Place>,
    /// Its archived cards, which take no room and go where it goes.
    pub archive: RedBlackTreeSetSync<CardId>,
    /// Finished cards of other columns that go here by themselves as soon as there is room, the first first; some of them may not wait any more.
    pub waiting: Vec<CardId>,
    /// The last one that came in, while it is there, for who asks why the column is full.
    pub last_entry: Option<Entry>,
}

/// What a column that was removed has left behind.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Removed {
    /// Who inherited its cards, and what is asked of it from then on.
    #[serde(default)]
    pub into: Option<ColumnId>,
}

/// One lane of a column.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Row {
    pub id: RowId,
    pub name: String,
}

/// Where a card is in its column: by its rank, equal ranks by the card's id.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Place {
    pub rank: Rank,
    pub card: CardId,
}

/// A card that came in, and who brought it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    pub card: CardId,
    pub by: ActorId,
}

/// What a column is for. Cycle time runs from the first entry into an active column to the last entry into a done one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ColumnKind {
    #[default]
    Backlog,
    Ready,
    Active,
    Done,
    Cancelled,
}

impl ColumnKind {
    /// What people call it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Backlog => "backlog",
            Self::Ready => "ready",
            Self::Active => "active",
            Self::Done => "done",
            Self::Cancelled => "cancelled",
        }
    }

    /// Whether what is in such a column is finished with.
    pub fn is_end(self) -> bool {
        match self {
            Self::Done | Self::Cancelled => true,
            Self::Backlog | Self::Ready | Self::Active => false,
        }
    }
}

/// A column of another project.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct WayOut {
    pub project: SpaceId,
    pub column: ColumnId,
}

impl Column {
    /// Whether it is on its board: added and not removed.
    pub fn exists(&self) -> bool {
        self.board.is_some() && self.removed.is_none()
    }

    /// How many open cards it holds.
    pub fn count(&self) -> usize {
        self.places.size()
    }

    /// A rank in front of the card that is at `before`, or at the lower end; as if `except` were not there.
    pub fn rank_for(&self, before: Option<&Place>, except: CardId) -> Rank {
        let after = before.filter(|place| self.places.contains(place));
        let upper = after.map_or(Bound::Unbounded, Bound::Excluded);
        let above = self.places.range::<Place, _>((Bound::Unbounded, upper)).rev().find(|place| place.card != except);
        Rank::between(above.map(|place| &place.rank), after.map(|place| &place.rank))
    }

    /// Whether `more` cards may enter; if not, why.
    pub fn has_room(&self, id: ColumnId, more: usize) -> Result<(), ColumnFull> {
        let is_beyond = |limit: &u32| !self.limit_warns && self.count() + more > *limit as usize;
        let Some(limit) = self.limit.filter(is_beyond) else { return Ok(()) };
        Err(ColumnFull {
            column: id,
            name: self.name.clone(),
            limit: u64::from(limit),
            count: self.count() as u64,
            last: self.last_entry.clone(),
        })
    }

    /// For how many more cards there is room.
    pub fn room(&self) -> usize {
        let limit = self.limit.filter(|_| !self.limit_warns);
        let room = limit.map_or(usize::MAX, |limit| (limit as usize).saturating_sub(self.count()));
        if self.archived || self.removed.is_some() { 0 } else { room }
    }

    pub fn has_row(&self, row: RowId) -> bool {
        self.rows.iter().any(|other| other.id == row)
    }
}
