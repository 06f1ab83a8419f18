//! What can be said of cards and comments.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};
use recordplayer_kanban::card::RelationKind;

#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true, arg_required_else_help = true)]
pub(crate) struct CardArguments {
    /// The card to show: its key, provisional key or id.
    pub key: Option<String>,
    #[command(subcommand)]
    pub command: Option<CardCommand>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum CardCommand {
    /// Write a card.
    New {
        title: String,
        #[arg(long)]
        column: String,
        #[command(flatten)]
        what: Box<What>,
    },
    /// Move cards to the end of a column, or in front of another card; or to another project.
    Move {
        #[arg(required = true)]
        keys: Vec<String>,
        #[arg(long)]
        to: String,
        #[arg(long)]
        before: Option<String>,
        /// The row of a column that has several.
        #[arg(long)]
        row: Option<String>,
        /// The other project, by its name or id
        #[arg(long, value_name = "PROJECT", conflicts_with_all = ["before", "row"])]
        into: Option<String>,
    },
    /// Begin to work on cards
    Take {
        #[arg(required = true)]
        keys: Vec<String>,
    },
    /// Work on cards no more
    PutBack {
        #[arg(required = true)]
        keys: Vec<String>,
    },
    /// Be done with cards: somebody reviews them, or they are finished
    Submit {
        #[arg(required = true)]
        keys: Vec<String>,
    },
    /// Find submitted cards good; they go on to another column.
    Approve {
        #[arg(required = true)]
        keys: Vec<String>,
        /// Why; it becomes a comment.
        #[arg(long)]
        reason: String,
        /// Where to; not needed where the workflow leads to one column only.
        #[arg(long, value_name = "COLUMN")]
        to: Option<String>,
        /// The project that the column is in, where it is another one, by its name or id
        #[arg(long, value_name = "PROJECT", requires = "to")]
        into: Option<String>,
    },
    /// Find submitted cards not good: they are to do again
    Reject {
        #[arg(required = true)]
        keys: Vec<String>,
        /// Why; it becomes a comment.
        #[arg(long)]
        reason: String,
    },
    /// Mark cards as finished
    Done {
        #[arg(required = true)]
        keys: Vec<String>,
        /// They are not finished.
        #[arg(long)]
        not: bool,
    },
    /// Set what stands on cards, on all of them at once
    Set {
        #[arg(required = true)]
        keys: Vec<String>,
        #[command(flatten)]
        what: Box<What>,
    },
    /// Say how a card belongs to another one; both show it
    Relate {
        key: String,
        #[arg(value_enum)]
        how: How,
        other: String,
    },
    /// Say that a card does not belong to another one in this way any more
    Unrelate {
        key: String,
        #[arg(value_enum)]
        how: How,
        other: String,
    },
    /// Write cards that begin as others are
    Copy {
        #[arg(required = true)]
        keys: Vec<String>,
        /// The column; by default that of each card.
        #[arg(long, value_name = "COLUMN")]
        to: Option<String>,
        /// Another project, by its name or id, also of another server: what it has a like of goes along, and the two cards link to each other
        #[arg(long, value_name = "PROJECT", requires = "to")]
        into: Option<String>,
    },
    /// Hang a file on a card. It is copied to this device, and brought to the server with the next sync.
    Attach {
        key: String,
        file: PathBuf,
        /// What it is called; by default as the file is.
        #[arg(long)]
        name: Option<String>,
    },
    /// Hang a link on a card
    Link {
        key: String,
        url: String,
        /// What it is called; by default by its address.
        #[arg(long)]
        name: Option<String>,
    },
    /// Take a file or a link off a card, by its name or id
    Detach { key: String, attachment: String },
    /// Copy a file of a card to a new file or into a folder
    Save {
        key: String,
        attachment: String,
        #[arg(long)]
        to: PathBuf,
    },
    /// The checklists of a card
    #[command(subcommand)]
    Checklist(ChecklistCommand),
    /// Put a card into a row of its column; `none` for the first
    Row { key: String, row: String },
    /// Give a card another title
    Rename { key: String, title: String },
    /// Take cards off the board; they can be restored
    Archive {
        #[arg(required = true)]
        keys: Vec<String>,
    },
    /// Put archived cards back where they were
    Restore {
        #[arg(required = true)]
        keys: Vec<String>,
        /// Into this column, where theirs is gone.
        #[arg(long, value_name = "COLUMN")]
        to: Option<String>,
    },
    /// Make the description be the content of a file; what others write meanwhile stays.
    Describe {
        key: String,
        #[arg(long)]
        text_file: PathBuf,
    },
}

/// A checklist is named as it is called or by its id, and need not be where the card has only one; an item as it is written or by its id.
#[derive(Debug, Subcommand)]
pub(crate) enum ChecklistCommand {
    /// Add a checklist
    New {
        key: String,
        name: String,
        /// An item of it, as often as needed
        #[arg(long = "item", value_name = "TEXT")]
        items: Vec<String>,
    },
    /// Give a checklist another name
    Rename { key: String, checklist: String, name: String },
    /// Take a checklist off a card, with its items
    Remove { key: String, checklist: String },
    /// Add items at the end
    Add {
        key: String,
        #[arg(required = true, value_name = "TEXT")]
        items: Vec<String>,
        #[arg(long)]
        checklist: Option<String>,
    },
    /// Mark items as done
    Tick {
        key: String,
        #[arg(required = true, value_name = "ITEM")]
        items: Vec<String>,
        /// They are not done.
        #[arg(long)]
        not: bool,
        #[arg(long)]
        checklist: Option<String>,
    },
    /// Write an item anew
    Edit {
        key: String,
        item: String,
        text: String,
        #[arg(long)]
        checklist: Option<String>,
    },
    /// Take items off a checklist
    TakeOff {
        key: String,
        #[arg(required = true, value_name = "ITEM")]
        items: Vec<String>,
        #[arg(long)]
        checklist: Option<String>,
    },
}

/// What `card set` sets, and what a new card has; `none` takes a value away.
#[derive(Debug, Default, Args)]
pub(crate) struct What {
    #[arg(long = "type", value_name = "TYPE")]
    pub card_type: Option<String>,
    /// The value of a field; with nothing behind the sign, the field is emptied.
    #[arg(long = "field", value_name = "NAME=VALUE")]
    pub fields: Vec<String>,
    #[arg(long, value_enum)]
    pub priority: Option<Urgency>,
    /// Such as 2026-03-31.
    #[arg(long, value_name = "DAY")]
    pub due: Option<String>,
    /// How much work it is, such as 3 or 0.5.
    #[arg(long)]
    pub estimate: Option<String>,
    /// How much of the work is left.
    #[arg(long)]
    pub remaining: Option<String>,
    #[arg(long, value_name = "LABEL")]
    pub add_label: Vec<String>,
    #[arg(long, value_name = "LABEL")]
    pub remove_label: Vec<String>,
    /// By name or id, or "me".
    #[arg(long, value_name = "USER")]
    pub assign: Vec<String>,
    #[arg(long, value_name = "USER")]
    pub unassign: Vec<String>,
    /// It cannot go on, and why.
    #[arg(long, value_name = "REASON", conflicts_with = "unblock")]
    pub block: Option<String>,
    #[arg(long)]
    pub unblock: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Urgency {
    Low,
    Medium,
    High,
    Urgent,
    None,
}

/// How one card belongs to another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum How {
    Blocks,
    BlockedBy,
    RelatesTo,
    PartOf,
    HasPart,
}

impl From<How> for RelationKind {
    fn from(how: How) -> Self {
        match how {
            How::Blocks => Self::Blocks,
            How::BlockedBy => Self::BlockedBy,
            How::RelatesTo => Self::RelatesTo,
            How::PartOf => Self::PartOf,
            How::HasPart => Self::HasPart,
        }
    }
}

#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true, arg_required_else_help = true)]
pub(crate) struct CommentArguments {
    pub key: Option<String>,
    /// Whom `@name` names is called.
    #[arg(requires = "key")]
    pub text: Option<String>,
    /// It is an entry of the card's journal: what was done.
    #[arg(long)]
    pub journal: bool,
    #[command(subcommand)]
    pub command: Option<CommentCommand>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum CommentCommand {
    /// Write a comment of yours anew
    Edit { id: String, text: String },
    /// Delete a comment of yours; the history keeps that it was there
    Delete { id: String },
}
