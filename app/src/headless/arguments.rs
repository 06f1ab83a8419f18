//! What can be said on the command line. These forms stay: scripts rely on them.

mod board;
mod card;
mod definitions;
mod import;
mod personal;
mod project;
mod report;

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

pub(crate) use board::{BoardArguments, BoardCommand, ColumnCommand, RowCommand};
pub(crate) use card::{CardArguments, CardCommand, ChecklistCommand, CommentArguments, CommentCommand, Urgency, What};
pub(crate) use definitions::{FieldCommand, LabelCommand, TypeCommand, ValueKind};
pub(crate) use import::ImportCommand;
pub(crate) use personal::{InboxCommand, SearchesCommand};
pub(crate) use project::{MemberCommand, ProjectCommand, RoleCommand};
pub(crate) use report::{ReportArguments, ReportKind};

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
    /// Show what you should hear of, from all projects: what is not read and not put off; or mark something of it.
    Inbox {
        /// What is read or put off, too
        #[arg(long)]
        all: bool,
        #[command(subcommand)]
        command: Option<InboxCommand>,
    },
    /// Show what you have to do, and may take or review, in all projects.
    Work,
    /// Show which of your cards have become due since this device was last asked: each of them once for each day that it is due on.
    Remind,
    /// Show what others did in all projects since you last said that you have seen it.
    Away {
        /// You have seen it now
        #[arg(long)]
        seen: bool,
    },
    /// The searches that you keep.
    #[command(subcommand)]
    Searches(SearchesCommand),
    /// Show how you like things, or change it: on each of your devices.
    Setting {
        name: Option<String>,
        value: Option<String>,
        /// As it is for everybody
        #[arg(long, conflicts_with = "value", requires = "name")]
        clear: bool,
    },
    /// Show what the history of a project adds up to.
    Report(ReportArguments),
    /// Find cards in all projects of this device: words, "phrases", -word, and filters such as label:bug assignee:me is:open due:<7d.
    Search {
        /// What is looked for, as one argument.
        #[arg(allow_hyphen_values = true, required_unless_present = "saved")]
        query: Option<String>,
        /// Within what a search finds that you keep.
        #[arg(long, value_name = "NAME")]
        saved: Option<String>,
        /// Show so many cards at most.
        #[arg(long, default_value_t = 20, value_name = "N")]
        limit: usize,
    },
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
    /// Write the project to a file: all of its records, one JSON object a line; or its cards, for other programs.
    Export {
        file: PathBuf,
        /// How; by default as the file's name ends: .csv, .ics, or else records
        #[arg(long = "as", value_name = "FORM")]
        form: Option<ExportForm>,
    },
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
            Self::Inbox { command, .. } => command.is_none(),
            Self::Away { seen } => !seen,
            Self::Searches(searches) => matches!(searches, SearchesCommand::List),
            Self::Setting { value, clear, .. } => value.is_none() && !clear,
            Self::Project(project) => project.only_shows(),
            Self::Projects
            | Self::Work
            | Self::Permissions
            | Self::Report(_)
            | Self::Search { .. }
            | Self::History { .. }
            | Self::Hash
            | Self::Export { .. }
            | Self::Watch { .. } => true,
            Self::Login { .. }
            | Self::Column(_)
            | Self::Import(_)
            | Self::Remind
            | Self::Comment(_)
            | Self::Undo { .. }
            | Self::Redo
            | Self::Sync { .. } => false,
        }
    }
}

/// What an export holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum ExportForm {
    /// Everything, one JSON object a line
    Records,
    /// A row for each card, as comma-separated values
    Csv,
    /// A folder with a Markdown file for each card
    Markdown,
    /// The days on which open cards are due, as iCalendar
    Ics,
}

#[derive(Debug, Subcommand)]
pub(crate) enum OutboxCommand {
    /// Send a refused command again
    Retry {
        id: String,
        /// And all that were refused for the same reason
        #[arg(long)]
        alike: bool,
    },
    /// Take a command out of the outbox for good
    Discard {
        id: String,
        /// And all that were refused for the same reason
        #[arg(long)]
        alike: bool,
    },
}
