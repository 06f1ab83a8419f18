//! What can be said on the command line. These forms stay: scripts rely on them.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};
use recordplayer_kanban::card::RelationKind;
use recordplayer_kanban::column::ColumnKind;

use crate::ui::window::Half;

/// Boards that work offline and play back their life.
#[derive(Debug, Parser)]
#[command(name = "recordplayer", version, disable_help_subcommand = true)]
pub(crate) struct Arguments {
    #[command(flatten)]
    pub options: Options,
    /// The window begins with the board's life at its beginning.
    #[arg(long, hide = true)]
    pub from_the_beginning: bool,
    /// The window takes this half of the screen.
    #[arg(long, hide = true, value_name = "SIDE")]
    pub half: Option<Half>,
    #[command(subcommand)]
    pub command: Option<Command>,
}

/// What every command takes.
#[derive(Clone, Debug, Args)]
pub(crate) struct Options {
    /// The device's folder; by default the platform's folder for data.
    #[arg(long, global = true, value_name = "DIR")]
    pub data: Option<PathBuf>,
    /// Answer with JSON: one object, or one a line.
    #[arg(long, global = true)]
    pub json: bool,
    /// The project, by name or id, where there are several.
    #[arg(long, global = true, value_name = "NAME")]
    pub project: Option<String>,
    /// The board, by name or id, where there are several.
    #[arg(long, global = true, value_name = "NAME")]
    pub board: Option<String>,
    /// The address of the account that a new project belongs to, where there are several.
    #[arg(long, global = true, value_name = "URL")]
    pub account: Option<String>,
    /// Return when the server has decided, not when the command is saved here.
    #[arg(long, global = true)]
    pub wait: bool,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Work for a person of a server.
    Login {
        url: String,
        /// The file that holds the device's token.
        #[arg(long)]
        token_file: PathBuf,
    },
    /// List the projects of this device.
    Projects,
    /// Make a project.
    #[command(subcommand)]
    Project(ProjectCommand),
    /// The members of a project.
    #[command(subcommand)]
    Member(MemberCommand),
    /// The roles of members.
    #[command(subcommand)]
    Role(RoleCommand),
    /// Show what each role may do in each column.
    Permissions,
    /// The columns of a board.
    #[command(subcommand)]
    Column(ColumnCommand),
    /// Show a card, or do something with cards.
    Card(CardArguments),
    /// Take in a board of another product.
    #[command(subcommand)]
    Import(ImportCommand),
    /// Comment on a card, or change a comment of yours.
    Comment(CommentArguments),
    /// The labels of a project.
    #[command(subcommand)]
    Label(LabelCommand),
    /// The fields that a project defines for its cards.
    #[command(subcommand)]
    Field(FieldCommand),
    /// The types of a project's cards.
    #[command(subcommand)]
    Type(TypeCommand),
    /// Show a board, as it is or as it was, or do something with boards.
    Board(BoardArguments),
    /// Show what happened, in the project or to one card.
    History { key: Option<String> },
    /// Take the content of records out of the history, on every device and at the server, for good. Managers may.
    Redact {
        /// Their numbers, as the history shows them.
        #[arg(required = true, value_name = "RECORD")]
        records: Vec<u64>,
        /// Do it; without this, only show what would go.
        #[arg(long)]
        yes: bool,
    },
    /// Take back what you did last here, or what is named; what somebody has changed since stays, and is told.
    Undo {
        /// The "command" or "act" that it answered with.
        id: Option<String>,
    },
    /// Do again what you took back last.
    Redo,
    /// Show what waits and what was refused.
    Outbox {
        #[command(subcommand)]
        command: Option<OutboxCommand>,
    },
    /// Wait until nothing waits.
    Sync {
        /// Seconds to wait at most.
        #[arg(long, default_value_t = 60)]
        timeout: u64,
    },
    /// Show the hash of the project's state: the same on every device and on the server when nothing waits.
    Hash,
    /// Write all records of the project to a file, one JSON object a line.
    Export { file: PathBuf },
    /// Show one view and each record that touches it, one JSON object a line, without storing anything.
    Watch {
        /// The kind of view and what it is of: `board NAME`.
        #[arg(long, num_args = 2, value_names = ["KIND", "NAME"])]
        view: Vec<String>,
    },
}

impl Command {
    /// Whether it changes nothing: all that it is for is what it shows.
    pub fn only_shows(&self) -> bool {
        match self {
            Self::Card(card) => card.command.is_none(),
            Self::Board(board) => board.command.is_none(),
            Self::Outbox { command } => command.is_none(),
            Self::Redact { yes, .. } => !yes,
            Self::Label(label) => matches!(label, LabelCommand::List),
            Self::Field(field) => matches!(field, FieldCommand::List),
            Self::Type(card_type) => matches!(card_type, TypeCommand::List),
            Self::Member(member) => matches!(member, MemberCommand::List),
            Self::Role(role) => matches!(role, RoleCommand::List),
            Self::Projects
            | Self::Permissions
            | Self::History { .. }
            | Self::Hash
            | Self::Export { .. }
            | Self::Watch { .. } => true,
            Self::Login { .. }
            | Self::Project(_)
            | Self::Column(_)
            | Self::Import(_)
            | Self::Comment(_)
            | Self::Undo { .. }
            | Self::Redo
            | Self::Sync { .. } => false,
        }
    }
}

