//! What projects refuse.

use recordplayer::id::ActorId;
use serde::{Deserialize, Serialize};

use crate::ids::{FieldId, LabelId, PersonId, RoleId};
use crate::refusal::LimitExceeded;

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
pub enum ProjectRefusal {
    #[error("This cannot be the key of a project. Choose 2 to 5 letters from A to Z, such as REC")]
    BadKey {},
    #[error("This project has the key {key} already, and its cards are called by it")]
    SetUpAlready { key: String },
    #[error("Another project on this server has the key {key}. Choose another one")]
    KeyTaken { key: String },
    #[error("This project is not set up yet. Give it a key first, such as REC")]
    NotSetUp {},
    #[error("There is no such label in this project any more. Choose another one")]
    NoSuchLabel { label: LabelId },
    #[error("There is no such placeholder in this project. Look at the list of its members")]
    NoSuchPlaceholder { person: PersonId },
    #[error("Somebody else has said that this is them. Ask them, or a manager, to take that back if it is wrong")]
    ClaimedAlready { by: ActorId },
    #[error("This project has a role named {name:?} already. Choose another name")]
    RoleNameTaken { name: String },
    #[error("This project has a {what} named {name:?} already. Choose another name")]
    NameTaken { what: String, name: String },
    #[error("A field of choices needs at least one. Name one")]
    NoChoices {},
    #[error("The choice {name:?} is there twice. Choose another name")]
    ChoiceTwice { name: String },
    #[error("There are members with this role ({members}). Give them another one first")]
    RoleInUse { role: RoleId, members: u64 },
    #[error("The column {column:?} names it among its workers or reviewers. Take it away there first")]
    RoleOfColumn { role: RoleId, column: String },
    #[error("This project has no such field. Choose another one, or define it")]
    NoSuchField { field: FieldId },
    #[error("The least value of a field is a number, and not more than the greatest, such as 0 and 100")]
    BadLimits {},
    #[error("{zone:?} is not the name of a time zone. Write it as Europe/Berlin or UTC")]
    BadTimeZone { zone: String },
    #[error("{limit}")]
    OutOfLimits { limit: LimitExceeded },
}

impl From<LimitExceeded> for ProjectRefusal {
    fn from(limit: LimitExceeded) -> Self {
        Self::OutOfLimits { limit }
    }
}
