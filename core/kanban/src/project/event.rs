//! What happens to a project.

use std::collections::BTreeMap;

use recordplayer::context::{Assigned, Context};
use recordplayer::entity::{Entity, Stamp};
use recordplayer::id::ActorId;
use serde::{Deserialize, Serialize};

use super::field::{CardType, FieldDefinition, FieldKind, FieldLimits, FieldUse};
use super::{Calendar, Label, Project, ProjectCommand, ProjectRefusal, Weekday};
use crate::ids::{BoardId, FieldId, LabelId, OptionId, PersonId, RoleId, TypeId};

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
    PlaceholderFreed {
        person: PersonId,
    },
    FieldSet {
        field: FieldId,
        name: String,
        kind: FieldKind,
        #[serde(default)]
        options: BTreeMap<OptionId, Label>,
        #[serde(default)]
        limits: FieldLimits,
    },
    FieldRemoved {
        field: FieldId,
    },
    TypeSet {
        card_type: TypeId,
        name: String,
        #[serde(default)]
        fields: BTreeMap<FieldId, FieldUse>,
    },
    TypeRemoved {
        card_type: TypeId,
    },
    RoleSet {
        role: RoleId,
        name: String,
    },
    RoleRemoved {
        role: RoleId,
    },
    CalendarSet {
        time_zone: String,
        #[serde(default)]
        week_starts: Weekday,
    },
}

impl Entity for Project {
    const KIND: &'static str = "project";
    const SHAPE: u32 = 5;

    type Command = ProjectCommand;
    type Event = ProjectEvent;
    type Refusal = ProjectRefusal;

    fn decide(&self, command: &ProjectCommand, cx: &mut Context<'_>) -> Result<Vec<ProjectEvent>, ProjectRefusal> {
        self.answer(command, cx)
    }

    fn play(&mut self, event: &ProjectEvent, _: &Stamp) {
        use ProjectEvent as E;
        match event.clone() {
            E::KeySet { key } => {
                self.former_keys.remove(&key);
                let before = std::mem::replace(&mut self.key, key);
                if !before.is_empty() {
                    self.former_keys.insert(before);
                }
            }
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
            E::PlaceholderFreed { person } => self.placeholders.entry(person).or_default().claimed_by = None,
            E::PlaceholderClaimed { person, by } => self.placeholders.entry(person).or_default().claimed_by = Some(by),
            E::FieldSet { field, name, kind, options, limits } => {
                self.fields.insert(field, FieldDefinition { name, kind, options, limits });
            }
            E::FieldRemoved { field } => {
                self.fields.remove(&field);
                for card_type in self.types.values_mut() {
                    card_type.fields.remove(&field);
                }
            }
            E::TypeSet { card_type, name, fields } => {
                self.types.insert(card_type, CardType { name, fields });
            }
            E::TypeRemoved { card_type } => {
                self.types.remove(&card_type);
            }
            E::RoleSet { role, name } => {
                self.roles.insert(role, name);
            }
            E::RoleRemoved { role } => {
                self.roles.remove(&role);
            }
            E::CalendarSet { time_zone, week_starts } => self.calendar = Calendar { time_zone, week_starts },
        }
    }
}
