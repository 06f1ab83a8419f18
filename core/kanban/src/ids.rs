//! The ids of the product's things, so that none is taken for another.

use std::fmt;
use std::str::FromStr;

use recordplayer::id::{ActorId, Id, IdError};
use recordplayer::view::Key;
use serde::{Deserialize, Serialize};

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub Id);

        impl From<Id> for $name {
            fn from(id: Id) -> Self {
                Self(id)
            }
        }
        impl From<$name> for Id {
            fn from(id: $name) -> Self {
                id.0
            }
        }
        impl From<$name> for Key {
            fn from(id: $name) -> Self {
                Self::from(id.0)
            }
        }
        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(&self.0, f)
            }
        }
        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!(stringify!($name), "({})"), self.0)
            }
        }
        impl FromStr for $name {
            type Err = IdError;
            fn from_str(text: &str) -> Result<Self, IdError> {
                text.parse().map(Self)
            }
        }
    )*};
}

ids! {
    /// A board of a project.
    BoardId
    /// A column of a board.
    ColumnId
    /// A lane of a column.
    RowId
    /// A card, whatever its key.
    CardId
    /// A comment on a card.
    CommentId
    /// A label of a project.
    LabelId
    /// A checklist of a card.
    ChecklistId
    /// An item of a checklist.
    ItemId
    /// A link on a card.
    AttachmentId
    /// A field that a project defines for its cards.
    FieldId
    /// A type of cards.
    TypeId
    /// A choice of a field.
    OptionId
    /// A search that a person keeps.
    SearchId
    /// A role that a project adds to those of the product.
    RoleId
    /// A member of the project, or a placeholder of somebody whom an import knows by name only.
    PersonId
}

impl From<ActorId> for PersonId {
    fn from(actor: ActorId) -> Self {
        Self(actor.0)
    }
}
