//! What cards refuse.

use std::collections::BTreeSet;

use recordplayer::context::Context;
use recordplayer::id::SpaceId;
use recordplayer::text::TextRefusal;
use serde::{Deserialize, Serialize};

use crate::column::{Column, ColumnFull};
use crate::ids::{CardId, ChecklistId, ColumnId, FieldId, ItemId, LabelId, PersonId, RowId, TypeId};
use crate::project::{BadValue, Project};
use crate::refusal::LimitExceeded;
use crate::role::Role;

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
pub enum CardRefusal {
    #[error("This project is not set up yet. Give it a key first, such as REC")]
    ProjectNotSetUp {},
    #[error("There is no such card. Look for it on the board, or in its archive")]
    NoSuchCard { card: CardId },
    #[error("This card exists already")]
    CreatedAlready {},
    #[error("There is no such column. Look at the columns of the board")]
    NoSuchColumn { column: ColumnId },
    #[error("The column {name:?} is archived. Restore it first, or choose another one")]
    ColumnArchived { column: ColumnId, name: String },
    #[error("{full}")]
    ColumnFull { full: ColumnFull },
    #[error("This card is archived. Restore it first")]
    CardArchived {},
    #[error("This card is in another project now, or on its way there. Open it there")]
    InAnotherProject { project: SpaceId },
    #[error(
        "The workflow does not lead from {from:?} to that column of the other project. Choose another one, or ask a manager to add it"
    )]
    NoWayOut { from: String, project: SpaceId, column: ColumnId },
    #[error("A card cannot go to the project that it is in. Choose one of its columns")]
    SameProject {},
    #[error(
        "It came with the export that this project was begun from, and the project that was exported may have it still. Copy it there instead"
    )]
    OfAnExport {},
    #[error("The board {title:?} is archived. Restore it first, or choose a column of another board")]
    BoardArchived { title: String },
    #[error("{what} is more than what a card takes along at once. Take something off it, or copy it")]
    TooMuchToCarry { what: String },
    #[error("Only projects ask each other for this")]
    OnlyProjectsAsk {},
    #[error(
        "Only members with the role {role:?} may import past the limit of a column. Ask one of them, or import without it"
    )]
    MayNotExempt { role: String },
    #[error("The workflow does not lead from {from:?} to {to:?}. Choose another column, or ask a manager")]
    WorkflowForbids { from: String, to: String, column: ColumnId },
    #[error("It is in this column. Choose where it shall go")]
    LeadsToItself {},
    #[error("Only {roles} work in {name:?}. Ask one of them")]
    NotAWorker { column: ColumnId, name: String, roles: String },
    #[error("Only {roles} bring on what is worked on in {name:?}. Submit it, and one of them looks at it")]
    NotAReviewer { column: ColumnId, name: String, roles: String },
    #[error("Somebody else works on this card. Talk to them, or choose another one")]
    TakenAlready { by: Option<PersonId> },
    #[error("Nobody has taken this card. Take it first")]
    NotTaken {},
    #[error("The work on this card has gone on since. Ask whoever has it now")]
    WorkWentOn {},
    #[error("This card was not submitted, so there is nothing to review yet")]
    NotSubmitted {},
    #[error("In {name:?} cards are simply moved: it has no workers and no reviewers")]
    PlainColumn { name: String },
    #[error(
        "The card is in {name:?}, where nothing is reviewed. Somebody may have decided about it already; see its history"
    )]
    NotReviewed { name: String },
    #[error("There is no such row in this column any more. Choose another one")]
    NoSuchRow { row: RowId },
    #[error("There is no such label in this project. Choose another one, or add it to the project")]
    NoSuchLabel { label: LabelId },
    #[error("This person is no member of the project. Add them first")]
    NoSuchPerson { person: PersonId },
    #[error("There is no such checklist on this card any more. Add it again")]
    NoSuchChecklist { checklist: ChecklistId },
    #[error("There is no such item in the checklist any more. Add it again")]
    NoSuchItem { item: ItemId },
    #[error("{name:?} has {bytes} bytes, and a file may have {max}. Store it elsewhere, and attach a link to it")]
    FileTooLarge { name: String, bytes: u64, max: u64 },
    #[error("There is no such field in this project. Choose another one, or define it in the project")]
    NoSuchField { field: FieldId },
    #[error("There is no such type of cards in this project any more. Choose another one")]
    NoSuchType { card_type: TypeId },
    #[error("Cards of this type must have a value for {name:?}. Write one")]
    FieldMissing { field: FieldId, name: String },
    #[error("Cards of this type have no field {name:?}. Choose another field, or give the card another type")]
    FieldOfAnotherType { field: FieldId, name: String },
    #[error("{value}")]
    BadValue { value: BadValue },
    #[error("A card cannot belong to itself. Choose another one")]
    RelatesToItself {},
    #[error("The card {card} is part of {of} already. Take it out of that first")]
    PartOfAnother { card: CardId, of: CardId },
    #[error("This would make the card a part of itself. Choose another one")]
    PartOfItself {},
    #[error("Cards are parts of cards over {max} levels at most. Choose one that is higher up")]
    PartsTooDeep { max: u64 },
    #[error("{text}")]
    BadText { text: TextRefusal },
    #[error("{limit}")]
    OutOfLimits { limit: LimitExceeded },
}

impl From<LimitExceeded> for CardRefusal {
    fn from(limit: LimitExceeded) -> Self {
        Self::OutOfLimits { limit }
    }
}

impl From<TextRefusal> for CardRefusal {
    fn from(text: TextRefusal) -> Self {
        Self::BadText { text }
    }
}

impl From<BadValue> for CardRefusal {
    fn from(value: BadValue) -> Self {
        Self::BadValue { value }
    }
}

impl From<ColumnFull> for CardRefusal {
    fn from(full: ColumnFull) -> Self {
        Self::ColumnFull { full }
    }
}

impl CardRefusal {
    pub(super) fn not_a_worker(id: ColumnId, column: &Column, cx: &Context<'_>) -> Self {
        Self::NotAWorker { column: id, name: column.name.clone(), roles: names(&column.rights.workers, cx) }
    }

    pub(super) fn not_a_reviewer(id: ColumnId, column: &Column, cx: &Context<'_>) -> Self {
        Self::NotAReviewer { column: id, name: column.name.clone(), roles: names(&column.rights.reviewers, cx) }
    }
}

/// "tester, reviewer and manager"
fn names(roles: &BTreeSet<Role>, cx: &Context<'_>) -> String {
    let project = cx.get::<Project>(cx.space().0);
    let names: Vec<&str> = roles.iter().filter(|role| !role.is_manager()).map(|role| role.name(&project)).collect();
    let manager = cx.roles()[0];
    if names.is_empty() { format!("{manager}s") } else { format!("{} and {manager}", names.join(", ")) }
}
