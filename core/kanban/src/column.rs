//! The column: its name, kind and limit, and the places of its open cards.
//!
//! It knows its open cards itself, by events that stand in the same commits as the cards' own. So its limit is exact and costs one look, and
//! the neighbours of a place are found in a few steps.

mod refusal;

use std::ops::Bound;

use recordplayer::context::Context;
use recordplayer::entity::{Entity, Stamp};
use recordplayer::id::ActorId;
use rpds::RedBlackTreeSetSync;
use serde::{Deserialize, Serialize};

pub use refusal::{ColumnFull, ColumnRefusal};

use crate::board::{Board, BoardEvent};
use crate::ids::{BoardId, CardId, ColumnId};
use crate::project::Project;
use crate::rank::Rank;
use crate::refusal::{has_room_in_project, is_name};

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Column {
    /// `None` until the column is added.
    pub board: Option<BoardId>,
    pub name: String,
    pub kind: ColumnKind,
    pub archived: bool,
    /// The most open cards that may enter; `None` for as many as come.
    pub limit: Option<u32>,
    /// The open cards from top to bottom.
    pub places: RedBlackTreeSetSync<Place>,
    /// The last one that came in, while it is there, for who asks why the column is full.
    pub last_entry: Option<Entry>,
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

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum ColumnCommand {
    /// At the right end of the board, or in front of `before`.
    Add {
        board: BoardId,
        name: String,
        #[serde(default)]
        kind: ColumnKind,
        #[serde(default)]
        before: Option<ColumnId>,
    },
    Rename {
        name: String,
    },
    SetKind {
        kind: ColumnKind,
    },
    SetLimit {
        #[serde(default)]
        limit: Option<u32>,
    },
    Archive {},
    Restore {},
    /// To the right end of the board, or in front of `before`.
    Move {
        #[serde(default)]
        before: Option<ColumnId>,
    },
}

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
    },
    Archived {},
    Restored {},
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
}

impl Column {
    pub fn exists(&self) -> bool {
        self.board.is_some()
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

    /// Whether one more card may enter; if not, why.
    pub fn has_room(&self, id: ColumnId) -> Result<(), ColumnFull> {
        let Some(limit) = self.limit.filter(|limit| self.count() >= *limit as usize) else { return Ok(()) };
        Err(ColumnFull {
            column: id,
            name: self.name.clone(),
            limit: u64::from(limit),
            count: self.count() as u64,
            last: self.last_entry.clone(),
        })
    }
}

fn name_is_free(board: BoardId, name: &str, itself: ColumnId, cx: &Context<'_>) -> Result<(), ColumnRefusal> {
    is_name("The name of a column", name)?;
    let taken = cx.get::<Board>(board).columns.iter().copied().find(|column| {
        let other = cx.get::<Column>(*column);
        *column != itself && !other.archived && other.name == name
    });
    match taken {
        Some(column) => Err(ColumnRefusal::NameTaken { name: name.to_owned(), column }),
        None => Ok(()),
    }
}

impl Entity for Column {
    const KIND: &'static str = "column";
    const SHAPE: u32 = 2;

    type Command = ColumnCommand;
    type Event = ColumnEvent;
    type Refusal = ColumnRefusal;

    fn decide(&self, command: &ColumnCommand, cx: &mut Context<'_>) -> Result<Vec<ColumnEvent>, ColumnRefusal> {
        use ColumnCommand as C;
        use ColumnEvent as E;
        use ColumnRefusal as R;
        let id = ColumnId(cx.id());
        if let C::Add { board, name, kind, before } = command {
            if !cx.get::<Project>(cx.space().0).is_set_up() {
                return Err(R::ProjectNotSetUp {});
            }
            if self.exists() {
                return Err(R::AddedAlready {});
            }
            let on = cx.get::<Board>(*board);
            if !on.exists() {
                return Err(R::NoSuchBoard { board: *board });
            }
            has_room_in_project("columns", on.columns.len())?;
            name_is_free(*board, name, id, cx)?;
            cx.emit::<Board>(*board, &BoardEvent::ColumnPlaced { column: id, before: *before });
            return Ok(vec![E::Added { board: *board, name: name.clone(), kind: *kind }]);
        }
        let Some(board) = self.board else { return Err(R::NoSuchColumn { column: id }) };
        Ok(match command {
            C::Add { .. } => unreachable!("answered above"),
            C::Rename { name } if self.name == *name => Vec::new(),
            C::Rename { name } => {
                name_is_free(board, name, id, cx)?;
                vec![E::Renamed { name: name.clone() }]
            }
            C::SetKind { kind } if self.kind == *kind => Vec::new(),
            C::SetKind { kind } => vec![E::KindSet { kind: *kind }],
            C::SetLimit { limit } if self.limit == *limit => Vec::new(),
            C::SetLimit { limit } => vec![E::LimitSet { limit: *limit }],
            C::Archive {} if self.archived => Vec::new(),
            C::Archive {} => vec![E::Archived {}],
            C::Restore {} if !self.archived => Vec::new(),
            C::Restore {} => {
                name_is_free(board, &self.name, id, cx)?;
                vec![E::Restored {}]
            }
            C::Move { before } => {
                if *before != Some(id) {
                    cx.emit::<Board>(board, &BoardEvent::ColumnPlaced { column: id, before: *before });
                }
                Vec::new()
            }
        })
    }

    fn sets(event: &ColumnEvent) -> Option<String> {
        use ColumnEvent as E;
        match event {
            E::Renamed { .. } => Some("name".to_owned()),
            E::KindSet { .. } => Some("kind".to_owned()),
            E::LimitSet { .. } => Some("limit".to_owned()),
            E::Archived {} | E::Restored {} => Some("archived".to_owned()),
            E::Added { .. } | E::CardEntered { .. } | E::CardReordered { .. } | E::CardLeft { .. } => None,
        }
    }

    fn play(&mut self, event: &ColumnEvent, stamp: &Stamp) {
        match event.clone() {
            ColumnEvent::Added { board, name, kind } => {
                self.board = Some(board);
                self.name = name;
                self.kind = kind;
            }
            ColumnEvent::Renamed { name } => self.name = name,
            ColumnEvent::KindSet { kind } => self.kind = kind,
            ColumnEvent::LimitSet { limit } => self.limit = limit,
            ColumnEvent::Archived {} => self.archived = true,
            ColumnEvent::Restored {} => self.archived = false,
            ColumnEvent::CardEntered { card, rank } => {
                self.places.insert_mut(Place { rank, card });
                self.last_entry = Some(Entry { card, by: stamp.origin.effective_actor() });
            }
            ColumnEvent::CardReordered { card, from, to } => {
                // What came in by an event that was redacted is not here.
                if self.places.remove_mut(&Place { rank: from, card }) {
                    self.places.insert_mut(Place { rank: to, card });
                }
            }
            ColumnEvent::CardLeft { card, rank } => {
                self.places.remove_mut(&Place { rank, card });
                self.last_entry.take_if(|last| last.card == card);
            }
        }
    }
}
