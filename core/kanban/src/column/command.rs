//! What can be asked of a column.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::{ColumnKind, WayOut};
use crate::ids::{BoardId, ColumnId, RowId};
use crate::role::Role;

/// What is asked of a column that was removed is asked of the one that inherited its cards, but for what shapes the column itself.
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
    /// A limit refuses what is beyond it, or only warns.
    SetLimit {
        #[serde(default)]
        limit: Option<u32>,
        #[serde(default)]
        warns: bool,
    },
    /// The roles that take cards in it.
    SetWorkers {
        roles: BTreeSet<Role>,
    },
    /// The roles that approve and reject; none, and nothing is reviewed.
    SetReviewers {
        roles: BTreeSet<Role>,
    },
    /// Where finished cards go by themselves; nowhere, and they stay.
    SetAutoMove {
        #[serde(default)]
        to: Option<ColumnId>,
    },
    /// The columns that a card may go to from here; `None` for all of the board.
    SetWorkflow {
        #[serde(default)]
        to: Option<BTreeSet<ColumnId>>,
    },
    /// The columns of other projects that a card may go to from here.
    SetWaysOut {
        to: BTreeSet<WayOut>,
    },
    /// Adds a row at the lower end, or names it so.
    SetRow {
        row: RowId,
        name: String,
    },
    /// Its cards show in the first row that is left.
    RemoveRow {
        row: RowId,
    },
    Archive {},
    Restore {},
    /// To the right end of the board, or in front of `before`.
    Move {
        #[serde(default)]
        before: Option<ColumnId>,
    },
    /// Takes it off its board for good. Its cards go into another column of this project; without one it must be empty.
    Remove {
        #[serde(default)]
        into: Option<ColumnId>,
    },
}
