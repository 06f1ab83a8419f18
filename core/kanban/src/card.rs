//! The card: the piece of work that travels over the board.

mod attachment;
mod command;
mod copy;
mod decide;
mod effort;
mod event;
mod fields;
mod journey;
mod lately;
mod place;
mod refusal;
mod relation;
mod typed;
mod way;
mod work;

use std::collections::{BTreeMap, BTreeSet};

use recordplayer::Models;
use recordplayer::context::Assigned;
use recordplayer::id::{CommandId, SpaceId};
use recordplayer::record::Position;
use recordplayer::text::Text;
use serde::{Deserialize, Serialize};

pub use attachment::Attachment;
pub use command::CardCommand;
pub(crate) use decide::is_known;
pub use effort::{Effort, EffortError, Priority};
pub use event::CardEvent;
pub use fields::{Checklist, Day, DayError, FieldValue, Item};
pub(crate) use journey::travels;
pub use journey::{Carried, Heard, Journey, JourneyEnd, NotLetIn, Outfit, Whereabouts};
pub use lately::{Before, Lately};
pub use refusal::CardRefusal;
pub use relation::{Relation, RelationKind};
pub use typed::Typed;
pub use way::{Deed, Stand, Stay, Step, Way};
pub(crate) use way::{is_deed, is_step};
pub(crate) use work::room_was_made;

use crate::column::{Column, Place};
use crate::ids::{AttachmentId, BoardId, CardId, ColumnId, FieldId, LabelId, PersonId, RowId, TypeId};
use crate::rank::Rank;

/// A card with everything on it but its comments.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Card {
    /// `None` until the card is created.
    pub placed: Option<Placed>,
    pub number: Assigned<u64>,
    pub title: String,
    /// Heads and counts of the merged text; its characters are in the table of changes.
    pub description: Text,
    /// How far the work on it is in its column.
    pub stage: Stage,
    /// Who works on it, or did so last in this column.
    pub taken_by: Option<PersonId>,
    /// Its lane, in a column that has several.
    pub row: Option<RowId>,
    /// Taking back what one did with it lately is not hindered by a limit, and brings the work back to whose it was.
    pub lately: Lately,
    /// The command that made it; taken back, the card counts for nothing as long as it lies in the archive.
    pub made_by: Option<CommandId>,
    pub is_unmade: bool,
    /// An archived card keeps its column and rank, and takes no room.
    pub archived: bool,
    /// Whether it is in this project, or in which one.
    pub whereabouts: Whereabouts,
    /// How often it has gone from one project to another.
    pub journeys: u64,
    /// Who sent it on its last journey from here.
    pub sent_by: Option<PersonId>,
    /// The journey that brought it here last.
    pub arrived_by: Option<CommandId>,
    /// Other journeys that this project has answered, the oldest first.
    pub answered: Vec<CommandId>,
    /// What it was called in the other projects where it was before.
    pub former: BTreeMap<SpaceId, String>,
    /// The record by which it was made here, or came last.
    pub came_at: Position,
    /// The tick "finished".
    pub done: bool,
    pub due: Option<Day>,
    pub card_type: Option<TypeId>,
    pub priority: Option<Priority>,
    pub estimate: Option<Effort>,
    pub remaining: Option<Effort>,
    /// Why it cannot go on.
    pub blocked: Option<String>,
    /// The other ends stand on the other cards.
    pub relations: BTreeSet<Relation>,
    pub labels: BTreeSet<LabelId>,
    pub members: BTreeSet<PersonId>,
    pub checklists: Vec<Checklist>,
    pub attachments: BTreeMap<AttachmentId, Attachment>,
    pub fields: BTreeMap<FieldId, FieldValue>,
    /// How many comments are written on it and not deleted; they are entities of their own.
    pub comments: u64,
    /// What reports need of its history.
    pub way: Way,
}

/// Where a card is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Placed {
    pub column: ColumnId,
    pub rank: Rank,
}

/// How far the work on a card is in a column that has workers or reviewers; a card that comes into a column is to do.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Stage {
    #[default]
    ToDo,
    Doing,
    ToReview,
}

impl Card {
    pub fn exists(&self) -> bool {
        self.placed.is_some()
    }

    /// Whether it is in this project, and not on its way to another one or there.
    pub fn is_here(&self) -> bool {
        self.exists() && matches!(self.whereabouts, Whereabouts::Here {})
    }

    /// Its title as it is shown; only a redaction takes a title away.
    pub fn shown_title(title: &str) -> &str {
        if title.is_empty() { "No title" } else { title }
    }

    /// The board of its column: a card goes with its column to another board, and is on none where it went to another project.
    pub fn board(&self, models: &Models<'_>) -> Option<BoardId> {
        models.get::<Column>(self.column().filter(|_| self.is_here())?).board
    }

    pub fn column(&self) -> Option<ColumnId> {
        self.placed.as_ref().map(|placed| placed.column)
    }

    /// Its place among the cards of its column; `card` is its own id.
    pub fn place(&self, card: CardId) -> Option<Place> {
        self.placed.as_ref().map(|placed| Place { rank: placed.rank.clone(), card })
    }
}
