//! What a project defines for its cards: labels, fields, types.

use std::collections::BTreeMap;

use recordplayer_kanban::Project;
use recordplayer_kanban::ids::{FieldId, LabelId, OptionId, TypeId};
use recordplayer_kanban::project::{FieldKind, FieldLimits, FieldUse, Label, ProjectCommand};
use serde_json::{Value, json};

use super::answer::{Answer, Failure, WRONG_USE, line};
use super::arguments::{FieldCommand, LabelCommand, TypeCommand, ValueKind};
use super::place::Place;
use super::send;

pub(crate) fn labels(place: &Place<'_>, command: &LabelCommand) -> Result<Answer, Failure> {
    match command {
        LabelCommand::List => {
            let project = place.project();
            let json = project.labels.values().map(|label| json!({ "name": label.name, "colour": label.colour }));
            let text = project.labels.values().map(|label| line(label.shown()));
            Ok(Answer::new(json!({ "labels": json.collect::<Vec<_>>() }), text.collect::<Vec<_>>().join("\n")))
        }
        LabelCommand::New { name, colour } => {
            let label = LabelId(place.space.fresh_id());
            let colour = colour.clone().unwrap_or_default();
            let set = ProjectCommand::SetLabel { label, name: name.clone(), colour };
            sent(place, "label", name, label.0, &set, format!("Added the label {}", line(name)))
        }
        LabelCommand::Remove { label: name } => {
            let label = label(place, name)?;
            let remove = ProjectCommand::RemoveLabel { label };
            sent(place, "label", name, label.0, &remove, format!("Removed the label {}", line(name)))
        }
    }
}

pub(crate) fn fields(place: &Place<'_>, command: &FieldCommand) -> Result<Answer, Failure> {
    match command {
        FieldCommand::List => {
            let project = place.project();
            let one = |field: &recordplayer_kanban::project::FieldDefinition| {
                let choices: Vec<&str> = field.options.values().map(Label::shown).collect();
                json!({ "name": field.name, "kind": field.kind, "choices": choices, "limits": field.limits })
            };
            let json: Vec<Value> = project.fields.values().map(one).collect();
            let text: Vec<String> = project.fields.values().map(|field| line(&field.name)).collect();
            Ok(Answer::new(json!({ "fields": json }), text.join("\n")))
        }
        FieldCommand::New { name, kind, choices, least, most, bytes_max } => {
            let field = FieldId(place.space.fresh_id());
            let choice =
                |name: &String| (OptionId(place.space.fresh_id()), Label { name: name.clone(), colour: String::new() });
            let options: BTreeMap<OptionId, Label> = choices.iter().map(choice).collect();
            let limits = FieldLimits { least: least.clone(), most: most.clone(), bytes_max: *bytes_max };
            let set = ProjectCommand::SetField { field, name: name.clone(), kind: (*kind).into(), options, limits };
            sent(place, "field", name, field.0, &set, format!("Defined the field {}", line(name)))
        }
        FieldCommand::Remove { field: name } => {
            let field = field(place, name)?;
            let remove = ProjectCommand::RemoveField { field };
            sent(place, "field", name, field.0, &remove, format!("Removed the field {}", line(name)))
        }
    }
}

pub(crate) fn types(place: &Place<'_>, command: &TypeCommand) -> Result<Answer, Failure> {
    match command {
        TypeCommand::List => {
            let project = place.project();
            let one = |card_type: &recordplayer_kanban::project::CardType| {
                let name = |field: &FieldId| project.fields.get(field).map(|field| field.name.clone());
                let named = card_type.fields.iter().filter_map(|(field, usage)| Some((name(field)?, usage.required)));
                let fields: Vec<Value> =
                    named.map(|(name, required)| json!({ "name": name, "required": required })).collect();
                json!({ "name": card_type.name, "fields": fields })
            };
            let json: Vec<Value> = project.types.values().map(one).collect();
            let text: Vec<String> = project.types.values().map(|card_type| line(&card_type.name)).collect();
            Ok(Answer::new(json!({ "types": json }), text.join("\n")))
        }
        TypeCommand::New { name, fields, required } => {
            let card_type = TypeId(place.space.fresh_id());
            let usage = |names: &[String], required| {
                let found = names.iter().map(|name| Ok((field(place, name)?, FieldUse { required })));
                found.collect::<Result<BTreeMap<_, _>, Failure>>()
            };
            let mut all = usage(fields, false)?;
            all.extend(usage(required, true)?);
            let set = ProjectCommand::SetType { card_type, name: name.clone(), fields: all };
            sent(place, "type", name, card_type.0, &set, format!("Added the type {}", line(name)))
        }
        TypeCommand::Remove { card_type: name } => {
            let card_type = card_type(place, name)?;
            let remove = ProjectCommand::RemoveType { card_type };
            sent(place, "type", name, card_type.0, &remove, format!("Removed the type {}", line(name)))
        }
    }
}

fn sent(
    place: &Place<'_>,
    what: &str,
    name: &str,
    id: recordplayer::id::Id,
    command: &ProjectCommand,
    done: String,
) -> Result<Answer, Failure> {
    let ticket = send::one::<Project>(place, place.space.id().0, command)?;
    let json = json!({ what: name, "id": id.to_string(), "command": ticket.command().to_string() });
    Ok(Answer::new(json, done))
}

pub(crate) fn label(place: &Place<'_>, text: &str) -> Result<LabelId, Failure> {
    let project = place.project();
    let named = project.labels.iter().map(|(id, label)| (*id, label.shown()));
    found(named.collect(), text, "label")
}

pub(crate) fn field(place: &Place<'_>, text: &str) -> Result<FieldId, Failure> {
    let project = place.project();
    found(project.fields.iter().map(|(id, field)| (*id, field.name.as_str())).collect(), text, "field")
}

pub(crate) fn card_type(place: &Place<'_>, text: &str) -> Result<TypeId, Failure> {
    let project = place.project();
    found(project.types.iter().map(|(id, card_type)| (*id, card_type.name.as_str())).collect(), text, "type")
}

/// The one of this name or id.
fn found<T: Copy + std::fmt::Display>(all: Vec<(T, &str)>, text: &str, what: &str) -> Result<T, Failure> {
    let is_it = |(id, name): &&(T, &str)| *name == text || id.to_string() == text;
    let meant: Vec<T> = all.iter().filter(is_it).map(|(id, _)| *id).collect();
    let known: Vec<&str> = all.iter().map(|(_, name)| *name).collect();
    let (code, message, help) = match meant.as_slice() {
        [one] => return Ok(*one),
        [] => ("unknown", format!("There is no {what} {text:?} in this project"), "Name one that is there"),
        _ => ("ambiguous", format!("There are several of the name {text:?}"), "Name it by its id"),
    };
    Err(Failure::new(WRONG_USE, &format!("{code}_{what}"), message, help).with_details(json!(known)))
}

impl From<ValueKind> for FieldKind {
    fn from(kind: ValueKind) -> Self {
        match kind {
            ValueKind::Text => Self::Text,
            ValueKind::Number => Self::Number,
            ValueKind::Date => Self::Date,
            ValueKind::Checkbox => Self::Checkbox,
            ValueKind::Choice => Self::Choice,
            ValueKind::Person => Self::Person,
            ValueKind::Link => Self::Link,
        }
    }
}
