//! What is to be done at the end of the frame.

use recordplayer::id::{ActId, CommandId, SpaceId};
use recordplayer_kanban::card::CardCommand;
use recordplayer_kanban::ids::{BoardId, CardId, ColumnId};

use super::import::ImportStep;
use crate::command::Command;

/// One thing to do. Screens only push these: what they draw does not change under them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Act {
    Do(Command),
    OpenProject(SpaceId),
    OpenBoard(BoardId),
    Select(CardId),
    OpenCard(CardId),
    /// Opens the composer at the lower end of a column.
    Compose(ColumnId),
    /// Cards with these titles, one below the other, in front of a card or at the end.
    Create {
        column: ColumnId,
        titles: Vec<String>,
    },
    Change(CardId, CardCommand),
    /// Asks whether a card may be put into columns, in front of cards there or at the end.
    MayMove {
        card: CardId,
        to: Vec<(ColumnId, Option<CardId>)>,
    },
    Comment {
        card: CardId,
        text: String,
    },
    /// The keys in a card's description become references; that belongs to the typing.
    Refer {
        card: CardId,
        act: ActId,
    },
    Import(ImportStep),
    /// Gives a project of this computer to a server.
    Publish {
        space: SpaceId,
        url: String,
    },
    /// Begins a project at a server, or on this computer.
    Found {
        title: String,
        place: String,
    },
    Retry(Vec<CommandId>),
    Discard(Vec<CommandId>),
    /// Behind what the window shows of it, what only the machine knows.
    CopyDiagnostics {
        told: Vec<(&'static str, String)>,
    },
    Copy {
        what: &'static str,
        text: String,
    },
}
