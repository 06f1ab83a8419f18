//! What the project itself holds: labels, fields, roles and its calendar. Placeholders stay, for the history names them.

use std::collections::BTreeMap;

use super::{Scene, Undoable};
use crate::name::is_same_name;
use crate::project::{Calendar, Label, Project, ProjectCommand, ProjectEvent};

impl Undoable for Project {
    fn slot(event: &ProjectEvent) -> Option<String> {
        match event {
            ProjectEvent::LabelSet { label, .. } | ProjectEvent::LabelRemoved { label } => {
                Some(format!("label {label}"))
            }
            ProjectEvent::FieldSet { field, .. } | ProjectEvent::FieldRemoved { field } => {
                Some(format!("field {field}"))
            }
            ProjectEvent::TypeSet { card_type, .. } | ProjectEvent::TypeRemoved { card_type } => {
                Some(format!("type {card_type}"))
            }
            ProjectEvent::RoleSet { role, .. } | ProjectEvent::RoleRemoved { role } => Some(format!("role {role}")),
            ProjectEvent::CalendarSet { .. } => Some("calendar".to_owned()),
            ProjectEvent::PlaceholderClaimed { person, .. } => Some(format!("claim {person}")),
            ProjectEvent::KeySet { .. }
            | ProjectEvent::BoardAdded { .. }
            | ProjectEvent::NumberGiven { .. }
            | ProjectEvent::PlaceholderSet { .. }
            | ProjectEvent::PlaceholderFreed { .. } => None,
        }
    }

    /// The project itself is never taken back.
    fn is_making(_: &ProjectEvent) -> bool {
        false
    }

    fn is_away(&self) -> bool {
        false
    }

    fn name(&self) -> String {
        self.key.clone()
    }

    fn restore(before: &Self, event: &ProjectEvent, scene: &Scene<'_>) -> Result<Vec<ProjectCommand>, &'static str> {
        Ok(match event {
            ProjectEvent::LabelSet { label, .. } | ProjectEvent::LabelRemoved { label } => {
                vec![match before.labels.get(label) {
                    None => ProjectCommand::RemoveLabel { label: *label },
                    Some(known) => ProjectCommand::SetLabel {
                        label: *label,
                        name: known.name.clone(),
                        colour: known.colour.clone(),
                        twin: had_twin(&before.labels, Label::shown, known),
                    },
                }]
            }
            ProjectEvent::FieldSet { field, .. } | ProjectEvent::FieldRemoved { field } => {
                let set = match before.fields.get(field) {
                    None => ProjectCommand::RemoveField { field: *field },
                    Some(known) => ProjectCommand::SetField {
                        field: *field,
                        name: known.name.clone(),
                        kind: known.kind,
                        options: known.options.clone(),
                        limits: known.limits.clone(),
                        twin: had_twin(&before.fields, |field| &field.name, known),
                    },
                };
                // The types that had it have it again.
                let now = scene.models.get::<Self>(scene.id);
                let lost = before.types.iter().filter_map(|(id, was)| {
                    let (usage, now) = (was.fields.get(field)?, now.types.get(id)?);
                    let mut fields = now.fields.clone();
                    let is_new = fields.insert(*field, *usage).is_none();
                    let name = now.name.clone();
                    is_new.then_some(ProjectCommand::SetType { card_type: *id, name, fields, twin: true })
                });
                std::iter::once(set).chain(lost).collect()
            }
            ProjectEvent::TypeSet { card_type, .. } | ProjectEvent::TypeRemoved { card_type } => {
                vec![match before.types.get(card_type) {
                    None => ProjectCommand::RemoveType { card_type: *card_type },
                    Some(known) => ProjectCommand::SetType {
                        card_type: *card_type,
                        name: known.name.clone(),
                        fields: known.fields.clone(),
                        twin: had_twin(&before.types, |card_type| &card_type.name, known),
                    },
                }]
            }
            ProjectEvent::RoleSet { role, .. } | ProjectEvent::RoleRemoved { role } => {
                vec![match before.roles.get(role) {
                    None => ProjectCommand::RemoveRole { role: *role },
                    Some(name) => ProjectCommand::SetRole { role: *role, name: name.clone() },
                }]
            }
            ProjectEvent::PlaceholderClaimed { person, .. } => {
                vec![ProjectCommand::FreePlaceholder { person: *person }]
            }
            ProjectEvent::CalendarSet { .. } => {
                let Calendar { time_zone, week_starts } = before.calendar.clone();
                vec![ProjectCommand::SetCalendar { time_zone, week_starts }]
            }
            ProjectEvent::KeySet { .. }
            | ProjectEvent::BoardAdded { .. }
            | ProjectEvent::NumberGiven { .. }
            | ProjectEvent::PlaceholderSet { .. }
            | ProjectEvent::PlaceholderFreed { .. } => Vec::new(),
        })
    }
}

/// Whether another one was called so by then: both may be again.
fn had_twin<K, V>(all: &BTreeMap<K, V>, name: impl Fn(&V) -> &str, one: &V) -> bool {
    all.values().filter(|other| is_same_name(name(other), name(one))).count() > 1
}
