//! The project: what all its boards and cards share.

mod calendar;
mod command;
mod decide;
mod event;
mod field;
mod likeness;
mod refusal;

use std::collections::{BTreeMap, BTreeSet};

use recordplayer::id::ActorId;
use serde::{Deserialize, Serialize};

pub use calendar::{Calendar, Weekday};
pub use command::ProjectCommand;
pub use event::ProjectEvent;
pub use field::{BadValue, CardType, FieldDefinition, FieldKind, FieldLimits, FieldUse};
pub use refusal::ProjectRefusal;

use crate::ids::{BoardId, FieldId, LabelId, PersonId, RoleId, TypeId};
use crate::key::CardRef;

/// The one project of a space; it has the space's id.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Project {
    /// The prefix of its cards' keys; empty until the project is set up.
    pub key: String,
    /// The prefixes that it had before: what people have written down leads to its cards still.
    pub former_keys: BTreeSet<String>,
    /// The last number that was given to a card.
    pub last_number: u64,
    /// In the order of their making.
    pub boards: Vec<BoardId>,
    pub labels: BTreeMap<LabelId, Label>,
    pub placeholders: BTreeMap<PersonId, Placeholder>,
    pub fields: BTreeMap<FieldId, FieldDefinition>,
    /// Types of cards, each with the fields that its cards have.
    pub types: BTreeMap<TypeId, CardType>,
    /// Its own roles of members, by what they are called.
    pub roles: BTreeMap<RoleId, String>,
    /// What its reports go by.
    pub calendar: Calendar,
}

/// What can be stuck on cards. In some products a colour alone is a label, so the name may be empty.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Label {
    pub name: String,
    /// A word such as `green`; empty for none.
    #[serde(default)]
    pub colour: String,
}

/// Somebody whom an import knows by name, until a member says "that is me".
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Placeholder {
    pub name: String,
    #[serde(default)]
    pub username: String,
    #[serde(default)]
    pub claimed_by: Option<ActorId>,
}

impl Label {
    /// What stands on it: its name, or its colour where it has none.
    pub fn shown(&self) -> &str {
        if self.name.is_empty() { &self.colour } else { &self.name }
    }
}

impl Project {
    pub fn is_set_up(&self) -> bool {
        !self.key.is_empty()
    }

    /// A card as somebody names it, by the key that the project has now.
    pub fn by_its_key(&self, named: CardRef) -> CardRef {
        let now = |prefix: String| if self.former_keys.contains(&prefix) { self.key.clone() } else { prefix };
        match named {
            CardRef::Key { prefix, number } => CardRef::Key { prefix: now(prefix), number },
            CardRef::Provisional { prefix, digits } => CardRef::Provisional { prefix: now(prefix), digits },
            CardRef::Id { card } => CardRef::Id { card },
        }
    }
}
