//! The project: what all its boards and cards share.

use std::collections::BTreeMap;

use recordplayer::context::{Assigned, Context};
use recordplayer::entity::{Entity, Stamp};
use recordplayer::id::ActorId;
use recordplayer::membership::Membership;
use serde::{Deserialize, Serialize};

use crate::ids::{BoardId, FieldId, LabelId, OptionId, PersonId, RoleId};
use crate::key::is_prefix;
use crate::limits::NAME_BYTES_MAX;
use crate::refusal::{LimitExceeded, fits, has_room_in_project, is_name};
use crate::role::Role;

/// The one project of a space; it has the space's id.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Project {
    /// The prefix of its cards' keys; empty until the project is set up.
    pub key: String,
    /// The last number that was given to a card.
    pub last_number: u64,
    /// In the order of their making.
    pub boards: Vec<BoardId>,
    pub labels: BTreeMap<LabelId, Label>,
    pub placeholders: BTreeMap<PersonId, Placeholder>,
    pub fields: BTreeMap<FieldId, FieldDefinition>,
    /// Its own roles of members, by what they are called.
    pub roles: BTreeMap<RoleId, String>,
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

/// A field of this project's cards.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FieldDefinition {
    pub name: String,
    pub kind: FieldKind,
    /// What can be chosen in a field of the kind `Choice`.
    #[serde(default)]
    pub options: BTreeMap<OptionId, Label>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FieldKind {
    Text,
    Number,
    Date,
    Checkbox,
    Choice,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum ProjectCommand {
    /// Gives the project its prefix, once.
    SetUp { key: String },
    /// The same, where nobody has chosen one: the first of these that is free on its server.
    SetUpFrom { keys: Vec<String> },
    /// Adds a label, or changes it to be so.
    SetLabel {
        label: LabelId,
        name: String,
        #[serde(default)]
        colour: String,
    },
    /// The cards that wear it keep its id and show nothing for it.
    RemoveLabel { label: LabelId },
    /// Adds a placeholder, or changes its names to be so.
    SetPlaceholder {
        person: PersonId,
        name: String,
        #[serde(default)]
        username: String,
    },
    /// "That is me."
    ClaimPlaceholder { person: PersonId },
    /// Adds a field, or changes it to be so.
    SetField {
        field: FieldId,
        name: String,
        kind: FieldKind,
        #[serde(default)]
        options: BTreeMap<OptionId, Label>,
    },
    /// Adds a role of the project's own, or calls it so.
    SetRole { role: RoleId, name: String },
    /// Of a role that no member has.
    RemoveRole { role: RoleId },
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum ProjectEvent {
    KeySet {
        key: String,
    },
    BoardAdded {
        board: BoardId,
    },
    NumberGiven {
        number: Assigned<u64>,
    },
    LabelSet {
        label: LabelId,
        name: String,
        #[serde(default)]
        colour: String,
    },
    LabelRemoved {
        label: LabelId,
    },
    PlaceholderSet {
        person: PersonId,
        name: String,
        #[serde(default)]
        username: String,
    },
    PlaceholderClaimed {
        person: PersonId,
        by: ActorId,
    },
    FieldSet {
        field: FieldId,
        name: String,
        kind: FieldKind,
        #[serde(default)]
        options: BTreeMap<OptionId, Label>,
    },
    RoleSet {
        role: RoleId,
        name: String,
    },
    RoleRemoved {
        role: RoleId,
    },
}

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
    #[error("Somebody else has said that this is them. Ask a manager if that is wrong")]
    ClaimedAlready { by: ActorId },
    #[error("This project has a role named {name:?} already. Choose another name")]
    RoleNameTaken { name: String },
    #[error("{members} members have this role. Give them another one first")]
    RoleInUse { role: RoleId, members: u64 },
    #[error("{limit}")]
    OutOfLimits { limit: LimitExceeded },
}

impl From<LimitExceeded> for ProjectRefusal {
    fn from(limit: LimitExceeded) -> Self {
        Self::OutOfLimits { limit }
    }
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
}

impl Entity for Project {
    const KIND: &'static str = "project";
    const SHAPE: u32 = 2;

    type Command = ProjectCommand;
    type Event = ProjectEvent;
    type Refusal = ProjectRefusal;

    fn decide(&self, command: &ProjectCommand, cx: &mut Context<'_>) -> Result<Vec<ProjectEvent>, ProjectRefusal> {
        use ProjectCommand as C;
        use ProjectEvent as E;
        use ProjectRefusal as R;
        let wished = match command {
            C::SetUp { key } => Some(key.as_str()),
            C::SetUpFrom { keys } => Some(cx.claimed_name().or(keys.first().map(String::as_str)).unwrap_or_default()),
            _ => None,
        };
        if let Some(key) = wished {
            return match () {
                () if !is_prefix(key) => Err(R::BadKey {}),
                () if self.key == key => Ok(Vec::new()),
                () if self.is_set_up() => Err(R::SetUpAlready { key: self.key.clone() }),
                () => Ok(vec![E::KeySet { key: key.to_owned() }]),
            };
        }
        if !self.is_set_up() {
            return Err(R::NotSetUp {});
        }
        match command.clone() {
            C::SetUp { .. } | C::SetUpFrom { .. } => unreachable!("answered above"),
            C::SetLabel { label, name, colour } => {
                fits("The name of a label", &name, NAME_BYTES_MAX)?;
                fits("The colour of a label", &colour, NAME_BYTES_MAX)?;
                let set = Label { name, colour };
                if self.labels.get(&label) == Some(&set) {
                    return Ok(Vec::new());
                }
                has_room_in_project("labels", self.labels.len())?;
                Ok(vec![E::LabelSet { label, name: set.name, colour: set.colour }])
            }
            C::RemoveLabel { label } => {
                self.labels.get(&label).ok_or(R::NoSuchLabel { label })?;
                Ok(vec![E::LabelRemoved { label }])
            }
            C::SetPlaceholder { person, name, username } => {
                is_name("The name of a person", &name)?;
                fits("The user name of a person", &username, NAME_BYTES_MAX)?;
                let known = self.placeholders.get(&person);
                if known.is_some_and(|known| known.name == name && known.username == username) {
                    return Ok(Vec::new());
                }
                has_room_in_project("placeholders", self.placeholders.len())?;
                Ok(vec![E::PlaceholderSet { person, name, username }])
            }
            C::ClaimPlaceholder { person } => {
                let placeholder = self.placeholders.get(&person).ok_or(R::NoSuchPlaceholder { person })?;
                match placeholder.claimed_by {
                    Some(by) if by == cx.actor() => Ok(Vec::new()),
                    Some(by) => Err(R::ClaimedAlready { by }),
                    None => Ok(vec![E::PlaceholderClaimed { person, by: cx.actor() }]),
                }
            }
            C::SetField { field, name, kind, options } => {
                is_name("The name of a field", &name)?;
                has_room_in_project("choices", options.len())?;
                for option in options.values() {
                    fits("The name of a choice", &option.name, NAME_BYTES_MAX)?;
                }
                let set = FieldDefinition { name, kind, options };
                if self.fields.get(&field) == Some(&set) {
                    return Ok(Vec::new());
                }
                has_room_in_project("fields", self.fields.len())?;
                Ok(vec![E::FieldSet { field, name: set.name, kind, options: set.options }])
            }
            C::SetRole { role, name } => {
                is_name("The name of a role", &name)?;
                if self.roles.get(&role) == Some(&name) {
                    return Ok(Vec::new());
                }
                let other = Role::named(&name, self).filter(|other| *other != Role::from(role));
                if other.is_some() {
                    return Err(R::RoleNameTaken { name });
                }
                has_room_in_project("roles", self.roles.len())?;
                Ok(vec![E::RoleSet { role, name }])
            }
            C::RemoveRole { role } => {
                if !self.roles.contains_key(&role) {
                    return Ok(Vec::new());
                }
                let key = Role::from(role);
                let members = cx.get::<Membership>(cx.space().0);
                match members.members().filter(|(_, other)| *other == key.key()).count() {
                    0 => Ok(vec![E::RoleRemoved { role }]),
                    members => Err(R::RoleInUse { role, members: members as u64 }),
                }
            }
        }
    }

    fn play(&mut self, event: &ProjectEvent, _: &Stamp) {
        use ProjectEvent as E;
        match event.clone() {
            E::KeySet { key } => self.key = key,
            E::BoardAdded { board } => self.boards.push(board),
            E::NumberGiven { number } => self.last_number = self.last_number.max(number.value().copied().unwrap_or(0)),
            E::LabelSet { label, name, colour } => {
                self.labels.insert(label, Label { name, colour });
            }
            E::LabelRemoved { label } => {
                self.labels.remove(&label);
            }
            E::PlaceholderSet { person, name, username } => {
                let placeholder = self.placeholders.entry(person).or_default();
                placeholder.name = name;
                placeholder.username = username;
            }
            E::PlaceholderClaimed { person, by } => self.placeholders.entry(person).or_default().claimed_by = Some(by),
            E::FieldSet { field, name, kind, options } => {
                self.fields.insert(field, FieldDefinition { name, kind, options });
            }
            E::RoleSet { role, name } => {
                self.roles.insert(role, name);
            }
            E::RoleRemoved { role } => {
                self.roles.remove(&role);
            }
        }
    }
}
