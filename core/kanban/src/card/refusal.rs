//! What cards refuse.

use recordplayer::text::TextRefusal;
use serde::{Deserialize, Serialize};

use crate::column::ColumnFull;
use crate::ids::{AttachmentId, CardId, ChecklistId, ColumnId, FieldId, ItemId, LabelId, PersonId};
use crate::refusal::LimitExceeded;

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
    #[error(
        "Only members with the role {role:?} may import past the limit of a column. Ask one of them, or import without it"
    )]
    MayNotExempt { role: String },
    #[error("There is no such label in this project. Choose another one, or add it to the project")]
    NoSuchLabel { label: LabelId },
    #[error("This person is no member of the project. Add them first")]
    NoSuchPerson { person: PersonId },
    #[error("There is no such checklist on this card any more. Add it again")]
    NoSuchChecklist { checklist: ChecklistId },
    #[error("There is no such item in the checklist any more. Add it again")]
    NoSuchItem { item: ItemId },
    #[error("There is no such link on this card any more")]
    NoSuchAttachment { attachment: AttachmentId },
    #[error("There is no such field in this project. Choose another one, or define it in the project")]
    NoSuchField { field: FieldId },
    #[error("This is not a number. Write it in digits, such as 12.5")]
    NotANumber {},
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

impl From<ColumnFull> for CardRefusal {
    fn from(full: ColumnFull) -> Self {
        Self::ColumnFull { full }
    }
}