#[derive(Debug, Subcommand)]
pub(crate) enum ProjectCommand {
    /// Make a project with a board of four columns.
    New {
        name: String,
        /// The letters that its cards' keys begin with; by default from the name.
        #[arg(long)]
        key: Option<String>,
        /// Begin with the boards, columns, workflow, roles, labels, fields and types of this project.
        #[arg(long, value_name = "PROJECT")]
        template: Option<String>,
    },
    /// Give a project of this computer to the server of an account, for good, so that others can work on it.
    Publish { name: String },
    /// Give a project its key, where the first one was refused.
    Key { key: String },
}

#[derive(Debug, Subcommand)]
pub(crate) enum MemberCommand {
    /// Let a user of the server work on the project.
    Add {
        user: String,
        /// manager, worker, reviewer, viewer, or a role of the project's own.
        #[arg(long)]
        role: String,
    },
    /// List the members and their roles
    List,
    /// Give a member another role
    Role { user: String, role: String },
    /// Let somebody work on the project no more
    Remove { user: String },
}

#[derive(Debug, Subcommand)]
pub(crate) enum RoleCommand {
    /// List the roles that members may have
    List,
    /// Add a role of the project's own
    New { name: String },
    /// Give a role of the project's own another name
    Rename { role: String, name: String },
    /// Remove a role that no member has
    Remove { role: String },
}

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
    },
    /// Move a card to the end of a column, or in front of another card.
    Move {
        key: String,
        #[arg(long)]
        to: String,
        #[arg(long)]
        before: Option<String>,
        /// The row of a column that has several.
        #[arg(long)]
        row: Option<String>,
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
    /// Find a submitted card good; it goes on to another column.
    Approve {
        key: String,
        /// Why; it becomes a comment.
        #[arg(long)]
        reason: String,
        /// Where to; not needed where the workflow leads to one column only.
        #[arg(long, value_name = "COLUMN")]
        to: Option<String>,
    },
    /// Find a submitted card not good: it is to do again
    Reject {
        key: String,
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
    /// Write a card that begins as another one is
    Copy {
        key: String,
        /// The column; by default that of the other card.
        #[arg(long, value_name = "COLUMN")]
        to: Option<String>,
    },
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

/// What `card set` sets; `none` takes a value away.
#[derive(Debug, Args)]
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

#[derive(Debug, Subcommand)]
pub(crate) enum LabelCommand {
    /// List the labels
    List,
    /// Add a label
    New {
        name: String,
        /// A word such as green.
        #[arg(long)]
        colour: Option<String>,
    },
    /// Remove a label; the cards that wear it show nothing for it
    Remove { label: String },
}

#[derive(Debug, Subcommand)]
pub(crate) enum FieldCommand {
    /// List the fields
    List,
    /// Define a field
    New {
        name: String,
        #[arg(long, value_enum, default_value_t = ValueKind::Text)]
        kind: ValueKind,
        /// One of the choices of a field of that kind.
        #[arg(long = "choice", value_name = "NAME")]
        choices: Vec<String>,
        /// The least number.
        #[arg(long)]
        least: Option<String>,
        /// The greatest number.
        #[arg(long)]
        most: Option<String>,
        /// The longest text, in bytes.
        #[arg(long, value_name = "BYTES")]
        bytes_max: Option<u32>,
    },
    /// Remove a field; the cards that have a value for it show nothing for it
    Remove { field: String },
}

/// What a field holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum ValueKind {
    Text,
    Number,
    Date,
    Checkbox,
    Choice,
    Person,
    Link,
}

#[derive(Debug, Subcommand)]
pub(crate) enum TypeCommand {
    /// List the types
    List,
    /// Add a type of cards
    New {
        name: String,
        /// A field that its cards have.
        #[arg(long = "field", value_name = "FIELD")]
        fields: Vec<String>,
        /// A field that its cards must have a value for.
        #[arg(long, value_name = "FIELD")]
        required: Vec<String>,
    },
    /// Remove a type; its cards have none then
    Remove { card_type: String },
}

#[derive(Debug, Subcommand)]
pub(crate) enum ImportCommand {
    /// A board that was exported from Trello as JSON.
    Trello {
        file: PathBuf,
        /// A list of the board's actions with the comments that its own file has no more: Trello exports the last 1,000 actions.
        #[arg(long, value_name = "FILE2")]
        comments: Option<PathBuf>,
        /// Only say what would come in and what would not.
        #[arg(long)]
        dry_run: bool,
    },
    /// Take a whole import back, but for what somebody has changed since.
    Undo {
        /// As the import has answered.
        act: String,
    },
}

#[derive(Debug, Subcommand)]
pub(crate) enum OutboxCommand {
    /// Send a refused command again.
    Retry { id: String },
    /// Take a command out of the outbox for good.
    Discard { id: String },
}
