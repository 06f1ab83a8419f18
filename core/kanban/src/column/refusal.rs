//! What columns refuse.

use std::fmt;

use recordplayer::id::ActorId;
use serde::{Deserialize, Serialize};

use super::Entry;
use crate::ids::{BoardId, ColumnId};
use crate::refusal::LimitExceeded;

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
pub enum ColumnRefusal {
    #[error("This project is not set up yet. Give it a key first, such as REC")]
    ProjectNotSetUp {},
    #[error("There is no such board. Look at the list of this project's boards")]
    NoSuchBoard { board: BoardId },
    #[error("There is no such column. Look at the columns of the board")]
    NoSuchColumn { column: ColumnId },
    #[error("This column exists already")]
    AddedAlready {},
    #[error("This board has another column named {name:?}. Choose another name")]
    NameTaken { name: String, column: ColumnId },
    #[error("This is a column of this project. Add it to the workflow")]
    OwnProject {},
    #[error("The column {name:?} is archived. Restore it first, or choose another one")]
    ColumnArchived { column: ColumnId, name: String },
    #[error("A card that is in this column cannot go there: it is there. Choose another column")]
    LeadsToItself {},
    #[error("There are cards in this column ({cards}). Say which column they shall go to")]
    StillHoldsCards { cards: u64 },
    #[error("This column holds {cards} cards, and {max} can go with one step. Move some of them first")]
    TooManyCards { cards: u64, max: u64 },
    #[error("{full}")]
    ColumnFull { full: ColumnFull },
    #[error("There is no such role in this project. Look at the list of its roles")]
    NoSuchRole {},
    #[error("Viewers look on and do not work in columns. Choose another role")]
    ViewersOnlyLook {},
    #[error("This column has another row named {name:?}. Choose another name")]
    RowNameTaken { name: String },
    #[error("{limit}")]
    OutOfLimits { limit: LimitExceeded },
}

impl From<LimitExceeded> for ColumnRefusal {
    fn from(limit: LimitExceeded) -> Self {
        Self::OutOfLimits { limit }
    }
}

impl From<ColumnFull> for ColumnRefusal {
    fn from(full: ColumnFull) -> Self {
        Self::ColumnFull { full }
    }
}

/// A column that takes no more cards, or not so many: its limit, and who filled it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ColumnFull {
    pub column: ColumnId,
    pub name: String,
    pub limit: u64,
    pub count: u64,
    /// The last card that came in and who brought it; the names of people are the screen's to add.
    #[serde(default)]
    pub last: Option<Entry>,
}

impl fmt::Display for ColumnFull {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { name, limit, count, last, .. } = self;
        match limit.saturating_sub(*count) {
            0 => write!(f, "{name:?} is full: its limit is {limit} and it holds {count}. ")?,
            room => write!(f, "{name:?} has room for {room} more: its limit is {limit} and it holds {count}. ")?,
        }
        if let Some(Entry { card, by }) = last {
            // What one project asks of another, and what goes on by itself, nobody has brought.
            let by = if *by == ActorId::default() { String::new() } else { format!(", brought by {by}") };
            write!(f, "The last to come was the card {card}{by}. ")?;
        }
        f.write_str("Move a card out of it, or raise its limit")
    }
}
