//! What a card takes along, and how that fits where it comes.

use std::collections::{BTreeMap, BTreeSet};

use recordplayer::context::Context;
use serde::{Deserialize, Serialize};

use super::super::decide::is_known;
use super::super::{Attachment, Card, Checklist, Day, Effort, FieldValue, Priority};
use crate::ids::{AttachmentId, FieldId, LabelId, PersonId, TypeId};
use crate::limits::{NAME_BYTES_MAX, OF_PROJECT_MAX};
use crate::name::Names;
use crate::project::{FieldDefinition, Label, Project, ProjectEvent};

/// What a card takes along, but for its description and its comments.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Carried {
    pub title: String,
    pub done: bool,
    pub due: Option<Day>,
    pub card_type: Option<TypeId>,
    pub priority: Option<Priority>,
    pub estimate: Option<Effort>,
    pub remaining: Option<Effort>,
    pub blocked: Option<String>,
    pub labels: BTreeSet<LabelId>,
    pub members: BTreeSet<PersonId>,
    pub checklists: Vec<Checklist>,
    pub attachments: BTreeMap<AttachmentId, Attachment>,
    pub fields: BTreeMap<FieldId, FieldValue>,
}

/// What the ids of the project it comes from mean: where this project has the same by name, it is taken for that, and else comes along.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Outfit {
    pub labels: BTreeMap<LabelId, Label>,
    pub fields: BTreeMap<FieldId, FieldDefinition>,
    pub card_type: Option<String>,
}

impl Card {
    pub(super) fn carried(&self) -> Carried {
        Carried {
            title: self.title.clone(),
            done: self.done,
            due: self.due.clone(),
            card_type: self.card_type,
            priority: self.priority,
            estimate: self.estimate,
            remaining: self.remaining,
            blocked: self.blocked.clone(),
            labels: self.labels.clone(),
            members: self.members.clone(),
            checklists: self.checklists.clone(),
            attachments: self.attachments.clone(),
            fields: self.fields.clone(),
        }
    }
}

/// Of another kind it may be here: then it needs a name of its own.
fn free_field_name(name: &str, project: &Project) -> String {
    let taken: Names = project.fields.values().map(|field| &field.name).collect();
    let stem = &name[..name.floor_char_boundary(NAME_BYTES_MAX - 16)];
    let numbered = (2..).map(|number| format!("{stem} ({number})"));
    taken.free(std::iter::once(name.to_owned()).chain(numbered)).unwrap_or_default()
}

/// What a card carries, with the ids that it has here. What this project has no like of comes along, as far as there is room.
pub(super) fn fitted(carried: &Carried, outfit: &Outfit, project: &Project, cx: &mut Context<'_>) -> Carried {
    let mut fitted = carried.clone();
    let mut room = OF_PROJECT_MAX.saturating_sub(project.labels.len());
    fitted.labels = BTreeSet::new();
    for (id, label) in &outfit.labels {
        match project.label_like(*id, label) {
            Some(id) => drop(fitted.labels.insert(id)),
            None if room > 0 => {
                room -= 1;
                let Label { name, colour } = label.clone();
                cx.emit::<Project>(cx.space().0, &ProjectEvent::LabelSet { label: *id, name, colour });
                fitted.labels.insert(*id);
            }
            None => {}
        }
    }
    let mut room = OF_PROJECT_MAX.saturating_sub(project.fields.len());
    fitted.fields = BTreeMap::new();
    for (id, value) in &carried.fields {
        let Some(field) = outfit.fields.get(id) else { continue };
        match project.field_like(*id, field) {
            Some((id, here)) => fitted.fields.extend(here.translated(value, field).map(|value| (id, value))),
            None if room > 0 => {
                room -= 1;
                let FieldDefinition { name, kind, options, limits } = field.clone();
                let name = free_field_name(&name, project);
                let set = ProjectEvent::FieldSet { field: *id, name, kind, options, limits };
                cx.emit::<Project>(cx.space().0, &set);
                fitted.fields.insert(*id, value.clone());
            }
            None => {}
        }
    }
    fitted.card_type = project.type_like(carried.card_type, outfit.card_type.as_deref());
    fitted.members.retain(|person| is_known(*person, cx));
    fitted
}
