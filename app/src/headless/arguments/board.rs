//! What can be said of boards and their columns.

use clap::{Args, Subcommand, ValueEnum};
use recordplayer_kanban::column::ColumnKind;

#[derive(Debug, Subcommand)]
pub(crate) enum ColumnCommand {
    /// Add a column at the right end of the board.
    New {
        name: String,
        #[arg(long, value_enum, default_value_t = Kind::Backlog)]
        kind: Kind,
        /// In front of this column.
        #[arg(long, value_name = "COLUMN")]
        before: Option<String>,
    },
    /// Give a column another name
    Rename { column: String, name: String },
    /// Say what a column is for
    Kind {
        column: String,
        #[arg(value_enum)]
        kind: Kind,
    },
    /// Limit how many cards a column may hold; `none` takes the limit off.
    Limit {
        column: String,
        limit: String,
        /// Only warn; more may enter.
        #[arg(long)]
        warn: bool,
    },
    /// Name the roles that take cards in a column; `none` for nobody in particular.
    Workers {
        column: String,
        #[arg(required = true, value_name = "ROLE")]
        roles: Vec<String>,
    },
    /// Name the roles that approve and reject what is submitted in a column; with `none`, nothing is reviewed.
    Reviewers {
        column: String,
        #[arg(required = true, value_name = "ROLE")]
        roles: Vec<String>,
    },
    /// Send finished cards on to another column by themselves; with `none`, they stay.
    AutoMove { column: String, to: String },
    /// Name the columns that a card may go to from a column; `any` for all of its board.
    Workflow {
        column: String,
        #[arg(required = true, value_name = "COLUMN")]
        to: Vec<String>,
    },
    /// Name the columns of another project that a card may go to from a column; none, and it may go to none of them
    WaysOut {
        column: String,
        /// The other project, by its name or id
        #[arg(long, value_name = "PROJECT")]
        into: String,
        #[arg(value_name = "COLUMN")]
        to: Vec<String>,
    },
    /// The parallel rows of a column.
    #[command(subcommand)]
    Row(RowCommand),
    /// Put a column at the right end of its board, or in front of another
    Move {
        column: String,
        #[arg(long, value_name = "COLUMN")]
        before: Option<String>,
    },
    /// Take a column off its board for good; its cards go into another one
    Remove {
        column: String,
        #[arg(long, value_name = "COLUMN")]
        into: Option<String>,
    },
    /// Take a column off the board; it can be restored
    Archive { column: String },
    /// Put an archived column back
    Restore { column: String },
}

#[derive(Debug, Subcommand)]
pub(crate) enum RowCommand {
    /// Add a row at the lower end of a column
    New { column: String, name: String },
    /// Give a row another name
    Rename { column: String, row: String, name: String },
    /// Remove a row; its cards stay in the column
    Remove { column: String, row: String },
}

/// What a column is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Kind {
    Backlog,
    Ready,
    Active,
    Done,
    Cancelled,
}

impl From<Kind> for ColumnKind {
    fn from(kind: Kind) -> Self {
        match kind {
            Kind::Backlog => Self::Backlog,
            Kind::Ready => Self::Ready,
            Kind::Active => Self::Active,
            Kind::Done => Self::Done,
            Kind::Cancelled => Self::Cancelled,
        }
    }
}

#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true)]
pub(crate) struct BoardArguments {
    pub name: Option<String>,
    /// A record's number, or a time such as 2026-11-24T09:00:00Z.
    #[arg(long)]
    pub at: Option<String>,
    #[command(subcommand)]
    pub command: Option<BoardCommand>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum BoardCommand {
    /// Add a board with four columns
    New { title: String },
    /// Give a board another name
    Rename { board: String, title: String },
    /// Put a board away; it can be restored
    Archive { board: String },
    /// Put an archived board back
    Restore { board: String },
    /// Make a board of some columns of another one; their cards go with them.
    Split {
        board: String,
        /// What the new board is called.
        title: String,
        #[arg(long = "column", required = true, value_name = "COLUMN")]
        columns: Vec<String>,
    },
    /// Give all columns of a board to another one, with their cards
    Merge {
        board: String,
        #[arg(long, value_name = "BOARD")]
        into: String,
    },
}
